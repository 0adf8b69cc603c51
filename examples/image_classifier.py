"""Train MobileNet v3 on pictures of digits, export it to ONNX, and serve it.

    adjoint run examples/image_classifier.py --serve 8000
    curl --data-binary @runs/image_classifier/pictures/test/7/0007.png http://127.0.0.1:8000/classify

The data are files, as data sets of pictures mostly are: the 1,797 scanned digits that scikit-learn carries are written as PNG, a
folder a class, and read by ``ImageFolder`` in worker processes, with ``transforms.v2``.  What is served is the ONNX file, by
onnxruntime where that is installed, else the network itself.  Needs Pillow, scikit-learn and onnx.
"""

import argparse
import io
import json
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from torch import nn
from torch.utils.data import DataLoader
from torchvision.datasets import ImageFolder
from torchvision.models import mobilenet_v3_small
from torchvision.transforms import v2

SIZE = 32
MOST_BYTES = 1 << 20


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Train MobileNet v3 on pictures of digits, export and serve it.")
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--lr", type=float, default=0.003)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--most", type=int, help="pictures of each digit; all, if not given")
    parser.add_argument("--out", type=Path, default=Path("runs/image_classifier"), help="folder for what is written")
    parser.add_argument("--serve", type=int, metavar="PORT", help="answer requests when it is trained")
    return parser.parse_args()


def write_pictures(folder: Path, most: int | None) -> None:
    """``folder/train/7/0012.png`` and its like: every fifth picture of a digit is for testing."""
    from sklearn.datasets import load_digits

    digits: Any = load_digits()
    for digit in range(10):
        for number, pixels in enumerate(digits.images[digits.target == digit][:most]):
            place = folder / ("test" if number % 5 == 0 else "train") / str(digit)
            place.mkdir(parents=True, exist_ok=True)
            Image.fromarray((pixels * 15.9).astype("uint8")).save(place / f"{number:04}.png")


def transforms(training: bool) -> v2.Compose:
    """From a picture to 3 x SIZE x SIZE numbers, when training a little shifted, turned and sheared."""
    varied = [v2.RandomAffine(degrees=10, translate=(0.1, 0.1), shear=5)] if training else []
    return v2.Compose(
        [
            v2.ToImage(),
            v2.Resize((SIZE, SIZE), antialias=True),
            *varied,
            v2.ToDtype(torch.float32, scale=True),
            v2.Normalize(mean=[0.3] * 3, std=[0.35] * 3),
        ]
    )


def train(model: nn.Module, loader: DataLoader[Any], options: argparse.Namespace) -> None:
    optimizer = torch.optim.AdamW(model.parameters(), options.lr)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, options.lr, total_steps=options.epochs * len(loader))
    for epoch in range(options.epochs):
        start, total = time.perf_counter(), 0.0
        for images, labels in loader:
            loss = nn.functional.cross_entropy(model(images), labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            total += loss.item()
        print(f"epoch {epoch + 1}: loss {total / len(loader):.4f}, {time.perf_counter() - start:.1f} s", flush=True)


@torch.inference_mode()
def accuracy(model: nn.Module, loader: DataLoader[Any]) -> float:
    right = count = 0
    for images, labels in loader:
        right += int((model(images).argmax(1) == labels).sum().item())
        count += len(labels)
    return right / count


def export(model: nn.Module, file: Path) -> None:
    """The network with softmax as ONNX, for batches of any size."""
    torch.onnx.export(
        nn.Sequential(model, nn.Softmax(1)).eval(),
        (torch.zeros(2, 3, SIZE, SIZE),),
        str(file),
        input_names=["images"],
        output_names=["probabilities"],
        dynamic_axes={"images": {0: "batch"}, "probabilities": {0: "batch"}},
    )


def runner(model: nn.Module, file: Path) -> Callable[[torch.Tensor], torch.Tensor]:
    """A function from images to probabilities: the ONNX file's where onnxruntime is installed."""
    try:
        import onnxruntime
    except ImportError:
        network: nn.Module = nn.Sequential(model, nn.Softmax(1)).eval()
        return network
    session: Any = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    return lambda images: torch.from_numpy(session.run(None, {"images": images.numpy()})[0])


def server(classes: list[str], run: Callable[[torch.Tensor], torch.Tensor], port: int) -> ThreadingHTTPServer:
    """A server that answers a posted picture with its class and probability."""
    prepare = transforms(training=False)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            if self.path != "/classify" or length > MOST_BYTES:
                self.send_error(404 if self.path != "/classify" else 413)
                return
            try:
                picture = Image.open(io.BytesIO(self.rfile.read(length))).convert("RGB")
            except (OSError, ValueError, Image.DecompressionBombError) as error:
                self.send_error(400, "not a picture", str(error))
                return
            with torch.inference_mode():
                probability, number = run(prepare(picture)[None]).max(1)
            body = json.dumps({"class": classes[number.item()], "probability": probability.item()}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    return ThreadingHTTPServer(("127.0.0.1", port), Handler)


def main() -> None:
    options = parse_arguments()
    torch.manual_seed(options.seed)
    pictures, file = options.out / "pictures", options.out / "digits.onnx"
    if not pictures.exists():
        write_pictures(pictures, options.most)
    training = ImageFolder(str(pictures / "train"), transforms(training=True))
    testing = ImageFolder(str(pictures / "test"), transforms(training=False))
    model = mobilenet_v3_small(num_classes=len(training.classes))
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = 0.1  # its 0.01 is for trainings of many thousand steps
    varied = DataLoader[Any](
        training, options.batch_size, shuffle=True, num_workers=options.workers, drop_last=True
    )
    held_out = DataLoader[Any](testing, 128)
    train(model, varied, options)
    model.eval()
    print(f"accuracy on {len(testing)} held-out pictures: {accuracy(model, held_out):.3f}")
    export(model, file)
    run = runner(model, file)
    images = torch.stack([testing[n][0] for n in range(0, len(testing), 9)])
    with torch.inference_mode():
        difference = (run(images) - model(images).softmax(1)).abs().max().item()
    print(f"exported to {file}: its probabilities are the network's to {max(difference, 1e-7):.0e}")
    if options.serve is not None:
        with server(training.classes, run, options.serve) as serving:
            print(f"http://127.0.0.1:{serving.server_port}/classify", flush=True)
            try:
                serving.serve_forever()
            except KeyboardInterrupt:
                pass


if __name__ == "__main__":
    main()

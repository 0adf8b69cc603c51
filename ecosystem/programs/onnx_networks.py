"""Networks exported by torch.onnx.export, run by onnxruntime at other sizes: a U-Net, an LSTM, attention, what they compute."""

# packages: onnx onnxruntime
# tolerance: 1e-5 because kernels add up in different orders

import warnings

import numpy as np
import onnx
import onnxruntime
import torch
from torch import nn
from torch.nn import functional as F

warnings.simplefilter("ignore")


class Block(nn.Sequential):
    def __init__(self, a: int, b: int) -> None:
        super().__init__(
            nn.Conv2d(a, b, 3, padding=1, bias=False), nn.BatchNorm2d(b), nn.SiLU(), nn.Conv2d(b, b, 3, padding=1), nn.GELU()
        )  # fmt: skip


class UNet(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first, self.second, self.bottom = Block(3, 8), Block(8, 16), Block(16, 16)
        self.up, self.last = nn.ConvTranspose2d(16, 8, 2, stride=2), Block(16, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        a = self.first(x)
        b = self.second(F.max_pool2d(a, 2))
        c = F.interpolate(self.bottom(F.avg_pool2d(b, 2)), scale_factor=2.0, mode="nearest")
        return self.last(torch.cat([a, self.up(b + c)], 1)).sigmoid()


class Tagger(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.words, self.lstm = nn.Embedding(50, 12), nn.LSTM(12, 16, num_layers=2, bidirectional=True, batch_first=True)
        self.head = nn.Linear(32, 5)

    def forward(self, tokens: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        states, (last, _) = self.lstm(self.words(tokens))
        return self.head(states).log_softmax(-1), last


class Attention(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.norm, self.project, self.out = nn.LayerNorm(16), nn.Linear(16, 48), nn.Linear(16, 16)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        batch, length, width = x.shape
        q, k, v = (t.view(batch, length, 4, width // 4).transpose(1, 2) for t in self.project(self.norm(x)).chunk(3, -1))
        mixed = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        return x + self.out(mixed.transpose(1, 2).reshape(batch, length, width))


def images(batch: int, size: int) -> torch.Tensor:
    return torch.randn(batch, 3, size, size, generator=torch.Generator().manual_seed(size))


def tokens(batch: int, length: int) -> torch.Tensor:
    return torch.randint(0, 50, (batch, length), generator=torch.Generator().manual_seed(length))


def vectors(batch: int, length: int) -> torch.Tensor:
    return torch.randn(batch, length, 16, generator=torch.Generator().manual_seed(length))


for make, inputs, names, axes in [
    (UNet, images, ["y"], {"x": {0: "n", 2: "h", 3: "w"}, "y": {0: "n", 2: "h", 3: "w"}}),
    (Tagger, tokens, ["y", "last"], {"x": {0: "n", 1: "t"}, "y": {0: "n", 1: "t"}, "last": {1: "n"}}),
    (Attention, vectors, ["y"], {"x": {0: "n", 1: "t"}, "y": {0: "n", 1: "t"}}),
]:
    torch.manual_seed(0)
    network = make().eval()
    file = f"{make.__name__}.onnx"
    torch.onnx.export(
        network, (inputs(2, 8),), file, input_names=["x"], output_names=names, dynamic_axes=axes, opset_version=17, dynamo=False
    )
    model = onnx.load(file)
    onnx.checker.check_model(model)
    session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    weights = {w.name: tuple(w.dims) for w in model.graph.initializer}
    kept = [name for name, p in network.named_parameters() if weights.get(name) == tuple(p.shape)]
    places, results = session.get_inputs(), session.get_outputs()
    print(make.__name__, "opset", model.opset_import[0].version, [i.name for i in places], [o.name for o in results])
    print("shapes", [i.shape for i in places], "weights by their names", bool(kept))
    for size in ((2, 8), (1, 16), (5, 12)):
        x = inputs(*size)
        with torch.no_grad():
            expected = network(x)
        expected = expected if isinstance(expected, tuple) else (expected,)
        found = session.run(None, {"x": x.numpy()})
        agree = all(np.allclose(f, e.numpy(), atol=2e-6, rtol=1e-4) for f, e in zip(found, expected, strict=True))
        print(size, agree, [f.shape for f in found], *(f"{np.abs(f).sum():.6g}" for f in found))

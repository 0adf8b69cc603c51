"""A training that writes scalars, histograms, images, text, a graph and hyperparameters for TensorBoard, read back."""

# packages: tensorboard

import glob
import tempfile

import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from torch import nn
from torch.utils.tensorboard import SummaryWriter

torch.manual_seed(0)
model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
x, y = torch.randn(16, 4), torch.randint(3, (16,))

with tempfile.TemporaryDirectory() as folder:
    with SummaryWriter(folder) as writer:
        for step in range(5):
            loss = nn.functional.cross_entropy(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            writer.add_scalar("loss", loss, step, walltime=step)
            writer.add_scalars("norms", {n: p.norm() for n, p in model.named_parameters() if "bias" in n}, step)
            writer.add_histogram("weights", model[0].weight, step)
        writer.add_image("picture", torch.linspace(0, 1, 48).reshape(3, 4, 4))
        writer.add_images("pictures", torch.rand(2, 3, 4, 4))
        writer.add_text("note", "a **note**")
        writer.add_pr_curve("curve", torch.arange(8) % 2, torch.linspace(0, 1, 8))
        writer.add_embedding(x, metadata=[str(i) for i in range(16)])
        writer.add_mesh("mesh", torch.rand(1, 3, 3))
        writer.add_graph(model, x)
        writer.add_hparams({"lr": 0.1, "name": "sgd"}, {"final": loss.item()}, run_name="run")
    events = EventAccumulator(folder, size_guidance={"histograms": 0, "images": 0, "tensors": 0})
    events.Reload()
    tags = events.Tags()
    print("scalars:", *(f"{e.step} {e.value:.6g}" for e in events.Scalars("loss")))
    for event in events.Histograms("weights"):
        h = event.histogram_value
        print(f"histogram {event.step}: {h.min:.6g} {h.max:.6g} {h.num:.6g} {h.sum:.6g} {h.sum_squares:.6g}", len(h.bucket))
    print("images:", *(f"{e.width}x{e.height}" for e in events.Images("picture")))
    print("tags:", sorted(tags["tensors"]), sorted(tags["images"]), tags["graph"])
    print("files:", len(glob.glob(f"{folder}/**/events*", recursive=True)))
    for sub in ("norms_0.bias", "norms_2.bias", "run"):
        inner = EventAccumulator(f"{folder}/{sub}")
        inner.Reload()
        for tag in sorted(inner.Tags()["scalars"]):
            print(f"{sub} {tag}:", *(f"{e.value:.6g}" for e in inner.Scalars(tag)))

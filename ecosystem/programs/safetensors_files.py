"""Files of safetensors: written, read whole, by slices and by name, with metadata, shared tensors and every dtype."""

# packages: safetensors

import os

import torch
from safetensors import safe_open
from safetensors.torch import load, load_file, load_model, save, save_file, save_model
from torch import nn

torch.manual_seed(0)
DTYPES = [
    torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8,
    torch.bool, torch.complex64, torch.float8_e4m3fn, torch.float8_e5m2, torch.uint16, torch.uint32, torch.uint64,
]  # fmt: skip

tensors = {f"{dtype}": (torch.randn(3, 4) * 8).abs().to(dtype) for dtype in DTYPES}
tensors |= {"scalar": torch.tensor(2.5), "empty": torch.zeros(0, 3), "grad": torch.randn(2, 2, requires_grad=True)}
save_file(tensors, "all.safetensors", metadata={"made": "here", "format": "pt"})
print("size:", os.path.getsize("all.safetensors"))
back = load_file("all.safetensors")
for name, tensor in sorted(back.items()):
    values = tensor.to(torch.complex64) if tensor.is_complex() else tensor.to(torch.float64)
    print(f"{name}: {tensor.dtype} {tuple(tensor.shape)} {values.abs().sum().item():.6g} {tensor.requires_grad}")
    assert tensor.dtype == tensors[name].dtype and torch.equal(values, tensors[name].to(values.dtype)), name

with safe_open("all.safetensors", framework="pt", device="cpu") as file:
    print("metadata:", sorted(file.metadata().items()))
    print("keys:", len(file.keys()), *sorted(file.keys())[:3])
    part = file.get_slice("torch.float32")
    print("slice:", part.get_shape(), part.get_dtype(), tuple(part[1:].shape), tuple(part[:, 2:4].shape))
    values = part[0, 1], part[1:2, ::].sum(), part[:, -1].sum(), part[...].sum()
    print("values:", *(f"{v.item():.6g}" for v in values))
    print("tensor:", f"{file.get_tensor('scalar').item():.6g}", type(file.get_tensor("scalar")).__name__)

data = save({"x": torch.arange(6).reshape(2, 3)})
print("bytes:", len(data), load(data)["x"].tolist())


class Tied(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(5, 4)
        self.head = nn.Linear(4, 5, bias=False)
        self.head.weight = self.embedding.weight
        self.norm = nn.BatchNorm1d(4)


model, other = Tied(), Tied()
save_model(model, "tied.safetensors")
with safe_open("tied.safetensors", "pt") as file:
    print("tied:", sorted(file.keys()), file.metadata())
print("loaded:", load_model(other, "tied.safetensors"), torch.equal(other.head.weight, model.embedding.weight))
print("still tied:", other.head.weight is other.embedding.weight)


def refused(what: str, *arguments: object) -> None:
    try:
        save_file(*arguments)
    except Exception as error:
        print(f"{what}: {type(error).__name__} {str(error).strip().splitlines()[0].partition('[')[0]}")


whole = torch.zeros(4, 4)
refused("shared", {"a": whole, "b": whole}, "refused.safetensors")
refused("not contiguous", {"a": whole.t()[:2]}, "refused.safetensors")
refused("sparse", {"a": 1}, "refused.safetensors")
save_file({"top": whole[:2], "bottom": whole[2:]}, "parts.safetensors")
print("parts:", {name: tuple(t.shape) for name, t in load_file("parts.safetensors").items()})
for path in ("missing.safetensors", __file__):
    try:
        load_file(path)
    except Exception as error:
        print("error:", type(error).__name__, str(error).replace(__file__, "FILE"))

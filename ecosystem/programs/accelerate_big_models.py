"""accelerate: models made without memory, their sizes and device maps, and checkpoints loaded into them whole and in shards."""

# packages: accelerate

import json
import os

import torch
from accelerate import Accelerator, cpu_offload, infer_auto_device_map, init_empty_weights, init_on_device
from accelerate import load_checkpoint_and_dispatch as load
from accelerate.utils import compute_module_sizes, find_tied_parameters, set_module_tensor_to_device
from torch import nn


class Block(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.up = nn.Linear(width, 4 * width)
        self.down = nn.Linear(4 * width, width)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.down(torch.relu(self.up(self.norm(x))))


class Model(nn.Module):
    def __init__(self, width: int = 16, depth: int = 3) -> None:
        super().__init__()
        self.embedding = nn.Embedding(11, width)
        self.blocks = nn.ModuleList([Block(width) for _ in range(depth)])
        self.head = nn.Linear(width, 11, bias=False)
        self.register_buffer("scale", torch.tensor(0.5))

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        x = self.embedding(tokens) * self.scale
        for block in self.blocks:
            x = block(x)
        return self.head(x)


torch.manual_seed(0)
model = Model().eval()
tokens = torch.tensor([[1, 5, 2, 7]])
expected = model(tokens)
print("out:", *(f"{v:.6g}" for v in expected[0, 0].tolist()))
Accelerator(cpu=True).save_model(model, "shards", max_shard_size="6KB")
print("shards:", *sorted(os.listdir("shards")))
with open("shards/model.safetensors.index.json") as file:
    index = json.load(file)
print("index:", index["metadata"]["total_size"], len(index["weight_map"]))
torch.save(model.state_dict(), "whole.bin")

with init_empty_weights():
    empty = Model()
print("empty:", empty.head.weight.device, empty.scale.device, tuple(empty.head.weight.shape), empty.head.weight)
with init_empty_weights(include_buffers=True):
    print("buffers:", Model().scale.device)
print("sizes:", sorted(compute_module_sizes(empty).items())[:4])
print("map:", dict(infer_auto_device_map(empty, max_memory={"cpu": 8000, "disk": 10**9}, no_split_module_classes=["Block"])))
try:
    empty(tokens)
except Exception as error:
    print("refused:", type(error).__name__)

for checkpoint in ("shards", "whole.bin"):
    with init_empty_weights():
        empty = Model()
    loaded = load(empty, checkpoint, device_map={"": "cpu"})
    print("loaded:", checkpoint, torch.equal(loaded.eval()(tokens), expected), next(loaded.parameters()).device)

with init_empty_weights():
    empty = Model()
mapped = {"embedding": "cpu", "scale": "cpu", "blocks.0": "cpu", "blocks.1": "disk", "blocks.2": "disk", "head": "cpu"}
offloaded = load(empty, "shards", device_map=mapped, offload_folder="offload")
print("disk:", torch.equal(offloaded.eval()(tokens), expected), offloaded.blocks[1].up.weight.device)
print("offloaded:", *sorted(os.listdir("offload"))[:2])

with init_on_device(torch.device("meta")):
    one = nn.Linear(4, 2)
set_module_tensor_to_device(one, "weight", "cpu", value=torch.ones(2, 4))
print("one:", one.weight.device, one.bias.device, one.weight.sum().item())
tied = Model()
tied.head.weight = tied.embedding.weight
print("tied:", find_tied_parameters(tied))
print("offload:", torch.equal(cpu_offload(model, execution_device="cpu")(tokens), expected))

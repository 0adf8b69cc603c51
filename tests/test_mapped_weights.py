"""Weights that are mapped from a file are in memory as far as they were read, whoever ties, moves or converts them."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytest.importorskip("safetensors")

# Embeddings of 40 MB, of which three rows are read; prints the kilobytes of the file and of new memory that the process then has.
PROGRAM = """
import re, sys
from adjoint import compat
compat.install()
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

rows, width = 40_000, 256
folder = sys.argv[1]

def kilobytes(field, of):
    total, wanted = 0, False
    for line in open("/proc/self/smaps"):
        if re.match("[0-9a-f]+-", line):
            wanted = of is None or line.rstrip().endswith(of)
        elif wanted and line.startswith(field + ":"):
            total += int(line.split()[1])
    return total

def opened(path):
    with safe_open(path, "pt") as file:
        return {name: file.get_tensor(name) for name in file.keys()}

def sliced(path):
    with safe_open(path, "pt") as file:
        return {name: file.get_slice(name)[:] for name in file.keys()}

def from_storage(path):
    storage = torch.UntypedStorage.from_file(path, False, rows * width * 4)
    return {"weight": torch.empty(0).set_(storage, 0, (rows, width))}

ways = {
    "load_file": ("safe", load_file),
    "get_tensor": ("safe", opened),
    "get_slice": ("safe", sliced),
    "torch.load": ("saved", lambda path: torch.load(path, mmap=True)),
    "from_file": ("bytes", lambda path: {"weight": torch.from_file(path, size=rows * width).reshape(rows, width)}),
    "a storage": ("bytes", from_storage),
}
torch.set_cache_limit(0)
weight = torch.arange(rows * width, dtype=torch.float32).reshape(rows, width)
save_file({"weight": weight}, f"{folder}/safe")
torch.save({"weight": weight}, f"{folder}/saved")
weight.numpy().tofile(f"{folder}/bytes")
del weight
warm = torch.nn.Embedding(2, 2)
with torch.inference_mode():
    warm(torch.tensor([[1]]))
for name, (file, loaded) in ways.items():
    path = f"{folder}/{file}"
    before = kilobytes("Anonymous", None)
    model = torch.nn.Module()
    model.words = torch.nn.Embedding(rows, width, device="meta")
    model.words.load_state_dict(loaded(path), assign=True)
    model.out = torch.nn.Linear(width, rows, bias=False, device="meta")
    model.out.weight = model.words.weight
    model.eval().requires_grad_(False).to(torch.float32).to("cpu").float()
    with torch.inference_mode():
        found = model.words(torch.tensor([[1, 5, rows - 1]]))
    right = found[0, :, 0].tolist() == [256.0, 1280.0, 256.0 * (rows - 1)]
    print(name, right, kilobytes("Rss", path), kilobytes("Anonymous", None) - before, sep=":")
    del model, found
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="/proc tells what is in memory")
def test_no_more_of_it_is_in_memory_than_was_read(tmp_path):
    """By a network whose output layer has the weight as well, after all that a library does to one that it was given."""
    done = subprocess.run([sys.executable, "-c", PROGRAM, str(tmp_path)], capture_output=True, text=True)
    assert not done.returncode, done.stderr
    lines = [line.split(":") for line in done.stdout.splitlines()]
    assert len(lines) == 6
    for name, right, mapped, new in lines:
        # Linux reads ahead, and what is imported takes some; a copy would be 40,000.
        assert right == "True" and 8 <= int(mapped) < 8_000 and int(new) < 8_000, (name, mapped, new)

"""Plain ``pickle`` of what PyTorch made: a process in which torch is Adjoint reads its tensors, parameters and modules."""

from __future__ import annotations

import pickle
import subprocess
import sys
import warnings
from typing import Any

import pytest

torch = pytest.importorskip("torch")


def _things() -> dict[str, Any]:
    whole = torch.arange(12.0).reshape(3, 4)
    noted = torch.ones(2)
    noted.note = "kept"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        storage = torch.arange(3.0).storage()
    return {
        "a view": whole[1:, ::2],
        "several": [whole, whole[0], whole.t()],
        "one that requires grad": torch.ones(3, requires_grad=True),
        "a parameter": torch.nn.Parameter(torch.ones(2, 2)),
        "a buffer": torch.nn.Buffer(torch.ones(2)),
        "one with an attribute": noted,
        "bfloat16": torch.tensor([1.5, -2.0], dtype=torch.bfloat16),
        "a conjugate": torch.tensor([1 + 2j]).conj(),
        "a negative": torch._neg_view(torch.ones(2)),
        "without memory": torch.empty(3, 4, device="meta"),
        "sparse": torch.eye(3).to_sparse(),
        "a module": torch.nn.Linear(2, 3),
        "an optimizer's state": torch.optim.Adam([torch.nn.Parameter(torch.ones(2))]).state_dict(),
        "a packed sequence": torch.nn.utils.rnn.pack_sequence([torch.ones(3), torch.ones(2)]),
        "a storage": storage,
        "constants": [torch.strided, torch.channels_last, torch.Size([2]), torch.device("cpu"), torch.int8],
    }


SHOWN = """
import warnings
warnings.simplefilter("ignore")

def shown(thing):
    if isinstance(thing, list):
        return [shown(each) for each in thing]
    if isinstance(thing, torch.nn.Module):
        return str(thing), [shown(each) for each in thing.parameters()]
    if not isinstance(thing, torch.Tensor):
        return str(thing)
    strides = thing.stride() if thing.layout == torch.strided else None
    return str(thing), str(thing.dtype), thing.requires_grad, type(thing).__name__, strides, getattr(thing, "note", "")
"""
PROGRAM = (
    "import pickle, sys\nfrom adjoint import compat\ncompat.install()\nimport torch\n"
    + SHOWN
    + """
found = {}
for key, data in pickle.load(sys.stdin.buffer).items():
    found[key] = shown(pickle.loads(data))
sys.stdout.buffer.write(pickle.dumps(found))
"""
)


def test_they_are_what_pytorch_loads() -> None:
    space: dict[str, Any] = {"torch": torch}
    exec(SHOWN, space)
    saved = {(name, protocol): pickle.dumps(thing, protocol) for name, thing in _things().items() for protocol in (2, 4)
             if (name, protocol) != ("constants", 2)}  # fmt: skip
    done = subprocess.run([sys.executable, "-c", PROGRAM], input=pickle.dumps(saved), capture_output=True, check=False)
    assert not done.returncode, done.stderr.decode()
    found = pickle.loads(done.stdout)
    for key, data in saved.items():
        assert found[key] == space["shown"](pickle.loads(data)), key

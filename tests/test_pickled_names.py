"""Functions and classes pickle by PyTorch's public names, so that what one library saves the other loads."""

from __future__ import annotations

import io
import pickle
import subprocess
import sys
import types
from typing import Any

import pytest

torch = pytest.importorskip("torch")

PLACES = (
    "torch", "torch.nn.functional", "torch.linalg", "torch.special", "torch.Tensor", "torch.nn", "torch.nn.init",
    "torch.nn.utils", "torch.nn.utils.rnn", "torch.optim", "torch.optim.lr_scheduler", "torch.optim.swa_utils",
    "torch.func", "torch.autograd", "torch.autograd.functional", "torch.utils.data", "torch.utils.checkpoint",
    "torch.random", "torch.serialization",
)  # fmt: skip

# Run as a program under Adjoint: save every public thing by itself, and load what PyTorch saved; prints what fails.
PROGRAM = """
import sys, io, pickle, warnings
from adjoint import compat
compat.install()
import torch, torch.utils.data, torch.utils.checkpoint, torch.optim.swa_utils, torch.autograd.functional, torch.serialization
warnings.simplefilter("ignore")

def at(path):
    found = torch
    for part in path.split(".")[1:]:
        found = getattr(found, part)
    return found

names, theirs = pickle.load(sys.stdin.buffer)
ours, trouble = {}, []
for path in names:
    try:
        thing = at(path)
    except AttributeError:
        continue
    for how, save in (("torch.save", lambda f: torch.save(thing, f)), ("pickle", lambda f: pickle.dump(thing, f, 2))):
        file = io.BytesIO()
        try:
            save(file)
        except Exception as error:
            if (path, how) in theirs:
                trouble.append(f"{how} of {path}: {error}")
        else:
            ours[path, how] = file.getvalue(), getattr(thing, "__name__", "")
    for how, load in (("torch.save", lambda f: torch.load(f, weights_only=False)), ("pickle", pickle.load)):
        if (path, how) not in theirs:
            continue
        try:
            found = load(io.BytesIO(theirs[path, how]))
        except Exception as error:
            trouble.append(f"{path}, which PyTorch saved by {how}: {error}")
        else:
            if found is not thing and getattr(found, "__name__", "").strip("_") != getattr(thing, "__name__", " ").strip("_"):
                trouble.append(f"{path}, which PyTorch saved by {how}, became {found}")
sys.stdout.buffer.write(pickle.dumps((ours, trouble), 2))
"""


APART = {
    "torch.UntypedStorage": "stands in files for storages",
    **{
        f"torch.{name}Storage": "stands in files for storages"
        for name in "Double Float Half BFloat16 Long Int Short Char Byte Bool ComplexFloat ComplexDouble".split()
    },
    "torch.to_dlpack": "PyTorch saves a function that only the interpreter of its own has",
    "torch.autograd.variable": "is a module in both",
    "torch.nn.functional.threshold": "PyTorch saves its private name, which only torch.load translates",
    "torch.Tensor.__rtruediv__": "goes by __rdiv__ in PyTorch",
}


def at(path: str) -> Any:
    found: Any = torch
    for part in path.split(".")[1:]:
        found = getattr(found, part)
    return found


def public() -> list[str]:
    """The public functions and classes of PyTorch, by the paths that users write."""
    found = []
    for place in PLACES:
        __import__(place if place != "torch.Tensor" else "torch")
        space = at(place)
        listed = getattr(space, "__all__", None) if place != "torch" else None
        for name in listed or dir(space):
            value = getattr(space, name, None)
            if name.startswith("_") and not (place == "torch.Tensor" and name.startswith("__")):
                continue
            if f"{place}.{name}" in APART:
                continue
            if callable(value) and not isinstance(value, types.ModuleType) and name not in dir(object):
                found.append(f"{place}.{name}")
    return found


@pytest.fixture(scope="module")
def exchanged() -> tuple[dict[Any, bytes], list[str]]:
    """What Adjoint saves of every public thing, and what went wrong there."""
    names, theirs = public(), {}
    for path in names:
        for how, save in (("torch.save", torch.save), ("pickle", lambda x, f: pickle.dump(x, f, 2))):
            file = io.BytesIO()
            try:
                save(at(path), file)
            except Exception:
                continue
            theirs[path, how] = file.getvalue()
    done = subprocess.run([sys.executable, "-c", PROGRAM], input=pickle.dumps((names, theirs), 2), capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    ours, trouble = pickle.loads(done.stdout)
    return ours, trouble


def test_every_public_thing_can_be_saved_and_what_pytorch_saved_is_found(exchanged: Any) -> None:
    assert not exchanged[1], "\n".join(exchanged[1])


def test_pytorch_finds_every_public_thing_that_was_saved_here(exchanged: Any) -> None:
    trouble = []
    for (path, how), (data, name) in exchanged[0].items():  # one function may go by several names
        try:
            found = torch.load(io.BytesIO(data), weights_only=False) if how == "torch.save" else pickle.loads(data)
        except Exception as error:
            trouble.append(f"{how} of {path}: {error}")
        else:
            names = name.strip("_"), path.rpartition(".")[2].strip("_")
            if found is not at(path) and getattr(found, "__name__", "").strip("_") not in names:
                trouble.append(f"{how} of {path}: became {found}")
    assert len(exchanged[0]) > 2000
    assert not trouble, "\n".join(trouble)

"""What ``dir()`` lists, and a star import brings: what users may use, all of it, and nothing else."""

import importlib
import pkgutil
import subprocess
import sys
from types import FunctionType, ModuleType

import pytest

import adjoint
from adjoint.declare.namespaces import FUNCTIONS

torch = pytest.importorskip("torch")

# Adjoint's, beside PyTorch's names
OWN = {"CorruptFileError", "empty_cache", "load", "memory_stats", "set_cache_limit", "summary", "viz", "why"}


def shared_modules():
    """The public modules that both have, by their name below the package."""
    for found in pkgutil.walk_packages(adjoint.__path__, "adjoint."):
        name = found.name.partition(".")[2]
        if any(part.startswith("_") for part in name.split(".")) or name.split(".")[0] in ("vision", "ops", "viz", "why"):
            continue
        try:
            importlib.import_module(f"torch.{name}")
        except ImportError:
            continue
        yield name


SHARED = ["", *sorted(shared_modules())]


def both(name):
    dot = "." if name else ""
    return importlib.import_module(f"adjoint{dot}{name}"), importlib.import_module(f"torch{dot}{name}")


def names(thing):
    return {name for name in dir(thing) if not (name[:2] == "__" == name[-2:])}


def offered(module):
    """The names of one of PyTorch's modules that are for users: those of its ``__all__``, or those that are no helpers."""
    listed = getattr(module, "__all__", None)
    if listed is not None and module is not torch:
        return {name for name in listed if name[:2] != "__"}
    return {name for name in dir(module) if name[0] != "_" and name != "ops" and not _is_helper(module, name)}


def _is_helper(module, name):
    value = getattr(module, name)
    if isinstance(value, ModuleType):
        return value.__name__ not in (f"torch.{name}", f"{module.__name__}.{name}")
    home = getattr(value, "__module__", None)
    return isinstance(home, str) and home.partition(".")[0] not in ("torch", "builtins") and not isinstance(value, FunctionType)


@pytest.mark.parametrize("name", SHARED)
def test_what_is_listed_is_there(name):
    module, _ = both(name)
    for each in dir(module):
        getattr(module, each)


@pytest.mark.parametrize("name", SHARED)
def test_what_is_there_of_pytorchs_is_listed(name):
    module, theirs = both(name)
    assert sorted(n for n in offered(theirs) - names(module) if hasattr(module, n)) == []


@pytest.mark.parametrize("name", SHARED)
def test_nothing_is_listed_that_pytorch_does_not_have(name):
    module, theirs = both(name)
    assert sorted(n for n in names(module) - OWN if not hasattr(theirs, n)) == []


def test_the_modules_walked_are_those_that_programs_use():
    assert {"", "autograd", "nn", "nn.functional", "nn.init", "optim", "func", "linalg", "special", "utils.data"} <= {*SHARED}


def test_helpers_are_not_reachable_under_torch():
    for name in ("Any", "annotations", "importlib", "lookup", "printoptions"):
        assert not hasattr(adjoint, name), name


def test_every_declared_function_is_listed():
    assert {*FUNCTIONS["torch"]} <= {*dir(adjoint)}
    assert {*FUNCTIONS["nn.functional"]} <= {*dir(adjoint.nn.functional)}


def test_a_star_import_brings_what_pytorchs_brings():
    ours, theirs = {}, {}
    exec("from adjoint import *", ours)
    exec("from torch import *", theirs)
    assert sorted(ours.keys() - theirs.keys() - OWN) == []
    assert sorted(n for n in theirs.keys() - ours.keys() if hasattr(adjoint, n)) == []


def test_listing_names_imports_and_builds_nothing():
    program = (
        "import sys, adjoint; before = set(sys.modules); dir(adjoint); dir(adjoint.ones(1)); print(set(sys.modules) - before);"
        "print(sum(1 for o in adjoint.declare.namespaces.OPERATORS.values() if 'function' in o._built) < 20)"
    )
    out = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert out == "set()\nTrue\n"


def pairs():
    """Objects of each kind that users hold, of both libraries."""

    def make(t):
        x = t.ones(2, requires_grad=True)
        parameter = t.nn.Parameter(t.ones(2))
        return {
            "tensor": t.ones(2),
            "leaf": x,
            "result": x * 2,
            "parameter": parameter,
            "node": (x * x).grad_fn,
            "accumulator": (x * x).grad_fn.next_functions[0][0],
            "dtype": t.float32,
            "device": t.device("cpu"),
            "size": t.Size([1]),
            "module": t.nn.Linear(1, 1),
            "sequential": t.nn.Sequential(t.nn.ReLU()),
            "recurrent": t.nn.LSTM(1, 1),
            "optimizer": t.optim.Adam([parameter]),
            "generator": t.Generator(),
            "finfo": t.finfo(t.float32),
            "named tuple": t.ones(1, 1).max(0),
            "dataset": t.utils.data.TensorDataset(t.ones(2)),
            "loader": t.utils.data.DataLoader([1, 2]),
        }

    ours, theirs = make(adjoint), make(torch)
    return {kind: (ours[kind], theirs[kind]) for kind in ours}


PAIRS = pairs()


@pytest.mark.parametrize("kind", PAIRS)
def test_an_object_lists_what_pytorchs_does_as_far_as_it_has_it(kind):
    ours, theirs = PAIRS[kind]
    explained = {"explain", "show"}  # Adjoint's answers about what autograd did
    assert sorted(n for n in names(theirs) - names(ours) if n[0] != "_" and hasattr(ours, n)) == []
    assert sorted(names(ours) - names(theirs) - explained) == []


def test_what_a_users_class_has_is_listed():
    class Net(adjoint.nn.Module):
        def __init__(self):
            super().__init__()
            self._scale = 2
            self.layer = adjoint.nn.Linear(1, 1)

        def _helper(self):
            return self._scale

    assert {"_scale", "_helper", "layer"} <= {*dir(Net())}

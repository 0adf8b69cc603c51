"""Translation: PyTorch's values and functions as Adjoint's.

A tensor keeps its strides, offset and overlaps, a function of PyTorch becomes the one that Adjoint has by the same name,
and a Python function of the databases becomes the same code in Adjoint's names.
"""

from __future__ import annotations

import dataclasses
import functools
import io
import types
from functools import lru_cache
from typing import Any

import torch
from torch.testing import _utils as testing
from torch.testing._internal import common_utils
from torch.testing._internal.opinfo.core import OpInfo

import adjoint


class Lacking(Exception):
    """Adjoint has nothing by this name, or no such kind of tensor."""


def _spaces() -> list[tuple[Any, Any]]:
    """Pairs of namespaces in which public things go by the same names; the public ones first."""
    paths = ("", "nn.functional", "linalg", "special", "fft", "signal.windows", "Tensor", "nn", "nn.init", "nn.utils")
    paths += ("masked", "nn.utils.rnn", "optim", "optim.lr_scheduler", "functional", "autograd", "func", "random")
    return [(_at(torch, path), _at(adjoint, path)) for path in paths]


def _at(space: Any, path: str) -> Any:
    for name in filter(None, path.split(".")):
        space = getattr(space, name, None)
    return space


_FREEZING = (testing.freeze_rng_state, common_utils.freeze_rng_state)
"""What puts PyTorch's random state back; there are two of it."""


@lru_cache(maxsize=1)
def _by_identity() -> dict[int, tuple[Any, Any, str]]:
    """Every public thing of PyTorch, with what Adjoint has by its name."""
    found: dict[int, tuple[Any, Any, str]] = {
        id(torch): (torch, adjoint, "torch"),
        **{id(f): (f, adjoint.random.fork_rng, "fork_rng") for f in _FREEZING},
    }
    for theirs, ours in _spaces():
        found.setdefault(id(theirs), (theirs, ours, theirs.__name__))
        for name in dir(theirs):
            value = getattr(theirs, name)
            if callable(value) or isinstance(value, types.ModuleType):
                before, own = found.get(id(value)), getattr(ours, name, None)
                if before is None or (before[1] is None and own is not None):  # which has several names
                    found[id(value)] = value, own, f"{theirs.__name__}.{name}"
    return found


def tensor(value: torch.Tensor) -> Any:
    """The same tensor in Adjoint: values, dtype, strides, offset, requires_grad, and what it overlaps with."""
    if value.layout is torch.sparse_coo:
        parts = tensor(value.detach()._indices()), tensor(value.detach()._values())
        made = adjoint.sparse_coo_tensor(*parts, tuple(value.shape), is_coalesced=value.is_coalesced(), check_invariants=False)
        return made.requires_grad_(value.requires_grad)
    if value.layout is not torch.strided or value.device.type != "cpu" or value.is_quantized:
        raise Lacking(f"{value.layout} tensors")
    dtype = getattr(adjoint, str(value.dtype).removeprefix("torch."), None)
    if dtype is None:
        raise Lacking(str(value.dtype))
    if torch.nn.parameter.is_lazy(value):
        return getattr(adjoint.nn, type(value).__name__)(value.requires_grad, dtype=dtype)
    if value.dim() > 64:
        raise Lacking("tensors of more than 64 dimensions")
    plain = value.detach().resolve_conj().resolve_neg()
    if not plain.numel():
        made = adjoint.empty_strided(tuple(plain.shape), plain.stride(), dtype=dtype)
    else:
        size = plain.untyped_storage().nbytes() // value.itemsize  # all of it, where a view is of a part
        if plain.storage_offset() + sum((n - 1) * step for n, step in zip(plain.shape, plain.stride())) >= size:
            raise Lacking("tensors larger than their memory")  # which a call that failed has left behind
        memory = torch.as_strided(plain, (size,), (1,), 0)
        if value.dtype in (torch.bfloat16, torch.complex32):  # which NumPy does not have
            whole = adjoint.from_numpy(memory.view(torch.int16).numpy().copy()).view(dtype)
        else:
            whole = adjoint.from_numpy(memory.numpy().copy())
        made = whole.as_strided(tuple(plain.shape), plain.stride(), plain.storage_offset())
    made = made.detach()
    if isinstance(value, torch.nn.Parameter):
        return adjoint.nn.Parameter(made, requires_grad=value.requires_grad)
    return made.requires_grad_(value.requires_grad)


def translated(value: Any, memo: dict[int, Any] | None = None) -> Any:
    """A value of PyTorch's as Adjoint's: tensors, dtypes, containers, public functions, and functions made of these.

    ``memo`` keeps one tensor one tensor where it occurs twice.
    """
    memo = {} if memo is None else memo
    if id(value) in memo:
        return memo[id(value)]
    made = _translated(value, memo)
    memo[id(value)] = made
    return made


def _translated(value: Any, memo: dict[int, Any]) -> Any:
    if isinstance(value, torch.Tensor):
        return tensor(value)
    if isinstance(value, torch.dtype):
        return _named(str(value).removeprefix("torch."))
    if isinstance(value, (torch.memory_format, torch.layout)):
        return _named(str(value).removeprefix("torch."))
    if isinstance(value, torch.device):
        return adjoint.device(str(value))
    if isinstance(value, torch.Size):
        return adjoint.Size(value)
    if isinstance(value, torch.Generator):
        return adjoint.Generator().manual_seed(value.initial_seed())
    if isinstance(value, torch.nn.Module):
        return _module(value)
    if isinstance(value, dict):
        return type(value)({k: translated(v, memo) for k, v in value.items()}) if type(value) is dict else value
    if type(value) in (list, tuple):
        return type(value)(translated(v, memo) for v in value)
    if isinstance(value, slice):
        return slice(*(translated(part, memo) for part in (value.start, value.stop, value.step)))
    if isinstance(value, OpInfo):  # which a function of the databases asks for its name
        return value
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {field.name: translated(getattr(value, field.name), memo) for field in dataclasses.fields(value)}
        return translated(type(value), memo)(**fields)
    if isinstance(value, types.MethodType) and isinstance(value.__self__, torch.Tensor):
        return getattr(translated(value.__self__, memo), value.__name__)
    if isinstance(value, functools.partial):
        return functools.partial(translated(value.func, memo), *translated(value.args, memo), **translated(value.keywords, memo))
    if callable(value) or isinstance(value, types.ModuleType):
        return _function(value, memo)
    return value


def _module(value: torch.nn.Module) -> Any:
    file = io.BytesIO()
    torch.save(value, file)
    file.seek(0)
    return adjoint.load(file, weights_only=False)


def _named(name: str) -> Any:
    found = getattr(adjoint, name, None)
    if found is None:
        raise Lacking(name)
    return found


_OF_THE_DATABASES = ("torch.testing", "__main__")


def _function(value: Any, memo: dict[int, Any]) -> Any:
    known = _by_identity().get(id(value))
    if known is not None:
        if known[1] is None:
            raise Lacking(known[2])
        return known[1]
    home = getattr(value, "__module__", None) or ""
    if isinstance(value, types.FunctionType) and home.startswith(_OF_THE_DATABASES):
        return _rewritten(value, memo)
    if home.startswith("torch") or (isinstance(value, types.ModuleType) and value.__name__.startswith("torch")):
        raise Lacking(getattr(value, "__qualname__", None) or getattr(value, "__name__", type(value).__name__))
    return value


def _rewritten(function: types.FunctionType, memo: dict[int, Any]) -> Any:
    """The code of a function of the databases, over Adjoint's names."""
    names: dict[str, Any] = {"__builtins__": function.__globals__.get("__builtins__")}
    cells = tuple(types.CellType() for _ in function.__closure__ or ())
    made = types.FunctionType(function.__code__, names, function.__name__, None, cells)
    memo[id(function)] = made  # before its names, among which it may be
    for name in _names(function.__code__):
        if name in function.__globals__:
            try:
                names[name] = translated(function.__globals__[name], memo)
            except Lacking as lack:
                names[name] = _Absent(str(lack))
    for cell, theirs in zip(cells, function.__closure__ or ()):
        cell.cell_contents = translated(theirs.cell_contents, memo)
    made.__defaults__ = translated(function.__defaults__, memo)
    made.__kwdefaults__ = translated(function.__kwdefaults__, memo)
    return made


def _names(code: types.CodeType) -> set[str]:
    found = set(code.co_names)
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            found |= _names(constant)
    return found


class _Absent:
    """Stands for what Adjoint has not, until it is used."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        raise Lacking(self._name)

    def __getattr__(self, name: str) -> Any:
        raise Lacking(f"{self._name}.{name}")

"""``torch.types``: names for annotations."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import IO, Any, Union

import adjoint as _torch
from adjoint.autograd.graph import GradientEdge
from adjoint.device import device as _device
from adjoint.interop.storage import UntypedStorage as Storage
from adjoint.names import list_names as _list_names
from adjoint.tensor import Size, Tensor

__all__ = ["Device", "FileLike", "Number", "Storage"]

_TensorOrTensors = Tensor | Sequence[Tensor]
_TensorOrOptionalTensors = Tensor | Sequence[Tensor | None]
_TensorOrTensorsOrGradEdge = Tensor | Sequence[Tensor] | GradientEdge | Sequence[GradientEdge]
_size = Size | list[int] | tuple[int, ...]
_symsize = Size | Sequence[int]

# Sizes are numbers here, never symbols of a trace.
IntLikeType = int
FloatLikeType = float
BoolLikeType = bool

Number = int | float | bool
_Number = (int, float, bool)
FileLike = str | os.PathLike[str] | IO[bytes]
Device = _device | str | int | None

for _name in ("SymInt", "SymFloat", "SymBool"):  # where there are classes of that name
    if hasattr(_torch, _name):
        globals()[_name] = getattr(_torch, _name)
py_sym_types: Any = tuple(globals()[n] for n in ("SymInt", "SymFloat", "SymBool") if n in globals())
PySymType: Any = Union[py_sym_types] if py_sym_types else int  # noqa: UP007

_list_names(__name__)

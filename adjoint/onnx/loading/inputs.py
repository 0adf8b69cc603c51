"""What a graph is given: names, dtypes and shapes, and the errors for others."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from adjoint.onnx.loading.naming import identifier
from adjoint.onnx.loading.tensors import dtype_of
from adjoint.tensor import Tensor


@dataclass(frozen=True)
class Input:
    """An input of the graph.  ``shape`` has a number for a size that is fixed, a name or None for one that may be any."""

    name: str
    python_name: str
    kind: str  # "tensor", "sequence" or "optional"
    dtype: Any = None
    shape: tuple[int | str | None, ...] | None = None

    @property
    def optional(self) -> bool:
        """Whether nothing may be given."""
        return self.kind == "optional"

    def check(self, value: Any, file: str) -> None:
        """Raises TypeError for what is no tensor or of another dtype, ValueError for another shape.

        Of floating-point numbers any dtype passes: a module may have been made one of others, by ``double()`` or ``half()``.
        """
        if self.kind != "tensor":
            if self.kind == "sequence" and not isinstance(value, (list, tuple)):
                raise TypeError(f"the input {self.name!r} of {file} is a list of tensors, not {type(value).__name__}")
            return
        if not isinstance(value, Tensor):
            raise TypeError(f"the input {self.name!r} of {file} is a tensor, not {type(value).__name__}")
        dtype = value.dtype
        if dtype is not self.dtype and not (dtype.is_floating_point and self.dtype.is_floating_point):
            raise TypeError(f"the input {self.name!r} of {file} is of dtype {self.dtype}, not {dtype}")
        shape = self.shape
        if shape is not None:
            given = value.shape
            if len(given) != len(shape):
                raise ValueError(
                    f"the input {self.name!r} of {file} has {len(shape)} dimensions, {_written(shape)}, not {list(given)}"
                )
            for size, expected in zip(given, shape):
                if expected.__class__ is int and size != expected:
                    raise ValueError(
                        f"the input {self.name!r} of {file} is of shape {_written(shape)}, not {list(given)}"
                    )


def inputs_of(graph: Any, weights: Collection[str]) -> list[Input]:
    """The graph's inputs that are no weights."""
    return [_read(value) for value in graph.input if value.name not in weights]


def shape_of(tensor_type: Any) -> tuple[int | str | None, ...] | None:
    """The shape that a file says: numbers, names, or None where it says nothing."""
    if not tensor_type.HasField("shape"):
        return None
    return tuple(
        dim.dim_value if dim.HasField("dim_value") and dim.dim_value >= 0 else dim.dim_param or None
        for dim in tensor_type.shape.dim
    )


def _read(value: Any) -> Input:
    kind = value.type
    if kind.HasField("tensor_type"):
        tensor = kind.tensor_type
        return Input(value.name, identifier(value.name), "tensor", dtype_of(tensor.elem_type), shape_of(tensor))
    return Input(value.name, identifier(value.name), "sequence" if kind.HasField("sequence_type") else "optional")


def _written(shape: tuple[int | str | None, ...]) -> str:
    return f"[{', '.join('?' if size is None else str(size) for size in shape)}]"

"""Inputs and outputs of a model as lists of tensors with names, and which of their dimensions are dynamic."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import Any

from adjoint.onnx.sizes import Symbol
from adjoint.tensor import Tensor


class Inputs:
    """The arguments of a call, of which the tensors can be replaced by others.

    ``tensors`` come in the order of the arguments, nested ones in the order of their containers; ``names`` say by which way each
    is reached, as ``x``, ``batch_0`` or ``batch_mask``.
    """

    def __init__(self, function: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any]) -> None:
        self.args, self.kwargs = tuple(args), dict(kwargs)
        self.tensors: list[Tensor] = []
        self.names: list[str] = []
        self.paths: list[tuple[Any, ...]] = []  # the argument's name, and keys and places below it
        self.parameters = _names_of(function, len(self.args))
        for name, value in zip(self.parameters, self.args):
            self._find(value, (name,))
        for name, value in self.kwargs.items():
            self._find(value, (name,))

    def _find(self, value: Any, path: tuple[Any, ...]) -> None:
        if isinstance(value, Tensor):
            self.tensors.append(value)
            self.names.append("_".join(map(str, path)))
            self.paths.append(path)
            return
        for key, part in _parts(value):
            self._find(part, (*path, key))

    def replaced(self, tensors: Sequence[Tensor]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """The arguments with other tensors."""
        left = iter(tensors)
        args = tuple([_rebuilt(a, left) for a in self.args])
        return args, {name: _rebuilt(a, left) for name, a in self.kwargs.items()}


def _names_of(function: Callable[..., Any], count: int) -> list[str]:
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        parameters = []
    names = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    rest = next((p.name for p in parameters if p.kind is p.VAR_POSITIONAL), "input")
    return [*names[:count], *(f"{rest}_{i}" for i in range(count - len(names)))]


def _parts(value: Any) -> list[tuple[Any, Any]]:
    if isinstance(value, Mapping):
        return list(value.items())
    if isinstance(value, (list, tuple)):
        return list(enumerate(value))
    if is_dataclass(value) and not isinstance(value, type):
        return [(f.name, getattr(value, f.name)) for f in fields(value)]
    return []


def _rebuilt(value: Any, tensors: Any) -> Any:
    if isinstance(value, Tensor):
        return next(tensors)
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*[_rebuilt(v, tensors) for v in value])
    if isinstance(value, (list, tuple)):
        return type(value)([_rebuilt(v, tensors) for v in value])
    if isinstance(value, Mapping):
        made = {key: _rebuilt(v, tensors) for key, v in value.items()}
        return made if type(value) is dict else type(value)(made)  # type: ignore[call-arg]
    if is_dataclass(value) and not isinstance(value, type):
        return type(value)(**{f.name: _rebuilt(getattr(value, f.name), tensors) for f in fields(value)})
    return value


def outputs_of(result: Any) -> list[Any]:
    """What a model returned, as a list of tensors and numbers, in order; None is left out."""
    if result is None:
        return []
    if isinstance(result, (Tensor, int, float, bool)):
        return [result]
    found = []
    for _, part in _parts(result):
        found += outputs_of(part)
    return found


# Dynamic dimensions ---------------------------------------------------------------------------------------------------------

Dynamic = dict[tuple[int, int], str]  # (input, dimension) -> name


def from_axes(given: Mapping[str, Any], names: Sequence[str]) -> tuple[Dynamic, dict[str, dict[int, str]]]:
    """What ``dynamic_axes`` says, of inputs, and of other names, the outputs.

    Raises TypeError unless each value is a dictionary or list.
    """
    inputs: Dynamic = {}
    others: dict[str, dict[int, str]] = {}
    for name, axes in given.items():
        if isinstance(axes, Mapping):
            told = {int(axis): str(label) for axis, label in axes.items()}
        elif isinstance(axes, (list, tuple)):
            told = {int(axis): f"{name}_dynamic_axes_{i + 1}" for i, axis in enumerate(axes)}
        else:
            raise TypeError("Unsupported dynamic_axes format. Please provide a dict or a list.")
        if name in names:
            for axis, label in told.items():
                inputs[names.index(name), axis] = label
        else:
            others[name] = told
    return inputs, others


def from_shapes(given: Any, inputs: Inputs) -> tuple[Dynamic, dict[str, Any]]:
    """What ``dynamic_shapes`` says: dimensions by name, and the ``Dim`` that each name is of, if of one.

    It follows the structure of the arguments: a dictionary by their names or a sequence in their order, of dictionaries
    ``{dimension: name}``, sequences with a name or None for each dimension, or None.
    """
    found: Dynamic = {}
    dims: dict[str, Any] = {}
    if given is None:
        return found, dims
    if isinstance(given, Mapping):
        tops = dict(given)
    else:
        tops = dict(zip([*inputs.parameters, *inputs.kwargs], given))
    for i, (path, tensor) in enumerate(zip(inputs.paths, inputs.tensors)):
        told = tops.get(path[0])
        for key in path[1:]:
            told = None if told is None else told.get(key) if isinstance(told, Mapping) else told[key]
        if told is None:
            continue
        pairs = told.items() if isinstance(told, Mapping) else enumerate(told)
        for axis, dim in pairs:
            if dim is None or isinstance(dim, int):
                continue
            kind = getattr(dim, "name", None)  # Dim.AUTO, DYNAMIC and STATIC
            if kind == "STATIC":
                continue
            axis = axis % tensor.ndim
            if isinstance(dim, str):
                name = dim
            elif kind in ("AUTO", "DYNAMIC"):
                name = f"s{len(found)}"
                dims[name] = kind
            else:
                name = dim.__name__
                dims[name] = dim
            found[i, axis] = name
    return found, dims


def symbols_of(dynamic: Dynamic, tensors: Sequence[Tensor], dims: Mapping[str, Any]) -> dict[str, Symbol]:
    """The dynamic dimensions by name.  Raises ValueError where one name has two sizes, or there is no such dimension."""
    found: dict[str, Symbol] = {}
    for (i, axis), name in dynamic.items():
        shape = tensors[i].shape
        if not -len(shape) <= axis < len(shape):
            raise ValueError(f"dynamic dimension {axis} ({name}): input {i} has {len(shape)} dimensions")
        size = int(shape[axis])
        if name in found and found[name].size != size:
            raise ValueError(f"the dynamic dimension {name} is {found[name].size} in one input and {size} in another")
        dim = dims.get(name)
        least, most = getattr(dim, "min", 0) or 0, getattr(dim, "max", None)
        found[name] = Symbol(name, size, least, most, given=not isinstance(dim, str))
    return found

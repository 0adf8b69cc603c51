"""Collating: a list of samples made one batch."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, MutableMapping, MutableSequence, Sequence
from typing import Any

import numpy as np

import adjoint
from adjoint import dtypes
from adjoint.ops import bulk
from adjoint.ops.from_data import as_tensor, tensor
from adjoint.tensor import NO_EDGE, Tensor, from_array
from adjoint.utils.data._utils.room import room

_NO_NUMBERS = "SaUO"  # kinds of NumPy dtypes that no tensor holds

default_collate_err_msg_format = (
    "default_collate: batch must contain tensors, numpy arrays, numbers, dicts or lists; found {}"
)

_TENSORS, _ARRAYS = {Tensor}, {np.ndarray}

CollateMap = dict[Any, Callable[..., Any]]  # a type, or a tuple of types -> function(batch, *, collate_fn_map)


def default_convert(data: Any) -> Any:
    """NumPy arrays and numbers as tensors, also inside of lists and dictionaries; anything else as it is.

    >>> import numpy as np
    >>> import adjoint as torch
    >>> torch.utils.data.default_convert({"a": np.array([1, 2]), "b": "text"})
    {'a': tensor([1, 2]), 'b': 'text'}
    """
    kind = type(data)
    if isinstance(data, Tensor):
        return data
    if kind.__module__ == "numpy" and kind.__name__ not in ("str_", "string_"):
        if kind is np.ndarray and data.dtype.kind in _NO_NUMBERS:
            return data
        return as_tensor(data)
    if isinstance(data, Mapping):
        return _like_mapping(data, {key: default_convert(data[key]) for key in data})
    if isinstance(data, tuple):
        converted = [default_convert(d) for d in data]
        return kind(*converted) if hasattr(data, "_fields") else converted
    if isinstance(data, Sequence) and not isinstance(data, (str, bytes)):
        return _like_sequence(data, [default_convert(d) for d in data])
    return data


def _like_mapping(example: Any, made: dict[Any, Any]) -> Any:
    """``made`` as a mapping of the example's class, with what else the example holds."""
    try:
        if isinstance(example, MutableMapping):
            clone = copy.copy(example)
            clone.update(made)
            return clone
        return type(example)(made)
    except TypeError:  # the class is not made of a dictionary
        return made


def _like_sequence(example: Any, made: list[Any]) -> Any:
    """``made`` as a sequence of the example's class, with what else the example holds."""
    try:
        if isinstance(example, MutableSequence):
            clone = copy.copy(example)
            for i, element in enumerate(made):
                clone[i] = element
            return clone
        return type(example)(made)  # type: ignore[call-arg]
    except TypeError:  # the class is not made of a list
        return made


def collate(batch: Any, *, collate_fn_map: CollateMap | None = None) -> Any:
    """Make one batch of samples, by the function that ``collate_fn_map`` has for their type.

    Dictionaries and sequences are collated element by element.  Raises TypeError for samples of a type that nothing
    collates, RuntimeError for sequences of different lengths.
    """
    first = batch[0]
    kind = type(first)
    if collate_fn_map is not None:
        known = collate_fn_map.get(kind)
        if known is None:
            known = next((f for types, f in collate_fn_map.items() if isinstance(first, types)), None)
        if known is not None:
            return known(batch, collate_fn_map=collate_fn_map)
    if isinstance(first, Mapping):
        made = {key: collate([d[key] for d in batch], collate_fn_map=collate_fn_map) for key in first}
        return _like_mapping(first, made)
    if isinstance(first, tuple) and hasattr(first, "_fields"):
        return kind(*[collate(column, collate_fn_map=collate_fn_map) for column in zip(*batch)])
    if isinstance(first, Sequence):
        if any(len(sample) != len(first) for sample in batch):
            raise RuntimeError("each element in list of batch should be of equal size")
        columns = [collate(column, collate_fn_map=collate_fn_map) for column in zip(*batch)]
        return columns if isinstance(first, tuple) else _like_sequence(first, columns)
    raise TypeError(default_collate_err_msg_format.format(kind))


def _stacked(arrays: list[Any]) -> Any:
    """NumPy arrays of one shape and dtype stacked; None for others."""
    first = arrays[0]
    shape, dtype = first.shape, first.dtype
    if bulk.are_alike(arrays) and not dtype.hasobject:
        out = room((len(arrays), *shape), dtype)
        if bulk.stack_into(out, arrays):
            return out
    if len({a.shape for a in arrays}) != 1 or any([a.dtype is not dtype for a in arrays]):
        return None
    out = room((len(arrays), *shape), dtype)
    if shape and shape[0]:  # one behind the other along the first dimension is the same memory, written by one call
        np.concatenate(arrays, out=out.reshape(-1, *shape[1:]))
    else:
        for i, array in enumerate(arrays):
            out[i] = array
    return out


def collate_tensor_fn(batch: Any, *, collate_fn_map: CollateMap | None = None) -> Tensor:
    """Tensors stacked along a new first dimension."""
    if {*map(type, batch)} == _TENSORS and [t._edge for t in batch].count(NO_EDGE) == len(batch):
        arrays = [t._array for t in batch]
        if {*map(type, arrays)} == _ARRAYS and (out := _stacked(arrays)) is not None:
            return from_array(out)
    return adjoint.stack(batch, 0)  # which says what is wrong, and asks classes of tensors


def collate_numpy_array_fn(batch: Any, *, collate_fn_map: CollateMap | None = None) -> Any:
    """NumPy arrays stacked, as a tensor."""
    first = batch[0]
    if first.dtype.kind in _NO_NUMBERS:
        raise TypeError(default_collate_err_msg_format.format(first.dtype))
    if collate_fn_map is default_collate_fn_map and collate_fn_map[Tensor] is collate_tensor_fn:
        if {*map(type, batch)} == _ARRAYS and as_tensor(first)._array.dtype is first.dtype:
            out = _stacked(batch)
            if out is not None:
                return from_array(out)
    return collate([as_tensor(array) for array in batch], collate_fn_map=collate_fn_map)


def collate_numpy_scalar_fn(batch: Any, *, collate_fn_map: CollateMap | None = None) -> Tensor:
    """NumPy numbers as a tensor."""
    return as_tensor(batch)


def collate_float_fn(batch: Any, *, collate_fn_map: CollateMap | None = None) -> Tensor:
    """Floats as a float64 tensor."""
    return tensor(batch, dtype=dtypes.float64)


def collate_int_fn(batch: Any, *, collate_fn_map: CollateMap | None = None) -> Tensor:
    """Integers (or bools) as a tensor."""
    return tensor(batch)


def collate_str_fn(batch: Any, *, collate_fn_map: CollateMap | None = None) -> Any:
    """Texts as they are."""
    return batch


default_collate_fn_map: CollateMap = {
    Tensor: collate_tensor_fn,
    np.ndarray: collate_numpy_array_fn,
    (np.bool_, np.number, np.object_): collate_numpy_scalar_fn,
    float: collate_float_fn,
    int: collate_int_fn,
    str: collate_str_fn,
    bytes: collate_str_fn,
}


def default_collate(batch: Any) -> Any:
    """Make one batch of samples: tensors, arrays and numbers become tensors with a new first dimension, dictionaries
    and sequences are collated element by element.

    Raises TypeError for samples of other types, RuntimeError for tensors of different shapes.

    >>> import adjoint as torch
    >>> torch.utils.data.default_collate([(1, {"x": 2.}), (3, {"x": 4.})])
    [tensor([1, 3]), {'x': tensor([2., 4.], dtype=torch.float64)}]
    """
    return collate(batch, collate_fn_map=default_collate_fn_map)

"""Operands: from what a user passes to arrays of one dtype, and gradients back to the shape and dtype of each."""

from __future__ import annotations

from typing import Any, NoReturn

import numpy as np

from adjoint import dtypes
from adjoint.autograd.quiet import quietly
from adjoint.declare.arguments import python_number, type_name
from adjoint.stored import converted, element
from adjoint.summation import total
from adjoint.tensor import NO_EDGE, Number, Tensor, from_array

_new = object.__new__

# (value, array dtype) -> the number as an operand.  Ints and floats apart, since 2 == 2.0 but promote differently.
INTS: dict[tuple[int, Any], Number] = {}
FLOATS: dict[tuple[float, Any], Number] = {}
_MOST_NUMBERS = 4096


def _forget_numbers() -> None:
    INTS.clear()
    FLOATS.clear()


dtypes.on_default_change(_forget_numbers)


def is_number(value: Any) -> bool:
    """Whether this is a Python number, or a NumPy scalar that counts as one: neither a text nor a date."""
    return isinstance(value, (bool, int, float, complex)) or (isinstance(value, np.generic) and value.dtype.kind in "biufc")


def number(value: Any, beside: Any) -> Number:
    """A Python number as an operand beside an array of dtype ``beside``, of that dtype where promotion allows it.

    Where that dtype cannot hold the number (an integer beyond its range, any float beside a half, a bool), the operand keeps
    the number as it is: some operators compute in a wider dtype than their operands', and :func:`promote` converts for the others.
    """
    if isinstance(value, np.generic):
        value = as_python(value)
    if isinstance(value, int) and not -(2**63) <= value < 2**64:
        raise OverflowError("int too big to convert" if value > 0 else "can't convert negative int to unsigned")
    own = dtypes.default_for(value)
    other = dtypes.OF_ARRAY[beside]
    d = dtypes.promote_types(own, other) if own.category > other.category and other.category == dtypes.COMPLEX else other
    if own.category > other.category:
        d = own if own.category != dtypes.COMPLEX or other.category != dtypes.FLOAT else other.to_complex()
    n = _new(Number)
    if d in dtypes.STORED:
        n._array, n._edge, n._writes = element(value, d.array), NO_EDGE, None
        return n
    n._array = _zero_dim(value, _WIDER.get(d, d) if own is not dtypes.bool_ else own)
    n._edge = NO_EDGE
    n._writes = None
    # -0.0 == 0.0 and True == 1, so neither zeros nor bools may share an entry.
    if value and not isinstance(value, bool):
        cache = INTS if value.__class__ is int else FLOATS if value.__class__ is float else None
        if cache is not None and (value - value or np.isfinite(n._array)):  # not where only the dtype makes it infinite
            if len(cache) >= _MOST_NUMBERS:
                cache.clear()
            cache[value, beside] = n
    return n


def as_python(value: np.generic) -> Any:
    """A NumPy scalar as a Python number, as PyTorch takes it: a float, unless it is an integer or complex.

    Of complex numbers that are not Python's own kind, complex64, PyTorch drops the imaginary part; they are kept here.
    """
    if isinstance(value, np.complexfloating):
        return complex(value)
    return int(value) if isinstance(value, np.integer) else float(value)  # type: ignore[arg-type]


def from_numpy_beside(array: Any, other: Any) -> Tensor | None:
    """A NumPy array as an operand beside a tensor, where it can be one."""
    if not isinstance(array, np.ndarray) or array.dtype not in dtypes.OF_ARRAY:
        return None
    return from_array(array)


_WIDER = {dtypes.float16: dtypes.float64, dtypes.bfloat16: dtypes.float64}


def _zero_dim(value: Any, d: dtypes.dtype) -> Any:
    try:
        array = quietly(np.array, value, d.array)
    except OverflowError:
        if d.category != dtypes.INTEGER:
            raise
        array = np.array(value, np.int64 if value < 2**63 else np.uint64)
    array.flags.writeable = False
    return array


def operand(operator: Any, position: int, value: Any, beside: Any) -> Tensor:
    """Whatever was passed for an array, as a tensor: a number becomes an operand, anything else is an error."""
    if isinstance(value, Tensor):
        return value
    if beside is not None:
        if isinstance(value, (bool, int, float, complex)):
            return number(value, beside)
        if isinstance(value, np.generic) and value.dtype.kind in "biufc":
            return number(value, beside)
    wrong_type(operator, position, value)


def beside_number(operator: Any, first: Any, second: Any) -> Any:
    """The dtype that a first operand gets that is no tensor: the second's, or of two numbers the one that holds both."""
    if isinstance(second, Tensor):
        return second._array.dtype
    numbers = python_number(first), python_number(second)
    if numbers[0] is None:
        return None
    if numbers[1] is None:
        wrong_type(operator, 1, second)
    kinds = [dtypes.default_for(n) for n in numbers]
    return max(kinds, key=lambda d: d.category).array


def wrong_type(operator: Any, position: int, value: Any) -> NoReturn:
    """PyTorch's TypeError for an argument that had to be a tensor."""
    param = operator.arrays[position]
    name = "input" if param.name == "self" else param.name
    where = [p.name for p in operator.params].index(param.name) + 1
    expected = "tuple of Tensors" if param.kind == "arrays" else "Tensor"
    raise TypeError(
        f"{operator.name}(): argument '{name}' (position {where}) must be {expected}, not {type_name(value)}"
    ) from None


def raise_missing(operator: Any, name: str) -> NoReturn:
    """PyTorch's TypeError for an argument that was not given."""
    raise TypeError(f'{operator.name}() missing 1 required positional arguments: "{name}"')


def raise_integers(array: Any) -> NoReturn:
    """PyTorch's error where a result with a graph was asked for in a dtype that has no gradients (``sum(dtype=torch.int8)``)."""
    raise RuntimeError(f"Autograd not support dtype: {dtypes.SCALAR_TYPE_NAMES[dtypes.OF_ARRAY[array.dtype]]}")


def priority(tensor: Tensor) -> int:
    """How much a tensor's dtype counts in promotion: 0 with dimensions, 1 without, 2 for a Python number."""
    return 2 if tensor._wrapped else 0 if tensor._array.ndim else 1


def result_type_of(*tensors: Tensor) -> dtypes.dtype:
    """The dtype in which an operator of these tensors computes."""
    return dtypes.result_of([(dtypes.OF_ARRAY[t._array.dtype], priority(t)) for t in tensors])


def promote(*tensors: Tensor) -> tuple[Any, ...]:
    """The tensors' arrays, all of the dtype that PyTorch's promotion gives."""
    d = result_type_of(*tensors).array
    return tuple(t._array if t._array.dtype == d else as_dtype(t._array, d) for t in tensors)


def as_dtype(array: Any, dtype: Any) -> Any:
    """The array in another of the tensors' dtypes."""
    return quietly(array.astype, dtype) if dtype.names is None is array.dtype.names else converted(array, dtype)


def promote_to_float(*tensors: Tensor) -> tuple[Any, ...]:
    """As :func:`promote`, where integers become the default dtype: at once, so that a number which an integer dtype cannot
    hold is not cut to it first."""
    d = result_type_of(*tensors)
    to = (dtypes.get_default_dtype() if d.category < dtypes.FLOAT else d).array
    return tuple(t._array if t._array.dtype == to else as_dtype(t._array, to) for t in tensors)


def widen(self: Tensor, other: Tensor) -> tuple[Any, Any, None] | None:
    """The arrays in float32 where promotion gives halves and ``other`` is a single number, which is then not rounded before
    the operator computes; None for all else.  What is computed has to be :func:`narrowed`."""
    if self._array.dtype.itemsize != 2 != other._array.dtype.itemsize:
        return None
    d = result_type_of(self, other)
    if d not in _WIDER or other._array.ndim:
        return None
    return quietly(self._array.astype, d.array).astype(np.float32), quietly(other._array.astype, np.float32), None


def narrowed(result: Any, self: Tensor, other: Tensor) -> Any:
    """What was computed of :func:`widen`, in the dtype that promotion gives."""
    return quietly(result.astype, result_type_of(self, other).array)


def to_float(array: Any) -> Any:
    """An array of integers or bools in the default dtype, any other as it is."""
    if dtypes.OF_ARRAY[array.dtype].category < dtypes.FLOAT:
        return array.astype(dtypes.get_default_dtype().array)
    return array


def sum_to(g: Any, shape: tuple[int, ...]) -> Any:
    """``g`` summed over the dimensions along which an array of ``shape`` was broadcast."""
    extra = g.ndim - len(shape)
    stretched = tuple(i for i, size in enumerate(shape, extra) if size == 1 and g.shape[i] != 1)
    if not extra:
        return total(g, stretched, True) if stretched else g
    if not stretched:
        return total(g, tuple(range(extra)))
    return total(g, (*range(extra), *stretched), True).reshape(shape)


def fit(g: Any, shape: tuple[int, ...], dtype: Any) -> Any:
    """A gradient of a broadcast, promoted operand in the operand's own shape and dtype."""
    if g.shape != shape:
        g = sum_to(g, shape)
    if g.dtype != dtype:
        if g.dtype.kind == "c" and dtype.kind != "c":
            g = g.real
        if g.dtype != dtype:
            g = g.astype(dtype)
    return np.asarray(g) if isinstance(g, np.generic) else g


def fits(*arrays: Any) -> tuple[tuple[tuple[int, ...], Any], ...]:
    """The shapes and dtypes to which the gradients of these operands have to be brought back."""
    return tuple((a.shape, a.dtype) for a in arrays)


def raise_shapes(*arrays: Any) -> NoReturn:
    """PyTorch's error for operands that do not broadcast; any other error of NumPy's as it is."""
    shape = arrays[0].shape
    for other in arrays[1:]:
        for i in range(1, min(len(shape), len(other.shape)) + 1):
            if shape[-i] != other.shape[-i] and 1 not in (shape[-i], other.shape[-i]):
                raise RuntimeError(
                    f"The size of tensor a ({shape[-i]}) must match the size of tensor b ({other.shape[-i]}) at "
                    f"non-singleton dimension {max(len(shape), len(other.shape)) - i}"
                ) from None
        shape = np.broadcast_shapes(shape, other.shape)
    raise

"""Random tensors: ``rand``, ``randn``, ``randint``, ``randperm`` and the like of other tensors."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from adjoint import dtypes
from adjoint.declare import composite
from adjoint.declare.arguments import (
    check_not_negative,
    python_number,
    sequence_of_sizes,
    sizes,
    type_name,
    wrong_argument,
)
from adjoint.declare.inplace import write_out
from adjoint.layouts import empty_like
from adjoint.ops import bulk
from adjoint.ops.arrays import all_values
from adjoint.ops.creation import made, options
from adjoint.ops.random import (
    check_int64,
    check_normal,
    check_uniform,
    draw_into,
    generator_argument,
    integer_bounds,
    integer_range,
    normal_fill,
    not_implemented,
    uniform_fill,
)
from adjoint.random import draws
from adjoint.random.generator import BLOCK, Generator
from adjoint.readings.batched import BatchedArray, current_levels, different_levels, levels_of, to_draw_into
from adjoint.readings.meta import MetaArray, makes_nothing, shapes_alone
from adjoint.tensor import Tensor

_OPTIONS = (
    "Tensor out = None, torch.dtype dtype = None, torch.layout layout = None, torch.device device = None, "
    "bool pin_memory = False, bool requires_grad = False)"
)


def _shape(function: str, given: Any, size: Any) -> tuple[int, ...]:
    if not given:
        if size is None:
            raise TypeError(
                f"{function}() received an invalid combination of arguments - got (), but expected one of:\n"
                f" * (tuple of ints size, *, torch.Generator generator, {_OPTIONS}\n * (tuple of ints size, *, {_OPTIONS}"
                "\n"
            )
        given = (size,)
    shape = sizes(function, given)
    check_not_negative(shape)
    return shape


def new_array(function: str, shape: tuple[int, ...], out: Any, dtype: dtypes.dtype | None, default: Any) -> Any:
    """A new array to draw into, of the dtype that was asked for or that ``out`` has."""
    if out is None:
        return to_draw_into(bulk.empty(shape, (dtype or default or dtypes.get_default_dtype()).array))
    if not isinstance(out, Tensor):
        raise TypeError(f"{function}(): argument 'out' must be Tensor, not {type_name(out)}")
    if dtype is not None and dtype is not out.dtype:
        raise RuntimeError(
            f"dtype {dtypes.SCALAR_TYPE_NAMES[dtype]} does not match dtype of out parameter "
            f"({dtypes.SCALAR_TYPE_NAMES[out.dtype]})"
        )
    return np.empty(shape, out._array.dtype)


def finished(function: str, array: Any, out: Tensor | None, requires_grad: bool) -> Tensor:
    """What was drawn as a new tensor, or written into ``out``."""
    if out is None:
        return made(array, requires_grad, function=function)
    return write_out(made(array), out, function)


@composite(where="torch")
def rand(
    *args: Any,
    size: Any = None,
    generator: Generator | None = None,
    out: Tensor | None = None,
    dtype: dtypes.dtype | None = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
) -> Tensor:
    """Numbers drawn uniformly from [0, 1); the sizes as separate arguments or as one sequence.

    >>> import adjoint as torch
    >>> _ = torch.manual_seed(0)
    >>> torch.rand(3)
    tensor([0.4963, 0.7682, 0.0885])
    """
    shape = _shape("rand", args, size)
    chosen = options("rand", dtype, layout, device, pin_memory)
    source = generator_argument("rand", generator)
    few = (chosen or dtypes.get_default_dtype()) is dtypes.float32 and (n := prod(shape)) <= BLOCK
    if few and out is None and not current_levels() and not (shapes_alone and makes_nothing()):
        with source.lock:
            return made(source.floats(n).reshape(shape), requires_grad, function="rand")
    array = new_array("rand", shape, out, chosen, None)
    check_uniform(dtypes.OF_ARRAY[array.dtype], 0.0, 1.0)
    uniform_fill(array, source)
    return finished("rand", array, out, requires_grad)


@composite(where="torch")
def randn(
    *args: Any,
    size: Any = None,
    generator: Generator | None = None,
    out: Tensor | None = None,
    dtype: dtypes.dtype | None = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
) -> Tensor:
    """Normally distributed numbers of mean 0 and variance 1; the sizes as separate arguments or as one sequence.

    >>> import adjoint as torch
    >>> _ = torch.manual_seed(0)
    >>> torch.randn(3)
    tensor([ 1.5410, -0.2934, -2.1788])
    """
    shape = _shape("randn", args, size)
    chosen = options("randn", dtype, layout, device, pin_memory)
    source = generator_argument("randn", generator)
    few = (chosen or dtypes.get_default_dtype()) is dtypes.float32 and (n := prod(shape)) < 16
    if few and out is None and not current_levels() and not (shapes_alone and makes_nothing()):
        with source.lock:
            drawn = np.array(draws.few_normals(source, n), np.float32)
        return made(drawn.reshape(shape), requires_grad, function="randn")
    array = new_array("randn", shape, out, chosen, None)
    check_normal(dtypes.OF_ARRAY[array.dtype])
    normal_fill(array, source)
    return finished("randn", array, out, requires_grad)


def _integer(function: str, name: str, value: Any, position: int) -> int:
    if value.__class__ is int:
        return value
    found = python_number(value)
    if isinstance(value, bool) or not isinstance(found, int):
        wrong_argument(function, name, "int", value, position)
    return int(found)


def _randint_arguments(args: tuple[Any, ...], low: Any, high: Any, size: Any) -> tuple[int, int, tuple[int, ...]]:
    """``(high, size)`` or ``(low, high, size)``, in part by name."""
    given = list(args)
    if size is None and len(given) > 1 and (high is None or len(given) > 2 or low is not None):
        size = given.pop()
    elif size is None and len(given) == 1 and high is not None:
        size = given.pop()
    if high is None and given:
        high = given.pop()
    if low is None and given:
        low = given.pop()
    if given or high is None or size is None:
        names = ", ".join(type_name(a) for a in args)
        raise TypeError(
            f"randint() received an invalid combination of arguments - got ({names}), but expected one of:\n"
            f" * (int high, tuple of ints size, *, torch.Generator generator, {_OPTIONS}\n"
            f" * (int high, tuple of ints size, *, {_OPTIONS}\n"
            f" * (int low, int high, tuple of ints size, *, torch.Generator generator, {_OPTIONS}\n"
            f" * (int low, int high, tuple of ints size, *, {_OPTIONS}\n"
        )
    position = 2 if low is None else 3
    first = 0 if low is None else _integer("randint", "low", low, 1)
    last = _integer("randint", "high", high, position - 1)
    if not isinstance(size, (tuple, list)):
        wrong_argument("randint", "size", "tuple of ints", size, position)
    shape = sequence_of_sizes("randint", size)
    check_not_negative(shape)
    check_int64(first, last)
    return first, last, shape


@composite(where="torch")
def randint(
    *args: Any,
    low: int | None = None,
    high: int | None = None,
    size: Any = None,
    generator: Generator | None = None,
    out: Tensor | None = None,
    dtype: dtypes.dtype | None = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
) -> Tensor:
    """``randint(high, size)``, ``randint(low, high, size)``: integers drawn uniformly from ``[low, high)``, int64.

    Raises RuntimeError for an empty range or one beyond the dtype.

    >>> import adjoint as torch
    >>> _ = torch.manual_seed(0)
    >>> torch.randint(10, (4,))
    tensor([4, 9, 3, 0])
    """
    first, last, shape = _randint_arguments(args, low, high, size)
    chosen = options("randint", dtype, layout, device, pin_memory)
    source = generator_argument("randint", generator)
    array = new_array("randint", shape, out, chosen, dtypes.int64)
    begin, width = integer_range(dtypes.OF_ARRAY[array.dtype], first, last)
    draw_into(array, lambda flat, g: draws.integers(flat, g, begin, width), source)
    return finished("randint", array, out, requires_grad)


# Up to which n a float dtype holds all of 0 to n - 1, and how PyTorch writes that.
_MOST_PERMUTED = {
    dtypes.float16: (2**11 + 1, "2049"),
    dtypes.float32: (2**24 + 1, "2^24+1"),
    dtypes.float64: (2**53 + 1, "2^53+1"),
}


@composite(where="torch")
def randperm(
    n: int,
    *,
    generator: Generator | None = None,
    out: Tensor | None = None,
    dtype: dtypes.dtype | None = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
) -> Tensor:
    """The integers from 0 to ``n - 1`` in a random order, int64.

    Raises RuntimeError for a negative ``n`` or one that the dtype cannot hold.

    >>> import adjoint as torch
    >>> _ = torch.manual_seed(0)
    >>> torch.randperm(4)
    tensor([0, 1, 3, 2])
    """
    n = _integer("randperm", "n", n, 1)
    check_not_negative((n,))
    chosen = options("randperm", dtype, layout, device, pin_memory)
    source = generator_argument("randperm", generator)
    array = new_array("randperm", (n,), out, chosen, dtypes.int64)
    dtype = dtypes.OF_ARRAY[array.dtype]
    if dtype.category in (dtypes.BOOL, dtypes.COMPLEX) or dtype in dtypes.STORED:
        raise not_implemented("randperm", dtype)
    if dtype.category == dtypes.INTEGER:
        if n > integer_bounds(dtype)[1]:
            raise RuntimeError(f"value cannot be converted to type {dtype.name}_t without overflow")
    elif dtype in _MOST_PERMUTED and n > _MOST_PERMUTED[dtype][0]:
        raise RuntimeError(
            f"n cannot be greater than {_MOST_PERMUTED[dtype][1]} for {dtypes.SCALAR_TYPE_NAMES[dtype]} type."
        )
    if n and array.__class__ is not MetaArray:
        whole = all_values(array)  # in PyTorch nested vmaps draw for the samples of the outermost first
        drawn = np.empty((*whole.shape[-2::-1], n), whole.dtype)
        draw_into(drawn, lambda out, g: _permute(out, g, n), source)
        whole[...] = drawn.transpose(*range(whole.ndim - 2, -1, -1), whole.ndim - 1)
    return finished("randperm", array, out, requires_grad)


def _permute(out: Any, generator: Generator, n: int) -> None:
    """Fill a row with one permutation after the other."""
    for row in out.reshape(-1, n):
        row[...] = draws.shuffled(generator, n)


def _like(function: str, input: Any, dtype: Any, layout: Any, device: Any, pin_memory: Any, memory_format: Any) -> Any:
    if not isinstance(input, Tensor):
        wrong_argument(function, "input", "Tensor", input, 1)
    chosen = options(function, dtype, layout, device, pin_memory, input)
    return array_like(input._array, input._array.dtype if chosen is None else chosen.array, memory_format)


def array_like(array: Any, dtype: Any, memory_format: Any = None) -> Any:
    """A new array of another's shape and layout to draw into; inside of vmaps with one draw, or one for each sample."""
    if current_levels() and levels_of(array) != different_levels()[::-1]:
        return to_draw_into(empty_like(_sample_of(array), dtype, memory_format))
    return empty_like(array, dtype, memory_format)


def _sample_of(array: Any) -> Any:
    """The array of one sample, which says how all of them lie."""
    while array.__class__ is BatchedArray:
        array = array.array[0] if len(array.array) else np.empty(array.shape, array.dtype)
    return array


@composite(where="torch")
def rand_like(
    input: Tensor,
    *,
    generator: Generator | None = None,
    dtype: dtypes.dtype | None = None,
    layout: Any = None,
    device: Any = None,
    pin_memory: bool = False,
    requires_grad: bool = False,
    memory_format: Any = None,
) -> Tensor:
    """As :func:`rand`, of ``input``'s shape and dtype."""
    array = _like("rand_like", input, dtype, layout, device, pin_memory, memory_format)
    source = generator_argument("rand_like", generator)
    check_uniform(dtypes.OF_ARRAY[array.dtype], 0.0, 1.0)
    uniform_fill(array, source)
    return made(array, requires_grad, function="rand_like")


@composite(where="torch")
def randn_like(
    input: Tensor,
    *,
    generator: Generator | None = None,
    dtype: dtypes.dtype | None = None,
    layout: Any = None,
    device: Any = None,
    pin_memory: bool = False,
    requires_grad: bool = False,
    memory_format: Any = None,
) -> Tensor:
    """As :func:`randn`, of ``input``'s shape and dtype."""
    array = _like("randn_like", input, dtype, layout, device, pin_memory, memory_format)
    source = generator_argument("randn_like", generator)
    check_normal(dtypes.OF_ARRAY[array.dtype])
    normal_fill(array, source)
    return made(array, requires_grad, function="randn_like")


@composite(where="torch")
def randint_like(
    input: Tensor,
    *args: Any,
    low: int | None = None,
    high: int | None = None,
    generator: Generator | None = None,
    dtype: dtypes.dtype | None = None,
    layout: Any = None,
    device: Any = None,
    pin_memory: bool = False,
    requires_grad: bool = False,
    memory_format: Any = None,
) -> Tensor:
    """``randint_like(input, high)``, ``randint_like(input, low, high)``: as :func:`randint`, of ``input``'s shape and
    dtype."""
    array = _like("randint_like", input, dtype, layout, device, pin_memory, memory_format)
    source = generator_argument("randint_like", generator)
    first, last, _ = _randint_arguments((*args, ()), low, high, None)
    begin, width = integer_range(dtypes.OF_ARRAY[array.dtype], first, last)
    draw_into(array, lambda flat, g: draws.integers(flat, g, begin, width), source)
    return made(array, requires_grad, function="randint_like")

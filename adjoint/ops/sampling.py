"""Samples of distributions that tensors describe: ``bernoulli``, ``normal``, ``multinomial``."""

from __future__ import annotations

from typing import Any

import numpy as np

from adjoint import dtypes
from adjoint.autograd.grad_mode import mode
from adjoint.autograd.quiet import silence
from adjoint.declare import composite
from adjoint.declare.arguments import python_number, sequence_of_sizes, type_name, wrong_argument
from adjoint.declare.inplace import write_out
from adjoint.declare.operands import raise_shapes
from adjoint.declare.outs import refused
from adjoint.dtypes import FLOAT, SCALAR_TYPE_NAMES
from adjoint.layouts import contiguous_format, empty_like
from adjoint.ops.arrays import all_values
from adjoint.ops.creation import made, options
from adjoint.ops.random import (
    check_coin,
    check_coins,
    check_normal,
    coin_fill,
    coins_fill,
    generator_argument,
    normal_fill,
    recorded,
)
from adjoint.ops.random_creation import array_like, finished, new_array
from adjoint.random import draws
from adjoint.random.generator import Generator
from adjoint.readings.batched import (
    BatchedArray,
    current_levels,
    different_levels,
    drawn_for,
    into_batch,
    out_of_batch,
    to_draw_into,
)
from adjoint.readings.meta import MetaArray, new, room_for
from adjoint.tensor import NO_EDGE, Tensor


def recorded_sample(array: Any, node: str, *inputs: Tensor) -> Tensor:
    """What was drawn, recorded if one of the inputs requires grad."""
    result = made(array)
    if mode.enabled and any(t._edge is not NO_EDGE for t in inputs):
        result._edge = recorded(node, *inputs)
    return result


@composite
def bernoulli(
    input: Tensor, p: float | None = None, *, generator: Generator | None = None, out: Tensor | None = None
) -> Tensor:
    """1 where a coin that lands so with the probability in ``input`` does, else 0.

    With ``p`` that is every coin's probability, and ``input`` gives only shape and dtype.  Raises RuntimeError for a
    probability outside of [0, 1].

    >>> import adjoint as torch
    >>> torch.bernoulli(torch.tensor([0., 1.]))
    tensor([0., 1.])
    """
    if not isinstance(input, Tensor):
        wrong_argument("bernoulli", "input", "Tensor", input, 1)
    if p is not None and (isinstance(p, Tensor) or not isinstance(python_number(p), (int, float))):
        raise TypeError(
            f"bernoulli() received an invalid combination of arguments - got (Tensor, {type_name(p)}), but expected "
            "one of:\n * (Tensor input, *, torch.Generator generator = None, Tensor out = None)\n"
            " * (Tensor input, float p, *, torch.Generator generator = None)\n"
        )
    source = generator_argument("bernoulli", generator)
    dtype = input.dtype if out is None else out.dtype
    if p is None:
        check_coins(dtype, input)
        chances = drawn_for(input._array)
        array = array_like(input._array, dtype.array, contiguous_format)
        coins_fill(array, chances, source)
    else:
        check_coin(dtype, float(p))
        array = array_like(input._array, dtype.array, contiguous_format)
        coin_fill(array, float(p), source)
    result = recorded_sample(array, "BernoulliBackward0", input)
    return result if out is None else write_out(result, out, "bernoulli")


@composite(where="torch")
def normal(
    mean: Tensor | float = 0.0,
    std: Tensor | float = 1.0,
    size: Any = None,
    *,
    generator: Generator | None = None,
    out: Tensor | None = None,
    dtype: dtypes.dtype | None = None,
    layout: Any = None,
    device: Any = None,
    pin_memory: bool = False,
    requires_grad: bool = False,
) -> Tensor:
    """Normally distributed numbers whose means and standard deviations are given by tensors, or by numbers and a size.

    Raises RuntimeError for a negative standard deviation.

    >>> import adjoint as torch
    >>> _ = torch.manual_seed(0)
    >>> torch.normal(torch.tensor([0., 10.]), 1.)
    tensor([1.5410, 9.7066])
    """
    source = generator_argument("normal", generator)
    if size is not None:
        return _normal_of_size(mean, std, size, source, out, dtype, layout, device, pin_memory, requires_grad)
    if not isinstance(mean, Tensor) and not isinstance(std, Tensor):
        _wrong_normal(mean, std)
    inputs = tuple(t for t in (mean, std) if isinstance(t, Tensor))
    node = "NormalBackward3" if len(inputs) == 2 else "NormalBackward1" if inputs[0] is mean else "NormalBackward2"
    with silence():
        array = _normal(_operand(mean, mean, std), _operand(std, mean, std), inputs[0].dtype, source)
    result = recorded_sample(array, node, *inputs)
    return result if out is None else write_out(result, out, "normal")


def _operand(value: Any, mean: Any, std: Any) -> Any:
    if isinstance(value, Tensor):
        return drawn_for(value._array)
    found = python_number(value)
    if found is None or isinstance(found, complex):
        _wrong_normal(mean, std)
    return found


def _normal(mean: Any, std: Any, dtype: dtypes.dtype, source: Generator) -> Any:
    """Normal numbers, moved as the dtype does it; scaled as they are drawn where ``std`` is a number, else as the dtype does
    it."""
    if isinstance(std, _ARRAYS):
        if std.dtype.kind == "c":
            raise RuntimeError("normal expects standard deviation to be non-complex")
        if not all_values(std >= 0).all():
            raise RuntimeError("normal expects all elements of std >= 0.0")
    elif not std >= 0:
        raise RuntimeError(f"normal expects std >= 0.0, but found std {std:g}")
    try:
        shape = np.broadcast_shapes(np.shape(mean), np.shape(std))
    except ValueError:
        raise_shapes(mean, std)
    check_normal(dtype)
    drawn = to_draw_into(room_for(shape, dtype.array, mean, std))
    wide = np.float32 if dtype.itemsize == 2 else dtype.array
    if isinstance(std, _ARRAYS):
        normal_fill(drawn, source)
        drawn = (drawn.astype(wide, copy=False) * std.astype(wide)).astype(dtype.array, copy=False)
    else:
        normal_fill(drawn, source, 0.0, float(std))
    if not isinstance(mean, _ARRAYS):
        mean = np.asarray(mean, dtype.array)
    return (drawn.astype(wide, copy=False) + mean.astype(wide)).astype(dtype.array, copy=False)


_ARRAYS = (np.ndarray, BatchedArray, MetaArray)


def _normal_of_size(
    mean: Any,
    std: Any,
    size: Any,
    source: Generator,
    out: Any,
    dtype: Any,
    layout: Any,
    device: Any,
    pin: Any,
    grad: Any,
) -> Tensor:
    mean_, std_ = python_number(mean), python_number(std)
    if mean_ is None or std_ is None or not isinstance(size, (tuple, list)):
        _wrong_normal(mean, std, size)
    chosen = options("normal", dtype, layout, device, pin)
    array = new_array("normal", sequence_of_sizes("normal", size), out, chosen, None)
    check_normal(dtypes.OF_ARRAY[array.dtype], float(std_))
    normal_fill(array, source, float(mean_), float(std_))
    return finished("normal", array, out, grad)


def _wrong_normal(*given: Any) -> None:
    raise TypeError(
        f"normal() received an invalid combination of arguments - got ({', '.join(type_name(g) for g in given)}), but "
        "expected one of:\n"
        " * (Tensor mean, Tensor std, *, torch.Generator generator = None, Tensor out = None)\n"
        " * (Tensor mean, float std = 1, *, torch.Generator generator = None, Tensor out = None)\n"
        " * (float mean, Tensor std, *, torch.Generator generator = None, Tensor out = None)\n"
        " * (float mean, float std, tuple of ints size, *, torch.Generator generator = None, Tensor out = None, "
        "torch.dtype dtype = None, torch.layout layout = None, torch.device device = None, bool pin_memory = False, "
        "bool requires_grad = False)\n"
    )


@composite(out=refused("multinomial expects Long tensor out, got: {Out}"))
def multinomial(
    input: Tensor,
    num_samples: int,
    replacement: bool = False,
    *,
    generator: Generator | None = None,
    out: Tensor | None = None,
) -> Tensor:
    """Indices drawn with the probabilities (which need not sum to 1) in each row of ``input``: int64, ``num_samples``
    for each row.

    Raises RuntimeError for negative, infinite or vanishing probabilities, or too many samples without replacement.

    >>> import adjoint as torch
    >>> torch.multinomial(torch.tensor([0., 1., 0.]), 2, replacement=True)
    tensor([1, 1])
    """
    if not isinstance(input, Tensor):
        wrong_argument("multinomial", "input", "Tensor", input, 1)
    if not isinstance(num_samples, int) or isinstance(num_samples, bool):
        wrong_argument("multinomial", "num_samples", "int", num_samples, 2)
    source = generator_argument("multinomial", generator)
    chances = input._array
    _check_multinomial(input, num_samples, replacement, out)
    pick = _with_replacement if replacement and num_samples > 1 else _without_replacement
    with silence(), source.lock:
        indices = _of_samples(pick, chances, num_samples, source)
    return finished("multinomial", indices, out, False)


def _of_samples(pick: Any, chances: Any, n: int, source: Generator) -> Any:
    """The indices that ``pick`` draws; inside of vmaps with a row for each sample that has numbers of its own."""
    if chances.__class__ is MetaArray:
        return new((*chances.shape[:-1], n), np.int64)
    if not current_levels():
        return pick(chances, n, source)
    chances = drawn_for(chances)
    different = different_levels()
    for level in reversed(different):
        chances = out_of_batch(chances, level, 0)
    indices = pick(chances, n, source)
    for level in different:
        indices = into_batch(indices, level, 0)
    return indices


def _check_multinomial(input: Tensor, num_samples: int, replacement: bool, out: Tensor | None) -> None:
    chances = input._array
    if out is not None and out.dtype is not dtypes.int64:
        raise RuntimeError(f"multinomial expects Long tensor out, got: {SCALAR_TYPE_NAMES[out.dtype]}")
    if chances.ndim not in (1, 2):
        raise RuntimeError("prob_dist must be 1 or 2 dim")
    if input.dtype.category != FLOAT:
        raise RuntimeError(
            "multinomial only supports floating-point dtypes for input, got: " + SCALAR_TYPE_NAMES[input.dtype]
        )
    if num_samples <= 0:
        raise RuntimeError("cannot sample n_sample <= 0 samples")
    if not replacement and num_samples > chances.shape[-1]:
        raise RuntimeError("cannot sample n_sample > prob_dist.size(-1) samples without replacement")
    if chances.shape[-1] > 2**24:
        raise RuntimeError("number of categories cannot exceed 2^24")
    right = all_values(np.isfinite(chances) & (chances >= 0))
    if not right.all() and replacement:
        first = all_values(chances)[~right][0]
        found = "entry = infinity or NaN" if first > 0 else "entry < 0"
        raise RuntimeError(f"invalid multinomial distribution (encountering probability {found})")
    if not right.all():
        raise RuntimeError("probability tensor contains either `inf`, `nan` or element < 0")
    if chances.shape[-1] and not all_values((chances != 0).any(axis=-1)).all():
        raise RuntimeError("invalid multinomial distribution (sum of probabilities <= 0)")


def _without_replacement(chances: Any, n: int, source: Generator) -> Any:
    """The indices with the largest ratios of probability to an exponentially distributed number."""
    if chances.__class__ is np.ndarray:  # drawn in the order in which the chances lie in memory
        waits = empty_like(chances, chances.dtype, None)
        draws.exponential(waits.ravel(order="K"), source)
    else:
        waits = np.empty(chances.size, chances.dtype)
        draws.exponential(waits, source)
        waits = waits.reshape(chances.shape)
    ratios = chances / waits
    if n == 1:
        return ratios.argmax(axis=-1, keepdims=True)
    return np.argsort(-ratios, axis=-1, kind="stable")[..., :n].copy()


def _with_replacement(chances: Any, n: int, source: Generator) -> Any:
    """For each sample, a uniform number looked up in the cumulated probabilities."""
    rows = chances.reshape(-1, chances.shape[-1])
    wide = np.float32 if rows.dtype.itemsize == 2 else rows.dtype
    cumulated = np.cumsum(rows, axis=-1, dtype=wide)
    cumulated = (cumulated / cumulated[:, -1:]).astype(np.float64)
    cumulated[:, -1] = 1
    found = np.empty((len(rows), n), np.int64)
    for row, uppers in zip(found, cumulated):
        row[...] = np.searchsorted(uppers, source.doubles(n))
    return found.reshape(*chances.shape[:-1], n)

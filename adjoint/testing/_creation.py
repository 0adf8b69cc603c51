"""make_tensor: tensors of any dtype to test with, their values drawn from an interval."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from typing import Any

import adjoint as torch
from adjoint.names import list_names as _list_names
from adjoint.places import users_level


def make_tensor(
    *shape: Any,
    dtype: Any,
    device: Any,
    low: float | None = None,
    high: float | None = None,
    requires_grad: bool = False,
    noncontiguous: bool = False,
    exclude_zero: bool = False,
    memory_format: Any = None,
) -> Any:
    """A tensor with values drawn evenly from ``[low, high)``, by default from -9 to 9 (0 to 1 for bools, up to 9 for integers).

    The interval is cut to what the dtype has.  ``noncontiguous``: every other element of a tensor twice as long.
    ``exclude_zero``: zeros become the smallest positive number, or one.

    Raises ValueError for an empty interval, one with NaN or outside of the dtype's, integers that require grad, and
    ``noncontiguous`` with a memory format; TypeError for dtypes that have no such values.

    >>> import adjoint as torch
    >>> torch.testing.make_tensor(2, 3, dtype=torch.float32, device="cpu", low=0, high=1).shape
    torch.Size([2, 3])
    """
    sizes = tuple(shape[0] if len(shape) == 1 and isinstance(shape[0], Sequence) else shape)
    if noncontiguous and memory_format is not None:
        raise ValueError(
            f"The parameters `noncontiguous` and `memory_format` are mutually exclusive, "
            f"but got {noncontiguous=} and {memory_format=}"
        )
    real = dtype.is_floating_point or dtype.is_complex
    if requires_grad and not real:
        raise ValueError(f"`requires_grad=True` is not supported for boolean and integral dtypes, but got {dtype=}")
    apart = noncontiguous and math.prod(sizes) > 1
    drawn = (*sizes[:-1], 2 * sizes[-1]) if apart else sizes
    start, end = _interval(low, high, dtype)
    result = _floats(drawn, dtype, device, start, end) if real else _integers(drawn, dtype, device, start, end)
    if apart:
        result = result[..., 1::2]
    elif memory_format is not None:
        result = result.clone(memory_format=memory_format)
    if exclude_zero:
        result[result == 0] = torch.finfo(dtype).tiny if real else 1
    if real:
        result.requires_grad = requires_grad
    return result


def _integers(shape: tuple[int, ...], dtype: Any, device: Any, low: float, high: float) -> Any:
    # The end is exclusive: to leave out what lies above it, it is rounded up as the start is.
    return torch.randint(math.ceil(low), math.ceil(high), shape, device=device, dtype=dtype)


def _floats(shape: tuple[int, ...], dtype: Any, device: Any, low: float, high: float) -> Any:
    if not dtype.is_complex and dtype.itemsize == 1:
        return _drawn(torch.empty(shape, device=device, dtype=torch.float32), low, high).to(dtype)
    result = torch.empty(shape, device=device, dtype=dtype)
    _drawn(torch.view_as_real(result) if dtype.is_complex else result, low, high)
    return result


def _drawn(values: Any, low: float, high: float) -> Any:
    if high - low >= torch.finfo(values.dtype).max:  # which uniform_ does not take
        return values.uniform_(low / 2, high / 2).mul_(2)
    return values.uniform_(low, high)


def _interval(low: float | None, high: float | None, dtype: Any) -> tuple[float, float]:
    """From where to where values are drawn."""
    least, most = _limits(dtype)
    usual: tuple[float, float] = (0, 2) if dtype is torch.bool else (-9, 9 if dtype.is_floating_point or dtype.is_complex else 10)
    low = usual[0] if low is None else low
    high = usual[1] if high is None else high
    if any(isinstance(value, float) and math.isnan(value) for value in (low, high)):
        raise ValueError(f"`low` and `high` cannot be NaN, but got {low=} and {high=}")
    if low == high and (dtype.is_complex or (dtype.is_floating_point and dtype.itemsize > 1)):
        warnings.warn(
            "Passing `low==high` to `torch.testing.make_tensor` for floating or complex types is deprecated since 2.1 and "
            "will be removed in 2.3. Use `torch.full(...)` instead.",
            FutureWarning,
            stacklevel=users_level(),
        )
    elif low >= high:
        raise ValueError(f"`low` must be less than `high`, but got {low} >= {high}")
    elif high < least or low >= most:
        raise ValueError(
            f"The value interval specified by `low` and `high` is [{low}, {high}), but {dtype} only supports [{least}, {most})"
        )
    return min(max(low, least), most), min(max(high, least), most)


def _limits(dtype: Any) -> tuple[float, float]:
    """The least value that is drawn, and the one that ends what is."""
    if dtype is torch.bool:
        return 0, 2
    if dtype.is_floating_point or dtype.is_complex:
        return torch.finfo(dtype).min, torch.finfo(dtype).max
    limits = torch.iinfo(dtype)
    # randint takes its end as an int64, so that this dtype's last number is never drawn.
    return limits.min, limits.max + (dtype is not torch.int64)


_list_names(__name__)

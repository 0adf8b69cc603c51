"""``torch.masked``: reductions and normalizations of those elements of a tensor that a mask says are there.

A mask is of bools, True for what counts, and is broadcast to the tensor.  In the place of what does not count is what changes
nothing: zero for a sum, minus infinity for a maximum.  Where nothing counts, that is the result; a mean is NaN.  There are no
``MaskedTensor``s here, only functions.

>>> import adjoint as torch
>>> x, mask = torch.tensor([[1., 2.], [3., 4.]]), torch.tensor([[True, False], [True, True]])
>>> torch.masked.mean(x, 1, mask=mask)
tensor([1.0000, 3.5000])
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import adjoint as _adjoint
from adjoint.dtypes import dtype as _dtype
from adjoint.layouts import strided as _strided
from adjoint.names import list_names as _list_names
from adjoint.nn import functional as _functional
from adjoint.tensor import Tensor

_Dims = int | Sequence[int] | None

_SMALL_INTEGERS = (_adjoint.uint8, _adjoint.bool, _adjoint.int8, _adjoint.int16, _adjoint.int32)


def sum(
    input: Tensor, dim: _Dims = None, *, keepdim: bool | None = False, dtype: _dtype | None = None,
    mask: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """The sum, over ``dim`` or all dimensions, of the elements where ``mask`` is True; 0 where none is.

    >>> import adjoint as torch
    >>> torch.masked.sum(torch.tensor([1., 2., 4.]), mask=torch.tensor([True, False, True]))
    tensor(5.)
    """
    if dtype is None:
        dtype = _adjoint.int64 if input.dtype in _SMALL_INTEGERS else input.dtype
    dims = _dims(dim, input.ndim)
    return _adjoint.sum(_only("sum", input, mask), dims, bool(keepdim), dtype=dtype)


def prod(
    input: Tensor, dim: _Dims = None, *, keepdim: bool | None = False, dtype: _dtype | None = None,
    mask: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """The product, over ``dim`` or all dimensions, of the elements where ``mask`` is True; 1 where none is."""
    if dtype is None:
        dtype = _adjoint.int64 if input.dtype in _SMALL_INTEGERS else input.dtype
    dims = _dims(dim, input.ndim)
    found = _only("prod", input, mask)
    for d in reversed(dims):
        found = found.prod(d, bool(keepdim))
    return found.to(dtype)


def cumsum(input: Tensor, dim: int, *, dtype: _dtype | None = None, mask: Tensor | None = None) -> Tensor:
    """Each element and those before it along ``dim`` added up, of those where ``mask`` is True."""
    dtype = dtype or input.dtype
    d = _dims(dim, input.ndim)[0]
    return _adjoint.cumsum(_only("cumsum", input, mask), d, dtype=dtype).to(dtype)


def cumprod(input: Tensor, dim: int, *, dtype: _dtype | None = None, mask: Tensor | None = None) -> Tensor:
    """Each element and those before it along ``dim`` multiplied, of those where ``mask`` is True."""
    dtype = dtype or input.dtype
    d = _dims(dim, input.ndim)[0]
    return _adjoint.cumprod(_only("cumprod", input, mask), d, dtype=dtype).to(dtype)


def amax(
    input: Tensor, dim: _Dims = None, *, keepdim: bool | None = False, dtype: _dtype | None = None,
    mask: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """The largest of the elements where ``mask`` is True; where none is, the smallest number there is."""
    found = _only("amax", input, mask)
    return _adjoint.amax(found, _dims(dim, found.ndim), bool(keepdim)).to(dtype or input.dtype)


def amin(
    input: Tensor, dim: _Dims = None, *, keepdim: bool | None = False, dtype: _dtype | None = None,
    mask: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """The smallest of the elements where ``mask`` is True; where none is, the largest number there is."""
    found = _only("amin", input, mask)
    return _adjoint.amin(found, _dims(dim, found.ndim), bool(keepdim)).to(dtype or input.dtype)


def argmax(
    input: Tensor, dim: int | None = None, *, keepdim: bool | None = False, dtype: _dtype | None = None,
    mask: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """Where the largest element is of those where ``mask`` is True, as a number of ``dtype``, the input's if None."""
    return _adjoint.argmax(_only("argmax", input, mask), dim, bool(keepdim)).to(dtype or input.dtype)


def argmin(
    input: Tensor, dim: int | None = None, *, keepdim: bool | None = False, dtype: _dtype | None = None,
    mask: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """Where the smallest element is of those where ``mask`` is True, as a number of ``dtype``, the input's if None."""
    return _adjoint.argmin(_only("argmin", input, mask), dim, bool(keepdim)).to(dtype or input.dtype)


def mean(
    input: Tensor, dim: _Dims = None, *, keepdim: bool | None = False, dtype: _dtype | None = None,
    mask: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """The mean of the elements where ``mask`` is True; NaN where none is.  Raises ValueError for integers."""
    source, wanted = ("Input", input.dtype) if dtype is None else ("Optional", dtype)
    if not (wanted.is_floating_point or wanted.is_complex):
        raise ValueError(
            f"mean(): Could not infer output dtype. {source} dtype must be either a floating point or complex dtype. Got: {wanted}"
        )
    _check_dense("mean", input)
    counted = _counted(input, mask)
    return sum(input, dim, keepdim=keepdim, dtype=wanted, mask=counted) / _count(counted, dim, bool(keepdim))


def median(
    input: Tensor, dim: int = -1, *, keepdim: bool = False, dtype: _dtype | None = None,
    mask: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """The median along ``dim`` of the elements where ``mask`` is True; NaN where none is, and of integers a ValueError."""
    d, exact = _dims(dim, input.ndim)[0], input.is_floating_point()
    found = _adjoint.nanmedian(_only("median", input if exact else input.to(_adjoint.float32), mask), d, keepdim).values  # type: ignore[attr-defined]
    if exact:
        return found  # type: ignore[no-any-return]
    if found.isnan().any():
        raise ValueError("masked median expects no fully masked out rows if dtype is not floating point")
    return found.to(dtype or input.dtype)  # type: ignore[no-any-return]


def logsumexp(
    input: Tensor, dim: _Dims = None, *, keepdim: bool = False, dtype: _dtype | None = None,
    mask: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """``log(sum(exp(x)))`` of the elements where ``mask`` is True; minus infinity where none is."""
    dims = _dims(dim, input.ndim)
    return _adjoint.logsumexp(_only("logsumexp", input, mask), dims, keepdim).to(dtype or input.dtype)


def logaddexp(
    input: Tensor, other: Tensor, *, dtype: _dtype | None = None, input_mask: Tensor | None = None, other_mask: Tensor | None = None
) -> Tensor:
    """``log(exp(input) + exp(other))``, each element where its own mask is True."""
    if input.layout is not _strided or other.layout is not _strided:
        raise ValueError(
            f"masked logaddexp expects strided tensors (got {input.layout} tensor for input, {other.layout} for other)"
        )
    found = _adjoint.logaddexp(_only("logaddexp", input, input_mask), _only("logaddexp", other, other_mask))
    return found.to(dtype or input.dtype)


def norm(
    input: Tensor, ord: float | None = 2.0, dim: _Dims = None, *, keepdim: bool | None = False, dtype: _dtype | None = None,
    mask: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """The vector norm of order ``ord`` of the elements where ``mask`` is True."""
    found = _only("norm", input, mask, ord)
    return _adjoint.linalg.vector_norm(
        found, 2.0 if ord is None else ord, _dims(dim, input.ndim), bool(keepdim), dtype=dtype or input.dtype
    )


def var(
    input: Tensor, dim: _Dims = None, unbiased: bool | None = None, *, correction: float | None = None,
    keepdim: bool | None = False, dtype: _dtype | None = None, mask: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """The variance of the elements where ``mask`` is True: their squared distances from their mean over their count less
    ``correction``, which is 1, or 0 with ``unbiased=False``."""
    if unbiased is not None and correction is not None:
        raise AssertionError("Only one of unbiased and correction may be given")
    less = 1.0 if unbiased is None and correction is None else float(unbiased if correction is None else correction)  # type: ignore[arg-type]
    if dtype is None:
        dtype = input.dtype if input.is_floating_point() or input.is_complex() else _adjoint.float32
    wide = dtype if dtype.is_floating_point or dtype.is_complex else _adjoint.float32
    _check_dense("std/var", input)
    counted = _counted(input, mask)
    count = _count(counted, dim, True)
    away = input - sum(input, dim, keepdim=True, dtype=dtype, mask=counted) / count
    total = sum(away * away.conj(), dim, keepdim=keepdim, dtype=wide, mask=counted)
    count = count if keepdim else count.reshape(total.shape)
    if less != 0:
        real = _adjoint.view_as_real(total).dtype if wide.is_complex else wide
        count = _adjoint.maximum(count.to(real) - less, _adjoint.zeros((), dtype=real))
    return (total / count).to(dtype)


def std(
    input: Tensor, dim: _Dims = None, unbiased: bool | None = None, *, correction: float | None = None,
    keepdim: bool | None = False, dtype: _dtype | None = None, mask: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """The standard deviation of the elements where ``mask`` is True, the root of :func:`var`."""
    return var(input, dim, unbiased, correction=correction, keepdim=keepdim, dtype=dtype, mask=mask).sqrt()


def softmax(input: Tensor, dim: int, *, dtype: _dtype | None = None, mask: Tensor | None = None) -> Tensor:
    """The softmax along ``dim`` of the elements where ``mask`` is True; the others get 0, and NaN where none counts.

    >>> import adjoint as torch
    >>> torch.masked.softmax(torch.zeros(3), 0, mask=torch.tensor([True, False, True]))
    tensor([0.5000, 0.0000, 0.5000])
    """
    return _functional.softmax(_only("amax", input, mask, told="softmax"), _dims(dim, input.ndim)[0], dtype=dtype or input.dtype)


def log_softmax(input: Tensor, dim: int, *, dtype: _dtype | None = None, mask: Tensor | None = None) -> Tensor:
    """The logarithm of :func:`softmax`."""
    found = _only("amax", input, mask, told="log_softmax")
    return _functional.log_softmax(found, _dims(dim, input.ndim)[0], dtype=dtype or input.dtype)


def softmin(input: Tensor, dim: int, *, dtype: _dtype | None = None, mask: Tensor | None = None) -> Tensor:
    """The softmin along ``dim`` of the elements where ``mask`` is True; the others get 0, and NaN where none counts."""
    return _functional.softmin(_only("amin", input, mask, told="softmin"), _dims(dim, input.ndim)[0], dtype=dtype or input.dtype)


def normalize(
    input: Tensor, ord: float, dim: int, *, eps: float = 1e-12, dtype: _dtype | None = None, mask: Tensor | None = None
) -> Tensor:
    """The elements where ``mask`` is True over their norm along ``dim``, or over ``eps`` where that is larger; the others get 0."""
    found = _only("sum", input, mask, told="normalize")
    size = norm(input, ord, dim, keepdim=True, dtype=dtype or input.dtype, mask=mask)
    return found / _adjoint.maximum(size, size.new_full([], eps))


def _check_dense(name: str, input: Tensor) -> None:
    if input.layout is not _strided:
        raise ValueError(f"masked {name} expects strided tensor (got {input.layout} tensor)")


def _dims(dim: _Dims, ndim: int) -> tuple[int, ...]:
    """The dimensions in order, from 0 on.  Raises IndexError or RuntimeError as PyTorch does."""
    if dim is None or dim == ():
        return tuple(range(ndim))
    found: list[int] = []
    least = max(ndim, 1)
    for d in (dim,) if isinstance(dim, int) else dim:
        if d in found:
            raise RuntimeError(f"dim={d} appears multiple times in the list of dims")
        if not -least <= d < least:
            raise IndexError(f"Dimension out of range (expected to be in range of [{-least}, {least - 1}], but got {d})")
        found.append(d % least)
    return tuple(sorted(found))


def _counted(input: Tensor, mask: Tensor | None) -> Tensor:
    """The mask, of bools and of the input's shape; all True if there is none."""
    if mask is None:
        return _adjoint.ones(input.shape, dtype=_adjoint.bool)
    if mask.layout is not _strided:
        mask = mask.to_dense()
    if mask.shape != input.shape:
        if mask.ndim > input.ndim:
            raise IndexError(
                "_input_mask expected broadcastable mask (got mask dimensionality higher than of the input)"
            )
        mask = mask.expand(input.shape)
    return mask.to(_adjoint.bool)


def _count(counted: Tensor, dim: _Dims, keepdim: bool) -> Tensor:
    return counted.sum(_dims(dim, counted.ndim), keepdim)


def _only(name: str, input: Tensor, mask: Tensor | None, order: float | None = None, told: str = "") -> Tensor:
    """The input with what changes nothing in the place of what does not count."""
    _check_dense(told or name, input)
    if mask is None:
        return input
    return _adjoint.where(_counted(input, mask), input, _adjoint.tensor(_neutral(name, input, order), dtype=input.dtype))


def _neutral(name: str, input: Tensor, order: float | None) -> Any:
    """What changes no result of a reduction."""
    if name in ("prod", "cumprod"):
        return 1
    if name == "median":
        return float("nan")
    if name == "norm":
        return float("inf") if order == float("-inf") else 0
    if name in ("sum", "cumsum"):
        return 0
    smallest = name in ("amin", "argmin")
    if input.is_floating_point() or (name == "logsumexp" and input.is_complex()):
        return float("inf") if smallest else float("-inf")
    if input.dtype is _adjoint.bool:
        raise NotImplementedError(f"identity of {name} on {input.dtype} input")
    limits = _adjoint.iinfo(input.dtype)
    return limits.max if smallest else limits.min


__all__ = [
    "amax", "amin", "argmax", "argmin", "cumprod", "cumsum", "log_softmax", "logaddexp", "logsumexp", "mean", "median", "norm",
    "normalize", "prod", "softmax", "softmin", "std", "sum", "var",
]  # fmt: skip

_list_names(__name__)

"""Arranging: in which order of dimensions an operator's result lies in memory.

NumPy nests a result's dimensions as its operands' are nested, and in the order in which they are written where operands
contradict each other; PyTorch's element-wise operators believe the first (:func:`adjoint.layouts.nesting`), and others have rules
of their own.  All agree while all operands lie in order.  So that a caller need not ask, which would cost every call of a small
array a few percent, a tensor that lies otherwise says so: its record of writes, which most tensors do not have, is ``strided``.
A view's is (:func:`adjoint.autograd.views.become_view`), and so is that of an operator's result that is not in order.

A rule takes the result and operands, and says how the result's dimensions are to be nested in memory, outermost first.  A row's
``lies`` is a rule and the names of what it asks: operands, or arguments.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from adjoint.autograd.captures import record_of_new
from adjoint.autograd.interception import intercept
from adjoint.layouts import contiguous_format, images_order, nesting, put_in, suggested_format
from adjoint.readings.meta import MetaArray, reordered
from adjoint.tensor import Tensor, Writes, from_array, writes_of


def arranged(result: Any, rule: Callable[..., Sequence[int]], *operands: Any) -> tuple[Any, Writes | None]:
    """An operator's result as a rule lays it, and its record of writes if it does not lie in order."""
    if result.__class__ is MetaArray and result.ndim > 1 and result.size:
        result = reordered(result, rule(result, *operands))
        return result, record_of(result)
    if result.__class__ is not np.ndarray or result.ndim < 2 or not result.size:
        return result, None
    result = put_in(result, rule(result, *operands))
    return result, record_of(result)


Lies = tuple[Callable[..., Sequence[int]] | None, tuple[str, ...]]

IN_ORDER: Lies = (None, ())
"""In the order of the dimensions, however the operands lie."""

UNORDERED: Lies = (None, ("",))
"""As computed, which may not be in order though the operands are."""


def as_operands(*names: str) -> Lies:
    """As an element-wise operator's of these operands, in this order, or of all: what PyTorch computes with first decides."""
    return by_operands, names


def as_images(name: str = "self", ndim: int | None = None) -> Lies:
    """With the channels innermost where that operand is a batch of images (of so many dimensions) whose channels are;
    in order otherwise."""

    def rule(result: Any, images: Any) -> Sequence[int]:
        return by_images(result, images) if ndim in (None, images.ndim) else range(result.ndim)

    return rule, (name,)


def put_in_order(name: str = "self") -> Lies:
    """In the order of the dimensions, of an element-wise operator, which computes in the order of its operands."""
    return lambda result, operand: range(result.ndim), (name,)


def by_operands(result: Any, *operands: Any) -> Sequence[int]:
    """The rule of element-wise operators."""
    given = [a for a in operands if a is not None]
    if result.flags.c_contiguous and all([a.flags.c_contiguous or _descends(a) for a in given]):
        # Where shapes differ, dimensions of size 1 have a place, too, by which an image of one channel is of one format.
        if 1 not in result.shape or all([a.shape == result.shape and a.flags.c_contiguous for a in given]):
            return range(result.ndim)
    return nesting(result.shape, given)


def _descends(array: Any) -> bool:
    """Whether an array's dimensions are nested in their order, with gaps or without."""
    last = sys.maxsize
    for step, n in zip(array.strides, array.shape):
        if n != 1:
            if not 0 < step < last:
                return False
            last = step
    return True


def by_images(result: Any, *images: Any) -> Sequence[int]:
    """The rule of what is computed of images: their channels are innermost if those of all given ones are."""
    return images_order(*images) if images[0].ndim == result.ndim else range(result.ndim)


def record_of(result: Any) -> Writes | None:
    """The record of writes of a new array that is not in order; None for one that is."""
    if result.__class__ not in (np.ndarray, MetaArray) or _is_in_order(result):
        return None
    record = record_of_new() or Writes()
    record.looked_across()
    return record


def _is_in_order(array: Any) -> bool:
    """Also of images of one point or one channel, which lie in either order, but are of one format for PyTorch."""
    return bool(array.flags.c_contiguous) and suggested_format(array) is contiguous_format


def told(made: Tensor) -> Tensor:
    """A new tensor, whose record of writes says whether it is not in order."""
    if made._array.__class__ in (np.ndarray, MetaArray) and not _is_in_order(made._array):
        writes_of(made).looked_across()
    return made


def made_of(result: Any) -> Tensor:
    """A tensor over a new array, made just now: in inference mode an inference tensor."""
    made = from_array(result)
    made._writes = record_of(result)
    if made._writes is None and intercept.active:
        made._writes = record_of_new()
    return made


def laid(result: Any, *operands: Any) -> Tensor:
    """A tensor over the result of an element-wise function of these arrays."""
    made = from_array(result)
    made._array, made._writes = arranged(result, by_operands, *operands)
    if made._writes is None and intercept.active:
        made._writes = record_of_new()
    return made

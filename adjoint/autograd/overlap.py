"""Overlap: PyTorch's rules about writing to memory that an operand, or another element, also looks at."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np

from adjoint.layouts import strides_of
from adjoint.places import users_level
from adjoint.readings.batched import BatchedArray
from adjoint.tensor import Tensor


@dataclass(frozen=True, slots=True)
class Overlap:
    """What may share memory where an operator writes: a column of its row.

    Without more, no location may stand for several elements, and what is read either is what is written or shares nothing with it.

    ``elsewhere``: what is read must not even be what is written.  ``repeats``: one location may stand for several elements; every
    one of them gets the same, or the last one counts.  PyTorch warns of that where it has an ``example`` of indexing that does it.
    ``itself``: the operator's writer checks its operands first, and looks for overlaps then.  ``places``: how many of its
    arguments are places; behind these is one number, which is read first.  ``first``: all is read before anything is written.
    ``copies``: one operand is copied, which may be what is written.
    """

    elsewhere: bool = False
    repeats: bool = False
    example: str = ""
    itself: bool = False
    places: int = 0
    first: bool = False
    copies: bool = False


USUAL = Overlap()
ELSEWHERE = Overlap(elsewhere=True)
CHECKED = Overlap(elsewhere=True, itself=True)
READS_FIRST = Overlap(first=True)


def check_overlap(rule: Overlap, name: str, target: Tensor, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    """Raise PyTorch's errors where an operator may not write to ``target`` with these arguments."""
    array = target._array
    if array.__class__ is not np.ndarray or (not args and not kwargs and 0 not in array.strides):
        return
    if rule.itself:
        return
    if rule.copies:
        source = args[0] if args else kwargs.get("src")
        if isinstance(source, Tensor):
            check_copy(array, source._array)
        return
    if not rule.repeats:
        check_no_overlap(array)
    elif rule.example:
        warn_of_overlap(name, rule.example, array)
    if rule.first:
        return
    if rule.places:
        args, kwargs = args[: rule.places], {k: v for k, v in kwargs.items() if k != "value"}
    for value in (*args, *kwargs.values()) if kwargs else args:
        for read in value if value.__class__ in (tuple, list) else (value,):  # places of several dimensions; what is joined
            if isinstance(read, Tensor):
                check_reads(array, read._array, rule.elsewhere)


def check_late(rule: Overlap, target: Tensor, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    """As :func:`check_overlap`, of the operators whose writers check their operands first, where a writer is not used."""
    if rule.itself and target._array.__class__ is np.ndarray:
        check_written(target._array, *[value._array for value in (*args, *kwargs.values()) if isinstance(value, Tensor)])


def check_written(written: Any, *reads: Any) -> None:
    """Raise PyTorch's errors where an array may not be written to with what is read elsewhere: values, and places."""
    check_no_overlap(written)
    for read in reads:
        check_reads(written, read, True)


def check_copy(written: Any, read: Any) -> None:
    """As :func:`check_overlap` for a copy: what is copied to its own place is left alone."""
    if read.__class__ is not np.ndarray:
        check_no_overlap(written)
        return
    if written is read or (
        written.shape == read.shape
        and written.dtype == read.dtype
        and np.may_share_memory(written, read)
        and _address(written) == _address(read)
        and strides_of(written) == strides_of(read)
    ):
        return
    check_no_overlap(written)
    check_reads(written, read, False)


def _is_expanded(array: Any) -> bool:
    """Whether one memory location stands for several elements."""
    strides = array.strides
    if 0 not in strides:
        return False
    whole = array
    while whole.__class__ is BatchedArray:  # of samples there may be none
        whole = whole.array
    return whole.size > 0 and any(stride == 0 and size > 1 for stride, size in zip(strides, array.shape))


def warn_of_overlap(name: str, example: str, array: Any) -> None:
    """PyTorch's warning where an expanded tensor is written to by what may be."""
    if _is_expanded(array):
        warnings.warn(
            f"Use of {name}_ on expanded tensors is deprecated. Please clone() the tensor before performing this operation. "
            f"This also applies to advanced indexing e.g. tensor{example}",
            UserWarning,
            stacklevel=users_level(),
        )


def check_no_overlap(array: Any) -> None:
    """Raise PyTorch's error where one memory location stands for several elements (an expanded tensor)."""
    if _is_expanded(array):
        raise RuntimeError(
            "unsupported operation: more than one element of the written-to tensor refers to a single memory location. "
            "Please clone() the tensor before performing the operation."
        )


def check_reads(written: Any, read: Any, elsewhere: bool) -> None:
    """Raise PyTorch's error where what is read lies partly in what is written (or lies in it at all, if ``elsewhere``).

    As in PyTorch this is found out only for arrays without gaps.
    """
    if written is read:
        if elsewhere:
            _raise_overlap()
        return
    if read.__class__ is not np.ndarray or not np.may_share_memory(written, read) or not written.size or not read.size:
        return
    if not (_is_dense(written) and _is_dense(read)):
        return
    if not elsewhere and _address(written) == _address(read) and strides_of(written) == strides_of(read):
        if written.nbytes == read.nbytes:
            return
    _raise_overlap()


def _raise_overlap() -> NoReturn:
    raise RuntimeError(
        "unsupported operation: some elements of the input tensor and the written-to tensor refer to a single memory "
        "location. Please clone() the tensor before performing the operation."
    )


def _address(array: Any) -> int:
    return array.__array_interface__["data"][0]


def _is_dense(array: Any) -> bool:
    """Whether the elements fill their stretch of memory, each once, in whatever order of dimensions."""
    if array.flags.forc:
        return True
    expected = array.itemsize
    for stride, size in sorted((s, n) for s, n in zip(array.strides, array.shape) if n != 1):
        if stride != expected:
            return False
        expected *= size
    return True

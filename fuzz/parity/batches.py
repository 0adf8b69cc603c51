"""Batches: an operator under vmap, beside PyTorch's vmap, or its loop where that has no vmap."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch

from fuzz.parity.case import Case, Side, errors, replaced, tensors

_SIZE = 2
_SHRUNK = 0.75  # the second sample's numbers, of the first's: what is positive, ordered or triangular stays so


def vmapped(case: Case) -> str | None:
    """What differs first; an empty string if there is nothing to batch, or PyTorch cannot."""
    theirs, ours = case.sides()
    operands = list({id(t): t for t in tensors(theirs.operands)}.values())
    operands = [t for t in operands if t.layout is torch.strided]
    if not operands or not case.numbered:
        return ""
    told: str | None = ""
    for way, dims in _ways(len(operands), [t.dim() for t in operands]):
        found = _in(case, theirs, ours, operands, dims)
        if found:
            return f"{way}: {found}"
        told = None if found is None else told
    return told


def _ways(n: int, ranks: list[int]) -> Iterator[tuple[str, tuple[int | None, ...]]]:
    """Which operands are batched, and along which dimension of the batch."""
    yield "all in a batch", (0,) * n
    if n > 1:
        yield "the first in a batch, by its last dimension", (-1, *[None] * (n - 1))
        yield "all but the first in a batch", (None, *[0] * (n - 1))
    elif ranks[0]:
        yield "in a batch, by its last dimension", (-1,)


def _in(case: Case, theirs: Side, ours: Side, operands: list[Any], dims: tuple[int | None, ...]) -> str | None:
    batches = [t.detach() if dim is None else _batch(t.detach(), dim) for t, dim in zip(operands, dims)]
    a, error = theirs.attempt(lambda: _vmapped(theirs, case, operands, batches, dims))
    our_operands = [ours.of(t) for t in operands]
    b, our_error = ours.attempt(lambda: _vmapped(ours, case, our_operands, ours.of(batches), dims))
    if our_error is not None:
        return "" if error is not None else errors(error, our_error)
    if error is None and a is not None:
        found = case.difference(a, b, loose=2, memory=False)
        if found is None:
            return None
    loop, failed = theirs.attempt(lambda: _looped(theirs, case, operands, batches, dims))
    if failed is not None or loop is None:
        return "" if error is not None or a is None else found
    apart = case.difference(loop, b, loose=2, memory=False)
    if error is not None:  # random numbers are drawn in an order of their own
        return "" if apart else None
    return None if apart is None else found


def _batch(tensor: torch.Tensor, dim: int) -> torch.Tensor:
    other = tensor * _SHRUNK if tensor.dtype.is_floating_point or tensor.dtype.is_complex else tensor
    return torch.stack([tensor, other.to(tensor.dtype)], dim)


def _function(side: Side, case: Case, operands: list[Any]) -> Callable[..., Any]:
    operator = side.of(case.info.op)

    def function(*values: Any) -> Any:
        first, args, kwargs = replaced(side.operands, {id(a): b for a, b in zip(operands, values)})
        return tuple(tensors(side.processed(operator(first, *args, **kwargs))))

    return function


def _vmapped(side: Side, case: Case, operands: list[Any], batches: list[Any], dims: tuple[int | None, ...]) -> Any:
    return side.library.vmap(_function(side, case, operands), in_dims=dims, randomness="different")(*batches) or None


def _looped(side: Side, case: Case, operands: list[Any], batches: list[Any], dims: tuple[int | None, ...]) -> Any:
    function = _function(side, case, operands)
    rows = [
        function(*(b if dim is None else b.select(dim, k) for b, dim in zip(batches, dims))) for k in range(_SIZE)
    ]
    return tuple(side.library.stack(parts) for parts in zip(*rows)) or None

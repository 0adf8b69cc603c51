"""What every process of a group is to have alike before it trains: the same parameters, with the same values."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

import adjoint.distributed as dist
from adjoint.layouts import strides_of
from adjoint.tensor import Tensor, from_array


def check_same_shapes(group: Any, parameters: Sequence[Tensor]) -> None:
    """Raise RuntimeError, on every process, unless all have parameters of the same number, shapes and layouts."""
    size = dist.get_world_size(group)
    if size == 1:
        return
    rank = dist.get_rank(group)
    counts = rows_of_all(group, [len(parameters)])[:, 0].tolist()
    for other in range(size):
        if counts[other] != counts[rank]:
            raise RuntimeError(
                f"DDP expects same model across all ranks, but Rank {rank} has {counts[rank]} params, while rank {other} has "
                f"inconsistent {counts[other]} params."
            )
    dimensions = rows_of_all(group, [p._array.ndim for p in parameters])
    numbers = [n for p in parameters for n in (*p._array.shape, *strides_of(p._array))]
    longest = 2 * int(dimensions.sum(1).max())
    forms = rows_of_all(group, [*numbers, *[0] * (longest - len(numbers))])
    for other in range(1, size):
        at = [0, 0]
        for i in range(len(parameters)):
            first, its = [_form(forms[r], at[r != 0], dimensions[r, i]) for r in (0, other)]
            for what, a, b in zip(("sizes", "strides"), first, its):
                if a != b:
                    _raise_form(rank, other, i, what, a, b)
            at = [at[0] + 2 * dimensions[0, i], at[1] + 2 * dimensions[other, i]]


def rows_of_all(group: Any, own: Sequence[float]) -> Any:
    """An array whose row ``r`` is what rank ``r`` gives: as many numbers on every rank, integers or floats on all of them."""
    row = np.array(own)
    rows = np.zeros((dist.get_world_size(group), len(row)), row.dtype)
    rows[dist.get_rank(group)] = row
    dist.all_reduce(from_array(rows), group=group)
    return rows


def _form(row: Any, at: int, dimensions: int) -> tuple[list[int], list[int]]:
    return row[at : at + dimensions].tolist(), row[at + dimensions : at + 2 * dimensions].tolist()


def _raise_form(rank: int, other: int, i: int, what: str, first: list[int], its: list[int]) -> None:
    if rank == other:
        raise RuntimeError(
            f"[{rank}]: params[{i}] in this process with {what} {its} appears not to match {what} of the same param in process 0."
        )
    raise RuntimeError(
        f"[{rank}]: params[{i}] in process {other} with {what} {its} appears not to match {what} of the same param in process 0, "
        f"which are {first}."
    )


def broadcast_together(group: Any, tensors: Iterable[Tensor], at_most: int, source: int) -> None:
    """Give all processes the values that these tensors have on rank ``source`` of the group.

    Tensors of one dtype travel side by side, up to ``at_most`` bytes at a time.  No write is counted.
    """
    start_broadcast(group, tensors, at_most, source)()


def start_broadcast(group: Any, tensors: Iterable[Tensor], at_most: int, source: int) -> Callable[[], None]:
    """As :func:`broadcast_together`, under way when it returns; what it returns is called to have the values in place."""
    if dist.get_world_size(group) == 1:
        return lambda: None
    sending = dist.get_rank(group) == source
    root = dist.get_global_rank(group, source)
    under_way: list[tuple[Any, Any, list[Any]]] = []
    for arrays in _in_parcels([t._array for t in tensors if t._array.size], at_most):
        flat = np.concatenate([array.reshape(-1) for array in arrays])
        seen = flat.view(flat.real.dtype) if flat.dtype.kind == "c" else flat
        under_way.append((dist.broadcast(from_array(seen), src=root, group=group, async_op=True), flat, arrays))

    def finish() -> None:
        for work, flat, arrays in under_way:
            work.wait()
            if not sending:
                ends = np.cumsum([array.size for array in arrays])
                for array, part in zip(arrays, np.split(flat, ends[:-1])):
                    array[...] = part.reshape(array.shape)

    return finish


def _in_parcels(arrays: Iterable[Any], at_most: int) -> list[list[Any]]:
    parcels: list[list[Any]] = []
    open_ones: dict[Any, list[Any]] = {}
    for array in arrays:
        parcel = open_ones.setdefault(array.dtype, [])
        if not parcel:
            parcels.append(parcel)
        parcel.append(array)
        if sum(a.nbytes for a in parcel) >= at_most:
            del open_ones[array.dtype]
    return parcels


def broadcast_module(
    group: Any, module: Any, at_most: int, source: int, ignored: Iterable[str], buffers: bool
) -> None:
    """Give all processes the parameters, and the buffers if asked for, that a module has on rank ``source`` of the group."""
    left_out = set(ignored)
    tensors = [p for name, p in module.named_parameters() if name not in left_out]
    if buffers:
        tensors += [b for name, b in module.named_buffers() if name not in left_out]
    broadcast_together(group, tensors, at_most, source)

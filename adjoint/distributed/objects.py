"""Collectives of Python objects, which travel pickled.

Unpickling can run whatever the sender wants: only the processes of one program, which could do that anyway, send objects here.
"""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from typing import Any

import numpy as np

from adjoint.distributed import collectives, gathering, messages
from adjoint.distributed.collectives import Group, root_in
from adjoint.distributed.groups import get_global_rank, own, warn_of_stranger
from adjoint.tensor import Tensor, from_array


def _object_to_tensor(obj: Any, device: Any = None, group: Group = None) -> tuple[Tensor, Tensor]:
    """An object pickled, as bytes and their number."""
    data = np.frombuffer(bytearray(pickle.dumps(obj, protocol=pickle.HIGHEST_PROTOCOL)), np.uint8)
    return from_array(data), from_array(np.array([data.size], np.int64))


def _tensor_to_object(tensor: Tensor, tensor_size: Any, group: Group = None) -> Any:
    """The object of which these are the bytes."""
    return pickle.loads(memoryview(tensor._array)[: int(tensor_size)])


def all_gather_object(object_list: list[Any], obj: Any, group: Group = None) -> None:
    """Give every rank the objects of all ranks, in ``object_list``, which has as many places as there are ranks.

    >>> import adjoint.distributed as dist
    >>> dist.init_process_group(store=dist.HashStore(), rank=0, world_size=1)
    >>> objects = [None]
    >>> dist.all_gather_object(objects, {"loss": 0.5})
    >>> objects
    [{'loss': 0.5}]
    >>> dist.destroy_process_group()
    """
    found = own(group)
    if found is None:
        return warn_of_stranger("all_gather_object")
    data, size = _object_to_tensor(obj)
    sizes = from_array(np.empty(found.size(), np.int64))
    gathering.all_gather_into_tensor(sizes, size, group)
    longest = int(sizes._array.max())
    every = from_array(np.empty((found.size(), longest), np.uint8))
    gathering.all_gather_into_tensor(every, _padded(data, longest), group)
    for index, (row, count) in enumerate(zip(every._array, sizes._array)):
        object_list[index] = _tensor_to_object(from_array(row), count)


def gather_object(
    obj: Any,
    object_gather_list: list[Any] | None = None,
    dst: int | None = None,
    group: Group = None,
    group_dst: int | None = None,
) -> None:
    """Give rank ``dst`` (0; of the default group, ``group_dst``: of this one) the objects of all ranks, in ``object_gather_list``,
    which only that rank has."""
    found = own(group)
    if found is None:
        return warn_of_stranger("gather_object")
    root = root_in(found, "gather", 0 if dst is None and group_dst is None else dst, group_dst)
    at_root = found.rank() == root
    if at_root and not object_gather_list:
        raise ValueError("Argument ``object_gather_list`` must be specified on destination rank.")
    if not at_root and object_gather_list:
        raise ValueError("Argument ``object_gather_list`` must NOT be specified on non-destination ranks.")
    data, size = _object_to_tensor(obj)
    sizes = from_array(np.empty(found.size(), np.int64))
    gathering.all_gather_into_tensor(sizes, size, group)
    longest = int(sizes._array.max())
    rows = [from_array(np.empty(longest, np.uint8)) for _ in range(found.size())] if at_root else None
    gathering.gather(_padded(data, longest), rows, group=group, group_dst=root)
    if rows is not None and object_gather_list is not None:
        for index, row in enumerate(rows):
            object_gather_list[index] = _tensor_to_object(row, sizes._array[index])


def broadcast_object_list(
    object_list: list[Any], src: int | None = None, group: Group = None, device: Any = None, group_src: int | None = None
) -> None:
    """Replace the objects in each rank's list by those of rank ``src`` (0; of the default group, ``group_src``: of this one)."""
    found = own(group)
    if found is None:
        return warn_of_stranger("broadcast_object_list")
    root = root_in(found, "broadcast", 0 if src is None and group_src is None else src, group_src)
    at_root = found.rank() == root
    packed = [_object_to_tensor(obj)[0] for obj in object_list] if at_root else []
    sizes = from_array(np.array([p._array.size for p in packed] if at_root else [0] * len(object_list), np.int64))
    collectives.broadcast(sizes, group=group, group_src=root)
    data = np.concatenate([p._array for p in packed]) if packed else np.empty(int(sizes._array.sum()), np.uint8)
    collectives.broadcast(from_array(data), group=group, group_src=root)
    if not at_root:
        _split(data, sizes._array, object_list)


def scatter_object_list(
    scatter_object_output_list: list[Any],
    scatter_object_input_list: list[Any] | None = None,
    src: int | None = None,
    group: Group = None,
    group_src: int | None = None,
) -> None:
    """Give each rank, as the first of its output list, the object of its number from the list that rank ``src`` (0; of the default
    group, ``group_src``: of this one) has."""
    found = own(group)
    if found is None:
        return warn_of_stranger("scatter_object_list")
    if not isinstance(scatter_object_output_list, list) or len(scatter_object_output_list) < 1:
        raise ValueError("Expected argument scatter_object_output_list to be a list of size at least 1.")
    root = root_in(found, "scatter", 0 if src is None and group_src is None else src, group_src)
    rows = None
    head = from_array(np.zeros(1 + found.size(), np.int64))
    if found.rank() == root:
        if scatter_object_input_list is None:
            raise ValueError("source rank must provide non-None scatter_object_input_list")
        packed = [_object_to_tensor(obj)[0] for obj in scatter_object_input_list]
        longest = max(p._array.size for p in packed)
        head = from_array(np.array([longest, *(p._array.size for p in packed)], np.int64))
        rows = [_padded(p, longest) for p in packed]
    collectives.broadcast(head, group=group, group_src=root)
    own_row = from_array(np.empty(int(head._array[0]), np.uint8))
    gathering.scatter(own_row, rows, group=group, group_src=root)
    scatter_object_output_list[0] = _tensor_to_object(own_row, head._array[1 + found.rank()])


def send_object_list(
    object_list: list[Any],
    dst: int | None = None,
    group: Group = None,
    device: Any = None,
    group_dst: int | None = None,
    use_batch: bool = False,
) -> None:
    """Send the objects of a list to rank ``dst`` (of the default group; ``group_dst``: of this one)."""
    if own(group) is None:
        return warn_of_stranger("send_object_list")
    packed = [_object_to_tensor(obj)[0]._array for obj in object_list]
    messages.send(from_array(np.array([p.size for p in packed], np.int64)), dst, group, group_dst=group_dst)
    messages.send(from_array(np.concatenate(packed)), dst, group, group_dst=group_dst)


def recv_object_list(
    object_list: list[Any],
    src: int | None = None,
    group: Group = None,
    device: Any = None,
    group_src: int | None = None,
    use_batch: bool = False,
) -> int:
    """Receive as many objects as the list has places from rank ``src`` (of the default group; ``group_src``: of this one; any if
    neither is given), and return the sender's rank in the default group; -1 if this process is not in the group."""
    found = own(group)
    if found is None:
        warn_of_stranger("recv_object_list")
        return -1
    sizes = from_array(np.empty(len(object_list), np.int64))
    if src is None and group_src is None:
        src = messages.recv(sizes, group=group)
    else:
        messages.recv(sizes, src, group, group_src=group_src)
    data = np.empty(int(sizes._array.sum()), np.uint8)
    messages.recv(from_array(data), src, group, group_src=group_src)
    _split(data, sizes._array, object_list)
    return src if src is not None else get_global_rank(found, group_src or 0)


def _padded(data: Tensor, length: int) -> Tensor:
    row = np.zeros(length, np.uint8)
    row[: data._array.size] = data._array
    return from_array(row)


def _split(data: np.ndarray, sizes: Sequence[int], into: list[Any]) -> None:
    at = 0
    for index, size in enumerate(map(int, sizes)):
        into[index] = _tensor_to_object(from_array(data[at : at + size]), size)
        at += size

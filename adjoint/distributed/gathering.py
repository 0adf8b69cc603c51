"""Collectives that hand tensors on as they are: gather, scatter, and all to all."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from adjoint.distributed.buffers import (
    Buffer,
    check_list,
    check_tensor,
    check_tensors,
    check_whole,
    pack,
    signature,
)
from adjoint.distributed.collectives import Group, finish, root_in
from adjoint.distributed.groups import own, warn_of_stranger
from adjoint.distributed.process_group import ProcessGroup
from adjoint.distributed.progress import Steps
from adjoint.distributed.work import Work
from adjoint.tensor import Tensor


def all_gather(tensor_list: Sequence[Tensor], tensor: Tensor, group: Group = None, async_op: bool = False) -> Work | None:
    """Give every rank the tensors of all ranks, in ``tensor_list``.

    ``tensor``: the same shape and dtype on all ranks. ``tensor_list``: as many tensors like it as there are ranks.
    """
    check_tensors(tensor_list, "tensor_list")
    check_tensor(tensor, "tensor")
    found = own(group)
    if found is None:
        warn_of_stranger("all_gather")
        return None
    check_list(found, tensor_list, tensor, "allgather", "output")
    taken = Parts(tensor_list)
    given = Buffer(tensor, written=False).flat

    def body() -> Steps:
        yield from found._transport.all_gather(given, taken.flat)
        taken.put_back()

    return finish(found._collective("all_gather", body, signature(tensor), tensor_list), async_op)


def all_gather_into_tensor(
    output_tensor: Tensor, input_tensor: Tensor, group: Group = None, async_op: bool = False
) -> Work | None:
    """Give every rank the tensors of all ranks, one after the other in ``output_tensor``.

    ``output_tensor``: as many times the elements of ``input_tensor`` as there are ranks, concatenated or stacked along the first
    dimension.
    """
    check_tensor(input_tensor, "input_tensor")
    check_tensor(output_tensor, "output_tensor")
    found = own(group)
    if found is None:
        warn_of_stranger("all_gather_into_tensor")
        return None
    check_whole(found, output_tensor, input_tensor, "output", "input")
    taken = Buffer(output_tensor, read=False)
    given = Buffer(input_tensor, written=False).flat
    if np.may_share_memory(taken.flat, given):  # a part of the output, as some programs have it
        given = given.copy()

    def body() -> Steps:
        yield from found._transport.all_gather(given, taken.flat)
        taken.put_back()

    work = found._collective("all_gather_into_tensor", body, signature(input_tensor), [output_tensor])
    return finish(work, async_op)


def gather(
    tensor: Tensor,
    gather_list: Sequence[Tensor] | None = None,
    dst: int | None = None,
    group: Group = None,
    async_op: bool = False,
    group_dst: int | None = None,
) -> Work | None:
    """Give rank ``dst`` (0; of the default group, ``group_dst``: of this one) the tensors of all ranks, in ``gather_list``, which
    only that rank has."""
    check_tensor(tensor, "tensor")
    if gather_list:
        check_tensors(gather_list, "gather_list")
    found = own(group)
    if found is None:
        warn_of_stranger("gather")
        return None
    root = root_in(found, "gather", 0 if dst is None and group_dst is None else dst, group_dst)
    if found.rank() == root:
        if not gather_list:
            raise ValueError("Argument ``gather_list`` must be specified on destination rank.")
        check_list(found, gather_list, tensor, "gather", "output")
    elif gather_list:
        raise ValueError("Argument ``gather_list`` must NOT be specified on non-destination ranks.")
    taken = Parts(gather_list) if found.rank() == root and gather_list else None
    given = Buffer(tensor, written=False).flat

    def body() -> Steps:
        yield from found._transport.gather(given, None if taken is None else taken.flat, root)
        if taken is not None:
            taken.put_back()

    details = (*signature(tensor), ("dst", root))
    return finish(found._collective("gather", body, details, gather_list or []), async_op)


def scatter(
    tensor: Tensor,
    scatter_list: Sequence[Tensor] | None = None,
    src: int | None = None,
    group: Group = None,
    async_op: bool = False,
    group_src: int | None = None,
) -> Work | None:
    """Give each rank, in ``tensor``, the one of its number from the ``scatter_list`` that rank ``src`` (0; of the default group,
    ``group_src``: of this one) has and no other."""
    check_tensor(tensor, "tensor")
    if scatter_list:
        check_tensors(scatter_list, "scatter_list")
    found = own(group)
    if found is None:
        warn_of_stranger("scatter")
        return None
    root = root_in(found, "scatter", 0 if src is None and group_src is None else src, group_src)
    given = None
    if found.rank() == root:
        if not scatter_list:
            raise ValueError("Argument ``scatter_list`` must be specified on source rank.")
        check_list(found, scatter_list, tensor, "scatter", "input")
        given = pack(scatter_list)
    elif scatter_list:
        raise ValueError("Argument ``scatter_list`` must NOT be specified on non-source ranks.")
    taken = Buffer(tensor, read=False)

    def body() -> Steps:
        yield from found._transport.scatter(given, taken.flat, root)
        taken.put_back()

    return finish(found._collective("scatter", body, (*signature(tensor), ("src", root)), [tensor]), async_op)


def all_to_all(
    output_tensor_list: Sequence[Tensor], input_tensor_list: Sequence[Tensor], group: Group = None, async_op: bool = False
) -> Work | None:
    """Give rank ``r`` the ``r``-th tensor of the list, and get one from each; they may be of different sizes."""
    check_tensors(output_tensor_list, "output_tensor_list")
    check_tensors(input_tensor_list, "input_tensor_list")
    found = own(group)
    if found is None:
        warn_of_stranger("all_to_all")
        return None
    for name, tensors in (("output", output_tensor_list), ("input", input_tensor_list)):
        if len(tensors) != found.size():
            raise RuntimeError(f"ProcessGroupGloo::alltoall: {len(tensors)} {name} tensors for {found.size()} ranks")
    kinds = {tensor.dtype for tensor in (*output_tensor_list, *input_tensor_list)}
    if len(kinds) > 1:
        raise ValueError(f"all_to_all: tensors have to be of one dtype, not of {', '.join(sorted(map(str, kinds)))}")
    given, taken = pack(input_tensor_list), Parts(output_tensor_list)
    sizes = [tensor._array.size for tensor in input_tensor_list]
    taken_sizes = [tensor._array.size for tensor in output_tensor_list]

    def body() -> Steps:
        yield from found._transport.all_to_all(given, sizes, taken.flat, taken_sizes)
        taken.put_back()

    details = (("dtype", input_tensor_list[0].dtype.name),)
    return finish(found._collective("all_to_all", body, details, output_tensor_list), async_op)


def all_to_all_single(
    output: Tensor,
    input: Tensor,
    output_split_sizes: Sequence[int] | None = None,
    input_split_sizes: Sequence[int] | None = None,
    group: Group = None,
    async_op: bool = False,
) -> Work | None:
    """Give each rank its part of ``input``, and get one from each, one after the other in ``output``.

    The parts are equal, or as long in the first dimension as ``input_split_sizes`` and ``output_split_sizes`` say.
    """
    check_tensor(output, "output")
    check_tensor(input, "input")
    found = own(group)
    if found is None:
        warn_of_stranger("all_to_all_single")
        return None
    if output.dtype is not input.dtype:
        raise RuntimeError(f"Invalid usage of tensors with different dtypesFound {output.dtype} and  {input.dtype}")
    sizes = _splits(found, input, input_split_sizes)
    taken_sizes = _splits(found, output, output_split_sizes)
    given, taken = Buffer(input, written=False).flat, Buffer(output, read=False)

    def body() -> Steps:
        yield from found._transport.all_to_all(given, sizes, taken.flat, taken_sizes)
        taken.put_back()

    return finish(found._collective("all_to_all_single", body, (("dtype", input.dtype.name),), [output]), async_op)


def _splits(group: ProcessGroup, tensor: Tensor, given: Sequence[int] | None) -> list[int]:
    """How many elements each rank's part has."""
    length = tensor._array.shape[0] if tensor._array.ndim else 0
    row = tensor._array.size // length if length else 0
    if not given:
        if length % group.size():
            raise RuntimeError("Tensor's dim 0 does not divide equally across group size")
        return [length // group.size() * row] * group.size()
    if len(given) != group.size():
        raise RuntimeError("Number of tensor splits not equal to group size")
    if sum(given) != length:
        raise RuntimeError("Split sizes doesn't match total dim 0 size")
    return [int(n) * row for n in given]


class Parts:
    """Tensors that receive what stands one after the other in a flat array."""

    def __init__(self, tensors: Sequence[Tensor]) -> None:
        self.buffers = [Buffer(tensor, read=False) for tensor in tensors]
        self.flat = np.empty(sum(buffer.flat.size for buffer in self.buffers), tensors[0]._array.dtype)

    def put_back(self) -> None:
        """Have the tensors hold what has come."""
        at = 0
        for buffer in self.buffers:
            buffer.array[...] = self.flat[at : at + buffer.array.size].reshape(buffer.array.shape)
            at += buffer.array.size

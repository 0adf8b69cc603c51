"""Collectives of tensors: every rank of a group calls the same one, in the same order."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import numpy as np

from adjoint.distributed.buffers import (
    Buffer,
    check_list,
    check_tensor,
    check_tensors,
    check_whole,
    pack,
    real_parts,
    signature,
)
from adjoint.distributed.groups import get_group_rank, own, warn_of_stranger
from adjoint.distributed.process_group import ProcessGroup
from adjoint.distributed.progress import Steps
from adjoint.distributed.reduce_op import RedOpType, ReduceOp, check_reduction, kind_of, supports_complex
from adjoint.distributed.work import Work
from adjoint.tensor import Tensor

Group = ProcessGroup | None


def finish(work: Work, async_op: bool) -> Work | None:
    """The work, or None once it is over (inside of a ``_coalescing_manager``, at once)."""
    if work._collected:
        return None
    if async_op:
        return work
    work.wait()
    return None


def root_in(group: ProcessGroup, call: str, rank: int | None, group_rank: int | None) -> int:
    """The rank in the group of a collective's one rank, which is given as the world's or as the group's."""
    if rank is not None and group_rank is not None:
        raise ValueError("Can't specify both group_rank and global_rank")
    if rank is None and group_rank is None:
        raise ValueError("Must specify global_rank or group_rank")
    found = get_group_rank(group, rank) if rank is not None else group_rank
    assert found is not None
    if not 0 <= found < group.size():
        raise RuntimeError(f"ProcessGroupGloo::{call}: invalid root rank: {found}")
    return found


def all_reduce(tensor: Tensor, op: Any = ReduceOp.SUM, group: Group = None, async_op: bool = False) -> Work | None:
    """Replace the tensor on every rank by the sum (or what ``op`` says) of the tensors of all ranks.

    ``tensor``: the same shape and dtype on all ranks. Returns a :class:`Work` if ``async_op``.

    >>> import adjoint as torch
    >>> import adjoint.distributed as dist
    >>> dist.init_process_group(store=dist.HashStore(), rank=0, world_size=1)
    >>> t = torch.ones(2)
    >>> dist.all_reduce(t)
    >>> t
    tensor([1., 1.])
    >>> dist.destroy_process_group()
    """
    check_tensor(tensor, "tensor")
    found = own(group)
    if found is None:
        warn_of_stranger("all_reduce")
        return None
    kind = checked(op, tensor, "all_reduce")
    return finish(reduce_in(found, tensor, kind), async_op)


def reduce_in(group: ProcessGroup, tensor: Tensor, kind: RedOpType, timeout: timedelta | None = None) -> Work:
    """The work of an all_reduce whose arguments are checked."""
    buffer = Buffer(tensor)

    def body() -> Steps:
        yield from group._transport.all_reduce(real_parts(buffer.flat), kind)
        buffer.put_back()

    return group._collective("all_reduce", body, (*signature(tensor), ("op", kind.name)), [tensor], timeout)


def broadcast(
    tensor: Tensor, src: int | None = None, group: Group = None, async_op: bool = False, group_src: int | None = None
) -> Work | None:
    """Replace the tensor on every rank by that of rank ``src`` (of the default group; ``group_src``: of this one)."""
    check_tensor(tensor, "tensor")
    found = own(group)
    if found is None:
        warn_of_stranger("broadcast")
        return None
    root = root_in(found, "broadcast", src, group_src)
    buffer = Buffer(tensor, written=found.rank() != root)

    def body() -> Steps:
        yield from found._transport.broadcast(buffer.flat, root)
        if found.rank() != root:
            buffer.put_back()

    return finish(found._collective("broadcast", body, (*signature(tensor), ("src", root)), [tensor]), async_op)


def reduce(
    tensor: Tensor,
    dst: int | None = None,
    op: Any = ReduceOp.SUM,
    group: Group = None,
    async_op: bool = False,
    group_dst: int | None = None,
) -> Work | None:
    """Replace the tensor on rank ``dst`` (of the default group; ``group_dst``: of this one) by the sum, or what ``op`` says, of the
    tensors of all ranks; the others keep theirs."""
    check_tensor(tensor, "tensor")
    found = own(group)
    if found is None:
        warn_of_stranger("reduce")
        return None
    kind = checked(op, tensor, "reduce")
    root = root_in(found, "reduce", dst, group_dst)
    at_root = found.rank() == root
    buffer = Buffer(tensor, written=at_root)

    def body() -> Steps:
        yield from found._transport.reduce(real_parts(buffer.flat), kind, root)
        if at_root:
            buffer.put_back()

    details = (*signature(tensor), ("op", kind.name), ("dst", root))
    return finish(found._collective("reduce", body, details, [tensor]), async_op)


def reduce_scatter(
    output: Tensor, input_list: Sequence[Tensor], op: Any = ReduceOp.SUM, group: Group = None, async_op: bool = False
) -> Work | None:
    """Reduce the lists of all ranks, tensor by tensor, and give each rank the one of its number.

    ``input_list``: as many tensors as there are ranks, of the shape and dtype of ``output``.
    """
    check_tensor(output, "output")
    check_tensors(input_list, "input_list")
    found = own(group)
    if found is None:
        warn_of_stranger("reduce_scatter")
        return None
    check_list(found, input_list, output, "reduce_scatter", "input")
    return finish(_reduce_scatter(found, output, pack(input_list), op, "reduce_scatter"), async_op)


def reduce_scatter_tensor(
    output: Tensor, input: Tensor, op: Any = ReduceOp.SUM, group: Group = None, async_op: bool = False
) -> Work | None:
    """Reduce the tensors of all ranks and give each rank the part of its number.

    ``input``: as many times the elements of ``output`` as there are ranks, concatenated or stacked along the first dimension.
    """
    check_tensor(output, "output")
    check_tensor(input, "input")
    found = own(group)
    if found is None:
        warn_of_stranger("reduce_scatter_tensor")
        return None
    check_whole(found, input, output, "input", "output")
    flat = Buffer(input, written=False).flat
    return finish(_reduce_scatter(found, output, flat, op, "reduce_scatter_tensor"), async_op)


def _reduce_scatter(group: ProcessGroup, output: Tensor, every: np.ndarray, op: Any, call: str) -> Work:
    kind = checked(op, output, call)
    buffer = Buffer(output, read=False)

    def body() -> Steps:
        yield from group._transport.reduce_scatter(real_parts(every), real_parts(buffer.flat), kind)
        buffer.put_back()

    return group._collective(call, body, (*signature(output), ("op", kind.name)), [output])


def barrier(
    group: Group = None, async_op: bool = False, device_ids: Any = None, timeout: timedelta | None = None
) -> Work | None:
    """Wait until all ranks of the group have come here."""
    found = own(group)
    if found is None:
        warn_of_stranger("barrier")
        return None
    return finish(found._collective("barrier", found._transport.barrier, timeout=timeout), async_op)


def checked(op: Any, tensor: Tensor, call: str) -> RedOpType:
    """The kind of an operation.  Raises where it is none for such a tensor."""
    kind = kind_of(op)
    if tensor.dtype.is_complex and not supports_complex(kind):
        raise ValueError(f"{call} does not support {kind} on complex tensors")
    check_reduction(kind, tensor.dtype)
    return kind

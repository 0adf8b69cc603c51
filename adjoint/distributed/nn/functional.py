"""``torch.distributed.nn.functional``: collectives through which gradients flow.

They return new tensors. The backward of each is a collective too, so all ranks have to run it: what a rank does with the sum of
all ranks changes the gradient of each of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import adjoint as torch
from adjoint.autograd.function import Function
from adjoint.distributed import collectives, gathering
from adjoint.distributed.groups import get_rank, get_world_size
from adjoint.distributed.reduce_op import ReduceOp, kind_of
from adjoint.names import list_names as _list_names
from adjoint.tensor import Tensor

__all__ = [
    "Function", "ReduceOp", "all_gather", "all_reduce", "all_to_all", "all_to_all_single", "broadcast", "gather", "reduce",
    "reduce_scatter", "scatter",
]  # fmt: skip


def broadcast(tensor: Tensor, src: int, group: Any = None) -> Tensor:
    """The tensor of rank ``src`` on every rank; its gradient is the sum of those of all ranks."""
    return _Broadcast.apply(src, group, tensor)


def gather(tensor: Tensor, dst: int = 0, group: Any = None) -> tuple[Tensor, ...]:
    """The tensors of all ranks on rank ``dst``; zeros elsewhere."""
    return _Gather.apply(dst, group, tensor)


def scatter(tensors: Sequence[Tensor], src: int = 0, group: Any = None) -> Tensor:
    """The tensor of each rank's number from the list of rank ``src``; the others' lists say shape and dtype."""
    return _Scatter.apply(src, group, *tensors)


def reduce(tensor: Tensor, dst: int, op: Any = ReduceOp.SUM, group: Any = None) -> Tensor:
    """The sum of the tensors of all ranks on rank ``dst``; on the others their own."""
    return _Reduce.apply(dst, op, group, tensor)


def reduce_scatter(output: Tensor, input_list: Sequence[Tensor], op: Any = ReduceOp.SUM, group: Any = None) -> Tensor:
    """The sum of the ranks' tensors of this rank's number; ``output`` says shape and dtype."""
    return _ReduceScatter.apply(op, group, output, *input_list)


def all_gather(tensor: Tensor, group: Any = None) -> tuple[Tensor, ...]:
    """The tensors of all ranks, on every rank.

    >>> import adjoint as torch
    >>> import adjoint.distributed as dist, adjoint.distributed.nn
    >>> dist.init_process_group(store=dist.HashStore(), rank=0, world_size=1)
    >>> x = torch.ones(2, requires_grad=True)
    >>> (dist.nn.functional.all_gather(x)[0] * 3).sum().backward()
    >>> x.grad
    tensor([3., 3.])
    >>> dist.destroy_process_group()
    """
    return _AllGather.apply(group, tensor)


def all_to_all(output_tensor_list: Sequence[Tensor], input_tensor_list: Sequence[Tensor], group: Any = None) -> tuple[Tensor, ...]:
    """One tensor from each rank; ``output_tensor_list`` says their shapes."""
    return _AllToAll.apply(group, output_tensor_list, *input_tensor_list)


def all_to_all_single(
    output: Tensor,
    input: Tensor,
    output_split_sizes: Sequence[int] | None = None,
    input_split_sizes: Sequence[int] | None = None,
    group: Any = None,
) -> Tensor:
    """A part from each rank, one after the other; ``output`` says the shape."""
    return _AllToAllSingle.apply(group, output, output_split_sizes, input_split_sizes, input)


def all_reduce(tensor: Tensor, op: Any = ReduceOp.SUM, group: Any = None) -> Tensor:
    """The sum of the tensors of all ranks, on every rank; its gradient is reduced in the same way."""
    return _AllReduce.apply(op, group, tensor)


def _contiguous(tensor: Tensor) -> Tensor:
    return tensor.detach().clone(memory_format=torch.contiguous_format)


def _only_sums(op: Any, call: str) -> None:
    if kind_of(op) is not ReduceOp.SUM:
        raise NotImplementedError(f"{call}: a gradient is known for ReduceOp.SUM only")


class _Broadcast(Function):
    @staticmethod
    def forward(ctx: Any, src: int, group: Any, tensor: Tensor) -> Any:  # type: ignore[override]
        ctx.src, ctx.group = src, group
        tensor = _contiguous(tensor)
        collectives.broadcast(tensor, src, group)
        return tensor

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> Any:  # type: ignore[override]
        g = _Reduce.apply(ctx.src, ReduceOp.SUM, ctx.group, g)
        return None, None, g if ctx.src == torch.distributed.get_rank() else torch.zeros_like(g)


class _Gather(Function):
    @staticmethod
    def forward(ctx: Any, dst: int, group: Any, tensor: Tensor) -> Any:  # type: ignore[override]
        ctx.dst, ctx.group = dst, group
        tensor = _contiguous(tensor)
        taken = [torch.zeros_like(tensor) for _ in range(get_world_size(group))]
        at_root = torch.distributed.get_rank() == dst
        gathering.gather(tensor, taken if at_root else None, dst, group)
        return tuple(taken)

    @staticmethod
    def backward(ctx: Any, *gs: Tensor) -> Any:  # type: ignore[override]
        return None, None, _Scatter.apply(ctx.dst, ctx.group, *gs)


class _Scatter(Function):
    @staticmethod
    def forward(ctx: Any, src: int, group: Any, *tensors: Tensor) -> Any:  # type: ignore[override]
        ctx.src, ctx.group = src, group
        taken = torch.zeros_like(_contiguous(tensors[0]))
        at_root = torch.distributed.get_rank() == src
        gathering.scatter(taken, [_contiguous(t) for t in tensors] if at_root else None, src, group)
        return taken

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> Any:  # type: ignore[override]
        return None, None, *_Gather.apply(ctx.src, ctx.group, g)


class _Reduce(Function):
    @staticmethod
    def forward(ctx: Any, dst: int, op: Any, group: Any, tensor: Tensor) -> Any:  # type: ignore[override]
        ctx.dst, ctx.op, ctx.group = dst, op, group
        tensor = _contiguous(tensor)
        collectives.reduce(tensor, dst, op, group)
        return tensor

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> Any:  # type: ignore[override]
        _only_sums(ctx.op, "reduce")
        return None, None, None, _Broadcast.apply(ctx.dst, ctx.group, g)


class _ReduceScatter(Function):
    @staticmethod
    def forward(ctx: Any, op: Any, group: Any, output: Tensor, *tensors: Tensor) -> Any:  # type: ignore[override]
        ctx.op, ctx.group = op, group
        taken = torch.zeros_like(_contiguous(output))
        collectives.reduce_scatter(taken, [_contiguous(t) for t in tensors], op, group)
        return taken

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> Any:  # type: ignore[override]
        _only_sums(ctx.op, "reduce_scatter")
        return None, None, None, *_AllGather.apply(ctx.group, g)


class _AllGather(Function):
    @staticmethod
    def forward(ctx: Any, group: Any, tensor: Tensor) -> Any:  # type: ignore[override]
        ctx.group = group
        tensor = _contiguous(tensor)
        taken = [torch.empty_like(tensor) for _ in range(get_world_size(group))]
        gathering.all_gather(taken, tensor, group)
        return tuple(taken)

    @staticmethod
    def backward(ctx: Any, *gs: Tensor) -> Any:  # type: ignore[override]
        return None, _ReduceScatter.apply(ReduceOp.SUM, ctx.group, gs[get_rank(ctx.group)], *gs)


class _AllToAll(Function):
    @staticmethod
    def forward(ctx: Any, group: Any, outputs: Sequence[Tensor], *tensors: Tensor) -> Any:  # type: ignore[override]
        ctx.group = group
        ctx.shapes = [t.shape for t in tensors]
        taken = [torch.zeros_like(_contiguous(t)) for t in outputs]
        gathering.all_to_all(taken, [_contiguous(t) for t in tensors], group)
        return tuple(taken)

    @staticmethod
    def backward(ctx: Any, *gs: Tensor) -> Any:  # type: ignore[override]
        outputs = [torch.empty(shape, dtype=gs[0].dtype) for shape in ctx.shapes]
        return None, None, *_AllToAll.apply(ctx.group, outputs, *gs)


class _AllToAllSingle(Function):
    @staticmethod
    def forward(ctx: Any, group: Any, output: Tensor, sizes: Any, given_sizes: Any, tensor: Tensor) -> Any:  # type: ignore[override]
        ctx.group, ctx.shape, ctx.sizes, ctx.given_sizes = group, tensor.shape, sizes, given_sizes
        taken = torch.zeros_like(_contiguous(output))
        gathering.all_to_all_single(taken, _contiguous(tensor), sizes, given_sizes, group)
        return taken

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> Any:  # type: ignore[override]
        output = torch.empty(ctx.shape, dtype=g.dtype)
        return None, None, None, None, _AllToAllSingle.apply(ctx.group, output, ctx.given_sizes, ctx.sizes, g)


class _AllReduce(Function):
    @staticmethod
    def forward(ctx: Any, op: Any, group: Any, tensor: Tensor) -> Any:  # type: ignore[override]
        ctx.op, ctx.group = op, group
        tensor = _contiguous(tensor)
        collectives.all_reduce(tensor, op, group)
        return tensor

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> Any:  # type: ignore[override]
        if kind_of(ctx.op) not in (ReduceOp.SUM, ReduceOp.AVG):
            raise NotImplementedError("all_reduce: a gradient is known for ReduceOp.SUM and ReduceOp.AVG only")
        return None, None, _AllReduce.apply(ctx.op, ctx.group, g)


_list_names(__name__)

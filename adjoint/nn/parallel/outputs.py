"""What a module returns, to DistributedDataParallel: the tensors in it, and a node that every backward from it begins with."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any

from adjoint.autograd.engine import queue_callback
from adjoint.autograd.function import Function
from adjoint.tensor import Tensor


def tensors_in(found: Any) -> Iterator[Tensor]:
    """The tensors in an output: in lists, tuples, dictionaries and dataclasses."""
    if isinstance(found, Tensor):
        yield found
    elif isinstance(found, (list, tuple)):
        for item in found:
            yield from tensors_in(item)
    elif isinstance(found, dict):
        yield from tensors_in(list(found.values()))
    elif is_dataclass(found):
        yield from tensors_in([getattr(found, field.name) for field in fields(found)])


class Sink(Function):
    """The first node of every backward from a module's outputs; where an output is not used, its gradient stays None."""

    @staticmethod
    def forward(ctx: Any, ddp: Any, *inputs: Any) -> Any:
        ctx.set_materialize_grads(False)
        ctx.ddp = ddp
        if not ddp._ddp_sink_clone:
            return inputs
        return tuple(x.clone() if isinstance(x, Tensor) else x for x in inputs)

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        ddp = ctx.ddp
        if ddp.static_graph and not ddp._static_graph_delay_allreduce_enqueued:
            queue_callback(ddp.reducer.reduce_all_at_once)
            ddp._static_graph_delay_allreduce_enqueued = True
        return (None, *grads)

"""Averages over processes: as they are, or in half precision on the way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import adjoint
import adjoint.distributed as dist
from adjoint.distributed.grad_bucket import GradBucket
from adjoint.futures import Future
from adjoint.names import list_names as _list_names
from adjoint.tensor import Tensor

__all__ = ["allreduce_hook", "bf16_compress_hook", "bf16_compress_wrapper", "fp16_compress_hook", "fp16_compress_wrapper"]

Hook = Callable[[Any, GradBucket], "Future[Tensor]"]


def allreduce_hook(process_group: Any, bucket: GradBucket) -> Future[Tensor]:
    """The average, as without a hook."""
    buffer = bucket.buffer().div_(dist.get_world_size(process_group))
    return _sum_over(process_group, buffer)


def fp16_compress_hook(process_group: Any, bucket: GradBucket) -> Future[Tensor]:
    """The average, sent and added up in float16: half the bytes of float32."""
    return _compressed(adjoint.float16, process_group, bucket)


def bf16_compress_hook(process_group: Any, bucket: GradBucket) -> Future[Tensor]:
    """The average, sent and added up in bfloat16: half the bytes of float32, with its range."""
    return _compressed(adjoint.bfloat16, process_group, bucket)


def fp16_compress_wrapper(hook: Hook) -> Hook:
    """``hook`` on gradients in float16; what it returns is brought back to their dtype."""

    def fp16_compress_wrapper_hook(hook_state: Any, bucket: GradBucket) -> Future[Tensor]:
        return _wrapped(adjoint.float16, hook, hook_state, bucket)

    return fp16_compress_wrapper_hook


def bf16_compress_wrapper(hook: Hook) -> Hook:
    """``hook`` on gradients in bfloat16; what it returns is brought back to their dtype."""

    def bf16_compress_wrapper_hook(hook_state: Any, bucket: GradBucket) -> Future[Tensor]:
        return _wrapped(adjoint.bfloat16, hook, hook_state, bucket)

    return bf16_compress_wrapper_hook


def _sum_over(process_group: Any, tensor: Tensor) -> Future[Tensor]:
    work = dist.all_reduce(tensor, group=process_group, async_op=True)
    assert work is not None
    return work.get_future().then(lambda future: future.value()[0])


def _compressed(dtype: Any, process_group: Any, bucket: GradBucket) -> Future[Tensor]:
    buffer = bucket.buffer()
    small = buffer.to(dtype).div_(dist.get_world_size(process_group))
    return _sum_over(process_group, small).then(lambda future: buffer.copy_(future.value()))


def _wrapped(dtype: Any, hook: Hook, state: Any, bucket: GradBucket) -> Future[Tensor]:
    buffer = bucket.buffer()
    bucket.set_buffer(buffer.to(dtype))
    return hook(state, bucket).then(lambda future: buffer.copy_(future.value()))


_list_names(__name__)

"""The options of DistributedDataParallel, checked: which of them mean anything on a CPU, and how large buckets become."""

from __future__ import annotations

import inspect
import sys
import warnings
from collections.abc import Sequence
from typing import Any, NamedTuple

from adjoint.distributed.grad_bucket import GradBucket
from adjoint.futures import Future
from adjoint.nn.parallel.buckets import FIRST_BUCKET_BYTES
from adjoint.places import users_level
from adjoint.tensor import Tensor

_DEFAULT_MB = 25
_MB = 1 << 20


class BucketSizes(NamedTuple):
    """How many bytes buckets may hold: all but the first, the first, and each, where a list was given."""

    cap: int
    first: int
    each: tuple[int, ...]

    @staticmethod
    def of(megabytes: float | None, list_of_them: Sequence[float] | None) -> BucketSizes:
        """The sizes for the options ``bucket_cap_mb`` and ``bucket_cap_mb_list``."""
        if list_of_them:
            each = tuple(int(m * _MB) for m in list_of_them)
            return BucketSizes(max(each), max(each), each)
        cap = int((_DEFAULT_MB if megabytes is None else megabytes) * _MB)
        return BucketSizes(cap, FIRST_BUCKET_BYTES if megabytes is None else cap, ())

    def to_begin_with(self, static: bool, finds_unused: bool) -> list[int]:
        """The limits of the first buckets: one of everything, for the order of use is not known, unless buckets stay."""
        if self.each:
            return list(self.each)
        if static or not finds_unused:
            return [sys.maxsize]
        return [self.first, self.cap] if self.first < self.cap else [self.cap]

    def later(self) -> list[int]:
        """The limits of buckets in the order of arrival."""
        return list(self.each) if self.each else [self.first, self.cap]


def check_devices(device_ids: Any, output_device: Any, parameters: Sequence[Any]) -> None:
    """Raise PyTorch's errors for devices other than none: modules are on the CPU."""
    if device_ids is not None and len(device_ids) > 1:
        raise ValueError("device_ids can only be None or contain a single element.")
    types = {p.device.type for p in parameters}
    if len(types) != 1:
        raise ValueError(
            "DistributedDataParallel's input module must be on the same type of devices, but input module parameters locate in "
            f"{types}."
        )
    if device_ids or output_device:
        raise ValueError(
            "DistributedDataParallel device_ids and output_device arguments only work with single-device/multiple-device GPU "
            f"modules or CPU modules, but got device_ids {device_ids}, output_device {output_device}, and module parameters "
            f"{ {p.device for p in parameters} }."
        )


def refuse_unsupported(**given: Any) -> None:
    """Raise NotImplementedError for options of PyTorch's that are not there."""
    for name, value in given.items():
        if value is not None:
            raise NotImplementedError(f"DistributedDataParallel: {name} is not supported; leave it out")


def buffers_are_synced(broadcast_buffers: bool | None, forward_sync_buffers: bool | None) -> tuple[bool, bool]:
    """Whether buffers are broadcast before each forward, and whether at construction; the older option warns."""
    if broadcast_buffers is not None:
        both = (
            "Both `broadcast_buffers` and `forward_sync_buffers` were specified. `broadcast_buffers` is deprecated and its value "
            "is ignored when `forward_sync_buffers` is provided."
        )
        one = (
            "`broadcast_buffers` is deprecated. Use `forward_sync_buffers` instead. IMPORTANT: unlike `broadcast_buffers=False`, "
            "`forward_sync_buffers=False` still syncs buffers at init. If you rely on buffers NOT being synced at init (e.g. "
            "rank-local buffers), keep using `broadcast_buffers=False` until `init_sync_buffers` is available."
        )
        warnings.warn(one if forward_sync_buffers is None else both, FutureWarning, stacklevel=users_level())
    if forward_sync_buffers is not None:
        return bool(forward_sync_buffers), True
    synced = True if broadcast_buffers is None else bool(broadcast_buffers)
    return synced, synced


def check_comm_hook(hook: Any) -> None:
    """Raise PyTorch's errors for what is no communication hook, by its annotations too."""
    if not callable(hook):
        raise TypeError("Communication hook must be callable.")
    signature = inspect.signature(hook)
    bucket = signature.parameters.get("bucket")
    named = ("GradBucket", "dist.GradBucket", "torch.distributed.GradBucket")  # under `from __future__ import annotations`
    if bucket is not None and bucket.annotation not in (inspect.Parameter.empty, GradBucket, *named):
        raise ValueError("Communication hook: bucket annotation should be dist.GradBucket.")
    returned = signature.return_annotation
    if returned is not inspect.Signature.empty and not (isinstance(returned, str) or returned == Future[Tensor]):
        raise ValueError("Communication hook: return annotation should be torch.futures.Future[torch.Tensor].")

"""What DistributedDataParallel tells of itself: its options, its buckets, and how long forwards, backwards and reductions took."""

from __future__ import annotations

import os
from collections.abc import Sequence
from time import time_ns
from typing import Any

import numpy as np

_FIRST_TIMED = 10  # iterations that are all timed; of later ones, one in `rate`


class ReductionLog:
    """A dictionary that is written while training, and the marks between which its times lie (nanoseconds)."""

    def __init__(self, options: dict[str, Any], parameters: Sequence[Any]) -> None:
        self.rate = 100
        self.iteration = 0
        self._marks: dict[str, int] = {}
        self._sums: dict[str, int] = {}
        self._timed = 0
        sizes = [parameter._array.nbytes for parameter in parameters]
        self.found: dict[str, Any] = {
            **options,
            "num_parameter_tensors": len(sizes),
            "total_parameter_size_bytes": sum(sizes),
            "dtypes": ", ".join(dict.fromkeys(_shown(parameter._array.dtype) for parameter in parameters)),
            "unused_parameter_size": 0,
            "has_rebuilt_buckets": 0,
            "can_set_static_graph": 1,
            "torch_distributed_debug": os.environ.get("TORCH_DISTRIBUTED_DEBUG", "N/A"),
            "master_addr": os.environ.get("MASTER_ADDR", "N/A"),
            "master_port": os.environ.get("MASTER_PORT", "N/A"),
            "gloo_socket_ifname": os.environ.get("GLOO_SOCKET_IFNAME", "N/A"),
            "cuda_visible_devices": os.environ.get("CUDA_VISIBLE_DEVICES", "N/A"),
        }
        self._sizes = sizes
        self._last_unused: Sequence[int] | None = None

    def buckets_are(self, buckets: Sequence[Any], rebuilt: bool) -> None:
        """Note the buckets; those after the first backward have names of their own."""
        sizes = ", ".join(str(bucket.nbytes) for bucket in buckets)
        if rebuilt:
            self.found["has_rebuilt_buckets"] = 1
            self.found["rebuilt_bucket_sizes"] = sizes
            self.found["rebuilt_per_bucket_param_indices"] = ", ".join(" ".join(map(str, b.indices)) for b in buckets)
        else:
            self.found["bucket_sizes"] = sizes
        self._buckets = len(buckets)

    def unused_are(self, unused: Sequence[int]) -> None:
        """Note which parameters this iteration does not use, and whether that has changed."""
        self.found["unused_parameter_size"] = sum(self._sizes[i] for i in unused)
        if self.iteration > 1 and self._last_unused is not None and list(unused) != list(self._last_unused):
            self.found["can_set_static_graph"] = 0
        self._last_unused = list(unused)

    def forward_begins(self) -> None:
        """An iteration begins."""
        self.iteration += 1
        self._marks = {"forward": time_ns()} if self.is_timed() else {}

    def is_timed(self) -> bool:
        """Whether this iteration's times are noted."""
        return self.iteration <= _FIRST_TIMED or self.iteration % self.rate == 0

    def backward_is_expected(self) -> None:
        """The forward is done."""
        self._mark("backward")

    def bucket_is_sent(self, b: int) -> None:
        """A bucket's reduction begins."""
        if b == 0:
            self._mark("comm")

    def backward_is_done(self) -> None:
        """All gradients of this process are there."""
        self._mark("backward_end")

    def reduction_is_done(self, order: Sequence[int]) -> None:
        """All gradients are reduced; ``order`` is that in which they arrived."""
        self._mark("comm_end")
        self.found["prev_iteration_grad_ready_order_indices"] = ", ".join(map(str, order))
        self.found["iteration"] = self.iteration - 1
        self.found["num_buckets_reduced"] = self._buckets
        marks = self._marks
        if not {"forward", "backward", "comm", "backward_end", "comm_end"} <= marks.keys():
            return
        self._timed += 1
        for name, first, last in (
            ("forward_compute_time", "forward", "backward"),
            ("backward_compute_time", "backward", "backward_end"),
            ("backward_comm_time", "comm", "comm_end"),
            ("backward_compute_comm_overlap_time", "comm", "backward_end"),
        ):
            took = marks[last] - marks[first]
            self.found[name] = took
            self._sums[name] = self._sums.get(name, 0) + took
            self.found[f"avg_{name}"] = self._sums[name] // self._timed
        for name, mark in (
            ("forward_compute_time_start", "forward"),
            ("backward_compute_time_start", "backward"),
            ("backward_compute_time_end", "backward_end"),
            ("backward_comm_time_start", "comm"),
            ("backward_comm_time_end", "comm_end"),
        ):
            self.found[name] = marks[mark]

    def _mark(self, name: str) -> None:
        if self._marks:
            self._marks[name] = time_ns()


def _shown(dtype: np.dtype[Any]) -> str:
    names = {"float32": "float", "float64": "double", "float16": "c10::Half", "bfloat16": "c10::BFloat16"}
    return names.get(dtype.name, dtype.name)

"""Writing: the same numbers for a ``SummaryWriter``, or anything that has its ``add_scalar`` and ``add_histogram``."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from adjoint.viz.watching.history import Numbers, Sample
from adjoint.viz.watching.statistics import BINS

_SCALARS = {
    "activation": ("mean", "std", "zero", "saturated"),
    "gradient": ("norm",),
    "weight": ("norm",),
    "update": ("norm",),
}


class Writing:
    """Hands samples to a writer, each number once: the numbers of one sample may come in several parts.

    Tags are ``gradient/conv1.weight/norm``, ``update/conv1.weight/log10 ratio``, ``activation/relu/zero`` ...; a histogram's
    is ``gradient/conv1.weight``.
    """

    def __init__(self, writer: Any) -> None:
        self.writer = writer
        self._sample: Sample | None = None
        self._done: set[tuple[str, str]] = set()

    def scalar(self, name: str, value: float, step: int) -> None:
        """Hand over a value that the user logged."""
        self.writer.add_scalar(name, value, step)

    def sample(self, sample: Sample) -> None:
        """Hand over what is new in a sample."""
        if sample is not self._sample:
            self._sample = sample
            self._done = set()
            if sample.rate is not None:
                self.writer.add_scalar("learning rate", sample.rate, sample.step)
        for key, numbers in sample.values.items():
            if key not in self._done:
                self._done.add(key)
                self._write(*key, numbers, sample.step)

    def _write(self, quantity: str, name: str, n: Numbers, step: int) -> None:
        tag = f"{quantity}/{name}"
        for field in _SCALARS[quantity]:
            self.writer.add_scalar(f"{tag}/{field}", getattr(n, field), step)
        if n.nan or n.infinite:
            self.writer.add_scalar(f"{tag}/not finite", n.nan + n.infinite, step)
        if n.ratio:
            self.writer.add_scalar(f"{tag}/log10 ratio", math.log10(n.ratio), step)
        if n.values is not None and n.values.size:
            self._write_histogram(tag, n, step)

    def _write_histogram(self, tag: str, n: Numbers, step: int) -> None:
        """The histogram with the extremes and sums of all numbers, where the writer takes it as it is; else of the sample."""
        if not hasattr(self.writer, "add_histogram_raw"):
            self.writer.add_histogram(tag, n.values, step)
            return
        finite = n.count - n.nan - n.infinite
        limits, counts = [n.high], [float(finite)]
        if n.low < n.high:
            share = finite / len(n.values)
            limits, counts = np.linspace(n.low, n.high, BINS + 1)[1:].tolist(), [c * share for c in n.counts]
        self.writer.add_histogram_raw(
            tag, n.low, n.high, finite, n.mean * finite, n.norm**2, limits, counts, global_step=step
        )

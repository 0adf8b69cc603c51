"""Histograms, and the curves of precision over recall."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from tensorboard.compat.proto.summary_pb2 import HistogramProto, Summary
from tensorboard.plugins.pr_curve.plugin_data_pb2 import PrCurvePluginData

from adjoint.utils.tensorboard._convert_np import make_np
from adjoint.utils.tensorboard._messages import floats, value_of_plugin

_MOST_THRESHOLDS = 127
_LEAST_COUNT = 1e-7  # where there are none, so that nothing is divided by zero


@lru_cache(maxsize=1)
def default_bins() -> tuple[float, ...]:
    """The limits that TensorFlow uses: from 1e-12 to 1e20, each a tenth larger than the one before, on both sides of zero."""
    found = []
    limit = 1e-12
    while limit < 1e20:
        found.append(limit)
        limit *= 1.1
    return (*[-x for x in reversed(found)], 0, *found)


def histogram_raw(
    name: str, min: Any, max: Any, num: Any, sum: Any, sum_squares: Any, bucket_limits: Any, bucket_counts: Any
) -> Any:
    """A summary of a histogram that was counted elsewhere; ``bucket_limits`` are the upper ones."""
    made = HistogramProto(
        min=min, max=max, num=num, sum=sum, sum_squares=sum_squares, bucket_limit=bucket_limits, bucket=bucket_counts
    )
    return Summary(value=[Summary.Value(tag=name, histo=made)])


def histogram(name: str, values: Any, bins: Any, max_bins: int | None = None) -> Any:
    """A summary of how values are distributed over bins, which are as for ``numpy.histogram``."""
    made = make_histogram(make_np(values).astype(float), bins, max_bins)
    return Summary(value=[Summary.Value(tag=name, histo=made)])


def make_histogram(values: Any, bins: Any, max_bins: int | None = None) -> Any:
    """The message of a histogram: the bins from the one before the first with values to the last with values.

    Raises ValueError where there are no values, or none within the bins.
    """
    if values.size == 0:
        raise ValueError("The input has no element.")
    values = values.reshape(-1)
    counts, limits = np.histogram(values, bins=bins)
    if max_bins is not None and len(counts) > max_bins:
        counts, limits = _coarser(counts, limits, len(counts) // max_bins)
    filled = np.flatnonzero(counts > 0)
    if not filled.size:
        raise ValueError("The histogram is empty, please file a bug report.")
    first, end = int(filled[0]), int(filled[-1]) + 1
    # A bin without values comes first: TensorBoard takes the limits for upper ones.
    before = counts[first - 1 : first] if first else [0]
    return HistogramProto(
        min=values.min(),
        max=values.max(),
        num=len(values),
        sum=values.sum(),
        sum_squares=values.dot(values),
        bucket_limit=limits[first : end + 1].tolist(),
        bucket=np.concatenate([before, counts[first:end]]).tolist(),
    )


def _coarser(counts: Any, limits: Any, every: int) -> tuple[Any, Any]:
    """Every so many bins as one."""
    rest = len(counts) % every
    if rest:
        counts = np.pad(counts, (0, every - rest))
    counts = counts.reshape(-1, every).sum(axis=-1)
    made = np.empty(counts.size + 1, limits.dtype)
    made[:-1] = limits[:-1:every]
    made[-1] = limits[-1]
    return counts, made


def pr_curve(tag: str, labels: Any, predictions: Any, num_thresholds: int = 127, weights: Any = None) -> Any:
    """A summary of precision and recall of predictions between 0 and 1, at thresholds that are evenly spread."""
    count = min(num_thresholds, _MOST_THRESHOLDS)
    return _curve(tag, compute_curve(labels, predictions, num_thresholds=count, weights=weights), count)


def pr_curve_raw(
    tag: str, tp: Any, fp: Any, tn: Any, fn: Any, precision: Any, recall: Any, num_thresholds: int = 127, weights: Any = None
) -> Any:
    """As :func:`pr_curve`, of counts from elsewhere."""
    return _curve(tag, np.stack((tp, fp, tn, fn, precision, recall)), min(num_thresholds, _MOST_THRESHOLDS))


def _curve(tag: str, data: Any, thresholds: int) -> Any:
    content = PrCurvePluginData(version=0, num_thresholds=thresholds).SerializeToString()
    return value_of_plugin(tag, "pr_curves", content, floats(data))


def compute_curve(labels: Any, predictions: Any, num_thresholds: Any = None, weights: Any = None) -> Any:
    """True and false positives, true and false negatives, precision and recall (rows) at each threshold (columns)."""
    weights = 1.0 if weights is None else weights
    place = np.floor(predictions * (num_thresholds - 1)).astype(np.int32)
    positive = labels.astype(np.float64)

    def at_least(weight: Any) -> Any:
        """The weight of what is predicted to be at each threshold or above."""
        counts, _ = np.histogram(place, bins=num_thresholds, range=(0, num_thresholds - 1), weights=weight)
        return np.cumsum(counts[::-1])[::-1]

    tp, fp = at_least(positive * weights), at_least((1.0 - positive) * weights)
    tn, fn = fp[0] - fp, tp[0] - tp
    precision = tp / np.maximum(_LEAST_COUNT, tp + fp)
    recall = tp / np.maximum(_LEAST_COUNT, tp + fn)
    return np.stack((tp, fp, tn, fn, precision, recall))

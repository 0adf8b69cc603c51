"""Numbers: the statistics of arrays, and numbers as people read them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from adjoint.autograd.quiet import silence
from adjoint.tensor import Tensor
from adjoint.why.trace import Stats


def stats_of(array: Any) -> Stats | None:
    """The statistics of an array; None of one that is no plain array."""
    array = getattr(getattr(array, "tensor", array), "_array", array)
    if isinstance(array, np.generic):
        array = np.asarray(array)
    if array.__class__ is not np.ndarray:
        return None
    size = array.size
    if not size:
        return Stats(0, 0, 0, 0.0, 0.0, 0.0, 0.0)
    kind = array.dtype.kind
    if kind not in "fc" or array.dtype.itemsize == 2:
        try:
            array = array.astype(np.float64)
        except (TypeError, ValueError):
            return None
    with silence():
        magnitude = np.abs(array)
        largest = float(magnitude.max())
        zero = 1.0 - np.count_nonzero(magnitude) / size
        if math.isfinite(largest):
            real = array.real if kind == "c" else array
            flat = magnitude.ravel()
            if largest > 1e150 or (0 < largest < 1e-150) or flat.dtype != np.float64:
                flat = flat.astype(np.float64)
            norm = largest * math.sqrt(float(np.dot(flat / largest, flat / largest))) if largest else 0.0
            return Stats(size, 0, 0, zero, float(real.min()), float(real.max()), norm)
        nan = int(np.isnan(magnitude).sum())
        inf = int(np.isinf(magnitude).sum())
        real = (array.real if kind == "c" else array)[np.isfinite(magnitude)]
        low, high = (float(real.min()), float(real.max())) if real.size else (math.nan, math.nan)
        return Stats(size, nan, inf, zero, low, high, math.nan if nan else math.inf)


def sample(tensor: Tensor, most: int = 6) -> str:
    """A tensor's numbers, in short: all of a few, the extremes of many."""
    array = tensor._array
    if array.__class__ is not np.ndarray:
        return ""
    if array.size <= most:
        return _listed(array.tolist())
    found = stats_of(array)
    if found is None:
        return ""
    text = f"{'×'.join(map(str, array.shape))} from {short(found.low)} to {short(found.high)}"
    if found.zero:
        text += f", {percent(found.zero)} zeros"
    if found.nan:
        text += f", {found.nan} NaN"
    if found.inf:
        text += f", {found.inf} infinite"
    return text


def _listed(value: Any) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(map(_listed, value)) + "]"
    return short(value) if isinstance(value, float) else str(value)


def short(x: float) -> str:
    """A number with three significant digits: ``0.25``, ``1.2e-08``, ``inf``."""
    if x is None or x != x:
        return "nan"
    if math.isinf(x):
        return "inf" if x > 0 else "-inf"
    if x == int(x) and abs(x) < 1e5:
        return str(int(x))
    if 1e-3 <= abs(x) < 1e5:
        return f"{x:.3g}" if abs(x) < 1000 else f"{x:.0f}"
    return f"{x:.1e}"


def percent(share: float) -> str:
    """A share as a percentage that says 100 % only where it is all."""
    if share >= 1:
        return "100 %"
    return f"{share * 100:.0f} %" if share < 0.995 else f"{math.floor(share * 1000) / 10} %"


def times(count: int) -> str:
    """``once``, ``twice``, ``5 times``."""
    return {1: "once", 2: "twice"}.get(count, f"{count} times")

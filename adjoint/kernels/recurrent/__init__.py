"""Recurrent layers: all steps of a layer in one direction by one kernel, and their gradients by another.

``go_forth`` and ``go_back`` take float32 or float64 arrays.  ``sizes`` are how many of the batch's sequences run at each step:
those are the first ones.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from adjoint.kernels.memory import empty
from adjoint.kernels.recurrent.plan import plan_of

Array = Any


class Walked(NamedTuple):
    """What is left of a walk through time; see :mod:`adjoint.kernels.recurrent.layout`."""

    out: Array
    h: Array
    c: Array | None
    gates: Array
    inner: Array | None
    states: Array | None
    cells: Array | None


def go_forth(
    gates: Array, weight: Array, bias: Array | None, h: Array, c: Array | None, mode: str, sizes: tuple[int, ...],
    reverse: bool, kept: bool,
) -> Walked:  # fmt: skip
    """All steps of a layer.  ``gates`` (T, B, gates * H) hold the input's share, and are overwritten.

    ``weight`` (gates * H, H) and ``bias`` (H,; of a GRU's new value) are of the state, ``h`` and ``c`` (B, H) the first states.
    With ``kept`` there is all that the gradients need.
    """
    steps, batch = gates.shape[:2]
    hidden = weight.shape[1]
    dtype = gates.dtype
    out = empty((steps, batch, hidden), dtype)
    now = _copy(h)
    cell = None if c is None else _copy(c)
    inner = states = cells = None
    if mode == "GRU":
        inner = empty((steps, batch, hidden), dtype)
        bias = np.zeros(hidden, dtype) if bias is None else np.ascontiguousarray(bias)
    if kept:
        first = steps if reverse else 0
        states = empty((steps + 1, batch, hidden), dtype)
        states[first] = h
        if cell is not None:
            cells = empty((steps + 1, batch, hidden), dtype)
            cells[first] = c
    plan_of(mode, dtype, sizes, hidden, reverse, kept, False).run(
        gates, inner, out, states, cells, now, cell, bias, None, None, None, weight=np.ascontiguousarray(weight)
    )
    return Walked(out, now, cell, gates, inner, states, cells)


def go_back(
    given: Array, g_h: Array, g_c: Array | None, weight: Array, gates: Array, inner: Array | None, states: Array,
    cells: Array | None, mode: str, sizes: tuple[int, ...], reverse: bool,
) -> tuple[Array, Array | None, Array, Array | None]:  # fmt: skip
    """The gradients of ``gates``, of ``inner``, and of the first states."""
    dtype = gates.dtype
    now = _copy(g_h)
    cell = None if g_c is None else _copy(g_c)
    to_gates = empty(gates.shape, dtype)
    to_inner = None if inner is None else empty(inner.shape, dtype)
    plan_of(mode, dtype, sizes, weight.shape[1], reverse, True, True).run(
        gates, inner, None, states, cells, now, cell, None, np.ascontiguousarray(given), to_gates, to_inner,
        weight=np.ascontiguousarray(weight),
    )  # fmt: skip
    return to_gates, to_inner, now, cell


def _copy(x: Array) -> Array:
    return np.array(x, order="C")

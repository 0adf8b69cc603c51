"""Recurrent layers: all steps of a layer in one direction by one kernel, and their gradients by another.

``go_forth`` and ``go_back`` take float32 or float64 arrays.  ``sizes`` are how many of the batch's sequences run at each step:
those are the first ones.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from adjoint.kernels.contraction.matmul import product
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


DEEP = 4096
"""Features from which on the input's share is a product for itself, in parts of which a panel stays in the cache."""


def go_forth(
    x: Array, of_input: Array, bias: Array | None, of_state: Array, inside: Array | None, h: Array, c: Array | None, mode: str,
    sizes: tuple[int, ...], reverse: bool, kept: bool,
) -> Walked:  # fmt: skip
    """All steps of a layer of the input ``x`` (T, B, I).

    The weights ``of_input`` (gates * H, I) and ``of_state`` (gates * H, H), ``bias`` (gates * H,) for both, ``inside`` (H,) for a
    GRU's new value, inside of what is weighed there; ``h`` and ``c`` (B, H) are the first states.  With ``kept`` there is all
    that the gradients need.
    """
    steps, batch, features = x.shape
    rows, hidden = of_state.shape
    dtype, size = x.dtype, x.itemsize
    if x.strides[2] != size or x.strides[0] % size or x.strides[1] % size:
        x = np.ascontiguousarray(x)
    merged = steps == 1 or x.strides[0] == batch * x.strides[1]
    gates = None
    if features > DEEP:
        gates = product(x.reshape(steps * batch, features), of_input.T, bias).reshape(steps, batch, rows)
        x, features = None, 0
    plan = plan_of(mode, dtype, sizes, features, hidden, reverse, kept, False, bias is not None, merged)
    if gates is None:
        gates = empty((plan.ring, batch, rows), dtype)
    out = empty((steps, batch, hidden), dtype)
    now = _copy(h)
    cell = None if c is None else _copy(c)
    inner = states = cells = None
    if mode == "GRU":
        inner = empty((plan.ring, batch, hidden), dtype)
        inside = np.zeros(hidden, dtype) if inside is None else np.ascontiguousarray(inside)
    if kept:
        first = steps if reverse else 0
        states = empty((steps + 1, batch, hidden), dtype)
        states[first] = h
        if cell is not None:
            cells = empty((steps + 1, batch, hidden), dtype)
            cells[first] = c
    bias = None if bias is None else np.ascontiguousarray(bias)
    plan.run(
        x, gates, inner, out, states, cells, now, cell, bias, inside, None, None, None,
        np.ascontiguousarray(of_input), np.ascontiguousarray(of_state),
        steps=(0, 0) if x is None else (x.strides[0] // size, x.strides[1] // size),
    )  # fmt: skip
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
    plan_of(mode, dtype, sizes, 0, weight.shape[1], reverse, True, True, False, False).run(
        None, gates, inner, None, states, cells, now, cell, None, None, np.ascontiguousarray(given), to_gates, to_inner,
        None, np.ascontiguousarray(weight),
    )  # fmt: skip
    return to_gates, to_inner, now, cell


def _copy(x: Array) -> Array:
    return np.array(x, order="C")

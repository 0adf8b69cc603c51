"""One layer of a recurrent network in one direction as one operator: all steps in time, and their gradients by one pass back.

The shares that the input has in the gates are one product for all steps; what follows is sequential, and done by a kernel
(:mod:`adjoint.kernels.recurrent`), or step by step by NumPy where there is none.  The way back is the same: one pass for the
gradients of the gates, and products over all steps for those of the weights (Werbos, "Backpropagation through time", 1990).  A
derivative of these, and whoever has to see each operator, is served by the steps themselves (:mod:`.recurrent_steps`).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from adjoint.autograd.backward import grad
from adjoint.autograd.grad_mode import mode as recording
from adjoint.autograd.grad_mode import nobody_looks
from adjoint.autograd.overriding import overrides
from adjoint.autograd.taped import taped
from adjoint.declare import op
from adjoint.dtypes import float32
from adjoint.kernels.late import Late
from adjoint.ops.arrays import Array, array_function
from adjoint.ops.products import FLOAT32, FLOAT64, MUCH, dot, is_kernels, over_rows, product
from adjoint.ops.recurrent_steps import GATES, Weights, by_steps
from adjoint.readings.batched import Level, materialized, rule, wrapped
from adjoint.tensor import NO_EDGE, Tensor

_forth = Late("recurrent:go_forth")
_back = Late("recurrent:go_back")


def one_layer(
    mode: str, x: Tensor, h: Tensor, c: Tensor | None, weights: Weights, reverse: bool, sizes: list[int]
) -> tuple[Tensor, Tensor, Tensor | None]:
    """All outputs (L, N, hidden) and the last states (N, hidden) of a layer in one direction.

    At time t only the first ``sizes[t]`` sequences still run.
    """
    if weights.projection is None and _is_one_operator(x, h, c, weights, GATES[mode]):
        tensors = [t for t in (x, h, c, *weights) if t is not None]
        kept = recording.enabled and any(t._edge is not NO_EDGE for t in tensors)
        if c is None:
            return (*_row.function(x, *weights[:4], h, mode, tuple(sizes), reverse, kept), None)  # type: ignore[return-value]
        row = _mkldnn_row if x.dtype is float32 and sizes[-1] == sizes[0] else _lstm_row
        return row.function(x, *weights[:4], h, c, mode, tuple(sizes), reverse, kept)  # type: ignore[no-any-return]
    return by_steps(mode, x, h, c, weights, reverse, sizes)


def _is_one_operator(x: Tensor, h: Tensor, c: Tensor | None, weights: Weights, gates: int) -> bool:
    """Whether arrays are NumPy's and fit, and nobody asks to see each step."""
    a, rows = x._array, gates * weights.of_state._array.shape[-1]
    if a.__class__ is not np.ndarray or (a.dtype is not FLOAT32 and a.dtype is not FLOAT64) or a.ndim != 3 or not nobody_looks():
        return False
    steps, batch, features = a.shape
    hidden = rows // gates
    wanted = [
        (x, a.shape), (h, (batch, hidden)), (c, (batch, hidden)), (weights.of_input, (rows, features)),
        (weights.of_state, (rows, hidden)), (weights.input_bias, (rows,)), (weights.state_bias, (rows,)),
    ]  # fmt: skip
    for t, shape in wanted:
        if t is not None:
            b = t._array
            if b.__class__ is not np.ndarray or b.dtype is not a.dtype or b.shape != shape or t._tangents:
                return False
            if t.__class__ is not Tensor and overrides(t.__class__):
                return False
    return a.size > 0 and hidden > 0


def _forward(input, of_input, of_state, input_bias, state_bias, h, c, mode, sizes, reverse, kept):
    """The outputs, the last states, and what the gradients need: gates, inner, states and cells."""
    steps, batch, features = input.shape
    rows, hidden = of_state.shape
    inner_bias = None
    bias = input_bias
    if mode == "GRU" and state_bias is not None:
        inner_bias = state_bias[2 * hidden :]
        state_bias = state_bias.copy()
        state_bias[2 * hidden :] = 0
    if state_bias is not None:
        bias = state_bias if bias is None else bias + state_bias
    found = _forth(input, of_input, bias, of_state, inner_bias, h, c, mode, sizes, reverse, kept)
    if found is not NotImplemented:
        return found
    gates = _linear(input.reshape(steps * batch, features), of_input, bias).reshape(steps, batch, rows)
    return _walk(gates, of_state, inner_bias, h, c, mode, sizes, reverse)


def _linear(x, weight, bias):
    """``x @ weight.T + bias``."""
    if x.size * len(weight) >= MUCH and is_kernels(x, weight.T):
        return product(x, weight.T, bias)
    made = x.dot(weight.T)
    return made if bias is None else np.add(made, bias, made)


def _in_time(sizes, backwards):
    """The steps in an order, each with how many sequences run, where the state before it is kept and where that after it."""
    order = range(len(sizes))
    for step in reversed(order) if backwards else order:
        yield (step, sizes[step], *((step + 1, step) if backwards else (step, step + 1)))


def _sigmoid(x):
    e = np.exp(-np.abs(x))
    return np.where(x < 0, e, 1) / (1 + e)


def _walk(gates, weight, inner_bias, h, c, mode, sizes, reverse):
    """As the kernel, by NumPy."""
    steps, batch, _ = gates.shape
    hidden, dtype = weight.shape[1], gates.dtype
    out = np.zeros((steps, batch, hidden), dtype)
    states = np.empty((steps + 1, batch, hidden), dtype)
    cells = None if c is None else np.empty((steps + 1, batch, hidden), dtype)
    inner = np.zeros((steps, batch, hidden), dtype) if mode == "GRU" else None
    states[steps if reverse else 0] = h
    if cells is not None:
        cells[steps if reverse else 0] = c
    for step, n, before, after in _in_time(sizes, reverse):
        states[after] = states[before]
        mine, last = gates[step, :n], states[before, :n]
        share = last.dot(weight.T)
        if mode == "LSTM":
            mine += share
            cells[after] = cells[before]
            i, f, g, o = (mine[:, k * hidden : (k + 1) * hidden] for k in range(4))
            i[...], f[...], g[...], o[...] = _sigmoid(i), _sigmoid(f), np.tanh(g), _sigmoid(o)
            cells[after, :n] = f * cells[before, :n] + i * g
            new = o * np.tanh(cells[after, :n])
        elif mode == "GRU":
            inner[step, :n] = share[:, 2 * hidden :] if inner_bias is None else share[:, 2 * hidden :] + inner_bias
            mine[:, : 2 * hidden] = _sigmoid(mine[:, : 2 * hidden] + share[:, : 2 * hidden])
            r, z, value = (mine[:, k * hidden : (k + 1) * hidden] for k in range(3))
            value[...] = np.tanh(value + r * inner[step, :n])
            new = (last - value) * z + value
        else:
            share += mine
            new = np.tanh(share) if mode == "RNN_TANH" else np.maximum(share, 0)
        states[after, :n] = out[step, :n] = new
    end = 0 if reverse else steps
    return out, states[end].copy(), None if cells is None else cells[end].copy(), gates, inner, states, cells


def _walk_back(given, g_h, g_c, weight, gates, inner, states, cells, mode, sizes, reverse):
    """As the kernel, by NumPy: the gradients of the gates, of a GRU's inner share, and of the first states."""
    hidden = weight.shape[1]
    to_gates = np.zeros_like(gates)
    to_inner = None if inner is None else np.zeros_like(inner)
    dh, dc = g_h.copy(), None if g_c is None else g_c.copy()
    for step, n, before, after in reversed(list(_in_time(sizes, reverse))):
        to, total = to_gates[step, :n], dh[:n] + given[step, :n]
        parts = [gates[step, :n, k * hidden : (k + 1) * hidden] for k in range(gates.shape[2] // hidden)]
        if mode == "LSTM":
            i, f, g, o = parts
            t = np.tanh(cells[after, :n])
            through = total * o * (1 - t * t) + dc[:n]
            for k, part in enumerate((
                through * g * (i * (1 - i)), through * cells[before, :n] * (f * (1 - f)), through * i * (1 - g * g),
                total * t * (o * (1 - o)),
            )):  # fmt: skip
                to[:, k * hidden : (k + 1) * hidden] = part
            dc[:n] = through * f
            dh[:n] = to.dot(weight)
        elif mode == "GRU":
            r, z, value = parts
            through = total * (1 - z) * (1 - value * value)
            to[:, :hidden] = through * inner[step, :n] * (r * (1 - r))
            to[:, hidden : 2 * hidden] = total * (states[before, :n] - value) * (z * (1 - z))
            to[:, 2 * hidden :] = through
            to_inner[step, :n] = through * r
            dh[:n] = total * z + to[:, : 2 * hidden].dot(weight[: 2 * hidden]) + to_inner[step, :n].dot(weight[2 * hidden :])
        else:
            h = states[after, :n]
            to[...] = total * (1 - h * h) if mode == "RNN_TANH" else np.where(h <= 0, 0, total)
            dh[:n] = to.dot(weight)
    return to_gates, to_inner, dh, dc


@array_function
def layer_gradients(
    gs, input, of_input, of_state, input_bias, state_bias, h, c, gates, inner, states, cells, mode, sizes, reverse, needed
):  # fmt: skip
    """The gradients of ``input``, both weights, both biases, ``h`` and ``c``; None where none is needed."""
    steps, batch, features = input.shape
    rows, hidden = of_state.shape
    inner, cells = inner if inner.size else None, cells if cells.size else None
    given, g_h = gs[:2]
    arguments = given, g_h, gs[2] if len(gs) > 2 else None, of_state, gates, inner, states, cells, mode, sizes, reverse
    found = _back(*arguments)
    if found is NotImplemented:
        found = _walk_back(*arguments)
    to_gates, to_inner, to_h, to_c = found
    flat = to_gates.reshape(steps * batch, rows)
    before = (states[1:] if reverse else states[:-1]).reshape(steps * batch, hidden)
    to_input = dot(flat, of_input).reshape(input.shape) if needed[0] else None
    to_of_input = dot(flat.T, input.reshape(steps * batch, features)) if needed[1] else None
    to_input_bias = over_rows(flat) if needed[3] or (needed[4] and to_inner is None) else None
    to_state_bias = to_input_bias
    to_of_state = None
    if to_inner is None:
        to_of_state = dot(flat.T, before) if needed[2] else None
    else:
        inside = to_inner.reshape(steps * batch, hidden)
        outside = flat[:, : 2 * hidden]
        if needed[2]:
            to_of_state = np.empty(of_state.shape, of_state.dtype)
            to_of_state[: 2 * hidden] = dot(outside.T, before)
            to_of_state[2 * hidden :] = dot(inside.T, before)
        if needed[4]:
            outer = over_rows(outside) if to_input_bias is None else to_input_bias[: 2 * hidden]
            to_state_bias = np.concatenate([outer, over_rows(inside)])
    if needed[3] and needed[4] and to_state_bias is to_input_bias:
        to_state_bias = to_input_bias.copy()
    return (
        to_input, to_of_input, to_of_state, to_input_bias if needed[3] else None, to_state_bias if needed[4] else None,
        to_h, to_c,
    )  # fmt: skip


@taped(layer_gradients)
def _taped_gradients(
    gs, input, of_input, of_state, input_bias, state_bias, h, c, gates, inner, states, cells, mode, sizes, reverse, needed
):  # fmt: skip
    """By the gradients of the steps, which are recorded."""
    given = [input, of_input, of_state, input_bias, state_bias, h, c]
    # By second names: one may be made of another, and what is asked for is the way that does not lead through that.
    x, w_ih, w_hh, b_ih, b_hh, h0, c0 = own = [None if t is None else t.view_as(t) for t in given]
    made = by_steps(mode, x, h0, c0, Weights(w_ih, w_hh, b_ih, b_hh), reverse, list(sizes))
    wanted = [t for t, need in zip(own, needed) if need]
    found = iter(grad(made[: len(gs)], wanted, gs, create_graph=True, allow_unused=True))
    return tuple(next(found) if need else None for need in needed[: 7 if c is not None else 6]) + (() if c is not None else (None,))


@rule(layer_gradients)
def _batched_gradients(level: Level, gs: Any, *args: Any) -> Any:
    """One sample after the other."""
    arrays = [None if a is None else materialized(a, level) for a in args[:11]]
    given = [materialized(g, level) for g in gs]
    each = [
        layer_gradients([g[k] for g in given], *[None if a is None else a[k] for a in arrays], *args[11:]) for k in range(level.size)
    ]
    return tuple(None if parts[0] is None else wrapped(np.stack(parts), level) for parts in zip(*each))


def _lstm(
    input: Array, weight0: Array, weight1: Array, weight2: Array | None, weight3: Array | None, hx_: Array, cx_: Array,
    mode, sizes, reverse, kept,
):  # fmt: skip
    out, h, c, gates, _, states, cells = _forward(
        input, weight0, weight1, weight2, weight3, hx_, cx_, mode, sizes, reverse, kept
    )
    return out, h, c, gates, _or_nothing(states), _or_nothing(cells)


def _lstm_gradients(gs, input, weight0, weight1, weight2, weight3, hx_, cx_, gates, states, cells, mode, sizes, reverse, needed):
    return layer_gradients(
        gs, input, weight0, weight1, weight2, weight3, hx_, cx_, gates, _NOTHING, states, cells, mode, sizes, reverse, needed
    )


def _others(
    input: Array, weight0: Array, weight1: Array, weight2: Array | None, weight3: Array | None, hx_: Array,
    mode, sizes, reverse, kept,
):  # fmt: skip
    out, h, _, gates, inner, states, _ = _forward(
        input, weight0, weight1, weight2, weight3, hx_, None, mode, sizes, reverse, kept
    )
    return out, h, gates, _or_nothing(inner), _or_nothing(states)


def _others_gradients(gs, input, weight0, weight1, weight2, weight3, hx_, gates, inner, states, mode, sizes, reverse, needed):
    return layer_gradients(
        gs, input, weight0, weight1, weight2, weight3, hx_, None, gates, inner, states, _NOTHING, mode, sizes, reverse, needed
    )[:6]


_NOTHING = np.empty(0, np.float32)


def _or_nothing(x: Array | None) -> Array:
    return _NOTHING if x is None else x


_INPUTS = "input weight0 weight1 weight2 weight3 hx_"
_READS = "of the gates' gradients, which go back through time: g_gates[t], then g_h[t - 1] = g_gates[t] @ weight1"

_LSTM: Any = {
    "where": "", "fused": False, "outputs": ("output", "h", "c"), "apart": True, "keeps": ("gates", "states", "cells"),
    "gradients": {f"{_INPUTS} cx_": _lstm_gradients}, "reads": dict.fromkeys(f"{_INPUTS} cx_".split(), _READS),
}  # fmt: skip
_mkldnn_row = op("mkldnn_rnn_layer", _lstm, node="MkldnnRnnLayerBackward0", **_LSTM)

# PyTorch makes the others of a node for each operator of each step, and at last stacks them.
_lstm_row = op("_lstm_layer", _lstm, node="StackBackward0", held="weight0 weight1", **_LSTM)
_row = op(
    "_rnn_layer", _others, where="", fused=False, outputs=("output", "h"), apart=True, keeps=("gates", "inner", "states"),
    node="StackBackward0", held="weight0 weight1",
    gradients={_INPUTS: _others_gradients}, reads=dict.fromkeys(_INPUTS.split(), _READS),
)  # fmt: skip

"""The steps of recurrent layers, made of other operators: for who has to see each of them, and for what has no kernel."""

from __future__ import annotations

from typing import Any, NamedTuple

from adjoint import dtypes
from adjoint.declare.namespaces import lookup
from adjoint.ops.contraction import linear_of_whole_weight
from adjoint.tensor import Tensor

_MKLDNN = (dtypes.float32, dtypes.float16, dtypes.bfloat16)  # of which PyTorch computes an LSTM by MKLDNN
GATES = {"LSTM": 4, "GRU": 3, "RNN_TANH": 1, "RNN_RELU": 1}


class Weights(NamedTuple):
    """The weights of one layer in one direction."""

    of_input: Tensor
    of_state: Tensor
    input_bias: Tensor | None = None
    state_bias: Tensor | None = None
    projection: Tensor | None = None


def step(
    mode: str, x_gates: Tensor, h: Tensor, c: Any, w_hh: Tensor, b_hh: Tensor | None, linear: Any = None
) -> tuple[Tensor, Any]:
    """One step in time; ``x_gates`` is the input's share of the gates, ``linear`` what computes the state's."""
    h_gates = (linear or lookup("nn.functional", "linear"))(h, w_hh, b_hh)
    if mode == "LSTM":
        i, f, g, o = (x_gates + h_gates).chunk(4, -1)
        c = f.sigmoid() * c + i.sigmoid() * g.tanh()
        return o.sigmoid() * c.tanh(), c
    if mode == "GRU":
        x_r, x_z, x_n = x_gates.chunk(3, -1)
        h_r, h_z, h_n = h_gates.chunk(3, -1)
        reset = (x_r + h_r).sigmoid()
        update = (x_z + h_z).sigmoid()
        new = (x_n + reset * h_n).tanh()
        return (h - new) * update + new, None
    total = x_gates + h_gates
    return (total.tanh() if mode == "RNN_TANH" else total.relu()), None


def by_steps(
    mode: str, x: Tensor, h: Tensor, c: Any, weights: Weights, reverse: bool, sizes: list[int]
) -> tuple[Tensor, Tensor, Any]:
    """A layer in one direction: its outputs (L, N, hidden), with zeros where a sequence has ended, and its last states."""
    linear, pad, cat = lookup("nn.functional", "linear"), lookup("nn.functional", "pad"), lookup("torch", "cat")
    if mode == "LSTM" and weights.projection is None and sizes[-1] == sizes[0] and x.dtype in _MKLDNN:
        linear = linear_of_whole_weight
    x_gates = linear(x, weights.of_input, weights.input_bias)
    steps: list[Any] = [None] * x.size(0)
    full = x.size(1)
    for t in reversed(range(x.size(0))) if reverse else range(x.size(0)):
        n = sizes[t]
        now = (h, c) if n == full else (h[:n], None if c is None else c[:n])
        gates = x_gates[t] if n == full else x_gates[t, :n]
        new_h, new_c = step(mode, gates, *now, weights.of_state, weights.state_bias, linear)
        if weights.projection is not None:
            new_h = linear(new_h, weights.projection)
        if n == full:
            h, c = new_h, new_c
            steps[t] = h
        else:
            steps[t] = pad(new_h, (0, 0, 0, full - n))
            h = cat([new_h, h[n:]])
            c = None if c is None else cat([new_c, c[n:]])
    return lookup("torch", "stack")(steps), h, c


def padded(data: Tensor, sizes: list[int]) -> Tensor:
    """The rows of a packed sequence as (L, N, features), with zeros where a sequence has ended."""
    pad = lookup("nn.functional", "pad")
    return lookup("torch", "stack")([pad(rows, (0, 0, 0, sizes[0] - rows.size(0))) for rows in data.split(sizes)])  # type: ignore[no-any-return]


def running(x: Tensor, sizes: list[int]) -> Tensor:
    """The rows that are in a packed sequence, of (L, N, features)."""
    return lookup("torch", "cat")([x[t, :n] for t, n in enumerate(sizes)])  # type: ignore[no-any-return]

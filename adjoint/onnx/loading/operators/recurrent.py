"""Recurrent networks: those that are PyTorch's by its functions, any other step by step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import adjoint
from adjoint.nn import functional
from adjoint.onnx.loading.rows import operator
from adjoint.tensor import Tensor

_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "sigmoid": lambda a, b: adjoint.sigmoid,
    "tanh": lambda a, b: adjoint.tanh,
    "relu": lambda a, b: adjoint.relu,
    "affine": lambda a, b: lambda x: (1.0 if a is None else a) * x + (0.0 if b is None else b),
    "leakyrelu": lambda a, b: lambda x: functional.leaky_relu(x, 0.01 if a is None else a),
    "thresholdedrelu": lambda a, b: lambda x: functional.threshold(x, 1.0 if a is None else a, 0.0),
    "scaledtanh": lambda a, b: lambda x: (1.0 if a is None else a) * adjoint.tanh((1.0 if b is None else b) * x),
    "hardsigmoid": lambda a, b: (
        lambda x: adjoint.clamp((0.2 if a is None else a) * x + (0.5 if b is None else b), 0, 1)
    ),
    "elu": lambda a, b: lambda x: functional.elu(x, 1.0 if a is None else a),
    "softsign": lambda a, b: functional.softsign,
    "softplus": lambda a, b: functional.softplus,
}
_TWO_NUMBERS = {"affine", "scaledtanh", "hardsigmoid"}
_ONE_NUMBER = {"leakyrelu", "thresholdedrelu", "elu"}


def _activations(names: Any, alphas: Any, betas: Any) -> list[Any]:
    """The functions, with the numbers that belong to those that have some."""
    first, second = iter(alphas or ()), iter(betas or ())
    found = []
    for name in names:
        key = name.lower()
        a = next(first, None) if key in _TWO_NUMBERS or key in _ONE_NUMBER else None
        b = next(second, None) if key in _TWO_NUMBERS else None
        if key not in _FUNCTIONS:
            raise ValueError(f"the activation {name!r} is not known")
        found.append(_FUNCTIONS[key](a, b))
    return found


def _clipped(function: Any, clip: float | None) -> Any:
    return function if clip is None else lambda x: function(adjoint.clamp(x, -clip, clip))


def _reordered(w: Tensor, order: tuple[int, ...]) -> Tensor:
    """The gates' rows in PyTorch's order."""
    if order == (0,):
        return w
    parts = w.chunk(len(order))
    return adjoint.cat([parts[n] for n in order])


def _make(
    gates: int, order: tuple[int, ...], defaults: tuple[str, ...], fused: Callable[..., Any], step: Callable[..., Any],
    like_pytorchs: tuple[tuple[str, ...], ...],
) -> Any:  # fmt: skip
    """What the three have in common: directions, layouts, lengths, states, and when PyTorch's function is the same.

    ``clip`` bounds what goes into every activation, as the definition says; onnxruntime leaves the LSTM's cell out.
    """

    def make(
        site: Any, hidden_size: int | None = None, activation_alpha: Any = None, activation_beta: Any = None,
        activations: Any = None, clip: float | None = None, direction: str = "forward", layout: int = 0, input_forget: int = 0,
        linear_before_reset: int = 0,
    ) -> Any:  # fmt: skip
        two = direction == "bidirectional"
        names = activations or defaults * (2 if two else 1)
        functions = [_clipped(f, clip) for f in _activations(names, activation_alpha, activation_beta)]
        states = 2 if gates == 4 else 1
        usual = clip is None and not input_forget and (gates != 3 or linear_before_reset == 1)
        usual = usual and tuple(n.lower() for n in names) in [choice * (2 if two else 1) for choice in like_pytorchs]
        name = names[0].lower()

        def run(x: Any, w: Any, r: Any, b: Any = None, lengths: Any = None, *rest: Any) -> Any:
            if layout:
                x = x.transpose(0, 1)
            steps, batch, _ = x.shape
            size = r.shape[2]
            given = [rest[n] if len(rest) > n else None for n in range(states)]
            peepholes = rest[2] if states == 2 and len(rest) > 2 else None
            given = [s.transpose(0, 1) if layout and s is not None else s for s in given]
            start = [adjoint.zeros(w.shape[0], batch, size, dtype=x.dtype) if s is None else s for s in given]
            if usual and lengths is None and peepholes is None and steps and x.dtype.is_floating_point:
                weights = []
                for d in range(w.shape[0]):
                    weights += [_reordered(w[d], order), _reordered(r[d], order)]
                    if b is not None:
                        both = b[d].chunk(2)
                        weights += [_reordered(both[0], order), _reordered(both[1], order)]
                back = direction == "reverse"
                y, *last = fused(name, x.flip(0) if back else x, start, weights, b is not None, two)
                y = y.reshape(steps, batch, w.shape[0], size).transpose(1, 2)
                if back:
                    y = y.flip(0)
            else:
                ys, lasts = [], []
                for d in range(w.shape[0]):
                    per = len(defaults)
                    y_d, last_d = _unrolled(
                        x, w[d], r[d], None if b is None else b[d], lengths, [s[d] for s in start],
                        None if peepholes is None else peepholes[d], functions[d * per : (d + 1) * per],
                        d == 1 or direction == "reverse", step, input_forget if gates == 4 else linear_before_reset,
                    )  # fmt: skip
                    ys.append(y_d)
                    lasts.append(last_d)
                y = adjoint.stack(ys, 1)
                last = [adjoint.stack(each) for each in zip(*lasts)]
            if layout:
                return (y.permute(2, 0, 1, 3), *(s.transpose(0, 1) for s in last))
            return (y, *last)

        return run

    return make


def _unrolled(
    x: Any, w: Any, r: Any, b: Any, lengths: Any, states: Any, peepholes: Any, functions: Any, back: bool, step: Any, option: int
) -> Any:  # fmt: skip
    steps = x.shape[0]
    bias_w, bias_r = (None, None) if b is None else b.chunk(2)
    projected = functional.linear(x, w, bias_w)
    outputs: list[Any] = [None] * steps
    for t in reversed(range(steps)) if back else range(steps):
        new = step(projected[t], states, r, bias_r, peepholes, functions, option)
        if lengths is not None:
            lives = (lengths > t).unsqueeze(1)
            outputs[t] = adjoint.where(lives, new[0], 0.0).to(x.dtype)
            states = [adjoint.where(lives, n, s) for n, s in zip(new, states)]
        else:
            outputs[t] = new[0]
            states = new
    return adjoint.stack(outputs), states


def _rnn_step(g: Any, states: Any, r: Any, bias: Any, peepholes: Any, functions: Any, option: int) -> Any:
    return [functions[0](g + functional.linear(states[0], r, bias))]


def _gru_step(g: Any, states: Any, r: Any, bias: Any, peepholes: Any, functions: Any, linear_before_reset: int) -> Any:
    f, h_of = functions
    (h,) = states
    size = h.shape[1]
    b = [None] * 3 if bias is None else bias.split(size)
    r_z, r_r, r_h = r.split(size)
    g_z, g_r, g_h = g.split(size, 1)
    z = f(g_z + functional.linear(h, r_z, b[0]))
    reset = f(g_r + functional.linear(h, r_r, b[1]))
    inner = reset * functional.linear(h, r_h, b[2]) if linear_before_reset else functional.linear(reset * h, r_h, b[2])
    return [(1 - z) * h_of(g_h + inner) + z * h]


def _lstm_step(g: Any, states: Any, r: Any, bias: Any, peepholes: Any, functions: Any, input_forget: int) -> Any:
    f, g_of, h_of = functions
    h, c = states
    size = h.shape[1]
    i, o, forget, cell = (g + functional.linear(h, r, bias)).split(size, 1)
    p_i, p_o, p_f = (0.0, 0.0, 0.0) if peepholes is None else peepholes.split(size)
    i = f(i + p_i * c)
    forget = 1 - i if input_forget else f(forget + p_f * c)
    c = forget * c + i * g_of(cell)
    o = f(o + p_o * c)
    return [o * h_of(c), c]


def _fused_lstm(name: str, x: Any, start: Any, weights: Any, biases: bool, two: bool) -> Any:
    return adjoint.lstm(x, tuple(start), weights, biases, 1, 0.0, False, two, False)


def _fused_gru(name: str, x: Any, start: Any, weights: Any, biases: bool, two: bool) -> Any:
    return adjoint.gru(x, start[0], weights, biases, 1, 0.0, False, two, False)


def _fused_rnn(name: str, x: Any, start: Any, weights: Any, biases: bool, two: bool) -> Any:
    function = adjoint.rnn_tanh if name == "tanh" else adjoint.rnn_relu
    return function(x, start[0], weights, biases, 1, 0.0, False, two, False)


_LSTM, _GRU, _RNN = ("Sigmoid", "Tanh", "Tanh"), ("Sigmoid", "Tanh"), ("Tanh",)


operator("LSTM", since=7, several=True)(
    _make(4, (0, 2, 3, 1), _LSTM, _fused_lstm, _lstm_step, (("sigmoid", "tanh", "tanh"),))
)
operator("GRU", since=7, several=True)(_make(3, (1, 0, 2), _GRU, _fused_gru, _gru_step, (("sigmoid", "tanh"),)))
operator("RNN", since=7, several=True)(_make(1, (0,), _RNN, _fused_rnn, _rnn_step, (("tanh",), ("relu",))))

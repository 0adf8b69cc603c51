"""Recurrent layers: ONNX's own operators, one for each layer."""

from __future__ import annotations

from typing import Any

import numpy as np

from adjoint.onnx.graph import Graph, Value
from adjoint.onnx.translators.table import translates, unsupported

# In which order ONNX has the gates that PyTorch has as: input, forget, cell, output; reset, update, new.
_GATES = {"LSTM": (0, 3, 1, 2), "GRU": (1, 0, 2), "RNN": (0,)}


def _reordered(g: Graph, weight: Value, kind: str) -> Value:
    """The rows of a weight or bias in ONNX's order of gates."""
    order = _GATES[kind]
    if len(order) == 1:
        return weight
    parts = g.op(
        "Split",
        weight,
        g.const(np.full(len(order), weight.sizes[0] // len(order), np.int64)),
        axis=0,
        outputs=len(order),
    )
    return g.op("Concat", *[parts[i] for i in order], axis=0)  # type: ignore[no-any-return]


def _layers(kind: str, activation: str | None = None) -> Any:
    def translate(
        g: Graph,
        input: Value,
        hx: Any,
        params: Any,
        has_biases: bool,
        num_layers: int,
        dropout: float,
        train: bool,
        bidirectional: bool,
        batch_first: bool = False,
    ) -> Any:
        if isinstance(has_biases, (list, tuple)):
            raise unsupported(g, f"{kind.lower()} of packed sequences")
        if train and dropout:
            raise unsupported(g, f"{kind.lower()} with dropout in training")
        states = list(hx) if kind == "LSTM" else [hx]
        directions = 2 if bidirectional else 1
        hidden = params[1].sizes[1]
        count = 4 if has_biases else 2
        if len(params) != num_layers * directions * count:
            raise unsupported(g, f"{kind.lower()} with projections")
        x = g.op("Transpose", input, perm=[1, 0, 2]) if batch_first else input
        finals: list[list[Value]] = [[] for _ in states]
        activations = None if activation is None else [activation] * directions
        for layer in range(num_layers):
            own = [
                params[i : i + count]
                for i in range(layer * directions * count, (layer + 1) * directions * count, count)
            ]
            stacked = [
                g.op("Concat", *[g.unsqueeze(_reordered(g, each[i], kind), [0]) for each in own], axis=0)
                for i in range(count)
            ]
            bias = g.op("Concat", stacked[2], stacked[3], axis=1) if has_biases else None
            at = layer * directions
            begin = [s if num_layers == 1 else g.slice(s, 0, at, at + directions) for s in states]
            made = g.op(
                kind,
                x,
                stacked[0],
                stacked[1],
                bias,
                None,
                *begin,
                hidden_size=hidden,
                outputs=1 + len(states),
                direction="bidirectional" if bidirectional else "forward",
                activations=activations,
                linear_before_reset=1 if kind == "GRU" else None,
            )
            steps = made[0]  # (time, directions, batch, features)
            if bidirectional:
                x = g.op("Reshape", g.op("Transpose", steps, perm=[0, 2, 1, 3]), np.array([0, 0, -1], np.int64))
            else:
                x = g.squeeze(steps, [1])
            for each, state in zip(finals, made[1:]):
                each.append(state)
        last = [each[0] if len(each) == 1 else g.op("Concat", *each, axis=0) for each in finals]
        return (g.op("Transpose", x, perm=[1, 0, 2]) if batch_first else x, *last)

    return translate


translates("lstm")(_layers("LSTM"))
translates("gru")(_layers("GRU"))
translates("rnn_tanh")(_layers("RNN", "Tanh"))
translates("rnn_relu")(_layers("RNN", "Relu"))

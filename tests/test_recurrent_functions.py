"""``torch.lstm``, ``torch.gru``, ``torch.rnn_tanh``, ``torch.rnn_relu`` and their single steps."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from both import agree

KINDS = {"lstm": ("LSTM", {}), "gru": ("GRU", {}), "rnn_tanh": ("RNN", {}), "rnn_relu": ("RNN", {"nonlinearity": "relu"})}


def _made(torch: Any, name: str, **options: Any) -> tuple[Any, list[Any]]:
    kind, more = KINDS[name]
    module = getattr(torch.nn, kind)(4, 6, 2, **more, **options)
    return module, list(module._flat_weights)


@pytest.mark.parametrize("name", KINDS)
def test_layers_are_functions_of_their_weights(name: str) -> None:
    def scenario(torch: Any) -> Any:
        seen = []
        for bias, both_ways, first in product((True, False), (False, True), (False, True)):
            _, weights = _made(torch, name, bias=bias, bidirectional=both_ways)
            x = torch.randn((3, 5, 4) if first else (5, 3, 4), requires_grad=True)
            h = torch.randn(2 * (1 + both_ways), 3, 6, requires_grad=True)
            state = (h, h.tanh()) if name == "lstm" else h
            found = getattr(torch, name)(x, state, weights, bias, 2, 0.0, True, both_ways, first)
            sum((f * f).sum() for f in found).backward()
            seen += [[f.detach() for f in found], x.grad, h.grad, [w.grad for w in weights]]
        return seen

    agree(scenario, 2e-5)


@pytest.mark.parametrize("name", KINDS)
def test_of_packed_sequences(name: str) -> None:
    def scenario(torch: Any) -> Any:
        _, weights = _made(torch, name)
        packed = torch.nn.utils.rnn.pack_sequence([torch.randn(n, 4) for n in (4, 2, 2)])
        h = torch.randn(2, 3, 6, requires_grad=True)
        found = getattr(torch, name)(
            data=packed.data, batch_sizes=packed.batch_sizes, hx=(h, h) if name == "lstm" else h, params=weights,
            has_biases=True, num_layers=2, dropout=0.0, train=False, bidirectional=False,
        )  # fmt: skip
        found[0].sum().backward()
        return [f.detach() for f in found], h.grad, [w.grad for w in weights]

    agree(scenario, 2e-5)


def test_an_lstm_that_projects() -> None:
    def scenario(torch: Any) -> Any:
        _, weights = _made(torch, "lstm", proj_size=3)
        state = torch.randn(2, 3, 3), torch.randn(2, 3, 6)
        return [f.detach() for f in torch.lstm(torch.randn(5, 3, 4), state, weights, True, 2, 0.0, False, False, False)]


    agree(scenario, 2e-5, warnings_too=False)  # PyTorch warns of what oneDNN cannot do


@pytest.mark.parametrize("name", KINDS)
def test_single_steps(name: str) -> None:
    def scenario(torch: Any) -> Any:
        rows = {"lstm": 24, "gru": 18}.get(name, 6)
        x, h = torch.randn(3, 4, requires_grad=True), torch.randn(3, 6, requires_grad=True)
        given = [torch.randn(rows, n, requires_grad=True) for n in (4, 6)] + [torch.randn(rows) for _ in range(2)]
        cell, state, seen = getattr(torch, f"{name}_cell"), (h, h) if name == "lstm" else h, []
        for count in (2, 3, 4):
            found = cell(x, state, *given[:count])
            found = found if isinstance(found, tuple) else (found,)
            seen += [[f.detach() for f in found], torch.autograd.grad(sum((f * f).sum() for f in found), [x, h, *given[:2]])]
        return seen

    agree(scenario, 1e-5)


CALLS = """
lstm(x, (h,), p, True, 2, 0., False, False, False) | gru(x, h, p[:-1], True, 2, 0., False, False, False)
gru(x, h[:1], p, True, 2, 0., False, False, False) | lstm(x[0], (h, h), p, True, 2, 0., False, False, False)
lstm_cell(x[0], (h[0],) * 2, w[:5, :4], w) | lstm_cell(x[0], (h[0],) * 2, w[:, :4], w[:3, :6]) | lstm_cell(x[0], x[0], w, w)
gru_cell(x[0, :2], h[0], w[:18, :4], w[:18]) | gru_cell(x[0], h[0, :, :5], w[:18, :4], w[:18])
rnn_tanh_cell(x[0], h[0], w[:, :4], w) | rnn_relu_cell(x[0], h[0], w[:6, :4], w[:6], w[0, :2])
"""


@pytest.mark.parametrize("call", [c.strip() for c in CALLS.replace("\n", "|").split("|") if c.strip()])
def test_what_they_refuse(call: str) -> None:
    def scenario(torch: Any) -> Any:
        _, weights = _made(torch, "gru" if call.startswith("gru(") else "lstm")
        names = {"x": torch.randn(5, 3, 4), "h": torch.randn(2, 3, 6), "w": torch.randn(24, 6), "p": weights}
        return eval(f"torch.{call}", {"torch": torch, **names})

    agree(scenario, raises=True)


@pytest.mark.parametrize(
    "arguments", ["x, h, p", "x, h, p, True, 2, 0., False, False, True", "x, (h, h), [3], True, 2, 0., False, False, True"]
)
def test_what_fits_neither_signature(arguments: str) -> None:
    import adjoint as torch

    with pytest.raises(TypeError, match=r"^lstm\(\) received an invalid combination of arguments - got \(Tensor, "):
        eval(f"torch.lstm({arguments})", {"torch": torch, "x": torch.ones(5, 3, 4), "h": torch.ones(2, 3, 6), "p": []})


def test_weights_without_a_place_are_refused() -> None:
    """PyTorch reads weights of wrong shapes as if they were right, and what lies behind them."""
    import adjoint as torch

    weights = torch.nn.LSTM(4, 6, 2)._flat_weights
    x, h = torch.ones(5, 3, 4), torch.ones(2, 3, 6)
    with pytest.raises(RuntimeError, match="4 sets of weights were given for 2 layers"):
        torch.lstm(x, (h, h), weights, False, 2, 0.0, False, False, False)
    with pytest.raises(RuntimeError, match="cannot be multiplied"):
        torch.lstm(x[..., :3], (h, h), weights, True, 2, 0.0, False, False, False)

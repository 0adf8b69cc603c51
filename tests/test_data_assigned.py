"""``p.data = new`` between forward and backward, and what dropout between recurrent layers draws for."""

from __future__ import annotations

from typing import Any

import pytest

from tests.both import agree

SHAPES = ((3, 4), (2, 3, 4), (4,))


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("bias", [True, False])
def test_a_linear_layers_backward_uses_the_weight_of_its_forward(shape: Any, bias: bool) -> None:
    def scenario(torch: Any) -> Any:
        x = torch.randn(shape, dtype=torch.float64, requires_grad=True)
        layer = torch.nn.Linear(4, 5, bias=bias, dtype=torch.float64)
        y = layer(x)
        layer.weight.data = layer.weight.data * 3
        first = torch.autograd.grad((y * y).sum(), x, create_graph=True)[0]
        second = torch.autograd.grad(first.sum(), [x, layer.weight], allow_unused=True)
        return [t.detach() for t in (first, *second)]

    agree(scenario, tolerance=1e-9)


def test_a_gated_cells_backward_uses_the_weights_of_its_forward() -> None:
    def scenario(torch: Any) -> Any:
        x = torch.randn(3, 4, dtype=torch.float64, requires_grad=True)
        cell = torch.nn.GRUCell(4, 5, dtype=torch.float64)
        loss = cell(x).sum()
        for p in cell.parameters():
            p.data = p.data * 3
        loss.backward()
        return x.grad

    agree(scenario, tolerance=1e-9)


def test_a_saved_tensors_hook_still_decides_what_the_backward_sees() -> None:
    def scenario(torch: Any) -> Any:
        x = torch.randn(3, 4, dtype=torch.float64, requires_grad=True)
        layer = torch.nn.Linear(4, 5, dtype=torch.float64)
        with torch.autograd.graph.saved_tensors_hooks(lambda t: t.detach().clone(), lambda t: t * 2):
            loss = layer(x).sum()
        layer.weight.data = layer.weight.data * 3
        loss.backward()
        return x.grad

    agree(scenario, tolerance=1e-9)


@pytest.mark.parametrize("kind", ["LSTM", "GRU", "RNN"])
@pytest.mark.parametrize("lengths", [(3, 1), (1, 3, 2), (2, 2)])
@pytest.mark.parametrize("bidirectional", [False, True])
def test_dropout_between_layers_draws_for_the_rows_of_a_packed_sequence(kind: str, lengths: Any, bidirectional: bool) -> None:
    def scenario(torch: Any) -> Any:
        torch.manual_seed(3)
        net = getattr(torch.nn, kind)(3, 4, 3, dropout=0.5, bidirectional=bidirectional).double()
        rows = [torch.randn(n, 3, dtype=torch.float64) for n in lengths]
        packed = torch.nn.utils.rnn.pack_sequence(rows, enforce_sorted=False)
        out, h = net(packed)
        return [out.data, h[0] if kind == "LSTM" else h, torch.rand(2)]

    agree(scenario, tolerance=1e-9, warnings_too=False)

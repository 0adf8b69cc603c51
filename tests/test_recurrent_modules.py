"""Recurrent modules: what they refuse, in PyTorch's words, and what they save."""

from __future__ import annotations

import io
from typing import Any

import pytest
from both import agree

torch = pytest.importorskip("torch")


@pytest.mark.parametrize("kind", ["RNN", "LSTM", "GRU"])
@pytest.mark.parametrize(
    "options",
    [(2.0, 3), (0, 3), (-1, 3), (2, 3.0), (2, 0), ("a", 3), (2, 3, 1, 1), (2, 3, 1, True, 0), (2, 3, 0)],
)
def test_options_of_other_kinds_are_refused_by_name(kind: str, options: tuple[Any, ...]) -> None:
    if kind == "RNN" and len(options) > 3:
        options = (*options[:3], "tanh", *options[3:])
    agree(lambda torch: getattr(torch.nn, kind)(*options))


@pytest.mark.parametrize("kind", ["RNN", "LSTM", "GRU"])
def test_an_input_of_another_dtype_is_refused(kind: str) -> None:
    agree(lambda torch: getattr(torch.nn, kind)(2, 3)(torch.ones(4, 1, 2, dtype=torch.float64)))


@pytest.mark.parametrize("kind", ["RNNCell", "LSTMCell", "GRUCell"])
@pytest.mark.parametrize("shape", [(2, 3), (1, 3), (4, 2), (1, 1, 4, 3)])
def test_a_state_of_another_size_is_refused(kind: str, shape: tuple[int, ...]) -> None:
    def scenario(torch: Any) -> None:
        state = torch.ones(shape)
        getattr(torch.nn, kind)(2, 3)(torch.ones(4, 2), (state, state) if kind[0] == "L" else state)

    agree(scenario)


@pytest.mark.parametrize("kind", ["RNN", "LSTM", "GRU"])
def test_pytorch_runs_a_recurrent_module_that_was_saved_here(kind: str) -> None:
    import adjoint

    module = getattr(adjoint.nn, kind)(2, 3, num_layers=2)
    file = io.BytesIO()
    adjoint.save(module, file)
    file.seek(0)
    theirs = torch.load(file, weights_only=False)
    found = theirs(torch.ones(4, 1, 2))[0].detach().numpy()
    assert abs(found - module(adjoint.ones(4, 1, 2))[0].detach().numpy()).max() < 1e-6

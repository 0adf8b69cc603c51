"""Recurrent layers as functions, and their single steps: what :class:`adjoint.nn.LSTM` and its kin compute.

PyTorch has four functions of ``torch``, each for sequences of equal lengths, ``(input, hx, params, ...)``, and for packed
ones, ``(data, batch_sizes, hx, params, ...)``.  ``params`` are the weights of all layers and directions in turn: of the input,
of the state, the biases of both where there are any, and an LSTM's projection.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from adjoint.autograd.casting import lowered
from adjoint.declare import composite
from adjoint.declare.arguments import type_name, wrong_argument
from adjoint.declare.namespaces import lookup
from adjoint.ops.recurrent_layer import one_layer
from adjoint.ops.recurrent_steps import GATES, Weights, padded, running, step
from adjoint.tensor import Tensor


def walk(
    mode: str, x: Tensor, h0: Tensor, c0: Tensor | None, layers: Sequence[Sequence[Weights]], sizes: list[int], dropout: float,
    training: bool,
) -> tuple[Tensor, Tensor, Tensor | None]:  # fmt: skip
    """All layers over (L, N, features); at time t only the first ``sizes[t]`` sequences still run.

    The outputs of the last layer at all times, and the last states of all layers and directions.
    """
    stack = lookup("torch", "stack")
    last_h, last_c, k = [], [], 0
    for layer, directions in enumerate(layers):
        outs = []
        for direction, weights in enumerate(directions):
            out, h, c = one_layer(mode, x, h0[k], None if c0 is None else c0[k], weights, bool(direction), sizes)
            outs.append(out)
            last_h.append(h)
            last_c.append(c)
            k += 1
        x = outs[0] if len(outs) == 1 else lookup("torch", "cat")(outs, -1)
        if dropout and layer < len(layers) - 1:
            drop = lookup("nn.functional", "dropout")
            if sizes[-1] == sizes[0]:
                x = drop(x, dropout, training)
            else:  # drawn for what runs, and not for the padding
                x = padded(drop(running(x, sizes), dropout, training), sizes)
    return x, stack(last_h), None if c0 is None else stack(last_c)


_EQUAL = "input hx params has_biases num_layers dropout train bidirectional batch_first".split()
_PACKED = "data batch_sizes hx params has_biases num_layers dropout train bidirectional".split()


def _layer_function(name: str, mode: str) -> None:
    of_state = "tuple of Tensors" if mode == "LSTM" else "Tensor"
    kinds = {"hx": of_state, "params": "tuple of Tensors", "num_layers": "int", "dropout": "float"}

    def layers(*args: Any, **kwargs: Any) -> Any:
        given = _bound(name, kinds, args, kwargs)
        sizes = given["batch_sizes"].tolist() if "batch_sizes" in given else None
        x, hx = given.get("input", given.get("data")), given["hx"]
        if mode == "LSTM" and len(hx) != 2:
            raise RuntimeError("lstm expects two hidden states")
        h, c = hx if mode == "LSTM" else (hx, None)
        if sizes is None and x.ndim != 3:
            if x.ndim < 3:
                raise IndexError(f"Dimension out of range (expected to be in range of [{-x.ndim}, {x.ndim - 1}], but got 2)")
            raise RuntimeError(f"{name}: expected an input of 3 dimensions, got {x.ndim}")
        weights = _layered(mode, given, c is not None and h.size(-1) != c.size(-1))
        count = sum(map(len, weights))
        if min(h.size(0), count if c is None else c.size(0)) < count:
            raise RuntimeError("Expected more hidden states in stacked_rnn")
        if sizes is None:
            if given["batch_first"]:
                x = x.transpose(0, 1)
            if mode == "LSTM" and weights[0][0].projection is None:  # of which autocast knows an operator, as of no other
                x, h, c = lowered(x, h, c)
            output, h, c = walk(mode, x, h, c, weights, [x.size(1)] * x.size(0), given["dropout"], given["train"])
            output = output.transpose(0, 1) if given["batch_first"] else output
        else:
            output, h, c = walk(mode, padded(x, sizes), h, c, weights, sizes, given["dropout"], given["train"])
            output = running(output, sizes)
        return (output, h) if c is None else (output, h, c)

    layers.__name__ = layers.__qualname__ = name
    states = "the last h and c of all layers" if mode == "LSTM" else "the last state of all layers"
    layers.__doc__ = (
        f"What :class:`adjoint.nn.{mode.partition('_')[0]}` computes, with its weights: the outputs at all times, and {states}.\n\n"
        "``(input, hx, params, has_biases, num_layers, dropout, train, bidirectional, batch_first)``, or, of packed sequences,\n"
        "``(data, batch_sizes, hx, params, has_biases, num_layers, dropout, train, bidirectional)``.  Raises RuntimeError where\n"
        "there are not as many weights and states as layers."
    )
    composite(layers, where="torch")


def _bound(name: str, kinds: dict[str, str], args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
    """A call's arguments by name, of whichever of the two signatures fits."""
    for names in (_EQUAL, _PACKED):
        given = dict(zip(names, args)) | kwargs
        if len(args) + len(kwargs) != len(names) or set(given) != set(names):
            continue
        of_state = given["hx"]
        fits = isinstance(of_state, Tensor) if kinds["hx"] == "Tensor" else _are_tensors(of_state)
        if fits and _are_tensors(given["params"]) and all(isinstance(given[n], Tensor) for n in names[: names.index("hx")]):
            return given
    shown = "".join(
        " * (" + ", ".join(f"{kinds.get(n, 'Tensor' if n in ('input', 'data', 'batch_sizes') else 'bool')} {n}" for n in names) + ")\n"
        for names in (_PACKED, _EQUAL)
    )
    types = [*map(type_name, args), *(f"{k}={type_name(v)}" for k, v in kwargs.items())]
    raise TypeError(
        f"{name}() received an invalid combination of arguments - got ({', '.join(types)}), but expected one of:\n{shown}"
    )


def _are_tensors(given: Any) -> bool:
    return isinstance(given, (tuple, list)) and all(isinstance(t, Tensor) for t in given)


def _layered(mode: str, given: dict[str, Any], projects: bool) -> list[list[Weights]]:
    """The weights of each layer and direction."""
    params, biases = given["params"], bool(given["has_biases"])
    each, directions = 2 + 2 * biases + projects, 2 if given["bidirectional"] else 1
    if len(params) % each:
        raise RuntimeError("got an incorrect number of RNN parameters")
    found = []
    for start in range(0, len(params), each):
        own = list(params[start : start + each])
        projection = own.pop() if projects else None
        found.append(Weights(*own, *([None] * (4 - len(own))), projection))
    count = given["num_layers"] * directions
    if len(found) < count:
        raise RuntimeError("Expected more weights in stacked_rnn")
    if len(found) > count:
        raise RuntimeError(f"{len(found)} sets of weights were given for {count} layers and directions: has_biases={biases}?")
    return [found[i : i + directions] for i in range(0, count, directions)]


for _name, _mode in (("lstm", "LSTM"), ("gru", "GRU"), ("rnn_tanh", "RNN_TANH"), ("rnn_relu", "RNN_RELU")):
    _layer_function(_name, _mode)


def check_step(mode: str, input: Tensor, states: Sequence[Tensor], w_ih: Tensor, w_hh: Tensor) -> None:
    """Raise PyTorch's error for a step whose sizes do not fit."""
    hidden = w_hh.size(1)
    for name, weight in (("weight_ih", w_ih), ("weight_hh", w_hh)):
        rows = GATES[mode] * hidden
        if weight.size(0) != rows:
            raise RuntimeError(f"{name} first dim must be {GATES[mode]} * hidden_size = {rows}, but got {weight.size(0)}")
    if input.size(1) != w_ih.size(1):
        raise RuntimeError(f"input has inconsistent input_size: got {input.size(1)} expected {w_ih.size(1)}")
    for i, state in enumerate(states):
        if state.size(0) != input.size(0):
            raise RuntimeError(
                f"Input batch size {input.size(0)} doesn't match hidden{i} batch size {state.size(0)}"
            )
        if state.size(1) != hidden:
            raise RuntimeError(f"hidden{i} has inconsistent hidden_size: got {state.size(1)}, expected {hidden}")


def _run_step(
    mode: str, input: Tensor, states: Sequence[Tensor], w_ih: Tensor, w_hh: Tensor, b_ih: Tensor | None, b_hh: Tensor | None
) -> tuple[Tensor, Any]:
    check_step(mode, input, states, w_ih, w_hh)
    gates = lookup("nn.functional", "linear")(input, w_ih, b_ih)
    return step(mode, gates, states[0], states[1] if len(states) > 1 else None, w_hh, b_hh)


@composite(where="torch")
def lstm_cell(
    input: Tensor, hx: Sequence[Tensor], w_ih: Tensor, w_hh: Tensor, b_ih: Tensor | None = None, b_hh: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """One step of an LSTM: from (N, in) and the states (h, c), of (N, hidden) each, to the next ones.

    The weights are (4 * hidden, in) and (4 * hidden, hidden).  Raises RuntimeError where sizes do not fit.

    >>> import adjoint as torch
    >>> x, h = torch.ones(1, 2), torch.zeros(1, 1)
    >>> torch.lstm_cell(x, (h, h), torch.ones(4, 2), torch.ones(4, 1))[1]
    tensor([[0.8491]])
    """
    if isinstance(hx, Tensor):
        wrong_argument("lstm_cell", "hx", "tuple of Tensors", hx, 2)
    if len(hx) != 2:
        raise RuntimeError("lstm_cell expects two hidden states")
    return _run_step("LSTM", input, hx, w_ih, w_hh, b_ih, b_hh)


def _cell(name: str, mode: str) -> Callable[..., Tensor]:
    def cell(
        input: Tensor, hx: Tensor, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor | None = None, b_hh: Tensor | None = None
    ) -> Tensor:
        return _run_step(mode, input, (hx,), w_ih, w_hh, b_ih, b_hh)[0]

    cell.__name__ = cell.__qualname__ = name
    rows = f"{GATES[mode]} * hidden" if GATES[mode] > 1 else "hidden"
    kind = "a gated recurrent unit" if mode == "GRU" else f"Elman's network with {name[4:8]}"
    cell.__doc__ = (
        f"One step of {kind}: from (N, in) and the state (N, hidden) to the next one.\n\n"
        f"The weights are ({rows}, in) and ({rows}, hidden).  Raises RuntimeError where sizes do not fit."
    )
    return composite(cell, where="torch")


for _name, _mode in (("gru_cell", "GRU"), ("rnn_tanh_cell", "RNN_TANH"), ("rnn_relu_cell", "RNN_RELU")):
    _cell(_name, _mode)

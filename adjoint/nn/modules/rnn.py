"""Recurrent layers: RNN, LSTM and GRU, and their single steps."""

from __future__ import annotations

import math
import numbers
import warnings
from typing import Any

import adjoint
from adjoint.autograd.casting import lowered
from adjoint.autograd.overriding import modes
from adjoint.nn import functional as F
from adjoint.nn import init
from adjoint.nn.modules.module import Module
from adjoint.nn.parameter import Parameter
from adjoint.nn.utils.rnn import PackedSequence
from adjoint.ops.recurrent import walk
from adjoint.ops.recurrent_steps import GATES, Weights, padded, running, step
from adjoint.places import users_level
from adjoint.tensor import Tensor


class RNNBase(Module):
    """What RNN, LSTM and GRU share: weights by layer and direction, and the walk through time."""

    def __init__(
        self,
        mode: str,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        proj_size: int = 0,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        self.mode = mode
        self.input_size = input_size
        self.hidden_size = hidden_size
        self.num_layers = num_layers
        self.bias = bias
        self.batch_first = batch_first
        self.dropout = float(dropout)
        self.bidirectional = bidirectional
        self.proj_size = proj_size
        self._check_options(dropout, mode)
        rows = GATES[mode] * hidden_size
        out = proj_size or hidden_size
        directions = 2 if bidirectional else 1
        self._flat_weights_names: list[str] = []
        self._all_weights: list[list[str]] = []
        for layer in range(num_layers):
            for direction in range(directions):
                width = input_size if layer == 0 else out * directions
                suffix = f"_l{layer}" + ("_reverse" if direction else "")
                shapes: dict[str, tuple[int, ...]] = {"weight_ih": (rows, width), "weight_hh": (rows, out)}
                if bias:
                    shapes |= {"bias_ih": (rows,), "bias_hh": (rows,)}
                if proj_size:
                    shapes["weight_hr"] = (proj_size, hidden_size)
                names = [name + suffix for name in shapes]
                for name, shape in zip(names, shapes.values()):
                    setattr(self, name, Parameter(adjoint.empty(shape, device=device, dtype=dtype)))
                self._flat_weights_names += names
                self._all_weights.append(names)
        self.reset_parameters()

    def _check_options(self, dropout: Any, mode: str) -> None:
        if not isinstance(dropout, numbers.Number) or not 0 <= dropout <= 1 or isinstance(dropout, bool):  # type: ignore[operator]
            raise ValueError(
                "dropout should be a number in range [0, 1] representing the probability of an element being zeroed"
            )
        if dropout > 0 and self.num_layers == 1:  # type: ignore[operator]
            warnings.warn(
                "dropout option adds dropout after all but last recurrent layer, so non-zero dropout expects num_layers "
                f"greater than 1, but got dropout={dropout} and num_layers={self.num_layers}",
                stacklevel=users_level(),
            )
        for name in ("bias", "batch_first"):
            if not isinstance(getattr(self, name), bool):
                raise TypeError(f"{name} should be of type bool, got: {type(getattr(self, name)).__name__}")
        for name in ("input_size", "hidden_size"):
            size = getattr(self, name)
            if not isinstance(size, int):
                raise TypeError(f"{name} should be of type int, got: {type(size).__name__}")
            if size <= 0:
                raise ValueError(f"{name} must be greater than zero")
        if self.num_layers <= 0:
            raise ValueError("num_layers must be greater than zero")
        if self.proj_size < 0:
            raise ValueError("proj_size should be a positive integer or zero to disable projections")
        if self.proj_size >= self.hidden_size:
            raise ValueError("proj_size has to be smaller than hidden_size")
        if mode not in GATES:
            raise ValueError("Unrecognized RNN mode: " + mode)

    def reset_parameters(self) -> None:
        """Draw all weights anew, uniformly between plus and minus 1/sqrt(hidden_size)."""
        bound = 1.0 / math.sqrt(self.hidden_size) if self.hidden_size > 0 else 0
        for weight in self.parameters():
            init.uniform_(weight, -bound, bound)

    def flatten_parameters(self) -> None:
        """Nothing: there is no memory layout to restore."""

    @property
    def _flat_weights(self) -> list[Parameter | None]:
        """The weights in order, which PyTorch's modules keep a list of: its pickles have one, and ours do too."""
        return [getattr(self, name, None) for name in self._flat_weights_names]

    def __getstate__(self) -> dict[str, Any]:
        return super().__getstate__() | {"_flat_weights": self._flat_weights}

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__({k: v for k, v in state.items() if k != "_flat_weights"})

    @property
    def all_weights(self) -> list[list[Parameter]]:
        """The weights of each layer and direction."""
        return [[getattr(self, name) for name in names] for names in self._all_weights]

    def extra_repr(self) -> str:
        """The sizes; of the options what is not the default."""
        text = f"{self.input_size}, {self.hidden_size}"
        for name, default in (
            ("proj_size", 0), ("num_layers", 1), ("bias", True), ("batch_first", False), ("dropout", 0.0),
            ("bidirectional", False),
        ):  # fmt: skip
            value = getattr(self, name)
            if value != default:
                text += f", {name}={value}"
        return text

    def _check_input(self, input: Tensor, packed: bool = False) -> None:
        if packed and input.ndim != 2:
            raise RuntimeError(f"input must have 2 dimensions, got {input.ndim}")
        if input.ndim not in (2, 3):
            what = "D tensor" if self._kind == "RNN" else "D"
            raise ValueError(f"{self._kind}: Expected input to be 2D or 3D, got {input.ndim}{what} instead")
        weight = getattr(self, self._flat_weights_names[0])
        if input.dtype is not weight.dtype:
            raise ValueError(
                f"RNN input dtype ({input.dtype}) does not match weight dtype ({weight.dtype}). Convert input: "
                f"input.to({weight.dtype}), or convert model: model.to({input.dtype})"
            )
        if input.size(-1) != self.input_size:
            raise RuntimeError(
                f"input.size(-1) must be equal to input_size. Expected {self.input_size}, got {input.size(-1)}"
            )

    @property
    def _kind(self) -> str:
        return self.mode.partition("_")[0]

    def _initial(self, given: Any, batch: int, batched: bool, like: Tensor) -> tuple[Tensor, Tensor | None]:
        """The state to begin with, (layers * directions, batch, size) each; zeros if None was given."""
        directions = 2 if self.bidirectional else 1
        count = self.num_layers * directions
        lstm = self.mode == "LSTM"
        sizes = [self.proj_size or self.hidden_size] + ([self.hidden_size] if lstm else [])
        if given is None:
            states = [adjoint.zeros(count, batch, size, dtype=like.dtype) for size in sizes]
            return states[0], states[1] if lstm else None
        states = list(given) if lstm else [given]
        dims = 3 if batched else 2
        for state in states:
            if state.ndim != dims:
                if lstm:
                    shown = f"({states[0].ndim}-D, {states[1].ndim}-D)"
                    kind = "batched 3-D" if batched else "unbatched 2-D"
                    raise RuntimeError(f"For {kind} input, hx and cx should also be {dims}-D but got {shown} tensors")
                kind = "batched 3-D" if batched else "unbatched 2-D"
                raise RuntimeError(f"For {kind} input, hx should also be {dims}-D but got {state.ndim}-D tensor")
        if not batched:
            states = [state.unsqueeze(1) for state in states]
        for i, (state, size) in enumerate(zip(states, sizes)):
            wanted = (count, batch, size)
            if tuple(state.shape) != wanted:
                name = f"hidden[{i}]" if lstm else "hidden"
                raise RuntimeError(f"Expected {name} size {wanted}, got {list(state.size())}")
        return states[0], states[1] if lstm else None

    def forward(self, input: Any, hx: Any = None) -> tuple[Any, Any]:
        """The outputs of the last layer at all times, and the last state of all layers.

        Input (L, N, input_size), (N, L, input_size) with ``batch_first``, (L, input_size) without a batch, or a
        PackedSequence.
        """
        if isinstance(input, PackedSequence):
            return self._forward_packed(input, hx)
        self._check_input(input)
        batched = input.ndim == 3
        x = input if batched else input.unsqueeze(1)
        if batched and self.batch_first:
            x = x.transpose(0, 1)
        h0, c0 = self._initial(hx, x.size(1), batched, x)
        if not x.size(0):
            raise RuntimeError("Expected sequence length to be larger than 0 in RNN")
        if self.mode == "LSTM" and not self.proj_size:  # of which PyTorch's autocast knows an operator, as of no other
            x, h0, c0 = lowered(x, h0, c0)
        output, h, c = self._walk(x, h0, c0, [x.size(1)] * x.size(0))
        if batched and self.batch_first:
            output = output.transpose(0, 1)
        if not batched:
            output, h = output.squeeze(1), h.squeeze(1)
            c = None if c is None else c.squeeze(1)
        return output, h if c is None else (h, c)

    def _forward_packed(self, packed: PackedSequence, hx: Any) -> tuple[Any, Any]:
        self._check_input(packed.data, packed=True)
        sizes = packed.batch_sizes.tolist()
        order, back = packed.sorted_indices, packed.unsorted_indices
        if hx is not None and order is not None:
            hx = tuple(s.index_select(1, order) for s in hx) if self.mode == "LSTM" else hx.index_select(1, order)
        h0, c0 = self._initial(hx, sizes[0], True, packed.data)
        output, h, c = self._walk(padded(packed.data, sizes), h0, c0, sizes)
        data = running(output, sizes)
        if back is not None:
            h = h.index_select(1, back)
            c = None if c is None else c.index_select(1, back)
        made = PackedSequence(data, packed.batch_sizes, packed.sorted_indices, packed.unsorted_indices)
        return made, h if c is None else (h, c)

    def _walk(self, x: Tensor, h0: Tensor, c0: Tensor | None, sizes: list[int]) -> tuple[Tensor, Tensor, Tensor | None]:
        directions = 2 if self.bidirectional else 1
        if modes() and sizes[-1] == x.size(1):
            return self._as_one_function(x, h0, c0)
        weights = [self._weights(names) for names in self._all_weights]
        layers = [weights[i : i + directions] for i in range(0, len(weights), directions)]
        return walk(self.mode, x, h0, c0, layers, sizes, self.dropout, self.training)

    def _as_one_function(self, x: Tensor, h0: Tensor, c0: Tensor | None) -> tuple[Tensor, Tensor, Tensor | None]:
        """The same by the function of ``torch`` that PyTorch's modules call, for modes, which are asked about functions."""
        function = getattr(adjoint, self.mode.lower())
        params = [getattr(self, name) for names in self._all_weights for name in names]
        state = h0 if c0 is None else (h0, c0)
        made = function(
            x, state, params, self.bias, self.num_layers, self.dropout, self.training, self.bidirectional, False
        )
        return made if c0 is not None else (*made, None)  # type: ignore[no-any-return]

    def _weights(self, names: list[str]) -> Weights:
        own: list[Any] = [getattr(self, name) for name in names]
        projection = own.pop() if self.proj_size else None
        own += [None] * (4 - len(own))
        return Weights(*[*own, projection])


class RNN(RNNBase):
    """Elman's recurrent network: ``h = tanh(W x + b + U h + c)``, or ReLU.

    >>> import adjoint as torch
    >>> output, h = torch.nn.RNN(10, 20, 2)(torch.ones(5, 3, 10))
    >>> output.shape, h.shape
    (torch.Size([5, 3, 20]), torch.Size([2, 3, 20]))
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if "proj_size" in kwargs:
            raise ValueError("proj_size argument is only supported for LSTM, not RNN or GRU")
        if len(args) > 3:
            self_nonlinearity = args[3]
            args = args[:3] + args[4:]
        else:
            self_nonlinearity = kwargs.pop("nonlinearity", "tanh")
        if self_nonlinearity not in ("tanh", "relu"):
            raise ValueError(f"Unknown nonlinearity '{self_nonlinearity}'. Select from 'tanh' or 'relu'.")
        super().__init__("RNN_TANH" if self_nonlinearity == "tanh" else "RNN_RELU", *args, **kwargs)
        self.nonlinearity = self_nonlinearity


class LSTM(RNNBase):
    """The long short-term memory; its state is a pair (h, c)."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__("LSTM", *args, **kwargs)


class GRU(RNNBase):
    """The gated recurrent unit."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if "proj_size" in kwargs:
            raise ValueError("proj_size argument is only supported for LSTM, not RNN or GRU")
        super().__init__("GRU", *args, **kwargs)


class RNNCellBase(Module):
    """What the single steps share."""

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool, num_chunks: int, device: Any = None, dtype: Any = None
    ) -> None:
        super().__init__()
        self.input_size = input_size
        self.hidden_size = hidden_size
        self.bias = bias
        rows = num_chunks * hidden_size
        self.weight_ih = Parameter(adjoint.empty((rows, input_size), device=device, dtype=dtype))
        self.weight_hh = Parameter(adjoint.empty((rows, hidden_size), device=device, dtype=dtype))
        for name in ("bias_ih", "bias_hh"):
            empty = adjoint.empty(rows, device=device, dtype=dtype) if bias else None
            self.register_parameter(name, None if empty is None else Parameter(empty))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw all weights anew, uniformly between plus and minus 1/sqrt(hidden_size)."""
        bound = 1.0 / math.sqrt(self.hidden_size) if self.hidden_size > 0 else 0
        for weight in self.parameters():
            init.uniform_(weight, -bound, bound)

    def extra_repr(self) -> str:
        """The sizes; of the options what is not the default."""
        text = f"{self.input_size}, {self.hidden_size}"
        if self.bias is not True:
            text += f", bias={self.bias}"
        nonlinearity = self.__dict__.get("nonlinearity", "tanh")
        if nonlinearity != "tanh":
            text += f", nonlinearity={nonlinearity}"
        return text

    def _run(self, mode: str, input: Tensor, h: Tensor | None, c: Tensor | None = None) -> tuple[Tensor, Any]:
        name = type(self).__name__
        if input.ndim not in (1, 2):
            raise ValueError(f"{name}: Expected input to be 1D or 2D, got {input.ndim}D instead")
        for i, state in enumerate((h, c)):
            if state is not None and state.ndim not in (1, 2):
                which = f"hx[{i}]" if mode == "LSTM" else "hidden"
                raise ValueError(f"{name}: Expected {which} to be 1D or 2D, got {state.ndim}D instead")
        batched = input.ndim == 2
        x = input if batched else input.unsqueeze(0)
        if x.size(1) != self.input_size:
            raise RuntimeError(f"input has inconsistent input_size: got {x.size(1)} expected {self.input_size}")

        def state_of(given: Tensor | None, which: int) -> Tensor:
            if given is None:
                return adjoint.zeros(x.size(0), self.hidden_size, dtype=x.dtype)
            state = given if batched else given.unsqueeze(0)
            if state.size(0) != x.size(0):
                sizes = f"Input batch size {x.size(0)} doesn't match hidden{which} batch size {state.size(0)}"
                raise RuntimeError(sizes)
            if state.size(1) != self.hidden_size:
                raise RuntimeError(
                    f"hidden{which} has inconsistent hidden_size: got {state.size(1)}, expected {self.hidden_size}"
                )
            return state

        states = state_of(h, 0), state_of(c, 1) if mode == "LSTM" else None
        gated = 4 if mode == "LSTM" else 3 if mode == "GRU" else 0
        if gated and any(state is not None and state.ndim > 2 for state in states):  # a batch of states, and one input
            raise RuntimeError(
                f"The size of tensor a ({gated * self.hidden_size}) must match the size of tensor b ({self.hidden_size}) at "
                "non-singleton dimension 2"
            )
        gates = F.linear(x, self.weight_ih, self.bias_ih)
        new_h, new_c = step(mode, gates, *states, self.weight_hh, self.bias_hh)
        if not batched:
            new_h = new_h.squeeze(0)
            new_c = None if new_c is None else new_c.squeeze(0)
        return new_h, new_c


class RNNCell(RNNCellBase):
    """One step of :class:`RNN`."""

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        nonlinearity: str = "tanh",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(input_size, hidden_size, bias, 1, device, dtype)
        self.nonlinearity = nonlinearity

    def forward(self, input: Tensor, hx: Tensor | None = None) -> Tensor:
        """The next state: (N, input_size) and (N, hidden_size)."""
        if self.nonlinearity not in ("tanh", "relu"):
            raise RuntimeError(f"Unknown nonlinearity: {self.nonlinearity}")
        return self._run("RNN_TANH" if self.nonlinearity == "tanh" else "RNN_RELU", input, hx)[0]


class LSTMCell(RNNCellBase):
    """One step of :class:`LSTM`."""

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool = True, device: Any = None, dtype: Any = None
    ) -> None:
        super().__init__(input_size, hidden_size, bias, 4, device, dtype)

    def forward(self, input: Tensor, hx: tuple[Tensor, Tensor] | None = None) -> tuple[Tensor, Tensor]:
        """The next state, a pair (h, c)."""
        if hx is not None and not (isinstance(hx, (tuple, list)) and len(hx) == 2):
            raise TypeError(f"LSTMCell: the state is a pair of tensors, (h, c), not {type(hx).__name__}")
        h, c = hx if hx is not None else (None, None)
        return self._run("LSTM", input, h, c)


class GRUCell(RNNCellBase):
    """One step of :class:`GRU`."""

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool = True, device: Any = None, dtype: Any = None
    ) -> None:
        super().__init__(input_size, hidden_size, bias, 3, device, dtype)

    def forward(self, input: Tensor, hx: Tensor | None = None) -> Tensor:
        """The next state."""
        return self._run("GRU", input, hx)[0]


__all__ = ["GRU", "GRUCell", "LSTM", "LSTMCell", "RNN", "RNNBase", "RNNCell", "RNNCellBase"]

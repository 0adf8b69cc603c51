"""Outputs: statistics of what the watched modules gave in one step, of several calls together."""

from __future__ import annotations

import weakref
from typing import Any

from adjoint.tensor import Tensor
from adjoint.viz.watching.functional import activation_before, bounds_of
from adjoint.viz.watching.layers import Layer
from adjoint.viz.watching.statistics import Statistics

_ROWS, _PRODUCTS = 64, 1 << 24  # of an output that was not made: so many rows at least, and more while they cost no more


class Outputs:
    """What the forwards of the step that is under way gave, by layer.

    ``inputs``: the rows that functional activations have, ``"fc2 ← ReLU"``, and their kinds.
    """

    def __init__(self, layers: list[Layer], histograms: bool) -> None:
        self.inputs: dict[str, str] = {}
        self._histograms = histograms
        self._layers = {id(layer.module()): layer for layer in layers}
        self._found: dict[str, Statistics] = {}
        self._seen: dict[int, Any] = {}  # the tensors that were looked at, weakly
        self._nodes: weakref.WeakSet[Any] = weakref.WeakSet()  # and the nodes that made them

    def any(self) -> bool:
        """Whether there are any."""
        return bool(self._found)

    def taken(self) -> dict[str, Statistics]:
        """All of them, which are forgotten here."""
        found, self._found = self._found, {}
        return found

    def forget(self) -> None:
        """The step is over."""
        self._found = {}
        self._seen.clear()
        self._nodes.clear()

    def see(self, module: Any, args: Any, output: Any) -> None:
        """A module was called; nothing where it is not watched."""
        layer = self._layer_of(module)
        if layer is None:
            return
        if layer.names and args and isinstance(args[0], Tensor):
            self._see_input(layer, args[0])
        for tensor in _tensors(output):
            self._add(layer.path, Statistics(tensor._array, None, layer.bounds, sample=self._histograms))
            self._seen[id(tensor)] = weakref.ref(tensor)
            if tensor.grad_fn is not None:
                self._nodes.add(tensor.grad_fn)

    def see_not_made(self, linear: Any, input: Tensor) -> None:
        """A Linear was computed together with the activation behind it: its outputs for some rows are made here."""
        layer = self._layer_of(linear)
        if layer is None:
            return
        self._see_input(layer, input)
        rows = input._array.reshape(-1, input._array.shape[-1])
        weight = linear.weight._array
        some = max(_ROWS, _PRODUCTS // max(1, weight.size))
        made = rows[:: max(1, len(rows) // some)] @ weight.T
        if linear.bias is not None:
            made += linear.bias._array
        self._add(layer.path, Statistics(made, sample=self._histograms).as_of(len(rows) * made.shape[-1]))

    def _layer_of(self, module: Any) -> Layer | None:
        layer = self._layers.get(id(module))
        return layer if layer is not None and layer.module() is module else None

    def _see_input(self, layer: Layer, tensor: Tensor) -> None:
        seen = self._seen.get(id(tensor))
        if (seen is not None and seen() is tensor) or not tensor.requires_grad:
            return
        kind, node = activation_before(tensor) or (None, None)
        if kind is not None and node not in self._nodes:
            name = f"{layer.path} ← {kind}"
            self.inputs[name] = kind
            bounds = bounds_of(kind)
            self._add(name, Statistics(tensor._array, None, bounds, sample=self._histograms))

    def _add(self, name: str, found: Statistics) -> None:
        earlier = self._found.get(name)
        self._found[name] = found if earlier is None else earlier.add(found)


def _tensors(output: Any) -> list[Tensor]:
    """The floating-point tensors of what a module returned, one level deep."""
    if isinstance(output, Tensor):
        output = (output,)
    elif isinstance(output, dict):
        output = output.values()
    elif not isinstance(output, (tuple, list)):  # others may be read only once, and not by us
        return []
    return [t for t in output if isinstance(t, Tensor) and (t.is_floating_point() or t.is_complex())]

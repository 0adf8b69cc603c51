"""Layers: which modules and parameters of a model are watched, and what they are called."""

from __future__ import annotations

import math
import weakref
from collections.abc import Callable, Iterable
from fnmatch import fnmatchcase
from typing import Any

from adjoint import nn
from adjoint.viz.watching.statistics import UNBOUNDED

SATURATES: dict[str, tuple[float, float]] = {
    "Sigmoid": (0.01, 0.99),
    "Hardsigmoid": (0.01, 0.99),
    "Tanh": (-0.99, 0.99),
    "Hardtanh": (-0.99, 0.99),
    "Softsign": (-0.99, 0.99),
    "ReLU6": (-math.inf, 5.99),
}
"""Outside of these, the outputs of an activation hardly change with its inputs."""

RECTIFIES = frozenset({"ReLU", "ReLU6", "Threshold", "Hardshrink", "Softshrink"})
"""Activations that answer with zero, through which no gradient passes."""


class Layer:
    """A module that is watched: its place in the model and its own parameters."""

    __slots__ = ("__weakref__", "bounds", "kind", "module", "names", "number", "path")

    def __init__(self, number: int, path: str, module: Any) -> None:
        self.number = number
        self.path = path or "(model)"
        self.kind = type(module).__name__
        self.module = weakref.ref(module)
        self.bounds = SATURATES.get(self.kind, UNBOUNDED)
        self.names: list[str] = []  # of its parameters, as the model names them


class Parameter:
    """A parameter that is watched."""

    __slots__ = ("layer", "matrix", "name", "shape", "tensor")

    def __init__(self, name: str, tensor: Any, layer: Layer) -> None:
        self.name = name
        self.tensor = weakref.ref(tensor)
        self.layer = layer
        self.shape = tuple(tensor.shape)
        self.matrix = len(self.shape) > 1  # biases and the like begin at zero: their ratios say little


Choice = str | Iterable[Any] | Callable[[str, Any], bool] | None


def layers_of(model: Any, choice: Choice = None) -> tuple[list[Layer], list[Parameter]]:
    """The layers and parameters of a model that are watched, in the order in which the model has them.

    Without a choice: modules that have parameters of their own or no modules inside.  A choice is a pattern for the paths
    (``"encoder.*"``), several of them or modules, or a function of path and module.

    Raises ValueError where nothing is chosen, TypeError for a choice of another kind.
    """
    chosen = _chooser(choice)
    layers: list[Layer] = []
    parameters: list[Parameter] = []
    known: set[int] = set()
    for path, module in model.named_modules():
        own = [(name, p) for name, p in module.named_parameters(recurse=False) if p is not None]
        if chosen is None:
            wanted = bool(own) or not any(True for _ in module.children())
        else:
            wanted = chosen(path, module)
        if not wanted or (isinstance(module, (nn.ParameterList, nn.ParameterDict)) and not own):
            continue
        layer = Layer(len(layers), path, module)
        layers.append(layer)
        for name, p in own:
            if id(p) not in known:  # one that several modules share is the first one's
                known.add(id(p))
                full = f"{path}.{name}" if path else name
                layer.names.append(full)
                parameters.append(Parameter(full, p, layer))
    if not layers:
        raise ValueError(f"watch: no layer of {type(model).__name__} is chosen by layers={choice!r}")
    return layers, parameters


def _chooser(choice: Choice) -> Callable[[str, Any], bool] | None:
    if choice is None:
        return None
    if isinstance(choice, str):
        choice = (choice,)
    elif isinstance(choice, nn.Module):
        choice = (choice,)
    elif callable(choice):
        return choice
    try:
        wanted = list(choice)
    except TypeError:
        raise TypeError(f"watch: layers= takes patterns, modules or a function, not {type(choice).__name__}") from None
    for one in wanted:
        if not isinstance(one, (str, nn.Module)):
            raise TypeError(f"watch: layers= takes patterns, modules or a function, not {type(one).__name__}")
    patterns = [w for w in wanted if isinstance(w, str)]
    modules = {id(w) for w in wanted if not isinstance(w, str)}
    return lambda path, module: id(module) in modules or any(fnmatchcase(path, p) for p in patterns)

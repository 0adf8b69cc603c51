"""Summary: a table of a model's layers, with what each makes, holds, computes and takes.

``adjoint.summary(model, input)`` runs the model a few times and leaves no trace of that (:mod:`.undisturbed`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from adjoint.places import explain
from adjoint.tensor import Tensor
from adjoint.viz import units

_ROWS = 60  # of a table whose depth isn't given: as many levels are shown as fit


@dataclass
class Layer:
    """One module of a model.  Numbers are of all of it, the modules inside included; None where they were not measured."""

    path: str  # "layer1.0.conv1"; "" of the model
    kind: str  # "Conv2d"
    depth: int
    text: str = ""  # its own sizes: "3, 64, kernel_size=(7, 7)"
    parameters: int = 0  # numbers in its parameters that no layer before it has
    trainable: int = 0  # of them, those that require grad
    shared: int = 0  # numbers in parameters that a layer before it has too
    calls: int | None = None
    used: bool = False  # whether an operator was handed one of its parameters, though it may not have been called itself
    output: Any = None  # the shape of what it returned, nested as it was returned
    multiply_adds: int | None = None
    results: int | None = None  # bytes that its operators made in the forward
    saved: int | None = None  # bytes that they keep for the backward, parameters not counted
    forward: float | None = None  # seconds
    backward: float | None = None
    inside: list[Layer] = field(default_factory=list, repr=False)

    @property
    def name(self) -> str:
        """The last part of its path."""
        return self.path.rpartition(".")[2]

    def structure(self) -> Any:
        """Equal for layers that a table may show as one with a count."""
        return (
            self.kind, self.text, self.parameters, self.trainable, self.shared, self.calls, repr(self.output),
            self.multiply_adds, tuple(layer.structure() for layer in self.inside),
        )  # fmt: skip

    def walk(self) -> Iterator[Layer]:
        """The layer and all that are inside of it, in order."""
        yield self
        for layer in self.inside:
            yield from layer.walk()


class Summary:
    """A summary: prints as a table, in a notebook as well; ``layers`` are its numbers, the model's own first.

    ``parameters``, ``trainable``, ``buffers`` (numbers), ``multiply_adds``; ``parameter_bytes``, ``buffer_bytes``,
    ``input_bytes``, ``result_bytes``, ``saved_bytes``; ``forward_seconds``, ``backward_seconds`` (None where nothing was
    measured), medians of ``runs``.
    """

    def __init__(self, model: Layer, totals: dict[str, Any], depth: int | None) -> None:
        self.layers = list(model.walk())
        self.depth = depth
        self.parameters = model.parameters
        self.trainable = model.trainable
        self.multiply_adds = model.multiply_adds
        self.result_bytes = model.results
        self.saved_bytes = model.saved
        self.buffers: int = totals["buffers"]
        self.parameter_bytes: int = totals["parameter_bytes"]
        self.buffer_bytes: int = totals["buffer_bytes"]
        self.inputs: str = totals.get("inputs", "")
        self.input_bytes: int | None = totals.get("input_bytes")
        self.forward_seconds: float | None = totals.get("forward")
        self.backward_seconds: float | None = totals.get("backward")
        self.runs: int = totals.get("runs", 0)

    def __str__(self) -> str:
        from adjoint.viz.summary_table import text

        return text(self)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        from adjoint.viz.summary_table import html

        return html(self)

    def rows(self) -> list[tuple[Layer, int, str]]:
        """What a table shows: layers, how many equal ones in a row each stands for, and how they're called."""
        if self.depth is not None:
            return list(_rows(self.layers[0], self.depth))
        deepest = max(layer.depth for layer in self.layers)
        shown = list(_rows(self.layers[0], 1))
        for depth in range(2, deepest + 1):
            more = list(_rows(self.layers[0], depth))
            if len(more) > _ROWS:
                break
            shown = more
        return shown


def summary(
    model: Any, *inputs: Any, input_size: Any = None, depth: int | None = None, runs: int = 3, **named_inputs: Any
) -> Summary:
    """A table of a model's layers: output shapes, parameters, multiply-adds, memory, and measured times.

    ``inputs`` (and ``named_inputs``) are what the model is called with; or ``input_size`` is a shape, or a list of them,
    of random float inputs.  Without either the table has what is known without a call.  ``depth`` is how many levels of
    modules are shown; as many as fit on a screen, if None.

    The model runs as it is (train or eval mode) on copies of the inputs, ``1 + 2 * runs`` times (3 times, if one takes
    seconds); nothing is changed by that: no buffer, gradient, random state or attribute.

    - *parameters* that several modules share count where they are met first; elsewhere they are in parentheses.
    - *multiply-adds* are those of products (linear layers, convolutions, attention); see :mod:`adjoint.viz.multiply_adds`.
    - *kept* is the memory that the graph holds for the backward, parameters not counted.
    - *forward* and *backward* are medians of ``runs``, measured module by module; the totals below the table are measured
      without looking at modules, so that what is computed together (fused) counts as it is.

    Raises TypeError if ``model`` is no module, ValueError for inputs given in both ways or sizes that are none; what the
    model itself raises is passed on.

    >>> import adjoint as torch
    >>> table = torch.summary(torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.ReLU()), torch.ones(2, 4))
    >>> table.parameters, table.multiply_adds, table.layers[1].output
    (40, 64, (2, 8))
    """
    if not (hasattr(model, "named_modules") and callable(model)):
        raise TypeError(f"summary() describes an nn.Module, not {type(model).__name__}")
    if depth is not None and depth < 0:
        raise ValueError(f"depth must be 0 or more, not {depth}")
    if runs < 1:
        raise ValueError(f"runs must be 1 or more, not {runs}")
    if input_size is not None:
        if inputs or named_inputs:
            raise ValueError("give either inputs or input_size, not both")
        inputs = _random_inputs(model, input_size)
    root = layers_of(model)
    totals = _static_totals(model)
    if inputs or named_inputs:
        from adjoint.viz.measuring import measure

        shapes = ", ".join(_shown_input(value) for value in (*inputs, *named_inputs.values()))
        try:
            measured = measure(model, inputs, named_inputs, runs)
        except Exception as error:
            explain(error, f"(raised by {type(model).__name__} while summary() called it with {shapes})")
            raise
        _fill(root, dict(model.named_modules()), measured.modules)
        totals |= {
            "inputs": shapes, "input_bytes": measured.inputs, "runs": measured.runs,
            "forward": measured.forward, "backward": measured.backward,
        }  # fmt: skip
    return Summary(root, totals, depth)


def layers_of(model: Any) -> Layer:
    """A module as layers, with what is known without a call."""
    return _layer(model, "", 0, set(), set())


def _random_inputs(model: Any, sizes: Any) -> tuple[Any, ...]:
    """Normal numbers of these sizes, of the parameters' dtype; the random state stays as it is."""
    from adjoint.ops.random_creation import randn
    from adjoint.random import get_rng_state, set_rng_state

    several = isinstance(sizes, (list, tuple)) and bool(sizes) and all(isinstance(s, (list, tuple)) for s in sizes)
    shapes = sizes if several else [sizes]
    for shape in shapes:
        if not isinstance(shape, (list, tuple)) or not all(isinstance(n, int) and n >= 0 for n in shape):
            raise ValueError(f"input_size must be a tuple of sizes, such as (1, 3, 224, 224), or a list of them, not {sizes!r}")
    dtype = next((p.dtype for p in model.parameters() if p.is_floating_point()), None)
    before = get_rng_state()
    try:
        return tuple(randn(tuple(shape), dtype=dtype) for shape in shapes)
    finally:
        set_rng_state(before)


def _shown_input(value: Any) -> str:
    if isinstance(value, Tensor):
        return f"{units.shape(value.shape)} {str(value.dtype).rpartition('.')[2]}"
    return type(value).__name__


def _layer(module: Any, path: str, depth: int, seen: set[int], parameters: set[int]) -> Layer:
    """A module's layer, and those inside of it, with their parameters; each module once, where it's met first."""
    seen.add(id(module))
    layer = Layer(path, type(module).__name__, depth, module.extra_repr().replace("\n", " "))
    for p in module._parameters.values():
        if p is None:
            continue
        if id(p) in parameters:
            layer.shared += p.numel()
        else:
            parameters.add(id(p))
            layer.parameters += p.numel()
            layer.trainable += p.numel() if p.requires_grad else 0
    for name, child in module._modules.items():
        if child is not None and id(child) not in seen:
            inner = _layer(child, f"{path}.{name}" if path else name, depth + 1, seen, parameters)
            layer.inside.append(inner)
            layer.parameters += inner.parameters
            layer.trainable += inner.trainable
            layer.shared += inner.shared
    return layer


def _static_totals(model: Any) -> dict[str, Any]:
    buffers = list(model.buffers())
    return {
        "buffers": sum(b.numel() for b in buffers),
        "buffer_bytes": sum(b.nbytes for b in buffers),
        "parameter_bytes": sum(p.nbytes for p in model.parameters()),
    }


def _fill(layer: Layer, modules: dict[str, Any], measured: dict[int, Any]) -> None:
    """What was measured of each module alone becomes that of it and the modules inside."""
    own = measured[id(modules[layer.path])]
    layer.calls, layer.used, layer.output = own.calls, own.used, own.outputs
    layer.multiply_adds, layer.results, layer.saved = own.multiply_adds, own.results, own.saved
    layer.forward, layer.backward = own.forward, own.backward
    for inner in layer.inside:
        _fill(inner, modules, measured)
        layer.multiply_adds += inner.multiply_adds or 0
        layer.results += inner.results or 0
        layer.saved += inner.saved or 0
        layer.backward += inner.backward or 0.0
    if own.forward is None:  # nobody calls a list of modules
        times = [inner.forward for inner in layer.inside if inner.forward is not None]
        layer.forward = sum(times) if times else None


def _rows(layer: Layer, depth: int) -> Iterator[tuple[Layer, int, str]]:
    yield layer, 1, layer.name or layer.kind
    yield from rows_inside(layer, depth)


def rows_inside(layer: Layer, depth: int) -> Iterator[tuple[Layer, int, str]]:
    """The layers inside of one down to a depth: equal ones in a row once, with how many they are and how they're called."""
    if layer.depth >= depth:
        return
    inside = layer.inside
    structures = [inner.structure() for inner in inside]
    at = 0
    while at < len(inside):
        end = at + 1
        while end < len(inside) and structures[end] == structures[at]:
            end += 1
        name = inside[at].name if end == at + 1 else f"{inside[at].name} … {inside[end - 1].name}"
        yield inside[at], end - at, name
        yield from rows_inside(inside[at], depth)
        at = end

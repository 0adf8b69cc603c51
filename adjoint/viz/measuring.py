"""Measuring: what each module of a model makes, computes, keeps and takes, found by running it a few times."""

from __future__ import annotations

import time
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from statistics import median
from typing import Any

from adjoint.autograd import engine
from adjoint.autograd.backward import grad
from adjoint.autograd.interception import intercept
from adjoint.autograd.node import Node, Output
from adjoint.interrupts import contextmanager
from adjoint.pytree import tree_flatten, tree_map
from adjoint.tensor import NO_EDGE, Tensor, tick
from adjoint.viz.graph import saved_of
from adjoint.viz.memory import root_of
from adjoint.viz.multiply_adds import multiply_adds
from adjoint.viz.undisturbed import undisturbed

# A model whose forward takes longer than this (seconds) is timed once; the median of one is itself.
_LONG = 3.0


@dataclass
class Measured:
    """Of one module: what its own operators did, not those of the modules in it; of ``forward``, the whole call."""

    calls: int = 0
    used: bool = False  # whether an operator was handed one of its own parameters
    outputs: Any = None  # the shape of what the latest call returned; nested as it was returned
    multiply_adds: int = 0
    results: int = 0  # bytes of what its operators made
    saved: int = 0  # bytes that they keep for the backward, other than parameters
    forward: float | None = None  # seconds of all its calls, what they called included
    backward: float = 0.0  # seconds of its nodes


@dataclass
class Measurement:
    """Of a whole model; ``modules`` are by identity, the model itself is one of them."""

    modules: dict[int, Measured]
    runs: int = 0
    forward: float = 0.0  # seconds, median of the runs, nothing being watched
    backward: float | None = None  # None where nothing requires grad
    inputs: int = 0  # bytes


def measure(model: Any, args: tuple[Any, ...], kwargs: dict[str, Any], runs: int) -> Measurement:
    """Run a module on inputs and measure each of its modules; everything is as before afterwards.

    The first run counts; then ``runs`` forwards and backwards are timed as a whole, and ``runs`` more module by module,
    of which the medians are taken.
    """
    found = Measurement({id(module): Measured() for module in model.modules()})
    found.inputs = sum(t.nbytes for t in tree_flatten((args, kwargs))[0] if isinstance(t, Tensor))
    with undisturbed(model):
        began = time.perf_counter()
        _count(model, args, kwargs, found)
        found.runs = runs if time.perf_counter() - began < _LONG else 1
        whole = [_timed(model, args, kwargs) for _ in range(found.runs)]
        found.forward = median(forward for forward, _ in whole)
        backwards = [backward for _, backward in whole if backward is not None]
        found.backward = median(backwards) if backwards else None
        _time_modules(model, args, kwargs, found)
    return found


def _fresh(args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Copies of the inputs, so that a model that writes into them does no harm."""

    def copied(value: Any) -> Any:
        return value.detach().clone().requires_grad_(value.requires_grad) if isinstance(value, Tensor) else value

    return tree_map(copied, args), tree_map(copied, kwargs)


def _timed(model: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[float, float | None]:
    """Seconds of one forward, and of one backward to all that requires grad; no ``.grad`` is touched."""
    given, named = _fresh(args, kwargs)
    started = time.perf_counter()
    result = model(*given, **named)
    done = time.perf_counter()
    return done - started, _backward(model, result, (given, named))


def _backward(model: Any, result: Any, given: Any) -> float | None:
    roots = [t for t in tree_flatten(result)[0] if isinstance(t, Tensor) and t.requires_grad]
    wanted = [t for t in (*model.parameters(), *tree_flatten(given)[0]) if isinstance(t, Tensor) and t.requires_grad]
    if not roots or not wanted:
        return None
    ones = [t.detach().new_ones(t.shape) for t in roots]
    started = time.perf_counter()
    grad(roots, wanted, ones, allow_unused=True)
    return time.perf_counter() - started


class _Inside:
    """Which module is being run: a stack while it is, and by autograd's clock afterwards, when nodes are looked at."""

    def __init__(self, model: Any) -> None:
        self.stack: list[Any] = []
        self.all = {id(module): module for module in model.modules()}
        self._times: list[int] = []  # negated, since the clock counts down
        self._modules: list[int | None] = []

    def change(self) -> None:
        self._times.append(-tick())
        self._modules.append(id(self.stack[-1]) if self.stack else None)

    def at(self, node: Node) -> int | None:
        """The module (its identity) that a node was recorded in."""
        before = bisect_right(self._times, -node._order) - 1
        return self._modules[before] if before >= 0 else None

    @contextmanager
    def followed(self, leave: Callable[[Any, Any, float], None]) -> Iterator[None]:
        """Follow every module's calls; at their end ``leave(module, result, seconds)`` is called."""
        started: list[float] = []

        def before(module: Any, args: Any) -> None:
            self.stack.append(module)
            self.change()
            started.append(time.perf_counter())

        def after(module: Any, args: Any, result: Any) -> None:
            seconds = time.perf_counter() - started.pop()
            self.stack.pop()
            self.change()
            leave(module, result, seconds)

        handles = []
        try:
            for module in self.all.values():
                handles += [module.register_forward_pre_hook(before), module.register_forward_hook(after, prepend=True)]
            yield
        finally:
            for handle in handles:
                handle.remove()


def _count(model: Any, args: tuple[Any, ...], kwargs: dict[str, Any], found: Measurement) -> None:
    """One forward of which everything is counted, and whose graph is looked at; and one backward, to warm up."""
    inside = _Inside(model)
    owners = {id(p): module for module in inside.all.values() for p in module._parameters.values() if p is not None}

    def leave(module: Any, result: Any, seconds: float) -> None:
        measured = found.modules[id(module)]
        measured.calls += 1
        measured.outputs = tree_map(lambda t: tuple(t.shape) if isinstance(t, Tensor) else None, result)

    def see(operator: Any, run: Callable[..., Any], operands: tuple[Any, ...], named: dict[str, Any]) -> Any:
        result = run(*operands, **named)
        for operand in operands:
            if id(operand) in owners:
                found.modules[id(owners[id(operand)])].used = True
        if inside.stack:
            measured = found.modules[id(inside.stack[-1])]
            measured.multiply_adds += multiply_adds(operator, operands, named, result)
            made = result if isinstance(result, (tuple, list)) else (result,)
            measured.results += sum(t.nbytes for t in made if isinstance(t, Tensor) and t._view is None)
        return result

    given, named = _fresh(args, kwargs)
    with inside.followed(leave):
        intercept.add(see)
        try:
            result = model(*given, **named)
        finally:
            intercept.remove(see)
    own = {id(root_of(t._array)) for t in model.parameters()}
    for node in reversed(_graph(result)):  # the earliest first: it is the one that a shared piece of memory is counted for
        where = inside.at(node)
        for _, saved in saved_of(node):
            root = root_of(saved._array)
            if where is not None and id(root) not in own:
                own.add(id(root))
                found.modules[where].saved += int(getattr(root, "nbytes", 0))
    _backward(model, result, (given, named))


def _time_modules(model: Any, args: tuple[Any, ...], kwargs: dict[str, Any], found: Measurement) -> None:
    forwards: list[dict[int, float]] = []
    backwards: list[dict[int, float]] = []
    for _ in range(found.runs):
        inside = _Inside(model)
        forward: dict[int, float] = {}
        backward: dict[int, float] = {}

        def leave(module: Any, result: Any, seconds: float, into: dict[int, float] = forward) -> None:
            into[id(module)] = into.get(id(module), 0.0) + seconds

        def watch(node: Node, g: Any, run: Callable[[], Any], into: dict[int, float] = backward, inside: _Inside = inside) -> Any:
            where = inside.at(node)
            started = time.perf_counter()
            grads = run()
            if where is not None:
                into[where] = into.get(where, 0.0) + time.perf_counter() - started
            return grads

        given, named = _fresh(args, kwargs)
        with inside.followed(leave):
            result = model(*given, **named)
        engine.watchers.append(watch)
        try:
            _backward(model, result, (given, named))
        finally:
            engine.watchers.remove(watch)
        forwards.append(forward)
        backwards.append(backward)
    for key, measured in found.modules.items():
        if any(key in times for times in forwards):
            measured.forward = median(times.get(key, 0.0) for times in forwards)
        measured.backward = median(times.get(key, 0.0) for times in backwards)


def _graph(result: Any) -> list[Node]:
    """The nodes that a result leads to, the latest recorded first."""
    roots = [t._find_edge() if t._stale else t._edge for t in tree_flatten(result)[0] if isinstance(t, Tensor)]
    seen: set[int] = set()
    nodes: list[Node] = []
    stack = [edge for edge in roots if edge is not None]
    while stack:
        edge = stack.pop()
        node: Any = edge.node if isinstance(edge, Output) else edge
        if node is NO_EDGE or id(node) in seen or not isinstance(node, Node):
            continue
        seen.add(id(node))
        nodes.append(node)
        stack += [edge for edge in node._edges if edge is not None]
    return sorted(nodes, key=lambda node: node._order)

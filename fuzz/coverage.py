"""Coverage: what of the tables, the batching rules, the kernels and their branches the programs of a run exercised.

It is seen from outside, with ``sys.settrace``, so that nothing is slower where nobody looks.  What is seen is a set of
*points*, tuples that begin with a kind:

==============  ======================================================================================
``row``         a row and what of it ran: its forward, a gradient (for large arrays, or recorded), each input's
                tangent, under vmap; dtypes of its operands; whether all their dimensions had several elements
``line``        a line of a generated caller or ``apply``, that is a formula, or a branch by size, dtype or grad mode
``rule``        the batching rule of a NumPy function
``plan``        a kernel that was made of a formula: its shape and axes (kept and reduced); what else it did when it ran;
                the dtypes that each shape read
``native``      a kernel written by hand
``source``      a line of a function in ``adjoint/ops``, ``kernels`` or ``readings``
==============  ======================================================================================
"""

from __future__ import annotations

import dis
import importlib
import pkgutil
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import numpy as np

import adjoint
from adjoint.autograd import forward_ad
from adjoint.declare.emit import build
from adjoint.declare.namespaces import OPERATORS
from adjoint.kernels import reading
from adjoint.readings import batching_rules as _all_rules  # noqa: F401 (which are made when a vmap first asks for one)
from adjoint.readings.batched import RULES, BatchedArray

Point = tuple[str, ...]

_ROOT = Path(adjoint.__file__).parent
_SEEN = tuple(str(_ROOT / part) + "/" for part in ("ops", "kernels", "readings"))


class Coverage:
    """Collects the points of what runs in this process while it is on."""

    def __init__(self, lines: bool = True) -> None:
        self.lines = lines  # whether they are looked at, which is what takes the time
        self.points: set[Point] = set()
        self._told: set[Point] = set()
        self._keys = {id(operator): key for key, operator in OPERATORS.items()}
        self._handlers: dict[CodeType, Callable[[FrameType], None]] = {
            forward_ad.Level._carry.__code__: self._tangents,
        }
        if reading.usable():
            from adjoint.kernels import machine_code, plan

            self._handlers[machine_code.address.__code__] = self._native
            self._handlers[plan._shares.__code__] = self._plan
            self._handlers[plan.Step.run.__code__] = self._step
        self._tracers: dict[CodeType, Any] = {}
        self._generated: dict[CodeType, str] = {}  # what the function is: rows whose functions are alike share the code
        self._of_rows: dict[tuple[CodeType, str], Any] = {}
        self._rules = dict(RULES)
        self._watched_rules = {function: self._watched(_name(function), rule) for function, rule in RULES.items()}

    def on(self) -> None:
        """Look at this thread, and at those that begin from now on."""
        RULES.update(self._watched_rules)
        threading.settrace(self._call)
        sys.settrace(self._call)

    def off(self) -> None:
        """Look no longer."""
        sys.settrace(None)
        threading.settrace(None)  # type: ignore[arg-type]
        RULES.update(self._rules)

    def new(self) -> set[Point]:
        """The points that have not been asked for yet."""
        found = self.points - self._told
        self._told |= found
        return found

    def _call(self, frame: FrameType, event: str, arg: Any) -> Any:
        code = frame.f_code
        tracer = self._tracers.get(code, self)
        if tracer is self:
            tracer = self._tracers[code] = self._tracer(code)
        handler = self._handlers.get(code)
        if handler is not None:
            handler(frame)
        what = self._generated.get(code)
        return tracer if what is None else self._row(what, frame)

    def _tracer(self, code: CodeType) -> Any:
        """What sees the lines of a function; None where they do not matter."""
        name = code.co_filename
        if name.startswith("<adjoint "):
            self._generated[code] = name[:-1].rpartition(" ")[2]
            return None
        if name.startswith(_SEEN) and code.co_name != "<lambda>":
            return self._lines("source", str(Path(name).relative_to(_ROOT)), code, self._tracers, code)
        return None

    def _lines(self, kind: str, where: str, code: CodeType, tracers: Any, place: Any) -> Any:
        """What sees lines that have not been seen; after the last of them it is None that stands in its place."""
        if not self.lines:
            return None
        left = set(lines_of(code))

        def see(frame: FrameType, event: str, arg: Any) -> Any:
            if event == "line":
                line = frame.f_lineno
                if line in left:
                    left.discard(line)
                    self.points.add((kind, where, str(line)))
                    if not left:
                        tracers[place] = None
            return see

        return see

    def _row(self, what: str, frame: FrameType) -> Any:
        """A row's function is called: note of which kind, and return what sees its lines."""
        key = self._keys.get(id(frame.f_globals.get("OP")))
        if key is None:
            return None
        place = frame.f_code, key
        if place not in self._of_rows:
            self._of_rows[place] = self._lines("line", f"{key} {what}", frame.f_code, self._of_rows, place)
        self._of_operands(key, what, frame)
        return self._of_rows[place]

    def _of_operands(self, key: str, what: str, frame: FrameType) -> None:
        add = self.points.add
        add(("row", key, what))
        arrays = [a for value in frame.f_locals.values() for a in _arrays(value)]
        if not arrays:
            return
        if any(a.__class__ is BatchedArray for a in arrays):
            add(("row", key, what + " under vmap"))
        for a in arrays:
            add(("row", key, what, f"{a.dtype.kind}{a.dtype.itemsize}"))
        if any(a.ndim for a in arrays) and all(n > 1 for a in arrays for n in a.shape):
            add(("row", key, what, "several elements"))
        if any(a.size >= reading.LARGE for a in arrays):
            add(("row", key, what, "large"))

    def _tangents(self, frame: FrameType) -> None:
        key = self._keys.get(id(frame.f_locals["operator"]))
        if key is not None:
            for name in frame.f_locals["tangents"]:
                self.points.add(("row", key, f"tangent of {name}"))

    def _native(self, frame: FrameType) -> None:
        function = frame.f_locals["function"]
        self.points.add(("native", f"{function.__module__.removeprefix('adjoint.kernels.')}.{function.__name__}"))

    def _plan(self, frame: FrameType) -> None:
        kernel, where, split = (frame.f_locals[name] for name in ("kernel", "where", "split"))
        self.points.add(("plan", kernel.kind + (" split" if split else ""), where.kinds))

    def _step(self, frame: FrameType) -> None:
        step, given = frame.f_locals["self"], frame.f_locals["arrays"]
        add = self.points.add
        kind = "map" if step.maps else "reduction" if step.finish is None else "split reduction"
        for a in step.arguments:
            array = given[a]
            add(("plan", f"{kind} of", f"{array.dtype.kind}{array.dtype.itemsize}"))
            for name, steps in _STEPS.items():
                if any(steps(s, array.itemsize) for s, n in zip(array.strides, array.shape) if n > 1):
                    add(("plan", f"{kind} of", name))
        for name, has in _HAS.items():
            if has(step, frame.f_locals["targets"]):
                add(("plan", "with", name))

    def _watched(self, name: str, rule: Any) -> Any:
        def watched(level: Any, *args: Any, **kwargs: Any) -> Any:
            self.points.add(("rule", name))
            return rule(level, *args, **kwargs)

        return watched


_STEPS: dict[str, Callable[[int, int], bool]] = {
    "elements beside each other": lambda step, size: step == size,
    "elements apart": lambda step, size: step > size,
    "elements repeated": lambda step, size: step == 0,
    "elements backward": lambda step, size: step < 0,
}
_HAS: dict[str, Callable[[Any, Any], bool]] = {
    "sums across the rows": lambda step, targets: bool(step.sums),
    "a result in another order": lambda step, targets: any(step.transposed),
    "a target that is given": lambda step, targets: bool(targets),
    "several results": lambda step, targets: len(step.made) > 1,
    "one task": lambda step, targets: step.tasks == 1,
    "many tasks": lambda step, targets: step.tasks > 1,
}
_SHAPES = {
    "map": ("K", "KK", "KKK", "KKKK"), "rows": ("R", "RR", "KR", "KRR", "RKR", "KKR", "RRR"), "rows split": ("R", "RR", "RRR"),
    "columns": ("RK", "KRK", "RRK", "RKK", "RKRK"), "columns split": ("RK",),
}  # fmt: skip
"""The plans that a run should have met: each shape of kernel, with the axes that it treats in another way."""


def _arrays(value: Any) -> list[Any]:
    """The arrays behind what a generated function was handed."""
    values = value if isinstance(value, (tuple, list)) else (value,)
    found = [v if isinstance(v, (BatchedArray, np.ndarray)) else getattr(v, "_array", None) for v in values]
    return [a for a in found if hasattr(a, "dtype")]


def _name(function: Any) -> str:
    if isinstance(function, tuple):
        return ".".join(map(_name, function))
    return getattr(function, "__qualname__", None) or getattr(function, "__name__", None) or str(function)


def lines_of(code: CodeType) -> set[int]:
    """The lines of a function that can be run, without those that raise."""
    raising = {i.positions.lineno for i in dis.get_instructions(code) if i.opname == "RAISE_VARARGS" and i.positions}
    return {line for *_, line in code.co_lines() if line and line != code.co_firstlineno} - raising


# What there is


def expected() -> set[Point]:
    """All points that there could be; of plans, those that each way of making one should have met."""
    found: set[Point] = {("rule", _name(function)) for function in RULES}
    for key, operator in OPERATORS.items():
        whats = ["function"]
        if operator.gradients:
            whats += ["apply", "apply_taped"] + ["apply_large"] * operator.takes_large
            found |= {("row", key, f"tangent of {name}") for name in operator.differentiable_inputs}
            found |= {("row", key, f"{what} under vmap") for what in ("function", "apply")}
        found |= {("row", key, what) for what in whats}
        found |= {("row", key, what, "several elements") for what in ("function",)}
        for what in whats:
            code = build(operator, what).__code__
            found |= {("line", f"{key} {what}", str(line)) for line in lines_of(code)}
    for module in _modules():
        found |= set(_of_module(module))
    return found | set(_plans())


def _plans() -> Iterator[Point]:
    for shape, every in _SHAPES.items():
        yield from (("plan", shape, axes) for axes in every)
    yield from (("plan", "with", name) for name in _HAS)
    for kind, dtypes in {"map": "b1 i1 i4 i8 f4 f8", "reduction": "b1 i8 f4 f8", "split reduction": "i8 f4 f8"}.items():
        yield from (("plan", f"{kind} of", dtype) for dtype in dtypes.split())
        yield from (("plan", f"{kind} of", name) for name in _STEPS if "backward" not in name)


def _modules() -> Iterator[Any]:
    for package in ("ops", "kernels", "readings"):
        for info in pkgutil.walk_packages([str(_ROOT / package)], f"adjoint.{package}."):
            if not info.name.startswith("adjoint.kernels.native"):  # which runs where kernels are not on disk yet
                yield importlib.import_module(info.name)


def _of_module(module: Any) -> Iterator[Point]:
    path = Path(module.__file__)
    native = {}
    for thing in vars(module).values():
        if thing.__class__.__name__ == "Native" and thing.__module__ == module.__name__:
            native[thing.function.__code__.co_firstlineno] = thing
            if "args" in thing.names and "task" in thing.names:  # what the pool launches
                yield ("native", f"{module.__name__.removeprefix('adjoint.kernels.')}.{thing.__name__}")
    text = path.read_text()
    whole = compile(text, str(path), "exec")
    name = str(path.relative_to(_ROOT))
    for code in _functions(whole, True):
        if code.co_firstlineno not in native and code.co_name != "<lambda>":
            yield from (("source", name, str(line)) for line in lines_of(code))


def _functions(code: CodeType, outside: bool) -> Iterator[CodeType]:
    """The functions in a module, a class or a function."""
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            is_class = outside and not constant.co_flags & 0x02  # a function's locals are in slots
            if not is_class:
                yield constant
            yield from _functions(constant, is_class)


# What is said of it


def summary(points: dict[str, set[Point]]) -> tuple[str, str]:
    """Per family and in total how many points of each kind there are, and a list of all that are missing."""
    wanted = expected()
    total: set[Point] = set().union(*points.values())
    kinds = {"rows' forwards": lambda p: p[0] == "row" and p[2:] == ("function",),
             "... with several elements in each dimension": lambda p: p[0] == "row" and p[2:] == ("function", "several elements"),
             "rows' gradients": lambda p: p[0] == "row" and p[2:] == ("apply",),
             "... of large arrays": lambda p: p[0] == "row" and p[2:] == ("apply_large",),
             "... recorded": lambda p: p[0] == "row" and p[2:] == ("apply_taped",),
             "rows' tangents": lambda p: p[0] == "row" and p[2].startswith("tangent"),
             "rows under vmap": lambda p: p[0] == "row" and p[2:] == ("function under vmap",),
             "... and their gradients": lambda p: p[0] == "row" and p[2:] == ("apply under vmap",),
             "lines of rows' generated functions": lambda p: p[0] == "line",
             "batching rules": lambda p: p[0] == "rule",
             "plans of formulas": lambda p: p[0] == "plan",
             "kernels written by hand": lambda p: p[0] == "native",
             "lines of ops, kernels and readings": lambda p: p[0] == "source"}  # fmt: skip
    names = [*points, "all"]
    lines = [f"{'':52}{'of':>7}" + "".join(f"{name:>12}" for name in names)]
    missing = []
    for title, belongs in kinds.items():
        these = {p for p in wanted if belongs(p)}
        counts = [len(these & (total if name == "all" else points[name])) for name in names]
        lines.append(f"{title:52}{len(these):7}" + "".join(f"{n:12}" for n in counts))
        missing += [f"\n{title}: not exercised", *_listed(these - total)]
    others = sorted({p[1:] for p in total - wanted if p[0] == "plan"})
    lines.append("and beside these plans of " + ", ".join(f"{kind} {axes}" for kind, axes in others))
    return "\n".join(lines), "\n".join(missing)


def _listed(points: Iterable[Point]) -> list[str]:
    """Points of one kind, the lines of a file or function on one line, as ranges."""
    found: dict[str, list[int]] = {}
    plain = []
    for kind, where, *rest in points:
        if kind in ("line", "source"):
            found.setdefault(where, []).append(int(rest[0]))
        else:
            plain.append("  " + " ".join((where, *rest)))
    return sorted(plain) + [f"  {where}: {_ranges(sorted(lines))}" for where, lines in sorted(found.items())]


def _ranges(lines: list[int]) -> str:
    parts: list[list[int]] = []
    for line in lines:
        if parts and line == parts[-1][-1] + 1:
            parts[-1].append(line)
        else:
            parts.append([line])
    return ", ".join(str(p[0]) if len(p) == 1 else f"{p[0]}-{p[-1]}" for p in parts)

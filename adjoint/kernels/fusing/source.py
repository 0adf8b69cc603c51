"""Source: the native source of a kernel, as far as all of them are alike: its arguments, values, loads and stores."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import prod
from typing import Any

from adjoint.kernels.elementwise import FUNCTION_COST, text_of
from adjoint.kernels.fusing.analysis import Analysis
from adjoint.kernels.fusing.combining import combined, neutral, wide
from adjoint.kernels.fusing.kernel import Kernel
from adjoint.kernels.halves import MEMORY, NARROWED, WIDENED
from adjoint.kernels.machine import last_cache_bytes
from adjoint.kernels.program import REDUCTIONS
from adjoint.kernels.traced import Untraceable

LINE = 64  # bytes of a cache


@dataclass(slots=True)
class Lines:
    """Source text in the making."""

    lines: list[str] = field(default_factory=list)
    depth: int = 1

    def __call__(self, text: str) -> None:
        self.lines.append("    " * self.depth + text)


class Source(Analysis):
    """Writes one kernel; subclasses write its loops."""

    kind: str
    can_stream = True

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.line = Lines()
        self.functions: dict[str, Any] = {}
        self.words: list[Any] = []
        self.streams = self._streams()
        self.put = "store"
        self.unroll = 1

    def kernel(self) -> Kernel:
        """The kernel."""
        self._head()
        self._loops()
        name = "kernel"
        source = f"def {name}(args, task, worker):\n" + "\n".join(self.line.lines) + "\n"
        return Kernel(
            name, source, self.functions, self.arrays, self.words, self.kind, self.unroll * self.lanes, self.reductions
        )

    def _loops(self) -> None:
        """Write the loops over a task's part of the space."""
        raise NotImplementedError

    def _streams(self) -> bool:
        """Whether results are written past the caches: they will have left the last one before anybody comes back."""
        if not self.can_stream or not self.full_outputs:
            return False
        items = {self.equations[i].dtype.itemsize for _, i in self.full_outputs}
        if len(items) != 1 or min(items) < 2:
            return False
        of_result = items.pop() * prod(self.space.sizes)
        return of_result > last_cache_bytes() * 3 // 8 and any(self.inner(i) == "1" for i in self.inputs)

    def _word(self, *what: Any) -> str:
        if what not in self.words:
            self.words.append(what)
        return f"args[{len(self.arrays) + self.words.index(what)}]"

    def _head(self) -> None:
        line = self.line
        for a in range(self.axes):
            line(f"n{a} = {self._word('size', a)}")
        for k, array in enumerate(self.arrays):
            t = self._memory_type(array)
            line(f"p{k} = pointer(args[{k}], {self._word('offset', array)}, {t})")
            for a in range(self.axes):
                if self.steps(array, a):
                    line(f"s{k}_{a} = {self._word('stride', array, a)}")
        numbers = 0
        for i in range(len(self.equations)):
            if self.equations[i].name == "number":
                if i in self.used:
                    t = self.dtype(i)
                    if t[0] == "f":
                        word = self._word("number", numbers)
                        slot = word.removeprefix("args")
                        line(f"x{i} = splat({t}(cast(args, ptr(f64)){slot}), {self.lanes})")
                    else:
                        line(f"x{i} = splat({t}({self._word('number', numbers)}), {self.lanes})")
                numbers += 1

    def _memory_type(self, array: Any) -> str:
        if any(array == ("out", p) for p, _ in self.across):
            return "f64"  # a task's sums over its rows
        t = MEMORY.get(self.half(array)) or self.array_dtype(array)
        return "i8" if t == "i1" else t

    def _widened(self, array: Any, text: str) -> str:
        """What was loaded from an array as the numbers that are computed with."""
        return text if self.half(array) is None else self._by(WIDENED, "widened", array, text)

    def _narrowed(self, array: Any, text: str) -> str:
        """Numbers as they are stored in an array."""
        return text if self.half(array) is None else self._by(NARROWED, "narrowed", array, text)

    def _by(self, functions: Any, name: str, array: Any, text: str) -> str:
        half = self.half(array)
        self.functions[f"{name}_{half}"] = functions[half]
        return f"{name}_{half}({text})"

    def _points(self, axes: list[int]) -> None:
        """The loop over a task's kept points; leaves the base pointers of all arrays."""
        line = self.line
        if not axes:
            self._bases({})
            return
        line(f"start = task * {self._word('chunk')}")
        line(f"for point in range(start, minimum(start + {self._word('chunk')}, {self._word('points')})):")
        line.depth += 1
        rest = "point"
        for a in reversed(axes[1:]):
            line(f"at{a} = {rest} % n{a}")
            line(f"r{a} = {rest} // n{a}")
            rest = f"r{a}"
        line(f"at{axes[0]} = {rest}")
        self._bases({a: f"at{a}" for a in axes})

    def _bases(self, places: dict[int, str]) -> None:
        for k, array in enumerate(self.arrays):
            terms = [f"{place} * s{k}_{a}" for a, place in places.items() if self.steps(array, a)]
            if isinstance(array, tuple) and array[0] == "partial":
                terms.append(f"task * {self._word('partial', array)}")
            self.line(f"b{k} = {self._moved(f'p{k}', terms, array)}")

    def _moved(self, base: str, terms: list[str], array: Any) -> str:
        if not terms:
            return base
        return f"cast(cast({base}, ptr(i8)) + ({' + '.join(terms)}), ptr({self._memory_type(array)}))"

    def _name(self, i: int, u: int | None = None) -> str:
        if self.equations[i].name == "number":
            return f"x{i}"
        return f"v{i}_{u}" if u is not None and self.is_full(i) and i not in self.reductions else f"v{i}"

    def _expression(self, i: int, name: Any) -> str:
        e = self.equations[i]
        operands = [name(o) for o in e.operands]
        if e.name in REDUCTIONS:  # over axes of size 1
            return operands[0]
        return text_of(self.program, i, operands, self.functions)

    def _begin(self, sums: str, found: list[int], count: int) -> None:
        """What reductions begin with, for so many vectors that are combined side by side."""
        for i in found:
            e = self.equations[i]
            first = f"splat({wide(e) if sums == 'all' else self.dtype(i)}({neutral(e)}), {self.lanes})"
            self.line(f"{sums}{i} = [{first} for _ in unroll({count})]")

    def _add_section(self, found: list[int], count: int) -> None:
        """Combine what a section came to with the others."""
        for i in found:
            for u in range(count):
                e = self.equations[i]
                self.line(f"all{i}[{u}] = {combined(e, f'all{i}[{u}]', f'cast(acc{i}[{u}], {wide(e)})')}")

    def _inner_loop(
        self, loop: int, found: list[int], low: str, high: str, bases: str = "b", spills: dict[int, int] | None = None
    ) -> None:
        """The loop; past the caches where it leaves large results: after a first, masked vector these begin at a line."""
        results = [self.arrays.index(("out", p)) for p, i in self.full_outputs if self.ready[i] == loop]
        if not self.streams or not results:
            self._vectors(loop, found, low, high, bases, spills or {})
            return
        line, depth = self.line, self.line.depth
        item = self.item(self.arrays[results[0]])
        ends = min(LINE, item * self.lanes) - 1
        first, *others = [f"cast({bases}{k}, i64)" for k in results]
        line("begins = " + low)
        differ = " | ".join(f"({first} ^ {other})" for other in others)
        if differ:
            line(f"if (({differ}) & {ends}) == 0:")
            line.depth += 1
        line(f"head = minimum((0 - ({first} + {low} * {item}) & {ends}) // {item}, {high} - {low})")
        line("if head > 0:")
        line.depth += 1
        line(f"mask = first_lanes(head, {self.lanes})")
        self._body(loop, found, low, [0], "mask", bases, spills or {})
        line.depth -= 1
        line(f"begins = {low} + head")
        self.put = "store_streaming"
        self._vectors(loop, found, "begins", high, bases, spills or {})
        self.put = "store"
        if differ:
            line.depth = depth
            line("else:")
            line.depth += 1
            self._vectors(loop, found, low, high, bases, spills or {})
        line.depth = depth

    def _vectors(
        self, loop: int, found: list[int], low: str, high: str, bases: str, spills: dict[int, int]
    ) -> None:
        """Full vectors, several at a time, then masked ones: every body more would have to be compiled."""
        line, lanes = self.line, self.lanes
        whole = lanes * self.unroll
        line(f"top = {low} + ({high} - {low}) // {whole} * {whole}")
        line(f"for i in range({low}, top, {whole}):")
        line.depth += 1
        self._body(loop, found, "i", list(range(self.unroll)), None, bases, spills)
        line.depth -= 1
        line(f"for i in range(top, {high}, {lanes}):")
        line.depth += 1
        line(f"mask = first_lanes({high} - i, {lanes})")
        self._body(loop, found, "i", [0], "mask", bases, spills)
        line.depth -= 1

    def _body(
        self, loop: int, found: list[int], at: str, units: list[int], mask: str | None, bases: str, spills: dict[int, int]
    ) -> None:
        line, lanes = self.line, self.lanes
        needed = self.needed(loop, spills)
        for u in units:
            place = f"{at} + {u * lanes}" if u else at
            for i in self.used:
                if i not in needed:
                    continue
                if i in spills and spills[i] < loop:
                    line(f"v{i}_{u} = load(kept{i}, {place}, {lanes})")
                    continue
                self._value(i, u, place, mask, bases)
                if i in spills:
                    line(f"store(kept{i}, {place}, v{i}_{u})")
            for i in found:
                term = self._name(self.equations[i].operands[0], u)
                if mask:
                    term = f"where({mask}, {term}, {self.dtype(i)}({neutral(self.equations[i])}))"
                line(f"acc{i}[{u}] = {combined(self.equations[i], f'acc{i}[{u}]', term)}")
            for position, i in self.full_outputs:
                if self.ready[i] == loop:
                    self._store(("out", position), self._name(i, u), place, mask, bases)
            self._beside(loop, u, place, mask)

    def _beside(self, loop: int, u: int, place: str, mask: str | None) -> None:
        """What else a loop does with a vector of values."""

    def _value(self, i: int, u: int, place: str, mask: str | None, bases: str) -> None:
        """One value over the innermost axis."""
        e, line = self.equations[i], self.line
        if e.name == "number":
            return
        if e.name == "input":
            line(f"v{i}_{u} = {self._load(i, place, mask, bases)}")
        else:
            line(f"v{i}_{u} = {self._expression(i, lambda o: self._name(o, u))}")

    def _load(self, i: int, place: str, mask: str | None, bases: str) -> str:
        k = self.arrays.index(i)
        lanes, inner = self.lanes, self.inner(i)
        if inner == "0":
            text = f"splat({bases}{k}[0], {lanes})"
        elif inner == "1":
            text = f"load_masked({bases}{k}, {place}, {mask})" if mask else f"load({bases}{k}, {place}, {lanes})"
        else:
            axis = self.axes - 1
            item = self.equations[i].dtype.itemsize
            indices = f"(iota(i64, {lanes}) + ({place})) * (s{k}_{axis} // {item})"
            text = f"gather({bases}{k}, {indices}{', ' + mask if mask else ''})"
        return f"{text} != 0" if self.equations[i].dtype.kind == "b" else self._widened(i, text)

    def _store(self, array: Any, name: str, place: str, mask: str | None, bases: str) -> None:
        k = self.arrays.index(array)
        if self.array_dtype(array) == "i1":
            name = f"cast({name}, i8)"
        name = self._narrowed(array, name)
        if self.inner(array) == "0":
            raise Untraceable("a result that does not fill its space")
        if mask:
            self.line(f"store_masked({bases}{k}, {place}, {name}, {mask})")
        else:
            self.line(f"{self.put}({bases}{k}, {place}, {name})")


def vectors_at_once(weight: int) -> int:
    """How many vectors a loop that does so much with each of them takes at a time."""
    return 4 if weight <= 10 else 2 if weight <= FUNCTION_COST + 5 else 1

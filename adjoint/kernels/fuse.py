"""Fuse: native source for a group of a program's results, one kernel over their iteration space.

Three shapes of kernel, by the innermost axis:

* nothing is reduced: one pass over the elements (past the caches, where the arrays are larger than these);
* the innermost axis is reduced (rows): for each kept point, one loop per stage of reductions over its row, the lanes of
  a vector along the row; what only depends on reductions is computed between the loops;
* the innermost axis is kept (columns): the same for a block of neighbouring points at a time, one to a lane.

A value over the reduced axes that a later loop needs again is computed again, or, where it is expensive, kept in a
small array on the stack.  With ``split`` the first axis, a reduced one, is shared out to the tasks, which leave partial
results.  ``print(kernel.source)`` shows what was made.
"""

from __future__ import annotations

import linecache
from dataclasses import dataclass, field
from math import prod
from typing import Any

from adjoint.kernels.elementwise import FUNCTION_COST, TYPES, cost, expression, text_of
from adjoint.kernels.layout import Space
from adjoint.kernels.machine import last_cache_bytes
from adjoint.kernels.program import REDUCTIONS, Program, live
from adjoint.kernels.traced import Untraceable

SPILL = 8192  # elements of a row that are kept on the stack
LINE = 64  # bytes of a cache

_COMBINE = {
    "sum": "{0} + {1}",
    "prod": "{0} * {1}",
    "amax": "where({0} != {0}, {0}, larger({0}, {1}))",
    "amin": "where({0} != {0}, {0}, smaller({0}, {1}))",
}
_COMBINE_INTEGERS = {"sum": "{0} + {1}", "prod": "{0} * {1}", "amax": "maximum({0}, {1})", "amin": "minimum({0}, {1})"}
_HORIZONTAL = {"sum": "hsum", "prod": "hprod", "amax": "hmax", "amin": "hmin"}
_NEUTRAL = {"sum": "0", "prod": "1", "amax": "-INFINITY", "amin": "INFINITY"}


@dataclass(slots=True)
class Kernel:
    """A kernel's source and how its arguments are laid out.

    The first words of the arguments are the arrays (inputs, then results), ``words`` says what follows:
    ``("offset", array)``, ``("stride", array, axis)``, ``("size", axis)``, ``("number", index)``, ``("chunk",)``,
    ``("points",)``, and ``("first",)`` and ``("step",)``, which say in what order the tasks go through the space.
    """

    name: str
    source: str
    functions: dict[str, Any]
    arrays: list[Any]
    words: list[Any]
    kind: str  # "map", "rows" or "columns"
    block: int  # columns: how many points a task's block has
    reductions: list[int]  # split: which equations' partial results are left


@dataclass(slots=True)
class _Lines:
    lines: list[str] = field(default_factory=list)
    depth: int = 1

    def __call__(self, text: str) -> None:
        self.lines.append("    " * self.depth + text)


class Fusion:
    """Writes one kernel."""

    def __init__(
        self, program: Program, space: Space, outputs: list[int], lanes: int, split: bool = False, across: int = 0
    ):
        """``across`` of the outputs, the last ones, are sums over the rows of what is computed along them."""
        self.program = program
        self.equations = program.equations
        self.space = space
        self.outputs = outputs
        self.lanes = lanes
        self.split = split
        self.used = live(program, outputs)
        self.axes = len(space.sizes)
        self.kinds = space.kinds
        self.reduced = [a for a, k in enumerate(self.kinds) if k == "R"]
        self.line = _Lines()
        self.functions: dict[str, Any] = {}
        self.words: list[Any] = []
        self.inputs = [i for i in self.used if self.equations[i].name == "input"]
        first = len(outputs) - across
        self.across = [(p, i) for p, i in enumerate(outputs) if p >= first]
        self.reductions = [
            i for i in self.used
            if self.equations[i].name in REDUCTIONS and self._reduces(i) and i not in outputs[first:]
        ]  # fmt: skip
        self.full_outputs = [(p, i) for p, i in enumerate(outputs[:first]) if self._is_full(i)]
        if split:
            results: list[Any] = [("partial", i) for i in self.reductions] + [("out", p) for p, _ in self.full_outputs]
        else:
            results = [("out", p) for p in range(len(outputs))]
        self.arrays: list[Any] = [*self.inputs, *results]
        self.ready = self._stages()
        self.loops = 1 + max((self.ready[i] if self._is_full(i) else self.ready[i] - 1 for i in outputs), default=0)
        self.loops = max(self.loops, 1)
        self.kind = "map" if not self.reduced else "rows" if self.kinds[-1] == "R" else "columns"
        self.streams = self._streams()
        self.put = "store"
        self.ahead: list[int] = []

    def _streams(self) -> bool:
        """Whether results are written past the caches: they will have left the last one before anybody comes back."""
        if self.kind == "columns" or (self.kind == "map" and self.axes != 1) or not self.full_outputs:
            return False
        items = {self.equations[i].dtype.itemsize for _, i in self.full_outputs}
        if len(items) != 1 or min(items) < 4:
            return False
        of_result = items.pop() * prod(self.space.sizes)
        return of_result > last_cache_bytes() * 3 // 8 and any(self._inner(i) == "1" for i in self.inputs)

    # What the equations are

    def _reduces(self, i: int) -> bool:
        of = self.equations[self.equations[i].operands[0]].shape
        return any(of[a] != 1 for a in self.equations[i].detail)

    def _is_full(self, i: int) -> bool:
        """Whether a value differs along a reduced axis (with none reduced: whether it is an array at all)."""
        shape = self.equations[i].shape
        rank = len(self.space.shape)
        if not self.reduced:
            return True
        for a in self.reduced:
            for axis in self.space.of_axis[a]:
                own = axis - rank + len(shape)
                if own >= 0 and shape[own] != 1:
                    return True
        return False

    def _stages(self) -> dict[int, int]:
        """How many loops have to be done before a value can be computed."""
        ready: dict[int, int] = {}
        for i in self.used:
            e = self.equations[i]
            ready[i] = max((ready[o] for o in e.operands), default=0) + (i in self.reductions)
        return ready

    def _dtype(self, i: int) -> str:
        return TYPES[str(self.equations[i].dtype)]

    def _array_dtype(self, array: Any) -> str:
        if isinstance(array, tuple):
            i = array[1] if array[0] == "partial" else self.outputs[array[1]]
            return self._dtype(i)
        return self._dtype(array)

    def _inner(self, array: Any) -> str:
        """How an array steps along the innermost axis: "0", "1", or "s" for anything else."""
        if not self.axes:
            return "0"
        stride = self.strides(array)[-1]
        item = self._item(array)
        return "0" if stride == 0 else "1" if stride == item else "s"

    def _item(self, array: Any) -> int:
        if isinstance(array, tuple):
            i = array[1] if array[0] == "partial" else self.outputs[array[1]]
            return self.equations[i].dtype.itemsize
        return self.equations[array].dtype.itemsize

    def strides(self, array: Any) -> list[int]:
        """An array's strides along the axes; of a partial result, as if the split axis were kept."""
        if isinstance(array, tuple) and array[0] == "partial":
            item = self._item(array)
            made = [0] * self.axes
            step = item
            for a in reversed(range(self.axes)):
                if self.kinds[a] == "K":
                    made[a] = step
                    step *= self.space.sizes[a]
            return made
        return self.space.strides[array]

    # Source

    def kernel(self) -> Kernel:
        """The kernel."""
        weight = self._weight(self.used)
        self.unroll = _unroll(weight)
        if self.kind == "columns":
            self.unroll = 4 if weight <= 12 and self.loops == 1 else 2 if weight <= 2 * FUNCTION_COST else 1
        self._head()
        if self.kind == "map":
            self._map()
        elif self.kind == "rows":
            self._rows()
        else:
            self._columns()
        name = "kernel"
        source = f"def {name}(args, task, worker):\n" + "\n".join(self.line.lines) + "\n"
        block = self.unroll * self.lanes
        return Kernel(name, source, self.functions, self.arrays, self.words, self.kind, block, self.reductions)

    def _weight(self, values: Any) -> int:
        total = 0
        for i in values:
            e = self.equations[i]
            if self._is_full(i) and e.name not in ("input", "number", "convert") and i not in self.reductions:
                _, function = expression(e.name, e.dtype, self._operand_dtype(i))
                total += cost(e.name, function)
        return total

    def _word(self, *what: Any) -> str:
        if what not in self.words:
            self.words.append(what)
        return f"args[{len(self.arrays) + self.words.index(what)}]"

    def _head(self) -> None:
        line = self.line
        line(f"task = {self._word('first')} + task * {self._word('step')}")
        for a in range(self.axes):
            line(f"n{a} = {self._word('size', a)}")
        for k, array in enumerate(self.arrays):
            t = self._memory_type(array)
            line(f"p{k} = pointer(args[{k}], {self._word('offset', array)}, {t})")
            for a in range(self.axes):
                if self._steps(array, a):
                    line(f"s{k}_{a} = {self._word('stride', array, a)}")
        numbers = 0
        for i in range(len(self.equations)):
            if self.equations[i].name == "number":
                if i in self.used:
                    t = self._dtype(i)
                    if t[0] == "f":
                        word = self._word("number", numbers)
                        slot = word.removeprefix("args")
                        line(f"x{i} = splat({t}(cast(args, ptr(f64)){slot}), {self.lanes})")
                    else:
                        line(f"x{i} = splat({t}({self._word('number', numbers)}), {self.lanes})")
                numbers += 1

    def _steps(self, array: Any, axis: int) -> bool:
        """Whether an array's step along an axis is an argument: not where it is known to be 0, or 1 element."""
        if self.strides(array)[axis] == 0:
            return False
        return axis != self.axes - 1 or self._inner(array) == "s"

    def _memory_type(self, array: Any) -> str:
        t = self._array_dtype(array)
        return "i8" if t == "i1" else t

    def _map(self) -> None:
        line = self.line
        if self.axes == 0:
            self._bases({})
            line("low = i64(0)")
            line("high = i64(1)")
            self._inner_loop(0, [], "low", "high")
            return
        if self.axes == 1:
            line(f"low = task * {self._word('chunk')}")
            line(f"high = minimum(low + {self._word('chunk')}, n0)")
            self._bases({})
            self._inner_loop(0, [], "low", "high")
            return
        self._points(list(range(self.axes - 1)))
        line("low = i64(0)")
        self._inner_loop(0, [], "low", f"n{self.axes - 1}")

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
            terms = [f"{place} * s{k}_{a}" for a, place in places.items() if self._steps(array, a)]
            if isinstance(array, tuple) and array[0] == "partial":
                terms.append(f"task * {self._word('partial', array)}")
            self.line(f"b{k} = {self._moved(f'p{k}', terms, array)}")

    def _moved(self, base: str, terms: list[str], array: Any) -> str:
        if not terms:
            return base
        return f"cast(cast({base}, ptr(i8)) + ({' + '.join(terms)}), ptr({self._memory_type(array)}))"

    # Rows

    def _rows(self) -> None:
        line = self.line
        kept = [a for a in range(self.axes) if self.kinds[a] == "K"]
        if self.split:
            self._bases({})
        else:
            self._clear_sums()
            self._points(kept)
        self.ahead = self._next_rows(kept)
        single = len(self.reduced) == 1 and not self.split
        spills = self._spills() if single and self.space.sizes[-1] <= SPILL else {}
        for i in spills:
            line(f"kept{i} = scratch({self._dtype(i)}, {SPILL})")
        for loop in range(self.loops):
            self._row_values(loop)
            found = [i for i in self.reductions if self.ready[i] == loop + 1]
            sums = sum(self.ready[i] == loop for _, i in self.across)
            self.unroll = _unroll(self._weight(self._needed(loop, spills)) + len(found) + 2 * sums)
            for i in found:
                t = self._dtype(i)
                line(f"acc{i} = [splat({t}({self._neutral(i)}), {self.lanes}) for _ in unroll({self.unroll})]")
            depth = line.depth
            low, high = "low", "high"
            outer = self.reduced[:-1]
            last = self.reduced[-1]
            bases = "b"
            if self.split:
                first = self.reduced[0]
                line(f"begin = task * {self._word('chunk')}")
                line(f"end = minimum(begin + {self._word('chunk')}, n{first})")
            if outer:
                bases = "d"
                for a in outer:
                    bounds = "begin, end" if self.split and a == self.reduced[0] else f"n{a}"
                    line(f"for j{a} in range({bounds}):")
                    line.depth += 1
                for k, array in enumerate(self.arrays):
                    terms = [f"j{a} * s{k}_{a}" for a in outer if self._steps(array, a)]
                    line(f"d{k} = {self._moved(f'b{k}', terms, array)}")
                line("low = i64(0)")
                high = f"n{last}"
            elif self.split:
                low, high = "begin", "end"
            else:
                line("low = i64(0)")
                high = f"n{last}"
            self._inner_loop(loop, found, low, high, bases, spills)
            line.depth = depth
            for i in found:
                whole = f"acc{i}[0]"
                for u in range(1, self.unroll):
                    whole = self._combine(i, whole, f"acc{i}[{u}]")
                    line(f"whole{i} = {whole}")
                    whole = f"whole{i}"
                horizontal = _HORIZONTAL[self.equations[i].name]
                line(f"v{i} = splat({horizontal}({whole}), {self.lanes})")
        self._store_kept()

    def _clear_sums(self) -> None:
        """A task's own sums over its rows, zero."""
        line, last = self.line, self.axes - 1
        for p, i in self.across:
            k = self.arrays.index(("out", p))
            line(f"sums{k} = {self._moved(f'p{k}', ['task * ' + self._word('part', i)], ('out', p))}")
            line(f"for i in range(0, n{last}, {self.lanes}):")
            zero = f"splat({self._dtype(i)}(0), {self.lanes})"
            line(f"    store_masked(sums{k}, i, {zero}, first_lanes(n{last} - i, {self.lanes}))")

    def _add_to_sums(self, loop: int, u: int, place: str, mask: str | None) -> None:
        for p, i in self.across:
            if self.ready[i] == loop:
                k = self.arrays.index(("out", p))
                before = f"load_masked(sums{k}, {place}, {mask})" if mask else f"load(sums{k}, {place}, {self.lanes})"
                total = f"{before} + {self._name(self.equations[i].operands[0], u)}"
                self.line(f"store{'_masked' if mask else ''}(sums{k}, {place}, {total}{f', {mask}' if mask else ''})")

    def _next_rows(self, kept: list[int]) -> list[int]:
        """The inputs of which the second loop, which finds its row in the first cache, asks for the next row meanwhile."""
        if self.loops == 1 or self.split or not kept or len(self.reduced) > 1:
            return []
        ahead = [k for k, array in enumerate(self.arrays) if array in self.inputs and self._inner(array) == "1"]
        ahead = [k for k in ahead if self._steps(self.arrays[k], kept[-1])]
        for k in ahead:
            self.line(f"next{k} = {self._moved(f'b{k}', [f's{k}_{kept[-1]}'], self.arrays[k])}")
        return ahead

    def _combine(self, i: int, a: str, b: str) -> str:
        kind = self.equations[i].dtype.kind
        if kind not in "fi":
            raise Untraceable(f"{self.equations[i].name} of {self.equations[i].dtype}")
        return (_COMBINE if kind == "f" else _COMBINE_INTEGERS)[self.equations[i].name].format(a, b)

    def _neutral(self, i: int) -> str:
        e = self.equations[i]
        if e.dtype.kind == "f" or e.name in ("sum", "prod"):
            return _NEUTRAL[e.name]
        bits = e.dtype.itemsize * 8
        return str(-(2 ** (bits - 1)) if e.name == "amax" else 2 ** (bits - 1) - 1)

    def _spills(self) -> dict[int, int]:
        """Expensive values that more than one loop needs: their equations, and the loop that computes them first."""
        found = {}
        for i in self.used:
            e = self.equations[i]
            if not self._is_full(i) or i in self.reductions or e.name in ("input", "number", "convert"):
                continue
            _, function = expression(e.name, e.dtype, self._operand_dtype(i))
            needed = [loop for loop in range(self.loops) if i in self._needed(loop, {})]
            if function is not None and len(needed) > 1:
                found[i] = needed[0]
        return found

    def _needed(self, loop: int, spills: dict[int, int]) -> set[int]:
        """The values over the reduced axes that a loop computes."""
        wanted = [self.equations[i].operands[0] for i in self.reductions if self.ready[i] == loop + 1]
        wanted += [i for _, i in self.full_outputs if self.ready[i] == loop]
        wanted += [self.equations[i].operands[0] for _, i in self.across if self.ready[i] == loop]
        seen: set[int] = set()
        stack = wanted
        while stack:
            i = stack.pop()
            if i in seen or not self._is_full(i) or i in self.reductions:
                continue
            seen.add(i)
            if spills.get(i, loop) == loop:
                stack += self.equations[i].operands
        return seen

    def _row_values(self, loop: int) -> None:
        """Values that do not differ along the reduced axes and can be computed once ``loop`` loops are done."""
        for i in self.used:
            if self.ready[i] == loop and not self._is_full(i) and i not in self.reductions:
                self._row_value(i)

    def _row_value(self, i: int) -> None:
        e = self.equations[i]
        if e.name == "number":
            return
        if e.name == "input":
            k = self.arrays.index(i)
            test = " != 0" if e.dtype.kind == "b" else ""
            self.line(f"v{i} = splat(b{k}[0]{test}, {self.lanes})")
        else:
            self.line(f"v{i} = {self._expression(i, lambda o: self._name(o))}")

    def _name(self, i: int, u: int | None = None) -> str:
        if self.equations[i].name == "number":
            return f"x{i}"
        if u is not None and self._is_full(i) and i not in self.reductions:
            return f"v{i}_{u}"
        if u is not None and self.kind == "columns":
            return f"v{i}_{u}"
        return f"v{i}"

    def _operand_dtype(self, i: int) -> Any:
        e = self.equations[i]
        return self.equations[e.operands[-1]].dtype if e.operands else e.dtype

    def _expression(self, i: int, name: Any) -> str:
        e = self.equations[i]
        operands = [name(o) for o in e.operands]
        if e.name in REDUCTIONS:  # over axes of size 1
            return operands[0]
        return text_of(self.program, i, operands, self.functions)

    # The loop over the innermost axis

    def _inner_loop(
        self, loop: int, found: list[int], low: str, high: str, bases: str = "b", spills: dict[int, int] | None = None
    ) -> None:
        """The loop; past the caches where it leaves large results: after a first, masked vector these begin at a line."""
        results = [self.arrays.index(("out", p)) for p, i in self.full_outputs if self.ready[i] == loop]
        if not self.streams or not results:
            self._vectors(loop, found, low, high, bases, spills or {})
            return
        line, depth = self.line, self.line.depth
        item = self._item(self.arrays[results[0]])
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
        needed = self._needed(loop, spills)
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
                    term = f"where({mask}, {term}, {self._dtype(i)}({self._neutral(i)}))"
                line(f"acc{i}[{u}] = {self._combine(i, f'acc{i}[{u}]', term)}")
            for position, i in self.full_outputs:
                if self.ready[i] == loop:
                    self._store(("out", position), self._name(i, u), place, mask, bases)
            self._add_to_sums(loop, u, place, mask)
            if loop == 1 and mask is None:
                for k in self.ahead:
                    line(f"prefetch(next{k}, {place})")

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
        lanes, inner = self.lanes, self._inner(i)
        if inner == "0":
            text = f"splat({bases}{k}[0], {lanes})"
        elif inner == "1":
            text = f"load_masked({bases}{k}, {place}, {mask})" if mask else f"load({bases}{k}, {place}, {lanes})"
        else:
            axis = self.axes - 1
            item = self.equations[i].dtype.itemsize
            indices = f"(iota(i64, {lanes}) + ({place})) * (s{k}_{axis} // {item})"
            text = f"gather({bases}{k}, {indices}{', ' + mask if mask else ''})"
        return f"{text} != 0" if self.equations[i].dtype.kind == "b" else text

    def _store(self, array: Any, name: str, place: str, mask: str | None, bases: str) -> None:
        k = self.arrays.index(array)
        if self._array_dtype(array) == "i1":
            name = f"cast({name}, i8)"
        if self._inner(array) == "0":
            raise Untraceable("a result that does not fill its space")
        if mask:
            self.line(f"store_masked({bases}{k}, {place}, {name}, {mask})")
        else:
            self.line(f"{self.put}({bases}{k}, {place}, {name})")

    def _store_kept(self) -> None:
        """Results (or partial results) that do not differ along the reduced axes."""
        if self.split:
            for i in self.reductions:
                k = self.arrays.index(("partial", i))
                self.line(f"b{k}[0] = lane(v{i}, 0)")
            return
        self._row_values(self.loops)
        for position, i in enumerate(self.outputs):
            if not self._is_full(i):
                k = self.arrays.index(("out", position))
                value = f"lane({self._name(i)}, 0)"
                if self.equations[i].dtype.kind == "b":
                    value = f"i8({value})"
                self.line(f"b{k}[0] = {value}")

    # Columns

    def _columns(self) -> None:
        """Blocks of neighbouring points: full ones of several vectors, then single masked vectors."""
        line = self.line
        kept = [a for a in range(self.axes - 1) if self.kinds[a] == "K"]
        last = self.axes - 1
        width = self.lanes * self.unroll
        if self.split:
            self._bases({})
            line(f"for block in range((n{last} + {width - 1}) // {width}):")
            line.depth += 1
        else:
            start = f"task * {self._word('chunk')}"
            line(f"start = {start}")
            line(f"for whole in range(start, minimum(start + {self._word('chunk')}, {self._word('points')})):")
            line.depth += 1
            line(f"blocks = (n{last} + {width - 1}) // {width}")
            line("block = whole % blocks")
            rest = "whole // blocks"
            places = {}
            for a in reversed(kept):
                line(f"at{a} = ({rest}) % n{a}")
                rest = f"({rest}) // n{a}"
                places[a] = f"at{a}"
            self._bases(places)
        line(f"left = block * {width}")
        line(f"if left + {width} <= n{last}:")
        line.depth += 1
        self._column_block(list(range(self.unroll)), "left", None)
        line.depth -= 1
        line("else:")
        line.depth += 1
        line(f"for at in range(left, n{last}, {self.lanes}):")
        line.depth += 1
        line(f"mask = first_lanes(n{last} - at, {self.lanes})")
        self._column_block([0], "at", "mask")

    def _column_block(self, units: list[int], at: str, mask: str | None) -> None:
        line, lanes = self.line, self.lanes
        depth = line.depth
        for loop in range(self.loops + 1):
            for u in units:
                place = f"{at} + {u * lanes}" if u else at
                for i in self.used:
                    if self.ready[i] == loop and not self._is_full(i) and i not in self.reductions:
                        self._value(i, u, place, mask, "b")
            if loop == self.loops:
                break
            found = [i for i in self.reductions if self.ready[i] == loop + 1]
            for i in found:
                t = self._dtype(i)
                line(f"acc{i} = [splat({t}({self._neutral(i)}), {lanes}) for _ in unroll({len(units)})]")
            for a in self.reduced:
                if self.split and a == self.reduced[0]:
                    line(f"begin = task * {self._word('chunk')}")
                    line(f"for j{a} in range(begin, minimum(begin + {self._word('chunk')}, n{a})):")
                else:
                    line(f"for j{a} in range(n{a}):")
                line.depth += 1
            for k, array in enumerate(self.arrays):
                terms = [f"j{a} * s{k}_{a}" for a in self.reduced if self._steps(array, a)]
                line(f"d{k} = {self._moved(f'b{k}', terms, array)}")
            needed = self._needed(loop, {})
            for u in units:
                place = f"{at} + {u * lanes}" if u else at
                for i in self.used:
                    if i in needed:
                        self._value(i, u, place, mask, "d")
                for i in found:
                    term = self._name(self.equations[i].operands[0], u)
                    line(f"acc{i}[{u}] = {self._combine(i, f'acc{i}[{u}]', term)}")
                for position, i in self.full_outputs:
                    if self.ready[i] == loop:
                        self._store(("out", position), self._name(i, u), place, mask, "d")
            if not needed:
                line("pass")
            line.depth = depth
            for i in found:
                for u in units:
                    line(f"v{i}_{u} = acc{i}[{u}]")
        for u in units:
            place = f"{at} + {u * lanes}" if u else at
            if self.split:
                for i in self.reductions:
                    self._store(("partial", i), f"v{i}_{u}", place, mask, "b")
                continue
            for position, i in enumerate(self.outputs):
                if not self._is_full(i):
                    self._store(("out", position), self._name(i, u), place, mask, "b")
        line.depth = depth


def _unroll(weight: int) -> int:
    """How many vectors a loop that does so much with each of them takes at a time."""
    return 4 if weight <= 10 else 2 if weight <= FUNCTION_COST + 5 else 1


def compile_kernel(kernel: Kernel) -> int:
    """The address of a kernel's machine code."""
    from adjoint.kernels import native
    from adjoint.kernels.machine_code import address_of
    from adjoint.kernels.native.emitter import Value

    def emit(name: str) -> Any:
        filename = f"<adjoint {name}>"
        linecache.cache[filename] = (len(kernel.source), None, kernel.source.splitlines(True), filename)
        space = {k: v for k, v in vars(native).items() if not k.startswith("_")}
        space |= {"INFINITY": float("inf"), "pointer": _pointer(native), **kernel.functions}
        exec(compile(kernel.source, filename, "exec"), space)
        function = native.native(space[kernel.name])
        compilation = native.emitter.Compilation(name)
        arguments = [Value(native.ptr(native.i64), None), Value(native.i64, None), Value(native.i64, None)]
        native.function.specialised(compilation, function, arguments, public=name)
        return compilation.module

    return address_of(kernel.source, emit)


def _pointer(native: Any) -> Any:
    """The address of an array's elements, from the address of the array object."""
    from adjoint.kernels.objects import pointer

    return pointer

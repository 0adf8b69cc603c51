"""Rows: the innermost axis is reduced.

For each kept point one loop per stage of reductions over its row, the lanes of a vector along the row; what only depends on
reductions is computed between the loops.  A value over the reduced axes that a later loop needs again is computed again, or,
where it is expensive, kept in a small array on the stack.  Sums of several axes, and of long rows, are sums of sums.
"""

from __future__ import annotations

from adjoint.kernels.fusing.combining import combined, horizontal
from adjoint.kernels.fusing.source import Source, vectors_at_once
from adjoint.kernels.layout import LONGEST_SUM

ROWS = 32  # of which sums over the rows are added up beside each other before they are added to those in double
SPILL = 8192  # elements of a row that are kept on the stack
SECTION = 1024  # elements of a row that are summed in the arrays' own precision; what these come to is added up in double


class Rows(Source):
    """A row after the other."""

    kind = "rows"
    ahead: list[int]

    def _loops(self) -> None:
        line = self.line
        kept = [a for a in range(self.axes) if self.kinds[a] == "K"]
        if self.split:
            self._bases({})
        else:
            self._clear_sums()
            self._points(kept)
        self.ahead = self._next_rows(kept)
        single = len(self.reduced) == 1 and not self.split
        spills = self.spills() if single and self.space.sizes[-1] <= SPILL else {}
        for i in spills:
            line(f"kept{i} = scratch({self.dtype(i)}, {SPILL})")
        for loop in range(self.loops):
            self._row_values(loop)
            found = [i for i in self.reductions if self.ready[i] == loop + 1]
            across = sum(self.ready[i] == loop for _, i in self.across)
            self.unroll = vectors_at_once(self.weight(self.needed(loop, spills)) + len(found) + 2 * across)
            depth = line.depth
            low, high, bases = "low", "high", "b"
            outer, last = self.reduced[:-1], self.reduced[-1]
            is_long = self.space.sizes[-1] > SECTION
            in_sections = bool(outer) or is_long
            sums = "all" if in_sections else "acc"
            self._begin(sums, found, self.unroll)
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
                    terms = [f"j{a} * s{k}_{a}" for a in outer if self.steps(array, a)]
                    line(f"d{k} = {self._moved(f'b{k}', terms, array)}")
            begin, end = ("begin", "end") if self.split and not outer else ("0", f"n{last}")
            if is_long:
                line(f"for low in range({begin}, {end}, {SECTION}):")
                line.depth += 1
                line(f"high = minimum(low + {SECTION}, {end})")
            else:
                line(f"low = i64({begin})")
                high = end
            if in_sections:
                self._begin("acc", found, self.unroll)
            self._inner_loop(loop, found, low, high, bases, spills)
            if in_sections:
                self._add_section(found, self.unroll)
            line.depth = depth
            for i in found:
                whole = f"{sums}{i}[0]"
                for u in range(1, self.unroll):
                    whole = combined(self.equations[i], whole, f"{sums}{i}[{u}]")
                    line(f"whole{i} = {whole}")
                    whole = f"whole{i}"
                line(f"v{i} = splat({self.dtype(i)}({horizontal(self.equations[i])}({whole})), {self.lanes})")
        self._store_kept()
        self._add_sums(kept)

    def _clear_sums(self) -> None:
        """A task's own sums over its rows, zero: of the latest rows, and in double of those before."""
        line, last = self.line, self.axes - 1
        for p, i in self.across:
            k = self.arrays.index(("out", p))
            line(f"all{k} = {self._moved(f'p{k}', ['task * ' + self._word('partial', ('partial', i))], ('out', p))}")
            line(f"sums{k} = scratch({self.dtype(i)}, {LONGEST_SUM})")
            line(f"for i in range(0, n{last}, {self.lanes}):")
            line(f"    mask = first_lanes(n{last} - i, {self.lanes})")
            for sums, of in ((f"sums{k}", self.dtype(i)), (f"all{k}", "f64")):
                line(f"    store_masked({sums}, i, splat({of}(0), {self.lanes}), mask)")

    def _add_sums(self, kept: list[int]) -> None:
        """After some rows, and after the last, add the sums of the latest ones to those of all."""
        line, last = self.line, self.axes - 1
        if not self.across:
            return
        chunk = self._word("chunk")
        line(f"if (point - start) % {ROWS} == {ROWS - 1} or point == minimum(start + {chunk}, {self._word('points')}) - 1:")
        line.depth += 1
        for p, i in self.across:
            k = self.arrays.index(("out", p))
            line(f"for i in range(0, n{last}, {self.lanes}):")
            line(f"    mask = first_lanes(n{last} - i, {self.lanes})")
            line(f"    latest = cast(load_masked(sums{k}, i, mask), f64)")
            line(f"    store_masked(all{k}, i, load_masked(all{k}, i, mask) + latest, mask)")
            line(f"    store_masked(sums{k}, i, splat({self.dtype(i)}(0), {self.lanes}), mask)")
        line.depth -= 1

    def _beside(self, loop: int, u: int, place: str, mask: str | None) -> None:
        """Add to the sums, and ask for the next row."""
        for p, i in self.across:
            if self.ready[i] == loop:
                k = self.arrays.index(("out", p))
                before = f"load_masked(sums{k}, {place}, {mask})" if mask else f"load(sums{k}, {place}, {self.lanes})"
                total = f"{before} + {self._name(self.equations[i].operands[0], u)}"
                self.line(f"store{'_masked' if mask else ''}(sums{k}, {place}, {total}{f', {mask}' if mask else ''})")
        if loop == 1 and mask is None:
            for k in self.ahead:
                self.line(f"prefetch(next{k}, {place})")

    def _next_rows(self, kept: list[int]) -> list[int]:
        """The inputs of which the second loop, which finds its row in the first cache, asks for the next row meanwhile."""
        if self.loops == 1 or self.split or not kept or len(self.reduced) > 1:
            return []
        ahead = [k for k, array in enumerate(self.arrays) if array in self.inputs and self.inner(array) == "1"]
        ahead = [k for k in ahead if self.steps(self.arrays[k], kept[-1])]
        for k in ahead:
            self.line(f"next{k} = {self._moved(f'b{k}', [f's{k}_{kept[-1]}'], self.arrays[k])}")
        return ahead

    def _row_values(self, loop: int) -> None:
        """Values that do not differ along the reduced axes and can be computed once ``loop`` loops are done."""
        for i in self.used:
            if self.ready[i] == loop and not self.is_full(i) and i not in self.reductions:
                self._row_value(i)

    def _row_value(self, i: int) -> None:
        e = self.equations[i]
        if e.name == "number":
            return
        if e.name == "input":
            k = self.arrays.index(i)
            test = " != 0" if e.dtype.kind == "b" else ""
            self.line(f"v{i} = {self._widened(i, f'splat(b{k}[0]{test}, {self.lanes})')}")
        else:
            self.line(f"v{i} = {self._expression(i, lambda o: self._name(o))}")

    def _store_kept(self) -> None:
        """Results (or partial results) that do not differ along the reduced axes."""
        if self.split:
            for i in self.reductions:
                k = self.arrays.index(("partial", i))
                self.line(f"b{k}[0] = lane(v{i}, 0)")
            return
        self._row_values(self.loops)
        for position, i in enumerate(self.outputs):
            if not self.is_full(i):
                k = self.arrays.index(("out", position))
                value = f"lane({self._narrowed(('out', position), self._name(i))}, 0)"
                if self.equations[i].dtype.kind == "b":
                    value = f"i8({value})"
                self.line(f"b{k}[0] = {value}")

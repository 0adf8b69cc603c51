"""Columns: the innermost axis is kept; a block of neighbouring points at a time, one to a lane."""

from __future__ import annotations

from adjoint.kernels.elementwise import FUNCTION_COST
from adjoint.kernels.fusing.combining import combined
from adjoint.kernels.fusing.source import Source

SECTION = 32  # rows that are summed in the arrays' own precision; what these come to is added up in double


class Columns(Source):
    """A block of columns after the other, with the loops of :class:`~adjoint.kernels.fusing.rows.Rows`."""

    kind = "columns"
    can_stream = False

    def _loops(self) -> None:
        """Blocks of neighbouring points: full ones of several vectors, then single masked vectors."""
        line, weight = self.line, self.weight(self.used)
        self.unroll = 4 if weight <= 12 and self.loops == 1 else 2 if weight <= 2 * FUNCTION_COST else 1
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
                    if self.ready[i] == loop and not self.is_full(i) and i not in self.reductions:
                        self._value(i, u, place, mask, "b")
            if loop == self.loops:
                break
            found = [i for i in self.reductions if self.ready[i] == loop + 1]
            in_sections = len(self.reduced) > 1 or self.space.sizes[self.reduced[0]] > SECTION
            self._begin("all" if in_sections else "acc", found, len(units))
            for a in self.reduced:
                low, high = "0", f"n{a}"
                if self.split and a == self.reduced[0]:
                    line(f"begin = task * {self._word('chunk')}")
                    line(f"end = minimum(begin + {self._word('chunk')}, n{a})")
                    low, high = "begin", "end"
                if found and in_sections and a == self.reduced[-1]:
                    line(f"for section in range({low}, {high}, {SECTION}):")
                    line.depth += 1
                    self._begin("acc", found, len(units))
                    inside = line.depth
                    low, high = "section", f"minimum(section + {SECTION}, {high})"
                line(f"for j{a} in range({low}, {high}):")
                line.depth += 1
            for k, array in enumerate(self.arrays):
                terms = [f"j{a} * s{k}_{a}" for a in self.reduced if self.steps(array, a)]
                line(f"d{k} = {self._moved(f'b{k}', terms, array)}")
            needed = self.needed(loop, {})
            for u in units:
                place = f"{at} + {u * lanes}" if u else at
                for i in self.used:
                    if i in needed:
                        self._value(i, u, place, mask, "d")
                for i in found:
                    term = self._name(self.equations[i].operands[0], u)
                    line(f"acc{i}[{u}] = {combined(self.equations[i], f'acc{i}[{u}]', term)}")
                for position, i in self.full_outputs:
                    if self.ready[i] == loop:
                        self._store(("out", position), self._name(i, u), place, mask, "d")
            if not needed:
                line("pass")
            if found and in_sections:
                line.depth = inside
                self._add_section(found, len(units))
            line.depth = depth
            for i in found:
                for u in units:
                    line(f"v{i}_{u} = " + (f"cast(all{i}[{u}], {self.dtype(i)})" if in_sections else f"acc{i}[{u}]"))
        for u in units:
            place = f"{at} + {u * lanes}" if u else at
            if self.split:
                for i in self.reductions:
                    self._store(("partial", i), f"v{i}_{u}", place, mask, "b")
                continue
            for position, i in enumerate(self.outputs):
                if not self.is_full(i):
                    self._store(("out", position), self._name(i, u), place, mask, "b")
        line.depth = depth

    def _name(self, i: int, u: int | None = None) -> str:
        return f"v{i}_{u}" if u is not None and self.equations[i].name != "number" else super()._name(i, u)

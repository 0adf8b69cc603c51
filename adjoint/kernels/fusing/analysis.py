"""Analysis: what a kernel computes when: its loops, what each needs, and how its arrays lie along the axes."""

from __future__ import annotations

from typing import Any

from adjoint.kernels.elementwise import TYPES, cost, expression
from adjoint.kernels.halves import computing, is_half
from adjoint.kernels.layout import Space
from adjoint.kernels.program import REDUCTIONS, Program, live


class Analysis:
    """Of some of a program's results, which one kernel is to compute.

    ``across`` of the outputs, the last ones, are sums over the rows of what is computed along them.  With ``split`` the
    first axis, a reduced one, is shared out to the tasks, which leave partial results.
    """

    def __init__(
        self, program: Program, space: Space, outputs: list[int], lanes: int, split: bool = False, across: int = 0
    ) -> None:
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
        self.inputs = [i for i in self.used if self.equations[i].name == "input"]
        first = len(outputs) - across
        self.across = [(p, i) for p, i in enumerate(outputs) if p >= first]
        self.reductions = [
            i for i in self.used
            if self.equations[i].name in REDUCTIONS and self._reduces(i) and i not in outputs[first:]
        ]  # fmt: skip
        self.full_outputs = [(p, i) for p, i in enumerate(outputs[:first]) if self.is_full(i)]
        if split:
            results: list[Any] = [("partial", i) for i in self.reductions] + [("out", p) for p, _ in self.full_outputs]
        else:
            results = [("out", p) for p in range(len(outputs))]
        self.arrays: list[Any] = [*self.inputs, *results]
        self.ready = self._stages()
        self.loops = 1 + max((self.ready[i] if self.is_full(i) else self.ready[i] - 1 for i in outputs), default=0)
        self.loops = max(self.loops, 1)

    def _reduces(self, i: int) -> bool:
        of = self.equations[self.equations[i].operands[0]].shape
        return any(of[a] != 1 for a in self.equations[i].detail)

    def is_full(self, i: int) -> bool:
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

    def dtype(self, i: int) -> str:
        return TYPES[str(self.equations[i].dtype)]

    def array_dtype(self, array: Any) -> str:
        if isinstance(array, tuple):
            i = array[1] if array[0] == "partial" else self.outputs[array[1]]
            return self.dtype(i)
        return self.dtype(array)

    def inner(self, array: Any) -> str:
        """How an array steps along the innermost axis: "0", "1", or "s" for anything else."""
        if not self.axes:
            return "0"
        stride = self.strides(array)[-1]
        item = self.item(array)
        return "0" if stride == 0 else "1" if stride == item else "s"

    def item(self, array: Any) -> int:
        return self.in_memory(array).itemsize  # type: ignore[no-any-return]

    def in_memory(self, array: Any) -> Any:
        """The dtype of an array's elements; partial results are kept as they were computed."""
        if not isinstance(array, tuple):
            return self.equations[array].dtype
        kind, which = array
        return computing(self.equations[which].dtype) if kind == "partial" else self.equations[self.outputs[which]].dtype

    def half(self, array: Any) -> str | None:
        """The name of an array's dtype if it is a half, whose elements are widened and narrowed."""
        dtype = self.in_memory(array)
        return str(dtype) if is_half(dtype) else None

    def strides(self, array: Any) -> list[int]:
        """An array's strides along the axes; of a partial result, as if the split axis were kept."""
        if isinstance(array, tuple) and array[0] == "partial":
            item = self.item(array)
            made = [0] * self.axes
            step = item
            for a in reversed(range(self.axes)):
                if self.kinds[a] == "K":
                    made[a] = step
                    step *= self.space.sizes[a]
            return made
        return self.space.strides[array]

    def steps(self, array: Any, axis: int) -> bool:
        """Whether an array's step along an axis is an argument: not where it is known to be 0, or 1 element."""
        if self.strides(array)[axis] == 0:
            return False
        return axis != self.axes - 1 or self.inner(array) == "s"

    def spills(self) -> dict[int, int]:
        """Expensive values that more than one loop needs: their equations, and the loop that computes them first."""
        found = {}
        for i in self.used:
            e = self.equations[i]
            if not self.is_full(i) or i in self.reductions or e.name in ("input", "number", "convert"):
                continue
            _, function = expression(e.name, e.dtype, self._operand_dtype(e))
            needed = [loop for loop in range(self.loops) if i in self.needed(loop, {})]
            if function is not None and len(needed) > 1:
                found[i] = needed[0]
        return found

    def needed(self, loop: int, spills: dict[int, int]) -> set[int]:
        """The values over the reduced axes that a loop computes."""
        wanted = [self.equations[i].operands[0] for i in self.reductions if self.ready[i] == loop + 1]
        wanted += [i for _, i in self.full_outputs if self.ready[i] == loop]
        wanted += [self.equations[i].operands[0] for _, i in self.across if self.ready[i] == loop]
        seen: set[int] = set()
        stack = wanted
        while stack:
            i = stack.pop()
            if i in seen or not self.is_full(i) or i in self.reductions:
                continue
            seen.add(i)
            if spills.get(i, loop) == loop:
                stack += self.equations[i].operands
        return seen

    def weight(self, values: Any) -> int:
        total = 0
        for i in values:
            e = self.equations[i]
            if self.is_full(i) and e.name not in ("input", "number", "convert") and i not in self.reductions:
                _, function = expression(e.name, e.dtype, self._operand_dtype(e))
                total += cost(e.name, function)
        return total

    def _operand_dtype(self, e: Any) -> Any:
        return self.equations[e.operands[-1]].dtype if e.operands else e.dtype

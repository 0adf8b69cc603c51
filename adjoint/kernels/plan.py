"""Plan: everything about a call that its arguments' shapes, strides and dtypes decide, ready to be run.

A plan is a list of kernels with their arguments' constant part packed; a call allocates the results, adds the addresses
of the arrays and launches.
"""

from __future__ import annotations

import struct
from math import prod
from typing import Any

import numpy as np

from adjoint.kernels import memory, pool
from adjoint.kernels.fusing import Analysis, Kernel, Source, compile_kernel, fusion
from adjoint.kernels.halves import computing, is_floating
from adjoint.kernels.handed import handle
from adjoint.kernels.layout import Space, crossed, groups, space
from adjoint.kernels.machine import machine
from adjoint.kernels.partition import partition
from adjoint.kernels.pool import running, state
from adjoint.kernels.program import REDUCTIONS, Program, View, live
from adjoint.kernels.traced import TracedArray, Tracer, Untraceable
from adjoint.summation import total

GRAIN = 16384  # elements a task has at least
_PARTS = 8  # tasks per thread at most, so that an interrupted thread does not hold up the others


_direction = [0]
"""Kernels go through memory forward and backward in turn: the next one begins where the cache still holds something.  One
that only writes goes as the last one went, so that what comes after it finds what the last one read."""


class Step:
    """One kernel of a plan."""

    __slots__ = (
        "arguments", "code", "finish", "in_order", "made", "maps", "pack", "program", "reads", "source", "sums", "tail", "tasks",
        "transposed",
    )  # fmt: skip

    def __init__(self, program: Program, group: Any) -> None:
        shape, reduced, positions, across = group
        outputs = [program.outputs[p] for p in [*positions, *across]]
        where = space(program, shape, reduced, outputs)
        lanes = machine().vector_bytes // 4
        items = {program.equations[i].dtype.itemsize for i in live(program, outputs)}
        if items <= {8, 1}:
            lanes //= 2
        split = not across and _splits(program, where, outputs)
        writer = fusion(program, where, outputs, lanes, split, len(across))
        kernel = writer.kernel()
        self.source = kernel.source
        self.code = compile_kernel(kernel)
        self.reads = any(any(writer.strides(i)) for i in writer.inputs)
        self.maps = kernel.kind == "map"  # every element of a result depends on the operands' at its place only
        self.program = program
        self.arguments = [program.equations[i].detail.argument for i in writer.inputs]
        chunk, self.tasks, points = _shares(kernel, where, split)
        self.transposed: list[Any] = []  # per result over the whole space, how its axes go back; None where they lie so
        self.made: list[tuple[Any, Any]] = []  # what is allocated: (shape, dtype)
        self.finish = None
        self.sums: dict[int, Any] = {}  # the results that tasks leave sums of, in double, and of which dtype they are
        if split:
            parts = self.tasks
            for i in writer.reductions:
                self._add_result(program, where, i)
                of, dtype = self.made[-1]
                self.made[-1] = ((parts, *of), computing(dtype))
            for _, i in writer.full_outputs:
                self._add_result(program, where, i)
            self.finish = _Finish(program, writer, outputs, len(writer.reductions))
        else:
            for i in outputs:
                self._add_result(program, where, i)
            for p, _ in writer.across:
                of, dtype = self.made[p]
                self.made[p] = ((self.tasks, *of), np.dtype(np.float64))
                self.sums[p] = dtype
        self.in_order = False  # whether the kernel's inputs are all that a call hands over, as they come
        self.pack = struct.Struct(f"={pool.HEAD + len(kernel.arrays)}q").pack
        self.tail = _tail(program, kernel, writer, where, {"chunk": chunk, "points": points})

    def _add_result(self, program: Program, where: Space, i: int) -> None:
        e = program.equations[i]
        lead = len(where.shape) - len(e.shape)
        order = [a - lead for a in where.order if a >= lead]
        self.made.append((tuple(e.shape[a] for a in order), e.dtype))
        back = [0] * len(order)
        for place, a in enumerate(order):
            back[a] = place
        self.transposed.append(tuple(back) if order != sorted(order) else None)

    def plain(self) -> bool:
        """Whether :meth:`run` returns one array as the kernel left it."""
        return len(self.made) == 1 and self.finish is None and not self.sums and self.transposed == [None]

    def result(self, arrays: Any) -> Any:
        """The one result of a plain step, which is what most calls want."""
        if self.reads:
            _direction[0] ^= 1
        shape, dtype = self.made[0]
        made = memory.empty(shape, dtype)
        handles = map(handle, arrays) if self.in_order else [handle(arrays[a]) for a in self.arguments]
        running()(self.pack(state(), self.code, self.tasks, _direction[0], *handles, handle(made)) + self.tail)
        return made

    def run(self, arrays: Any, targets: Any = None) -> list[Any]:
        """Compute the group's results, into ``targets`` where they are given."""
        empty = memory.empty
        if self.reads:
            _direction[0] ^= 1
        made = targets or [empty(shape, dtype) for shape, dtype in self.made]
        handles = [handle(arrays[a]) for a in self.arguments]
        running()(self.pack(state(), self.code, self.tasks, _direction[0], *handles, *map(handle, made)) + self.tail)
        if self.finish is not None:
            return self.finish(made, self)
        for p, dtype in self.sums.items():
            made[p] = total(made[p], 0).astype(dtype)
        if targets is None:
            for k, back in enumerate(self.transposed):
                if back is not None:
                    made[k] = made[k].transpose(back)
        return made


def _splits(program: Program, where: Space, outputs: list[int]) -> bool:
    """Whether the first axis, a reduced one, is shared out to the tasks."""
    if not where.kinds.startswith("R") or prod(where.sizes) < 2 * GRAIN or where.sizes[0] < 2:
        return False
    if "K" in where.kinds and where.kinds != "RK":
        return False
    if where.kinds == "RK" and where.sizes[1] * 8 > prod(where.sizes):
        return False
    return Analysis(program, where, outputs, 1, True).loops == 1


def _shares(kernel: Kernel, where: Space, split: bool) -> tuple[int, int, int]:
    """How many units a task has, how many tasks there are, and how many units in all."""
    total = prod(where.sizes)
    if split:
        units, weight = where.sizes[0], total // where.sizes[0]
    elif kernel.kind == "map" and len(where.sizes) == 1:
        units, weight = where.sizes[0], 1
    elif kernel.kind == "map":
        units = prod(where.sizes[:-1])
        weight = where.sizes[-1] if where.sizes else 1
    elif kernel.kind == "rows":
        units = prod(n for n, k in zip(where.sizes, where.kinds) if k == "K")
        weight = total // max(units, 1)
    else:
        columns = -(-where.sizes[-1] // kernel.block)
        units = columns * prod(n for n, k in zip(where.sizes[:-1], where.kinds[:-1]) if k == "K")
        weight = total // max(units, 1)
    least = max(1, GRAIN // max(weight, 1))
    most = -(-units // (pool.num_threads() * _PARTS))
    chunk = max(least, min(most, 1 << 40))
    if split and kernel.kind == "rows":
        chunk = min(chunk, max(1, 4 * GRAIN // max(weight, 1)))  # short sums, added in pairs: little rounding
    if kernel.kind == "map" and len(where.sizes) == 1:
        chunk = -(-chunk // 64) * 64
    return chunk, max(1, -(-units // chunk)), units


def _tail(program: Program, kernel: Kernel, writer: Source, where: Space, known: dict[str, int]) -> bytes:
    """The constant words of the arguments; ``known`` are those that have a name only."""
    words = []
    for word in kernel.words:
        what = word[0]
        if what == "offset":
            array = word[1]
            view = program.equations[array].detail if not isinstance(array, tuple) else None
            words.append(struct.pack("=q", view.offset if isinstance(view, View) else 0))
        elif what == "stride":
            words.append(struct.pack("=q", writer.strides(word[1])[word[2]]))
        elif what == "size":
            words.append(struct.pack("=q", where.sizes[word[1]]))
        elif what in known:
            words.append(struct.pack("=q", known[what]))
        elif what == "partial":
            i = word[1][1]
            item = 8 if writer.across else computing(program.equations[i].dtype).itemsize
            words.append(struct.pack("=q", item * prod(program.equations[i].shape)))
        else:
            number = program.numbers[word[1]]
            words.append(struct.pack("=d", number) if isinstance(number, float) else struct.pack("=q", int(number)))
    return b"".join(words)


class _Finish:
    """After a split reduction: the partial results added up, and what is computed from the totals."""

    def __init__(self, program: Program, writer: Source, outputs: list[int], partials: int) -> None:
        self.program = program
        self.reductions = writer.reductions
        self.outputs = outputs
        self.full = {i: partials + k for k, (_, i) in enumerate(writer.full_outputs)}
        self.partials = partials
        self.inputs = [i for i in writer.used if program.equations[i].name == "input" and not writer.is_full(i)]
        after = self._after(outputs)
        if any(i in self.inputs for i in after):
            raise Untraceable("a reduction's result beside another array")
        if any(not hasattr(np, program.equations[i].name) for i in after if program.equations[i].name not in _OWN):
            raise Untraceable("a function that NumPy does not have, of a total")
        self.after = after

    def _after(self, outputs: list[int]) -> list[int]:
        """What is computed from the totals, in order."""
        seen: set[int] = set()
        stack = [i for i in outputs if i not in self.full]
        while stack:
            i = stack.pop()
            if i not in seen and i not in self.reductions:
                seen.add(i)
                stack += self.program.equations[i].operands
        return sorted(seen)

    def __call__(self, made: list[Any], step: Step) -> list[Any]:
        values: dict[int, Any] = {}
        transposed = iter(step.transposed)
        for k, i in enumerate(self.reductions):
            e = self.program.equations[i]
            if e.name == "sum" and is_floating(e.dtype):
                found = total(made[k], 0)
            else:
                found = REDUCTIONS[e.name].reduce(made[k], 0, computing(e.dtype))
            back = next(transposed)
            values[i] = found if back is None else found.transpose(back)
        numbers = iter(self.program.numbers)
        given = {i: next(numbers) for i, e in enumerate(self.program.equations) if e.name == "number"}
        for i in self.after:
            e = self.program.equations[i]
            operands = [values[o] for o in e.operands]
            values[i] = computing(e.dtype).type(given[i]) if e.name == "number" else _evaluate(e, operands)
        results = []
        for i in self.outputs:
            if i in self.full:
                back = next(transposed)
                full = made[self.full[i]]
                results.append(full if back is None else full.transpose(back))
            else:
                results.append(np.asarray(values[i], self.program.equations[i].dtype))
        return results


_OWN = frozenset({*REDUCTIONS, "number", "convert", "copy"})


def _evaluate(e: Any, operands: list[Any]) -> Any:
    """An equation computed by NumPy."""
    if e.name == "convert":
        return operands[0].astype(computing(e.dtype))
    if e.name == "copy":
        return np.array(np.broadcast_to(operands[0], e.shape))
    if e.name in REDUCTIONS:
        return REDUCTIONS[e.name].reduce(operands[0], e.detail, computing(e.dtype), None, True)
    return getattr(np, e.name)(*operands)


class Plan:
    """A call that was traced and compiled."""

    __slots__ = ("alone", "around", "between", "build", "in_order", "passed", "several", "steps")

    def __init__(self, function: Any, args: Any, kwargs: dict[str, Any], arguments: list[Any]) -> None:
        tracer = Tracer()
        result = tracer.trace(function, args, kwargs, arguments)
        several = isinstance(result, tuple)
        program = tracer.program
        leaves = list(result) if several else [result]
        build: list[Any] = []  # how each result is made
        owners: dict[int, Any] = {}  # result -> the value that it is; an equal one has memory of its own
        for leaf in leaves:
            if leaf is None:
                build.append(None)
            elif not isinstance(leaf, TracedArray):
                raise Untraceable("a result that is no array")
            elif leaf.number is None or program.equations[leaf.number].name == "input":
                build.append(_passed(tracer, leaf))
            else:
                number = leaf.number
                if program.equations[number].name == "number":
                    raise Untraceable("a constant result")
                while owners.setdefault(number, leaf) is not leaf:
                    number = tracer.again(number)
                if number not in program.outputs:
                    program.outputs.append(number)
                build.append((program.outputs.index(number), leaf.shape, program.equations[number].shape))
        if any(0 in program.equations[i].shape for i in live(program)):
            raise Untraceable("empty arrays")
        self.steps = []
        for stage in partition(program, len(arguments)):
            for group in crossed(stage.program, groups(stage.program)):
                self.steps.append((Step(stage.program, group), [stage.outputs[p] for p in [*group[2], *group[3]]]))
        self.between = any(kind == "between" for _, kinds in self.steps for kind, _ in kinds)
        made = [place for _, kinds in self.steps for place in kinds]
        self.in_order = len(self.steps) == 1 and made == [("result", n) for n in range(len(made))]
        self.several = several
        self.passed = any(how is not None and how[0] in ("argument", "view") for how in build)
        """Whether a result is an argument, or a view of one."""
        self.build = _builder(build, several)
        places = [n for n, how in enumerate(build) if how is not None]
        only = self.steps[0][0] if self.in_order and len(places) == 1 and _builder([build[places[0]]], False) is None else None
        self.alone = only if only is not None and only.plain() else None  # one kernel makes the one result
        for step, _ in self.steps:
            step.in_order = step.arguments == list(range(len(arguments)))
        if self.alone is not None:  # and what is around it in a tuple
            self.around = (None,) * places[0], (None,) * (len(build) - places[0] - 1)

    def __call__(self, arrays: Any) -> Any:
        """The results for other arrays of the same shapes, strides and dtypes."""
        alone = self.alone
        if alone is not None:
            if not self.several:
                return alone.result(arrays)
            before, after = self.around
            return (*before, alone.result(arrays), *after)
        steps = self.steps
        if self.in_order:
            made = steps[0][0].run(arrays)
        else:
            found: dict[int, Any] = {}
            if self.between:
                arrays = dict(enumerate(arrays))
            for step, kinds in steps:
                for (kind, number), array in zip(kinds, step.run(arrays)):
                    if kind == "between":
                        arrays[number] = np.ascontiguousarray(array)
                    else:
                        found[number] = array
            made = [found[i] for i in range(len(found))]
        return made[0] if self.build is None else self.build(arrays, made)

    def fill(self, arrays: Any, target: Any) -> bool:
        """Compute the one result into an array; False where it has another form, or is no plain map."""
        if self.build is not None or not self.in_order:
            return False
        step = self.steps[0][0]
        if step.finish is not None or step.transposed != [None] or step.made != [(target.shape, target.dtype)]:
            return False
        if not target.flags.c_contiguous or not step.maps:
            return False
        step.run(arrays, [target])
        return True

    @property
    def source(self) -> str:
        """The native source of the kernels."""
        return "\n".join(step.source for step, _ in self.steps)

    @property
    def program(self) -> Program:
        """What the formula was written down as."""
        return self.steps[0][0].program


def _passed(tracer: Tracer, leaf: TracedArray) -> Any:
    """A result that is an argument, or a view of one: its strides and where it begins."""
    base = tracer.arguments[leaf.argument]
    if leaf.view is base:
        return ("argument", leaf.argument)
    if leaf.view.__array_interface__["data"][0] != base.__array_interface__["data"][0]:
        raise Untraceable("a view of a part of an argument")
    only_read = base.flags.writeable and not leaf.view.flags.writeable  # as broadcast_to makes them
    return ("view", leaf.argument, leaf.view.shape, leaf.view.strides, only_read)


def _builder(build: list[Any], several: bool) -> Any:
    if not several and build[0] is not None and build[0][0] == 0 and build[0][1] == build[0][2]:
        return None

    def one(how: Any, arrays: Any, made: Any) -> Any:
        if how is None:
            return None
        if how[0] == "argument":
            return arrays[how[1]]
        if how[0] == "view":
            _, argument, shape, strides, only_read = how
            base = arrays[argument]
            if base.flags.c_contiguous and not only_read:
                return np.ndarray(shape, base.dtype, base, 0, strides)
            return np.lib.stride_tricks.as_strided(base, shape, strides, writeable=not only_read)
        position, shape, own = how
        array = made[position]
        return array if shape == own else array.reshape(shape)

    if not several:
        return lambda arrays, made: one(build[0], arrays, made)
    return lambda arrays, made: tuple([one(how, arrays, made) for how in build])

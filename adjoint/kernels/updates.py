"""Updates: a rule that changes arrays in place, for many sets of arrays in one parallel region.

An optimizer's rule is traced once for all parameters that are at the same step; the kernel reads and writes each array
once.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np

from adjoint.kernels import pool
from adjoint.kernels.fusing import compile_kernel, fusion
from adjoint.kernels.handed import elements, handle
from adjoint.kernels.layout import space
from adjoint.kernels.machine import machine
from adjoint.kernels.machine_code import address
from adjoint.kernels.native import *
from adjoint.kernels.program import REDUCTIONS, live
from adjoint.kernels.traced import TracedArray, Tracer, Untraceable
from adjoint.readings.face import ArrayFace

CHUNK = 16384  # elements of a task

_rules: dict[Any, Any] = {}
_MOST_RULES = 256


def update(rule: Callable[..., Any], jobs: list[list[Any]]) -> bool:
    """Run ``rule(*arrays)``, which returns what its arrays are to become, on each job's arrays, in place.

    The jobs' arrays are flat, contiguous and of one dtype; the rule returns (new first array, new third, new fourth, ...):
    the second is a gradient, which stays.  False where the rule cannot be traced; nothing has been changed then.
    """
    steps: list[Any] = []
    numbers: list[float] = []
    dtype = jobs[0][0].dtype
    try:
        results = rule(*[_Step(steps, numbers, -1 - k, dtype) for k in range(len(jobs[0]))])
        key = (dtype, len(jobs[0]), tuple(steps), *[getattr(r, "place", None) for r in results])
    except Exception:  # what a rule cannot do without values; its own errors are raised with them
        return False
    made = _rules.get(key)
    if made is None:
        if len(_rules) >= _MOST_RULES:
            _rules.clear()
        try:
            made = _Rule(rule, jobs[0], len(numbers))
        except Exception:
            made = False
        _rules[key] = made
    if made is False:
        return False
    made.run(jobs, numbers)
    return True


class _Step(ArrayFace):
    """An array of which only is noted what is done to it: what a rule is, and the numbers in it, in a few microseconds."""

    __slots__ = ("dtype", "numbers", "place", "steps")
    ndim, shape, size = 1, (64,), 64

    def __init__(self, steps: list[Any], numbers: list[float], place: int, dtype: Any) -> None:
        self.steps = steps
        self.numbers = numbers
        self.place = place
        self.dtype = dtype

    @staticmethod
    def _call(function: Any, args: Any, kwargs: dict[str, Any]) -> Any:
        first = next(a for a in args if a.__class__ is _Step)
        note: list[Any] = [function, repr(kwargs)] if kwargs else [function]
        for a in args:
            if a.__class__ is _Step:
                note.append(a.place)
            elif a.__class__ is float or a.__class__ is int:
                note.append("number")
                first.numbers.append(a)
            else:
                note.append(repr(a))
        first.steps.append(tuple(note))
        return _Step(first.steps, first.numbers, len(first.steps), first.dtype)

    def __bool__(self) -> bool:
        raise Untraceable("a branch on values")

    __float__ = __int__ = __index__ = __iter__ = __bool__  # type: ignore[assignment]


class _Rule:
    """A rule, traced and compiled."""

    def __init__(self, rule: Callable[..., Any], arrays: list[Any], numbers: int) -> None:
        tracer = Tracer(updates=True)
        stand_ins = [np.empty(64, a.dtype) for a in arrays]
        results = tracer.trace(rule, tuple(stand_ins), {}, stand_ins)
        program = tracer.program
        dtype = stand_ins[0].dtype
        targets = []
        for place, leaf in zip((0, *range(2, len(arrays))), results):
            if not isinstance(leaf, TracedArray):
                raise Untraceable("a rule that returns no array")
            if leaf.view is stand_ins[place]:
                continue  # as it was
            number = tracer.of(leaf)
            if program.equations[number].name == "input" or leaf.dtype != dtype:
                raise Untraceable("an array that becomes another one, or one of another dtype")
            targets.append(place)
            program.outputs.append(number)
        if len(set(program.outputs)) != len(targets) or len(program.numbers) != numbers:
            raise Untraceable("two arrays that become the same")
        if not all(_elementwise(program.equations[i], dtype) for i in live(program)):
            raise Untraceable("a rule that does not treat every element alike")
        lanes = machine().vector_bytes // 4
        where = space(program, (64,), frozenset(), program.outputs)
        writer = fusion(program, where, program.outputs, lanes)
        kernel = writer.kernel()
        self.code = compile_kernel(kernel)
        self.order = [program.equations[i].detail.argument for i in writer.inputs] + targets
        self.size_at = len(kernel.arrays) + kernel.words.index(("size", 0))
        self.words = np.zeros(len(kernel.arrays) + len(kernel.words), np.int64)
        self.numbers = []  # (place of the word, which number)
        for k, word in enumerate(kernel.words, len(kernel.arrays)):
            if word[0] == "number":
                self.numbers.append((k, word[1]))
            elif word[0] == "chunk":
                self.words[k] = CHUNK

    def run(self, jobs: list[list[Any]], numbers: list[float]) -> None:
        words = self.words.copy()
        as_floats = words.view(np.float64)
        for k, number in self.numbers:
            as_floats[k] = numbers[number]
        blocks = np.tile(words, (len(jobs), 1))
        order = self.order
        blocks[:, : len(order)] = [[handle(job[k]) for k in order] for job in jobs]
        sizes = tuple([job[0].size for job in jobs])
        blocks[:, self.size_at] = sizes
        rows, tasks = _shares(sizes)
        table = np.empty((len(rows), 2), np.int64)
        table[:, 0] = rows * blocks.strides[0] + elements(blocks)
        table[:, 1] = tasks
        block = struct.pack("=2q", elements(table), self.code)
        pool.launch(_many(), block, len(table))


def _elementwise(e: Any, dtype: Any) -> bool:
    """Whether an element of the result depends on its own place only."""
    if e.name == "input":
        return e.shape == (64,) and e.detail.offset == 0 and e.detail.strides == (dtype.itemsize,)
    return e.name not in REDUCTIONS


@lru_cache(maxsize=256)
def _shares(sizes: tuple[int, ...]) -> tuple[Any, Any]:
    """For each task of the region, which job it belongs to and which of the job's tasks it is."""
    counts = [-(-n // CHUNK) for n in sizes]
    rows = np.repeat(np.arange(len(sizes)), counts)
    return rows, np.concatenate([np.arange(c) for c in counts])


@native
def many(args: ptr(i64), task: i64, worker: i64):
    """One task of one of several launches of a kernel: ``args`` are the table of (arguments, task) and the kernel."""
    table = cast(args[0], ptr(i64)) + 2 * task
    call_pointer(cast(args[1], ptr(i8)), cast(table[0], ptr(i64)), table[1], worker)


@lru_cache(maxsize=None)
def _many() -> int:
    return address(many)

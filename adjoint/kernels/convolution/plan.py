"""A plan: what is worked out once for the shapes of a convolution, and run for its arrays."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np

from adjoint.kernels import memory, pool
from adjoint.kernels.convolution import arguments, implicit, layouts
from adjoint.kernels.convolution.geometry import Frame, Ints
from adjoint.kernels.handed import elements, handle
from adjoint.kernels.machine_code import address

Array = Any

_CHUNK_ROWS = 240  # with a panel's 64 lanes, 60 KB of results
_LEAST_TASKS = 8  # so that threads end together
_K_BLOCK = 1024  # with a panel's 64 lanes, 256 KB
_TASK_ELEMENTS = 16384  # of copying


class Part:
    """A set of rows with the same products: offsets of the rows, and of the products in both operands.

    ``place`` says which of all parts' rows they are, in ascending order; all of them, if it is not given.
    """

    def __init__(self, row: Array, a: Array, b: Array, place: Array | None = None) -> None:
        self.k = len(a)
        self.row, self.offsets = row.astype(np.int32), a.astype(np.int64) | b.astype(np.int64) << 32
        self.place = (np.arange(len(row)) if place is None else place).astype(np.int32)


class Plan:
    """How to run one of the three functions: two parallel regions, preparing and multiplying."""

    kernel_words = implicit.WORDS
    swapped = False  # whether the function's second operand is the kernel's first

    def __init__(self) -> None:
        self.words = np.zeros(self.kernel_words, np.int64)
        self.words[[arguments.FRAMED, arguments.TURNED]] = -1
        self.prepare_tasks = self.tasks = 0
        self.floats = 0  # of workspace, without scratch memory
        self.out: Ints = ()

    @cached_property
    def code(self) -> int:
        """The address of the kernel that multiplies."""
        lanes, width = int(self.words[implicit.LANES_TOTAL]), int(self.words[implicit.WIDTH])
        for filled in (min(lanes, width), lanes % width or width):
            vectors = -(-filled // layouts.LANES)
            self.words[implicit.PRODUCTS + vectors - 1] = address(implicit.products, vectors=vectors)
        self.words[arguments.STORE] = address(implicit.store_turned)
        return address(implicit.multiply)

    @cached_property
    def prepare_code(self) -> int:
        """The address of the kernel that prepares."""
        return address(layouts.prepare)

    @cached_property
    def address(self) -> int:
        """The address of the plan's words, which are complete."""
        self.words[arguments.SCRATCH] = self.floats
        return elements(self.words)

    def __call__(self, first: Array, second: Array, bias: Array | None) -> Array:
        if self.swapped:
            first, second = second, first
        first, second = np.ascontiguousarray(first), np.ascontiguousarray(second)
        out = memory.empty(self.out, np.float32)
        threads = pool.num_threads()
        scratch = threads * int(self.words[arguments.SCRATCH_STEP])
        workspace = memory.empty(self.floats + scratch, np.float32)
        if bias is not None:
            bias = np.ascontiguousarray(bias)
        added = 0 if bias is None else handle(bias)
        call = arguments.pack(self.address, handle(first), handle(second), handle(out), added, handle(workspace))
        self.run(call, workspace, threads)
        return out

    def run(self, call: bytes, workspace: Array, threads: int) -> None:
        """Run the parallel regions; the workspace has scratch memory for so many threads."""
        if self.prepare_tasks:
            pool.launch(self.prepare_code, call, self.prepare_tasks)
        pool.launch(self.code, call, self.tasks, threads=threads)

    def frame(self, frame: Frame, planes: int, always: bool = False) -> None:
        """Have A's planes framed with zeros; unless there are none, or the copy is wanted anyway."""
        if frame.bare and not always:
            return
        w = self.words
        w[layouts.PLANES_A_TASK] = each = max(1, _TASK_ELEMENTS // frame.size)
        w[layouts.PADS] = tasks = -(-planes // each)
        w[layouts.PLANES] = planes
        w[[layouts.DEPTH, layouts.HEIGHT, layouts.WIDTH]] = frame.inner
        w[[layouts.OUTER_HEIGHT, layouts.OUTER_WIDTH]] = frame.outer[1:]
        w[layouts.OUTER], w[layouts.CORNER] = frame.size, frame.corner
        self.prepare_tasks += tasks
        w[arguments.FRAMED] = self.take(planes * frame.size)

    def take(self, floats: int) -> int:
        """A place in the workspace."""
        at = self.floats
        self.floats += -(-floats // 16) * 16
        return at

    def lanes(self, lanes: int, k: int, groups: int) -> int:
        """Lay out panels of ``lanes`` x ``k`` for each group; the lanes of a panel."""
        width = min(implicit.PANEL_LANES, -(-lanes // layouts.LANES) * layouts.LANES)
        panels = -(-lanes // width)
        w = self.words
        w[implicit.LANES_TOTAL], w[implicit.WIDTH], w[implicit.PANELS], self.groups = lanes, width, panels, groups
        w[implicit.B_PANEL], w[implicit.B_GROUP] = k * width, panels * k * width
        return width

    def turn(self, rows: int, columns: int, row_step: int, of: Ints, batches: Ints, to_inner: int) -> None:
        """Have matrices of B turned into the panels; ``batches`` and steps ``of`` are two levels'."""
        w = self.words
        outer, inner = batches
        w[arguments.TURNED] = self.take(self.groups * int(w[implicit.B_GROUP]))
        w[layouts.ROWS], w[layouts.COLUMNS], w[layouts.ROW_STEP] = rows, columns, row_step
        w[layouts.PANEL], w[layouts.PANEL_STEP] = w[implicit.WIDTH], w[implicit.B_PANEL]
        w[layouts.INNER], w[layouts.OF_OUTER], w[layouts.OF_INNER] = inner, *of
        w[layouts.TO_OUTER], w[layouts.TO_INNER] = w[implicit.B_GROUP], to_inner
        w[layouts.BATCHES_A_TASK] = each = max(1, _TASK_ELEMENTS // (rows * columns))
        w[layouts.BATCHES] = outer * inner
        self.prepare_tasks += -(-outer * inner // each)

    def multiply(self, parts: list[Part], a_group: int) -> None:
        """Set up the products of the parts."""
        w = self.words
        width, panels, groups = int(w[implicit.WIDTH]), int(w[implicit.PANELS]), self.groups
        rows = sum(len(part.row) for part in parts)
        step = implicit.BLOCKS[width // layouts.LANES] * len(parts)
        count = max(min(-(-_LEAST_TASKS // (panels * groups)), -(-rows // step)), -(-rows // _CHUNK_ROWS))
        count += count % 2 if panels * groups % 2 and count > 1 else 0
        chunk = -(-rows // (count * step)) * step
        chunks = -(-rows // chunk)
        bounds = np.arange(chunks + 1) * chunk
        table = np.zeros((len(parts), implicit.PART_WORDS), np.int64)
        starts = [np.searchsorted(part.place, bounds).astype(np.int64) for part in parts]
        for words, part, start in zip(table, parts, starts):
            arrays = (part.row, part.offsets, part.place, start)
            words[:] = part.k, *(elements(x) for x in arrays)
        k = max(part.k for part in parts)
        blocks = -(-k * width // (_K_BLOCK * implicit.PANEL_LANES)) or 1
        w[implicit.PARTS], w[implicit.PART_TABLE] = len(parts), elements(table)
        w[implicit.CHUNK], w[implicit.CHUNKS], w[implicit.ROWS] = chunk, chunks, rows
        w[implicit.K_BLOCK], w[implicit.A_GROUP] = -(-k // blocks), a_group
        w[arguments.SCRATCH_STEP] = (chunk + layouts.LANES) * width
        self.tasks = chunks * panels * groups
        self.tables = (parts, table, starts)  # alive as long as the plan: the words hold their addresses

    def store(self, out: Ints, group: int, lane: int, batch: int, segment: int) -> None:
        """Say where results go: steps of the output, and how many following rows lie side by side."""
        w = self.words
        self.out = out
        w[implicit.OUT_GROUP], w[implicit.OUT_LANE], w[implicit.OUT_BATCH] = group, lane, batch
        w[implicit.SEGMENT] = segment

"""Plans: what a recurrent layer's kernels depend on beside the arrays themselves, worked out once."""

from __future__ import annotations

import struct
from functools import lru_cache
from typing import Any

import numpy as np

from adjoint.kernels import pool
from adjoint.kernels.contraction.micro import tile_rows
from adjoint.kernels.contraction.packing import VECTORS, pack_columns, pack_rows
from adjoint.kernels.contraction.strip import ADD, BIAS, ZERO, strip_address
from adjoint.kernels.handed import elements, handle
from adjoint.kernels.machine import machine
from adjoint.kernels.machine_code import address, entry
from adjoint.kernels.memory import empty
from adjoint.kernels.native.types import f32, f64
from adjoint.kernels.recurrent import cells, walk
from adjoint.kernels.recurrent import layout as w

TYPES = {np.dtype(np.float32): f32, np.dtype(np.float64): f64}
GATES = {"LSTM": 4, "GRU": 3, "RNN_TANH": 1, "RNN_RELU": 1}

ALONE = 400_000  # multiply-adds of all steps that one thread does sooner than it wakes another
FEWEST = 4  # rows that are worth reading the weight for
_MOST_PLANS = 512

_plans: dict[Any, Plan] = {}
_ARRAYS = struct.Struct(f"{w.ARRAYS}q")


def plan_of(mode: str, dtype: Any, sizes: tuple[int, ...], hidden: int, reverse: bool, kept: bool, backward: bool) -> Plan:
    """The plan of a layer; ``sizes`` are how many sequences run at each step."""
    key = mode, dtype, sizes, hidden, reverse, kept, backward, (pool._pool or pool.pool()).threads
    found = _plans.get(key)
    if found is None:
        if len(_plans) >= _MOST_PLANS:
            _plans.clear()
        found = _plans[key] = Plan(*key)
    return found


class Plan:
    """Sizes, panels of the weight, and how the batch is split into tasks."""

    def __init__(
        self, mode: str, dtype: Any, sizes: tuple[int, ...], hidden: int, reverse: bool, kept: bool, backward: bool, threads: int
    ) -> None:  # fmt: skip
        self.dtype, self.type = dtype, TYPES[dtype]
        self.sizes = np.array(sizes, np.int64)
        self.lanes = machine().lanes(dtype.itemsize)
        batch, gates = max(sizes), GATES[mode]
        work = int(self.sizes.sum()) * gates * hidden * hidden
        parts = min(threads, batch // FEWEST) if work > ALONE else 1
        per_task = -(-batch // max(1, parts))
        tasks = -(-batch // per_task)
        firsts = range(0, batch, per_task)
        self.counts = {min(n, first + per_task) - first for n in sizes for first in firsts if n > first}
        self.pieces: list[list[int]] = []
        self.tables: list[Any] = []
        self.packed = 0  # elements that the panels take
        if backward:
            outer = 2 * hidden if mode == "GRU" else gates * hidden
            start = ADD if mode == "GRU" else ZERO
            self.panels(0, outer, hidden, w.TO_GATES + w.BY_STEP, gates * hidden, w.NOW, hidden, start)
            if mode == "GRU":
                self.panels(outer * hidden, hidden, hidden, w.TO_INNER + w.BY_STEP, hidden, w.NOW, hidden, ADD)
            step, strides, packer = walk.back, (hidden, 1), pack_rows
        else:
            outer = 2 * hidden if mode == "GRU" else gates * hidden
            self.panels(0, hidden, outer, w.NOW, hidden, w.GATES + w.BY_STEP, gates * hidden, ADD)
            if mode == "GRU":
                self.panels(outer * hidden, hidden, hidden, w.NOW, hidden, w.INNER + w.BY_STEP, hidden, BIAS)
            step, strides, packer = walk.forth, (1, hidden), pack_columns
        self.words = np.array([p + [0] * (w.PIECE_WORDS - len(p)) for p in self.pieces], np.int64)
        self.rest = [
            address(walk.pack, of=self.type, packer=packer),
            address(step, of=self.type, cell=(cells.BACKWARD if backward else cells.FORWARD)[mode]),
            tasks, per_task, len(sizes), batch, hidden, reverse, elements(self.sizes), kept, *strides,
            len(self.pieces), elements(self.words),
        ]  # fmt: skip
        self.call = _walk()
        self.state = 0
        self.tail = b""

    def panels(
        self, source: int, depth: int, columns: int, of: int, of_row: int, to: int, to_row: int, start: int
    ) -> None:  # fmt: skip
        """The panels of a part of the weight, ``depth`` x ``columns`` from ``source`` on, in the order of a product."""
        width, lanes = VECTORS * self.lanes, self.lanes
        column_step = 1 if to == w.NOW else of_row  # a column of a forward product is a row of the weight
        for at in range(0, columns, width):
            count = min(width, columns - at)
            vectors = -(-count // lanes)
            masked = count % lanes != 0
            tile = tile_rows(vectors)
            filled = count - (vectors - 1) * lanes
            self.pieces.append(
                [source + at * column_step, depth, count, self.packed, vectors * lanes, of, of_row, 0, to, to_row, at, start,
                 filled, tile, self.strips(tile, vectors, masked)]
            )  # fmt: skip
            self.packed += -(-depth // lanes) * lanes * vectors * lanes

    def strips(self, tile: int, vectors: int, masked: bool) -> int:
        """The address of a table of strips for each number of rows that there is."""
        table = np.zeros(tile + 1, np.int64)
        for count in self.counts:
            for rows in ({tile} if count >= tile else set()) | ({count % tile} if count % tile else set()):
                if not table[rows]:
                    table[rows] = strip_address(self.type, rows, vectors, masked)
        self.tables.append(table)
        return elements(table)

    def run(self, *arrays: Any, weight: Any) -> None:
        """Run the kernel; arrays in the order of their words, None where there is none."""
        current = pool._pool or pool.pool()
        if current.state_address != self.state:  # the first time, and after a fork
            self.state = current.state_address
            self.tail = struct.pack(f"{len(self.rest) + 1}q", self.state, *self.rest)
        packed = empty((self.packed,), self.dtype)
        words = _ARRAYS.pack(*[0 if x is None else handle(x) for x in arrays], handle(weight), handle(packed))
        self.call(words + self.tail)


@lru_cache(maxsize=None)
def _walk() -> Any:
    return entry(walk.walk)

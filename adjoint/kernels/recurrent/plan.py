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
FEWEST = 2  # rows that are worth reading the weight for
MANY = 128  # rows for which a panel of the input's weight is worth reading
NEAR = 1 << 18  # bytes of gates that are in a core's second cache, with a panel of the weight, when the state's share is added
_MOST_PLANS = 512

_plans: dict[Any, Plan] = {}
_VARYING = struct.Struct(f"{w.VARYING}q")


def plan_of(
    mode: str, dtype: Any, sizes: tuple[int, ...], features: int, hidden: int, reverse: bool, kept: bool, backward: bool,
    biased: bool, merged: bool,
) -> Plan:  # fmt: skip
    """The plan of a layer; ``sizes`` are how many sequences run at each step.

    ``features``: of the input, 0 if its share is there already; ``merged``: whether the rows of all steps follow each other.
    """
    threads = (pool._pool or pool.pool()).threads
    key = mode, dtype, sizes, features, hidden, reverse, kept, backward, biased, merged, threads
    found = _plans.get(key)
    if found is None:
        if len(_plans) >= _MOST_PLANS:
            _plans.clear()
        found = _plans[key] = Plan(*key)
    return found


class Plan:
    """Sizes, panels of the weights, and how the batch is split into tasks and time into blocks."""

    def __init__(
        self, mode: str, dtype: Any, sizes: tuple[int, ...], features: int, hidden: int, reverse: bool, kept: bool, backward: bool,
        biased: bool, merged: bool, threads: int,
    ) -> None:  # fmt: skip
        self.dtype, self.type = dtype, TYPES[dtype]
        self.sizes = np.array(sizes, np.int64)
        self.lanes = machine().lanes(dtype.itemsize)
        steps, batch, width = len(sizes), max(sizes), GATES[mode] * hidden
        work = int(self.sizes.sum()) * width * (hidden + features)
        parts = min(threads, batch // FEWEST) if work > ALONE else 1
        per_task = -(-batch // max(1, parts))
        tasks = -(-batch // per_task)
        firsts = range(0, batch, per_task)
        merged = merged and tasks == 1
        self.block = min(steps, max(1, NEAR // (per_task * width * dtype.itemsize), -(-MANY // per_task)))
        self.ring = steps if kept or backward or not features else self.block
        self.pieces: list[list[int]] = []
        self.tables: list[Any] = []
        self.packed = 0  # elements that the panels take
        outer = 2 * hidden if mode == "GRU" else width
        of_input = 0
        if features:
            ends = {self.block, steps % self.block} - {0}
            self.counts = {batch * n for n in ends} if merged else {min(per_task, batch - first) for first in firsts}
            start = BIAS if biased else ZERO
            self.panels(w.OF_INPUT, 0, features, features, width, w.INPUT, 0, w.GATES + w.BY_STEP, width, start, w.BIAS)
            of_input = len(self.pieces)
        self.counts = {min(n, first + per_task) - first for n in sizes for first in firsts if n > first}
        state = w.OF_STATE, 0, hidden
        inside = w.OF_STATE, outer * hidden, hidden
        if backward:
            self.panels(*state, outer, hidden, w.TO_GATES + w.BY_STEP, width, w.NOW, hidden, ADD if mode == "GRU" else ZERO)
            if mode == "GRU":
                self.panels(*inside, hidden, hidden, w.TO_INNER + w.BY_STEP, hidden, w.NOW, hidden, ADD)
            step, cell, packer = walk.back, cells.BACKWARD[mode], pack_rows
        else:
            self.panels(*state, hidden, outer, w.NOW, hidden, w.GATES + w.BY_STEP, width, ADD)
            if mode == "GRU":
                self.panels(*inside, hidden, hidden, w.NOW, hidden, w.INNER + w.BY_STEP, hidden, BIAS, w.INSIDE)
            step, cell, packer = walk.forth, cells.FORWARD[mode], pack_columns
        self.words = np.array([p + [0] * (w.PIECE_WORDS - len(p)) for p in self.pieces], np.int64)
        self.rest = [
            address(walk.pack, of=self.type, packer=packer, turned=not backward), address(step, of=self.type, cell=cell),
            tasks, per_task, steps, batch, hidden, reverse, elements(self.sizes), kept, self.block, self.ring, merged,
            of_input, len(self.pieces), elements(self.words),
        ]  # fmt: skip
        self.call = _walk()
        self.state = 0
        self.tail = b""

    def panels(
        self, weight: int, source: int, stride: int, depth: int, columns: int, of: int, of_row: int, to: int, to_row: int,
        start: int, bias: int = 0,
    ) -> None:  # fmt: skip
        """The panels of a part of a weight, ``depth`` x ``columns`` from ``source`` on, in the order of a product."""
        width, lanes = VECTORS * self.lanes, self.lanes
        column_step = 1 if to == w.NOW else stride  # a column of a forward product is a row of the weight
        for at in range(0, columns, width):
            count = min(width, columns - at)
            vectors = -(-count // lanes)
            masked = count % lanes != 0
            tile = tile_rows(vectors)
            filled = count - (vectors - 1) * lanes
            self.pieces.append(
                [weight, source + at * column_step, stride, depth, count, self.packed, vectors * lanes, of, of_row, to, to_row, at,
                 start, bias, filled, tile, self.strips(tile, vectors, masked)]
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

    def run(self, *arrays: Any, steps: tuple[int, int] = (0, 0)) -> None:
        """Run the kernel; arrays in the order of their words, None where there is none; ``steps`` are the input's strides."""
        current = pool._pool or pool.pool()
        if current.state_address != self.state:  # the first time, and after a fork
            self.state = current.state_address
            self.tail = struct.pack(f"{len(self.rest) + 1}q", self.state, *self.rest)
        packed = empty((self.packed,), self.dtype)
        words = _VARYING.pack(*[0 if x is None else handle(x) for x in arrays], handle(packed), *steps)
        self.call(words + self.tail)


@lru_cache(maxsize=None)
def _walk() -> Any:
    return entry(walk.walk)

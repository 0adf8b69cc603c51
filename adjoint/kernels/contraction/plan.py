"""Plans: how the product of two matrices of given shapes and strides is divided, worked out once for each."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np

from adjoint.kernels import memory, pool
from adjoint.kernels.contraction import units as u
from adjoint.kernels.contraction.micro import tile_rows
from adjoint.kernels.contraction.packing import VECTORS, packer_address
from adjoint.kernels.contraction.strip import strip_address
from adjoint.kernels.handed import elements, handle
from adjoint.kernels.machine import machine
from adjoint.kernels.machine_code import address, entry
from adjoint.kernels.native.types import f32, f64

TYPES = {np.dtype(np.float32): f32, np.dtype(np.float64): f64}

ALONE = 400_000  # multiply-adds that one thread does sooner than it wakes another
TASK = 250_000  # multiply-adds that are worth a task of their own
LARGEST_BLOCK = 768  # rows: what they hold of A stays in the last cache while the panels pass
SMALLEST_CHUNK = 256  # of k
FAR = 2048  # bytes from one k to the next in A: lines so far apart share few places in a cache
LINES, LONG, WIDE = 1024, 256, 2  # bytes from one k to the next in A, values of k, and panels, from which on A is rewritten
FEW_ROWS = 12  # with so few rows a panel is not read often enough to be worth packing


class Plan:
    """The division of one product: ``words`` for the native code, and what Python has to know."""

    def __init__(self, a: Any, b: Any, after: Any = None) -> None:
        self.after = after
        *batch, self.m, self.k = a.shape
        self.n = b.shape[-1]
        self.batch = tuple(np.broadcast_shapes(a.shape[:-2], b.shape[:-2]))
        self.shape = (*self.batch, self.m, self.n)
        self.dtype = a.dtype
        self.type = TYPES[a.dtype]
        self.size = a.dtype.itemsize
        self.lanes = machine().lanes(self.size)
        matrices = math.prod(self.batch)
        self.offsets = [
            _offsets(a, self.batch),
            _offsets(b, self.batch),
            np.arange(matrices, dtype=np.int64) * (self.m * self.n),
        ]
        self.words = words = np.zeros(u.WORDS, np.int64)
        self.address = elements(words)
        self.nothing = matrices * self.m * self.n * self.k == 0
        self.partial: tuple[int, ...] = ()
        self.gathered: tuple[int, ...] = ()
        self.pool: Any = None
        if self.nothing:
            return
        self.call = _multiply()
        words[[u.M, u.N, u.K, u.C_ROW]] = self.m, self.n, self.k, self.n
        words[[u.A_ROW, u.A_K, u.B_K, u.B_N]] = [s // self.size for s in (*a.strides[-2:], *b.strides[-2:])]
        if self.n == 1:  # a stride that is never taken
            words[u.B_N] = 1
        words[[u.OFFSETS_A, u.OFFSETS_B, u.OFFSETS_C]] = [elements(o) for o in self.offsets]
        self.matrices = matrices
        self.choose_tiles()
        self.divide()

    def run(self, a: Any, b: Any, bias: Any, out: Any, final: Any = None) -> None:
        """Compute into C-contiguous arrays: ``after`` of ``out`` into ``final``, or else in its place."""
        if self.nothing:
            out[...] = 0 if bias is None else bias
            return
        current = pool._pool or pool.pool()
        if current is not self.pool:  # the first time, and after a fork
            self.words[u.POOL] = current.state_address
            self.pool = current
        row = 0 if bias is None else handle(bias)
        end = 0 if final is None else handle(final)
        gathered = memory.empty(self.gathered, self.dtype) if self.gathered else None
        groups = 0 if gathered is None else handle(gathered)
        if self.partial:
            parts = memory.empty(self.partial, self.dtype)
            self.call(self.address, handle(a), handle(b), handle(out), row, handle(parts), end, groups)
        else:
            self.call(self.address, handle(a), handle(b), handle(out), row, 0, end, groups)

    def choose_tiles(self) -> None:
        """The strip of the edge is as narrow as what full panels leave."""
        words, width = self.words, VECTORS * self.lanes
        self.panels = -(-self.n // width)
        edge = self.n % width
        self.rows = []
        if self.n >= width:
            self.choose_strip(u.FULL_ROWS, VECTORS, False)
        if edge:
            self.choose_strip(u.EDGE_ROWS, -(-edge // self.lanes), edge % self.lanes != 0)
        words[u.PANELS] = self.panels
        b_k, b_n = (int(stride) for stride in words[[u.B_K, u.B_N]])
        dense = 0 <= b_k <= width  # the panel is all there is in a row, or nearly
        if b_n != 1 or not (self.m <= FEW_ROWS or dense):
            words[u.PACK] = packer_address(self.type, b_k, b_n)

    def choose_strip(self, kind: int, vectors: int, masked: bool) -> None:
        """Set the rows of a kind of tile, and the addresses of its strips."""
        rows = min(tile_rows(vectors), self.m)
        self.words[kind] = rows
        self.words[kind + 1] = strip_address(self.type, rows, vectors, masked)
        if self.m % rows:
            self.words[kind + 2] = strip_address(self.type, self.m % rows, vectors, masked)
        self.rows.append(rows)

    def divide(self) -> None:
        """Divide into units, and the units among tasks: enough for every thread, none too small."""
        words = self.words
        matrices = self.matrices
        work = matrices * self.m * self.n * self.k
        threads = pool.pool().threads if work > ALONE else 1
        wanted = min(4 * threads, max(threads, work // TASK)) if threads > 1 else 1

        base = matrices * self.panels
        step = int(np.lcm.reduce(self.rows))  # whole tiles in every block but the last
        if self.is_scattered():
            rows = self.rows[0]
            groups = -(-self.m // (u.BESIDE * rows))
            self.gathered = (groups * u.BESIDE * (self.k * rows + self.lanes),)
            words[[u.GATHER, u.GATHER_TASKS]] = address(u.gather_tiles, of=self.type, rows=rows), groups
        blocks = max(-(-self.m // LARGEST_BLOCK), -(-wanted // base))
        block_rows = -(-self.m // (blocks * step)) * step
        chunks = 1
        too_few = base * -(-self.m // block_rows) < threads
        too_flat = block_rows < min(self.m, 64) and self.k >= 8 * self.m  # for what packing a panel costs
        if threads > 1 and (too_few or too_flat):
            chunks = max(1, min(wanted // base, self.k // SMALLEST_CHUNK))
        if chunks > 1:
            block_rows = -(-self.m // step) * step
        blocks = -(-self.m // block_rows)
        chunk_k = -(-self.k // chunks)
        chunks = -(-self.k // chunk_k)
        units = base * blocks * chunks
        tasks = min(units, wanted if units < 16 * threads else 16 * threads)
        per_task = -(-units // tasks)
        words[[u.UNITS, u.PER_TASK, u.BLOCKS, u.BLOCK_ROWS]] = units, per_task, blocks, block_rows
        words[u.TASKS] = -(-units // per_task)
        words[u.BLOCK_K] = u.DEPTH // 2 if abs(words[u.A_K]) * self.size >= FAR else u.DEPTH
        words[u.COMPUTE] = address(u.compute_units, of=self.type, after=self.after)
        self.set_chunks(chunks, chunk_k, threads)

    def is_scattered(self) -> bool:
        """Whether A is better rewritten: its columns are long rows in memory, of each of which a tile reads a part of a line."""
        words = self.words
        apart = words[u.A_ROW] == 1 and words[u.A_K] * self.size >= LINES and self.rows[0] <= self.lanes
        much = self.k >= LONG and self.n >= WIDE * VECTORS * self.lanes and self.m >= FEW_ROWS
        return bool(apart and much and self.matrices == 1)

    def set_chunks(self, chunks: int, chunk_k: int, threads: int) -> None:
        """Divide k too: every chunk has an array of its own, and these are added up at the end."""
        words, rows = self.words, math.prod(self.shape) // self.n
        words[[u.CHUNKS, u.CHUNK_K]] = chunks, chunk_k
        if chunks > 1:
            self.partial = (chunks, *self.shape)
            words[[u.OFFSETS_CHUNK, u.SUMMED, u.SUM_TASKS]] = rows * self.n, rows, min(threads, rows)
            words[u.SUM] = address(u.sum_chunks, of=self.type, after=self.after)


@lru_cache(maxsize=None)
def _multiply() -> Any:
    return entry(u.multiply)


def _offsets(x: Any, batch: tuple[int, ...]) -> Any:
    """Where each matrix of a broadcast batch begins, in elements."""
    missing = len(batch) - (x.ndim - 2)
    strides = [0] * missing + [0 if n == 1 else s for n, s in zip(x.shape[:-2], x.strides[:-2])]
    return _places(batch, tuple(strides)) // x.itemsize


def _places(batch: tuple[int, ...], strides: tuple[int, ...]) -> Any:
    """The byte offsets of all places of a batch, in order."""
    places = np.zeros(1, np.int64)
    for n, s in zip(batch, strides):
        places = (places[:, None] + np.arange(n, dtype=np.int64) * s).reshape(-1)
    return places


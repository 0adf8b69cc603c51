"""Winograd's plans: sizes of tiles and blocks and the order of the work, worked out once for the shapes of arrays.

Blocks are sized by the caches.  Sums over tiles are cut by the shapes only, so results do not depend on the threads.
"""

from __future__ import annotations

from functools import lru_cache
from math import prod
from typing import Any

import numpy as np

from adjoint.kernels import memory, pool
from adjoint.kernels.convolution import winograd_kernels as kernels
from adjoint.kernels.convolution import winograd_transforms as transforms
from adjoint.kernels.convolution.layouts import LANES
from adjoint.kernels.handed import elements
from adjoint.kernels.machine_code import address

Array = Any
Ints = tuple[int, ...]

# Costs in multiply-adds of one channel, one filter and one of a tile's places (measured on AVX-512).
_TILE_COST = 33  # of transforming a tile of a channel
_FILTER_COST = 6  # of transforming a filter
_DIRECT_COST = 1.3  # of a multiply-add without transforms: windows are gathered

_BLOCK_BYTES = 500_000  # of a block's transformed tiles: in half of a second cache, beside a panel's products
_FEW_LARGE_TILES = 32
_FEW_TILES = 80  # fewer: the filters' transforms are the larger part, and are kept in the second cache
_PANEL_BYTES = 300_000  # of a panel's filters, then
_SHARED_BYTES = 6_000_000  # of both images' tiles, for the weight's gradient: in the third cache
_PART_TILES = 128  # of a part, where the weight's gradient is summed in parts
_PART_BLOCK = 32  # tiles of a part that are in the second cache together
_SUMS_BYTES = 700_000  # of a part's sums, as well


def pays(batch: int, channels: int, filters: int, out: Ints) -> bool:
    """Whether a convolution is likely to be faster than without transforms."""
    m = _tile(batch, channels, filters, out)
    return _cost(m, batch, channels, filters, out) < _DIRECT_COST * transforms.TAPS_2D * batch * prod(out)


def _tile(batch: int, channels: int, filters: int, out: Ints) -> int:
    """The size of tiles that costs least; small ones for a single small image, which would lose digits and gain little."""
    if batch == 1 and prod(-(-n // 4) for n in out) < _FEW_LARGE_TILES:
        return 2
    return min((4, 2), key=lambda m: _cost(m, batch, channels, filters, out))


def _cost(m: int, batch: int, channels: int, filters: int, out: Ints) -> float:
    tiles = batch * prod(-(-n // m) for n in out)
    own = tiles * _TILE_COST * (1 / channels + 1 / filters)
    return (m + 2) ** 2 * (_rounded(tiles, kernels.ROWS) + own + _FILTER_COST)


@lru_cache(maxsize=256)
def products(input: Ints, weight: Ints, out: Ints, padding: Ints, turn: bool, threads: int) -> Products:
    """The plan of an output (``turn``: of an input's gradient) of images ``out``."""
    return (TilesFirst if _Plan(input, weight[0], weight[1], out).tiles >= _FEW_TILES else PanelsFirst)(
        input, weight, out, padding, turn, threads
    )


@lru_cache(maxsize=256)
def sums(input: Ints, g: Ints, padding: Ints) -> Sums:
    """The plan of a weight's gradient."""
    plan = PartSums(input, g, padding)
    return plan if plan.pays() else SharedSums(input, g, padding)


class _Plan:
    """A convolution's words, in part, and sizes."""

    def __init__(self, input: Ints, filters: int, channels: int, out: Ints) -> None:
        self.m = _tile(input[0], channels, filters, out)
        self.places = (self.m + 2) ** 2
        self.grid = tuple(-(-n // self.m) for n in out)
        self.tiles = input[0] * prod(self.grid)
        w = self.words = np.zeros(kernels.WORDS, np.int64)
        w[kernels.FILTERS], w[kernels.WEIGHT_CHANNELS], w[kernels.TILES] = filters, channels, self.tiles

    def image(self, at: int, shape: Ints, padding: Ints = (0, 0)) -> None:
        """Describe a contiguous image."""
        w, (_, channels, height, width) = self.words, shape
        w[at + transforms.BATCH_STEP], w[at + transforms.CHANNEL_STEP] = channels * height * width, height * width
        w[at + transforms.ROW_STEP], w[at + transforms.CHANNELS] = width, channels
        w[at + transforms.HEIGHT], w[at + transforms.WIDTH] = height, width
        w[at + transforms.PAD_Y], w[at + transforms.PAD_X] = padding
        w[at + transforms.TILES_Y], w[at + transforms.TILES_X] = self.grid


class Products(_Plan):
    """Outputs: tiles times filters."""

    matrices: int  # the word for what the first of the two steps makes and all tasks of the second one read
    shared: int  # its size
    steps: tuple[tuple[int, int], ...]  # code, and the number of tasks

    def __init__(self, input: Ints, weight: Ints, out: Ints, padding: Ints, turn: bool, threads: int) -> None:
        super().__init__(input, weight[0], weight[1], out)
        lanes = weight[1] if turn else weight[0]
        self.depth, self.panels = input[1], -(-lanes // kernels.PANEL)
        self.shape = (input[0], lanes, *out)
        self.image(kernels.OF, input, padding)
        self.image(kernels.TO, self.shape)
        w = self.words
        w[kernels.DEPTH], w[kernels.PANELS] = self.depth, self.panels
        w[kernels.TILE_STEP] = _rounded(self.depth, kernels.PANEL)
        w[kernels.WRITE_PANEL] = address(kernels.write_panel, m=self.m)
        self.order(turn, threads)
        self.own = w[kernels.WORKSPACE_STEP] = int(w[kernels.PRODUCTS] + self.places * w[kernels.PRODUCT_PLACE])

    def order(self, turn: bool, threads: int) -> None:
        """Settle blocks and steps."""
        raise NotImplementedError

    def __call__(self, input: Array, weight: Array, bias: Array | None) -> Array:
        input, weight = np.ascontiguousarray(input), np.ascontiguousarray(weight)
        out = memory.empty(self.shape, np.float32)
        threads = pool.num_threads()
        space = memory.empty((self.shared + threads * self.own,), np.float32)
        words = self.words.copy()
        words[kernels.OF], words[kernels.TO] = elements(input), elements(out)
        words[kernels.WEIGHT] = elements(weight)
        if bias is not None:
            bias = np.ascontiguousarray(bias)
            words[kernels.BIAS] = elements(bias)
        words[self.matrices] = start = elements(space)
        words[kernels.WORKSPACE] = start + 4 * self.shared
        given = elements(words)
        for code, tasks in self.steps:
            pool.launch(code, given, tasks, threads=threads)
        return NotImplemented if words[kernels.ODD] else out


class TilesFirst(Products):
    """Of many tiles: all filters are transformed first, then block after block of tiles is multiplied with them."""

    def order(self, turn: bool, threads: int) -> None:
        w, step = self.words, int(self.words[kernels.TILE_STEP])
        block = max(2 * kernels.ROWS, _BLOCK_BYTES // (4 * self.places * step))
        block = _rounded(min(block, -(-self.tiles // threads)), kernels.ROWS)
        w[kernels.BLOCK], w[kernels.CHUNK] = block, LANES
        w[kernels.PANEL_PLACE] = self.depth * kernels.PANEL + LANES
        w[kernels.TILE_PLACE] = block * step + LANES
        w[kernels.PRODUCT_PLACE] = block * kernels.PANEL + LANES
        w[kernels.PRODUCTS] = self.places * w[kernels.TILE_PLACE]
        self.matrices = kernels.PANEL_MATRICES
        self.shared = self.panels * self.places * int(w[kernels.PANEL_PLACE])
        self.steps = (
            (address(kernels.make_panels, m=self.m, turn=turn), self.panels * -(-self.depth // LANES)),
            (address(kernels.tiles_first, m=self.m), -(-self.tiles // block)),
        )


class PanelsFirst(Products):
    """Of few tiles: all of them are transformed first, then panel after panel of filters is multiplied with them."""

    def order(self, turn: bool, threads: int) -> None:
        w, tiles = self.words, _rounded(self.tiles, kernels.ROWS)
        chunk = max(LANES, _PANEL_BYTES // (4 * self.places * kernels.PANEL) // LANES * LANES)
        w[kernels.BLOCK], w[kernels.CHUNK] = kernels.ROWS, chunk
        w[kernels.PANEL_PLACE] = min(chunk, self.depth) * kernels.PANEL + LANES
        w[kernels.TILE_PLACE] = tiles * w[kernels.TILE_STEP] + LANES
        w[kernels.PRODUCT_PLACE] = tiles * kernels.PANEL + LANES
        w[kernels.PRODUCTS] = self.places * w[kernels.PANEL_PLACE]
        self.matrices = kernels.TILE_MATRICES
        self.shared = self.places * int(w[kernels.TILE_PLACE])
        self.steps = (
            (address(kernels.make_tiles, m=self.m), tiles // kernels.ROWS),
            (address(kernels.panels_first, m=self.m, turn=turn), self.panels),
        )


class Sums(_Plan):
    """The weight's gradient: tiles of the input times tiles of the gradient, summed over tiles."""

    def __init__(self, input: Ints, g: Ints, padding: Ints) -> None:
        super().__init__(input, g[1], input[1], g[2:])
        self.shape = (g[1], input[1], 3, 3)
        self.image(kernels.OF, input, padding)
        self.image(kernels.TO, g)
        w = self.words
        self.panels = -(-g[1] // kernels.PANEL)
        self.tasks = self.panels * -(-input[1] // kernels.PANEL)
        w[kernels.PANELS], w[kernels.DEPTH], w[kernels.CHUNK] = self.panels, input[1], kernels.PANEL
        self.widths = _rounded(input[1], kernels.PANEL), _rounded(g[1], kernels.PANEL)
        w[kernels.TILE_STEP], w[kernels.OTHER_STEP] = self.widths
        w[kernels.ADD_OUTER] = address(kernels.add_outer)
        self.order()

    def order(self) -> None:
        """Settle blocks and steps."""
        raise NotImplementedError

    def tile_places(self, tiles: int) -> int:
        """Lay out the matrices of so many tiles of both images; their size."""
        places = [tiles * width + LANES for width in self.widths]
        self.words[kernels.TILE_PLACE], self.words[kernels.OTHER_PLACE] = places
        return self.places * sum(places)

    def __call__(self, input: Array, g: Array) -> Array:
        input, g = np.ascontiguousarray(input), np.ascontiguousarray(g)
        out = memory.empty(self.shape, np.float32)
        words = self.words.copy()
        words[kernels.OF], words[kernels.TO] = elements(input), elements(g)
        words[kernels.WEIGHT] = elements(out)
        self.run(words)
        return NotImplemented if words[kernels.ODD] else out

    def run(self, words: Array) -> None:
        """Launch the steps."""
        raise NotImplementedError


class PartSums(Sums):
    """Of many tiles and few channels: each part of the tiles has sums of its own, which are added in the end."""

    def order(self) -> None:
        w = self.words
        parts = max(1, self.tiles // _PART_TILES)
        w[kernels.PART] = part = -(-self.tiles // parts)
        w[kernels.PARTS] = self.parts = -(-self.tiles // part)
        w[kernels.BLOCK] = _PART_BLOCK
        self.own = w[kernels.WORKSPACE_STEP] = self.tile_places(_PART_BLOCK)
        w[kernels.PRODUCT_PLACE] = self.widths[0] * kernels.PANEL + LANES
        self.part_step = w[kernels.PART_STEP] = self.panels * self.places * int(w[kernels.PRODUCT_PLACE])

    def pays(self) -> bool:
        """Whether a part's sums stay in the second cache, and there is more than one part."""
        return self.parts > 1 and 4 * self.part_step <= _SUMS_BYTES

    def run(self, words: Array) -> None:
        threads = pool.num_threads()
        own = threads * self.own
        space = memory.empty((own + self.parts * self.part_step,), np.float32)
        words[kernels.WORKSPACE] = start = elements(space)
        words[kernels.PART_PRODUCTS] = start + 4 * own
        pool.launch(address(kernels.sum_part, m=self.m), elements(words), self.parts, threads=threads)
        pool.launch(address(kernels.add_parts, m=self.m), elements(words), self.tasks)


class SharedSums(Sums):
    """Else: tiles are transformed, as many as the third cache holds at a time, then each task sums over all of them."""

    def order(self) -> None:
        w = self.words
        part = max(4 * kernels.ROWS, _SHARED_BYTES // (4 * self.places * sum(self.widths)))
        self.part = _rounded(-(-self.tiles // -(-self.tiles // part)), kernels.ROWS)
        w[kernels.PARTS] = self.parts = -(-self.tiles // self.part)
        w[kernels.BLOCK] = kernels.ROWS
        self.shared = self.tile_places(self.part)
        w[kernels.PRODUCT_PLACE] = kernels.PANEL * kernels.PANEL + LANES
        self.own = w[kernels.WORKSPACE_STEP] = self.places * int(w[kernels.PRODUCT_PLACE])

    def run(self, words: Array) -> None:
        threads = pool.num_threads()
        own = (self.tasks if self.parts > 1 else threads) * self.own
        space = memory.empty((self.shared + own,), np.float32)
        words[kernels.TILE_MATRICES] = start = elements(space)
        words[kernels.OTHER_MATRICES] = start + 4 * self.places * int(words[kernels.TILE_PLACE])
        words[kernels.WORKSPACE] = start + 4 * self.shared
        read, multiply = address(kernels.make_both_tiles, m=self.m), address(kernels.filters_gradient, m=self.m)
        for part in range(self.parts):
            words[kernels.FIRST] = first = part * self.part
            words[kernels.TILES] = tiles = min(self.part, self.tiles - first)
            words[kernels.BEFORE], words[kernels.AFTER] = part, self.parts - 1 - part
            pool.launch(read, elements(words), 2 * -(-tiles // kernels.ROWS))
            pool.launch(multiply, elements(words), self.tasks, threads=threads)


def _rounded(n: int, to: int) -> int:
    """The next multiple."""
    return -(-n // to) * to

"""Winograd's convolution as tasks of a parallel region: transforms and the matrix products between them.

For each of the n x n places: [tile][channel] @ [channel][filter] forward (and for the input's gradient, the roles of
channels and filters exchanged), [tile][channel] transposed @ [tile][filter] for the weight's gradient.  Filters are taken
in panels of ``PANEL``.  There are two orders, since either the tiles or the filters do not fit in the cache:

- ``tiles_first``: a task has a block of tiles; it transforms them and multiplies with all panels, made before.
- ``panels_first``: a task has a panel, which it transforms; it multiplies with all tiles, made before.
"""

from __future__ import annotations

from adjoint.kernels.contraction.micro import load_tile, multiply_add, store_tile, zero_tile
from adjoint.kernels.convolution.layouts import LANES
from adjoint.kernels.convolution.winograd_transforms import (
    CHANNELS,
    IMAGE_WORDS,
    read_filters,
    read_tiles,
    write_filters,
    write_tiles,
)
from adjoint.kernels.machine import machine
from adjoint.kernels.native import *

VECTORS = 2
ROWS = 8 if machine().registers >= 32 else 4
PANEL = VECTORS * LANES

# Words of the arguments, after the descriptions of the images that are read and written.  The last ones are addresses
# of kernels that others call, so that they are compiled once.
OF = 0
TO = IMAGE_WORDS
(
    WEIGHT, FILTERS, WEIGHT_CHANNELS, BIAS, TILES, BLOCK, DEPTH, PANELS, CHUNK, TILE_STEP, TILE_PLACE, PANEL_PLACE,
    PRODUCT_PLACE, PRODUCTS, PANEL_MATRICES, TILE_MATRICES, WORKSPACE, WORKSPACE_STEP, ODD, OTHER_STEP, OTHER_PLACE,
    OTHER_MATRICES, FIRST, PARTS, BEFORE, AFTER,
    PART, PART_STEP, PART_PRODUCTS, WRITE_PANEL, ADD_OUTER,
) = range(2 * IMAGE_WORDS, 2 * IMAGE_WORDS + 31)  # fmt: skip
WORDS = 2 * IMAGE_WORDS + 31


@native
def make_panels(args: ptr(i64), task: i64, worker: i64, m, turn):
    """Transform the filters of some lanes of a panel, for ``CHUNK`` of the depth."""
    chunks = (args[DEPTH] + args[CHUNK] - 1) // args[CHUNK]
    panel = task // chunks
    first = task % chunks * args[CHUNK]
    to = cast(args[PANEL_MATRICES], ptr(f32)) + (panel * (m + 2) * (m + 2) * args[PANEL_PLACE] + first * PANEL)
    make_panel(args, panel, first, minimum(first + args[CHUNK], args[DEPTH]), to, m, turn)


@native
def make_panel(args: ptr(i64), panel: i64, first: i64, last: i64, to: ptr(f32), m, turn):
    """Transform the filters of a panel from ``first`` to ``last`` of the depth."""
    lanes = args[WEIGHT_CHANNELS] if turn else args[FILTERS]
    weight = cast(args[WEIGHT], ptr(f32))
    for depth in range(first, last, LANES):
        for lane in range(panel * PANEL, minimum((panel + 1) * PANEL, lanes), LANES):
            read_filters(
                weight, args[FILTERS], args[WEIGHT_CHANNELS], depth if turn else lane, lane if turn else depth,
                to + ((depth - first) * PANEL + lane - panel * PANEL), args[PANEL_PLACE], PANEL, m, turn,
            )  # fmt: skip


@native
def multiply(tiles: ptr(f32), tile_step: i64, panel: ptr(f32), products: ptr(f32), count: i64, depth: i64, add: i64):
    """``products[tile] = (add to them) sum_k tiles[tile][k] * panel[k]``, for ``count`` tiles or a few more."""
    for t in range(0, count, ROWS):
        tile = zero_tile(f32, ROWS, VECTORS, LANES)
        if add != 0:
            before = load_tile(products + t * PANEL, PANEL, ROWS, VECTORS, LANES)
            for i in unroll(ROWS * VECTORS):
                tile[i] = before[i]
        multiply_add(tile, tiles + t * tile_step, tile_step, 1, panel, PANEL, depth, ROWS, VECTORS, LANES)
        store_tile(tile, products + t * PANEL, PANEL, ROWS, VECTORS, LANES)


@native
def tiles_first(args: ptr(i64), task: i64, worker: i64, m):
    """The outputs of a block of tiles."""
    first = task * args[BLOCK]
    count = minimum(args[BLOCK], args[TILES] - first)
    tiles = cast(args[WORKSPACE], ptr(f32)) + worker * args[WORKSPACE_STEP]
    products = tiles + args[PRODUCTS]
    if read_tiles(args + OF, first, count, tiles, args[TILE_PLACE], args[TILE_STEP], m, False) != 0:
        args[ODD] = i64(1)
    for number in range(args[PANELS]):
        panel = cast(args[PANEL_MATRICES], ptr(f32)) + number * (m + 2) * (m + 2) * args[PANEL_PLACE]
        for i in range((m + 2) * (m + 2)):
            multiply(
                tiles + i * args[TILE_PLACE], args[TILE_STEP], panel + i * args[PANEL_PLACE],
                products + i * args[PRODUCT_PLACE], count, args[DEPTH], i64(0),
            )  # fmt: skip
        call_pointer(cast(args[WRITE_PANEL], ptr(i8)), args, number, first, count, products)


@native
def write_panel(args: ptr(i64), panel: i64, first: i64, count: i64, products: ptr(f32), m):
    """The outputs of a panel's channels, and a note where one is not finite."""
    image = args + TO
    bias = cast(args[BIAS], ptr(f32))
    for lane in range(0, PANEL, LANES):
        channel = panel * PANEL + lane
        if channel < image[CHANNELS]:
            odd = write_tiles(image, first, count, products + lane, args[PRODUCT_PLACE], i64(PANEL), channel, bias, m)
            if odd != 0:
                args[ODD] = i64(1)


@native
def make_tiles(args: ptr(i64), task: i64, worker: i64, m):
    """Transform a block of the input's tiles."""
    first = task * args[BLOCK]
    to = cast(args[TILE_MATRICES], ptr(f32)) + first * args[TILE_STEP]
    count = minimum(args[BLOCK], args[TILES] - first)
    if read_tiles(args + OF, first, count, to, args[TILE_PLACE], args[TILE_STEP], m, False) != 0:
        args[ODD] = i64(1)


@native
def panels_first(args: ptr(i64), task: i64, worker: i64, m, turn):
    """The outputs of a panel's channels."""
    panel = cast(args[WORKSPACE], ptr(f32)) + worker * args[WORKSPACE_STEP]
    products = panel + args[PRODUCTS]
    tiles = cast(args[TILE_MATRICES], ptr(f32))
    depth = args[DEPTH]
    for first in range(0, depth, args[CHUNK]):
        last = minimum(first + args[CHUNK], depth)
        make_panel(args, task, first, last, panel, m, turn)
        for i in range((m + 2) * (m + 2)):
            multiply(
                tiles + (i * args[TILE_PLACE] + first), args[TILE_STEP], panel + i * args[PANEL_PLACE],
                products + i * args[PRODUCT_PLACE], args[TILES], last - first, first,
            )  # fmt: skip
    call_pointer(cast(args[WRITE_PANEL], ptr(i8)), args, task, i64(0), args[TILES], products)


@native
def make_both_tiles(args: ptr(i64), task: i64, worker: i64, m):
    """Transform a block of the input's tiles, or of the gradient's, counted from ``FIRST``."""
    blocks = (args[TILES] + args[BLOCK] - 1) // args[BLOCK]
    first = task % blocks * args[BLOCK]
    count = minimum(args[BLOCK], args[TILES] - first)
    if task < blocks:
        to = cast(args[TILE_MATRICES], ptr(f32)) + first * args[TILE_STEP]
        if read_tiles(args + OF, args[FIRST] + first, count, to, args[TILE_PLACE], args[TILE_STEP], m, False) != 0:
            args[ODD] = i64(1)
    else:
        to = cast(args[OTHER_MATRICES], ptr(f32)) + first * args[OTHER_STEP]
        if read_tiles(args + TO, args[FIRST] + first, count, to, args[OTHER_PLACE], args[OTHER_STEP], m, True) != 0:
            args[ODD] = i64(1)


@native
def add_outer(tiles: ptr(f32), tile_step: i64, others: ptr(f32), other_step: i64, products: ptr(f32), channels: i64,
              count: i64, add: i64):  # fmt: skip
    """``products[channel] = (add to them) sum_t tiles[t][channel] * others[t]``, over ``count`` tiles."""
    for c in range(0, channels, ROWS):
        tile = zero_tile(f32, ROWS, VECTORS, LANES)
        if add != 0:
            before = load_tile(products + c * PANEL, PANEL, ROWS, VECTORS, LANES)
            for j in unroll(ROWS * VECTORS):
                tile[j] = before[j]
        multiply_add(tile, tiles + c, 1, tile_step, others, other_step, count, ROWS, VECTORS, LANES)
        store_tile(tile, products + c * PANEL, PANEL, ROWS, VECTORS, LANES)


@native
def write_chunk(args: ptr(i64), panel: i64, first: i64, count: i64, products: ptr(f32), m):
    """The gradient of a panel of filters for some channels, and a note where it is not finite."""
    weight = cast(args[WEIGHT], ptr(f32))
    for lane in range(0, minimum(i64(PANEL), args[FILTERS] - panel * PANEL), LANES):
        for c in range(0, count, LANES):
            odd = write_filters(
                weight, args[FILTERS], args[WEIGHT_CHANNELS], panel * PANEL + lane, first + c,
                products + (c * PANEL + lane), args[PRODUCT_PLACE], i64(PANEL), m,
            )  # fmt: skip
            if odd != 0:
                args[ODD] = i64(1)


@native
def filters_gradient(args: ptr(i64), task: i64, worker: i64, m):
    """The gradient of a panel of filters for ``CHUNK`` channels, of the tiles from ``FIRST`` on.

    ``BEFORE`` says that there were earlier tiles, ``AFTER`` that there will be more.
    """
    chunks = (args[DEPTH] + args[CHUNK] - 1) // args[CHUNK]
    panel = task // chunks
    first = task % chunks * args[CHUNK]
    count = minimum(args[CHUNK], args[DEPTH] - first)
    own = task if args[PARTS] > 1 else worker
    products = cast(args[WORKSPACE], ptr(f32)) + own * args[WORKSPACE_STEP]
    for i in range((m + 2) * (m + 2)):
        tiles = cast(args[TILE_MATRICES], ptr(f32)) + (i * args[TILE_PLACE] + first)
        others = cast(args[OTHER_MATRICES], ptr(f32)) + (i * args[OTHER_PLACE] + panel * PANEL)
        call_pointer(
            cast(args[ADD_OUTER], ptr(i8)), tiles, args[TILE_STEP], others, args[OTHER_STEP],
            products + i * args[PRODUCT_PLACE], count, args[TILES], args[BEFORE],
        )  # fmt: skip
    if args[AFTER] == 0:
        write_chunk(args, panel, first, count, products, m)


@native
def sum_part(args: ptr(i64), task: i64, worker: i64, m):
    """The products of all filters and channels, summed over a part of the tiles: block after block in the cache."""
    tiles = cast(args[WORKSPACE], ptr(f32)) + worker * args[WORKSPACE_STEP]
    others = tiles + (m + 2) * (m + 2) * args[TILE_PLACE]
    products = cast(args[PART_PRODUCTS], ptr(f32)) + task * args[PART_STEP]
    first = task * args[PART]
    last = minimum(first + args[PART], args[TILES])
    for at in range(first, last, args[BLOCK]):
        count = minimum(args[BLOCK], last - at)
        if read_tiles(args + OF, at, count, tiles, args[TILE_PLACE], args[TILE_STEP], m, False) != 0:
            args[ODD] = i64(1)
        if read_tiles(args + TO, at, count, others, args[OTHER_PLACE], args[OTHER_STEP], m, True) != 0:
            args[ODD] = i64(1)
        for panel in range(args[PANELS]):
            for i in range((m + 2) * (m + 2)):
                call_pointer(
                    cast(args[ADD_OUTER], ptr(i8)), tiles + i * args[TILE_PLACE], args[TILE_STEP],
                    others + (i * args[OTHER_PLACE] + panel * PANEL), args[OTHER_STEP],
                    products + (panel * (m + 2) * (m + 2) + i) * args[PRODUCT_PLACE], args[DEPTH], count, at - first,
                )  # fmt: skip


@native
def add_parts(args: ptr(i64), task: i64, worker: i64, m):
    """The gradient of a panel of filters for ``CHUNK`` channels from the parts' products."""
    chunks = (args[DEPTH] + args[CHUNK] - 1) // args[CHUNK]
    panel = task // chunks
    first = task % chunks * args[CHUNK]
    count = minimum(args[CHUNK], args[DEPTH] - first)
    products = cast(args[PART_PRODUCTS], ptr(f32)) + (
        panel * (m + 2) * (m + 2) * args[PRODUCT_PLACE] + first * PANEL
    )
    for i in range((m + 2) * (m + 2)):
        place = products + i * args[PRODUCT_PLACE]
        for x in range(0, count * PANEL, LANES):
            total = load(place, x, LANES)
            for part in range(1, args[PARTS]):
                total = total + load(place, part * args[PART_STEP] + x, LANES)
            store(place, x, total)
    write_chunk(args, panel, first, count, products, m)

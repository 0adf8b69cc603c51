"""PNG: the samples as they are stored, of 8 bits (by Pillow) or 16 (here, for Pillow keeps 8 of them), and in other channels.

How a row is filtered and how interlaced pictures are laid out is the PNG specification's (ISO/IEC 15948, clauses 8 and 9).
"""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import numpy as np

_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # of each type of colour
_PASSES = ((0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1))  # Adam7's
_RED, _GREEN = 29890 * 32768 // 100000, 58700 * 32768 // 100000  # of brightness, in libpng's numbers of 15 bits
_WANTED = {"GRAY": (False, False), "GRAY_ALPHA": (False, True), "RGB": (True, False), "RGB_ALPHA": (True, True)}


def read_png(data: bytes, mode: str) -> tuple[Any, int]:
    """The pixels (H, W, C) of a PNG file, of uint8 or uint16, and its EXIF orientation.

    ``mode`` is a name of ``ImageReadMode``'s.  What becomes opaque has the greatest value, also where there are fewer than 8
    bits, or a palette: libpng, asked as torchvision asks it, writes other numbers or too few channels there.
    """
    from PIL import Image

    if len(data) < 8:
        raise RuntimeError("Content is too small for png!")
    if data[:8] != b"\x89PNG\r\n\x1a\n":
        raise RuntimeError("Content is not png!")
    corrupted = "Out of bound read in decode_png. Probably, the input image is corrupted"
    try:
        picture = Image.open(io.BytesIO(data), formats=["PNG"])
        width, height, depth, color, _, _, interlaced = struct.unpack_from(">IIBBBBB", data, 16)
        orientation = picture.getexif().get(0x0112, 1)
        if depth == 16:
            return _converted(_samples_of_16_bits(data, height, width, _CHANNELS[color], interlaced), mode), orientation
        if color == 3 and mode != "UNCHANGED":
            return _converted(np.array(picture.convert("RGBA")), mode), orientation
        pixels = np.array(picture.convert("L") if picture.mode == "1" else picture)
    except (OSError, SyntaxError, struct.error, zlib.error, ValueError) as error:
        raise RuntimeError(corrupted) from error
    return _converted(np.atleast_3d(pixels), mode), orientation


def _converted(pixels: Any, mode: str) -> Any:
    """Pixels in the channels of a mode: grey is made of colours by brightness, colours of grey by repetition."""
    if mode == "UNCHANGED":
        return pixels
    colored, transparent = _WANTED[mode]
    has_alpha = pixels.shape[2] in (2, 4)
    color = pixels[..., :-1] if has_alpha else pixels
    if colored and color.shape[2] == 1:
        color = np.repeat(color, 3, axis=2)
    elif not colored and color.shape[2] == 3:
        color = _brightness(color)
    if not transparent:
        return color
    alpha = pixels[..., -1:] if has_alpha else np.full_like(color[..., :1], np.iinfo(pixels.dtype).max)
    return np.concatenate([color, alpha], axis=2)


def _brightness(color: Any) -> Any:
    """0.2989 red + 0.587 green + the rest of blue, as libpng has it: cut off with 8 bits, rounded with 16."""
    wide = color.astype(np.int64)
    summed = _RED * wide[..., 0] + _GREEN * wide[..., 1] + (32768 - _RED - _GREEN) * wide[..., 2]
    return ((summed + (0 if color.dtype == np.uint8 else 16384)) >> 15).astype(color.dtype)[..., None]


def _samples_of_16_bits(data: bytes, height: int, width: int, channels: int, interlaced: int) -> Any:
    """The samples (H, W, C), as uint16."""
    packed, at = [], 8
    while at + 8 <= len(data):
        (length,) = struct.unpack_from(">I", data, at)
        if data[at + 4 : at + 8] == b"IDAT":
            packed.append(data[at + 8 : at + 8 + length])
        at += length + 12
    rows = np.frombuffer(zlib.decompress(b"".join(packed)), np.uint8)
    if not interlaced:
        return _unfiltered(rows, height, width, channels)[0]
    pixels = np.empty((height, width, channels), np.uint16)
    for top, left, down, right in _PASSES:
        part = pixels[top::down, left::right]
        if part.size:
            part[...], rows = _unfiltered(rows, part.shape[0], part.shape[1], channels)
    return pixels


def _unfiltered(rows: Any, height: int, width: int, channels: int) -> tuple[Any, Any]:
    """The samples (H, W, C) of rows that each begin with the number of a filter, and what comes after them.

    A byte is what is stored plus a prediction: nothing, its left neighbour (1), the one above (2), their mean (3), or whichever
    of these and the one above on the left is nearest to what they would give on a plane (4, Paeth's).  So pixels on a diagonal
    from the lower left to the upper right are independent, and are computed at once.
    """
    lanes = 2 * channels
    size = 1 + width * lanes
    if len(rows) < height * size:
        raise ValueError("rows are missing")
    table = rows[: height * size].reshape(height, size)
    filters, stored = table[:, 0], table[:, 1:].reshape(height, width, lanes)
    if filters.max() > 4:
        raise ValueError("a filter that does not exist")
    out = np.zeros((height + 1, width + 1, lanes), np.int16)  # with a row above and a column on the left that are zero
    for diagonal in range(height + width - 1):
        y = np.arange(max(0, diagonal - width + 1), min(height, diagonal + 1))
        x = diagonal - y
        kind = filters[y][:, None]
        left, above, corner = out[y + 1, x], out[y, x + 1], out[y, x]
        to_left, to_above = np.abs(above - corner), np.abs(left - corner)
        to_corner = np.abs(left + above - 2 * corner)
        paeth = np.where(
            (to_left <= to_above) & (to_left <= to_corner), left, np.where(to_above <= to_corner, above, corner)
        )
        predicted = np.choose(kind, [np.int16(0), left, above, (left + above) >> 1, paeth])
        out[y + 1, x + 1] = (stored[y, x] + predicted) & 0xFF
    samples = out[1:, 1:].astype(np.uint8).reshape(height, width, channels, 2).view(">u2")[..., 0]
    return samples.astype(np.uint16), rows[height * size :]

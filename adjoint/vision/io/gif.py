"""GIF: each picture as it is stored, not as a player would show it over those before.

The file is read block by block (GIF89a's specification, 1990), and each picture given to Pillow as a file of its own, which
knows nothing of places on a canvas, of transparency, or of pictures before.
"""

from __future__ import annotations

import io
import struct
from typing import Any

import numpy as np

_EXTENSION, _PICTURE, _END = 0x21, 0x2C, 0x3B


def read_gif(data: bytes) -> Any:
    """The pictures (N, 3, H, W) of a GIF file, of uint8.  Raises RuntimeError for other files, and pictures of several sizes."""
    from PIL import Image

    frames: list[Any] = []
    try:
        for width, height, colors, packed in _pictures(data):
            if frames and frames[0].shape[1:] != (height, width):
                raise RuntimeError("All images in the gif should have the same dimensions.")
            bits = (len(colors) // 3).bit_length() - 2
            screen = struct.pack("<6sHHBBB", b"GIF87a", width, height, 0x80 | bits, 0, 0)
            place = struct.pack("<BHHHHB", _PICTURE, 0, 0, width, height, packed[0])
            alone = Image.open(io.BytesIO(screen + colors + place + packed[1:] + bytes([_END])))
            frames.append(np.asarray(alone.convert("RGB")).transpose(2, 0, 1))
    except (OSError, IndexError, struct.error, SyntaxError) as error:
        raise RuntimeError("DGifSlurp() failed - 102") from error  # giflib's number of a file that ends too early
    if not frames:
        raise RuntimeError("DGifSlurp() failed - 105")  # ... that has no picture
    return np.stack(frames)


def _pictures(data: bytes) -> Any:
    """Of each picture: width, height, colours, and the packed pixels, after a byte that says whether they are interlaced."""
    if data[:3] != b"GIF":
        raise RuntimeError("DGifOpenFileName() failed - 103")  # ... of what is no GIF file
    flags = data[10]
    shared, at = _colors(data, 13, flags)
    while data[at] != _END:
        if data[at] == _EXTENSION:
            at = _after_blocks(data, at + 2)
            continue
        if data[at] != _PICTURE:
            raise RuntimeError("DGifSlurp() failed - 107")  # ... of a block that nobody knows
        width, height, flags = struct.unpack_from("<HHB", data, at + 5)
        own, start = _colors(data, at + 10, flags)
        at = _after_blocks(data, start + 1)
        if not (own or shared):
            raise RuntimeError("Global and local color maps are missing. This should never happen!")
        yield width, height, own or shared, bytes([flags & 0x40]) + data[start:at]


def _colors(data: bytes, at: int, flags: int) -> tuple[bytes, int]:
    """A table of colours, if there is one, and where it ends."""
    end = at + (3 << (1 + (flags & 7)) if flags & 0x80 else 0)
    return data[at:end], end


def _after_blocks(data: bytes, at: int) -> int:
    """Where a row of blocks ends: each begins with its length, and the last has none."""
    while size := data[at]:
        at += size + 1
    return at + 1

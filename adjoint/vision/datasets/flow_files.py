"""Files of vectors and distances for every pixel: the formats of optical flow and of stereo pictures."""

from __future__ import annotations

import re
from typing import Any

import numpy as np


def read_pfm(file_name: Any, slice_channels: int = 2) -> Any:
    """The first channels (C, H, W) of a PFM file, as float32: rows from below, of one channel or three.

    Raises ValueError for another file.
    """
    with open(file_name, "rb") as file:
        kind = file.readline().rstrip()
        if kind not in (b"PF", b"Pf"):
            raise ValueError("Invalid PFM file")
        size = re.match(rb"^(\d+)\s(\d+)\s$", file.readline())
        if not size:
            raise Exception("Malformed PFM header.")
        width, height = (int(number) for number in size.groups())
        order = "<" if float(file.readline().rstrip()) < 0 else ">"
        data = np.fromfile(file, dtype=order + "f4")
    pixels = data.reshape(height, width, 3 if kind == b"PF" else 1).transpose(2, 0, 1)
    return np.flip(pixels, axis=1)[:slice_channels].astype(np.float32)


def read_flo(file_name: Any) -> Any:
    """The flow (2, H, W) in a file of Middlebury's format, as float32.  Raises ValueError for another file."""
    with open(file_name, "rb") as file:
        if file.read(4) != b"PIEH":
            raise ValueError("Magic number incorrect. Invalid .flo file")
        width, height = (int(number) for number in np.fromfile(file, "<i4", count=2))
        data = np.fromfile(file, "<f4", count=2 * width * height)
    return data.reshape(height, width, 2).transpose(2, 0, 1)


def read_kitti_flow(file_name: Any) -> tuple[Any, Any]:
    """The flow (2, H, W) in a PNG of 16 bits, as float32, and where it is valid (H, W): KITTI's format.

    A sample is 64 times the flow, plus 2**15; the third channel says whether there is any.
    """
    from adjoint.vision.io import decode_png, read_file

    samples = decode_png(read_file(file_name)).numpy().astype(np.float32)
    return (samples[:2] - 2**15) / 64, samples[2].astype(bool)


def read_kitti_disparity(file_name: Any) -> Any:
    """The disparity (1, H, W) in a PNG of 16 bits, 256 times as large there."""
    return _pixels(file_name)[None] / 256.0


def read_disparity(file_name: Any, scale: float) -> Any:
    """The disparity (1, H, W) in a picture, ``scale`` times as large there, as float32."""
    return _pixels(file_name).astype(np.float32)[None] / scale


def read_sintel_disparity(file_name: Any) -> Any:
    """The disparity (1, H, W) whose bits are spread over a picture's channels, as Sintel's notes say."""
    red, green, blue = _pixels(file_name).astype(np.float32).transpose(2, 0, 1)[:, None]
    return red * 4 + green / (2**6) + blue / (2**14)


def _pixels(file_name: Any) -> Any:
    from PIL import Image

    return np.asarray(Image.open(file_name))

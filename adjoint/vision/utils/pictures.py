"""Arrays as pictures of Pillow's, in a mode that the array does not say."""

from __future__ import annotations

from typing import Any


def from_pixels(obj: Any, mode: str) -> Any:
    """The picture whose bytes, row by row, are those of an array (H, W) or (H, W, C), read in a mode such as ``"L"``.

    Pillow's own ``fromarray`` takes the mode from the array's dtype and shape, and no longer from its caller.
    """
    from PIL import Image

    height, width = (obj.shape[0], 1) if obj.ndim == 1 else obj.shape[:2]
    return Image.frombuffer(mode, (width, height), obj.tobytes(), "raw", mode, 0, 1)

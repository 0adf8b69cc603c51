"""``torchvision.io``: pictures and films as files, which another library has to read: Pillow reads pictures as arrays."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Any, NoReturn

from adjoint.names import named as _named


class ImageReadMode(Enum):
    """The channels that a picture is read with."""

    UNCHANGED = 0
    GRAY = 1
    GRAY_ALPHA = 2
    RGB = 3
    RGB_ALPHA = 4


class VideoReader:
    """A film that is read frame by frame.  Raises NotImplementedError: there is no decoder."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        _refuse("VideoReader")


def _refuse(name: str) -> NoReturn:
    raise NotImplementedError(
        f"torchvision.io.{name}: Adjoint has no decoders; read a picture with Pillow and make a tensor of it with "
        "torchvision.transforms.PILToTensor"
    )


def _refused(name: str) -> Callable[..., NoReturn]:
    def function(*args: Any, **kwargs: Any) -> NoReturn:
        _refuse(name)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = "Raises NotImplementedError: there are no decoders."
    return function


_FUNCTIONS = (
    "decode_gif", "decode_image", "decode_jpeg", "decode_png", "decode_webp", "encode_jpeg", "encode_png", "read_file",
    "read_image", "read_video", "read_video_timestamps", "write_file", "write_jpeg", "write_png", "write_video",
)  # fmt: skip
globals().update({name: _refused(name) for name in _FUNCTIONS})

_named(__name__, found=lambda: _FUNCTIONS)

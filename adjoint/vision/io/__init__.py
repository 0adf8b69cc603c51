"""``torchvision.io``: pictures in files as tensors of bytes, and back.  Pillow reads and writes them when that is first asked for.

Films are refused: there is no decoder.
"""

from collections.abc import Callable as _Callable
from typing import Any as _Any
from typing import NoReturn as _NoReturn

from adjoint.names import named as _named
from adjoint.vision.io.image import (
    ImageReadMode,
    decode_avif,
    decode_gif,
    decode_heic,
    decode_image,
    decode_jpeg,
    decode_png,
    decode_webp,
    encode_jpeg,
    encode_png,
    read_file,
    read_image,
    write_file,
    write_jpeg,
    write_png,
)

__all__ = [
    "ImageReadMode",
    "decode_image",
    "decode_jpeg",
    "decode_png",
    "decode_avif",
    "decode_heic",
    "decode_webp",
    "decode_gif",
    "encode_jpeg",
    "encode_png",
    "read_file",
    "read_image",
    "write_file",
    "write_jpeg",
    "write_png",
]

_OF_FILMS = ("VideoReader", "read_video", "read_video_timestamps", "write_video")  # until torchvision 0.24


def _refused(name: str) -> _Callable[..., _NoReturn] | None:
    if name not in _OF_FILMS:
        return None

    def function(*args: _Any, **kwargs: _Any) -> _NoReturn:
        raise NotImplementedError(
            f"torchvision.io.{name}: there is no decoder of films here, and none in torchvision since 0.24. "
            "Read the frames with PyAV (pip install av) and make tensors of them: frame.to_ndarray(format='rgb24')"
        )

    function.__name__ = function.__qualname__ = name
    function.__doc__ = "Raises NotImplementedError: there is no decoder of films."
    return function


_named(__name__, modules={"image"}, find=_refused, unlisted=_OF_FILMS)

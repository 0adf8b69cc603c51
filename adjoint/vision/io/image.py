"""Pictures as tensors (C, H, W) of bytes: JPEG, PNG, GIF, WebP and AVIF to read, JPEG and PNG to write."""

from __future__ import annotations

import io
import os
from enum import Enum
from typing import Any

import numpy as np

import adjoint
from adjoint import dtypes
from adjoint.files import replace_file
from adjoint.names import list_names as _list_names
from adjoint.tensor import Tensor

__all__ = [
    "ImageReadMode", "decode_avif", "decode_gif", "decode_heic", "decode_image", "decode_jpeg", "decode_png", "decode_webp",
    "encode_jpeg", "encode_png", "read_file", "read_image", "write_file", "write_jpeg", "write_png",
]  # fmt: skip


class ImageReadMode(Enum):
    """The channels that a picture is read with; functions take the names as well, such as ``mode="RGB"``.

    Grey with transparency is known of PNG alone, and grey of PNG and JPEG; what does not know it reads the picture as it is.
    """

    UNCHANGED = 0
    GRAY = 1
    GRAY_ALPHA = 2
    RGB = 3
    RGB_ALPHA = 4
    RGBA = RGB_ALPHA


def read_file(path: Any) -> Tensor:
    """The bytes of a file (N,), as uint8.  Raises RuntimeError where there is none, or nothing in it."""
    name = os.fspath(path)
    try:
        with open(name, "rb") as file:
            data = file.read()
    except OSError as error:
        raise RuntimeError(f"[Errno {error.errno}] {error.strerror}: '{name}'") from error
    if not data:
        raise RuntimeError("Expected a non empty file")
    return _tensor(np.frombuffer(bytearray(data), np.uint8))


def write_file(filename: Any, data: Tensor) -> None:
    """Write bytes (N,) of uint8 to a file, which has its name only when all of it is there.

    Raises RuntimeError for another tensor, or where the file cannot be written.
    """
    if data.dtype != dtypes.uint8:
        raise RuntimeError("Input tensor dtype should be uint8")
    if data.dim() != 1:
        raise RuntimeError("Input data should be a 1-dimensional tensor")
    try:
        replace_file(os.fspath(filename), lambda file: file.write(data.cpu().numpy().tobytes()))
    except OSError as error:
        raise RuntimeError("Error opening output file") from error


def decode_image(
    input: Any, mode: ImageReadMode | str = ImageReadMode.UNCHANGED, apply_exif_orientation: bool = False
) -> Tensor:
    """The picture in a file, or in the bytes (N,) of one: JPEG, PNG, GIF or WebP, whichever it is.

    The result is (C, H, W) of uint8, of uint16 for a PNG of 16 bits, (N, C, H, W) for a GIF of several.  ``mode`` says which
    channels; ``apply_exif_orientation`` turns a JPEG or PNG as its camera was held.  Raises RuntimeError for other files.

    >>> import adjoint as torch
    >>> decode_image(encode_png(torch.zeros(3, 4, 5, dtype=torch.uint8)), mode="GRAY").shape
    torch.Size([1, 4, 5])
    """
    data = input if isinstance(input, Tensor) else read_file(input)
    mode = _mode(mode)
    encoded = _bytes(data)
    if encoded.startswith(b"\xff\xd8\xff"):
        return decode_jpeg(data, mode, apply_exif_orientation=apply_exif_orientation)
    if encoded.startswith(b"\x89PNG"):
        return decode_png(data, mode, apply_exif_orientation)
    if encoded.startswith((b"GIF89a", b"GIF87a")):
        return decode_gif(data)
    if encoded.startswith(b"RIFF") and encoded[8:15] == b"WEBPVP8":
        return decode_webp(data, mode)
    raise RuntimeError(
        "Unsupported image file. Only jpeg, png, webp and gif are currently supported. For avif and heic format, please "
        "rely on `decode_avif` and `decode_heic` directly."
    )


def read_image(
    path: Any, mode: ImageReadMode | str = ImageReadMode.UNCHANGED, apply_exif_orientation: bool = False
) -> Tensor:
    """The picture in a file, as :func:`decode_image` reads it."""
    return decode_image(read_file(path), mode, apply_exif_orientation=apply_exif_orientation)


def decode_png(
    input: Tensor, mode: ImageReadMode | str = ImageReadMode.UNCHANGED, apply_exif_orientation: bool = False
) -> Tensor:
    """The picture (C, H, W) in the bytes (N,) of a PNG file: of uint8, or of uint16 where it has 16 bits.

    With a palette and as it is, it has one channel, of places in the palette.  Raises RuntimeError for other bytes.
    """
    from adjoint.vision.io.png import read_png

    pixels, orientation = read_png(_bytes(input), _mode(mode).name)
    return _tensor(_upright(pixels, orientation if apply_exif_orientation else 1))


def decode_jpeg(
    input: Any,
    mode: ImageReadMode | str = ImageReadMode.UNCHANGED,
    device: Any = "cpu",
    apply_exif_orientation: bool = False,
) -> Any:
    """The picture (C, H, W) in the bytes (N,) of a JPEG file, or a list of them for a list of files; on ``device``.

    ``mode`` is as it is, grey or red, green and blue.  Raises RuntimeError for other modes, and for bytes that are no JPEG file
    or end too early; ValueError for an empty list, or what is no tensor in it.
    """
    mode = _mode(mode)
    if isinstance(input, list):
        if not input:
            raise ValueError("Input list must contain at least one element")
        if not all(isinstance(one, Tensor) for one in input):
            raise ValueError("All elements of the input list must be tensors.")
        return [decode_jpeg(one, mode, device, apply_exif_orientation) for one in input]
    encoded = _bytes(input)
    if mode not in (ImageReadMode.UNCHANGED, ImageReadMode.GRAY, ImageReadMode.RGB):
        raise RuntimeError("The provided mode is not supported for JPEG files")
    if encoded[:2] != b"\xff\xd8":
        first = " ".join(f"0x{byte:02x}" for byte in encoded[:2])
        raise RuntimeError(f"Not a JPEG file: starts with {first}")
    picture = _opened(encoded, "Image is incomplete or truncated")
    orientation = picture.getexif().get(_ORIENTATION, 1) if apply_exif_orientation else 1
    if mode is ImageReadMode.GRAY:
        picture.draft("L", None)  # the brightness that is in the file, instead of one made of its colours
    turned = picture.mode == "CMYK" and "adobe" in picture.info  # Pillow turns the ink of Adobe's files round
    pixels = _pixels(picture, {"GRAY": "L", "RGB": "RGB"}.get(mode.name), "Image is incomplete or truncated")
    if turned and mode is ImageReadMode.UNCHANGED:
        pixels = 255 - pixels
    return _tensor(_upright(pixels, orientation)).to(device)


def decode_gif(input: Tensor) -> Tensor:
    """The picture (3, H, W) in the bytes (N,) of a GIF file, or (N, 3, H, W) if it has several; each as it is stored.

    Raises RuntimeError for other bytes, and where the pictures are not of one size.
    """
    from adjoint.vision.io.gif import read_gif

    frames = read_gif(_bytes(input))
    return adjoint.from_numpy(frames[0] if len(frames) == 1 else frames)  # type: ignore[no-any-return]


def decode_webp(input: Tensor, mode: ImageReadMode | str = ImageReadMode.UNCHANGED) -> Tensor:
    """The picture (C, H, W) in the bytes (N,) of a WebP file, in three channels, or in four where it is transparent.

    Raises RuntimeError for other bytes, and for one that moves.
    """
    encoded = _bytes(input)
    picture = _opened(encoded, "WebPGetFeatures failed with error code 3", "WEBP")
    if getattr(picture, "is_animated", False):
        raise RuntimeError("Animated webp files are not supported.")
    return _in_colors(picture, mode, "WebPDecodeRGB[A] failed.")


def decode_avif(input: Tensor, mode: ImageReadMode | str = ImageReadMode.UNCHANGED) -> Tensor:
    """The picture (C, H, W) in the bytes (N,) of an AVIF file, in three channels, or in four where it is transparent.

    Raises RuntimeError for other bytes, where Pillow was built without AVIF, and for more than 8 bits, of which it keeps 8.
    """
    from PIL import features

    if not features.check("avif"):
        raise RuntimeError("This Pillow was built without AVIF: get another (pip install -U pillow)")
    encoded = _bytes(input)
    configuration = encoded.find(
        b"av1C"
    )  # a version, a profile, and then a byte whose second bit says: more than 8 bits
    if configuration >= 0 and encoded[configuration + 6] & 0x40:
        raise RuntimeError("AVIF pictures of more than 8 bits are not supported: Pillow would lose what is beyond")
    return _in_colors(_opened(encoded, "Not an AVIF file", "AVIF"), mode, "Image is incomplete or truncated")


def decode_heic(input: Tensor, mode: ImageReadMode | str = ImageReadMode.UNCHANGED) -> Tensor:
    """Raises RuntimeError: there is no decoder of HEIC."""
    raise RuntimeError(
        "There is no decoder of HEIC here. Save the picture as PNG or JPEG, or read it with pillow-heif and make a tensor "
        "of it with torchvision.transforms.PILToTensor"
    )


def encode_png(input: Tensor, compression_level: int = 6) -> Tensor:
    """The bytes (N,) of a PNG file of a picture (1, H, W) or (3, H, W) of uint8; ``compression_level`` is from 0 to 9.

    Raises RuntimeError for other pictures and levels.
    """
    if not 0 <= compression_level <= 9:
        raise RuntimeError("Compression level should be between 0 and 9")
    return _encoded(input, "PNG", compress_level=compression_level)


def write_png(input: Tensor, filename: Any, compression_level: int = 6) -> None:
    """Write a picture to a PNG file, as :func:`encode_png` makes it."""
    write_file(filename, encode_png(input, compression_level))


def encode_jpeg(input: Any, quality: int = 75) -> Any:
    """The bytes (N,) of a JPEG file of a picture (1, H, W) or (3, H, W) of uint8, or a list of them for a list of pictures.

    ``quality`` is from 1 to 100.  Raises ValueError for another quality, or an empty list; RuntimeError for other pictures.
    """
    if quality < 1 or quality > 100:
        raise ValueError("Image quality should be a positive number between 1 and 100")
    if isinstance(input, list):
        if not input:
            raise ValueError("encode_jpeg requires at least one input tensor when a list is passed")
        return [_encoded(one, "JPEG", quality=quality) for one in input]
    return _encoded(input, "JPEG", quality=quality)


def write_jpeg(input: Tensor, filename: Any, quality: int = 75) -> None:
    """Write a picture to a JPEG file, as :func:`encode_jpeg` makes it."""
    write_file(filename, encode_jpeg(input, quality))


_ORIENTATION = 0x0112  # EXIF's number of how the camera was held

# ... as what makes the picture upright: whether its sides are exchanged first, and which are then turned round (height, width).
_TURNS = {
    2: (False, (1, -1)),
    3: (False, (-1, -1)),
    4: (False, (-1, 1)),
    5: (True, (1, 1)),
    6: (True, (1, -1)),
    7: (True, (-1, -1)),
    8: (True, (-1, 1)),
}


def _upright(pixels: Any, orientation: int) -> Any:
    """Pixels (H, W, C) turned as EXIF's orientation says, from 1 (as they are) to 8."""
    exchanged, (down, right) = _TURNS.get(orientation, (False, (1, 1)))
    return (pixels.swapaxes(0, 1) if exchanged else pixels)[::down, ::right]


def _mode(mode: ImageReadMode | str) -> ImageReadMode:
    return ImageReadMode[mode.upper()] if isinstance(mode, str) else mode


def _bytes(data: Any) -> bytes:
    """The bytes in a tensor.  Raises RuntimeError for a tensor of anything else."""
    if data.dtype != dtypes.uint8:
        raise RuntimeError(f"Input tensor must have uint8 data type, got {str(data.dtype).rpartition('.')[2]}")
    if data.dim() != 1 or data.numel() == 0:
        raise RuntimeError(
            f"Input tensor must be 1-dimensional and non-empty, got {data.dim()} dims  and {data.numel()} numels."
        )
    if not data.is_contiguous():
        raise RuntimeError("Input tensor must be contiguous.")
    return data.cpu().numpy().tobytes()  # type: ignore[no-any-return]


def _tensor(pixels: Any) -> Tensor:
    """Bytes, or pixels (H, W, C) as a picture (C, H, W), in the order in memory that decoders write them."""
    return adjoint.from_numpy(np.ascontiguousarray(pixels)).permute(
        *((2, 0, 1)[: pixels.ndim] if pixels.ndim == 3 else (0,))
    )  # type: ignore[no-any-return]


def _opened(encoded: bytes, refusal: str, *formats: str) -> Any:
    from PIL import Image

    try:
        return Image.open(io.BytesIO(encoded), formats=formats or None)
    except (OSError, SyntaxError) as error:
        raise RuntimeError(refusal) from error


def _pixels(picture: Any, mode: str | None, refusal: str) -> Any:
    """A picture's pixels (H, W, C), in a mode of Pillow's."""
    try:
        pixels = np.array(picture if mode is None else picture.convert(mode))
    except (OSError, SyntaxError) as error:
        raise RuntimeError(refusal) from error
    return np.atleast_3d(pixels)


def _in_colors(picture: Any, mode: ImageReadMode | str, refusal: str) -> Tensor:
    """A picture with three channels or four, as the mode or, where it does not say, the picture has them."""
    transparent = picture.mode in ("RGBA", "LA", "PA")
    asked = {"RGB": "RGB", "RGB_ALPHA": "RGBA"}.get(_mode(mode).name, "RGBA" if transparent else "RGB")
    return _tensor(_pixels(picture, asked, refusal))


def _encoded(picture: Tensor, format: str, **options: Any) -> Tensor:
    from PIL import Image

    if picture.dtype != dtypes.uint8:
        raise RuntimeError("Input tensor dtype should be uint8")
    if picture.dim() != 3:
        raise RuntimeError("Input data should be a 3-dimensional tensor")
    if picture.size(0) not in (1, 3):
        raise RuntimeError(f"The number of channels should be 1 or 3, got: {picture.size(0)}")
    pixels = np.ascontiguousarray(picture.cpu().numpy().transpose(1, 2, 0))
    file = io.BytesIO()
    Image.fromarray(pixels if len(picture) == 3 else pixels[..., 0]).save(file, format, **options)
    return _tensor(np.frombuffer(bytearray(file.getvalue()), np.uint8))


_list_names(__name__)

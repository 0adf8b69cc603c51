"""Pictures in files as tensors: the channels, the depth, how the camera was held, and what is no picture.

torchvision's decoders are native code, which does not load beside every PyTorch; what is expected here is Pillow's pixels, the
formats' own arithmetic, and the texts of torchvision's errors.
"""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import adjoint
from adjoint.vision import io as vision_io

Image = pytest.importorskip("PIL.Image")
ImageOps = pytest.importorskip("PIL.ImageOps")

_RANDOM = np.random.default_rng(0)
PIXELS = _RANDOM.integers(0, 256, (20, 30, 3), dtype=np.uint8)


def _saved(picture: Any, format: str, **options: Any) -> Any:
    file = io.BytesIO()
    picture.save(file, format, **options)
    return adjoint.from_numpy(np.frombuffer(bytearray(file.getvalue()), np.uint8))


def _last(image: Any) -> Any:
    return np.moveaxis(image.numpy(), 0, -1)


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA", "P", "1"])
def test_a_png_has_the_channels_that_are_asked_for(mode: str) -> None:
    colors = Image.fromarray(PIXELS)
    picture = colors.quantize(16) if mode == "P" else colors.convert("RGBA").convert(mode)
    data = _saved(picture, "PNG")
    as_it_is = _last(vision_io.decode_image(data))
    assert np.array_equal(as_it_is.squeeze(), np.array(picture.convert("L") if mode == "1" else picture))
    rgba = _last(vision_io.decode_png(data, "rgba"))
    assert np.array_equal(rgba, np.array(picture.convert("RGBA")))
    assert np.array_equal(_last(vision_io.decode_png(data, vision_io.ImageReadMode.RGB)), rgba[..., :3])
    grey = _last(vision_io.decode_png(data, "GRAY_ALPHA"))
    assert grey.shape[2] == 2 and np.array_equal(grey[..., :1], _last(vision_io.decode_png(data, "GRAY")))
    assert np.abs(grey[..., 0].astype(int) - np.array(picture.convert("L"))).max() <= 1


def _png_of_16_bits(pixels: Any, interlaced: bool) -> bytes:
    """A file whose rows use all five filters in turn, each byte filtered as the specification says."""

    def rows(part: Any) -> bytes:
        size = part.shape[1] * part.shape[2] * 2
        step, before, out = part.shape[2] * 2, bytes(size), b""
        for y, row in enumerate(part.astype(">u2").reshape(len(part), -1)):
            line = row.tobytes()
            stored = bytearray()
            for i, byte in enumerate(line):
                left, above, corner = (
                    line[i - step] if i >= step else 0,
                    before[i],
                    before[i - step] if i >= step else 0,
                )
                plane = left + above - corner
                nearest = min((left, above, corner), key=lambda value: abs(plane - value))
                stored.append((byte - (0, left, above, (left + above) // 2, nearest)[y % 5]) & 255)
            out += bytes([y % 5]) + bytes(stored)
            before = line
        return out

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    places = [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1)]
    parts = [pixels[y::down, x::right] for y, x, down, right in places] if interlaced else [pixels]
    height, width, channels = pixels.shape
    header = struct.pack(">IIBBBBB", width, height, 16, (0, 0, 4, 2, 6)[channels], 0, 0, interlaced)
    packed = zlib.compress(b"".join(rows(part) for part in parts if part.size))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


@pytest.mark.parametrize("interlaced", [False, True])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_a_png_of_16_bits_keeps_them(channels: int, interlaced: bool) -> None:
    pixels = _RANDOM.integers(0, 65536, (13, 9, channels)).astype(np.uint16)
    data = adjoint.from_numpy(np.frombuffer(bytearray(_png_of_16_bits(pixels, interlaced)), np.uint8))
    image = vision_io.decode_image(data)
    assert image.dtype is adjoint.uint16 and np.array_equal(_last(image), pixels)
    opaque = vision_io.decode_png(data, "RGBA")
    assert opaque.shape[0] == 4 and (channels in (2, 4) or int(opaque[3].to(adjoint.int64).min()) == 65535)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_is_turned_as_its_camera_was_held(orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    for format in ("PNG", "JPEG"):
        data = _saved(Image.fromarray(PIXELS), format, exif=exif)
        upright = ImageOps.exif_transpose(Image.open(io.BytesIO(data.numpy().tobytes())))
        assert np.array_equal(_last(vision_io.decode_image(data, apply_exif_orientation=True)), np.array(upright))
        assert vision_io.decode_image(data).shape == (3, 20, 30)


def test_jpeg_there_and_back(tmp_path: Path) -> None:
    image = adjoint.from_numpy(PIXELS).permute(2, 0, 1)
    data = vision_io.encode_jpeg(image, quality=90)
    assert data.numpy().tobytes() == _saved(Image.fromarray(PIXELS), "JPEG", quality=90).numpy().tobytes()
    decoded = vision_io.decode_jpeg([data, data])
    assert len(decoded) == 2 and decoded[0].stride() == (1, 90, 3)
    picture = Image.open(io.BytesIO(data.numpy().tobytes()))
    assert np.array_equal(_last(decoded[0]), np.array(picture))
    picture = Image.open(io.BytesIO(data.numpy().tobytes()))
    picture.draft("YCbCr", None)
    assert np.array_equal(vision_io.decode_jpeg(data, "GRAY")[0].numpy(), np.array(picture)[..., 0])
    vision_io.write_jpeg(image, tmp_path / "a.jpg", 90)
    assert adjoint.equal(vision_io.read_image(str(tmp_path / "a.jpg")), decoded[0])
    ink = _saved(Image.fromarray(PIXELS).convert("CMYK"), "JPEG")
    raw = np.array(Image.open(io.BytesIO(ink.numpy().tobytes())))
    assert np.array_equal(_last(vision_io.decode_jpeg(ink)), 255 - raw)  # Pillow turns it round


def test_other_formats(tmp_path: Path) -> None:
    image = adjoint.from_numpy(PIXELS).permute(2, 0, 1)
    vision_io.write_png(image, tmp_path / "a.png", 9)
    assert adjoint.equal(vision_io.decode_image(tmp_path / "a.png"), image)
    frames = [Image.fromarray(np.full((4, 5), shade, np.uint8)) for shade in (10, 100, 200)]
    moving = vision_io.decode_image(_saved(frames[0], "GIF", save_all=True, append_images=frames[1:], optimize=False))
    assert moving.shape == (3, 3, 4, 5) and moving[0].unique().tolist() == [10]
    still = Image.fromarray(PIXELS).quantize(8)
    assert np.array_equal(
        _last(vision_io.decode_gif(_saved(still, "GIF", interlace=1))), np.array(still.convert("RGB"))
    )
    glass = Image.fromarray(PIXELS).convert("RGBA")
    glass.putalpha(77)
    data = _saved(glass, "WEBP", lossless=True, exact=True)
    assert np.array_equal(_last(vision_io.decode_image(data)), np.array(glass))
    assert adjoint.equal(vision_io.decode_webp(data, "RGB"), image)


def test_what_cannot_be_read_or_written_says_so(tmp_path: Path) -> None:
    image = adjoint.from_numpy(PIXELS).permute(2, 0, 1)
    jpeg, png = vision_io.encode_jpeg(image), vision_io.encode_png(image)
    (tmp_path / "empty").touch()
    zeros = adjoint.zeros(30, dtype=adjoint.uint8)
    for text, call in (
        (f"[Errno 2] No such file or directory: '{tmp_path / 'no'}'", lambda: vision_io.read_file(tmp_path / "no")),
        ("Expected a non empty file", lambda: vision_io.read_image(tmp_path / "empty")),
        ("Input tensor must have uint8 data type, got ", lambda: vision_io.decode_jpeg(zeros.float())),
        ("Input tensor must be 1-dimensional and non-empty, got 2 dims  and ", lambda: vision_io.decode_png(zeros[None])),
        ("Not a JPEG file: starts with 0x00 0x00", lambda: vision_io.decode_jpeg(zeros)),
        ("Image is incomplete or truncated", lambda: vision_io.decode_jpeg(jpeg[:300])),
        ("The provided mode is not supported for JPEG files", lambda: vision_io.decode_jpeg(jpeg, "RGBA")),
        ("Content is not png!", lambda: vision_io.decode_png(zeros)),
        ("Out of bound read in decode_png.", lambda: vision_io.decode_png(png[:500])),
        ("DGifOpenFileName() failed - 103", lambda: vision_io.decode_gif(zeros)),
        ("WebPGetFeatures failed with error code 3", lambda: vision_io.decode_webp(zeros)),
        ("Unsupported image file. Only jpeg, png, webp and gif", lambda: vision_io.decode_image(zeros)),
        ("The number of channels should be 1 or 3, got: 2", lambda: vision_io.encode_jpeg(image[:2])),
        ("Input tensor dtype should be uint8", lambda: vision_io.encode_png(image.float())),
        ("Input data should be a 3-dimensional tensor", lambda: vision_io.encode_png(image[0])),
        ("Compression level should be between 0 and 9", lambda: vision_io.encode_png(image, 10)),
        ("Input data should be a 1-dimensional tensor", lambda: vision_io.write_file(tmp_path / "x", image)),
        ("Error opening output file", lambda: vision_io.write_file(tmp_path / "no" / "x", jpeg)),
        ("There is no decoder of HEIC", lambda: vision_io.decode_heic(jpeg)),
    ):  # fmt: skip
        with pytest.raises(RuntimeError) as caught:
            call()
        assert str(caught.value).startswith(text)
    for wrong, value in ((0, image), (101, image), (75, [])):
        with pytest.raises(ValueError, match=r"Image quality should be|requires at least one input"):
            vision_io.encode_jpeg(value, wrong)
    with pytest.raises(NotImplementedError, match="no decoder of films"):
        vision_io.read_video("film.mp4")
    assert "read_video" not in dir(vision_io) and vision_io.ImageReadMode.RGBA is vision_io.ImageReadMode.RGB_ALPHA

"""Images, images with boxes, videos and figures."""

from __future__ import annotations

import io
import math
import tempfile
from typing import Any

import numpy as np
from tensorboard.compat.proto.summary_pb2 import Summary

from adjoint.utils.tensorboard._convert_np import make_np


def image(tag: str, tensor: Any, rescale: float = 1, dataformats: str = "NCHW") -> Any:
    """A summary of an image, or of several side by side: bytes, or numbers from 0 to 1, as ``dataformats`` says."""
    return Summary(value=[Summary.Value(tag=tag, image=make_image(_bytes(convert_to_HWC(make_np(tensor), dataformats)), rescale))])


def image_boxes(
    tag: str, tensor_image: Any, tensor_boxes: Any, rescale: float = 1, dataformats: str = "CHW", labels: Any = None
) -> Any:
    """As :func:`image`, with boxes (x1, y1, x2, y2) drawn into it, and a label in each."""
    pixels = _bytes(convert_to_HWC(make_np(tensor_image), dataformats))
    made = make_image(pixels, rescale, rois=make_np(tensor_boxes), labels=labels)
    return Summary(value=[Summary.Value(tag=tag, image=made)])


def make_image(tensor: Any, rescale: float = 1, rois: Any = None, labels: Any = None) -> Any:
    """The message of an image of bytes, height by width by channels, as a PNG."""
    from PIL import Image

    height, width, channels = tensor.shape
    picture = Image.fromarray(tensor)
    if rois is not None:
        picture = draw_boxes(picture, rois, labels)
    picture = picture.resize((int(width * rescale), int(height * rescale)), Image.Resampling.LANCZOS)
    file = io.BytesIO()
    picture.save(file, format="PNG")
    return Summary.Image(height=height, width=width, colorspace=channels, encoded_image_string=file.getvalue())


def draw_boxes(disp_image: Any, boxes: Any, labels: Any = None) -> Any:
    """Draw boxes into a PIL image, which is returned."""
    for n, (left, top, right, bottom) in enumerate(boxes[:, :4]):
        _draw_box(disp_image, left, top, right, bottom, None if labels is None else labels[n])
    return disp_image


def _draw_box(picture: Any, left: Any, top: Any, right: Any, bottom: Any, label: str | None) -> None:
    from PIL import ImageDraw, ImageFont

    pen = ImageDraw.Draw(picture)
    corners = [(left, top), (left, bottom), (right, bottom), (right, top), (left, top)]
    pen.line(corners, width=2, fill="Red")
    if label:
        font = ImageFont.load_default()
        x0, y0, x1, y1 = font.getbbox(label)
        width, height = x1 - x0, y1 - y0
        margin = np.ceil(0.05 * height)
        pen.rectangle([(left, bottom - height - 2 * margin), (left + width, bottom)], fill="Red")
        pen.text((left + margin, bottom - height - margin), label, fill="black", font=font)


def video(tag: str, tensor: Any, fps: float = 4) -> Any:
    """A summary of videos side by side: (batch, frames, channels, height, width), as one animated GIF."""
    frames = _side_by_side(make_np(tensor))
    return Summary(value=[Summary.Value(tag=tag, image=make_video(_bytes(frames), fps))])


def make_video(tensor: Any, fps: float) -> Any:
    """The message of a video; None, and the reason printed, where the package ``moviepy`` is missing."""
    try:
        import moviepy
    except ImportError:
        print("add_video needs package moviepy")
        return None
    try:
        clips = moviepy if hasattr(moviepy, "ImageSequenceClip") else __import__("moviepy.editor").editor
    except ImportError:
        print("moviepy is installed, but can't import moviepy.editor.", "Some packages could be missing [imageio, requests]")
        return None
    _, height, width, channels = tensor.shape
    clip = clips.ImageSequenceClip(list(tensor), fps=fps)
    with tempfile.NamedTemporaryFile(suffix=".gif") as file:
        for silent in ({"logger": None}, {"verbose": False, "logger": None}, {"verbose": False, "progress_bar": False}):
            try:  # how it is told to be silent is another in each of its versions
                clip.write_gif(file.name, **silent)
                break
            except TypeError:
                continue
        file.seek(0)
        return Summary.Image(height=height, width=width, colorspace=channels, encoded_image_string=file.read())


def _side_by_side(videos: Any) -> Any:
    """Frames (frames, height, width, channels) of several videos in a grid of rows and columns, powers of two each."""
    count, frames, channels, height, width = videos.shape
    if videos.dtype == np.uint8:
        videos = np.float32(videos) / 255.0
    if count & (count - 1):
        missing = 2 ** count.bit_length() - count
        videos = np.concatenate((videos, np.zeros((missing, frames, channels, height, width))), axis=0)
    rows = 2 ** ((count.bit_length() - 1) // 2)
    columns = len(videos) // rows
    grid = videos.reshape(rows, columns, frames, channels, height, width).transpose(2, 0, 4, 1, 5, 3)
    return grid.reshape(frames, rows * height, columns * width, channels)


def _bytes(pixels: Any) -> Any:
    """Pixels as bytes; numbers that are no bytes are between 0 and 1."""
    scale = 1 if pixels.dtype == np.uint8 else 255
    return (pixels.astype(np.float32) * scale).clip(0, 255).astype(np.uint8)


def convert_to_HWC(tensor: Any, input_format: str) -> Any:
    """An image, or a grid of images, as height by width by 3 channels; the letters N, C, H and W say what it is given as."""
    if len(set(input_format)) != len(input_format):
        raise AssertionError(
            f"You can not use the same dimension shorthand twice.             input_format: {input_format}"
        )
    if tensor.ndim != len(input_format):
        raise AssertionError(
            "size of input tensor and input format are different.         "
            f"tensor shape: {tensor.shape}, input_format: {input_format}"
        )
    letters = input_format.upper()
    if len(letters) == 4:
        return make_grid(tensor.transpose([letters.find(c) for c in "NCHW"])).transpose(1, 2, 0)
    if len(letters) == 3:
        pixels = tensor.transpose([letters.find(c) for c in "HWC"])
        return np.concatenate([pixels] * 3, 2) if pixels.shape[2] == 1 else pixels
    if len(letters) == 2:
        return np.stack([tensor.transpose([letters.find(c) for c in "HW"])] * 3, 2)
    return None


def make_grid(images: Any, ncols: int = 8) -> Any:
    """Images (N, 1 or 3, H, W) in rows of at most ``ncols``, as one of 3 channels."""
    if not isinstance(images, np.ndarray):
        raise AssertionError("plugin error, should pass numpy array here")
    if images.shape[1] == 1:
        images = np.concatenate([images] * 3, 1)
    if images.ndim != 4 or images.shape[1] != 3:
        raise AssertionError("Input should be a 4D numpy array with 3 channels")
    count, _, height, width = images.shape
    ncols = min(count, ncols)
    canvas = np.zeros((3, height * math.ceil(count / ncols), width * ncols), images.dtype)
    for n, picture in enumerate(images):
        row, column = divmod(n, ncols)
        canvas[:, row * height : (row + 1) * height, column * width : (column + 1) * width] = picture
    return canvas


def figure_to_image(figures: Any, close: bool = True) -> Any:
    """Figures of matplotlib as pixels: 3 channels by height by width, of a list one after another."""
    if isinstance(figures, list):
        return np.stack([_rendered(figure, close) for figure in figures])
    return _rendered(figures, close)


def _rendered(figure: Any, close: bool) -> Any:
    from matplotlib import pyplot
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    width, height = figure.canvas.get_width_height()
    pixels = np.frombuffer(canvas.buffer_rgba(), np.uint8).reshape(height, width, 4)[:, :, :3]
    if close:
        pyplot.close(figure)
    return np.moveaxis(pixels, 2, 0)

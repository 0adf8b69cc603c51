"""Boxes, masks and key points on images.  Pillow draws the lines and the letters."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np

import adjoint
from adjoint import dtypes
from adjoint.places import users_level
from adjoint.tensor import Tensor
from adjoint.vision.utils.colors import parse_colors

_DASH = 5  # pixels of a dash, and of the space after it


@adjoint.no_grad()
def draw_bounding_boxes(
    image: Tensor,
    boxes: Tensor,
    labels: list[str] | None = None,
    colors: Any = None,
    fill: bool | None = False,
    width: int = 1,
    font: str | None = None,
    font_size: int | None = None,
    label_colors: Any = None,
    label_background_colors: Any = None,
    fill_labels: bool = False,
) -> Tensor:
    """An image (3, H, W) or (1, H, W) with boxes drawn on a copy of it, in three channels.

    ``image`` has bytes, or floats from 0 to 1, and so has the result.  ``boxes`` (N, 4) are corners (xmin, ymin, xmax, ymax);
    (N, 8) are the four corners of boxes that are turned, whose first side is dashed.  ``labels`` are words for them, in the
    ``font`` of a TrueType file with ``font_size``, or in Pillow's own.  Colours are names or triples, one for all or a list
    with one for each: of the boxes, of the words, and with ``fill_labels`` behind the words.  ``fill`` tints the boxes.
    Raises TypeError or ValueError for what is no image, or boxes whose corners are the wrong way round.
    """
    _check(image, "Tensor expected", (1, 3), "Only grayscale and RGB images are supported")
    if boxes.shape[-1] == 4 and bool(((boxes[:, 0] > boxes[:, 2]) | (boxes[:, 1] > boxes[:, 3])).any()):
        raise ValueError(
            "Boxes need to be in (xmin, ymin, xmax, ymax) format. Use torchvision.ops.box_convert to convert them"
        )
    count = boxes.shape[0]
    if count == 0:
        warnings.warn("boxes doesn't contain any box. No box was drawn", stacklevel=users_level())
        return image
    if labels is not None and len(labels) != count:
        raise ValueError(
            f"Number of boxes ({count}) and labels ({len(labels)}) mismatch. Please specify labels for each box."
        )
    of_boxes = parse_colors(colors, num_objects=count)
    of_words = parse_colors(label_colors or "black", num_objects=count) if label_colors or fill_labels else of_boxes
    behind = of_boxes
    if fill_labels and label_background_colors:
        behind = parse_colors(label_background_colors, num_objects=count)
    letters = _font(font, font_size)

    picture, draw = _canvas(image, "RGBA" if fill else None)
    margin = width + 1
    for i, box in enumerate(boxes.to(dtypes.int64).tolist()):
        tint = (*of_boxes[i], 100) if fill else None
        if len(box) > 4:
            _turned_box(draw, box, of_boxes[i], tint, width)
        else:
            draw.rectangle(box, width=width, outline=of_boxes[i], fill=tint)
        if labels is None or labels[i] is None:
            continue
        start = (box[0] + margin, box[1] + margin)
        if fill_labels:
            left, top, right, bottom = draw.textbbox(start, labels[i], font=letters)
            draw.rectangle((left - 1, top - 1, right + 1, bottom + 1), fill=behind[i])
        draw.text(start, labels[i], fill=of_words[i], font=letters)
    return _result(picture, image.dtype)


@adjoint.no_grad()
def draw_segmentation_masks(image: Tensor, masks: Tensor, alpha: float = 0.8, colors: Any = None) -> Tensor:
    """An image (3, H, W) in which the pixels of each mask have that mask's colour, as far as ``alpha`` says (1: wholly).

    ``masks`` (N, H, W) or (H, W) are booleans; where several meet the colour is black.  ``colors`` is one for all or a list
    with one for each, by name or as a triple.  The result has the image's dtype: bytes, or floats from 0 to 1.  Raises
    TypeError or ValueError for other images and masks.
    """
    _check(image)
    if masks.ndim == 2:
        masks = masks[None, :, :]
    if masks.ndim != 3:
        raise ValueError("masks must be of shape (H, W) or (batch_size, H, W)")
    if masks.dtype != adjoint.bool:
        raise ValueError(f"The masks must be of dtype bool. Got {masks.dtype}")
    if masks.shape[-2:] != image.shape[-2:]:
        raise ValueError("The image and the masks must have the same height and width")
    if masks.size(0) == 0:
        warnings.warn("masks doesn't contain any mask. No mask was drawn", stacklevel=users_level())
        return image
    painted = image.detach().clone()
    for mask, color in zip(masks, parse_colors(colors, num_objects=masks.size(0), dtype=image.dtype)):
        painted[:, mask] = adjoint.tensor(color, dtype=image.dtype, device=image.device)[:, None]
    painted[:, masks.sum(dim=0) > 1] = 0
    return (image * (1 - alpha) + painted * alpha).to(image.dtype)


@adjoint.no_grad()
def draw_keypoints(
    image: Tensor,
    keypoints: Tensor,
    connectivity: list[tuple[int, int]] | None = None,
    colors: Any = None,
    radius: int = 2,
    width: int = 3,
    visibility: Tensor | None = None,
) -> Tensor:
    """An image (3, H, W) with points on a copy of it, of ``radius`` pixels, and lines of ``width`` pixels between some.

    ``keypoints`` (N, K, 2) are places (x, y) of K points of each of N instances; ``connectivity`` lists the pairs of points
    that a line joins.  What ``visibility`` (N, K) says no of is left out, and lines that begin or end there.  Raises
    TypeError or ValueError for other shapes.
    """
    _check(image)
    if keypoints.ndim != 3:
        raise ValueError("keypoints must be of shape (num_instances, K, 2)")
    if visibility is None:
        visibility = adjoint.ones(keypoints.shape[:-1], dtype=adjoint.bool)
    if visibility.ndim == 3:  # (N, K, 1), a last column that was split off
        visibility = visibility.squeeze(-1)
    if visibility.ndim != 2:
        raise ValueError(f"visibility must be of shape (num_instances, K). Got ndim={visibility.ndim}")
    if visibility.shape != keypoints.shape[:-1]:
        raise ValueError(
            "keypoints and visibility must have the same dimensionality for num_instances and K. "
            f"Got {visibility.shape=} and {keypoints.shape=}"
        )
    picture, draw = _canvas(image, None)
    for points, seen in zip(keypoints.to(dtypes.int64).tolist(), visibility.cpu().bool().tolist()):
        for (x, y), visible in zip(points, seen):
            if visible:
                draw.ellipse([x - radius, y - radius, x + radius, y + radius], fill=colors, outline=None, width=0)
        for start, end in connectivity or ():
            if seen[start] and seen[end]:
                draw.line((tuple(points[start]), tuple(points[end])), width=width)
    return _result(picture, image.dtype)


def _check(
    image: Any,
    no_tensor: str = "The image must be a tensor",
    channels: tuple[int, ...] = (3,),
    others: str = "Pass an RGB image. Other Image formats are not supported",
) -> None:
    """Raise TypeError or ValueError for what is not drawn on."""
    if not isinstance(image, Tensor):
        raise TypeError(f"{no_tensor}, got {type(image)}")
    if image.dtype != dtypes.uint8 and not image.is_floating_point():
        raise ValueError(f"The image dtype must be uint8 or float, got {image.dtype}")
    if image.dim() != 3:
        raise ValueError("Pass individual images, not batches")
    if image.size(0) not in channels:
        raise ValueError(others)


def _canvas(image: Tensor, mode: str | None) -> tuple[Any, Any]:
    """A picture with the image's pixels, and what draws on it."""
    from PIL import Image, ImageDraw

    if image.is_floating_point():  # so that 0 to 1 are 256 equal parts
        image = image.mul(255 + 1.0 - 1e-3).to(dtypes.uint8)
    pixels = image.expand(3, -1, -1).permute(1, 2, 0).cpu().numpy()
    picture = Image.fromarray(np.ascontiguousarray(pixels))
    return picture, ImageDraw.Draw(picture, mode)


def _result(picture: Any, dtype: Any) -> Tensor:
    """A picture as an image of bytes, or of floats from 0 to 1."""
    image = adjoint.from_numpy(np.array(picture)).permute(2, 0, 1)
    return image.to(dtype).mul_(1.0 / 255) if dtype.is_floating_point else image  # type: ignore[no-any-return]


def _font(font: str | None, size: int | None) -> Any:
    from PIL import ImageFont

    if font is not None:
        return ImageFont.truetype(font=font, size=size or 10)
    if size is not None:
        warnings.warn("Argument 'font_size' will be ignored since 'font' is not set.", stacklevel=users_level())
    return ImageFont.load_default()


def _turned_box(draw: Any, corners: list[int], color: Any, tint: Any, width: int) -> None:
    """A box with any four corners (x, y, x, y, ...): its first side in dashes, to tell which way is up."""
    points = list(zip(corners[::2], corners[1::2]))
    _dashes(draw, points[0], points[1], color, width)
    for start, end in zip(points[1:], [*points[2:], points[0]]):
        draw.line((start, end), width=width, fill=color)
    draw.polygon(corners, fill=tint, outline=None, width=0)


def _dashes(draw: Any, start: Any, end: Any, color: Any, width: int) -> None:
    """A line in dashes; each begins where the last step ended, as far as floats go."""
    (x, y), drawn = start, True
    left = ((end[0] - x) ** 2 + (end[1] - y) ** 2) ** 0.5
    while left > 0:
        step = min(left, _DASH)
        angle = math.atan2(end[1] - y, end[0] - x)
        next_x, next_y = x + math.cos(angle) * step, y + math.sin(angle) * step
        if drawn:
            draw.line([(x, y), (next_x, next_y)], color, width)
        left -= step
        x, y, drawn = next_x, next_y, not drawn

"""Borders: images with more around them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import adjoint
from adjoint import dtypes
from adjoint.tensor import Tensor
from adjoint.vision.transforms import pillow
from adjoint.vision.transforms.bordering import bordered
from adjoint.vision.transforms.v2.functional.clamping import clamped
from adjoint.vision.transforms.v2.functional.kernels import kernel_of, of_masks, of_videos, register
from adjoint.vision.tv_tensors import BoundingBoxFormat


def pad(inpt: Any, padding: int | Sequence[int], fill: Any = None, padding_mode: str = "constant") -> Any:
    """An image with a border.

    ``padding`` is its width on all sides, or those of left and right and of top and bottom, or of left, top, right, bottom.  It is
    filled with ``fill``, a number or one for each channel, or with what is at the ``"edge"``, or with what is inside mirrored,
    the edge itself once (``"reflect"``) or twice (``"symmetric"``).

    >>> import adjoint as torch
    >>> pad(torch.tensor([[[1, 2]]]), [1, 0], padding_mode="symmetric")
    tensor([[[1, 1, 2, 2]]])
    """
    return kernel_of(pad, type(inpt))(inpt, padding=padding, fill=fill, padding_mode=padding_mode)


def sides(padding: Any) -> list[int]:
    """The widths of a border: left, right, top, bottom."""
    if isinstance(padding, int):
        return [padding] * 4
    if not isinstance(padding, (tuple, list)):
        raise TypeError(f"`padding` should be an integer or tuple or list of integers, but got {padding}")
    if len(padding) not in (1, 2, 4):
        raise ValueError(f"Padding must be an int or a 1, 2, or 4 element tuple or list. Found {len(padding)}")
    left, top, right, bottom = tuple(padding) * (4 // len(padding))
    return [left, right, top, bottom]


_MODES = ("constant", "edge", "reflect", "symmetric")


def pad_image(
    image: Tensor, padding: int | Sequence[int], fill: Any = None, padding_mode: str = "constant"
) -> Tensor:
    """Images (..., C, H, W)."""
    widths = sides(padding)
    if padding_mode not in _MODES:
        raise ValueError(
            "`padding_mode` should be either `'constant'`, `'edge'`, `'reflect'` or `'symmetric'`, but got "
            f"`'{padding_mode}'`."
        )
    if fill is None or isinstance(fill, (int, float)):
        return _bordered(image, widths, fill or 0, padding_mode)
    if len(fill) == 1:
        return _bordered(image, widths, fill[0], padding_mode)
    if padding_mode != "constant":
        raise ValueError(f"Padding mode '{padding_mode}' is not supported if fill is not scalar")
    output = _bordered(image, widths, 0, "constant")
    left, right, top, bottom = widths
    colour = adjoint.tensor(fill).to(image.dtype).reshape(-1, 1, 1)
    for place in (
        (..., slice(0, max(top, 0)), slice(None)), (..., slice(0, max(left, 0))),
        (..., slice(output.shape[-2] - max(bottom, 0), None), slice(None)), (..., slice(output.shape[-1] - max(right, 0), None)),
    ):  # fmt: skip
        output[place] = colour
    return output


def _bordered(image: Tensor, widths: list[int], fill: float, padding_mode: str) -> Tensor:
    channels, height, width = image.shape[-3:]
    images = image.reshape(math.prod(image.shape[:-3]), channels, height, width)
    images = bordered(images, widths, fill, padding_mode)
    return images.reshape(*image.shape[:-2], *images.shape[-2:])


def surrounded(image: Tensor, widths: list[int]) -> Tensor:
    """Images (..., C, H, W) with a border of zeros of these widths (left, right, top, bottom)."""
    return _bordered(image, widths, 0, "constant")


@of_masks
def _pad_mask(mask: Tensor, padding: Any, fill: Any, padding_mode: str) -> Tensor:
    return pad_image(mask, padding, fill, padding_mode)


def pad_mask(mask: Tensor, padding: int | Sequence[int], fill: Any = None, padding_mode: str = "constant") -> Tensor:
    """Masks (..., H, W).  Raises ValueError for more than one fill."""
    if isinstance(fill, (tuple, list)):
        raise ValueError("Non-scalar fill value is not supported")
    return _pad_mask(mask, padding, fill, padding_mode)  # type: ignore[no-any-return]


pad_video = of_videos(pad_image)


def _wider(canvas_size: tuple[int, int], widths: list[int]) -> tuple[int, int]:
    left, right, top, bottom = widths
    return canvas_size[0] + top + bottom, canvas_size[1] + left + right


def pad_keypoints(
    keypoints: Tensor, canvas_size: tuple[int, int], padding: int | Sequence[int], padding_mode: str = "constant"
) -> tuple[Tensor, tuple[int, int]]:
    """Points (..., 2) of an image that gets a border, and its new size.  Raises ValueError for modes but ``"constant"``."""
    if padding_mode != "constant":
        raise ValueError(
            f"Padding mode '{padding_mode}' is not supported with KeyPoints (supported modes are constant)"
        )
    widths = sides(padding)
    moved = keypoints + adjoint.tensor([widths[0], widths[2]], dtype=keypoints.dtype)
    return moved, _wider(canvas_size, widths)


def pad_bounding_boxes(
    bounding_boxes: Tensor,
    format: BoundingBoxFormat,
    canvas_size: tuple[int, int],
    padding: int | Sequence[int],
    padding_mode: str = "constant",
    clamping_mode: str | None = "soft",
) -> tuple[Tensor, tuple[int, int]]:
    """Boxes (..., K) of an image that gets a border, and its new size.  Raises ValueError for modes but ``"constant"``."""
    if padding_mode != "constant":
        raise ValueError(f"Padding mode '{padding_mode}' is not supported with bounding boxes")
    widths = sides(padding)
    moved = bounding_boxes + offset(format, widths[0], widths[2], bounding_boxes.dtype)
    size = _wider(canvas_size, widths)
    return clamped(moved, format, size, clamping_mode), size


def offset(format: BoundingBoxFormat, x: int, y: int, dtype: dtypes.dtype) -> Tensor:
    """What moves boxes of a format by x and y: it is added to those of their numbers that are places."""
    return adjoint.tensor([x if c == "X" else y if c == "Y" else 0 for c in _OFFSET[format.value]], dtype=dtype)


_OFFSET = {
    "XYXY": "XYXY", "XYWH": "XYWH", "CXCYWH": "XYWH", "XYWHR": "XYWHR", "CXCYWHR": "XYWHR", "XYXYXYXY": "XYXYXYXY",
}  # fmt: skip

register(
    pad, image=pad_image, pil=pillow.pad, mask=pad_mask, boxes=pad_bounding_boxes, keypoints=pad_keypoints,
)  # fmt: skip

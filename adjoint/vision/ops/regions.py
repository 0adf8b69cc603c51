"""Regions: boxes of the images of a batch, as the poolings take them, and PyTorch's errors for what is none."""

from __future__ import annotations

from typing import Any

import adjoint
from adjoint.ops.unsupported import unsupported
from adjoint.tensor import Tensor


def as_regions(boxes: Any) -> Tensor:
    """Regions (K, 5), an image's number and a box each, from such a tensor or from a list of boxes (L, 4) for each image.

    Raises AssertionError for other shapes.
    """
    if isinstance(boxes, (list, tuple)):
        for of_image in boxes:
            if of_image.size(1) != 4:
                raise AssertionError("The shape of the tensor in the boxes list is not correct as List[Tensor[L, 4]]")
        return convert_boxes_to_roi_format(boxes)
    if not isinstance(boxes, Tensor):
        raise AssertionError("boxes is expected to be a Tensor[L, 5] or a List[Tensor[K, 4]]")
    if boxes.size(1) != 5:
        raise AssertionError("The boxes tensor shape is not correct as Tensor[K, 5]")
    return boxes


def convert_boxes_to_roi_format(boxes: Any) -> Tensor:
    """Boxes (L, 4) of each image as regions (K, 5), whose first number is the image's."""
    images = adjoint.cat([adjoint.full_like(b[:, :1], i) for i, b in enumerate(boxes)])
    return adjoint.cat([images, adjoint.cat(list(boxes))], dim=1)


def check_regions(
    name: str, input: Tensor, rois: Tensor, cells: tuple[int, int] | None = None, halves: bool = True
) -> None:
    """Raise PyTorch's error for regions and images that do not go together, or that no kernel takes.

    With ``cells`` the channels are divided among them; without ``halves`` there is no kernel for float16.
    """
    if rois.size(1) != 5:
        raise RuntimeError("Tensor rois should have shape as Tensor[K, 5]")
    if input.dtype != rois.dtype:
        raise RuntimeError("input should have the same type as rois")
    if cells is not None and input.size(1) % (cells[0] * cells[1]):
        raise RuntimeError("input channels must be a multiple of pooling height * pooling width")
    if input.dtype not in (adjoint.float32, adjoint.float64) and not (halves and input.dtype == adjoint.float16):
        unsupported(f"{name}_forward_kernel", input._array)


def cells_of(output_size: Any) -> tuple[int, int]:
    """The number of cells down and across, from one number or two."""
    return tuple(output_size) if isinstance(output_size, (tuple, list)) else (output_size, output_size)  # type: ignore[return-value]

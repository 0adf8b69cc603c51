"""Transforms of what boxes and points are given by: their format, and what reaches out of the image."""

from __future__ import annotations

from typing import Any

from adjoint.vision import tv_tensors
from adjoint.vision.transforms.v2 import functional as F
from adjoint.vision.transforms.v2._transform import Transform


class ConvertBoundingBoxFormat(Transform):
    """Boxes in another format, for example ``"XYXY"``.

    >>> from adjoint.vision import tv_tensors
    >>> from adjoint.vision.transforms import v2
    >>> boxes = tv_tensors.BoundingBoxes([1, 2, 4, 6], format="XYXY", canvas_size=(8, 8))
    >>> v2.ConvertBoundingBoxFormat("XYWH")(boxes)
    BoundingBoxes([[1, 2, 3, 4]], format=BoundingBoxFormat.XYWH, canvas_size=(8, 8), clamping_mode=soft)
    """

    _transformed_types = (tv_tensors.BoundingBoxes,)

    def __init__(self, format: str | tv_tensors.BoundingBoxFormat) -> None:
        super().__init__()
        self.format = format

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        return F.convert_bounding_box_format(inpt, new_format=self.format)


class ClampBoundingBoxes(Transform):
    """Boxes within their image, as far as their ``clamping_mode`` says, or this one.

    >>> from adjoint.vision import tv_tensors
    >>> from adjoint.vision.transforms import v2
    >>> boxes = tv_tensors.BoundingBoxes([1, 2, 9, 6], format="XYXY", canvas_size=(8, 8))
    >>> v2.ClampBoundingBoxes()(boxes)
    BoundingBoxes([[1, 2, 8, 6]], format=BoundingBoxFormat.XYXY, canvas_size=(8, 8), clamping_mode=soft)
    """

    _transformed_types = (tv_tensors.BoundingBoxes,)

    def __init__(self, clamping_mode: str | None = "auto") -> None:
        super().__init__()
        self.clamping_mode = clamping_mode

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        return F.clamp_bounding_boxes(inpt, clamping_mode=self.clamping_mode)


class ClampKeyPoints(Transform):
    """Points within their image."""

    _transformed_types = (tv_tensors.KeyPoints,)

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        return F.clamp_keypoints(inpt)


class SetClampingMode(Transform):
    """Boxes with another ``clamping_mode``: ``"soft"``, ``"hard"`` or None.  Raises ValueError for others."""

    _transformed_types = (tv_tensors.BoundingBoxes,)

    def __init__(self, clamping_mode: str | None) -> None:
        super().__init__()
        if clamping_mode not in (None, "soft", "hard"):
            raise ValueError(f"clamping_mode must be soft, hard or None, got {clamping_mode}")
        self.clamping_mode = clamping_mode

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        boxes = inpt.clone()
        boxes.clamping_mode = self.clamping_mode
        return boxes

"""``torchvision.tv_tensors``: tensors that say what they are of: an image, a film, a mask, boxes, or points of an image.

They compute as tensors do, and what comes out is a plain tensor (see :func:`set_return_type`); the transforms of
``transforms.v2`` do with each what belongs to it, and return its kind.
"""

from __future__ import annotations

from typing import Any

from adjoint.names import list_names as _list_names
from adjoint.tensor import Tensor
from adjoint.vision.tv_tensors.boxes import BoundingBoxes, BoundingBoxFormat, is_rotated_bounding_format
from adjoint.vision.tv_tensors.kinds import TVTensor, set_return_type
from adjoint.vision.tv_tensors.pictures import Image, Mask, Video
from adjoint.vision.tv_tensors.points import KeyPoints

__all__ = [
    "BoundingBoxFormat", "BoundingBoxes", "Image", "KeyPoints", "Mask", "TVTensor", "Video", "is_rotated_bounding_format",
    "set_return_type", "wrap",
]  # fmt: skip


def wrap(wrappee: Tensor, *, like: Any, **kwargs: Any) -> Any:
    """The tensor ``wrappee`` as one of the kind of ``like``, with its metadata, but for those that ``kwargs`` gives anew.

    >>> import adjoint as torch
    >>> boxes = BoundingBoxes(torch.tensor([[0, 0, 4, 4]]), format="XYXY", canvas_size=(8, 8))
    >>> wrap(boxes * 2, like=boxes, canvas_size=(16, 16))
    BoundingBoxes([[0, 0, 8, 8]], format=BoundingBoxFormat.XYXY, canvas_size=(16, 16), clamping_mode=soft)
    """
    method = getattr(type(like), "wrap", None)
    return wrappee.as_subclass(type(like)) if method is None else method(wrappee, like, **kwargs)


_list_names(__name__)

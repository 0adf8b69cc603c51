"""Images of different sizes as one batch."""

from __future__ import annotations

from typing import Any

from adjoint.names import list_names as _list_names
from adjoint.tensor import Tensor

__all__ = ["ImageList"]


class ImageList:
    """``tensors`` (N, C, H, W), images with zeros at the right and below, and ``image_sizes``, each (height, width) without
    these."""

    def __init__(self, tensors: Tensor, image_sizes: list[tuple[int, int]]) -> None:
        self.tensors = tensors
        self.image_sizes = image_sizes

    def to(self, device: Any) -> ImageList:
        """The same on a device."""
        return ImageList(self.tensors.to(device), self.image_sizes)


_list_names(__name__)

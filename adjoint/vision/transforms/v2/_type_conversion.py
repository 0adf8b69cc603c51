"""Transforms of what an image is: Pillow's, an array, or a tensor."""

from __future__ import annotations

from typing import Any

import numpy as np

from adjoint.tensor import Tensor
from adjoint.vision import tv_tensors
from adjoint.vision.transforms.images import is_pil_image
from adjoint.vision.transforms.v2 import functional as F
from adjoint.vision.transforms.v2._transform import Transform
from adjoint.vision.transforms.v2._utils import is_pure_tensor


class PILToTensor(Transform):
    """PIL images as tensors (C, H, W) of their own values."""

    _transformed_types = (is_pil_image,)

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        return F.pil_to_tensor(inpt)


class ToImage(Transform):
    """PIL images, arrays (H, W, C) and plain tensors as :class:`~adjoint.vision.tv_tensors.Image`, of the same values.

    >>> import numpy as np
    >>> from adjoint.vision.transforms import v2
    >>> v2.ToImage()(np.array([[[7]]], np.uint8))
    Image([[[7]]], dtype=torch.uint8, )
    """

    _transformed_types = (is_pure_tensor, is_pil_image, np.ndarray)

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        return F.to_image(inpt)


class ToPILImage(Transform):
    """Tensors (C, H, W) and arrays (H, W, C) as PIL images, of ``mode``, or the one that their channels and dtype mean."""

    _transformed_types = (is_pure_tensor, tv_tensors.Image, np.ndarray)

    def __init__(self, mode: str | None = None) -> None:
        super().__init__()
        self.mode = mode

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        return F.to_pil_image(inpt, mode=self.mode)


class ToPureTensor(Transform):
    """Images, films, masks, boxes and points as plain tensors.

    >>> from adjoint.vision import tv_tensors
    >>> from adjoint.vision.transforms import v2
    >>> v2.ToPureTensor()(tv_tensors.Mask([[1, 0]]))
    tensor([[1, 0]])
    """

    _transformed_types = (tv_tensors.TVTensor,)

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        return inpt.as_subclass(Tensor)

"""Images made of something else, and functions by their old names."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

import adjoint
from adjoint.places import users_level
from adjoint.tensor import Tensor
from adjoint.vision.transforms import functional as _old
from adjoint.vision.transforms.images import is_pil_image, pil_to_tensor
from adjoint.vision.tv_tensors import Image


def to_image(inpt: Any) -> Image:
    """An image, of a tensor (C, H, W) or (H, W), an array (H, W, C) or (H, W), or an image of Pillow's.

    Raises TypeError for anything else.

    >>> import numpy as np
    >>> to_image(np.zeros((4, 5, 3))).shape
    torch.Size([3, 4, 5])
    """
    if isinstance(inpt, np.ndarray):
        inpt = adjoint.from_numpy(np.atleast_3d(inpt)).permute((2, 0, 1)).contiguous()
    elif is_pil_image(inpt):
        inpt = pil_to_tensor(inpt)
    elif not isinstance(inpt, Tensor):
        raise TypeError(
            f"Input can either be a pure Tensor, a numpy array, or a PIL image, but got {type(inpt)} instead."
        )
    return Image(inpt)


def to_tensor(inpt: Any) -> Tensor:
    """A deprecated name of :func:`to_image` and :func:`to_dtype`, one after the other."""
    warnings.warn(
        "The function `to_tensor(...)` is deprecated and will be removed in a future release. "
        "Instead, please use `to_image(...)` followed by `to_dtype(..., dtype=torch.float32, scale=True)`.",
        stacklevel=users_level(),
    )
    return _old.to_tensor(inpt)


def get_image_size(inpt: Any) -> list[int]:
    """Width and height.  Deprecated: :func:`get_size` gives height and width."""
    warnings.warn(
        "The function `get_image_size(...)` is deprecated and will be removed in a future release. "
        "Instead, please use `get_size(...)` which returns `[h, w]` instead of `[w, h]`.",
        stacklevel=users_level(),
    )
    return _old.get_image_size(inpt)

"""What is still there for older programs."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from adjoint.places import users_level
from adjoint.vision.transforms.images import is_pil_image, to_tensor
from adjoint.vision.transforms.v2._transform import Transform


class ToTensor(Transform):
    """Deprecated: PIL images and arrays (H, W, C) as tensors (C, H, W), whose bytes become floats from 0 to 1."""

    _transformed_types = (is_pil_image, np.ndarray)

    def __init__(self) -> None:
        warnings.warn(
            "The transform `ToTensor()` is deprecated and will be removed in a future release. Instead, please use "
            "`v2.Compose([v2.ToImage(), v2.ToDtype(torch.float32, scale=True)])`."
            "Output is equivalent up to float precision.",
            stacklevel=users_level(),
        )
        super().__init__()

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        return to_tensor(inpt)

"""Transforms of films."""

from __future__ import annotations

from typing import Any

from adjoint.tensor import Tensor
from adjoint.vision.transforms.v2 import functional as F
from adjoint.vision.transforms.v2._transform import Transform


class UniformTemporalSubsample(Transform):
    """``num_samples`` frames of films (..., T, C, H, W), from the first to the last at even distances.

    >>> import adjoint as torch
    >>> from adjoint.vision.transforms import v2
    >>> v2.UniformTemporalSubsample(3)(torch.arange(5).reshape(5, 1, 1, 1)).flatten()
    tensor([0, 2, 4])
    """

    _transformed_types = (Tensor,)

    def __init__(self, num_samples: int) -> None:
        super().__init__()
        self.num_samples = num_samples

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        return self._call_kernel(F.uniform_temporal_subsample, inpt, self.num_samples)

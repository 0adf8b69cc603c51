"""Films: which of their frames there are."""

from __future__ import annotations

from typing import Any

import adjoint
from adjoint.tensor import Tensor
from adjoint.vision.transforms.v2.functional.kernels import kernel_of, register


def uniform_temporal_subsample(inpt: Any, num_samples: int) -> Any:
    """``num_samples`` frames of a film (..., T, C, H, W), from the first to the last, as far apart as each other."""
    return kernel_of(uniform_temporal_subsample, type(inpt))(inpt, num_samples=num_samples)


def uniform_temporal_subsample_video(video: Tensor, num_samples: int) -> Tensor:
    """Films (..., T, C, H, W)."""
    places = adjoint.linspace(0, video.shape[-4] - 1, num_samples).long()
    return adjoint.index_select(video, -4, places)  # type: ignore[no-any-return]


register(uniform_temporal_subsample, video=uniform_temporal_subsample_video)

"""A data set for processes that a loader spawns, which import this file alone."""

from __future__ import annotations

from typing import Any

import adjoint
from adjoint.vision import tv_tensors


class Pictures(adjoint.utils.data.Dataset):
    """Pictures of one colour with their labels, transformed."""

    def __init__(self, transform: Any) -> None:
        self.transform = transform

    def __len__(self) -> int:
        return 4

    def __getitem__(self, i: int) -> Any:
        image = tv_tensors.Image(adjoint.full((3, 8, 8), i, dtype=adjoint.uint8))
        image, target = self.transform(image, {"label": i})
        return image, target["label"]

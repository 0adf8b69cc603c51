"""A part of an image erased."""

from __future__ import annotations

import numbers
from collections.abc import Sequence
from typing import Any

from adjoint import nn
from adjoint.tensor import Tensor
from adjoint.vision.transforms import draws
from adjoint.vision.transforms import functional as F
from adjoint.vision.transforms.transforms.arguments import check_scale_and_ratio


class RandomErasing(nn.Module):
    """A rectangle of a tensor's image erased, with probability ``p``; its area is a part in ``scale``, its aspect in ``ratio``.

    ``value`` is what is put there: one number, one for each channel, or ``"random"``, normal noise.  Source: Zhong et al.,
    "Random Erasing Data Augmentation" (2017), arXiv:1708.04896.

    >>> import adjoint as torch
    >>> from adjoint.vision import transforms
    >>> int(transforms.RandomErasing(p=1, value=7)(torch.zeros(1, 8, 8)).max())
    7
    """

    def __init__(
        self,
        p: float = 0.5,
        scale: Sequence[float] = (0.02, 0.33),
        ratio: Sequence[float] = (0.3, 3.3),
        value: Any = 0,
        inplace: bool = False,
    ) -> None:
        super().__init__()
        check_erasing(scale, ratio, value)
        if p < 0 or p > 1:
            raise ValueError("Random erasing probability should be between 0 and 1")
        self.p = p
        self.scale = scale
        self.ratio = ratio
        self.value = value
        self.inplace = inplace

    @staticmethod
    def get_params(
        img: Tensor, scale: Sequence[float], ratio: Sequence[float], value: Sequence[float] | None = None
    ) -> tuple[int, int, int, int, Tensor]:
        """Top, left, height and width, drawn, and what to put there; the image itself where no rectangle fits."""
        channels, height, width = img.shape[-3:]
        part = draws.erased_part((channels, height, width), scale, ratio, value)
        return (0, 0, height, width, img) if part is None else part

    def forward(self, img: Tensor) -> Tensor:
        if not draws.happens(self.p):
            return img
        value = erasing_values(self.value)
        if value is not None and len(value) not in (1, img.shape[-3]):
            raise ValueError(
                f"If value is a sequence, it should have either a single value or {img.shape[-3]} (number of input channels)"
            )
        part = self.get_params(img, scale=self.scale, ratio=self.ratio, value=value)
        return F.erase(img, *part, self.inplace)  # type: ignore[no-any-return, attr-defined]

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(p={self.p}, scale={self.scale}, ratio={self.ratio}, value={self.value}, "
            f"inplace={self.inplace})"
        )


def check_erasing(scale: Any, ratio: Any, value: Any) -> None:
    """Raise TypeError or ValueError for what rectangles cannot be drawn by, or filled with."""
    if not isinstance(value, (numbers.Number, str, tuple, list)):
        raise TypeError("Argument value should be either a number or str or a sequence")
    if isinstance(value, str) and value != "random":
        raise ValueError("If value is str, it should be 'random'")
    check_scale_and_ratio(scale, ratio)
    if scale[0] < 0 or scale[1] > 1:
        raise ValueError("Scale should be between 0 and 1")


def erasing_values(value: Any) -> Any:
    """The numbers to put into a rectangle; None for noise."""
    if isinstance(value, str):
        return None
    return [float(v) for v in (value if isinstance(value, (list, tuple)) else [value])]

"""Transforms of colours."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import adjoint
from adjoint.vision import transforms as v1
from adjoint.vision.transforms import draws
from adjoint.vision.transforms.v2 import functional as F
from adjoint.vision.transforms.v2._transform import Transform, _RandomApplyTransform
from adjoint.vision.transforms.v2._utils import query_chw


class Grayscale(Transform):
    """The luminance of images, in 1 or 3 channels.

    >>> import adjoint as torch
    >>> from adjoint.vision.transforms import v2
    >>> v2.Grayscale()(torch.rand(3, 4, 4)).shape
    torch.Size([1, 4, 4])
    """

    _v1_transform_cls = v1.Grayscale

    def __init__(self, num_output_channels: int = 1) -> None:
        super().__init__()
        self.num_output_channels = num_output_channels

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        return self._call_kernel(F.rgb_to_grayscale, inpt, num_output_channels=self.num_output_channels)


class RandomGrayscale(_RandomApplyTransform):
    """The luminance of images, in as many channels as they have, with probability ``p``."""

    _v1_transform_cls = v1.RandomGrayscale

    def __init__(self, p: float = 0.1) -> None:
        super().__init__(p=p)

    def make_params(self, flat_inputs: list[Any]) -> dict[str, Any]:
        return {"num_input_channels": query_chw(flat_inputs)[0]}

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        return self._call_kernel(F.rgb_to_grayscale, inpt, num_output_channels=params["num_input_channels"])


class RGB(Transform):
    """Images with three channels: those of one channel have it three times.

    >>> import adjoint as torch
    >>> from adjoint.vision.transforms import v2
    >>> v2.RGB()(torch.rand(1, 4, 4)).shape
    torch.Size([3, 4, 4])
    """

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        return self._call_kernel(F.grayscale_to_rgb, inpt)


_FACTORS = ("brightness", "contrast", "saturation", "hue")


class _ColorChanges(Transform):
    """What transforms have in common that change brightness, contrast, saturation and hue by factors."""

    def _adjusted(self, inpt: Any, name: str, factor: float | None) -> Any:
        """The images with one of these changed, unless the factor is None."""
        if factor is None:
            return inpt
        return self._call_kernel(getattr(F, f"adjust_{name}"), inpt, **{f"{name}_factor": factor})


class ColorJitter(_ColorChanges):
    """Brightness, contrast, saturation and hue changed at random, in an order that is drawn, too.

    Each of the first three is a number ``a``, for factors from ``1 - a`` to ``1 + a``, or the least and the largest factor;
    ``hue`` likewise, around 0, within 0.5; None leaves it.  Raises ValueError or TypeError for others.

    >>> from adjoint.vision.transforms import v2
    >>> v2.ColorJitter(brightness=0.5, hue=0.1)
    ColorJitter(brightness=(0.5, 1.5), hue=(-0.1, 0.1))
    """

    _v1_transform_cls = v1.ColorJitter

    def __init__(
        self,
        brightness: float | Sequence[float] | None = None,
        contrast: float | Sequence[float] | None = None,
        saturation: float | Sequence[float] | None = None,
        hue: float | Sequence[float] | None = None,
    ) -> None:
        super().__init__()
        self.brightness = _range(brightness, "brightness")
        self.contrast = _range(contrast, "contrast")
        self.saturation = _range(saturation, "saturation")
        self.hue = _range(hue, "hue", 0, (-0.5, 0.5))

    def _extract_params_for_v1_transform(self) -> dict[str, Any]:
        return {name: value or 0 for name, value in super()._extract_params_for_v1_transform().items()}

    def make_params(self, flat_inputs: list[Any]) -> dict[str, Any]:
        order, *factors = draws.color_factors(*(getattr(self, name) for name in _FACTORS))
        return {"fn_idx": order, **{f"{name}_factor": factor for name, factor in zip(_FACTORS, factors)}}

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        for i in params["fn_idx"].tolist():
            inpt = self._adjusted(inpt, _FACTORS[i], params[f"{_FACTORS[i]}_factor"])
        return inpt


def _range(value: Any, name: str, center: float = 1.0, bound: tuple[float, float] = (0, math.inf)) -> Any:
    """The least and the largest factor; None where the only one changes nothing."""
    if value is None:
        return None
    if isinstance(value, (int, float)):
        if value < 0:
            raise ValueError(f"If {name} is a single number, it must be non negative.")
        ends = [center - value, center + value]
        if center:
            ends[0] = max(ends[0], 0.0)
    elif isinstance(value, Sequence) and len(value) == 2:
        ends = [float(v) for v in value]
    else:
        raise TypeError(f"{name}={value} should be a single number or a sequence with length 2.")
    if not bound[0] <= ends[0] <= ends[1] <= bound[1]:
        raise ValueError(f"{name} values should be between {bound} and increasing, but got {ends}.")
    return None if ends[0] == ends[1] == center else (float(ends[0]), float(ends[1]))


class RandomChannelPermutation(Transform):
    """The channels of images in another order, which is drawn.

    >>> import adjoint as torch
    >>> from adjoint.vision.transforms import v2
    >>> sorted(v2.RandomChannelPermutation()(torch.arange(3).reshape(3, 1, 1)).flatten().tolist())
    [0, 1, 2]
    """

    def make_params(self, flat_inputs: list[Any]) -> dict[str, Any]:
        return {"permutation": adjoint.randperm(query_chw(flat_inputs)[0])}

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        return self._call_kernel(F.permute_channels, inpt, params["permutation"])


class RandomPhotometricDistort(_ColorChanges):
    """Brightness, contrast, saturation, hue and the order of channels changed, each with probability ``p``, by factors in these
    ranges.

    Source: Liu et al., "SSD: Single Shot MultiBox Detector" (2015), arXiv:1512.02325.
    """

    def __init__(
        self,
        brightness: tuple[float, float] = (0.875, 1.125),
        contrast: tuple[float, float] = (0.5, 1.5),
        saturation: tuple[float, float] = (0.5, 1.5),
        hue: tuple[float, float] = (-0.05, 0.05),
        p: float = 0.5,
    ) -> None:
        super().__init__()
        self.brightness = brightness
        self.contrast = contrast
        self.hue = hue
        self.saturation = saturation
        self.p = p

    def make_params(self, flat_inputs: list[Any]) -> dict[str, Any]:
        channels = query_chw(flat_inputs)[0]
        params: dict[str, Any] = {}
        for name in _FACTORS:
            params[f"{name}_factor"] = draws.number(*getattr(self, name)) if draws.happens(self.p) else None
        params["contrast_before"] = draws.happens(0.5)
        params["channel_permutation"] = adjoint.randperm(channels) if draws.happens(self.p) else None
        return params

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        order = ["brightness", "saturation", "hue"]
        order.insert(1 if params["contrast_before"] else 3, "contrast")
        for name in order:
            inpt = self._adjusted(inpt, name, params[f"{name}_factor"])
        if params["channel_permutation"] is not None:
            inpt = self._call_kernel(F.permute_channels, inpt, permutation=params["channel_permutation"])
        return inpt


class RandomEqualize(_RandomApplyTransform):
    """Each channel's histogram made even, with probability ``p``."""

    _v1_transform_cls = v1.RandomEqualize

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        return self._call_kernel(F.equalize, inpt)


class RandomInvert(_RandomApplyTransform):
    """The negatives of images, with probability ``p``.

    >>> import adjoint as torch
    >>> from adjoint.vision.transforms import v2
    >>> v2.RandomInvert(p=1)(torch.tensor([[[0, 255]]], dtype=torch.uint8))
    tensor([[[255,   0]]], dtype=torch.uint8)
    """

    _v1_transform_cls = v1.RandomInvert

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        return self._call_kernel(F.invert, inpt)


class RandomPosterize(_RandomApplyTransform):
    """Only the first ``bits`` of each value kept, with probability ``p``."""

    _v1_transform_cls = v1.RandomPosterize

    def __init__(self, bits: int, p: float = 0.5) -> None:
        super().__init__(p=p)
        self.bits = bits

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        return self._call_kernel(F.posterize, inpt, bits=self.bits)


class RandomSolarize(_RandomApplyTransform):
    """Values from ``threshold`` on inverted, with probability ``p``."""

    _v1_transform_cls = v1.RandomSolarize

    def __init__(self, threshold: float, p: float = 0.5) -> None:
        super().__init__(p=p)
        self.threshold = threshold

    def _extract_params_for_v1_transform(self) -> dict[str, Any]:
        return {**super()._extract_params_for_v1_transform(), "threshold": float(self.threshold)}

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        return self._call_kernel(F.solarize, inpt, threshold=self.threshold)


class RandomAutocontrast(_RandomApplyTransform):
    """Each channel's values stretched over the whole range, with probability ``p``."""

    _v1_transform_cls = v1.RandomAutocontrast

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        return self._call_kernel(F.autocontrast, inpt)


class RandomAdjustSharpness(_RandomApplyTransform):
    """Images sharpened by a factor, with probability ``p``: 0 is blurred, 1 the image, 2 twice as sharp."""

    _v1_transform_cls = v1.RandomAdjustSharpness

    def __init__(self, sharpness_factor: float, p: float = 0.5) -> None:
        super().__init__(p=p)
        self.sharpness_factor = sharpness_factor

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        return self._call_kernel(F.adjust_sharpness, inpt, sharpness_factor=self.sharpness_factor)

"""Transforms of where things are: flips, sizes, parts, borders, turns and bends."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import adjoint
from adjoint.tensor import Tensor
from adjoint.vision import transforms as v1
from adjoint.vision import tv_tensors
from adjoint.vision.ops.boxes import box_iou
from adjoint.vision.transforms import draws
from adjoint.vision.transforms.images import is_pil_image
from adjoint.vision.transforms.interpolation import InterpolationMode
from adjoint.vision.transforms.transforms.arguments import (
    angles_of,
    check_affine,
    check_sequence,
    size_of,
    warn_of_order,
)
from adjoint.vision.transforms.v2 import functional as F
from adjoint.vision.transforms.v2._transform import Transform, _RandomApplyTransform, passing_through
from adjoint.vision.transforms.v2._utils import (
    _check_padding_arg,
    _check_padding_mode_arg,
    _get_fill,
    _setup_fill_arg,
    _setup_number_or_seq,
    get_bounding_boxes,
    has_all,
    has_any,
    is_pure_tensor,
    query_size,
)
from adjoint.vision.transforms.v2.functional.borders import sides
from adjoint.vision.transforms.warping import perspective_coefficients

Fill = Any


class RandomHorizontalFlip(_RandomApplyTransform):
    """Left and right exchanged, with probability ``p``.

    >>> import adjoint as torch
    >>> from adjoint.vision.transforms import v2
    >>> v2.RandomHorizontalFlip(p=1)(torch.tensor([[[1, 2]]]))
    tensor([[[2, 1]]])
    """

    _v1_transform_cls = v1.RandomHorizontalFlip

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        return self._call_kernel(F.horizontal_flip, inpt)


class RandomVerticalFlip(_RandomApplyTransform):
    """Top and bottom exchanged, with probability ``p``."""

    _v1_transform_cls = v1.RandomVerticalFlip

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        return self._call_kernel(F.vertical_flip, inpt)


# Sizes


class _Resizing(Transform):
    """What transforms have in common that resize to ``params["size"]``."""

    interpolation: Any
    antialias: bool | None

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        return self._call_kernel(
            F.resize, inpt, params["size"], interpolation=self.interpolation, antialias=self.antialias
        )


class Resize(Transform):
    """Images of another size; one number is that of the shorter side, None with ``max_size`` the longer side's.

    Raises ValueError for what is no size.

    >>> import adjoint as torch
    >>> from adjoint.vision.transforms import v2
    >>> v2.Resize(4)(torch.rand(3, 8, 12)).shape
    torch.Size([3, 4, 6])
    """

    _v1_transform_cls = v1.Resize

    def __init__(
        self,
        size: int | Sequence[int] | None,
        interpolation: str | InterpolationMode | int = "bilinear",
        max_size: int | None = None,
        antialias: bool | None = True,
    ) -> None:
        super().__init__()
        if isinstance(size, int):
            size = [size]
        elif isinstance(size, Sequence) and len(size) in (1, 2):
            size = list(size)
        elif size is not None:
            raise ValueError(
                f"size can be an integer, a sequence of one or two integers, or None, but got {size} instead."
            )
        elif not isinstance(max_size, int):
            raise ValueError(f"max_size must be an integer when size is None, but got {max_size} instead.")
        self.size = size
        self.interpolation = interpolation
        self.max_size = max_size
        self.antialias = antialias

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        how = {"interpolation": self.interpolation, "max_size": self.max_size, "antialias": self.antialias}
        return self._call_kernel(F.resize, inpt, self.size, **how)


class ScaleJitter(_Resizing):
    """Images fitted into ``target_size``, then scaled by a factor drawn from ``scale_range``.

    Source: Ghiasi et al., "Simple Copy-Paste is a Strong Data Augmentation Method for Instance Segmentation" (2020),
    arXiv:2012.07177.
    """

    def __init__(
        self,
        target_size: tuple[int, int],
        scale_range: tuple[float, float] = (0.1, 2.0),
        interpolation: str | InterpolationMode | int = "bilinear",
        antialias: bool | None = True,
    ) -> None:
        super().__init__()
        self.target_size = target_size
        self.scale_range = scale_range
        self.interpolation = interpolation
        self.antialias = antialias

    def make_params(self, flat_inputs: list[Any]) -> dict[str, Any]:
        height, width = query_size(flat_inputs)
        least, most = self.scale_range
        scale = least + adjoint.rand(1) * (most - least)
        ratio = min(self.target_size[1] / height, self.target_size[0] / width) * scale
        return {"size": (int(height * ratio), int(width * ratio))}


class RandomShortestSize(_Resizing):
    """Images whose shorter side is one of ``min_size``, drawn; the longer one at most ``max_size``.

    >>> import adjoint as torch
    >>> from adjoint.vision.transforms import v2
    >>> v2.RandomShortestSize(4, max_size=5)(torch.rand(3, 8, 16)).shape
    torch.Size([3, 2, 5])
    """

    def __init__(
        self,
        min_size: Sequence[int] | int,
        max_size: int | None = None,
        interpolation: str | InterpolationMode | int = "bilinear",
        antialias: bool | None = True,
    ) -> None:
        super().__init__()
        self.min_size = [min_size] if isinstance(min_size, int) else list(min_size)
        self.max_size = max_size
        self.interpolation = interpolation
        self.antialias = antialias

    def make_params(self, flat_inputs: list[Any]) -> dict[str, Any]:
        height, width = query_size(flat_inputs)
        ratio = self.min_size[int(adjoint.randint(len(self.min_size), ()))] / min(height, width)
        if self.max_size is not None:
            ratio = min(ratio, self.max_size / max(height, width))
        return {"size": (int(height * ratio), int(width * ratio))}


class RandomResize(_Resizing):
    """Images whose shorter side is drawn, from ``min_size`` up to, without, ``max_size``."""

    def __init__(
        self,
        min_size: int,
        max_size: int,
        interpolation: str | InterpolationMode | int = "bilinear",
        antialias: bool | None = True,
    ) -> None:
        super().__init__()
        self.min_size = min_size
        self.max_size = max_size
        self.interpolation = interpolation
        self.antialias = antialias

    def make_params(self, flat_inputs: list[Any]) -> dict[str, Any]:
        return {"size": [int(adjoint.randint(self.min_size, self.max_size, ()))]}


# Parts


class CenterCrop(Transform):
    """The middle of images; a smaller image is padded with 0.

    >>> import adjoint as torch
    >>> from adjoint.vision.transforms import v2
    >>> v2.CenterCrop(2)(torch.arange(16).reshape(1, 4, 4))
    tensor([[[ 5,  6],
             [ 9, 10]]])
    """

    _v1_transform_cls = v1.CenterCrop

    def __init__(self, size: int | Sequence[int]) -> None:
        super().__init__()
        self.size = size_of(size)

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        return self._call_kernel(F.center_crop, inpt, output_size=self.size)


class RandomResizedCrop(Transform):
    """A rectangle of random area (a part of the image's, in ``scale``) and aspect (in ``ratio``), resized to ``size``.

    >>> import adjoint as torch
    >>> from adjoint.vision.transforms import v2
    >>> v2.RandomResizedCrop(4)(torch.rand(3, 8, 12)).shape
    torch.Size([3, 4, 4])
    """

    _v1_transform_cls = v1.RandomResizedCrop

    def __init__(
        self,
        size: int | Sequence[int],
        scale: tuple[float, float] = (0.08, 1.0),
        ratio: tuple[float, float] = (3.0 / 4.0, 4.0 / 3.0),
        interpolation: str | InterpolationMode | int = "bilinear",
        antialias: bool | None = True,
    ) -> None:
        super().__init__()
        self.size = size_of(size)
        if not isinstance(scale, Sequence) or len(scale) != 2:
            raise TypeError("Scale should be a sequence of two floats.")
        if not isinstance(ratio, Sequence) or len(ratio) != 2:
            raise TypeError("Ratio should be a sequence of two floats.")
        warn_of_order(scale, ratio)
        self.scale = scale
        self.ratio = ratio
        self.interpolation = interpolation
        self.antialias = antialias
        self._log_ratio = draws.logarithms(ratio)

    def make_params(self, flat_inputs: list[Any]) -> dict[str, Any]:
        size = query_size(flat_inputs)
        part = draws.part_of_image(*size, self.scale, self.ratio, self._log_ratio)
        return dict(zip(("top", "left", "height", "width"), part))

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        how = {"size": self.size, "interpolation": self.interpolation, "antialias": self.antialias}
        return self._call_kernel(F.resized_crop, inpt, **params, **how)


class _Crops(Transform):
    """What transforms have in common that make several images of one, which boxes and masks are not for."""

    def check_inputs(self, flat_inputs: list[Any]) -> None:
        if has_any(flat_inputs, tv_tensors.BoundingBoxes, tv_tensors.Mask):
            raise TypeError(f"BoundingBoxes'es and Mask's are not supported by {type(self).__name__}()")

    def _call_kernel(self, functional: Callable[..., Any], inpt: Any, *args: Any, **kwargs: Any) -> Any:
        passing_through(self, inpt)
        return super()._call_kernel(functional, inpt, *args, **kwargs)


class FiveCrop(_Crops):
    """The four corners of images, and their middles: a tuple of five.

    >>> import adjoint as torch
    >>> from adjoint.vision.transforms import v2
    >>> [int(crop) for crop in v2.FiveCrop(1)(torch.arange(9).reshape(1, 3, 3))]
    [0, 2, 6, 8, 4]
    """

    _v1_transform_cls = v1.FiveCrop

    def __init__(self, size: int | Sequence[int]) -> None:
        super().__init__()
        self.size = size_of(size)

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        return self._call_kernel(F.five_crop, inpt, self.size)


class TenCrop(_Crops):
    """The crops of :class:`FiveCrop`, and those of the image flipped: left to right, or with ``vertical_flip`` upside down."""

    _v1_transform_cls = v1.TenCrop

    def __init__(self, size: int | Sequence[int], vertical_flip: bool = False) -> None:
        super().__init__()
        self.size = size_of(size)
        self.vertical_flip = vertical_flip

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        return self._call_kernel(F.ten_crop, inpt, self.size, vertical_flip=self.vertical_flip)


class RandomCrop(Transform):
    """A rectangle of the given size from anywhere in the image, which is padded first if ``padding`` says so, and, with
    ``pad_if_needed``, where it is too small.  Raises ValueError for an image that is still too small.

    >>> import adjoint as torch
    >>> from adjoint.vision.transforms import v2
    >>> v2.RandomCrop(4, padding=1)(torch.rand(3, 4, 4)).shape
    torch.Size([3, 4, 4])
    """

    _v1_transform_cls = v1.RandomCrop

    def __init__(
        self,
        size: int | Sequence[int],
        padding: int | Sequence[int] | None = None,
        pad_if_needed: bool = False,
        fill: Fill | dict[type | str, Fill] = 0,
        padding_mode: str = "constant",
    ) -> None:
        super().__init__()
        self.size = size_of(size)
        if padding is not None:
            _check_padding_arg(padding)
        if pad_if_needed or padding is not None:
            _check_padding_mode_arg(padding_mode)
        self.padding = sides(padding) if padding else None
        self.pad_if_needed = pad_if_needed
        self.fill = fill
        self._fill = _setup_fill_arg(fill)
        self.padding_mode = padding_mode

    def _extract_params_for_v1_transform(self) -> dict[str, Any]:
        params = super()._extract_params_for_v1_transform()
        _check_scalar_fill(self)
        if self.padding is not None:
            left, right, top, bottom = self.padding
            params["padding"] = [left, top, right, bottom]
        return params

    def make_params(self, flat_inputs: list[Any]) -> dict[str, Any]:
        height, width = query_size(flat_inputs)
        left, right, top, bottom = self.padding or (0, 0, 0, 0)
        height, width = height + top + bottom, width + left + right
        wanted_height, wanted_width = self.size
        if self.pad_if_needed:
            down, across = max(wanted_height - height, 0), max(wanted_width - width, 0)
            top, bottom, height = top + down, bottom + down, height + 2 * down
            left, right, width = left + across, right + across, width + 2 * across
        if height < wanted_height or width < wanted_width:
            padded = "padded " if self.padding is not None else ""
            raise ValueError(
                f"Required crop size {(wanted_height, wanted_width)} is larger than {padded}input image size {(height, width)}."
            )
        padding = [left, top, right, bottom]
        first = [draws.whole(0, a - b + 1) if a > b else 0 for a, b in ((height, wanted_height), (width, wanted_width))]
        return {
            "needs_crop": (height, width) != (wanted_height, wanted_width),
            "top": first[0],
            "left": first[1],
            "height": wanted_height,
            "width": wanted_width,
            "needs_pad": any(padding),
            "padding": padding,
        }

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        if params["needs_pad"]:
            fill = _get_fill(self._fill, type(inpt))
            inpt = self._call_kernel(F.pad, inpt, padding=params["padding"], fill=fill, padding_mode=self.padding_mode)
        if params["needs_crop"]:
            inpt = self._call_kernel(F.crop, inpt, **{k: params[k] for k in ("top", "left", "height", "width")})
        return inpt


class RandomIoUCrop(Transform):
    """A part of images in which a box is, or more, that overlaps one of them by as much as one of ``sampler_options`` says.

    Boxes whose centres are outside become 0 (see :class:`SanitizeBoundingBoxes`).  ``sampler_options`` of 1 and more leave the
    image whole.  Raises TypeError for a sample without images or boxes.  Source: Liu et al., "SSD: Single Shot MultiBox
    Detector" (2015), arXiv:1512.02325.
    """

    def __init__(
        self,
        min_scale: float = 0.3,
        max_scale: float = 1.0,
        min_aspect_ratio: float = 0.5,
        max_aspect_ratio: float = 2.0,
        sampler_options: list[float] | None = None,
        trials: int = 40,
    ) -> None:
        super().__init__()
        self.min_scale = min_scale
        self.max_scale = max_scale
        self.min_aspect_ratio = min_aspect_ratio
        self.max_aspect_ratio = max_aspect_ratio
        self.options = [0.0, 0.1, 0.3, 0.5, 0.7, 0.9, 1.0] if sampler_options is None else sampler_options
        self.trials = trials

    def check_inputs(self, flat_inputs: list[Any]) -> None:
        if not (
            has_all(flat_inputs, tv_tensors.BoundingBoxes)
            and has_any(flat_inputs, is_pil_image, tv_tensors.Image, is_pure_tensor)
        ):
            raise TypeError(
                f"{type(self).__name__}() requires input sample to contain tensor or PIL images and bounding boxes. Sample "
                "can also contain masks."
            )

    def make_params(self, flat_inputs: list[Any]) -> dict[str, Any]:
        size = query_size(flat_inputs)
        boxes = get_bounding_boxes(flat_inputs)
        corners = F.convert_bounding_box_format(
            boxes.as_subclass(Tensor), boxes.format, tv_tensors.BoundingBoxFormat.XYXY
        )
        while True:
            overlap = self.options[draws.whole(0, len(self.options))]
            if overlap >= 1.0:
                return {}
            for _ in range(self.trials):
                part = self._part(size)
                if part is None:
                    continue
                within = self._with_enough(corners, part, overlap)
                if within is not None:
                    return {**dict(zip(("top", "left", "height", "width"), part)), "is_within_crop_area": within}

    def _part(self, size: tuple[int, int]) -> tuple[int, int, int, int] | None:
        """Top, left, height and width, drawn; None for an aspect that is not wanted, or no area."""
        height, width = size
        scale = self.min_scale + (self.max_scale - self.min_scale) * adjoint.rand(2)
        w, h = int(width * scale[0]), int(height * scale[1])
        if not self.min_aspect_ratio <= w / h <= self.max_aspect_ratio:
            return None
        place = adjoint.rand(2)
        left, top = int((width - w) * place[0]), int((height - h) * place[1])
        return (top, left, h, w) if w and h else None

    @staticmethod
    def _with_enough(corners: Tensor, part: tuple[int, int, int, int], overlap: float) -> Tensor | None:
        """Which of the boxes have their centres in the part; None where none overlaps it enough."""
        top, left, h, w = part
        right, bottom = left + w, top + h
        x = 0.5 * (corners[..., 0] + corners[..., 2])
        y = 0.5 * (corners[..., 1] + corners[..., 3])
        within: Tensor = (left < x) & (x < right) & (top < y) & (y < bottom)
        if not within.any():
            return None
        inside = corners[within]
        most = box_iou(inside, adjoint.tensor([[left, top, right, bottom]], dtype=inside.dtype)).max()
        return None if most < overlap else within

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        if not params:
            return inpt
        output = self._call_kernel(F.crop, inpt, **{k: params[k] for k in ("top", "left", "height", "width")})
        if isinstance(output, tv_tensors.BoundingBoxes):
            output[~params["is_within_crop_area"]] = 0
        return output


# Borders


class Pad(Transform):
    """Images with a border: one width, two for (left and right, top and bottom), or left, top, right and bottom.

    ``fill`` may be a dictionary, from classes of things to what is put there, ``"others"`` for all else.

    >>> import adjoint as torch
    >>> from adjoint.vision.transforms import v2
    >>> v2.Pad([1, 0], fill=7)(torch.zeros(1, 1, 2))
    tensor([[[7., 0., 0., 7.]]])
    """

    _v1_transform_cls = v1.Pad

    def __init__(
        self,
        padding: int | Sequence[int],
        fill: Fill | dict[type | str, Fill] = 0,
        padding_mode: str = "constant",
    ) -> None:
        super().__init__()
        _check_padding_arg(padding)
        _check_padding_mode_arg(padding_mode)
        self.padding = padding if isinstance(padding, int) else list(padding)
        self.fill = fill
        self._fill = _setup_fill_arg(fill)
        self.padding_mode = padding_mode

    def _extract_params_for_v1_transform(self) -> dict[str, Any]:
        _check_scalar_fill(self)
        return super()._extract_params_for_v1_transform()

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        fill = _get_fill(self._fill, type(inpt))
        return self._call_kernel(F.pad, inpt, padding=self.padding, fill=fill, padding_mode=self.padding_mode)


def _check_scalar_fill(transform: Any) -> None:
    if not (transform.fill is None or isinstance(transform.fill, (int, float))):
        raise ValueError(
            f"{type(transform).__name__}() can only be scripted for a scalar `fill`, but got {transform.fill}."
        )


class RandomZoomOut(_RandomApplyTransform):
    """Images put somewhere into a larger ground, with probability ``p``; its sides are as many times longer as is drawn from
    ``side_range``.

    Source: Liu et al., "SSD: Single Shot MultiBox Detector" (2015), arXiv:1512.02325.
    """

    def __init__(
        self,
        fill: Fill | dict[type | str, Fill] = 0,
        side_range: Sequence[float] = (1.0, 4.0),
        p: float = 0.5,
    ) -> None:
        super().__init__(p=p)
        self.fill = fill
        self._fill = _setup_fill_arg(fill)
        check_sequence(side_range, "side_range", req_sizes=(2,))
        self.side_range = side_range
        if side_range[0] < 1.0 or side_range[0] > side_range[1]:
            raise ValueError(f"Invalid side range provided {side_range}.")

    def make_params(self, flat_inputs: list[Any]) -> dict[str, Any]:
        height, width = query_size(flat_inputs)
        least, most = self.side_range
        times = least + adjoint.rand(1) * (most - least)
        across, down = int(width * times) - width, int(height * times) - height
        place = adjoint.rand(2)
        left, top = int(across * place[0]), int(down * place[1])
        return {"padding": [left, top, across - left, down - top]}

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        return self._call_kernel(F.pad, inpt, **params, fill=_get_fill(self._fill, type(inpt)))


# Turns and bends


class RandomRotation(Transform):
    """Images turned, by an angle in ``degrees``: the least and the largest, or one number for those up to it either way.

    With ``expand`` the result holds the whole image.  ``center`` is (x, y), the middle by default.
    """

    _v1_transform_cls = v1.RandomRotation

    def __init__(
        self,
        degrees: float | Sequence[float],
        interpolation: str | InterpolationMode | int = "nearest",
        expand: bool = False,
        center: list[float] | None = None,
        fill: Fill | dict[type | str, Fill] = 0,
    ) -> None:
        super().__init__()
        self.degrees = angles_of(degrees, "degrees")
        self.interpolation = interpolation
        self.expand = expand
        self.fill = fill
        self._fill = _setup_fill_arg(fill)
        check_affine(None, None, center)
        self.center = center

    def make_params(self, flat_inputs: list[Any]) -> dict[str, Any]:
        return {"angle": draws.number(self.degrees[0], self.degrees[1])}

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        how = {"interpolation": self.interpolation, "expand": self.expand, "center": self.center}
        return self._call_kernel(F.rotate, inpt, **params, **how, fill=_get_fill(self._fill, type(inpt)))


class RandomAffine(Transform):
    """Images turned, shifted, scaled and sheared, about their middle or ``center``.

    Each is drawn from its range: ``degrees`` (as in :class:`RandomRotation`), ``translate`` (parts of the width and the height,
    either way), ``scale`` (least and largest), and ``shear`` in degrees (as ``degrees`` along x, or four numbers along x and y).
    """

    _v1_transform_cls = v1.RandomAffine

    def __init__(
        self,
        degrees: float | Sequence[float],
        translate: Sequence[float] | None = None,
        scale: Sequence[float] | None = None,
        shear: float | Sequence[float] | None = None,
        interpolation: str | InterpolationMode | int = "nearest",
        fill: Fill | dict[type | str, Fill] = 0,
        center: list[float] | None = None,
    ) -> None:
        super().__init__()
        self.degrees = angles_of(degrees, "degrees")
        check_affine(translate, scale, center)
        self.translate = translate
        self.scale = scale
        self.shear = None if shear is None else angles_of(shear, "shear", req_sizes=(2, 4))
        self.interpolation = interpolation
        self.fill = fill
        self._fill = _setup_fill_arg(fill)
        self.center = center

    def make_params(self, flat_inputs: list[Any]) -> dict[str, Any]:
        height, width = query_size(flat_inputs)
        drawn = draws.affine(self.degrees, self.translate, self.scale, self.shear, width, height)
        return dict(zip(("angle", "translate", "scale", "shear"), drawn))

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        how = {"interpolation": self.interpolation, "center": self.center}
        return self._call_kernel(F.affine, inpt, **params, **how, fill=_get_fill(self._fill, type(inpt)))


class RandomPerspective(_RandomApplyTransform):
    """Images as seen at an angle, with probability ``p``: each corner moves inwards by up to ``distortion_scale`` halves of the
    image.  Raises ValueError unless that is from 0 to 1."""

    _v1_transform_cls = v1.RandomPerspective

    def __init__(
        self,
        distortion_scale: float = 0.5,
        p: float = 0.5,
        interpolation: str | InterpolationMode | int = "bilinear",
        fill: Fill | dict[type | str, Fill] = 0,
    ) -> None:
        super().__init__(p=p)
        if not 0 <= distortion_scale <= 1:
            raise ValueError("Argument distortion_scale value should be between 0 and 1")
        self.distortion_scale = distortion_scale
        self.interpolation = interpolation
        self.fill = fill
        self._fill = _setup_fill_arg(fill)

    def make_params(self, flat_inputs: list[Any]) -> dict[str, Any]:
        height, width = query_size(flat_inputs)
        return {"coefficients": perspective_coefficients(*draws.corners(width, height, self.distortion_scale))}

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        fill = _get_fill(self._fill, type(inpt))
        return self._call_kernel(
            F.perspective, inpt, startpoints=None, endpoints=None, fill=fill, interpolation=self.interpolation, **params
        )


class ElasticTransform(Transform):
    """Images as if seen through moving water: each pixel moves by smooth noise, as far as ``alpha`` and as smoothly as
    ``sigma`` say, each one number or (x, y)."""

    _v1_transform_cls = v1.ElasticTransform

    def __init__(
        self,
        alpha: float | Sequence[float] = 50.0,
        sigma: float | Sequence[float] = 5.0,
        interpolation: str | InterpolationMode | int = "bilinear",
        fill: Fill | dict[type | str, Fill] = 0,
    ) -> None:
        super().__init__()
        self.alpha = _setup_number_or_seq(alpha, "alpha")
        self.sigma = _setup_number_or_seq(sigma, "sigma")
        self.interpolation = interpolation
        self.fill = fill
        self._fill = _setup_fill_arg(fill)

    def make_params(self, flat_inputs: list[Any]) -> dict[str, Any]:
        height, width = query_size(flat_inputs)
        return {"displacement": draws.displacement(self.alpha, self.sigma, height, width, F.gaussian_blur)}

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        fill = _get_fill(self._fill, type(inpt))
        return self._call_kernel(F.elastic, inpt, **params, fill=fill, interpolation=self.interpolation)

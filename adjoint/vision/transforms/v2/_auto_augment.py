"""Automatic augmentation: the image of a sample changed by what is drawn from a space of changes."""

from __future__ import annotations

from typing import Any, ClassVar

import adjoint
from adjoint.pytree import TreeSpec, tree_flatten, tree_unflatten
from adjoint.tensor import Tensor
from adjoint.vision import transforms as v1
from adjoint.vision import tv_tensors
from adjoint.vision.transforms import augmentations, policies
from adjoint.vision.transforms.autoaugment import AutoAugmentPolicy, check_severity
from adjoint.vision.transforms.images import is_pil_image, largest
from adjoint.vision.transforms.interpolation import InterpolationMode
from adjoint.vision.transforms.v2 import functional as F
from adjoint.vision.transforms.v2._transform import Transform
from adjoint.vision.transforms.v2._utils import _get_fill, _setup_fill_arg, check_type, is_pure_tensor

Flat = tuple[list[Any], TreeSpec, int]
"""The things of a sample, its structure, and which of the things is the image."""

_IMAGES = (tv_tensors.Image, is_pil_image, is_pure_tensor, tv_tensors.Video)


class _AutoAugmentBase(Transform):
    """What these have in common: they change the only image, or film, of a sample."""

    _AUGMENTATION_SPACE: ClassVar[augmentations.Space]

    def __init__(self, *, interpolation: str | InterpolationMode | int = "nearest", fill: Any = None) -> None:
        super().__init__()
        self.interpolation = interpolation
        self.fill = fill
        self._fill = _setup_fill_arg(fill)

    def _extract_params_for_v1_transform(self) -> dict[str, Any]:
        params = super()._extract_params_for_v1_transform()
        if isinstance(params["fill"], dict):
            raise ValueError(f"{type(self).__name__}() can not be scripted for when `fill` is a dictionary.")
        return params

    def _flatten_and_extract_image_or_video(
        self,
        inputs: tuple[Any, ...],
        unsupported_types: tuple[type, ...] = (tv_tensors.BoundingBoxes, tv_tensors.Mask, tv_tensors.KeyPoints),
    ) -> tuple[Flat, Any]:
        """The things of a sample, and its image.  Raises TypeError unless there is one, and nothing that it would not fit."""
        flat, spec = tree_flatten(inputs if len(inputs) > 1 else inputs[0])
        found = []
        for i, (inpt, is_chosen) in enumerate(zip(flat, self._needs_transform_list(flat))):
            if is_chosen and check_type(inpt, _IMAGES):
                found.append(i)
            elif isinstance(inpt, unsupported_types):
                raise TypeError(f"Inputs of type {type(inpt).__name__} are not supported by {type(self).__name__}()")
        if not found:
            raise TypeError("Found no image in the sample.")
        if len(found) > 1:
            raise TypeError(
                "Auto augment transformations are only properly defined for a single image or video, but found "
                f"{len(found)}."
            )
        return (flat, spec, found[0]), flat[found[0]]

    def _unflatten_and_insert_image_or_video(self, flat_inputs_with_spec: Flat, image_or_video: Any) -> Any:
        flat, spec, place = flat_inputs_with_spec
        flat[place] = image_or_video
        return tree_unflatten(flat, spec)

    def _apply_image_or_video_transform(
        self, image: Any, transform_id: str, magnitude: float, interpolation: Any, fill: dict[Any, Any]
    ) -> Any:
        """The image after one change.  Raises ValueError for a change that there is not."""
        if transform_id not in augmentations.CHANGES:
            raise ValueError(f"No transform available for {transform_id}")
        if transform_id == "Solarize":
            magnitude *= _most(image)
        return augmentations.changed(F, image, transform_id, magnitude, interpolation, _get_fill(fill, type(image)))

    def _changed(self, image: Any, transform_id: str, bins: int, strength: Any, size: tuple[int, int]) -> Any:
        """The image after one change, of a strength that is one of ``bins``; a function says which, where it is asked."""
        strengths, signed = self._space()[transform_id]
        magnitudes = strengths(bins, *size)
        magnitude = 0.0
        if magnitudes is not None:
            magnitude = float(magnitudes[strength() if callable(strength) else strength])
            if signed and adjoint.rand(()) <= 0.5:
                magnitude *= -1
        return self._apply_image_or_video_transform(
            image, transform_id, magnitude, interpolation=self.interpolation, fill=self._fill
        )

    def _space(self) -> augmentations.Space:
        return self._AUGMENTATION_SPACE

    def _drawn(self) -> str:
        """The name of a change."""
        names = tuple(self._space())
        return names[int(adjoint.randint(len(names), ()))]


def _most(image: Any) -> float:
    """The largest value that an image of this dtype has."""
    if not isinstance(image, Tensor):
        return 255.0
    return 1.0 if image.dtype.is_floating_point else largest(image.dtype)


def _size_of(image: Any) -> tuple[int, int]:
    height, width = F.get_size(image)
    return height, width


class AutoAugment(_AutoAugmentBase):
    """The image of a sample changed by a pair of changes, drawn from those that were learned on a data set, ``policy``.

    Raises ValueError for another policy.  Source: Cubuk et al., "AutoAugment: Learning Augmentation Policies from Data"
    (2018), arXiv:1805.09501.

    >>> import adjoint as torch
    >>> from adjoint.vision.transforms import v2
    >>> v2.AutoAugment()(torch.zeros(3, 8, 8, dtype=torch.uint8)).shape
    torch.Size([3, 8, 8])
    """

    _v1_transform_cls = v1.AutoAugment
    _AUGMENTATION_SPACE = augmentations.AUTO_AUGMENT

    def __init__(
        self,
        policy: AutoAugmentPolicy = AutoAugmentPolicy.IMAGENET,
        interpolation: str | InterpolationMode | int = "nearest",
        fill: Any = None,
    ) -> None:
        super().__init__(interpolation=interpolation, fill=fill)
        self.policy = policy
        self._policies = policies.steps_of(policy)

    def forward(self, *inputs: Any) -> Any:
        sample, image = self._flatten_and_extract_image_or_video(inputs)
        size = _size_of(image)
        for name, probability, strength in self._policies[int(adjoint.randint(len(self._policies), ()))]:
            if adjoint.rand(()) <= probability:
                image = self._changed(image, name, 10, strength, size)
        return self._unflatten_and_insert_image_or_video(sample, image)


class RandAugment(_AutoAugmentBase):
    """The image of a sample changed ``num_ops`` times, by changes that are drawn, each of the strength ``magnitude`` of
    ``num_magnitude_bins``.

    Raises ValueError for a negative number of changes.  Source: Cubuk et al., "RandAugment: Practical automated data
    augmentation with a reduced search space" (2019), arXiv:1909.13719.

    >>> import adjoint as torch
    >>> from adjoint.vision.transforms import v2
    >>> v2.RandAugment()(torch.zeros(3, 8, 8, dtype=torch.uint8)).shape
    torch.Size([3, 8, 8])
    """

    _v1_transform_cls = v1.RandAugment
    _AUGMENTATION_SPACE = augmentations.RAND_AUGMENT

    def __init__(
        self,
        num_ops: int = 2,
        magnitude: int = 9,
        num_magnitude_bins: int = 31,
        interpolation: str | InterpolationMode | int = "nearest",
        fill: Any = None,
    ) -> None:
        super().__init__(interpolation=interpolation, fill=fill)
        if not isinstance(num_ops, int) or num_ops < 0:
            raise ValueError(f"num_ops should be a non-negative integer, but got {num_ops} instead.")
        self.num_ops = num_ops
        self.magnitude = magnitude
        self.num_magnitude_bins = num_magnitude_bins

    def forward(self, *inputs: Any) -> Any:
        sample, image = self._flatten_and_extract_image_or_video(inputs)
        size = _size_of(image)
        for _ in range(self.num_ops):
            image = self._changed(image, self._drawn(), self.num_magnitude_bins, self.magnitude, size)
        return self._unflatten_and_insert_image_or_video(sample, image)


class TrivialAugmentWide(_AutoAugmentBase):
    """The image of a sample changed once, by a change and with a strength that are drawn.

    Source: Müller and Hutter, "TrivialAugment: Tuning-free Yet State-of-the-Art Data Augmentation" (2021), arXiv:2103.10158.

    >>> import adjoint as torch
    >>> from adjoint.vision.transforms import v2
    >>> v2.TrivialAugmentWide()(torch.zeros(3, 8, 8, dtype=torch.uint8)).shape
    torch.Size([3, 8, 8])
    """

    _v1_transform_cls = v1.TrivialAugmentWide
    _AUGMENTATION_SPACE = augmentations.TRIVIAL_AUGMENT_WIDE

    def __init__(
        self,
        num_magnitude_bins: int = 31,
        interpolation: str | InterpolationMode | int = "nearest",
        fill: Any = None,
    ) -> None:
        super().__init__(interpolation=interpolation, fill=fill)
        self.num_magnitude_bins = num_magnitude_bins

    def forward(self, *inputs: Any) -> Any:
        sample, image = self._flatten_and_extract_image_or_video(inputs)
        bins = self.num_magnitude_bins
        image = self._changed(image, self._drawn(), bins, lambda: int(adjoint.randint(bins, ())), _size_of(image))
        return self._unflatten_and_insert_image_or_video(sample, image)


class AugMix(_AutoAugmentBase):
    """The image of a sample and ``mixture_width`` chains of changes of it, added up with random weights.

    A chain has ``chain_depth`` changes, or one to three where that is not positive; they are of a strength up to ``severity``,
    and without ``all_ops`` leave the colours alone.  ``alpha`` is of the distribution of the weights.  Raises ValueError for a
    severity that is not from 1 to 10.  Source: Hendrycks et al., "AugMix: A Simple Data Processing Method to Improve
    Robustness and Uncertainty" (2019), arXiv:1912.02781.

    >>> import adjoint as torch
    >>> from adjoint.vision.transforms import v2
    >>> v2.AugMix()(torch.zeros(3, 8, 8, dtype=torch.uint8)).shape
    torch.Size([3, 8, 8])
    """

    _v1_transform_cls = v1.AugMix
    _AUGMENTATION_SPACE = augmentations.AUG_MIX
    _PARTIAL_AUGMENTATION_SPACE = augmentations.AUG_MIX_WITHOUT_COLORS

    def __init__(
        self,
        severity: int = 3,
        mixture_width: int = 3,
        chain_depth: int = -1,
        alpha: float = 1.0,
        all_ops: bool = True,
        interpolation: str | InterpolationMode | int = "bilinear",
        fill: Any = None,
    ) -> None:
        super().__init__(interpolation=interpolation, fill=fill)
        self._PARAMETER_MAX = 10
        check_severity(severity, self._PARAMETER_MAX)
        self.severity = severity
        self.mixture_width = mixture_width
        self.chain_depth = chain_depth
        self.alpha = alpha
        self.all_ops = all_ops

    def _space(self) -> augmentations.Space:
        return self._AUGMENTATION_SPACE if self.all_ops else self._PARTIAL_AUGMENTATION_SPACE

    def _sample_dirichlet(self, params: Tensor) -> Tensor:
        return adjoint._sample_dirichlet(params)  # type: ignore[no-any-return]

    def forward(self, *inputs: Any) -> Any:
        sample, image = self._flatten_and_extract_image_or_video(inputs)
        size = _size_of(image)
        pixels = image if isinstance(image, Tensor) else F.pil_to_tensor(image)
        ndim = 5 if isinstance(image, tv_tensors.Video) else 4
        batch = pixels.reshape([1] * max(ndim - pixels.ndim, 0) + list(pixels.shape))

        def changed(chain: Any) -> Any:
            which = self._drawn()
            return self._changed(
                chain, which, self._PARAMETER_MAX, lambda: int(adjoint.randint(self.severity, ())), size
            )

        mix: Any = augmentations.mixed(
            batch, self.mixture_width, self.chain_depth, self.alpha, self._sample_dirichlet, changed
        )
        mix = mix.reshape(list(pixels.shape)).to(dtype=pixels.dtype)
        if isinstance(image, (tv_tensors.Image, tv_tensors.Video)):
            mix = tv_tensors.wrap(mix, like=image)
        elif is_pil_image(image):
            mix = F.to_pil_image(mix)
        return self._unflatten_and_insert_image_or_video(sample, mix)

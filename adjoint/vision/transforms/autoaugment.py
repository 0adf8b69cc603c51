"""Automatic augmentation: an image changed by what is drawn from a space of changes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import adjoint
from adjoint import nn
from adjoint.names import list_names as _list_names
from adjoint.tensor import Tensor
from adjoint.vision.transforms import augmentations, policies
from adjoint.vision.transforms import functional as F
from adjoint.vision.transforms.interpolation import InterpolationMode
from adjoint.vision.transforms.policies import AutoAugmentPolicy
from adjoint.vision.transforms.transforms.arguments import fill_for

__all__ = ["AugMix", "AutoAugment", "AutoAugmentPolicy", "RandAugment", "TrivialAugmentWide"]

Space = dict[str, tuple[Tensor, bool]]


def _apply_op(img: Any, op_name: str, magnitude: float, interpolation: InterpolationMode, fill: Any) -> Any:
    """The image after one change, which programs of others call, too.  Raises ValueError for a change that there is not."""
    if op_name not in augmentations.CHANGES:
        raise ValueError(f"The provided operator {op_name} is not recognized.")
    return augmentations.changed(F, img, op_name, magnitude, interpolation, fill)


class _Augmentation(nn.Module):
    """What these have in common; ``_shown`` are the attributes that they print."""

    _shown: tuple[str, ...] = ()

    def __init__(self, interpolation: InterpolationMode, fill: Any) -> None:
        super().__init__()
        self.interpolation = interpolation
        self.fill = fill

    def _drawn(self, img: Any, space: Space, strength: int | None, bins: int | None, fill: Any) -> Any:
        """The image after a change that is drawn, of this strength, or one that is drawn among the first ``bins``."""
        name = list(space)[int(adjoint.randint(len(space), (1,)).item())]
        magnitudes, signed = space[name]
        magnitude = 0.0
        if magnitudes.ndim > 0:
            if strength is None:
                strength = int(adjoint.randint(len(magnitudes) if bins is None else bins, (1,)).item())
            magnitude = float(magnitudes[strength].item())
        if signed and adjoint.randint(2, (1,)):
            magnitude *= -1.0
        return _apply_op(img, name, magnitude, self.interpolation, fill)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={getattr(self, name)}' for name in self._shown)})"


def _magnitudes(space: augmentations.Space, bins: int, height: int, width: int) -> Space:
    """The strengths of each change, as numbers for images of bytes; 0 for what has but one."""
    made: Space = {}
    for name, (strengths, signed) in space.items():
        values = strengths(bins, height, width)
        if name == "Solarize":
            values = adjoint.linspace(255.0, 0.0, bins)
        made[name] = (adjoint.tensor(0.0) if values is None else values, signed)
    return made


class AutoAugment(_Augmentation):
    """An image changed by a pair of changes, drawn from those that were learned on a data set, ``policy``.

    Tensors are of bytes.  Raises ValueError for another policy.  Source: Cubuk et al., "AutoAugment: Learning Augmentation
    Policies from Data" (2018), arXiv:1805.09501.

    >>> import adjoint as torch
    >>> from adjoint.vision import transforms
    >>> transforms.AutoAugment()(torch.zeros(3, 8, 8, dtype=torch.uint8)).shape
    torch.Size([3, 8, 8])
    """

    _shown = ("policy", "fill")

    def __init__(
        self,
        policy: AutoAugmentPolicy = AutoAugmentPolicy.IMAGENET,
        interpolation: InterpolationMode = InterpolationMode.NEAREST,
        fill: Sequence[float] | None = None,
    ) -> None:
        super().__init__(interpolation, fill)
        self.policy = policy
        self.policies = self._get_policies(policy)

    def _get_policies(self, policy: AutoAugmentPolicy) -> list[tuple[policies.Step, policies.Step]]:
        return list(policies.steps_of(policy))

    def _augmentation_space(self, num_bins: int, image_size: tuple[int, int]) -> Space:
        return _magnitudes(augmentations.AUTO_AUGMENT, num_bins, *image_size)

    @staticmethod
    def get_params(transform_num: int) -> tuple[int, Tensor, Tensor]:
        """Which pair of so many, and for both changes a number from 0 to 1 and a sign, 0 or 1, drawn."""
        return int(adjoint.randint(transform_num, (1,)).item()), adjoint.rand((2,)), adjoint.randint(2, (2,))

    def forward(self, img: Any) -> Any:
        channels, height, width = F.get_dimensions(img)
        fill = fill_for(img, channels, self.fill)
        which, chances, signs = self.get_params(len(self.policies))
        space = self._augmentation_space(10, (height, width))
        for i, (name, probability, strength) in enumerate(self.policies[which]):
            if chances[i] <= probability:
                magnitudes, signed = space[name]
                magnitude = 0.0 if strength is None else float(magnitudes[strength].item())
                if signed and signs[i] == 0:
                    magnitude *= -1.0
                img = _apply_op(img, name, magnitude, self.interpolation, fill)
        return img


class RandAugment(_Augmentation):
    """An image changed ``num_ops`` times, by changes that are drawn, each of the strength ``magnitude`` of
    ``num_magnitude_bins``.

    Tensors are of bytes.  Source: Cubuk et al., "RandAugment: Practical automated data augmentation with a reduced search
    space" (2019), arXiv:1909.13719.

    >>> import adjoint as torch
    >>> from adjoint.vision import transforms
    >>> transforms.RandAugment()(torch.zeros(3, 8, 8, dtype=torch.uint8)).shape
    torch.Size([3, 8, 8])
    """

    _shown = ("num_ops", "magnitude", "num_magnitude_bins", "interpolation", "fill")

    def __init__(
        self,
        num_ops: int = 2,
        magnitude: int = 9,
        num_magnitude_bins: int = 31,
        interpolation: InterpolationMode = InterpolationMode.NEAREST,
        fill: Sequence[float] | None = None,
    ) -> None:
        super().__init__(interpolation, fill)
        self.num_ops = num_ops
        self.magnitude = magnitude
        self.num_magnitude_bins = num_magnitude_bins

    def _augmentation_space(self, num_bins: int, image_size: tuple[int, int]) -> Space:
        return _magnitudes(augmentations.RAND_AUGMENT, num_bins, *image_size)

    def forward(self, img: Any) -> Any:
        channels, height, width = F.get_dimensions(img)
        fill = fill_for(img, channels, self.fill)
        space = self._augmentation_space(self.num_magnitude_bins, (height, width))
        for _ in range(self.num_ops):
            img = self._drawn(img, space, self.magnitude, None, fill)
        return img


class TrivialAugmentWide(_Augmentation):
    """An image changed once, by a change and with a strength that are drawn.

    Tensors are of bytes.  Source: Müller and Hutter, "TrivialAugment: Tuning-free Yet State-of-the-Art Data Augmentation"
    (2021), arXiv:2103.10158.

    >>> import adjoint as torch
    >>> from adjoint.vision import transforms
    >>> transforms.TrivialAugmentWide()(torch.zeros(3, 8, 8, dtype=torch.uint8)).shape
    torch.Size([3, 8, 8])
    """

    _shown = ("num_magnitude_bins", "interpolation", "fill")

    def __init__(
        self,
        num_magnitude_bins: int = 31,
        interpolation: InterpolationMode = InterpolationMode.NEAREST,
        fill: Sequence[float] | None = None,
    ) -> None:
        super().__init__(interpolation, fill)
        self.num_magnitude_bins = num_magnitude_bins

    def _augmentation_space(self, num_bins: int) -> Space:
        return _magnitudes(augmentations.TRIVIAL_AUGMENT_WIDE, num_bins, 0, 0)

    def forward(self, img: Any) -> Any:
        fill = fill_for(img, F.get_dimensions(img)[0], self.fill)
        return self._drawn(img, self._augmentation_space(self.num_magnitude_bins), None, None, fill)


class AugMix(_Augmentation):
    """An image and ``mixture_width`` chains of changes of it, added up with random weights.

    A chain has ``chain_depth`` changes, or one to three where that is not positive; they are of a strength up to ``severity``,
    and without ``all_ops`` leave the colours alone.  ``alpha`` is of the distribution of the weights.  Tensors are of bytes.
    Raises ValueError for a severity that is not from 1 to 10.  Source: Hendrycks et al., "AugMix: A Simple Data Processing
    Method to Improve Robustness and Uncertainty" (2019), arXiv:1912.02781.

    >>> import adjoint as torch
    >>> from adjoint.vision import transforms
    >>> transforms.AugMix()(torch.zeros(3, 8, 8, dtype=torch.uint8)).shape
    torch.Size([3, 8, 8])
    """

    _shown = ("severity", "mixture_width", "chain_depth", "alpha", "all_ops", "interpolation", "fill")

    def __init__(
        self,
        severity: int = 3,
        mixture_width: int = 3,
        chain_depth: int = -1,
        alpha: float = 1.0,
        all_ops: bool = True,
        interpolation: InterpolationMode = InterpolationMode.BILINEAR,
        fill: Sequence[float] | None = None,
    ) -> None:
        super().__init__(interpolation, fill)
        self._PARAMETER_MAX = 10
        check_severity(severity, self._PARAMETER_MAX)
        self.severity = severity
        self.mixture_width = mixture_width
        self.chain_depth = chain_depth
        self.alpha = alpha
        self.all_ops = all_ops

    def _augmentation_space(self, num_bins: int, image_size: tuple[int, int]) -> Space:
        space = augmentations.AUG_MIX if self.all_ops else augmentations.AUG_MIX_WITHOUT_COLORS
        return _magnitudes(space, num_bins, *image_size)

    def _sample_dirichlet(self, params: Tensor) -> Tensor:
        return adjoint._sample_dirichlet(params)  # type: ignore[no-any-return]

    def forward(self, orig_img: Any) -> Any:
        channels, height, width = F.get_dimensions(orig_img)
        fill = fill_for(orig_img, channels, self.fill)
        img = orig_img if isinstance(orig_img, Tensor) else F.pil_to_tensor(orig_img)
        space = self._augmentation_space(self._PARAMETER_MAX, (height, width))
        images = img.reshape([1] * max(4 - img.ndim, 0) + list(img.shape))
        mix = augmentations.mixed(
            images, self.mixture_width, self.chain_depth, self.alpha, self._sample_dirichlet,
            lambda chain: self._drawn(chain, space, None, self.severity, fill),
        )  # fmt: skip
        mix = mix.reshape(img.shape).to(dtype=img.dtype)
        return mix if isinstance(orig_img, Tensor) else F.to_pil_image(mix)


def check_severity(severity: int, most: int) -> None:
    """Raise ValueError for a severity that is not from 1 to ``most``."""
    if not 1 <= severity <= most:
        raise ValueError(f"The severity must be between [1, {most}]. Got {severity} instead.")


_list_names(__name__)

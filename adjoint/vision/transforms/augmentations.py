"""Augmentations: the changes that automatic augmentation chooses from, and how strong each may be.

Both generations of the transforms are built on these.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import adjoint
from adjoint.tensor import Tensor

Strengths = Callable[[int, int, int], "Tensor | None"]
"""Of the number of steps, and an image's height and width, the strengths of a change; None where it has but one."""

Space = Mapping[str, tuple[Strengths, bool]]
"""Of each change, its strengths, and whether they go either way."""


# What a change does


def changed(functional: Any, image: Any, name: str, magnitude: float, interpolation: Any, fill: Any) -> Any:
    """The image after the change ``name``, which the functions of the module ``functional`` compute.  Raises KeyError for
    others."""
    return _CHANGES[name](functional, image, magnitude, {"interpolation": interpolation, "fill": fill})


def _affine(
    f: Any, image: Any, ground: Any, translate: Sequence[int] = (0, 0), shear: Any = (0.0, 0.0), **more: Any
) -> Any:
    return f.affine(image, angle=0.0, translate=list(translate), scale=1.0, shear=list(shear), **ground, **more)


def _degrees(slope: float) -> float:
    return math.degrees(math.atan(slope))


_CHANGES: dict[str, Callable[[Any, Any, float, Any], Any]] = {
    "Identity": lambda f, image, m, ground: image,
    "ShearX": lambda f, image, m, ground: _affine(f, image, ground, shear=(_degrees(m), 0.0), center=[0, 0]),
    "ShearY": lambda f, image, m, ground: _affine(f, image, ground, shear=(0.0, _degrees(m)), center=[0, 0]),
    "TranslateX": lambda f, image, m, ground: _affine(f, image, ground, translate=(int(m), 0)),
    "TranslateY": lambda f, image, m, ground: _affine(f, image, ground, translate=(0, int(m))),
    "Rotate": lambda f, image, m, ground: f.rotate(image, m, **ground),
    "Brightness": lambda f, image, m, ground: f.adjust_brightness(image, 1.0 + m),
    "Color": lambda f, image, m, ground: f.adjust_saturation(image, 1.0 + m),
    "Contrast": lambda f, image, m, ground: f.adjust_contrast(image, 1.0 + m),
    "Sharpness": lambda f, image, m, ground: f.adjust_sharpness(image, 1.0 + m),
    "Posterize": lambda f, image, m, ground: f.posterize(image, int(m)),
    "Solarize": lambda f, image, m, ground: f.solarize(image, m),
    "AutoContrast": lambda f, image, m, ground: f.autocontrast(image),
    "Equalize": lambda f, image, m, ground: f.equalize(image),
    "Invert": lambda f, image, m, ground: f.invert(image),
}

CHANGES = frozenset(_CHANGES)


# How strong it is


def _up_to(most: float) -> Strengths:
    return lambda steps, height, width: adjoint.linspace(0.0, most, steps)


def _bits(most: int, least: int) -> Strengths:
    return lambda steps, height, width: (
        (most - adjoint.arange(steps) / ((steps - 1) / (most - least))).round().int()  # type: ignore[no-any-return]
    )


def _once(steps: int, height: int, width: int) -> None:
    return None


def _space(
    shear: float, shift: float | None, turn: float, color: float, bits: tuple[int, int], shift_part: float = 0.0
) -> Space:
    """The changes with these strengths; they shift by ``shift`` pixels, or else by ``shift_part`` of the image."""
    along_x: Strengths = lambda steps, height, width: adjoint.linspace(0.0, shift_part * width, steps)  # noqa: E731
    along_y: Strengths = lambda steps, height, width: adjoint.linspace(0.0, shift_part * height, steps)  # noqa: E731
    return {
        "Identity": (_once, False),
        "ShearX": (_up_to(shear), True),
        "ShearY": (_up_to(shear), True),
        "TranslateX": (along_x if shift is None else _up_to(shift), True),
        "TranslateY": (along_y if shift is None else _up_to(shift), True),
        "Rotate": (_up_to(turn), True),
        **{name: (_up_to(color), True) for name in _COLORS},
        "Posterize": (_bits(*bits), False),
        "Solarize": (lambda steps, height, width: adjoint.linspace(1.0, 0.0, steps), False),
        "AutoContrast": (_once, False),
        "Equalize": (_once, False),
        "Invert": (_once, False),
    }


def _some(space: Space, without: Sequence[str] = (), last: Sequence[str] = ()) -> Space:
    """The space without some of its changes, and others at its end: a number that is drawn is a place in this order."""
    first = [name for name in space if name not in without and name not in last]
    return MappingProxyType({name: space[name] for name in (*first, *last)})


_COLORS = ("Brightness", "Color", "Contrast", "Sharpness")
_USUAL = _space(shear=0.3, shift=None, turn=30.0, color=0.9, bits=(8, 4), shift_part=150.0 / 331.0)
_WIDE = _space(shear=0.99, shift=32.0, turn=135.0, color=0.99, bits=(8, 2))
_MIXED = _space(shear=0.3, shift=None, turn=30.0, color=0.9, bits=(4, 0), shift_part=1 / 3.0)

AUTO_AUGMENT = _some(_USUAL, without=("Identity",))
RAND_AUGMENT = _some(_USUAL, without=("Invert",))
TRIVIAL_AUGMENT_WIDE = _some(_WIDE, without=("Invert",))
AUG_MIX = _some(_MIXED, without=("Identity", "Invert"), last=_COLORS)
AUG_MIX_WITHOUT_COLORS = _some(_MIXED, without=("Identity", "Invert", *_COLORS))


# Mixtures


def mixed(
    images: Tensor,
    width: int,
    depth: int,
    alpha: float,
    sample: Callable[[Tensor], Tensor],
    change: Callable[[Tensor], Tensor],
) -> Tensor:
    """Of each of the images (N, ...), itself and ``width`` chains of changes, added up with random weights.

    A chain has ``depth`` changes, or one to three where that is not positive.  ``sample`` draws from Dirichlet distributions.
    Source: Hendrycks et al., "AugMix: A Simple Data Processing Method to Improve Robustness and Uncertainty" (2019),
    arXiv:1912.02781.
    """
    n = images.shape[0]
    one_each = [n] + [1] * (images.ndim - 1)
    share = sample(adjoint.tensor([alpha, alpha]).expand(n, -1))
    weights = sample(adjoint.tensor([alpha] * width).expand(n, -1)) * share[:, 1].reshape(n, -1)
    total = share[:, 0].reshape(one_each) * images
    for i in range(width):
        chain = images
        for _ in range(depth if depth > 0 else int(adjoint.randint(low=1, high=4, size=(1,)).item())):
            chain = change(chain)
        total.add_(weights[:, i].reshape(one_each) * chain)
    return total

"""Policies: the pairs of changes that :class:`~adjoint.vision.transforms.AutoAugment` chooses from.

Source: Cubuk et al., "AutoAugment: Learning Augmentation Policies from Data" (2018), arXiv:1805.09501, tables of the appendix.
A line is a pair; of each change, its name, its probability, and how strong it is, from 0 to 9 (- where it has no strength).
"""

from __future__ import annotations

from enum import Enum
from functools import lru_cache

Step = tuple[str, float, "int | None"]


class AutoAugmentPolicy(Enum):
    """The data sets on which policies were learned."""

    IMAGENET = "imagenet"
    CIFAR10 = "cifar10"
    SVHN = "svhn"


@lru_cache(maxsize=None)
def steps_of(policy: AutoAugmentPolicy) -> tuple[tuple[Step, Step], ...]:
    """The pairs of a policy.  Raises ValueError for what is none."""
    if policy not in _TABLES:
        raise ValueError(f"The provided policy {policy} is not recognized.")
    lines = _TABLES[policy].strip().splitlines()
    return tuple((_step(one), _step(other)) for one, other in (line.split(">") for line in lines))


def _step(text: str) -> Step:
    name, probability, strength = text.split()
    return name, float(probability), None if strength == "-" else int(strength)


_TABLES = {
    AutoAugmentPolicy.IMAGENET: """
Posterize 0.4 8        > Rotate 0.6 9
Solarize 0.6 5         > AutoContrast 0.6 -
Equalize 0.8 -         > Equalize 0.6 -
Posterize 0.6 7        > Posterize 0.6 6
Equalize 0.4 -         > Solarize 0.2 4
Equalize 0.4 -         > Rotate 0.8 8
Solarize 0.6 3         > Equalize 0.6 -
Posterize 0.8 5        > Equalize 1.0 -
Rotate 0.2 3           > Solarize 0.6 8
Equalize 0.6 -         > Posterize 0.4 6
Rotate 0.8 8           > Color 0.4 0
Rotate 0.4 9           > Equalize 0.6 -
Equalize 0.0 -         > Equalize 0.8 -
Invert 0.6 -           > Equalize 1.0 -
Color 0.6 4            > Contrast 1.0 8
Rotate 0.8 8           > Color 1.0 2
Color 0.8 8            > Solarize 0.8 7
Sharpness 0.4 7        > Invert 0.6 -
ShearX 0.6 5           > Equalize 1.0 -
Color 0.4 0            > Equalize 0.6 -
Equalize 0.4 -         > Solarize 0.2 4
Solarize 0.6 5         > AutoContrast 0.6 -
Invert 0.6 -           > Equalize 1.0 -
Color 0.6 4            > Contrast 1.0 8
Equalize 0.8 -         > Equalize 0.6 -
""",
    AutoAugmentPolicy.CIFAR10: """
Invert 0.1 -           > Contrast 0.2 6
Rotate 0.7 2           > TranslateX 0.3 9
Sharpness 0.8 1        > Sharpness 0.9 3
ShearY 0.5 8           > TranslateY 0.7 9
AutoContrast 0.5 -     > Equalize 0.9 -
ShearY 0.2 7           > Posterize 0.3 7
Color 0.4 3            > Brightness 0.6 7
Sharpness 0.3 9        > Brightness 0.7 9
Equalize 0.6 -         > Equalize 0.5 -
Contrast 0.6 7         > Sharpness 0.6 5
Color 0.7 7            > TranslateX 0.5 8
Equalize 0.3 -         > AutoContrast 0.4 -
TranslateY 0.4 3       > Sharpness 0.2 6
Brightness 0.9 6       > Color 0.2 8
Solarize 0.5 2         > Invert 0.0 -
Equalize 0.2 -         > AutoContrast 0.6 -
Equalize 0.2 -         > Equalize 0.6 -
Color 0.9 9            > Equalize 0.6 -
AutoContrast 0.8 -     > Solarize 0.2 8
Brightness 0.1 3       > Color 0.7 0
Solarize 0.4 5         > AutoContrast 0.9 -
TranslateY 0.9 9       > TranslateY 0.7 9
AutoContrast 0.9 -     > Solarize 0.8 3
Equalize 0.8 -         > Invert 0.1 -
TranslateY 0.7 9       > AutoContrast 0.9 -
""",
    AutoAugmentPolicy.SVHN: """
ShearX 0.9 4           > Invert 0.2 -
ShearY 0.9 8           > Invert 0.7 -
Equalize 0.6 -         > Solarize 0.6 6
Invert 0.9 -           > Equalize 0.6 -
Equalize 0.6 -         > Rotate 0.9 3
ShearX 0.9 4           > AutoContrast 0.8 -
ShearY 0.9 8           > Invert 0.4 -
ShearY 0.9 5           > Solarize 0.2 6
Invert 0.9 -           > AutoContrast 0.8 -
Equalize 0.6 -         > Rotate 0.9 3
ShearX 0.9 4           > Solarize 0.3 3
ShearY 0.8 8           > Invert 0.7 -
Equalize 0.9 -         > TranslateY 0.6 6
Invert 0.9 -           > Equalize 0.6 -
Contrast 0.3 3         > Rotate 0.8 4
Invert 0.8 -           > TranslateY 0.0 2
ShearY 0.7 6           > Solarize 0.4 8
Invert 0.6 -           > Rotate 0.8 4
ShearY 0.3 7           > TranslateX 0.9 3
ShearX 0.1 6           > Invert 0.6 -
Solarize 0.7 2         > TranslateY 0.6 7
ShearY 0.8 4           > Invert 0.8 -
ShearX 0.7 9           > TranslateY 0.8 3
ShearY 0.8 5           > AutoContrast 0.7 -
ShearX 0.7 2           > Invert 0.1 -
""",
}

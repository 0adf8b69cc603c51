"""What the sets of weights for ImageNet have in common: where their files are, how images are prepared, the names of classes."""

from __future__ import annotations

import math
from functools import partial
from pathlib import Path
from typing import Any

from adjoint.vision.models.weights import Weights
from adjoint.vision.transforms import InterpolationMode
from adjoint.vision.transforms.presets import ImageClassification

BILINEAR, BICUBIC = InterpolationMode.BILINEAR, InterpolationMode.BICUBIC

CATEGORIES = (Path(__file__).parent / "imagenet.txt").read_text(encoding="utf-8").splitlines()
"""The names of ImageNet's 1,000 classes, in the order of a model's outputs."""

# How weights came about.
SIMPLE_RECIPE = "Trained by torchvision with a simple recipe, to about the figures of the paper."
NEW_RECIPE = "Trained by torchvision with its newer and longer recipe, to better figures than the paper's."
PORTED = "Converted from files that others had trained."
SWAG_TUNED = "Trained on hashtags of pictures (SWAG; Singh et al., 2022), then as a whole on ImageNet."
SWAG_FROZEN = "Trained on hashtags of pictures (SWAG; Singh et al., 2022), with a linear classifier trained on ImageNet."
SWAG_LICENSE = "https://github.com/facebookresearch/SWAG/blob/main/LICENSE"

_FILES = "https://download.pytorch.org/models/"
_REPOSITORY = "https://github.com/pytorch/vision/"


def imagenet(
    file: str,
    num_params: int,
    accuracy: tuple[float, float] | None,
    ops: float,
    size: float,
    recipe: str | None,
    origin: str | None = None,
    *,
    min_size: int = 1,
    crop_size: int = 224,
    categories: list[str] | None = CATEGORIES,
    license: str | None = None,
    **preparation: Any,
) -> Weights:
    """A set of weights for ImageNet.

    ``accuracy`` is in percent, of the first guess and of the first five, None where there is no classifier; ``ops`` are billions of
    multiplications for an image, ``size`` is the file's in MiB, ``min_size`` the smallest image's in pixels; ``recipe`` is an
    address, or what follows torchvision's repository in it.  ``crop_size`` and ``preparation`` are arguments of
    :class:`~adjoint.vision.transforms.presets.ImageClassification`.
    """
    first, five = (math.nan, math.nan) if accuracy is None else accuracy
    meta: dict[str, Any] = {
        "num_params": num_params,
        "min_size": (min_size, min_size),
        "categories": categories,
        "recipe": _address(recipe),
        "_metrics": {"ImageNet-1K": {"acc@1": first, "acc@5": five}},
        "_ops": ops,
        "_file_size": size,
        "_docs": origin or (NEW_RECIPE if (recipe or "").startswith("issues/") else SIMPLE_RECIPE),
    }
    if license is not None:
        meta["license"] = license
    return Weights(_FILES + file, partial(ImageClassification, crop_size=crop_size, **preparation), meta)


def _address(recipe: str | None) -> str | None:
    if recipe is None or recipe.startswith("https:"):
        return recipe
    return _REPOSITORY + ("tree/main/references/" if recipe.startswith("classification") else "") + recipe

"""torchvision's Python files beside PyTorch, without its binary, which does not load beside every build of PyTorch.

Its models, transforms, data sets and pure functions are Python and are compared with. The operators that are native code
(``nms``, ``roi_align`` and their kin, the decoders of pictures) are declared without code: tests compute those by themselves.
"""

from __future__ import annotations

import functools
import importlib
import warnings
from types import ModuleType
from typing import Any

import torch


@functools.cache
def _declared() -> Any:
    library = torch.library.Library("torchvision", "DEF")
    for name in ("nms", "qnms"):
        library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    return library  # which would take its declarations with it


def torchvision(name: str = "") -> ModuleType:
    """The module ``torchvision``, or one of its submodules."""
    _declared()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about the binary
        importlib.import_module("torchvision")
        return importlib.import_module(f"torchvision.{name}" if name else "torchvision")

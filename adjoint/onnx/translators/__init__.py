"""How functions are written in ONNX: a table, in one file for each kind."""

from __future__ import annotations

from adjoint.onnx.translators import (
    activations,
    arithmetic,
    attention,
    convolution,
    creation,
    indexing,
    losses,
    normalization,
    pooling,
    products,
    randomness,
    recurrent,
    reductions,
    resampling,
    shapes,
)
from adjoint.onnx.translators.table import TRANSLATORS

__all__ = ["TRANSLATORS"]

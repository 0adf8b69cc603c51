"""Random numbers: ONNX's own, which no seed makes PyTorch's."""

from __future__ import annotations

from typing import Any

import numpy as np

from adjoint import dtypes
from adjoint.onnx.graph import Graph, Value
from adjoint.onnx.translators.table import like, translates
from adjoint.onnx.types import number_of


def _zeros(g: Graph) -> Value:
    return g.expand(g.const(0.0, g.out[0].dtype), g.out[0].sizes)


@translates("rand", "rand_like")
def rand(g: Graph, *_: Any, **__: Any) -> Value:
    """Between 0 and 1."""
    return g.op("RandomUniformLike", _zeros(g))  # type: ignore[no-any-return]


@translates("randn", "randn_like")
def randn(g: Graph, *_: Any, **__: Any) -> Value:
    """Of the standard normal distribution."""
    return g.op("RandomNormalLike", _zeros(g))  # type: ignore[no-any-return]


@translates("uniform")
def uniform(g: Graph, self: Value, a: float = 0.0, b: float = 1.0, **_: Any) -> Value:
    """Between ``a`` and ``b``."""
    return like(self, g.op("RandomUniformLike", self, low=float(a), high=float(b)))


@translates("normal")
def normal(g: Graph, self: Value, mean: float = 0.0, std: float = 1.0, **_: Any) -> Value:
    """Of a normal distribution."""
    return like(self, g.op("RandomNormalLike", self, mean=float(mean), scale=float(std)))


@translates("bernoulli")
def bernoulli(g: Graph, self: Value, p: Any = None, **_: Any) -> Value:
    """One with the probability that is given."""
    if p is not None:
        self = g.expand(g.number(p, self.dtype), self.sizes)
    return like(self, g.op("Bernoulli", self))


@translates("multinomial")
def multinomial(g: Graph, self: Value, num_samples: int, replacement: bool = False, **_: Any) -> Value:
    """Indices by their weights."""
    rows = self if self.ndim == 2 else g.unsqueeze(self, [0])
    logs = g.op("Log", rows)
    made = g.op("Multinomial", logs, sample_size=num_samples, dtype=dtypes.int32)
    g.nodes[-1].attribute.extend([_dtype_attribute(dtypes.int32)])
    made = g.cast(made, dtypes.int64)
    return made if self.ndim == 2 else g.op("Squeeze", made, np.array([0], np.int64))  # type: ignore[no-any-return]


def _dtype_attribute(dtype: Any) -> Any:
    from onnx import helper

    return helper.make_attribute("dtype", number_of(dtype))

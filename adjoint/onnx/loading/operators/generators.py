"""Random numbers, and dropout."""

from __future__ import annotations

from typing import Any

import numpy as np

import adjoint
from adjoint.nn import functional
from adjoint.onnx.loading.rows import operator
from adjoint.onnx.loading.tensors import dtype_of


def _generator(seed: float | None) -> Any:
    """A generator of the node's own, where the file gives it a seed; else the default one, which ``manual_seed`` seeds."""
    if seed is None:
        return None
    return adjoint.Generator().manual_seed(int(np.float32(seed).view(np.uint32)))


@operator("RandomNormal", random=True)
def normal(
    site: Any, shape: Any, dtype: int = 1, mean: float = 0.0, scale: float = 1.0, seed: float | None = None
) -> Any:
    generator, kind = _generator(seed), dtype_of(dtype)
    return lambda: mean + scale * adjoint.randn(shape, dtype=kind, generator=generator)


@operator("RandomNormalLike", random=True)
def normal_like(
    site: Any, dtype: int | None = None, mean: float = 0.0, scale: float = 1.0, seed: float | None = None
) -> Any:
    generator = _generator(seed)
    kind = None if dtype is None else dtype_of(dtype)
    return lambda x: mean + scale * adjoint.randn(x.shape, dtype=kind or x.dtype, generator=generator)


@operator("RandomUniform", random=True)
def uniform(
    site: Any, shape: Any, dtype: int = 1, high: float = 1.0, low: float = 0.0, seed: float | None = None
) -> Any:
    generator, kind = _generator(seed), dtype_of(dtype)
    return lambda: low + (high - low) * adjoint.rand(shape, dtype=kind, generator=generator)


@operator("RandomUniformLike", random=True)
def uniform_like(
    site: Any, dtype: int | None = None, high: float = 1.0, low: float = 0.0, seed: float | None = None
) -> Any:
    generator = _generator(seed)
    kind = None if dtype is None else dtype_of(dtype)
    return lambda x: low + (high - low) * adjoint.rand(x.shape, dtype=kind or x.dtype, generator=generator)


@operator("Bernoulli", random=True)
def bernoulli(site: Any, dtype: int | None = None, seed: float | None = None) -> Any:
    generator = _generator(seed)
    kind = None if dtype is None else dtype_of(dtype)
    return lambda p: adjoint.bernoulli(p, generator=generator).to(kind or p.dtype)


@operator("Multinomial", random=True)
def multinomial(site: Any, dtype: int = 6, sample_size: int = 1, seed: float | None = None) -> Any:
    generator, kind = _generator(seed), dtype_of(dtype)
    return lambda x: adjoint.multinomial(functional.softmax(x, 1), sample_size, True, generator=generator).to(kind)


def _dropped(x: Any, ratio: float, generator: Any, mask_wanted: bool) -> Any:
    if generator is None and not mask_wanted:
        return (functional.dropout(x, ratio, True),)
    kept = adjoint.rand(x.shape, generator=generator) >= ratio
    return adjoint.where(kept, x / (1 - ratio) if ratio < 1 else 0.0, 0.0).to(x.dtype), kept


def _whole(x: Any, mask_wanted: bool) -> Any:
    return (x, adjoint.ones_like(x, dtype=adjoint.bool)) if mask_wanted else (x,)


@operator("Dropout", since=7, training=lambda site, options: False, several=True)
def dropout_by_attribute(site: Any, ratio: float = 0.5) -> Any:
    masked = len(site.outputs) > 1
    return lambda training, x: _dropped(x, ratio, None, masked) if training else _whole(x, masked)


def _file_trains(site: Any, options: dict[str, Any]) -> bool:
    says = site.constant(2)
    return says is not None and bool(says)


@operator("Dropout", since=12, training=_file_trains, several=True, host=(1, 2))
def dropout(site: Any, seed: int | None = None) -> Any:
    masked = len(site.outputs) > 1
    generator = None if seed is None else adjoint.Generator().manual_seed(seed)
    computed = site.given(2) and site.constant(2) is None  # an input says whether to train, and not the module

    def prepare(ratio: Any, trains: Any) -> Any:
        p = 0.5 if ratio is None else float(ratio)

        def run(training: bool, x: Any) -> Any:
            if not (bool(trains) if computed else training):
                return _whole(x, masked)
            return _dropped(x, p, generator, masked)

        return run

    return prepare

"""Samples that are drawn until one is accepted: ``poisson``, ``binomial``, and what gamma and Dirichlet distributions need."""

from __future__ import annotations

from typing import Any

import numpy as np

from adjoint.declare import composite
from adjoint.declare.arguments import wrong_argument
from adjoint.declare.underived import underived
from adjoint.dtypes import FLOAT, SCALAR_TYPE_NAMES
from adjoint.ops.arrays import all_values
from adjoint.ops.broadcasting import broadcast_tensors
from adjoint.ops.creation import made
from adjoint.ops.implicit_gradients import of_concentration
from adjoint.ops.random import draw_into, generator_argument, not_implemented
from adjoint.ops.sampling import recorded_sample
from adjoint.random import rejection
from adjoint.random.generator import Generator
from adjoint.readings.batched import drawn_for, to_draw_into
from adjoint.readings.meta import room_for
from adjoint.summation import total
from adjoint.tensor import Tensor


@composite(where="torch")
def poisson(input: Tensor, generator: Generator | None = None) -> Tensor:
    """Poisson-distributed numbers of the rates in ``input``.

    Raises RuntimeError for a negative rate, NotImplementedError for integers.

    >>> import adjoint as torch
    >>> torch.poisson(torch.zeros(2))
    tensor([0., 0.])
    """
    if not isinstance(input, Tensor):
        wrong_argument("poisson", "input", "Tensor", input, 1)
    if input.dtype.category != FLOAT:
        raise not_implemented("poisson_cpu", input.dtype)
    source = generator_argument("poisson", generator)
    rates = drawn_for(input._array)
    if not all_values(rates >= 0).all():
        raise RuntimeError("invalid Poisson rate, expected rate to be non-negative")
    draw = lambda out, g: rejection.poisson(out, g, _flat(rates).astype(np.float64))
    return recorded_sample(_drawn_like(rates, draw, source), "PoissonBackward0", input)


def _drawn_like(parameters: Any, draw: Any, source: Generator) -> Any:
    """An array of the parameters' shape and dtype that ``draw(out, generator)`` fills."""
    array = to_draw_into(room_for(parameters.shape, parameters.dtype, parameters))
    draw_into(array, draw, source)
    return array


def _flat(array: Any) -> Any:
    return all_values(array).reshape(-1)


@composite(where="torch")
def binomial(count: Tensor, prob: Tensor, generator: Generator | None = None) -> Tensor:
    """How many of ``count`` trials succeed, each with the probability ``prob``; the two are broadcast.

    Raises ValueError for counts or probabilities that are no floating-point numbers, NotImplementedError for halves.

    >>> import adjoint as torch
    >>> torch.binomial(torch.tensor([3., 4.]), torch.tensor([0., 1.]))
    tensor([0., 4.])
    """
    for position, (name, given) in enumerate({"count": count, "prob": prob}.items(), 1):
        if not isinstance(given, Tensor):
            wrong_argument("binomial", name, "Tensor", given, position)
        if given.dtype.category != FLOAT:
            raise ValueError(
                f"binomial only supports floating-point dtypes for {name}, got: {SCALAR_TYPE_NAMES[given.dtype]}"
            )
    if count.dtype.itemsize == 2:
        raise not_implemented("binomial_cpu", count.dtype)
    if prob.dtype is not count.dtype:
        raise RuntimeError(
            f"Found dtype {SCALAR_TYPE_NAMES[prob.dtype]} but expected {SCALAR_TYPE_NAMES[count.dtype]}"
        )
    source = generator_argument("binomial", generator)
    counts, chances = (drawn_for(t._array) for t in broadcast_tensors(count, prob))
    draw = lambda out, g: rejection.binomial(out, g, _flat(counts), _flat(chances))
    return _underived(_drawn_like(counts, draw, source), "binomial", count, prob)


@composite(where="torch")
def _standard_gamma(self: Tensor, generator: Generator | None = None) -> Tensor:
    """Gamma-distributed numbers of these concentrations and of rate 1, with the implicit gradient.

    Raises NotImplementedError for other dtypes than float32 and float64.

    >>> import adjoint as torch
    >>> (torch._standard_gamma(torch.ones(2)) > 0).all().item()
    True
    """
    _check_single("gamma_cpu", self)
    source = generator_argument("_standard_gamma", generator)
    concentrations = drawn_for(self._array)
    draw = lambda out, g: _fill_gamma(out, g, _flat(concentrations))
    return of_concentration.function(self, made(_drawn_like(concentrations, draw, source)))


def _fill_gamma(out: Any, source: Generator, concentrations: Any) -> None:
    rejection.gamma(out, source, concentrations)
    np.fmax(out, np.finfo(out.dtype).tiny, out=out)


@composite(where="torch")
def _sample_dirichlet(self: Tensor, generator: Generator | None = None) -> Tensor:
    """Vectors of probabilities whose distribution has these concentrations along the last dimension; no gradient flows.

    Raises NotImplementedError for other dtypes than float32 and float64.

    >>> import adjoint as torch
    >>> torch._sample_dirichlet(torch.ones(3)).sum()
    tensor(1.)
    """
    _check_single("dirichlet", self)
    source = generator_argument("_sample_dirichlet", generator)
    concentrations = drawn_for(self._array)
    draw = lambda out, g: _fill_dirichlet(out, g, all_values(concentrations))
    return _underived(_drawn_like(concentrations, draw, source), "_sample_dirichlet", self)


def _fill_dirichlet(out: Any, source: Generator, concentrations: Any) -> None:
    """Gamma-distributed numbers over their sums, none of them 0 or 1."""
    gammas = np.empty(out.size)
    _fill_gamma(gammas, source, concentrations.reshape(-1).astype(np.float64))
    rows = gammas.reshape(concentrations.shape or (1,))
    least, most = np.finfo(out.dtype).tiny, np.nextafter(out.dtype.type(1), out.dtype.type(0))
    out[...] = (rows / total(rows, -1, keepdims=True)).astype(out.dtype).clip(least, most).reshape(-1)


def _check_single(kernel: str, tensor: Any) -> None:
    if not isinstance(tensor, Tensor):
        wrong_argument("_standard_gamma" if kernel == "gamma_cpu" else "_sample_dirichlet", "self", "Tensor", tensor, 1)
    if tensor.dtype.category != FLOAT or tensor.dtype.itemsize == 2:
        raise not_implemented(kernel, tensor.dtype)


def _underived(array: Any, name: str, *inputs: Tensor) -> Tensor:
    """What was drawn, recorded if one of the inputs requires grad, so that a backward says that there is none."""
    result = made(array)
    underived([result], inputs, f"derivative for aten::{name} is not implemented")
    return result

"""Exponential families, whose entropies follow from their log normalizers."""

from __future__ import annotations

from typing import Any

from adjoint.autograd.backward import grad
from adjoint.distributions.distribution import Distribution
from adjoint.tensor import Tensor


class ExponentialFamily(Distribution):
    """Distributions of the density ``exp(<t(x), θ> - F(θ) + k(x))``: natural parameters ``θ`` (``_natural_params``), the log
    normalizer ``F`` (``_log_normalizer``), and the mean of ``k`` (``_mean_carrier_measure``).

    The entropy is ``F(θ) - <θ, ∇F(θ)> - E[k]``, with the gradient from autograd (Nielsen and Nock 2010).
    """

    @property
    def _natural_params(self) -> tuple[Tensor, ...]:
        raise NotImplementedError

    def _log_normalizer(self, *natural_params: Any) -> Tensor:
        raise NotImplementedError

    @property
    def _mean_carrier_measure(self) -> float:
        raise NotImplementedError

    def entropy(self) -> Tensor:
        """The entropy in nats, of the batch's shape."""
        natural = [p.detach().requires_grad_() for p in self._natural_params]
        normalizer = self._log_normalizer(*natural)
        gradients = grad(normalizer.sum(), natural, create_graph=True)
        result = -self._mean_carrier_measure + normalizer
        for parameter, slope in zip(natural, gradients):
            result = result - (parameter * slope).reshape(self._batch_shape + (-1,)).sum(-1)
        return result

"""The beta distribution."""

from __future__ import annotations

from collections.abc import Sequence

import adjoint
from adjoint.distributions import constraints
from adjoint.distributions.dirichlet import Dirichlet
from adjoint.distributions.exp_family import ExponentialFamily
from adjoint.distributions.utils import broadcast_all
from adjoint.tensor import Tensor

__all__ = ["Beta"]


class Beta(ExponentialFamily):
    """Numbers in [0, 1] of the density ``x^(a - 1) (1 - x)^(b - 1) / B(a, b)``, where ``a`` and ``b`` are
    ``concentration1`` and ``concentration0``.

    >>> import adjoint as torch
    >>> torch.distributions.Beta(1., 3.).mean
    tensor(0.2500)
    """

    arg_constraints = {"concentration1": constraints.positive, "concentration0": constraints.positive}
    support = constraints.unit_interval
    has_rsample = True
    _expands = ("_dirichlet",)

    def __init__(
        self, concentration1: Tensor | float, concentration0: Tensor | float, validate_args: bool | None = None
    ) -> None:
        both = adjoint.stack(broadcast_all(_as_float(concentration1), _as_float(concentration0)), -1)
        self._dirichlet = Dirichlet(both, validate_args=validate_args)
        super().__init__(self._dirichlet._batch_shape, validate_args=validate_args)

    @property
    def concentration1(self) -> Tensor:
        """How often 1 was seen, as it were."""
        return self._dirichlet.concentration[..., 0]

    @property
    def concentration0(self) -> Tensor:
        """How often 0 was seen, as it were."""
        return self._dirichlet.concentration[..., 1]

    @property
    def mean(self) -> Tensor:
        return self.concentration1 / (self.concentration1 + self.concentration0)

    @property
    def mode(self) -> Tensor:
        return self._dirichlet.mode[..., 0]

    @property
    def variance(self) -> Tensor:
        total = self.concentration1 + self.concentration0
        return self.concentration1 * self.concentration0 / (total.pow(2) * (total + 1))

    def rsample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        return self._dirichlet.rsample(sample_shape).select(-1, 0)

    def log_prob(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        return self._dirichlet.log_prob(adjoint.stack([value, 1.0 - value], -1))

    def entropy(self) -> Tensor:
        return self._dirichlet.entropy()

    @property
    def _natural_params(self) -> tuple[Tensor, Tensor]:
        return self.concentration1, self.concentration0

    def _log_normalizer(self, x: Tensor, y: Tensor) -> Tensor:
        return x.lgamma() + y.lgamma() - (x + y).lgamma()


def _as_float(concentration: Tensor | float) -> Tensor | float:
    return float(concentration) if isinstance(concentration, int) else concentration

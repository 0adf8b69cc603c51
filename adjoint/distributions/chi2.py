"""The chi-squared distribution."""

from __future__ import annotations

from adjoint.distributions import constraints
from adjoint.distributions.gamma import Gamma
from adjoint.tensor import Tensor

__all__ = ["Chi2"]


class Chi2(Gamma):
    """Sums of squares of ``df`` standard normal numbers: a gamma distribution of concentration ``df / 2`` and rate 1/2.

    >>> import adjoint as torch
    >>> torch.distributions.Chi2(torch.tensor([2.])).mean
    tensor([2.])
    """

    arg_constraints = {"df": constraints.positive}
    _expands = Gamma._expands

    def __init__(self, df: Tensor | float, validate_args: bool | None = None) -> None:
        super().__init__(0.5 * df, 0.5, validate_args=validate_args)

    @property
    def df(self) -> Tensor:
        """The degrees of freedom."""
        return self.concentration * 2

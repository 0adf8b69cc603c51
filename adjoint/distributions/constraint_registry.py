"""Registries from constraints to transforms that reach them from all real numbers.

``biject_to(constraint)`` is one to one, and has a Jacobian: for Hamiltonian Monte Carlo over a support.
``transform_to(constraint)`` need not be, and may have more inputs than outputs: for optimizing a constrained parameter.

>>> import adjoint as torch
>>> from adjoint.distributions import constraints, transform_to
>>> transform_to(constraints.positive)(torch.zeros(2))
tensor([1., 1.])
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from adjoint.distributions import constraints, transforms

__all__ = ["ConstraintRegistry", "biject_to", "transform_to"]


class ConstraintRegistry:
    """A table from classes of constraints to functions that make a transform for one of them."""

    def __init__(self) -> None:
        self._registry: dict[type, Callable[[Any], Any]] = {}
        super().__init__()

    def register(self, constraint: Any, factory: Callable[[Any], Any] | None = None) -> Any:
        """Have ``factory(constraint)`` make the transforms for a class of constraints (or that of an object); without it,
        a decorator.  Raises TypeError for what is no constraint."""
        if factory is None:
            return lambda factory: self.register(constraint, factory)
        if isinstance(constraint, constraints.Constraint):
            constraint = type(constraint)
        if not isinstance(constraint, type) or not issubclass(constraint, constraints.Constraint):
            raise TypeError(f"Expected constraint to be either a Constraint subclass or instance, but got {constraint}")
        self._registry[constraint] = factory
        return factory

    def __call__(self, constraint: Any) -> Any:
        """The transform for a constraint.  Raises NotImplementedError where none is registered."""
        try:
            factory = self._registry[type(constraint)]
        except KeyError:
            raise NotImplementedError(f"Cannot transform {type(constraint).__name__} constraints") from None
        return factory(constraint)


biject_to = ConstraintRegistry()
transform_to = ConstraintRegistry()


def _to_interval(constraint: Any) -> transforms.Transform:
    low, high = constraint.lower_bound, constraint.upper_bound
    if isinstance(low, (int, float)) and low == 0 and isinstance(high, (int, float)) and high == 1:
        return transforms.SigmoidTransform()
    return transforms.ComposeTransform([transforms.SigmoidTransform(), transforms.AffineTransform(low, high - low)])


def _beyond(bound: Any, direction: int) -> transforms.Transform:
    return transforms.ComposeTransform([transforms.ExpTransform(), transforms.AffineTransform(bound, direction)])


# For both registries; what is made of other constraints asks the same registry for theirs.
_BOTH: list[tuple[Any, Callable[..., Any]]] = [
    (constraints.real, lambda c, to: transforms.identity_transform),  # type: ignore[has-type]
    (constraints.positive, lambda c, to: transforms.ExpTransform()),
    (constraints.nonnegative, lambda c, to: transforms.ExpTransform()),
    (constraints.greater_than, lambda c, to: _beyond(c.lower_bound, 1)),
    (constraints.greater_than_eq, lambda c, to: _beyond(c.lower_bound, 1)),
    (constraints.less_than, lambda c, to: _beyond(c.upper_bound, -1)),
    (constraints.interval, lambda c, to: _to_interval(c)),
    (constraints.half_open_interval, lambda c, to: _to_interval(c)),
    (constraints.corr_cholesky, lambda c, to: transforms.CorrCholeskyTransform()),
    (
        constraints.independent,
        lambda c, to: transforms.IndependentTransform(to(c.base_constraint), c.reinterpreted_batch_ndims),
    ),
    (constraints.cat, lambda c, to: transforms.CatTransform([to(part) for part in c.cseq], c.dim, c.lengths)),
    (constraints.stack, lambda c, to: transforms.StackTransform([to(part) for part in c.cseq], c.dim)),
]


for _registry in (biject_to, transform_to):
    for _constraint, _make in _BOTH:
        _registry.register(_constraint, partial(_make, to=_registry))

biject_to.register(constraints.simplex, lambda c: transforms.StickBreakingTransform())
transform_to.register(constraints.simplex, lambda c: transforms.SoftmaxTransform())
transform_to.register(constraints.lower_cholesky, lambda c: transforms.LowerCholeskyTransform())
transform_to.register(constraints.positive_definite, lambda c: transforms.PositiveDefiniteTransform())
transform_to.register(constraints.positive_semidefinite, lambda c: transforms.PositiveDefiniteTransform())

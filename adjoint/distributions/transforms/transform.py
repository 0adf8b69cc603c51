"""Transform: what all have; the inverse of one, and several one after the other."""

from __future__ import annotations

import functools
import operator
from typing import Any

import adjoint
from adjoint.distributions import constraints
from adjoint.distributions.utils import _sum_rightmost, lazy_property
from adjoint.tensor import Tensor


class Transform:
    """A function from ``domain`` to ``codomain``.  A subclass computes ``_call`` and, where they exist, ``_inverse`` and
    ``log_abs_det_jacobian``; ``bijective`` says whether every value has one origin, ``sign`` whether a monotonic function
    rises (1) or falls (-1).

    With ``cache_size=1`` the latest value is kept with its origin, so that inverting it costs nothing and loses nothing.
    Raises ValueError for other sizes than 0 and 1.
    """

    bijective = False
    domain: Any
    codomain: Any

    def __init__(self, cache_size: int = 0) -> None:
        if cache_size not in (0, 1):
            raise ValueError("cache_size must be 0 or 1")
        self._cache_size = cache_size
        self._inv: Transform | None = None
        if cache_size:
            self._cached_x_y: tuple[Any, Any] = (None, None)
        super().__init__()

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_inv": None}

    @property
    def event_dim(self) -> int:
        """How many dimensions at the end the function does not treat one by one, where it keeps their number."""
        if self.domain.event_dim == self.codomain.event_dim:
            return self.domain.event_dim  # type: ignore[no-any-return]
        raise ValueError("Please use either .domain.event_dim or .codomain.event_dim")

    @property
    def inv(self) -> Transform:
        """The inverse."""
        if self._inv is None:
            self._inv = _InverseTransform(self)
        return self._inv

    @property
    def sign(self) -> Any:
        """1 where the function rises, -1 where it falls."""
        raise NotImplementedError

    def with_cache(self, cache_size: int = 1) -> Transform:
        """The same function with a cache, or without."""
        if self._cache_size == cache_size:
            return self
        if type(self).__init__ is Transform.__init__:
            return type(self)(cache_size=cache_size)
        raise NotImplementedError(f"{type(self)}.with_cache is not implemented")

    def __eq__(self, other: object) -> bool:
        return self is other

    def __ne__(self, other: object) -> bool:
        return not self.__eq__(other)

    def __call__(self, x: Any) -> Any:
        """The function's value at ``x``."""
        if self._cache_size == 0:
            return self._call(x)
        x_old, y_old = self._cached_x_y
        if x is x_old:
            return y_old
        y = self._call(x)
        self._cached_x_y = x, y
        return y

    def _inv_call(self, y: Any) -> Any:
        if self._cache_size == 0:
            return self._inverse(y)
        x_old, y_old = self._cached_x_y
        if y is y_old:
            return x_old
        x = self._inverse(y)
        self._cached_x_y = x, y
        return x

    def _call(self, x: Any) -> Any:
        raise NotImplementedError

    def _inverse(self, y: Any) -> Any:
        raise NotImplementedError

    def log_abs_det_jacobian(self, x: Any, y: Any) -> Any:
        """``log |dy / dx|`` for a value ``y`` of ``x``, of the shape of ``x`` without the domain's ``event_dim`` dimensions."""
        raise NotImplementedError

    def __repr__(self) -> str:
        return self.__class__.__name__ + "()"

    def forward_shape(self, shape: Any) -> Any:
        """The shape of a value whose origin has this one."""
        return shape

    def inverse_shape(self, shape: Any) -> Any:
        """The shape of the origin of a value of this one."""
        return shape


class _InverseTransform(Transform):
    """The inverse of a transform."""

    _inv: Transform

    def __init__(self, transform: Transform) -> None:
        super().__init__(cache_size=transform._cache_size)
        self._inv = transform

    @constraints.dependent_property(is_discrete=False)
    def domain(self) -> Any:
        return self._inverted.codomain

    @constraints.dependent_property(is_discrete=False)
    def codomain(self) -> Any:
        return self._inverted.domain

    @property
    def _inverted(self) -> Transform:
        if self._inv is None:  # a copy or a pickle leaves it out
            raise AssertionError("_inv must not be None")
        return self._inv

    @property
    def bijective(self) -> bool:  # type: ignore[override]
        return self._inverted.bijective

    @property
    def sign(self) -> Any:
        return self._inverted.sign

    @property
    def inv(self) -> Transform:
        return self._inv

    def with_cache(self, cache_size: int = 1) -> Transform:
        return self._inverted.with_cache(cache_size).inv

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _InverseTransform) and self._inverted == other._inv

    def __repr__(self) -> str:
        return f"{self.__class__.__name__}({self._inv!r})"

    def __call__(self, x: Any) -> Any:
        return self._inverted._inv_call(x)

    def log_abs_det_jacobian(self, x: Any, y: Any) -> Any:
        return -self._inverted.log_abs_det_jacobian(y, x)

    def forward_shape(self, shape: Any) -> Any:
        return self._inv.inverse_shape(shape)

    def inverse_shape(self, shape: Any) -> Any:
        return self._inv.forward_shape(shape)


class ComposeTransform(Transform):
    """Several transforms one after the other, the first of ``parts`` first.

    >>> import adjoint as torch
    >>> from adjoint.distributions.transforms import AffineTransform, ComposeTransform, ExpTransform
    >>> ComposeTransform([ExpTransform(), AffineTransform(1., 2.)])(torch.zeros(1))
    tensor([3.])
    """

    def __init__(self, parts: list[Transform], cache_size: int = 0) -> None:
        super().__init__(cache_size=cache_size)
        self.parts = [part.with_cache(cache_size) for part in parts] if cache_size else parts

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ComposeTransform) and self.parts == other.parts

    @constraints.dependent_property(is_discrete=False)
    def domain(self) -> Any:
        if not self.parts:
            return constraints.real
        steps = [(p.domain.event_dim, p.codomain.event_dim) for p in reversed(self.parts)]
        return _of_event_dim(self.parts[0].domain, steps, "domain")

    @constraints.dependent_property(is_discrete=False)
    def codomain(self) -> Any:
        if not self.parts:
            return constraints.real
        steps = [(p.codomain.event_dim, p.domain.event_dim) for p in self.parts]
        return _of_event_dim(self.parts[-1].codomain, steps, "codomain")

    @lazy_property
    def bijective(self) -> bool:  # type: ignore[override]
        return all(p.bijective for p in self.parts)

    @lazy_property
    def sign(self) -> Any:
        return functools.reduce(operator.mul, (p.sign for p in self.parts), 1)

    @property
    def inv(self) -> Transform:
        if self._inv is None:
            self._inv = ComposeTransform([p.inv for p in reversed(self.parts)])
            self._inv._inv = self
        return self._inv

    def with_cache(self, cache_size: int = 1) -> Transform:
        return self if self._cache_size == cache_size else ComposeTransform(self.parts, cache_size=cache_size)

    def __call__(self, x: Any) -> Any:
        for part in self.parts:
            x = part(x)
        return x

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Any:
        if not self.parts:
            return adjoint.zeros_like(x)
        between = [x]
        for part in self.parts[:-1]:
            between.append(part(between[-1]))
        between.append(y)
        terms = []
        event_dim = self.domain.event_dim
        for part, x, y in zip(self.parts, between, between[1:]):
            own = part.domain.event_dim
            terms.append(_sum_rightmost(part.log_abs_det_jacobian(x, y), event_dim - own))
            event_dim += part.codomain.event_dim - own
        return functools.reduce(operator.add, terms)

    def forward_shape(self, shape: Any) -> Any:
        for part in self.parts:
            shape = part.forward_shape(shape)
        return shape

    def inverse_shape(self, shape: Any) -> Any:
        for part in reversed(self.parts):
            shape = part.inverse_shape(shape)
        return shape

    def __repr__(self) -> str:
        parts = ",\n    ".join(repr(p) for p in self.parts)
        return f"{self.__class__.__name__}(\n    {parts}\n)"


def _of_event_dim(constraint: Any, steps: list[tuple[int, int]], said: str) -> Any:
    """The constraint at the end of a walk through the parts, with as many event dimensions as the parts on the way need;
    each step is the event dimensions behind and before a part."""
    event_dim = steps[0][1]
    for behind, before in steps:
        event_dim = max(event_dim + behind - before, behind)
    own = constraint.event_dim
    if event_dim < own:
        raise AssertionError(f"event_dim {event_dim} must be >= {said}.event_dim {own}")
    return constraints.independent(constraint, event_dim - own) if event_dim > own else constraint


identity_transform = ComposeTransform([])
"""The transform that changes nothing."""

"""Distribution: what all distributions have; a file beside this one is one distribution, or one kind of thing for them."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import adjoint
from adjoint.autograd.grad_mode import no_grad
from adjoint.distributions import constraints
from adjoint.distributions.utils import lazy_property
from adjoint.places import users_level
from adjoint.tensor import Size, Tensor

_NO_DIMENSIONS = Size()


class Distribution:
    """A probability distribution, or a batch of them: ``batch_shape`` says how many, ``event_shape`` what one sample of one
    of them looks like.

    A subclass says in ``arg_constraints`` what its parameters have to satisfy, in ``support`` what its samples do, and
    computes ``log_prob``, ``rsample`` (or ``sample``) and what else is known in closed form; the rest raises
    NotImplementedError.  With ``validate_args``, parameters that break a constraint, and values outside of the support,
    raise ValueError.
    """

    has_rsample = False
    has_enumerate_support = False
    _validate_args = __debug__

    _expands: tuple[str, ...]
    """The attributes, tensors and distributions, whose shapes begin with the batch's, for :meth:`expand`."""
    _keeps: tuple[str, ...] = ()
    """The attributes that an expanded distribution takes over as they are."""

    @staticmethod
    def set_default_validate_args(value: bool) -> None:
        """Whether distributions that are not told otherwise look at their arguments; by default not under ``python -O``.

        >>> import adjoint as torch
        >>> torch.distributions.Distribution.set_default_validate_args(True)
        """
        if value not in (True, False):
            raise ValueError
        Distribution._validate_args = value

    def __init__(
        self,
        batch_shape: Size = _NO_DIMENSIONS,
        event_shape: Size = _NO_DIMENSIONS,
        validate_args: bool | None = None,
    ) -> None:
        self._batch_shape = batch_shape
        self._event_shape = event_shape
        if validate_args is not None:
            self._validate_args = validate_args
        if self._validate_args:
            self._check_parameters()
        super().__init__()

    def _check_parameters(self) -> None:
        """Raise ValueError for the first parameter that breaks its constraint."""
        try:
            named = self.arg_constraints
        except NotImplementedError:
            warnings.warn(
                f"{self.__class__} does not define `arg_constraints`. Please set `arg_constraints = {{}}` or initialize "
                "the distribution with `validate_args=False` to turn off validation.",
                stacklevel=users_level(),
            )
            return
        for name, constraint in named.items():
            if constraints.is_dependent(constraint):
                continue  # on others, which it alone does not know
            if name not in self.__dict__ and isinstance(getattr(type(self), name), lazy_property):
                continue  # it is computed from one that is looked at
            value = getattr(self, name)
            if not adjoint._is_all_true(constraint.check(value)):
                raise ValueError(
                    f"Expected parameter {name} ({type(value).__name__} of shape {tuple(value.shape)}) of distribution "
                    f"{self!r} to satisfy the constraint {constraint!r}, but found invalid values:\n{value}"
                )

    # Shapes.

    @property
    def batch_shape(self) -> Size:
        """The shape of the batch: how many distributions this is."""
        return self._batch_shape

    @property
    def event_shape(self) -> Size:
        """The shape of one sample of one distribution."""
        return self._event_shape

    def expand(self, batch_shape: Sequence[int], _instance: Any = None) -> Any:
        """The distribution with a larger batch, made by expanding its parameters, without new memory.

        ``_instance`` is the object to fill, for subclasses that add to it.

        >>> import adjoint as torch
        >>> torch.distributions.Normal(0., 1.).expand([2, 3]).batch_shape
        torch.Size([2, 3])
        """
        owner = next((cls for cls in type(self).__mro__ if "_expands" in vars(cls)), None)
        if owner is None:
            raise NotImplementedError
        new = self._get_checked_instance(owner, _instance)
        batch_shape = Size(batch_shape)
        self._expand_into(new, batch_shape)
        return self._finish_expanding(new, batch_shape)

    def _expand_into(self, new: Any, batch_shape: Size) -> None:
        """Give another distribution this one's parameters, for a batch of that shape."""
        own = len(self._batch_shape)
        for name in self._expands:
            value = self.__dict__.get(name)
            if isinstance(value, Distribution):
                setattr(new, name, value.expand(batch_shape + value.batch_shape[own:]))
            elif value is not None:
                setattr(new, name, value.expand(batch_shape + value.shape[own:]))
        for name in self._keeps:
            setattr(new, name, self.__dict__[name])

    def _finish_expanding(self, new: Any, batch_shape: Size) -> Any:
        """Have a distribution that was given its parameters be one."""
        Distribution.__init__(new, batch_shape, self._event_shape, validate_args=False)
        new._validate_args = self._validate_args
        return new

    def _get_checked_instance(self, cls: type, _instance: Any = None) -> Any:
        """An empty object of this class, which may be a subclass of ``cls`` only if it is made in the same way."""
        if _instance is not None:
            return _instance
        if type(self).__init__ is not cls.__init__:  # type: ignore[misc]
            raise NotImplementedError(
                f"Subclass {self.__class__.__name__} of {cls.__name__} that defines a custom __init__ method must also "
                "define a custom .expand() method."
            )
        return self.__new__(type(self))

    def _extended_shape(self, sample_shape: Sequence[int] = Size()) -> Size:
        """The shape of a sample of that many."""
        if not isinstance(sample_shape, Size):
            sample_shape = Size(sample_shape)
        return Size(sample_shape + self._batch_shape + self._event_shape)

    # What is known of it.

    @property
    def arg_constraints(self) -> dict[str, constraints.Constraint]:
        """What each parameter has to satisfy."""
        raise NotImplementedError

    @property
    def support(self) -> Any:
        """What its samples satisfy."""
        raise NotImplementedError

    @property
    def mean(self) -> Tensor:
        """The mean."""
        raise NotImplementedError

    @property
    def mode(self) -> Tensor:
        """Where the density is greatest."""
        raise NotImplementedError(f"{self.__class__} does not implement mode")

    @property
    def variance(self) -> Tensor:
        """The variance."""
        raise NotImplementedError

    @property
    def stddev(self) -> Tensor:
        """The standard deviation, the root of the variance."""
        return self.variance.sqrt()

    def entropy(self) -> Tensor:
        """The entropy in nats, of the batch's shape."""
        raise NotImplementedError

    def perplexity(self) -> Tensor:
        """The exponential of the entropy."""
        return self.entropy().exp()

    # Samples.

    def sample(self, sample_shape: Sequence[int] = Size()) -> Tensor:
        """Samples, of the shape ``sample_shape + batch_shape + event_shape``, through which no gradient flows."""
        with no_grad():
            return self.rsample(sample_shape)

    def rsample(self, sample_shape: Sequence[int] = Size()) -> Tensor:
        """Samples that are a differentiable function of the parameters, where ``has_rsample`` says that there are any."""
        raise NotImplementedError

    def sample_n(self, n: int) -> Tensor:
        """``sample((n,))``, PyTorch's older name of it."""
        warnings.warn(
            "`sample_n(n)` will be deprecated. Use `sample((n,))` instead.", FutureWarning, stacklevel=users_level()
        )
        return self.sample(Size((n,)))

    def enumerate_support(self, expand: bool = True) -> Tensor:
        """All values that there are, along a first dimension; those behind it are the batch's, or 1 without ``expand``."""
        raise NotImplementedError

    # Values.

    def log_prob(self, value: Tensor) -> Tensor:
        """The logarithm of the density, or of the probability, at ``value``."""
        raise NotImplementedError

    def cdf(self, value: Tensor) -> Tensor:
        """The probability of less than ``value`` or of ``value`` itself."""
        raise NotImplementedError

    def icdf(self, value: Tensor) -> Tensor:
        """The inverse of :meth:`cdf`: the quantiles."""
        raise NotImplementedError

    def _validate_sample(self, value: Any) -> None:
        """Raise ValueError unless ``value`` is a tensor of shape and values that samples have."""
        if not isinstance(value, Tensor):
            raise ValueError("The value argument to log_prob must be a Tensor")
        actual = value.size()
        if actual[len(actual) - len(self._event_shape) :] != self._event_shape:
            raise ValueError(f"The right-most size of value must match event_shape: {actual} vs {self._event_shape}.")
        expected = self._batch_shape + self._event_shape
        if any(i != 1 and j != 1 and i != j for i, j in zip(reversed(actual), reversed(expected))):
            raise ValueError(f"Value is not broadcastable with batch_shape+event_shape: {actual} vs {expected}.")
        try:
            support = self.support
        except NotImplementedError:
            warnings.warn(
                f"{self.__class__} does not define `support` to enable sample validation. Please initialize the "
                "distribution with `validate_args=False` to turn off validation.",
                stacklevel=users_level(),
            )
            return
        if not adjoint._is_all_true(support.check(value)):
            raise ValueError(
                f"Expected value argument ({type(value).__name__} of shape {tuple(value.shape)}) to be within the support "
                f"({support!r}) of the distribution {self!r}, but found invalid values:\n{value}"
            )

    def __repr__(self) -> str:
        given = {name: self.__dict__[name] for name in self.arg_constraints if name in self.__dict__}
        shown = (f"{name}: {value if value.numel() == 1 else value.size()}" for name, value in given.items())
        return f"{self.__class__.__name__}({', '.join(shown)})"

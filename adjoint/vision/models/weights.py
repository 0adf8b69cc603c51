"""Weights: where a model's trained parameters are, and the old ways of asking for them."""

from __future__ import annotations

import functools
import inspect
import warnings
from collections.abc import Callable
from dataclasses import dataclass, fields
from enum import Enum
from typing import Any, TypeVar

from adjoint.places import users_level

F = TypeVar("F", bound=Callable[..., Any])


@dataclass
class Weights:
    """A set of trained parameters: where they are, how images are prepared for them, and facts about them."""

    url: str
    transforms: Callable[..., Any]
    meta: dict[str, Any]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Weights) or self.url != other.url or self.meta != other.meta:
            return False
        mine, theirs = self.transforms, other.transforms
        if isinstance(mine, functools.partial) and isinstance(theirs, functools.partial):
            return (mine.func, mine.args, mine.keywords) == (theirs.func, theirs.args, theirs.keywords)
        return mine == theirs


class WeightsEnum(Enum):
    """The sets of weights of one model; ``DEFAULT`` is the best of them."""

    @classmethod
    def verify(cls, obj: Any) -> Any:
        """``obj`` as a member (or None), from a member or a member's name; TypeError for anything else."""
        if obj is None:
            return None
        if type(obj) is str:
            return cls[obj.replace(cls.__name__ + ".", "")]
        if not isinstance(obj, cls):
            raise TypeError(
                f"Invalid Weight class provided; expected {cls.__name__} but received {obj.__class__.__name__}."
            )
        return obj

    def get_state_dict(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """The parameters, downloaded once; arguments as of :func:`adjoint.hub.load_state_dict_from_url`."""
        from adjoint.hub import load_state_dict_from_url

        kwargs.setdefault("weights_only", True)
        return load_state_dict_from_url(self.url, *args, **kwargs)

    def __repr__(self) -> str:
        return f"{self.__class__.__name__}.{self._name_}"

    def __reduce_ex__(self, protocol: Any) -> Any:
        return getattr, (type(self), self._name_)  # not by its value: a figure that is NaN would not be found again

    @property
    def url(self) -> str:
        """Where the file is."""
        return self.value.url

    @property
    def transforms(self) -> Callable[..., Any]:
        """What makes the transforms that prepare an image."""
        return self.value.transforms

    @property
    def meta(self) -> dict[str, Any]:
        """Facts about the weights."""
        return self.value.meta


_SITE = "https://download.pytorch.org/models/"


def offered(
    file: str, transforms: Callable[..., Any], num_params: int, ops: float, file_size: float, metrics: Any, **meta: Any
) -> Weights:
    """A row of a table of weights: a file of PyTorch's site, and facts.

    ``ops`` are the billions of operations for one input, ``file_size`` is in megabytes, ``metrics`` says for a data set what
    was measured on it, by name.
    """
    facts = {"num_params": num_params, "_ops": ops, "_file_size": file_size, "_metrics": metrics}
    return Weights(_SITE + file, transforms, {**meta, **facts})


assert [f.name for f in fields(Weights)] == ["url", "transforms", "meta"]


_NOT_GIVEN = object()


def with_legacy_weights(default: WeightsEnum | None, backbone: WeightsEnum | None = None) -> Callable[[F], F]:
    """Let a model's builder also be called with ``pretrained=``, or with options by position (a decorator).

    ``default`` is what ``pretrained=True`` stands for (None: an error), and ``backbone`` is what ``pretrained_backbone=True`` does
    where there is a backbone.  Both ways are deprecated; torchvision's warnings say so.
    """
    if backbone is None:
        return handle_legacy_interface(weights=("pretrained", default))
    return handle_legacy_interface(weights=("pretrained", default), weights_backbone=("pretrained_backbone", backbone))


def handle_legacy_interface(**weights: tuple[str, Any]) -> Callable[[F], F]:
    """Let a builder be called in old ways, with warnings: its options by position, and an option ``old=True`` in place of
    ``new=default`` for each of ``new=(old, default)`` (a decorator).

    A default that is a function is called with the options that were given, by their names.
    """

    def decorate(builder: F) -> F:
        parameters = inspect.signature(builder).parameters.values()
        positional = sum(p.kind is not p.KEYWORD_ONLY and p.kind is not p.VAR_KEYWORD for p in parameters)
        names = [p.name for p in parameters][positional:]

        @functools.wraps(builder)
        def build(*args: Any, **kwargs: Any) -> Any:
            if len(args) > positional:
                _named_by_position(kwargs, dict(zip(names, args[positional:])))
            for new, (old, default) in weights.items():
                _asked_anew(builder.__name__, kwargs, new, old, default)
            return builder(*args[:positional], **kwargs)

        return build  # type: ignore[return-value]

    return decorate


def _named_by_position(kwargs: dict[str, Any], given: dict[str, Any]) -> None:
    """Take options that were given without their names, with a warning."""
    *firsts, last = [f"'{name}'" for name in given]
    shown = f"{', '.join(firsts)}{',' if len(firsts) > 1 else ''} and {last}" if firsts else last
    warnings.warn(
        f"Using {shown} as positional parameter(s) is deprecated since 0.13 and may be removed in the future. Please use keyword "
        "parameter(s) instead.",
        stacklevel=users_level(),
    )
    kwargs.update(given)


def _asked_anew(builder: str, kwargs: dict[str, Any], new: str, old: str, known: Any) -> None:
    """Put the option ``new`` in place of what was asked for as ``old=True``, or as ``new=True``, with warnings."""
    given = kwargs.get(new, _NOT_GIVEN)
    if given is _NOT_GIVEN:
        if old not in kwargs:
            return
        wanted = kwargs[old]
        warnings.warn(
            f"The parameter '{old}' is deprecated since 0.13 and may be removed in the future, please use '{new}' instead.",
            stacklevel=users_level(),
        )
    elif given is None or isinstance(given, WeightsEnum) or (isinstance(given, str) and given != "legacy"):
        return
    else:
        kwargs[old] = wanted = kwargs.pop(new)
    weights = None
    if wanted:
        weights = known(kwargs) if callable(known) else known
        if not isinstance(weights, WeightsEnum):
            raise ValueError(f"No weights available for model {builder}")
    message = (
        f"Arguments other than a weight enum or `None` for '{new}' are deprecated since 0.13 and may be removed in the future. "
        f"The current behavior is equivalent to passing `{new}={weights}`."
    )
    if wanted:
        message += f" You can also use `{new}={type(weights).__name__}.DEFAULT` to get the most up-to-date weights."
    warnings.warn(message, stacklevel=users_level())
    del kwargs[old]
    kwargs[new] = weights


def require(kwargs: dict[str, Any], name: str, value: Any) -> None:
    """Set an option that the weights decide; ValueError where the caller said otherwise."""
    if name in kwargs and kwargs[name] != value:
        raise ValueError(f"The parameter '{name}' expected value {value} but got {kwargs[name]} instead.")
    kwargs[name] = value


def decided(name: str, given: Any, value: Any) -> Any:
    """``value``, which the weights decide; ValueError where ``given`` (None: nothing) says otherwise."""
    if given is not None and given != value:
        raise ValueError(f"The parameter '{name}' expected value {value} but got {given} instead.")
    return value

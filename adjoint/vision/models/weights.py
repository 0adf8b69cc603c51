"""Weights: where a model's trained parameters are, and the old ways of asking for them."""

from __future__ import annotations

import functools
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


assert [f.name for f in fields(Weights)] == ["url", "transforms", "meta"]


def with_legacy_weights(default: WeightsEnum) -> Callable[[F], F]:
    """Let a model's builder also be called with ``pretrained=``, or with weights by position (a decorator).

    Both are deprecated; torchvision's warnings say so.
    """

    def decorate(builder: F) -> F:
        @functools.wraps(builder)
        def build(*args: Any, **kwargs: Any) -> Any:
            if args:
                names = ("weights", "progress")[: len(args)]
                if len(args) > 2:
                    raise TypeError(
                        f"{builder.__name__}() takes from 0 to 2 positional arguments but {len(args)} were given"
                    )
                shown = " and ".join(f"'{name}'" for name in names)
                warnings.warn(
                    f"Using {shown} as positional parameter(s) is deprecated since 0.13 and may be removed in the "
                    "future. Please use keyword parameter(s) instead.",
                    stacklevel=users_level(),
                )
                kwargs.update(zip(names, args))
            given = kwargs.get("weights")
            by_position = given is not None and not isinstance(given, (WeightsEnum, str))
            if by_position or given == "legacy" or "pretrained" in kwargs:
                if "pretrained" in kwargs and not by_position:
                    wanted = kwargs.pop("pretrained")
                    warnings.warn(
                        "The parameter 'pretrained' is deprecated since 0.13 and may be removed in the future, please "
                        "use 'weights' instead.",
                        stacklevel=users_level(),
                    )
                else:
                    kwargs.pop("pretrained", None)
                    wanted = given
                weights = default if wanted else None
                message = (
                    "Arguments other than a weight enum or `None` for 'weights' are deprecated since 0.13 and may be "
                    f"removed in the future. The current behavior is equivalent to passing `weights={weights}`."
                )
                if wanted:
                    message += (
                        f" You can also use `weights={type(default).__name__}.DEFAULT` to get the most up-to-date "
                        "weights."
                    )
                warnings.warn(message, stacklevel=users_level())
                kwargs["weights"] = weights
            return builder(**kwargs)

        return build  # type: ignore[return-value]

    return decorate


def require(kwargs: dict[str, Any], name: str, value: Any) -> None:
    """Set an option that the weights decide; ValueError where the caller said otherwise."""
    if name in kwargs and kwargs[name] != value:
        raise ValueError(f"The parameter '{name}' expected value {value} but got {kwargs[name]} instead.")
    kwargs[name] = value

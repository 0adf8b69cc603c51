"""The models by name."""

from __future__ import annotations

import fnmatch
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])

_BUILDERS: dict[str, tuple[Callable[..., Any], Any]] = {}


def register_model(weights: Any) -> Callable[[F], F]:
    """Make a builder known by its name, with the class of its weights (a decorator)."""

    def decorate(builder: F) -> F:
        assert builder.__name__ not in _BUILDERS, f"{builder.__name__} is registered twice"
        _BUILDERS[builder.__name__] = builder, weights
        return builder

    return decorate


def _found(name: str) -> tuple[Callable[..., Any], Any]:
    try:
        return _BUILDERS[name.lower()]
    except KeyError:
        raise ValueError(f"Unknown model {name}") from None


def list_models(
    module: Any = None, include: Iterable[str] | str | None = None, exclude: Iterable[str] | str | None = None
) -> list[str]:
    """The names of the models there are; ``include`` and ``exclude`` are patterns such as "resnet*".

    >>> from adjoint.vision import models
    >>> models.list_models(include="resnet1*")
    ['resnet101', 'resnet152', 'resnet18']
    """
    names = {n for n, (b, _) in _BUILDERS.items() if module is None or b.__module__.startswith(module.__name__)}

    def matching(patterns: Iterable[str] | str) -> set[str]:
        patterns = [patterns] if isinstance(patterns, str) else patterns
        return {name for pattern in patterns for name in fnmatch.filter(names, pattern)}

    if include:
        names = matching(include)
    if exclude:
        names -= matching(exclude)
    return sorted(names)


def get_model(name: str, **config: Any) -> Any:
    """The model of that name, built with ``config``; ValueError where there is none."""
    return _found(name)[0](**config)


def get_model_builder(name: str) -> Callable[..., Any]:
    """The function that builds the model of that name."""
    return _found(name)[0]


def get_model_weights(name: Callable[..., Any] | str) -> Any:
    """The class of a model's weights, by the model's name or builder."""
    return _found(name if isinstance(name, str) else name.__name__)[1]


def get_weight(name: str) -> Any:
    """A set of weights by its full name, "ResNet18_Weights.IMAGENET1K_V1"."""
    try:
        class_name, member = name.split(".")
    except ValueError:
        raise ValueError(f"Invalid weight name provided: '{name}'.") from None
    for _, weights in _BUILDERS.values():
        if weights.__name__ == class_name:
            return weights[member]
    raise ValueError(f"The weight enum '{class_name}' for the specific method couldn't be retrieved.")

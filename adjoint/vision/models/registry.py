"""The models by name."""

from __future__ import annotations

import fnmatch
import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterable
from types import ModuleType
from typing import Any, TypeVar, get_args, get_type_hints

from adjoint.vision.models.weights import WeightsEnum

F = TypeVar("F", bound=Callable[..., Any])

BUILTIN_MODELS: dict[str, Callable[..., Any]] = {}
"""The builders that are registered, by name: those of modules that were not looked at yet are not among them."""

_MODELS = __name__.rpartition(".")[0]


def register_model(name: str | None = None) -> Callable[[F], F]:
    """Make a builder known by ``name``, or by its own (a decorator); ValueError where there is one of that name."""

    def decorate(builder: F) -> F:
        key = name if isinstance(name, str) else builder.__name__
        if key in BUILTIN_MODELS:
            raise ValueError(f"An entry is already registered under the name '{key}'.")
        BUILTIN_MODELS[key] = builder
        return builder

    return decorate


def _all() -> dict[str, Callable[..., Any]]:
    """The builders, all modules of models looked at."""
    for module in _packages():
        for below in pkgutil.iter_modules(module.__path__):
            if below.name[0] != "_":
                importlib.import_module(f"{module.__name__}.{below.name}")
    return BUILTIN_MODELS


def _packages() -> list[ModuleType]:
    """``models`` and the packages in it, of segmentation and the like."""
    models = importlib.import_module(_MODELS)
    below = [m.name for m in pkgutil.iter_modules(models.__path__) if m.ispkg]
    return [models, *(importlib.import_module(f"{_MODELS}.{name}") for name in below)]


def list_models(
    module: ModuleType | None = None, include: Iterable[str] | str | None = None, exclude: Iterable[str] | str | None = None
) -> list[str]:
    """The names of the models there are, those of one package if ``module`` is given; ``include`` and ``exclude`` are patterns.

    >>> from adjoint.vision import models
    >>> models.list_models(include="resnet1*")
    ['resnet101', 'resnet152', 'resnet18']
    """
    there = {
        name
        for name, builder in _all().items()
        if module is None or builder.__module__.rpartition(".")[0] == module.__name__
    }

    def matching(patterns: Iterable[str] | str) -> set[str]:
        patterns = [patterns] if isinstance(patterns, str) else patterns
        return {name for pattern in patterns for name in fnmatch.filter(there, pattern)}

    chosen = matching(include) if include else there
    return sorted(chosen - matching(exclude) if exclude else chosen)


def get_model(name: str, **config: Any) -> Any:
    """The model of that name, built with ``config``; ValueError where there is none."""
    return get_model_builder(name)(**config)


def get_model_builder(name: str) -> Callable[..., Any]:
    """The function that builds the model of that name; ValueError where there is none."""
    key = name.lower()
    found = BUILTIN_MODELS.get(key) or _all().get(key)
    if found is None:
        raise ValueError(f"Unknown model {key}")
    return found


def get_model_weights(name: Callable[..., Any] | str) -> Any:
    """The class of a model's weights, by the model's name or builder: what the builder's argument ``weights`` is annotated with."""
    builder = get_model_builder(name) if isinstance(name, str) else name
    if "weights" not in inspect.signature(builder).parameters:
        raise ValueError("The method is missing the 'weights' argument.")
    kind = get_type_hints(builder).get("weights")
    for option in (kind, *get_args(kind)):
        if isinstance(option, type) and issubclass(option, WeightsEnum):
            return option
    raise ValueError(
        "The WeightsEnum class for the specific method couldn't be retrieved. Make sure the typing info is correct."
    )


def get_weight(name: str) -> Any:
    """A set of weights by its full name, "ResNet18_Weights.IMAGENET1K_V1"; ValueError or KeyError where there is none."""
    try:
        class_name, member = name.split(".")
    except ValueError:
        raise ValueError(f"Invalid weight name provided: '{name}'.") from None
    for module in _packages():
        found = getattr(module, class_name, None)
        if isinstance(found, type) and issubclass(found, WeightsEnum):
            return found[member]
    raise ValueError(f"The weight enum '{class_name}' for the specific method couldn't be retrieved.")

"""Builders: the functions that make a model of a known architecture, with trained weights or without, from a row each."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from typing import Any, Protocol, TypeVar, get_type_hints

from adjoint.vision.models.registry import register_model
from adjoint.vision.models.weights import WeightsEnum, require, with_legacy_weights

M = TypeVar("M")
M_co = TypeVar("M_co", covariant=True)


class Builder(Protocol[M_co]):
    """What :func:`builder` makes."""

    __name__: str

    def __call__(self, *, weights: WeightsEnum | str | None = None, progress: bool = True, **kwargs: Any) -> M_co: ...


def builder(
    name: str,
    make: Callable[..., M],
    weights: type[WeightsEnum],
    about: str,
    *,
    defaults: dict[str, Any] | None = None,
    decided: dict[str, Any] | None = None,
    when_loading: dict[str, Any] | None = None,
    adapt: Callable[[dict[str, Any]], dict[str, Any]] | None = None,
    needs: Callable[[dict[str, Any]], dict[str, Any]] | None = None,
    pretrained: str = "IMAGENET1K_V1",
    **architecture: Any,
) -> Builder[M]:
    """The function ``name`` of the calling module, registered, that makes a model and loads its weights where some are asked for.

    The model is ``make(**architecture, **kwargs)``.  ``defaults`` are options where the caller gives none, ``decided`` those that
    nobody may give otherwise, ``when_loading`` those that are set where weights are loaded, ``needs`` makes of weights' ``meta``
    those that they decide, ``adapt`` changes a file's keys to the model's.  ``about`` begins the docstring; ``pretrained`` are the
    weights of ``pretrained=True``.
    """
    enum = weights

    def build(*, weights: Any = None, progress: bool = True, **kwargs: Any) -> M:
        chosen = enum.verify(weights)
        for option, value in (decided or {}).items():
            require(kwargs, option, value)
        kwargs = {**(defaults or {}), **kwargs}
        if chosen is None:
            return make(**architecture, **kwargs)
        kwargs.update(when_loading or {})
        for option, value in (needs(chosen.meta) if needs else {}).items():
            require(kwargs, option, value)
        return with_weights(lambda **options: make(**architecture, **options), kwargs, chosen, progress, adapt)

    build.__name__ = build.__qualname__ = name
    build.__module__ = sys._getframe(1).f_globals["__name__"]
    build.__doc__ = f"""{about}

    ``weights``, a member of :class:`{enum.__name__}` or its name, are downloaded once; None leaves the seeded initialization.
    ``progress`` shows the download; the other arguments are those of the model's class.  Raises ValueError if ``num_classes`` is
    not that of the weights, URLError where there is no network: it says which file to put where.
    """
    build.__annotations__ = {"weights": enum | None, "progress": bool, "kwargs": Any, "return": _made(make)}
    return register_model()(with_legacy_weights(enum.__members__.get(pretrained))(build))


def with_weights(
    make: Callable[..., M],
    kwargs: dict[str, Any],
    weights: Any,
    progress: bool,
    adapt: Callable[[dict[str, Any]], dict[str, Any]] | None = None,
) -> M:
    """``make(**kwargs)`` with these weights, for as many classes as they have."""
    if weights.meta.get("categories") is not None:
        require(kwargs, "num_classes", len(weights.meta["categories"]))
    model: Any = make(**kwargs)
    state = weights.get_state_dict(progress=progress, check_hash=True)
    model.load_state_dict(state if adapt is None else adapt(state))
    return model


def _made(make: Callable[..., Any]) -> Any:
    """The class of what a function makes."""
    return make if inspect.isclass(make) else get_type_hints(make)["return"]

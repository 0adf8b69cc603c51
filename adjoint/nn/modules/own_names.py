"""Own names: what a layer has from a private base goes by the layer's name, which Python's errors say.

``Conv2d()`` is missing arguments of ``Conv2d.__init__()``; that the convolutions share theirs is nobody's business.
"""

from __future__ import annotations

from types import FunctionType

_METHODS = ("__init__", "forward")


def own_names(cls: type) -> None:
    """Give a public class copies, named for it, of the methods that users call and that it has from a private base."""
    if cls.__name__.startswith("_"):
        return
    for name in _METHODS:
        method = getattr(cls, name, None)
        if name in cls.__dict__ or not isinstance(method, FunctionType) or not method.__qualname__.startswith("_"):
            continue
        copy = FunctionType(method.__code__, method.__globals__, name, method.__defaults__, method.__closure__)
        copy.__kwdefaults__, copy.__annotations__ = method.__kwdefaults__, method.__annotations__
        copy.__doc__, copy.__module__ = method.__doc__, cls.__module__
        copy.__qualname__ = f"{cls.__name__}.{name}"
        setattr(cls, name, copy)

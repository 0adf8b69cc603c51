"""swap_tensors: two tensors exchange what they are, and keep who they are."""

from __future__ import annotations

import weakref
from typing import Any

from adjoint.tensor import Tensor, dictionary_of


def swap_tensors(t1: Any, t2: Any) -> None:
    """Exchange the values, classes, attributes and gradients of two tensors: whoever holds one finds the other's in it.

    Raises RuntimeError where something refers weakly to one of them, or their classes have different slots.

    >>> import adjoint as torch
    >>> a, b = torch.nn.Parameter(torch.zeros(1)), torch.nn.Parameter(torch.ones(2))
    >>> torch.utils.swap_tensors(a, b)
    >>> a.shape, b.shape
    (torch.Size([2]), torch.Size([1]))
    """
    for name, tensor in (("t1", t1), ("t2", t2)):
        if weakref.getweakrefs(tensor):
            raise RuntimeError(f"Cannot swap {name} because it has weakref associated with it")
    slots = _slots(type(t1))
    if slots != _slots(type(t2)):
        raise RuntimeError("Cannot swap t1 and t2 if they have different slots")
    missing = object()
    first, second = ([getattr(t, slot, missing) for slot in slots] for t in (t1, t2))
    attributes = [dict(dictionary_of(t)) for t in (t2, t1)]
    t1.__class__, t2.__class__ = t2.__class__, t1.__class__
    for tensor, kept in ((t1, second), (t2, first)):
        for slot, value in zip(slots, kept):
            if value is not missing:
                object.__setattr__(tensor, slot, value)
            elif hasattr(tensor, slot):
                object.__delattr__(tensor, slot)
    for tensor, values in zip((t1, t2), attributes):
        whole = dictionary_of(tensor)
        whole.clear()
        whole.update(values)


def _slots(cls: type) -> list[str]:
    assert issubclass(cls, Tensor)
    names = {slot for c in cls.__mro__ for slot in vars(c).get("__slots__", ())}
    return sorted(names - {"__weakref__", "__dict__"})

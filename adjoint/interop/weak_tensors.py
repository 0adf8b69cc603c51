"""Weak references to tensors, as ``torch._C`` has them."""

from __future__ import annotations

import weakref

from adjoint.tensor import Tensor


class WeakTensorRef:
    """Knows a tensor without holding it.

    >>> import adjoint as torch
    >>> x = torch.ones(2)
    >>> known = torch._C._WeakTensorRef(x)
    >>> known.expired()
    False
    >>> del x
    >>> known.expired()
    True
    """

    __slots__ = ("_reference",)

    def __init__(self, tensor: Tensor) -> None:
        self._reference = weakref.ref(tensor)

    def expired(self) -> bool:
        """Whether the tensor is gone."""
        return self._reference() is None

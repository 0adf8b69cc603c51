"""Storage: the piece of memory that a tensor, and every view of it, looks at."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from adjoint import dtypes
from adjoint.autograd.waiting import memory_of
from adjoint.declare import composite
from adjoint.declare.once import warn_once
from adjoint.device import CPU, device
from adjoint.ops.memory import root
from adjoint.readings.meta import MetaArray
from adjoint.tensor import Tensor, attach


def address(array: Any) -> int:
    """Where the first element is."""
    return array.__array_interface__["data"][0] if array.size and array.__class__ is not MetaArray else 0


@composite(where="torch")
class UntypedStorage:
    """The bytes behind a tensor.

    >>> import adjoint as torch
    >>> t = torch.zeros(4)
    >>> t[1:].untyped_storage().data_ptr() == t.data_ptr(), t[1:].untyped_storage().nbytes()
    (True, 16)
    """

    __slots__ = ("_root",)

    def __init__(self, root: Any) -> None:
        self._root = root

    def data_ptr(self) -> int:
        """The address of the first byte."""
        return address(self._root)

    def nbytes(self) -> int:
        """How many bytes there are."""
        return self._root.nbytes

    size = nbytes
    __len__ = nbytes

    def element_size(self) -> int:
        """1: the elements are bytes."""
        return 1

    @property
    def device(self) -> device:
        """The device of the memory."""
        return CPU

    def tolist(self) -> list[int]:
        """The bytes."""
        return list(self._root.tobytes(order="K"))

    def __getitem__(self, index: int) -> int:
        return self.tolist()[index]

    def __iter__(self) -> Iterator[int]:
        return iter(self.tolist())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, UntypedStorage) and (self.data_ptr(), self.nbytes()) == (
            other.data_ptr(),
            other.nbytes(),
        )

    def __hash__(self) -> int:
        return hash(self.data_ptr())

    def __repr__(self) -> str:
        lines = "\n".join(f" {byte}" for byte in self.tolist())
        return f"{lines}\n[torch.storage.UntypedStorage(device=cpu) of size {self.nbytes()}]"


@composite(where="torch")
class TypedStorage(UntypedStorage):
    """The elements behind a tensor, of its dtype.  Deprecated: :class:`UntypedStorage`."""

    __slots__ = ("dtype",)

    def __init__(self, root: Any, dtype: dtypes.dtype) -> None:
        super().__init__(root)
        self.dtype = dtype

    def element_size(self) -> int:
        """The bytes of an element."""
        return self.dtype.itemsize

    def size(self) -> int:
        """How many elements there are."""
        return self.nbytes() // self.dtype.itemsize

    __len__ = size

    def tolist(self) -> list[Any]:
        """The elements."""
        return np.frombuffer(self._root.tobytes(order="K"), self.dtype.array).tolist()

    def untyped(self) -> UntypedStorage:
        """The same memory as bytes."""
        return UntypedStorage(self._root)

    def __repr__(self) -> str:
        lines = "\n".join(f" {element}" for element in self.tolist())
        return f"{lines}\n[torch.storage.TypedStorage(dtype={self.dtype}, device=cpu) of size {self.size()}]"


@attach
def storage(self: Tensor) -> TypedStorage:
    """The memory behind this tensor.  Deprecated: :meth:`untyped_storage`."""
    warn_once(
        "typed storage",
        "TypedStorage is deprecated. It will be removed in the future and UntypedStorage will be the only storage "
        "class. This should only matter to you if you are using storages directly.  To access UntypedStorage directly, "
        "use tensor.untyped_storage() instead of tensor.storage()",
    )
    return TypedStorage(root(memory_of(self)), self.dtype)


@attach
def untyped_storage(self: Tensor) -> UntypedStorage:
    """The memory behind this tensor."""
    return UntypedStorage(root(memory_of(self)))


@composite(where="torch")
def is_storage(obj: Any, /) -> bool:
    """Whether ``obj`` is a storage."""
    return isinstance(obj, UntypedStorage)

"""Legacy storages: ``torch.FloatStorage`` and the other classes of storages of one dtype.  Deprecated."""

from __future__ import annotations

from typing import Any

from adjoint import dtypes
from adjoint.declare.namespaces import FUNCTIONS
from adjoint.interop.storage import TypedStorage, UntypedStorage, legacy_name
from adjoint.tensor import Tensor, attach


class _OfOneDtype(type):
    """The class of these classes: their instances are the storages of their dtype."""

    dtype: dtypes.dtype

    def __instancecheck__(cls, instance: Any) -> bool:
        return isinstance(instance, TypedStorage) and instance.dtype is cls.dtype


def _declare(d: dtypes.dtype) -> Any:
    name = legacy_name(d)

    def __new__(cls: Any, *args: Any, wrap_storage: Any = None, device: Any = None) -> TypedStorage:
        if len(args) > 1 or any(isinstance(a, UntypedStorage) for a in args):
            raise TypeError(
                f"<class 'torch.{name}'>.__new__ received an invalid combination of arguments. Expected one of:\n"
                " * no arguments\n * (int size)\n * (Sequence data)\n * (*, UntypedStorage wrap_storage)"
            )
        return TypedStorage(*args, dtype=d, device=device, wrap_storage=wrap_storage)

    def from_buffer(cls: Any, buffer: Any, byte_order: str = "native", count: int = -1, offset: int = 0) -> TypedStorage:
        """A copy of the elements in a buffer."""
        taken = UntypedStorage.from_buffer(buffer, byte_order, dtype=d, count=count, offset=offset)
        return TypedStorage._of(taken._root, d)  # type: ignore[no-any-return]

    def from_file(cls: Any, filename: Any, shared: bool = False, size: int = 0) -> TypedStorage:
        """The first elements of a file, mapped into memory."""
        found = UntypedStorage.from_file(filename, shared, size * d.itemsize)
        return TypedStorage._of(found._root, d)  # type: ignore[no-any-return]

    space = {
        "__new__": __new__,
        "__doc__": f"Storages of ``torch.{d.name}``.  Deprecated: ``torch.UntypedStorage``.",
        "__module__": "torch",
        "dtype": d,
        "from_buffer": classmethod(from_buffer),
        "from_file": classmethod(from_file),
    }
    return _OfOneDtype(name, (), space)


CLASSES = {
    d: _declare(d)
    for d in (
        dtypes.float64, dtypes.float32, dtypes.float16, dtypes.bfloat16, dtypes.int64, dtypes.int32, dtypes.int16, dtypes.int8,
        dtypes.uint8, dtypes.bool_, dtypes.complex64, dtypes.complex128,
    )
}  # fmt: skip
FUNCTIONS["torch"].update({cls.__name__: cls for cls in CLASSES.values()})


@attach
def storage_type(self: Tensor) -> Any:
    """The older class of storages of this tensor's dtype."""
    return CLASSES[self.dtype]

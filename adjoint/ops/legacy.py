"""Legacy constructors: ``torch.Tensor(2, 3)``, ``torch.FloatTensor([1, 2])`` and the other classes of that kind."""

from __future__ import annotations

from typing import Any

import numpy as np

from adjoint import dtypes
from adjoint.autograd.captures import record_of_new
from adjoint.autograd.interception import intercept
from adjoint.autograd.overriding import made_of_class
from adjoint.declare import composite
from adjoint.declare.arguments import check_not_negative, sizes, type_name
from adjoint.declare.namespaces import FUNCTIONS
from adjoint.declare.once import warn_once
from adjoint.device import device as Device
from adjoint.ops.from_data import array_of
from adjoint.readings.sparse import SparseArray
from adjoint.tensor import NO_EDGE, Size, Tensor, writes_of


def _over(array: Any, cls: type[Tensor]) -> Tensor:
    made_of_class(cls)
    t = object.__new__(cls)
    t._array = array
    t._edge = NO_EDGE
    t._writes = None
    if intercept.active:
        t._writes = record_of_new()
    return t


def _construct(cls: type[Tensor], args: tuple[Any, ...], device: Any, dtype: dtypes.dtype, strict: bool) -> Tensor:
    """What a legacy constructor makes: an empty tensor of sizes, a copy of data, or another face of a tensor.

    ``strict``: whether a tensor that is given has to be of this dtype.
    """
    if device is not None and (kind := Device(device).type) != "cpu":
        raise RuntimeError(f"legacy constructor expects device type: cpu but device type: {kind} was passed")
    if not args:
        return _over(np.empty(0, dtype.array), cls)
    first = args[0]
    if len(args) == 1 and isinstance(first, Tensor):
        if strict and first.dtype is not dtype:
            raise TypeError(f"expected {_options(dtype)} (got {_options(first.dtype)})")
        t = _over(first._array, cls)
        t._writes = writes_of(first)  # the same memory
        return t
    if len(args) == 1 and hasattr(type(first), "_array_of"):  # a storage
        held = getattr(first, "dtype", dtype)
        if held is not dtype:
            wanted, names = dtypes.SCALAR_TYPE_NAMES[dtype], dtypes.SCALAR_TYPE_NAMES
            raise RuntimeError(
                f"Expected a Storage of type {wanted} or an UntypedStorage, but got type {names[held]} for argument 1 'storage'"
            )
        return _over(first._array_of(dtype), cls)
    if len(args) == 1 and not isinstance(first, Size) and (isinstance(first, bool) or not hasattr(first, "__index__")):
        if isinstance(first, (str, bytes)):
            raise TypeError(f"new(): invalid data type '{type_name(first)}'")
        if not hasattr(first, "__len__") or isinstance(first, dict):
            raise TypeError(f"new(): data must be a sequence (got {type_name(first)})")
        return _over(array_of(first, dtype, copy=True), cls)
    if len(args) == 1 and isinstance(first, np.ndarray):
        return _over(array_of(first, dtype, copy=True), cls)
    shape = sizes("new", args)
    check_not_negative(shape)
    return _over(np.empty(shape, dtype.array), cls)


def _options(dtype: dtypes.dtype) -> str:
    """How PyTorch's errors write all that it knows of a tensor."""
    return (
        f"TensorOptions(dtype={dtypes.C_NAMES[dtype]}, device=cpu, layout=Strided, requires_grad=false (default), "
        "pinned_memory=false (default), memory_format=(nullopt))"
    )


def _new_tensor(cls: type[Tensor], *args: Any, size: Any = None, device: Any = None) -> Tensor:
    if size is not None:
        args = (Size(size),)
    return _construct(cls, args, device, dtypes.get_default_dtype(), strict=False)


_new_tensor.__qualname__ = "new"  # errors name it so
Tensor.__new__ = _new_tensor  # type: ignore[assignment,method-assign]


@composite(where="Tensor")
def new(self: Tensor, *args: Any, size: Any = None, device: Any = None) -> Tensor:
    """As ``torch.Tensor(...)``, of this tensor's dtype; of a sparse tensor, a sparse one."""
    if size is not None:
        args = (Size(size),)
    if self._array.__class__ is SparseArray:
        from adjoint.ops.sparse_making import check_all, sparse_coo_tensor

        whole = len(args) == 1 and not isinstance(args[0], int)
        given = args if args and isinstance(args[0], Tensor) else (tuple(args[0]) if whole else args or (0,),)
        return sparse_coo_tensor(*given, device=device, check_invariants=check_all(), **{} if len(given) > 1 else {"dtype": self.dtype})
    return _construct(Tensor, args, device, self.dtype, strict=True)


class tensortype(type):
    """The type of ``torch.FloatTensor`` and its kin: a tensor is an instance of the one of its dtype."""

    dtype: dtypes.dtype
    is_cuda: bool

    def __call__(cls, *args: Any, size: Any = None, device: Any = None) -> Any:
        if size is not None:
            args = (Size(size),)
        if cls.is_cuda:
            raise TypeError(
                f"type {cls.__module__}.{cls.__name__} not available. Torch not compiled with CUDA enabled."
            )
        return _construct(Tensor, args, device, cls.dtype, strict=True)

    def __instancecheck__(cls, instance: Any) -> bool:
        dense = isinstance(instance, Tensor) and instance._array.__class__ is not SparseArray
        return dense and not cls.is_cuda and instance.dtype is cls.dtype


def _legacy_class(dtype: dtypes.dtype, module: str) -> tensortype:
    name = f"{dtypes.SCALAR_TYPE_NAMES[dtype]}Tensor"
    doc = f"The older constructor of tensors of {dtype}: of sizes, or of a sequence of numbers.  Prefer ``torch.tensor``."
    made = {"__module__": module, "__doc__": doc, "__new__": _anew, "dtype": dtype, "is_cuda": module == "torch.cuda"}
    return tensortype(name, (), made)


def _anew(cls: Any, *args: Any, device: Any = None) -> Any:
    """What pickles of old call: the class makes a tensor either way."""
    return cls(*args, device=device)


_LEGACY = (
    dtypes.float32, dtypes.float64, dtypes.float16, dtypes.bfloat16, dtypes.uint8, dtypes.int8, dtypes.int16,
    dtypes.int32, dtypes.int64, dtypes.bool_,
)  # fmt: skip
CPU_CLASSES = {dtype: _legacy_class(dtype, "torch") for dtype in _LEGACY}
CUDA_CLASSES = {cls.__name__: cls for cls in (_legacy_class(dtype, "torch.cuda") for dtype in _LEGACY)}
FUNCTIONS.setdefault("torch", {}).update({cls.__name__: cls for cls in CPU_CLASSES.values()})

_BY_NAME = {f"torch.{name}Tensor": dtype for dtype, name in dtypes.SCALAR_TYPE_NAMES.items()}


def type_string(dtype: dtypes.dtype, sparse: bool = False) -> str:
    """The name of the legacy class of a dtype: ``"torch.FloatTensor"``."""
    return f"torch.{'sparse.' if sparse else ''}{dtypes.SCALAR_TYPE_NAMES[dtype]}Tensor"


def _dtype_of_class(given: Any) -> dtypes.dtype:
    if isinstance(given, dtypes.dtype):
        return given
    if isinstance(given, tensortype):
        if given.is_cuda:
            raise AssertionError("Torch not compiled with CUDA enabled")
        return given.dtype
    if isinstance(given, type) and isinstance(getattr(given, "dtype", None), dtypes.dtype):  # torch.sparse's
        return given.dtype
    if isinstance(given, str):
        if given.startswith("torch.cuda."):
            raise AssertionError("Torch not compiled with CUDA enabled")
        if given == "torch.Tensor":
            return dtypes.get_default_dtype()
        if given not in _BY_NAME:
            raise ValueError(f"invalid type: '{given}'")
        return _BY_NAME[given]
    if given is Tensor:
        return dtypes.get_default_dtype()
    raise TypeError("dtype must be a type, str, or dtype object")


@composite(where="Tensor", name="type")
def type_(self: Tensor, dtype: Any = None, non_blocking: bool = False) -> Any:
    """The name of the tensor's legacy class or, with an argument, the tensor in another dtype.

    >>> import adjoint as torch
    >>> torch.ones(1).type(), torch.ones(1).type(torch.int64)
    ('torch.FloatTensor', tensor([1]))
    """
    if dtype is None:
        return type_string(self.dtype, self._array.__class__ is SparseArray)
    return self.to(_dtype_of_class(dtype))  # type: ignore[attr-defined]


@composite(where="torch")
def set_default_tensor_type(t: Any) -> None:
    """Make the dtype of a legacy class the default dtype.  Deprecated: use :func:`adjoint.set_default_dtype`."""
    warn_once(
        "default tensor type",
        "torch.set_default_tensor_type() is deprecated as of PyTorch 2.1, please use torch.set_default_dtype() and "
        "torch.set_default_device() as alternatives.",
    )
    dtypes.set_default_dtype(_dtype_of_class(t))


@composite(where="torch")
def typename(obj: Any, /) -> str:
    """The name of an object's type: a tensor's legacy class, or module and name.

    >>> import adjoint as torch
    >>> torch.typename(torch.ones(1)), torch.typename(1)
    ('torch.FloatTensor', 'int')
    """
    if isinstance(obj, Tensor):
        return type_string(obj.dtype)
    named = obj if hasattr(obj, "__qualname__") else type(obj)
    module = getattr(named, "__module__", None)
    name = getattr(named, "__qualname__", type(obj).__name__)
    if module in (None, "", "builtins", "__builtin__"):
        return name
    return f"{module}.{name}"

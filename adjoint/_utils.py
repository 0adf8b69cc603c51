"""What programs import from ``torch._utils``: an exception on its way from one thread or process to another, and tensors put
end to end into one."""

from __future__ import annotations

import importlib
import os
import sys
import traceback
from collections.abc import Iterable, Iterator
from types import ModuleType
from typing import Any, NoReturn

from adjoint.declare.namespaces import lookup
from adjoint.device import device as Device
from adjoint.dtypes import dtype as Dtype

__all__ = ["ExceptionWrapper", "KeyErrorMessage", "classproperty", "cpu_count", "try_import"]


class KeyErrorMessage(str):
    """A message that KeyError shows as it is: of other texts it shows the ``repr``, newlines and all."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


class ExceptionWrapper:
    """An exception that can be sent, as its type and the text of its traceback, and be raised elsewhere.

    ``exc_info`` is what ``sys.exc_info()`` gives, by default the exception that is being handled; ``where`` tells in
    the message where it was raised.

    >>> import adjoint as torch
    >>> try:
    ...     1 / 0
    ... except ZeroDivisionError:
    ...     caught = torch._utils.ExceptionWrapper(where="in worker 3")
    >>> try:
    ...     caught.reraise()
    ... except ZeroDivisionError as error:
    ...     print(str(error).splitlines()[0])
    Caught ZeroDivisionError in worker 3.
    """

    exc_type: Any
    exc_msg: str
    where: str

    def __init__(self, exc_info: Any = None, where: str = "in background") -> None:
        if exc_info is None:
            exc_info = sys.exc_info()
        self.exc_type = exc_info[0]
        self.exc_msg = "".join(traceback.format_exception(*exc_info))
        self.where = where

    def reraise(self) -> NoReturn:
        """Raise an exception of that type with both tracebacks in its message; RuntimeError if that takes other arguments."""
        message = f"Caught {self.exc_type.__name__} {self.where}.\nOriginal {self.exc_msg}"
        if self.exc_type is KeyError:
            message = KeyErrorMessage(message)
        elif getattr(self.exc_type, "message", None):  # made of a message by name
            raise self.exc_type(message=message)
        try:
            exception = self.exc_type(message)
        except Exception:
            raise RuntimeError(message) from None
        raise exception


def cpu_count() -> int | None:
    """The cores that this process may run on; None where that is not known."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count()


def try_import(module_name: str) -> ModuleType | None:
    """The module of that name, imported; None where there is none."""
    try:
        return importlib.import_module(module_name)
    except ImportError:
        return None


class classproperty:
    """A property of a class: a function of the class that is called where the attribute is read (a decorator).

    >>> class Settings:
    ...     @classproperty
    ...     def name(cls):
    ...         return cls.__name__
    >>> Settings.name
    'Settings'
    """

    def __init__(self, func: Any) -> None:
        self.fget = func if isinstance(func, (classmethod, staticmethod)) else classmethod(func)

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        owner = type(instance) if owner is None else owner
        return self.fget.__get__(instance, owner)()


def _import_dotted_name(name: str) -> Any:
    """What a name with dots leads to, its first part imported."""
    first, *rest = name.split(".")
    found: Any = __import__(first)
    for part in rest:
        found = getattr(found, part)
    return found


def _flatten_dense_tensors(tensors: Iterable[Any]) -> Any:
    """The tensors' elements end to end, in one tensor of one dimension.

    >>> import adjoint as torch
    >>> flat = torch._utils._flatten_dense_tensors([torch.ones(2), torch.zeros(1, 2)])
    >>> flat
    tensor([1., 1., 0., 0.])
    >>> torch._utils._unflatten_dense_tensors(flat, [torch.ones(2), torch.zeros(1, 2)])
    (tensor([1., 1.]), tensor([[0., 0.]]))
    """
    return lookup("torch", "cat")([tensor.contiguous().view(-1) for tensor in tensors])


def _unflatten_dense_tensors(flat: Any, tensors: Iterable[Any]) -> tuple[Any, ...]:
    """Views of ``flat`` with the sizes of the tensors, one after the other."""
    views, begin = [], 0
    for tensor in tensors:
        views.append(flat.narrow(0, begin, tensor.numel()).view(tensor.shape))
        begin += tensor.numel()
    return tuple(views)


def _take_tensors(tensors: Iterable[Any], size_limit: int) -> Iterator[list[Any]]:
    """The tensors in lists of one type, each of at most so many bytes, or of one tensor that has more."""
    waiting: dict[str, list[Any]] = {}
    for tensor in tensors:
        kind = tensor.type()
        group = waiting.setdefault(kind, [])
        if group and sum(t.nbytes for t in group) + tensor.nbytes > size_limit:
            yield group
            group = waiting[kind] = []
        group.append(tensor)
    yield from (group for group in waiting.values() if group)


def _reorder_tensors_as(tensors: Iterable[Any], ordered_tensors: Iterable[Any]) -> tuple[Any, ...]:
    """The tensors in the order of others, of which each type's are in the same order already."""
    of_type: dict[str, list[Any]] = {}
    for tensor in tensors:
        of_type.setdefault(tensor.type(), []).append(tensor)
    left = {kind: iter(group) for kind, group in of_type.items()}
    return tuple(next(left[tensor.type()]) for tensor in ordered_tensors)


def _element_size(dtype: Any) -> int:
    """The bytes of an element.  Raises RuntimeError for what is no dtype."""
    if not isinstance(dtype, Dtype):
        raise RuntimeError(f"expected torch.dtype, but got {type(dtype)}")
    return dtype.itemsize


def _get_available_device_type() -> str | None:
    """The kind of accelerator that there is: none."""
    return None


def _get_all_device_indices() -> list[int] | None:
    """The numbers of the accelerators that there are: None, for there is no kind of them."""
    return None


def _get_device_index(device: Any, optional: bool = False, allow_cpu: bool = False) -> int | None:
    """The number of a device: its index, or the number itself; -1 for the CPU where that is allowed.

    Raises ValueError for the CPU elsewhere, and for a device without an index unless that is ``optional``.
    """
    if isinstance(device, str):
        device = Device(device)
    index = device if isinstance(device, int) else None
    if isinstance(device, Device):
        if device.type == "cpu" and not allow_cpu:
            raise ValueError(f"Expected a non cpu device, but got: {device}")
        index = -1 if device.type == "cpu" else device.index
    if index is None and not optional:
        raise ValueError(f"Expected a torch.device with a specified index or an integer, but got:{device}")
    return index


def _get_device_module(device_type: str) -> ModuleType:
    """``torch.cuda`` of ``"cuda"``.  Raises RuntimeError where there is no such module."""
    module = try_import(f"{__name__.partition('.')[0]}.{device_type}")
    if module is None:
        raise RuntimeError(f"Device '{device_type}' does not have a corresponding module registered as 'torch.{device_type}'.")
    return module


def _dummy_type(name: str) -> type:
    """A class that cannot be instantiated, in the place of one that needs a device."""

    def refuse(self: Any, *args: Any, **kwargs: Any) -> NoReturn:
        raise RuntimeError(f"Tried to instantiate dummy base class {name}")

    return type(name, (object,), {"__init__": refuse})

"""Calls: for everything that a file may call when only weights are loaded, the arguments it may give, and what they cost.

A function here gets the arguments of one call, raises UnpicklingError where nothing that was saved calls it so, and
returns an upper bound of the bytes that the call makes.  What has no function here is named in files but never called.
"""

from __future__ import annotations

import codecs
import sys
from collections import Counter, OrderedDict
from collections.abc import Callable
from pickle import UnpicklingError
from typing import Any

from adjoint.device import device
from adjoint.ops.legacy import CPU_CLASSES, CUDA_CLASSES
from adjoint.serialization import rebuild
from adjoint.tensor import Size, Tensor

Cost = Callable[..., int]

_OBJECT = 600
"""More than any object takes that a call makes: a tensor with its array, an empty OrderedDict."""
_ENTRY = 128
"""More than an entry of a dictionary or a set takes."""
_TEXT = ("latin1", "latin-1", "ascii", "utf-8", "utf8")
"""The encodings by which picklers write bytes as text.  Others import modules, compress or expand."""


def _of_items(*kinds: type) -> Cost:
    """A container made of nothing, or of one other."""

    def cost(*args: Any) -> int:
        if len(args) > 1 or (args and type(args[0]) not in kinds):
            raise _refused(args)
        return _OBJECT + (_ENTRY * len(args[0]) if args else 0)

    return cost


def _of_numbers(most: int) -> Cost:
    def cost(*args: Any) -> int:
        if len(args) > most or any(type(n) not in (int, float, complex) for n in args):
            raise _refused(args)
        return _OBJECT

    return cost


def _bytearray(*args: Any) -> int:
    if not args:
        return _OBJECT
    first = args[0]
    if len(args) == 1 and type(first) is int and first >= 0:
        return _OBJECT + first
    if len(args) == 1 and type(first) in (bytes, bytearray, list, tuple):
        return _OBJECT + len(first)
    if len(args) == 2 and type(first) is str and args[1] in _TEXT:
        return _OBJECT + 4 * len(first)
    raise _refused(args)


def _encode(*args: Any) -> int:
    if len(args) != 2 or type(args[0]) is not str or type(args[1]) is not str or args[1] not in _TEXT:
        raise _refused(args)
    return _OBJECT + 4 * len(args[0])


def _size(*args: Any) -> int:
    if len(args) > 1 or any(type(given) not in (tuple, list, Size) for given in args):
        raise _refused(args)
    if args and any(type(n) is not int for n in args[0]):
        raise _refused(args)
    return _OBJECT + (8 * len(args[0]) if args else 0)


def _device(*args: Any) -> int:
    if not 1 <= len(args) <= 2 or type(args[0]) is not str or any(type(n) is not int for n in args[1:]):
        raise _refused(args)
    return _OBJECT


def _nothing(*args: Any) -> int:
    if args:
        raise _refused(args)
    return _OBJECT


def _parameter(*args: Any) -> int:
    if len(args) > 2 or any(not isinstance(data, Tensor) for data in args[:1]):
        raise _refused(args)
    return _OBJECT


def _tensor(*args: Any) -> int:
    """A call of one of the functions that rebuild tensors: what it copies, if it does."""
    return _OBJECT + rebuild.copied(args)


def _reduced(*args: Any) -> int:
    """A call of one of those within a tensor's with attributes."""
    if len(args) != 4 or type(args[2]) is not tuple:
        raise _refused(args)
    return 2 * _OBJECT + rebuild.copied(args[2])


def _array(*args: Any) -> int:
    """NumPy's ``_reconstruct``, where the user has allowed it: an array whose contents come after it."""
    if len(args) != 3 or type(args[1]) is not tuple or args[1] != (0,):
        raise _refused(args)
    return _OBJECT


def _scalar(*args: Any) -> int:
    """NumPy's ``scalar``, likewise: a dtype, and as many bytes as it has."""
    if len(args) != 2 or type(args[1]) not in (bytes, str):
        raise _refused(args)
    return _OBJECT + len(args[1])


def _never(*args: Any) -> int:
    """NumPy's ``ndarray``, likewise: pickles name it, and only ``_reconstruct`` calls it."""
    raise _refused(args)


_COSTS: dict[int, Cost] = {
    id(OrderedDict): _of_items(list, tuple, dict, OrderedDict),
    id(Counter): _of_items(list, tuple, dict, str, Counter),
    id(set): _of_items(list, tuple, set),
    id(bytearray): _bytearray,
    id(complex): _of_numbers(2),
    id(codecs.encode): _encode,
    id(Size): _size,
    id(device): _device,
    id(Tensor): _nothing,
    **{id(cls): _nothing for cls in (*CPU_CLASSES.values(), *CUDA_CLASSES.values())},
    id(rebuild._get_layout): lambda *args: _OBJECT,
    id(rebuild._rebuild_from_type_v2): _reduced,
    **{id(f): _tensor for name, f in rebuild.FUNCTIONS.items() if name.startswith("torch._utils.")},
}


_OF_NUMPY: dict[str, Cost] = {"_reconstruct": _array, "scalar": _scalar, "ndarray": _never}


def cost_of(function: Any, args: tuple[Any, ...]) -> int | None:
    """What a call may make, in bytes; None for a function that is not known here."""
    known = _COSTS.get(id(function))
    if known is None:
        place = getattr(function, "__module__", None)
        if place == "adjoint.nn.parameter" or place == "torch.nn.parameter":
            from adjoint.nn.parameter import Parameter

            known = _parameter if function is Parameter else None
        elif str(place).partition(".")[0] == "numpy":
            known = _OF_NUMPY.get(getattr(function, "__name__", ""))
    return None if known is None else known(*args)


def shown(thing: Any) -> str:
    """A thing as an error may show it: what a file has made can be endless when printed."""
    if isinstance(thing, (type, type(shown), type(len))) or thing is None or type(thing) in (bool, float):
        return str(thing)
    if type(thing) is int and abs(thing) < sys.maxsize:
        return str(thing)
    if type(thing) in (str, bytes) and len(thing) < 100:
        return repr(thing)
    return f"of type {type(thing).__name__}"


def _refused(args: tuple[Any, ...]) -> UnpicklingError:
    kinds = ", ".join(type(arg).__name__ for arg in args[:5])
    return UnpicklingError(f"a call with arguments that nothing was ever saved as: ({kinds})")

"""Tensors from data: nested lists, numbers, NumPy arrays, buffers and other tensors."""

from __future__ import annotations

import warnings
from typing import Any, NoReturn

import numpy as np

from adjoint import dtypes
from adjoint.autograd.origins import note_copy, noting
from adjoint.autograd.quiet import calmly, silence
from adjoint.declare import composite
from adjoint.declare.arguments import type_name
from adjoint.declare.on_meta import made_on_meta
from adjoint.declare.once import warn_once
from adjoint.ops.creation import made, options
from adjoint.ops.scalars import fits
from adjoint.places import users_level
from adjoint.readings.meta import OnMeta
from adjoint.stored import converted, is_stored
from adjoint.tensor import Tensor

_NUMBERS = {float, int, bool, complex}


@composite(where="torch")
def tensor(
    data: Any,
    *,
    dtype: dtypes.dtype | None = None,
    device: Any = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
) -> Tensor:
    """A new leaf holding a copy of ``data``: a number, nested sequences of numbers, an array or a tensor.

    Without ``dtype`` the numbers say: bools, integers (``int64``), floats (the default dtype), complex numbers.
    Raises ValueError for ragged sequences, RuntimeError for numbers that do not fit and for ``requires_grad`` of
    integers.

    >>> import adjoint as torch
    >>> torch.tensor([[1, 2], [3, 4.5]], requires_grad=True)
    tensor([[1.0000, 2.0000],
            [3.0000, 4.5000]], requires_grad=True)
    """
    try:
        chosen = options("tensor", dtype, None, device, pin_memory)
    except OnMeta:  # as what explains errors has it for others; this function is called without
        return made_on_meta(tensor, (data,), {"dtype": dtype, "device": device, "requires_grad": requires_grad})  # type: ignore[no-any-return]
    if isinstance(data, Tensor):
        warnings.warn(
            "To copy construct from a tensor, it is recommended to use sourceTensor.detach().clone() or "
            "sourceTensor.detach().clone().requires_grad_(True), rather than torch.tensor(sourceTensor).",
            UserWarning,
            stacklevel=users_level(),
        )
    result = made(array_of(data, chosen, copy=True), requires_grad)
    if noting.on and not requires_grad:
        note_copy(result, data, "torch.tensor(), which copies numbers and no history")
    return result


@composite(where="Tensor")
def new_tensor(
    self: Tensor,
    data: Any,
    *,
    dtype: dtypes.dtype | None = None,
    device: Any = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
) -> Tensor:
    """As :func:`adjoint.tensor`, of this tensor's dtype if none is given."""
    chosen = options("new_tensor", dtype, None, device, pin_memory, self)
    if isinstance(data, Tensor):
        warnings.warn(
            "To copy construct from a tensor, it is recommended to use sourceTensor.detach().clone() or "
            "sourceTensor.detach().clone().requires_grad_(True), rather than tensor.new_tensor(sourceTensor).",
            UserWarning,
            stacklevel=users_level(),
        )
        chosen = chosen or data.dtype
    result = made(array_of(data, chosen or self.dtype, copy=True), requires_grad, function="new_tensor")
    if noting.on and not requires_grad:
        note_copy(result, data, "new_tensor(), which copies numbers and no history")
    return result


def array_of(data: Any, dtype: dtypes.dtype | None, *, copy: bool) -> Any:
    """``data`` as an array of one of the tensors' dtypes; memory is shared where ``copy`` is False and it can be."""
    if isinstance(data, Tensor):
        if dtype is not None and dtype is not data.dtype:
            return cast(data._array, dtype)
        return data._array.copy() if copy else data._array
    cls = data.__class__
    if cls in _NUMBERS:
        chosen = dtypes.default_for(data) if dtype is None else dtype
        return _from_numbers([data], {cls}, chosen).reshape(())
    if isinstance(data, np.ndarray):
        array = of_numpy(data, writable=True)
        if dtype is not None and array.dtype != dtype.array:
            return cast(array, dtype)
        return array.copy(order="K") if copy else array
    if isinstance(data, np.generic):
        return _from_nested(data, (), dtype)
    if isinstance(data, (str, bytes)):
        raise TypeError(f"new(): invalid data type '{type_name(data)}'")
    if cls is list and data and data[0].__class__ is float:  # the most common: one row of floats
        classes = set(map(type, data))
        if classes <= _NUMBERS:
            return _from_numbers(data, classes, dtype or _common(classes))
    if hasattr(cls, "_array_of"):  # a storage
        return data._array_of(dtype).copy()
    if _is_sequence(data):
        return _from_nested(data, _shape_of(data), dtype)
    if hasattr(data, "__array__") or hasattr(data, "__array_interface__"):
        return array_of(np.asarray(data), dtype, copy=copy)
    return _from_nested(data, (), dtype)


def cast(array: Any, dtype: dtypes.dtype) -> Any:
    """``array`` in another dtype, with PyTorch's warning where that drops an imaginary part."""
    if array.dtype.kind == "c" and dtype.category not in (dtypes.COMPLEX, dtypes.BOOL):
        warn_once("complex", "Casting complex values to real discards the imaginary part")
        array = array.real
    if dtype in dtypes.STORED or is_stored(array.dtype):
        return converted(array, dtype.array)
    with silence():
        return array.astype(dtype.array)


def _is_sequence(data: Any) -> bool:
    cls = data.__class__
    return (
        cls is list or cls is tuple or (hasattr(data, "__getitem__") and hasattr(data, "__len__") and cls is not dict)
    )


def _shape_of(data: Any) -> tuple[int, ...]:
    """The sizes of nested sequences, judged by the first element of each."""
    shape = []
    while _is_sequence(data) and not isinstance(data, (Tensor, str, bytes)):
        if isinstance(data, np.ndarray):
            if shape and not data.ndim:
                raise TypeError("len() of unsized object")
            if shape:
                warn_once(
                    "list of arrays",
                    "Creating a tensor from a list of numpy.ndarrays is extremely slow. Please consider converting the "
                    "list to a single numpy.ndarray with numpy.array() before converting to a tensor.",
                )
            shape += data.shape
            break
        shape.append(len(data))
        if len(shape) > 128:
            raise ValueError(f"too many dimensions '{type_name(data)}'")
        if not shape[-1]:
            break
        try:
            data = data[0]
        except Exception:
            raise ValueError(f"could not determine the shape of object type '{type_name(data)}'") from None
        if isinstance(data, str):
            raise ValueError("too many dimensions 'str'")
    return tuple(shape)


def _from_nested(data: Any, shape: tuple[int, ...], dtype: dtypes.dtype | None) -> Any:
    """Nested sequences of numbers as an array."""
    ndim = len(shape)
    if ndim == 1 and data.__class__ in (list, tuple):
        numbers = data
    else:
        numbers = []
        if 0 not in shape:
            _flatten(data, shape, 0, numbers)
    classes = set(map(type, numbers))
    if not classes <= _NUMBERS:
        numbers, found = _plain_numbers(numbers, dtype is None)
        classes = set(map(type, numbers))
    else:
        found = None
    if dtype is None:
        dtype = found or _common(classes)
    return _from_numbers(numbers, classes, dtype).reshape(shape)


def _common(classes: set[type]) -> dtypes.dtype:
    """The dtype that Python numbers of these types have together."""
    if complex in classes:
        return dtypes.get_default_dtype().to_complex()
    if float in classes or not classes:
        return dtypes.get_default_dtype()
    return dtypes.int64 if int in classes else dtypes.bool_


def _flatten(data: Any, shape: tuple[int, ...], depth: int, into: list[Any]) -> None:
    """Append the elements of nested sequences to ``into``; raises ValueError where they are ragged."""
    if depth == len(shape):
        into.append(data)
        return
    if not _is_sequence(data) or isinstance(data, (str, bytes)):
        raise TypeError("not a sequence")
    if len(data) != shape[depth]:
        raise ValueError(f"expected sequence of length {shape[depth]} at dim {depth} (got {len(data)})")
    if depth == len(shape) - 1 and data.__class__ is list:
        into.extend(data)
        return
    elements = data
    if data.__class__ not in (list, tuple):
        elements = list(data)  # of a table, the names of its columns
        if len(elements) != shape[depth]:
            raise ValueError(f"expected sequence of length {shape[depth]} at dim {depth} (got {len(elements)})")
        if depth == len(shape) - 1:
            # By index, which says what the elements are: a column iterates over Python's numbers, whatever its dtype.
            elements = map(data.__getitem__, range(len(data)))
    for inner in elements:
        _flatten(inner, shape, depth + 1, into)


def _plain_numbers(elements: list[Any], infer: bool) -> tuple[list[Any], dtypes.dtype | None]:
    """Elements that are not all Python's own numbers as such numbers, and the dtype that they have together."""
    found: dtypes.dtype | None = None
    numbers = []
    for e in elements:
        if e.__class__ in _NUMBERS:
            d = dtypes.default_for(e)
        elif isinstance(e, Tensor):
            if e._array.size != 1:
                raise ValueError("only one element tensors can be converted to Python scalars")
            if e.requires_grad:
                warn_of_conversion()
            d = e.dtype
            e = e._array.item()
        elif isinstance(e, (np.generic, np.ndarray)):
            if isinstance(e, np.ndarray) and e.size != 1:
                raise ValueError("only one element tensors can be converted to Python scalars")
            d = dtypes.of_array(e)
            e = e.item()
        elif isinstance(e, (bool, int, float, complex)):  # subclasses: enumerations and the like
            e = next(c for c in (bool, int, float, complex) if isinstance(e, c))(e)
            d = dtypes.default_for(e)
        else:
            _not_a_number(e, infer)
        numbers.append(e)
        found = d if found is None else dtypes.promote_types(found, d)
    return numbers, found


def warn_of_conversion() -> None:
    """PyTorch's warning, once, for reading the number of a tensor that requires grad."""
    warn_once(
        "requires grad",
        "Converting a tensor with requires_grad=True to a scalar may lead to unexpected behavior.\n"
        "Consider using tensor.detach() first.",
    )


def _not_a_number(e: Any, infer: bool) -> NoReturn:
    if isinstance(e, (str, bytes)):
        raise TypeError(f"new(): invalid data type '{type_name(e)}'")
    if infer and _is_sequence(e) and not isinstance(e, dict):
        raise TypeError(f"'{type_name(e)}' object cannot be interpreted as an integer")
    if infer:
        raise RuntimeError(f"Could not infer dtype of {type_name(e)}")
    raise TypeError(f"must be real number, not {type_name(e)}")


def _from_numbers(numbers: Any, classes: set[type], dtype: dtypes.dtype) -> Any:
    """Python numbers as a flat array.  Raises, as PyTorch does, where one does not fit."""
    category = dtype.category
    if category == dtypes.FLOAT and complex in classes:
        raise TypeError("must be real number, not complex")
    if dtype in dtypes.STORED:
        return converted(np.array(numbers, np.complex128 if category == dtypes.COMPLEX else np.float64), dtype.array)
    if category == dtypes.FLOAT:
        return _rounded(numbers, np.float64 if dtype.itemsize == 2 else dtype.array, dtype.array)
    if category == dtypes.COMPLEX:
        return _rounded(numbers, np.complex128, dtype.array)
    if category == dtypes.BOOL:
        return np.array([bool(n) for n in numbers], np.bool_)
    if complex in classes:
        raise TypeError("'complex' object cannot be interpreted as an integer")
    if float not in classes and dtype is dtypes.int64:
        try:
            return np.array(numbers, np.int64)
        except OverflowError:
            raise ValueError("Overflow when unpacking long long") from None
    return np.array([_integer(n, dtype) for n in numbers], dtype.array)


def _rounded(numbers: Any, exact: Any, dtype: Any) -> Any:
    """The numbers in a dtype, by way of a more exact one; those too large become infinities in silence."""
    return calmly(_by_way_of, numbers, exact, dtype)


def _by_way_of(numbers: Any, exact: Any, dtype: Any) -> Any:
    return np.array(numbers, exact).astype(dtype, copy=False)


def _integer(n: Any, dtype: dtypes.dtype) -> int:
    if dtype is dtypes.uint64 and not isinstance(n, float):
        if n < 0:
            raise OverflowError("can't convert negative int to unsigned")
        if n >= 2**64:
            raise OverflowError("int too big to convert")
        return n
    if not isinstance(n, float) and not -(2**63) <= n < 2**63:
        raise ValueError("Overflow when unpacking long long")
    if not fits(n, dtype):
        raise RuntimeError(f"value cannot be converted to type {dtype.name} without overflow")
    return int(n) % 2 ** (dtype.itemsize * 8) if n < 0 and not dtype.is_signed else int(n)


def of_numpy(array: Any, *, writable: bool = False) -> Any:
    """A NumPy array that may be a tensor's memory.  Raises, in PyTorch's words, for one that may not."""
    if not array.dtype.isnative:
        raise ValueError(
            "given numpy array has byte order different from the native byte order. Conversion between byte orders is "
            "currently not supported."
        )
    dtype = dtypes.of_array(array)
    if (strides := array.strides) and min(strides) < 0:
        raise ValueError(
            "At least one stride in the given numpy array is negative, and tensors with negative strides are not "
            "currently supported. (You can probably work around this by making a copy of your array  with "
            "array.copy().) "
        )
    if not writable and not array.flags.writeable:
        warn_once(
            "not writable",
            "The given NumPy array is not writable, and PyTorch does not support non-writable tensors. This means "
            "writing to this tensor will result in undefined behavior. You may want to copy the array to protect its "
            "data or make it writable before converting it to a tensor. This type of warning will be suppressed for "
            "the rest of this program.",
        )
    if array.dtype is not dtype.array or type(array) is not np.ndarray:  # one of many that are equal, or a class of the user's
        array = array.view(dtype.array, np.ndarray)
    return array


@composite(where="torch")
def from_numpy(ndarray: Any) -> Tensor:
    """A tensor over the memory of a NumPy array: a change of one is a change of the other.

    Raises TypeError for anything else and for dtypes that tensors do not have, ValueError for negative strides.

    >>> import adjoint as torch, numpy as np
    >>> a = np.zeros(2); t = torch.from_numpy(a); a[0] = 5
    >>> t
    tensor([5., 0.], dtype=torch.float64)
    """
    if not isinstance(ndarray, np.ndarray):
        raise TypeError(f"expected np.ndarray (got {type_name(ndarray)})")
    result = made(of_numpy(ndarray).view())
    if noting.on:
        note_copy(result, ndarray, "")
    return result


@composite(where="torch")
def as_tensor(data: Any, dtype: dtypes.dtype | None = None, device: Any = None) -> Tensor:
    """``data`` as a tensor: a tensor as it is, an array's memory shared, anything else copied.

    >>> import adjoint as torch
    >>> torch.as_tensor([1., 2.])
    tensor([1., 2.])
    """
    chosen = options("as_tensor", dtype, None, device)
    if isinstance(data, Tensor):
        place = {} if device is None else {"device": device}
        return data.to(dtype=chosen or data.dtype, **place)  # type: ignore[attr-defined, no-any-return]
    result = made(_shared(data, chosen))
    if noting.on:
        note_copy(result, data, "")
    return result


def _shared(data: Any, dtype: dtypes.dtype | None) -> Any:
    if isinstance(data, np.ndarray):
        of_numpy(data)  # warns where the memory may not be written to
        array = array_of(data, dtype, copy=False)
        return array.view()
    return array_of(data, dtype, copy=False)


@composite(where="torch")
def asarray(
    obj: Any,
    *,
    dtype: dtypes.dtype | None = None,
    device: Any = None,
    copy: bool | None = None,
    requires_grad: bool | None = None,
) -> Tensor:
    """``obj`` as a tensor, sharing its memory where that is possible and ``copy`` is not True.

    Raises ValueError where ``copy=False`` and a copy would be needed.

    >>> import adjoint as torch
    >>> torch.asarray([1., 2.], requires_grad=True)
    tensor([1., 2.], requires_grad=True)
    """
    chosen = options("asarray", dtype, None, device)
    if isinstance(obj, Tensor):
        if device is not None:
            obj = obj.to(device)  # type: ignore[attr-defined]
        return _tensor_asarray(obj, chosen, copy, requires_grad)
    memory = getattr(obj, "_bytes", None)
    if memory is not None:  # a storage
        own = getattr(obj, "dtype", chosen or dtypes.get_default_dtype())
        obj = memory[: memory.size // own.itemsize * own.itemsize].view(own.array)
    if isinstance(obj, np.ndarray) or hasattr(obj, "__dlpack__"):
        array = of_numpy(obj if isinstance(obj, np.ndarray) else np.from_dlpack(obj), writable=bool(copy))
        wanted = array.dtype if chosen is None else chosen.array
        _check_alias(array, wanted, copy)
        shared = array.astype(wanted, copy=bool(copy))
        return made(shared.view() if shared is array else shared, bool(requires_grad), function="asarray")
    if isinstance(obj, (bytes, bytearray, memoryview)):
        wanted = (chosen or dtypes.get_default_dtype()).array
        array = np.frombuffer(obj, wanted)
        return made(array.copy() if copy else array, bool(requires_grad), function="asarray")
    if copy is False:
        raise ValueError("can't alias arbitrary sequence into a tensor.")
    return made(array_of(obj, chosen, copy=True), bool(requires_grad), function="asarray")


def _check_alias(array: Any, wanted: Any, copy: bool | None) -> None:
    if copy is False and array.dtype != wanted:
        have, want = (dtypes.SCALAR_TYPE_NAMES[dtypes.OF_ARRAY[d]] for d in (array.dtype, wanted))
        raise ValueError(f"can't alias tensor with dtype '{have}' into dtype '{want}'.")


def _tensor_asarray(t: Any, dtype: dtypes.dtype | None, copy: bool | None, requires_grad: bool | None) -> Tensor:
    _check_alias(t._array, t._array.dtype if dtype is None else dtype.array, copy)
    if requires_grad is None and t.requires_grad:
        warn_once(
            "asarray",
            "torch.asarray: unspecified requires_grad now defaults to obj.requires_grad instead of False. Pass "
            "requires_grad=False explicitly to get the old behavior and silence this warning.",
        )
    result = t.to(dtype) if dtype is not None and dtype is not t.dtype else t.clone() if copy else t
    if requires_grad is False and result.requires_grad:
        result = result.detach()
    elif requires_grad and not result.requires_grad:
        result = (result.detach() if result is t else result)._set_requires_grad(True)
    return result


@composite(where="torch")
def frombuffer(
    buffer: Any, *, dtype: dtypes.dtype, count: int = -1, offset: int = 0, requires_grad: bool = False
) -> Tensor:
    """A tensor of one dimension over the memory of a buffer.

    Raises ValueError for an offset or a count outside of it, or a length that the elements do not fill.

    >>> import adjoint as torch
    >>> torch.frombuffer(bytearray(b"ab"), dtype=torch.uint8)
    tensor([97, 98], dtype=torch.uint8)
    """
    chosen = options("frombuffer", dtype)
    assert chosen is not None
    view = memoryview(buffer)
    length, size = view.nbytes, chosen.itemsize
    if not length or not count:
        raise ValueError(f"both buffer length ({length}) and count ({count}) must not be 0")
    if not 0 <= offset < length:
        raise ValueError(
            f"offset ({offset} bytes) must be non-negative and no greater than buffer length ({length} bytes) minus 1"
        )
    if count < 0 and (length - offset) % size:
        raise ValueError(
            f"buffer length ({length - offset} bytes) after offset ({offset} bytes) must be a multiple of element size "
            f"({size})"
        )
    if count > 0 and offset + count * size > length:
        raise ValueError(
            f"requested buffer length ({count} * {size} bytes) after offset ({offset} bytes) must not be greater than "
            f"actual buffer length ({length} bytes)"
        )
    if view.readonly:
        warn_once(
            "buffer",
            "The given buffer is not writable, and PyTorch does not support non-writable tensors. This means you can "
            "write to the underlying (supposedly non-writable) buffer using the tensor. You may want to copy the "
            "buffer to protect its data or make it writable before converting it to a tensor. This type of warning "
            "will be suppressed for the rest of this program.",
        )
    return made(np.frombuffer(buffer, chosen.array, count, offset), requires_grad, function="frombuffer")

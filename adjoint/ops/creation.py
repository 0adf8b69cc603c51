"""Creation: tensors of a given shape, filled with one value or not at all."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from adjoint import dtypes, stored
from adjoint.autograd.captures import record_of_new
from adjoint.autograd.interception import intercept
from adjoint.autograd.quiet import calmly
from adjoint.declare import composite
from adjoint.declare.arguments import (
    check_not_negative,
    dtype_argument,
    python_number,
    sequence_of_sizes,
    sizes,
    type_name,
    wrong_argument,
)
from adjoint.declare.arranging import told
from adjoint.declare.inplace import write_out
from adjoint.declare.outs import REPEATS
from adjoint.device import check_device, ever_set
from adjoint.layouts import check_layout, empty_as, sparse_coo
from adjoint.ops import bulk
from adjoint.ops.scalars import filling
from adjoint.readings import meta, sparse
from adjoint.readings.meta import OnMeta, makes_nothing, shapes_alone
from adjoint.tensor import NO_EDGE, Tensor

_new = object.__new__

NO_PINNED_MEMORY = (
    "pin_memory=True requires a CUDA or other accelerator backend; no pinned memory allocator is available on this "
    "system."
)


def made(array: Any, requires_grad: bool = False, *, function: str = "tensor") -> Tensor:
    """A new leaf over ``array``.

    Raises RuntimeError, in PyTorch's words, where ``requires_grad`` is asked of integers.
    """
    t = _new(Tensor)
    t._array = array
    t._edge = NO_EDGE
    t._writes = None
    if intercept.active:
        t._writes = record_of_new()
    if requires_grad is not False:
        if not isinstance(requires_grad, (bool, np.bool_)) and requires_grad is not None:
            wrong_argument(function, "requires_grad", "bool", requires_grad)
        if requires_grad:
            if array.dtype.kind in "iub":
                raise RuntimeError("Only Tensors of floating point and complex dtype can require gradients")
            t._edge = None
    return t


def options(
    function: str, dtype: Any, layout: Any = None, device: Any = None, pin_memory: Any = False, beside: Tensor | None = None
) -> dtypes.dtype | None:
    """Check what every creation function takes, and return the dtype that was asked for.

    What is made after another tensor, ``beside``, is made on its device unless one is given.
    """
    if device is not None or (beside is None and ever_set):
        check_device(device, function)
    elif beside is not None and beside._array.__class__ is meta.MetaArray and not makes_nothing():
        raise OnMeta
    if layout is not None:
        if layout is sparse_coo and function in ("full", "ones"):
            raise RuntimeError("full(...) is not implemented for sparse layout")
        check_layout(layout)
    if pin_memory:
        raise RuntimeError(NO_PINNED_MEMORY)
    return None if dtype is None else dtype_argument(function, dtype)


def into(out: Tensor, array: Any, dtype: dtypes.dtype | None, name: str) -> Tensor:
    """Write what was created into ``out``, whose dtype it takes."""
    if not isinstance(out, Tensor):
        raise TypeError(f"{name}(): argument 'out' must be Tensor, not {type_name(out)}")
    if dtype is not None and dtype is not out.dtype:
        raise RuntimeError(
            f"dtype {dtypes.SCALAR_TYPE_NAMES[dtype]} does not match dtype of out parameter "
            f"({dtypes.SCALAR_TYPE_NAMES[out.dtype]})"
        )
    if out._array.__class__ is sparse.SparseArray:
        if name != "zeros":
            raise RuntimeError(f"{name}: out= is a sparse tensor")
        out._array.become(sparse.empty(array.shape, out._array.dtype))
        return out
    return write_out(made(array.astype(out._array.dtype, copy=False)), out, name)


def _shape(function: str, given: Any, size: Any) -> tuple[int, ...]:
    if not given:
        if size is None:
            raise TypeError(f'{function}() missing 1 required positional arguments: "size"')
        given = (size,)
    shape = sizes(function, given)
    if shape and min(shape) < 0:
        if function == "zeros":
            raise RuntimeError("zeros: Dimension size must be non-negative.")
        check_not_negative(shape)
    return shape


def nothing_stored(
    function: str, shape: tuple[int, ...], dtype: Any, device: Any, pin_memory: Any, requires_grad: bool, beside: Tensor | None = None
) -> Tensor:
    """A new sparse tensor, all of whose elements are zero."""
    chosen = options(function, dtype, None, device, pin_memory) or (beside.dtype if beside is not None else dtypes.get_default_dtype())
    return made(sparse.empty(shape, chosen.array), requires_grad, function=function)


@composite(out=REPEATS, where="torch")
def zeros(
    *args: Any,
    size: Any = None,
    out: Tensor | None = None,
    dtype: dtypes.dtype | None = None,
    layout: Any = None,
    device: Any = None,
    pin_memory: bool = False,
    requires_grad: bool = False,
) -> Tensor:
    """A tensor of zeros; the sizes as separate arguments or as one sequence.

    >>> import adjoint as torch
    >>> torch.zeros(2, 3, dtype=torch.int64)
    tensor([[0, 0, 0],
            [0, 0, 0]])
    """
    shape = _shape("zeros", args, size)
    if layout is sparse_coo:
        return nothing_stored("zeros", shape, dtype, device, pin_memory, requires_grad)
    chosen = options("zeros", dtype, layout, device, pin_memory)
    array = bulk.zeros(shape, (chosen or dtypes.get_default_dtype()).array)
    return made(array, requires_grad, function="zeros") if out is None else into(out, array, chosen, "zeros")


@composite(out=REPEATS, where="torch")
def ones(
    *args: Any,
    size: Any = None,
    out: Tensor | None = None,
    dtype: dtypes.dtype | None = None,
    layout: Any = None,
    device: Any = None,
    pin_memory: bool = False,
    requires_grad: bool = False,
) -> Tensor:
    """A tensor of ones; the sizes as separate arguments or as one sequence.

    >>> import adjoint as torch
    >>> torch.ones(3, requires_grad=True)
    tensor([1., 1., 1.], requires_grad=True)
    """
    shape = _shape("ones", args, size)
    chosen = options("ones", dtype, layout, device, pin_memory)
    array = bulk.full(shape, (chosen or dtypes.get_default_dtype()).array, 1)
    return made(array, requires_grad, function="ones") if out is None else into(out, array, chosen, "ones")


@composite(where="torch")
def empty(
    *args: Any,
    size: Any = None,
    out: Tensor | None = None,
    dtype: dtypes.dtype | None = None,
    layout: Any = None,
    device: Any = None,
    pin_memory: bool = False,
    requires_grad: bool = False,
    memory_format: Any = None,
) -> Tensor:
    """A tensor whose elements are whatever was in memory.

    >>> import adjoint as torch
    >>> torch.empty(2, 3).shape
    torch.Size([2, 3])
    """
    shape = _shape("empty", args, size)
    if layout is sparse_coo:
        return nothing_stored("empty", shape, dtype, device, pin_memory, requires_grad)
    chosen = options("empty", dtype, layout, device, pin_memory)
    wanted = (chosen or dtypes.get_default_dtype()).array
    if memory_format is not None and out is None:
        allocate = meta.formatted if shapes_alone and makes_nothing() else empty_as
        return told(made(allocate(shape, wanted, memory_format), requires_grad, function="empty"))
    array = bulk.empty(shape, wanted)
    return made(array, requires_grad, function="empty") if out is None else into(out, array, chosen, "empty")


def filled(function: str, shape: tuple[int, ...], value: Any, dtype: dtypes.dtype | None) -> Any:
    number = python_number(value)
    if number is None:
        wrong_argument(function, "fill_value", "Number", value, 2)
    chosen = dtypes.default_for(number) if dtype is None else dtype
    element = filling(number, chosen, math.prod(shape))
    return calmly(bulk.full, shape, chosen.array, element)


@composite(out=REPEATS, where="torch")
def full(
    size: Any,
    fill_value: Any,
    *,
    out: Tensor | None = None,
    dtype: dtypes.dtype | None = None,
    layout: Any = None,
    device: Any = None,
    pin_memory: bool = False,
    requires_grad: bool = False,
) -> Tensor:
    """A tensor whose elements are all ``fill_value``, of that number's dtype if none is given.

    >>> import adjoint as torch
    >>> torch.full((2,), 7), torch.full((2,), 0.5)
    (tensor([7, 7]), tensor([0.5000, 0.5000]))
    """
    shape = sequence_of_sizes("full", size)
    check_not_negative(shape)
    chosen = options("full", dtype, layout, device, pin_memory)
    array = filled("full", shape, fill_value, chosen)
    return made(array, requires_grad, function="full") if out is None else into(out, array, chosen, "full")


@composite(where="torch")
def eye(
    n: int,
    m: int | None = None,
    *,
    out: Tensor | None = None,
    dtype: dtypes.dtype | None = None,
    layout: Any = None,
    device: Any = None,
    pin_memory: bool = False,
    requires_grad: bool = False,
) -> Tensor:
    """An ``n`` by ``m`` (by default ``n`` by ``n``) matrix of ones on the diagonal and zeros elsewhere.

    >>> import adjoint as torch
    >>> torch.eye(2)
    tensor([[1., 0.],
            [0., 1.]])
    """
    for position, (name, given) in enumerate((("n", n), ("m", n if m is None else m)), 1):
        if not hasattr(given, "__index__") or isinstance(given, bool):
            wrong_argument("eye", name, "int", given, position)
        if given < 0:
            raise RuntimeError(f"{name} must be greater or equal to 0, got {given}")
    chosen = options("eye", dtype, layout, device, pin_memory)
    wanted = (chosen or dtypes.get_default_dtype()).array
    array = np.eye(n, m, dtype=wanted) if wanted.names is None else stored.converted(np.eye(n, m), wanted)
    return made(array, requires_grad, function="eye") if out is None else into(out, array, chosen, "eye")


@composite(where="torch")
def empty_strided(
    size: Any,
    stride: Any,
    *,
    dtype: dtypes.dtype | None = None,
    layout: Any = None,
    device: Any = None,
    pin_memory: bool = False,
    requires_grad: bool = False,
) -> Tensor:
    """A tensor of these sizes and strides (in elements) whose elements are whatever was in memory.

    >>> import adjoint as torch
    >>> torch.empty_strided((2, 3), (1, 2)).stride()
    (1, 2)
    """
    shape, steps = sequence_of_sizes("empty_strided", size), sequence_of_sizes("empty_strided", stride, "stride")
    chosen = options("empty_strided", dtype, layout, device, pin_memory) or dtypes.get_default_dtype()
    return told(made(strided_array(shape, steps, chosen), requires_grad, function="empty_strided"))


@composite(where="torch")
def empty_permuted(
    size: Any,
    physical_layout: Any,
    *,
    dtype: dtypes.dtype | None = None,
    layout: Any = None,
    device: Any = None,
    pin_memory: bool = False,
    requires_grad: bool = False,
) -> Tensor:
    """A tensor of these sizes whose dimensions lie in memory in the order ``physical_layout``, the outermost first, and whose
    elements are whatever was there.

    >>> import adjoint as torch
    >>> torch.empty_permuted((2, 3, 4), (2, 0, 1)).stride()
    (3, 1, 6)
    """
    shape, order = sequence_of_sizes("empty_permuted", size), tuple(physical_layout)
    if len(shape) != len(order):
        raise RuntimeError(
            "Number of dimensions in size does not match the length of the physical_layout; i.e. len(size) = "
            f"{len(shape)} is not equal to len(physical_layout) = {len(order)}"
        )
    for place, d in enumerate(order):
        if not 0 <= d < len(shape):
            raise RuntimeError(
                f"Dimension out of range (expected to be between 0 and {len(shape) - 1}, but got {d} at index {place}).  NB: "
                "negative dims not currently supported; file an issue if you want it."
            )
        if d in order[:place]:
            raise RuntimeError("Duplicate dim not allowed")
    steps, step = [0] * len(shape), 1
    for d in reversed(order):
        steps[d], step = step, step * shape[d]
    chosen = options("empty_permuted", dtype, layout, device, pin_memory) or dtypes.get_default_dtype()
    return made(strided_array(shape, tuple(steps), chosen), requires_grad, function="empty_permuted")


def strided_array(shape: tuple[int, ...], steps: tuple[int, ...], dtype: dtypes.dtype) -> Any:
    if len(shape) != len(steps):
        raise RuntimeError(
            f"dimensionality of sizes ({len(shape)}) must match dimensionality of strides ({len(steps)})"
        )
    check_not_negative(shape)
    if steps and min(steps) < 0:
        raise RuntimeError(f"Storage size calculation overflowed with sizes={list(shape)} and strides={list(steps)}")
    span = 0 if 0 in shape else 1 + sum((n - 1) * step for n, step in zip(shape, steps))
    if shapes_alone and makes_nothing():
        return meta.strided(shape, dtype.array, tuple(step * dtype.itemsize for step in steps))
    memory = np.empty(span, dtype.array)
    return np.ndarray(shape, dtype.array, memory, 0, tuple(step * dtype.itemsize for step in steps))


@composite(where="torch")
def scalar_tensor(
    s: Any,
    *,
    dtype: dtypes.dtype | None = None,
    layout: Any = None,
    device: Any = None,
    pin_memory: bool = False,
    requires_grad: bool = False,
) -> Tensor:
    """A tensor without dimensions, of the default dtype if none is given."""
    number = python_number(s)
    if number is None:
        wrong_argument("scalar_tensor", "s", "Number", s, 1)
    chosen = options("scalar_tensor", dtype, layout, device, pin_memory) or dtypes.get_default_dtype()
    return made(filled("scalar_tensor", (), number, chosen), requires_grad, function="scalar_tensor")

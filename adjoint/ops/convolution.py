"""Convolution: conv1d to conv3d and their transposes, one row with PyTorch's name for its node."""

from __future__ import annotations

import math
from operator import index
from typing import Any

import numpy as np

from adjoint import dtypes
from adjoint.autograd.taped import taped
from adjoint.declare import composite, op
from adjoint.declare.arguments import type_name
from adjoint.declare.built_late import built_late
from adjoint.declare.kernel_dtypes import FLOATING_OR_COMPLEX, FLOATING_OR_LONG, NUMBERS, Kernel, refuse_dtype
from adjoint.declare.namespaces import lookup
from adjoint.declare.once import warn_once
from adjoint.layouts import has_channels_last
from adjoint.ops.arrays import Array, conj
from adjoint.ops.convolution_kernels import Ints, convolve, input_gradient, weight_gradient
from adjoint.ops.widening import in_float32
from adjoint.summation import total
from adjoint.tensor import Tensor


def _convolution(
    input: Array,
    weight: Array,
    bias: Array | None,
    stride,
    padding,
    dilation,
    transposed,
    output_padding,
    groups,
):
    if transposed:
        space = _transposed_size(input.shape[2:], weight.shape[2:], stride, padding, dilation, output_padding)
        result = input_gradient(input, weight, space, stride, padding, dilation, groups)
    elif bias is not None and input.__class__ is weight.__class__ is bias.__class__ is np.ndarray:
        return convolve(input, weight, stride, padding, dilation, groups, bias)
    else:
        result = convolve(input, weight, stride, padding, dilation, groups)
    if bias is not None:
        result += bias.reshape(-1, *(1,) * (result.ndim - 2))
    return result


def _transposed_size(
    space: Ints, kernel: Ints, stride: Ints, padding: Ints, dilation: Ints, output_padding: Ints
) -> Ints:
    return tuple(
        (n - 1) * s - 2 * p + d * (k - 1) + o + 1
        for n, k, s, p, d, o in zip(space, kernel, stride, padding, dilation, output_padding)
    )


def _gradients(g, input, weight, needed, stride, padding, dilation, transposed, groups):
    """Of input and weight; a transposed convolution is the input gradient of a convolution, so its are the others."""
    g_input = g_weight = None
    if needed[0]:
        if transposed:
            g_input = _first_windows(g, conj(weight), stride, padding, dilation, groups, input.shape[2:])
        else:
            g_input = input_gradient(g, conj(weight), input.shape[2:], stride, padding, dilation, groups)
    if needed[1]:
        given, taken = (g, conj(input)) if transposed else (conj(input), g)
        g_weight = weight_gradient(given, taken, weight.shape[2:], stride, padding, dilation, groups)
    return g_input, g_weight


def _first_windows(input, weight, stride, padding, dilation, groups, count):
    """:func:`convolve`, of so many windows: with output padding of a stride or more, a transposed convolution's output has
    room for more windows than it was made of."""
    found = convolve(input, weight, stride, padding, dilation, groups)
    return found if found.shape[2:] == count else np.copy(found[(..., *map(slice, count))])


def _lies(result, input, weight):
    """Channels are innermost where those of the images or of the weights are.  PyTorch puts lines in order first, and its own
    kernel in three dimensions, which it takes for doubles and for little work, knows no such layout."""
    last = (result.ndim > 3 and has_channels_last(input)) or has_channels_last(weight)
    if result.ndim == 5 and last:
        work = input.shape[0] > 1 or math.prod(input.shape[:4]) > 20480 or min(weight.shape[-2:]) > 3
        last = result.dtype.itemsize < 8 and (result.dtype.itemsize == 2 or work)
    return (0, *range(2, result.ndim), 1) if last else range(result.ndim)


def _kernel_name(weight, stride, padding, dilation, transposed):
    n = weight.ndim - 2
    if transposed:
        return f"slow_conv_transpose{max(n, 2)}d_out_cpu"
    if any(d > 1 for d in dilation):
        return "slow_conv_dilated<>"
    pointwise = math.prod(weight.shape[2:]) == 1 and not any(padding) and max(stride) == 1
    return "slow_conv2d_cpu" if n < 3 else "slow_conv3d_cpu" if pointwise else "compute_columns3d"


convolution = op(
    "convolution", _convolution, kernel=Kernel(_kernel_name, NUMBERS, empty=False), lies=(_lies, ("input", "weight")), fused=False, where="torch", joint="input weight",
    gradients={"input weight": _gradients},
    bias=in_float32(lambda g: total(g, (0, *range(2, g.ndim)))),
    reads={
        "input": "convolve(g, weight) if transposed else conv_transpose(g, weight)",
        "weight": "convolve(g, input) if transposed else convolve(input, g)",
    },
    doc="The convolution, or ``transposed``, its transpose, of (N, C, ...) with kernels, in one to three "
    "dimensions, under all its options.",
)  # fmt: skip


# The taped readings: each of the three array functions as an operator, whose gradients are the other two.


def _convolve(input: Array, weight: Array, stride, padding, dilation, groups):
    return convolve(input, weight, stride, padding, dilation, groups)


def _input_gradient(g_out: Array, weight: Array, space, stride, padding, dilation, groups):
    return input_gradient(g_out, weight, space, stride, padding, dilation, groups)


def _weight_gradient(input: Array, g_out: Array, kernel, stride, padding, dilation, groups):
    return weight_gradient(input, g_out, kernel, stride, padding, dilation, groups)


_NODE = "ConvolutionBackwardBackward0"

_convolve_row = op(
    "_convolve", _convolve, fused=False, where="", node=_NODE,
    input=lambda g, weight, input_shape, stride, padding, dilation, groups: input_gradient(
        g, conj(weight), input_shape[2:], stride, padding, dilation, groups
    ),
    weight=lambda g, input, weight_shape, stride, padding, dilation, groups: weight_gradient(
        conj(input), g, weight_shape[2:], stride, padding, dilation, groups
    ),
)  # fmt: skip

_input_gradient_row = op(
    "_convolution_input_gradient", _input_gradient, fused=False, where="", node=_NODE,
    g_out=lambda g, weight, g_out_shape, stride, padding, dilation, groups: _first_windows(
        g, conj(weight), stride, padding, dilation, groups, g_out_shape[2:]
    ),
    weight=lambda g, g_out, weight_shape, stride, padding, dilation, groups: weight_gradient(
        g, conj(g_out), weight_shape[2:], stride, padding, dilation, groups
    ),
)  # fmt: skip

_weight_gradient_row = op(
    "_convolution_weight_gradient", _weight_gradient, fused=False, where="", node=_NODE,
    input=lambda g, g_out, input_shape, stride, padding, dilation, groups: input_gradient(
        conj(g_out), g, input_shape[2:], stride, padding, dilation, groups
    ),
    g_out=lambda g, input, g_out_shape, stride, padding, dilation, groups: _first_windows(
        conj(input), g, stride, padding, dilation, groups, g_out_shape[2:]
    ),
)  # fmt: skip

taped(convolve)(lambda *arguments: _convolve_row.function(*arguments))
taped(input_gradient)(lambda *arguments: _input_gradient_row.function(*arguments))
taped(weight_gradient)(lambda *arguments: _weight_gradient_row.function(*arguments))


# What users call


def _ints(value: Any, n: int, name: str) -> Ints:
    if value.__class__ is tuple and len(value) == n:  # a module's own
        for v in value:
            if v.__class__ is not int:
                break
        else:
            return value
    if isinstance(value, int):
        return (value,) * n
    if isinstance(value, Tensor) and not value.ndim:
        return (index(value),) * n
    found = tuple(value)
    if len(found) == 1:
        return found * n
    if len(found) != n:
        raise RuntimeError(
            f"expected {name} to be a single integer value or a list of {n} values to match the convolution dimensions, "
            f"but got {name}={list(found)}"
        )
    return tuple(int(v) for v in found)


def _invalid(name: str, transposed: bool, *given: Any) -> TypeError:
    def kind(value: Any) -> str:
        return type_name(value)

    got = ", ".join(kind(value) for value in given if value is not None)
    if transposed:
        expected = (
            "(Tensor input, Tensor weight, Tensor bias = None, tuple of ints stride = 1, tuple of ints padding = 0, "
            "tuple of ints output_padding = 0, int groups = 1, tuple of ints dilation = 1)"
        )
        return TypeError(f"{name}() received an invalid combination of arguments - got ({got}), but expected {expected}\n")
    start = " * (Tensor input, Tensor weight, Tensor bias = None, tuple of ints stride = 1, "
    end = ", tuple of ints dilation = 1, int groups = 1)\n"
    return TypeError(
        f"{name}() received an invalid combination of arguments - got ({got}), but expected one of:\n"
        f"{start}tuple of ints padding = 0{end}{start}str padding = \"valid\"{end}"
    )


def _check(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    stride: Ints,
    padding: Ints,
    dilation: Ints,
    transposed: bool,
    output_padding: Ints,
    groups: int,
) -> None:
    """Raise PyTorch's error for arguments that do not fit each other."""
    x, w = input._array, weight._array
    if groups <= 0:
        raise RuntimeError("non-positive groups is not supported")
    if min(padding) < 0:
        raise RuntimeError("negative padding is not supported")
    if min(output_padding) < 0:
        raise RuntimeError("negative output_padding is not supported")
    if min(stride) <= 0:
        raise RuntimeError("non-positive stride is not supported")
    if min(dilation) < 0:
        raise RuntimeError("dilation should be greater than zero")
    if min(dilation) == 0:
        raise RuntimeError(f"dilation should be greater than zero, but got {[*(1,) * (len(dilation) == 1), *dilation]}")
    if w.ndim != x.ndim:
        raise RuntimeError(
            f"Expected {w.ndim}-dimensional input for {w.ndim}-dimensional weight {list(w.shape)}, but got "
            f"{x.ndim}-dimensional input of size {list(x.shape)} instead"
        )
    if len(w) < groups:
        raise RuntimeError(
            f"Given groups={groups}, expected weight to be at least {groups} at dimension 0, but got weight of size "
            f"{list(w.shape)} instead"
        )
    if len(w) % groups:
        raise RuntimeError(
            f"Given groups={groups}, expected weight to be divisible by {groups} at dimension 0, but got weight of size "
            f"[{list(w.shape)}] instead"
        )
    channels = len(w) if transposed else w.shape[1] * groups
    filters = w.shape[1] * groups if transposed else len(w)
    if x.shape[1] != channels:
        given = "transposed=1" if transposed else f"groups={groups}"
        raise RuntimeError(
            f"Given {given}, weight of size {list(w.shape)}, expected input{list(x.shape)} to have {channels} channels, "
            f"but got {x.shape[1]} channels instead"
        )
    if bias is not None and bias._array.shape != (filters,):
        given = "transposed=1, weight" if transposed else "weight"
        raise RuntimeError(
            f"Given {given} of size {list(w.shape)}, expected bias to be 1-dimensional with {filters} elements, but got "
            f"bias of size {list(bias.shape)} instead"
        )
    if bias is not None and bias._array.dtype != x.dtype:
        raise RuntimeError(
            f"Input type ({_cpp(x.dtype)}) and bias type ({_cpp(bias._array.dtype)}) should be the same"
        )
    if w.dtype != x.dtype:
        names = [dtypes.SCALAR_TYPE_NAMES[dtypes.OF_ARRAY[a.dtype]] for a in (x, w)]
        raise RuntimeError(f"expected scalar type {names[0]} but found {names[1]}")
    space, kernel = x.shape[2:], w.shape[2:]
    if transposed:
        if 0 in space and len(x):
            raise _without_pixels(x.shape)
        _check_transposed(space, kernel, stride, padding, dilation, output_padding, x.size == 0)
        return
    for size, p, d, k in zip(space, padding, dilation, kernel):
        if size + 2 * p <= d * (k - 1):
            raise _without_room(space, padding, dilation, kernel)
    if 0 in space:
        raise _without_pixels(x.shape)


def _without_room(space: Ints, padding: Ints, dilation: Ints, kernel: Ints) -> RuntimeError:
    padded = " x ".join(str(n + 2 * p) for n, p in zip(space, padding))
    reach = " x ".join(str(d * (k - 1) + 1) for d, k in zip(dilation, kernel))
    return RuntimeError(
        f"Calculated padded input size per channel: ({padded}). Kernel size: ({reach}). Kernel size can't be greater than actual "
        "input size"
    )


def _without_pixels(shape: Ints) -> RuntimeError:
    shown = [*shape[:2], *(1,) * (len(shape) == 3), *shape[2:]]  # PyTorch convolves lines as planes of one row
    return RuntimeError(f"Only zero batch or zero channel inputs are supported, but got input shape: {shown}")


def _check_transposed(
    space: Ints, kernel: Ints, stride: Ints, padding: Ints, dilation: Ints, output_padding: Ints, empty: bool
) -> None:
    if not empty and any(o >= s and o >= d for o, s, d in zip(output_padding, stride, dilation)):
        sides = ("depth", "height", "width")[-len(space) :] if len(space) > 1 else ("height", "width")
        values = [output_padding, stride, dilation]
        if len(space) == 1:
            values = [(0, *output_padding), (1, *stride), (1, *dilation)]
        shown = " ".join(
            f"{name}_{side}: {v}"
            for name, value in zip(("output_padding", "stride", "dilation"), values)
            for side, v in zip(sides, value)
        )
        raise RuntimeError(f"output padding must be smaller than either stride or dilation, but got {shown}")
    size = _transposed_size(space, kernel, stride, padding, dilation, output_padding)
    if any(n < 1 for n in size):
        raise RuntimeError(
            f"Given input size per channel: ({' x '.join(map(str, space))}). Calculated output size per channel: "
            f"({' x '.join(map(str, size))}). Output size is too small"
        )


def _cpp(dtype: Any) -> str:
    """How PyTorch's C++ names a dtype."""
    d = dtypes.OF_ARRAY[dtype]
    names = {
        dtypes.float32: "float",
        dtypes.float64: "double",
        dtypes.float16: "c10::Half",
        dtypes.bfloat16: "c10::BFloat16",
        dtypes.int64: "long int",
        dtypes.int32: "int",
        dtypes.int16: "short int",
        dtypes.int8: "signed char",
        dtypes.uint8: "unsigned char",
        dtypes.complex64: "c10::complex<float>",
        dtypes.complex128: "c10::complex<double>",
    }
    return names.get(d, d.name)


def _same_padding(
    input: Tensor, weight: Tensor, stride: Ints, dilation: Ints, n: int
) -> tuple[Tensor, Ints]:
    """The padding for an output of the input's size, and the input with what of it is not the same on both sides."""
    if any(s != 1 for s in stride):
        raise RuntimeError("padding='same' is not supported for strided convolutions")
    total = [d * (k - 1) for d, k in zip(dilation, weight._array.shape[2:])]
    if any(t % 2 for t in total):
        warn_once(
            "padding of even kernels",
            "Using padding='same' with even kernel lengths and odd dilation may require a zero-padded copy of the input "
            "be created",
        )
        more = [side for t in reversed(total) for side in (0, t % 2)]
        input = lookup("nn.functional", "pad")(input, more)
    return input, tuple(t // 2 for t in total)


def _conv(
    n: int,
    input: Any,
    weight: Any,
    bias: Any,
    stride: Any,
    padding: Any,
    dilation: Any,
    groups: int,
    transposed: bool = False,
    output_padding: Any = 0,
) -> Tensor:
    name = f"conv_transpose{n}d" if transposed else f"conv{n}d"
    if (
        not isinstance(input, Tensor)
        or not isinstance(weight, Tensor)
        or not (bias is None or isinstance(bias, Tensor))
        or isinstance(stride, str)
        or (transposed and isinstance(padding, str))
    ):
        raise _invalid(name, transposed, input, weight, bias)
    batched = input._array.ndim == n + 2
    if not batched and input._array.ndim != n + 1:
        raise RuntimeError(
            f"Expected {n + 1}D (unbatched) or {n + 2}D (batched) input to {name}, but got input of size: "
            f"{list(input.shape)}"
        )
    x = input if batched else input.unsqueeze(0)
    stride = _ints(stride, n, "stride")
    dims = weight._array.ndim - 2
    if dims < 1:
        raise RuntimeError("weight should have at least three dimensions")
    if dims != n:
        if padding == "same":
            raise RuntimeError(
                f"Expected {dims + 2}-dimensional input for {dims + 2}-dimensional weight{list(weight.shape)}, but got "
                f"{n + 2}-dimensional input of size {list(x.shape)} instead"
            )
        _ints(stride, dims, "stride")
    dilation = _ints(dilation, dims, "dilation")
    output_padding = _ints(output_padding, dims, "output_padding")
    if isinstance(padding, str):
        if padding == "same":
            x, padding = _same_padding(x, weight, stride, dilation, dims)
        elif padding == "valid":
            padding = (0,) * dims
        else:
            raise RuntimeError(f"Invalid padding string: '{padding}'")
    else:
        padding = _ints(padding, dims, "padding")
    _check(x, weight, bias, stride, padding, dilation, transposed, output_padding, groups)
    if transposed or max(dilation, default=1) > 1:
        dtype = x._array.dtype
        if dtype not in _SPREAD_OUT and dtype in NUMBERS:
            kernel = Kernel(_kernel_name, _SPREAD_OUT, empty=False)
            refuse_dtype("convolution", kernel, x._array, {"weight": weight, "stride": stride, "padding": padding, "dilation": dilation, "transposed": transposed})
    result = _row(x, weight, bias, stride, padding, dilation, transposed, output_padding, groups)
    return result if batched else result.squeeze(0)


_row = built_late(convolution, globals(), "_row")
_SPREAD_OUT = FLOATING_OR_COMPLEX | FLOATING_OR_LONG  # what transposed and dilated convolutions are computed with


@composite(where="torch nn.functional")
def conv1d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Tensor:
    """Convolve (N, C, L) or (C, L) with (O, C / groups, K); ``padding`` may be ``"same"`` or ``"valid"``.

    Raises RuntimeError where the shapes do not fit.

    >>> import adjoint as torch
    >>> torch.nn.functional.conv1d(torch.tensor([[1., 2., 3.]]), torch.tensor([[[1., -1.]]]))
    tensor([[-1., -1.]])
    """
    return _conv(1, input, weight, bias, stride, padding, dilation, groups)


@composite(where="torch nn.functional")
def conv2d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Tensor:
    """Convolve (N, C, H, W) or (C, H, W) with (O, C / groups, KH, KW); ``padding`` may be ``"same"`` or ``"valid"``.

    Raises RuntimeError where the shapes do not fit.

    >>> import adjoint as torch
    >>> torch.nn.functional.conv2d(torch.ones(1, 3, 8, 8), torch.ones(6, 3, 3, 3), padding=1).shape
    torch.Size([1, 6, 8, 8])
    """
    return _conv(2, input, weight, bias, stride, padding, dilation, groups)


@composite(where="torch nn.functional")
def conv3d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Tensor:
    """Convolve (N, C, D, H, W) or (C, D, H, W) with (O, C / groups, KD, KH, KW)."""
    return _conv(3, input, weight, bias, stride, padding, dilation, groups)


@composite(where="torch nn.functional")
def conv_transpose1d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Any = 1,
    padding: Any = 0,
    output_padding: Any = 0,
    groups: int = 1,
    dilation: Any = 1,
) -> Tensor:
    """The transpose of :func:`conv1d`: (N, C, L) with (C, O / groups, K)."""
    return _conv(1, input, weight, bias, stride, padding, dilation, groups, True, output_padding)


@composite(where="torch nn.functional")
def conv_transpose2d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Any = 1,
    padding: Any = 0,
    output_padding: Any = 0,
    groups: int = 1,
    dilation: Any = 1,
) -> Tensor:
    """The transpose of :func:`conv2d`: (N, C, H, W) with (C, O / groups, KH, KW).

    >>> import adjoint as torch
    >>> torch.nn.functional.conv_transpose2d(torch.ones(1, 3, 4, 4), torch.ones(3, 6, 2, 2), stride=2).shape
    torch.Size([1, 6, 8, 8])
    """
    return _conv(2, input, weight, bias, stride, padding, dilation, groups, True, output_padding)


@composite(where="torch nn.functional")
def conv_transpose3d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Any = 1,
    padding: Any = 0,
    output_padding: Any = 0,
    groups: int = 1,
    dilation: Any = 1,
) -> Tensor:
    """The transpose of :func:`conv3d`."""
    return _conv(3, input, weight, bias, stride, padding, dilation, groups, True, output_padding)


__all__ = ["conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d"]

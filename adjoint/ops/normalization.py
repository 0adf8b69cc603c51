"""Normalization: batch, layer, group, instance and RMS norm, and vectors of norm one."""

from __future__ import annotations

from math import prod
from operator import index
from typing import Any

import numpy as np

from adjoint import dtypes
from adjoint.autograd.quiet import calmly, quietly
from adjoint.autograd.taped import taped
from adjoint.declare import composite, op
from adjoint.declare.arranging import IN_ORDER, as_images
from adjoint.declare.built_late import built_late
from adjoint.declare.kernel_dtypes import FLOATING, FLOATING_OR_COMPLEX, Kernel
from adjoint.declare.namespaces import lookup
from adjoint.kernels.late import LARGE
from adjoint.kernels.reading import compiled, fused
from adjoint.layouts import contiguous_format, suggested_format
from adjoint.ops.arrays import Array, array_function
from adjoint.ops.by_numbers import plus
from adjoint.ops.jointly import is_large, jointly, worthwhile
from adjoint.ops.loss import no_gradient
from adjoint.ops.widening import in_float32, is_half, narrow, widen
from adjoint.readings.batched import BatchedArray
from adjoint.summation import centred, first_along, less_mean, total, total_of_products
from adjoint.tensor import Tensor, writes_of

# Batch norm: statistics of a channel over the batch


def _per_channel(x: Array) -> Array:
    """(N, C, *) as (N, C, L)."""
    return x.reshape(x.shape[0], x.shape[1], prod(x.shape[2:]))


def _channel_sum(x: Array) -> Array:
    """The sum of (N, C, L) per channel: over the batch first, where NumPy adds whole rows."""
    if x.__class__ is not np.ndarray:
        return total(x, (0, 2))
    return total(total(x, 0), 1)


@fused
def channel_statistics(x: Array) -> tuple[Array, Array]:
    """Mean and biased variance of (N, C, *) per channel."""
    x = _per_channel(widen(x))
    count = x.shape[0] * x.shape[2]
    squares, mean = centred(x, (0, 2))
    squares *= squares
    return mean.reshape(-1), _channel_sum(squares) / count


@array_function
def batch_norm_gradients(
    g: Array, input: Array, weight: Array | None, mean: Array, invstd: Array, training: bool, eps: float
) -> tuple[Array, Array, Array]:
    """The gradients of input, weight and bias, in float32 where the arrays are of two bytes; in training the statistics are
    themselves functions of the input."""
    g3 = _per_channel(widen(g))
    centred = _per_channel(widen(input)) - mean[:, None]
    of_bias = _channel_sum(g3)
    dot = _channel_sum(g3 * centred)
    scale = invstd if weight is None else invstd * weight
    if training:
        count = g3.shape[0] * g3.shape[2]
        centred *= (invstd * invstd * dot / -count)[:, None]
        centred += g3
        centred -= (of_bias / count)[:, None]
        centred *= scale[:, None]
    else:
        centred = g3 * scale[:, None]
    return centred.reshape(input.shape), dot * invstd, of_bias


@taped(batch_norm_gradients)
def _batch_norm_gradients(
    g: Tensor, input: Tensor, weight: Tensor | None, mean: Any, invstd: Any, training: bool, eps: float
) -> tuple[Tensor, Tensor, Tensor]:
    g, input, weight = _wide(g), _wide(input), None if weight is None else _wide(weight)
    over = (0, *range(2, input.ndim))
    column = [1, -1] + [1] * (input.ndim - 2)
    if training:
        centred = _centred(input, over)
        invstd = (centred.square().mean(over, keepdim=True) + eps).rsqrt()
    else:
        centred = input - mean.view(column)
        invstd = invstd.view(column)
    normal = centred * invstd
    g_weight = (g * normal).sum(over)
    g_bias = g.sum(over)
    inner = g
    if training:
        count = input.numel() // input.shape[1]
        inner = g - g_bias.view(column) / count - normal * g_weight.view(column) / count
    g_input = inner * (invstd if weight is None else invstd * weight.view(column))
    return g_input, g_weight, g_bias


def _wide(x: Tensor) -> Tensor:
    """As :func:`adjoint.ops.widening.widen`, recorded."""
    return x.to(dtypes.float32) if is_half(x._array.dtype) else x


def _of_operands(found, needed, *operands):
    """Gradients of which ``needed`` are asked for, each in the dtype of its operand."""
    return tuple(
        (g if g.dtype == dtype else g.astype(dtype)) if wanted else None for g, dtype, wanted in zip(found, operands, needed)
    )


def _batch_gradients(g, input, weight, weight_dtype, bias_dtype, needed, mean, invstd, training, eps):
    found = batch_norm_gradients(g, input, weight, mean, invstd, training, eps)
    return _of_operands(found, needed, g.dtype, weight_dtype, bias_dtype)


@in_float32
def _native_batch_norm(input: Array, weight: Array | None, bias: Array | None, mean, invstd, training, eps):
    result = _per_channel(input) - mean[:, None]
    result *= (invstd if weight is None else invstd * weight)[:, None]
    if bias is not None:
        result += bias[:, None]
    return result.reshape(input.shape)


def _normalized_by_its_own(input: Array, weight: Array | None, bias: Array | None, eps: float) -> tuple[Array, ...]:
    """Batch norm in training, and the mean and variance of each channel."""
    mean, var = channel_statistics(input)
    return _native_batch_norm(input, weight, bias, mean, _invstd(var, eps), True, eps), mean, var


def _invstd(var: Array, eps: float) -> Array:
    return 1 / np.sqrt(var + var.dtype.type(eps))


_batch_norm_row = op(
    "native_batch_norm", _native_batch_norm, lies=as_images("input"), where="", joint="input weight",
    gradients={"input weight bias": _batch_gradients},
    reads={
        "input": "weight * invstd * (g - mean(g) - x̂ * mean(g * x̂)) if training else g * weight * invstd",
        "weight": "sum(g * x̂), x̂ the normalized input",
        "bias": "sum(g)",
    },
)  # fmt: skip


def _check_elements(name: str, tensor: Tensor | None, channels: int) -> None:
    if tensor is not None and tensor._array.size != channels:
        raise RuntimeError(f"{name} should contain {channels} elements not {tensor._array.size}")


def _check_dtypes(input: Tensor, *parameters: Tensor | None) -> None:
    """Raise PyTorch's error for parameters that are neither of the input's dtype nor, beside a half, all float32."""
    d = input._array.dtype
    given = [p._array.dtype for p in parameters if p is not None]
    others = [p for p in given if p != d]
    if not others:
        return
    if given[0] == d:  # the others are to be like the first
        wanted, found = (dtypes.SCALAR_TYPE_NAMES[dtypes.OF_ARRAY[a]] for a in (d, others[0]))
        raise RuntimeError(f"expected scalar type {wanted} but found {found}")
    if any(p != np.float32 for p in given):
        raise RuntimeError("mixed dtype (CPU): expect parameter to have scalar type of Float")
    if d.itemsize != 2:
        raise RuntimeError("mixed dtype (CPU): all inputs must share same datatype.")


def _moved(a: Array, value: Array, momentum: float) -> None:
    np.copyto(a, a * (1 - momentum) + value * momentum, casting="unsafe")


def _update(running: Tensor, value: Array, momentum: float) -> None:
    """Move a running statistic towards ``value``, in place; as in PyTorch, no new version."""
    a = running._array
    if value.__class__ is BatchedArray and a.__class__ is not BatchedArray:
        raise RuntimeError(
            "Batch norm got a batched tensor as input while the running_mean or running_var, which will be updated in "
            "place, were not batched.\nIf you are using a module and do not need eval mode, please set "
            "`track_running_stats` to be False.If you are using a prebuilt module and do not need eval mode, please see the "
            "functorch website for resources on how to patch your module to work with vmap"
        )
    calmly(_moved, a, value, momentum)


_BATCH_NORM = Kernel("batch_norm", FLOATING, empty=False)  # asked before running statistics are written


def _normalize_batch(
    input: Tensor,
    weight: Tensor | None,
    bias: Tensor | None,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    training: bool,
    momentum: float,
    eps: float,
) -> Tensor:
    x = input._array
    if x.ndim < 2:
        raise IndexError(f"Dimension out of range (expected to be in range of [{-x.ndim}, {x.ndim - 1}], but got 1)")
    _BATCH_NORM.check(x)
    if not x.size:  # there are no statistics, and the running ones stay as they are
        return _without_elements(input, weight, bias)
    channels = x.shape[1]
    for name, tensor in (("running_mean", running_mean), ("running_var", running_var)):
        if tensor is None and not training:
            raise RuntimeError(f"{name} must be defined in evaluation mode")
        _check_elements(name, tensor, channels)
    _check_elements("weight", weight, channels)
    _check_elements("bias", bias, channels)
    no_gradient("native_batch_norm", running_mean=running_mean, running_var=running_var)
    if (running_mean is None) != (running_var is None):
        raise ValueError("running_mean and running_var must either both be None or neither be None")
    _check_dtypes(input, weight, bias, running_mean, running_var)
    result = None
    if training:
        if worthwhile(x):
            w, b = (None if t is None else t._array for t in (weight, bias))
            result, mean, var = quietly(jointly, compiled, _normalized_by_its_own, x, w, b, eps)
        else:
            mean, var = calmly(channel_statistics, x)
        if running_mean is not None:
            _update(running_mean, mean, momentum)
        if running_var is not None:
            count = x.size // channels
            _update(running_var, calmly(np.multiply, var, var.dtype.type(count / (count - 1) if count > 1 else np.nan)), momentum)
    else:
        assert running_mean is not None and running_var is not None
        if (running_mean._tangents or running_var._tangents) and any(
            t is not None and t._tangents for t in (input, weight, bias)
        ):
            raise RuntimeError(
                "batch_norm is not differentiable wrt running_mean and running_var, they cannot have forward grad defined"
            )
        mean, var = widen(running_mean._array).copy(), widen(running_var._array)
    invstd = calmly(_invstd, var, eps)
    if result is not None:
        return _batch_norm_row.recorded(result, input, weight, bias, mean, invstd, training, eps)
    return _batch_norm_function(input, weight, bias, mean, invstd, training, eps)


_batch_norm_function = built_late(_batch_norm_row, globals(), "_batch_norm_function")


def _without_elements(input: Tensor, weight: Tensor | None, bias: Tensor | None) -> Tensor:
    """Batch norm of an empty batch, which depends on its parameters as in PyTorch: with gradients that are zero."""
    result = input.clone()
    if weight is not None:
        result = result * weight.select(0, 0)
    return result if bias is None else result + bias.select(0, 0)


@composite(where="torch", name="batch_norm")
def _torch_batch_norm(
    input: Tensor,
    weight: Tensor | None,
    bias: Tensor | None,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    training: bool,
    momentum: float,
    eps: float,
    cudnn_enabled: bool = True,
) -> Tensor:
    """As :func:`adjoint.nn.functional.batch_norm`."""
    return _normalize_batch(input, weight, bias, running_mean, running_var, training, momentum, eps)


@composite(where="nn.functional")
def batch_norm(
    input: Tensor,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """Normalize each channel (dimension 1) of ``input`` over the batch, then scale and shift it.

    In training by the batch's own mean and variance, which move the running ones by ``momentum``; otherwise by the
    running ones.  Raises ValueError for a batch of one value a channel in training.

    >>> import adjoint as torch
    >>> torch.nn.functional.batch_norm(torch.tensor([[1.], [3.]]), None, None, training=True)
    tensor([[-1.0000],
            [ 1.0000]])
    """
    if training:
        _check_several_values(input)
        if eps <= 0:
            raise ValueError(f"batch_norm eps must be positive during training, but got {eps}")
    elif eps < 0:
        raise ValueError(f"batch_norm eps must be non-negative, but got {eps}")
    return _normalize_batch(input, weight, bias, running_mean, running_var, training, momentum, eps)


def _check_several_values(input: Tensor) -> None:
    shape = input._array.shape
    if len(shape) >= 2 and shape[0] * prod(shape[2:]) == 1:
        raise ValueError(f"Expected more than 1 value per channel when training, got input size {input.size()}")


@composite(where="nn.functional")
def instance_norm(
    input: Tensor,
    running_mean: Tensor | None = None,
    running_var: Tensor | None = None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    use_input_stats: bool = True,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """Normalize each channel of each example by itself: batch norm of a batch of one, with N * C channels."""
    shape = input._array.shape
    if use_input_stats and prod(shape[2:]) == 1:
        raise ValueError(f"Expected more than 1 spatial element when training, got input size {input.size()}")
    if not use_input_stats and (running_mean is None or running_var is None):
        raise RuntimeError("Expected running_mean and running_var to be defined when use_input_stats is false")
    batch, channels = shape[:2]

    def spread(tensor: Tensor | None) -> Tensor | None:
        return None if tensor is None else tensor.repeat(batch)

    mean, var = spread(running_mean), spread(running_var)
    flat = input.contiguous().view(1, batch * channels, *shape[2:])
    result = _normalize_batch(flat, spread(weight), spread(bias), mean, var, use_input_stats, momentum, eps)
    for running, moved in ((running_mean, mean), (running_var, var)):
        if use_input_stats and running is not None and moved is not None:
            np.copyto(running._array, calmly(np.mean, moved._array.reshape(batch, channels), 0))
            writes_of(running).bump()
    return result.view(shape)


# Layer and group norm: statistics of an example over (a group of) its features


def _rows_normalized(x: Array, eps: float) -> tuple[Array, Array]:
    """(rows, features) with mean 0 and variance 1 a row, and 1 / the deviation of each row."""
    result, _ = centred(x)
    var = total_of_products(result, result, 1) / x.shape[1]
    rstd = (1 / np.sqrt(var + var.dtype.type(eps)))[:, None]
    result *= rstd
    return result, rstd


def _rows_gradient(g: Array, normal: Array, rstd: Array) -> Array:
    """From the gradient of the normalized rows to that of the rows."""
    result = less_mean(g)  # of equal numbers nothing must be left, which would be multiplied with a large rstd
    result -= normal * (total_of_products(result, normal, 1) / g.shape[1])[:, None]
    result *= rstd
    return result


def _layer_norm(input: Array, weight: Array | None, bias: Array | None, normalized_shape, eps):
    """Also the mean and 1 / the deviation of each row, which the gradients would have to find again."""
    size = prod(normalized_shape)
    rows = (input.size // size if size else 0, 1)
    if not input.size:
        return input.copy(), np.zeros(rows, input.dtype), np.zeros(rows, input.dtype)
    x = widen(input).reshape(-1, size)
    normal, mean = centred(x)
    var = total_of_products(normal, normal, 1) / size
    rstd = (1 / np.sqrt(var + var.dtype.type(eps)))[:, None]
    normal *= rstd
    if weight is not None:
        normal *= widen(weight).reshape(-1)
    if bias is not None:
        normal += widen(bias).reshape(-1)
    return narrow(normal.reshape(input.shape), input.dtype), mean, rstd


@array_function
def layer_norm_gradients(
    g: Array, input: Array, weight: Array | None, mean: Array, rstd: Array, shape: tuple[int, ...], eps: float
) -> tuple[Array, Array, Array]:
    """The gradients of input, weight and bias, in float32 where the arrays are of two bytes."""
    size = prod(shape)
    g2 = widen(g).reshape(-1, size)
    normal = (widen(input).reshape(-1, size) - mean) * rstd
    g_weight = total_of_products(g2, normal, 0).reshape(shape)
    g_bias = total(g2, 0).reshape(shape)
    inner = g2 if weight is None else g2 * widen(weight).reshape(-1)
    return _rows_gradient(inner, normal, rstd).reshape(input.shape), g_weight, g_bias


@taped(layer_norm_gradients)
def _layer_norm_gradients(
    g: Tensor, input: Tensor, weight: Tensor | None, mean: Any, rstd: Any, shape: tuple[int, ...], eps: float
) -> tuple[Tensor, Tensor, Tensor]:
    g, input, weight = _wide(g), _wide(input), None if weight is None else _wide(weight)
    over = tuple(range(-len(shape), 0))
    normal, rstd = _normal(input, over, eps)
    lead = tuple(range(input.ndim - len(shape)))
    inner = g if weight is None else g * weight
    g_input = (
        inner - inner.mean(over, keepdim=True) - normal * (inner * normal).mean(over, keepdim=True)
    ) * rstd
    g_weight = g * normal
    return g_input, g_weight.sum(lead) if lead else g_weight, g.sum(lead) if lead else g


def _centred(x: Tensor, over: tuple[int, ...]) -> Tensor:
    """As :func:`adjoint.summation.centred`; whatever is taken off first makes no difference to the gradient."""
    near = x - first_along(x.detach(), over)
    return near - near.mean(over, keepdim=True)


def _normal(x: Tensor, over: tuple[int, ...], eps: float) -> tuple[Tensor, Tensor]:
    centred = _centred(x, over)
    rstd = (centred.square().mean(over, keepdim=True) + eps).rsqrt()
    return centred * rstd, rstd


def _layer_gradients(g, input, weight, weight_dtype, bias_dtype, mean, rstd, needed, normalized_shape, eps):
    found = layer_norm_gradients(g, input, weight, mean, rstd, normalized_shape, eps)
    return _of_operands(found, needed, g.dtype, weight_dtype, bias_dtype)


_layer_norm_row = op(
    "native_layer_norm", _layer_norm, least=1024, kernel=Kernel("LayerNormKernelImpl", FLOATING), lies=IN_ORDER, where="", keeps=("mean", "rstd"), joint="input weight bias",
    gradients={"input weight bias": _layer_gradients},
    reads={
        "input": "rstd * (g * weight - mean(g * weight) - x̂ * mean(g * weight * x̂))",
        "weight": "sum(g * x̂), x̂ the normalized input",
        "bias": "sum(g)",
    },
)  # fmt: skip


def _check_normalized_shape(
    input: Tensor,
    normalized_shape: tuple[int, ...],
    weight: Tensor | None,
    bias: Tensor | None,
    any_sizes: str = "*, ",
) -> None:
    if not normalized_shape:
        raise RuntimeError(
            "Expected normalized_shape to be at least 1-dimensional, i.e., containing at least one element, but got "
            "normalized_shape = []"
        )
    shown = list(normalized_shape)
    for name, tensor in (("weight", weight), ("bias", bias)):
        if tensor is not None and tensor._array.shape != normalized_shape:
            raise RuntimeError(
                f"Expected {name} to be of same shape as normalized_shape, but got {name} of shape {list(tensor.shape)} "
                f"and normalized_shape = {shown}"
            )
    shape = input._array.shape
    if shape[len(shape) - len(normalized_shape) :] != normalized_shape or len(shape) < len(normalized_shape):
        raise RuntimeError(
            f"Given normalized_shape={shown}, expected input with shape [{any_sizes}{', '.join(map(str, shown))}], but got input "
            f"of size{list(shape)}"
        )


def _shape(normalized_shape: Any) -> tuple[int, ...]:
    return (normalized_shape,) if isinstance(normalized_shape, int) else tuple(map(index, normalized_shape))


@composite(where="torch nn.functional")
def layer_norm(
    input: Tensor,
    normalized_shape: Any,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Tensor:
    """Normalize each example over its last dimensions, of shape ``normalized_shape``, then scale and shift it.

    Raises RuntimeError where the shapes do not fit.

    >>> import adjoint as torch
    >>> torch.nn.functional.layer_norm(torch.tensor([[1., 3.]]), [2])
    tensor([[-1.0000,  1.0000]])
    """
    shape = _shape(normalized_shape)
    _check_normalized_shape(input, shape, weight, bias)
    _check_dtypes(input, weight, bias)
    return _layer_norm_row.function(input, weight, bias, shape, eps)


@in_float32
def _group_norm(input: Array, weight: Array | None, bias: Array | None, num_groups, eps):
    if not input.size:
        return input.copy()
    if input.size >= LARGE and input.__class__ is np.ndarray:
        return _large_group_norm(input, weight, bias, num_groups, eps)
    normal, _ = _rows_normalized(input.reshape(input.shape[0] * num_groups, -1), eps)
    normal = normal.reshape(*input.shape[:2], -1)
    if weight is not None:
        normal *= weight[:, None]
    if bias is not None:
        normal += bias[:, None]
    return normal.reshape(input.shape)


def _large_group_norm(input: Array, weight: Array | None, bias: Array | None, num_groups: int, eps: float) -> Array:
    """As one pass for the groups' moments, and one that has a factor and a shift for every channel of a sample."""
    samples, channels = input.shape[:2]
    mean, rstd = compiled(_group_moments, input.reshape(samples * num_groups, -1), eps)
    scale, mean = _of_channels(rstd, samples, channels), _of_channels(mean, samples, channels)
    if weight is not None:
        scale = scale * weight
    shift = np.zeros((), input.dtype) if bias is None else bias
    rows = (samples * channels, -1)
    shift = np.broadcast_to(shift, scale.shape).reshape(-1)
    return compiled(_scaled, input.reshape(rows), mean.reshape(-1), scale.reshape(-1), shift).reshape(input.shape)


def _group_moments(x: Array, eps: float) -> tuple[Array, Array]:
    """The mean of each row, and 1 / its deviation."""
    away, mean = centred(x)
    return mean.reshape(-1), 1 / np.sqrt(total(away * away, 1) / x.shape[1] + x.dtype.type(eps))


def _of_channels(x: Array, samples: int, channels: int) -> Array:
    """What every group has, for every channel: (samples, channels)."""
    x = x.reshape(samples, -1, 1)
    return np.broadcast_to(x, (samples, x.shape[1], channels // x.shape[1])).reshape(samples, channels)


def _scaled(x: Array, mean: Array, scale: Array, shift: Array) -> Array:
    return (x - mean[:, None]) * scale[:, None] + shift[:, None]


def _large_group_gradients(
    g: Array, input: Array, weight: Array | None, num_groups: int, eps: float
) -> tuple[Array, Array, Array]:
    """Of the channels' sums of ``g`` and of ``g`` times the distance from the mean all else is made."""
    samples, channels = input.shape[:2]
    rows = (samples * channels, -1)
    mean, rstd = compiled(_group_moments, input.reshape(samples * num_groups, -1), eps)
    mean_of, rstd_of = _of_channels(mean, samples, channels), _of_channels(rstd, samples, channels)
    g, input, mean_of = g.reshape(rows), input.reshape(rows), mean_of.reshape(-1)
    dots, sums = (x.reshape(samples, channels) for x in compiled(_channel_sums, g, input, mean_of))
    g_weight, g_bias = (dots * rstd_of).sum(0), sums.sum(0)
    count = input.size // (samples * num_groups)
    if weight is not None:
        dots, sums = dots * weight, sums * weight
    groups = (samples * num_groups, -1)
    dot, sum = (x.reshape(groups).sum(1) / count for x in (dots, sums))
    scale = rstd_of if weight is None else rstd_of * weight
    slope = _of_channels(rstd * rstd * rstd * dot, samples, channels)
    shift = _of_channels(rstd * sum, samples, channels)
    found = compiled(_group_slopes, g, input, mean_of, scale.reshape(-1), slope.reshape(-1), shift.reshape(-1))
    return found, g_weight, g_bias


def _channel_sums(g: Array, x: Array, mean: Array) -> tuple[Array, Array]:
    return total(g * (x - mean[:, None]), 1), total(g, 1)


def _group_slopes(g: Array, x: Array, mean: Array, scale: Array, slope: Array, shift: Array) -> Array:
    return g * scale[:, None] - (x - mean[:, None]) * slope[:, None] - shift[:, None]


@array_function
def group_norm_gradients(
    g: Array, input: Array, weight: Array | None, num_groups: int, eps: float
) -> tuple[Array, Array, Array]:
    """The gradients of input, weight and bias, in float32 where the arrays are of two bytes."""
    rows = (input.shape[0] * num_groups, -1)
    g3 = _per_channel(widen(g))
    if not input.size:
        return g3.reshape(input.shape), _channel_sum(g3), _channel_sum(g3)
    if input.size >= LARGE and g.__class__ is input.__class__ is np.ndarray:
        found, g_weight, g_bias = _large_group_gradients(
            widen(g), widen(input), None if weight is None else widen(weight), num_groups, eps
        )
        return found.reshape(input.shape), g_weight, g_bias
    normal, rstd = _rows_normalized(widen(input).reshape(rows), eps)
    g_weight = _channel_sum(g3 * normal.reshape(g3.shape))
    g_bias = _channel_sum(g3)
    inner = g3 if weight is None else g3 * widen(weight)[:, None]
    return _rows_gradient(inner.reshape(rows), normal, rstd).reshape(input.shape), g_weight, g_bias


@taped(group_norm_gradients)
def _group_norm_gradients(
    g: Tensor, input: Tensor, weight: Tensor | None, num_groups: int, eps: float
) -> tuple[Tensor, Tensor, Tensor]:
    g, input, weight = _wide(g), _wide(input), None if weight is None else _wide(weight)
    shape = input.shape
    rows = (shape[0] * num_groups, shape[1:].numel() // num_groups)
    column = (1, shape[1]) + (1,) * (input.ndim - 2)
    over = (0, *range(2, input.ndim))
    normal, rstd = _normal(input.reshape(rows), (1,), eps)
    inner = (g if weight is None else g * weight.view(column)).reshape(rows)
    g_rows = (inner - inner.mean(1, keepdim=True) - normal * (inner * normal).mean(1, keepdim=True)) * rstd
    return g_rows.reshape(shape), (g * normal.reshape(shape)).sum(over), g.sum(over)


def _group_gradients(g, input, weight, weight_dtype, bias_dtype, needed, num_groups, eps):
    found = group_norm_gradients(g, input, weight, num_groups, eps)
    return _of_operands(found, needed, g.dtype, weight_dtype, bias_dtype)


_group_norm_row = op(
    "native_group_norm", _group_norm, kernel=Kernel("GroupNormKernelImpl", FLOATING), lies=as_images("input"), where="", joint={"weight": "input weight bias"},
    gradients={"input weight bias": _group_gradients},
    reads={
        "input": "invstd * (g * weight - mean(g * weight) - x̂ * mean(g * weight * x̂))",
        "weight": "sum(g * x̂), x̂ the normalized input",
        "bias": "sum(g)",
    },
)  # fmt: skip


def _check_group_norm(input: Tensor, num_groups: int, weight: Tensor | None, bias: Tensor | None) -> None:
    shape = input._array.shape
    if len(shape) < 2:
        raise RuntimeError(f"Expected at least 2 dimensions for input tensor but received {len(shape)}")
    if num_groups <= 0:
        raise RuntimeError(f"Expected num groups to be greater than 0, got {num_groups}")
    if shape[1] % num_groups:
        raise RuntimeError(
            "Expected number of channels in input to be divisible by num_groups, but got input of shape "
            f"{list(shape)} and num_groups={num_groups}"
        )
    for name, tensor in (("weight", weight), ("bias", bias)):
        if tensor is not None and tensor._array.shape != (shape[1],):
            raise RuntimeError(
                f"Expected {name} to be a vector of size equal to the number of channels in input, but got {name} of "
                f"shape {list(tensor.shape)} and input of shape {list(shape)}"
            )
    _check_dtypes(input, weight, bias)


@composite(where="torch", name="group_norm")
def _torch_group_norm(
    input: Tensor,
    num_groups: int,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
    cudnn_enabled: bool = True,
) -> Tensor:
    """As :func:`adjoint.nn.functional.group_norm`."""
    _check_group_norm(input, num_groups, weight, bias)
    return _group_norm_row.function(input, weight, bias, num_groups, eps)


@composite(where="nn.functional")
def group_norm(
    input: Tensor, num_groups: int, weight: Tensor | None = None, bias: Tensor | None = None, eps: float = 1e-5
) -> Tensor:
    """Normalize each example over each of ``num_groups`` groups of channels, then scale and shift each channel.

    Raises RuntimeError where the groups do not divide the channels.
    """
    shape = input._array.shape
    if len(shape) < 2:
        raise RuntimeError(f"Expected at least 2 dimensions for input tensor but received {len(shape)}")
    if num_groups > 0 and shape[0] * shape[1] // num_groups * prod(shape[2:]) == 1:
        raise ValueError(
            "Expected more than 1 value per channel when training, got input size "
            f"{[shape[0] * shape[1] // num_groups, num_groups, *shape[2:]]}"
        )
    _check_group_norm(input, num_groups, weight, bias)
    return _group_norm_row.function(input, weight, bias, num_groups, eps)


def _rms_norm(input: Array, weight: Array | None, normalized_shape, eps):
    """Also 1 / the root of the mean square of each row."""
    size = prod(normalized_shape)
    x = input.reshape(-1, size)
    rstd = (1 / np.sqrt(total_of_products(x, x, 1) / size + x.dtype.type(eps)))[:, None]
    normal = x * rstd
    if weight is not None:
        normal *= weight.reshape(-1)
    return normal.reshape(input.shape), rstd


@array_function
def rms_norm_gradients(
    g: Array, input: Array, weight: Array | None, rstd: Array, shape: tuple[int, ...], eps: float
) -> tuple[Array, Array]:
    """The gradients of input and weight."""
    size = prod(shape)
    g2 = g.reshape(-1, size)
    normal = input.reshape(-1, size) * rstd
    g_weight = total_of_products(g2, normal, 0).reshape(shape)
    inner = g2 if weight is None else g2 * weight.reshape(-1)
    g_input = inner - normal * (total_of_products(inner, normal, 1) / size)[:, None]
    g_input *= rstd
    return g_input.reshape(input.shape), g_weight


@taped(rms_norm_gradients)
def _rms_norm_gradients(
    g: Tensor, input: Tensor, weight: Tensor | None, rstd: Any, shape: tuple[int, ...], eps: float
) -> tuple[Tensor, Tensor]:
    over = tuple(range(-len(shape), 0))
    lead = tuple(range(input.ndim - len(shape)))
    rstd = (input.square().mean(over, keepdim=True) + eps).rsqrt()
    normal = input * rstd
    inner = g if weight is None else g * weight
    g_weight = g * normal
    g_input = (inner - normal * (inner * normal).mean(over, keepdim=True)) * rstd
    return g_input, g_weight.sum(lead) if lead else g_weight


def _rms_gradients(g, input, weight, rstd, needed, normalized_shape, eps):
    g_input, g_weight = rms_norm_gradients(g, input, weight, rstd, normalized_shape, eps)
    return g_input if needed[0] else None, g_weight if needed[1] else None


_rms_norm_row = op(
    "_fused_rms_norm", _rms_norm, where="", keeps=("rstd",), node="FusedRmsNormBackward0",
    gradients={"input weight": _rms_gradients},
    reads={"input": "rstd * (g * weight - x̂ * mean(g * weight * x̂))", "weight": "sum(g * x̂), x̂ the normalized input"},
)  # fmt: skip


_RMS_NORM = Kernel("rms_norm", FLOATING_OR_COMPLEX)


@composite(where="torch nn.functional")
def rms_norm(
    input: Tensor, normalized_shape: Any, weight: Tensor | None = None, eps: float | None = None
) -> Tensor:
    """Divide each example by the root of its mean square over the last dimensions, then scale it.

    >>> import adjoint as torch
    >>> torch.nn.functional.rms_norm(torch.tensor([[3., 4.]]), [2])
    tensor([[0.8485, 1.1314]])
    """
    shape = _shape(normalized_shape)
    _check_normalized_shape(input, shape, weight, None, "*")
    _RMS_NORM.check(input._array)
    format_ = suggested_format(input._array) if input._array.__class__ is np.ndarray else contiguous_format
    half = input._array.dtype.itemsize == 2
    x = input.to(dtypes.float32) if half else input
    if eps is None:
        eps = _machine_epsilon(x.dtype)
    if is_large(input._array) and (weight is None or weight._array.dtype == input._array.dtype):
        return _rms_norm_row.function(input, weight, shape, eps).contiguous(memory_format=format_)
    result = x * plus(x.pow(2).mean(tuple(range(-len(shape), 0)), keepdim=True), eps).rsqrt()
    return (result if weight is None else result * weight).to(input.dtype).contiguous(memory_format=format_)


def _machine_epsilon(dtype: dtypes.dtype) -> float:
    return float(np.finfo(dtype.array).eps)


@composite(where="nn.functional")
def local_response_norm(
    input: Tensor, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0
) -> Tensor:
    """Divide each channel by a power of the mean square of the ``size`` channels around it."""
    if input.ndim < 3:
        raise ValueError(
            f"Expected 3D or higher dimensionality                          input (got {input.ndim} dimensions)"
        )
    if input.numel() == 0:
        return input
    pad, avg_pool2d, avg_pool3d = (lookup("nn.functional", name) for name in ("pad", "avg_pool2d", "avg_pool3d"))
    square = input.mul(input)
    if input.ndim == 3:
        square = pad(square.unsqueeze(1), (0, 0, size // 2, (size - 1) // 2))
        square = avg_pool2d(square, (size, 1), stride=1).squeeze(1)
    else:
        shape = input.size()
        square = square.view(shape[0], 1, shape[1], shape[2], -1)
        square = pad(square, (0, 0, 0, 0, size // 2, (size - 1) // 2))
        square = avg_pool3d(square, (size, 1, 1), stride=1).squeeze(1).view(shape)
    return input / square.mul(alpha).add(k).pow(beta)


@composite(where="nn.functional")
def normalize(input: Tensor, p: float = 2.0, dim: Any = 1, eps: float = 1e-12, out: Tensor | None = None) -> Tensor:
    """``input`` divided by its p-norm along ``dim`` (which is taken to be at least ``eps``).

    >>> import adjoint as torch
    >>> torch.nn.functional.normalize(torch.tensor([[3., 4.]]))
    tensor([[0.6000, 0.8000]])
    """
    norm = input.norm(p, dim, keepdim=True).clamp_min(eps).expand_as(input)
    if out is None:
        return input / norm
    return lookup("torch", "div")(input, norm, out=out)

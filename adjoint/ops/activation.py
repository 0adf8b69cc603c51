"""Activations: the non-linear functions between layers."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np

from adjoint import dtypes
from adjoint.autograd.taped import taped
from adjoint.autograd.views import check_writable
from adjoint.declare import composite, elementwise, op
from adjoint.declare.arguments import wrong_argument
from adjoint.declare.arranging import IN_ORDER, put_in_order
from adjoint.declare.built_late import built_late
from adjoint.declare.inplace import inplace_method, overwrite
from adjoint.declare.kernel_dtypes import COMPLEX, FLOATING, NUMBERS, REAL, Kernel
from adjoint.declare.namespaces import FUNCTIONS, lookup
from adjoint.declare.naming import show
from adjoint.declare.outs import CAST, FOUND
from adjoint.declare.schemas import check_write
from adjoint.ops.arrays import Array, array_function, special_function
from adjoint.ops.elementwise import sigmoid_of as sigmoid
from adjoint.ops.scalars import convert, element
from adjoint.ops.widening import in_float32, is_half
from adjoint.readings.batched import current_levels
from adjoint.readings.meta import MetaArray
from adjoint.tensor import Tensor, from_array

_SQRT_HALF = math.sqrt(0.5)
_INV_SQRT_2PI = 1 / math.sqrt(2 * math.pi)
_SQRT_2_OVER_PI = math.sqrt(2 / math.pi)
_SELU_ALPHA = 1.6732632423543772848170429916717
_SELU_SCALE = 1.0507009873554804934193349852946
_erf = special_function("erf")
_LARGEST = {
    dtypes.float16.array: 65504.0, dtypes.bfloat16.array: 3.3895313892515355e38, dtypes.float32.array: 3.4028234663852886e38,
    dtypes.float64.array: 1.7976931348623157e308,
}  # fmt: skip
_INTEGERS: dict[int, Any] = {2: np.int16, 4: np.int32, 8: np.int64}


def softplus_of(x):
    """log(1 + exp(x)) without overflow, on arrays."""
    return np.maximum(x, 0) + np.log1p(np.exp(-np.absolute(x)))


@array_function
def kept_where(condition: Array, g: Array) -> Array:
    """``g`` where the condition holds and 0 elsewhere (also where ``g`` is infinite), on arrays.

    Where signs are random, ``numpy.where`` waits for mispredicted branches; a bit mask does not.
    """
    integer = _INTEGERS.get(g.dtype.itemsize)
    if g.__class__ is not np.ndarray or g.size < 2048 or integer is None or g.dtype.kind == "c" or g.shape != condition.shape:
        return np.where(condition, g, g.dtype.type(0))
    if not g.flags.c_contiguous:
        g = np.ascontiguousarray(g)
    mask = np.negative(condition.view(np.int8))
    return np.bitwise_and(g.view(integer), mask).view(g.dtype)


@taped(kept_where)
def _kept_where(condition: Tensor, g: Tensor) -> Tensor:
    return lookup("torch", "where")(condition, g, 0.0)


@array_function
def normal_cdf(x: Array) -> Array:
    """The standard normal distribution function, on arrays."""
    wide = x.astype(np.float32) if x.dtype.itemsize < 4 else x
    return (0.5 * (1 + _erf(wide * _SQRT_HALF))).astype(x.dtype, copy=False)


@taped(normal_cdf)
def _normal_cdf(x: Tensor) -> Tensor:
    return (lookup("torch", "erf")(x * _SQRT_HALF) + 1) * 0.5


# Rectifiers


def _relu(self):
    if self.dtype.kind in "bc":
        if self.dtype.kind == "c":
            raise NotImplementedError("clamp is not supported for complex types")
        raise RuntimeError("Boolean inputs not supported for relu")
    return np.maximum(self, 0)


relu = elementwise(
    "relu", _relu, flat="result", again="ThresholdBackwardBackward0",
    self=lambda g, result: kept_where(result != 0, g),  # a NaN passes the gradient, as in PyTorch
    doc="Each element, and 0 in the place of negative ones.",
)  # fmt: skip


@in_float32
def _leaky_relu(self, negative_slope=0.01):
    return np.where(self > 0, self, self * element(negative_slope, self))


leaky_relu = elementwise(
    "leaky_relu", _leaky_relu, kernel=Kernel("leaky_relu_cpu", FLOATING), where="", inplace=False, flat="self",
    self=in_float32(lambda g, self, negative_slope: np.where(self > 0, g, g * negative_slope)),
)  # fmt: skip


@in_float32
def _prelu_kernel(self: Array, weight: Array):
    return np.where(self > 0, self, weight * self)


def _prelu_tangent(self, weight, self_t, weight_t, needed):
    """PyTorch's: at 0 the slope is 1, though the gradient's is the weight."""
    parts = [part for part, wanted in zip((weight * self_t, weight_t * self), needed) if wanted]
    return np.where(self >= 0, self_t, parts[0] if len(parts) == 1 else parts[0] + parts[1])


_prelu = elementwise(
    "_prelu_kernel", _prelu_kernel, kernel=Kernel("prelu_cpu", FLOATING), node="PreluKernelBackward0", where="torch", inplace=False, flat="self weight",
    self=in_float32(lambda g, self, weight: np.where(self > 0, g, weight * g)),
    weight=in_float32(lambda g, self: np.where(self > 0, g * 0, self * g)), tangent=in_float32(_prelu_tangent),
)  # fmt: skip


@composite(where="torch Tensor nn.functional")
def prelu(input: Tensor, weight: Tensor) -> Tensor:
    """``max(0, x) + weight * min(0, x)``; ``weight`` holds one number, or one a channel (dimension 1 of ``input``).

    Raises RuntimeError where the numbers do not fit the channels.

    >>> import adjoint as torch
    >>> torch.prelu(torch.tensor([-2., 3.]), torch.tensor([0.5]))
    tensor([-1.,  3.])
    """
    if not isinstance(weight, Tensor):
        wrong_argument("prelu", "weight", "Tensor", weight, 2)
    count = weight._array.size
    if weight.ndim > 1 and weight.ndim != input.ndim:
        raise RuntimeError(f"prelu: Expected `weight` to be a scalar or 1D tensor, but got: ndim = {weight.ndim}")
    if count != 1:
        if input.ndim == 0:
            raise RuntimeError("Not allow zero-dim input tensor.")
        channels = input._array.shape[1] if input.ndim > 1 else 1
        if channels != count:
            raise RuntimeError(
                f"Mismatch of parameter numbers and input channel size. Found parameter numbers = {count} and channel "
                f"size = {channels}."
            )
    if weight.ndim != input.ndim:
        shape = [1] * input.ndim
        if input.ndim > 1:
            shape[1] = count
        weight = weight.view(shape)
    return _prelu.function(input, weight)


@composite(where="nn.functional")
def rrelu(
    input: Tensor, lower: float = 1.0 / 8, upper: float = 1.0 / 3, training: bool = False, inplace: bool = False
) -> Tensor:
    """Leaky ReLU whose slopes are drawn from [lower, upper) in training, and their mean otherwise."""
    return _rrelu(input, lower, upper, training, None, inplace)


@in_float32
def _rrelu_with_noise(self: Array, noise: Array, lower=0.125, upper=1 / 3, training=False):
    return self * noise if training else np.where(self > 0, self, self * element((lower + upper) / 2, self))


_rrelu_row = op(
    "rrelu_with_noise", _rrelu_with_noise, kernel=Kernel("leaky_relu_cpu", FLOATING), lies=IN_ORDER, where="", flat="self",
    self=in_float32(lambda g, self, noise, lower, upper, training: (
        g * noise if training else np.where(self > 0, g, g * ((lower + upper) / 2))
    )),
)  # fmt: skip


_rrelu_inplace_row = replace(_rrelu_row, node_name="RreluWithNoiseBackward1", _built={})


def _rrelu(
    input: Tensor, lower: float, upper: float, training: bool, generator: Any, inplace: bool
) -> Tensor:
    _check_slopes(lower, upper)
    if inplace:
        check_write(input, "rrelu_")
    noise = np.ones_like(input._array)
    if training and input._array.__class__ is not MetaArray:
        if current_levels():
            raise RuntimeError("vmap: we do not yet support aten::rrelu. Please file an issue")
        if input.dtype.category != dtypes.FLOAT or input.dtype is dtypes.float16:
            name = dtypes.SCALAR_TYPE_NAMES[input.dtype]
            raise NotImplementedError(f'"rrelu_with_noise_out_cpu" not implemented for \'{name}\'')
        below = input._array <= 0
        draws = lookup("torch", "rand")(int(below.sum()), dtype=dtypes.float64, generator=generator)
        if input.dtype is not dtypes.float64:
            lower, upper = float(np.float32(lower)), float(np.float32(upper))
        noise[below] = draws._array * (upper - lower) + lower
    row = _rrelu_inplace_row if inplace else _rrelu_row
    result = row.function(input, from_array(noise), lower, upper, training)
    if inplace:
        check_writable(input, input.requires_grad)
        return overwrite(input, result, row)
    return result


def _check_slopes(lower: float, upper: float) -> None:
    for name, bound in (("lower", lower), ("upper", upper)):
        if not math.isfinite(bound):
            raise RuntimeError(f"rrelu: {name} bound must be finite, got {bound:g}")
    if lower > upper:
        raise RuntimeError("Lower bound should be less than or equal to the upper bound")


@composite(where="torch", name="rrelu")
def _torch_rrelu(
    input: Tensor, lower: float = 1.0 / 8, upper: float = 1.0 / 3, training: bool = False, generator: Any = None
) -> Tensor:
    """As :func:`adjoint.nn.functional.rrelu`."""
    return _rrelu(input, lower, upper, training, generator, False)


def _threshold(self: Array, threshold, value):
    threshold = convert(threshold, dtypes.float32) if is_half(self.dtype) else element(threshold, self)
    value = element(value, self)  # of unsigned integers, negative numbers wrap around
    return np.where(self <= threshold, np.asarray(value, self.dtype), self)


_threshold_row = op(
    "threshold", _threshold, out=CAST, kernel=Kernel("threshold_cpu", REAL), where="torch", flat="self",
    self=lambda g, self, threshold: kept_where(~(self <= threshold), g),
    doc="Each element that is above ``threshold``, and ``value`` in the place of the others.",
)  # fmt: skip


# Clipped and shrunk


def _hardtanh(self, min_val=-1.0, max_val=1.0):
    if min_val > max_val:
        raise ValueError("min_val cannot be greater than max_val")
    kind = self.dtype.kind
    if kind in "cb":
        if kind == "b":
            raise RuntimeError("Bool inputs not supported for hardtanh")
        raise NotImplementedError("clamp is not supported for complex types")
    if kind in "iu":
        min_val, max_val = convert(min_val, dtypes.int64), convert(max_val, dtypes.int64)
        if kind == "u" and min(min_val, max_val) < 0:
            raise RuntimeError("cannot do hardtanh on an unsigned type with negative limits")
    return _between(self, element(min_val, self), element(max_val, self))


@in_float32
def _between(self, min_val, max_val):
    return np.minimum(np.maximum(self, min_val), max_val)


hardtanh = elementwise(
    "hardtanh", _hardtanh, kernel=Kernel("clamp_scalar_cpu", NUMBERS | {np.dtype(bool)}), where="", inplace=False, flat="self",
    self=in_float32(lambda g, self, min_val, max_val: kept_where(~((self <= min_val) | (self >= max_val)), g)),
)  # fmt: skip


@in_float32
def _hardswish(self):
    return self * np.minimum(np.maximum(self + 3, 0), 6) / 6


hardswish = elementwise(
    "hardswish", _hardswish, kernel=Kernel("hardswish_cpu", FLOATING), where="", inplace=False,
    self=in_float32(lambda g, self: kept_where(~(self <= -3), np.where(self >= 3, g, g * (self / 3 + 0.5)))),
)  # fmt: skip


@in_float32
def _hardsigmoid(self):
    return np.minimum(np.maximum(self + 3, 0), 6) / 6


hardsigmoid = elementwise(
    "hardsigmoid", _hardsigmoid, kernel=Kernel("hardsigmoid_cpu", FLOATING), where="", inplace=False, flat="self",
    self=in_float32(lambda g, self: kept_where((self > -3) & (self < 3), g / 6)),
)  # fmt: skip


def _softshrink(self, lambd=0.5):
    largest = _LARGEST.get(self.dtype, math.inf)
    if not 0 <= lambd <= largest:
        name = dtypes.SCALAR_TYPE_NAMES[dtypes.OF_ARRAY[self.dtype]]
        raise RuntimeError(f"lambda must be in range [0, {largest:g}] for input dtype {name}, but found {lambd:g}")
    return _shrunk(self, lambd)


@in_float32
def _shrunk(self, lambd):
    return np.where(self > lambd, self - lambd, np.where(self < -lambd, self + lambd, self * 0))


softshrink = elementwise(
    "softshrink", _softshrink, out=FOUND, kernel=Kernel("softshrink_check", FLOATING), where="nn.functional", inplace=False, flat="self",
    self=in_float32(lambda g, self, lambd: np.where((self >= -lambd) & (self <= lambd), np.zeros_like(g), g)),
    doc="Each element moved toward zero by ``lambd``, and 0 in the place of those within it.",
)  # fmt: skip


def _hardshrink(self, lambd=0.5):
    lambd = element(lambd, self)
    return np.where((self >= -lambd) & (self <= lambd), np.zeros_like(self), self)


hardshrink = elementwise(
    "hardshrink", _hardshrink, out=FOUND, kernel=Kernel("hardshrink_cpu", FLOATING), where="torch Tensor nn.functional", inplace=False, flat="self",
    self=in_float32(lambda g, self, lambd: np.where((self >= -lambd) & (self <= lambd), np.zeros_like(g), g)),
    doc="Each element, and 0 in the place of those whose magnitude is at most ``lambd``.",
)  # fmt: skip


# Smooth


@array_function
def at_most(x: Array, bound: float) -> Array:
    """``x`` up to a bound, with a slope of 0 where they are equal: of the two slopes that a kink has, PyTorch takes that one
    for second derivatives."""
    return np.minimum(x, bound)


@array_function
def negative_part(x: Array) -> Array:
    """As ``at_most(x, 0)``; of a NaN, the slope is 0."""
    return np.minimum(x, 0)


@taped(negative_part)
def _taped_negative_part(x: Tensor) -> Tensor:
    return lookup("torch", "where")(x < 0, x, 0.0)  # type: ignore[no-any-return]


@taped(at_most)
def _taped_at_most(x: Tensor, bound: float) -> Tensor:
    return lookup("torch", "where")(x >= bound, float(bound), x)  # type: ignore[no-any-return]


@in_float32
def _elu(self, alpha=1.0, scale=1.0, input_scale=1.0):
    alpha, scale, input_scale = element(alpha, self), element(scale, self), element(input_scale, self)
    return np.where(self > 0, self * scale, np.expm1(np.minimum(self * input_scale, 0)) * (alpha * scale))


_elu_row = elementwise(
    "elu", _elu, kernel=Kernel("elu_cpu", FLOATING), where="", inplace=False,
    self=in_float32(lambda g, self, alpha, scale, input_scale: np.where(
        self <= 0, g * np.exp(negative_part(self) * input_scale) * (alpha * scale * input_scale), g * scale
    )),
)  # fmt: skip


@in_float32
def _celu(self, alpha=1.0):
    if alpha == 0:
        raise RuntimeError("ZeroDivisionError: alpha cannot be 0 for CELU")
    alpha = element(alpha, self)
    return np.where(self > 0, self, np.expm1(negative_part(self) / alpha) * alpha)


_celu_row = elementwise(
    "celu", _celu, kernel=Kernel("elu_cpu", FLOATING), where="torch", inplace=False,
    self=in_float32(lambda g, self, alpha: np.where(self <= 0, g * np.exp(negative_part(self) / alpha), g)),
    doc="Each positive element, and ``alpha * (exp(x / alpha) - 1)`` in the place of the others.  Raises "
    "RuntimeError if ``alpha`` is 0.",
)  # fmt: skip


@in_float32
def _gelu(self, *, approximate="none"):
    if approximate == "none":
        return self * normal_cdf(self)
    if approximate != "tanh":
        raise RuntimeError("approximate argument must be either none or tanh.")
    return 0.5 * self * (1 + np.tanh(_SQRT_2_OVER_PI * (self + 0.044715 * self * self * self)))


def _gelu_slope(x, approximate):
    if approximate == "none":
        return normal_cdf(x) + x * np.exp(x * x * -0.5) * _INV_SQRT_2PI
    t = np.tanh(_SQRT_2_OVER_PI * (x + 0.044715 * x * x * x))
    return 0.5 * (1 + t) + 0.5 * x * (1 - t * t) * (_SQRT_2_OVER_PI * (1 + 0.134145 * x * x))


gelu = elementwise(
    "gelu", _gelu, least=1024, out=FOUND, kernel=Kernel("GeluKernelImpl", FLOATING), where="nn.functional", inplace=False,
    self=in_float32(lambda g, self, approximate: g * _gelu_slope(self, approximate)),
    reads={"self": "g * (Φ(self) + self * φ(self))"},
    doc='Each element times the share of a normal distribution below it: ``x * Phi(x)``; '
    '``approximate="tanh"`` computes it by a tanh.',
)  # fmt: skip


@in_float32
def _silu(self):
    return self / (1 + np.exp(-self))


def _silu_slope(x):
    s = sigmoid(x)
    return s * (1 + x * (1 - s))


_silu_row = elementwise("silu", _silu, kernel=Kernel("silu_cpu", FLOATING, plain=COMPLEX), where="", inplace=False, self=in_float32(lambda g, self: g * _silu_slope(self)))


@in_float32
def _mish(self):
    return self * np.tanh(softplus_of(self))


def _mish_slope(x):
    t = np.tanh(softplus_of(x))
    return t + x * sigmoid(x) * (1 - t * t)


_mish_row = elementwise("mish", _mish, kernel=Kernel("mish_cpu", FLOATING), where="", inplace=False, self=in_float32(lambda g, self: g * _mish_slope(self)), reads={"self": "g * (tanh(softplus(self)) + self * σ(self) * (1 - tanh(softplus(self)) ** 2))"})


@in_float32
def _softplus(self, beta=1.0, threshold=20.0):
    beta, threshold = element(beta, self), element(threshold, self)
    scaled = self * beta
    return np.where(scaled > threshold, self, np.log1p(np.exp(np.minimum(scaled, threshold))) / beta)


softplus = elementwise(
    "softplus", _softplus, out=FOUND, kernel=Kernel("softplus_cpu", FLOATING), where="nn.functional", inplace=False,
    self=in_float32(lambda g, self, beta, threshold: np.where(
        self * beta > threshold, g, g * sigmoid(at_most(self * beta, threshold))
    )),
    doc="A smooth rectifier of each element: ``log(1 + exp(beta x)) / beta``, and ``x`` itself where "
    "``beta x`` is above ``threshold``.",
)  # fmt: skip


@in_float32
def _log_sigmoid(self):
    return np.minimum(self, 0) - np.log1p(np.exp(-np.absolute(self)))


logsigmoid = elementwise(
    "logsigmoid", _log_sigmoid, kernel=Kernel("log_sigmoid_cpu", FLOATING), where="nn.functional",
    node="LogSigmoidBackward0", inplace=False, lies=put_in_order(),
    self=in_float32(lambda g, self: g * sigmoid(-self)),
    doc="The logarithm of the sigmoid of each element, which need not fit a float.",
)  # fmt: skip


@in_float32
def _glu(self: Array, dim=-1):
    if self.ndim == 0:
        raise RuntimeError("glu does not support scalars because halving size must be even")
    if not -self.ndim <= dim < self.ndim:
        raise IndexError(
            f"Dimension out of range (expected to be in range of [{-self.ndim}, {self.ndim - 1}], but got {dim})"
        )
    if self.shape[dim] % 2:
        raise RuntimeError(f"Halving dimension must be even, but dimension {dim % self.ndim} is size {self.shape[dim]}")
    a, b = _halves(self, dim)
    return a * sigmoid(b)


def _halves(x, dim):
    dim %= x.ndim
    half = x.shape[dim] // 2
    before = (slice(None),) * dim
    return x[(*before, slice(None, half))], x[(*before, slice(half, None))]


def _glu_gradient(g, x, dim):
    a, b = _halves(x, dim)
    s = sigmoid(b)
    return np.concatenate((g * s, g * a * s * (1 - s)), axis=dim % x.ndim)


glu = op(
    "glu", _glu, kernel=Kernel("glu_cpu", FLOATING), where="nn.functional", self=in_float32(lambda g, self, dim: _glu_gradient(g, self, dim)),
    reads={"self": "g * σ(b) and g * a * σ(b) * (1 - σ(b)), where a, b are the halves"},
    doc="The first half of a dimension times the sigmoid of its second half.  Raises RuntimeError if its "
    "size is odd.",
)  # fmt: skip


# What nn.functional adds: `inplace`

def _second_form(row: Any) -> Any:
    """A row whose in-place form has a node of its own in PyTorch."""
    return replace(row, node_name=row.backward_name[:-1] + "1", _built={})


_relu_ = relu.inplace
_leaky_relu_ = inplace_method(_second_form(leaky_relu))
_hardtanh_ = hardtanh.inplace
_hardswish_ = hardswish.inplace
_hardsigmoid_ = hardsigmoid.inplace
_elu_ = inplace_method(_second_form(_elu_row))
_celu_ = inplace_method(_second_form(_celu_row))
_silu_ = _silu_row.inplace
_mish_ = _mish_row.inplace
_threshold_ = inplace_method(_second_form(_threshold_row))

_relu_function = built_late(relu, globals(), "_relu_function")


@composite(where="nn.functional", name="relu")
def _functional_relu(input: Tensor, inplace: bool = False) -> Tensor:
    """``max(x, 0)``.

    >>> import adjoint as torch
    >>> torch.nn.functional.relu(torch.tensor([-1., 2.]))
    tensor([0., 2.])
    """
    return _relu_(input) if inplace else _relu_function(input)


@composite(where="nn.functional", name="relu6")
def relu6(input: Tensor, inplace: bool = False) -> Tensor:
    """``min(max(x, 0), 6)``."""
    if inplace:
        check_write(input, "relu6_")
    return _hardtanh_(input, 0.0, 6.0) if inplace else hardtanh.function(input, 0.0, 6.0)


@composite(where="nn.functional", name="leaky_relu")
def _functional_leaky_relu(input: Tensor, negative_slope: float = 0.01, inplace: bool = False) -> Tensor:
    """``x`` where it is positive, ``negative_slope * x`` elsewhere."""
    return _leaky_relu_(input, negative_slope) if inplace else leaky_relu.function(input, negative_slope)


@composite(where="nn.functional", name="hardtanh")
def _functional_hardtanh(
    input: Tensor, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False
) -> Tensor:
    """``x`` clipped to [min_val, max_val]."""
    return _hardtanh_(input, min_val, max_val) if inplace else hardtanh.function(input, min_val, max_val)


@composite(where="nn.functional", name="hardswish")
def _functional_hardswish(input: Tensor, inplace: bool = False) -> Tensor:
    """``x * relu6(x + 3) / 6``."""
    return _hardswish_(input) if inplace else hardswish.function(input)


@composite(where="nn.functional", name="hardsigmoid")
def _functional_hardsigmoid(input: Tensor, inplace: bool = False) -> Tensor:
    """``relu6(x + 3) / 6``."""
    return _hardsigmoid_(input) if inplace else hardsigmoid.function(input)


@composite(where="nn.functional")
def elu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """``x`` where it is positive, ``alpha * (exp(x) - 1)`` elsewhere."""
    return _elu_(input, alpha) if inplace else _elu_row.function(input, alpha)


@composite(where="nn.functional")
def selu(input: Tensor, inplace: bool = False) -> Tensor:
    """The self-normalising exponential linear unit: ELU with fixed alpha and scale."""
    if inplace:
        check_write(input, "selu_")
        return _elu_(input, _SELU_ALPHA, _SELU_SCALE)
    return _elu_row.function(input, _SELU_ALPHA, _SELU_SCALE)


@composite(where="torch", name="selu")
def _torch_selu(input: Tensor) -> Tensor:
    """As :func:`adjoint.nn.functional.selu`."""
    return selu(input)


@composite(where="torch nn.functional")
def selu_(input: Tensor) -> Tensor:
    """In-place version of :func:`adjoint.selu`."""
    return selu(input, inplace=True)


@composite(where="nn.functional", name="celu")
def _functional_celu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """``max(0, x) + min(0, alpha * (exp(x / alpha) - 1))``."""
    return _celu_(input, alpha) if inplace else _celu_row.function(input, alpha)


@composite(where="nn.functional")
def silu(input: Tensor, inplace: bool = False) -> Tensor:
    """``x * sigmoid(x)``."""
    return _silu_(input) if inplace else _silu_row.function(input)


@composite(where="nn.functional")
def mish(input: Tensor, inplace: bool = False) -> Tensor:
    """``x * tanh(softplus(x))``."""
    return _mish_(input) if inplace else _mish_row.function(input)


@composite(out=CAST, where="nn.functional")
def threshold(input: Tensor, threshold: float, value: float, inplace: bool = False) -> Tensor:
    """``x`` where it is greater than ``threshold``, ``value`` elsewhere."""
    return _threshold_(input, threshold, value) if inplace else _threshold_row.function(input, threshold, value)


@composite(where="nn.functional")
def softsign(input: Tensor) -> Tensor:
    """``x / (1 + |x|)``."""
    return input / (input.abs() + 1)


@composite(where="nn.functional")
def tanhshrink(input: Tensor) -> Tensor:
    """``x - tanh(x)``."""
    return input - input.tanh()


@composite(where="nn.functional", name="sigmoid")
def _functional_sigmoid(input: Tensor) -> Tensor:
    """``1 / (1 + exp(-x))``."""
    return input.sigmoid()


@composite(where="nn.functional", name="tanh")
def _functional_tanh(input: Tensor) -> Tensor:
    """The hyperbolic tangent."""
    return input.tanh()


for _name, _function in {"leaky_relu_": _leaky_relu_, "hardtanh_": _hardtanh_, "elu_": _elu_}.items():
    show(_function, ("nn.functional",), _name)


def _rrelu_(input: Tensor, lower: float = 1.0 / 8, upper: float = 1.0 / 3, training: bool = False) -> Tensor:
    """In-place version of :func:`adjoint.nn.functional.rrelu`."""
    return rrelu(input, lower, upper, training, True)


FUNCTIONS["nn.functional"].update(
    relu_=_relu_, leaky_relu_=_leaky_relu_, hardtanh_=_hardtanh_, elu_=_elu_, celu_=_celu_, threshold_=_threshold_,
    rrelu_=_rrelu_,
)  # fmt: skip
FUNCTIONS["torch"].update(rrelu_=_rrelu_, celu_=_celu_, threshold_=_threshold_)

"""``torch.nn.init``: initial values for weights, the same as PyTorch's from the same seed.

Every function writes into the tensor it is given, without recording, and returns it.  "Fan in" is how many inputs
feed one output of the layer, "fan out" how many outputs one input feeds.
"""

from __future__ import annotations

import functools
import math
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from adjoint import dtypes
from adjoint.autograd.grad_mode import no_grad
from adjoint.autograd.overlap import check_no_overlap
from adjoint.autograd.quiet import silence
from adjoint.autograd.views import check_writable
from adjoint.autograd.written_tangents import carry_over
from adjoint.layouts import empty_like
from adjoint.ops.random import (
    check_normal,
    check_uniform,
    generator_argument,
    normal_fill,
    not_implemented,
    uniform_fill,
)
from adjoint.places import users_level
from adjoint.random import draws
from adjoint.random.generator import Generator, default_generator
from adjoint.tensor import Tensor, writes_of

_LINEAR = (
    "linear", "conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d", "sigmoid",
)  # fmt: skip


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """The factor by which weights before this nonlinearity should be larger; ``param`` is a leaky ReLU's slope.

    Raises ValueError for a nonlinearity that is not known.

    >>> from adjoint.nn import init
    >>> init.calculate_gain("leaky_relu", 0.2) == (2 / 1.04) ** 0.5
    True
    """
    if nonlinearity in _LINEAR:
        return 1
    if nonlinearity == "tanh":
        return 5.0 / 3
    if nonlinearity == "relu":
        return math.sqrt(2.0)
    if nonlinearity == "selu":
        return 3.0 / 4
    if nonlinearity == "leaky_relu":
        slope = 0.01 if param is None else param
        if isinstance(slope, bool) or not isinstance(slope, (int, float)):
            raise ValueError(f"negative_slope {param} not a valid number")
        return math.sqrt(2.0 / (1 + slope**2))
    raise ValueError(f"Unsupported nonlinearity {nonlinearity}")


def _begin(tensor: Tensor) -> Any:
    """The array of a tensor that is about to be written to."""
    check_writable(tensor, False)
    check_no_overlap(tensor._array)
    return tensor._array


def _written(tensor: Tensor) -> Tensor:
    writes_of(tensor).bump()
    if tensor._tangents:
        carry_over(tensor)
    return tensor


@no_grad()
def uniform_(tensor: Tensor, a: float = 0.0, b: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Fill with numbers drawn uniformly from ``[a, b)``.

    >>> import adjoint as torch
    >>> w = torch.nn.init.uniform_(torch.empty(3, 5), -1, 1)
    >>> bool(w.abs().max() <= 1)
    True
    """
    return tensor.uniform_(a, b, generator=generator)


@no_grad()
def normal_(tensor: Tensor, mean: float = 0.0, std: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Fill with normally distributed numbers.

    >>> import adjoint as torch
    >>> torch.nn.init.normal_(torch.empty(2), mean=3., std=0.)
    tensor([3., 3.])
    """
    return tensor.normal_(mean, std, generator=generator)


def constant_(tensor: Tensor, val: float) -> Tensor:
    """Fill with one value.

    >>> import adjoint as torch
    >>> torch.nn.init.constant_(torch.empty(2), 0.5)
    tensor([0.5000, 0.5000])
    """
    with no_grad():
        return tensor.fill_(val)


def ones_(tensor: Tensor) -> Tensor:
    """Fill with ones."""
    with no_grad():
        return tensor.fill_(1.0)


def zeros_(tensor: Tensor) -> Tensor:
    """Fill with zeros."""
    with no_grad():
        return tensor.zero_()


def trunc_normal_(
    tensor: Tensor,
    mean: float = 0.0,
    std: float = 1.0,
    a: float = -2.0,
    b: float = 2.0,
    generator: Generator | None = None,
) -> Tensor:
    """Fill with normally distributed numbers, drawn again wherever they are outside of ``[a, b]``.

    ``a`` and ``b`` are absolute, not in standard deviations.  Where little of the distribution lies between them,
    candidates are drawn uniformly and accepted with the normal density instead.

    >>> import adjoint as torch
    >>> w = torch.nn.init.trunc_normal_(torch.empty(100), std=0.02, a=-0.04, b=0.04)
    >>> bool(w.abs().max() <= 0.04)
    True
    """
    if tensor.is_meta:  # there is nothing to draw again
        return tensor
    if mean < a - 2 * std or mean > b + 2 * std:
        warnings.warn(
            "mean is more than 2 std from [a, b] in nn.init.trunc_normal_. The distribution of values may be "
            "incorrect.",
            stacklevel=users_level(),
        )
    source = generator_argument("normal_", generator)
    array = _begin(tensor)
    inside = _normal_below((b - mean) / std) - _normal_below((a - mean) / std)
    with silence():
        if inside > 0.3:
            _draw_until_inside(array, tensor.dtype, mean, std, a, b, source)
        else:
            _draw_until_accepted(array, tensor.dtype, mean, std, a, b, source)
    return _written(tensor)


def _normal_below(x: float) -> float:
    return (1.0 + math.erf(x / math.sqrt(2.0))) / 2.0


def _draw_until_inside(
    array: Any, dtype: dtypes.dtype, mean: float, std: float, a: float, b: float, source: Generator
) -> None:
    """Normal numbers; those outside are taken from further draws of the whole tensor."""
    check_normal(dtype, std)
    normal_fill(array, source, mean, std)
    low, high = dtype.array.type(a), dtype.array.type(b)
    again = None
    while (outside := (array < low) | (array > high)).any():
        if again is None:
            again = empty_like(array, array.dtype, None)
        normal_fill(again, source, mean, std)
        np.copyto(array, again, where=outside)


def _draw_until_accepted(
    array: Any, dtype: dtypes.dtype, mean: float, std: float, a: float, b: float, source: Generator
) -> None:
    """Uniform numbers, each accepted with its normal density over the highest one between the bounds."""
    check_uniform(dtype, a, b)
    highest = -0.5 * ((max(a, min(mean, b)) - mean) / std) ** 2
    candidates, chances = empty_like(array, array.dtype, None), empty_like(array, array.dtype, None)
    pending = np.ones(array.shape, bool)
    while pending.any():
        uniform_fill(candidates, source, a, b)
        np.copyto(array, candidates, where=pending)
        uniform_fill(chances, source)
        accepted = _log(chances) <= _log_density(candidates, dtype, mean, std, highest)
        pending &= ~accepted


def _log(x: Any) -> Any:
    return np.log(x.astype(np.float32)).astype(x.dtype) if x.dtype.itemsize == 2 else np.log(x)


def _log_density(x: Any, dtype: dtypes.dtype, mean: float, std: float, highest: float) -> Any:
    """Of a normal distribution over its ``highest``, rounded after each step as the tensor's dtype does."""
    wide = np.float64 if dtype is dtypes.float64 else np.float32
    steps: tuple[Callable[[Any], Any], ...] = (
        lambda x: x - wide(mean),
        lambda x: x / wide(std),
        lambda x: x * x,
        lambda x: x * wide(-0.5),
        lambda x: x - wide(highest),
    )
    for step in steps:
        x = step(x.astype(wide, copy=False)).astype(dtype.array, copy=False)
    return x


def eye_(tensor: Tensor) -> Tensor:
    """Fill a matrix with the identity.  Raises ValueError for a tensor that is no matrix.

    >>> import adjoint as torch
    >>> torch.nn.init.eye_(torch.empty(2, 3))
    tensor([[1., 0., 0.],
            [0., 1., 0.]])
    """
    if tensor.ndim != 2:
        raise ValueError("Only tensors with 2 dimensions are supported")
    array = _begin(tensor)
    array[...] = 0
    np.fill_diagonal(array[: array.shape[1]], 1)
    return _written(tensor)


def dirac_(tensor: Tensor, groups: int = 1) -> Tensor:
    """Fill the weight of a convolution so that it passes its input on, as many channels as there are.

    The weight is ``(out, in / groups, ...)`` of one to three spatial dimensions.  Raises ValueError for another shape.

    >>> import adjoint as torch
    >>> torch.nn.init.dirac_(torch.empty(1, 2, 3))
    tensor([[[0., 1., 0.],
             [0., 0., 0.]]])
    """
    if tensor.ndim not in (3, 4, 5):
        raise ValueError("Only tensors with 3, 4, or 5 dimensions are supported")
    array = _begin(tensor)
    out, channels, *spatial = array.shape
    if out % groups != 0:
        raise ValueError("dim 0 must be divisible by groups")
    middle = tuple(size // 2 for size in spatial)
    array[...] = 0
    for group in range(groups):
        for channel in range(min(out // groups, channels)):
            array[(group * (out // groups) + channel, channel, *middle)] = 1
    return _written(tensor)


def _calculate_fan_in_and_fan_out(tensor: Tensor) -> tuple[int, int]:
    if tensor.ndim < 2:
        raise ValueError("Fan in and fan out can not be computed for tensor with fewer than 2 dimensions")
    out, channels, *spatial = tensor._array.shape
    field = math.prod(spatial)
    return channels * field, out * field


def _calculate_correct_fan(tensor: Tensor, mode: str) -> int:
    mode = mode.lower()
    valid = ["fan_in", "fan_out"]
    if mode not in valid:
        raise ValueError(f"Mode {mode} not supported, please use one of {valid}")
    return _calculate_fan_in_and_fan_out(tensor)[valid.index(mode)]


def xavier_uniform_(tensor: Tensor, gain: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Fill uniformly with variance ``gain^2 * 2 / (fan in + fan out)`` (Glorot and Bengio 2010).

    Raises ValueError for a tensor of fewer than two dimensions.

    >>> import adjoint as torch
    >>> _ = torch.manual_seed(0)
    >>> torch.nn.init.xavier_uniform_(torch.empty(1, 2))
    tensor([[-0.0106,  0.7586]])
    """
    bound = math.sqrt(3.0) * _xavier_std(tensor, gain)
    return uniform_(tensor, -bound, bound, generator)


def xavier_normal_(tensor: Tensor, gain: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Fill normally with variance ``gain^2 * 2 / (fan in + fan out)`` (Glorot and Bengio 2010)."""
    return normal_(tensor, 0.0, _xavier_std(tensor, gain), generator)


def _xavier_std(tensor: Tensor, gain: float) -> float:
    fan_in, fan_out = _calculate_fan_in_and_fan_out(tensor)
    return gain * math.sqrt(2.0 / float(fan_in + fan_out))


def kaiming_uniform_(
    tensor: Tensor,
    a: float = 0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    generator: Generator | None = None,
) -> Tensor:
    """Fill uniformly with variance ``gain^2 / fan`` (He et al. 2015); ``a`` is the slope of the leaky ReLU after it.

    Raises ValueError for a tensor of fewer than two dimensions.

    >>> import adjoint as torch
    >>> w = torch.nn.init.kaiming_uniform_(torch.empty(8, 3), nonlinearity="relu")
    >>> bool(w.abs().max() <= 2 ** 0.5)
    True
    """
    if 0 in tensor._array.shape:
        warnings.warn("Initializing zero-element tensors is a no-op", stacklevel=users_level())
        return tensor
    bound = math.sqrt(3.0) * _kaiming_std(tensor, a, mode, nonlinearity)
    return uniform_(tensor, -bound, bound, generator)


def kaiming_normal_(
    tensor: Tensor,
    a: float = 0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    generator: Generator | None = None,
) -> Tensor:
    """Fill normally with variance ``gain^2 / fan`` (He et al. 2015); otherwise as :func:`kaiming_uniform_`."""
    if 0 in tensor._array.shape:
        warnings.warn("Initializing zero-element tensors is a no-op", stacklevel=users_level())
        return tensor
    return normal_(tensor, 0, _kaiming_std(tensor, a, mode, nonlinearity), generator)


def _kaiming_std(tensor: Tensor, a: float, mode: str, nonlinearity: str) -> float:
    fan = _calculate_correct_fan(tensor, mode)
    return calculate_gain(nonlinearity, a) / math.sqrt(fan)


def orthogonal_(tensor: Tensor, gain: float = 1, generator: Generator | None = None) -> Tensor:
    """Fill, seen as a matrix of ``tensor.shape[0]`` rows, with a (semi-)orthogonal matrix times ``gain``
    (Saxe et al. 2013).

    Raises ValueError for a tensor of fewer than two dimensions.

    >>> import adjoint as torch
    >>> w = torch.nn.init.orthogonal_(torch.empty(2, 3))
    >>> bool(((w @ w.T) - torch.eye(2)).abs().max() < 1e-6)
    True
    """
    if tensor.ndim < 2:
        raise ValueError("Only tensors with 2 or more dimensions are supported")
    if tensor._array.size == 0:
        return tensor
    source = generator_argument("normal_", generator)
    array = _begin(tensor)
    check_normal(tensor.dtype)
    if array.dtype.itemsize == 2:
        raise not_implemented("geqrf_cpu", tensor.dtype)
    rows = array.shape[0]
    drawn = np.empty((rows, array.size // rows), array.dtype)
    normal_fill(drawn, source)
    wide = rows < drawn.shape[1]
    q, r = np.linalg.qr(drawn.T if wide else drawn)
    diagonal = r.diagonal()
    q = q * (np.sign(diagonal))  # so that every orthogonal matrix is as likely (Mezzadri 2006)
    array[...] = (q.T if wide else q).reshape(array.shape)
    if gain != 1:
        array *= array.dtype.type(gain)
    return _written(tensor)


def sparse_(tensor: Tensor, sparsity: float, std: float = 0.01, generator: Generator | None = None) -> Tensor:
    """Fill a matrix with normally distributed numbers, and in each column a fraction ``sparsity`` with zeros
    (Martens 2010).

    Raises ValueError for a tensor that is no matrix.

    >>> import adjoint as torch
    >>> w = torch.nn.init.sparse_(torch.empty(4, 3), sparsity=0.5)
    >>> (w == 0).sum(0)
    tensor([2, 2, 2])
    """
    if tensor.ndim != 2:
        raise ValueError("Only tensors with 2 dimensions are supported")
    source = generator_argument("normal_", generator)
    array = _begin(tensor)
    check_normal(tensor.dtype, std)
    rows, columns = array.shape
    zeros = math.ceil(sparsity * rows)
    normal_fill(array, source, 0.0, std)
    with default_generator.lock:  # PyTorch's rows are the default generator's, whatever is given
        for column in range(columns):
            array[draws.shuffled(default_generator, rows)[:zeros], column] = 0
    return _written(tensor)


def _deprecated(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
    old, new = function.__name__[:-1], function.__name__

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Tensor:
        warnings.warn(f"`nn.init.{old}` is now deprecated in favor of `nn.init.{new}`.", FutureWarning, stacklevel=users_level())
        return function(*args, **kwargs)

    call.__name__ = old
    call.__doc__ = f"Deprecated name of :func:`{new}`."
    return call


uniform = _deprecated(uniform_)
normal = _deprecated(normal_)
constant = _deprecated(constant_)
eye = _deprecated(eye_)
dirac = _deprecated(dirac_)
xavier_uniform = _deprecated(xavier_uniform_)
xavier_normal = _deprecated(xavier_normal_)
kaiming_uniform = _deprecated(kaiming_uniform_)
kaiming_normal = _deprecated(kaiming_normal_)
orthogonal = _deprecated(orthogonal_)
sparse = _deprecated(sparse_)

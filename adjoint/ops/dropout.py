"""Dropout: elements, or whole channels, set to zero by chance, and the others scaled up."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np

from adjoint import dtypes
from adjoint.autograd.grad_mode import mode
from adjoint.autograd.quiet import calmly
from adjoint.declare import composite
from adjoint.declare.arguments import wrong_argument
from adjoint.layouts import empty_like
from adjoint.ops.random import check_coin, coin_fill
from adjoint.places import users_level
from adjoint.random.generator import default_generator
from adjoint.readings.batched import to_draw_into
from adjoint.tensor import Tensor, from_array

_ALPHA = 1.7580993408473766  # -scale * alpha of SELU, which alpha dropout keeps at mean 0 and variance 1


def _dropout(
    input: Tensor, p: float, train: bool, inplace: bool, *, alpha: bool = False, feature: bool = False
) -> Tensor:
    if not isinstance(input, Tensor):
        wrong_argument("dropout", "input", "Tensor", input, 1)
    if not 0 <= p <= 1:
        raise RuntimeError(f"dropout probability has to be between 0 and 1, but got {p:g}")
    array = input._array
    if p == 0 or not train or array.size == 0:
        return input
    if feature and array.ndim < 2:
        raise RuntimeError("Feature dropout requires at least 2 dimensions in the input")
    if p == 1:
        zero = from_array(np.zeros((), array.dtype))
        return input.mul_(zero) if inplace else input.mul(zero)
    dtype = dtypes.OF_ARRAY[array.dtype]
    if dtype.category < dtypes.FLOAT:
        default = dtypes.SCALAR_TYPE_NAMES[dtypes.get_default_dtype()]
        raise RuntimeError(
            f"result type {default} can't be cast to the desired output type {dtypes.SCALAR_TYPE_NAMES[dtype]}"
        )
    check_coin(dtype, 1 - p)
    if feature:
        noise = to_draw_into(np.empty((*array.shape[:2], *(1,) * (array.ndim - 2)), array.dtype))
    else:
        noise = to_draw_into(_noise_for(array))
    coin_fill(noise, 1 - p, default_generator)
    if alpha:
        factor, shift = map(from_array, calmly(_self_normalizing, noise, dtype, p))
        return input.mul_(factor).add_(shift) if inplace else input.mul(factor).add(shift)
    factor = from_array(calmly(_scaled, noise, dtype, p))
    return input.mul_(factor) if inplace else input.mul(factor)


def _noise_for(array: Any) -> Any:
    """Room for as many coins as an array has elements, which are thrown in the order of its memory.

    In a transform PyTorch throws them in the order of the elements.
    """
    return np.empty(array.shape, array.dtype) if mode.transforms else empty_like(array, array.dtype, None)


def _scaled(noise: Any, dtype: dtypes.dtype, p: float) -> Any:
    """Of zeros and ones, what elements are multiplied by."""
    noise *= _of(dtype, 1 / _wide(dtype, 1 - p))
    return noise


def _self_normalizing(noise: Any, dtype: dtypes.dtype, p: float) -> tuple[Any, Any]:
    """The same for alpha dropout, and what is added: mean and variance stay (Klambauer et al. 2017)."""
    scale = 1 / math.sqrt((_ALPHA * _ALPHA * p + 1) * (1 - p))
    kept_shift = _wide(dtype, _ALPHA * scale * p)
    lost_shift = _of(dtype, _wide(dtype, _of(dtype, _wide(dtype, -_ALPHA * scale))) + kept_shift)
    shift = np.where(noise != 0, _of(dtype, kept_shift), lost_shift)
    noise *= _of(dtype, _wide(dtype, scale))
    return noise, shift


def _wide(dtype: dtypes.dtype, x: Any) -> Any:
    """A number in the dtype in which the arithmetic of ``dtype`` is done: float32 for the halves."""
    return np.float64(x) if dtype is dtypes.float64 else np.float32(x)


def _of(dtype: dtypes.dtype, x: Any) -> Any:
    return dtype.array.type(x)


@composite(where="torch", name="dropout")
def _torch_dropout(input: Tensor, p: float, train: bool) -> Tensor:
    """Each element zero with probability ``p``, the others over ``1 - p``, while ``train`` is true.

    Raises RuntimeError for a probability outside of [0, 1].

    >>> import adjoint as torch
    >>> torch.dropout(torch.ones(2), 0.5, False)
    tensor([1., 1.])
    """
    return _dropout(input, p, train, False)


@composite(where="torch", name="dropout_")
def _torch_dropout_(input: Tensor, p: float, train: bool) -> Tensor:
    """In-place version of :func:`adjoint.dropout`."""
    return _dropout(input, p, train, True)


@composite(where="torch", name="feature_dropout")
def _torch_feature_dropout(input: Tensor, p: float, train: bool) -> Tensor:
    """Each channel ``input[n, c]`` zero with probability ``p``, the others over ``1 - p``, while ``train`` is true."""
    return _dropout(input, p, train, False, feature=True)


@composite(where="torch", name="feature_dropout_")
def _torch_feature_dropout_(input: Tensor, p: float, train: bool) -> Tensor:
    """In-place version of :func:`adjoint.feature_dropout`."""
    return _dropout(input, p, train, True, feature=True)


@composite(where="torch", name="alpha_dropout")
def _torch_alpha_dropout(input: Tensor, p: float, train: bool) -> Tensor:
    """Dropout that keeps mean 0 and variance 1, for networks of SELUs (Klambauer et al. 2017)."""
    return _dropout(input, p, train, False, alpha=True)


@composite(where="torch", name="alpha_dropout_")
def _torch_alpha_dropout_(input: Tensor, p: float, train: bool) -> Tensor:
    """In-place version of :func:`adjoint.alpha_dropout`."""
    return _dropout(input, p, train, True, alpha=True)


@composite(where="torch", name="feature_alpha_dropout")
def _torch_feature_alpha_dropout(input: Tensor, p: float, train: bool) -> Tensor:
    """Alpha dropout of whole channels ``input[n, c]``."""
    return _dropout(input, p, train, False, alpha=True, feature=True)


@composite(where="torch", name="feature_alpha_dropout_")
def _torch_feature_alpha_dropout_(input: Tensor, p: float, train: bool) -> Tensor:
    """In-place version of :func:`adjoint.feature_alpha_dropout`."""
    return _dropout(input, p, train, True, alpha=True, feature=True)


# nn.functional


def _check_probability(p: float) -> None:
    if p < 0.0 or p > 1.0:
        raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")


@composite(where="nn.functional")
def dropout(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Each element zero with probability ``p``, the others over ``1 - p``, while ``training``.

    Raises ValueError for a probability outside of [0, 1].

    >>> import adjoint as torch
    >>> torch.nn.functional.dropout(torch.ones(2), p=1.)
    tensor([0., 0.])
    """
    _check_probability(p)
    return _dropout(input, p, training, inplace)


@composite(where="nn.functional")
def alpha_dropout(input: Tensor, p: float = 0.5, training: bool = False, inplace: bool = False) -> Tensor:
    """Dropout that keeps mean 0 and variance 1, for networks of SELUs (Klambauer et al. 2017)."""
    _check_probability(p)
    return _dropout(input, p, training, inplace, alpha=True)


@composite(where="nn.functional")
def dropout1d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Each channel of an input ``(N, C, L)`` or ``(C, L)`` zero with probability ``p``.

    Raises RuntimeError for an input of other dimensions, ValueError for a probability outside of [0, 1].
    """
    _check_probability(p)
    ndim = input.ndim
    if ndim not in (2, 3):
        raise RuntimeError(
            f"dropout1d: Expected 2D or 3D input, but received a {ndim}D input. Note that dropout1d exists to provide "
            "channel-wise dropout on inputs with 1 spatial dimension, a channel dimension, and an optional batch "
            "dimension (i.e. 2D or 3D inputs)."
        )
    return _batched(input, p, training, inplace, ndim == 3)


@composite(where="nn.functional")
def dropout2d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Each channel of an input ``(N, C, H, W)`` zero with probability ``p``; also of ``(N, C, L)``, with a warning."""
    _check_probability(p)
    ndim = input.ndim
    if ndim not in (3, 4):
        _warn_of_dimensions("dropout2d", ndim, 2, "3D or 4D")
    if ndim == 3:
        warnings.warn(
            "dropout2d: Received a 3D input to dropout2d and assuming that channel-wise 1D dropout behavior is desired "
            "- input is interpreted as shape (N, C, L), where C is the channel dim. This behavior will change in a "
            "future release to interpret the input as one without a batch dimension, i.e. shape (C, H, W). To maintain "
            "the 1D channel-wise dropout behavior, please switch to using dropout1d instead.",
            stacklevel=users_level(),
        )
    return _dropout(input, p, training, inplace, feature=True)


@composite(where="nn.functional")
def dropout3d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Each channel of an input ``(N, C, D, H, W)`` or ``(C, D, H, W)`` zero with probability ``p``."""
    _check_probability(p)
    ndim = input.ndim
    if ndim not in (4, 5):
        _warn_of_dimensions("dropout3d", ndim, 3, "4D or 5D")
    return _batched(input, p, training, inplace, ndim == 5)


@composite(where="nn.functional")
def feature_alpha_dropout(input: Tensor, p: float = 0.5, training: bool = False, inplace: bool = False) -> Tensor:
    """Alpha dropout of whole channels ``input[n, c]``."""
    _check_probability(p)
    return _dropout(input, p, training, inplace, alpha=True, feature=True)


def _warn_of_dimensions(name: str, ndim: int, spatial: int, expected: str) -> None:
    warnings.warn(
        f"{name}: Received a {ndim}-D input to {name}, which is deprecated and will result in an error in a future "
        f"release. To retain the behavior and silence this warning, please use dropout instead. Note that {name} exists "
        f"to provide channel-wise dropout on inputs with {spatial} spatial dimensions, a channel dimension, and an "
        f"optional batch dimension (i.e. {expected} inputs).",
        stacklevel=users_level(),
    )


def _batched(input: Tensor, p: float, training: bool, inplace: bool, is_batched: bool) -> Tensor:
    """Feature dropout of an input that may lack the batch dimension."""
    if not is_batched:
        input = input.unsqueeze_(0) if inplace else input.unsqueeze(0)
    result = _dropout(input, p, training, inplace, feature=True)
    if not is_batched:
        result = result.squeeze_(0) if inplace else result.squeeze(0)
    return result

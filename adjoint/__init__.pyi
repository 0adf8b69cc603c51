"""Adjoint: PyTorch's autograd system in Python.

``import adjoint as torch`` and go on as with PyTorch, or run a PyTorch program as it is: ``adjoint run train.py``.
"""

# Written by `python -m stubs` from the tables; not by hand.

from builtins import bool as _bool
from builtins import complex as _complex
from builtins import float as _float
from builtins import int as _int
from builtins import type as _type
from collections.abc import Callable, Sequence
from typing import Any, Literal, overload

from numpy import ndarray

from adjoint.autograd.grad_mode import enable_grad as enable_grad
from adjoint.autograd.grad_mode import inference_mode as inference_mode
from adjoint.autograd.grad_mode import is_grad_enabled as is_grad_enabled
from adjoint.autograd.grad_mode import is_inference_mode_enabled as is_inference_mode_enabled
from adjoint.autograd.grad_mode import no_grad as no_grad
from adjoint.autograd.grad_mode import set_grad_enabled as set_grad_enabled
from adjoint.constants import e as e
from adjoint.constants import has_lapack as has_lapack
from adjoint.constants import has_mkl as has_mkl
from adjoint.constants import has_openmp as has_openmp
from adjoint.constants import has_spectral as has_spectral
from adjoint.constants import inf as inf
from adjoint.constants import nan as nan
from adjoint.constants import newaxis as newaxis
from adjoint.constants import pi as pi
from adjoint.device import device as _device
from adjoint.device import device as device
from adjoint.device import get_default_device as get_default_device
from adjoint.device import set_default_device as set_default_device
from adjoint.dtypes import bfloat16 as bfloat16
from adjoint.dtypes import bits1x8 as bits1x8
from adjoint.dtypes import bits2x4 as bits2x4
from adjoint.dtypes import bits4x2 as bits4x2
from adjoint.dtypes import bits8 as bits8
from adjoint.dtypes import bits16 as bits16
from adjoint.dtypes import can_cast as can_cast
from adjoint.dtypes import cdouble as cdouble
from adjoint.dtypes import cfloat as cfloat
from adjoint.dtypes import chalf as chalf
from adjoint.dtypes import complex32 as complex32
from adjoint.dtypes import complex64 as complex64
from adjoint.dtypes import complex128 as complex128
from adjoint.dtypes import double as double
from adjoint.dtypes import dtype as _dtype
from adjoint.dtypes import dtype as dtype
from adjoint.dtypes import float4_e2m1fn_x2 as float4_e2m1fn_x2
from adjoint.dtypes import float8_e4m3fn as float8_e4m3fn
from adjoint.dtypes import float8_e4m3fnuz as float8_e4m3fnuz
from adjoint.dtypes import float8_e5m2 as float8_e5m2
from adjoint.dtypes import float8_e5m2fnuz as float8_e5m2fnuz
from adjoint.dtypes import float8_e8m0fnu as float8_e8m0fnu
from adjoint.dtypes import float16 as float16
from adjoint.dtypes import float32 as float32
from adjoint.dtypes import float64 as float64
from adjoint.dtypes import get_default_dtype as get_default_dtype
from adjoint.dtypes import half as half
from adjoint.dtypes import int1 as int1
from adjoint.dtypes import int2 as int2
from adjoint.dtypes import int3 as int3
from adjoint.dtypes import int4 as int4
from adjoint.dtypes import int5 as int5
from adjoint.dtypes import int6 as int6
from adjoint.dtypes import int7 as int7
from adjoint.dtypes import int8 as int8
from adjoint.dtypes import int16 as int16
from adjoint.dtypes import int32 as int32
from adjoint.dtypes import int64 as int64
from adjoint.dtypes import long as long
from adjoint.dtypes import promote_types as promote_types
from adjoint.dtypes import qint8 as qint8
from adjoint.dtypes import qint32 as qint32
from adjoint.dtypes import quint2x4 as quint2x4
from adjoint.dtypes import quint4x2 as quint4x2
from adjoint.dtypes import quint8 as quint8
from adjoint.dtypes import set_default_dtype as set_default_dtype
from adjoint.dtypes import short as short
from adjoint.dtypes import uint1 as uint1
from adjoint.dtypes import uint2 as uint2
from adjoint.dtypes import uint3 as uint3
from adjoint.dtypes import uint4 as uint4
from adjoint.dtypes import uint5 as uint5
from adjoint.dtypes import uint6 as uint6
from adjoint.dtypes import uint7 as uint7
from adjoint.dtypes import uint8 as uint8
from adjoint.dtypes import uint16 as uint16
from adjoint.dtypes import uint32 as uint32
from adjoint.dtypes import uint64 as uint64
from adjoint.layouts import layout as _layout
from adjoint.layouts import memory_format as _memory_format

bool: _dtype
float: _dtype
int: _dtype
from adjoint import _C as _C
from adjoint import __config__ as __config__
from adjoint import __future__ as __future__
from adjoint import _dynamo as _dynamo
from adjoint import _higher_order_ops as _higher_order_ops
from adjoint import _inductor as _inductor
from adjoint import _jit_internal as _jit_internal
from adjoint import _logging as _logging
from adjoint import _tensor_str as _tensor_str
from adjoint import _utils as _utils
from adjoint import _vmap_internals as _vmap_internals
from adjoint import accelerator as accelerator
from adjoint import amp as amp
from adjoint import autograd as autograd
from adjoint import backends as backends
from adjoint import compiler as compiler
from adjoint import cpu as cpu
from adjoint import cuda as cuda
from adjoint import distributed as distributed
from adjoint import distributions as distributions
from adjoint import export as export
from adjoint import fft as fft
from adjoint import func as func
from adjoint import functional as functional
from adjoint import futures as futures
from adjoint import fx as fx
from adjoint import hub as hub
from adjoint import jit as jit
from adjoint import library as library
from adjoint import linalg as linalg
from adjoint import masked as masked
from adjoint import mps as mps
from adjoint import multiprocessing as multiprocessing
from adjoint import nested as nested
from adjoint import nn as nn
from adjoint import onnx as onnx
from adjoint import optim as optim
from adjoint import overrides as overrides
from adjoint import package as package
from adjoint import profiler as profiler
from adjoint import quasirandom as quasirandom
from adjoint import random as random
from adjoint import return_types as return_types
from adjoint import serialization as serialization
from adjoint import signal as signal
from adjoint import sparse as sparse
from adjoint import special as special
from adjoint import testing as testing
from adjoint import types as types
from adjoint import utils as utils
from adjoint import version as version
from adjoint import viz as viz
from adjoint import why as why
from adjoint import xpu as xpu
from adjoint._higher_order_ops.cond import cond as cond
from adjoint.amp.autocast_mode import autocast as autocast
from adjoint.amp.grad_scaler import GradScaler as GradScaler
from adjoint.autograd.anomaly_mode import is_anomaly_check_nan_enabled as is_anomaly_check_nan_enabled
from adjoint.autograd.anomaly_mode import is_anomaly_enabled as is_anomaly_enabled
from adjoint.checks import _assert as _assert
from adjoint.checks import _check as _check
from adjoint.checks import _check_index as _check_index
from adjoint.checks import _check_is_size as _check_is_size
from adjoint.checks import _check_not_implemented as _check_not_implemented
from adjoint.checks import _check_tensor_all as _check_tensor_all
from adjoint.checks import _check_tensor_all_with as _check_tensor_all_with
from adjoint.checks import _check_type as _check_type
from adjoint.checks import _check_value as _check_value
from adjoint.checks import _check_with as _check_with
from adjoint.compiling import compile as compile
from adjoint.cuda import AcceleratorError as AcceleratorError
from adjoint.cuda import OutOfMemoryError as OutOfMemoryError
from adjoint.func import vmap as vmap
from adjoint.interop import storage as storage
from adjoint.interop.storage import TypedStorage as TypedStorage
from adjoint.interop.storage import UntypedStorage as UntypedStorage
from adjoint.jit import ScriptFunction as ScriptFunction
from adjoint.jit import ScriptModule as ScriptModule
from adjoint.layouts import channels_last as channels_last
from adjoint.layouts import channels_last_3d as channels_last_3d
from adjoint.layouts import contiguous_format as contiguous_format
from adjoint.layouts import jagged as jagged
from adjoint.layouts import layout as layout
from adjoint.layouts import memory_format as memory_format
from adjoint.layouts import preserve_format as preserve_format
from adjoint.layouts import sparse_bsc as sparse_bsc
from adjoint.layouts import sparse_bsr as sparse_bsr
from adjoint.layouts import sparse_coo as sparse_coo
from adjoint.layouts import sparse_csc as sparse_csc
from adjoint.layouts import sparse_csr as sparse_csr
from adjoint.layouts import strided as strided
from adjoint.limits import finfo as finfo
from adjoint.limits import iinfo as iinfo
from adjoint.printing import set_printoptions as set_printoptions
from adjoint.random.generator import Generator as Generator
from adjoint.serialization import load as load
from adjoint.serialization import save as save
from adjoint.serialization.record_files import PyTorchFileReader as PyTorchFileReader
from adjoint.serialization.record_files import PyTorchFileWriter as PyTorchFileWriter
from adjoint.streams import Event as Event
from adjoint.streams import Stream as Stream
from adjoint.streams import get_device_module as get_device_module
from adjoint.symbolic import SymBool as SymBool
from adjoint.symbolic import SymFloat as SymFloat
from adjoint.symbolic import SymInt as SymInt
from adjoint.symbolic import _sym_sqrt as _sym_sqrt
from adjoint.symbolic import sym_constrain_range as sym_constrain_range
from adjoint.symbolic import sym_float as sym_float
from adjoint.symbolic import sym_fresh_size as sym_fresh_size
from adjoint.symbolic import sym_int as sym_int
from adjoint.symbolic import sym_ite as sym_ite
from adjoint.symbolic import sym_max as sym_max
from adjoint.symbolic import sym_min as sym_min
from adjoint.symbolic import sym_not as sym_not
from adjoint.symbolic import sym_sqrt as sym_sqrt
from adjoint.symbolic import sym_sum as sym_sum
from adjoint.tensor import Size as Size
from adjoint.tensor import Tensor as Tensor
from adjoint.version import __version__ as __version__
from adjoint.viz.model_summary import summary as summary

class BFloat16Storage(Tensor):
    """Storages of ``torch.bfloat16``.  Deprecated: ``torch.UntypedStorage``."""

class BFloat16Tensor(Tensor):
    """The older constructor of tensors of torch.bfloat16: of sizes, or of a sequence of numbers.  Prefer ``torch.tensor``."""

class BoolStorage(Tensor):
    """Storages of ``torch.bool``.  Deprecated: ``torch.UntypedStorage``."""

class BoolTensor(Tensor):
    """The older constructor of tensors of torch.bool: of sizes, or of a sequence of numbers.  Prefer ``torch.tensor``."""

class ByteStorage(Tensor):
    """Storages of ``torch.uint8``.  Deprecated: ``torch.UntypedStorage``."""

class ByteTensor(Tensor):
    """The older constructor of tensors of torch.uint8: of sizes, or of a sequence of numbers.  Prefer ``torch.tensor``."""

class CharStorage(Tensor):
    """Storages of ``torch.int8``.  Deprecated: ``torch.UntypedStorage``."""

class CharTensor(Tensor):
    """The older constructor of tensors of torch.int8: of sizes, or of a sequence of numbers.  Prefer ``torch.tensor``."""

class ComplexDoubleStorage(Tensor):
    """Storages of ``torch.complex128``.  Deprecated: ``torch.UntypedStorage``."""

class ComplexFloatStorage(Tensor):
    """Storages of ``torch.complex64``.  Deprecated: ``torch.UntypedStorage``."""

class DoubleStorage(Tensor):
    """Storages of ``torch.float64``.  Deprecated: ``torch.UntypedStorage``."""

class DoubleTensor(Tensor):
    """The older constructor of tensors of torch.float64: of sizes, or of a sequence of numbers.  Prefer ``torch.tensor``."""

class FloatStorage(Tensor):
    """Storages of ``torch.float32``.  Deprecated: ``torch.UntypedStorage``."""

class FloatTensor(Tensor):
    """The older constructor of tensors of torch.float32: of sizes, or of a sequence of numbers.  Prefer ``torch.tensor``."""

class HalfStorage(Tensor):
    """Storages of ``torch.float16``.  Deprecated: ``torch.UntypedStorage``."""

class HalfTensor(Tensor):
    """The older constructor of tensors of torch.float16: of sizes, or of a sequence of numbers.  Prefer ``torch.tensor``."""

class IntStorage(Tensor):
    """Storages of ``torch.int32``.  Deprecated: ``torch.UntypedStorage``."""

class IntTensor(Tensor):
    """The older constructor of tensors of torch.int32: of sizes, or of a sequence of numbers.  Prefer ``torch.tensor``."""

class LongStorage(Tensor):
    """Storages of ``torch.int64``.  Deprecated: ``torch.UntypedStorage``."""

class LongTensor(Tensor):
    """The older constructor of tensors of torch.int64: of sizes, or of a sequence of numbers.  Prefer ``torch.tensor``."""

class ShortStorage(Tensor):
    """Storages of ``torch.int16``.  Deprecated: ``torch.UntypedStorage``."""

class ShortTensor(Tensor):
    """The older constructor of tensors of torch.int16: of sizes, or of a sequence of numbers.  Prefer ``torch.tensor``."""

def _amp_foreach_non_finite_check_and_unscale_(tensors: Sequence[Tensor], found_inf: Tensor, inv_scale: Tensor) -> None:
    """Multiply tensors in place; ``found_inf`` becomes 1 if an element of one is not finite."""

def _amp_update_scale_(
    self: Tensor,
    growth_tracker: Tensor,
    found_inf: Tensor,
    scale_growth_factor: _float,
    scale_backoff_factor: _float,
    growth_interval: _int,
) -> Tensor:
    """A scale, in place, after a step: smaller if something was not finite, larger after so many steps without."""

def _assert_async(input: Tensor, assert_msg: str | None = None) -> None:
    """Raise RuntimeError unless the one element of a tensor is not zero."""

def _dirichlet_grad(x: Tensor, alpha: Tensor, total: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Gradients::

    x: _no_derivative('_dirichlet_grad')
    alpha: _no_derivative('_dirichlet_grad')
    total: _no_derivative('_dirichlet_grad')
    """

def _fft_c2c(input: Tensor, dim: _int, normalization: Any, forth: Any) -> Tensor:
    """The Fourier transform of complex numbers along the dimensions ``dim``, or with ``forth=False`` its inverse.

    Gradients::

        self: the transform of g in the other direction
    """

def _fft_c2r(input: Tensor, dim: _int, normalization: Any, last_dim_size: Any) -> Tensor:
    """The inverse Fourier transform along the dimensions ``dim`` of half a spectrum: ``last_dim_size`` real numbers along the last of them.

    Gradients::

        self: the transform of g, twice what has a mirror image
    """

def _fft_r2c(input: Tensor, dim: _int, normalization: Any, onesided: Any) -> Tensor:
    """The Fourier transform of real numbers along the dimensions ``dim``; with ``onesided`` the half of the last of them from which the rest follows.

    Gradients::

        self: the real part of the inverse transform of g, and zeros behind it
    """

def _is_all_true(input: Tensor) -> Tensor:
    """Whether all elements of a bool tensor are true; inside of a vmap, those of all samples, so that it may be asked."""

def _is_any_true(input: Tensor) -> Tensor:
    """Whether any element of a bool tensor is true; inside of a vmap, of any sample."""

def _neg_view(input: Tensor) -> Tensor:
    """Gradients::

    self: -g
    """

def _prelu_kernel(input: Tensor, weight: Tensor | _complex, *, out: Tensor | None = None) -> Tensor:
    """Gradients::

    self: np.where(self > 0, g, weight * g)
    weight: np.where(self > 0, g * 0, self * g)
    """

def _sample_dirichlet(self: Tensor, generator: Generator | None = None) -> Tensor:
    """Vectors of probabilities whose distribution has these concentrations along the last dimension; no gradient flows.

    Raises NotImplementedError for other dtypes than float32 and float64.

    >>> import adjoint as torch
    >>> torch._sample_dirichlet(torch.ones(3)).sum()
    tensor(1.)
    """

def _sparse_sparse_matmul(input: Tensor, other: Tensor) -> Tensor:
    """Gradients::

    self: kept_in(matmul_of(g, conj(other).T), self)
    other: kept_in(matmul_of(conj(self).T, g), other)
    """

def _standard_gamma(self: Tensor, generator: Generator | None = None) -> Tensor:
    """Gamma-distributed numbers of these concentrations and of rate 1, with the implicit gradient.

    Raises NotImplementedError for other dtypes than float32 and float64.

    >>> import adjoint as torch
    >>> (torch._standard_gamma(torch.ones(2)) > 0).all().item()
    True
    """

def _standard_gamma_grad(input: Tensor, output: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Gradients::

    self: _no_derivative('_standard_gamma_grad')
    output: _no_derivative('_standard_gamma_grad')
    """

def _validate_sparse_coo_tensor_args(
    indices: Tensor,
    values: Tensor,
    size: _int | Sequence[_int],
    is_coalesced: _bool | None = None,
    check_pinning: _bool | None = None,
) -> None:
    """Raise RuntimeError where these do not make a sparse tensor."""

def _weight_norm(v: Tensor, g: Tensor, dim: _int = 0) -> Tensor:
    """``v`` with the norms ``g``, one for each place of ``dim``: ``v * (g / norm_except_dim(v, 2, dim))``."""

def abs(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The absolute value of each element; of a complex number, its magnitude, which is real.

    Gradients::

        self: g * sign_of(self)
    """

def abs_(input: Tensor) -> Tensor:
    """In-place version of :func:`adjoint.abs`.

    Raises RuntimeError on a complex tensor.
    """

def absolute(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The absolute value of each element; of a complex number, its magnitude, which is real.

    Gradients::

        self: g * sign_of(self)
    """

def acos(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The angle in radians, from 0 to pi, whose cosine each element is; NaN outside of [-1, 1].

    Gradients::

        self: -g / conj(np.sqrt(1 - self * self))
    """

def acos_(input: Tensor) -> Tensor:
    """In-place version of :func:`adjoint.acos`."""

def acosh(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The number, not negative, whose hyperbolic cosine each element is; NaN below 1.

    Gradients::

        self: g / (conj(np.sqrt(self - 1) * np.sqrt(self + 1)) if self.dtype.kind == 'c' else np.sqrt((self - 1) * (self + 1)))
    """

def acosh_(input: Tensor) -> Tensor:
    """In-place version of :func:`adjoint.acosh`."""

def adaptive_avg_pool1d(input: Tensor, output_size: _int | None | Sequence[_int | None]) -> Tensor:
    """The averages of ``output_size`` windows over the last dimension of (N, C, L) or (C, L)."""

def adaptive_max_pool1d(input: Tensor, output_size: _int | None | Sequence[_int | None]) -> tuple[Tensor, Tensor]:
    """As :func:`adjoint.nn.functional.adaptive_max_pool1d`, always with the indices."""

def add(
    input: Tensor | _complex, other: Tensor | _complex, *, alpha: _complex = 1, out: Tensor | None = None
) -> Tensor:
    """The sum of two tensors, or of a tensor and a number, element by element: ``input + alpha * other``.

    Gradients::

        self: g
        other: g if alpha == 1 else times(g, conj_number(alpha))
    """

def addbmm(
    input: Tensor, batch1: Tensor, batch2: Tensor, *, beta: _complex = 1, alpha: _complex = 1, out: Tensor | None = None
) -> Tensor:
    """``beta * input + alpha *`` the sum over the batch of ``bmm(batch1, batch2)``.

    Gradients::

        self: _input_gradient
        batch1: batched(_scaled(g, alpha), adjoint_of(batch2))
        batch2: batched(adjoint_of(batch1), _scaled(g, alpha))
    """

def addcdiv(
    input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: _complex = 1, out: Tensor | None = None
) -> Tensor:
    """``input + value * tensor1 / tensor2``, element by element.  Raises RuntimeError where all are integers.

    Gradients::

        self: g
        tensor1: g * conj(constant(python_number(value), g) / tensor2)
        tensor2: -g * conj(constant(python_number(value), g) * tensor1 / (tensor2 * tensor2))
    """

def addcmul(
    input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: _complex = 1, out: Tensor | None = None
) -> Tensor:
    """``input + value * tensor1 * tensor2``, element by element.

    Gradients::

        self: g
        tensor1: g * times(conj(tensor2), conj_number(value))
        tensor2: g * times(conj(tensor1), conj_number(value))
    """

def addmm(
    input: Tensor, mat1: Tensor, mat2: Tensor, *, beta: _complex = 1, alpha: _complex = 1, out: Tensor | None = None
) -> Tensor:
    """``beta * input + alpha * (mat1 @ mat2)``, ``input`` broadcast to the shape of the product.

    Gradients::

        self: _input_gradient
        mat1: dot(_scaled(g, alpha), conj(mat2).T)
        mat2: dot(conj(mat1).T, _scaled(g, alpha))
    """

def addmv(
    input: Tensor, mat: Tensor, vec: Tensor, *, beta: _complex = 1, alpha: _complex = 1, out: Tensor | None = None
) -> Tensor:
    """``beta * input + alpha * (mat @ vec)``, ``input`` broadcast to the shape of the product.

    Gradients::

        self: _input_gradient
        mat: _scaled(g, alpha)[:, None] * conj(vec)
        vec: dot(conj(mat).T, _scaled(g, alpha))
    """

def addmv_(input: Tensor, mat: Tensor, vec: Tensor, *, beta: _complex = 1, alpha: _complex = 1) -> Tensor:
    """In-place version of :func:`adjoint.addmv`."""

def addr(
    input: Tensor, vec1: Tensor, vec2: Tensor, *, beta: _complex = 1, alpha: _complex = 1, out: Tensor | None = None
) -> Tensor:
    """``beta * input + alpha * outer(vec1, vec2)``, ``input`` broadcast to the shape of the product.

    Gradients::

        self: _input_gradient
        vec1: dot(_scaled(g, alpha), conj(vec2))
        vec2: dot(_scaled(g, alpha).T, conj(vec1))
    """

def adjoint(input: Tensor) -> Tensor:
    """The last two dimensions exchanged, and the elements conjugated.

    >>> import adjoint as torch
    >>> torch.zeros(5, 2, 3).adjoint().shape
    torch.Size([5, 3, 2])
    """

def affine_grid_generator(theta: Tensor, size: _int | Sequence[_int], align_corners: _bool | None) -> Tensor:
    """As :func:`adjoint.nn.functional.affine_grid`.

    Gradients::

        theta: g.T @ points
    """

def alias_copy(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """A copy.

    Gradients::

        self: g
    """

def all(
    input: Tensor,
    dim: _int | Sequence[_int] | None = None,
    keepdim: _bool = False,
    *,
    axis: _int | Sequence[_int] | None = None,
    keepdims: _bool | None = None,
    out: Tensor | None = None,
) -> Tensor:
    """Whether no element is zero, of all, or of those along ``dim``: a bool (of uint8, uint8).

    Not differentiable.
    """

def allclose(
    input: Tensor, other: Tensor, rtol: _float = 1e-05, atol: _float = 1e-08, equal_nan: _bool = False
) -> _bool:
    """Whether :func:`isclose` holds for all elements.

    >>> import adjoint as torch
    >>> torch.allclose(torch.tensor([1.]), torch.tensor([1.000001]))
    True
    """

def alpha_dropout(input: Tensor, p: _float, train: _bool) -> Tensor:
    """Dropout that keeps mean 0 and variance 1, for networks of SELUs (Klambauer et al. 2017)."""

def alpha_dropout_(input: Tensor, p: _float, train: _bool) -> Tensor:
    """In-place version of :func:`adjoint.alpha_dropout`."""

def amax(
    input: Tensor,
    dim: _int | Sequence[_int] | None = (),
    keepdim: _bool = False,
    *,
    axis: _int | Sequence[_int] | None = None,
    keepdims: _bool | None = None,
    out: Tensor | None = None,
) -> Tensor:
    """The largest element, of all, or of those along ``dim`` (one or several); the gradient is shared by equal ones.

    Gradients::

        self: g * (self == result) / sum(self == result, dim)
    """

def amin(
    input: Tensor,
    dim: _int | Sequence[_int] | None = (),
    keepdim: _bool = False,
    *,
    axis: _int | Sequence[_int] | None = None,
    keepdims: _bool | None = None,
    out: Tensor | None = None,
) -> Tensor:
    """The smallest element, of all, or of those along ``dim`` (one or several); the gradient is shared by equal ones.

    Gradients::

        self: g * (self == result) / sum(self == result, dim)
    """

def aminmax(
    input: Tensor, *, dim: _int | None = None, keepdim: _bool = False, out: Tensor | None = None
) -> return_types.aminmax:
    """The smallest and the largest element, of all, or of those along ``dim``, at once.

    Gradients::

        self: g where the least and the greatest are
    """

def angle(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The angle of each complex element in radians; of a real one, 0, or pi where it is negative.

    Gradients::

        self: 0 if self.dtype.kind != 'c' else 1j * self * g / abs(self) ** 2
    """

def any(
    input: Tensor,
    dim: _int | Sequence[_int] | None = None,
    keepdim: _bool = False,
    *,
    axis: _int | Sequence[_int] | None = None,
    keepdims: _bool | None = None,
    out: Tensor | None = None,
) -> Tensor:
    """Whether any element is not zero, of all, or of those along ``dim``: a bool (of uint8, uint8).

    Not differentiable.
    """

def arange(
    start: _complex | None = None,
    end: _complex | None = None,
    step: _complex = 1,
    *,
    out: Tensor | None = None,
    dtype: _dtype | None = None,
    layout: _layout | None = None,
    device: _device | str | _int | None = None,
    pin_memory: _bool = False,
    requires_grad: _bool = False,
) -> Tensor:
    """The numbers from ``start`` (0) up to and without ``end``, ``step`` (1) apart.

    Integers give ``int64``; one float among them gives the default dtype.  Raises RuntimeError for a step of zero or
    of the wrong sign and for bounds that are not finite.

    >>> import adjoint as torch
    >>> torch.arange(4), torch.arange(1, 2, 0.5)
    (tensor([0, 1, 2, 3]), tensor([1.0000, 1.5000]))
    """

def arccos(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The angle in radians, from 0 to pi, whose cosine each element is; NaN outside of [-1, 1].

    Gradients::

        self: -g / conj(np.sqrt(1 - self * self))
    """

def arccos_(input: Tensor) -> Tensor:
    """In-place version of :func:`adjoint.acos`."""

def arccosh(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The number, not negative, whose hyperbolic cosine each element is; NaN below 1.

    Gradients::

        self: g / (conj(np.sqrt(self - 1) * np.sqrt(self + 1)) if self.dtype.kind == 'c' else np.sqrt((self - 1) * (self + 1)))
    """

def arccosh_(input: Tensor) -> Tensor:
    """In-place version of :func:`adjoint.acosh`."""

def arcsin(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The angle in radians, from -pi/2 to pi/2, whose sine each element is; NaN outside of [-1, 1].

    Gradients::

        self: g / conj(np.sqrt(1 - self * self))
    """

def arcsin_(input: Tensor) -> Tensor:
    """In-place version of :func:`adjoint.asin`."""

def arcsinh(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The number whose hyperbolic sine each element is.

    Gradients::

        self: g / conj(np.sqrt(self * self + 1))
    """

def arcsinh_(input: Tensor) -> Tensor:
    """In-place version of :func:`adjoint.asinh`."""

def arctan(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The angle in radians, between -pi/2 and pi/2, whose tangent each element is.

    Gradients::

        self: g / conj(self * self + 1)
    """

def arctan2(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The angle in radians, from -pi to pi, of the point whose height is ``input`` and whose distance to the right is ``other``.

    Gradients::

        self: g * other / (self ** 2 + other ** 2)
        other: -g * self / (self ** 2 + other ** 2)
    """

def arctan_(input: Tensor) -> Tensor:
    """In-place version of :func:`adjoint.atan`."""

def arctanh(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The number whose hyperbolic tangent each element is; infinite for -1 and 1, NaN beyond.

    Gradients::

        self: g / conj(1 - self * self)
    """

def arctanh_(input: Tensor) -> Tensor:
    """In-place version of :func:`adjoint.atanh`."""

def are_deterministic_algorithms_enabled() -> _bool:
    """Whether deterministic algorithms were asked for."""

def argmax(
    input: Tensor,
    dim: _int | None = None,
    keepdim: _bool = False,
    *,
    axis: _int | None = None,
    keepdims: _bool | None = None,
    out: Tensor | None = None,
) -> Tensor:
    """The index (int64) of the first largest element, in the flattened tensor, or along ``dim``.

    Not differentiable.
    """

def argmin(
    input: Tensor,
    dim: _int | None = None,
    keepdim: _bool = False,
    *,
    axis: _int | None = None,
    keepdims: _bool | None = None,
    out: Tensor | None = None,
) -> Tensor:
    """The index (int64) of the first smallest element, in the flattened tensor, or along ``dim``.

    Not differentiable.
    """

def argsort(input: Tensor, dim: _int = -1, descending: _bool = False, stable: _bool = False) -> Tensor:
    """The indices that sort a tensor along ``dim``.

    >>> import adjoint as torch
    >>> torch.argsort(torch.tensor([3., 1., 2.]))
    tensor([1, 2, 0])
    """

def argwhere(input: Tensor) -> Tensor:
    """The indices of the elements that are not zero, a row each."""

def as_strided(
    input: Tensor, size: Sequence[_int], stride: Sequence[_int], storage_offset: _int | None = None
) -> Tensor:
    """A view of the tensor's memory with any sizes and strides, from ``storage_offset`` on (in elements).

    Raises RuntimeError where it would reach outside of the memory.

    >>> import adjoint as torch
    >>> torch.arange(4).as_strided((2, 2), (1, 1))
    tensor([[0, 1],
            [1, 2]])
    """

def as_strided_(
    input: Tensor, size: Sequence[_int], stride: Sequence[_int], storage_offset: _int | None = None
) -> Tensor:
    """Look at the memory with any sizes and strides, in place."""

def as_strided_copy(
    input: Tensor,
    size: Sequence[_int],
    stride: Sequence[_int],
    storage_offset: _int | None = None,
    *,
    out: Tensor | None = None,
) -> Tensor:
    """As :func:`as_strided`, copied."""

def as_strided_scatter(
    input: Tensor, src: Tensor, size: Sequence[_int], stride: Sequence[_int], storage_offset: _int | None = None
) -> Tensor:
    """A copy of the tensor with ``src`` where its view ``as_strided(size, stride, storage_offset)`` would look.

    Raises RuntimeError where ``src`` is not of that size, or the view would reach outside of the memory.

    >>> import adjoint as torch
    >>> torch.as_strided_scatter(torch.zeros(4), torch.ones(2), (2,), (2,))
    tensor([1., 0., 1., 0.])
    """

def as_tensor(data: Any, dtype: _dtype | None = None, device: _device | str | _int | None = None) -> Tensor:
    """``data`` as a tensor: a tensor as it is, an array's memory shared, anything else copied.

    >>> import adjoint as torch
    >>> torch.as_tensor([1., 2.])
    tensor([1., 2.])
    """

def asarray(
    obj: object,
    *,
    dtype: _dtype | None = None,
    device: _device | str | _int | None = None,
    copy: _bool | None = None,
    requires_grad: _bool | None = None,
) -> Tensor:
    """``obj`` as a tensor, sharing its memory where that is possible and ``copy`` is not True.

    Raises ValueError where ``copy=False`` and a copy would be needed.

    >>> import adjoint as torch
    >>> torch.asarray([1., 2.], requires_grad=True)
    tensor([1., 2.], requires_grad=True)
    """

def asin(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The angle in radians, from -pi/2 to pi/2, whose sine each element is; NaN outside of [-1, 1].

    Gradients::

        self: g / conj(np.sqrt(1 - self * self))
    """

def asin_(input: Tensor) -> Tensor:
    """In-place version of :func:`adjoint.asin`."""

def asinh(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The number whose hyperbolic sine each element is.

    Gradients::

        self: g / conj(np.sqrt(self * self + 1))
    """

def asinh_(input: Tensor) -> Tensor:
    """In-place version of :func:`adjoint.asinh`."""

def atan(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The angle in radians, between -pi/2 and pi/2, whose tangent each element is.

    Gradients::

        self: g / conj(self * self + 1)
    """

def atan2(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The angle in radians, from -pi to pi, of the point whose height is ``input`` and whose distance to the right is ``other``.

    Gradients::

        self: g * other / (self ** 2 + other ** 2)
        other: -g * self / (self ** 2 + other ** 2)
    """

def atan_(input: Tensor) -> Tensor:
    """In-place version of :func:`adjoint.atan`."""

def atanh(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The number whose hyperbolic tangent each element is; infinite for -1 and 1, NaN beyond.

    Gradients::

        self: g / conj(1 - self * self)
    """

def atanh_(input: Tensor) -> Tensor:
    """In-place version of :func:`adjoint.atanh`."""

@overload
def atleast_1d(tensor: Tensor, /) -> Tensor:
    """Each tensor with dimensions of size 1 added until it has at least 1."""

@overload
def atleast_1d(*tensors: Tensor) -> tuple[Tensor, ...]: ...
@overload
def atleast_1d(tensors: Sequence[Tensor], /) -> tuple[Tensor, ...]: ...
@overload
def atleast_2d(tensor: Tensor, /) -> Tensor:
    """Each tensor with dimensions of size 1 added until it has at least 2."""

@overload
def atleast_2d(*tensors: Tensor) -> tuple[Tensor, ...]: ...
@overload
def atleast_2d(tensors: Sequence[Tensor], /) -> tuple[Tensor, ...]: ...
@overload
def atleast_3d(tensor: Tensor, /) -> Tensor:
    """Each tensor with dimensions of size 1 added until it has at least 3."""

@overload
def atleast_3d(*tensors: Tensor) -> tuple[Tensor, ...]: ...
@overload
def atleast_3d(tensors: Sequence[Tensor], /) -> tuple[Tensor, ...]: ...
def autocast_decrement_nesting() -> _int:
    """Be one context less deep; how deep that is.  Outside of all, what weights were cast to is forgotten."""

def autocast_increment_nesting() -> _int:
    """Be one context deeper; how deep that is."""

def avg_pool1d(
    input: Tensor,
    kernel_size: _int | Sequence[_int],
    stride: _int | Sequence[_int] | None = None,
    padding: _int | Sequence[_int] = 0,
    ceil_mode: _bool = False,
    count_include_pad: _bool = True,
) -> Tensor:
    """The average of each window of (N, C, L) or (C, L)."""

def baddbmm(
    input: Tensor, batch1: Tensor, batch2: Tensor, *, beta: _complex = 1, alpha: _complex = 1, out: Tensor | None = None
) -> Tensor:
    """``beta * input + alpha * bmm(batch1, batch2)``, ``input`` broadcast to the shape of the product.

    Gradients::

        self: _input_gradient
        batch1: batched(_scaled(g, alpha), adjoint_of(batch2))
        batch2: batched(adjoint_of(batch1), _scaled(g, alpha))
    """

def bartlett_window(
    window_length: _int,
    periodic: _bool = True,
    *,
    dtype: _dtype | None = None,
    layout: _layout | None = None,
    device: _device | str | _int | None = None,
    pin_memory: _bool = False,
    requires_grad: _bool = False,
) -> Tensor:
    """The Bartlett window, a triangle."""

def batch_norm(
    input: Tensor,
    weight: Tensor | None,
    bias: Tensor | None,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    training: _bool,
    momentum: _float,
    eps: _float,
    cudnn_enabled: _bool = True,
) -> Tensor:
    """As :func:`adjoint.nn.functional.batch_norm`."""

def bernoulli(
    input: Tensor, p: _float | None = None, *, generator: Generator | None = None, out: Tensor | None = None
) -> Tensor:
    """1 where a coin that lands so with the probability in ``input`` does, else 0.

    With ``p`` that is every coin's probability, and ``input`` gives only shape and dtype.  Raises RuntimeError for a
    probability outside of [0, 1].

    >>> import adjoint as torch
    >>> torch.bernoulli(torch.tensor([0., 1.]))
    tensor([0., 1.])
    """

def bilinear(input1: Tensor, input2: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """``input1 @ weight[k] @ input2`` for each output k, plus ``bias``; weights are (out, in1, in2).

    >>> import adjoint as torch
    >>> torch.nn.functional.bilinear(torch.ones(1, 2), torch.ones(1, 3), torch.ones(1, 2, 3))
    tensor([[6.]])
    """

def binary_cross_entropy_with_logits(
    input: Tensor, target: Tensor, weight: Tensor | None = None, pos_weight: Tensor | None = None, reduction: _int = 1
) -> Tensor:
    """The cross entropy of targets from 0 to 1 and of the sigmoid of ``input``, computed of the logits themselves; ``reduction`` is 0 (none), 1 (mean) or 2 (sum).

    Gradients::

        self: _times(_bce_logits_slope(self, target, pos_weight) * _share(g, self, reduction), weight)
        target: _times((-self if pos_weight is None else -softplus_of(self) + pos_weight * softplus_of(-self)) * _share(g, self, reduction), weight)
    """

def bincount(input: Tensor, weights: Tensor | None = None, minlength: _int = 0) -> Tensor:
    """How often each number from 0 on occurs; with ``weights``, the sum of the weights where it occurs.

    Raises RuntimeError for what is not 1-d, or negative.

    >>> import adjoint as torch
    >>> torch.bincount(torch.tensor([1, 1, 3]))
    tensor([0, 2, 0, 1])
    """

def binomial(count: Tensor, prob: Tensor, generator: Generator | None = None) -> Tensor:
    """How many of ``count`` trials succeed, each with the probability ``prob``; the two are broadcast.

    Raises ValueError for counts or probabilities that are no floating-point numbers, NotImplementedError for halves.

    >>> import adjoint as torch
    >>> torch.binomial(torch.tensor([3., 4.]), torch.tensor([0., 1.]))
    tensor([0., 4.])
    """

def bitwise_and(input: Tensor | _complex, other: Tensor | _complex, *, out: Tensor | None = None) -> Tensor:
    """The bits that are set in both, of integers or bools.

    Not differentiable.
    """

def bitwise_left_shift(input: Tensor | _complex, other: Tensor | _complex, *, out: Tensor | None = None) -> Tensor:
    """The bits of ``input`` moved up by ``other``: ``input * 2**other``.

    Not differentiable.
    """

def bitwise_not(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The bits that are not set, of integers or bools.

    Not differentiable.
    """

def bitwise_or(input: Tensor | _complex, other: Tensor | _complex, *, out: Tensor | None = None) -> Tensor:
    """The bits that are set in either, of integers or bools.

    Not differentiable.
    """

def bitwise_right_shift(input: Tensor | _complex, other: Tensor | _complex, *, out: Tensor | None = None) -> Tensor:
    """The bits of ``input`` moved down by ``other``, the sign kept: ``input`` over ``2**other``, rounded down.

    Not differentiable.
    """

def bitwise_xor(input: Tensor | _complex, other: Tensor | _complex, *, out: Tensor | None = None) -> Tensor:
    """The bits that are set in one of the two alone, of integers or bools.

    Not differentiable.
    """

def blackman_window(
    window_length: _int,
    periodic: _bool = True,
    *,
    dtype: _dtype | None = None,
    layout: _layout | None = None,
    device: _device | str | _int | None = None,
    pin_memory: _bool = False,
    requires_grad: _bool = False,
) -> Tensor:
    """The Blackman window, a sum of three cosines."""

def block_diag(*tensors: Tensor) -> Tensor:
    """A matrix with the given matrices on its diagonal and zeros elsewhere; vectors are rows, scalars 1 by 1.

    >>> import adjoint as torch
    >>> torch.block_diag(torch.tensor([1, 2]), torch.tensor(3))
    tensor([[1, 2, 0],
            [0, 0, 3]])
    """

def bmm(input: Tensor, mat2: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The products of two batches of matrices, (b, n, m) and (b, m, p).  Raises RuntimeError for other shapes.

    Gradients::

        self: batched(g, adjoint_of(mat2))
        mat2: batched(adjoint_of(self), g)
    """

def broadcast_shapes(*shapes: _int | Sequence[_int]) -> Size:
    """The shape to which all of these broadcast.

    >>> import adjoint as torch
    >>> torch.broadcast_shapes((2, 1), (3,))
    torch.Size([2, 3])
    """

def broadcast_tensors(*tensors: Tensor | Sequence[Tensor]) -> tuple[Tensor, ...]:
    """The tensors, each expanded to the shape to which all of them broadcast."""

def broadcast_to(input: Tensor, size: Sequence[_int]) -> Tensor:
    """The tensor expanded to the given sizes."""

def bucketize(
    input: Tensor | _float,
    boundaries: Tensor,
    *,
    out_int32: _bool = False,
    right: _bool = False,
    out: Tensor | None = None,
) -> Tensor:
    """Which of the intervals between sorted boundaries each value is in.

    >>> import adjoint as torch
    >>> torch.bucketize(torch.tensor([0, 3, 9]), torch.tensor([1, 3, 5]))
    tensor([0, 1, 3])
    """

def cartesian_prod(*tensors: Tensor) -> Tensor:
    """All combinations of one element of each vector, as rows; of a single vector, the vector.

    >>> import adjoint as torch
    >>> torch.cartesian_prod(torch.tensor([1, 2]), torch.tensor([3]))
    tensor([[1, 3],
            [2, 3]])
    """

def cat(tensors: Sequence[Tensor], dim: _int = 0, *, axis: _int | None = None, out: Tensor | None = None) -> Tensor:
    """The tensors one after the other along a dimension; the other sizes must agree, dtypes are promoted.

    Raises RuntimeError for shapes that do not agree, ValueError for no tensors.

    >>> import adjoint as torch
    >>> torch.cat([torch.ones(2), torch.zeros(1)])
    tensor([1., 1., 0.])
    """

def cdist(x1: Tensor, x2: Tensor, p: _float = 2.0, compute_mode: str = "use_mm_for_euclid_dist_if_necessary") -> Tensor:
    """The p-norm distances between all rows of two matrices, in batches: (*, n, d) and (*, m, d) give (*, n, m).

    Raises RuntimeError where the rows differ in length.

    >>> import adjoint as torch
    >>> torch.cdist(torch.tensor([[0., 0.]]), torch.tensor([[3., 4.], [0., 1.]]))
    tensor([[5., 1.]])
    """

def ceil(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The smallest integer not below each element, in the same dtype.

    Gradients::

        self: np.zeros_like(g)
    """

def ceil_(input: Tensor) -> Tensor:
    """In-place version of :func:`adjoint.ceil`."""

def celu(input: Tensor, alpha: _complex = 1.0, *, out: Tensor | None = None) -> Tensor:
    """Each positive element, and ``alpha * (exp(x / alpha) - 1)`` in the place of the others.  Raises RuntimeError if ``alpha`` is 0.

    Gradients::

        self: np.where(self <= 0, g * np.exp(negative_part(self) / alpha), g)
    """

def celu_(input: Tensor, alpha: _complex = 1.0) -> Tensor:
    """In-place version of :func:`adjoint.celu`."""

def chain_matmul(*matrices: Tensor, out: Tensor | None = None) -> Tensor:
    """The product of matrices, in the order that needs the least arithmetic.  Deprecated: it is :func:`adjoint.linalg.multi_dot`."""

def channel_shuffle(input: Tensor, groups: _int) -> Tensor:
    """The channels (dimension 1) of ``groups`` groups interleaved.

    Gradients::

        self: g, the channels back in order
    """

def cholesky(input: Tensor, upper: _bool = False, *, out: Tensor | None = None) -> Tensor:
    """As :func:`adjoint.linalg.cholesky`, which is to be used instead."""

def cholesky_inverse(L: Tensor, upper: _bool = False) -> Tensor:
    """The inverse of ``A`` from its Cholesky factor."""

def cholesky_solve(input: Tensor, L: Tensor, upper: _bool = False) -> Tensor:
    """The solution of ``A X = input`` from the Cholesky factor of ``A``."""

def chunk(input: Tensor, chunks: _int, dim: _int = 0) -> tuple[Tensor, ...]:
    """The tensor in at most ``chunks`` parts of one size along a dimension; the last may be smaller.

    >>> import adjoint as torch
    >>> torch.arange(5).chunk(2)
    (tensor([0, 1, 2]), tensor([3, 4]))
    """

def clamp(
    input: Tensor, min: _float | Tensor | None = None, max: _float | Tensor | None = None, *, out: Tensor | None = None
) -> Tensor:
    """Each element, or the bound that it is beyond; bounds are two numbers or two tensors.

    Raises RuntimeError without any bound, TypeError where a number and a tensor are mixed.

    >>> import adjoint as torch
    >>> torch.clamp(torch.tensor([-1., 0.5, 2.]), 0, 1)
    tensor([0.0000, 0.5000, 1.0000])
    """

def clamp_(input: Tensor, min: _float | Tensor | None = None, max: _float | Tensor | None = None) -> Tensor:
    """In-place version of :func:`adjoint.clamp`."""

def clamp_max(input: Tensor, max: Tensor | _complex, *, out: Tensor | None = None) -> Tensor:
    """Each element, and ``max`` in the place of larger ones.

    Gradients::

        self: np.where(self <= max, g, constant(0, g))
        max: np.where(self > max, g, constant(0, g))
    """

def clamp_max_(input: Tensor, max: Tensor | _complex) -> Tensor:
    """In-place version of :func:`adjoint.clamp_max`."""

def clamp_min(input: Tensor, min: Tensor | _complex, *, out: Tensor | None = None) -> Tensor:
    """Each element, and ``min`` in the place of smaller ones.

    Gradients::

        self: np.where(self >= min, g, constant(0, g))
        min: np.where(self < min, g, constant(0, g))
    """

def clamp_min_(input: Tensor, min: Tensor | _complex) -> Tensor:
    """In-place version of :func:`adjoint.clamp_min`."""

def clear_autocast_cache() -> None:
    """Forget what weights were cast to."""

def clip(
    input: Tensor, min: _float | Tensor | None = None, max: _float | Tensor | None = None, *, out: Tensor | None = None
) -> Tensor:
    """Each element, or the bound that it is beyond; bounds are two numbers or two tensors.

    Raises RuntimeError without any bound, TypeError where a number and a tensor are mixed.

    >>> import adjoint as torch
    >>> torch.clamp(torch.tensor([-1., 0.5, 2.]), 0, 1)
    tensor([0.0000, 0.5000, 1.0000])
    """

def clip_(input: Tensor, min: _float | Tensor | None = None, max: _float | Tensor | None = None) -> Tensor:
    """In-place version of :func:`adjoint.clip`."""

def clone(input: Tensor, *, memory_format: _memory_format | None = None) -> Tensor:
    """A copy; gradients flow through it to the original.

    >>> import adjoint as torch
    >>> torch.ones(2, requires_grad=True).clone()
    tensor([1., 1.], grad_fn=<CloneBackward0>)

    Gradients::

        self: g
    """

def column_stack(tensors: Sequence[Tensor], *, out: Tensor | None = None) -> Tensor:
    """The tensors side by side, those of one dimension as columns.

    >>> import adjoint as torch
    >>> torch.column_stack([torch.tensor([1, 2]), torch.tensor([3, 4])])
    tensor([[1, 3],
            [2, 4]])
    """

def combinations(input: Tensor, r: _int = 2, with_replacement: _bool = False) -> Tensor:
    """All selections of ``r`` elements of a vector, as rows, in its order.

    >>> import adjoint as torch
    >>> torch.combinations(torch.tensor([1, 2, 3]))
    tensor([[1, 2],
            [1, 3],
            [2, 3]])
    """

def complex(real: Tensor, imag: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Complex numbers of two real tensors of one dtype, their real and imaginary parts.

    Gradients::

        real: real(g)
        imag: imag(g)
    """

def concat(tensors: Sequence[Tensor], dim: _int = 0, *, axis: _int | None = None, out: Tensor | None = None) -> Tensor:
    """The tensors one after the other along a dimension; the other sizes must agree, dtypes are promoted.

    Raises RuntimeError for shapes that do not agree, ValueError for no tensors.

    >>> import adjoint as torch
    >>> torch.cat([torch.ones(2), torch.zeros(1)])
    tensor([1., 1., 0.])
    """

def concatenate(
    tensors: Sequence[Tensor], dim: _int = 0, *, axis: _int | None = None, out: Tensor | None = None
) -> Tensor:
    """The tensors one after the other along a dimension; the other sizes must agree, dtypes are promoted.

    Raises RuntimeError for shapes that do not agree, ValueError for no tensors.

    >>> import adjoint as torch
    >>> torch.cat([torch.ones(2), torch.zeros(1)])
    tensor([1., 1., 0.])
    """

def conj(input: Tensor) -> Tensor:
    """The complex conjugate, a view: what is written to it reaches the tensor; a real tensor itself.

    >>> import adjoint as torch
    >>> torch.conj(torch.tensor([1+2j]))
    tensor([1.-2.j])
    """

def conj_physical(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The complex conjugate, computed at once; a real tensor itself.

    >>> import adjoint as torch
    >>> torch.conj_physical(torch.tensor([1+2j])).is_conj()
    False
    """

def conj_physical_(input: Tensor) -> Tensor:
    """Conjugate in place; a real tensor stays what it is, but counts as written to."""

def constant_pad_nd(input: Tensor, pad: Sequence[_int], value: _complex = 0) -> Tensor:
    """The tensor with ``value`` around it: ``pad`` holds (before, after) pairs, the last dimension first.

    Gradients::

        self: g without the padding
    """

def conv1d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: _int | Sequence[_int] = 1,
    padding: str | _int | Sequence[_int] = 0,
    dilation: _int | Sequence[_int] = 1,
    groups: _int = 1,
) -> Tensor:
    """Convolve (N, C, L) or (C, L) with (O, C / groups, K); ``padding`` may be ``"same"`` or ``"valid"``.

    Raises RuntimeError where the shapes do not fit.

    >>> import adjoint as torch
    >>> torch.nn.functional.conv1d(torch.tensor([[1., 2., 3.]]), torch.tensor([[[1., -1.]]]))
    tensor([[-1., -1.]])
    """

def conv2d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: _int | Sequence[_int] = 1,
    padding: str | _int | Sequence[_int] = 0,
    dilation: _int | Sequence[_int] = 1,
    groups: _int = 1,
) -> Tensor:
    """Convolve (N, C, H, W) or (C, H, W) with (O, C / groups, KH, KW); ``padding`` may be ``"same"`` or ``"valid"``.

    Raises RuntimeError where the shapes do not fit.

    >>> import adjoint as torch
    >>> torch.nn.functional.conv2d(torch.ones(1, 3, 8, 8), torch.ones(6, 3, 3, 3), padding=1).shape
    torch.Size([1, 6, 8, 8])
    """

def conv3d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: _int | Sequence[_int] = 1,
    padding: str | _int | Sequence[_int] = 0,
    dilation: _int | Sequence[_int] = 1,
    groups: _int = 1,
) -> Tensor:
    """Convolve (N, C, D, H, W) or (C, D, H, W) with (O, C / groups, KD, KH, KW)."""

def conv_tbc(input: Tensor, weight: Tensor, bias: Tensor, pad: _int = 0) -> Tensor:
    """Convolution over time of (T, N, C) with (K, C, C') kernels: (T + 2 pad - K + 1, N, C').

    >>> import adjoint as torch
    >>> torch.conv_tbc(torch.ones(4, 1, 2), torch.ones(3, 2, 1), torch.zeros(1)).flatten()
    tensor([6., 6.])
    """

def conv_transpose1d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: _int | Sequence[_int] = 1,
    padding: _int | Sequence[_int] = 0,
    output_padding: _int | Sequence[_int] = 0,
    groups: _int = 1,
    dilation: _int | Sequence[_int] = 1,
) -> Tensor:
    """The transpose of :func:`conv1d`: (N, C, L) with (C, O / groups, K)."""

def conv_transpose2d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: _int | Sequence[_int] = 1,
    padding: _int | Sequence[_int] = 0,
    output_padding: _int | Sequence[_int] = 0,
    groups: _int = 1,
    dilation: _int | Sequence[_int] = 1,
) -> Tensor:
    """The transpose of :func:`conv2d`: (N, C, H, W) with (C, O / groups, KH, KW).

    >>> import adjoint as torch
    >>> torch.nn.functional.conv_transpose2d(torch.ones(1, 3, 4, 4), torch.ones(3, 6, 2, 2), stride=2).shape
    torch.Size([1, 6, 8, 8])
    """

def conv_transpose3d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: _int | Sequence[_int] = 1,
    padding: _int | Sequence[_int] = 0,
    output_padding: _int | Sequence[_int] = 0,
    groups: _int = 1,
    dilation: _int | Sequence[_int] = 1,
) -> Tensor:
    """The transpose of :func:`conv3d`."""

def convolution(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    stride: _int | Sequence[_int],
    padding: _int | Sequence[_int],
    dilation: _int | Sequence[_int],
    transposed: _bool,
    output_padding: _int | Sequence[_int],
    groups: _int,
) -> Tensor:
    """The convolution, or ``transposed``, its transpose, of (N, C, ...) with kernels, in one to three dimensions, under all its options.

    Gradients::

        input: convolve(g, weight) if transposed else conv_transpose(g, weight)
        weight: convolve(g, input) if transposed else convolve(input, g)
        bias: total(g, (0, *range(2, g.ndim)))
    """

def copysign(input: Tensor, other: Tensor | _complex, *, out: Tensor | None = None) -> Tensor:
    """The magnitudes of ``input`` with the signs of ``other``, element by element.

    Gradients::

        self: g * result / self
        other: np.zeros_like(g)
    """

def corrcoef(input: Tensor) -> Tensor:
    """The correlations of the rows (variables) over the columns (observations).

    >>> import adjoint as torch
    >>> torch.corrcoef(torch.tensor([[1., 2., 3.], [3., 2., 1.]]))
    tensor([[ 1., -1.],
            [-1.,  1.]])
    """

def cos(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The cosine of each element, an angle in radians.

    Gradients::

        self: -g * conj(np.sin(self))
    """

def cos_(input: Tensor) -> Tensor:
    """In-place version of :func:`adjoint.cos`."""

def cosh(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The hyperbolic cosine of each element: ``(exp(x) + exp(-x)) / 2``.

    Gradients::

        self: g * conj(np.sinh(self))
    """

def cosh_(input: Tensor) -> Tensor:
    """In-place version of :func:`adjoint.cosh`."""

def cosine_embedding_loss(
    input1: Tensor, input2: Tensor, target: Tensor, margin: _float = 0.0, reduction: _int = 1
) -> Tensor:
    """As :func:`adjoint.nn.functional.cosine_embedding_loss`, with a number for the reduction."""

def cosine_similarity(x1: Tensor, x2: Tensor, dim: _int = 1, eps: _float = 1e-08) -> Tensor:
    """The cosine of the angle between ``x1`` and ``x2`` along ``dim``; norms are taken to be at least ``eps``.

    >>> import adjoint as torch
    >>> torch.nn.functional.cosine_similarity(torch.tensor([[1., 0.]]), torch.tensor([[1., 1.]]))
    tensor([0.7071])
    """

def count_nonzero(
    input: Tensor, dim: _int | Sequence[_int] | None = None, *, axis: _int | Sequence[_int] | None = None
) -> Tensor:
    """How many elements are not zero, of all, or of those along ``dim`` (one or several): int64.

    Not differentiable.
    """

def cov(
    input: Tensor, *, correction: _int = 1, fweights: Tensor | None = None, aweights: Tensor | None = None
) -> Tensor:
    """The covariances of the rows (variables) over the columns (observations), which may be repeated or weighted.

    >>> import adjoint as torch
    >>> torch.cov(torch.tensor([[1., 2., 3.], [3., 2., 1.]]))
    tensor([[ 1., -1.],
            [-1.,  1.]])
    """

def cross(input: Tensor, other: Tensor, dim: _int | None = None, *, out: Tensor | None = None) -> Tensor:
    """As :func:`adjoint.linalg.cross`; without ``dim`` along the first dimension of size 3, with a warning."""

def ctc_loss(
    log_probs: Tensor,
    targets: Tensor,
    input_lengths: Any,
    target_lengths: Any,
    blank: _int = 0,
    reduction: _int = 1,
    zero_infinity: _bool = False,
) -> Tensor:
    """As :func:`adjoint.nn.functional.ctc_loss`, with a number for the reduction."""

def cummax(input: Tensor, dim: _int, *, axis: _int | None = None, out: Tensor | None = None) -> return_types.cummax:
    """The largest of the elements up to each one, along ``dim``, and its index (int64), the last of equal ones.

    Gradients::

        self: g added up at indices
    """

def cummin(input: Tensor, dim: _int, *, axis: _int | None = None, out: Tensor | None = None) -> return_types.cummin:
    """The smallest of the elements up to each one, along ``dim``, and its index (int64), the last of equal ones.

    Gradients::

        self: g added up at indices
    """

def cumprod(
    input: Tensor, dim: _int, *, dtype: _dtype | None = None, axis: _int | None = None, out: Tensor | None = None
) -> Tensor:
    """The products of the elements up to each one, along ``dim``.  Integers and bools multiply in int64.

    Gradients::

        self: g * result summed from the end, / self
    """

def cumsum(
    input: Tensor, dim: _int, *, dtype: _dtype | None = None, axis: _int | None = None, out: Tensor | None = None
) -> Tensor:
    """The sums of the elements up to each one, along ``dim``.  Integers and bools add up in int64.

    Gradients::

        self: g summed from the end
    """

def cumulative_trapezoid(
    y: Tensor, x: Tensor | None = None, *, dx: _complex | Sequence[_complex] | None = None, dim: _int = -1
) -> Tensor:
    """The integrals up to each place along ``dim`` by the trapezoidal rule.

    >>> import adjoint as torch
    >>> torch.cumulative_trapezoid(torch.tensor([1., 2., 3.]))
    tensor([1.5000, 4.0000])
    """

default_generator: Generator

def deg2rad(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Each element, an angle in degrees, in radians.

    Gradients::

        self: g * pi / 180
    """

def deg2rad_(input: Tensor) -> Tensor:
    """In-place version of :func:`adjoint.deg2rad`."""

def det(A: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The determinants of square matrices.

    >>> import adjoint as torch
    >>> torch.det(torch.tensor([[2., 0.], [0., 4.]]))
    tensor(8.)
    """

def detach(input: Tensor) -> Tensor:
    """The same memory, under the same record of writes, outside of the graph.

    >>> import adjoint as torch
    >>> torch.ones(2, requires_grad=True).detach().requires_grad
    False
    """

def detach_(input: Tensor) -> Tensor:
    """Take this tensor out of the graph.  Raises RuntimeError on a view."""

def detach_copy(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """A copy through which no gradient comes back: asking for one raises RuntimeError.

    Gradients::

        self: not_implemented('detach_copy')
    """

def diag(input: Tensor, diagonal: _int = 0, *, out: Tensor | None = None) -> Tensor:
    """A matrix with the vector on a diagonal, or the diagonal of a matrix.

    >>> import adjoint as torch
    >>> torch.diag(torch.tensor([[1, 2], [3, 4]]))
    tensor([1, 4])
    """

def diag_embed(input: Tensor, offset: _int = 0, dim1: _int = -2, dim2: _int = -1) -> Tensor:
    """Matrices with the last dimension of the tensor on their diagonal, in two new dimensions.

    >>> import adjoint as torch
    >>> torch.tensor([1, 2]).diag_embed()
    tensor([[1, 0],
            [0, 2]])

    Gradients::

        self: np.diagonal(g, offset, dim1, dim2)
    """

def diagflat(input: Tensor, offset: _int = 0) -> Tensor:
    """A matrix with all elements of the tensor on a diagonal."""

def diagonal(input: Tensor, offset: _int = 0, dim1: _int = 0, dim2: _int = 1) -> Tensor:
    """The diagonal of two dimensions, as the last dimension.

    >>> import adjoint as torch
    >>> torch.tensor([[1, 2], [3, 4]]).diagonal()
    tensor([1, 4])

    Gradients::

        self: g on the diagonal, 0 elsewhere
    """

def diagonal_copy(
    input: Tensor, offset: _int = 0, dim1: _int = 0, dim2: _int = 1, *, out: Tensor | None = None
) -> Tensor:
    """The diagonal of two dimensions, as the last dimension, copied.

    Gradients::

        self: g on the diagonal, 0 elsewhere
    """

def diagonal_scatter(input: Tensor, src: Tensor, offset: _int = 0, dim1: _int = 0, dim2: _int = 1) -> Tensor:
    """The tensor with ``src`` on a diagonal of two dimensions.

    Gradients::

        self: g, 0 on the diagonal
        src: diagonal(g)
    """

def diff(
    input: Tensor,
    n: _int = 1,
    dim: _int = -1,
    prepend: Tensor | None = None,
    append: Tensor | None = None,
    *,
    out: Tensor | None = None,
) -> Tensor:
    """Each element less the one before along ``dim``, ``n`` times; of bools whether they differ.

    >>> import adjoint as torch
    >>> torch.diff(torch.tensor([1, 4, 9]))
    tensor([3, 5])
    """

def digamma(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The derivative of ``lgamma`` of each element; minus infinity at zero, NaN at negative integers.

    Gradients::

        self: g * polygamma_of(1, self)
    """

def dist(input: Tensor, other: Tensor, p: _float = 2) -> Tensor:
    """The p-norm of ``input - other``.

    >>> import adjoint as torch
    >>> torch.dist(torch.tensor([1., 2.]), torch.tensor([4., 6.]))
    tensor(5.)
    """

def div(
    input: Tensor | _complex, other: Tensor | _complex, *, rounding_mode: str | None = None, out: Tensor | None = None
) -> Tensor:
    """The quotient, element by element: a float, or, with ``rounding_mode`` 'trunc' or 'floor', rounded toward zero or down in the operands' dtype.

    Gradients::

        self: g / conj(other) if rounding_mode is None else np.zeros_like(g)
        other: -g * conj(self / other / other) if rounding_mode is None else np.zeros_like(g)
    """

def divide(
    input: Tensor | _complex, other: Tensor | _complex, *, rounding_mode: str | None = None, out: Tensor | None = None
) -> Tensor:
    """The quotient, element by element: a float, or, with ``rounding_mode`` 'trunc' or 'floor', rounded toward zero or down in the operands' dtype.

    Gradients::

        self: g / conj(other) if rounding_mode is None else np.zeros_like(g)
        other: -g * conj(self / other / other) if rounding_mode is None else np.zeros_like(g)
    """

def dot(input: Tensor, tensor: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The sum of the products of two vectors' elements.  Raises RuntimeError for other shapes.

    Gradients::

        self: g * conj(tensor)
        tensor: g * conj(self)
    """

def dropout(input: Tensor, p: _float, train: _bool) -> Tensor:
    """Each element zero with probability ``p``, the others over ``1 - p``, while ``train`` is true.

    Raises RuntimeError for a probability outside of [0, 1].

    >>> import adjoint as torch
    >>> torch.dropout(torch.ones(2), 0.5, False)
    tensor([1., 1.])
    """

def dropout_(input: Tensor, p: _float, train: _bool) -> Tensor:
    """In-place version of :func:`adjoint.dropout`."""

def dsmm(input: Tensor, mat2: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The product of two matrices, (n, m) and (m, p).  Raises RuntimeError for other shapes.

    Gradients::

        self: dot(g, conj(mat2).T)
        mat2: dot(conj(self).T, g)
    """

def dsplit(input: Tensor, indices_or_sections: _int | Sequence[_int]) -> tuple[Tensor, ...]:
    """The tensor split as by ``tensor_split`` along the dimension that ``dsplit`` is named for."""

def dstack(tensors: Sequence[Tensor], *, out: Tensor | None = None) -> Tensor:
    """The tensors, of at least 3 dimensions, joined along dimension 2."""

def eig(input: Tensor, *args: Any, **kwargs: Any) -> Any:
    """Removed from PyTorch: raises RuntimeError, with what to write instead of ``eig``."""

@overload
def einsum(equation: str, *operands: Tensor | Sequence[Tensor]) -> Tensor:
    """The sum of products of tensors over dimensions named by letters: ``einsum("ij,jk->ik", a, b)``.

    Without ``->`` the letters that occur once are the result's, in alphabetical order.  ``...`` stands for further,
    broadcast dimensions; a letter that is repeated in one operand takes its diagonal.  The form
    ``einsum(a, [0, 1], b, [1, 2], [0, 2])`` names dimensions by numbers.

    Raises RuntimeError for an equation that does not fit the operands.

    >>> import adjoint as torch
    >>> torch.einsum("ij,j->i", torch.ones(2, 3), torch.ones(3))
    tensor([3., 3.])
    """

@overload
def einsum(operand: Tensor, sublist: Sequence[Any], /, *more: Tensor | Sequence[Any]) -> Tensor: ...
def embedding(
    weight: Tensor, indices: Tensor, padding_idx: _int = -1, scale_grad_by_freq: _bool = False, sparse: _bool = False
) -> Tensor:
    """The rows of ``weight`` (a matrix) at ``indices`` (any shape); the row ``padding_idx`` gets no gradient.

    Gradients::

        weight: g added up in the rows of the indices
    """

def embedding_bag(
    weight: Tensor,
    indices: Tensor,
    offsets: Tensor,
    scale_grad_by_freq: _bool = False,
    mode: _int = 0,
    sparse: _bool = False,
    per_sample_weights: Tensor | None = None,
    include_last_offset: _bool = False,
    padding_idx: _int | None = None,
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """As :func:`adjoint.nn.functional.embedding_bag`, in another order of arguments and with a number for the mode: sum, mean, max.

    Also the bag of each index, the bags' sizes, and, for the maximum, which index it was; for a sum there is nothing in these.

    >>> import adjoint as torch
    >>> table, ends = torch.tensor([[1., 2.], [3., 4.]]), torch.tensor([0, 1])
    >>> torch.embedding_bag(table, torch.tensor([0, 1, 1]), ends, mode=1)[0]
    tensor([[1., 2.],
            [3., 4.]])
    """

def embedding_renorm_(input: Tensor, indices: Tensor, max_norm: _float, norm_type: _float) -> Tensor:
    """Shorten, in place, the rows at ``indices`` whose ``norm_type``-norm is larger than ``max_norm``; returns the table."""

def empty(
    *size: _int | Sequence[_int],
    out: Tensor | None = None,
    dtype: _dtype | None = None,
    layout: _layout | None = None,
    device: _device | str | _int | None = None,
    pin_memory: _bool = False,
    requires_grad: _bool = False,
    memory_format: _memory_format | None = None,
) -> Tensor:
    """A tensor whose elements are whatever was in memory.

    >>> import adjoint as torch
    >>> torch.empty(2, 3).shape
    torch.Size([2, 3])
    """

def empty_cache() -> None:
    """Give all free buffers back to the system.

    >>> import adjoint as torch
    >>> torch.empty_cache()
    >>> torch.memory_stats()["cached_bytes.current"]
    0
    """

def empty_like(
    input: Tensor,
    *,
    dtype: _dtype | None = None,
    layout: _layout | None = None,
    device: _device | str | _int | None = None,
    pin_memory: _bool = False,
    requires_grad: _bool = False,
    memory_format: _memory_format | None = None,
) -> Tensor:
    """A tensor of ``input``'s shape and dtype whose elements are whatever was in memory."""

def empty_permuted(
    size: _int | Sequence[_int],
    physical_layout: Any,
    *,
    dtype: _dtype | None = None,
    layout: _layout | None = None,
    device: _device | str | _int | None = None,
    pin_memory: _bool = False,
    requires_grad: _bool = False,
) -> Tensor:
    """A tensor of these sizes whose dimensions lie in memory in the order ``physical_layout``, the outermost first, and whose
    elements are whatever was there.

    >>> import adjoint as torch
    >>> torch.empty_permuted((2, 3, 4), (2, 0, 1)).stride()
    (3, 1, 6)
    """

def empty_strided(
    size: _int | Sequence[_int],
    stride: _int | Sequence[_int],
    *,
    dtype: _dtype | None = None,
    layout: _layout | None = None,
    device: _device | str | _int | None = None,
    pin_memory: _bool = False,
    requires_grad: _bool = False,
) -> Tensor:
    """A tensor of these sizes and strides (in elements) whose elements are whatever was in memory.

    >>> import adjoint as torch
    >>> torch.empty_strided((2, 3), (1, 2)).stride()
    (1, 2)
    """

def eq(input: Tensor, other: Tensor | _complex, *, out: Tensor | None = None) -> Tensor:
    """Whether two elements are equal: a bool tensor.

    Not differentiable.
    """

def equal(input: Tensor, other: Tensor) -> _bool:
    """Whether the two have the same shape and the same elements.

    >>> import adjoint as torch
    >>> torch.equal(torch.tensor([1, 2]), torch.tensor([1, 2]))
    True
    """

def erf(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The error function of each element: the integral of ``2/sqrt(pi) exp(-t**2)`` from 0 to ``x``.

    Gradients::

        self: g * 2 / sqrt(pi) * exp(-self ** 2)
    """

def erf_(input: Tensor) -> Tensor:
    """In-place version of :func:`adjoint.erf`."""

def erfc(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """One minus the error function of each element, exact to the last digits where that is small.

    Gradients::

        self: -g * 2 / sqrt(pi) * exp(-self ** 2)
    """

def erfc_(input: Tensor) -> Tensor:
    """In-place version of :func:`adjoint.erfc`."""

def erfinv(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The number whose error function each element is; infinite for -1 and 1, NaN beyond.

    Gradients::

        self: g * sqrt(pi) / 2 * exp(result ** 2)
    """

def exp(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """e to the power of each element.  Integers give the default dtype.

    Gradients::

        self: g * conj(result)
    """

def exp2(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Two to the power of each element.

    Gradients::

        self: g * conj(result) * constant(math.log(2), g)
    """

def exp2_(input: Tensor) -> Tensor:
    """In-place version of :func:`adjoint.exp2`."""

def exp_(input: Tensor) -> Tensor:
    """In-place version of :func:`adjoint.exp`."""

def expand_copy(
    input: Tensor, size: _int | Sequence[_int], *, implicit: _bool = False, out: Tensor | None = None
) -> Tensor:
    """The tensor expanded to the given sizes, copied.

    Gradients::

        self: sum_to(g, self_shape)
    """

def expm1(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """``exp(x) - 1`` of each element, exact to the last digits where ``x`` is near zero.

    Gradients::

        self: g * conj(result + 1)
    """

def expm1_(input: Tensor) -> Tensor:
    """In-place version of :func:`adjoint.expm1`."""

def eye(
    n: _int,
    m: _int | None = None,
    *,
    out: Tensor | None = None,
    dtype: _dtype | None = None,
    layout: _layout | None = None,
    device: _device | str | _int | None = None,
    pin_memory: _bool = False,
    requires_grad: _bool = False,
) -> Tensor:
    """An ``n`` by ``m`` (by default ``n`` by ``n``) matrix of ones on the diagonal and zeros elsewhere.

    >>> import adjoint as torch
    >>> torch.eye(2)
    tensor([[1., 0.],
            [0., 1.]])
    """

def feature_alpha_dropout(input: Tensor, p: _float, train: _bool) -> Tensor:
    """Alpha dropout of whole channels ``input[n, c]``."""

def feature_alpha_dropout_(input: Tensor, p: _float, train: _bool) -> Tensor:
    """In-place version of :func:`adjoint.feature_alpha_dropout`."""

def feature_dropout(input: Tensor, p: _float, train: _bool) -> Tensor:
    """Each channel ``input[n, c]`` zero with probability ``p``, the others over ``1 - p``, while ``train`` is true."""

def feature_dropout_(input: Tensor, p: _float, train: _bool) -> Tensor:
    """In-place version of :func:`adjoint.feature_dropout`."""

def fill(input: Tensor, value: _complex) -> Tensor:
    """A tensor of this one's shape and dtype, filled with a number or with the element of a 0-d tensor."""

def fill_(input: Tensor, value: _complex) -> Tensor:
    """Fill the tensor with a number, or with the element of a 0-d tensor.

    >>> import adjoint as torch
    >>> torch.zeros(2).fill_(3)
    tensor([3., 3.])
    """

def fix(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Each element without its fraction: rounded toward zero.

    Gradients::

        self: np.zeros_like(g)
    """

def fix_(input: Tensor) -> Tensor:
    """In-place version of :func:`adjoint.trunc`."""

def flatten(input: Tensor, start_dim: _int = 0, end_dim: _int = -1) -> Tensor:
    """The dimensions from ``start_dim`` to ``end_dim`` made one.

    >>> import adjoint as torch
    >>> torch.zeros(2, 3, 4).flatten(1).shape
    torch.Size([2, 12])
    """

def flip(input: Tensor, *dims: _int | Sequence[_int]) -> Tensor:
    """The elements in reversed order along the given dimensions (a copy).

    >>> import adjoint as torch
    >>> torch.tensor([1, 2, 3]).flip(0)
    tensor([3, 2, 1])
    """

def fliplr(input: Tensor) -> Tensor:
    """The columns in reversed order."""

def flipud(input: Tensor) -> Tensor:
    """The rows in reversed order."""

def float_power(input: Tensor | _complex, exponent: Tensor | _complex, *, out: Tensor | None = None) -> Tensor:
    """``input ** exponent`` in float64 (or complex128).

    >>> import adjoint as torch
    >>> torch.float_power(torch.tensor([1, 2]), 2)
    tensor([1., 4.], dtype=torch.float64)
    """

def floor(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The largest integer not above each element, in the same dtype.

    Gradients::

        self: np.zeros_like(g)
    """

def floor_(input: Tensor) -> Tensor:
    """In-place version of :func:`adjoint.floor`."""

def floor_divide(input: Tensor | _complex, other: Tensor | _complex, *, out: Tensor | None = None) -> Tensor:
    """The quotient rounded down, element by element, in the operands' dtype.  Raises RuntimeError for an integer divided by zero.

    Gradients::

        self: not_implemented('floor_divide')
        other: not_implemented('floor_divide')
    """

def fmax(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The larger of two elements; where one is NaN, the other.

    Gradients::

        self: g if self >= other or other is NaN else 0
        other: 0 if self >= other or other is NaN else g
    """

def fmin(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The smaller of two elements; where one is NaN, the other.

    Gradients::

        self: g if self <= other or other is NaN else 0
        other: 0 if self <= other or other is NaN else g
    """

def fmod(input: Tensor, other: Tensor | _complex, *, out: Tensor | None = None) -> Tensor:
    """The remainder of the division that rounds toward zero, element by element: of the dividend's sign, as C's ``fmod``.

    Gradients::

        self: g
        other: -g * trunc(self / other)
    """

def frac(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The fraction of each element, of its sign: ``x - trunc(x)``.

    Gradients::

        self: g
    """

def frac_(input: Tensor) -> Tensor:
    """In-place version of :func:`adjoint.frac`."""

def frexp(input: Tensor, *, out: Tensor | None = None) -> return_types.frexp:
    """Each element as ``mantissa * 2**exponent``, the mantissa's magnitude from 0.5 to 1, the exponent an int32.

    Gradients::

        self: g / 2 ** exponent.astype(g.dtype)
    """

def frobenius_norm(
    input: Tensor, dim: _int | Sequence[_int], keepdim: _bool = False, *, out: Tensor | None = None
) -> Tensor:
    """The root of the sum of squares along one dimension or two; ``torch.linalg.vector_norm(input, 2, dim)``."""

def from_dlpack(ext_tensor: Any, *, device: _device | str | _int | None = None, copy: _bool | None = None) -> Tensor:
    """A tensor over the memory of any object with ``__dlpack__``, or of a DLPack capsule.

    >>> import adjoint as torch, numpy as np
    >>> torch.from_dlpack(np.arange(3))
    tensor([0, 1, 2])
    """

def from_file(
    filename: str,
    shared: _bool | None = None,
    size: _int = 0,
    *,
    dtype: _dtype | None = None,
    layout: _layout | None = None,
    device: _device | str | _int | None = None,
    pin_memory: _bool = False,
) -> Tensor:
    """The first ``size`` elements of a file, mapped into memory: what is written to the tensor is written to the file if
    ``shared``, which is made longer where it has not so many.

    Raises RuntimeError for a file that is shorter, or cannot be opened.
    """

def from_numpy(ndarray: ndarray[Any, Any]) -> Tensor:
    """A tensor over the memory of a NumPy array: a change of one is a change of the other.

    Raises TypeError for anything else and for dtypes that tensors do not have, ValueError for negative strides.

    >>> import adjoint as torch, numpy as np
    >>> a = np.zeros(2); t = torch.from_numpy(a); a[0] = 5
    >>> t
    tensor([5., 0.], dtype=torch.float64)
    """

def frombuffer(
    buffer: Any, *, dtype: _dtype, count: _int = -1, offset: _int = 0, requires_grad: _bool = False
) -> Tensor:
    """A tensor of one dimension over the memory of a buffer.

    Raises ValueError for an offset or a count outside of it, or a length that the elements do not fill.

    >>> import adjoint as torch
    >>> torch.frombuffer(bytearray(b"ab"), dtype=torch.uint8)
    tensor([97, 98], dtype=torch.uint8)
    """

def full(
    size: _int | Sequence[_int],
    fill_value: Tensor | _complex,
    *,
    out: Tensor | None = None,
    dtype: _dtype | None = None,
    layout: _layout | None = None,
    device: _device | str | _int | None = None,
    pin_memory: _bool = False,
    requires_grad: _bool = False,
) -> Tensor:
    """A tensor whose elements are all ``fill_value``, of that number's dtype if none is given.

    >>> import adjoint as torch
    >>> torch.full((2,), 7), torch.full((2,), 0.5)
    (tensor([7, 7]), tensor([0.5000, 0.5000]))
    """

def full_like(
    input: Tensor,
    fill_value: _complex,
    *,
    dtype: _dtype | None = None,
    layout: _layout | None = None,
    device: _device | str | _int | None = None,
    pin_memory: _bool = False,
    requires_grad: _bool = False,
    memory_format: _memory_format | None = None,
) -> Tensor:
    """A tensor of ``input``'s shape and dtype whose elements are all ``fill_value``.

    >>> import adjoint as torch
    >>> torch.full_like(torch.tensor([1, 2]), 7)
    tensor([7, 7])
    """

def gather(input: Tensor, dim: _int, index: Tensor, *, sparse_grad: _bool = False, out: Tensor | None = None) -> Tensor:
    """The elements at ``index`` along a dimension: ``result[i][j] = input[index[i][j]][j]`` for ``dim=0``.

    >>> import adjoint as torch
    >>> torch.tensor([[1, 2], [3, 4]]).gather(1, torch.tensor([[1], [0]]))
    tensor([[2],
            [3]])

    Gradients::

        self: g added up at index
    """

def gcd(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The greatest common divisor of two integers, element by element, never negative.

    Not differentiable.
    """

def gcd_(input: Tensor, other: Tensor) -> Tensor:
    """In-place version of :func:`adjoint.gcd`."""

def ge(input: Tensor, other: Tensor | _complex, *, out: Tensor | None = None) -> Tensor:
    """Whether each element is greater than the other's or equal to it: a bool tensor.

    Not differentiable.
    """

def geqrf(input: Tensor, *, out: Tensor | None = None) -> return_types.geqrf:
    """The QR factorization as LAPACK packs it: R in the upper triangle, below it the vectors of the reflections whose product Q is, and their factors.  ``torch.linalg.qr`` returns Q and R.

    Gradients::

        self: _no_geqrf_derivative()
    """

def ger(input: Tensor, vec2: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Each element of one vector times each of another: (n) and (m) give (n, m).

    >>> import adjoint as torch
    >>> torch.outer(torch.tensor([1., 2.]), torch.tensor([3., 4.]))
    tensor([[3., 4.],
            [6., 8.]])
    """

def get_autocast_cpu_dtype() -> _dtype:
    """Deprecated: ``torch.get_autocast_dtype("cpu")``."""

def get_autocast_dtype(device_type: str) -> _dtype:
    """The lower precision of a kind of devices: bfloat16 on the CPU, float16 elsewhere, or what was set."""

def get_autocast_gpu_dtype() -> _dtype:
    """Deprecated: ``torch.get_autocast_dtype("cuda")``."""

def get_deterministic_debug_mode() -> _int:
    """0, 1 or 2, as :func:`set_deterministic_debug_mode` takes them."""

def get_device(input: Tensor) -> _int:
    """The number of the tensor's device; -1 for the CPU, which has none.

    >>> import adjoint as torch
    >>> torch.get_device(torch.ones(1))
    -1
    """

def get_float32_matmul_precision() -> str:
    """What :func:`set_float32_matmul_precision` set; ``"highest"`` at first."""

def get_num_interop_threads() -> _int:
    """How many operators may run at once, as it was set; they run one after the other."""

def get_num_threads() -> _int:
    """How many threads an operator may use: the cores this process may run on, unless it was set.

    Processes that were started together on a machine, as ``adjoint run -n 4`` does, share its cores.
    """

def get_rng_state() -> Tensor:
    """The default generator's state, a uint8 tensor of 5056 bytes that PyTorch understands.

    >>> import adjoint as torch
    >>> state = torch.get_rng_state()
    >>> a = torch.rand(2)
    >>> torch.set_rng_state(state)
    >>> bool((torch.rand(2) == a).all())
    True
    """

def gradient(
    input: Tensor, *, spacing: Any = 1, dim: _int | Sequence[_int] | None = None, edge_order: _int = 1
) -> tuple[Tensor, ...]:
    """Along each dimension (or those in ``dim``) the derivative of a function whose values on a grid ``input`` has, by central
    differences.

    ``spacing`` is the distance of the places, one for each dimension, or per dimension a tensor with their coordinates.  At the
    ends differences are one-sided, from two values or with ``edge_order=2`` from three.  Raises RuntimeError where a dimension has
    too few elements, or ``spacing`` not as many entries as there are dimensions.

    >>> import adjoint as torch
    >>> torch.gradient(torch.tensor([1., 4., 9., 16.]))
    (tensor([3., 4., 6., 7.]),)
    """

def greater(input: Tensor, other: Tensor | _complex, *, out: Tensor | None = None) -> Tensor:
    """Whether each element is greater than the other's: a bool tensor.

    Not differentiable.
    """

def greater_equal(input: Tensor, other: Tensor | _complex, *, out: Tensor | None = None) -> Tensor:
    """Whether each element is greater than the other's or equal to it: a bool tensor.

    Not differentiable.
    """

def grid_sampler(
    input: Tensor, grid: Tensor, interpolation_mode: _int, padding_mode: _int, align_corners: _bool
) -> Tensor:
    """As :func:`adjoint.nn.functional.grid_sample`, with numbers for the modes."""

def grid_sampler_2d(
    input: Tensor, grid: Tensor, interpolation_mode: Any, padding_mode: Any, align_corners: _bool | None
) -> Tensor:
    """The values of images in 2 dimensions at the points of a grid: see :func:`adjoint.nn.functional.grid_sample`; the modes are numbers here.

    Gradients::

        input: g times the weights, added up at the pixels
        grid: sum(g * pixels * derivatives of their weights)
    """

def grid_sampler_3d(
    input: Tensor, grid: Tensor, interpolation_mode: Any, padding_mode: Any, align_corners: _bool | None
) -> Tensor:
    """The values of images in 3 dimensions at the points of a grid: see :func:`adjoint.nn.functional.grid_sample`; the modes are numbers here.

    Gradients::

        input: g times the weights, added up at the pixels
        grid: sum(g * pixels * derivatives of their weights)
    """

def group_norm(
    input: Tensor,
    num_groups: _int,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: _float = 1e-05,
    cudnn_enabled: _bool = True,
) -> Tensor:
    """As :func:`adjoint.nn.functional.group_norm`."""

def gru(*args: Any, **kwargs: Any) -> Any:
    """What :class:`adjoint.nn.GRU` computes, with its weights: the outputs at all times, and the last state of all layers.

    ``(input, hx, params, has_biases, num_layers, dropout, train, bidirectional, batch_first)``, or, of packed sequences,
    ``(data, batch_sizes, hx, params, has_biases, num_layers, dropout, train, bidirectional)``.  Raises RuntimeError where
    there are not as many weights and states as layers.
    """

def gru_cell(
    input: Tensor, hx: Tensor, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor | None = None, b_hh: Tensor | None = None
) -> Tensor:
    """One step of a gated recurrent unit: from (N, in) and the state (N, hidden) to the next one.

    The weights are (3 * hidden, in) and (3 * hidden, hidden).  Raises RuntimeError where sizes do not fit.
    """

def gt(input: Tensor, other: Tensor | _complex, *, out: Tensor | None = None) -> Tensor:
    """Whether each element is greater than the other's: a bool tensor.

    Not differentiable.
    """

def hamming_window(
    window_length: _int,
    periodic: _bool = True,
    alpha: _float = 0.54,
    beta: _float = 0.46,
    *,
    dtype: _dtype | None = None,
    layout: _layout | None = None,
    device: _device | str | _int | None = None,
    pin_memory: _bool = False,
    requires_grad: _bool = False,
) -> Tensor:
    """The Hamming window, ``alpha - beta * cos(...)``."""

def hann_window(
    window_length: _int,
    periodic: _bool = True,
    *,
    dtype: _dtype | None = None,
    layout: _layout | None = None,
    device: _device | str | _int | None = None,
    pin_memory: _bool = False,
    requires_grad: _bool = False,
) -> Tensor:
    """The Hann window, a raised cosine.

    >>> import adjoint as torch
    >>> torch.hann_window(4)
    tensor([0.0000, 0.5000, 1.0000, 0.5000])
    """

def hardshrink(input: Tensor, lambd: _float = 0.5, *, out: Tensor | None = None) -> Tensor:
    """Each element, and 0 in the place of those whose magnitude is at most ``lambd``.

    Gradients::

        self: np.where((self >= -lambd) & (self <= lambd), np.zeros_like(g), g)
    """

def hash_tensor(input: Tensor, dim: _int | Sequence[_int] = (), *, keepdim: _bool = False, mode: _int = 0) -> Tensor:
    """The exclusive or of the elements' 64 bits, over ``dim`` or all dimensions, as uint64: of float64, or of int64 for integers.

    >>> import adjoint as torch
    >>> torch.hash_tensor(torch.tensor([1, 2, 4]))
    tensor(7, dtype=torch.uint64)
    """

def heaviside(input: Tensor, values: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The step function of each element: 0 below zero, 1 above it, and the value in ``values`` at zero.

    Gradients::

        self: not_implemented('heaviside')
        values: not_implemented('heaviside')
    """

def hinge_embedding_loss(input: Tensor, target: Tensor, margin: _float = 1.0, reduction: _int = 1) -> Tensor:
    """As :func:`adjoint.nn.functional.hinge_embedding_loss`."""

def histc(input: Tensor, bins: _int = 100, min: _float = 0, max: _float = 0, *, out: Tensor | None = None) -> Tensor:
    """How many elements fall into each of ``bins`` equal intervals from ``min`` to ``max`` (by default the range there is).

    >>> import adjoint as torch
    >>> torch.histc(torch.tensor([1., 2., 2., 4.]), bins=3, min=1, max=4)
    tensor([1., 2., 1.])
    """

def histogram(
    input: Tensor,
    bins: _int | Tensor = 100,
    *,
    range: Sequence[_float] | None = None,
    weight: Tensor | None = None,
    density: _bool = False,
    out: Tensor | None = None,
) -> Any:
    """How many elements fall into each bin, and the bins' edges: so many equal bins over ``range`` (by default what there is), or
    between the edges in ``bins``.

    With ``weight`` the elements' weights are added up; with ``density`` the sums are divided so that their integral is 1.
    Raises RuntimeError for numbers of bins, ranges and weights that do not fit.

    >>> import adjoint as torch
    >>> torch.histogram(torch.tensor([1., 2., 2.5]), torch.tensor([0., 2., 3.])).hist
    tensor([1., 2.])
    """

def histogramdd(
    input: Tensor,
    bins: _int | Sequence[_int] | Sequence[Tensor],
    range: Sequence[_float] | None = None,
    weight: Tensor | None = None,
    density: _bool = False,
) -> Any:
    """As :func:`adjoint.histogram`, of points: ``input`` has their coordinates in its last dimension, ``bins`` an entry for each
    coordinate (or one for all), ``range`` a lowest and a highest number for each.

    >>> import adjoint as torch
    >>> torch.histogramdd(torch.tensor([[0., 1.], [1., 0.], [2., 2.]]), bins=[2, 2]).hist
    tensor([[0., 1.],
            [1., 1.]])
    """

def hsmm(mat1: Tensor, mat2: Tensor) -> Tensor:
    """The product of a sparse matrix and a dense one, as rows: with one sparse dimension and a dense one.  It has no derivative.

    Gradients::

        mat1: not_implemented('hspmm')
        mat2: not_implemented('hspmm')
    """

def hsplit(input: Tensor, indices_or_sections: _int | Sequence[_int]) -> tuple[Tensor, ...]:
    """The tensor split as by ``tensor_split`` along the dimension that ``hsplit`` is named for."""

def hspmm(mat1: Tensor, mat2: Tensor) -> Tensor:
    """The product of a sparse matrix and a dense one, as rows: with one sparse dimension and a dense one.  It has no derivative.

    Gradients::

        mat1: not_implemented('hspmm')
        mat2: not_implemented('hspmm')
    """

def hstack(tensors: Sequence[Tensor], *, out: Tensor | None = None) -> Tensor:
    """The tensors, of at least 1 dimensions, joined along dimension 1 or 0."""

def hypot(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The length of a right triangle's longest side, ``sqrt(input**2 + other**2)``, element by element.

    Gradients::

        self: g * self / result
        other: g * other / result
    """

def i0(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The modified Bessel function of the first kind and order 0 of each element.

    Gradients::

        self: g * i1_of(self)
    """

def i0_(input: Tensor) -> Tensor:
    """In-place version of :func:`adjoint.i0`."""

def igamma(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The lower incomplete gamma function, regularized, of ``input`` (the shape) at ``other``, element by element: from 0 to 1.

    Gradients::

        self: _no_order_derivative('igamma')
        other: g * _gamma_density(self, other)
    """

def igammac(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The upper incomplete gamma function, regularized, of ``input`` (the shape) at ``other``: one minus ``igamma``.

    Gradients::

        self: _no_order_derivative('igammac')
        other: -g * _gamma_density(self, other)
    """

def imag(input: Tensor) -> Tensor:
    """The imaginary part, a view.

    Raises RuntimeError on a real tensor.
    """

def index_add(
    input: Tensor, dim: _int, index: Tensor, source: Tensor, *, alpha: _complex = 1, out: Tensor | None = None
) -> Tensor:
    """The tensor with ``alpha`` times the places of ``source`` added at the places ``index`` of a dimension.

    >>> import adjoint as torch
    >>> torch.zeros(2).index_add(0, torch.tensor([1, 1]), torch.tensor([1., 2.]))
    tensor([0., 3.])

    Gradients::

        self: g
        source: index_select(g, dim, index) if alpha == 1 else alpha * index_select(g, dim, index)
    """

def index_copy(input: Tensor, dim: _int, index: Tensor, source: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The tensor with the places of ``source`` at the places ``index`` of a dimension.

    Gradients::

        self: g, 0 at index
        source: index_select(g, dim, index)
    """

def index_fill(input: Tensor, dim: _int, index: Tensor, value: Tensor | _complex) -> Tensor:
    """The tensor with ``value`` at the places ``index`` of a dimension."""

def index_put(input: Tensor, indices: Sequence[Tensor], values: Tensor, accumulate: _bool = False) -> Tensor:
    """The tensor with ``values`` at the indices, one index tensor per dimension; added to what is there if
    ``accumulate``.

    >>> import adjoint as torch
    >>> torch.zeros(3).index_put((torch.tensor([0, 2]),), torch.tensor(1.))
    tensor([1., 0., 1.])
    """

def index_put_(input: Tensor, indices: Sequence[Tensor], values: Tensor, accumulate: _bool = False) -> Tensor:
    """Write ``values`` at the indices, or add them there if ``accumulate``."""

def index_reduce(
    input: Tensor,
    dim: _int,
    index: Tensor,
    source: Tensor,
    reduce: str,
    *,
    include_self: _bool = True,
    out: Tensor | None = None,
) -> Tensor:
    """The tensor with the product, mean, maximum or minimum of what meets at the places ``index`` of a dimension, of
    ``source`` and (if ``include_self``) the tensor's own elements.

    Gradients::

        self: g for its part in each result
        source: g at index, for its part in the result
    """

def index_select(input: Tensor, dim: _int, index: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The places ``index`` (a vector) of a dimension.

    >>> import adjoint as torch
    >>> torch.tensor([1, 2, 3]).index_select(0, torch.tensor([2, 0]))
    tensor([3, 1])

    Gradients::

        self: g added up at index
    """

def initial_seed() -> _int:
    """The number that the default generator began with.

    >>> import adjoint as torch
    >>> torch.manual_seed(5).initial_seed(), torch.initial_seed()
    (5, 5)
    """

def inner(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The sum of products over the last dimensions of both.

    >>> import adjoint as torch
    >>> torch.inner(torch.tensor([1., 2.]), torch.tensor([3., 4.]))
    tensor(11.)
    """

def instance_norm(
    input: Tensor,
    weight: Tensor | None,
    bias: Tensor | None,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    use_input_stats: _bool,
    momentum: _float,
    eps: _float,
    cudnn_enabled: _bool,
) -> Tensor:
    """As :func:`adjoint.nn.functional.instance_norm`, in another order of arguments."""

def inverse(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The inverses of square matrices.

    Raises LinAlgError (a RuntimeError) for a singular one.

    >>> import adjoint as torch
    >>> torch.inverse(torch.tensor([[2., 0.], [0., 4.]]))
    tensor([[0.5000, 0.0000],
            [0.0000, 0.2500]])
    """

def is_autocast_cache_enabled() -> _bool:
    """Whether weights are cast once, and remembered until the outermost context is left."""

def is_autocast_cpu_enabled() -> _bool:
    """Deprecated: ``torch.is_autocast_enabled("cpu")``."""

def is_autocast_enabled(device_type: str = "cuda") -> _bool:
    """Whether :class:`autocast` is on in this thread for a kind of devices."""

def is_complex(input: Tensor) -> _bool:
    """Whether the dtype is a complex one."""

def is_conj(input: Tensor) -> _bool:
    """Whether the tensor's values are the conjugates of what is in its memory.

    >>> import adjoint as torch
    >>> torch.tensor([1+2j]).conj().is_conj()
    True
    """

def is_deterministic_algorithms_warn_only_enabled() -> _bool:
    """Whether others should only warn."""

def is_floating_point(input: Tensor) -> _bool:
    """Whether the dtype is a floating-point one."""

def is_inference(input: Tensor) -> _bool:
    """Whether the tensor was made in :class:`~adjoint.inference_mode`."""

def is_neg(input: Tensor) -> _bool:
    """Whether the tensor's values are the negatives of what is in its memory.

    >>> import adjoint as torch
    >>> torch.tensor([1+2j]).conj().imag.is_neg()
    True
    """

def is_nonzero(input: Tensor) -> _bool:
    """Whether the one element is not zero.  Raises RuntimeError if there are none or several."""

def is_same_size(input: Tensor, other: Tensor) -> _bool:
    """Whether two tensors have the same shape."""

def is_signed(input: Tensor) -> _bool:
    """Whether the dtype has negative numbers."""

def is_storage(obj: object) -> _bool:
    """Whether ``obj`` is a storage."""

def is_tensor(obj: object) -> _bool:
    """Whether ``obj`` is a tensor.

    >>> import adjoint as torch
    >>> torch.is_tensor(torch.ones(1)), torch.is_tensor(1)
    (True, False)
    """

def is_vulkan_available() -> _bool:
    """False."""

def is_warn_always_enabled() -> _bool:
    """Whether :func:`set_warn_always` was called with True."""

def isclose(
    input: Tensor, other: Tensor, rtol: _float = 1e-05, atol: _float = 1e-08, equal_nan: _bool = False
) -> Tensor:
    """Whether ``|input - other| <= atol + rtol * |other|``, per element.

    Raises RuntimeError where the dtypes differ.

    >>> import adjoint as torch
    >>> torch.isclose(torch.tensor([1., 2.]), torch.tensor([1.000001, 3.]))
    tensor([ True, False])
    """

def isfinite(input: Tensor) -> Tensor:
    """Whether each element is neither infinite nor NaN.

    Not differentiable.
    """

def isin(
    elements: Tensor | _complex,
    test_elements: Tensor | _complex,
    *,
    assume_unique: _bool = False,
    invert: _bool = False,
) -> Tensor:
    """Whether each element is among ``test_elements``; one of the two may be a number.

    >>> import adjoint as torch
    >>> torch.isin(torch.tensor([1, 2, 3]), torch.tensor([2, 5]))
    tensor([False,  True, False])
    """

def isinf(input: Tensor) -> Tensor:
    """Whether each element is infinite, of either sign.

    Not differentiable.
    """

def isnan(input: Tensor) -> Tensor:
    """Whether each element is NaN.

    Not differentiable.
    """

def isneginf(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Whether each element is minus infinity.

    Not differentiable.
    """

def isposinf(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Whether each element is plus infinity.

    Not differentiable.
    """

def isreal(input: Tensor) -> Tensor:
    """Whether each element has no imaginary part.

    Not differentiable.
    """

def istft(
    input: Tensor,
    n_fft: _int,
    hop_length: _int | None = None,
    win_length: _int | None = None,
    window: Tensor | None = None,
    center: _bool = True,
    normalized: _bool = False,
    onesided: _bool | None = None,
    length: _int | None = None,
    return_complex: _bool = False,
) -> Tensor:
    """The signal whose short-time Fourier transform, with the same arguments, comes nearest to the input.

    ``input`` has shape (frequencies, windows) or (batch, frequencies, windows).  ``length`` says how long the signal is to be,
    zeros behind what is known; ``return_complex`` whether it is complex.

    Raises RuntimeError for real input, sizes that do not fit, and windows between which there is nothing to go by.

    >>> import adjoint as torch
    >>> window = torch.hann_window(4)
    >>> torch.istft(torch.stft(torch.arange(6.), 4, window=window, return_complex=True), 4, window=window).round(decimals=4) + 0
    tensor([0., 1., 2., 3., 4., 5.])
    """

def kaiser_window(
    window_length: _int,
    periodic: _bool = True,
    beta: _float = 12.0,
    *,
    dtype: _dtype | None = None,
    layout: _layout | None = None,
    device: _device | str | _int | None = None,
    pin_memory: _bool = False,
    requires_grad: _bool = False,
) -> Tensor:
    """The Kaiser window, of Bessel functions; the larger ``beta``, the narrower."""

def kl_div(input: Tensor, target: Tensor, reduction: _int = 1, *, log_target: _bool = False) -> Tensor:
    """As :func:`adjoint.nn.functional.kl_div`, with a number for the reduction.

    >>> import adjoint as torch
    >>> torch.kl_div(torch.zeros(2), torch.ones(2), 2)
    tensor(0.)
    """

def kron(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The Kronecker product.

    >>> import adjoint as torch
    >>> torch.kron(torch.tensor([1, 2]), torch.tensor([1, 1]))
    tensor([1, 1, 2, 2])
    """

def kthvalue(
    input: Tensor,
    k: _int,
    dim: _int = -1,
    keepdim: _bool = False,
    *,
    axis: _int | None = None,
    keepdims: _bool | None = None,
    out: Tensor | None = None,
) -> return_types.kthvalue:
    """The ``k``-th smallest element along ``dim``, counted from 1, and its index (int64).

    Gradients::

        self: g at indices, 0 elsewhere
    """

def layer_norm(
    input: Tensor,
    normalized_shape: _int | Sequence[_int],
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: _float = 1e-05,
) -> Tensor:
    """Normalize each example over its last dimensions, of shape ``normalized_shape``, then scale and shift it.

    Raises RuntimeError where the shapes do not fit.

    >>> import adjoint as torch
    >>> torch.nn.functional.layer_norm(torch.tensor([[1., 3.]]), [2])
    tensor([[-1.0000,  1.0000]])
    """

def lcm(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The least common multiple of two integers, element by element, never negative.

    Not differentiable.
    """

def lcm_(input: Tensor, other: Tensor) -> Tensor:
    """In-place version of :func:`adjoint.lcm`."""

def ldexp(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """``input * 2 ** other``, without ``2 ** other`` having to be a number of the dtype where ``other`` holds integers.

    >>> import adjoint as torch
    >>> torch.ldexp(torch.tensor([1.]), torch.tensor([3]))
    tensor([8.])
    """

def ldexp_(input: Tensor, other: Tensor) -> Tensor:
    """In-place version of :func:`adjoint.ldexp`."""

def le(input: Tensor, other: Tensor | _complex, *, out: Tensor | None = None) -> Tensor:
    """Whether each element is less than the other's or equal to it: a bool tensor.

    Not differentiable.
    """

def lerp(input: Tensor, end: Tensor, weight: _float | Tensor, *, out: Tensor | None = None) -> Tensor:
    """``input + weight * (end - input)``.

    Raises RuntimeError where ``end`` is of another dtype than ``input``.

    >>> import adjoint as torch
    >>> torch.lerp(torch.tensor([0., 10.]), torch.tensor([10., 20.]), 0.5)
    tensor([ 5., 15.])
    """

def less(input: Tensor, other: Tensor | _complex, *, out: Tensor | None = None) -> Tensor:
    """Whether each element is less than the other's: a bool tensor.

    Not differentiable.
    """

def less_equal(input: Tensor, other: Tensor | _complex, *, out: Tensor | None = None) -> Tensor:
    """Whether each element is less than the other's or equal to it: a bool tensor.

    Not differentiable.
    """

def lgamma(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The natural logarithm of the absolute value of the gamma function of each element.

    Gradients::

        self: g * digamma_of(self)
    """

def linspace(
    start: Tensor | _complex,
    end: Tensor | _complex,
    steps: _int,
    *,
    out: Tensor | None = None,
    dtype: _dtype | None = None,
    layout: _layout | None = None,
    device: _device | str | _int | None = None,
    pin_memory: _bool = False,
    requires_grad: _bool = False,
) -> Tensor:
    """``steps`` numbers, equally far apart, from ``start`` to ``end``, both included.

    >>> import adjoint as torch
    >>> torch.linspace(0, 1, 3)
    tensor([0.0000, 0.5000, 1.0000])
    """

def lobpcg(
    A: Tensor,
    k: _int | None = None,
    B: Tensor | None = None,
    X: Tensor | None = None,
    n: _int | None = None,
    iK: Tensor | None = None,
    niter: _int | None = None,
    tol: _float | None = None,
    largest: _bool | None = None,
    method: str | None = None,
    tracker: Callable[..., Any] | None = None,
    ortho_iparams: dict[str, _int] | None = None,
    ortho_fparams: dict[str, _float] | None = None,
    ortho_bparams: dict[str, _bool] | None = None,
) -> tuple[Tensor, Tensor]:
    """The ``k`` largest (or, with ``largest=False``, smallest) eigenvalues of symmetric matrices, and their eigenvectors; with
    ``B`` those of ``A x = lambda B x``.

    They are computed by a full decomposition, exactly, whatever ``X`` (which gives ``k`` where that is not said), ``iK``,
    ``niter``, ``tol``, ``method`` and the ``ortho_`` parameters say of PyTorch's iterations.  Raises ValueError for matrices of
    fewer than ``3 k`` rows, NotImplementedError for a ``tracker``, which has no iterations to see.

    >>> import adjoint as torch
    >>> torch.lobpcg(torch.diag(torch.tensor([1., 2., 3., 4.])), 1)[0]
    tensor([4.])
    """

def log(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The natural logarithm of each element: minus infinity for zero, NaN for a negative real number.

    Gradients::

        self: g / conj(self)
    """

def log10(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The logarithm to the base 10 of each element.

    Gradients::

        self: g / conj(self * constant(math.log(10), self))
    """

def log10_(input: Tensor) -> Tensor:
    """In-place version of :func:`adjoint.log10`."""

def log1p(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """``log(1 + x)`` of each element, exact to the last digits where ``x`` is near zero.

    Gradients::

        self: g / conj(self + 1)
    """

def log1p_(input: Tensor) -> Tensor:
    """In-place version of :func:`adjoint.log1p`."""

def log2(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The logarithm to the base 2 of each element.

    Gradients::

        self: g / conj(self * constant(math.log(2), self))
    """

def log2_(input: Tensor) -> Tensor:
    """In-place version of :func:`adjoint.log2`."""

def log_(input: Tensor) -> Tensor:
    """In-place version of :func:`adjoint.log`."""

def log_softmax(input: Tensor, dim: _int, dtype: _dtype | None = None, *, out: Tensor | None = None) -> Tensor:
    """The logarithms of softmax along ``dim``, of the tensor converted to ``dtype`` where it is given."""

def logaddexp(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """``log(exp(input) + exp(other))``, element by element, where neither need fit a float.

    Gradients::

        self: g * σ(self - other)
        other: g * σ(other - self)
    """

def logaddexp2(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """``log2(2**input + 2**other)``, element by element, where neither need fit a float.

    Gradients::

        self: g * σ((self - other) * log(2))
        other: g * σ((other - self) * log(2))
    """

def logcumsumexp(input: Tensor, dim: _int, *, axis: _int | None = None, out: Tensor | None = None) -> Tensor:
    """The logarithms of the sums of exponentials up to each element, along ``dim``.

    Gradients::

        self: g * exp(self - result), summed from the end
    """

def logdet(input: Tensor) -> Tensor:
    """The logarithms of determinants; NaN of a negative one.

    >>> import adjoint as torch
    >>> torch.logdet(torch.eye(2))
    tensor(0.)
    """

def logical_and(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Whether neither of two elements is zero: a bool tensor.

    Not differentiable.
    """

def logical_not(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Whether each element is zero: a bool tensor.

    Not differentiable.
    """

def logical_or(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Whether one of two elements is not zero: a bool tensor.

    Not differentiable.
    """

def logical_xor(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Whether one of two elements is zero and the other is not: a bool tensor.

    Not differentiable.
    """

def logit(input: Tensor, eps: _float | None = None, *, out: Tensor | None = None) -> Tensor:
    """The log of the odds ``x / (1 - x)`` of each element, the inverse of the sigmoid; with ``eps``, of ``x`` held within [eps, 1 - eps].

    Gradients::

        self: g / (self * (1 - self))
    """

def logit_(input: Tensor, eps: _float | None = None) -> Tensor:
    """In-place version of :func:`adjoint.logit`."""

def logspace(
    start: Tensor | _complex,
    end: Tensor | _complex,
    steps: _int,
    base: _float = 10.0,
    *,
    out: Tensor | None = None,
    dtype: _dtype | None = None,
    layout: _layout | None = None,
    device: _device | str | _int | None = None,
    pin_memory: _bool = False,
    requires_grad: _bool = False,
) -> Tensor:
    """``base`` to the power of each of ``steps`` numbers, equally far apart, from ``start`` to ``end``.

    >>> import adjoint as torch
    >>> torch.logspace(0, 2, 3)
    tensor([  1.,  10., 100.])
    """

def logsumexp(
    input: Tensor,
    dim: _int | Sequence[_int] | None,
    keepdim: _bool = False,
    *,
    axis: _int | Sequence[_int] | None = None,
    keepdims: _bool | None = None,
    out: Tensor | None = None,
) -> Tensor:
    """The logarithm of the sum of exponentials along ``dim`` (one or several), which need not fit a float.

    Gradients::

        self: spread(g, self_shape, dim, keepdim) * conj(np.exp(self - spread(result, self_shape, dim, keepdim)))
    """

def lstm(*args: Any, **kwargs: Any) -> Any:
    """What :class:`adjoint.nn.LSTM` computes, with its weights: the outputs at all times, and the last h and c of all layers.

    ``(input, hx, params, has_biases, num_layers, dropout, train, bidirectional, batch_first)``, or, of packed sequences,
    ``(data, batch_sizes, hx, params, has_biases, num_layers, dropout, train, bidirectional)``.  Raises RuntimeError where
    there are not as many weights and states as layers.
    """

def lstm_cell(
    input: Tensor,
    hx: Sequence[Tensor],
    w_ih: Tensor,
    w_hh: Tensor,
    b_ih: Tensor | None = None,
    b_hh: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """One step of an LSTM: from (N, in) and the states (h, c), of (N, hidden) each, to the next ones.

    The weights are (4 * hidden, in) and (4 * hidden, hidden).  Raises RuntimeError where sizes do not fit.

    >>> import adjoint as torch
    >>> x, h = torch.ones(1, 2), torch.zeros(1, 1)
    >>> torch.lstm_cell(x, (h, h), torch.ones(4, 2), torch.ones(4, 1))[1]
    tensor([[0.8491]])
    """

def lstsq(input: Tensor, *args: Any, **kwargs: Any) -> Any:
    """Removed from PyTorch: raises RuntimeError, with what to write instead of ``lstsq``."""

def lt(input: Tensor, other: Tensor | _complex, *, out: Tensor | None = None) -> Tensor:
    """Whether each element is less than the other's: a bool tensor.

    Not differentiable.
    """

def lu(A: Tensor, pivot: _bool = True, get_infos: _bool = False, out: Tensor | None = None) -> Any:
    """As :func:`adjoint.linalg.lu_factor`, or with ``get_infos`` as ``lu_factor_ex``."""

def lu_solve(input: Tensor, LU_data: Tensor, LU_pivots: Tensor, *, out: Tensor | None = None) -> Tensor:
    """As :func:`adjoint.linalg.lu_solve`, its arguments in another order."""

def lu_unpack(
    LU_data: Tensor, LU_pivots: Tensor, unpack_data: Any = True, unpack_pivots: Any = True, *, out: Tensor | None = None
) -> return_types.lu_unpack:
    """The parts ``P``, ``L`` and ``U`` of what ``lu_factor`` packed; those that are not asked for are empty.

    >>> import adjoint as torch
    >>> torch.lu_unpack(*torch.linalg.lu_factor(torch.tensor([[1., 2.], [4., 4.]]))).U
    tensor([[4., 4.],
            [0., 1.]])

    Gradients::

        LU_data: tril(g_L, -1) + triu(g_U)
    """

def manual_seed(seed: _int) -> Generator:
    """Have the default generator begin anew from ``seed``, as PyTorch's would, and return it.

    Raises ValueError for a seed outside of [-2^63, 2^64).

    >>> import adjoint as torch
    >>> _ = torch.manual_seed(0)
    >>> torch.randn(3)
    tensor([ 1.5410, -0.2934, -2.1788])
    """

def margin_ranking_loss(
    input1: Tensor, input2: Tensor, target: Tensor, margin: _float = 0.0, reduction: _int = 1
) -> Tensor:
    """As :func:`adjoint.nn.functional.margin_ranking_loss`, with a number for the reduction."""

def masked_fill(input: Tensor, mask: Tensor, value: Tensor | _complex) -> Tensor:
    """The tensor with ``value`` where ``mask`` is true; mask and tensor broadcast.

    >>> import adjoint as torch
    >>> x = torch.tensor([1., -1.])
    >>> x.masked_fill(x < 0, 0)
    tensor([1., 0.])
    """

def masked_scatter(input: Tensor, mask: Tensor, source: Tensor) -> Tensor:
    """The tensor with the elements of ``source``, in order, where ``mask`` is true.

    Gradients::

        self: _masked_scatter_self
        source: g where mask, in order
    """

def masked_select(input: Tensor, mask: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The elements where ``mask`` is true, in one row; mask and tensor broadcast.

    >>> import adjoint as torch
    >>> x = torch.tensor([1, -2, 3])
    >>> x.masked_select(x > 0)
    tensor([1, 3])

    Gradients::

        self: g where mask, 0 elsewhere
    """

def matmul(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The matrix product: of vectors their dot product, of matrices theirs, of more dimensions one per batch, broadcast.

    Raises RuntimeError for shapes that do not fit, dtypes that differ, or a 0-d tensor.

    >>> import adjoint as torch
    >>> torch.matmul(torch.ones(2, 3), torch.ones(3))
    tensor([3., 3.])
    """

def matrix_exp(A: Tensor) -> Tensor:
    """The exponentials of square matrices.

    >>> import adjoint as torch
    >>> torch.matrix_exp(torch.zeros(2, 2))
    tensor([[1., 0.],
            [0., 1.]])
    """

def matrix_power(A: Tensor, n: _int, *, out: Tensor | None = None) -> Tensor:
    """Square matrices multiplied ``n`` times; with a negative ``n`` their inverses.

    >>> import adjoint as torch
    >>> torch.matrix_power(torch.tensor([[1., 1.], [0., 1.]]), 3)
    tensor([[1., 3.],
            [0., 1.]])
    """

def matrix_rank(input: Tensor, *args: Any, **kwargs: Any) -> Any:
    """Removed from PyTorch: raises RuntimeError, with what to write instead of ``matrix_rank``."""

@overload
def max(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The largest element; with ``dim``, those along a dimension and their indices; of two tensors, element by element."""

@overload
def max(
    input: Tensor, dim: _int, keepdim: _bool = False, *, out: tuple[Tensor, Tensor] | None = None
) -> return_types.max: ...
@overload
def max(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor: ...
def max_pool1d(
    input: Tensor,
    kernel_size: _int | Sequence[_int],
    stride: _int | Sequence[_int] | None = None,
    padding: _int | Sequence[_int] = 0,
    dilation: _int | Sequence[_int] = 1,
    ceil_mode: _bool = False,
) -> Tensor:
    """As :func:`adjoint.nn.functional.max_pool1d`."""

def max_pool1d_with_indices(
    input: Tensor,
    kernel_size: _int | Sequence[_int],
    stride: _int | Sequence[_int] | None = None,
    padding: _int | Sequence[_int] = 0,
    dilation: _int | Sequence[_int] = 1,
    ceil_mode: _bool = False,
) -> tuple[Tensor, Tensor]:
    """As :func:`adjoint.nn.functional.max_pool1d_with_indices`."""

def max_pool2d(
    input: Tensor,
    kernel_size: _int | Sequence[_int],
    stride: _int | Sequence[_int] | None = None,
    padding: _int | Sequence[_int] = 0,
    dilation: _int | Sequence[_int] = 1,
    ceil_mode: _bool = False,
) -> Tensor:
    """As :func:`adjoint.nn.functional.max_pool2d`."""

def max_pool3d(
    input: Tensor,
    kernel_size: _int | Sequence[_int],
    stride: _int | Sequence[_int] | None = None,
    padding: _int | Sequence[_int] = 0,
    dilation: _int | Sequence[_int] = 1,
    ceil_mode: _bool = False,
) -> Tensor:
    """As :func:`adjoint.nn.functional.max_pool3d`."""

def maximum(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The larger of two elements; NaN where one is.

    Gradients::

        self: g if self > other else 0
        other: g if other > self else 0
    """

def mean(
    input: Tensor,
    dim: _int | Sequence[_int] | None = None,
    keepdim: _bool = False,
    *,
    dtype: _dtype | None = None,
    axis: _int | Sequence[_int] | None = None,
    keepdims: _bool | None = None,
    out: Tensor | None = None,
) -> Tensor:
    """The mean of all elements, or of those along ``dim`` (one or several).  Raises RuntimeError for integers without ``dtype``.

    Gradients::

        self: _mean_gradient
    """

@overload
def median(input: Tensor) -> Tensor:
    """The middle element, the lower one of two; with ``dim``, those along a dimension and their indices."""

@overload
def median(input: Tensor, dim: _int, keepdim: _bool = False) -> return_types.median: ...
def memory_stats() -> dict[str, _int]:
    """Figures of the pool of buffers, by PyTorch's names for those of a device's memory; bytes, or counts.

    ``allocated_bytes`` are those of buffers that arrays have, ``cached_bytes`` those of free buffers that are kept for
    further arrays, ``reserved_bytes`` both; each ``.current``, and the first and the last ``.peak``.
    ``allocation.current`` arrays have a buffer and ``allocation.allocated`` have had one: ``num_hits`` of them one that was
    kept, the others (``num_misses``) new memory, for which all that was kept had to be given back
    ``num_alloc_retries`` times, and of which there was none ``num_ooms`` times.

    Only what compiled operators write is counted, and no array below 64 KB.  A buffer is up to an eighth larger than its
    array, and one that was kept up to two fifths.

    >>> import adjoint as torch
    >>> torch.memory_stats()["allocated_bytes.peak"] <= torch.memory_stats()["reserved_bytes.peak"]
    True
    """

def meshgrid(*tensors: Tensor | Sequence[Tensor], indexing: str | None = None) -> tuple[Tensor, ...]:
    """Each vector expanded over a grid of all of them, with the first along the rows (``"ij"``) or columns (``"xy"``).

    >>> import adjoint as torch
    >>> torch.meshgrid(torch.tensor([1, 2]), torch.tensor([3, 4]), indexing="ij")[1]
    tensor([[3, 4],
            [3, 4]])
    """

@overload
def min(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The smallest element; with ``dim``, those along a dimension and their indices; of two tensors, element by element."""

@overload
def min(
    input: Tensor, dim: _int, keepdim: _bool = False, *, out: tuple[Tensor, Tensor] | None = None
) -> return_types.min: ...
@overload
def min(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor: ...
def minimum(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The smaller of two elements; NaN where one is.

    Gradients::

        self: g if self < other else 0
        other: g if other < self else 0
    """

def mm(input: Tensor, mat2: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The product of two matrices, (n, m) and (m, p).  Raises RuntimeError for other shapes.

    Gradients::

        self: dot(g, conj(mat2).T)
        mat2: dot(conj(self).T, g)
    """

def mode(
    input: Tensor,
    dim: _int = -1,
    keepdim: _bool = False,
    *,
    axis: _int | None = None,
    keepdims: _bool | None = None,
    out: Tensor | None = None,
) -> return_types.mode:
    """The most frequent element along ``dim``, the smallest of several, and an index of it (int64).

    Gradients::

        self: g at indices, 0 elsewhere
    """

def moveaxis(input: Tensor, source: _int | Sequence[_int], destination: _int | Sequence[_int]) -> Tensor:
    """The dimensions ``source`` moved to the places ``destination``, the others in their order.

    >>> import adjoint as torch
    >>> torch.zeros(2, 3, 4).movedim(0, -1).shape
    torch.Size([3, 4, 2])
    """

def movedim(input: Tensor, source: _int | Sequence[_int], destination: _int | Sequence[_int]) -> Tensor:
    """The dimensions ``source`` moved to the places ``destination``, the others in their order.

    >>> import adjoint as torch
    >>> torch.zeros(2, 3, 4).movedim(0, -1).shape
    torch.Size([3, 4, 2])
    """

def msort(input: Tensor) -> Tensor:
    """The tensor sorted along its first dimension."""

def mul(input: Tensor | _complex, other: Tensor | _complex, *, out: Tensor | None = None) -> Tensor:
    """The product of two tensors, or of a tensor and a number, element by element.

    Gradients::

        self: g * other.conj()
        other: g * self.conj()
    """

def multinomial(
    input: Tensor,
    num_samples: _int,
    replacement: _bool = False,
    *,
    generator: Generator | None = None,
    out: Tensor | None = None,
) -> Tensor:
    """Indices drawn with the probabilities (which need not sum to 1) in each row of ``input``: int64, ``num_samples``
    for each row.

    Raises RuntimeError for negative, infinite or vanishing probabilities, or too many samples without replacement.

    >>> import adjoint as torch
    >>> torch.multinomial(torch.tensor([0., 1., 0.]), 2, replacement=True)
    tensor([1, 1])
    """

def multiply(input: Tensor | _complex, other: Tensor | _complex, *, out: Tensor | None = None) -> Tensor:
    """The product of two tensors, or of a tensor and a number, element by element.

    Gradients::

        self: g * other.conj()
        other: g * self.conj()
    """

def mv(input: Tensor, vec: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The product of a matrix and a vector, (n, m) and (m,).  Raises RuntimeError for other shapes.

    Gradients::

        self: g[:, None] * conj(vec)
        vec: dot(conj(self).T, g)
    """

def mvlgamma(input: Tensor, p: _int, *, out: Tensor | None = None) -> Tensor:
    """The logarithm of the multivariate gamma function of dimension ``p``.

    >>> import adjoint as torch
    >>> torch.mvlgamma(torch.tensor([3.]), 2)
    tensor([1.5502])

    Gradients::

        self: g * functools.reduce(np.add, [digamma_of(self - constant(j / 2, self)) for j in range(p)])
    """

def nan_to_num(
    input: Tensor,
    nan: _float | None = None,
    posinf: _float | None = None,
    neginf: _float | None = None,
    *,
    out: Tensor | None = None,
) -> Tensor:
    """Each element, with ``nan`` (0), ``posinf`` and ``neginf`` (the largest numbers of the dtype) in the place of those that are not finite.

    Gradients::

        self: np.where(np.isfinite(self), g, constant(0, g))
    """

def nan_to_num_(
    input: Tensor, nan: _float | None = None, posinf: _float | None = None, neginf: _float | None = None
) -> Tensor:
    """In-place version of :func:`adjoint.nan_to_num`."""

def nanmean(
    input: Tensor,
    dim: _int | Sequence[_int] | None = None,
    keepdim: _bool = False,
    *,
    dtype: _dtype | None = None,
    out: Tensor | None = None,
) -> Tensor:
    """The mean of the elements that are not NaN.

    Raises RuntimeError on a tensor of integers.

    >>> import adjoint as torch
    >>> torch.nanmean(torch.tensor([1., torch.nan, 3.]))
    tensor(2.)
    """

@overload
def nanmedian(input: Tensor) -> Tensor:
    """The middle element, the lower one of two; with ``dim``, those along a dimension and their indices.  NaN does not count."""

@overload
def nanmedian(input: Tensor, dim: _int, keepdim: _bool = False) -> return_types.nanmedian: ...
def nanquantile(
    input: Tensor,
    q: _float | Tensor,
    dim: _int | None = None,
    keepdim: _bool = False,
    *,
    interpolation: str = "linear",
    out: Tensor | None = None,
) -> Tensor:
    """As :func:`quantile`, of the elements that are not NaN."""

def nansum(
    input: Tensor,
    dim: _int | Sequence[_int] | None = None,
    keepdim: _bool = False,
    *,
    dtype: _dtype | None = None,
    axis: _int | Sequence[_int] | None = None,
    keepdims: _bool | None = None,
    out: Tensor | None = None,
) -> Tensor:
    """The sum as ``sum`` has it, of the elements that are not NaN.

    Gradients::

        self: np.where(np.isnan(self), constant(0, self), _as_dtype(spread(g, self_shape, dim, keepdim), self_dtype))
    """

def narrow(input: Tensor, dim: _int, start: _int | None, length: _int) -> Tensor:
    """``length`` places of a dimension, from ``start`` on.

    >>> import adjoint as torch
    >>> torch.arange(5).narrow(0, 1, 3)
    tensor([1, 2, 3])
    """

def narrow_copy(input: Tensor, dim: _int, start: _int, length: _int) -> Tensor:
    """As :func:`narrow`, copied."""

def native_batch_norm(
    input: Tensor,
    weight: Tensor | None,
    bias: Tensor | None,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    training: _bool,
    momentum: _float,
    eps: _float,
) -> tuple[Tensor, Tensor, Tensor]:
    """As :func:`adjoint.batch_norm`; also, in training, each channel's mean and 1 / its deviation."""

def native_channel_shuffle(input: Tensor, groups: _int) -> Tensor:
    """The channels (dimension 1) of ``groups`` groups interleaved.

    Gradients::

        self: g, the channels back in order
    """

def native_dropout(input: Tensor, p: _float, train: _bool | None) -> tuple[Tensor, Tensor]:
    """As :func:`adjoint.dropout`, while ``train`` is true or None; also which elements were kept.

    >>> import adjoint as torch
    >>> torch.native_dropout(torch.ones(2), 0.5, False)
    (tensor([1., 1.]), tensor([True, True]))
    """

def native_group_norm(
    input: Tensor, weight: Tensor | None, bias: Tensor | None, N: _int, C: _int, HxW: _int, group: _int, eps: _float
) -> tuple[Tensor, Tensor, Tensor]:
    """As :func:`adjoint.nn.functional.group_norm`; also each group's mean, and 1 / its deviation: (N, group).

    These have gradients, unlike those of the other two.
    """

def native_layer_norm(
    input: Tensor, normalized_shape: _int | Sequence[_int], weight: Tensor | None, bias: Tensor | None, eps: _float
) -> tuple[Tensor, Tensor, Tensor]:
    """As :func:`adjoint.layer_norm`; also each example's mean, and 1 / its deviation.

    >>> import adjoint as torch
    >>> torch.native_layer_norm(torch.tensor([[1., 3.]]), (2,), None, None, 0.)[1:]
    (tensor([[2.]]), tensor([[1.]]))
    """

def ne(input: Tensor, other: Tensor | _complex, *, out: Tensor | None = None) -> Tensor:
    """Whether two elements differ: a bool tensor.

    Not differentiable.
    """

def neg(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Each element with its sign changed.  Raises RuntimeError for bools.

    Gradients::

        self: -g
    """

def neg_(input: Tensor) -> Tensor:
    """In-place version of :func:`adjoint.neg`."""

def negative(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Each element with its sign changed.  Raises RuntimeError for bools.

    Gradients::

        self: -g
    """

def negative_(input: Tensor) -> Tensor:
    """In-place version of :func:`adjoint.neg`."""

def nextafter(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The next number of the dtype after ``input`` in the direction of ``other``, element by element.

    Gradients::

        self: np.where(self == other, constant(0, g), g)
        other: np.zeros_like(g)
    """

@overload
def nonzero(input: Tensor, *, out: Tensor | None = None, as_tuple: Literal[False] = False) -> Tensor:
    """The indices of the elements that are not zero, a row each; as a tuple of one vector per dimension if ``as_tuple``.

    >>> import adjoint as torch
    >>> torch.tensor([[0, 1], [2, 0]]).nonzero()
    tensor([[0, 1],
            [1, 0]])
    """

@overload
def nonzero(input: Tensor, *, as_tuple: Literal[True]) -> tuple[Tensor, ...]: ...
def nonzero_static(input: Tensor, *, size: _int, fill_value: _int = -1) -> Tensor:
    """The first ``size`` rows of :func:`nonzero`; ``fill_value`` in the rows for which there are no elements.

    Raises RuntimeError for a negative size.

    >>> import adjoint as torch
    >>> torch.nonzero_static(torch.tensor([0, 1]), size=2)
    tensor([[ 1],
            [-1]])
    """

def norm(
    input: Tensor,
    p: _float | str | None = "fro",
    dim: _int | Sequence[_int] | None = None,
    keepdim: _bool = False,
    dtype: _dtype | None = None,
    out: Tensor | None = None,
) -> Tensor:
    """The p-norm over ``dim``, by default of all elements; "fro" is 2, "nuc" the sum of a matrix's singular values.

    >>> import adjoint as torch
    >>> torch.norm(torch.tensor([3., 4.]))
    tensor(5.)
    """

def norm_except_dim(v: Tensor, pow: _int = 2, dim: _int = 0) -> Tensor:
    """The norms of what lies at each place of ``dim`` (the first or the last; any other too), with as many dimensions as
    ``v``; for ``dim=-1`` that of all of ``v``.

    >>> import adjoint as torch
    >>> torch.norm_except_dim(torch.tensor([[3., 4.], [0., 1.]]))
    tensor([[5.],
            [1.]])
    """

def normal(
    mean: Tensor | _float = 0.0,
    std: Tensor | _float = 1.0,
    size: _int | Sequence[_int] | None = None,
    *,
    generator: Generator | None = None,
    out: Tensor | None = None,
    dtype: _dtype | None = None,
    layout: _layout | None = None,
    device: _device | str | _int | None = None,
    pin_memory: _bool = False,
    requires_grad: _bool = False,
) -> Tensor:
    """Normally distributed numbers whose means and standard deviations are given by tensors, or by numbers and a size.

    Raises RuntimeError for a negative standard deviation.

    >>> import adjoint as torch
    >>> _ = torch.manual_seed(0)
    >>> torch.normal(torch.tensor([0., 10.]), 1.)
    tensor([1.5410, 9.7066])
    """

def not_equal(input: Tensor, other: Tensor | _complex, *, out: Tensor | None = None) -> Tensor:
    """Whether two elements differ: a bool tensor.

    Not differentiable.
    """

def nuclear_norm(
    input: Tensor, dim: Sequence[_int] = ..., keepdim: _bool = False, *, out: Tensor | None = None
) -> Tensor:
    """The sum of the singular values of matrices; ``torch.linalg.matrix_norm(input, "nuc")``."""

def numel(input: Tensor) -> _int:
    """The number of elements.

    >>> import adjoint as torch
    >>> torch.numel(torch.ones(2, 3))
    6
    """

def ones(
    *size: _int | Sequence[_int],
    out: Tensor | None = None,
    dtype: _dtype | None = None,
    layout: _layout | None = None,
    device: _device | str | _int | None = None,
    pin_memory: _bool = False,
    requires_grad: _bool = False,
) -> Tensor:
    """A tensor of ones; the sizes as separate arguments or as one sequence.

    >>> import adjoint as torch
    >>> torch.ones(3, requires_grad=True)
    tensor([1., 1., 1.], requires_grad=True)
    """

def ones_like(
    input: Tensor,
    *,
    dtype: _dtype | None = None,
    layout: _layout | None = None,
    device: _device | str | _int | None = None,
    pin_memory: _bool = False,
    requires_grad: _bool = False,
    memory_format: _memory_format | None = None,
) -> Tensor:
    """Ones of ``input``'s shape and dtype.

    >>> import adjoint as torch
    >>> torch.ones_like(torch.tensor([0.5, 2.]))
    tensor([1., 1.])
    """

def orgqr(input: Tensor, tau: Tensor, *, out: Tensor | None = None) -> Tensor:
    """As :func:`adjoint.linalg.householder_product`."""

def ormqr(input: Tensor, tau: Tensor, other: Tensor, left: Any = True, transpose: Any = False) -> Tensor:
    """The product of ``other`` with the orthogonal matrix Q that ``geqrf`` packs into ``input`` and ``tau``: ``Q other``, or ``other Q`` where not ``left``; of its adjoint with ``transpose``.

    Gradients::

        input: back through one reflection after the other
        tau: back through one reflection after the other
        other: the product of the adjoint matrix with g
    """

def outer(input: Tensor, vec2: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Each element of one vector times each of another: (n) and (m) give (n, m).

    >>> import adjoint as torch
    >>> torch.outer(torch.tensor([1., 2.]), torch.tensor([3., 4.]))
    tensor([[3., 4.],
            [6., 8.]])
    """

def pairwise_distance(x1: Tensor, x2: Tensor, p: _float = 2.0, eps: _float = 1e-06, keepdim: _bool = False) -> Tensor:
    """The p-norm of ``x1 - x2 + eps`` along the last dimension.

    >>> import adjoint as torch
    >>> torch.nn.functional.pairwise_distance(torch.zeros(1, 2), torch.tensor([[3., 4.]]))
    tensor([5.0000])
    """

def pca_lowrank(
    A: Tensor, q: _int | None = None, center: _bool = True, niter: _int = 2
) -> tuple[Tensor, Tensor, Tensor]:
    """The principal components of rows of numbers: ``(U, S, V)`` as :func:`adjoint.svd_lowrank` of ``A`` less the mean of its
    rows (or, without ``center``, of ``A``).

    The columns of ``V`` are the directions, ``S**2 / (m - 1)`` the variances along them.  Raises ValueError for a ``q`` that is
    negative or larger than ``A``, and for a negative ``niter``.

    >>> import adjoint as torch
    >>> torch.pca_lowrank(torch.tensor([[1., 0.], [3., 0.], [5., 0.]]), q=1)[1]
    tensor([2.8284])
    """

def pdist(input: Tensor, p: _float = 2.0) -> Tensor:
    """The p-norm distances between every two rows of (N, M): N * (N - 1) / 2 of them.

    >>> import adjoint as torch
    >>> torch.pdist(torch.tensor([[0., 0.], [3., 4.], [0., 1.]]))
    tensor([5.0000, 1.0000, 4.2426])
    """

def permute(input: Tensor, *dims: _int | Sequence[_int]) -> Tensor:
    """The dimensions in another order.

    >>> import adjoint as torch
    >>> torch.zeros(2, 3, 4).permute(2, 0, 1).shape
    torch.Size([4, 2, 3])
    """

def permute_copy(input: Tensor, dims: _int | Sequence[_int], *, out: Tensor | None = None) -> Tensor:
    """As :func:`permute`, copied.

    Gradients::

        self: g, the dimensions back in order
    """

def pinverse(input: Tensor, rcond: _float = 1e-15) -> Tensor:
    """The pseudo-inverses of matrices; as :func:`adjoint.linalg.pinv`."""

def pixel_shuffle(input: Tensor, upscale_factor: _int) -> Tensor:
    """Channels laid out as pixels: (..., C r^2, H, W) becomes (..., C, H r, W r).

    Gradients::

        self: pixel_unshuffle(g, upscale_factor)
    """

def pixel_unshuffle(input: Tensor, downscale_factor: _int) -> Tensor:
    """Pixels gathered as channels: (..., C, H r, W r) becomes (..., C r^2, H, W).

    Gradients::

        self: pixel_shuffle(g, downscale_factor)
    """

def poisson(input: Tensor, generator: Generator | None = None) -> Tensor:
    """Poisson-distributed numbers of the rates in ``input``.

    Raises RuntimeError for a negative rate, NotImplementedError for integers.

    >>> import adjoint as torch
    >>> torch.poisson(torch.zeros(2))
    tensor([0., 0.])
    """

def poisson_nll_loss(
    input: Tensor, target: Tensor, log_input: _bool, full: _bool, eps: _float, reduction: _int
) -> Tensor:
    """As :func:`adjoint.nn.functional.poisson_nll_loss`, with a number for the reduction."""

def polar(abs: Tensor, angle: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Complex numbers of two real tensors of one dtype, their magnitudes and their angles in radians.

    Gradients::

        abs: real(g) * cos(angle) + imag(g) * sin(angle)
        angle: _fit((conjugate(g) * (result * constant(1j, result))).real, angle_shape, angle_dtype)
    """

def polygamma(n: _int, input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The ``n``-th derivative of ``digamma`` of each element.  Raises RuntimeError for a negative ``n``.

    Gradients::

        self: g * polygamma_of(n + 1, self)
    """

def positive(input: Tensor) -> Tensor:
    """``+input``: the tensor itself.

    Raises RuntimeError on a bool tensor.
    """

def pow(input: Tensor | _complex, exponent: Tensor | _complex, *, out: Tensor | None = None) -> Tensor:
    """The powers ``input ** exponent``, element by element; either may be a number.  Raises RuntimeError for integers to a negative integer.

    Gradients::

        self: g * exponent * self ** (exponent - 1)
        exponent: g * result * log(self)
    """

def prelu(input: Tensor, weight: Tensor) -> Tensor:
    """``max(0, x) + weight * min(0, x)``; ``weight`` holds one number, or one a channel (dimension 1 of ``input``).

    Raises RuntimeError where the numbers do not fit the channels.

    >>> import adjoint as torch
    >>> torch.prelu(torch.tensor([-2., 3.]), torch.tensor([0.5]))
    tensor([-1.,  3.])
    """

def prod(
    input: Tensor,
    dim: _int | None = None,
    keepdim: _bool = False,
    *,
    dtype: _dtype | None = None,
    axis: _int | None = None,
    keepdims: _bool | None = None,
    out: Tensor | None = None,
) -> Tensor:
    """The product of all elements, or of those along ``dim``.  Integers and bools multiply in int64.

    Gradients::

        self: g * result / self
    """

def put(input: Tensor, index: Tensor, source: Tensor, accumulate: _bool = False) -> Tensor:
    """The tensor with the elements of ``source`` at the places ``index`` of the tensor as one row.

    Gradients::

        self: g if accumulate else _put_zero(g, index)
        source: take(g, index)
    """

def qr(input: Tensor, some: _bool = True) -> return_types.qr:
    """As :func:`adjoint.linalg.qr`, which is to be used instead."""

def quantile(
    input: Tensor,
    q: _float | Tensor,
    dim: _int | None = None,
    keepdim: _bool = False,
    *,
    interpolation: str = "linear",
    out: Tensor | None = None,
) -> Tensor:
    """The q-th quantiles along ``dim`` (of all elements by default); the dimension of a 1-d ``q`` comes first.

    Raises RuntimeError for a ``q`` outside of [0, 1].

    >>> import adjoint as torch
    >>> torch.quantile(torch.tensor([1., 2., 4.]), 0.5)
    tensor(2.)
    """

def rad2deg(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Each element, an angle in radians, in degrees.

    Gradients::

        self: g * 180 / pi
    """

def rad2deg_(input: Tensor) -> Tensor:
    """In-place version of :func:`adjoint.rad2deg`."""

def rand(
    *size: _int | Sequence[_int],
    generator: Generator | None = None,
    out: Tensor | None = None,
    dtype: _dtype | None = None,
    layout: _layout | None = None,
    device: _device | str | _int | None = None,
    requires_grad: _bool = False,
    pin_memory: _bool = False,
) -> Tensor:
    """Numbers drawn uniformly from [0, 1); the sizes as separate arguments or as one sequence.

    >>> import adjoint as torch
    >>> _ = torch.manual_seed(0)
    >>> torch.rand(3)
    tensor([0.4963, 0.7682, 0.0885])
    """

def rand_like(
    input: Tensor,
    *,
    generator: Generator | None = None,
    dtype: _dtype | None = None,
    layout: _layout | None = None,
    device: _device | str | _int | None = None,
    pin_memory: _bool = False,
    requires_grad: _bool = False,
    memory_format: _memory_format | None = None,
) -> Tensor:
    """As :func:`rand`, of ``input``'s shape and dtype."""

@overload
def randint(
    high: _int,
    size: Sequence[_int],
    *,
    generator: Generator | None = None,
    out: Tensor | None = None,
    dtype: _dtype | None = None,
    layout: _layout | None = None,
    device: _device | str | _int | None = None,
    pin_memory: _bool = False,
    requires_grad: _bool = False,
) -> Tensor:
    """``randint(high, size)``, ``randint(low, high, size)``: integers drawn uniformly from ``[low, high)``, int64.

    Raises RuntimeError for an empty range or one beyond the dtype.

    >>> import adjoint as torch
    >>> _ = torch.manual_seed(0)
    >>> torch.randint(10, (4,))
    tensor([4, 9, 3, 0])
    """

@overload
def randint(
    low: _int,
    high: _int,
    size: Sequence[_int],
    *,
    generator: Generator | None = None,
    out: Tensor | None = None,
    dtype: _dtype | None = None,
    layout: _layout | None = None,
    device: _device | str | _int | None = None,
    pin_memory: _bool = False,
    requires_grad: _bool = False,
) -> Tensor: ...
@overload
def randint_like(
    input: Tensor,
    high: _int,
    *,
    generator: Generator | None = None,
    dtype: _dtype | None = None,
    layout: _layout | None = None,
    device: _device | str | _int | None = None,
    pin_memory: _bool = False,
    requires_grad: _bool = False,
) -> Tensor:
    """``randint_like(input, high)``, ``randint_like(input, low, high)``: as :func:`randint`, of ``input``'s shape and
    dtype.
    """

@overload
def randint_like(
    input: Tensor,
    low: _int,
    high: _int,
    *,
    generator: Generator | None = None,
    dtype: _dtype | None = None,
    layout: _layout | None = None,
    device: _device | str | _int | None = None,
    pin_memory: _bool = False,
    requires_grad: _bool = False,
) -> Tensor: ...
def randn(
    *size: _int | Sequence[_int],
    generator: Generator | None = None,
    out: Tensor | None = None,
    dtype: _dtype | None = None,
    layout: _layout | None = None,
    device: _device | str | _int | None = None,
    requires_grad: _bool = False,
    pin_memory: _bool = False,
) -> Tensor:
    """Normally distributed numbers of mean 0 and variance 1; the sizes as separate arguments or as one sequence.

    >>> import adjoint as torch
    >>> _ = torch.manual_seed(0)
    >>> torch.randn(3)
    tensor([ 1.5410, -0.2934, -2.1788])
    """

def randn_like(
    input: Tensor,
    *,
    generator: Generator | None = None,
    dtype: _dtype | None = None,
    layout: _layout | None = None,
    device: _device | str | _int | None = None,
    pin_memory: _bool = False,
    requires_grad: _bool = False,
    memory_format: _memory_format | None = None,
) -> Tensor:
    """As :func:`randn`, of ``input``'s shape and dtype."""

def randperm(
    n: _int,
    *,
    generator: Generator | None = None,
    out: Tensor | None = None,
    dtype: _dtype | None = None,
    layout: _layout | None = None,
    device: _device | str | _int | None = None,
    requires_grad: _bool = False,
    pin_memory: _bool = False,
) -> Tensor:
    """The integers from 0 to ``n - 1`` in a random order, int64.

    Raises RuntimeError for a negative ``n`` or one that the dtype cannot hold.

    >>> import adjoint as torch
    >>> _ = torch.manual_seed(0)
    >>> torch.randperm(4)
    tensor([0, 1, 3, 2])
    """

def range(
    start: _complex = 0,
    end: _complex | None = None,
    step: _complex = 1,
    *,
    out: Tensor | None = None,
    dtype: _dtype | None = None,
    layout: _layout | None = None,
    device: _device | str | _int | None = None,
    pin_memory: _bool = False,
    requires_grad: _bool = False,
) -> Tensor:
    """The numbers from ``start`` up to and with ``end``.  Deprecated: use :func:`adjoint.arange`."""

def ravel(input: Tensor) -> Tensor:
    """All elements in one dimension: a view where possible.

    >>> import adjoint as torch
    >>> torch.zeros(2, 3).ravel().shape
    torch.Size([6])
    """

def real(input: Tensor) -> Tensor:
    """The real part, a view; a real tensor itself.

    >>> import adjoint as torch
    >>> torch.real(torch.tensor([1+2j]))
    tensor([1.])
    """

def reciprocal(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """One over each element; infinite for zero.  Integers give the default dtype.

    Gradients::

        self: -g * conj(result * result)
    """

def reciprocal_(input: Tensor) -> Tensor:
    """In-place version of :func:`adjoint.reciprocal`."""

def relu(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Each element, and 0 in the place of negative ones.

    Gradients::

        self: kept_where(result != 0, g)
    """

def relu_(input: Tensor) -> Tensor:
    """In-place version of :func:`adjoint.relu`."""

def remainder(input: Tensor | _complex, other: Tensor | _complex, *, out: Tensor | None = None) -> Tensor:
    """The remainder of the division that rounds down, element by element: of the divisor's sign, as Python's ``%``.

    Gradients::

        self: g
        other: -g * (self // other)
    """

def renorm(input: Tensor, p: _float, dim: _int, maxnorm: _float) -> Tensor:
    """The tensor with each slice along ``dim`` scaled down to a p-norm of ``maxnorm`` at most.

    >>> import adjoint as torch
    >>> torch.renorm(torch.tensor([[3., 4.], [0., 1.]]), 2, 0, 1.)
    tensor([[0.6000, 0.8000],
            [0.0000, 1.0000]])
    """

def repeat_interleave(
    input: Tensor, repeats: _int | Tensor | None = None, dim: _int | None = None, *, output_size: _int | None = None
) -> Tensor:
    """Each element of a dimension repeated in place: all so many times, or each its own number of times.

    >>> import adjoint as torch
    >>> torch.tensor([1, 2]).repeat_interleave(2), torch.tensor([1, 2]).repeat_interleave(torch.tensor([1, 3]))
    (tensor([1, 1, 2, 2]), tensor([1, 2, 2, 2]))
    """

def reshape(input: Tensor, shape: _int | Sequence[_int]) -> Tensor:
    """The same elements with other sizes, one of which may be -1: a view where the memory's order allows, else a copy.

    Raises RuntimeError if the sizes do not fit the number of elements.

    >>> import adjoint as torch
    >>> torch.arange(6).reshape(2, -1).shape
    torch.Size([2, 3])
    """

def resize_as_(input: Tensor, the_template: Tensor, *, memory_format: _memory_format | None = None) -> Tensor:
    """Change the sizes in place to those of another tensor, and the order in memory to one that is asked for: to that of the
    other one for ``torch.preserve_format``.
    """

def resolve_conj(input: Tensor) -> Tensor:
    """The tensor itself, or a copy of its values where it is a :func:`adjoint.conj` of its memory."""

def resolve_neg(input: Tensor) -> Tensor:
    """The tensor itself, or a copy of its values where they are the negatives of what is in its memory."""

def result_type(tensor1: Tensor | _complex, tensor2: Tensor | _complex) -> _dtype:
    """The dtype in which an operator of these two, tensors or numbers, computes.

    >>> import adjoint as torch
    >>> torch.result_type(torch.tensor([1, 2]), 1.0), torch.result_type(torch.tensor([1.0]), torch.tensor(1.0).double())
    (torch.float32, torch.float32)
    """

def rms_norm(
    input: Tensor, normalized_shape: _int | Sequence[_int], weight: Tensor | None = None, eps: _float | None = None
) -> Tensor:
    """Divide each example by the root of its mean square over the last dimensions, then scale it.

    >>> import adjoint as torch
    >>> torch.nn.functional.rms_norm(torch.tensor([[3., 4.]]), [2])
    tensor([[0.8485, 1.1314]])
    """

def rnn_relu(*args: Any, **kwargs: Any) -> Any:
    """What :class:`adjoint.nn.RNN` computes, with its weights: the outputs at all times, and the last state of all layers.

    ``(input, hx, params, has_biases, num_layers, dropout, train, bidirectional, batch_first)``, or, of packed sequences,
    ``(data, batch_sizes, hx, params, has_biases, num_layers, dropout, train, bidirectional)``.  Raises RuntimeError where
    there are not as many weights and states as layers.
    """

def rnn_relu_cell(
    input: Tensor, hx: Tensor, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor | None = None, b_hh: Tensor | None = None
) -> Tensor:
    """One step of Elman's network with relu: from (N, in) and the state (N, hidden) to the next one.

    The weights are (hidden, in) and (hidden, hidden).  Raises RuntimeError where sizes do not fit.
    """

def rnn_tanh(*args: Any, **kwargs: Any) -> Any:
    """What :class:`adjoint.nn.RNN` computes, with its weights: the outputs at all times, and the last state of all layers.

    ``(input, hx, params, has_biases, num_layers, dropout, train, bidirectional, batch_first)``, or, of packed sequences,
    ``(data, batch_sizes, hx, params, has_biases, num_layers, dropout, train, bidirectional)``.  Raises RuntimeError where
    there are not as many weights and states as layers.
    """

def rnn_tanh_cell(
    input: Tensor, hx: Tensor, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor | None = None, b_hh: Tensor | None = None
) -> Tensor:
    """One step of Elman's network with tanh: from (N, in) and the state (N, hidden) to the next one.

    The weights are (hidden, in) and (hidden, hidden).  Raises RuntimeError where sizes do not fit.
    """

def roll(input: Tensor, shifts: _int | Sequence[_int], dims: _int | Sequence[_int] = ()) -> Tensor:
    """The elements moved along dimensions, those that leave at one end coming in at the other.

    >>> import adjoint as torch
    >>> torch.tensor([1, 2, 3]).roll(1)
    tensor([3, 1, 2])

    Gradients::

        self: roll(g, -shifts, dims)
    """

def rot90(input: Tensor, k: _int = 1, dims: _int | Sequence[_int] = ...) -> Tensor:
    """Turned by ``k`` right angles in the plane of two dimensions, from the first towards the second.

    >>> import adjoint as torch
    >>> torch.tensor([[1, 2], [3, 4]]).rot90()
    tensor([[2, 4],
            [1, 3]])

    Gradients::

        self: rot90(g, -k, dims)
    """

def round(input: Tensor, *, decimals: _int = 0, out: Tensor | None = None) -> Tensor:
    """Each element rounded to the nearest integer, of two as near to the even one; with ``decimals``, to so many digits behind the point.

    Gradients::

        self: np.zeros_like(g)
    """

def round_(input: Tensor, *, decimals: _int = 0) -> Tensor:
    """In-place version of :func:`adjoint.round`."""

def row_stack(tensors: Sequence[Tensor], *, out: Tensor | None = None) -> Tensor:
    """The tensors, of at least 2 dimensions, joined along dimension 0."""

def rrelu(
    input: Tensor,
    lower: _float = 0.125,
    upper: _float = 0.3333333333333333,
    training: _bool = False,
    generator: Generator | None = None,
) -> Tensor:
    """As :func:`adjoint.nn.functional.rrelu`."""

def rrelu_(input: Tensor, lower: _float = 0.125, upper: _float = 0.3333333333333333, training: _bool = False) -> Tensor:
    """In-place version of :func:`adjoint.nn.functional.rrelu`."""

def rsqrt(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """One over the square root of each element; infinite for zero, NaN for a negative number.

    Gradients::

        self: g * conj(result * result * result) / -2
    """

def rsqrt_(input: Tensor) -> Tensor:
    """In-place version of :func:`adjoint.rsqrt`."""

def rsub(input: Tensor, other: Tensor | _complex, *, alpha: _complex = 1, out: Tensor | None = None) -> Tensor:
    """The difference the other way round, element by element: ``other - alpha * input``.

    Gradients::

        self: -g if alpha == 1 else times(g, -conj_number(alpha))
        other: g
    """

def saddmm(input: Tensor, mat1: Tensor, mat2: Tensor, *, beta: _complex = 1, alpha: _complex = 1) -> Tensor:
    """``beta * input + alpha * mat1 @ mat2`` of a sparse input, a sparse matrix and a dense one; sparse.  It has no derivative.

    Gradients::

        self: not_implemented('sspaddmm')
        mat1: not_implemented('sspaddmm')
        mat2: not_implemented('sspaddmm')
    """

def scalar_tensor(
    s: _complex,
    *,
    dtype: _dtype | None = None,
    layout: _layout | None = None,
    device: _device | str | _int | None = None,
    pin_memory: _bool = False,
    requires_grad: _bool = False,
) -> Tensor:
    """A tensor without dimensions, of the default dtype if none is given."""

def scatter(
    input: Tensor,
    dim: _int,
    index: Tensor,
    src: Tensor | _complex | None = None,
    *,
    value: _complex | None = None,
    reduce: str | None = None,
) -> Tensor:
    """The tensor with the elements of ``src``, or a number, at ``index`` along a dimension.

    >>> import adjoint as torch
    >>> torch.zeros(2, 2).scatter(1, torch.tensor([[0], [1]]), 1.)
    tensor([[1., 0.],
            [0., 1.]])
    """

def scatter_add(input: Tensor, dim: _int, index: Tensor, src: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The tensor with the elements of ``src`` added at ``index`` along a dimension.

    >>> import adjoint as torch
    >>> torch.zeros(2).scatter_add(0, torch.tensor([1, 1]), torch.tensor([1., 2.]))
    tensor([0., 3.])

    Gradients::

        self: g
        src: gather(g, dim, index)
    """

def scatter_reduce(
    input: Tensor,
    dim: _int,
    index: Tensor,
    src: Tensor,
    reduce: str,
    *,
    include_self: _bool = True,
    out: Tensor | None = None,
) -> Tensor:
    """The tensor with the sum, product, mean, maximum or minimum of what meets at ``index`` along a
    dimension, of ``src`` and (if ``include_self``) the tensor's own elements.

    >>> import adjoint as torch
    >>> torch.zeros(2).scatter_reduce(0, torch.tensor([1, 1]), torch.tensor([1., 3.]), "mean", include_self=False)
    tensor([0., 2.])

    Gradients::

        self: g for its part in each result
        src: g at index, for its part in the result
    """

def searchsorted(
    sorted_sequence: Tensor,
    input: Tensor | _float,
    *,
    out_int32: _bool = False,
    right: _bool = False,
    side: str | None = None,
    out: Tensor | None = None,
    sorter: Tensor | None = None,
) -> Tensor:
    """The places at which values would have to be put in to keep the innermost dimension sorted.

    >>> import adjoint as torch
    >>> torch.searchsorted(torch.tensor([1, 3, 5]), torch.tensor([3, 6]))
    tensor([1, 3])
    """

def seed() -> _int:
    """Have the default generator begin anew from a number of the operating system's, and return that."""

def segment_reduce(
    data: Tensor,
    reduce: str,
    *,
    lengths: Tensor | None = None,
    indices: Tensor | None = None,
    offsets: Tensor | None = None,
    axis: _int = 0,
    unsafe: _bool = False,
    initial: _float | None = None,
) -> Tensor:
    """The sums (means, products, largest, smallest) of segments along ``axis``, whose ``lengths`` are given, or where they begin
    and the last one ends (``offsets``); of shape ``data.shape[:axis] + (segments,) + data.shape[axis + 1:]``.

    ``initial`` is reduced with every segment.  An empty one gives what the reduction begins with, NaN for means.  Raises
    RuntimeError for lengths that are negative or do not add up to the dimension (unless ``unsafe``).

    >>> import adjoint as torch
    >>> torch.segment_reduce(torch.tensor([1., 2., 3.]), "sum", lengths=torch.tensor([2, 0, 1]))
    tensor([3., 0., 3.])
    """

def select(input: Tensor, dim: _int, index: _int) -> Tensor:
    """The part at one place of a dimension, which is gone in the result.

    >>> import adjoint as torch
    >>> torch.tensor([[1, 2], [3, 4]]).select(1, 0)
    tensor([1, 3])

    Gradients::

        self: g at its index, 0 elsewhere
    """

def select_copy(input: Tensor, dim: _int, index: _int, *, out: Tensor | None = None) -> Tensor:
    """As :func:`select`, copied.

    Gradients::

        self: g at its index, 0 elsewhere
    """

def select_scatter(input: Tensor, src: Tensor, dim: _int, index: _int) -> Tensor:
    """The tensor with ``src`` at one place of a dimension.

    Gradients::

        self: g, 0 at the index
        src: g at the index
    """

def selu(input: Tensor) -> Tensor:
    """As :func:`adjoint.nn.functional.selu`."""

def selu_(input: Tensor) -> Tensor:
    """In-place version of :func:`adjoint.selu`."""

def set_autocast_cache_enabled(enabled: _bool) -> None:
    """Have weights be cast once, or each time."""

def set_autocast_cpu_dtype(dtype: _dtype) -> None:
    """Deprecated: ``torch.set_autocast_dtype("cpu", dtype)``."""

def set_autocast_cpu_enabled(enabled: _bool) -> None:
    """Deprecated: ``torch.set_autocast_enabled("cpu", enabled)``."""

def set_autocast_dtype(device_type: str, dtype: _dtype) -> None:
    """Set the lower precision of a kind of devices in this thread."""

def set_autocast_enabled(device_type: Any, enabled: Any = None) -> None:
    """Switch autocast for a kind of devices (``"cuda"`` where none is named) in this thread."""

def set_autocast_gpu_dtype(dtype: _dtype) -> None:
    """Deprecated: ``torch.set_autocast_dtype("cuda", dtype)``."""

def set_cache_limit(limit: _int | None) -> None:
    """Keep at most ``limit`` bytes of free buffers for further arrays, 0 for none at all; None for the default.

    The default is as much as arrays needed at once of late, or 256 MB if that is more, and at most a quarter of the
    machine's memory; and new memory is taken only when what is kept makes the whole no more than 32 MB larger than what
    arrays needed at once.  Raises TypeError unless given an integer or None, and ValueError for a negative one.

    >>> import adjoint as torch
    >>> torch.set_cache_limit(2**20)
    >>> torch.memory_stats()["cached_bytes.current"] <= 2**20
    True
    >>> torch.set_cache_limit(None)
    """

def set_default_tensor_type(t: _type[Tensor] | str) -> None:
    """Make the dtype of a legacy class the default dtype.  Deprecated: use :func:`adjoint.set_default_dtype`."""

def set_deterministic_debug_mode(debug_mode: _int | str) -> None:
    """As :func:`use_deterministic_algorithms`: ``"default"`` or 0, ``"warn"`` or 1, ``"error"`` or 2."""

def set_float32_matmul_precision(precision: str) -> None:
    """Allow ``float32`` matrix products a lower precision, ``"high"`` or ``"medium"``; they are always computed in full."""

def set_flush_denormal(mode: _bool) -> _bool:
    """Whether tiny numbers can be made zero as asked: keeping them can, making them zero cannot (False)."""

def set_num_interop_threads(int: _int) -> None:
    """Set what :func:`get_num_interop_threads` returns, once.  Raises RuntimeError the second time."""

def set_num_threads(int: _int) -> None:
    """Let operators use so many threads.  Raises RuntimeError unless given a positive integer, ValueError above 2³¹.

    >>> import adjoint as torch
    >>> before = torch.get_num_threads(); torch.set_num_threads(1); torch.get_num_threads()
    1
    >>> torch.set_num_threads(before)
    """

def set_rng_state(new_state: Tensor) -> None:
    """Have the default generator go on from a state that :func:`get_rng_state`, here or in PyTorch, gave."""

def set_warn_always(b: _bool) -> None:
    """Have warnings that are given once given every time."""

def sgn(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The sign of each element; of a complex number, the number of magnitude one in its direction, or 0.

    Gradients::

        self: 0 if self.dtype.kind != 'c' else (g - real(g / result) * result) / abs(self)
    """

def sigmoid(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The logistic function of each element, between 0 and 1: ``1 / (1 + exp(-x))``.

    Gradients::

        self: g * conj((1 - result) * result)
    """

def sigmoid_(input: Tensor) -> Tensor:
    """In-place version of :func:`adjoint.sigmoid`."""

def sign(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The sign of each element: -1, 0 or 1.  Raises RuntimeError for complex numbers, of which ``sgn`` is the like.

    Gradients::

        self: np.zeros_like(g)
    """

def signbit(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Whether the sign of each element is set: True for negative numbers and for -0.0.

    Not differentiable.
    """

def sin(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The sine of each element, an angle in radians.

    Gradients::

        self: g * conj(np.cos(self))
    """

def sin_(input: Tensor) -> Tensor:
    """In-place version of :func:`adjoint.sin`."""

def sinc(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """``sin(pi x) / (pi x)`` of each element, 1 at zero.

    Gradients::

        self: g * (cos(pi * self) - result) / self
    """

def sinc_(input: Tensor) -> Tensor:
    """In-place version of :func:`adjoint.sinc`."""

def sinh(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The hyperbolic sine of each element: ``(exp(x) - exp(-x)) / 2``.

    Gradients::

        self: g * conj(np.cosh(self))
    """

def sinh_(input: Tensor) -> Tensor:
    """In-place version of :func:`adjoint.sinh`."""

def slice_copy(
    input: Tensor,
    dim: _int = 0,
    start: _int | None = None,
    end: _int | None = None,
    step: _int = 1,
    *,
    axis: _int | None = None,
    out: Tensor | None = None,
) -> Tensor:
    """A slice of a dimension, copied.

    Gradients::

        self: g in its slice, 0 elsewhere
    """

def slice_inverse(
    input: Tensor, src: Tensor, dim: _int = 0, start: _int | None = None, end: _int | None = None, step: _int = 1
) -> Tensor:
    """The tensor that ``input`` is a slice of, ``src``'s sizes and strides over ``input``'s memory.

    Raises RuntimeError if that memory is too small.

    >>> import adjoint as torch
    >>> x = torch.tensor([1., 2., 3.])
    >>> torch.slice_inverse(x[1:2], x, 0, 1, 2)
    tensor([1., 2., 3.])
    """

def slice_scatter(
    input: Tensor,
    src: Tensor,
    dim: _int = 0,
    start: _int | None = None,
    end: _int | None = None,
    step: _int = 1,
    *,
    axis: _int | None = None,
    out: Tensor | None = None,
) -> Tensor:
    """The tensor with ``src`` in a slice of a dimension.

    Gradients::

        self: g, 0 in the slice
        src: g in the slice
    """

def slogdet(input: Tensor) -> return_types.slogdet:
    """The signs of determinants, and the logarithms of their sizes."""

def smm(input: Tensor, mat2: Tensor) -> Tensor:
    """The product of a sparse matrix and a dense one, made sparse again.  It has no derivative.

    >>> import adjoint as torch
    >>> torch.smm(torch.eye(2).to_sparse(), torch.ones(2, 1)).to_dense()
    tensor([[1.],
            [1.]])
    """

def softmax(input: Tensor, dim: _int, dtype: _dtype | None = None, *, out: Tensor | None = None) -> Tensor:
    """The exponentials, divided by their sum along ``dim``, of the tensor converted to ``dtype`` where it is given."""

def solve(input: Tensor, *args: Any, **kwargs: Any) -> Any:
    """Removed from PyTorch: raises RuntimeError, with what to write instead of ``solve``."""

def sort(
    input: Tensor,
    dim: _int = -1,
    descending: _bool = False,
    *,
    stable: _bool = ...,
    axis: _int | None = None,
    out: Tensor | None = None,
) -> return_types.sort:
    """The elements along ``dim`` in order, and their indices (int64) before; equal ones keep theirs where ``stable``.

    Gradients::

        self: g, back in the order of before
    """

def sparse_coo_tensor(
    indices: Tensor | Sequence[_int] | None = None,
    values: Any = None,
    size: _int | Sequence[_int] | None = None,
    *,
    dtype: _dtype | None = None,
    device: _device | str | _int | None = None,
    pin_memory: _bool = False,
    requires_grad: _bool = False,
    check_invariants: _bool | None = None,
    is_coalesced: _bool | None = None,
) -> Tensor:
    """A tensor in coordinate format: of ``indices``, (sparse dimensions, stored), and the ``values`` in those places, (stored, *dense
    dimensions).  Values in one place add up.

    Without a ``size`` it is the smallest that has all places.  Given a size alone, the tensor has no values.  ``check_invariants``
    has the places looked at, ``is_coalesced`` says that they are in order, each once.  Gradients flow to ``values`` that are a tensor,
    unless ``requires_grad`` makes the result a leaf.  Raises RuntimeError where the parts do not fit together.

    >>> import adjoint as torch
    >>> torch.sparse_coo_tensor([[0, 1], [2, 0]], [3., 4.], (2, 3)).to_dense()
    tensor([[0., 0., 3.],
            [4., 0., 0.]])
    """

def split(tensor: Tensor, split_size_or_sections: _int | Sequence[_int], dim: _int = 0) -> tuple[Tensor, ...]:
    """The tensor in parts along a dimension: of one size (the last may be smaller), or of the sizes listed.

    >>> import adjoint as torch
    >>> torch.arange(5).split(2)
    (tensor([0, 1]), tensor([2, 3]), tensor([4]))
    """

def split_copy(
    input: Tensor, split_size: _int, dim: _int = 0, *, axis: _int | None = None, out: Tensor | None = None
) -> tuple[Tensor, ...]:
    """As :func:`split`, copied.

    Gradients::

        self: cat(gs, dim)
    """

def split_with_sizes(
    input: Tensor, split_sizes: Sequence[_int], dim: _int = 0, *, axis: _int | None = None
) -> tuple[Tensor, ...]:
    """The tensor in parts of the given sizes along a dimension.

    Gradients::

        self: cat(gs, dim)
    """

def split_with_sizes_copy(
    input: Tensor, split_sizes: Sequence[_int], dim: _int = 0, *, axis: _int | None = None, out: Tensor | None = None
) -> tuple[Tensor, ...]:
    """As :func:`split_with_sizes`, copied.

    Gradients::

        self: cat(gs, dim)
    """

def spmm(input: Tensor, mat2: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The product of two matrices, (n, m) and (m, p).  Raises RuntimeError for other shapes.

    Gradients::

        self: dot(g, conj(mat2).T)
        mat2: dot(conj(self).T, g)
    """

def sqrt(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The square root of each element; NaN for a negative real number.

    Gradients::

        self: g / conj(result * 2)
    """

def sqrt_(input: Tensor) -> Tensor:
    """In-place version of :func:`adjoint.sqrt`."""

def square(input: Tensor) -> Tensor:
    """``input ** 2``.

    >>> import adjoint as torch
    >>> torch.square(torch.tensor([1., -3.]))
    tensor([1., 9.])
    """

def square_(input: Tensor) -> Tensor:
    """In-place version of :func:`adjoint.square`."""

def squeeze(
    input: Tensor, dim: _int | Sequence[_int] | None = None, *, axis: _int | Sequence[_int] | None = None
) -> Tensor:
    """Without the dimensions of size 1: all of them, the one given, or those of the tuple given.

    >>> import adjoint as torch
    >>> torch.zeros(1, 2, 1).squeeze().shape, torch.zeros(1, 2, 1).squeeze(0).shape
    (torch.Size([2]), torch.Size([2, 1]))

    Gradients::

        self: g.reshape(self_shape)
    """

def squeeze_copy(
    input: Tensor, dim: _int | None = None, *, axis: _int | None = None, out: Tensor | None = None
) -> Tensor:
    """As :func:`squeeze`, copied.

    Gradients::

        self: g.reshape(self_shape)
    """

def sspaddmm(input: Tensor, mat1: Tensor, mat2: Tensor, *, beta: _complex = 1, alpha: _complex = 1) -> Tensor:
    """``beta * input + alpha * mat1 @ mat2`` of a sparse input, a sparse matrix and a dense one; sparse.  It has no derivative.

    Gradients::

        self: not_implemented('sspaddmm')
        mat1: not_implemented('sspaddmm')
        mat2: not_implemented('sspaddmm')
    """

def stack(tensors: Sequence[Tensor], dim: _int = 0, *, axis: _int | None = None, out: Tensor | None = None) -> Tensor:
    """Tensors of one shape along a new dimension.

    >>> import adjoint as torch
    >>> torch.stack([torch.ones(2), torch.zeros(2)])
    tensor([[1., 1.],
            [0., 0.]])
    """

def std(
    input: Tensor,
    dim: _int | Sequence[_int] | None = None,
    unbiased: _bool | None = None,
    keepdim: _bool = False,
    *,
    correction: _float | None = None,
    axis: _int | Sequence[_int] | None = None,
    keepdims: _bool | None = None,
    out: Tensor | None = None,
) -> Tensor:
    """The standard deviation, the square root of :func:`var`.

    >>> import adjoint as torch
    >>> torch.std(torch.tensor([1., 2., 3.]), correction=0)
    tensor(0.8165)
    """

def std_mean(
    input: Tensor,
    dim: _int | Sequence[_int] | None = None,
    unbiased: _bool | None = None,
    keepdim: _bool = False,
    *,
    correction: _float | None = None,
) -> tuple[Tensor, Tensor]:
    """The standard deviation and the mean."""

def stft(
    input: Tensor,
    n_fft: _int,
    hop_length: _int | None = None,
    win_length: _int | None = None,
    window: Tensor | None = None,
    center: _bool = True,
    pad_mode: str = "reflect",
    normalized: _bool = False,
    onesided: _bool | None = None,
    return_complex: _bool | None = None,
    align_to_window: _bool | None = None,
) -> Tensor:
    """The Fourier transforms of the windows of a signal, ``hop_length`` apart (a quarter of ``n_fft``, if not given).

    ``input`` has shape (length) or (batch, length).  Each part of ``n_fft`` numbers is multiplied by ``window``, which has
    ``win_length`` weights, zeros around them.  With ``center`` the signal is padded so that the first part has the first
    number in its middle.  ``onesided`` returns the ``n_fft // 2 + 1`` frequencies from which the others follow, for real
    signals the default; ``normalized`` divides by the root of ``n_fft``.

    Returns complex numbers of shape (..., frequencies, windows), or with ``return_complex=False`` their parts in one more
    dimension.  Raises RuntimeError for sizes that do not fit, and where ``return_complex`` is not said of a real signal.

    >>> import adjoint as torch
    >>> torch.stft(torch.ones(8), 4, window=torch.hann_window(4), return_complex=True).shape
    torch.Size([3, 9])
    """

def sub(
    input: Tensor | _complex, other: Tensor | _complex, *, alpha: _complex = 1, out: Tensor | None = None
) -> Tensor:
    """The difference, element by element: ``input - alpha * other``.  Raises RuntimeError for two bool tensors.

    Gradients::

        self: g
        other: -g if alpha == 1 else times(g, -conj_number(alpha))
    """

def subtract(
    input: Tensor | _complex, other: Tensor | _complex, *, alpha: _complex = 1, out: Tensor | None = None
) -> Tensor:
    """The difference, element by element: ``input - alpha * other``.  Raises RuntimeError for two bool tensors.

    Gradients::

        self: g
        other: -g if alpha == 1 else times(g, -conj_number(alpha))
    """

def sum(
    input: Tensor,
    dim: _int | Sequence[_int] | None = None,
    keepdim: _bool = False,
    *,
    dtype: _dtype | None = None,
    axis: _int | Sequence[_int] | None = None,
    keepdims: _bool | None = None,
    out: Tensor | None = None,
) -> Tensor:
    """The sum of all elements, or of those along ``dim`` (one or several).  Integers and bools add up in int64.

    Gradients::

        self: _as_dtype(spread(g, self_shape, dim, keepdim), self_dtype)
    """

def svd(input: Tensor, some: _bool = True, compute_uv: _bool = True) -> return_types.svd:
    """``input = U diag(S) V^H``; :func:`adjoint.linalg.svd` returns ``V^H`` instead."""

def svd_lowrank(
    A: Tensor, q: _int | None = 6, niter: _int | None = 2, M: Tensor | None = None
) -> tuple[Tensor, Tensor, Tensor]:
    """``(U, S, V)`` with ``A - M`` nearly ``U diag(S) V^H``: the ``q`` largest singular values, by ``niter`` steps from random
    vectors, which the default generator draws.

    Algorithm 5.1 of Halko, Martinsson, Tropp, "Finding structure with randomness" (2009).

    >>> import adjoint as torch
    >>> torch.svd_lowrank(torch.diag(torch.tensor([3., 2., 0.])), q=2)[1].round(decimals=4)
    tensor([3., 2.])
    """

def swapaxes(input: Tensor, dim0: _int, dim1: _int) -> Tensor:
    """With two dimensions exchanged.

    >>> import adjoint as torch
    >>> torch.zeros(2, 3).transpose(0, 1).shape
    torch.Size([3, 2])

    Gradients::

        self: _transpose(g, dim0, dim1)
    """

def swapdims(input: Tensor, dim0: _int, dim1: _int) -> Tensor:
    """With two dimensions exchanged.

    >>> import adjoint as torch
    >>> torch.zeros(2, 3).transpose(0, 1).shape
    torch.Size([3, 2])

    Gradients::

        self: _transpose(g, dim0, dim1)
    """

def symeig(input: Tensor, *args: Any, **kwargs: Any) -> Any:
    """Removed from PyTorch: raises RuntimeError, with what to write instead of ``symeig``."""

def t(input: Tensor) -> Tensor:
    """A matrix transposed; a vector as it is.

    Gradients::

        self: g.transpose()
    """

def t_copy(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """As :func:`t`, copied.

    Gradients::

        self: g.transpose()
    """

def take(input: Tensor, index: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The elements at the places ``index`` of the tensor as one row.

    >>> import adjoint as torch
    >>> torch.tensor([[1, 2], [3, 4]]).take(torch.tensor([3, 0]))
    tensor([4, 1])

    Gradients::

        self: g added up at index
    """

def take_along_dim(input: Tensor, indices: Tensor, dim: _int | None = None, *, out: Tensor | None = None) -> Tensor:
    """As :func:`gather`, with the other dimensions broadcast; without ``dim`` from the tensor as one row.

    >>> import adjoint as torch
    >>> x = torch.tensor([[3, 1], [2, 4]])
    >>> torch.take_along_dim(x, x.argsort(1), 1)
    tensor([[1, 3],
            [2, 4]])
    """

def tan(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The tangent of each element, an angle in radians.

    Gradients::

        self: g * conj(result * result + 1)
    """

def tan_(input: Tensor) -> Tensor:
    """In-place version of :func:`adjoint.tan`."""

def tanh(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The hyperbolic tangent of each element, between -1 and 1: ``sinh(x) / cosh(x)``.

    Gradients::

        self: g * conj(1 - result * result)
    """

def tanh_(input: Tensor) -> Tensor:
    """In-place version of :func:`adjoint.tanh`."""

def tensor(
    data: Any,
    *,
    dtype: _dtype | None = None,
    device: _device | str | _int | None = None,
    requires_grad: _bool = False,
    pin_memory: _bool = False,
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

def tensor_split(
    input: Tensor,
    indices_or_sections: _int | Sequence[_int] | None = None,
    dim: _int = 0,
    *,
    indices: Sequence[_int] | None = None,
    sections: _int | None = None,
    tensor_indices_or_sections: Tensor | None = None,
) -> tuple[Tensor, ...]:
    """The tensor in ``sections`` parts as equal as possible, or cut at the ``indices``, along a dimension.

    >>> import adjoint as torch
    >>> torch.arange(5).tensor_split(2)
    (tensor([0, 1, 2]), tensor([3, 4]))
    """

def tensordot(a: Tensor, b: Tensor, dims: _int | Sequence[_int] = 2, out: Tensor | None = None) -> Tensor:
    """The sum of products over the last ``dims`` dimensions of ``a`` and the first of ``b``, or over two lists of them.

    Raises RuntimeError where the sizes differ.

    >>> import adjoint as torch
    >>> torch.tensordot(torch.ones(2, 3), torch.ones(3, 2), dims=1)
    tensor([[3., 3.],
            [3., 3.]])
    """

def threshold(input: Tensor, threshold: _float, value: _complex, *, out: Tensor | None = None) -> Tensor:
    """Each element that is above ``threshold``, and ``value`` in the place of the others.

    Gradients::

        self: kept_where(~(self <= threshold), g)
    """

def threshold_(input: Tensor, threshold: _float, value: _complex) -> Tensor:
    """In-place version of :func:`adjoint.threshold`."""

def tile(input: Tensor, *dims: _int | Sequence[_int]) -> Tensor:
    """As :meth:`Tensor.repeat`, with fewer numbers than dimensions allowed: the first ones then are not repeated."""

def to_dlpack(tensor: Tensor) -> Any:
    """A capsule with a tensor's memory; it can be consumed once."""

def topk(
    input: Tensor,
    k: _int,
    dim: _int = -1,
    largest: _bool = True,
    sorted: _bool = True,
    *,
    axis: _int | None = None,
    out: Tensor | None = None,
) -> return_types.topk:
    """The ``k`` largest (or smallest) elements along ``dim`` and their indices (int64), in order if ``sorted``.

    Gradients::

        self: g at indices, 0 elsewhere
    """

def trace(input: Tensor) -> Tensor:
    """The sum of a matrix's diagonal.  Raises RuntimeError for what is not a matrix.

    Gradients::

        self: g * eye(self_shape[0])
    """

def transpose(input: Tensor, dim0: _int, dim1: _int) -> Tensor:
    """With two dimensions exchanged.

    >>> import adjoint as torch
    >>> torch.zeros(2, 3).transpose(0, 1).shape
    torch.Size([3, 2])

    Gradients::

        self: _transpose(g, dim0, dim1)
    """

def transpose_copy(input: Tensor, dim0: _int, dim1: _int, *, out: Tensor | None = None) -> Tensor:
    """As :func:`transpose`, copied.

    Gradients::

        self: _transpose(g, dim0, dim1)
    """

def trapezoid(
    y: Tensor, x: Tensor | None = None, *, dx: _complex | Sequence[_complex] | None = None, dim: _int = -1
) -> Tensor:
    """The integral along ``dim`` by the trapezoidal rule, at the places ``x`` or ``dx`` apart (1 by default).

    >>> import adjoint as torch
    >>> torch.trapezoid(torch.tensor([1., 2., 3.]))
    tensor(4.)
    """

def trapz(
    y: Tensor, x: Tensor | None = None, *, dx: _complex | Sequence[_complex] | None = None, dim: _int = -1
) -> Tensor:
    """The integral along ``dim`` by the trapezoidal rule, at the places ``x`` or ``dx`` apart (1 by default).

    >>> import adjoint as torch
    >>> torch.trapezoid(torch.tensor([1., 2., 3.]))
    tensor(4.)
    """

def triangular_solve(
    input: Tensor,
    A: Tensor,
    upper: _bool = True,
    transpose: _bool = False,
    unitriangular: _bool = False,
    *,
    out: Tensor | None = None,
) -> Any:
    """As :func:`adjoint.linalg.solve_triangular`, its arguments in another order, and a copy of ``A``."""

def tril(input: Tensor, diagonal: _int = 0, *, out: Tensor | None = None) -> Tensor:
    """Matrices with zeros above a diagonal.

    Gradients::

        self: np.tril(g, diagonal)
    """

def tril_indices(
    row: _int,
    col: _int,
    offset: _int = 0,
    *,
    dtype: _dtype | None = None,
    device: _device | str | _int | None = None,
    layout: _layout | None = None,
) -> Tensor:
    """The row and column numbers of the elements on and below a diagonal of a matrix, one pair a column.

    >>> import adjoint as torch
    >>> torch.tril_indices(2, 2)
    tensor([[0, 1, 1],
            [0, 0, 1]])
    """

def triplet_margin_loss(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    margin: _float = 1.0,
    p: _float = 2,
    eps: _float = 1e-06,
    swap: _bool = False,
    reduction: _int = 1,
) -> Tensor:
    """As :func:`adjoint.nn.functional.triplet_margin_loss`, with a number for the reduction."""

def triu(input: Tensor, diagonal: _int = 0, *, out: Tensor | None = None) -> Tensor:
    """Matrices with zeros below a diagonal.

    Gradients::

        self: np.triu(g, diagonal)
    """

def triu_indices(
    row: _int,
    col: _int,
    offset: _int = 0,
    *,
    dtype: _dtype | None = None,
    device: _device | str | _int | None = None,
    layout: _layout | None = None,
) -> Tensor:
    """The row and column numbers of the elements on and above a diagonal of a matrix, one pair a column.

    >>> import adjoint as torch
    >>> torch.triu_indices(2, 2)
    tensor([[0, 0, 1],
            [0, 1, 1]])
    """

def true_divide(input: Tensor, other: Tensor | _complex, *, out: Tensor | None = None) -> Tensor:
    """``input / other``; alias of :func:`adjoint.div`.

    >>> import adjoint as torch
    >>> torch.true_divide(torch.tensor([1, 2]), 2)
    tensor([0.5000, 1.0000])
    """

def trunc(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Each element without its fraction: rounded toward zero.

    Gradients::

        self: np.zeros_like(g)
    """

def trunc_(input: Tensor) -> Tensor:
    """In-place version of :func:`adjoint.trunc`."""

def typename(obj: object) -> str:
    """The name of an object's type: a tensor's legacy class, or module and name.

    >>> import adjoint as torch
    >>> torch.typename(torch.ones(1)), torch.typename(1)
    ('torch.FloatTensor', 'int')
    """

def unbind(input: Tensor, dim: _int = 0, *, axis: _int | None = None) -> tuple[Tensor, ...]:
    """All places of a dimension, as a tuple of views without that dimension.

    >>> import adjoint as torch
    >>> torch.tensor([[1, 2], [3, 4]]).unbind(1)
    (tensor([1, 3]), tensor([2, 4]))

    Gradients::

        self: stack(gs, dim)
    """

def unbind_copy(
    input: Tensor, dim: _int = 0, *, axis: _int | None = None, out: Tensor | None = None
) -> tuple[Tensor, ...]:
    """As :func:`unbind`, copied.

    Gradients::

        self: stack(gs, dim)
    """

def unflatten(input: Tensor, dim: _int, sizes: Sequence[_int]) -> Tensor:
    """One dimension divided into several, one of whose sizes may be -1.

    >>> import adjoint as torch
    >>> torch.zeros(2, 6).unflatten(1, (2, -1)).shape
    torch.Size([2, 2, 3])
    """

def unfold_copy(
    input: Tensor, dimension: _int, size: _int | Sequence[_int], step: _int, *, out: Tensor | None = None
) -> Tensor:
    """All windows of a dimension, as a new last dimension, copied.

    Gradients::

        self: g added up where windows overlap
    """

@overload
def unique(
    input: Tensor,
    sorted: _bool = True,
    return_inverse: Literal[False] = False,
    return_counts: Literal[False] = False,
    dim: _int | None = None,
) -> Tensor:
    """The distinct elements, sorted; on request where each element went, and how often each occurs.

    With ``dim``, the distinct slices along it.

    >>> import adjoint as torch
    >>> torch.unique(torch.tensor([3, 1, 3]), return_counts=True)
    (tensor([1, 3]), tensor([1, 2]))
    """

@overload
def unique(
    input: Tensor,
    sorted: _bool = True,
    return_inverse: _bool = False,
    return_counts: _bool = False,
    dim: _int | None = None,
) -> Any: ...
@overload
def unique_consecutive(
    input: Tensor,
    return_inverse: Literal[False] = False,
    return_counts: Literal[False] = False,
    dim: _int | None = None,
) -> Tensor:
    """The elements without those that equal the one before.

    >>> import adjoint as torch
    >>> torch.unique_consecutive(torch.tensor([1, 1, 2, 1]))
    tensor([1, 2, 1])
    """

@overload
def unique_consecutive(
    input: Tensor, return_inverse: _bool = False, return_counts: _bool = False, dim: _int | None = None
) -> Any: ...
def unravel_index(indices: Tensor, shape: _int | Sequence[_int]) -> tuple[Tensor, ...]:
    """Places in a row of elements as indices into a tensor of a shape, one tensor per dimension.

    >>> import adjoint as torch
    >>> torch.unravel_index(torch.tensor(5), (2, 3))
    (tensor(1), tensor(2))
    """

def unsafe_chunk(input: Tensor, chunks: _int, dim: _int = 0) -> tuple[Tensor, ...]:
    """As :func:`chunk`, in parts that autograd does not take for views."""

def unsafe_split(input: Tensor, split_size: _int, dim: _int = 0, *, axis: _int | None = None) -> tuple[Tensor, ...]:
    """As :func:`split`, in parts that autograd does not take for views.

    Gradients::

        self: cat(gs, dim)
    """

def unsafe_split_with_sizes(
    input: Tensor, split_sizes: Sequence[_int], dim: _int = 0, *, axis: _int | None = None
) -> tuple[Tensor, ...]:
    """As :func:`split_with_sizes`, in parts that autograd does not take for views.

    Gradients::

        self: cat(gs, dim)
    """

def unsqueeze(input: Tensor, dim: _int, *, axis: _int | None = None) -> Tensor:
    """With a new dimension of size 1 at ``dim``.

    >>> import adjoint as torch
    >>> torch.zeros(2).unsqueeze(0).shape, torch.zeros(2).unsqueeze(-1).shape
    (torch.Size([1, 2]), torch.Size([2, 1]))

    Gradients::

        self: g.reshape(self_shape)
    """

def unsqueeze_copy(input: Tensor, dim: _int, *, axis: _int | None = None, out: Tensor | None = None) -> Tensor:
    """As :func:`unsqueeze`, copied.

    Gradients::

        self: g.reshape(self_shape)
    """

def use_deterministic_algorithms(mode: _bool, *, warn_only: _bool = False) -> None:
    """Ask for deterministic algorithms; Adjoint has no others.

    >>> import adjoint as torch
    >>> torch.use_deterministic_algorithms(True); torch.are_deterministic_algorithms_enabled()
    True
    >>> torch.use_deterministic_algorithms(False)
    """

def vander(x: Tensor, N: _int | None = None, increasing: _bool = False) -> Tensor:
    """The matrix of powers of a vector's elements, the highest first unless ``increasing``.

    >>> import adjoint as torch
    >>> torch.vander(torch.tensor([1, 2, 3]))
    tensor([[1, 1, 1],
            [4, 2, 1],
            [9, 3, 1]])
    """

def var(
    input: Tensor,
    dim: _int | Sequence[_int] | None = None,
    unbiased: _bool | None = None,
    keepdim: _bool = False,
    *,
    correction: _float | None = None,
    axis: _int | Sequence[_int] | None = None,
    keepdims: _bool | None = None,
    out: Tensor | None = None,
) -> Tensor:
    """The variance over ``dim`` (all dimensions by default), divided by the count less ``correction`` (1).

    Raises RuntimeError on a tensor of integers; warns where the count does not exceed ``correction``.

    >>> import adjoint as torch
    >>> torch.var(torch.tensor([1., 2., 3.]))
    tensor(1.)
    """

def var_mean(
    input: Tensor,
    dim: _int | Sequence[_int] | None = None,
    unbiased: _bool | None = None,
    keepdim: _bool = False,
    *,
    correction: _float | None = None,
) -> tuple[Tensor, Tensor]:
    """The variance and the mean."""

def vdot(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The sum of the products of two vectors' elements, the first conjugated.

    Gradients::

        self: conj(g) * other
        other: g * self
    """

def view_as_complex(input: Tensor) -> Tensor:
    """A view of pairs (the last dimension, of size 2) as complex numbers.  Raises RuntimeError where memory does not lie so.

    Gradients::

        self: split(g)
    """

def view_as_complex_copy(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """As :func:`view_as_complex`, copied; not differentiable."""

def view_as_real(input: Tensor) -> Tensor:
    """A complex tensor as a real one with a last dimension of two, over the same memory.

    Raises RuntimeError on a real tensor, and where a conjugation waits to be computed.

    >>> import adjoint as torch
    >>> torch.view_as_real(torch.tensor([1+2j]))
    tensor([[1., 2.]])
    """

def view_as_real_copy(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """As :func:`view_as_real`, copied.

    Gradients::

        self: join(g)
    """

@overload
def view_copy(input: Tensor, size: _int | Sequence[_int], *, out: Tensor | None = None) -> Tensor:
    """The tensor with other sizes, or its memory read as another dtype, copied.

    >>> import adjoint as torch
    >>> torch.view_copy(torch.arange(4), (2, 2))
    tensor([[0, 1],
            [2, 3]])
    """

@overload
def view_copy(input: Tensor, dtype: _dtype, *, out: Tensor | None = None) -> Tensor: ...
def vsplit(input: Tensor, indices_or_sections: _int | Sequence[_int]) -> tuple[Tensor, ...]:
    """The tensor split as by ``tensor_split`` along the dimension that ``vsplit`` is named for."""

def vstack(tensors: Sequence[Tensor], *, out: Tensor | None = None) -> Tensor:
    """The tensors, of at least 2 dimensions, joined along dimension 0."""

@overload
def where(
    condition: Tensor, input: Tensor | _complex, other: Tensor | _complex, *, out: Tensor | None = None
) -> Tensor:
    """``input`` where ``condition`` is true and ``other`` elsewhere; the indices of true elements without the two.

    ``input`` and ``other`` are tensors or numbers.  Raises RuntimeError where ``condition`` is not bool.

    >>> import adjoint as torch
    >>> x = torch.tensor([-1., 2.])
    >>> torch.where(x > 0, x, 0.)
    tensor([0., 2.])
    """

@overload
def where(condition: Tensor) -> tuple[Tensor, ...]: ...
def xlogy(input: Tensor | _complex, other: Tensor | _complex, *, out: Tensor | None = None) -> Tensor:
    """``input * log(other)``, element by element, and 0 where ``input`` is 0; NaN where ``other`` is.

    Gradients::

        self: g * log(other)
        other: g * self / other
    """

def xlogy_(input: Tensor | _complex, other: Tensor | _complex) -> Tensor:
    """In-place version of :func:`adjoint.xlogy`."""

def zero_(input: Tensor) -> Tensor:
    """Fill the tensor with zeros.

    >>> import adjoint as torch
    >>> torch.ones(2).zero_()
    tensor([0., 0.])
    """

def zeros(
    *size: _int | Sequence[_int],
    out: Tensor | None = None,
    dtype: _dtype | None = None,
    layout: _layout | None = None,
    device: _device | str | _int | None = None,
    pin_memory: _bool = False,
    requires_grad: _bool = False,
) -> Tensor:
    """A tensor of zeros; the sizes as separate arguments or as one sequence.

    >>> import adjoint as torch
    >>> torch.zeros(2, 3, dtype=torch.int64)
    tensor([[0, 0, 0],
            [0, 0, 0]])
    """

def zeros_like(
    input: Tensor,
    *,
    dtype: _dtype | None = None,
    layout: _layout | None = None,
    device: _device | str | _int | None = None,
    pin_memory: _bool = False,
    requires_grad: _bool = False,
    memory_format: _memory_format | None = None,
) -> Tensor:
    """Zeros of ``input``'s shape and dtype.

    >>> import adjoint as torch
    >>> torch.zeros_like(torch.tensor([1, 2]))
    tensor([0, 0])
    """

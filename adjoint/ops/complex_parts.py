"""Complex numbers: their parts, conjugates and angles, and making them of two real tensors."""

from __future__ import annotations

from typing import Any

import numpy as np

from adjoint import dtypes
from adjoint.autograd.taped import taped
from adjoint.autograd.waiting import waits
from adjoint.declare import composite, elementwise, op, view
from adjoint.declare.arranging import as_operands
from adjoint.declare.outs import FOUND, refused
from adjoint.ops.arithmetic import constant, quotient
from adjoint.ops.arrays import Array, array_function
from adjoint.ops.arrays import conj as conjugate
from adjoint.ops.broadcasting import broadcast_shape
from adjoint.ops.memory import geometry
from adjoint.ops.unsupported import type_name, unsupported
from adjoint.tensor import Tensor, attach

_PARTS = {np.dtype(np.complex64): np.dtype(np.float32), np.dtype(np.complex128): np.dtype(np.float64)}
_PARTS[dtypes.complex32.array] = np.dtype(np.float16)
_WHOLES = {part: whole for whole, part in _PARTS.items()}


@array_function
def split(z):
    """A complex array as a real one with a last dimension of two, over the same memory."""
    return z[..., None].view(_PARTS[z.dtype])


@array_function
def join(x):
    """A real array with a last dimension of two as a complex one."""
    if x.strides[-1] != x.itemsize:
        x = np.ascontiguousarray(x)
    return x.view(_WHOLES[x.dtype])[..., 0]


def _view_as_real(self: Array):
    if self.dtype not in _PARTS:
        raise RuntimeError("view_as_real is only supported for complex tensors")
    return split(self)


def _view_as_complex(self: Array):
    if self.dtype not in _WHOLES:
        raise RuntimeError(
            "view_as_complex is only supported for half, float and double tensors, but got a tensor of scalar type: "
            f"{type_name(self)}"
        )
    if self.ndim == 0:
        raise RuntimeError("Input tensor must have one or more dimensions")
    if self.shape[-1] != 2:
        raise RuntimeError("Tensor must have a last dimension of size 2")
    if not self.size:  # whose strides mean nothing, NumPy's included
        return np.empty(self.shape[:-1], _WHOLES[self.dtype])
    if self.strides[-1] != self.itemsize:
        raise RuntimeError("Tensor must have a last dimension with stride 1")
    pair = 2 * self.itemsize
    if any(step % pair for step, n in zip(self.strides[:-1], self.shape) if n != 1):
        raise RuntimeError("Tensor must have a stride divisible by 2 for all but last dimension")
    if self.__class__ is np.ndarray and geometry(self)[1] % 2:
        raise RuntimeError("Tensor must have a storage_offset divisible by 2")
    return self.view(_WHOLES[self.dtype])[..., 0]


view_as_real_row = view("view_as_real", _view_as_real, where="", self=lambda g: join(g))


@composite(where="torch")
def view_as_real(input: Tensor) -> Tensor:
    """A complex tensor as a real one with a last dimension of two, over the same memory.

    Raises RuntimeError on a real tensor, and where a conjugation waits to be computed.

    >>> import adjoint as torch
    >>> torch.view_as_real(torch.tensor([1+2j]))
    tensor([[1., 2.]])
    """
    if waits(input)[0]:
        raise RuntimeError(
            "view_as_real doesn't work on unresolved conjugated tensors.  To resolve the conjugate tensor so you can view "
            "it as real, use self.resolve_conj(); however, be warned that the resulting tensor will NOT alias the original."
        )
    return view_as_real_row.function(input)


view_as_complex = view(
    "view_as_complex", _view_as_complex, where="torch", self=lambda g: split(g),
    doc="A view of pairs (the last dimension, of size 2) as complex numbers.  Raises RuntimeError where "
    "memory does not lie so.",
)  # fmt: skip
taped(split)(lambda z: view_as_real_row.function(z.resolve_conj()))
taped(join)(lambda x: view_as_complex.function(x.contiguous()))


@composite(where="torch")
def real(input: Tensor) -> Tensor:
    """The real part, a view; a real tensor itself.

    >>> import adjoint as torch
    >>> torch.real(torch.tensor([1+2j]))
    tensor([1.])
    """
    if not input.dtype.is_complex:
        return input
    return view_as_real(conj(input) if waits(input)[0] else input).select(-1, 0)


@composite(where="torch")
def imag(input: Tensor) -> Tensor:
    """The imaginary part, a view.

    Raises RuntimeError on a real tensor.
    """
    if not input.dtype.is_complex:
        raise RuntimeError("imag is not implemented for tensors with non-complex dtypes.")
    if waits(input)[0]:
        return _neg_view.function(view_as_real(conj(input))).select(-1, 1)
    return view_as_real(input).select(-1, 1)


def _set_real(self: Tensor, value: Any) -> None:
    real(self).copy_(value if isinstance(value, Tensor) else self.new_tensor(value))


def _set_imag(self: Tensor, value: Any) -> None:
    imag(self).copy_(value if isinstance(value, Tensor) else self.new_tensor(value))


attach(property(real, _set_real), name="real")
attach(property(imag, _set_imag), name="imag")
taped(np.real)(real)
taped(np.imag)(imag)

_conj_physical = elementwise(
    "conj_physical", np.conjugate, where="", out=FOUND, inplace=False, node="ConjPhysicalBackward0", self=lambda g: conjugate(g)
)


@composite(out=FOUND)
def conj_physical(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The complex conjugate, computed at once; a real tensor itself.

    >>> import adjoint as torch
    >>> torch.conj_physical(torch.tensor([1+2j])).is_conj()
    False
    """
    return _conj_physical.function(input, out=out) if input.dtype.is_complex or out is not None else input


@composite
def conj_physical_(input: Tensor) -> Tensor:
    """Conjugate in place; a real tensor stays what it is, but counts as written to."""
    if input.dtype is dtypes.bool_:  # of which NumPy's conjugates are numbers
        return input.logical_or_(input)  # type: ignore[attr-defined,no-any-return]
    return _conj_physical.inplace(input)


def _same(self: Array):
    return self


_conj = view("conj", _same, where="", turns=(True, False), tangent="linear", self=lambda g: conjugate(g))
_neg_view = view("_neg_view", _same, turns=(False, True), tangent="linear", node="NegViewBackward0", self=lambda g: -g)


@composite
def conj(input: Tensor) -> Tensor:
    """The complex conjugate, a view: what is written to it reaches the tensor; a real tensor itself.

    >>> import adjoint as torch
    >>> torch.conj(torch.tensor([1+2j]))
    tensor([1.-2.j])
    """
    return _conj.function(input) if input.dtype.is_complex else input


@composite
def resolve_conj(input: Tensor) -> Tensor:
    """The tensor itself, or a copy of its values where it is a :func:`adjoint.conj` of its memory."""
    return input.clone() if waits(input)[0] else input


@composite
def resolve_neg(input: Tensor) -> Tensor:
    """The tensor itself, or a copy of its values where they are the negatives of what is in its memory."""
    return input.clone() if waits(input)[1] else input


@composite
def is_conj(input: Tensor) -> bool:
    """Whether the tensor's values are the conjugates of what is in its memory.

    >>> import adjoint as torch
    >>> torch.tensor([1+2j]).conj().is_conj()
    True
    """
    return waits(input)[0]


@composite
def is_neg(input: Tensor) -> bool:
    """Whether the tensor's values are the negatives of what is in its memory.

    >>> import adjoint as torch
    >>> torch.tensor([1+2j]).conj().imag.is_neg()
    True
    """
    return waits(input)[1]


def _angle(self):
    if self.dtype.kind == "c":
        return np.arctan2(self.imag, self.real)
    if self.dtype.kind in "iub":
        self = self.astype(dtypes.get_default_dtype().array)
    flat = np.where(self < 0, constant(np.pi, self), constant(0, self))
    return np.where(np.isnan(self), self, flat)


def _angle_gradient(g, self):
    if self.dtype.kind != "c":
        return np.zeros_like(g)
    size = (self * conjugate(self)).real
    return self * quotient(g, size) * constant(1j, self)


angle = elementwise(
    "angle", _angle, inplace=False, self=_angle_gradient, reads={"self": "0 if self.dtype.kind != 'c' else 1j * self * g / abs(self) ** 2"},
    doc="The angle of each complex element in radians; of a real one, 0, or pi where it is negative.",
)  # fmt: skip


def _pair(name: str, a: Any, b: Any) -> None:
    if a.dtype not in _WHOLES or b.dtype not in _WHOLES:
        raise RuntimeError(
            f"Expected both inputs to be Half, Float or Double tensors but got {type_name(a)} and {type_name(b)}"
        )
    if a.dtype != b.dtype:
        raise RuntimeError(
            f"Expected object of scalar type {type_name(a)} but got scalar type {type_name(b)} for second argument"
        )
    broadcast_shape(a.shape, b.shape)


@array_function
def complex_of(real, imag):
    """The complex array with these parts, which broadcast."""
    result = np.empty(np.broadcast_shapes(real.shape, imag.shape), _WHOLES[real.dtype])
    if result.dtype.names is not None:  # complex numbers of halves, which are stored
        result["real"], result["imag"] = real, imag
    else:
        result.real, result.imag = real, imag
    return result


_TO_COMPLEX = refused("Expected object of scalar type {Result} but got scalar type {Out} for argument 'out'")


def _part(g, name):
    """The real or the imaginary part of a gradient, of stored numbers too."""
    return g[name] if g.dtype.names is not None else getattr(g, name)


def _complex(real: Array, imag: Array):
    _pair("complex", real, imag)
    return complex_of(real, imag)


complex = op(
    "complex", _complex, out=_TO_COMPLEX, lies=as_operands(), where="torch",
    real=lambda g, real_shape, real_dtype: _fit(_part(g, "real"), real_shape, real_dtype),
    imag=lambda g, imag_shape, imag_dtype: _fit(_part(g, "imag"), imag_shape, imag_dtype),
    reads={"real": "real(g)", "imag": "imag(g)"},
    doc="Complex numbers of two real tensors of one dtype, their real and imaginary parts.",
)  # fmt: skip


def _fit(g, shape, dtype):
    from adjoint.declare.operands import fit

    return fit(g, shape, dtype)


def _polar(abs: Array, angle: Array):
    _pair("polar", abs, angle)
    if abs.dtype.itemsize == 2:
        unsupported("polar_cpu", abs)
    return complex_of(abs * np.cos(angle), abs * np.sin(angle))


polar = op(
    "polar", _polar, out=_TO_COMPLEX, lies=as_operands(), where="torch", flat="abs",
    abs=lambda g, angle, abs_shape, abs_dtype:
        _fit(g.real * np.cos(angle) + g.imag * np.sin(angle), abs_shape, abs_dtype),
    angle=lambda g, result, angle_shape, angle_dtype:
        _fit((conjugate(g) * (result * constant(1j, result))).real, angle_shape, angle_dtype),
    reads={"abs": "real(g) * cos(angle) + imag(g) * sin(angle)"},
    doc="Complex numbers of two real tensors of one dtype, their magnitudes and their angles in radians.",
)  # fmt: skip

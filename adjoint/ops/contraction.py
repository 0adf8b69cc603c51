"""Contractions: matrix products of all ranks, their fused forms, and ``linear``."""

from __future__ import annotations

import math
from typing import Any, NoReturn

import numpy as np

from adjoint import dtypes
from adjoint.autograd.grad_mode import mode
from adjoint.autograd.overlap import READS_FIRST
from adjoint.autograd.taped import taped
from adjoint.declare import composite, op
from adjoint.declare.arranging import as_operands
from adjoint.declare.once import warn_once
from adjoint.declare.one_node import as_one_node
from adjoint.declare.operands import fit, sum_to
from adjoint.declare.outs import CAST, SAME, refused
from adjoint.layouts import strides_of
from adjoint.ops.arithmetic import _c_name, mul, times
from adjoint.ops.arrays import Array, conj
from adjoint.ops.products import (
    FLOAT32,
    FLOAT64,
    LONG,
    MUCH,
    adjoint_of,
    batched,
    dot,
    is_kernels,
    is_long,
    is_row,
    of_sections,
    over_rows,
    product,
)
from adjoint.ops.reduction import written
from adjoint.ops.scalars import element
from adjoint.ops.shape import _unsafe_view
from adjoint.ops.unsupported import type_name, unsupported
from adjoint.ops.widening import is_half, narrow, widen
from adjoint.summation import total
from adjoint.tensor import Tensor, from_array, writes_of

# Errors


def _raise_same_dtype(a: Any, b: Any) -> NoReturn:
    raise RuntimeError(
        f"expected m1 and m2 to have the same dtype, but got: {_c_name(from_array(a))} != {_c_name(from_array(b))}"
    )


def _raise_mat_shapes(a: Any, b: Any) -> NoReturn:
    raise RuntimeError(
        f"mat1 and mat2 shapes cannot be multiplied ({a.shape[0]}x{a.shape[1]} and {b.shape[0]}x{b.shape[1]})"
    )


def _check_mm(self: Any, mat2: Any) -> None:
    if self.ndim != 2:
        raise RuntimeError("self must be a matrix")
    if mat2.ndim != 2:
        raise RuntimeError("mat2 must be a matrix")
    if self.shape[1] != mat2.shape[0]:
        _raise_mat_shapes(self, mat2)
    if self.dtype != mat2.dtype:
        _raise_same_dtype(self, mat2)
    if self.dtype.kind == "b" and self.size and mat2.size:
        unsupported("addmm_impl_cpu_", self)


# Matrix times matrix


def _mm(self: Array, mat2: Array):
    d = self.dtype
    if (d is FLOAT32 or d is FLOAT64) and d is mat2.dtype and self.ndim == 2 == mat2.ndim:
        size = self.size
        if size > LONG and self.shape[1] > LONG and is_long(self, mat2):
            return of_sections(self, mat2)
        if size * mat2.shape[1] >= MUCH and is_kernels(self, mat2):
            return product(self, mat2)
        try:
            return self.dot(mat2) if self.__class__ is mat2.__class__ else np.dot(self, mat2)
        except ValueError:
            pass
    _check_mm(self, mat2)
    return dot(self, mat2)


mm = op(
    "mm", _mm, out=SAME, fused=False, tangent="multilinear",
    self=lambda g, mat2: dot(g, conj(mat2).T),
    mat2=lambda g, self: dot(conj(self).T, g),
    doc="The product of two matrices, (n, m) and (m, p).  Raises RuntimeError for other shapes.",
)  # fmt: skip


def _check_mv(mat: Any, vec: Any) -> None:
    if mat.ndim != 2 or vec.ndim != 1:
        raise RuntimeError(f"vector + matrix @ vector expected, got 1, {mat.ndim}, {vec.ndim}")
    if mat.shape[1] != vec.shape[0]:
        raise RuntimeError(
            f"size mismatch, got input ({mat.shape[0]}), mat ({mat.shape[0]}x{mat.shape[1]}), vec ({vec.shape[0]})"
        )
    if mat.dtype != vec.dtype:
        raise RuntimeError(
            f"addmv input tensors must have the same dtype, but got {type_name(vec)}, {type_name(mat)}, and "
            f"{type_name(vec)}"
        )
    if mat.dtype.kind == "b" and mat.size:
        unsupported("addmv_impl_cpu", mat)


def _mv(self: Array, vec: Array):
    _check_mv(self, vec)
    return dot(self, vec)


mv = op(
    "mv", _mv, out=refused("addmv input tensors must have the same dtype, but got {Out}, {Result}, and {Result}"), fused=False, tangent="multilinear",
    self=lambda g, vec: g[:, None] * conj(vec),
    vec=lambda g, self: dot(conj(self).T, g),
    doc="The product of a matrix and a vector, (n, m) and (m,).  Raises RuntimeError for other shapes.",
)  # fmt: skip


def _check_dot(self: Any, tensor: Any) -> None:
    if self.ndim != 1 or tensor.ndim != 1:
        raise RuntimeError(f"1D tensors expected, but got {self.ndim}D and {tensor.ndim}D tensors")
    if self.dtype != tensor.dtype:
        raise RuntimeError(
            f"dot : expected both vectors to have same dtype, but found {type_name(self)} and {type_name(tensor)}"
        )
    if self.shape != tensor.shape:
        a, b = self.shape[0], tensor.shape[0]
        raise RuntimeError(
            f"inconsistent tensor size, expected tensor [{a}] and src [{b}] to have the same number of elements, but got "
            f"{a} and {b} elements respectively"
        )
    if self.dtype.kind == "b":
        unsupported("dot", self)


def _dot(self: Array, tensor: Array):
    _check_dot(self, tensor)
    return dot(self, tensor)


dot_product = op(
    "dot", _dot, out=refused("result dtype {Out} does not match input dtype {Result}"), fused=False, tangent="multilinear",
    self=lambda g, tensor: g * conj(tensor),
    tensor=lambda g, self: g * conj(self),
    doc="The sum of the products of two vectors' elements.  Raises RuntimeError for other shapes.",
)  # fmt: skip


def _vdot(self: Array, other: Array):
    _check_dot(self, other)
    return dot(conj(self), other)


vdot = op(
    "vdot", _vdot, out=refused("result dtype {Out} does not match input dtype {Result}"), fused=False,
    self=lambda g, other: conj(g) * other,
    other=lambda g, self: g * self,
    doc="The sum of the products of two vectors' elements, the first conjugated.",
)  # fmt: skip


def _check_bmm(self: Any, mat2: Any, kernel: str = "bmm") -> None:
    if self.ndim != 3:
        raise RuntimeError("batch1 must be a 3D tensor")
    if mat2.ndim != 3:
        raise RuntimeError("batch2 must be a 3D tensor")
    if self.shape[0] != mat2.shape[0] or self.shape[2] != mat2.shape[1]:
        raise RuntimeError(
            "Expected size for first two dimensions of batch2 tensor to be: "
            f"[{self.shape[0]}, {self.shape[2]}] but got: [{mat2.shape[0]}, {mat2.shape[1]}]."
        )
    if self.dtype != mat2.dtype:
        raise RuntimeError(
            f"expected scalar type {type_name(self)} but found {type_name(mat2)}"
        )
    if self.dtype.kind == "b" and self.size and mat2.size:
        unsupported(kernel, self)


def _bmm(self: Array, mat2: Array):
    _check_bmm(self, mat2)
    return batched(self, mat2)


bmm = op(
    "bmm", _bmm, out=SAME, fused=False, tangent="multilinear",
    self=lambda g, mat2: batched(g, adjoint_of(mat2)),
    mat2=lambda g, self: batched(adjoint_of(self), g),
    doc="The products of two batches of matrices, (b, n, m) and (b, m, p).  Raises RuntimeError for other shapes.",
)  # fmt: skip

# matmul: any ranks


def _matrix(x: Any) -> Any:
    """All rows of an array as one matrix."""
    return x.reshape(math.prod(x.shape[:-1]), x.shape[-1])


def _folded(self: Array, other: Array):
    """Matrices times one matrix: one product of all their rows."""
    rows = _matrix(self)
    _check_mm(rows, other)
    return dot(rows, other).reshape((*self.shape[:-1], other.shape[1]))


def _folded_steps(self, other, self_shape, other_shape):
    rows = self.reshape((math.prod(self_shape[:-1]), self_shape[-1]))
    return _unsafe_view.function(mm.function(rows, other), (*self_shape[:-1], other_shape[1]))


_matmul_folded = op(
    "matmul", _folded, fused=False, where="", tangent="multilinear", node="UnsafeViewBackward0", steps=_folded_steps,
    self=lambda g, other: batched(g, adjoint_of(other)),
    other=lambda g, self: dot(_matrix(conj(self)).T, _matrix(g)),
)  # fmt: skip


def _broadcast(self: Array, other: Array):
    """Matrices times matrices, the dimensions before the last two broadcast."""
    batch = _batch_shape(self.shape[:-2], other.shape[:-2])
    if self.shape[-1] != other.shape[-2]:
        n = 1
        for size in batch:
            n *= size
        raise RuntimeError(
            f"Expected size for first two dimensions of batch2 tensor to be: [{n}, {self.shape[-1]}] but got: "
            f"[{n}, {other.shape[-2]}]."
        )
    if self.dtype != other.dtype:
        raise RuntimeError(f"expected scalar type {type_name(self)} but found {type_name(other)}")
    if self.dtype.kind == "b" and self.size and other.size:
        unsupported("bmm", self)
    return batched(self, other)


def _batch_shape(a: tuple[int, ...], b: tuple[int, ...]) -> tuple[int, ...]:
    try:
        return np.broadcast_shapes(a, b)
    except ValueError:
        from adjoint.declare.operands import raise_shapes

        raise_shapes(np.empty(a), np.empty(b))


def _broadcast_steps(self, other, self_shape, other_shape):
    batch = np.broadcast_shapes(self_shape[:-2], other_shape[:-2])
    return _in_batches(self, other, (*batch, self_shape[-2], other_shape[-1]))


def _in_batches(self: Tensor, other: Tensor, shape: tuple[int, ...]) -> Tensor:
    """The products of matrices, as PyTorch computes them: each broadcast, all in one batch, and the result in ``shape``."""
    self_shape, other_shape = self._array.shape, other._array.shape
    batch = np.broadcast_shapes(self_shape[:-2], other_shape[:-2])
    many = math.prod(batch)
    left = self.expand((*batch, *self_shape[-2:])).reshape((many, *self_shape[-2:]))
    right = other.expand((*batch, *other_shape[-2:])).reshape((many, *other_shape[-2:]))
    return _unsafe_view.function(bmm.function(left, right), shape)


def _samples_times(self: Tensor, other: Tensor, shape: tuple[int, ...]) -> Tensor:
    """The products of matrices in ``shape``, in PyTorch's steps where a graph will show them."""
    if self.requires_grad or other.requires_grad:
        return _in_batches(self, other, shape)
    return _unsafe_view.function(_matmul_broadcast.function(self, other), shape)


_matmul_broadcast = op(
    "matmul", _broadcast, out=SAME, fused=False, where="batched", tangent="multilinear", node="UnsafeViewBackward0", steps=_broadcast_steps,
    self=lambda g, other, self_shape: sum_to(batched(g, adjoint_of(other)), self_shape),
    other=lambda g, self, other_shape: sum_to(batched(adjoint_of(self), g), other_shape),
    doc="The matrix products of samples, for one of which it is ``torch.matmul``.",
)  # fmt: skip


def _vecmat(self: Array, other: Array):
    d = self.dtype
    if (d is FLOAT32 or d is FLOAT64) and d is other.dtype:
        try:
            return self.dot(other) if self.__class__ is other.__class__ else np.dot(self, other)
        except ValueError:
            pass
    _check_mm(self[None], other)
    return dot(self, other)


def _vecmat_steps(self, other, self_shape, other_shape):
    return mm.function(self.unsqueeze(0), other).squeeze_(0)


_vector_times_matrix = op(
    "vector_matmul", _vecmat, fused=False, where="", tangent="multilinear", node="SqueezeBackward4", steps=_vecmat_steps,
    self=lambda g, other: dot(conj(other), g),
    other=lambda g, self: conj(self)[:, None] * g,
)  # fmt: skip


@composite(out=SAME)
def matmul(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The matrix product: of vectors their dot product, of matrices theirs, of more dimensions one per batch, broadcast.

    Raises RuntimeError for shapes that do not fit, dtypes that differ, or a 0-d tensor.

    >>> import adjoint as torch
    >>> torch.matmul(torch.ones(2, 3), torch.ones(3))
    tensor([3., 3.])
    """
    try:
        n, m = input._array.ndim, other._array.ndim
    except AttributeError:
        name, where, value = ("other", 2, other) if isinstance(input, Tensor) else ("input", 1, input)
        raise TypeError(
            f"matmul(): argument '{name}' (position {where}) must be Tensor, not {type(value).__name__}"
        ) from None
    if n == 2 == m:
        result = mm.function(input, other)
    else:
        result = _matmul_of_ranks(input, other, n, m)
    return result if out is None else written(result, out, "matmul")


def _matmul_of_ranks(input: Tensor, other: Tensor, n: int, m: int) -> Tensor:
    if not n or not m:
        raise RuntimeError(f"both arguments to matmul need to be at least 1D, but they are {n}D and {m}D")
    if n == 1 and m == 1:
        return dot_product.function(input, other)
    if m == 1:
        if n == 2:
            return mv.function(input, other)
        shape = input._array.shape
        if other.requires_grad or _rows_follow(input._array):
            rows = input.reshape(math.prod(shape[:-1]), shape[-1])
            return _unsafe_view.function(mv.function(rows, other), shape[:-1])
        return _samples_times(input, other.unsqueeze(1), shape[:-1])
    if n == 1 and m == 2:
        result = _vector_times_matrix.function(input, other)
        writes_of(result).count = 1  # PyTorch squeezes the product of a one-row matrix in place
        return result
    if n == 1:
        shape = (*other._array.shape[:-2], other._array.shape[-1])
        turned = other.mT
        if input.requires_grad or _rows_follow(other._array, turned=True):
            rows = turned.reshape(math.prod(shape), turned._array.shape[-1])
            return _unsafe_view.function(mv.function(rows, input), shape)
        return _samples_times(input.unsqueeze(0), other, shape)
    if n == 2 and input.requires_grad:
        return matmul(other.mT, input.t()).mT.contiguous()
    if m == 2:
        if input._array.shape[-1] != other._array.shape[0] and not (other.requires_grad or _rows_follow(input._array)):
            return _matmul_broadcast.function(input, other)  # has the error
        return _matmul_folded.function(input, other)
    if n == 3 == m and input._array.shape[0] != other._array.shape[0]:  # one matrix times many is a matrix times many
        if input._array.shape[0] == 1 and input.requires_grad:
            return _matmul_of_ranks(input.squeeze(0), other, 2, 3)
        if other._array.shape[0] == 1 and other.requires_grad:
            return _matmul_of_ranks(input, other.squeeze(0), 3, 2)
    return _matmul_broadcast.function(input, other)


def _rows_follow(array: Any, turned: bool = False) -> bool:
    """Whether an array (its last two dimensions exchanged, if ``turned``) can be looked at as the matrix of its rows
    without a copy."""
    shape, strides = array.shape, strides_of(array)
    if turned:
        shape, strides = ((*x[:-2], x[-1], x[-2]) for x in (shape, strides))
    return not array.size or all(strides[i] == strides[i + 1] * shape[i + 1] for i in range(array.ndim - 2))


def _matmul_operator(self: Tensor, other: Any) -> Any:
    return matmul(self, other) if isinstance(other, Tensor) else NotImplemented


def _rmatmul_operator(self: Tensor, other: Any) -> Any:
    return matmul(other, self) if isinstance(other, Tensor) else NotImplemented


composite(_matmul_operator, where="", dunder=("__matmul__",))
composite(_rmatmul_operator, where="", dunder=("__rmatmul__",))


@taped(np.matmul, np.dot)
def _taped_matmul(a: Tensor, b: Tensor) -> Tensor:
    return matmul(a, b) if a._array.ndim and b._array.ndim else mul.function(a, b)


# Products added to something


def _check_sum(input: Any, shape: tuple[int, ...]) -> None:
    if input.ndim > len(shape) or any(a not in (1, b) for a, b in zip(input.shape[::-1], shape[::-1])):
        if input.ndim > len(shape):
            raise RuntimeError(
                f"The number of sizes provided ({len(shape)}) must be greater or equal to the number of dimensions in the "
                f"tensor ({input.ndim}).  Target sizes: {list(shape)}.  Tensor sizes: {list(input.shape)}"
            )
        at = min(i for i in range(1, input.ndim + 1) if input.shape[-i] not in (1, shape[-i]))
        raise RuntimeError(
            f"The expanded size of the tensor ({shape[-at]}) must match the existing size ({input.shape[-at]}) at "
            f"non-singleton dimension {len(shape) - at}.  Target sizes: {list(shape)}.  Tensor sizes: {list(input.shape)}"
        )


def _combine(input: Any, product: Any, first: Any, second: Any, beta: Any, alpha: Any) -> Any:
    """``beta * input + alpha * product(first, second)``, rounded once; a ``beta`` of 0 silences even NaN."""
    if is_half(input.dtype):
        return narrow(_combine(*map(widen, (input, product, first, second)), beta, alpha), input.dtype)
    product = product(first, second)
    _check_sum(input, product.shape)
    if alpha != 1:
        product = product * element(alpha, product)
    if beta == 0:
        return product
    return np.add(product, input if beta == 1 else input * element(beta, input))


def _input_gradient(g, self_shape, self_dtype, beta):
    return fit(_scaled(g, beta), self_shape, self_dtype)


def _scaled(g, factor):
    """What arrives before something that was multiplied by a number."""
    return g if factor == 1 else times(g, factor.conjugate())


def _addmm(self: Array, mat1: Array, mat2: Array, *, beta=1, alpha=1):
    if mat1.ndim != 2:
        raise RuntimeError("mat1 must be a matrix, got " + f"{mat1.ndim}-D tensor")
    if mat2.ndim != 2:
        raise RuntimeError("mat2 must be a matrix, got " + f"{mat2.ndim}-D tensor")
    if self.dtype != mat2.dtype:
        raise RuntimeError(f"self and mat2 must have the same dtype, but got {type_name(self)} and {type_name(mat2)}")
    if mat1.dtype != mat2.dtype:
        raise RuntimeError(f"mat1 and mat2 must have the same dtype, but got {type_name(mat1)} and {type_name(mat2)}")
    if mat1.shape[1] != mat2.shape[0]:
        _raise_mat_shapes(mat1, mat2)
    if self.dtype.kind == "b":
        unsupported("addmm_impl_cpu_", self)
    return _combine(self, dot, mat1, mat2, beta, alpha)


addmm = op(
    "addmm", _addmm, overlap=READS_FIRST, out=SAME, fused=False, inplace=True,
    self=_input_gradient,
    mat1=lambda g, mat2, alpha: dot(_scaled(g, alpha), conj(mat2).T),
    mat2=lambda g, mat1, alpha: dot(conj(mat1).T, _scaled(g, alpha)),
    doc="``beta * input + alpha * (mat1 @ mat2)``, ``input`` broadcast to the shape of the product.",
)  # fmt: skip


def _addmv(self: Array, mat: Array, vec: Array, *, beta=1, alpha=1):
    _check_mv(mat, vec)
    return _combine(self, dot, mat, vec, beta, alpha)


addmv = op(
    "addmv", _addmv, overlap=READS_FIRST, out=SAME, fused=False, inplace=True,
    self=_input_gradient,
    mat=lambda g, vec, alpha: _scaled(g, alpha)[:, None] * conj(vec),
    vec=lambda g, mat, alpha: dot(conj(mat).T, _scaled(g, alpha)),
    doc="``beta * input + alpha * (mat @ vec)``, ``input`` broadcast to the shape of the product.",
)  # fmt: skip


def _addr(self: Array, vec1: Array, vec2: Array, *, beta=1, alpha=1):
    for name, vec in (("vec1", vec1), ("vec2", vec2)):
        if vec.ndim != 1:
            raise RuntimeError(f"addr: Expected 1-D argument {name}, but got {vec.ndim}-D")
    for name, factor in (("beta", beta), ("alpha", alpha)):
        if self.dtype.kind in "iub" and isinstance(factor, (float, complex)):
            raise RuntimeError(f"For integral input tensors, argument {name} must not be a floating point number.")
    product = (vec1 if alpha == 1 else vec1 * element(alpha, vec1))[:, None] * vec2
    _check_sum(self, product.shape)
    return product if beta == 0 else np.add(product, self if beta == 1 else self * element(beta, self))


addr = op(
    "addr", _addr, overlap=READS_FIRST, out=CAST, lies=as_operands("self"), inplace=True,
    self=_input_gradient,
    vec1=lambda g, vec2, alpha: dot(_scaled(g, alpha), conj(vec2)),
    vec2=lambda g, vec1, alpha: dot(_scaled(g, alpha).T, conj(vec1)),
    doc="``beta * input + alpha * outer(vec1, vec2)``, ``input`` broadcast to the shape of the product.",
)  # fmt: skip


def _baddbmm(self: Array, batch1: Array, batch2: Array, *, beta=1, alpha=1):
    _check_bmm(batch1, batch2, "baddbmm")
    return _combine(self, batched, batch1, batch2, beta, alpha)


baddbmm = op(
    "baddbmm", _baddbmm, overlap=READS_FIRST, out=SAME, fused=False, inplace=True,
    self=_input_gradient,
    batch1=lambda g, batch2, alpha: batched(_scaled(g, alpha), adjoint_of(batch2)),
    batch2=lambda g, batch1, alpha: batched(adjoint_of(batch1), _scaled(g, alpha)),
    doc="``beta * input + alpha * bmm(batch1, batch2)``, ``input`` broadcast to the shape of the product.",
)  # fmt: skip


def _summed(batch1, batch2):
    products = batched(batch1, batch2)
    return total(products, 0).astype(products.dtype, copy=False)


def _addbmm(self: Array, batch1: Array, batch2: Array, *, beta=1, alpha=1):
    _check_bmm(batch1, batch2, "addmm_impl_cpu_")
    return _combine(self, _summed, batch1, batch2, beta, alpha)


addbmm = op(
    "addbmm", _addbmm, overlap=READS_FIRST, out=refused("self and mat2 must have the same dtype, but got {Out} and {Result}"), fused=False, inplace=True,
    self=_input_gradient,
    batch1=lambda g, batch2, alpha: batched(_scaled(g, alpha), adjoint_of(batch2)),
    batch2=lambda g, batch1, alpha: batched(adjoint_of(batch1), _scaled(g, alpha)),
    doc="``beta * input + alpha *`` the sum over the batch of ``bmm(batch1, batch2)``.",
)  # fmt: skip

# linear


def _rows(x: Array):
    """The vectors of the last dimension as rows of one matrix."""
    return x if x.ndim == 2 else x.reshape(math.prod(x.shape[:-1]), x.shape[-1])


def _linear(bias: Array, self: Array, weight: Array):
    if self.ndim != 2:
        r = _linear(bias, _rows(self), weight)
        return r.reshape(*self.shape[:-1], r.shape[-1])
    d = self.dtype
    if (d is FLOAT32 or d is FLOAT64) and d is weight.dtype and d is bias.dtype and weight.ndim == 2:
        if self.size * len(weight) >= MUCH and is_kernels(self, weight.T) and is_row(bias, weight):
            return product(self, weight.T, bias)
        try:
            r = self.dot(weight.T) if self.__class__ is weight.__class__ else np.dot(self, weight.T)
            return np.add(r, bias, r)
        except ValueError:
            pass
    if weight.ndim != 2:
        raise RuntimeError(f"mat2 must be a matrix, got {weight.ndim}-D tensor")
    if d != weight.dtype:
        raise RuntimeError(f"mat1 and mat2 must have the same dtype, but got {type_name(self)} and {type_name(weight)}")
    if bias.dtype != d:
        raise RuntimeError(f"self and mat2 must have the same dtype, but got {type_name(bias)} and {type_name(weight)}")
    if self.shape[1] != weight.shape[1]:
        _raise_mat_shapes(self, weight.T)
    if d.kind == "b" and self.size and weight.size:
        unsupported("addmm_impl_cpu_", self)
    return _combine(bias, dot, self, weight.T, 1, 1)


def _linear_steps(bias, self, weight, self_shape, weight_shape):
    if len(self_shape) == 2:
        return addmm.function(bias, self, weight.t())
    rows = self.reshape(math.prod(self_shape[:-1]), self_shape[-1])
    return addmm.function(bias, rows, weight.t()).view(*self_shape[:-1], weight_shape[0])


def _linear_tangent(self, weight, bias_t, self_t, weight_t, result, needed):
    """Row by row, as PyTorch's: the gradient's derivative is the same numbers, in other strides."""
    total = None
    for (of, to), wanted in zip(((self_t, weight), (self, weight_t)), needed[1:]):
        if wanted:
            part = dot(_rows(of), to.T)
            total = part if total is None else total + part
    total = np.zeros(result.shape, result.dtype) if total is None else total.reshape(result.shape)
    return bias_t + total if needed[0] else total


_linear_row = op(
    "linear", _linear, fused=False, where="", node="AddmmBackward0", held="weight", steps=_linear_steps, tangent=_linear_tangent,
    bias=lambda g, bias_shape: over_rows(_rows(g)) if g.shape[-1:] == bias_shape else sum_to(g, bias_shape),
    self=lambda g, weight: dot(g, conj(weight)),
    weight=lambda g, self: dot(_rows(g).T, conj(_rows(self))),
)  # fmt: skip


_whole_weight_row = op(  # as PyTorch's LSTM, which saves its weights themselves and not transposed views of them
    "linear.whole", _linear, fused=False, where="", node="AddmmBackward0", tangent=_linear_tangent,
    bias=lambda g, bias_shape: over_rows(_rows(g)) if g.shape[-1:] == bias_shape else sum_to(g, bias_shape),
    self=lambda g, weight: dot(g, conj(weight)),
    weight=lambda g, self: dot(_rows(g).T, conj(_rows(self))),
)  # fmt: skip


@composite(where="nn.functional")
def linear(input: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """``input @ weight.T + bias``: (*, in) with weights (out, in) gives (*, out).

    Raises RuntimeError for shapes that do not fit or dtypes that differ.

    >>> import adjoint as torch
    >>> torch.nn.functional.linear(torch.ones(1, 2), torch.ones(3, 2), torch.zeros(3))
    tensor([[2., 2., 2.]])
    """
    if bias is None:
        if weight._array.ndim == 1:
            return matmul(input, weight)
        return matmul(input, weight.t())
    shape = input._array.shape
    if len(shape) == 2:
        return _linear_row.function(bias, input, weight)
    if not shape:
        raise RuntimeError(f"both arguments to linear need to be at least 1D, but they are 0D and {weight.ndim}D")
    if math.prod(bias._array.shape[:-1]) != 1 or weight._array.ndim > 2:
        return matmul(input, weight.t()).add_(bias)
    return _by_rows(_linear_row, input, weight, bias)


def linear_of_whole_weight(input: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """As :func:`linear`, of which PyTorch saves the weight and no view of it."""
    return linear(input, weight) if bias is None else _by_rows(_whole_weight_row, input, weight, bias)


def _by_rows(row: Any, input: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    shape = input._array.shape
    if not mode.enabled and shape:  # no graph will show PyTorch's views
        return row.function(bias, input, weight)
    rows: Tensor = row.function(bias, input.reshape(math.prod(shape[:-1]), shape[-1]), weight)
    return rows.view(*shape[:-1], rows._array.shape[-1])


def _check_bilinear(input1: Tensor, input2: Tensor, weight: Tensor, bias: Tensor | None) -> None:
    a, b, w = (t._array for t in (input1, input2, weight))
    if a.dtype != b.dtype or a.dtype != w.dtype:
        one, two, three = (dtypes.C_NAMES.get(t.dtype, str(t.dtype)) for t in (input1, input2, weight))
        raise RuntimeError(f"All tensors must have the same dtype, got input1: {one}, input2: {two}, weight: {three}")
    if a.ndim != b.ndim:
        raise RuntimeError(f"bilinear(): input dimensions do not match: got {a.ndim} and {b.ndim}")
    for i, (m, n) in enumerate(zip(a.shape[:-1], b.shape[:-1])):
        if m != n:
            raise RuntimeError(f"bilinear(): input batch dimensions do not match at dim {i}: got {m} and {n}")
    if not a.ndim:
        raise IndexError("Dimension specified as -1 but tensor has no dimensions")
    for name, x, d in (("input1", a, 1), ("input2", b, 2)):
        if x.shape[-1] != w.shape[d]:
            raise RuntimeError(f"bilinear(): {name} size does not match weight size: got {x.shape[-1]} but expected {w.shape[d]}")
    if bias is not None:
        if not bias.ndim:
            raise IndexError("Dimension specified as 0 but tensor has no dimensions")
        if bias._array.shape[0] != w.shape[0]:
            raise RuntimeError(
                f"bilinear(): bias size does not match weight size: got {bias._array.shape[0]} but expected {w.shape[0]}"
            )


@composite(where="torch nn.functional")
def bilinear(input1: Tensor, input2: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """``input1 @ weight[k] @ input2`` for each output k, plus ``bias``; weights are (out, in1, in2).

    >>> import adjoint as torch
    >>> torch.nn.functional.bilinear(torch.ones(1, 2), torch.ones(1, 3), torch.ones(1, 2, 3))
    tensor([[6.]])
    """
    from adjoint.ops.einsum import einsum

    _check_bilinear(input1, input2, weight, bias)

    def products(rows1: Tensor, weight: Tensor, rows2: Tensor) -> Tensor:
        return einsum("ni,kij,nj->nk", rows1, weight, rows2)

    shape = (*input1._array.shape[:-1], weight._array.shape[0])
    rows1, rows2 = (t.reshape((math.prod(shape[:-1]), t._array.shape[-1])) for t in (input1, input2))
    result: Tensor = as_one_node("TrilinearBackward0", products, rows1, weight, rows2).reshape(shape)
    return result if bias is None else result + bias


# Products of vectors


@composite(aliases=("ger",))
def outer(input: Tensor, vec2: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Each element of one vector times each of another: (n) and (m) give (n, m).

    >>> import adjoint as torch
    >>> torch.outer(torch.tensor([1., 2.]), torch.tensor([3., 4.]))
    tensor([[3., 4.],
            [6., 8.]])
    """
    for name, vec in (("self", input), ("vec2", vec2)):
        if vec._array.ndim != 1:
            raise RuntimeError(f"outer: Expected 1-D argument {name}, but got {vec._array.ndim}-D")
    return mul.function(input.reshape(-1, 1), vec2, out=out)


@composite(out=refused("tensordot: Expected the output tensor to have dtype {Result}, but got an output tensor with dtype {Out}"))
def inner(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The sum of products over the last dimensions of both.

    >>> import adjoint as torch
    >>> torch.inner(torch.tensor([1., 2.]), torch.tensor([3., 4.]))
    tensor(11.)
    """
    if not input._array.ndim or not other._array.ndim:
        return mul.function(input, other, out=out)
    if input._array.shape[-1] != other._array.shape[-1]:
        raise RuntimeError(
            "inner() the last dimension must match on both input tensors but got shapes "
            f"{list(input.shape)} and {list(other.shape)}"
        )
    from adjoint.ops.einsum import tensordot

    return written(tensordot(input, other, ([-1], [-1])), out, "inner")


@composite
def kron(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The Kronecker product.

    >>> import adjoint as torch
    >>> torch.kron(torch.tensor([1, 2]), torch.tensor([1, 1]))
    tensor([1, 1, 2, 2])
    """
    n = max(input.ndim, other.ndim)
    a = (1,) * (n - input.ndim) + tuple(input._array.shape)
    b = (1,) * (n - other.ndim) + tuple(other._array.shape)
    left = input.reshape([size for pair in zip(a, (1,) * n) for size in pair])
    right = other.reshape([size for pair in zip((1,) * n, b) for size in pair])
    return written(_unsafe_view.function(left * right, tuple(x * y for x, y in zip(a, b))), out, "kron")


@composite(out=refused("multi_dot(): expected out tensor to have dtype {result} but got {out}"), where="linalg", name="multi_dot")
def multi_dot(tensors: Any, *, out: Tensor | None = None) -> Tensor:
    """The product of matrices, in the order that needs the least arithmetic; the first and the last may be vectors.

    Raises RuntimeError for fewer than two tensors.
    """
    tensors = list(tensors)
    if len(tensors) < 2:
        raise RuntimeError(f"multi_dot(): expected at least 2 tensors but got {len(tensors)}")
    shape = [] if tensors[0].ndim == 1 else [tensors[0]._array.shape[0]]
    shape += [] if tensors[-1].ndim == 1 else [tensors[-1]._array.shape[1]]
    if tensors[0].ndim == 1:
        tensors[0] = tensors[0].unsqueeze(0)
    if tensors[-1].ndim == 1:
        tensors[-1] = tensors[-1].unsqueeze(1)
    for i, t in enumerate(tensors):
        if t.ndim != 2:
            raise RuntimeError(f"multi_dot(): tensor {i} must be 2D but got {t.ndim}D")
    return written(_product_in_best_order(tensors).view(shape), out, "multi_dot")


def _product_in_best_order(tensors: list[Tensor]) -> Tensor:
    n = len(tensors)
    if n == 1:
        return tensors[0]
    sizes = [t._array.shape[0] for t in tensors] + [tensors[-1]._array.shape[1]]
    cost = [[0] * n for _ in range(n)]
    split = [[0] * n for _ in range(n)]
    for length in range(1, n):
        for i in range(n - length):
            j = i + length
            cost[i][j], split[i][j] = min(
                (cost[i][k] + cost[k + 1][j] + sizes[i] * sizes[k + 1] * sizes[j + 1], k) for k in range(i, j)
            )

    def product(i: int, j: int) -> Tensor:
        return tensors[i] if i == j else mm.function(product(i, split[i][j]), product(split[i][j] + 1, j))

    return product(0, n - 1)


@composite(where="torch")
def chain_matmul(*matrices: Tensor, out: Tensor | None = None) -> Tensor:
    """The product of matrices, in the order that needs the least arithmetic.  Deprecated: it is :func:`adjoint.linalg.multi_dot`."""
    warn_once(
        "chain_matmul",
        "torch.chain_matmul is deprecated and will be removed in a future PyTorch release. Use torch.linalg.multi_dot instead, "
        "which accepts a list of two or more tensors rather than multiple parameters.",
    )
    given = list(matrices[0]) if len(matrices) == 1 and not isinstance(matrices[0], Tensor) else list(matrices)
    return written(given[0] if len(given) == 1 else multi_dot(given), out, "chain_matmul")

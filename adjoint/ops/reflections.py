"""Householder reflections: the factorization that they are, and products with the orthogonal matrix that they make.

Column i of ``input`` holds, below its diagonal, the vector v of the i-th reflection ``I - tau v v^H``; what stands at the
diagonal and above it is not looked at, v has a one and zeros there.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from adjoint.declare import op
from adjoint.declare.arranging import UNORDERED
from adjoint.declare.outs import safely
from adjoint.ops.arrays import Array, conj, in_columns
from adjoint.ops.products import adjoint_of
from adjoint.ops.unsupported import type_name, unsupported


def _vectors(input: Any) -> Any:
    """The vectors as columns."""
    m, n = input.shape[-2:]
    return np.tril(input, -1) + np.eye(m, n, dtype=input.dtype)


def _column(x: Any, i: int) -> Any:
    return x[..., i : i + 1]


def _reflections(tau: Any, adjoint: bool) -> list[tuple[int, Any]]:
    """Which reflections are applied, one after the other, and by how much."""
    count = tau.shape[-1]
    if adjoint:
        return [(i, conj(_column(tau, i))[..., None]) for i in range(count)]
    return [(i, _column(tau, i)[..., None]) for i in reversed(range(count))]


def _applied(V: Any, tau: Any, x: Any, adjoint: bool) -> list[Any]:
    """``Q x``, or ``Q^H x``, and what it is before each of the reflections."""
    steps = [x]
    for i, t in _reflections(tau, adjoint):
        v = _column(V, i)
        steps.append(steps[-1] - t * np.matmul(v, np.matmul(adjoint_of(v), steps[-1])))
    return steps


def _applied_gradients(g: Any, V: Any, tau: Any, x: Any, adjoint: bool) -> tuple[Any, Any, Any]:
    """Of ``Q x`` with respect to the vectors, the factors and ``x``: back through one reflection after the other."""
    steps = _applied(V, tau, x, adjoint)[:-1]
    count = tau.shape[-1]
    of_vectors: dict[int, Any] = {}
    of_factors: dict[int, Any] = {}
    for (i, t), x in zip(reversed(_reflections(tau, adjoint)), reversed(steps)):
        v = _column(V, i)
        across, back = np.matmul(adjoint_of(v), x), np.matmul(adjoint_of(v), g)
        factor = -np.matmul(back, adjoint_of(across))[..., 0]
        of_factors[i] = conj(factor) if adjoint else factor
        of_vectors[i] = -(np.matmul(g, adjoint_of(across)) * conj(t) + np.matmul(x, adjoint_of(back)) * t)
        g = g - conj(t) * np.matmul(v, back)
    vectors = np.concatenate([of_vectors[i] for i in range(count)], V.ndim - 1) if count else V[..., :0]
    factors = np.concatenate([of_factors[i] for i in range(count)], tau.ndim - 1) if count else tau
    return vectors, factors, g


def _as_input(vectors: Any, input: Any) -> Any:
    """The gradient of vectors as that of the matrix that holds them: of its columns behind them none."""
    below = np.tril(vectors, -1)
    missing = input.shape[-1] - vectors.shape[-1]
    return np.concatenate([below, np.zeros_like(input[..., :missing])], below.ndim - 1) if missing else below


def _first_columns(m: int, n: int, like: Any) -> Any:
    return np.eye(m, n, dtype=like.dtype) + np.zeros_like(like[..., :1, :1])


# Products


def _householder_product(input: Array, tau: Array):
    name = "torch.linalg.householder_product"
    if input.ndim < 2:
        raise RuntimeError(f"{name}: input must have at least 2 dimensions.")
    if input.shape[-2] < input.shape[-1]:
        raise RuntimeError(f"{name}: input.shape[-2] must be greater than or equal to input.shape[-1]")
    if input.shape[-1] < tau.shape[-1]:
        raise RuntimeError(f"{name}: input.shape[-1] must be greater than or equal to tau.shape[-1]")
    if input.ndim - tau.ndim != 1:
        raise RuntimeError(
            f"{name}: Expected tau to have one dimension less than input, but got tau.ndim equal to {tau.ndim} and input.ndim "
            f"is equal to {input.ndim}"
        )
    if input.shape[:-2] != tau.shape[:-1]:
        raise RuntimeError(
            f"{name}: Expected batch of matrices and tau to have the same shapes, but got {list(input.shape)} and {list(tau.shape)}"
        )
    if tau.dtype != input.dtype:
        raise RuntimeError(f"{name}: tau dtype {type_name(tau)} does not match input dtype {type_name(input)}")
    if input.dtype.kind in "iub" or input.dtype.itemsize == 2:
        unsupported("orgqr_cpu", input)
    return in_columns(_applied(_vectors(input), tau, _first_columns(*input.shape[-2:], input), False)[-1])


def _householder_gradients(g, input, tau):
    vectors, factors, _ = _applied_gradients(g, _vectors(input), tau, _first_columns(*input.shape[-2:], input), False)
    return _as_input(vectors, input), factors


_READS = "back through one reflection after the other"
householder_product = op(
    "linalg_householder_product", _householder_product, where="", lies=UNORDERED, fused=False,
    gradients={"input tau": _householder_gradients}, reads={"input": _READS, "tau": _READS},
)  # fmt: skip


def _ormqr(input: Array, tau: Array, other: Array, left=True, transpose=False):
    name = "torch.ormqr"
    side = "other.shape[-2]" if left else "other.shape[-1]"
    if input.ndim < 2:
        raise RuntimeError(f"{name}: input must have at least 2 dimensions.")
    if other.ndim < 2:
        raise RuntimeError(f"{name}: other must have at least 2 dimensions.")
    size = other.shape[-2 if left else -1]
    if size != input.shape[-2]:
        raise RuntimeError(f"{name}: {side} must be equal to input.shape[-2]")
    if tau.shape[-1] != min(size, input.shape[-1]):
        raise RuntimeError(f"{name}: tau.shape[-1] must be equal to min({side}, input.shape[-1])")
    for given, array in (("tau", tau), ("other", other)):
        if array.dtype != input.dtype:
            raise RuntimeError(
                f"{name}: Expected input and {given} to have the same dtype, but input has dtype{type_name(input)} and {given} "
                f"has dtype {type_name(array)}"
            )
    if input.dtype.kind in "iub" or input.dtype.itemsize == 2:
        unsupported("ormqr_cpu", input)
    V = _vectors(input)
    if left:
        return in_columns(_applied(V, tau, other, transpose)[-1])
    return in_columns(adjoint_of(_applied(V, tau, adjoint_of(other), not transpose)[-1]))  # x Q is (Q^H x^H)^H


def _ormqr_gradients(g, input, tau, other, left, transpose):
    V = _vectors(input)
    if left:
        vectors, factors, back = _applied_gradients(g, V, tau, other, transpose)
    else:
        vectors, factors, back = _applied_gradients(adjoint_of(g), V, tau, adjoint_of(other), not transpose)
        back = adjoint_of(back)
    return _as_input(vectors, input), factors, back


op(
    "ormqr", _ormqr, lies=UNORDERED, fused=False, gradients={"input tau other": _ormqr_gradients},
    reads={"input": _READS, "tau": _READS, "other": "the product of the adjoint matrix with g"},
    doc="The product of ``other`` with the orthogonal matrix Q that ``geqrf`` packs into ``input`` and ``tau``: ``Q other``, or "
    "``other Q`` where not ``left``; of its adjoint with ``transpose``.",
)  # fmt: skip


# The factorization


def _geqrf(self: Array):
    from scipy.linalg import get_lapack_funcs

    if self.ndim < 2:
        raise RuntimeError("torch.geqrf: input must have at least 2 dimensions.")
    if self.dtype.kind in "iub" or self.dtype.itemsize == 2:
        unsupported("geqrf_cpu", self)
    packed = np.array(self)
    tau = np.zeros((*self.shape[:-2], min(self.shape[-2:])), self.dtype)
    if self.size:
        (geqrf,) = get_lapack_funcs(("geqrf",), (packed,))
        for place in np.ndindex(self.shape[:-2]):
            packed[place], tau[place], _, _ = geqrf(packed[place])
    return in_columns(packed), tau


def _no_geqrf_derivative():
    raise NotImplementedError("the derivative for 'geqrf' is not implemented.")


op(
    "geqrf", _geqrf, out=safely("torch.geqrf", "a", "tau"), outputs=("a", "tau"), self=lambda gs: _no_geqrf_derivative(),
    doc="The QR factorization as LAPACK packs it: R in the upper triangle, below it the vectors of the reflections whose product "
    "Q is, and their factors.  ``torch.linalg.qr`` returns Q and R.",
)  # fmt: skip

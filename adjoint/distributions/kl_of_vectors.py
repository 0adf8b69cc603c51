"""Divergences between normal distributions of vectors."""

from __future__ import annotations

from typing import Any

import adjoint
from adjoint.distributions.kl import register_kl
from adjoint.distributions.lowrank_multivariate_normal import (
    LowRankMultivariateNormal,
    _batch_lowrank_logdet,
    _batch_lowrank_mahalanobis,
)
from adjoint.distributions.multivariate_normal import MultivariateNormal, _batch_mahalanobis
from adjoint.tensor import Tensor


def _batch_trace_XXT(bmat: Tensor) -> Tensor:
    """The traces of ``X X^T``."""
    n, m = bmat.size(-1), bmat.size(-2)
    return bmat.reshape(-1, m * n).pow(2).sum(-1).reshape(bmat.shape[:-2])


def _check_events(p: Any, q: Any, said: str) -> None:
    if p.event_shape != q.event_shape:
        raise ValueError(
            f"KL-divergence between two {said} with                          different event shapes cannot be computed"
        )


def _half_log_det(d: Any) -> Tensor:
    return d._unbroadcasted_scale_tril.diagonal(dim1=-2, dim2=-1).log().sum(-1)  # type: ignore[no-any-return]


def _lowrank_log_det(d: Any) -> Tensor:
    return _batch_lowrank_logdet(d._unbroadcasted_cov_factor, d._unbroadcasted_cov_diag, d._capacitance_tril)


def _lowrank_distance(p: Any, q: Any) -> Tensor:
    """The square of the distance between the means, as the covariance of ``q``, of low rank, measures it."""
    return _batch_lowrank_mahalanobis(
        q._unbroadcasted_cov_factor, q._unbroadcasted_cov_diag, q.loc - p.loc, q._capacitance_tril
    )


def _lowrank_whitening(q: Any) -> Tensor:
    """``A`` of ``Σ^-1 = D^-1 - A^T A``, for a covariance ``Σ`` of low rank."""
    scaled = q._unbroadcasted_cov_factor.mT / q._unbroadcasted_cov_diag.unsqueeze(-2)
    return adjoint.linalg.solve_triangular(q._capacitance_tril, scaled, upper=False)


@register_kl(MultivariateNormal, MultivariateNormal)
def _full_full(p: Any, q: Any) -> Tensor:
    _check_events(p, q, "Multivariate Normals")
    n = p.event_shape[0]
    half_log_dets = _half_log_det(q) - _half_log_det(p)
    trace = _whitened_trace(q._unbroadcasted_scale_tril, p._unbroadcasted_scale_tril)
    distance = _batch_mahalanobis(q._unbroadcasted_scale_tril, q.loc - p.loc)
    return half_log_dets + 0.5 * (trace + distance - n)


@register_kl(LowRankMultivariateNormal, LowRankMultivariateNormal)
def _lowrank_lowrank(p: Any, q: Any) -> Tensor:
    _check_events(p, q, "Low Rank Multivariate Normals")
    log_dets = _lowrank_log_det(q) - _lowrank_log_det(p)
    A = _lowrank_whitening(q)
    trace = (
        (p._unbroadcasted_cov_diag / q._unbroadcasted_cov_diag).sum(-1)
        + _batch_trace_XXT(p._unbroadcasted_cov_factor * q._unbroadcasted_cov_diag.rsqrt().unsqueeze(-1))
        - _batch_trace_XXT(A * p._unbroadcasted_cov_diag.sqrt().unsqueeze(-2))
        - _batch_trace_XXT(A.matmul(p._unbroadcasted_cov_factor))
    )
    return 0.5 * (log_dets + trace + _lowrank_distance(p, q) - p.event_shape[0])


@register_kl(MultivariateNormal, LowRankMultivariateNormal)
def _full_lowrank(p: Any, q: Any) -> Tensor:
    _check_events(p, q, "(Low Rank) Multivariate Normals")
    log_dets = _lowrank_log_det(q) - 2 * _half_log_det(p)
    factor = p._unbroadcasted_scale_tril
    trace = _batch_trace_XXT(factor * q._unbroadcasted_cov_diag.rsqrt().unsqueeze(-1)) - _batch_trace_XXT(
        _lowrank_whitening(q).matmul(factor)
    )
    return 0.5 * (log_dets + trace + _lowrank_distance(p, q) - p.event_shape[0])


@register_kl(LowRankMultivariateNormal, MultivariateNormal)
def _lowrank_full(p: Any, q: Any) -> Tensor:
    _check_events(p, q, "(Low Rank) Multivariate Normals")
    log_dets = 2 * _half_log_det(q) - _lowrank_log_det(p)
    distance = _batch_mahalanobis(q._unbroadcasted_scale_tril, q.loc - p.loc)
    factor = q._unbroadcasted_scale_tril
    trace = _whitened_trace(factor, p._unbroadcasted_cov_factor)
    trace = trace + _whitened_trace(factor, p._unbroadcasted_cov_diag.sqrt().diag_embed())
    return 0.5 * (log_dets + trace + distance - p.event_shape[0])


def _whitened_trace(L: Tensor, X: Tensor) -> Tensor:
    """The trace of ``(L L^T)^-1 X X^T``, for batches that broadcast."""
    shape = adjoint.broadcast_shapes(L.shape[:-2], X.shape[:-2])
    solved = adjoint.linalg.solve_triangular(
        L.expand(*shape, *L.shape[-2:]), X.expand(*shape, *X.shape[-2:]), upper=False
    )
    return _batch_trace_XXT(solved)

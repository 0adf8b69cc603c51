"""Casting: operators that compute in another precision while autocast is on.

Which operators do, and in which, is a table (:data:`CASTS`), as PyTorch's on the CPU.  Rows of the tables are seen by an
interceptor; functions made of other operators, whose whole is in the table, by the guards around them (:func:`call`).  What
runs inside of an operator of the table runs as it is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from adjoint import dtypes
from adjoint.autograd.grad_mode import mode
from adjoint.autograd.interception import intercept
from adjoint.tensor import Tensor
from adjoint.thread_state import Switch, declare

LOWER, FULL, WIDEST, ASIDE = "lower", "full", "widest", "aside"

_TABLE = {
    # In the lower precision: products, in which most of the time goes.
    LOWER: """
        addbmm addmm baddbmm bmm conv1d conv2d conv3d conv_tbc conv_transpose1d conv_transpose2d conv_transpose3d convolution
        __matmul__ __rmatmul__ linalg_vecdot linear matmul mm prelu scaled_dot_product_attention
    """,
    # In float32: what loses too much, and what PyTorch has no kernels of for halves.
    FULL: """
        adaptive_avg_pool3d adaptive_max_pool3d avg_pool3d binary_cross_entropy binary_cross_entropy_with_logits cdist cholesky
        cholesky_inverse cholesky_solve cosine_embedding_loss cross_entropy ctc_loss fft_fft fft_fft2 fft_fftn fft_hfft fft_ifft
        fft_ifft2 fft_ifftn fft_ihfft fft_irfft fft_irfft2 fft_irfftn fft_rfft fft_rfft2 fft_rfftn fractional_max_pool2d
        fractional_max_pool3d geqrf grid_sample grid_sampler hinge_embedding_loss huber_loss inverse kl_div l1_loss
        linalg_cholesky linalg_cholesky_ex linalg_cond linalg_eig linalg_eigh linalg_eigvals linalg_eigvalsh
        linalg_householder_product linalg_inv linalg_inv_ex linalg_lstsq linalg_matrix_rank linalg_qr linalg_solve linalg_svd
        linalg_svdvals linalg_tensorinv linalg_tensorsolve lu_solve margin_ranking_loss max_pool3d max_unpool2d max_unpool3d
        mse_loss multi_margin_loss multilabel_margin_loss nanquantile nll_loss nll_loss2d orgqr ormqr pinverse poisson_nll_loss
        polar prod qr quantile reflection_pad1d reflection_pad2d replication_pad1d replication_pad2d replication_pad3d
        smooth_l1_loss soft_margin_loss stft svd trace triangular_solve triplet_margin_loss view_as_complex
    """,
    # In the widest precision of their operands.
    WIDEST: "cat index_copy stack",
    # As they are: here they are made of products, in PyTorch they are operators of their own.
    ASIDE: "bilinear outer kron",
}
CASTS: dict[str, str] = {name: kind for kind, names in _TABLE.items() for name in names.split()}
"""By the name of an operator: the precision that it computes in."""

DEVICES = frozenset({"cpu", "cuda", "mtia", "maia", "xpu", "ipu", "hpu", "xla", "privateuseone", "mps"})
"""The kinds of devices that PyTorch knows autocast for."""


class Autocast(NamedTuple):
    """What a thread has switched; replaced and never changed, but for the cache, which only remembers."""

    enabled: frozenset[str]
    lower: dict[str, Any]  # by the kind of device: the lower precision
    caches: bool
    nesting: int
    cache: dict[Any, tuple[Tensor, Tensor]]  # by tensor and dtype: the tensor, and what it was cast to

    def with_enabled(self, device: str, enabled: bool) -> Autocast:
        """The same, switched on or off for a device."""
        return self._replace(enabled=self.enabled | {device} if enabled else self.enabled - {device})

    def with_dtype(self, device: str, dtype: Any) -> Autocast:
        """The same with another lower precision for a device."""
        return self._replace(lower={**self.lower, device: dtype})

    def nested(self, by: int) -> Autocast:
        """The same, in so many contexts more; the outermost begins with an empty cache, which ends with it."""
        nesting = self.nesting + by
        return self._replace(nesting=nesting, cache=self.cache if self.nesting and nesting else {})


_LOWER: dict[str, Any] = dict.fromkeys(DEVICES, dtypes.float16) | {"cpu": dtypes.bfloat16, "xla": dtypes.bfloat16}
_thread = declare(autocast=Autocast(frozenset(), _LOWER, True, 0, {}), inside_a_cast=False)


def current() -> Autocast:
    """What this thread has switched."""
    return _thread.autocast  # type: ignore[no-any-return]


def switch(to: Autocast) -> None:
    """Switch this thread."""
    before = _thread.autocast.enabled
    _thread.autocast = to
    if ("cpu" in to.enabled) != ("cpu" in before):
        (intercept.add if "cpu" in to.enabled else intercept.remove)(_operator)


class again(Switch):
    """Inside, it is as it was when something ran that is run once more."""

    fields = ("autocast", "inside_a_cast", "interceptors")

    def __init__(self, state: Autocast) -> None:
        self.state = state

    def switch(self) -> None:
        """Switch it."""
        _thread.inside_a_cast = False
        switch(self.state._replace(cache={}))


def lowered(*tensors: Tensor | None) -> tuple[Any, ...]:
    """The tensors, cast to the lower precision if autocast is on and nothing around has cast its own."""
    if _thread.inside_a_cast or "cpu" not in _thread.autocast.enabled:
        return tensors
    return _all_cast(LOWER, tensors)


def _operator(operator: Any, run: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """A row of the tables, its operands cast if they are to be."""
    kind = CASTS.get(operator.name)
    if kind is None or kind is ASIDE or _thread.inside_a_cast:
        return run(*args, **kwargs)
    return run(*_all_cast(kind, args), **kwargs)


def call(name: str, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """A function of the table that is made of other operators, its operands cast if they are to be."""
    thread = _thread
    if thread.inside_a_cast or "cpu" not in thread.autocast.enabled:
        return function(*args, **kwargs)
    kind = CASTS[name]
    if kind is not ASIDE:
        names = list(kwargs)
        cast = _all_cast(kind, (*args, *kwargs.values()))
        args, kwargs = cast[: len(args)], dict(zip(names, cast[len(args) :]))
    try:
        thread.inside_a_cast = True
        result = function(*args, **kwargs)
        thread.inside_a_cast = False
        return result
    except BaseException:
        thread.inside_a_cast = False
        raise


def _all_cast(kind: str, values: tuple[Any, ...]) -> tuple[Any, ...]:
    """An operator's arguments, those that are tensors, or lists of them, cast."""
    to = _thread.autocast.lower["cpu"] if kind is LOWER else dtypes.float32 if kind is FULL else _widest(values)
    return tuple(
        [
            cast(v, to)
            if isinstance(v, Tensor)
            else type(v)([cast(x, to) if isinstance(x, Tensor) else x for x in v])
            if v.__class__ in (list, tuple)
            else v
            for v in values
        ]
    )


def _widest(values: tuple[Any, ...]) -> Any:
    lower = found = _thread.autocast.lower["cpu"]
    for value in values:
        for tensor in value if value.__class__ in (list, tuple) else (value,):
            if _is_eligible(tensor) and tensor.dtype is not dtypes.float32:
                if tensor.dtype is not lower:
                    raise RuntimeError("Unexpected floating ScalarType in at::autocast::prioritize")
            elif _is_eligible(tensor):
                found = dtypes.float32
    return found


def _is_eligible(value: Any) -> bool:
    return (
        isinstance(value, Tensor)
        and value.dtype.is_floating_point
        and value.dtype is not dtypes.float64
        and value.device.type == "cpu"
    )


def cast(tensor: Tensor, to: Any) -> Tensor:
    """A tensor in another precision, float64 and what is no floating-point number as it is.

    Of a leaf that requires grad, a weight, the lower precision is remembered while autocast is on: it is cast once.
    """
    if not _is_eligible(tensor) or tensor.dtype is to:
        return tensor
    state = _thread.autocast
    remembered = (
        state.caches
        and tensor.dtype is dtypes.float32
        and to is state.lower["cpu"]
        and mode.enabled
        and tensor.requires_grad
        and tensor.is_leaf
        and tensor._view is None
    )
    if not remembered:
        return tensor.to(to)  # type: ignore[no-any-return]
    found = state.cache.get((id(tensor), to))
    if found is None:
        found = state.cache[id(tensor), to] = tensor, tensor.to(to)
    return found[1]

"""``torch._C._functorch``: what programs ask of a tensor inside of a transform, and two moves of dimensions."""

from __future__ import annotations

from adjoint.autograd.grad_mode import mode
from adjoint.declare.namespaces import lookup
from adjoint.func.levels import unwrapped, wrapper_of
from adjoint.tensor import Tensor

__all__ = [
    "current_level",
    "get_unwrapped",
    "is_batchedtensor",
    "is_functionaltensor",
    "is_functorch_wrapped_tensor",
    "is_gradtrackingtensor",
    "maybe_current_level",
    "maybe_get_bdim",
    "maybe_get_level",
    "reshape_dim_into",
    "reshape_dim_outof",
    "unwrap_if_dead",
]


def is_batchedtensor(tensor: Tensor) -> bool:
    """Whether a tensor stands for the samples of a vmap, and no function inside of it that is differentiated made it."""
    wrapper = wrapper_of(tensor)
    return wrapper is not None and wrapper.dim is not None


def is_gradtrackingtensor(tensor: Tensor) -> bool:
    """Whether a tensor belongs to a function that is differentiated, and no vmap's samples differ in it further inside."""
    wrapper = wrapper_of(tensor)
    return wrapper is not None and wrapper.dim is None


def is_functorch_wrapped_tensor(tensor: Tensor) -> bool:
    """Whether a tensor belongs to a transform that is being computed."""
    return wrapper_of(tensor) is not None


def is_functionaltensor(tensor: Tensor) -> bool:
    """False: ``functionalize`` leaves tensors as they are."""
    return False


def maybe_get_bdim(tensor: Tensor) -> int:
    """Which dimension of :func:`get_unwrapped` has the samples; -1 where there are none."""
    wrapper = wrapper_of(tensor)
    return -1 if wrapper is None or wrapper.dim is None else wrapper.dim


def maybe_get_level(tensor: Tensor) -> int:
    """The number of the innermost transform that a tensor belongs to, the outermost being 1; -1 for none."""
    wrapper = wrapper_of(tensor)
    return -1 if wrapper is None else wrapper.level


def maybe_current_level() -> int | None:
    """How many transforms are being computed; None outside of them."""
    return len(mode.within) or None


def current_level() -> int:
    """How many transforms are being computed.  Raises RuntimeError outside of them."""
    if not mode.within:
        raise RuntimeError("maybe_layer.has_value() INTERNAL ASSERT FAILED: no transform is being computed")
    return len(mode.within)


def get_unwrapped(tensor: Tensor) -> Tensor:
    """The tensor as it is known one transform further out, with all samples of a vmap.  Raises RuntimeError for one that belongs to
    none."""
    wrapper = wrapper_of(tensor)
    if wrapper is None:
        raise RuntimeError("No wrappers present!")
    return unwrapped(tensor, wrapper)


def unwrap_if_dead(tensor: Tensor) -> Tensor:
    """The tensor itself: it belongs to no transform that is over."""
    return tensor


def reshape_dim_into(src: int, dst: int, x: Tensor) -> Tensor:
    """The tensor with its dimension ``src`` merged into that which is ``dst`` among the others, as the outer part of it."""
    src %= x.ndim
    dst %= x.ndim - 1
    moved = lookup("torch", "movedim")(x, src, dst)
    shape = [*moved.shape[:dst], moved.shape[dst] * moved.shape[dst + 1], *moved.shape[dst + 2 :]]
    return lookup("torch", "reshape")(moved, shape)  # type: ignore[no-any-return]


def reshape_dim_outof(src: int, size1: int, x: Tensor) -> Tensor:
    """The tensor with its dimension ``src`` divided into one of ``size1`` and one of what is left.

    Raises RuntimeError if ``size1`` does not divide it.
    """
    src %= x.ndim
    if x.shape[src] % size1:
        raise RuntimeError(f"reshape_dim_outof: {size1} does not divide the dimension's size {x.shape[src]}")
    shape = [*x.shape[:src], size1, x.shape[src] // size1, *x.shape[src + 1 :]]
    return lookup("torch", "reshape")(x, shape)  # type: ignore[no-any-return]

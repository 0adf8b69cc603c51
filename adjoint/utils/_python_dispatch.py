"""``torch.utils._python_dispatch``: its questions, answered.  Nothing sees operators below autograd here."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from adjoint.names import list_names
from adjoint.tensor import Tensor


class TorchDispatchMode:
    """A mode that would see every operator below autograd.  It can be made, and refuses to be entered.

    For functions as users call them, and what makes tensors, see :class:`adjoint.overrides.TorchFunctionMode`.
    """

    supports_higher_order_operators = False

    def __init__(self, _dispatch_key: Any = None) -> None:
        self._dispatch_key = _dispatch_key

    def __torch_dispatch__(self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None) -> Any:
        raise NotImplementedError

    def __enter__(self) -> Any:
        raise NotImplementedError(
            f"{type(self).__name__} would see operators below autograd, which Adjoint does not call one by one; a "
            "torch.overrides.TorchFunctionMode sees functions as they are called, torch.utils.flop_counter.FlopCounterMode "
            "counts, torch.profiler measures"
        )

    def __exit__(self, *exc: object) -> None:
        pass

    @classmethod
    def push(cls, *args: Any, **kwargs: Any) -> Any:
        """A mode of this class."""
        return cls(*args, **kwargs)

    @classmethod
    def is_infra_mode(cls) -> bool:
        """Whether the mode is one of PyTorch's compiler."""
        return False


class BaseTorchDispatchMode(TorchDispatchMode):
    """A mode that calls every operator as it is."""

    def __torch_dispatch__(self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None) -> Any:
        return func(*args, **(kwargs or {}))


def _get_current_dispatch_mode() -> None:
    """The innermost mode that is on: none can be."""
    return None


def _get_current_dispatch_mode_stack() -> list[Any]:
    """The modes that are on: none can be."""
    return []


def _len_torch_dispatch_stack() -> int:
    return 0


def is_in_torch_dispatch_mode(include_infra_modes: bool = True) -> bool:
    """Whether a mode is on: none can be."""
    return False


def is_in_any_mode_without_ignore_compile_internals() -> bool:
    """Whether a mode is on that PyTorch's compiler has to mind: none can be."""
    return False


any_torch_dispatch_mode_on_stack = is_in_torch_dispatch_mode


@contextmanager
def _disable_current_modes() -> Iterator[list[Any]]:
    """Inside, no mode is on, as outside."""
    yield []


@contextmanager
def _pop_mode_temporarily(k: Any = None) -> Iterator[None]:
    raise AssertionError("no torch dispatch mode is on")
    yield


def is_traceable_wrapper_subclass(t: Any) -> bool:
    """Whether something is an instance of a class that holds other tensors and says which (``__tensor_flatten__``).

    >>> import adjoint as torch
    >>> torch.utils._python_dispatch.is_traceable_wrapper_subclass(torch.ones(1))
    False
    """
    return is_traceable_wrapper_subclass_type(type(t))


def is_traceable_wrapper_subclass_type(t: type) -> bool:
    """Whether a class of tensors is one of these."""
    return issubclass(t, Tensor) and t is not Tensor and hasattr(t, "__tensor_flatten__") and hasattr(t, "__tensor_unflatten__")


def transform_subclass(t: Any, callback: Any, outer_size: Any = None, outer_stride: Any = None) -> Any:
    """An instance of such a class with ``callback(name, tensor)`` in the place of each tensor that it holds.

    Raises RuntimeError where the sizes or strides of what results are not those of ``t``, or those given.
    """
    size = outer_size if outer_size is not None else t.size()
    stride = outer_stride if outer_stride is not None else t.stride()
    names, context = t.__tensor_flatten__()
    made = type(t).__tensor_unflatten__({name: callback(name, getattr(t, name)) for name in names}, context, size, stride)
    if made.shape != size:
        raise RuntimeError(
            f"Expected return value from {type(t)}__tensor_unflatten__() to have shape equal to {size}, but got: {made.shape}"
        )
    if made.stride() != tuple(stride):
        raise RuntimeError(
            f"Expected return value from {type(t)}__tensor_unflatten__() to have stride equal to {stride}, but got: {made.stride()}"
        )
    return made


def return_and_correct_aliasing(func: Any, args: Any, kwargs: Any, out: Any) -> Any:
    """Refused: it is part of a ``__torch_dispatch__``, which nothing calls."""
    raise NotImplementedError("return_and_correct_aliasing: Adjoint has no __torch_dispatch__, in which it would be called")


list_names(__name__)

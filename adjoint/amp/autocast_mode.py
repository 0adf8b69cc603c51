"""autocast: a context in which products run in a lower precision, and what is sensitive in float32."""

from __future__ import annotations

import copy
import functools
import warnings
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from adjoint import dtypes
from adjoint.autograd import casting
from adjoint.device import device as Device
from adjoint.names import list_names as _list_names
from adjoint.places import users_level
from adjoint.tensor import Tensor
from adjoint.thread_state import Switch, put_back, snapshot

_LOWER_PRECISIONS = (dtypes.bfloat16, dtypes.float16)


def is_autocast_available(device_type: str) -> bool:
    """Whether :class:`autocast` knows such devices, which need not be there."""
    return Device(device_type).type in casting.DEVICES


class autocast(Switch):
    """Inside, on this thread, matrix products and convolutions are computed in ``dtype`` (bfloat16 on the CPU if None), losses
    and decompositions in float32, whatever the floating-point dtype of their operands; float64 stays.

    Which operators do is PyTorch's list for the device (:data:`adjoint.autograd.casting.CASTS`).  A weight is cast once in an
    outermost context (``cache_enabled``).  Also a decorator.  ``enabled=False`` inside of another computes as usual.

    For a device that is not there it warns and does nothing, as for a dtype that is no lower precision.
    Raises RuntimeError for kinds of devices that have no autocast.

    >>> import adjoint as torch
    >>> a = torch.eye(2)
    >>> with torch.autocast("cpu"):
    ...     (a @ a).dtype, torch.nn.functional.mse_loss((a @ a), a).dtype
    (torch.bfloat16, torch.float32)
    """

    fields = ("autocast", "interceptors")

    def __init__(
        self,
        device_type: str,
        dtype: dtypes.dtype | None = None,
        enabled: bool = True,
        cache_enabled: bool | None = None,
    ) -> None:
        if not isinstance(device_type, str):
            raise ValueError(f"Expected `device_type` of type `str`, got: `{type(device_type)}`")
        kind = Device(device_type).type
        self.device = device_type
        self.fast_dtype = _lower(kind) if dtype is None else dtype
        if kind not in casting.DEVICES:
            raise RuntimeError(f"User specified an unsupported autocast device_type '{device_type}'")
        self._kind = kind
        self._cache_enabled = casting.current().caches if cache_enabled is None else cache_enabled
        if enabled and device_type == "cuda":
            warnings.warn(
                "CUDA is not available or torch_xla is imported. Disabling autocast.", UserWarning, stacklevel=users_level()
            )
            enabled = False
        elif enabled and self.fast_dtype not in _LOWER_PRECISIONS:
            name = device_type.upper()
            warnings.warn(
                f"In {name} autocast, but the target dtype is not supported. Disabling autocast.\n"
                f"{name} Autocast only supports dtypes of {', '.join(map(str, _LOWER_PRECISIONS))} currently.",
                UserWarning,
                stacklevel=users_level(),
            )
            enabled = False
        self._enabled = enabled

    def switch(self) -> None:
        """Switch this thread."""
        inside = casting.current().nested(1)._replace(caches=self._cache_enabled)
        casting.switch(inside.with_enabled(self._kind, self._enabled).with_dtype(self._kind, self.fast_dtype))

    def __enter__(self) -> autocast:
        before = snapshot()
        try:
            super().__enter__()
            return self
        except BaseException:
            put_back(before)
            raise

    def __call__(self, func: Callable[..., Any]) -> Callable[..., Any]:
        if not callable(func):
            raise TypeError(
                f"autocast()(func) requires a callable, but got {type(func).__name__}. Did you mean to use autocast as a "
                "context manager? For example:\n    with torch.autocast(device_type=...):\n        output = model(input)"
            )
        return autocast_decorator(self, func)


def autocast_decorator(autocast_instance: autocast, func: Callable[..., Any]) -> Callable[..., Any]:
    """``func`` inside of the context."""

    @functools.wraps(func)
    def inside(*args: Any, **kwargs: Any) -> Any:
        with copy.copy(autocast_instance):  # a function that calls itself enters it several times
            return func(*args, **kwargs)

    return inside


def _enter_autocast(*vals: Any) -> autocast:
    """Enter ``autocast(*vals)``, which :func:`_exit_autocast` leaves."""
    return autocast(*vals).__enter__()


def _exit_autocast(mode: autocast) -> None:
    """Leave what :func:`_enter_autocast` entered."""
    mode.__exit__(None, None, None)


def custom_fwd(
    fwd: Callable[..., Any] | None = None, *, device_type: str, cast_inputs: dtypes.dtype | None = None
) -> Callable[..., Any]:
    """A decorator for the forward of a :class:`~adjoint.autograd.Function`: what ``custom_bwd`` has to know is noted.

    With ``cast_inputs`` and autocast on, the floating-point inputs are cast to that dtype, and the forward runs with
    autocast off.

    >>> import adjoint as torch
    >>> class Double(torch.autograd.Function):
    ...     @staticmethod
    ...     @torch.amp.custom_fwd(device_type="cpu", cast_inputs=torch.float32)
    ...     def forward(ctx, x):
    ...         return x * 2
    ...     @staticmethod
    ...     @torch.amp.custom_bwd(device_type="cpu")
    ...     def backward(ctx, g):
    ...         return g * 2
    >>> with torch.autocast("cpu"):
    ...     Double.apply(torch.ones(1, dtype=torch.bfloat16)).dtype
    torch.float32
    """
    _check_type(device_type)
    if fwd is None:
        return functools.partial(custom_fwd, device_type=device_type, cast_inputs=cast_inputs)

    @functools.wraps(fwd)
    def decorated(*args: Any, **kwargs: Any) -> Any:
        ctx, on = args[0], _is_enabled(device_type)
        ctx._dtype = _lower(device_type)
        ctx._fwd_used_autocast = on and cast_inputs is None
        if cast_inputs is None or not on:
            return fwd(*args, **kwargs)
        with autocast(device_type, enabled=False):
            return fwd(*_cast(args, device_type, cast_inputs), **_cast(kwargs, device_type, cast_inputs))

    return decorated


def custom_bwd(bwd: Callable[..., Any] | None = None, *, device_type: str) -> Callable[..., Any]:
    """A decorator for the backward of a :class:`~adjoint.autograd.Function`: it runs with autocast as its forward did."""
    _check_type(device_type)
    if bwd is None:
        return functools.partial(custom_bwd, device_type=device_type)

    @functools.wraps(bwd)
    def decorated(*args: Any, **kwargs: Any) -> Any:
        with autocast(device_type, args[0]._dtype, args[0]._fwd_used_autocast):
            return bwd(*args, **kwargs)

    return decorated


def _check_type(device_type: Any) -> None:
    if not isinstance(device_type, str):
        raise ValueError(f"Expected `device_type` of type `str`, got: `{type(device_type)}`")


def _cast(value: Any, device_type: str, dtype: dtypes.dtype) -> Any:
    """Tensors of a device, also those in containers, in another floating-point dtype; float64 stays."""
    if isinstance(value, Tensor):
        here = value.is_floating_point() and value.dtype is not dtypes.float64 and value.device.type == device_type
        return value.to(dtype) if here else value
    if isinstance(value, (str, bytes, np.ndarray)):
        return value
    if isinstance(value, Mapping):
        return {_cast(k, device_type, dtype): _cast(v, device_type, dtype) for k, v in value.items()}
    if isinstance(value, Iterable):
        parts = (_cast(part, device_type, dtype) for part in value)
        return type(value)(parts) if isinstance(value, (list, tuple)) else parts  # type: ignore[call-arg]
    return value


def _is_enabled(device_type: str) -> bool:
    """Whether autocast is on in this thread for a kind of devices."""
    return _known(device_type) in casting.current().enabled


def _known(device_type: str) -> str:
    kind = Device(device_type).type
    if kind not in casting.DEVICES:
        raise RuntimeError("unknown device type for autocast in get_autocast_dispatch_key_from_device_type")
    return kind


def _lower(device_type: str) -> dtypes.dtype:
    """The lower precision of a kind of devices."""
    kind = Device(device_type).type
    if kind not in casting.DEVICES:
        raise RuntimeError("unsupported scalarType")
    return casting.current().lower[kind]  # type: ignore[no-any-return]


_list_names(__name__)

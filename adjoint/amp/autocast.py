"""autocast: a context in which operators would run in a lower precision."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from typing import Any

from adjoint import dtypes
from adjoint.declare import composite
from adjoint.device import device
from adjoint.places import users_level


class autocast:
    """A context manager and decorator for lower precision.

    Disabled (``enabled=False``) it does nothing; for a device that is not there it warns and does nothing.  Raises
    NotImplementedError for the CPU.

    >>> import adjoint as torch
    >>> with torch.autocast("cpu", enabled=False):
    ...     torch.ones(1) * 2
    tensor([2.])
    """

    def __init__(
        self,
        device_type: str,
        dtype: dtypes.dtype | None = None,
        enabled: bool = True,
        cache_enabled: bool | None = None,
    ) -> None:
        if not isinstance(device_type, str):
            raise ValueError(f"Expected `device_type` of type `str`, got: `{type(device_type)}`")
        self.device = device(device_type).type
        if enabled and self.device == "cuda":
            warnings.warn(
                "CUDA is not available or torch_xla is imported. Disabling autocast.", UserWarning, stacklevel=users_level()
            )
            enabled = False
        if enabled:
            raise NotImplementedError(
                f"autocast on {self.device!r} is not there yet: pass enabled=False to compute in full precision"
            )
        self._enabled = enabled
        self.fast_dtype = dtype or (dtypes.bfloat16 if self.device == "cpu" else dtypes.float16)

    def __enter__(self) -> autocast:
        return self

    def __exit__(self, *exc: object) -> None:
        pass

    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def inside(*args: Any, **kwargs: Any) -> Any:
            with self:
                return function(*args, **kwargs)

        return inside


composite(autocast, where="torch")


def is_autocast_available(device_type: str) -> bool:
    """Whether :class:`autocast` can be enabled for a device: no."""
    device(device_type)
    return False


@composite(where="torch")
def is_autocast_enabled(device_type: str = "cuda") -> bool:
    """False."""
    device(device_type)
    return False


@composite(where="torch")
def is_autocast_cpu_enabled() -> bool:
    """False.  Deprecated: ``torch.is_autocast_enabled("cpu")``."""
    warnings.warn(
        "torch.is_autocast_cpu_enabled() is deprecated. Please use torch.is_autocast_enabled('cpu') instead.",
        DeprecationWarning,
        stacklevel=users_level(),
    )
    return False


@composite(where="torch")
def get_autocast_dtype(device_type: str) -> dtypes.dtype:
    """The dtype that :class:`autocast` would use on a device."""
    return dtypes.bfloat16 if device(device_type).type == "cpu" else dtypes.float16

"""The functions of ``torch`` that ask and switch autocast piece by piece, for those who do not use the context."""

from __future__ import annotations

import warnings
from typing import Any

from adjoint import dtypes
from adjoint.amp.autocast_mode import _is_enabled, _known, _lower, autocast
from adjoint.autograd import casting
from adjoint.declare import composite
from adjoint.places import users_level

composite(autocast, where="torch")


@composite(where="torch")
def is_autocast_enabled(device_type: str = "cuda") -> bool:
    """Whether :class:`autocast` is on in this thread for a kind of devices."""
    return _is_enabled(device_type)


@composite(where="torch")
def set_autocast_enabled(device_type: Any, enabled: Any = None) -> None:
    """Switch autocast for a kind of devices (``"cuda"`` where none is named) in this thread."""
    if enabled is None:
        device_type, enabled = "cuda", device_type
    casting.switch(casting.current().with_enabled(_known(device_type), bool(enabled)))


@composite(where="torch")
def get_autocast_dtype(device_type: str) -> dtypes.dtype:
    """The lower precision of a kind of devices: bfloat16 on the CPU, float16 elsewhere, or what was set."""
    return _lower(device_type)


@composite(where="torch")
def set_autocast_dtype(device_type: str, dtype: dtypes.dtype) -> None:
    """Set the lower precision of a kind of devices in this thread."""
    casting.switch(casting.current().with_dtype(_known(device_type), dtype))


@composite(where="torch")
def is_autocast_cache_enabled() -> bool:
    """Whether weights are cast once, and remembered until the outermost context is left."""
    return casting.current().caches


@composite(where="torch")
def set_autocast_cache_enabled(enabled: bool) -> None:
    """Have weights be cast once, or each time."""
    casting.switch(casting.current()._replace(caches=enabled))


@composite(where="torch")
def clear_autocast_cache() -> None:
    """Forget what weights were cast to."""
    casting.switch(casting.current()._replace(cache={}))


@composite(where="torch")
def autocast_increment_nesting() -> int:
    """Be one context deeper; how deep that is."""
    casting.switch(casting.current().nested(1))
    return casting.current().nesting


@composite(where="torch")
def autocast_decrement_nesting() -> int:
    """Be one context less deep; how deep that is.  Outside of all, what weights were cast to is forgotten."""
    casting.switch(casting.current().nested(-1))
    return casting.current().nesting


# The older functions, each of one kind of devices.


def _deprecated(old: str, new: str) -> None:
    text = f"torch.{old} is deprecated. Please use torch.{new} instead."
    warnings.warn(text, DeprecationWarning, stacklevel=users_level())


@composite(where="torch")
def is_autocast_cpu_enabled() -> bool:
    """Deprecated: ``torch.is_autocast_enabled("cpu")``."""
    _deprecated("is_autocast_cpu_enabled()", "is_autocast_enabled('cpu')")
    return _is_enabled("cpu")


@composite(where="torch")
def set_autocast_cpu_enabled(enabled: bool) -> None:
    """Deprecated: ``torch.set_autocast_enabled("cpu", enabled)``."""
    _deprecated("set_autocast_cpu_enabled(enabled)", "set_autocast_enabled('cpu', enabled)")
    set_autocast_enabled("cpu", enabled)


@composite(where="torch")
def get_autocast_cpu_dtype() -> dtypes.dtype:
    """Deprecated: ``torch.get_autocast_dtype("cpu")``."""
    _deprecated("get_autocast_cpu_dtype()", "get_autocast_dtype('cpu')")
    return _lower("cpu")


@composite(where="torch")
def set_autocast_cpu_dtype(dtype: dtypes.dtype) -> None:
    """Deprecated: ``torch.set_autocast_dtype("cpu", dtype)``."""
    _deprecated("set_autocast_cpu_dtype(dtype)", "set_autocast_dtype('cpu', dtype)")
    set_autocast_dtype("cpu", dtype)


@composite(where="torch")
def get_autocast_gpu_dtype() -> dtypes.dtype:
    """Deprecated: ``torch.get_autocast_dtype("cuda")``."""
    _deprecated("get_autocast_gpu_dtype()", "get_autocast_dtype('cuda')")
    return _lower("cuda")


@composite(where="torch")
def set_autocast_gpu_dtype(dtype: dtypes.dtype) -> None:
    """Deprecated: ``torch.set_autocast_dtype("cuda", dtype)``."""
    _deprecated("set_autocast_gpu_dtype(dtype)", "set_autocast_dtype('cuda', dtype)")
    set_autocast_dtype("cuda", dtype)

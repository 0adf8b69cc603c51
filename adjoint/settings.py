"""Settings of the process that programs make for other machines' sake: precision and determinism.

Every operator of Adjoint is deterministic and multiplies matrices in full precision, so these only remember what
was asked for; none of them loosens anything.
"""

from __future__ import annotations

import warnings
from typing import Any

from adjoint.declare import composite
from adjoint.declare.arguments import wrong_argument
from adjoint.declare.once import is_warn_always_enabled, set_warn_always
from adjoint.places import users_level

_PRECISIONS = ("highest", "high", "medium")
_MODES = {"default": 0, "warn": 1, "error": 2}

_precision = "highest"
_deterministic = 0
_warn_only = False

composite(set_warn_always, where="torch")
composite(is_warn_always_enabled, where="torch")


@composite(where="torch")
def set_float32_matmul_precision(precision: str) -> None:
    """Allow ``float32`` matrix products a lower precision, ``"high"`` or ``"medium"``; they are always computed in full."""
    global _precision
    if precision not in _PRECISIONS:
        warnings.warn(
            f"{precision} is not one of 'highest', 'high', or 'medium'; the current"
            "setFloat32MatmulPrecision call has no effect.",
            UserWarning,
            stacklevel=users_level(),
        )
        return
    _precision = precision


@composite(where="torch")
def get_float32_matmul_precision() -> str:
    """What :func:`set_float32_matmul_precision` set; ``"highest"`` at first."""
    return _precision


@composite(where="torch")
def use_deterministic_algorithms(mode: bool, *, warn_only: bool = False) -> None:
    """Ask for deterministic algorithms; Adjoint has no others.

    >>> import adjoint as torch
    >>> torch.use_deterministic_algorithms(True); torch.are_deterministic_algorithms_enabled()
    True
    >>> torch.use_deterministic_algorithms(False)
    """
    global _deterministic, _warn_only
    if not isinstance(mode, bool):
        wrong_argument("_set_deterministic_algorithms", "mode", "bool", mode, 1)
    _deterministic = (1 if warn_only else 2) if mode else 0
    _warn_only = bool(warn_only)


@composite(where="torch")
def are_deterministic_algorithms_enabled() -> bool:
    """Whether deterministic algorithms were asked for."""
    return _deterministic > 0


@composite(where="torch")
def is_deterministic_algorithms_warn_only_enabled() -> bool:
    """Whether others should only warn."""
    return _warn_only


@composite(where="torch")
def set_deterministic_debug_mode(debug_mode: Any) -> None:
    """As :func:`use_deterministic_algorithms`: ``"default"`` or 0, ``"warn"`` or 1, ``"error"`` or 2."""
    global _deterministic, _warn_only
    if isinstance(debug_mode, bool) or not isinstance(debug_mode, (int, str)):
        raise TypeError(f"debug_mode must be str or int, but got {type(debug_mode)}")
    if isinstance(debug_mode, str):
        if debug_mode not in _MODES:
            raise RuntimeError(
                f"invalid value of debug_mode, expected one of `default`, `warn`, `error`, but got {debug_mode}"
            )
        debug_mode = _MODES[debug_mode]
    if debug_mode not in (0, 1, 2):
        raise RuntimeError(f"invalid value of debug_mode, expected 0, 1, or 2, but got {debug_mode}")
    _deterministic, _warn_only = debug_mode, debug_mode == 1


@composite(where="torch")
def get_deterministic_debug_mode() -> int:
    """0, 1 or 2, as :func:`set_deterministic_debug_mode` takes them."""
    return _deterministic


@composite(where="torch")
def set_flush_denormal(mode: bool) -> bool:
    """Whether tiny numbers can be made zero as asked: keeping them can, making them zero cannot (False)."""
    return not mode


@composite(where="torch")
def is_vulkan_available() -> bool:
    """False."""
    return False

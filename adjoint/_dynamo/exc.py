"""Errors of PyTorch's bytecode tracer, which programs name to catch them; all but :class:`InvalidBackend` are never raised here."""

from __future__ import annotations

from typing import Any

__all__ = [
    "BackendCompilerFailed",
    "FailOnRecompileLimitHit",
    "InternalTorchDynamoError",
    "InvalidBackend",
    "RecompileError",
    "ResetRequired",
    "SkipFrame",
    "TorchDynamoException",
    "TorchRuntimeError",
    "Unsupported",
    "UserError",
]


class TorchDynamoException(RuntimeError):
    """What all of them are."""


class InternalTorchDynamoError(TorchDynamoException):
    """The tracer failed."""


class SkipFrame(TorchDynamoException):
    """A function is left to Python."""


class TorchRuntimeError(TorchDynamoException):
    """The traced code would raise."""


class InvalidBackend(TorchDynamoException):
    """``torch.compile`` was given the name of a backend that there is not."""

    def __init__(self, name: str) -> None:
        super().__init__(f"Invalid backend: {name!r}, see `torch._dynamo.list_backends()` for available backends.")


class ResetRequired(TorchDynamoException):
    """What was compiled has to be forgotten first."""


class BackendCompilerFailed(TorchDynamoException):
    """A backend raised."""


class Unsupported(TorchDynamoException):
    """Python code that cannot be traced."""

    def __init__(self, msg: str, *details: Any, **more: Any) -> None:
        super().__init__(msg)
        self.msg = msg


class RecompileError(TorchDynamoException):
    """Something is compiled a second time where that is forbidden."""


class UserError(TorchDynamoException):
    """A program asks for what cannot be."""


class FailOnRecompileLimitHit(Exception):
    """Something was compiled too often."""

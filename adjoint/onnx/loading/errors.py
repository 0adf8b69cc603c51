"""What is wrong with a file that cannot be loaded."""

from __future__ import annotations

__all__ = ["ModelError", "UnknownOperatorError"]


class ModelError(ValueError):
    """A model that cannot be loaded: its file is damaged, contradicts itself, or asks for what is not there."""


class UnknownOperatorError(ModelError, NotImplementedError):
    """A model that has an operator, a version of one or a kind of value that is not known."""

"""Errors of the exporter to ONNX, which programs name to catch them."""

from __future__ import annotations

from adjoint.names import list_names as _list_names

__all__ = ["OnnxExporterError", "SymbolicValueError", "UnsupportedOperatorError"]


class OnnxExporterError(RuntimeError):
    """The exporter failed."""


class UnsupportedOperatorError(OnnxExporterError):
    """An operator that the exporter does not know."""


class SymbolicValueError(OnnxExporterError):
    """A value that the exporter cannot tell."""


_list_names(__name__)

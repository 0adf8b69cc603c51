"""Errors of the exporter to ONNX, which programs name to catch them."""

from __future__ import annotations

from typing import Any

from adjoint.names import list_names as _list_names

__all__ = ["OnnxExporterError", "OnnxExporterWarning", "SymbolicValueError", "UnsupportedOperatorError"]


class OnnxExporterWarning(UserWarning):
    """What the exporter warns of."""


class OnnxExporterError(RuntimeError):
    """The exporter failed."""


class UnsupportedOperatorError(OnnxExporterError):
    """An operator that the exporter does not know: its name, the opset, and from which opset on it could be written, if from any.

    ``where`` is the user's line, which the message ends with.
    """

    def __init__(self, name: str, version: int, supported_version: int | None = None, where: str = "") -> None:
        if supported_version is not None:
            text = (
                f"Exporting the operator '{name}' to ONNX opset version {version} is not supported. Support for this operator was "
                f"added in version {supported_version}, try exporting with this version"
            )
        elif name.startswith(("aten::", "prim::", "quantized::")):
            text = f"Exporting the operator '{name}' to ONNX opset version {version} is not supported"
        else:
            text = (
                f"ONNX export failed on an operator with unrecognized namespace {name}. If you are trying to export a custom "
                "operator, make sure you registered it with the right domain and version."
            )
        super().__init__(f"{text}\n{where}" if where else text)


class SymbolicValueError(OnnxExporterError):
    """A value that the exporter cannot tell."""

    def __init__(self, msg: str, value: Any = None) -> None:
        super().__init__(msg if value is None else f"{msg}  [Caused by the value '{value}'.]")


_list_names(__name__)

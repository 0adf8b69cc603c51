"""``torch.onnx``: the names by which programs ask for an exporter, which is not there yet; exporting says so."""

from __future__ import annotations

import enum
from collections.abc import Callable
from typing import Any, NoReturn

from adjoint.names import named as _named
from adjoint.onnx.errors import OnnxExporterError

__all__ = [
    "ExportableModule",
    "ONNXProgram",
    "OnnxExporterError",
    "OperatorExportTypes",
    "TensorProtoDataType",
    "TrainingMode",
    "errors",
    "export",
    "is_in_onnx_export",
    "register_custom_op_symbolic",
    "select_model_mode_for_export",
    "unregister_custom_op_symbolic",
]

producer_name = "pytorch"


class TrainingMode(enum.IntEnum):
    """In which mode a model is exported."""

    EVAL = 0
    PRESERVE = 1
    TRAINING = 2


class OperatorExportTypes(enum.IntEnum):
    """What becomes of operators that ONNX does not have."""

    ONNX = 0
    ONNX_ATEN = 1
    ONNX_ATEN_FALLBACK = 2
    ONNX_FALLTHROUGH = 3


class TensorProtoDataType(enum.IntEnum):
    """ONNX's numbers of dtypes."""

    UNDEFINED = 0
    FLOAT = 1
    UINT8 = 2
    INT8 = 3
    UINT16 = 4
    INT16 = 5
    INT32 = 6
    INT64 = 7
    STRING = 8
    BOOL = 9
    FLOAT16 = 10
    DOUBLE = 11
    UINT32 = 12
    UINT64 = 13
    COMPLEX64 = 14
    COMPLEX128 = 15
    BFLOAT16 = 16


class _Exported:
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        _refuse(f"torch.onnx.{type(self).__name__}")


class ONNXProgram(_Exported):
    """A model as ONNX has it: there are none, and it cannot be made."""


class ExportableModule(_Exported):
    """A model that says how it is exported: it cannot be."""


def _refuse(what: str) -> NoReturn:
    raise NotImplementedError(
        f"{what}: Adjoint does not write ONNX models yet. Save the model's state with torch.save(model.state_dict(), file), load "
        "it with PyTorch, and export it there."
    )


def export(model: Any, args: Any = (), f: Any = None, **options: Any) -> NoReturn:
    """Refused: Adjoint does not write ONNX models yet."""
    _refuse("torch.onnx.export")


def is_in_onnx_export() -> bool:
    """False: nothing is ever being exported."""
    return False


_symbolic: dict[tuple[str, int], Callable[..., Any]] = {}


def register_custom_op_symbolic(symbolic_name: str, symbolic_fn: Callable[..., Any], opset_version: int) -> None:
    """Keep a function that would export an operator of one's own, as ``namespace::name``.  Raises ValueError for another name."""
    if symbolic_name.count("::") != 1 or not all(symbolic_name.split("::")):
        raise ValueError(
            f"Failed to register operator {symbolic_name}. The symbolic name must match the format domain::name"
        )
    _symbolic[symbolic_name, opset_version] = symbolic_fn


def unregister_custom_op_symbolic(symbolic_name: str, opset_version: int) -> None:
    """Forget what :func:`register_custom_op_symbolic` keeps of this name."""
    _symbolic.pop((symbolic_name, opset_version), None)


def select_model_mode_for_export(model: Any, mode: TrainingMode) -> NoReturn:
    """Refused, as :func:`export` is."""
    _refuse("torch.onnx.select_model_mode_for_export")


_named(__name__, modules={"errors", "symbolic_helper"}, elsewhere={"load": "loading"})

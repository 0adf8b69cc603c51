"""``torch.onnx``: models are written as ONNX, which other programs run.  It needs the package ``onnx``.

:func:`export` runs the model, notes what it calls, and writes that (:mod:`.exporting`); how each function is written says a table
(:mod:`.translators`).
"""

from __future__ import annotations

import enum
import os
import warnings
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, NoReturn

from adjoint.jit import _trace
from adjoint.names import named as _named
from adjoint.onnx.errors import OnnxExporterError
from adjoint.onnx.types import TensorProtoDataType
from adjoint.places import users_level

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
_DEFAULT_OPSET = 20
_LEAST_OPSET = 17


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


class ExportableModule:
    """What says itself how it is exported: a subclass that is a module too gives its arguments, and may name inputs and outputs."""

    def example_arguments(self) -> tuple[tuple[Any, ...], dict[str, Any] | None]:
        """The arguments to export it with, and those by name."""
        raise NotImplementedError

    def dynamic_shapes(self) -> Any:
        """Which dimensions are dynamic, as ``dynamic_shapes`` of :func:`export` takes it."""
        return None

    def input_names(self) -> Sequence[str] | None:
        """The names of the inputs."""
        return None

    def output_names(self) -> Sequence[str] | None:
        """The names of the outputs."""
        return None


def export(
    model: Callable[..., Any],
    args: tuple[Any, ...] = (),
    f: str | os.PathLike[str] | None = None,
    *,
    kwargs: dict[str, Any] | None = None,
    verbose: bool | None = None,
    input_names: Sequence[str] | None = None,
    output_names: Sequence[str] | None = None,
    opset_version: int | None = None,
    dynamo: bool = True,
    external_data: bool = True,
    dynamic_shapes: dict[str, Any] | tuple[Any, ...] | list[Any] | None = None,
    custom_translation_table: dict[Callable[..., Any], Callable[..., Any]] | None = None,
    report: bool = False,
    optimize: bool = True,
    verify: bool = False,
    profile: bool = False,
    dump_exported_program: bool = False,
    artifacts_dir: str | os.PathLike[str] = ".",
    export_params: bool = True,
    keep_initializers_as_inputs: bool = False,
    dynamic_axes: Mapping[str, Mapping[int, str]] | Mapping[str, Sequence[int]] | None = None,
    training: TrainingMode = TrainingMode.EVAL,
    operator_export_type: OperatorExportTypes = OperatorExportTypes.ONNX,
    do_constant_folding: bool = True,
    custom_opsets: Mapping[str, int] | None = None,
    export_modules_as_functions: bool | Collection[type[Any]] = False,
    autograd_inlining: bool = True,
) -> Any:
    """Write a model as ONNX: an :class:`ONNXProgram`, which is saved as ``f`` if that is given.

    The model, a module or function, is run with ``args`` and ``kwargs``.  Tensors among them, also in containers, are the inputs;
    all else is fixed.  So are the inputs' sizes, but those that ``dynamic_shapes`` names (by argument: ``{"x": {0: "batch"}}``, a
    ``torch.export.Dim`` or a name for a dimension), or ``dynamic_axes`` (by the names of inputs): then the model is run at several
    sizes, numbers that depend on them are computed in the graph, and the result is compared with onnxruntime's where that is
    installed.  Parameters keep their names, and the model is left as it was.

    ``opset_version`` is 20 unless it is given, and 17 at least.  ``dynamo=False`` asks for what PyTorch's older exporter does:
    ``training`` says in which mode the model is run, values that leave tensors are warned of and not refused, and nothing is
    returned.  ``verify`` compares with onnxruntime in any case, ``optimize`` has constants computed, ``export_params=False`` leaves
    the weights out of the file, ``external_data`` puts large ones into a second one, ``custom_translation_table`` says how
    operators of one's own are written.

    Raises UnsupportedOperatorError, with the user's line, for a function that ONNX has no operator for, and OnnxExporterError
    where the program depends on what tensors hold, or does something else at another size; ModuleNotFoundError without ``onnx``.

    >>> import adjoint as torch
    >>> model = torch.nn.Linear(3, 2).eval()
    >>> program = torch.onnx.export(model, (torch.ones(4, 3),), dynamic_shapes={"input": {0: "batch"}})
    >>> [node.op_type for node in program.model_proto.graph.node]
    ['Gemm']
    >>> [tensor.name for tensor in program.model_proto.graph.initializer]
    ['weight', 'bias']
    """
    from adjoint.onnx.requests import Request

    for name, given, known in (
        ("profile", profile, False),
        ("dump_exported_program", dump_exported_program, False),
        ("report", report, False),
        ("export_modules_as_functions", export_modules_as_functions, False),
        ("operator_export_type", operator_export_type, OperatorExportTypes.ONNX),
    ):
        if given != known:
            raise NotImplementedError(f"torch.onnx.export: {name}={given!r} is not there: leave it {known!r}")
    if not dynamo:
        warnings.warn(
            "You are using the legacy TorchScript-based ONNX export. Starting in PyTorch 2.9, the new torch.export-based ONNX "
            "exporter has become the default. Learn more about the new export logic: "
            "https://docs.pytorch.org/docs/stable/onnx_export.html. For exporting control flow: "
            "https://pytorch.org/tutorials/beginner/onnx/export_control_flow_model_to_onnx_tutorial.html",
            DeprecationWarning,
            stacklevel=users_level(),
        )
        if dynamic_shapes:
            raise ValueError(
                "The exporter only supports dynamic shapes through parameter dynamic_axes when dynamo=False."
            )
    request = Request(
        model=model, args=args, kwargs=kwargs, input_names=input_names, output_names=output_names,
        opset=_DEFAULT_OPSET if opset_version is None else opset_version, least=_LEAST_OPSET, dynamo=dynamo,
        dynamic_shapes=dynamic_shapes, dynamic_axes=dynamic_axes, translations=custom_translation_table, training=training,
        custom_opsets=custom_opsets,
    )  # fmt: skip
    program = request.program(verify, optimize if dynamo else do_constant_folding)
    if verbose:
        print(program)
    request.save(program, f, export_params, keep_initializers_as_inputs, external_data and dynamo)
    return program if dynamo else None


def is_in_onnx_export() -> bool:
    """Whether a model is being exported."""
    return bool(_trace.tracing)


def register_custom_op_symbolic(symbolic_name: str, symbolic_fn: Callable[..., Any], opset_version: int) -> None:
    """Have a function write an operator of one's own, as ``namespace::name``; ``aten::name`` is one of torch's.

    Raises ValueError for another name.
    """
    from adjoint.onnx.custom import register

    register(symbolic_name, symbolic_fn, opset_version)


def unregister_custom_op_symbolic(symbolic_name: str, opset_version: int) -> None:
    """Forget what :func:`register_custom_op_symbolic` keeps of this name."""
    from adjoint.onnx.custom import unregister

    unregister(symbolic_name, opset_version)


def select_model_mode_for_export(model: Any, mode: TrainingMode) -> Any:
    """Inside of ``with``, the model is in this mode; afterwards its modules are in those that they were in."""
    from adjoint.onnx.exporting import in_mode

    return in_mode(model, mode)


_named(
    __name__,
    modules={"errors", "symbolic_helper"},
    elsewhere={"ONNXProgram": "program", "load": "loading"},
)

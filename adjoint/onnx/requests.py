"""What was asked of :func:`torch.onnx.export`, checked and brought into one form."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from adjoint.nn import Module
from adjoint.onnx import ExportableModule
from adjoint.onnx.exporting import Export, check, in_mode
from adjoint.onnx.inputs import Inputs, from_axes, from_shapes, symbols_of
from adjoint.onnx.optimizing import optimize
from adjoint.onnx.program import ONNXProgram
from adjoint.places import users_level
from adjoint.tensor import Tensor


class Request:
    """A model and how it is to be exported."""

    def __init__(
        self,
        *,
        model: Any,
        args: Any,
        kwargs: Any,
        input_names: Sequence[str] | None,
        output_names: Sequence[str] | None,
        opset: int,
        least: int,
        dynamo: bool,
        dynamic_shapes: Any,
        dynamic_axes: Any,
        translations: Mapping[Any, Callable[..., Any]] | None,
        training: Any,
        custom_opsets: Mapping[str, int] | None,
    ) -> None:
        import onnx

        newest = onnx.defs.onnx_opset_version()
        if not isinstance(opset, int) or not least <= opset <= newest:
            raise ValueError(
                f"Unsupported ONNX opset version: {opset}. It may be {least} to {newest}, the newest that onnx "
                f"{onnx.__version__} has."
            )
        if isinstance(model, ExportableModule) and not args and not kwargs:
            args, kwargs = model.example_arguments()
            input_names = input_names or model.input_names()
            output_names = output_names or model.output_names()
            dynamic_shapes = model.dynamic_shapes() if dynamic_shapes is None else dynamic_shapes
        args = (args,) if isinstance(args, Tensor) or not isinstance(args, (tuple, list)) else tuple(args)
        if not kwargs and args and isinstance(args[-1], dict):
            args, kwargs = args[:-1], args[-1]
        for name, value in (translations or {}).items():
            if isinstance(value, (list, tuple)):
                raise TypeError("The value in custom_translation_table should be a single callable, not a sequence")
            if not callable(value):
                raise TypeError(f"custom_translation_table: {name} needs a function, got {type(value).__name__}")
        self.model, self.dynamo, self.opset = model, dynamo, opset
        self.mode = 1 if dynamo else int(training)
        self.input_names, self.output_names = input_names, output_names
        self.custom_opsets = dict(custom_opsets or {})
        if dynamo and isinstance(model, Module) and model.training:
            warnings.warn(
                "Exporting a model while it is in training mode. Please ensure that this is intended, as it may lead to different "
                "behavior during inference. Calling model.eval() before export is recommended.",
                UserWarning,
                stacklevel=users_level(),
            )
        function = model.forward if isinstance(model, Module) else model
        self.inputs = Inputs(function, args, kwargs or {})
        self.other_axes: dict[str, dict[int, str]] = {}
        dims: dict[str, Any] = {}
        if dynamic_shapes is not None:
            self.dynamic, dims = from_shapes(dynamic_shapes, self.inputs)
        else:
            if dynamic_axes and dynamo:
                warnings.warn(
                    "# 'dynamic_axes' is not recommended when dynamo=True, and may lead to 'torch._dynamo.exc.UserError: "
                    "Constraints violated.' Supply the 'dynamic_shapes' argument instead if export is unsuccessful.",
                    UserWarning,
                    stacklevel=users_level(),
                )
            names = [*(input_names or ())][: len(self.inputs.names)]
            names += self.inputs.names[len(names) :]
            self.dynamic, self.other_axes = from_axes(dynamic_axes or {}, names)
        self.symbols = symbols_of(self.dynamic, self.inputs.tensors, dims)
        self.export = Export(model, self.inputs, opset, self.dynamic, self.symbols, not dynamo, translations or {})

    def program(self, verify: bool, optimized: bool) -> ONNXProgram:
        """The model as ONNX has it.  Raises OnnxExporterError."""
        with in_mode(self.model, self.mode):
            proto = self.export.write(self.input_names, self.output_names, self.other_axes)
        for domain, version in self.custom_opsets.items():
            for opset in proto.opset_import:
                if opset.domain == domain:
                    opset.version = version
        program = ONNXProgram(optimize(proto, self.export.state) if optimized else proto)
        program._state = self.export.state
        if verify or self.symbols:
            check(program, self.export)
            program.release()
        return program

    def save(self, program: ONNXProgram, f: Any, weights: bool, as_inputs: bool, external: bool) -> None:
        """Write it to the file that was asked for, if one was."""
        if f is None:
            return
        if isinstance(f, io.BytesIO):
            if self.dynamo:
                warnings.warn(
                    "Saving ONNX model to a BytesIO object is deprecated. Please use a file path instead.",
                    DeprecationWarning,
                    stacklevel=users_level(),
                )
            external = False
        program.save(f, include_initializers=weights, keep_initializers_as_inputs=as_inputs, external_data=external)

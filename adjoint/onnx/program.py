"""Exported models: saved, looked at, and run by onnxruntime."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import numpy as np

from adjoint.onnx.errors import OnnxExporterWarning
from adjoint.places import users_level
from adjoint.tensor import Tensor, from_array

_SHOWN = 64  # bytes of weights that are printed
_LARGE = 1_500_000_000  # bytes, from which on weights go into a file of their own


class ONNXProgram:
    """A model that was exported.

    ``model_proto`` is ONNX's ``ModelProto``; called with the arguments of the model, it is run by onnxruntime, and returns a tuple
    of tensors.  ``exported_program`` is None: there is none.
    """

    def __init__(self, model: Any, exported_program: Any = None) -> None:
        self._state: Collection[str] = ()
        self.model = model
        self.exported_program = exported_program
        self._inference_session: Any = None

    @property
    def model_proto(self) -> Any:
        """The model as ONNX's ``ModelProto``."""
        return self.model

    @property
    def output_names(self) -> list[str]:
        """The names of the outputs."""
        return [output.name for output in self.model.graph.output]

    def __repr__(self) -> str:
        import onnx

        shown = onnx.ModelProto()
        shown.CopyFrom(self.model)
        for tensor in shown.graph.initializer:
            if len(tensor.raw_data) > _SHOWN:
                tensor.ClearField("raw_data")
        text = "\n".join(" " * 8 + line for line in onnx.printer.to_text(shown).splitlines())
        return f"ONNXProgram(\n    model=\n{text}\n    ,\n    exported_program=\n        {self.exported_program}\n)\n"

    def __call__(self, *args: Any, **kwargs: Any) -> tuple[Tensor, ...]:
        """Run the model in onnxruntime with the arguments that the model was exported with, or others like them.

        Raises ModuleNotFoundError where onnxruntime is not installed.
        """
        if self._inference_session is None:
            self.initialize_inference_session()
        found = self._inference_session.run(None, self._feeds(args, kwargs))
        return tuple([from_array(np.asarray(array)) for array in found])

    def call_reference(self, *args: Any, **kwargs: Any) -> tuple[Tensor, ...]:
        """Run the model by the reference implementation that comes with ``onnx``."""
        from onnx.reference import ReferenceEvaluator

        found: Any = ReferenceEvaluator(self.model).run(None, self._feeds(args, kwargs))
        return tuple([from_array(np.asarray(array)) for array in found])

    def compute_values(self, value_names: Sequence[str], args: Any = (), kwargs: Any = None) -> tuple[Tensor, ...]:
        """What values inside of the model are, by name.  Raises ValueError for a name that there is not."""
        import onnx

        known = {name for node in self.model.graph.node for name in node.output}
        known |= {value.name for value in (*self.model.graph.input, *self.model.graph.output)}
        for name in value_names:
            if name not in known:
                raise ValueError(f"Value '{name}' not found in the model. Please provide a valid value name.")
        copied = onnx.ModelProto()
        copied.CopyFrom(self.model)
        del copied.graph.output[:]
        inferred = onnx.shape_inference.infer_shapes(copied)
        kinds = {
            value.name: value
            for value in (*inferred.graph.value_info, *self.model.graph.output, *self.model.graph.input)
        }
        for name in value_names:
            copied.graph.output.append(kinds.get(name) or onnx.helper.make_empty_tensor_value_info(name))
        return ONNXProgram(copied)(*args, **(kwargs or {}))

    def _feeds(self, args: Any, kwargs: Any) -> dict[str, np.ndarray]:
        from adjoint.onnx.inputs import outputs_of

        names = [value.name for value in self.model.graph.input]
        given = [
            _array(value) for arg in (*args, *kwargs.values()) for value in outputs_of(arg) if isinstance(value, Tensor)
        ]
        return dict(zip(names, given))

    def optimize(self) -> None:
        """Compute what depends on no input once and for all, and leave out nodes that change nothing, in place."""
        from adjoint.onnx.optimizing import optimize

        self.model = optimize(self.model, self._state)
        self.release()

    def save(
        self,
        destination: str | os.PathLike[str],
        *,
        include_initializers: bool = True,
        keep_initializers_as_inputs: bool = False,
        external_data: bool | None = None,
    ) -> None:
        """Write the model to a file.

        ``include_initializers`` says whether with its weights, ``keep_initializers_as_inputs`` whether those are inputs as well, so
        that a caller may give others, and ``external_data`` whether they go to a second file, ``destination`` followed by
        ``.data``; models of more than 1.5 GB always do that.  Raises TypeError if they should and ``destination`` is no path.
        """
        import onnx

        model = onnx.ModelProto()
        model.CopyFrom(self.model)
        weights = list(model.graph.initializer)
        if keep_initializers_as_inputs:
            for tensor in weights:
                model.graph.input.append(
                    onnx.helper.make_tensor_value_info(tensor.name, tensor.data_type, list(tensor.dims))
                )
        if not include_initializers:
            del model.graph.initializer[:]
            weights = []
        if external_data or sum(len(tensor.raw_data) for tensor in weights) > _LARGE:
            if not isinstance(destination, (str, os.PathLike)):
                raise TypeError(f"external data needs a path to be saved beside, got {type(destination).__name__}")
            name = os.path.basename(os.fspath(destination)) + ".data"
            path = os.path.join(os.path.dirname(os.fspath(destination)), name)
            if os.path.exists(path):
                os.remove(path)
            onnx.save_model(
                model,
                os.fspath(destination),
                save_as_external_data=True,
                all_tensors_to_one_file=True,
                location=name,
                size_threshold=1024,
            )
            return
        onnx.save_model(model, destination if hasattr(destination, "write") else os.fspath(destination))

    def apply_weights(self, state_dict: Mapping[str, Tensor]) -> None:
        """Give the model other weights, by name; warns of a name that it has not."""
        from onnx import numpy_helper

        places = {tensor.name: tensor for tensor in self.model.graph.initializer}
        for name, tensor in state_dict.items():
            if name in places:
                places[name].CopyFrom(numpy_helper.from_array(np.ascontiguousarray(_array(tensor)), name))
            else:
                warnings.warn(
                    f"Weight '{name}' not found in the model. Skipped applying.",
                    OnnxExporterWarning,
                    stacklevel=users_level(),
                )
        self.release()

    def initialize_inference_session(self, initializer: Callable[[Any], Any] | None = None) -> None:
        """Have onnxruntime load the model; ``initializer`` makes a session of its bytes."""
        self._inference_session = (initializer or _session)(self.model.SerializeToString())

    def release(self) -> None:
        """Let go of onnxruntime's session."""
        self._inference_session = None

    def rename_axes(self, rename_mapping: Mapping[str, str]) -> None:
        """Call dynamic dimensions something else."""
        for value in (*self.model.graph.input, *self.model.graph.output, *self.model.graph.value_info):
            for dim in value.type.tensor_type.shape.dim:
                if dim.dim_param in rename_mapping:
                    dim.dim_param = rename_mapping[dim.dim_param]


def _session(model: bytes) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def _array(tensor: Any) -> np.ndarray:
    return tensor._array if isinstance(tensor, Tensor) else np.asarray(tensor)

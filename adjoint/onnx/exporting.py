"""Exporting: a model is traced, at several sizes where dimensions are dynamic, and the trace is written as a graph of ONNX."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from adjoint.autograd.grad_mode import no_grad
from adjoint.jit import _trace
from adjoint.nn import Module
from adjoint.onnx import custom
from adjoint.onnx.errors import OnnxExporterError
from adjoint.onnx.graph import Graph, Value
from adjoint.onnx.inputs import Dynamic, Inputs, outputs_of
from adjoint.onnx.merging import merge
from adjoint.onnx.model import model_of
from adjoint.onnx.sizes import Symbol, Varying, other_sizes
from adjoint.onnx.tracing import Ref, Tracer
from adjoint.onnx.translators import TRANSLATORS
from adjoint.onnx.writing import Writer
from adjoint.places import users_level
from adjoint.random import fork_rng
from adjoint.tensor import Tensor, from_array


class Export:
    """A model on its way to ONNX: what is asked for, and the traces that were made."""

    def __init__(
        self,
        model: Callable[..., Any],
        inputs: Inputs,
        opset: int,
        dynamic: Dynamic,
        symbols: Mapping[str, Symbol],
        warn: bool,
        translations: Mapping[Any, Callable[..., Any]],
    ) -> None:
        self.model, self.inputs, self.opset, self.warn = model, inputs, opset, warn
        self.dynamic, self.symbols = dynamic, dict(symbols)
        self.translations = translations
        self.state: list[str] = []  # the names of the model's parameters and buffers
        self.examples: list[tuple[list[Tensor], list[Any]]] = []  # inputs and outputs of the traces

    # Tracing

    def traces(self) -> list[tuple[Tracer, Any]]:
        """The model traced with the example, and with others: of the same sizes, or at other sizes where some vary.

        Raises OnnxExporterError where it runs at none of those.
        """
        first = self._trace(self.inputs.tensors)
        if not self.symbols:
            return [first, *self._with_other_values()]
        names = list(self.symbols)
        failure: BaseException | None = None
        for shuffle in (True, False):  # some models do not take other values in these places
            for ways in self._groupings(names):
                for chosen in other_sizes([self.symbols[group[0]] for group in ways]):
                    made = [first]
                    count = len(self.examples)
                    try:
                        for sizes in zip(*chosen):
                            by_name = {name: size for group, size in zip(ways, sizes) for name in group}
                            made.append(self._trace(self._others(by_name, shuffle)))
                    except OnnxExporterError:
                        raise
                    except Exception as error:
                        failure = failure or error
                        del self.examples[count:]
                        continue
                    return made
        raise OnnxExporterError(
            f"the model does not run at other sizes of its dynamic dimensions {', '.join(names)}: "
            f"{failure or 'none fits the limits'}"
        ) from failure

    def _groupings(self, names: list[str]) -> Iterator[list[list[str]]]:
        """Which dimensions are chosen together: each by itself; where that does not run, those of one size alike."""
        yield [[name] for name in names]
        by_size: dict[int, list[str]] = {}
        for name in names:
            by_size.setdefault(self.symbols[name].size, []).append(name)
        if len(by_size) < len(names):
            yield list(by_size.values())

    def _with_other_values(self) -> list[tuple[Tracer, Any]]:
        """The model traced with the same values in other places: what depends on them shows.  Nothing, if it does not take them."""
        count = len(self.examples)
        try:
            return [self._trace(self._others({}, True))]
        except OnnxExporterError:
            raise
        except Exception:
            del self.examples[count:]
            return []

    def _others(self, sizes: Mapping[str, int], shuffle: bool) -> list[Tensor]:
        """Inputs of other sizes, of which the values come from the example, in other places."""
        made = [t._array for t in self.inputs.tensors]
        for (i, axis), name in self.dynamic.items():
            places = np.arange(sizes[name]) % max(made[i].shape[axis], 1)
            made[i] = np.take(made[i], places, axis=axis)
        if shuffle:
            made = [np.roll(array.reshape(-1), 1).reshape(array.shape) for array in made]
        return [from_array(array) for array in made]

    def _trace(self, tensors: list[Tensor]) -> tuple[Tracer, Any]:
        model = self.model
        owner = model if isinstance(model, Module) else getattr(model, "__self__", None)
        named, paths = {}, {}
        if isinstance(owner, Module):
            named = {**dict(owner.named_parameters()), **dict(owner.named_buffers())}
            paths = {id(m): path for path, m in owner.named_modules()}
        tracer = Tracer(self._knows, named, paths, self.warn)
        given = [from_array(np.array(t._array)) for t in tensors]
        tracer.inputs = [tracer.add(tensor, None, True) for tensor in given]
        args, kwargs = self.inputs.replaced(given)
        with no_grad(), fork_rng(), unchanged(owner), in_export(tracer):
            tracer.start()
            try:
                result = model(*args, **kwargs)
            finally:
                tracer.stop()
            outputs = outputs_of(result)
            self.examples.append((list(tensors), [_array_of(o) for o in outputs]))
            return tracer, [tracer.ref(o) for o in outputs]

    def _knows(self, key: Any) -> bool:
        return self._find(key) is not None

    def _find(self, key: Any) -> Any:
        if isinstance(key, str):
            own = custom.translator(key, self.opset)
            return own if own is not None else TRANSLATORS.get(key)
        return custom.translation(key, self.translations, self.opset)

    # Writing

    def write(
        self,
        input_names: Sequence[str] | None,
        output_names: Sequence[str] | None,
        other_axes: Mapping[str, Mapping[int, str]],
    ) -> Any:
        """The model as ONNX's ``ModelProto``."""
        traces = self.traces()
        try:
            trace = merge(traces)
        except OnnxExporterError:  # what a model keeps of its first run is there in the second
            del self.examples[:]
            traces = self.traces()
            trace = merge(traces)
        graph = Graph(self.opset)
        writer = Writer(trace, graph, self._find)
        names = self.input_names(input_names)
        for index, name in zip(traces[0][0].inputs, names):
            entry = trace.entries[index]
            value = Value(graph.take(name), entry.dtype, entry.shape)
            graph.inputs.append(value)
            writer.values[index] = value
        self.state = [graph.take(entry.name) for entry in trace.entries if entry.name is not None]
        writer.write()
        graph.module = ""
        outputs = []
        for leaf in trace.outputs:
            if isinstance(leaf, Ref):
                outputs.append(writer.get(leaf.index))
            else:
                number = graph.number(leaf)
                number.shape = ()
                outputs.append(number)
        return model_of(graph, outputs, output_names, self._labels(graph), other_axes)

    def _labels(self, graph: Graph) -> dict[Varying, str]:
        """The names of sizes."""
        found: dict[Varying, str] = {}
        for (i, axis), name in self.dynamic.items():
            size = graph.inputs[i].sizes[axis]
            if isinstance(size, Varying):
                found.setdefault(size, name)
        return found

    def input_names(self, given: Sequence[str] | None) -> list[str]:
        """The names of the inputs: those that were given, then the arguments'."""
        names = list(given or ())[: len(self.inputs.names)]
        for name in self.inputs.names[len(names) :]:
            own, i = name, 1
            while own in names:
                own, i = f"{name}_{i}", i + 1
            names.append(own)
        return names


def _array_of(output: Any) -> np.ndarray:
    return np.array(output._array) if isinstance(output, Tensor) else np.asarray(output)


@contextlib.contextmanager
def in_export(tracer: Tracer) -> Iterator[None]:
    """Inside, ``torch.onnx.is_in_onnx_export()`` and ``torch.jit.is_tracing()`` are true."""
    _trace.tracing.append(tracer)
    try:
        yield
    finally:
        _trace.tracing.remove(tracer)


@contextlib.contextmanager
def unchanged(model: Any) -> Iterator[None]:
    """Afterwards, the model's buffers hold what they held before."""
    tensors = list(model.buffers()) if isinstance(model, Module) else []
    before = [(t, np.array(t._array), t._array) for t in tensors]
    try:
        yield
    finally:
        for tensor, value, array in before:
            if tensor._array is not array:
                tensor._array = array
            if array.tobytes() != value.tobytes():
                array[...] = value


@contextlib.contextmanager
def in_mode(model: Any, mode: int) -> Iterator[None]:
    """Inside, the model is in training or not, as ``training`` of PyTorch's exporter says; afterwards each module is as it was."""
    modules = list(model.modules()) if isinstance(model, Module) else []
    before = [(m, m.training) for m in modules]
    try:
        if mode != 1 and isinstance(model, Module):
            model.train(mode == 2)
        yield
    finally:
        for module, training in before:
            module.training = training


def check(program: Any, export: Export) -> None:
    """Run the model in onnxruntime with the inputs of each trace, and compare.  Raises OnnxExporterError where it differs."""
    try:
        import onnxruntime  # noqa: F401
    except ImportError:
        return
    kinds = {node.op_type for node in program.model_proto.graph.node}
    random = any(kind.startswith(("Random", "Bernoulli", "Multinomial", "Dropout")) for kind in kinds)
    for inputs, expected in export.examples:
        try:
            found = program(*inputs)
        except Exception as error:
            if "NOT_IMPLEMENTED" in str(error) or "NotImplemented" in type(error).__name__:
                warnings.warn(
                    f"onnxruntime cannot run the model, so nothing was verified: {error}", stacklevel=users_level()
                )
                return
            raise OnnxExporterError(
                f"onnxruntime does not run the exported model with inputs of sizes {[tuple(t.shape) for t in inputs]}: {error}"
            ) from error
        for name, own, want in zip(program.output_names, found, expected):
            array = own._array
            if array.shape != want.shape:
                raise OnnxExporterError(
                    f"output {name} has sizes {array.shape} in onnxruntime, and {want.shape} in the model"
                )
            if not random and not _close(array, want):
                worst = np.abs(array.astype(np.float64) - want.astype(np.float64)).max()
                raise OnnxExporterError(f"output {name} differs by up to {worst:.3g} between onnxruntime and the model")


def _close(a: np.ndarray, b: np.ndarray) -> bool:
    if a.dtype.kind in "biu":
        return bool((a == b).mean() > 0.99) if a.size else True
    a, b = a.astype(np.float64), b.astype(np.float64)
    scale = np.abs(b[np.isfinite(b)]).max(initial=1.0)
    return bool(np.allclose(a, b, rtol=2e-2, atol=5e-3 * scale, equal_nan=True))

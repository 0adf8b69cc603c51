"""A network of a file as a module."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from adjoint.nn import Module, Parameter
from adjoint.onnx.loading.compiling import Compiled, compile_graph
from adjoint.onnx.loading.graph import Graph
from adjoint.onnx.loading.inputs import Input, inputs_of


class Plan:
    """A graph, compiled; it holds no weights, so that copies of a module share it.  Pickled, it is the graph itself."""

    def __init__(self, model: Any, file: str, parameters: Any, missing: Any = None) -> None:
        self.model = model
        self.file = file
        self.parameters = parameters
        self.missing = missing or {}
        compiled = compile_graph(model, parameters=parameters, missing=self.missing)
        self.inputs: list[Input] = inputs_of(model.graph, {*compiled.held, *compiled.folded})
        self.outputs = [value.name for value in model.graph.output]
        self.compiled: Compiled = compiled

    def __deepcopy__(self, memo: Any) -> Plan:
        return self

    def __reduce__(self) -> Any:
        return _rebuild, (self.model.SerializeToString(), self.file, self.parameters, self.missing)

    def settle(self) -> dict[str, Any]:
        """Let go of the weights' values, which the module holds from now on; what there is to hold, by name."""
        held = dict(self.compiled.held)
        self.parameters = frozenset(name for name, each in held.items() if each.parameter)
        for proto in [
            *self.model.graph.initializer,
            *(sparse.values for sparse in self.model.graph.sparse_initializer),
        ]:
            each = held.get(proto.name)
            if each is not None and each.tensor is not None and (each.parameter or each.running):
                self.missing[proto.name] = (each.tensor.dtype, tuple(each.tensor.shape))
                for name in ("raw_data", "float_data", "double_data", "int32_data", "int64_data", "uint64_data"):
                    proto.ClearField(name)
        for name, each in held.items():
            self.compiled.held[name] = replace(each, tensor=None)
        return held


def _rebuild(content: bytes, file: str, parameters: Any, missing: Any) -> Plan:
    import onnx

    plan = Plan(onnx.ModelProto.FromString(content), file, parameters, missing)
    plan.settle()
    return plan


class Weights(Module):
    """Weights of a network by the parts of their names."""

    def extra_repr(self) -> str:
        return _listed(self)


class OnnxModule(Module):
    """A network of a file of ONNX, which :func:`adjoint.onnx.load` makes.

    Its weights are parameters, and buffers where they are no floating-point numbers; a name with dots in the file is one of
    modules in modules, so that the keys of ``state_dict()`` are the file's names.  Calling it computes the graph: inputs are
    given in the file's order or by name, and one output is returned as it is, several as a tuple (or all as a dictionary by
    name).

    ``train()`` and ``eval()`` say what dropout and batch normalization do, as everywhere.  ``graph`` is the graph to look at,
    ``code`` the function that it became, ``names`` the path of each weight by its name in the file.
    """

    def __init__(self, plan: Plan, named: bool = False) -> None:
        super().__init__()
        self._plan = plan
        self._named = named
        for each in plan.settle().values():
            owner: Module = self
            *path, name = each.path.split(".")
            for part in path:
                inner = owner._modules.get(part)
                if inner is None:
                    inner = Weights()
                    owner.add_module(part, inner)
                owner = inner
            if each.parameter:
                owner.register_parameter(name, Parameter(each.tensor))
            else:
                owner.register_buffer(name, each.tensor, persistent=each.persistent)
        self.train(plan.compiled.trains)

    def forward(self, *inputs: Any, **by_name: Any) -> Any:
        """The graph's outputs for its inputs, in their order or by their names.

        Raises TypeError for inputs that are missing or not known, and ValueError for shapes that the file excludes.
        """
        plan = self._plan
        values = self._arranged(inputs, by_name) if by_name or len(inputs) != len(plan.inputs) else inputs
        for value, expected in zip(values, plan.inputs):
            expected.check(value, plan.file)
        try:
            outputs = plan.compiled.run(self, *values)
        except Exception as error:
            _say_where(error, plan)
            raise
        if self._named:
            return dict(zip(plan.outputs, outputs))
        return outputs[0] if len(outputs) == 1 else outputs

    def _arranged(self, inputs: tuple[Any, ...], by_name: dict[str, Any]) -> list[Any]:
        expected = self._plan.inputs
        names = ", ".join(each.name for each in expected)
        if len(inputs) > len(expected):
            raise TypeError(f"{self._plan.file} has {len(expected)} inputs ({names}), and {len(inputs)} are given")
        values = [*inputs]
        rest = {each.python_name: by_name[each.name] for each in expected if each.name in by_name}
        rest.update((name, value) for name, value in by_name.items() if name not in {each.name for each in expected})
        for place, each in enumerate(expected):
            if place < len(inputs):
                if each.python_name in rest:
                    raise TypeError(f"the input {each.name!r} of {self._plan.file} is given twice")
            elif each.python_name in rest:
                values.append(rest.pop(each.python_name))
            elif each.optional:
                values.append(None)
            else:
                raise TypeError(f"the input {each.name!r} of {self._plan.file} is missing; its inputs are {names}")
        if rest:
            raise TypeError(f"{self._plan.file} has no input {next(iter(rest))!r}; its inputs are {names}")
        return values

    @property
    def graph(self) -> Graph:
        """The graph of the file: its inputs and outputs, its nodes, and what of the file it is."""
        return Graph.of_model(self._plan.model, self._plan.file)

    @property
    def code(self) -> str:
        """The function that the graph became, as Python; a line is a node."""
        return self._plan.compiled.source

    @property
    def names(self) -> dict[str, str]:
        """The path of each parameter and buffer by its name in the file."""
        return {name: each.path for name, each in self._plan.compiled.held.items()}

    def extra_repr(self) -> str:
        graph = self.graph
        count = sum(parameter.numel() for parameter in self.parameters())
        lines = [f"{graph.file}: {len(graph.nodes)} nodes, {count} numbers in parameters"]
        lines += [f"{value} ->" for value in graph.inputs] + [f"-> {value}" for value in graph.outputs]
        own = _listed(self)
        return "\n".join([*lines, own] if own else lines)


def _listed(module: Module) -> str:
    def each() -> Iterator[str]:
        for name, tensor in (*module._parameters.items(), *module._buffers.items()):
            if tensor is not None:
                kind = "Parameter" if name in module._parameters else "Buffer"
                yield f"({name}): {kind} {str(tensor.dtype).removeprefix('torch.')}{list(tensor.shape)}"

    return "\n".join(each())


def _say_where(error: Exception, plan: Plan) -> None:
    code = plan.compiled.run.__code__.co_filename
    trace = error.__traceback__
    line = None
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == code:
            line = trace.tb_lineno
        trace = trace.tb_next
    node = plan.compiled.nodes.get(line) if line is not None else None
    if node is not None and hasattr(error, "add_note"):
        error.add_note(f"This is in {plan.file}: {node}.")

"""A graph of the file as a Python function, with everything done when it is loaded that can be.

Of each node is asked which function of ours it is (:mod:`rows`), its attributes are read, and it becomes a line
``v3 = add_3(v1, v2)``.  What only files say is computed now.  Shapes, and what is computed of nothing but shapes, are arrays of
NumPy's in the function, so that no operator of autograd's is called for them.  After the last line that needs a value, it is
deleted.
"""

from __future__ import annotations

import linecache
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import numpy as np

import adjoint
from adjoint.autograd.grad_mode import is_grad_enabled, no_grad
from adjoint.onnx.loading import functions
from adjoint.onnx.loading.errors import ModelError
from adjoint.onnx.loading.naming import attribute_paths, identifier
from adjoint.onnx.loading.rows import Row, Site, check_attributes, find, find_host, plain, unknown
from adjoint.onnx.loading.tensors import dtype_of, read_sparse, read_tensor
from adjoint.tensor import Tensor

MOST = 1_000_000
"""Nodes: a small file can call functions that call functions twice each, and so on."""

_numbers = count()


@dataclass
class Held:
    """A tensor that the module holds."""

    path: str
    tensor: Tensor | None  # None where the module has it already
    parameter: bool
    persistent: bool
    running: bool = False  # a statistic that training changes


@dataclass
class Compiled:
    """A graph as a function of the module and the inputs, and what the module has to hold for it."""

    run: Callable[..., Any]
    source: str
    held: dict[str, Held]
    folded: set[str]  # initializers that are in the function, not in the module
    nodes: dict[int, str] = field(default_factory=dict)  # which node a line of the source is
    trains: bool = False


@dataclass(eq=False)
class _Value:
    """What a name of the file stands for: a variable of the function's, or what is known already."""

    text: str = ""
    constant: Tensor | None = None
    host: bool = False  # an array of NumPy's, in a variable
    weight: str = ""  # the initializer that it is


Choice = Callable[[str, Tensor], bool]


def compile_graph(model: Any, *, parameters: Choice | frozenset[str], missing: Mapping[str, Any]) -> Compiled:
    """Compile the model's graph.

    ``parameters`` chooses the tensors that are parameters; ``missing`` has dtypes and shapes of initializers whose values the
    module has already.  Raises ModelError for a graph that contradicts itself, UnknownOperatorError for operators that are not
    known.
    """
    return _Compiler(model, parameters, missing).compile()


class _Compiler:
    def __init__(self, model: Any, parameters: Choice | frozenset[str], missing: Mapping[str, Any]) -> None:
        self.model = model
        self.missing = missing
        self.opsets = {plain(entry.domain): entry.version for entry in model.opset_import}
        if not self.opsets:
            raise ModelError("the model does not say for which version of the operators it is written")
        self.functions = {(plain(f.domain), f.name, getattr(f, "overload", "")): f for f in model.functions}
        self.parameters = parameters
        self.names: dict[str, Any] = {
            "as_tensor": _as_tensor, "as_array": _as_array, "attribute": getattr, "lookup": _lookup,
            "as_array_without_gradient": _as_array_without_gradient,
        }  # fmt: skip
        self.lines: list[str] = []
        self.line_nodes: dict[int, str] = {}
        self.variables = count()
        self.globals = count(1)
        self.held: dict[str, Held] = {}
        self.fetched: dict[str, str] = {}  # variable of each held tensor
        self.initial: dict[str, Tensor | None] = {}
        self.dynamic: set[str] = set()  # weights, which are no constants
        self.trains = False
        self.count = 0
        self.depth = 1
        self.known_types: dict[str, Any] | None = None
        self.open_functions: list[tuple[str, str]] = []

    # What the module holds

    def compile(self) -> Compiled:
        graph = self.model.graph
        self._read_initializers(graph)
        scope = {name: self._initial_value(name) for name in self.initial}
        arguments = [value for value in graph.input if value.name not in self.initial]
        texts = []
        for value in arguments:
            self._check_kind(value)
            scope[value.name] = _Value(self._variable())
            texts.append(scope[value.name].text)
        outputs = [value.name for value in graph.output]
        self._emit(graph.node, scope, self.opsets, outputs)
        results = [self._tensor(self._lookup(name, scope, "the graph's outputs")) for name in outputs]
        body, self.lines = self.lines, []
        head = self._fetching()
        shift = 2 + len(head)
        source = [f"def run({', '.join(['module', *texts])}):", *head, *body, f"    return ({', '.join(results)},)"]
        text = "\n".join(source) + "\n"
        file = f"<onnx model {next(_numbers)}>"
        exec(compile(text, file, "exec"), self.names)
        linecache.cache[file] = (len(text), None, text.splitlines(True), file)
        folded = {name for name in self.initial if name not in self.held}
        nodes = {line + shift: node for line, node in self.line_nodes.items()}
        return Compiled(self.names["run"], text, self.held, folded, nodes, self.trains)

    def _read_initializers(self, graph: Any) -> None:
        for proto in graph.initializer:
            self.initial[proto.name] = None if proto.name in self.missing else read_tensor(proto)
        for proto in graph.sparse_initializer:
            name = proto.values.name
            self.initial[name] = None if name in self.missing else read_sparse(proto)
        uses = _Uses(graph, self.opsets)
        self.uses = uses.count
        candidates = {}
        for name, tensor in self.initial.items():
            if tensor is None:
                dtype, shape = self.missing[name]
            else:
                dtype, shape = tensor.dtype, tuple(tensor.shape)
            if isinstance(self.parameters, frozenset):
                chosen = name in self.parameters
            else:
                chosen = dtype.is_floating_point and bool(shape) and name in uses.as_tensor
                if chosen and tensor is not None:
                    chosen = bool(self.parameters(name, tensor))
            candidates[name] = chosen
            if chosen or name in uses.running:
                self.dynamic.add(name)
        self.chosen = {name for name, chosen in candidates.items() if chosen}
        self.paths = attribute_paths(self.initial)

    def _initial_value(self, name: str) -> _Value:
        return _Value(constant=None if name in self.dynamic else self.initial[name], weight=name)

    def _fetching(self) -> list[str]:
        """Lines that fetch the module's tensors, once in a call."""
        if not self.fetched:
            return []
        owners: dict[str, str] = {}
        lines, quick, slow = [], [], []
        for name, variable in self.fetched.items():
            held = self.held[name]
            owner, _, attribute = held.path.rpartition(".")
            if owner not in owners:
                owners[owner] = f"o{len(owners)}" if owner else "module"
                if owner:
                    lines.append(f"    {owners[owner]} = lookup(module, {owner.split('.')!r})")
            kind = "_parameters" if held.parameter else "_buffers"
            quick.append(f"        {variable} = {owners[owner]}.{kind}[{attribute!r}]")
            slow.append(f"        {variable} = attribute({owners[owner]}, {attribute!r})")
        # Where a parametrization or pruning took one's place, it is an attribute of another kind
        return [*lines, "    try:", *quick, "    except KeyError:", *slow]

    def _hold(self, name: str, tensor: Tensor | None, *, parameter: bool, persistent: bool) -> str:
        if name not in self.fetched:
            path = self.paths.get(name)
            if path is None:
                taken = {*self.paths.values()}
                path = attribute_paths([*taken, name])[name]
                if path in taken:
                    path = attribute_paths([*taken, f"{name}_constant"])[f"{name}_constant"]
                self.paths[name] = path
            self.held[name] = Held(path, tensor, parameter, persistent, name in self.dynamic and not parameter)
            self.fetched[name] = f"w{len(self.fetched)}"
        return self.fetched[name]

    def _of_its_own(self, value: _Value, name: str) -> _Value:
        """A statistic that training changes, in memory that nothing else reads: exporters write equal tensors once."""
        if value.text or (value.weight == name and self.uses[name] == 1):
            return value
        tensor = self.initial[value.weight] if value.weight else value.constant
        while name in self.held or name in self.chosen:
            name += "_"
        self.initial[name] = None if tensor is None else tensor.clone()
        self.dynamic.add(name)
        return _Value(weight=name)

    # Values as texts

    def _variable(self) -> str:
        return f"v{next(self.variables)}"

    def _global(self, kind: str, value: Any) -> str:
        name = f"{kind}{next(self.globals)}"
        self.names[name] = value
        return name

    def _lookup(self, name: str, scope: Mapping[str, _Value], where: str) -> _Value:
        try:
            return scope[name]
        except KeyError:
            raise ModelError(f"{where} asks for the value {name!r}, which nothing before it computes") from None

    def _tensor(self, value: _Value | None) -> str:
        """A value where a tensor is asked for."""
        if value is None:
            return "None"
        if value.text:
            return f"as_tensor({value.text})" if value.host else value.text
        if value.weight:
            held = self.initial[value.weight]
            return self._hold(value.weight, held, parameter=value.weight in self.chosen, persistent=True)
        assert value.constant is not None
        if value.constant.dim() and value.constant.dtype.is_floating_point:
            value.weight = f"constant_{len(self.held)}"
            self.initial[value.weight] = value.constant
            return self._constant_buffer(value)
        value.text = self._global("k", value.constant)
        return value.text

    def _constant_buffer(self, value: _Value) -> str:
        # A buffer, so that it becomes a number of another kind where all the module's do
        return self._hold(value.weight, value.constant, parameter=False, persistent=False)

    def _array(self, value: _Value | None, refusing: str = "") -> str:
        """A value where an array is asked for, from where no gradient comes back; ``refusing`` is an operator that has one."""
        if value is None:
            return "None"
        if value.host:
            return value.text
        if value.constant is not None:
            return self._global("a", value.constant.numpy())
        if refusing:
            return f"as_array_without_gradient({self._tensor(value)}, {refusing!r})"
        return f"as_array({self._tensor(value)})"

    # Nodes

    def _emit(
        self, nodes: Iterable[Any], scope: dict[str, _Value], opsets: Mapping[str, int], results: Iterable[str]
    ) -> None:
        """Lines for nodes; values of theirs that are no results are deleted after their last use."""
        nodes = [*nodes]
        last: dict[str, int] = {}
        for place, node in enumerate(nodes):
            for name in (*node.input, *functions.captured(node), *node.output):
                last[name] = place
        for name in results:
            last[name] = len(nodes)
        ends: dict[int, list[str]] = {}
        for name, place in last.items():
            ends.setdefault(place, []).append(name)
        made: set[str] = set()
        around = {value.text for value in scope.values()}
        living: dict[str, set[str]] = {}  # variables made here, and the names that are them
        for place, node in enumerate(nodes):
            for name in node.output:
                if name in made:
                    raise ModelError(f"two nodes compute the value {name!r}")
            start = len(self.lines)
            self._node(node, scope, opsets)
            for line in range(start, len(self.lines)):
                self.line_nodes.setdefault(line, _describe(node))
            for name in filter(None, node.output):
                made.add(name)
                text = scope[name].text
                if text.startswith("v") and text not in around:
                    living.setdefault(text, set()).add(name)
            done = []
            for name in ends.get(place, ()):
                text = scope[name].text if name in made else ""
                if text in living:
                    living[text].discard(name)
                    if not living[text]:
                        done.append(text)
                        del living[text]
            if done:
                self._line(f"del {', '.join(done)}")

    def _line(self, text: str) -> None:
        self.lines.append("    " * self.depth + text)

    def _node(self, node: Any, scope: dict[str, _Value], opsets: Mapping[str, int]) -> None:
        domain = plain(node.domain)
        where = _describe(node)
        self.count += 1
        if self.count > MOST:
            raise ModelError(f"with its functions in place of calls of them, the model has more than {MOST} nodes")
        body = self.functions.get((domain, node.op_type, getattr(node, "overload", "")))
        if body is None:
            if domain not in opsets:
                raise ModelError(
                    f"the model does not say which version of {domain or 'ai.onnx'} it is written for ({where})"
                )
            version = opsets[domain]
            if domain == "" and node.op_type == "Constant":
                scope[node.output[0]] = _Value(constant=_constant(node, where))
                return
            row = find(domain, node.op_type, version)
            if row is None:
                body = functions.of_schema(node, version, self._types)
                if body is None:
                    raise unknown(where, domain, node.op_type, version)
        inputs = [self._lookup(name, scope, where) if name else None for name in node.input]
        while inputs and inputs[-1] is None:
            inputs.pop()
        if body is not None:
            self._inline(node, body, inputs, scope, opsets, where)
            return
        assert row is not None
        attributes = functions.attributes(node)
        if row.name == "Identity" and inputs and inputs[0] is not None:  # a name more
            scope[node.output[0]] = inputs[0]
            return
        if row.name == "If" and inputs and inputs[0] is not None and inputs[0].constant is not None:
            self._known_branch(node, bool(inputs[0].constant), scope, opsets)
            return
        constants = tuple(value.constant.numpy() if value is not None and value.constant is not None and _is_array(value.constant)
                          else None for value in inputs)  # fmt: skip
        outputs = [*node.output]
        while outputs and not outputs[-1]:
            outputs.pop()
        site = Site(node.name, node.op_type, version, tuple(v is not None for v in inputs), tuple(map(bool, outputs)), constants,
                    tuple(v is not None and bool(v.weight) for v in inputs))  # fmt: skip
        host = find_host(domain, node.op_type)
        graphs = {name: attributes.pop(name) for name in row.graphs if name in attributes}
        check = {**attributes, **graphs}
        try:
            check_attributes(row, check)
            if host is not None and len(outputs) == 1 and any(v is not None and v.host for v in inputs):
                if all(v is None or v.host or (v.constant is not None and _is_array(v.constant)) for v in inputs):
                    function = host(site, **attributes)
                    if function is not None:
                        call = f"{self._global(node.op_type.lower() + '_', function)}({', '.join(map(self._array, inputs))})"
                        self._assign(outputs, call, scope, host=True)
                        return
            if node.op_type in ("Shape", "Size") and host is not None:
                self._shape(host(site, **attributes), inputs, outputs, scope)
                return
            if self._foldable(row, inputs, graphs):
                self._fold(row, site, attributes, inputs, outputs, scope)
                return
            self._call(row, site, attributes, graphs, inputs, node.input, outputs, scope, opsets)
        except ModelError as error:
            raise _located(error, where) from error.__cause__
        except (TypeError, ValueError, KeyError, IndexError, AttributeError, RuntimeError) as error:
            raise ModelError(f"{error} ({where})") from error

    def _shape(self, function: Any, inputs: list[_Value | None], outputs: list[str], scope: dict[str, _Value]) -> None:
        value = inputs[0]
        assert value is not None
        if value.constant is not None:
            scope[outputs[0]] = _Value(constant=_as_tensor(function(value.constant)))
        elif value.weight and not value.text:
            known = self.initial[value.weight]
            shape = self.missing[value.weight][1] if known is None else tuple(known.shape)
            scope[outputs[0]] = _Value(constant=_as_tensor(function(np.empty(shape, np.bool_))))
        else:
            self._assign(outputs, f"{self._global('shape_', function)}({value.text})", scope, host=True)

    def _foldable(self, row: Row, inputs: list[_Value | None], graphs: Mapping[str, Any]) -> bool:
        return (
            not row.random
            and row.training is None
            and not graphs
            and all(v is None or v.constant is not None for v in inputs)
        )

    def _fold(
        self, row: Row, site: Site, attributes: dict[str, Any], inputs: list[_Value | None], outputs: list[str],
        scope: dict[str, _Value],
    ) -> None:  # fmt: skip
        function = row.make(site, **attributes)
        values = [None if v is None else v.constant for v in inputs]
        with no_grad():
            if row.host:
                arrays = [_as_array(values[p]) if p < len(values) and values[p] is not None else None for p in row.host]
                function = function(*arrays)
                values = [v for p, v in enumerate(values) if p not in row.host]
            result = function(*values)
        results = result if row.several else (result,)
        for name, each in zip(outputs, results):
            if not name:
                continue
            if isinstance(each, Tensor):
                scope[name] = _Value(constant=each)
            else:  # a sequence, or nothing
                scope[name] = _Value(self._global("k", each))

    def _call(
        self, row: Row, site: Site, attributes: dict[str, Any], graphs: dict[str, Any], inputs: list[_Value | None],
        names: Sequence[str], outputs: list[str], scope: dict[str, _Value], opsets: Mapping[str, int],
    ) -> None:  # fmt: skip
        bodies = {name: self._nested(graph, scope, opsets) for name, graph in graphs.items()}
        function = row.make(site, **attributes, **dict.fromkeys(bodies))
        text = ""
        if row.host:
            numbers = [inputs[p] if p < len(inputs) else None for p in row.host]
            if all(v is None or v.constant is not None for v in numbers):
                function = function(*(None if v is None else _as_array(v.constant) for v in numbers))
            else:
                places = zip(row.host, numbers)
                text = f"({', '.join(self._array(v, row.name if p in row.differentiable else '') for p, v in places)})"
            inputs = [v for p, v in enumerate(inputs) if p not in row.host]
        if row.training is not None:
            inputs = [
                self._of_its_own(v, names[p]) if p in row.fixed and v is not None else v for p, v in enumerate(inputs)
            ]
        arguments = [self._tensor(value) for value in inputs]
        if row.training is not None:
            arguments.insert(0, "module.training")
            self.trains |= row.training(site, attributes)
        arguments += [f"{name}={body}" for name, body in bodies.items()]
        call = f"{self._global(identifier(site.operator).lower() + '_', function)}{text}({', '.join(arguments)})"
        self._assign(outputs, call, scope, several=row.several)

    def _assign(
        self, outputs: list[str], call: str, scope: dict[str, _Value], *, several: bool = False, host: bool = False
    ) -> None:
        if not several and len(outputs) > 1:
            raise ModelError(f"there is one output, and {len(outputs)} are asked for")
        targets = []
        for name in outputs:
            if name:
                scope[name] = _Value(self._variable(), host=host)
                targets.append(scope[name].text)
            else:
                targets.append("_")
        if not targets:
            return
        self._line(f"{', '.join(targets)}{',' if several else ''} = {call}{f'[:{len(targets)}]' if several else ''}")

    # Graphs inside of nodes

    def _nested(self, graph: Any, scope: Mapping[str, _Value], opsets: Mapping[str, int]) -> str:
        """A graph inside of a node as a function inside of the function; it sees the variables around it."""
        name = f"body_{next(self.variables)}"
        own = dict(scope)
        for proto in graph.initializer:
            own[proto.name] = _Value(constant=read_tensor(proto))
        for proto in graph.sparse_initializer:
            own[proto.values.name] = _Value(constant=read_sparse(proto))
        arguments = []
        for value in graph.input:
            own[value.name] = _Value(self._variable())
            arguments.append(own[value.name].text)
        self._line(f"def {name}({', '.join(arguments)}):")
        self.depth += 1
        outputs = [value.name for value in graph.output]
        self._emit(graph.node, own, opsets, outputs)
        results = [
            self._tensor(self._lookup(each, own, f"the outputs of the graph {graph.name!r}")) for each in outputs
        ]
        self._line(f"return ({', '.join(results)}{',' if results else ''})")
        self.depth -= 1
        return name

    def _known_branch(self, node: Any, chosen: bool, scope: dict[str, _Value], opsets: Mapping[str, int]) -> None:
        """The branch of an If that the file itself decides."""
        graph = functions.attributes(node)["then_branch" if chosen else "else_branch"]
        own = dict(scope)
        for proto in graph.initializer:
            own[proto.name] = _Value(constant=read_tensor(proto))
        results = [value.name for value in graph.output]
        self._emit(graph.node, own, opsets, results)
        for name, result in zip(node.output, results):
            if name:
                scope[name] = self._lookup(result, own, _describe(node))

    def _inline(
        self,
        node: Any,
        body: Any,
        inputs: list[_Value | None],
        scope: dict[str, _Value],
        opsets: Mapping[str, int],
        where: str,
    ) -> None:
        """The nodes of a function of the file's, or of one that an operator is by its definition, in place of a call of it."""
        key = (plain(body.domain) or plain(node.domain), node.op_type)
        if key in self.open_functions:
            raise ModelError(f"the function {node.op_type} calls itself ({where})")
        if len(inputs) > len(body.input):
            raise ModelError(
                f"the function {node.op_type} has {len(body.input)} inputs, and {len(inputs)} are given ({where})"
            )
        self.open_functions.append(key)
        given: list[_Value | None] = [*inputs, *[None] * (len(body.input) - len(inputs))]
        own = {name: value for name, value in zip(body.input, given) if value is not None}
        absent = {name for name, value in zip(body.input, given) if value is None}
        versions = {**opsets, **{plain(entry.domain): entry.version for entry in body.opset_import}}
        nodes = functions.bound(body, node, absent)
        self._emit(nodes, own, versions, body.output)
        for name, result in zip(node.output, body.output):
            if name:
                scope[name] = self._lookup(result, own, where)
        self.open_functions.pop()

    def _types(self) -> dict[str, Any]:
        """What is known of the types of the graph's values, by name."""
        if self.known_types is None:
            import onnx

            graph = onnx.shape_inference.infer_shapes(self.model).graph
            self.known_types = {v.name: v.type for v in (*graph.input, *graph.value_info, *graph.output)}
            for tensor in graph.initializer:
                self.known_types[tensor.name] = onnx.helper.make_tensor_type_proto(tensor.data_type, tensor.dims)
        return self.known_types

    def _check_kind(self, value: Any) -> None:
        kind = value.type
        if kind.HasField("tensor_type"):
            dtype_of(kind.tensor_type.elem_type)


class _Uses:
    """Of which initializers an operator takes tensors, of which it takes numbers, and which are no parameters by what they do."""

    def __init__(self, graph: Any, opsets: Mapping[str, int]) -> None:
        self.as_tensor: set[str] = set()  # where a parameter may stand
        self.running: set[str] = set()  # as a statistic that training changes
        self.count: Counter[str] = Counter()
        self._walk(graph, opsets)
        outputs = [value.name for value in graph.output]
        self.as_tensor.update(outputs)
        self.count.update(outputs)

    def _walk(self, graph: Any, opsets: Mapping[str, int]) -> None:
        for node in graph.node:
            row = find(node.domain, node.op_type, opsets.get(plain(node.domain), 0))
            self.count.update(node.input)
            for place, name in enumerate(node.input):
                if row is not None and place in row.fixed:
                    if row.training is not None:
                        self.running.add(name)
                elif row is None or place not in row.host:
                    self.as_tensor.add(name)
            for inner in functions.graphs(node):
                self._walk(inner, opsets)


def _constant(node: Any, where: str) -> Tensor:
    from onnx import helper

    if len(node.attribute) != 1 or len(node.output) != 1:
        raise ModelError(f"a constant has one value ({where})")
    attribute = node.attribute[0]
    value = helper.get_attribute_value(attribute)
    name = attribute.name
    if name == "value":
        return read_tensor(value)
    if name == "sparse_value":
        return read_sparse(value)
    if name in ("value_float", "value_floats"):
        return adjoint.tensor(np.array(value, np.float32))
    if name in ("value_int", "value_ints"):
        return adjoint.tensor(np.array(value, np.int64))
    raise functions.strings_refused(where)


def _describe(node: Any) -> str:
    name = f"node {node.name!r}" if node.name else f"the node that computes {', '.join(map(repr, node.output))}"
    domain = f"{node.domain}." if plain(node.domain) else ""
    return f"{domain}{node.op_type}, {name}"


def _located(error: ModelError, where: str) -> ModelError:
    text = str(error)
    return error if where in text or "node" in text else type(error)(f"{text} ({where})")


def _is_array(tensor: Tensor) -> bool:
    return tensor.dtype not in (adjoint.bfloat16,) and not str(tensor.dtype).startswith("torch.float8")


def _as_tensor(value: Any) -> Tensor:
    if isinstance(value, Tensor):
        return value
    return adjoint.as_tensor(value if value.flags.c_contiguous and value.flags.writeable else np.array(value))


def _as_array(value: Any) -> Any:
    if not isinstance(value, Tensor):
        return value
    return (value.detach() if _is_array(value) else value.detach().float()).numpy()


def _as_array_without_gradient(value: Any, operator: str) -> Any:
    if isinstance(value, Tensor) and value.requires_grad and is_grad_enabled():
        raise NotImplementedError(
            f"{operator} has no gradient with respect to its numbers; they are computed from what requires one"
        )
    return _as_array(value)


def _lookup(module: Any, path: list[str]) -> Any:
    for part in path:
        module = module._modules[part]
    return module

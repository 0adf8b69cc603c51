"""Proxies: what a traced function is given in place of tensors, and what notes each thing that is done with it."""

from __future__ import annotations

import copy
import dis
import enum
import inspect
import operator
import traceback
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass
from typing import Any, NoReturn

from adjoint import dtypes
from adjoint.autograd.overriding import name_of, switch_on
from adjoint.device import device
from adjoint.fx.graph import Graph, magic_methods, reflectable_magic_methods
from adjoint.fx.node import Node, map_arg
from adjoint.layouts import layout, memory_format
from adjoint.nn import Parameter
from adjoint.places import is_our_file
from adjoint.pytree import tree_map
from adjoint.tensor import Size, Tensor

__all__ = [
    "Attribute",
    "GraphAppendingTracer",
    "ParameterProxy",
    "Proxy",
    "Scope",
    "ScopeContextManager",
    "TraceError",
    "TracerBase",
]

base_types = (str, int, float, bool, complex, dtypes.dtype, Tensor, device, memory_format, layout)


class TraceError(ValueError):
    """A traced function does what a graph cannot hold: it asks for a value."""


class Scope:
    """The module in which nodes are made."""

    def __init__(self, module_path: str, module_type: Any) -> None:
        self.module_path = module_path
        self.module_type = module_type


class ScopeContextManager:
    """Has ``scope`` be another one in a block."""

    def __init__(self, scope: Scope, current_scope: Scope) -> None:
        self._scope = scope
        self._before = copy.copy(scope)
        vars(scope).update(vars(current_scope))

    def __enter__(self) -> Scope:
        return self._scope

    def __exit__(self, *error: Any) -> None:
        vars(self._scope).update(vars(self._before))


class TracerBase:
    """What makes nodes of what is done with proxies; a subclass decides what is noted, and what is allowed."""

    graph: Graph
    record_stack_traces = False
    trace_asserts = False
    proxy_buffer_attributes = False
    traced_func_name = "forward"
    scope: Scope
    module_stack: OrderedDict[str, tuple[str, Any]]
    node_name_to_scope: dict[str, tuple[str, Any]]

    def create_node(
        self,
        kind: str,
        target: Any,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        name: str | None = None,
        type_expr: Any = None,
    ) -> Node:
        """A new node of the graph, with notes of the module in which it is made."""
        node = self.graph.create_node(kind, target, args, kwargs, name, type_expr)
        self.node_name_to_scope[node.name] = self.scope.module_path, self.scope.module_type
        if self.module_stack:
            node.meta["nn_module_stack"] = copy.copy(self.module_stack)
        if self.record_stack_traces and not node.stack_trace:
            frames = traceback.extract_stack()[:-1]
            first = next((i for i, frame in enumerate(frames) if frame.name == "forward"), None)
            kept = [] if first is None else [f for f in frames[first:] if not is_our_file(f.filename)]
            if kept:
                node.stack_trace = "".join(traceback.format_list(kept)).strip()
        return node

    def proxy(self, node: Node) -> Proxy:
        """What stands for the value of a node."""
        return Proxy(node, self)

    def create_proxy(
        self,
        kind: str,
        target: Any,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        name: str | None = None,
        type_expr: Any = None,
        proxy_factory_fn: Callable[[Node], Proxy] | None = None,
    ) -> Proxy:
        """A new node whose arguments may be proxies, and what stands for its value."""
        node = self.create_node(kind, target, self.create_arg(args), self.create_arg(kwargs), name, type_expr)
        return proxy_factory_fn(node) if proxy_factory_fn else self.proxy(node)

    def create_arg(self, a: Any) -> Any:
        """An argument as a node has it: proxies as their nodes, containers likewise.  Raises NotImplementedError for what a
        graph cannot hold."""
        if isinstance(a, Proxy):
            return a.node
        if hasattr(a, "__fx_create_arg__"):
            return a.__fx_create_arg__(self)
        if isinstance(a, (tuple, list)):
            values = [self.create_arg(x) for x in a]
            if isinstance(a, tuple):
                return (
                    type(a)(*values)
                    if hasattr(a, "_fields")
                    else tuple(values)
                    if isinstance(a, Size)
                    else type(a)(values)
                )
            return values
        if isinstance(a, dict):
            return {self._key(k): self.create_arg(v) for k, v in a.items()}
        if isinstance(a, (slice, range)):
            return type(a)(self.create_arg(a.start), self.create_arg(a.stop), self.create_arg(a.step))
        if is_dataclass(a) and not isinstance(a, type):
            return self.create_node(
                "call_function", type(a), (), {f.name: self.create_arg(getattr(a, f.name)) for f in fields(a)}
            )
        if isinstance(a, (*base_types, enum.Enum)) or a is None or a is ...:
            return a
        raise NotImplementedError(f"argument of type: {type(a)}")

    def _key(self, key: Any) -> Any:
        if isinstance(key, str):
            return key

        def refuse(node: Node) -> NoReturn:
            raise RuntimeError(f"Keys for dictionaries used as an argument cannot contain a Node. Got key: {node}")

        key = self.create_arg(key)
        map_arg(key, refuse)
        return key

    def to_bool(self, obj: Proxy) -> bool:
        """What ``if proxy:`` asks.  Raises TraceError."""
        raise TraceError("symbolically traced variables cannot be used as inputs to control flow")

    def iter(self, obj: Proxy) -> Iterator[Proxy]:
        """What ``for x in proxy:`` asks.  Raises TraceError."""
        raise TraceError(
            "Proxy object cannot be iterated. This can be attempted when the Proxy is used in a loop or as a *args or **kwargs "
            "function argument. See the torch.fx docs on pytorch.org for a more detailed explanation of what types of control "
            "flow can be traced, and check out the Proxy docstring for help troubleshooting Proxy iteration errors"
        )

    def keys(self, obj: Proxy) -> Any:
        """What ``**proxy`` asks."""
        return Attribute(obj, "keys")()


class GraphAppendingTracer(TracerBase):
    """What makes nodes at the end of a graph, for proxies that no tracer made."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.scope = Scope("", None)
        self.module_stack = OrderedDict()
        self.node_name_to_scope = {}


def assert_fn(x: Any) -> None:
    """Raise AssertionError unless ``x`` is true: what a traced ``assert`` does."""
    if not x:
        raise AssertionError("Assertion failed")


class Proxy:
    """What stands for the value of a node: whatever is done with it makes another node, and returns its proxy.

    Raises TraceError where its value is asked for, as by ``if`` and ``for``.
    """

    def __init__(self, node: Node, tracer: TracerBase | None = None) -> None:
        switch_on()
        self.tracer = tracer if tracer is not None else GraphAppendingTracer(node.graph)
        self.node = node

    def __repr__(self) -> str:
        return f"Proxy({self.node.name})"

    def __getattr__(self, k: str) -> Attribute:
        return Attribute(self, k)

    def __getstate__(self) -> Any:
        return self.__dict__

    def __setstate__(self, state: Any) -> None:
        self.__dict__ = state

    def __deepcopy__(self, memo: dict[int, Any]) -> Proxy:
        copied = Proxy.__new__(type(self))
        for key, value in self.__dict__.items():
            try:
                copied.__dict__[key] = copy.deepcopy(value, memo)
            except Exception:
                copied.__dict__[key] = copy.copy(value)
        return copied

    def __call__(self, *args: Any, **kwargs: Any) -> Proxy:
        return self.tracer.create_proxy("call_method", "__call__", (self, *args), kwargs)

    def __iter__(self) -> Iterator[Proxy]:
        instruction = _instructions(inspect.currentframe())[0]
        if instruction.opname == "UNPACK_SEQUENCE":  # a, b = proxy: as many as there are names
            return (self[i] for i in range(instruction.argval))  # type: ignore[index]
        return self.tracer.iter(self)

    def __abs__(self) -> Proxy:
        return self.tracer.create_proxy("call_function", operator.abs, (self,), {})

    def __bool__(self) -> bool:
        if self.tracer.trace_asserts:
            jump, first = _instructions(inspect.currentframe())[:2]
            if jump.opname.startswith("POP_JUMP") and "TRUE" in jump.opname and first.opname == "LOAD_ASSERTION_ERROR":
                self.tracer.create_proxy("call_function", assert_fn, (self,), {})
                return True
        return self.tracer.to_bool(self)

    def keys(self) -> Any:
        """What ``**proxy`` asks: the tracer's answer."""
        return self.tracer.keys(self)

    def __len__(self) -> int:
        raise RuntimeError(
            "'len' is not supported in symbolic tracing by default. If you want this call to be recorded, please call "
            "torch.fx.wrap('len') at module scope"
        )

    @classmethod
    def __torch_function__(
        cls, orig_method: Any, types: Any, args: tuple[Any, ...] | None = None, kwargs: dict[str, Any] | None = None
    ) -> Proxy:
        """A node that calls a function of ``torch``, or a method where it is one of Tensor's."""
        tracers: dict[TracerBase, None] = {}

        def note(x: Any) -> None:
            if isinstance(x, cls):
                tracers[x.tracer] = None

        tree_map(note, (args or (), kwargs or {}))
        if len(tracers) > 1:
            raise RuntimeError(
                f"Found multiple different tracers {list(tracers)} while trying to trace operations {orig_method}"
            )
        tracer = next(iter(tracers))
        if (name_of(orig_method) or "").startswith("torch.Tensor."):
            return tracer.create_proxy("call_method", orig_method.__name__, args or (), kwargs or {})
        name = tracer.graph._target_to_str(orig_method)
        return tracer.create_proxy("call_function", orig_method, args or (), kwargs or {}, name=name)


def _instructions(frame: Any) -> list[dis.Instruction]:
    """The instruction at which the caller of this frame stands, and those after it."""
    caller = frame.f_back
    return [i for i in dis.get_instructions(caller.f_code) if i.offset >= caller.f_lasti]


class Attribute(Proxy):
    """An attribute of a proxy's value: read, or called as a method."""

    def __init__(self, root: Proxy, attr: str) -> None:
        self.root = root
        self.attr = attr
        self.tracer = root.tracer
        self._node: Node | None = None

    @property
    def node(self) -> Node:  # type: ignore[override]
        """The node that reads it; there is none where it is only called."""
        if self._node is None:
            self._node = self.tracer.create_proxy("call_function", getattr, (self.root, self.attr), {}).node
        return self._node

    def __call__(self, *args: Any, **kwargs: Any) -> Proxy:
        return self.tracer.create_proxy("call_method", self.attr, (self.root, *args), kwargs)


class ParameterProxy(Proxy):
    """What stands for a parameter whose shape is taken for a constant."""

    def __init__(self, tracer: TracerBase, node: Node, name: str, param: Parameter) -> None:
        super().__init__(node, tracer)
        if not isinstance(param, Parameter):
            raise AssertionError(f"Expected Parameter, got {type(param)}")
        self.param = param
        self.name = name

    def __repr__(self) -> str:
        return f"ParameterProxy({self.name})"

    @property
    def shape(self) -> Any:
        """The parameter's shape."""
        return self.param.shape

    def size(self) -> Any:
        """The parameter's shape."""
        return self.param.shape

    @property
    def ndim(self) -> int:
        """How many dimensions the parameter has."""
        return self.param.ndim

    def dim(self) -> int:
        """How many dimensions the parameter has."""
        return self.param.ndim

    def numel(self) -> int:
        """How many elements the parameter has."""
        return self.param.numel()

    nelement = numel


def _special(name: str, reflected: bool) -> Callable[..., Proxy]:
    """One of Python's operators, on proxies."""
    target = getattr(operator, name, None)

    def method(*args: Any, **kwargs: Any) -> Proxy:
        operands = args[::-1] if reflected else args
        return args[0].tracer.create_proxy("call_function", target, operands, kwargs)  # type: ignore[no-any-return]

    method.__name__ = method.__qualname__ = f"__{'r' if reflected else ''}{name.strip('_')}__"
    return method


for _name in magic_methods:
    if hasattr(operator, _name):
        setattr(Proxy, f"__{_name.strip('_')}__", _special(_name, False))
        if _name in reflectable_magic_methods:
            setattr(Proxy, f"__r{_name.strip('_')}__", _special(_name, True))

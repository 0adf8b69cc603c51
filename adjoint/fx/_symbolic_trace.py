"""Tracing: a function is run once, with proxies for its arguments, and what it does with them becomes a graph."""

from __future__ import annotations

import copy
import functools
import inspect
import math
import warnings
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterable
from types import FunctionType, ModuleType
from typing import Any

import adjoint
from adjoint.fx.codegen import PyTreeCodeGen, PyTreeInfo
from adjoint.fx.graph import Graph
from adjoint.fx.graph_module import GraphModule
from adjoint.fx.node import Node, map_aggregate
from adjoint.fx.patching import Patches, callables, taking_all_by_position
from adjoint.fx.proxy import ParameterProxy, Proxy, Scope, ScopeContextManager, TracerBase, base_types
from adjoint.fx.spelling import torch_name
from adjoint.nn import Module, Parameter, Sequential
from adjoint.noted_calls import wrapped_functions
from adjoint.places import users_level
from adjoint.pytree import TreeSpec, tree_flatten, tree_map, tree_unflatten
from adjoint.tensor import Tensor

__all__ = ["PH", "ProxyableClassMeta", "Tracer", "is_fx_tracing", "symbolic_trace", "wrap"]

_CONSTANTS = (Tensor, TreeSpec)
_proxyable: set[type] = set()
_tracing: list[Tracer] = []


def is_fx_tracing() -> bool:
    """Whether a function is being traced."""
    return bool(_tracing)


is_fx_symbolic_tracing = is_fx_tracing


class ProxyableClassMeta(type):
    """The class of classes whose instances, where they are made of proxies, are nodes."""

    def __init__(cls, name: str, bases: tuple[type, ...], attrs: dict[str, Any]) -> None:
        _proxyable.add(cls)
        super().__init__(name, bases, attrs)

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        if is_fx_tracing():
            found: list[Proxy] = []
            map_aggregate((args, kwargs), lambda x: found.append(x) if isinstance(x, Proxy) else None)
            if found:
                return found[0].tracer.create_proxy("call_function", cls, args, kwargs)
        return super().__call__(*args, **kwargs)


class PHBase:
    """Where ``concrete_args`` leave an argument open."""

    def __repr__(self) -> str:
        return "PH"


PH = PHBase()


class PHWithMeta(PHBase):
    """An open argument whose attributes its node is to have."""

    def __init__(self, ph_key: str | None = None) -> None:
        self.ph_key = ph_key


class Tracer(TracerBase):
    """What traces functions and modules; a subclass may decide which modules are one node (:meth:`is_leaf_module`).

    ``autowrap_modules`` and ``autowrap_functions``: whose calls with proxies are nodes.  ``param_shapes_constant``: shapes of
    parameters are numbers, and not traced.

    >>> import adjoint as torch
    >>> graph = torch.fx.Tracer().trace(lambda x: torch.relu(x) + 1)
    >>> [node.name for node in graph.nodes]
    ['x', 'relu', 'add', 'output']
    """

    root: Module
    _qualname_counter: dict[str, int] = defaultdict(int)

    def __init__(
        self,
        autowrap_modules: tuple[ModuleType, ...] = (math,),
        autowrap_functions: tuple[Callable[..., Any], ...] = (),
        param_shapes_constant: bool = False,
    ) -> None:
        self._autowrap_search = list(autowrap_modules)
        self._autowrap_function_ids = callables(autowrap_modules) | {id(f) for f in autowrap_functions}
        self.param_shapes_constant = param_shapes_constant
        self.submodule_paths: dict[Module, str] | None = None
        self.root_module_name = ""
        self.scope = Scope("", None)
        self.module_stack = OrderedDict()
        self.num_calls: dict[str, int] = {}
        self.node_name_to_scope = {}
        self.tensor_attrs: dict[Any, str] = {}

    # What may be decided otherwise

    def is_leaf_module(self, m: Module, module_qualified_name: str) -> bool:
        """Whether calls of a module are one node: of those of ``torch.nn``, except Sequential."""
        return torch_name(m.__module__).startswith(("torch.nn", "torch.ao.nn")) and not isinstance(m, Sequential)

    def call_module(self, m: Module, forward: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """What a call of a module gives: a proxy of its node, or what ``forward`` makes of proxies."""
        path = self.path_of_module(m)
        with ScopeContextManager(self.scope, Scope(path, type(m))) as scope:
            calls = self.num_calls.get(path, 0)
            key = f"{path}@{calls}" if calls else path
            self.module_stack[key] = path, scope.module_type
            self.num_calls[path] = calls + 1
            try:
                if self.is_leaf_module(m, path):
                    return self.create_proxy("call_module", path, args, kwargs)
                return forward(*args, **kwargs)
            finally:
                self.module_stack.popitem(last=True)

    def getattr(self, attr: str, attr_val: Any, parameter_proxy_cache: dict[str, Proxy]) -> Any:
        """What reading an attribute of a module gives: of parameters, a proxy of the node that reads them."""
        if isinstance(attr_val, Parameter):
            return self._proxy_of(attr_val, self.root.named_parameters(), parameter_proxy_cache)
        if self.proxy_buffer_attributes and isinstance(attr_val, Tensor):
            return self._proxy_of(attr_val, self.root.named_buffers(), parameter_proxy_cache)
        return attr_val

    def _proxy_of(self, value: Any, named: Iterable[tuple[str, Any]], cache: dict[str, Proxy]) -> Any:
        name = next((name for name, each in named if each is value), None)
        if name is None:
            return value
        if name not in cache:
            options: dict[str, Any] = {}
            if self.param_shapes_constant:
                options["proxy_factory_fn"] = lambda node: ParameterProxy(self, node, name, value)
            cache[name] = self.create_proxy("get_attr", name, (), {}, **options)
        return cache[name]

    def create_arg(self, a: Any) -> Any:
        """As TracerBase's; parameters, buffers and submodules of the root as nodes that read them, other tensors as new
        attributes of it.  Raises NameError for a parameter of some other module."""
        named: Iterable[tuple[str, Any]] = ()
        if isinstance(a, Parameter):
            named = self.root.named_parameters()
        elif isinstance(a, Tensor):
            named = self.root.named_buffers()
        elif isinstance(a, Module):
            named = self.root.named_modules()
        for name, value in named:
            if value is a:
                return self.create_node("get_attr", name, (), {})
        if isinstance(a, Parameter):
            raise NameError("parameter is not a member of this module")
        if isinstance(a, tuple) and hasattr(a, "_fields"):
            return self.create_node("call_function", type(a), tuple([self.create_arg(x) for x in a]), {})
        if isinstance(a, _CONSTANTS):
            if a not in self.tensor_attrs:
                name = self.get_fresh_qualname("_tensor_constant" if isinstance(a, Tensor) else "_tree_spec_constant")
                self.tensor_attrs[a] = name
                setattr(self.root, name, a)
            return self.create_node("get_attr", self.tensor_attrs[a], (), {})
        if type(a) in _proxyable:
            name = self.get_fresh_qualname(f"_{type(a).__name__}_constant_")
            setattr(self.root, name, a)
            return self.create_node("get_attr", name, (), {})
        return super().create_arg(a)

    # What a subclass may use

    def get_fresh_qualname(self, prefix: str) -> str:
        """A name, this prefix and a number, that the root does not have."""
        if not hasattr(self.root, f"{prefix}0"):
            self._qualname_counter[prefix] = 0
            return f"{prefix}0"
        number = self._qualname_counter[prefix]
        while hasattr(self.root, f"{prefix}{number}"):
            number += 1
        self._qualname_counter[prefix] = number + 1
        return f"{prefix}{number}"

    def path_of_module(self, mod: Module) -> str:
        """The name of a submodule of the root.  Raises NameError if it is none."""
        paths = self.submodule_paths or {m: n for n, m in self.root.named_modules()}
        if mod not in paths:
            raise NameError("module is not installed as a submodule")
        return paths[mod]

    def create_args_for_root(
        self, root_fn: Any, is_module: bool, concrete_args: dict[str, Any] | tuple[Any, ...] | None = None
    ) -> tuple[Any, list[Any]]:
        """The function that is run, and the proxies that it is given; ``concrete_args`` are given as they are."""
        analysed = inspect.unwrap(root_fn)
        code = analysed.__code__
        count = code.co_argcount + code.co_kwonlyargcount
        names = iter(code.co_varnames)
        args: list[Any] = []
        if is_module:
            if count == 0:
                raise RuntimeError("``self`` argument cannot be part of *args expansion!")
            next(names)
            args.append(self.root)
        variable = code.co_flags & (inspect.CO_VARARGS | inspect.CO_VARKEYWORDS)
        if isinstance(concrete_args, tuple) and concrete_args and variable and count == 1:
            for i, given in enumerate(concrete_args):
                proxy = self.create_proxy("placeholder", f"input_{i}", (), {})
                _give_attributes(given, proxy.node)
                args.append(proxy)
            return root_fn, args
        parameters = [next(names) for _ in range(len(args), count)]
        if isinstance(concrete_args, tuple):
            if len(parameters) != len(concrete_args):
                raise RuntimeError(
                    f"Tracing expected {len(parameters)} arguments but got {len(concrete_args)} concrete arguments"
                )
            concrete_args = dict(zip(parameters, concrete_args))
        signature = inspect.signature(analysed)
        args += [self._proxy_placeholder(name, concrete_args, signature, analysed) for name in parameters]
        if code.co_kwonlyargcount > 0 or variable:
            if code.co_flags & inspect.CO_VARARGS:
                args.append(self._proxy_placeholder("*" + next(names), concrete_args, signature, analysed))
            if code.co_flags & inspect.CO_VARKEYWORDS:
                args.append(self._proxy_placeholder("**" + next(names), concrete_args, signature, analysed))
            root_fn = taking_all_by_position(root_fn, len(args))
        flat, spec = tree_flatten(tuple(args))
        if all(child.is_leaf() for child in spec.children()):
            return root_fn, args
        self.graph._codegen = codegen = PyTreeCodeGen(PyTreeInfo(list(code.co_varnames)[:count], spec, None))

        def flattened(*leaves: Any) -> Any:
            returned, out_spec = tree_flatten(root_fn(*tree_unflatten(list(leaves), spec)))
            codegen.pytree_info = codegen.pytree_info._replace(out_spec=out_spec)
            return returned

        return flattened, flat

    def _proxy_placeholder(self, name: str, concrete_args: Any, signature: inspect.Signature, function: Any) -> Any:
        default: tuple[Any, ...] = ()
        if name[0] != "*" and signature.parameters[name].default is not inspect.Parameter.empty:
            default = (signature.parameters[name].default,)
        if not concrete_args or name not in concrete_args:
            kind = _annotations(function).get(name)
            return self.create_proxy("placeholder", name, default, {}, type_expr=kind)
        made = 0

        def placeholder(given: Any) -> Any:
            nonlocal made
            made += 1
            proxy = self.create_proxy("placeholder", f"{name}_{made}", default, {})
            if isinstance(given, PHBase):
                _give_attributes(given, proxy.node)
                return proxy
            if given is None:
                text = f"{name} has been specialized to have value None but got another value"
                self.create_proxy("call_function", _assert_is_none, (proxy, text), {})
            elif type(given) in base_types and type(given) is not Tensor:
                text = f"{name} has been specialized to have value {given} but got another value"
                self.create_proxy("call_function", adjoint._assert, (proxy == given, text), {})
            else:
                warnings.warn(
                    f"Was not able to add assertion to guarantee correct input {name} to specialized function. It is up to the "
                    "user to make sure that your inputs match the inputs you specialized the function with.",
                    stacklevel=users_level(),
                )
            return given

        return tree_map(placeholder, concrete_args[name])

    # Tracing

    def trace(self, root: Module | Callable[..., Any], concrete_args: Any = None) -> Graph:
        """The graph of what ``root``, a module or function, does with its arguments."""
        is_module = isinstance(root, Module)
        if is_module:
            self.root = root  # type: ignore[assignment]
            if not hasattr(type(root), self.traced_func_name):
                raise AssertionError(f"traced_func_name={self.traced_func_name} doesn't exist in {type(root).__name__}")
            function: Any = getattr(type(root), self.traced_func_name)
            self.root_module_name = self.root._get_name()
            self.submodule_paths = {m: n for n, m in self.root.named_modules()}
        else:
            self.root = Module()
            function = root
        self.graph = Graph(tracer_cls=type(self))
        code = getattr(function, "__code__", None)
        if code is not None:
            self.graph._co_fields = {
                "co_name": code.co_name, "co_filename": code.co_filename, "co_firstlineno": code.co_firstlineno
            }  # fmt: skip
        self.tensor_attrs = {}
        self._collect_tensor_attrs(self.root, [])
        if not isinstance(function, FunctionType):
            raise AssertionError(f"Expected FunctionType, got {type(function)}")
        space = function.__globals__
        function, args = self.create_args_for_root(function, is_module, concrete_args)
        returned = _annotations(inspect.unwrap(function)).get("return")
        _tracing.append(self)
        try:
            with Patches() as patches:
                self._patch_modules(patches)
                patches.note_wrapped()
                for names in (space, *map(vars, self._autowrap_search)):
                    patches.note_those(names, self._autowrap_function_ids)
                result = self.create_arg(function(*args))
                self.create_node("output", "output", (result,), {}, type_expr=returned)
        finally:
            _tracing.pop()
        self.submodule_paths = None
        return self.graph

    def _patch_modules(self, patches: Patches) -> None:
        """Have calls and attributes of modules pass through this tracer."""
        call, read = Module.__call__, Module.__getattr__
        cache: dict[str, Proxy] = {}

        @functools.wraps(read)
        def traced_getattr(module: Module, name: str) -> Any:
            return self.getattr(name, read(module, name), cache)

        @functools.wraps(call)
        def traced_call(module: Module, *args: Any, **kwargs: Any) -> Any:
            patches.note_those(
                getattr(getattr(module, "forward", module), "__globals__", {}), self._autowrap_function_ids
            )
            return self.call_module(module, functools.partial(call, module), args, kwargs)

        patches.attribute(Module, "__getattr__", traced_getattr)
        patches.attribute(Module, "__call__", traced_call)

    def _collect_tensor_attrs(self, module: Module, path: list[str]) -> None:
        for name, value in vars(module).items():
            if isinstance(value, _CONSTANTS):
                self.tensor_attrs[value] = ".".join([*path, name])
        for name, child in module.named_children():
            self._collect_tensor_attrs(child, [*path, name])

    def __deepcopy__(self, memo: dict[int, Any]) -> Tracer:
        copied = Tracer.__new__(Tracer)
        for name, value in vars(self).items():
            vars(copied)[name] = copy.copy(value) if name == "_autowrap_search" else copy.deepcopy(value, memo)
        return copied


def _annotations(function: Any) -> dict[str, Any]:
    """A function's annotations; of Adjoint's own, which are text, those that say something."""
    if not torch_name(function.__module__).startswith(("torch.", "torchvision.")):
        return inspect.get_annotations(function)
    return {name: kind for name, kind in inspect.get_annotations(function, eval_str=True).items() if kind is not Any}


def _give_attributes(given: Any, node: Node) -> None:
    """Give the node of an open argument what is noted of that."""
    if isinstance(given, PHBase) and given is not PH:
        for name in dir(given):
            value = getattr(given, name)
            if not callable(value) and not name.startswith("__") and not hasattr(node, name):
                setattr(node, name, value)


def wrap(fn_or_name: Any) -> Any:
    """Have calls of a function of this module, given itself or by name, be nodes where arguments are proxies (also a decorator).

    Raises NotImplementedError unless it is called at the top of a module.
    """
    if not callable(fn_or_name) and not isinstance(fn_or_name, str):
        raise RuntimeError("Unsupported type for global function! Must be either a callable or string name")
    frame: Any = inspect.currentframe().f_back  # type: ignore[union-attr]
    if frame.f_code.co_name != "<module>":
        raise NotImplementedError("wrap must be called at the top level of a module")
    name = fn_or_name if isinstance(fn_or_name, str) else fn_or_name.__name__
    wrapped_functions[id(frame.f_globals), name] = frame.f_globals
    return fn_or_name


def symbolic_trace(root: Module | Callable[..., Any], concrete_args: Any = None) -> GraphModule:
    """A module that does what ``root``, a module or function, does, of a graph that can be read and changed.

    ``concrete_args`` names arguments that are constants.  Raises TraceError where it asks for the value of an argument, as by
    ``if`` or ``for``.

    >>> import adjoint as torch
    >>> traced = torch.fx.symbolic_trace(lambda x, y: torch.relu(x) + y)
    >>> print(traced.code)
    def forward(self, x, y):
        relu = torch.relu(x);  x = None
        add = relu + y;  relu = y = None
        return add
    """
    tracer = Tracer()
    graph = tracer.trace(root, concrete_args)
    name = type(root).__name__ if isinstance(root, Module) else root.__name__
    return GraphModule(tracer.root, graph, name)


@wrap
def _assert_is_none(value: Any, msg: str) -> None:
    if value is not None:
        raise AssertionError(msg)

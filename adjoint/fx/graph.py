"""Graphs: what a function does, as a list of nodes that can be changed and made a function again."""

from __future__ import annotations

import copy
import inspect
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from adjoint.fx.codegen import MAGIC as magic_methods
from adjoint.fx.codegen import REFLECTABLE as reflectable_magic_methods
from adjoint.fx.codegen import CodeGen, PythonCode, PyTreeCodeGen, PyTreeInfo, Writer
from adjoint.fx.immutable_collections import immutable_dict
from adjoint.fx.namespace import Namespace, snake_case
from adjoint.fx.node import LEGAL_OPS, Node, map_arg
from adjoint.fx.spelling import qualified_name
from adjoint.nn import Module, Parameter
from adjoint.ops.legacy import typename
from adjoint.places import users_level

if TYPE_CHECKING:
    from adjoint.fx.graph_module import GraphModule

_PyTreeCodeGen, _PyTreeInfo = PyTreeCodeGen, PyTreeInfo  # what PyTorch calls them

__all__ = ["CodeGen", "Graph", "PythonCode", "magic_methods", "reflectable_magic_methods"]


class _NodeList:
    """The nodes of a graph, in order; those that are taken out while they are gone through are left out."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph

    def __len__(self) -> int:
        return self.graph._len

    def __iter__(self) -> Iterator[Any]:
        return self._walk("_next")

    def __reversed__(self) -> Iterator[Any]:
        return self._walk("_prev")

    def _walk(self, way: str) -> Iterator[Node]:
        node = getattr(self.graph._root, way)
        while node is not self.graph._root:
            if not node._erased:
                yield node
            node = getattr(node, way)


class _InsertPoint:
    """Where new nodes go, until the block is left; without a block, for good."""

    def __init__(self, graph: Graph, insert: Callable[[Node], None]) -> None:
        self.graph = graph
        self.before, graph._insert = graph._insert, insert

    def __enter__(self) -> None:
        pass

    def __exit__(self, *error: Any) -> None:
        self.graph._insert = self.before


class Graph:
    """A function as a list of nodes: its inputs, calls, and what it returns.

    >>> import adjoint as torch
    >>> graph = torch.fx.Graph()
    >>> x = graph.placeholder("x")
    >>> y = graph.call_function(torch.relu, (x,))
    >>> out = graph.output(y)
    >>> print(graph)
    graph():
        %x : [num_users=1] = placeholder[target=x]
        %relu : [num_users=1] = call_function[target=torch.relu](args = (%x,), kwargs = {})
        return relu
    """

    def __init__(
        self, owning_module: GraphModule | None = None, tracer_cls: Any = None, tracer_extras: Any = None
    ) -> None:
        self._order: dict[Node, int] | None = None  # the nodes' places, while they are known
        self._len = 0
        self._graph_namespace = Namespace()
        self.owning_module = owning_module
        self._tracer_cls = tracer_cls
        self._tracer_extras = tracer_extras
        self._codegen = CodeGen()
        self._co_fields: dict[str, Any] = {}
        self._root = Node(self, "", "root", "", (), {})
        self._insert: Callable[[Node], None] = self._root.prepend

    @property
    def nodes(self) -> _NodeList:
        """The nodes, in the order in which they run; changes of the graph are seen at once."""
        return _NodeList(self)

    def output_node(self) -> Node:
        """The last node, which returns."""
        node: Node = next(iter(reversed(self.nodes)))
        if node.op != "output":
            raise AssertionError(f"Expected output node, got op={node.op}")
        return node

    def find_nodes(self, *, op: str, target: Any = None, sort: bool = True) -> list[Node]:
        """The nodes that do this, to this target where one is given."""
        if op == "call_function" and target is None:
            raise AssertionError("target must not be None for call_function op")
        return [n for n in self.nodes if n.op == op and (target is None or n.target == target)]

    def _place(self, node: Node) -> int:
        if self._order is None:
            self._order = {each: i for i, each in enumerate(self.nodes)}
        return self._order[node]

    # Making nodes

    def create_node(
        self,
        op: str,
        target: Any,
        args: tuple[Any, ...] | None = None,
        kwargs: dict[str, Any] | None = None,
        name: str | None = None,
        type_expr: Any = None,
    ) -> Node:
        """A new node where new nodes go, at the end if nothing else was said; its name follows from ``target``."""
        if args and not isinstance(args, tuple):
            raise AssertionError(f"args must be a tuple, got {type(args)}")
        if kwargs and not isinstance(kwargs, dict):
            raise AssertionError(f"kwargs must be a dict, got {type(kwargs)}")
        unique = self._graph_namespace.create_name(name if name is not None else self._target_to_str(target), None)
        node = Node(self, unique, op, target, args or (), kwargs or immutable_dict(), type_expr)
        for hook in getattr(self.owning_module, "_create_node_hooks", ()):
            hook(node)
        self._graph_namespace.associate_name_with_obj(unique, node)
        self._insert(node)
        self._len += 1
        return node

    def _target_to_str(self, target: Any) -> str:
        if callable(target):
            name = target.__name__
            if getattr(target, "__module__", None) is not None and getattr(target, "__qualname__", name) == name:
                name = _last_part(target, name)
        else:
            name = target[2:-2] if target.startswith("__") and target.endswith("__") else target
        return snake_case(name)

    def placeholder(self, name: str, type_expr: Any = None, default_value: Any = inspect.Signature.empty) -> Node:
        """A new input."""
        args = () if default_value is inspect.Signature.empty else (default_value,)
        return self.create_node("placeholder", name, args=args, type_expr=type_expr)

    def get_attr(self, qualified_name: str, type_expr: Any = None) -> Node:
        """A new node that reads a parameter, buffer or module; warns where there is none of that name."""
        if self.owning_module is not None and not _is_there(self.owning_module, qualified_name):
            warnings.warn(
                "Attempted to insert a get_attr Node with no underlying reference in the owning GraphModule! Call "
                "GraphModule.add_submodule to add the necessary submodule, GraphModule.add_parameter to add the necessary "
                "Parameter, or nn.Module.register_buffer to add the necessary buffer",
                stacklevel=users_level(),
            )
        return self.create_node("get_attr", qualified_name, type_expr=type_expr)

    def call_module(self, module_name: str, args: Any = None, kwargs: Any = None, type_expr: Any = None) -> Node:
        """A new node that calls a submodule.  Raises AttributeError where the owning module has none of that name."""
        if self.owning_module is not None:
            self.owning_module.get_submodule(module_name)
        return self.create_node("call_module", module_name, args, kwargs, type_expr=type_expr)

    def call_method(self, method_name: str, args: Any = None, kwargs: Any = None, type_expr: Any = None) -> Node:
        """A new node that calls a method of its first argument."""
        return self.create_node("call_method", method_name, args, kwargs, type_expr=type_expr)

    def call_function(
        self,
        the_function: Callable[..., Any],
        args: Any = None,
        kwargs: Any = None,
        type_expr: Any = None,
        name: str | None = None,
    ) -> Node:
        """A new node that calls a function."""
        return self.create_node("call_function", the_function, args, kwargs, name=name, type_expr=type_expr)

    def output(self, result: Any, type_expr: Any = None) -> Node:
        """A new node that returns ``result``: a node, or containers of nodes and constants."""
        return self.create_node(op="output", target="output", args=(result,), type_expr=type_expr)

    def node_copy(self, node: Node, arg_transform: Callable[[Node], Any] = lambda x: x) -> Node:
        """A new node that does what ``node``, of another graph, does; ``arg_transform`` gives the nodes that it takes here."""
        args, kwargs = map_arg(node.args, arg_transform), map_arg(node.kwargs, arg_transform)
        copied = self.create_node(node.op, node.target, args, kwargs, node.name, node.type)
        copied.meta = copy.copy(node.meta)
        return copied

    def graph_copy(self, g: Graph, val_map: dict[Node, Any], return_output_node: bool = False) -> Any:
        """New nodes for all of ``g`` but its output, and what that returns, in terms of the new ones; ``val_map`` says of
        which nodes there is a copy already, and is told of the others."""
        for node in g.nodes:
            if node in val_map:
                continue
            if node.op == "output":
                value = map_arg(node.args[0], lambda n: val_map[n])
                return (value, node) if return_output_node else value
            val_map[node] = self.node_copy(node, lambda n: val_map[n])
        return None

    def __deepcopy__(self, memo: dict[Any, Any] | None = None) -> Graph:
        copied = Graph(tracer_cls=self._tracer_cls)
        found = copied.graph_copy(self, memo if memo else {}, return_output_node=True)
        copied._codegen = copy.deepcopy(self._codegen)
        if found is not None:
            value, output = found
            made = copied.output(value, type_expr=output.type)
            made.meta = copy.copy(output.meta)
        return copied

    # Changing

    def inserting_before(self, n: Node | None = None) -> _InsertPoint:
        """Have new nodes go before ``n``, or to the beginning, in a ``with`` block."""
        if n is not None and n.graph is not self:
            raise AssertionError("Node to insert before is not in graph.")
        return _InsertPoint(self, self._root.append if n is None else n.prepend)

    def inserting_after(self, n: Node | None = None) -> _InsertPoint:
        """Have new nodes go behind ``n``, or to the end, in a ``with`` block."""
        if n is not None and n.graph is not self:
            raise AssertionError("Node to insert after is not in graph.")
        return _InsertPoint(self, self._root.prepend if n is None else n.append)

    def erase_node(self, to_erase: Node) -> None:
        """Take a node out that nothing uses.  Raises RuntimeError where something does, or the node is of another graph."""
        if to_erase.users:
            raise RuntimeError(
                f"Tried to erase Node {to_erase} but it still had {len(to_erase.users)} users in the graph: {to_erase.users}!"
            )
        if to_erase.graph is not self:
            raise RuntimeError(f"Attempting to remove {to_erase} from wrong graph!")
        if to_erase._erased:
            warnings.warn(f"erase_node({to_erase}) on an already erased node", stacklevel=users_level())
            return
        for hook in getattr(self.owning_module, "_erase_node_hooks", ()):
            hook(to_erase)
        to_erase._take_out()
        to_erase._erased = True
        self._len -= 1
        to_erase._set(map_arg(to_erase._args, lambda n: None), map_arg(to_erase._kwargs, lambda n: None))

    def eliminate_dead_code(self, is_impure_node: Callable[[Node], bool] | None = None) -> bool:
        """Take out what nothing uses and has no other effect, also in the graphs of modules that are arguments; whether there
        was anything.

        ``is_impure_node`` says of a node whether it has to stay, in place of :meth:`Node.is_impure`.
        """
        self.lint()
        impure = is_impure_node if is_impure_node is not None else Node.is_impure
        changed = False
        for node in reversed(self.nodes):
            if not node.users and not impure(node):
                self.erase_node(node)
                changed = True
        if self.owning_module is not None:
            from adjoint.fx.graph_module import GraphModule

            read = {node.target for node in self.find_nodes(op="get_attr")}
            for name, child in self.owning_module.named_children():
                if name in read and isinstance(child, GraphModule):
                    changed |= child.graph.eliminate_dead_code()
                    child.recompile()
        return changed

    # Looking

    def lint(self) -> None:
        """Raise RuntimeError or ValueError if this is no proper graph: a node is used before it is there, a name stands for two
        nodes, or a target is not there."""
        names: set[str] = set()
        seen: set[Node] = set()
        for node in self.nodes:
            if node.op not in LEGAL_OPS:
                raise RuntimeError(f"Node {node} had unknown opcode {node.op}!")
            if node.graph is not self:
                raise RuntimeError(f"Node '{node}' does not belong to this Graph!")
            for used in node._input_nodes:
                if used.graph is not self:
                    raise RuntimeError(
                        f"Argument '{used}' of Node '{node}' does not belong to this Graph, but was used as an argument! If you "
                        "are copying nodes from another graph, make sure to use ``arg_transform`` on node_copy() to remap "
                        f"values\n{self}"
                    )
                if used not in seen:
                    raise RuntimeError(
                        f"Argument '{used}' of Node '{node}' was used before it has been defined! Please check that Nodes in the "
                        f"graph are topologically ordered\n{self}"
                    )
            seen.add(node)
            if node.name in names:
                raise RuntimeError(f"Node redefined name {node.name}!")
            names.add(node.name)
        if self.owning_module is not None:
            for node in self.nodes:
                _check_target(node, self.owning_module)

    def python_code(
        self,
        root_module: str,
        *,
        verbose: bool = False,
        include_stride: bool = False,
        include_device: bool = False,
        colored: bool = False,
        expanded_def: bool = False,
    ) -> PythonCode:
        """The graph as the source of a function, with what that refers to; ``root_module`` is what it calls the module.

        ``verbose`` also writes dtypes and shapes, where they are noted, and lines of the program.
        """
        names = Namespace()
        writer = Writer(
            self._codegen, root_module, names, verbose, colored, expanded_def,
            include_stride=include_stride, include_device=include_device,
        )  # fmt: skip
        nodes = list(self.nodes)
        with _shown_by(nodes, lambda node: names.create_name(node.name, node)):
            return writer.write(nodes)

    def __str__(self) -> str:
        return "\n    ".join(["graph():", *(text for node in self.nodes if (text := node.format_node()))])

    def print_tabular(self) -> None:
        """Print the nodes as a table; needs the package ``tabulate``."""
        try:
            from tabulate import tabulate
        except ImportError:
            print(
                "`print_tabular` relies on the library `tabulate`, which could not be found on this machine. Run `pip install "
                "tabulate` to install the library."
            )
            raise
        rows = [[n.op, n.name, n.target, n.args, n.kwargs] for n in self.nodes]
        print(tabulate(rows, headers=["opcode", "name", "target", "args", "kwargs"]))

    # How code is written

    def set_codegen(self, codegen: CodeGen) -> None:
        """Have ``codegen`` write the function's beginning and end."""
        self._codegen = codegen

    def process_inputs(self, *args: Any) -> Any:
        """What the graph's inputs are for these arguments of the function."""
        return self._codegen.process_inputs(*args)

    def process_outputs(self, out: Any) -> Any:
        """What the function returns for what the graph gives."""
        return self._codegen.process_outputs(out)

    def on_generate_code(self, make_transformer: Callable[[Any], Callable[[list[str]], list[str]]]) -> Any:
        """Have a function change the lines that are written; ``make_transformer`` is given the one before, or None, and returns it.
        Leaving the block that is returned puts the one before back."""
        before = self._codegen._body_transformer
        self._codegen._body_transformer = make_transformer(before)

        @contextmanager
        def changed() -> Iterator[None]:
            try:
                yield
            finally:
                self._codegen._body_transformer = before

        return changed()


def _last_part(function: Any, name: str) -> str:
    """The name by which PyTorch knows a function of its own; others keep theirs."""
    if name == "<lambda>":
        return name
    return qualified_name(function).rpartition(".")[2]


@contextmanager
def _shown_by(nodes: list[Node], show: Callable[[Node], str]) -> Iterator[None]:
    """Have nodes be shown so, meanwhile."""
    before = {node: node._repr_fn for node in nodes}
    for node in nodes:
        node._repr_fn = show
    try:
        yield
    finally:
        for node in nodes:
            node._repr_fn = before[node]


def _is_there(module: Module, name: str) -> bool:
    """Whether a module has a parameter, buffer or module of that name."""
    path, _, last = name.rpartition(".")
    try:
        owner = module.get_submodule(path)
    except AttributeError:
        warnings.warn(f"Failed to fetch module {path}!", stacklevel=users_level())
        return False
    return last in owner._buffers or isinstance(getattr(owner, last, None), (Module, Parameter))


def _check_target(node: Node, module: Module) -> None:
    """Raise an error if a node's target is of the wrong kind, or not there."""
    target = node.target
    if node.op == "call_function":
        if not callable(target):
            raise ValueError(f"Node {node} target {target} has type {typename(target)} but a Callable is expected")
        return
    if not isinstance(target, str):
        raise ValueError(f"Node {node} target {target} has type {typename(target)} but a str is expected")
    if node.op not in ("get_attr", "call_module"):
        return
    found: Any = module
    parts = target.split(".")
    for i, part in enumerate(parts):
        found = getattr(found, part, None)
        seen = ".".join(parts[:i])
        if found is None:
            raise RuntimeError(f"Node {node} target {target} references nonexistent attribute {part} of {seen}")
        if node.op == "call_module" and not isinstance(found, Module):
            raise RuntimeError(f"Node {node} target {target} {part} of {seen} does not reference an nn.Module")

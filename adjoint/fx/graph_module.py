"""Modules made of graphs: their ``forward`` is the graph's code, made anew when the graph has changed."""

from __future__ import annotations

import copy
import itertools
import linecache
import sys
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import adjoint
from adjoint.fx.codegen import KNOWN, PythonCode, PyTreeCodeGen
from adjoint.fx.graph import Graph
from adjoint.fx.loading import forward_of, import_block, load
from adjoint.fx.node import Node
from adjoint.nn import Module, Parameter
from adjoint.nn.modules.module import _addindent
from adjoint.places import users_level
from adjoint.tensor import Tensor

__all__ = ["GraphModule", "reduce_graph_module"]

_HOOKS = (
    "_state_dict_hooks", "_load_state_dict_pre_hooks", "_load_state_dict_post_hooks", "_replace_hooks", "_create_node_hooks",
    "_erase_node_hooks", "_deepcopy_hooks",
)  # fmt: skip


class _CodeOnlyModule(Module):
    """What a GraphModule is made of when it is read or copied: attributes, and the function."""

    def __init__(self, body: dict[str, Any]) -> None:
        super().__init__()
        self.__dict__ = body


class GraphModule(Module):
    """A module whose ``forward`` is the code of a graph.

    ``root`` is a module, or a dictionary, that has the parameters, buffers and submodules which the graph names; this module has
    those alone.  After a change of ``graph``, :meth:`recompile` writes the code anew.

    >>> import adjoint as torch
    >>> traced = torch.fx.symbolic_trace(torch.nn.Sequential(torch.nn.ReLU()))
    >>> [node.op for node in traced.graph.nodes]
    ['placeholder', 'call_module', 'output']
    >>> traced(torch.tensor([-1.0, 1.0]))
    tensor([0., 1.])
    """

    def __new__(cls, *args: Any, **kwargs: Any) -> GraphModule:
        base = next(c for c in cls.__mro__ if c.__qualname__.rpartition(".")[2] != "GraphModuleImpl")

        class GraphModuleImpl(base):  # type: ignore[misc, valid-type]  # each has a `forward` of its own
            pass

        return super().__new__(GraphModuleImpl)

    def __init__(self, root: Module | dict[str, Any], graph: Graph, class_name: str = "GraphModule") -> None:
        super().__init__()
        type(self).__name__ = class_name
        named = [node for node in graph.nodes if node.op in ("get_attr", "call_module")]
        if isinstance(root, Module):
            self.training = getattr(root, "training", True)
            if isinstance(root, _CodeOnlyModule):
                for name, _ in (*root.named_children(), *root.named_buffers(), *root.named_parameters()):
                    _copy_attr(root, self, name)
            for node in named:
                _copy_attr(root, self, node.target)
        elif isinstance(root, dict):
            for node in named:
                if node.target not in root:
                    raise RuntimeError(
                        f"Node {node} referenced target {node.target} but that target was not provided in ``root``!"
                    )
            for target in sorted((node.target for node in named), key=lambda target: target.count(".")):
                _assign_attr(root[target], self, target)
        else:
            raise RuntimeError(f"Unsupported type {root} passed for root!")
        self._begin_hooks()
        self.graph = graph
        self._remember_tracer(graph)

    def _begin_hooks(self) -> None:
        self._replace_hooks: list[Callable[..., Any]] = []
        self._create_node_hooks: list[Callable[[Node], Any]] = []
        self._erase_node_hooks: list[Callable[[Node], Any]] = []
        self._deepcopy_hooks: list[Callable[[GraphModule], Any]] = []
        self.meta: dict[str, Any] = {}

    def _remember_tracer(self, graph: Graph) -> None:
        """What traces the code again when the module is unpickled."""
        tracer = graph._tracer_cls
        self._tracer_cls = tracer if tracer and "<locals>" not in tracer.__qualname__ else None
        self._tracer_extras = graph._tracer_extras or {}

    @property
    def graph(self) -> Graph:
        """The graph; assigning another recompiles."""
        return self._graph

    @graph.setter
    def graph(self, g: Graph) -> None:
        if not isinstance(g, Graph):
            raise AssertionError(f"Expected a Graph instance, but got {type(g)}")
        self._graph = g
        g.owning_module = self
        self.recompile()

    @property
    def code(self) -> str:
        """The source of ``forward``."""
        if "_code" not in self.__dict__:
            raise RuntimeError("Code has not been generated! Please report a bug to PyTorch")
        return self._code  # type: ignore[no-any-return]

    def recompile(self) -> PythonCode:
        """Write the code anew, after a change of the graph; also of the submodules that are graphs."""
        codegen = self._graph._codegen
        if isinstance(codegen, PyTreeCodeGen):
            self._in_spec, self._out_spec = codegen.pytree_info.in_spec, codegen.pytree_info.out_spec
        written = self._graph.python_code(root_module="self")
        self._code, self._lineno_map, self._prologue_start = written.src, written._lineno_map, written._prologue_start
        type(self).forward = forward_of(written.src, written.globals, self._graph._co_fields)  # type: ignore[method-assign]
        for child in self.children():
            if isinstance(child, GraphModule):
                child.recompile()
        return written

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().__call__(*args, **kwargs)
        except Exception as error:
            last = traceback.extract_tb(error.__traceback__)[-1]
            if "eval_with_key" in last.filename:
                print(_where(last), file=sys.stderr)
                raise error.with_traceback(None) from error.__cause__
            raise

    # Submodules

    def add_submodule(self, target: str, m: Module) -> bool:
        """Add a submodule under a name with dots, and those above it that are not there; whether that could be done."""
        *path, name = target.split(".")
        owner: Any = self
        for part in path:
            child = getattr(owner, part, None)
            if child is None:
                child = Module()
                setattr(owner, part, child)
            if not isinstance(child, Module):
                return False
            owner = child
        owner.add_module(name, m)
        return True

    def delete_submodule(self, target: str) -> bool:
        """Take a submodule out; whether there was one of that name."""
        *path, name = target.split(".")
        owner: Any = self
        for part in path:
            owner = getattr(owner, part, None)
            if not isinstance(owner, Module):
                return False
        if not isinstance(getattr(owner, name, None), Module):
            return False
        delattr(owner, name)
        return True

    def delete_all_unused_submodules(self) -> None:
        """Take the submodules out that no node names, nor what is in them."""
        used: set[str] = set()
        for node in self.graph.nodes:
            if node.op not in ("call_module", "get_attr"):
                continue
            used.update(itertools.accumulate(node.target.split("."), "{}.{}".format))
            if node.op == "call_module":
                try:
                    module = self.get_submodule(node.target)
                except AttributeError:
                    continue
                used.update(f"{node.target}.{name}" for name, _ in module.named_modules() if name)
        for name in [name for name, _ in self.named_modules() if name not in used]:
            if name:
                self.delete_submodule(name)

    # Copies and files

    def __reduce__(self) -> Any:
        body = {key: value for key, value in self.__dict__.items() if key != "_graph"}
        return reduce_graph_module, (body, import_block(self.recompile().globals))

    def __deepcopy__(self, memo: dict[int, Any]) -> GraphModule:
        copied = type(self).__new__(type(self))
        memo[id(self)] = copied
        copied._of_copy(_CodeOnlyModule(copy.deepcopy(self.__dict__, memo)))
        for name in _HOOKS:
            if name in self.__dict__:
                setattr(copied, name, copy.deepcopy(self.__dict__[name], memo))
        copied.meta = copy.deepcopy(self.__dict__.get("meta", {}), memo)
        for name, value in copied.meta.get("_user_preserved_attributes", {}).items():
            setattr(copied, name, value)
        for hook in self._deepcopy_hooks:
            hook(copied)
        return copied

    def _of_copy(self, source: _CodeOnlyModule) -> None:
        """Be the copy of which ``source`` has the attributes."""
        GraphModule.__init__(self, source, source.__dict__["_graph"])

    def __copy__(self) -> GraphModule:
        copied = GraphModule(self, self.graph)
        copied.meta = self.meta
        return copied

    def to_folder(self, folder: Any, module_name: str = "FxModule") -> None:
        """Write the module as a Python package: its code as a class ``module_name``, and its state."""
        folder = Path(folder)
        folder.mkdir(exist_ok=True)
        adjoint.save(self.state_dict(), folder / "state_dict.pt")
        lines = ["", "import torch", *(known.statement for known in KNOWN.values()), "", "from torch.nn import *"]
        lines += [f"class {module_name}(torch.nn.Module):", "    def __init__(self):", "        super().__init__()"]
        pickled = []
        names = ("Linear", "Conv1d", "Conv2d", "Conv3d", "BatchNorm1d", "BatchNorm2d", "BatchNorm3d")
        plain = [getattr(adjoint.nn, name) for name in names]
        for name, child in self.named_children():
            made = repr(child)
            if type(child) not in plain:
                file = folder / f"{name}.pt"
                adjoint.save(child, file)
                pickled.append(name)
                made = f"torch.load(r'{file}', weights_only=False) # {' '.join(made.splitlines())}"
                lines.append(f"        setattr(self, '{name}', {made.replace(' # ', ') # ', 1)}")
            else:
                lines.append(f"        setattr(self, '{name}', {made})")
        for name, buffer in self._buffers.items():
            if buffer is not None:
                made = f"torch.empty({list(buffer.shape)}, dtype={buffer.dtype})"
                lines.append(f"        self.register_buffer('{name}', {made})")
        for name, parameter in self._parameters.items():
            if parameter is not None:
                made = f"torch.nn.Parameter(torch.empty({list(parameter.shape)}, dtype={parameter.dtype}))"
                lines.append(f"        setattr(self, '{name}', {made})")
        lines += [f"        self.load_state_dict(torch.load(r'{folder}/state_dict.pt'))", _addindent(self.code, 4), ""]
        (folder / "module.py").write_text("\n".join(lines))
        (folder / "__init__.py").write_text("from .module import *")
        if pickled:
            warnings.warn(
                f"Was not able to save the following children modules as reprs -saved as pickled files instead: {pickled}",
                stacklevel=users_level(),
            )

    # Text

    def print_readable(
        self,
        print_output: bool = True,
        include_stride: bool = False,
        include_device: bool = False,
        colored: bool = False,
        *,
        expanded_def: bool = False,
    ) -> str:
        """The code as a class, with those of submodules that are graphs, and what is noted of dtypes and shapes; it is printed, and
        returned."""
        options: dict[str, Any] = {
            "include_stride": include_stride,
            "include_device": include_device,
            "colored": colored,
        }
        code = self._graph.python_code("self", verbose=True, expanded_def=expanded_def, **options).src.lstrip("\n")
        text = _addindent(f"class {self._get_name()}(torch.nn.Module):\n{code}", 4)
        parts = [""]
        for name, child in self.named_children():
            if isinstance(child, GraphModule):
                inner = child.print_readable(False, **options)
                parts.append(inner.replace(f"class {child._get_name()}(", f"class {name}(", 1))
        text += _addindent("\n".join(parts), 4)
        if print_output:
            print(text)
        return text

    def __str__(self) -> str:
        reminder = "# To see more debug info, please use `graph_module.print_readable()`"
        return f"{super().__str__()}\n{self._code}\n{reminder}"

    # Hooks

    @contextmanager
    def _set_replace_hook(self, f: Callable[..., Any]) -> Iterator[None]:
        """Have ``f(old=, new=, user=)`` be told, in a block, of nodes that take another's place."""
        self._register_replace_node_hook(f)
        try:
            yield
        finally:
            self._unregister_replace_node_hook(f)

    def _register_replace_node_hook(self, f: Callable[..., Any]) -> None:
        self._replace_hooks.append(f)

    def _unregister_replace_node_hook(self, f: Callable[..., Any]) -> None:
        self._replace_hooks.remove(f)

    def _register_create_node_hook(self, f: Callable[[Node], Any]) -> None:
        self._create_node_hooks.append(f)

    def _unregister_create_node_hook(self, f: Callable[[Node], Any]) -> None:
        self._create_node_hooks.remove(f)

    def _register_erase_node_hook(self, f: Callable[[Node], Any]) -> None:
        self._erase_node_hooks.append(f)

    def _unregister_erase_node_hook(self, f: Callable[[Node], Any]) -> None:
        self._erase_node_hooks.remove(f)

    def _register_deepcopy_hook(self, f: Callable[[GraphModule], Any]) -> None:
        self._deepcopy_hooks.append(f)

    def _unregister_deepcopy_hook(self, f: Callable[[GraphModule], Any]) -> None:
        self._deepcopy_hooks.remove(f)


def reduce_graph_module(body: dict[str, Any], import_block: str) -> GraphModule:
    """The module that was pickled: its code is run with proxies, which gives its graph again."""
    from adjoint.fx._symbolic_trace import Tracer

    tracer_class: Any = body.get("_tracer_cls") or Tracer

    class KeepModules(tracer_class):  # type: ignore[misc]
        def is_leaf_module(self, _: Module, __: str) -> bool:
            return True

    class Read(_CodeOnlyModule):
        forward = load(import_block, body.get("_code") or body["code"])

    read = Read(body)
    graph = KeepModules().trace(read, **body.get("_tracer_extras", {}))
    graph._tracer_cls = tracer_class
    made = GraphModule(read, graph, class_name=body.get("_graphmodule_cls_name", "GraphModule"))
    for name, value in body.items():
        if not hasattr(made, name):
            setattr(made, name, value)
    return made


def _copy_attr(source: Any, to: Any, target: str) -> None:
    """Give ``to`` what ``source`` has under a name with dots; modules above it that are not there are made."""
    *path, name = target.split(".")
    for part in path:
        source, child = getattr(source, part), getattr(to, part, None)
        if source is child:  # it was copied with what it is in
            return
        if child is None:
            child = Module()
            setattr(to, part, child)
        to = child
    _put(to, name, getattr(source, name))


def _assign_attr(value: Any, to: Any, target: str) -> None:
    """Give ``to`` an attribute under a name with dots; modules above it that are not there are made."""
    *path, name = target.split(".")
    for part in path:
        child = getattr(to, part, None)
        if child is None:
            child = Module()
            setattr(to, part, child)
        to = child
    _put(to, name, value)


def _put(to: Module, name: str, value: Any) -> None:
    if isinstance(value, Tensor) and not isinstance(value, Parameter):
        to.register_buffer(name, value)
    else:
        setattr(to, name, value)


def _get_attr(model: Any, attr_name: str) -> Any:
    """What a module has under a name with dots."""
    for part in attr_name.split("."):
        model = getattr(model, part)
    return model


def _where(frame: traceback.FrameSummary) -> str:
    """The error, and the line of the generated code that raised it, as PyTorch shows them."""
    number, line = frame.lineno or 0, frame.line or ""
    lines = linecache.getlines(frame.filename)
    return "\n".join(
        [
            traceback.format_exc(),
            f"Call using an FX-traced Module, line {number} of the traced Module's generated forward function:",
            "".join(lines[max(number - 2, 0) : number]),
            "~" * len(line) + "~~~ <--- HERE",
            "\n".join(lines[number : number + 2]),
        ]
    )

"""Code: a graph as the Python function that it is."""

from __future__ import annotations

import enum
import math
import types
import typing
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import adjoint
from adjoint import pytree
from adjoint.fx import _pytree as fx_pytree
from adjoint.fx.namespace import Namespace
from adjoint.fx.node import Node
from adjoint.fx.spelling import is_from_torch, qualified_name, type_repr
from adjoint.tensor import Tensor

REFLECTABLE = {
    "add": "{} + {}", "sub": "{} - {}", "mul": "{} * {}", "floordiv": "{} // {}", "truediv": "{} / {}", "div": "{} / {}",
    "mod": "{} % {}", "pow": "{} ** {}", "lshift": "{} << {}", "rshift": "{} >> {}", "and_": "{} & {}", "or_": "{} | {}",
    "xor": "{} ^ {}", "getitem": "{}[{}]", "matmul": "{} @ {}",
}  # fmt: skip
"""How Python writes its operators that have a reflected form."""

MAGIC = {
    "eq": "{} == {}", "ne": "{} != {}", "lt": "{} < {}", "gt": "{} > {}", "le": "{} <= {}", "ge": "{} >= {}", "pos": "+{}",
    "neg": "-{}", "invert": "~{}", **REFLECTABLE,
}  # fmt: skip
"""How Python writes its operators."""

_AUGMENTED = {
    f"i{name.rstrip('_')}": text.replace(" {}", "= {}", 1)
    for name, text in REFLECTABLE.items()
    if name not in ("div", "getitem")
} | {"setitem": "{}[{}] = {}"}


class _Known(NamedTuple):
    statement: str
    value: Any


KNOWN = {
    "inf": _Known("from math import inf", math.inf),
    "nan": _Known("from math import nan", math.nan),
    "NoneType": _Known("NoneType = type(None)", type(None)),
    "torch": _Known("import torch", adjoint),
    "device": _Known("from torch import device", adjoint.device),
    "fx_pytree": _Known("import torch.fx._pytree as fx_pytree", fx_pytree),
    "pytree": _Known("import torch.utils._pytree as pytree", pytree),
}
"""Names that all generated code knows, and the statement that makes them known."""
Namespace.reserved = {**Namespace.reserved, **{name: known.value for name, known in KNOWN.items()}}

_DTYPES = {
    "bfloat16": "bf16", "bool": "b8", "complex128": "c128", "complex64": "c64", "float16": "f16", "float32": "f32",
    "float64": "f64", "int16": "i16", "int32": "i32", "int64": "i64", "int8": "i8", "uint16": "u16", "uint32": "u32",
    "uint64": "u64", "uint8": "u8",
}  # fmt: skip

_COLORS = {
    "red": "\033[31m",
    "blue": "\033[34m",
    "dim": "\033[2m",
    "dim_blue": "\033[2m\033[34m",
    "dim_green": "\033[2m\033[32m",
}


def described(tensor: Any) -> str:
    """The dtype and shape of a tensor, or of what is noted of one: ``f32[2, 3]``."""
    dtype = str(tensor.dtype).rpartition(".")[2]
    return f"{_DTYPES.get(dtype, dtype)}{list(tensor.shape)}"


@dataclass
class PythonCode:
    """The source of a function, the global names that it needs, and of which node its lines are."""

    src: str
    globals: dict[str, Any]
    _lineno_map: dict[int, int | None] | None
    _prologue_start: int = 0


def attribute(base: str, path: str) -> str:
    """The expression of an attribute of an attribute: ``getattr(self.blocks, "0").linear``."""
    for name in path.split("."):
        base = f"{base}.{name}" if name.isidentifier() else f'getattr({base}, "{name}")'
    return base


class CodeGen:
    """How a graph's inputs and outputs are those of the function that is written; a subclass may change both."""

    def __init__(self) -> None:
        self._body_transformer: Callable[[list[str]], list[str]] | None = None
        self._func_name = "forward"

    def gen_fn_def(self, free_vars: list[str], maybe_return_annotation: str, *, expanded_def: bool = False) -> str:
        """The function's first line: ``free_vars`` are its parameters."""
        if not free_vars or free_vars[0] != "self":
            free_vars.insert(0, "self")
        if expanded_def:
            lines = "".join(f"    {var},\n" for var in free_vars)
            return f"def {self._func_name}(\n{lines}){maybe_return_annotation}:"
        return f"def {self._func_name}({', '.join(free_vars)}){maybe_return_annotation}:"

    def generate_output(
        self, output_args: Any, *, descs: Sequence[str] | None = None, repr_fn: Callable[[Any], str] = repr
    ) -> str:
        """The function's last line."""
        return f"return {repr_fn(output_args)}"

    def process_inputs(self, *args: Any) -> Any:
        """What the graph is given for what the function is given."""
        return args

    def process_outputs(self, outputs: Any) -> Any:
        """What the function returns for what the graph gives."""
        return outputs

    def additional_globals(self) -> list[tuple[str, Any]]:
        """Global names that the code needs beside those that nodes refer to."""
        return []


class PyTreeInfo(NamedTuple):
    """The parameters that are containers, and the structures of what is given and returned."""

    orig_args: list[str]
    in_spec: Any
    out_spec: Any


class PyTreeCodeGen(CodeGen):
    """A function whose arguments are containers, which its code takes apart."""

    def __init__(self, pytree_info: PyTreeInfo) -> None:
        super().__init__()
        self.pytree_info = pytree_info

    def process_inputs(self, *inputs: Any) -> Any:
        """The leaves of the arguments."""
        return pytree.tree_flatten(inputs)[0]

    def process_outputs(self, out: Any) -> Any:
        """The leaves as the structure that the function returns."""
        if self.pytree_info.out_spec is None:
            return out
        return pytree.tree_unflatten(out if isinstance(out, (list, tuple)) else [out], self.pytree_info.out_spec)

    def gen_fn_def(self, free_vars: list[str], maybe_return_annotation: str, *, expanded_def: bool = False) -> str:
        """The function's first line, and one that takes its arguments apart."""
        given = self.pytree_info.orig_args
        if given and given[0] == "self":
            free_vars.insert(0, "self")
        text = super().gen_fn_def(given[:], maybe_return_annotation, expanded_def=expanded_def)
        if not free_vars:
            return text
        annotated = [var for var in free_vars if ":" in var]
        if annotated:
            text += "\n    " + "".join(f"{var}; " for var in annotated) + "\n"
        names = ", ".join(var.split(":")[0].split("#")[0] for var in free_vars)
        return f"{text}\n    {names}, = fx_pytree.tree_flatten_spec([{', '.join(given)}], self._in_spec)"

    def generate_output(
        self, output_args: Any, *, descs: Sequence[str] | None = None, repr_fn: Callable[[Any], str] = repr
    ) -> str:
        """The function's last line, which builds what is returned."""
        if self.pytree_info.out_spec is None:
            return super().generate_output(output_args, repr_fn=repr_fn)
        return f"return pytree.tree_unflatten({repr_fn(output_args)}, self._out_spec)"


class Writer:
    """Writes the code of one graph."""

    def __init__(
        self, codegen: CodeGen, root: str, names: Namespace, verbose: bool, colored: bool, expanded: bool, **shown: bool
    ) -> None:
        self.codegen = codegen
        self.root = root
        self.names = names
        self.verbose = verbose
        self.colored = colored
        self.expanded = expanded
        self.shown = shown
        self.globals: dict[str, Any] = {}
        self.parameters: list[str] = []
        self.wrapped: dict[str, None] = {}
        self.returned = ""
        self.noted = ""
        for name, known in KNOWN.items():
            self.known_as(name, known.value)

    def write(self, nodes: Sequence[Node]) -> PythonCode:
        """The code of these nodes."""
        last_uses = self._last_uses(nodes)
        body: list[str] = []
        counted: list[tuple[int, str]] = []
        for i, node in enumerate(nodes):
            for part in self._statement(node, last_uses[node]):
                counted.append((i, part))
        body = [part for _, part in counted]
        changed = self.codegen._body_transformer(body) if self.codegen._body_transformer is not None else None
        for name, value in self.codegen.additional_globals():
            self.known_as(name, value)
        wrap = self.known_as("wrap", adjoint.fx.wrap) if self.wrapped else ""
        before = "\n".join(f'{wrap}("{name}")' for name in self.wrapped)
        prologue = self.codegen.gen_fn_def(
            self.parameters, self.returned, **({"expanded_def": True} if self.expanded else {})
        )
        lines: dict[int, int | None] = {}
        line = prologue.count("\n") + 1
        for i, part in counted if changed is None else ():
            lines[line] = i
            line += part.count("\n")
        text = "".join(body if changed is None else changed) or "pass\n"
        code = "\n".join("    " + each for each in text.lstrip("\n").split("\n"))
        return PythonCode(f"\n{before}\n\n{prologue}\n{code}", self.globals, lines, before.count("\n") + 4)

    def known_as(self, hint: str, thing: Any) -> str:
        """The name by which the code knows a thing from outside of it."""
        if is_from_torch(thing) and thing is not adjoint.device and callable(thing):
            return type_repr(thing) if isinstance(thing, type) else qualified_name(thing)
        name = self.names.create_name(hint, thing)
        self.globals.setdefault(name, thing)
        return name

    def _last_uses(self, nodes: Sequence[Node]) -> dict[Node, list[Node]]:
        """Per node those whose value is not needed after it."""
        seen: set[Node] = set()
        found: dict[Node, list[Node]] = defaultdict(list)
        for node in reversed(nodes):
            for used in node._input_nodes:
                if used not in seen:
                    seen.add(used)
                    found[node].append(used)
        return found

    def _statement(self, node: Node, done_with: list[Node]) -> Iterable[str]:
        """A node's lines."""
        if self.verbose and node.op not in ("placeholder", "output"):
            trace = (node.stack_trace or "").strip().splitlines()
            where = (
                trace[-2].strip().replace('"', "").replace(", line ", ":").replace("File ", "File: ")
                if len(trace) > 1
                else ""
            )
            text = f"{where}, code: {trace[-1].strip()}" if where else "No stacktrace found for following nodes"
            note = f"\n{self._color('dim', f'# {text}')}\n"
            if note != self.noted:
                self.noted = note
                yield note
        if node.op == "placeholder":
            default = f" = {self.written(node.args[0])}" if node.args else ""
            self.parameters.append(f"{node.target}{self._annotation(node)}{default}")
            plain = node.target.replace("*", "")
            if plain != repr(node):
                yield f"{node!r} = {plain}\n"
            return
        if node.op == "output":
            if node.type is not None:
                self.returned = f" -> {self.type(node.type)}"
            yield self.codegen.generate_output(node.args[0], repr_fn=self.written) + "\n"
            return
        unused = [*done_with, node] if not node.users else done_with
        freed = f";  {self._color('dim', ' = '.join([*map(repr, unused), 'None']))}" if unused else ""
        yield f"{self._assignment(node)}{freed}\n"

    def _assignment(self, node: Node) -> str:
        target, args = node.target, node.args
        left = f"{node!r}{self._annotation(node)} = "
        if node.op == "get_attr":
            return left + attribute(self.root, target)
        if node.op == "call_module":
            return f"{left}{attribute(self.root, target)}({self._arguments(args, node.kwargs)})"
        if node.op == "call_method":
            return f"{left}{attribute(self.written(args[0]), target)}({self._arguments(args[1:], node.kwargs)})"
        if getattr(target, "__module__", "") == "_operator":
            name = target.__name__
            if name in MAGIC:
                return left + MAGIC[name].format(*map(self.written, args))
            if name in _AUGMENTED:
                return f"{_AUGMENTED[name].format(*map(self.written, args))};  {left}{self.written(args[0])}"
        name = self.known_as(qualified_name(target), target)
        if name == "getattr" and len(args) == 2 and isinstance(args[1], str) and args[1].isidentifier():
            return left + attribute(self.written(args[0]), args[1])
        if node.meta.get("is_wrapped", False):
            self.wrapped[name] = None
        return f"{left}{name}({self._arguments(args, node.kwargs)})"

    def _arguments(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
        return ", ".join([*map(self.written, args), *(f"{k} = {self.written(v)}" for k, v in kwargs.items())])

    def written(self, arg: Any) -> str:
        """An argument as an expression."""
        if isinstance(arg, Node):
            return repr(arg)
        if isinstance(arg, tuple) and hasattr(arg, "_fields"):
            return f"{self.known_as(qualified_name(type(arg)), type(arg))}{tuple(arg)!r}"
        if isinstance(arg, enum.Enum):
            return f"{self.known_as(type(arg).__name__, type(arg))}.{arg.name}"
        if isinstance(arg, Tensor):
            return f"torch.Tensor(size={list(arg.shape)}, dtype={str(arg.dtype).rpartition('.')[2]})"
        if isinstance(arg, tuple):
            return f"({self.written(arg[0])},)" if len(arg) == 1 else f"({', '.join(map(self.written, arg))})"
        if isinstance(arg, list):
            return f"[{', '.join(map(self.written, arg))}]"
        if isinstance(arg, slice):
            return f"slice({', '.join(map(self.written, (arg.start, arg.stop, arg.step)))})"
        return self._color("blue", repr(arg))

    def type(self, kind: Any) -> str:
        """A type as an expression."""
        if kind == ():
            return "()"
        if isinstance(kind, types.UnionType):
            return "|".join(map(self.type, typing.get_args(kind)))
        origin = getattr(kind, "__origin__", None)
        if origin is not None:
            if isinstance(kind, typing._GenericAlias):  # type: ignore[attr-defined]
                origin = _TYPING.get(origin, origin)
            name = self.known_as(type_repr(origin), origin)
            parts = typing.get_args(kind)
            return f"{name}[{','.join(map(self.type, parts))}]" if parts else name
        return self.known_as(type_repr(kind), kind)

    def _annotation(self, node: Node) -> str:
        if self.verbose:
            value = next((node.meta[k] for k in ("val", "tensor_meta", "example_value") if k in node.meta), None)
            if isinstance(value, Tensor):
                dtype, _, shape = described(value).partition("[")
                text = self._color("red", dtype) + self._color("blue", f"[{shape}")
                text += self._color("dim_blue", str(list(value.stride())) if self.shown.get("include_stride") else "")
                return f': "{text}{self._color("dim_green", str(value.device) if self.shown.get("include_device") else "")}"'
            if hasattr(value, "dtype") and hasattr(value, "shape"):
                return f': "{described(value)}"'
        return "" if node.type is None else f" : {self.type(node.type)}"

    def _color(self, name: str, text: str) -> str:
        return f"{_COLORS[name]}{text}\033[0m" if self.colored else text


_TYPING: dict[Any, Any] = {
    list: typing.List, dict: typing.Dict, set: typing.Set, frozenset: typing.FrozenSet, tuple: typing.Tuple,  # noqa: UP006
}  # fmt: skip

"""Source: what the text of a program says, where nothing was seen of its run.

A reading of the syntax tree knows statements and not values, so what it finds is likely and never certain.
"""

from __future__ import annotations

import ast
import linecache
from collections.abc import Iterator
from typing import Any, NamedTuple

from adjoint.why.lines import Line, is_users

_STEPS = ("round", "floor", "ceil", "sign", "trunc")
_CHOICES = ("argmax", "argmin", "argsort", "long", "int", "bool")
_OFF = {"no_grad": "no-grad", "inference_mode": "inference-mode"}


class Suspect(NamedTuple):
    """A statement that may be at fault."""

    kind: str
    line: Line
    text: str
    advice: tuple[str, ...] = ()


class Source:
    """The statements of a program's files, from the frames around a call and the classes of its modules."""

    def __init__(self, files: list[str]) -> None:
        self.trees: list[tuple[str, ast.AST]] = []
        for file in dict.fromkeys(files):
            text = "".join(linecache.getlines(file))
            if not text:
                continue
            try:
                self.trees.append((file, ast.parse(text)))
            except SyntaxError:
                continue

    def nodes(self, kind: Any) -> Iterator[tuple[str, Any]]:
        """All nodes of a kind, each with its file."""
        for file, tree in self.trees:
            for node in ast.walk(tree):
                if isinstance(node, kind):
                    yield file, node

    def calls(self, *names: str) -> list[tuple[Line, ast.Call]]:
        """The calls of functions or methods of these names, in the order of the text."""
        found = [(Line(file, node.lineno), node) for file, node in self.nodes(ast.Call) if _name(node.func) in names]
        return sorted(found, key=lambda x: (x[0].file, x[0].number))

    def breakers(self) -> Iterator[Suspect]:
        """The statements that take values out of the graph."""
        for line, call in self.calls("detach", "item", "numpy", "tolist", "tensor", "as_tensor", *_CHOICES):
            name = _name(call.func)
            if name in ("tensor", "as_tensor"):
                if call.args and any(isinstance(n, ast.Call) for n in ast.walk(call.args[0])):
                    yield Suspect("copied-to-tensor", line, f"torch.{name}() makes a new tensor without history")
                elif call.args and isinstance(call.args[0], ast.Name) and "requires_grad" not in line.text:
                    yield Suspect("copied-to-tensor", line, f"torch.{name}() makes a new tensor without history")
            elif isinstance(call.func, ast.Attribute):
                kind = {"detach": "detach", "item": "item", "numpy": "numpy", "tolist": "tolist"}.get(
                    name, "no-derivative"
                )
                if name in ("long", "int", "bool"):
                    kind = "integer-cast"
                yield Suspect(kind, line, f".{name}() ends the path of gradients", (f"leave .{name}() out",))
        for file, node in self.nodes(ast.Attribute):
            if node.attr == "data" and isinstance(node.ctx, ast.Load):
                yield Suspect(
                    "data", Line(file, node.lineno), ".data gives a tensor without history", ("leave .data out",)
                )
        for file, node in self.nodes(ast.With):
            for item in node.items:
                name = _name(item.context_expr.func) if isinstance(item.context_expr, ast.Call) else ""
                if name in _OFF and node.body:
                    inside = node.body[0]
                    yield Suspect(
                        _OFF[name],
                        Line(file, inside.lineno),
                        f"what is computed under torch.{name}() carries no gradient",
                    )

    def frozen(self) -> list[Line]:
        """Where ``requires_grad`` is switched off."""
        found = [
            Line(file, node.lineno)
            for file, node in self.nodes(ast.Assign)
            if any(isinstance(t, ast.Attribute) and t.attr == "requires_grad" for t in node.targets)
            and _is(node.value, False)
        ]
        found += [line for line, call in self.calls("requires_grad_") if call.args and _is(call.args[0], False)]
        return found

    def assigned(self, name: str) -> list[Line]:
        """Where a name (``w``, or ``model.fc1`` by its last part) is assigned."""
        found = []
        last = name.rpartition(".")[2]
        for file, node in self.nodes(ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Name) and target.id == name:
                    found.append(Line(file, node.lineno))
                elif isinstance(target, ast.Attribute) and "." in name and target.attr == last:
                    found.append(Line(file, node.lineno))
        return found

    def uses(self, attribute: str) -> list[Line]:
        """Where ``self.<attribute>`` is read outside of constructors."""
        found = []
        for file, function in self.nodes(ast.FunctionDef):
            if function.name == "__init__":
                continue
            for node in ast.walk(function):
                if isinstance(node, ast.Attribute) and node.attr == attribute and isinstance(node.ctx, ast.Load):
                    found.append(Line(file, node.lineno, function.name))
        return found


def source_around(frame: Any, models: list[tuple[str, Any]]) -> Source:
    """The source of the frames around a call, and of the classes of the modules there."""
    import inspect

    files = []
    while frame is not None:
        if is_users(frame.f_code.co_filename):
            files.append(frame.f_code.co_filename)
        frame = frame.f_back
    for _, model in models:
        for module in model.modules():
            try:
                file = inspect.getsourcefile(type(module))
            except (TypeError, OSError):
                continue
            if file is not None and is_users(file):
                files.append(file)
    return Source(files)


def _name(function: ast.AST) -> str:
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def _is(node: ast.AST, value: Any) -> bool:
    return isinstance(node, ast.Constant) and node.value is value

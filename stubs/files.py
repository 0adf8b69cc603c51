"""Files: the text of each stub."""

from __future__ import annotations

import ast
import functools
import importlib
import inspect
import re
import subprocess
import sys
import textwrap
from collections.abc import Sequence
from pathlib import Path
from types import FunctionType
from typing import Any

import adjoint
from adjoint.declare.namespaces import FUNCTIONS
from adjoint.tensor import Tensor
from stubs.signatures import signatures
from stubs.types import PROPERTIES, TAKEN, import_lines, translate

ROOT = Path(adjoint.__file__).parent
_WRITTEN = "# Written by `python -m stubs` from the tables; not by hand.\n\n"


def stubs() -> dict[Path, str]:
    """Every stub: where it is, and its text."""
    functional = adjoint.nn.functional
    for late in sorted({*adjoint._LATE.values(), *functional._LATE.values()}):  # tables that are not imported before they are named
        importlib.import_module(f"adjoint.ops.{late}")
    borrowed = [f"from adjoint.{place} import {name} as {name}" for name, place in functional._ELSEWHERE.items()]
    borrowed += [f"{name}: dict[str, int]" for name in vars(functional) if name.startswith("GRID_SAMPLE_")]
    made = {
        ROOT / "__init__.pyi": _top(),
        ROOT / "methods.pyi": _methods(),
        ROOT / "return_types.pyi": _return_types(),
        ROOT / "linalg.pyi": _functions("linalg", FUNCTIONS["linalg"], adjoint.linalg),
        ROOT / "special.pyi": _functions("special", dir_of(adjoint.special), adjoint.special),
        ROOT / "fft.pyi": _functions("fft", FUNCTIONS["fft"], adjoint.fft),
        ROOT / "nn" / "modules" / "__init__.pyi": _modules(),
        ROOT / "nn" / "functional.pyi": _functions("nn.functional", FUNCTIONS["nn.functional"], functional, borrowed),
    }
    return {path: _formatted(text) for path, text in made.items()}


def dir_of(module: Any) -> list[str]:
    """The names that a module looks up when they are first named."""
    return [name for name in dir(module) if name[0] != "_"]


def _top() -> str:
    used: set[str] = set()
    body = _definitions("torch", FUNCTIONS["torch"], used)
    source = ast.parse((ROOT / "__init__.py").read_text())
    exported = []
    for statement in source.body:
        if isinstance(statement, ast.ImportFrom) and statement.module and statement.module != "adjoint":
            for alias in statement.names:
                name = alias.asname or alias.name
                if name[0] != "_" or name == "__version__":
                    if name not in FUNCTIONS["torch"]:
                        exported.append(f"from {statement.module} import {alias.name} as {name}")
                        if alias.asname and name[:2] != "__":  # by another name, which an import does not export
                            exported[-1] = f"{name}: {translate(type(getattr(adjoint, name)).__name__, used)}"
    modules = [name for name in dir(adjoint) if name in adjoint._MODULES]
    exported += [f"from adjoint import {name} as {name}" for name in modules]
    exported += [
        f"from adjoint.{place} import {name} as {name}" for name, place in adjoint._ELSEWHERE.items() if name in dir(adjoint)
    ]
    used -= {line.rpartition(" ")[2] for line in exported} - TAKEN
    doc = f'"""{adjoint.__doc__}"""\n\n'
    return doc + _WRITTEN + import_lines(used) + "\n" + "\n".join(exported) + "\n\n" + body


def _modules() -> str:
    module = adjoint.nn.modules
    lines = [f"from {getattr(module, name).__module__} import {name} as {name}" for name in module.__all__]
    return f'"""{module.__doc__}"""\n\n' + _WRITTEN + "\n".join(lines) + "\n"


def _functions(place: str, names: Any, module: Any, borrowed: Sequence[str] = ()) -> str:
    used: set[str] = set()
    body = _definitions(place, names, used)
    return f'"""{module.__doc__}"""\n\n' + _WRITTEN + import_lines(used) + "\n" + "\n".join(borrowed) + "\n" + body


def _definitions(place: str, names: Any, used: set[str]) -> str:
    parts: list[str] = []
    classes: list[str] = []
    module = functools.reduce(getattr, place.split(".") if place != "torch" else [], adjoint)
    for name in sorted(names):
        value = getattr(module, name)
        if isinstance(value, FunctionType):
            parts.append(_define(place, name, value, used))
        elif inspect.isclass(value):
            if type(value) is not type:  # the legacy constructors, of which tensors are said to be instances
                used.add("Tensor")
                parts.append(f'class {name}(Tensor):\n    """{inspect.getdoc(value) or name}"""\n')
            else:
                own = next(n for n, found in vars(sys.modules[value.__module__]).items() if found is value)
                classes.append(f"from {value.__module__} import {own}" + (f" as {name}" if own == name else ""))
                if own != name:  # an import by another name does not export it
                    parts.append(f"{name} = {own}\n")
        else:
            used.add(type(value).__name__)
            parts.append(f"{name}: {translate(type(value).__name__, used)}\n")
    used -= {line.rpartition(" ")[2] for line in classes} - TAKEN
    return "\n".join([*classes, "", *parts])


def _methods() -> str:
    used: set[str] = {"Tensor"}
    written = _written_in(ROOT / "tensor.py", "Tensor")
    parts = []
    for name in sorted(vars(Tensor)):
        value = getattr(Tensor, name)
        if name in written or name in _OF_OBJECT:
            continue
        if isinstance(value, property):
            parts.append(_property(name, value, used))
        elif isinstance(value, FunctionType):
            parts.append(_define("Tensor", name, value, used, "    "))
    head = '"""The methods and properties of Tensor, which the tables and the modules that attach to it declare."""\n\n'
    return head + _WRITTEN + import_lines(used) + "\n\n\nclass Methods:\n" + "\n".join(parts)


_OF_OBJECT = frozenset({"__module__", "__doc__", "__dict__", "__weakref__", "__slots__", "__dir__", "__hash__", "__annotations__"})


def _written_in(path: Path, name: str) -> set[str]:
    """What a class's own source defines."""
    classes = [node for node in ast.parse(path.read_text()).body if isinstance(node, ast.ClassDef) and node.name == name]
    found: set[str] = set()
    for node in classes[0].body:
        if isinstance(node, ast.FunctionDef):
            found.add(node.name)
        elif isinstance(node, (ast.Assign, ast.AnnAssign)):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            found.update(target.id for target in targets if isinstance(target, ast.Name))
    return found


def _property(name: str, value: property, used: set[str]) -> str:
    said = value.fget.__annotations__.get("return") if value.fget else None
    kind = translate(PROPERTIES.get(name) or said or "bool", used)
    doc = inspect.getdoc(value)
    if value.fset is not None:  # may be set: an attribute, which every editor understands
        return f"    {name}: {kind}\n" + (f'    """{doc}"""\n' if doc else "")
    return f"    @property\n    def {name}(self) -> {kind}:" + _doc(doc, "        ")


def _define(place: str, name: str, function: Any, used: set[str], indent: str = "") -> str:
    found = signatures(place, name, function, used)
    text = ""
    for number, signature in enumerate(found):
        if len(found) > 1:
            used.add("overload")
            text += f"{indent}@overload\n"
        text += f"{indent}def {name}{signature}:" + _doc(function.__doc__ if not number else None, indent + "    ")
        if name in ("__eq__", "__ne__"):
            text = text.replace(" ...", " ...  # type: ignore[override]")
    return text


def _doc(doc: str | None, indent: str) -> str:
    """A docstring as the body of a function, or dots where there is none."""
    if not doc:
        return " ...\n"
    text = inspect.cleandoc(doc)
    if re.match(r"\w+\(.*\) -> ", text):  # a row's begins with its signature
        text = text.partition("\n")[2].lstrip("\n") or text
    text = text.replace("\\", "\\\\").replace('"""', '\\"\\"\\"')
    if "\n" in text:
        text += "\n"
    return "\n" + textwrap.indent(f'"""{text}"""', indent) + "\n"


def _return_types() -> str:
    from adjoint.return_types import _fields

    head = f'"""{importlib.import_module("adjoint.return_types").__doc__}"""\n\n' + _WRITTEN
    parts = ["from typing import NamedTuple\n\nfrom adjoint.tensor import Tensor\n"]
    for name, fields in sorted(_fields().items()):
        parts.append(f"class {name}(NamedTuple):\n" + "".join(f"    {field}: Tensor\n" for field in fields))
    return head + "\n".join(parts)


def _formatted(text: str) -> str:
    """The text as ruff has it: imports in order, lines of the usual length."""
    ruff = str(Path(sys.executable).with_name("ruff"))
    options = ["--line-length", "120", "--target-version", "py310", "--stdin-filename", "x.pyi", "-"]
    sort = [ruff, "check", "--isolated", "--select", "I,F401", "--fix", "--quiet", *options]
    ordered = subprocess.run(sort, input=text, capture_output=True, text=True)
    shaped = subprocess.run(
        [ruff, "format", "--isolated", "--quiet", *options], input=ordered.stdout, capture_output=True, text=True, check=True
    )
    return shaped.stdout

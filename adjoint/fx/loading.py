"""Loading: the text of a function made the function, and the statements that its names need."""

from __future__ import annotations

import ast
import importlib
import itertools
import linecache
from collections.abc import Callable
from typing import Any

from adjoint.fx.codegen import KNOWN
from adjoint.fx.spelling import torch_name

_numbers = itertools.count()


def forward_of(source: str, space: dict[str, Any], places: dict[str, Any] | None = None) -> Callable[..., Any]:
    """The function ``forward`` of a source, whose lines tracebacks show; ``places`` says where it was traced."""
    file = f"<eval_with_key>.{next(_numbers)}"
    if places:
        file += f" from {places['co_filename']}:{places['co_firstlineno']} in {places['co_name']}"
    linecache.cache[file] = len(source), None, [line + "\n" for line in source.splitlines()], file
    names = {**space, "__file__": file, "__name__": file}
    exec(compile(source, file, "exec", dont_inherit=True), names)
    function: Callable[..., Any] = names.pop("forward")
    return function


def import_block(space: dict[str, Any]) -> str:
    """The statements that make these names known, PyTorch's or the user's."""
    return "\n".join(sorted({_statement(name, thing) for name, thing in space.items()}))


def _statement(name: str, thing: Any) -> str:
    if name in KNOWN:
        return KNOWN[name].statement
    if isinstance(thing, str):  # an annotation that was never read
        return f"{name} = {thing!r}"
    module, attribute = torch_name(thing.__module__), getattr(thing, "__qualname__", thing.__name__)
    return f"from {module} import {attribute} as {name}"


def load(block: str, source: str) -> Callable[..., Any]:
    """The function ``forward`` of a source and the statements that it needs; ``torch`` in them is Adjoint."""
    known = {entry.statement: (name, entry.value) for name, entry in KNOWN.items()}
    space: dict[str, Any] = {"torch": KNOWN["torch"].value}
    for line in block.splitlines():
        words = line.split()
        if line in known:
            space[known[line][0]] = known[line][1]
        elif len(words) == 6 and words[0] == "from" and words[4] == "as":
            module = "adjoint" + words[1][len("torch") :] if words[1].split(".")[0] == "torch" else words[1]
            space[words[5]] = getattr(importlib.import_module(module), words[3])
        elif len(words) > 2 and words[1] == "=":
            space[words[0]] = ast.literal_eval(line.partition(" = ")[2])
        elif line:
            raise RuntimeError(f"A pickled GraphModule needs what is not known here: {line}")
    return forward_of(source, space)

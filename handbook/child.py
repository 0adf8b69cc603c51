"""The process in which a page's code runs: blocks come in as JSON, what they printed and showed goes out.

Started as ``python -m handbook.child`` in the page's folder.  All ``python`` blocks of a page are one program,
``example.py``, which is written there as it grows: lines have the numbers that they would have in that file.
"""

from __future__ import annotations

import ast
import contextlib
import doctest
import importlib.util
import io
import json
import linecache
import os
import subprocess
import sys
import traceback
from types import ModuleType
from typing import Any

PROGRAM = "example.py"
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def main() -> None:
    """Run the blocks that standard input has, until one fails."""
    request = json.load(sys.stdin)
    sys.path.insert(0, os.getcwd())
    if request["as_torch"]:
        importlib.import_module("adjoint.compat").install()
    module = ModuleType("__main__")
    module.__dict__.update(__builtins__=sys.modules["builtins"], __file__=os.path.abspath(PROGRAM))
    sys.modules["__main__"] = module
    program = _Program(module.__dict__)
    results = []
    for block in request["blocks"]:
        results.append(_run(block, program))
        if results[-1]["failed"]:
            break
    sys.__stdout__.write(json.dumps(results))  # type: ignore[union-attr]


class _Program:
    """The file that grows, and its namespace."""

    def __init__(self, space: dict[str, Any]) -> None:
        self.space = space
        self.path = os.path.abspath(PROGRAM)
        self.lines = 0

    def add(self, text: str) -> ast.Module:
        """Append a block, and parse it with the line numbers of the file."""
        with open(self.path, "a", encoding="utf-8") as file:
            file.write(text)
        tree = ast.parse("\n" * self.lines + text, self.path)
        self.lines += text.count("\n")
        linecache.checkcache(self.path)
        return tree

    def execute(self, tree: Any, mode: str) -> Any:
        """Run a part of it."""
        return eval(compile(tree, self.path, mode, dont_inherit=True), self.space)

    def ask(self, method: Any) -> Any:
        """Call a method from within the program: what a picture calls things are the program's variables."""
        self.space["__asked__"] = method
        try:
            return self.execute("__asked__()", "eval")
        finally:
            del self.space["__asked__"]


def _run(block: dict[str, Any], program: _Program) -> dict[str, Any]:
    result: dict[str, Any] = {"printed": "", "picture": None, "failed": None}
    if block["file"]:
        with open(block["file"], "w", encoding="utf-8") as file:
            file.write(block["text"])
        return result
    if block["pytorch"] and importlib.util.find_spec("torch") is None:
        return result
    if block["language"] == "pycon":
        result["failed"] = _doctest(block["text"], program.space)
        return result
    if block["language"] == "console":
        result["printed"], result["failed"] = _commands(block["text"])
        return result
    printed = io.StringIO()
    try:
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
            result["picture"] = _python(block, program)
    except BaseException as error:
        if block["raises"] and isinstance(error, Exception):
            printed.write("".join(traceback.format_exception_only(error)))
        else:
            result["failed"] = "".join(traceback.format_exception(error))
    else:
        if block["raises"]:
            result["failed"] = "this should have raised an error"
    result["printed"] = printed.getvalue()
    return result


def _python(block: dict[str, Any], program: _Program) -> dict[str, str] | None:
    """Run a block; what its last expression shows, if it is a picture."""
    tree = program.add(block["text"])
    if not block["picture"]:
        program.execute(tree, "exec")
        return None
    last = tree.body.pop()
    assert isinstance(last, ast.Expr), "the last line of a picture is an expression"
    program.execute(tree, "exec")
    return _shown(program.execute(ast.Expression(last.value), "eval"), program)


def _shown(thing: Any, program: _Program) -> dict[str, str]:
    """What a notebook would show of it: a type of media, and the text."""
    if isinstance(thing, str):
        return {"svg" if thing.lstrip().startswith(("<svg", "<?xml")) else "text": thing}
    bundle = getattr(thing, "_repr_mimebundle_", None)
    found = program.ask(bundle) if bundle is not None else {}
    found = found[0] if isinstance(found, tuple) else found or {}
    for name, method in (("html", "_repr_html_"), ("svg", "_repr_svg_")):
        kind = {"html": "text/html", "svg": "image/svg+xml"}[name]
        text = found.get(kind) or (program.ask(getattr(thing, method)) if hasattr(thing, method) else None)
        if text:
            return {name: text}
    return {"text": repr(thing)}


def _doctest(text: str, space: dict[str, Any]) -> str | None:
    test = doctest.DocTestParser().get_doctest(text, {}, "block", PROGRAM, 0)
    test.globs = space
    report = io.StringIO()
    failed = doctest.DocTestRunner(optionflags=FLAGS).run(test, out=report.write, clear_globs=False).failed
    return report.getvalue() if failed else None


def _commands(text: str) -> tuple[str, str | None]:
    """Run the lines that begin with ``$``: the block as a terminal would show it, and what went wrong."""
    shown = []
    for line in text.splitlines():
        if not line.startswith("$ "):
            continue
        done = subprocess.run(line[2:], shell=True, capture_output=True, text=True, timeout=300)
        shown += [line, *(done.stdout + done.stderr).rstrip("\n").splitlines()]
        if done.returncode not in (0, 1):
            return "", f"{line} ended with status {done.returncode}:\n{done.stderr}"
    return "\n".join(shown) + "\n", None


if __name__ == "__main__":
    main()

"""Again: where nothing was seen of a program, it is run a second time with a witness, up to the same call of ``why``.

That happens in a process of its own, so that nothing of this one changes.  What the second run writes goes into a folder
that is thrown away (:mod:`.elsewhere`), and a guard (:mod:`.guard`) ends it where it would start a process, reach the
network, or change a file in any other way; its answer is then not used.
``ADJOINT_WHY_AGAIN=0`` in the environment switches second runs off.
"""

from __future__ import annotations

import json
import linecache
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from typing import Any

from adjoint.why.answer import Answer
from adjoint.why.lines import CELLS, is_users, users_frame

_asked: Counter[tuple[str, int]] = Counter()
"""How often ``why`` was called at each line."""

_spent = 0.0
_BUDGET = 60.0  # seconds that second runs may take in one process, all together

wanted: tuple[str, int, int] | None = None
"""In a second run: the call that is to be answered, by file, line and number."""


def count(frame: Any) -> tuple[str, int, int]:
    """Count a call of ``why``; which one it is."""
    place = (frame.f_code.co_filename, frame.f_lineno) if frame is not None else ("", 0)
    _asked[place] += 1
    return (*place, _asked[place])


def ask(frame: Any, call: tuple[str, int, int], fingerprint: list[Any]) -> Answer | None:
    """The answer of a second run of the program; None where there can be none, or it was another program's."""
    global _spent
    program = _program(frame)
    if program is None or _spent > _BUDGET or os.environ.get("ADJOINT_WHY_AGAIN") == "0":
        return None
    program["call"] = list(call)
    program["elsewhere"] = elsewhere = tempfile.mkdtemp(prefix="adjoint-why-")
    limit = min(max(10.0, 4 * time.process_time() + 5), 45.0)
    started = time.monotonic()
    environment = {
        **os.environ, "ADJOINT_KERNELS": "0", "PYTHONDONTWRITEBYTECODE": "1", "PYTHONIOENCODING": "utf-8", "OMP_NUM_THREADS": "1",
    }  # fmt: skip
    install = "from adjoint.compat import install; install(); " if program["torch"] else ""
    code = f"import sys; sys.path[:] = {sys.path!r}; {install}from adjoint.why.second import main; main()"
    try:
        done = subprocess.run(
            [sys.executable, "-c", code, json.dumps(program)], stdin=subprocess.DEVNULL, capture_output=True,
            timeout=limit, env=environment, cwd=os.getcwd(),
        )  # fmt: skip
    except (subprocess.TimeoutExpired, OSError):
        return None
    finally:
        _spent += time.monotonic() - started
        shutil.rmtree(elsewhere, ignore_errors=True)
    try:
        told = json.loads(done.stdout.decode("utf-8").rpartition("\n")[2])
    except (ValueError, UnicodeDecodeError):
        return None
    if not _same(told["fingerprint"], fingerprint):
        return None
    found = Answer.from_json(told["answer"])
    found.basis = "seen in a second run of the program, in a process of its own"
    return found


def _same(a: list[Any], b: list[Any]) -> bool:
    """Whether what was asked about was in the same state: the flags and shape, and the kind of its gradient."""
    return a[:-1] == b[:-1] and (a[-1] == b[-1] or {a[-1], b[-1]} <= {"finite", "zero"})


def _program(frame: Any) -> dict[str, Any] | None:
    """What is to be run: the module whose body is running, as a file or as its text; or a function without arguments."""
    inner = frame
    function = None
    while frame is not None and not (frame.f_code.co_name == "<module>" and is_users(frame.f_code.co_filename)):
        frame = frame.f_back
    if frame is None:
        frame = _function(inner)
        if frame is None:
            return None
        function = frame.f_code.co_name
    file = frame.f_code.co_filename
    variables = frame.f_globals
    finders = [(type(finder).__name__, type(finder).__module__) for finder in sys.meta_path]
    torch = any(pair in finders for pair in (("_Finder", "adjoint.compat"), ("_Finder", "torch.compat")))
    program = {
        "file": file, "name": variables.get("__name__", "__main__"), "package": variables.get("__package__"),
        "argv": list(sys.argv), "torch": torch, "cells": None, "function": function,
    }  # fmt: skip
    cells = _cells(variables)
    if cells is not None:
        program["cells"] = cells
        return program
    if file == "<string>" and "-c" in sys.orig_argv[:-1]:
        text = sys.orig_argv[sys.orig_argv.index("-c") + 1]
        linecache.cache[file] = (len(text), None, text.splitlines(True), file)
        program["cells"] = [(file, text, None)]
        return program
    return program if os.path.isfile(file) else None


def _function(frame: Any) -> Any:
    """The outermost of the user's frames, where that is a module's function without arguments."""
    outermost: Any = None
    while frame is not None:
        if is_users(frame.f_code.co_filename):
            outermost = frame
        frame = frame.f_back
    if outermost is None:
        return None
    code = outermost.f_code
    known: Any = getattr(outermost.f_globals.get(code.co_name), "__code__", None)
    return outermost if known is code and not code.co_argcount + code.co_kwonlyargcount else None


def _cells(variables: dict[str, Any]) -> list[tuple[str, str, int | None]] | None:
    """The cells of a notebook that were run so far, each with its file name and number; None of what is no notebook."""
    inputs = variables.get("In")
    if not isinstance(inputs, list) or "get_ipython" not in variables:
        return None
    shell = variables["get_ipython"]()
    names = {number: name for name, number in getattr(shell.compile, "_filename_map", {}).items()}
    cells = [(names.get(i, f"<cell {i}>"), text, i) for i, text in enumerate(inputs) if text]
    CELLS.update({name: i for name, _, i in cells})
    return cells  # type: ignore[return-value]


def caller() -> Any:
    """The user's frame that called ``why``."""
    return users_frame(sys._getframe(1))

"""Second: the process in which a program is run again, to its call of ``why``, with a witness."""

from __future__ import annotations

import json
import os
import sys
from types import ModuleType
from typing import Any

from adjoint.why import again, guard
from adjoint.why.answer import Answer
from adjoint.why.elsewhere import Elsewhere
from adjoint.why.lines import CELLS

_out: int = 1


def main() -> None:
    """Run the program that the command line describes; the answer goes to the standard output, what it prints nowhere."""
    global _out
    program = json.loads(sys.argv[1])
    _out = os.dup(1)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    import adjoint
    from adjoint.why.witness import Witness

    for name in ("nn", "optim", "func", "utils"):  # what is to be read from disk is read before the guard
        getattr(adjoint, name)
    again.wanted = tuple(program["call"])
    sys.argv[:] = program["argv"]
    module = ModuleType(program["name"])
    module.__dict__.update(__builtins__=sys.modules["builtins"], __annotations__={}, __package__=program["package"])
    sys.modules[program["name"]] = module
    elsewhere = Elsewhere(program["elsewhere"])
    elsewhere.put_on()
    guard.install(elsewhere.holds)
    Witness().start()
    if program["cells"] is not None:
        for name, text, number in program["cells"]:
            if number is not None:
                CELLS[name] = number
            _cell(name, text, module.__dict__)
    else:
        module.__file__ = program["file"]
        with open(program["file"], "rb") as file:
            source = file.read()
        exec(compile(source, program["file"], "exec", dont_inherit=True), module.__dict__)
        if program["function"] is not None:
            module.__dict__[program["function"]]()
    os._exit(1)


def _cell(name: str, text: str, variables: dict[str, Any]) -> None:
    """Run a cell as a notebook does: an error ends the cell, not the notebook."""
    import linecache

    linecache.cache[name] = (len(text), None, text.splitlines(True), name)
    try:
        exec(compile(text, name, "exec", dont_inherit=True), variables)
    except Exception:
        pass


def reply(answer: Answer, fingerprint: list[Any]) -> None:
    """Send the answer, and end."""
    data = json.dumps({"answer": answer.to_json(), "fingerprint": fingerprint}).encode("utf-8")
    while data:
        data = data[os.write(_out, data) :]
    os._exit(0)

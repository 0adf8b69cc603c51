"""Running: a page's code in a process of its own, and what it printed beside what the page says that it prints."""

from __future__ import annotations

import difflib
import doctest
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import textwrap
from dataclasses import dataclass, field
from pathlib import Path

from handbook.blocks import Block, Page, parse
from handbook.child import FLAGS, PROGRAM

ROOT = Path(__file__).resolve().parent.parent
KEPT = (".html", ".svg", ".png", ".json")  # files that a page's code makes for the page to show


class Failed(Exception):
    """A block that did not do what its page says."""


@dataclass
class Result:
    """What a page's blocks did: per block that was run, what it printed and showed; the files that were made."""

    page: Page
    printed: list[str] = field(default_factory=list)
    pictures: list[dict[str, str] | None] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)


def run(path: Path, text: str | None = None, compare: bool = True, seconds: float = 300) -> Result:
    """Run the blocks of a page.  Raises Failed, with the page's name and line, for the first that does not do as it says."""
    name = path.relative_to(ROOT) if path.is_relative_to(ROOT) else path
    try:
        page = parse(path.read_text("utf-8") if text is None else text)
    except ValueError as error:
        raise Failed(f"{name}: {error}") from None
    result = Result(page)
    if not page.runs:
        return result
    folder = Path(tempfile.mkdtemp(prefix="page-"))
    try:
        for block, done in zip(page.runs, _child(name, page, folder, seconds)):
            if done["failed"]:
                raise Failed(f"{name}, the block at line {block.first}:\n{done['failed']}")
            printed = _clean(done["printed"], folder)
            result.printed.append(printed)
            result.pictures.append(done["picture"])
            if compare:
                _compare(str(name), block, printed)
        for file in sorted(folder.iterdir()):
            if file.suffix in KEPT:
                result.files[file.name] = file.read_bytes()
    finally:
        shutil.rmtree(folder)
    return result


def _child(name: Path, page: Page, folder: Path, seconds: float) -> list[dict]:
    command = folder / ".bin" / "adjoint"  # the command of this source, whether it is installed or not
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m adjoint "$@"\n')
    command.chmod(0o755)
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep),
        "PATH": os.pathsep.join([str(command.parent), os.path.dirname(sys.executable), os.environ.get("PATH", "")]),
        "MPLBACKEND": "agg",
        "COLUMNS": "120",
        "NO_COLOR": "1",
        "PYTHONIOENCODING": "utf-8",
    }
    asked = [
        {
            "language": b.language,
            "text": b.text,
            "file": b.file,
            "raises": b.asks("raises"),
            "picture": b.asks("picture"),
            "pytorch": b.asks("pytorch"),
        }
        for b in page.runs
    ]
    source = "".join(b.text for b in page.runs if b.language in ("python", "pycon") and not b.file)
    as_torch = re.search(r"^\s*(?:>>> )?(?:import|from) torch", source, re.MULTILINE) is not None
    done = subprocess.run(
        [sys.executable, "-m", "handbook.child"],
        input=json.dumps({"blocks": asked, "as_torch": as_torch}),
        capture_output=True, text=True, cwd=folder, env=environment, timeout=seconds,
    )  # fmt: skip
    if done.returncode or not done.stdout:
        raise Failed(f"{name}: the process ended with status {done.returncode}\n{done.stdout[-2000:]}{done.stderr[-4000:]}")
    return json.loads(done.stdout)  # type: ignore[no-any-return]


def _clean(printed: str, folder: Path) -> str:
    """What was printed, as it reads anywhere."""
    printed = printed.replace(str(folder.resolve()) + os.sep, "").replace(str(folder) + os.sep, "")
    printed = re.sub(r"\x1b\[[0-9;]*m", "", printed)
    return "".join(line.rstrip() + "\n" for line in printed.splitlines())


def same(printed: str, expected: str) -> bool:
    """Whether what was printed is what a page says; ``...`` stands for anything."""
    return doctest.OutputChecker().check_output(expected, printed, FLAGS)


def _compare(name: str, block: Block, printed: str) -> None:
    if block.language == "console":
        expected, where = block.text, block.first
        if not any(line and not line.startswith("$ ") for line in expected.splitlines()):
            return  # what it prints is filled in
    elif block.output is not None:
        expected, where = block.output.text, block.output.first
        if not expected.strip():
            return
    else:
        return
    if not same(printed, expected):
        lines = difflib.unified_diff(expected.splitlines(), printed.splitlines(), "the page", "the run", lineterm="")
        raise Failed(f"{name}, line {where}: the page says otherwise\n" + "\n".join(lines))


def written(result: Result) -> str:
    """The page's text with what was printed in its output blocks, as far as it differs."""
    lines = result.page.lines[:]
    for block, printed in reversed(list(zip(result.page.runs, result.printed))):
        if block.language == "python" and block.output is not None:
            target = block.output
        elif block.language == "console":
            target = block
        else:
            continue
        if not same(printed, target.text) or not target.text.strip():
            printed = re.sub(r"\b0x[0-9a-f]{6,}", "0x...", printed)  # where an object lies
            lines[target.first : target.last - 1] = textwrap.indent(printed, target.indent).splitlines()
    return "\n".join(lines) + "\n"


__all__ = ["KEPT", "PROGRAM", "ROOT", "Failed", "Result", "run", "same", "written"]

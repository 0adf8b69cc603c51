"""Notebooks: the tutorials' pages as notebooks, made from the same source: ``python -m handbook.notebooks``.

Text becomes text cells, a block that is run a code cell.  What it prints is left out: a notebook is there to be run.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from handbook.blocks import Block, parse

TUTORIALS = Path(__file__).resolve().parent.parent / "docs" / "tutorials"

_BEGIN = {
    "en": "This cell lets `import torch` mean Adjoint, as `adjoint run` does for programs.",
    "zh": "这一格让 `import torch` 指向 Adjoint，正如 `adjoint run` 对程序所做的那样。",
}
_INSTALL = "import adjoint.compat\n\nadjoint.compat.install()"


def notebook(text: str, language: str) -> dict[str, Any]:
    """A page as a notebook, in the format of Jupyter's version 4.5."""
    page = parse(text)
    runs = {id(block) for block in page.runs}
    cells: list[dict[str, Any]] = []
    shown = 0
    for block in page.blocks:
        if id(block) not in runs:
            continue
        _add_text(cells, page.lines[shown : block.first - 1])
        if not any(c["cell_type"] == "code" for c in cells):  # after the introduction
            _add_text(cells, [_BEGIN[language]])
            _add_code(cells, _INSTALL, [])
        _add_code(cells, _code(block), ["raises-exception"] if block.asks("raises") else [])
        shown = block.last if block.output is None else block.output.last
    _add_text(cells, page.lines[shown:])
    for number, cell in enumerate(cells):
        cell["id"] = f"cell-{number}"
    metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    return {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}


def _code(block: Block) -> str:
    text = block.text.rstrip("\n")
    if block.file:
        return f"%%writefile {block.file}\n{text}"
    if block.language == "console":
        return "\n".join(f"!{line[2:]}" for line in text.splitlines() if line.startswith("$ "))
    return text


def _add_code(cells: list[dict[str, Any]], text: str, tags: list[str]) -> None:
    metadata = {"tags": tags} if tags else {}
    cells.append({"cell_type": "code", "execution_count": None, "metadata": metadata, "outputs": [], "source": _lines(text)})


def _add_text(cells: list[dict[str, Any]], lines: list[str]) -> None:
    text = "\n".join(lines).strip("\n")
    if not text:
        return
    text = re.sub(r"\]\((\d-[\w-]+)\.md\)", r"](\1.ipynb)", text)  # to the other notebook
    cells.append({"cell_type": "markdown", "metadata": {}, "source": _lines(text)})


def _lines(text: str) -> list[str]:
    return text.splitlines(keepends=True)


def written(path: Path) -> str:
    """The notebook of a page, as a file has it."""
    made = notebook(path.read_text("utf-8"), path.parent.name)
    return json.dumps(made, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def pages() -> list[Path]:
    """The pages that are notebooks, too."""
    return sorted(p for language in _BEGIN for p in (TUTORIALS / language).glob("*.md"))


if __name__ == "__main__":
    for each in pages():
        each.with_suffix(".ipynb").write_text(written(each), "utf-8")
        print(each.with_suffix(".ipynb"))

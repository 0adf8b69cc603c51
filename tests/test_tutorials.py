"""The five tutorials: pages that do what they say, in two languages with the same code, and the same as notebooks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from handbook.blocks import parse
from handbook.notebooks import TUTORIALS, notebook, pages, written
from handbook.running import run

ENGLISH = sorted((TUTORIALS / "en").glob("*.md"))


def code(path: Path) -> list[tuple[str, list[str], str, str | None]]:
    """The blocks of a page that are run, with what they print."""
    return [(b.language, b.words, b.text, b.output and b.output.text) for b in parse(path.read_text("utf-8")).runs]


def test_there_are_five_in_each_language() -> None:
    assert len(ENGLISH) == 5
    assert [p.name for p in ENGLISH] == [p.name for p in sorted((TUTORIALS / "zh").glob("*.md"))]


@pytest.mark.parametrize("path", ENGLISH, ids=lambda p: p.stem)
def test_a_tutorial_does_what_it_says(path: Path) -> None:
    result = run(path)
    assert any(result.pictures), "a tutorial has a picture of a graph"


@pytest.mark.parametrize("path", ENGLISH, ids=lambda p: p.stem)
def test_both_languages_have_the_same_code_and_output(path: Path) -> None:
    assert code(path) == code(TUTORIALS / "zh" / path.name)


@pytest.mark.parametrize("path", pages(), ids=lambda p: f"{p.parent.name}-{p.stem}")
def test_a_tutorial_ends_with_mistakes_and_exercises(path: Path) -> None:
    headings = [line for line in path.read_text("utf-8").splitlines() if line.startswith("## ")]
    assert headings[-2:] in (["## Mistakes you will make", "## Exercises"], ["## 你会犯的错误", "## 练习"])
    text = path.read_text("utf-8")
    chinese = sum("\u4e00" <= c <= "\u9fff" for c in text)
    assert (chinese > 500) == (path.parent.name == "zh") and (chinese == 0) == (path.parent.name == "en")


def test_the_first_picture_is_the_lesson_with_its_numbers() -> None:
    result = run(ENGLISH[0])
    picture = next(p for p in result.pictures if p)
    text = next(iter(picture.values()))
    for seen in ("(x + 2) · (x + 2)", "mean", ".grad", "5.33", "6.67"):
        assert seen in text, seen


@pytest.mark.parametrize("path", pages(), ids=lambda p: f"{p.parent.name}-{p.stem}")
def test_a_notebook_is_its_page(path: Path) -> None:
    assert path.with_suffix(".ipynb").read_text("utf-8") == written(path), "`make notebooks` writes them anew"


def test_a_notebook_has_the_pages_text_and_code_in_order() -> None:
    page = "# Title\n\nText.\n\n```python\na = 1\n```\n\n```output\n```\n\nMore.\n"
    page += "\n```python raises\n1 / 0\n```\n\n```console\n$ ls\n```\n"
    cells = notebook(page, "en")["cells"]
    kinds = [(c["cell_type"], "".join(c["source"])) for c in cells]
    assert kinds[0] == ("markdown", "# Title\n\nText.") and "adjoint.compat.install()" in kinds[2][1]
    assert kinds[3:] == [("code", "a = 1"), ("markdown", "More."), ("code", "1 / 0"), ("code", "!ls")]
    assert cells[5]["metadata"] == {"tags": ["raises-exception"]}


def test_the_first_notebook_runs(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    nbclient = pytest.importorskip("nbclient")
    pytest.importorskip("ipykernel")
    import nbformat

    root = str(TUTORIALS.parent.parent)
    monkeypatch.setenv("PYTHONPATH", root)
    made = nbformat.reads(json.dumps(notebook(ENGLISH[0].read_text("utf-8"), "en")), as_version=4)
    nbclient.NotebookClient(made, timeout=120, resources={"metadata": {"path": str(tmp_path)}}).execute()
    shown = [o for cell in made.cells if cell.cell_type == "code" for o in cell.outputs]
    assert any("text/html" in o.get("data", {}) for o in shown), "the graph is drawn"
    errors = [o for o in shown if o.output_type == "error"]
    expected = [b for b in parse(ENGLISH[0].read_text("utf-8")).runs if b.asks("raises")]
    assert len(errors) == len(expected)
    assert any("Did you mean: 'ones'?" in line for e in errors for line in e.traceback)

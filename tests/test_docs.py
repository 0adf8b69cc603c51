"""The documentation: what pages say that code prints is what it prints; what is made of the tables is true."""

from __future__ import annotations

import ast
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import adjoint
from handbook import docstrings, formulas, names, offline, operators, reference
from handbook.blocks import RUN, parse
from handbook.running import Failed, run

ROOT = Path(__file__).resolve().parent.parent
MAIN = [*sorted((ROOT / "docs").glob("*.md")), ROOT / "README.md"]
PAGES = [*sorted((ROOT / "docs").rglob("*.md")), ROOT / "README.md"]
SHOWN = {"sh", "text", "output", "py", "toml", "html", "json", "dockerfile"}  # languages of blocks that are not run


@pytest.mark.parametrize("path", MAIN, ids=lambda p: p.stem)
def test_a_main_page_does_what_it_says(path):
    run(path)


@pytest.mark.parametrize("path", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_every_block_is_run_or_of_a_language_that_is_only_shown(path):
    for block in parse(path.read_text("utf-8")).blocks:
        assert block.language in {*RUN, *SHOWN}, f"{path.name}, line {block.first}: {block.language!r}"


@pytest.mark.parametrize("page, says", [
    ("```python\n1 / 0\n```\n", "ZeroDivisionError"),
    ("```python\nprint(1)\n```\n\n```output\n2\n```\n", "the page says otherwise"),
    ("```python raises\nprint(1)\n```\n", "should have raised"),
    ("```pycon\n>>> 1 + 1\n3\n```\n", "Expected"),
    ("```console\n$ adjoint --version\nnothing\n```\n", "the page says otherwise"),
    ("```console\n$ exit 3\n```\n", "status 3"),
    ("```output\n1\n```\n", "of which block"),
    ("```python fast\n1\n```\n", "means nothing"),
])  # fmt: skip
def test_a_page_that_is_wrong_fails_and_says_where(tmp_path, page, says):
    path = tmp_path / "page.md"
    path.write_text(f"# Page\n\n{page}", "utf-8")
    with pytest.raises(Failed, match=re.escape(says)) as raised:
        run(path)
    assert "page.md" in str(raised.value) and re.search(r"line \d", str(raised.value))


def test_blocks_of_a_page_are_one_program_with_the_lines_of_a_file(tmp_path):
    path = tmp_path / "page.md"
    path.write_text("```python\na = 1\n```\n\n```python raises\nprint(a)\nraise ValueError('here')\n```\n", "utf-8")
    assert run(path).printed == ["", "1\nValueError: here\n"]


def test_pictures_call_tensors_as_the_page_does(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(
        "```python\nimport adjoint as torch\nweights = torch.ones(2, requires_grad=True)\nloss = (weights * 2).sum()\n```\n"
        "```python picture\nloss.grad_fn\n```\n"
    )
    (picture,) = [p for p in run(page).pictures if p]
    assert ">weights<" in str(picture)


def test_the_list_of_names_is_what_the_libraries_have():
    pytest.importorskip("torch")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-m", "handbook.names", "--check"], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_the_page_of_names_has_a_reason_for_each_that_is_missing():
    shown = names.tables()
    assert int(shown["count"].replace(",", "")) > 1700
    assert all(title in shown["absent"] for title, _, _ in names.KINDS.values())


@pytest.mark.parametrize("code, expected", [
    ("g * conj(result)", r"g \cdot \overline{\mathrm{result}}"),
    ("g / conj(np.sqrt(1 - self * self))", r"\frac{g}{\overline{\sqrt{1 - x^{2}}}}"),
    ("-g * np.exp(-(self * self))", r"-g \cdot e^{-x^{2}}"),
    ("g - (self - other)", r"g - \left(x - y\right)"),
    ("(g + 1) * 2", r"2 \cdot \left(g + 1\right)"),
    ("(self + 1) ** other", r"\left(x + 1\right)^{y}"),
    ("np.where(self > 0, g, g * 0)", r"\begin{cases} g & \text{if } x > 0 \\ 0 & \text{otherwise} \end{cases}"),
    ("kept_where(~(self <= -3), np.where(self >= 3, g, g * self))",
     r"\begin{cases} 0 & \text{if } x \le -3 \\ g & \text{if } x \ge 3 \\ g \cdot x & \text{otherwise} \end{cases}"),
    ("dot(conj(self).T, g)", r"x^{\mathsf{H}} \, g"),
    ("g if alpha == 1 else times(g, conj_number(alpha))", r"g \cdot \overline{\alpha}"),
    ("g * np.log1p(self)", r"g \cdot \ln\left(1 + x\right)"),
    ("fit(g, self_shape, self_dtype)", "g"),
])  # fmt: skip
def test_formulas_are_written_as_mathematics_writes_them(code, expected):
    assert formulas.latex(code) == expected


def test_what_is_typeset_has_the_value_of_the_code():
    """The formulas of element-wise rows, read back from their LaTeX's own tree: brackets are where they have to be."""
    g, x, y, result = 0.7, 0.4, 1.3, 0.9
    space = {"g": g, "self": x, "other": y, "result": result, "np": np, "conj": np.conj, "times": np.multiply}
    space["constant"] = lambda v, _: v
    checked = 0
    for key, row in operators.public().items():
        for inputs, formula, text in operators.derivatives(key, row):
            tree = operators.expression(formula)
            if text is None or (key, inputs[0]) in operators.WRITTEN or tree is None or not row.elementwise:
                continue
            code = ast.unparse(tree)
            try:
                value = eval(code, dict(space))
                read = _evaluated(text, {"g": g, "x": x, "y": y, "result": result})
            except (NameError, SyntaxError, TypeError, AttributeError, ValueError):
                continue
            assert np.allclose(value, read), (key, code, text)
            checked += 1
    assert checked > 25


def _evaluated(text: str, letters: dict[str, float]) -> float:
    """The value of LaTeX that has fractions, roots, powers, bars and products only."""
    for _ in range(30):
        before = text
        text = re.sub(r"\\frac\{([^{}]*)\}\{([^{}]*)\}", r"((\1)/(\2))", text)
        text = re.sub(r"\\sqrt\{([^{}]*)\}", r"sqrt(\1)", text)
        text = re.sub(r"\\overline\{([^{}]*)\}", r"(\1)", text)
        text = re.sub(r"\\mathrm\{([^{}]*)\}", r"\1", text)
        text = re.sub(r"\^\{([^{}]*)\}", r"**(\1)", text)
        if text == before:
            break
    text = text.replace(r"\cdot", "*").replace(r"\left(", "(").replace(r"\right)", ")").replace(r"\ln", "log").replace(r"\pi", "pi")
    text = re.sub(r"\\(sin|cos|tan|sinh|cosh|tanh)\b", r"\1", text)
    functions = {n: getattr(np, n) for n in ("sqrt", "log", "pi", "sin", "cos", "tan", "sinh", "cosh", "tanh", "e")}
    return eval(text, {"__builtins__": {}}, {**functions, **letters})


def test_every_row_has_a_page_of_its_own_with_its_place_in_the_source():
    pages = dict(operators.pages())
    assert len(pages) == len(operators.OPERATORS)
    for key, row in operators.OPERATORS.items():
        if not operators.place(row)[0]:  # another test's
            assert not any(f'"{row.name}"' in file.read_text("utf-8") for file in operators.OPS.glob("*.py")), key
            continue
        page = pages[operators.address(key)]
        place = re.search(r"Declared in `adjoint/ops/(\w+\.py)`, line (\d+)", page)
        assert place, key
        text = (operators.OPS / place[1]).read_text("utf-8")
        if re.search(rf'\b(op|elementwise|view)\(\s*"{re.escape(row.name)}"', text):  # others are declared in a loop
            assert f'"{row.name}' in "".join(text.splitlines()[int(place[2]) - 1 :][:3]), (key, place[0])


def test_most_derivatives_are_typeset():
    found = [text for key, row in operators.OPERATORS.items() for _, _, text in operators.derivatives(key, row)]
    assert sum(text is not None for text in found) > 0.9 * len(found)


def test_the_reference_has_every_function_of_torch():
    page = dict(reference.pages())["torch.md"]
    names = json.loads((ROOT / "docs" / "names.json").read_text("utf-8"))["spaces"]["torch"]["present"]
    names = [n for n in names if callable(getattr(adjoint, n))]
    assert len(names) > 500
    assert [n for n in names if f"[`{n}`]" not in page and f"`torch.{n}`" not in page] == []


@pytest.mark.parametrize("docstring, expected", [
    ("One *line* with ``code`` and a_name.", r"One \*line\* with `code` and a\_name."),
    ("See :class:`~adjoint.tensor.Tensor`.", "See `Tensor`."),
    ("Text::\n\n    a\n      b\n\nMore.", "Text:\n\n```text\na\n  b\n```\n\nMore."),
    ("Text.\n\n>>> 1\n1\n", "Text.\n\n```pycon\n>>> 1\n1\n```"),
])  # fmt: skip
def test_docstrings_become_markdown(docstring, expected):
    assert docstrings.markdown(docstring) == expected


def test_the_operator_of_the_page_on_adding_one_passes_the_tables_tests(tmp_path):
    """The page is followed to the letter, in a copy of the source."""
    pytest.importorskip("torch")
    page, contributing = (ROOT / "docs" / "adding-an-operator.md"), (ROOT / "CONTRIBUTING.md")
    row = next(b.text for b in parse(page.read_text("utf-8")).blocks if b.text.startswith("gaussian = "))
    entry = next(b.text for b in parse(page.read_text("utf-8")).blocks if b.text.lstrip().startswith('"gaussian": '))
    blocks = [b.text for b in parse(contributing.read_text("utf-8")).blocks]
    assert row in blocks and entry in blocks
    for folder in ("adjoint", "tests", "fuzz"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__", "programs"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    with open(tmp_path / "adjoint" / "ops" / "elementwise.py", "a", encoding="utf-8") as file:
        file.write("\n\n" + row)
    samples = tmp_path / "tests" / "samples.py"
    text = samples.read_text("utf-8")
    head = re.search(r"^NEW: .*\{\n", text, re.MULTILINE)
    assert head
    samples.write_text(text[: head.end()] + f"    {entry.strip()}\n" + text[head.end() :], "utf-8")
    command = re.search(r"python -m pytest (.+) -k gaussian", page.read_text("utf-8"))
    assert command
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *command[1].split(), "-k", "gaussian"],
        cwd=tmp_path, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(tmp_path)},
    )  # fmt: skip
    assert done.returncode == 0 and done.stdout.startswith("..."), done.stdout[-3000:]


@pytest.mark.skipif(importlib.util.find_spec("latex2mathml") is None, reason="the extra `docs` is not installed")
def test_every_formula_of_the_reference_can_be_typeset():
    from handbook.mathematics import mathml

    count = 0
    for _, text in reference.pages():
        for formula in re.findall(r"\$\$\n(.+?)\n\$\$", text, re.DOTALL):
            assert "<math " in mathml(formula, block=True)
            count += 1
    assert count > 300


def test_a_page_asks_for_the_worker_of_the_search_on_the_site_and_not_on_the_network():
    page = '<script id="__config">{"base": "../.."}</script><script src="https://unpkg.com/iframe-worker/shim"></script>'
    assert '<script src="../../assets/javascripts/worker.js"></script>' in offline.without_network(page)
    assert "https:" not in offline.without_network(page)


def test_tutorials_are_there_in_both_languages():
    found = {language: {p.name for p in (ROOT / "docs" / "tutorials" / language).glob("*.md")} for language in ("en", "zh")}
    assert found["en"] and found["en"] == found["zh"]

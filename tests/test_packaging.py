"""The distributions: what is in them, and that what is in them runs in an empty directory."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from handbook.blocks import parse

if sys.version_info >= (3, 11):
    import tomllib
else:
    tomllib = pytest.importorskip("tomli")

if importlib.util.find_spec("build") is None or importlib.util.find_spec("setuptools") is None:
    pytest.skip("the packages `build` and `setuptools` are not installed", allow_module_level=True)

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
NOT_SOURCE = (".git", ".venv", "build", "runs", "*.egg-info", "__pycache__", ".*_cache", ".hypothesis")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A folder with the two distributions, made from a copy of the source without asking the network."""
    folder = tmp_path_factory.mktemp("packaging")
    source = folder / "source"
    shutil.copytree(ROOT, source, ignore=shutil.ignore_patterns(*NOT_SOURCE))
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder / "dist"), str(source)]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "PIP_NO_INDEX": "1"})
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return folder / "dist"


@pytest.fixture(scope="module")
def installed(made, tmp_path_factory):
    """A folder into which the wheel alone was installed."""
    folder = tmp_path_factory.mktemp("installed")
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--no-compile", "--target"]
    done = subprocess.run([*command, str(folder), str(next(made.glob("*.whl")))], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return folder


def files_of(folder: str) -> set[str]:
    """The source's files below a folder, without what tools leave there."""
    found = (p for p in (ROOT / folder).rglob("*") if p.is_file() and "__pycache__" not in p.parts)
    return {str(p.relative_to(ROOT)) for p in found}


def test_the_wheel_has_the_package_with_its_pages_and_types_and_nothing_else(made):
    with zipfile.ZipFile(next(made.glob("*.whl"))) as wheel:
        names = {name for name in wheel.namelist() if ".dist-info/" not in name}
    assert names == files_of("adjoint")


def test_the_wheel_names_what_it_needs_and_its_licence(made):
    with zipfile.ZipFile(next(made.glob("*.whl"))) as wheel:
        metadata = wheel.read(next(n for n in wheel.namelist() if n.endswith("METADATA"))).decode()
        points = wheel.read(next(n for n in wheel.namelist() if n.endswith("entry_points.txt"))).decode()
    needed = [line for line in metadata.splitlines() if line.startswith("Requires-Dist") and "extra ==" not in line]
    assert {re.split(r"[ <>=;]", line)[1] for line in needed} == {"numpy", "scipy", "ml_dtypes", "llvmlite", "tqdm"}
    assert f"License-Expression: {PROJECT['license']}" in metadata and f"Version: {PROJECT['version']}" in metadata
    assert "adjoint = adjoint.cli:main" in points


def test_the_source_distribution_has_documentation_examples_and_tests(made):
    with tarfile.open(next(made.glob("*.tar.gz"))) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    for folder in ("adjoint", "bench", "docs", "ecosystem", "examples", "fuzz", "handbook", "tests"):
        assert files_of(folder) <= names, sorted(files_of(folder) - names)[:5]
    assert {"Makefile", "mkdocs.yml", "pyproject.toml", "README.md", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE"} <= names


def test_an_index_would_take_them(made):
    pytest.importorskip("twine")
    command = [sys.executable, "-m", "twine", "check", "--strict", *map(str, made.iterdir())]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0 and done.stdout.count("PASSED") == 2, done.stdout + done.stderr


def test_the_readmes_example_runs_from_the_wheel(installed, tmp_path):
    blocks = [b for b in parse((ROOT / "README.md").read_text("utf-8")).blocks if b.language == "python"]
    program = tmp_path / "program.py"
    program.write_text("".join(b.text for b in blocks) + "\nprint(torch.__file__)\n", "utf-8")
    done = run_installed(installed, tmp_path, str(program))
    assert done.returncode == 0, done.stderr
    assert str(installed) in done.stdout.splitlines()[-1]


def test_the_command_runs_from_the_wheel(installed, tmp_path):
    program = "import torch; print(torch.ones(2) + 1, torch.__file__)"
    done = run_installed(installed, tmp_path, "-m", "adjoint", "run", "-c", program)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("tensor([2., 2.])") and str(installed) in done.stdout


def run_installed(installed: Path, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Python in an empty folder, where Adjoint is what the wheel installed."""
    environment = {**os.environ, "PYTHONPATH": str(installed), "ADJOINT_CACHE": str(folder / "cache")}
    return subprocess.run([sys.executable, *arguments], cwd=folder, env=environment, capture_output=True, text=True)


def test_the_changes_begin_with_this_version():
    first = re.search(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
    assert first and first[1] == PROJECT["version"]


def test_every_dependency_says_what_it_is_for():
    text = (ROOT / "pyproject.toml").read_text("utf-8")
    sections = text[text.index("dependencies = [") : text.index("[project.scripts]")]
    for line in sections.splitlines():
        if line.lstrip().startswith('"'):
            assert "#" in line, line


def test_every_extra_that_is_spoken_of_exists():
    files = [*(ROOT / "adjoint").rglob("*.py"), *ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    text = "".join(p.read_text("utf-8") for p in files)
    assert set(re.findall(r"(?:adjoint|\.)\[([a-z]+)\]['\"`]", text)) <= set(PROJECT["optional-dependencies"])


def test_a_program_that_made_a_picture_ends():
    """Its layout runs in an interpreter of JavaScript, which has to be closed before Python's is."""
    pytest.importorskip("py_mini_racer")
    program = "import adjoint as torch\nfrom adjoint import viz\nprint(len(viz.to_svg(torch.ones(3, requires_grad=True).exp())))"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and int(done.stdout) > 1000, done.stderr

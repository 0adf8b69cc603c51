"""A program: what it does, what it needs, and how near its numbers have to come, as its first lines say."""

from __future__ import annotations

import ast
import re
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDER = Path(__file__).resolve().parent / "programs"
TOLERANCE = 1e-4


@dataclass(frozen=True)
class Program:
    """One file of ``programs``.

    Behind its docstring stand comments: ``# packages: NAME NAME`` is what pip has to install for it, and
    ``# tolerance: 1e-3 because ...`` how far its numbers may be from PyTorch's, relatively.
    """

    path: Path
    what: str
    packages: tuple[str, ...]
    tolerance: float
    because: str

    @property
    def name(self) -> str:
        """The file's name without its ending."""
        return self.path.stem

    @property
    def library(self) -> str:
        """The library that it is about: the first package that it needs; PyTorch's own if there is none."""
        return self.packages[0] if self.packages else "torch"


def read(path: Path) -> Program:
    """The program in a file.

    Raises ValueError where its first lines do not say what they should.
    """
    text = path.read_text("utf-8")
    what = ast.get_docstring(ast.parse(text, str(path)))
    if not what:
        raise ValueError(f"{path}: its first line has to be a docstring that says what it does")
    facts = dict(re.findall(r"^# (packages|tolerance): *(.*)$", text, re.MULTILINE))
    if "packages" not in facts:
        raise ValueError(f"{path}: a line '# packages: ...' has to name what pip installs for it")
    number, _, because = facts.get("tolerance", "").partition(" because ")
    if number and not because:
        raise ValueError(f"{path}: a tolerance of its own needs a reason: '# tolerance: 1e-3 because ...'")
    packages = tuple(facts["packages"].split())
    return Program(path, " ".join(what.split()), packages, float(number) if number else TOLERANCE, because.strip())


def programs(names: list[str] | None = None) -> list[Program]:
    """All programs, or those that are called, or begin with, one of ``names``.

    Raises ValueError for a name that no program has.
    """
    found = [read(path) for path in sorted(FOLDER.glob("*.py"))]
    for name in names or ():
        if not any(each.name.startswith(name) for each in found):
            raise ValueError(f"there is no program {name!r} in {FOLDER}")
    return [each for each in found if not names or each.name.startswith(tuple(names))]


def quick(given: list[Program]) -> list[Program]:
    """Those that need nothing but what the tests' environment has: the extra ``test`` (of torchvision it has no binary)."""
    return [each for each in given if _distributions(each.packages) <= _extra("test") - {"torchvision"}]


def _extra(name: str) -> set[str]:
    """The distributions of an extra of ``pyproject.toml``."""
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    return _distributions(project["optional-dependencies"][name]) | _distributions(project["dependencies"])


def _distributions(requirements: object) -> set[str]:
    """The names of requirements as indices compare them."""
    assert isinstance(requirements, (list, tuple))
    return {re.sub(r"[-_.]+", "-", re.split(r"[^\w.-]", each)[0]).lower() for each in requirements}

"""The two environments: one without PyTorch, into which Adjoint is linked, and one with PyTorch."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from ecosystem.program import ROOT

PYTORCH = "torch==2.13.0"
BUILD = ROOT / "build" / "ecosystem"

# A line that Python runs when it starts (a .pth file).  torchvision's compiled operators are made for one build of PyTorch, and pip
# does not always find it; without them the rest of torchvision loads, if this module, which describes them, is empty.
_DESCRIPTIONS = "torchvision._meta_registrations"
_WITHOUT_BINARY = f"import sys, types; sys.modules[{_DESCRIPTIONS!r}] = types.ModuleType({_DESCRIPTIONS!r})\n"


@dataclass(frozen=True)
class Environment:
    """Where programs run: the command in front of a program's path, and variables that it is given."""

    python: Path
    command: tuple[str, ...]
    variables: dict[str, str] = field(default_factory=dict)

    def versions(self) -> dict[str, str]:
        """What is installed: each distribution's name, in lower case, and its version."""
        listing = "{d.metadata['Name'].lower(): d.version for d in importlib.metadata.distributions()}"
        text = _output(self.python, "-c", f"import importlib.metadata, json; print(json.dumps({listing}))")
        return json.loads(text)  # type: ignore[no-any-return]

    def megabytes(self) -> int:
        """What the installed packages take on the disk."""
        folder = Path(_output(self.python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip())
        return round(sum(path.lstat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6)


def here() -> tuple[Environment, Environment]:
    """PyTorch and Adjoint in the environment of this process, which has both: Adjoint by ``adjoint run``."""
    python = Path(sys.executable)
    ours = {"PYTHONPATH": str(ROOT)}
    return Environment(python, (str(python),)), Environment(python, (str(python), "-m", "adjoint", "run"), ours)


def existing(pytorch: Path, adjoint: Path) -> tuple[Environment, Environment]:
    """Two environments that are there, by their folders; in the second one, which is linked, Adjoint is this source."""
    theirs, ours = pytorch / "bin" / "python", adjoint / "bin" / "python"
    return Environment(theirs, (str(theirs),), {"PYTHONPATH": ""}), Environment(ours, (str(ours),), {"PYTHONPATH": str(ROOT)})


def fresh(packages: list[str], folder: Path = BUILD) -> tuple[Environment, Environment]:
    """Two new environments in a folder, with these packages: PyTorch in one; in the other Adjoint, installed and linked before
    pip is asked for anything.

    Raises RuntimeError if that had pip install PyTorch nevertheless.
    """
    theirs = _made(folder / "pytorch")
    _install(theirs, PYTORCH)
    if packages:
        _install(theirs, PYTORCH, *packages)
    if subprocess.run([str(theirs), "-c", "import torchvision"], capture_output=True).returncode:
        site = _output(theirs, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip()
        (Path(site) / "torchvision_without_binary.pth").write_text(_WITHOUT_BINARY, "utf-8")
    ours = _made(folder / "adjoint")
    _install(ours, str(ROOT))
    _output(ours, "-m", "adjoint", "link")
    if packages:
        _install(ours, *packages)
    adjoint = Environment(ours, (str(ours),), {"PYTHONPATH": ""})
    version = adjoint.versions()["torch"]
    if not version.endswith("+adjoint"):
        raise RuntimeError(f"pip put PyTorch {version} in the place of Adjoint")
    return Environment(theirs, (str(theirs),), {"PYTHONPATH": ""}), adjoint


def _made(folder: Path) -> Path:
    """The Python of a new environment, without pip in it: the one that runs this is asked to install there."""
    subprocess.run([sys.executable, "-m", "venv", "--clear", "--without-pip", str(folder)], check=True)
    return folder / "bin" / "python"


def _install(python: Path, *requirements: str) -> None:
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, *requirements], check=True)


def _output(python: Path, *arguments: str) -> str:
    return subprocess.run([str(python), *arguments], check=True, stdout=subprocess.PIPE, encoding="utf-8", cwd="/").stdout

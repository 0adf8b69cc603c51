"""The commands ``adjoint link`` and ``adjoint unlink``."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import adjoint
from adjoint.linking.packages import link, unlink
from adjoint.linking.place import Refused
from adjoint.metadata import VERSIONS

_ANYWAY = "--break-system-packages"


class Usage(Exception):
    """The command was not understood."""


def main(command: str, arguments: list[str]) -> int:
    """Run one of the two and return the exit status.

    Raises Usage for arguments that it does not have.
    """
    for each in arguments:
        if command != "link" or each != _ANYWAY:
            raise Usage(f"there is no option {each}" if each.startswith("-") else f"it takes no argument {each!r}")
    try:
        return _link(_ANYWAY in arguments) if command == "link" else _unlink()
    except (Refused, OSError) as error:
        sys.stderr.write(f"adjoint {command}: {error}\n")
        return 1


def _link(break_system_packages: bool) -> int:
    done = link(break_system_packages=break_system_packages)
    names = " and ".join(f"{name} {version}" for name, version in VERSIONS.items())
    print(f"{names} {'now lead' if done.written else 'already lead'} to Adjoint in {done.folder}")
    if not _is_installed():
        source = Path(adjoint.__file__).parent.parent
        print(f"Adjoint itself is not installed there: `import torch` works where Python finds it (PYTHONPATH={source})")
    if find_spec("PIL") is None:
        print("torchvision takes images by Pillow, which is not installed: pip install pillow")
    return 0


def _unlink() -> int:
    left = unlink()
    print("torch and torchvision no longer lead to Adjoint in this environment")
    for path in left:
        print(f"left, since it was changed: {path}")
    return 0


def _is_installed() -> bool:
    """Whether Adjoint is there for whoever starts this Python in another folder."""
    variables = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    question = "import importlib.util, sys; sys.exit(importlib.util.find_spec('adjoint') is None)"
    return subprocess.run([sys.executable, "-c", question], cwd=os.sep, env=variables).returncode == 0

"""Place: the folder of an environment into which packages are installed, and what forbids it."""

from __future__ import annotations

import os
import site
import sys
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import Distribution, distributions
from pathlib import Path

from adjoint.metadata import VERSIONS


class Refused(RuntimeError):
    """What was asked for would be wrong here; the text says why, and what to do."""


@dataclass(frozen=True)
class Place:
    """Where packages of this Python are installed, and the commands that they bring."""

    packages: Path
    commands: Path


def place(*, break_system_packages: bool = False) -> Place:
    """Where pip would install: in the environment, or, where this user may not write there, in the user's own folder.

    Raises Refused where there is none, or where the system's package manager is in charge.
    """
    isolated = sys.prefix != sys.base_prefix
    marker = os.path.join(sysconfig.get_path("stdlib", sysconfig.get_default_scheme()), "EXTERNALLY-MANAGED")
    if not isolated and not break_system_packages and os.path.exists(marker):
        raise Refused(
            f"this Python ({sys.executable}) is managed by the system's package manager. Make an environment (python3 -m venv "
            ".venv), install Adjoint there, and link it there. Or, as with pip: adjoint link --break-system-packages"
        )
    own = Place(Path(sysconfig.get_path("purelib")), Path(sysconfig.get_path("scripts")))
    if _writable(own.packages) and _writable(own.commands):
        return own
    if isolated or not site.ENABLE_USER_SITE:
        raise Refused(f"this user may not write to {own.packages}. Make an environment of your own: python3 -m venv .venv")
    users = sysconfig.get_preferred_scheme("user")
    return Place(Path(sysconfig.get_path("purelib", users)), Path(sysconfig.get_path("scripts", users)))


def installed(folder: Path | None = None) -> Iterator[Distribution]:
    """The distributions of ``torch`` and ``torchvision`` that this Python would find, or that are in a folder."""
    paths = [each for each in sys.path if each] if folder is None else [str(folder)]
    for each in distributions(path=paths):
        if str(each.metadata["Name"]).lower() in VERSIONS:
            yield each


def is_link(distribution: Distribution) -> bool:
    """Whether it was written by ``adjoint link``."""
    return (distribution.read_text("INSTALLER") or "").strip() == "adjoint"


def folder_of(distribution: Distribution) -> Path:
    """The folder in which a distribution lies."""
    return Path(str(distribution.locate_file("")))


def _writable(folder: Path) -> bool:
    """Whether this user can make files in a folder, which need not be there yet."""
    while not folder.exists():
        folder = folder.parent
    return os.access(folder, os.W_OK | os.X_OK)

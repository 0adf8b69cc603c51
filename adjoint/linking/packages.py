"""Packages: writing ``torch`` and ``torchvision`` into an environment, all of them or nothing, and removing what was written.

A package's ``RECORD`` lists its files with their hashes, as pip's do; so ``pip uninstall`` removes it, too, and so does pip when
it installs the real one in its place.
"""

from __future__ import annotations

import contextlib
import csv
import fcntl
import os
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.metadata import Distribution
from pathlib import Path

from adjoint.linking import contents
from adjoint.linking.place import Place, Refused, folder_of, installed, is_link, place
from adjoint.metadata import VERSIONS

_ASIDE = ".adjoint-link-"  # the folder, beside the packages, in which they are made before they are moved to their places


@dataclass(frozen=True)
class Linked:
    """What :func:`link` did: where the packages are, and whether anything had to be written."""

    folder: Path
    written: bool


def link(*, break_system_packages: bool = False) -> Linked:
    """Write the packages ``torch`` and ``torchvision`` into this Python's environment; they lead to Adjoint.

    Where they are already, they are brought up to date.  If anything fails, everything is as it was.

    Raises Refused where PyTorch or torchvision is installed, or where this environment is not to be written to.
    """
    where = place(break_system_packages=break_system_packages)
    for each in installed():
        if not is_link(each):
            raise Refused(
                f"{each.metadata['Name']} {each.version} is installed in {folder_of(each)}, and two cannot go by one name. "
                "Uninstall it first (pip uninstall torch torchvision), or run single programs with `adjoint run`"
            )
    for folder in (where.packages, where.commands):
        folder.mkdir(parents=True, exist_ok=True)
    with _alone(where):
        wanted, before = _files(where), _recorded(where.packages)
        if before == wanted.keys() and all(_holds(path, data) for path, data in wanted.items()):
            return Linked(where.packages, written=False)
        _refuse_what_is_in_the_way(where, before, wanted)
        _replace(where, before, wanted)
    return Linked(where.packages, written=True)


def unlink() -> list[Path]:
    """Remove what :func:`link` wrote, wherever this Python finds it; returns files that were changed since, which are left.

    Raises Refused where nothing is linked.
    """
    folders = list(dict.fromkeys(folder_of(each) for each in installed() if is_link(each)))
    if not folders:
        raise Refused(f"torch is not linked to Adjoint in this environment ({sys.prefix})")
    left: list[Path] = []
    for folder in folders:
        if not os.access(folder, os.W_OK):
            raise Refused(f"this user may not write to {folder}")
        with _alone(Place(folder, folder)):
            for each in list(installed(folder)):
                if is_link(each):
                    left += _remove(each)
    return left


def _files(where: Place) -> dict[Path, bytes]:
    """All files of both packages, with what is in them."""
    found: dict[str, bytes] = {}
    for name in VERSIONS:
        files = contents.package(name)
        for command, data in contents.commands(name, sys.executable).items():
            files[os.path.relpath(where.commands / command, where.packages)] = data
        found |= files | contents.information(name, files)
    return {_joined(where.packages, path): data for path, data in found.items()}


def _recorded(folder: Path) -> set[Path]:
    """The files of what is linked in a folder now."""
    return {path for each in installed(folder) if is_link(each) for path, _ in _record(each)}


def _record(distribution: Distribution) -> Iterator[tuple[Path, str]]:
    """The files that a distribution's RECORD lists, and their hashes."""
    text = distribution.read_text("RECORD") or ""
    for path, digest, _ in csv.reader(text.splitlines()):
        yield _joined(folder_of(distribution), path), digest


def _refuse_what_is_in_the_way(where: Place, before: set[Path], wanted: Iterable[Path]) -> None:
    there = [path for unit in _units(where, wanted) for path in ([unit] if unit.is_file() else unit.rglob("*"))]
    for path in there:
        if path not in before and not path.is_dir() and path.suffix != ".pyc":
            raise Refused(f"{path} is in the way, and was not written by `adjoint link`")


def _units(where: Place, paths: Iterable[Path]) -> list[Path]:
    """What is moved as one: folders in ``site-packages``, and commands; those that say what is installed come first."""
    top = where.packages
    found = {top / path.relative_to(top).parts[0] if top in path.parents else path for path in paths}
    return sorted(found, key=lambda unit: (unit.suffix != ".dist-info", unit))


def _replace(where: Place, before: set[Path], wanted: dict[Path, bytes]) -> None:
    """Put the wanted files in the place of those that were there before.

    They are written aside and moved in a few steps, which are taken back if one fails.  In every moment between them what is there
    is listed by a RECORD that is there, so that after a kill as well a second call mends it.
    """
    aside = {folder: Path(tempfile.mkdtemp(prefix=_ASIDE, dir=folder)) for folder in (where.packages, where.commands)}
    try:
        for path, data in wanted.items():
            folder = where.packages if where.packages in path.parents else where.commands
            written = aside[folder] / "new" / path.relative_to(folder)
            written.parent.mkdir(parents=True, exist_ok=True)
            written.write_bytes(data)
            if folder == where.commands:
                written.chmod(0o755)
        old = [unit for unit in reversed(_units(where, before)) if unit.exists()]
        moves = [(unit, aside[unit.parent] / unit.name) for unit in old]
        moves += [(aside[unit.parent] / "new" / unit.name, unit) for unit in _units(where, wanted)]
        begun: list[tuple[Path, Path]] = []
        try:
            for source, target in moves:
                begun.append((source, target))
                source.rename(target)
        except BaseException:
            for source, target in reversed(begun):
                if not source.exists():
                    target.rename(source)
            raise
    finally:
        for folder in aside.values():
            shutil.rmtree(folder, ignore_errors=True)


def _remove(distribution: Distribution) -> list[Path]:
    """Remove the files of a package that are as they were written, RECORD last; returns those that are not."""
    folder = folder_of(distribution)
    recorded = list(_record(distribution))
    information = {path for path, _ in recorded if path.parent.suffix == ".dist-info"}
    left = []
    for path, digest in recorded:
        if path in information or not path.exists():
            continue
        if contents.digest(path.read_bytes()) != digest:
            left.append(path)
            continue
        path.unlink()
        for compiled in path.parent.glob(f"__pycache__/{path.stem}.*.pyc"):
            compiled.unlink()
    for path in sorted(information, key=lambda path: path.name == "RECORD"):
        path.unlink(missing_ok=True)
    emptied = {each for path, _ in recorded for each in (path.parent / "__pycache__", *path.parents)}
    for each in sorted((each for each in emptied if folder in each.parents), key=lambda each: len(each.parts), reverse=True):
        with contextlib.suppress(OSError):  # it is not there, or has something else in it
            each.rmdir()
    return left


@contextlib.contextmanager
def _alone(where: Place) -> Iterator[None]:
    """Wait until nobody else links or unlinks there; and remove what a killed one left."""
    descriptor = os.open(where.packages, os.O_RDONLY | os.O_DIRECTORY)
    try:
        with contextlib.suppress(OSError):  # a file system without locks
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        for folder in {where.packages, where.commands}:
            for left in folder.glob(f"{_ASIDE}*"):
                shutil.rmtree(left, ignore_errors=True)
        yield
    finally:
        os.close(descriptor)


def _joined(folder: Path, path: str) -> Path:
    return Path(os.path.normpath(folder / path))


def _holds(path: Path, data: bytes) -> bool:
    with contextlib.suppress(OSError):
        return path.read_bytes() == data
    return False

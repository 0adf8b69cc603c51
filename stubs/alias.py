"""Alias: stubs by which type checkers and editors read ``import torch`` as Adjoint.

A folder ``torch-stubs`` beside installed packages is all that it takes, or ``torch`` on a checker's own path; nothing is run
of it.
"""

from __future__ import annotations

import pkgutil
from pathlib import Path

import adjoint

_TOPS = {"torch": "adjoint", "torchvision": "adjoint.vision"}


def write_alias(folder: Path, suffix: str = "-stubs") -> list[Path]:
    """Write ``torch-stubs`` and ``torchvision-stubs`` into a folder; returns the files.

    With ``suffix=""`` they are for the paths of ``mypy_path`` or pyright's ``stubPath``."""
    written = []
    for theirs, ours in _TOPS.items():
        for place, package in _modules(ours):
            path = folder / f"{theirs}{suffix}" / place.removeprefix(ours).lstrip(".").replace(".", "/")
            path = path / "__init__.pyi" if package else path.with_suffix(".pyi")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"from {place} import *\n{_kept_back(place)}")
            written.append(path)
    return written


def _modules(top: str) -> list[tuple[str, bool]]:
    """The public modules of a package, itself first, and whether each is a package."""
    found = [(top, True)]
    root = Path(adjoint.__file__).parent.joinpath(*top.split(".")[1:])
    for module in pkgutil.walk_packages([str(root)], f"{top}."):
        below = module.name.removeprefix(f"{top}.").split(".")
        if not any(part.startswith("_") for part in below) and below[0] not in _OWN:
            found.append((module.name, module.ispkg))
    return found


# Parts of Adjoint that PyTorch has nothing under the name of, or something else.
_OWN = frozenset(
    {
        "cli", "compat", "compiling", "constants", "declare", "dtypes", "interop", "kernels", "layouts", "limits", "memory",
        "methods", "names", "ops", "places", "printing", "pytree", "readings", "settings", "summation", "tensor",
        "thread_state", "threads", "tracebacks", "vision", "viz", "why",
    }
)  # fmt: skip


def _kept_back(place: str) -> str:
    """What a star import leaves out and PyTorch's module has: its version."""
    return "from adjoint import __version__ as __version__\n" if place == "adjoint" else ""

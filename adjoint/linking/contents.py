"""Contents: the files of the packages that ``adjoint link`` writes."""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import adjoint
from adjoint.compat import _MODULES as RENAMED
from adjoint.compat import _PACKAGES as PACKAGES
from adjoint.metadata import VERSIONS, texts

# What Python runs at `import torch`.  It has nothing of Adjoint's insides in it, so that it stays right whichever Adjoint is
# installed later: the names are installed, and the module is found anew, as Adjoint's.
_PACKAGE = '''\
"""{name} is Adjoint in this environment: `adjoint link` wrote this package, and `adjoint unlink` removes it."""

import sys

try:
    from adjoint import compat
except ModuleNotFoundError as error:
    if error.name != "adjoint":
        raise
    raise ImportError(
        "{name} leads to Adjoint here (`adjoint link` was called), but Adjoint is not installed. "
        "Install it again, or remove the link: pip uninstall torch torchvision",
        name="{name}",
    ) from None

del sys.modules[__name__]
{first}compat.install()
__import__(__name__)
'''

# If PyTorch took torch's place since, install() says so.
_FIRST = {"torch": "", **dict.fromkeys(("torchvision", "functorch"), "import torch  # noqa: F401\n\n")}

# Packages that come with a distribution beside the one of its name.
_BESIDE = {"torch": ("functorch",)}

_WHEEL = "Wheel-Version: 1.0\nGenerator: adjoint\nRoot-Is-Purelib: true\nTag: py3-none-any\n"

_COMMAND = """\
#!{python}
import sys

from torch.distributed.run import main

if __name__ == "__main__":
    sys.exit(main())
"""

# Modules of Adjoint's that PyTorch has nothing under the name of, or something else.
_OWN = frozenset(
    {
        "attributes", "checks", "cli", "compat", "compiling", "constants", "declare", "dtypes", "files", "foreach",
        "forks", "interop", "interrupts", "kernels", "layouts", "limits", "linking", "memory", "metadata", "methods",
        "names", "noted_calls", "ops", "places", "postponed", "postponed_scipy", "printing", "promised", "pytree", "readings",
        "settings", "spawned", "stored", "streams", "suggestions", "summation", "symbolic", "tensor", "thread_state",
        "threads", "tracebacks", "trusted", "type_names", "viz", "why",
    }
)  # fmt: skip


def package(name: str) -> dict[str, bytes]:
    """The files of the packages of the distribution ``torch`` or ``torchvision`` by their places in ``site-packages``."""
    others = {path: data for beside in _BESIDE.get(name, ()) for path, data in package(beside).items()}
    found = {
        f"{name}/__init__.py": _PACKAGE.format(name=name, first=_FIRST[name]),
        f"{name}/py.typed": "",
        **{f"{name}/{path}": text for path, text in stubs(name)},
    }
    return others | {path: text.encode("utf-8") for path, text in found.items()}


def commands(name: str, python: str) -> dict[str, bytes]:
    """The files of the commands that a package brings, by their names; ``python`` is what runs them."""
    return {"torchrun": _COMMAND.format(python=python).encode("utf-8")} if name == "torch" else {}


def information(name: str, recorded: dict[str, bytes]) -> dict[str, bytes]:
    """The package's ``.dist-info``; ``recorded`` are its other files, by their places as seen from ``site-packages``."""
    folder = f"{name}-{VERSIONS[name]}.dist-info"
    found = {f"{folder}/{file}": text.encode("utf-8") for file, text in texts(name).items()}
    found |= {f"{folder}/WHEEL": _WHEEL.encode("utf-8"), f"{folder}/REQUESTED": b""}
    lines = [f"{path},{digest(data)},{len(data)}\n" for path, data in sorted({**recorded, **found}.items())]
    found[f"{folder}/RECORD"] = "".join([*lines, f"{folder}/RECORD,,\n"]).encode("utf-8")
    return found


def digest(data: bytes) -> str:
    """A file's hash as ``RECORD`` has it."""
    return "sha256=" + base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode("ascii")


def stubs(name: str) -> Iterator[tuple[str, str]]:
    """What type checkers and editors read in place of a package's modules: a file for each, with all names of Adjoint's."""
    top = PACKAGES[name]
    for place, is_package in _modules(top):
        path = place[len(top) + 1 :].replace(".", "/")
        path = f"{path}/__init__.pyi".lstrip("/") if is_package else f"{path}.pyi"
        yield path, f"from {place} import *\n{_kept_back(place)}"
    for theirs, ours in RENAMED.items():
        if theirs.startswith(f"{name}."):
            yield theirs[len(name) + 1 :].replace(".", "/") + ".pyi", f"from {ours} import *\n"


def _modules(top: str) -> Iterator[tuple[str, bool]]:
    """The modules of a package of Adjoint's, itself first, and whether each is a package; nothing is imported."""
    root = Path(adjoint.__file__).parent
    for folder, folders, files in os.walk(root.joinpath(*top.split(".")[1:])):
        if "__init__.py" not in files:
            folders.clear()
            continue
        package = ".".join(("adjoint", *Path(folder).relative_to(root).parts))
        hidden = _OWN | {"vision", "functorch"} if package == "adjoint" else frozenset({"__main__", "__init__"})
        folders[:] = sorted(each for each in folders if each not in hidden)
        yield package, True
        names = {Path(file).stem for file in files if file.endswith((".py", ".pyi"))} - hidden - {"__init__", "__main__"}
        yield from ((f"{package}.{each}", False) for each in sorted(names))


def _kept_back(place: str) -> str:
    """What a star import leaves out and PyTorch's module has: its version."""
    return "from adjoint import __version__ as __version__\n" if place == "adjoint" else ""

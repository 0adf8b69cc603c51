"""Metadata: what pip and ``importlib.metadata`` are told of the packages whose names Adjoint goes by.

``adjoint link`` writes it into an environment; under ``adjoint run`` it is answered without being written anywhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.metadata import Distribution
from os import PathLike
from pathlib import Path
from typing import Any

from adjoint import version, vision

VERSIONS = {"torch": str(version.__version__), "torchvision": vision.__version__}
"""Of each package, PyTorch's version that it stands for."""

# What else pip has to install for them.  torchvision brings Pillow to those that take it from there.  Adjoint itself is not here:
# an index may have another project of its name, which pip would then take for an upgrade.
_REQUIRES = {"torch": (), "torchvision": (f"torch=={VERSIONS['torch']}", "numpy", "pillow>=5.3.0")}

_SUMMARIES = {
    "torch": "Adjoint by PyTorch's name: written by `adjoint link`, removed by `adjoint unlink`",
    "torchvision": "Adjoint's vision by torchvision's name: written by `adjoint link`, removed by `adjoint unlink`",
}


def metadata(name: str) -> str:
    """The text of a package's ``METADATA``.

    >>> print(metadata("torchvision"))
    Metadata-Version: 2.1
    Name: torchvision
    Version: 0.28.0+adjoint
    Summary: Adjoint's vision by torchvision's name: written by `adjoint link`, removed by `adjoint unlink`
    Requires-Python: >=3.10
    Requires-Dist: torch==2.13.0+adjoint
    Requires-Dist: numpy
    Requires-Dist: pillow>=5.3.0
    <BLANKLINE>
    """
    lines = [
        "Metadata-Version: 2.1", f"Name: {name}", f"Version: {VERSIONS[name]}", f"Summary: {_SUMMARIES[name]}",
        "Requires-Python: >=3.10", *(f"Requires-Dist: {each}" for each in _REQUIRES[name]),
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


def texts(name: str) -> dict[str, str]:
    """The files of a package's ``.dist-info`` folder that say what it is, by their names."""
    found = {"METADATA": metadata(name), "INSTALLER": "adjoint\n", "top_level.txt": f"{name}\n"}
    if name == "torch":
        found["top_level.txt"] = "functorch\ntorch\n"
        found["entry_points.txt"] = "[console_scripts]\ntorchrun = torch.distributed.run:main\n"
    return found


class Answered(Distribution):
    """A package as ``importlib.metadata`` sees it in a process where its name leads to Adjoint: it has no files of its own."""

    def __init__(self, name: str) -> None:
        self._texts = texts(name)

    def read_text(self, filename: str) -> str | None:
        """The text of one of the files that say something of a package; None where there is none."""
        return self._texts.get(filename)

    def locate_file(self, path: str | PathLike[str]) -> Any:
        """Where a file of the package would be."""
        return Path(__file__).parent.parent / path


def answered(name: str | None) -> Iterator[Distribution]:
    """The packages of that name, as it may be written; all, if it is None."""
    wanted = None if name is None else re.sub(r"[-_.]+", "-", name).lower()
    return (Answered(each) for each in VERSIONS if wanted in (None, each))

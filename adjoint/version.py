"""Version: which PyTorch this is for programs that ask, and what it was built with."""

from __future__ import annotations

import re
from typing import Any

from adjoint.names import list_names as _list_names

__all__ = ["__version__", "cuda", "debug", "git_version", "hip", "xpu"]


class TorchVersion(str):
    """A version that compares with strings and tuples number by number: ``"2.13" > "2.9"``.

    >>> import adjoint as torch
    >>> torch.__version__ >= (2, 0), torch.__version__ > "2.9"
    (True, True)
    """

    __slots__ = ()

    def __lt__(self, other: Any) -> bool:
        return _order(self) < _order(other)

    def __le__(self, other: Any) -> bool:
        return _order(self) <= _order(other)

    def __gt__(self, other: Any) -> bool:
        return _order(self) > _order(other)

    def __ge__(self, other: Any) -> bool:
        return _order(self) >= _order(other)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, (str, tuple, list)) and _order(self) == _order(other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return str.__hash__(self)


def _order(version: Any) -> tuple[tuple[int, ...], str]:
    """What versions are ordered by: the numbers without trailing zeros, then what stands behind a plus."""
    if not isinstance(version, str):
        version = ".".join(map(str, version))
    match = re.fullmatch(r"v?(\d+(?:\.\d+)*)[^+]*(?:\+(.*))?", version)
    if match is None:
        raise ValueError(f"Invalid version: '{version}'")
    numbers = [int(n) for n in match[1].split(".")]
    while numbers and not numbers[-1]:
        numbers.pop()
    return tuple(numbers), match[2] or ""


__version__ = TorchVersion("2.13.0+adjoint")
debug = False
cuda: str | None = None
hip: str | None = None
xpu: str | None = None
git_version = "unknown"

_list_names(__name__)

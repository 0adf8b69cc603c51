"""Suggestions: for a name that is not there, the one that was meant, on the line after PyTorch's error.

Python has the same, but prior to 3.12 only where it prints a traceback itself: not in notebooks, and not for
``traceback.format_exc()``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any


class Missing(AttributeError):
    """An AttributeError that says, as a note after its message, which name may have been meant.

    That is found out when the note is first read: programs that ask with ``hasattr`` do not wait for it.  ``listed`` gives the
    names there are, ``lacking`` what PyTorch may have by this name.
    """

    def __init__(self, text: str, name: str, listed: Callable[[], Iterable[str]], lacking: str = "") -> None:
        super().__init__(text)
        self._meant = (name, listed, lacking)

    @property
    def __notes__(self) -> list[str]:  # type: ignore[override]
        """What tracebacks show after the message."""
        notes = self.__dict__.get("_notes")
        if notes is None:
            name, listed, lacking = self._meant
            found = closest(name, listed())
            notes = [f"Adjoint does not have {lacking}." if lacking else "", f"Did you mean: {found!r}?" if found else ""]
            notes = self.__dict__["_notes"] = [" ".join(part for part in notes if part)] if any(notes) else []
        return notes

    def __reduce__(self) -> Any:
        return AttributeError, self.args


Missing.__name__ = Missing.__qualname__ = "AttributeError"
Missing.__module__ = "builtins"


def closest(name: str, listed: Iterable[str]) -> str | None:
    """The name that was most probably meant; None where none is near.

    >>> closest("onez", ["zeros", "ones", "once"]), closest("Linaer", ["Linear"]), closest("nothing", ["Linear"])
    ('ones', 'Linear', None)
    """
    from difflib import get_close_matches  # which is rarely needed, and takes its time to import

    names = list(listed)
    folded = {n.lower(): n for n in names}
    if name.lower() in folded:  # Relu for ReLU, tensor for Tensor
        return folded[name.lower()]
    found = [(_distance(name, other), other) for other in get_close_matches(name, names, 8, 0.6)]
    distance, other = min(found, default=(0, None))
    return other if distance <= 1 + len(name) // 4 else None


def _distance(a: str, b: str) -> int:
    """How many letters to change, leave out, put in, or exchange with their neighbour lead from one to the other."""
    before: list[int] = []
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        earlier, before, row = before, row, [i]
        for j, y in enumerate(b, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (x != y))
            if i > 1 and j > 1 and x == b[j - 2] and a[i - 2] == y:
                cost = min(cost, earlier[j - 2] + 1)
            row.append(cost)
    return row[-1]

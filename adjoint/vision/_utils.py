"""Words for messages, under the name by which data sets outside of this package import them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def sequence_to_str(seq: Sequence[Any], separate_last: str = "") -> str:
    """What is in a sequence, in quotes, with ``separate_last`` before the last.

    >>> sequence_to_str(["a", "b", "c"], separate_last="or ")
    "'a', 'b', or 'c'"
    """
    quoted = [f"'{item}'" for item in seq]
    if len(quoted) < 2:
        return "".join(quoted)
    comma = "" if separate_last and len(quoted) == 2 else ","
    return f"{', '.join(quoted[:-1])}{comma} {separate_last}{quoted[-1]}"

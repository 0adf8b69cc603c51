"""Which inner operators are to be taken apart: a table, which stays empty."""

from __future__ import annotations

from typing import Any

from adjoint.names import list_names as _list_names

__all__ = ["CustomDecompTable"]


class CustomDecompTable(dict[Any, Any]):
    """Operators, and functions that say what they are made of."""


_list_names(__name__)

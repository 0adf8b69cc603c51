"""``torch.ops.load_library``, and what was loaded: nothing, for operators in compiled libraries are PyTorch's own."""

from __future__ import annotations

from typing import Any

loaded_libraries: set[str] = set()


def load_library(path: Any) -> None:
    """Refused: what is compiled for PyTorch needs PyTorch.  Raises OSError, as for a library that cannot be loaded."""
    raise OSError(f"Could not load this library: {path} (Adjoint runs no operators that were compiled for PyTorch)")

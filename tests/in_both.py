"""Running one expression in PyTorch and in Adjoint, and comparing everything that a user can see of it."""

from __future__ import annotations

import re
import warnings
from typing import Any

import numpy as np

import adjoint

torch: Any
try:
    import torch
except ImportError:  # tests that need it are skipped
    torch = None


def outcome(library: Any, expression: str, **names: Any) -> tuple[Any, ...]:
    """What ``expression`` gives with ``library`` by the name of torch: its text, dtype, shape, requires_grad and
    warnings, or the type and text of its error."""
    library.set_warn_always(True)
    with warnings.catch_warnings(record=True) as given:
        warnings.simplefilter("always")
        try:
            result = eval(expression, {"torch": library, "np": np, **names})
        except Exception as error:
            seen: tuple[Any, ...] = (type(error).__name__, str(error).partition("\n * (")[0])
        else:
            seen = (repr(result),)
            if isinstance(result, library.Tensor):
                seen += (str(result.dtype), tuple(result.shape), result.requires_grad)
    library.set_warn_always(False)
    texts = {
        (w.category.__name__, re.sub(r" \(Triggered internally.*", "", str(w.message)))
        for w in given
        if w.category in (UserWarning, FutureWarning)
    }
    return (*seen, texts)


def assert_same(expression: str, **names: Any) -> None:
    """Assert that the expression does in Adjoint what it does in PyTorch."""
    assert outcome(adjoint, expression, **names) == outcome(torch, expression, **names), expression

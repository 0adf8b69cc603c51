"""Lines of a program, run with one of the two libraries."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np


def outcome(torch: Any, line: str) -> Any:
    """The value of a line's last expression, with the strides of tensors and the names of tuples; None where it is a statement."""
    names = {"torch": torch, "np": np, "F": torch.nn.functional, "copy": copy, "pickle": pickle}
    *before, last = [part.strip() for part in line.split(";")]
    exec("; ".join(before), names)
    try:
        code = compile(last, "<line>", "eval")
    except SyntaxError:
        exec(last, names)
        return None
    return _told(torch, eval(code, names))


def _told(torch: Any, value: Any) -> Any:
    if isinstance(value, torch.Tensor):
        return value, value.stride()
    if isinstance(value, (tuple, list)):
        return type(value).__name__, [_told(torch, v) for v in value]
    return str(value) if isinstance(value, torch.dtype) else value

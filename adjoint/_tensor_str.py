"""``torch._tensor_str``: how tensors are printed, by PyTorch's private names, which users' classes of tensors call."""

from __future__ import annotations

from typing import Any

import numpy as np

from adjoint import printing
from adjoint.names import list_names
from adjoint.stored import numbers_of
from adjoint.tensor import Tensor

PRINT_OPTS = printing.options
set_printoptions = printing.set_printoptions
get_printoptions = printing.get_printoptions
printoptions = printing.printoptions
_add_suffixes = printing.with_suffixes


def _tensor_str(self: Tensor, indent: int) -> str:
    """A tensor's numbers, in brackets."""
    return printing.contents(numbers_of(np.asarray(self._array)), indent)


def _str_intern(inp: Tensor, *, tensor_contents: str | None = None) -> str:
    """A tensor's text, whatever its class has made of it."""
    as_text: Any = Tensor.__repr__
    return as_text(inp, tensor_contents=tensor_contents)


def _str(self: Tensor, *, tensor_contents: str | None = None) -> str:
    """A tensor's text."""
    return _str_intern(self, tensor_contents=tensor_contents)


list_names(__name__)

"""Views whose values are the conjugates, or the negatives, of what is in memory.

``z.conj()`` computes nothing: it looks at the memory of ``z``, and the conjugates are computed whenever they are read.  So what is
written to it reaches ``z``.  Such a tensor is of a class of its own, whose ``_array`` is a new array each time, which nobody
can write to: an operator that knows nothing of this reads the right values, and one that would write raises instead of writing to
what is thrown away.  In-place operators write through :func:`write`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from adjoint.autograd.overriding import disabled
from adjoint.tensor import Tensor, as_array

_slot = Tensor._array


class Waiting(Tensor):
    """A tensor with something left to compute between its memory and its values, which is its own inverse."""

    __slots__ = ()

    conjugates = False
    negates = False
    __torch_function__ = staticmethod(disabled)

    def _waits(self, array: Any) -> Any:
        if self.conjugates:
            array = np.conjugate(array)
        return as_array(np.negative(array) if self.negates else array)

    @property
    def _array(self) -> Any:  # type: ignore[override]
        found = self._waits(_slot.__get__(self))
        if found.__class__ is np.ndarray:
            found.flags.writeable = False
        return found

    @_array.setter
    def _array(self, array: Any) -> None:
        _slot.__set__(self, self._waits(array))


def _kind(conjugates: bool, negates: bool) -> type[Tensor]:
    space = {"__slots__": (), "conjugates": conjugates, "negates": negates, "__module__": Tensor.__module__}
    return type("Tensor", (Waiting,), space)


_KINDS: dict[tuple[bool, bool], type[Tensor]] = {
    (False, False): Tensor,
    (True, False): _kind(True, False),
    (False, True): _kind(False, True),
    (True, True): _kind(True, True),
}


def waits(tensor: Tensor) -> tuple[bool, bool]:
    """Whether a conjugation, and whether a negation waits."""
    return (tensor.conjugates, tensor.negates) if isinstance(tensor, Waiting) else (False, False)


def memory_of(tensor: Tensor) -> Any:
    """The array that is in memory, whatever waits."""
    return _slot.__get__(tensor)


def turn(view: Tensor, source: Tensor, conjugates: bool, negates: bool) -> None:
    """Make a new tensor a view of another one's memory, with one more conjugation or negation waiting."""
    before = waits(source)
    look_at(view, memory_of(source), (before[0] ^ conjugates, before[1] ^ negates))


def look_at(view: Tensor, memory: Any, waiting: tuple[bool, bool]) -> None:
    """Have a new tensor look at memory, with this waiting."""
    view.__class__ = _KINDS[waiting]  # type: ignore[assignment]
    _slot.__set__(view, memory)


def write(tensor: Tensor, values: Any) -> None:
    """Write values into a tensor's memory."""
    if tensor._waits is None:
        np.copyto(tensor._array, values, casting="unsafe")
    else:
        memory = memory_of(tensor)
        np.copyto(memory, tensor._waits(values.astype(memory.dtype, copy=False)))

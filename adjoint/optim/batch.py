"""Batch: the small parameters of a group, updated together.

A network has many parameters of a few elements, and a call of a ufunc costs the same for three elements as for
three hundred.  So the small parameters' gradients are gathered into one flat array, and their state lives in flat
arrays from the start: each state tensor is a window onto its part, with a memory of its own as far as anyone can
tell.  The parameters stay where they are.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from adjoint.tensor import Tensor, writes_of

SMALL = 8192  # elements: from here on a call's overhead is small beside its work


class Batch:
    """Parameters with their state, gathered.

    The tensors in the optimizer's state remain the same objects; their arrays become windows.  Anyone may replace a
    state tensor, a parameter's data or the state: :meth:`gather` finds that out and the batch is given up.
    """

    __slots__ = ("arrays", "data", "gradient", "group", "ids", "members", "slots", "steps", "windows")

    members: list[Any]  # (parameter, its array, its state, ((name, state tensor, window), ...))

    def __init__(
        self, group: list[Tensor], params: list[Tensor], states: Any, names: tuple[str, ...], counts: bool
    ) -> None:
        self.group = list(map(id, group))
        kind = params[0]._array.dtype
        params = [p for p in params if p._array.dtype == kind]
        self.ids = frozenset(map(id, params))
        self.arrays = [p._array for p in params]
        total = sum(a.size for a in self.arrays)
        self.data = np.empty(total, kind)
        self.gradient = np.empty(total, kind)
        self.windows = _windows(self.data, self.arrays)
        held: list[list[tuple[str, Tensor, Any]]] = [[] for _ in params]
        self.slots = []
        for name in names:
            flat = np.empty(total, kind)
            self.slots.append(flat)
            for p, window, hold in zip(params, _windows(flat, self.arrays), held):
                _move(states[p][name], window, name, hold)
        self.steps = None
        if counts:
            self.steps = np.empty(len(params), states[params[0]]["step"]._array.dtype)
            scalars = _windows(self.steps, [np.empty(())] * len(params))
            for p, window, hold in zip(params, scalars, held):
                _move(states[p]["step"], window, "step", hold)
        self.members = [(p, p._array, states.get(p), tuple(hold)) for p, hold in zip(params, held)]

    @staticmethod
    def takes(p: Tensor, state: dict[str, Any], names: Any) -> bool:
        """Whether a parameter can be gathered: small, contiguous, of a dtype that NumPy computes in."""
        array = p._array
        if array.__class__ is not np.ndarray or array.size > SMALL or not array.flags.c_contiguous:
            return False
        if array.dtype.char not in "fd":
            return False
        return all(
            isinstance(t := state.get(name), Tensor) and t._array.shape == array.shape and t._array.dtype == array.dtype
            for name in names
        )

    def gather(self, states: Any) -> bool:
        """Collect parameters and gradients; False where one has no gradient or something was replaced."""
        gradients = []
        for p, array, state, held in self.members:
            g = p._grad
            if g is None or p._array is not array or states.get(p) is not state:
                return False
            for name, tensor, window in held:
                if state.get(name) is not tensor or tensor._array is not window:
                    return False
            if g._array.__class__ is not np.ndarray:
                return False
            gradients.append(g._array)
        np.concatenate(gradients, axis=None, out=self.gradient)
        np.concatenate(self.arrays, axis=None, out=self.data)
        return True

    def intact(self, states: Any) -> bool:
        """Whether nothing was replaced, so that the batch may serve again when all have gradients."""
        return all(
            p._array is array
            and states.get(p) is state
            and all(state.get(name) is tensor and tensor._array is window for name, tensor, window in held)
            for p, array, state, held in self.members
        )

    def advance(self) -> float | None:
        """Count one step of all; the step's number, or None where the parameters are not at the same step."""
        steps = self.steps
        if steps is None:
            return 2
        values = steps.tolist()
        step = values[0]
        if values.count(step) != len(values):
            return None
        steps += 1
        return step + 1.0

    def scatter(self) -> None:
        """Write the parameters back."""
        for p, _, _, held in self.members:  # first, lest an interrupt leave a write untold
            (p._writes or writes_of(p)).bump()
            for _, tensor, _ in held:
                if tensor._writes is not None:  # somebody has looked
                    tensor._writes.bump()
        for array, window in zip(self.arrays, self.windows):
            array[...] = window


def _windows(flat: Any, like: list[Any]) -> list[Any]:
    """Parts of ``flat``, one after another, in the shapes of ``like``; each owns its memory as NumPy tells it."""
    memory = memoryview(flat).cast("B")
    size = flat.itemsize
    made = []
    start = 0
    for array in like:
        end = start + array.size * size
        # From a slice of the memory and not of the array, whose `base` would be the whole of it.
        part = np.frombuffer(memory[start:end], flat.dtype) if end > start else np.empty(0, flat.dtype)
        made.append(part.reshape(array.shape))
        start = end
    return made


def _move(tensor: Tensor, window: Any, name: str, held: list[tuple[str, Tensor, Any]]) -> None:
    window[...] = tensor._array
    tensor._array = window
    held.append((name, tensor, window))

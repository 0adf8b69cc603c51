"""AccumulateGrad: the end of every path, where a gradient becomes a leaf's ``grad``."""

from __future__ import annotations

import _thread
from collections.abc import Callable
from sys import getrefcount
from threading import RLock
from typing import Any, NoReturn

import numpy as np

from adjoint.autograd.grad_mode import in_backward
from adjoint.autograd.node import Node
from adjoint.kernels.deferred import Deferred, settle
from adjoint.kernels.reading import copied, threshold
from adjoint.layouts import empty_like
from adjoint.readings.sparse import SparseArray
from adjoint.tensor import NO_EDGE, Tensor, as_array, from_array, tick, writes_of

LARGE = threshold()


def _references_of_an_owned_gradient() -> int:
    """How many references a gradient has, seen from ``apply``, when nobody but the engine holds it."""
    seen = []

    class Probe:
        def apply(self, g: Any) -> None:
            seen.append(getrefcount(g))

    def engine() -> None:
        g = np.empty(1)
        Probe().apply(g)

    engine()
    return seen[0]


OWNED = _references_of_an_owned_gradient()

# Backwards of several threads may reach one leaf, and NumPy adds large arrays with the interpreter's lock released.
# The leaves share some locks: one each would cost memory.
_LOCKS = [RLock() for _ in range(64)]

_other_threads: Callable[[], int] = getattr(_thread, "_count", lambda: 1)
"""How many threads run beside the main one: without any there is nothing to lock."""


def _is_dense(array: Any) -> bool:
    """Whether an array has no gaps and no two elements in one place."""
    if array.__class__ is not np.ndarray:
        return False
    if array.flags.c_contiguous:
        return True
    extent = sum(stride * (size - 1) for stride, size in zip(array.strides, array.shape))
    return 0 not in array.strides and extent + array.itemsize == array.nbytes


def _copied(g: Any, leaf: Any) -> Any:
    """A copy of a gradient with the strides of its leaf; contiguous where the leaf itself has gaps."""
    if g.__class__ is SparseArray and g.values.flags.c_contiguous and g.indices.flags.c_contiguous:
        return SparseArray(g.indices.copy(), g.values.copy(), g.shape)  # as PyTorch, which takes it apart
    if g.__class__ is not np.ndarray or not _is_dense(leaf) or leaf.flags.c_contiguous:
        return as_array(copied(g))
    new = empty_like(leaf, g.dtype, None)
    new[...] = g
    return new


def _writable(grad: Tensor) -> Any:
    """The array of a gradient to add to in place.  Raises PyTorch's error for one that was expanded."""
    array = grad._array
    if array.size and any(stride == 0 and size > 1 for stride, size in zip(array.strides, array.shape)):
        raise RuntimeError(
            "unsupported operation: more than one element of the written-to tensor refers to a single memory location. "
            "Please clone() the tensor before performing the operation."
        )
    if not array.flags.writeable:
        array = grad._array = array.copy()
    return array


def _raise_shapes(grad: tuple[int, ...], g: tuple[int, ...]) -> NoReturn:
    """PyTorch's error for a ``grad`` that has been given another shape since, and cannot be added to."""
    try:
        both = np.broadcast_shapes(grad, g)
    except ValueError:
        at = max(i for i, (m, n) in enumerate(zip(grad, g)) if m != n and 1 not in (m, n))
        raise RuntimeError(
            f"The size of tensor a ({grad[at]}) must match the size of tensor b ({g[at]}) at non-singleton dimension {at}"
        ) from None
    raise RuntimeError(f"output with shape {list(grad)} doesn't match the broadcast shape {list(both)}") from None


def _is_leaf_still(leaf: Tensor) -> bool:
    """Whether what was a leaf takes gradients: not if it no longer requires grad; RuntimeError if it was written to."""
    if leaf._edge is not NO_EDGE:
        raise RuntimeError("leaf variable has been moved into the graph interior")
    return False


def _add(leaf: Tensor, g: Any) -> None:
    """Add a gradient to the ``grad`` that the leaf has."""
    if _other_threads():
        with _LOCKS[id(leaf) >> 6 & 63]:
            _add_alone(leaf, g)
    else:
        _add_alone(leaf, g)


def _add_alone(leaf: Tensor, g: Any) -> None:
    """As :func:`_add`, where no other thread adds to it meanwhile: a signal's handler may, or set it to None."""
    while True:
        grad = leaf._grad
        if grad is None:
            new = from_array(_copied(g, leaf._array))
        elif grad._array.__class__ is np.ndarray and (g.__class__ is np.ndarray or isinstance(g, np.generic)):
            break
        elif g.__class__ is SparseArray:  # in place as well, in the places that it has
            if grad._array.__class__ is SparseArray:
                grad._array[...] = np.add(grad._array, g)
            else:
                np.add(_writable(grad), g, out=grad._array)
            writes_of(grad).bump_at("a backward, which accumulated a gradient")
            return
        elif grad._array.__class__ is SparseArray:
            new = from_array(as_array(g + grad._array))
        else:
            new = from_array(as_array(grad._array + g))
        if leaf._grad is grad:
            leaf._grad = new
            return
    target = grad._array
    if g.size >= LARGE:
        settle()  # what is put off may be computed from this gradient
    if 0 in target.strides or not target.flags.writeable:
        target = _writable(grad)
    writes_of(grad).bump_at("a backward, which accumulated a gradient")  # first, lest an interrupt leave the write untold
    try:
        np.add(target, g, out=target)
    except ValueError:
        _raise_shapes(target.shape, g.shape)


def _tell(leaf: Tensor) -> None:
    """Run the hooks of a leaf that has its gradient, and then tell who waits for it."""
    hooks = leaf._hooks
    if hooks.after_accumulate:
        in_backward(hooks.after_accumulation, leaf)
    if hooks.waiters:
        hooks.tell_waiters()


class AccumulateGrad(Node):
    """Adds the gradient that arrives to the ``grad`` of its leaf, ``variable``."""

    __slots__ = ("variable",)
    defers = True

    def __init__(self, variable: Tensor) -> None:
        self.variable = variable
        self._edges = ()
        self._kept = ()
        self._extra = ()
        self._hooks = None if variable._hooks is None else variable._hooks.of_node()
        self._order = tick()

    def apply(self, g: Any, owned: int = OWNED) -> Any:
        """Take the gradient over where nothing else holds it, copy it where something does, add where one is."""
        if g.__class__ is Deferred:
            g = g.force()
        leaf = self.variable
        if leaf._edge is not None and not _is_leaf_still(leaf):
            return self.apply_undefined(g, False)
        if leaf._grad is None:
            array = leaf._array
            if g.__class__ is not np.ndarray or g.base is not None or getrefcount(g) > owned:
                g = _copied(g, array)
            elif g.ndim > 1 and g.strides != array.strides:
                g = _copied(g, array)
            new = from_array(g)
            if leaf._grad is None:  # neither another thread nor a signal's handler can come between this and the next line
                leaf._grad = new
            else:
                _add(leaf, g)
        else:
            _add(leaf, g)
        if leaf._hooks is not None:
            _tell(leaf)
        return ()

    def apply_taped(self, g: Any) -> Any:
        """As :meth:`apply`, out of place and recorded."""
        leaf = self.variable
        if leaf._edge is not None and not _is_leaf_still(leaf):
            return self.apply_undefined(g, True)
        while True:
            grad = leaf._grad
            if grad is not None:
                new = (type(g)(grad) + g).tensor
            elif _is_dense(leaf._array) and g.tensor._array.__class__ is np.ndarray:
                new = from_array(empty_like(leaf._array, g.dtype, None)).copy_(g.tensor)
            else:
                new = g.tensor.clone()
            if leaf._grad is grad:  # neither another thread nor a signal's handler came between
                leaf._grad = new
                break
        if leaf._hooks is not None:
            _tell(leaf)
        return ()

    def apply_undefined(self, g: Any, taped: bool) -> Any:
        """Leave ``grad`` as it is, and run the hooks that wait for it."""
        leaf = self.variable
        if leaf._hooks is not None:
            _tell(leaf)
        return ()

    def name(self) -> str:
        return "torch::autograd::AccumulateGrad"

    def _known_forms(self) -> dict[int, Any]:
        from adjoint.autograd.input_metadata import form_of

        return {0: form_of(self.variable)}

    def _sequence_nr(self) -> int:
        return 2**64 - 1

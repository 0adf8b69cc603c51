"""Arrays: a tensor as a NumPy array over the same memory, and what NumPy's functions make of tensors."""

from __future__ import annotations

from typing import Any

import numpy as np

from adjoint import dtypes
from adjoint.autograd.grad_mode import mode
from adjoint.autograd.origins import note_array, noting
from adjoint.autograd.waiting import waits
from adjoint.ops.creation import made
from adjoint.readings.batched import BatchedArray
from adjoint.readings.meta import MetaArray
from adjoint.readings.sparse import SparseArray
from adjoint.tensor import Tensor, attach


@attach
def numpy(self: Tensor, *, force: bool = False) -> Any:
    """A NumPy array over this tensor's memory: a change of one is a change of the other.

    Raises RuntimeError if the tensor requires grad (unless ``force``), TypeError for ``bfloat16``.

    >>> import adjoint as torch
    >>> t = torch.zeros(2); t.numpy()[0] = 5
    >>> t
    tensor([5., 0.])
    """
    if mode.enabled and not force and self.requires_grad:
        raise RuntimeError("Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() instead.")
    if self._waits is not None and not force:
        name, bit = ("conj", "conjugate") if waits(self)[0] else ("neg", "negative")
        raise RuntimeError(
            f"Can't call numpy() on Tensor that has {bit} bit set. Use tensor.resolve_{name}().numpy() instead."
        )
    if self.dtype is dtypes.bfloat16 or self.dtype in dtypes.STORED:
        raise TypeError(f"Got unsupported ScalarType {dtypes.SCALAR_TYPE_NAMES[self.dtype]}")
    if self._array.__class__ is MetaArray:
        raise TypeError(
            "can't convert meta device type tensor to numpy. Use Tensor.cpu() to copy the tensor to host memory first."
        )
    if self._array.__class__ is SparseArray:
        raise TypeError("can't convert Sparse layout tensor to numpy. Use Tensor.to_dense() first.")
    if self._array.__class__ is BatchedArray or mode.birth:
        raise RuntimeError("Cannot access data pointer of Tensor that doesn't have storage")
    array = self._array
    given = array.copy() if self._waits is not None else array.view()  # what waits is computed where it is read
    if noting.on:
        note_array(given, self)
    return given


@attach
def __array__(self: Tensor, dtype: Any = None, copy: bool | None = None) -> Any:
    array = self.numpy()  # type: ignore[attr-defined]
    if dtype is None or array.dtype == dtype:
        return array.copy() if copy else array
    if copy is False:
        raise ValueError("Unable to avoid copy while creating an array as requested.")
    return array.astype(dtype)


@attach
def __array_wrap__(self: Tensor, array: Any, context: Any = None, return_scalar: bool = False) -> Tensor:
    """What NumPy's functions of tensors return: tensors, truth values as ``uint8``, as PyTorch has it."""
    array = np.asarray(array)
    dtypes.of_array(array)  # which raises for what no tensor has: objects
    return made(array.astype(np.uint8) if array.dtype == np.bool_ else array)


# Above that of ndarray, so that results are tensors.
Tensor.__array_priority__ = 1000  # type: ignore[attr-defined]

"""Copying: ``copy.copy``, ``copy.deepcopy`` and pickles of tensors.

What a tensor is made of travels as the array that holds its memory and its place in it, so that tensors which share
memory still share it afterwards.
"""

from __future__ import annotations

import copy
import warnings
from typing import Any

import numpy as np

from adjoint import dtypes
from adjoint.autograd.captures import record_of_new
from adjoint.autograd.interception import intercept
from adjoint.autograd.overriding import made_of_class
from adjoint.interop.storage import address, refuse_samples
from adjoint.ops.memory import root as root_of
from adjoint.places import users_level
from adjoint.readings.meta import MetaArray, alike
from adjoint.readings.sparse import SparseArray
from adjoint.tensor import NO_EDGE, Tensor, attach, attributes_of, writes_of

# How memory is described: the holding array (C-contiguous), dtype, byte offset, shape, strides.
_Place = tuple[Any, Any, int, tuple[int, ...], tuple[int, ...]]


def _place(tensor: Tensor) -> _Place:
    array = tensor._array
    if array.__class__ in (MetaArray, SparseArray):
        return array, array.dtype, 0, array.shape, array.strides
    refuse_samples(tensor)
    array = np.asarray(array)
    root = root_of(array)
    shared = tensor._writes is not None
    if root is array and not root.flags.c_contiguous:  # its own, in another order of dimensions
        run = array.transpose(sorted(range(array.ndim), key=lambda d: -array.strides[d]))
        if run.flags.c_contiguous:
            return run, array.dtype, 0, array.shape, array.strides
    if not root.flags.c_contiguous or (root.nbytes != array.nbytes and not shared) or root.base is not None:
        root = array if array.flags.c_contiguous and array.base is None else array.copy(order="K")
        array = root
        if not root.flags.c_contiguous:  # in another order of dimensions: one run of memory all the same
            order = sorted(range(root.ndim), key=lambda d: -root.strides[d])
            root = root.transpose(order)
            if not root.flags.c_contiguous:
                array = root = np.ascontiguousarray(array)
    offset = address(array) - address(root) if array.size else 0
    return root, array.dtype, offset, array.shape, array.strides


def _array_at(root: Any, dtype: Any, offset: int, shape: tuple[int, ...], strides: tuple[int, ...]) -> Any:
    if root.__class__ is np.ndarray:  # out of a pickle NumPy's dtypes come as other objects than those by which they are known
        dtype = dtypes.OF_ARRAY[dtype].array
        root = root.view(dtype) if root.dtype == dtype and root.dtype is not dtype else root
    if root.dtype == dtype and root.shape == shape and root.strides == strides and not offset:
        return root
    if not root.size:
        return np.empty(shape, dtype)
    # By way of bytes, for the buffer protocol does not know every dtype.
    return np.ndarray(shape, dtype, root.reshape(-1).view(np.uint8), offset, strides)


def _class_of(tensor: Tensor) -> type[Tensor]:
    """What a copy is an instance of: nothing waits to be computed of it."""
    return type(tensor) if tensor._waits is None else Tensor


def _rebuild(cls: type[Tensor], place: _Place, requires_grad: bool, attributes: dict[str, Any]) -> Tensor:
    made_of_class(cls)
    t = object.__new__(cls)
    t._array = _array_at(*place)
    t._edge = None if requires_grad else NO_EDGE
    t._writes = record_of_new() if intercept.active else None
    writes_of(t).bump()  # PyTorch has it made anew, and its memory set
    attributes_of(t).update(attributes)
    return t


@attach
def __reduce_ex__(self: Tensor, protocol: Any) -> tuple[Any, ...]:
    if self._hooks is not None and self._hooks.tensor_pre:
        warnings.warn("the hooks of a tensor are not saved with it", UserWarning, stacklevel=users_level())
    return _rebuild, (_class_of(self), _place(self), self.requires_grad, dict(attributes_of(self)))


@attach
def __deepcopy__(self: Tensor, memo: dict[int, Any]) -> Tensor:
    if not self.is_leaf:
        raise RuntimeError(
            "Only Tensors created explicitly by the user (graph leaves) support the deepcopy protocol at the moment.  "
            "If you were attempting to deepcopy a module, this may be because of a torch.nn.utils.weight_norm usage, "
            "see https://github.com/pytorch/pytorch/pull/103001"
        )
    known = memo.get(id(self))
    if known is not None:
        return known
    root, *where = _place(self)
    new = _rebuild(_class_of(self), (_copy_of(root, memo), *where), self.requires_grad, {})  # type: ignore[arg-type]
    memo[id(self)] = new
    if self._grad is not None:
        new._grad = copy.deepcopy(self._grad, memo)
    attributes_of(new).update(copy.deepcopy(dict(attributes_of(self)), memo))
    return new


def _copy_of(root: Any, memo: dict[int, Any]) -> Any:
    """The copy of a piece of memory, one per deepcopy however many tensors look at it."""
    known = memo.get(id(root))
    if known is None:
        known = memo[id(root)] = alike(root) if root.__class__ is MetaArray else root.copy()  # sparse: places and values
        memo.setdefault(id(memo), []).append(root)  # keep it alive, so that its id stays its own
    return known


@attach
def module_load(self: Tensor, other: Tensor, assign: bool = False) -> Tensor:
    """What takes this tensor's place when ``other`` is loaded into it, while modules exchange their parameters: ``other`` with
    ``assign``, this one with its values otherwise."""
    return other.detach() if assign else self.copy_(other).detach()  # type: ignore[no-any-return]

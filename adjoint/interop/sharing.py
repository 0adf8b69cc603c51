"""Sharing: a tensor's memory moved into a segment that other processes map, and tensors pickled by their segment.

:func:`register` has the pickles of :mod:`multiprocessing` (queues, pipes, arguments of processes) send where a tensor lies
instead of what is in it.
"""

from __future__ import annotations

import gc
import sys
from typing import Any

import numpy as np

from adjoint.autograd.waiting import memory_of
from adjoint.interop.segments import Segment, received_bytes, segment_of, shared_bytes
from adjoint.interop.storage import TypedStorage, UntypedStorage
from adjoint.ops.memory import root
from adjoint.tensor import NO_EDGE, Tensor, from_array


def share(tensor: Tensor) -> Segment | None:
    """Move the memory that a tensor and its views look at into a segment, unless it is in one; None where there is none.

    Every tensor that looks at the memory looks at the segment afterwards, as PyTorch's storages move under theirs.  Arrays
    of NumPy that were made of it before stay where they are.
    """
    array = _memory(tensor)
    if not array.size and not root(array).size:
        return None
    found = segment_of(array)
    if found is not None:
        return found
    owner = root(array)
    order = sorted(range(owner.ndim), key=lambda d: -owner.strides[d])
    run = owner.transpose(order)
    if not run.flags.c_contiguous:  # memory of another library's, with gaps: the tensor alone gets its own
        tensor._array = _copied(array)[0]
        return segment_of(tensor._array)
    moved, start = _copied(run)
    place = moved.base
    for other in _looking_at(owner, tensor):
        at = other._array
        offset = at.__array_interface__["data"][0] - start if at.size else 0
        other._array = np.ndarray(at.shape, at.dtype, place, offset, at.strides)
    return segment_of(place)


def _memory(tensor: Tensor) -> np.ndarray[Any, Any]:
    array = memory_of(tensor)
    if not isinstance(array, np.ndarray):
        raise RuntimeError("a tensor inside of a function transform cannot be shared between processes")
    return array


def _copied(run: Any) -> tuple[Any, int]:
    """A contiguous array's copy in a segment, and the address that it had."""
    run = np.asarray(run, order="C")
    place = shared_bytes(run.nbytes)
    moved = np.ndarray(run.shape, run.dtype, place)
    moved[...] = run
    return moved, run.__array_interface__["data"][0]


def _looking_at(owner: Any, tensor: Tensor) -> list[Tensor]:
    """The tensors whose memory is this array's."""
    if tensor._array is owner and sys.getrefcount(owner) <= 6:  # the tensor's own, and those that stand here and above
        return [tensor]
    return [t for t in gc.get_objects() if issubclass(type(t), Tensor) and _owner(t) is owner]


def _owner(tensor: Tensor) -> Any:
    array = getattr(tensor, "_array", None)
    return root(array) if isinstance(array, np.ndarray) else None


def register() -> None:
    """Have multiprocessing's pickles send tensors and storages by their segments."""
    from multiprocessing.reduction import ForkingPickler

    ForkingPickler.register(Tensor, reduce_tensor)
    ForkingPickler.register(UntypedStorage, reduce_storage)
    ForkingPickler.register(TypedStorage, reduce_storage)


def reduce_tensor(tensor: Tensor) -> tuple[Any, ...]:
    """How a tensor is sent to another process.

    Raises RuntimeError for a tensor that requires grad and is not a leaf: a graph ends at its process.
    """
    if tensor.requires_grad and not tensor.is_leaf:
        raise RuntimeError(
            "Cowardly refusing to serialize non-leaf tensor which requires_grad, since autograd does not support crossing "
            "process boundaries.  If you just want to transfer the data, call detach() on the tensor before serializing "
            "(e.g., putting it on the queue)."
        )
    segment = share(tensor)
    array = _memory(tensor)
    offset = array.__array_interface__["data"][0] - segment.address if segment is not None and array.size else 0
    attributes = dict(tensor.__dict__)
    where = (array.dtype, offset, array.shape, array.strides)
    return rebuild_tensor, (_sent(segment), where, tensor.requires_grad, attributes)


def rebuild_tensor(sent: Any, where: Any, requires_grad: bool, attributes: dict[str, Any]) -> Tensor:
    """The tensor that another process sent, over the same memory."""
    dtype, offset, shape, strides = where
    place = _received(sent)
    found = from_array(np.empty(shape, dtype) if place is None else np.ndarray(shape, dtype, place, offset, strides))
    found._edge = None if requires_grad else NO_EDGE
    found.__dict__.update(attributes)
    return found


def reduce_storage(storage: UntypedStorage) -> tuple[Any, ...]:
    """How a storage is sent to another process."""
    owner = storage._root
    if owner.size:
        looking = from_array(owner)
        share(looking)
        storage._root = looking._array
        segment = segment_of(storage._root)
    else:
        segment = None
    return rebuild_storage, (_sent(segment), getattr(storage, "dtype", None))


def rebuild_storage(sent: Any, dtype: Any) -> UntypedStorage:
    """The storage that another process sent."""
    place = _received(sent)
    place = np.empty(0, np.uint8) if place is None else place
    return UntypedStorage._over(place) if dtype is None else TypedStorage._of(place, dtype)  # type: ignore[no-any-return]


def _sent(segment: Segment | None) -> Any:
    if segment is None:
        return None
    from multiprocessing.reduction import DupFd

    return DupFd(segment.descriptor), segment.size


def _received(sent: Any) -> Any:
    return None if sent is None else received_bytes(sent[0].detach(), sent[1])

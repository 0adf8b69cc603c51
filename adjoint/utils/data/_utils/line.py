"""A line: messages between the main process and one worker, over a socket that only these two have.

No lock is shared with anybody, so a worker that is killed in the middle of a message harms nobody but itself; whoever goes
closes the line, which the other end notices at once.  Messages are pickles; large arrays and tensors in them lie in
segments (:mod:`adjoint.interop.segments`), whose descriptors travel with the message.
"""

from __future__ import annotations

import array
import copyreg
import io
import os
import pickle
import socket
import struct
from collections import ChainMap, deque
from multiprocessing.reduction import ForkingPickler
from typing import Any

import numpy as np

from adjoint.interop.segments import segment_of, shared_bytes
from adjoint.interop.sharing import reduce_tensor
from adjoint.tensor import NO_EDGE, Tensor, from_array
from adjoint.utils.data._utils.room import SMALLEST, mapped

_HEADER = struct.Struct("<QI")  # bytes of the pickle, number of descriptors
_AT_ONCE = 1 << 18
_MOST_DESCRIPTORS = 200  # the kernel takes 253 with one call


class Closed(Exception):
    """The other end has gone."""


class Torn(Exception):
    """What was received is lost: reading was interrupted, or descriptors could not be taken."""


class Message:
    """One object as it is sent: a pickle, and the segments of the large arrays in it."""

    def __init__(self, content: Any, share: bool = True) -> None:
        self.descriptors: list[int] = []
        self._kept: list[Any] = []  # arrays whose descriptors must stay open until the message is sent
        file = io.BytesIO()
        file.write(bytes(_HEADER.size))
        pickler = _Pickler(file, self._out_of_band if share else _in_band)
        pickler.dump(content)
        self.data = file.getbuffer()
        _HEADER.pack_into(self.data, 0, len(self.data) - _HEADER.size, len(self.descriptors))

    def _out_of_band(self, buffer: pickle.PickleBuffer) -> bool:
        """Whether the buffer is to be written into the pickle; its place in a segment is noted otherwise."""
        raw = buffer.raw()
        if raw.nbytes < SMALLEST or len(self.descriptors) == _MOST_DESCRIPTORS:
            return True
        kept: Any = raw.obj
        segment = segment_of(kept)
        if segment is None or segment.size != raw.nbytes:
            try:
                kept = shared_bytes(raw.nbytes)
            except OSError:
                return True
            kept[:] = raw
            segment = segment_of(kept)
            assert segment is not None
        self._kept.append(kept)
        self.descriptors.append(segment.descriptor)
        return False


def _in_band(buffer: pickle.PickleBuffer) -> bool:
    return True


class _Pickler(pickle.Pickler):
    """Pickles what multiprocessing can send, with tensors' arrays as buffers."""

    def __init__(self, file: Any, buffer_callback: Any) -> None:
        super().__init__(file, 5, buffer_callback=buffer_callback)
        multiprocessings: dict[Any, Any] = ForkingPickler._extra_reducers  # type: ignore[attr-defined]
        self.dispatch_table = ChainMap[Any, Any]({Tensor: _reduce_tensor}, multiprocessings, copyreg.dispatch_table)


def _reduce_tensor(tensor: Tensor) -> Any:
    values = tensor._array
    if type(values) is not np.ndarray or tensor._edge is not NO_EDGE or tensor.__dict__:
        if tensor.requires_grad and not tensor.is_leaf:
            return reduce_tensor(tensor)  # raises
        return tensor.__reduce_ex__(4)
    order = None
    if not values.flags.c_contiguous:
        order = sorted(range(values.ndim), key=lambda axis: -values.strides[axis])
        values = values.transpose(order)
        if not values.flags.c_contiguous:
            return _tensor_over, (pickle.PickleBuffer(_bytes(np.ascontiguousarray(tensor._array))), *_form(tensor._array))
    return _tensor_over, (pickle.PickleBuffer(_bytes(values)), *_form(values), order)


def _bytes(values: Any) -> Any:
    """A contiguous array's bytes; NumPy's own buffers refuse dtypes that it does not know."""
    return values.reshape(-1).view(np.uint8) if values.size else np.empty(0, np.uint8)


def _form(values: Any) -> tuple[Any, tuple[int, ...]]:
    dtype = values.dtype
    return dtype.str if dtype.isbuiltin == 1 else dtype, values.shape


def _tensor_over(buffer: Any, dtype: Any, shape: tuple[int, ...], order: list[int] | None = None) -> Tensor:
    dtype = np.dtype(dtype)
    if len(buffer):
        values = np.frombuffer(buffer, np.uint8).view(dtype).reshape(shape)
    else:
        values = np.empty(shape, dtype)
    return from_array(values if order is None else values.transpose(np.argsort(order)))


class Line:
    """One end of a line."""

    def __init__(self, end: socket.socket) -> None:
        self.socket = end
        self.closed = False
        self._received = bytearray()
        self._descriptors: deque[int] = deque()
        self._unsent: deque[memoryview] = deque()
        self.torn = False  # whether something that arrived may be lost; True while it is taken over

    def fileno(self) -> int:
        return self.socket.fileno()

    def close(self) -> None:
        if not self.closed:
            self.closed = True
            for descriptor in self._descriptors:
                os.close(descriptor)
            self._descriptors.clear()
            self.socket.close()

    def send(self, content: Any) -> None:
        """Send an object, waiting until it is taken over.  Raises what pickling raises, and Closed."""
        message = Message(content)
        data = message.data
        try:
            sent = self.socket.sendmsg([data], _ancillary(message.descriptors))
            while sent < len(data):
                sent += self.socket.send(data[sent:])
        except (BrokenPipeError, ConnectionResetError):
            raise Closed from None

    def send_soon(self, content: Any) -> None:
        """Send an object without waiting: what does not fit is sent by :meth:`flush`."""
        self._unsent.append(Message(content, share=False).data)
        self.flush()

    def flush(self) -> bool:
        """Send what can be sent without waiting; whether that was everything."""
        while self._unsent:
            data = self._unsent[0]
            try:
                sent = self.socket.send(data, socket.MSG_DONTWAIT)
            except (BlockingIOError, InterruptedError):
                return False
            except (BrokenPipeError, ConnectionResetError):
                self._unsent.clear()  # how the other end came to its end is found out elsewhere
                return True
            if sent == len(data):
                self._unsent.popleft()
            else:
                self._unsent[0] = data[sent:]
        return True

    def read(self, wait: bool = False) -> None:
        """Take what has arrived.  Raises Closed if the other end has gone and all of its messages were taken, and Torn."""
        if self.torn:
            raise Torn
        self.torn = True
        try:
            data, extra, flags, _ = self.socket.recvmsg(_AT_ONCE, _ROOM, _FLAGS if wait else _FLAGS | socket.MSG_DONTWAIT)
        except (BlockingIOError, InterruptedError):
            self.torn = False
            return
        except ConnectionResetError:
            self.torn = False
            raise Closed from None
        for _, _, content in extra:
            got = array.array("i")
            got.frombytes(content[: len(content) - len(content) % got.itemsize])
            self._descriptors.extend(got)
        if flags & socket.MSG_CTRUNC:
            raise Torn
        self._received += data
        self.torn = False
        if not data:
            raise Closed

    def take(self) -> tuple[Any, ...] | None:
        """The next message that is complete, as a tuple of one object; None if there is none.

        Raises what unpickling it raises; the message is then gone.
        """
        have = self._received
        if len(have) < _HEADER.size:
            return None
        size, count = _HEADER.unpack_from(have)
        end = _HEADER.size + size
        if len(have) < end:
            return None
        data = bytes(memoryview(have)[_HEADER.size : end])
        del have[:end]
        buffers = []
        for _ in range(count):
            descriptor = self._descriptors.popleft()
            try:
                buffers.append(mapped(descriptor))
            finally:
                os.close(descriptor)
        return (pickle.loads(data, buffers=buffers),)


_FLAGS = getattr(socket, "MSG_CMSG_CLOEXEC", 0)  # programs that this one starts do not inherit what it received
_ROOM = socket.CMSG_SPACE(_MOST_DESCRIPTORS * array.array("i").itemsize)


def _ancillary(descriptors: list[int]) -> list[tuple[int, int, Any]]:
    return [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", descriptors))] if descriptors else []

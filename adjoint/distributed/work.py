"""Work: a collective, or a message, that is on its way."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from adjoint.distributed.errors import DistBackendError
from adjoint.futures import Future


class Work:
    """What an asynchronous collective returns: it goes on while the program computes, and ``wait()`` waits for its end.

    The tensors that were given must not be written to, and what is received not be read, before that.
    """

    def __init__(self, kind: str = "", result: Sequence[Any] = (), cue: Callable[[Work, float | None], bool] | None = None):
        self._kind = kind
        self._result = list(result)
        self._cue = cue  # waits where the thread that would be waited for is the one that asks
        self._over = threading.Lock()  # held until it is over: the cheapest thing to wait for
        self._over.acquire()
        self._done = False
        self._error: BaseException | None = None
        self._future: Future[Any] | None = None
        self._source: int | None = None
        self._collected = False  # waited for by a `_coalescing_manager`
        self._issuing = threading.Lock()

    def wait(self, timeout: timedelta | None = None) -> bool:
        """Wait until it is over; True.  Raises what went wrong, and DistBackendError if it takes longer than ``timeout``,
        after which it still goes on."""
        if not self._done:
            seconds = timeout.total_seconds() if timeout else None
            if not self._wait(seconds if seconds else None):
                assert timeout is not None
                milliseconds = round(timeout.total_seconds() * 1000)
                raise DistBackendError(f"Timed out after {milliseconds} ms waiting for {self._kind} to complete")
        if self._error is not None:
            raise self._error
        return True

    def _wait(self, seconds: float | None) -> bool:
        if self._cue is not None:
            return self._cue(self, seconds)
        return self._sleep(seconds)

    def _sleep(self, seconds: float | None) -> bool:
        if self._over.acquire(timeout=-1 if seconds is None else seconds):
            self._over.release()
            return True
        return False

    def is_completed(self) -> bool:
        """Whether it is over."""
        return self._done

    def is_success(self) -> bool:
        """Whether it is over and nothing went wrong."""
        return self._done and self._error is None

    def exception(self) -> BaseException | None:
        """What went wrong."""
        return self._error

    def result(self) -> list[Any]:
        """The tensors that it gives."""
        return self._result

    def synchronize(self) -> None:
        """Wait until it is over."""
        self.wait()

    def source_rank(self) -> int:
        """The rank from which a message came.  Raises RuntimeError for a collective."""
        return self._source_rank()

    def _source_rank(self) -> int:
        if self._source is None:
            raise RuntimeError(
                "sourceRank() may only be called on work objects that correspond to a recv or recv-from-any call."
            )
        return self._source

    def get_future(self) -> Future[Any]:
        """A future of the tensors that it gives; what is to follow goes to its ``then``."""
        with self._issuing:
            if self._future is None:
                self._future = Future()
                if self._done:
                    self._future._complete(self._result, self._error)
            return self._future

    def _finish(self, error: BaseException | None = None) -> None:
        """It is over."""
        with self._issuing:
            self._error = error
            self._done = True
            future = self._future
        self._over.release()
        if future is not None:
            future._complete(self._result, error)


Work.__module__ = __name__.rpartition(".")[0]

"""Reading: one file that is being loaded, what it may make, and whose fault an error is."""

from __future__ import annotations

import io
import math
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from adjoint.serialization.damage import CorruptFileError, damage

FREE = 64 << 20
"""Bytes that any file may make."""
TIMES = 64
"""How many bytes it may make beyond that for each that it has: an empty dictionary is one byte in a file, 64 in memory."""


class Reading:
    """One load.  As a context it turns the errors of a damaged file into :class:`CorruptFileError`.

    What a file that is not trusted makes out of nothing, containers, copies, decompressed records, is counted; storages
    that are there in full are not.
    """

    def __init__(self, file: Any, *, trusted: bool) -> None:
        self.file = file
        self.left: float = math.inf if trusted else FREE
        self.size = size_of(file)
        self._asked = False
        self._own: Exception | None = None
        self.later: list[Callable[[], None]] = []

    def spend(self, nbytes: int) -> None:
        """Count so many bytes that are to be made; raises CorruptFileError where they are too many for the file."""
        self.left -= nbytes
        if self.left < 0:
            self._more()

    def _more(self) -> None:
        if not self._asked:
            self._asked = True
            self.left += TIMES * (self.file.tell() if self.size is None else self.size)
        if self.left < 0:
            raise CorruptFileError(
                f"the file asks for far more memory than it has data: beyond {FREE >> 20} MB and {TIMES} times its own "
                "size. Load it with `weights_only=False`, which sets no limit, only if you trust whoever made it."
            )

    def finish(self) -> None:
        """Compute what had to wait for the bytes of the storages."""
        for compute in self.later:
            compute()

    @contextmanager
    def outside(self) -> Iterator[None]:
        """Code of the user's, or about what is not in the file: its errors are not the file's."""
        try:
            yield
        except Exception as error:
            self._own = error
            raise

    def own(self, error: Exception) -> Exception:
        """An error that is to stay what it is."""
        self._own = error
        return error

    def __enter__(self) -> Reading:
        return self

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        if not isinstance(error, Exception) or error is self._own:
            return
        if isinstance(error, MemoryError) and self.size is not None and self.size < FREE:
            told: Exception = CorruptFileError("the file asks for more memory than there is, it may be damaged")
        else:
            told = damage(error)
        if told is not error:
            raise told from error


def size_of(file: Any) -> int | None:
    """How many bytes a file has; None where only reading all of it would tell."""
    if isinstance(file, io.BytesIO):
        return file.getbuffer().nbytes
    if isinstance(file, (io.BufferedReader, io.BufferedRandom, io.FileIO)):
        try:
            found = os.fstat(file.fileno())
        except (OSError, ValueError):
            return None
        return found.st_size if stat.S_ISREG(found.st_mode) else None
    return None

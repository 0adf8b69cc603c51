"""File mapping: a file's bytes as memory, ``torch.from_file`` and ``UntypedStorage.from_file``."""

from __future__ import annotations

import mmap
import os
from typing import Any

import numpy as np

from adjoint import dtypes
from adjoint.declare import composite
from adjoint.ops.creation import made, options
from adjoint.tensor import Tensor


def mapped(filename: Any, shared: bool, nbytes: int) -> Any:
    """The first bytes of a file, as an array: the file's own if ``shared``, else a copy that is made where it is written to.

    Raises RuntimeError, in PyTorch's words, for a file that is shorter (one that is shared is made longer), or cannot be opened.
    """
    name = os.fspath(filename)
    if nbytes == 0:
        return np.empty(0, np.uint8)
    try:
        descriptor = os.open(name, os.O_RDWR | os.O_CREAT if shared else os.O_RDONLY, 0o600)
    except OSError as error:
        mode = "read-write" if shared else "read-only"
        raise RuntimeError(f"unable to open file <{name}> in {mode} mode: {error.strerror} ({error.errno})") from None
    try:
        size = os.fstat(descriptor).st_size
        if size < nbytes:
            if not shared:
                raise RuntimeError(f"file <{name}> size <{size}> is smaller than the required mapping size <{nbytes}>")
            os.ftruncate(descriptor, nbytes)
        pages = mmap.mmap(descriptor, nbytes, access=mmap.ACCESS_WRITE if shared else mmap.ACCESS_COPY)
    finally:
        os.close(descriptor)
    return np.frombuffer(pages, np.uint8)


@composite(where="torch")
def from_file(
    filename: str,
    shared: bool | None = None,
    size: int = 0,
    *,
    dtype: dtypes.dtype | None = None,
    layout: Any = None,
    device: Any = None,
    pin_memory: bool = False,
) -> Tensor:
    """The first ``size`` elements of a file, mapped into memory: what is written to the tensor is written to the file if
    ``shared``, which is made longer where it has not so many.

    Raises RuntimeError for a file that is shorter, or cannot be opened.
    """
    chosen = options("from_file", dtype, layout, device, pin_memory) or dtypes.get_default_dtype()
    return made(mapped(filename, bool(shared), size * chosen.itemsize).view(chosen.array))

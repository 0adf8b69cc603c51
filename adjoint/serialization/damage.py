"""Damage: the one error of files that cannot be read, and which errors are the file's fault."""

from __future__ import annotations

import errno
import os
import pickle
from typing import Any

import numpy as np

from adjoint.places import is_ours


class CorruptFileError(RuntimeError, pickle.UnpicklingError, EOFError):
    """A file that :func:`adjoint.load` cannot read because it is damaged, cut off, or made to look like what it is not.

    PyTorch raises RuntimeError, UnpicklingError or EOFError for such files, according to where the damage is; this is
    each of them.  ``__cause__`` is what was stumbled over, where that was another error.

    >>> import io
    >>> import adjoint as torch
    >>> try:
    ...     torch.load(io.BytesIO(b"PK\\x03\\x04 and nothing more"))
    ... except RuntimeError as error:
    ...     print(type(error).__name__, str(error)[:72])
    CorruptFileError PytorchStreamReader failed reading zip archive: failed finding central d
    """

    __module__ = "adjoint.serialization"


_STANDARD = os.path.dirname(os.path.abspath(os.__file__)) + os.sep
_NUMPY = os.path.dirname(os.path.abspath(np.__file__)) + os.sep
_INSTALLED = (os.sep + "site-packages" + os.sep, os.sep + "dist-packages" + os.sep)


def damage(error: Exception) -> Exception:
    """The error to raise in place of one that came up while a file was read; itself where the file is not to blame.

    Not to blame: a full memory, a failing disk, a warning that was made an error, and what came up in code of the user's,
    which a file that is trusted may run.
    """
    if isinstance(error, (CorruptFileError, MemoryError, Warning)) or _of_the_system(error) or _in_users_code(error):
        return error
    text = str(error)
    if not isinstance(error, (RuntimeError, pickle.UnpicklingError, EOFError)) or type(error) is RecursionError:
        text = f"the file cannot be read, it may be damaged ({type(error).__name__}{': ' if text else ''}{text})"
    found = CorruptFileError(text or "the file ends early: Ran out of input")
    found.__cause__ = error
    return found


def _of_the_system(error: Exception) -> bool:
    """Whether the operating system failed; seeking to before a file's start is asking for what damaged files say."""
    return isinstance(error, OSError) and error.errno not in (None, errno.EINVAL)


def _in_users_code(error: Exception) -> bool:
    """Whether an error passed through a function that is neither Adjoint's nor Python's nor NumPy's."""
    trace: Any = error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        if not is_ours(code) and not _is_machinery(code.co_filename):
            return True
        trace = trace.tb_next
    return False


def _is_machinery(filename: str) -> bool:
    if filename.startswith(("<frozen ", _NUMPY)):
        return True
    return filename.startswith(_STANDARD) and not any(part in filename for part in _INSTALLED)

"""Elsewhere: a process whose files are written into a folder of its own, as if they were where they are said to be."""

from __future__ import annotations

import builtins
import io
import os
import shutil
from collections.abc import Callable
from typing import Any

_stat = os.stat
_listdir = os.listdir
_open = io.open
_os_open = os.open
_mkdir = os.mkdir
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_MAKING = set("wax+")


class Elsewhere:
    """Files are written below ``folder``; what lies there hides what lies where it seems to."""

    def __init__(self, folder: str) -> None:
        self.folder = os.path.realpath(folder)

    def put_on(self) -> None:
        """Have ``open``, ``os.mkdir`` and their kin work on the folder from now on."""
        builtins.open = io.open = self._open  # type: ignore[assignment]
        os.open = self._low_open  # type: ignore[assignment]
        os.mkdir = self._mkdir  # type: ignore[assignment]
        os.stat = self._reading(_stat)
        os.listdir = self._reading(_listdir)
        for name in ("remove", "unlink", "rmdir", "chmod", "chown", "utime", "truncate"):
            setattr(os, name, self._own(getattr(os, name)))
        for name in ("rename", "replace"):
            setattr(os, name, self._moved(getattr(os, name)))

    def holds(self, path: Any) -> bool:
        """Whether a path is in the folder."""
        return isinstance(path, str) and os.path.abspath(path).startswith(self.folder)

    def _there(self, path: Any) -> str | None:
        """Where a path's file lies, or would lie, in the folder; None of what is no path."""
        if isinstance(path, int):
            return None
        text = os.fsdecode(os.fspath(path))
        whole = os.path.abspath(text)
        return whole if self.holds(whole) else self.folder + os.sep + os.path.splitdrive(whole)[1].lstrip(os.sep)

    def _open(self, file: Any, mode: str = "r", *args: Any, **kwargs: Any) -> Any:
        there = self._there(file)
        if there is None or file == os.devnull:
            return _open(file, mode, *args, **kwargs)
        if _MAKING & set(mode):
            os.makedirs(os.path.dirname(there), exist_ok=True)
            if "w" not in mode and not _exists(there) and _exists(os.fspath(file)):
                with _open(file, "rb") as source, _open(there, "wb") as copy:
                    shutil.copyfileobj(source, copy)
            return _open(there, mode, *args, **kwargs)
        return _open(there if _exists(there) else file, mode, *args, **kwargs)

    def _low_open(self, path: Any, flags: int, *args: Any, **kwargs: Any) -> int:
        there = self._there(path)
        if there is None or path == os.devnull:
            return _os_open(path, flags, *args, **kwargs)
        if flags & _WRITING:
            os.makedirs(os.path.dirname(there), exist_ok=True)
            return _os_open(there, flags, *args, **kwargs)
        return _os_open(there if _exists(there) else path, flags, *args, **kwargs)

    def _mkdir(self, path: Any, *args: Any, **kwargs: Any) -> None:
        there = self._there(path)
        assert there is not None
        if there != os.path.abspath(os.fsdecode(os.fspath(path))):
            if _exists(os.fspath(path)):
                raise FileExistsError(17, "File exists", os.fspath(path))
            above = os.path.dirname(there)
            if not _exists(above):
                self._mkdir(above)
        _mkdir(there, *args, **kwargs)

    def _reading(self, function: Callable[..., Any]) -> Any:
        def look(path: Any = ".", *args: Any, **kwargs: Any) -> Any:
            there = self._there(path)
            return function(there if there is not None and _exists(there) else path, *args, **kwargs)

        return look

    def _own(self, function: Callable[..., Any]) -> Any:
        def remove(path: Any, *args: Any, **kwargs: Any) -> Any:
            there = self._there(path)
            return function(there if there is not None and _exists(there) else path, *args, **kwargs)

        return remove

    def _moved(self, function: Callable[..., Any]) -> Any:
        def move(source: Any, target: Any, *args: Any, **kwargs: Any) -> Any:
            a, b = self._there(source), self._there(target)
            if a is None or b is None or not _exists(a):
                return function(source, target, *args, **kwargs)
            os.makedirs(os.path.dirname(b), exist_ok=True)
            return function(a, b, *args, **kwargs)

        return move


def _exists(path: Any) -> bool:
    try:
        _stat(path)
    except (OSError, ValueError):
        return False
    return True

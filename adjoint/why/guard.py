"""Guard: a process that may compute, read, and write into one folder, and nothing else."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Any

REFUSED = 77
"""The exit status of a process that tried."""

_PREFIXES = ("subprocess.", "os.exec", "os.spawn", "os.posix_spawn", "ftplib.", "http.client", "smtplib.", "urllib.")
_FILES = frozenset(
    "os.remove os.rename os.rmdir os.mkdir os.link os.symlink os.truncate os.chmod os.chown shutil.rmtree".split()
)
_EVENTS = frozenset(
    """os.system os.fork os.forkpty os.kill socket.connect socket.bind socket.sendto socket.getaddrinfo sqlite3.connect
    webbrowser.open signal.pthread_kill""".split()
)
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


def install(allowed: Callable[[Any], bool]) -> None:
    """Have this process end at once where it would write elsewhere than ``allowed``, start another, or send anything."""

    def look(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            path, mode, flags = arguments
            writes = (isinstance(mode, str) and set(mode) & set("wax+")) or (
                isinstance(flags, int) and flags & _WRITING
            )
            if writes and path != os.devnull and not isinstance(path, int) and not allowed(path):
                os._exit(REFUSED)
        elif event in _FILES:
            if not isinstance(arguments[0], int) and not allowed(arguments[0]):  # a descriptor's file was looked at
                os._exit(REFUSED)
        elif event in _EVENTS or event.startswith(_PREFIXES):
            os._exit(REFUSED)

    sys.addaudithook(look)

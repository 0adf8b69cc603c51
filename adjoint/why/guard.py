"""Guard: a process that may compute and read, and nothing else."""

from __future__ import annotations

import os
import sys
from typing import Any

REFUSED = 77
"""The exit status of a process that tried."""

_PREFIXES = (
    "subprocess.",
    "os.exec",
    "os.spawn",
    "os.posix_spawn",
    "shutil.",
    "ftplib.",
    "http.client",
    "smtplib.",
    "urllib.",
)
_EVENTS = frozenset(
    """os.remove os.rename os.rmdir os.mkdir os.link os.symlink os.truncate os.chmod os.chown os.system os.fork os.forkpty
    os.kill os.putenv socket.connect socket.bind socket.sendto socket.getaddrinfo sqlite3.connect webbrowser.open
    tempfile.mkstemp tempfile.mkdtemp signal.pthread_kill""".split()
)
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


def install() -> None:
    """Have this process end at once where it is about to write, to start another, or to send anything."""
    sys.addaudithook(_look)


def _look(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "open":
        path, mode, flags = arguments
        if path == os.devnull:
            return
        if (isinstance(mode, str) and set(mode) & set("wax+")) or (isinstance(flags, int) and flags & _WRITING):
            os._exit(REFUSED)
    elif event in _EVENTS or event.startswith(_PREFIXES):
        if event != "os.putenv":
            os._exit(REFUSED)

"""What the tests of hostile and damaged files share: files made by hand, and a process in which one is loaded."""

from __future__ import annotations

import io
import subprocess
import sys
import zipfile
from pathlib import Path

STORAGE = b"(X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpuK\x04tQ"
REBUILD = b"ctorch._utils\n_rebuild_tensor_v2\n"
FOUR = [("0", bytes(range(16)))]
"""The storage that STORAGE speaks of."""


def archive(pickled: bytes, storages: list[tuple[str, bytes]] = (), compression: int = zipfile.ZIP_STORED) -> bytes:  # type: ignore[assignment]
    """A file in today's format with this pickle."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as z:
        z.writestr("archive/data.pkl", pickled)
        for key, data in storages:
            z.writestr(f"archive/data/{key}", data)
        z.writestr("archive/version", "3\n")
    return buffer.getvalue()


def long(n: int) -> bytes:
    """The instruction that makes a number."""
    data = n.to_bytes(n.bit_length() // 8 + 1, "little", signed=True)
    return b"\x8a" + bytes([len(data)]) + data


def string(text: str) -> bytes:
    """The instruction that makes a string."""
    return b"X" + len(text.encode()).to_bytes(4, "little") + text.encode()


_LOADING = """
import resource, sys, warnings
import adjoint
warnings.simplefilter("ignore")

def peak():  # of this process image alone, in bytes
    return next(int(line.split()[1]) << 10 for line in open("/proc/self/status") if line.startswith("VmHWM"))

resource.setrlimit(resource.RLIMIT_AS, (6 << 30, 6 << 30))
for path in sys.argv[1:]:
    before = peak()
    try:
        loaded = adjoint.load(path)
        told = "loaded"
        del loaded
    except Exception as error:
        told = type(error).__name__ + " " + str(error).replace("\\n", " ")[-160:]
    print((peak() - before) >> 20, told, flush=True)
"""


def load_elsewhere(folder: Path, *files: bytes) -> list[tuple[int, str]]:
    """Load files in a process of its own: by how many MB each raised its peak of memory, and what came of it."""
    paths = []
    for i, data in enumerate(files):
        paths.append(folder / f"{i}.pt")
        paths[-1].write_bytes(data)
    done = subprocess.run(
        [sys.executable, "-c", _LOADING, *map(str, paths)], capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, f"ended with {done.returncode}:\n{done.stdout}\n{done.stderr}"
    lines = [line.partition(" ") for line in done.stdout.splitlines()]
    return [(int(size), told) for size, _, told in lines]

"""Saving: what torch.save takes, to a file and to memory, beside PyTorch and beside other versions of Adjoint.

    python -m bench.saving                        this version and PyTorch
    python -m bench.saving --beside ../before     and the version in another folder

Each library runs in processes of its own, in turns, for disks and other programs come and go; the least of all rounds is
shown.  Adjoint waits for the disk before it gives a file its name (``fsync``), so that a machine that loses its power keeps
the old file or the new one; PyTorch does not.  What that costs is shown by the row without it.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROWS = {"small_file": "1 KB to a file, µs", "small_memory": "1 KB to memory, µs", "large_file": "100 MB to a file, ms"}
_PROGRAM = """
import importlib, io, json, os, sys, time
torch = importlib.import_module(sys.argv[1])
path = sys.argv[2]
if sys.argv[3] == "unsynced":
    os.fsync = lambda descriptor: None
small = {"weight": torch.ones(8, 16), "bias": torch.ones(128), "step": 3}
large = {"weight": torch.rand(25_000_000)}
memory = io.BytesIO()

def seconds(function, times):
    start = time.perf_counter()
    for _ in range(times):
        function()
    return (time.perf_counter() - start) / times

def to_memory():
    memory.seek(0)
    torch.save(small, memory)

torch.save(small, path)
print(json.dumps({
    "small_file": min(seconds(lambda: torch.save(small, path), 50) for _ in range(4)) * 1e6,
    "small_memory": min(seconds(to_memory, 50) for _ in range(4)) * 1e6,
    "large_file": min(seconds(lambda: torch.save(large, path), 1) for _ in range(3)) * 1e3,
}))
"""


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(prog="python -m bench.saving", description=__doc__.partition("\n")[0])
    parser.add_argument("--beside", metavar="FOLDER", help="another version of Adjoint")
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args()
    here = str(Path(__file__).parent.parent)
    peers = {"Adjoint": ("adjoint", here, "synced"), "without fsync": ("adjoint", here, "unsynced")}
    if asked.beside:
        peers["beside"] = ("adjoint", asked.beside, "synced")
    peers["PyTorch"] = ("torch", here, "synced")
    least: dict[str, dict[str, float]] = {name: {} for name in peers}
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(asked.rounds):
            for name, (package, path, how) in peers.items():
                done = subprocess.run(
                    [sys.executable, "-c", _PROGRAM, package, os.path.join(folder, "x.pt"), how],
                    env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True, check=True,
                )  # fmt: skip
                for row, value in json.loads(done.stdout).items():
                    least[name][row] = min(value, least[name].get(row, value))
    print(f"{'':24}" + "".join(f"{name:>16}" for name in peers))
    for row, words in ROWS.items():
        print(f"{words:24}" + "".join(f"{least[name][row]:16.0f}" for name in peers))


if __name__ == "__main__":
    main()

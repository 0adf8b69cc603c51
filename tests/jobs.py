"""Jobs: a program that runs in several processes at once, and what each of them printed."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[1]


def free_port() -> int:
    """A port that nobody listens at."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return listening.getsockname()[1]


def environment(**extra: str) -> dict[str, str]:
    """This process' environment without what launchers left in it, one thread to a process."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in ("RANK", "WORLD_SIZE", "LOCAL_RANK", "MASTER_ADDR", "MASTER_PORT")
        and not name.startswith(("PMI", "PMIX_", "OMPI_", "MPI_", "HYDI_", "TORCHELASTIC_"))
    }
    return {**kept, "PYTHONPATH": str(REPOSITORY), "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", **extra}


def run_ranks(program: str, size: int, *, timeout: float = 120, library: str = "adjoint", **extra: str) -> list[str]:
    """What ``size`` processes with torchrun's variables print that run a program; all have to end with status 0."""
    head = "import adjoint.compat; adjoint.compat.install()\n" if library == "adjoint" else ""
    port = str(free_port())
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", head + program],
            env=environment(
                RANK=str(rank), WORLD_SIZE=str(size), LOCAL_RANK=str(rank), MASTER_ADDR="127.0.0.1", MASTER_PORT=port, **extra
            ),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for rank in range(size)
    ]
    try:
        outputs = [process.communicate(timeout=timeout)[0] for process in processes]
    finally:
        for process in processes:
            process.kill()
    for process, output in zip(processes, outputs):
        assert process.returncode == 0, output
    return outputs


def reports_of_ranks(program: str, size: int, *, timeout: float = 240, library: str = "adjoint") -> list[Any]:
    """What each of ``size`` processes gives to ``report(value)``, as JSON; they share the folder that ``REPORTS`` names."""
    with tempfile.TemporaryDirectory() as folder:
        head = (
            "def report(value):\n"
            "    import json, os\n"
            "    with open(os.path.join(os.environ['REPORTS'], os.environ['RANK']), 'w') as file:\n"
            "        json.dump(value, file)\n"
        )
        outputs = run_ranks(head + program, size, timeout=timeout, library=library, REPORTS=folder, PYTHONWARNINGS="ignore")
        files = [Path(folder) / str(rank) for rank in range(size)]
        assert all(file.exists() for file in files), "\n".join(outputs)
        return [json.loads(file.read_text("utf-8")) for file in files]

"""Jobs: a program that runs in several processes at once, and what each of them printed."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

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

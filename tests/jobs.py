"""Jobs: programs that run in several processes at once, and what each of these reports."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[1]
PROGRAMS = Path(__file__).resolve().parent / "ranks"
RANK = PROGRAMS / "rank.py"


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


def reports_of_ranks(
    programs: Sequence[str], size: int, *, library: str = "adjoint", meeting: str | None = None, timeout: float = 120
) -> list[dict[str, Any]]:
    """What each of ``size`` processes with torchrun's variables reports, by program (of ``tests/ranks``, one after the other).
    They meet first by ``"tcp"`` or ``"file"``, if that is asked for.

    Raises AssertionError with what all said if one fails, or is not done in time; the others are then ended.
    """
    port, second = str(free_port()), free_port()

    def start(folder: str, output: Any, **numbered: str) -> subprocess.Popen[bytes]:
        places = {"tcp": f"tcp://127.0.0.1:{second}", "file": f"file://{folder}/meeting"}
        extra = {"MEETING": places[meeting]} if meeting else {}
        return subprocess.Popen(
            [sys.executable, str(RANK), library, *programs],
            env=environment(
                WORLD_SIZE=str(size), MASTER_ADDR="127.0.0.1", MASTER_PORT=port, REPORTS=folder, PYTHONWARNINGS="ignore",
                **extra, **numbered,
            ),
            stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip

    with tempfile.TemporaryDirectory() as folder:
        # PyTorch's ranks are forked by one process.
        ranks = [{"RANK": str(rank), "LOCAL_RANK": str(rank)} for rank in range(size)] if library == "adjoint" else [{}]
        outputs = [Path(folder) / f"output{number}" for number in range(len(ranks))]
        processes: list[subprocess.Popen[bytes]] = []
        try:
            for place, numbered in zip(outputs, ranks):
                with place.open("wb") as output:
                    processes.append(start(folder, output, **numbered))
            fault = _wait(processes, timeout)
        finally:
            for process in processes:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)  # with what it started
                process.wait()
        told = "\n".join(f"-- rank {rank}:\n{output.read_text(errors='replace')}" for rank, output in enumerate(outputs))
        assert fault is None, f"{fault}\n{told}"
        return reported(folder, size)


def reported(folder: str | Path, size: int) -> list[dict[str, Any]]:
    """What the ranks of a job have put into its folder."""
    return [json.loads((Path(folder) / f"{rank}.json").read_text("utf-8")) for rank in range(size)]


def _wait(processes: Sequence[subprocess.Popen[bytes]], timeout: float) -> str | None:
    """Wait until all have ended, or one has with a failure and the others had some seconds to say what they make of it."""
    until = time.monotonic() + timeout
    fault = None
    while any(process.poll() is None for process in processes):
        failed = [(rank, process.returncode) for rank, process in enumerate(processes) if process.returncode]
        if failed and fault is None:
            fault, until = f"rank {failed[0][0]} ended first, with status {failed[0][1]}", time.monotonic() + 5
        if time.monotonic() > until:
            return fault or f"not done after {timeout} s"
        time.sleep(0.02)
    return fault or next((f"rank {r} ended with status {p.returncode}" for r, p in enumerate(processes) if p.returncode), None)


def once(tmp_path_factory: Any, name: str, make: Callable[[], Any]) -> Any:
    """What ``make`` returns, which is made by one of pytest's workers and read by the others."""
    base = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        base = base.parent  # that of all workers
    place = base / f"{name}.json"
    with (base / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not place.exists():
            made = json.dumps(make())
            place.write_text(made, "utf-8")
    return json.loads(place.read_text("utf-8"))


def training(tmp_path_factory: Any, size: int) -> list[dict[str, Any]]:
    """What two or three processes report that train: one job for the tests of all that trains in several processes."""
    programs = {2: ["data_parallel", "sharded_optimizer"], 3: ["whole_batch", "sync_batch_norm"]}[size]
    meeting = {2: "file", 3: "tcp"}[size]
    return once(tmp_path_factory, f"training{size}", lambda: reports_of_ranks(programs, size, meeting=meeting))

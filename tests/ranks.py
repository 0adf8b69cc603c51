"""Programs that run as several processes: started, waited for, and what each of them reports.

A program calls ``report(value)`` with something that JSON can hold; a rank that fails fails the test, with its output.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

PRELUDE = """
import json as _json, os as _os

def report(value):
    with open(_os.path.join(_os.environ["REPORTS"], _os.environ["RANK"]), "w") as file:
        _json.dump(value, file)

"""


def run_ranks(n: int, program: str, *, timeout: float = 240) -> list[Any]:
    """What each rank of ``program`` reports, run by ``adjoint run -n``."""
    return _run(n, program, [[sys.executable, "-m", "adjoint", "run", "-n", str(n)]], [{}], timeout)


def run_pytorch_ranks(n: int, program: str, *, timeout: float = 240) -> list[Any]:
    """The same with PyTorch itself."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = str(s.getsockname()[1])
    variables = [
        {"RANK": str(r), "LOCAL_RANK": str(r), "WORLD_SIZE": str(n), "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}
        for r in range(n)
    ]
    return _run(n, program, [[sys.executable]] * n, variables, timeout)


def _run(n: int, program: str, commands: list[list[str]], variables: list[dict[str, str]], timeout: float) -> list[Any]:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "program.py"
        file.write_text(PRELUDE + program)
        environment = {**os.environ, "REPORTS": folder, "OMP_NUM_THREADS": "1", "PYTHONWARNINGS": "ignore"}
        root = str(Path(__file__).resolve().parent.parent)
        environment["PYTHONPATH"] = os.pathsep.join([root, *filter(None, [os.environ.get("PYTHONPATH")])])
        processes = [
            subprocess.Popen(
                [*command, str(file)],
                env={**environment, **own},
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                cwd=folder,
            )
            for command, own in zip(commands, variables)
        ]
        outputs = []
        try:
            for process in processes:
                outputs.append(process.communicate(timeout=timeout)[0])
        finally:
            for process in processes:
                process.kill()
                process.wait()
        told = "\n".join(outputs)
        assert all(process.returncode == 0 for process in processes), told
        missing = [r for r in range(n) if not (Path(folder) / str(r)).exists()]
        assert not missing, f"ranks {missing} reported nothing\n{told}"
        return [json.loads((Path(folder) / str(r)).read_text()) for r in range(n)]

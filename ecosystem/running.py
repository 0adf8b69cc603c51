"""Running a program in one environment: what it printed, how it ended, and the seconds that it took."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from dataclasses import dataclass

from ecosystem.environments import Environment
from ecosystem.program import Program

SECONDS = 300.0
"""After which a program is ended; on an idle machine none takes a tenth of it."""

# What makes runs comparable: one thread (sums do not depend on the machine's cores), one order of sets, no network, no screen.
_SETTINGS = {
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "PYTHONHASHSEED": "0",
    "PYTHONWARNINGS": "ignore",
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_VERBOSITY": "error",
    "TOKENIZERS_PARALLELISM": "false",
    "WANDB_MODE": "disabled",
    "MPLBACKEND": "Agg",
    "COLUMNS": "120",
}


@dataclass(frozen=True)
class Run:
    """What a program did."""

    output: str
    errors: str
    status: int | None
    """Its exit status; None if it was ended because its time was up."""
    seconds: float

    @property
    def failure(self) -> str:
        """Why it did not come to its end, in a line; empty if it did."""
        if self.status is None:
            return f"not done after {self.seconds:.0f} s"
        if self.status:
            lines = [line for line in self.errors.splitlines() if line[:1].strip()]  # notes and source lines are indented
            return lines[-1] if lines else f"exit status {self.status}"
        return ""


def run(program: Program, environment: Environment, seconds: float = SECONDS) -> Run:
    """Run a program in an empty folder of its own."""
    with tempfile.TemporaryDirectory(prefix=f"{program.name}-") as folder:
        variables = {**os.environ, **_SETTINGS, "HF_HOME": folder, **environment.variables}
        variables = {name: value for name, value in variables.items() if value}
        start = time.monotonic()
        process = subprocess.Popen(
            [*environment.command, str(program.path)],
            cwd=folder, env=variables, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            encoding="utf-8", errors="replace", start_new_session=True,
        )  # fmt: skip
        try:
            output, errors = process.communicate(timeout=seconds)
            status: int | None = process.returncode
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, 9)  # with all that it started
            output, errors = process.communicate()
            status = None
        return Run(output, errors, status, time.monotonic() - start)

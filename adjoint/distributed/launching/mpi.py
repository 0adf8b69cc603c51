"""MPI's own launcher: for processes on several machines, and for an MPI that only it can start."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from adjoint.distributed.launching.environment import HOSTS

MISSING = """\
processes talk to each other over MPI, which is not installed here. Two commands are all it takes:
    pip install 'adjoint[distributed]'
    adjoint run -n 2 train.py"""


class NoLauncher(Exception):
    """What is missing, in words for the user."""


def installed() -> bool:
    """Whether mpi4py can be imported."""
    from importlib.util import find_spec

    return find_spec("mpi4py") is not None


def starts_by_itself() -> bool:
    """Whether processes that were not started by MPI's launcher can form a world: those of MPICH and its kin can."""
    import mpi4py

    mpi4py.rc.initialize = False  # the launcher is no rank
    try:
        from mpi4py import MPI
    except (ImportError, RuntimeError) as error:
        raise NoLauncher(f"{MISSING}\n(mpi4py is installed, but finds no MPI: {error})") from None
    return MPI.get_vendor()[0] != "Open MPI"


def executable() -> str:
    """MPI's launcher: this environment's, where the wheel ``mpich`` puts it, or else the first on the PATH."""
    own = str(Path(sys.executable).parent)
    for folder in (own, None):
        for name in ("mpiexec", "mpirun"):
            found = shutil.which(name, path=folder)
            if found:
                return found
    raise NoLauncher(f"there is no mpiexec, neither beside {sys.executable} nor on the PATH.\n{MISSING}")


def command(processes: int, program: list[str], hosts: str | None, hostfile: str | None, prefix: bool) -> list[str]:
    """The command line that starts so many processes of a program over MPI's launcher.

    ``hosts`` is ``"a:2,b:2"``, machines with numbers of processes; ``hostfile`` a file in the launcher's format.
    """
    launcher = executable()
    open_mpi = "Open MPI" in _version(launcher) or "OpenRTE" in _version(launcher) or "PRRTE" in _version(launcher)
    given = [launcher, "-n", str(processes)]
    if open_mpi:
        given += ["--oversubscribe", "--bind-to", "none"]
        given += ["--host", hosts] if hosts else ["--hostfile", hostfile] if hostfile else []
        given += ["--tag-output"] if prefix else []
    else:
        given += ["-hosts", hosts] if hosts else ["-f", hostfile] if hostfile else []
        given += ["-prepend-rank"] if prefix else []
    first = first_host(hosts, hostfile)
    if first is not None:
        given += ["-x", f"{HOSTS}={first}"] if open_mpi else ["-genv", HOSTS, first]
    return given + program


def slots(hosts: str) -> int:
    """How many processes fit: ``"a:2,b"`` says three."""
    return sum(int(host.partition(":")[2] or 1) for host in hosts.split(","))


def first_host(hosts: str | None, hostfile: str | None) -> str | None:
    """The machine where rank 0 will be."""
    if hosts is None and hostfile is not None:
        lines = (line.partition("#")[0].split() for line in Path(hostfile).read_text().splitlines())
        hosts = next((line[0] for line in lines if line), None)
    return hosts.partition(",")[0].partition(":")[0] if hosts else None


def _version(launcher: str) -> str:
    try:
        done = subprocess.run([launcher, "--version"], capture_output=True, text=True, timeout=30, env=os.environ)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout + done.stderr

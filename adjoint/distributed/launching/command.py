"""``adjoint run -n 4 program``: a program as several processes."""

from __future__ import annotations

import os
import re
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from adjoint.distributed.launching import meeting, mpi
from adjoint.distributed.launching.environment import Place, from_mpi
from adjoint.kernels.threads import cores

OPTIONS = {"-n": 1, "--hosts": 1, "--hostfile": 1, "--prefix": 0}
"""The options of `adjoint run` that start several processes, and how many values they take."""


@dataclass
class _Asked:
    processes: int | None = None
    hosts: str | None = None
    hostfile: str | None = None
    prefix: bool = False


class Usage(Exception):
    """What is wrong with the command line."""


def launch(arguments: list[str]) -> int:
    """Run ``[-n N] [--hosts ...] [--hostfile ...] [--prefix] program ...`` and return the exit status.

    Raises Usage for what cannot be understood.
    """
    asked, rest = _parse(list(arguments))
    if from_mpi(os.environ) is not None:
        raise Usage("this is one of several processes already, started by MPI's launcher: leave -n out")
    if not mpi.installed():
        sys.stderr.write(f"adjoint: {mpi.MISSING}\n")
        return 1
    from adjoint.distributed.launching import processes

    processes_asked = asked.processes or (mpi.slots(asked.hosts) if asked.hosts else 1)
    program = [*processes.python_command(), "-m", "adjoint", "run", *rest]
    try:
        if asked.hosts or asked.hostfile or not mpi.starts_by_itself():
            line = mpi.command(processes_asked, program, asked.hosts, asked.hostfile, asked.prefix)
            sys.stdout.flush()
            os.execv(line[0], line)
    except mpi.NoLauncher as problem:
        sys.stderr.write(f"adjoint: {problem}\n")
        return 1
    _say_shares(processes_asked)
    port = meeting.free_port()
    starts = []
    for rank in range(processes_asked):
        place = Place(rank, processes_asked, rank, processes_asked, port=port, run_id=str(os.getpid()))
        starts.append(processes.Start(rank, rank, program, place.variables()))
    settings = processes.Settings(processes_asked)
    if asked.prefix:
        settings.prefix = lambda start: f"[{start.rank}] "
    return end_as(processes.run(starts, settings))


def end_as(ended: Any) -> int:
    """The exit status; a launcher that was interrupted ends of that signal, so that a shell's loop ends too."""
    if ended.signal is not None:
        sys.stdout.flush()
        signal.signal(ended.signal, signal.SIG_DFL)
        os.kill(os.getpid(), ended.signal)
    return int(ended.status)


def _say_shares(processes: int) -> None:
    available = cores()
    if processes > available and "OMP_NUM_THREADS" not in os.environ:
        cores_are = "1 core" if available == 1 else f"{available} cores"
        sys.stderr.write(f"adjoint: {processes} processes share {cores_are}; each computes with one thread\n")


def _parse(rest: list[str]) -> tuple[_Asked, list[str]]:
    asked = _Asked()
    take: dict[str, Callable[[str], None]] = {
        "-n": lambda value: setattr(asked, "processes", _count(value)),
        "--hosts": lambda value: setattr(asked, "hosts", _hosts(value)),
        "--hostfile": lambda value: setattr(asked, "hostfile", _file(value)),
        "--prefix": lambda value: setattr(asked, "prefix", True),
    }
    while rest:
        name, equals, value = rest[0].partition("=")
        if name not in OPTIONS:
            break
        del rest[0]
        if not OPTIONS[name] and equals:
            raise Usage(f"{name} takes no argument")
        if OPTIONS[name] and not equals:
            if not rest:
                raise Usage(f"argument expected for the {name} option")
            value = rest.pop(0)
        take[name](value)
    if asked.hosts and asked.hostfile:
        raise Usage("--hosts and --hostfile both say where processes run: give one of them")
    if asked.hostfile and asked.processes is None:
        raise Usage("--hostfile says where processes run, -n how many: give -n too")
    if not rest:
        raise Usage("which program?")
    if rest[0].startswith("-") and rest[0] not in ("-m", "-c"):
        raise Usage(f"there is no option {rest[0]}")
    if rest[0] in ("-m", "-c") and len(rest) < 2:
        raise Usage(f"argument expected for the {rest[0]} option")
    return asked, rest


def _count(value: str) -> int:
    if not value.isdigit() or int(value) < 1:
        raise Usage(f"-n takes the number of processes, 1 or more, not {value!r}")
    return int(value)


def _hosts(value: str) -> str:
    if not all(re.fullmatch(r"[^:,\s]+(:[1-9]\d*)?", host) for host in value.split(",")):
        raise Usage(f"--hosts takes machines with numbers of processes, as in a:2,b:2, not {value!r}")
    return value


def _file(value: str) -> str:
    if not os.path.isfile(value):
        raise Usage(f"--hostfile: there is no file {value!r}")
    return value

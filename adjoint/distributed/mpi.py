"""MPI itself: whether a launcher started this process, one world of processes that none started, and the end of it.

MPI can be started once in a process and not again, so a world that was made stays until the process ends, whatever groups of it
are made and given up.
"""

from __future__ import annotations

import os
import secrets
import socket
import subprocess
import sys
from contextlib import suppress
from datetime import timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from adjoint.distributed import pmi
from adjoint.distributed.progress import Progress
from adjoint.distributed.store import PrefixStore, Store
from adjoint.distributed.tcp_store import TCPStore, is_here_only

world: World | None = None
"""All processes, once MPI was started."""


class World:
    """The processes that MPI made one world of: its module, a communicator of all, and the thread that talks to it."""

    def __init__(self, MPI: Any, communicator: Any) -> None:
        self.MPI = MPI
        self.communicator = communicator
        self.rank, self.size = communicator.Get_rank(), communicator.Get_size()
        near = communicator.Split_type(MPI.COMM_TYPE_SHARED)
        self.neighbours = near.Get_size()  # processes of this machine, itself among them
        near.Free()
        self.progress = Progress()
        self.process = os.getpid()
        self.store: Store | None = None  # of a world that a launcher made: processes that met have the store where they did


def is_there() -> bool:
    """Whether mpi4py can be imported."""
    return find_spec("mpi4py") is not None


def launched() -> tuple[int, int] | None:
    """The rank and the number of processes that ``mpirun`` (or ``mpiexec``, or a batch system's launcher) gave this process; None
    where none started it."""
    for rank, size, alive in _LAUNCHERS:
        if rank in os.environ and size in os.environ and alive():
            found = int(os.environ[rank]), int(os.environ[size])
            # A launcher inside of the launcher (torchrun on each of several machines) has the last word.
            ours = os.environ.get("RANK"), os.environ.get("WORLD_SIZE")
            if None in ours or ours == (str(found[0]), str(found[1])):
                return found
    return None


def start(rank: int = -1, size: int = -1) -> World:
    """The world that the launcher made.

    Raises ImportError without mpi4py, RuntimeError if MPI knows of another number of processes than ``size``.
    """
    global world
    if world is None:
        MPI = _module()
        _initialize(MPI)
        communicator = MPI.COMM_WORLD
        found = communicator.Get_size()
        if size not in (-1, found):
            raise RuntimeError(
                f"init_process_group: world_size is {size}, but MPI made a world of {found} processes. Under mpirun the world is "
                "all that it started; leave world_size out, or start as many"
            )
        key = communicator.Get_rank() if rank < 0 else rank
        world = World(MPI, communicator.Split(0, key))  # in the order that the program asks for
        if world.neighbours == world.size:
            world.store = _store_of(world)
    return _fits(world, rank, size)


def form(store: Store, rank: int, size: int, timeout: timedelta, host: str | None) -> World:
    """The world of ``size`` processes that nobody launched and that share a store; each calls this with its rank.

    ``host`` is the name under which rank 0 is reached from other machines, if it is known.
    Raises ImportError without mpi4py, RuntimeError where its MPI needs a launcher, DistStoreError if not all come in time.
    """
    global world
    if world is None:
        MPI = _module()
        _check_joins(MPI)
        shared = PrefixStore("adjoint/mpi", store)
        shared.set_timeout(timeout)
        shared.set(f"machine/{rank}", _machine())
        if rank == 0:
            machines = [shared.get(f"machine/{r}") for r in range(size)]
            identities = [secrets.randbits(30) | 1 << 30 for _ in range(size)]
            where = _serve(identities, machines, host, timeout)
            for r in range(size):
                shared.set(f"place/{r}", f"{where} {identities[r]}")
        place, identity = shared.get(f"place/{rank}").decode().split()
        shared.set(f"ready/{rank}", "")
        if rank == 0:  # whoever starts MPI answers nobody until all have, and it may be this process that keeps the store
            shared.wait([f"ready/{r}" for r in range(size)])
        kept = {name: os.environ.pop(name, None) for name in ("PMI_FD", "PMI_RANK", "PMI_SIZE", "PMI_PORT", "PMI_ID")}
        os.environ.update(PMI_PORT=place, PMI_ID=identity)
        try:
            _initialize(MPI)
        finally:
            for name, value in kept.items():
                os.environ.pop(name, None)
                if value is not None:
                    os.environ[name] = value
        communicator = MPI.COMM_WORLD
        if (communicator.Get_rank(), communicator.Get_size()) != (rank, size):
            raise RuntimeError(
                f"init_process_group: {MPI.Get_library_version().split(chr(10))[0]} did not let this process join the others "
                f"(rank {rank} of {size}). Start the program with its own launcher: mpirun -n {size} adjoint run program.py"
            )
        world = World(MPI, communicator.Dup())
    return _fits(world, rank, size)


def _fits(made: World, rank: int, size: int) -> World:
    if size not in (-1, made.size) or rank not in (-1, made.rank):
        raise RuntimeError(
            f"init_process_group: MPI can be started once in a process, and here it made this one rank {made.rank} of "
            f"{made.size}; it cannot become rank {rank} of {size} as well"
        )
    if os.getpid() != made.process:
        raise RuntimeError("MPI was started before this process was forked: only the process that started it can use it")
    return made


def _store_of(made: World) -> Store:
    """A store that the processes of one machine share; collective.  Nobody on other machines can reach it."""
    kept = TCPStore("127.0.0.1", 0, is_master=True, wait_for_workers=False) if made.rank == 0 else None
    port = made.communicator.bcast(kept.port if kept is not None else 0, root=0)
    return kept or TCPStore("127.0.0.1", port)


def _module() -> Any:
    """mpi4py's module, which has not started MPI."""
    try:
        import mpi4py
    except ImportError:
        raise ImportError(
            "torch.distributed runs several processes over MPI, by mpi4py, which is not installed: "
            "pip install 'adjoint[distributed]' (which brings an MPI as well)"
        ) from None
    mpi4py.rc.initialize = False
    mpi4py.rc.finalize = False  # at exit it would wait for ranks that died; `lifetime` sees to it
    from mpi4py import MPI

    return MPI


def _initialize(MPI: Any) -> None:
    if MPI.Is_finalized():
        raise RuntimeError("init_process_group: MPI was finalized in this process and cannot be started again")
    if not MPI.Is_initialized():
        MPI.Init_thread(MPI.THREAD_MULTIPLE)
    if MPI.Query_thread() < MPI.THREAD_SERIALIZED:
        raise RuntimeError(
            "init_process_group: this MPI was started for one thread only, and collectives are carried on by another; "
            "start it with MPI_THREAD_SERIALIZED or MPI_THREAD_MULTIPLE"
        )


def _check_joins(MPI: Any) -> None:
    """Raise unless this MPI makes a world of processes that nobody launched."""
    name = MPI.Get_library_version().split("\n")[0].strip("\0 ")
    if not any(family in name.upper() for family in ("MPICH", "INTEL", "MVAPICH")):
        raise RuntimeError(
            f"init_process_group: {name} makes a world only of processes that its own launcher started: "
            "mpirun -n 2 adjoint run program.py"
        )
    if MPI.Is_initialized():
        raise RuntimeError(
            "init_process_group: MPI was started in this process before, by itself (`from mpi4py import MPI` does so): "
            "call init_process_group first, or start the program with mpirun"
        )


def _serve(identities: list[int], machines: list[bytes], host: str | None, timeout: timedelta) -> str:
    """Start the program that makes them one world, and say where it listens."""
    one_machine = len(set(machines)) == 1
    if one_machine or (host is not None and is_here_only(host)):
        address, seen = "127.0.0.1", "127.0.0.1"
    else:
        address, seen = "", host or socket.gethostname()
    numbers = {machine: number for number, machine in enumerate(dict.fromkeys(machines))}
    command = [sys.executable, "-I", "-S", str(Path(pmi.__file__)), address, str(timeout.total_seconds())]
    manager = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True)
    assert manager.stdin is not None and manager.stdout is not None
    with manager.stdin, manager.stdout:
        manager.stdin.write(" ".join(map(str, identities)) + "\n")
        manager.stdin.write(" ".join(str(numbers[machine]) for machine in machines) + "\n")
        manager.stdin.flush()
        port = manager.stdout.readline().strip()
    manager.returncode = 0  # it outlives this process, and nobody waits for it
    if not port:
        raise RuntimeError("init_process_group: the program that makes the processes one world did not start")
    return f"{seen}:{port}"


def _machine() -> bytes:
    """What processes that share memory have in common."""
    parts = [socket.gethostname()]
    for place in ("/proc/sys/kernel/random/boot_id", "/proc/self/ns/ipc", "/dev/shm"):
        with suppress(OSError):
            if place.startswith("/proc/sys"):
                parts.append(Path(place).read_text().strip())
            else:
                found = os.stat(place)
                parts.append(f"{found.st_dev}.{found.st_ino}")
    return " ".join(parts).encode()


def _is_open(name: str) -> bool:
    """Whether the descriptor that a variable names is one: children inherit the variable and not the descriptor."""
    try:
        os.fstat(int(os.environ[name]))
    except (KeyError, ValueError, OSError):
        return False
    return True


# The variables of a launcher: rank, number of processes, and whether they are meant for this process.
_LAUNCHERS = (
    ("PMI_RANK", "PMI_SIZE", lambda: _is_open("PMI_FD") or "PMI_PORT" in os.environ),
    ("OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", lambda: True),
    ("PMIX_RANK", "PMIX_SIZE", lambda: True),
    ("PMI_RANK", "PMI_SIZE", lambda: "SLURM_PROCID" in os.environ and "SLURM_STEP_ID" in os.environ),
)

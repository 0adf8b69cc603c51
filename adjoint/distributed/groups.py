"""Groups: the default one, others of some of its processes, and who is which rank in them."""

from __future__ import annotations

import os
import warnings
from datetime import timedelta
from typing import Any

from adjoint import threads
from adjoint.distributed import backend as backends
from adjoint.distributed import lifetime, mpi, overdue
from adjoint.distributed.constants import default_pg_timeout
from adjoint.distributed.process_group import ProcessGroup
from adjoint.distributed.rendezvous import rendezvous
from adjoint.distributed.store import HashStore, PrefixStore, Store
from adjoint.distributed.transport import Alone, MPITransport
from adjoint.places import users_level


class _Group(type):
    """``group.WORLD`` is a property of the class."""

    @property
    def WORLD(cls) -> ProcessGroup | None:
        return GroupMember.WORLD

    @WORLD.setter
    def WORLD(cls, value: ProcessGroup | None) -> None:
        GroupMember.WORLD = value


class group(metaclass=_Group):
    """``group.WORLD``: the group of all processes; None before :func:`init_process_group`."""


class GroupMember:
    """``GroupMember.NON_GROUP_MEMBER``: what :func:`new_group` returns to a process that is not in the group."""

    WORLD: ProcessGroup | None = None
    NON_GROUP_MEMBER: Any = -100


_groups: dict[str, ProcessGroup] = {}  # by name, those that this process is in
_made = 0  # groups so far: the ranks make them in the same order, so it names them
_resting: dict[tuple[int, ...], list[MPITransport]] = {}  # of groups that were given up, by their ranks


def init_process_group(
    backend: str | None = None,
    init_method: str | None = None,
    timeout: timedelta | None = None,
    world_size: int = -1,
    rank: int = -1,
    store: Store | None = None,
    group_name: str = "",
    pg_options: Any = None,
    device_id: Any = None,
) -> None:
    """Make the processes of a program a group that can exchange tensors; all of them call it, and it returns when all have.

    Started by ``mpirun`` or a batch system's launcher, the processes are MPI's world. Otherwise they find each other by
    ``init_method``: ``"env://"`` (the default: the environment variables ``RANK``, ``WORLD_SIZE``, ``MASTER_ADDR`` and
    ``MASTER_PORT``, as ``adjoint run -n``, ``torchrun`` or a script sets them), ``"tcp://host:port"`` or ``"file:///path"``,
    or by a ``store`` that they share, with ``rank`` and ``world_size``.

    ``backend`` is ``"gloo"`` or ``"mpi"``; both are MPI. ``timeout`` is how long a collective may take, 30 minutes if it is
    None.

    Raises ValueError if there is a group already or something is missing, RuntimeError for ``"nccl"`` and other backends that
    need graphics cards, ImportError if there is more than one process and mpi4py is not installed.

    >>> import adjoint as torch
    >>> import adjoint.distributed as dist
    >>> dist.init_process_group("gloo", store=dist.HashStore(), rank=0, world_size=1)
    >>> dist.get_rank(), dist.get_world_size()
    (0, 1)
    >>> dist.destroy_process_group()
    """
    global _made
    if GroupMember.WORLD is not None:
        raise ValueError("trying to initialize the default process group twice!")
    if store is not None and init_method is not None:
        raise AssertionError("Cannot specify both init_method and store.")
    if timeout is not None:
        _check_timeout(timeout)
    if store is not None:
        if not world_size > 0:
            raise AssertionError("world_size must be positive if using store")
        if not rank >= 0:
            raise AssertionError("rank must be non-negative if using store")
    name = backends.chosen(backend)
    limit = timeout or default_pg_timeout
    started = mpi.launched()
    if started is None:
        host = None
        if store is None:
            url = init_method or "env://"
            store, rank, world_size = next(rendezvous(url, rank, world_size, timeout=limit))
            store.set_timeout(limit)
            host = _host(url)
        if not 0 <= rank < world_size:
            raise ValueError(f"rank {rank} is not one of a world of {world_size} processes")
        # Each group that is made needs words of its own in the store: a program may come here again.
        shared = PrefixStore(f"default_pg/{_made}", store)
        world = mpi.form(shared, rank, world_size, limit, host) if world_size > 1 else None
    else:
        if world_size not in (-1, started[1]):
            raise ValueError(
                f"world_size is {world_size}, but the launcher (mpirun, srun) started {started[1]} processes, which are the world"
            )
        world = mpi.start(rank, started[1]) if started[1] > 1 else None
        rank, world_size = (world.rank, world.size) if world is not None else (0, 1)
        if store is None:
            store = HashStore() if world is None else world.store
    ranks = tuple(range(world_size))
    transport = _transport(world, ranks) if world is not None else Alone()
    _made += 1
    GroupMember.WORLD = ProcessGroup(
        ranks, rank, transport, backend=name, name=group_name or str(_made - 1), timeout=limit, description="default_pg",
        store=store,
    )  # fmt: skip
    _groups[GroupMember.WORLD.group_name] = GroupMember.WORLD


def destroy_process_group(group: ProcessGroup | None = None) -> None:
    """Give a group up; without one, the default group and all others.

    Raises AssertionError if there is none, ValueError for one that was given up already.
    """
    if group is GroupMember.NON_GROUP_MEMBER:
        return
    given = GroupMember.WORLD if group is None else group
    if given is None:
        raise AssertionError("Process group cannot be None")
    if given.group_name not in _groups:
        raise ValueError("Invalid process group specified or has been destroyed.")
    if given is not GroupMember.WORLD:
        _give_up(given)
        return
    GroupMember.WORLD = None
    if isinstance(given._transport, MPITransport) and os.getpid() == given._process:
        lifetime.leave()
    for one in list(_groups.values()):
        _give_up(one)


def _give_up(one: ProcessGroup) -> None:
    """Its communicators are kept for the next group of the same ranks: MPI has only some thousands of them."""
    del _groups[one.group_name]
    transport = one._transport
    if isinstance(transport, MPITransport) and not one._broken and not one._lane:
        _resting.setdefault(one._ranks, []).append(transport)


def _transport(world: mpi.World, ranks: tuple[int, ...]) -> MPITransport | Alone:
    """What carries the collectives of all processes out; MPI's communicators are made when there are none to take again."""
    if _resting.get(ranks):
        kept = _resting[ranks].pop()
        lifetime.join(None)
        return kept
    made = MPITransport(world.MPI, world.communicator.Dup(), world.communicator.Dup())
    lifetime.join(world.communicator)
    threads.share_cores(world.neighbours)
    overdue.listen(world)  # the last that this thread has to do with MPI
    return made


def is_initialized() -> bool:
    """Whether there is a default group."""
    return GroupMember.WORLD is not None


def _get_default_group() -> ProcessGroup:
    if GroupMember.WORLD is None:
        raise ValueError("Default process group has not been initialized, please make sure to call init_process_group.")
    return GroupMember.WORLD


def _get_default_store() -> Store:
    """The store of the default group.  Raises RuntimeError where a launcher's processes on several machines have none."""
    store = _get_default_group()._store
    if store is None:
        raise RuntimeError(
            "the processes that this launcher started on several machines share no store: give init_process_group one, "
            "dist.TCPStore(host, port, world_size, is_master=rank == 0)"
        )
    return store


def _host(url: str) -> str | None:
    """The name under which rank 0 is reached, if the way of meeting says it."""
    from urllib.parse import urlparse

    if url.startswith("tcp://"):
        return urlparse(url).hostname
    return os.environ.get("MASTER_ADDR") if url.startswith("env://") else None


def _check_timeout(timeout: Any) -> None:
    if not isinstance(timeout, timedelta):
        raise TypeError(f"Expected timeout argument to be of type datetime.timedelta, got {timeout}")


def own(given: ProcessGroup | None) -> ProcessGroup | None:
    """The group that an argument means; None where this process is not in it."""
    if given is None:
        return _get_default_group()
    if given is GroupMember.NON_GROUP_MEMBER:
        _get_default_group()
        return None
    if not isinstance(given, ProcessGroup):
        raise TypeError(f"group must be a process group that new_group() made, not {given!r}")
    if given.group_name not in _groups:
        raise ValueError("Invalid process group specified or has been destroyed.")
    return given


def warn_of_stranger(call: str) -> None:
    """What PyTorch says where a process calls a collective of a group that it is not in."""
    world = GroupMember.WORLD
    rank = -1 if world is None else world.rank()
    warnings.warn(f"Running {call} on global rank {rank} which does not belong to the given group.", stacklevel=users_level())


def get_rank(group: ProcessGroup | None = None) -> int:
    """This process' rank in a group (the default one); -1 if it is not in it."""
    found = own(group)
    return -1 if found is None else found.rank()


def get_world_size(group: ProcessGroup | None = None) -> int:
    """How many processes are in a group (the default one); -1 if this process is not in it."""
    found = own(group)
    return -1 if found is None else found.size()


def get_process_group_ranks(group: ProcessGroup | None) -> list[int]:
    """The ranks of a group's processes in the default group, in the group's order."""
    return list((_get_default_group() if group is None else group)._ranks)


def get_global_rank(group: ProcessGroup, group_rank: int) -> int:
    """The rank in the default group of a rank of a group.  Raises ValueError if there is none such."""
    if group is GroupMember.WORLD:
        return group_rank
    if not 0 <= group_rank < group.size():
        raise ValueError(f"Group rank {group_rank} is not part of group {group}")
    return group._ranks[group_rank]


def get_group_rank(group: ProcessGroup, global_rank: int) -> int:
    """The rank in a group of a rank of the default group.  Raises ValueError if it is not in the group."""
    if group is GroupMember.WORLD:
        return global_rank
    if global_rank not in group._ranks:
        raise ValueError(f"Global rank {global_rank} is not part of group {group}")
    return group._ranks.index(global_rank)


def get_backend(group: ProcessGroup | None = None) -> str:
    """The backend of a group, as it was asked for."""
    found = own(group)
    if found is None:
        raise ValueError("Invalid process group specified")
    return found.name()


def get_backend_config(group: ProcessGroup | None = None) -> str:
    """The backends of a group, by device."""
    return repr(backends.BackendConfig(get_backend(group)))


def get_pg_count() -> int:
    """How many groups this process is in."""
    return len(_groups)


def is_torchelastic_launched() -> bool:
    """Whether ``torchrun``, or ``adjoint run -n``, started this process."""
    return os.environ.get("TORCHELASTIC_RUN_ID") is not None


def get_node_local_rank(fallback_rank: int | None = None) -> int:
    """This process' number among those of its machine, from ``LOCAL_RANK`` in the environment.

    Raises RuntimeError where that is not set and no ``fallback_rank`` is given.
    """
    if "LOCAL_RANK" in os.environ:
        return int(os.environ["LOCAL_RANK"])
    if fallback_rank is not None:
        return int(fallback_rank)
    raise RuntimeError(
        "LOCAL_RANK is not in the environment. Consider passing fallback_rank to allow `get_node_local_rank` to work, "
        "assuming you are not running in a multi-device context and want the code to run locally instead."
    )

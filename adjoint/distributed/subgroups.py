"""Groups of some of the processes."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import numpy as np

from adjoint.distributed import backend as backends
from adjoint.distributed import groups, mpi
from adjoint.distributed.groups import GroupMember, _check_timeout, _get_default_group
from adjoint.distributed.process_group import ProcessGroup
from adjoint.distributed.progress import Steps
from adjoint.distributed.transport import Alone, MPITransport

_by_themselves: dict[tuple[int, ...], int] = {}  # groups that only their members made, by ranks


def new_group(
    ranks: Sequence[int] | None = None,
    timeout: timedelta | None = None,
    backend: str | None = None,
    pg_options: Any = None,
    use_local_synchronization: bool = False,
    group_desc: str | None = None,
    device_id: Any = None,
    sort_ranks: bool = True,
) -> Any:
    """A group of some of the processes, given by their ranks (None: all), numbered in the order of their ranks.

    All processes call it, also those that are not in it, which get ``GroupMember.NON_GROUP_MEMBER``; with
    ``use_local_synchronization`` only its members do.

    Raises ValueError for ranks that there are not, or that are given twice.
    """
    world = _get_default_group()
    if timeout is not None:
        _check_timeout(timeout)
    name = world.name() if backend is None else backends.chosen(backend)
    chosen = tuple(range(world.size())) if ranks is None else _checked(ranks, world.size(), sort_ranks)
    if use_local_synchronization:
        _by_themselves[chosen] = turn = _by_themselves.get(chosen, -1) + 1
        digest = hashlib.blake2b(repr((chosen, turn)).encode(), digest_size=8).hexdigest()
        group_name = f"{digest}:{turn}"
        if world.rank() not in chosen:
            return GroupMember.NON_GROUP_MEMBER
    else:
        group_name = str(groups._made)
        groups._made += 1
    transport = _made(world, chosen, use_local_synchronization)
    if world.rank() not in chosen:
        return GroupMember.NON_GROUP_MEMBER
    made = ProcessGroup(
        chosen, chosen.index(world.rank()), transport, backend=name, name=group_name,
        timeout=timeout or world._timeout, description=group_desc or "undefined", store=world._store,
    )  # fmt: skip
    groups._groups[group_name] = made
    return made


def _checked(ranks: Sequence[int], size: int, sort: bool) -> tuple[int, ...]:
    found = [int(rank) for rank in ranks]
    if len(set(found)) != len(found):
        raise ValueError(f"ranks list must not contain duplicate entries, got {found}")
    if len(found) > size:
        raise ValueError("the new group's world size should be less or equal to the world size set by init_process_group")
    if not found:
        raise ValueError("new_group: a group has at least one rank")
    for rank in found:
        if not 0 <= rank < size:
            raise ValueError(f"Rank {rank} is out of range. Valid ranks are 0 to {size - 1} (world_size={size})")
    return tuple(sorted(found) if sort else found)


def _made(world: ProcessGroup, ranks: tuple[int, ...], by_themselves: bool) -> Any:
    """What carries the new group's collectives out: communicators that a group of the same ranks has given up, or new ones.

    All processes have come to this when MPI is asked to make them, so that nothing waits inside of MPI for long.
    """
    whole = world._transport
    if not isinstance(whole, MPITransport):
        return Alone()
    member = world.rank() in ranks
    made: list[MPITransport | Alone] = []

    def body() -> Steps:
        kept = groups._resting.get(ranks, [])
        flag = np.array([len(kept) if member else 1 << 30], np.int64)
        if not by_themselves:
            yield [whole.data.Iallreduce(whole.MPI.IN_PLACE, [flag, whole.MPI.INT64_T], whole.MPI.MIN)]
        if not member:
            return
        if len(ranks) == 1:
            made.append(Alone())
        elif flag[0] > 0 and not by_themselves:
            made.append(kept.pop())
        else:
            assert mpi.world is not None
            members = whole.data.Get_group().Incl(ranks)
            tag = int.from_bytes(hashlib.blake2b(repr(ranks).encode(), digest_size=2).digest(), "little") % 32768
            data = whole.data.Create_group(members, tag)
            control, request = data.Idup()  # whoever waits for a rank that is gone meanwhile is told so
            yield [request]
            made.append(MPITransport(whole.MPI, data, control))

    if by_themselves:
        world._message("new_group", body, None).wait()
    else:
        world._collective("new_group", body, (("ranks", ranks),)).wait()
    return made[0] if made else None


def new_subgroups(
    group_size: int | None = None,
    group: ProcessGroup | None = None,
    timeout: timedelta | None = None,
    backend: str | None = None,
    pg_options: Any = None,
    group_desc: str | None = None,
) -> tuple[Any, list[Any]]:
    """Groups of ``group_size`` neighbouring ranks each: the one of this process, and all of them.

    Without a size a group is what is on one machine, of which the environment says ``LOCAL_WORLD_SIZE``.
    Raises ValueError unless the number of processes is a multiple of it.
    """
    import os

    if group_size is None:
        if "LOCAL_WORLD_SIZE" not in os.environ:
            raise ValueError(
                "Default group size only works when CUDA is available; say a group_size: LOCAL_WORLD_SIZE is not in the environment"
            )
        group_size = int(os.environ["LOCAL_WORLD_SIZE"])
    if group_size <= 0:
        raise ValueError(f"The arg 'group_size' ({group_size}) must be positive")
    size = groups.get_world_size()
    if size < group_size:
        raise ValueError(f"The arg 'group_size' ({group_size}) must not exceed the world size ({size})")
    if size % group_size:
        raise ValueError(f"The world size ({size}) must be divisible by '{group_size=}'")
    parts = [list(range(start, start + group_size)) for start in range(0, size, group_size)]
    return new_subgroups_by_enumeration(parts, timeout, backend, pg_options, group_desc)


def new_subgroups_by_enumeration(
    ranks_per_subgroup_list: Sequence[Sequence[int]],
    timeout: timedelta | None = None,
    backend: str | None = None,
    pg_options: Any = None,
    group_desc: str | None = None,
) -> tuple[Any, list[Any]]:
    """Groups that have no rank in common: the one of this process (None if it is in none), and all of them.

    Raises ValueError if no ranks are given, or one is in two groups.
    """
    if not ranks_per_subgroup_list:
        raise ValueError("The arg 'ranks_per_subgroup_list' cannot be empty")
    seen: dict[int, Sequence[int]] = {}
    mine, made = None, []
    for ranks in ranks_per_subgroup_list:
        one = new_group(ranks, timeout, backend, pg_options, group_desc=group_desc)
        made.append(one)
        for rank in ranks:
            if rank in seen:
                raise ValueError(f"Rank {rank} has appeared in both subgroup {seen[rank]} and {ranks}")
            seen[rank] = ranks
            if rank == groups.get_rank():
                mine = one
    return mine, made


def split_group(parent_pg: ProcessGroup | None = None, split_ranks: Any = None, *args: Any, **kwargs: Any) -> Any:
    """Raises RuntimeError, as PyTorch does for gloo: only NCCL splits groups; :func:`new_group` makes them."""
    raise RuntimeError("No backend for the parent process group or its backend does not support splitting; use new_group")


def shrink_group(ranks_to_exclude: Sequence[int], *args: Any, **kwargs: Any) -> Any:
    """Raises RuntimeError: only NCCL shrinks groups; :func:`new_group` makes smaller ones."""
    raise RuntimeError("shrink_group is NCCL's alone; make a group of the ranks that remain with new_group")

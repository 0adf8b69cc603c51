"""Messages from one rank to another."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from adjoint.distributed.buffers import Buffer, check_tensor
from adjoint.distributed.collectives import Group
from adjoint.distributed.errors import DistBackendError
from adjoint.distributed.groups import get_global_rank, get_group_rank, own, warn_of_stranger
from adjoint.distributed.process_group import ProcessGroup
from adjoint.distributed.progress import Steps
from adjoint.distributed.work import Work
from adjoint.tensor import Tensor


def isend(tensor: Tensor, dst: int | None = None, group: Group = None, tag: int = 0, group_dst: int | None = None) -> Work | None:
    """Begin to send a tensor to rank ``dst`` (of the default group; ``group_dst``: of this one).

    It must not be written to until the :class:`Work` that is returned is over. Messages of one ``tag`` arrive in order.
    """
    check_tensor(tensor, "tensor")
    found = own(group)
    if found is None:
        warn_of_stranger("isend")
        return None
    return _send(found, tensor, _peer(found, dst, group_dst, "destination"), tag)


def irecv(
    tensor: Tensor, src: int | None = None, group: Group = None, tag: int = 0, group_src: int | None = None
) -> Work | None:
    """Begin to receive a tensor from rank ``src`` (of the default group; ``group_src``: of this one; any if neither is given)."""
    check_tensor(tensor, "tensor")
    found = own(group)
    if found is None:
        warn_of_stranger("irecv")
        return None
    if src is None and group_src is None:
        return _receive(found, tensor, None, tag)
    return _receive(found, tensor, _peer(found, src, group_src, "source"), tag)


def send(tensor: Tensor, dst: int | None = None, group: Group = None, tag: int = 0, group_dst: int | None = None) -> None:
    """Send a tensor to rank ``dst`` (of the default group; ``group_dst``: of this one); it may be written to afterwards."""
    work = isend(tensor, dst, group, tag, group_dst)
    if work is not None:
        work.wait()


def recv(
    tensor: Tensor, src: int | None = None, group: Group = None, tag: int = 0, group_src: int | None = None
) -> int:
    """Receive a tensor, of the sender's shape and dtype, from rank ``src`` (of the default group; ``group_src``: of this one; from
    any if neither is given), and return the sender's rank in the default group; -1 if this process is not in the group.

    Raises DistBackendError where more or fewer bytes come than the tensor has.
    """
    work = irecv(tensor, src, group, tag, group_src)
    if work is None:
        return -1
    work.wait()
    found = own(group)
    assert found is not None
    return get_global_rank(found, work._source_rank())


class P2POp:
    """One of the messages that :func:`batch_isend_irecv` begins: ``op`` is :func:`isend` or :func:`irecv`."""

    def __init__(
        self,
        op: Callable[..., Any],
        tensor: Tensor,
        peer: int | None = None,
        group: Group = None,
        tag: int = 0,
        group_peer: int | None = None,
    ) -> None:
        if op not in (isend, irecv):
            raise ValueError(
                "Invalid ``op``. Expected ``op`` to be of type ``torch.distributed.isend`` or ``torch.distributed.irecv``."
            )
        check_tensor(tensor, "tensor")
        self.op, self.tensor, self.group, self.tag = op, tensor, group, tag
        found = own(group)
        assert found is not None
        self.group_peer = _peer(found, peer, group_peer, "destination")
        self.peer = get_global_rank(found, self.group_peer)

    def __repr__(self) -> str:
        return f"P2POp({self.op.__name__} group={self.group}, peer={self.peer}, shape={self.tensor.shape})"


def batch_isend_irecv(p2p_op_list: Sequence[P2POp]) -> list[Work]:
    """Begin several messages, and return their works.  Raises ValueError for what is not a list of :class:`P2POp` of one group."""
    if not isinstance(p2p_op_list, list) or not all(isinstance(p, P2POp) for p in p2p_op_list):
        raise ValueError("Invalid ``p2p_op_list``. Each op is expected to to be of type ``torch.distributed.P2POp``.")
    if any(p.group is not p2p_op_list[0].group for p in p2p_op_list):
        raise ValueError("All ops need to use the same group.")
    works = [
        p.op(p.tensor, group=p.group, tag=p.tag, **{"group_dst" if p.op is isend else "group_src": p.group_peer})
        for p in p2p_op_list
    ]
    return [work for work in works if work is not None]


def _peer(group: ProcessGroup, rank: int | None, group_rank: int | None, role: str) -> int:
    """The other's rank in the group."""
    if rank is not None and group_rank is not None:
        raise ValueError("Can't specify both group_rank and global_rank")
    if rank is None and group_rank is None:
        raise ValueError("Must specify global_rank or group_rank")
    found = get_group_rank(group, rank) if rank is not None else group_rank
    assert found is not None
    if found == group.rank():
        raise ValueError(
            f"Invalid {role} rank: {role} rank should not be the same as the rank of the current process."
        )
    if not 0 <= found < group.size():
        raise ValueError(f"Invalid {role} rank {found}: the group has ranks 0 to {group.size() - 1}")
    return found


def _send(group: ProcessGroup, tensor: Tensor, to: int, tag: int) -> Work:
    given = Buffer(tensor, written=False).flat
    return group._message("send", lambda: group._transport.send(given, to, tag), to, [tensor])


def _receive(group: ProcessGroup, tensor: Tensor, source: int | None, tag: int) -> Work:
    taken = Buffer(tensor, read=False)
    came: list[int] = []
    made: list[Work] = []

    def body() -> Steps:
        yield from group._transport.receive(taken.flat, source, tag, came)
        made[0]._source = came[0]
        if came[1] != taken.flat.nbytes:
            raise DistBackendError(
                f"recv: rank {group._ranks[came[0]]} sent {came[1]} bytes, and the tensor has {taken.flat.nbytes}"
            )
        taken.put_back()

    return group._message("recv", body, source, [tensor], made)

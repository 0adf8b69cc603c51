"""Several collectives at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from adjoint.distributed import collectives, gathering
from adjoint.distributed.buffers import check_tensors
from adjoint.distributed.collectives import Group, checked, finish
from adjoint.distributed.groups import own, warn_of_stranger
from adjoint.distributed.reduce_op import ReduceOp
from adjoint.distributed.work import Work
from adjoint.futures import Future, collect_all
from adjoint.tensor import Tensor


class _CoalescingManager:
    """The collectives that were issued inside of a ``with``."""

    def __init__(self) -> None:
        self.works: list[Work] = []

    def append(self, work: Work | None = None) -> None:
        """Another one."""
        if work is not None:
            self.works.append(work)

    def wait(self) -> None:
        """Wait until all are over."""
        for work in self.works:
            work.wait()


@contextmanager
def _coalescing_manager(group: Group = None, device: Any = None, async_ops: bool = False) -> Iterator[_CoalescingManager]:
    """Have the collectives of one group that are called inside begin one after the other, and wait for all at the end, or, with
    ``async_ops``, where the manager's ``wait()`` is called."""
    found = own(group)
    manager = _CoalescingManager()
    if found is None:
        yield manager
        return
    before, found._collecting = found._collecting, manager.works
    try:
        yield manager
    finally:
        found._collecting = before
    if not async_ops:
        manager.wait()


class Together(Work):
    """Several works as one."""

    def __init__(self, works: Sequence[Work], result: Sequence[Any]) -> None:
        super().__init__("collectives", result)
        self.works = list(works)

    def wait(self, timeout: Any = None) -> bool:
        """Wait until all are over; True.  Raises what went wrong first."""
        return all([work.wait(timeout) for work in self.works])

    def is_completed(self) -> bool:
        """Whether all are over."""
        return all(work.is_completed() for work in self.works)

    def is_success(self) -> bool:
        """Whether all are over and nothing went wrong."""
        return all(work.is_success() for work in self.works)

    def exception(self) -> BaseException | None:
        """What went wrong first."""
        return next((work.exception() for work in self.works if work.exception() is not None), None)

    def get_future(self) -> Future[Any]:
        """A future of the tensors that they give."""
        return collect_all([work.get_future() for work in self.works]).then(lambda done: done.value() and self._result)


def all_reduce_coalesced(
    tensors: Sequence[Tensor], op: Any = ReduceOp.SUM, group: Group = None, async_op: bool = False
) -> Work | None:
    """:func:`all_reduce` of several tensors."""
    if isinstance(tensors, Tensor):
        tensors = [tensors]
    check_tensors(tensors, "tensor")
    found = own(group)
    if found is None:
        warn_of_stranger("all_reduce_coalesced")
        return None
    kinds = [checked(op, tensor, "all_reduce") for tensor in tensors]
    works = [collectives.reduce_in(found, tensor, kind) for tensor, kind in zip(tensors, kinds)]
    return finish(Together(works, tensors), async_op)


def all_gather_coalesced(
    output_tensor_lists: Sequence[Sequence[Tensor]],
    input_tensor_list: Sequence[Tensor],
    group: Group = None,
    async_op: bool = False,
) -> Work | None:
    """:func:`all_gather` of several tensors: ``output_tensor_lists[rank][i]`` is the ``i``-th of a rank."""
    check_tensors(input_tensor_list, "input_tensor_list")
    found = own(group)
    if found is None:
        warn_of_stranger("all_gather_coalesced")
        return None
    works = [
        gathering.all_gather([row[index] for row in output_tensor_lists], tensor, group, async_op=True)
        for index, tensor in enumerate(input_tensor_list)
    ]
    return finish(Together([work for work in works if work is not None], output_tensor_lists), async_op)

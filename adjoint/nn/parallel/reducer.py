"""Reducer: averages gradients over processes, bucket by bucket, while the backward still runs.

A bucket is sent off when the last of its gradients was accumulated and all buckets before it are under way, so that every
process sends the same buckets in the same order.  What was sent is waited for at the end of the backward, by a callback of the
engine.  After the first backward the buckets are made anew, in the order in which gradients arrived.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Sequence
from threading import RLock
from typing import Any

import numpy as np

import adjoint.distributed as dist
from adjoint.autograd.accumulate import AccumulateGrad
from adjoint.autograd.accumulate import _copied as copied_as_its_leaf
from adjoint.autograd.edges import edge_of
from adjoint.autograd.engine import queue_callback
from adjoint.autograd.grad_mode import no_grad
from adjoint.autograd.hooks import await_accumulation, await_no_longer
from adjoint.autograd.node import Output
from adjoint.distributed.grad_bucket import GradBucket
from adjoint.kernels.deferred import settle
from adjoint.nn.parallel import reduction_errors as errors
from adjoint.nn.parallel.buckets import Bucket, assigned_by_size, scaled_into
from adjoint.nn.parallel.reduction_log import ReductionLog
from adjoint.places import users_level
from adjoint.tensor import NO_EDGE, Tensor, from_array, writes_of

_warned: set[str] = set()


class Reducer:
    """Buckets of gradients, and where in a backward their reduction stands.

    ``limits`` are the sizes of buckets in bytes (:func:`~adjoint.nn.parallel.buckets.assigned_by_size`) to begin with, and
    ``later_limits`` those of the buckets in the order of arrival.
    """

    def __init__(
        self,
        parameters: Sequence[Tensor],
        names: Sequence[str],
        group: Any,
        *,
        limits: Sequence[int],
        later_limits: Sequence[int],
        finds_unused: bool,
        grads_are_views: bool,
        skips_unused: bool,
        copies_together: bool,
        log: ReductionLog,
    ) -> None:
        self.parameters = list(parameters)
        self.names = list(names)
        self.group = group
        self.finds_unused = finds_unused
        self.grads_are_views = grads_are_views
        self.skips_unused = skips_unused
        self.copies_together = copies_together
        self.static = False
        self.log = log
        self.hook: tuple[Any, Callable[..., Any]] | None = None
        self.later_limits = later_limits
        self.rebuilt = False
        self.expecting = False  # whether accumulated gradients are to be reduced
        self.unfinished = False  # whether some are on their way
        self.arrived: list[int] = []  # in which order
        self.forward_notice: tuple[Any, bool] | None = None
        self.extra_futures: Any = None  # what else is waited for at the end of the backward
        self._lock = RLock()
        self._backwards = 0
        self._begun = False
        self._marked_unused = False
        self._ready: set[int] = set()
        self._unused: list[int] = []
        self._uses: dict[int, int] = {}  # of a static graph: how often each is accumulated into in one backward
        self._uses_left: dict[int, int] = {}
        self._used = np.zeros(len(self.parameters), np.int32)  # in this process
        self._used_anywhere = self._used
        self._used_work: Any = None
        self._divisor: int | None = None
        self.set_buckets(assigned_by_size(self.parameters, limits)[::-1])
        for index, parameter in enumerate(self.parameters):
            await_accumulation(parameter, self, index)

    # Buckets

    def set_buckets(self, assigned: Iterable[Sequence[int]]) -> None:
        """Have these parameters share buckets, reduced in this order."""
        self.buckets = [Bucket(indices, self.parameters) for indices in assigned]
        self._place = {index: (b, i) for b, bucket in enumerate(self.buckets) for i, index in enumerate(bucket.indices)}
        self._next = 0
        self.log.buckets_are(self.buckets, self.rebuilt)
        if self.grads_are_views:
            for bucket in self.buckets:
                for parameter, view in zip(bucket.parameters, bucket.views):
                    if parameter._grad is not None:
                        view[...] = parameter._grad._array
                        parameter._grad = from_array(view)

    def rebuild_buckets(self) -> bool:
        """Before a forward: make buckets in the order in which gradients arrived, once.  Returns whether that was now.

        Raises RuntimeError if the last backward did not bring all gradients.
        """
        self.check_finished()
        if self.rebuilt or (self.finds_unused and not self.static) or len(self.arrived) != len(self.parameters):
            return False
        self.rebuilt = True
        assigned = assigned_by_size(self.parameters, self.later_limits, self.arrived)
        self.set_buckets(self._as_on_first_rank(assigned))
        return True

    def _as_on_first_rank(self, assigned: list[list[int]]) -> list[list[int]]:
        if dist.get_world_size(self.group) == 1:
            return assigned
        count = len(self.parameters)
        described = np.zeros(2 * count, np.int64)
        described[:count] = [index for indices in assigned for index in indices]
        described[count : count + len(assigned)] = [len(indices) for indices in assigned]
        dist.broadcast(from_array(described), src=dist.get_global_rank(self.group, 0), group=self.group)
        ends = np.cumsum(described[count:][described[count:] > 0])
        return [part.tolist() for part in np.split(described[:count], ends[:-1])]

    # One backward

    def prepare_for_backward(self, outputs: Iterable[Tensor]) -> None:
        """After a forward: expect the gradients of a backward from ``outputs``."""
        self.expecting = True
        self.log.backward_is_expected()
        self._next = 0
        for bucket in self.buckets:
            bucket.waiting = len(bucket.indices)
            bucket.future = None
        self._marked_unused = False
        self._ready.clear()
        self.arrived = []
        self._uses_left = dict(self._uses)
        if self.finds_unused and not self.static:
            self._unused = self._not_reached_from(outputs)
            self.log.unused_are(self._unused)
            if not self._unused:
                _warn_once(errors.NOTHING_UNUSED)

    def _counts_uses(self) -> bool:
        """Whether this is the first backward of a static graph, in which uses are counted and all is reduced at its end."""
        return self.static and self._backwards == 1

    def accumulated(self, index: int) -> None:
        """A parameter has its gradient (or gets none in this backward)."""
        with self._lock:
            if not self._begun:
                self._begun = True
                self._backwards += 1
            counts = self._counts_uses()
            if counts or (self.finds_unused and not self.static):
                if self.parameters[index]._grad is not None:
                    self._used[index] = 1
            if counts:
                self._uses[index] = self._uses.get(index, 0) + 1
                return
            if not self.expecting:
                return
            if not self._marked_unused:
                self._marked_unused = True
                for unused in self._unused:
                    self._mark_ready(unused)
            if self.static:
                left = self._uses_left.get(index, 0)
                if not left:
                    raise RuntimeError(errors.GRAPH_CHANGED)
                self._uses_left[index] = left - 1
                if left > 1:
                    return
            self.arrived.append(index)
            self._mark_ready(index)

    def _mark_ready(self, index: int) -> None:
        if index in self._ready:
            raise errors.ready_twice(index, self.names[index].removeprefix("."))
        self._ready.add(index)
        self.unfinished = True
        b, i = self._place[index]
        bucket = self.buckets[b]
        if not self.copies_together:
            self._take(bucket, i, self.divisor())
        bucket.waiting -= 1
        if bucket.waiting == 0 and b == self._next:
            while self._next < len(self.buckets) and self.buckets[self._next].waiting == 0:
                self._send(self._next)
                self._next += 1
        if self._next == len(self.buckets):
            if self.finds_unused and not self.static:
                self._reduce_used()
            queue_callback(self._finish)

    def divisor(self) -> int:
        """By what sums are divided: the number of processes, or that of those which still train in a ``join()``."""
        if self._divisor is None:
            self._divisor = dist.get_world_size(self.group)
            if self.forward_notice is not None and not self.forward_notice[1]:
                self._divisor = int(self.forward_notice[0].get_future().wait()[0])
        return self._divisor

    def _take(self, bucket: Bucket, i: int, divisor: int) -> None:
        """Copy one gradient into its bucket, divided unless a hook will see it."""
        view = bucket.views[i]
        grad = bucket.parameters[i]._grad
        if grad is None:
            view[...] = 0
            return
        if grad._edge is not NO_EDGE:
            _warn_once(errors.HIGHER_ORDER)
        array = grad._array
        if _is_same_memory(array, view):
            if self.hook is None and divisor != 1:
                view /= divisor
            return
        scaled_into(view, array, 1.0 if self.hook is not None else 1.0 / divisor)
        if self.grads_are_views:
            bucket.parameters[i]._grad = from_array(view)

    def _send(self, b: int) -> None:
        bucket = self.buckets[b]
        if self.copies_together:
            for i in range(len(bucket.indices)):
                self._take(bucket, i, self.divisor())
        if self.skips_unused and set(bucket.indices) <= set(self._unused):
            return
        self.log.bucket_is_sent(b)
        bucket.future = self.reduce(b, bucket.array)

    def reduce(self, b: int, array: Any) -> Any:
        """Start the reduction of an array in the form of bucket ``b``; what is returned is waited for by :meth:`result_of`."""
        if self.hook is None:
            flat = array.view(array.real.dtype) if array.dtype.kind == "c" else array
            return dist.all_reduce(from_array(flat), group=self.group, async_op=True)
        settle()  # what the hook does may change what is put off
        state, hook = self.hook
        bucket = GradBucket(b, len(self.buckets), self.buckets[b], from_array(array))
        with no_grad():
            future = hook(state, bucket)
        if not callable(getattr(future, "wait", None)):
            raise RuntimeError(
                f"Communication hook: expected a torch.futures.Future[torch.Tensor], but the hook returned {type(future).__name__}"
            )
        return future

    def result_of(self, future: Any, array: Any) -> Any:
        """The reduced array, once it is there."""
        value = future.wait()
        if self.hook is None:
            return array
        if isinstance(value, (list, tuple)) and len(value) == 1:
            value = value[0]
        if not isinstance(value, Tensor):
            raise RuntimeError(f"Communication hook: expected its Future to hold a Tensor, but got {type(value).__name__}")
        return np.reshape(value._array, -1)

    def _reduce_used(self) -> None:
        self._used_anywhere = self._used.copy()
        self._used_work = dist.all_reduce(from_array(self._used_anywhere), group=self.group, async_op=True)

    def reduce_all_at_once(self) -> None:
        """At the end of the first backward of a static graph: note what was used, and reduce everything."""
        with self._lock, no_grad():
            self._reduce_used()
            self._unused = [i for i in range(len(self.parameters)) if i not in self._uses]
            self.log.unused_are(self._unused)
            self.unfinished = True
            for b, bucket in enumerate(self.buckets):
                if not self.copies_together:
                    for i in range(len(bucket.indices)):
                        self._take(bucket, i, self.divisor())
                self._send(b)
            self._finish()

    def _finish(self) -> None:
        """At the end of a backward: wait for the reductions, and give the parameters their gradients."""
        with no_grad():
            self.expecting = self._begun = self.unfinished = False
            if self.static and not self.rebuilt and len(self.arrived) + len(self._unused) == len(self.parameters):
                self.arrived += self._unused
            self.log.backward_is_done()
            for bucket in self.buckets:
                if bucket.future is not None:
                    self._give(bucket, self.result_of(bucket.future, bucket.array))
                    bucket.future = None
            self._divisor = None
            self.log.reduction_is_done(self.arrived)
            if self.extra_futures is not None:
                for future in self.extra_futures:
                    future.wait()
                self.extra_futures = None
            if self._used_work is not None:
                self._used_work.wait()
                self._used_work = None
            if not self.static:
                self._used[:] = 0

    def _give(self, bucket: Bucket, result: Any) -> None:
        """Write what was reduced into the gradients of a bucket's parameters; those that nobody used keep what they have."""
        views = bucket.views if result is bucket.array else bucket.views_of(result)
        for index, parameter, view, own in zip(bucket.indices, bucket.parameters, views, bucket.views):
            if (self.finds_unused or self.static) and not self._used[index]:
                if self._used_work is not None:  # waited for only where it matters
                    self._used_work.wait()
                    self._used_work = None
                if not self._used_anywhere[index]:
                    continue
            if self.grads_are_views:
                if view is not own:
                    own[...] = view
                view = own
            grad = parameter._grad
            if grad is None:
                parameter._grad = from_array(view if self.grads_are_views else copied_as_its_leaf(view, parameter._array))
            elif not _is_same_memory(grad._array, view):
                if self.grads_are_views:
                    raise RuntimeError(
                        "Detected at least one parameter gradient is not the expected DDP bucket view with "
                        "gradient_as_bucket_view=True. This may happen (for example) if multiple allreduce hooks were registered "
                        "onto the same parameter. If you hit this error, please file an issue with a minimal repro."
                    )
                np.copyto(grad._array, view, casting="unsafe")
                writes_of(grad).bump_at("a backward, which averaged gradients over processes")

    # What is asked from outside

    def check_finished(self) -> None:
        """Raise PyTorch's error if gradients are missing that the last backward was to bring."""
        if self.unfinished:
            missing = [i for i in range(len(self.parameters)) if i not in self._ready]
            names = [name.removeprefix(".") for name in self.names]
            raise errors.unfinished(dist.get_rank(self.group), missing, names, self.static, self.finds_unused)

    def shadow_backward(self) -> None:
        """In a ``join()``, on a process without data left: take part in the reductions of the others, with zeros."""
        with no_grad():
            arrays = [np.zeros_like(bucket.array) for bucket in self.buckets]
            futures = [self.reduce(b, array) for b, array in enumerate(arrays)]
            for future, array in zip(futures, arrays):
                self.result_of(future, array)
            if self.finds_unused and not self.static:
                dist.all_reduce(from_array(np.zeros_like(self._used)), group=self.group)

    def shadow_arrival(self) -> None:
        """In a ``join()``: rebuild buckets along with the others, in whatever order."""
        if not self.rebuilt and len(self.arrived) != len(self.parameters):
            self.arrived = list(range(len(self.parameters)))

    def forget(self) -> None:
        """Begin anew, as before the first backward: buckets will be rebuilt."""
        self.rebuilt = self.expecting = self.unfinished = self._begun = False
        self.arrived = []
        self._divisor = None
        self._used[:] = 0
        self.forward_notice = None

    def remove(self) -> None:
        """Wait for no parameter any more."""
        for parameter in self.parameters:
            await_no_longer(parameter, self)

    def _not_reached_from(self, outputs: Iterable[Tensor]) -> list[int]:
        """The parameters that no path of the graph leads to."""
        found: set[int] = set()
        seen: set[int] = set()
        stack: list[Any] = [edge_of(tensor) for tensor in outputs if tensor.requires_grad]
        while stack:
            sink = stack.pop()
            if sink is NO_EDGE or sink is None:
                continue
            node = sink.node if sink.__class__ is Output else sink
            if node.__class__ is AccumulateGrad:
                found.add(id(node.variable))
            elif id(node) not in seen:
                seen.add(id(node))
                stack += node._edges
        return [index for index, parameter in enumerate(self.parameters) if id(parameter) not in found]


def _is_same_memory(a: Any, b: Any) -> bool:
    return a is b or (
        a.__class__ is np.ndarray
        and a.shape == b.shape
        and a.strides == b.strides
        and a.__array_interface__["data"][0] == b.__array_interface__["data"][0]
    )


def _warn_once(text: str) -> None:
    if text not in _warned:
        _warned.add(text)
        warnings.warn(text, UserWarning, stacklevel=users_level())

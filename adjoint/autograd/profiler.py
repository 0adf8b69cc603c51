"""The profiler: how often operators and nodes of the backward run, and for how long.

While it is on, an interceptor times every operator that its thread calls, and a watcher every node of the backward.
Off, it costs nothing.
"""

from __future__ import annotations

import functools
import os
import threading
import time
import traceback
import warnings
from collections.abc import Callable
from typing import Any, NoReturn

from adjoint.autograd import engine
from adjoint.autograd.accumulate import AccumulateGrad
from adjoint.autograd.interception import intercept
from adjoint.autograd.node import Node
from adjoint.autograd.profiler_util import EventList, FunctionEvent, FunctionEventAvg
from adjoint.autograd.saved_hooks import recorded_node
from adjoint.interrupts import at_once, surely
from adjoint.names import list_names as _list_names
from adjoint.places import is_our_file, users_level
from adjoint.tensor import Tensor, tick
from adjoint.thread_state import declare, put_back, snapshot

__all__ = ["EventList", "FunctionEvent", "emit_itt", "emit_nvtx", "profile", "record_function"]


class _Recording:
    """The events of one thread while a profiler is on."""

    def __init__(self, shapes: bool, memory: bool, stack: bool) -> None:
        self.shapes = shapes
        self.memory = memory
        self.stack = stack
        self.thread = threading.get_native_id()
        self.events: list[FunctionEvent] = []
        self.open: list[FunctionEvent] = []
        self.interceptor = self._operator
        self.watcher = self._node

    def start(self) -> None:
        before = snapshot()
        try:
            _active.recordings = (*_active.recordings, self)
            intercept.add(self.interceptor)
            engine.watchers.append(self.watcher)
        except BaseException:
            put_back(before)
            engine.unwatch(self.watcher)
            raise

    def stop(self) -> None:
        """See nothing any more."""
        intercept.remove(self.interceptor)
        engine.unwatch(self.watcher)
        _active.recordings = tuple([r for r in _active.recordings if r is not self])

    def begin(
        self, name: str, args: Any = (), *, annotation: bool = False, sequence_nr: int = -1, scope: int = 0, fwd_thread: int = 0
    ) -> FunctionEvent:
        """Open an event inside of the one that is open."""
        now = time.perf_counter_ns() / 1e3
        event = FunctionEvent(
            len(self.events),
            name,
            self.thread,
            now,
            now,
            overload_name="",
            fwd_thread=fwd_thread,
            input_shapes=[list(getattr(a, "shape", ())) for a in args] if self.shapes else [],
            stack=_stack() if self.stack else [],
            scope=scope,
            sequence_nr=sequence_nr,
            is_user_annotation=annotation,
        )
        if self.open:
            event.cpu_parent = self.open[-1]
            self.open[-1].cpu_children.append(event)
        self.events.append(event)
        self.open.append(event)
        return event

    def end(self, event: FunctionEvent) -> None:
        """Close an event, and what was left open inside of it."""
        now = time.perf_counter_ns() / 1e3
        while self.open:
            last = self.open.pop()
            last.time_range = last.time_range._replace(end=now)
            if last is event:
                break

    def _operator(self, operator: Any, run: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        prefix = "" if isinstance(operator.name, str) and operator.name[:1].isupper() else "aten::"
        event = self.begin(prefix + operator.name, _as_called(operator, args, kwargs))
        before = tick()
        try:
            result = run(*args, **kwargs)
        finally:
            self.end(event)
        node = recorded_node(result, before)
        if node is not None:
            event.sequence_nr = node._sequence_nr()
        if self.memory:
            made = result if isinstance(result, (tuple, list)) else (result,)
            size = sum(
                t._array.nbytes
                for t in made
                if isinstance(t, Tensor) and t._view is None and hasattr(t._array, "nbytes")
            )
            above: FunctionEvent | None = event
            while above is not None:
                above.cpu_memory_usage += size
                above = above.cpu_parent
        return result

    def _node(self, node: Node, g: Any, run: Callable[[], Any]) -> Any:
        if threading.get_native_id() != self.thread:
            return run()
        number = -1 if isinstance(node, AccumulateGrad) else node._sequence_nr()
        thread = self.thread if number >= 0 else 0
        outer = self.begin(
            f"autograd::engine::evaluate_function: {node.name()}", sequence_nr=number, fwd_thread=thread
        )
        try:
            self.begin(node.name(), _gradients(g), sequence_nr=number, scope=1, fwd_thread=thread)
            return run()
        finally:
            self.end(outer)


def _as_called(operator: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, ...]:
    """The arguments in PyTorch's order, in which a bias comes after what it is added to."""
    names = [p.name for p in getattr(operator, "params", ())]
    if names[:1] == ["bias"] and len(args) >= len(names):
        args = (*args[1 : len(names)], args[0], *args[len(names) :])
    return (*args, *kwargs.values())


def _gradients(g: Any) -> list[Any]:
    """What arrived at a node, of which the shapes are shown."""
    return [x for x in (g if isinstance(g, list) else [g]) if x is not None]


_active = declare(recordings=())  # those of this thread's profilers


def _stack() -> list[str]:
    """The user's stack, innermost first, in the form ``file(line): function``."""
    frames = traceback.extract_stack()[:-2]
    return [f"{f.filename}({f.lineno}): {f.name}" for f in reversed(frames) if not is_our_file(f.filename)]


def _profiler_enabled() -> bool:
    """Whether a profiler is on in this thread."""
    return bool(_active.recordings)


def kineto_available() -> bool:
    """Whether there is a profiler to record with: this one."""
    return True


class profile:
    """Records what runs inside, in this thread: operators, the backward's nodes and :class:`record_function` regions.

    ``record_shapes`` keeps the shapes of the operators' tensors, ``with_stack`` where they were called,
    ``profile_memory`` how many bytes their results take.  What needs a GPU or a tracing compiler raises.

    >>> import adjoint as torch
    >>> x = torch.ones(2, requires_grad=True)
    >>> with torch.autograd.profiler.profile() as prof:
    ...     (x * x).sum().backward()
    >>> {e.key: e.count for e in prof.key_averages()}["aten::mul"]
    1
    """

    def __init__(
        self,
        enabled: bool = True,
        *,
        use_cuda: bool = False,
        use_device: str | None = None,
        record_shapes: bool = False,
        with_flops: bool = False,
        profile_memory: bool = False,
        with_stack: bool = False,
        with_modules: bool = False,
        use_kineto: bool = False,
        use_cpu: bool = True,
        experimental_config: Any = None,
        acc_events: bool = False,
    ) -> None:
        if with_flops or with_modules or experimental_config is not None:
            raise NotImplementedError("Adjoint's profiler has no with_flops, with_modules or experimental_config")
        if use_cuda or use_device == "cuda":
            warnings.warn("CUDA is not available, disabling CUDA profiling", stacklevel=users_level())
        elif use_device is not None:
            raise NotImplementedError(f"Adjoint's profiler does not know the device {use_device!r}")
        if not use_cpu and not use_kineto:
            raise AssertionError("Device-only events supported only with Kineto (use_kineto=True)")
        self.enabled = enabled
        self.record_shapes = record_shapes
        self.profile_memory = profile_memory
        self.with_stack = with_stack
        self.acc_events = acc_events
        self.entered = False
        self.function_events: EventList | None = None
        self._recording: _Recording | None = None

    def __enter__(self) -> Any:
        if not self.enabled:
            return None
        if self.entered:
            raise RuntimeError("Profiler context manager is not reentrant")
        self.entered = True
        try:
            self._start()
            return self
        except BaseException:
            self._stop()
            raise

    @at_once
    def __exit__(self, *exc: object) -> None:
        if self.enabled:
            self._stop()

    def _start(self) -> None:
        recording = self._recording = _Recording(self.record_shapes, self.profile_memory, self.with_stack)
        recording.start()

    @at_once
    def _stop(self) -> None:
        recording = self._recording
        if recording is None:
            return
        surely(recording.stop)
        self._recording = None
        if recording.open:
            recording.end(recording.open[0])
        before = self.function_events if self.acc_events and self.function_events is not None else []
        self.function_events = EventList([*before, *recording.events], profile_memory=self.profile_memory)

    def _events(self) -> EventList:
        if self.function_events is None:
            raise AssertionError("Expected profiling results")
        return self.function_events

    def table(
        self,
        sort_by: str | None = None,
        row_limit: int = 100,
        max_src_column_width: int = 75,
        max_name_column_width: int = 55,
        max_shapes_column_width: int = 80,
        header: str | None = None,
        top_level_events_only: bool = False,
    ) -> str:
        """The events as a table of text."""
        return self._events().table(
            sort_by,
            row_limit,
            max_src_column_width,
            max_name_column_width,
            max_shapes_column_width,
            header,
            top_level_events_only,
        )

    def key_averages(self, group_by_input_shape: bool = False, group_by_stack_n: int = 0) -> EventList:
        """One average for each name of an event."""
        return self._events().key_averages(group_by_input_shape, group_by_stack_n)

    def total_average(self) -> FunctionEventAvg:
        """All events as one."""
        return self._events().total_average()

    @property
    def self_cpu_time_total(self) -> float:
        """The time of all events, microseconds."""
        return self._events().self_cpu_time_total

    def export_chrome_trace(self, path: str | os.PathLike[str]) -> None:
        """Write a JSON file that ``chrome://tracing`` and Perfetto show."""
        self._events().export_chrome_trace(path)

    def export_stacks(self, path: str | os.PathLike[str], metric: str = "self_cpu_time_total") -> None:
        """Write the stacks of the events and their times, for flame graphs; needs ``with_stack=True``."""
        if not self.with_stack:
            raise AssertionError("export_stacks() requires with_stack=True")
        self._events().export_stacks(path, metric)

    def __repr__(self) -> str:
        if self.function_events is None:
            return "<unfinished torch.autograd.profile>"
        return repr(list(self.function_events))

    def __str__(self) -> str:
        if self.function_events is None:
            return "<unfinished torch.autograd.profile>"
        return str(self.function_events)


class record_function:
    """Names a region for the profiler: a context manager and a decorator."""

    def __init__(self, name: str, args: str | None = None) -> None:
        self.name = name
        self.args = args
        self._open: list[tuple[_Recording, FunctionEvent]] = []

    def __enter__(self) -> record_function:
        self._open = [(r, r.begin(self.name, annotation=True, scope=7)) for r in _active.recordings]
        return self

    def __exit__(self, *exc: object) -> None:
        for recording, event in self._open:
            if event in recording.open:
                recording.end(event)
        self._open = []

    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def inside(*args: Any, **kwargs: Any) -> Any:
            with record_function(self.name, self.args):
                return function(*args, **kwargs)

        return inside


class emit_nvtx:
    """Marks for NVIDIA's profilers: they need CUDA, so entering raises AssertionError."""

    def __init__(self, enabled: bool = True, record_shapes: bool = False) -> None:
        self.enabled = enabled
        self.record_shapes = record_shapes

    def __enter__(self) -> emit_nvtx | None:
        if not self.enabled:
            return None
        _raise("Torch not compiled with CUDA enabled", AssertionError)

    def __exit__(self, *exc: object) -> None:
        pass


class emit_itt:
    """Marks for Intel's profilers: Adjoint has none, so entering raises NotImplementedError."""

    def __init__(self, enabled: bool = True, record_shapes: bool = False) -> None:
        self.enabled = enabled
        self.record_shapes = record_shapes

    def __enter__(self) -> emit_itt | None:
        if not self.enabled:
            return None
        _raise("Adjoint does not emit marks for Intel's ITT; use torch.autograd.profiler.profile", NotImplementedError)

    def __exit__(self, *exc: object) -> None:
        pass


def _raise(text: str, kind: type[Exception]) -> NoReturn:
    raise kind(text)


_list_names(__name__)

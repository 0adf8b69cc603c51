"""``torch.profiler``: the profiler of :mod:`adjoint.autograd.profiler`, with a schedule of steps."""

from __future__ import annotations

import enum
import os
import socket
import time
import warnings
from collections.abc import Callable, Iterable
from typing import Any

from adjoint.autograd.profiler import profile as _profile
from adjoint.autograd.profiler import record_function
from adjoint.autograd.profiler_util import EventList
from adjoint.interrupts import at_once, surely
from adjoint.names import list_names as _list_names
from adjoint.places import users_level

__all__ = [
    "ProfilerAction",
    "ProfilerActivity",
    "kineto_available",
    "profile",
    "record_function",
    "schedule",
    "supported_activities",
    "tensorboard_trace_handler",
]


class ProfilerActivity(enum.Enum):
    """What a profiler may look at; here there is the CPU only."""

    CPU = 0
    XPU = 1
    CUDA = 3


def supported_activities() -> set[ProfilerActivity]:
    """The activities that can be profiled."""
    return {ProfilerActivity.CPU}


def kineto_available() -> bool:
    """Whether Kineto, which profiles for PyTorch, is there: this profiler is Adjoint's own."""
    return False


class ProfilerAction(enum.Enum):
    """What a profiler does in a step."""

    NONE = 0
    WARMUP = 1
    RECORD = 2
    RECORD_AND_SAVE = 3


def schedule(
    *, wait: int, warmup: int, active: int, repeat: int = 0, skip_first: int = 0, skip_first_wait: int = 0
) -> Callable[[int], ProfilerAction]:
    """A schedule: skip ``skip_first`` steps, then ``repeat`` times (0: always) wait, warm up, and record.

    >>> from adjoint.profiler import schedule
    >>> plan = schedule(wait=1, warmup=1, active=2, repeat=1)
    >>> [plan(step).name for step in range(5)]
    ['NONE', 'WARMUP', 'RECORD', 'RECORD_AND_SAVE', 'NONE']
    """
    if min(wait, warmup, repeat, skip_first) < 0 or active <= 0:
        raise AssertionError("Invalid profiler schedule arguments")
    cycle = wait + warmup + active

    def plan(step: int) -> ProfilerAction:
        if step < 0:
            raise AssertionError(f"Step must be non-negative. Got {step}.")
        if step < skip_first:
            return ProfilerAction.NONE
        step -= skip_first
        if skip_first_wait:
            step += wait
        if repeat and step // cycle >= repeat:
            return ProfilerAction.NONE
        at = step % cycle
        if at < wait:
            return ProfilerAction.NONE
        if at < wait + warmup:
            return ProfilerAction.WARMUP
        return ProfilerAction.RECORD if at < cycle - 1 else ProfilerAction.RECORD_AND_SAVE

    return plan


def tensorboard_trace_handler(
    dir_name: str, worker_name: str | None = None, use_gzip: bool = False
) -> Callable[[profile], None]:
    """For ``on_trace_ready``: writes each trace into a folder, under a name of its own."""

    def handle(prof: profile) -> None:
        os.makedirs(dir_name, exist_ok=True)
        worker = worker_name or f"{socket.gethostname()}_{os.getpid()}"
        path = os.path.join(dir_name, f"{worker}.{time.time_ns()}.pt.trace.json")
        prof.export_chrome_trace(path + ".gz" if use_gzip else path)

    return handle


_RECORDING = (ProfilerAction.RECORD, ProfilerAction.RECORD_AND_SAVE)


class profile:
    """Profiles what runs inside; with a ``schedule``, the steps that it says, between calls of :meth:`step`.

    ``on_trace_ready(prof)`` is called whenever a recording is complete.  Options as in
    :class:`adjoint.autograd.profiler.profile`.

    >>> import adjoint as torch
    >>> from adjoint.profiler import ProfilerActivity, profile
    >>> with profile(activities=[ProfilerActivity.CPU]) as prof:
    ...     _ = torch.ones(3) * 2
    >>> [e.key for e in prof.key_averages() if e.key == "aten::mul"]
    ['aten::mul']
    """

    def __init__(
        self,
        *,
        activities: Iterable[ProfilerActivity] | None = None,
        schedule: Callable[[int], ProfilerAction] | None = None,
        on_trace_ready: Callable[..., Any] | None = None,
        record_shapes: bool = False,
        profile_memory: bool = False,
        with_stack: bool = False,
        with_flops: bool = False,
        with_modules: bool = False,
        experimental_config: Any = None,
        acc_events: bool = False,
        use_cuda: bool | None = None,
    ) -> None:
        self.activities = set(activities) if activities is not None else supported_activities()
        if not self.activities:
            raise AssertionError("No valid profiler activities found")
        self._options = {
            "use_cuda": bool(use_cuda) or (activities is not None and ProfilerActivity.CUDA in self.activities),
            "record_shapes": record_shapes,
            "profile_memory": profile_memory,
            "with_stack": with_stack,
            "with_flops": with_flops,
            "with_modules": with_modules,
            "experimental_config": experimental_config,
            "acc_events": acc_events,
        }
        self.schedule = schedule or (lambda step: ProfilerAction.RECORD)
        self._by_step = schedule is not None
        self.on_trace_ready = on_trace_ready
        self.step_num = 0
        self.profiler = _profile(**self._options)  # type: ignore[arg-type]
        self._running = False
        self._cycles = 0
        self._step: Any = None

    def __enter__(self) -> profile:
        try:
            self.start()
            return self
        except BaseException:
            self.profiler._stop()
            raise

    @at_once
    def __exit__(self, *exc: object) -> None:
        surely(self.stop)

    def start(self) -> None:
        """Begin, as entering the context does."""
        self._go_on()

    def stop(self) -> None:
        """End, as leaving the context does."""
        self._close_step()
        if self._running:
            self._finish()

    def step(self) -> None:
        """Say that the next step of the program begins."""
        self._close_step()
        if self._running and self.schedule(self.step_num) is ProfilerAction.RECORD_AND_SAVE:
            self._finish(next_step=True)
        self.step_num += 1
        self._go_on()

    def _go_on(self) -> None:
        records = self.schedule(self.step_num) in _RECORDING
        if records and not self._running:
            if not self._options["acc_events"]:
                if self._cycles == 1:
                    warnings.warn(
                        "Warning: Profiler clears events at the end of each cycle. Only events from the current cycle will be "
                        "reported. To keep events across cycles, set acc_events=True.",
                        stacklevel=users_level(),
                    )
                self.profiler = _profile(**self._options)  # type: ignore[arg-type]
            self._cycles += 1
            self.profiler._start()
            self._running = True
        elif not records and self._running:
            self._finish()
        if self._running and self._by_step:
            self._step = record_function(f"ProfilerStep#{self.step_num}")
            self._step.__enter__()

    def _close_step(self) -> None:
        if self._step is not None:
            self._step.__exit__()
            self._step = None

    def _finish(self, next_step: bool = False) -> None:
        self.profiler._stop()
        self._running = False
        if self.on_trace_ready is not None:
            self.step_num += next_step  # as PyTorch counts while the handler runs
            try:
                self.on_trace_ready(self)
            finally:
                self.step_num -= next_step

    def events(self) -> EventList:
        """The events of the latest recording."""
        return self.profiler._events()

    def key_averages(self, group_by_input_shape: bool = False, group_by_stack_n: int = 0) -> EventList:
        """One average for each name of an event; all steps together are ``ProfilerStep*``."""
        events = self.events()
        for e in events:
            if e.name.startswith("ProfilerStep#"):
                e.name = "ProfilerStep*"
        return events.key_averages(group_by_input_shape, group_by_stack_n)

    def export_chrome_trace(self, path: str) -> None:
        """Write a JSON file that ``chrome://tracing`` and Perfetto show, compressed if it is named ``.gz``."""
        self.profiler.export_chrome_trace(path)

    def export_stacks(self, path: str, metric: str = "self_cpu_time_total") -> None:
        """Write the stacks of the events and their times, for flame graphs; needs ``with_stack=True``."""
        self.profiler.export_stacks(path, metric)


_list_names(__name__)

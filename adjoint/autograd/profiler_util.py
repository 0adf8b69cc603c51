"""What a profiler saw: events, their averages, and the table and the files they are shown in."""

from __future__ import annotations

import enum
import json
import os
from collections.abc import Iterable
from typing import Any, NamedTuple

from adjoint.files import replace_file, write_text
from adjoint.names import list_names as _list_names


class Interval(NamedTuple):
    """A time from start to end, in microseconds."""

    start: float
    end: float

    def elapsed_us(self) -> float:
        """The length of the interval."""
        return self.end - self.start


class DeviceType(enum.Enum):
    """Where an event was: on the processor."""

    CPU = 0

    def __repr__(self) -> str:
        return f"<DeviceType.{self.name}: {self.value}>"


class _Times:
    """Times as text, ``cpu_time_str`` of ``cpu_time`` and so on, and those of devices, which are none."""

    cpu_time: float
    cpu_time_total: float
    self_cpu_time_total: float
    device_time = 0.0
    device_time_total = self_device_time_total = 0
    device_memory_usage = self_device_memory_usage = 0

    cpu_time_str = property(lambda self: _time(self.cpu_time), doc="``cpu_time`` as text.")
    cpu_time_total_str = property(lambda self: _time(self.cpu_time_total), doc="``cpu_time_total`` as text.")
    self_cpu_time_total_str = property(lambda self: _time(self.self_cpu_time_total), doc="``self_cpu_time_total`` as text.")
    device_time_str = device_time_total_str = self_device_time_total_str = "0.000us"


class FunctionEvent(_Times):
    """One call of an operator, of a node of the backward, or one ``record_function`` region.  Times are microseconds.

    ``sequence_nr`` is the number of the node that an operator recorded, or that a backward ran; ``fwd_thread`` the thread in
    which that node was recorded, 0 outside of a backward; ``scope`` 1 for what a node does and 7 for what the user named.

    >>> from adjoint.autograd.profiler_util import FunctionEvent
    >>> FunctionEvent(id=1, name="work", thread=1, start_us=10, end_us=15).cpu_time
    5.0
    """

    count = 1
    device_type = DeviceType.CPU
    device_index = 0
    use_device: str | None = None

    def __init__(
        self,
        id: int,
        name: str,
        thread: int,
        start_us: float,
        end_us: float,
        overload_name: str | None = None,
        fwd_thread: int | None = None,
        input_shapes: list[Any] | None = None,
        stack: list[str] | None = None,
        scope: int = 0,
        *,
        cpu_memory_usage: int = 0,
        is_async: bool = False,
        is_remote: bool = False,
        sequence_nr: int = -1,
        node_id: int = -1,
        is_legacy: bool = False,
        flops: int | None = None,
        is_user_annotation: bool = False,
    ) -> None:
        self.id = id
        self.node_id = node_id
        self.name = self.trace_name = name
        self.overload_name = overload_name
        self.thread = self.device_resource_id = thread
        self.fwd_thread = fwd_thread
        self.time_range = Interval(start_us, end_us)
        self.input_shapes = input_shapes
        self.stack = stack
        self.scope = scope
        self.is_async = is_async
        self.is_remote = is_remote
        self.is_legacy = is_legacy
        self.is_user_annotation = is_user_annotation
        self.sequence_nr = sequence_nr
        self.flops = flops
        self.kernels: list[Any] = []
        self.cpu_children: list[FunctionEvent] = []
        self.cpu_parent: FunctionEvent | None = None
        self.cpu_memory_usage = cpu_memory_usage  # bytes allocated, by what it called as well

    def append_cpu_child(self, child: FunctionEvent) -> None:
        """Note an event that happened directly inside of this one."""
        if not isinstance(child, FunctionEvent):
            raise AssertionError("Expected child to be a FunctionEvent")
        self.cpu_children.append(child)

    def set_cpu_parent(self, parent: FunctionEvent) -> None:
        """Note the event inside of which this one happened."""
        if not isinstance(parent, FunctionEvent):
            raise AssertionError("Expected parent to be a FunctionEvent")
        self.cpu_parent = parent

    @property
    def key(self) -> str:
        """The name under which averages are taken."""
        return self.name

    @property
    def cpu_time_total(self) -> float:  # type: ignore[override]
        """The time from start to end."""
        return self.time_range.elapsed_us()

    @property
    def cpu_time(self) -> float:  # type: ignore[override]
        """The time of a call: that of this one."""
        return self.cpu_time_total / self.count

    @property
    def self_cpu_time_total(self) -> float:  # type: ignore[override]
        """The time not spent in what it called."""
        return self.cpu_time_total - sum(child.cpu_time_total for child in self.cpu_children)

    @property
    def self_cpu_memory_usage(self) -> int:
        """The bytes not allocated by what it called."""
        return self.cpu_memory_usage - sum(child.cpu_memory_usage for child in self.cpu_children)

    def __repr__(self) -> str:
        return (
            f"<FunctionEvent id={self.id} name={self.name} overload_name={self.overload_name} "
            f"device_type=DeviceType.{self.device_type.name} node_id={self.node_id} cpu_time={self.cpu_time_str} "
            f"start_us={self.time_range.start} end_us={self.time_range.end} "
            f"cpu_children={[child.id for child in self.cpu_children]} {self.use_device}_time={self.device_time_str} "
            f"name={self.name} thread={self.thread} input_shapes={self.input_shapes} "
            f"cpu_memory_usage={self.cpu_memory_usage} {self.use_device}_memory_usage={self.device_memory_usage} "
            f"is_async={self.is_async} is_remote={self.is_remote} seq_nr={self.sequence_nr} is_legacy={self.is_legacy}>"
        )


class FunctionEventAvg(_Times):
    """Events of one name together."""

    device_type = DeviceType.CPU
    use_device: str | None = None

    def __init__(self) -> None:
        self.key: str | None = None
        self.count = 0
        self.node_id = 0
        self.is_async = self.is_remote = self.is_legacy = False
        self.cpu_time_total = 0.0
        self.self_cpu_time_total = 0.0
        self.cpu_memory_usage = 0
        self.self_cpu_memory_usage = 0
        self.overload_name: str | None = None
        self.input_shapes: Any = None
        self.stack: list[str] | None = None
        self.scope: int | None = None
        self.cpu_children: list[FunctionEvent] | None = None
        self.cpu_parent: FunctionEvent | None = None
        self.flops = 0
        self.is_user_annotation = False

    def add(self, other: FunctionEvent | FunctionEventAvg) -> FunctionEventAvg:
        """Count one more event, or all those of another average.  Raises AssertionError if it is of another name."""
        if self.key is None:
            for name in _SHARED:
                setattr(self, name, getattr(other, name))
        if not isinstance(other, (FunctionEvent, FunctionEventAvg)):
            raise AssertionError("Expected other to be a FunctionEvent or FunctionEventAvg")
        if other.key != self.key:
            raise AssertionError(f"Expected keys to match, but got {other.key} vs {self.key}")
        self.cpu_time_total += other.cpu_time_total
        self.self_cpu_time_total += other.self_cpu_time_total
        self.cpu_memory_usage += other.cpu_memory_usage
        self.self_cpu_memory_usage += other.self_cpu_memory_usage
        self.count += other.count
        self.flops += other.flops or 0
        return self

    __iadd__ = add

    @property
    def cpu_time(self) -> float:  # type: ignore[override]
        """The average time of a call."""
        return self.cpu_time_total / self.count if self.count else 0.0

    def __repr__(self) -> str:
        return (
            f"<FunctionEventAvg key={self.key} self_cpu_time={self.self_cpu_time_total_str} cpu_time={self.cpu_time_str} "
            f" self_cuda_time={self.self_device_time_total_str} cuda_time={self.device_time_str} "
            f"input_shapes={self.input_shapes} cpu_memory_usage={self.cpu_memory_usage} "
            f"cuda_memory_usage={self.device_memory_usage}>"
        )


# What an average has from its first event.
_SHARED = (
    "key", "node_id", "is_async", "is_remote", "is_legacy", "cpu_parent", "cpu_children", "overload_name", "input_shapes",
    "stack", "scope", "is_user_annotation",
)  # fmt: skip


_SORT_KEYS = (
    "cpu_time",
    "cpu_time_total",
    "self_cpu_time_total",
    "cpu_memory_usage",
    "self_cpu_memory_usage",
    "count",
)


class EventList(list[Any]):
    """Events, or averages of them."""

    def __init__(self, events: Iterable[Any] = (), *, profile_memory: bool = False) -> None:
        super().__init__(events)
        self._profile_memory = profile_memory

    @property
    def self_cpu_time_total(self) -> float:
        """The time that all of them together took, microseconds."""
        return sum(event.self_cpu_time_total for event in self)

    def key_averages(self, group_by_input_shapes: bool = False, group_by_stack_n: int = 0) -> EventList:
        """One average for each name; also for each of the shapes, or of the innermost stack entries, where asked for."""
        groups: dict[Any, FunctionEventAvg] = {}
        for event in self:
            key = (
                event.key,
                event.is_user_annotation,
                str(event.input_shapes) if group_by_input_shapes else "",
                tuple((event.stack or ())[:group_by_stack_n]),
            )
            if key not in groups:
                groups[key] = FunctionEventAvg()
            groups[key].add(event)
        averages = EventList(groups.values(), profile_memory=self._profile_memory)
        for average in averages:
            average.stack = (average.stack or [])[:group_by_stack_n]
            if not group_by_input_shapes:
                average.input_shapes = ""
        return averages

    def total_average(self) -> FunctionEventAvg:
        """All events as one."""
        total = FunctionEventAvg()
        for event in self:
            total.add(event)
            total.key = None
        total.key = "Total"
        return total

    def _populate_cpu_children(self) -> None:
        """Have every event know the smallest one of its thread that it happened inside of, if there is one."""
        threads: dict[Any, list[FunctionEvent]] = {}
        for event in self:
            if not event.is_async:
                threads.setdefault((event.thread, event.node_id), []).append(event)
        for events in threads.values():
            around: list[FunctionEvent] = []  # the events that are not over, each inside of the one before it
            for event in sorted(events, key=lambda e: (e.time_range.start, -e.time_range.end)):
                start, end = event.time_range
                while around and (start >= around[-1].time_range.end or end > around[-1].time_range.end):
                    around.pop()
                if around:
                    around[-1].append_cpu_child(event)
                    if event.cpu_parent is not None:
                        raise AssertionError(f"There is already a CPU parent event for {event.key}")
                    event.set_cpu_parent(around[-1])
                around.append(event)

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
        """The events as a table of text, the first ``row_limit`` by ``sort_by``, largest first."""
        events = list(self)
        if top_level_events_only:
            events = [e for e in events if getattr(e, "cpu_parent", None) is None]
        if sort_by is not None:
            if sort_by not in _SORT_KEYS:
                raise AttributeError(f"cannot sort by {sort_by!r}: it should be one of {', '.join(_SORT_KEYS)}")
            events.sort(key=lambda e: getattr(e, sort_by), reverse=True)
        if not events:
            return ""
        name_width = min(max(len(e.key) for e in events) + 4, max_name_column_width)
        columns = [("Name", name_width)]
        columns += [(title, 12) for title in ("Self CPU %", "Self CPU", "CPU total %", "CPU total", "CPU time avg")]
        if self._profile_memory:
            columns += [("CPU Mem", 12), ("Self CPU Mem", 12)]
        columns.append(("# of Calls", 12))
        with_nodes = any(e.node_id != -1 for e in events)
        if with_nodes:
            columns.append(("Node ID", 12))
        with_shapes = any(e.input_shapes for e in events)
        if with_shapes:
            width = min(max(len(str(e.input_shapes)) for e in events) + 4, max_shapes_column_width)
            columns.append(("Input Shapes", width))
        with_stacks = any(e.stack for e in events)
        if with_stacks:
            width = min(max(len(line) for e in events for line in e.stack or ()) + 4, max_src_column_width)
            columns.append(("Source Location", width))

        def row(cells: list[str]) -> str:
            return "".join(
                (f"{cell:<{width}}" if title == "Source Location" else f"{cell:>{width}}") + "  "
                for cell, (title, width) in zip(cells, columns)
            )

        line = row(["-" * width for _, width in columns])
        total = self.self_cpu_time_total
        lines = [] if header is None else ["=" * len(line), header]
        lines += [line, row([title for title, _ in columns]), line]
        for e in events[: row_limit if row_limit >= 0 else None]:
            name = e.key if len(e.key) < name_width - 3 else e.key[: name_width - 3] + "..."
            cells = [
                name,
                _share(e.self_cpu_time_total, total),
                _time(e.self_cpu_time_total),
                _share(e.cpu_time_total, total),
                _time(e.cpu_time_total),
                _time(e.cpu_time),
            ]
            if self._profile_memory:
                cells += [_memory(e.cpu_memory_usage), _memory(e.self_cpu_memory_usage)]
            cells.append(str(e.count))
            if with_nodes:
                cells.append(str(e.node_id))
            if with_shapes:
                cells.append(str(e.input_shapes)[: dict(columns)["Input Shapes"]])
            stack = [s[-dict(columns)["Source Location"] :] for s in e.stack or ()] if with_stacks else []
            lines.append(row(cells + stack[:1]))
            empty = [""] * (len(columns) - 1)
            lines += [row([*empty, s]) for s in stack[1:]]
        return "\n".join(lines) + f"\n{line}\nSelf CPU time total: {_time(total)}\n"

    def __str__(self) -> str:
        return self.table()

    def export_chrome_trace(self, path: str | os.PathLike[str]) -> None:
        """Write the events as a JSON file that ``chrome://tracing`` and Perfetto show, compressed if it is named ``.gz``."""
        process = os.getpid()
        trace = [
            {
                "ph": "X",
                "cat": "user_annotation" if e.is_user_annotation else "cpu_op",
                "name": e.name,
                "pid": process,
                "tid": e.thread,
                "ts": e.time_range.start,
                "dur": e.cpu_time_total,
                "args": {"External id": e.id, "Sequence number": e.sequence_nr, "Input Dims": e.input_shapes},
            }
            for e in self
        ]
        text = json.dumps({"schemaVersion": 1, "displayTimeUnit": "ms", "traceEvents": trace})
        if os.fspath(path).endswith(".gz"):
            import gzip

            packed = gzip.compress(text.encode())
            replace_file(path, lambda file: file.write(packed))
        else:
            write_text(path, text)

    def export_stacks(self, path: str | os.PathLike[str], metric: str = "self_cpu_time_total") -> None:
        """Write one line for every event with a stack: the stack, outermost first, and the metric, for flame graphs."""
        if metric not in ("self_cpu_time_total",):
            raise ValueError("metric should be one of: ['self_cpu_time_total']")
        lines = []
        for e in self:
            value = int(getattr(e, metric))
            if e.stack and value > 0:
                frames = [frame.replace(" ", "_").replace(";", "_") for frame in reversed(e.stack)]
                lines.append(f"{';'.join(frames)} {value}\n")
        write_text(path, "".join(lines))


def _time(us: float) -> str:
    if us >= 1e6:
        return f"{us / 1e6:.3f}s"
    if us >= 1e3:
        return f"{us / 1e3:.3f}ms"
    return f"{us:.3f}us"


def _share(part: float, whole: float) -> str:
    return f"{part * 100 / whole:.2f}%" if whole else "NaN"


def _memory(n: int) -> str:
    for size, unit in ((1024**3, "GB"), (1024**2, "MB"), (1024, "KB")):
        if abs(n) >= size:
            return f"{n / size:.2f} {unit}"
    return f"{n} B"


_list_names(__name__)

"""What a profiler saw: events, their averages, and the table and the files they are shown in."""

from __future__ import annotations

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


class FunctionEvent:
    """One call of an operator, of a node of the backward, or one ``record_function`` region.  Times are microseconds."""

    is_async = False
    is_remote = False
    is_legacy = False
    count = 1

    def __init__(
        self,
        id: int,
        name: str,
        thread: int,
        start: float,
        input_shapes: list[Any] | None = None,
        stack: list[str] | None = None,
        is_user_annotation: bool = False,
        sequence_nr: int = -1,
    ) -> None:
        self.id = id
        self.name = name
        self.thread = thread
        self.time_range = Interval(start, start)
        self.input_shapes = input_shapes or []
        self.stack = stack or []
        self.is_user_annotation = is_user_annotation
        self.sequence_nr = sequence_nr
        self.cpu_children: list[FunctionEvent] = []
        self.cpu_parent: FunctionEvent | None = None
        self.cpu_memory_usage = 0  # bytes allocated, by what it called as well

    @property
    def key(self) -> str:
        """The name under which averages are taken."""
        return self.name

    @property
    def cpu_time_total(self) -> float:
        """The time from start to end."""
        return self.time_range.elapsed_us()

    cpu_time = cpu_time_total

    @property
    def self_cpu_time_total(self) -> float:
        """The time not spent in what it called."""
        return self.cpu_time_total - sum(child.cpu_time_total for child in self.cpu_children)

    @property
    def self_cpu_memory_usage(self) -> int:
        """The bytes not allocated by what it called."""
        return self.cpu_memory_usage - sum(child.cpu_memory_usage for child in self.cpu_children)

    def __repr__(self) -> str:
        return (
            f"<FunctionEvent id={self.id} name={self.name} thread={self.thread} cpu_time={_time(self.cpu_time_total)} "
            f"input_shapes={self.input_shapes}>"
        )


class FunctionEventAvg:
    """Events of one name together."""

    def __init__(self, key: str = "Total") -> None:
        self.key = key
        self.count = 0
        self.cpu_time_total = 0.0
        self.self_cpu_time_total = 0.0
        self.cpu_memory_usage = 0
        self.self_cpu_memory_usage = 0
        self.input_shapes: list[Any] = []
        self.stack: list[str] = []
        self.is_user_annotation = False

    def add(self, event: FunctionEvent) -> FunctionEventAvg:
        """Count one more event."""
        if not self.count:
            self.input_shapes = event.input_shapes
            self.stack = event.stack
            self.is_user_annotation = event.is_user_annotation
        self.count += 1
        self.cpu_time_total += event.cpu_time_total
        self.self_cpu_time_total += event.self_cpu_time_total
        self.cpu_memory_usage += event.cpu_memory_usage
        self.self_cpu_memory_usage += event.self_cpu_memory_usage
        return self

    @property
    def cpu_time(self) -> float:
        """The average time of a call."""
        return self.cpu_time_total / self.count if self.count else 0.0

    def __repr__(self) -> str:
        return (
            f"<FunctionEventAvg key={self.key} self_cpu_time={_time(self.self_cpu_time_total)} "
            f"cpu_time={_time(self.cpu_time)} input_shapes={self.input_shapes} cpu_memory_usage={self.cpu_memory_usage}>"
        )


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
                tuple(event.stack[:group_by_stack_n]),
            )
            if key not in groups:
                groups[key] = FunctionEventAvg(event.key)
            groups[key].add(event)
        averages = EventList(groups.values(), profile_memory=self._profile_memory)
        for average in averages:
            average.stack = average.stack[:group_by_stack_n]
            if not group_by_input_shapes:
                average.input_shapes = ""
        return averages

    def total_average(self) -> FunctionEventAvg:
        """All events as one."""
        total = FunctionEventAvg()
        for event in self:
            total.add(event)
        return total

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
        with_shapes = any(e.input_shapes for e in events)
        if with_shapes:
            width = min(max(len(str(e.input_shapes)) for e in events) + 4, max_shapes_column_width)
            columns.append(("Input Shapes", width))
        with_stacks = any(e.stack for e in events)
        if with_stacks:
            width = min(max(len(line) for e in events for line in e.stack) + 4, max_src_column_width)
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
            if with_shapes:
                cells.append(str(e.input_shapes)[: dict(columns)["Input Shapes"]])
            stack = [s[-dict(columns)["Source Location"] :] for s in e.stack] if with_stacks else []
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

"""The tables and plots of the page on several processes, from what ``python -m bench.scaling`` kept in docs/scaling.json."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from bench import scaling, scaling_model
from bench.scaling_model import Network
from handbook.plots import _STYLE, _TEXT, OURS, THEIRS, _svg

RESULTS = Path(__file__).resolve().parent.parent / "docs" / "scaling.json"
COUNTS = [round(10 ** (k / 20)) for k in range(61)]  # 1 to 1,000

# A message's latency is the network's: a switch and two kernels' TCP; or a network card that reads memory itself.
LATENCY = {10: 20e-6, 100: 4e-6}


def record() -> dict[str, Any]:
    """What was kept."""
    return json.loads(RESULTS.read_text("utf-8"))  # type: ignore[no-any-return]


def tables() -> dict[str, str]:
    """The page's facts by name, as Markdown."""
    if not RESULTS.exists():
        return {}
    return {
        "scaling machine": _machine(), "scaling steps": _steps(), "scaling parts": _parts(), "scaling bytes": _bytes(),
        "scaling all_reduce": _all_reduce(), "scaling predicted": _predicted(), "scaling thousand": _thousand(),
    }  # fmt: skip


_NOT_MEASURED = '<svg xmlns="http://www.w3.org/2000/svg" width="420" height="24"><text y="16" fill="currentColor">{}</text></svg>'
_NOT_MEASURED = _NOT_MEASURED.format("Nothing is kept yet: python -m bench.scaling measures it.")


def networks() -> list[Network]:
    """Networks of 10 and 100 Gbit/s, with the software's part as it was measured here."""
    measured = scaling_model.fit(scaling.points(record(), 2))
    return [
        scaling_model.ethernet(gigabits, latency, measured.host_per_byte, measured.per_call)
        for gigabits, latency in LATENCY.items()
    ]


def efficiency() -> str:
    """Weak and strong scaling of the model, to 1,000 processes, as SVG."""
    if not RESULTS.exists():
        return _NOT_MEASURED
    from matplotlib import pyplot

    workloads = {name: record()["workloads"][name] for name in ("resnet18_32", "gpt_48") if name in record()["workloads"]}
    curves: list[tuple[str, Callable[..., list[float]]]] = [
        ("weak scaling: the batch of each process stays;\nthroughput a process, of one's", scaling_model.weak),
        ("strong scaling: the batch of all stays;\ntimes the speed of one process", scaling_model.strong),
    ]
    with pyplot.rc_context(_STYLE):
        figure, both = pyplot.subplots(1, 2, figsize=(8.4, 3.7))
        for axes, (title, curve) in zip(both, curves):
            for workload, colour in zip(workloads.values(), (OURS, THEIRS)):
                for network, dashes in zip(networks(), ((2, 1.5), (None, None))):
                    style = {} if dashes[0] is None else {"dashes": dashes}
                    label = f"{_short(workload['title'])}, {network.name}"
                    axes.plot(COUNTS, curve(scaling.step_of(workload), COUNTS, network), color=colour, label=label, **style)
            axes.set_xscale("log")
            axes.set_xlabel("processes")
            axes.set_title(title, fontsize=9.5, color=_TEXT, loc="left")
            axes.grid(alpha=0.25)
            axes.set_axisbelow(True)
        both[0].set_ylim(0, 1.05)
        both[0].set_yticks([0, 0.25, 0.5, 0.75, 1], ["0", "25 %", "50 %", "75 %", "100 %"])
        both[1].set_ylim(0)
        handles, labels = both[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="lower center", ncol=2, frameon=False, labelcolor=_TEXT)
        figure.tight_layout(rect=(0, 0.16, 1, 1), w_pad=2.5)
        return _svg(figure)


def timeline() -> str:
    """When the buckets of ResNet-18 are ready and through, in the model of 64 processes, as SVG."""
    if not RESULTS.exists():
        return _NOT_MEASURED
    from matplotlib import pyplot

    step = scaling.step_of(record()["workloads"]["resnet18_32"], jitter=False)
    with pyplot.rc_context(_STYLE):
        figure, axes = pyplot.subplots(figsize=(6.6, 1.9))
        for row, network in enumerate(networks()):
            axes.barh(row + 0.2, step.backward * 1e3, height=0.34, color=OURS, label="backward" if row == 0 else None)
            free = 0.0
            for i, (size, ready) in enumerate(step.buckets):
                begin = max(ready, free)
                free = begin + sum(scaling_model.all_reduce(64, size, network))
                axes.barh(
                    row - 0.2, (free - begin) * 1e3, left=begin * 1e3, height=0.34, color=THEIRS, edgecolor="none",
                    alpha=(0.65, 1.0)[i % 2], label="all-reduce of a bucket" if row == i == 0 else None,
                )  # fmt: skip
        axes.set_yticks(range(len(networks())), [network.name for network in networks()])
        axes.invert_yaxis()
        axes.set_xlabel("milliseconds since the backward began")
        axes.legend(frameon=False, labelcolor=_TEXT, ncol=2, loc="lower left", bbox_to_anchor=(0, 1))
        axes.grid(axis="x", alpha=0.25)
        axes.set_axisbelow(True)
        return _svg(figure)


def _machine() -> str:
    found = record()
    machine = found["machine"]
    busy = f" Other programs used {found['others']:.0%} of the machine meanwhile." if (found.get("others") or 0) > 0.05 else ""
    return (
        f"Measured on {found['date']}: {found['cores']} cores of an {machine['processor']}; Python {machine['python']}, "
        f"{found['mpi']}, PyTorch {machine['torch']} with gloo.{busy}"
    )


_ARRANGEMENTS = {
    "torch, 1 process, 2 threads": "PyTorch, 1 process, 2 threads",
    "torch, 2 processes, gloo": "PyTorch, 2 processes, gloo",
    "adjoint, 1 process, 2 threads": "Adjoint, 1 process, 2 threads",
    "adjoint, 2 processes": "Adjoint, 2 processes, MPI",
}


def _steps() -> str:
    workloads = record()["workloads"].values()
    rows = []
    for name, title in _ARRANGEMENTS.items():
        cells = [title]
        for workload in workloads:
            seconds, peak = workload["seconds"][name]["step"], max(workload["peak_mb"][name])
            cells.append(f"{seconds * 1e3:.1f} ms, {peak:.0f} MB")
        rows.append(cells)
    return _table(["", *(workload["title"] for workload in workloads)], rows)


def _parts() -> str:
    rows = []
    for workload in record()["workloads"].values():
        for name in ("adjoint, 2 processes", "torch, 2 processes, gloo"):
            seconds = workload["seconds"][name]
            exposed = max(0.0, seconds["step"] - seconds["no_sync"])
            hidden = max(0.0, 1 - exposed / seconds["communicate"])
            rows.append([
                workload["title"], _ARRANGEMENTS[name].partition(",")[0], f"{seconds['step'] * 1e3:.1f} ms", f"{seconds['no_sync'] * 1e3:.1f} ms",
                f"{seconds['communicate'] * 1e3:.1f} ms", f"{hidden:.0%}",
            ])  # fmt: skip
    return _table(["", "", "step", "without all-reduce", "all-reduce alone", "hidden"], rows)


def _bytes() -> str:
    rows = []
    seen = set()
    for workload in record()["workloads"].values():
        kind = _short(workload["title"])
        for peer, name in (("adjoint", "Adjoint"), ("torch", "PyTorch")):
            sent = workload["sent"][peer]
            if (kind, peer) in seen or not sent["sent"]:
                continue
            seen.add((kind, peer))
            rows.append([kind, name, f"{sent['gradients'] / 1e6:.2f} MB", f"{sent['sent'] / 1e6:.2f} MB", f"{sent['sent'] / sent['least']:.3f}"])
    return _table(["", "", "gradients", "sent", "of the least possible"], rows)


def _all_reduce() -> str:
    found = record()["all_reduce"]
    rows = []
    for size in found["adjoint"]["2"]:
        cells = [_bytes_as_words(int(size))]
        for n in ("2", "3"):
            for peer in ("adjoint", "torch"):
                seconds = found[peer][n][size]
                rate = scaling_model.least_bytes(int(n), int(size)) / seconds
                cells.append(_duration(seconds) + (f", {rate / 1e9:.2f} GB/s" if int(size) >= 1 << 20 else ""))
        rows.append(cells)
    return _table(["", "Adjoint, 2", "gloo, 2", "Adjoint, 3", "gloo, 3"], rows)


def _predicted() -> str:
    rows = []
    for workload in record()["workloads"].values():
        for n, found in workload["predicted"].items():
            difference = found["predicted"] / found["measured"] - 1
            rows.append([workload["title"], n, f"{found['measured'] * 1e3:.1f} ms", f"{found['predicted'] * 1e3:.1f} ms", f"{difference:+.0%}"])
    return _table(["", "processes", "measured", "model", ""], rows)


def _thousand() -> str:
    rows = []
    for workload in record()["workloads"].values():
        step = scaling.step_of(workload)
        for network in networks():
            cells = [workload["title"], network.name]
            for n in (8, 64, 1000):
                found = scaling_model.predict(step, n, network)
                cells.append(f"{found.seconds * 1e3:.0f} ms, {step.alone / found.seconds:.0%}, {max(0.0, found.hidden):.0%} hidden")
            rows.append(cells)
    return _table(["batch of all of the two processes measured", "", "8", "64", "1,000 processes"], rows)


def _short(title: str) -> str:
    return title.partition(",")[0]


def _duration(seconds: float) -> str:
    return f"{seconds * 1e6:.0f} µs" if seconds < 1e-3 else f"{seconds * 1e3:.1f} ms"


def _bytes_as_words(size: int) -> str:
    for unit, name in ((1 << 20, "MiB"), (1 << 10, "KiB")):
        if size >= unit and size % unit == 0:
            return f"{size // unit} {name}"
    return f"{size // 10**6} MB" if size >= 10**6 else f"{size} bytes"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in rows)])


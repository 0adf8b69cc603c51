"""``python -m bench.scaling``: several processes against one, beside PyTorch's over gloo, and a model of many of them.

Each arrangement of processes is started once; then they take turns, in rounds, as all benchmarks do. What was found is kept in
``docs/scaling.json``, from which the page ``docs/scaling.md`` has its figures.
"""

from __future__ import annotations

import argparse
import datetime
import json
import statistics
import sys
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from bench import machine, scaling_model
from bench.scaling_group import Group

RESULTS = Path(__file__).parent.parent / "docs" / "scaling.json"
CORES = 2

WORKLOADS = {
    "resnet18_16": ("resnet18", 16, "ResNet-18, 16 × 3 × 64 × 64"),
    "resnet18_32": ("resnet18", 32, "ResNet-18, 32 × 3 × 64 × 64"),
    "gpt_12": ("gpt", 12, "GPT, 4 layers, 128 wide, 12 × 64 tokens"),
    "gpt_48": ("gpt", 48, "GPT, 4 layers, 128 wide, 48 × 64 tokens"),
}
"""Name -> model, batch of all processes together, title."""

SIZES = (4, 256, 4 << 10, 64 << 10, 1 << 20, 10_000_000, 25 << 20, 100_000_000)
"""Bytes of the all-reduces that are measured by themselves."""

SECONDS_A_TURN = 0.3


def main() -> int:
    """Measure what the arguments name, and return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m bench.scaling", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=11)
    parser.add_argument("--only", nargs="+", choices=[*WORKLOADS, "all_reduce"], help="only these; nothing is kept")
    parser.add_argument("--keep", action="store_true", help="keep the figures with --only too, beside those kept before")
    options = parser.parse_args()
    chosen = options.only or [*WORKLOADS, "all_reduce"]
    record: dict[str, Any] = {"workloads": {}}
    if options.keep and RESULTS.exists():
        record = json.loads(RESULTS.read_text("utf-8"))
    record.update(date=datetime.date.today().isoformat(), machine=machine.describe(), mpi=_mpi(), cores=CORES)
    with machine.Others() as others:
        if "all_reduce" in chosen:
            record["all_reduce"] = measure_all_reduce(options.rounds)
        for name in chosen:
            if name != "all_reduce":
                record["workloads"][name] = measure_workload(name, options.rounds)
    # The ranks are children that have ended: their time is this process's own.
    record["others"] = others.share if others.share is None else round(others.share, 3)
    if record.get("all_reduce"):
        predict_measured(record)
    if not options.only or options.keep:
        RESULTS.write_text(json.dumps(record, indent=1) + "\n", "utf-8")
        print(f"kept in {RESULTS.relative_to(RESULTS.parent.parent)}")
    if record["others"] is not None and record["others"] > 0.05:
        print(f"! other programs used {record['others']:.0%} of the machine: these figures do not count")
    return 0


def measure_workload(name: str, rounds: int) -> dict[str, Any]:
    """A workload's steps in all arrangements, in turns; then what the model is calibrated with."""
    model, batch, title = WORKLOADS[name]
    print(f"{name}: {title}", flush=True)
    half = batch // 2
    with ExitStack() as running:
        groups = {
            "adjoint, 1 process, 2 threads": running.enter_context(Group("adjoint", model, batch, 1, CORES)),
            "adjoint, 2 processes": running.enter_context(Group("adjoint", model, half, 2, 1)),
            "torch, 1 process, 2 threads": running.enter_context(Group("torch", model, batch, 1, CORES)),
            "torch, 2 processes, gloo": running.enter_context(Group("torch", model, half, 2, 1)),
        }
        found: dict[str, Any] = {"title": title, "batch": batch}
        ways = [(group, "step") for group in groups]
        ways += [(group, "no_sync") for group in groups if "2 processes" in group]
        seconds = in_turns(groups, ways, rounds)
        for group in groups:
            if "2 processes" in group:
                sizes = groups[group].ask("buckets")[0]
                ways.append((group, "communicate"))
                seconds[group, "communicate"] = [
                    max(groups[group].ask("communicate", count=3, sizes=sizes)) for _ in range(rounds)
                ]
                found.setdefault("buckets", {})[group] = sizes
        found["seconds"] = {group: {} for group in groups}
        for (group, what), times in seconds.items():
            found["seconds"][group][what] = statistics.median(times)
            found.setdefault("rounds", {})[f"{group}: {what}"] = [float(f"{x:.4g}") for x in times]
        found["peak_mb"] = {group: groups[group].ask("memory") for group in groups}
        found["step"] = {"2": _timeline(groups["adjoint, 2 processes"])}
    found["sent"] = {peer: _sent(peer, model, half) for peer in ("adjoint", "torch")}
    found["fixed"] = _fixed(model, half)
    with Group("adjoint", model, half, 3, 1) as three:
        found["step"]["3"] = _timeline(three)
        found["seconds"]["adjoint, 3 processes"] = {
            what: statistics.median(max(three.ask(what, count=2)) for _ in range(rounds)) for what in ("step", "no_sync")
        }
    _print(found)
    return found


def in_turns(groups: dict[str, Group], ways: Iterable[tuple[str, str]], rounds: int) -> dict[tuple[str, str], list[float]]:
    """Seconds of each way in each round; each begins with another one. Of several processes the slowest counts."""
    ways = list(ways)
    counts = {}
    for group, what in ways:
        groups[group].ask(what, count=2)
        counts[group, what] = max(1, round(SECONDS_A_TURN / max(groups[group].ask(what, count=2))))
    found: dict[tuple[str, str], list[float]] = {way: [] for way in ways}
    for i in range(rounds):
        first = i % len(ways)
        for group, what in ways[first:] + ways[:first]:
            found[group, what].append(max(groups[group].ask(what, count=counts[group, what])))
    return found


def measure_all_reduce(rounds: int) -> dict[str, Any]:
    """Seconds of all-reduces of each size, of two and three processes, with both."""
    found: dict[str, Any] = {}
    for n in (2, 3):
        with ExitStack() as running:
            groups = {peer: running.enter_context(Group(peer, "none", 0, n, 1)) for peer in ("adjoint", "torch")}
            for size in SIZES:
                count = 100 if size < 1 << 16 else 20 if size < 1 << 22 else 4
                times: dict[str, list[float]] = {peer: [] for peer in groups}
                for i in range(rounds):
                    for peer in sorted(groups, reverse=bool(i % 2)):
                        times[peer].append(max(groups[peer].ask("all_reduce", count=count, size=size)))
                for peer in groups:
                    found.setdefault(peer, {}).setdefault(str(n), {})[str(size)] = statistics.median(times[peer])
                line = "  ".join(f"{peer} {statistics.median(times[peer]) * 1e6:10.1f} µs" for peer in groups)
                print(f"all_reduce, {n} processes, {size:>11,} bytes: {line}", flush=True)
    return found


def predict_measured(record: dict[str, Any]) -> None:
    """What the model makes of the calibration, beside what was measured."""
    for workload in record["workloads"].values():
        workload["predicted"] = {}
        for n in ("2", "3"):
            network = scaling_model.fit(points(record, int(n)))
            found = scaling_model.predict(step_of(workload, n, jitter=False), int(n), network)
            measured = workload["seconds"][f"adjoint, {n} processes"]["step"]
            workload["predicted"][n] = {"predicted": found.seconds, "measured": measured}
            print(f"{workload['title']}, {n} processes: predicted {found.seconds:.4f} s, measured {measured:.4f} s")


def points(record: dict[str, Any], n: int) -> list[tuple[int, int, float]]:
    """The measured all-reduces of n of our processes."""
    return [(n, int(size), seconds) for size, seconds in record["all_reduce"]["adjoint"][str(n)].items()]


def step_of(workload: dict[str, Any], n: str = "2", jitter: bool = True) -> scaling_model.Step:
    """The calibrated step of a process, one of n that computed at the same time."""
    found = workload["step"][n]
    buckets = tuple((size, ready) for size, ready in found["buckets"])
    return scaling_model.Step(*found["parts"], buckets, workload["fixed"], found["jitter"] if jitter else 0.0)


def _timeline(group: Group) -> dict[str, Any]:
    """The slowest process's."""
    return max(group.ask("timeline", count=12), key=lambda found: sum(found["parts"]))  # type: ignore[no-any-return]


def _sent(peer: str, model: str, batch: int) -> dict[str, Any]:
    """Bytes that a process sends in a step, counted where they can be: on the loopback, with MPI told to share no memory."""
    with Group(peer, model, batch, 2, 1, {"MPIR_CVAR_NOLOCAL": "1", "UCX_TLS": "tcp,self"}) as group:
        found = group.ask("sent", count=10)[0]
    least = scaling_model.least_bytes(2, found["gradients"])
    sent = None if found["bytes"] is None else found["bytes"] / 2
    return {"sent": sent, "least": least, "gradients": found["gradients"]}


def _fixed(model: str, batch: int) -> float:
    """The share of a step's computation that half the batch does not save."""
    with ExitStack() as running:
        groups = {
            str(size): running.enter_context(Group("adjoint", model, size, 1, 1)) for size in (batch, batch // 2)
        }
        seconds = in_turns(groups, [(name, "step") for name in groups], 7)
    whole, half = (statistics.median(times) for times in seconds.values())
    return min(1.0, max(0.0, (2 * half - whole) / whole))


def _print(found: dict[str, Any]) -> None:
    for group, times in found["seconds"].items():
        parts = ", ".join(f"{what} {seconds * 1e3:.1f} ms" for what, seconds in times.items())
        peak = found["peak_mb"].get(group)
        print(f"  {group:<30} {parts}" + (f", at most {max(peak):.0f} MB a process" if peak else ""))
    for peer, sent in found["sent"].items():
        if sent["sent"]:
            print(f"  {peer} sends {sent['sent'] / 1e6:.2f} MB a process and step, {sent['sent'] / sent['least']:.3f} of the least")


def _mpi() -> str:
    """Which MPI."""
    import subprocess

    program = "from mpi4py import MPI; print(MPI.Get_library_version())"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    return " ".join(done.stdout.split()[:3])


if __name__ == "__main__":
    sys.exit(main())

"""``python -m bench``: measure, print a table, keep a result file; ``python -m bench sweep`` measures every operator."""

from __future__ import annotations

import argparse
import dataclasses
import datetime
import json
import os
import sys
from pathlib import Path
from typing import Any

from bench import limits, machine, measure
from bench.limits import Limits
from bench.registry import GROUPS, PEERS, THREADS, Workload, load_peer, load_workloads, members
from bench.report import report, report_group

# More than this share of the machine in other programs' hands, and a figure says nothing about the peers.
MOST_BY_OTHERS = 0.05

RESULTS = Path(__file__).parent / "results"


def main() -> int:
    """Run the workloads that the arguments name and return the exit status."""
    if sys.argv[1:2] == ["sweep"]:
        from bench.sweep import command

        return command.main(sys.argv[2:])
    if any(os.environ.get(name) != value for name, value in measure.environment().items()):
        # The thread pools read their sizes when they are loaded: begin again with them set.
        os.execve(sys.executable, [sys.executable, "-m", "bench", *sys.argv[1:]], measure.environment())
    workloads = load_workloads()
    options = _arguments(sorted(workloads) + sorted(GROUPS))
    limit = limits.measure()
    peers = {name: load_peer(name) for name in options.peers}
    print(f"{THREADS} threads each; {options.rounds} rounds in turns, medians; ratio = their time / Adjoint's")
    print(f"limits: {limit}\n")
    results: dict[str, Any] = {}
    chosen = dict.fromkeys(each for name in options.only or workloads for each in members(name))
    for name in chosen:
        results[name] = _RUN[workloads[name].kind](workloads[name], peers, options, limit)
    groups = _groups(results)
    for problem, what in _PROBLEMS.items():
        found = [name for name, result in {**results, **groups}.items() if result.get(problem) is False]
        if found:
            print(f"\n{what}: {', '.join(found)}")
    if not options.only:
        _keep(results, groups, limit, options)
    return 0


_PROBLEMS = {
    "reached": "below what is asked for",
    "memory_reached": "more memory than is asked for",
    "quiet": "measured beside other programs",
}


def _arguments(names: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure Adjoint beside its peers.")
    parser.add_argument("--only", nargs="+", choices=names, help="these workloads or groups; no result file is written")
    parser.add_argument("--peers", nargs="+", choices=list(PEERS), default=list(PEERS))
    parser.add_argument("--rounds", type=int, default=15, help="how many (at least 7; slow steps are run in fewer)")
    options = parser.parse_args()
    options.rounds = max(measure.LEAST_ROUNDS, options.rounds)
    return options


def _run_step(workload: Workload, peers: dict[str, Any], options: argparse.Namespace, limit: Limits) -> dict[str, Any]:
    steps = {}
    for name, torch in peers.items():
        torch.manual_seed(0)
        steps[name] = workload.function(torch)
    with machine.Others() as others:
        result = measure.summary(measure.time_in_turns(steps, options.rounds))
    _note_others(result, others)
    alone = {name: measure.in_fresh_process(workload, name) for name in peers}
    result["peak_mb"] = {name: cost["peak_mb"] for name, cost in alone.items()}
    result["grown_mb"] = {name: cost["peak_mb"] - cost["before_mb"] for name, cost in alone.items()}
    return report(workload, result, limit)


def _run_process(
    workload: Workload, peers: dict[str, Any], options: argparse.Namespace, limit: Limits
) -> dict[str, Any]:
    sources = {name: workload.function(PEERS[name]) for name in peers}
    with machine.Others() as others:
        result = measure.summary(measure.time_processes(sources, options.rounds))
    _note_others(result, others)
    result["peak_mb"] = {name: measure.process_memory(source) for name, source in sources.items()}
    return report(workload, result, limit)


def _run_sizes(workload: Workload, peers: dict[str, Any], options: argparse.Namespace, limit: Limits) -> dict[str, Any]:
    """One fresh process for each size and peer: what a single element of the size costs should stay the same."""
    found: dict[str, Any] = {}
    print(f"{workload.name}: {workload.title}")
    result: dict[str, Any] = {"sizes": found}
    with machine.Others() as others:
        for size in workload.sizes:
            found[str(size)] = {}
            for name in peers:
                cost = found[str(size)][name] = measure.in_fresh_process(workload, name, size)
                grown = cost["peak_mb"] - cost["before_mb"]
                print(
                    f"  {size:>9,} {name:<8} {cost['seconds']:7.2f} s  {cost['seconds'] / size * 1e6:6.2f} µs each"
                    f"  {grown:8.1f} MB  {grown * 2**20 / size:7.0f} bytes each"
                )
    _note_others(result, others)
    return result


def _note_others(result: dict[str, Any], others: machine.Others) -> None:
    """Write down how much of the machine other programs used, and whether that lets the figures count."""
    result["others"] = others.share if others.share is None else round(others.share, 3)
    result["quiet"] = None if others.share is None else others.share <= MOST_BY_OTHERS
    if result["quiet"] is False:
        print(f"  ! other programs used {others.share:.0%} of the machine: these figures do not count")


_RUN = {"step": _run_step, "process": _run_process, "sizes": _run_sizes}


def _groups(results: dict[str, Any]) -> dict[str, Any]:
    """The figures of the groups that were run whole."""
    found = {}
    for group in GROUPS.values():
        names = members(group.name)
        if all(name in results for name in names):
            figures = report_group(group, [results[name] for name in names])
            if figures is not None:
                found[group.name] = figures
    return found


def _keep(results: dict[str, Any], groups: dict[str, Any], limit: Limits, options: argparse.Namespace) -> None:
    date = datetime.date.today().isoformat()
    record = {
        "date": date,
        "machine": machine.describe(),
        "threads": THREADS,
        "rounds": options.rounds,
        "limits": dataclasses.asdict(limit),
        "groups": groups,
        "workloads": results,
    }
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{date}.json"
    path.write_text(json.dumps(record, indent=1) + "\n")
    print(f"\nkept in bench/results/{path.name}")


if __name__ == "__main__":
    sys.exit(main())

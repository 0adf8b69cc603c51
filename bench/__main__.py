"""``python -m bench``: measure, print a table, keep a result file."""

from __future__ import annotations

import argparse
import datetime
import json
import os
import sys
from pathlib import Path
from typing import Any

from bench import machine, measure
from bench.registry import PEERS, THREADS, Workload, load_peer, load_workloads

# More than this share of the machine in other programs' hands, and a figure says nothing about the peers.
MOST_BY_OTHERS = 0.05

RESULTS = Path(__file__).parent / "results"


def main() -> int:
    """Run the workloads that the arguments name and return the exit status."""
    if any(os.environ.get(name) != value for name, value in measure.environment().items()):
        # The thread pools read their sizes when they are loaded: begin again with them set.
        os.execve(sys.executable, [sys.executable, "-m", "bench", *sys.argv[1:]], measure.environment())
    workloads = load_workloads()
    options = _arguments(sorted(workloads))
    peers = {name: load_peer(name) for name in options.peers}
    print(f"{THREADS} threads each; {options.rounds} rounds in turns, medians; ratio = their time / Adjoint's\n")
    results: dict[str, Any] = {}
    for name in options.only or workloads:
        results[name] = _RUN[workloads[name].kind](workloads[name], peers, options)
    for problem, what in (("reached", "below what is asked for"), ("quiet", "measured beside other programs")):
        found = [name for name, result in results.items() if result.get(problem) is False]
        if found:
            print(f"\n{what}: {', '.join(found)}")
    if not options.only:
        _keep(results, options)
    return 0


def _arguments(names: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure Adjoint beside its peers.")
    parser.add_argument("--only", nargs="+", choices=names, help="these workloads; no result file is written")
    parser.add_argument("--peers", nargs="+", choices=list(PEERS), default=list(PEERS))
    parser.add_argument("--rounds", type=int, default=15, help="how many (at least 7)")
    options = parser.parse_args()
    options.rounds = max(7, options.rounds)
    return options


def _run_step(workload: Workload, peers: dict[str, Any], options: argparse.Namespace) -> dict[str, Any]:
    steps = {}
    for name, torch in peers.items():
        torch.manual_seed(0)
        steps[name] = workload.function(torch)
    with machine.Others() as others:
        result = measure.summary(measure.time_in_turns(steps, options.rounds))
    _note_others(result, others)
    result["peak_mb"] = {name: measure.in_fresh_process(workload, name)["peak_mb"] for name in peers}
    return _report(workload, result)


def _run_process(workload: Workload, peers: dict[str, Any], options: argparse.Namespace) -> dict[str, Any]:
    sources = {name: workload.function(PEERS[name]) for name in peers}
    with machine.Others() as others:
        result = measure.summary(measure.time_processes(sources, options.rounds))
    _note_others(result, others)
    result["peak_mb"] = {name: measure.process_memory(source) for name, source in sources.items()}
    return _report(workload, result)


def _run_sizes(workload: Workload, peers: dict[str, Any], options: argparse.Namespace) -> dict[str, Any]:
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


def _report(workload: Workload, result: dict[str, Any]) -> dict[str, Any]:
    print(f"{workload.name}: {workload.title}")
    for name, seconds in result["seconds"].items():
        line = f"  {name:<8} {_duration(seconds)}  {result['peak_mb'][name]:7.1f} MB"
        ratio = result["ratio"].get(name)
        if ratio is not None:
            line += f"  {ratio['median']:6.2f} x  ({ratio['low']:.2f} to {ratio['high']:.2f})"
        print(line)
    against = result["ratio"].get("torch")
    if workload.at_least is not None and against is not None:
        result["at_least"] = workload.at_least
        result["reached"] = against["median"] >= workload.at_least if result["quiet"] is not False else None
        verdict = {True: "reached", False: "NOT reached", None: "not judged"}[result["reached"]]
        print(f"  asked for: {workload.at_least} x: {verdict}")
    return result


def _duration(seconds: float) -> str:
    return f"{seconds * 1e6:9.1f} µs" if seconds < 1e-2 else f"{seconds * 1e3:9.1f} ms"


def _keep(results: dict[str, Any], options: argparse.Namespace) -> None:
    date = datetime.date.today().isoformat()
    record = {
        "date": date,
        "machine": machine.describe(),
        "threads": THREADS,
        "rounds": options.rounds,
        "workloads": results,
    }
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{date}.json"
    path.write_text(json.dumps(record, indent=1) + "\n")
    print(f"\nkept in bench/results/{path.name}")


if __name__ == "__main__":
    sys.exit(main())

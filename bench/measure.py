"""Measuring: rounds in which the peers take turns, fresh processes, and peak memory."""

from __future__ import annotations

import gc
import os
import statistics
import subprocess
import sys
from collections.abc import Callable
from time import perf_counter, process_time, sleep
from typing import Any

from bench.registry import PEERS, THREADS, Workload, load_peer, load_workloads

ROUND_SECONDS = 0.02
WARM_UP_SECONDS = 0.2
LEAST_ROUNDS = 7

# Slow steps are run in fewer rounds, and alone fewer times, so that a whole run stays within minutes.
TURNS_SECONDS = 4.0
ALONE_SECONDS = 1.0


def environment() -> dict[str, str]:
    """The environment of a measured process: every thread pool has the same number of threads, and bytecode is kept,
    as it is for whoever installed the packages."""
    pools = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**inherited, **dict.fromkeys(pools, str(THREADS))}


def time_in_turns(functions: dict[str, Callable[[], Any]], rounds: int) -> dict[str, list[float]]:
    """Seconds per call of each function, one figure a round.

    Each round runs every function, each time another one first, as often as takes about 20 ms; so what else the
    machine does meets all of them alike.
    """
    loops = {}
    round_seconds = 0.0
    for name, function in functions.items():
        loops[name], each = _calibrate(function)
        round_seconds += loops[name] * each
    rounds = min(rounds, max(LEAST_ROUNDS, int(TURNS_SECONDS / round_seconds)))
    seconds: dict[str, list[float]] = {name: [] for name in functions}
    names = list(functions)
    for i in range(rounds):
        for name in names[i % len(names) :] + names[: i % len(names)]:
            function, count = functions[name], loops[name]
            gc.collect()
            _settle()
            start = perf_counter()
            for _ in range(count):
                function()
            seconds[name].append((perf_counter() - start) / count)
    return seconds


def _calibrate(function: Callable[[], Any]) -> tuple[int, float]:
    """Warm up, and find how many calls take about as long as a round should, and how long a call takes."""
    start = perf_counter()
    calls = 0
    while calls < 3 or perf_counter() - start < WARM_UP_SECONDS:
        function()
        calls += 1
    start = perf_counter()
    for _ in range(calls):
        function()
    each = (perf_counter() - start) / calls
    return max(1, round(ROUND_SECONDS / each)), each


def _settle() -> None:
    """Wait until the threads that the peer before left waiting by spinning are asleep (OpenBLAS's take tens of ms)."""
    for _ in range(20):
        before = process_time()
        sleep(0.005)
        if process_time() - before < 0.0005:
            return


def time_processes(sources: dict[str, str], rounds: int) -> dict[str, list[float]]:
    """Seconds that a fresh Python takes to run each source and to end, in turns."""
    seconds: dict[str, list[float]] = {name: [] for name in sources}
    names = list(sources)
    for i in range(-1, rounds):  # the first round warms the disk cache
        for name in names[i % len(names) :] + names[: i % len(names)]:
            start = perf_counter()
            subprocess.run([sys.executable, "-c", sources[name]], env=environment(), check=True)
            if i >= 0:
                seconds[name].append(perf_counter() - start)
    return seconds


def in_fresh_process(workload: Workload, peer: str, size: int | None = None) -> dict[str, float]:
    """Run a workload alone: seconds of one call, and the peak of the process's memory in MB, before and in all."""
    command = [sys.executable, "-m", "bench.measure", workload.name, peer, *([] if size is None else [str(size)])]
    done = subprocess.run(command, env=environment(), check=True, capture_output=True, text=True)
    seconds, before, peak = map(float, done.stdout.split())
    return {"seconds": seconds, "before_mb": before, "peak_mb": peak}


def process_memory(source: str) -> float:
    """The peak of the memory, in MB, of a fresh Python that runs the source."""
    report = "\nfrom bench.measure import peak_mb\nprint(peak_mb())"
    done = subprocess.run(
        [sys.executable, "-c", source + report], env=environment(), check=True, capture_output=True, text=True
    )
    return float(done.stdout)


def peak_mb() -> float:
    """The most memory that this process had so far, in MB."""
    try:
        with open("/proc/self/status") as file:
            return next(int(line.split()[1]) for line in file if line.startswith("VmHWM:")) / 2**10
    except OSError:  # not Linux (where the figure below would begin with that of the parent process)
        import resource

        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def summary(seconds: dict[str, list[float]]) -> dict[str, Any]:
    """Medians, and per other peer the ratio of its time to the first one's, round by round."""
    first, *others = seconds
    found: dict[str, Any] = {"seconds": {name: statistics.median(s) for name, s in seconds.items()}}
    found["rounds"] = {name: [float(f"{x:.4g}") for x in s] for name, s in seconds.items()}
    found["ratio"] = {}
    for other in others:
        ratios = sorted(theirs / ours for ours, theirs in zip(seconds[first], seconds[other]))
        quarter = len(ratios) // 4
        found["ratio"][other] = {
            "median": statistics.median(ratios),
            "low": ratios[quarter],
            "high": ratios[len(ratios) - 1 - quarter],
        }
    return found


def _alone(name: str, peer: str, size: str | None = None) -> None:
    workload = load_workloads()[name]
    torch = load_peer(peer)
    before = peak_mb()
    step = workload.function(torch) if size is None else workload.function(torch, int(size))
    begin = perf_counter()
    for i in range(1 if size is not None else 20):
        if i > 2 and perf_counter() - begin > ALONE_SECONDS:
            break
        start = perf_counter()
        step()
        seconds = perf_counter() - start
    print(seconds, before, peak_mb())


if __name__ == "__main__":
    assert sys.argv[2] in PEERS
    _alone(*sys.argv[1:])

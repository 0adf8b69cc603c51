"""What is printed of the figures, and whether they are what is asked for."""

from __future__ import annotations

import statistics
from typing import Any

from bench.limits import Limits
from bench.registry import Group, Workload


def report(workload: Workload, result: dict[str, Any], limits: Limits) -> dict[str, Any]:
    """Print a workload's figures; what was attained and whether it is enough is added to the result."""
    print(f"{workload.name}: {workload.title}")
    result["attained"] = {}
    for name, seconds in result["seconds"].items():
        line = f"  {name:<8} {_duration(seconds)}  {_memory(result, name)}"
        found = limits.attained(workload, seconds)
        if found:
            result["attained"][name] = found
            line += f"  {found['rate']:6.1f} {found['unit']}"
            line += f" ({found['share']:4.0%} of the limit)" if found["share"] is not None else ""
        ratio = result["ratio"].get(name)
        if ratio is not None:
            line += f"  {ratio['median']:6.2f} x  ({ratio['low']:.2f} to {ratio['high']:.2f})"
        print(line)
    _judge_speed(workload, result)
    _judge_memory(workload, result)
    return result


def report_group(group: Group, results: list[dict[str, Any]]) -> dict[str, Any] | None:
    """Print the geometric mean of the members' ratios, and whether it is enough."""
    ratios = [result["ratio"]["torch"]["median"] for result in results if "torch" in result["ratio"]]
    if not ratios:
        return None
    found: dict[str, Any] = {"mean": statistics.geometric_mean(ratios), "mean_at_least": group.mean_at_least}
    found["least"] = min(ratios)
    enough = found["mean"] >= group.mean_at_least
    found["reached"] = enough if all(result["quiet"] is not False for result in results) else None
    print(f"{group.name}: {group.title}: the {len(ratios)} of them")
    print(f"  geometric mean {found['mean']:.2f} x, the lowest {found['least']:.2f} x")
    print(f"  asked for: {group.mean_at_least} x in the mean: {_VERDICT[found['reached']]}")
    below = [result["ratio"]["torch"]["median"] < result["at_least"] for result in results]
    print(f"  asked for: of each its own least: {_VERDICT[True] if not any(below) else f'NOT reached by {sum(below)}'}")
    return found


_VERDICT = {True: "reached", False: "NOT reached", None: "not judged"}


def _judge_speed(workload: Workload, result: dict[str, Any]) -> None:
    against = result["ratio"].get("torch")
    if workload.at_least is None or against is None:
        return
    result["at_least"] = workload.at_least
    result["reached"] = against["median"] >= workload.at_least if result["quiet"] is not False else None
    print(f"  asked for: {workload.at_least} x: {_VERDICT[result['reached']]}")


def _judge_memory(workload: Workload, result: dict[str, Any]) -> None:
    """By what the process grew since the peer was imported: the size of a library is not the step's memory."""
    grown = result.get("grown_mb", {})
    if workload.memory_at_most is None or len(grown) < 2:
        return
    first, *_ = grown
    ratio = grown[first] / grown["torch"]
    result["memory_reached"] = ratio <= workload.memory_at_most
    print(
        f"  asked for: at most {workload.memory_at_most} x PyTorch's memory: "
        f"{ratio:.2f} x: {_VERDICT[result['memory_reached']]}"
    )


def _memory(result: dict[str, Any], name: str) -> str:
    """The peak of the process, and how much of it the workload added to the imported peer."""
    grown = result.get("grown_mb")
    return f"{result['peak_mb'][name]:7.1f} MB" + (f" (+{grown[name]:.1f})" if grown else "")


def _duration(seconds: float) -> str:
    return f"{seconds * 1e6:9.1f} µs" if seconds < 1e-2 else f"{seconds * 1e3:9.1f} ms"

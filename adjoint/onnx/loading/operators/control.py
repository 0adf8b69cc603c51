"""Branches and loops; the graphs inside of them are given as functions."""

from __future__ import annotations

from typing import Any

import adjoint
from adjoint.onnx.loading.rows import operator
from adjoint.tensor import Tensor


@operator("If", graphs=("then_branch", "else_branch"), several=True)
def branch(site: Any, then_branch: Any, else_branch: Any) -> Any:
    def run(condition: Any, then_branch: Any, else_branch: Any) -> Any:
        return then_branch() if bool(condition) else else_branch()

    return run


@operator("Loop", graphs=("body",), several=True)
def loop(site: Any, body: Any) -> Any:
    carried = max(len(site.inputs) - 2, 0)

    def run(limit: Any = None, condition: Any = None, *states: Any, body: Any) -> Any:
        most = None if limit is None else int(limit)
        collected: list[list[Any]] = [[] for _ in range(len(site.outputs) - carried)]
        goes_on = condition is None or bool(condition)
        step = 0
        while goes_on and (most is None or step < most):
            results = body(adjoint.tensor(step), adjoint.tensor(True), *states)
            goes_on = bool(results[0])
            states = results[1 : 1 + carried]
            for each, value in zip(collected, results[1 + carried :]):
                each.append(value)
            step += 1
        return (*states, *map(_stacked, collected))

    return run


@operator("Scan", since=9, graphs=("body",), several=True)
def scan(
    site: Any, body: Any, num_scan_inputs: int, scan_input_axes: Any = None, scan_input_directions: Any = None,
    scan_output_axes: Any = None, scan_output_directions: Any = None,
) -> Any:  # fmt: skip
    def run(*values: Any, body: Any) -> Any:
        count = len(values) - num_scan_inputs
        states, scanned = values[:count], values[count:]
        axes = scan_input_axes or (0,) * num_scan_inputs
        backwards = scan_input_directions or (0,) * num_scan_inputs
        parts = [value.unbind(axis) for value, axis in zip(scanned, axes)]
        parts = [each[::-1] if back else each for each, back in zip(parts, backwards)]
        collected: list[list[Any]] = [[] for _ in range(len(site.outputs) - count)]
        for each in zip(*parts):
            results = body(*states, *each)
            states = results[:count]
            for found, value in zip(collected, results[count:]):
                found.append(value)
        outputs = []
        for n, found in enumerate(collected):
            if scan_output_directions and scan_output_directions[n]:
                found = found[::-1]
            outputs.append(adjoint.stack(found, scan_output_axes[n] if scan_output_axes else 0))
        return (*states, *outputs)

    return run


@operator("Scan", since=8, graphs=("body",), several=True)
def scan_of_samples(site: Any, body: Any, num_scan_inputs: int, directions: Any = None) -> Any:
    of_one = scan(site, None, num_scan_inputs, scan_input_directions=directions)

    def run(lengths: Any, *values: Any, body: Any) -> Any:
        if lengths is not None:
            raise NotImplementedError("Scan over sequences of different lengths")
        samples = [of_one(*(value[n] for value in values), body=body) for n in range(values[0].shape[0])]
        return tuple(adjoint.stack(each) for each in zip(*samples))

    return run


def _stacked(values: list[Any]) -> Any:
    if not values:
        return adjoint.zeros(0)
    return adjoint.stack(values) if isinstance(values[0], Tensor) else values

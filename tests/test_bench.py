"""The benchmark measures what it says."""

import json
import os
import platform
import subprocess
import sys

import pytest

import adjoint
from bench import machine, measure
from bench.registry import WORKLOADS, load_workloads

load_workloads()


@pytest.mark.parametrize("name", sorted(name for name, w in WORKLOADS.items() if w.kind == "step"))
def test_a_workload_leaves_gradients_and_runs_again(name):
    adjoint.manual_seed(0)
    step = WORKLOADS[name].function(adjoint)
    leaves = []
    for held in (cell.cell_contents for cell in step.__closure__):
        if isinstance(held, adjoint.nn.Module):
            leaves += held.parameters()
        elif isinstance(held, adjoint.Tensor) and held.requires_grad:
            leaves.append(held)
    step()
    returned = step()  # a transform returns its gradients
    assert returned is not None or (leaves and all(leaf.grad is not None for leaf in leaves))


def test_a_long_chain_runs_backward():
    WORKLOADS["long_chain"].function(adjoint, 20_000)()


def test_ratios_are_formed_round_by_round():
    found = measure.summary({"adjoint": [1.0, 2.0, 4.0], "torch": [3.0, 4.0, 16.0]})
    assert found["seconds"] == {"adjoint": 2.0, "torch": 4.0}
    assert found["ratio"]["torch"]["median"] == 3.0


def test_functions_take_turns(monkeypatch):
    monkeypatch.setattr(measure, "WARM_UP_SECONDS", 0.001)
    monkeypatch.setattr(measure, "ROUND_SECONDS", 0.001)
    calls = []
    seconds = measure.time_in_turns({"a": lambda: calls.append("a"), "b": lambda: calls.append("b")}, 2)
    assert {name: len(s) for name, s in seconds.items()} == {"a": 2, "b": 2}
    switches = sum(x != y for x, y in zip(calls, calls[1:]))
    assert switches == 4  # warm-up: a b; first round: a b; second round: b a


def test_the_machine_is_described_without_names():
    text = json.dumps(machine.describe())
    assert "processor" in text and "numpy" in text
    assert os.path.expanduser("~") not in text and (not platform.node() or platform.node() not in text)


def test_a_figure_taken_beside_a_busy_program_does_not_count(capsys):
    from bench.__main__ import _note_others, _report

    result = {"seconds": {"adjoint": 1.0, "torch": 9.0}, "peak_mb": {"adjoint": 1.0, "torch": 1.0}}
    result["ratio"] = {"torch": {"median": 9.0, "low": 9.0, "high": 9.0}}
    others = machine.Others()
    others.share = 0.4
    _note_others(result, others)
    assert _report(WORKLOADS["bce"], result)["reached"] is None
    assert "40% of the machine" in capsys.readouterr().out


def test_others_share_leaves_out_what_this_process_used_itself(monkeypatch):
    elapsed, own, everything = iter([0.0, 2.0]), iter([1.0, 3.0]), iter([100.0, 103.0])
    monkeypatch.setattr(machine.time, "perf_counter", lambda: next(elapsed))
    monkeypatch.setattr(machine, "_own_seconds", lambda: next(own))
    monkeypatch.setattr(machine, "_all_seconds", lambda: next(everything))
    monkeypatch.setattr(machine.os, "cpu_count", lambda: 2)
    with machine.Others() as others:
        pass
    assert others.share == 0.25  # 3 s in all, 2 of them its own, of the 4 that two cores have in 2 s


def test_processor_time_of_finished_children_is_its_own():
    before = machine._own_seconds()
    subprocess.run([sys.executable, "-c", "sum(range(10**7))"], check=True)
    assert machine._own_seconds() - before > 0.05

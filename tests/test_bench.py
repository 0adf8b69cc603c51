"""The benchmark measures what it says."""

import json
import os
import platform
import re
import subprocess
import sys

import pytest

import adjoint
from bench import limits, machine, measure
from bench.limits import Limits
from bench.registry import GROUPS, WORKLOADS, load_workloads, members
from bench.report import report, report_group
from bench.workloads import large

load_workloads()


@pytest.fixture
def small_arrays(monkeypatch):
    monkeypatch.setattr(large, "ROWS", 40)
    monkeypatch.setattr(large, "COLUMNS", 10)


@pytest.mark.parametrize("name", sorted(name for name, w in WORKLOADS.items() if w.kind == "step"))
def test_a_workload_leaves_gradients_and_runs_again(name, small_arrays):
    adjoint.manual_seed(0)
    step = WORKLOADS[name].function(adjoint)
    leaves = []
    for cell in step.__closure__:
        for held in cell.cell_contents if isinstance(cell.cell_contents, tuple) else [cell.cell_contents]:
            if isinstance(held, adjoint.nn.Module):
                leaves += held.parameters()
            elif isinstance(held, adjoint.Tensor) and held.requires_grad:
                leaves.append(held)
    step()
    returned = step()  # a transform returns its gradients
    assert returned is not None or (leaves and all(leaf.grad is not None for leaf in leaves))


@pytest.mark.parametrize("name", sorted(GROUPS))
def test_gradients_of_a_group_do_not_add_up_over_the_steps(name, small_arrays):
    step = WORKLOADS[members(name)[0]].function(adjoint)
    leaf = next(cell.cell_contents for cell in step.__closure__ if isinstance(cell.cell_contents, tuple))[0]
    step()
    first = leaf.grad.clone()
    step()
    assert adjoint.equal(leaf.grad, first)


# PyTorch counts attention on the CPU as nothing.
@pytest.mark.parametrize("name", sorted(name for name, w in WORKLOADS.items() if w.flops and name != "gpt"))
def test_the_stated_operations_are_those_that_pytorch_counts(name):
    torch = pytest.importorskip("torch")
    from torch.utils.flop_counter import FlopCounterMode

    step = WORKLOADS[name].function(torch)
    with FlopCounterMode(display=False) as counter:
        step()
    assert WORKLOADS[name].flops == counter.get_total_flops()


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
    host = platform.node()
    assert os.path.expanduser("~") not in text
    assert not host or not re.search(rf"\b{re.escape(host)}\b", text)  # as a word: a short name may be part of another


def test_a_figure_taken_beside_a_busy_program_does_not_count(capsys):
    from bench.__main__ import _note_others

    result = {"seconds": {"adjoint": 1.0, "torch": 9.0}, "peak_mb": {"adjoint": 1.0, "torch": 1.0}}
    result["ratio"] = {"torch": {"median": 9.0, "low": 9.0, "high": 9.0}}
    others = machine.Others()
    others.share = 0.4
    _note_others(result, others)
    assert report(WORKLOADS["bce"], result, Limits(None, 1e11))["reached"] is None
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


def _result(ratio, seconds=1.0, grown=(1.0, 1.0)):
    names = "adjoint", "torch"
    return {
        "seconds": {"adjoint": seconds, "torch": seconds * ratio},
        "peak_mb": dict(zip(names, grown)),
        "grown_mb": dict(zip(names, grown)),
        "ratio": {"torch": {"median": ratio, "low": ratio, "high": ratio}},
        "quiet": True,
    }


def test_a_slow_step_is_run_in_fewer_rounds_but_in_seven(monkeypatch):
    monkeypatch.setattr(measure, "WARM_UP_SECONDS", 0.001)
    monkeypatch.setattr(measure, "TURNS_SECONDS", 0.0)
    assert len(measure.time_in_turns({"a": lambda: None}, 15)["a"]) == 7


def test_a_name_of_a_group_chooses_its_workloads():
    assert members("bce") == ["bce"]
    assert len(members("convolutions")) == 8 and len(members("matmul")) == 5 and len(members("large")) == 11


def test_the_share_of_the_limit_is_printed_beside_the_time(capsys):
    found = report(WORKLOADS["matmul_1024x1024x1024"], _result(2.0, seconds=0.064), Limits(200e9, 100e9))
    assert found["attained"]["adjoint"]["share"] == pytest.approx(0.503, abs=0.001)
    assert "100.7 Gflop/s ( 50% of the limit)" in capsys.readouterr().out
    found = report(WORKLOADS["large_exp"], _result(2.0, seconds=0.001), Limits(None, 100e9))
    assert found["attained"]["adjoint"] == {"rate": pytest.approx(80.0), "unit": "GB/s", "share": pytest.approx(0.8)}
    found = report(WORKLOADS["matmul_1024x1024x1024"], _result(2.0), Limits(None, 100e9))
    assert found["attained"]["adjoint"]["share"] is None


def test_a_group_is_judged_by_its_geometric_mean_and_by_each_member(capsys):
    ratios = [0.5, 2.0, 2.0, 2.0, 2.0]
    results = [{**_result(ratio), "at_least": 1.0} for ratio in ratios]
    found = report_group(GROUPS["matmul"], results)
    assert found["mean"] == pytest.approx(2 ** (3 / 5)) and found["least"] == 0.5 and found["reached"]
    out = capsys.readouterr().out
    assert "1.2 x in the mean: reached" in out and "each its own least: NOT reached by 1" in out
    results[1]["quiet"] = False
    assert report_group(GROUPS["matmul"], results)["reached"] is None


def test_memory_beyond_the_other_peer_s_is_said_where_less_is_asked_for(capsys):
    workload = WORKLOADS["resnet18_batch16"]
    assert report(workload, _result(2.0, grown=(3.0, 2.0)), Limits(None, 1e11))["memory_reached"] is False
    assert "at most 1.0 x PyTorch's memory: 1.50 x: NOT reached" in capsys.readouterr().out
    assert report(workload, _result(2.0, grown=(2.0, 2.0)), Limits(None, 1e11))["memory_reached"] is True


def test_the_limits_are_of_a_plausible_size(monkeypatch):
    monkeypatch.setattr(limits, "REPEATS", 2)
    found = limits.measure()
    assert 1e8 < found.bytes_per_second < 1e13
    assert found.flops_per_second is None or 1e8 < found.flops_per_second < 1e14
    assert "GB/s" in str(found)

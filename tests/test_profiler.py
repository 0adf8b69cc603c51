"""torch.autograd.profiler and torch.profiler."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

import adjoint
from adjoint.autograd import engine
from adjoint.autograd.interception import intercept
from tests.both import agree


def program(torch):
    x = torch.ones(4, 4, requires_grad=True)
    with torch.autograd.profiler.record_function("my region"):
        y = x.exp()
    (y * y).sum().backward()


def test_operators_nodes_and_regions_are_counted():
    def scenario(torch):
        with torch.autograd.profiler.profile() as prof:
            program(torch)
        counts = {e.key: e.count for e in prof.key_averages()}
        wanted = ("my region", "aten::exp", "aten::sum", "ExpBackward0", "MulBackward0", "SumBackward0")
        return {k: counts.get(k) for k in wanted}

    agree(scenario)


def test_events_nest_and_their_own_times_add_up():
    with adjoint.autograd.profiler.profile() as prof:
        program(adjoint)
    events = {e.name: e for e in prof.function_events}
    assert events["aten::exp"].cpu_parent is events["my region"]
    node = events["MulBackward0"]
    assert node.cpu_parent.name == "autograd::engine::evaluate_function: MulBackward0"
    for e in prof.function_events:
        assert e.cpu_time_total >= e.self_cpu_time_total >= 0
    tops = [e for e in prof.function_events if e.cpu_parent is None]
    assert prof.self_cpu_time_total == pytest.approx(sum(e.cpu_time_total for e in tops))


def test_the_table_has_pytorchs_form():
    def scenario(torch):
        with torch.autograd.profiler.profile(record_shapes=True) as prof:
            torch.ones(3, 4).exp()
        averages = prof.key_averages(group_by_input_shape=True)
        table = averages.table(sort_by="cpu_time_total", row_limit=5, header="mine")
        lines = [re.sub(r"\s+", " ", line) for line in table.split("\n")]
        row = next(line for line in lines if "aten::exp" in line)
        return lines[1][:10], [x for x in lines if "Name" in x], "mine" in lines, re.sub(r"[\d.]+(us|ms|%)", "#", row)

    agree(scenario)


def test_shapes_stacks_and_memory_are_kept_where_asked_for(tmp_path):
    with adjoint.autograd.profiler.profile(record_shapes=True, with_stack=True, profile_memory=True) as prof:
        program(adjoint)
    exp = next(e for e in prof.function_events if e.name == "aten::exp")
    assert exp.input_shapes == [[4, 4]]
    assert "test_profiler.py" in exp.stack[0] and exp.stack[0].endswith(": program")
    assert exp.cpu_memory_usage == 64 and exp.cpu_parent.cpu_memory_usage == 64
    table = prof.key_averages(group_by_stack_n=2).table()
    assert "Source Location" in table and "Self CPU Mem" in table
    prof.export_stacks(tmp_path / "stacks")
    assert ":_program" in (tmp_path / "stacks").read_text()


def test_a_chrome_trace_is_written(tmp_path):
    with adjoint.autograd.profiler.profile() as prof:
        program(adjoint)
    prof.export_chrome_trace(tmp_path / "trace.json")
    events = json.loads((tmp_path / "trace.json").read_text())["traceEvents"]
    kinds = {e["name"]: (e["ph"], e["cat"]) for e in events}
    assert kinds["aten::exp"] == ("X", "cpu_op") and kinds["my region"] == ("X", "user_annotation")
    assert all(e["dur"] >= 0 and e["ts"] > 0 for e in events)


def test_a_function_and_what_it_calls_are_seen():
    class Twice(adjoint.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, g):
            return g * 2

    with adjoint.autograd.profiler.profile() as prof:
        Twice.apply(adjoint.ones(2, requires_grad=True)).sum().backward()
    events = {e.name: e for e in prof.function_events}
    assert events["aten::mul"].cpu_parent.name in ("Twice", "TwiceBackward")
    assert {"Twice", "TwiceBackward"} <= set(events)


def test_nothing_stays_behind():
    before = intercept.active
    with pytest.raises(ZeroDivisionError), adjoint.autograd.profiler.profile():
        1 / 0
    assert intercept.active == before and not engine.watchers


def test_wrong_uses_are_errors():
    def scenario(torch):
        prof = torch.autograd.profiler.profile()
        with prof:
            pass
        errors = []
        for use in (prof.__enter__, torch.autograd.profiler.emit_nvtx().__enter__):
            try:
                use()
            except Exception as error:
                errors.append((type(error).__name__, str(error)))
        return errors, torch.autograd.profiler.profile(enabled=False).__enter__()

    agree(scenario)


def test_record_function_decorates_and_costs_nothing_when_off():
    calls = []

    @adjoint.autograd.profiler.record_function("named")
    def f():
        calls.append(1)

    f()
    with adjoint.autograd.profiler.profile() as prof:
        f()
    assert [e.name for e in prof.function_events] == ["named"] and len(calls) == 2


def test_steps_are_scheduled():
    def scenario(torch):
        from importlib import import_module

        p = import_module(torch.__name__ + ".profiler")
        x = torch.ones(3, requires_grad=True)

        def ready(prof):
            counts = {e.key: e.count for e in prof.key_averages()}
            print("ready", prof.step_num, counts.get("ProfilerStep*"), counts["aten::exp"])

        plan = p.schedule(wait=1, warmup=1, active=2, repeat=2, skip_first=1)
        print([plan(i).name for i in range(12)])
        with p.profile(activities=[p.ProfilerActivity.CPU], schedule=plan, on_trace_ready=ready) as prof:
            for _ in range(11):
                x.exp()
                prof.step()
        with p.profile() as prof:
            x.exp()
        return {e.key: e.count for e in prof.key_averages()}["aten::exp"]

    agree(scenario)


def test_operators_and_the_nodes_that_they_recorded_have_one_number():
    def scenario(torch):
        x = torch.ones(4, 4, requires_grad=True)
        with torch.autograd.profiler.profile(record_shapes=True) as prof:
            with torch.autograd.profiler.record_function("mine"):
                y = (x * 2 + x).sum()
            y.backward()
        events = {}
        for e in prof.function_events:
            events.setdefault(e.name, e)
        numbers = {}
        for operator, node in (("mul", "MulBackward0"), ("add", "AddBackward0"), ("sum", "SumBackward0")):
            forward, backward = events[f"aten::{operator}"], events[node]
            around = events[f"autograd::engine::evaluate_function: {node}"]
            assert forward.sequence_nr == backward.sequence_nr == around.sequence_nr >= 0
            assert backward.fwd_thread == around.fwd_thread == forward.thread
            numbers[forward.sequence_nr] = forward.fwd_thread, forward.scope, backward.scope, backward.input_shapes
        leaf = events["torch::autograd::AccumulateGrad"]
        shown = [leaf.sequence_nr, leaf.fwd_thread, leaf.input_shapes, events["mine"].scope, events["mine"].sequence_nr]
        return [numbers[n] for n in sorted(numbers)], shown, [e.node_id for e in events.values() if e.node_id != -1]

    agree(scenario, raises=False)


EVENTS = {
    "alone": "(e, e.cpu_time, e.cpu_time_total, e.cpu_time_str, e.self_cpu_time_total_str, e.key, e.count)",
    "devices": "(e.device_time, e.device_time_total, e.self_device_time_total, e.device_time_str, e.device_memory_usage)",
    "average": "vars(A().add(e).add(e).add(e)).keys() and A().add(e).add(e)",
    "average of averages": "(lambda a: (a, a.count, a.cpu_time))(A().add(e).add(A().add(e)))",
    "other name": "A().add(e).add(f)",
    "no event": "A().add(3)",
    "no child": "e.append_cpu_child(3)",
    "no parent": "e.set_cpu_parent(3)",
    "nested": "(l._populate_cpu_children(), e.cpu_children, f.cpu_parent, g.cpu_parent, e.self_cpu_time_total)",
    "nested twice": "(l._populate_cpu_children(), l._populate_cpu_children())",
    "table": "print(l.table(sort_by='cpu_time_total'))",
    "total": "l.total_average()",
}


@pytest.mark.parametrize("what", EVENTS)
def test_events_made_by_hand(what):
    def scenario(torch):
        util = torch.autograd.profiler_util
        e = util.FunctionEvent(id=1, name="work", thread=0, start_us=1, end_us=9, node_id=0)
        f = util.FunctionEvent(id=2, name="part", thread=0, start_us=2, end_us=4, node_id=0)
        g = util.FunctionEvent(id=3, name="across", thread=0, start_us=3, end_us=10, node_id=0)
        space = {"e": e, "f": f, "g": g, "A": util.FunctionEventAvg, "l": util.EventList([e, f, g])}
        return repr(eval(EVENTS[what], space))

    agree(scenario)


def test_whether_a_profiler_is_on():
    def scenario(torch):
        before = torch.autograd._profiler_enabled()
        with torch.autograd.profiler.profile(use_kineto=torch.autograd.kineto_available()):
            return before, torch.autograd._profiler_enabled()

    agree(scenario, raises=False)
    assert not adjoint.autograd._profiler_enabled()


def test_the_shapes_of_a_linear_layer_are_those_of_its_input_weight_and_bias() -> None:
    def scenario(torch: Any) -> Any:
        layer = torch.nn.Linear(20, 30)
        with torch.autograd.profiler.profile(record_shapes=True) as found:
            layer(torch.ones(4, 20))
        return [event.input_shapes for event in found.function_events if event.name == "aten::linear"]

    agree(scenario, raises=False)

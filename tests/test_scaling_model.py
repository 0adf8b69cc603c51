"""The model of a step of many processes: limits that are known, and what was measured here."""

import json
import math
from pathlib import Path

import pytest

from bench import scaling_model as model
from bench.scaling_model import Network, Step, predict

MB = 1e6
STEP = Step(forward=0.03, backward=0.06, optimizer=0.01, buckets=((1 * MB, 0.01), (25 * MB, 0.04), (20 * MB, 0.06)))
TEN = model.ethernet(10, 20e-6)


def test_one_process_sends_nothing():
    found = predict(STEP, 1, TEN)
    assert (found.seconds, found.communication) == (STEP.alone, 0)


def test_a_network_without_latency_or_limit_costs_nothing():
    assert predict(STEP, 1000, Network("ideal", 0.0, 0.0)).seconds == pytest.approx(STEP.alone)


def test_a_ring_sends_the_least_bytes():
    network = Network("wire", 0.0, 1e-9)
    assert model.ring(2, 10 * MB, network) == pytest.approx(0.01)  # each sends its half twice over: m in all
    assert model.ring(10**6, 10 * MB, network) == pytest.approx(0.02, rel=1e-5)
    assert model.least_bytes(4, 8) == 12


def test_without_overlap_communication_is_added():
    found = predict(STEP, 8, TEN, overlap=False)
    whole = sum(model.ring(8, size, TEN) for size, _ in STEP.buckets)
    assert found.seconds == pytest.approx(STEP.alone + whole)
    assert found.communication == pytest.approx(whole)
    assert found.hidden == pytest.approx(0)


def test_what_the_backward_outlasts_is_hidden_but_for_the_last_bucket():
    fast = Network("fast", 0.0, 1e-12)
    found = predict(STEP, 2, fast)
    assert found.seconds == pytest.approx(STEP.alone + model.ring(2, 20 * MB, fast))
    assert found.hidden == pytest.approx(26 / 46)


def test_one_link_carries_one_bucket_after_the_other():
    slow = Network("slow", 0.0, 1e-8)
    end = 0.04 + model.ring(2, 25 * MB, slow) + model.ring(2, 20 * MB, slow)  # the first was through before the second was ready
    assert predict(STEP, 2, slow).seconds == pytest.approx(STEP.forward + end + STEP.optimizer)


def test_processor_time_of_messages_is_not_hidden():
    memory = Network("memory", 0.0, 0.0, host_per_byte=1e-10)
    found = predict(STEP, 2, memory)
    assert found.seconds == pytest.approx(STEP.alone + 46 * MB * 1e-10)
    assert found.hidden == pytest.approx(0)


def test_few_messages_win_where_gradients_are_small():
    assert model.recursive_doubling(1024, 1000, TEN) < model.ring(1024, 1000, TEN)
    assert model.recursive_doubling(1024, 100 * MB, TEN) > model.ring(1024, 100 * MB, TEN)
    assert model.all_reduce(1024, 1000, TEN, "best")[0] == model.recursive_doubling(1024, 1000, TEN)


def test_strong_scaling_ends_where_amdahl_says():
    ideal = Network("ideal", 0.0, 0.0)
    half = Step(0.04, 0.06, 0.0, STEP.buckets, fixed=0.5)
    assert model.strong(half, [1, 2, 10**9], ideal) == pytest.approx([1, 1 / 0.75, 2])
    assert model.weak(half, [1, 10**9], ideal) == pytest.approx([1, 1])


def test_the_slowest_of_many_decides():
    jittery = Step(0.04, 0.06, 0.0, STEP.buckets, jitter=0.01)
    found = predict(jittery, 1000, Network("ideal", 0.0, 0.0)).seconds
    assert found == pytest.approx(0.1 + 0.01 * math.sqrt(2 * math.log(1000)))
    assert predict(jittery, 1, TEN).seconds == pytest.approx(0.1)


def test_time_per_call_and_per_byte_are_found_from_measurements():
    memory = Network("memory", 0.0, 0.0, host_per_byte=2e-10, per_call=5e-6)
    points = [(2, size, sum(model.all_reduce(2, size, memory))) for size in (4, 4096, 1 << 20, 25 << 20, 100 << 20)]
    found = model.fit(points)
    assert (found.per_call, found.host_per_byte) == pytest.approx((5e-6, 2e-10), rel=1e-3)


RESULTS = Path(__file__).parents[1] / "docs" / "scaling.json"


@pytest.mark.skipif(not RESULTS.exists(), reason="nothing was measured yet")
def test_the_model_predicts_what_was_measured_here():
    """Loosely: two processes on two cores, which is where the model was calibrated; a factor of 1.5 would be a wrong model."""
    record = json.loads(RESULTS.read_text())
    for workload in record["workloads"].values():
        for n, found in workload["predicted"].items():
            assert 1 / 1.5 < found["predicted"] / found["measured"] < 1.5, (workload["title"], n)

"""torch.futures: completed once, callbacks in any order of events, errors where they are waited for."""

import threading

import pytest

from adjoint.futures import Future, collect_all, wait_all


def test_a_value_is_waited_for_across_threads():
    future = Future()
    threading.Timer(0.05, future.set_result, [7]).start()
    assert not future.done() or future.value() == 7
    assert future.wait() == 7 and future.done()


def test_callbacks_run_when_set_before_and_after_completion():
    future, seen = Future(), []
    future.add_done_callback(lambda f: seen.append(f.value()))
    chained = future.then(lambda f: f.value() + 1).then(lambda f: f.wait() * 10)
    future.set_result(1)
    future.add_done_callback(lambda f: seen.append("late"))
    assert seen == [1, "late"] and chained.wait() == 20


def test_an_exception_is_raised_where_the_value_is_asked_for():
    future = Future()
    chained = future.then(lambda f: f.wait())
    future.set_exception(ValueError("foo"))
    for ask in (future.wait, future.value, chained.wait, collect_all([future]).wait):
        with pytest.raises(ValueError, match="foo"):
            ask()
    with pytest.raises(ZeroDivisionError):
        future.then(lambda f: 1 / 0).wait()


def test_what_a_done_callback_raises_is_printed_and_stops_nobody(capsys):
    future = Future()
    future.add_done_callback(lambda f: 1 / 0)
    future.set_result(1)
    assert "ZeroDivisionError" in capsys.readouterr().err and future.wait() == 1


def test_completing_twice_and_asking_too_early_are_errors():
    future = Future()
    with pytest.raises(RuntimeError, match="not completed"):
        future.value()
    with pytest.raises(AssertionError, match="not an Exception"):
        future.set_exception(1)
    future.set_result(3)
    with pytest.raises(RuntimeError, match="Attempting to mark a completed Future as complete again"):
        future.set_result(4)
    assert future.value() == 3


def test_several_are_collected_in_their_order():
    futures = [Future() for _ in range(3)]
    collected = collect_all(futures)
    for future, value in zip(reversed(futures), (3, 2, 1)):
        assert not collected.done()
        future.set_result(value)
    assert collected.wait() == futures and wait_all(futures) == [1, 2, 3] and collect_all([]).wait() == []

"""Nothing stays switched, whatever interrupts: Ctrl-C, a handler that raises; and what a handler finds while a backward runs."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
import textwrap
import warnings

import pytest
from interrupts import SCENARIOS, every

import adjoint as torch
from adjoint.autograd import engine

SHORT = ("backward", "backward_accumulates", "backward_of_a_freed_graph_says_so", "no_grad", "set_grad_enabled", "inference_mode")
MOST = int(os.environ.get("ADJOINT_INTERRUPTS", 8))  # places of each of the other scenarios; `make interrupts` takes all


@pytest.fixture(autouse=True)
def _quiet(monkeypatch):
    monkeypatch.setattr(sys, "unraisablehook", lambda unraisable: None)  # an interrupt within a finalizer is Python's to report
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@pytest.mark.parametrize("kind", ["line", "signal"])
@pytest.mark.parametrize("name", SHORT)
def test_an_interrupt_anywhere_leaves_all_as_it_was(kind, name):
    assert list(every(kind, name, None if kind == "line" else 150)) == []


@pytest.mark.parametrize("kind", ["line", "signal"])
@pytest.mark.parametrize("name", [name for name in SCENARIOS if name not in SHORT])
def test_an_interrupt_here_and_there_leaves_all_as_it_was(kind, name):
    assert list(every(kind, name, MOST)) == []


def run(program: str, *, timeout: float = 120) -> str:
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, timeout=timeout, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_training_goes_on_rightly_after_hundreds_of_interrupts():
    out = run(
        """
        import random, signal, warnings
        import adjoint as torch
        from adjoint.thread_state import this_thread
        from adjoint.autograd.grad_mode import off
        from adjoint.autograd.interception import intercept

        model = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.Tanh(), torch.nn.Linear(8, 1))
        x, y = torch.ones(16, 4), torch.zeros(16, 1)

        def step(model, optimizer):
            optimizer.zero_grad()
            loss = ((model(x) - y) ** 2).mean()
            loss.backward()
            with torch.no_grad():
                model(x)
            with torch.inference_mode():
                model(x)
            torch.vmap(lambda a: a * 2)(x)
            torch.func.grad(lambda a: (a * a).sum())(x)
            optimizer.step()
            return loss.item()

        optimizer = torch.optim.SGD(model.parameters(), lr=1e-3)
        for _ in range(3):
            step(model, optimizer)
        draw = random.Random(1)
        interrupted = 0
        while interrupted < 400:
            try:
                signal.setitimer(signal.ITIMER_REAL, draw.uniform(1e-5, 2e-3))
                signal.signal(signal.SIGALRM, signal.default_int_handler)
                while True:
                    step(model, optimizer)
            except KeyboardInterrupt:
                interrupted += 1
                assert torch.is_grad_enabled() and not torch.is_inference_mode_enabled()
                assert this_thread.ident not in off and not intercept.active, (off, intercept.active)
                assert this_thread.interceptors == ((), 0) and this_thread.task is None and not this_thread.transforms
        signal.setitimer(signal.ITIMER_REAL, 0)

        # From here on, as a model would do that has these parameters and nobody ever interrupted.
        other = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.Tanh(), torch.nn.Linear(8, 1))
        other.load_state_dict(model.state_dict())
        others = torch.optim.SGD(other.parameters(), lr=0.1)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        mine = [step(model, optimizer) for _ in range(5)]
        assert mine == [step(other, others) for _ in range(5)]
        assert mine[-1] < mine[0]
        print(interrupted)
        """
    )
    assert out == "400\n"


# What code finds that runs in the middle of a backward.


def during_a_backward(what, count=40):
    """Run a backward with a signal at each of its first instructions; its gradients, and how often the handler ran."""
    import _thread

    ran = []

    def handler(number, frame):
        ran.append(what())

    before = signal.signal(signal.SIGINT, handler)
    try:
        found = []
        for at in range(count):
            w = torch.tensor([1.0, 2.0], requires_grad=True)
            loss = (w * w * w).sum() + w.exp().log().sum()
            seen = [0]

            def local(frame, event, argument, at=at, seen=seen):
                if event == "line":
                    seen[0] += 1
                    if seen[0] == at + 1:
                        sys.settrace(None)
                        _thread.interrupt_main()
                return local

            def called(frame, event, argument, local=local):
                name = frame.f_code.co_filename
                return local if name.endswith(("engine.py", "accumulate.py")) or name.startswith("<adjoint") else None

            sys.settrace(called)
            try:
                loss.backward()
            finally:
                sys.settrace(None)
            found.append(w.grad.tolist())
    finally:
        signal.signal(signal.SIGINT, before)
    return found, ran


def test_a_handler_sees_the_users_grad_mode_and_runs_a_backward_of_its_own():
    leaf = torch.tensor([2.0], requires_grad=True)

    def what():
        enabled = torch.is_grad_enabled()
        leaf.grad = None
        (leaf * leaf).sum().backward()
        return enabled, leaf.grad.tolist(), torch.is_grad_enabled()

    found, ran = during_a_backward(what)
    assert found == [[4.0, 13.0]] * 40
    assert ran == [(True, [4.0], True)] * 40


def test_a_handler_in_a_backward_in_no_grad_sees_that_nothing_is_recorded():
    with torch.no_grad():
        leaf = torch.tensor([2.0], requires_grad=True)

    def what():
        return torch.is_grad_enabled(), (leaf * 2).requires_grad

    loss = leaf.exp().sum()
    ran = []
    before = signal.signal(signal.SIGINT, lambda *_: ran.append(what()))
    leaf.register_hook(lambda g: signal.raise_signal(signal.SIGINT))  # a hook runs in the backward's mode, as in PyTorch
    try:
        with torch.no_grad():
            loss.backward()
    finally:
        signal.signal(signal.SIGINT, before)
    assert ran == [(False, False)]


def test_what_a_handler_adds_to_a_leaf_of_the_interrupted_backward_is_not_lost():
    w = torch.tensor([1.0, 2.0], requires_grad=True)
    seen = []

    def local(frame, event, argument):
        if event == "line":
            sys.settrace(None)
            seen.append(w.grad is None)
            (w * 10).sum().backward()
            sys.settrace(called)
        return local

    def called(frame, event, argument):
        return local if frame.f_code.co_filename.endswith("accumulate.py") and not seen[4:] else None

    for start in (None, torch.tensor([100.0, 100.0])):
        w.grad = start
        seen.clear()
        loss = (w * w).sum()
        sys.settrace(called)
        try:
            loss.backward()
        finally:
            sys.settrace(None)
        base = 0.0 if start is None else 100.0
        assert w.grad.tolist() == [base + 2.0 + 10.0 * len(seen), base + 4.0 + 10.0 * len(seen)]


def test_a_handler_that_writes_to_what_a_large_gradient_is_computed_from_does_not_change_it():
    # Gradients of large arrays are put off, and computed from what was saved when somebody wants them.
    n = 1 << 15
    for at in range(0, 160, 2):
        x = torch.linspace(-1, 1, n).requires_grad_()
        w = torch.full((n,), 3.0)
        loss = ((x * w).sin() * w).sum()
        seen = [0]

        def local(frame, event, argument, at=at, seen=seen, w=w):
            if event == "line":
                seen[0] += 1
                if seen[0] == at + 1:
                    sys.settrace(None)
                    with torch.no_grad():
                        w.zero_()
            return local

        def called(frame, event, argument, local=local):
            return local if frame.f_code is engine._run.__code__ else None  # between two nodes

        sys.settrace(called)
        try:
            loss.backward()
        except RuntimeError as error:
            assert "modified by an inplace operation" in str(error)
            continue
        finally:
            sys.settrace(None)
        expected = 9 * torch.linspace(-3, 3, n).cos()
        assert torch.allclose(x.grad, expected, atol=1e-5), at


def test_a_finalizer_in_a_backward_sees_the_users_grad_mode():
    seen = []

    class Finalized:
        def __del__(self):
            leaf = torch.tensor([3.0], requires_grad=True)
            loss = (leaf * leaf).sum()
            loss.backward()
            seen.append((torch.is_grad_enabled(), leaf.grad.tolist()))

    held = torch.tensor([1.0, 2.0])
    held.__dict__["finalized"] = Finalized()
    w = torch.tensor([1.0, 2.0], requires_grad=True)
    loss = (w * held).sum()
    del held
    gc.collect()
    assert seen == []
    loss.backward()  # frees what was saved
    assert seen == [(True, [6.0])]
    assert w.grad.tolist() == [1.0, 2.0]


def test_what_a_handler_switches_during_a_backward_stays_and_what_a_hook_switches_ends_with_it():
    w = torch.tensor([1.0, 2.0], requires_grad=True)
    loss = (w * w).sum()

    def local(frame, event, argument):
        if event == "line":
            sys.settrace(None)
            torch.set_grad_enabled(False)
        return local

    sys.settrace(lambda frame, event, argument: local if frame.f_code is engine._run.__code__ else None)
    try:
        loss.backward()
        assert not torch.is_grad_enabled()
    finally:
        sys.settrace(None)
        torch.set_grad_enabled(True)

    for recorded in (False, True):
        y = w * w
        y.register_hook(lambda g: torch.set_grad_enabled(False) and None)
        torch.autograd.grad(y.sum(), w, create_graph=recorded)
        assert torch.is_grad_enabled()


def test_hooks_and_functions_run_in_the_mode_of_the_backward():
    seen = {}

    class Twice(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, g):
            seen["function"] = torch.is_grad_enabled()
            return g * 2

    for recorded in (False, True):
        x = torch.ones(2, requires_grad=True)
        y = Twice.apply(x)
        y.register_hook(lambda g: seen.__setitem__("hook", torch.is_grad_enabled()))
        x.register_post_accumulate_grad_hook(lambda p: seen.__setitem__("accumulated", torch.is_grad_enabled()))
        y.grad_fn.register_hook(lambda *gs: seen.__setitem__("node", torch.is_grad_enabled()))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            y.sum().backward(create_graph=recorded)
        assert seen == dict.fromkeys(("function", "hook", "accumulated", "node"), recorded)
        assert torch.is_grad_enabled()
        x.grad = None


def test_an_interrupt_while_a_deeply_nested_backward_runs_elsewhere_ends_it_too():
    out = run(
        """
        import signal, threading
        import adjoint as torch

        began = []

        class Nested(torch.autograd.Function):
            @staticmethod
            def forward(ctx, x, depth):
                ctx.depth = depth
                return x.clone()

            @staticmethod
            def backward(ctx, g):
                if ctx.depth:
                    with torch.enable_grad():
                        x = torch.ones(1, requires_grad=True)
                        Nested.apply(x, ctx.depth - 1).sum().backward()
                elif not began:
                    began.append(threading.current_thread())
                    signal.setitimer(signal.ITIMER_REAL, 0.05)
                    while True:
                        pass
                return g, None

        signal.signal(signal.SIGALRM, signal.default_int_handler)
        x = torch.ones(1, requires_grad=True)
        try:
            Nested.apply(x, 30).sum().backward()
        except KeyboardInterrupt:
            print(began[0] is not threading.main_thread(), began[0].is_alive(), torch.is_grad_enabled(), x.grad)
        """
    )
    assert out == "True False True None\n"

"""Backwards in several threads at once."""

from __future__ import annotations

import threading

import adjoint
from tests.scenarios import leaf, same


def in_threads(n, work):
    """Run ``work(i)`` in n threads at once, and hand on what one of them raised."""
    errors = []
    start = threading.Barrier(n)

    def guarded(i):
        try:
            start.wait()
            work(i)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=guarded, args=(i,)) for i in range(n)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    if errors:
        raise errors[0]


@same
def test_threads_run_graphs_of_their_own_into_one_leaf(torch):
    x = torch.zeros(1000, requires_grad=True)

    def work(i):
        for _ in range(50):
            (x * float(i + 1)).sum().backward()

    in_threads(4, work)
    return x.grad[:3], bool((x.grad == 500).all())


def test_no_gradient_is_lost_where_threads_accumulate_large_ones():
    """NumPy adds large arrays with the interpreter's lock released, so additions could overlap."""
    x = adjoint.zeros(300_000, requires_grad=True)

    def work(i):
        for _ in range(40):
            x.backward(adjoint.ones(300_000))

    in_threads(4, work)
    assert (x.grad.numpy() == 160).all()


def test_the_first_gradients_of_several_threads_are_all_counted():
    for _ in range(300):
        x = adjoint.zeros(2, requires_grad=True)
        in_threads(3, lambda i, x=x: x.backward(adjoint.ones(2)))
        assert x.grad.tolist() == [3.0, 3.0]


@same
def test_threads_run_one_graph(torch):
    x = leaf(torch)
    y = x.exp() * x
    for _ in range(20):
        y = y * 1.5 - y / 2
    out = y.sum()
    in_threads(4, lambda i: [out.backward(retain_graph=True) for _ in range(10)])
    return x.grad


@same
def test_threads_compute_gradients_of_one_graph(torch):
    x = leaf(torch)
    out = x.exp().sum()
    got = [None] * 4

    def work(i):
        (got[i],) = torch.autograd.grad(out * (i + 1), x, retain_graph=True)

    in_threads(4, work)
    return got, x.grad


@same
def test_grad_mode_is_each_threads_own(torch):
    seen = [None] * 3

    def work(i):
        before = torch.is_grad_enabled()
        with torch.no_grad():
            x = torch.ones(2, requires_grad=True)
            inside = (x * 2).requires_grad
            with torch.enable_grad():
                (x * 2).sum().backward()
        seen[i] = before, inside, x.grad.tolist(), torch.is_grad_enabled()

    with torch.no_grad():
        in_threads(3, work)
        return seen, torch.is_grad_enabled()


@same
def test_a_backward_in_another_thread_under_no_grad(torch):
    x = leaf(torch)
    y = x.exp().sum()
    with torch.no_grad():
        in_threads(1, lambda i: y.backward())
        z = (x * 2).requires_grad
    return x.grad, z


@same
def test_hooks_in_threads_see_their_own_backward(torch):
    x = [leaf(torch) for _ in range(4)]
    calls = [[] for _ in x]
    for i, t in enumerate(x):
        t.register_hook(lambda g, i=i: calls[i].append((threading.current_thread().name, g.tolist())))

    def work(i):
        threading.current_thread().name = f"thread {i}"
        for _ in range(5):
            (x[i] * (i + 1)).sum().backward()

    in_threads(4, work)
    return calls


@same
def test_multithreading_can_be_named(torch):
    x = leaf(torch)
    with torch.autograd.set_multithreading_enabled(False):
        print(torch.autograd.is_multithreading_enabled())
        (x * 2).sum().backward()
    print(torch.autograd.is_multithreading_enabled())
    switch = torch.autograd.grad_mode.set_multithreading_enabled(False)
    print(torch.autograd.is_multithreading_enabled(), switch.mode)
    torch.autograd.set_multithreading_enabled(True)
    print(torch.autograd.is_multithreading_enabled())

    @torch.autograd.set_multithreading_enabled(False)
    def f():
        return torch.autograd.is_multithreading_enabled()

    return x.grad, f(), torch.autograd.is_multithreading_enabled()

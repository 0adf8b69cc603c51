"""What a graph keeps for its backward, with retain_graph and without, and when that is freed."""

from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest

import adjoint
from tests.scenarios import leaf, same

# retain_graph.


@same
def test_a_graph_runs_again_where_it_was_retained(torch):
    x = leaf(torch)
    y = x.exp().sum()
    y.backward(retain_graph=True)
    y.backward()
    print(x.grad)
    y.backward()


@same
def test_a_graph_that_saves_nothing_runs_again_without_being_retained(torch):
    x = leaf(torch)
    y = (x + 2).sum()
    y.backward()
    y.backward()
    return x.grad


@same
def test_part_of_a_graph_that_was_freed(torch):
    x = leaf(torch)
    a = x.exp()
    b, c = a.sum(), (a * 2).sum()
    b.backward()
    print(x.grad)
    c.backward()


@same
def test_a_failed_second_backward_leaves_gradients_as_pytorch_does(torch):
    x, w = leaf(torch), leaf(torch)
    a = x.exp()
    a.sum().backward()
    b = a * 1 + w
    with pytest.raises(RuntimeError):
        b.sum().backward()
    return x.grad, w.grad


@same
def test_grad_frees_only_what_ran(torch):
    x, y = leaf(torch), leaf(torch)
    a, b = x.exp(), y.exp()
    c = (a + b).sum()
    torch.autograd.grad(c, x)
    print(torch.autograd.grad(c, y))
    torch.autograd.grad(c, x)


@same
def test_create_graph_retains(torch):
    x = leaf(torch)
    y = x.exp().sum()
    y.backward(create_graph=True)
    first = x.grad
    y.backward(create_graph=True)
    y.backward(create_graph=True, retain_graph=False)
    print(first.detach(), x.grad.detach())
    x.grad = None
    y.backward()


# Memory.


class Counter:
    """Counts the arrays that are alive among those it was shown."""

    def __init__(self):
        self.alive = 0
        self.most = 0

    def watch(self, array):
        while isinstance(array.base, np.ndarray):
            array = array.base
        self.alive += 1
        self.most = max(self.most, self.alive)
        weakref.finalize(array, self._gone)

    def _gone(self):
        self.alive -= 1


def test_saved_tensors_are_freed_while_the_backward_runs():
    saved, seen = Counter(), []
    x = adjoint.ones(1000, requires_grad=True)
    y = x
    for _ in range(20):
        y = y.exp().clamp(0, 1)  # exp saves its result, clamp its input: one buffer a step
        node = y.grad_fn.next_functions[0][0]
        saved.watch(node._saved_result._array)
        node.register_prehook(lambda g: seen.append(saved.alive))
    del node
    out = y.sum()
    del y
    gc.collect()
    assert saved.alive == 20
    out.backward()
    assert seen == list(range(20, 0, -1))
    assert saved.alive == 0


def test_gradients_on_their_way_are_freed_while_the_backward_runs():
    gradients = Counter()
    x = adjoint.ones(1000, requires_grad=True)
    y = x
    for _ in range(20):
        y = y * 2
        y.register_hook(lambda g: gradients.watch(g._array))
    y.sum().backward()
    assert gradients.most <= 3


def test_a_retained_graph_keeps_what_it_saved():
    saved = Counter()
    x = adjoint.ones(10, requires_grad=True)
    y = x.exp()
    saved.watch(y._array)
    out = y.sum()
    del y
    out.backward(retain_graph=True)
    assert saved.alive == 1
    out.backward()
    assert saved.alive == 0


def test_the_peak_of_a_backward_is_that_of_the_forward():
    import tracemalloc

    x = adjoint.ones(10_000, requires_grad=True)

    def forward():
        y = x
        for _ in range(30):
            y = y.exp().clamp(0, 1)
        return y.sum()

    forward().backward()
    x.grad = None
    tracemalloc.start()
    try:
        out = forward()
        held, _ = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        out.backward()
        after, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < held + 4 * 40_000  # a few gradients of 40 kB
    assert after < held / 8


def test_a_graph_is_freed_without_the_garbage_collector():
    gc.disable()
    try:
        for backward in (False, True):
            x = adjoint.ones(3, requires_grad=True)
            y = x.exp()
            y.register_hook(lambda g: None)
            y.retain_grad()
            out = (y[0] * y.unbind()[1]).sum()
            node, tensor = weakref.ref(y.grad_fn), weakref.ref(y)
            if backward:
                out.backward()
            del y, out
            assert node() is None and tensor() is None
    finally:
        gc.enable()

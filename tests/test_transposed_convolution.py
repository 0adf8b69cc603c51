"""Transposed convolutions of every combination of arguments, legal or not: values and two derivatives against PyTorch."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest

import adjoint
from adjoint.ops import convolution_kernels

torch = pytest.importorskip("torch")


def configuration(seed: int, illegal: bool = False) -> dict[str, Any]:
    r = random.Random(seed)
    dims = 1 + seed % 3
    groups, into, out = r.choice([(1, 3, 2), (1, 8, 16), (1, 1, 1), (2, 2, 3), (4, 1, 1), (4, 1, 2), (8, 1, 1)])

    def each(*choices: int) -> tuple[int, ...]:
        return tuple(r.choice(choices) for _ in range(dims))

    stride, dilation = each(1, 1, 2, 3), each(1, 2, 3, 4)
    wide = tuple(r.randrange(max(s, d) + illegal) for s, d in zip(stride, dilation))
    return {
        "input": (r.choice((1, 2, 3)), into * groups, *each(*range(not illegal, (40, 12, 6)[dims - 1]))),
        "weight": (into * groups, out, *each(2, 3, 5)),
        "stride": stride,
        "padding": each(0, 0, 1) if not illegal else each(0, 3, -1),
        "dilation": dilation,
        "output_padding": wide if not illegal else tuple(r.choice((n, -1)) for n in wide),
        "groups": groups,
    }


def results(library: Any, given: dict[str, Any]) -> list[np.ndarray] | str:
    """The output, its gradients, and the gradients of these."""
    how = dict(given)
    dims = len(how["stride"])

    def normal(shape: Any, seed: int) -> Any:
        drawn = np.random.default_rng(seed).standard_normal(tuple(shape)).astype(np.float32)
        return library.tensor(drawn, requires_grad=True)

    x, w = normal(how.pop("input"), 0), normal(how.pop("weight"), 1)
    bias = normal((w.shape[1] * how["groups"],), 2)
    try:
        y = getattr(library.nn.functional, f"conv_transpose{dims}d")(x, w, bias, **how)
    except RuntimeError as error:
        return str(error)
    g = normal(y.shape, 3)
    first = library.autograd.grad(y, [x, w, bias], g, create_graph=True)
    second = library.autograd.grad(sum((t * normal(t.shape, 4)).sum() for t in first[:2]), [x, w, g])
    return [t.detach().numpy() for t in (y, *first, *second)]


def assert_same(found: Any, expected: Any) -> None:
    assert isinstance(found, str) == isinstance(expected, str), (found, expected)
    if isinstance(expected, str):
        assert found == expected
        return
    for a, b in zip(found, expected):
        assert a.shape == b.shape
        np.testing.assert_allclose(a, b, 1e-4, 1e-4 * max(1.0, np.abs(b).max(initial=0.0)))


@pytest.mark.parametrize("seed", range(60))
@pytest.mark.parametrize("size", ["any", "large"])
def test_any_output_padding_gives_gradients_of_the_inputs_shapes(seed, size, monkeypatch):
    if size == "large":
        monkeypatch.setattr(convolution_kernels, "MANY", 1)
    given = configuration(seed)
    assert_same(results(adjoint, given), results(torch, given))


@pytest.mark.parametrize("seed", range(60))
def test_arguments_that_do_not_fit_are_refused_in_pytorchs_words(seed):
    given = configuration(seed, illegal=True)
    expected = results(torch, given)
    if isinstance(expected, str) and "memory descriptor" in expected:
        expected = results(adjoint, given)  # PyTorch's first words are its library's; ours are those of its check
        assert isinstance(expected, str) and "Output size is too small" in expected
    assert_same(results(adjoint, given), expected)


def test_nothing_outside_of_the_planes_is_read():
    """... where the output has room for more windows than there are: it held what had been in memory before."""
    for _ in range(3):
        junk = adjoint.full((1 << 17,), float("nan"))
        x, w = adjoint.ones(1, 8, 1000, requires_grad=True), adjoint.ones(8, 8, 3, requires_grad=True)
        y = adjoint.nn.functional.conv_transpose1d(x, w, dilation=3, output_padding=2)
        y.sum().backward()
        assert y.shape == (1, 8, 1008) and y.sum().item() == 192000 and y[0, 0, -2:].tolist() == [0, 0]
        assert x.grad.unique().tolist() == [24] and w.grad.unique().tolist() == [1000]
        del junk

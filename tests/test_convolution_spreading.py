"""What is not finite reaches the elements of a convolution and of its gradients that it is a factor of, and no others."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest

import adjoint

torch = pytest.importorskip("torch")

SPECIAL = {  # (transposed, input, weight, groups, stride, padding, dilation): one for each way to compute
    "lines": (False, (2, 3, 9), (4, 3, 3), 1, 1, 1, 1),
    "dilated lines": (False, (1, 1, 6), (3, 1, 3), 1, 1, 1, 2),
    "many channels": (False, (2, 8, 7, 6), (6, 8, 3, 3), 1, 1, 1, 1),
    "steps": (False, (2, 8, 9, 8), (6, 8, 3, 3), 1, 2, 1, 1),
    "depthwise": (False, (2, 6, 8, 8), (6, 1, 3, 3), 6, 1, 1, 1),
    "groups": (False, (2, 6, 8, 8), (4, 3, 5, 3), 2, 1, 2, 1),
    "volumes": (False, (2, 3, 5, 6, 5), (2, 3, 3, 2, 3), 1, 1, 1, 1),
    "transposed": (True, (2, 6, 8, 8), (6, 2, 3, 3), 2, 2, 1, 1),
    "transposed and dilated": (True, (1, 2, 9), (2, 3, 3), 1, 1, 1, 2),
    "a large plane": (False, (1, 4, 33, 30), (16, 4, 3, 3), 1, 1, 2, 2),
    "Winograd's tiles": (False, (2, 32, 56, 56), (32, 32, 3, 3), 1, 1, 1, 1),
    "large and depthwise": (False, (4, 32, 40, 33), (32, 1, 3, 3), 32, 1, 1, 1),
    "large steps": (False, (2, 16, 56, 55), (8, 16, 5, 3), 1, 2, 2, 1),
    "large groups": (False, (2, 16, 28, 33), (12, 4, 3, 3), 4, 1, 1, 1),
    "few channels": (False, (2, 16, 40, 40), (2, 16, 3, 3), 1, 1, 1, 1),
    "tiny planes": (False, (64, 64, 2, 2), (64, 64, 3, 3), 1, 1, 1, 1),
    "columns": (False, (2, 64, 4, 4), (64, 64, 3, 3), 1, 1, 1, 1),
    "a long line": (False, (1, 8, 3001), (6, 4, 3), 2, 1, 1, 1),
    "large volumes": (False, (2, 8, 12, 13, 12), (16, 8, 3, 1, 3), 1, 1, 1, 1),
    "large and transposed": (True, (2, 16, 20, 21), (16, 8, 3, 3), 1, 2, 1, 1),
}


def convolve(module: Any, arrays: Any, options: Any) -> list[Any]:
    transposed, dims, more = options
    x, w, g = (module.tensor(a) for a in arrays)
    x, w = x.requires_grad_(), w.requires_grad_()
    name = f"conv_transpose{dims}d" if transposed else f"conv{dims}d"
    z = getattr(module.nn.functional, name)(x, w, **more)
    z.backward(g)
    return [t.detach().numpy() for t in (z, x.grad, w.grad)]


def reached(arrays: Any, options: Any) -> list[Any]:
    """Where one of an element's two factors is not finite: of counts, that PyTorch convolves exactly."""
    bad = [(~np.isfinite(a)).astype(np.float64) for a in arrays]
    found = [np.zeros(1)] * 3
    for of_x, of_w, of_g in ((1, 0, 0), (0, 1, 0), (0, 0, 1)):
        marks = [b if m else np.ones_like(b) for b, m in zip(bad, (of_x, of_w, of_g))]
        z, gx, gw = convolve(torch, marks, options)
        found = [found[0] + z * (1 - of_g), found[1] + gx * (1 - of_x), found[2] + gw * (1 - of_w)]
    return [f > 0.5 for f in found]


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("name", SPECIAL)
def test_what_is_not_finite_spreads_through_no_padding(name: str, value: float) -> None:
    transposed, input, weight, groups, stride, padding, dilation = SPECIAL[name]
    options = transposed, len(input) - 2, {"groups": groups, "stride": stride, "padding": padding, "dilation": dilation}
    draw = np.random.default_rng(0)
    x, w = (draw.standard_normal(shape).astype(np.float32) for shape in (input, weight))
    with torch.no_grad():
        call = getattr(torch.nn.functional, f"conv_transpose{options[1]}d" if transposed else f"conv{options[1]}d")
        shape = tuple(call(torch.tensor(x), torch.tensor(w), **options[2]).shape)
    g = draw.standard_normal(shape).astype(np.float32)
    usual = convolve(adjoint, (x, w, g), options)
    for which in range(3):
        arrays = [a.copy() for a in (x, w, g)]
        choice = random.Random(which)
        for _ in range(2):
            arrays[which].reshape(-1)[choice.choice([0, -1, choice.randrange(arrays[which].size)])] = value
        for found, expected, before in zip(convolve(adjoint, arrays, options), reached(arrays, options), usual):
            assert np.array_equal(~np.isfinite(found), expected), ("input", "weight", "gradient")[which]
            np.testing.assert_allclose(found[~expected], before[~expected], rtol=1e-3, atol=1e-3 * max(1, before.size**0.25))


def test_the_gradients_of_samples_spread_through_no_padding_either() -> None:
    draw = np.random.default_rng(0)
    x, w, g = (draw.standard_normal(s).astype(np.float32) for s in ((3, 1, 2, 6), (2, 2, 3), (3, 1, 2, 6)))
    g[1, 0, 0, 0] = np.nan

    def gradient(x: Any, g: Any) -> Any:
        return adjoint.func.vjp(lambda w: adjoint.nn.functional.conv1d(x, w, padding=1), adjoint.tensor(w))[1](g)[0]

    found = adjoint.vmap(gradient)(adjoint.tensor(x), adjoint.tensor(g)).numpy()
    for of_sample, a, b in zip(found, x, g):
        expected = reached((a, w, b), (False, 1, {"padding": 1}))[2]
        assert np.array_equal(~np.isfinite(of_sample), expected)

"""Operators computed by one kernel against the same ones apart: values, graphs, and who gets to see what."""

from __future__ import annotations

import numpy as np
import pytest

import adjoint
from adjoint import nn
from adjoint.kernels.reading import LARGE, threshold, usable
from adjoint.nn import functional as F
from adjoint.nn.modules import folding
from adjoint.ops import jointly, linear_activation, loss, normalization

pytestmark = pytest.mark.skipif(not usable() or threshold() > LARGE, reason="there are no kernels")

ACTIVATIONS = [
    nn.CELU(0.7), nn.ELU(0.7), nn.GELU(), nn.GELU("tanh"), nn.Hardshrink(0.1), nn.Hardsigmoid(), nn.Hardswish(),
    nn.Hardtanh(-0.3, 0.4), nn.LeakyReLU(0.2), nn.LogSigmoid(), nn.Mish(), nn.ReLU(), nn.ReLU(inplace=True), nn.ReLU6(),
    nn.SiLU(), nn.Sigmoid(), nn.Softplus(2.0, 5.0), nn.Softshrink(0.1), nn.Tanh(),
]  # fmt: skip


@pytest.fixture
def folded(monkeypatch):
    """What became of each call that could be folded."""
    found = []

    def noted(*args):
        result = linear_activation.linear_activation(*args)
        found.append(result is not None)
        return result

    monkeypatch.setattr(folding, "linear_activation", noted)
    return found


def names(tensor):
    """The graph of a tensor, as names."""
    found, stack = [], [(0, tensor.grad_fn)]
    while stack:
        depth, node = stack.pop()
        found.append((depth, node.name()))
        stack += [(depth + 1, n) for n, _ in node.next_functions if n is not None]
    return found


def gradients(function, *operands):
    """What a function returns and the gradients of its operands, and its graph."""
    operands = [x.detach().requires_grad_() for x in operands]
    y = function(*operands)
    weights = adjoint.linspace(0.5, 1.5, y.numel()).to(y.dtype).view(y.shape)
    return [y.detach(), *adjoint.autograd.grad((y * weights).sum(), operands)], names(y)


def assert_alike(one, other, rtol=2e-5, atol=1e-5):
    for a, b in zip(one[0], other[0]):
        assert a.dtype is b.dtype
        np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=rtol, atol=atol)
    assert one[1] == other[1]


# A Linear and its activation


@pytest.mark.parametrize("dtype", [adjoint.float32, adjoint.float64], ids=str)
@pytest.mark.parametrize("activation", ACTIVATIONS, ids=repr)
def test_a_linear_is_computed_with_its_activation(activation, dtype, folded):
    adjoint.manual_seed(0)
    linear = nn.Linear(70, 90).to(dtype)
    x = adjoint.randn(300, 70, dtype=dtype)
    both = nn.Sequential(linear, activation)
    made = gradients(both, x)
    native = dtype is adjoint.float32 or not isinstance(activation, (nn.ELU, nn.CELU))  # there is no expm1 of float64
    assert folded == [native]
    assert_alike(made, gradients(lambda x: activation(linear(x)), x))
    y = both(x)
    assert y._version == activation(linear(x))._version
    with adjoint.no_grad():
        z = both(x)
    assert z.grad_fn is None and folded == [native] * 3
    np.testing.assert_array_equal(z.numpy(), y.detach().numpy())


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("shape", [(512, 70), (8, 40, 70), (2, 3, 64, 70), (9, 4096)], ids=str)
def test_shapes(shape, bias, folded):
    """One row of tiles, several dimensions, and a product whose k is computed in chunks."""
    adjoint.manual_seed(0)
    net = nn.Sequential(nn.Linear(shape[-1], 37, bias=bias), nn.GELU(), nn.Linear(37, 3))
    x = adjoint.randn(shape)
    parameters = [p.detach() for p in net[0].parameters()]

    def apart(x, *given):
        return net[2](F.gelu(F.linear(x, *given)))

    def joint(x, *given):
        return adjoint.func.functional_call(net, {f"0.{n}": p for n, p in zip(("weight", "bias"), given)}, (x,))

    made = gradients(joint, x, *parameters)
    assert folded and folded[0]
    assert_alike(made, gradients(apart, x, *parameters), rtol=1e-4, atol=2e-4)


def test_what_is_not_folded(folded):
    """What others could tell from the modules being called one by one, and what there is no kernel for."""
    x = adjoint.randn(300, 70)

    class Own(nn.Linear):
        pass

    for net, given in (
        (nn.Sequential(Own(70, 90), nn.ReLU()), x),
        (nn.Sequential(nn.Linear(70, 90), nn.Dropout(0.5)), x),
        (nn.Sequential(nn.Linear(70, 90), nn.Softmax(1)), x),
        (nn.Sequential(nn.Linear(70, 90)), x),
        (nn.Sequential(nn.Linear(70, 90), nn.Linear(90, 4)), x),
        (nn.Sequential(nn.Linear(70, 90), nn.ReLU()), x[:3]),
    ):
        assert net(given).shape[0] == len(given)
    assert not any(folded)
    net = nn.Sequential(nn.Linear(70, 90), nn.ReLU(inplace=True))
    np.testing.assert_allclose(net(x.view(3, 100, 70)).detach().flatten(0, 1), net(x).detach(), rtol=1e-5, atol=1e-6)
    assert folded == [False, True]  # in place on a view is another graph
    seen = []
    net[0].register_forward_hook(lambda module, args, out: seen.append(out.detach().numpy().min()))
    net(x)
    assert seen[0] < 0 and folded == [False, True]
    net = nn.Sequential(nn.Linear(70, 90), nn.ReLU())
    net[1].register_forward_pre_hook(lambda module, args: seen.append(args[0].detach().numpy().min()))
    net(x)
    assert seen[1] < 0 and folded == [False, True]


def test_a_profiler_sees_both(folded):
    net = nn.Sequential(nn.Linear(70, 90), nn.ReLU())
    x = adjoint.randn(300, 70)
    with adjoint.profiler.profile() as profile:
        net(x)
    assert {"aten::linear", "aten::relu"} <= {e.key for e in profile.key_averages()}
    assert folded == [False]


def test_errors_are_those_of_the_modules():
    x = adjoint.randn(300, 70)
    for net, text in (
        (nn.Sequential(nn.Linear(71, 90), nn.ReLU()), "mat1 and mat2 shapes cannot be multiplied"),
        (nn.Sequential(nn.Linear(70, 90).double(), nn.ReLU()), "must have the same dtype"),
        (nn.Sequential(nn.Linear(70, 90), nn.GELU("none of these")), "approximate argument must be either none or tanh"),
    ):
        with pytest.raises(RuntimeError, match=text):
            net(x)


def test_transformer_layers_fold_their_activation(folded):
    adjoint.manual_seed(0)
    layer = nn.TransformerEncoderLayer(64, 4, 128, dropout=0.0, activation="gelu", batch_first=True)
    x = adjoint.randn(8, 64, 64)
    y = layer(x)
    assert folded == [True]
    layer.linear1.register_forward_hook(lambda *args: None)
    np.testing.assert_allclose(y.detach().numpy(), layer(x).detach().numpy(), rtol=1e-5, atol=1e-5)
    assert folded == [True]


def test_second_derivatives_of_a_folded_activation(folded):
    adjoint.manual_seed(0)
    net = nn.Sequential(nn.Linear(40, 60), nn.Tanh()).double()
    x = adjoint.randn(500, 40, dtype=adjoint.float64)

    def twice(f):
        given = x.clone().requires_grad_()
        (g,) = adjoint.autograd.grad(f(given).square().sum(), given, create_graph=True)
        return adjoint.autograd.grad(g.square().sum(), given)[0].numpy()

    np.testing.assert_allclose(twice(net), twice(lambda x: net[1](net[0](x))), rtol=1e-9, atol=1e-9)
    assert folded == [True]


# Rows


@pytest.fixture
def apart(monkeypatch):
    """Have operators computed one by one."""

    def switch():
        for module in (loss, normalization):
            monkeypatch.setattr(module, "worthwhile", lambda x: False)
        monkeypatch.setattr(normalization, "is_large", lambda x: False)

    return switch


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("shape", [(700, 33), (5, 21, 16, 17), (8, 3, 64, 64), (30, 5000)], ids=str)
def test_cross_entropy(shape, weighted, reduction, apart):
    adjoint.manual_seed(0)
    x = adjoint.randn(shape)
    target = adjoint.randint(0, shape[1], (shape[0], *shape[2:]))
    target.view(-1)[::5] = -100
    weight = adjoint.rand(shape[1]) if weighted else None

    def function(x):
        return F.cross_entropy(x, target, weight, reduction=reduction)

    joint = gradients(function, x)
    apart()
    assert_alike(joint, gradients(function, x))


def test_cross_entropy_of_classes_that_cannot_be():
    x = adjoint.randn(700, 33)
    x[:, 3] = -float("inf")
    target = adjoint.full((700,), 3)
    assert F.cross_entropy(x, target).item() == float("inf")
    assert F.cross_entropy(x, target, ignore_index=3, reduction="sum").item() == 0
    assert np.isnan(F.cross_entropy(x, target, ignore_index=3).item())
    target[:] = 4
    assert np.isfinite(F.cross_entropy(x, target).item())
    target[5] = 33
    with pytest.raises(IndexError, match="Target 33 is out of bounds"):
        F.cross_entropy(x, target)


@pytest.mark.parametrize("shape", [(700, 33), (5, 21, 16, 17), (3, 1, 100, 100), (6, 400, 9)], ids=str)
def test_batch_norm(shape, apart):
    adjoint.manual_seed(0)
    x = adjoint.randn(shape) * 3 + 2
    weight, bias = adjoint.rand(shape[1]), adjoint.randn(shape[1])
    running = adjoint.zeros(shape[1]), adjoint.ones(shape[1])

    def function(x, weight, bias):
        return F.batch_norm(x, *running, weight, bias, training=True)

    joint = gradients(function, x, weight, bias)
    moved = [r.clone() for r in running]
    running[0].zero_()
    running[1].fill_(1)
    apart()
    assert_alike(joint, gradients(function, x, weight, bias), rtol=1e-4, atol=1e-4)
    for a, b in zip(moved, running):
        np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("dtype", [adjoint.float32, adjoint.float64], ids=str)
def test_rms_norm(weighted, dtype, apart):
    adjoint.manual_seed(0)
    operands = [adjoint.randn(50, 30, 20, dtype=dtype)] + [adjoint.rand(30, 20, dtype=dtype)] * weighted

    def function(x, weight=None):
        return F.rms_norm(x, (30, 20), weight, 1e-3)

    joint, graph = gradients(function, *operands)
    assert graph[0] == (0, "FusedRmsNormBackward0")
    apart()
    separate, graph = gradients(function, *operands)
    assert graph[0] == (0, "MulBackward0")
    assert_alike((joint, None), (separate, None))


def test_nothing_is_joined_while_calls_are_watched():
    x = adjoint.randn(300, 70)
    assert jointly.worthwhile(x._array)
    with adjoint.profiler.profile() as profile:
        assert not jointly.worthwhile(x._array)
        F.cross_entropy(x, adjoint.zeros(300, dtype=adjoint.int64))
    assert {"aten::log_softmax", "aten::nll_loss"} <= {e.key for e in profile.key_averages()}

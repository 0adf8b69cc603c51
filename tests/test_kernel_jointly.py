"""Operators computed by one kernel against the same ones apart: values, graphs, and who gets to see what."""

from __future__ import annotations

import numpy as np
import pytest

import adjoint
from adjoint import nn
from adjoint.kernels.reading import LARGE, threshold, usable
from adjoint.nn import functional as F
from adjoint.nn.modules import folding
from adjoint.ops import class_loss, jointly, linear_activation, normalization

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


@pytest.mark.parametrize(
    "kind", [nn.CELU, nn.ELU, nn.Hardsigmoid, nn.Hardswish, nn.Hardtanh, nn.LeakyReLU, nn.Mish, nn.ReLU, nn.ReLU6, nn.SiLU]
)
def test_activations_in_place(kind):
    linear, activation = nn.Linear(70, 90), kind(inplace=True)
    x = adjoint.randn(300, 70)
    y, made = activation(linear(x)), nn.Sequential(linear, activation)(x)
    assert names(made) == names(y) and made._version == y._version
    np.testing.assert_allclose(made.detach(), y.detach(), rtol=2e-5, atol=1e-5)


def test_what_a_program_puts_in_place_of_a_call_is_called(folded, monkeypatch):
    net = nn.Sequential(nn.Linear(70, 90), nn.ReLU())
    x = adjoint.randn(300, 70)
    seen = []

    def noted(name, function):
        return lambda *args, **kwargs: (seen.append(name), function(*args, **kwargs))[1]

    for place, name in ((nn.Linear, "forward"), (nn.ReLU, "forward"), (nn.Module, "__call__"), (F, "linear"), (F, "relu")):
        with monkeypatch.context() as patch:
            patch.setattr(place, name, noted(name, getattr(place, name)))
            net(x)
    assert seen == ["forward", "forward", "__call__", "__call__", "__call__", "linear", "relu"]
    assert not folded
    net(x)
    assert folded == [True]


def test_an_activation_need_not_be_hashable(folded):
    class Doubled(nn.Module):
        __hash__ = None  # type: ignore[assignment]

        def forward(self, x):
            return x * 2

    linear, x = nn.Linear(70, 90), adjoint.randn(300, 70)
    np.testing.assert_array_equal(nn.Sequential(linear, Doubled())(x).detach(), (linear(x) * 2).detach())
    assert not folded


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
        for module in (class_loss, normalization):
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


@pytest.mark.parametrize("shape", [(700, 33), (5, 21, 16, 17), (7, 3), (33,)], ids=str)
def test_examples_that_do_not_count_have_no_gradient(shape):
    """Even where none counts, and the mean is not a number; that of classes without weight is none either, as in PyTorch."""
    x = adjoint.randn(shape).requires_grad_()
    target = adjoint.zeros((shape[0], *shape[2:]) if len(shape) > 1 else (), dtype=adjoint.int64)
    loss = F.cross_entropy(x, target, ignore_index=0)
    assert np.isnan(loss.item())
    np.testing.assert_array_equal(adjoint.autograd.grad(loss, x)[0], 0)
    loss = F.cross_entropy(x, target, adjoint.zeros(shape[1] if len(shape) > 1 else shape[0]))
    assert adjoint.autograd.grad(loss, x)[0].isnan().all()


@pytest.mark.parametrize("rows", [7, 700])
def test_writes_to_what_cross_entropy_saves_are_noticed(rows):
    for changed in range(2):
        x = adjoint.randn(rows, 33).requires_grad_()
        given = [adjoint.zeros(rows, dtype=adjoint.int64), adjoint.ones(33)]
        loss = F.cross_entropy(x, *given)
        given[changed].zero_()
        with pytest.raises(RuntimeError, match="modified by an inplace operation"):
            loss.backward()


@pytest.mark.parametrize("shape", [(700, 33), (5, 21, 16, 17)], ids=str)
def test_errors_of_cross_entropy(shape):
    x, target = adjoint.randn(shape), adjoint.zeros((shape[0], *shape[2:]), dtype=adjoint.int64)
    with pytest.raises(RuntimeError, match="expected scalar type Float but found Double"):
        F.cross_entropy(x, target, adjoint.ones(shape[1], dtype=adjoint.float64))
    with pytest.raises(RuntimeError, match=r"weight tensor should be defined either for all (33 classes )?or no classes"):
        F.cross_entropy(x, target, adjoint.ones(shape[1] + 1))
    if len(shape) > 2:
        with pytest.raises(RuntimeError, match="expected scalar type Long but found Byte"):
            F.cross_entropy(x, target.to(adjoint.uint8))


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


@pytest.mark.parametrize("shape", [(0, 3), (0, 3, 4, 5), (2, 3, 0)], ids=str)
@pytest.mark.parametrize("training", [False, True])
def test_batch_norm_of_nothing(shape, training):
    x, weight, bias = (adjoint.ones(s, requires_grad=True) for s in (shape, (3,), (3,)))
    running = adjoint.zeros(3), adjoint.ones(3)
    y = F.batch_norm(x, *running, weight, bias, training)
    assert y.shape == shape and running[0].tolist() == [0] * 3 and running[1].tolist() == [1] * 3
    y.sum().backward()
    assert x.grad.shape == shape and weight.grad.tolist() == bias.grad.tolist() == [0] * 3


def test_errors_of_batch_norm():
    one = adjoint.ones(33)
    for x in (adjoint.randn(700, 33), adjoint.randn(7, 33)):
        for running in ((one, None), (None, one)):
            with pytest.raises(ValueError, match="must either both be None or neither be None"):
                F.batch_norm(x, *running, training=True)
        for training, eps in ((True, 0.0), (False, -1.0)):
            with pytest.raises(ValueError, match="batch_norm eps must be"):
                F.batch_norm(x, one, one, training=training, eps=eps)
        for norm in (
            lambda x, weight: F.batch_norm(x, None, None, weight, training=True),
            lambda x, weight: F.layer_norm(x, (33,), weight),
            lambda x, weight: F.group_norm(x, 3, weight),
        ):
            with pytest.raises(RuntimeError, match=r"mixed dtype \(CPU\): expect parameter to have scalar type of Float"):
                norm(x, one.double())
            with pytest.raises(RuntimeError, match=r"mixed dtype \(CPU\): all inputs must share same datatype\."):
                norm(x.double(), one)


@pytest.mark.parametrize("own", [False, True])
@pytest.mark.parametrize("rows", [7, 700])
def test_gradients_are_of_their_operands_dtype(rows, own):
    """Parameters beside inputs of two bytes may be float32."""
    dtype = adjoint.bfloat16 if own else adjoint.float32
    for norm in (
        lambda x, weight, bias: F.batch_norm(x, None, None, weight, bias, training=True),
        lambda x, weight, bias: F.layer_norm(x, (33,), weight, bias),
        lambda x, weight, bias: F.group_norm(x, 3, weight, bias),
        lambda x, weight, bias: F.rms_norm(x, (33,), weight) + bias.bfloat16(),
    ):
        x = adjoint.ones(rows, 33, dtype=adjoint.bfloat16, requires_grad=True)
        operands = [x, *[adjoint.ones(33, dtype=dtype, requires_grad=True) for _ in range(2)]]
        y = norm(*operands)
        assert y.dtype is adjoint.bfloat16
        for again in (False, True):
            found = adjoint.autograd.grad(y.sum(), operands, create_graph=again, retain_graph=True)
            assert [g.dtype for g in found] == [x.dtype for x in operands]


@pytest.mark.parametrize("dtype", [adjoint.bfloat16, adjoint.float16], ids=str)
def test_gradients_of_two_bytes_are_summed_in_float32(dtype):
    """A sum that is rounded after every addition would stop at 256 ones of bfloat16."""
    bias = adjoint.zeros(8, dtype=dtype, requires_grad=True)
    x = adjoint.ones(3000, 8, dtype=dtype)
    convolved = F.conv1d(x.T[None], adjoint.ones(8, 8, 1, dtype=dtype), bias)
    for y in (x + bias, x * bias, bias.expand(3000, 8), F.linear(x, x[:8], bias), bias.repeat(3000, 1), convolved):
        (g,) = adjoint.autograd.grad(y.sum(), bias)
        assert g.dtype is dtype and g.tolist() == adjoint.full((8,), 3000.0).to(dtype).tolist()


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

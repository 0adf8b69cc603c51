"""Gradients of gradients: which of them there are, for every row of the tables, as in PyTorch.

A first gradient that does not change with its input (a rectifier's, a pooling's) has a graph in PyTorch or has none, and
its own gradient is zeros or None.  Programs depend on it: where ours was missing, ``grad`` of ``grad`` raised, a bias kept
``.grad = None``, and weight decay left it alone.
"""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

import adjoint
from tests.both import agree
from tests.test_tables import DIFFERENTIABLE, NOT_DIFFERENTIABLE, names_in, operands, run, torch

# Samples whose second gradients are right here and not in PyTorch.
RIGHT_HERE = {
    "torch.nan_to_num(x / mask, 1.0, 2.0, 3.0)": "what nan_to_num replaced has a gradient of 0; PyTorch has 0 * inf",
    "torch.index_reduce(x, 1, idx, y[:, :2], 'prod')": "PyTorch has what rounding leaves where the derivative is 0",
    **dict.fromkeys(
        ("torch._weight_norm(m34, prow[:, None])", "torch._weight_norm(t, g4[None, None], 2)"),
        "PyTorch's own gradgradcheck of it fails: its gradient's gradient by v is not what differences of its gradient are",
    ),
}


def subsets(names: list[str]) -> list[tuple[str, ...]]:
    return [chosen for k in range(1, len(names) + 1) for chosen in itertools.combinations(names, k)]


def second_gradients(library: Any, sample: str, wanted: tuple[str, ...], of_g: bool) -> list[Any]:
    """Per input of ``wanted``: None where it has no gradient, False where that has no graph, else the gradients of it."""
    given = operands(library, sample)
    targets = [given[name].requires_grad_() for name in wanted]
    outputs = [t for t in run(library, sample, given) if t.requires_grad]
    if not outputs:
        return []
    gs = [library.tensor(np.cos(np.arange(t.numel()) + 1.0)).to(t.dtype).reshape(t.shape) for t in outputs]
    if of_g:
        targets += [g.requires_grad_() for g in gs]
    found: list[Any] = []
    for g in library.autograd.grad(outputs, targets[: len(wanted)], gs, create_graph=True, allow_unused=True):
        if g is None or not g.requires_grad:
            found.append(g if g is None else False)
            continue
        weights = library.tensor(np.sin(np.arange(g.numel()) + 0.5)).to(g.dtype).reshape(g.shape)
        seconds = library.autograd.grad(g, targets, weights, retain_graph=True, allow_unused=True)
        found.append([None if s is None else np.asarray((s + 0).tolist()) for s in seconds])
    return found


@pytest.mark.parametrize("sample", DIFFERENTIABLE)
def test_second_gradients_are_zeros_or_none_where_pytorchs_are(sample):
    names = [name for name in dict.fromkeys(names_in(sample)) if name not in NOT_DIFFERENTIABLE]
    for wanted, of_g in itertools.product(subsets(names), (False, True)):
        try:
            expected = second_gradients(torch, sample, wanted, of_g)
        except (RuntimeError, NotImplementedError) as error:
            assert "not implemented" in str(error), error
            continue
        found = second_gradients(adjoint, sample, wanted, of_g)
        assert len(found) == len(expected)
        for f, e in zip(found, expected):
            assert (f is None or f is False) == (e is None or e is False) and (f is e or isinstance(f, list)), (wanted, found)
            if isinstance(e, list):
                assert [x is None for x in f] == [x is None for x in e], (wanted, of_g, f, e)
                for x, y in zip(f, e):
                    if x is not None and sample not in RIGHT_HERE:
                        np.testing.assert_allclose(x, y, rtol=1e-7, atol=1e-9)


def penalised(model: str, x: str) -> Any:
    """A gradient penalty, and a step of Adam with weight decay."""

    def scenario(torch: Any) -> Any:
        nn = torch.nn
        net = eval(model, {"nn": nn})
        for i, p in enumerate(net.parameters()):
            p.data = torch.sin(torch.arange(p.numel()) + float(i)).reshape(p.shape)
        optimizer = torch.optim.Adam(net.parameters(), lr=0.1, weight_decay=0.5)
        inputs = eval(x, {"torch": torch}).requires_grad_()
        (g,) = torch.autograd.grad(net(inputs).sum(), inputs, create_graph=True)
        (g.reshape(len(inputs), -1).norm(dim=1) - 1).pow(2).mean().backward()
        grads = [p.grad for p in net.parameters()]
        optimizer.step()
        return grads, inputs.grad, [p.detach() for p in net.parameters()]

    return scenario


@pytest.mark.parametrize(
    "model, x",
    [
        ("nn.Sequential(nn.Linear(2, 4), nn.ReLU(), nn.Linear(4, 1))", "torch.arange(6.).reshape(3, 2) / 5"),
        ("nn.Sequential(nn.Linear(2, 4), nn.LeakyReLU(inplace=True), nn.Linear(4, 1))", "torch.arange(6.).reshape(3, 2) / 5"),
        ("nn.Sequential(nn.Conv2d(1, 2, 2), nn.PReLU(2), nn.MaxPool2d(2))", "torch.arange(25.).sin().reshape(1, 1, 5, 5)"),
        ("nn.Sequential(nn.Conv2d(1, 2, 2), nn.BatchNorm2d(2), nn.ReLU6())", "torch.arange(50.).sin().reshape(2, 1, 5, 5)"),
        ("nn.Sequential(nn.ReflectionPad1d(1), nn.Conv1d(1, 2, 2), nn.AdaptiveAvgPool1d(2))", "torch.ones(2, 1, 4)"),
    ],
)
def test_a_gradient_penalty_trains_as_in_pytorch(model, x):
    agree(penalised(model, x), tolerance=2e-4)


def test_strict_hessians_of_rectifiers_are_zeros():
    def scenario(torch):
        x = torch.tensor([-2.0, 0.5])
        functional = torch.autograd.functional
        return [
            functional.hessian(lambda z: torch.relu(z).sum(), x, strict=True),
            functional.vhp(lambda z: torch.nn.functional.hardtanh(z).sum(), x, torch.ones(2), strict=True),
            functional.hvp(lambda z: torch.nn.functional.max_pool1d(z[None], 2).sum(), x, torch.ones(2), strict=True),
        ]

    agree(scenario)


def test_the_zeros_are_recorded_again_under_a_vmap():
    def scenario(torch):
        rows = torch.tensor([[1.0, -2.0], [0.5, 3.0]], requires_grad=True)
        (g,) = torch.autograd.grad(torch.vmap(torch.relu)(rows).sum(), rows, create_graph=True)
        (second,) = torch.autograd.grad(g.sum(), rows, create_graph=True)
        twice = torch.func.grad(lambda r: torch.func.grad(lambda q: q.relu().sum())(r).sum())
        return second.detach() + 0, torch.vmap(twice)(rows.detach())

    agree(scenario)


def _twice(function: Any, *shapes: Any) -> Any:
    """A scenario: the first and the second gradients of a function of numbered operands."""

    def scenario(torch: Any) -> Any:
        given = [(torch.arange(float(np.prod(s))).double() * 0.7 + 0.3).cos().reshape(s).requires_grad_() for s in shapes]
        result = function(torch, *given)
        g = [torch.ones_like(t).requires_grad_() for t in (result if isinstance(result, tuple) else (result,))]
        firsts = torch.autograd.grad(result, given, g, create_graph=True)
        total = sum((f.sin() * (f + 2)).sum() for f in firsts)
        seconds = torch.autograd.grad(total, [*given, *g], allow_unused=True)
        return [f.detach() for f in firsts], [None if s is None else s + 0 for s in seconds]

    return scenario


@pytest.mark.parametrize(
    "function, shapes",
    [
        (lambda torch, x: x.chunk(2, -1), [(2, 4)]),
        (lambda torch, x: x.split([1, 3], -1), [(2, 4)]),
        (lambda torch, x: torch.unsafe_split(x, 2, -2), [(4, 3)]),
        (lambda torch, x: x.unbind(-1), [(2, 3)]),
        (lambda torch, x, y: torch.cat([x, y], -1), [(2, 3), (2, 1)]),
        (lambda torch, x, y: torch.stack([x, y], -1), [(2, 3), (2, 3)]),
        (lambda torch, x: torch.nn.functional.glu(x, -1), [(2, 4)]),
        (lambda torch, x: x.diff(dim=-2), [(3, 2)]),
        (lambda torch, x: x.cumprod(-1), [(2, 3)]),
        (lambda torch, x: x.logcumsumexp(-2), [(2, 3)]),
        (lambda torch, x: x.sort(-1)[0], [(2, 3)]),
        (lambda torch, x: x.prod(-2), [(2, 3)]),
        (lambda torch, x, v: torch.index_fill(x, -1, torch.tensor([1, 1, 0]), v), [(2, 3), ()]),
        (lambda torch, x, v: torch.index_fill(x, 0, torch.tensor([0]), v), [(), ()]),
        (lambda torch, x, q: torch.quantile(x, q / 2, -1), [(2, 3), (2,)]),
        (lambda torch, x, q: torch.nanquantile(x / (x < 0.9), q / 2, 0), [(3, 2), ()]),
        (lambda torch, x, y: torch.nextafter(x, y), [(2, 3), (3,)]),
        (lambda torch, a, b: torch.linalg.lstsq(a, b, driver="gels")[:2], [(4, 2), (4, 3)]),
        (lambda torch, s: torch.as_strided_scatter(torch.zeros(1).double(), s, (), ()), [()]),
    ],
)
def test_operators_along_a_dimension_counted_from_the_end_have_two_derivatives(function, shapes):
    agree(_twice(function, *shapes), tolerance=1e-6)


@pytest.mark.parametrize("kind", ["RNN", "LSTM", "GRU"])
@pytest.mark.parametrize("options", ["bidirectional=True, num_layers=2", "batch_first=True, bias=False", "packed"])
def test_recurrent_networks_have_two_derivatives(kind, options):
    def scenario(torch):
        packed = options == "packed"
        net = eval(f"kind(3, 2, {'' if packed else options})", {"kind": getattr(torch.nn, kind)}).double()
        for i, p in enumerate(net.parameters()):
            p.data = torch.sin(torch.arange(p.numel()).double() * 1.3 + i).reshape(p.shape)
        x = torch.cos(torch.arange(18).double()).reshape(2, 3, 3).requires_grad_()
        out, hidden = net(torch.nn.utils.rnn.pack_padded_sequence(x, torch.tensor([2, 2, 1])) if packed else x)
        state = hidden if isinstance(hidden, tuple) else (hidden,)
        loss = (out.data if packed else out).sin().sum() + sum((s**2).sum() for s in state)
        targets = [x, *net.parameters()]
        firsts = torch.autograd.grad(loss, targets, create_graph=True)
        seconds = torch.autograd.grad(sum(f.cos().sum() for f in firsts), targets)
        return [f.detach() for f in firsts], seconds

    agree(scenario, tolerance=1e-6)


def test_cells_have_two_derivatives():
    def scenario(torch):
        found = []
        for kind in (torch.nn.RNNCell, torch.nn.LSTMCell, torch.nn.GRUCell):
            cell = kind(2, 3)
            for i, p in enumerate(cell.parameters()):
                p.data = torch.sin(torch.arange(p.numel()) + float(i)).reshape(p.shape)
            x = torch.tensor([[0.3, -0.5]], requires_grad=True)
            out = cell(x)
            (g,) = torch.autograd.grad((out[0] if isinstance(out, tuple) else out).sum(), x, create_graph=True)
            found.append(torch.autograd.grad(g.pow(2).sum(), [x, *cell.parameters()], allow_unused=True))
        return found

    agree(scenario, tolerance=1e-5)


def test_what_as_strided_scatter_overwrites_has_no_gradient():
    x, s = adjoint.zeros(3, 3).requires_grad_(), adjoint.ones(2, 2)
    (g,) = adjoint.autograd.grad(x.as_strided_scatter(s, (2, 2), (1, 2)).sum(), x)
    assert g.tolist() == [[0, 0, 0], [0, 1, 1], [1, 1, 1]]  # PyTorch has ones at the first four


def test_meshgrids_and_differences_are_pytorchs():
    def scenario(torch):
        x, y = torch.arange(3), torch.tensor(1)
        grids = [torch.meshgrid(x, y, indexing="xy"), torch.meshgrid(x, torch.arange(2), x, indexing="xy")]
        return grids, [g.stride() for grid in grids for g in grid], torch.diff(x, n=0, prepend=torch.tensor([7]))

    agree(scenario)


def test_gradients_that_cannot_be_are_none_and_those_of_rectifiers_have_pytorchs_node():
    def scenario(torch):
        x = torch.tensor([0.0, -1.0, 2.0], requires_grad=True)
        F = torch.nn.functional
        nodes = []
        for f in (torch.relu, F.leaky_relu, F.hardtanh, F.softshrink, F.relu6):
            (g,) = torch.autograd.grad(f(x).sum(), x, create_graph=True)
            nodes.append(g.grad_fn.name())
        counted = torch.autograd.grad(x.norm(0), x, allow_unused=True), torch.func.grad(lambda t: t.norm(0))(x.detach())
        one = F.prelu(torch.tensor(-2.0), torch.tensor([0.5]))
        return nodes, counted, one

    agree(scenario)


def test_powers_of_a_complex_zero_have_derivatives():
    def scenario(torch):
        x = torch.tensor([0, 1, 1 + 1j], dtype=torch.complex128, requires_grad=True)
        y = 0**x
        (g,) = torch.autograd.grad(y, x, torch.ones_like(y))
        z = torch.zeros_like(x).requires_grad_()
        return g.isnan(), torch.autograd.grad((z**x).sum(), x)[0].isnan()

    agree(scenario)


def test_losses_of_margins_have_a_second_gradient_of_zeros():
    x = adjoint.tensor([[0.2, 0.5, 0.1]], requires_grad=True)  # PyTorch's requires grad too, and raises when it is asked
    loss = adjoint.nn.functional.multi_margin_loss(x, adjoint.tensor([0]))
    (g,) = adjoint.autograd.grad(loss, x, create_graph=True)
    assert g.requires_grad and adjoint.autograd.grad(g.sum(), x)[0].tolist() == [[0, 0, 0]]

"""View copies, writes where a view would look, and the in-place forms of special functions, against PyTorch."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import adjoint

torch = pytest.importorskip("torch")

LIBRARIES = (adjoint, torch)

COPIES = [
    "alias_copy(x)",
    "alias_copy(x.transpose(0, 2))",
    "as_strided_copy(x, (2, 2), (1, 2))",
    "as_strided_copy(x, (2, 2), (1, 2), 1)",
    "diagonal_copy(x, 0, 0, 1)",
    "detach_copy(x)",
    "expand_copy(x, (5, 2, 3, 4))",
    "expand_copy(x, (2, -1, 4), implicit=True)",
    "narrow_copy(x, 1, 0, 2)",
    "permute_copy(x, (2, 0, 1))",
    "select_copy(x, 1, -1)",
    "slice_copy(x)",
    "slice_copy(x, 1, 0, 2)",
    "slice_copy(x, dim=2, start=1, end=-1, step=2)",
    "split_copy(x, 2, 1)",
    "split_with_sizes_copy(x, (1, 2), 1)",
    "squeeze_copy(x[:, :1])",
    "squeeze_copy(x[:, :1], 1)",
    "squeeze_copy(x[:, :1], (0, 1))",
    "t_copy(x[0])",
    "transpose_copy(x, 0, 1)",
    "unbind_copy(x)",
    "unbind_copy(x, 2)",
    "unfold_copy(x, 2, 2, 1)",
    "unsqueeze_copy(x, -1)",
    "view_as_real_copy(torch.complex(x, x * 2))",
    "view_copy(x, (6, -1))",
    "view_copy(x.transpose(0, 1), (6, 4))",
    "view_copy(x, torch.float32)",
    "view_copy(x, dtype=torch.int64)",
]


def outcome(library: Any, run: Any) -> Any:
    """What a call gives: the result, or the error's type and text."""
    try:
        return run(library)
    except (RuntimeError, TypeError, IndexError) as error:
        return type(error).__name__, str(error)


def described(t: Any) -> Any:
    return t.detach().tolist(), str(t.dtype), tuple(t.shape), t.stride()


@pytest.mark.parametrize("call", COPIES)
def test_a_copy_shows_what_the_view_shows_with_pytorchs_node_and_own_memory(call):
    found = []
    for library in LIBRARIES:
        x = library.arange(24, dtype=library.float64).reshape(2, 3, 4).requires_grad_()
        result = eval(f"torch.{call}", {"torch": library, "x": x})
        results = result if isinstance(result, (tuple, list)) else (result,)
        nodes = [type(r.grad_fn).__name__ for r in results]
        with library.no_grad():
            for r in results:
                r.detach().zero_()
        found.append((nodes, [described(r) for r in results], [r._is_view() for r in results], x.tolist()))
    assert found[0] == found[1]
    assert found[0][3] == np.arange(24.0).reshape(2, 3, 4).tolist()


WRONG = [
    "select_copy(x, 0, 5)",
    "squeeze_copy(x, 3)",
    "split_copy(x, (1, 2))",
    "slice_copy(x, step=0)",
    "t_copy(x.reshape(3, 1, 1))",
    "unfold_copy(x, 0, 4, 1)",
    "unbind_copy(x[0])",
    "view_as_real_copy(x)",
    "view_as_complex_copy(x)",
    "view_as_complex_copy(torch.ones(2, 2, requires_grad=True))",
    "view_copy(x, (2, 2))",
    "view_copy(x, 3)",
    "as_strided_copy(x, (2,), (-1,))",
    "as_strided_copy(x, (20,), (1,))",
    "as_strided_scatter(x, torch.ones(3), (2,), (1,))",
    "as_strided_scatter(x, torch.ones(2), (2,), (5,))",
    "nonzero_static(x, size=-2)",
    "mvlgamma(x, 0)",
    "polygamma(-1, x)",
    "detach_copy(x.requires_grad_()).sum().backward()",
]


@pytest.mark.parametrize("call", WRONG)
def test_what_a_view_refuses_is_refused_in_pytorchs_words(call):
    found, expected = (
        outcome(lib, lambda library: eval(f"torch.{call}", {"torch": library, "x": library.ones(3)}))
        for lib in LIBRARIES
    )
    assert isinstance(expected, tuple)
    assert found == expected


@pytest.mark.parametrize(
    "call",
    [
        "torch.as_strided_scatter(x, s, (2,), (3,), 1)",
        "torch.as_strided_scatter(x[1:], s, (2,), (1,))",
        "torch.as_strided_scatter(x[1:], s, (2,), (1,), 1)",
        "torch.as_strided_scatter(x[::2], s, (2,), (1,), 1).contiguous()",
        "torch.as_strided_scatter(x.reshape(2, 3).t(), s, (2,), (1,), 2)",
        "torch.as_strided_scatter(x, s[:0], (0,), (1,))",
        "x.as_strided_scatter(s.expand(2, 2), (2, 2), (1, 1))",
        "torch.nonzero_static(torch.tensor([[1, 0], [2, 3]]), size=5)",
        "torch.nonzero_static(torch.tensor([[1, 0], [2, 3]]), size=2, fill_value=9)",
        "torch.tensor(3).nonzero_static(size=2)",
    ],
)
def test_results_are_pytorchs(call):
    results = []
    for library in LIBRARIES:
        space = {"torch": library, "x": library.arange(6.0), "s": library.tensor([10.0, 20.0])}
        results.append(described(eval(call, space)))
    assert results[0] == results[1]


def test_gradients_of_a_strided_scatter_are_those_of_finite_differences():
    # PyTorch's own gradient of the first operand is that of the elements which were overwritten, instead of the others.
    x = adjoint.arange(6, dtype=adjoint.float64).requires_grad_()
    s = adjoint.tensor([1.5, 2.5], dtype=adjoint.float64, requires_grad=True)

    def function(x: Any, s: Any) -> Any:
        return adjoint.as_strided_scatter(x * x, s * s, (2,), (3,), 1)

    assert adjoint.autograd.gradcheck(function, (x, s))
    assert adjoint.autograd.gradgradcheck(function, (x, s))
    assert type(adjoint.as_strided_scatter(x, s, (2,), (3,), 1).grad_fn).__name__ == "AsStridedScatterBackward0"


def test_looking_at_memory_otherwise_in_place_keeps_the_history():
    results = []
    for library in LIBRARIES:
        leaf = library.arange(6.0).requires_grad_()
        base = leaf * 1
        view = base[1:]
        assert view.as_strided_((2, 2), (1, 2)) is view
        name = type(view.grad_fn).__name__
        view.mul_(3)
        (base * base).sum().backward()
        whole = leaf * 2
        library.as_strided_(whole, (2, 2), (2, 1), 1)
        node = type(whole.grad_fn).__name__
        whole[0].mul_(5)
        (got,) = library.autograd.grad(whole.sum(), leaf)
        results.append((name, node, leaf.grad.tolist(), got.tolist(), described(view), described(whole)))
    assert results[0] == results[1]


def test_looking_at_memory_otherwise_in_place_is_refused_as_by_pytorch():
    def leaf(library: Any) -> Any:
        return library.ones(3, requires_grad=True).as_strided_((2,), (1,))

    def outside(library: Any) -> Any:
        return (library.ones(3) * 1).as_strided_((2,), (3,))

    for run in (leaf, outside):
        found, expected = (outcome(library, run) for library in LIBRARIES)
        assert isinstance(expected, tuple) and found == expected


def test_a_write_to_an_older_view_that_lies_outside_now_raises_as_in_pytorch():
    def run(library: Any) -> Any:
        whole = library.ones(3, requires_grad=True) * 1
        first = whole[0:1]
        whole.as_strided_((2,), (1,), 1)
        first.mul_(2)
        whole.sum().backward()
        return "no error"

    found, expected = (outcome(library, run) for library in LIBRARIES)
    assert found[0] == expected[0] == "RuntimeError"


@pytest.mark.parametrize("name", ["igamma", "igammac"])
def test_incomplete_gamma_functions_are_pytorchs(name):
    results = []
    for library in LIBRARIES:
        function = getattr(library, name)
        orders = library.tensor([0.0, 0.0, -1.0, 1.0, 1.0, 2.5, 0.3])
        at = library.tensor([0.0, 1.0, 1.0, -1.0, 0.0, 3.5, 0.2])
        order = library.tensor([1.0, 2.0], dtype=library.float64)
        x = library.tensor([1.5, 0.5], dtype=library.float64, requires_grad=True)
        result = function(order, x)
        (first,) = library.autograd.grad(result.sum(), x, create_graph=True)
        (second,) = library.autograd.grad(first.sum(), x)
        written = (order * 1).__getattribute__(name + "_")(x)
        (of_written,) = library.autograd.grad(written.sum(), x)
        special = getattr(library.special, {"igamma": "gammainc", "igammac": "gammaincc"}[name])
        values = [function(orders, at), result, first, second, written, of_written, special(order, x)]
        results.append([np.array(v.detach().tolist()) for v in values])
        assert type(result.grad_fn).__name__ == type(written.grad_fn).__name__ == name.title() + "Backward0"
    for found, expected in zip(*results):
        np.testing.assert_allclose(found, expected, rtol=1e-6)


@pytest.mark.parametrize("name", ["igamma", "igammac"])
def test_incomplete_gamma_functions_refuse_what_pytorch_refuses(name):
    def integers(library: Any) -> Any:
        return getattr(library, name)(library.tensor([1]), library.tensor([1]))

    def number(library: Any) -> Any:
        return getattr(library, name)(library.ones(1), 2.0)

    def order(library: Any) -> Any:
        a = library.ones(1, requires_grad=True)
        return getattr(library, name)(a, library.ones(1)).sum().backward()

    for run in (integers, number, order):
        found, expected = (outcome(library, run) for library in LIBRARIES)
        assert isinstance(expected, tuple) and found == expected


@pytest.mark.parametrize("call", ["mvlgamma_(2)", "polygamma_(0)", "polygamma_(2)"])
def test_gamma_functions_in_place_are_pytorchs(call):
    results = []
    for library in LIBRARIES:
        x = library.tensor([1.5, 2.5], dtype=library.float64, requires_grad=True)
        y = x * 2
        result = eval(f"y.{call}", {"y": y})
        assert result is y
        (g,) = library.autograd.grad(result.sum(), x)
        results.append((np.array(y.detach().tolist()), np.array(g.tolist()), type(result.grad_fn).__name__))
    np.testing.assert_allclose(results[0][0], results[1][0], rtol=1e-8)
    np.testing.assert_allclose(results[0][1], results[1][1], rtol=1e-8)
    assert results[0][2] == results[1][2]
    assert not hasattr(adjoint, call.partition("(")[0])


def test_all_batch_norms_of_a_model_can_be_made_to_keep_no_statistics():
    results = []
    for library in LIBRARIES:
        nn = library.nn
        model = nn.Sequential(
            nn.BatchNorm1d(2), nn.Sequential(nn.BatchNorm2d(3)), nn.InstanceNorm1d(2, track_running_stats=True)
        )
        assert library.func.replace_all_batch_norm_modules_(model) is model
        results.append((list(model.state_dict()), [type(b).__name__ for b in model.buffers()], repr(model)))
    assert results[0] == results[1]

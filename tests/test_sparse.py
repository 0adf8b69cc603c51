"""Sparse tensors in coordinate format: what PyTorch does with them, and what dense ones would give."""

from __future__ import annotations

import copy
import io
import pickle
import re
import warnings
from typing import Any

import numpy as np
import pytest
from in_both import assert_same, outcome, torch
from test_tables import DIFFERENTIABLE, EXPRESSIONS, operands, run

import adjoint

needs_torch = pytest.mark.skipif(torch is None, reason="compares with PyTorch")

S = "torch.sparse_coo_tensor"
ONCE = f"{S}([[0, 1, 1], [2, 0, 2]], [3., 4., 5.], (2, 3))"
TWICE = f"{S}([[0, 1, 1, 0], [2, 0, 2, 2]], [3., 4., 5., 6.], (2, 3))"
DENSE = "torch.arange(1., 7).reshape(2, 3)"
TALL = "torch.arange(1., 13).reshape(3, 4)"

MADE = [
    f"{S}([[0, 1], [1, 0]], [1, 2])",
    f"{S}(torch.tensor([[0, 1], [1, 0]]), torch.tensor([1., 2]), requires_grad=True)",
    f"{S}([[0, 1], [1, 0]], torch.ones(2, 3, dtype=torch.double), (2, 2, 3))",
    f"{S}((2, 3))",
    f"{S}([[0, 3], [1, 0]], [1., 2], (2, 2))",
    f"{S}([[0, -1], [1, 0]], [1., 2])",
    f"{S}([[0, 1], [1, 0]], [1., 2, 3], (2, 2))",
    f"{S}([0, 1], [1., 2, 3], (2, 2))",
    f"{S}(torch.tensor([[0., 1], [1, 0]]), torch.tensor([1., 2]), (2, 2))",
    f"{S}([[0, 1], [1, 0]], [1., 2], (2, 2, 2))",
    f"{S}([[0, 1], [1, 0]], torch.tensor(1.), (2, 2))",
    f"{S}([[0, 1], [1, 0]], [[1., 2], [3, 4]], (2, 2, 3))",
    f"{S}([[0, 1], [1, 0]], [1., 2], (2,))",
    f"{S}([[0, 0], [1, 1]], [1., 2], (2, 2), is_coalesced=True, check_invariants=True)",
    f"{S}([[0, 2], [1, 1]], [1., 2], (2, 2), check_invariants=True)",
    f"{S}([[0, 1], [1, 0]], [1., 2], (2, 2), dtype=torch.int64, requires_grad=True)",
    f"{S}([[0, 1], [1, 0]], [1., 2], (2, 2), dtype=torch.float64)",
    f"{S}(torch.zeros(2, 0, dtype=torch.long), torch.zeros(0))",
    f"{S}(torch.zeros(2, 0, dtype=torch.long), torch.zeros(0, 3, 0), (2, 2, 3, 0))",
    f"{S}(torch.zeros(0, 1, dtype=torch.long), torch.tensor([5.]))",
    f"{S}([[0]], [1. + 2j], (3,))",
    "torch.sparse.FloatTensor(torch.tensor([[0, 1], [1, 0]]), torch.tensor([1., 2]), torch.Size([2, 2]))",
    "torch.ones(2, 3).to_sparse(3)", "torch.eye(2, 3).to_sparse(1)", "torch.eye(2, 3).to_sparse()",
    "torch.eye(2, 3).to_sparse_coo()",
    "torch.eye(2, 3).to_sparse(layout=torch.sparse_coo)", "torch.eye(2, 3).to_sparse(layout=torch.strided)",
    "torch.tensor(3.).to_sparse()", "torch.tensor(0.).to_sparse()", "torch.zeros(2, 3, layout=torch.sparse_coo)",
    "torch.empty(2, 3, layout=torch.sparse_coo)", "torch.ones(2, 3, layout=torch.sparse_coo)", "torch.ones(2, 3).indices()",
    "torch.ones(2, 3).coalesce()", "torch.ones(2, 3).is_coalesced()", "torch.ones(2, 3).values()", "torch.eye(100).to_sparse()",
    "torch.eye(100).to_sparse(1)", "torch.eye(2).to_sparse().bool()", "torch.eye(3).to_sparse().requires_grad_()",
    "torch.eye(3).to_sparse().requires_grad_() * 2", "torch.nn.Parameter(torch.eye(3).to_sparse())",
    "torch.sparse.spdiags(torch.arange(6.).reshape(2, 3), torch.tensor([0, -1]), (3, 3))",
    "torch.sparse.spdiags(torch.arange(2.), torch.tensor(0), (4, 2))",
    f"{S}(size=(2, 3))", f"{S}([[0]], [1.], (2,)).new(3, 2)", "torch.zeros(2, 3, out=torch.ones(1).to_sparse())",
    f"torch.ones(2, 3).to_sparse(1).resize_as_({S}((4, 3)).to_dense().to_sparse(1))",
    "torch.ones(2, 1, 0).to_sparse(1).to_dense()", f"{S}([[0, 1], [1, 0]], torch.zeros(2, 2, 0), (2, 2, 2, 0)).to_dense()",
]  # fmt: skip
ASKED = [
    "x.layout", "x.is_sparse", "x.type()", "x.shape", "x.ndim", "len(x)", "x.numel()", "x.stride()", "x.is_contiguous()",
    "x.dtype",
    "x.sparse_dim()", "x.dense_dim()", "x._nnz()", "x.is_coalesced()", "x.device", "x.element_size()",
    "isinstance(x, torch.sparse.FloatTensor)", "isinstance(x, torch.FloatTensor)", "x.data.layout", "torch.is_tensor(x)",
]  # fmt: skip
REFUSED = [
    "x.numpy()", "x.tolist()", "x.item()", "bool(x)", "x.indices()", "x.values()", "x.data_ptr()", "x.contiguous()", "x + 1",
    f"x + {DENSE}", f"x / {DENSE}", "x.pow(0)", "x.reshape(3, 2)", "x.expand(4, 2, 3)", f"x.copy_({DENSE})",
    f"{DENSE}.copy_(x)",
    "x.cos()", "x.exp()", "x.sigmoid()", "x.to_sparse(1)", "x + x.t()",
    "torch.sparse_coo_tensor((3, 3)).sparse_resize_((2, 2), 1, 0)",
    "x.sparse_resize_((1, 3), 2, 0)", "x / torch.tensor(1.).to_sparse()", "x // torch.tensor(1.).to_sparse()",
    "torch.empty_like(x, memory_format=torch.contiguous_format)", "torch.sparse.mm(x, x.t().double())",
    "x.sparse_mask(torch.eye(3).to_sparse())",
]  # fmt: skip
COMPUTED = [
    "x.to_dense()", "x.coalesce()", "x.coalesce().values()", "x.coalesce().indices()", "x + x", "x + y", "y + x",
    f"{DENSE} + x", "x - y",
    f"{DENSE} - x", "x * y", "x * x", f"x * {DENSE}", f"{DENSE} * x", "x * 2", "2 * x", "x * torch.tensor(2.)", "x / 2",
    "x / torch.tensor(2.)", "-x", "x.abs()", "x ** 2", "x.pow(3)", "x.sin()", "x.sqrt()", "x.relu()", "x.tanh()",
    "x.square()", "x.log1p()",
    "x.expm1()", "x.floor()", "x.sign()", "x.sum()", "x.sum(0)", "x.sum(1, keepdim=True)", "torch.sparse.sum(x)",
    "torch.sparse.sum(x, 0)",
    "torch.sparse.sum(x, [0, 1])", f"x.mm({TALL})", f"x @ {TALL}", "x @ torch.tensor([1., 2, 3])",
    f"torch.sparse.mm(x, {TALL})",
    "torch.sparse.mm(x, y.t())", "x @ y.t()", "torch.ones(4, 2) @ x", f"torch.addmm(torch.ones(2, 4), x, {TALL})",
    f"torch.sparse.addmm(torch.ones(2, 4), x, {TALL}, beta=2, alpha=3)", "torch.bmm(torch.stack([x, x]), torch.ones(2, 3, 2))",
    "torch.nn.functional.linear(x, torch.ones(5, 3))", "x.t()", "x.transpose(0, 1)", "x.T", "x.permute(1, 0)", "x.unsqueeze(0)",
    "torch.cat([x, y])", "torch.cat([x, y], 1)", "torch.stack([x, x])", "x.index_select(1, torch.tensor([2, 0, 2]))",
    "x.select(0, 1)",
    "x[1]", "x[1, 2]", "x.narrow_copy(1, 1, 2)", "x.clone()", "x.detach()", "x.double()", "x.half()", "x.int()",
    "torch.sparse.softmax(x, 1)",
    "torch.sparse.log_softmax(x, 0)", "x.norm()", "x.norm(p=1)", "x.any()", "x.isnan()", "x.isinf()", "torch.zeros_like(x)",
    "torch.empty_like(x)", "x.new_zeros(2)", f"{DENSE}.sparse_mask(x)", "x.sparse_mask(y)", "x // 2", "x.add(x, alpha=2)",
    "x.nan_to_num()",
    "x.conj()", "list(x)", "torch.hspmm(x, torch.ones(3, 2))", "torch.smm(x, torch.ones(3, 2))",
    "torch.sspaddmm(x, x, torch.ones(3, 3))",
    "x.mul_(2)", "x.add_(y)", "x.zero_()", "x.div_(2)", "x.copy_(y)", f"{DENSE}.add_(x, alpha=3)",
    "x.sparse_resize_((4, 4), 2, 0)",
    "x.sparse_resize_and_clear_((4, 4), 1, 1)", "x._coalesced_(True).is_coalesced()", "x.type(torch.sparse.DoubleTensor)",
]  # fmt: skip
WITHOUT_GRADIENT = re.compile(
    r"_\(|list|int\(\)|indices|hspmm|smm|sspaddmm|// 2|isnan|isinf|any|detach|_like|new_zeros|half|\.norm\(\)"
)


def _same_or_refused(expression: str) -> None:
    """As ``assert_same``; of what PyTorch has no kernel for, the list of those that it has is not told."""
    told = []
    for library in (adjoint, torch):
        seen = outcome(library, expression)
        kernels = r"(Could not run 'aten::\w+)[^']*(' with arguments from the '\w+' backend).*"
        text = re.sub(kernels, r"\1\2", str(seen[1]), flags=re.S)
        told.append((seen[0], text, *seen[2:]))
    assert told[0] == told[1], expression


@needs_torch
@pytest.mark.parametrize("expression", MADE)
def test_tensors_are_made_and_printed_as_pytorch_does(expression: str) -> None:
    assert_same(expression)


@needs_torch
@pytest.mark.parametrize("question", ASKED)
def test_questions_are_answered(question: str) -> None:
    _same_or_refused(f"(lambda x: {question})({TWICE})")


@needs_torch
@pytest.mark.parametrize("expression", REFUSED)
def test_what_cannot_be_is_refused_in_the_same_words(expression: str) -> None:
    _same_or_refused(f"(lambda x: {expression})({TWICE})")


def _parts(t: Any) -> tuple[Any, ...]:
    if not hasattr(t, "layout"):
        return (t,)
    if not t.is_sparse:
        return str(t.layout), str(t.dtype), tuple(t.shape), t.tolist()
    return str(t.layout), str(t.dtype), tuple(t.shape), t._indices().tolist(), t._values().tolist()


def _close(found: Any, expected: Any) -> bool:
    if isinstance(found, (list, tuple)):
        return len(found) == len(expected) and all(map(_close, found, expected))
    return bool(found == expected or (isinstance(found, float) and np.isclose(found, expected, rtol=2e-6, atol=1e-12)))


@needs_torch
@pytest.mark.parametrize("first", [ONCE, TWICE, f"{ONCE}.coalesce()"])
@pytest.mark.parametrize("expression", COMPUTED)
def test_results_have_the_same_places_values_and_flags(expression: str, first: str) -> None:
    told = []
    for library in (adjoint, torch):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            result = eval(f"(lambda x, y: {expression})({first}, {TWICE})", {"torch": library})
        results = result if isinstance(result, (list, tuple)) else [result]
        flags = [r.is_coalesced() for r in results if isinstance(r, library.Tensor) and r.is_sparse]
        told.append(([_parts(r) for r in results], flags))
    if expression == "x.mul_(2)":  # which leaves the places as they are, though PyTorch forgets that they are in order
        told = [parts for parts, _ in told]
    assert _close(told[0], told[1]), (expression, told)


@needs_torch
@pytest.mark.parametrize("first", [ONCE, TWICE])
@pytest.mark.parametrize("expression", [e for e in COMPUTED if not WITHOUT_GRADIENT.search(e)])
def test_gradients_have_the_same_places_and_values(expression: str, first: str) -> None:
    told = []
    for library in (adjoint, torch):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            x = eval(first, {"torch": library}).requires_grad_()
            y = eval(TWICE, {"torch": library}).requires_grad_()
            result = eval(expression, {"torch": library, "x": x, "y": y})
            try:
                (library.sparse.sum(result * 3) if result.is_sparse else (result * 3).sum()).backward()
            except (NotImplementedError, RuntimeError):
                told.append(None)
                continue
        told.append([None if t.grad is None else _parts(t.grad) for t in (x, y)])
    assert told[1] is None or told[0] is None or _close(*told), (expression, told)
    assert told[0] is not None or told[1] is None or expression == "x.log1p()"


# What dense tensors give


def _listed_twice(t: Any) -> Any:
    """The same tensor as a sparse one that has every place twice."""
    if not t.ndim:
        return t.to_sparse()
    s = t.to_sparse()
    return adjoint.sparse_coo_tensor(
        adjoint.cat([s._indices(), s._indices()], 1), adjoint.cat([s._values() * 0.25, s._values() * 0.75]), s.shape
    )


def _dense(t: Any) -> Any:
    return t.to_dense() if t.is_sparse else t


@pytest.mark.parametrize("sample", EXPRESSIONS)
def test_every_row_computes_of_a_sparse_operand_what_it_does_of_a_dense_one_or_refuses_it(sample: str) -> None:
    try:
        expected = run(adjoint, sample, operands(adjoint, sample, "float32"))
    except (RuntimeError, TypeError):
        pytest.skip("not for this dtype")
    for name, t in operands(adjoint, sample, "float32").items():
        if not t.is_floating_point():
            continue
        given = {**operands(adjoint, sample, "float32"), name: _listed_twice(t)}
        try:
            found = run(adjoint, sample, given)
        except (RuntimeError, TypeError, ValueError, IndexError):
            continue
        for f, e in zip(found, expected):
            assert (f.shape, f.dtype) == (e.shape, e.dtype)
            np.testing.assert_allclose(_dense(f).resolve_neg().numpy(), e.resolve_neg().numpy(), 1e-4, 1e-5)


def _backward(found: list[Any], create_graph: bool) -> None:
    adjoint.manual_seed(3)
    total: Any = 0
    for t in found:
        if t.requires_grad:
            total = total + (_dense(t) * adjoint.rand(t.shape, dtype=adjoint.float64)).sum()
    total.backward(create_graph=create_graph)


@pytest.mark.parametrize("sample", DIFFERENTIABLE)
def test_every_gradient_of_a_sparse_operand_is_that_of_a_dense_one_or_refused(sample: str) -> None:
    for create_graph in (False, True):
        warnings.filterwarnings("ignore", "Using backward")
        expected = operands(adjoint, sample, "float64", True)
        try:
            _backward(run(adjoint, sample, expected), False)
        except (RuntimeError, AttributeError):
            pytest.skip("there is no derivative")
        for name, t in expected.items():
            if not t.is_floating_point():
                continue
            with adjoint.no_grad():
                s = _listed_twice(t.detach())
            given = {**operands(adjoint, sample, "float64", True), name: s.requires_grad_()}
            try:
                _backward(run(adjoint, sample, given), create_graph)
            except (RuntimeError, TypeError, ValueError, IndexError):
                continue
            for key, e in expected.items():
                g = given[key].grad
                assert (g is None) == (e.grad is None), key
                if g is not None:
                    np.testing.assert_allclose(_dense(g.detach()).numpy(), e.grad.numpy(), 1e-8, 1e-10, err_msg=key)


# What is under the tape


def test_values_get_gradients_through_a_sparse_matrix() -> None:
    indices = adjoint.tensor([[0, 1, 1], [1, 0, 2]])
    dense = adjoint.rand(3, 2, dtype=adjoint.float64, requires_grad=True)
    values = adjoint.rand(3, dtype=adjoint.float64, requires_grad=True)

    def product(values: Any, dense: Any) -> Any:
        return adjoint.sparse.mm(adjoint.sparse_coo_tensor(indices, values, (2, 3)), dense)

    assert adjoint.autograd.gradcheck(product, (values, dense))
    assert adjoint.autograd.gradgradcheck(product, (values, dense))


_PLACES = "adjoint.tensor([[0, 1, 1, 0], [2, 0, 2, 2]])"
_OF_VALUES = {
    "a product": "sparse.mm(x, w)", "a product whose gradient is dense": "x @ w",
    "a masked product": "(sparse.mm(x, w) * adjoint.eye(2, dtype=w.dtype).to_sparse()).to_dense()",
    "a mask": "(x.sparse_mask(y) * w.t().sparse_mask(y)).to_dense()",
    "a mask that lists places twice": "x.sparse_mask(x.detach()).to_dense() ** 2",
    "a dense tensor, masked": "w.t().sparse_mask(x.detach()).to_dense() ** 2", "a sum": "(x + y * 2).to_dense() ** 2",
    "a product of elements": "(x * y).to_dense() ** 2", "a product with a dense one": "(x * w.t()).to_dense()",
    "a power": "(x ** 3).to_dense()",
    "a sum over all": "sparse.sum(x * x)", "a sum over rows": "sparse.sum(x, 0).to_dense() ** 2",
    "a sum over columns": "sparse.sum(x, 1).to_dense() ** 2",
    "two sparse matrices": "sparse.mm(x, y.t()).to_dense() ** 2",
    "two sparse matrices, unmasked": "(x @ y.t()).to_dense() ** 2",
    "values": "x.coalesce().values() ** 2", "a transpose": "(x.t().to_dense() * w) ** 2",
    "samples": "adjoint.stack([x, x]).to_dense() ** 2",
    "a row": "x[1].to_dense() ** 2", "an element": "x[0, 2] ** 2",
    "a sum with a product": "sparse.addmm(w[:2], x, w, beta=0.5, alpha=2.0)",
    "rows": "adjoint.nn.functional.embedding(adjoint.tensor([0, 2, 0]), w, sparse=True) ** 2",
    "a difference": "(w.t() - x) ** 2",
    "sizes": "(x - y).abs().to_dense()", "what is positive": "(x - y).relu().to_dense() * w.t()", "a norm": "x.norm(p=1) ** 2",
    "a dense tensor made sparse": "(w.to_sparse() * 2).to_dense() ** 2", "its rows": "(w.to_sparse(1) * 2).to_dense() ** 2",
}  # fmt: skip
_ONCE = {"softmax": "sparse.softmax(x, 1).to_dense() * w.t()", "its logarithm": "sparse.log_softmax(x, 0).to_dense() * w.t()",
         "batches": "adjoint.bmm(adjoint.stack([x, x]), w.expand(2, 3, 2))"}  # fmt: skip


@pytest.mark.parametrize("expression", [*_OF_VALUES.values(), *_ONCE.values()], ids=[*_OF_VALUES, *_ONCE])
def test_derivatives_with_respect_to_values_are_right_and_so_are_second_ones(expression: str) -> None:
    adjoint.manual_seed(0)
    y = adjoint.sparse_coo_tensor([[0, 0, 1], [0, 2, 1]], adjoint.rand(3, dtype=adjoint.float64), (2, 3))
    inputs = tuple(adjoint.rand(*size, dtype=adjoint.float64, requires_grad=True) for size in ((4,), (3, 2)))

    def function(values: Any, w: Any) -> Any:
        x = adjoint.sparse_coo_tensor(eval(_PLACES), values, (2, 3))
        return eval(expression, {"x": x, "y": y, "w": w, "adjoint": adjoint, "sparse": adjoint.sparse})

    assert adjoint.autograd.gradcheck(function, inputs)
    if expression in _ONCE.values():
        with pytest.raises((RuntimeError, NotImplementedError)):
            adjoint.autograd.gradgradcheck(function, inputs)
    else:
        assert adjoint.autograd.gradgradcheck(function, inputs)


@pytest.mark.parametrize("masked", [True, False])
def test_sparse_inputs_are_checked_by_their_values(masked: bool) -> None:
    x = adjoint.sparse_coo_tensor([[0, 1], [1, 0]], [1.0, 2.0], (2, 2), dtype=adjoint.float64).requires_grad_()
    check = adjoint.autograd.gradcheck
    assert check(lambda x: (x * x).to_dense() @ adjoint.ones(2, 1, dtype=adjoint.float64), (x,), masked=masked)
    with pytest.raises(RuntimeError):
        check(lambda x: adjoint.sparse.sum(x).detach() + adjoint.sparse.sum(x) * 0, (x,), masked=masked)


def test_a_sparse_operand_is_broadcast() -> None:
    """PyTorch forgets all but the first element along a dimension that is broadcast (2.13)."""
    x = adjoint.tensor([[3.0], [9.0]])
    s = adjoint.sparse_coo_tensor([[0, 1, 1], [0, 0, 0]], [3.0, 4.0, 5.0], (2, 1))
    d = adjoint.arange(1.0, 7).reshape(2, 3)
    for product in (s * d, d * s, s * d.to_sparse()):
        assert product.to_dense().tolist() == (x * d).tolist()


def test_halves_are_multiplied_in_single_precision() -> None:
    for d in (adjoint.float16, adjoint.bfloat16):
        assert (adjoint.ones(2, dtype=d) * adjoint.tensor(3.0).to(d).to_sparse()).dtype is d
        found = adjoint.ones(1, 3000).to_sparse().to(d) @ adjoint.ones(3000, 1, dtype=d)
        assert found.dtype is d and found.item() == adjoint.tensor(3000.0).to(d).item()


def test_a_dense_tensor_is_multiplied_by_a_sparse_one_in_place() -> None:
    assert adjoint.ones(2, 2).mul_(adjoint.eye(2).to_sparse()).tolist() == [[1.0, 0.0], [0.0, 1.0]]


def test_a_sparse_gradient_and_a_dense_one_add_up() -> None:
    w = adjoint.ones(3, 2, requires_grad=True)
    rows = adjoint.nn.functional.embedding(adjoint.tensor([0, 0]), w, sparse=True)
    (rows.sum() + (w * 3).sum()).backward()
    assert w.grad.tolist() == [[5.0, 5.0], [3.0, 3.0], [3.0, 3.0]]
    kept = w.grad
    adjoint.nn.functional.embedding(adjoint.tensor([2]), w, sparse=True).sum().backward()
    assert w.grad is kept and kept.tolist() == [[5.0, 5.0], [3.0, 3.0], [4.0, 4.0]]


def test_places_that_are_written_to_after_a_product_are_seen_by_the_next() -> None:
    indices = adjoint.tensor([[0, 1], [0, 1]])
    x = adjoint.sparse_coo_tensor(indices, adjoint.ones(2), (2, 2))
    one = adjoint.tensor([[1.0], [2.0]])
    assert (x @ one).tolist() == [[1.0], [2.0]]
    indices[1] = adjoint.tensor([1, 0])
    assert (x @ one).tolist() == [[2.0], [1.0]]
    x._values().mul_(3)
    assert (x @ one).tolist() == [[6.0], [3.0]]


def test_gradients_of_both_kinds_add_up_in_whatever_order_they_arrive() -> None:
    for create_graph in (False, True):
        grads = []
        for order in (1, -1):
            w = adjoint.ones(3, 2, requires_grad=True)
            parts = [adjoint.nn.functional.embedding(adjoint.tensor([0, 0]), w * 1, sparse=True).sum(), (w * 3).sum()][::order]
            v = w * 1
            both = [adjoint.nn.functional.embedding(adjoint.tensor([0, 0]), v, sparse=True).sum(), (v * 3).sum()][::order]
            sum([*parts, *both], adjoint.zeros(())).backward(create_graph=create_graph)
            grads.append(_dense(w.grad).tolist())
        assert grads[0] == grads[1] == [[10.0, 10.0], [6.0, 6.0], [6.0, 6.0]]


def test_a_view_of_a_sparse_tensor_is_not_written_to_while_recording() -> None:
    x = (adjoint.eye(2).to_sparse().requires_grad_() * 1).coalesce()
    with pytest.raises(RuntimeError, match="share no memory"):
        x.t().mul_(2)


def test_what_a_graph_saved_is_not_written_to() -> None:
    x = adjoint.eye(2).to_sparse() * 1
    w = adjoint.ones(2, 2, requires_grad=True)
    y = x @ w
    x.mul_(2)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.sum().backward()


@pytest.mark.parametrize("way", ["save", "pickle", "deepcopy", "copy"])
def test_copies_and_files_keep_places_values_and_flags(way: str) -> None:
    x = adjoint.sparse_coo_tensor([[0, 1, 1], [1, 0, 0]], [[1.0], [2.0], [3.0]], (2, 2, 1)).requires_grad_()
    for given in (x, x.detach().coalesce()):
        if way == "save":
            file = io.BytesIO()
            adjoint.save({"x": given}, file)
            file.seek(0)
            made = adjoint.load(file)["x"]
        else:
            made = {"pickle": lambda x: pickle.loads(pickle.dumps(x)), "deepcopy": copy.deepcopy, "copy": copy.copy}[way](given)
        assert made is not given and made.is_coalesced() == given.is_coalesced()
        assert _parts(made.detach()) == _parts(given.detach())
        if way != "save":  # PyTorch's files do not tell
            assert made.requires_grad == given.requires_grad


@needs_torch
def test_files_are_pytorchs() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for writer, reader in ((adjoint, torch), (torch, adjoint)):
            file = io.BytesIO()
            writer.save(writer.sparse_coo_tensor([[0, 1]], [1.0, 2.0], (3,)), file)
            file.seek(0)
            assert _parts(reader.load(file))[2:] == ((3,), [[0, 1]], [1.0, 2.0])


def test_a_file_does_not_reach_outside_of_a_tensor() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        file = io.BytesIO()
        adjoint.save(adjoint.sparse_coo_tensor([[0, 7]], [1.0, 2.0], (3,)), file)
    file.seek(0)
    with pytest.raises(RuntimeError, match="size is inconsistent with indices"):
        adjoint.load(file)


# Embeddings and optimizers

EMBEDDINGS = {
    "rows": "nn.Embedding(6, 3, sparse=True)",
    "padding": "nn.Embedding(6, 3, sparse=True, padding_idx=2)",
    "by frequency": "nn.Embedding(6, 3, sparse=True, scale_grad_by_freq=True)",
    "shortened": "nn.Embedding(6, 3, sparse=True, max_norm=0.5)",
    "bags": "nn.EmbeddingBag(6, 3, sparse=True)",
    "sums": "nn.EmbeddingBag(6, 3, sparse=True, mode='sum', padding_idx=1)",
    "maxima": "nn.EmbeddingBag(6, 3, sparse=True, mode='max')",
}


@needs_torch
@pytest.mark.parametrize("made", EMBEDDINGS.values(), ids=EMBEDDINGS)
def test_gradients_of_embeddings_list_the_rows_that_were_looked_up(made: str) -> None:
    told = []
    for library in (adjoint, torch):
        library.manual_seed(0)
        layer = eval(made, {"nn": library.nn})
        seen: list[Any] = [repr(layer)]
        try:
            for index in ([[1, 2, 1], [5, 0, 2]], [[3, 1]]):
                found = layer(library.tensor(index))
                (found * library.arange(float(found.numel())).reshape(found.shape)).sum().backward()
                seen += [_parts(layer.weight.grad), layer.weight.grad.is_coalesced()]
                if "Bag" in made:  # whose gradients PyTorch adds up by merging lists
                    break
            (layer(library.tensor([[1, 2]])).sum() + layer(library.tensor([[0, 2]])).sum()).backward()
            seen.append(_parts(layer.weight.grad.coalesce()))
            layer.zero_grad(set_to_none=False)
            seen.append(_parts(layer.weight.grad))
        except (RuntimeError, ValueError) as error:
            seen.append(str(error))
        told.append(seen)
    assert _close(*told), told


OPTIMIZERS = {
    "SGD": [{}, {"momentum": 0.9}, {"momentum": 0.9, "nesterov": True}, {"momentum": 0.9, "dampening": 0.3}, {"maximize": True},
            {"weight_decay": 0.1}, {"fused": True}],
    "Adagrad": [{}, {"lr_decay": 0.1}, {"maximize": True}, {"weight_decay": 0.1}, {"initial_accumulator_value": 0.5}],
    "SparseAdam": [{}, {"maximize": True}, {"betas": (0.5, 0.6), "eps": 1e-3}],
    **{name: [{}] for name in ("Adadelta", "Adafactor", "Adam", "AdamW", "Adamax", "ASGD", "NAdam", "RAdam", "RMSprop",
    "Rprop", "Muon")},
}  # fmt: skip


@needs_torch
@pytest.mark.parametrize("name, options", [(name, kw) for name, rows in OPTIMIZERS.items() for kw in rows])
def test_optimizers_take_sparse_gradients_or_refuse_them(name: str, options: dict[str, Any]) -> None:
    told = []
    for library in (adjoint, torch):
        library.manual_seed(0)
        p, q = (library.randn(4, 3, requires_grad=True) for _ in range(2))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            optimizer = getattr(library.optim, name)([p, q], **options)
            try:
                for k in range(3):
                    p.grad = library.sparse_coo_tensor([[0, 2, 0]], library.randn(3, 3), (4, 3))
                    q.grad = library.randn(4, 3)
                    if name == "SparseAdam":
                        q.grad = library.sparse_coo_tensor([[k]], q.grad[:1], (4, 3))
                    optimizer.step()
            except RuntimeError as error:
                told.append([str(error)])
                continue
        state = [_dense(v).tolist() if hasattr(v, "is_sparse") else v for v in optimizer.state[p].values()]
        told.append([p.tolist(), q.tolist(), state])
    assert _close(*told), told


def test_sparse_parameters_are_refused_by_sparse_adam() -> None:
    with pytest.raises(ValueError, match="SparseAdam requires dense parameter tensors"):
        adjoint.optim.SparseAdam([adjoint.eye(2).to_sparse().requires_grad_()])


def test_invariants_are_looked_at_where_that_is_asked_for() -> None:
    check = adjoint.sparse.check_sparse_tensor_invariants
    before = check.is_enabled()
    outside = "adjoint.sparse_coo_tensor([[3]], [1.0], (2,))"
    with check(), pytest.raises(RuntimeError, match="size is inconsistent"):
        eval(outside)
    check.disable()
    eval(outside)
    with pytest.raises(RuntimeError, match="size is inconsistent"):
        check()(lambda: eval(outside))()
    assert check.is_enabled() is False
    if before:
        check.enable()

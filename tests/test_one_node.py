"""Functions that are several rows here and one operator of PyTorch's: one node, with derivatives of every order."""

from __future__ import annotations

from typing import Any

import pytest
from both import agree

import adjoint

CALLS = {
    "RenormBackward0": "torch.renorm(m, 2, 0, 0.9)",
    "PdistBackward0": "torch.pdist(m)",
    "NormBackward1": "torch.pairwise_distance(m, n)",
    "CholeskySolveBackward0": "torch.cholesky_solve(n, L.tril())",
    "CholeskyInverseBackward0": "torch.cholesky_inverse(L.tril())",
    "LinalgLstsqBackward0": "torch.linalg.lstsq(m, n)[0]",
    "TriangularSolveBackward0": "torch.triangular_solve(n, L, upper=False)[0]",
    "MultilabelMarginLossBackward0": "F.multilabel_margin_loss(m, labels)",
    "EmbeddingBagBackward0": "F.embedding_bag(labels, n, mode='sum', per_sample_weights=m)",
    "ViewBackward0": "F.bilinear(m, n, m.expand(2, 3, 3))",
    "CatBackward0": "torch.gradient(m, dim=0, spacing=0.5)[0]",
    "SumBackward0": "F.cross_entropy(m, labels[0], label_smoothing=0.3, reduction='sum').reshape(1).sum()",
    "AddBackward1": "F.margin_ranking_loss(m, n, n.detach().sign(), 0.3, reduction='none')",
    "DivBackward1": "torch.trapezoid(m, n)",
    "MulBackward1": "torch.special.ndtr(m)",
    "SqueezeBackward4": "torch.quantile(m, 0.3, 0)",
    "AbsBackward0": "torch.stft(m, 3, 1, return_complex=True).abs()",
}


WITHOUT_SECOND = {"PdistBackward0", "EmbeddingBagBackward0", "MultilabelMarginLossBackward0", "AbsBackward0"}  # in PyTorch


def operands(torch: Any) -> dict[str, Any]:
    torch.manual_seed(3)
    found = {name: torch.rand(3, 3, dtype=torch.float64).requires_grad_() for name in "mn"}
    found["L"] = (torch.rand(3, 3, dtype=torch.float64).tril() + torch.eye(3)).requires_grad_()
    found["labels"] = torch.tensor([[0, 2, 1], [1, 0, 2], [2, 1, 0]])
    return found


def call(torch: Any, text: str, given: dict[str, Any]) -> Any:
    return eval(text, {"torch": torch, "F": torch.nn.functional, **given})


@pytest.mark.parametrize("name", CALLS)
def test_the_node_and_derivatives_of_two_orders(name: str) -> None:
    def scenario(torch: Any) -> Any:
        given = operands(torch)
        y = call(torch, CALLS[name], given)
        seen: list[Any] = []
        y.grad_fn.register_hook(lambda gi, go: seen.append(len(gi)))
        leaves = [given[k] for k in "mnL"]
        first = torch.autograd.grad((y * y).sum(), leaves, create_graph=True, allow_unused=True)
        if name in WITHOUT_SECOND:
            return y, first and [None if g is None else g.detach() for g in first], seen
        second = torch.autograd.grad(sum((g**3).sum() for g in first if g is not None), leaves, allow_unused=True)
        return y, [None if g is None else g.detach() for g in first], second, seen

    agree(scenario, 1e-5, warnings_too=False, raises=False)


@pytest.mark.parametrize("name", CALLS)
def test_gradients_of_second_order_are_those_of_numbers(name: str) -> None:
    given = operands(adjoint)
    leaves = [given[k] for k in "mnL"]

    def function(*leaves: Any) -> Any:
        return call(adjoint, CALLS[name], {**given, **dict(zip("mnL", leaves))})

    assert adjoint.autograd.gradcheck(function, leaves)
    if name != "AbsBackward0":
        assert adjoint.autograd.gradgradcheck(function, leaves)


@pytest.mark.parametrize("name", ["RenormBackward0", "TriangularSolveBackward0", "EmbeddingBagBackward0"])
def test_one_node_is_freed_looked_into_and_written_beside_as_any(name: str) -> None:
    def scenario(torch: Any) -> Any:
        given = operands(torch)
        y = call(torch, CALLS[name], given)
        y.sum().backward(retain_graph=True)
        print([given[k].grad is None for k in "mnL"])
        y.sum().backward()
        try:
            y.sum().backward()
        except RuntimeError as error:
            print(str(error)[:60])
        y = call(torch, CALLS[name], given)
        with torch.no_grad():
            for k in "mnL":
                given[k].mul_(2)
        try:
            y.sum().backward()
        except RuntimeError as error:
            print(str(error)[:60])
        z = call(torch, CALLS[name], given) * 1
        z.mul_(3)
        return torch.autograd.grad(z.sum(), [given[k] for k in "mnL"], allow_unused=True)

    agree(scenario, 1e-5, warnings_too=False, raises=False)


@pytest.mark.parametrize("name", ["RenormBackward0", "CholeskySolveBackward0", "NormBackward1"])
def test_one_node_inside_of_transforms(name: str) -> None:
    def scenario(torch: Any) -> Any:
        given = operands(torch)

        def f(m: Any, n: Any) -> Any:
            return call(torch, CALLS[name], {**given, "m": m, "n": n, "L": given["L"].detach()}).sum()

        m, n = given["m"].detach(), given["n"].detach()
        tangents = torch.func.jvp(f, (m, n), (torch.ones_like(m), torch.ones_like(n)))
        batched = torch.func.vmap(torch.func.grad(f, (0, 1)))(torch.stack([m, m * 2]), torch.stack([n, n + 1]))
        return tangents, batched

    agree(scenario, 1e-5, warnings_too=False, raises=False)


@pytest.mark.parametrize(
    "text",
    [
        "F.bilinear(m, n, m.expand(2, 3, 3))", "F.bilinear(m, n, m.expand(2, 3, 3), n[0, :2])", "torch.gradient(m, dim=0)[0]",
        "F.cross_entropy(m, labels[0], label_smoothing=0.3)", "F.rms_norm(m, (3,), n[0])",
        "F.triplet_margin_loss(m, n, m.detach())",
        "F.poisson_nll_loss(m, n, full=True, log_input=False)", "torch.cumulative_trapezoid(m, n)", "torch.trapezoid(m, dx=0.3)",
        "torch.nanquantile(m, 0.4, 1, keepdim=True)", "torch.quantile(m, 0.5)", "F.pairwise_distance(m, n, 3)",
    ],
)  # fmt: skip
def test_chains_of_functions_that_are_made_of_others(text: str) -> None:
    def chain(node: Any) -> Any:
        return node and [node.name(), *map(chain, (n for n, _ in node.next_functions))]

    agree(lambda torch: chain(call(torch, text, operands(torch)).grad_fn), warnings_too=False, raises=False)


@pytest.mark.parametrize("name", sorted(set(CALLS) - WITHOUT_SECOND))
def test_a_tangent_of_a_gradient_has_no_graph(name: str) -> None:
    given = {k: t.detach() for k, t in operands(adjoint).items()}

    def first(m: Any, n: Any, L: Any) -> Any:
        return (call(adjoint, CALLS[name], {**given, "m": m, "n": n, "L": L}) ** 2).sum()

    at = tuple(given[k] for k in "mnL")
    gradients, tangents = adjoint.func.jvp(adjoint.func.grad(first, (0, 1, 2)), at, at)
    assert not any(t.requires_grad for t in (*gradients, *tangents))

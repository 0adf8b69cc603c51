"""Tensors of modules that are computed of others: parametrizations, weight and spectral norm, pruning, fusion."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest
from both import agree

pytest.importorskip("torch.nn.utils.prune")  # which PyTorch does not import by itself


def _symmetric(torch: Any) -> Any:
    class Symmetric(torch.nn.Module):
        def forward(self, X: Any) -> Any:
            return X.triu() + X.triu(1).mT

        def right_inverse(self, A: Any) -> Any:
            return A.triu()

    return Symmetric()


def _halves(torch: Any) -> Any:
    class Halves(torch.nn.Module):
        def forward(self, a: Any, b: Any) -> Any:
            return a + b

        def right_inverse(self, X: Any) -> Any:
            return X / 2, X / 2

    return Halves()


def _returning(torch: Any, what: Any, inverse: Any = None) -> Any:
    class Returning(torch.nn.Module):
        def forward(self, X: Any) -> Any:
            return what(X)

    if inverse is not None:
        Returning.right_inverse = lambda self, X: inverse(X)  # type: ignore[attr-defined]
    return Returning()


def test_a_parametrized_tensor_is_computed_assigned_to_copied_and_removed() -> None:
    def scenario(torch: Any) -> Any:
        P = torch.nn.utils.parametrize
        m = P.register_parametrization(torch.nn.Linear(3, 3), "weight", _symmetric(torch))
        print(m, type(m).__name__, P.type_before_parametrizations(m).__name__, list(m.state_dict()))
        other = copy.deepcopy(m)
        m.weight = torch.eye(3) * 2
        m(torch.ones(2, 3)).sum().backward()
        with P.cached():
            kept = m.weight is m.weight
        seen = m.weight, other.weight, m.parametrizations.weight.original, m.parametrizations.weight.original.grad, kept
        P.remove_parametrizations(m, "weight")
        return *seen, m.weight, type(m).__name__, P.is_parametrized(m), P.is_parametrized(other, "weight")

    agree(scenario)


def test_several_tensors_and_several_parametrizations_and_those_of_another_module() -> None:
    def scenario(torch: Any) -> Any:
        P = torch.nn.utils.parametrize
        m = P.register_parametrization(torch.nn.Linear(2, 2), "weight", _halves(torch))
        P.register_parametrization(m, "weight", torch.nn.Tanh())
        n = P.transfer_parametrizations_and_params(m, torch.nn.Linear(2, 2))
        buffered = P.register_parametrization(torch.nn.BatchNorm1d(2), "running_mean", torch.nn.ReLU())
        print(m, n, buffered)
        shared = n.parametrizations.weight.original1 is m.parametrizations.weight.original1
        before = m.weight
        return before, shared, list(buffered.state_dict()), P.remove_parametrizations(m, "weight").weight

    agree(scenario)


@pytest.mark.parametrize(
    "make",
    [
        lambda t, P, m: P.register_parametrization(t.nn.Linear(2, 2), "weight", _returning(t, lambda X: X[0])),
        lambda t, P, m: P.register_parametrization(t.nn.Linear(2, 2), "weight", _returning(t, lambda X: X.double())),
        lambda t, P, m: P.register_parametrization(t.nn.Linear(2, 2), "weight", _returning(t, lambda X: 3)),
        lambda t, P, m: P.register_parametrization(t.nn.Linear(2, 2), "bis", t.nn.ReLU()),
        lambda t, P, m: P.register_parametrization(
            t.nn.Linear(2, 2), "weight", _returning(t, lambda X: X, lambda X: X.double())
        ),
        lambda t, P, m: P.register_parametrization(t.nn.Linear(2, 2), "weight", _returning(t, lambda X: X, lambda X: 3)),
        lambda t, P, m: P.register_parametrization(m, "weight", _returning(t, lambda X: X[0])),
        lambda t, P, m: P.register_parametrization(m, "weight", _returning(t, lambda X: X.double())),
        lambda t, P, m: P.register_parametrization(m, "weight", _returning(t, lambda X: X, lambda X: X.double())),
        lambda t, P, m: P.register_parametrization(m, "weight", _returning(t, lambda X: X, lambda X: X[0])),
        lambda t, P, m: setattr(P.register_parametrization(m, "weight", t.nn.Tanh()), "weight", t.zeros(3, 3)),
        lambda t, P, m: P.remove_parametrizations(m, "bias"),
        lambda t, P, m: P.remove_parametrizations(
            P.register_parametrization(t.nn.Linear(2, 2), "weight", _halves(t)), "weight", False
        ),
        lambda t, P, m: pickle.dumps(m),
    ],
)
def test_what_parametrizations_refuse(make: Any) -> None:
    def scenario(torch: Any) -> Any:
        P = torch.nn.utils.parametrize
        make(torch, P, P.register_parametrization(torch.nn.Linear(3, 3), "weight", _symmetric(torch)))

    agree(scenario, raises=True)


@pytest.mark.parametrize("dim", [0, 1, 2, None])
@pytest.mark.parametrize("old", [True, False])
def test_weight_norm_is_a_length_and_a_direction(dim: int | None, old: bool) -> None:
    def scenario(torch: Any) -> Any:
        m = torch.nn.Conv1d(2, 3, 2)
        where = torch.nn.utils if old else torch.nn.utils.parametrizations
        where.weight_norm(m, dim=dim)
        m(torch.ones(1, 2, 4)).square().sum().backward()
        print(m, list(m.state_dict()))
        return m.weight, [p.grad for p in m.parameters()]

    agree(scenario)


def test_a_state_of_the_old_weight_norm_is_loaded_by_the_new() -> None:
    def scenario(torch: Any) -> Any:
        old = torch.nn.utils.weight_norm(torch.nn.Linear(3, 2))
        new = torch.nn.utils.parametrizations.weight_norm(torch.nn.Linear(3, 2))
        print(new.load_state_dict(old.state_dict()))
        removed = torch.nn.utils.remove_weight_norm(old)
        return new.weight, removed.weight, list(removed.state_dict())

    agree(scenario)


@pytest.mark.parametrize("length_of", [0, 1])
def test_the_second_derivative_of_weight_norm_is_right_where_pytorchs_is_not(length_of: int) -> None:
    import adjoint as torch

    v = torch.randn(3, 4, dtype=torch.float64, requires_grad=True)
    g = torch.randn(*((3, 1) if length_of == 0 else (1, 4)), dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradgradcheck(lambda v, g: torch._weight_norm(v, g, length_of), (v, g))


@pytest.mark.parametrize("layer", ["Linear(3, 4)", "ConvTranspose2d(2, 3, 2)"])
@pytest.mark.parametrize("old", [True, False])
def test_spectral_norm_divides_by_the_largest_singular_value(layer: str, old: bool) -> None:
    def scenario(torch: Any) -> Any:
        m = eval(f"torch.nn.{layer}", {"torch": torch})
        where = torch.nn.utils if old else torch.nn.utils.parametrizations
        where.spectral_norm(m)
        x = torch.ones(1, 3) if m.weight.ndim == 2 else torch.ones(1, 2, 3, 3)
        for _ in range(3):
            y = m(x)
        y.square().sum().backward()
        m.eval()
        print(m, list(m.state_dict()))
        return m(x), [p.grad for p in m.parameters()], list(m.buffers())

    agree(scenario, 1e-5)


def test_a_state_of_spectral_norms_first_version_is_brought_up_to_date() -> None:
    def scenario(torch: Any) -> Any:
        m = torch.nn.utils.spectral_norm(torch.nn.Linear(3, 4))
        m(torch.ones(1, 3))
        state = m.state_dict()
        old = {k: v for k, v in state.items() if k != "weight_v"} | {"weight": m.weight.detach()}
        print(m.load_state_dict(old), state._metadata)
        print(torch.nn.utils.spectral_norm(torch.nn.Linear(3, 4)).load_state_dict(state))
        return m.weight_v, m.eval()(torch.ones(1, 3)), list(torch.nn.utils.remove_spectral_norm(m).state_dict())

    agree(scenario, 1e-5)


@pytest.mark.parametrize(
    "call",
    [
        "utils.remove_weight_norm(L(2, 2))", "utils.remove_spectral_norm(L(2, 2))",
        "utils.weight_norm(utils.weight_norm(L(2, 2)))", "utils.spectral_norm(utils.spectral_norm(L(2, 2)))",
        "utils.spectral_norm(L(2, 2), n_power_iterations=0)", "utils.spectral_norm(L(2, 2, bias=False), 'bias')",
        "utils.parametrizations.spectral_norm(L(2, 2), n_power_iterations=0)",
        "utils.parametrizations.spectral_norm(L(2, 2), dim=4)", "utils.parametrizations.spectral_norm(L(2, 2), 'to')",
        "utils.parametrizations.orthogonal(L(2, 2), 'to')", "utils.parametrizations.orthogonal(L(2, 2), 'bias')",
        "utils.parametrizations.orthogonal(L(2, 2), orthogonal_map='any')",
        "utils.fuse_conv_bn_eval(Conv2d(1, 1, 1), BatchNorm2d(1))",
        "utils.fuse_linear_bn_eval(L(2, 3).eval(), BatchNorm1d(2).eval())",
        "utils.skip_init(int)", "utils.skip_init(ReLU)", "factory_kwargs({'dtipe': 1})",
        "factory_kwargs({'dtype': 1, 'factory_kwargs': {'dtype': 2}})",
    ],
)  # fmt: skip
def test_what_the_utilities_refuse(call: str) -> None:
    agree(lambda torch: eval(call, {**vars(torch.nn), "L": torch.nn.Linear, "utils": torch.nn.utils}), raises=True)


def test_pruning_upon_pruning() -> None:
    def scenario(torch: Any) -> Any:
        prune = torch.nn.utils.prune
        m = torch.nn.Linear(4, 5)
        seen = []
        for step in (
            lambda: prune.random_unstructured(m, "weight", 0.3),
            lambda: prune.l1_unstructured(m, "weight", 3),
            lambda: prune.ln_structured(m, "weight", 1, n=2, dim=0),
            lambda: prune.random_structured(m, "weight", 0.25, dim=1),
            lambda: prune.custom_from_mask(m, "bias", torch.tensor([1, 0, 1, 1, 0])),
        ):
            step()
            seen.append((m.weight, m.bias, list(m.state_dict())))
        m(torch.ones(1, 4)).sum().backward()
        gradients = m.weight_orig.grad, m.bias_orig.grad
        pruned = prune.is_pruned(m)
        for name in ("weight", "bias"):
            prune.remove(m, name)
        return seen, gradients, pruned, prune.is_pruned(m), m.weight, list(m.state_dict())

    agree(scenario)


def test_several_parameters_are_pruned_as_one() -> None:
    def scenario(torch: Any) -> Any:
        prune = torch.nn.utils.prune
        a, b = torch.nn.Linear(3, 3), torch.nn.Linear(3, 2)
        prune.global_unstructured([(a, "weight"), (b, "weight")], prune.L1Unstructured, amount=0.4)
        prune.identity(a, "bias")
        prune.l1_unstructured(b, "bias", 1, importance_scores=torch.tensor([1.0, 0.0]))
        return a.weight_mask, b.weight_mask, a.bias_mask, b.bias, prune.RandomUnstructured(0.5).prune(torch.arange(6.0))

    agree(scenario)


@pytest.mark.parametrize(
    "call",
    [
        "remove(m, 'weight')", "l1_unstructured(m, 'weight', -1)", "l1_unstructured(m, 'weight', 1.5)",
        "l1_unstructured(m, 'weight', 'a')", "l1_unstructured(m, 'weight', 100)", "ln_structured(m, 'bias', 1, 2, 0)",
        "ln_structured(m, 'weight', 1, 2, 5)",
        "global_unstructured(3, L1Unstructured, amount=1)", "PruningContainer(L1Unstructured(1)).add_pruning_method(3)",
        "l1_unstructured(m, 'weight', 1, importance_scores=m.bias)", "custom_from_mask(m, 'weight', m.bias)",
    ],
)  # fmt: skip
def test_what_pruning_refuses(call: str) -> None:
    def scenario(torch: Any) -> Any:
        m = torch.nn.Linear(2, 3)
        try:
            return eval(call, {**vars(torch.nn.utils.prune), "m": m})
        finally:
            print(list(m.state_dict()))

    agree(scenario, raises=True)


def test_a_layer_and_its_batch_norm_become_one() -> None:
    def scenario(torch: Any) -> Any:
        nn, utils = torch.nn, torch.nn.utils
        conv, turned, linear = nn.Conv2d(2, 4, 2, bias=False), nn.ConvTranspose2d(2, 4, 2), nn.Linear(3, 4)
        norm, flat = nn.BatchNorm2d(4), nn.BatchNorm1d(4)
        norm(torch.randn(3, 4, 2, 2)), flat(torch.randn(3, 4))
        for m in (conv, turned, linear, norm, flat):
            m.eval()
        x = torch.randn(1, 2, 3, 3)
        fused = utils.fuse_conv_bn_eval(conv, norm)
        return (
            fused(x), norm(conv(x)), utils.fuse_conv_bn_eval(turned, norm, True)(x), fused.weight, fused.bias,
            utils.fuse_linear_bn_eval(linear, flat)(torch.ones(1, 3)), nn.factory_kwargs({"dtype": torch.float64}),
        )  # fmt: skip

    agree(scenario, 1e-5)


def test_weights_lie_in_another_order() -> None:
    def scenario(torch: Any) -> Any:
        m = torch.nn.Sequential(torch.nn.Conv2d(2, 3, 2), torch.nn.Linear(2, 2), torch.nn.ConvTranspose2d(2, 3, 2))
        torch.nn.utils.convert_conv2d_weight_memory_format(m, torch.channels_last)
        return [p.stride() for p in m.parameters()], m[0].weight

    agree(scenario)


def test_old_names_say_what_takes_their_place() -> None:
    def scenario(torch: Any) -> Any:
        m = torch.nn.Linear(2, 2)
        found = torch.nn.utils.stateless.functional_call(m, {"bias": torch.ones(2)}, torch.zeros(1, 2))
        return found, len(list(torch.nn.Container(a=m).children()))

    agree(scenario)


@pytest.mark.parametrize("size", [1, 2, 3, 5])
def test_the_old_normalization_across_channels(size: int) -> None:
    def scenario(torch: Any) -> Any:
        x = torch.randn(2, 7, 2, 2)
        m = torch.nn.CrossMapLRN2d(size, alpha=0.5)
        print(m)
        turned = m(x.transpose(2, 3)), m(x.to(memory_format=torch.channels_last))
        return m(x), m(x[:, :2]), turned, [y.stride() for y in turned]

    agree(scenario, 1e-5)


def test_gradients_of_convolutions_are_functions() -> None:
    def scenario(torch: Any) -> Any:
        G = torch.nn.grad
        x, w, g = torch.randn(2, 2, 5, 5), torch.randn(4, 1, 3, 3), torch.randn(2, 4, 3, 3)
        one = torch.randn(1, 2, 5), torch.randn(3, 2, 2), torch.randn(1, 3, 4)
        return (
            G.conv2d_input(x.shape, w, g, 2, 1, 1, 2), G.conv2d_weight(x, w.shape, g, 2, 1, 1, 2),
            G.conv1d_input(one[0].shape, one[1], one[2]), G.conv1d_weight(one[0], one[1].shape, one[2]),
        )  # fmt: skip

    agree(scenario, 1e-5)


def test_parametrizations_are_not_imported_with_modules() -> None:
    import subprocess
    import sys

    program = "import sys, adjoint.nn; print([m for m in sys.modules if 'parametriz' in m or 'prune' in m])"
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True).stdout == "[]\n"
@pytest.mark.parametrize("kind", ["Linear(3, 4)", "Linear(4, 3)", "Linear(3, 3)"])
@pytest.mark.parametrize("by", [None, "matrix_exp", "cayley", "householder"])
@pytest.mark.parametrize("trivialized", [True, False])
def test_orthogonal_matrices(kind: str, by: str | None, trivialized: bool) -> None:
    def scenario(torch: Any) -> Any:
        m = eval(f"torch.nn.{kind}", {"torch": torch}).double()
        torch.nn.init.orthogonal_(m.weight)
        torch.nn.utils.parametrizations.orthogonal(m, "weight", by, use_trivialization=trivialized)
        with torch.no_grad():
            m.parametrizations.weight.original.sub_(0.1 * torch.ones_like(m.weight).tril(-1))
        (m.weight**3).sum().backward()
        return m.weight, m.parametrizations.weight.original.grad

    agree(scenario, 1e-9)



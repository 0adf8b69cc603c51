"""Modules whose sizes are those of their first input."""

from __future__ import annotations

import copy
import io
import pickle
from typing import Any

import pytest
from both import agree

MODULES = {
    "LazyLinear(2)": (2, 3), "LazyConv1d(4, 3, groups=2)": (1, 2, 9), "LazyConv2d(4, 3, bias=False)": (2, 9, 9),
    "LazyConv3d(4, 2)": (1, 2, 3, 3, 3), "LazyConvTranspose1d(4, 3, groups=2)": (1, 2, 9),
    "LazyConvTranspose2d(4, 2)": (1, 2, 3, 3),
    "LazyConvTranspose3d(4, 2)": (1, 2, 3, 3, 3), "LazyBatchNorm1d()": (2, 3), "LazyBatchNorm2d(affine=False)": (1, 2, 3, 3),
    "LazyBatchNorm3d(bias=False)": (1, 2, 3, 3, 3), "LazyInstanceNorm1d()": (2, 3, 4),
    "LazyInstanceNorm2d(affine=True)": (1, 2, 3, 3), "LazyInstanceNorm3d(track_running_stats=True)": (1, 2, 3, 3, 3),
}  # fmt: skip


@pytest.mark.parametrize("name", MODULES)
def test_a_lazy_module_becomes_what_it_stands_for(name: str) -> None:
    def scenario(torch: Any) -> Any:
        m = eval(f"torch.nn.{name}", {"torch": torch})
        print(m, m.state_dict())
        x = torch.randn(MODULES[name], requires_grad=True)
        y = m(x)
        y.square().sum().backward()
        print(m, type(m).__name__, [type(t).__name__ for t in (*m.parameters(), *m.buffers())], m._forward_pre_hooks)
        return y, x.grad, list(m.parameters()), list(m.buffers())

    agree(scenario, 1e-5)


def test_states_of_lazy_and_other_modules_load_into_each_other() -> None:
    def scenario(torch: Any) -> Any:
        make = lambda: torch.nn.Sequential(torch.nn.LazyConv2d(4, 3), torch.nn.LazyBatchNorm2d(), torch.nn.LazyLinear(2))
        a, b = make(), make()
        print(b.load_state_dict(a.state_dict()))
        y = a(torch.ones(2, 3, 5, 5))
        print(b.load_state_dict(a.state_dict()), b, b[0].weight.shape)
        return y, b(torch.ones(2, 3, 5, 5)), list(b.state_dict().values())

    agree(scenario, 1e-5)


def test_lazy_modules_are_converted_optimized_copied_and_saved_as_they_are() -> None:
    def scenario(torch: Any) -> Any:
        m = torch.nn.Sequential(torch.nn.LazyLinear(2), torch.nn.LazyBatchNorm1d()).double()
        optimizer = torch.optim.SGD(m.parameters(), 0.1)
        file = io.BytesIO()
        torch.save(m[0].state_dict(), file)
        print(torch.load(io.BytesIO(file.getvalue()), weights_only=False))
        print(pickle.loads(pickle.dumps(m[0].weight)), copy.deepcopy(m[0].bias), [n for n, _ in m.named_parameters()])
        m(torch.ones(2, 3, dtype=torch.float64)).square().sum().backward()
        optimizer.step()
        return list(m.parameters()), list(m.buffers())

    agree(scenario)


def test_a_copy_of_a_lazy_module_is_initialized_by_itself() -> None:
    def scenario(torch: Any) -> Any:
        m = torch.nn.LazyLinear(2)
        other = copy.deepcopy(m)
        other(torch.ones(1, 3))
        m(torch.ones(1, 4))
        print(m, other, len(m._forward_pre_hooks), len(other._forward_pre_hooks))

    agree(scenario)


@pytest.mark.parametrize(
    "call",
    [
        "UninitializedParameter().shape", "Linear(3, 2).load_state_dict(LazyLinear(2).state_dict())",
        "LazyLinear(2).share_memory()", "LazyConv1d(4, 3)(torch.ones(2))", "LazyConv1d(4, 3, groups=2)(torch.ones(1, 3, 9))",
        "utils.weight_norm(LazyLinear(2))", "utils.spectral_norm(LazyLinear(2))", "LazyBatchNorm2d()(torch.ones(2, 3))",
        "type('Own', (modules.lazy.LazyModuleMixin, Linear), {})(2, 2)(torch.ones(2))",
    ],
)  # fmt: skip
def test_what_lazy_modules_refuse(call: str) -> None:
    agree(lambda torch: eval(call, {**vars(torch.nn), "torch": torch, "utils": torch.nn.utils}), raises=True)


@pytest.mark.parametrize("use", ["p + 1", "torch.sin(p)", "p.numel()", "p[0]", "torch.nn.functional.linear(torch.ones(1), p)"])
def test_operators_refuse_a_parameter_without_a_size(use: str) -> None:
    import adjoint

    with pytest.raises(ValueError, match=r"^Attempted to use an uninitialized parameter in .*Call `forward` with a dummy batch"):
        eval(use, {"torch": adjoint, "p": adjoint.nn.UninitializedParameter()})


def test_a_parameter_without_a_size_has_a_dtype() -> None:
    def scenario(torch: Any) -> Any:
        p = torch.nn.UninitializedParameter(dtype=torch.float64)
        print(p, isinstance(p, torch.nn.Parameter), torch.nn.parameter.is_lazy(p))
        seen = p.dtype, p.requires_grad, p.half().dtype, p.is_floating_point(), p.size()
        p.materialize((2, 3))
        return *seen, tuple(p.shape), p.dtype, type(p).__name__, torch.nn.UninitializedBuffer().requires_grad

    agree(scenario)

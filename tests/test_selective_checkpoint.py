"""Checkpoints of which some results are kept and not computed again."""

from __future__ import annotations

import functools
import gc
import weakref
from typing import Any

import pytest
from both import agree

import adjoint
from adjoint.autograd.interception import intercept
from adjoint.utils.checkpoint import checkpoint, create_selective_checkpoint_contexts


def _attend(torch: Any, x: Any) -> Any:
    f = torch.nn.functional
    y = torch.mm(x.cos(), x).sin()
    z = f.linear(y, x, x[0]) * torch.softmax(y, 1) + torch.var_mean(y, 0)[1]
    z = f.layer_norm(z, (4,)).view(2, 8).exp().view(4, 4)
    heads = z.view(1, 2, 2, 4)
    w = f.scaled_dot_product_attention(heads, heads, heads).reshape(4, 4).neg().add_(1)
    return torch.where(w > 0, w, w.tanh()).pow(2).sum()


POLICIES = {
    "nothing": "[]",
    "products": "[A.mm.default, A.addmm.default]",
    "view": "[A.view.default]",
    "softmax": "[A._softmax.default]",
    "several results": "[A.var_mean.correction, A.native_layer_norm.default]",
    "pointwise": "[A.sin.default, A.mul.Tensor, A.exp.default, A.tanh.default]",
    "attention": "[A._scaled_dot_product_flash_attention_for_cpu.default]",
    "policy": "lambda ctx, op, *args, **kwargs: P.PREFER_SAVE if 'mm' in str(op) else P.MUST_RECOMPUTE",
    "bool": "lambda ctx, op, *args, **kwargs: op == A.sin.default",
}


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("early_stop", [True, False])
def test_gradients_are_those_without_a_checkpoint(policy: str, early_stop: bool) -> None:
    def scenario(torch: Any) -> Any:
        module = torch.utils.checkpoint
        given = eval(POLICIES[policy], {"A": torch.ops.aten, "P": module.CheckpointPolicy})
        contexts = functools.partial(module.create_selective_checkpoint_contexts, given)
        x = torch.linspace(-1, 1, 16).view(4, 4).requires_grad_()
        part = functools.partial(_attend, torch)
        module.checkpoint(part, x, use_reentrant=False, context_fn=contexts, early_stop=early_stop).backward()
        found, x.grad = x.grad, None
        part(x).backward()
        assert torch.allclose(found, x.grad, atol=1e-5)
        return found

    import torch.utils.checkpoint  # noqa: F401

    agree(scenario, 1e-4, raises=False)


def test_what_is_kept_is_not_computed_again() -> None:
    called: list[str] = []

    def note(operator: Any, run: Any, args: Any, kwargs: Any) -> Any:
        called.append(operator.name)
        return run(*args, **kwargs)

    x = adjoint.ones(4, 4, requires_grad=True)
    contexts = functools.partial(create_selective_checkpoint_contexts, [adjoint.ops.aten.mm.default])
    intercept.add(note)
    try:
        y = checkpoint(lambda x: adjoint.mm(x.cos(), x).sin().exp(), x, use_reentrant=False, context_fn=contexts)
        assert called == ["cos", "mm", "sin", "exp"]
        called.clear()
        y.sum().backward()
    finally:
        intercept.remove(note)
    assert called == ["sum", "cos", "sin", "exp"]


def test_the_policy_sees_every_operator_once() -> None:
    def scenario(torch: Any) -> Any:
        seen = []

        def policy(ctx: Any, op: Any, *args: Any, **kwargs: Any) -> Any:
            seen.append((str(op), ctx.is_recompute, tuple(ctx.op_output.shape)))
            args[0].exp()
            return torch.utils.checkpoint.CheckpointPolicy.PREFER_RECOMPUTE

        x = torch.ones(3, 3, requires_grad=True)
        module = torch.utils.checkpoint
        contexts = functools.partial(module.create_selective_checkpoint_contexts, policy)
        module.checkpoint(lambda x: (x.sin() @ x).relu().sum(), x, use_reentrant=False, context_fn=contexts).backward()
        return seen, x.grad

    agree(scenario, raises=False)


@pytest.mark.parametrize("allowed", [True, False])
def test_what_is_kept_may_not_be_written_to(allowed: bool) -> None:
    def scenario(torch: Any) -> Any:
        module = torch.utils.checkpoint
        contexts = functools.partial(
            module.create_selective_checkpoint_contexts, [torch.ops.aten.sin.default], allow_cache_entry_mutation=allowed
        )
        x = torch.ones(3, requires_grad=True)
        y = module.checkpoint(lambda x: x.sin().mul_(2).cos().exp(), x, use_reentrant=False, context_fn=contexts)
        y.sum().backward()

    agree(scenario, raises=not allowed)


@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize("kept", [True, False])
def test_a_second_backward(times: int, kept: bool) -> None:
    def scenario(torch: Any) -> Any:
        module = torch.utils.checkpoint
        contexts = functools.partial(module.create_selective_checkpoint_contexts, lambda *args: kept)
        x = torch.ones(3, requires_grad=True)
        y = module.checkpoint(lambda x: x.sin().exp().cos(), x, use_reentrant=False, context_fn=contexts)
        for _ in range(times):
            y.sum().backward(retain_graph=True)
        return x.grad

    agree(scenario, raises=kept and times == 2)


@pytest.mark.parametrize("second", ["x.exp()", "x.tan().cos()"])
def test_another_second_run(second: str) -> None:
    def scenario(torch: Any) -> Any:
        module = torch.utils.checkpoint
        contexts = functools.partial(module.create_selective_checkpoint_contexts, lambda *args: False)
        runs: list[int] = []

        def part(x: Any) -> Any:
            runs.append(1)
            return (x.sin() if len(runs) == 1 else eval(second)).cos()

        x = torch.ones(3, requires_grad=True)
        module.checkpoint(part, x, use_reentrant=False, context_fn=contexts).sum().backward()

    agree(scenario, raises=True)


@pytest.mark.parametrize("given", ["[2]", "[torch.ops.aten.sin]", "2", "None"])
def test_what_is_no_policy(given: str) -> None:
    def scenario(torch: Any) -> Any:
        try:
            torch.utils.checkpoint.create_selective_checkpoint_contexts(eval(given))
        except ValueError as error:
            return str(error).replace("adjoint.library.operators", "torch._ops")

    agree(scenario)


def test_operators_of_the_users_are_refused() -> None:
    adjoint.library.define("selective::twice", "(Tensor x) -> Tensor")
    with pytest.raises(NotImplementedError, match=r"selective\.twice"):
        create_selective_checkpoint_contexts([adjoint.ops.selective.twice.default])


def test_what_is_kept_lives_as_long_as_the_graph() -> None:
    kept: list[Any] = []

    def policy(ctx: Any, op: Any, *args: Any, **kwargs: Any) -> bool:
        if op is adjoint.ops.aten.exp.default:
            kept.append(weakref.ref(ctx.op_output._array))
            return True
        return False

    x = adjoint.ones(1000, requires_grad=True)
    contexts = functools.partial(create_selective_checkpoint_contexts, policy)
    gc.disable()
    try:
        y = checkpoint(lambda x: x.cos().exp().sin(), x, use_reentrant=False, context_fn=contexts)
        assert kept[0]() is not None
        del y
        assert kept[0]() is None
        y = checkpoint(lambda x: x.cos().exp().sin(), x, use_reentrant=False, context_fn=contexts)
        y.sum().backward()
        assert kept[1]() is None
    finally:
        gc.enable()

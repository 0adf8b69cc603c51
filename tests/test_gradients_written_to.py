"""Gradients that a hook, or who asked for them, writes to; and what may be assigned to a tensor's ``grad`` and flags."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest

from tests.both import agree

WRITES = {
    "zero_": lambda g: g.zero_(), "zero_ and None": lambda g: g.zero_() is None or None, "fill_": lambda g: g.fill_(2),
    "mul_": lambda g: g.mul_(2), "clamp_": lambda g: g.clamp_(max=0.1), "sin_": lambda g: g.sin_(),
    "row": lambda g: g[0].mul_(3) * 0 + g,
    "item": lambda g: g.__setitem__(0, 3.0), "copy_": lambda g: g.copy_(g * 2),
}  # fmt: skip
LOSSES = {
    "sum": lambda y: y.sum(), "mean": lambda y: y.mean(), "mean of a dimension": lambda y: y.mean(0).sum(),
    "product": lambda y: (y * 2).sum(), "mean of squares": lambda y: y.mean(1).square().sum(),
    "expanded": lambda y: y.expand(2, 2, 3).sum(),
}  # fmt: skip


@pytest.mark.parametrize("where", ["leaf", "intermediate"])
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("write", WRITES)
def test_a_hook_writes_to_the_gradient(write: str, loss: str, where: str) -> None:
    def scenario(torch: Any) -> Any:
        x = torch.arange(6.0).reshape(2, 3).requires_grad_()
        y = x * 1 if where == "intermediate" else x
        y.register_hook(WRITES[write])
        LOSSES[loss](y).backward()
        return x.grad

    agree(scenario)


@pytest.mark.parametrize("write", ["zero_", "mul_", "fill_"])
def test_a_nodes_hooks_write_to_the_gradient(write: str) -> None:
    def scenario(torch: Any, pre: bool) -> Any:
        x = torch.ones(2, 3, requires_grad=True)
        y = x * 2
        if pre:
            y.grad_fn.register_prehook(lambda given: (WRITES[write](given[0]),))
        else:
            y.grad_fn.register_hook(lambda inputs, outputs: WRITES[write](inputs[0]) is None or None)
        y.sum().backward()
        return x.grad

    agree(lambda torch: scenario(torch, True))
    agree(lambda torch: scenario(torch, False))


@pytest.mark.parametrize("write", WRITES)
def test_a_gradient_that_was_asked_for_is_written_to(write: str) -> None:
    def scenario(torch: Any) -> Any:
        x = torch.ones(2, 3, requires_grad=True)
        for _ in range(2):  # the second time nothing is left of the first
            (g,) = torch.autograd.grad(x.sum(), x)
            before = g.tolist()
            WRITES[write](g)
        return before, g

    agree(scenario)


@pytest.mark.parametrize("value", [1, False, "a tensor"])
def test_a_hook_after_accumulation_returns_nothing(value: Any) -> None:
    def scenario(torch: Any) -> Any:
        x = torch.ones(2, requires_grad=True)
        x.register_post_accumulate_grad_hook(lambda leaf: leaf.grad if value == "a tensor" else value)
        (x * 2).sum().backward()

    agree(scenario)


@pytest.mark.parametrize("value", [True, False, 1, None])
@pytest.mark.parametrize("of", ["torch.ones(2, requires_grad=True) * 2", "torch.ones(2, dtype=torch.int64)", "torch.ones(2)",
                                "(torch.ones(2, requires_grad=True) * 2)[:1]"])  # fmt: skip
def test_requires_grad_is_assigned(of: str, value: Any) -> None:
    def scenario(torch: Any) -> Any:
        x = eval(of, {"torch": torch})
        x.requires_grad = value
        return x.requires_grad

    agree(scenario)


@pytest.mark.parametrize("value", ["torch.ones(2)", "torch.ones(2, dtype=torch.float64)", "torch.ones(2, 3).double()", "3",
                                   "torch.ones(2, 3).long()", "torch.ones(1, 3)", "torch.ones(3, 2).t()", "x"])  # fmt: skip
def test_a_gradient_is_assigned(value: str) -> None:
    def scenario(torch: Any) -> Any:
        x = torch.zeros(2, 3)
        x.grad = eval(value, {"torch": torch, "x": x})
        return x.grad

    agree(scenario)


@pytest.mark.parametrize("dtype", ["int64", "bool", "complex64"])
def test_a_parameter_of_integers_is_refused(dtype: str) -> None:
    agree(lambda torch: torch.nn.Parameter(torch.ones(2, dtype=getattr(torch, dtype))).requires_grad)


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
def test_a_copy_has_pytorchs_version(copied: Any) -> None:
    agree(lambda torch: copied(torch.ones(2))._version)
    agree(lambda torch: copied(torch.nn.Parameter(torch.ones(2)))._version)


@pytest.mark.parametrize("view", ["x", "x.view(-1)", "x[0:1]", "x * 1", "(x * 1)[0:1]"])
def test_a_function_that_writes_to_its_input_respects_leaves(view: str) -> None:
    def scenario(torch: Any) -> Any:
        class Double(torch.autograd.Function):
            @staticmethod
            def forward(ctx: Any, x: Any) -> Any:
                ctx.mark_dirty(x)
                return x.mul_(2)

            @staticmethod
            def backward(ctx: Any, g: Any) -> Any:
                return g * 2

        x = torch.ones(2, requires_grad=True)
        y = eval(view, {"x": x})
        try:
            Double.apply(y)
        except RuntimeError as error:
            return str(error), x._version, x.detach()
        y.sum().backward()
        return x.grad

    agree(scenario)


@pytest.mark.parametrize("name", ["complex", "polar"])
@pytest.mark.parametrize("shapes", [((3, 2), (4,)), ((2,), (3,)), ((2, 1), (3,))])
def test_parts_of_complex_numbers_broadcast(name: str, shapes: Any) -> None:
    agree(lambda torch: getattr(torch, name)(*(torch.ones(s) for s in shapes)))


@pytest.mark.parametrize("write", ["zero_", "mul_", "fill_", "sin_"])
@pytest.mark.parametrize("shape", [(), (1,), (0,), (2, 0)])
def test_a_gradient_of_one_element_or_none_is_written_to(shape: tuple[int, ...], write: str) -> None:
    def scenario(torch: Any) -> Any:
        x = torch.ones(shape, requires_grad=True)
        x.register_hook(WRITES[write])
        x.sum().backward()
        return x.grad

    agree(scenario)


@pytest.mark.parametrize("made", ["torch.ones(2, 3)", "torch.ones(2, 3).t() / -1", "torch.ones(2, 3).t()", "torch.ones(4)[1:]",
                                  "torch.ones(2, 3, 4).permute(2, 0, 1) * 2"])  # fmt: skip
def test_a_shallow_copy_shares_memory(made: str) -> None:
    def scenario(torch: Any) -> Any:
        x = eval(made, {"torch": torch})
        y = copy.copy(x)
        y[0] = 5
        z = copy.deepcopy(x)
        z[0] = 7
        return x, z, y.stride(), z.stride(), pickle.loads(pickle.dumps(x)), pickle.loads(pickle.dumps(x)).stride()

    agree(scenario)

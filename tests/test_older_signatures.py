"""Numbers before the tensors that they multiply, as in PyTorch's first years: ``p.add_(-lr, grad)``."""

from __future__ import annotations

from typing import Any

import pytest

import adjoint
from adjoint.declare import once
from tests.both import agree
from tests.lines import outcome

LINES = """
torch.add(torch.ones(2), 2, torch.ones(2))
torch.ones(2).add(2, torch.ones(2))
torch.ones(2).add_(2, torch.ones(2))
torch.ones(2).sub_(2, torch.ones(2))
torch.ones(2).sub(2, torch.ones(2))
torch.sub(torch.ones(2), 2, torch.ones(2))
torch.ones(2).addcmul(2, torch.ones(2), torch.ones(2))
torch.ones(2).addcmul_(2, torch.ones(2), torch.ones(2))
torch.ones(2).addcdiv_(-2., torch.ones(2), torch.ones(2)*3)
torch.addcdiv(torch.ones(2), -2., torch.ones(2), torch.ones(2)*3, out=torch.zeros(2))
torch.addmm(2, torch.ones(2,2), 3, torch.eye(2), torch.eye(2))
torch.addmm(2, torch.ones(2,2), torch.eye(2), torch.eye(2))
torch.ones(2,2).addmm(2, 3, torch.eye(2), torch.eye(2))
torch.ones(2,2).addmm(2, torch.eye(2), torch.eye(2))
torch.ones(2,2).addmm_(2, 3, torch.eye(2), torch.eye(2))
torch.ones(2,2).addmm_(2, torch.eye(2), torch.eye(2))
torch.addmv(2, torch.ones(2), 3, torch.eye(2), torch.ones(2))
torch.ones(2).addmv(2, torch.eye(2), torch.ones(2))
torch.ones(2).addmv_(2, 3, torch.eye(2), torch.ones(2))
torch.addr(2, torch.ones(2,2), 3, torch.ones(2), torch.ones(2))
torch.ones(2,2).addr_(2, 3, torch.ones(2), torch.ones(2))
torch.baddbmm(2, torch.ones(1,2,2), 3, torch.ones(1,2,2), torch.ones(1,2,2))
torch.ones(1,2,2).baddbmm_(2, 3, torch.ones(1,2,2), torch.ones(1,2,2))
torch.addbmm(2, torch.ones(2,2), 3, torch.ones(1,2,2), torch.ones(1,2,2))
torch.ones(2,2).addbmm_(2, 3, torch.ones(1,2,2), torch.ones(1,2,2))
torch.add(torch.ones(2), torch.ones(2), 2)
torch.add(torch.ones(2), 2, 3, 4)
torch.ones(2).add_(torch.ones(2), 2)
torch.ones(2).addcmul_(torch.ones(2), 2, torch.ones(2))
torch.addcmul(torch.ones(2), torch.ones(2), torch.ones(2), 2)
x=torch.ones(2, requires_grad=True); y=x.addcmul(3, x, x); y.sum().backward(); (y, x.grad)
x=torch.ones(2, requires_grad=True); y=(x*1).add_(3, x); y.sum().backward(); (y, x.grad)
""".strip().splitlines()


@pytest.mark.parametrize("line", LINES)
def test_numbers_are_taken_before_tensors(line: str) -> None:
    agree(lambda torch: outcome(torch, line), warnings_too=False)  # PyTorch warns once in a process


def test_older_signatures_are_warned_of_once(monkeypatch: Any) -> None:
    monkeypatch.setattr(once, "_given", set())
    x = adjoint.ones(2)
    with pytest.warns(UserWarning) as caught:
        x.add_(2, x.clone())
        x.addcmul_(2, x.clone(), x.clone())
    assert [str(w.message) for w in caught] == [
        "This overload of add_ is deprecated:\n\tadd_(Tensor input, Number alpha, Tensor other)\nConsider using one of the "
        "following signatures instead:\n\tadd_(Tensor input, Tensor other, *, Number alpha = 1)"
    ]


def test_a_step_of_an_older_optimizer_is_pytorchs() -> None:
    def scenario(torch: Any) -> Any:
        p, mean, square, grad = torch.ones(3), torch.zeros(3), torch.zeros(3), torch.tensor([1.0, -2, 3])
        mean.mul_(0.9).add_(0.1, grad)
        square.mul_(0.99).addcmul_(0.01, grad, grad)
        return p.addcdiv_(-0.1, mean, square.sqrt().add_(1e-8))

    agree(scenario, warnings_too=False)

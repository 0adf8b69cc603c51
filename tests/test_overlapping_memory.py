"""Writing to memory that an operand, or another element, looks at: PyTorch's errors, its warnings, or its results."""

from __future__ import annotations

from typing import Any

import pytest

import adjoint
from tests.both import agree
from tests.lines import outcome

LINES = """
x=torch.rand(1).expand(6); x.index_add_(0, torch.tensor([2,1,0]), torch.rand(3))
y=torch.rand(6); y.index_add_(0, torch.tensor([2,1,0]), y[:3])
ind=torch.tensor([2,1,0]); ind.index_add_(0, ind, ind.clone())
ind=torch.tensor([2,1,0]); ind.index_add_(0, ind.clone(), ind)
x=torch.rand(1).expand(6); x.put_(torch.tensor([2,1,0]), torch.rand(3))
y=torch.rand(6); i=torch.tensor([2,1,0]); y.put_(i[0], y[0])
i=torch.tensor([2,1,0]); i.put_(i, i)
i=torch.tensor([2,1,0]); i.put_(i, i.clone())
i=torch.tensor([2,1,0]); i.put_(i.clone(), i)
y=torch.rand(6); i=torch.tensor([2,1,0]); y.put_(i, y[:3])
x=torch.rand(1).expand(6); x.scatter_(0, torch.tensor([2,1,0]), torch.rand(3))
s=torch.rand(3); s.scatter_(0, torch.tensor([2,1,0]), s)
i=torch.tensor([2,1,0]); i.scatter_(0, i, i.clone())
x=torch.rand(1).expand(6); x.index_fill_(0, torch.tensor([2,1,0]), 1.)
i=torch.tensor([2,1,0]); i.index_fill_(0, i, 0)
x=torch.rand(1).expand(6); x.masked_fill_(torch.tensor([True]*6), 1.)
x=torch.rand(6); m=x>2; m.masked_fill_(m, 0)
x=torch.rand(3); m=torch.tensor([True,False,True]); m[1:].masked_fill_(m[:-1], False)
x=torch.rand(1).expand(6); x.index_put_((torch.tensor([2,1,0]),), torch.rand(3))
y=torch.rand(6); y.index_put_((torch.tensor([2,1,0]),), y[0])
i=torch.tensor([2,1,0]); i.index_put_((i,), i)
i=torch.tensor([2,1,0]); i.index_put_((i,), i.clone())
i=torch.tensor([2,1,0]); i.index_put_((i.clone(),), i)
x=torch.rand(1).expand(6); x.masked_scatter_(torch.tensor([True]*6), torch.rand(6))
x=torch.rand(1).expand(6); torch.gather(torch.rand(6),0,torch.tensor([2,1,0]),out=x[:3])
x=torch.rand(1).expand(6); torch.cumsum(torch.rand(6),0,out=x)
x=torch.rand(1).expand(6); x.bernoulli_()
x=torch.rand(6); x[:-1].cumsum_(0); torch.cumsum(x[:-1],0,out=x[1:])
x=torch.rand(1).expand(6); x.normal_()
x=torch.rand(1).expand(6); x.zero_()
x=torch.rand(1).expand(6); x.fill_(2)
x=torch.rand(1).expand(6); x.add_(1)
x=torch.rand(1).expand(6); x.copy_(torch.rand(6))
x=torch.rand(1).expand(6); torch.topk(torch.rand(6), 6, out=(x, torch.empty(6).long()))
x=torch.rand(1).expand(6); torch.nonzero(torch.rand(6), out=x)
x=torch.rand(1).expand(6); x.uniform_()
x=torch.rand(1).expand(6); x.random_()
x=torch.rand(1).expand(6); x.sub_(torch.rand(6))
torch.ones(2,3).diff(dim=0, prepend=torch.tensor([1,2,3]))
i=torch.tensor([2,1,0]); i.index_copy_(0, i, i.clone())
i=torch.tensor([2,1,0]); i.index_copy_(0, i.clone(), i)
i=torch.tensor([2,1,0]); i.index_reduce_(0, i, i.clone(), 'prod')
i=torch.tensor([2,1,0]); i.index_reduce_(0, i.clone(), i, 'prod')
i=torch.tensor([2,1,0]); i.scatter_add_(0, i, i.clone())
i=torch.tensor([2,1,0]); i.scatter_add_(0, i.clone(), i)
i=torch.tensor([2,1,0]); i.scatter_(0, i, 5)
i=torch.tensor([2,1,0]); i.scatter_(0, i, i.clone(), reduce='add')
i=torch.tensor([2,1,0]); i.scatter_(0, i, 2, reduce='add')
i=torch.tensor([2,1,0]); i.index_fill_(0, i.clone(), i[0])
i=torch.tensor([2,1,0]); i.index_fill_(0, i[:2], 7)
m=torch.tensor([True,False,True]); m.masked_scatter_(m, m.clone())
m=torch.tensor([True,False,True]); m.masked_scatter_(m.clone(), m)
x=torch.tensor([1,2,3]); x.masked_fill_(x>1, x[0])
x=torch.tensor([1,2,3]); x.masked_fill_(x.view(torch.bool)[:3], 4)
i=torch.tensor([2,1,0]); i.index_put_((i,), torch.tensor(5))
i=torch.tensor([2,1,0]); i.index_put_((i[:2],), torch.tensor([5,6]))
i=torch.tensor([2,1,0]); i.index_put_((i,), torch.tensor(5), accumulate=True)
i=torch.tensor([2,1,0]); i[i]=torch.tensor([4,5,6])
i=torch.tensor([2,1,0]); i[i]=5
i=torch.tensor([2,1,0]); i[i]+=5; i
i=torch.tensor([2,1,0]); i[i[:2]]=5
m=torch.tensor([True,False,True]); m[m]=False; m
m=torch.tensor([True,False,True]); m[m]=torch.tensor([False,True]); m
i=torch.tensor([2,1,0]); torch.gather(i, 0, i, out=i)
i=torch.tensor([2,1,0]); torch.index_select(i.clone(), 0, i, out=i)
i=torch.tensor([2,1,0]); torch.take(i.clone(), i, out=i)
i=torch.tensor([2,1,0]); torch.cumsum(i, 0, out=i)
i=torch.tensor([2,1,0,4]); torch.cumsum(i[1:], 0, out=i[:-1])
i=torch.tensor([2.,1,0,4]); torch.exp(i[1:], out=i[:-1])
i=torch.eye(3); torch.mm(i, i, out=i)
i=torch.eye(3); torch.addmm(i, i, i, out=i)
i=torch.tensor([2.,1,0,4]); torch.flip(i, [0], out=i)
i=torch.tensor([2.,1,0,4]); torch.softmax(i, 0, out=i)
i=torch.tensor([2.,1,0,4]); torch.lerp(i[1:], i[1:], 0.5, out=i[:-1])
i=torch.tensor([2.,1,0,4]); torch.tril(i.view(2,2), out=i.view(2,2))
i=torch.tensor([2.,1,0,4]); torch.diag(i, out=i)
i=torch.tensor([2.,1,0,4]); torch.arange(4, out=i)
x=torch.zeros(1).expand(3); torch.arange(3, out=x)
x=torch.zeros(1).expand(3); torch.linspace(0,1,3, out=x)
x=torch.zeros(1).expand(3); torch.add(torch.ones(3),1,out=x)
x=torch.zeros(1).expand(3); torch.randn(3, out=x)
x=torch.zeros(1).expand(3); torch.cat([torch.ones(2),torch.ones(1)], out=x)
x=torch.zeros(1,1).expand(3,3); torch.mm(torch.ones(3,3),torch.eye(3), out=x)
x=torch.zeros(1).expand(3); torch.zeros(3, out=x)
x=torch.zeros(1).expand(3); torch.full((3,), 2., out=x)
x=torch.zeros(1).expand(3); torch.index_select(torch.ones(4),0,torch.tensor([1,2,3]), out=x)
x=torch.zeros(1).expand(3); torch.gather(torch.ones(4),0,torch.tensor([1,2,3]), out=x)
x=torch.zeros(1).expand(3); torch.bernoulli(torch.ones(3), out=x)
x=torch.zeros(1).expand(3); torch.normal(torch.ones(3),torch.ones(3), out=x)
x=torch.zeros(1).expand(3); torch.nn.functional.relu_(x)
x=torch.zeros(1).expand(3); torch.relu_(x)
x=torch.zeros(1).expand(3); x.clamp_(1)
x=torch.zeros(1).expand(3); torch.nn.functional.dropout(x, inplace=True)
x=torch.zeros(1).expand(3); x.sigmoid_()
x=torch.zeros(1).expand(3); x.cumsum_(0)
x=torch.zeros(1).expand(3); x.fill_diagonal_(1)
x=torch.zeros(1,1).expand(3,3); x.fill_diagonal_(1)
x=torch.zeros(1).expand(3); x.lerp_(torch.ones(3),.5)
x=torch.zeros(1).expand(3); x.eq_(0)
x=torch.zeros(1).expand(3); x.exponential_()
x=torch.zeros(1).expand(3); torch.nn.functional.elu_(x)
x=torch.zeros(1).expand(3); x[0]=2; x
x=torch.zeros(1).expand(3); x[:]=2; x
x=torch.zeros(1).expand(3); x[torch.tensor([0,1])]=2; x
""".strip().splitlines()

# Where PyTorch reads what it has just written, or adds up several results in one place.
REFUSED = (
    "i = torch.tensor([2.0, 1, 0, 4]); torch.sum(i[1:].reshape(1, 3), 0, out=i[:-1])",
    "x = torch.zeros(1).expand(3); torch.sum(torch.ones(2, 3), 0, out=x)",
)


@pytest.mark.parametrize("line", LINES)
def test_what_is_written_where_it_is_read_is_told_as_by_pytorch(line: str) -> None:
    def scenario(torch: Any) -> Any:
        torch.set_warn_always(True)  # whatever was warned of before
        try:
            return outcome(torch, line)
        finally:
            torch.set_warn_always(False)

    agree(scenario)


@pytest.mark.parametrize("line", REFUSED)
def test_sums_into_their_own_operands_are_refused(line: str) -> None:
    with pytest.raises(RuntimeError, match=r"refers? to a single memory location"):
        outcome(adjoint, line)


def test_the_largest_are_found_before_what_they_are_found_in_is_written_to() -> None:
    """PyTorch resizes the tensor first, and finds the largest of what is left."""
    x = adjoint.tensor([2.0, 1, 0, 4])
    with pytest.warns(UserWarning, match="resized"):
        adjoint.topk(x, 2, out=(x, adjoint.empty(2, dtype=adjoint.int64)))
    assert x.tolist() == [4, 2]


def test_what_shares_no_memory_is_written_without_a_word() -> None:
    def scenario(torch: Any) -> Any:
        i = torch.tensor([2, 1, 0])
        x = torch.zeros(6)
        x[i] = 1.0
        x[3:].index_add_(0, i, x[:3].clone())
        x[:3].index_copy_(0, i, torch.arange(3.0))
        return x

    agree(scenario)

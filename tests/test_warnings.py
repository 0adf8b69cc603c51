"""What PyTorch warns of, Adjoint warns of in the same words."""

import warnings

import pytest
from both import torch

import adjoint

X, U, AT = "torch.arange(3.)", "torch.tensor([1, 0, 1], dtype=torch.uint8)", "torch.tensor([0])"
EXPANDED, MASK, ONE = "torch.ones(1).expand(3)", "torch.tensor([True, False, True])", "torch.tensor(1.)"
CALLS = [
    f"torch.where({U}, {X}, {X})", f"torch.where({U})", f"{X}[{U}]", f"{X}[[{U}]]", f"{X}.masked_scatter({U}, {X})",
    f"{X}.masked_fill({U}, 1.)", f"{X}.index_put_(({U},), {ONE})", f"{X}.index_put(({U},), torch.ones(2))",
    *(f"{ONE}.{name}" for name in ("T", "mT", "H", "mH", "adjoint()")), f"{X}.T", "torch.ones(1, 2, 3).T",
    f"{X}.scatter(0, {AT}, {X}, reduce='add')", f"{X}.scatter_(0, {AT}, 2., reduce='multiply')",
    f"{X}.index_reduce(0, {AT}, torch.ones(1), 'mean')", "torch.cov(torch.ones(2, 1))", "torch.corrcoef(torch.ones(2, 1))",
    "torch.cov(torch.ones(2, 2), fweights=torch.tensor([1, 0]))", "torch.ones(1).std()", "torch.var_mean(torch.ones(2, 0), 1)",
    f"{EXPANDED}.index_fill_(0, {AT}, 1.)", f"{EXPANDED}.index_fill_(0, {AT}, {ONE})", f"{EXPANDED}.index_put_(({AT},), {ONE})",
    f"{EXPANDED}.index_put_(({MASK},), {ONE})", f"{EXPANDED}.masked_fill_({MASK}, 1.)", f"{EXPANDED}.masked_fill_({MASK}, {ONE})",
    *(f"{EXPANDED}.__setitem__({index}, 1.)" for index in (AT, MASK, "[0]")), f"{EXPANDED}.__setitem__({MASK}, torch.ones(2))",
    "torch.cholesky(torch.eye(2))", "torch.qr(torch.eye(2))", "torch.chain_matmul(torch.eye(2), torch.eye(2))",
    "torch.searchsorted(torch.arange(4.), torch.ones(3, 2).t())", "torch.searchsorted(torch.ones(3, 2).t(), torch.ones(2, 3))",
    f"torch.searchsorted({X}, {X}, sorter=torch.tensor([5, 0, 0]))", "torch.tensor([1j]).float()", "torch.tensor([1j]).int()",
    "torch.nn.functional.conv1d(torch.ones(1, 1, 4), torch.ones(1, 1, 2), padding='same')",
]  # fmt: skip


def _told(module, call):
    """What a call warns of and raises."""
    module.set_warn_always(True)
    try:
        with warnings.catch_warnings(record=True) as given:
            warnings.simplefilter("always")
            try:
                eval(call, {"torch": module})
                error = None
            except RuntimeError as raised:
                error = str(raised)
    finally:
        module.set_warn_always(False)
    return [(w.category, str(w.message).partition(" (Triggered internally")[0]) for w in given], error


@pytest.mark.parametrize("call", CALLS)
def test_warnings_are_those_of_pytorch(call):
    assert _told(adjoint, call) == _told(torch, call)

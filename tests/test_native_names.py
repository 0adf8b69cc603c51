"""Functions that PyTorch's own modules call, and few programs: products of groups, bags with what they keep, hashes."""

from __future__ import annotations

from typing import Any

import pytest
from both import agree, torch

GROUPED = """
a, b, offs=o | a3, b | a.t(), a, offs=o | a3, b2, offs=torch.tensor([4, 8], dtype=torch.int32)
a, b.transpose(1, 2).contiguous().transpose(1, 2), offs=o | a.bfloat16(), torch.ones(2, 8, 8).bfloat16(), offs=o
"""
REFUSED = """
a, b | a3, b, offs=o | a, b, offs=o.long() | a, b, offs=o, bias=torch.ones(2, 4) | a, b, offs=o, out_dtype=torch.bfloat16
a, b.double(), offs=o | a[0], b, offs=o | a, b[:, :4], offs=o | a.double(), b.double(), offs=o | a.half(), b.half(), offs=o
a, b, offs=o[:1] | a3, b[:1]
"""


def _split(calls: str) -> list[str]:
    return [c.strip() for c in calls.replace("\n", "|").split("|") if c.strip()]


def _operands(torch: Any) -> dict[str, Any]:
    a, b = torch.randn(6, 8, requires_grad=True), torch.randn(2, 8, 4, requires_grad=True)
    more = {"a3": torch.randn(2, 4, 8), "b2": torch.randn(8, 8), "o": torch.tensor([2, 6], dtype=torch.int32)}
    return {"torch": torch, "F": torch.nn.functional, "a": a, "b": b, **more}


@pytest.mark.parametrize("arguments", _split(GROUPED))
def test_products_of_groups_and_their_gradients(arguments: str) -> None:
    def scenario(torch: Any) -> Any:
        names = _operands(torch)
        found = eval(f"F.grouped_mm({arguments})", names)
        if found.requires_grad:
            (found * found).sum().backward()
        return found.detach(), names["a"].grad, names["b"].grad

    agree(scenario, 1e-5)


@pytest.mark.parametrize("arguments", _split(REFUSED))
def test_products_of_groups_that_are_refused(arguments: str) -> None:
    agree(lambda torch: eval(f"F.grouped_mm({arguments})", _operands(torch)), raises=True)


def test_what_is_behind_the_last_group_is_zero_and_groups_end_where_the_matrix_does() -> None:
    """PyTorch leaves there what was in memory, and reads behind the matrix."""
    import adjoint

    names = _operands(adjoint)
    found = eval("F.grouped_mm(a, b, offs=torch.tensor([2, 5], dtype=torch.int32))", names)
    assert found[5].tolist() == [0.0] * 4
    with pytest.raises(RuntimeError, match="offs has to rise from 0 to 6"):
        eval("F.grouped_mm(a, b, offs=torch.tensor([2, 9], dtype=torch.int32))", names)


@pytest.mark.parametrize("mode", [1, 2])
@pytest.mark.parametrize("padding", [None, 1])
@pytest.mark.parametrize("last", [False, True])
def test_bags_and_what_they_keep(mode: int, padding: int | None, last: bool) -> None:
    def scenario(torch: Any) -> Any:
        table, indices = torch.randn(5, 3, requires_grad=True), torch.tensor([0, 1, 1, 4, 2, 1])
        offsets = torch.tensor([0, 2, 2, 5, *([6] if last else [])])
        found = torch.embedding_bag(table, indices, offsets, False, mode, False, None, last, padding)
        found[0].sum().backward()
        return [f.detach() for f in found], table.grad

    agree(scenario)


def test_bags_that_are_added_up() -> None:
    def scenario(torch: Any) -> Any:
        table, indices = torch.randn(5, 3, requires_grad=True), torch.tensor([0, 1, 1, 4])
        weights = torch.tensor([1.0, 2.0, 3.0, 4.0])
        found = torch.embedding_bag(table, indices, torch.tensor([0, 2]), False, 0, False, weights)
        found[0].sum().backward()
        return found[0].detach(), table.grad

    agree(scenario)


@pytest.mark.parametrize("train", [True, False])
def test_a_dropout_with_its_mask(train: bool) -> None:
    def scenario(torch: Any) -> Any:
        x = torch.randn(40, requires_grad=True)
        for p in (0.3, 1.0, 0.0):
            y, kept = torch.native_dropout(x, p, train)
            y.sum().backward()
        return y.detach(), kept, x.grad, torch.rand(2)

    agree(scenario)


def test_a_dropout_that_is_told_nothing_trains() -> None:
    """PyTorch's does, too, but its gradient is not scaled as its result is."""
    import adjoint as torch

    found = []
    for train in (True, None):
        torch.manual_seed(0)
        x = torch.ones(20, requires_grad=True)
        y, _ = torch.native_dropout(x, 0.5, train)
        y.sum().backward()
        found.append((y.tolist(), x.grad.tolist()))
    assert found[0] == found[1] and 2.0 in found[1][1]


CALLS = """
torch.hash_tensor(torch.ones(2, 3), (0, 1)) | torch.hash_tensor(torch.tensor([[1, 2], [4, 8]]), 1, keepdim=True)
torch.hash_tensor(torch.tensor([-1], dtype=torch.int8)) | torch.hash_tensor(torch.tensor([-1.5, 2]))
torch.hash_tensor(torch.ones(3) > 0)
torch.hash_tensor(torch.ones(2) * 1j) | torch.hash_tensor(torch.ones(2), mode=1) | torch.hash_tensor(torch.ones(0))
torch.slice_inverse(torch.arange(8)[1:5:2].clone().resize_(8), torch.arange(8), 0, 1, 5, 2) | torch.get_device(torch.ones(1))
torch.embedding_renorm_(torch.tensor([[1., 2.], [3., 4.]]), torch.tensor([1]), 1., 2.)
torch.nn.functional.GRID_SAMPLE_PADDING_MODES | torch.nn.functional.has_torch_function((torch.ones(1),))
issubclass(torch.OutOfMemoryError, RuntimeError) | torch.cuda.OutOfMemoryError is torch.OutOfMemoryError
"""


@pytest.mark.parametrize("call", _split(CALLS))
def test_others(call: str) -> None:
    agree(lambda torch: eval(call, {"torch": torch}) if "[1:5:2]" not in call else eval(call, {"torch": torch}).shape)
    assert torch is not None

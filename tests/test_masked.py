"""``torch.masked``: reductions and normalizations of what a mask says is there."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from both import agree

CALLS = """
sum(x, {dim}, mask=m) | prod(x, {dim}, mask=m) | mean(x, {dim}, mask=m) | amax(x, {dim}, mask=m) | amin(x, {dim}, mask=m)
var(x, {dim}, mask=m) | std(x, {dim}, mask=m) | norm(x, 2., {dim}, mask=m) | norm(x, 1, {dim}, mask=m) | logsumexp(x, {dim}, mask=m)
var(x, {dim}, False, mask=m) | std(x, {dim}, correction=2, mask=m) | norm(x, float("inf"), {dim}, mask=m)
sum(x, {dim}, keepdim=True, mask=m) | mean(x, {dim}, keepdim=True, mask=m) | var(x, {dim}, keepdim=True, mask=m)
norm(x, float("-inf"), {dim}, mask=m) | sum(x, {dim}) | mean(x, {dim}) | var(x, {dim}) | amax(x, {dim}, keepdim=True)
"""
ALONG = """
softmax(x, {dim}, mask=m) | log_softmax(x, {dim}, mask=m) | softmin(x, {dim}, mask=m) | normalize(x, 2., {dim}, mask=m)
cumsum(x, {dim}, mask=m) | cumprod(x, {dim}, mask=m) | argmax(x, {dim}, mask=m) | argmin(x, {dim}, keepdim=True, mask=m)
median(x, {dim}, mask=m) | logaddexp(x, x * 2, input_mask=m, other_mask=m[:1]) | softmax(x, {dim}, dtype=torch.float64)
"""


def _split(calls: str) -> list[str]:
    return [c.strip() for c in calls.replace("\n", "|").split("|") if c.strip()]


@pytest.mark.parametrize("call", _split(CALLS) + _split(ALONG))
def test_values_and_gradients_are_pytorchs(call: str) -> None:
    dims = (0, -1) if call in _split(ALONG) else (None, 0, (0, -1), ())

    def scenario(torch: Any) -> Any:
        seen: list[Any] = []
        for dim, kind in product(dims, ("full", "row", "none")):
            x = torch.randn(3, 4, dtype=torch.float64, requires_grad=True)
            full, row = torch.randn(3, 4) > -0.5, torch.tensor([True, False, True, True])
            m = {"full": full, "row": row, "none": torch.zeros(3, 4) > 1}[kind]
            if "m[:1]" in call and kind == "row":
                continue
            found = eval(f"torch.masked.{call.format(dim=dim)}", {"torch": torch, "x": x, "m": m})
            seen.append(found)
            if found.requires_grad and kind != "none":
                found[found.isfinite()].sum().backward()
                seen.append(x.grad)
        return [s.detach() for s in seen]

    agree(scenario, 1e-9, warnings_too=False)


@pytest.mark.parametrize("name", ["sum", "prod", "amax", "amin", "argmax", "argmin"])
def test_integers(name: str) -> None:
    def scenario(torch: Any) -> Any:
        m = torch.tensor([[True, False, True], [False, False, False]])
        kinds = (torch.int32, torch.int64, torch.uint8, torch.int8)
        return [getattr(torch.masked, name)(torch.tensor([[3, 1, 2], [5, 4, 6]], dtype=kind), 1, mask=m) for kind in kinds]

    agree(scenario)


REFUSED = """
sum(x, 2) | sum(x, (0, 0)) | mean(x.int()) | mean(x, dtype=torch.int64) | sum(x, mask=torch.ones(2, 3, 4)) | amax(x > 0, mask=x > 0)
median(x.int(), 1, mask=x > 9) | var(x, 0, True, correction=1) | amin(x * 1j, mask=x > 0)
"""


@pytest.mark.parametrize("call", _split(REFUSED))
def test_what_is_refused(call: str) -> None:
    def scenario(torch: Any) -> Any:
        return eval(f"torch.masked.{call}", {"torch": torch, "x": torch.ones(3, 4)})

    agree(scenario, raises=True)


def test_names_are_pytorchs_without_those_of_masked_tensors() -> None:
    torch = pytest.importorskip("torch")
    import adjoint

    lacking = {"MaskedTensor", "as_masked_tensor", "is_masked_tensor", "masked_tensor"}
    assert set(torch.masked.__all__) - lacking == set(adjoint.masked.__all__)

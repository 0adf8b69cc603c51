"""How a vmap's samples lie in memory, views of that, and what is refused of samples, with PyTorch's words."""

from __future__ import annotations

from typing import Any

import pytest

import adjoint
from tests.both import agree

LAID: dict[str, Any] = {
    "in order": lambda t: t.arange(30.0).reshape(5, 2, 3),
    "turned": lambda t: t.arange(30.0).reshape(5, 3, 2).transpose(1, 2),
    "the batch innermost": lambda t: t.arange(30.0).reshape(3, 2, 5).movedim(-1, 0).transpose(1, 2),
    "from a later place": lambda t: t.arange(60.0).reshape(2, 5, 2, 3)[1],
    "with steps": lambda t: t.arange(840.0).reshape(5, 2, 4, 3, 7)[:, :, 2, :, 1],
}


@pytest.mark.parametrize("batch", [0, -1])
@pytest.mark.parametrize("name", LAID)
def test_strided_views_of_samples(name: str, batch: int) -> None:
    def scenario(torch: Any) -> Any:
        x = LAID[name](torch)
        s, r = x.stride()[1:]
        offset = x.storage_offset()
        views = [((5, 2, 3), (0, s, r), None), ((3, 2), (r, s), offset), ((2,), (s,), offset + r), ((2,), (s + r,), offset)]
        x = x.movedim(0, batch)
        found = [torch.vmap(lambda t, v=view: t.as_strided(*v), batch)(x) for view in views]  # type: ignore[misc]
        return found, torch.vmap(torch.func.grad(lambda t: (t.as_strided((3, 2), (r, s), offset) ** 3).sum()), batch)(x)

    agree(scenario)


REFUSED: dict[str, Any] = {
    "before its beginning": lambda t, x: t.vmap(lambda s: s.as_strided([2], [1], 0))(x[1:, 0]),
    "past its end": lambda t, x: t.vmap(lambda s: s.as_strided([20], [1]))(x),
    "another number of strides": lambda t, x: t.vmap(lambda s: s.as_strided([2, 2], [1]))(x),
    "equal": lambda t, x: t.vmap(t.equal)(x, x),
    "equal to what is shared": lambda t, x: t.vmap(lambda s: t.equal(s, x[0]))(x),
    "allclose": lambda t, x: t.vmap(t.allclose)(x, x),
    "where": lambda t, x: t.vmap(t.where)(x > 0),
    "nonzero": lambda t, x: t.vmap(t.nonzero)(x),
    "masked_select": lambda t, x: t.vmap(t.masked_select)(x, x > 0),
    "an order of channels": lambda t, x: t.vmap(lambda s: s.is_contiguous(memory_format=t.channels_last))(x[:, None, None]),
    "a mask": lambda t, x: t.vmap(lambda s: s[s > 0])(x),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_samples_cannot(name: str) -> None:
    agree(lambda torch: REFUSED[name](torch, torch.arange(24.0).reshape(4, 2, 3)), raises=True)


def test_a_sample_is_contiguous_where_its_own_elements_lie_in_order() -> None:
    def scenario(torch: Any) -> Any:
        def told(t: Any) -> Any:
            print(t.is_contiguous(), t.contiguous() is t, t.stride())
            return t

        x = torch.arange(210.0).reshape(7, 5, 2, 3)
        torch.vmap(torch.vmap(told), in_dims=1)(x)
        for dim in (0, 1, -1):
            torch.vmap(told, in_dims=dim)(x)

    agree(scenario)


def test_a_functions_backward_runs_sample_by_sample_where_it_writes_samples_into_what_they_share() -> None:
    """PyTorch refuses the write; here it falls back to one sample at a time."""

    class Part(adjoint.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            ctx.size = x.shape
            return x[:2] * 3

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            made = adjoint.zeros(ctx.size)
            made[:2].copy_(g * 3)
            return made

    x = adjoint.ones(3, requires_grad=True)
    (found,) = adjoint.autograd.grad(Part.apply(x), x, adjoint.eye(2), is_grads_batched=True)
    assert found.tolist() == [[3.0, 0.0, 0.0], [0.0, 3.0, 0.0]]

"""Conjugates and negatives are views: what is written to them reaches the memory, at every remove, with its gradients."""

from __future__ import annotations

from typing import Any

import pytest
from both import agree

import adjoint

torch = pytest.importorskip("torch")

WRITES = {
    "mul_": lambda t, z: z.conj().mul_(1j),
    "iadd": lambda t, z: z.conj().__iadd__(1j),
    "of itself": lambda t, z: z.conj().add_(z),
    "into itself": lambda t, z: z.copy_(z.conj()),
    "by itself": lambda t, z: z.mul_(z.conj()),
    "fill_": lambda t, z: z.conj().fill_(1j),
    "zero_": lambda t, z: z.conj().zero_(),
    "copy_": lambda t, z: z.conj().copy_(t.tensor([1j, 2j])),
    "sin_": lambda t, z: z.conj().sin_(),
    "conj_physical_": lambda t, z: z.conj().conj_physical_(),
    "item": lambda t, z: z.conj().__setitem__(0, 5 + 5j),
    "mask": lambda t, z: z.conj().__setitem__(t.tensor([True, False]), 5 + 5j),
    "places": lambda t, z: z.conj().__setitem__(t.tensor([1]), 5 + 5j),
    "tensor": lambda t, z: z.conj().__setitem__(slice(1), t.tensor([5 + 5j])),
    "masked_fill_": lambda t, z: z.conj().masked_fill_(t.tensor([True, False]), 1j),
    "index_add_": lambda t, z: z.conj().index_add_(0, t.tensor([0]), t.tensor([1j])),
    "slice": lambda t, z: z.conj()[1:].add_(1j),
    "unbind": lambda t, z: z.conj().unbind()[0].mul_(1j),
    "transposed": lambda t, z: z.conj()[None].transpose_(0, 1).add_(1j),
    "mH": lambda t, z: z[None].mH.mul_(1j),
    "addmm_": lambda t, z: z.conj()[None].mH.addmm_(z[:, None], z[None, :1]),
    "imag": lambda t, z: z.conj().imag.mul_(3),
    "imag clamped": lambda t, z: z.conj().imag.clamp_(max=0),
    "imag set": lambda t, z: setattr(z.conj(), "imag", t.tensor([7.0, 8.0])),
    "real": lambda t, z: z.conj().real.add_(1),
    "negative": lambda t, z: t._neg_view(z).add_(1),
    "both": lambda t, z: t._neg_view(z.conj()).add_(2 + 3j),
    "imag of both": lambda t, z: t._neg_view(z.conj()).imag.add_(3),
    "twice": lambda t, z: z.conj().conj().add_(1j),
    "out": lambda t, z: t.add(z, 1j, out=z.conj()),
    "detached": lambda t, z: z.conj().detach().mul_(1j),
    "data": lambda t, z: z.conj().data.mul_(1j),
    "a copy": lambda t, z: z.conj().resolve_conj().mul_(1j),
    "written before": lambda t, z: (lambda c: z.mul_(2j) and c.add_(1j))(z.conj()),
}


@pytest.mark.parametrize("name", WRITES)
def test_what_is_written_to_a_conjugate_reaches_the_memory(name):
    def scenario(torch: Any) -> Any:
        z = torch.tensor([1 + 2j, 3 - 1j])
        WRITES[name](torch, z)
        return z, z._version

    agree(scenario)


OUTSIDE = {"out", "data", "a copy", "addmm_"}  # of the graph; the last saves what it overwrites, an error


@pytest.mark.parametrize("name", [name for name in WRITES if name not in OUTSIDE])
def test_gradients_pass_through_what_was_written_to_a_conjugate(name):
    def scenario(torch: Any) -> Any:
        x = torch.tensor([1 + 2j, 3 - 1j], requires_grad=True)
        y = x * (2 + 1j)
        WRITES[name](torch, y)
        (y * torch.tensor([2 + 1j, 1 - 3j])).abs().sum().backward()
        return x.grad, type(y.grad_fn).__name__

    agree(scenario, tolerance=1e-5)


def test_large_negatives_are_written_to_as_well():
    z = adjoint.ones(40_000, dtype=adjoint.complex64).mul_(1 + 2j)
    z.conj().imag.add_(adjoint.ones(40_000))
    assert z.imag.tolist() == [1.0] * 40_000


LOOKS = {
    "of a conjugate": lambda t, c: (c.is_conj(), t.is_conj(c), c.is_neg(), c._is_view(), c.conj().is_conj()),
    "of parts": lambda t, c: (c.imag.is_neg(), c.real.is_neg(), c.imag.is_conj(), t._neg_view(c.imag).is_neg()),
    "of views": lambda t, c: [x.is_conj() for x in (c.T, c[0], c[:1], c.view(1, 2), c.expand(3, 2), c.unbind()[0], c.detach())],
    "of values": lambda t, c: [x.is_conj() for x in (c.clone(), c * 1, c[t.tensor([0])], c.resolve_conj(), t.zeros_like(c))],
    "matrices": lambda t, c: [x.is_conj() for x in (c[None].mH, c[None].H, c[None].adjoint(), c[None].mT)],
    "memory": lambda t, c: (c.stride(), c.storage_offset(), c.is_contiguous(), c.data_ptr() == c._base.data_ptr()),
    "text": lambda t, c: (repr(c), repr(c.imag), c.tolist(), c[1].item()),
    "numpy": lambda t, c: c.numpy(),
    "numpy of imag": lambda t, c: c.imag.numpy(),
    "numpy of real": lambda t, c: c.real.numpy().tolist(),
    "forced": lambda t, c: c.numpy(force=True).tolist(),
    "real view": lambda t, c: t.view_as_real(c),
    "other dtype": lambda t, c: c.view(t.float32),
    "of a real tensor": lambda t, c: t.ones(2).conj().is_conj(),
    "together": lambda t, c: (t.cat([c, c.conj()]), t.stack([c, c]), t.where(t.tensor([True, False]), c, c.conj())),
    "mapped": lambda t, c: t.func.vmap(lambda row: row.conj() * 2)(c),
    "pulled back": lambda t, c: t.func.vjp(lambda z: z.conj(), c)[1](c)[0],
    "pushed forward": lambda t, c: t.func.jvp(lambda z: z.conj() * z, (c.clone(),), (c * 2j + 1,)),
}


@pytest.mark.parametrize("name", LOOKS)
def test_a_conjugate_looks_as_in_pytorch(name):
    agree(lambda torch: LOOKS[name](torch, torch.tensor([1 + 2j, 3 - 1j]).conj()))


@pytest.mark.parametrize(
    "view", ["x.conj()", "x.conj().imag", "x.conj().real", "torch._neg_view(x)", "x[None].mH", "x.conj().resolve_conj()"]
)
def test_conjugates_have_pytorchs_nodes(view):
    def scenario(torch: Any) -> Any:
        x = torch.tensor([1 + 2j], requires_grad=True)
        return eval(view, {"torch": torch, "x": x})

    agree(scenario)


def test_a_conjugate_of_a_leaf_is_not_written_to():
    agree(lambda torch: torch.tensor([1j], requires_grad=True).conj().mul_(2), raises=True)

"""A vmap's samples, and what it returns of them, look at the memory of the tensors they come from: writes go both ways."""

from __future__ import annotations

from typing import Any

import pytest

from tests.both import agree


def _start(torch: Any) -> tuple[Any, Any]:
    w = torch.tensor([[1.0, 2.0, 3.0], [0.5, -1.0, 2.0]], requires_grad=True)
    return w, w * 1


def _double(r: Any) -> Any:
    return r.mul_(2)


def _double_part(r: Any) -> Any:
    return r[1:].mul_(2)


INSIDE = {
    "a sample": lambda torch, y: torch.vmap(_double)(y),
    "part of a sample": lambda torch, y: torch.vmap(_double_part)(y),
    "a sample along another dimension": lambda torch, y: torch.vmap(_double, in_dims=1)(y),
    "a sample's sample": lambda torch, y: torch.vmap(torch.vmap(_double))(y),
    "a chunk's sample": lambda torch, y: torch.vmap(_double, chunk_size=1)(y),
    "a view's sample": lambda torch, y: torch.vmap(_double)(y[:1]),
    "twice": lambda torch, y: torch.vmap(lambda r: r.mul_(2).add_(1))(y),
    "by another sample": lambda torch, y: torch.vmap(lambda r, s: r.mul_(s))(y, (y * 2).exp()),
    "assignment": lambda torch, y: torch.vmap(lambda r, s: r.__setitem__(0, s[1]) or r)(y, y.exp()),
    "copy": lambda torch, y: torch.vmap(lambda r, s: r[:2].copy_(s[1:]))(y, y.exp()),
    "an output": lambda torch, y: torch.vmap(lambda r: r)(y).mul_(2),
    "an output along another dimension": lambda torch, y: torch.vmap(lambda r: r, out_dims=1)(y).mul_(2),
    "part of an output": lambda torch, y: torch.vmap(lambda r: r[:2])(y).mul_(2),
}


@pytest.mark.parametrize("write", INSIDE.values(), ids=INSIDE)
def test_a_write_changes_the_history_of_the_tensor(write: Any) -> None:
    def scenario(torch: Any) -> Any:
        w, y = _start(torch)
        v = y[:, 1]
        write(torch, y)
        (g,) = torch.autograd.grad((y**3).sum() + (v * 2).sum(), w, create_graph=True)
        return y.detach(), y._version, v.detach(), g.detach(), torch.autograd.grad(g.square().sum(), w)[0]

    agree(scenario, raises=False)


@pytest.mark.parametrize("write", INSIDE.values(), ids=INSIDE)
def test_inside_of_other_transforms(write: Any) -> None:
    def scenario(torch: Any) -> Any:
        def f(x: Any) -> Any:
            y = x * 1
            write(torch, y)
            return (y**3).sum()

        x = _start(torch)[0].detach()
        both = torch.stack([x, x.cos()])
        return (
            torch.func.grad(f)(x),
            torch.func.jvp(f, (x,), (x.sin(),)),
            torch.func.hessian(f)(x),
            torch.vmap(torch.func.grad(f))(both),
            torch.func.jacfwd(torch.vmap(f))(both),
        )

    agree(scenario, raises=False)


def test_what_all_samples_are_multiplied_with_gets_the_sum_of_their_gradients() -> None:
    def scenario(torch: Any) -> Any:
        w, y = _start(torch)
        q = torch.tensor([2.0, 3.0, 4.0], requires_grad=True)
        torch.vmap(lambda r: r[1:].mul_(q[:2]))(y)
        return torch.autograd.grad((y**3).sum(), [w, q])

    agree(scenario, raises=False)


def test_a_write_into_a_tensor_without_history_gives_it_one() -> None:
    def scenario(torch: Any) -> Any:
        w, _ = _start(torch)
        b = torch.zeros(2, 3)
        torch.vmap(lambda r, s: r.add_(s))(b, w)
        return b.requires_grad, torch.autograd.grad((b**2).sum(), w)

    agree(scenario, raises=False)


def test_without_recording_only_the_values_change() -> None:
    def scenario(torch: Any) -> Any:
        w, _ = _start(torch)
        with torch.no_grad():
            torch.vmap(_double)(w)
        return w.detach(), w._version, w.is_leaf

    agree(scenario, raises=False)


def test_samples_that_were_saved_are_outdated_by_a_write() -> None:
    def inside(torch: Any) -> Any:
        w, y = _start(torch)
        z = y * y
        torch.vmap(_double)(y)
        return torch.autograd.grad(z.sum(), w)

    def outside(torch: Any) -> Any:
        w, y = _start(torch)
        z = torch.vmap(lambda r: r * r)(y)
        y.mul_(2)
        return torch.autograd.grad(z.sum(), w)

    def result(torch: Any) -> Any:
        w, y = _start(torch)
        z = torch.vmap(lambda r: r.exp())(y)
        z.mul_(2)
        return torch.autograd.grad(z.sum(), w)

    import adjoint

    for scenario in (inside, outside, result):
        with pytest.raises(RuntimeError, match="modified by an inplace operation"):
            scenario(adjoint)


def test_outputs_that_are_one_tensor_are_one_outside() -> None:
    def scenario(torch: Any) -> Any:
        w, y = _start(torch)
        a, b = torch.vmap(lambda r: (lambda s: (s, s))(r * 2))(y)
        a.mul_(2)
        return torch.vmap(lambda r: r)(w) is w, a is b, b.detach(), torch.autograd.grad(b.sum(), w)

    agree(scenario, raises=False)


LEAVES = {
    "a leaf's samples": lambda torch, w: torch.vmap(_double)(w),
    "parts of a leaf's samples": lambda torch, w: torch.vmap(_double_part)(w),
    "a leaf's samples along another dimension": lambda torch, w: torch.vmap(_double, in_dims=1)(w),
    "grad": lambda torch, w: torch.func.grad(lambda s: s.mul_(2).sum())(w),
    "grad of a non-leaf": lambda torch, w: torch.func.grad(lambda s: s.mul_(2).sum())(w * 1),
    "a part inside of grad": lambda torch, w: torch.func.grad(lambda s: s[0].mul_(2).sum())(w),
    "vjp": lambda torch, w: torch.func.vjp(_double, w * 1),
    "jacrev": lambda torch, w: torch.func.jacrev(_double)(w * 1),
    "grad of grad": lambda torch, w: torch.func.grad(lambda t: torch.func.grad(lambda s: s.mul_(2).sum())(t * 1).sum())(w),
    "grad in vmap": lambda torch, w: torch.vmap(torch.func.grad(lambda s: s.mul_(2).sum()))(w),
}


@pytest.mark.parametrize("write", LEAVES.values(), ids=LEAVES)
def test_leaves_and_inputs_of_what_is_differentiated_may_not_be_written_to(write: Any) -> None:
    agree(lambda torch: write(torch, _start(torch)[0]), raises=True)


def test_dual_tensors_samples_carry_tangents_both_ways() -> None:
    def scenario(torch: Any) -> Any:
        forward = torch.autograd.forward_ad
        x = _start(torch)[0].detach()
        with forward.dual_level():
            y = forward.make_dual(x * 1, x.cos())
            u = torch.zeros(2, 3)
            z = torch.vmap(lambda r: r[1:].mul_(3))(y)
            torch.vmap(lambda a, r: a[1:].add_(r[:2] * 3))(u, y)
            return [*forward.unpack_dual(y), *forward.unpack_dual(z), *forward.unpack_dual(u)]

    agree(scenario, raises=False)

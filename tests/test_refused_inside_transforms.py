"""What PyTorch refuses inside of a function that a transform evaluates, or of such a function, with its words."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest

from tests.both import agree

TRANSFORMS = {
    "grad": lambda torch, f, x: torch.func.grad(f)(x),
    "vjp": lambda torch, f, x: torch.func.vjp(f, x)[0],
    "vmap": lambda torch, f, x: torch.vmap(f)(torch.stack([x, x])),
    "jvp": lambda torch, f, x: torch.func.jvp(f, (x,), (x,)),
    "functionalize": lambda torch, f, x: torch.func.functionalize(f)(x),
}
CALLS = {
    "requires_grad_ of an input": lambda torch, t: t.requires_grad_(),
    "requires_grad_(False)": lambda torch, t: t.requires_grad_(False),
    "requires_grad_ of a new tensor": lambda torch, t: torch.ones(2).requires_grad_(),
    "requires_grad_ of a detached one": lambda torch, t: t.detach().requires_grad_(),
    "functional.jacobian": lambda torch, t: torch.autograd.functional.jacobian(lambda s: s.sin().sum(), t),
    "functional.vjp": lambda torch, t: torch.autograd.functional.vjp(lambda s: s.sin().sum(), t),
    "functional.hvp": lambda torch, t: torch.autograd.functional.hvp(lambda s: s.sin().sum(), t, t),
    "backward": lambda torch, t: t.sum().backward(),
}


@pytest.mark.parametrize("transform", TRANSFORMS.values(), ids=TRANSFORMS)
@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_calls_that_would_change_the_graph(call: Any, transform: Any) -> None:
    def scenario(torch: Any) -> Any:
        return transform(torch, lambda t: (call(torch, t) and t.sum()) or t.sum(), torch.ones(3))

    agree(scenario, raises=True)


DATA = {
    "data of a sample": lambda torch: torch.vmap(lambda t: t.data * 2)(torch.ones(2, 3)),
    "data set in grad": lambda torch: torch.func.grad(lambda t: _set_data(torch, t))(torch.ones(3)),
    "data set in jvp": lambda torch: torch.func.jvp(lambda t: _set_data(torch, t), (torch.ones(3),), (torch.ones(3),)),
    "data set to a sample": lambda torch: torch.vmap(lambda t: _set_data(torch, t))(torch.ones(2, 3)),
    "retain_grad in grad": lambda torch: torch.func.grad(lambda t: t.clone().retain_grad() or t.sum())(torch.ones(3)),
}


def _set_data(torch: Any, t: Any) -> Any:
    made = torch.zeros(3)
    made.data = t
    return made.sum()


@pytest.mark.parametrize("call", DATA.values(), ids=DATA)
def test_data_and_retain_grad(call: Any) -> None:
    agree(call, raises=True)


NESTED = {
    "jvp in a level": lambda torch, x: torch.func.jvp(torch.sin, (x,), (x,)),
    "jacfwd in a level": lambda torch, x: torch.func.jacfwd(torch.sin)(x),
    "a level in a level": lambda torch, x: torch.autograd.forward_ad.enter_dual_level(),
}


@pytest.mark.parametrize("call", NESTED.values(), ids=NESTED)
def test_forward_mode_inside_of_a_dual_level(call: Any) -> None:
    def scenario(torch: Any) -> Any:
        with torch.autograd.forward_ad.dual_level():
            return call(torch, torch.ones(3))

    agree(scenario, raises=True)


def test_a_dual_level_inside_of_a_jvp() -> None:
    def inside(torch: Any, t: Any) -> Any:
        with torch.autograd.forward_ad.dual_level():
            return t.sum()

    agree(lambda torch: torch.func.jvp(lambda t: inside(torch, t), (torch.ones(3),), (torch.ones(3),)), raises=True)


def test_jvps_nest_in_each_other() -> None:
    def scenario(torch: Any) -> Any:
        x = torch.tensor(0.5)
        return torch.func.jvp(lambda t: torch.func.jvp(torch.sin, (t,), (t,))[1], (x,), (x,))

    agree(scenario, raises=False)


ARGUMENTS = {
    "a float": lambda torch: torch.func.grad(lambda x: x)(2.5),
    "argnums a float": lambda torch: torch.func.grad(lambda x: x, argnums=1.0)(torch.ones(())),
    "argnums of a float": lambda torch: torch.func.jacrev(lambda x: x, argnums=(0.5,))(torch.ones(())),
    "no argnums": lambda torch: torch.func.grad(lambda x: x, argnums=())(torch.ones(())),
    "argnums twice": lambda torch: torch.func.jacfwd(lambda x: x, argnums=(0, -1))(torch.ones(())),
    "argnums too large": lambda torch: torch.func.hessian(lambda x: x, argnums=3)(torch.ones(())),
    "jacrev of a complex other": lambda torch: torch.func.jacrev(lambda x, z: x)(torch.ones(2), torch.ones(2) * 1j),
    "jacfwd of a complex other": lambda torch: torch.func.jacfwd(lambda x, z: x)(torch.ones(2), torch.ones(2) * 1j),
    "vjp of integers": lambda torch: torch.func.vjp(lambda x: x.long(), torch.ones(2)),
    "vjp of nothing": lambda torch: torch.func.vjp(lambda x: (), torch.ones(2)),
    "vjp of None": lambda torch: torch.func.vjp(lambda x: None, torch.ones(2)),
    "vjp of a number": lambda torch: torch.func.vjp(lambda x: 1.5, torch.ones(2)),
    "jvp of nothing": lambda torch: torch.func.jvp(lambda x: (), (torch.ones(2),), (torch.ones(2),)),
    "jvp of a number": lambda torch: torch.func.jvp(lambda x: 2, (torch.ones(2),), (torch.ones(2),)),
    "jvp at a number": lambda torch: torch.func.jvp(lambda x: x, (2.0,), (torch.ones(2),)),
    "jvp at no tensor": lambda torch: torch.func.jvp(lambda: 1, (), ()),
    "jvp at integers": lambda torch: torch.func.jvp(lambda x: x, (torch.ones(2).long(),), (torch.ones(2),)),
    "jvp along integers": lambda torch: torch.func.jvp(lambda x: x, (torch.ones(2),), (torch.ones(2).long(),)),
    "aux of a number": lambda torch: torch.func.grad(lambda x: (x, 3), has_aux=True)(torch.ones(())),
    "out_dims of a float": lambda torch: torch.vmap(lambda x: x, out_dims=0.5)(torch.ones(2)),
    "out_dims for one output": lambda torch: torch.vmap(lambda x: x, out_dims=(0, 1))(torch.ones(2)),
    "in_dims of no dimension": lambda torch: torch.vmap(lambda x: x)(torch.ones(())),
    "a number under out_dims": lambda torch: torch.vmap(lambda x: (x, 2))(torch.ones(2)),
    "remove": lambda torch: torch.func.functionalize(lambda x: x, remove="all"),
}


@pytest.mark.parametrize("call", ARGUMENTS.values(), ids=ARGUMENTS)
def test_arguments(call: Any) -> None:
    agree(call, raises=True)


def test_what_is_no_tensor_may_leave_a_vmap_where_out_dims_is_none() -> None:
    agree(lambda torch: torch.vmap(lambda x: (x, 2, None), out_dims=(0, None, None))(torch.ones(2)), raises=False)


@pytest.mark.parametrize("name", ["jacrev", "jacfwd", "hessian"])
def test_derivatives_of_numbers_by_numbers(name: str) -> None:
    agree(lambda torch: getattr(torch.func, name)(lambda t: t**3)(torch.tensor(2.0)), raises=False)


def test_aux_of_jacfwd_is_that_of_one_direction() -> None:
    def scenario(torch: Any) -> Any:
        torch.manual_seed(1)
        f = torch.func.jacfwd(lambda t: (t * t, torch.rand(2) * 0 + t[:2]), has_aux=True, randomness="different")
        return f(torch.ones(3))

    agree(scenario, raises=False)


def test_detach_in_place_takes_the_tangent_away() -> None:
    agree(lambda torch: torch.func.jvp(lambda t: t.clone().detach_().sum(), (torch.ones(3),), (torch.ones(3),)), raises=False)


INFERENCE = {
    "enable_grad": lambda torch, w: torch.enable_grad(),
    "set_grad_enabled": lambda torch, w: torch.set_grad_enabled(True),
}


@pytest.mark.parametrize("on", INFERENCE.values(), ids=INFERENCE)
def test_inference_mode_records_nothing_whatever_is_switched_on_inside(on: Any) -> None:
    def scenario(torch: Any) -> Any:
        w = torch.ones(3, requires_grad=True)
        with torch.inference_mode():
            with on(torch, w):
                y = w * 2
                found = [torch.is_grad_enabled(), y.requires_grad, y.is_inference(), w.view(3).requires_grad]
            found.append(torch.is_grad_enabled())
        return [*found, torch.is_grad_enabled(), (w * 2).requires_grad]

    agree(scenario, raises=False)


@pytest.mark.parametrize("name", ["vjp", "jvp", "hvp", "vhp", "jacobian", "hessian"])
def test_functional_derivatives_are_zeros_in_inference_mode(name: str) -> None:
    def scenario(torch: Any) -> Any:
        x = torch.ones(3)
        more = () if name in ("vjp", "jacobian", "hessian") else (x,)
        with torch.inference_mode():
            found = getattr(torch.autograd.functional, name)(lambda t: t.sin().sum(), x, *more)
        return [t.tolist() for t in (found if isinstance(found, tuple) else (found,))]

    agree(scenario, raises=False)


def test_transforms_work_in_inference_mode_and_dual_levels_do_not() -> None:
    def scenario(torch: Any) -> Any:
        x = torch.ones(3)
        forward = torch.autograd.forward_ad
        with torch.inference_mode():
            found = [
                torch.func.grad(lambda t: t.sin().sum())(x).tolist(),
                torch.func.jvp(torch.sin, (x,), (x,))[1].tolist(),
                torch.func.hessian(lambda t: t.sin().sum())(x).tolist(),
            ]
            with forward.dual_level():
                found.append(forward.unpack_dual(forward.make_dual(x, x).sin()).tangent)
        return found

    agree(scenario, raises=False)


def test_the_gradient_of_a_complex_number_is_asked_for_by_vjp() -> None:
    agree(lambda torch: torch.func.grad(lambda t: t.sum() * 1j)(torch.ones(3)), raises=True)


@pytest.mark.parametrize("read", ["numpy", "tolist", "item"])
def test_values_of_samples_cannot_be_read(read: str) -> None:
    agree(lambda torch: torch.vmap(lambda t: getattr(t[0], read)() or t)(torch.ones(2, 3)), raises=True)


SAMPLES = {
    "bincount": lambda torch, t: t.long().bincount(),
    "histc": lambda torch, t: t.histc(4, 0, 4),
    "repeat_interleave": lambda torch, t: t.repeat_interleave(torch.ones_like(t).long() * 2),
    "argwhere": lambda torch, t: t.argwhere(),
    "unique": lambda torch, t: t.unique(),
    "unique_consecutive": lambda torch, t: t.unique_consecutive(),
    "nonzero": lambda torch, t: t.nonzero(),
    "a mask": lambda torch, t: t[t > 0],
}


@pytest.mark.parametrize("call", SAMPLES.values(), ids=SAMPLES)
def test_what_is_computed_sample_by_sample_and_what_cannot_be_batched(call: Any) -> None:
    def scenario(torch: Any) -> Any:
        return torch.vmap(lambda t: call(torch, t))(torch.tensor([[1.0, 2.0, 3.0], [3.0, 1.0, 2.0]]))

    agree(scenario, warnings_too=False)


def test_a_missing_batching_rule_is_a_runtime_error() -> None:
    import adjoint

    with pytest.raises(RuntimeError, match="Batching rule not implemented for"):
        adjoint.vmap(lambda t: adjoint.equal(t, t))(adjoint.ones(2, 3))


def test_jacfwd_of_all_arguments() -> None:
    agree(lambda torch: torch.func.jacfwd(torch.mul, argnums=None)(torch.ones(2), torch.ones(2)), raises=False)


def test_a_single_chunk_is_a_copy() -> None:
    def scenario(torch: Any) -> Any:
        x = torch.ones(2, 3)
        torch.vmap(lambda r: r, chunk_size=5)(x).mul_(2)
        return x

    agree(scenario, raises=False)


EMPTY = {
    "jacrev": lambda torch, f: torch.func.jacrev(f)(torch.zeros(0, 3)),
    "jacfwd": lambda torch, f: torch.func.jacfwd(f)(torch.zeros(0, 3)),
    "hessian": lambda torch, f: torch.func.hessian(lambda x: f(x).sum())(torch.zeros(0, 3)),
    "no samples": lambda torch, f: torch.vmap(f)(torch.zeros(0, 2, 3)),
    "samples without rows": lambda torch, f: torch.vmap(f)(torch.zeros(2, 0, 3)),
    "gradients of no samples": lambda torch, f: torch.vmap(torch.func.grad(lambda x: f(x).sum()))(torch.zeros(0, 2, 3)),
}


@pytest.mark.parametrize("call", EMPTY.values(), ids=EMPTY)
def test_of_no_elements(call: Any) -> None:
    def scenario(torch: Any) -> Any:
        w, b = torch.ones(1, 3), torch.ones(1)
        return call(torch, lambda x: torch.nn.functional.linear(x, w, b) ** 2)

    agree(scenario, raises=False)


COMPLEX = {
    "jacobian": lambda torch, x: torch.autograd.functional.jacobian(lambda t: t * 1j, x),
    "hessian": lambda torch, x: torch.autograd.functional.hessian(lambda t: (t * 1j).sum(), x),
    "arrays of duals": lambda torch, x: torch.func.jvp(lambda t: t * float(t.numpy()[0]), (x,), (x,)),
}


@pytest.mark.parametrize("call", COMPLEX.values(), ids=COMPLEX)
def test_complex_outputs_and_arrays_of_duals(call: Any) -> None:
    agree(lambda torch: call(torch, torch.ones(2)), raises=True)


@pytest.mark.parametrize("call", [
    "torch.equal(x, x)", "torch.equal(torch.ones(2), x)", "torch.allclose(x, torch.ones(2))", "torch.where(x > 0)", "x.nonzero()",
    "x.masked_select(x > 0)", "pickle.dumps(x)", "copy.deepcopy(x)", "x.untyped_storage()", "x.data_ptr()", "x.sum().item()",
])  # fmt: skip
def test_what_a_sample_does_not_have_is_refused_by_its_own_name(call):
    names = {"pickle": pickle, "copy": copy}
    agree(lambda torch: torch.vmap(lambda x: eval(call, {"torch": torch, "x": x, **names}))(torch.ones(3, 2)), raises=True)


@pytest.mark.parametrize("dims", [(0, 0), (0, None), (None, 1)])
def test_closeness_is_told_of_each_sample(dims):
    a = [[1.0, 2.0], [float("nan"), 4.0]]
    agree(lambda torch: torch.vmap(torch.isclose, dims)(torch.tensor(a), torch.tensor(a) + 1e-7), warnings_too=False)

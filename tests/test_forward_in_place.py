"""In-place operators in every order of the modes: what they write has the derivatives of the out-of-place operators."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

import adjoint
from adjoint.func import hessian, jacfwd, jacrev, jvp, vmap
from adjoint.tensor import Tensor
from tests.both import agree
from tests.samples import UNSUPPORTED, values
from tests.test_second_order_modes import WAYS, batched, check, run
from tests.test_tables import EXPRESSIONS, JUMPS, operands, torch_can

torch = pytest.importorskip("torch")

CALL = re.compile(r"(?:torch|F)\.(\w+)\((\w+)(?: \* 1)?(?:, (.*))?\)$")

IN_PLACE = [
    s
    for s in EXPRESSIONS
    if (m := CALL.match(s)) and m[2] in values() and m[1] + "_" in Tensor.__dict__ and not JUMPS.search(s) and s not in UNSUPPORTED
]


def in_place_of(sample: str, target: str) -> tuple[str, str]:
    """The sample with the method that writes into ``target``; and its operand's name."""
    matched = CALL.match(sample)
    assert matched is not None
    name, operand, rest = matched.groups()
    return f"{target}.{name}_({rest or ''})", operand


def written(library: Any, sample: str, given: Any) -> Any:
    """The operator written into a copy of its operand."""
    text, operand = in_place_of(sample, "target")
    return run(library, text, {**given, "target": given[operand].clone()})


def written_into_a_part(library: Any, sample: str, given: Any) -> Any:
    """The operator written into a part of a tensor, of which another view exists."""
    text, operand = in_place_of(sample, "target")
    whole = library.stack([given[operand], given[operand]], -1)
    part, same = whole[..., 1], whole.select(-1, 1)
    run(library, text, {**given, "target": part})
    return [part, same, whole]


def out_of_place(library: Any, sample: str, given: Any) -> Any:
    """What :func:`written_into_a_part` gives."""
    (result,) = run(library, sample, given)
    return [result, result, library.stack([given[CALL.match(sample)[2]], result], -1)]  # type: ignore[index]


def fits(sample: str) -> bool:
    """Whether the result has the operand's form, so that it can be written into it."""
    text, operand = in_place_of(sample, "target")
    given = operands(adjoint, sample)
    try:
        result = run(adjoint, text, {**given, "target": given[operand].clone()})
    except (RuntimeError, NotImplementedError):
        return False
    return result[0].dtype == given[operand].dtype


FITTING = [s for s in IN_PLACE if fits(s)]
OF_FORM = [s for s in FITTING if "transpose" not in s]  # the others write nothing


@pytest.mark.parametrize("sample", FITTING)
def test_a_written_tensor_has_the_second_derivatives_of_the_result(sample):
    for dtype in ("float64",) if sample == "torch.abs(x)" else ("float64", "complex128"):  # |x| is of another dtype
        if torch_can(sample, dtype, backward=True):
            check(sample, dtype, WAYS, written)


@pytest.mark.parametrize("sample", OF_FORM)
def test_a_written_part_has_the_second_derivatives_of_the_result(sample):
    if torch_can(sample, "float64", backward=True):
        check(sample, "float64", WAYS, written_into_a_part, out_of_place)


@pytest.mark.parametrize("sample", FITTING)
def test_what_is_written_in_a_batch_has_the_second_derivatives_of_the_result(sample):
    if torch_can(sample, "float64", backward=True):
        check(sample, "float64", {name: batched(way) for name, way in WAYS.items()}, written)


def number_into_an_element(t, q):
    z = q**3
    z[1] = 3.0
    return z.sum()


def element_into_an_element(t, q):
    z = q**3
    z[1] = z[2].clone() * q[0]
    z[0] *= z[3].clone()
    return (z**2).sum()


def slices_with_steps(t, q):
    z = q.sin()
    z[::2] = z[1::2] * 2
    z[1:] += q[:-1]
    return (z**3).sum()


def mask(t, q):
    z = q.exp() * 1
    z[z > 1.5] = z[:2].clone().prod()
    z[t.tensor([True, False, False, True])] *= 3
    return (z * q).sum()


def indices(t, q):
    z = t.zeros_like(q)
    z[t.tensor([2, 0])] = q[:2] ** 2
    z[t.tensor([3, 1])] += q[1:3].exp()
    return (z**2).prod()


def whole_rows(t, q):
    z = t.zeros_like(t.stack([q, q, q]))
    z[0] = q
    z[1:] = z[0].clone() * q
    z[:, 1] = z[:, 0].clone() ** 2
    z.t()[2] = 1.0
    return (z**2).sum()


def view_of_a_view(t, q):
    z = (q * 1).reshape(2, 2)
    z.t()[0].mul_(q[1]).sin_().add_(q[2:])
    z = z * 1
    z.view(-1)[1:3].pow_(2)
    return (z * z).sum()


def write_after_a_view(t, q):
    z = q.clone()
    part = z[1:3]
    z.mul_(q).tanh_()
    return (part * part).sum() + z.prod()


def two_written_in_turn(t, q):
    y, z = q + 1, q + 1  # whose tangents are that of q
    y.mul_(2)
    z.sin_()
    return (y * z * q).sum()


def filled(t, q):
    z = q**2
    z[:2].fill_(q[3])
    z[2:].zero_()
    z += q
    z.masked_fill_(z > 1, q[0])
    return (z**3).sum()


def kept_before_it_is_written(t, q):
    z = q.clone()
    y = z.exp()
    z.sin_()
    return (y * z).sum()


def accumulated(t, q):
    z = t.zeros_like(q[0])
    for i in range(4):
        z += q[i] ** (i + 1)
        z *= q[i]
    return z


def activations(t, q):
    F = t.nn.functional
    z = q - 0.5
    for name in ("elu", "leaky_relu", "silu", "hardswish", "mish", "celu", "selu"):
        z = getattr(F, name)(z * 2, inplace=True) + q
    return (F.threshold(F.hardtanh(z, -0.5, 9.4, inplace=True), 0.1, 0.2, inplace=True) ** 2).sum()


def another_dtype(t, q):
    z = t.zeros_like(q, dtype=t.float32)
    z.copy_(q)
    z.mul_(q.float()).add_(q.float() ** 2)
    return z.double().sum() + (q**3).sum()


def reshaped_in_place(t, q):
    z = (q * q).unsqueeze_(0).transpose_(0, 1)
    z *= q.unsqueeze(1)
    return (z.squeeze_(1) ** 2).sum()


def out_of_order(t, q):
    z = q[None].repeat(2, 1)
    z[1], z[0] = z[0].clone() * q, z[1].clone() ** 2
    z.addcmul_(z.clone(), q, value=0.5).addcdiv_(q, q + 1)
    z.lerp_(z.clone() ** 2, 0.3)
    return z.sum()


PROGRAMS = [
    number_into_an_element, element_into_an_element, slices_with_steps, mask, indices, whole_rows, view_of_a_view,
    write_after_a_view, two_written_in_turn, filled, kept_before_it_is_written, accumulated, activations, another_dtype,
    reshaped_in_place, out_of_order,
]  # fmt: skip


def hessian_of_pytorch(program: Any, x: Any) -> Any:
    """By two backwards."""
    x = torch.tensor(x, requires_grad=True)
    (first,) = torch.autograd.grad(program(torch, x), x, create_graph=True)
    return torch.stack([torch.autograd.grad(g, x, retain_graph=True)[0] for g in first]).numpy()


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda f: f.__name__)
def test_programs_that_write_have_their_second_derivatives(program):
    x, v = np.array([0.3, 0.7, 0.4, 1.1]), np.array([1.0, -0.5, 2.0, 0.3])
    one, two = hessian_of_pytorch(program, x), hessian_of_pytorch(program, 2 * x)

    def f(q: Any) -> Any:
        return program(adjoint, q)

    q, d = adjoint.tensor(x), adjoint.tensor(v)
    tolerance = {"rtol": 1e-6, "atol": 1e-6} if program is another_dtype else {"rtol": 1e-9, "atol": 1e-9}
    for name, found in {
        "forward over reverse": jacfwd(jacrev(f))(q),
        "forward over forward": jacfwd(jacfwd(f))(q),
        "reverse over forward": jacrev(jacfwd(f))(q),
        "reverse over reverse": jacrev(jacrev(f))(q),
    }.items():
        np.testing.assert_allclose(found.numpy(), one, err_msg=name, **tolerance)
    along = jvp(lambda a: jvp(f, (a,), (d,))[1], (q,), (d,))[1]
    np.testing.assert_allclose(along.numpy(), v @ one @ v, **tolerance)
    if program is not mask:  # PyTorch's vmap has none, and neither has ours
        many = vmap(hessian(f))(adjoint.stack([q, q * 2]))
        np.testing.assert_allclose(many.numpy(), np.stack([one, two]), **tolerance)


def test_a_write_that_is_not_recorded_leaves_the_history_of_the_tangent():
    """As it leaves the tensor's: the gradient goes on through a norm that was too small."""

    def scenario(t):
        x = t.tensor([[0.3, 0.7], [0.4, 1.1]], dtype=t.float64)
        v = t.tensor([[1.0, -0.5], [2.0, 0.3]], dtype=t.float64)
        similarity = lambda m: (t.nn.functional.cosine_similarity(m, m.t()) ** 2).sum()
        return t.func.grad(lambda m: t.func.jvp(similarity, (m,), (v,))[1])(x), t.func.hessian(similarity)(x)

    agree(scenario)

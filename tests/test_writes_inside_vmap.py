"""Writes inside of a vmap: of samples into samples, and what PyTorch refuses, with its words."""

from __future__ import annotations

from typing import Any

import pytest

from tests.both import agree

torch = pytest.importorskip("torch")

INTO_SHARED = {
    "add": lambda torch, y, x: y.add_(x),
    "mul": lambda torch, y, x: y.mul_(x),
    "sub": lambda torch, y, x: y.sub_(x),
    "div": lambda torch, y, x: y.div_(x),
    "pow": lambda torch, y, x: y.pow_(x),
    "atan2": lambda torch, y, x: y.atan2_(x),
    "eq": lambda torch, y, x: y.eq_(x),
    "logical_or": lambda torch, y, x: y.logical_or_(x),
    "copy": lambda torch, y, x: y.copy_(x),
    "fill": lambda torch, y, x: y.fill_(x[0]),
    "an element": lambda torch, y, x: y.__setitem__(0, x[0]),
    "by indices": lambda torch, y, x: y.__setitem__(torch.tensor([0]), x[:1]),
    "index_put": lambda torch, y, x: y.index_put_((torch.tensor([0]),), x[:1]),
    "index_add": lambda torch, y, x: y.index_add_(0, torch.tensor([0, 1]), x),
    "index_copy": lambda torch, y, x: y.index_copy_(0, torch.tensor([0, 1]), x),
    "scatter": lambda torch, y, x: y.scatter_(0, torch.tensor([0, 1]), x),
    "scatter_add": lambda torch, y, x: y.scatter_add_(0, torch.tensor([0, 1]), x),
    "masked_fill where samples say": lambda torch, y, x: y.masked_fill_(x > 0, 2.0),
    "masked_fill with a sample": lambda torch, y, x: y.masked_fill_(y > 0, x[0]),
    "masked_scatter": lambda torch, y, x: y.masked_scatter_(y > 0, x),
    "clamp": lambda torch, y, x: y.clamp_(x),
    "clamp_min": lambda torch, y, x: y.clamp_min_(x),
    "lerp": lambda torch, y, x: y.lerp_(x, 0.5),
    "addcmul": lambda torch, y, x: y.addcmul_(x, x),
    "bernoulli": lambda torch, y, x: y.bernoulli_(x * 0.5),
    "a number": lambda torch, y, x: y.add_(1),
    "zero": lambda torch, y, x: y.zero_(),
    "into a view": lambda torch, y, x: y[:1].mul_(x[:1]),
    "out": lambda torch, y, x: torch.add(x, x, out=y),
    "out of samples": lambda torch, y, x: torch.add(y, y, out=x),
    "samples into samples": lambda torch, y, x: torch.add(x, x, out=x),
    "resized": lambda torch, y, x: y.resize_(1),
}


@pytest.mark.parametrize("write", INTO_SHARED.values(), ids=INTO_SHARED)
def test_into_what_all_samples_share(write: Any) -> None:
    def scenario(torch: Any) -> Any:
        shared = torch.tensor([1.0, 2.0])
        x = torch.tensor([[1.0, 3.0], [2.0, 0.5], [3.0, 1.0]])
        try:
            torch.vmap(lambda x: write(torch, shared, x), randomness="different")(x)
        except RuntimeError as error:
            return str(error), shared
        except ValueError:  # what returns nothing
            return "written", shared
        return "written", shared

    agree(scenario, raises=False, warnings_too=False)  # (PyTorch tells, before it refuses, which rules it has not)


NESTED = {
    "captured by both": lambda torch, y: torch.func.grad(lambda t: torch.vmap(lambda x: y.mul_(x))(t).sum()),
    "captured, from outside": lambda torch, y: torch.vmap(torch.func.grad(lambda x: y.mul_(x).sum())),
    "captured, a number": lambda torch, y: torch.func.grad(lambda t: torch.vmap(lambda x: y.mul_(2) * x)(t).sum()),
    "of an outer vmap": lambda torch, y: torch.vmap(lambda t: torch.vmap(lambda x: t.mul_(x))(y)),
    "made between": lambda torch, y: torch.vmap(lambda t: torch.vmap(lambda x: (t * 2).mul_(x))(y)),
    "of an inner one": lambda torch, y: torch.vmap(lambda t: torch.vmap(lambda x: x.mul_(t))(y)),
}


@pytest.mark.parametrize("transform", NESTED.values(), ids=NESTED)
def test_inside_of_other_transforms(transform: Any) -> None:
    def scenario(torch: Any) -> Any:
        captured = torch.tensor([1.0, 2.0])
        try:
            return transform(torch, captured)(torch.tensor([3.0, 4.0])), captured
        except RuntimeError as error:
            return str(error), captured

    agree(scenario, raises=False)


RESHAPED = {
    "t": lambda x: x.t_(),
    "transpose": lambda x: x.transpose_(0, 1),
    "squeeze": lambda x: x.squeeze_(),
    "squeeze a dimension": lambda x: x.squeeze_(0),
    "unsqueeze": lambda x: x.unsqueeze_(1),
    "resize": lambda x: x.resize_(1, 2),
    "t twice": lambda x: x.t_().mul_(2).t_(),
}


@pytest.mark.parametrize("step", RESHAPED.values(), ids=RESHAPED)
@pytest.mark.parametrize("shape", [(2, 1, 3), (2, 2, 3)], ids=["row", "matrix"])
def test_samples_that_are_looked_at_otherwise(step: Any, shape: Any) -> None:
    """What the function returns has the new sizes.  (The caller's tensor, too, in PyTorch; here it keeps its own.)"""

    def scenario(torch: Any) -> Any:
        x = torch.arange(float(shape[0] * shape[1] * shape[2])).reshape(shape)
        return torch.vmap(lambda t: step(t))(x)

    agree(scenario, raises=False)


def test_embeddings_of_samples_are_not_looped_over() -> None:
    def scenario(torch: Any) -> Any:
        f = torch.func.grad(lambda w, i: (torch.nn.functional.embedding(i, w) ** 2).sum())
        table = torch.arange(6.0).reshape(3, 2)
        return torch.vmap(f, (None, 0))(table, torch.tensor([[0, 1], [2, 2]]))

    agree(scenario, raises=False)


TANGENTS = {
    "complex, of a product": lambda torch, x: torch.func.jvp(lambda t: t * t, (x,), (x * 2j,)),
    "complex, of a sum": lambda torch, x: torch.func.jvp(lambda t: t.sum(), (x,), (x * 2j,)),
    "wider": lambda torch, x: torch.func.jvp(torch.sin, (x,), (x.double(),)),
    "wider, of a product": lambda torch, x: torch.func.jvp(lambda t: t * t, (x,), (x.double(),)),
    "narrower": lambda torch, x: torch.func.jvp(lambda t: t.exp() + t, (x,), (x.half(),)),
}


@pytest.mark.parametrize("push", TANGENTS.values(), ids=TANGENTS)
def test_tangents_of_other_dtypes(push: Any) -> None:
    agree(lambda torch: push(torch, torch.tensor([1.0, 2.0])), raises=False)


FUNCTIONS = ["t * t.sin()", "(t * 2).sin()", "t.softmax(0)", "t.prod()", "(t * t).sum().exp()", "t.cumsum(0) / t", "t.std()"]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_complex_tangents_of_real_tensors_are_of_both_parts(function: str) -> None:
    """PyTorch loses the imaginary part where a formula brings a tangent to the dtype of its primal."""
    import adjoint

    x = adjoint.tensor([1.0, 2.0, 0.5], dtype=adjoint.float64)
    t = adjoint.tensor([1 + 2j, 0.5 - 1j, 2j], dtype=adjoint.complex128)
    f = eval(f"lambda t: {function}")
    found = adjoint.func.jvp(f, (x,), (t,))[1]
    real, imaginary = (adjoint.func.jvp(f, (x,), (part,))[1] for part in (t.real, t.imag))
    assert adjoint.allclose(found, adjoint.complex(real, imaginary))


EMPTY = {
    "a number": lambda x: x.mul_(2),
    "a part": lambda x: x[1:].fill_(3),
    "under forward mode": lambda x: x.clone().fill_(2) * x,
}


@pytest.mark.parametrize("write", EMPTY.values(), ids=EMPTY)
def test_batches_of_no_samples(write: Any) -> None:
    def scenario(torch: Any) -> Any:
        empty = torch.ones(0, 3)
        return torch.vmap(write)(empty), torch.func.jvp(torch.vmap(lambda x: write(x * 1)), (empty,), (empty,))

    agree(scenario, raises=False)


def test_a_tangent_in_another_order_is_copied() -> None:
    """So that whatever looks at a part of the primal's memory has one; what it was made of is not written to."""

    def scenario(torch: Any) -> Any:
        x, t = torch.arange(6.0).reshape(2, 3), torch.arange(6.0).reshape(3, 2).t()
        found = torch.func.jvp(lambda a: a, (x,), (t,))[1]
        found.mul_(2)
        return found, t, torch.func.jvp(lambda a: a.as_strided((3,), (2,)), (x,), (t,))

    agree(scenario, raises=False)

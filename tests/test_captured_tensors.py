"""What a function that is differentiated may write to: its inputs and what it made, and nothing that it captured."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest

import adjoint
from tests.both import agree
from tests.test_tables import EXPRESSIONS, operands, run

torch = pytest.importorskip("torch")

TRANSFORMS = {
    "grad": lambda torch, f, x: torch.func.grad(f)(x),
    "grad_and_value": lambda torch, f, x: torch.func.grad_and_value(f)(x),
    "vjp": lambda torch, f, x: torch.func.vjp(f, x)[1](torch.tensor(1.0)),
    "jvp": lambda torch, f, x: torch.func.jvp(f, (x,), (x,)),
    "jacrev": lambda torch, f, x: torch.func.jacrev(f)(x),
    "jacfwd": lambda torch, f, x: torch.func.jacfwd(f)(x),
    "hessian": lambda torch, f, x: torch.func.hessian(f)(x),
    "grad of grad": lambda torch, f, x: torch.func.grad(lambda t: torch.func.grad(f)(t).sum())(x),
    "vmap of grad": lambda torch, f, x: torch.vmap(torch.func.grad(f))(torch.stack([x, x * 2])),
    "grad of vmap": lambda torch, f, x: torch.func.grad(lambda t: torch.vmap(f)(torch.stack([t, t])).sum())(x),
}


@pytest.mark.parametrize("transform", TRANSFORMS.values(), ids=TRANSFORMS)
@pytest.mark.parametrize("grad", [False, True], ids=["constant", "requires grad"])
def test_a_captured_tensor_is_not_written_to(transform: Any, grad: bool) -> None:
    def scenario(torch: Any) -> Any:
        captured = torch.ones(3, requires_grad=grad)
        try:
            transform(torch, lambda t: (captured.mul_(2) * t).sum(), torch.ones(3))
        except RuntimeError as error:
            return str(error), captured.detach(), captured._version
        raise AssertionError

    agree(scenario, raises=False)


@pytest.mark.parametrize("transform", TRANSFORMS.values(), ids=TRANSFORMS)
def test_what_it_made_is_written_to(transform: Any) -> None:
    def f(torch: Any, t: Any) -> Any:
        made, zeros = t * 2, torch.zeros_like(t)
        zeros[0] = t[1]
        zeros.add_(made)
        made[1:].mul_(t[:2])
        return (made * zeros).sum()

    agree(lambda torch: transform(torch, lambda t: f(torch, t), torch.tensor([1.0, 2.0, 3.0])), raises=False)


def test_linearized_functions_do_not_write_to_what_is_captured() -> None:
    """PyTorch traces them, and has other words for it, or wrong tangents of what is written to."""
    captured = adjoint.ones(3)
    with pytest.raises(RuntimeError, match="mutate a captured Tensor"):
        adjoint.func.linearize(lambda t: captured.mul_(2) * t, adjoint.ones(3))


CALLS = {
    "a number added": lambda torch, y, t: y.add_(1),
    "+=": lambda torch, y, t: y.__iadd__(t),
    "&=": lambda torch, y, t: y.long().__iand__(1),
    "a power": lambda torch, y, t: y.pow_(2),
    "a power of a tensor": lambda torch, y, t: y.pow_(t),
    "divided by a number": lambda torch, y, t: y.div_(2),
    "rounded quotient": lambda torch, y, t: y.div_(2, rounding_mode="floor"),
    "clamp to numbers": lambda torch, y, t: y.clamp_(0, 1),
    "clamp to a tensor": lambda torch, y, t: y.clamp_(min=t),
    "clamp_max": lambda torch, y, t: y.clamp_max_(1),
    "comparison": lambda torch, y, t: y.gt_(1),
    "comparison with a tensor": lambda torch, y, t: y.le_(t),
    "a truth value": lambda torch, y, t: y.logical_and_(t),
    "fill": lambda torch, y, t: y.fill_(1),
    "fill with a tensor": lambda torch, y, t: y.fill_(torch.tensor(2.0)),
    "zero": lambda torch, y, t: y.zero_(),
    "copy": lambda torch, y, t: y.copy_(t),
    "an element": lambda torch, y, t: y.__setitem__(0, t[0]),
    "an element by a number": lambda torch, y, t: y.__setitem__(0, 2.0),
    "a slice": lambda torch, y, t: y.__setitem__(slice(0, 2), t[:2]),
    "all of it": lambda torch, y, t: y.__setitem__(..., 2.0),
    "by indices": lambda torch, y, t: y.__setitem__(torch.tensor([0, 1]), t[:2]),
    "by a mask": lambda torch, y, t: y.__setitem__(t > 0, 1.0),
    "index_put": lambda torch, y, t: y.index_put_((torch.tensor([0]),), t[:1]),
    "index_fill": lambda torch, y, t: y.index_fill_(0, torch.tensor([0]), 1.0),
    "index_add": lambda torch, y, t: y.index_add_(0, torch.tensor([0]), t[:1]),
    "scatter": lambda torch, y, t: y.scatter_(0, torch.tensor([0]), t),
    "scatter a number": lambda torch, y, t: y.scatter_(0, torch.tensor([0]), 1.0),
    "scatter_reduce": lambda torch, y, t: y.scatter_reduce_(0, torch.tensor([0]), t, "sum"),
    "masked_fill": lambda torch, y, t: y.masked_fill_(t > 0, 1.0),
    "masked_scatter": lambda torch, y, t: y.masked_scatter_(t > 0, t),
    "lerp": lambda torch, y, t: y.lerp_(t, 0.5),
    "addcmul": lambda torch, y, t: y.addcmul_(t, t),
    "xlogy": lambda torch, y, t: y.xlogy_(2.0),
    "a cumulative sum": lambda torch, y, t: y.cumsum_(0),
    "normal": lambda torch, y, t: y.normal_(),
    "random": lambda torch, y, t: y.random_(),
    "random below": lambda torch, y, t: y.random_(5),
    "random between": lambda torch, y, t: y.random_(1, 5),
    "bernoulli": lambda torch, y, t: y.bernoulli_(0.5),
    "initialized": lambda torch, y, t: torch.nn.init.ones_(y),
    "relu": lambda torch, y, t: torch.nn.functional.relu(y, inplace=True),
    "selu": lambda torch, y, t: torch.nn.functional.selu(y, inplace=True),
    "relu6": lambda torch, y, t: torch.nn.functional.relu6(y, inplace=True),
    "leaky_relu": lambda torch, y, t: torch.nn.functional.leaky_relu(y, inplace=True),
    "dropout": lambda torch, y, t: torch.nn.functional.dropout(y, 0.5, inplace=True),
    "a view": lambda torch, y, t: y[:2].mul_(2),
    "a view of a view": lambda torch, y, t: y.view(3, 1).t()[0].mul_(2),
    "one of several views": lambda torch, y, t: y.split(1)[0].mul_(2),
    "detached": lambda torch, y, t: y.detach().mul_(2),
    "its data": lambda torch, y, t: y.data.mul_(2),
    "without recording": lambda torch, y, t: torch.no_grad()(lambda: y.mul_(2))(),
    "reshaped": lambda torch, y, t: y.unsqueeze_(0),
    "squeezed": lambda torch, y, t: y.squeeze_(0),
    "resized": lambda torch, y, t: y.resize_(2),
    "set": lambda torch, y, t: y.set_(torch.ones(3)),
    "detached in place": lambda torch, y, t: y.detach_(),
    "a copy": lambda torch, y, t: y.clone().mul_(2),
    "a deep copy": lambda torch, y, t: copy.deepcopy(y).mul_(2),
    "a new parameter": lambda torch, y, t: torch.nn.Parameter(torch.ones(2)).data.mul_(2),
    "a new tensor of data": lambda torch, y, t: torch.tensor([1.0, 2.0]).mul_(2),
    "of an array": lambda torch, y, t: torch.from_numpy(np.ones(2)).mul_(2),
    "out": lambda torch, y, t: torch.add(torch.ones(3), torch.ones(3), out=y),
    "of a list of tensors": lambda torch, y, t: torch._foreach_add_([y], 1.0),
    "an inner gradient": lambda torch, y, t: torch.func.grad(lambda z: (z * y).sum())(torch.ones(3)).mul_(2),
    "an inner Jacobian": lambda torch, y, t: torch.func.jacfwd(lambda z: z)(torch.ones(3)).mul_(2),
    "an inner Hessian": lambda torch, y, t: torch.func.hessian(lambda z: (z**2).sum())(torch.ones(3)).mul_(2),
    "an inner vmap": lambda torch, y, t: torch.vmap(lambda z: z * 2)(y).mul_(2),
    "samples of it": lambda torch, y, t: torch.vmap(lambda z: z.mul_(2))(y),
    "an inner input": lambda torch, y, t: torch.func.grad(lambda z: (z.detach().mul_(2), z.sum())[1])(y),
    "memory as an array": lambda torch, y, t: y.numpy(),
    "memory of what was made": lambda torch, y, t: t.detach().numpy(),
    "an address": lambda torch, y, t: t.data_ptr(),
    "a storage": lambda torch, y, t: t.untyped_storage(),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_writes_to_what_is_captured(call: Any) -> None:
    def scenario(torch: Any) -> Any:
        captured = torch.tensor([1.0, 2.0, 3.0])
        seen = []

        def f(t: Any) -> Any:
            call(torch, captured, t)
            seen.append(True)
            return t.sum()

        try:
            torch.func.grad(f)(torch.ones(3))
        except (RuntimeError, NotImplementedError) as error:
            return type(error).__name__, str(error), captured
        return "allowed", captured

    agree(scenario, raises=False)


def test_arguments_that_are_not_differentiated_may_be_written_to() -> None:
    def scenario(torch: Any) -> Any:
        buffer, named = torch.zeros(3), torch.zeros(3)

        def f(x: Any, b: Any, *, n: Any) -> Any:
            b.add_(1)
            n.mul_(2).add_(3)
            return (x * b * n).sum()

        x = torch.tensor([1.0, 2.0, 3.0])
        found = [torch.func.grad(f)(x, buffer, n=named), buffer.clone()]
        found += [torch.func.jacrev(lambda x, b: b.add_(1) * x)(x, buffer), buffer.clone()]
        found += [torch.func.jacfwd(lambda x, b: b.add_(1) * x)(x, buffer), buffer.clone()]
        return [*found, named]

    agree(scenario, raises=False)


def test_batch_norms_count_in_buffers_that_are_given() -> None:
    def scenario(torch: Any) -> Any:
        norm = torch.nn.BatchNorm1d(3)
        x = torch.arange(12.0).reshape(4, 3).square()
        parameters, buffers = dict(norm.named_parameters()), dict(norm.named_buffers())

        def loss(p: Any, b: Any, x: Any) -> Any:
            return (torch.func.functional_call(norm, (p, b), (x,)) ** 3).sum()

        g = torch.func.grad(loss)(parameters, buffers, x)
        found = [{k: v.detach() for k, v in g.items()}, {k: v.clone() for k, v in buffers.items()}]
        try:
            torch.func.grad(lambda x: norm(x).sum())(x)
        except RuntimeError as error:
            return [*found, str(error)]
        raise AssertionError

    agree(scenario, tolerance=1e-4, raises=False)


OPTIMIZERS = ["SGD", "Adam", "AdamW", "NAdam", "RAdam", "Adamax", "Adagrad", "Adadelta", "RMSprop", "Rprop", "ASGD"]


@pytest.mark.parametrize("steps", [0, 1])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_optimizers_do_not_step_what_is_captured(name: str, steps: int) -> None:
    def scenario(torch: Any) -> Any:
        p = torch.nn.Parameter(torch.ones(2))
        optimizer = getattr(torch.optim, name)([p], lr=0.1)
        p.grad = torch.ones(2)
        for _ in range(steps):
            optimizer.step()

        def f(x: Any) -> Any:
            p.grad = torch.ones(2)
            optimizer.step()
            return x.sum()

        torch.func.grad(f)(torch.ones(2))

    agree(scenario, raises=True)


def test_an_optimizer_of_its_own_may_step() -> None:
    def scenario(torch: Any) -> Any:
        def loss(x: Any) -> Any:
            w = torch.zeros(2)
            optimizer = torch.optim.SGD([w], lr=0.1)
            w.grad = (x * 2).detach()
            optimizer.step()
            return (w * x).sum()

        return torch.func.grad(loss)(torch.tensor([1.0, 2.0]))

    agree(scenario, raises=False)


def made_inside(torch: Any, sample: str) -> Any:
    """Whether the results of a sample may be written to inside of a function that is differentiated, of operands from outside and
    of its own, and are inference tensors in inference mode."""
    given = operands(torch, sample)
    found: list[Any] = []

    def f(x: Any) -> Any:
        own = {name: value.clone() for name, value in given.items()}
        for result in [*run(torch, sample, given), *run(torch, sample, own)]:
            try:
                with torch.no_grad():
                    result.zero_()
                found.append("written")
            except RuntimeError as error:
                found.append("captured" if "captured" in str(error) else "written")  # of others are other tests
        return x.sum()

    torch.func.grad(f)(torch.ones(2))
    given = operands(torch, sample)
    with torch.inference_mode():
        found += [result.is_inference() for result in run(torch, sample, given)]
    return found


COMPOSITES = [
    "torch.isin(x, y)", "torch.isclose(x, y)", "torch.unravel_index(idx, (3, 4))", "torch.unique(x)", "torch.histc(x, 3)",
    "torch.unique_consecutive(x)", "torch.histogram(v, 3)", "torch.bincount(idx)", "torch.bucketize(x, v.sort()[0])",
    "torch.searchsorted(v.sort()[0], x)", "torch.nonzero(x)", "torch.nonzero(x, as_tuple=True)", "F.one_hot(idx)",
    "torch.argwhere(x)", "torch.linalg.cholesky_ex(m @ m.T + eye)", "torch.linalg.lstsq(m, n)", "torch.linalg.inv_ex(m)",
    "torch.linalg.solve_ex(m, n)", "torch.linalg.matrix_rank(m)", "torch.triangular_solve(n, m)", "x[x > 0]", "torch.rand(3)",
    "torch.randn_like(x)", "torch.randint(3, (2,))", "torch.randperm(4)", "torch.bernoulli(u)", "torch.normal(x, p)",
    "torch.multinomial(u, 2)", "torch.empty_strided((2, 3), (1, 2))", "torch.empty_like(t.permute(2, 0, 1))", "x.new_zeros(2)",
    "x.new_tensor([1.])", "torch.as_tensor([1.])", "torch.Tensor(2)", "torch.Tensor([1.])", "torch.eye(3)", "torch.arange(3)",
    "torch.linspace(0, 1, 3)", "torch.full((2,), 1.)", "torch.zeros(2, requires_grad=True)", "torch.hann_window(3)",
    "torch.tril_indices(3, 3)", "torch.complex(x, y)", "torch.polar(x, y)", "torch.combinations(v)", "torch.vander(v)",
    "torch.block_diag(x, y)", "torch.cartesian_prod(v, w)", "torch.meshgrid(v, w, indexing='ij')", "x.cpu()", "x.to(x.dtype)",
    "x.float()", "x.contiguous()", "x.reshape(3, 2)", "x.expand(2, 2, 3)", "x.T", "x.real", "x.detach()", "x.data", "x.clone()",
    "F.dropout(x, 0.5)", "F.dropout(x, 0.5, False)", "F.gumbel_softmax(x)", "F.rrelu(x, training=True)", "x.long()",
]  # fmt: skip


@pytest.mark.parametrize("sample", [*COMPOSITES, *EXPRESSIONS[::7]])
def test_what_functions_return_is_known_to_be_made_there(sample: str) -> None:
    try:
        expected = made_inside(torch, sample)
    except (RuntimeError, NotImplementedError, TypeError) as error:
        pytest.skip(str(error))
    assert made_inside(adjoint, sample) == expected


def test_the_refusal_ends_with_the_transform() -> None:
    def scenario(torch: Any) -> Any:
        kept: list[Any] = []

        def f(t: Any) -> Any:
            kept.append(torch.zeros(2))
            kept.append(t * 2)
            return t.sum()

        torch.func.grad(f)(torch.ones(2))
        kept[0].add_(1)

        def g(t: Any) -> Any:
            try:
                kept[0].add_(t)
            except RuntimeError as error:
                kept.append(str(error))
            return t.sum()

        torch.func.grad(g)(torch.ones(2))
        return kept[0] + 0, kept[2]

    agree(scenario, raises=False)


def test_a_failing_function_leaves_nothing_behind() -> None:
    def scenario(torch: Any) -> Any:
        captured = torch.ones(2)
        for _ in range(2):
            try:
                torch.func.grad(lambda t: (t * captured.add_(1)).sum())(torch.ones(2))
            except RuntimeError:
                pass
        return captured.add_(1)

    agree(scenario, raises=False)


def test_hooks_of_a_backward_inside_write_as_they_like() -> None:
    """A backward's own writes are no writes of the function's."""

    def scenario(torch: Any) -> Any:
        def f(x: Any) -> Any:
            y = x * 1
            y[1:].mul_(x[:2])
            return torch.func.grad(lambda z: (z.clone().mul_(z) * y).sum())(x).sum()

        return torch.func.grad(f)(torch.tensor([1.0, 2.0, 3.0]))

    agree(scenario, raises=False)


def test_a_forward_computes_outside_of_the_function_that_is_differentiated() -> None:
    """So it may hand memory to NumPy; the derivative is the one that the Function says."""

    def scenario(torch: Any) -> Any:
        class Cube(torch.autograd.Function):
            @staticmethod
            def forward(x: Any) -> Any:
                return torch.from_numpy(x.numpy() ** 3)

            @staticmethod
            def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
                ctx.save_for_backward(inputs[0])

            @staticmethod
            def backward(ctx: Any, g: Any) -> Any:
                return g * 3 * ctx.saved_tensors[0] ** 2

        x = torch.tensor([1.0, 2.0])
        func = torch.func

        def written(t: Any) -> Any:
            made = Cube.apply(t * 2)
            return made.add_(1).sum()

        return func.grad(lambda t: Cube.apply(t).sum())(x), func.grad(written)(x), func.jacrev(Cube.apply)(x)

    agree(scenario)

"""torch.autograd.functional: Jacobians, Hessians and their products with vectors."""

from __future__ import annotations

import pytest

from tests.both import agree

NAMES = ("vjp", "jvp", "vhp", "hvp")


def point(torch):
    return torch.tensor([1.0, 2.0, 3.0]), torch.tensor([[0.5, -1.0, 2.0]])


FUNCTIONS = {
    "one to one": lambda torch: (lambda x: x * x * x, point(torch)[0]),
    "two to one": lambda torch: (lambda x, y: x * y * y, point(torch)),
    "one to two": lambda torch: (lambda x: (x * x, x.sum()), point(torch)[0]),
    "two to two": lambda torch: (lambda x, y: (x.exp(), (x * y).sum()), point(torch)),
    "unused input": lambda torch: (lambda x, y: x * 2, point(torch)),
    "constant": lambda torch: (lambda x: torch.ones(2), point(torch)[0]),
    "linear": lambda torch: (lambda x: x * 3, point(torch)[0]),
}
SCALARS = {
    "cubic": lambda torch: (lambda x: (x * x * x).sum(), point(torch)[0]),
    "two": lambda torch: (lambda x, y: (x * x * y * y).sum(), point(torch)),
    "unused input": lambda torch: (lambda x, y: (x * x).sum(), point(torch)),
    "linear": lambda torch: (lambda x: x.sum(), point(torch)[0]),
    "not single": lambda torch: (lambda x: x * 2, point(torch)[0]),
    "constant": lambda torch: (lambda x: torch.ones(()), point(torch)[0]),
}


def ones_like(torch, value):
    return tuple(torch.ones_like(t) for t in value) if isinstance(value, tuple) else torch.ones_like(value)


@pytest.mark.parametrize("create_graph", [False, True])
@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize("which", FUNCTIONS)
@pytest.mark.parametrize("name", ["vjp", "jvp"])
def test_products_of_jacobians_with_vectors(name, which, strict, create_graph):
    def scenario(torch):
        func, inputs = FUNCTIONS[which](torch)
        several = inputs if isinstance(inputs, tuple) else (inputs,)
        v = ones_like(torch, func(*several) if name == "vjp" else inputs)
        return _values(getattr(torch.autograd.functional, name)(func, inputs, v, create_graph, strict))

    agree(scenario)


@pytest.mark.parametrize("create_graph", [False, True])
@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize("which", SCALARS)
@pytest.mark.parametrize("name", ["vhp", "hvp"])
def test_products_of_hessians_with_vectors(name, which, strict, create_graph):
    def scenario(torch):
        func, inputs = SCALARS[which](torch)
        return _values(
            getattr(torch.autograd.functional, name)(func, inputs, ones_like(torch, inputs), create_graph, strict)
        )

    agree(scenario)


@pytest.mark.parametrize(
    "options", [{}, {"strict": True}, {"create_graph": True}, {"create_graph": True, "strict": True}]
)
@pytest.mark.parametrize("which", FUNCTIONS)
def test_jacobians(which, options):
    def scenario(torch):
        func, inputs = FUNCTIONS[which](torch)
        found = torch.autograd.functional.jacobian(func, inputs, **options)
        return _values(found)

    agree(scenario)


def _values(found, graph=True):
    """Without the name of the node, which depends on how formulas are written."""
    if isinstance(found, (tuple, list)):
        return [_values(f, graph) for f in found]
    return found.detach(), found.requires_grad and graph


@pytest.mark.parametrize("strategy", ["reverse-mode", "forward-mode"])
@pytest.mark.parametrize("which", FUNCTIONS)
def test_vectorized_jacobians(which, strategy):
    def scenario(torch):
        func, inputs = FUNCTIONS[which](torch)
        return torch.autograd.functional.jacobian(func, inputs, vectorize=True, strategy=strategy)

    agree(scenario)


@pytest.mark.parametrize(
    "options",
    [{}, {"strict": True}, {"vectorize": True}, {"vectorize": True, "outer_jacobian_strategy": "forward-mode"}],
)
@pytest.mark.parametrize("which", SCALARS)
def test_hessians(which, options):
    def scenario(torch):
        func, inputs = SCALARS[which](torch)
        found = torch.autograd.functional.hessian(func, inputs, **options)
        return _values(found, graph="outer_jacobian_strategy" not in options)

    agree(scenario)


def test_create_graph_lets_gradients_flow_to_the_inputs():
    def scenario(torch):
        x = torch.tensor([1.0, 2.0], requires_grad=True)
        jacobian = torch.autograd.functional.jacobian(lambda x: x * x * x, x, create_graph=True)
        jacobian.sum().backward()
        print(x.grad)
        _, product = torch.autograd.functional.jvp(lambda x: x * x * x, x, torch.ones(2), create_graph=True)
        product.sum().backward()
        return x.grad

    agree(scenario)


@pytest.mark.parametrize(
    "call",
    [
        "f.vjp(lambda x: x * 2, x)",
        "f.jvp(lambda x: x * 2, x)",
        "f.vjp(lambda x: x * 2, x, torch.ones(2))",
        "f.vjp(lambda x: (x, x), x, (x,))",
        "f.vjp(lambda x: (x, x), x, (x, torch.ones(5)))",
        "f.jvp(lambda x: x, x, (x, x))",
        "f.vjp(lambda x: 3, x)",
        "f.vjp(lambda x: (x, 3), x)",
        "f.vjp(lambda x: x, [x])",
        "f.vjp(lambda x: x, (x, 3))",
        "f.hvp(lambda x: (x.sum(), x), x, x)",
        "f.jacobian(lambda x: x, x, strategy='sideways')",
        "f.jacobian(lambda x: x, x, strategy='forward-mode')",
        "f.jacobian(lambda x: x, x, strategy='forward-mode', create_graph=True)",
        "f.jacobian(lambda x: x, x, strategy='forward-mode', strict=True)",
        "f.jacobian(lambda x: x, x, vectorize=True, strict=True)",
        "f.hessian(lambda x: x.sum(), x, outer_jacobian_strategy='sideways')",
        "f.hessian(lambda x: (x.sum(),), x)",
    ],
)
def test_wrong_calls_say_what_is_wrong(call):
    def scenario(torch):
        def text(error):
            return str(error).replace("adjoint", "torch").replace("torch.tensor.", "torch.")

        try:
            eval(call, {"torch": torch, "f": torch.autograd.functional, "x": torch.ones(3)})
        except Exception as error:
            return type(error).__name__, text(error)

    agree(scenario)


def test_a_single_element_needs_no_vector():
    def scenario(torch):
        f = torch.autograd.functional
        x = torch.tensor([2.0])
        return f.vjp(lambda x: x**3, x), f.jvp(lambda x: x**3, x), f.hvp(lambda x: (x**3).sum(), x)

    agree(scenario)


def test_under_no_grad_the_function_is_differentiated_all_the_same():
    def scenario(torch):
        with torch.no_grad():
            return torch.autograd.functional.vjp(lambda x: x * x, torch.ones(2), torch.ones(2))

    agree(scenario)

"""The derivative's formula as a reader wants it: decided where a call decides, in the user's names, and readable in every row."""

import re

import pytest

import adjoint as torch
from adjoint.declare.namespaces import OPERATORS
from adjoint.viz._of import recording_of

F = torch.nn.functional

CASES = [
    ("x * y", ["g * y", "g * x"]),
    ("x * 3", ["g * 3"]),
    ("x / y", ["g / y", "-g * x / y / y"]),
    ("x ** 3", ["g * x ** 2 * 3"]),
    ("x ** 2", ["g * 2 * x"]),
    ("x.sum()", ["g"]),
    ("x.mean()", ["g / 6"]),
    ("x.mean(1)", ["g / 3"]),
    ("x + row", ["g", "sum(g, 0)"]),
    ("x @ m", ["g @ mᵀ", "xᵀ @ g"]),
    ("x.relu()", ["g if result != 0 else 0"]),
    ("torch.where(x > 0, x, y)", ["g if condition else 0", "0 if condition else g"]),
    ("x.clamp(-1, 1)", ["g if -1 <= x <= 1 else 0"]),
    ("x.sigmoid()", ["g * (1 - result) * result"]),
    ("F.softmax(x, 1)", ["result * (g - sum(g * result, 1))"]),
    ("F.log_softmax(x, 1)", ["g - exp(result) * sum(g, 1)"]),
    ("F.mse_loss(x, y)", ["2 * (x - y) * g / 6", "2 * (y - x) * g / 6"]),
    ("F.mse_loss(x, y, reduction='sum')", ["2 * (x - y) * g", "2 * (y - x) * g"]),
    ("F.binary_cross_entropy_with_logits(x, u)", ["(σ(x) - u) * g / 6"]),
    ("x.std()", ["g * (x - mean(x)) / (result * 5)"]),
    ("x.max()", ["g * (x == result) / sum(x == result)"]),
    ("x.exp()", ["g * result"]),
    ("F.gelu(x)", ["g * (Φ(x) + x * φ(x))"]),
    ("x.t()", ["gᵀ"]),
    ("x.reshape(6)", ["g.reshape(2, 3)"]),
    ("x.norm()", ["g * x / result"]),
]


@pytest.mark.parametrize(("expression", "formulas"), CASES)
def test_formulas_read_as_on_paper(expression, formulas):
    x, y = torch.rand(2, 3, requires_grad=True), torch.rand(2, 3, requires_grad=True)
    row, m, u = torch.rand(3, requires_grad=True), torch.rand(3, 4, requires_grad=True), torch.rand(2, 3)
    names = {"x": x, "y": y, "row": row, "m": m, "u": u}
    nodes = recording_of(eval(expression), with_gradients=False, names=names).nodes
    found = [i.derivative_named for i in nodes[-1].inputs if i.derivative_named is not None]
    assert found == formulas


def test_products_of_a_vector_and_a_matrix_are_outer_products():
    v, w = torch.rand(5), torch.rand(5, 3, requires_grad=True)
    z = torch.matmul(v, w)
    node = next(n for n in recording_of(z, with_gradients=False).nodes if n.operator == "matmul")
    assert [i.derivative_named for i in node.inputs if i.requires_grad] == ["outer(v, g)"]


def test_a_function_of_the_users_is_its_own_backward():
    class Cube(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            ctx.save_for_backward(a)
            return a**3

        @staticmethod
        def backward(ctx, g):
            (a,) = ctx.saved_tensors
            return 3 * a**2 * g

    x = torch.ones(2, requires_grad=True)
    out = Cube.apply(x).sum()
    recording = recording_of(out)
    cube = next(n for n in recording.nodes if n.grad_fn == "CubeBackward")
    assert recording.nodes[0].gradient.arrived[0].numbers == [3.0, 3.0]
    assert cube.gradient.arrived[0].numbers == [1.0, 1.0]


def test_rows_say_how_their_formulas_read_where_these_are_code():
    """What a reader gets to see of a row is an expression of a few known functions, or words."""
    from adjoint.viz.derivatives import derivative_of

    opaque = re.compile(r"\b\w+_(gradient|gradients|back|backward)\b")
    unreadable = {}
    for key, operator in OPERATORS.items():
        if operator.name.startswith("_") or operator.name.endswith(("_backward", "_zero", "_at", "_in", "_put", "_along")):
            continue  # what only the derivatives of derivatives call
        for names in operator.gradients:
            for name in names:
                text = derivative_of(operator, name, {})
                if text is None or opaque.search(text):
                    unreadable[key] = text
    assert set(unreadable) <= {"clamp", ".clamp"}, unreadable


def test_the_help_of_an_operator_shows_its_readings():
    assert "self: result * (g - sum(g * result, dim))" in (OPERATORS["softmax"].function.__doc__ or "")


def test_of_complex_numbers_conjugates_are_shown():
    x = torch.ones(2, dtype=torch.complex64, requires_grad=True)
    y = torch.ones(2, dtype=torch.complex64)
    node = recording_of(x * y, with_gradients=False).nodes[-1]
    assert node.inputs[0].derivative_named == "g * conj(y)"

"""Every operator and module of PyTorch's databases, called wrongly in each place: the errors are PyTorch's, and say nothing
of the inside.  ``python -m fuzz.wrong_arguments`` prints every difference."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("expecttest")  # which the databases import

import adjoint
from fuzz.databases.modules import MODULES
from fuzz.databases.operators import OPERATORS
from fuzz.wrong_arguments import leaks, run

NAMES = [*OPERATORS, *MODULES]
PARTS = 4

# What differs and why; all else has to be as in PyTorch.
INSIDE = {
    "nn.Transformer": "PyTorch's own helper is named in the text, for more of its arguments than PyTorch does",
    "chalf": "Adjoint has no complex numbers of halves",
}


@pytest.mark.parametrize("part", range(0, PARTS, 2))  # half of them; the command has all
def test_calls_with_a_wrong_argument_raise_pytorchs_error_and_no_text_from_inside(part: int) -> None:
    result = run(NAMES[part::PARTS])
    raised = sum(result.counts[kind] for kind in ("same", "text", "theirs", "type", "inside"))
    assert raised > 3000
    inside = [f for f in result.findings if f.kind == "inside" and f.name.partition(".forward")[0] not in INSIDE]
    assert not inside, "\n".join(map(str, inside[:10]))
    assert result.counts["type"] <= 0.02 * raised, result.summary()
    assert result.counts["accepted"] <= 0.03 * raised, result.summary()
    assert result.counts["refused"] <= 0.005 * raised, result.summary()


@pytest.mark.parametrize(
    ("call", "text"),
    [
        ("torch.exp('a')", "exp(): argument 'input' (position 1) must be Tensor, not str"),
        ("torch.softmax(x, dim='a')", "softmax(): argument 'dim' (position 2) must be int, not str"),
        ("x.sum(dim='a')", "sum(): argument 'dim' (position 2) must be tuple of ints, not str"),
        ("torch.cat(x)", "cat(): argument 'tensors' (position 1) must be tuple of Tensors, not Tensor"),
        ("torch.cat([x, 3])", "expected Tensor as element 1 in argument 0, but got int"),
        ("torch.argmax(x, keepdim='yes')", "argmax(): argument 'keepdim' (position 3) must be bool, not str"),
        ("F.linear(3, x)", "linear(): argument 'input' (position 1) must be Tensor, not int"),
        ("F.mse_loss(x, 3)", "mse_loss(): argument 'target' (position 2) must be Tensor, not int"),
        ("torch.nn.Linear(2, 'a')", "empty(): argument 'size' (position 1) must be tuple of ints, but found element of type str at "
         "pos 0"),
        ("torch.nn.Conv2d()", "Conv2d.__init__() missing 3 required positional arguments: 'in_channels', 'out_channels', and "
         "'kernel_size'"),
        ("torch.nn.Sigmoid()(3)", "sigmoid(): argument 'input' (position 1) must be Tensor, not int"),
    ],
)  # fmt: skip
def test_an_error_names_the_argument_that_is_wrong(call: str, text: str) -> None:
    with pytest.raises(TypeError) as caught:
        eval(call, {"torch": adjoint, "F": adjoint.nn.functional, "x": adjoint.ones(2)})
    assert str(caught.value) == text
    assert caught.value.__suppress_context__ or caught.value.__context__ is None  # what failed inside is not shown


def test_an_error_in_a_function_of_the_users_is_left_as_it_is() -> None:
    def broken(x: Any) -> Any:
        return x.no_such_thing

    with pytest.raises(AttributeError, match="no_such_thing"):
        adjoint.func.grad(broken)(adjoint.ones(()))
    with pytest.raises(AttributeError, match="no_such_thing"):
        adjoint.nn.functional.triplet_margin_with_distance_loss(
            *[adjoint.ones(1, 2)] * 3, distance_function=lambda a, b: a.no_such_thing
        )


def test_flags_of_numpy_are_flags() -> None:
    assert adjoint.ones(2, 3).sum(0, keepdim=np.bool_(True)).shape == (1, 3)
    assert adjoint.ones(2, 3).sum(0, keepdim=np.bool_(False)).shape == (3,)


def test_a_guarded_function_has_the_signature_and_the_documentation_of_its_own() -> None:
    import inspect

    linear = adjoint.nn.functional.linear
    assert list(inspect.signature(linear).parameters) == ["input", "weight", "bias"]
    assert linear.__name__ == "linear" and linear.__doc__ and linear.__wrapped__.__module__ == linear.__module__


def test_the_texts_of_the_inside_are_known_as_such() -> None:
    theirs = "TypeError: exp(): argument 'input' (position 1) must be Tensor, not int"
    assert leaks("AttributeError: 'int' object has no attribute '_array'", theirs)
    assert leaks("TypeError: _Conv.__init__() missing 1 required positional argument: 'x'", theirs)
    assert leaks("ValueError: operands could not be broadcast together with shapes (2,) (3,)", theirs)
    assert not leaks(theirs, theirs) and not leaks("RuntimeError: mat1 and mat2 shapes cannot be multiplied", theirs)

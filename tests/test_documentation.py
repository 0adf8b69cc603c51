"""Every public function says in a sentence what it computes: for ``help()``, for editors, and for the site."""

import inspect
import re

import pytest

import adjoint
from adjoint.declare.namespaces import FUNCTIONS, OPERATORS, lookup


def sentence_of(doc):
    """What a docstring says first: behind the signature with which a row's begins, before the formulas."""
    text = inspect.cleandoc(doc or "")
    if re.match(r"\w+\(.*\) -> ", text):
        text = text.partition("\n")[2].lstrip("\n")
    return "" if text.startswith(("Gradients::", "Not differentiable")) else text.partition("\n\n")[0]


ROWS = sorted(key for key, row in OPERATORS.items() if row.where and row.name[0] != "_")


def test_every_public_row_has_a_sentence():
    assert [key for key in ROWS if not sentence_of(OPERATORS[key].doc).endswith((".", ":", "``"))] == []


def test_no_two_rows_say_the_same():
    said = {}
    for key in ROWS:
        said.setdefault(OPERATORS[key].doc, []).append(key)
    assert [keys for doc, keys in said.items() if len(keys) > 1 and len({OPERATORS[k].name for k in keys}) > 1] == []


@pytest.mark.parametrize("place", ["torch", "nn.functional", "linalg", "special"])
def test_every_public_function_has_a_sentence(place):
    functions = {name: lookup(place, name) for name in FUNCTIONS[place] if name[0] != "_"}
    assert [name for name, found in functions.items() if callable(found) and not sentence_of(found.__doc__)] == []


def test_every_public_method_and_property_has_a_sentence():
    missing = []
    for name in vars(adjoint.Tensor):
        found = getattr(adjoint.Tensor, name)
        if name[0] != "_" and (inspect.isfunction(found) or isinstance(found, property)) and not sentence_of(found.__doc__):
            missing.append(name)
    assert missing == []


def test_help_says_what_lgamma_is():
    text = adjoint.lgamma.__doc__
    assert text.startswith("lgamma(input) -> Tensor\n\nThe natural logarithm of the absolute value of the gamma function")
    assert "Gradients::" in text

"""Operators with something else on one side: what a tensor does not know is for the other operand to answer."""

from __future__ import annotations

import datetime
import decimal
import fractions
import operator
from typing import Any

import numpy as np
import pytest

from tests.both import agree

OPERATORS = (
    "add sub mul truediv floordiv mod pow matmul and_ or_ xor lshift rshift eq ne lt le gt ge iadd isub imul itruediv ifloordiv "
    "imod ipow imatmul iand ior ixor ilshift irshift"
).split()

REFLECTED = "add sub mul truediv floordiv mod pow matmul and or xor lshift rshift".split()


class Answers:
    """Something with all reflected methods."""


for _name in REFLECTED:
    setattr(Answers, f"__r{_name}__", lambda self, other, name=_name: f"answered {name}")
for _name in ("__lt__", "__le__", "__gt__", "__ge__", "__eq__", "__ne__"):
    setattr(Answers, _name, lambda self, other, name=_name: f"answered {name}")


class Multiplies:
    """Something that knows how to be multiplied with alone: quotients are products with a reciprocal."""

    def __rmul__(self, other: Any) -> str:
        return "answered mul"


class Declines:
    """Something that is asked about functions and knows no answer."""

    @classmethod
    def __torch_function__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return NotImplemented


OTHERS = {
    "an object that answers": Answers(),
    "an object that multiplies": Multiplies(),
    "a text": "a",
    "NumPy's text": np.str_("a"),
    "NumPy's date": np.datetime64("2020-01-01"),
    "None": None,
    "a list": [1.0, 2.0],
    "a tuple": (1.0, 2.0),
    "a dictionary": {0: 1},
    "a set": {1},
    "a fraction": fractions.Fraction(1, 2),
    "a decimal": decimal.Decimal("1.5"),
    "a time": datetime.timedelta(1),
    "an integer beyond 64 bits": 10**30,
    "a negative integer beyond 64 bits": -(10**30),
    "an array of objects": np.array([1, 2], dtype=object),
    "bytes": b"ab",
}


@pytest.mark.parametrize("other", OTHERS)
@pytest.mark.parametrize("kind", ["float32", "int64"])
def test_what_a_tensor_does_not_know_is_for_the_other_operand(other: str, kind: str) -> None:
    def scenario(torch: Any) -> Any:
        found = []
        for name in OPERATORS:
            function = getattr(operator, name)
            for turned in (False, True):
                if turned and other == "an array of objects":  # NumPy's own answer
                    continue
                if name in ("pow", "ipow") and "beyond" in other:  # which is infinite here, and refused there
                    continue
                if turned and name[0] == "i" and other in ("a list", "a set", "a dictionary"):  # which change
                    continue
                x = torch.tensor([2, 3], dtype=getattr(torch, kind))
                pair = (OTHERS[other], x) if turned else (x, OTHERS[other])
                try:
                    result = function(*pair)
                    found.append((name, turned, result if isinstance(result, (str, bool, torch.Tensor)) else type(result).__name__))
                except (TypeError, RuntimeError, ValueError, OverflowError) as error:
                    found.append((name, turned, type(error).__name__, str(error).splitlines()[0]))
        return found

    agree(scenario, warnings_too=False)


def test_tensors_reflected_methods_take_tensors() -> None:
    def scenario(torch: Any) -> Any:
        x, y = torch.tensor([5, 7]), torch.tensor([2, 3])
        names = "rsub rtruediv rfloordiv rmod rpow rlshift rrshift rand ror rxor rdiv".split()
        return [getattr(y, f"__{name}__")(x) for name in names]

    agree(scenario)


def test_what_knows_no_answer_leaves_it_to_python() -> None:
    def scenario(torch: Any) -> Any:
        x = torch.tensor([2, 3])
        found: list[Any] = [x == Declines(), x.__and__(Declines()) is NotImplemented, x.__rsub__(Declines()) is NotImplemented]
        for name in ("pow", "and_", "lshift", "floordiv"):
            with pytest.raises(TypeError, match="unsupported operand"):
                getattr(operator, name)(x, Declines())
        for name in ("add", "mul", "lt"):
            with pytest.raises(TypeError, match="Multiple dispatch failed"):
                getattr(operator, name)(x, Declines())
        return found

    agree(scenario)


def test_what_cannot_be_written_is_told_before_what_cannot_be_computed() -> None:
    def scenario(torch: Any) -> Any:
        found = []
        for name in ("iand", "ior", "ixor", "ilshift", "irshift"):
            x = torch.tensor([1, 2])
            for target, other in ((x, 2.5), (x, torch.ones(2)), (torch.tensor(1), torch.ones(2))):
                with pytest.raises(RuntimeError) as caught:
                    getattr(operator, name)(target, other)
                found.append((type(caught.value).__name__, str(caught.value)))
        return found

    agree(scenario)


@pytest.mark.parametrize("element", [np.float32(2), np.int64(2), 2, 2.5, True])
def test_numbers_of_numpy_are_looked_for(element: Any) -> None:
    agree(lambda torch: element in torch.tensor([1.0, 2.0]))

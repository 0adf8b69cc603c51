"""What PyTorch's operator database has as calls that fail: they fail in the same words; ``make parity`` runs all."""

from __future__ import annotations

import re
from typing import Any

import pytest

pytest.importorskip("torch")
pytest.importorskip("expecttest")  # which the database imports

from fuzz.databases.exceptions import REFUSED
from fuzz.databases.refusals import REFUSALS, compare
from tests.both import agree

AT_ONCE = 60  # operators a test
PART = 4  # calls of each operator, always the same ones


@pytest.mark.parametrize("first", range(0, len(REFUSALS), AT_ONCE))
def test_calls_that_are_to_fail_do_so_in_pytorchs_words(first: int) -> None:
    found, compared = [], 0
    for name in list(REFUSALS)[first : first + AT_ONCE]:
        report = compare(name, most=PART)
        found += report.findings
        compared += report.compared
    assert not found, "\n".join(map(str, found))
    assert compared


def test_exceptions_are_of_operators_that_have_such_calls_and_have_a_reason() -> None:
    assert {f"{name} refuses" for name in REFUSED} <= set(REFUSALS)
    assert all(len(reason.split()) > 3 and re.compile(pattern) for pattern, reason in REFUSED.values())


@pytest.mark.parametrize("name", "eq bitwise_and xlogy floor_divide rsub max remainder fmod clamp_min pow".split())
@pytest.mark.parametrize("given", ["1, 'a'", "'a', x", "x, 'a'", "x, object()"])
def test_arguments_that_fit_no_signature_are_told_with_all_of_them(name: str, given: str) -> None:
    agree(lambda torch: eval(f"torch.{name}({given})", {"torch": torch, "x": torch.ones(2)}))


@pytest.mark.parametrize("given", ["0, 64, 0.5", "3, 0, -0.5", "0, 3, 0"])
def test_a_step_that_an_integer_range_cannot_take_is_refused(given: str) -> None:
    agree(lambda torch: eval(f"torch.arange({given}, dtype=torch.int64)", {"torch": torch}))


@pytest.mark.parametrize("call", ["torch.heaviside(x, values=x)", "x.heaviside(values=x)", "torch.heaviside(x, 2)"])
def test_what_heaviside_is_at_zero_is_called_values(call: str) -> None:
    agree(lambda torch: eval(call, {"torch": torch, "x": torch.zeros(2)}))


def test_windows_are_refused_in_pytorchs_order() -> None:
    def scenario(torch: Any) -> None:
        torch.nn.functional.avg_pool2d(torch.ones(0, 1, 49), 2, 50, -1)

    agree(scenario)

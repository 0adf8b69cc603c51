"""PyTorch's own operator database, run with both libraries: a fixed part of its samples; ``make parity`` runs all.

Every aspect of every entry that agreed when ``docs/parity.json`` was written has to agree still.
"""

from __future__ import annotations

import re

import pytest

pytest.importorskip("torch")
pytest.importorskip("expecttest")  # which the database imports

from fuzz.databases.comparison import difference
from fuzz.databases.exceptions import KNOWN, UNCOUNTED
from fuzz.databases.operators import OPERATORS
from fuzz.databases.translation import _by_identity, translated
from fuzz.parity import marks, page
from fuzz.parity.aspects import AGREES, ASPECTS, DIFFERS, DTYPES, examine

AT_ONCE = 40  # operators a test


def part(name: str) -> list[tuple[str, tuple[str, ...]]]:
    """What is run of an entry here: every aspect in one dtype, in turn over the entries."""
    import torch

    place, info = list(OPERATORS).index(name), OPERATORS[name]
    dtypes = [d for d in DTYPES if getattr(torch, d) in info.supported_dtypes("cpu")]
    return [(dtypes[place % len(dtypes)], tuple(ASPECTS))] if dtypes else []


@pytest.mark.parametrize("first", range(0, len(OPERATORS), AT_ONCE))
def test_operators_do_to_the_databases_samples_what_pytorchs_do(first: int) -> None:
    found, compared = [], 0
    written = marks.read()
    for name in list(OPERATORS)[first : first + AT_ONCE]:
        for dtype, aspects in part(name):
            outcome = examine(name, dtype, 1, aspects)
            found += [f for f in outcome.findings if marks.mark(written, name, dtype, f.aspect) != DIFFERS]
            compared += outcome.compared
    assert not found, "\n".join(map(str, found))
    assert compared


def test_the_page_is_that_of_the_marks() -> None:
    written = marks.read()
    assert page.FILE.read_text(encoding="utf-8") == page.text(written, *marks.run())
    assert set(written) <= set(OPERATORS)
    good, of = (sum(part) for part in zip(*(marks.share(count) for count in marks.counts(written).values()), strict=True))
    assert good > 0.8 * of > 0


def test_exceptions_are_operators_of_the_database_and_have_a_reason() -> None:
    assert set(KNOWN) | set(UNCOUNTED) <= set(OPERATORS)
    assert all(len(reason.split()) > 3 and re.compile(pattern) for pattern, reason in KNOWN.values())
    assert all(len(reason.split()) > 3 for reason in UNCOUNTED.values())


def test_an_operator_that_computes_something_else_loses_its_marks(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    import adjoint

    before = examine("sin", "float64", 2, ASPECTS)
    assert set(before.marks.values()) == {AGREES} and not before.findings
    monkeypatch.setitem(_by_identity(), id(torch.sin), (torch.sin, adjoint.cos, "torch.sin"))
    after = examine("sin", "float64", 2, ASPECTS)
    differ = {aspect for aspect, mark in after.marks.items() if mark == DIFFERS}
    assert differ == {"forward", "gradient", "second", "forward mode", "vmap", "out="}
    assert marks.gathered([after])["sin"]["float64"] == "------++"


def test_a_difference_of_each_kind_is_found() -> None:
    import torch

    a = torch.arange(6.0).reshape(2, 3)
    for other, kind in (
        (a.double(), "dtype"),
        (a.reshape(3, 2), "shape"),
        (a.t().contiguous().t(), "strides"),
        (a + 1e-3, "values"),
        (a.clone().requires_grad_(), "requires_grad"),
    ):
        assert kind in str(difference(a, translated(other)))
    assert difference(a, translated(a)) is None
    assert "type" in str(difference(a, None)) and "parts" in str(difference([a], []))


def test_a_translated_tensor_lies_in_memory_as_the_original_does() -> None:
    import torch

    base = torch.arange(24.0).reshape(2, 3, 4)
    for view in (base.transpose(0, 2), base[:, 1:, ::2], base[0, 0].expand(5, 4), base[:0], base[1, 2, 3]):
        made = translated(view)
        assert made.stride() == view.stride() or not view.numel()
        assert made.storage_offset() == view.storage_offset()
        assert made.tolist() == view.tolist()

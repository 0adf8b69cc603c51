"""PyTorch's own module database, run with both libraries: a fixed part of its samples; ``make database`` runs all.

Each is constructed from the same seed, printed, called, differentiated twice, copied, and saved for the other library.
"""

from __future__ import annotations

import pytest

pytest.importorskip("torch")
pytest.importorskip("expecttest")  # which the database imports

from fuzz.databases.modules import KNOWN, MODULES, compare, sampled

# Samples of each module and dtype, always the same ones.
PART = {"float64": 2, "float32": 1, "float16": 1}
AT_ONCE = 15  # modules a test


@pytest.mark.parametrize("first", range(0, len(MODULES), AT_ONCE))
def test_modules_do_to_the_databases_samples_what_pytorchs_do(first: int) -> None:
    found, lacking = [], set()
    for name in list(MODULES)[first : first + AT_ONCE]:
        for dtype, most in PART.items():
            report = compare(name, dtype, most)
            found += report.findings
            lacking |= {each.removeprefix("torch.") for each in report.lacking}
    assert not found, "\n".join(map(str, found))
    assert not lacking


@pytest.mark.parametrize("name", [name for name, info in MODULES.items() if info.module_error_inputs_func])
def test_modules_refuse_what_the_database_says_they_refuse_in_pytorchs_words(name: str) -> None:
    samples = {number for number, sample in sampled(name, "float32") if sample.error}
    found = compare(name, "float32", only=samples).findings
    assert samples and not found, "\n".join(map(str, found))


def test_exceptions_are_modules_of_the_database_and_have_a_reason() -> None:
    assert set(KNOWN) <= set(MODULES)
    assert all(len(reason.split()) > 3 for _, reason in KNOWN.values())

"""Random programs, run with PyTorch and with Adjoint (``make fuzz`` runs many more)."""

from __future__ import annotations

import pytest

pytest.importorskip("torch")

from fuzz.compare import Disagreement, compare, shrink
from fuzz.generate import Program


@pytest.mark.parametrize("first", range(0, 600, 60))
def test_random_programs_do_the_same_in_both_libraries(first: int) -> None:
    for seed in range(first, first + 60):
        lines = Program(seed).lines
        found = compare(lines)
        if found is not None:
            lines, found = shrink(lines, found)
            pytest.fail(f"seed {seed}:\n" + "\n".join(lines) + f"\n{found}")


def test_a_seed_stands_for_one_program() -> None:
    assert Program(7).lines == Program(7).lines != Program(8).lines


def test_a_difference_is_found_and_shrunk_to_the_lines_that_show_it() -> None:
    lines = [
        "v0 = torch.tensor([1.0, 2.0])",
        "v1 = v0 * 3",
        "v2 = v0 + (1 if torch.__name__ == 'torch' else 2)",
        "v3 = v1 + v2",
    ]
    found = compare(lines)
    assert isinstance(found, Disagreement)
    assert (found.line, found.what) == (2, "v2.value")
    assert shrink(lines, found)[0] == [lines[0], lines[2]]


def test_errors_are_compared_by_type_and_text() -> None:
    assert compare(["v0 = torch.ones(2).view(3)"]) is None
    found = compare(["raise ValueError(torch.__name__)"])
    assert found is not None and found.what == "raised"

"""Libraries that stand on PyTorch: the programs of ``ecosystem`` that need no more than the tests do, and how they are compared."""

from __future__ import annotations

import importlib.util

import pytest

from ecosystem.__main__ import result_of
from ecosystem.comparing import compare
from ecosystem.environments import here
from ecosystem.program import Program, programs, quick, read

MODULES = {"pyyaml": "yaml", "pillow": "PIL"}
"""What a distribution is imported as, where that is not its name."""


def is_missing(package: str) -> bool:
    return importlib.util.find_spec(MODULES.get(package, package.replace("-", "_"))) is None


@pytest.mark.parametrize("program", quick(programs()), ids=lambda program: program.name)
def test_a_program_prints_what_it_prints_under_pytorch(program: Program):
    pytest.importorskip("torch")
    for package in program.packages:
        if is_missing(package):
            pytest.skip(f"{package} is not installed")
    result = result_of(program, *here())
    assert result.agrees, f"{result.problem}\n{result.adjoint.errors[-3000:]}"


def test_every_program_says_what_it_does_and_what_it_needs():
    names = [program.name for program in programs()]
    assert names == sorted(names) and all(program.what.endswith(".") for program in programs())


def test_a_program_without_packages_or_with_a_tolerance_that_has_no_reason_is_refused(tmp_path):
    path = tmp_path / "library_what.py"
    path.write_text('"""It does something."""\n')
    with pytest.raises(ValueError, match="'# packages"):
        read(path)
    path.write_text('"""It does something."""\n# packages: einops\n# tolerance: 1e-2\n')
    with pytest.raises(ValueError, match="needs a reason"):
        read(path)
    path.write_text('"""It does something."""\n# packages: einops timm\n# tolerance: 1e-2 because sums are long\n')
    assert (read(path).tolerance, read(path).because, read(path).library) == (1e-2, "sums are long", "einops")


def test_words_and_whole_numbers_have_to_be_equal_and_other_numbers_nearly():
    assert compare("a: 1.00000 2", "a: 1.00001 2", 1e-4).agrees
    assert compare("a: 1e-9 nan -inf", "a: 3e-9 nan -inf", 1e-4).agrees
    assert not compare("a: 1.0 2", "a: 1.0 3", 1e-4).agrees
    assert not compare("a: 1.001", "a: 1.002", 1e-4).agrees
    assert not compare("a: 1.0", "b: 1.0", 1e-4).agrees
    assert not compare("a: nan", "a: 1.0", 1e-4).agrees
    assert compare("a\nb", "a", 1e-4).differs == "only PyTorch prints 'b'"


def test_the_largest_difference_is_that_of_any_two_numbers():
    assert compare("a: 1.0 2.0\nb: 4.0", "a: 1.0 2.0\nb: 4.0001", 1e-3).largest == pytest.approx(2.5e-5, rel=1e-3)

"""A fixed small part of the mutants of checkpoints (``python -m fuzz.files`` loads many more), and the guard that watches."""

from __future__ import annotations

import subprocess
import sys

import pytest

from fuzz.files.batches import run
from fuzz.files.mutants import mutant


def test_mutants_load_or_raise_what_is_documented_and_reach_nothing() -> None:
    outcomes, wrong = run(0, 1500, 1)
    assert wrong == []
    assert {outcome for _, outcome in outcomes} >= {"loaded", "damaged", "refused"}


def test_a_seed_stands_for_one_file() -> None:
    assert mutant(3) == mutant(3) != mutant(4)


@pytest.mark.skipif(sys.platform != "linux", reason="limits and peaks of memory are Linux's")
@pytest.mark.parametrize(
    ("does", "told"),
    [
        ("__import__('os').listdir('.')", "reached out"),
        ("eval('1')", "reached out"),
        ("b'x' * (400 << 20)", "took too much"),
        ("[][0]", "raised IndexError"),
        ("None", "loaded"),
    ],
)
def test_the_guard_sees(does: str, told: str) -> None:
    program = f"""
import adjoint
from fuzz.files import guard
guard.prepare()
def load(file, weights_only):
    {does}
adjoint.load = load
print(guard.load(b"x"))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120)
    assert told in done.stdout, (done.stdout, done.stderr)

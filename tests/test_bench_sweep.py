"""The benchmark's sweep: its rows are what they say, of the sizes that are asked for, and the same with both peers."""

from math import prod

import pytest

import adjoint
from adjoint.declare.namespaces import OPERATORS
from bench.sweep import command, operands, timing
from bench.sweep.operators import DOMAINS, LEFT_OUT, rows

torch = pytest.importorskip("torch")

# Two channels of 2 x 2 are too few for these, in PyTorch, too.
TOO_SMALL = {"pixel_shuffle"}


def shapes_of(library, expression):
    try:
        steps, moved = timing.prepared(library, expression, operands.Operands(8, "float32"))
    except timing.Refused as error:
        return str(error), None, None
    found = steps["forward"]()
    found = [t for t in (found if isinstance(found, (tuple, list)) else [found]) if isinstance(t, library.Tensor)]
    return [(tuple(t.shape), str(t.dtype)) for t in found], sorted(steps), moved


@pytest.mark.parametrize("name", rows())
def test_a_row_is_the_same_with_both_peers(name):
    ours, theirs = (shapes_of(library, rows()[name]) for library in (adjoint, torch))
    assert ours == theirs
    assert ours[1] is not None or name in TOO_SMALL


@pytest.mark.parametrize("n", command.SIZES)
def test_the_operands_have_so_many_elements(n):
    assert prod(operands.rows_and_columns(n)) == prod(operands.three(n)) == prod(operands.images(n)) == n
    assert 0.9 * n <= prod(operands.squares(n)) <= n


def test_what_is_named_in_the_table_of_domains_is_a_row():
    assert {*DOMAINS, *LEFT_OUT} <= set(OPERATORS)


def test_a_row_that_there_is_not_is_named(capsys, monkeypatch):
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        monkeypatch.setenv(name, "1")
    monkeypatch.setattr(command.measure, "environment", dict)
    monkeypatch.setattr(command, "_peers", lambda threads: {})
    assert command.main(["--only", "softmax", "hardmax"]) == 2
    assert "the sweep has no hardmax" in capsys.readouterr().err


def test_the_worst_row_is_printed_first_and_the_mean_is_geometric(capsys):
    def row(ratio):
        part = {"seconds": {"adjoint": 1e-6, "torch": ratio * 1e-6}, "ratio": ratio}
        return {"float32": {"moved": 8, "forward": part, "both": part}}

    command._print({"fast": row(4.0), "slow": row(0.25), "usual": row(8.0)}, 8, ["float32"])
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[1:4]] == ["slow", "fast", "usual"]
    assert "geometric mean 2.00 of 3" in lines[4] and "1 below 0.9" in lines[4]


def test_the_least_seconds_are_those_of_each_function():
    now = [0.0]

    def takes(seconds):
        def step():
            now[0] += seconds

        return step

    found = timing.least_seconds({"a": takes(1.0), "b": takes(3.0)}, lambda: now[0], 3)
    assert found == {"a": 1.0, "b": 3.0}

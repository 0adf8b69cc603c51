"""A fixed small part of every family of random programs (``make fuzz`` runs many more), and the harness that runs them."""

from __future__ import annotations

import os
import time
import types
from multiprocessing.connection import Connection
from typing import Any

import pytest

pytest.importorskip("torch")

from fuzz import trial, workers
from fuzz.compare import Settings, compare
from fuzz.families import families, shared_out
from fuzz.program import Program
from fuzz.shrink import shrink
from fuzz.tolerance import AMPLIFIED

_PARTS = 10  # so that processes can share a family's programs


@pytest.mark.parametrize("part", range(_PARTS))
@pytest.mark.parametrize("family", families())
def test_random_programs_do_the_same_in_both_libraries(family: str, part: int) -> None:
    count: int = getattr(families()[family], "TESTED", 60)
    for i, (environment, seeds) in enumerate(shared_out(family, range(count))):
        if all(os.environ.get(name) == value for name, value in environment.items()):
            trials: Any = (trial.try_out(family, seed) for seed in seeds if seed % _PARTS == part)
        elif part == i:  # one process for all of them
            trials = workers.run([(family, seed) for seed in seeds], 1, environment)
        else:
            continue
        for tried in trials:
            if tried.finding is not None:
                pytest.fail(f"{family}, seed {tried.seed}:\n\n{tried.finding.text}", pytrace=False)


@pytest.mark.parametrize("family", families())
def test_a_seed_stands_for_one_program(family: str) -> None:
    lines = [trial.program_of(family, seed).lines for seed in (7, 7, 8, 9)]
    assert lines[0] == lines[1]
    assert lines[0] != lines[2] or lines[0] != lines[3]


def _found(lines: list[str], **settings: Any) -> Any:
    return compare(Program(lines), settings=Settings(**settings)).found


def test_a_difference_is_found_and_shrunk_to_the_lines_that_show_it() -> None:
    program = Program([
        "v0 = torch.tensor([1.0, 2.0])",
        "v1 = v0 * 3",
        "v2 = v0 + (1 if torch.__name__ == 'torch' else 2)",
        "v3 = v1 + v2",
    ])  # fmt: skip
    found = compare(program).found
    assert found is not None and (found.line, found.what) == (2, "v2.value")
    assert len(shrink(program, found, lambda p: compare(p).found)[0].lines) == 2


def test_errors_are_compared_by_type_and_text() -> None:
    assert _found(["v0 = torch.ones(2).view(3)"]) is None
    assert _found(["raise ValueError(torch.__name__)"]).what == "raised"
    assert _found(["raise ValueError(torch.__name__)"], errors="type") is None
    assert _found(["if torch.__name__ == 'torch': raise ValueError"], errors="any").what == "raised"


@pytest.mark.parametrize("key, line", [
    ("shape", "x = torch.ones(2 if ours else 3)"),
    ("dtype", "x = torch.ones(2, dtype=torch.float64 if ours else torch.float32)"),
    ("strides", "x = torch.ones(2, 3).t() if ours else torch.ones(3, 2)"),
    ("requires_grad", "x = torch.ones(2).requires_grad_(ours)"),
    ("version", "x = torch.ones(2).mul_(1) if ours else torch.ones(2)"),
    ("value", "x = torch.ones(2, dtype=torch.int64) * (2 if ours else 1)"),
    ("value", "x = torch.full((2,), float('nan') if ours else 1.0)"),
    ("value", "x = 1.5 if ours else 1.25"),
    ("parts", "x = [torch.ones(2)] * (2 if ours else 1)"),
    ("value", "x = {'a': [3 if ours else 2]}"),
    ("grad", "x = torch.ones(2, requires_grad=True); (x * (2 if ours else 3)).sum().backward()"),
    ("grad_fn", "x = torch.ones(2, requires_grad=True); x = x * 1 if ours else x + 0"),
    ("value", "x = nn.Linear(2, 2); x.weight.data.fill_(2 if ours else 1)"),
])  # fmt: skip
def test_each_thing_that_a_user_can_see_is_compared(key: str, line: str) -> None:
    line = line.replace("ours", "(torch.__name__ == 'adjoint')")
    found = _found([line])
    assert found is not None and found.key == key


def test_a_rounding_error_counts_only_beside_what_pytorch_itself_rounds() -> None:
    line = "x = data(1, 50) * 0.1; y = (x * (1 + {} * (torch.__name__ == 'adjoint'))).sum()"
    assert _found([line.format(1e-7)]) is None
    assert _found([line.format(1e-4)]).what == "y.value"
    # What is left of a difference has lost its digits in either library.
    outcome = compare(
        Program(["x = data(1, 5) * 0.1", "y = ((x + 1e4) - 1e4) * (1.001 if hasattr(x, '_edge') else 1)"])
    )
    assert outcome.found is None
    # In double precision nothing is lost.
    assert _found(["x = data(1, 5, dtype=torch.float64) * (1 + 1e-9 * (torch.__name__ == 'adjoint'))"]).key == "value"


def test_what_no_digit_of_is_right_is_let_pass_with_a_reason() -> None:
    line = "x = (torch.full((3,), 0.1) + 1e7) - 1e7; x = x + (0.25 if torch.__name__ == 'adjoint' else 0)"
    outcome = compare(Program([line]))
    assert outcome.found is None and outcome.accepted == [AMPLIFIED]


def test_coverage_sees_what_of_a_row_ran() -> None:
    from fuzz.coverage import Coverage, expected

    coverage = Coverage()
    lines = [
        "x = torch.ones(2, 3, requires_grad=True)",
        "y = func.vmap(lambda r: r.sin().flip(0))(x)",
        "y.sum().backward()",
        "z = func.jvp(torch.exp, (torch.ones(1, 3),), (torch.ones(1, 3),))",
    ]
    coverage.on()
    try:
        assert _found(lines, graph=0) is None
    finally:
        coverage.off()
    new = coverage.new()
    assert not coverage.new()
    points = {
        ("row", "sin", "function"), ("row", "sin", "function", "several elements"), ("row", "sin", "apply"),
        ("row", "sin", "function under vmap"), ("row", "exp", "tangent of self"), ("row", "exp", "function"),
    }  # fmt: skip
    assert points <= new
    assert ("row", "exp", "function", "several elements") not in new
    assert {p for p in new if p[0] == "line"} <= expected()


def _family(monkeypatch: pytest.MonkeyPatch, line: str) -> None:
    """A family whose every program is this line."""
    module = types.ModuleType("fuzz.families.made")
    module.NAME, module.COMPARED = "made", Settings()  # type: ignore[attr-defined]
    module.generate = lambda random: Program([line], seconds=2.0)  # type: ignore[attr-defined]
    monkeypatch.setitem(families(), "made", module)


def test_a_family_may_be_its_own_judge(monkeypatch: pytest.MonkeyPatch) -> None:
    from fuzz.compare import Disagreement

    _family(monkeypatch, "x = torch.arange(5).sum()")
    exact = {"of": 10}

    def check(program: Program, theirs: Any, ours: Any) -> Any:
        value = ours.space["x"].item()
        return None if value == exact["of"] else Disagreement(0, "x", "exact", exact["of"], value)

    families()["made"].check = check
    assert trial.try_out("made", 0).finding is None
    exact["of"] = 11
    assert "exact" in trial.try_out("made", 0).finding.text  # type: ignore[union-attr]


def _crash_and_hang(pipe: Connection) -> None:
    while (tasks := pipe.recv()) is not None:
        for family, seed in tasks:
            pipe.send(0.5)
            if seed == 1:
                os._exit(7)
            time.sleep(60 if seed == 2 else 0)
            pipe.send(trial.Trial(family, seed))


def test_a_process_that_ends_or_hangs_is_a_finding_and_the_next_programs_are_run() -> None:
    tried = workers.run([("programs", seed) for seed in range(4)], 1, {}, _crash_and_hang)
    texts = [t.finding and t.finding.kind for t in sorted(tried, key=lambda t: t.seed)]
    assert texts == [None, "ended the process with status 7", "was still running after 0.5 s", None]


def test_what_is_let_pass_where_pytorch_has_no_digits_is_not_far_from_it() -> None:
    line = "x = (torch.full((3,), 0.1) + 1e7) - 1e7; x = x + (1e5 if torch.__name__ == 'adjoint' else 0)"
    assert _found([line]).key == "value"


def test_an_error_that_python_came_upon_is_no_reason_to_refuse() -> None:
    from fuzz.trial import judge

    program = Program(["v0 = torch.ones(2)", "v0.view(3) if torch.__name__ == 'torch' else v0.no_such_thing"])
    assert judge(program, families()["values"]).found is not None
    program = Program(["v0 = torch.ones(2)", "v0.view(3) if torch.__name__ == 'torch' else v0[2]"])
    assert judge(program, families()["values"]).found is None

"""torch.distributed: groups of processes, and what they exchange; two and three processes in one job."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import recordings
from jobs import RANK, environment, once, reported, reports_of_ranks

pytest.importorskip("mpi4py")


@pytest.fixture(scope="module")
def ours(tmp_path_factory):
    """What the ranks of jobs of two and three processes report, by their number."""
    programs = ["small", "collectives", "worlds", "disagreements"]
    return lambda size: once(tmp_path_factory, f"distributed{size}", lambda: reports_of_ranks(programs, size))


@pytest.mark.parametrize("size", [2, 3])
def test_processes_that_nobody_launched_become_one_world(size, ours):
    assert [rank["worlds"] for rank in ours(size)] == ["ok"] * size


@pytest.mark.parametrize("size", [2, 3])
def test_every_collective_gives_what_pytorchs_gives(size, ours):
    theirs = recordings.read()["collectives"][str(size)]
    assert [*recordings.differences([rank["collectives"] for rank in ours(size)], theirs)] == []


@pytest.mark.parametrize("size", [2, 3])
def test_what_disagrees_or_does_not_come_is_named_and_what_gloo_refuses_works(size, ours):
    assert [rank["disagreements"] for rank in ours(size)] == ["ok"] * size


def test_a_few_collectives_and_a_training_are_pytorchs_now(ours):
    pytest.importorskip("torch")
    theirs = reports_of_ranks(["small"], 2, library="torch")
    assert [*recordings.differences([rank["small"] for rank in ours(2)], [rank["small"] for rank in theirs])] == []


def test_under_mpirun_the_world_is_what_it_started(tmp_path):
    mpirun = shutil.which("mpirun", path=str(Path(sys.executable).parent)) or shutil.which("mpirun")
    if mpirun is None:
        pytest.skip("no mpirun")
    done = subprocess.run(
        [mpirun, "-n", "2", sys.executable, "-m", "adjoint", "run", str(RANK), "torch", "worlds"],
        env=environment(REPORTS=str(tmp_path)), capture_output=True, text=True, timeout=90,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert reported(tmp_path, 2) == [{"worlds": "ok"}] * 2

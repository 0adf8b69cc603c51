"""A rank that dies, or ends early, ends what the others wait for; nothing hangs at the end, nothing stays behind."""

import os
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

pytest.importorskip("mpi4py")
HERE = Path(__file__).parents[1]
MPIEXEC = shutil.which("mpiexec", path=os.path.dirname(sys.executable)) or shutil.which("mpiexec")
if MPIEXEC is None:
    pytest.skip("no MPI launcher", allow_module_level=True)

# Ranks that meet in MPI itself, and wait as collectives do.
RANKS = """\
    import mpi4py; mpi4py.rc.finalize = False
    from mpi4py import MPI
    import os, signal, sys, threading, time
    from adjoint.distributed import lifetime

    world = MPI.COMM_WORLD.Dup()
    lifetime.join(world)

    def barrier(started=None):
        started = started or time.monotonic()
        request = world.Ibarrier()
        while not request.Test():
            if lifetime.news and (error := lifetime.error_for(range(world.size), started)):
                raise error
            time.sleep(0.001)
"""


@pytest.fixture
def ranks(tmp_path):
    """Run a program as three ranks under MPI's launcher; its exit status and what it printed."""

    def ranks(program, n=3):
        path = tmp_path / "program.py"
        path.write_text(textwrap.dedent(RANKS) + textwrap.dedent(program))
        environment = {**os.environ, "PYTHONPATH": str(HERE), "PYTHONUNBUFFERED": "1"}
        done = subprocess.run(
            [MPIEXEC, "-n", str(n), sys.executable, str(path)],
            env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=90,
        )  # fmt: skip
        assert not left_behind(path), "processes are left"
        return done

    return ranks


def left_behind(path):
    """The processes that still run a program."""
    found = []
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if str(path).encode() in process.read_bytes():
                found.append(process)
        except OSError:
            pass
    return found


def test_ranks_that_end_together_end_well(ranks):
    done = ranks("barrier()")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_rank_that_ends_first_stays_until_what_it_sent_has_arrived(ranks):
    done = ranks("""
        import numpy as np
        numbers = np.full(5_000_000, world.rank, np.float32)
        if world.rank == 0:
            requests = [world.Isend(numbers, 1), world.Isend(numbers, 2)]
        else:
            time.sleep(1)
            world.Recv(numbers, 0)
            print(numbers.max())
    """)
    assert (done.returncode, done.stdout, done.stderr) == (0, "0.0\n0.0\n", "")


def test_an_error_of_one_rank_is_shown_with_its_number_and_ends_all(ranks):
    done = ranks("""
        if world.rank == 1:
            raise ValueError("bad")
        barrier()
    """)
    assert done.returncode
    assert done.stderr.count("Traceback") == 1
    assert "[rank1]: ValueError: bad" in done.stderr


def test_a_killed_rank_ends_those_that_wait_and_leaves_no_memory(ranks):
    before = set(os.listdir("/dev/shm")) if os.path.isdir("/dev/shm") else set()
    done = ranks("""
        if world.rank == 1:
            os.kill(os.getpid(), signal.SIGKILL)
        try:
            barrier()
        except RuntimeError as error:
            print(error)
    """)
    assert done.returncode
    if before:
        mine = {name for name in set(os.listdir("/dev/shm")) - before if "mpich" in name}
        assert not {name for name in mine if own(f"/dev/shm/{name}") and not mapped(name)}


def own(path):
    """Whether it is this user's, and still there: another test's may go meanwhile."""
    try:
        return os.stat(path).st_uid == os.getuid()
    except FileNotFoundError:
        return False


def mapped(name):
    """Whether a running process has such a file: another test's, then."""
    for process in Path("/proc").glob("[0-9]*/maps"):
        try:
            if name in process.read_text():
                return True
        except OSError:
            pass
    return False


def test_who_waits_for_a_rank_that_came_to_its_end_is_told(ranks):
    done = ranks("""
        lifetime.PATIENCE = 1
        if world.rank != 1:
            barrier()
    """)
    assert done.returncode
    assert "rank 1 takes no part in this: its program came to its end" in done.stderr


def test_a_rank_that_came_back_is_waited_for(ranks):
    done = ranks("""
        lifetime.PATIENCE = 0.5
        if world.rank == 1:
            lifetime.leave()
            time.sleep(0.2)
            lifetime.join(world)
            time.sleep(1.5)
        barrier()
        os.write(1, b"met\\n")  # at once: lines of several ranks are not kept apart here
    """)
    assert (done.returncode, done.stdout.split()) == (0, ["met"] * 3)

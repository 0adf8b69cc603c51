"""Processes fork at any moment; and how many threads there are at most.  Programs run by themselves, for a failure is a hang."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")

FIRST_USES = """
import os, random, signal, sys, threading, time
import adjoint as torch

def first_uses():
    x = torch.ones(1 << 18, requires_grad=True)
    (x.exp() * x).sum().backward()
    torch.nn.functional.conv2d(torch.ones(1, 2, 8, 8), torch.ones(2, 2, 3, 3)).sum()
    torch.special.erf(torch.ones(3))
    torch.func.grad(lambda t: (t * t).sum())(torch.ones(3))
    torch.optim.Adam([torch.ones(2, requires_grad=True)])

thread = threading.Thread(target=first_uses)
thread.start()
pause = float(sys.argv[1])
for _ in range(int(sys.argv[2])):
    time.sleep(pause)
    child = os.fork()
    if child == 0:
        signal.alarm(100)
        first_uses()
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
thread.join()
print("done")
"""


@pytest.mark.parametrize("pause", [0.0, 0.05])
def test_a_child_that_is_forked_during_another_threads_first_use_can_compute(tmp_path: Path, pause: float) -> None:
    for _ in range(2):  # without a cache, and with the one that this made
        run = subprocess.run(
            [sys.executable, "-c", FIRST_USES, str(pause), "2"],
            capture_output=True,
            text=True,
            timeout=240,
            env={**os.environ, "PYTHONPATH": str(ROOT), "ADJOINT_CACHE": str(tmp_path / "cache")},
        )
        assert (run.returncode, run.stdout) == (0, "done\n"), run.stderr


OWN_LOCK = """
import os, threading
from adjoint import forks
lock = forks.hold(threading.RLock())
free, taken = threading.Event(), threading.Event()

def other():
    with lock:
        taken.set()
        free.wait()

with lock:  # who forks may hold it
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
thread = threading.Thread(target=other)
thread.start()
taken.wait()
threading.Timer(0.1, free.set).start()
child = os.fork()  # waits for the other thread
if child == 0:
    with lock:
        os._exit(0 if free.is_set() else 1)
print(os.waitpid(child, 0)[1])
"""


def test_a_fork_waits_for_the_locks_of_other_threads_and_not_for_its_own() -> None:
    run = subprocess.run([sys.executable, "-c", OWN_LOCK], capture_output=True, text=True, timeout=60, cwd=ROOT)
    assert run.stdout == "0\n", run.stderr


THREADS = """
import os
import adjoint as torch
torch.set_num_threads(3)
for wrong in 2**65, 2**31, 0, -1, 1.5:
    try:
        torch.set_num_threads(wrong)
    except (RuntimeError, ValueError):
        assert torch.get_num_threads() == 3
    else:
        raise AssertionError(wrong)
torch.set_num_threads(100_000)
x = torch.ones(1 << 20)
assert (x.exp() * x).sum().item() > 0
print(torch.get_num_threads(), len(os.listdir("/proc/self/task")) < 16 * os.cpu_count())
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="counts threads in /proc")
def test_no_number_of_threads_starts_more_than_the_machine_can_use_and_what_raises_changes_nothing() -> None:
    run = subprocess.run([sys.executable, "-c", THREADS], capture_output=True, text=True, timeout=120, cwd=ROOT)
    assert run.stdout == "100000 True\n", run.stderr

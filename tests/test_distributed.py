"""torch.distributed: groups of processes, and what they exchange; two and three processes in one job."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from jobs import environment, run_ranks

pytest.importorskip("mpi4py")

FIRST = """
import torch, torch.distributed as dist
dist.init_process_group("gloo")
rank, size = dist.get_rank(), dist.get_world_size()
x = torch.ones(3) * (rank + 1)
assert dist.all_reduce(x) is None
assert x.tolist() == [size * (size + 1) / 2] * 3
b = torch.arange(4) * rank
dist.broadcast(b, src=1)
assert b.tolist() == [0, 1, 2, 3]
t = torch.full((2, 3), float(rank)).t()
work = dist.all_reduce(t, op=dist.ReduceOp.MAX, async_op=True)
later = work.get_future().then(lambda f: f.value()[0] * 10)
work.wait()
assert t.tolist() == [[size - 1.0] * 2] * 3 and later.wait()[0, 0] == 10 * (size - 1)
for wrong in (lambda: dist.all_reduce(torch.ones(2 + rank)), lambda: dist.barrier() if rank else dist.all_reduce(torch.ones(2))):
    try:
        wrong()
    except RuntimeError as error:
        assert "Detected mismatch between collectives on ranks. Rank 0 is running collective: all_reduce(shape=[2]" in str(error)
    else:
        raise AssertionError("no error")
dist.barrier()
dist.destroy_process_group()
dist.init_process_group("mpi")
dist.all_reduce(x)
print("ok")
"""


@pytest.mark.parametrize("size", [2, 3])
def test_processes_that_nobody_launched_become_one_world(size):
    assert run_ranks(FIRST, size) == ["ok\n"] * size


def test_under_mpirun_the_world_is_what_it_started(tmp_path):
    mpirun = shutil.which("mpirun", path=str(Path(sys.executable).parent)) or shutil.which("mpirun")
    if mpirun is None:
        pytest.skip("no mpirun")
    program = tmp_path / "program.py"
    program.write_text(FIRST)
    done = subprocess.run(
        [mpirun, "-n", "2", sys.executable, "-m", "adjoint", "run", str(program)],
        env=environment(), capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, "ok\n" * 2), done.stderr

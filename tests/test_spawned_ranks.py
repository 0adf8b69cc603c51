"""The tutorials' way to several processes: a script that starts its ranks by ``torch.multiprocessing.spawn``."""

from __future__ import annotations

import subprocess
import sys

import pytest
from jobs import PROGRAMS, environment, free_port

pytest.importorskip("mpi4py")

PROGRAM = PROGRAMS / "spawned.py"


# Each of the two ranks has two processes that load its batches. The sum of the parameters is what PyTorch's script prints.
@pytest.mark.parametrize(("method", "unmodified"), [("env", True), ("tcp", False)])
def test_ranks_that_a_script_spawns_find_each_other_and_train_together(method, unmodified, tmp_path):
    command = [sys.executable, "-m", "adjoint", "run", str(PROGRAM)]
    if not unmodified:
        program = tmp_path / "program.py"
        text = PROGRAM.read_text("utf-8").replace("import torch\n", "import adjoint as torch\n")
        program.write_text(text.replace("import torch.", "import adjoint.").replace("from torch.", "from adjoint."), "utf-8")
        command = [sys.executable, str(program)]
    done = subprocess.run(
        [*command, method, str(tmp_path), str(free_port())], env=environment(), capture_output=True, text=True, timeout=120
    )
    assert (done.returncode, done.stdout) == (0, "trained 2.97236\n"), done.stdout + done.stderr

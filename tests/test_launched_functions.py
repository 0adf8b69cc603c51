"""Functions as the programs of several processes (torch.distributed.launcher), and errors that are recorded for a launcher."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from adjoint.distributed.elastic.multiprocessing.errors import ProcessFailure, record
from adjoint.distributed.launcher.api import LaunchConfig, elastic_launch

HERE = Path(__file__).parents[1]

PROGRAM = """
import os, torch
import torch.distributed as dist
from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
from torch.distributed.launcher.api import LaunchConfig, elastic_launch

def work(x, fails):
    dist.init_process_group("gloo")
    total = torch.tensor([x + dist.get_rank()])
    dist.all_reduce(total)
    if fails and dist.get_rank() == 1:
        raise ValueError("not today")
    found = total.item(), dist.get_world_size(), os.environ["LOCAL_RANK"], os.environ["TORCHELASTIC_RESTART_COUNT"]
    dist.destroy_process_group()
    return found

if __name__ == "__main__":
    config = LaunchConfig(1, 1, 2, run_id="a", rdzv_backend="c10d", max_restarts=0, start_method="fork")
    print(elastic_launch(config, work)(10.0, False))
    try:
        elastic_launch(config, work)(1.0, True)
    except ChildFailedError as error:
        rank, failure = error.get_first_failure()
        print(rank, failure.exitcode, failure.message["message"], "in work" in str(error), str(error).split()[:2])
"""


def test_a_function_is_run_by_ranks_and_its_results_and_errors_come_back(tmp_path):
    pytest.importorskip("mpi4py")
    (tmp_path / "program.py").write_text(PROGRAM)
    variables = {**os.environ, "PYTHONPATH": str(HERE)}
    command = [sys.executable, "-m", "adjoint", "run", "program.py"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=variables, timeout=120)
    assert done.stdout.splitlines() == [
        "{0: (21.0, 2, '0', '0'), 1: (21.0, 2, '1', '0')}",
        "1 1 ValueError: not today True ['work', 'FAILED']",
    ], done.stderr


def test_what_is_not_done_is_refused():
    with pytest.raises(ValueError, match="1 to 2 nodes: a function is run on one"):
        LaunchConfig(1, 2, 2)
    with pytest.raises(ValueError, match="keeps logs"):
        LaunchConfig(1, 1, 2, log_line_prefix_template="x")
    with pytest.raises(TypeError, match="a function is expected"):
        elastic_launch(LaunchConfig(1, 1, 1), "python")


def both():
    name = "distributed.elastic.multiprocessing.errors"
    return importlib.import_module(f"adjoint.{name}"), pytest.importorskip(f"torch.{name}")


def fails(kind):
    raise kind


@pytest.mark.parametrize("kind", [ValueError("no"), SystemExit(0), SystemExit(3), None], ids=repr)
def test_record_writes_the_error_to_the_launchers_file_as_pytorch_does(tmp_path, monkeypatch, kind):
    told = []
    for module in both():
        path = tmp_path / module.__name__
        monkeypatch.setenv("TORCHELASTIC_ERROR_FILE", str(path))
        try:
            outcome = module.record(lambda: 5 if kind is None else fails(kind))()
        except BaseException as error:
            outcome = repr(error)
        written = json.loads(path.read_text())["message"] if path.exists() else None
        told.append((outcome, written and (written["message"], sorted(written["extraInfo"]))))
    assert told[0] == told[1]


@pytest.mark.parametrize("status", [1, -9])
def test_failures_say_what_pytorchs_say(tmp_path, status):
    path = tmp_path / "error"
    path.write_text(json.dumps({"message": {"message": "E: x", "extraInfo": {"py_callstack": "T", "timestamp": "12"}}}))
    for file in (str(path), str(tmp_path / "none")):
        ours, theirs = (module.ProcessFailure(1, 77, status, file) for module in both())
        assert (ours.message, ours.signal_name(), ours.error_file) == (theirs.message, theirs.signal_name(), theirs.error_file)
        ours, theirs = (module.ChildFailedError("f", {1: each}) for module, each in zip(both(), (ours, theirs)))
        assert ours.get_first_failure()[0] == theirs.get_first_failure()[0] and str(ours).split("\n")[0] == "f FAILED"


def test_a_handler_of_ones_own_is_called():
    class Handler:
        def __init__(self):
            self.calls = []

        def initialize(self):
            self.calls.append("begun")

        def record_exception(self, error):
            self.calls.append(repr(error))

    handler = Handler()
    with pytest.raises(ValueError):
        record(lambda: fails(ValueError("no")), handler)()
    assert handler.calls == ["begun", "ValueError('no')"]
    assert ProcessFailure(0, 1, -11, "").signal_name() == "SIGSEGV"

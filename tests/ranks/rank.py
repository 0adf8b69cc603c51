"""One rank of a job: ``rank.py LIBRARY PROGRAM...`` runs programs of this folder, and writes what they give to ``report``.

The folder that it writes to is what ``REPORTS`` names; the library is ``torch`` or ``adjoint``. A process that has a number of
ranks and is none itself forks them, after the library was imported: importing PyTorch takes seconds. ``MEETING`` is a way to meet
(``tcp://...``, ``file://...``) that is used first.
"""

import json
import os
import signal
import sys
import warnings
from pathlib import Path

library, *programs = sys.argv[1:]
if library == "adjoint":
    import adjoint.compat

    adjoint.compat.install()

import torch
import torch.distributed as dist


def fork(size):
    """Return in each of so many processes; the one that made them ends with the first status that is no success, or 0."""
    children = []
    for rank in range(size):
        children.append(os.fork())
        if not children[-1]:
            os.environ["RANK"] = str(rank)
            return
    while children:
        ended, status = os.wait()
        children.remove(ended)
        if status:
            for child in children:
                os.kill(child, signal.SIGKILL)
            os._exit(1)
    os._exit(0)


if "WORLD_SIZE" in os.environ and "RANK" not in os.environ:
    fork(int(os.environ["WORLD_SIZE"]))
if "MEETING" in os.environ:
    dist.init_process_group(
        "gloo", os.environ["MEETING"], rank=int(os.environ["RANK"]), world_size=int(os.environ["WORLD_SIZE"])
    )
    dist.destroy_process_group()
reports = {}
for name in programs:
    path = Path(__file__).parent / f"{name}.py"

    def report(value, name=name):
        reports[name] = value

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.set_num_threads(1)
        torch.set_default_dtype(torch.float32)
        exec(compile(path.read_text("utf-8"), str(path), "exec"), {"__name__": "__main__", "report": report})
    if dist.is_initialized():
        dist.barrier()
        dist.destroy_process_group()
rank = os.environ.get("RANK") or os.environ["PMI_RANK"]
(Path(os.environ["REPORTS"]) / f"{rank}.json").write_text(json.dumps(reports), "utf-8")

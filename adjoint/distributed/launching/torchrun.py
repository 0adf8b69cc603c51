"""torchrun's command line: what each option says, and which say what Adjoint's launcher does not do."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Sequence
from typing import Any

from adjoint.kernels.threads import cores


class _FromEnvironment(argparse.Action):
    """An option whose default may stand in the environment: ``--max-restarts`` in ``PET_MAX_RESTARTS``."""

    def __init__(self, dest: str, default: Any = None, required: bool = False, **settings: Any) -> None:
        default = os.environ.get(f"PET_{dest.upper()}", default)
        super().__init__(dest=dest, default=default, required=required and not default, **settings)

    def __call__(self, parser: Any, namespace: argparse.Namespace, values: Any, option_string: str | None = None) -> None:
        setattr(namespace, self.dest, values)


_VALUES: tuple[tuple[tuple[str, ...], Any, Any, str], ...] = (
    (("--nnodes",), str, "1:1", "Number of nodes; a range of numbers, for elastic runs, is refused."),
    (("--nproc-per-node",), str, "1", "Number of processes on this node: a number, auto, or cpu."),
    (("--rdzv-backend",), str, "static", "How nodes find each other: static or c10d."),
    (("--rdzv-endpoint",), str, "", "Where they do, <host>:<port>."),
    (("--rdzv-id",), str, "none", "User-defined id of the run."),
    (("--max-restarts",), int, 0, "How often all processes are started anew after one failed (one node only)."),
    (("--monitor-interval",), float, 0.1, "Seconds from one look at the processes to the next."),
    (("--role",), str, "default", "User-defined role of the processes."),
    (("--log-dir",), str, None, "Folder for log files; each run has its own folder in it."),
    (("-r", "--redirects"), str, "0", "Streams that go to log files: 1 stdout, 2 stderr, 3 both; or by rank, 0:1,1:3."),
    (("-t", "--tee"), str, "0", "Streams that go to log files and to the console (as --redirects)."),
    (("--local-ranks-filter",), str, "", "Show only these ranks' streams, as 0,1."),
    (("--node-rank",), int, 0, "Rank of this node (static rendezvous)."),
    (("--master-addr",), str, "127.0.0.1", "Address of node 0 (static rendezvous)."),
    (("--master-port",), int, None, "Port on node 0 (static rendezvous); 29500 where several nodes name none."),
    (("--shutdown-timeout",), float, None, "Seconds from asking processes to end to killing them; 5 if not given."),
)

_SWITCHES = (
    (("--standalone",), "One node, with a free port; rendezvous options are not asked."),
    (("-m", "--module"), "The program is a module, as with python -m."),
    (("--no-python",), "The program is not Python: run it as it is."),
)

# PyTorch's other options, with the values that ask for nothing.
_REFUSED = {
    "--rdzv-conf": "rendezvous here has nothing to configure",
    "--start-method": "a script is run by a new process whatever it says",
    "--event-log-handler": "no events are logged",
    "--run-path": "a script is always run in an interpreter of its own",
    "--duplicate-stdout-filters": "streams are logged whole (--tee)",
    "--duplicate-stderr-filters": "streams are logged whole (--tee)",
    "--local-addr": "give --master-addr",
    "--logs-specs": "there are --log-dir, --redirects and --tee",
    "--numa-binding": "MPI's launcher binds processes (mpirun -bind-to numa adjoint run ...)",
    "--signals-to-handle": "SIGINT, SIGTERM, SIGHUP and SIGQUIT end all processes",
    "--virtual-local-rank": "there are no GPUs to hide",
}


def parser() -> argparse.ArgumentParser:
    """The parser; options go with ``-`` or ``_`` in their names, and their defaults may be in ``PET_...`` variables."""
    found = argparse.ArgumentParser(prog="torch.distributed.run", description="Start several processes that train together.")
    for names, kind, default, text in _VALUES:
        found.add_argument(*_spellings(names), action=_FromEnvironment, type=kind, default=default, help=text)
    for names, text in _SWITCHES:
        found.add_argument(*_spellings(names), action="store_true", help=text)
    for name, reason in _REFUSED.items():
        found.add_argument(*_spellings((name,)), action=_refusing(name, reason), nargs="?", help=argparse.SUPPRESS)
    found.add_argument("training_script", help="The program, a file or with -m a module.")
    found.add_argument("training_script_args", nargs=argparse.REMAINDER, help="Its arguments.")
    return found


def _refusing(name: str, reason: str) -> type[argparse.Action]:
    class Refuse(argparse.Action):
        def __call__(self, parser: argparse.ArgumentParser, *rest: Any) -> None:
            parser.error(f"{name} is not supported: {reason}")

    return Refuse


def _spellings(names: Sequence[str]) -> list[str]:
    both = [(name, name[:2] + name[2:].replace("-", "_")) for name in names]
    return list(dict.fromkeys(each for pair in both for each in pair))


def nodes(text: str) -> int:
    """How many nodes; raises ValueError for a range of numbers."""
    least, _, most = text.partition(":")
    if not least.isdigit() or int(least) < 1 or (most and most != least):
        raise ValueError(
            f"--nnodes={text}: elastic runs, of a number of nodes that changes, are not supported; give one number"
        )
    return int(least)


def processes(text: str) -> int:
    """How many processes on this node; raises ValueError for what is none."""
    if text in ("auto", "cpu"):
        return cores()
    if text in ("gpu", "cuda", "xpu"):
        raise ValueError(f"--nproc-per-node={text}: there is none; Adjoint computes on CPUs: give a number, auto or cpu")
    if not text.isdigit() or int(text) < 1:
        raise ValueError(f"Unsupported nproc_per_node value: {text}")
    return int(text)


def streams(text: str) -> Callable[[int], int]:
    """Which streams of a local rank: ``"3"`` says both of all, ``"0:1,1:2"`` stdout of 0 and stderr of 1."""
    if text.isdigit() and int(text) < 4:
        return lambda local_rank: int(text)
    found = {}
    for entry in text.split(","):
        rank, colon, which = entry.partition(":")
        if not (colon and rank.isdigit() and which.isdigit() and int(which) < 4):
            raise ValueError(f"streams are 0, 1, 2 or 3, or of each rank, as in 0:1,1:3, not {text!r}")
        found[int(rank)] = int(which)
    return lambda local_rank: found.get(local_rank, 0)


def shown(text: str) -> frozenset[int] | None:
    """The local ranks whose streams are shown; None: all."""
    if not text:
        return None
    if not all(rank.strip().isdigit() for rank in text.split(",")):
        raise ValueError(
            "--local_ranks_filter must be a comma-separated list of integers e.g. --local_ranks_filter=0,1,2"
        )
    return frozenset(int(rank) for rank in text.split(","))

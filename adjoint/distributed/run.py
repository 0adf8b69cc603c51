"""``python -m torch.distributed.run``: torchrun's command line.

``adjoint run -m torch.distributed.run --nproc-per-node 2 train.py`` and ``python -m adjoint.distributed.run ...`` start the
program as ``adjoint run`` does, with torchrun's environment variables. ``adjoint run -n 2 train.py`` is shorter, on one machine.

Two things are not torchrun's: each process takes its share of the cores (torchrun sets ``OMP_NUM_THREADS=1``), and the exit
status is that of the first process that failed (torchrun's is 1).
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from adjoint.distributed.launching import meeting, mpi, torchrun
from adjoint.distributed.launching.environment import Place
from adjoint.distributed.launching.meeting import Meeting
from adjoint.names import list_names as _list_names

__all__ = ["get_args_parser", "parse_args", "run", "main"]


def get_args_parser() -> argparse.ArgumentParser:
    """The parser of torchrun's command line."""
    return torchrun.parser()


def parse_args(args: Sequence[str] | None) -> argparse.Namespace:
    """The options in a list of arguments, or in the process's own."""
    return get_args_parser().parse_args(args)


def run(args: argparse.Namespace) -> None:
    """Run what the options say, and raise SystemExit with the exit status unless all went well."""
    try:
        nodes, processes = torchrun.nodes(args.nnodes), torchrun.processes(args.nproc_per_node)
        redirects, tees = torchrun.streams(args.redirects), torchrun.streams(args.tee)
        shown = torchrun.shown(args.local_ranks_filter)
        if args.no_python and args.module:
            raise ValueError("Don't use both the '--no-python' flag and the '--module' flag at the same time.")
        if args.max_restarts < 0 or (args.max_restarts and nodes > 1):
            raise ValueError("--max-restarts: 0 or more, and on one node only")
        place = _meet(args, nodes)
    except ValueError as problem:
        sys.exit(f"adjoint: torch.distributed.run: {problem}")
    if not mpi.installed():
        sys.exit(f"adjoint: {mpi.MISSING}")
    from adjoint.distributed.launching import processes as ranks
    from adjoint.distributed.launching.command import end_as

    settings = ranks.Settings(nodes * processes, redirects=redirects, tees=tees, shown=shown, poll=args.monitor_interval)
    settings.folder = _folder(args, place) if args.log_dir or args.redirects != "0" or args.tee != "0" else None
    if args.tee != "0":
        settings.prefix = lambda start: f"[{args.role}{start.rank}]:"
    if args.shutdown_timeout is not None:
        settings.grace = args.shutdown_timeout
    logs = settings.folder
    for attempt in range(args.max_restarts + 1):
        if logs is not None:
            settings.folder = logs / f"attempt_{attempt}"
        ended = ranks.run([_start(args, place, processes, local, attempt) for local in range(processes)], settings)
        if ended.failed is None or attempt == args.max_restarts:
            break
        sys.stderr.write(f"adjoint: all are started again ({attempt + 1} of {args.max_restarts} times)\n")
        if place.nodes == 1 and place.store is None and args.master_port is None:
            place.port = meeting.free_port()
    status = end_as(ended)
    if status:
        sys.exit(status)


def _meet(args: argparse.Namespace, nodes: int) -> Meeting:
    if args.standalone:
        if nodes > 1:
            raise ValueError("--standalone is for one node")
        return meeting.alone(meeting.run_id("none"))
    if args.rdzv_backend == "static":
        address, port = args.master_addr, args.master_port
        if args.rdzv_endpoint:
            address, colon, own = args.rdzv_endpoint.rpartition(":")
            address, port = (address, int(own)) if colon and own.isdigit() else (args.rdzv_endpoint, port)
        return meeting.static(args.node_rank, nodes, address, port, args.rdzv_id)
    if args.rdzv_backend == "c10d":
        return meeting.by_store(nodes, args.rdzv_endpoint or "localhost:29400", meeting.run_id(args.rdzv_id))
    raise ValueError(f"--rdzv-backend={args.rdzv_backend} is not supported: there are static and c10d")


def _start(args: argparse.Namespace, place: Meeting, processes: int, local_rank: int, attempt: int):  # type: ignore[no-untyped-def]
    from adjoint.distributed.launching.processes import Start, python_command

    rank = place.node * processes + local_rank
    command = [args.training_script, *args.training_script_args]
    if not args.no_python:
        command = [*python_command(), "-m", "adjoint", "run", *(["-m"] if args.module else []), *command]
    if not getattr(args, "use_env", True):
        command.insert(-len(args.training_script_args) or len(command), f"--local-rank={local_rank}")
    variables = Place(
        rank, place.nodes * processes, local_rank, processes, place.node, place.nodes, place.address, place.port,
        place.run_id, attempt, args.max_restarts, args.role,
    ).variables()  # fmt: skip
    return Start(rank, local_rank, command, variables)


def _folder(args: argparse.Namespace, place: Meeting) -> Path:
    base = Path(args.log_dir or tempfile.mkdtemp(prefix="adjoint_ranks_"))
    folder = base / f"{place.run_id}_{time.strftime('%Y%m%d-%H%M%S')}_{os.getpid()}"
    folder.mkdir(parents=True, exist_ok=True)
    sys.stderr.write(f"adjoint: the ranks' streams are kept in {folder}\n")
    return folder


def main(args: Sequence[str] | None = None) -> None:
    """Run with these arguments, or with the process's own."""
    run(parse_args(args))


_list_names(__name__)

if __name__ == "__main__":
    main()

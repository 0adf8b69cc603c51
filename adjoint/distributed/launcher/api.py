"""A function as the program of several processes of this machine: what torchrun does for a script, and notebooks need."""

from __future__ import annotations

import os
import pickle
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from adjoint.distributed.elastic.multiprocessing.errors import ChildFailedError, ProcessFailure, record
from adjoint.distributed.launching import meeting
from adjoint.distributed.launching.environment import Place
from adjoint.multiprocessing.spawn import ProcessException, start_processes
from adjoint.names import list_names as _list_names

__all__ = ["LaunchConfig", "elastic_launch"]


@dataclass
class LaunchConfig:
    """How processes are started: ``nproc_per_node`` of them, again up to ``max_restarts`` times after one failed.

    Raises ValueError for several nodes and for log files, which ``python -m torch.distributed.run`` has for scripts.
    """

    min_nodes: int
    max_nodes: int
    nproc_per_node: int
    logs_specs: Any = None
    run_id: str = ""
    role: str = "default_role"
    rdzv_endpoint: str = ""
    rdzv_backend: str = "etcd"
    rdzv_configs: dict[str, Any] = field(default_factory=dict)
    rdzv_timeout: int = -1
    max_restarts: int = 3
    monitor_interval: float = 0.1
    start_method: str = "spawn"
    log_line_prefix_template: str | None = None
    metrics_cfg: dict[str, str] = field(default_factory=dict)
    local_addr: str | None = None

    def __post_init__(self) -> None:
        if self.min_nodes != 1 or self.max_nodes != 1:
            raise ValueError(
                f"{self.min_nodes} to {self.max_nodes} nodes: a function is run on one; python -m torch.distributed.run starts a "
                "script on several"
            )
        if self.logs_specs is not None or self.log_line_prefix_template is not None:
            raise ValueError("a function's processes print where this one does; python -m torch.distributed.run --tee keeps logs")


class elastic_launch:
    """Called with arguments, a function is run with them by each process; returns what each returned, by its rank.

    Each has torchrun's environment variables.  Where one fails all end, and are started again as often as the configuration says;
    after that ChildFailedError is raised, with the tracebacks.
    """

    def __init__(self, config: LaunchConfig, entrypoint: Callable[..., Any]) -> None:
        if not callable(entrypoint):
            raise TypeError(f"a function is expected, not {entrypoint!r}; python -m torch.distributed.run starts scripts")
        self._config = config
        self._entrypoint = entrypoint

    def __call__(self, *args: Any) -> dict[int, Any]:
        for attempt in range(self._config.max_restarts + 1):
            with tempfile.TemporaryDirectory(prefix="adjoint_ranks_") as folder:
                failures = self._run(args, attempt, Path(folder))
                if not failures:
                    return {rank: _returned(Path(folder), rank) for rank in range(self._config.nproc_per_node)}
        raise ChildFailedError(getattr(self._entrypoint, "__name__", repr(self._entrypoint)), failures)

    def _run(self, args: tuple[Any, ...], attempt: int, folder: Path) -> dict[int, ProcessFailure]:
        config, count = self._config, self._config.nproc_per_node
        place = meeting.alone(meeting.run_id(config.run_id or "none"))
        most = config.max_restarts
        places = [
            Place(rank, count, rank, count, 0, 1, place.address, place.port, place.run_id, attempt, most, config.role)
            for rank in range(count)
        ]
        own = [{**each.variables(), "TORCHELASTIC_ERROR_FILE": str(folder / f"error {each.rank}")} for each in places]
        context = start_processes(
            _work, (own, str(folder), self._entrypoint, args), count, join=False, start_method=config.start_method
        )
        assert context is not None
        try:
            while not context.join():
                pass
        except ProcessException as error:
            codes = {rank: process.exitcode or 0 for rank, process in enumerate(context.processes)}
            files = {rank: own[rank]["TORCHELASTIC_ERROR_FILE"] for rank in codes}
            told = sorted((rank for rank in codes if os.path.exists(files[rank])), key=lambda rank: os.path.getmtime(files[rank]))
            ranks = told or [error.error_index]
            return {rank: ProcessFailure(rank, context.processes[rank].pid, codes[rank], files[rank]) for rank in ranks}
        return {}


def _work(rank: int, variables: list[dict[str, str]], folder: str, entrypoint: Callable[..., Any], args: tuple[Any, ...]) -> None:
    """In a process that was started."""
    os.environ.update(variables[rank])
    value = record(entrypoint)(*args)
    (Path(folder) / f"returned {rank}").write_bytes(pickle.dumps(value))


def _returned(folder: Path, rank: int) -> Any:
    return pickle.loads((folder / f"returned {rank}").read_bytes())


_list_names(__name__)

"""Processes that are measured together: started once, told what to do by lines, silent in between."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

from adjoint.distributed.launching import meeting
from adjoint.distributed.launching.environment import Place

_POOLS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


class Group:
    """``n`` processes of :mod:`bench.scaling_rank`, each with so many threads and this batch: a context."""

    def __init__(
        self, peer: str, workload: str, batch: int, n: int, threads: int, variables: dict[str, str] | None = None
    ) -> None:
        command = [sys.executable, "-m", "bench.scaling_rank", peer, workload, str(batch), str(threads)]
        port = meeting.free_port()
        self.ranks = []
        for rank in range(n):
            own = {**os.environ, **(variables or {}), **dict.fromkeys(_POOLS, str(threads))}
            if n > 1:
                own.update(Place(rank, n, rank, n, port=port).variables())
            self.ranks.append(
                subprocess.Popen(command, env=own, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
            )

    def __enter__(self) -> Group:
        for rank in self.ranks:
            self._answer(rank)
        return self

    def __exit__(self, *exc: object) -> None:
        for rank in self.ranks:
            assert rank.stdin is not None
            rank.stdin.close()
        for rank in self.ranks:
            try:
                rank.wait(30)
            except subprocess.TimeoutExpired:
                rank.kill()
                rank.wait()

    def ask(self, what: str, **arguments: Any) -> list[Any]:
        """Have all processes do this at once; what each answers."""
        for rank in self.ranks:
            assert rank.stdin is not None
            rank.stdin.write(json.dumps({"do": what, **arguments}) + "\n")
        return [self._answer(rank) for rank in self.ranks]

    def _answer(self, rank: subprocess.Popen[str]) -> Any:
        assert rank.stdout is not None
        line = rank.stdout.readline()
        if not line:
            for each in self.ranks:
                each.kill()
            raise RuntimeError("a process of the measurement ended before it answered; its error stands above")
        return json.loads(line)

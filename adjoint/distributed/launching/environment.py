"""What a process is told by the environment: which rank it is, of how many, and where the others are.

The names are torchrun's, for programs read them; MPI's launchers have their own, which are translated.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass

# Of each launcher: the rank, the number of ranks, and both among those of the machine.
_LAUNCHERS = (
    ("PMI_RANK", "PMI_SIZE", "MPI_LOCALRANKID", "MPI_LOCALNRANKS"),  # MPICH, Intel MPI: hydra
    ("OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_LOCAL_RANK", "OMPI_COMM_WORLD_LOCAL_SIZE"),
    ("MV2_COMM_WORLD_RANK", "MV2_COMM_WORLD_SIZE", "MV2_COMM_WORLD_LOCAL_RANK", "MV2_COMM_WORLD_LOCAL_SIZE"),
    ("PMIX_RANK", "SLURM_NTASKS", "SLURM_LOCALID", "SLURM_STEP_TASKS_PER_NODE"),  # srun --mpi=pmix
    ("PMI_RANK", "PMI_SIZE", "SLURM_LOCALID", "SLURM_STEP_TASKS_PER_NODE"),  # srun --mpi=pmi2
)

DEFAULT_PORT = 29500
"""PyTorch's, where nobody names one."""

HOSTS = "ADJOINT_HOSTS"
"""The environment variable in which `adjoint run --hosts` tells ranks on other machines where rank 0 is."""


@dataclass(frozen=True)
class Place:
    """Where a process stands among all that were started together."""

    rank: int
    world: int
    local_rank: int
    local_world: int
    node: int = 0
    nodes: int = 1
    address: str | None = "127.0.0.1"
    port: int = DEFAULT_PORT
    run_id: str = "none"
    restarts: int = 0
    most_restarts: int = 0
    role: str = "default"

    def variables(self) -> dict[str, str]:
        """torchrun's environment variables; without ``MASTER_ADDR`` where that is not known.

        >>> from adjoint.distributed.launching.environment import Place
        >>> Place(rank=3, world=4, local_rank=1, local_world=2).variables()["LOCAL_RANK"]
        '1'
        """
        found: dict[str, object] = {
            "RANK": self.rank,
            "WORLD_SIZE": self.world,
            "LOCAL_RANK": self.local_rank,
            "LOCAL_WORLD_SIZE": self.local_world,
            "GROUP_RANK": self.node,
            "GROUP_WORLD_SIZE": self.nodes,
            "ROLE_RANK": self.rank,
            "ROLE_WORLD_SIZE": self.world,
            "ROLE_NAME": self.role,
            "MASTER_ADDR": self.address,
            "MASTER_PORT": self.port,
            "TORCHELASTIC_RUN_ID": self.run_id,
            "TORCHELASTIC_RESTART_COUNT": self.restarts,
            "TORCHELASTIC_MAX_RESTARTS": self.most_restarts,
            "TORCHELASTIC_USE_AGENT_STORE": False,
        }
        return {name: str(value) for name, value in found.items() if value is not None}


def from_mpi(environ: Mapping[str, str]) -> dict[str, str] | None:
    """torchrun's variables for a process that MPI's launcher started; None for any other.

    >>> from adjoint.distributed.launching.environment import from_mpi
    >>> found = from_mpi({"PMI_RANK": "1", "PMI_SIZE": "2", "MPI_LOCALRANKID": "1", "MPI_LOCALNRANKS": "2"})
    >>> found["RANK"], found["WORLD_SIZE"], found["LOCAL_RANK"]
    ('1', '2', '1')
    """
    for names in _LAUNCHERS:
        rank, world, local_rank, local_world = (_number(environ.get(name, "")) for name in names)
        if rank is None or world is None:
            continue
        if local_rank is None or local_world is None:
            continue
        # Ranks are dealt out machine by machine unless the launcher is told otherwise; only they know which it is.
        node, nodes = (0, 1) if local_world == world else (rank // local_world, -(-world // local_world))
        address = "127.0.0.1" if nodes == 1 else environ.get(HOSTS)
        return Place(
            rank, world, local_rank, local_world, node, nodes, environ.get("MASTER_ADDR", address),
            int(environ.get("MASTER_PORT", DEFAULT_PORT)), environ.get("TORCHELASTIC_RUN_ID", "none"),
        ).variables()  # fmt: skip
    return None


def adopt(environ: MutableMapping[str, str] = os.environ) -> int | None:
    """Give a process that MPI's launcher started torchrun's variables too; the rank, or None where nobody says it."""
    if "RANK" not in environ:
        environ.update(from_mpi(environ) or {})
    return _number(environ.get("RANK", "")) if "WORLD_SIZE" in environ else None


def _number(text: str) -> int | None:
    """The number that a text begins with: Slurm writes ``2(x3)``."""
    digits = text.partition("(")[0].partition(",")[0]
    return int(digits) if digits.isdigit() else None

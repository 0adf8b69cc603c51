"""``torch.distributed.constants``: how long collectives wait."""

from datetime import timedelta

__all__ = ["default_pg_nccl_timeout", "default_pg_timeout"]

default_pg_timeout = timedelta(minutes=30)
"""How long a collective may take when a group says nothing else."""

default_pg_nccl_timeout = None
"""NCCL's, which is not built in."""

"""Shards in safetensors files, made one."""

from adjoint.distributed.checkpoint import WHY
from adjoint.distributed.refused import refuse_in

refuse_in(__name__, WHY, functions="consolidate_safetensors_files")

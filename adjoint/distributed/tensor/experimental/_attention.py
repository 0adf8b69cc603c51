"""Attention over sequences that are spread.  Names alone."""

from adjoint.distributed.refused import refuse_in
from adjoint.distributed.tensor import WHOLE

refuse_in(__name__, WHOLE, functions="context_parallel context_parallel_unshard set_rotate_method")

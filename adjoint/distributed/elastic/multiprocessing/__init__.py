"""``torch.distributed.elastic.multiprocessing``: what is told of processes that failed."""

from adjoint.names import named as _named

_named(__name__, modules={"errors"})

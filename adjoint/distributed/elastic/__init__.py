"""``torch.distributed.elastic``: the part of it that programs which torchrun starts name, errors that are written to a file."""

from adjoint.names import named as _named

_named(__name__, modules={"multiprocessing"})

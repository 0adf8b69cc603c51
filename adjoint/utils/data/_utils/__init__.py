"""The parts of :mod:`adjoint.utils.data` that programs import by PyTorch's path: collating and worker information."""

from adjoint.utils.data._utils import collate, worker

__all__ = ["collate", "worker"]

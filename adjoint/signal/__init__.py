"""``torch.signal``: signal processing; its windows are in :mod:`adjoint.signal.windows`."""

from adjoint.names import named as _named
from adjoint.signal import windows as windows

__all__ = ["windows"]

_named(__name__)

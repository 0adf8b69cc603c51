"""``torch.amp``: automatic mixed precision, which is for devices that Adjoint does not have.

Programs that ask for it on such a device get what PyTorch gives them on a machine without one: a warning, and full
precision.  On the CPU it is not there yet, and says so.
"""

from adjoint.amp.autocast import autocast, is_autocast_available
from adjoint.amp.scaler import GradScaler
from adjoint.names import list_names as _list_names

__all__ = ["GradScaler", "autocast", "is_autocast_available"]

_list_names(__name__)

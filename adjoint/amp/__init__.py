"""``torch.amp``: automatic mixed precision.

:class:`autocast` has products run in bfloat16 or float16, :class:`GradScaler` keeps small gradients from underflowing there.
Programs that ask for a device that is not there get what PyTorch gives them on such a machine: a warning, and full precision.
"""

from adjoint.amp import switches as _switches
from adjoint.amp.autocast_mode import (
    _enter_autocast,
    _exit_autocast,
    autocast,
    custom_bwd,
    custom_fwd,
    is_autocast_available,
)
from adjoint.amp.grad_scaler import GradScaler
from adjoint.names import list_names as _list_names

__all__ = ["GradScaler", "autocast", "custom_bwd", "custom_fwd", "is_autocast_available"]

_list_names(__name__)

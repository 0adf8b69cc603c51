"""``torch.cuda.amp``: the older names of :mod:`adjoint.amp` for CUDA."""

from adjoint.cuda.amp.autocast_mode import autocast, custom_bwd, custom_fwd
from adjoint.cuda.amp.common import amp_definitely_not_available
from adjoint.cuda.amp.grad_scaler import GradScaler
from adjoint.names import list_names as _list_names

__all__ = ["GradScaler", "amp_definitely_not_available", "autocast", "custom_bwd", "custom_fwd"]

_list_names(__name__)

"""The older spelling of the scaler."""

from __future__ import annotations

from adjoint import amp
from adjoint.amp.grad_scaler import OptState
from adjoint.cuda.amp.common import warn_of_old
from adjoint.names import list_names as _list_names

__all__ = ["GradScaler", "OptState"]


class GradScaler(amp.GradScaler):
    """Deprecated: ``torch.amp.GradScaler("cuda", ...)``."""

    def __init__(
        self,
        init_scale: float = 2.0**16,
        growth_factor: float = 2.0,
        backoff_factor: float = 0.5,
        growth_interval: int = 2000,
        enabled: bool = True,
    ) -> None:
        warn_of_old("GradScaler", "'cuda', args...")
        super().__init__("cuda", init_scale, growth_factor, backoff_factor, growth_interval, enabled)


_list_names(__name__)

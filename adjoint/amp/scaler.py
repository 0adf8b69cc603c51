"""GradScaler: scaling losses against underflow in lower precision; disabled, it passes everything through."""

from __future__ import annotations

import warnings
from typing import Any

from adjoint.declare import composite
from adjoint.device import device as Device
from adjoint.places import users_level


@composite(where="torch")
class GradScaler:
    """The scaler of a mixed-precision training loop, disabled: ``scale(loss)`` is ``loss``, ``step(optimizer)`` steps.

    For ``"cuda"`` it warns and is disabled, as in PyTorch without CUDA.  Raises NotImplementedError where it would be
    enabled.
    """

    def __init__(
        self,
        device: str = "cuda",
        init_scale: float = 2.0**16,
        growth_factor: float = 2.0,
        backoff_factor: float = 0.5,
        growth_interval: int = 2000,
        enabled: bool = True,
    ) -> None:
        self._device = Device(device).type
        if enabled and self._device == "cuda":
            warnings.warn(
                "torch.cuda.amp.GradScaler is enabled, but CUDA is not available.  Disabling.",
                UserWarning,
                stacklevel=users_level(),
            )
            enabled = False
        if enabled:
            raise NotImplementedError(
                f"GradScaler on {self._device!r} is not there yet: pass enabled=False to train in full precision"
            )

    def is_enabled(self) -> bool:
        """False."""
        return False

    def scale(self, outputs: Any) -> Any:
        """``outputs`` themselves."""
        return outputs

    def unscale_(self, optimizer: Any) -> None:
        """Nothing: gradients are not scaled."""

    def step(self, optimizer: Any, *args: Any, **kwargs: Any) -> Any:
        """``optimizer.step(...)``."""
        return optimizer.step(*args, **kwargs)

    def update(self, new_scale: Any = None) -> None:
        """Nothing: there is no scale."""

    def get_scale(self) -> float:
        """1.0."""
        return 1.0

    def state_dict(self) -> dict[str, Any]:
        """Empty: nothing is kept."""
        return {}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Nothing: a disabled scaler keeps no state."""

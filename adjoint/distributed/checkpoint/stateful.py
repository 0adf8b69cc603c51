"""What has a state of its own, which checkpoints ask for."""

from __future__ import annotations

from typing import Any, Protocol, runtime_checkable

from adjoint.names import list_names as _list_names

__all__ = ["Stateful"]


@runtime_checkable
class Stateful(Protocol):
    """Anything with these two methods."""

    def state_dict(self) -> dict[str, Any]:
        """The state."""

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on with a state."""


_list_names(__name__)

"""``torch.utils.backcompat``: warnings of what programs written for PyTorch 0.1 may have meant otherwise.  There are none."""

from __future__ import annotations

from adjoint.names import list_names as _list_names


class Warning:
    """A warning that is off."""

    def __init__(self, name: str) -> None:
        self._name = name

    @property
    def enabled(self) -> bool:
        """False.  Raises NotImplementedError where it is set to True: nothing warns of that."""
        return False

    @enabled.setter
    def enabled(self, value: bool) -> None:
        if value:
            raise NotImplementedError(f"there is no warning of {self._name} that PyTorch 0.1 had no idea of")

    def get_enabled(self) -> bool:
        """False."""
        return self.enabled

    def set_enabled(self, value: bool) -> None:
        """Set :attr:`enabled`."""
        self.enabled = value


broadcast_warning = Warning("broadcasts")
keepdim_warning = Warning("dimensions that are not kept")

_list_names(__name__)

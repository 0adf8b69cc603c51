"""Channel shuffle as a layer."""

from __future__ import annotations

from adjoint.nn import functional as F
from adjoint.nn.modules.module import Module
from adjoint.tensor import Tensor


class ChannelShuffle(Module):
    """Mixes the channels of ``groups`` groups: the first of each, then the second of each, and so on."""

    def __init__(self, groups: int) -> None:
        super().__init__()
        self.groups = groups

    def forward(self, input: Tensor) -> Tensor:
        """The input with its channels in another order."""
        return F.channel_shuffle(input, self.groups)

    def extra_repr(self) -> str:
        """The number of groups."""
        return f"groups={self.groups}"


__all__ = ["ChannelShuffle"]

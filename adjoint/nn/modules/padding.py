"""Padding layers: something around the input."""

from __future__ import annotations

from typing import Any

from adjoint.nn import functional as F
from adjoint.nn.modules.module import Module
from adjoint.nn.modules.sizes import ntuple
from adjoint.tensor import Tensor


class _Pad(Module):
    """``padding`` on all sides, or (left, right, top, bottom, front, back) as far as there are dimensions."""

    _n: int
    _mode: str

    def __init__(self, padding: Any) -> None:
        super().__init__()
        self.padding = ntuple(padding, 2 * self._n)

    def forward(self, input: Tensor) -> Tensor:
        """The padded input."""
        return F.pad(input, self.padding, self._mode)

    def extra_repr(self) -> str:
        """The sides."""
        return f"{self.padding}"


class _ConstantPadNd(_Pad):
    value: float

    def __init__(self, padding: Any, value: float) -> None:
        super().__init__(padding)
        self.value = value

    def forward(self, input: Tensor) -> Tensor:
        """The padded input."""
        return F.pad(input, self.padding, "constant", self.value)

    def extra_repr(self) -> str:
        """The sides and the value."""
        return f"padding={self.padding}, value={self.value}"


class ConstantPad1d(_ConstantPadNd):
    """A constant around the last dimension."""

    _n = 1


class ConstantPad2d(_ConstantPadNd):
    """A constant around the last two dimensions."""

    _n = 2


class ConstantPad3d(_ConstantPadNd):
    """A constant around the last three dimensions."""

    _n = 3


class _ZeroPad(_ConstantPadNd):
    def __init__(self, padding: Any) -> None:
        super().__init__(padding, 0.0)

    def extra_repr(self) -> str:
        """The sides."""
        return f"{self.padding}"


class ZeroPad1d(_ZeroPad, ConstantPad1d):
    """Zeros around the last dimension."""


class ZeroPad2d(_ZeroPad, ConstantPad2d):
    """Zeros around the last two dimensions.

    >>> import adjoint as torch
    >>> torch.nn.ZeroPad2d(1)(torch.ones(1, 1, 1))
    tensor([[[0., 0., 0.],
             [0., 1., 0.],
             [0., 0., 0.]]])
    """


class ZeroPad3d(_ZeroPad, ConstantPad3d):
    """Zeros around the last three dimensions."""


class _CircularPad(_Pad):
    _mode = "circular"

    def _check_input_dim(self, input: Tensor) -> None:
        n = self._n
        if input.ndim not in (n + 1, n + 2):
            raise ValueError(f"expected {n + 1}D or {n + 2}D input (got {input.ndim}D input)")

    def forward(self, input: Tensor) -> Tensor:
        """The padded input."""
        self._check_input_dim(input)
        return F.pad(input, self.padding, "circular")


class CircularPad1d(_CircularPad):
    """The other end of the last dimension at each end."""

    _n = 1


class CircularPad2d(_CircularPad):
    """The other side of the last two dimensions at each side."""

    _n = 2


class CircularPad3d(_CircularPad):
    """The other side of the last three dimensions at each side."""

    _n = 3


class ReflectionPad1d(_Pad):
    """The last dimension mirrored at its ends."""

    _n, _mode = 1, "reflect"


class ReflectionPad2d(_Pad):
    """The last two dimensions mirrored at their ends."""

    _n, _mode = 2, "reflect"


class ReflectionPad3d(_Pad):
    """The last three dimensions mirrored at their ends."""

    _n, _mode = 3, "reflect"


class ReplicationPad1d(_Pad):
    """The end elements of the last dimension repeated."""

    _n, _mode = 1, "replicate"


class ReplicationPad2d(_Pad):
    """The end elements of the last two dimensions repeated."""

    _n, _mode = 2, "replicate"


class ReplicationPad3d(_Pad):
    """The end elements of the last three dimensions repeated."""

    _n, _mode = 3, "replicate"


__all__ = [
    f"{kind}Pad{n}d" for kind in ("Circular", "Constant", "Reflection", "Replication", "Zero") for n in (1, 2, 3)
]

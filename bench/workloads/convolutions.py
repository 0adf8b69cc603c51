"""Convolutions and their gradients with respect to the data and the weight."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from bench.registry import group, workload
from bench.steps import forward_backward

_CONVOLUTIONS = group("convolutions", "convolutions, forward and backward", mean_at_least=1.2)


@dataclass(frozen=True)
class _Shape:
    name: str
    batch: int
    channels: int
    size: int
    out: int
    kernel: int
    stride: int = 1
    groups: int = 1

    @property
    def padding(self) -> int:
        return self.kernel // 2

    @property
    def size_out(self) -> int:
        return (self.size + 2 * self.padding - self.kernel) // self.stride + 1

    @property
    def work(self) -> dict[str, int]:
        """What the limit is counted in: multiply-adds, but for depthwise convolutions, which have few, bytes."""
        data, result = self.channels * self.size**2, self.out * self.size_out**2
        if self.groups > 1:  # data read twice and its gradient written; the result written and its gradient read
            return {"moved": 4 * self.batch * (3 * data + 2 * result)}
        return {"flops": 3 * 2 * self.batch * result * self.channels * self.kernel**2}

    @property
    def title(self) -> str:
        kind = "depthwise " if self.groups > 1 else ""
        stride = f", stride {self.stride}" if self.stride > 1 else ""
        data = f"{self.batch} x {self.channels} x {self.size}²"
        return f"{kind}convolution {self.kernel} x {self.kernel}{stride} of {data}, forward and backward"


def _convolution(shape: _Shape, torch: Any) -> Callable[[], None]:
    x = torch.randn(shape.batch, shape.channels, shape.size, shape.size, requires_grad=True)
    taps = shape.channels // shape.groups, shape.kernel, shape.kernel
    weight = (torch.randn(shape.out, *taps) / (taps[0] * shape.kernel**2) ** 0.5).requires_grad_()
    settings = {"stride": shape.stride, "padding": shape.padding, "groups": shape.groups}
    gradient = torch.randn(shape.batch, shape.out, shape.size_out, shape.size_out)
    return forward_backward((x, weight), partial(torch.nn.functional.conv2d, **settings), gradient)


for _shape in [
    _Shape("conv3_16x64x16", 16, 64, 16, 64, 3),
    _Shape("conv3_16x128x8", 16, 128, 8, 128, 3),
    _Shape("conv3_16x256x4", 16, 256, 4, 256, 3),
    _Shape("conv3_16x512x2", 16, 512, 2, 512, 3),
    _Shape("conv3_8x64x56", 8, 64, 56, 64, 3),
    _Shape("conv7_stride2_16x3x64", 16, 3, 64, 64, 7, stride=2),
    _Shape("conv1_16x256x14", 16, 256, 14, 256, 1),
    _Shape("conv3_depthwise_16x128x28", 16, 128, 28, 128, 3, groups=128),
]:
    workload(name=_shape.name, title=_shape.title, group=_CONVOLUTIONS, at_least=1.0, **_shape.work)(
        partial(_convolution, _shape)
    )

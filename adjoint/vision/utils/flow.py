"""Optical flow as colours: the direction is the hue, the length how strong it is."""

from __future__ import annotations

import math

import adjoint
from adjoint import dtypes
from adjoint.tensor import Tensor

# From each colour to the next around the wheel: how many steps, which channel changes, and whether it grows (Baker et al.,
# A Database and Evaluation Methodology for Optical Flow, 2007).
_ARCS = ((15, 1, True), (6, 0, False), (4, 2, True), (11, 1, False), (13, 0, True), (6, 2, False))


def color_wheel() -> Tensor:
    """The wheel's colours (55, 3), from 0 to 255: red, yellow, green, cyan, blue, magenta, and what lies between."""
    color = [255, 0, 0]
    wheel = []
    for steps, channel, grows in _ARCS:
        for step in range(steps):
            amount = math.floor(255 * step / steps)
            color[channel] = amount if grows else 255 - amount
            wheel.append(list(color))
        color[channel] = 255 if grows else 0
    return adjoint.tensor(wheel, dtype=dtypes.float32)  # type: ignore[no-any-return]


@adjoint.no_grad()
def flow_to_image(flow: Tensor) -> Tensor:
    """A flow (2, H, W) or (N, 2, H, W) of float32 as an image of bytes, whose colours are the flow's directions.

    The longest arrow of all has the full colour.  Raises ValueError for another dtype or shape.

    >>> import adjoint as torch
    >>> flow_to_image(torch.tensor([[[0.0, 1.0]], [[0.0, 0.0]]]))[:, 0].tolist()
    [[255, 255], [255, 0], [255, 0]]
    """
    if flow.dtype != dtypes.float32:
        raise ValueError(f"Flow should be of dtype torch.float, got {flow.dtype}.")
    batch = flow[None] if flow.ndim == 3 else flow
    if batch.ndim != 4 or batch.shape[1] != 2:
        raise ValueError(f"Input flow should have shape (2, H, W) or (N, 2, H, W), got {flow.shape}.")
    longest = adjoint.sum(batch.pow(2), dim=1).sqrt().max()
    image = normalized_flow_to_image(batch / (longest + adjoint.finfo(batch.dtype).eps))
    return image[0] if flow.ndim == 3 else image


@adjoint.no_grad()
def normalized_flow_to_image(normalized_flow: Tensor) -> Tensor:
    """The image (N, 3, H, W) of a flow (N, 2, H, W) no arrow of which is longer than 1."""
    batch, _, height, width = normalized_flow.shape
    wheel = color_wheel().to(normalized_flow.device)
    count = wheel.shape[0]
    length = adjoint.sum(normalized_flow.pow(2), dim=1).sqrt()
    angle = adjoint.atan2(-normalized_flow[:, 1], -normalized_flow[:, 0]) / math.pi
    place = (angle + 1) / 2 * (count - 1)
    first = adjoint.floor(place).to(dtypes.long)
    second = first + 1
    second[second == count] = 0
    between = place - first
    image = adjoint.zeros((batch, 3, height, width), dtype=dtypes.uint8, device=normalized_flow.device)
    for channel in range(3):
        hue = wheel[:, channel]
        color = (1 - between) * (hue[first] / 255.0) + between * (hue[second] / 255.0)
        image[:, channel] = adjoint.floor(255 * (1 - length * (1 - color)))
    return image  # type: ignore[no-any-return]

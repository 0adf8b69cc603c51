"""What torchvision computes in native code, written down plainly in loops of NumPy: boxes, regions and deformed convolutions.

:func:`with_operators` has torchvision's Python files compute with these (and with its own ``_roi_align``) beside PyTorch.
"""

from __future__ import annotations

import functools
import math
from types import ModuleType
from typing import Any

import numpy as np

from tests.torchvision_files import _declared, torchvision


def nms(boxes: Any, scores: Any, threshold: float) -> Any:
    order = np.argsort(-scores, kind="stable")
    areas = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    suppressed, kept = np.zeros(len(boxes), bool), []
    for i in order:
        if suppressed[i]:
            continue
        kept.append(i)
        width = np.maximum(np.minimum(boxes[i, 2], boxes[:, 2]) - np.maximum(boxes[i, 0], boxes[:, 0]), 0)
        height = np.maximum(np.minimum(boxes[i, 3], boxes[:, 3]) - np.maximum(boxes[i, 1], boxes[:, 1]), 0)
        both = width * height
        with np.errstate(invalid="ignore"):  # of two boxes without an area
            suppressed |= (both / (areas[i] + areas - both)).astype(np.float64) > threshold
    return np.array(kept, np.int64)


def between(plane: Any, y: float, x: float) -> float:
    """A bilinear mean, with zeros outside of the plane."""
    height, width = plane.shape
    low = math.floor(y), math.floor(x)
    value = 0.0
    for dy in (0, 1):
        for dx in (0, 1):
            i, j = low[0] + dy, low[1] + dx
            if 0 <= i < height and 0 <= j < width:
                value += (1 - abs(y - i)) * (1 - abs(x - j)) * plane[i, j]
    return value


def sample(plane: Any, y: float, x: float) -> float:
    """A sample of a region: zero beyond a pixel from the plane, the border within."""
    height, width = plane.shape
    if not (-1 <= y <= height and -1 <= x <= width):
        return 0.0
    return between(plane, min(max(y, 0), height - 1), min(max(x, 0), width - 1))


def align(x: Any, rois: Any, cells: Any, scale: float, samples: int, half_pixel: bool, by_cell: bool = False) -> Any:
    channels = x.shape[1] // (math.prod(cells) if by_cell else 1)
    found = np.zeros((len(rois), channels, *cells))
    offset = 0.5 if half_pixel else 0
    for k, (image, x1, y1, x2, y2) in enumerate(rois):
        left, top = x1 * scale - offset, y1 * scale - offset
        sides = [y2 * scale - offset - top, x2 * scale - offset - left]
        if not half_pixel:
            sides = [max(side, 1) for side in sides]
        steps = [side / n for side, n in zip(sides, cells)]
        counts = [samples if samples > 0 else math.ceil(step) for step in steps]
        for c, i, j in np.ndindex(channels, *cells):
            plane = x[int(image), (c * cells[0] + i) * cells[1] + j if by_cell else c]
            for a, b in np.ndindex(*[max(n, 0) for n in counts]):
                y = top + (i + (a + 0.5) / counts[0]) * steps[0]
                found[k, c, i, j] += sample(plane, y, left + (j + (b + 0.5) / counts[1]) * steps[1])
        found[k] /= max(counts[0] * counts[1], 1)
    return found


def pool(x: Any, rois: Any, cells: Any, scale: float, by_cell: bool = False) -> Any:
    """The largest pixels; with ``by_cell`` averages, each cell of its own channels."""
    height, width = x.shape[2:]
    channels = x.shape[1] // (math.prod(cells) if by_cell else 1)
    found = np.zeros((len(rois), channels, *cells))

    def rounded(value: float) -> int:
        return int(math.copysign(math.floor(abs(value) + 0.5), value))

    for k, (image, *box) in enumerate(rois):
        left, top, right, bottom = (rounded(v * scale) for v in box)
        more, less = (0, 1) if by_cell else (1, 0)
        steps = max(bottom - top + more, 1) / cells[0], max(right - left + more, 1) / cells[1]
        for c, i, j in np.ndindex(channels, *cells):
            y = [min(max(v + top, 0), height - less) for v in (math.floor(i * steps[0]), math.ceil((i + 1) * steps[0]))]
            z = [min(max(v + left, 0), width - less) for v in (math.floor(j * steps[1]), math.ceil((j + 1) * steps[1]))]
            plane = x[int(image), (c * cells[0] + i) * cells[1] + j if by_cell else c, y[0] : y[1], z[0] : z[1]]
            if plane.size:
                found[k, c, i, j] = plane.mean() if by_cell else plane.max()
    return found


def deform_conv(
    x: Any, offset: Any, weight: Any, bias: Any, mask: Any, stride: Any, padding: Any, dilation: Any
) -> Any:
    n, channels = x.shape[:2]
    out_channels, per_group, *size = weight.shape
    out = [
        (s + 2 * p - d * (k - 1) - 1) // t + 1 for s, p, d, k, t in zip(x.shape[2:], padding, dilation, size, stride)
    ]
    groups = offset.shape[1] // (2 * size[0] * size[1])
    found = np.zeros((n, out_channels, *out)) + bias[:, None, None]
    for b, o, i, j, c, u, v in np.ndindex(n, out_channels, *out, per_group, *size):
        channel = o // (out_channels // (channels // per_group)) * per_group + c
        tap = (channel // (channels // groups) * size[0] + u) * size[1] + v
        y = i * stride[0] - padding[0] + u * dilation[0] + offset[b, 2 * tap, i, j]
        z = j * stride[1] - padding[1] + v * dilation[1] + offset[b, 2 * tap + 1, i, j]
        share = 1.0 if mask is None else mask[b, tap, i, j]
        found[b, o, i, j] += share * weight[o, c, u, v] * between(x[b, channel], y, z)
    return found


@functools.cache
def with_operators() -> ModuleType:
    """torchvision beside PyTorch, with ``nms`` from here and ``roi_align`` in its own Python."""
    import torch

    _declared().impl("nms", lambda d, s, t: torch.from_numpy(nms(d.detach().numpy(), s.detach().numpy(), t)), "CPU")
    package = torchvision()
    torchvision("ops").boxes._assert_has_ops = lambda: None
    import sys

    module: Any = sys.modules["torchvision.ops.roi_align"]
    module._roi_align = module._roi_align.__wrapped__  # without torch.compile
    return package

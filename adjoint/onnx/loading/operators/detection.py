"""Boxes: which of those that overlap stay, and what is in them."""

from __future__ import annotations

from typing import Any

import numpy as np

import adjoint
from adjoint.onnx.loading.rows import operator


@operator("NonMaxSuppression", host=(2, 3, 4))
def suppression(site: Any, center_point_box: int = 0) -> Any:
    def prepare(limit: Any, overlap: Any, least: Any) -> Any:
        most = 0 if limit is None else int(limit.reshape(-1)[0])
        shared = 0.0 if overlap is None else float(overlap.reshape(-1)[0])
        lowest = None if least is None else float(least.reshape(-1)[0])

        def run(boxes: Any, scores: Any) -> Any:
            found: list[tuple[int, int, int]] = []
            corners = _corners(boxes.detach().numpy(), center_point_box)
            values = scores.detach().numpy()
            for batch in range(values.shape[0]):
                for label in range(values.shape[1]):
                    found += (
                        (batch, label, n) for n in _kept(corners[batch], values[batch, label], most, shared, lowest)
                    )
            return adjoint.as_tensor(np.array(found, np.int64).reshape(-1, 3))

        return run

    return prepare


def _corners(boxes: np.ndarray, center: int) -> np.ndarray:
    first, second = boxes[..., :2], boxes[..., 2:]
    if center:
        return np.concatenate([first - second / 2, first + second / 2], -1)
    return np.concatenate([np.minimum(first, second), np.maximum(first, second)], -1)


def _kept(boxes: np.ndarray, scores: np.ndarray, most: int, shared: float, lowest: float | None) -> list[int]:
    order = np.argsort(-scores, kind="stable")
    if lowest is not None:
        order = order[scores[order] > lowest]
    area = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    kept: list[int] = []
    while order.size and len(kept) < most:
        best, order = order[0], order[1:]
        kept.append(int(best))
        low = np.maximum(boxes[best, :2], boxes[order, :2])
        high = np.minimum(boxes[best, 2:], boxes[order, 2:])
        common = np.maximum(high - low, 0).prod(1)
        order = order[common <= shared * (area[best] + area[order] - common)]
    return kept


def _ways(sizes: Any, size: int) -> tuple[Any, Any, Any]:
    """For places along an axis: the numbers before and after each, and how much of the latter; outside of it, nothing."""
    inside = (sizes >= -1) & (sizes <= size)
    place = sizes.clamp(0, size - 1)
    low = place.detach().floor().long()
    high = (low + 1).clamp(max=size - 1)
    return low, high, (place - low, inside)


@operator("RoiAlign")
def roi_align(
    site: Any, coordinate_transformation_mode: str | None = None, mode: str = "avg", output_height: int = 1, output_width: int = 1,
    sampling_ratio: int = 0, spatial_scale: float = 1.0,
) -> Any:  # fmt: skip
    shifted = (
        coordinate_transformation_mode or ("half_pixel" if site.version >= 16 else "output_half_pixel")
    ) == "half_pixel"

    def run(x: Any, rois: Any, batches: Any) -> Any:
        height, width = x.shape[2:]
        results = []
        for n in range(rois.shape[0]):
            box = rois[n] * spatial_scale - (0.5 if shifted else 0.0)
            w, h = box[2] - box[0], box[3] - box[1]
            if not shifted:
                w, h = w.clamp(min=1), h.clamp(min=1)
            rows = sampling_ratio or int(np.ceil(float(h.detach()) / output_height))
            columns = sampling_ratio or int(np.ceil(float(w.detach()) / output_width))
            y = box[1] + (adjoint.arange(output_height * rows, dtype=rois.dtype) + 0.5) * (h / (output_height * rows))
            z = box[0] + (adjoint.arange(output_width * columns, dtype=rois.dtype) + 0.5) * (
                w / (output_width * columns)
            )
            image = x[int(batches[n])]
            top, bottom, (down, y_inside) = _ways(y, height)
            left, right, (across, z_inside) = _ways(z, width)
            across = across.to(x.dtype)
            down = down.to(x.dtype).unsqueeze(1)
            inside = (y_inside.unsqueeze(1) & z_inside).to(x.dtype)
            corners = [
                image[:, top][:, :, left] * ((1 - down) * (1 - across)), image[:, top][:, :, right] * ((1 - down) * across),
                image[:, bottom][:, :, left] * (down * (1 - across)), image[:, bottom][:, :, right] * (down * across),
            ]  # fmt: skip
            cells = (-1, output_height, rows, output_width, columns)
            if mode == "avg":
                results.append((sum(corners) * inside).reshape(cells).mean((2, 4)))
            else:  # the largest of the four products, as onnxruntime has it
                each = [(corner * inside).reshape(cells).amax((2, 4)) for corner in corners]
                results.append(adjoint.stack(each).amax(0))
        if not results:
            return x.new_zeros(0, x.shape[1], output_height, output_width)
        return adjoint.stack(results)

    return run


@operator("MaxRoiPool")
def max_roi_pool(site: Any, pooled_shape: Any, spatial_scale: float = 1.0) -> Any:
    def run(x: Any, rois: Any) -> Any:
        height, width = x.shape[2:]
        results = []
        for roi in rois.detach().numpy():
            left, top, right, bottom = (int(np.floor(v * spatial_scale + 0.5)) for v in roi[1:5])
            rows, columns = max(bottom - top + 1, 1), max(right - left + 1, 1)
            image = x[int(roi[0])]
            cells = []
            for i in range(pooled_shape[0]):
                for j in range(pooled_shape[1]):
                    y0, y1 = _cell(i, rows / pooled_shape[0], top, height)
                    z0, z1 = _cell(j, columns / pooled_shape[1], left, width)
                    part = image[:, y0:y1, z0:z1]
                    cells.append(part.amax((1, 2)) if part.numel() else image.new_zeros(image.shape[0]))
            results.append(adjoint.stack(cells, 1).reshape(-1, *pooled_shape))
        return adjoint.stack(results)

    return run


def _cell(n: int, each: float, start: int, size: int) -> tuple[int, int]:
    return min(max(int(np.floor(n * each)) + start, 0), size), min(max(int(np.ceil((n + 1) * each)) + start, 0), size)

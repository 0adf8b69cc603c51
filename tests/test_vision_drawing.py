"""Grids, boxes, masks, key points and flows: pixel for pixel torchvision's."""

from __future__ import annotations

import inspect
import warnings
from typing import Any

import numpy as np
import pytest
import torch

import adjoint
from adjoint.vision import utils
from tests.torchvision_files import torchvision

pytest.importorskip("PIL")
theirs = torchvision("utils")

_RANDOM = np.random.default_rng(0)
IMAGE = _RANDOM.integers(0, 256, (3, 60, 80), dtype=np.uint8)
FLOATS = IMAGE.astype(np.float32) / 255
BATCH = _RANDOM.random((5, 3, 6, 7)).astype(np.float32)
BOXES = np.array([[1, 2, 30, 40], [10, 10, 70, 50], [0, 0, 5, 5]], np.float32)
TURNED = np.array([[10, 10, 40, 15, 35, 45, 5, 40]], np.float32)
MASKS = _RANDOM.random((3, 60, 80)) > 0.6
POINTS = _RANDOM.random((2, 4, 2)).astype(np.float32) * 55
SEEN = _RANDOM.random((2, 4)) > 0.4
FLOW = _RANDOM.normal(size=(2, 2, 30, 40)).astype(np.float32)

CASES: list[tuple[str, Any, dict[str, Any]]] = [
    *(("make_grid", (BATCH,), options) for options in (
        {}, {"nrow": 2, "padding": 0}, {"normalize": True}, {"normalize": True, "scale_each": True, "pad_value": 0.5},
        {"normalize": True, "value_range": (0, 0.5)}, {"normalize": True, "value_range": [0, 1]},
    )),
    *(("make_grid", (images,), {}) for images in (
        BATCH[:1], BATCH[0], BATCH[0, 0], BATCH[:, :1], list(BATCH), list(BATCH[:, 0]), (BATCH,), [3], 3,
    )),
    *(("draw_bounding_boxes", (image, BOXES), options) for image in (IMAGE, FLOATS[:1]) for options in (
        {}, {"labels": ["a", "b", "cc"]}, {"fill": True, "width": 3, "colors": ["red", (1, 2, 3), "#00ff00"]},
        {"labels": ["a", "b", "c"], "fill_labels": True, "label_background_colors": "red", "label_colors": "blue"},
        {"labels": ["a"]}, {"colors": ["red"]}, {"colors": (1, 2)}, {"colors": 3}, {"font_size": 3},
    )),
    *(("draw_bounding_boxes", (IMAGE, TURNED), options) for options in ({}, {"width": 3, "fill": True, "colors": "red"})),
    *(("draw_bounding_boxes", others, {}) for others in (
        (IMAGE, BOXES[:0]), (IMAGE, BOXES[:, [2, 1, 0, 3]]), (IMAGE[:2], BOXES), (IMAGE[None], BOXES), (3, BOXES),
        (IMAGE.astype(np.int16), BOXES),
    )),
    *(("draw_segmentation_masks", (image, MASKS), options) for image in (IMAGE, FLOATS) for options in (
        {}, {"alpha": 0.3, "colors": "red"}, {"colors": ["red", (1, 2, 3), "blue"]}, {"colors": ["red"]},
    )),
    *(("draw_segmentation_masks", others, {}) for others in (
        (IMAGE, MASKS[0]), (IMAGE, MASKS[:0]), (IMAGE, MASKS[None]), (IMAGE, MASKS.astype(np.uint8)),
        (IMAGE, MASKS[:, :5]), (IMAGE[:1], MASKS),
    )),
    *(("draw_keypoints", (image, POINTS), options) for image in (IMAGE, FLOATS) for options in (
        {"colors": "red"}, {"colors": (1, 2, 3), "connectivity": [(0, 1), (2, 3)], "visibility": SEEN, "radius": 5, "width": 1},
        {"visibility": SEEN[..., None]}, {"visibility": SEEN[0]}, {"visibility": SEEN[:1]},
    )),
    ("draw_keypoints", (IMAGE, POINTS[0]), {}),
    *(("flow_to_image", (flow,), {}) for flow in (FLOW, FLOW[0] * 100, FLOW * 0, FLOW[:, :1], FLOW.astype(np.float64), FLOW[0, 0])),
]  # fmt: skip


def _of(from_numpy: Any, value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return from_numpy(value.copy())
    return [_of(from_numpy, one) for one in value] if isinstance(value, list) else value


def _outcome(module: Any, from_numpy: Any, name: str, values: Any, options: Any) -> Any:
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        try:
            result = getattr(module, name)(
                *(_of(from_numpy, value) for value in values),
                **{key: _of(from_numpy, value) for key, value in options.items()},
            )
        except (TypeError, ValueError) as error:
            return type(error), str(error).replace("adjoint.tensor.Tensor", "torch.Tensor")
    texts = [str(one.message) for one in warned]
    return str(result.dtype), result.stride(), result.numpy().shape, result.numpy().tobytes(), texts


@pytest.mark.parametrize("case", range(len(CASES)), ids=lambda case: f"{CASES[case][0]}-{case}")
def test_the_pixels_warnings_and_errors_are_torchvisions(case: int) -> None:
    expected = _outcome(theirs, torch.from_numpy, *CASES[case])
    assert same(_outcome(utils, adjoint.from_numpy, *CASES[case]), expected, CASES[case][0])


def same(ours: Any, other: Any, name: str) -> bool:
    """Whether two outcomes are the same; a flow's colours are cut off to integers, one less where an angle's last bit differs."""
    if name != "flow_to_image" or len(other) < 4 or len(ours) < 4:
        return bool(ours == other)
    pixels = [np.frombuffer(outcome[3], np.uint8).astype(int) for outcome in (ours, other)]
    return ours[:3] == other[:3] and ours[4] == other[4] and bool(np.abs(pixels[0] - pixels[1]).max() <= 1)


def test_names_and_signatures_are_torchvisions(tmp_path: Any) -> None:
    assert utils.__all__ == theirs.__all__
    for name in theirs.__all__[1:]:
        ours, other = (inspect.signature(getattr(module, name)).parameters.values() for module in (utils, theirs))
        assert [(p.name, p.kind, p.default) for p in ours] == [(p.name, p.kind, p.default) for p in other]
    assert utils._generate_color_palette(9) == [tuple(map(int, color)) for color in theirs._generate_color_palette(9)]
    for module, batch in ((utils, adjoint.from_numpy(BATCH)), (theirs, torch.from_numpy(BATCH))):
        module.save_image(batch, tmp_path / f"{module is utils}.png", nrow=2, padding=1)
    assert (tmp_path / "True.png").read_bytes() == (tmp_path / "False.png").read_bytes()


def test_colours_of_masks_keep_the_precision_of_an_image_of_float64() -> None:
    """torchvision makes its palette of tensors, whose quotients are float32; a list of colours is exact in both."""
    image = np.zeros((3, 1, 1))
    mask = np.ones((1, 1, 1), bool)
    painted = utils.draw_segmentation_masks(
        adjoint.from_numpy(image), adjoint.from_numpy(mask), alpha=1, colors=[(85, 1, 2)]
    )
    assert painted.flatten().tolist() == [85 / 255, 1 / 255, 2 / 255]

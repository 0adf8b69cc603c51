"""What is given to a detector: images of any sizes, and while it is trained what is in them; errors for anything else."""

from __future__ import annotations

from typing import Any

import adjoint
from adjoint.tensor import Tensor


def check_targets(targets: list[dict[str, Tensor]] | None) -> None:
    """Raise AssertionError for targets to train with that have no boxes (N, 4)."""
    if targets is None:
        raise AssertionError("targets should not be none when in training mode")
    for target in targets:
        boxes: Any = target["boxes"]
        if not isinstance(boxes, Tensor):
            raise AssertionError(f"Expected target boxes to be of type Tensor, got {type(boxes)}.")
        if not (len(boxes.shape) == 2 and boxes.shape[-1] == 4):
            raise AssertionError(f"Expected target boxes to be a tensor of shape [N, 4], got {boxes.shape}.")


def sizes_of(images: Any) -> list[tuple[int, int]]:
    """The (height, width) of each image."""
    found = []
    for image in images:
        size = image.shape[-2:]
        if len(size) != 2:
            raise AssertionError(f"expecting the last two dimensions of the Tensor to be H and W instead got {size}")
        found.append((size[0], size[1]))
    return found


def refuse_degenerate(targets: list[dict[str, Tensor]] | None) -> None:
    """Raise AssertionError for a box without an area."""
    for i, target in enumerate(targets or ()):
        boxes = target["boxes"]
        degenerate = (boxes[:, 2:] <= boxes[:, :2]).any(dim=1)
        if degenerate.any():
            box = boxes[adjoint.where(degenerate)[0][0]].tolist()
            raise AssertionError(
                f"All bounding boxes should have positive height and width. Found invalid box {box} for target at index {i}."
            )


def checked_backbone(backbone: Any) -> Any:
    """A backbone; ValueError if it does not say how many channels its features have."""
    if not hasattr(backbone, "out_channels"):
        raise ValueError(
            "backbone should contain an attribute out_channels specifying the number of output channels (assumed to be the same "
            "for all the levels)"
        )
    return backbone


IMAGE_MEAN, IMAGE_STD = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
"""Of ImageNet's colors, with which images are normalized if nothing else is asked for."""

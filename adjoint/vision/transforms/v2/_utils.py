"""Samples: what transforms ask about the things that they are given."""

from __future__ import annotations

import numbers
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from adjoint.tensor import Tensor
from adjoint.vision import tv_tensors
from adjoint.vision.transforms.images import is_pil_image
from adjoint.vision.transforms.v2.functional import get_dimensions, get_size, is_pure_tensor

# Kinds


def check_type(obj: Any, types_or_checks: Sequence[Any]) -> bool:
    """Whether a thing is of one of these kinds, each a class or a function that says whether it is.

    >>> from adjoint.vision.transforms.v2 import check_type
    >>> check_type(3, (str, lambda thing: thing == 3))
    True
    """
    for kind in types_or_checks:
        if isinstance(obj, kind) if isinstance(kind, type) else kind(obj):
            return True
    return False


def has_any(flat_inputs: Sequence[Any], *types_or_checks: Any) -> bool:
    """Whether one of the things is of one of these kinds.

    >>> from adjoint.vision.transforms.v2 import has_any
    >>> has_any([1, "a"], str, float)
    True
    """
    return any(check_type(inpt, types_or_checks) for inpt in flat_inputs)


def has_all(flat_inputs: Sequence[Any], *types_or_checks: Any) -> bool:
    """Whether there is a thing of each of these kinds.

    >>> from adjoint.vision.transforms.v2 import has_all
    >>> has_all([1, "a"], str, float)
    False
    """
    return all(any(check_type(inpt, (kind,)) for inpt in flat_inputs) for kind in types_or_checks)


def get_bounding_boxes(flat_inputs: Sequence[Any]) -> tv_tensors.BoundingBoxes:
    """The first boxes of a sample.  Raises ValueError where there are none."""
    for inpt in flat_inputs:
        if isinstance(inpt, tv_tensors.BoundingBoxes):
            return inpt
    raise ValueError("No bounding boxes were found in the sample")


def get_keypoints(flat_inputs: Sequence[Any]) -> tv_tensors.KeyPoints:
    """The first points of a sample.  Raises ValueError where there are none."""
    for inpt in flat_inputs:
        if isinstance(inpt, tv_tensors.KeyPoints):
            return inpt
    raise ValueError("No keypoints were found in the sample")


# Sizes


_IMAGES = (is_pure_tensor, tv_tensors.Image, is_pil_image, tv_tensors.Video)
_IN_IMAGES = (tv_tensors.Mask, tv_tensors.BoundingBoxes, tv_tensors.KeyPoints)


def query_chw(flat_inputs: Sequence[Any]) -> tuple[int, int, int]:
    """Channels, height and width of the images and films of a sample.

    Raises TypeError where there are none, and ValueError where they differ.

    >>> import adjoint as torch
    >>> from adjoint.vision.transforms.v2 import query_chw
    >>> query_chw([torch.zeros(3, 4, 5), "a label"])
    (3, 4, 5)
    """
    sizes = {tuple(get_dimensions(inpt)) for inpt in flat_inputs if check_type(inpt, _IMAGES)}
    return _only(sizes, "CxHxW", "image or video")  # type: ignore[return-value]


def query_size(flat_inputs: Sequence[Any]) -> tuple[int, int]:
    """Height and width of the images of a sample, which its masks, boxes and points know, too.

    Raises TypeError where there are none, and ValueError where they differ.

    >>> import adjoint as torch
    >>> from adjoint.vision.transforms.v2 import query_size
    >>> query_size([torch.zeros(3, 4, 5), "a label"])
    (4, 5)
    """
    sizes = {tuple(get_size(inpt)) for inpt in flat_inputs if check_type(inpt, (*_IMAGES, *_IN_IMAGES))}
    return _only(sizes, "HxW", "image, video, mask, bounding box of keypoint")  # type: ignore[return-value]


def _only(sizes: set[tuple[int, ...]], what: str, kinds: str) -> tuple[int, ...]:
    if not sizes:
        raise TypeError(f"No {kinds} was found in the sample")
    if len(sizes) > 1:
        shown = ", ".join(f"'{size}'" for size in sorted(sizes))
        raise ValueError(f"Found multiple {what} dimensions in the sample: {shown}")
    return sizes.pop()


# Labels


def _find_labels_default_heuristic(inputs: Any) -> Any:
    """The labels of a sample: a tensor, or what a dictionary has under ``labels`` or a name with ``label`` in it; of a tuple,
    the second thing's.  Raises ValueError where that finds none."""
    if isinstance(inputs, (tuple, list)):
        inputs = inputs[1]
    if is_pure_tensor(inputs):
        return inputs
    if not isinstance(inputs, Mapping):
        raise ValueError(
            "When using the default labels_getter, the input passed to forward must be a dictionary or a two-tuple whose "
            f"second item is a dictionary or a tensor, but got {inputs} instead."
        )
    for fits in (lambda key: key.lower() == "labels", lambda key: "label" in key.lower()):
        for key in inputs:
            if fits(key):
                return inputs[key]
    raise ValueError(
        "Could not infer where the labels are in the sample. Try passing a callable as the labels_getter parameter?"
        "If there are no labels in the sample by design, pass labels_getter=None."
    )


def _no_labels(inputs: Any) -> None:
    return None


def _parse_labels_getter(labels_getter: Any) -> Callable[[Any], Any]:
    """The function that finds labels: ``"default"``, a function, or None for samples that have none."""
    if labels_getter == "default":
        return _find_labels_default_heuristic
    if callable(labels_getter):
        return labels_getter  # type: ignore[no-any-return]
    if labels_getter is None:
        return _no_labels
    raise ValueError(f"labels_getter should either be 'default', a callable, or None, but got {labels_getter}.")


def labels_of(inputs: Any, getter: Callable[[Any], Any]) -> tuple[Tensor, ...] | None:
    """The labels of a sample, each a tensor; None where the function finds none.  Raises ValueError for others."""
    labels = getter(inputs)
    if labels is None:
        return None
    if isinstance(labels, Tensor):
        return (labels,)
    wrong = [labels]
    if isinstance(labels, (tuple, list)):
        wrong = [label for label in labels if not isinstance(label, Tensor)]
    if wrong:
        raise ValueError(
            f"The labels in the input to forward() must be a tensor or None, got {type(wrong[0])} instead."
        )
    return tuple(labels)


# Arguments


Fill = Any
"""What the ground outside of an image is filled with: a number, one for each channel, or None for 0."""


def _setup_fill_arg(fill: Any) -> dict[Any, Fill]:
    """The fillings by the classes of what is filled, ``"others"`` for all else.  Raises TypeError for what is none."""
    if isinstance(fill, dict):
        return {kind: _filling(value) for kind, value in fill.items()}
    return {"others": _filling(fill)}


def _filling(fill: Any) -> Fill:
    if fill is None or isinstance(fill, (int, float)):
        return fill
    if not isinstance(fill, (numbers.Number, tuple, list)):
        raise TypeError("Got inappropriate fill arg, only Numbers, tuples, lists and dicts are allowed.")
    return [float(v) for v in fill]  # type: ignore[union-attr]


def _get_fill(fill_dict: Mapping[Any, Fill], inpt_type: type) -> Fill:
    """The filling for things of this class."""
    return fill_dict[inpt_type] if inpt_type in fill_dict else fill_dict.get("others")


def _setup_number_or_seq(arg: Any, name: str) -> list[float]:
    """Two numbers, of one or two.  Raises TypeError or ValueError for what is neither."""
    if isinstance(arg, (int, float)):
        return [float(arg), float(arg)]
    if not isinstance(arg, Sequence):
        raise TypeError(f"{name} should be a number or a sequence of numbers. Got {type(arg)}")
    if len(arg) not in (1, 2):
        raise ValueError(f"If {name} is a sequence its length should be 1 or 2. Got {len(arg)}")
    for element in arg:
        if not isinstance(element, (int, float)):
            raise ValueError(f"{name} should be a sequence of numbers. Got {type(element)}")
    return [float(arg[0]), float(arg[-1])]


def _check_padding_arg(padding: Any) -> None:
    """Raise ValueError for what are no widths of a border."""
    widths = [padding] if isinstance(padding, int) else padding
    if (
        not isinstance(widths, (tuple, list))
        or len(widths) not in (1, 2, 4)
        or not all(isinstance(width, int) for width in widths)
    ):
        raise ValueError(f"Padding must be an int or a 1, 2, or 4 element of tuple or list, got {padding}.")


def _check_padding_mode_arg(padding_mode: Any) -> None:
    """Raise ValueError for what is no way to make a border."""
    if padding_mode not in ("constant", "edge", "reflect", "symmetric"):
        raise ValueError("Padding mode should be either constant, edge, reflect or symmetric")

"""Boxes around what is in an image."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any

from adjoint.tensor import Tensor
from adjoint.vision.tv_tensors.kinds import TVTensor, metadata_of


class BoundingBoxFormat(Enum):
    """What the numbers of a box are.

    ``XYXY``: two opposite corners, top left and bottom right; ``XYWH``: the top left corner, width and height; ``CXCYWH``: the
    centre, width and height.  Of rotated boxes, ``XYWHR`` and ``CXCYWHR`` have an angle in degrees besides, and ``XYXYXYXY`` has
    the four corners, from top left by top right.
    """

    XYXY = "XYXY"
    XYWH = "XYWH"
    CXCYWH = "CXCYWH"
    XYWHR = "XYWHR"
    CXCYWHR = "CXCYWHR"
    XYXYXYXY = "XYXYXYXY"


_ROTATED = ("XYWHR", "CXCYWHR", "XYXYXYXY")


def is_rotated_bounding_format(format: BoundingBoxFormat | str) -> bool:
    """Whether boxes of this format are rotated.  Raises ValueError for what is neither a format nor the name of one."""
    if not isinstance(format, (BoundingBoxFormat, str)):
        raise ValueError(f"format should be str or BoundingBoxFormat, got {type(format)}")
    return (format if isinstance(format, str) else format.value) in _ROTATED


class BoundingBoxes(TVTensor):
    """Boxes (N, K) in an image whose height and width are ``canvas_size``; K is 4, of rotated boxes 5 or 8.

    ``format`` says what the numbers are.  ``clamping_mode`` says what transforms do with a rotated box that reaches out of the
    image: ``"hard"`` makes it the largest one inside, ``"soft"`` the smallest one around what is inside, None leaves it.
    Raises ValueError for more than two dimensions, another mode, or rotated boxes of integers.

    >>> BoundingBoxes([0, 0, 4, 4], format="XYXY", canvas_size=(8, 8))
    BoundingBoxes([[0, 0, 4, 4]], format=BoundingBoxFormat.XYXY, canvas_size=(8, 8), clamping_mode=soft)
    """

    format: BoundingBoxFormat
    canvas_size: tuple[int, int]
    clamping_mode: str | None

    def __new__(
        cls,
        data: Any,
        *,
        format: BoundingBoxFormat | str,
        canvas_size: tuple[int, int],
        clamping_mode: str | None = "soft",
        dtype: Any = None,
        device: Any = None,
        requires_grad: bool | None = None,
    ) -> BoundingBoxes:
        """Make the boxes."""
        tensor = cls._to_tensor(data, dtype=dtype, device=device, requires_grad=requires_grad)
        if not tensor.is_floating_point() and is_rotated_bounding_format(format):
            raise ValueError(f"Rotated bounding boxes should be floating point tensors, got {tensor.dtype}.")
        return cls._wrap(tensor, format=format, canvas_size=canvas_size, clamping_mode=clamping_mode)

    @classmethod
    def _wrap(
        cls,
        tensor: Tensor,
        *,
        format: BoundingBoxFormat | str,
        canvas_size: tuple[int, int],
        clamping_mode: str | None = "soft",
        check_dims: bool = True,
    ) -> BoundingBoxes:
        if check_dims:
            if tensor.ndim == 1:
                tensor = tensor.unsqueeze(0)
            elif tensor.ndim != 2:
                raise ValueError(f"Expected a 1D or 2D tensor, got {tensor.ndim}D")
        if clamping_mode not in (None, "hard", "soft"):
            raise ValueError(f"clamping_mode must be None, hard or soft, got {clamping_mode}.")
        boxes: BoundingBoxes = tensor.as_subclass(cls)
        boxes.format = BoundingBoxFormat[format.upper()] if isinstance(format, str) else format
        boxes.canvas_size = canvas_size
        boxes.clamping_mode = clamping_mode
        return boxes

    @classmethod
    def wrap(cls, tensor: Tensor, like: Any, **kwargs: Any) -> BoundingBoxes:
        """The tensor as boxes with the metadata of ``like``, but for those that are given anew."""
        return cls._wrap(tensor, **{name: kwargs.get(name, getattr(like, name)) for name in _METADATA})

    @classmethod
    def _wrap_output(cls, output: Any, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None) -> Any:
        like = metadata_of(BoundingBoxes, args, kwargs)
        given = {name: getattr(like, name) for name in _METADATA}
        if isinstance(output, Tensor) and not isinstance(output, BoundingBoxes):
            return BoundingBoxes._wrap(output, **given, check_dims=False)
        if isinstance(output, (tuple, list)):  # of unbind(), chunk()
            return type(output)(BoundingBoxes._wrap(part, **given, check_dims=False) for part in output)
        return output

    def __repr__(self, *, tensor_contents: Any = None) -> str:
        return self._make_repr(format=self.format, canvas_size=self.canvas_size, clamping_mode=self.clamping_mode)


_METADATA = ("format", "canvas_size", "clamping_mode")

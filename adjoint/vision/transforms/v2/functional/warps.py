"""Warps: images turned, sheared, seen from elsewhere or distorted, and what is in them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import adjoint
from adjoint import dtypes
from adjoint.tensor import Tensor
from adjoint.vision.transforms import pillow
from adjoint.vision.transforms.images import pil_to_tensor, to_pil_image
from adjoint.vision.transforms.interpolation import InterpolationMode, pil_modes_mapping
from adjoint.vision.transforms.v2.functional.clamping import clamped
from adjoint.vision.transforms.v2.functional.formats import converted
from adjoint.vision.transforms.v2.functional.kernels import kernel_of, of_masks, of_videos, register
from adjoint.vision.transforms.v2.functional.rectangles import rectangles
from adjoint.vision.transforms.v2.functional.resizing import Interpolation, interpolation_mode
from adjoint.vision.transforms.v2.functional.sizes import get_size_pil
from adjoint.vision.transforms.warping import (
    affine_arguments,
    affine_grid,
    affine_matrix,
    check_warp,
    from_middle,
    identity_grid,
    perspective_coefficients,
    perspective_grid,
    sampled,
    turned_size,
)
from adjoint.vision.tv_tensors import BoundingBoxFormat, is_rotated_bounding_format

Size = tuple[int, int]
_NEAREST, _BILINEAR = InterpolationMode.NEAREST, InterpolationMode.BILINEAR


def _real(x: Tensor) -> dtypes.dtype:
    return x.dtype if x.is_floating_point() else dtypes.float32


def _warped(image: Tensor, grid: Tensor, mode: InterpolationMode, fill: Any) -> Tensor:
    """Images (..., C, H, W) at the places of a grid, rounded where they are of integers."""
    channels, height, width = image.shape[-3:]
    shape = (*image.shape[:-2], *grid.shape[1:3])
    if not image.numel():
        return image.reshape(shape)
    images = image.reshape(-1, channels, height, width)
    if image.dtype is grid.dtype:
        return sampled(images, grid, mode.value, fill, blended="towards").reshape(shape)
    return sampled(images.to(grid.dtype), grid, mode.value, fill, blended="towards").round().to(image.dtype).reshape(shape)


# Affine


def affine(
    inpt: Any,
    angle: float,
    translate: Sequence[float],
    scale: float,
    shear: Any,
    interpolation: Interpolation = InterpolationMode.NEAREST,
    fill: Any = None,
    center: Sequence[float] | None = None,
) -> Any:
    """An image turned clockwise by ``angle`` degrees around ``center`` (x, y; by default its middle), sheared by ``shear`` degrees,
    scaled, and moved by ``translate`` (x, y).  What comes from outside is ``fill``."""
    return kernel_of(affine, type(inpt))(
        inpt, angle=angle, translate=translate, scale=scale, shear=shear, interpolation=interpolation, fill=fill, center=center
    )


def affine_image(
    image: Tensor,
    angle: float,
    translate: Sequence[float],
    scale: float,
    shear: Any,
    interpolation: Interpolation = InterpolationMode.NEAREST,
    fill: Any = None,
    center: Sequence[float] | None = None,
) -> Tensor:
    """Images (..., C, H, W)."""
    mode = interpolation_mode(interpolation)
    turn, move, shears, middle = affine_arguments(angle, translate, scale, shear, center)
    size = image.shape[-2:]
    matrix = affine_matrix(from_middle(middle, size), turn, [float(t) for t in move], scale, shears)
    check_warp(image, mode.value, fill, matrix=matrix)
    return _warped(image, affine_grid(matrix, size, size, _real(image)), mode, fill)


def _affine_pil(
    image: Any, angle: float, translate: Any, scale: float, shear: Any, interpolation: Any = _NEAREST, fill: Any = None,
    center: Any = None,
) -> Any:  # fmt: skip
    mode = interpolation_mode(interpolation)
    turn, move, shears, middle = affine_arguments(angle, translate, scale, shear, center)
    height, width = get_size_pil(image)
    matrix = affine_matrix([width * 0.5, height * 0.5] if middle is None else middle, turn, move, scale, shears)
    return pillow.affine(image, matrix, interpolation=pil_modes_mapping[mode], fill=fill)


@of_masks
def affine_mask(
    mask: Tensor,
    angle: float,
    translate: Sequence[float],
    scale: float,
    shear: Any,
    fill: Any = None,
    center: Sequence[float] | None = None,
) -> Tensor:
    """Masks (..., H, W)."""
    return affine_image(mask, angle, translate, scale, shear, _NEAREST, fill, center)


affine_video = of_videos(affine_image)


def affine_keypoints(
    keypoints: Tensor,
    canvas_size: Size,
    angle: float,
    translate: Sequence[float],
    scale: float,
    shear: Any,
    center: Sequence[float] | None = None,
) -> tuple[Tensor, Size]:
    """Points (..., 2), and the size of their image, which stays."""
    return _affine_points(keypoints, canvas_size, angle, translate, scale, shear, center, expand=False)


def affine_bounding_boxes(
    bounding_boxes: Tensor,
    format: BoundingBoxFormat,
    canvas_size: Size,
    angle: float,
    translate: Sequence[float],
    scale: float,
    shear: Any,
    center: Sequence[float] | None = None,
    clamping_mode: str | None = "soft",
) -> Tensor:
    """Boxes (..., K): those around what became of their corners."""
    return _affine_boxes(
        bounding_boxes, format, canvas_size, angle, translate, scale, shear, center, clamping_mode, expand=False
    )[0]


class _Affine:
    """A map of points (N, 2) of an image of some size, and the size of what holds the whole of it."""

    def __init__(
        self, canvas_size: Size, angle: Any, translate: Any, scale: float, shear: Any, center: Any, dtype: dtypes.dtype
    ) -> None:
        turn, move, shears, middle = affine_arguments(angle, translate, scale, shear, center)
        self.canvas_size, self.dtype = canvas_size, dtype
        self.arguments = ([n * 0.5 for n in canvas_size[::-1]] if middle is None else middle, turn, move, scale, shears)
        matrix = affine_matrix(*self.arguments, inverted=False)
        self.matrix = adjoint.tensor(matrix, dtype=dtype).reshape(2, 3).T

    def __call__(self, points: Tensor) -> Tensor:
        return _with_one(points) @ self.matrix

    def expanded(self) -> tuple[Tensor, Size]:
        """The top left corner (1, 2) of what holds the whole image, and its size."""
        height, width = self.canvas_size
        corners = [[0.0, 0.0], [0.0, float(height)], [float(width), float(height)], [float(width), 0.0]]
        corner = self(adjoint.tensor(corners, dtype=self.dtype)).amin(0, keepdim=True)
        new_width, new_height = turned_size(affine_matrix(*self.arguments), width, height)
        return corner, (new_height, new_width)


def _with_one(points: Tensor) -> Tensor:
    return adjoint.cat([points, adjoint.ones_like(points[:, :1])], -1)  # type: ignore[no-any-return]


def _affine_points(
    points: Tensor, canvas_size: Size, angle: Any, translate: Any, scale: float, shear: Any, center: Any, *, expand: bool
) -> tuple[Tensor, Size]:
    if not points.numel():
        return points, canvas_size
    moving = _Affine(canvas_size, angle, translate, scale, shear, center, _real(points))
    moved = moving(points.to(moving.dtype).reshape(-1, 2))
    if expand:
        corner, canvas_size = moving.expanded()
        moved = moved - corner
    return moved.reshape(points.shape).to(points.dtype), canvas_size


def _common(format: BoundingBoxFormat) -> BoundingBoxFormat:
    return BoundingBoxFormat.XYXYXYXY if is_rotated_bounding_format(format) else BoundingBoxFormat.XYXY


def _corners(boxes: Tensor, common: BoundingBoxFormat) -> Tensor:
    """The corners (N * 4, 2), from top left around."""
    places = slice(None) if common is BoundingBoxFormat.XYXYXYXY else [0, 1, 2, 1, 2, 3, 0, 3]
    return boxes[:, places].reshape(-1, 2)


def _around(corners: Tensor, common: BoundingBoxFormat) -> Tensor:
    """The boxes of what became of corners (N * 4, 2)."""
    if common is BoundingBoxFormat.XYXYXYXY:
        return rectangles(corners.reshape(-1, 8))
    corners = corners.reshape(-1, 4, 2)
    return adjoint.cat([corners.amin(1), corners.amax(1)], 1)  # type: ignore[no-any-return]


def _affine_boxes(
    boxes: Tensor, format: BoundingBoxFormat, canvas_size: Size, angle: Any, translate: Any, scale: float, shear: Any, center: Any,
    clamping_mode: str | None, *, expand: bool,
) -> tuple[Tensor, Size]:  # fmt: skip
    if not boxes.numel():
        return boxes, canvas_size
    common = _common(format)
    moving = _Affine(canvas_size, angle, translate, scale, shear, center, _real(boxes))
    flat = converted(boxes.to(moving.dtype), format, common).reshape(-1, len(common.value))
    moved = _around(moving(_corners(flat, common)), common)
    if expand:
        corner, canvas_size = moving.expanded()
        moved = moved - corner.repeat(1, len(common.value) // 2)
    moved = clamped(moved, common, canvas_size, clamping_mode)
    return converted(moved, common, format).reshape(boxes.shape).to(boxes.dtype), canvas_size


# Rotation


def rotate(
    inpt: Any,
    angle: float,
    interpolation: Interpolation = InterpolationMode.NEAREST,
    expand: bool = False,
    center: Sequence[float] | None = None,
    fill: Any = None,
) -> Any:
    """An image turned counter-clockwise by ``angle`` degrees around ``center`` (x, y; by default its middle).

    With ``expand`` the result is as large as to hold all of it.  What comes from outside is ``fill``.

    >>> import adjoint as torch
    >>> rotate(torch.tensor([[[1, 2], [3, 4]]]), 90)
    tensor([[[2, 4],
             [1, 3]]])
    """
    return kernel_of(rotate, type(inpt))(
        inpt, angle=angle, interpolation=interpolation, expand=expand, fill=fill, center=center
    )


def rotate_image(
    image: Tensor,
    angle: float,
    interpolation: Interpolation = InterpolationMode.NEAREST,
    expand: bool = False,
    center: Sequence[float] | None = None,
    fill: Any = None,
) -> Tensor:
    """Images (..., C, H, W); by right angles without interpolation."""
    angle = angle % 360
    height, width = size = image.shape[-2:]
    if center is None:
        if angle == 0:
            return image.clone()
        if angle == 180 or (angle in (90, 270) and (expand or width == height)):
            return adjoint.rot90(image, k=int(angle // 90), dims=(-2, -1))  # type: ignore[no-any-return]
    mode = interpolation_mode(interpolation)
    matrix = affine_matrix(from_middle(center, size), -angle, [0.0, 0.0], 1.0, [0.0, 0.0])
    check_warp(image, mode.value, fill, matrix=matrix)
    out = turned_size(matrix, width, height)[::-1] if expand else tuple(size)
    return _warped(image, affine_grid(matrix, size, out, _real(image)), mode, fill)


def _rotate_pil(
    image: Any, angle: float, interpolation: Any = _NEAREST, expand: bool = False, center: Any = None, fill: Any = None
) -> Any:
    mode = pil_modes_mapping[interpolation_mode(interpolation)]
    return pillow.rotate(image, angle, interpolation=mode, expand=expand, center=center, fill=fill)


@of_masks
def rotate_mask(
    mask: Tensor, angle: float, expand: bool = False, center: Sequence[float] | None = None, fill: Any = None
) -> Tensor:
    """Masks (..., H, W)."""
    return rotate_image(mask, angle, _NEAREST, expand, center, fill)


rotate_video = of_videos(rotate_image)


def rotate_keypoints(
    keypoints: Tensor, canvas_size: Size, angle: float, expand: bool = False, center: Sequence[float] | None = None
) -> tuple[Tensor, Size]:
    """Points (..., 2), and the size of the result."""
    return _affine_points(keypoints, canvas_size, -angle, [0.0, 0.0], 1.0, [0.0, 0.0], center, expand=expand)


def rotate_bounding_boxes(
    bounding_boxes: Tensor,
    format: BoundingBoxFormat,
    canvas_size: Size,
    angle: float,
    expand: bool = False,
    center: Sequence[float] | None = None,
    clamping_mode: str | None = "soft",
) -> tuple[Tensor, Size]:
    """Boxes (..., K), and the size of the result."""
    return _affine_boxes(
        bounding_boxes, format, canvas_size, -angle, [0.0, 0.0], 1.0, [0.0, 0.0], center, clamping_mode, expand=expand
    )


# Perspective


def perspective(
    inpt: Any,
    startpoints: Sequence[Sequence[int]] | None,
    endpoints: Sequence[Sequence[int]] | None,
    interpolation: Interpolation = InterpolationMode.BILINEAR,
    fill: Any = None,
    coefficients: Sequence[float] | None = None,
) -> Any:
    """An image seen from elsewhere: its four corners ``startpoints`` (x, y, from top left around) come to ``endpoints``.

    Instead of both, ``coefficients`` are eight numbers that take places of the result back to those of the image.
    """
    return kernel_of(perspective, type(inpt))(
        inpt, startpoints=startpoints, endpoints=endpoints, interpolation=interpolation, fill=fill, coefficients=coefficients
    )


def _coefficients(startpoints: Any, endpoints: Any, coefficients: Any) -> list[float]:
    if coefficients is not None:
        if startpoints is not None and endpoints is not None:
            raise ValueError("The startpoints/endpoints and the coefficients shouldn't be defined concurrently.")
        if len(coefficients) != 8:
            raise ValueError("Argument coefficients should have 8 float values")
        return coefficients  # type: ignore[no-any-return]
    if startpoints is None or endpoints is None:
        raise ValueError("Either the startpoints/endpoints or the coefficients must have non `None` values.")
    return perspective_coefficients(startpoints, endpoints)


def perspective_image(
    image: Tensor,
    startpoints: Sequence[Sequence[int]] | None,
    endpoints: Sequence[Sequence[int]] | None,
    interpolation: Interpolation = InterpolationMode.BILINEAR,
    fill: Any = None,
    coefficients: Sequence[float] | None = None,
) -> Tensor:
    """Images (..., C, H, W)."""
    known = _coefficients(startpoints, endpoints, coefficients)
    mode = interpolation_mode(interpolation)
    check_warp(image, mode.value, fill, coefficients=known)
    return _warped(image, perspective_grid(known, image.shape[-2:], _real(image)), mode, fill)


def _perspective_pil(
    image: Any, startpoints: Any, endpoints: Any, interpolation: Any = _BILINEAR, fill: Any = None, coefficients: Any = None
) -> Any:
    known = _coefficients(startpoints, endpoints, coefficients)
    mode = pil_modes_mapping[interpolation_mode(interpolation)]
    return pillow.perspective(image, known, interpolation=mode, fill=fill)


@of_masks
def perspective_mask(
    mask: Tensor,
    startpoints: Sequence[Sequence[int]] | None,
    endpoints: Sequence[Sequence[int]] | None,
    fill: Any = None,
    coefficients: Sequence[float] | None = None,
) -> Tensor:
    """Masks (..., H, W)."""
    return perspective_image(mask, startpoints, endpoints, _NEAREST, fill, coefficients)


perspective_video = of_videos(perspective_image)


def _seen(points: Tensor, c: Sequence[float], what: str) -> Tensor:
    """Points (N, 2) of the image, where they are in the result: the coefficients, which lead back, are inverted."""
    determinant = c[0] * c[4] - c[1] * c[3]
    if determinant == 0:
        raise RuntimeError(
            f"Provided perspective_coeffs {c} can not be inverted to transform {what}. Denominator is zero, "
            f"denom={determinant}"
        )
    rows = [
        [c[4] - c[5] * c[7], -c[1] + c[2] * c[7], c[1] * c[5] - c[2] * c[4]],
        [-c[3] + c[5] * c[6], c[0] - c[2] * c[6], -c[0] * c[5] + c[2] * c[3]],
        [-c[4] * c[6] + c[3] * c[7], -c[0] * c[7] + c[1] * c[6], determinant],
    ]
    matrix = adjoint.tensor([[x / determinant for x in row] for row in rows], dtype=_real(points))
    whole = adjoint.cat([points, adjoint.ones(points.shape[0], 1)], -1)
    return whole @ matrix[:2].T / (whole @ matrix[[2, 2]].T)  # type: ignore[no-any-return]


def perspective_keypoints(
    keypoints: Tensor,
    canvas_size: Size,
    startpoints: Sequence[Sequence[int]] | None,
    endpoints: Sequence[Sequence[int]] | None,
    coefficients: Sequence[float] | None = None,
) -> Tensor:
    """Points (..., 2)."""
    if not keypoints.numel():
        return keypoints
    known = _coefficients(startpoints, endpoints, coefficients)
    return _seen(keypoints.reshape(-1, 2), known, "keypoints").to(keypoints.dtype).reshape(keypoints.shape)


def perspective_bounding_boxes(
    bounding_boxes: Tensor,
    format: BoundingBoxFormat,
    canvas_size: Size,
    startpoints: Sequence[Sequence[int]] | None,
    endpoints: Sequence[Sequence[int]] | None,
    coefficients: Sequence[float] | None = None,
    clamping_mode: str | None = "soft",
) -> Tensor:
    """Boxes (..., K): those around what became of their corners."""
    if not bounding_boxes.numel():
        return bounding_boxes
    known = _coefficients(startpoints, endpoints, coefficients)
    common = _common(format)
    flat = converted(bounding_boxes, format, common).reshape(-1, len(common.value))
    moved = _around(_seen(_corners(flat, common), known, "bounding boxes"), common)
    moved = clamped(moved, common, canvas_size, clamping_mode)
    return converted(moved, common, format).reshape(bounding_boxes.shape).to(bounding_boxes.dtype)


# Elastic


def elastic(
    inpt: Any, displacement: Tensor, interpolation: Interpolation = InterpolationMode.BILINEAR, fill: Any = None
) -> Any:
    """An image whose pixels come from elsewhere: each from its place and its ``displacement`` (1, H, W, 2; x and y, where the
    image is 2 wide and high)."""
    return kernel_of(elastic, type(inpt))(inpt, displacement=displacement, interpolation=interpolation, fill=fill)


elastic_transform = elastic


def _check_displacement(displacement: Any, size: Sequence[int]) -> None:
    if not isinstance(displacement, Tensor):
        raise TypeError("Argument displacement should be a Tensor")
    expected = (1, size[0], size[1], 2)
    if displacement.shape != expected:
        raise ValueError(f"Argument displacement shape should be {expected}, but given {displacement.shape}")


def elastic_image(
    image: Tensor, displacement: Tensor, interpolation: Interpolation = InterpolationMode.BILINEAR, fill: Any = None
) -> Tensor:
    """Images (..., C, H, W); those of half floats are computed on as floats."""
    if not isinstance(displacement, Tensor):
        raise TypeError("Argument displacement should be a Tensor")
    mode = interpolation_mode(interpolation)
    size = image.shape[-2:]
    _check_displacement(displacement, size)
    real = image.to(dtypes.float32) if image.dtype is dtypes.float16 else image
    grid = identity_grid(size, _real(real)) + displacement.to(_real(real))
    return _warped(real, grid, mode, fill).to(image.dtype)


def _elastic_pil(image: Any, displacement: Tensor, interpolation: Any = _BILINEAR, fill: Any = None) -> Any:
    return to_pil_image(elastic_image(pil_to_tensor(image), displacement, interpolation, fill), mode=image.mode)


@of_masks
def elastic_mask(mask: Tensor, displacement: Tensor, fill: Any = None) -> Tensor:
    """Masks (..., H, W)."""
    return elastic_image(mask, displacement, _NEAREST, fill)


elastic_video = of_videos(elastic_image)


def _displaced(points: Tensor, canvas_size: Size, displacement: Tensor, dtype: dtypes.dtype) -> Tensor:
    """Points (N, 2): where those at whole pixels go, about: the displacement is that of the result's pixels."""
    back = identity_grid(canvas_size, dtype) - displacement.to(dtype)
    x, y = (points.to(adjoint.int64)[:, i].clamp(0, n - 1) for i, n in enumerate(canvas_size[::-1]))
    size = adjoint.tensor(canvas_size[::-1], dtype=dtype)
    return (back[0, y, x] + 1) * (0.5 * size) - 0.5  # type: ignore[no-any-return]


def elastic_keypoints(keypoints: Tensor, canvas_size: Size, displacement: Tensor) -> Tensor:
    """Points (..., 2)."""
    _check_displacement(displacement, canvas_size)
    if not keypoints.numel():
        return keypoints
    moved = _displaced(keypoints.reshape(-1, 2), canvas_size, displacement, _real(keypoints))
    return moved.to(keypoints.dtype).reshape(keypoints.shape)


def elastic_bounding_boxes(
    bounding_boxes: Tensor,
    format: BoundingBoxFormat,
    canvas_size: Size,
    displacement: Tensor,
    clamping_mode: str | None = "soft",
) -> Tensor:
    """Boxes (..., K): those around what became of their corners; of rotated ones the centre is moved."""
    _check_displacement(displacement, canvas_size)
    if not bounding_boxes.numel():
        return bounding_boxes
    rotated = is_rotated_bounding_format(format)
    common = BoundingBoxFormat.CXCYWHR if rotated else BoundingBoxFormat.XYXY
    flat = converted(bounding_boxes, format, common).reshape(-1, 5 if rotated else 4)
    points = flat[:, :2] if rotated else _corners(flat, common)
    points = points.ceil() if points.is_floating_point() else points
    moved = _displaced(points, canvas_size, displacement, _real(flat))
    moved = adjoint.cat([moved, flat[:, 2:]], 1) if rotated else _around(moved, common)
    moved = clamped(moved.to(flat.dtype), common, canvas_size, clamping_mode)
    return converted(moved, common, format).reshape(bounding_boxes.shape)


register(
    affine, image=affine_image, pil=_affine_pil, mask=affine_mask, boxes=affine_bounding_boxes, keypoints=affine_keypoints,
)  # fmt: skip
register(
    rotate, image=rotate_image, pil=_rotate_pil, mask=rotate_mask, boxes=rotate_bounding_boxes, keypoints=rotate_keypoints,
)  # fmt: skip
register(
    perspective, image=perspective_image, pil=_perspective_pil, mask=perspective_mask, boxes=perspective_bounding_boxes,
    keypoints=perspective_keypoints,
)  # fmt: skip
register(
    elastic, image=elastic_image, pil=_elastic_pil, mask=elastic_mask, boxes=elastic_bounding_boxes, keypoints=elastic_keypoints,
)  # fmt: skip

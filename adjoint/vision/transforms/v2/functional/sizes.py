"""How large something is: its channels, height, width and frames."""

from __future__ import annotations

from typing import Any

from adjoint.tensor import Tensor
from adjoint.vision.transforms import images
from adjoint.vision.transforms.v2.functional.kernels import PillowImage, kernel_of, register_plain
from adjoint.vision.tv_tensors import BoundingBoxes, Image, KeyPoints, Mask, Video


def get_dimensions(inpt: Any) -> list[int]:
    """Channels, height and width."""
    return kernel_of(get_dimensions, type(inpt))(inpt)  # type: ignore[no-any-return]


def get_dimensions_image(image: Tensor) -> list[int]:
    """Channels, height and width of images (..., C, H, W) or (H, W)."""
    return [get_num_channels_image(image), *image.shape[-2:]]


def get_dimensions_video(video: Tensor) -> list[int]:
    """Channels, height and width of films (..., T, C, H, W)."""
    return get_dimensions_image(video)


def get_num_channels(inpt: Any) -> int:
    """How many channels there are."""
    return kernel_of(get_num_channels, type(inpt))(inpt)  # type: ignore[no-any-return]


get_image_num_channels = get_num_channels


def get_num_channels_image(image: Tensor) -> int:
    """How many channels images (..., C, H, W) or (H, W) have."""
    shape = image.shape[-3:]
    if len(shape) < 2:
        raise TypeError(f"Input tensor should have at least two dimensions, but got {len(shape)}")
    return 1 if len(shape) == 2 else shape[0]  # type: ignore[no-any-return]


def get_num_channels_video(video: Tensor) -> int:
    """How many channels films (..., T, C, H, W) have."""
    return get_num_channels_image(video)


def get_size(inpt: Any) -> list[int]:
    """Height and width, of boxes and points those of their image."""
    return kernel_of(get_size, type(inpt))(inpt)  # type: ignore[no-any-return]


def get_size_image(image: Tensor) -> list[int]:
    """Height and width of images (..., H, W)."""
    size = list(image.shape[-2:])
    if len(size) != 2:
        raise TypeError(f"Input tensor should have at least two dimensions, but got {len(size)}")
    return size


def get_size_video(video: Tensor) -> list[int]:
    """Height and width of films (..., H, W)."""
    return get_size_image(video)


def get_size_mask(mask: Tensor) -> list[int]:
    """Height and width of masks (..., H, W)."""
    return get_size_image(mask)


def get_size_bounding_boxes(bounding_box: BoundingBoxes) -> list[int]:
    """Height and width of the image that boxes are in."""
    return list(bounding_box.canvas_size)


def get_size_keypoints(keypoints: KeyPoints) -> list[int]:
    """Height and width of the image that points are in."""
    return list(keypoints.canvas_size)


def get_size_pil(image: Any) -> list[int]:
    """Height and width of an image of Pillow's."""
    width, height = images.get_image_size(image)
    return [height, width]


def get_num_frames(inpt: Any) -> int:
    """How many frames a film has."""
    return kernel_of(get_num_frames, type(inpt))(inpt)  # type: ignore[no-any-return]


def get_num_frames_video(video: Tensor) -> int:
    """How many frames a film (..., T, C, H, W) has."""
    return video.shape[-4]  # type: ignore[no-any-return]


register_plain(get_dimensions, {
    Tensor: get_dimensions_image, Image: get_dimensions_image, PillowImage: images.get_dimensions, Video: get_dimensions_video,
})  # fmt: skip
register_plain(get_num_channels, {
    Tensor: get_num_channels_image, Image: get_num_channels_image, PillowImage: images.get_image_num_channels,
    Video: get_num_channels_video,
})  # fmt: skip
register_plain(get_size, {
    Tensor: get_size_image, Image: get_size_image, PillowImage: get_size_pil, Video: get_size_video, Mask: get_size_mask,
    BoundingBoxes: get_size_bounding_boxes, KeyPoints: get_size_keypoints,
})  # fmt: skip
register_plain(get_num_frames, {Tensor: get_num_frames_video, Video: get_num_frames_video})

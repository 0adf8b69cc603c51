"""Images and what is in them, as a detector's model takes them: normalized, resized and in one batch; and its answers, back."""

from __future__ import annotations

import math
from typing import Any

import adjoint
from adjoint import nn
from adjoint.names import list_names as _list_names
from adjoint.nn import functional as F
from adjoint.tensor import Tensor
from adjoint.vision.models.detection.image_list import ImageList
from adjoint.vision.models.detection.masks import paste_masks_in_image

__all__ = ["GeneralizedRCNNTransform", "resize_boxes", "resize_keypoints"]


def _resize_image_and_masks(
    image: Tensor,
    self_min_size: int,
    self_max_size: int,
    target: dict[str, Tensor] | None = None,
    fixed_size: tuple[int, int] | None = None,
) -> tuple[Tensor, dict[str, Tensor] | None]:
    """An image of which the shorter side is ``self_min_size``, or the longer one ``self_max_size`` if it were longer; or of
    ``fixed_size`` (width, height); and the target's masks."""
    options: dict[str, Any]
    if fixed_size is not None:
        options = {"size": [fixed_size[1], fixed_size[0]]}
    else:
        sides = image.shape[-2:]
        scale = min(self_min_size / min(sides), self_max_size / max(sides))
        options = {"scale_factor": scale, "recompute_scale_factor": True}
    image = F.interpolate(image[None], mode="bilinear", align_corners=False, **options)[0]
    if target is not None and "masks" in target:
        target["masks"] = F.interpolate(target["masks"][:, None].float(), **options)[:, 0].byte()
    return image, target


class GeneralizedRCNNTransform(nn.Module):
    """Normalizes images by ``image_mean`` and ``image_std``, resizes them and puts them into one batch, whose sides are
    multiples of ``size_divisible``.

    ``min_size`` is what the shorter side becomes, one number or several, of which one is drawn while training; the longer side is
    not longer than ``max_size``.  ``fixed_size`` (width, height) is for all images instead.
    """

    def __init__(
        self,
        min_size: int,
        max_size: int,
        image_mean: list[float],
        image_std: list[float],
        size_divisible: int = 32,
        fixed_size: tuple[int, int] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__()
        self.min_size: Any = min_size if isinstance(min_size, (list, tuple)) else (min_size,)
        self.max_size = max_size
        self.image_mean = image_mean
        self.image_std = image_std
        self.size_divisible = size_divisible
        self.fixed_size = fixed_size
        self._skip_resize = kwargs.pop("_skip_resize", False)

    def forward(
        self, images: list[Tensor], targets: list[dict[str, Tensor]] | None = None
    ) -> tuple[ImageList, list[dict[str, Tensor]] | None]:
        """The batch of images (C, H, W), and what is in them with boxes, masks and points that fit."""
        made = []
        new: Any = [None] * len(images) if targets is None else [dict(target) for target in targets]
        for i, image in enumerate(images):
            if image.dim() != 3:
                raise ValueError(f"images is expected to be a list of 3d tensors of shape [C, H, W], got {image.shape}")
            image, new[i] = self.resize(self.normalize(image), new[i])
            made.append(image)
        sizes = [(image.shape[-2], image.shape[-1]) for image in made]
        return ImageList(self.batch_images(made, size_divisible=self.size_divisible), sizes), targets and new

    def normalize(self, image: Tensor) -> Tensor:
        """The image with colors of mean 0 and deviation 1; TypeError for integers."""
        if not image.is_floating_point():
            raise TypeError(
                f"Expected input images to be of floating type (in range [0, 1]), but found type {image.dtype} instead"
            )
        mean, std = (
            adjoint.as_tensor(of, dtype=image.dtype, device=image.device)[:, None, None]
            for of in (self.image_mean, self.image_std)
        )
        return (image - mean) / std

    def torch_choice(self, k: list[int]) -> int:
        """One of several numbers, drawn by the default generator."""
        return k[int(adjoint.empty(1).uniform_(0.0, float(len(k))).item())]

    def resize(self, image: Tensor, target: dict[str, Tensor] | None = None) -> tuple[Tensor, dict[str, Tensor] | None]:
        """The image in another size, and what is in it."""
        before = image.shape[-2:]
        if self.training:
            if self._skip_resize:
                return image, target
            size = self.torch_choice(self.min_size)
        else:
            size = self.min_size[-1]
        image, target = _resize_image_and_masks(image, size, self.max_size, target, self.fixed_size)
        if target is not None:
            for name, resized in (("boxes", resize_boxes), ("keypoints", resize_keypoints)):
                if name == "boxes" or name in target:
                    target[name] = resized(target[name], before, image.shape[-2:])
        return image, target

    def max_by_axis(self, the_list: list[list[int]]) -> list[int]:
        """The largest of each size."""
        return [max(sizes) for sizes in zip(*the_list)]

    def batch_images(self, images: list[Tensor], size_divisible: int = 32) -> Tensor:
        """The images as one batch, with zeros at the right and below."""
        channels, *space = self.max_by_axis([list(image.shape) for image in images])
        space = [math.ceil(side / size_divisible) * size_divisible for side in space]
        batch = images[0].new_full((len(images), channels, *space), 0)
        for place, image in zip(batch, images):
            place[: image.shape[0], : image.shape[1], : image.shape[2]].copy_(image)
        return batch

    def postprocess(
        self,
        result: list[dict[str, Tensor]],
        image_shapes: list[tuple[int, int]],
        original_image_sizes: list[tuple[int, int]],
    ) -> list[dict[str, Tensor]]:
        """What was found, in the images as they were given."""
        if self.training:
            return result
        for found, size, original in zip(result, image_shapes, original_image_sizes):
            boxes = found["boxes"] = resize_boxes(found["boxes"], size, original)
            if "masks" in found:
                found["masks"] = paste_masks_in_image(found["masks"], boxes, original)
            if "keypoints" in found:
                found["keypoints"] = resize_keypoints(found["keypoints"], size, original)
        return result

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(\n    Normalize(mean={self.image_mean}, std={self.image_std})"
            f"\n    Resize(min_size={self.min_size}, max_size={self.max_size}, mode='bilinear')\n)"
        )


def _ratios(original_size: Any, new_size: Any, device: Any) -> list[Tensor]:
    """By which heights and widths grow, float32."""
    return [
        adjoint.tensor(new, dtype=adjoint.float32, device=device)
        / adjoint.tensor(old, dtype=adjoint.float32, device=device)
        for new, old in zip(new_size, original_size)
    ]


def resize_keypoints(keypoints: Tensor, original_size: Any, new_size: Any) -> Tensor:
    """Points (..., 3) of an image of one size (height, width), in that of another."""
    high, wide = _ratios(original_size, new_size, keypoints.device)
    resized = keypoints.clone()
    resized[..., 0] *= wide
    resized[..., 1] *= high
    return resized


def resize_boxes(boxes: Tensor, original_size: Any, new_size: Any) -> Tensor:
    """Boxes (N, 4) of an image of one size (height, width), in that of another."""
    high, wide = _ratios(original_size, new_size, boxes.device)
    x1, y1, x2, y2 = boxes.unbind(1)
    return adjoint.stack((x1 * wide, y1 * high, x2 * wide, y2 * high), dim=1)


_list_names(__name__)

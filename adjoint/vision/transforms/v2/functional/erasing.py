"""Images made worse: parts erased, or compressed."""

from __future__ import annotations

import io
from typing import Any

import adjoint
from adjoint.tensor import Tensor
from adjoint.vision.transforms.images import pil_to_tensor, to_pil_image
from adjoint.vision.transforms.v2.functional.kernels import kernel_of, of_videos, register


def erase(inpt: Any, i: int, j: int, h: int, w: int, v: Tensor, inplace: bool = False) -> Any:
    """An image with the rectangle at (i, j), h high and w wide, replaced by ``v``; ``inplace`` writes over it."""
    return kernel_of(erase, type(inpt))(inpt, i=i, j=j, h=h, w=w, v=v, inplace=inplace)


def erase_image(image: Tensor, i: int, j: int, h: int, w: int, v: Tensor, inplace: bool = False) -> Tensor:
    """Images (..., C, H, W)."""
    if not inplace:
        image = image.clone()
    image[..., i : i + h, j : j + w] = v
    return image


def _erase_pil(image: Any, i: int, j: int, h: int, w: int, v: Tensor, inplace: bool = False) -> Any:
    return to_pil_image(erase_image(pil_to_tensor(image), i, j, h, w, v, inplace), mode=image.mode)


erase_video = of_videos(erase_image)


def jpeg(image: Any, quality: int) -> Any:
    """An image of bytes, compressed as JPEG with this quality, from 1 to 100, and read again."""
    return kernel_of(jpeg, type(image))(image, quality=quality)


def jpeg_image(image: Tensor, quality: int) -> Tensor:
    """Images (..., C, H, W) with one or three channels.  Raises ValueError for others, or what is not bytes."""
    images = image.reshape(-1, *image.shape[-3:])
    if not images.shape[0]:
        return image.clone()
    if image.dtype is not adjoint.uint8:
        raise RuntimeError(f"Input tensor dtype should be uint8, got {image.dtype}")
    if image.shape[-3] not in (1, 3):
        raise RuntimeError("The number of channels should be 1 or 3, got: " + str(image.shape[-3]))
    compressed = [pil_to_tensor(_jpeg_pil(to_pil_image(one), quality)) for one in images]
    return adjoint.stack([one.contiguous() for one in compressed]).view(image.shape)  # type: ignore[no-any-return]


def _jpeg_pil(image: Any, quality: int) -> Any:
    from PIL import Image

    file = io.BytesIO()
    image.save(file, format="JPEG", quality=quality)
    return Image.open(file).copy()  # which is no longer a file's


jpeg_video = of_videos(jpeg_image)

register(erase, image=erase_image, pil=_erase_pil)
register(jpeg, image=jpeg_image, pil=_jpeg_pil)

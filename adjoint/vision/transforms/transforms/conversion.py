"""Transforms of what an image is: Pillow's or a tensor, its dtype, and its values as networks take them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import adjoint
from adjoint import dtypes, nn
from adjoint.tensor import Tensor
from adjoint.vision.transforms import functional as F
from adjoint.vision.transforms.transforms.arguments import check_whitening


class ToTensor:
    """A PIL image or an array (H, W, C) as a tensor (C, H, W); bytes become floats from 0 to 1.

    >>> import numpy as np
    >>> from adjoint.vision import transforms
    >>> transforms.ToTensor()(np.array([[[0], [255]]], np.uint8))
    tensor([[[0., 1.]]])
    """

    def __call__(self, pic: Any) -> Tensor:
        return F.to_tensor(pic)

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


class PILToTensor:
    """A PIL image as a tensor (C, H, W) of its own values."""

    def __call__(self, pic: Any) -> Tensor:
        return F.pil_to_tensor(pic)

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


class ConvertImageDtype(nn.Module):
    """An image in another dtype, its values scaled to that dtype's range; floats go from 0 to 1.

    Raises RuntimeError where the dtype has values that the image's cannot tell apart: of float32 as int32 or int64, of
    float64 as int64.

    >>> import adjoint as torch
    >>> from adjoint.vision import transforms
    >>> transforms.ConvertImageDtype(torch.uint8)(torch.tensor([[[0.0, 1.0]]]))
    tensor([[[  0, 255]]], dtype=torch.uint8)
    """

    def __init__(self, dtype: dtypes.dtype) -> None:
        super().__init__()
        self.dtype = dtype

    def forward(self, image: Tensor) -> Tensor:
        return F.convert_image_dtype(image, self.dtype)


class ToPILImage:
    """A tensor (C, H, W) or an array (H, W, C) as a PIL image, of ``mode``, or the one that its channels and dtype mean."""

    def __init__(self, mode: str | None = None) -> None:
        self.mode = mode

    def __call__(self, pic: Any) -> Any:
        return F.to_pil_image(pic, self.mode)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({'' if self.mode is None else f'mode={self.mode}'})"


class Normalize(nn.Module):
    """``(image - mean) / std`` for each channel of a float tensor (..., C, H, W).

    >>> import adjoint as torch
    >>> from adjoint.vision import transforms
    >>> transforms.Normalize([0.5], [0.5])(torch.tensor([[[0.0, 1.0]]]))
    tensor([[[-1.,  1.]]])
    """

    def __init__(self, mean: Sequence[float], std: Sequence[float], inplace: bool = False) -> None:
        super().__init__()
        self.mean = mean
        self.std = std
        self.inplace = inplace

    def forward(self, tensor: Tensor) -> Tensor:
        return F.normalize(tensor, self.mean, self.std, self.inplace)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(mean={self.mean}, std={self.std})"


class LinearTransformation(nn.Module):
    """An image, flattened, less ``mean_vector`` (D,), times ``transformation_matrix`` (D, D), where D = C H W.

    With the matrix U diag(1 / sqrt(S)) U^T of the covariance U diag(S) U^T it whitens: the numbers of many images then have
    variance 1 and no correlation.

    >>> import adjoint as torch
    >>> from adjoint.vision import transforms
    >>> transforms.LinearTransformation(2 * torch.eye(2), torch.ones(2))(torch.tensor([[[1.0, 3.0]]]))
    tensor([[[0., 4.]]])
    """

    def __init__(self, transformation_matrix: Tensor, mean_vector: Tensor) -> None:
        super().__init__()
        check_whitening(transformation_matrix, mean_vector)
        self.transformation_matrix = transformation_matrix
        self.mean_vector = mean_vector

    def forward(self, tensor: Tensor) -> Tensor:
        return whitened(tensor, self.transformation_matrix, self.mean_vector)

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(transformation_matrix={self.transformation_matrix.tolist()}, "
            f"mean_vector={self.mean_vector.tolist()})"
        )


def whitened(tensor: Tensor, matrix: Tensor, mean: Tensor) -> Tensor:
    """Images (..., C, H, W), flattened, less the mean, times the matrix."""
    c, h, w = tensor.shape[-3:]
    if c * h * w != matrix.shape[0]:
        raise ValueError(
            f"Input tensor and transformation matrix have incompatible shape.[{c} x {h} x {w}] != {matrix.shape[0]}"
        )
    if tensor.device.type != mean.device.type:
        raise ValueError(
            "Input tensor should be on the same device as transformation matrix and mean vector. "
            f"Got {tensor.device} vs {mean.device}"
        )
    flat = tensor.reshape(-1, c * h * w) - mean
    return adjoint.mm(flat, matrix.to(flat.dtype)).reshape(tensor.shape)  # type: ignore[no-any-return]

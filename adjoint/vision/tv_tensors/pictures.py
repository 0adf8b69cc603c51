"""Images, films and masks."""

from __future__ import annotations

from typing import Any

from adjoint.tensor import Tensor
from adjoint.vision.transforms.images import is_pil_image, pil_to_tensor
from adjoint.vision.tv_tensors.kinds import TVTensor


def _pixels(data: Any) -> Any:
    return pil_to_tensor(data) if is_pil_image(data) else data


class Image(TVTensor):
    """An image (..., C, H, W), from what a tensor can be made of, or from an image of Pillow's.

    ``dtype``, ``device`` and ``requires_grad`` are those of ``data`` unless they are given.  Two dimensions get a third for
    the channel.  Raises ValueError for fewer.

    >>> Image([[0, 1], [2, 3]]).shape
    torch.Size([1, 2, 2])
    """

    def __new__(
        cls, data: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool | None = None
    ) -> Image:
        """Make the image."""
        tensor = cls._to_tensor(_pixels(data), dtype=dtype, device=device, requires_grad=requires_grad)
        if tensor.ndim < 2:
            raise ValueError(f"Tensor must be 2D or higher, got {tensor.ndim}D tensor.")
        if tensor.ndim == 2:
            tensor = tensor.unsqueeze(0)
        return tensor.as_subclass(cls)  # type: ignore[no-any-return]

    def __repr__(self, *, tensor_contents: Any = None) -> str:
        return self._make_repr()


class Video(TVTensor):
    """A film (..., T, C, H, W), from what a tensor can be made of.  Raises ValueError for fewer than four dimensions."""

    def __new__(
        cls, data: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool | None = None
    ) -> Video:
        """Make the film."""
        tensor = cls._to_tensor(data, dtype=dtype, device=device, requires_grad=requires_grad)
        if data.ndim < 4:
            raise ValueError
        return tensor.as_subclass(cls)  # type: ignore[no-any-return]

    def __repr__(self, *, tensor_contents: Any = None) -> str:
        return self._make_repr()


class Mask(TVTensor):
    """Masks (..., H, W): of objects, or classes of pixels; from what a tensor can be made of, or an image of Pillow's."""

    def __new__(
        cls, data: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool | None = None
    ) -> Mask:
        """Make the mask."""
        tensor: Tensor = cls._to_tensor(_pixels(data), dtype=dtype, device=device, requires_grad=requires_grad)
        return tensor.as_subclass(cls)  # type: ignore[no-any-return]

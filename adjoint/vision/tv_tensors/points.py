"""Points of an image."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from adjoint.tensor import Tensor
from adjoint.vision.tv_tensors.kinds import TVTensor, metadata_of


class KeyPoints(TVTensor):
    """Points (..., 2), each x and y, in an image whose height and width are ``canvas_size``.

    The dimensions before group them: into polygons (N, points, 2), or skeletons (N, bones, 2, 2).  Raises ValueError where
    the last dimension is not 2.

    >>> KeyPoints([[0, 1], [2, 3]], canvas_size=(8, 8))
    KeyPoints([[0, 1],
            [2, 3]], canvas_size=(8, 8))
    """

    canvas_size: tuple[int, int]

    def __new__(
        cls,
        data: Any,
        *,
        canvas_size: tuple[int, int],
        dtype: Any = None,
        device: Any = None,
        requires_grad: bool | None = None,
    ) -> KeyPoints:
        """Make the points."""
        tensor = cls._to_tensor(data, dtype=dtype, device=device, requires_grad=requires_grad)
        return cls._wrap(tensor, canvas_size=canvas_size)

    @classmethod
    def _wrap(cls, tensor: Tensor, *, canvas_size: tuple[int, int], check_dims: bool = True) -> KeyPoints:
        if check_dims:
            if tensor.ndim == 1:
                tensor = tensor.unsqueeze(0)
            elif tensor.shape[-1] != 2:
                raise ValueError(f"Expected a tensor of shape (..., 2), not {tensor.shape}")
        points: KeyPoints = tensor.as_subclass(cls)
        points.canvas_size = canvas_size
        return points

    @classmethod
    def wrap(cls, tensor: Tensor, like: Any, **kwargs: Any) -> KeyPoints:
        """The tensor as points of an image of the size of ``like``'s, or of that which is given."""
        return cls._wrap(tensor, canvas_size=kwargs.get("canvas_size", like.canvas_size))

    @classmethod
    def _wrap_output(cls, output: Any, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None) -> Any:
        size = metadata_of(KeyPoints, args, kwargs).canvas_size
        if isinstance(output, Tensor) and not isinstance(output, KeyPoints):
            return KeyPoints._wrap(output, canvas_size=size, check_dims=False)
        if isinstance(output, (tuple, list)):  # of unbind(), chunk()
            return type(output)(KeyPoints._wrap(part, canvas_size=size, check_dims=False) for part in output)
        return output

    def __repr__(self, *, tensor_contents: Any = None) -> str:
        return self._make_repr(canvas_size=self.canvas_size)

"""Transforms of values and dtypes, and of what in a sample is not worth keeping."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

from adjoint import dtypes
from adjoint.places import users_level
from adjoint.pytree import tree_flatten, tree_unflatten
from adjoint.tensor import Tensor
from adjoint.vision import transforms as v1
from adjoint.vision import tv_tensors
from adjoint.vision.transforms import draws
from adjoint.vision.transforms.images import is_pil_image
from adjoint.vision.transforms.transforms.arguments import check_kernel_size, check_whitening, size_of
from adjoint.vision.transforms.transforms.conversion import whitened
from adjoint.vision.transforms.v2 import functional as F
from adjoint.vision.transforms.v2._transform import Transform
from adjoint.vision.transforms.v2._utils import (
    _parse_labels_getter,
    _setup_number_or_seq,
    get_bounding_boxes,
    get_keypoints,
    has_any,
    is_pure_tensor,
    labels_of,
)


class Identity(Transform):
    """Nothing changed."""

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        return inpt


class Lambda(Transform):
    """A function of the things in a sample, or of those of these classes.

    >>> import adjoint as torch
    >>> from adjoint.vision.transforms import v2
    >>> v2.Lambda(lambda x: x + 1, int)({"image": torch.zeros(1), "label": 3})
    {'image': tensor([0.]), 'label': 4}
    """

    _transformed_types = (object,)

    def __init__(self, lambd: Callable[[Any], Any], *types: type) -> None:
        super().__init__()
        self.lambd = lambd
        self.types = types or self._transformed_types

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        return self.lambd(inpt) if isinstance(inpt, self.types) else inpt

    def extra_repr(self) -> str:
        name = getattr(self.lambd, "__name__", None)
        types = f"types={[kind.__name__ for kind in self.types]}"
        return f"{name}, {types}" if name else types


class _WithoutPillow(Transform):
    """What transforms have in common that PIL images are not for."""

    def check_inputs(self, sample: Any) -> None:  # (as there)
        if has_any(sample, is_pil_image):
            raise TypeError(f"{type(self).__name__}() does not support PIL images.")


class LinearTransformation(_WithoutPillow):
    """Images and films, flattened, less ``mean_vector`` (D,), times ``transformation_matrix`` (D, D), where D = C H W.

    >>> import adjoint as torch
    >>> from adjoint.vision.transforms import v2
    >>> v2.LinearTransformation(2 * torch.eye(2), torch.ones(2))(torch.tensor([[[1.0, 3.0]]]))
    tensor([[[0., 4.]]])
    """

    _v1_transform_cls = v1.LinearTransformation
    _transformed_types = (is_pure_tensor, tv_tensors.Image, tv_tensors.Video)

    def __init__(self, transformation_matrix: Tensor, mean_vector: Tensor) -> None:
        super().__init__()
        check_whitening(transformation_matrix, mean_vector)
        self.transformation_matrix = transformation_matrix
        self.mean_vector = mean_vector

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        output = whitened(inpt, self.transformation_matrix, self.mean_vector)
        is_own = isinstance(inpt, (tv_tensors.Image, tv_tensors.Video))
        return tv_tensors.wrap(output, like=inpt) if is_own else output


class Normalize(_WithoutPillow):
    """``(image - mean) / std`` for each channel of images and films of floats.

    >>> import adjoint as torch
    >>> from adjoint.vision.transforms import v2
    >>> v2.Normalize([0.5], [0.5])(torch.tensor([[[0.0, 1.0]]]))
    tensor([[[-1.,  1.]]])
    """

    _v1_transform_cls = v1.Normalize

    def __init__(self, mean: Sequence[float], std: Sequence[float], inplace: bool = False) -> None:
        super().__init__()
        self.mean = list(mean)
        self.std = list(std)
        self.inplace = inplace

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        return self._call_kernel(F.normalize, inpt, mean=self.mean, std=self.std, inplace=self.inplace)


class GaussianBlur(Transform):
    """Images blurred by a bell of ``kernel_size`` pixels and of a width that is drawn from ``sigma``, or is that number.

    Raises ValueError for sizes of the kernel that are not odd, or widths that are not positive.
    """

    _v1_transform_cls = v1.GaussianBlur

    def __init__(self, kernel_size: int | Sequence[int], sigma: float | Sequence[float] = (0.1, 2.0)) -> None:
        super().__init__()
        self.kernel_size = size_of(kernel_size, "Kernel size should be a tuple/list of two integers")
        check_kernel_size(self.kernel_size)
        self.sigma = _setup_number_or_seq(sigma, "sigma")
        if not 0.0 < self.sigma[0] <= self.sigma[1]:
            raise ValueError(f"sigma values should be positive and of the form (min, max). Got {self.sigma}")

    def make_params(self, flat_inputs: list[Any]) -> dict[str, Any]:
        return {"sigma": [draws.number(self.sigma[0], self.sigma[1])] * 2}

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        return self._call_kernel(F.gaussian_blur, inpt, self.kernel_size, **params)


class GaussianNoise(Transform):
    """Normal noise added to images and films of floats, which with ``clip`` stay from 0 to 1."""

    def __init__(self, mean: float = 0.0, sigma: float = 0.1, clip: bool = True) -> None:
        super().__init__()
        self.mean = mean
        self.sigma = sigma
        self.clip = clip

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        return self._call_kernel(F.gaussian_noise, inpt, mean=self.mean, sigma=self.sigma, clip=self.clip)


class ToDtype(Transform):
    """Images and films in another dtype, with ``scale`` their values scaled to that dtype's range.

    ``dtype`` may be a dictionary, from classes of things to dtypes, ``"others"`` for all else; None leaves a thing as it is.
    Raises ValueError for things that the dictionary does not name.

    >>> import adjoint as torch
    >>> from adjoint.vision.transforms import v2
    >>> v2.ToDtype(torch.float32, scale=True)(torch.tensor([[[0, 255]]], dtype=torch.uint8))
    tensor([[[0., 1.]]])
    """

    _transformed_types = (Tensor,)

    def __init__(self, dtype: dtypes.dtype | dict[type | str, dtypes.dtype | None], scale: bool = False) -> None:
        super().__init__()
        if not isinstance(dtype, (dict, dtypes.dtype)):
            raise ValueError(f"dtype must be a dict or a torch.dtype, got {type(dtype)} instead")
        if (
            isinstance(dtype, dict)
            and Tensor in dtype
            and any(cls in dtype for cls in (tv_tensors.Image, tv_tensors.Video))
        ):
            warnings.warn(
                "Got `dtype` values for `torch.Tensor` and either `tv_tensors.Image` or `tv_tensors.Video`. "
                "Note that a plain `torch.Tensor` will *not* be transformed by this (or any other transformation) "
                "in case a `tv_tensors.Image` or `tv_tensors.Video` is present in the input.",
                stacklevel=users_level(),
            )
        self.dtype = dtype
        self.scale = scale

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        is_image = is_pure_tensor(inpt) or isinstance(inpt, (tv_tensors.Image, tv_tensors.Video))
        if not isinstance(self.dtype, dict):
            return self._call_kernel(F.to_dtype, inpt, dtype=self.dtype, scale=self.scale) if is_image else inpt
        if type(inpt) not in self.dtype and "others" not in self.dtype:
            raise ValueError(
                f"No dtype was specified for type {type(inpt)}. "
                "If you only need to convert the dtype of images or videos, you can just pass e.g. dtype=torch.float32. "
                "If you're passing a dict as dtype, "
                'you can use "others" as a catch-all key '
                'e.g. dtype={tv_tensors.Mask: torch.int64, "others": None} to pass-through the rest of the inputs.'
            )
        dtype = self.dtype[type(inpt)] if type(inpt) in self.dtype else self.dtype["others"]
        if dtype is not None:
            return self._call_kernel(F.to_dtype, inpt, dtype=dtype, scale=self.scale)
        if self.scale and is_image:
            warnings.warn(
                "scale was set to True but no dtype was specified for images or videos: no scaling will be done.",
                stacklevel=users_level(),
            )
        return inpt


class ConvertImageDtype(Transform):
    """Images in another dtype, their values scaled to that dtype's range; floats go from 0 to 1.

    >>> import adjoint as torch
    >>> from adjoint.vision.transforms import v2
    >>> v2.ConvertImageDtype(torch.uint8)(torch.tensor([[[0.0, 1.0]]]))
    tensor([[[  0, 255]]], dtype=torch.uint8)
    """

    _v1_transform_cls = v1.ConvertImageDtype

    def __init__(self, dtype: dtypes.dtype = dtypes.float32) -> None:
        super().__init__()
        self.dtype = dtype

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        return self._call_kernel(F.to_dtype, inpt, dtype=self.dtype, scale=True)


class _Sanitizing(Transform):
    """What transforms have in common that leave things out of a sample, and their labels with them."""

    _labels_getter: Callable[[Any], Any]
    _found_in: Callable[[Sequence[Any]], Any]
    _called: str

    def forward(self, *inputs: Any) -> Any:
        sample = inputs if len(inputs) > 1 else inputs[0]
        labels = labels_of(sample, self._labels_getter)
        flat, spec = tree_flatten(sample)
        things = type(self)._found_in(flat)
        for label in labels or ():
            if things.shape[0] != label.shape[0]:
                raise ValueError(
                    f"Number of {self._called.format(things.shape)} must match the number of labels."
                    f"Found labels with shape={label.shape})."
                )
        params = {"valid": self._valid(things), "labels": labels}
        return tree_unflatten([self.transform(inpt, params) for inpt in flat], spec)

    def _valid(self, things: Any) -> Tensor:
        """Which of the things stay."""
        raise NotImplementedError

    @staticmethod
    def _is_label(inpt: Any, params: dict[str, Any]) -> bool:
        return any(inpt is label for label in params["labels"] or ())


class SanitizeBoundingBoxes(_Sanitizing):
    """Boxes left out that are smaller than ``min_size``, have less area than ``min_area``, or reach out of their image; and the
    labels and masks of these with them.

    ``labels_getter`` finds the labels in a sample: ``"default"`` in a dictionary under ``labels``, a function those that it
    returns, None none.  Raises ValueError for sizes less than 1, or labels of another number than boxes.

    >>> import adjoint as torch
    >>> from adjoint.vision import tv_tensors
    >>> from adjoint.vision.transforms import v2
    >>> boxes = tv_tensors.BoundingBoxes([[1, 2, 4, 6], [3, 3, 3, 3]], format="XYXY", canvas_size=(8, 8))
    >>> v2.SanitizeBoundingBoxes()({"boxes": boxes, "labels": torch.tensor([7, 8])})["labels"]
    tensor([7])
    """

    _found_in = staticmethod(get_bounding_boxes)
    _called = "boxes (shape={}) and"

    def __init__(
        self,
        min_size: float = 1.0,
        min_area: float = 1.0,
        labels_getter: Callable[[Any], Any] | str | None = "default",
    ) -> None:
        super().__init__()
        if min_size < 1:
            raise ValueError(f"min_size must be >= 1, got {min_size}.")
        self.min_size = min_size
        if min_area < 1:
            raise ValueError(f"min_area must be >= 1, got {min_area}.")
        self.min_area = min_area
        self.labels_getter = labels_getter
        self._labels_getter = _parse_labels_getter(labels_getter)

    def _valid(self, things: Any) -> Tensor:
        return F.sanitize_bounding_boxes(things, min_size=self.min_size, min_area=self.min_area)[1]

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        is_label = self._is_label(inpt, params)
        if not is_label and not isinstance(inpt, (tv_tensors.BoundingBoxes, tv_tensors.Mask)):
            return inpt
        try:
            output = inpt[params["valid"]]
        except IndexError:  # a mask of the whole image, not one for each box
            return inpt
        return output if is_label else tv_tensors.wrap(output, like=inpt)


class SanitizeKeyPoints(_Sanitizing):
    """Points left out that are not in their image, and their labels with them; ``labels_getter`` finds these, as in
    :class:`SanitizeBoundingBoxes`.  Raises ValueError for labels of another number than points."""

    _found_in = staticmethod(get_keypoints)
    _called = "kepyoints (shape={})"  # spelled as there

    def __init__(self, labels_getter: Callable[[Any], Any] | str | None = None) -> None:
        super().__init__()
        self.labels_getter = labels_getter
        self._labels_getter = _parse_labels_getter(labels_getter)

    def _valid(self, things: Any) -> Tensor:
        return F.sanitize_keypoints(things)[1]

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        is_label = self._is_label(inpt, params)
        if not is_label and not isinstance(inpt, tv_tensors.KeyPoints):
            return inpt
        output = inpt[params["valid"]]
        return output if is_label else tv_tensors.wrap(output, like=inpt)

"""Arguments that several transforms have: sizes, angles, fillings, interpolations, probabilities; brought into one form."""

from __future__ import annotations

import numbers
import warnings
from collections.abc import Sequence
from typing import Any

from adjoint.places import users_level
from adjoint.tensor import Tensor
from adjoint.vision.transforms.interpolation import from_pillow

SIZE_MESSAGE = "Please provide only two dimensions (h, w) for size."


def size_of(size: Any, error_msg: str = SIZE_MESSAGE) -> Any:
    """Height and width of one number or two; ValueError with ``error_msg`` for other lengths."""
    if isinstance(size, numbers.Number):
        return int(size), int(size)  # type: ignore[call-overload]
    if isinstance(size, Sequence) and len(size) == 1:
        return size[0], size[0]
    if len(size) != 2:
        raise ValueError(error_msg)
    return size


def check_sequence(x: Any, name: str, req_sizes: Sequence[int]) -> None:
    """Raise TypeError for what is no sequence, ValueError for one of another length than these."""
    wanted = " or ".join(str(s) for s in req_sizes)
    if not isinstance(x, Sequence):
        raise TypeError(f"{name} should be a sequence of length {wanted}.")
    if len(x) not in req_sizes:
        raise ValueError(f"{name} should be a sequence of length {wanted}.")


def angles_of(x: Any, name: str, req_sizes: Sequence[int] = (2,)) -> list[float]:
    """Least and largest angle: of one number, those from its negative to itself."""
    if isinstance(x, numbers.Number):
        if x < 0:  # type: ignore[operator]
            raise ValueError(f"If {name} is a single number, it must be positive.")
        x = [-x, x]  # type: ignore[operator]
    else:
        check_sequence(x, name, req_sizes)
    return [float(d) for d in x]


def check_affine(translate: Any, scale: Any, center: Any) -> None:
    """Raise for shifts, scales and centers that there are not."""
    if translate is not None:
        check_sequence(translate, "translate", req_sizes=(2,))
        if not all(0.0 <= t <= 1.0 for t in translate):
            raise ValueError("translation values should be between 0 and 1")
    if scale is not None:
        check_sequence(scale, "scale", req_sizes=(2,))
        if any(s <= 0 for s in scale):
            raise ValueError("scale values should be positive")
    if center is not None:
        check_sequence(center, "center", req_sizes=(2,))


def check_scale_and_ratio(scale: Any, ratio: Any) -> None:
    """Raise TypeError unless both are sequences; warn where the first of a pair is the larger."""
    if not isinstance(scale, Sequence):
        raise TypeError("Scale should be a sequence")
    if not isinstance(ratio, Sequence):
        raise TypeError("Ratio should be a sequence")
    warn_of_order(scale, ratio)


def warn_of_order(scale: Sequence[float], ratio: Sequence[float]) -> None:
    """Warn where the first of a pair is the larger."""
    if scale[0] > scale[1] or ratio[0] > ratio[1]:
        warnings.warn("Scale and ratio should be of kind (min, max)", stacklevel=users_level())


def check_kernel_size(kernel_size: Sequence[int]) -> None:
    """Raise ValueError for the sizes of a kernel without a middle."""
    if any(size <= 0 or size % 2 == 0 for size in kernel_size):
        raise ValueError("Kernel size value should be an odd and positive number.")


def check_whitening(matrix: Tensor, mean: Tensor) -> None:
    """Raise ValueError for a matrix and a mean that do not go together."""
    if matrix.size(0) != matrix.size(1):
        raise ValueError(f"transformation_matrix should be square. Got {tuple(matrix.size())} rectangular matrix.")
    if mean.size(0) != matrix.size(0):
        raise ValueError(
            f"mean_vector should have the same length {mean.size(0)} as any one of the dimensions of the "
            f"transformation_matrix [{tuple(matrix.size())}]"
        )
    if matrix.device != mean.device:
        raise ValueError(f"Input tensors should be on the same device. Got {matrix.device} and {mean.device}")
    if matrix.dtype != mean.dtype:
        raise ValueError(f"Input tensors should have the same dtype. Got {matrix.dtype} and {mean.dtype}")


def interpolation_of(mode: Any) -> Any:
    """The mode that a number of Pillow's stands for; any other value as it is."""
    return from_pillow(mode) if isinstance(mode, int) else mode


def fill_of(fill: Any) -> Any:
    """What the ground outside of an image is filled with; None is 0, and TypeError is raised for what is no number or
    sequence."""
    if fill is None:
        return 0
    if not isinstance(fill, (Sequence, numbers.Number)):
        raise TypeError("Fill should be either a sequence or a number.")
    return fill


def fill_for(img: Any, channels: int, fill: Any) -> Any:
    """The filling for this image: a tensor's has a number for each channel."""
    if not isinstance(img, Tensor) or fill is None:
        return fill
    return [float(fill)] * channels if isinstance(fill, (int, float)) else [float(f) for f in fill]

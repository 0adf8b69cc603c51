"""Which function computes what for which kind: the kernels of the functions of this package.

A *functional*, like ``resize``, takes anything and calls the *kernel* for its kind: one of tensors for images and films, which
are computed on as plain tensors, one of boxes, which is told their format and the size of their image, and so on.
"""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Callable
from typing import Any

from adjoint.tensor import Tensor
from adjoint.vision import tv_tensors
from adjoint.vision.tv_tensors import BoundingBoxes, Image, KeyPoints, Mask, TVTensor, Video

Kernel = Callable[..., Any]


class PillowImage:
    """Stands for Pillow's class of images, which is not imported for a table."""


kernels_of_all: dict[Kernel, dict[type, Kernel]] = {}
"""The kernels of each functional."""

_kernels = kernels_of_all

_BUILT_IN = (BoundingBoxes, Image, KeyPoints, Mask, TVTensor, Video)


def is_pure_tensor(inpt: Any) -> bool:
    """Whether this is a tensor that does not say of what."""
    return isinstance(inpt, Tensor) and not isinstance(inpt, TVTensor)


def kernel_of(functional: Kernel, input_type: type, *, allow_passthrough: bool = False) -> Kernel:
    """The kernel of a functional for a class.

    Raises TypeError where there is none, or returns with ``allow_passthrough`` what returns its input, and ValueError for a
    function without kernels.
    """
    kernels = _kernels.get(functional)
    if not kernels:
        raise ValueError(f"No kernel registered for functional {functional.__name__}.")
    for cls in input_type.__mro__:
        if cls in kernels:
            return kernels[cls]
        if cls is TVTensor:  # a program's own kind is not taken for a plain tensor
            break
        if cls.__name__ == "Image" and cls.__module__ == "PIL.Image" and PillowImage in kernels:
            return kernels[PillowImage]
    if allow_passthrough:
        return lambda inpt, *args, **kwargs: inpt
    raise TypeError(
        f"Functional F.{functional.__name__} supports inputs of type {_shown(kernels)}, but got {input_type} instead."
    )


_get_kernel = kernel_of  # torchvision's own name of it, which programs' transforms use


def _shown(kernels: dict[type, Kernel]) -> Any:
    pillow = sys.modules.get("PIL.Image")
    return {pillow.Image if cls is PillowImage and pillow else cls: kernel for cls, kernel in kernels.items()}.keys()


def register(
    functional: Kernel,
    *,
    image: Kernel | None = None,
    video: Kernel | None = None,
    pil: Kernel | None = None,
    mask: Kernel | None = None,
    boxes: Kernel | None = None,
    keypoints: Kernel | None = None,
    films: bool = True,
) -> None:
    """Say what a functional computes for each kind.

    ``image`` is for plain tensors and, with ``films``, films, too; ``video`` for films and plain tensors where there is nothing
    to do to an image.
    Kernels take plain tensors, but ``pil``, and only those arguments that concern them.  Those for boxes and points take
    ``canvas_size``, ``format`` and ``clamping_mode`` besides, as far as they name them, and may return a new size with the tensor.
    """
    kernels = _kernels.setdefault(functional, {})
    pixels = image or video
    if pixels is not None:
        if image is not None:
            kernels[Image] = _kept(image)
        kernels[Tensor] = pixels
    if pil is not None:
        kernels[PillowImage] = pil
    for kind, kernel in ((BoundingBoxes, boxes), (KeyPoints, keypoints), (Mask, mask)):
        if kernel is not None:
            kernels[kind] = _kept(_of_what_it_takes(kernel, functional))
    if pixels is not None and films:
        kernels[Video] = _kept(video or pixels)


def _kept(kernel: Kernel) -> Kernel:
    """The kernel of plain tensors, the results of which are of the kind of its input."""

    @functools.wraps(kernel)
    def call(inpt: Any, *args: Any, **kwargs: Any) -> Any:
        given = getattr(kernel, "metadata", ())
        own = {name: getattr(inpt, name) for name in given}
        output = kernel(inpt.as_subclass(Tensor), *args, **kwargs, **own)
        if not isinstance(output, tuple):
            return tv_tensors.wrap(output, like=inpt)
        if isinstance(inpt, (BoundingBoxes, KeyPoints)):
            return tv_tensors.wrap(output[0], like=inpt, canvas_size=output[1])
        return tuple(tv_tensors.wrap(part, like=inpt) for part in output)  # five crops, or ten

    return call


def _of_what_it_takes(kernel: Kernel, functional: Kernel) -> Kernel:
    """The kernel, called as the functional is, with what concerns images as well, which it does not take."""
    names = tuple(inspect.signature(kernel).parameters)
    order = tuple(inspect.signature(functional).parameters)[1:]

    @functools.wraps(kernel)
    def call(inpt: Tensor, *args: Any, **kwargs: Any) -> Any:
        given = {**dict(zip(order, args)), **kwargs}
        return kernel(inpt, **{name: value for name, value in given.items() if name in names})

    call.metadata = tuple(n for n in ("format", "canvas_size", "clamping_mode") if n in names)  # type: ignore[attr-defined]
    return call


def register_plain(functional: Kernel, kernels: dict[type, Kernel]) -> None:
    """Say what a functional computes for each class; what it returns is left as it is."""
    _kernels.setdefault(functional, {}).update(kernels)


def plain_kernel(functional: Kernel, input_type: type, wrapped: bool) -> Callable[[Kernel], Kernel]:
    """A decorator: ``functional`` calls what it decorates for this class, with plain tensors in its place if ``wrapped``.

    Raises ValueError for a class that has a kernel.
    """
    kernels = _kernels.setdefault(functional, {})
    pillow = sys.modules.get("PIL.Image")
    kind = PillowImage if pillow and input_type is pillow.Image else input_type
    if kind in kernels:
        raise ValueError(f"Functional {functional} already has a kernel registered for type {input_type}.")

    def decorator(kernel: Kernel) -> Kernel:
        if wrapped and issubclass(kind, TVTensor):

            @functools.wraps(kernel)
            def call(inpt: Any, *args: Any, **kwargs: Any) -> Any:
                return tv_tensors.wrap(kernel(inpt.as_subclass(Tensor), *args, **kwargs), like=inpt)

            kernels[kind] = call
        else:
            kernels[kind] = kernel
        return kernel

    return decorator


def register_kernel(functional: Kernel | str, tv_tensor_cls: type) -> Callable[[Kernel], Kernel]:
    """A decorator: ``functional`` (or the function of that name) calls what it decorates for a program's own kind of tensors.

    Raises ValueError for what is no functional of this package, no subclass of TVTensor, one of torchvision's own, or one that has
    a kernel.

    >>> from adjoint.vision import tv_tensors
    >>> from adjoint.vision.transforms.v2 import functional as F
    >>> class Depth(tv_tensors.TVTensor):
    ...     pass
    >>> @F.register_kernel(functional="hflip", tv_tensor_cls=Depth)
    ... def hflip_depth(depth, *args, **kwargs):
    ...     return tv_tensors.wrap(depth.flip(-1), like=depth)
    >>> F.hflip(Depth([[1.0, 2.0]]).as_subclass(Depth))
    Depth([[2., 1.]])
    """
    from adjoint.vision.transforms.v2 import functional as own

    if isinstance(functional, str):
        name = functional
        functional = getattr(own, name, None)  # type: ignore[assignment]
        if functional is None:
            raise ValueError(
                f"Could not find functional with name '{name}' in torchvision.transforms.v2.functional."
            )
    elif not (callable(functional) and ".transforms.v2.functional" in getattr(functional, "__module__", "")):
        raise ValueError(
            "Kernels can only be registered on functionals from the torchvision.transforms.v2.functional namespace, "
            f"but got {functional}."
        )
    if not (isinstance(tv_tensor_cls, type) and issubclass(tv_tensor_cls, TVTensor)):
        raise ValueError(
            f"Kernels can only be registered for subclasses of torchvision.tv_tensors.TVTensor, but got {tv_tensor_cls}."
        )
    if tv_tensor_cls in _BUILT_IN:
        raise ValueError(f"Kernels cannot be registered for the builtin tv_tensor classes, but got {tv_tensor_cls}")
    kernels = _kernels.setdefault(functional, {})  # type: ignore[arg-type]
    if tv_tensor_cls in kernels:
        raise ValueError(f"Functional {functional} already has a kernel registered for type {tv_tensor_cls}.")

    def decorator(kernel: Kernel) -> Kernel:
        kernels[tv_tensor_cls] = kernel
        return kernel

    return decorator


def of_masks(kernel: Kernel) -> Kernel:
    """The kernel of images, called with masks, which may have two dimensions alone."""

    @functools.wraps(kernel)
    def call(mask: Tensor, *args: Any, **kwargs: Any) -> Any:
        if mask.ndim >= 3:
            return kernel(mask, *args, **kwargs)
        return kernel(mask.unsqueeze(0), *args, **kwargs).squeeze(0)

    return call


def of_videos(kernel: Kernel) -> Kernel:
    """The kernel of images by the name that it has for films: what it does is the same."""

    @functools.wraps(kernel)
    def call(*args: Any, **kwargs: Any) -> Any:
        if not args and "video" in kwargs:
            args = (kwargs.pop("video"),)
        return kernel(*args, **kwargs)

    call.__name__ = call.__qualname__ = kernel.__name__.replace("_image", "_video")
    call.__doc__ = f"The same as :func:`{kernel.__name__}`, of each frame."
    first, *others = inspect.signature(kernel).parameters.values()
    call.__signature__ = inspect.Signature([first.replace(name="video"), *others])  # type: ignore[attr-defined]
    return call



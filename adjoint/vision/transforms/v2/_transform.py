"""What a transform of samples is."""

from __future__ import annotations

import enum
import warnings
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from adjoint import nn
from adjoint.places import users_level
from adjoint.pytree import tree_flatten, tree_unflatten
from adjoint.tensor import Tensor
from adjoint.vision import tv_tensors
from adjoint.vision.transforms import draws
from adjoint.vision.transforms.images import is_pil_image
from adjoint.vision.transforms.v2._utils import check_type, has_any
from adjoint.vision.transforms.v2.functional.kernels import is_pure_tensor, kernel_of


class Transform(nn.Module):
    """A transform of samples: of images, films, masks, boxes and points, in tuples, lists and dictionaries, with other things
    between them, which pass through.

    A program's own transform is a subclass: :meth:`make_params` draws what is random, once for a sample, and
    :meth:`transform` does it to one thing.  A plain tensor is an image only where the sample has none that says so, and then
    only the first one.

    >>> import adjoint as torch
    >>> from adjoint.vision.transforms import v2
    >>> class Shifted(v2.Transform):
    ...     def make_params(self, flat_inputs):
    ...         return {"by": 2}
    ...     def transform(self, inpt, params):
    ...         return inpt + params["by"]
    >>> Shifted()({"image": torch.zeros(1, 1, 2), "label": 7})
    {'image': tensor([[[2., 2.]]]), 'label': 7}
    """

    _transformed_types: tuple[Any, ...] = (Tensor, is_pil_image)
    _v1_transform_cls: ClassVar[type[nn.Module] | None] = None

    get_params: ClassVar[Callable[..., Any]]

    def __init__(self) -> None:
        super().__init__()

    def __init_subclass__(cls) -> None:
        """The older transform of the name draws by a function of its own, which programs call."""
        if cls._v1_transform_cls is not None and hasattr(cls._v1_transform_cls, "get_params"):
            cls.get_params = staticmethod(cls._v1_transform_cls.get_params)  # type: ignore[assignment]

    def check_inputs(self, flat_inputs: list[Any]) -> None:
        """Raise for a sample that this transform is not for; the things in it are given."""

    def make_params(self, flat_inputs: list[Any]) -> dict[str, Any]:
        """What is drawn for a sample, of which those things are given that are transformed."""
        return {}

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """One thing, transformed as ``params`` say."""
        raise NotImplementedError

    def forward(self, *inputs: Any) -> Any:
        """A sample, given as one thing or several."""
        flat, spec = tree_flatten(inputs if len(inputs) > 1 else inputs[0])
        self.check_inputs(flat)
        return tree_unflatten(self._transformed(flat), spec)

    def _transformed(self, flat: list[Any]) -> list[Any]:
        chosen = self._needs_transform_list(flat)
        params = self.make_params([inpt for inpt, is_chosen in zip(flat, chosen) if is_chosen])
        return [self.transform(inpt, params) if is_chosen else inpt for inpt, is_chosen in zip(flat, chosen)]

    def _call_kernel(self, functional: Callable[..., Any], inpt: Any, *args: Any, **kwargs: Any) -> Any:
        """What the functional's kernel makes of a thing; the thing itself where there is none for its kind."""
        return kernel_of(functional, type(inpt), allow_passthrough=True)(inpt, *args, **kwargs)

    def _needs_transform_list(self, flat_inputs: list[Any]) -> list[bool]:
        """Of each thing, whether it is transformed."""
        plain_is_image = not has_any(flat_inputs, tv_tensors.Image, tv_tensors.Video, is_pil_image)
        chosen = []
        for inpt in flat_inputs:
            is_chosen = check_type(inpt, self._transformed_types)
            if is_chosen and is_pure_tensor(inpt):
                is_chosen, plain_is_image = plain_is_image, False
            chosen.append(is_chosen)
        return chosen

    def extra_repr(self) -> str:
        shown = (bool, int, float, str, tuple, list, enum.Enum)
        return ", ".join(f"{name}={value}" for name, value in self._options().items() if isinstance(value, shown))

    def _options(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name[0] != "_" and name != "training"}

    # torch.jit.script

    def _extract_params_for_v1_transform(self) -> dict[str, Any]:
        """The arguments by which the older transform does the same to tensors."""
        from adjoint.vision.transforms.interpolation import InterpolationMode

        params = self._options()
        if isinstance(params.get("interpolation"), str):
            params["interpolation"] = InterpolationMode(params["interpolation"])
        return params

    def __prepare_scriptable__(self) -> nn.Module:
        if self._v1_transform_cls is None:
            raise RuntimeError(
                f"Transform {type(self).__name__} cannot be JIT scripted. torchscript is only supported for backward "
                "compatibility with transforms which are already in torchvision.transforms. For torchscript support (on "
                "tensors only), you can use the functional API instead."
            )
        return self._v1_transform_cls(**self._extract_params_for_v1_transform())


class _RandomApplyTransform(Transform):
    """A transform that is applied with probability ``p``.  Raises ValueError for what is no probability."""

    def __init__(self, p: float = 0.5) -> None:
        check_probability(p)
        super().__init__()
        self.p = p

    def forward(self, *inputs: Any) -> Any:
        """A sample, given as one thing or several."""
        sample = inputs if len(inputs) > 1 else inputs[0]
        flat, spec = tree_flatten(sample)
        self.check_inputs(flat)
        return tree_unflatten(self._transformed(flat), spec) if draws.happens(self.p) else sample


def passing_through(transform: Transform, inpt: Any) -> None:
    """Warn that a transform does nothing to things of this kind, though it might."""
    if isinstance(inpt, (tv_tensors.BoundingBoxes, tv_tensors.KeyPoints, tv_tensors.Mask)):
        warnings.warn(
            f"{type(transform).__name__}() is currently passing through inputs of type tv_tensors.{type(inpt).__name__}. "
            "This will likely change in the future.",
            stacklevel=users_level(),
        )


def check_probability(p: float) -> None:
    """Raise ValueError for what is no probability."""
    if not 0.0 <= p <= 1.0:
        raise ValueError("`p` should be a floating point value in the interval [0.0, 1.0].")


def check_transforms(transforms: Any, kinds: type | tuple[type, ...] = Sequence, also: str = "") -> None:
    """Raise TypeError for what is no list of transforms, and ValueError for an empty one."""
    if not isinstance(transforms, kinds):
        raise TypeError(f"Argument transforms should be a sequence of callables{also}")
    if not transforms:
        raise ValueError("Pass at least one transform")

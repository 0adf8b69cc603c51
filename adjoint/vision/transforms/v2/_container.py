"""Transforms made of transforms."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import adjoint
from adjoint import nn
from adjoint.vision import transforms as v1
from adjoint.vision.transforms import draws
from adjoint.vision.transforms.v2._transform import Transform, check_probability, check_transforms


def _one_after_another(transforms: Iterable[Callable[..., Any]], inputs: tuple[Any, ...]) -> Any:
    """What the transforms make of a sample that is given as one thing or several."""
    several = len(inputs) > 1
    for transform in transforms:
        outputs = transform(*inputs)
        inputs = outputs if several else (outputs,)
    return outputs


def _listed(transforms: Iterable[object]) -> str:
    return "\n".join(f"    {transform}" for transform in transforms)


class Compose(Transform):
    """Transforms one after another.  Raises TypeError for what is no sequence, and ValueError for an empty one.

    >>> from adjoint.vision.transforms import v2
    >>> v2.Compose([lambda x: x + 1, lambda x: x * 2])(3)
    8
    """

    def __init__(self, transforms: Sequence[Callable[..., Any]]) -> None:
        super().__init__()
        check_transforms(transforms)
        self.transforms = transforms

    def forward(self, *inputs: Any) -> Any:
        return _one_after_another(self.transforms, inputs)

    def extra_repr(self) -> str:
        return _listed(self.transforms)


class RandomApply(Transform):
    """All of the transforms, with probability ``p``; otherwise none.

    >>> from adjoint.vision.transforms import v2
    >>> v2.RandomApply([lambda x: x + 1], p=1.0)(3)
    4
    """

    _v1_transform_cls = v1.RandomApply

    def __init__(self, transforms: Sequence[Callable[..., Any]] | nn.ModuleList, p: float = 0.5) -> None:
        super().__init__()
        check_transforms(transforms, (Sequence, nn.ModuleList), " or a `nn.ModuleList`")
        self.transforms = transforms
        check_probability(p)
        self.p = p

    def _extract_params_for_v1_transform(self) -> dict[str, Any]:
        return {"transforms": self.transforms, "p": self.p}

    def forward(self, *inputs: Any) -> Any:
        if not draws.happens(self.p):
            return inputs if len(inputs) > 1 else inputs[0]
        return _one_after_another(self.transforms, inputs)

    def extra_repr(self) -> str:
        return _listed(self.transforms)


class RandomChoice(Transform):
    """One of the transforms, drawn for each sample with probabilities ``p``, which need not add up to 1.

    >>> from adjoint.vision.transforms import v2
    >>> v2.RandomChoice([lambda x: x + 1, lambda x: x + 2], p=[0, 1])(3)
    5
    """

    def __init__(self, transforms: Sequence[Callable[..., Any]], p: Sequence[float] | None = None) -> None:
        check_transforms(transforms)
        if p is None:
            p = [1] * len(transforms)
        elif len(p) != len(transforms):
            raise ValueError(f"Length of p doesn't match the number of transforms: {len(p)} != {len(transforms)}")
        super().__init__()
        self.transforms = transforms
        total = sum(p)
        self.p = [part / total for part in p]

    def forward(self, *inputs: Any) -> Any:
        which = int(adjoint.multinomial(adjoint.tensor(self.p), 1))
        return self.transforms[which](*inputs)


class RandomOrder(Transform):
    """All of the transforms, in an order that is drawn for each sample.

    >>> from adjoint.vision.transforms import v2
    >>> v2.RandomOrder([lambda x: x + 1, lambda x: x + 2])(3)
    6
    """

    def __init__(self, transforms: Sequence[Callable[..., Any]]) -> None:
        check_transforms(transforms)
        super().__init__()
        self.transforms = transforms

    def forward(self, *inputs: Any) -> Any:
        order = adjoint.randperm(len(self.transforms)).tolist()
        return _one_after_another((self.transforms[i] for i in order), inputs)

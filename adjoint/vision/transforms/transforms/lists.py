"""Transforms made of transforms."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import adjoint
from adjoint import nn


def _printed(name: str, lines: Iterable[object]) -> str:
    return "\n".join([name + "(", *(f"    {line}" for line in lines), ")"])


class Compose:
    """Transforms one after another.

    >>> from adjoint.vision import transforms
    >>> transforms.Compose([lambda x: x + 1, lambda x: x * 2])(3)
    8
    """

    def __init__(self, transforms: Sequence[Callable[[Any], Any]]) -> None:
        self.transforms = transforms

    def __call__(self, img: Any) -> Any:
        for t in self.transforms:
            img = t(img)
        return img

    def __repr__(self) -> str:
        return _printed(type(self).__name__, self.transforms)


class Lambda:
    """A function as a transform.  Raises TypeError for what cannot be called.

    >>> from adjoint.vision import transforms
    >>> transforms.Lambda(lambda x: x + 1)(3)
    4
    """

    def __init__(self, lambd: Callable[[Any], Any]) -> None:
        if not callable(lambd):
            raise TypeError(f"Argument lambd should be callable, got {type(lambd).__name__!r}")
        self.lambd = lambd

    def __call__(self, img: Any) -> Any:
        return self.lambd(img)

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


class RandomTransforms:
    """What random lists of transforms have in common.  Raises TypeError for what is no sequence."""

    def __init__(self, transforms: Sequence[Callable[[Any], Any]]) -> None:
        if not isinstance(transforms, Sequence):
            raise TypeError("Argument transforms should be a sequence")
        self.transforms = transforms

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError()

    def __repr__(self) -> str:
        return _printed(type(self).__name__, self.transforms)


class RandomApply(nn.Module):
    """All of the transforms, with probability ``p``; otherwise none.

    >>> from adjoint.vision import transforms
    >>> transforms.RandomApply([lambda x: x + 1], p=1.0)(3)
    4
    """

    def __init__(self, transforms: Sequence[Callable[[Any], Any]], p: float = 0.5) -> None:
        super().__init__()
        self.transforms = transforms
        self.p = p

    def forward(self, img: Any) -> Any:
        if self.p >= adjoint.rand(1):  # also where both are 0
            for t in self.transforms:
                img = t(img)
        return img

    def __repr__(self) -> str:
        return _printed(type(self).__name__, [f"p={self.p}", *self.transforms])


class RandomOrder(RandomTransforms):
    """All of the transforms in an order drawn anew (by Python's ``random``) for each image.

    >>> from adjoint.vision import transforms
    >>> transforms.RandomOrder([lambda x: x + 1, lambda x: x + 2])(3)
    6
    """

    def __call__(self, img: Any) -> Any:
        order = list(range(len(self.transforms)))
        random.shuffle(order)
        for i in order:
            img = self.transforms[i](img)
        return img


class RandomChoice(RandomTransforms):
    """One of the transforms, drawn (by Python's ``random``) for each image with probabilities ``p``.

    >>> from adjoint.vision import transforms
    >>> transforms.RandomChoice([lambda x: x + 1, lambda x: x + 2], p=[0, 1])(3)
    5
    """

    def __init__(self, transforms: Sequence[Callable[[Any], Any]], p: Sequence[float] | None = None) -> None:
        super().__init__(transforms)
        if p is not None and not isinstance(p, Sequence):
            raise TypeError("Argument p should be a sequence")
        self.p = p

    def __call__(self, *args: Any) -> Any:
        return random.choices(self.transforms, weights=self.p)[0](*args)

    def __repr__(self) -> str:
        return f"{super().__repr__()}(p={self.p})"

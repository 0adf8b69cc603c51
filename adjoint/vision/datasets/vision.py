"""What all data sets of images are: a place, transforms, and a text that says so."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

from adjoint.names import list_names as _list_names
from adjoint.utils.data import Dataset

__all__ = ["StandardTransform", "VisionDataset"]

T_co = TypeVar("T_co", covariant=True)

Place: TypeAlias = str | Path
Transform: TypeAlias = Callable[..., Any] | None
Loader = Callable[[Any], Any]

NOT_FOUND = "Dataset not found. You can use download=True to download it"
CORRUPTED = "Dataset not found or corrupted. You can use download=True to download it"


class VisionDataset(Dataset[T_co]):
    """A data set in the folder ``root``, whose items ``transform`` and ``target_transform`` change, or ``transforms`` both at once.

    Raises ValueError if both are given.
    """

    _repr_indent = 4

    def __init__(
        self,
        root: Place | None = None,
        transforms: Transform = None,
        transform: Transform = None,
        target_transform: Transform = None,
    ) -> None:
        self.root: Any = os.path.expanduser(root) if isinstance(root, str) else root
        separate = transform is not None or target_transform is not None
        if transforms is not None and separate:
            raise ValueError("Only transforms or transform/target_transform can be passed as argument")
        self.transform = transform
        self.target_transform = target_transform
        self.transforms: Any = StandardTransform(transform, target_transform) if separate else transforms

    def __getitem__(self, index: int) -> Any:
        raise NotImplementedError

    def __len__(self) -> int:
        raise NotImplementedError

    def extra_repr(self) -> str:
        """Lines that the text of a subclass has beside the others."""
        return ""

    def __repr__(self) -> str:
        lines = [f"Number of datapoints: {len(self)}"]
        lines += [f"Root location: {self.root}"] if self.root is not None else []
        lines += self.extra_repr().splitlines()
        lines += [repr(self.transforms)] if getattr(self, "transforms", None) is not None else []
        return "\n".join([f"Dataset {type(self).__name__}", *(" " * self._repr_indent + line for line in lines)])

    def _changed(self, image: Any, target: Any) -> tuple[Any, Any]:
        """An item as the transforms of images and of targets make it."""
        if self.transform is not None:
            image = self.transform(image)
        if self.target_transform is not None:
            target = self.target_transform(target)
        return image, target

    def _changed_together(self, image: Any, target: Any) -> tuple[Any, Any]:
        """An item as ``transforms`` make it, which may look at both."""
        return (image, target) if self.transforms is None else self.transforms(image, target)


class StandardTransform:
    """A transform of an image and one of its target as one of both."""

    def __init__(self, transform: Transform = None, target_transform: Transform = None) -> None:
        self.transform = transform
        self.target_transform = target_transform

    def __call__(self, input: Any, target: Any) -> tuple[Any, Any]:
        if self.transform is not None:
            input = self.transform(input)
        return input, target if self.target_transform is None else self.target_transform(target)

    def __repr__(self) -> str:
        lines = [type(self).__name__]
        for head, transform in (("Transform: ", self.transform), ("Target transform: ", self.target_transform)):
            if transform is not None:
                first, *rest = repr(transform).splitlines()
                lines += [head + first, *(" " * len(head) + line for line in rest)]
        return "\n".join(lines)


def obtain(download: bool, fetch: Callable[[], Any], there: Callable[[], bool], text: str = NOT_FOUND) -> None:
    """Fetch a data set if it is to be downloaded and is not there; raise RuntimeError if it is not there then."""
    if download and not there():
        fetch()
    if not there():
        raise RuntimeError(text)


def one_or_all(targets: list[Any]) -> Any:
    """The targets of an item that may have several: one by itself, several as a tuple."""
    return targets[0] if len(targets) == 1 else tuple(targets)


def numbered(classes: Any) -> dict[Any, int]:
    """The number of each class, in the order in which they are listed."""
    return {name: i for i, name in enumerate(classes)}


_list_names(__name__)

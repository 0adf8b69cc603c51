"""LSUN: millions of photographs of rooms and buildings, in databases."""

from __future__ import annotations

import io
import os
import pickle
import string
from collections.abc import Iterable
from typing import Any

from adjoint.names import list_names as _list_names
from adjoint.vision.datasets.pictures import opened
from adjoint.vision.datasets.utils import iterable_to_str, verify_str_arg
from adjoint.vision.datasets.vision import Place, Transform, VisionDataset

__all__ = ["LSUN", "LSUNClass"]

_CATEGORIES = [
    "bedroom", "bridge", "church_outdoor", "classroom", "conference_room", "dining_room", "kitchen", "living_room",
    "restaurant", "tower",
]  # fmt: skip
_PARTS = ["train", "val", "test"]


class LSUNClass(VisionDataset):
    """Photographs of one category, in the database ``root``; targets are None.  Needs ``lmdb``."""

    def __init__(self, root: str, transform: Transform = None, target_transform: Transform = None) -> None:
        import lmdb

        super().__init__(root, transform=transform, target_transform=target_transform)
        self.env = lmdb.open(root, max_readers=1, readonly=True, lock=False, readahead=False, meminit=False)
        with self.env.begin(write=False) as transaction:
            self.length = transaction.stat()["entries"]
        self.keys = self._keys()

    def _keys(self) -> Any:
        """The names of all photographs, which are kept in a file beside the program, as torchvision does."""
        cache = "_cache_" + "".join(letter for letter in self.root if letter in string.ascii_letters)
        if os.path.isfile(cache):
            with open(cache, "rb") as file:
                return pickle.load(file)
        with self.env.begin(write=False) as transaction:
            keys = list(transaction.cursor().iternext(keys=True, values=False))
        with open(cache, "wb") as file:
            pickle.dump(keys, file)
        return keys

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        with self.env.begin(write=False) as transaction:
            data = transaction.get(self.keys[index])
        return self._changed(opened(io.BytesIO(data)), None)

    def __len__(self) -> int:
        return self.length  # type: ignore[no-any-return]


class LSUN(VisionDataset):
    """Photographs of several categories, each in a database in ``root``.  Needs ``lmdb``.

    ``classes`` is ``"train"``, ``"val"`` or ``"test"``, or a list such as ``["bedroom_train", "tower_val"]``; raises ValueError
    for others.
    """

    def __init__(
        self,
        root: Place,
        classes: str | list[str] = "train",
        transform: Transform = None,
        target_transform: Transform = None,
    ) -> None:
        super().__init__(root, transform=transform, target_transform=target_transform)
        self.classes = self._verify_classes(classes)
        self.dbs = [LSUNClass(os.path.join(root, f"{name}_lmdb"), transform) for name in self.classes]
        self.indices: list[int] = []
        self.length = 0
        for database in self.dbs:
            self.length += len(database)
            self.indices.append(self.length)

    def _verify_classes(self, classes: Any) -> list[str]:
        if isinstance(classes, str) and classes in _PARTS:
            return [classes] if classes == "test" else [f"{name}_{classes}" for name in _CATEGORIES]
        if not isinstance(classes, Iterable):
            raise ValueError(f"Expected type str or Iterable for argument classes, but got type {type(classes)}.")
        names = list(classes)
        for name in names:
            wrong = f"Expected type str for elements in argument classes, but got type {type(name)}."
            verify_str_arg(name, custom_msg=wrong)
            category, _, part = name.rpartition("_")
            for value, kind, known in ((category, "LSUN class", _CATEGORIES), (part, "postfix", _PARTS)):
                text = f"Unknown value '{value}' for {kind}. Valid values are {{{iterable_to_str(known)}}}."
                verify_str_arg(value, valid_values=known, custom_msg=text)
        return names

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        target = sum(index >= end for end in self.indices)
        image, _ = self.dbs[target][index - (self.indices[target - 1] if target else 0)]
        return image, target if self.target_transform is None else self.target_transform(target)

    def __len__(self) -> int:
        return self.length

    def extra_repr(self) -> str:
        """Which categories it has."""
        return f"Classes: {self.classes}"


_list_names(__name__)

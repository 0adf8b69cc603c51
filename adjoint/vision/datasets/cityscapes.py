"""Cityscapes: streets of German cities, and what every pixel shows."""

from __future__ import annotations

import json
import os
from collections import namedtuple
from typing import Any

from adjoint.names import list_names as _list_names
from adjoint.vision.datasets.pictures import opened
from adjoint.vision.datasets.utils import extract_archive, iterable_to_str, verify_str_arg
from adjoint.vision.datasets.vision import Place, Transform, VisionDataset, one_or_all

__all__ = ["Cityscapes"]

CityscapesClass = namedtuple(
    "CityscapesClass",
    ["name", "id", "train_id", "category", "category_id", "has_instances", "ignore_in_eval", "color"],
)
_CLASSES = (
    ("unlabeled", 0, 255, "void", 0, False, True, (0, 0, 0)),
    ("ego vehicle", 1, 255, "void", 0, False, True, (0, 0, 0)),
    ("rectification border", 2, 255, "void", 0, False, True, (0, 0, 0)),
    ("out of roi", 3, 255, "void", 0, False, True, (0, 0, 0)),
    ("static", 4, 255, "void", 0, False, True, (0, 0, 0)),
    ("dynamic", 5, 255, "void", 0, False, True, (111, 74, 0)),
    ("ground", 6, 255, "void", 0, False, True, (81, 0, 81)),
    ("road", 7, 0, "flat", 1, False, False, (128, 64, 128)),
    ("sidewalk", 8, 1, "flat", 1, False, False, (244, 35, 232)),
    ("parking", 9, 255, "flat", 1, False, True, (250, 170, 160)),
    ("rail track", 10, 255, "flat", 1, False, True, (230, 150, 140)),
    ("building", 11, 2, "construction", 2, False, False, (70, 70, 70)),
    ("wall", 12, 3, "construction", 2, False, False, (102, 102, 156)),
    ("fence", 13, 4, "construction", 2, False, False, (190, 153, 153)),
    ("guard rail", 14, 255, "construction", 2, False, True, (180, 165, 180)),
    ("bridge", 15, 255, "construction", 2, False, True, (150, 100, 100)),
    ("tunnel", 16, 255, "construction", 2, False, True, (150, 120, 90)),
    ("pole", 17, 5, "object", 3, False, False, (153, 153, 153)),
    ("polegroup", 18, 255, "object", 3, False, True, (153, 153, 153)),
    ("traffic light", 19, 6, "object", 3, False, False, (250, 170, 30)),
    ("traffic sign", 20, 7, "object", 3, False, False, (220, 220, 0)),
    ("vegetation", 21, 8, "nature", 4, False, False, (107, 142, 35)),
    ("terrain", 22, 9, "nature", 4, False, False, (152, 251, 152)),
    ("sky", 23, 10, "sky", 5, False, False, (70, 130, 180)),
    ("person", 24, 11, "human", 6, True, False, (220, 20, 60)),
    ("rider", 25, 12, "human", 6, True, False, (255, 0, 0)),
    ("car", 26, 13, "vehicle", 7, True, False, (0, 0, 142)),
    ("truck", 27, 14, "vehicle", 7, True, False, (0, 0, 70)),
    ("bus", 28, 15, "vehicle", 7, True, False, (0, 60, 100)),
    ("caravan", 29, 255, "vehicle", 7, True, True, (0, 0, 90)),
    ("trailer", 30, 255, "vehicle", 7, True, True, (0, 0, 110)),
    ("train", 31, 16, "vehicle", 7, True, False, (0, 80, 100)),
    ("motorcycle", 32, 17, "vehicle", 7, True, False, (0, 0, 230)),
    ("bicycle", 33, 18, "vehicle", 7, True, False, (119, 11, 32)),
    ("license plate", -1, -1, "vehicle", 7, False, True, (0, 0, 142)),
)  # fmt: skip
_ENDINGS = {
    "instance": "instanceIds.png",
    "semantic": "labelIds.png",
    "color": "color.png",
    "polygon": "polygons.json",
}


class Cityscapes(VisionDataset):
    """Photographs of streets in ``root/leftImg8bit``, and what they show, ``"fine"`` in ``gtFine`` or ``"coarse"`` in ``gtCoarse``.

    ``target_type`` is ``"instance"``, ``"semantic"``, ``"color"`` (pictures), ``"polygon"`` (what is in a JSON file), or a list.
    The archives, which the publisher has to be asked for, are unpacked if they lie in ``root``; RuntimeError if nothing does.
    """

    CityscapesClass = CityscapesClass
    classes = [CityscapesClass(*row) for row in _CLASSES]

    def __init__(
        self,
        root: Place,
        split: str = "train",
        mode: str = "fine",
        target_type: list[str] | str = "instance",
        transform: Transform = None,
        target_transform: Transform = None,
        transforms: Transform = None,
    ) -> None:
        super().__init__(root, transforms, transform, target_transform)
        self.mode = "gtFine" if mode == "fine" else "gtCoarse"
        self.images_dir = os.path.join(self.root, "leftImg8bit", split)
        self.targets_dir = os.path.join(self.root, self.mode, split)
        self.split = split
        verify_str_arg(mode, "mode", ("fine", "coarse"))
        splits = ("train", "test", "val") if mode == "fine" else ("train", "train_extra", "val")
        verify_str_arg(
            split,
            "split",
            splits,
            f"Unknown value '{split}' for argument split if mode is '{mode}'. "
            f"Valid values are {{{iterable_to_str(splits)}}}.",
        )
        self.target_type = target_type if isinstance(target_type, list) else [target_type]
        for kind in self.target_type:
            verify_str_arg(kind, "target_type", ("instance", "semantic", "polygon", "color"))
        if not (os.path.isdir(self.images_dir) and os.path.isdir(self.targets_dir)):
            self._unpack()
        self.images: list[str] = []
        self.targets: list[list[str]] = []
        for city in os.listdir(self.images_dir):
            for name in os.listdir(os.path.join(self.images_dir, city)):
                start = os.path.join(self.targets_dir, city, name.split("_leftImg8bit")[0])
                self.images.append(os.path.join(self.images_dir, city, name))
                self.targets.append(
                    [f"{start}_{self._get_target_suffix(self.mode, kind)}" for kind in self.target_type]
                )

    def _unpack(self) -> None:
        names = (
            f"leftImg8bit_{'trainextra' if self.split == 'train_extra' else 'trainvaltest'}.zip",
            "gtFine_trainvaltest.zip" if self.mode == "gtFine" else "gtCoarse.zip",
        )
        archives = [os.path.join(self.root, name) for name in names]
        if not all(os.path.isfile(archive) for archive in archives):
            raise RuntimeError(
                "Dataset not found or incomplete. Please make sure all required folders for the"
                ' specified "split" and "mode" are inside the "root" directory'
            )
        for archive in archives:
            extract_archive(from_path=archive, to_path=self.root)

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        targets = [
            self._load_json(path) if kind == "polygon" else opened(path, None)
            for kind, path in zip(self.target_type, self.targets[index])
        ]
        return self._changed_together(opened(self.images[index]), one_or_all(targets))

    def __len__(self) -> int:
        return len(self.images)

    def extra_repr(self) -> str:
        """Which part it is, how exact, and what the targets are."""
        return f"Split: {self.split}\nMode: {self.mode}\nType: {self.target_type}"

    def _load_json(self, path: str) -> dict[str, Any]:
        with open(path) as file:
            return json.load(file)  # type: ignore[no-any-return]

    def _get_target_suffix(self, mode: str, target_type: str) -> str:
        return f"{mode}_{_ENDINGS[target_type]}"


_list_names(__name__)

"""COCO: photographs, what is where in them, and sentences about them."""

from __future__ import annotations

import os
from typing import Any

from adjoint.names import list_names as _list_names
from adjoint.vision.datasets.pictures import opened
from adjoint.vision.datasets.vision import Place, Transform, VisionDataset

__all__ = ["CocoCaptions", "CocoDetection"]


class CocoDetection(VisionDataset):
    """Photographs in the folder ``root``; the targets are lists of what the file ``annFile`` has about each.

    Needs ``pycocotools``, whose object ``coco`` is.
    """

    def __init__(
        self,
        root: Place,
        annFile: str,
        transform: Transform = None,
        target_transform: Transform = None,
        transforms: Transform = None,
    ) -> None:
        super().__init__(root, transforms, transform, target_transform)
        from pycocotools.coco import COCO

        self.coco = COCO(annFile)
        self.ids = sorted(self.coco.imgs)

    def _load_image(self, id: int) -> Any:
        return opened(os.path.join(self.root, self.coco.loadImgs(id)[0]["file_name"]))

    def _load_target(self, id: int) -> list[Any]:
        return self.coco.loadAnns(self.coco.getAnnIds(id))  # type: ignore[no-any-return]

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        if not isinstance(index, int):
            raise ValueError(f"Index must be of type integer, got {type(index)} instead.")
        number = self.ids[index]
        return self._changed_together(self._load_image(number), self._load_target(number))

    def __len__(self) -> int:
        return len(self.ids)


class CocoCaptions(CocoDetection):
    """Photographs in the folder ``root``; the targets are lists of sentences in the file ``annFile``.  Needs ``pycocotools``."""

    def _load_target(self, id: int) -> list[str]:
        return [note["caption"] for note in super()._load_target(id)]


_list_names(__name__)

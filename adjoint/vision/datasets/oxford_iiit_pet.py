"""Oxford's pets: cats and dogs of 37 breeds."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from adjoint.names import list_names as _list_names
from adjoint.vision.datasets.pictures import lines, opened
from adjoint.vision.datasets.utils import download_and_extract_archive, verify_str_arg
from adjoint.vision.datasets.vision import Place, Transform, VisionDataset, numbered, obtain, one_or_all

__all__ = ["OxfordIIITPet"]


class OxfordIIITPet(VisionDataset):
    """Photographs of pets in ``root/oxford-iiit-pet``.

    ``target_types`` is ``"category"`` (the breed), ``"binary-category"`` (cat or dog), ``"segmentation"`` (a picture of where the
    animal is), or a list; of an empty one targets are None.
    """

    _RESOURCES = (
        ("https://www.robots.ox.ac.uk/~vgg/data/pets/data/images.tar.gz", "5c4f3ee8e5d25df40f4fd59a7f44e54c"),
        ("https://www.robots.ox.ac.uk/~vgg/data/pets/data/annotations.tar.gz", "95a8c909bbe2e81eed6a22bccdf3f68f"),
    )
    _VALID_TARGET_TYPES = ("category", "binary-category", "segmentation")

    def __init__(
        self,
        root: Place,
        split: str = "trainval",
        target_types: Sequence[str] | str = "category",
        transforms: Transform = None,
        transform: Transform = None,
        target_transform: Transform = None,
        download: bool = False,
    ) -> None:
        self._split = verify_str_arg(split, "split", ("trainval", "test"))
        kinds = [target_types] if isinstance(target_types, str) else target_types
        self._target_types = [verify_str_arg(kind, "target_types", self._VALID_TARGET_TYPES) for kind in kinds]
        super().__init__(root, transforms=transforms, transform=transform, target_transform=target_transform)
        self._base_folder = Path(self.root) / "oxford-iiit-pet"
        self._images_folder = self._base_folder / "images"
        self._anns_folder = self._base_folder / "annotations"
        self._segs_folder = self._anns_folder / "trimaps"
        obtain(download, self._download, lambda: self._images_folder.is_dir() and self._anns_folder.is_dir())
        rows = [line.split() for line in lines(self._anns_folder / f"{split}.txt")]
        self._labels = [int(row[1]) - 1 for row in rows]
        self._bin_labels = [int(row[2]) - 1 for row in rows]
        breeds = {(label, row[0].rsplit("_", 1)[0]) for label, row in zip(self._labels, rows)}
        self.bin_classes = ["Cat", "Dog"]
        self.classes = [" ".join(part.title() for part in breed.split("_")) for _, breed in sorted(breeds)]
        self.bin_class_to_idx = numbered(self.bin_classes)
        self.class_to_idx = numbered(self.classes)
        self._images = [self._images_folder / f"{row[0]}.jpg" for row in rows]
        self._segs = [self._segs_folder / f"{row[0]}.png" for row in rows]

    def __len__(self) -> int:
        return len(self._images)

    def __getitem__(self, idx: int) -> tuple[Any, Any]:
        targets = [self._target(kind, idx) for kind in self._target_types]
        image = opened(self._images[idx])
        return self._changed_together(image, one_or_all(targets) if targets else None)

    def _target(self, kind: str, idx: int) -> Any:
        if kind == "segmentation":
            return opened(self._segs[idx], None)
        return (self._labels if kind == "category" else self._bin_labels)[idx]

    def _download(self) -> None:
        for url, md5 in self._RESOURCES:
            download_and_extract_archive(url, download_root=str(self._base_folder), md5=md5)


_list_names(__name__)

"""Caltech 101 and 256: photographs of as many kinds of things."""

from __future__ import annotations

import os
import shutil
from typing import Any

from adjoint.names import list_names as _list_names
from adjoint.vision.datasets.pictures import opened
from adjoint.vision.datasets.utils import download_and_extract_archive, extract_archive, verify_str_arg
from adjoint.vision.datasets.vision import CORRUPTED, Place, Transform, VisionDataset, obtain, one_or_all

__all__ = ["Caltech101", "Caltech256"]

# Folders of outlines whose names are not those of the photographs'.
_OUTLINES = {
    "Faces": "Faces_2",
    "Faces_easy": "Faces_3",
    "Motorbikes": "Motorbikes_16",
    "airplanes": "Airplanes_Side_2",
}


class _Caltech(VisionDataset):
    """Photographs in a folder for each category, with numbers for names."""

    index: list[int]
    y: list[int]
    categories: list[str]
    _folder: str

    def _count(self, ending: str) -> None:
        """Note the number and the category of each photograph."""
        self.index, self.y = [], []
        for i, category in enumerate(self.categories):
            found = [name for name in os.listdir(self._path(category)) if name.endswith(ending)]
            self.index += range(1, len(found) + 1)
            self.y += [i] * len(found)

    def _path(self, *parts: str) -> str:
        return os.path.join(self.root, self._folder, *parts)

    def _check_integrity(self) -> bool:
        return os.path.exists(self._path())

    def __len__(self) -> int:
        return len(self.index)


class Caltech101(_Caltech):
    """Photographs of 101 kinds of things in ``root/caltech101``.

    ``target_type`` is ``"category"``, ``"annotation"`` (an outline, an array (2, N) that SciPy reads), or a list of both.
    """

    _folder = "101_ObjectCategories"

    def __init__(
        self,
        root: Place,
        target_type: list[str] | str = "category",
        transform: Transform = None,
        target_transform: Transform = None,
        download: bool = False,
    ) -> None:
        super().__init__(os.path.join(root, "caltech101"), transform=transform, target_transform=target_transform)
        os.makedirs(self.root, exist_ok=True)
        kinds = [target_type] if isinstance(target_type, str) else target_type
        self.target_type = [verify_str_arg(kind, "target_type", ("category", "annotation")) for kind in kinds]
        obtain(download, self.download, self._check_integrity, CORRUPTED)
        self.categories = sorted(os.listdir(self._path()))
        self.categories.remove("BACKGROUND_Google")  # photographs of none of them
        self.annotation_categories = [_OUTLINES.get(name, name) for name in self.categories]
        self._count("")

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        category, number = self.y[index], self.index[index]
        image = opened(self._path(self.categories[category], f"image_{number:04d}.jpg"), None)
        target = one_or_all(
            [category if kind == "category" else self._outline(category, number) for kind in self.target_type]
        )
        return self._changed(image, target)

    def _outline(self, category: int, number: int) -> Any:
        from scipy.io import loadmat

        folder = os.path.join(self.root, "Annotations", self.annotation_categories[category])
        return loadmat(os.path.join(folder, f"annotation_{number:04d}.mat"))["obj_contour"]

    def download(self) -> None:
        """Fetch the photographs and the outlines, unless they are there."""
        if self._check_integrity():
            return
        name = "caltech-101.zip"
        download_and_extract_archive(
            f"https://data.caltech.edu/records/mzrjq-6wc02/files/{name}",
            download_root=self.root,
            filename=name,
            md5="3138e1922a9193bfa496528edbbc45d0",
        )
        inner = os.path.join(self.root, "caltech-101")
        for archive in os.listdir(inner):
            if archive.endswith((".gz", ".tar")):  # the second has the outlines
                extract_archive(os.path.join(inner, archive), self.root)
        shutil.rmtree(inner)
        os.remove(os.path.join(self.root, name))

    def extra_repr(self) -> str:
        """What the targets are."""
        return f"Target type: {self.target_type}"


class Caltech256(_Caltech):
    """Photographs of 256 kinds of things, and of none of them, in ``root/caltech256``."""

    _folder = "256_ObjectCategories"

    def __init__(
        self, root: Place, transform: Transform = None, target_transform: Transform = None, download: bool = False
    ) -> None:
        super().__init__(os.path.join(root, "caltech256"), transform=transform, target_transform=target_transform)
        os.makedirs(self.root, exist_ok=True)
        obtain(download, self.download, self._check_integrity, CORRUPTED)
        self.categories = sorted(os.listdir(self._path()))
        self._count(".jpg")

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        category = self.y[index]
        name = f"{category + 1:03d}_{self.index[index]:04d}.jpg"
        return self._changed(opened(self._path(self.categories[category], name), None), category)

    def download(self) -> None:
        """Fetch the photographs, unless they are there."""
        if self._check_integrity():
            return
        name = "256_ObjectCategories.tar"
        address = f"https://data.caltech.edu/records/nyy15-4j048/files/{name}"
        download_and_extract_archive(address, self.root, filename=name, md5="67b4f42ca05d46448c6bb8ecd2220f6d")


_list_names(__name__)

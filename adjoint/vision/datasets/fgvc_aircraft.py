"""FGVC Aircraft: photographs of aeroplanes, and of which kind they are."""

from __future__ import annotations

import os

from adjoint.names import list_names as _list_names
from adjoint.vision.datasets.folder import default_loader
from adjoint.vision.datasets.pictures import PictureFiles, lines
from adjoint.vision.datasets.utils import download_and_extract_archive, verify_str_arg
from adjoint.vision.datasets.vision import Loader, Place, Transform, numbered, obtain

__all__ = ["FGVCAircraft"]

_LISTS = {"variant": "variants.txt", "family": "families.txt", "manufacturer": "manufacturers.txt"}


class FGVCAircraft(PictureFiles):
    """10,000 photographs of aeroplanes in ``root/fgvc-aircraft-2013b``; ``annotation_level`` says how exactly they are named:
    by ``"variant"`` (100), ``"family"`` (70) or ``"manufacturer"`` (41)."""

    _URL = "https://www.robots.ox.ac.uk/~vgg/data/fgvc-aircraft/archives/fgvc-aircraft-2013b.tar.gz"

    def __init__(
        self,
        root: Place,
        split: str = "trainval",
        annotation_level: str = "variant",
        transform: Transform = None,
        target_transform: Transform = None,
        download: bool = False,
        loader: Loader = default_loader,
    ) -> None:
        super().__init__(root, transform, target_transform, loader)
        self._split = verify_str_arg(split, "split", ("train", "val", "trainval", "test"))
        self._annotation_level = verify_str_arg(annotation_level, "annotation_level", tuple(_LISTS))
        self._data_path = os.path.join(self.root, "fgvc-aircraft-2013b")
        obtain(download, self._download, lambda: os.path.isdir(self._data_path))
        data = os.path.join(self._data_path, "data")
        self.classes = lines(os.path.join(data, _LISTS[annotation_level]))
        self.class_to_idx = numbered(self.classes)
        listed = [line.split(" ", 1) for line in lines(os.path.join(data, f"images_{annotation_level}_{split}.txt"))]
        self._image_files = [os.path.join(data, "images", f"{name}.jpg") for name, _ in listed]
        self._labels = [self.class_to_idx[label] for _, label in listed]

    def extra_repr(self) -> str:
        """Nothing."""
        return ""

    def _download(self) -> None:
        download_and_extract_archive(self._URL, self.root)


_list_names(__name__)

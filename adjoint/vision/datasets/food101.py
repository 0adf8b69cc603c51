"""Food-101: photographs of 101 dishes."""

from __future__ import annotations

import json
from pathlib import Path

from adjoint.names import list_names as _list_names
from adjoint.vision.datasets.folder import default_loader
from adjoint.vision.datasets.pictures import PictureFiles
from adjoint.vision.datasets.utils import download_and_extract_archive, verify_str_arg
from adjoint.vision.datasets.vision import Loader, Place, Transform, numbered, obtain

__all__ = ["Food101"]


class Food101(PictureFiles):
    """Photographs of dishes in ``root/food-101``: of each 750 to train with, some labelled wrongly, and 250 to test with."""

    _URL = "http://data.vision.ee.ethz.ch/cvl/food-101.tar.gz"
    _MD5 = "85eeb15f3717b99a5da872d97d918f87"

    def __init__(
        self,
        root: Place,
        split: str = "train",
        transform: Transform = None,
        target_transform: Transform = None,
        download: bool = False,
        loader: Loader = default_loader,
    ) -> None:
        super().__init__(root, transform, target_transform, loader)
        self._split = verify_str_arg(split, "split", ("train", "test"))
        self._base_folder = Path(self.root) / "food-101"
        self._meta_folder = self._base_folder / "meta"
        self._images_folder = self._base_folder / "images"
        obtain(download, self._download, lambda: self._meta_folder.is_dir() and self._images_folder.is_dir())
        with open(self._meta_folder / f"{split}.json") as file:
            dishes = json.load(file)
        self.classes = sorted(dishes)
        self.class_to_idx = numbered(self.classes)
        self._labels = [self.class_to_idx[dish] for dish, paths in dishes.items() for _ in paths]
        self._image_files = [
            self._images_folder.joinpath(*f"{path}.jpg".split("/")) for paths in dishes.values() for path in paths
        ]

    def _download(self) -> None:
        download_and_extract_archive(self._URL, download_root=self.root, md5=self._MD5)


_list_names(__name__)

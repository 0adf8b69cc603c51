"""CLEVR: pictures of solids, and how many there are in each."""

from __future__ import annotations

import json
from pathlib import Path

from adjoint.names import list_names as _list_names
from adjoint.vision.datasets.folder import default_loader
from adjoint.vision.datasets.pictures import PictureFiles
from adjoint.vision.datasets.utils import download_and_extract_archive, verify_str_arg
from adjoint.vision.datasets.vision import CORRUPTED, Loader, Place, Transform, obtain

__all__ = ["CLEVRClassification"]


class CLEVRClassification(PictureFiles):
    """Pictures of solids in ``root/clevr``, labelled by how many there are; ``"test"`` has no labels (None)."""

    _URL = "https://dl.fbaipublicfiles.com/clevr/CLEVR_v1.0.zip"
    _MD5 = "b11922020e72d0cd9154779b2d3d07d2"

    def __init__(
        self,
        root: Place,
        split: str = "train",
        transform: Transform = None,
        target_transform: Transform = None,
        download: bool = False,
        loader: Loader = default_loader,
    ) -> None:
        self._split = verify_str_arg(split, "split", ("train", "val", "test"))
        super().__init__(root, transform, target_transform, loader)
        self._base_folder = Path(self.root) / "clevr"
        self._data_folder = self._base_folder / "CLEVR_v1.0"
        obtain(download, self._download, self._data_folder.is_dir, CORRUPTED)
        self._image_files = sorted(self._data_folder.joinpath("images", split).glob("*"))
        if split == "test":
            self._labels = [None] * len(self._image_files)
            return
        with open(self._data_folder / "scenes" / f"CLEVR_{split}_scenes.json") as file:
            counts = {scene["image_filename"]: len(scene["objects"]) for scene in json.load(file)["scenes"]}
        self._labels = [counts[file.name] for file in self._image_files]

    def _download(self) -> None:
        download_and_extract_archive(self._URL, str(self._base_folder), md5=self._MD5)


_list_names(__name__)

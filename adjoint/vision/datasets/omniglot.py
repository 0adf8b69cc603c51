"""Omniglot: 1,623 letters of fifty alphabets, each drawn by twenty people."""

from __future__ import annotations

from os.path import join
from typing import Any

from adjoint.names import list_names as _list_names
from adjoint.vision.datasets.pictures import opened
from adjoint.vision.datasets.utils import check_integrity, download_and_extract_archive, list_dir, list_files
from adjoint.vision.datasets.vision import CORRUPTED, Loader, Place, Transform, VisionDataset, obtain

__all__ = ["Omniglot"]


class Omniglot(VisionDataset):
    """Pictures of letters in ``root/omniglot-py``, and which they are: of thirty alphabets (``background``), or twenty others."""

    folder = "omniglot-py"
    download_url_prefix = "https://raw.githubusercontent.com/brendenlake/omniglot/master/python"
    zips_md5 = {
        "images_background": "68d2efa1b9178cc56df9314c21c6e718",
        "images_evaluation": "6b91aef0f799c5bb55b94e3f2daec811",
    }

    def __init__(
        self,
        root: Place,
        background: bool = True,
        transform: Transform = None,
        target_transform: Transform = None,
        download: bool = False,
        loader: Loader | None = None,
    ) -> None:
        super().__init__(join(root, self.folder), transform=transform, target_transform=target_transform)
        self.background = background
        obtain(download, self.download, self._check_integrity, CORRUPTED)
        self.target_folder = join(self.root, self._get_target_folder())
        self._alphabets = list_dir(self.target_folder)
        self._characters = [
            join(alphabet, letter)
            for alphabet in self._alphabets
            for letter in list_dir(join(self.target_folder, alphabet))
        ]
        self._character_images = [
            [(name, number) for name in list_files(join(self.target_folder, letter), ".png")]
            for number, letter in enumerate(self._characters)
        ]
        self._flat_character_images = [image for images in self._character_images for image in images]
        self.loader = loader

    def __len__(self) -> int:
        return len(self._flat_character_images)

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        name, letter = self._flat_character_images[index]
        path = join(self.target_folder, self._characters[letter], name)
        return self._changed(opened(path, "L") if self.loader is None else self.loader(path), letter)

    def _check_integrity(self) -> bool:
        name = self._get_target_folder()
        return check_integrity(join(self.root, name + ".zip"), self.zips_md5[name])

    def download(self) -> None:
        """Fetch the pictures, unless they are there."""
        if self._check_integrity():
            return
        name = self._get_target_folder()
        address = f"{self.download_url_prefix}/{name}.zip"
        download_and_extract_archive(address, self.root, filename=name + ".zip", md5=self.zips_md5[name])

    def _get_target_folder(self) -> str:
        return "images_background" if self.background else "images_evaluation"


_list_names(__name__)

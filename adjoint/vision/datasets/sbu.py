"""SBU: a million photographs of Flickr's, with what their owners wrote."""

from __future__ import annotations

import contextlib
import os
from typing import Any

from adjoint.names import list_names as _list_names
from adjoint.vision.datasets.folder import default_loader
from adjoint.vision.datasets.pictures import lines
from adjoint.vision.datasets.utils import check_integrity, download_and_extract_archive, download_url
from adjoint.vision.datasets.vision import CORRUPTED, Loader, Place, Transform, VisionDataset, obtain

__all__ = ["SBU"]


class SBU(VisionDataset):
    """Photographs in ``root/dataset``, those of the list that are there, and a sentence about each."""

    url = "https://www.cs.rice.edu/~vo9/sbucaptions/SBUCaptionedPhotoDataset.tar.gz"
    filename = "SBUCaptionedPhotoDataset.tar.gz"
    md5_checksum = "9aec147b3488753cf758b4d493422285"

    def __init__(
        self,
        root: Place,
        transform: Transform = None,
        target_transform: Transform = None,
        download: bool = True,
        loader: Loader = default_loader,
    ) -> None:
        super().__init__(root, transform=transform, target_transform=target_transform)
        self.loader = loader
        obtain(download, self.download, self._check_integrity, CORRUPTED)
        self.photos: list[str] = []
        self.captions: list[str] = []
        for url, sentence in zip(self._list("urls"), self._list("captions")):
            if os.path.exists(self._path(os.path.basename(url))):
                self.photos.append(os.path.basename(url))
                self.captions.append(sentence)

    def _path(self, name: str) -> str:
        return os.path.join(self.root, "dataset", name)

    def _list(self, which: str) -> list[str]:
        return lines(self._path(f"SBU_captioned_photo_dataset_{which}.txt"))

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        return self._changed(self.loader(self._path(self.photos[index])), self.captions[index])

    def __len__(self) -> int:
        return len(self.photos)

    def _check_integrity(self) -> bool:
        return check_integrity(os.path.join(self.root, self.filename), self.md5_checksum)

    def download(self) -> None:
        """Fetch the lists and the photographs, unless they are there; some photographs are gone."""
        if self._check_integrity():
            return
        download_and_extract_archive(self.url, self.root, self.root, self.filename, self.md5_checksum)
        for url in self._list("urls"):
            with contextlib.suppress(OSError):
                download_url(url, os.path.join(self.root, "dataset"))


_list_names(__name__)

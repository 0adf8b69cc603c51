"""Country211: photographs, and the country in which each was taken."""

from __future__ import annotations

from pathlib import Path

from adjoint.names import list_names as _list_names
from adjoint.vision.datasets.folder import ImageFolder, default_loader
from adjoint.vision.datasets.utils import download_and_extract_archive, verify_str_arg
from adjoint.vision.datasets.vision import Loader, Place, Transform, obtain

__all__ = ["Country211"]


class Country211(ImageFolder):
    """Photographs of 211 countries in ``root/country211``: of each 150 in ``"train"``, 50 in ``"valid"``, 100 in ``"test"``."""

    _URL = "https://openaipublic.azureedge.net/clip/data/country211.tgz"
    _MD5 = "84988d7644798601126c29e9877aab6a"

    def __init__(
        self,
        root: Place,
        split: str = "train",
        transform: Transform = None,
        target_transform: Transform = None,
        download: bool = False,
        loader: Loader = default_loader,
    ) -> None:
        self._split = verify_str_arg(split, "split", ("train", "valid", "test"))
        place = Path(root).expanduser()
        self.root = str(place)
        self._base_folder = place / "country211"
        obtain(download, self._download, self._base_folder.is_dir)
        super().__init__(str(self._base_folder / split), transform, target_transform, loader)
        self.root = str(place)

    def _download(self) -> None:
        download_and_extract_archive(self._URL, download_root=self.root, md5=self._MD5)


_list_names(__name__)

"""SUN397: photographs of 397 kinds of places."""

from __future__ import annotations

from pathlib import Path

from adjoint.names import list_names as _list_names
from adjoint.vision.datasets.folder import default_loader
from adjoint.vision.datasets.pictures import PictureFiles
from adjoint.vision.datasets.utils import download_and_extract_archive
from adjoint.vision.datasets.vision import Loader, Place, Transform, numbered, obtain

__all__ = ["SUN397"]


class SUN397(PictureFiles):
    """108,754 photographs of places in ``root/SUN397``."""

    _DATASET_URL = "http://vision.princeton.edu/projects/2010/SUN/SUN397.tar.gz"
    _DATASET_MD5 = "8ca2778205c41d23104230ba66911c7a"

    def __init__(
        self,
        root: Place,
        transform: Transform = None,
        target_transform: Transform = None,
        download: bool = False,
        loader: Loader = default_loader,
    ) -> None:
        super().__init__(root, transform, target_transform, loader)
        self._data_dir = Path(self.root) / "SUN397"
        obtain(download, self._download, self._data_dir.is_dir)
        with open(self._data_dir / "ClassName.txt") as file:
            self.classes = [line[3:].strip() for line in file]  # after "/a/", the letter's folder
        self.class_to_idx = numbered(self.classes)
        self._image_files = list(self._data_dir.rglob("sun_*.jpg"))
        self._labels = [
            self.class_to_idx["/".join(path.relative_to(self._data_dir).parts[1:-1])] for path in self._image_files
        ]

    def extra_repr(self) -> str:
        """Nothing."""
        return ""

    def _download(self) -> None:
        download_and_extract_archive(self._DATASET_URL, download_root=self.root, md5=self._DATASET_MD5)


_list_names(__name__)

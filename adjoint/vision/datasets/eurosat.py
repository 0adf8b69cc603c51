"""EuroSAT: pieces of land as a satellite sees them, and what is there."""

from __future__ import annotations

import os

from adjoint.names import list_names as _list_names
from adjoint.vision.datasets.folder import ImageFolder, default_loader
from adjoint.vision.datasets.utils import download_and_extract_archive
from adjoint.vision.datasets.vision import Loader, Place, Transform, obtain

__all__ = ["EuroSAT"]

_REVISION = "c877bcd43f099cd0196738f714544e355477f3fd"


class EuroSAT(ImageFolder):
    """27,000 pictures of land in ten classes, in ``root/eurosat/2750``: red, green and blue of Sentinel-2's bands."""

    def __init__(
        self,
        root: Place,
        transform: Transform = None,
        target_transform: Transform = None,
        download: bool = False,
        loader: Loader = default_loader,
    ) -> None:
        self.root = os.path.expanduser(root)
        self._base_folder = os.path.join(self.root, "eurosat")
        self._data_folder = os.path.join(self._base_folder, "2750")
        obtain(download, self.download, self._check_exists)
        super().__init__(self._data_folder, transform, target_transform, loader)
        self.root = os.path.expanduser(root)

    def _check_exists(self) -> bool:
        return os.path.exists(self._data_folder)

    def download(self) -> None:
        """Fetch the pictures, unless they are there."""
        if self._check_exists():
            return
        os.makedirs(self._base_folder, exist_ok=True)
        download_and_extract_archive(
            f"https://huggingface.co/datasets/torchgeo/eurosat/resolve/{_REVISION}/EuroSAT.zip",
            download_root=self._base_folder,
            md5="c8fa014336c82ac7804f0398fcb19387",
        )


_list_names(__name__)

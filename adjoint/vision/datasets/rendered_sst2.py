"""Rendered SST2: sentences about films as pictures, and whether they praise."""

from __future__ import annotations

from pathlib import Path

from adjoint.names import list_names as _list_names
from adjoint.vision.datasets.folder import default_loader, make_dataset
from adjoint.vision.datasets.pictures import PictureSamples
from adjoint.vision.datasets.utils import download_and_extract_archive, verify_str_arg
from adjoint.vision.datasets.vision import Loader, Place, Transform, numbered, obtain

__all__ = ["RenderedSST2"]


class RenderedSST2(PictureSamples):
    """Pictures of sentences in ``root/rendered-sst2``: 6,920 to train with, 872 to validate, 1,821 to test with."""

    _URL = "https://openaipublic.azureedge.net/clip/data/rendered-sst2.tgz"
    _MD5 = "2384d08e9dcfa4bd55b324e610496ee5"

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
        self._split = verify_str_arg(split, "split", ("train", "val", "test"))
        self._split_to_folder = {"train": "train", "val": "valid", "test": "test"}
        self._base_folder = Path(self.root) / "rendered-sst2"
        self.classes = ["negative", "positive"]
        self.class_to_idx = numbered(self.classes)
        folder = self._base_folder / self._split_to_folder[split]
        obtain(download, self._download, lambda: all((folder / label).is_dir() for label in self.classes))
        self._samples = make_dataset(str(folder), extensions=("png",))  # type: ignore[assignment]

    def extra_repr(self) -> str:
        """Which part it is."""
        return f"split={self._split}"

    def _download(self) -> None:
        download_and_extract_archive(self._URL, download_root=self.root, md5=self._MD5)


_list_names(__name__)

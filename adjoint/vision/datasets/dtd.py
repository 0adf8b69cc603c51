"""DTD: pictures of textures, and a word for each."""

from __future__ import annotations

from pathlib import Path

from adjoint.names import list_names as _list_names
from adjoint.vision.datasets.folder import default_loader
from adjoint.vision.datasets.pictures import PictureFiles, lines
from adjoint.vision.datasets.utils import download_and_extract_archive, verify_str_arg
from adjoint.vision.datasets.vision import Loader, Place, Transform, numbered, obtain

__all__ = ["DTD"]


class DTD(PictureFiles):
    """Pictures of 47 textures in ``root/dtd``; ``partition`` (1 to 10) is one of ten ways to part them into splits."""

    _URL = "https://www.robots.ox.ac.uk/~vgg/data/dtd/download/dtd-r1.0.1.tar.gz"
    _MD5 = "fff73e5086ae6bdbea199a49dfb8a4c1"

    def __init__(
        self,
        root: Place,
        split: str = "train",
        partition: int = 1,
        transform: Transform = None,
        target_transform: Transform = None,
        download: bool = False,
        loader: Loader = default_loader,
    ) -> None:
        self._split = verify_str_arg(split, "split", ("train", "val", "test"))
        if not isinstance(partition, int) or not 1 <= partition <= 10:
            raise ValueError(
                f"Parameter 'partition' should be an integer with `1 <= partition <= 10`, but got {partition} instead"
            )
        self._partition = partition
        super().__init__(root, transform, target_transform, loader)
        self._base_folder = Path(self.root) / type(self).__name__.lower()
        self._data_folder = self._base_folder / "dtd"
        self._meta_folder = self._data_folder / "labels"
        self._images_folder = self._data_folder / "images"
        obtain(download, self._download, self._data_folder.is_dir)
        listed = [line.split("/") for line in lines(self._meta_folder / f"{split}{partition}.txt")]
        self._image_files = [self._images_folder.joinpath(word, name) for word, name in listed]
        self.classes = sorted({word for word, _ in listed})
        self.class_to_idx = numbered(self.classes)
        self._labels = [self.class_to_idx[word] for word, _ in listed]

    def extra_repr(self) -> str:
        """Which part it is."""
        return f"split={self._split}, partition={self._partition}"

    def _download(self) -> None:
        download_and_extract_archive(self._URL, download_root=str(self._base_folder), md5=self._MD5)


_list_names(__name__)

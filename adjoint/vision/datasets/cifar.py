"""CIFAR: 60,000 small images in colour, of ten classes or a hundred."""

from __future__ import annotations

import os
import pickle
from typing import Any

import numpy as np

from adjoint.names import list_names as _list_names
from adjoint.vision.datasets.utils import check_integrity, download_and_extract_archive
from adjoint.vision.datasets.vision import CORRUPTED, Place, Transform, VisionDataset, numbered, obtain

__all__ = ["CIFAR10", "CIFAR100"]


class CIFAR10(VisionDataset):
    """Images (32, 32, 3) of ten classes: 50,000 to train with, or 10,000 to test with.

    The files are those of ``root/cifar-10-batches-py``, as they are published; ``download`` fetches them.  Raises RuntimeError
    where they are not there, or are not what they should be.
    """

    base_folder = "cifar-10-batches-py"
    url = "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz"
    filename = "cifar-10-python.tar.gz"
    tgz_md5 = "c58f30108f718f92721af3b95e74349a"
    train_list = [
        ["data_batch_1", "c99cafc152244af753f735de768cd75f"],
        ["data_batch_2", "d4bba439e000b95fd0a9bffe97cbabec"],
        ["data_batch_3", "54ebc095f3ab1f0389bbae665268c751"],
        ["data_batch_4", "634d18415352ddfa80567beed471001a"],
        ["data_batch_5", "482c414d41f54cd18b22e5b47cb7c3cb"],
    ]
    test_list = [["test_batch", "40351d587109b95175f43aff81a1287e"]]
    meta = {"filename": "batches.meta", "key": "label_names", "md5": "5ff9c542aee3614f3951f8cda6e48888"}

    def __init__(
        self,
        root: Place,
        train: bool = True,
        transform: Transform = None,
        target_transform: Transform = None,
        download: bool = False,
    ) -> None:
        super().__init__(root, transform=transform, target_transform=target_transform)
        self.train = train
        obtain(download, self.download, self._check_integrity, CORRUPTED)
        parts = [self._read(name) for name, _ in (self.train_list if train else self.test_list)]
        self.targets = [label for part in parts for label in part.get("labels", part.get("fine_labels"))]
        self.data = np.vstack([part["data"] for part in parts]).reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
        if not check_integrity(self._path(self.meta["filename"]), self.meta["md5"]):
            raise RuntimeError("Dataset metadata file not found or corrupted. You can use download=True to download it")
        self.classes = self._read(self.meta["filename"])[self.meta["key"]]
        self.class_to_idx = numbered(self.classes)

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        from PIL import Image

        return self._changed(Image.fromarray(self.data[index]), self.targets[index])

    def __len__(self) -> int:
        return len(self.data)

    def _path(self, name: str) -> str:
        return os.path.join(self.root, self.base_folder, name)

    def _read(self, name: str) -> Any:
        with open(self._path(name), "rb") as file:
            return pickle.load(file, encoding="latin1")  # a pickle, whose MD5 is the publisher's

    def _check_integrity(self) -> bool:
        return all(check_integrity(self._path(name), md5) for name, md5 in [*self.train_list, *self.test_list])

    def download(self) -> None:
        """Fetch the files, unless they are there."""
        if not self._check_integrity():
            download_and_extract_archive(self.url, self.root, filename=self.filename, md5=self.tgz_md5)

    def extra_repr(self) -> str:
        """Which half it is."""
        return f"Split: {'Train' if self.train is True else 'Test'}"


class CIFAR100(CIFAR10):
    """Images of a hundred classes, as :class:`CIFAR10`."""

    base_folder = "cifar-100-python"
    url = "https://www.cs.toronto.edu/~kriz/cifar-100-python.tar.gz"
    filename = "cifar-100-python.tar.gz"
    tgz_md5 = "eb9058c3a382ffc7106e4002c42a8d85"
    train_list = [["train", "16019d7e3df5f24257cddd939b257f8d"]]
    test_list = [["test", "f0ef6b0ae62326f3e7ffdfab6717acfc"]]
    meta = {"filename": "meta", "key": "fine_label_names", "md5": "7973b15100ade9c7d40fb424638fde48"}


_list_names(__name__)

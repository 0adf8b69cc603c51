"""STL-10: images of ten classes, a few with labels and many without."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from adjoint.names import list_names as _list_names
from adjoint.vision.datasets.utils import check_integrity, download_and_extract_archive, verify_str_arg
from adjoint.vision.datasets.vision import CORRUPTED, Place, Transform, VisionDataset, obtain

__all__ = ["STL10"]


class STL10(VisionDataset):
    """Images (96, 96, 3) in ``root/stl10_binary``: 5,000 to train with, 8,000 to test with, 100,000 without labels (-1).

    ``folds`` (0 to 9) takes one of ten thousands of those to train with.  Raises ValueError for others.
    """

    base_folder = "stl10_binary"
    url = "http://ai.stanford.edu/~acoates/stl10/stl10_binary.tar.gz"
    filename = "stl10_binary.tar.gz"
    tgz_md5 = "91f7769df0f17e558f3565bffb0c7dfb"
    class_names_file = "class_names.txt"
    folds_list_file = "fold_indices.txt"
    train_list = [
        ["train_X.bin", "918c2871b30a85fa023e0c44e0bee87f"],
        ["train_y.bin", "5a34089d4802c674881badbb80307741"],
        ["unlabeled_X.bin", "5242ba1fed5e4be9e1e742405eb56ca4"],
    ]
    test_list = [
        ["test_X.bin", "7f263ba9f9e0b06b93213547f721ac82"],
        ["test_y.bin", "36f9794fa4beb8a2c72628de14fa638e"],
    ]
    splits = ("train", "train+unlabeled", "unlabeled", "test")

    def __init__(
        self,
        root: Place,
        split: str = "train",
        folds: int | None = None,
        transform: Transform = None,
        target_transform: Transform = None,
        download: bool = False,
    ) -> None:
        super().__init__(root, transform=transform, target_transform=target_transform)
        self.split = verify_str_arg(split, "split", self.splits)
        self.folds = self._verify_folds(folds)
        obtain(download, self.download, self._check_integrity, CORRUPTED)
        parts = [self._labelled(folds)] if split.startswith("train") else []
        parts += [self._unlabelled()] if split.endswith("unlabeled") else []
        parts += [self._read(*(name for name, _ in self.test_list))] if split == "test" else []
        images, labels = zip(*parts)
        self.data = images[0] if len(parts) == 1 else np.concatenate(images)
        self.labels = labels[0] if len(parts) == 1 else np.concatenate(labels)
        if os.path.isfile(names := self._path(self.class_names_file)):
            with open(names) as file:
                self.classes = file.read().splitlines()

    def _verify_folds(self, folds: int | None) -> int | None:
        if folds is None or (isinstance(folds, int) and folds in range(10)):
            return folds
        if isinstance(folds, int):
            raise ValueError(f"Value for argument folds should be in the range [0, 10), but got {folds}.")
        raise ValueError(f"Expected type None or int for argument folds, but got type {type(folds)}.")

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        from PIL import Image

        return self._changed(Image.fromarray(self.data[index].transpose(1, 2, 0)), int(self.labels[index]))

    def __len__(self) -> int:
        return len(self.data)

    def _path(self, name: str) -> str:
        return os.path.join(self.root, self.base_folder, name)

    def _images(self, name: str) -> Any:
        """The images (N, 3, 96, 96) in a file, which has them column by column."""
        return np.fromfile(self._path(name), np.uint8).reshape(-1, 3, 96, 96).transpose(0, 1, 3, 2)

    def _read(self, images: str, labels: str) -> tuple[Any, Any]:
        return self._images(images), np.fromfile(self._path(labels), np.uint8) - 1  # which count from 1

    def _unlabelled(self) -> tuple[Any, Any]:
        images = self._images(self.train_list[2][0])
        return images, np.full(len(images), -1)

    def _labelled(self, folds: int | None) -> tuple[Any, Any]:
        images, labels = self._read(self.train_list[0][0], self.train_list[1][0])
        if folds is None:
            return images, labels
        with open(self._path(self.folds_list_file)) as file:
            chosen = np.array(file.read().splitlines()[folds].split(), dtype=np.int64)
        return images[chosen], labels[chosen]

    def _check_integrity(self) -> bool:
        return all(check_integrity(self._path(name), md5) for name, md5 in [*self.train_list, *self.test_list])

    def download(self) -> None:
        """Fetch the images, unless they are there."""
        if not self._check_integrity():
            download_and_extract_archive(self.url, self.root, filename=self.filename, md5=self.tgz_md5)

    def extra_repr(self) -> str:
        """Which part it is."""
        return f"Split: {self.split}"


_list_names(__name__)

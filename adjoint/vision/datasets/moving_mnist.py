"""Moving MNIST: films of two digits that move about."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

import adjoint
from adjoint.names import list_names as _list_names
from adjoint.vision.datasets.utils import download_url, verify_str_arg
from adjoint.vision.datasets.vision import NOT_FOUND, Place, Transform, VisionDataset, obtain

__all__ = ["MovingMNIST"]


class MovingMNIST(VisionDataset):
    """10,000 films (20, 1, 64, 64) as tensors of uint8, in ``root/MovingMNIST``.

    ``split="train"`` has the first ``split_ratio`` frames of each, ``"test"`` the others.  Raises TypeError or ValueError for
    a ``split_ratio`` that is none from 1 to 19.
    """

    _URL = "http://www.cs.toronto.edu/~nitish/unsupervised_video/mnist_test_seq.npy"

    def __init__(
        self,
        root: Place,
        split: str | None = None,
        split_ratio: int = 10,
        download: bool = False,
        transform: Transform = None,
    ) -> None:
        super().__init__(root, transform=transform)
        self._base_folder = os.path.join(self.root, type(self).__name__)
        self._filename = self._URL.split("/")[-1]
        if split is not None:
            verify_str_arg(split, "split", ("train", "test"))
        self.split = split
        if not isinstance(split_ratio, int):
            raise TypeError(f"`split_ratio` should be an integer, but got {type(split_ratio)}")
        if not 1 <= split_ratio <= 19:
            raise ValueError(f"`split_ratio` should be `1 <= split_ratio <= 19`, but got {split_ratio} instead.")
        self.split_ratio = split_ratio
        obtain(download, self.download, self._check_exists, NOT_FOUND + ".")
        frames = np.load(os.path.join(self._base_folder, self._filename))
        part = {"train": slice(split_ratio), "test": slice(split_ratio, None)}.get(split or "", slice(None))
        self.data = adjoint.from_numpy(np.ascontiguousarray(frames[part].swapaxes(0, 1)[:, :, None]))

    def __getitem__(self, idx: int) -> Any:
        film = self.data[idx]
        return film if self.transform is None else self.transform(film)

    def __len__(self) -> int:
        return len(self.data)

    def _check_exists(self) -> bool:
        return os.path.exists(os.path.join(self._base_folder, self._filename))

    def download(self) -> None:
        """Fetch the file, unless it is there."""
        if self._check_exists():
            return
        md5 = "be083ec986bfe91a449d63653c411eb2"
        download_url(url=self._URL, root=self._base_folder, filename=self._filename, md5=md5)


_list_names(__name__)

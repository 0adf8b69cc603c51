"""USPS: digits of 16 by 16 pixels, from envelopes."""

from __future__ import annotations

import bz2
import os
from typing import Any

import numpy as np

from adjoint.names import list_names as _list_names
from adjoint.vision.datasets.utils import download_url
from adjoint.vision.datasets.vision import Place, Transform, VisionDataset
from adjoint.vision.utils.pictures import from_pixels

__all__ = ["USPS"]

_ADDRESS = "https://www.csie.ntu.edu.tw/~cjlin/libsvmtools/datasets/multiclass/"


class USPS(VisionDataset):
    """Grey images of digits in a packed table of LIBSVM's in ``root``: 7,291 to train with, 2,007 to test with."""

    split_list = {
        "train": [_ADDRESS + "usps.bz2", "usps.bz2", "ec16c51db3855ca6c91edd34d0e9b197"],
        "test": [_ADDRESS + "usps.t.bz2", "usps.t.bz2", "8ea070ee2aca1ac39742fdd1ef5ed118"],
    }

    def __init__(
        self,
        root: Place,
        train: bool = True,
        transform: Transform = None,
        target_transform: Transform = None,
        download: bool = False,
    ) -> None:
        super().__init__(root, transform=transform, target_transform=target_transform)
        url, name, md5 = self.split_list["train" if train else "test"]
        path = os.path.join(self.root, name)
        if download and not os.path.exists(path):
            download_url(url, self.root, name, md5=md5)
        with bz2.open(path) as file:
            rows = [line.decode().split() for line in file]
        values = np.array([[part.split(":")[-1] for part in row[1:]] for row in rows], dtype=np.float32)
        self.data = ((values.reshape(-1, 16, 16) + 1) / 2 * 255).astype(np.uint8)
        self.targets = [int(row[0]) - 1 for row in rows]

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        return self._changed(from_pixels(self.data[index], "L"), int(self.targets[index]))

    def __len__(self) -> int:
        return len(self.data)


_list_names(__name__)

"""Semeion: 1,593 written digits of 16 by 16 pixels."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from adjoint.names import list_names as _list_names
from adjoint.vision.datasets.utils import check_integrity, download_url
from adjoint.vision.datasets.vision import CORRUPTED, Place, Transform, VisionDataset, obtain
from adjoint.vision.utils.pictures import from_pixels

__all__ = ["SEMEION"]


class SEMEION(VisionDataset):
    """Grey images of digits, white on black, in the table ``root/semeion.data``."""

    url = "http://archive.ics.uci.edu/ml/machine-learning-databases/semeion/semeion.data"
    filename = "semeion.data"
    md5_checksum = "cb545d371d2ce14ec121470795a77432"

    def __init__(
        self, root: Place, transform: Transform = None, target_transform: Transform = None, download: bool = True
    ) -> None:
        super().__init__(root, transform=transform, target_transform=target_transform)
        obtain(download, self.download, self._check_integrity, CORRUPTED)
        rows = np.loadtxt(os.path.join(self.root, self.filename))
        self.data = (rows[:, :256] * 255).astype("uint8").reshape(-1, 16, 16)
        self.labels = np.nonzero(rows[:, 256:])[1]

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        return self._changed(from_pixels(self.data[index], "L"), int(self.labels[index]))

    def __len__(self) -> int:
        return len(self.data)

    def _check_integrity(self) -> bool:
        return check_integrity(os.path.join(self.root, self.filename), self.md5_checksum)

    def download(self) -> None:
        """Fetch the table, unless it is there."""
        if not self._check_integrity():
            download_url(self.url, self.root, self.filename, self.md5_checksum)


_list_names(__name__)

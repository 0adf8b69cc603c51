"""SVHN: numbers of houses, digit by digit."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from adjoint.names import list_names as _list_names
from adjoint.vision.datasets.utils import check_integrity, download_url, verify_str_arg
from adjoint.vision.datasets.vision import CORRUPTED, Place, Transform, VisionDataset, obtain

__all__ = ["SVHN"]


class SVHN(VisionDataset):
    """Images (32, 32, 3) of digits in a file of MATLAB's in ``root``, which SciPy reads."""

    split_list = {
        split: [f"http://ufldl.stanford.edu/housenumbers/{split}_32x32.mat", f"{split}_32x32.mat", md5]
        for split, md5 in (
            ("train", "e26dedcc434d2e4c54c9b2d4a06d8373"),
            ("test", "eb5a983be6a315427106f1b164d9cef3"),
            ("extra", "a93ce644f1a588dc4d68dda5feec44a7"),
        )
    }

    def __init__(
        self,
        root: Place,
        split: str = "train",
        transform: Transform = None,
        target_transform: Transform = None,
        download: bool = False,
    ) -> None:
        super().__init__(root, transform=transform, target_transform=target_transform)
        self.split = verify_str_arg(split, "split", tuple(self.split_list))
        self.url, self.filename, self.file_md5 = self.split_list[split]
        obtain(download, self.download, self._check_integrity, CORRUPTED)

        from scipy.io import loadmat

        found = loadmat(os.path.join(self.root, self.filename))
        self.data = found["X"].transpose(3, 2, 0, 1)
        self.labels = found["y"].astype(np.int64).squeeze()
        self.labels[self.labels == 10] = 0  # a nought is 10 there

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        from PIL import Image

        return self._changed(Image.fromarray(self.data[index].transpose(1, 2, 0)), int(self.labels[index]))

    def __len__(self) -> int:
        return len(self.data)

    def _check_integrity(self) -> bool:
        return check_integrity(os.path.join(self.root, self.filename), self.split_list[self.split][2])

    def download(self) -> None:
        """Fetch the file, unless it is there."""
        download_url(self.url, self.root, self.filename, self.split_list[self.split][2])

    def extra_repr(self) -> str:
        """Which part it is."""
        return f"Split: {self.split}"


_list_names(__name__)

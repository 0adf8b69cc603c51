"""CelebA: faces of the famous, and what can be said of them."""

from __future__ import annotations

import csv
import os
from collections import namedtuple
from typing import Any

import adjoint
from adjoint.names import list_names as _list_names
from adjoint.vision.datasets.pictures import opened
from adjoint.vision.datasets.utils import (
    check_integrity,
    download_file_from_google_drive,
    extract_archive,
    verify_str_arg,
)
from adjoint.vision.datasets.vision import CORRUPTED, Place, Transform, VisionDataset, obtain, one_or_all

__all__ = ["CSV", "CelebA"]

CSV = namedtuple("CSV", ["header", "index", "data"])

_SPLITS = {"train": 0, "valid": 1, "test": 2, "all": None}


class CelebA(VisionDataset):
    """202,599 faces of 10,177 people, in ``root/celeba``.

    ``target_type`` is ``"attr"`` (40 answers, 0 or 1), ``"identity"`` (whose face), ``"bbox"`` (x, y, width, height) or
    ``"landmarks"`` (five places), or a list; of an empty one targets are None.
    """

    base_folder = "celeba"
    file_list = [
        ("0B7EVK8r0v71pZjFTYXZWM3FlRnM", "00d2c5bc6d35e252742224ab0c1e8fcb", "img_align_celeba.zip"),
        ("0B7EVK8r0v71pblRyaVFSWGxPY0U", "75e246fa4810816ffd6ee81facbd244c", "list_attr_celeba.txt"),
        ("1_ee_0u7vcNLOfNLegJRHmolfH5ICW-XS", "32bd1bd63d3c78cd57e08160ec5ed1e2", "identity_CelebA.txt"),
        ("0B7EVK8r0v71pbThiMVRxWXZ4dU0", "00566efa6fedff7a56946cd1c10f1c16", "list_bbox_celeba.txt"),
        ("0B7EVK8r0v71pd0FJY3Blby1HUTQ", "cc24ecafdb5b50baae59b03474781f8c", "list_landmarks_align_celeba.txt"),
        ("0B7EVK8r0v71pY0NSMzRuSXJEVkk", "d32c9cbf5e040fd4025c592c306e6668", "list_eval_partition.txt"),
    ]

    def __init__(
        self,
        root: Place,
        split: str = "train",
        target_type: list[str] | str = "attr",
        transform: Transform = None,
        target_transform: Transform = None,
        download: bool = False,
    ) -> None:
        super().__init__(root, transform=transform, target_transform=target_transform)
        self.split = split
        self.target_type = target_type if isinstance(target_type, list) else [target_type]
        if not self.target_type and self.target_transform is not None:
            raise RuntimeError("target_transform is specified but target_type is empty")
        obtain(download, self.download, self._check_integrity, CORRUPTED)
        part = _SPLITS[verify_str_arg(split.lower() if isinstance(split, str) else split, "split", tuple(_SPLITS))]
        splits = self._load_csv("list_eval_partition.txt")
        attributes = self._load_csv("list_attr_celeba.txt", header=1)
        used: Any = slice(None) if part is None else (splits.data == part).squeeze()
        chosen = range(len(splits.index)) if part is None else used.nonzero().flatten().tolist()
        self.filename = [splits.index[i] for i in chosen]
        self.identity = self._load_csv("identity_CelebA.txt").data[used]
        self.bbox = self._load_csv("list_bbox_celeba.txt", header=1).data[used]
        self.landmarks_align = self._load_csv("list_landmarks_align_celeba.txt", header=1).data[used]
        self.attr = adjoint.div(attributes.data[used] + 1, 2, rounding_mode="floor")  # from -1 and 1 to 0 and 1
        self.attr_names = attributes.header

    def _load_csv(self, filename: str, header: int | None = None) -> CSV:
        """A table of numbers, after a column of names, under a line of heads and perhaps others."""
        with open(os.path.join(self.root, self.base_folder, filename)) as file:
            rows = list(csv.reader(file, delimiter=" ", skipinitialspace=True))
        heads = [] if header is None else rows[header]
        rows = rows if header is None else rows[header + 1 :]
        return CSV(
            heads, [row[0] for row in rows], adjoint.tensor([[int(number) for number in row[1:]] for row in rows])
        )

    def _check_integrity(self) -> bool:
        folder = os.path.join(self.root, self.base_folder)
        tables = [(md5, name) for _, md5, name in self.file_list if not name.endswith((".zip", ".7z"))]
        return all(check_integrity(os.path.join(folder, name), md5) for md5, name in tables) and os.path.isdir(
            os.path.join(folder, "img_align_celeba")
        )

    def download(self) -> None:
        """Fetch the faces and the tables from Google Drive, unless they are there."""
        if self._check_integrity():
            return
        folder = os.path.join(self.root, self.base_folder)
        for number, md5, name in self.file_list:
            download_file_from_google_drive(number, folder, name, md5)
        extract_archive(os.path.join(folder, "img_align_celeba.zip"))

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        image = opened(os.path.join(self.root, self.base_folder, "img_align_celeba", self.filename[index]), None)
        targets = [self._target(kind, index) for kind in self.target_type]
        if self.transform is not None:
            image = self.transform(image)
        if not targets:
            return image, None
        target = one_or_all(targets)
        return image, target if self.target_transform is None else self.target_transform(target)

    def _target(self, kind: str, index: int) -> Any:
        if kind == "identity":
            return self.identity[index, 0]
        tables = {"attr": self.attr, "bbox": self.bbox, "landmarks": self.landmarks_align}
        if kind not in tables:
            raise ValueError(f'Target type "{kind}" is not recognized.')
        return tables[kind][index, :]

    def __len__(self) -> int:
        return len(self.attr)

    def extra_repr(self) -> str:
        """What the targets are, and which part it is."""
        return f"Target type: {self.target_type}\nSplit: {self.split}"


_list_names(__name__)

"""KITTI: what a car sees, and what is where in it."""

from __future__ import annotations

import csv
import os
from typing import Any

from adjoint.names import list_names as _list_names
from adjoint.vision.datasets.pictures import opened
from adjoint.vision.datasets.utils import download_and_extract_archive
from adjoint.vision.datasets.vision import Place, Transform, VisionDataset, obtain

__all__ = ["Kitti"]


class Kitti(VisionDataset):
    """Photographs of streets in ``root/Kitti/raw``; targets are lists of what is there, as dictionaries, or None to test with."""

    data_url = "https://s3.eu-central-1.amazonaws.com/avg-kitti/"
    resources = ["data_object_image_2.zip", "data_object_label_2.zip"]
    image_dir_name = "image_2"
    labels_dir_name = "label_2"

    def __init__(
        self,
        root: Place,
        train: bool = True,
        transform: Transform = None,
        target_transform: Transform = None,
        transforms: Transform = None,
        download: bool = False,
    ) -> None:
        super().__init__(root, transform=transform, target_transform=target_transform, transforms=transforms)
        self.train = train
        self._location = "training" if train else "testing"
        missing = "Dataset not found. You may use download=True to download it."
        obtain(download, self.download, self._check_exists, missing)
        folder = os.path.join(self._raw_folder, self._location)
        names = os.listdir(os.path.join(folder, self.image_dir_name))
        self.images = [os.path.join(folder, self.image_dir_name, name) for name in names]
        self.targets = [
            os.path.join(folder, self.labels_dir_name, f"{name.split('.')[0]}.txt") for name in names if train
        ]

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        target = self._parse_target(index) if self.train else None
        return self._changed_together(opened(self.images[index], None), target)

    def _parse_target(self, index: int) -> list[dict[str, Any]]:
        with open(self.targets[index]) as file:
            return [
                {
                    "type": row[0],
                    "truncated": float(row[1]),
                    "occluded": int(row[2]),
                    "alpha": float(row[3]),
                    "bbox": [float(number) for number in row[4:8]],
                    "dimensions": [float(number) for number in row[8:11]],
                    "location": [float(number) for number in row[11:14]],
                    "rotation_y": float(row[14]),
                }
                for row in csv.reader(file, delimiter=" ")
            ]

    def __len__(self) -> int:
        return len(self.images)

    @property
    def _raw_folder(self) -> str:
        return os.path.join(self.root, type(self).__name__, "raw")

    def _check_exists(self) -> bool:
        names = [self.image_dir_name, self.labels_dir_name] if self.train else [self.image_dir_name]
        return all(os.path.isdir(os.path.join(self._raw_folder, self._location, name)) for name in names)

    def download(self) -> None:
        """Fetch the photographs and the labels, unless they are there."""
        if self._check_exists():
            return
        os.makedirs(self._raw_folder, exist_ok=True)
        for name in self.resources:
            download_and_extract_archive(url=f"{self.data_url}{name}", download_root=self._raw_folder, filename=name)


_list_names(__name__)

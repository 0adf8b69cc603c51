"""GTSRB: traffic signs of Germany."""

from __future__ import annotations

import csv
from pathlib import Path

from adjoint.names import list_names as _list_names
from adjoint.vision.datasets.folder import make_dataset
from adjoint.vision.datasets.pictures import PictureSamples, opened
from adjoint.vision.datasets.utils import download_and_extract_archive, verify_str_arg
from adjoint.vision.datasets.vision import Place, Transform, obtain

__all__ = ["GTSRB"]

_ADDRESS = "https://sid.erda.dk/public/archives/daaeac0d7ce1152aea9b61d9f1e19370/"
_ARCHIVES = {
    "train": (("GTSRB-Training_fixed.zip", "513f3c79a4c5141765e10e952eaa2478"),),
    "test": (
        ("GTSRB_Final_Test_Images.zip", "c7e4e6327067d32654124b0fe9e82185"),
        ("GTSRB_Final_Test_GT.zip", "fe31e9c9270bbcd7b84b7f21a9d9d9e5"),
    ),
}


class GTSRB(PictureSamples):
    """Pictures of 43 traffic signs, in ``root/gtsrb``."""

    def __init__(
        self,
        root: Place,
        split: str = "train",
        transform: Transform = None,
        target_transform: Transform = None,
        download: bool = False,
    ) -> None:
        super().__init__(root, transform, target_transform, opened)
        self._split = verify_str_arg(split, "split", ("train", "test"))
        self._base_folder = Path(root) / "gtsrb"
        self._target_folder = self._base_folder / "GTSRB" / ("Training" if split == "train" else "Final_Test/Images")
        obtain(download, self.download, self._check_exists)
        if split == "train":
            self._samples = make_dataset(str(self._target_folder), extensions=(".ppm",))  # type: ignore[assignment]
            return
        with open(self._base_folder / "GT-final_test.csv") as file:
            rows = csv.DictReader(file, delimiter=";", skipinitialspace=True)
            self._samples = [(str(self._target_folder / row["Filename"]), int(row["ClassId"])) for row in rows]

    def _check_exists(self) -> bool:
        return self._target_folder.is_dir()

    def download(self) -> None:
        """Fetch the pictures, unless they are there."""
        if self._check_exists():
            return
        for name, md5 in _ARCHIVES[self._split]:
            download_and_extract_archive(_ADDRESS + name, download_root=str(self._base_folder), md5=md5)


_list_names(__name__)

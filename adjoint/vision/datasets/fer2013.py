"""FER2013: faces, and what they feel."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np

from adjoint.names import list_names as _list_names
from adjoint.tensor import from_array
from adjoint.vision.datasets.utils import check_integrity, verify_str_arg
from adjoint.vision.datasets.vision import Place, Transform, VisionDataset

__all__ = ["FER2013"]

_PLACE = "https://www.kaggle.com/c/challenges-in-representation-learning-facial-expression-recognition-challenge"


class FER2013(VisionDataset):
    """Grey pictures (48, 48) of faces in one of seven moods, in tables of ``root/fer2013``, which Kaggle has to be asked for.

    ``fer2013.csv`` or ``icml_face_data.csv`` has all; of ``train.csv`` and ``test.csv`` the second has no labels (None).
    """

    _RESOURCES = {
        "train": ("train.csv", "3f0dfb3d3fd99c811a1299cb947e3131"),
        "test": ("test.csv", "b02c2298636a634e8c2faabbf3ea9a23"),
        "fer": ("fer2013.csv", "f8428a1edbd21e88f42c73edd2a14f95"),
        "icml": ("icml_face_data.csv", "b114b9e04e6949e5fe8b6a98b3892b1d"),
    }

    def __init__(
        self, root: Place, split: str = "train", transform: Transform = None, target_transform: Transform = None
    ) -> None:
        self._split = verify_str_arg(split, "split", ("train", "test"))
        super().__init__(root, transform=transform, target_transform=target_transform)
        folder = Path(self.root) / "fer2013"
        whole = next((key for key in ("fer", "icml") if (folder / self._RESOURCES[key][0]).exists()), None)
        name, md5 = self._RESOURCES[whole or split]
        if not check_integrity(str(folder / name), md5=md5):
            raise RuntimeError(f"{name} not found in {folder} or corrupted. You can download it from {_PLACE}")
        space = " " if whole == "icml" else ""  # in the heads of that table
        used = ("Training",) if split == "train" else ("PublicTest", "PrivateTest")
        labelled = whole is not None or split == "train"
        with open(folder / name, newline="") as file:
            self._samples = [
                (_image(row[space + "pixels"]), int(row["emotion"]) if labelled else None)
                for row in csv.DictReader(file)
                if whole is None or row[space + "Usage"] in used
            ]

    def __len__(self) -> int:
        return len(self._samples)

    def __getitem__(self, idx: int) -> tuple[Any, Any]:
        from PIL import Image

        image, target = self._samples[idx]
        return self._changed(Image.fromarray(image.numpy()), target)

    def extra_repr(self) -> str:
        """Which part it is."""
        return f"split={self._split}"


def _image(numbers: str) -> Any:
    return from_array(np.array(numbers.split(), dtype=np.int64).astype(np.uint8).reshape(48, 48))


_list_names(__name__)

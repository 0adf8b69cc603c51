"""HMDB51: films of 51 things that people do."""

from __future__ import annotations

import glob
import os

from adjoint.names import list_names as _list_names
from adjoint.vision.datasets.films import FilmsInFolds
from adjoint.vision.datasets.pictures import lines

__all__ = ["HMDB51"]


class HMDB51(FilmsInFolds):
    """Films in ``root``, and in the folder ``annotation_path`` the lists of what is to train with; ``torchcodec`` reads films."""

    data_url = "https://serre-lab.clps.brown.edu/wp-content/uploads/2013/10/hmdb51_org.rar"
    splits = {
        "url": "https://serre-lab.clps.brown.edu/wp-content/uploads/2013/10/test_train_splits.rar",
        "md5": "15e67781e70dcfbdce2d7dbb9b3344b5",
    }
    TRAIN_TAG = 1
    TEST_TAG = 2

    def _select_fold(self, paths: list[str], folder: str, fold: int, train: bool) -> list[int]:
        tag = str(self.TRAIN_TAG if train else self.TEST_TAG)
        rows = [
            line.split() for name in glob.glob(os.path.join(folder, f"*test_split{fold}.txt")) for line in lines(name)
        ]
        chosen = {name for name, number in rows if number == tag}
        return [i for i, path in enumerate(paths) if os.path.basename(path) in chosen]


_list_names(__name__)

"""UCF101: films of 101 things that people do."""

from __future__ import annotations

import os

from adjoint.names import list_names as _list_names
from adjoint.vision.datasets.films import FilmsInFolds
from adjoint.vision.datasets.pictures import lines

__all__ = ["UCF101"]


class UCF101(FilmsInFolds):
    """Films in ``root``, and in the folder ``annotation_path`` the lists of what is to train with; ``torchcodec`` reads films."""

    def _select_fold(self, paths: list[str], folder: str, fold: int, train: bool) -> list[int]:
        names = lines(os.path.join(folder, f"{'train' if train else 'test'}list{fold:02d}.txt"))
        chosen = {os.path.join(self.root, *name.split(" ")[0].split("/")) for name in names}
        return [i for i, path in enumerate(paths) if path in chosen]


_list_names(__name__)

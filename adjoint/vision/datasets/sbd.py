"""SBD: the outlines of things in photographs of PASCAL VOC."""

from __future__ import annotations

import os
import shutil
from typing import Any

import numpy as np

from adjoint.names import list_names as _list_names
from adjoint.vision.datasets.pictures import lines, opened
from adjoint.vision.datasets.utils import download_and_extract_archive, download_url, verify_str_arg
from adjoint.vision.datasets.vision import CORRUPTED, Place, Transform, VisionDataset

__all__ = ["SBDataset"]


class SBDataset(VisionDataset):
    """Photographs in ``root/img``, and in MATLAB's files, which SciPy reads, where things are in them.

    ``mode="boundaries"`` has arrays (20, H, W), one outline for each kind; ``"segmentation"`` has pictures.  ``image_set`` is
    ``"train"``, ``"val"``, or ``"train_noval"``, without what VOC 2012 validates with.
    """

    url = "https://www2.eecs.berkeley.edu/Research/Projects/CS/vision/grouping/semantic_contours/benchmark.tgz"
    md5 = "82b4d87ceb2ed10f6038a1cba92111cb"
    filename = "benchmark.tgz"

    voc_train_url = "https://www.cs.cornell.edu/~bharathh/train_noval.txt"
    voc_split_filename = "train_noval.txt"
    voc_split_md5 = "79bff800c5f0b1ec6b21080a3c066722"

    def __init__(
        self,
        root: Place,
        image_set: str = "train",
        mode: str = "boundaries",
        download: bool = False,
        transforms: Transform = None,
    ) -> None:
        super().__init__(root, transforms)
        self.image_set = verify_str_arg(image_set, "image_set", ("train", "val", "train_noval"))
        self.mode = verify_str_arg(mode, "mode", ("segmentation", "boundaries"))
        self.num_classes = 20
        if download:
            self._download()
        if not os.path.isdir(self.root):
            raise RuntimeError(CORRUPTED)
        names = lines(os.path.join(self.root, image_set + ".txt"))
        self.images = [os.path.join(self.root, "img", name + ".jpg") for name in names]
        self.masks = [os.path.join(self.root, "cls", name + ".mat") for name in names]

    def _download(self) -> None:
        download_and_extract_archive(self.url, self.root, filename=self.filename, md5=self.md5)
        for name in ["cls", "img", "inst", "train.txt", "val.txt"]:
            shutil.move(os.path.join(self.root, "benchmark_RELEASE", "dataset", name), self.root)
        if self.image_set == "train_noval":
            download_url(self.voc_train_url, self.root, self.voc_split_filename, self.voc_split_md5)

    def _get_target(self, path: str) -> Any:
        from PIL import Image
        from scipy.io import loadmat

        found = loadmat(path)["GTcls"][0]
        if self.mode == "segmentation":
            return Image.fromarray(found["Segmentation"][0])
        outlines = found["Boundaries"][0]
        return np.stack([outlines[i][0].toarray() for i in range(self.num_classes)])

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        return self._changed_together(opened(self.images[index]), self._get_target(self.masks[index]))

    def __len__(self) -> int:
        return len(self.images)

    def extra_repr(self) -> str:
        """Which part it is, and what the targets are."""
        return f"Image set: {self.image_set}\nMode: {self.mode}"


_list_names(__name__)

"""WIDER FACE: photographs of people, and where their faces are."""

from __future__ import annotations

import os
from typing import Any

import adjoint
from adjoint.names import list_names as _list_names
from adjoint.vision.datasets.pictures import opened
from adjoint.vision.datasets.utils import (
    download_and_extract_archive,
    download_file_from_google_drive,
    extract_archive,
    verify_str_arg,
)
from adjoint.vision.datasets.vision import CORRUPTED, Place, Transform, VisionDataset, obtain

__all__ = ["WIDERFace"]

_COLUMNS = ("blur", "expression", "illumination", "occlusion", "pose", "invalid")  # after four of a box


class WIDERFace(VisionDataset):
    """Photographs in ``root/widerface``; a target has a tensor for each of ``bbox`` (x, y, width, height), ``blur`` and others,
    with a row for each face.  Those to test with have none (None)."""

    BASE_FOLDER = "widerface"
    FILE_LIST = [
        ("15hGDLhsx8bLgLcIRD5DhYt5iBxnjNF1M", "3fedf70df600953d25982bcd13d91ba2", "WIDER_train.zip"),
        ("1GUCogbp16PMGa39thoMMeWxp7Rp5oM8Q", "dfa7d7e790efa35df3788964cf0bbaea", "WIDER_val.zip"),
        ("1HIfDbVEWKmsYKJZm4lchTBDLW5N7dY5T", "e5d8f4248ed24c334bbd12f49c29dd40", "WIDER_test.zip"),
    ]
    ANNOTATIONS_FILE = (
        "http://shuoyang1213.me/WIDERFACE/support/bbx_annotation/wider_face_split.zip",
        "0e3767bcf0e326556d407bf5bff5d27c",
        "wider_face_split.zip",
    )

    def __init__(
        self,
        root: Place,
        split: str = "train",
        transform: Transform = None,
        target_transform: Transform = None,
        download: bool = False,
    ) -> None:
        super().__init__(os.path.join(root, self.BASE_FOLDER), transform=transform, target_transform=target_transform)
        self.split = verify_str_arg(split, "split", ("train", "val", "test"))
        obtain(
            download, self.download, self._check_integrity, CORRUPTED.replace("download it", "download and prepare it")
        )
        self.img_info: list[dict[str, Any]] = []
        if split == "test":
            self.parse_test_annotations_file()
        else:
            self.parse_train_val_annotations_file()

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        info = self.img_info[index]
        return self._changed(opened(info["img_path"], None), None if self.split == "test" else info["annotations"])

    def __len__(self) -> int:
        return len(self.img_info)

    def extra_repr(self) -> str:
        """Which part it is."""
        return f"Split: {self.split}"

    def _lines(self, name: str) -> list[str]:
        with open(os.path.join(self.root, "wider_face_split", name)) as file:
            return [line.rstrip() for line in file]

    def _image(self, name: str) -> str:
        path = os.path.join(self.root, f"WIDER_{self.split}", "images", name)
        return os.path.abspath(os.path.expanduser(path))

    def parse_train_val_annotations_file(self) -> None:
        """Read photographs and their faces: a name, how many faces there are, and ten numbers for each, or one row of noughts."""
        rows = iter(self._lines(f"wider_face_{self.split}_bbx_gt.txt"))
        for name in rows:
            count = max(int(next(rows)), 1)
            faces = adjoint.tensor([[int(number) for number in next(rows).split(" ")] for _ in range(count)])
            notes = {"bbox": faces[:, 0:4].clone()}
            notes.update({column: faces[:, i].clone() for i, column in enumerate(_COLUMNS, 4)})
            self.img_info.append({"img_path": self._image(name), "annotations": notes})

    def parse_test_annotations_file(self) -> None:
        """Read which photographs there are to test with."""
        self.img_info += [{"img_path": self._image(name)} for name in self._lines("wider_face_test_filelist.txt")]

    def _check_integrity(self) -> bool:
        names = [name for _, _, name in [*self.FILE_LIST, self.ANNOTATIONS_FILE]]
        return all(os.path.exists(os.path.join(self.root, name.removesuffix(".zip"))) for name in names)

    def download(self) -> None:
        """Fetch the photographs from Google Drive, and the tables, unless they are there."""
        if self._check_integrity():
            return
        for number, md5, name in self.FILE_LIST:
            download_file_from_google_drive(number, self.root, name, md5)
            extract_archive(os.path.join(self.root, name))
        url, md5, _ = self.ANNOTATIONS_FILE
        download_and_extract_archive(url=url, download_root=self.root, md5=md5)


_list_names(__name__)

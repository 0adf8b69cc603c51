"""PASCAL VOC: photographs, and where things of twenty kinds are in them, as outlines or as boxes."""

from __future__ import annotations

import os
from typing import Any

from adjoint.names import list_names as _list_names
from adjoint.vision.datasets.pictures import lines, opened
from adjoint.vision.datasets.utils import download_and_extract_archive, verify_str_arg
from adjoint.vision.datasets.vision import CORRUPTED, Place, Transform, VisionDataset

__all__ = ["DATASET_YEAR_DICT", "VOCDetection", "VOCSegmentation"]


def _year(archive: str, md5: str, folder: str, year: str, saved_as: str | None = None) -> dict[str, str]:
    return {
        "url": f"https://thor.robots.ox.ac.uk/pascal/VOC/voc{year}/{archive}",
        "filename": saved_as or archive,
        "md5": md5,
        "base_dir": os.path.join(*folder.split("/")),
    }


DATASET_YEAR_DICT = {
    "2012": _year("VOCtrainval_11-May-2012.tar", "6cd6e144f989b92b3379bac3b3de84fd", "VOCdevkit/VOC2012", "2012"),
    "2011": _year("VOCtrainval_25-May-2011.tar", "6c3384ef61512963050cb5d687e5bf1e", "TrainVal/VOCdevkit/VOC2011", "2011"),
    "2010": _year("VOCtrainval_03-May-2010.tar", "da459979d0c395079b5c75ee67908abb", "VOCdevkit/VOC2010", "2010"),
    "2009": _year("VOCtrainval_11-May-2009.tar", "a3e00b113cfcfebf17e343f59da3caa1", "VOCdevkit/VOC2009", "2009"),
    "2008": _year(
        "VOCtrainval_14-Jul-2008.tar", "2629fa636546599198acfcfbfcf1904a", "VOCdevkit/VOC2008", "2008",
        "VOCtrainval_11-May-2012.tar",  # the name that torchvision keeps it by
    ),
    "2007": _year("VOCtrainval_06-Nov-2007.tar", "c52e279531787c972589f7e41ab4ae64", "VOCdevkit/VOC2007", "2007"),
    "2007-test": _year("VOCtest_06-Nov-2007.tar", "b6e924de25625d8de591ea690078ad9f", "VOCdevkit/VOC2007", "2007"),
}  # fmt: skip


class _VOCBase(VisionDataset):
    """Photographs that a list names, and a file with the target of each."""

    _SPLITS_DIR: str
    _TARGET_DIR: str
    _TARGET_FILE_EXT: str

    def __init__(
        self,
        root: Place,
        year: str = "2012",
        image_set: str = "train",
        download: bool = False,
        transform: Transform = None,
        target_transform: Transform = None,
        transforms: Transform = None,
    ) -> None:
        super().__init__(root, transforms, transform, target_transform)
        self.year = verify_str_arg(year, "year", valid_values=[str(number) for number in range(2007, 2013)])
        sets = ["train", "trainval", "val", *(["test"] if year == "2007" else [])]
        self.image_set = verify_str_arg(image_set, "image_set", sets)
        facts = DATASET_YEAR_DICT["2007-test" if image_set == "test" else year]
        self.url, self.filename, self.md5 = facts["url"], facts["filename"], facts["md5"]
        folder = os.path.join(self.root, facts["base_dir"])
        if download:
            download_and_extract_archive(self.url, self.root, filename=self.filename, md5=self.md5)
        if not os.path.isdir(folder):
            raise RuntimeError(CORRUPTED)
        names = lines(os.path.join(folder, "ImageSets", self._SPLITS_DIR, image_set + ".txt"))
        self.images = [os.path.join(folder, "JPEGImages", name + ".jpg") for name in names]
        self.targets = [os.path.join(folder, self._TARGET_DIR, name + self._TARGET_FILE_EXT) for name in names]

    def __len__(self) -> int:
        return len(self.images)


class VOCSegmentation(_VOCBase):
    """Photographs in ``root/VOCdevkit/VOCYEAR``, and pictures of what every pixel shows."""

    _SPLITS_DIR = "Segmentation"
    _TARGET_DIR = "SegmentationClass"
    _TARGET_FILE_EXT = ".png"

    @property
    def masks(self) -> list[str]:
        """The targets' files."""
        return self.targets

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        return self._changed_together(opened(self.images[index]), opened(self.masks[index], None))


class VOCDetection(_VOCBase):
    """Photographs in ``root/VOCdevkit/VOCYEAR``, and what is where in them, as the dictionaries that XML files make."""

    _SPLITS_DIR = "Main"
    _TARGET_DIR = "Annotations"
    _TARGET_FILE_EXT = ".xml"

    @property
    def annotations(self) -> list[str]:
        """The targets' files."""
        return self.targets

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        target = self.parse_voc_xml(_parsed(self.annotations[index]))
        return self._changed_together(opened(self.images[index]), target)

    @staticmethod
    def parse_voc_xml(node: Any) -> dict[str, Any]:
        """An element of XML as a dictionary: its text, or what is in it: a list where there are several, and of objects always."""
        if not len(node):
            return {node.tag: node.text.strip()} if node.text else {}
        parts: dict[str, list[Any]] = {}
        for child in node:
            for tag, value in VOCDetection.parse_voc_xml(child).items():
                parts.setdefault(tag, []).append(value)
        if node.tag == "annotation":
            parts["object"] = [parts.get("object", [])]
        return {node.tag: {tag: values[0] if len(values) == 1 else values for tag, values in parts.items()}}


def _parsed(path: str) -> Any:
    """The root of an XML file, by ``defusedxml`` where that is installed."""
    try:
        from defusedxml.ElementTree import parse
    except ImportError:
        from xml.etree.ElementTree import parse
    return parse(path).getroot()


_list_names(__name__)

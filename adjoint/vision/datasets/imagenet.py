"""ImageNet: 1.3 million photographs of a thousand things, from the archives of the competition of 2012."""

from __future__ import annotations

import os
import shutil
import tempfile
from typing import Any

from adjoint.names import list_names as _list_names
from adjoint.serialization import load, save
from adjoint.vision.datasets.folder import ImageFolder
from adjoint.vision.datasets.utils import check_integrity, extract_archive, verify_str_arg
from adjoint.vision.datasets.vision import Place

__all__ = [
    "ARCHIVE_META",
    "META_FILE",
    "ImageNet",
    "load_meta_file",
    "parse_devkit_archive",
    "parse_train_archive",
    "parse_val_archive",
]

ARCHIVE_META = {
    "train": ("ILSVRC2012_img_train.tar", "1d675b47d978889d74fa0da5fadfb00e"),
    "val": ("ILSVRC2012_img_val.tar", "29b22e2961454d5413ddabcf34fc5622"),
    "devkit": ("ILSVRC2012_devkit_t12.tar.gz", "fa75699e90414af021442c21a62c3abf"),
}

META_FILE = "meta.bin"


class ImageNet(ImageFolder):
    """Photographs in ``root``, to ``"train"`` with or of ``"val"``: a folder for each of WordNet's numbers (``wnids``).

    ``classes`` are tuples of words.  The archives, which the publisher has to be asked for, are unpacked if they lie in
    ``root``; raises RuntimeError if they do not, or are not what they should be.  Further arguments are ImageFolder's.
    """

    def __init__(self, root: Place, split: str = "train", **kwargs: Any) -> None:
        root = self.root = os.path.expanduser(root)
        self.split = verify_str_arg(split, "split", ("train", "val"))
        self.parse_archives()
        words = load_meta_file(self.root)[0]
        super().__init__(self.split_folder, **kwargs)
        self.root = root
        self.wnids = self.classes
        self.wnid_to_idx = self.class_to_idx
        self.classes = [words[wnid] for wnid in self.wnids]  # type: ignore[misc]
        self.class_to_idx = {word: i for i, several in enumerate(self.classes) for word in several}

    def parse_archives(self) -> None:
        """Unpack what is not unpacked yet."""
        if not check_integrity(os.path.join(self.root, META_FILE)):
            parse_devkit_archive(self.root)
        if not os.path.isdir(self.split_folder):
            (parse_train_archive if self.split == "train" else parse_val_archive)(self.root)

    @property
    def split_folder(self) -> str:
        """Where the photographs are."""
        return os.path.join(self.root, self.split)

    def extra_repr(self) -> str:
        """Which part it is."""
        return f"Split: {self.split}"


def load_meta_file(root: Place, file: str | None = None) -> Any:
    """The words of each of WordNet's numbers, and the number of each photograph that is of ``"val"``.

    Raises RuntimeError where they have not been taken from the archive yet.
    """
    path = os.path.join(root, file or META_FILE)
    if check_integrity(path):
        return load(path, weights_only=True)
    raise RuntimeError(
        f"The meta file {path} is not present in the root directory or is corrupted. "
        "This file is automatically created by the ImageNet dataset."
    )


def _archive(root: Place, file: str | None, which: str) -> str:
    """Where an archive is.  Raises RuntimeError if it is not there, or not the one that it should be."""
    name, md5 = ARCHIVE_META[which]
    path = os.path.join(root, file or name)
    if not check_integrity(path, md5):
        raise RuntimeError(
            f"The archive {file or name} is not present in the root directory or is corrupted. "
            f"You need to download it externally and place it in {root}."
        )
    return path


def parse_devkit_archive(root: Place, file: str | None = None) -> None:
    """Take from the archive of tables what the photographs show, and keep it in ``root/meta.bin``.  SciPy reads one of them."""
    from scipy.io import loadmat

    path = _archive(root, file, "devkit")
    with tempfile.TemporaryDirectory() as folder:
        extract_archive(path, folder)
        data = os.path.join(folder, "ILSVRC2012_devkit_t12", "data")
        rows = loadmat(os.path.join(data, "meta.mat"), squeeze_me=True)["synsets"]
        leaves = [row for row in rows if row[4] == 0]  # the others stand for several of them
        wnids = {row[0]: row[1] for row in leaves}
        words = {row[1]: tuple(row[2].split(", ")) for row in leaves}
        with open(os.path.join(data, "ILSVRC2012_validation_ground_truth.txt")) as lines:
            shown = [wnids[int(line)] for line in lines]
    save((words, shown), os.path.join(root, META_FILE))


def parse_train_archive(root: Place, file: str | None = None, folder: str = "train") -> None:
    """Unpack the archive of photographs to train with, and those in it, one for each of WordNet's numbers."""
    path = _archive(root, file, "train")
    place = os.path.join(root, folder)
    extract_archive(path, place)
    for name in os.listdir(place):
        archive = os.path.join(place, name)
        extract_archive(archive, os.path.splitext(archive)[0], remove_finished=True)


def parse_val_archive(
    root: Place, file: str | None = None, wnids: list[str] | None = None, folder: str = "val"
) -> None:
    """Unpack the archive of ``"val"``, and move each photograph into a folder for what it shows (``wnids``, in their order)."""
    if wnids is None:
        wnids = load_meta_file(root)[1]
    path = _archive(root, file, "val")
    place = os.path.join(root, folder)
    extract_archive(path, place)
    names = sorted(os.listdir(place))
    for wnid in set(wnids):
        os.mkdir(os.path.join(place, wnid))
    for wnid, name in zip(wnids, names):
        shutil.move(os.path.join(place, name), os.path.join(place, wnid, name))


_list_names(__name__)

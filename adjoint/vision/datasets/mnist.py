"""MNIST and its kin: 70,000 small grey images, of digits, clothes or letters, in files of one format."""

from __future__ import annotations

import os
import shutil
import string
import warnings
from typing import Any
from urllib.error import URLError

import numpy as np

from adjoint import dtypes
from adjoint.names import list_names as _list_names
from adjoint.places import users_level
from adjoint.serialization import load
from adjoint.tensor import Tensor, from_array
from adjoint.vision.datasets.utils import (
    check_integrity,
    download_and_extract_archive,
    extract_archive,
    verify_str_arg,
)
from adjoint.vision.datasets.vision import NOT_FOUND, Place, Transform, VisionDataset, numbered
from adjoint.vision.utils.pictures import from_pixels

__all__ = [
    "EMNIST",
    "KMNIST",
    "MNIST",
    "QMNIST",
    "SN3_PASCALVINCENT_TYPEMAP",
    "FashionMNIST",
    "get_int",
    "read_image_file",
    "read_label_file",
    "read_sn3_pascalvincent_tensor",
]

_FILES = (
    "train-images-idx3-ubyte.gz",
    "train-labels-idx1-ubyte.gz",
    "t10k-images-idx3-ubyte.gz",
    "t10k-labels-idx1-ubyte.gz",
)


def _resources(*md5s: str) -> list[tuple[str, str]]:
    return list(zip(_FILES, md5s))


class MNIST(VisionDataset):
    """Images of written digits, and which they are: 60,000 to train with, or 10,000 to test with.

    The files are those of ``root/MNIST/raw``, as they are published, unpacked; ``download`` fetches them.  Raises RuntimeError
    where they are not there, or cannot be had.
    """

    mirrors = ["https://ossci-datasets.s3.amazonaws.com/mnist/", "http://yann.lecun.com/exdb/mnist/"]
    resources = _resources(
        "f68b3c2dcbeaaa9fbdd348bbdeb94873",
        "d53e105ee54ea40749a09fcbcd1e9432",
        "9fb629c4189551a2d022fa330f9573f3",
        "ec29112dd5afa0611ce80d1b7f02629c",
    )
    training_file = "training.pt"
    test_file = "test.pt"
    classes = [
        "0 - zero", "1 - one", "2 - two", "3 - three", "4 - four", "5 - five", "6 - six", "7 - seven", "8 - eight", "9 - nine",
    ]  # fmt: skip

    def __init__(
        self,
        root: Place,
        train: bool = True,
        transform: Transform = None,
        target_transform: Transform = None,
        download: bool = False,
    ) -> None:
        super().__init__(root, transform=transform, target_transform=target_transform)
        self.train = train
        if self._check_legacy_exist():
            self.data, self.targets = self._load_legacy_data()
            return
        if download:
            self.download()
        if not self._check_exists():
            raise RuntimeError(NOT_FOUND)
        self.data, self.targets = self._load_data()

    def _check_legacy_exist(self) -> bool:
        names = (self.training_file, self.test_file)
        folder = self.processed_folder
        return os.path.exists(folder) and all(check_integrity(os.path.join(folder, name)) for name in names)

    def _load_legacy_data(self) -> Any:
        """The images and labels as torchvision once wrote them."""
        name = self.training_file if self.train else self.test_file
        return load(os.path.join(self.processed_folder, name), weights_only=True)

    def _load_data(self) -> tuple[Tensor, Tensor]:
        half = "train" if self.train else "t10k"
        return (
            read_image_file(os.path.join(self.raw_folder, f"{half}-images-idx3-ubyte")),
            read_label_file(os.path.join(self.raw_folder, f"{half}-labels-idx1-ubyte")),
        )

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        return self._changed(from_pixels(self.data[index].numpy(), "L"), int(self.targets[index]))

    def __len__(self) -> int:
        return len(self.data)

    @property
    def raw_folder(self) -> str:
        """Where the files are."""
        return os.path.join(self.root, type(self).__name__, "raw")

    @property
    def processed_folder(self) -> str:
        """Where torchvision once put what it made of them."""
        return os.path.join(self.root, type(self).__name__, "processed")

    @property
    def class_to_idx(self) -> dict[str, int]:
        """The number of each class."""
        return numbered(self.classes)

    def _check_exists(self) -> bool:
        names = [os.path.splitext(os.path.basename(name))[0] for name, _ in self.resources]
        return all(check_integrity(os.path.join(self.raw_folder, name)) for name in names)

    def download(self) -> None:
        """Fetch the files, unless they are there.  Raises RuntimeError where they cannot be had."""
        if self._check_exists():
            return
        os.makedirs(self.raw_folder, exist_ok=True)
        for name, md5 in self.resources:
            tried = []
            for mirror in self.mirrors:
                try:
                    download_and_extract_archive(f"{mirror}{name}", self.raw_folder, filename=name, md5=md5)
                    break
                except (RuntimeError, URLError) as error:
                    tried.append(f"Tried {mirror}, got:\n{error}\n")
            else:
                raise RuntimeError(f"Error downloading {name}:\n{''.join(tried)}")

    def extra_repr(self) -> str:
        """Which half it is."""
        return f"Split: {'Train' if self.train is True else 'Test'}"


def _renamed(old: str, new: str) -> property:
    def read(self: MNIST) -> Any:
        warnings.warn(f"{old} has been renamed {new}", stacklevel=users_level())
        return getattr(self, new)

    return property(read)


for _old, _new in (
    ("train_data", "data"),
    ("test_data", "data"),
    ("train_labels", "targets"),
    ("test_labels", "targets"),
):
    setattr(MNIST, _old, _renamed(_old, _new))


class FashionMNIST(MNIST):
    """Images of clothes, as :class:`MNIST`."""

    mirrors = ["http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/"]
    resources = _resources(
        "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
        "25c81989df183df01b3e8a0aad5dffbe",
        "bef4ecab320f06d8554ea6380940ec79",
        "bb300cfdad3c16e7a12a480ee83cd310",
    )
    classes = [
        "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
    ]  # fmt: skip


class KMNIST(MNIST):
    """Images of written Japanese letters, as :class:`MNIST`."""

    mirrors = ["http://codh.rois.ac.jp/kmnist/dataset/kmnist/"]
    resources = _resources(
        "bdb82020997e1d708af4cf47b453dcf7",
        "e144d726b3acfaa3e44228e80efcd344",
        "5c965bf0a639b31b8f53240b1b52f4d7",
        "7320c461ea6c1c855c0b718fb2a4b134",
    )
    classes = ["o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo"]


class EMNIST(MNIST):
    """Images of written letters and digits, as :class:`MNIST`.

    ``split`` is which letters: ``"byclass"``, ``"bymerge"`` (capitals that look like small ones are one class with them),
    ``"balanced"``, ``"letters"``, ``"digits"`` or ``"mnist"``; raises ValueError for another one.  Further arguments are MNIST's.
    """

    url = "https://biometrics.nist.gov/cs_links/EMNIST/gzip.zip"
    md5 = "58c8d27c78d21e728a6bc7b3cc06412e"
    splits = ("byclass", "bymerge", "balanced", "letters", "digits", "mnist")
    _merged_classes = set("cijklmopsuvwxyz")
    _all_classes = set(string.digits + string.ascii_letters)
    classes_split_dict = {
        "byclass": sorted(_all_classes),
        "bymerge": sorted(_all_classes - _merged_classes),
        "balanced": sorted(_all_classes - _merged_classes),
        "letters": ["N/A", *string.ascii_lowercase],
        "digits": list(string.digits),
        "mnist": list(string.digits),
    }

    def __init__(self, root: Place, split: str, **kwargs: Any) -> None:
        self.split = verify_str_arg(split, "split", self.splits)
        self.training_file = self._training_file(split)
        self.test_file = self._test_file(split)
        super().__init__(root, **kwargs)
        self.classes = self.classes_split_dict[self.split]

    @staticmethod
    def _training_file(split: str) -> str:
        return f"training_{split}.pt"

    @staticmethod
    def _test_file(split: str) -> str:
        return f"test_{split}.pt"

    @property
    def _file_prefix(self) -> str:
        return f"emnist-{self.split}-{'train' if self.train else 'test'}"

    @property
    def images_file(self) -> str:
        """Where the images are."""
        return os.path.join(self.raw_folder, f"{self._file_prefix}-images-idx3-ubyte")

    @property
    def labels_file(self) -> str:
        """Where the labels are."""
        return os.path.join(self.raw_folder, f"{self._file_prefix}-labels-idx1-ubyte")

    def _load_data(self) -> tuple[Tensor, Tensor]:
        return read_image_file(self.images_file), read_label_file(self.labels_file)

    def _check_exists(self) -> bool:
        return all(check_integrity(file) for file in (self.images_file, self.labels_file))

    def download(self) -> None:
        """Fetch the files, unless they are there: one archive of all splits."""
        if self._check_exists():
            return
        os.makedirs(self.raw_folder, exist_ok=True)
        download_and_extract_archive(self.url, download_root=self.raw_folder, md5=self.md5)
        packed = os.path.join(self.raw_folder, "gzip")
        for name in os.listdir(packed):
            if name.endswith(".gz"):
                extract_archive(os.path.join(packed, name), self.raw_folder)
        shutil.rmtree(packed)


def _qmnist(*files: tuple[str, str]) -> list[tuple[str, str]]:
    folder = "https://raw.githubusercontent.com/facebookresearch/qmnist/master/"
    return [(folder + name, md5) for name, md5 in files]


class QMNIST(MNIST):
    """MNIST made anew from the files of NIST, with all 60,000 images to test with and where each comes from.

    ``what`` is ``"train"``, ``"test"``, ``"test10k"`` (those that MNIST has), ``"test50k"`` (the others) or ``"nist"`` (all);
    without it ``train`` decides.  A target is the digit, or without ``compat`` eight numbers about the image.
    """

    subsets = {"train": "train", "test": "test", "test10k": "test", "test50k": "test", "nist": "nist"}
    resources: dict[str, list[tuple[str, str]]] = {  # type: ignore[assignment]
        "train": _qmnist(
            ("qmnist-train-images-idx3-ubyte.gz", "ed72d4157d28c017586c42bc6afe6370"),
            ("qmnist-train-labels-idx2-int.gz", "0058f8dd561b90ffdd0f734c6a30e5e4"),
        ),
        "test": _qmnist(
            ("qmnist-test-images-idx3-ubyte.gz", "1394631089c404de565df7b7aeaf9412"),
            ("qmnist-test-labels-idx2-int.gz", "5b5b05890a5e13444e108efe57b788aa"),
        ),
        "nist": _qmnist(
            ("xnist-images-idx3-ubyte.xz", "7f124b3b8ab81486c9d8c2749c17f834"),
            ("xnist-labels-idx2-int.xz", "5ed0e788978e45d4a8bd4b7caec3d79d"),
        ),
    }

    def __init__(
        self, root: Place, what: str | None = None, compat: bool = True, train: bool = True, **kwargs: Any
    ) -> None:
        if what is None:
            what = "train" if train else "test"
        self.what = verify_str_arg(what, "what", tuple(self.subsets))
        self.compat = compat
        self.data_file = what + ".pt"
        self.training_file = self.test_file = self.data_file
        super().__init__(root, train, **kwargs)

    def _file(self, which: int) -> str:
        name = os.path.basename(self.resources[self.subsets[self.what]][which][0])
        return os.path.join(self.raw_folder, os.path.splitext(name)[0])

    @property
    def images_file(self) -> str:
        """Where the images are."""
        return self._file(0)

    @property
    def labels_file(self) -> str:
        """Where the labels are."""
        return self._file(1)

    def _check_exists(self) -> bool:
        return all(check_integrity(file) for file in (self.images_file, self.labels_file))

    def _load_data(self) -> tuple[Tensor, Tensor]:
        data = read_sn3_pascalvincent_tensor(self.images_file)
        _check(data, 3, "data", "dimensions")
        targets: Tensor = read_sn3_pascalvincent_tensor(self.labels_file).long()
        if targets.ndim != 2:
            raise ValueError(f"targets should have 2 dimensions instead of {targets.ndim}")
        part = {"test10k": slice(10000), "test50k": slice(10000, None)}.get(self.what)
        return (data, targets) if part is None else (data[part].clone(), targets[part].clone())

    def download(self) -> None:
        """Fetch the files that are asked for, unless they are there."""
        if self._check_exists():
            return
        os.makedirs(self.raw_folder, exist_ok=True)
        for url, md5 in self.resources[self.subsets[self.what]]:
            download_and_extract_archive(url, self.raw_folder, md5=md5)

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        target = self.targets[index]
        return self._changed(from_pixels(self.data[index].numpy(), "L"), int(target[0]) if self.compat else target)

    def extra_repr(self) -> str:
        """Which part it is."""
        return f"Split: {self.what}"


SN3_PASCALVINCENT_TYPEMAP = {
    8: dtypes.uint8,
    9: dtypes.int8,
    11: dtypes.int16,
    12: dtypes.int32,
    13: dtypes.float32,
    14: dtypes.float64,
}
_TYPES = {8: "u1", 9: "i1", 11: ">i2", 12: ">i4", 13: ">f4", 14: ">f8"}  # as they are stored


def get_int(b: bytes) -> int:
    """The number that bytes write, the greatest digit first.

    >>> get_int(b"\\x01\\x00")
    256
    """
    return int.from_bytes(b, "big")


def read_sn3_pascalvincent_tensor(path: Any, strict: bool = True) -> Tensor:
    """The array in a file of MNIST's format (IDX): its type, how many dimensions, their sizes, and the values.

    Raises ValueError for another file; ``strict``: also if values are missing or left over.
    """
    with open(path, "rb") as file:
        data = file.read()
    kind, dims = (data[2], data[3]) if len(data) >= 4 else (0, 0)
    if kind not in _TYPES or not 1 <= dims <= 3:
        raise ValueError(f"{path} is no file of MNIST's format")
    shape = np.frombuffer(data, ">i4", dims, 4)
    values = np.frombuffer(data, _TYPES[kind], offset=4 * (dims + 1))
    if strict and len(values) != np.prod(shape):
        raise ValueError(f"{path} has {len(values)} values, and says that it has {np.prod(shape)}")
    return from_array(values.astype(values.dtype.newbyteorder("=")).reshape(shape))


def read_label_file(path: Any) -> Tensor:
    """The labels in a file, as int64.  Raises ValueError or TypeError if it holds something else."""
    labels = read_sn3_pascalvincent_tensor(path, strict=False)
    _check(labels, 1)
    return labels.long()  # type: ignore[no-any-return]


def read_image_file(path: Any) -> Tensor:
    """The images (N, H, W) in a file, as uint8.  Raises ValueError or TypeError if it holds something else."""
    images = read_sn3_pascalvincent_tensor(path, strict=False)
    _check(images, 3)
    return images


def _check(x: Any, dims: int, name: str = "x", of_them: str = "dimension") -> None:
    if x.dtype != dtypes.uint8:
        raise TypeError(f"{name} should be of dtype torch.uint8 instead of {x.dtype}")
    if x.ndim != dims:
        raise ValueError(f"{name} should have {dims} {of_them} instead of {x.ndim}")


_list_names(__name__)

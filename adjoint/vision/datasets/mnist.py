"""MNIST and its kin: 70,000 small grey images, of digits, clothes or letters, in files of one format."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable
from typing import Any
from urllib.error import URLError

import numpy as np

from adjoint.names import list_names as _list_names
from adjoint.places import users_level
from adjoint.serialization import load
from adjoint.tensor import Tensor, from_array
from adjoint.vision.datasets.utils import check_integrity, download_and_extract_archive
from adjoint.vision.datasets.vision import VisionDataset

__all__ = [
    "KMNIST",
    "MNIST",
    "FashionMNIST",
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
        root: Any,
        train: bool = True,
        transform: Callable[[Any], Any] | None = None,
        target_transform: Callable[[Any], Any] | None = None,
        download: bool = False,
    ) -> None:
        super().__init__(root, transform=transform, target_transform=target_transform)
        self.train = train
        old = [os.path.join(self.processed_folder, name) for name in (self.training_file, self.test_file)]
        if all(os.path.isfile(path) for path in old):  # as torchvision once wrote them
            self.data, self.targets = load(old[0] if train else old[1], weights_only=True)
            return
        if download:
            self.download()
        if not self._check_exists():
            raise RuntimeError("Dataset not found. You can use download=True to download it")
        name = "train" if train else "t10k"
        self.data = read_image_file(os.path.join(self.raw_folder, f"{name}-images-idx3-ubyte"))
        self.targets = read_label_file(os.path.join(self.raw_folder, f"{name}-labels-idx1-ubyte"))

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        from PIL import Image

        return self._changed(Image.fromarray(self.data[index].numpy()), int(self.targets[index]))

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
        return {name: i for i, name in enumerate(self.classes)}

    def _check_exists(self) -> bool:
        names = [os.path.splitext(name)[0] for name, _ in self.resources]
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


_TYPES = {8: "u1", 9: "i1", 11: ">i2", 12: ">i4", 13: ">f4", 14: ">f8"}


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
    return _checked(read_sn3_pascalvincent_tensor(path, strict=False), 1).long()


def read_image_file(path: Any) -> Tensor:
    """The images (N, H, W) in a file, as uint8.  Raises ValueError or TypeError if it holds something else."""
    return _checked(read_sn3_pascalvincent_tensor(path, strict=False), 3)


def _checked(x: Any, dims: int) -> Any:
    if str(x.dtype).rpartition(".")[2] != "uint8":
        raise TypeError(f"x should be of dtype torch.uint8 instead of {x.dtype}")
    if x.ndim != dims:
        raise ValueError(f"x should have {dims} dimension instead of {x.ndim}")
    return x


_list_names(__name__)

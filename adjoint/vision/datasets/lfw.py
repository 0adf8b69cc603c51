"""LFW: faces of the famous, by name, or in pairs that are of one person or of two."""

from __future__ import annotations

import os
from typing import Any

from adjoint.names import list_names as _list_names
from adjoint.vision.datasets.folder import default_loader
from adjoint.vision.datasets.pictures import lines
from adjoint.vision.datasets.utils import check_integrity, verify_str_arg
from adjoint.vision.datasets.vision import CORRUPTED, Loader, Place, Transform, VisionDataset, numbered

__all__ = ["LFWPairs", "LFWPeople"]


class _LFW(VisionDataset):
    """The files of both: an archive of faces, turned in one of three ways, and tables of who is in which part."""

    base_folder = "lfw-py"
    download_url_prefix = "http://vis-www.cs.umass.edu/lfw/"
    file_dict = {
        "original": ("lfw", "lfw.tgz", "a17d05bd522c52d84eca14327a23d494"),
        "funneled": ("lfw_funneled", "lfw-funneled.tgz", "1b42dfed7d15c9b2dd63d5e5840c86ad"),
        "deepfunneled": ("lfw-deepfunneled", "lfw-deepfunneled.tgz", "68331da3eb755a505a502b5aacb3c201"),
    }
    checksums = {
        "pairs.txt": "9f1ba174e4e1c508ff7cdf10ac338a7d",
        "pairsDevTest.txt": "5132f7440eb68cf58910c8a45a2ac10b",
        "pairsDevTrain.txt": "4f27cbf15b2da4a85c1907eb4181ad21",
        "people.txt": "450f0863dd89e85e73936a6d71a3474b",
        "peopleDevTest.txt": "e4bf5be0a43b5dcd9dc5ccfcb8fb19c5",
        "peopleDevTrain.txt": "54eaac34beb6d042ed3a7d883e247a21",
        "lfw-names.txt": "a6d0a479bd074669f656265a6e693f6d",
    }
    annot_file = {"10fold": "", "train": "DevTrain", "test": "DevTest"}
    names = "lfw-names.txt"

    def __init__(
        self,
        root: Place,
        split: str,
        image_set: str,
        view: str,
        transform: Transform = None,
        target_transform: Transform = None,
        download: bool = False,
        loader: Loader = default_loader,
    ) -> None:
        super().__init__(os.path.join(root, self.base_folder), transform=transform, target_transform=target_transform)
        self.image_set = verify_str_arg(image_set.lower(), "image_set", self.file_dict.keys())
        folder, self.filename, self.md5 = self.file_dict[self.image_set]
        self.view = verify_str_arg(view.lower(), "view", ["people", "pairs"])
        self.split = verify_str_arg(split.lower(), "split", ["10fold", "train", "test"])
        self.labels_file = f"{self.view}{self.annot_file[self.split]}.txt"
        self.data: list[Any] = []
        if download:
            self.download()
        if not self._check_integrity():
            raise RuntimeError(CORRUPTED)
        self.images_dir = os.path.join(self.root, folder)
        self._loader = loader

    def _check_integrity(self) -> bool:
        files = {self.filename: self.md5, self.labels_file: self.checksums[self.labels_file]}
        if self.view == "people":
            files[self.names] = self.checksums[self.names]
        return all(check_integrity(os.path.join(self.root, name), md5) for name, md5 in files.items())

    def download(self) -> None:
        """Raises ValueError: the publisher offers the files no longer."""
        raise ValueError(
            "LFW dataset is no longer available for automatic download."
            "Please download the dataset manually and place it in the specified directory."
            "A commonly used mirror is available at: https://www.kaggle.com/datasets/jessicali9530/lfw-dataset"
        )

    def _rows(self) -> list[list[str]]:
        """The table of this part, in columns."""
        return [line.split("\t") for line in lines(os.path.join(self.root, self.labels_file))]

    def _get_path(self, identity: str, no: int | str) -> str:
        return os.path.join(self.images_dir, identity, f"{identity}_{int(no):04d}.jpg")

    def extra_repr(self) -> str:
        """How the faces are turned, and which part it is."""
        return f"Alignment: {self.image_set}\nSplit: {self.split}"

    def __len__(self) -> int:
        return len(self.data)


class LFWPeople(_LFW):
    """Faces in ``root/lfw-py``, and whose they are.  They cannot be downloaded any more: ``download`` raises ValueError.

    ``image_set`` is how faces are turned: ``"original"``, ``"funneled"`` or ``"deepfunneled"``.
    """

    def __init__(
        self,
        root: str,
        split: str = "10fold",
        image_set: str = "funneled",
        transform: Transform = None,
        target_transform: Transform = None,
        download: bool = False,
        loader: Loader = default_loader,
    ) -> None:
        super().__init__(root, split, image_set, "people", transform, target_transform, download, loader=loader)
        self.class_to_idx = numbered(line.split()[0] for line in lines(os.path.join(self.root, self.names)))
        self.targets: list[int] = []
        rows = self._rows()
        folds, at = (int(rows[0][0]), 1) if self.split == "10fold" else (1, 0)
        for _ in range(folds):
            count = int(rows[at][0])
            for person, faces in rows[at + 1 : at + 1 + count]:
                self.data += [self._get_path(person, number) for number in range(1, int(faces) + 1)]
                self.targets += [self.class_to_idx[person]] * int(faces)
            at += count + 1

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        return self._changed(self._loader(self.data[index]), self.targets[index])

    def extra_repr(self) -> str:
        """How the faces are turned, which part it is, and of how many people."""
        return super().extra_repr() + f"\nClasses (identities): {len(self.class_to_idx)}"


class LFWPairs(_LFW):
    """Two faces in ``root/lfw-py``, and 1 if they are one person's, else 0.  See :class:`LFWPeople`."""

    def __init__(
        self,
        root: str,
        split: str = "10fold",
        image_set: str = "funneled",
        transform: Transform = None,
        target_transform: Transform = None,
        download: bool = False,
        loader: Loader = default_loader,
    ) -> None:
        super().__init__(root, split, image_set, "pairs", transform, target_transform, download, loader=loader)
        self.pair_names: list[tuple[str, str]] = []
        self.targets: list[int] = []
        (head, *rows) = self._rows()
        folds, pairs = (int(head[0]), int(head[1])) if self.split == "10fold" else (1, int(head[0]))
        for row in rows[: folds * 2 * pairs]:
            same = len(row) == 3  # one name and two numbers, or a name and a number twice
            first, second = (row[0], row[1]), (row[0], row[2]) if same else (row[2], row[3])
            self.pair_names.append((first[0], second[0]))
            self.data.append((self._get_path(*first), self._get_path(*second)))
            self.targets.append(int(same))

    def __getitem__(self, index: int) -> tuple[Any, Any, int]:
        first, second = (self._loader(path) for path in self.data[index])
        if self.transform is not None:
            first, second = self.transform(first), self.transform(second)
        target = self.targets[index]
        return first, second, target if self.target_transform is None else self.target_transform(target)


_list_names(__name__)

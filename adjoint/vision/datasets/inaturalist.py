"""iNaturalist: photographs of living things, by kind."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from adjoint.names import list_names as _list_names
from adjoint.vision.datasets.pictures import opened
from adjoint.vision.datasets.utils import download_and_extract_archive, verify_str_arg
from adjoint.vision.datasets.vision import CORRUPTED, Place, Transform, VisionDataset, obtain, one_or_all

__all__ = ["CATEGORIES_2021", "DATASET_MD5", "DATASET_URLS", "INaturalist"]

CATEGORIES_2021 = ["kingdom", "phylum", "class", "order", "family", "genus"]

_ARCHIVES = {
    "2017": ("2017/train_val_images", "7c784ea5e424efaec655bd392f87301f"),
    "2018": ("2018/train_val2018", "b1c6952ce38f31868cc50ea72d066cc3"),
    "2019": ("2019/train_val2019", "c60a6e2962c9b8ccbd458d12c8582644"),
    "2021_train": ("2021/train", "e0526d53c7f7b2e3167b2b43bb2690ed"),
    "2021_train_mini": ("2021/train_mini", "db6ed8330e634445efc8fec83ae81442"),
    "2021_valid": ("2021/val", "f6f6e0e242e3d4c9569ba56400938afc"),
}
DATASET_URLS = {
    version: f"https://ml-inat-competition-datasets.s3.amazonaws.com/{path}.tar.gz"
    for version, (path, _) in _ARCHIVES.items()
}
DATASET_MD5 = {version: md5 for version, (_, md5) in _ARCHIVES.items()}


class INaturalist(VisionDataset):
    """Photographs of living things, in ``root/VERSION``, in a folder for each kind.

    ``target_type`` is ``"full"`` (the kind) or, of 2021, a rank above it (``"kingdom"`` to ``"genus"``), before that
    ``"super"``, or a list.  Raises RuntimeError for folders whose names are not the publisher's.
    """

    def __init__(
        self,
        root: Place,
        version: str = "2021_train",
        target_type: list[str] | str = "full",
        transform: Transform = None,
        target_transform: Transform = None,
        download: bool = False,
        loader: Callable[[Any], Any] | None = None,
    ) -> None:
        self.version = verify_str_arg(version, "version", DATASET_URLS.keys())
        super().__init__(os.path.join(root, version), transform=transform, target_transform=target_transform)
        os.makedirs(root, exist_ok=True)
        obtain(download, self.download, self._check_exists, CORRUPTED)
        self.all_categories: list[str] = []
        self.categories_index: dict[str, dict[str, int]] = {}
        self.categories_map: list[dict[str, int]] = []
        kinds = target_type if isinstance(target_type, list) else [target_type]
        ranks = CATEGORIES_2021 if version.startswith("2021") else ["super"]
        self.target_type = [verify_str_arg(kind, "target_type", ("full", *ranks)) for kind in kinds]
        if version.startswith("2021"):
            self._init_2021()
        else:
            self._init_pre2021()
        self.index = [
            (number, name)
            for number, folder in enumerate(self.all_categories)
            for name in os.listdir(os.path.join(self.root, folder))
        ]
        self.loader = loader

    def _init_2021(self) -> None:
        """Kinds by their folders' names: a number and seven Latin words."""
        self.all_categories = sorted(os.listdir(self.root))
        self.categories_index = {rank: {} for rank in CATEGORIES_2021}
        for number, folder in enumerate(self.all_categories):
            parts = folder.split("_")
            if len(parts) != 8:
                raise RuntimeError(f"Unexpected category name {folder}, wrong number of pieces")
            if parts[0] != f"{number:05d}":
                raise RuntimeError(f"Unexpected category id {parts[0]}, expecting {number:05d}")
            self.categories_map.append(
                {
                    rank: self.categories_index[rank].setdefault(word, len(self.categories_index[rank]))
                    for rank, word in zip(CATEGORIES_2021, parts[1:7])
                }
            )

    def _init_pre2021(self) -> None:
        """Kinds by two folders: the inner one's name is the kind's number, or in 2017 a word."""
        supers = sorted(os.listdir(self.root))
        self.categories_index = {"super": {name: i for i, name in enumerate(supers)}}
        found: dict[int, tuple[int, str]] = {}
        for i, above in enumerate(supers):
            for kind in sorted(os.listdir(os.path.join(self.root, above))):
                try:
                    number = len(found) if self.version == "2017" else int(kind)
                except ValueError:
                    raise RuntimeError(f"Unexpected non-numeric dir name: {kind}") from None
                if number in found:
                    raise RuntimeError(f"Duplicate category {kind}")
                found[number] = i, os.path.join(above, kind)
        for number in range(max(found, default=-1) + 1):
            if number not in found:
                raise RuntimeError(f"Missing category {number}")
            i, folder = found[number]
            self.categories_map.append({"super": i})
            self.all_categories.append(folder)

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        number, name = self.index[index]
        path = os.path.join(self.root, self.all_categories[number], name)
        image = opened(path, None) if self.loader is None else self.loader(path)
        targets = [number if kind == "full" else self.categories_map[number][kind] for kind in self.target_type]
        return self._changed(image, one_or_all(targets))

    def __len__(self) -> int:
        return len(self.index)

    def category_name(self, category_type: str, category_id: int) -> str:
        """The name of a kind, or of a rank above, from its number.  Raises ValueError where there is none."""
        if category_type == "full":
            return self.all_categories[category_id]
        if category_type not in self.categories_index:
            raise ValueError(f"Invalid category type '{category_type}'")
        for name, number in self.categories_index[category_type].items():
            if number == category_id:
                return name
        raise ValueError(f"Invalid category id {category_id} for {category_type}")

    def _check_exists(self) -> bool:
        return os.path.exists(self.root) and len(os.listdir(self.root)) > 0

    def download(self) -> None:
        """Fetch the photographs, unless they are there."""
        if self._check_exists():
            return
        above = os.path.dirname(self.root)
        url, md5 = DATASET_URLS[self.version], DATASET_MD5[self.version]
        download_and_extract_archive(url, above, filename=f"{self.version}.tgz", md5=md5)
        unpacked = os.path.join(above, os.path.basename(url).removesuffix(".tar.gz"))
        if not os.path.exists(unpacked):
            raise RuntimeError(f"Unable to find downloaded files at {unpacked}")
        os.rename(unpacked, self.root)


_list_names(__name__)

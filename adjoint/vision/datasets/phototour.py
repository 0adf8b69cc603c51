"""Photo Tourism: small pieces of photographs of buildings, and which show the same corner."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

import adjoint
from adjoint.names import list_names as _list_names
from adjoint.serialization import load, save
from adjoint.tensor import Tensor
from adjoint.vision.datasets.utils import download_url, extract_archive
from adjoint.vision.datasets.vision import Place, Transform, VisionDataset

__all__ = ["PhotoTour", "read_image_file", "read_info_file", "read_matches_files"]

_SIDE = 64  # pixels of a piece

# Of each building: where its archive is, the archive's MD5, how many pieces there are, their mean and standard deviation.
_BUILDINGS: dict[str, tuple[str, str, int, float, float]] = {
    "notredame_harris": ("matthewalunbrown.com/patchdata", "69f8c90f78e171349abdf0307afefe4d", 325295, 0.4854, 0.1864),
    "yosemite_harris": ("matthewalunbrown.com/patchdata", "a73253d1c6fbd3ba2613c45065c00d46", 450912, 0.4844, 0.1818),
    "liberty_harris": ("matthewalunbrown.com/patchdata", "c731fcfb3abb4091110d0ae8c7ba182c", 379587, 0.4437, 0.2019),
    "notredame": ("icvl.ee.ic.ac.uk/vbalnt", "509eda8535847b8c0a90bbb210c83484", 468159, 0.4854, 0.1864),
    "yosemite": ("icvl.ee.ic.ac.uk/vbalnt", "533b2e8eb7ede31be40abc317b2fd4f0", 633587, 0.4844, 0.1818),
    "liberty": ("icvl.ee.ic.ac.uk/vbalnt", "fdd9152f138ea5ef2091746689176414", 450092, 0.4437, 0.2019),
}


class PhotoTour(VisionDataset):
    """Pieces (64, 64) of photographs of a building, in ``root/NAME``: to train with each by itself, to test with in pairs with a
    number that says whether they match.

    They are read once and kept in ``root/NAME.pt``.  Raises KeyError for another building.
    """

    urls = {name: [f"http://{folder}/{name}.zip", f"{name}.zip", md5] for name, (folder, md5, *_) in _BUILDINGS.items()}
    means = {name: mean for name, (*_, mean, _std) in _BUILDINGS.items()}
    stds = {name: std for name, (*_, std) in _BUILDINGS.items()}
    lens = {name: count for name, (_folder, _md5, count, *_) in _BUILDINGS.items()}
    image_ext = "bmp"
    info_file = "info.txt"
    matches_files = "m50_100000_100000_0.txt"

    def __init__(
        self, root: Place, name: str, train: bool = True, transform: Transform = None, download: bool = False
    ) -> None:
        super().__init__(root, transform=transform)
        self.name = name
        self.data_dir = os.path.join(self.root, name)
        self.data_down = os.path.join(self.root, f"{name}.zip")
        self.data_file = os.path.join(self.root, f"{name}.pt")
        self.train = train
        self.mean = self.means[name]
        self.std = self.stds[name]
        if download:
            self.download()
        if not self._check_datafile_exists():
            self.cache()
        self.data, self.labels, self.matches = load(self.data_file, weights_only=True)

    def __getitem__(self, index: int) -> Any:
        change = self.transform or (lambda piece: piece)
        if self.train:
            return change(self.data[index])
        first, second, same = self.matches[index]
        return change(self.data[first]), change(self.data[second]), same

    def __len__(self) -> int:
        return len(self.data if self.train else self.matches)

    def _check_datafile_exists(self) -> bool:
        return os.path.exists(self.data_file)

    def _check_downloaded(self) -> bool:
        return os.path.exists(self.data_dir)

    def download(self) -> None:
        """Fetch the pieces, unless they are there."""
        if self._check_datafile_exists() or self._check_downloaded():
            return
        url, name, md5 = self.urls[self.name]
        download_url(url, self.root, name, md5)
        extract_archive(os.path.join(self.root, name), self.data_dir, remove_finished=True)

    def cache(self) -> None:
        """Read the pieces from their pictures, and keep them in a file."""
        pieces = read_image_file(self.data_dir, self.image_ext, self.lens[self.name])
        matches = read_matches_files(self.data_dir, self.matches_files)
        save((pieces, read_info_file(self.data_dir, self.info_file), matches), self.data_file)

    def extra_repr(self) -> str:
        """Which half it is."""
        return f"Split: {'Train' if self.train is True else 'Test'}"


def read_image_file(data_dir: Any, image_ext: str, n: int) -> Tensor:
    """The first ``n`` pieces (n, 64, 64) that a folder's pictures are made of, row by row, as uint8."""
    from PIL import Image

    pieces: list[Any] = []
    for name in sorted(name for name in os.listdir(data_dir) if name.endswith(image_ext)):
        pixels = np.array(Image.open(os.path.join(data_dir, name)))
        for y in range(0, len(pixels), _SIDE):
            pieces += [pixels[y : y + _SIDE, x : x + _SIDE] for x in range(0, pixels.shape[1], _SIDE)]
    return adjoint.tensor(np.array(pieces[:n], np.uint8))  # type: ignore[no-any-return]


def read_info_file(data_dir: Any, info_file: str) -> Tensor:
    """The number of the corner that each piece shows, as int64."""
    with open(os.path.join(data_dir, info_file)) as file:
        return adjoint.LongTensor([int(line.split()[0]) for line in file])  # type: ignore[no-any-return]


def read_matches_files(data_dir: Any, matches_file: str) -> Tensor:
    """Pairs of pieces (N, 3), as int64: two numbers of pieces, and 1 where they show the same corner."""
    with open(os.path.join(data_dir, matches_file)) as file:
        rows = [line.split() for line in file]
    return adjoint.LongTensor([[int(row[0]), int(row[3]), int(row[1] == row[4])] for row in rows])  # type: ignore[no-any-return]


_list_names(__name__)

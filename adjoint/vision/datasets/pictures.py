"""Data sets of pictures in files, each with a label."""

from __future__ import annotations

from typing import Any

from adjoint.vision.datasets.folder import default_loader
from adjoint.vision.datasets.vision import Loader, Place, Transform, VisionDataset


class PictureFiles(VisionDataset):
    """Pictures that ``loader`` reads: ``_image_files`` are their files, ``_labels`` what they show."""

    _image_files: list[Any]
    _labels: list[Any]
    _split: str

    def __init__(
        self,
        root: Place,
        transform: Transform = None,
        target_transform: Transform = None,
        loader: Loader = default_loader,
    ) -> None:
        super().__init__(root, transform=transform, target_transform=target_transform)
        self.loader = loader

    def __len__(self) -> int:
        return len(self._image_files)

    def __getitem__(self, idx: int) -> tuple[Any, Any]:
        return self._changed(self.loader(self._image_files[idx]), self._labels[idx])

    def extra_repr(self) -> str:
        """Which part it is."""
        return f"split={self._split}"


class PictureSamples(VisionDataset):
    """Pictures that ``loader`` reads: ``_samples`` are pairs of a file and a label."""

    _samples: list[tuple[Any, Any]]

    def __init__(
        self,
        root: Place,
        transform: Transform = None,
        target_transform: Transform = None,
        loader: Loader = default_loader,
    ) -> None:
        super().__init__(root, transform=transform, target_transform=target_transform)
        self.loader = loader

    def __len__(self) -> int:
        return len(self._samples)

    def __getitem__(self, idx: int) -> tuple[Any, Any]:
        path, label = self._samples[idx]
        return self._changed(self.loader(path), label)


def opened(path: Any, mode: str | None = "RGB") -> Any:
    """The picture in a file, by Pillow, with the channels of a mode of its; None leaves it to be read later, as it is."""
    from PIL import Image

    picture = Image.open(path)
    return picture if mode is None else picture.convert(mode)


def lines(path: Any) -> list[str]:
    """The lines of a text file, without what is around them."""
    with open(path) as file:
        return [line.strip() for line in file]

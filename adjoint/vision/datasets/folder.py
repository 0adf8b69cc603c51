"""Folders of images: a subfolder is a class, and its files are the samples."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from adjoint.names import list_names as _list_names
from adjoint.vision.datasets.vision import Loader, Place, Transform, VisionDataset, numbered

__all__ = [
    "IMG_EXTENSIONS",
    "DatasetFolder",
    "ImageFolder",
    "accimage_loader",
    "default_loader",
    "find_classes",
    "has_file_allowed_extension",
    "is_image_file",
    "make_dataset",
    "pil_loader",
]

IMG_EXTENSIONS = (".jpg", ".jpeg", ".png", ".ppm", ".bmp", ".pgm", ".tif", ".tiff", ".webp")


def has_file_allowed_extension(filename: str, extensions: str | tuple[str, ...]) -> bool:
    """Whether a file's name ends in one of these, in capitals or not."""
    return filename.lower().endswith(extensions if isinstance(extensions, str) else tuple(extensions))


def is_image_file(filename: str) -> bool:
    """Whether a file's name is that of an image."""
    return has_file_allowed_extension(filename, IMG_EXTENSIONS)


def find_classes(directory: Any) -> tuple[list[str], dict[str, int]]:
    """The subfolders of a folder, sorted, and the number of each.  Raises FileNotFoundError where there is none."""
    classes = sorted(entry.name for entry in os.scandir(directory) if entry.is_dir())
    if not classes:
        raise FileNotFoundError(f"Couldn't find any class folder in {directory}.")
    return classes, numbered(classes)


def make_dataset(
    directory: Any,
    class_to_idx: dict[str, int] | None = None,
    extensions: str | tuple[str, ...] | None = None,
    is_valid_file: Callable[[str], bool] | None = None,
    allow_empty: bool = False,
) -> list[tuple[str, int]]:
    """The files of a folder's classes, and the number of the class of each, in the order of their names.

    A file is taken that ends in one of the ``extensions``, or that ``is_valid_file`` says yes of.  Raises ValueError unless one of
    the two is given, FileNotFoundError for a class without files, unless ``allow_empty``.
    """
    directory = os.path.expanduser(directory)
    if class_to_idx is None:
        class_to_idx = find_classes(directory)[1]
    elif not class_to_idx:
        raise ValueError("'class_to_index' must have at least one entry to collect any samples.")
    if (extensions is None) == (is_valid_file is None):
        raise ValueError("Both extensions and is_valid_file cannot be None or not None at the same time")
    taken = is_valid_file or (lambda path: has_file_allowed_extension(path, extensions))  # type: ignore[arg-type]
    found: list[tuple[str, int]] = []
    empty = []
    for name in sorted(class_to_idx):
        before = len(found)
        for root, _, files in sorted(os.walk(os.path.join(directory, name), followlinks=True)):
            paths = [os.path.join(root, file) for file in sorted(files)]
            found += [(path, class_to_idx[name]) for path in paths if taken(path)]
        if len(found) == before:
            empty.append(name)
    if empty and not allow_empty:
        text = f"Found no valid file for the classes {', '.join(empty)}. "
        if extensions is not None:
            listed = extensions if isinstance(extensions, str) else ", ".join(extensions)
            text += f"Supported extensions are: {listed}"
        raise FileNotFoundError(text)
    return found


class DatasetFolder(VisionDataset):
    """The files of a folder's subfolders, each a class, as ``loader`` reads them.

    ``extensions`` or ``is_valid_file`` say which files are samples; ``classes``, ``class_to_idx``, ``samples`` and ``targets``
    what was found.
    """

    def __init__(
        self,
        root: Place,
        loader: Loader,
        extensions: tuple[str, ...] | None = None,
        transform: Transform = None,
        target_transform: Transform = None,
        is_valid_file: Callable[[str], bool] | None = None,
        allow_empty: bool = False,
    ) -> None:
        super().__init__(root, transform=transform, target_transform=target_transform)
        self.classes, self.class_to_idx = self.find_classes(self.root)
        self.samples = self.make_dataset(self.root, self.class_to_idx, extensions, is_valid_file, allow_empty)
        self.targets = [target for _, target in self.samples]
        self.loader = loader
        self.extensions = extensions

    @staticmethod
    def make_dataset(
        directory: Any,
        class_to_idx: dict[str, int],
        extensions: tuple[str, ...] | None = None,
        is_valid_file: Callable[[str], bool] | None = None,
        allow_empty: bool = False,
    ) -> list[tuple[str, int]]:
        """The files and their classes; a subclass may find others."""
        if class_to_idx is None:
            raise ValueError("The class_to_idx parameter cannot be None.")
        return make_dataset(directory, class_to_idx, extensions, is_valid_file, allow_empty)

    def find_classes(self, directory: Any) -> tuple[list[str], dict[str, int]]:
        """The classes and their numbers; a subclass may find others."""
        return find_classes(directory)

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        path, target = self.samples[index]
        return self._changed(self.loader(path), target)

    def __len__(self) -> int:
        return len(self.samples)


def pil_loader(path: Any) -> Any:
    """The image in a file, in red, green and blue; needs Pillow."""
    from PIL import Image

    with open(path, "rb") as file:
        return Image.open(file).convert("RGB")


def accimage_loader(path: Any) -> Any:
    """The image in a file, as the library ``accimage`` reads it, or Pillow where that cannot."""
    import accimage

    try:
        return accimage.Image(path)
    except OSError:
        return pil_loader(path)


def default_loader(path: Any) -> Any:
    """The image in a file, as the library reads it that ``torchvision.set_image_backend`` names: Pillow, if none."""
    from adjoint.vision import get_image_backend

    return accimage_loader(path) if get_image_backend() == "accimage" else pil_loader(path)


class ImageFolder(DatasetFolder):
    """The images of a folder's subfolders, each a class: ``root/dog/1.png``, ``root/cat/7.jpg``.

    Raises FileNotFoundError where there is no subfolder, or one without images, unless ``allow_empty``.
    """

    def __init__(
        self,
        root: Place,
        transform: Transform = None,
        target_transform: Transform = None,
        loader: Loader = default_loader,
        is_valid_file: Callable[[str], bool] | None = None,
        allow_empty: bool = False,
    ) -> None:
        extensions = IMG_EXTENSIONS if is_valid_file is None else None
        super().__init__(root, loader, extensions, transform, target_transform, is_valid_file, allow_empty)
        self.imgs = self.samples


_list_names(__name__)

"""Stanford's cars: photographs of 196 models."""

from __future__ import annotations

from pathlib import Path

from adjoint.names import list_names as _list_names
from adjoint.vision.datasets.folder import default_loader
from adjoint.vision.datasets.pictures import PictureSamples
from adjoint.vision.datasets.utils import verify_str_arg
from adjoint.vision.datasets.vision import Loader, Place, Transform, numbered

__all__ = ["StanfordCars"]


class StanfordCars(PictureSamples):
    """Photographs of cars in ``root/stanford_cars``: 8,144 to train with, 8,041 to test with; SciPy reads their labels.

    They are no longer offered, so ``download`` raises ValueError.
    """

    def __init__(
        self,
        root: Place,
        split: str = "train",
        transform: Transform = None,
        target_transform: Transform = None,
        download: bool = False,
        loader: Loader = default_loader,
    ) -> None:
        from scipy.io import loadmat

        super().__init__(root, transform, target_transform, loader)
        self._split = verify_str_arg(split, "split", ("train", "test"))
        self._base_folder = Path(root) / "stanford_cars"
        devkit = self._base_folder / "devkit"
        self._images_base_path = self._base_folder / f"cars_{split}"
        self._annotations_mat_path = (
            devkit / "cars_train_annos.mat"
            if split == "train"
            else self._base_folder / "cars_test_annos_withlabels.mat"
        )
        if download:
            self.download()
        if not (devkit.is_dir() and self._annotations_mat_path.exists() and self._images_base_path.is_dir()):
            raise RuntimeError("Dataset not found.")
        notes = loadmat(self._annotations_mat_path, squeeze_me=True)["annotations"]
        self._samples = [(str(self._images_base_path / note["fname"]), note["class"] - 1) for note in notes]
        self.classes = loadmat(str(devkit / "cars_meta.mat"), squeeze_me=True)["class_names"].tolist()
        self.class_to_idx = numbered(self.classes)

    def download(self) -> None:
        """Raises ValueError: there is no address."""
        raise ValueError("The original URL is broken so the StanfordCars dataset cannot be downloaded anymore.")


_list_names(__name__)

"""PatchCamelyon: tissue under a microscope, and whether there is a tumour."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from adjoint.names import list_names as _list_names
from adjoint.vision.datasets.utils import _decompress, download_file_from_google_drive, verify_str_arg
from adjoint.vision.datasets.vision import Place, Transform, VisionDataset, obtain

__all__ = ["PCAM"]


class PCAM(VisionDataset):
    """327,680 pictures (96, 96, 3) in ``root/pcam``, labelled 0 or 1.  Needs ``h5py``, and ``gdown`` to download them."""

    _FILES = {  # a file, its number on Google Drive, and the MD5 of it packed
        "train": {
            "images": (
                "camelyonpatch_level_2_split_train_x.h5",
                "1Ka0XfEMiwgCYPdTI-vv6eUElOBnKFKQ2",
                "1571f514728f59376b705fc836ff4b63",
            ),
            "targets": (
                "camelyonpatch_level_2_split_train_y.h5",
                "1269yhu3pZDP8UYFQs-NYs3FPwuK-nGSG",
                "35c2d7259d906cfc8143347bb8e05be7",
            ),
        },
        "test": {
            "images": (
                "camelyonpatch_level_2_split_test_x.h5",
                "1qV65ZqZvWzuIVthK8eVDhIwrbnsJdbg_",
                "d8c2d60d490dbd479f8199bdfa0cf6ec",
            ),
            "targets": (
                "camelyonpatch_level_2_split_test_y.h5",
                "17BHrSrwWKjYsOgTMmoqrIjDy6Fa2o_gP",
                "60a7035772fbdb7f34eb86d4420cf66a",
            ),
        },
        "val": {
            "images": (
                "camelyonpatch_level_2_split_valid_x.h5",
                "1hgshYGWK8V-eGRy8LToWJJgDU_rXWVJ3",
                "d5b63470df7cfa627aeec8b9dc0c066e",
            ),
            "targets": (
                "camelyonpatch_level_2_split_valid_y.h5",
                "1bH8ZRbhSVAhScTS0p9-ZzGnX91cHT3uO",
                "2b85f58b927af9964a4c15b8f7e8f179",
            ),
        },
    }

    def __init__(
        self,
        root: Place,
        split: str = "train",
        transform: Transform = None,
        target_transform: Transform = None,
        download: bool = False,
    ) -> None:
        try:
            import h5py
        except ImportError:
            raise RuntimeError(
                "h5py is not found. This dataset needs to have h5py installed: please run pip install h5py"
            ) from None
        self.h5py = h5py
        self._split = verify_str_arg(split, "split", ("train", "test", "val"))
        super().__init__(root, transform=transform, target_transform=target_transform)
        self._base_folder = Path(self.root) / "pcam"
        obtain(download, self._download, lambda: all(self._path(which).exists() for which in ("images", "targets")))

    def _path(self, which: str) -> Path:
        return self._base_folder / self._FILES[self._split][which][0]

    def __len__(self) -> int:
        with self.h5py.File(self._path("images")) as images:
            return images["x"].shape[0]  # type: ignore[no-any-return]

    def __getitem__(self, idx: int) -> tuple[Any, Any]:
        from PIL import Image

        with self.h5py.File(self._path("images")) as images:
            image = Image.fromarray(images["x"][idx]).convert("RGB")
        with self.h5py.File(self._path("targets")) as targets:
            return self._changed(image, int(targets["y"][idx, 0, 0, 0]))

    def _download(self) -> None:
        for name, number, md5 in self._FILES[self._split].values():
            packed = name + ".gz"
            download_file_from_google_drive(number, str(self._base_folder), filename=packed, md5=md5)
            _decompress(str(self._base_folder / packed))


_list_names(__name__)

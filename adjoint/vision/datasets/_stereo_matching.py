"""Stereo: what two eyes see, and how far apart the two see each point (the disparity)."""

from __future__ import annotations

import json
import os
import random
import shutil
from abc import ABC, abstractmethod
from glob import glob
from pathlib import Path
from typing import Any

import numpy as np

from adjoint.names import list_names as _list_names
from adjoint.vision.datasets._optical_flow import PASSES
from adjoint.vision.datasets.flow_files import (
    read_disparity,
    read_kitti_disparity,
    read_pfm,
    read_sintel_disparity,
)
from adjoint.vision.datasets.pictures import opened
from adjoint.vision.datasets.utils import download_and_extract_archive, verify_str_arg
from adjoint.vision.datasets.vision import Place, Transform, VisionDataset

__all__ = [
    "CREStereo",
    "CarlaStereo",
    "ETH3DStereo",
    "FallingThingsStereo",
    "InStereo2k",
    "Kitti2012Stereo",
    "Kitti2015Stereo",
    "Middlebury2014Stereo",
    "SceneFlowStereo",
    "SintelStereo",
]


class StereoMatchingDataset(ABC, VisionDataset):
    """Two pictures, and the disparity (1, H, W) of the left one, an array; None where it is not published.

    ``transforms`` are called with three pairs, of pictures, of disparities and of masks of where they are valid, and return
    three; what is not known is None.  A mask (H, W) comes with the items if the data set has one, or the transforms make one.
    """

    _has_built_in_disparity_mask = False

    def __init__(self, root: Place, transforms: Transform = None) -> None:
        super().__init__(root=root)
        self.transforms = transforms
        self._images: list[Any] = []
        self._disparities: list[Any] = []

    def _read_img(self, file_path: Any) -> Any:
        image = opened(file_path, None)
        return image if image.mode == "RGB" else image.convert("RGB")

    def _scan_pairs(self, paths_left_pattern: Any, paths_right_pattern: Any = None) -> list[tuple[str, str | None]]:
        """The files of the left pattern beside those of the right one, or None.

        Raises FileNotFoundError where there are none, ValueError where there are not as many.
        """
        left = sorted(glob(str(paths_left_pattern)))
        right: list[Any] = sorted(glob(str(paths_right_pattern))) if paths_right_pattern else [None] * len(left)
        for found, pattern in ((left, paths_left_pattern), (right, paths_right_pattern)):
            if not found:
                raise FileNotFoundError(f"Could not find any files matching the patterns: {pattern}")
        if len(left) != len(right):
            raise ValueError(
                f"Found {len(left)} left files but {len(right)} right files using:\n "
                f"left pattern: {paths_left_pattern}\n"
                f"right pattern: {paths_right_pattern}\n"
            )
        return list(zip(left, right))

    def _unknown(self) -> list[tuple[None, None]]:
        return [(None, None)] * len(self._images)

    @abstractmethod
    def _read_disparity(self, file_path: Any) -> tuple[Any, Any]:
        """The disparity in a file and where it is valid, or None."""

    def _read_known(self, file_path: Any) -> tuple[Any, Any]:
        return (None, None) if file_path is None else self._read_disparity(file_path)

    def __getitem__(self, index: int) -> tuple[Any, ...]:
        images: Any = tuple(self._read_img(path) for path in self._images[index])
        disparities, masks = zip(*(self._read_known(path) for path in self._disparities[index]))
        if self.transforms is not None:
            images, disparities, masks = self.transforms(images, disparities, masks)
        if self._has_built_in_disparity_mask or masks[0] is not None:
            return images[0], images[1], disparities[0], masks[0]
        return images[0], images[1], disparities[0]

    def __len__(self) -> int:
        return len(self._images)


class CarlaStereo(StereoMatchingDataset):
    """Streets that were computed, in ``root/carla-highres``."""

    def __init__(self, root: Place, transforms: Transform = None) -> None:
        super().__init__(root, transforms)
        place = Path(root) / "carla-highres" / "trainingF" / "*"
        self._images = self._scan_pairs(place / "im0.png", place / "im1.png")
        self._disparities = self._scan_pairs(place / "disp0GT.pfm", place / "disp1GT.pfm")

    def _read_disparity(self, file_path: Any) -> tuple[Any, None]:
        return _positive(file_path), None


class Kitti2012Stereo(StereoMatchingDataset):
    """Streets, in ``root/Kitti2012``; to test with, the disparity is None.  The mask is what transforms make, or None."""

    _has_built_in_disparity_mask = True

    def __init__(self, root: Place, split: str = "train", transforms: Transform = None) -> None:
        super().__init__(root, transforms)
        verify_str_arg(split, "split", valid_values=("train", "test"))
        place = Path(root) / "Kitti2012" / (split + "ing")
        self._images = self._scan_pairs(place / "colored_0" / "*_10.png", place / "colored_1" / "*_10.png")
        known = split == "train"
        self._disparities = self._scan_pairs(place / "disp_noc" / "*.png") if known else self._unknown()

    def _read_disparity(self, file_path: Any) -> tuple[Any, None]:
        return read_kitti_disparity(file_path), None


class Kitti2015Stereo(StereoMatchingDataset):
    """Streets, in ``root/Kitti2015``; to test with, the disparity is None.  The mask is what transforms make, or None."""

    _has_built_in_disparity_mask = True

    def __init__(self, root: Place, split: str = "train", transforms: Transform = None) -> None:
        super().__init__(root, transforms)
        verify_str_arg(split, "split", valid_values=("train", "test"))
        place = Path(root) / "Kitti2015" / (split + "ing")
        self._images = self._scan_pairs(place / "image_2" / "*.png", place / "image_3" / "*.png")
        self._disparities = (
            self._scan_pairs(place / "disp_occ_0" / "*.png", place / "disp_occ_1" / "*.png")
            if split == "train"
            else self._unknown()
        )

    def _read_disparity(self, file_path: Any) -> tuple[Any, None]:
        return read_kitti_disparity(file_path), None


_MIDDLEBURY = "https://vision.middlebury.edu/stereo"


class Middlebury2014Stereo(StereoMatchingDataset):
    """Rooms and things, in ``root/Middlebury2014``, with a mask (H, W) of where the disparity is known.

    ``calibration`` is ``"perfect"``, ``"imperfect"`` or ``"both"``, and None to test with, where the disparity is None as well.
    ``use_ambient_views`` draws the right picture from those in other light.  Raises ValueError and FileNotFoundError.
    """

    splits = {
        "train": [
            "Adirondack", "Jadeplant", "Motorcycle", "Piano", "Pipes", "Playroom", "Playtable", "Recycle",
            "Shelves", "Vintage",
        ],
        "additional": [
            "Backpack", "Bicycle1", "Cable", "Classroom1", "Couch", "Flowers", "Mask", "Shopvac", "Sticks",
            "Storage", "Sword1", "Sword2", "Umbrella",
        ],
        "test": [
            "Plants", "Classroom2E", "Classroom2", "Australia", "DjembeL", "CrusadeP", "Crusade", "Hoops",
            "Bicycle2", "Staircase", "Newkuba", "AustraliaP", "Djembe", "Livingroom", "Computer",
        ],
    }  # fmt: skip

    _has_built_in_disparity_mask = True

    def __init__(
        self,
        root: Place,
        split: str = "train",
        calibration: str | None = "perfect",
        use_ambient_views: bool = False,
        transforms: Transform = None,
        download: bool = False,
    ) -> None:
        super().__init__(root, transforms)
        verify_str_arg(split, "split", valid_values=("train", "test", "additional"))
        self.split = split
        if calibration:
            verify_str_arg(calibration, "calibration", valid_values=("perfect", "imperfect", "both", None))  # type: ignore[type-var]
            if split == "test":
                raise ValueError("Split 'test' has only no calibration settings, please set `calibration=None`.")
        elif split != "test":
            raise ValueError(
                f"Split '{split}' has calibration settings, however None was provided as an argument."
                f"\nSetting calibration to 'perfect' for split '{split}'. Available calibration settings are: "
                "'perfect', 'imperfect', 'both'.",
            )
        if download:
            self._download_dataset(root)
        place = Path(root) / "Middlebury2014" / split
        if not os.path.exists(place):
            raise FileNotFoundError(f"The {split} directory was not found in the provided root directory")
        if not any(folder.startswith(scene) for folder in os.listdir(place) for scene in self.splits[split]):
            raise FileNotFoundError(f"Provided root folder does not contain any scenes from the {split} split.")
        endings = {None: [""], "both": ["-perfect", "-imperfect"]}.get(calibration, [f"-{calibration}"])
        for ending in endings:
            scenes = place / f"*{ending}"
            self._images += self._scan_pairs(scenes / "im0.png", scenes / "im1.png")
            if split != "test":
                self._disparities += self._scan_pairs(scenes / "disp0.pfm", scenes / "disp1.pfm")
        if split == "test":
            self._disparities = self._unknown()
        self.use_ambient_views = use_ambient_views

    def _read_img(self, file_path: Any) -> Any:
        path = Path(file_path)
        if self.use_ambient_views and path.name == "im1.png":
            others = [path.parent / name for name in ("im1E.png", "im1L.png")]  # exposed otherwise, lit otherwise
            path = random.choice([*(other for other in others if other.exists()), path])
        return super()._read_img(path)

    def _read_disparity(self, file_path: Any) -> tuple[Any, Any]:
        disparity = _positive(file_path)
        disparity[disparity == np.inf] = 0
        return disparity, (disparity > 0).squeeze(0)

    def _download_dataset(self, root: Place) -> None:
        """Fetch the scenes of a split that are not there."""
        place = Path(root) / "Middlebury2014"
        if self.split != "test":
            for scene in self.splits[self.split]:
                for name in (f"{scene}-perfect", f"{scene}-imperfect"):
                    if not (place / self.split / name).exists():
                        download_and_extract_archive(
                            url=f"{_MIDDLEBURY}/data/scenes2014/zip/{name}.zip",
                            filename=f"{name}.zip",
                            download_root=str(place / self.split),
                            remove_finished=True,
                        )
            return
        os.makedirs(place / "test", exist_ok=True)
        if any(scene not in os.listdir(place / "test") for scene in self.splits["test"]):
            address = f"{_MIDDLEBURY}/submit3/zip/MiddEval3-data-F.zip"
            download_and_extract_archive(url=address, download_root=str(place), remove_finished=True)
            for scene in os.listdir(place / "MiddEval3" / "testF"):
                shutil.move(str(place / "MiddEval3" / "testF" / scene), str(place / "test"))
            shutil.rmtree(str(place / "MiddEval3"))


class CREStereo(StereoMatchingDataset):
    """Scenes that were computed, of four kinds, in ``root/CREStereo``.  The mask is what transforms make, or None."""

    _has_built_in_disparity_mask = True

    def __init__(self, root: Place, transforms: Transform = None) -> None:
        super().__init__(root, transforms)
        for kind in ("shapenet", "reflective", "tree", "hole"):
            place = Path(root) / "CREStereo" / kind
            self._images += self._scan_pairs(place / "*_left.jpg", place / "*_right.jpg")
            self._disparities += self._scan_pairs(place / "*_left.disp.png", place / "*_right.disp.png")

    def _read_disparity(self, file_path: Any) -> tuple[Any, None]:
        return read_disparity(file_path, 32.0), None


class FallingThingsStereo(StereoMatchingDataset):
    """Household things that fall, in ``root/FallingThings``: one by one (``"single"``), several (``"mixed"``), or ``"both"``."""

    def __init__(self, root: Place, variant: str = "single", transforms: Transform = None) -> None:
        super().__init__(root, transforms)
        verify_str_arg(variant, "variant", valid_values=("single", "mixed", "both"))
        for kind in ["single", "mixed"] if variant == "both" else [variant]:
            place = Path(root) / "FallingThings" / kind / ("*/*" if kind == "single" else "*")
            self._images += self._scan_pairs(place / "*.left.jpg", place / "*.right.jpg")
            self._disparities += self._scan_pairs(place / "*.left.depth.png", place / "*.right.depth.png")

    def _read_disparity(self, file_path: Any) -> tuple[Any, None]:
        """From the depth: 6 cm between the eyes, times the focal length, over the depth, in hundredths of a centimetre."""
        with open(Path(file_path).parent / "_camera_settings.json") as file:
            focal = json.load(file)["camera_settings"][0]["intrinsic_settings"]["fx"]
        depth = np.asarray(opened(file_path, None))
        return ((6 * focal * 100) / depth.astype(np.float32))[None], None


class SceneFlowStereo(StereoMatchingDataset):
    """Films that were computed, in ``root/SceneFlow``: ``variant`` is which; ``pass_name`` as of :class:`FlyingThings3D`."""

    def __init__(
        self,
        root: Place,
        variant: str = "FlyingThings3D",
        pass_name: str = "clean",
        transforms: Transform = None,
    ) -> None:
        super().__init__(root, transforms)
        verify_str_arg(variant, "variant", valid_values=("FlyingThings3D", "Driving", "Monkaa"))
        verify_str_arg(pass_name, "pass_name", valid_values=tuple(PASSES))
        place = Path(root) / "SceneFlow" / variant
        scenes = "*" if variant == "Monkaa" else "*/*/*"
        for name in PASSES[pass_name]:
            images, disparities = place / f"frames_{name}pass" / scenes, place / "disparity" / scenes
            self._images += self._scan_pairs(images / "left" / "*.png", images / "right" / "*.png")
            self._disparities += self._scan_pairs(disparities / "left" / "*.pfm", disparities / "right" / "*.pfm")

    def _read_disparity(self, file_path: Any) -> tuple[Any, None]:
        return _positive(file_path), None


class SintelStereo(StereoMatchingDataset):
    """An animated film, in ``root/Sintel``, with a mask (H, W) of what both eyes see; ``pass_name`` as of :class:`Sintel`."""

    _has_built_in_disparity_mask = True

    def __init__(self, root: Place, pass_name: str = "final", transforms: Transform = None) -> None:
        super().__init__(root, transforms)
        verify_str_arg(pass_name, "pass_name", valid_values=("final", "clean", "both"))
        place = Path(root) / "Sintel" / "training"
        for name in reversed(PASSES[pass_name]):
            self._images += self._scan_pairs(
                place / f"{name}_left" / "*" / "*.png", place / f"{name}_right" / "*" / "*.png"
            )
            self._disparities += self._scan_pairs(place / "disparities" / "*" / "*.png")

    def _get_occlussion_mask_paths(self, file_path: Any) -> tuple[str, str]:
        """Where the pictures are of what the right eye does not see, for something is before it or it is beyond the edge."""
        path = Path(file_path)
        found = []
        for folder, words in (("occlusions", "Occlusion mask"), ("outofframe", "Out of frame mask")):
            mask = path.parents[2] / folder / path.parent.name / path.name
            if not mask.exists():
                raise FileNotFoundError(f"{words} {mask} does not exist")
            found.append(str(mask))
        return found[0], found[1]

    def _read_disparity(self, file_path: Any) -> tuple[Any, Any]:
        hidden, outside = (np.asarray(opened(path, None)) for path in self._get_occlussion_mask_paths(file_path))
        return read_sintel_disparity(file_path), (outside == 0) & (hidden == 0)


class InStereo2k(StereoMatchingDataset):
    """Rooms, in ``root/InStereo2k``."""

    def __init__(self, root: Place, split: str = "train", transforms: Transform = None) -> None:
        super().__init__(root, transforms)
        place = Path(root) / "InStereo2k" / split / "*"
        verify_str_arg(split, "split", valid_values=("train", "test"))
        self._images = self._scan_pairs(place / "left.png", place / "right.png")
        self._disparities = self._scan_pairs(place / "left_disp.png", place / "right_disp.png")

    def _read_disparity(self, file_path: Any) -> tuple[Any, None]:
        return read_disparity(file_path, 1024.0), None


class ETH3DStereo(StereoMatchingDataset):
    """Buildings and landscapes, in ``root/ETH3D``, with a mask (H, W) of what both eyes see; to test with, both are None."""

    _has_built_in_disparity_mask = True

    def __init__(self, root: Place, split: str = "train", transforms: Transform = None) -> None:
        super().__init__(root, transforms)
        verify_str_arg(split, "split", valid_values=("train", "test"))
        place = Path(root) / "ETH3D"
        images = place / ("two_view_training" if split == "train" else "two_view_test") / "*"
        self._images = self._scan_pairs(images / "im0.png", images / "im1.png")
        measured = place / "two_view_training_gt" / "*" / "disp0GT.pfm"
        self._disparities = self._scan_pairs(measured) if split == "train" else self._unknown()

    def _read_disparity(self, file_path: Any) -> tuple[Any, Any]:
        mask = opened(Path(file_path).parent / "mask0nocc.png", None)
        return _positive(file_path), np.asarray(mask).astype(bool)


def _positive(path: Any) -> Any:
    """The disparity (1, H, W) in a PFM file, whichever sign it has there."""
    return np.abs(read_pfm(path, slice_channels=1))


_list_names(__name__)

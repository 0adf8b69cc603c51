"""Optical flow: two pictures of a film, and where each pixel of the first has gone in the second."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from glob import glob
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from adjoint.names import list_names as _list_names
from adjoint.utils.data import ConcatDataset
from adjoint.vision.datasets.flow_files import read_flo, read_kitti_flow, read_pfm
from adjoint.vision.datasets.folder import default_loader
from adjoint.vision.datasets.utils import verify_str_arg
from adjoint.vision.datasets.vision import Loader, Place, Transform, VisionDataset

__all__ = ["FlyingChairs", "FlyingThings3D", "HD1K", "KittiFlow", "Sintel"]

PASSES = {"clean": ["clean"], "final": ["final"], "both": ["clean", "final"]}  # how much of light and air is computed


class FlowDataset(ABC, VisionDataset):
    """Pairs of pictures and the flow (2, H, W) between them, an array; None where it is not published.

    ``transforms`` are called with both pictures, the flow and a mask of where it is valid, and return four.  The mask comes
    with the items if the data set has one, or the transforms make one.
    """

    _has_builtin_flow_mask = False

    def __init__(self, root: Place, transforms: Transform = None, loader: Loader = default_loader) -> None:
        super().__init__(root=root)
        self.transforms = transforms
        self._flow_list: list[str] = []
        self._image_list: list[list[str]] = []
        self._loader = loader

    def _read_img(self, file_name: str) -> Any:
        return self._loader(file_name)

    @abstractmethod
    def _read_flow(self, file_name: str) -> Any:
        """The flow in a file, with a mask if the data set has one."""

    def __getitem__(self, index: int) -> tuple[Any, ...]:
        first, second = (self._read_img(name) for name in self._image_list[index])
        flow = mask = None
        if self._flow_list:
            flow = self._read_flow(self._flow_list[index])
            if self._has_builtin_flow_mask:
                flow, mask = flow
        if self.transforms is not None:
            first, second, flow, mask = self.transforms(first, second, flow, mask)
        if self._has_builtin_flow_mask or mask is not None:
            return first, second, flow, mask
        return first, second, flow

    def __len__(self) -> int:
        return len(self._image_list)

    def __rmul__(self, v: int) -> Any:
        return ConcatDataset([self] * v)

    def _require_images(self, name: str) -> None:
        if not self._image_list:
            raise FileNotFoundError(
                f"Could not find the {name} images. Please make sure the directory structure is correct."
            )


class Sintel(FlowDataset):
    """Pictures of an animated film, in ``root/Sintel``; ``pass_name`` is ``"clean"``, ``"final"`` (in air) or ``"both"``."""

    def __init__(
        self,
        root: Place,
        split: str = "train",
        pass_name: str = "clean",
        transforms: Transform = None,
        loader: Loader = default_loader,
    ) -> None:
        super().__init__(root=root, transforms=transforms, loader=loader)
        verify_str_arg(split, "split", valid_values=("train", "test"))
        verify_str_arg(pass_name, "pass_name", valid_values=tuple(PASSES))
        place = Path(root) / "Sintel"
        for name in PASSES[pass_name]:
            images = place / ("training" if split == "train" else split) / name
            for scene in os.listdir(images):
                found = _found(images / scene / "*.png")
                self._image_list += [list(pair) for pair in zip(found, found[1:])]
                if split == "train":
                    self._flow_list += _found(place / "training" / "flow" / scene / "*.flo")

    def _read_flow(self, file_name: str) -> Any:
        return read_flo(file_name)


class KittiFlow(FlowDataset):
    """Pictures of streets, in ``root/KittiFlow``, with a mask (H, W) of where the flow was measured.

    Raises FileNotFoundError where there are none.
    """

    _has_builtin_flow_mask = True

    def __init__(
        self, root: Place, split: str = "train", transforms: Transform = None, loader: Loader = default_loader
    ) -> None:
        super().__init__(root=root, transforms=transforms, loader=loader)
        verify_str_arg(split, "split", valid_values=("train", "test"))
        place = Path(root) / "KittiFlow" / (split + "ing")
        pairs = zip(_found(place / "image_2" / "*_10.png"), _found(place / "image_2" / "*_11.png"))
        self._image_list = [list(pair) for pair in pairs]
        self._require_images("Kitti flow")
        if split == "train":
            self._flow_list = _found(place / "flow_occ" / "*_10.png")

    def _read_flow(self, file_name: str) -> Any:
        return read_kitti_flow(file_name)


class FlyingChairs(FlowDataset):
    """Chairs before landscapes, in ``root/FlyingChairs``; which are to train with is in a file of the publisher's page."""

    def __init__(self, root: Place, split: str = "train", transforms: Transform = None) -> None:
        super().__init__(root=root, transforms=transforms)
        verify_str_arg(split, "split", valid_values=("train", "val"))
        place = Path(root) / "FlyingChairs"
        images, flows = _found(place / "data" / "*.ppm"), _found(place / "data" / "*.flo")
        listed = place / "FlyingChairs_train_val.txt"
        if not os.path.exists(listed):
            raise FileNotFoundError(
                "The FlyingChairs_train_val.txt file was not found - please download it from the dataset page (see docstring)."
            )
        numbers = np.loadtxt(str(listed), dtype=np.int32)
        for i, flow in enumerate(flows):
            if numbers[i] == (1 if split == "train" else 2):
                self._flow_list.append(flow)
                self._image_list.append([images[2 * i], images[2 * i + 1]])

    def _read_flow(self, file_name: str) -> Any:
        return read_flo(file_name)


class FlyingThings3D(FlowDataset):
    """Things that fly about, in ``root/FlyingThings3D``: as the left camera sees them, the right one, or both, in both directions.

    ``pass_name`` is ``"clean"``, ``"final"`` (with light and air) or ``"both"``.  Raises FileNotFoundError where there are none.
    """

    def __init__(
        self,
        root: Place,
        split: str = "train",
        pass_name: str = "clean",
        camera: str = "left",
        transforms: Transform = None,
        loader: Loader = default_loader,
    ) -> None:
        super().__init__(root=root, transforms=transforms, loader=loader)
        verify_str_arg(split, "split", valid_values=("train", "test"))
        verify_str_arg(pass_name, "pass_name", valid_values=tuple(PASSES))
        verify_str_arg(camera, "camera", valid_values=("left", "right", "both"))
        part = split.upper()
        cameras = ["left", "right"] if camera == "both" else [camera]
        place = Path(root) / "FlyingThings3D"
        for name, side, direction in product(PASSES[pass_name], cameras, ("into_future", "into_past")):
            image_folders = sorted(
                Path(folder) / side for folder in _found(place / f"frames_{name}pass" / part / "*/*")
            )
            flow_folders = sorted(
                Path(folder) / direction / side for folder in _found(place / "optical_flow" / part / "*/*")
            )
            if not image_folders or not flow_folders:
                raise FileNotFoundError(
                    "Could not find the FlyingThings3D flow images. "
                    "Please make sure the directory structure is correct."
                )
            for image_folder, flow_folder in zip(image_folders, flow_folders):
                images, flows = _found(image_folder / "*.png"), _found(flow_folder / "*.pfm")
                for i in range(len(flows) - 1):
                    if direction == "into_future":
                        self._image_list.append([images[i], images[i + 1]])
                        self._flow_list.append(flows[i])
                    else:
                        self._image_list.append([images[i + 1], images[i]])
                        self._flow_list.append(flows[i + 1])

    def _read_flow(self, file_name: str) -> Any:
        return read_pfm(file_name)


class HD1K(FlowDataset):
    """Pictures of a street in 36 films, in ``root/hd1k``, with a mask (H, W) of where the flow is known.

    Raises FileNotFoundError where there are none.
    """

    _has_builtin_flow_mask = True

    def __init__(
        self, root: Place, split: str = "train", transforms: Transform = None, loader: Loader = default_loader
    ) -> None:
        super().__init__(root=root, transforms=transforms, loader=loader)
        verify_str_arg(split, "split", valid_values=("train", "test"))
        place = Path(root) / "hd1k"
        if split == "train":
            for film in range(
                36
            ):  # each by itself, for the last picture of one is not followed by the next one's first
                flows = _found(place / "hd1k_flow_gt" / "flow_occ" / f"{film:06d}_*.png")
                images = _found(place / "hd1k_input" / "image_2" / f"{film:06d}_*.png")
                self._flow_list += flows[:-1]
                self._image_list += [[images[i], images[i + 1]] for i in range(len(flows) - 1)]
        else:
            asked = place / "hd1k_challenge" / "image_2"
            self._image_list = [list(pair) for pair in zip(_found(asked / "*10.png"), _found(asked / "*11.png"))]
        self._require_images("HD1K")

    def _read_flow(self, file_name: str) -> Any:
        return read_kitti_flow(file_name)


def _found(pattern: Path) -> list[str]:
    """The files of a pattern, in the order of their names."""
    return sorted(glob(str(pattern)))


_list_names(__name__)

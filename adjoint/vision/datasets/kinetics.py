"""Kinetics: films of 400, 600 or 700 things that people do."""

from __future__ import annotations

import csv
import os
from multiprocessing import Pool
from typing import Any
from urllib.parse import quote

from adjoint.names import list_names as _list_names
from adjoint.vision.datasets.folder import find_classes, make_dataset
from adjoint.vision.datasets.pictures import lines
from adjoint.vision.datasets.utils import (
    check_integrity,
    download_and_extract_archive,
    download_url,
    verify_str_arg,
)
from adjoint.vision.datasets.video_utils import VideoClips
from adjoint.vision.datasets.vision import Place, Transform, VisionDataset

__all__ = ["Kinetics"]


class Kinetics(VisionDataset):
    """Films in ``root/SPLIT``, in a folder for each class; ``torchcodec`` reads them.

    Items are the frames of a clip, its sound, and the number of its class.  ``download`` fetches the archives of a split, by
    several processes if ``num_download_workers`` says so, and sorts the films into folders.
    """

    _FOLDERS = {"400": "400", "600": "600", "700": "700_2020"}
    _TAR_URLS = {
        number: f"https://s3.amazonaws.com/kinetics/{folder}/{{split}}/k{folder}_{{split}}_path.txt"
        for number, folder in _FOLDERS.items()
    }
    _ANNOTATION_URLS = {
        number: f"https://s3.amazonaws.com/kinetics/{folder}/annotations/{{split}}.csv"
        for number, folder in _FOLDERS.items()
    }

    def __init__(
        self,
        root: Place,
        frames_per_clip: int,
        num_classes: str = "400",
        split: str = "train",
        frame_rate: int | None = None,
        step_between_clips: int = 1,
        transform: Transform = None,
        extensions: tuple[str, ...] = ("avi", "mp4"),
        download: bool = False,
        num_download_workers: int = 1,
        num_workers: int = 1,
        _precomputed_metadata: dict[str, Any] | None = None,
        _video_width: int = 0,
        _video_height: int = 0,
        _video_min_dimension: int = 0,
        _audio_samples: int = 0,
        _audio_channels: int = 0,
        _legacy: bool = False,
        output_format: str = "TCHW",
    ) -> None:
        self.num_classes = verify_str_arg(num_classes, arg="num_classes", valid_values=["400", "600", "700"])
        self.extensions = extensions
        self.num_download_workers = num_download_workers
        self.root = root
        self._legacy = _legacy
        if _legacy:  # folders of classes in ``root`` itself
            self.split_folder: Any = root
            self.split = "unknown"
            output_format = "THWC"
            if download:
                raise ValueError("Cannot download the videos using legacy_structure.")
        else:
            self.split_folder = os.path.join(root, split)
            self.split = verify_str_arg(split, arg="split", valid_values=["train", "val", "test"])
        if download:
            self.download_and_process_videos()
        super().__init__(self.root)
        self.classes, numbers = find_classes(self.split_folder)
        self.samples = make_dataset(self.split_folder, numbers, extensions, is_valid_file=None)
        self.video_clips = VideoClips(
            [path for path, _ in self.samples],
            frames_per_clip,
            step_between_clips,
            frame_rate,
            _precomputed_metadata,
            num_workers=num_workers,
            _video_width=_video_width,
            _video_height=_video_height,
            _video_min_dimension=_video_min_dimension,
            _audio_samples=_audio_samples,
            _audio_channels=_audio_channels,
            output_format=output_format,
        )
        self.transform = transform

    def download_and_process_videos(self) -> None:
        """Fetch the films, unless they are there, and sort them into folders."""
        self._download_videos()
        self._make_ds_structure()

    def _download_videos(self) -> None:
        if os.path.exists(self.split_folder):
            return
        archives, lists = os.path.join(self.root, "tars"), os.path.join(self.root, "files")
        url = self._TAR_URLS[self.num_classes].format(split=self.split)
        listed = os.path.join(lists, os.path.basename(url))
        if not check_integrity(listed):
            download_url(url, lists)
        parts = [(quote(line, safe="/,:"), archives, self.split_folder) for line in lines(listed)]
        if self.num_download_workers == 1:
            for part in parts:
                download_and_extract_archive(*part)
        else:
            with Pool(self.num_download_workers) as pool:
                pool.starmap(download_and_extract_archive, parts)

    def _make_ds_structure(self) -> None:
        """Move each film into the folder of its class, by the table of what is done in which."""
        folder = os.path.join(self.root, "annotations")
        table = os.path.join(folder, f"{self.split}.csv")
        if not check_integrity(table):
            download_url(self._ANNOTATION_URLS[self.num_classes].format(split=self.split), folder)
        with open(table) as file:
            for row in csv.DictReader(file):
                name = f"{row['youtube_id']}_{int(row['time_start']):06}_{int(row['time_end']):06}.mp4"
                label = row["label"].replace(" ", "_").translate(str.maketrans("", "", "'()"))
                os.makedirs(os.path.join(self.split_folder, label), exist_ok=True)
                film = os.path.join(self.split_folder, name)
                if os.path.isfile(film):
                    os.replace(film, os.path.join(self.split_folder, label, name))

    @property
    def metadata(self) -> dict[str, Any]:
        """What was found out about the films, to be given as ``_precomputed_metadata``."""
        return self.video_clips.metadata

    def __len__(self) -> int:
        return self.video_clips.num_clips()

    def __getitem__(self, idx: int) -> tuple[Any, Any, int]:
        video, audio, _, film = self.video_clips.get_clip(idx)
        return video if self.transform is None else self.transform(video), audio, self.samples[film][1]


_list_names(__name__)

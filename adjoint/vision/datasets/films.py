"""Data sets of films, of which lists say what is to train with: clips, and what is done in them."""

from __future__ import annotations

from typing import Any

from adjoint.vision.datasets.folder import find_classes, make_dataset
from adjoint.vision.datasets.video_utils import VideoClips
from adjoint.vision.datasets.vision import Place, Transform, VisionDataset


class FilmsInFolds(VisionDataset):
    """Films in a folder for each class; three lists (``fold``) each part them into those to train with and the others.

    Items are the frames of a clip, its sound, and the number of its class.
    """

    def __init__(
        self,
        root: Place,
        annotation_path: str,
        frames_per_clip: int,
        step_between_clips: int = 1,
        frame_rate: int | None = None,
        fold: int = 1,
        train: bool = True,
        transform: Transform = None,
        _precomputed_metadata: dict[str, Any] | None = None,
        num_workers: int = 1,
        _video_width: int = 0,
        _video_height: int = 0,
        _video_min_dimension: int = 0,
        _audio_samples: int = 0,
        output_format: str = "THWC",
    ) -> None:
        super().__init__(root)
        if fold not in (1, 2, 3):
            raise ValueError(f"fold should be between 1 and 3, got {fold}")
        self.fold = fold
        self.train = train
        self.classes, numbers = find_classes(self.root)
        self.samples = make_dataset(self.root, numbers, ("avi",))
        paths = [path for path, _ in self.samples]
        self.full_video_clips = VideoClips(
            paths,
            frames_per_clip,
            step_between_clips,
            frame_rate,
            _precomputed_metadata,
            num_workers=num_workers,
            _video_width=_video_width,
            _video_height=_video_height,
            _video_min_dimension=_video_min_dimension,
            _audio_samples=_audio_samples,
            output_format=output_format,
        )
        self.indices = self._select_fold(paths, annotation_path, fold, train)
        self.video_clips = self.full_video_clips.subset(self.indices)
        self.transform = transform

    @property
    def metadata(self) -> dict[str, Any]:
        """What was found out about all the films, to be given as ``_precomputed_metadata``."""
        return self.full_video_clips.metadata

    def _select_fold(self, paths: list[str], folder: str, fold: int, train: bool) -> list[int]:
        """The numbers of the films of this half."""
        raise NotImplementedError

    def __len__(self) -> int:
        return self.video_clips.num_clips()

    def __getitem__(self, idx: int) -> tuple[Any, Any, int]:
        video, audio, _, film = self.video_clips.get_clip(idx)
        label = self.samples[self.indices[film]][1]
        return video if self.transform is None else self.transform(video), audio, label

"""Which clips of films an epoch has: evenly spaced ones, random ones, and a rank's share of them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sized
from typing import Any

import adjoint
from adjoint.names import list_names as _list_names
from adjoint.utils.data import Sampler
from adjoint.vision.datasets.video_utils import VideoClips

__all__ = ["DistributedSampler", "RandomClipSampler", "UniformClipSampler"]


class DistributedSampler(Sampler[int]):
    """A rank's share of a data set, or of what a sampler draws: groups of ``group_size`` neighbours stay together.

    What is missing for equal shares is taken from the beginning again.  ``shuffle`` shuffles by the number of the epoch.
    Raises ValueError where groups do not come out even.
    """

    def __init__(
        self,
        dataset: Sized,
        num_replicas: int | None = None,
        rank: int | None = None,
        shuffle: bool = False,
        group_size: int = 1,
    ) -> None:
        if num_replicas is None or rank is None:
            from adjoint import distributed

            if not distributed.is_available():
                raise RuntimeError("Requires distributed package to be available")
            num_replicas = distributed.get_world_size() if num_replicas is None else num_replicas
            rank = distributed.get_rank() if rank is None else rank
        if len(dataset) % group_size != 0:
            raise ValueError(
                "dataset length must be a multiplier of group size "
                f"dataset length: {len(dataset)}, group size: {group_size}"
            )
        self.dataset = dataset
        self.group_size = group_size
        self.num_replicas = num_replicas
        self.rank = rank
        self.epoch = 0
        self.num_group_samples = math.ceil(len(dataset) // group_size / num_replicas)
        self.num_samples = self.num_group_samples * group_size
        self.total_size = self.num_samples * num_replicas
        self.shuffle = shuffle

    def __iter__(self) -> Iterator[int]:
        count = len(self.dataset)
        indices = list(range(count))
        if self.shuffle:
            generator = adjoint.Generator()
            generator.manual_seed(self.epoch)
            indices = adjoint.randperm(count, generator=generator).tolist()
        indices += indices[: self.total_size - count]
        groups = [indices[i : i + self.group_size] for i in range(0, len(indices), self.group_size)]
        share = [i for group in groups[self.rank :: self.num_replicas] for i in group]
        if isinstance(self.dataset, Sampler):
            drawn = list(self.dataset)
            share = [drawn[i] for i in share]
        return iter(share)

    def __len__(self) -> int:
        return self.num_samples

    def set_epoch(self, epoch: int) -> None:
        """Say which epoch it is, for another order."""
        self.epoch = epoch


class UniformClipSampler(Sampler[int]):
    """``num_clips_per_video`` clips of each film, evenly spaced; some are repeated where a film has fewer.

    Raises TypeError for what is no :class:`VideoClips`.
    """

    def __init__(self, video_clips: VideoClips, num_clips_per_video: int) -> None:
        if not isinstance(video_clips, VideoClips):
            raise TypeError(f"Expected video_clips to be an instance of VideoClips, got {type(video_clips)}")
        self.video_clips = video_clips
        self.num_clips_per_video = num_clips_per_video

    def __iter__(self) -> Iterator[int]:
        chosen: list[Any] = []
        start = 0
        for clips in self.video_clips.clips:
            if count := len(clips):
                places = adjoint.linspace(start, start + count - 1, steps=self.num_clips_per_video)
                chosen += places.floor().to(adjoint.int64).tolist()
                start += count
        return iter(chosen)

    def __len__(self) -> int:
        return sum(self.num_clips_per_video for clips in self.video_clips.clips if len(clips))


class RandomClipSampler(Sampler[int]):
    """At most ``max_clips_per_video`` clips of each film, drawn at random, in an order that is drawn as well."""

    def __init__(self, video_clips: VideoClips, max_clips_per_video: int) -> None:
        if not isinstance(video_clips, VideoClips):
            raise TypeError(f"Expected video_clips to be an instance of VideoClips, got {type(video_clips)}")
        self.video_clips = video_clips
        self.max_clips_per_video = max_clips_per_video

    def __iter__(self) -> Iterator[int]:
        drawn: list[int] = []
        start = 0
        for clips in self.video_clips.clips:
            count = len(clips)
            drawn += [start + i for i in adjoint.randperm(count)[: self.max_clips_per_video].tolist()]
            start += count
        return iter([drawn[i] for i in adjoint.randperm(len(drawn)).tolist()])

    def __len__(self) -> int:
        return sum(min(len(clips), self.max_clips_per_video) for clips in self.video_clips.clips)


_list_names(__name__)

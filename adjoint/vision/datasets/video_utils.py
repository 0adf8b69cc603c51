"""Films as clips: every run of so many frames, at a rate that may be another than the film's.

How long films are is read by ``torchcodec``, and so are frames, as in torchvision; what was found once (``metadata``) serves
without it.
"""

from __future__ import annotations

import bisect
import math
import warnings
from typing import Any, TypeVar

import adjoint
from adjoint.names import list_names as _list_names
from adjoint.places import users_level
from adjoint.tensor import Tensor

__all__ = ["VideoClips", "unfold"]

T = TypeVar("T")

_KEPT = ("video_width", "video_height", "video_min_dimension", "video_max_dimension", "audio_samples", "audio_channels")


def _get_torchcodec() -> Any:
    try:
        import torchcodec
    except ImportError:
        raise ImportError(
            "Video decoding capabilities were removed from torchvision and migrated "
            "to TorchCodec. Please install TorchCodec following instructions at "
            "https://github.com/pytorch/torchcodec#installing-torchcodec"
        ) from None
    return torchcodec


def unfold(tensor: Tensor, size: int, step: int, dilation: int = 1) -> Tensor:
    """All runs (N, size) of a tensor of one dimension, ``step`` apart, whose elements are ``dilation`` apart; a view.

    Raises ValueError for more dimensions.

    >>> import adjoint as torch
    >>> unfold(torch.arange(6), 3, 2)
    tensor([[0, 1, 2],
            [2, 3, 4]])
    """
    if tensor.dim() != 1:
        raise ValueError(f"tensor should have 1 dimension instead of {tensor.dim()}")
    stride = tensor.stride(0)
    count = (tensor.numel() - (dilation * (size - 1) + 1)) // step + 1
    return adjoint.as_strided(tensor, (max(count, 0), size), (step * stride, dilation * stride))  # type: ignore[no-any-return]


class _VideoTimestampsDataset:
    """Of each film, the numbers of its frames and how many there are in a second; workers read them side by side."""

    def __init__(self, video_paths: list[str]) -> None:
        self.video_paths = video_paths

    def __len__(self) -> int:
        return len(self.video_paths)

    def __getitem__(self, idx: int) -> tuple[list[int], float | None]:
        known = _get_torchcodec().decoders.VideoDecoder(self.video_paths[idx]).metadata
        return list(range(known.num_frames)), known.average_fps


def _collate_fn(x: T) -> T:
    """A batch as it is."""
    return x


class VideoClips:
    """Clips of ``clip_length_in_frames`` frames of films, ``frames_between_clips`` apart; what is left at a film's end is dropped.

    ``frame_rate`` is how many frames a second has; without it each film has its own.  ``output_format`` is ``"THWC"`` or
    ``"TCHW"``; raises ValueError for another.  Raises ImportError without ``torchcodec``, unless ``_precomputed_metadata`` says
    what ``metadata`` of another such object said.
    """

    def __init__(
        self,
        video_paths: list[str],
        clip_length_in_frames: int = 16,
        frames_between_clips: int = 1,
        frame_rate: float | None = None,
        _precomputed_metadata: dict[str, Any] | None = None,
        num_workers: int = 0,
        _video_width: int = 0,
        _video_height: int = 0,
        _video_min_dimension: int = 0,
        _video_max_dimension: int = 0,
        _audio_samples: int = 0,
        _audio_channels: int = 0,
        output_format: str = "THWC",
    ) -> None:
        self.video_paths = video_paths
        self.num_workers = num_workers
        # Which torchvision takes and keeps, and its decoder does not know either.
        self._video_width, self._video_height = _video_width, _video_height
        self._video_min_dimension, self._video_max_dimension = _video_min_dimension, _video_max_dimension
        self._audio_samples, self._audio_channels = _audio_samples, _audio_channels
        self.output_format = output_format.upper()
        if self.output_format not in ("THWC", "TCHW"):
            raise ValueError(f"output_format should be either 'THWC' or 'TCHW', got {output_format}.")
        if _precomputed_metadata is None:
            self._compute_frame_pts()
        else:
            self._init_from_metadata(_precomputed_metadata)
        self.compute_clips(clip_length_in_frames, frames_between_clips, frame_rate)

    def _compute_frame_pts(self) -> None:
        from tqdm import tqdm

        from adjoint.utils.data import DataLoader

        self.video_pts: Any = []
        self.video_fps: list[float] = []
        loader: Any = DataLoader(
            _VideoTimestampsDataset(self.video_paths),  # type: ignore[arg-type]
            batch_size=16,
            num_workers=self.num_workers,
            collate_fn=_collate_fn,
        )
        for batch in tqdm(loader, total=len(loader)):
            for frames, rate in batch:
                self.video_pts.append(adjoint.as_tensor(frames, dtype=adjoint.long))
                self.video_fps.append(rate)

    def _init_from_metadata(self, metadata: dict[str, Any]) -> None:
        self.video_paths, self.video_pts, self.video_fps = (
            metadata[name] for name in ("video_paths", "video_pts", "video_fps")
        )
        assert len(self.video_paths) == len(self.video_pts) == len(self.video_fps)

    @property
    def metadata(self) -> dict[str, Any]:
        """What was found out about the films, to be given to another such object."""
        return {"video_paths": self.video_paths, "video_pts": self.video_pts, "video_fps": self.video_fps}

    def subset(self, indices: list[int]) -> VideoClips:
        """The same of some of the films."""
        chosen = {name: [values[i] for i in indices] for name, values in self.metadata.items()}
        return type(self)(
            chosen["video_paths"],
            clip_length_in_frames=self.num_frames,
            frames_between_clips=self.step,
            frame_rate=self.frame_rate,
            _precomputed_metadata=chosen,
            num_workers=self.num_workers,
            output_format=self.output_format,
            **{f"_{name}": getattr(self, f"_{name}") for name in _KEPT},
        )

    @staticmethod
    def compute_clips_for_video(
        video_pts: Tensor, num_frames: int, step: int, fps: float | None, frame_rate: float | None = None
    ) -> tuple[Tensor, Any]:
        """The clips (N, num_frames) of one film, as numbers of frames, and how each is taken from the frames that are read."""
        fps = 1 if fps is None else fps  # of a film without frames
        rate = fps if frame_rate is None else frame_rate
        count = len(video_pts) * rate / fps
        chosen = VideoClips._resample_video_idx(math.floor(count), fps, rate)
        clips = unfold(video_pts[chosen], num_frames, step)
        if not clips.numel():
            warnings.warn(
                "There aren't enough frames in the current video to get a clip for the given clip length and "
                "frames between clips. The video (and potentially others) will be skipped.",
                stacklevel=users_level(),
            )
        return clips, [chosen] * len(clips) if isinstance(chosen, slice) else unfold(chosen, num_frames, step)

    def compute_clips(self, num_frames: int, step: int, frame_rate: float | None = None) -> None:
        """Part the films into other clips."""
        self.num_frames = num_frames
        self.step = step
        self.frame_rate = frame_rate
        self.clips: list[Any] = []
        self.resampling_idxs: list[Any] = []
        for frames, fps in zip(self.video_pts, self.video_fps):
            clips, chosen = self.compute_clips_for_video(frames, num_frames, step, fps, frame_rate)
            self.clips.append(clips)
            self.resampling_idxs.append(chosen)
        lengths = adjoint.as_tensor([len(clips) for clips in self.clips])
        self.cumulative_sizes = lengths.cumsum(0).tolist()

    def __len__(self) -> int:
        return self.num_clips()

    def num_videos(self) -> int:
        """How many films there are."""
        return len(self.video_paths)

    def num_clips(self) -> int:
        """How many clips there are, of all films."""
        return self.cumulative_sizes[-1]  # type: ignore[no-any-return]

    def get_clip_location(self, idx: int) -> tuple[int, int]:
        """Which film a clip is of, and the how manieth of that film's."""
        film = bisect.bisect_right(self.cumulative_sizes, idx)
        return film, idx - (self.cumulative_sizes[film - 1] if film else 0)

    @staticmethod
    def _resample_video_idx(num_frames: int, original_fps: float, new_fps: float) -> Any:
        """Which frames are shown at another rate: every so manieth, or the last before each moment."""
        step = original_fps / new_fps
        if float(step).is_integer():
            return slice(None, None, int(step))
        return (adjoint.arange(num_frames, dtype=adjoint.float32) * step).floor().to(adjoint.int64)

    def get_clip(self, idx: int) -> tuple[Tensor, Tensor, dict[str, Any], int]:
        """A clip: its frames, its sound, how many frames a second has, and which film it is of.

        Raises IndexError where there is none, ImportError without ``torchcodec``.
        """
        if idx >= self.num_clips():
            raise IndexError(f"Index {idx} out of range ({self.num_clips()} number of clips)")
        film, number = self.get_clip_location(idx)
        path = self.video_paths[film]
        first, last = (int(self.clips[film][number][i].item()) for i in (0, -1))
        decoders = _get_torchcodec().decoders
        decoder = decoders.VideoDecoder(path, dimension_order="NHWC" if self.output_format == "THWC" else "NCHW")
        video = adjoint.as_tensor(decoder.get_frames_at(indices=list(range(first, last + 1))).data)
        fps = decoder.metadata.average_fps
        try:
            sound = decoders.AudioDecoder(path).get_samples_played_in_range(
                start_seconds=first / fps, stop_seconds=(last + 1) / fps
            )
            audio = adjoint.as_tensor(sound.data)
        except Exception:  # a film without sound
            audio = adjoint.empty((1, 0), dtype=adjoint.float32)
        if self.frame_rate is not None:
            chosen = self.resampling_idxs[film][number]
            video = video[chosen - chosen[0] if isinstance(chosen, Tensor) else chosen]
            fps = self.frame_rate
        assert len(video) == self.num_frames, f"{video.shape} x {self.num_frames}"
        return video, audio, {"video_fps": fps}, film

    def __getstate__(self) -> dict[str, Any]:
        state = dict(vars(self))
        for derived in ("clips", "resampling_idxs", "cumulative_sizes"):
            del state[derived]
        frames = [frame.to(adjoint.int64) for frame in self.video_pts]
        state["video_pts_sizes"] = [len(frame) for frame in frames]
        state["video_pts"] = adjoint.cat(frames).numpy() if frames else frames
        state["_version"] = 2
        return state

    def __setstate__(self, d: dict[str, Any]) -> None:
        if "_version" in d:
            sizes = d.pop("video_pts_sizes")
            d["video_pts"] = adjoint.split(adjoint.as_tensor(d["video_pts"], dtype=adjoint.int64), sizes, dim=0)
        vars(self).update(d)
        if "_version" in d:
            self.compute_clips(self.num_frames, self.step, self.frame_rate)


_list_names(__name__)

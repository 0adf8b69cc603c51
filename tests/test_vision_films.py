"""Films as clips, and which of them an epoch has: torchvision's, from a seed too."""

from __future__ import annotations

import pickle
import sys
import warnings
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

import adjoint
from adjoint.vision import datasets
from adjoint.vision.datasets import samplers, video_utils
from tests.torchvision_files import torchvision

theirs = torchvision("datasets")
their_films, their_samplers = torchvision("datasets.video_utils"), torchvision("datasets.samplers")

LENGTHS = {"a": (12, 5.0), "b": (3, 5.0), "c": (20, 2.5)}  # of each film: frames, and how many of them a second has


class _Decoder:
    """What of ``torchcodec`` is used: a frame is full of its number."""

    tensor: Any = None

    def __init__(self, path: str, dimension_order: str = "NCHW") -> None:
        self.frames, rate = LENGTHS[Path(path).stem]
        self.shape = (2, 3, 3) if dimension_order == "NHWC" else (3, 2, 3)
        self.metadata = SimpleNamespace(num_frames=self.frames, average_fps=rate)

    def get_frames_at(self, indices: list[int]) -> Any:
        assert indices[-1] < self.frames
        return SimpleNamespace(data=_Decoder.tensor(np.array([np.full(self.shape, i, np.uint8) for i in indices])))


class _Sound:
    def __init__(self, path: str) -> None:
        if Path(path).stem == "c":
            raise ValueError("no sound")

    def get_samples_played_in_range(self, start_seconds: float, stop_seconds: float) -> Any:
        return SimpleNamespace(data=_Decoder.tensor(np.array([[start_seconds, stop_seconds]], np.float32)))


@pytest.fixture
def decoder(monkeypatch: pytest.MonkeyPatch) -> None:
    decoders = SimpleNamespace(VideoDecoder=_Decoder, AudioDecoder=_Sound)
    monkeypatch.setitem(sys.modules, "torchcodec", SimpleNamespace(decoders=decoders))


SIDES = ((datasets, video_utils, adjoint.from_numpy), (theirs, their_films, torch.from_numpy))


def _clips(films: Any, from_numpy: Any, **options: Any) -> Any:
    _Decoder.tensor = staticmethod(from_numpy)
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        clips = films.VideoClips([f"{name}.avi" for name in LENGTHS], **options)
    return clips, [str(one.message) for one in warned]


@pytest.mark.parametrize(
    "options",
    [
        {}, {"clip_length_in_frames": 4}, {"clip_length_in_frames": 4, "frames_between_clips": 3, "output_format": "tchw"},
        {"clip_length_in_frames": 3, "frame_rate": 5}, {"clip_length_in_frames": 3, "frame_rate": 2},
        {"clip_length_in_frames": 3, "frame_rate": 2.5},
    ],
)  # fmt: skip
def test_clips_are_torchvisions(options: dict[str, Any], decoder: None) -> None:
    outcomes = []
    for _, films, from_numpy in SIDES:
        clips, warned = _clips(films, from_numpy, **options)
        again = pickle.loads(pickle.dumps(clips))
        assert [one.tolist() for one in again.clips] == [one.tolist() for one in clips.clips]
        samples = []
        for i in range(0, len(clips), 3):
            try:
                video, audio, info, film = clips.get_clip(i)
            except AssertionError as error:  # frames that are shown twice were read once
                samples.append(str(error))
                continue
            samples.append((str(video.dtype), video.tolist(), audio.tolist(), info, film))  # type: ignore[arg-type]
        part = clips.subset([2, 0])
        facts = (
            len(clips),
            clips.num_videos(),
            clips.cumulative_sizes,
            [one.tolist() for one in clips.clips],
            len(part),
            part.video_paths,
        )
        with pytest.raises(IndexError) as beyond:
            clips.get_clip(len(clips))
        outcomes.append((warned, samples, facts, str(beyond.value), clips.get_clip_location(max(len(clips) - 1, 0))))
    assert outcomes[0] == outcomes[1]


def test_runs_of_a_tensor() -> None:
    for size, step, dilation in ((3, 1, 1), (3, 2, 2), (1, 4, 1), (20, 1, 1)):
        ours = video_utils.unfold(adjoint.arange(9), size, step, dilation)
        other = their_films.unfold(torch.arange(9), size, step, dilation)
        assert (ours.tolist(), tuple(ours.shape)) == (other.tolist(), tuple(other.shape))
    with pytest.raises(ValueError, match="tensor should have 1 dimension instead of 2"):
        video_utils.unfold(adjoint.ones(2, 2), 1, 1)


def test_samplers_draw_torchvisions_numbers(decoder: None) -> None:
    ours, _ = _clips(video_utils, adjoint.from_numpy, clip_length_in_frames=4)
    other, _ = _clips(their_films, torch.from_numpy, clip_length_in_frames=4)
    for name, count in (
        ("UniformClipSampler", 3),
        ("UniformClipSampler", 30),
        ("RandomClipSampler", 5),
        ("RandomClipSampler", 90),
    ):
        adjoint.manual_seed(3)
        torch.manual_seed(3)
        mine, expected = getattr(samplers, name)(ours, count), getattr(their_samplers, name)(other, count)
        assert (list(mine), len(mine)) == (list(expected), len(expected)), name
        with pytest.raises(TypeError, match="Expected video_clips to be an instance of VideoClips"):
            getattr(samplers, name)([1], count)
    for options in ({}, {"shuffle": True}, {"group_size": 2}, {"group_size": 2, "shuffle": True}):
        for rank in range(3):
            mine = samplers.DistributedSampler(range(14), 3, rank, **options)  # type: ignore[arg-type]
            expected = their_samplers.DistributedSampler(range(14), 3, rank, **options)
            for sampler in (mine, expected):
                sampler.set_epoch(2)
            assert (list(mine), len(mine)) == (list(expected), len(expected))
    inner = samplers.DistributedSampler(samplers.UniformClipSampler(ours, 3), 2, 1)
    assert list(inner) == list(their_samplers.DistributedSampler(their_samplers.UniformClipSampler(other, 3), 2, 1))
    with pytest.raises(ValueError, match="dataset length must be a multiplier of group size"):
        samplers.DistributedSampler(range(5), 1, 0, group_size=2)


def _films(root: Path) -> None:
    for name in (
        "films/walk/a.avi",
        "films/walk/b.avi",
        "films/run/c.avi",
        "kinetics/train/walk/a.mp4",
        "kinetics/train/run/c.mp4",
    ):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    (root / "lists").mkdir()
    (root / "lists" / "trainlist01.txt").write_text("walk/a.avi 1\nrun/c.avi 2\n")
    (root / "lists" / "walk_test_split1.txt").write_text("a.avi 1\nb.avi 2\n")
    (root / "lists" / "run_test_split1.txt").write_text("c.avi 1\n")


def test_data_sets_of_films_are_torchvisions(decoder: None, tmp_path: Path) -> None:
    _films(tmp_path)
    films, lists = str(tmp_path / "films"), str(tmp_path / "lists")
    cases: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = [
        ("UCF101", (films, lists, 3), {"step_between_clips": 4, "num_workers": 0}),
        ("UCF101", (films, lists, 3), {"fold": 4}),
        ("UCF101", (films, lists, 3), {"fold": 2, "num_workers": 0}),
        ("HMDB51", (films, lists, 3), {"step_between_clips": 2, "num_workers": 0, "output_format": "TCHW"}),
        ("HMDB51", (films, lists, 2), {"train": False, "num_workers": 0, "transform": "shape"}),
        ("Kinetics", (str(tmp_path / "kinetics"), 5), {"num_workers": 0, "step_between_clips": 5}),
        ("Kinetics", (str(tmp_path / "kinetics" / "train"), 5), {"num_workers": 0, "_legacy": True}),
        ("Kinetics", (str(tmp_path / "kinetics"), 5), {"num_classes": "500"}),
        ("Kinetics", (str(tmp_path / "kinetics"), 5), {"_legacy": True, "download": True}),
    ]
    for name, values, options in cases:
        outcomes = []
        for module, _, from_numpy in SIDES:
            _Decoder.tensor = staticmethod(from_numpy)
            given = {**options, "transform": lambda video: video.float()} if "transform" in options else options
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    data = getattr(module, name)(*values, **given)
            except (ValueError, FileNotFoundError) as error:
                outcomes.append((type(error), str(error)))
                continue
            samples = [
                (str(video.dtype), video.tolist(), audio.tolist(), label)
                for video, audio, label in map(data.__getitem__, range(len(data)))
            ]
            outcomes.append((samples, data.classes, data.samples, repr(data), data.metadata["video_fps"]))  # type: ignore[arg-type]
            if name == "Kinetics" and not options.get("_legacy"):
                video = module.wrap_dataset_for_transforms_v2(data)[0][0]
                assert type(video).__name__ == "Video"
        assert outcomes[0] == outcomes[1], (name, options)


def test_without_a_decoder_it_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _films(tmp_path)
    monkeypatch.setitem(sys.modules, "torchcodec", None)
    with pytest.raises(ImportError, match="Please install TorchCodec"):
        datasets.UCF101(tmp_path / "films", str(tmp_path / "lists"), 3, num_workers=0)

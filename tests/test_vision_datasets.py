"""Data sets of images: folders, and files of published formats."""

from __future__ import annotations

import gzip
import hashlib
import pickle
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import adjoint
from adjoint.vision import datasets, transforms
from adjoint.vision.datasets import utils

Image = pytest.importorskip("PIL.Image")


def _folder(root: Path, *classes: str) -> Path:
    for i, name in enumerate(classes):
        (root / name).mkdir(parents=True)
        (root / name / "notes.txt").write_text("no image")
        Image.new("RGB", (4, 3), (i * 100, 0, 0)).save(root / name / f"{i}.png")
    return root


def test_a_folder_of_images_has_a_class_for_each_subfolder(tmp_path: Path) -> None:
    data = datasets.ImageFolder(_folder(tmp_path, "dog", "cat"), transforms.ToTensor(), lambda target: target * 10)
    assert (len(data), data.classes, data.class_to_idx, data.targets) == (
        2,
        ["cat", "dog"],
        {"cat": 0, "dog": 1},
        [0, 1],
    )
    image, target = data[0]
    assert tuple(image.shape) == (3, 3, 4) and target == 0 and data[1][1] == 10
    assert [Path(path).name for path, _ in data.imgs] == ["1.png", "0.png"]
    lines = repr(data).splitlines()
    assert lines[:3] == ["Dataset ImageFolder", "    Number of datapoints: 2", f"    Root location: {tmp_path}"]
    assert lines[3:5] == ["    StandardTransform", "Transform: ToTensor()"]


def test_a_class_without_images_is_refused_unless_it_may_be_empty(tmp_path: Path) -> None:
    _folder(tmp_path, "cat")
    (tmp_path / "empty").mkdir()
    with pytest.raises(
        FileNotFoundError, match=r"Found no valid file for the classes empty. Supported extensions are: .jpg, "
    ):
        datasets.ImageFolder(tmp_path)
    assert len(datasets.ImageFolder(tmp_path, allow_empty=True)) == 1
    with pytest.raises(FileNotFoundError, match="Couldn't find any class folder"):
        datasets.ImageFolder(tmp_path / "cat")
    with pytest.raises(ValueError, match="Only transforms or transform/target_transform"):
        datasets.VisionDataset(tmp_path, transforms=len, transform=len)


def test_other_files_are_read_by_a_loader(tmp_path: Path) -> None:
    _folder(tmp_path, "cat", "dog")
    texts = datasets.DatasetFolder(tmp_path, lambda path: Path(path).read_text(), extensions=(".txt",))
    assert [texts[i] for i in range(2)] == [("no image", 0), ("no image", 1)]
    named = datasets.DatasetFolder(tmp_path, str, is_valid_file=lambda path: path.endswith("1.png"), allow_empty=True)
    assert [target for _, target in named.samples] == [1]
    with pytest.raises(ValueError, match="Both extensions and is_valid_file"):
        datasets.DatasetFolder(tmp_path, str)


def _idx(values: Any) -> bytes:
    """An array in MNIST's format."""
    return struct.pack(f">{1 + values.ndim}i", 0x800 + values.ndim, *values.shape) + values.tobytes()


def _mnist(root: Path, name: str) -> Any:
    raw = root / name / "raw"
    raw.mkdir(parents=True)
    images = np.random.default_rng(0).integers(0, 256, (5, 28, 28), dtype=np.uint8)
    for half, count in (("train", 5), ("t10k", 2)):
        (raw / f"{half}-images-idx3-ubyte").write_bytes(_idx(images[:count]))
        (raw / f"{half}-labels-idx1-ubyte").write_bytes(_idx(np.arange(count, dtype=np.uint8)))
    return images


@pytest.mark.parametrize("name", ["MNIST", "FashionMNIST", "KMNIST"])
def test_mnist_is_read_from_its_files(tmp_path: Path, name: str) -> None:
    images = _mnist(tmp_path, name)
    data = getattr(datasets, name)(tmp_path, train=True, transform=transforms.ToTensor())
    assert (len(data), data.data.tolist(), data.targets.tolist()) == (5, images.tolist(), [0, 1, 2, 3, 4])
    assert data.targets.dtype is adjoint.int64 and len(data.classes) == 10 and data.class_to_idx[data.classes[3]] == 3
    image, target = data[4]
    assert tuple(image.shape) == (1, 28, 28) and target == 4 and "Split: Train" in repr(data)
    assert len(getattr(datasets, name)(tmp_path, train=False)) == 2
    assert getattr(datasets, name)(tmp_path)[0][0].mode == "L"


def test_what_is_not_there_or_no_such_file_is_refused(tmp_path: Path) -> None:
    for kind in (datasets.MNIST, datasets.CIFAR10):
        with pytest.raises(RuntimeError, match="You can use download=True to download it"):
            kind(tmp_path)
    (tmp_path / "broken").write_bytes(b"\0\0\x08\x01\0\0\0\x09ab")
    with pytest.raises(ValueError, match="has 2 values, and says that it has 9"):
        datasets.mnist.read_sn3_pascalvincent_tensor(tmp_path / "broken")
    (tmp_path / "broken").write_bytes(b"GIF89a")
    with pytest.raises(ValueError, match="no file of MNIST's format"):
        datasets.mnist.read_label_file(tmp_path / "broken")


def test_cifar_is_read_from_its_files(tmp_path: Path) -> None:
    folder = tmp_path / "cifar-10-batches-py"
    folder.mkdir()
    pixels = np.random.default_rng(0).integers(0, 256, (3, 3072), dtype=np.uint8)

    def write(name: str, content: Any) -> list[str]:
        (folder / name).write_bytes(pickle.dumps(content))
        return [name, hashlib.md5((folder / name).read_bytes()).hexdigest()]

    class Small(datasets.CIFAR10):
        train_list = [write(f"data_batch_{i}", {"data": pixels, "labels": [0, 1, i]}) for i in (1, 2)]
        test_list = [write("test_batch", {"data": pixels[:1], "labels": [1]})]
        meta = dict(
            zip(("filename", "md5"), write("batches.meta", {"label_names": ["plane", "car", "bird"]})),
            key="label_names",
        )

    data = Small(tmp_path, transform=transforms.ToTensor())
    assert (len(data), data.targets, data.classes, data.data.shape) == (
        6,
        [0, 1, 1, 0, 1, 2],
        ["plane", "car", "bird"],
        (6, 32, 32, 3),
    )
    assert data[5][1] == 2 and adjoint.equal(
        (data[0][0] * 255).round().to(adjoint.uint8).flatten(), adjoint.tensor(pixels[0])
    )
    assert len(Small(tmp_path, train=False)) == 1
    (folder / "test_batch").write_bytes(b"changed")
    with pytest.raises(RuntimeError, match="not found or corrupted"):
        Small(tmp_path)


def test_downloads_are_checked_and_unpacked(tmp_path: Path) -> None:
    packed = tmp_path / "file.gz"
    packed.write_bytes(gzip.compress(b"values"))
    md5 = hashlib.md5(packed.read_bytes()).hexdigest()
    utils.download_and_extract_archive(packed.as_uri(), tmp_path / "there", md5=md5)
    assert (tmp_path / "there" / "file").read_bytes() == b"values"
    with pytest.raises(RuntimeError, match="File not found or corrupted"):
        utils.download_url(packed.as_uri(), tmp_path / "elsewhere", md5="0" * 32)
    with pytest.raises(RuntimeError, match=r"Unknown compression or archive type: .\.rar"):
        utils.extract_archive(tmp_path / "file.rar")


def test_fake_images_are_the_same_each_time_and_leave_the_generator_alone() -> None:
    adjoint.manual_seed(0)
    before = adjoint.get_rng_state()
    data = datasets.FakeData(4, (3, 8, 8), 5, transforms.ToTensor())
    assert adjoint.equal(data[1][0], data[1][0]) and data[1][1] == data[1][1] < 5
    assert adjoint.equal(adjoint.get_rng_state(), before)
    with pytest.raises(IndexError, match="FakeData index out of range"):
        data[4]

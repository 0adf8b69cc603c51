"""Data sets that are published: small files in each one's format, read as torchvision reads them."""

from __future__ import annotations

import copy
import inspect
import json
import pickle
import random
import shutil
import sys
import typing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

import adjoint
from adjoint.vision import datasets
from tests.torchvision_files import torchvision

pytest.importorskip("PIL")
from tests.vision_layouts import LAYOUTS, png_bytes, png_of_16_bits

theirs = torchvision("datasets")


def _comparable(value: Any) -> Any:
    """A sample as what can be compared: pictures and tensors as their mode or dtype, and their contents."""
    if hasattr(value, "getpixel"):
        return "picture", value.mode, np.asarray(value).tolist()
    if isinstance(value, (torch.Tensor, adjoint.Tensor)):
        return "tensor", str(value.dtype), tuple(value.shape), value.numpy().tolist()
    if isinstance(value, np.ndarray):
        return "array", value.dtype.str, value.shape, value.tolist()
    if isinstance(value, dict):
        return {key: _comparable(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value).__name__, [_comparable(one) for one in value]
    return type(value).__name__, value


_FACTS = (
    "classes", "class_to_idx", "targets", "labels", "samples", "imgs", "images", "categories", "y", "index", "pair_names", "wnids",
    "wnid_to_idx", "attr_names", "bin_class_to_idx", "mean", "ids", "captions", "photos", "categories_index", "split", "_labels",
    "_samples", "_image_files", "_images", "_disparities", "_image_list", "_flow_list", "images_dir", "variant",
)  # fmt: skip


def _outcome(module: Any, name: str, root: Path, options: dict[str, Any]) -> Any:
    """Everything that a data set says of itself, and its samples; or its error."""
    options = {
        key: value.format(root=root) if isinstance(value, str) else copy.copy(value) for key, value in options.items()
    }
    random.seed(0)
    try:
        data = getattr(module, name)(*([] if name == "FakeData" else [str(root)]), **options)
        samples = [_comparable(data[i]) for i in range(len(data))]
    except (RuntimeError, ValueError, TypeError, FileNotFoundError, KeyError) as error:
        return type(error), str(error)
    facts = {
        fact: _comparable(getattr(data, fact))
        for fact in _FACTS
        if hasattr(data, fact) and not callable(getattr(data, fact))
    }
    changed = getattr(module, name)
    for argument in ("transform", "target_transform"):
        if argument in inspect.signature(changed).parameters and options.get("target_type") != []:
            seen: list[Any] = []
            again = changed(*([] if name == "FakeData" else [str(root)]), **options, **{argument: seen.append})
            random.seed(0)
            if name != "FakeData":
                again[0]
            facts[argument] = [_comparable(one) for one in seen]
    return repr(data), samples, facts


@pytest.fixture
def unchecked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files are what they should be if they are there: these are not the publishers'."""
    import importlib
    import pkgutil

    for module, prefix in ((theirs, "torchvision.datasets."), (datasets, "adjoint.vision.datasets.")):
        for found in pkgutil.iter_modules(module.__path__):
            imported = importlib.import_module(prefix + found.name)
            if "check_integrity" in vars(imported):
                monkeypatch.setattr(imported, "check_integrity", lambda path, md5=None: Path(path).is_file())


@pytest.mark.parametrize("name", LAYOUTS)
def test_a_published_format_is_read_as_torchvision_reads_it(name: str, tmp_path: Path, unchecked: None) -> None:
    outcomes = []
    for module in (theirs, datasets):  # in one folder after the other, for some write into it
        (tmp_path / "data").mkdir()
        LAYOUTS[name].write(tmp_path / "data")
        outcomes.append([_outcome(module, name, tmp_path / "data", options) for options in LAYOUTS[name].options])
        for path in tmp_path.iterdir():
            shutil.rmtree(path)
    for options, expected, got in zip(LAYOUTS[name].options, *outcomes):
        assert got == expected, options


@pytest.mark.parametrize("name", [name for name in LAYOUTS if name != "FakeData"])
def test_what_is_not_there_has_torchvisions_error(name: str, tmp_path: Path) -> None:
    options = LAYOUTS[name].options[0]
    expected = _outcome(theirs, name, tmp_path, options)
    assert _outcome(datasets, name, tmp_path, options) == expected and isinstance(expected[0], type)


def test_names_and_signatures_are_torchvisions() -> None:
    assert set(datasets.__all__) == set(theirs.__all__)
    for name in datasets.__all__:
        assert name[0] == "w" or typing.get_type_hints(getattr(datasets, name).__init__)
        ours, other = (inspect.signature(getattr(module, name)).parameters for module in (datasets, theirs))
        assert [(p.name, p.kind) for p in ours.values()] == [(p.name, p.kind) for p in other.values()], name
        for key, parameter in ours.items():
            assert getattr(parameter.default, "__name__", parameter.default) == getattr(
                other[key].default, "__name__", other[key].default
            ), (name, key)


def test_addresses_checksums_and_other_facts_are_torchvisions() -> None:
    for name in set(datasets.__all__) - {"wrap_dataset_for_transforms_v2"}:
        ours, other = getattr(datasets, name), getattr(theirs, name)
        for key in dir(other):
            value = getattr(other, key)
            if (
                isinstance(value, (str, list, tuple, dict, int))
                and key[:2] != "__"
                and not hasattr(theirs.VisionDataset, key)
            ):
                assert (name, key, getattr(ours, key, None)) == (name, key, value)
    for module, key in (("imagenet", "ARCHIVE_META"), ("inaturalist", "DATASET_URLS"), ("inaturalist", "DATASET_MD5")):
        assert getattr(getattr(datasets, module), key) == getattr(getattr(theirs, module), key)
    assert datasets.voc.DATASET_YEAR_DICT == theirs.voc.DATASET_YEAR_DICT


class _Database(dict[bytes, bytes]):
    """What of ``lmdb`` and ``h5py`` is used, for neither is installed with the tests."""

    begin = __enter__ = lambda self, **options: self
    __exit__ = lambda self, *error: None
    stat = lambda self: {"entries": len(self)}
    cursor = lambda self: self
    iternext = lambda self, **options: iter(self)


class _Coco:
    """What of ``pycocotools.coco.COCO`` is used."""

    def __init__(self, path: str) -> None:
        found = json.loads(Path(path).read_text())
        self.imgs = {image["id"]: image for image in found["images"]}
        self.anns = {note["id"]: note for note in found["annotations"]}

    def loadImgs(self, number: int) -> Any:
        return [self.imgs[number]]

    def getAnnIds(self, number: int) -> Any:
        return [key for key, note in self.anns.items() if note["image_id"] == number]

    def loadAnns(self, numbers: Any) -> Any:
        return [self.anns[number] for number in numbers]


@pytest.fixture
def libraries(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)  # LSUN keeps a file there
    pictures = {f"key{i}".encode(): png_bytes(4, 5 + i, 3) for i in range(3)}
    monkeypatch.setitem(sys.modules, "lmdb", SimpleNamespace(open=lambda root, **options: _Database(pictures)))
    tables = {
        "x": np.arange(2 * 96 * 96 * 3, dtype=np.uint8).reshape(2, 96, 96, 3),
        "y": np.arange(2).reshape(2, 1, 1, 1),
    }
    monkeypatch.setitem(sys.modules, "h5py", SimpleNamespace(File=lambda path: _Database(tables)))
    monkeypatch.setitem(sys.modules, "pycocotools", SimpleNamespace())
    monkeypatch.setitem(sys.modules, "pycocotools.coco", SimpleNamespace(COCO=_Coco))


def test_formats_that_other_libraries_read(libraries: None, tmp_path: Path) -> None:
    (tmp_path / "pcam").mkdir()
    for which in "xy":
        (tmp_path / "pcam" / f"camelyonpatch_level_2_split_train_{which}.h5").touch()
    (tmp_path / "1.png").write_bytes(png_bytes(4, 5, 3))
    (tmp_path / "2.png").write_bytes(png_bytes(5, 5, 3))
    images = [{"id": 9, "file_name": "1.png"}, {"id": 4, "file_name": "2.png"}]
    notes = [{"id": i, "image_id": 9, "caption": f"No. {i}", "bbox": [1, 2, 2, 1], "category_id": i} for i in (1, 2)]
    (tmp_path / "notes.json").write_text(json.dumps({"images": images, "annotations": notes}))
    for name, options in (
        ("PCAM", {}), ("PCAM", {"split": "val"}), ("PCAM", {"split": "no"}), ("LSUN", {"classes": "val"}),
        ("LSUN", {"classes": "test"}), ("LSUN", {"classes": ["tower_train", "dining_room_val"]}),
        ("LSUN", {"classes": ["attic_train"]}), ("LSUN", {"classes": ["tower_no"]}), ("LSUN", {"classes": "no"}),
        ("LSUN", {"classes": 3}), ("LSUN", {"classes": [3]}), ("LSUNClass", {}),
        ("CocoDetection", {"annFile": "{root}/notes.json"}), ("CocoCaptions", {"annFile": "{root}/notes.json"}),
    ):  # fmt: skip
        assert _outcome(datasets, name, tmp_path, options) == _outcome(theirs, name, tmp_path, options), (name, options)
    data = datasets.CocoDetection(str(tmp_path), str(tmp_path / "notes.json"))
    with pytest.raises(ValueError, match="Index must be of type integer"):
        data["1"]  # type: ignore[index]
    image, target = datasets.wrap_dataset_for_transforms_v2(data)[1]
    assert (
        target["boxes"].tolist() == [[1, 2, 3, 3]] * 2
        and target["labels"].tolist() == [1, 2]
        and target["image_id"] == 9
    )


def test_without_such_a_library_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, missing, options in (
        ("PCAM", "h5py", {}),
        ("LSUN", "lmdb", {}),
        ("CocoDetection", "pycocotools", {"annFile": "x"}),
    ):
        monkeypatch.setitem(sys.modules, missing, None)
        outcomes = [_outcome_of_import(module, name, options) for module in (datasets, theirs)]
        assert outcomes[0] == outcomes[1] and missing in outcomes[0][1]


def _outcome_of_import(module: Any, name: str, options: Any) -> Any:
    with pytest.raises((ImportError, RuntimeError)) as caught:
        getattr(module, name)("no", **options)
    return type(caught.value), str(caught.value)


@pytest.mark.parametrize("name", ["KittiFlow", "HD1K"])
def test_flow_in_pictures_of_16_bits(name: str, tmp_path: Path) -> None:
    """torchvision reads them by native code, which is not there: the values are those of KITTI's notes."""
    flow = np.random.default_rng(0).integers(-9000, 9000, (4, 5, 2)) / 64
    seen = np.arange(20).reshape(4, 5, 1) % 3 > 0
    pixels = np.concatenate([flow * 64 + 2**15, seen], axis=2).astype(np.uint16)
    if name == "KittiFlow":
        folders = {"training/image_2": ("000000_10", "000000_11"), "testing/image_2": ("000000_10", "000000_11")}
        png_of_16_bits(tmp_path / name / "training" / "flow_occ" / "000000_10.png", pixels)
        root = tmp_path / name
    else:
        folders = {
            "hd1k_input/image_2": ("000003_0000", "000003_0001"),
            "hd1k_challenge/image_2": ("000001_10", "000001_11"),
        }
        for i in range(2):
            png_of_16_bits(tmp_path / "hd1k" / "hd1k_flow_gt" / "flow_occ" / f"000003_000{i}.png", pixels)
        root = tmp_path / "hd1k"
    for folder, names in folders.items():
        (root / folder).mkdir(parents=True, exist_ok=True)
        for i, picture in enumerate(names):
            (root / folder / f"{picture}.png").write_bytes(png_bytes(4, 5 + i, 3))
    data = getattr(datasets, name)(tmp_path)
    first, second, found, mask = data[0]
    assert (len(data), first.size, second.size) == (1, (5, 4), (6, 4))
    assert (
        found.dtype == np.float32
        and np.array_equal(found.transpose(1, 2, 0), flow)
        and np.array_equal(mask, seen[..., 0])
    )
    assert len(2 * data) == 2 and getattr(datasets, name)(tmp_path, split="test")[0][2:] == (None, None)
    (root / next(iter(folders)) / "000000_11.png").unlink(missing_ok=True)
    with pytest.raises(FileNotFoundError, match="Please make sure the directory structure is correct"):
        getattr(datasets, name)(tmp_path / "no")


WRAPPED: list[tuple[str, dict[str, Any], Any]] = [
    ("MNIST", {}, None), ("MNIST", {}, ["boxes"]), ("DTD", {}, None), ("Caltech101", {}, None),
    ("Caltech101", {"target_type": "annotation"}, None), ("VOCSegmentation", {}, None), ("VOCDetection", {}, None),
    ("VOCDetection", {}, "all"), ("VOCDetection", {}, ["no"]), ("VOCDetection", {}, 3),
    ("SBDataset", {"mode": "segmentation"}, None), ("SBDataset", {}, None),
    ("CelebA", {"target_type": ["bbox", "identity"]}, None), ("CelebA", {}, None), ("Kitti", {}, None), ("Kitti", {}, "all"),
    ("Kitti", {}, ["type", "boxes"]), ("Kitti", {"train": False}, None), ("OxfordIIITPet", {}, None),
    ("OxfordIIITPet", {"target_types": ["category", "segmentation"]}, None), ("OxfordIIITPet", {"target_types": []}, None),
    ("Cityscapes", {"target_type": ["instance", "semantic"]}, None), ("Cityscapes", {"target_type": "color"}, None),
    ("WIDERFace", {}, None), ("WIDERFace", {}, ["bbox"]), ("WIDERFace", {"split": "test"}, None),
]  # fmt: skip


@pytest.mark.parametrize("case", range(len(WRAPPED)), ids=lambda case: f"{WRAPPED[case][0]}-{case}")
def test_samples_are_wrapped_for_the_newer_transforms(case: int, tmp_path: Path, unchecked: None) -> None:
    name, options, keys = WRAPPED[case]
    LAYOUTS[name].write(tmp_path)
    outcomes = []
    for module in (datasets, theirs):
        data = getattr(module, name)(str(tmp_path), **options)
        try:
            wrapped = module.wrap_dataset_for_transforms_v2(data, keys)
        except (TypeError, ValueError, RuntimeError) as error:
            outcomes.append((type(error), str(error)))
            continue
        assert isinstance(wrapped, type(data)) and len(wrapped) == len(data)
        if module is datasets:  # of some torchvision's has no text
            assert repr(wrapped).startswith("Dataset Wrapped")
        outcomes.append([(type(one).__name__, _comparable(one)) for i in range(len(wrapped)) for one in wrapped[i]])
    assert outcomes[0] == outcomes[1]


def test_a_wrapped_data_set_is_pickled_with_its_transforms(tmp_path: Path, unchecked: None) -> None:
    LAYOUTS["VOCDetection"].write(tmp_path)
    plain = datasets.VOCDetection(str(tmp_path), transforms=_pair)
    wrapped = pickle.loads(pickle.dumps(datasets.wrap_dataset_for_transforms_v2(plain, "all")))
    assert wrapped[0] == "changed" and wrapped.images == plain.images
    with pytest.raises(TypeError, match="This wrapper is meant for subclasses"):
        datasets.wrap_dataset_for_transforms_v2([1])


def _pair(image: Any, target: Any) -> str:
    return "changed"


def test_a_data_set_is_pickled(tmp_path: Path, unchecked: None) -> None:
    LAYOUTS["MNIST"].write(tmp_path)
    data = datasets.MNIST(tmp_path)
    assert _comparable(pickle.loads(pickle.dumps(data))[2]) == _comparable(data[2])


def test_a_partition_that_does_not_exist_is_refused() -> None:
    """torchvision lets any integer pass, and then misses a file."""
    with pytest.raises(ValueError, match="Parameter 'partition' should be an integer with"):
        datasets.DTD("no", partition=11)

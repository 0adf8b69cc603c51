"""Data sets that are published: small files in each one's format, read as torchvision reads them."""

from __future__ import annotations

import copy
import inspect
import pickle
import random
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import adjoint
from adjoint.vision import datasets
from tests.torchvision_files import torchvision

pytest.importorskip("PIL")
from tests.vision_layouts import LAYOUTS

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


def test_a_data_set_is_pickled(tmp_path: Path, unchecked: None) -> None:
    LAYOUTS["MNIST"].write(tmp_path)
    data = datasets.MNIST(tmp_path)
    assert _comparable(pickle.loads(pickle.dumps(data))[2]) == _comparable(data[2])


def test_a_partition_that_does_not_exist_is_refused() -> None:
    """torchvision lets any integer pass, and then misses a file."""
    with pytest.raises(ValueError, match="Parameter 'partition' should be an integer with"):
        datasets.DTD("no", partition=11)

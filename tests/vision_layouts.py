"""Small files in the formats of published data sets: a function writes one data set's, and says how it may be asked for.

``LAYOUTS`` has, for the name of each data set, what writes its files into a folder, what is given beside the folder, and the
options to try.
"""

from __future__ import annotations

import bz2
import csv
import io
import json
import pickle
import struct
import tarfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image


class Layout(NamedTuple):
    """How a data set's files are written, what follows the folder, and the options to try."""

    write: Callable[[Path], Any]
    options: tuple[dict[str, Any], ...]


LAYOUTS: dict[str, Layout] = {}


def _layout(*names: str, options: tuple[dict[str, Any], ...] = ({},)) -> Any:
    def declare(write: Callable[[Path], Any]) -> Callable[[Path], Any]:
        LAYOUTS.update(dict.fromkeys(names, Layout(write, options)))
        return write

    return declare


def _numbers(*shape: int, below: int = 256, dtype: Any = np.uint8) -> Any:
    return np.random.default_rng(sum(shape)).integers(0, below, shape).astype(dtype)


def _picture(path: Path, *shape: int) -> None:
    """A picture with noise in it, in the format that the path names; its size depends on its name."""
    path.parent.mkdir(parents=True, exist_ok=True)
    shade = zlib.crc32(path.name.encode()) % 200
    pixels = (_numbers(*(shape or (6, 5, 3)), below=50) + shade).astype(np.uint8)
    Image.fromarray(pixels).save(path)


def _text(path: Path, *lines: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(line + "\n" for line in lines))


def _mat(path: Path, **values: Any) -> None:
    from scipy.io import savemat

    path.parent.mkdir(parents=True, exist_ok=True)
    savemat(path, values)


def _records(**columns: Any) -> Any:
    """An array of records, as MATLAB's structures are."""
    rows = list(zip(*columns.values()))
    return np.array(rows, dtype=[(name, object) for name in columns])


def _idx(path: Path, values: Any, kind: int = 8) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    stored = values.astype(values.dtype.newbyteorder(">"))
    path.write_bytes(struct.pack(f">{1 + values.ndim}i", kind * 256 + values.ndim, *values.shape) + stored.tobytes())


def _tar(path: Path, folder: Path, mode: str = "w") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, mode) as archive:
        for item in sorted(folder.iterdir()):
            archive.add(item, item.name)


@_layout("MNIST", "FashionMNIST", "KMNIST", options=({}, {"train": False}))
def _mnist(root: Path) -> None:
    for name in ("MNIST", "FashionMNIST", "KMNIST"):
        for half, count in (("train", 5), ("t10k", 2)):
            _idx(root / name / "raw" / f"{half}-images-idx3-ubyte", _numbers(count, 28, 28))
            _idx(root / name / "raw" / f"{half}-labels-idx1-ubyte", _numbers(count, below=10))


@_layout("EMNIST", options=tuple({"split": split} for split in ("byclass", "letters", "no", 3)))
def _emnist(root: Path) -> None:
    for split in ("byclass", "letters"):
        start = root / "EMNIST" / "raw" / f"emnist-{split}-train"
        _idx(Path(f"{start}-images-idx3-ubyte"), _numbers(3, 28, 28))
        _idx(Path(f"{start}-labels-idx1-ubyte"), _numbers(3, below=10))


@_layout(
    "QMNIST",
    options=({}, {"what": "test"}, {"what": "nist", "compat": False}, {"train": False}, {"what": "no"}),
)
def _qmnist(root: Path) -> None:
    for start in ("qmnist-train", "qmnist-test", "xnist"):
        _idx(root / "QMNIST" / "raw" / f"{start}-images-idx3-ubyte", _numbers(4, 28, 28))
        _idx(root / "QMNIST" / "raw" / f"{start}-labels-idx2-int", _numbers(4, 8, below=9000, dtype=np.int32), 12)


@_layout("CIFAR10", options=({}, {"train": False}))
def _cifar10(root: Path) -> None:
    folder = root / "cifar-10-batches-py"
    folder.mkdir()
    for name in (*(f"data_batch_{i}" for i in range(1, 6)), "test_batch"):
        (folder / name).write_bytes(pickle.dumps({"data": _numbers(2, 3072), "labels": [3, 1]}))
    (folder / "batches.meta").write_bytes(pickle.dumps({"label_names": list("abcdefghij")}))


@_layout("CIFAR100", options=({}, {"train": False}))
def _cifar100(root: Path) -> None:
    folder = root / "cifar-100-python"
    folder.mkdir()
    for name in ("train", "test"):
        (folder / name).write_bytes(pickle.dumps({"data": _numbers(2, 3072), "fine_labels": [30, 1]}))
    (folder / "meta").write_bytes(pickle.dumps({"fine_label_names": [str(i) for i in range(100)]}))


@_layout("ImageFolder")
def _image_folder(root: Path) -> None:
    for name in ("dog/a.png", "dog/b/c.jpg", "cat/d.JPG"):
        _picture(root / name.lower())
    _text(root / "cat" / "notes.txt", "no picture")


@_layout(
    "FakeData", options=({"size": 3, "image_size": (3, 8, 9)}, {"size": 2, "image_size": (1, 4, 4), "random_offset": 3})
)
def _fake(root: Path) -> None:
    pass


@_layout(
    "Caltech101",
    options=tuple({"target_type": kind} for kind in ("category", "annotation", ["annotation", "category"], "no")),
)
def _caltech101(root: Path) -> None:
    for name, outlines, count in (("Faces", "Faces_2", 2), ("chair", "chair", 1), ("BACKGROUND_Google", "", 1)):
        for i in range(1, count + 1):
            _picture(root / "caltech101" / "101_ObjectCategories" / name / f"image_{i:04d}.jpg")
            if outlines:
                _mat(
                    root / "caltech101" / "Annotations" / outlines / f"annotation_{i:04d}.mat",
                    obj_contour=np.eye(2, 4) * i,
                )


@_layout("Caltech256")
def _caltech256(root: Path) -> None:
    for i, name in enumerate(("001.gun", "002.flag"), 1):
        _picture(root / "caltech256" / "256_ObjectCategories" / name / f"{i:03d}_0001.jpg")
    _text(root / "caltech256" / "256_ObjectCategories" / "001.gun" / "RENAME2", "")


@_layout(
    "CelebA",
    options=(
        {}, {"split": "all", "target_type": ["identity", "bbox", "landmarks", "attr"]}, {"target_type": []},
        {"split": "TEST", "target_type": "identity"}, {"split": "no"}, {"target_type": "no"},
    ),
)  # fmt: skip
def _celeba(root: Path) -> None:
    folder = root / "celeba"
    names = [f"{i:06d}.jpg" for i in range(1, 6)]
    for name in names:
        _picture(folder / "img_align_celeba" / name)
    _text(folder / "list_eval_partition.txt", *(f"{name} {part}" for name, part in zip(names, (0, 2, 1, 2, 0))))
    _text(folder / "identity_CelebA.txt", *(f"{name} {i * 7}" for i, name in enumerate(names)))
    _text(
        folder / "list_bbox_celeba.txt",
        "5",
        "image_id x_1 y_1 width height",
        *(f"{name}  1 2  {i} 4" for i, name in enumerate(names)),
    )
    heads = " ".join(f"p{i}" for i in range(10))
    _text(
        folder / "list_landmarks_align_celeba.txt", "5", heads, *(f"{name} {' '.join('1234567890')}" for name in names)
    )
    _text(folder / "list_attr_celeba.txt", "5", "Bald Young", *(f"{name}  1 -1" for name in names))


_SCAPES = ("instance", "semantic", "color", "polygon")


@_layout(
    "Cityscapes",
    options=(
        {}, {"target_type": list(_SCAPES)}, {"mode": "coarse", "split": "train_extra", "target_type": "polygon"},
        {"split": "train_extra"}, {"mode": "no"}, {"target_type": "no"}, {"split": "val"},
    ),
)  # fmt: skip
def _cityscapes(root: Path) -> None:
    for split, mode in (("train", "gtFine"), ("train_extra", "gtCoarse")):
        for name in ("bonn_000000_000019", "bonn_000001_000019"):
            _picture(root / "leftImg8bit" / split / "bonn" / f"{name}_leftImg8bit.png")
            start = root / mode / split / "bonn"
            for ending in ("instanceIds", "labelIds", "color"):
                _picture(start / f"{name}_{mode}_{ending}.png", 6, 5)
            _text(start / f"{name}_{mode}_polygons.json", json.dumps({"objects": [name]}))


@_layout("CLEVRClassification", options=({}, {"split": "test"}, {"split": "no"}))
def _clevr(root: Path) -> None:
    folder = root / "clevr" / "CLEVR_v1.0"
    for split in ("train", "test"):
        for i in range(3):
            _picture(folder / "images" / split / f"CLEVR_{split}_{i:06d}.png")
    scenes = [{"image_filename": f"CLEVR_train_{i:06d}.png", "objects": [{}] * i} for i in (2, 0, 1)]
    _text(folder / "scenes" / "CLEVR_train_scenes.json", json.dumps({"scenes": scenes}))


@_layout("Country211", options=({}, {"split": "valid"}, {"split": "no"}))
def _country211(root: Path) -> None:
    for split in ("train", "valid"):
        for name in ("AD/1.jpg", "ZW/2.jpg"):
            _picture(root / "country211" / split / name)


@_layout("DTD", options=({}, {"split": "val", "partition": 2}))
def _dtd(root: Path) -> None:
    names = ["banded/banded_0001.jpg", "woven/woven_0001.jpg"]
    for name in names:
        _picture(root / "dtd" / "dtd" / "images" / name)
    _text(root / "dtd" / "dtd" / "labels" / "train1.txt", *names)
    _text(root / "dtd" / "dtd" / "labels" / "val2.txt", *names[1:])


@_layout("EuroSAT")
def _eurosat(root: Path) -> None:
    for name in ("Forest/Forest_1.jpg", "River/River_1.jpg"):
        _picture(root / "eurosat" / "2750" / name)


@_layout("FER2013", options=({}, {"split": "test"}))
def _fer2013(root: Path) -> None:
    rows = [
        (i, " ".join(map(str, _numbers(48 * 48 + i)[i:])), usage)
        for i, usage in enumerate(("Training", "PublicTest", "PrivateTest"))
    ]
    (root / "fer2013").mkdir()
    with open(root / "fer2013" / "icml_face_data.csv", "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["emotion", " Usage", " pixels"])
        writer.writerows((label, usage, pixels) for label, pixels, usage in rows)


@_layout("FGVCAircraft", options=({}, {"split": "test", "annotation_level": "family"}, {"annotation_level": "no"}))
def _aircraft(root: Path) -> None:
    data = root / "fgvc-aircraft-2013b" / "data"
    for name in ("0034309", "1000000"):
        _picture(data / "images" / f"{name}.jpg")
    _text(data / "variants.txt", "707-320", "A 300")
    _text(data / "families.txt", "Boeing 707")
    _text(data / "images_variant_trainval.txt", "0034309 A 300", "1000000 707-320")
    _text(data / "images_family_test.txt", "0034309 Boeing 707")


@_layout("Flickr8k", options=({"ann_file": "{root}/page.html"},))
def _flickr8k(root: Path) -> None:
    _picture(root / "101_abc.jpg")
    rows = "<tr><td><a href=x>https://flickr.com/x/101/</a><ul><li>One. </li><li> Two.</li></ul></td></tr>"
    rows += "<tr><td>Image Not Found<ul><li>no</li></ul></td></tr>"
    _text(root / "page.html", f"<html><li>before</li><table>{rows}</table></html>")


@_layout("Flickr30k", options=({"ann_file": "{root}/table.token"},))
def _flickr30k(root: Path) -> None:
    for name in ("1.jpg", "2.jpg"):
        _picture(root / name)
    _text(root / "table.token", "2.jpg#0\tA dog .", "1.jpg#0\tA cat .", "1.jpg#1\tAnother cat .")


@_layout("Flowers102", options=({}, {"split": "test"}, {"split": "no"}))
def _flowers(root: Path) -> None:
    for i in range(1, 5):
        _picture(root / "flowers-102" / "jpg" / f"image_{i:05d}.jpg")
    _mat(root / "flowers-102" / "imagelabels.mat", labels=np.array([[3, 1, 102, 7]]))
    _mat(
        root / "flowers-102" / "setid.mat", trnid=np.array([[3, 1]]), valid=np.array([[2, 4]]), tstid=np.array([[4, 2]])
    )


@_layout("Food101", options=({}, {"split": "no"}))
def _food(root: Path) -> None:
    dishes = {"sushi": ["sushi/1", "sushi/2"], "pizza": ["pizza/3"]}
    _text(root / "food-101" / "meta" / "train.json", json.dumps(dishes))
    for names in dishes.values():
        for name in names:
            _picture(root / "food-101" / "images" / f"{name}.jpg")


@_layout("GTSRB", options=({}, {"split": "test"}, {"split": "no"}))
def _gtsrb(root: Path) -> None:
    folder = root / "gtsrb"
    for name in (
        "Training/00000/1.ppm",
        "Training/00001/2.ppm",
        "Final_Test/Images/00000.ppm",
        "Final_Test/Images/00001.ppm",
    ):
        _picture(folder / "GTSRB" / name)
    _text(folder / "GT-final_test.csv", "Filename;Width;ClassId", "00000.ppm;5;16", "00001.ppm;5;1")


@_layout("ImageNet", options=({}, {"split": "val"}, {"split": "no"}))
def _imagenet(root: Path) -> None:
    work = root.parent / (root.name + "-packed")
    _mat(
        work / "devkit" / "ILSVRC2012_devkit_t12" / "data" / "meta.mat",
        synsets=_records(
            ILSVRC2012_ID=[1, 2, 3], WNID=["n02", "n01", "n03"], words=["cat, puss", "dog", "animal"],
            gloss=["a", "b", "c"], num_children=[0, 0, 2],
        ),
    )  # fmt: skip
    _text(work / "devkit" / "ILSVRC2012_devkit_t12" / "data" / "ILSVRC2012_validation_ground_truth.txt", "2", "1", "2")
    _tar(root / "ILSVRC2012_devkit_t12.tar.gz", work / "devkit", "w:gz")
    for wnid in ("n01", "n02"):
        _picture(work / wnid / f"{wnid}_1.JPEG".replace("JPEG", "jpeg"))
        _tar(work / "train" / f"{wnid}.tar", work / wnid)
    for i in range(3):
        _picture(work / "val" / f"ILSVRC2012_val_{i:08d}.jpeg")
    _tar(root / "ILSVRC2012_img_train.tar", work / "train")
    _tar(root / "ILSVRC2012_img_val.tar", work / "val")


@_layout("Imagenette", options=({}, {"split": "val", "size": "160px"}, {"size": "no"}, {"size": "320px"}))
def _imagenette(root: Path) -> None:
    for name in ("imagenette2/train", "imagenette2-160/val"):
        for wnid in ("n03888257", "n01440764"):
            _picture(root / name / wnid / f"{wnid}_1.jpeg")


@_layout(
    "INaturalist",
    options=(
        {}, {"target_type": ["kingdom", "genus", "full"]}, {"version": "2017", "target_type": "super"},
        {"version": "2018", "target_type": ["full", "super"]}, {"version": "2019"}, {"target_type": "no"}, {"version": "no"},
    ),
)  # fmt: skip
def _inaturalist(root: Path) -> None:
    for name in (
        "00000_Animalia_Chordata_Aves_A_B_C_d",
        "00001_Plantae_P_Q_R_S_T_u",
        "00002_Animalia_Chordata_Aves_A_B_C_e",
    ):
        _picture(root / "2021_train" / name / "1.jpg")
    for name in (
        "2017/Aves/Corvus/1.jpg",
        "2017/Fungi/Boletus/2.jpg",
        "2018/Aves/1/1.jpg",
        "2018/Fungi/0/2.jpg",
        "2019/Aves/one/1.jpg",
    ):
        _picture(root / name)


@_layout("Kitti", options=({}, {"train": False}))
def _kitti(root: Path) -> None:
    for half in ("training", "testing"):
        _picture(root / "Kitti" / "raw" / half / "image_2" / "000001.png")
    row = "Car 0.00 0 1.85 387.63 181.54 423.81 203.12 1.67 1.87 3.69 -16.53 2.39 58.49 1.57"
    _text(root / "Kitti" / "raw" / "training" / "label_2" / "000001.txt", row, row.replace("Car", "Van"))


def _lfw(root: Path) -> None:
    folder = root / "lfw-py"
    for person in ("Ann_Lee", "Bo_Li"):
        for i in (1, 2):
            _picture(folder / "lfw_funneled" / person / f"{person}_{i:04d}.jpg")
    _text(folder / "lfw-funneled.tgz", "")
    _text(folder / "lfw-names.txt", "Ann_Lee\t2", "Bo_Li\t2")
    _text(folder / "people.txt", "2", "1", "Ann_Lee\t2", "1", "Bo_Li\t1")
    _text(folder / "peopleDevTrain.txt", "2", "Bo_Li\t2", "Ann_Lee\t1")
    _text(folder / "pairs.txt", "2\t1", *["Ann_Lee\t1\t2", "Ann_Lee\t1\tBo_Li\t2"] * 2)
    _text(folder / "pairsDevTest.txt", "1", "Bo_Li\t1\t2", "Ann_Lee\t2\tBo_Li\t1")


LAYOUTS["LFWPeople"] = Layout(
    _lfw, ({}, {"split": "train"}, {"split": "no"}, {"download": True}, {"image_set": "original"})
)
LAYOUTS["LFWPairs"] = Layout(_lfw, ({}, {"split": "test"}, {"image_set": "no"}))


@_layout(
    "MovingMNIST",
    options=({}, {"split": "train"}, {"split": "test", "split_ratio": 3}, {"split_ratio": 20}, {"split_ratio": "3"}),
)
def _moving_mnist(root: Path) -> None:
    (root / "MovingMNIST").mkdir()
    np.save(root / "MovingMNIST" / "mnist_test_seq.npy", _numbers(20, 3, 8, 8))


@_layout("Omniglot", options=({}, {"background": False}))
def _omniglot(root: Path) -> None:
    for part in ("images_background", "images_evaluation"):
        _text(root / "omniglot-py" / f"{part}.zip", "")
        for name in ("Greek/character01/1_01.png", "Greek/character02/2_01.png", "Latin/character01/3_01.png"):
            _picture(root / "omniglot-py" / part / name, 6, 5)


@_layout(
    "OxfordIIITPet",
    options=(
        {},
        {"split": "test"},
        {"target_types": []},
        {"target_types": ["category", "binary-category", "segmentation"]},
        {"target_types": "no"},
    ),
)
def _pets(root: Path) -> None:
    folder = root / "oxford-iiit-pet"
    for name in ("Abyssinian_1", "great_dane_7"):
        _picture(folder / "images" / f"{name}.jpg")
        _picture(folder / "annotations" / "trimaps" / f"{name}.png", 6, 5)
    for split in ("trainval", "test"):
        _text(folder / "annotations" / f"{split}.txt", "great_dane_7 2 2 1", "Abyssinian_1 1 1 1")


@_layout("PhotoTour", options=({"name": "liberty"}, {"name": "liberty", "train": False}))
def _phototour(root: Path) -> None:
    _picture(root / "liberty" / "patches0000.bmp", 128, 128)
    _picture(root / "liberty" / "patches0001.bmp", 64, 128)
    _text(root / "liberty" / "info.txt", "0 0", "0 0", "1 0", "2 0", "2 0", "3 0")
    _text(root / "liberty" / "m50_100000_100000_0.txt", "0 0 0 1 0 0 0", "2 1 0 4 2 0 0")


@_layout(
    "Places365",
    options=({}, {"split": "val", "small": True}, {"split": "test"}, {"split": "train-challenge"}, {"split": "no"}),
)
def _places(root: Path) -> None:
    _text(root / "categories_places365.txt", "/a/airfield 0", "/z/zen_garden 1")
    _text(root / "places365_train_standard.txt", "/z/zen_garden/1.png 1", "/a/airfield/2.png 0")
    _text(root / "places365_val.txt", "v1.png 1")
    _text(root / "places365_test.txt", "t1.png")
    for name in (
        "data_large_standard/z/zen_garden/1.png",
        "data_large_standard/a/airfield/2.png",
        "val_256/v1.png",
        "test_large/t1.png",
    ):
        _picture(root / name)


@_layout("RenderedSST2", options=({}, {"split": "val"}, {"split": "test"}))
def _sst2(root: Path) -> None:
    for name in ("train/negative/1.png", "train/positive/2.png", "valid/negative/3.png", "valid/positive/4.png"):
        _picture(root / "rendered-sst2" / name)


@_layout("SBDataset", options=({}, {"mode": "segmentation"}, {"image_set": "no"}, {"image_set": "val"}))
def _sbd(root: Path) -> None:
    from scipy.sparse import csc_matrix

    _text(root / "train.txt", "2008_1")
    _picture(root / "img" / "2008_1.jpg")
    outlines = np.empty((20, 1), object)
    for i in range(20):
        outlines[i, 0] = csc_matrix(_numbers(6, 5 + i, below=2)[:, :5])
    _mat(root / "cls" / "2008_1.mat", GTcls={"Boundaries": outlines, "Segmentation": _numbers(6, 5, below=21)})


@_layout("SBU", options=({"download": False},))
def _sbu(root: Path) -> None:
    _text(root / "SBUCaptionedPhotoDataset.tar.gz", "")
    names = ("1.jpg", "gone.jpg", "2.jpg")
    _text(root / "dataset" / "SBU_captioned_photo_dataset_urls.txt", *(f"http://flickr.com/a/{name}" for name in names))
    _text(root / "dataset" / "SBU_captioned_photo_dataset_captions.txt", "a cat", "gone", "two dogs")
    for name in names[::2]:
        _picture(root / "dataset" / name)


@_layout("SEMEION", options=({"download": False},))
def _semeion(root: Path) -> None:
    rows = np.hstack([_numbers(3, 256, below=2), np.eye(10)[[4, 0, 9]]])
    _text(root / "semeion.data", *(" ".join(f"{value:.4f}" for value in row) for row in rows))


@_layout("StanfordCars", options=({}, {"split": "test"}, {"split": "no"}, {"download": True}))
def _cars(root: Path) -> None:
    folder = root / "stanford_cars"
    for half in ("train", "test"):
        for i in (1, 2):
            _picture(folder / f"cars_{half}" / f"{i:05d}.jpg")
    notes = _records(**{"class": [2, 1], "fname": ["00001.jpg", "00002.jpg"]})
    _mat(folder / "devkit" / "cars_train_annos.mat", annotations=notes)
    _mat(folder / "cars_test_annos_withlabels.mat", annotations=notes)
    _mat(folder / "devkit" / "cars_meta.mat", class_names=np.array(["Audi A3", "BMW i8"], dtype=object))


@_layout(
    "STL10",
    options=(
        {},
        {"folds": 3},
        {"split": "test"},
        {"split": "unlabeled"},
        {"split": "train+unlabeled"},
        {"folds": 10},
        {"folds": "1"},
    ),
)
def _stl10(root: Path) -> None:
    folder = root / "stl10_binary"
    folder.mkdir()
    for name, count in (("train", 3), ("unlabeled", 2), ("test", 1)):
        (folder / f"{name}_X.bin").write_bytes(_numbers(count, 3, 96, 96).tobytes())
        (folder / f"{name}_y.bin").write_bytes((_numbers(count, below=10) + 1).tobytes())
    _text(folder / "fold_indices.txt", *["0 2 "] * 10)
    _text(folder / "class_names.txt", "airplane", "bird")


@_layout("SUN397")
def _sun397(root: Path) -> None:
    _text(root / "SUN397" / "ClassName.txt", "/a/abbey", "/a/apartment_building/outdoor")
    for name in ("a/abbey/sun_1.jpg", "a/apartment_building/outdoor/sun_2.jpg"):
        _picture(root / "SUN397" / name)


@_layout("SVHN", options=({}, {"split": "test"}, {"split": "no"}))
def _svhn(root: Path) -> None:
    for split in ("train", "test"):
        _mat(root / f"{split}_32x32.mat", X=_numbers(32, 32, 3, 4), y=np.array([[10], [1], [9], [10]], np.uint8))


@_layout("USPS", options=({}, {"train": False}))
def _usps(root: Path) -> None:
    for name in ("usps.bz2", "usps.t.bz2"):
        values = np.linspace(-1, 1, 256)
        rows = "".join(
            f"{label} " + " ".join(f"{i}:{v:.6f}" for i, v in enumerate(values, 1)) + "\n" for label in (1, 10)
        )
        (root / name).write_bytes(bz2.compress(rows.encode()))


def _voc(root: Path) -> None:
    for year in ("2012", "2007"):
        folder = root / "VOCdevkit" / f"VOC{year}"
        for part in ("Main", "Segmentation"):
            for name in ("train", "test"):
                _text(folder / "ImageSets" / part / f"{name}.txt", "2007_1", "2007_2")
        for name in ("2007_1", "2007_2"):
            _picture(folder / "JPEGImages" / f"{name}.jpg")
            _picture(folder / "SegmentationClass" / f"{name}.png", 6, 5)
            box = "<bndbox><xmin>1</xmin><ymin>2</ymin><xmax>4</xmax><ymax> 5 </ymax></bndbox>"
            thing = f"<object><name>cat</name>{box}<part><name>head</name></part></object>"
            _text(
                folder / "Annotations" / f"{name}.xml",
                f"<annotation><a>x</a><a>y</a><empty/>{thing * int(name[-1])}</annotation>",
            )


LAYOUTS["VOCSegmentation"] = Layout(
    _voc, ({}, {"year": "2007", "image_set": "test"}, {"image_set": "test"}, {"year": "2010"})
)
LAYOUTS["VOCDetection"] = Layout(_voc, ({}, {"year": "2013"}))


@_layout("WIDERFace", options=({}, {"split": "val"}, {"split": "test"}, {"split": "no"}))
def _wider(root: Path) -> None:
    folder = root / "widerface"
    for split in ("train", "val", "test"):
        for name in ("0--Parade/1.jpg", "0--Parade/2.jpg"):
            _picture(folder / f"WIDER_{split}" / "images" / name)
    none = "0 0 0 0 0 0 0 0 0 0"
    for split in ("train", "val"):
        _text(
            folder / "wider_face_split" / f"wider_face_{split}_bbx_gt.txt",
            "0--Parade/1.jpg", "2", "449 330 122 149 0 0 0 0 0 0", "1 2 3 4 2 1 0 2 1 1", "0--Parade/2.jpg", "0", none,
        )  # fmt: skip
    _text(folder / "wider_face_split" / "wider_face_test_filelist.txt", "0--Parade/1.jpg", "0--Parade/2.jpg")


def png_of_16_bits(path: Path, pixels: Any) -> None:
    """A PNG (H, W, C) of 16 bits, without filters."""
    path.parent.mkdir(parents=True, exist_ok=True)
    height, width, channels = pixels.shape

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", width, height, 16, (0, 0, 4, 2, 6)[channels], 0, 0, 0)
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in pixels)
    signature = b"\x89PNG\r\n\x1a\n"
    path.write_bytes(signature + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def _pfm(path: Path, channels: int = 1, scale: float = -1.0) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    values = (_numbers(4, 5, channels).astype("<f4" if scale < 0 else ">f4") - 100) / 7
    path.write_bytes(f"{'PF' if channels == 3 else 'Pf'}\n5 4 \n{scale}\n".encode() + values.tobytes())


def _flo(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"PIEH" + struct.pack("<ii", 5, 4) + (_numbers(4, 5, 2).astype("<f4") / 7).tobytes())


@_layout("Sintel", options=({}, {"pass_name": "both"}, {"split": "test"}, {"pass_name": "no"}))
def _sintel(root: Path) -> None:
    for half in ("training", "test"):
        for name in ("clean", "final"):
            for i in range(3):
                _picture(root / "Sintel" / half / name / "alley_1" / f"frame_{i:04d}.png")
    for i in range(2):
        _flo(root / "Sintel" / "training" / "flow" / "alley_1" / f"frame_{i:04d}.flo")


@_layout("FlyingChairs", options=({}, {"split": "val"}, {"split": "test"}))
def _chairs(root: Path) -> None:
    for i in range(1, 4):
        _flo(root / "FlyingChairs" / "data" / f"{i:05d}_flow.flo")
        for j in (1, 2):
            _picture(root / "FlyingChairs" / "data" / f"{i:05d}_img{j}.ppm")
    _text(root / "FlyingChairs" / "FlyingChairs_train_val.txt", "1", "2", "1")


@_layout("FlyingThings3D", options=({}, {"camera": "both", "pass_name": "both"}, {"split": "test"}, {"camera": "no"}))
def _things(root: Path) -> None:
    for side in ("left", "right"):
        for i in range(3):
            for name in ("clean", "final"):
                _picture(
                    root / "FlyingThings3D" / f"frames_{name}pass" / "TRAIN" / "A" / "0000" / side / f"{i:04d}.png"
                )
            for way in ("into_future", "into_past"):
                _pfm(root / "FlyingThings3D" / "optical_flow" / "TRAIN" / "A" / "0000" / way / side / f"{i:04d}.pfm", 3)


@_layout("CarlaStereo")
def _carla(root: Path) -> None:
    scene = root / "carla-highres" / "trainingF" / "one"
    for i in (0, 1):
        _picture(scene / f"im{i}.png", 4, 5, 4)
        _pfm(scene / f"disp{i}GT.pfm", scale=1.0)


@_layout("Kitti2012Stereo", options=({}, {"split": "test"}, {"split": "no"}))
def _kitti2012(root: Path) -> None:
    for half in ("training", "testing"):
        for i in (0, 1):
            _picture(root / "Kitti2012" / half / f"colored_{i}" / "000000_10.png")
    png_of_16_bits(
        root / "Kitti2012" / "training" / "disp_noc" / "000000_10.png", _numbers(4, 5, 1, below=60000, dtype=np.uint16)
    )


@_layout("Kitti2015Stereo", options=({}, {"split": "test"}))
def _kitti2015(root: Path) -> None:
    for half in ("training", "testing"):
        for i in (2, 3):
            _picture(root / "Kitti2015" / half / f"image_{i}" / "000000_10.png")
    for i in (0, 1):
        path = root / "Kitti2015" / "training" / f"disp_occ_{i}" / "000000_10.png"
        png_of_16_bits(path, _numbers(4, 5 + i, 1, below=60000, dtype=np.uint16))


@_layout(
    "Middlebury2014Stereo",
    options=(
        {}, {"calibration": "both"}, {"use_ambient_views": True}, {"split": "test", "calibration": None}, {"split": "test"},
        {"calibration": None}, {"split": "additional"}, {"calibration": "no"},
    ),
)  # fmt: skip
def _middlebury(root: Path) -> None:
    for scene in ("train/Piano-perfect", "train/Piano-imperfect", "test/Hoops"):
        folder = root / "Middlebury2014" / scene
        for name in ("im0", "im1", "im1E", "im1L"):
            _picture(folder / f"{name}.png")
        for i in (0, 1):
            _pfm(folder / f"disp{i}.pfm")
    _picture(root / "Middlebury2014" / "additional" / "no" / "im0.png")


@_layout("CREStereo")
def _crestereo(root: Path) -> None:
    for kind in ("shapenet", "reflective", "tree", "hole"):
        for side in ("left", "right"):
            _picture(root / "CREStereo" / kind / f"1_{side}.jpg")
            _picture(root / "CREStereo" / kind / f"1_{side}.disp.png", 4, 5)


@_layout("FallingThingsStereo", options=({}, {"variant": "both"}, {"variant": "no"}))
def _falling(root: Path) -> None:
    for place in ("single/002_can/kitchen", "mixed/kitchen"):
        folder = root / "FallingThings" / place
        for side in ("left", "right"):
            _picture(folder / f"000000.{side}.jpg")
            _picture(folder / f"000000.{side}.depth.png", 4, 5)
        _text(
            folder / "_camera_settings.json", json.dumps({"camera_settings": [{"intrinsic_settings": {"fx": 768.5}}]})
        )


@_layout(
    "SceneFlowStereo",
    options=({}, {"variant": "Monkaa", "pass_name": "both"}, {"variant": "no"}, {"variant": "Driving"}),
)
def _scene_flow(root: Path) -> None:
    for variant, scene in (("FlyingThings3D", "TRAIN/A/0000"), ("Monkaa", "eating")):
        for side in ("left", "right"):
            for name in ("clean", "final"):
                _picture(root / "SceneFlow" / variant / f"frames_{name}pass" / scene / side / "0001.png")
            _pfm(root / "SceneFlow" / variant / "disparity" / scene / side / "0001.pfm")


@_layout("SintelStereo", options=({}, {"pass_name": "both"}, {"pass_name": "no"}))
def _sintel_stereo(root: Path) -> None:
    folder = root / "Sintel" / "training"
    for name in ("final", "clean"):
        for side in ("left", "right"):
            _picture(folder / f"{name}_{side}" / "alley_1" / "frame_0001.png")
    _picture(folder / "disparities" / "alley_1" / "frame_0001.png")
    for name, pixels in (("occlusions", _numbers(6, 5, below=2)), ("outofframe", _numbers(5, 6, below=2).T)):
        (folder / name / "alley_1").mkdir(parents=True)
        Image.fromarray(np.ascontiguousarray(pixels) * np.uint8(255)).save(folder / name / "alley_1" / "frame_0001.png")


@_layout("InStereo2k", options=({}, {"split": "test"}, {"split": "no"}))
def _instereo(root: Path) -> None:
    for name in ("left", "right"):
        _picture(root / "InStereo2k" / "train" / "000" / f"{name}.png")
        png_of_16_bits(
            root / "InStereo2k" / "train" / "000" / f"{name}_disp.png", _numbers(4, 5, 1, below=60000, dtype=np.uint16)
        )


@_layout("ETH3DStereo", options=({}, {"split": "test"}))
def _eth3d(root: Path) -> None:
    for part in ("two_view_training", "two_view_test"):
        for i in (0, 1):
            _picture(root / "ETH3D" / part / "delivery" / f"im{i}.png")
    _pfm(root / "ETH3D" / "two_view_training_gt" / "delivery" / "disp0GT.pfm")
    _picture(root / "ETH3D" / "two_view_training_gt" / "delivery" / "mask0nocc.png", 4, 5)


def png_bytes(*shape: int) -> bytes:
    """A picture with noise, as the bytes of a PNG file."""
    file = io.BytesIO()
    Image.fromarray(_numbers(*shape)).save(file, "PNG")
    return file.getvalue()

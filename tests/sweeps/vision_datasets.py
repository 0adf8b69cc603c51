"""Data sets, pictures and drawing beside torchvision's: what the tests sample, with drawn sizes and options, and with the real
libraries that read some formats (``pip install h5py lmdb pycocotools``), if they are installed.

``main`` prints what differs and how much was compared.
"""

from __future__ import annotations

import importlib
import importlib.util
import io
import itertools
import json
import os
import pkgutil
import tempfile
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

import adjoint
from adjoint.vision import datasets, utils
from adjoint.vision import io as vision_io
from tests.test_vision_drawing import _outcome as drawn
from tests.test_vision_drawing import same
from tests.test_vision_io import _png_of_16_bits
from tests.test_vision_published import _outcome as read
from tests.torchvision_files import torchvision
from tests.vision_layouts import LAYOUTS

THEIRS = torchvision("datasets")
DRAWINGS = 400


def main() -> int:
    """Run all; 1 if anything differs."""
    warnings.simplefilter("ignore")
    failed = 0
    for sweep in (drawings, pictures, options_together, other_libraries):
        total = wrong = 0
        for what, alike in sweep():
            total += 1
            if not alike:
                wrong += 1
                print(f"{sweep.__name__}: {what} differs")
        print(f"{sweep.__name__}: {total} cases, {wrong} differ")
        failed += wrong
    return int(failed > 0)


def drawings() -> Iterator[tuple[str, bool]]:
    """Images of drawn sizes and dtypes with drawn boxes, masks, points, flows and grids."""
    random = np.random.default_rng(1)
    theirs = torchvision("utils")
    names: list[Callable[[Any, Any], tuple[str, tuple[Any, ...], dict[str, Any]]]] = [
        _boxes,
        _masks,
        _points,
        _flow,
        _grid,
    ]
    for i in range(DRAWINGS):
        height, width = random.integers(5, 90, 2)
        image = random.integers(0, 256, (3, height, width), dtype=np.uint8)
        if random.random() < 0.5:
            image = (image / 255).astype(np.float32)
        name, values, options = names[i % len(names)](random, image)
        ours = drawn(utils, adjoint.from_numpy, name, values, options)
        expected = drawn(theirs, torch.from_numpy, name, values, options)
        yield f"{name} {image.dtype} {image.shape} {options}", same(ours, expected, name)


def _boxes(random: Any, image: Any) -> tuple[str, tuple[Any, ...], dict[str, Any]]:
    count, (height, width) = int(random.integers(0, 5)), image.shape[1:]
    corners = np.sort(random.random((count, 2, 2)), axis=1) * (width, height)
    boxes = corners.reshape(count, 4)
    if random.random() < 0.3:
        boxes = random.random((count, 8)) * max(height, width)
    options: dict[str, Any] = {"width": int(random.integers(1, 4)), "fill": bool(random.random() < 0.3)}
    if random.random() < 0.5:
        options |= {"labels": [f"no. {i}" for i in range(count)], "fill_labels": bool(random.random() < 0.5)}
    if random.random() < 0.5:
        options["colors"] = ["red", (1, 2, 3), "#12ab34", "blue", "white"]
    return "draw_bounding_boxes", (image, boxes.astype(np.float32)), options


def _masks(random: Any, image: Any) -> tuple[str, tuple[Any, ...], dict[str, Any]]:
    masks = random.random((int(random.integers(0, 5)), *image.shape[1:])) > random.random()
    return "draw_segmentation_masks", (image, masks), {"alpha": float(random.random())}


def _points(random: Any, image: Any) -> tuple[str, tuple[Any, ...], dict[str, Any]]:
    shape = (int(random.integers(1, 4)), 5)
    points = (random.random((*shape, 2)) * (image.shape[2], image.shape[1])).astype(np.float32)
    options = {
        "connectivity": [(0, 1), (3, 4)],
        "radius": int(random.integers(0, 5)),
        "visibility": random.random(shape) > 0.3,
    }
    return "draw_keypoints", (image, points), {**options, "colors": "green", "width": int(random.integers(0, 5))}


def _flow(random: Any, image: Any) -> tuple[str, tuple[Any, ...], dict[str, Any]]:
    return "flow_to_image", (random.normal(size=(2, *image.shape[1:])).astype(np.float32),), {}


def _grid(random: Any, image: Any) -> tuple[str, tuple[Any, ...], dict[str, Any]]:
    count, channels, height, width = (int(random.integers(1, 7)) for _ in range(4))
    batch = random.random((count, channels, height, width)).astype(np.float32)
    options = {
        "nrow": int(random.integers(1, 5)),
        "padding": int(random.integers(0, 4)),
        "normalize": bool(random.random() < 0.5),
    }
    return (
        "make_grid",
        (batch,),
        {**options, "scale_each": bool(random.random() < 0.5), "pad_value": float(random.random())},
    )


def pictures() -> Iterator[tuple[str, bool]]:
    """Pictures of drawn sizes in all formats, there and back."""
    random = np.random.default_rng(2)
    for _ in range(120):
        height, width = (int(size) for size in random.integers(1, 40, 2))
        channels, interlaced = int(random.integers(1, 5)), bool(random.random() < 0.5)
        pixels = random.integers(0, 65536, (height, width, channels)).astype(np.uint16)
        decoded = vision_io.decode_png(_bytes(_png_of_16_bits(pixels, interlaced)))
        what = f"PNG of 16 bits {pixels.shape} {interlaced}"
        yield what, np.array_equal(decoded.numpy().transpose(1, 2, 0), pixels)
        colors = random.integers(0, 256, (height, width, 3), dtype=np.uint8)
        image = adjoint.from_numpy(colors).permute(2, 0, 1)
        yield f"PNG {colors.shape}", adjoint.equal(vision_io.decode_image(vision_io.encode_png(image)), image)
        encoded = vision_io.encode_jpeg(image, quality=int(random.integers(1, 101)))
        there = np.array(Image.open(io.BytesIO(encoded.numpy().tobytes())))
        yield f"JPEG {colors.shape}", np.array_equal(vision_io.decode_image(encoded).numpy().transpose(1, 2, 0), there)
        file = io.BytesIO()
        still = Image.fromarray(colors).quantize(int(random.integers(2, 257)))
        still.save(file, "GIF", interlace=int(random.random() < 0.5))
        shown = np.array(still.convert("RGB"))
        yield (
            f"GIF {colors.shape}",
            np.array_equal(vision_io.decode_gif(_bytes(file.getvalue())).numpy().transpose(1, 2, 0), shown),
        )


def _bytes(data: bytes) -> Any:
    return adjoint.from_numpy(np.frombuffer(bytearray(data), np.uint8))


def options_together() -> Iterator[tuple[str, bool]]:
    """Every data set of the tests with each two of its options at once."""
    for package in (datasets, THEIRS):
        for found in pkgutil.iter_modules(package.__path__):
            module = importlib.import_module(f"{package.__name__}.{found.name}")
            if "check_integrity" in vars(module):  # they are not the publishers' files
                module.check_integrity = lambda path, md5=None: Path(path).is_file()  # type: ignore[attr-defined]
    for name, layout in LAYOUTS.items():
        for first, second in itertools.product(layout.options, repeat=2):
            outcomes = []
            for module in (THEIRS, datasets):
                with tempfile.TemporaryDirectory(dir="/tmp") as above:
                    root = Path(above) / "data"
                    root.mkdir()
                    layout.write(root)
                    outcomes.append(repr(read(module, name, root, {**first, **second})).replace(above, ""))
            yield f"{name} {first} {second}", outcomes[0] == outcomes[1]


def other_libraries() -> Iterator[tuple[str, bool]]:
    """PCAM, LSUN and COCO by the libraries that read them, those that are installed."""
    there = {name for name in ("h5py", "lmdb", "pycocotools") if importlib.util.find_spec(name)}
    print(f"other_libraries: {sorted(there)} are installed")
    picture = io.BytesIO()
    Image.fromarray(np.arange(5 * 6 * 3, dtype=np.uint8).reshape(5, 6, 3)).save(picture, "PNG")
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)  # LSUN keeps a file there
        root = Path(folder)
        cases: list[tuple[str, dict[str, Any]]] = []
        if "h5py" in there:
            import h5py

            (root / "pcam").mkdir()
            for which, values in (("x", np.zeros((2, 96, 96, 3), np.uint8)), ("y", np.arange(2).reshape(2, 1, 1, 1))):
                with h5py.File(root / "pcam" / f"camelyonpatch_level_2_split_train_{which}.h5", "w") as file:
                    file[which] = values
            cases.append(("PCAM", {}))
        if "lmdb" in there:
            import lmdb

            for name in ("tower_val", "kitchen_val"):
                with lmdb.open(str(root / f"{name}_lmdb")) as database, database.begin(write=True) as transaction:
                    for i in range(3):
                        transaction.put(f"{name}{i}".encode(), picture.getvalue())
            found = []
            for module in (datasets, THEIRS):
                data = module.LSUN(folder, classes=["tower_val", "kitchen_val"])
                found.append(
                    [(np.asarray(image).tolist(), target) for image, target in map(data.__getitem__, range(6))]
                )
                for database in data.dbs:
                    database.env.close()
            yield "LSUN", found[0] == found[1]
        if "pycocotools" in there:
            (root / "1.png").write_bytes(picture.getvalue())
            polygon = {"id": 1, "image_id": 7, "category_id": 3, "bbox": [1, 1, 3, 2], "area": 6, "iscrowd": 0}
            polygon |= {"segmentation": [[1, 1, 4, 1, 4, 3, 1, 3]], "caption": "A box."}
            runs = {**polygon, "id": 2, "segmentation": {"counts": [3, 5, 22], "size": [5, 6]}, "iscrowd": 1}
            content = {
                "images": [{"id": 7, "file_name": "1.png", "height": 5, "width": 6}],
                "annotations": [polygon, runs],
            }
            (root / "notes.json").write_text(json.dumps(content))
            notes = {"annFile": str(root / "notes.json")}
            cases += [("CocoDetection", notes), ("CocoCaptions", notes)]
            wrapped = []
            for module in (datasets, THEIRS):
                data = module.wrap_dataset_for_transforms_v2(module.CocoDetection(folder, **notes), "all")
                target = data[0][1]
                wrapped.append([(key, np.asarray(target[key]).tolist()) for key in ("boxes", "masks", "labels")])
            yield "CocoDetection, wrapped", wrapped[0] == wrapped[1]
        for name, options in cases:
            yield name, read(datasets, name, root, options) == read(THEIRS, name, root, options)
        os.chdir("/")

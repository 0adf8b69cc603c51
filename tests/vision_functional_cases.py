"""What the functions of torchvision's transforms are called with, for both libraries: tables for tests and a sweep."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import torch

import adjoint
from adjoint.vision import tv_tensors
from adjoint.vision.transforms import functional as functional_v1
from adjoint.vision.transforms.v2 import functional as functional_v2
from tests.torchvision_files import torchvision

THEIRS = SimpleNamespace(
    torch=torch, tv=torchvision("tv_tensors"), v1=torchvision("transforms.functional"),
    v2=torchvision("transforms.v2.functional"),
)  # fmt: skip
OURS = SimpleNamespace(torch=adjoint, tv=tv_tensors, v1=functional_v1, v2=functional_v2)

Make = Callable[[Any], Any]

CANVAS = (11, 14)
FORMATS = ("XYXY", "XYWH", "CXCYWH", "XYWHR", "CXCYWHR", "XYXYXYXY")


def pixels(shape: tuple[int, ...], dtype: str) -> np.ndarray:
    """Values over all of a dtype's range, some of them equal."""
    generator = np.random.RandomState(len(shape) + sum(shape))
    if dtype.startswith("float"):
        return (generator.randint(0, 41, shape) / 40).astype(dtype)
    return generator.randint(0, np.iinfo(dtype).max, shape, dtype=dtype)


def boxes_array(format: str, dtype: str) -> np.ndarray:
    """Boxes, some of which reach out of the canvas."""
    corner = np.array([[1, 2, 6, 8], [-2, 3, 5, 13], [0, 0, 14, 11], [9, 1, 17, 4]], np.float64)
    wide = np.concatenate([corner[:, :2], corner[:, 2:] - corner[:, :2]], 1)
    middle = np.concatenate([wide[:, :2] + wide[:, 2:] / 2, wide[:, 2:]], 1)
    angle = np.array([[0.0], [30.0], [-75.0], [120.0]])
    if format == "XYXYXYXY":
        radians = np.deg2rad(angle[:, 0])
        cos, sin, (x, y, w, h) = np.cos(radians), np.sin(radians), wide.T
        places = [x, y, x + w * cos, y - w * sin, x + w * cos + h * sin, y - w * sin + h * cos, x + h * sin, y + h * cos]
        return np.stack(places, 1).astype(dtype)
    made = {"XYXY": corner, "XYWH": wide, "CXCYWH": middle}.get(format[:4] if format[0] == "X" else format[:6])
    assert made is not None
    return (np.concatenate([made, angle], 1) if format.endswith("R") else made).astype(dtype)


def image(shape: tuple[int, ...], dtype: str, kind: str = "", last: bool = False) -> Make:
    """An image of a shape, as a tensor or of a kind, its channels in memory first or last."""

    def make(side: Any) -> Any:
        values = pixels(shape, dtype)
        tensor = side.torch.from_numpy(values)
        if last:
            tensor = side.torch.from_numpy(np.ascontiguousarray(np.moveaxis(values, -3, -1))).movedim(-1, -3)
        return getattr(side.tv, kind)(tensor) if kind else tensor

    return make


def boxes(format: str, dtype: str = "float32", mode: str | None = "soft") -> Make:
    return lambda side: side.tv.BoundingBoxes(
        side.torch.from_numpy(boxes_array(format, dtype)), format=format, canvas_size=CANVAS, clamping_mode=mode
    )


def points(dtype: str = "float32", shape: tuple[int, ...] = (6, 2)) -> Make:
    array = np.resize(np.array([0, 0, 5, 3, 13, 10, -1, 4, 20, 2, 7, 12]), shape).astype(dtype)
    return lambda side: side.tv.KeyPoints(side.torch.from_numpy(array), canvas_size=CANVAS)


def picture(mode: str) -> Make:
    """An image of Pillow's, which both are given."""
    from PIL import Image

    shape = (*CANVAS, 3)
    whole = Image.fromarray(pixels(shape, "uint8"))
    made = whole.convert(mode) if mode != "LA" else whole.convert("L").convert("LA")
    return lambda side: made


def mode(name: str) -> Make:
    return lambda side: side.v2.InterpolationMode[name]


def dtype(name: str) -> Make:
    return lambda side: getattr(side.torch, name)


def tensor(values: Any, kind: str = "float32") -> Make:
    return lambda side: side.torch.tensor(values, dtype=getattr(side.torch, kind))


def displacement(kind: str = "float32") -> Make:
    array = (np.random.RandomState(3).rand(1, *CANVAS, 2) * 0.4 - 0.2).astype(kind)
    return lambda side: side.torch.from_numpy(array.copy())


def _each(**choices: list[Any]) -> list[dict[str, Any]]:
    return [dict(zip(choices, values)) for values in itertools.product(*choices.values())]


CORNERS = ([[0, 0], [13, 0], [13, 10], [0, 10]], [[1, 2], [12, 1], [11, 9], [2, 10]])
_SMOOTH = ["NEAREST", "NEAREST_EXACT", "BILINEAR", "BICUBIC"]

# Of functions that both versions have: by name, what else they are called with.
GEOMETRY: dict[str, list[dict[str, Any]]] = {
    "hflip": [{}],
    "vflip": [{}],
    "resize": [
        *_each(size=[[7, 9], [20, 19], [11, 6], 5, [16]], interpolation=[mode(m) for m in _SMOOTH], antialias=[True, False]),
        {"size": 9, "max_size": 10}, {"size": [4, 5], "max_size": 10}, {"size": 9, "max_size": 9}, {"size": [11, 14]},
        {"size": [5, 5], "interpolation": 3}, {"size": [5, 5], "interpolation": None},
    ],
    "affine": [
        *_each(
            angle=[30], translate=[[1, -2]], scale=[1.25], shear=[[5.0, -8.0]],
            interpolation=[mode("NEAREST"), mode("BILINEAR")], fill=[None, 0, 7.5, [1, 2, 3]], center=[None, [3, 4]],
        ),
        {"angle": -200.5, "translate": (0, 0), "scale": 0.6, "shear": 0},
        {"angle": 10, "translate": [0], "scale": 1.0, "shear": 0}, {"angle": 10, "translate": [0, 0], "scale": 0.0, "shear": 0},
        {"angle": "a", "translate": [0, 0], "scale": 1.0, "shear": 0},
        {"angle": 10, "translate": [0, 0], "scale": 1.0, "shear": [1, 2, 3]},
        {"angle": 10, "translate": [0, 0], "scale": 1.0, "shear": 0, "interpolation": mode("BICUBIC")},
        {"angle": 10, "translate": [0, 0], "scale": 1.0, "shear": 0, "fill": [1, 2]},
    ],
    "rotate": [
        *_each(
            angle=[17.5, -130], interpolation=[mode("NEAREST"), mode("BILINEAR")], expand=[False, True],
            center=[None, [3, 4]], fill=[None, 5],
        ),
        *_each(angle=[0, 90, 180, 270, 360, -90], expand=[False, True]),
    ],
    "perspective": [
        *_each(
            startpoints=[CORNERS[0]], endpoints=[CORNERS[1]], interpolation=[mode("NEAREST"), mode("BILINEAR")],
            fill=[None, 3, [1, 2, 3]],
        ),
        {"startpoints": CORNERS[0][:3], "endpoints": CORNERS[1]},
    ],
    "pad": [
        *_each(padding=[2, [3], [1, 2], [1, 2, 3, 4]], padding_mode=["constant", "edge", "reflect", "symmetric"], fill=[0]),
        {"padding": 1, "fill": 5}, {"padding": (1, 2), "fill": None}, {"padding": [1, 2, 3]}, {"padding": "a"},
        {"padding": 1, "padding_mode": "other"}, {"padding": [-1, 2, 0, -3]},
        {"padding": [-1, 2, 1, -3], "padding_mode": "symmetric"},
    ],
    "crop": [
        {"top": t, "left": left, "height": h, "width": w}
        for t, left, h, w in ((2, 3, 5, 6), (-2, 3, 6, 6), (4, -3, 12, 5), (20, 3, 4, 4), (-9, -9, 4, 4), (3, 3, 20, 20))
    ],
    "center_crop": [{"output_size": s} for s in (5, [6], [4, 7], (13, 9), [20, 21], [12, 5])],
    "resized_crop": [
        *_each(top=[2], left=[1], height=[6], width=[7], size=[[5, 8], 9], interpolation=[mode("BILINEAR"), mode("NEAREST")]),
        {"top": -1, "left": 4, "height": 8, "width": 12, "size": (6, 6), "antialias": False},
    ],
    "five_crop": [{"size": s} for s in (4, [5], [3, 6], (20, 3), (1, 2, 3))],
    "ten_crop": [{"size": s, "vertical_flip": v} for s in (4, (5, 6)) for v in (False, True)],
    "elastic_transform": [
        *_each(
            displacement=[displacement(), displacement("float64")], interpolation=[mode("NEAREST"), mode("BILINEAR")],
            fill=[None, 2],
        ),
        {"displacement": tensor([[1.0]])}, {"displacement": 3},
    ],
}  # fmt: skip

VALUES: dict[str, list[dict[str, Any]]] = {
    "adjust_brightness": [{"brightness_factor": f} for f in (0, 0.4, 1.0, 1.7, -1)],
    "adjust_contrast": [{"contrast_factor": f} for f in (0, 0.4, 1.0, 1.7, -1)],
    "adjust_saturation": [{"saturation_factor": f} for f in (0, 0.4, 1.0, 1.7, -1)],
    "adjust_sharpness": [{"sharpness_factor": f} for f in (0, 0.4, 1.0, 1.7, -1)],
    "adjust_hue": [{"hue_factor": f} for f in (-0.5, -0.2, 0.0, 0.13, 0.5, 0.6)],
    "adjust_gamma": [{"gamma": g, "gain": gain} for g in (0, 0.5, 2.2, -1) for gain in (1, 1.5)],
    "rgb_to_grayscale": [{"num_output_channels": n} for n in (1, 3, 2)],
    "to_grayscale": [{"num_output_channels": n} for n in (1, 3, 2)],
    "invert": [{}],
    "posterize": [{"bits": b} for b in (0, 1, 4, 8, 9)],
    "solarize": [{"threshold": t} for t in (0, 0.5, 1, 100, 300)],
    "autocontrast": [{}],
    "equalize": [{}],
    "gaussian_blur": [
        *({"kernel_size": k, "sigma": s} for k in (3, [5, 3]) for s in (None, 0.8, [1.2], [0.5, 2.0])),
        {"kernel_size": 4}, {"kernel_size": [3]}, {"kernel_size": 3, "sigma": -1.0}, {"kernel_size": 3, "sigma": [1, 2, 3]},
        {"kernel_size": 3, "sigma": "a"},
    ],
    "normalize": [
        {"mean": [0.4, 0.5, 0.6], "std": [0.2, 0.3, 0.4]}, {"mean": 0.5, "std": 0.25}, {"mean": [0.5], "std": [0.0]},
        {"mean": tensor([0.4, 0.5, 0.6]), "std": tensor([0.2, 0.3, 0.4]), "inplace": True},
    ],
    "erase": [{"i": 2, "j": 3, "h": 4, "w": 5, "v": tensor([[[1]], [[2]], [[3]]], "uint8"), "inplace": i} for i in (False, True)],
    "convert_image_dtype": [
        {"dtype": dtype(d)} for d in ("uint8", "int8", "int16", "int32", "int64", "float16", "float32", "float64")
    ],
    "get_dimensions": [{}],
    "get_image_size": [{}],
    "get_image_num_channels": [{}],
    "pil_to_tensor": [{}],
}  # fmt: skip

V1_ONLY: dict[str, list[dict[str, Any]]] = {"to_tensor": [{}], "to_pil_image": [{}]}

V2_ONLY: dict[str, list[dict[str, Any]]] = {
    "resize": [
        {"size": None, "max_size": 9}, {"size": None}, {"size": [7, 9], "interpolation": "bicubic"},
        {"size": [7, 9], "interpolation": "cubic"}, {"size": [7, 9], "interpolation": mode("LANCZOS")},
        {"size": [20, 19], "interpolation": "lanczos"}, {"size": [7, 9], "interpolation": "lanczos", "antialias": False},
    ],
    "pad": [{"padding": [1, 2, 3, 4], "fill": f} for f in ([1, 2, 3], [4.7, 5, 6], [9])],
    "perspective": [
        {"startpoints": None, "endpoints": None, "coefficients": [0.9, 0.1, 0.3, -0.1, 1.1, 0.2, 0.001, 0.002]},
        {"startpoints": None, "endpoints": None}, {"startpoints": CORNERS[0], "endpoints": CORNERS[1], "coefficients": [1.0] * 8},
        {"startpoints": None, "endpoints": None, "coefficients": [1.0] * 7},
    ],
    "grayscale_to_rgb": [{}],
    "permute_channels": [{"permutation": p} for p in ([2, 0, 1], [0, 1, 2], [0, 1])],
    "to_dtype": [
        {"dtype": dtype(d), "scale": s} for s in (False, True)
        for d in ("uint8", "int8", "int16", "uint16", "int32", "int64", "float16", "float32", "float64")
    ],
    "get_num_frames": [{}], "get_num_channels": [{}], "get_size": [{}],
    "uniform_temporal_subsample": [{"num_samples": n} for n in (1, 2, 5)],
    "clamp_bounding_boxes": [{}, *({"clamping_mode": m} for m in ("soft", "hard", None, "other"))],
    "clamp_keypoints": [{}],
    "convert_bounding_box_format": [{"new_format": f} for f in (*FORMATS, "xyxy", None)],
    "sanitize_bounding_boxes": [{}, {"min_size": 6.0}, {"min_area": 40.0}],
    "sanitize_keypoints": [{}],
}  # fmt: skip

IMAGES: dict[str, Make] = {
    f"{kind or 'tensor'} {d} {'x'.join(map(str, shape))}{' last' if last else ''}": image(shape, d, kind, last)
    for d, shape, kind, last in [
        ("uint8", (3, *CANVAS), "", False), ("float32", (3, *CANVAS), "", False), ("uint8", (3, *CANVAS), "", True),
        ("float32", (2, 3, *CANVAS), "", True), ("uint8", (2, 3, *CANVAS), "Image", False), ("uint8", (1, *CANVAS), "", False),
        ("float64", (3, *CANVAS), "Image", False), ("float16", (3, *CANVAS), "", False), ("int16", (3, *CANVAS), "", False),
        ("int64", (3, *CANVAS), "", False), ("float32", (2, 2, 3, *CANVAS), "Video", False),
        ("uint8", (4, 3, *CANVAS), "Video", False), ("uint8", (4, *CANVAS), "", False), ("float32", (3, 1, 1), "", False),
        ("uint8", (0, 3, *CANVAS), "", False), ("uint8", CANVAS, "", False), ("uint8", (5, *CANVAS), "Mask", False),
        ("uint8", CANVAS, "Mask", False),
    ]
}  # fmt: skip
PICTURES: dict[str, Make] = {f"PIL {m}": picture(m) for m in ("RGB", "L", "RGBA", "P", "F", "1", "LA")}
PLACES: dict[str, Make] = {
    **{f"boxes {f} {m}": boxes(f, mode=m) for f in FORMATS for m in ("soft", "hard", None)},
    **{f"boxes {f} int64": boxes(f, "int64") for f in FORMATS[:3]},
    "points": points(), "points int64": points("int64"), "points groups": points("float64", (3, 2, 2)),
}  # fmt: skip


def called(side: Any, module: ModuleType, name: str, inpt: Make, options: dict[str, Any]) -> Any:
    """What a function returns, or raises."""
    made = {key: value(side) if callable(value) else value for key, value in options.items()}
    try:
        return getattr(module, name)(inpt(side), **made)
    except Exception as error:
        return error


# Half floats, in which a grid's places are a pixel apart: what is computed of them is rounded in every library otherwise.
_WARPS = ("affine", "rotate", "perspective", "elastic_transform")


def inputs_of(version: str, name: str) -> dict[str, Make]:
    """What makes the inputs that a function is compared on, by their names."""
    images = {what: make for what, make in IMAGES.items() if name not in _WARPS or "float16" not in what}
    if (version, name) == ("v1", "equalize"):
        images.pop("tensor uint8 0x3x11x14")  # on which torchvision's fails
    return {**images, **PICTURES, **(PLACES if version == "v2" else {})}


def cases(version: str) -> Iterator[tuple[str, str, Make, dict[str, Any]]]:
    """All: a function's name, an input's, what makes it, and the options."""
    only = V1_ONLY if version == "v1" else V2_ONLY
    for table in (GEOMETRY, VALUES, only):
        for name, many in table.items():
            for options in many:
                for what, make in inputs_of(version, name).items():
                    yield name, what, make, options


# Where bytes are computed on as floats and rounded, or a place between two pixels is that of either: at a half, the order of
# PyTorch's sums decides, which is another for each layout.
AT_A_HALF = (("v1", "resize"), ("v1", "resized_crop"), ("v1", "gaussian_blur"), ("v1", "rotate"))


def difference(theirs: Any, ours: Any, exact: bool = True, where: tuple[str, str] = ("", "")) -> str:
    """What differs between two results of a version's function; nothing where they are the same."""
    if isinstance(theirs, Exception) or isinstance(ours, Exception):
        if not (isinstance(theirs, Exception) and isinstance(ours, Exception)):
            return f"{_short(theirs)} != {_short(ours)}"
        same = type(theirs).__name__ == type(ours).__name__ and _unnamed(str(theirs)) == _unnamed(str(ours))
        return "" if same else f"{_short(theirs)} != {_short(ours)}"
    if isinstance(theirs, (tuple, list)):
        if type(theirs) is not type(ours) or len(theirs) != len(ours):
            return f"{theirs} != {ours}"
        return next(filter(None, (difference(a, b, exact, where) for a, b in zip(theirs, ours))), "")
    if type(theirs).__name__ != type(ours).__name__:
        return f"{type(theirs)} != {type(ours)}"
    if isinstance(theirs, torch.Tensor):
        return _of_tensors(theirs, ours, exact, where)
    if hasattr(theirs, "tobytes"):
        same = theirs.mode == ours.mode and theirs.size == ours.size
        if same and theirs.mode == "F":
            same = np.allclose(np.asarray(theirs), np.asarray(ours), rtol=2e-6, atol=1e-4)
        elif same:
            same = theirs.tobytes() == ours.tobytes()
        return "" if same else f"{theirs} != {ours}"
    return "" if theirs == ours else f"{theirs} != {ours}"


def _short(x: Any) -> str:
    return f"{type(x).__name__}: {str(x)[:300]}" if isinstance(x, Exception) else f"{type(x).__name__} {getattr(x, 'shape', x)}"


def _unnamed(text: str) -> str:
    """Without the modules that classes are in, and the kinds for which a function has kernels, whose order is nobody's affair."""
    text = re.sub(r"dict_keys.*\), but", "but", text)
    return re.sub(r"(?:[a-z_0-9]+\.)+([A-Z])", r"\1", text)


def _steps(x: Any) -> list[int]:
    return [step for step, n in zip(x.stride(), x.shape) if n > 1]


def _is_seen(image: Any) -> bool:
    """Whether it matters how a tensor lies: of images whose channels are first, or all of them last."""
    last = image.ndim == 4 and image.is_contiguous(memory_format=torch.channels_last)
    return image.ndim > 2 and (image.is_contiguous() or last or (image.ndim == 3 and image.movedim(0, -1).is_contiguous()))


def _of_tensors(theirs: Any, ours: Any, exact: bool, where: tuple[str, str]) -> str:
    for name in ("shape", "dtype"):
        if str(getattr(theirs, name)) != str(getattr(ours, name)):
            return f"{name}: {getattr(theirs, name)} != {getattr(ours, name)}"
    if theirs.numel() and _is_seen(theirs) and _steps(theirs) != _steps(ours):
        return f"stride: {theirs.stride()} != {ours.stride()} of {tuple(theirs.shape)}"
    for name in ("canvas_size", "clamping_mode", "format"):
        if str(getattr(theirs, name, None)) != str(getattr(ours, name, None)):
            return f"{name}: {getattr(theirs, name)} != {getattr(ours, name)}"
    a, b = np.asarray(theirs.as_subclass(torch.Tensor)), ours.as_subclass(adjoint.Tensor).numpy()
    if np.array_equal(a, b, equal_nan=a.dtype.kind == "f"):
        return ""
    gap = np.abs(a.astype(np.float64) - b.astype(np.float64))
    if where in AT_A_HALF and np.mean(a != b) <= 0.01 and (gap.max() <= 1 or where[1] == "rotate"):
        return ""
    if a.dtype.kind == "i" and a.dtype.itemsize > 1 and not exact:  # computed as floats, which are rounded
        if gap.max() <= max(1, 2e-6 * np.abs(a.astype(np.float64)).max()):
            return ""
    if a.dtype.kind == "f" and not exact:
        kind = "float32" if where == ("v1", "elastic_transform") else a.dtype.name  # in which that one computes
        limit = {"float16": 2e-3, "float32": 2e-6, "float64": 1e-12}[kind] * max(1.0, float(np.nanmax(np.abs(a))))
        if np.array_equal(np.isnan(a), np.isnan(b)) and np.nanmax(gap) <= limit:
            return ""
    return f"values: {np.nanmax(gap):.3g} apart, {np.mean(a != b):.2%} of {a.dtype} {a.shape}"

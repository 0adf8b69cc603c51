"""A transform beside torchvision's: the same options, the same sample, the same seed."""

from __future__ import annotations

import inspect
import pickle
import random
import re
import warnings
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch
from PIL import Image

import adjoint
from adjoint.vision import transforms, tv_tensors
from adjoint.vision.transforms import v2
from tests.torchvision_files import torchvision

THEIRS = SimpleNamespace(
    torch=torch, tv=torchvision("tv_tensors"), v1=torchvision("transforms"), v2=torchvision("transforms.v2")
)  # fmt: skip
OURS = SimpleNamespace(torch=adjoint, tv=tv_tensors, v1=transforms, v2=v2)

HEIGHT, WIDTH = 29, 37


def made(side: Any, version: str, expression: str) -> Any:
    """The transform that an expression makes."""
    module = getattr(side, version)
    names = {
        **{n: getattr(module, n) for n in dir(module) if n[0] != "_"},
        "T": module,
        "tv": side.tv,
        "torch": side.torch,
    }
    return eval(expression, {**names, "Mode": module.InterpolationMode})


def pixels(*shape: int, dtype: Any = np.uint8) -> np.ndarray:
    """Smooth pictures with some noise, so that what is compared is not only noise."""
    generator = np.random.default_rng(len(shape))
    y, x = np.mgrid[: shape[-2], : shape[-1]]
    waves = np.sin(x / 5.0 + np.arange(shape[-3])[:, None, None]) * np.cos(y / 7.0) * 0.4 + 0.5
    values = np.clip(waves + generator.normal(0, 0.05, shape), 0, 1)
    return (values * 255).astype(np.uint8) if dtype is np.uint8 else values.astype(dtype)


def picture() -> Image.Image:
    """The picture as Pillow's."""
    return Image.fromarray(np.ascontiguousarray(pixels(3, HEIGHT, WIDTH).transpose(1, 2, 0)))


def boxes(side: Any, format: str = "XYXY", dtype: str = "float32") -> Any:
    """Three boxes, the last of which is small and reaches out of the picture."""
    values = [[2, 3, 20, 25], [10.5, 8, 30, 20], [35, 1, 39, 2]]
    data = side.torch.tensor(values, dtype=getattr(side.torch, dtype))
    return side.tv.BoundingBoxes(data, format=format, canvas_size=(HEIGHT, WIDTH))


def detection(side: Any, image: Any) -> dict[str, Any]:
    """A sample as detection has it."""
    mask = (np.arange(3 * HEIGHT * WIDTH).reshape(3, HEIGHT, WIDTH) // 50 % 2).astype(np.uint8)
    points = [[3.0, 4.0], [36.0, 28.0], [40.0, 9.0]]
    return {
        "image": image,
        "target": {
            "boxes": boxes(side),
            "masks": side.tv.Mask(side.torch.from_numpy(mask)),
            "points": side.tv.KeyPoints(side.torch.tensor(points), canvas_size=(HEIGHT, WIDTH)),
            "labels": side.torch.tensor([7, 8, 9]),
            "id": 5,
        },
        "path": "a.jpg",
    }


def floats(side: Any) -> Any:
    return side.torch.from_numpy(pixels(3, HEIGHT, WIDTH, dtype=np.float32))


def bytes_(side: Any) -> Any:
    return side.torch.from_numpy(pixels(3, HEIGHT, WIDTH))


SAMPLES = {
    "pil": lambda side: picture(),
    "grey pil": lambda side: picture().convert("L"),
    "uint8": bytes_,
    "float32": floats,
    "batch": lambda side: side.torch.from_numpy(pixels(2, 3, HEIGHT, WIDTH)),
    "small": lambda side: side.torch.from_numpy(pixels(1, 2, 2, dtype=np.float32)),
}

NEWER_SAMPLES = {
    **SAMPLES,
    "image": lambda side: side.tv.Image(bytes_(side)),
    "video": lambda side: side.tv.Video(side.torch.from_numpy(pixels(2, 3, HEIGHT, WIDTH))),
    "label": lambda side: (side.tv.Image(floats(side)), 3),
    "detection": lambda side: detection(side, side.tv.Image(bytes_(side))),
    "detection of PIL": lambda side: [picture(), detection(side, None)["target"]],
    "boxes": lambda side: {"boxes": boxes(side, "XYWH", "int64"), "plain": floats(side), "other": floats(side)},
    "two": lambda side: (side.tv.Image(floats(side)), side.tv.Image(floats(side)[:, :9])),
    "nothing": lambda side: ["a", 3, None],
}


def called(side: Any, version: str, expression: str, sample: str, seed: int) -> Any:
    """What a transform makes of a sample, the warnings, and the next random numbers; of an error, its kind and text."""
    samples = SAMPLES if version == "v1" else NEWER_SAMPLES
    side.torch.manual_seed(seed)
    random.seed(seed)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            outcome = made(side, version, expression)(samples[sample](side))
        except Exception as error:
            outcome = type(error).__name__, text(str(error))
    said = sorted({text(str(w.message)) for w in caught if w.category is UserWarning and "NumPy" not in str(w.message)})
    return outcome, said, side.torch.rand(1).item(), random.random()


def text(said: str) -> str:
    """What is said, with torch's names and without addresses."""
    said = re.sub(r" at 0x[0-9A-Fa-f]+", "", said)
    said = re.sub(r"adjoint\.vision", "torchvision", said)
    return re.sub(r"adjoint(\.tensor)?", "torch", said)


def difference(theirs: Any, ours: Any, rtol: float = 1e-4, atol: float = 2e-5) -> str:
    """How two outcomes differ; nothing where they do not."""
    if isinstance(theirs, torch.Tensor):
        return _tensors(theirs, ours, rtol, atol)
    if type(theirs).__name__ != type(ours).__name__:
        return f"{type(theirs)} {_short(theirs)} became {type(ours)} {_short(ours)}"
    if isinstance(theirs, dict):
        if list(theirs) != list(ours):
            return f"keys {list(theirs)} became {list(ours)}"
        return difference(list(theirs.values()), list(ours.values()), rtol, atol)
    if isinstance(theirs, (list, tuple)):
        if len(theirs) != len(ours):
            return f"{len(theirs)} became {len(ours)}"
        return next((found for a, b in zip(theirs, ours) if (found := difference(a, b, rtol, atol))), "")
    if isinstance(theirs, Image.Image):
        if (theirs.mode, theirs.size) != (ours.mode, ours.size):
            return f"{theirs} became {ours}"
        return _arrays(np.asarray(theirs), np.asarray(ours), rtol, atol)
    return "" if theirs == ours else f"{theirs!r} became {ours!r}"


def _short(value: Any) -> str:
    return repr(value)[:200]


def _tensors(theirs: Any, ours: Any, rtol: float, atol: float) -> str:
    if type(theirs).__name__ != type(ours).__name__:
        return f"{type(theirs)} became {type(ours)} {_short(ours)}"
    if (str(theirs.dtype), tuple(theirs.shape)) != (str(ours.dtype), tuple(ours.shape)):
        return f"{theirs.dtype} {theirs.shape} became {ours.dtype} {ours.shape}"
    for name in ("format", "canvas_size", "clamping_mode"):
        mine, its = getattr(ours, name, None), getattr(theirs, name, None)
        if str(mine) != str(its):
            return f"{name} {its} became {mine}"
    plain = ours.as_subclass(adjoint.Tensor)
    return _arrays(theirs.as_subclass(torch.Tensor).numpy(), plain.numpy(), rtol, atol)


def _arrays(theirs: np.ndarray, ours: np.ndarray, rtol: float, atol: float) -> str:
    far = np.abs(theirs.astype(np.float64) - ours.astype(np.float64))
    if theirs.dtype == np.uint8:  # where floats are rounded, their last place can decide, and more contrast doubles it
        fine = far.max(initial=0) <= 2 and (far > 0).sum() <= 1 + far.size // 200
    else:
        fine = np.allclose(theirs, ours, rtol=rtol, atol=atol, equal_nan=True)
    return "" if fine else f"values differ by up to {far.max()} at {(far > atol).sum()} of {far.size}"


def printed(transform: Any) -> str:
    return text(repr(transform))


def signature(cls: type) -> list[tuple[str, Any, str]]:
    """Names, kinds and defaults of the arguments."""
    found = inspect.signature(cls).parameters.values()
    return [(p.name, p.kind, text(str(p.default))) for p in found]


def again(transform: Any) -> Any:
    """The transform, pickled and unpickled."""
    return pickle.loads(pickle.dumps(transform))

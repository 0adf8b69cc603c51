"""Summaries of arrays: their numbers if they are few, statistics, a histogram, and an image where they look like one.

An array is summarised when it is met and is not kept.  Of small ones the elements are copied, and summarised when they
are asked for: most of what is recorded is never looked at.
"""

from __future__ import annotations

import base64
import functools
import math
from typing import Any

import numpy as np

from adjoint import dtypes
from adjoint.autograd.quiet import quietly

FEW = 36
"""Arrays of up to so many elements are shown as numbers."""

_BINS = 24
_SIDE = 64  # of an image, pixels
_LEAST = 8
_CHUNK = 1 << 13  # elements at a time: in the cache, and too few for BLAS to wake its threads, which takes far longer
_WHOLE = 1 << 20  # elements up to which every one is counted in the histogram; of more, every n-th

_FIELDS = ("min", "max", "mean", "std", "norm", "nan", "inf", "zero", "histogram")


class Summary:
    """What there is to say of an array.

    ``shape``, ``dtype`` (a name, ``"float32"``); ``numbers`` (nested lists, None of many elements); ``min``, ``max``,
    ``mean``, ``std`` (of the population) of the finite elements and ``norm`` of all, of absolute values where they are
    complex; ``nan`` and ``inf``, how many; ``zero``, the share of zeros; ``histogram`` of the finite elements; ``image``.

    >>> import numpy as np
    >>> s = summary_of(np.array([0.0, 3.0, 4.0]))
    >>> s.max, s.norm, s.numbers
    (4.0, 5.0, [0.0, 3.0, 4.0])
    """

    __slots__ = ("_few", "_known", "dtype", "image", "shape")

    def __init__(self, shape: tuple[int, ...], dtype: str, few: Any, known: dict[str, Any] | None, image: Any) -> None:
        self.shape = shape
        self.dtype = dtype
        self.image = image
        self._few = few  # a copy of the elements, if they are few
        self._known = known

    def _all(self) -> dict[str, Any]:
        known = self._known
        if known is None:
            known = self._known = _statistics(self._few)
        return known

    def __getattr__(self, name: str) -> Any:
        if name in _FIELDS:
            return self._all()[name]
        raise AttributeError(name)

    @property
    def numbers(self) -> Any:
        """The elements as nested lists; None if there are more than 36."""
        return None if self._few is None else self._few.tolist()

    @property
    def array(self) -> Any:
        """The elements as a NumPy array; None if there are more than 36."""
        return self._few

    def to_dict(self) -> dict[str, Any]:
        known = self._all()
        return {
            "shape": list(self.shape),
            "dtype": self.dtype,
            "numbers": None if self._few is None else _jsonable(self._few.tolist()),
            **{name: finite(known[name]) for name in _FIELDS[:-1]},
            "histogram": known["histogram"],
            "image": None if self.image is None else self.image.to_dict(),
        }

    def __repr__(self) -> str:
        return f"Summary(shape={self.shape}, dtype={self.dtype}, norm={self.norm:.4g})"


def summary_of(array: Any, image: bool = True) -> Summary:
    """The summary of a NumPy array of any dtype; ``image=False``: without a picture."""
    array = np.asarray(array)
    name = _name_of(array.dtype)
    if array.size <= FEW:
        return Summary(array.shape, name, _plain(array, copy=True), None, None)
    plain = _plain(array)
    known = _statistics(plain)
    picture = None
    if image and known["min"] is not None:
        picture = image_of(plain, known["min"], known["max"], not (known["nan"] or known["inf"]))
    return Summary(array.shape, name, None, known, picture)


def as_summary(given: dict[str, Any] | None) -> Summary | None:
    """The summary that :meth:`Summary.to_dict` made a dictionary of."""
    if given is None:
        return None
    numbers = given["numbers"]
    known = {name: _from_json(given[name]) for name in _FIELDS[:-1]}
    known["histogram"] = given["histogram"]
    few = None if numbers is None else np.array(_from_json(numbers)).reshape(given["shape"])
    image = None if given["image"] is None else Image.from_dict(given["image"])
    return Summary(tuple(given["shape"]), given["dtype"], few, known, image)


def finite(value: Any) -> Any:
    """A number as JSON has it."""
    if isinstance(value, float) and not math.isfinite(value):
        return "nan" if value != value else "inf" if value > 0 else "-inf"
    return value


def _jsonable(value: Any) -> Any:
    if isinstance(value, list):
        return [_jsonable(v) for v in value]
    if isinstance(value, complex):
        return str(value).strip("()")
    return finite(value)


def _from_json(value: Any) -> Any:
    if isinstance(value, list):
        return [_from_json(v) for v in value]
    if isinstance(value, str):
        return complex(value) if value.endswith("j") else float(value)
    return value


@functools.lru_cache(maxsize=None)
def _name_of(dtype: Any) -> str:
    found = dtypes.OF_ARRAY.get(dtype)
    return str(dtype) if found is None else str(found).rpartition(".")[2]


def _plain(array: Any, copy: bool = False) -> Any:
    """The elements in a dtype that NumPy computes in."""
    if array.dtype.kind in "biuc" or array.dtype.itemsize > 2:
        return array.copy() if copy else array
    return array.astype(np.float32)  # half and bfloat16


def _statistics(array: Any) -> dict[str, Any]:
    """What :class:`Summary` tells of an array in a dtype that NumPy computes in."""
    if array.dtype.kind == "c":
        array = np.abs(array)
    flat = array.reshape(-1)
    if flat.size <= FEW:
        return _of_few(flat.tolist())
    found: dict[str, Any] = quietly(_of_many, flat)
    return found


def _of_few(values: list[Any]) -> dict[str, Any]:
    """In Python: a call of NumPy takes longer than all of these elements."""
    good = [float(v) for v in values if v - v == 0]
    n = len(good)
    nan = sum(v != v for v in values)
    mean = sum(good) / n if n else 0.0
    norm = math.hypot(*good)
    return {
        "min": min(good) if n else None,
        "max": max(good) if n else None,
        "mean": mean if n else None,
        "std": math.hypot(*[v - mean for v in good]) / math.sqrt(n) if n else None,  # squares of 1e200 are too large
        "norm": math.nan if nan else math.inf if n < len(values) else norm,
        "nan": nan,
        "inf": len(values) - n - nan,
        "zero": good.count(0.0) / len(values) if values else 0.0,
        "histogram": None,
    }


def _of_many(flat: Any) -> dict[str, Any]:
    """In one pass over parts that stay in the cache."""
    n = flat.size
    nan = inf = zeros = count = 0
    low, high = math.inf, -math.inf
    mean = spread = squares = 0.0
    for start in range(0, n, _CHUNK):
        x = flat[start : start + _CHUNK].astype(np.float64)
        zeros += x.size - int(np.count_nonzero(x))
        square = float(np.dot(x, x))
        squares += square
        if not math.isfinite(square):
            good = np.isfinite(x)
            nan += int(np.isnan(x).sum())
            x = x[good]
            inf += good.size - x.size
            square = float(np.dot(x, x))
        if not x.size:
            continue
        low, high = min(low, float(x.min())), max(high, float(x.max()))
        own = float(x.sum()) / x.size
        x -= own
        total = count + x.size
        apart = own - mean
        mean += apart * x.size / total
        spread += float(np.dot(x, x)) + apart * apart * count * x.size / total
        count = total
    return {
        "min": low if count else None,
        "max": high if count else None,
        "mean": mean if count else None,
        "std": math.sqrt(spread / count) if count else None,
        "norm": math.sqrt(squares) if squares == squares else math.nan,
        "nan": nan,
        "inf": inf - nan,
        "zero": zeros / n,
        "histogram": _histogram(flat, low, high, nan + inf == 0) if count else None,
    }


def _histogram(flat: Any, low: float, high: float, all_finite: bool) -> dict[str, Any] | None:
    """How many of the finite elements are in each of equal parts of the way from the least to the greatest."""
    every = -(-flat.size // _WHOLE)
    x = flat[::every].astype(np.float64)
    if not all_finite:
        x = x[np.isfinite(x)]
    width = high - low
    if not math.isfinite(width):
        return None
    scale = (_BINS - 1e-9) / width if width else math.inf
    if not math.isfinite(scale):  # all the same, or as good as
        return {"low": low, "high": high, "counts": [int(x.size) * every]}
    x -= low
    x *= scale
    counts = np.bincount(x.astype(np.int64), minlength=_BINS)
    return {"low": low, "high": high, "counts": (counts * every).tolist()}


class Image:
    """A small picture: rows of pixels, of one channel or three."""

    __slots__ = ("pixels",)

    def __init__(self, pixels: Any) -> None:
        self.pixels = pixels  # uint8, (height, width, channels)

    def to_dict(self) -> dict[str, Any]:
        height, width, channels = self.pixels.shape
        data = base64.b64encode(self.pixels.tobytes()).decode("ascii")
        return {"width": width, "height": height, "channels": channels, "data": data}

    @classmethod
    def from_dict(cls, given: dict[str, Any]) -> Image:
        """The image that :meth:`to_dict` made a dictionary of."""
        pixels = np.frombuffer(base64.b64decode(given["data"]), np.uint8)
        return cls(pixels.reshape(given["height"], given["width"], given["channels"]))


def image_of(array: Any, low: float, high: float, all_finite: bool = False) -> Image | None:
    """The array as a small picture, if it looks like one: (H, W), (1 or 3, H, W), or the first of a batch of them; from the
    values ``low`` to ``high``."""
    if array.ndim < 2 or array.dtype.kind == "c" or min(array.shape[-2:]) < _LEAST or not array.size:
        return None
    while array.ndim > 3:
        array = array[0]
    if array.ndim == 3 and array.shape[0] not in (1, 3):
        array = array[0]
    if array.ndim == 2:
        array = array[None]
    height, width = array.shape[1:]
    shown = array[:, :: -(-height // _SIDE), :: -(-width // _SIDE)]
    if shown.dtype != np.uint8:
        x = shown.astype(np.float64)
        x -= low
        x *= 255 / (high - low) if high > low else 0.0
        shown = (x if all_finite else np.nan_to_num(x.clip(0, 255))).astype(np.uint8)
    return Image(np.ascontiguousarray(shown.transpose(1, 2, 0)))

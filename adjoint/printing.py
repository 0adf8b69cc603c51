"""Printing: a tensor as text, to the character as PyTorch prints it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from adjoint import dtypes
from adjoint.interrupts import contextmanager
from adjoint.stored import numbers_of
from adjoint.tensor import Tensor, attach
from adjoint.thread_state import this_thread


@dataclass
class _Options:
    precision: int = 4
    threshold: float = 1000
    edgeitems: int = 3
    linewidth: int = 80
    sci_mode: bool | None = None


options = _Options()

_PROFILES: dict[str, dict[str, Any]] = {
    "default": {"precision": 4, "threshold": 1000, "edgeitems": 3, "linewidth": 80},
    "short": {"precision": 2, "threshold": 1000, "edgeitems": 2, "linewidth": 80},
    "full": {"precision": 4, "threshold": math.inf, "edgeitems": 3, "linewidth": 80},
}


def set_printoptions(
    precision: int | None = None,
    threshold: float | None = None,
    edgeitems: int | None = None,
    linewidth: int | None = None,
    profile: str | None = None,
    sci_mode: bool | None = None,
) -> None:
    """Set how tensors are printed; what is not given stays, except ``sci_mode``, which returns to automatic.

    ``precision``: digits after the point.  ``threshold``: above this number of elements only the first and last
    ``edgeitems`` of each dimension are shown.  ``linewidth``: characters on a line.  ``profile``: ``"default"``,
    ``"short"`` or ``"full"``, applied first.  ``sci_mode``: scientific notation always, never, or (None) where the
    numbers need it.

    >>> import adjoint as torch
    >>> torch.set_printoptions(precision=2); print(torch.tensor([3.14159])); torch.set_printoptions(profile="default")
    tensor([3.14])
    """
    given = {"precision": precision, "threshold": threshold, "edgeitems": edgeitems, "linewidth": linewidth}
    chosen = _PROFILES.get(profile, {}) if profile is not None else {}
    for name, value in {**chosen, **{k: v for k, v in given.items() if v is not None}}.items():
        setattr(options, name, value)
    options.sci_mode = sci_mode


def get_printoptions() -> dict[str, Any]:
    """The current options, as :func:`set_printoptions` takes them."""
    return asdict(options)


@contextmanager
def printoptions(**changes: Any) -> Iterator[None]:
    """Print with other options inside; takes what :func:`set_printoptions` takes."""
    before = get_printoptions()
    set_printoptions(**changes)
    try:
        yield
    finally:
        set_printoptions(**before)


Formatter = Callable[[Any], str]


def _formatter(shown: Any) -> tuple[Formatter, int]:
    """How one element among the elements ``shown`` is written, and how wide each of them is."""
    if dtypes.OF_ARRAY[shown.dtype].category != dtypes.FLOAT:
        return _padded(str, [str(v) for v in shown.ravel().tolist()])
    values = shown.ravel().astype(np.float64)
    values = values[np.isfinite(values) & (values != 0)]
    if not values.size:  # only zeros, infinities and NaNs
        return _padded(_integral, [])
    magnitudes = np.abs(values)
    smallest, largest = magnitudes.min(), magnitudes.max()
    scientific = options.sci_mode
    if scientific is None:
        with np.errstate(over="ignore"):
            scientific = bool(largest / smallest > 1000.0 or largest > 1.0e8 or smallest < 1.0e-4)
    integral = bool((values == np.ceil(values)).all())
    numbers = values.tolist()
    write: Formatter
    if scientific:
        write = f"{{:.{options.precision}e}}".format
    elif integral:
        write = _integral
    else:
        write = f"{{:.{options.precision}f}}".format
    return _padded(write, [write(v) for v in numbers])


def _integral(value: float) -> str:
    """A whole number among whole numbers: with a point, to show that it is a float."""
    return f"{value:.0f}" + ("." if math.isfinite(value) else "")


def _padded(write: Formatter, samples: list[str]) -> tuple[Formatter, int]:
    width = max(map(len, samples), default=1)
    return lambda value: write(value).rjust(width), width


def _complex_formatter(real: tuple[Formatter, int], imaginary: tuple[Formatter, int]) -> tuple[Formatter, int]:
    write_real, real_width = real
    write_imaginary, imaginary_width = imaginary

    def write(value: complex) -> str:
        second = write_imaginary(value.imag).lstrip() + "j"
        return write_real(value.real) + ("" if second[0] in "+-" else "+") + second

    return write, real_width + imaginary_width + 1


def _edges(array: Any) -> Any:
    """The elements that a summary shows: along each dimension the first and last few."""
    k = options.edgeitems
    for axis, size in enumerate(array.shape):
        if size > 2 * k:
            array = np.take(array, [*range(k), *range(size - k, size)], axis)
    return array


def _nested(array: Any, indent: int, summarize: bool, write: Formatter, width: int) -> str:
    """The elements between nested brackets, from column ``indent`` on."""
    if array.ndim == 0:
        return write(array.item())
    k = options.edgeitems
    shortened = summarize and array.shape[0] > 2 * k
    if array.ndim == 1:
        if summarize and not k:
            parts = ["..."]
        elif shortened:
            parts = [*map(write, array[:k].tolist()), " ...", *map(write, array[-k:].tolist())]
        else:
            parts = list(map(write, array.tolist()))
        per_line = max(1, (options.linewidth - indent) // (width + 2))
        lines = [", ".join(parts[i : i + per_line]) for i in range(0, len(parts), per_line)]
        return "[" + (",\n" + " " * (indent + 1)).join(lines) + "]"
    rows = [*range(k), *range(array.shape[0] - k, array.shape[0])] if shortened else range(array.shape[0])
    texts = [_nested(array[i], indent + 1, summarize, write, width) for i in rows]
    if shortened:
        texts.insert(k, "...")
    return "[" + ("," + "\n" * (array.ndim - 1) + " " * (indent + 1)).join(texts) + "]"


def contents(array: Any, indent: int) -> str:
    """The elements of an array as text, beginning at column ``indent``."""
    if array.size == 0:
        return "[]"
    summarize = array.size > options.threshold
    shown = _edges(array) if summarize else array
    if array.dtype.kind == "c":
        write, width = _complex_formatter(_formatter(shown.real), _formatter(shown.imag))
    else:
        write, width = _formatter(shown)
    return _nested(array, indent, summarize, write, width)


def _suffixes(tensor: Tensor, array: Any) -> list[str]:
    """What follows the elements: the size and dtype where the elements do not tell, and the place in the graph."""
    default = dtypes.get_default_dtype()
    found = []
    if array is None:  # there are no elements that would tell
        if tensor.dtype is not default:
            found.append(f"dtype={tensor.dtype}")
    elif array.size == 0:
        if array.ndim != 1:
            found.append(f"size={tuple(array.shape)}")
        if tensor.dtype is not default:
            found.append(f"dtype={tensor.dtype}")
    else:
        if not options.edgeitems:
            found.append(f"size={tuple(array.shape)}")
        if tensor.dtype not in (default, default.to_complex(), dtypes.int64, dtypes.bool_):
            found.append(f"dtype={tensor.dtype}")
    try:
        grad_fn = tensor.grad_fn  # type: ignore[attr-defined]
        made_by = None if grad_fn is None else grad_fn.name().rpartition("::")[2]
    except RuntimeError:  # a view that has no history, for what it looks at was written to
        made_by = "Invalid"
    if made_by is not None:
        found.append(f"grad_fn=<{made_by}>")
    elif tensor.requires_grad:
        found.append("requires_grad=True")
    if tensor._tangents and (tangent := tensor._current_tangent) is not None:
        found.append(f"tangent={tangent}")
    return found


def _prefix(tensor: Tensor) -> str:
    """``tensor(`` for Adjoint's own classes, by whichever name they go, the name of the class for a user's subclass."""
    cls = type(tensor)
    top, _, below = cls.__module__.partition(".")
    own = top in ("adjoint", "torch") and below.partition(".")[0] != "vision"  # torchvision's are a user's
    return "tensor(" if own else f"{cls.__name__}("


def with_suffixes(text: str, suffixes: list[str], indent: int, on_a_new_line: bool = False) -> str:
    """A text that has begun with a bracket, to its end: what follows the numbers, on new lines where these get too long."""
    length = len(text) - text.rfind("\n") + 1
    for suffix in suffixes:
        if on_a_new_line or length + len(suffix) + 2 > options.linewidth:
            text += ",\n" + " " * indent + suffix
            length = indent + len(suffix)
            on_a_new_line = False
        else:
            text += ", " + suffix
            length += len(suffix) + 2
    return text + ")"


def _of_parts(tensor: Tensor, prefix: str, parts: dict[str, Any], suffixes: list[str]) -> str:
    """The text of a tensor that is stored as several arrays: theirs by name, and what it is beside them."""
    indent = " " * len(prefix)
    lines = []
    for name, array in parts.items():
        column = len(prefix) + len(name) + 1 + len("tensor(")
        text = "tensor(" + contents(numbers_of(array), column)
        lines.append(f"{name}=" + with_suffixes(text, [f"size={tuple(array.shape)}"] if not array.size else [], column))
    default = dtypes.get_default_dtype()
    stored = all(array.size for array in parts.values())
    told = (default, default.to_complex(), dtypes.int64, dtypes.bool_) if stored else (default,)
    at = suffixes.index("layout") if "layout" in suffixes else len(suffixes) - 1
    more = [f"dtype={tensor.dtype}"] if tensor.dtype not in told else []
    graph = [s for s in _suffixes(tensor, np.empty(0, default.array)) if s[:6] not in ("dtype=", "size=(")]
    last = [*suffixes[:at], *more, *suffixes[at:], *graph]
    first = (",\n" + indent).join(lines)
    return with_suffixes(prefix + first, last, len(prefix), on_a_new_line=True)


inside_transforms: Callable[[Tensor, Callable[[Tensor], str]], str | None] | None = None
"""The text of a tensor inside of a function that a transform evaluates (:mod:`adjoint.func.levels`); None for one from outside."""


@attach
def __repr__(self: Tensor, *, tensor_contents: str | None = None) -> str:
    if inside_transforms is not None and this_thread.within and (told := inside_transforms(self, repr)) is not None:
        return told
    if not isinstance(self._array, np.ndarray) and (text := getattr(self._array, "tensor_text", None)) is not None:
        return text(repr)
    prefix = _prefix(self)
    indent = len(prefix)
    outline = getattr(self._array, "outline", None)
    parts = getattr(self._array, "parts", None)
    if parts is not None:  # of what is stored as several tensors
        text = _of_parts(self, prefix, *parts())
    elif outline is not None:  # of what has no elements
        text = with_suffixes(prefix + "...", [*outline, *_suffixes(self, None)], indent)
    else:
        array = numbers_of(np.asarray(self._array))
        if self.dtype is dtypes.float8_e8m0fnu:
            array = np.where(array == 2.0**-127, 0, array)  # which stands for zero there
        text = prefix + (contents(array, indent) if tensor_contents is None else tensor_contents)
        text = with_suffixes(text, _suffixes(self, array), indent)
    return f"Parameter({text})" if getattr(self, "_is_param", False) else text


@attach
def __format__(self: Tensor, spec: str) -> str:
    """A tensor without dimensions formats as its number, any other as its text."""
    if self._array.ndim == 0:
        return format(self._array.item(), spec)
    return object.__format__(self, spec)

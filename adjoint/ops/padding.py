"""Padding: tensors made larger at the ends of their dimensions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from adjoint.declare import composite, op
from adjoint.declare.arranging import as_images
from adjoint.declare.kernel_dtypes import NUMBERS, Kernel
from adjoint.ops.arrays import Array, apart, array_function
from adjoint.ops.copying import copy_
from adjoint.ops.empty_images import check_padded
from adjoint.ops.filling import number_for
from adjoint.ops.scalars import number_argument
from adjoint.ops.scatter import add_at
from adjoint.ops.slicing import slice_
from adjoint.tensor import Tensor


def _ends(pad, ndim):
    """How much is added before and after each dimension; ``pad`` begins with the last one."""
    pairs = [(0, 0)] * ndim
    for i in range(len(pad) // 2):
        pairs[ndim - 1 - i] = (pad[2 * i], pad[2 * i + 1])
    return pairs


@array_function
def padded(self: Array, pad, value=0):
    """The array with ``value`` around it; negative amounts cut off."""
    if len(pad) % 2:
        raise RuntimeError(f"Length of pad must be even but instead it equals {len(pad)}")
    if len(pad) > 2 * self.ndim:
        raise RuntimeError(
            "Length of pad should be no more than twice the number of dimensions of the input. Pad length is "
            f"{len(pad)} while the input has {self.ndim} dimensions."
        )
    ends = _ends(pad, self.ndim)
    shape = []
    for n, (before, after) in zip(self.shape, ends):
        if n + min(before, 0) + min(after, 0) < 0:
            raise RuntimeError("narrow(): length must be non-negative.")
        shape.append(n + before + after)
    value = 0 if value is None else number_argument(value, "constant_pad_nd", "value", 3)
    fill = 0 if value == 0 else number_for(value, self)
    found = np.zeros(shape, self.dtype) if fill == 0 else np.full(shape, fill, self.dtype)
    target = tuple(slice(max(b, 0), n - max(a, 0)) for n, (b, a) in zip(shape, ends))
    source = tuple(slice(max(-b, 0), n - max(-a, 0)) for n, (b, a) in zip(self.shape, ends))
    found[target] = self[source]
    return found


constant_pad_nd = op(
    "constant_pad_nd",
    padded,
    lies=as_images(),
    where="torch",
    tangent=lambda self_t, pad: padded(self_t, pad, 0),
    self=lambda g, pad: padded(g, tuple(-p for p in pad), 0),
    doc="The tensor with ``value`` around it: ``pad`` holds (before, after) pairs, the last dimension first.",
    reads={"self": "g without the padding"},
)

# By what lies inside


def _mirrored(n, before, after):
    places = np.arange(-before, n + after)
    places = np.abs(places)
    return np.where(places >= n, 2 * (n - 1) - places, places)


def _nearest(n, before, after):
    return np.clip(np.arange(-before, n + after), 0, n - 1)


def _padded_by(places):
    def forward(self: Array, pad):
        found = self
        for d, (before, after) in enumerate(_ends(pad, self.ndim)):
            if before or after:
                found = found.take(places(self.shape[d], before, after), d)
        return apart(found, self)

    def back(g, self_shape, pad):
        for d, (before, after) in enumerate(_ends(pad, len(self_shape))):
            if before or after:
                n = self_shape[d]
                order = (d, *(k for k in range(g.ndim) if k != d))
                g = add_at(g.transpose(order), places(n, before, after), n)
                g = g.transpose(sorted(range(g.ndim), key=order.__getitem__))
        return g

    return forward, back


_PAD_ROWS: dict[tuple[str, int], Any] = {}
for _mode, _title, _places in (("reflect", "Reflection", _mirrored), ("replicate", "Replication", _nearest)):
    _forward, _back = _padded_by(_places)
    for _n in (1, 2, 3):
        _PAD_ROWS[_mode, _n] = op(
            f"{_title.lower()}_pad{_n}d", _forward, kernel=Kernel(f"{_title.lower()}_pad{_n}d", NUMBERS), lies=as_images(ndim=_n + 2), where="", tangent="linear", node=f"{_title}Pad{_n}DBackward0",
            flat="self", self=_back, reads={"self": "g, the padding's added to where it was copied from"},
        )


def _check_reflection(shape: tuple[int, ...], pad: Sequence[int]) -> None:
    for i in range(len(pad) // 2):
        d = len(shape) - 1 - i
        before, after = pad[2 * i], pad[2 * i + 1]
        if before >= shape[d] or after >= shape[d]:
            raise RuntimeError(
                f"Argument #{4 + 2 * i}: Padding size should be less than the corresponding input dimension, but got: "
                f"padding ({before}, {after}) at dimension {d} of input {list(shape)}"
            )


def _circular(input: Tensor, pad: Sequence[int]) -> Tensor:
    shape = input._array.shape
    ends = _ends(pad, len(shape))
    for n, (before, after) in zip(shape, ends):
        if before > n or after > n:
            raise RuntimeError("Padding value causes wrapping around more than once.")
        if n + before + after < 0:
            raise RuntimeError("Negative padding value is resulting in an empty dimension")
    sizes = [n + b + a for n, (b, a) in zip(shape, ends)]
    out = input.new_empty(sizes)  # type: ignore[attr-defined]
    target, kept = out, input
    for d, (before, after) in enumerate(ends):
        if d >= len(shape) - len(pad) // 2:
            target = slice_.function(target, d, max(before, 0), sizes[d] - max(after, 0))
            kept = slice_.function(kept, d, max(-before, 0), shape[d] - max(-after, 0))
    copy_.inplace(target, kept)
    for d in reversed(range(len(shape))):
        before, after = ends[d]
        whole = (slice(None),) * d
        size = sizes[d]
        if before > 0:
            out[(*whole, slice(0, before))] = out[(*whole, slice(size - before - max(after, 0), size - max(after, 0)))]
        if after > 0:
            out[(*whole, slice(size - after, size))] = out[(*whole, slice(max(before, 0), max(before, 0) + after))]
    return out


@composite(where="nn.functional")
def pad(input: Tensor, pad: Sequence[int], mode: str = "constant", value: float | None = None) -> Tensor:
    """The tensor with more places at the ends of its last dimensions.

    ``pad`` holds (before, after) pairs, the last dimension first; negative amounts cut off.  ``mode`` says what the new
    places hold: "constant" (``value``), "reflect", "replicate" or "circular".

    Raises RuntimeError where the amounts do not fit the shape.

    >>> import adjoint as torch
    >>> torch.nn.functional.pad(torch.tensor([1, 2]), (1, 2))
    tensor([0, 1, 2, 0, 0])
    """
    pad = tuple(int(p) for p in pad)
    array = input._array
    ndim = array.ndim
    if len(pad) % 2:
        raise RuntimeError("Padding length must be divisible by 2")
    if len(pad) > 2 * ndim:
        raise RuntimeError(
            "Padding length should be less than or equal to two times the input dimension but got padding length "
            f"{len(pad)} and input of dimension {ndim}"
        )
    if mode == "constant":
        return constant_pad_nd.function(input, pad, 0 if value is None else number_argument(value, "pad", "value", 4, "float"))
    if value is not None and value != 0:
        raise RuntimeError(f'Padding mode "{mode}" doesn\'t take in value argument')
    count = len(pad) // 2
    if count not in (1, 2, 3) or ndim not in (count + 1, count + 2):
        if mode not in ("reflect", "replicate", "circular"):
            raise NotImplementedError(f"Unrecognised padding mode {mode}")
        raise NotImplementedError(
            f"Padding size {len(pad)} is not supported for {ndim}D input tensor.\nSupported combinations for non-constant padding:\n"
            "  - 2D or 3D input: padding size = 2 (pads last dimension)\n"
            "  - 3D or 4D input: padding size = 4 (pads last 2 dimensions)\n"
            "  - 4D or 5D input: padding size = 6 (pads last 3 dimensions)"
        )
    if mode == "circular":
        return _circular(input, pad)
    if mode not in ("reflect", "replicate"):
        raise NotImplementedError(f"Unrecognised padding mode {mode}")
    if mode == "reflect":
        if all(array.shape[-count - 1 :]):
            _check_reflection(array.shape, pad)
    check_padded(array.shape, count, pad)
    return _PAD_ROWS[mode, count].function(input, pad)

"""Comparison: the first difference between a result of PyTorch and one of Adjoint, in the order in which it matters."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

import adjoint

# By dtype, of the largest magnitude that occurs; a product over a few dozen numbers may be summed in either order.
TOLERANCE = {
    "float64": 1e-9,
    "complex128": 1e-9,
    "float32": 2e-5,
    "complex64": 2e-5,
    "float16": 4e-3,
    "complex32": 4e-3,
    "bfloat16": 3e-2,
}


def difference(theirs: Any, ours: Any, values: bool = True, loose: float = 1.0, where: str = "", memory: bool = True) -> str | None:
    """What differs first between two results, as a sentence; None if nothing does.

    ``values=False`` compares everything but the numbers, ``memory=False`` everything but the strides; ``loose`` is a
    factor on the tolerance.
    """
    if isinstance(theirs, torch.Tensor):
        return _of_tensors(theirs, ours, values, loose, where, memory)
    if isinstance(theirs, dict):
        if not isinstance(ours, dict) or list(theirs) != list(ours):
            return f"{where}keys: {list(theirs)} | {list(ours) if isinstance(ours, dict) else type(ours).__name__}"
        parts = [(k, theirs[k], ours[k]) for k in theirs]
    elif isinstance(theirs, (list, tuple)):
        if not isinstance(ours, (list, tuple)) or len(theirs) != len(ours):
            return (
                f"{where}parts: {len(theirs)} | {len(ours) if isinstance(ours, (list, tuple)) else type(ours).__name__}"
            )
        if isinstance(theirs, tuple) and type(theirs).__name__ != type(ours).__name__:
            return f"{where}type: {type(theirs).__name__} | {type(ours).__name__}"
        parts = [(k, a, b) for k, (a, b) in enumerate(zip(theirs, ours))]
    elif isinstance(theirs, (float, complex)) and values:
        same = type(theirs) is type(ours) and _close(np.asarray(theirs), np.asarray(ours), 1e-5 * loose)
        return None if same else f"{where}value: {theirs!r} | {ours!r}"
    elif isinstance(theirs, (int, str, bool, type(None))) and values:
        return None if theirs == ours else f"{where}value: {theirs!r} | {ours!r}"
    elif isinstance(theirs, torch.dtype):
        return None if str(theirs) == str(ours) else f"{where}dtype: {theirs} | {ours}"
    else:
        return None
    return next(
        (found for k, a, b in parts if (found := difference(a, b, values, loose, f"{where}[{k}]", memory)) is not None), None
    )


def _of_tensors(theirs: torch.Tensor, ours: Any, values: bool, loose: float, where: str, memory: bool) -> str | None:
    if not isinstance(ours, adjoint.Tensor):
        return f"{where} type: Tensor | {type(ours).__name__}"
    if torch.nn.parameter.is_lazy(theirs) or adjoint.nn.parameter.is_lazy(ours):
        a, b = (f"{type(x).__name__} {x.dtype} {x.requires_grad}" for x in (theirs, ours))
        return None if a == b else f"{where} uninitialized: {a} | {b}"
    if theirs.layout is torch.sparse_coo or ours.layout is adjoint.sparse_coo:
        return _of_sparse(theirs, ours, values, loose, where)
    for name, a, b in (
        ("dtype", str(theirs.dtype), str(ours.dtype)),
        ("shape", tuple(theirs.shape), tuple(ours.shape)),
        ("requires_grad", theirs.requires_grad, ours.requires_grad),
        ("strides", memory and strides(theirs), memory and strides(ours)),
    ):
        if a != b:
            return f"{where} {name}: {a} | {b}"
    if (theirs.grad_fn is None) != (ours.grad_fn is None):
        return f"{where} grad_fn: {theirs.grad_fn} | {ours.grad_fn}"
    if not values or not theirs.numel():
        return None
    a, b = numbers(theirs), numbers(ours)
    tolerance = TOLERANCE.get(str(theirs.dtype).removeprefix("torch."), 0.0) * loose
    return None if _close(a, b, tolerance) else f"{where} values: {_shown(a, b)}"


def _of_sparse(theirs: torch.Tensor, ours: Any, values: bool, loose: float, where: str) -> str | None:
    """Of two tensors in coordinate format: what is asked of any, and their places and values, in order where both are coalesced."""
    if str(theirs.layout) != str(ours.layout):
        return f"{where} layout: {theirs.layout} | {ours.layout}"
    for name in ("dtype", "requires_grad", "is_coalesced()"):
        a, b = (str(getattr(t, name[:-2])() if name.endswith("()") else getattr(t, name)) for t in (theirs, ours))
        if a != b:
            return f"{where} {name}: {a} | {b}"
    if not theirs.is_coalesced():
        return _of_tensors(theirs.detach().to_dense(), ours.detach().to_dense(), values, loose, where, False)
    for part in ("_indices", "_values"):
        a, b = (getattr(t.detach(), part)() for t in (theirs, ours))
        found = _of_tensors(a, b, values, loose, f"{where} {part}", False)
        if found is not None:
            return found
    return None


def strides(value: Any) -> tuple[int, ...] | None:
    """The strides of the dimensions that are stepped along; NumPy does not keep those of the others."""
    if not value.numel():
        return None
    return tuple(step for step, n in zip(value.stride(), value.shape) if n > 1)


def numbers(value: Any) -> np.ndarray:
    """A tensor of either library as a NumPy array; bfloat16 and half as float32, complex32 as complex64."""
    value = value.detach().resolve_conj().resolve_neg()
    if str(value.dtype) in ("torch.bfloat16", "torch.float16"):
        value = value.float()
    elif str(value.dtype) == "torch.complex32":
        value = value.cfloat()
    return value.numpy(force=True)


def _close(a: np.ndarray, b: np.ndarray, tolerance: float) -> bool:
    if not tolerance:
        return bool(np.array_equal(a, b))
    with np.errstate(all="ignore"):
        if a.dtype.kind == "c":
            return _close(a.real, b.real, tolerance) and _close(a.imag, b.imag, tolerance)
        finite = np.isfinite(a)
        scale = float(np.abs(a[finite]).max(initial=0.0))
        return bool(
            np.array_equal(finite, np.isfinite(b))
            and np.array_equal(a[~finite], b[~finite], equal_nan=True)
            and np.all(np.abs(a[finite] - b[finite]) <= tolerance * max(scale, 0.3))
        )


def _shown(a: np.ndarray, b: np.ndarray) -> str:
    with np.errstate(all="ignore"):
        apart = ~((a == b) | ((a != a) & (b != b)))
        if a.dtype.kind in "fc":
            gap = np.where(apart, np.abs(np.nan_to_num(a, nan=9e9) - np.nan_to_num(b, nan=9e9)), 0)
        else:
            gap = apart
    place = np.unravel_index(int(gap.argmax()), a.shape) if a.shape else ()
    return f"{int(apart.sum())} of {a.size}, at {tuple(map(int, place))}: {a[place]} | {b[place]}"

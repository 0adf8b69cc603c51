"""Tangents of what is written to: an in-place operator in forward mode.

A view's tangent is the view of its base's tangent.  A write gives new tangents to the tensor and to all that looks at its
memory; no tangent is itself written to.
"""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

from adjoint import dtypes
from adjoint.autograd.batch import in_batches_of
from adjoint.autograd.forward_ad import Level, zeros
from adjoint.autograd.grad_mode import mode, recording
from adjoint.autograd.views import replay
from adjoint.readings.batched import BatchedArray
from adjoint.tensor import Tensor


def is_dual(value: Any) -> bool:
    """Whether a tensor, or one of several, has a tangent at a level that is entered."""
    if isinstance(value, (tuple, list)):
        return any(map(is_dual, value))
    tangents = value._tangents if isinstance(value, Tensor) else None
    return tangents is not None and any(level.handle is not None for level in tangents)


def carry_over(target: Tensor, result: Tensor | None = None) -> None:
    """Give ``target``, into which ``result`` was written in place, the tangents of ``result``; zeros for a constant.

    Tangents are never written to themselves: other tensors may have them too (that of ``x + 1`` is that of ``x``), and
    an outer derivative may have saved them.  A write gives the target a new one, and all that looks at its memory.
    """
    if target.dtype.category < dtypes.FLOAT:
        return
    new = (result._tangents if result is not None else None) or {}
    for level in {*new, *(target._tangents or ())}:
        if level.handle is None or level.is_off():  # a level that was left, or that is to see nothing
            continue
        tangent = new.get(level)
        if tangent is None:
            tangent = zeros(target)
        elif tangent.dtype is not target.dtype:
            tangent = tangent.to(target.dtype)
        give_tangent(level, target, tangent)


def give_tangent(level: Level, target: Tensor, tangent: Tensor) -> None:
    """Have ``tangent`` for the tangent of ``target`` and for the part of others' that is over the same memory."""
    view = target._view
    base = target if view is None else view.base
    live = [other for reference in getattr(base._writes, "views", None) or () if (other := reference()) is not None]
    whole, path = level.tangent(base), () if view is None else view.path
    keeps_history = not mode.enabled and whole is not None and whole.requires_grad
    if view is None and not (live or keeps_history):
        level.set_tangent(target, tangent)
        return
    if whole is None:
        whole = level.tangent(target)
        if whole is None:
            whole = zeros(base)
            level.set_tangent(base, whole)
        else:  # a dual tensor, of which its primal knows nothing
            path = ()
    prefix = 0
    if whole._view is not None:  # the tangents' own views say which of them share memory
        whole, path, prefix = _outermost(level, (base, target, *live), whole, path)
    changed = tangent
    if path or keeps_history:  # a write that is not recorded leaves the tangent's history, as it does the tensor's
        with recording() if keeps_history else nullcontext():
            part = replay(path, whole) if tangent._array.__class__ is BatchedArray else None
            changed = in_batches_of(whole, tangent._array, part).clone()
        replay(path, changed).copy_(tangent)
    with recording() if keeps_history else nullcontext():
        _share_tangent(level, base, live, whole, changed, prefix)


def _outermost(level: Level, tensors: Any, tangent: Tensor, path: Any) -> tuple[Tensor, Any, int]:
    """Of the tangents that the tensors have, all over one memory, the one that the others are parts of; the way from it to
    the part of ``tangent`` that ``path`` leads to; and how long the way is to it from what it is itself a view of.

    What that is, is another tensor's tangent: that of ``x + 1`` is that of ``x``, which may be expanded, or a sample.
    """
    root, whole_path = tangent._view.base, (*tangent._view.path, *path)
    found, length = tangent, len(tangent._view.path)
    for tensor in tensors:
        other = level.tangent(tensor)
        if other is root and other is not None:
            return other, whole_path, 0
        if other is not None and other._view is not None and other._view.base is root:
            way = other._view.path
            if len(way) < length and _begins(whole_path, way):
                found, length = other, len(way)
    return found, whole_path[length:], length


def _begins(path: Any, with_these: Any) -> bool:
    return len(path) >= len(with_these) and all(a is b for a, b in zip(path, with_these))


def _share_tangent(
    level: Level, base: Tensor, live: list[Tensor], whole: Tensor, changed: Tensor, prefix: int
) -> None:
    """Give ``base`` and its views the parts of ``changed`` for those of ``whole`` that they had as their tangents."""
    known = [(other, level.tangent(other)) for other in (base, *live)]
    root, way = (whole._view.base, whole._view.path) if prefix else (whole, ())
    for other, before in known:
        if before is whole:
            level.set_tangent(other, changed)
        elif before is not None and before._view is not None and before._view.base is root:
            if _begins(before._view.path, way):
                level.set_tangent(other, replay(before._view.path[prefix:], changed))
    of_base = level.tangent(base)
    if of_base is not None:
        for other, before in known:
            if before is None and other is not base:  # a view from before the base had a tangent
                level.set_tangent(other, replay(other._view.path, of_base))

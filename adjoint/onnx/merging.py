"""Merging: several traces of one model at different sizes become one, in which numbers that differed are :class:`~.sizes.Varying`.

Raises OnnxExporterError at the first call in which the traces differ by anything else: there the program does something else at
another size, as a loop over time steps does, and one graph cannot be right for all.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from adjoint.onnx.errors import OnnxExporterError
from adjoint.onnx.sizes import vary
from adjoint.onnx.tracing import Call, Entry, Tracer

UNEXPLAINED = (
    "a constant that differs with other inputs or sizes, made by what the exporter cannot see (Python or NumPy code)"
)


class Merged:
    """Entries and calls of one trace or several."""

    def __init__(self, entries: list[Entry], calls: list[Call], outputs: Any) -> None:
        self.entries, self.calls, self.outputs = entries, calls, outputs


def merge(traces: Sequence[tuple[Tracer, Any]]) -> Merged:
    """One trace of all; each is given with the structure of its outputs."""
    first, outputs = traces[0]
    if len(traces) == 1:
        return Merged(first.entries, first.calls, outputs)
    for calls in zip(*[tracer.calls for tracer, _ in traces]):
        _merge_call(calls)
    counts = [len(tracer.calls) for tracer, _ in traces]
    if len(set(counts)) > 1:
        shortest = min(range(len(traces)), key=counts.__getitem__)
        longest = max(range(len(traces)), key=counts.__getitem__)
        _refuse(traces[longest][0].calls[counts[shortest]])
    outputs = _merged([outputs for _, outputs in traces], first.calls[-1] if first.calls else None)
    entries = [tracer.entries for tracer, _ in traces]
    if len({len(each) for each in entries}) > 1:
        raise OnnxExporterError("the model makes different tensors at different sizes of its dynamic dimensions")
    for same in zip(*entries):
        _merge_entry(same)
    return Merged(first.entries, first.calls, outputs)


def _refuse(call: Call, why: str = "") -> Any:
    name = call.key if isinstance(call.key, str) else getattr(call.key[-1], "__name__", call.key[-1])
    raise OnnxExporterError(
        f"the model does not do the same with other inputs, or at all sizes of its dynamic dimensions, so one graph cannot stand "
        f"for it: the calls differ from this one of {name} on{why}. What depends on what tensors hold, a loop over a dynamic "
        f"dimension, or a branch on one has to go, or the dimension has to be static.\n{call.where()}"
    )


def _merge_call(calls: Sequence[Call]) -> None:
    first = calls[0]
    if any(c.key != first.key or c.writes != first.writes for c in calls):
        _refuse(first)
    first.args = _merged([c.args for c in calls], first)
    first.kwargs = _merged([c.kwargs for c in calls], first)
    first.out = _merged([c.out for c in calls], first)
    for index, array in first.kept.items():
        if not all(_same(array, c.kept.get(index)) for c in calls[1:]):
            first.kept = {}
            break


def _merged(trees: Sequence[Any], call: Call | None) -> Any:
    first = trees[0]
    kind = type(first)
    if any(type(t) is not kind for t in trees):
        if all(isinstance(t, (int, float)) and not isinstance(t, bool) for t in trees):
            return vary([float(t) for t in trees])
        return _refuse(call) if call else None
    if isinstance(first, (list, tuple)):
        if any(len(t) != len(first) for t in trees):
            if call is not None:
                _refuse(call)
            raise OnnxExporterError("the model returns another number of tensors at another size")
        values = [_merged(parts, call) for parts in zip(*trees)]
        return values if kind is list else tuple(values)
    if isinstance(first, dict):
        if any(t.keys() != first.keys() for t in trees):
            _refuse(call) if call else None
        return {key: _merged([t[key] for t in trees], call) for key in first}
    if isinstance(first, slice):
        return slice(*[_merged([getattr(t, part) for t in trees], call) for part in ("start", "stop", "step")])
    if isinstance(first, (int, float)) and not isinstance(first, bool):
        return vary(list(trees))
    if isinstance(first, np.ndarray):
        if not all(_same(first, t) for t in trees):
            _refuse(call)  # type: ignore[arg-type]
        return first
    try:
        same = all(bool(t == first) for t in trees)
    except Exception:  # of the user's own kind
        same = True
    if not same:
        _refuse(call)  # type: ignore[arg-type]
    return first


def _merge_entry(same: Sequence[Entry]) -> None:
    first = same[0]
    if len({len(e.shape) for e in same}) > 1 or any(e.dtype != first.dtype or e.depends != first.depends for e in same):
        first.unknown = first.unknown or "a tensor whose dimensions or dtype differ from size to size"
        return
    if first.array is not None and not all(_same(first.array, e.array) for e in same[1:]):
        first.array = None
    first.shape = tuple([vary(sizes) for sizes in zip(*[e.shape for e in same])])


def _same(a: np.ndarray, b: Any) -> bool:
    return a is b or (
        isinstance(b, np.ndarray) and a.shape == b.shape and a.dtype == b.dtype and a.tobytes() == b.tobytes()
    )

"""Lists of tensors, and what may be absent."""

from __future__ import annotations

from typing import Any

import adjoint
from adjoint.onnx.loading.rows import direct, operator

direct("SequenceConstruct", lambda *xs: list(xs))
direct("SequenceLength", lambda xs: adjoint.tensor(len(xs)))
direct("OptionalGetElement", lambda x: _present(x))
direct("OptionalHasElement", lambda x=None: adjoint.tensor(x is not None))
operator("SequenceEmpty", random=True)(lambda site, dtype=1: list)
operator("Optional")(lambda site, type=None: lambda x=None: x)


def _present(x: Any) -> Any:
    if x is None:
        raise ValueError("what was asked for is absent")
    return x


@operator("SequenceAt", host=(1,))
def at(site: Any) -> Any:
    return lambda place: lambda xs: xs[int(place.reshape(-1)[0])]


@operator("SequenceInsert", host=(2,))
def insert(site: Any) -> Any:
    def prepare(place: Any) -> Any:
        def run(xs: Any, x: Any) -> Any:
            where = len(xs) if place is None else int(place.reshape(-1)[0])
            if not -len(xs) <= where <= len(xs):
                raise IndexError(f"place {where} in a list of {len(xs)}")
            result = list(xs)
            result.insert(where, x)
            return result

        return run

    return prepare


@operator("SequenceErase", host=(1,))
def erase(site: Any) -> Any:
    def prepare(place: Any) -> Any:
        def run(xs: Any) -> Any:
            result = list(xs)
            del result[-1 if place is None else int(place.reshape(-1)[0])]
            return result

        return run

    return prepare


@operator("ConcatFromSequence")
def concat_from_sequence(site: Any, axis: int, new_axis: int = 0) -> Any:
    function = adjoint.stack if new_axis else adjoint.cat
    return lambda xs: function(tuple(xs), axis)


@operator("SplitToSequence", host=(1,))
def split_to_sequence(site: Any, axis: int = 0, keepdims: int = 1) -> Any:
    def prepare(parts: Any) -> Any:
        if parts is None:
            return lambda x: [*x.split(1, axis)] if keepdims else [*x.unbind(axis)]
        sizes = int(parts) if parts.ndim == 0 else parts.tolist()
        return lambda x: [*x.split(sizes, axis)]

    return prepare


@operator("SequenceMap", graphs=("body",), several=True)
def sequence_map(site: Any, body: Any) -> Any:
    def run(xs: Any, *others: Any, body: Any) -> Any:
        results = [
            body(x, *(other[n] if isinstance(other, list) else other for other in others)) for n, x in enumerate(xs)
        ]
        return tuple([result[place] for result in results] for place in range(len(site.outputs)))

    return run

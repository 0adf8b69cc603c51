"""Graphs of ONNX under construction: nodes, initializers and names, and how sizes are computed in them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from adjoint import dtypes
from adjoint.onnx.errors import OnnxExporterError
from adjoint.onnx.sizes import Varying, explain, product
from adjoint.onnx.types import number_of

# What operators return that is of another dtype than their first input.
_RESULTS: dict[str, Any] = {
    **dict.fromkeys("Equal Greater GreaterOrEqual Less LessOrEqual And Or Xor Not IsNaN IsInf".split(), dtypes.bool_),
    **dict.fromkeys("Shape Size ArgMax ArgMin NonZero".split(), dtypes.int64),
}


class Value:
    """A tensor of a graph: its name, dtype, sizes (numbers, and :class:`~.sizes.Varying`; None if not known), and the array if
    it is a constant, which is an initializer only once it is used."""

    __slots__ = ("array", "dtype", "name", "shape")

    def __init__(self, name: str | None, dtype: Any, shape: tuple[Any, ...] | None = None, array: Any = None) -> None:
        self.name, self.dtype, self.shape, self.array = name, dtype, shape, array

    @property
    def ndim(self) -> int:
        """How many dimensions it has."""
        return len(self.sizes)

    @property
    def sizes(self) -> tuple[Any, ...]:
        """Its sizes, which must be known."""
        if self.shape is None:
            raise OnnxExporterError(f"the sizes of {self.name} are not known")
        return self.shape


class Graph:
    """Nodes are added by :meth:`op`, constants by :meth:`const`, numbers that vary by :meth:`number` and :meth:`ints`."""

    def __init__(self, opset: int) -> None:
        self.opset = opset
        self.nodes: list[Any] = []
        self.initializers: dict[str, Any] = {}  # name -> array
        self.dtypes: dict[str, Any] = {}
        self.domains: dict[str, int] = {"": opset}
        self.inputs: list[Value] = []
        self.module = ""  # in which the nodes are that come next
        self.nearby: list[Value] = []  # tensors whose sizes explain a number first
        self.out: list[Value] = []  # what the call that is written returns: dtypes and sizes
        self.key = ""  # the function whose call is written
        self._names: set[str] = set()
        self._counts: dict[str, int] = {}
        self._small: dict[Any, Value] = {}
        self._sized: dict[Any, Value] = {}
        self._with_sizes: list[Value] = []

    # Names

    def fresh(self, wanted: str) -> str:
        """A name that is not taken yet."""
        wanted = re.sub(r"[^A-Za-z0-9_.]", "_", wanted).strip("_") or "value"
        count = self._counts.get(wanted, 0)
        name = wanted if not count else f"{wanted}_{count}"
        while name in self._names:
            count += 1
            name = f"{wanted}_{count}"
        self._counts[wanted] = count + 1
        self._names.add(name)
        return name

    def take(self, name: str) -> str:
        """Take a name that was given."""
        self._names.add(name)
        return name

    # Nodes

    def op(
        self, kind: str, *inputs: Any, outputs: int = 1, dtype: Any = None, domain: str = "", **attributes: Any
    ) -> Any:
        """Add a node; its output, a tuple of them if ``outputs`` is not 1.

        Inputs are values, None for one left out, or NumPy arrays.  ``dtype`` is the output's if it is not that of the first
        input.  Attributes that are None are left out.
        """
        from onnx import helper

        given = [self.const(i) if isinstance(i, np.ndarray) else i for i in inputs]
        while given and given[-1] is None:
            given.pop()
        first = next((i for i in given if i is not None), None)
        names = [self.fresh(self.key or kind.lower()) for _ in range(outputs)]
        attributes = {name: _attribute(value) for name, value in attributes.items() if value is not None}
        node = helper.make_node(
            kind,
            ["" if i is None else self.name_of(i) for i in given],
            names,
            name=self._node_name(kind),
            domain=domain,
            **attributes,
        )
        self.nodes.append(node)
        made = [Value(name, dtype or _RESULTS.get(kind) or (first.dtype if first else None)) for name in names]
        return made[0] if outputs == 1 else tuple(made)

    def _node_name(self, kind: str) -> str:
        path = "".join(f"/{part}" for part in self.module.split(".") if part)
        name = f"{path}/{kind}"
        count = self._counts.get(name, 0)
        self._counts[name] = count + 1
        return f"{name}_{count}" if count else name

    def name_of(self, value: Value) -> str:
        """The name of a value; a constant becomes an initializer."""
        if value.name is None:
            value.name = self.fresh("const")
        if value.array is not None and value.name not in self.initializers:
            self.initializers[self.take(value.name)] = value.array
            self.dtypes[value.name] = value.dtype
        return value.name

    # Constants and numbers

    def const(self, value: Any, dtype: Any = None) -> Value:
        """A constant: of an array, or of numbers, which are int64 where ``dtype`` does not say otherwise."""
        dtype = dtype or (value.dtype if isinstance(value, np.ndarray) else None)
        if dtype is None:
            dtype = (
                dtypes.bool_
                if isinstance(value, bool)
                else dtypes.float32
                if isinstance(value, float)
                else dtypes.int64
            )
        if not isinstance(dtype, dtypes.dtype):
            dtype = dtypes.of_array(np.asarray(value))
        array = (
            np.asarray(value).astype(dtype.array)
            if not isinstance(value, np.ndarray)
            else value.astype(dtype.array, copy=False)
        )
        if array.size > 64:
            return Value(None, dtype, array.shape, array)
        key = (dtype, array.shape, array.tobytes())
        found = self._small.get(key)
        if found is None:
            found = self._small[key] = Value(None, dtype, array.shape, array)
        return found

    def number(self, value: Any, dtype: Any = None) -> Any:
        """A number as a tensor without dimensions: a constant, or computed from sizes; a value itself, cast."""
        if isinstance(value, Value):
            return value if dtype is None else self.cast(value, dtype)
        if not isinstance(value, Varying):
            return self.const(value, dtype)
        floating = any(isinstance(v, float) for v in value.seen)
        found = self._computed(value)
        return self.cast(found, dtype or (dtypes.float32 if floating else dtypes.int64))

    def ints(self, values: Iterable[Any]) -> Value:
        """Sizes as one int64 tensor of one dimension."""
        values = list(values)
        if not any(isinstance(v, (Varying, Value)) for v in values):
            return self.const(np.array(values, np.int64))
        parts: list[Value] = []
        run: list[int] = []
        for value in values:
            if isinstance(value, (Varying, Value)):
                if run:
                    parts.append(self.const(np.array(run, np.int64)))
                    run = []
                parts.append(self.op("Reshape", self.number(value, dtypes.int64), np.array([1], np.int64)))
            else:
                run.append(value)
        if run:
            parts.append(self.const(np.array(run, np.int64)))
        return parts[0] if len(parts) == 1 else self.op("Concat", *parts, axis=0)

    def static(self, value: Any, what: str) -> Any:
        """The number, which must not vary.  Raises OnnxExporterError."""
        if any(isinstance(v, Varying) for v in (value if isinstance(value, (list, tuple)) else [value])):
            raise OnnxExporterError(
                f"{self.key}: {what} depends on a dynamic size ({value}), and ONNX takes only a constant there; make that "
                "dimension static"
            )
        return value

    def _computed(self, value: Varying) -> Value:
        if value in self._sized:
            return self._sized[value]
        sources: dict[tuple[int, ...], tuple[Value, int]] = {}
        for tensor in (*self.inputs, *self.nearby, *self._with_sizes):
            for axis, length in enumerate(tensor.shape or ()):
                if isinstance(length, Varying):
                    sources.setdefault(length.seen, (tensor, axis))
        rows = list(sources)
        term = explain(value, rows)
        if term is None:
            raise OnnxExporterError(
                f"{self.key}: a number that was {value.seen} with several inputs is none that the exporter can compute from the "
                "sizes of the model's inputs: it depends on what they hold, or else the dimensions that it depends on have to be "
                "static"
            )

        def size(index: int) -> Value:
            tensor, axis = sources[rows[index]]
            seen = Varying(rows[index])
            if seen not in self._sized:
                self._sized[seen] = self.op("Gather", self.op("Shape", tensor), self.const(axis), axis=0)
            return self._sized[seen]

        made = self._term(term, size)
        self._sized[value] = made
        return made

    def _term(self, term: Any, size: Any) -> Value:
        kind, parts = term
        if kind == "is":
            return size(parts[0])  # type: ignore[no-any-return]
        if kind == "times":
            p, i, q, c = parts
            made = size(i)
            made = made if p == 1 else self.op("Mul", made, self.const(p))
            made = made if c == 0 else self.op("Add", made, self.const(c))
            return made if q == 1 else self.op("Div", made, self.const(q))
        if kind == "floor":
            c, i, q, sign, d = parts
            made = self.op("Div", size(i) if c == 0 else self.op("Add", size(i), self.const(c)), self.const(q))
            made = made if sign > 0 else self.op("Neg", made)
            return made if d == 0 else self.op("Add", made, self.const(d))
        if kind in ("product", "fraction"):
            k, first, *rest = parts
            made = size(first)
            for i in rest:
                made = self.op("Mul", made, size(i))
            return made if k == 1 else self.op("Mul" if kind == "product" else "Div", made, self.const(k))
        if kind == "sum":
            i, j, sign, c = parts
            made = self.op("Add" if sign > 0 else "Sub", size(i), size(j))
            return made if c == 0 else self.op("Add", made, self.const(c))
        c, i, exponent = parts
        made = self.cast(size(i), dtypes.float64)
        made = made if exponent == 1 else self.op("Pow", made, self.const(exponent, dtypes.float64))
        return made if c == 1 else self.op("Mul", made, self.const(c, dtypes.float64))

    def note(self, value: Value) -> None:
        """Remember a tensor for its sizes."""
        if value.shape is not None and value.array is None and any(isinstance(s, Varying) for s in value.shape):
            if len(self._with_sizes) < 64:
                self._with_sizes.append(value)
            else:
                self._with_sizes[-1] = value

    # What many translators do

    def cast(self, value: Value, dtype: Any) -> Value:
        """The value in another dtype; itself if it has that one."""
        if dtype is None or value.dtype == dtype:
            return value
        if value.array is not None and value.array.size <= 64:
            return self.const(value.array.astype(dtype.array), dtype)
        made = self.op("Cast", value, to=number_of(dtype), dtype=dtype)
        made.shape = value.shape
        return made

    def reshape(self, value: Value, sizes: Sequence[Any]) -> Value:
        """The value in other sizes, without computing those that it has already, or one that follows from the others."""
        old, sizes = value.shape, list(sizes)
        if old is not None:
            missing = [i for i, s in enumerate(sizes) if not isinstance(s, Varying) and s == -1]
            if missing:
                rest = product(s for i, s in enumerate(sizes) if i != missing[0])
                if isinstance(rest, Varying) or rest:
                    sizes[missing[0]] = product(old) // rest
        varying = [i for i, s in enumerate(sizes) if isinstance(s, Varying)]
        told = list(sizes)
        for i in varying:  # a zero says: as it is
            if old is not None and i < len(old) and sizes[i] == old[i] and 0 not in sizes:
                told[i] = 0
        left = [i for i in varying if told[i] is sizes[i]]
        if len(left) == 1 and -1 not in [s for s in told if not isinstance(s, Varying)]:
            told[left[0]] = -1
        made = self.op("Reshape", value, self.ints(told), allowzero=1 if 0 in sizes and 0 not in varying else None)
        made.shape = tuple(sizes)
        return made  # type: ignore[no-any-return]

    def squeeze(self, value: Value, axes: Sequence[int]) -> Value:
        """The value without these dimensions of size 1."""
        return self.op("Squeeze", value, np.array(list(axes), np.int64)) if axes else value  # type: ignore[no-any-return]

    def unsqueeze(self, value: Value, axes: Sequence[int]) -> Value:
        """The value with new dimensions of size 1, which are these afterwards."""
        return self.op("Unsqueeze", value, np.array(list(axes), np.int64)) if axes else value  # type: ignore[no-any-return]

    def transpose(self, value: Value, order: Sequence[int]) -> Value:
        """The value with its dimensions in another order."""
        if list(order) == list(range(len(order))):
            return value
        made = self.op("Transpose", value, perm=list(order))
        made.shape = None if value.shape is None else tuple(value.shape[i] for i in order)
        return made  # type: ignore[no-any-return]

    def slice(self, value: Value, axis: int, start: Any, end: Any, step: int = 1) -> Value:
        """A part of the value along a dimension."""
        ends = [
            np.array([n], np.int64) if not isinstance(n, (Varying, Value)) else self.ints([n]) for n in (start, end)
        ]
        return self.op("Slice", value, *ends, np.array([axis], np.int64), np.array([step], np.int64))  # type: ignore[no-any-return]

    def expand(self, value: Value, sizes: Sequence[Any]) -> Value:
        """The value broadcast to these sizes."""
        made = self.op("Expand", value, self.ints(sizes))
        made.shape = tuple(sizes)
        return made  # type: ignore[no-any-return]

    def shape(self, value: Value) -> Value:
        """The sizes as a tensor."""
        if value.shape is not None and not any(isinstance(s, Varying) for s in value.shape):
            return self.const(np.array(value.shape, np.int64))
        return self.op("Shape", value)  # type: ignore[no-any-return]

    def reduced(self, kind: str, value: Value, axes: Sequence[int] | None, keepdims: bool) -> Value:
        """A reduction, whose axes are an attribute below opset 18, of ``ReduceSum`` below 13."""
        if axes is not None and not axes:  # of no dimension
            axes = None
        if kind == "ReduceSum" or self.opset >= 18:
            made = None if axes is None else np.array(list(axes), np.int64)
            return self.op(kind, value, made, keepdims=int(keepdims))  # type: ignore[no-any-return]
        return self.op(kind, value, axes=None if axes is None else list(axes), keepdims=int(keepdims))  # type: ignore[no-any-return]


def _attribute(value: Any) -> Any:
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, (list, tuple)):
        return [_attribute(v) for v in value]
    return value

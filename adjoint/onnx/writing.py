"""Writing: a trace becomes a graph of ONNX, call by call, as the table of translators says.

ONNX's values never change, and tensors do.  So a tensor that was written into stands for a new value from then on; where it is a
view, that value goes into the tensor at the beginning of its views, at the places that the same views find among the numbers of
its elements, and every other view of that is made anew when it is next asked for.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from adjoint import dtypes
from adjoint.onnx.errors import OnnxExporterError, UnsupportedOperatorError
from adjoint.onnx.graph import Graph, Value
from adjoint.onnx.merging import UNEXPLAINED, Merged
from adjoint.onnx.sizes import Varying, product
from adjoint.onnx.tracing import Call, Entry, Ref, leaves_of, mapped, root_of

Translator = Callable[..., Any]


class Writer:
    """Writes the calls of ``trace`` into ``graph``; ``find(key)`` gives the translator of a function, or None."""

    def __init__(self, trace: Merged, graph: Graph, find: Callable[[Any], Translator | None]) -> None:
        self.trace, self.graph, self.find = trace, graph, find
        self.values: dict[int, Any] = {}  # of tensors: a value, or the error that says why there is none
        self.makers: dict[
            int, tuple[Call, int]
        ] = {}  # of views: the call that makes it, and which of its results it is
        self.state: set[int] = {i for i, e in enumerate(trace.entries) if e.name is not None and not e.depends}

    def write(self) -> None:
        """Write all calls."""
        for call in self.trace.calls:
            made = [leaf.index for leaf in leaves_of(call.out) if isinstance(leaf, Ref)]
            for at, index in enumerate(made):
                if self.trace.entries[index].parent is not None and index not in self.makers:
                    self.makers[index] = call, at
            if call.writes is None and made and all(self._is_constant(call, i) for i in made):
                continue
            if call.kept and call.writes is not None:
                for index, array in call.kept.items():
                    self.values[index] = self.graph.const(array, self.trace.entries[index].dtype)
                continue
            self.graph.module, self.graph.key = call.module, call.key if isinstance(call.key, str) else "custom"
            try:
                results = self.results(call, call.args, call.kwargs)
            except OnnxExporterError as error:
                results = [error] * max(len(made), 1)
            if call.writes is not None:
                self._store(call, results[0])
                continue
            for index, value in zip(made, results):
                if index not in self.values or self.trace.entries[index].depends or value is not None:
                    self._set(index, value)

    def _is_constant(self, call: Call, index: int) -> bool:
        """Whether a result is taken for what it was, and not computed by the graph: what is made of parameters is, so that
        they can be told, and trained."""
        entry = self.trace.entries[index]
        if entry.depends or index in self.values or (entry.array is None and entry.name is None):
            return False
        given = [leaf.index for leaf in leaves_of((call.args, call.kwargs)) if isinstance(leaf, Ref)]
        return not any(i in self.state for i in given)

    def _set(self, index: int, value: Any) -> None:
        entry = self.trace.entries[index]
        if isinstance(value, Value):
            if value.array is None and value.shape is None:
                value.shape = entry.shape
            elif value.shape != entry.shape or (entry.dtype != value.dtype):
                value = Value(self.graph.name_of(value), value.dtype, entry.shape)
            value = self.graph.cast(value, entry.dtype)
            if value.shape is None:
                value.shape = entry.shape
            self.graph.note(value)
        self.values[index] = value

    def get(self, index: int) -> Value:
        """The value of a tensor now.  Raises OnnxExporterError where it has none."""
        found = self.values.get(index)
        if isinstance(found, Value):
            return found
        if found is not None:
            raise found
        entry = self.trace.entries[index]
        if entry.unknown:
            name, _, where = entry.unknown.partition("\n")
            raise UnsupportedOperatorError(name if "::" in name else f"aten::{name}", self.graph.opset, None, where)
        if (index in self.makers and entry.array is None) or (index in self.makers and entry.depends):
            call, at = self.makers[index]
            before = self.graph.module, self.graph.key, self.graph.nearby, self.graph.out
            self.graph.module, self.graph.key = call.module, str(call.key)
            made = self.results(call, call.args, call.kwargs)[at]
            self.graph.module, self.graph.key, self.graph.nearby, self.graph.out = before
            if isinstance(made, Exception):
                raise made
            self._set(index, made)
            return self.values[index]  # type: ignore[no-any-return]
        if entry.array is None:
            raise OnnxExporterError(f"the model uses {UNEXPLAINED}")
        held = None if entry.name is None else self.graph.take(entry.name)
        value = Value(held, entry.dtype, entry.shape, entry.array)
        self.values[index] = value
        return value

    def results(self, call: Call, args: Any, kwargs: Any, given: dict[int, Value] | None = None) -> list[Any]:
        """The values that a call returns; ``given`` has other values for some of the tensors."""
        translator = self.find(call.key)
        graph = self.graph
        if translator is None:
            name = call.key if isinstance(call.key, str) else call.key[-1]
            raise UnsupportedOperatorError(
                name if "::" in str(name) else f"aten::{name}", graph.opset, None, call.where()
            )
        graph.out = [_like(self.trace.entries[leaf.index]) for leaf in leaves_of(call.out) if isinstance(leaf, Ref)]
        values: list[Value] = []

        def value(leaf: Any) -> Any:
            if not isinstance(leaf, Ref):
                return leaf
            found = given[leaf.index] if given and leaf.index in given else self.get(leaf.index)
            values.append(found)
            return found

        args, kwargs = mapped(args, value), _spelled(mapped(kwargs, value))
        graph.nearby = values
        if not args:  # the first argument by name
            first = next((name for name in ("input", "self", "x") if name in kwargs), None)
            args = () if first is None else (kwargs.pop(first),)
        try:
            made = translator(graph, *args, **kwargs)
        except UnsupportedOperatorError as error:
            if "\n" not in str(error):
                error.args = (f"{error}\n{call.where()}",)
            raise
        except OnnxExporterError as error:
            raise type(error)(f"{error}\n{call.where()}") from error
        except (TypeError, ValueError, LookupError, AttributeError) as error:
            raise OnnxExporterError(
                f"{call.key} was called in a way that the exporter does not know: {error}\n{call.where()}"
            ) from error
        return [leaf for leaf in leaves_of(made) if leaf is not None] if isinstance(made, (list, tuple)) else [made]

    # Writes

    def _store(self, call: Call, value: Any) -> None:
        """A tensor stands for another value from now on."""
        target = call.writes
        entries = self.trace.entries
        assert target is not None
        if call.key == "__setitem__":
            self._store_item(call, value)
            return
        root = root_of(entries, target)
        if isinstance(value, Value):
            value = self.graph.cast(value, entries[target].dtype)
            if value.shape is None:
                value.shape = self.graph.out[0].shape if self.graph.out else None
            if value.shape != entries[target].shape:
                value = self.graph.expand(value, entries[target].shape)
        if root != target and isinstance(value, Value):
            try:
                places = self._places(root, target)
                whole: Any = self._scattered(self.get(root), places, value)
            except OnnxExporterError as error:
                whole = error
        else:
            whole = value
        self._replace(root, whole)
        if root != target:
            self.values[target] = value

    def _replace(self, root: int, value: Any) -> None:
        """The tensor at the beginning of views is another one; the views are made anew when they are asked for."""
        for index in [i for i in self.values if i != root and root_of(self.trace.entries, i) == root]:
            del self.values[index]
        if isinstance(value, Value):
            value.shape = self.trace.entries[root].shape
        self.values[root] = value

    def _numbered(self, like: Value) -> Value:
        """The numbers of a tensor's elements, in its sizes."""
        count = product(like.sizes)
        if not isinstance(count, Varying):
            return self.graph.const(np.arange(count, dtype=np.int64).reshape(like.sizes))
        flat = self.graph.op(
            "Range", self.graph.const(0), self.graph.number(count), self.graph.const(1), dtype=dtypes.int64
        )
        flat.shape = (count,)
        return self.graph.reshape(flat, like.sizes)

    def _places(self, root: int, target: int) -> Value:
        """Which elements of the tensor at the beginning a view shows."""
        way = []
        index = target
        while index != root:
            way.append(index)
            index = self.trace.entries[index].parent  # type: ignore[assignment]
        places = self._numbered(_like(self.trace.entries[root]))
        for index in reversed(way):
            call, at = self.makers[index]
            parent = self.trace.entries[index].parent
            assert parent is not None
            places = self.results(call, call.args, call.kwargs, {parent: places})[at]
            if places.array is None:
                places.shape = self.trace.entries[index].shape
        return places

    def _scattered(self, whole: Value, places: Value, value: Value) -> Value:
        """A tensor with other values at some places, by number."""
        graph = self.graph
        flat = graph.op("Reshape", whole, np.array([-1], np.int64))
        at = graph.op("Reshape", places, np.array([-1], np.int64))
        new = graph.op("Reshape", value, np.array([-1], np.int64))
        made = graph.op("ScatterElements", flat, at, new, axis=0)
        return graph.reshape(made, whole.sizes)

    def _store_item(self, call: Call, error: Any) -> None:
        """``target[index] = value``."""
        target = call.writes
        assert target is not None
        entries = self.trace.entries
        root = root_of(entries, target)
        try:
            if isinstance(error, Exception):
                raise error
            whole: Any = self._with_item(call, target, root)
        except OnnxExporterError as failure:
            whole = failure
        self._replace(root, whole)

    def _with_item(self, call: Call, target: int, root: int) -> Value:
        graph = self.graph
        key = mapped(call.args[1], lambda leaf: self.get(leaf.index) if isinstance(leaf, Ref) else leaf)
        new = call.args[2]
        new = self.get(new.index) if isinstance(new, Ref) else new
        whole = self.get(root)
        dtype = entries_dtype = self.trace.entries[root].dtype
        mask = key if isinstance(key, Value) and key.dtype == dtypes.bool_ else None
        if mask is not None and target == root and (not isinstance(new, Value) or new.shape == ()):
            wide = graph.unsqueeze(mask, range(mask.ndim, len(whole.sizes)))
            return graph.op("Where", wide, graph.number(new, dtype), whole, dtype=dtype)  # type: ignore[no-any-return]
        places = self._places(root, target) if target != root else self._numbered(whole)
        if places.shape is None:
            places.shape = self.trace.entries[target].shape
        getitem = self.find("__getitem__")
        assert getitem is not None
        places = getitem(graph, places, key)
        value = graph.number(new, entries_dtype) if not isinstance(new, Value) else graph.cast(new, dtype)
        size = graph.op("Shape", places)
        return self._scattered(whole, places, graph.op("Expand", value, size))


_ALIASES = {"axis": "dim", "keepdims": "keepdim"}


def _spelled(kwargs: dict[str, Any]) -> dict[str, Any]:
    """Arguments by PyTorch's first names for them; those that NumPy's names were not given for are left out."""
    spelled = {name: value for name, value in kwargs.items() if name not in _ALIASES}
    for name, own in _ALIASES.items():
        if kwargs.get(name) is not None:
            spelled[own] = kwargs[name]
    return spelled


def _like(entry: Entry) -> Value:
    return Value(None, entry.dtype, entry.shape)

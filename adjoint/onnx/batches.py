"""``vmap`` inside of a model that is traced: a graph has no samples, so the function is run on tensors that broadcast.

That is the same for functions of single numbers, as those that make attention masks are: each mapped dimension becomes one of
the tensors', the innermost last.  Whether it is the same is looked at: the ``vmap`` itself is run as well, and compared.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from adjoint.onnx.errors import OnnxExporterError
from adjoint.places import here, tell
from adjoint.pytree import tree_map, tree_unflatten
from adjoint.tensor import Tensor


class Broadcasting:
    """Runs the functions of ``vmap``.  ``silently`` calls what is not to be traced, ``elsewhere`` tells another thread."""

    def __init__(self, silently: Callable[..., Any], elsewhere: Callable[[], bool]) -> None:
        self.silently, self.elsewhere = silently, elsewhere
        self.sizes: list[int] = []  # of the dimensions that are mapped, the outermost first
        self.carried: set[int] = set()  # tensors with dimensions that stand for mapped ones
        self._kept: list[Tensor] = []  # so that no other is made at their addresses
        self.calls = 0
        self.comparing = False

    def __call__(
        self,
        function: Any,
        real: Any,
        leaves: list[Any],
        dims: list[Any],
        spec: Any,
        out_dims: Any,
        size: int,
        kwargs: Any,
    ) -> Any:
        """What ``vmap`` of the function returns; ``real`` runs that."""
        if self.comparing or self.elsewhere():
            return real()
        outermost = not self.sizes
        if out_dims != 0 or any(
            d is not None and (leaf.ndim != 1 or id(leaf) in self.carried) for leaf, d in zip(leaves, dims)
        ):
            self._refuse("it maps more than one-dimensional tensors")
        given = []
        for leaf, dim in zip(leaves, dims):
            if isinstance(leaf, Tensor) and (dim is not None or id(leaf) in self.carried):
                leaf = leaf.view(-1) if dim is not None else leaf.unsqueeze(-1)  # type: ignore[attr-defined]
                self.carried.add(id(leaf))
                self._kept.append(leaf)
            given.append(leaf)
        self.sizes.append(size)
        before = self.calls = self.calls + 1
        try:
            made = function(*tree_unflatten(given, spec), **kwargs)
            if self.calls == before:  # no vmap inside of this one
                made = tree_map(lambda t: t.expand(*self.sizes) if isinstance(t, Tensor) else t, made)
        finally:
            self.sizes.pop()
        if outermost:
            self.carried.clear()
            self._kept.clear()
            self.comparing = True
            try:
                self._compare(made, self.silently(real))
            finally:
                self.comparing = False
        return made

    def _compare(self, made: Any, wanted: Any) -> None:
        pairs: list[tuple[Any, Any]] = []
        tree_map(lambda a, b: pairs.append((a, b)), made, wanted)
        for a, b in pairs:
            if isinstance(a, Tensor) and not np.array_equal(
                np.asarray(a._array), np.asarray(b._array), equal_nan=a.is_floating_point()
            ):  # type: ignore[attr-defined]
                self._refuse("its function does not compute with single numbers")

    def _refuse(self, why: str) -> Any:
        raise OnnxExporterError(
            f"a vmap inside of a model is exported where it maps a function of single numbers over one-dimensional tensors: {why}\n"
            f"{tell(here())}"
        )

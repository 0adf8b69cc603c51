"""Maps: nothing is reduced; one pass over the elements."""

from __future__ import annotations

from adjoint.kernels.fusing.source import Source, vectors_at_once


class Map(Source):
    """One pass; past the caches, where the results are larger than these."""

    kind = "map"

    @property
    def can_stream(self) -> bool:  # type: ignore[override]
        """Where all results are one stretch of memory."""
        return self.axes == 1

    def _loops(self) -> None:
        line = self.line
        self.unroll = vectors_at_once(self.weight(self.used))
        if self.axes == 0:
            self._bases({})
            line("low = i64(0)")
            line("high = i64(1)")
            self._inner_loop(0, [], "low", "high")
            return
        if self.axes == 1:
            line(f"low = task * {self._word('chunk')}")
            line(f"high = minimum(low + {self._word('chunk')}, n0)")
            self._bases({})
            self._inner_loop(0, [], "low", "high")
            return
        self._points(list(range(self.axes - 1)))
        line("low = i64(0)")
        self._inner_loop(0, [], "low", f"n{self.axes - 1}")

"""OfCategorical: distributions over vectors that say which of some categories, or how often each of them."""

from __future__ import annotations

from typing import Any

from adjoint.distributions.categorical import Categorical
from adjoint.tensor import Size, Tensor


class OfCategorical:
    """Shows the parameters of ``_categorical``, the distribution of the numbers of the categories."""

    _categorical: Categorical

    @property
    def probs(self) -> Tensor:
        """The categories' probabilities."""
        return self._categorical.probs  # type: ignore[no-any-return]

    @property
    def logits(self) -> Tensor:
        """The logarithms of the probabilities."""
        return self._categorical.logits  # type: ignore[no-any-return]

    @property
    def param_shape(self) -> Size:
        """The shape of ``probs`` and ``logits``."""
        return self._categorical.param_shape

    def _new(self, *args: Any, **kwargs: Any) -> Tensor:
        return self._categorical._new(*args, **kwargs)

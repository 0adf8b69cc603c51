"""ProbsOrLogits: distributions that are given probabilities, or logits, and compute the other when it is asked for."""

from __future__ import annotations

from typing import Any

from adjoint.distributions.utils import broadcast_all, lazy_property, logits_to_probs, probs_to_logits
from adjoint.tensor import Size, Tensor


def check_one_given(probs: Any, logits: Any) -> None:
    """Raise ValueError unless one of the two is given."""
    if (probs is None) == (logits is None):
        raise ValueError("Either `probs` or `logits` must be specified, but not both.")


class ProbsOrLogits:
    """Has ``probs``, ``logits``, and what was given of them as ``_param``."""

    _is_binary = True
    _expands: tuple[str, ...] = ("probs", "logits", "_param")

    _param: Tensor

    def _take(self, probs: Any, logits: Any, *others: Any) -> tuple[Tensor, ...]:
        """Keep what is given, broadcast with the other parameters, which are returned."""
        check_one_given(probs, logits)
        *broadcast, self._param = broadcast_all(*others, logits if probs is None else probs)
        setattr(self, "logits" if probs is None else "probs", self._param)
        return tuple(broadcast)

    @lazy_property
    def logits(self) -> Tensor:
        """Their logits."""
        return probs_to_logits(self.probs, self._is_binary)

    @lazy_property
    def probs(self) -> Tensor:
        """The probabilities."""
        return logits_to_probs(self.logits, self._is_binary)

    @property
    def param_shape(self) -> Size:
        """The shape of ``probs`` and ``logits``."""
        return self._param.size()

    def _new(self, *args: Any, **kwargs: Any) -> Tensor:
        return self._param.new(*args, **kwargs)

"""Stochastic depth: Huang et al. (2016), branches beside a shortcut that are left out by chance."""

from __future__ import annotations

import adjoint
from adjoint import nn
from adjoint.names import list_names as _list_names
from adjoint.noted_calls import noted
from adjoint.tensor import Tensor

__all__ = ["StochasticDepth", "stochastic_depth"]


@noted
def stochastic_depth(input: Tensor, p: float, mode: str, training: bool = True) -> Tensor:
    """``input`` of shape (N, ...) with each row (``mode="row"``), or all of it (``"batch"``), zeroed with the probability ``p``.

    What is left is divided by ``1 - p``, so that the mean stays.  Unless ``training``, ``input`` itself.  Raises ValueError for
    another mode, and for a ``p`` that is no probability.

    >>> import adjoint as torch
    >>> from adjoint.vision.ops import stochastic_depth
    >>> stochastic_depth(torch.ones(1, 2), 1.0, "row")
    tensor([[0., 0.]])
    """
    if p < 0.0 or p > 1.0:
        raise ValueError(f"drop probability has to be between 0 and 1, but got {p}")
    if mode not in ["batch", "row"]:
        raise ValueError(f"mode has to be either 'batch' or 'row', but got {mode}")
    if not training or p == 0.0:
        return input
    kept = 1.0 - p
    rows = input.shape[0] if mode == "row" else 1
    factors = adjoint.empty([rows] + [1] * (input.ndim - 1), dtype=input.dtype, device=input.device).bernoulli_(kept)
    return input * (factors.div_(kept) if kept > 0.0 else factors)


class StochasticDepth(nn.Module):
    """:func:`stochastic_depth` as a module.

    >>> from adjoint.vision.ops import StochasticDepth
    >>> StochasticDepth(0.2, "row")
    StochasticDepth(p=0.2, mode=row)
    """

    def __init__(self, p: float, mode: str) -> None:
        super().__init__()
        self.p = p
        self.mode = mode

    def forward(self, input: Tensor) -> Tensor:
        """``input``, or what is left of it while the module is trained."""
        return stochastic_depth(input, self.p, self.mode, self.training)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(p={self.p}, mode={self.mode})"


_list_names(__name__)

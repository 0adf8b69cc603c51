"""SparseAdam: Adam for gradients in a sparse layout, of which Adjoint has none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from adjoint.autograd.grad_mode import enable_grad
from adjoint.optim.optimizer import Optimizer, check_betas, check_one_element, number
from adjoint.tensor import Tensor


class SparseAdam(Optimizer):
    """Can be made, printed, saved and loaded, and refuses dense gradients in PyTorch's words.

    Every gradient here is dense, those of ``Embedding(sparse=True)`` included: use
    :class:`~adjoint.optim.adam.Adam`, whose steps also move rows that had no gradient.

    Raises ValueError for options out of range and complex parameters.

    >>> import adjoint as torch
    >>> w = torch.zeros(2, requires_grad=True)
    >>> w.grad = torch.ones(2)
    >>> torch.optim.SparseAdam([w]).step()
    Traceback (most recent call last):
    RuntimeError: SparseAdam does not support dense gradients, please consider Adam instead
    """

    def __init__(
        self,
        params: Any,
        lr: float | Tensor = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        maximize: bool = False,
    ) -> None:
        check_one_element(lr)
        if not 0.0 < number(lr):
            raise ValueError(f"Invalid learning rate: {lr}")
        if not 0.0 < eps:
            raise ValueError(f"Invalid epsilon value: {eps}")
        check_betas(betas)
        super().__init__(params, {"lr": lr, "betas": betas, "eps": eps, "maximize": maximize})
        places = [
            [i, j] for i, group in enumerate(self.param_groups) for j, p in enumerate(group["params"]) if p.is_complex()
        ]
        if places:
            raise ValueError(f"Complex params at indices {places}: SparseAdam does not support complex parameters")

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """The loss if a ``closure`` computes it anew, else None; RuntimeError where a parameter has a gradient."""
        loss = None
        if closure is not None:
            with enable_grad():
                loss = closure()
        if any(p.grad is not None for group in self.param_groups for p in group["params"]):
            raise RuntimeError("SparseAdam does not support dense gradients, please consider Adam instead")
        return loss

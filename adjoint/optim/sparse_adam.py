"""SparseAdam: Adam for sparse gradients, which moves the rows alone that have one."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from adjoint.autograd.grad_mode import enable_grad
from adjoint.optim.optimizer import Optimizer, check_betas, check_one_element, number
from adjoint.readings.sparse import SparseArray, add_into, coalesced, taken_at
from adjoint.tensor import Tensor, from_array, writes_of


class SparseAdam(Optimizer):
    """Adam for parameters whose gradients are sparse, as those of ``nn.Embedding(sparse=True)`` are.

    Means and squares are kept of all elements, and what a gradient does not have stays as it is, its mean too: that is
    not Adam with a gradient of zero there.  ``maximize`` ascends.  Raises ValueError for options out of range and for parameters
    that are complex or sparse, RuntimeError in a step for a gradient that is dense.

    >>> import adjoint as torch
    >>> table = torch.nn.Embedding(3, 2, sparse=True)
    >>> optimizer = torch.optim.SparseAdam(table.parameters(), lr=0.1)
    >>> before = table.weight.detach().clone()
    >>> table(torch.tensor([2])).sum().backward()
    >>> optimizer.step()
    >>> before - table.weight.detach()
    tensor([[0.0000, 0.0000],
            [0.0000, 0.0000],
            [0.1000, 0.1000]])
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

        places = [
            [i, j] for i, group in enumerate(self.param_groups) for j, p in enumerate(group["params"]) if p.is_sparse
        ]
        if places:
            raise ValueError(f"Sparse params at indices {places}: SparseAdam requires dense parameter tensors")

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Update every parameter that has a gradient; the loss if a ``closure`` computes it anew, else None."""
        loss = None
        if closure is not None:
            with enable_grad():
                loss = closure()
        for group in self.param_groups:
            params = [p for p in group["params"] if p._grad is not None]
            for p in params:
                if p._grad._array.__class__ is not SparseArray:
                    raise RuntimeError("SparseAdam does not support dense gradients, please consider Adam instead")
                if not self.state[p]:
                    zeros = (from_array(np.zeros_like(p._array, order="K")) for _ in range(2))
                    self.state[p].update(zip(("step", "exp_avg", "exp_avg_sq"), (0, *zeros)))
            for p in params:
                self.state[p]["step"] += 1
                self._update(group, p, self.state[p])
        return loss

    def _update(self, group: dict[str, Any], p: Tensor, state: dict[str, Any]) -> None:
        g = coalesced(p._grad._array)  # type: ignore[union-attr]
        if not g.values.size:
            return
        (beta1, beta2), lr, step = map(number, group["betas"]), number(group["lr"]), state["step"]
        values = -g.values if group["maximize"] else g.values
        mean, square = state["exp_avg"]._array, state["exp_avg_sq"]._array
        changes = []
        for total, new, beta in ((mean, values, beta1), (square, values * values, beta2)):
            old = taken_at(total, g.indices)
            change = (new - old) * (1 - beta)
            add_into(total, g.with_values(change))
            changes.append(change + old)
        size = lr * math.sqrt(1 - beta2**step) / (1 - beta1**step)
        move = changes[0] / (np.sqrt(changes[1]) + group["eps"]) * -size
        add_into(p._array, g.with_values(move.astype(p._array.dtype, copy=False)))
        for written in (p, state["exp_avg"], state["exp_avg_sq"]):
            writes_of(written).bump()

"""Rprop: resilient backpropagation (Riedmiller and Braun, 1993)."""

from __future__ import annotations

from typing import Any

import numpy as np

from adjoint.optim.elementwise import Elementwise, store
from adjoint.optim.optimizer import check_learning_rate, number
from adjoint.tensor import Tensor


class Rprop(Elementwise):
    """Steps of a size per element that grows while the gradient keeps its sign and shrinks where it turns.

    Only the gradient's sign counts.  ``etas`` are the factors of shrinking and growing, ``step_sizes`` the limits.
    """

    _first_write = "addcmul_"
    _later_options = {"foreach": None, "maximize": False, "differentiable": False, "capturable": False}

    def __init__(
        self,
        params: Any,
        lr: float | Tensor = 1e-2,
        etas: tuple[float, float] = (0.5, 1.2),
        step_sizes: tuple[float, float] = (1e-6, 50),
        *,
        capturable: bool = False,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        check_learning_rate(lr)
        if not 0.0 < etas[0] < 1.0 < etas[1]:
            raise ValueError(f"Invalid eta values: {etas[0]}, {etas[1]}")
        defaults = {
            "lr": lr,
            "etas": etas,
            "step_sizes": step_sizes,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
            "capturable": capturable,
        }
        super().__init__(params, defaults)

    def _slots(self, group: dict[str, Any]) -> dict[str, float]:
        return {"prev": 0.0, "step_size": number(group["lr"])}

    def _new_state(self, group: dict[str, Any], p: Tensor) -> dict[str, Any]:
        state = super()._new_state(group, p)
        if p._array.dtype.kind == "c":
            state["step_size"]._array += 1j * number(group["lr"])
        return state

    def _update(self, group: dict[str, Any], step: Any, p: Any, g: Any, prev: Any, step_size: Any) -> Any:
        shrink, grow = group["etas"]
        smallest, largest = group["step_sizes"]
        if group["maximize"]:
            g = -g
        agreement = g * prev
        turned = agreement < 0
        step_size *= (agreement > 0) * (grow - 1) + (turned * (shrink - 1) + 1)
        step_size = store(step_size, np.clip(step_size, smallest, largest))
        # Where the gradient turned, this step is skipped and the next one starts anew.
        g = np.where(turned, 0.0, g)
        p -= np.sign(g) * step_size
        prev = store(prev, g)
        return p, prev, step_size

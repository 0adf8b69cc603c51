"""Adadelta: Zeiler (2012)."""

from __future__ import annotations

from typing import Any

import numpy as np

from adjoint.optim.elementwise import Elementwise, signed_and_decayed
from adjoint.optim.optimizer import check_at_least_zero, check_learning_rate
from adjoint.tensor import Tensor


class Adadelta(Elementwise):
    """Steps whose units are the parameter's: the gradient times the ratio of two running root mean squares,
    of the steps taken and of the gradients."""

    _later_options = {"foreach": None, "maximize": False, "differentiable": False, "capturable": False}

    def __init__(
        self,
        params: Any,
        lr: float | Tensor = 1.0,
        rho: float = 0.9,
        eps: float = 1e-6,
        weight_decay: float = 0,
        foreach: bool | None = None,
        *,
        capturable: bool = False,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        check_learning_rate(lr)
        if not 0.0 <= rho <= 1.0:
            raise ValueError(f"Invalid rho value: {rho}")
        check_at_least_zero(eps=(eps, "epsilon value"), weight_decay=(weight_decay, "weight_decay value"))
        defaults = {
            "lr": lr,
            "rho": rho,
            "eps": eps,
            "weight_decay": weight_decay,
            "maximize": maximize,
            "capturable": capturable,
            "foreach": foreach,
            "differentiable": differentiable,
        }
        super().__init__(params, defaults)

    _on_xla = False

    def _slots(self, group: dict[str, Any]) -> dict[str, float]:
        return {"square_avg": 0.0, "acc_delta": 0.0}

    def _update(self, group: dict[str, Any], step: Any, p: Any, g: Any, square_avg: Any, acc_delta: Any) -> Any:
        rho, eps = group["rho"], group["eps"]
        g = signed_and_decayed(group, p, g)
        square_avg *= rho
        square = g * g
        square *= 1 - rho
        square_avg += square
        delta = np.sqrt(acc_delta + eps)
        delta /= np.sqrt(square_avg + eps)
        delta *= g
        acc_delta *= rho
        square = delta * delta
        square *= 1 - rho
        acc_delta += square
        p -= delta * group["lr"]
        return p, square_avg, acc_delta

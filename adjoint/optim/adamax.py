"""Adamax: Adam with the infinity norm (Kingma and Ba, 2015, section 7.1)."""

from __future__ import annotations

from typing import Any

import numpy as np

from adjoint.optim.elementwise import Elementwise, signed_and_decayed, store
from adjoint.optim.optimizer import check_at_least_zero, check_betas, check_learning_rate
from adjoint.tensor import Tensor


class Adamax(Elementwise):
    """Steps divided, per element, by a decaying maximum of the gradient's magnitude."""

    _first_write = "addcdiv_"
    _later_options = {"foreach": None, "maximize": False, "differentiable": False, "capturable": False}

    def __init__(
        self,
        params: Any,
        lr: float | Tensor = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        foreach: bool | None = None,
        *,
        maximize: bool = False,
        differentiable: bool = False,
        capturable: bool = False,
    ) -> None:
        check_learning_rate(lr)
        check_at_least_zero(eps=(eps, "epsilon value"))
        check_betas(betas)
        check_at_least_zero(weight_decay=(weight_decay, "weight_decay value"))
        defaults = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
            "capturable": capturable,
        }
        super().__init__(params, defaults)

    def _slots(self, group: dict[str, Any]) -> dict[str, float]:
        return {"exp_avg": 0.0, "exp_inf": 0.0}

    def _update(self, group: dict[str, Any], step: Any, p: Any, g: Any, exp_avg: Any, exp_inf: Any) -> Any:
        beta1, beta2 = group["betas"]
        g = signed_and_decayed(group, p, g)
        change = g - exp_avg
        change *= 1 - beta1
        exp_avg += change
        size = np.absolute(g)
        size += group["eps"]
        exp_inf *= beta2
        exp_inf = store(exp_inf, np.maximum(exp_inf, size))
        change = exp_avg / exp_inf
        change *= group["lr"] / (1 - beta1**step)
        p -= change
        return p, exp_avg, exp_inf

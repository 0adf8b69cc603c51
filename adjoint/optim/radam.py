"""RAdam: Adam with a rectified variance (Liu et al., 2020)."""

from __future__ import annotations

from typing import Any

import numpy as np

from adjoint.optim.elementwise import Elementwise, signed_and_decayed
from adjoint.optim.optimizer import check_at_least_zero, check_betas, check_learning_rate
from adjoint.tensor import Tensor


class RAdam(Elementwise):
    """Adam that goes without the adaptive denominator while too few gradients were seen to trust it."""

    _later_options = {
        "foreach": None,
        "maximize": False,
        "differentiable": False,
        "decoupled_weight_decay": False,
        "capturable": False,
    }

    def __init__(
        self,
        params: Any,
        lr: float | Tensor = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        decoupled_weight_decay: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
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
            "maximize": maximize,
            "foreach": foreach,
            "capturable": capturable,
            "decoupled_weight_decay": decoupled_weight_decay,
            "differentiable": differentiable,
        }
        super().__init__(params, defaults)

    def _slots(self, group: dict[str, Any]) -> dict[str, float]:
        return {"exp_avg": 0.0, "exp_avg_sq": 0.0}

    def _update(self, group: dict[str, Any], step: Any, p: Any, g: Any, exp_avg: Any, exp_avg_sq: Any) -> Any:
        lr = group["lr"]
        beta1, beta2 = group["betas"]
        if group["decoupled_weight_decay"]:
            if group["maximize"]:
                g = -g
            if group["weight_decay"] != 0:
                p *= 1 - lr * group["weight_decay"]
        else:
            g = signed_and_decayed(group, p, g)
        change = g - exp_avg
        change *= 1 - beta1
        exp_avg += change
        exp_avg_sq *= beta2
        square = g * g
        square *= 1 - beta2
        exp_avg_sq += square
        # The length of the simple moving average that the exponential one amounts to, and its limit
        longest = 2 / (1 - beta2) - 1
        length = longest - 2 * step * beta2**step / (1 - beta2**step)
        size = lr / (1 - beta1**step)
        if length > 5.0:
            rectification = ((length - 4) * (length - 2) * longest / ((longest - 4) * (longest - 2) * length)) ** 0.5
            denominator = np.sqrt(exp_avg_sq)
            denominator += group["eps"]
            change = exp_avg / denominator
            change *= size * ((1 - beta2**step) ** 0.5 * rectification)
        else:
            change = exp_avg * size
        p -= change
        return p, exp_avg, exp_avg_sq

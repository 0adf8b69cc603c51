"""RMSprop: Hinton's lecture 6e (2012), and the centered variant of Graves (2013)."""

from __future__ import annotations

from typing import Any

import numpy as np

from adjoint.optim.elementwise import Elementwise, signed_and_decayed
from adjoint.optim.optimizer import check_at_least_zero, check_learning_rate
from adjoint.tensor import Tensor


class RMSprop(Elementwise):
    """Steps divided, per element, by the root of a running average (rate ``alpha``) of the squared gradient.

    ``centered`` subtracts the square of the average gradient first; ``momentum`` averages the steps.
    """

    _first_write = "addcdiv_"
    _later_options = {
        "momentum": 0,
        "centered": False,
        "foreach": None,
        "maximize": False,
        "differentiable": False,
        "capturable": False,
    }

    def __init__(
        self,
        params: Any,
        lr: float | Tensor = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum: float = 0,
        centered: bool = False,
        capturable: bool = False,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        check_learning_rate(lr)
        check_at_least_zero(
            eps=(eps, "epsilon value"),
            momentum=(momentum, "momentum value"),
            weight_decay=(weight_decay, "weight_decay value"),
            alpha=(alpha, "alpha value"),
        )
        defaults = {
            "lr": lr,
            "momentum": momentum,
            "alpha": alpha,
            "eps": eps,
            "centered": centered,
            "weight_decay": weight_decay,
            "capturable": capturable,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
        }
        super().__init__(params, defaults)

    def _slots(self, group: dict[str, Any]) -> dict[str, float]:
        slots = {"square_avg": 0.0}
        if group["momentum"] > 0:
            slots["momentum_buffer"] = 0.0
        if group["centered"]:
            slots["grad_avg"] = 0.0
        return slots

    def _update(self, group: dict[str, Any], step: Any, p: Any, g: Any, square_avg: Any, *others: Any) -> Any:
        alpha = group["alpha"]
        g = signed_and_decayed(group, p, g)
        square_avg *= alpha
        square = g * g
        square *= 1 - alpha
        square_avg += square
        updated = [p, square_avg]
        if group["centered"]:
            grad_avg = others[-1]
            change = g - grad_avg
            change *= 1 - alpha
            grad_avg += change
            denominator = np.sqrt(square_avg - grad_avg * grad_avg)
        else:
            denominator = np.sqrt(square_avg)
        denominator += group["eps"]
        step_taken = g / denominator
        if group["momentum"] > 0:
            buffer = others[0]
            buffer *= group["momentum"]
            buffer += step_taken
            updated.append(buffer)
            step_taken = buffer * group["lr"]
        else:
            step_taken *= group["lr"]
        if group["centered"]:
            updated.append(grad_avg)
        p -= step_taken
        updated[0] = p
        return updated

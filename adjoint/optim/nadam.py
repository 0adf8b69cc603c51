"""NAdam: Adam with Nesterov's momentum (Dozat, 2016)."""

from __future__ import annotations

from typing import Any

import numpy as np

from adjoint.optim.elementwise import Elementwise, signed_and_decayed
from adjoint.optim.optimizer import check_at_least_zero, check_betas, check_learning_rate, count
from adjoint.tensor import Tensor


class NAdam(Elementwise):
    """Adam that steps along the momentum as it will be in the next step; ``momentum_decay`` schedules the momentum."""

    _first_write = "addcdiv_"
    _later_options = {
        "maximize": False,
        "foreach": None,
        "capturable": False,
        "differentiable": False,
        "decoupled_weight_decay": False,
    }

    def __init__(
        self,
        params: Any,
        lr: float | Tensor = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum_decay: float = 4e-3,
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
        check_at_least_zero(
            weight_decay=(weight_decay, "weight_decay value"),
            momentum_decay=(momentum_decay, "momentum_decay value"),
        )
        defaults = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "momentum_decay": momentum_decay,
            "decoupled_weight_decay": decoupled_weight_decay,
            "maximize": maximize,
            "foreach": foreach,
            "capturable": capturable,
            "differentiable": differentiable,
        }
        super().__init__(params, defaults)

    _captured = "params, mu_products and state_steps"

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        for value in self.state.values():
            if isinstance(value.get("mu_product"), (int, float)):
                value["mu_product"] = count(value["mu_product"])

    def _slots(self, group: dict[str, Any]) -> dict[str, float]:
        return {"exp_avg": 0.0, "exp_avg_sq": 0.0}

    def _new_state(self, group: dict[str, Any], p: Tensor) -> dict[str, Any]:
        state = super()._new_state(group, p)
        return {"step": state.pop("step"), "mu_product": count(1.0), **state}

    def _advance(self, group: dict[str, Any], state: dict[str, Any], first: bool) -> Any:
        step = super()._advance(group, state, first)
        beta1, decay = group["betas"][0], group["momentum_decay"]
        mu = beta1 * (1.0 - 0.5 * 0.96 ** (step * decay))
        following = beta1 * (1.0 - 0.5 * 0.96 ** ((step + 1) * decay))
        product = state["mu_product"]._array
        product *= mu
        return step, mu, following, product.item()

    def _update(self, group: dict[str, Any], step: Any, p: Any, g: Any, exp_avg: Any, exp_avg_sq: Any) -> Any:
        step, mu, following, mu_product = step
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
        denominator = np.sqrt(exp_avg_sq / (1 - beta2**step))
        denominator += group["eps"]
        change = g * (lr * (1 - mu) / (1 - mu_product))
        change += exp_avg * (lr * following / (1 - mu_product * following))
        change /= denominator
        p -= change
        return p, exp_avg, exp_avg_sq

"""ASGD: averaged stochastic gradient descent (Polyak and Juditsky, 1992)."""

from __future__ import annotations

from typing import Any

from adjoint.optim.elementwise import Elementwise, signed_and_decayed, store
from adjoint.optim.optimizer import check_at_least_zero, check_learning_rate, count, number
from adjoint.tensor import Tensor


class ASGD(Elementwise):
    """Gradient descent with a learning rate that falls, which also averages the parameters (state ``ax``) from step
    ``t0`` on."""

    _first_write = "mul_"
    _later_options = {"foreach": None, "maximize": False, "differentiable": False, "capturable": False}

    def __init__(
        self,
        params: Any,
        lr: float | Tensor = 1e-2,
        lambd: float = 1e-4,
        alpha: float = 0.75,
        t0: float = 1e6,
        weight_decay: float = 0,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
        capturable: bool = False,
    ) -> None:
        check_learning_rate(lr)
        check_at_least_zero(weight_decay=(weight_decay, "weight_decay value"))
        defaults = {
            "lr": lr,
            "lambd": lambd,
            "alpha": alpha,
            "t0": t0,
            "weight_decay": weight_decay,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
            "capturable": capturable,
        }
        super().__init__(params, defaults)

    _captured = "params, mus, etas, and state_steps"

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        for value in self.state.values():
            for name in ("eta", "mu"):
                if isinstance(value.get(name), (int, float)):
                    value[name] = count(value[name])

    def _slots(self, group: dict[str, Any]) -> dict[str, float]:
        return {"ax": 0.0}

    def _new_state(self, group: dict[str, Any], p: Tensor) -> dict[str, Any]:
        state = super()._new_state(group, p)
        return {"step": state["step"], "eta": count(number(group["lr"])), "mu": count(1.0), "ax": state["ax"]}

    def _advance(self, group: dict[str, Any], state: dict[str, Any], first: bool) -> Any:
        step = super()._advance(group, state, first)
        used = state["eta"]._array.item(), state["mu"]._array.item()
        lr = number(group["lr"])
        # Rounded to the default dtype, as every count is, also where a loaded state is wider.
        state["eta"]._array[...] = count(lr / ((1 + group["lambd"] * lr * step) ** group["alpha"]))._array
        state["mu"]._array[...] = count(1 / max(1, step - group["t0"]))._array
        return used

    def _update(self, group: dict[str, Any], step: Any, p: Any, g: Any, ax: Any) -> Any:
        eta, mu = step
        g = signed_and_decayed(group, p, g)
        p *= 1 - group["lambd"] * eta
        p -= g * eta
        if mu == 1:
            ax = store(ax, p)
        else:
            ax += (p - ax) * mu
        return p, ax

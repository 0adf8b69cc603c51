"""Adagrad: Duchi, Hazan and Singer (2011)."""

from __future__ import annotations

from typing import Any

import numpy as np

from adjoint.optim.elementwise import Elementwise, signed_and_decayed
from adjoint.optim.optimizer import check_at_least_zero, check_fused, check_learning_rate
from adjoint.readings.sparse import SparseArray, add_into, coalesced, taken_at
from adjoint.tensor import Tensor


class Adagrad(Elementwise):
    """Steps divided, per element, by the root of the sum of all squared gradients so far.

    ``lr_decay`` lets the learning rate fall as ``1 / (1 + lr_decay * steps)``.  The state is made at once and not at
    the first step, as in PyTorch; that of a group which is added later, at its first step.
    """

    _later_options = {"foreach": None, "maximize": False, "differentiable": False, "fused": None}

    def __init__(
        self,
        params: Any,
        lr: float | Tensor = 1e-2,
        lr_decay: float = 0,
        weight_decay: float = 0,
        initial_accumulator_value: float = 0,
        eps: float = 1e-10,
        foreach: bool | None = None,
        *,
        maximize: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        check_learning_rate(lr)
        check_at_least_zero(
            lr_decay=(lr_decay, "lr_decay value"),
            weight_decay=(weight_decay, "weight_decay value"),
            start=(initial_accumulator_value, "initial_accumulator_value value"),
            eps=(eps, "epsilon value"),
        )
        check_fused(fused, foreach, differentiable)
        defaults = {
            "lr": lr,
            "lr_decay": lr_decay,
            "eps": eps,
            "weight_decay": weight_decay,
            "initial_accumulator_value": initial_accumulator_value,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
            "fused": fused,
        }
        super().__init__(params, defaults)
        for group in self.param_groups:
            for p in group["params"]:
                self.state[p] = self._new_state(group, p)

    def _new_state(self, group: dict[str, Any], p: Tensor) -> dict[str, Any]:
        state = super()._new_state(group, p)
        if p._array.dtype.kind == "c":  # the squares of the real and of the imaginary parts
            state["sum"]._array += 1j * group["initial_accumulator_value"]
        return state

    def share_memory(self) -> None:
        """Move the sums of squares into memory that other processes see, as :meth:`Tensor.share_memory_` does."""
        for group in self.param_groups:
            for p in group["params"]:
                self.state[p]["sum"].share_memory_()

    def _slots(self, group: dict[str, Any]) -> dict[str, float]:
        return {"sum": group["initial_accumulator_value"]}

    def _check_sparse(self, group: dict[str, Any]) -> None:
        if group["fused"]:
            raise RuntimeError("`fused` does not support sparse grad or complex param")
        if group["differentiable"]:
            raise RuntimeError("a leaf Variable that requires grad is being used in an in-place operation.")
        if group["weight_decay"] != 0:
            raise RuntimeError("weight_decay option is not compatible with sparse gradients")

    def _sparsely(self, group: dict[str, Any], step: Any, p: Any, g: SparseArray, *slots: Any) -> Any:
        (total,) = slots
        g = coalesced(g.with_values(-g.values) if group["maximize"] else g)
        add_into(total, g.with_values(g.values * g.values))
        change = g.values / (np.sqrt(taken_at(total, g.indices)) + group["eps"])
        change *= -group["lr"] / (1 + (step - 1) * group["lr_decay"])
        add_into(p, g.with_values(change.astype(p.dtype, copy=False)))
        return p, total

    def _update(self, group: dict[str, Any], step: Any, p: Any, g: Any, total: Any) -> Any:
        g = signed_and_decayed(group, p, g)
        total += g * g
        denominator = np.sqrt(total)
        denominator += group["eps"]
        change = g / denominator
        change *= group["lr"] / (1 + (step - 1) * group["lr_decay"])
        p -= change
        return p, total

"""Adam: Kingma and Ba (2015), with the AMSGrad variant of Reddi et al. (2018)."""

from __future__ import annotations

from typing import Any

import numpy as np

from adjoint.optim.elementwise import Elementwise, signed_and_decayed, store
from adjoint.optim.optimizer import check_at_least_zero, check_betas, check_fused, check_learning_rate, number
from adjoint.tensor import Tensor


class Adam(Elementwise):
    """Steps of the size ``lr``, scaled per element by running averages of the gradient and of its square.

    ``betas`` are the averages' decay rates, ``eps`` is added to the denominator, ``weight_decay`` is an L2 penalty
    (with ``decoupled_weight_decay`` it shrinks the parameters instead), ``amsgrad`` keeps the largest average of
    squares.  Raises ValueError for options out of range.

    >>> import adjoint as torch
    >>> w = torch.tensor([1., 2.], requires_grad=True)
    >>> w.grad = torch.tensor([3., -4.])
    >>> torch.optim.Adam([w], lr=0.1).step()
    >>> w
    tensor([0.9000, 2.1000], requires_grad=True)
    """

    _first_write = "addcdiv_"
    _later_options = {
        "amsgrad": False,
        "maximize": False,
        "foreach": None,
        "capturable": False,
        "differentiable": False,
        "decoupled_weight_decay": False,
        "fused": None,
    }

    def __init__(
        self,
        params: Any,
        lr: float | Tensor = 1e-3,
        betas: tuple[float | Tensor, float | Tensor] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        amsgrad: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
        decoupled_weight_decay: bool = False,
    ) -> None:
        if isinstance(lr, Tensor) and foreach and not capturable:
            raise ValueError("lr as a Tensor is not supported for capturable=False and foreach=True")
        check_learning_rate(lr)
        check_at_least_zero(eps=(eps, "epsilon value"))
        check_betas(betas)
        check_at_least_zero(weight_decay=(weight_decay, "weight_decay value"))
        _check_kinds_of_betas(betas, foreach, capturable)
        check_fused(fused, foreach, differentiable)
        defaults = {
            "lr": lr,
            "betas": tuple(map(number, betas)),
            "eps": eps,
            "weight_decay": weight_decay,
            "amsgrad": amsgrad,
            "maximize": maximize,
            "foreach": foreach,
            "capturable": capturable,
            "differentiable": differentiable,
            "fused": fused,
            "decoupled_weight_decay": decoupled_weight_decay,
        }
        super().__init__(params, defaults)

    _without_sparse = "Adam does not support sparse gradients, please consider SparseAdam instead"

    def _slots(self, group: dict[str, Any]) -> dict[str, float]:
        if group["amsgrad"]:
            return {"exp_avg": 0.0, "exp_avg_sq": 0.0, "max_exp_avg_sq": 0.0}
        return {"exp_avg": 0.0, "exp_avg_sq": 0.0}

    def _update(
        self, group: dict[str, Any], step: Any, p: Any, g: Any, exp_avg: Any, exp_avg_sq: Any, largest: Any = None
    ) -> Any:
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
        if largest is not None:
            largest = store(largest, np.maximum(largest, exp_avg_sq))
        # lr / bias1 * exp_avg / (sqrt(exp_avg_sq) / bias2 + eps), with bias2 moved to the constants
        bias2 = (1 - beta2**step) ** 0.5
        denominator = np.sqrt(exp_avg_sq if largest is None else largest)
        denominator += group["eps"] * bias2
        change = exp_avg / denominator
        change *= lr * (bias2 / (1 - beta1**step))
        p -= change
        return p, exp_avg, exp_avg_sq, largest


def _check_kinds_of_betas(betas: Any, foreach: bool | None, capturable: bool) -> None:
    kinds = [isinstance(b, Tensor) for b in betas]
    if not (all(isinstance(b, float) for b in betas) or all(kinds)):
        raise ValueError("betas must be either both floats or both Tensors")
    for i, b in enumerate(betas):
        if isinstance(b, Tensor):
            if not capturable and foreach:
                raise ValueError(f"betas[{i}] as a Tensor is not supported for capturable=False and foreach=True")
            if b._array.size != 1:
                raise ValueError(f"Tensor betas[{i}] must be 1-element")

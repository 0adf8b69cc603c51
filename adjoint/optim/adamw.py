"""AdamW: Adam with weight decay that does not pass through the averages (Loshchilov and Hutter, 2019)."""

from __future__ import annotations

from typing import Any

from adjoint.optim.adam import Adam
from adjoint.tensor import Tensor


class AdamW(Adam):
    """Adam whose ``weight_decay`` shrinks the parameters by ``1 - lr * weight_decay`` in each step.

    >>> import adjoint as torch
    >>> w = torch.tensor([1.], requires_grad=True)
    >>> w.grad = torch.tensor([3.])
    >>> torch.optim.AdamW([w], lr=0.1, weight_decay=1.0).step()
    >>> w
    tensor([0.8000], requires_grad=True)
    """

    _first_write = "mul_"

    def __init__(
        self,
        params: Any,
        lr: float | Tensor = 1e-3,
        betas: tuple[float | Tensor, float | Tensor] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        super().__init__(
            params,
            lr,
            betas,
            eps,
            weight_decay,
            amsgrad,
            foreach=foreach,
            maximize=maximize,
            capturable=capturable,
            differentiable=differentiable,
            fused=fused,
            decoupled_weight_decay=True,
        )

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        for group in self.param_groups:  # a state of Adam does not turn AdamW into it
            group["decoupled_weight_decay"] = True

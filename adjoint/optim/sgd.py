"""SGD: stochastic gradient descent, with momentum in the form of Sutskever et al. (2013)."""

from __future__ import annotations

from typing import Any

from adjoint.optim.elementwise import Elementwise, signed_and_decayed
from adjoint.optim.optimizer import check_fused, check_learning_rate, number
from adjoint.readings.sparse import SparseArray, empty
from adjoint.tensor import Tensor


class SGD(Elementwise):
    """``p -= lr * v`` with ``v = momentum * v + (1 - dampening) * g``; ``g`` alone without momentum.

    ``weight_decay`` adds an L2 penalty's gradient, ``nesterov`` looks one step ahead, ``maximize`` ascends.
    ``foreach`` and ``fused`` choose among PyTorch's implementations; Adjoint has one.  Raises ValueError for options
    out of range.

    >>> import adjoint as torch
    >>> w = torch.tensor([1., 2.], requires_grad=True)
    >>> w.grad = torch.tensor([1., 1.])
    >>> torch.optim.SGD([w], lr=0.5, momentum=0.9).step()
    >>> w
    tensor([0.5000, 1.5000], requires_grad=True)
    """

    _counts = False
    _later_options = {"nesterov": False, "maximize": False, "foreach": None, "differentiable": False, "fused": False}

    def __init__(
        self,
        params: Any,
        lr: float | Tensor = 1e-3,
        momentum: float = 0,
        dampening: float = 0,
        weight_decay: float | Tensor = 0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        check_learning_rate(lr)
        if momentum < 0.0:
            raise ValueError(f"Invalid momentum value: {momentum}")
        if number(weight_decay) < 0.0:
            raise ValueError(f"Invalid weight_decay value: {weight_decay}")
        if nesterov and (momentum <= 0 or dampening != 0):
            raise ValueError("Nesterov momentum requires a momentum and zero dampening")
        check_fused(fused, foreach, differentiable)
        defaults = {
            "lr": lr,
            "momentum": momentum,
            "dampening": dampening,
            "weight_decay": weight_decay,
            "nesterov": nesterov,
            "maximize": maximize,
            "foreach": foreach,
            "differentiable": differentiable,
            "fused": fused,
        }
        super().__init__(params, defaults)

    def _slots(self, group: dict[str, Any]) -> dict[str, float]:
        return {"momentum_buffer": 0.0} if group["momentum"] != 0 else {}

    def _sparse_slot(self, p: Any, name: str, value: float) -> Any:
        return empty(p.shape, p.dtype)  # as sparse as the gradients that it is a mean of

    def _check_sparse(self, group: dict[str, Any]) -> None:
        if group["fused"]:
            raise RuntimeError("`_fused_sgd` does not support sparse gradients")
        if group["differentiable"]:
            raise RuntimeError("a leaf Variable that requires grad is being used in an in-place operation.")
        if group["weight_decay"] != 0:
            raise RuntimeError("add(sparse, dense) is not supported. Use add(dense, sparse) instead.")

    def _sparsely(self, group: dict[str, Any], step: Any, p: Any, g: SparseArray, *slots: Any) -> Any:
        if slots and slots[0].stored == 0:
            slots = (empty(g.shape, g.dtype, g.sparse_dim),)
        return self._update(group, step, p, g, *slots)

    def _update(self, group: dict[str, Any], step: Any, p: Any, g: Any, momentum_buffer: Any = None) -> Any:
        g = signed_and_decayed(group, p, g)
        if momentum_buffer is not None:
            momentum, dampening = group["momentum"], group["dampening"]
            momentum_buffer *= momentum
            # The buffer was zero before the first step, whose gradient is not dampened.
            momentum_buffer += g if step == 1 or dampening == 0 else g * (1 - dampening)
            g = g + momentum_buffer * momentum if group["nesterov"] else momentum_buffer
        p -= g * group["lr"]
        return p, momentum_buffer

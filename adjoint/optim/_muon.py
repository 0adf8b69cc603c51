"""Muon: momentum whose matrix is made nearly orthogonal before it is stepped along (Jordan, 2024).

The file has PyTorch's name, by which pickles call the class.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from adjoint.autograd.grad_mode import enable_grad, no_grad
from adjoint.optim.optimizer import Optimizer, check_one_element, number, zeros_beside
from adjoint.tensor import Tensor


class Muon(Optimizer):
    """Steps along the momentum with its singular values brought near to 1; for matrices only.

    ``ns_steps`` Newton-Schulz iterations with the polynomial ``ns_coefficients`` do that, in bfloat16. ``adjust_lr_fn``
    scales the step with the matrix's shape: "original" (or None) by ``sqrt(max(1, rows / columns))``,
    "match_rms_adamw" by ``0.2 * sqrt(max(rows, columns))``.  ``weight_decay`` shrinks the parameters.

    Raises ValueError for options out of range and parameters that are not matrices.

    >>> import adjoint as torch
    >>> w = torch.zeros(2, 2, requires_grad=True)
    >>> w.grad = torch.tensor([[2., 0.], [0., 1.]])
    >>> torch.optim.Muon([w], lr=0.1).step()
    >>> (w.detach().diagonal() < -0.06).all()
    tensor(True)
    """

    def __init__(
        self,
        params: Any,
        lr: float | Tensor = 1e-3,
        weight_decay: float = 0.1,
        momentum: float = 0.95,
        nesterov: bool = True,
        ns_coefficients: tuple[float, float, float] = (3.4445, -4.7750, 2.0315),
        eps: float = 1e-7,
        ns_steps: int = 5,
        adjust_lr_fn: str | None = None,
    ) -> None:
        check_one_element(lr)
        for value, name in ((lr, "Learning rate"), (momentum, "momentum"), (weight_decay, "weight decay")):
            if not 0.0 <= number(value):
                raise ValueError(f"{name} should be >= 0 but is: {value}")
        if adjust_lr_fn is not None and adjust_lr_fn not in _FACTORS:
            raise ValueError(f"Adjust learning rate function {adjust_lr_fn} is not supported")
        defaults = {
            "lr": lr,
            "weight_decay": weight_decay,
            "momentum": momentum,
            "nesterov": nesterov,
            "ns_coefficients": ns_coefficients,
            "eps": eps,
            "ns_steps": ns_steps,
            "adjust_lr_fn": adjust_lr_fn,
        }
        super().__init__(params, defaults)
        for group in self.param_groups:
            for p in group["params"]:
                if p.ndim != 2:
                    raise ValueError(
                        f"Muon only supports 2D parameters whereas we found a parameter with size: {p.size()}"
                    )

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Update every parameter that has a gradient; the loss if a ``closure`` computes it anew, else None."""
        loss = None
        if closure is not None:
            with enable_grad():
                loss = closure()
        with no_grad():
            for group in self.param_groups:
                params = [p for p in group["params"] if p.grad is not None]
                if any(p.grad.is_sparse for p in params):
                    raise RuntimeError("Muon does not support sparse gradients")
                for p in params:
                    if p.is_complex():
                        raise RuntimeError("Muon does not support complex parameters")
                    self.state[p].setdefault("momentum_buffer", zeros_beside(p.grad))
                for p in params:
                    self._update(group, p, self.state[p]["momentum_buffer"])
        return loss

    def _update(self, group: dict[str, Any], p: Any, momentum_buffer: Any) -> None:
        grad, momentum, lr = p.grad, group["momentum"], number(group["lr"])
        if grad.ndim != 2:
            raise ValueError("Param gradient must be a 2D matrix")
        momentum_buffer.lerp_(grad, 1 - momentum)
        along = grad.lerp(momentum_buffer, momentum) if group["nesterov"] else momentum_buffer
        along = orthogonalized(along, group["ns_coefficients"], group["ns_steps"], group["eps"])
        p.mul_(1 - lr * group["weight_decay"])
        p.add_(along, alpha=-lr * _FACTORS[group["adjust_lr_fn"] or "original"](*p.shape))


_FACTORS: dict[str, Callable[[int, int], float]] = {
    "original": lambda rows, columns: math.sqrt(max(1, rows / columns)),
    "match_rms_adamw": lambda rows, columns: 0.2 * math.sqrt(max(rows, columns)),
}


def orthogonalized(matrix: Any, coefficients: tuple[float, float, float], steps: int, eps: float) -> Any:
    """A matrix with the same singular vectors, in bfloat16, whose singular values are near to 1.

    Each step replaces ``x`` by ``a x + b (x x') x + c (x x')^2 x``, which is an odd polynomial of the singular values.
    """
    if steps >= 100:
        raise ValueError("Number of steps must be less than 100 for computational efficiency")
    if len(coefficients) != 3:
        raise ValueError("Coefficients must be a tuple of exactly 3 values")
    a, b, c = coefficients
    tall = matrix.size(0) > matrix.size(1)  # the products are the smaller ones
    x = matrix.bfloat16().mT if tall else matrix.bfloat16()
    x = x / x.norm().clamp(min=eps)
    for _ in range(steps):
        gram = x @ x.mT
        x = x.addmm(gram.addmm(gram, gram, beta=b, alpha=c), x, beta=a)
    return x.mT if tall else x

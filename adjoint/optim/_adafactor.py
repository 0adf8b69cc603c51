"""Adafactor: Adam's denominator from the means of rows and columns alone (Shazeer and Stern, 2018).

The file has PyTorch's name, by which pickles call the class.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from adjoint.autograd.grad_mode import enable_grad, no_grad
from adjoint.limits import finfo
from adjoint.optim.optimizer import Optimizer, check_one_element, count, number, zeros_beside
from adjoint.tensor import Tensor


class Adafactor(Optimizer):
    """Steps divided by the root of the squared gradients' running average, which for a tensor of several dimensions is
    the product of its average over the last dimension and that over the last but one.

    ``lr`` is the largest relative step: it falls as ``1 / sqrt(steps)``, and is multiplied by the parameter's own size,
    at least ``eps[1]``.  ``beta2_decay`` is the exponent by which the average slows down, ``d`` the size above which
    an update is scaled down, ``eps[0]`` keeps the denominator from 0 (None: the dtype's epsilon).

    Raises ValueError for options out of range.

    >>> import adjoint as torch
    >>> w = torch.ones(2, 2, requires_grad=True)
    >>> w.grad = torch.full((2, 2), 3.)
    >>> torch.optim.Adafactor([w], lr=0.1).step()
    >>> w
    tensor([[0.9000, 0.9000],
            [0.9000, 0.9000]], requires_grad=True)
    """

    _counts_in_tensors = True
    _later_options = {"foreach": None}

    def __init__(
        self,
        params: Any,
        lr: float | Tensor = 1e-2,
        beta2_decay: float = -0.8,
        eps: tuple[float | None, float] = (None, 1e-3),
        d: float = 1.0,
        weight_decay: float = 0.0,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
    ) -> None:
        check_one_element(lr)
        if not 0.0 <= number(lr):
            raise ValueError(f"Learning rate should be >= 0 but is: {lr}")
        if not 0.0 >= beta2_decay:
            raise ValueError(f"beta2_decay should be <= 0 but is: {beta2_decay}")
        for i, value in enumerate(eps, 1):
            if (value is not None or i == 2) and not 0.0 <= value:  # type: ignore[operator]
                raise ValueError(f"epsilon{i} should be >= 0 but is: {value}")
        if not 1.0 <= d:
            raise ValueError(f"Clipping threshold d should be >= 1 but is: {d}")
        if not 0.0 <= weight_decay:
            raise ValueError(f"weight_decay should be >= 0 but is: {weight_decay}")
        defaults = {
            "lr": lr,
            "beta2_decay": beta2_decay,
            "eps": eps,
            "d": d,
            "weight_decay": weight_decay,
            "foreach": foreach,
            "maximize": maximize,
        }
        super().__init__(params, defaults)

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
                    raise RuntimeError("Adafactor does not support sparse gradients")
                for p in params:
                    if p.is_complex():
                        raise RuntimeError("Adafactor does not support complex parameters")
                    if not self.state[p]:
                        self.state[p].update(_new_state(p.grad))
                for p in params:
                    smallest = group["eps"][0]
                    if smallest is None:
                        smallest = finfo(params[0].dtype).eps  # of the group's first parameter, as PyTorch's
                    self._update(group, p, smallest, self.state[p])
        return loss

    def _update(self, group: dict[str, Any], p: Any, smallest: float, state: dict[str, Any]) -> None:
        lr = number(group["lr"])
        g = -p.grad if group["maximize"] else p.grad
        state["step"] += 1
        steps = state["step"].item()
        newest = steps ** group["beta2_decay"]
        size = max(group["eps"][1], p.norm(2).item() / p.numel() ** 0.5) * min(lr, 1 / steps**0.5)
        if group["weight_decay"] != 0:
            p.mul_(1 - lr * group["weight_decay"])
        if g.dim() > 1:
            for name, dim in (("row_var", -1), ("col_var", -2)):
                state[name].lerp_(g.norm(dim=dim, keepdim=True).square_().div_(g.size(dim)), newest)
            squares = state["row_var"] @ state["col_var"]
            squares /= state["row_var"].mean(dim=-2, keepdim=True).clamp_(min=smallest)
        else:
            squares = state["variance"].lerp_(g * g, newest)
        update = squares.clamp(min=smallest * smallest).rsqrt_().mul_(g)
        p.add_(update, alpha=-size / max(1.0, update.norm(2).item() / (update.numel() ** 0.5 * group["d"])))


def _new_state(g: Any) -> dict[str, Any]:
    if g.dim() < 2:
        return {"step": count(), "variance": zeros_beside(g)}
    rows, columns = list(g.shape), list(g.shape)
    rows[-1] = columns[-2] = 1
    return {"step": count(), "row_var": g.new_zeros(rows), "col_var": g.new_zeros(columns)}

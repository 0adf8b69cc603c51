"""L-BFGS: quasi-Newton steps from the last few gradients (Nocedal and Wright, 2006, algorithm 7.4)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from adjoint.autograd.grad_mode import enable_grad, no_grad
from adjoint.autograd.quiet import IGNORE, loud, quiet
from adjoint.optim.line_search import Point, strong_wolfe
from adjoint.optim.optimizer import Optimizer, check_learning_rate, number
from adjoint.tensor import Tensor, from_array, writes_of


class LBFGS(Optimizer):
    """Quasi-Newton steps; ``step`` needs a ``closure`` that computes the loss and its gradients anew.

    ``max_iter`` steps and ``max_eval`` evaluations are made per call at most, fewer where the gradient or the change
    falls below the tolerances.  ``line_search_fn`` is None (steps of ``lr``) or "strong_wolfe".  One parameter group
    only; ValueError otherwise.

    >>> import adjoint as torch
    >>> w = torch.tensor([3.], requires_grad=True)
    >>> optimizer = torch.optim.LBFGS([w], line_search_fn="strong_wolfe")
    >>> def closure():
    ...     optimizer.zero_grad()
    ...     loss = ((w + -1) * (w + -1)).sum()
    ...     loss.backward()
    ...     return loss
    >>> _ = optimizer.step(closure)
    >>> w
    tensor([1.], requires_grad=True)
    """

    def __init__(
        self,
        params: Any,
        lr: float | Tensor = 1,
        max_iter: int = 20,
        max_eval: int | None = None,
        tolerance_grad: float = 1e-7,
        tolerance_change: float = 1e-9,
        history_size: int = 100,
        line_search_fn: str | None = None,
    ) -> None:
        check_learning_rate(lr)
        if max_eval is None:
            max_eval = max_iter * 5 // 4
        defaults = {
            "lr": lr,
            "max_iter": max_iter,
            "max_eval": max_eval,
            "tolerance_grad": tolerance_grad,
            "tolerance_change": tolerance_change,
            "history_size": history_size,
            "line_search_fn": line_search_fn,
        }
        super().__init__(params, defaults)
        if len(self.param_groups) != 1:
            raise ValueError("LBFGS doesn't support per-parameter options (parameter groups)")

    def step(self, closure: Callable[[], Any]) -> Any:  # type: ignore[override]
        """Make up to ``max_iter`` quasi-Newton steps; the loss before the first of them."""
        if len(self.param_groups) != 1:
            raise AssertionError(f"Expected exactly one param_group, but got {len(self.param_groups)}")
        token = quiet(IGNORE)
        try:
            with no_grad():
                return self._step(closure)
        finally:
            loud(token)

    def _step(self, closure: Callable[[], Any]) -> Any:
        group = self.param_groups[0]
        lr = number(group["lr"])
        params = group["params"]
        history: int = group["history_size"]
        state = self.state[params[0]]
        state.setdefault("func_evals", 0)
        state.setdefault("n_iter", 0)

        def evaluate() -> Any:
            with enable_grad():
                return closure()

        first_loss = evaluate()
        loss = float(number(first_loss))
        state["func_evals"] += 1
        evaluations = 1
        gradient = _gradient(params)
        if np.abs(gradient).max() <= group["tolerance_grad"]:
            return first_loss

        memory = _Memory(state)
        iterations = 0
        while iterations < group["max_iter"]:
            iterations += 1
            state["n_iter"] += 1
            if state["n_iter"] == 1:
                memory.begin(gradient)
                t = min(1.0, 1.0 / float(np.abs(gradient).sum())) * lr
            else:
                memory.turn(gradient, history)
                t = lr
            memory.previous = gradient.copy()
            memory.loss = previous_loss = loss
            memory.t = t
            slope = float(gradient.dot(memory.direction))
            if slope > -group["tolerance_change"]:
                break

            spent = 0
            flat = False
            if group["line_search_fn"] is not None:
                if group["line_search_fn"] != "strong_wolfe":
                    raise RuntimeError("only 'strong_wolfe' is supported")
                start = [p._array.copy() for p in params]

                def along(t: float, start: list[Any] = start) -> tuple[float, Any]:
                    _move(params, t, memory.direction)
                    found = float(number(evaluate())), _gradient(params)
                    _put(params, start)
                    return found

                point, spent = strong_wolfe(
                    along,
                    memory.direction,
                    t,
                    Point(0.0, loss, gradient, slope),
                    evaluations=group["max_eval"] - evaluations,
                )
                t, loss, gradient = point.t, point.loss, point.gradient
                memory.t = t
                _move(params, t, memory.direction)
                flat = bool(np.abs(gradient).max() <= group["tolerance_grad"])
            else:
                _move(params, t, memory.direction)
                if iterations != group["max_iter"]:  # the last step's loss would not be used
                    loss = float(number(evaluate()))
                    gradient = _gradient(params)
                    flat = bool(np.abs(gradient).max() <= group["tolerance_grad"])
                    spent = 1
            evaluations += spent
            state["func_evals"] += spent
            if (
                iterations == group["max_iter"]
                or evaluations >= group["max_eval"]
                or flat
                or np.abs(memory.direction * t).max() <= group["tolerance_change"]
                or abs(loss - previous_loss) < group["tolerance_change"]
            ):
                break
        memory.keep(state)
        return first_loss


class _Memory:
    """What is known of the curvature: the last changes of gradient (``dirs``) and of position (``stps``)."""

    def __init__(self, state: dict[str, Any]) -> None:
        def arrays(name: str) -> list[Any]:
            return [t._array for t in state.get(name) or ()]

        self.direction: Any = state["d"]._array if "d" in state else None
        self.t = number(state.get("t"))
        self.dirs, self.stps = arrays("old_dirs"), arrays("old_stps")
        self.inverse = [t.item() for t in arrays("ro")]
        self.scale = number(state.get("H_diag", 1))
        self.previous = state["prev_flat_grad"]._array if "prev_flat_grad" in state else None
        self.loss = state.get("prev_loss")
        self.factors: list[Any] | None = state.get("al")

    def begin(self, gradient: Any) -> None:
        """The first direction: steepest descent."""
        self.direction = -gradient
        self.dirs, self.stps, self.inverse = [], [], []
        self.scale = 1

    def turn(self, gradient: Any, history: int) -> None:
        """Learn from the last step, and find the next direction by the two-loop recursion."""
        change = gradient - self.previous
        moved = self.direction * self.t
        curvature = float(change.dot(moved))
        if curvature > 1e-10:
            if len(self.dirs) == history:
                for kept in (self.dirs, self.stps, self.inverse):
                    kept.pop(0)
            self.dirs.append(change)
            self.stps.append(moved)
            self.inverse.append(1.0 / curvature)
            self.scale = curvature / float(change.dot(change))
        q = -gradient
        n = len(self.dirs)
        factors: list[Any] = [None] * history
        for i in reversed(range(n)):
            factors[i] = float(self.stps[i].dot(q)) * self.inverse[i]
            q -= self.dirs[i] * factors[i]
        q *= self.scale
        for i in range(n):
            q += self.stps[i] * (factors[i] - float(self.dirs[i].dot(q)) * self.inverse[i])
        self.direction = q
        self.factors = factors

    def keep(self, state: dict[str, Any]) -> None:
        """Put everything into the optimizer's state, under PyTorch's names."""
        kind = self.direction.dtype

        def scalar(value: float | None) -> Tensor | None:
            return None if value is None else from_array(np.array(value, kind))

        if self.factors is not None:
            state["al"] = [scalar(value) for value in self.factors] if _numbers(self.factors) else self.factors
        state["d"] = from_array(self.direction)
        state["t"] = self.t
        state["old_dirs"] = [from_array(a) for a in self.dirs]
        state["old_stps"] = [from_array(a) for a in self.stps]
        state["ro"] = [scalar(value) for value in self.inverse]
        state["H_diag"] = scalar(self.scale) if self.dirs else 1
        state["prev_flat_grad"] = None if self.previous is None else from_array(self.previous)
        state["prev_loss"] = self.loss


def _numbers(values: list[Any]) -> bool:
    return not any(isinstance(v, Tensor) for v in values)


def _gradient(params: list[Tensor]) -> Any:
    """All gradients in one flat array (complex ones as pairs of reals), zeros where there is none."""
    parts = []
    for p in params:
        array = np.zeros_like(p._array) if p._grad is None else p._grad._array
        flat = np.ascontiguousarray(array).reshape(-1)
        parts.append(flat.view(flat.real.dtype) if flat.dtype.kind == "c" else flat)
    return np.concatenate(parts)


def _move(params: list[Tensor], t: float, direction: Any) -> None:
    """Move all parameters ``t`` along ``direction``."""
    start = 0
    for p in params:
        pairs = p._array.dtype.kind == "c"
        end = start + p._array.size * (2 if pairs else 1)
        part = direction[start:end]
        if pairs:
            part = part.view(p._array.dtype)
        array = p._array
        array += (part * t).reshape(array.shape).astype(array.dtype, copy=False)
        writes_of(p).bump()
        start = end


def _put(params: list[Tensor], arrays: list[Any]) -> None:
    for p, array in zip(params, arrays):
        p._array[...] = array
        writes_of(p).bump()

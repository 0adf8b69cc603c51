"""L-BFGS: quasi-Newton steps from the last few gradients (Nocedal and Wright, 2006, algorithm 7.4)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from adjoint.autograd.grad_mode import enable_grad, no_grad
from adjoint.autograd.quiet import silence
from adjoint.optim.line_search import Point, strong_wolfe
from adjoint.optim.optimizer import Optimizer, check_learning_rate, number
from adjoint.readings.sparse import SparseArray, to_dense
from adjoint.tensor import Tensor, from_array, writes_of
from adjoint.thread_state import put_back, snapshot


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

    @property
    def _params(self) -> list[Tensor]:
        """What is optimized, by the name that programs know: the whole state is kept with the first of them."""
        return self.param_groups[0]["params"]

    def step(self, closure: Callable[[], Any]) -> Any:  # type: ignore[override]
        """Make up to ``max_iter`` quasi-Newton steps; the loss before the first of them."""
        if len(self.param_groups) != 1:
            raise AssertionError(f"Expected exactly one param_group, but got {len(self.param_groups)}")
        before = snapshot()
        try:
            with silence(), no_grad():
                return self._step(closure)
        except BaseException:
            put_back(before)
            raise

    def _step(self, closure: Callable[[], Any]) -> Any:
        group = self.param_groups[0]
        lr = _scalar(group["lr"])
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
                memory.t = _first_step(gradient, lr)
            else:
                memory.turn(gradient, history, state)
                memory.t = lr
            memory.remember(gradient)
            memory.loss = previous_loss = loss
            slope = gradient.dot(memory.direction)
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
                    memory.t,
                    Point(0, loss, gradient, slope),
                    evaluations=group["max_eval"] - evaluations,
                )
                memory.t, loss, gradient = point.t, point.loss, point.gradient
                _move(params, memory.t, memory.direction)
                flat = bool(np.abs(gradient).max() <= group["tolerance_grad"])
            else:
                _move(params, memory.t, memory.direction)
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
                or np.abs(memory.direction * memory.t).max() <= group["tolerance_change"]
                or abs(loss - previous_loss) < group["tolerance_change"]
            ):
                break
        memory.keep(state)
        return first_loss


class _Memory:
    """What is known of the curvature: the last changes of gradient (``dirs``) and of position (``stps``).

    The lists and the last gradient are the state's own and are changed in place, so that a state which was looked at
    before a step shows the step, as in PyTorch.  Numbers that are tensors in PyTorch's state are NumPy's numbers here
    and others Python's, which tells what :meth:`keep` makes of them.
    """

    def __init__(self, state: dict[str, Any]) -> None:
        self.direction: Any = state["d"]._array if "d" in state else None
        self.t = _scalar(state.get("t"))
        self.dirs: list[Tensor] = state.get("old_dirs", [])
        self.stps: list[Tensor] = state.get("old_stps", [])
        self.inverse: list[Tensor] = state.get("ro", [])
        self.scale = _scalar(state.get("H_diag"))
        self.previous: Tensor | None = state.get("prev_flat_grad")
        self.loss = state.get("prev_loss")

    def begin(self, gradient: Any) -> None:
        """The first direction: steepest descent."""
        self.direction = -gradient
        self.dirs, self.stps, self.inverse = [], [], []
        self.scale = 1

    def turn(self, gradient: Any, history: int, state: dict[str, Any]) -> None:
        """Learn from the last step, and find the next direction by the two-loop recursion."""
        assert self.previous is not None
        change = gradient - self.previous._array
        q = -gradient
        moved = (self.direction * self.t).astype(gradient.dtype, copy=False)
        curvature = change.dot(moved)
        if curvature > 1e-10:
            if len(self.dirs) == history:
                for kept in (self.dirs, self.stps, self.inverse):
                    kept.pop(0)
            self.dirs.append(from_array(change))
            self.stps.append(from_array(moved))
            self.inverse.append(_tensor(1.0 / curvature, q.dtype))
            self.scale = curvature / change.dot(change)
        factors = state.setdefault("al", [None] * history)
        rounds = [(d._array, s._array, r._array[()]) for d, s, r in zip(self.dirs, self.stps, self.inverse)]
        found = []
        for changed, stepped, inverse in reversed(rounds):
            found.append(stepped.dot(q) * inverse)
            q -= changed * found[-1]
        q *= self.scale
        for (changed, stepped, inverse), factor in zip(rounds, reversed(found)):
            q += stepped * (factor - changed.dot(q) * inverse)
        factors[: len(found)] = map(_tensor, reversed(found))
        self.direction = q

    def remember(self, gradient: Any) -> None:
        """Keep the gradient from which the next step's change is measured."""
        if self.previous is None:
            self.previous = from_array(gradient.copy())
        else:
            self.previous._array[...] = gradient
            writes_of(self.previous).bump()

    def keep(self, state: dict[str, Any]) -> None:
        """Put everything into the optimizer's state, under PyTorch's names."""
        state["d"] = from_array(self.direction)
        state["t"] = _tensor(self.t)
        state["old_dirs"] = self.dirs
        state["old_stps"] = self.stps
        state["ro"] = self.inverse
        state["H_diag"] = _tensor(self.scale)
        state["prev_flat_grad"] = self.previous
        state["prev_loss"] = self.loss


def _scalar(value: Any) -> Any:
    """A number of the state: NumPy's where it is a tensor."""
    return value._array[()] if isinstance(value, Tensor) else value


def _tensor(value: Any, kind: Any = None) -> Any:
    """A number for the state: a tensor, of this dtype if one is given, where it is NumPy's."""
    return from_array(np.asarray(value, kind)) if isinstance(value, np.generic) else value


def _first_step(gradient: Any, lr: Any) -> Any:
    """How far to go along the first gradient: not further than a step of length ``lr`` in the sum of magnitudes."""
    kind = gradient.dtype.type
    t = min(1.0, kind(1.0 / np.abs(gradient).sum())) * lr
    # bfloat16 times Python's number would be float32
    return kind(t) if isinstance(t, np.generic) and not isinstance(lr, np.generic) else t


def _gradient(params: list[Tensor]) -> Any:
    """All gradients in one flat array (complex ones as pairs of reals), zeros where there is none."""
    parts = []
    for p in params:
        array = np.zeros_like(p._array) if p._grad is None else p._grad._array
        if array.__class__ is SparseArray:
            array = to_dense(array)
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

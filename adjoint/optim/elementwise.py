"""Optimizers that treat every element alike: one rule on arrays, run in blocks, in batches, or recorded.

A subclass writes its rule once, in :meth:`Elementwise._update`, as NumPy code.  The rule has three readings:

* on blocks of a large parameter, small enough that temporaries stay in the cache;
* on one flat array that gathers all small parameters of a group (:mod:`adjoint.optim.batch`), so that a ufunc is
  called once and not once per parameter;
* on :class:`~adjoint.autograd.taped.Taped` arrays with ``differentiable=True``: the step is then recorded.

So a rule changes arrays by ``+=``, ``-=``, ``*=`` and :func:`store` (which make new arrays in the third reading),
returns all that it changed, and never writes into the gradient that it is given.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

import numpy as np

from adjoint.autograd.grad_mode import enable_grad, mode, set_recording
from adjoint.autograd.interception import intercept
from adjoint.autograd.quiet import IGNORE, loudness, quiet
from adjoint.autograd.taped import Taped
from adjoint.autograd.views import check_writable
from adjoint.autograd.written_tangents import is_dual
from adjoint.declare.inplace import overwrite
from adjoint.declare.schemas import check_write
from adjoint.dtypes import FLOAT
from adjoint.kernels.reading import threshold, usable
from adjoint.ops.broadcasting import broadcast_shape
from adjoint.optim.batch import SMALL, Batch
from adjoint.optim.optimizer import Optimizer, count, number
from adjoint.readings.sparse import SparseArray
from adjoint.tensor import Tensor, from_array, writes_of

LARGE = threshold()
BLOCK = 32768  # elements: with their temporaries, a handful of arrays of float32 fit a second-level cache


def store(target: Any, value: Any) -> Any:
    """Make ``target`` hold ``value``: in place where it is an array, else the value itself is returned."""
    if target.__class__ is np.ndarray:
        target[...] = value
        return target
    return value


def signed_and_decayed(group: dict[str, Any], p: Any, g: Any) -> Any:
    """The gradient to descend along: its sign turned by ``maximize``, with the gradient of an L2 penalty."""
    if group["maximize"]:
        g = -g
    decay = group["weight_decay"]
    if (decay.__class__ is not float and decay.__class__ is not int) or decay != 0:
        pull = p * decay
        pull += g
        return pull
    return g


class Elementwise(Optimizer):
    """Base of the optimizers with an elementwise rule."""

    _counts_in_tensors = True
    _counts = True
    """Whether a parameter's state has a ``step``."""
    _captured = "params and state_steps"
    """What a CUDA graph would capture, in the words of PyTorch's refusal of ``capturable`` on a CPU."""
    _on_xla = True

    _batches: dict[int, Batch]

    def __init__(self, params: Any, defaults: dict[str, Any]) -> None:
        self._batches = {}
        super().__init__(params, defaults)

    # What a subclass says

    _without_sparse = "{} does not support sparse gradients"
    """What is said of sparse gradients; a subclass that takes them has :meth:`_check_sparse` and :meth:`_sparsely`."""

    def _slots(self, group: dict[str, Any]) -> dict[str, float]:
        """The names of the arrays of state beside each parameter, with what they are filled with at first."""
        raise NotImplementedError

    def _update(self, group: dict[str, Any], step: Any, p: Any, g: Any, *slots: Any) -> Any:
        """The rule: change ``p`` and its ``slots`` for the gradient ``g``; ``step`` is 1 at first.

        Returns the parameter and the slots.
        """
        raise NotImplementedError

    def _check_sparse(self, group: dict[str, Any]) -> None:
        """Raise RuntimeError, in PyTorch's words, where there is no rule for sparse gradients, or none with these options."""
        raise RuntimeError(self._without_sparse.format(type(self).__name__))

    def _sparsely(self, group: dict[str, Any], step: Any, p: Any, g: SparseArray, *slots: Any) -> Any:
        """The rule for a sparse gradient, which changes the places alone that it has; as :meth:`_update` otherwise."""
        raise NotImplementedError

    def _sparse_slot(self, p: Any, name: str, value: float) -> Any:
        """A slot at first, beside a parameter whose gradient is sparse."""
        return np.full_like(p, value, order="K")

    def _new_state(self, group: dict[str, Any], p: Tensor) -> dict[str, Any]:
        """A parameter's state before its first step."""
        state: dict[str, Any] = {"step": count()} if self._counts else {}
        for name, value in self._slots(group).items():
            state[name] = from_array(np.full_like(p._array, value, order="K"))
        return state

    def _advance(self, group: dict[str, Any], state: dict[str, Any], first: bool) -> Any:
        """Count one step of a parameter; what the rule gets as ``step``."""
        if not self._counts:
            return 1 if first else 2
        step = state["step"]
        step._array += 1
        return step._array.item()

    # How it runs

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Update every parameter that has a gradient; the loss if a ``closure`` computes it anew, else None."""
        loss = None
        warnings = loudness()
        enabled = mode.enabled
        try:
            if closure is not None:
                with enable_grad():
                    loss = closure()
            quiet(IGNORE)
            for group in self.param_groups:
                if group["differentiable"]:
                    self._step_recorded(group)
                    continue
                set_recording(False)
                if intercept.active:
                    self._check_captured(group)
                if intercept.active and self._has_tangents(group):
                    self._step_recorded(group)
                else:
                    self._step_group(group)
                set_recording(enabled)
            quiet(warnings)
            return loss
        except BaseException:
            set_recording(enabled)
            quiet(warnings)
            raise

    _first_write = "add_"
    """Which method PyTorch's first step begins to write to a parameter with; later ones begin with the count of steps."""

    def _check_captured(self, group: dict[str, Any]) -> None:
        """Raise PyTorch's error inside of a function that is differentiated and did not make the parameters."""
        for p in group["params"]:
            if p._grad is not None:
                check_write(p, "add_" if self.state.get(p) else self._first_write)

    def _refuse_capturable(self, group: dict[str, Any]) -> None:
        others = ", 'xla'" if self._on_xla and not group["foreach"] else ""
        raise AssertionError(
            f"If capturable=True, {self._captured} must be on supported devices: "
            f"['cuda', 'xpu', 'hpu', 'privateuseone'{others}]."
        )

    def _has_tangents(self, group: dict[str, Any]) -> bool:
        """Whether forward mode has to be carried through the rule, which is then run on tensors."""
        return any(
            is_dual([p, p._grad, *self.state[p].values()] if p in self.state else [p, p._grad]) for p in group["params"]
        )

    def _step_group(self, group: dict[str, Any]) -> None:
        if group.get("capturable"):
            self._refuse_capturable(group)
        options = _plain(group)
        params = group["params"]
        batch: Batch | None = self._batches.get(id(params))
        done: Any = ()
        if batch is not None:
            if batch.group != list(map(id, params)):
                batch = None
            elif batch.gather(self.state):
                step = batch.advance()
                if step is not None:
                    self._in_blocks(options, step, batch.data, batch.gradient, batch.slots)
                    batch.scatter()
                    done = batch.ids
            elif not batch.intact(self.state):
                self._batches.pop(id(params))
                batch = None
            if len(done) == len(params):
                return
        if options.get("fused"):
            _check_dtypes(params)
        if any([p._grad is not None and p._grad._array.__class__ is SparseArray for p in params]):
            self._step_sparsely(options, params)
            return
        fresh = []
        jobs: dict[Any, list[list[Any]]] = {}  # step -> the arrays of large parameters that are at it
        for p in params:
            if p._grad is None or id(p) in done:
                continue
            state = self.state[p] if self._counts or self._slots(group) else {}
            first = not state
            if first:
                state.update(self._new_state(options, p))
            self._add_slots(options, p, state)
            step = self._advance(options, state, first)
            arrays = self._arrays_of(options, p, state)
            if _is_large(arrays):
                jobs.setdefault(step, []).append([a.reshape(-1) for a in arrays])
                self._count_writes(options, p, state)
            else:
                self._step_one(options, p, state, step)
            if first or batch is None:
                fresh.append(p)
        for step, arrays in jobs.items():
            self._step_large(options, step, arrays)
        if fresh and len(fresh) > 1 and type(self)._advance is Elementwise._advance:
            small = [
                p for p in params if p._grad is not None and Batch.takes(p, self.state.get(p, {}), self._slots(group))
            ]
            if len(small) > 1:
                names = tuple(self._slots(group))
                self._batches[id(params)] = Batch(params, small, self.state, names, self._counts)

    def _step_sparsely(self, group: dict[str, Any], params: list[Tensor]) -> None:
        """A step of parameters of which some have sparse gradients, one by one."""
        self._batches.clear()
        for p in params:
            if p._grad is None:
                continue
            g = p._grad._array
            state = self.state[p] if self._counts or self._slots(group) else {}
            first = not state
            if g.__class__ is not SparseArray:
                if first:
                    state.update(self._new_state(group, p))
                self._add_slots(group, p, state)
                self._step_one(group, p, state, self._advance(group, state, first))
                continue
            self._check_sparse(group)
            if first:
                made: dict[str, Any] = {"step": count()} if self._counts else {}
                for name, value in self._slots(group).items():
                    made[name] = from_array(self._sparse_slot(p._array, name, value))
                state.update(made)
            step = self._advance(group, state, first)
            names = list(self._slots(group))
            _, *changed = self._sparsely(group, step, p._array, g, *[state[name]._array for name in names])
            for name, array in zip(names, changed):
                if array is not state[name]._array:
                    state[name]._array[...] = array
            self._count_writes(group, p, state)

    def _add_slots(self, group: dict[str, Any], p: Tensor, state: dict[str, Any]) -> None:
        """Make those slots that an option switched on after the first step."""
        for name, value in self._slots(group).items():
            if state.get(name) is None:
                state[name] = from_array(np.full_like(p._array, value, order="K"))

    def _step_one(self, group: dict[str, Any], p: Tensor, state: dict[str, Any], step: Any) -> None:
        """Run the rule on one parameter, in its own memory."""
        arrays = self._arrays_of(group, p, state)
        flat = [_flat(a) for a in arrays]
        self._count_writes(group, p, state)  # first, lest an interrupt leave a write untold
        self._in_blocks(group, step, flat[0], flat[1], flat[2:])
        for i, array in enumerate(arrays):
            if i != 1 and not np.may_share_memory(flat[i], array):
                array[...] = _shaped(flat[i], array)

    def _arrays_of(self, group: dict[str, Any], p: Tensor, state: dict[str, Any]) -> list[Any]:
        slots = [state[name]._array for name in self._slots(group)]
        for slot in slots:
            if slot.shape != p._array.shape:
                _raise_other_shape(slot.shape, p._array.shape)
        return [p._array, p._grad._array, *slots]  # type: ignore[union-attr]

    def _count_writes(self, group: dict[str, Any], p: Tensor, state: dict[str, Any]) -> None:
        writes_of(p).bump()
        for name in self._slots(group):
            writes_of(state[name]).bump()

    def _step_large(self, group: dict[str, Any], step: Any, jobs: list[list[Any]]) -> None:
        """Run the rule on several parameters at once, in one pass over their memory where it can be compiled."""
        if usable():
            from adjoint.kernels.updates import update

            if update(lambda p, g, *slots: self._update(group, step, p, g, *slots), jobs):
                return
        for p, g, *slots in jobs:
            self._in_blocks(group, step, p, g, slots)

    def _in_blocks(self, group: dict[str, Any], step: Any, p: Any, g: Any, slots: Any) -> None:
        n = p.size
        if n <= BLOCK + BLOCK // 2:
            self._update(group, step, p, g, *slots)
            return
        for i in range(0, n, BLOCK):
            j = i + BLOCK
            self._update(group, step, p[i:j], g[i:j], *[s[i:j] for s in slots])

    def _step_recorded(self, group: dict[str, Any]) -> None:
        """Run the rule on tensors, so that the new parameters are differentiable functions of the old ones."""
        if group.get("capturable"):
            self._refuse_capturable(group)
        options = {k: Taped(v) if isinstance(v, Tensor) else v for k, v in group.items()}
        for p in group["params"]:
            if p._grad is None:
                continue
            if p._grad._array.__class__ is SparseArray:
                self._check_sparse(group)
            check_writable(p, p.requires_grad or p._grad.requires_grad)
            state = self.state[p] if self._counts or self._slots(group) else {}
            first = not state
            if first:
                state.update(self._new_state(group, p))
            self._add_slots(group, p, state)
            step = self._advance(group, state, first)
            tensors = [p, *(state[name] for name in self._slots(group))]
            given = [p, p._grad, *tensors[1:]]
            if p.dtype.is_complex:
                from adjoint.ops.complex_parts import view_as_real

                given = [view_as_real(t) for t in given]  # type: ignore[arg-type]
            updated = self._update(options, step, *map(Taped, given))
            for target, before, value in zip(tensors, [given[0], *given[2:]], updated):
                if isinstance(value, Taped) and value.tensor is not before:
                    # A node of its own for the write, for the value's has been used within this step already.
                    overwrite(target, _complex(value.tensor) if p.dtype.is_complex else value.tensor.clone())

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        self._batches = {}


def _raise_other_shape(slot: tuple[int, ...], shape: tuple[int, ...]) -> NoReturn:
    """PyTorch's error for the state of a parameter of another shape, which an optimizer was loaded with."""
    both = broadcast_shape(slot, shape)
    raise RuntimeError(f"output with shape {list(slot)} doesn't match the broadcast shape {list(both)}")


def _check_dtypes(params: list[Tensor]) -> None:
    """Raise RuntimeError for parameters that PyTorch's fused steps do not take."""
    for p in params:
        if p._grad is not None and p.dtype.category != FLOAT:
            raise RuntimeError(
                "`fused=True` requires all the params to be floating point Tensors of supported devices: "
                f"['mps', 'cuda', 'xpu', 'hpu', 'cpu', 'mtia', 'privateuseone'] but {p.dtype} and cpu"
            )


def _complex(pairs: Tensor) -> Tensor:
    """Pairs of real numbers as complex ones, in memory of their own."""
    from adjoint.ops.complex_parts import view_as_complex

    made: Tensor = view_as_complex.function(pairs.contiguous()).clone()
    return made


def _is_large(arrays: list[Any]) -> bool:
    """Whether a parameter and its state are worth a kernel, and lie in memory as kernels want it."""
    first = arrays[0]
    return (
        first.__class__ is np.ndarray
        and first.size >= LARGE
        and first.dtype.char in "fd"
        and all(a.__class__ is np.ndarray and a.dtype is first.dtype and a.flags.c_contiguous for a in arrays)
    )


def _plain(group: dict[str, Any]) -> dict[str, Any]:
    """The group's options with Python numbers for 1-element tensors."""
    betas = group.get("betas")
    if (
        isinstance(group["lr"], Tensor)
        or isinstance(group.get("weight_decay"), Tensor)
        or (betas is not None and (isinstance(betas[0], Tensor) or isinstance(betas[1], Tensor)))
    ):
        group = {k: number(v) for k, v in group.items()}
        if betas is not None:
            group["betas"] = tuple(map(number, betas))
    return group


def _flat(array: Any) -> Any:
    """``array`` in one dimension, in the dtype that rules compute in: a view where that is possible.

    Complex numbers are pairs of reals; half precision is computed in float32.
    """
    flat = array.reshape(-1) if array.flags.c_contiguous else np.ascontiguousarray(array).reshape(-1)
    kind = flat.dtype
    if kind.kind == "c":
        return flat.view(flat.real.dtype)
    if kind.itemsize < 4:
        return flat.astype(np.float32)
    return flat


def _shaped(flat: Any, like: Any) -> Any:
    """The inverse of :func:`_flat`."""
    if like.dtype.kind == "c":
        flat = flat.view(like.dtype)
    return flat.reshape(like.shape).astype(like.dtype, copy=False)


__all__ = ["BLOCK", "SMALL", "Elementwise", "signed_and_decayed", "store"]

"""Forward mode: dual levels, and the tangent of any operator of the tables.

While a level is entered, every operator call passes through the level's interceptor, which computes the tangents of
the outputs from those of the inputs.  The rule comes from the operator's row, the first of these that it has:

- what the row declares: ``tangent="linear"`` (the operator itself, on the tangents), ``"multilinear"`` (linear in each
  input by itself) or a formula of its own;
- a view is linear;
- an element-wise operator on real numbers: its gradient formulas, with the tangents in place of ``g``;
- any other: the transpose of its gradient.  The gradient is linear in ``g``, so differentiating it with respect to
  ``g`` (the taped reading of the same formula) gives the tangent.

Levels nest, each with its own tangents: the operators that compute an inner level's tangents are seen by the outer.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from adjoint import dtypes
from adjoint.autograd.backward import grad
from adjoint.autograd.batch import note_shared
from adjoint.autograd.captures import made_here
from adjoint.autograd.edges import edge_of
from adjoint.autograd.grad_mode import mode, recording
from adjoint.autograd.interception import intercept
from adjoint.autograd.node import IdentityBackward0, Node, Output, record
from adjoint.autograd.saved_hooks import Packed
from adjoint.autograd.taped import Taped
from adjoint.interrupts import at_once
from adjoint.tensor import NO_EDGE, Tensor, as_number, attach, from_array
from adjoint.thread_state import put_back, snapshot

_VALUE = "value"
_CUSTOM = ()  # what an autograd.Function has in the place of a row's arrays

__all__ = ["UnpackedDualTensor", "dual_level", "enter_dual_level", "exit_dual_level", "make_dual", "unpack_dual"]


class Level:
    """One forward-mode level: its tangents, and the interceptor that carries them through operators."""

    def __init__(self) -> None:
        self.handle: Any = None
        self.inference = False  # whether it was entered inside of inference mode, which carries no others through
        self.primal = 0  # how many times forward mode was switched off before it was entered, which it does not mind

    def enter(self) -> Level:
        """Carry tangents through this thread's operators from now on."""
        before = snapshot()
        try:
            self.inference = bool(mode.inference)
            self.primal = mode.primal_from
            self.handle = self._intercept
            intercept.add(self.handle)
            mode.duals += 1
            return self
        except BaseException:
            put_back(before)
            raise

    @at_once
    def exit(self) -> None:
        """Stop doing so."""
        mode.duals -= 1
        intercept.remove(self.handle)
        self.handle = None

    def __enter__(self) -> Level:
        return self.enter()

    @at_once
    def __exit__(self, *exc: object) -> None:
        self.exit()

    def is_off(self) -> bool:
        """Whether forward mode was switched off since the level was entered."""
        return mode.primal > self.primal  # type: ignore[no-any-return]

    def tangent(self, tensor: Tensor) -> Tensor | None:
        """The tensor's tangent at this level."""
        tangents = tensor._tangents
        return None if tangents is None else tangents.get(self)

    def set_tangent(self, tensor: Tensor, tangent: Tensor) -> None:
        """Give the tensor a tangent at this level."""
        if tensor._tangents is None:
            tensor._tangents = {}
        tensor._tangents[self] = tangent
        node = tensor._edge
        if isinstance(node, Output):
            node = node.node
        if isinstance(node, Node):  # what the node saved of its result has the result's tangents
            for saved in node._kept or ():
                if saved.stands_for(tensor) if saved.__class__ is Packed else (
                    isinstance(saved, Tensor) and saved._array is tensor._array
                ):
                    saved._tangents = tensor._tangents

    def _intercept(self, operator: Any, function: Callable[..., Any], args: Any, kwargs: dict[str, Any]) -> Any:
        result = function(*args, **kwargs)
        if self.is_off() or (mode.inference and not self.inference):
            return result
        if operator.arrays is _CUSTOM:
            operator.push(self, args, result)
            return result
        given = _arguments(operator, args, kwargs)
        tangents = {}
        for p in operator.arrays:
            value = given.get(p.name)
            found = _tangents_of(self, value)
            if found is not None:
                tangents[p.name] = found
        if not tangents or not (operator.gradients or operator.tangent):
            return result
        tangents = {n: t for n, t in tangents.items() if operator.tangent or n in operator.differentiable_inputs}
        if tangents:
            for name, value in given.items():
                if isinstance(value, Tensor) and not value._array.ndim and all(p.name != name for p in operator.arrays):
                    given[name] = value.item()  # type: ignore[attr-defined]  # given for a number
            self._carry(operator, function, given, tangents, result)
        return result

    def _carry(
        self, operator: Any, function: Callable[..., Any], given: dict[str, Any], tangents: dict[str, Any], result: Any
    ) -> None:
        results = list(result) if isinstance(result, (tuple, list)) else [result]
        if operator.tangent == "linear" or (operator.view and operator.tangent is None):
            found = _linear(operator, function, given, tangents)
        elif operator.tangent == "multilinear":
            found = _multilinear(operator, function, given, tangents)
        elif operator.tangent is not None:
            found = _declared(operator, given, tangents, result)
        elif operator.elementwise and all(r.dtype.category == dtypes.FLOAT for r in results) and _all_real(given):
            found = _elementwise(operator, given, tangents, result)
        else:
            found = _transposed(operator, function, given, tangents, results)
        found = list(found) if isinstance(found, (tuple, list)) else [found]
        beside = _beside_constants(operator, given, tangents) if mode.enabled else ()
        for r, t in zip(results, found):
            if t is not None and isinstance(r, Tensor) and r.dtype.category >= dtypes.FLOAT:
                if beside and not t.requires_grad:
                    t = _with_zeros(t, beside)
                self.set_tangent(r, t)


def _beside_constants(operator: Any, given: dict[str, Any], tangents: dict[str, Any]) -> tuple[Tensor, ...]:
    """The inputs that require grad and that the tangent of a constant would be multiplied with.

    There PyTorch has a tangent of zeros, whose product is recorded: the whole tangent has a graph, and zeros for a gradient.
    """
    if len(operator.arrays) < 2 or operator.tangent == "linear" or (operator.view and operator.tangent is None):
        return ()
    needed: set[str] = set()
    for p in operator.arrays:
        if p.name not in tangents and p.name in operator.differentiable_inputs and isinstance(given[p.name], _OPERANDS):
            needed.update(_partners(operator, p.name))
    return tuple([v for n in needed if isinstance(v := given[n], Tensor) and v.requires_grad])


_OPERANDS = (Tensor, bool, int, float, complex)


@lru_cache(maxsize=None)
def _partners(operator: Any, name: str) -> list[str]:
    """The inputs that an input's gradient is multiplied with."""
    own = [p.name for p in operator.arrays if p.name != name]
    if operator.tangent == "multilinear":
        return own
    formula = next((f for names, f in operator.gradients.items() if name in names), None)
    used = () if formula is None else _names(formula)
    if "result" in used:
        return [*own, name]
    return [n for n in used if n in own]


def _with_zeros(tangent: Tensor, inputs: tuple[Tensor, ...]) -> Tensor:
    """The tangent with a graph that leads to these inputs, and gradients of zeros."""
    made = from_array(tangent._array)
    made._tangents = tangent._tangents
    made._writes = tangent._writes
    forms = tuple([(t._array.shape, t._array.dtype) for t in inputs])
    made._edge = record(ZerosBackward0(), tuple([edge_of(t) for t in inputs]), extra=forms)
    note_shared(made)
    return made


class ZerosBackward0(Node):
    """Behind what is constant in its inputs: zeros."""

    __slots__ = ()

    def apply(self, g: Any) -> Any:
        return tuple([np.zeros(shape, dtype) for shape, dtype in self._extra])

    def apply_taped(self, g: Any) -> Any:
        return tuple([Taped(from_array(z)) for z in self.apply(g)])


def _arguments(operator: Any, args: Any, kwargs: dict[str, Any]) -> dict[str, Any]:
    """The call's arguments by the names of the row's parameters."""
    positional = [p for p in operator.params if not p.keyword_only and p.name not in kwargs]
    given = {p.name: value for p, value in zip(positional, args)}
    given.update(kwargs)
    for p in operator.params:
        given.setdefault(p.name, p.default)
    return given


def _tangents_of(level: Level, value: Any) -> Any:
    if isinstance(value, Tensor):
        return level.tangent(value)
    if isinstance(value, (tuple, list)) and any(isinstance(v, Tensor) and level.tangent(v) is not None for v in value):
        return [level.tangent(v) for v in value]
    return None


def zeros(like: Tensor) -> Tensor:
    """The tangent of a constant that is like this tensor."""
    return from_array(np.zeros_like(like._array))


def _somewhere(like: Tensor) -> Tensor:
    """Where to differentiate a gradient with respect to ``g``: it is linear, so anywhere, but formulas may look at
    whether ``g`` is zero, or which sign it has."""
    shape = like._array.shape
    values = 1 + 0.5 * np.cos(np.arange(1, 1 + int(np.prod(shape, dtype=np.int64)))).reshape(shape)
    return from_array(np.zeros_like(like._array) + values.astype(like._array.dtype))


def _all_real(given: dict[str, Any]) -> bool:
    return not any(isinstance(v, Tensor) and v.dtype.is_complex for v in given.values())


def _linear(operator: Any, function: Callable[..., Any], given: dict[str, Any], tangents: dict[str, Any]) -> Any:
    """The operator itself on the tangents, zero where an input has none."""
    changed = dict(given)
    for p in operator.arrays:
        value = given[p.name]
        if p.name not in operator.differentiable_inputs or value is None:
            continue
        found = tangents.get(p.name)
        if isinstance(value, Tensor):
            changed[p.name] = zeros(value) if found is None else found
        elif found is not None:
            changed[p.name] = [zeros(v) if t is None else t for v, t in zip(value, found)]
        elif isinstance(value, (tuple, list)):
            changed[p.name] = [zeros(v) for v in value]
        elif not isinstance(value, Tensor):
            changed[p.name] = 0  # a number beside the tangent does not change
    return call(operator, function, changed)


def _multilinear(operator: Any, function: Callable[..., Any], given: dict[str, Any], tangents: dict[str, Any]) -> Any:
    """The sum, over the inputs that have a tangent, of the operator with the tangent in the input's place."""
    parts = [call(operator, function, {**given, name: tangent}) for name, tangent in tangents.items()]
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    return total


def call(operator: Any, function: Callable[..., Any], given: dict[str, Any]) -> Any:
    """Call an operator's function with arguments by parameter name."""
    args = [given[p.name] for p in operator.params if not p.keyword_only and p.name != operator.variadic]
    kwargs = {p.name: given[p.name] for p in operator.params if p.keyword_only or p.name == operator.variadic}
    return function(*args, **kwargs)


def _read(value: Any) -> Any:
    """A value as a formula sees it."""
    if isinstance(value, Tensor):
        return Taped(value)
    if isinstance(value, (list, tuple)) and any(isinstance(v, Tensor) for v in value):
        return [_read(v) for v in value]
    return value


def _environment(operator: Any, given: dict[str, Any], result: Any) -> dict[str, Any]:
    """Everything that a formula may ask for by name, as the taped reading sees it."""
    space: dict[str, Any] = {}
    for p in operator.params:
        value = given[p.name]
        if p.kind == _VALUE:
            space[p.name] = value
            continue
        if isinstance(value, (int, float, complex)):
            value = as_number(value)
        space[p.name] = _read(value)
        if isinstance(value, Tensor):
            space[f"{p.name}_shape"] = value._array.shape
            space[f"{p.name}_dtype"] = value._array.dtype
    if isinstance(operator.outputs, tuple):
        for name, value in zip(operator.outputs, result):
            space[name] = _read(value)
    elif operator.outputs is None:
        space["result"] = Taped(result)
    return space


def _names(formula: Any) -> tuple[str, ...]:
    if isinstance(formula, np.ufunc):
        return ("g",)
    code = formula.__code__
    return code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]


def _declared(operator: Any, given: dict[str, Any], tangents: dict[str, Any], result: Any) -> Any:
    space = _environment(operator, given, result)
    for p in operator.arrays:
        value = given[p.name]
        if isinstance(value, Tensor):
            found = tangents.get(p.name)
            space[f"{p.name}_t"] = Taped(zeros(value) if found is None else found)
        elif p.kind != _VALUE and isinstance(value, (int, float, complex)):
            space[f"{p.name}_t"] = Taped(zeros(as_number(value)))
        elif f"{p.name}_t" not in space:
            space[f"{p.name}_t"] = _read(tangents.get(p.name))
    space["needed"] = tuple([p.name in tangents for p in operator.arrays])
    made = operator.tangent(*[space[name] for name in _names(operator.tangent)])
    if operator.elementwise:
        return _as_result(made, result, given, tangents)
    return [m.tensor if isinstance(m, Taped) else m for m in made] if isinstance(made, tuple) else made.tensor


def _elementwise(operator: Any, given: dict[str, Any], tangents: dict[str, Any], result: Tensor) -> Tensor:
    space = _environment(operator, given, result)
    total: Any = None
    for names, formula in operator.gradients.items():
        for position, name in enumerate(names):
            if name not in tangents:
                continue
            space["g"] = Taped(tangents[name])
            if "needed" in _names(formula):
                space["needed"] = tuple(n == name for n in names)
            part = formula(*[space[n] for n in _names(formula)])
            part = part[position] if len(names) > 1 else part
            total = part if total is None else total + part
    return _as_result(total, result, given, tangents)


def _as_result(total: Any, result: Tensor, given: dict[str, Any], tangents: dict[str, Any]) -> Tensor:
    """An elementwise operator's tangent, in the shape and dtype of its result: a wider one where a tangent is of another dtype
    than its primal."""
    if total.shape != result._array.shape:
        total = np.broadcast_to(total, result._array.shape)
    dtype = result._array.dtype
    for name, tangent in tangents.items():
        if tangent._array.dtype != given[name]._array.dtype:
            dtype = np.promote_types(dtype, tangent._array.dtype)
    if total.dtype != dtype:
        total = total.astype(dtype)
    return total.tensor if isinstance(total, Taped) else from_array(total)


def second_name(tensor: Tensor) -> Tensor:
    """The same tensor at a place in the graph of its own: what is differentiated with respect to it sees only the
    uses of this name, and gradients flow on to the tensor itself."""
    named = from_array(tensor._array)
    named._writes = tensor._writes
    named._tangents = dict(tensor._tangents) if tensor._tangents else None
    if tensor._edge is NO_EDGE:
        named._edge = None
    else:
        named._edge = record(IdentityBackward0(), (edge_of(tensor),))
        note_shared(named)
    return named


def with_tangents(values: Any) -> Iterator[Tensor]:
    """The tensors in nested sequences and dictionaries, their tangents, and these ones' tangents."""
    if isinstance(values, Tensor):
        yield values
        if values._tangents:
            yield from with_tangents(values._tangents)
    elif isinstance(values, (tuple, list, dict)):
        for value in values.values() if isinstance(values, dict) else values:
            yield from with_tangents(value)


def _is_turned(value: Any, tangent: Any) -> bool:
    """Whether a real tensor has a complex tangent."""
    if isinstance(tangent, list):
        return any(t is not None and _is_turned(v, t) for v, t in zip(value, tangent))
    return tangent.dtype.is_complex and not value.dtype.is_complex  # type: ignore[no-any-return]


def _in_parts(
    operator: Any, function: Callable[..., Any], given: dict[str, Any], tangents: dict[str, Any], results: list[Any]
) -> list[Tensor | None]:
    """The tangent along complex directions of real tensors: that along the real parts, and ``i`` times that along the others."""

    def part(tangent: Any, name: str) -> Any:
        if isinstance(tangent, list):
            return [None if t is None else part(t, name) for t in tangent]
        if tangent.dtype.is_complex:
            return getattr(tangent, name)
        return tangent if name == "real" else zeros(tangent)

    real, imaginary = (
        _transposed(operator, function, given, {n: part(t, which) for n, t in tangents.items()}, results)
        for which in ("real", "imag")
    )
    return [r if i is None or r is None else r + i * 1j for r, i in zip(real, imaginary)]


def _transposed(
    operator: Any, function: Callable[..., Any], given: dict[str, Any], tangents: dict[str, Any], results: list[Any]
) -> list[Tensor | None]:
    """Differentiate the gradient, which is linear in ``g``, with respect to ``g``."""
    if any(_is_turned(given[name], tangent) for name, tangent in tangents.items()):
        return _in_parts(operator, function, given, tangents, results)
    recorded = mode.enabled and any(t.requires_grad for t in with_tangents((given, tangents)))
    changed = dict(given)
    inputs: list[Tensor] = []
    directions: list[Tensor] = []
    with recording():
        for name, tangent in tangents.items():
            value = given[name]
            if isinstance(value, Tensor):
                changed[name] = second_name(value)
                inputs.append(changed[name])
                directions.append(tangent)
            else:
                changed[name] = [v if t is None else second_name(v) for v, t in zip(value, tangent)]
                inputs += [v for v, t in zip(changed[name], tangent) if t is not None]
                directions += [t for t in tangent if t is not None]
        again = call(operator, function, changed)
        again = list(again) if isinstance(again, (tuple, list)) else [again]
        outputs = [(i, r) for i, r in enumerate(again) if isinstance(r, Tensor) and r.requires_grad]
        if not outputs:
            return [None] * len(results)
        ones = []
        for _, r in outputs:
            v = _somewhere(r)
            v._edge = None
            v._only_a_name = True
            ones.append(v)
        pulled = grad([r for _, r in outputs], inputs, ones, create_graph=True, materialize_grads=True)
    used = [(p, d) for p, d in zip(pulled, directions) if p is not None and p.requires_grad]
    for i in inputs:
        if i._edge is None:
            i._only_a_name = True
    found: list[Tensor | None] = [None] * len(results)
    pushed: Any = [None] * len(ones)
    if used:
        pushed = grad(
            [p for p, _ in used],
            ones,
            [d if d.dtype is p.dtype else d.to(p.dtype) for p, d in used],
            create_graph=recorded,
            allow_unused=True,
        )
    for (place, r), t in zip(outputs, pushed):
        found[place] = zeros(r) if t is None else t
    return found


# The public interface: one level at a time, as in torch.autograd.forward_ad.

_current: list[Level] = []
_grad_mode = mode


class UnpackedDualTensor(NamedTuple):
    """A dual tensor's parts: ``primal`` and ``tangent`` (None where there is none)."""

    primal: Tensor
    tangent: Tensor | None


def refuse_nesting() -> None:
    """Raise PyTorch's error if a level is entered: there they do not nest, but for those of nested ``torch.func.jvp``."""
    if _current:
        raise RuntimeError("Nested forward mode AD is not supported at the moment")


def enter_dual_level() -> int:
    """Enter a forward-mode level; its number, 0.  Raises RuntimeError inside of another one, or of ``torch.func.jvp``."""
    if _current or mode.pushes:
        raise RuntimeError("Nested forward mode AD is not supported at the moment")
    before = snapshot()
    level = Level()
    number = len(_current)
    try:
        _current.append(level)
        level.enter()
        level.primal = 0
        level.inference = False  # unlike those of torch.func.jvp, they do not work in inference mode
        return number
    except BaseException:
        put_back(before)
        _current.clear()
        raise


@at_once
def exit_dual_level(*, level: int | None = None) -> None:
    """Leave the level; the tangents made in it are gone.  Raises RuntimeError where none was entered."""
    # levels do not nest, so the one that is entered is 0; asking for the length would let a signal in before the `try`
    if not _current or (level is not None and level != 0):
        raise RuntimeError(
            "Trying to exit a forward AD level that was not the last one that was created. This is not supported."
            if _current or level is not None
            else "Dual level must be a positive number."
        )
    try:
        _current[-1].exit()
    finally:
        _current.clear()


class dual_level(contextlib.ContextDecorator):
    """Enter a forward-mode level for the time of a ``with``.

    >>> import adjoint as torch
    >>> import adjoint.autograd.forward_ad as fwAD
    >>> with fwAD.dual_level():
    ...     x = fwAD.make_dual(torch.tensor(2.), torch.tensor(1.))
    ...     fwAD.unpack_dual(x ** 3).tangent
    tensor(12.)
    """

    def __enter__(self) -> int:
        return enter_dual_level()

    @at_once
    def __exit__(self, *exc: object) -> None:
        exit_dual_level(level=0)


def check_dtypes(primal: Tensor, tangent: Tensor) -> None:
    """Raise PyTorch's error where the primal or the tangent is of integers."""
    for what, given in (("primal", primal), ("tangent", tangent)):
        if given.dtype.category < dtypes.FLOAT:
            raise ValueError(f"Expected {what} to be floating point or complex, but got: {given.dtype}")


def check_tangent(primal: Tensor, tangent: Tensor) -> None:
    """Raise PyTorch's error for a tangent that is not of the primal's shape, or one of them of integers."""
    check_dtypes(primal, tangent)
    check_shape(primal, tangent)


def check_shape(primal: Tensor, tangent: Tensor) -> None:
    """Raise PyTorch's error for a tangent that is not of the primal's shape."""
    if tangent._array.shape != primal._array.shape:
        raise RuntimeError(
            f"Trying to set a forward gradient that has a different size than that of the original Tensor, this is not "
            f"supported. Tensor is of size {list(primal.shape)} while the given forward gradient is of size "
            f"{list(tangent.shape)}."
        )


def _is_fwd_grad_enabled() -> bool:
    """Whether operators carry tangents, where a level is entered."""
    return _grad_mode.primal <= _grad_mode.primal_from  # type: ignore[no-any-return]


def __getattr__(name: str) -> Any:
    if name == "_current_level":  # the number of the level that is entered, -1 for none
        return len(_current) - 1
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


class _set_fwd_grad_enabled:
    """Whether operators carry tangents, from the call on; as a context, until its end."""

    def __init__(self, mode: bool) -> None:
        self._before = _grad_mode.primal
        _grad_mode.primal = _grad_mode.primal_from + (not mode)

    def __enter__(self) -> None:
        pass

    @at_once
    def __exit__(self, *exc: object) -> None:
        _grad_mode.primal = self._before


def make_dual(tensor: Tensor, tangent: Tensor, *, level: int | None = None) -> Tensor:
    """A view of ``tensor`` with ``tangent``, of the same shape and dtype, at the current level."""
    if not _current:
        raise RuntimeError(
            "Trying to create a dual Tensor for forward AD but no level exists, make sure to enter_dual_level() first."
        )
    check_dtypes(tensor, tangent)
    if _current[-1].tangent(tensor) is not None:
        raise RuntimeError(
            "Making a dual Tensor based on a Tensor that already has a forward gradient at the same level 0 is not supported."
        )
    if _current[-1].tangent(tangent) is not None:
        raise RuntimeError("Setting a forward grad that itself has a forward gradient at the same level0 is not supported.")
    check_tangent(tensor, tangent)
    dual = tensor.view_as(tensor)
    _current[-1].set_tangent(dual, laid_as(tensor, tangent))
    return dual


def laid_as(primal: Tensor, tangent: Tensor) -> Tensor:
    """The tangent itself where it lies in its memory as the primal does in its own, else a copy that does: so that whatever looks
    at a part of the primal's memory, ``as_strided`` too, has a tangent."""
    mine, given = primal._array, tangent._array
    if mine.__class__ is not np.ndarray or given.__class__ is not np.ndarray:
        return tangent
    turned = (primal.is_conj(), primal.is_neg())
    if turned == (tangent.is_conj(), tangent.is_neg()):
        if not mine.size:
            return tangent
        steps = [[a.strides[d] // a.itemsize for d in range(a.ndim) if a.shape[d] != 1] for a in (mine, given)]
        if steps[0] == steps[1] and primal.storage_offset() == tangent.storage_offset():
            if _room(primal) == _room(tangent):
                return tangent
    room = from_array(np.zeros(_room(primal), given.dtype))
    if mode.birth:
        made_here((room,))
    copy = room.as_strided(tuple(primal.shape), primal.stride(), primal.storage_offset())
    copy = copy.conj() if turned[0] else copy
    copy = copy._neg_view() if turned[1] else copy
    return copy.copy_(tangent)


def _room(tensor: Tensor) -> int:
    """How many elements the memory has that a tensor looks at."""
    return tensor._memory_size() // tensor._array.itemsize  # type: ignore[no-any-return]


def _get_current_tangent(self: Tensor) -> Tensor | None:
    """The tangent at the level that printing shows."""
    return _current[-1].tangent(self) if _current else None


attach(property(_get_current_tangent), name="_current_tangent")


def unpack_dual(tensor: Tensor, *, level: int | None = None) -> UnpackedDualTensor:
    """A dual tensor's primal, without the tangent, and its tangent at the current level."""
    if not _current or _current[-1].is_off():
        return UnpackedDualTensor(tensor, None)
    tangent = _current[-1].tangent(tensor)
    if tangent is None:
        return UnpackedDualTensor(tensor, None)
    primal = tensor.view_as(tensor)
    if primal._tangents is not None:
        primal._tangents = {k: v for k, v in primal._tangents.items() if k is not _current[-1]} or None
    return UnpackedDualTensor(primal, tangent)

"""In-place operators and ``out=``: an operator's result, written into a tensor that exists."""

from __future__ import annotations

import sys
import warnings
import weakref
from collections import deque
from sys import getrefcount
from typing import Any, NoReturn

import numpy as np

from adjoint import dtypes
from adjoint.autograd import saved_hooks
from adjoint.autograd.edges import edge_of
from adjoint.autograd.grad_mode import mode, no_grad
from adjoint.autograd.interception import intercept
from adjoint.autograd.node import Node, record
from adjoint.autograd.overlap import USUAL, check_late, check_no_overlap, check_overlap
from adjoint.autograd.quiet import calm, is_taken, quietly
from adjoint.autograd.saved import alias
from adjoint.autograd.taped import Taped
from adjoint.autograd.views import check_writable, rebase, refuse_inference_write
from adjoint.autograd.waiting import memory_of, write
from adjoint.autograd.written_tangents import carry_over, is_dual
from adjoint.declare.arguments import type_name
from adjoint.declare.emit import build
from adjoint.declare.naming import show
from adjoint.declare.older import as_now, older_numbers
from adjoint.declare.operands import FLOATS, INTS, fits, is_number, number, result_type_of
from adjoint.declare.operator import Operator
from adjoint.declare.outs import CAST, RULES, Out
from adjoint.declare.saved import saved_names
from adjoint.declare.schemas import check_write, raise_into_unbatched
from adjoint.kernels.deferred import settle, unsettled
from adjoint.kernels.reading import compiled_into, threshold
from adjoint.places import users_level
from adjoint.readings.batched import IntoUnbatched, levels_of
from adjoint.tensor import NO_EDGE, InferenceWrites, Sink, Tensor, Writes, from_array, tick, writes_of

_new = object.__new__
LARGE = threshold()


def inplace_method(operator: Operator, augmented: bool = False) -> Any:
    """``Tensor.name_``: the operator, written into its first operand; ``augmented``, what ``+=`` and its like call, which leaves
    other things than tensors and numbers to Python."""
    ufunc = operator.plain or operator.forward
    truth = operator.elementwise and operator.promote == "bool"
    check, others = operator.check, len(operator.arrays) - 1
    older, operands = older_numbers(operator), ["input" if p.name == "self" else p.name for p in operator.arrays]
    quick = operator.elementwise and isinstance(ufunc, np.ufunc) and ufunc.nin == 2
    of_floats = operator.promote == "float" and operator.plain is not None  # a quotient, of which integers are made floats
    quick = quick and (operator.promote == "same" or of_floats)
    if quick and ufunc is not operator.forward and not operator.values and "FF->F" in ufunc.types:
        quick = False  # what the forward refuses
    of_numbers = operator.numbers and operator.scalar is None

    def inplace(self: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        if unsettled:
            settle()
        if quick and len(args) == 1 and not kwargs and self._edge is NO_EDGE and not intercept.active:
            other = args[0]
            kind = other.__class__
            if of_numbers and (kind is float or kind is int):
                other = (FLOATS if kind is float else INTS).get((other, self._array.dtype))
            if (
                isinstance(other, Tensor)
                and self._writes.__class__ is not InferenceWrites
                and other._edge is NO_EDGE
                and other._array.dtype is self._array.dtype
                and self._array.__class__ is np.ndarray is other._array.__class__
                and _may_write(self._array, other._array)
                and not (of_floats and self._array.dtype.kind != "f")
            ):
                array = self._array
                small = array.size < LARGE or not array.flags.writeable
                todo: Any = (ufunc, array, other._array, array) if small else (compiled_into, array, ufunc, array, other._array)
                try:
                    try:
                        calm(*todo)
                    except RuntimeError as error:
                        if not is_taken(error):
                            raise
                        quietly(*todo)
                    writes_of(self).bump()
                    return self
                except (TypeError, ValueError):
                    pass  # a dtype that the ufunc lacks: the operator itself has PyTorch's error; or a view of what waits
                except BaseException:
                    writes_of(self).bump()  # it may have been written to
                    raise
        if "out" in kwargs:
            raise TypeError(f"{operator.name}_() got an unexpected keyword argument 'out'")
        if augmented and not isinstance(args[0], Tensor) and not is_number(args[0]):
            return NotImplemented
        if older and len(args) > others:
            named = as_now(operator, (self, *args), operator.name + "_")
            self, *args = [named.pop(shown) for shown in operands]  # type: ignore[assignment]
            kwargs = named
        if not isinstance(self, Tensor):
            raise TypeError(f"{operator.name}_(): argument 'input' must be Tensor, not {type(self).__name__}")
        if not operator.numbers and args and not isinstance(args[0], Tensor):
            raise TypeError(
                f"{operator.name}_(): argument '{operator.arrays[1].name}' (position 1) must be Tensor, not {type_name(args[0])}"
            )
        if truth:
            if intercept.active:
                check_write(self, operator.name + "_", args, kwargs, augmented)
            return _write_truth(self, operator.function, operator, args, kwargs)
        if intercept.active:
            check_write(self, operator.name + "_", args, kwargs, augmented)
        if mode.enabled or self._inference:
            converted = operator.name == "copy" and self._array.dtype.kind in "iub"  # gradients end here
            check_writable(self, not converted and _is_recorded(self, args, kwargs))
        if check is not None and len(args) == others and all(isinstance(a, Tensor) for a in args):
            check(self, *args)
        check_overlap(operator.overlap, operator.name, self, args, kwargs)
        if args and mode.enabled:  # what asking a view for its history may raise, before anything is written
            for a in args:
                if isinstance(a, Tensor) and a._edge is None and a._stale:
                    edge_of(a)
        if operator.writer is not None and not intercept.active and self._waits is None and self._array.__class__ is np.ndarray:
            return wrote(self, build(operator, "writer")(self, *args, **kwargs)._edge, operator)
        function = operator.function  # written when it is first called, and not when its name is
        if not intercept.active:
            try:
                result = function(self, *args, **kwargs)
            except NotImplementedError:
                _check_form(operator, self, args)
                raise
            return overwrite(self, result, operator)
        result = function(_before_write(self), *args, **kwargs)
        if operator.writer is not None:
            check_late(operator.overlap, self, args, kwargs)
        return overwrite(self, result, operator)

    if not augmented:  # which goes by its special method's name
        show(inplace, operator.where if operator.where and "Tensor" not in operator.where else ("Tensor",), operator.name + "_")
    inplace.__doc__ = f"In-place version of :func:`adjoint.{operator.name}`."
    return inplace


def _write_truth(
    self: Tensor, function: Any, operator: Operator, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Tensor:
    """A comparison or a logical operator in place: ones and zeros.

    As in PyTorch, a comparison cuts the gradient off with zeros, and the logical operators do not touch the history.
    """
    if operator.name.startswith("logical_"):
        check_overlap(operator.overlap, operator.name, self, args, kwargs)
        with no_grad():
            return overwrite(self, function(self, *args, **kwargs), operator)
    recorded = mode.enabled and _is_recorded(self, args, kwargs)
    check_writable(self, recorded)
    check_overlap(operator.overlap, operator.name, self, args, kwargs)
    result = function(self, *args, **kwargs)
    if recorded:
        inputs = (self, *(a for a in (*args, *kwargs.values()) if isinstance(a, Tensor)))
        name = f"{operator.backward_name[:-1]}{len(inputs) - 1}"
        cls = _CUTS.get(name)
        if cls is None:
            cls = _CUTS[name] = type(name, (CutBackward,), {"__slots__": (), "__module__": "builtins"})
        edges = tuple([edge_of(t) for t in inputs])
        result._edge = record(cls(), edges, extra=fits(*[t._array for t in inputs]))
    return overwrite(self, result, operator)


class CutBackward(Node):
    """Behind an operator whose result does not change with its inputs: zeros."""

    __slots__ = ()

    def apply(self, g: Any) -> Any:
        """Zeros of the inputs' shapes and dtypes."""
        return tuple([None if e is NO_EDGE else np.zeros(*form) for e, form in zip(self._edges, self._extra)])

    def apply_taped(self, g: Any) -> Any:
        """As :meth:`apply`, as tensors."""
        return tuple([None if z is None else Taped(from_array(z)) for z in self.apply(g)])


_CUTS: dict[str, type[CutBackward]] = {}


def inplace_composite(function: Any, name: str, copied: bool = False) -> Any:
    """``Tensor.name_`` for a function made of other operators; ``copied``: they save what is written over."""

    def inplace(self: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        if "out" in kwargs:
            raise TypeError(f"{name}() got an unexpected keyword argument 'out'")
        if intercept.active:
            check_write(self, name, args, kwargs)
        check_writable(self, _is_recorded(self, args, kwargs))
        check_overlap(USUAL, name[:-1], self, args, kwargs)
        before = _before_write(self)
        if copied and before is self and mode.enabled and self.requires_grad:
            before = saved_hooks.copy_before_write(self)
        return overwrite(self, function(before, *args, **kwargs))

    show(inplace, ("Tensor",), name)
    inplace.__doc__ = f"In-place version of :func:`adjoint.{name[:-1]}`."
    return inplace


def _before_write(tensor: Tensor) -> Tensor:
    """What an operator is handed of a tensor that its result will be written to: the tensor itself, whose node is seen to
    afterwards, or a copy where others than that node may save it: hooks, and the operators that make its tangents."""
    if intercept.active and (tensor._tangents or (saved_hooks.state.saving and mode.enabled)):
        return saved_hooks.copy_before_write(tensor)
    return tensor


def _is_recorded(self: Tensor, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    """Whether a write with these arguments has gradients."""
    if self._edge is not NO_EDGE or self.requires_grad:
        return True
    for a in args:
        if isinstance(a, Tensor) and a._edge is not NO_EDGE:
            return True
    for a in kwargs.values():
        if isinstance(a, Tensor) and a._edge is not NO_EDGE:
            return True
    return False


def _may_write(array: Any, other: Any) -> bool:
    """Whether an array can be written to right away: of the other's shape, or with one number, and not over its memory."""
    if (other.ndim and array.shape != other.shape) or 0 in array.strides:
        return False
    base = array.base
    if base is None:
        return other.base is not array
    return base is not other and base is not other.base


def check_result(target: Tensor, result: Tensor) -> None:
    """Raise PyTorch's error where ``result`` cannot be written into ``target``."""
    _refuse_form(target, result._array.shape, result.dtype)
    check_no_overlap(memory_of(target))


def _refuse_form(target: Tensor, shape: tuple[int, ...], dtype: dtypes.dtype) -> None:
    if shape != target._array.shape:
        raise RuntimeError(f"output with shape {list(target.shape)} doesn't match the broadcast shape {list(shape)}")
    CAST.check(dtype, target.dtype)


def overwrite(target: Tensor, result: Tensor, operator: Operator | None = None) -> Tensor:
    """Write ``result``, computed out of place from ``target``, into it, history included.

    What the new node saved of ``target`` becomes a copy of it as it was; what it saved of its result becomes
    ``target`` as it is afterwards.
    """
    if unsettled:
        settle()
    check_result(target, result)
    node = result._edge
    operator = getattr(type(node), "operator", operator)  # a row may have left the work to another one
    if result._tangents and isinstance(node, Node):
        node = _twin(node)
    if isinstance(node, Node):
        _keep_saved(node, target, operator)
    if result._array.dtype != target._array.dtype and isinstance(node, Node) and not _fits_gradients(operator):
        node = result.to(target.dtype)._edge
    try:
        alone = isinstance(node, Node) and not intercept.active and _is_alone(target._array, result._array)
        if alone and getrefcount(target._array) == 2:
            target._array = result._array  # nobody can tell, and nothing has to be copied
        else:
            write(target, result._array)
    except IntoUnbatched:
        raise_into_unbatched()
    if result._tangents or target._tangents:
        carry_over(target, result)
    return wrote(target, node, operator)


def _twin(node: Node) -> Node:
    """The node once more: the tangents of an in-place operator may have been made of its out-of-place result, and be
    recorded later than that, but earlier than the write."""
    made = record(_new(type(node)), node._edges, node._kept, node._extra)
    made.__dict__.update(node.__dict__)
    return made


def _check_form(operator: Operator, target: Tensor, others: tuple[Any, ...]) -> None:
    """Raise PyTorch's error for the shape or the dtype that an element-wise operator's result would have, which it looks at before
    it finds that it cannot compute with that dtype."""
    if not operator.elementwise or operator.promote != "same":
        return
    operands = [target, *[a if isinstance(a, Tensor) else number(a, target._array.dtype) for a in others]]
    shape = np.broadcast_shapes(*[t._array.shape for t in operands])
    _refuse_form(target, shape, result_type_of(*operands))


def _is_alone(array: Any, other: Any) -> bool:
    """Whether a large array has its memory to itself, and another one like it has, too."""
    return (
        array.size >= LARGE
        and array.__class__ is np.ndarray is other.__class__
        and array.base is None is other.base
        and (array.dtype, array.shape, array.strides) == (other.dtype, other.shape, other.strides)
        and array.flags.writeable
    )


def _fits_gradients(operator: Operator | None) -> bool:
    """Whether the operator's node brings gradients to the dtypes of the inputs, whatever the dtype that arrives."""
    return operator is not None and operator.elementwise and len(operator.arrays) > 1


def wrote(target: Tensor, node: Sink | None, operator: Operator | None = None) -> Tensor:
    """Note a write to ``target``'s memory that was done, and that was recorded as ``node`` if it was recorded."""
    writes_of(target).bump()
    if node is NO_EDGE or target._array.dtype.kind in "iub":  # integers have no gradients, whatever was written to them
        if target._edge is not NO_EDGE and mode.enabled:  # nothing of the old value flows on
            target._edge = NO_EDGE
        return target
    assert isinstance(node, Node)
    _invalidate_saved(node, target)
    node._order = tick()  # the write belongs to this node and is not one that came after it
    rebase(target, node)
    _resave_result(node, target, operator)
    return target


def _keep_saved(node: Node, target: Tensor, operator: Operator | None) -> None:
    first = operator.arrays[0].name if operator is not None else None
    if operator is None or not node._kept or first not in (names := saved_names(operator)):
        return
    position = names.index(first)
    if node._kept[position] is target:
        kept = from_array(target._array.copy())
        kept._edge = target._edge if target._edge is NO_EDGE else edge_of(target)
        if target._tangents:
            kept._tangents = dict(target._tangents)
        node._kept = (*node._kept[:position], kept, *node._kept[position + 1 :])


def _invalidate_saved(node: Node, target: Tensor) -> None:
    """Have what else the node saved of the memory that was written to (``x[1:].mul_(x[0])``) raise in the backward."""
    writes = target._writes
    if not any(getattr(s, "_writes", None) is writes for s in node._kept or ()):
        return
    outdated = Writes()
    assert writes is not None
    outdated.count = writes.count
    outdated.stamp = -sys.maxsize
    outdated.recent = deque([(outdated.stamp, writes.recent[-1][1] if writes.recent else None)])

    def replaced(saved: Any) -> Any:
        if getattr(saved, "_writes", None) is not writes:
            return saved
        before = saved._edge  # a view's own is found out anew after the write
        old = alias(saved, saved._stale if before is None and isinstance(saved._stale, Sink) else before)
        old._writes = outdated
        if isinstance(saved, Tensor):
            old._written = weakref.ref(saved)
        return old

    node._kept = tuple(replaced(s) for s in node._kept)


def _resave_result(node: Node, target: Tensor, operator: Operator | None) -> None:
    if operator is None or not node._kept or "result" not in (names := saved_names(operator)):
        return
    position = names.index("result")
    if isinstance(node._kept[position], Tensor):
        kept = alias(target, NO_EDGE)
        if target._view is not None:
            kept._made_by = weakref.ref(target._edge)
        node._kept = (*node._kept[:position], kept, *node._kept[position + 1 :])


def check_out(name: str, out: Tensor, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    """Raise PyTorch's error where a result that would have a gradient or a tangent is to be written into ``out``."""
    if intercept.active and (is_dual(out) or is_dual(args) or is_dual([*kwargs.values()])):
        raise NotImplementedError(
            f"Trying to use forward AD with {name}_out that does not support it because it is an out= function"
        )
    if intercept.active and any(
        level.active for t in (out, *args) if isinstance(t, Tensor) for level in levels_of(t._array)
    ):
        raise_out_of_samples(name)
    if mode.enabled and _is_recorded(out, args, kwargs):
        raise RuntimeError(
            f"{name}(): functions with out=... arguments don't support automatic differentiation, but one of the "
            "arguments requires grad."
        )
    if out._inference and not mode.inference:
        refuse_inference_write()


def raise_out_of_samples(name: str) -> NoReturn:
    """PyTorch's error for ``out=`` inside of a vmap."""
    raise RuntimeError(
        f"Batching rule not implemented for aten::{name}.out; the fallback path doesn't work on out= or view ops."
    )


def write_out(result: Tensor, out: Tensor, name: str, rule: Out | None = None, place: int = 0) -> Tensor:
    """Write a result, of several the one at ``place``, into the tensor given as ``out=``, which is resized if it has to be.

    Into which dtypes is what the declaration of the function says, or ``rule``.
    """
    if unsettled:
        settle()
    if not isinstance(out, Tensor):
        raise TypeError(f"{name}(): argument 'out' must be Tensor, not {type_name(out)}")
    check_out(name, out, (result,), {})
    rule = rule or RULES.get(name) or CAST
    rule.check(result.dtype, out.dtype, place)
    if out._array.shape != result._array.shape:
        if out._array.size:
            warnings.warn(
                f"An output with one or more elements was resized since it had shape {list(out.shape)}, which does not "
                f"match the required output shape {list(result.shape)}. This behavior is deprecated, and in a future "
                "PyTorch release outputs will not be resized unless they have zero elements. You can explicitly reuse an "
                "out tensor t by resizing it, inplace, to zero elements with t.resize_(0).",
                UserWarning,
                stacklevel=users_level(),
            )
        out._array = result._array.astype(out._array.dtype)
    else:
        if not rule.repeats and out._array.__class__ is np.ndarray:
            check_no_overlap(out._array)
        try:
            write(out, result._array)
        except IntoUnbatched:
            raise_out_of_samples(name)
    writes_of(out).bump()
    return out

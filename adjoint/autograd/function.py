"""Function: the user's own operators, with a forward and a backward written in tensors.

The ``ctx`` that a Function's methods get *is* the node that stands in the graph, so that what is set on it can be
read from ``grad_fn``.  Its class, ``CubeBackward`` for ``class Cube(Function)``, is made with the Function's.
"""

from __future__ import annotations

import functools
import inspect
import warnings
from collections.abc import Callable
from itertools import count
from typing import Any, TypeVar

import numpy as np

from adjoint import dtypes
from adjoint.autograd import saved_hooks
from adjoint.autograd.accumulate import AccumulateGrad
from adjoint.autograd.captures import below
from adjoint.autograd.delayed import delayed_error
from adjoint.autograd.edges import edge_of
from adjoint.autograd.grad_mode import in_backward, mode, no_grad, off, set_recording, switch_recording
from adjoint.autograd.interception import intercept
from adjoint.autograd.node import Node, Output
from adjoint.autograd.saved import alias, is_freed, raise_freed, raise_modified, refuse_inference
from adjoint.autograd.taped import Taped
from adjoint.autograd.views import IN_FUNCTION, MULTIPLE, become_view, rebase
from adjoint.kernels.deferred import forced, settle
from adjoint.names import list_names as _list_names
from adjoint.places import users_level
from adjoint.tensor import NO_EDGE, Tensor, from_array, tick, writes_of
from adjoint.thread_state import put_back, snapshot
from adjoint.type_names import type_name

__all__ = ["BackwardCFunction", "Function", "FunctionCtx", "FunctionMeta", "InplaceFunction", "once_differentiable"]

F = TypeVar("F", bound=Callable[..., Any])

_new = object.__new__
_ids = count()


class FunctionCtx:
    """What a Function's forward and ``setup_context`` may tell its node."""

    def save_for_backward(self, *tensors: Tensor | None) -> None:
        """Keep tensors (inputs, outputs, or any others) for :attr:`saved_tensors` in the backward.

        They are freed once the backward ran, and an in-place write to one of them is noticed.  Call it at most once.

        >>> import adjoint as torch
        >>> class Cube(torch.autograd.Function):
        ...     @staticmethod
        ...     def forward(ctx, x):
        ...         ctx.save_for_backward(x)
        ...         return x * x * x
        ...     @staticmethod
        ...     def backward(ctx, grad):
        ...         x, = ctx.saved_tensors
        ...         return grad * 3 * x * x
        >>> x = torch.tensor(2., requires_grad=True)
        >>> Cube.apply(x).backward()
        >>> x.grad
        tensor(12.)
        """
        self.to_save = tensors

    def save_for_forward(self, *tensors: Tensor | None) -> None:
        """Keep tensors for :attr:`saved_tensors` in ``jvp``."""
        for tensor in tensors:
            if not (isinstance(tensor, Tensor) or tensor is None):
                raise AssertionError(
                    "save_for_forward expects all arguments to be tensors; you should save non-tensors as attributes on ctx."
                )
        self.saved_for_forward = tensors

    def mark_dirty(self, *args: Tensor) -> None:
        """Say which inputs the forward wrote to; each of them has to be returned."""
        self.dirty_tensors = args

    def mark_shared_storage(self, *pairs: Any) -> None:
        """Deprecated: tensors that share memory are known to."""
        warnings.warn(
            "`mark_shared_storage` is deprecated. Tensors with shared storages are automatically tracked. Note that calls "
            "to `set_()` are not tracked",
            FutureWarning,
            stacklevel=users_level(),
        )

    def mark_non_differentiable(self, *args: Tensor) -> None:
        """Say which outputs have no gradient; the backward still gets an argument for each, zeros."""
        self.non_differentiable = args

    def set_materialize_grads(self, value: bool) -> None:
        """Whether the gradient of an unused output is handed to the backward as zeros (the default) or as None."""
        self.materialize_grads = value


class _SavedOutput:
    """A saved output: the memory without the graph, so that node and output do not hold each other."""

    __slots__ = ("_array", "_edge", "_writes", "index")

    def __init__(self, output: Tensor, index: int) -> None:
        self._array = output._array
        self._writes = writes_of(output)
        self._edge = NO_EDGE
        self.index = index

    _tangents = None
    _waits = None
    is_leaf = True


class _FunctionBase(Node):
    """A node of a Function: what PyTorch has below Python."""

    __slots__ = ()


class BackwardCFunction(_FunctionBase, FunctionCtx):
    """The node of a Function, and its ``ctx``."""

    __slots__ = ("_outputs", "needs_input_grad")

    __call__ = None  # type: ignore[assignment]  # not to be called, as PyTorch's

    needs_input_grad: tuple[bool, ...]  # per argument of apply, whether it requires grad
    _forward_cls: Any
    to_save: Any = None
    dirty_tensors: Any = None
    non_differentiable: Any = None
    saved_for_forward: Any = None
    _pushes = False  # whether its jvp is running
    materialize_grads = True
    _materialize_non_diff_grads = True  # whether zeros also stand for the gradients of outputs that have none
    _unmaterialized: frozenset[int] = frozenset()  # these outputs, if not
    _forms: Any = None  # per output (shape, dtype), None for what is no tensor
    _mask: Any = None  # per argument whether it is a tensor; None where all are

    @property
    def saved_tensors(self) -> tuple[Tensor | None, ...]:
        """What :meth:`save_for_backward` was given.  Raises RuntimeError once it was freed or changed in place."""
        if self._pushes:
            return self.saved_for_forward or ()
        saved = self._kept
        if is_freed(saved):
            raise_freed(saved)
        found = tuple([_unpack(self, s) for s in saved])
        if self._forward_cls.clear_saved_tensors_on_access:
            self._kept = None
        return found

    @property
    def saved_variables(self) -> tuple[Tensor | None, ...]:
        """The old name of :attr:`saved_tensors`."""
        warnings.warn("'saved_variables' is deprecated; use 'saved_tensors'", DeprecationWarning, stacklevel=users_level())
        return self.saved_tensors

    @property
    def _raw_saved_tensors(self) -> tuple[saved_hooks.SavedTensor, ...]:
        if is_freed(self._kept):
            raise_freed(self._kept)

        def handle(i: int) -> saved_hooks.SavedTensor:
            return saved_hooks.saved_tensor(self, (i,), lambda node: _unpack(node, node._kept[i]))

        return tuple(handle(i) for i in range(len(self._kept)))

    def apply(self, *grads: Any) -> Any:
        """Run the backward: on arrays for the engine, on tensors where a user calls it."""
        if len(grads) != 1 or isinstance(grads[0], Tensor):
            return self._user_function()(self, *grads)
        settle()  # the user's code may write to what deferred gradients are computed from
        g = forced(grads[0])
        if self._outputs == 1:
            if not g.ndim and g.__class__ is np.ndarray and not g.flags.writeable:  # the engine's own 1
                g = g.copy()
            given: Any = (from_array(g),)
        else:
            given = [None if x is None else from_array(x) for x in g]
            if self.materialize_grads:
                _fill(given, self._forms, self._unmaterialized)
        got = self._call(given)
        return self._checked(got, False)

    def apply_taped(self, g: Any) -> Any:
        """As :meth:`apply`, with what the backward does recorded."""
        if self._outputs == 1:
            given: Any = (g.tensor,)
        else:
            given = [None if x is None else x.tensor for x in g]
            if self.materialize_grads:
                _fill(given, self._forms, self._unmaterialized)
        return self._checked(self._call(given), True)

    def apply_undefined(self, g: Any, taped: bool) -> Any:
        """Run the backward on what stands for a gradient that did not arrive: zeros, or None."""
        given = [None] if g is None else list(g)
        if self.materialize_grads:
            _fill(given, self._forms, self._unmaterialized)
        return self._checked(self._call(given), taped)

    def apply_jvp(self, *args: Any) -> Any:
        """Run the user's ``jvp`` on tangents of the inputs."""
        return self._forward_cls.jvp(self, *args)

    def _user_function(self) -> Any:
        function = self._forward_cls
        backward = function.backward
        if backward is _NO_BACKWARD:
            return function.vjp
        if function.vjp is not _NO_BACKWARD:
            raise RuntimeError(
                "Implementing both 'backward' and 'vjp' for a custom Function is not allowed. You should only implement "
                "one of them."
            )
        return backward

    def _call(self, given: Any) -> Any:
        if self._forward_cls.boxed_grads_call:
            return in_backward(self._user_function(), self, list(given))
        return in_backward(self._user_function(), self, *given)

    def _checked(self, got: Any, taped: bool) -> tuple[Any, ...]:
        """The gradients that the backward returned, checked, one per input that is a tensor."""
        if not isinstance(got, tuple):
            got = (got,)
        expected = len(self.needs_input_grad)
        if len(got) != expected:
            if len(got) < expected or any(g is not None for g in got[expected:]):
                raise RuntimeError(
                    f"function {self.name()} returned an incorrect number of gradients (expected {expected}, got {len(got)})"
                )
            got = got[:expected]
        if self._mask is not None:
            kept = []
            for i, (g, is_tensor) in enumerate(zip(got, self._mask)):
                if is_tensor:
                    kept.append(g)
                elif g is not None:
                    raise RuntimeError(
                        f"function {self.name()} returned a gradient different than None at position {i + 1}, but the "
                        "corresponding forward input was not a Variable"
                    )
            got = kept
        results: list[Any] = []
        for i, (g, edge, (shape, dtype)) in enumerate(zip(got, self._edges, self._extra)):
            if g is not None and not isinstance(g, Tensor):
                raise RuntimeError(f"expected Variable or None (got {type_name(g)})")
            if g is None or edge is NO_EDGE:
                results.append(None)
                continue
            array = g._array
            if array.shape != shape or array.dtype != dtype:
                g = self._fitted(g, i, shape, dtypes.OF_ARRAY[dtype], edge)
            results.append(Taped(g) if taped else g._array)
        return tuple(results)

    def _fitted(self, g: Tensor, index: int, shape: tuple[int, ...], dtype: dtypes.dtype, edge: Any) -> Tensor:
        """A gradient brought to the shape and dtype of its input."""
        if g._array.shape != shape:
            if not _expandable(shape, g._array.shape):
                raise RuntimeError(
                    f"Function {self.name()} returned an invalid gradient at index {index} - got {list(g.shape)} but "
                    f"expected shape compatible with {list(shape)}"
                )
            g = _sum_to(g, shape)
        if g.dtype is not dtype:
            if edge.__class__ is AccumulateGrad and edge.variable._grad_dtype is not False:
                return g  # the leaf says itself of which dtype its gradients are
            if g.dtype.is_complex and not dtype.is_complex:
                raise RuntimeError(
                    "Expected isFloatingType(grad.scalar_type()) || (input_is_complex == grad_is_complex) to be true, but "
                    "got false.  (Could this error message be improved?  If so, please report an enhancement request to "
                    "PyTorch.)"
                )
            g = g.to(dtype)
        return g

    def __repr__(self) -> str:
        return f"<torch.autograd.function.{type(self).__name__} object at {id(self):#x}>"


def _expandable(shape: tuple[int, ...], to: tuple[int, ...]) -> bool:
    if len(shape) > len(to):
        return False
    return all(a == b or a == 1 for a, b in zip(reversed(shape), reversed(to)))


def _sum_to(g: Tensor, shape: tuple[int, ...]) -> Tensor:
    """``g`` summed over the dimensions along which a tensor of ``shape`` was broadcast."""
    extra = g.ndim - len(shape)
    if extra:
        g = g.sum(dim=tuple(range(extra)))
    stretched = tuple(i for i, size in enumerate(shape) if size == 1 and g._array.shape[i] != 1)
    return g.sum(dim=stretched, keepdim=True) if stretched else g


def _fill(given: list[Any], forms: Any, but: frozenset[int] = frozenset()) -> None:
    """Put zeros in the place of the gradients that did not arrive, except of some outputs."""
    for i, form in enumerate(forms):
        if given[i] is None and form is not None and i not in but:
            given[i] = from_array(np.zeros(*form))


def _unpack(node: BackwardCFunction, saved: Any) -> Tensor | None:
    if saved is None:
        return None
    writes = saved._writes
    if writes is not None and writes.stamp < node._order:
        raise_modified(node, _output(node, saved) if saved.__class__ is _SavedOutput else saved)
    if isinstance(saved, Tensor):
        return saved
    if saved.__class__ is _SavedOutput:
        return _output(node, saved)
    if isinstance(saved.packed_for, int):
        return alias(saved.tensor, _own_edge(node, saved.packed_for))
    return saved.tensor


def _own_edge(node: BackwardCFunction, index: int) -> Any:
    return node if node._outputs == 1 else Output(node, index)


def _output(node: BackwardCFunction, saved: Any) -> Tensor:
    return alias(saved, _own_edge(node, saved.index))


class FunctionMeta(type):
    """Gives every Function the class of its nodes."""

    def __init__(cls, name: str, bases: tuple[type, ...], attributes: dict[str, Any]) -> None:
        super().__init__(name, bases, attributes)
        cls._backward_cls: Any = type(
            name + "Backward",
            (BackwardCFunction,),
            {"_forward_cls": cls, "_autograd_function_id": next(_ids), "__module__": "torch.autograd.function"},
        )


class CustomFunction:
    """A Function as interceptors see it, in the place of an operator of the tables."""

    __slots__ = ("forward", "function", "node")

    arrays = ()  # by which forward mode knows it
    params = ()
    gradients: dict[Any, Any] = {}
    tangent = None
    view = False
    elementwise = False
    outputs = None

    def __init__(self, function: Any) -> None:
        self.function = function
        self.node: Any = None
        self.forward = function.forward  # or what computes it for a batch

    @property
    def name(self) -> str:
        return self.function.__name__

    def push(self, level: Any, args: tuple[Any, ...], result: Any) -> None:
        """Give the outputs the tangents of a forward-mode level that the Function's ``jvp`` computes."""
        tangents = [level.tangent(a) if isinstance(a, Tensor) else None for a in args]
        if any(t is not None for t in tangents):
            from adjoint.autograd.pushing import push  # not before there is something to push

            push(level, self.node, args, tangents, result if isinstance(result, tuple) else (result,))


class _SingleLevelFunction(FunctionCtx, metaclass=FunctionMeta):
    clear_saved_tensors_on_access = False
    boxed_grads_call = False

    @staticmethod
    def forward(*args: Any, **kwargs: Any) -> Any:
        """Compute the outputs: ``forward(ctx, *args)``, or ``forward(*args)`` beside ``setup_context``.  To be overridden."""
        raise NotImplementedError("You must implement the forward function for custom autograd.Function.")

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> Any:
        """Keep on ``ctx`` what the backward needs, given the inputs and outputs of a forward without ``ctx``."""
        raise NotImplementedError("setup_context is not implemented.")

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Any, **kwargs: Any) -> Any:  # so that any signature overrides it
        """The gradients of the inputs, given those of the outputs.  To be overridden, this or ``vjp``."""
        raise NotImplementedError(
            "You must implement either the backward or vjp method for your custom autograd.Function to use it with "
            "backward mode AD."
        )

    vjp = backward

    @staticmethod
    def jvp(ctx: Any, *grad_inputs: Any) -> Any:
        """The tangents of the outputs, given those of the inputs.  To be overridden, for forward mode."""
        raise NotImplementedError(
            "You must implement the jvp function for custom autograd.Function to use it with forward mode AD."
        )


_NO_BACKWARD = _SingleLevelFunction.backward
_NO_SETUP = _SingleLevelFunction.setup_context


class Function(_SingleLevelFunction):
    """The base of the user's own operators: override ``forward`` and ``backward``, call ``apply``.

    >>> import adjoint as torch
    >>> class Double(torch.autograd.Function):
    ...     @staticmethod
    ...     def forward(ctx, x):
    ...         return x * 2
    ...     @staticmethod
    ...     def backward(ctx, grad):
    ...         return grad * 2
    >>> Double.apply(torch.ones(2, requires_grad=True))
    tensor([2., 2.], grad_fn=<DoubleBackward>)
    """

    generate_vmap_rule = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        warnings.warn(
            f"{self.__class__} should not be instantiated. Methods on autograd functions are all static, so you should "
            "invoke them on the class itself. Instantiating an autograd function will raise an error in a future version "
            "of PyTorch.",
            DeprecationWarning,
            stacklevel=users_level(),
        )

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        raise RuntimeError(
            "Legacy autograd function with non-static forward method is deprecated. Please use new-style autograd function "
            "with static forward method. (Example: https://pytorch.org/docs/stable/autograd.html#torch.autograd.Function)"
        )

    @staticmethod
    def vmap(info: Any, in_dims: Any, *args: Any) -> Any:
        """The outputs and their batch dimensions, for batched inputs.  To be overridden, or ``generate_vmap_rule`` set."""
        raise NotImplementedError(
            "To use autograd.Function with vmap, you must either override the vmap staticmethod or set "
            "generate_vmap_rule=True."
        )

    @classmethod
    def apply(cls, *args: Any, **kwargs: Any) -> Any:
        """Run the forward and record it as one operator."""
        with_setup = cls.setup_context is not _NO_SETUP
        if with_setup:
            args = _bound(cls.forward, args, kwargs)
        elif kwargs:
            args = _bound(cls.forward, (None, *args), kwargs)[1:]
        if mode.transforms and not with_setup:
            raise RuntimeError(
                "In order to use an autograd.Function with functorch transforms (vmap, grad, jvp, jacrev, ...), it must "
                "override the setup_context staticmethod. For more details, please see "
                "https://pytorch.org/docs/main/notes/extending.func.html"
            )
        if intercept.active and intercept.wants():
            return _apply_seen(CustomFunction(cls), with_setup, *args)
        return _apply(cls, with_setup, *args)


@functools.lru_cache(maxsize=1024)
def _defaults(forward: Any) -> tuple[int, inspect.Signature]:
    signature = inspect.signature(forward)
    kinds = {p.kind for p in signature.parameters.values()}
    most = 10**9 if inspect.Parameter.VAR_POSITIONAL in kinds else len(signature.parameters)
    return most, signature


def _bound(forward: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, ...]:
    """All arguments of a forward as positional ones, defaults filled in."""
    try:
        parameters, signature = _defaults(forward)
    except TypeError:  # a forward that cannot be hashed
        parameters, signature = _defaults.__wrapped__(forward)
    if not kwargs and len(args) == parameters:
        return args
    bound = signature.bind(*args, **kwargs)
    bound.apply_defaults()
    for name in bound.kwargs:
        raise TypeError(f"forward() got an unexpected keyword argument '{name}'")
    return bound.args


def _apply_seen(operator: CustomFunction, with_setup: bool, *args: Any) -> Any:
    """As :func:`_apply`, through all interceptors, and with the node noted for forward mode, which is off in the forward
    itself."""
    if intercept.wants():
        return intercept.call(operator, functools.partial(_apply_seen, operator, with_setup), args, {})
    operator.node = _new(operator.function._backward_cls)
    before = snapshot()
    try:
        mode.primal += 1
        result = _apply(operator.function, with_setup, *args, node=operator.node, forward=operator.forward)
        mode.primal -= 1
        return result
    except BaseException:
        put_back(before)
        raise


def _apply(cls: Any, with_setup: bool, *args: Any, node: Any = None, forward: Any = None) -> Any:
    node = node or _new(cls._backward_cls)
    needs = node.needs_input_grad = tuple([isinstance(a, Tensor) and a._edge is not NO_EDGE for a in args])
    node._edges = node._kept = node._extra = ()
    node._hooks = None
    node._outputs = 1
    node._order = 0
    recorded = mode.enabled
    try:
        set_recording(False)
        if intercept.active:
            output = intercept.anew(_forward, cls, with_setup, node, args, forward or cls.forward)
        elif with_setup:
            output = cls.forward(*args)
            cls.setup_context(node, args, output)
        else:
            output = cls.forward(node, *args)
        switch_recording(recorded)
    except BaseException:
        switch_recording(recorded)
        raise
    recorded = recorded and True in needs
    if node.dirty_tensors or node.non_differentiable or output.__class__ is not Tensor or not recorded:
        return _finish(cls, node, args, output, recorded)
    if output._edge is not NO_EDGE or output._view is not None or any([output is a for a in args]):
        return _finish(cls, node, args, output, recorded)
    if output._array.dtype.kind in "iub":
        return output
    _record(node, args)  # one fresh tensor, the usual case
    array = output._array
    node._forms = ((array.shape, array.dtype),)
    output._edge = node
    if node.to_save is not None:
        _save(node, (output,))
    node._order = tick()
    return output


def _forward(cls: Any, with_setup: bool, node: Any, args: tuple[Any, ...], forward: Any) -> Any:
    if not with_setup:
        return forward(node, *args)
    output = below(forward, *args)
    cls.setup_context(node, args, output)
    return output


def _record(node: BackwardCFunction, args: tuple[Any, ...]) -> None:
    """Note where the gradients of the arguments go, and which shapes and dtypes they have to have."""
    tensors = [a for a in args if isinstance(a, Tensor)]
    if len(tensors) != len(args):
        node._mask = [isinstance(a, Tensor) for a in args]
    node._edges = tuple([edge_of(a) if a._edge is None else a._edge for a in tensors])
    node._extra = tuple([(a._array.shape, a._array.dtype) for a in tensors])


def _save(node: BackwardCFunction, outputs: tuple[Any, ...]) -> None:
    saved: list[Any] = []
    for i, t in enumerate(node.to_save):
        if t is None:
            saved.append(None)
        elif not isinstance(t, Tensor):
            raise TypeError(
                f"save_for_backward can only save variables, but argument {i} is of type {type_name(t)}"
            )
        else:
            edge = t._edge
            owner = edge.node if edge.__class__ is Output else edge
            if owner is node:
                saved.append(_SavedOutput(t, next(i for i, o in enumerate(outputs) if o is t or _same(o, t))))
            else:
                saved.append(t)
    node._kept = tuple(saved)
    node.to_save = None
    if off:
        refuse_inference(node._kept)
    if intercept.active and saved_hooks.state.saving:
        pack, unpack = saved_hooks.state.saving[-1]
        node._kept = tuple([_packed(node, s, pack, unpack) for s in saved])


def _same(output: Any, tensor: Tensor) -> bool:
    return isinstance(output, Tensor) and output._array is tensor._array


def _packed(node: BackwardCFunction, saved: Any, pack: Any, unpack: Any) -> Any:
    if saved is None:
        return None
    if saved.__class__ is _SavedOutput:
        packed = saved_hooks.Packed(_output(node, saved), NO_EDGE, pack, unpack)
        packed.packed_for = saved.index
        return packed
    return saved_hooks.Packed(saved, None if saved._edge is None and saved.is_leaf else edge_of(saved), pack, unpack)


def _finish(cls: Any, node: Any, args: tuple[Any, ...], output: Any, recorded: bool) -> Any:
    """Give outputs of any kind their place in the graph: several, views, inputs, written inputs, other things."""
    outputs = output if isinstance(output, tuple) else (output,)
    dirty = node.dirty_tensors or ()
    fixed = node.non_differentiable or ()
    for t in dirty:
        if not isinstance(t, Tensor):
            raise RuntimeError(
                f"mark_dirty can only accept variables, but argument {dirty.index(t)} is of type {type_name(t)}"
            )
    for t in fixed:
        if not isinstance(t, Tensor):
            raise RuntimeError(f"mark_non_differentiable only accepts variable arguments, but got {type_name(t)}")
    dirty_ids = {id(t) for t in dirty}
    fixed_ids = {id(t) for t in fixed}
    input_ids = {id(a) for a in args}
    _check_dirty(cls, outputs, dirty, input_ids, recorded)
    if cls.setup_context is not _NO_SETUP:
        _check_saved(node, input_ids & {id(t) for t in outputs} - dirty_ids)
    for t in dirty:
        writes_of(t).bump()
    if recorded:
        _record(node, args)
        node._outputs = len(outputs)
        node._forms = [(t._array.shape, t._array.dtype) if isinstance(t, Tensor) else None for t in outputs]
        if not node._materialize_non_diff_grads:
            node._unmaterialized = frozenset(i for i, t in enumerate(outputs) if id(t) in fixed_ids)
    made: list[Any] = []
    differentiable: list[Tensor] = []
    pending: list[tuple[Tensor, Any]] = []
    for i, t in enumerate(outputs):
        if not isinstance(t, Tensor):
            made.append(t)
            continue
        is_input, is_dirty = id(t) in input_ids, id(t) in dirty_ids
        flows = recorded and id(t) not in fixed_ids and t._array.dtype.kind not in "iub"
        if not flows:
            if is_dirty:
                pass
            elif is_input:
                t = t.detach() if t.requires_grad else _input_as_view(t)
            elif t._edge is not NO_EDGE and t._view is None:  # a view of an input is as one that was made under no_grad
                t._edge = NO_EDGE
            if t._view is not None and not (is_dirty and is_input):
                t._view.made = IN_FUNCTION
            made.append(t)
            continue
        edge = _own_edge(node, i)
        if is_dirty and is_input:
            pending.append((t, edge))
        else:
            if is_input:
                t = _input_as_view(t)
            t._edge = edge
            t._stale = t._follows = False
            if t._view is not None:
                t._view.made = IN_FUNCTION
        differentiable.append(t)
        made.append(t)
    if len(differentiable) > 1:
        for t in made:
            if isinstance(t, Tensor) and t._view is not None:
                t._view.made = MULTIPLE
    if recorded:
        for t, edge in pending:
            if t._view is None:
                t._edge = edge  # so that a saved output is known as one
        if node.to_save is not None:
            _save(node, tuple(made))
        node._order = tick()
        for t, edge in pending:
            rebase(t, edge)
    return tuple(made) if isinstance(output, tuple) else made[0]


def _check_saved(node: Any, returned: set[int]) -> None:
    """Raise PyTorch's error where an input is saved that is returned as it is: the output will be another tensor."""
    if returned and any(id(t) in returned for t in (*(node.to_save or ()), *(node.saved_for_forward or ()))):
        raise RuntimeError(
            "An input that has been returned as-is as output is being saved for backward. This is not supported if you override "
            "setup_context. You should return and save a view of the input instead, e.g. with x.view_as(x) or setup ctx inside "
            "the forward function itself."
        )


def _check_dirty(cls: Any, outputs: Any, dirty: Any, input_ids: set[int], recorded: bool) -> None:
    """PyTorch's errors about inputs that the forward wrote to, before anything is changed."""
    returned = {id(t) for t in outputs}
    for t in dirty:
        if id(t) not in returned:
            raise RuntimeError(
                "Some elements marked as dirty during the forward method were not returned as output. The inputs that are "
                "modified inplace must all be outputs of the Function."
            )
        if id(t) not in input_ids:
            warnings.warn(
                "ctx.mark_dirty() received a tensor that was not an input. Only input Tensors that have been mutated should "
                "be passed to ctx.mark_dirty().",
                UserWarning,
                stacklevel=users_level(),
            )
        elif recorded:
            if t._view is not None and t.requires_grad and t._view.base.is_leaf:
                writes_of(t).bump()
                raise RuntimeError("a view of a leaf Variable that requires grad is being used in an in-place operation.")
            if t._edge is None and t.is_leaf:
                writes_of(t).bump()
                raise RuntimeError("a leaf Variable that requires grad has been used in an in-place operation.")
            if t._view is not None and len(outputs) > 1:
                raise RuntimeError(
                    "If your Function modifies inplace an input that is a view of another Tensor, your Function cannot "
                    "return more than one Tensor. This is not supported by the current autograd engine. You should either "
                    "make sure the input is not a view (using .clone() for example) or make your Function only return one "
                    "Tensor (potentially splitting it into two Functions: one doing the inplace that returns a single "
                    "Tensor and a second one that does the other operations). You can ask on the forum "
                    "https://discuss.pytorch.org/ if you need help to do this change."
                )


def _input_as_view(tensor: Tensor) -> Tensor:
    """An input that was returned as it is: a view of it, which can have another history."""
    if tensor.__class__ is not Tensor:  # of the same class, if it says so
        with no_grad():
            found: Tensor = tensor.view_as(tensor)
        return found
    view = from_array(tensor._array)
    become_view(view, tensor, lambda x: x.view(x.shape))
    return view


def once_differentiable(fn: F) -> F:
    """Decorate a Function's backward that cannot itself be differentiated: a second differentiation is an error."""

    @functools.wraps(fn)
    def backward(ctx: Any, *args: Any, **kwargs: Any) -> Any:
        with no_grad():
            outputs = fn(ctx, *args, **kwargs)
        if not mode.enabled or not any(isinstance(a, Tensor) and a.requires_grad for a in args):
            return outputs
        several = outputs if isinstance(outputs, tuple) else (outputs,)
        message = "trying to differentiate twice a function that was marked with @once_differentiable"
        found = delayed_error(message, [None if t is None else alias(t, None) for t in several])
        return found if isinstance(outputs, tuple) else found[0]

    return backward  # type: ignore[return-value]


class InplaceFunction(Function):
    """An old base class for Functions that can work in place; Function itself serves."""

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace


_list_names(__name__)

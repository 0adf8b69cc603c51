"""Checkpointing: forget what a part of the forward saved, and compute it again when the backward needs it.

Two variants.  Without reentrance (``use_reentrant=False``), saved-tensor hooks put a :class:`_Holder` in the place of
everything that the part saves; the first one that is asked for runs the part again, up to the last tensor that is
needed, and fills all of them.  With reentrance, the part runs without recording, and its backward runs it again with
recording and a backward of its own.
"""

from __future__ import annotations

import contextlib
import traceback
import warnings
import weakref
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from adjoint.autograd import casting, saved_hooks
from adjoint.autograd.backward import backward_of
from adjoint.autograd.edges import edge_of
from adjoint.autograd.function import Function
from adjoint.autograd.grad_mode import enable_grad, mode, no_grad
from adjoint.autograd.graph import saved_tensors_hooks
from adjoint.autograd.interception import intercept
from adjoint.autograd.saved import raise_modified
from adjoint.interrupts import at_once
from adjoint.names import list_names as _list_names
from adjoint.places import users_level
from adjoint.random import fork_rng, get_rng_state, set_rng_state
from adjoint.tensor import NO_EDGE, Tensor, tick
from adjoint.thread_state import put_back, snapshot
from adjoint.utils.selective_checkpoint import (
    CheckpointPolicy,
    SelectiveCheckpointContext,
    create_selective_checkpoint_contexts,
)

__all__ = [
    "CheckpointError",
    "CheckpointFunction",
    "CheckpointPolicy",
    "SelectiveCheckpointContext",
    "check_backward_validity",
    "checkpoint",
    "checkpoint_sequential",
    "create_selective_checkpoint_contexts",
    "detach_variable",
    "get_device_states",
    "noop_context_fn",
    "set_checkpoint_debug_enabled",
    "set_device_states",
    "set_checkpoint_early_stop",
]


class CheckpointError(RuntimeError):
    """Raised where the second run of a checkpointed part differs from the first."""


def noop_context_fn() -> tuple[Any, Any]:
    """Two contexts that do nothing, for the forward and for the recomputation."""
    return contextlib.nullcontext(), contextlib.nullcontext()


def checkpoint(
    function: Callable[..., Any],
    *args: Any,
    use_reentrant: bool | None = None,
    context_fn: Callable[[], tuple[Any, Any]] = noop_context_fn,
    determinism_check: str = "default",
    debug: bool = False,
    early_stop: bool = True,
    **kwargs: Any,
) -> Any:
    """``function(*args, **kwargs)``, whose saved tensors are not kept but computed again in the backward.

    ``preserve_rng_state`` (True) makes the second run draw the same random numbers.  With ``use_reentrant=False``,
    which is recommended: ``context_fn()`` gives a context for the forward and one for the recomputation;
    ``determinism_check`` "default" compares shapes and dtypes of what both runs save, "none" does not; ``debug`` has an
    error say which operators both runs executed; ``early_stop`` ends the recomputation once all that is needed is there.

    Raises CheckpointError where the second run saved other tensors than the first.

    >>> import adjoint as torch
    >>> from adjoint.utils.checkpoint import checkpoint
    >>> x = torch.ones(2, requires_grad=True)
    >>> checkpoint(lambda x: (x * x * x).sum(), x, use_reentrant=False).backward()
    >>> x.grad
    tensor([3., 3.])
    """
    if use_reentrant is None:
        warnings.warn(
            "torch.utils.checkpoint: the use_reentrant parameter should be passed explicitly. Starting in PyTorch 2.9, "
            "calling checkpoint without use_reentrant will raise an exception. use_reentrant=False is recommended, but if "
            "you need to preserve the current default behavior, you can pass use_reentrant=True. Refer to docs for more "
            "details on the differences between the two variants.",
            stacklevel=users_level(),
        )
        use_reentrant = True
    preserve = kwargs.pop("preserve_rng_state", True)
    if not use_reentrant:
        return _without_reentrance(function, args, kwargs, preserve, context_fn, determinism_check, debug, early_stop)
    if kwargs:
        raise ValueError("Unexpected keyword arguments: " + ",".join(kwargs))
    if context_fn is not noop_context_fn or debug:
        raise ValueError("Passing `context_fn` or `debug` is only supported when use_reentrant=False.")
    return CheckpointFunction.apply(function, preserve, *args)


def checkpoint_sequential(
    functions: Any, segments: int, input: Any, use_reentrant: bool | None = None, **kwargs: Any
) -> Any:
    """A chain of functions (or an ``nn.Sequential``) applied to ``input``, cut into segments of which all but the last
    are checkpointed.

    >>> import adjoint as torch
    >>> from adjoint.utils.checkpoint import checkpoint_sequential
    >>> x = torch.ones(2, requires_grad=True)
    >>> double = lambda x: x * 2
    >>> checkpoint_sequential([double] * 4, 2, x, use_reentrant=False)
    tensor([16., 16.], grad_fn=<MulBackward0>)
    """
    if use_reentrant is None:
        warnings.warn(
            "torch.utils.checkpoint.checkpoint_sequential: the use_reentrant parameter should be passed explicitly. In "
            "version 2.9 we will raise an exception if use_reentrant is not passed. use_reentrant=False is recommended, but "
            "if you need to preserve the current default behavior, you can pass use_reentrant=True. Refer to docs for more "
            "details on the differences between the two variants.",
            stacklevel=users_level(),
        )
        use_reentrant = True
    preserve = kwargs.pop("preserve_rng_state", True)
    if kwargs:
        raise ValueError("Unexpected keyword arguments: " + ",".join(kwargs))
    chain = list(functions.children()) if hasattr(functions, "children") else functions

    def part(start: int, end: int) -> Callable[[Any], Any]:
        def run(value: Any) -> Any:
            for f in chain[start:end]:
                value = f(value)
            return value

        return run

    size = len(chain) // segments
    end = 0
    for start in range(0, size * (segments - 1), size):
        end = start + size
        input = checkpoint(part(start, end), input, use_reentrant=use_reentrant, preserve_rng_state=preserve)
    return part(end, len(chain))(input)


_early_stop: bool | None = None
_debug: bool | None = None


class set_checkpoint_early_stop(contextlib.ContextDecorator):
    """Inside, checkpoints end their recomputation early, or do not, whatever they were told."""

    def __init__(self, enable: bool) -> None:
        self.enable = enable

    def __enter__(self) -> None:
        global _early_stop
        self._before = _early_stop
        _early_stop = self.enable

    @at_once
    def __exit__(self, *exc: object) -> None:
        global _early_stop
        _early_stop = self._before


class set_checkpoint_debug_enabled(contextlib.ContextDecorator):
    """Inside, checkpoints run with ``debug`` as given here, whatever they were told; None leaves it to them."""

    def __init__(self, enabled: bool | None) -> None:
        self.enabled = enabled

    def __enter__(self) -> None:
        global _debug
        self._before = _debug
        _debug = self.enabled

    @at_once
    def __exit__(self, *exc: object) -> None:
        global _debug
        _debug = self._before


# Without reentrance.


class _Holder:
    """In the place of one saved tensor."""

    __slots__ = ("__weakref__",)


class _Stop(BaseException):
    """Raised in the recomputation when all that is needed is there; what catches exceptions on the way does not catch it."""


class _Frame:
    """One checkpointed call: how to run it again, and what it saved."""

    def __init__(self, run_again: Callable[..., Any], args: tuple[Any, ...], early_stop: bool, form: Any) -> None:
        self.run_again = run_again
        self.early_stop = early_stop
        self.form = form  # what to compare of a saved tensor
        self.holders: list[weakref.ref[_Holder]] = []
        self.forms: list[Any] = []
        self.complete = False  # the forward is over
        self.cut_short = False  # the backward ran inside of the forward
        self.backward: int | None = None  # the number of the backward that `recomputed` is of
        self.recomputed: weakref.WeakKeyDictionary[_Holder, Tensor] = weakref.WeakKeyDictionary()
        self._order = tick()
        self.args = tuple(_save(a) for a in args)

    def name(self) -> str:
        """What an error says saved the arguments."""
        return "checkpoint"

    def inputs(self) -> list[Any]:
        """The arguments of the call, unpacked where hooks around the checkpoint packed them."""
        found = []
        for a in self.args:
            if isinstance(a, saved_hooks.Packed):
                a = a.tensor
            elif isinstance(a, Tensor) and a._writes is not None and a._writes.stamp < self._order:
                raise_modified(self, a)  # type: ignore[arg-type]
            found.append(a)
        return found

    def pack(self, tensor: Tensor) -> _Holder:
        """The first run's hook."""
        holder = _Holder()
        self.holders.append(weakref.ref(holder))
        self.forms.append(self.form(tensor))
        return holder

    def unpack(self, holder: _Holder) -> Tensor:
        """The tensor that belongs to a holder, computed again where it has to be."""
        number = None if mode.task is None else mode.task[0]
        if number is None or number != self.backward or holder not in self.recomputed:
            self.recompute()
            self.backward = number
        return self.recomputed[holder]

    def recompute(self) -> None:
        """Run the part again and keep what it saves, until the end of the backward."""
        self.recomputed.clear()
        count = 0
        forms = []

        def keep(tensor: Tensor) -> Tensor:
            nonlocal count
            tensor = tensor.detach() if tensor.requires_grad else tensor
            position = count
            count += 1
            if position >= len(self.holders):
                if not self.complete:
                    self.cut_short = True
                    return tensor
                raise CheckpointError(
                    "torch.utils.checkpoint: trying to save more tensors during recomputation than during the original "
                    f"forward pass.\n{_TIP}"
                )
            holder = self.holders[position]()
            forms.append(self.form(tensor))
            if holder is not None:
                self.recomputed[holder] = tensor
            if self.early_stop and count == len(self.holders):
                raise _Stop
            return tensor

        inputs = self.inputs()
        with contextlib.suppress(_Stop), saved_tensors_hooks(keep, lambda t: t), enable_grad():
            self.run_again(*inputs)
        if self.cut_short:
            return
        if count != len(self.holders):
            raise CheckpointError(
                "torch.utils.checkpoint: A different number of tensors was saved during the original forward and "
                f"recomputation.\nNumber of tensors saved during forward: {len(self.holders)}\nNumber of tensors saved "
                f"during recomputation: {count}.\n{_TIP}"
            )
        different = "".join(
            f"tensor at position {i}:\nsaved metadata: {first}\nrecomputed metadata: {second}\n"
            for i, (first, second) in enumerate(zip(self.forms, forms))
            if first != second and self.holders[i]() is not None
        )
        if different:
            raise CheckpointError(
                "torch.utils.checkpoint: Recomputed values for the following tensors have different metadata than during "
                f"the forward pass.\n{different}.\n{_TIP}"
            )


_TIP = (
    "\nTip: To see a more detailed error message, either pass `debug=True` to\n`torch.utils.checkpoint.checkpoint(...)` or "
    "wrap the code block\nwith `with torch.utils.checkpoint.set_checkpoint_debug_enabled(True):` to\nenable "
    "checkpoint‑debug mode globally.\n"
)


def _save(argument: Any) -> Any:
    """An argument as the frame keeps it: packed where the checkpoint stands inside of saved-tensor hooks."""
    if not isinstance(argument, Tensor) or not saved_hooks.state.saving:
        return argument
    pack, unpack = saved_hooks.state.saving[-1]
    leaf = argument.is_leaf and argument.requires_grad
    return saved_hooks.Packed(
        argument, None if leaf else NO_EDGE if not argument.requires_grad else edge_of(argument), pack, unpack
    )


_FORMS: dict[str, Callable[[Tensor], Any]] = {
    "default": lambda t: {"shape": t.shape, "dtype": t.dtype, "device": t.device},
    "none": lambda t: None,
}


def _without_reentrance(
    function: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    preserve: bool,
    context_fn: Any,
    determinism_check: str,
    debug: bool,
    early_stop: bool,
) -> Any:
    log = None
    if debug if _debug is None else _debug:
        if context_fn is not noop_context_fn:
            raise ValueError("debug=True is incompatible with non-default context_fn")
        log = _Log()
        context_fn = log.contexts
    if determinism_check not in _FORMS:
        raise ValueError(f"determinism_check should be one of {list(_FORMS)}, but got {determinism_check}")
    forward_context, recompute_context = context_fn()
    random_state = get_rng_state() if preserve else None
    autocast = casting.current()

    def run_again(*inputs: Any) -> None:
        with fork_rng(enabled=preserve), casting.again(autocast), recompute_context:
            if random_state is not None:
                set_rng_state(random_state)
            function(*inputs, **kwargs)

    if not mode.enabled:
        return function(*args, **kwargs)
    frame = _Frame(run_again, args, early_stop if _early_stop is None else _early_stop, _FORMS[determinism_check])
    unpack = frame.unpack if log is None else log.explaining(frame.unpack)
    result, done = None, False
    with saved_tensors_hooks(frame.pack, unpack), forward_context:
        result, done = function(*args, **kwargs), True
    if not done:
        raise RuntimeError(
            "torch.utils.checkpoint: the forward context provided by context_fn suppressed an exception raised during the "
            "checkpointed forward. This is not supported because checkpoint cannot return a value for a failed forward."
        )
    frame.complete = True
    return result


class _Log:
    """With ``debug``: the operators of both runs and where they were called."""

    def __init__(self) -> None:
        self.runs: tuple[list[tuple[str, str]], list[tuple[str, str]]] = ([], [])

    def contexts(self) -> tuple[Any, Any]:
        """A context for each run."""
        return self._logging(0), self._logging(1)

    def _logging(self, which: int) -> Any:
        entries = self.runs[which]

        def note(operator: Any, run: Callable[..., Any], args: Any, kwargs: Any) -> Any:
            shown = ", ".join(f"{t.dtype}{list(t.shape)}" if isinstance(t, Tensor) else repr(t) for t in args)
            entries.append((f"{operator.name}({shown})", "".join(traceback.format_stack()[:-1])))
            return run(*args, **kwargs)

        class Logging:  # may be entered again: every backward of a retained graph runs the part anew
            def __enter__(self) -> None:
                entries.clear()
                before = snapshot()
                try:
                    intercept.add(note)
                except BaseException:
                    put_back(before)
                    raise

            @at_once
            def __exit__(self, *exc: object) -> None:
                intercept.remove(note)

        return Logging()

    def explaining(self, unpack: Callable[[_Holder], Tensor]) -> Callable[[_Holder], Tensor]:
        """An unpack hook whose error shows what both runs did."""

        def hook(holder: _Holder) -> Tensor:
            try:
                return unpack(holder)
            except CheckpointError as error:
                text = "An error happened while unpacking tensors.\n"
                for entries, title in zip(self.runs, ("the original forward", "recomputation")):
                    text += f"\nStack traces of the operators that ran in {title}:\n\n"
                    for i, (call, stack) in enumerate(entries, 1):
                        text += f"{call}   ({i} of {len(entries)})\n\n{stack}\n"
                for entries, title in zip(self.runs, ("the original forward", "recomputation")):
                    text += f"\nOperations executed during {title}:\n\n" + "\n".join(call for call, _ in entries) + "\n"
                text += "\nERROR: Detected non-determinism while running activation checkpointing: compare the operators above."
                raise CheckpointError(text) from error

        return hook


# With reentrance.


def detach_variable(inputs: tuple[Any, ...]) -> tuple[Any, ...]:
    """The inputs as leaves that require grad where the given ones do."""
    if not isinstance(inputs, tuple):
        raise RuntimeError(f"Only tuple of tensors is supported. Got Unsupported input type: {type(inputs).__name__}")
    return tuple(t.detach()._set_requires_grad(t.requires_grad) if isinstance(t, Tensor) else t for t in inputs)


def check_backward_validity(inputs: Iterable[Any]) -> None:
    """Warn where no input requires grad, so that a reentrant checkpoint is outside of the graph."""
    if not any(t.requires_grad for t in inputs if isinstance(t, Tensor)):
        warnings.warn("None of the inputs have requires_grad=True. Gradients will be None", stacklevel=users_level())


def get_device_states(*args: Any) -> tuple[list[int], list[Tensor]]:
    """The devices that the arguments are on, and the states of their generators: none, for there is only the processor."""
    return [], []


def set_device_states(devices: Sequence[int], states: Sequence[Tensor], *, device_type: str | None = None) -> None:
    """Set the states of devices' generators.  Raises AssertionError if one is given: there is no device."""
    for _ in zip(devices, states):
        raise AssertionError("Torch not compiled with CUDA enabled")


class CheckpointFunction(Function):
    """A part of the forward as one node, whose backward runs the part again."""

    @staticmethod
    def forward(ctx: Any, run_function: Callable[..., Any], preserve_rng_state: bool, *args: Any) -> Any:
        check_backward_validity(args)
        ctx.run_function = run_function
        ctx.random_state = get_rng_state() if preserve_rng_state else None
        ctx.autocast = casting.current()
        ctx.inputs = [None if isinstance(a, Tensor) else a for a in args]
        ctx.tensor_indices = [i for i, a in enumerate(args) if isinstance(a, Tensor)]
        ctx.save_for_backward(*(args[i] for i in ctx.tensor_indices))
        with no_grad():
            return run_function(*args)

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        if mode.task is not None and mode.task[2] is not None:
            raise RuntimeError(
                "When use_reentrant=True, torch.utils.checkpoint is incompatible with .grad() or passing an `inputs` "
                "parameter to .backward(). To resolve this error, you can either set use_reentrant=False, or call "
                ".backward() without passing the `inputs` argument."
            )
        inputs = list(ctx.inputs)
        for i, tensor in zip(ctx.tensor_indices, ctx.saved_tensors):
            inputs[i] = tensor
        with fork_rng(enabled=ctx.random_state is not None):
            if ctx.random_state is not None:
                set_rng_state(ctx.random_state)
            leaves = detach_variable(tuple(inputs))
            with enable_grad(), casting.again(ctx.autocast):
                outputs = ctx.run_function(*leaves)
        if isinstance(outputs, Tensor):
            outputs = (outputs,)
        pairs = [(t, g) for t, g in zip(outputs, grads) if isinstance(t, Tensor) and t.requires_grad]
        if not pairs:
            raise RuntimeError("none of output has requires_grad=True, this checkpoint() is not necessary")
        backward_of([t for t, _ in pairs], [g for _, g in pairs])
        return (None, None, *(t.grad if isinstance(t, Tensor) else None for t in leaves))


_list_names(__name__)

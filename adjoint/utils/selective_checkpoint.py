"""Selective checkpoints: of what a checkpointed part computes, some results are kept and not computed again.

Two contexts around the two runs see every operator.  In the first run a policy says of each call whether its results are kept;
if they are, it is noted what the call saved for its backward: operands, results, or what was made on the way, which is kept
too.  The second run is there for what it saves, and for nothing else, so a call whose results are kept is not made: the results
are taken from where they are, and what it would save is saved again.
"""

from __future__ import annotations

import enum
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

from adjoint.autograd import saved_hooks
from adjoint.autograd.grad_mode import switch_recording
from adjoint.autograd.interception import intercept
from adjoint.autograd.node import Error, Node, Output, record
from adjoint.autograd.saved import alias
from adjoint.interrupts import at_once
from adjoint.pytree import tree_flatten, tree_unflatten
from adjoint.tensor import NO_EDGE, Tensor
from adjoint.thread_state import put_back, snapshot


class CheckpointPolicy(enum.Enum):
    """What is done with the results of an operator in a checkpointed part.

    Those of ``MUST_SAVE`` and ``PREFER_SAVE`` are kept, all others computed again, as in PyTorch without a compiler.
    """

    MUST_SAVE = 0
    PREFER_SAVE = 1
    MUST_RECOMPUTE = 2
    PREFER_RECOMPUTE = 3
    MUST_CPU_OFFLOAD = 4
    PREFER_CPU_OFFLOAD = 5


_SAVED = (CheckpointPolicy.MUST_SAVE, CheckpointPolicy.PREFER_SAVE)


class SelectiveCheckpointContext:
    """What a policy is told besides the call: ``op_output``, its result.  ``is_recompute`` is False: it is asked once."""

    def __init__(self, *, is_recompute: bool, op_output: Any = None) -> None:
        self.is_recompute = is_recompute
        self.op_output = op_output


def create_selective_checkpoint_contexts(
    policy_fn_or_list: Callable[..., Any] | Sequence[Any], allow_cache_entry_mutation: bool = False
) -> tuple[Any, Any]:
    """The ``context_fn`` of a checkpoint that computes only some operators again.

    Either a list of operators whose results are kept, as ``torch.ops.aten.mm.default``, or ``policy(ctx, op, *args, **kwargs)``,
    which gives a :class:`CheckpointPolicy` (or whether to keep them) for every call.  The operators are Adjoint's, by the names
    that PyTorch has for them.  Kept results may not be written to, unless ``allow_cache_entry_mutation``.

    Raises ValueError for what is no operator, TypeError for neither a list nor a function, and NotImplementedError for the
    operators of ``torch.library``, which are always computed again.

    >>> import functools
    >>> import adjoint as torch
    >>> from adjoint.utils.checkpoint import checkpoint, create_selective_checkpoint_contexts
    >>> x = torch.ones(2, 2, requires_grad=True)
    >>> keep_products = functools.partial(create_selective_checkpoint_contexts, [torch.ops.aten.mm.default])
    >>> checkpoint(lambda x: (x @ x).sin().sum(), x, use_reentrant=False, context_fn=keep_products).backward()
    >>> x.grad
    tensor([[-1.6646, -1.6646],
            [-1.6646, -1.6646]])
    """
    storage: dict[Any, dict[int, Any]] = defaultdict(dict)
    return _Keeping(_policy(policy_fn_or_list), storage), _Kept(storage, allow_cache_entry_mutation)


def _policy(given: Any) -> Callable[..., Any]:
    if isinstance(given, list):
        from adjoint.library.operators import OpOverload, OpOverloadPacket

        for op in given:
            if not isinstance(op, OpOverload):
                hint = ""
                if isinstance(op, OpOverloadPacket):
                    hint = (
                        "Please update the OpOverloadPacket to a specific OpOverload.For example, if you have "
                        "`torch.ops.aten.mm`, change it to `torch.ops.aten.mm.default`."
                    )
                raise ValueError(
                    f"Expected op in `op_list` to be an OpOverload but got: {op} of type {type(op)}. {hint}"
                )
            if op.namespace != "aten":
                raise NotImplementedError(
                    f"create_selective_checkpoint_contexts: the results of {op} cannot be kept, only those of torch.ops.aten"
                )
        return lambda ctx, op, *args, **kwargs: op in given
    if callable(given):
        return given
    raise TypeError("policy_fn_or_list must be either a function or a list of ops.")


class _Results:
    """The results of one call, and what it saved: per tensor, which of the operands or results it is, or a tensor."""

    __slots__ = ("form", "saved", "tensors", "versions")

    def __init__(self, result: Any, operands: list[Any], saved: list[Tensor]) -> None:
        leaves, self.form = tree_flatten(result)
        self.tensors = [(_outside(t), t.requires_grad) if isinstance(t, Tensor) else (t, False) for t in leaves]
        self.versions = [t._version if isinstance(t, Tensor) else None for t, _ in self.tensors]
        self.saved: list[Any] = [_which(t, operands, leaves) for t in saved]


def _outside(tensor: Tensor) -> Tensor:
    """The tensor outside of the graph, which keeps the graph from holding itself."""
    return alias(tensor, NO_EDGE)


def _which(tensor: Tensor, operands: list[Any], results: list[Any]) -> Any:
    for name, known in (("operand", operands), ("result", results)):
        for i, t in enumerate(known):
            if isinstance(t, Tensor) and t._array is tensor._array:
                return name, i
    return "made", _outside(tensor)


class _Context:
    """Sees all operators of this thread while it is entered."""

    def __init__(self, storage: dict[Any, dict[int, Any]]) -> None:
        self.storage = storage
        self.calls: dict[Any, int] = defaultdict(int)

    def __enter__(self) -> None:
        self.calls.clear()
        before = snapshot()
        try:
            intercept.add(self)
        except BaseException:
            put_back(before)
            raise

    @at_once
    def __exit__(self, *exc: object) -> None:
        intercept.remove(self)

    def __call__(self, operator: Any, run: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """The interceptor."""
        raise NotImplementedError

    def _number(self, op: Any) -> int:
        self.calls[op] += 1
        return self.calls[op] - 1


_RECOMPUTED, _CONSUMED = object(), object()

_MISMATCH = (
    "This can happen if the operations in the checkpointed region are nondeterministic or depend on global state that changed "
    "between forward and backward."
)


class _Keeping(_Context):
    """Around the first run."""

    def __init__(self, policy: Callable[..., Any], storage: dict[Any, dict[int, Any]]) -> None:
        super().__init__(storage)
        self.policy = policy

    def __call__(self, operator: Any, run: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        op = overload_of(operator, args, kwargs)
        if op is None:
            return run(*args, **kwargs)
        saved: list[Tensor] = []
        result = _noting(saved, run, args, kwargs)
        ctx = SelectiveCheckpointContext(is_recompute=False, op_output=result)
        policy = _asked(self.policy, ctx, op, args, kwargs)
        if policy is True or policy in _SAVED:
            entry: Any = _Results(result, tree_flatten((args, kwargs))[0], saved)
        else:
            entry = _RECOMPUTED
        self.storage[op][self._number(op)] = entry
        return result


def _asked(policy: Callable[..., Any], ctx: Any, op: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """What a policy says of a call.  What it computes itself is not recorded, so nothing of it is saved."""
    before = snapshot()
    try:
        switch_recording(False)
        return policy(ctx, op, *args, **kwargs)
    finally:
        put_back(before)


def _noting(saved: list[Tensor], run: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Run an operator and note what goes to the hooks on what is saved."""
    hooks = saved_hooks.state.saving
    if not hooks:
        return run(*args, **kwargs)
    pack, unpack = hooks[-1]

    def note(tensor: Tensor) -> Any:
        saved.append(tensor)
        return pack(tensor)

    try:
        saved_hooks.state.saving = (*hooks[:-1], (note, unpack))
        return run(*args, **kwargs)
    finally:
        saved_hooks.state.saving = hooks


class _Kept(_Context):
    """Around the second run."""

    def __init__(self, storage: dict[Any, dict[int, Any]], mutation_allowed: bool) -> None:
        super().__init__(storage)
        self.mutation_allowed = mutation_allowed

    def __call__(self, operator: Any, run: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        op = overload_of(operator, args, kwargs)
        if op is None:
            return run(*args, **kwargs)
        if op not in self.storage:
            raise RuntimeError(f"{op} encountered during backward but not found in storage. {_MISMATCH}")
        number = self._number(op)
        entry = self.storage[op].get(number)
        if entry is None:
            raise RuntimeError(
                f"{op} invocation index {number} encountered during backward but not found in storage. {_MISMATCH}"
            )
        if entry is _CONSUMED:
            raise RuntimeError(
                "Trying to backward an extra time. You are only allowed to backward once on any region computed under "
                "selective activation checkpoint."
            )
        if entry is _RECOMPUTED:
            return run(*args, **kwargs)
        self.storage[op][number] = _CONSUMED
        return self._again(entry, args, kwargs)

    def _again(self, entry: _Results, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """The results that were kept, as made by a node, with what it saves handed to the hooks."""
        if not self.mutation_allowed and any(
            version is not None and t._version != version for (t, _), version in zip(entry.tensors, entry.versions)
        ):
            raise RuntimeError("Tensor cached during selective activation checkpoint has been mutated")
        node = _node(len(entry.tensors))
        results = [
            t if not isinstance(t, Tensor) else alias(t, _output(node, i) if in_graph else NO_EDGE)
            for i, (t, in_graph) in enumerate(entry.tensors)
        ]
        operands = tree_flatten((args, kwargs))[0]
        pack = saved_hooks.state.saving[-1][0]
        for what, which in entry.saved:
            tensor = which if what == "made" else operands[which] if what == "operand" else results[which]
            saved_hooks.pack_with(pack, tensor)
        return tree_unflatten(results, entry.form)


def _node(outputs: int) -> Error:
    node = Error()
    node.message = "the second run of a checkpointed part is not differentiated"
    node._outputs = outputs
    record(node, ())
    return node


def _output(node: Node, index: int) -> Any:
    return node if node._outputs == 1 else Output(node, index)


# An operator of the tables, by the name that PyTorch has for it below autograd.

_BELOW = {"softmax": "_softmax", "log_softmax": "_log_softmax", "_to_copy": "_to_copy", "vector_matmul": "mm"}
_WITH_DIM = ("dim_IntList", "dim")


def overload_of(operator: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """The operator of ``torch.ops.aten`` that a call is in PyTorch; None where it has none of that name."""
    from adjoint.library.operators import namespace

    name = getattr(operator, "name", None)
    if name is None or not hasattr(operator, "params"):
        return None
    if name == "linear":
        name = "addmm"
    elif name == "matmul":
        name = "mm" if isinstance(args[1], Tensor) and args[1].ndim <= 2 else "bmm"
    packet = getattr(namespace("aten"), _BELOW.get(name, name), None)
    if packet is None:
        return None
    overloads = packet.overloads()
    return getattr(packet, _overload(overloads, args, kwargs))


def _overload(overloads: list[str], args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
    second = args[1] if len(args) > 1 else None
    if "correction" in overloads:
        return "correction"
    if "Tensor" in overloads and (isinstance(second, Tensor) or "Scalar" not in overloads or "out" in overloads):
        return "Tensor"
    if "Scalar" in overloads and isinstance(second, (int, float, complex)):
        return "Scalar"
    if "Tensor_Tensor" in overloads:
        return "Tensor_Scalar" if not isinstance(second, Tensor) else "Tensor_Tensor"
    for overload in _WITH_DIM:
        if overload in overloads and second is not None and not isinstance(second, Tensor):
            return overload
    return "default" if "default" in overloads else overloads[0]

"""Derivatives: a Function that records an operator, from the backward that was registered for it."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

from adjoint.autograd.function import Function
from adjoint.library.operators import BelowAutograd, OpOverload
from adjoint.places import users_level
from adjoint.tensor import Tensor


class Derivative:
    """How an operator is recorded: called with its arguments, it runs the kernel and notes how to go back.

    Functions take tensors one by one, so lists of them are spread, and put together again for those who wrote the operator.
    """

    def __init__(self, operator: OpOverload, backward: Callable[..., Any] | None = None, setup: Any = None) -> None:
        self.operator = operator
        self.backward = backward
        self.setup = setup
        self.batching: Callable[..., Any] | None = None
        name = f"GeneratedBackwardFor_{operator.namespace}_{operator._opname}_{operator._overloadname}"
        self.function: Any = type(
            name,
            (Function,),
            {
                "forward": staticmethod(self._forward),
                "setup_context": staticmethod(self._setup),
                "backward": staticmethod(self._backward),
                "vmap": staticmethod(self._vmap),
            },
        )

    def __call__(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        call = _Call(args, kwargs)
        result = self.function.apply(call, *call.spread(args))
        return call.gathered(result)

    def _forward(self, call: _Call, *flat: Any) -> Any:
        with BelowAutograd():
            result = self.operator.compute(call.together(flat), call.kwargs)
        return call.flattened(result)

    def _setup(self, ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
        call = inputs[0]
        ctx.call = call
        if self.setup is None:
            return
        options = {"keyword_only_inputs": call.kwargs} if any(a.kwarg_only for a in self.operator._schema.arguments) else {}
        self.setup(ctx=ctx, inputs=call.together(inputs[1:]), output=call.gathered(output), **options)

    def _backward(self, ctx: Any, *grads: Any) -> Any:
        if self.backward is None:
            raise RuntimeError(
                f"Trying to backward through {self.operator} but no autograd formula was registered. Please use "
                "register_autograd to add one."
            )
        call, needs = ctx.call, ctx.needs_input_grad
        gathered = call.gathered(grads if len(grads) > 1 or call.listed else grads[0])
        try:
            ctx.needs_input_grad = call.together(needs[1:])
            got = self.backward(ctx, *(gathered if isinstance(gathered, tuple) else (gathered,)))
        finally:
            ctx.needs_input_grad = needs
        got = got if isinstance(got, tuple) else (got,)
        expected = len(call.lengths)
        if len(got) > expected and any(g is not None for g in got[expected:]):
            return None, *got  # the engine's own words for their number
        return None, *call.spread_gradients((*got, *[None] * (expected - len(got)))[:expected])  # none of those by default

    def _vmap(self, info: Any, in_dims: tuple[Any, ...], call: _Call, *flat: Any) -> Any:
        args, dims = call.together(flat), call.together(in_dims[1:])
        if self.batching is not None:
            result, out_dims = self.batching(info, dims, *args, **call.kwargs)
        else:
            result, out_dims = _one_by_one(self.operator, info, dims, args, call.kwargs)
        # Dimensions are as many as tensors: flattened as they are.
        return call.flattened(result), _flat_dims(out_dims, result)


def _flat_dims(dims: Any, result: Any) -> Any:
    if isinstance(result, list):
        return tuple(dims) if isinstance(dims, (list, tuple)) else (dims,) * len(result)
    return dims


def _one_by_one(operator: OpOverload, info: Any, dims: Any, args: Any, kwargs: dict[str, Any]) -> Any:
    """The operator on each sample, and the results side by side."""
    import adjoint

    warnings.warn(
        "There is a performance drop because we have not yet implemented the batching rule for "
        f"{operator.name()}. Please file us an issue on GitHub so that we can prioritize its implementation.",
        stacklevel=users_level(),
    )

    def sample(value: Any, dim: Any, i: int) -> Any:
        if isinstance(value, (list, tuple)):
            return [sample(v, d, i) for v, d in zip(value, dim)] if isinstance(dim, (list, tuple)) else value
        return value if dim is None else value.select(dim, i)

    results = [operator(*[sample(v, d, i) for v, d in zip(args, dims)], **kwargs) for i in range(info.batch_size)]
    if isinstance(results[0], (tuple, list)):
        together = type(results[0])([adjoint.stack(parts) for parts in zip(*results)])
        return together, type(together)([0] * len(together))
    return adjoint.stack(results), 0


class _Call:
    """The arguments of one call: which of them are lists, and how what was returned is put together."""

    def __init__(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self.kwargs = kwargs
        self.lengths = [len(a) if _is_tensors(a) else None for a in args]
        self.listed: Any = None  # of what was returned: True for a list, the lengths of lists in a tuple

    def spread(self, args: tuple[Any, ...]) -> list[Any]:
        """The arguments, with the tensors of lists in the place of the lists."""
        return [v for a, n in zip(args, self.lengths) for v in ([a] if n is None else a)]

    def together(self, flat: Any) -> tuple[Any, ...]:
        """The other way: what was spread, as the arguments were."""
        rest = iter(flat)
        return tuple([next(rest) if n is None else [next(rest) for _ in range(n)] for n in self.lengths])

    def spread_gradients(self, got: tuple[Any, ...]) -> list[Any]:
        """As :meth:`spread`, of gradients, where None stands for a whole list."""
        return [
            v for g, n in zip(got, self.lengths) for v in ([g] if n is None else [None] * n if g is None else g)
        ]

    def flattened(self, result: Any) -> Any:
        """What was returned, as a Function returns it: one thing, or a tuple of tensors and other things."""
        if isinstance(result, list):
            self.listed = True
            return tuple(result)
        if isinstance(result, tuple) and any(isinstance(r, list) for r in result):
            self.listed = [len(r) if isinstance(r, list) else None for r in result]
            return tuple([v for r in result for v in (r if isinstance(r, list) else [r])])
        return result

    def gathered(self, flat: Any) -> Any:
        """What was :meth:`flattened`, as it was."""
        if self.listed is True:
            return list(flat)
        if self.listed:
            rest = iter(flat)
            return tuple([next(rest) if n is None else [next(rest) for _ in range(n)] for n in self.listed])
        return flat


def _is_tensors(value: Any) -> bool:
    return isinstance(value, (list, tuple)) and bool(value) and all(isinstance(v, Tensor) for v in value)

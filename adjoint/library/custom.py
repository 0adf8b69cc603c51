"""Custom operators: a function of the user's as an operator, with the derivative that the user gives."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from adjoint.library.derivatives import Derivative
from adjoint.library.operators import OpOverload, find, register, tensors_in, unregister
from adjoint.library.schema import infer_schema, parse
from adjoint.ops.memory import root
from adjoint.tensor import writes_of

_log = logging.getLogger(__name__)
KEYS = {"cpu": "CPU", "cuda": "CUDA", "xpu": "XPU", "mps": "MPS", "meta": "Meta", "hpu": "HPU", "mtia": "MTIA"}
"""Dispatch keys, by the type of device."""


def custom_op(
    name: str,
    fn: Callable[..., Any] | None = None,
    /,
    *,
    mutates_args: str | Iterable[str],
    device_types: str | Sequence[str] | None = None,
    schema: str | None = None,
    tags: Any = None,
) -> Any:
    """A function as an operator, ``torch.ops.<namespace>.<name>``; a decorator.

    Its annotations say what it takes, ``mutates_args`` names the arguments that it writes into.  What it does inside is not
    recorded: give it a derivative by :meth:`CustomOpDef.register_autograd`.

    >>> import adjoint as torch
    >>> @torch.library.custom_op("doc::cube", mutates_args=())
    ... def cube(x: torch.Tensor) -> torch.Tensor:
    ...     return torch.from_numpy(x.numpy() ** 3)
    >>> def setup_context(ctx, inputs, output):
    ...     ctx.save_for_backward(inputs[0])
    >>> cube.register_autograd(lambda ctx, g: g * 3 * ctx.saved_tensors[0] ** 2, setup_context=setup_context)
    >>> x = torch.tensor([1., 2.], requires_grad=True)
    >>> cube(x).sum().backward()
    >>> x.grad
    tensor([ 3., 12.])
    """

    def make(function: Callable[..., Any]) -> CustomOpDef:
        text = infer_schema(function, mutates_args=mutates_args) if schema is None else schema
        namespace, _, own = name.partition("::")
        if not own:
            raise ValueError(f"custom_op: the name has to be of the form 'namespace::name', but is {name!r}")
        made = CustomOpDef(namespace, own, text, function, device_types)
        if schema is not None:
            _check_mutated(made, mutates_args)
        return made

    return make if fn is None else make(fn)


def _check_mutated(made: CustomOpDef, mutates_args: str | Iterable[str]) -> None:
    expected = {a.name for a in made._opoverload._schema.arguments if a.is_write}
    if set(mutates_args) != expected:
        raise ValueError(
            f"Attempted to create a custom op with `mutates_args={mutates_args}` and `schema={made._schema}. The schema suggests "
            f"that the op mutates {expected}which is different from what was provided to us in `mutates_args`. Please make "
            "these consistent."
        )


class CustomOpDef:
    """An operator of the user's: what :func:`custom_op` makes."""

    def __init__(self, namespace: str, name: str, schema: str, fn: Any, device_types: Any = None) -> None:
        self._namespace = namespace
        self._name = name
        self._schema = schema
        self._init_fn = fn
        self._disabled: set[str] = set()
        parsed = replace(parse(name + schema), name=f"{namespace}::{name}")
        if any(a.kwarg_only and a.type.startswith("Tensor") for a in parsed.arguments):
            raise NotImplementedError(
                f"custom_op with kwarg-only Tensor args. Please make your tensors not kwarg-only. Got: {parsed}"
            )
        try:  # defined anew, as in a notebook's cell that is run again
            unregister(find(self._qualname))
        except RuntimeError:
            pass
        self._opoverload = OpOverload(namespace, name, parsed)
        self._opoverload.differentiable = Derivative(self._opoverload)
        register(self._opoverload)
        self.register_kernel(device_types)(fn)

    @property
    def _qualname(self) -> str:
        return f"{self._namespace}::{self._name}"

    def __repr__(self) -> str:
        return f"<CustomOpDef({self._qualname})>"

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._opoverload(*args, **kwargs)

    def register_kernel(self, device_types: Any, fn: Any = None, /) -> Any:
        """Have a function compute the operator on these types of devices, on all of them if None; a decorator."""

        def put(function: Any) -> Any:
            given = None if device_types == "default" else device_types
            for device in [given] if given is None or isinstance(given, str) else given:
                if device is not None and device not in KEYS:
                    raise ValueError(f"register_kernel: no device is of type {device!r}")
                key = "CompositeExplicitAutograd" if device is None else KEYS[device]
                self._opoverload.kernels[key] = self._checked(function, device)
            if "Meta" not in self._opoverload.kernels:
                self._opoverload.kernels["Meta"] = self._without_fake
            return function

        return put if fn is None else put(fn)

    def _without_fake(self, *args: Any, **kwargs: Any) -> Any:
        if self._opoverload._schema.only_writes:
            return
        raise RuntimeError(
            f"There was no fake impl registered for {self}. This is necessary for torch.compile/export/fx tracing to work. "
            f"Please use `{self._init_fn.__name__}.register_fake` to add an fake impl."
        )

    def _checked(self, function: Any, device: str | None) -> Any:
        """The kernel, with what it returns checked, and its writes counted."""

        def kernel(*args: Any, **kwargs: Any) -> Any:
            computed_by = self._init_fn if device in self._disabled else function
            result = computed_by(*args, **kwargs)
            memories = {id(root(t._array)) for t in tensors_in((*args, *kwargs.values()))}
            for tensor in tensors_in(result if isinstance(result, (tuple, list)) else (result,)):
                memory = id(root(tensor._array))
                if memory in memories:
                    raise RuntimeError(
                        f"{self._name} (with implementation in {inspect.getmodule(function)}): The output of this custom "
                        "operator (1) must not also be an input to this custom operator and (2) may not alias any inputs to "
                        "this custom operator or other returns. The most common way to trigger this error is if we have y = "
                        "custom_op(x) and y and x are the same Tensor. Please instead return a clone of the offending output "
                        "tensor(s) (e.g. return x.clone()) or refactor the custom operator to not return y."
                    )
                memories.add(memory)
            for argument, value in zip(self._opoverload._schema.arguments, (*args, *kwargs.values())):
                if argument.is_write:
                    for tensor in tensors_in([value]):
                        writes_of(tensor).bump()
            return result

        return kernel

    def register_fake(self, fn: Any, /) -> Any:
        """Have a function say, of tensors without data, what the operator returns; a decorator."""
        self._opoverload.kernels["Meta"] = fn
        return fn

    def register_autograd(self, backward: Any, /, *, setup_context: Any = None) -> None:
        """Give the operator a derivative: ``backward(ctx, *grads)`` returns the gradients of the inputs, and
        ``setup_context(ctx, inputs, output)`` keeps what it needs.

        Raises RuntimeError for an operator that writes into its arguments.
        """
        schema = self._opoverload._schema
        if schema.is_mutable or any(r.alias for r in schema.returns):
            raise RuntimeError(
                f"Cannot register autograd formula for non-functional operator {self} with schema {schema}. Please create a "
                "functional operator and register an autograd formula for that."
            )
        batching = self._opoverload.differentiable.batching
        self._opoverload.differentiable = Derivative(self._opoverload, backward, setup_context)
        self._opoverload.differentiable.batching = batching

    def register_vmap(self, func: Any = None, /) -> Any:
        """Have ``func(info, in_dims, *args)`` compute the operator on batches; it returns the outputs and their batch
        dimensions.  A decorator.  Without, the operator runs on one sample after the other."""

        def put(function: Any) -> Any:
            self._opoverload.differentiable.batching = function
            return function

        return put if func is None else put(func)

    def register_torch_dispatch(self, torch_dispatch_class: Any, fn: Any = None, /) -> Any:
        """Refused: nothing calls ``__torch_dispatch__``."""
        raise NotImplementedError(f"register_torch_dispatch: Adjoint has no __torch_dispatch__, which {self} would be asked by")

    def register_autocast(self, device_type: str, cast_inputs: Any) -> None:
        """Have the operator's floating-point arguments be of a dtype while autocast is on for this type of device."""
        if device_type not in ("cpu", "cuda"):
            raise ValueError(f"device_type {device_type!r} is not supported: it has to be 'cpu' or 'cuda'")
        if device_type == "cuda":
            return  # there are no such tensors
        below = self._opoverload.kernels.get("Autograd")
        if below is not None:
            raise RuntimeError(f"{self} has an autocast rule already")
        self._opoverload.kernels["Autograd"] = self._cast(cast_inputs)

    def _cast(self, dtype: Any) -> Any:
        import adjoint
        from adjoint.tensor import Tensor

        def cast(value: Any) -> Any:
            if isinstance(value, (list, tuple)):
                return type(value)([cast(v) for v in value])
            return value.to(dtype) if isinstance(value, Tensor) and value.is_floating_point() else value

        def kernel(*args: Any, **kwargs: Any) -> Any:
            if not adjoint.is_autocast_enabled("cpu"):
                return self._opoverload.below(args, kwargs)
            with adjoint.autocast("cpu", enabled=False):
                return self._opoverload.below(cast(args), {name: cast(v) for name, v in kwargs.items()})

        return kernel

    @contextmanager
    def set_kernel_enabled(self, device_type: str, enabled: bool = True) -> Iterator[None]:
        """Inside, the kernel of this type of device is used, or the function that the operator was made of in its place."""
        if KEYS.get(device_type) not in self._opoverload.kernels:
            action = "enable" if enabled else "disable"
            _log.warning("Attempted to %s kernel for %s but no kernel was registered for this device type.", action, device_type)
        before = set(self._disabled)
        (self._disabled.discard if enabled else self._disabled.add)(device_type)
        try:
            yield
        finally:
            self._disabled = before

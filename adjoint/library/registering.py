"""Registering: operators from schemas, and what computes them, one by one."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from adjoint.library.custom import KEYS, CustomOpDef
from adjoint.library.derivatives import Derivative
from adjoint.library.operators import OpOverload, find, register, unregister
from adjoint.library.schema import parse

_KINDS = ("IMPL", "DEF", "FRAGMENT")
_RESERVED = ("prim",)
_COMPUTE = {"CPU", "Meta", "Autograd", "AutogradCPU", "CompositeImplicitAutograd", "CompositeExplicitAutograd"}
_OF_DEVICES = {*KEYS.values(), *(f"Autograd{key}" for key in KEYS.values())}

_defined = {"aten"}  # the namespaces of which there is a library of kind DEF


class Library:
    """Operators of a namespace: of kind ``DEF`` (the one that defines it), ``FRAGMENT`` (more of it) or ``IMPL`` (kernels).

    >>> import adjoint as torch
    >>> lib = torch.library.Library("doc_library", "DEF")
    >>> lib.define("twice(Tensor x) -> Tensor")
    'twice'
    >>> lib.impl("twice", lambda x: x * 2, "CompositeImplicitAutograd")
    >>> torch.ops.doc_library.twice(torch.ones(2))
    tensor([2., 2.])
    """

    def __init__(self, ns: str, kind: str, dispatch_key: str = "") -> None:
        if kind not in _KINDS:
            raise ValueError(f"Unsupported kind: {kind}")
        if ns in _RESERVED and kind != "IMPL":
            raise ValueError(f"{ns} is a reserved namespace. Please try creating a library with another name.")
        if ns == "aten" and kind == "IMPL":
            raise NotImplementedError("Library: Adjoint's own operators cannot be replaced by kernels for 'aten'")
        if kind == "DEF":
            if ns in _defined:
                raise RuntimeError(
                    f"Only a single TORCH_LIBRARY can be used to register the namespace {ns}; please put all of your "
                    "definitions in a single TORCH_LIBRARY block.  If you were trying to specify implementations, consider "
                    "using TORCH_LIBRARY_IMPL (which can be duplicated).  If you really intended to define operators for a "
                    "single namespace in a distributed way, you can use TORCH_LIBRARY_FRAGMENT to explicitly indicate this."
                )
            _defined.add(ns)
        self.ns = ns
        self.kind = kind
        self.dispatch_key = dispatch_key
        self._own: list[OpOverload] = []
        self._waiting: dict[str, list[tuple[str, Any]]] = {}

    def __repr__(self) -> str:
        return f"Library(kind={self.kind}, ns={self.ns}, dispatch_key={self.dispatch_key})>"

    def define(self, schema: str, alias_analysis: str = "", *, tags: Any = ()) -> str:
        """Define an operator by its schema, and return its name."""
        if alias_analysis not in ("", "FROM_SCHEMA", "CONSERVATIVE"):
            raise RuntimeError(f"Invalid alias_analysis type {alias_analysis}")
        if self.kind == "IMPL":
            raise RuntimeError(f"a library of kind IMPL defines no operators: {schema}")
        parsed = parse(schema)
        operator = OpOverload(self.ns, parsed.name, replace(parsed, name=f"{self.ns}::{parsed.name}"))
        register(operator)
        self._own.append(operator)
        for key, fn in self._waiting.pop(operator.name(), ()):
            _put(operator, key, fn)
        return schema.split("(")[0]

    def impl(
        self, op_name: Any, fn: Any, dispatch_key: str = "", *, with_keyset: bool = False, allow_override: bool = False
    ) -> None:
        """Have a function compute an operator of this namespace, for a dispatch key."""
        if not callable(fn):
            raise TypeError(f"Input function is required to be a callable but found type {type(fn)}")
        if with_keyset:
            raise NotImplementedError("Library.impl: Adjoint has no sets of dispatch keys to hand to a kernel (with_keyset)")
        key = dispatch_key or self.dispatch_key or "CompositeImplicitAutograd"
        name = op_name.name() if isinstance(op_name, OpOverload) else str(op_name)
        name = name if "::" in name else f"{self.ns}::{name}"
        if name.partition("::")[0] != self.ns:
            raise ValueError(f"an operator of the namespace {self.ns} was expected, but got {name}")
        try:
            operator = find(name)
        except RuntimeError:
            self._waiting.setdefault(name, []).append((key, fn))
            return
        if key in operator.kernels and not allow_override:
            raise RuntimeError(
                "This is not allowed since there's already a kernel registered from python overriding "
                f"{operator._opname}'s behavior for {key} dispatch key and {self.ns} namespace."
            )
        _put(operator, key, fn)

    def _destroy(self) -> None:
        """Forget the operators that it defined."""
        for operator in self._own:
            unregister(operator)
        self._own.clear()
        if self.kind == "DEF":
            _defined.discard(self.ns)


def _put(operator: OpOverload, key: str, fn: Any) -> None:
    if key not in _COMPUTE | _OF_DEVICES:
        raise NotImplementedError(f"Library.impl: Adjoint does not know the dispatch key {key!r}")
    operator.kernels["Autograd" if key == "AutogradCPU" else key] = fn


_fragments: dict[str, Library] = {}


def _library(name: str, lib: Library | None) -> Library:
    space = name.partition("::")[0]
    return lib or _fragments.setdefault(space, Library(space, "FRAGMENT"))


def define(qualname: str, schema: Any, *args: Any, lib: Library | None = None, tags: Any = ()) -> Any:
    """Define an operator ``namespace::name`` by its schema."""
    if not isinstance(qualname, str):
        raise ValueError(f"define(qualname, schema): expected qualname to be instance of str, got {type(qualname)}")
    if isinstance(qualname, Library):
        return qualname.define(schema)
    space, _, name = qualname.partition("::")
    if not name:
        raise ValueError(f"define: the name has to be of the form 'namespace::name', but is {qualname!r}")
    _library(space, lib).define(name + schema, tags=tags)
    return None


def impl(qualname: Any, types: str | Sequence[str], func: Any = None, *, lib: Library | None = None) -> Any:
    """Have a function compute an operator on these types of devices (``"default"``: on all); a decorator."""

    def put(function: Any) -> Any:
        for kind in [types] if isinstance(types, str) else types:
            key = "CompositeExplicitAutograd" if kind == "default" else KEYS.get(kind, kind)
            _library(qualname, lib).impl(qualname, function, key)
        return function

    return put if func is None else put(func)


def _operator(op: Any) -> OpOverload:
    if isinstance(op, CustomOpDef):
        return op._opoverload
    if isinstance(op, OpOverload):
        return op
    if isinstance(op, str):
        return find(op)
    raise ValueError(f"expected an operator, or its name, but got {type(op)}")


def _registers(put: Callable[[OpOverload, Any], None]) -> Any:
    """A function that registers another one for an operator, and is a decorator where that is not given."""

    @functools.wraps(put)
    def registering(op: Any, func: Any = None, /, *, lib: Library | None = None, **options: Any) -> Any:
        def registered(function: Any) -> Any:
            put(_operator(op), function)
            return function

        return registered if func is None else registered(func)

    return registering


@_registers
def register_fake(operator: OpOverload, function: Any) -> None:
    """Have a function say, of tensors without data, what an operator returns."""
    operator.kernels["Meta"] = function


impl_abstract = register_fake


@_registers
def register_vmap(operator: OpOverload, function: Any) -> None:
    """Have ``function(info, in_dims, *args)`` compute an operator on batches."""
    if operator.differentiable is None:
        operator.differentiable = Derivative(operator)
    operator.differentiable.batching = function


def register_kernel(op: Any, device_types: Any, func: Any = None, /, *, lib: Library | None = None) -> Any:
    """Have a function compute an operator on these types of devices, on all of them if None."""
    if isinstance(op, CustomOpDef):
        return op.register_kernel(device_types, func)
    return impl(_operator(op).name(), "default" if device_types is None else device_types, func, lib=lib)


def register_autograd(op: Any, backward: Any, /, *, setup_context: Any = None, lib: Library | None = None) -> None:
    """Give an operator a derivative; see :meth:`CustomOpDef.register_autograd`."""
    if isinstance(op, CustomOpDef):
        op.register_autograd(backward, setup_context=setup_context)
        return
    operator = _operator(op)
    if operator._schema.is_mutable:
        raise RuntimeError(
            f"Cannot register autograd formula for non-functional operator {operator} with schema {operator._schema}. Please "
            "create a functional operator and register an autograd formula for that."
        )
    operator.differentiable = Derivative(operator, backward, setup_context)


def register_autocast(op: Any, device_type: str, cast_inputs: Any, /, *, lib: Library | None = None) -> None:
    """Have a custom operator's floating-point arguments be of a dtype under autocast."""
    if not isinstance(op, CustomOpDef):
        raise NotImplementedError("register_autocast: Adjoint knows it of operators that custom_op made")
    op.register_autocast(device_type, cast_inputs)


def register_torch_dispatch(op: Any, torch_dispatch_class: Any, func: Any = None, /, *, lib: Any = None) -> Any:
    """Refused: nothing calls ``__torch_dispatch__``."""
    raise NotImplementedError("register_torch_dispatch: Adjoint has no __torch_dispatch__, which an operator would be asked by")


def fallthrough_kernel(*args: Any, **kwargs: Any) -> Any:
    """A kernel that is never called."""
    raise NotImplementedError("fallthrough_kernel() should never be called.")


def triton_op(*args: Any, **kwargs: Any) -> Any:
    """Refused: Triton's kernels run on accelerators."""
    raise NotImplementedError("triton_op: Adjoint computes on the CPU, where Triton's kernels do not run; see custom_op")


def wrap_triton(triton_kernel: Any, /) -> Any:
    """Refused: Triton's kernels run on accelerators."""
    raise NotImplementedError("wrap_triton: Adjoint computes on the CPU, where Triton's kernels do not run")


def get_ctx() -> Any:
    """Of the tracing that calls a fake kernel: None, for there is none."""
    return None


def get_kernel(op: Any, dispatch_key: Any) -> Any:
    """The function that was registered to compute an operator for a dispatch key.  Raises RuntimeError where there is none."""
    operator, key = _operator(op), str(dispatch_key).rpartition(".")[2]
    if key not in operator.kernels:
        raise RuntimeError(f"{operator.name()} has no kernel for {key}")
    return operator.kernels[key]

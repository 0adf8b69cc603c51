"""Operators: ``torch.ops.mine.scale`` and its overloads, and what is run when one is called."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from typing import Any

from adjoint import promised
from adjoint.autograd import captures, overriding
from adjoint.autograd.grad_mode import mode, no_grad
from adjoint.autograd.interception import intercept
from adjoint.library.schema import NEEDED, Argument, FunctionSchema
from adjoint.tensor import Tensor
from adjoint.thread_state import Switch, declare

# Whether this thread is below autograd: in what an operator's own derivative calls to compute its value.
_thread = declare(below_autograd=False)


watchers: list[Callable[[OpOverload, tuple[Any, ...], dict[str, Any], Any], None]] = []
"""What is told of every kernel's call: operator, arguments, result."""


around: list[Callable[[OpOverload, Callable[..., Any], tuple[Any, ...], dict[str, Any]], Any]] = []
"""What every call of an operator goes through, the last of them: the operator, what runs it, and the arguments."""


class BelowAutograd(Switch):
    """Inside, operators are computed by their kernels: what is registered to Autograd is passed by."""

    fields = ("below_autograd",)

    def switch(self) -> None:
        """Switch it on."""
        _thread.below_autograd = True


class OpOverload:
    """One operator, with its schema and what was registered for it."""

    def __init__(self, namespace: str, name: str, schema: FunctionSchema) -> None:
        self.namespace = namespace
        self._opname = name
        self._overloadname = schema.overload_name or "default"
        self._schema = schema
        self.kernels: dict[str, Callable[..., Any]] = {}
        self.differentiable: Any = None  # the Function that records it, once a derivative is registered
        self.__name__ = f"{name}.{self._overloadname}"
        self.__qualname__ = self.__module__ = f"torch.ops.{namespace}"

    @property
    def overloadpacket(self) -> OpOverloadPacket:
        """All overloads of the name."""
        return namespace(self.namespace)._packets[self._opname]

    def name(self) -> str:
        """Namespace and name, as registrations name it: ``mine::scale``."""
        suffix = f".{self._schema.overload_name}" if self._schema.overload_name else ""
        return f"{self.namespace}::{self._opname}{suffix}"

    def __str__(self) -> str:
        return f"{self.namespace}.{self._opname}.{self._overloadname}"

    def __repr__(self) -> str:
        return f"<OpOverload(op='{self.namespace}.{self._opname}', overload='{self._overloadname}')>"

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        given, named = bound(self._schema, args, kwargs)
        if around:
            return around[-1](self, self.run, given, named)
        return self.run(*given, **named)

    def run(self, *given: Any, **named: Any) -> Any:
        """The value, as what overrides it or what is registered to Autograd has it, or else recorded."""
        values = (*given, *named.values())
        if overriding.on and not overriding.is_off() and (asked := overriding.relevant(tensors_in(values))):
            return overriding.ask(self, asked, given, named)
        if not _thread.below_autograd:
            kernel = self.kernels.get("Autograd") or self.kernels.get("CompositeImplicitAutograd")
            if kernel is not None:
                return kernel(*given, **named)
        return self.below(given, named)

    def below(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """The value, recorded if a derivative was registered."""
        if _thread.below_autograd or self.differentiable is None:
            return self.compute(args, kwargs)
        tensors = tensors_in((*args, *kwargs.values()))
        if intercept.active or (mode.enabled and any(t.requires_grad for t in tensors)):
            return self.differentiable(args, kwargs)
        with no_grad():
            return self.compute(args, kwargs)

    def compute(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """The value, by the kernel for the arguments' device."""
        meta = any(t.device.type == "meta" for t in tensors_in((*args, *kwargs.values())))
        for key in ("Meta",) if meta else ("CPU", "CompositeExplicitAutograd", "CompositeImplicitAutograd"):
            if key in self.kernels:
                result = captures.below(self.kernels[key], *args, **kwargs)
                for watcher in watchers:
                    watcher(self, args, kwargs, result)
                return result
        device = "Meta" if meta else "CPU"
        raise NotImplementedError(
            f"Could not run '{self.name()}' with arguments from the '{device}' backend: no kernel was registered for it. "
            f"'{self.name()}' is only available for these backends: {sorted(self.kernels)}."
        )


class OpOverloadPacket:
    """The operators of one name."""

    def __init__(self, namespace: str, name: str) -> None:
        self._namespace = namespace
        self.__name__ = name
        self._overloads: dict[str, OpOverload] = {}

    def overloads(self) -> list[str]:
        """The names of the overloads, ``default`` of the one without."""
        return list(self._overloads)

    def __getattr__(self, name: str) -> Any:
        found = self.__dict__.get("_overloads", {}).get(name)
        if found is None:
            raise AttributeError(f"The underlying op of '{self}' has no overload name '{name}'")
        return found

    def __copy__(self) -> OpOverloadPacket:
        return self  # an operator is one thing, as a function is

    def __deepcopy__(self, memo: object) -> OpOverloadPacket:
        return self

    def __str__(self) -> str:
        return f"{self._namespace}.{self.__name__}"

    def __repr__(self) -> str:
        return f"<OpOverloadPacket(op='{self}')>"

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        refused: Exception | None = None
        for overload in self._overloads.values():
            if not overload._schema.returns and not overload._schema.arguments:  # which takes what its function takes
                return overload(*args, **kwargs)
            try:
                bound(overload._schema, args, kwargs)
            except RuntimeError as error:
                refused = refused or error
            else:
                return overload(*args, **kwargs)
        assert refused is not None
        raise refused


class _OpNamespace:
    """The operators of a namespace, ``torch.ops.mine``."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.__name__ = f"torch.ops.{name}"
        self._packets: dict[str, Any] = {}

    def __getattr__(self, name: str) -> Any:
        found = self.__dict__.get("_packets", {}).get(name)
        if found is None and name[:2] != "__" and self.__dict__.get("name") == "aten":
            from adjoint.library.aten import packet

            found = self._packets[name] = packet(name)
        if found is None and name[:2] != "__" and _declared(self.__dict__.get("name", "")):
            found = self._packets.get(name)
        if found is None:
            raise AttributeError(f"'_OpNamespace' '{self.__dict__.get('name')}' object has no attribute '{name}'")
        return found

    def __dir__(self) -> list[str]:
        return [*self._packets, "name"]

    def __repr__(self) -> str:
        return f"<module '{self.__name__}' from 'torch.ops'>"


_namespaces: dict[str, _OpNamespace] = {}


def namespace(name: str) -> _OpNamespace:
    """The namespace of a name, empty until something is registered in it."""
    return _namespaces.setdefault(name, _OpNamespace(name))


def _declared(space: str) -> bool:
    """Whether operators of a namespace were promised, and are declared now."""
    declaring = promised.operators.pop(space, None)
    if declaring is not None:
        importlib.import_module(declaring)
    return declaring is not None


def register(operator: OpOverload) -> None:
    """Have ``torch.ops`` know an operator.  Raises RuntimeError where there is one of its name."""
    packets = namespace(operator.namespace)._packets
    packet = packets.setdefault(operator._opname, OpOverloadPacket(operator.namespace, operator._opname))
    if operator._overloadname in packet._overloads:
        raise RuntimeError(
            f"Tried to register an operator ({operator._schema}) with the same name and overload name multiple times. Each "
            "overload's schema should only be registered with a single call to def()."
        )
    packet._overloads[operator._overloadname] = operator


def unregister(operator: OpOverload) -> None:
    """Have ``torch.ops`` forget an operator."""
    packets = namespace(operator.namespace)._packets
    packet = packets.get(operator._opname)
    if packet is not None:
        packet._overloads.pop(operator._overloadname, None)
        if not packet._overloads:
            del packets[operator._opname]


def find(name: str) -> OpOverload:
    """The operator of a name, ``mine::scale`` or ``mine::scale.overload``.  Raises RuntimeError where there is none."""
    space, _, rest = name.partition("::")
    base, _, overload = rest.partition(".")
    _declared(space)
    packet = _namespaces[space]._packets.get(base) if space in _namespaces else None
    found: OpOverload | None = None if packet is None else packet._overloads.get(overload or "default")
    if found is None:
        raise RuntimeError(f"operator {name} does not exist")
    return found


def tensors_in(values: Any) -> Iterator[Tensor]:
    """The tensors among arguments, and in lists of them."""
    for value in values:
        if isinstance(value, Tensor):
            yield value
        elif isinstance(value, (list, tuple)):
            yield from (v for v in value if isinstance(v, Tensor))


def bound(schema: FunctionSchema, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """The arguments of a call in the schema's order, and those by name alone; defaults are filled in.

    Raises PyTorch's RuntimeError for arguments that do not fit.
    """
    positional = schema.positional
    if len(args) > len(positional):
        raise RuntimeError(
            f"{schema.name}() expected at most {len(positional)} argument(s) but received {len(args)} argument(s). "
            f"Declaration: {schema}"
        )
    rest = dict(kwargs)
    given: list[Any] = []
    named: dict[str, Any] = {}
    for i, argument in enumerate(schema.arguments):
        if i < len(args):
            value = args[i]
        elif argument.name in rest:
            value = rest.pop(argument.name)
        elif argument.default_value is not NEEDED:
            value = argument.default_value
        else:
            raise RuntimeError(f"{schema.name}() is missing value for argument '{argument.name}'. Declaration: {schema}")
        _check(schema, i, argument, value)
        if argument.kwarg_only:
            named[argument.name] = value
        else:
            given.append(value)
    if rest:
        raise RuntimeError(f"{schema.name}() got unexpected keyword argument(s) {sorted(rest)}. Declaration: {schema}")
    return tuple(given), named


def _is_integer(value: Any) -> bool:
    return hasattr(value, "__index__") and (not isinstance(value, Tensor) or not value.dtype.is_floating_point)


_FITS: dict[str, tuple[str, Callable[[Any], bool]]] = {
    "Tensor": ("Tensor", lambda v: isinstance(v, Tensor) or overriding.overrides(type(v))),
    "SymInt": ("int", _is_integer),
    "int": ("int", _is_integer),
    "float": ("float", lambda v: isinstance(v, (int, float, Tensor)) or hasattr(v, "__float__")),
    "bool": ("bool", lambda v: isinstance(v, (bool, int, Tensor)) or type(v).__name__ in ("bool_", "bool")),
    "str": ("str", lambda v: isinstance(v, str)),
    "Scalar": ("number", lambda v: isinstance(v, (bool, int, float, complex, Tensor))),
}


def _check(schema: FunctionSchema, position: int, argument: Argument, value: Any) -> None:
    kind = argument.type
    if value is None and kind.endswith("?"):
        return
    kind = kind.removesuffix("?") if not kind.endswith("[]?") else kind[:-1]
    if kind.endswith("[]"):
        inner = kind[:-2]
        expected, fits = _FITS.get(inner.rstrip("?"), ("", None))
        if fits is None or (fits(value) and inner != "Tensor"):  # one number stands for a list of them
            return
        if isinstance(value, (list, tuple)) and all(fits(v) or (v is None and inner.endswith("?")) for v in value):
            return
        expected = f"List[{expected}]"
    else:
        expected, fits = _FITS.get(kind, ("", None))
        if fits is None or fits(value):
            return
    raise RuntimeError(
        f"{schema.name}() Expected a value of type '{expected}' for argument '{argument.name}' but instead found type "
        f"'{type(value).__name__}'.\nPosition: {position}\nValue: {value!r}\nDeclaration: {schema}\nCast error details: Unable to "
        f"cast {value!r} to {expected}"
    )

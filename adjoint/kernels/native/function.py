"""Native functions: specialised for the types and the constants that they are called with."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from adjoint.kernels.native import ir
from adjoint.kernels.native.bounds import is_checked
from adjoint.kernels.native.emitter import Compilation, Value
from adjoint.kernels.native.types import Type, i64, void


class Native:
    """A function in native code: of ``native`` a function of the module, of ``inline`` written out at every call."""

    def __init__(self, function: Callable[..., Any], inline: bool = False, apart: bool = False) -> None:
        self.function = function
        self.inline = inline
        self.apart = apart
        self.__name__ = function.__name__
        self.__doc__ = function.__doc__
        self.__module__ = function.__module__

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names of the parameters."""
        code = self.function.__code__
        return code.co_varnames[: code.co_argcount]

    @cached_property
    def types(self) -> dict[str, Type]:
        """The declared types of parameters; the others take the type of what is passed."""
        found = {}
        for name, annotation in self.function.__annotations__.items():
            if isinstance(annotation, str):
                annotation = eval(annotation, self.function.__globals__, self.closure)
            if isinstance(annotation, Type):
                found[name] = annotation
        return found

    @cached_property
    def closure(self) -> dict[str, Any]:
        """What the function takes from the functions around it."""
        cells = self.function.__closure__ or ()
        return {name: cell.cell_contents for name, cell in zip(self.function.__code__.co_freevars, cells)}

    @cached_property
    def tree(self) -> ast.FunctionDef:
        """The syntax of the function."""
        lines, first = inspect.getsourcelines(self.function)
        tree = ast.parse(textwrap.dedent("".join(lines)))
        ast.increment_lineno(tree, first - 1)
        found = tree.body[0]
        assert isinstance(found, ast.FunctionDef)
        return found

    def parameters(self, constants: dict[str, Any]) -> list[str]:
        """The parameters that the machine passes where these are constant: each needs a declared type."""
        unknown = [name for name in constants if name not in self.names]
        if unknown:
            raise TypeError(f"{self.__name__} has no parameter {unknown[0]}")
        passed = [name for name in self.names if name not in constants]
        for name in passed:
            if name not in self.types:
                raise TypeError(f"{self.__name__}: {name} needs a type or a constant")
        return passed

    def arguments(self, given: tuple[Any, ...], named: dict[str, Any]) -> list[Any]:
        """The arguments in the order of the parameters, defaults filled in."""
        if len(given) > len(self.names):
            raise TypeError(f"{self.__name__} takes {len(self.names)} arguments, {len(given)} were given")
        defaults = self.function.__defaults__ or ()
        values = dict(zip(self.names[len(self.names) - len(defaults) :], defaults))
        values.update(zip(self.names, given))
        values.update(named)
        missing = [name for name in self.names if name not in values]
        unknown = [name for name in values if name not in self.names]
        twice = [name for name in self.names[: len(given)] if name in named]
        for problem, names in (("misses", missing), ("has no", unknown), ("was given twice", twice)):
            if names:
                raise TypeError(f"{self.__name__} {problem} {', '.join(names)}")
        return [values[name] for name in self.names]

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        raise TypeError(f"{self.__name__}() is native code: compile it with adjoint.kernels.machine_code.entry")


def native(function: Callable[..., Any]) -> Native:
    """Compile a function, once for each combination of types and constants that it is called with (a decorator)."""
    return Native(function)


def apart(function: Callable[..., Any]) -> Native:
    """As :func:`native`, and never written out by LLVM: what is large and called in several places is compiled once."""
    return Native(function, apart=True)


def inline(function: Callable[..., Any]) -> Native:
    """As :func:`native`, written out in place of every call: it may take and return lists and tuples of values."""
    return Native(function, inline=True)


@dataclass(frozen=True)
class Specialised:
    """One LLVM function, and what it returns."""

    function: Any
    result: Type


def specialised(compilation: Compilation, function: Native, arguments: list[Any], public: str = "") -> Specialised:
    """The LLVM function for these arguments: values count by their types, anything else is a constant.

    ``public`` is the name under which others find it.  In the debug build a pointer is passed with its bounds, but to one
    that others find.
    """
    from adjoint.kernels.native.lower import Lowering

    key = (function, *(a.type if isinstance(a, Value) else _constant(a) for a in arguments))
    found = compilation.functions.get(key)
    if found is not None:
        return found
    if key in compilation.lowered:
        raise TypeError(f"{function.__name__} calls itself")
    compilation.lowered.add(key)
    passed = [(name, a) for name, a in zip(function.names, arguments) if isinstance(a, Value)]
    bounded = is_checked(function) and not public
    result = void
    while True:  # a second time where the first found out that it returns something
        types = [a.type.ir for _, a in passed]
        types += [i64.ir] * (2 * bounded * sum(a.type.kind == "ptr" for _, a in passed))
        kind = ir.FunctionType(result.ir, types)
        made = ir.Function(compilation.module, kind, public or compilation.module.get_unique_name(function.__name__))
        made.linkage = "" if public else "internal"
        made.attributes.add("nounwind")
        if not public and function.inline:
            made.attributes.add("alwaysinline")
        if function.apart:
            made.attributes.add("noinline")
        lowering = Lowering(compilation, function, made, result)
        values = dict(zip(function.names, arguments))
        words = iter(made.args[len(passed) :])
        for (parameter, a), argument in zip(passed, made.args):
            argument.name = parameter
            values[parameter] = Value(a.type, argument)
            if a.type.kind == "ptr" and is_checked(function):
                values[parameter] = (
                    Value(a.type, argument, (next(words), next(words)))
                    if bounded
                    else lowering.emitter.pointer(a.type, argument)
                )
        lowering.body(values)
        if lowering.result == result:
            break
        del compilation.module.globals[made.name]
        compilation.module.scope._useset.discard(made.name)
        result = lowering.result
    found = compilation.functions[key] = Specialised(made, result)
    return found


def _constant(x: Any) -> Any:
    """A constant as part of a key: equal ones of different types are different, and so is -0.0."""
    if isinstance(x, tuple):
        return (tuple, *(_constant(e) for e in x))
    if isinstance(x, Value):
        raise TypeError("a tuple or list of the machine's values is passed to inline functions only")
    return (x.__class__, repr(x) if isinstance(x, float) else x)


def emit_module(function: Native, constants: dict[str, Any], name: str) -> Any:
    """An LLVM module in which ``name`` is the function with some parameters constant and the others typed."""
    compilation = Compilation(name)
    passed = function.parameters(constants)
    arguments = [Value(function.types[p], None) if p in passed else constants[p] for p in function.names]
    specialised(compilation, function, arguments, public=name)
    return compilation.module

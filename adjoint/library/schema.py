"""Schemas: an operator's signature as PyTorch writes it, ``scale(Tensor x, float by=2., *, bool flag=False) -> Tensor``."""

from __future__ import annotations

import inspect
import re
import types
import typing
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from adjoint import dtypes
from adjoint.device import device
from adjoint.tensor import Tensor

NEEDED: Any = object()
"""In the place of the default of an argument that has to be given."""


@dataclass(frozen=True)
class Argument:
    """One argument of a schema, or one of the things that are returned."""

    name: str
    type: str
    default_value: Any = NEEDED
    kwarg_only: bool = False
    alias: str = ""

    @property
    def is_write(self) -> bool:
        """Whether the operator writes into it."""
        return self.alias.endswith("!")

    @property
    def is_tensors(self) -> bool:
        """Whether it is a list of tensors."""
        return self.type in ("Tensor[]", "Tensor?[]")

    def has_default_value(self) -> bool:
        """Whether it need not be given."""
        return self.default_value is not NEEDED

    def __str__(self) -> str:
        shown = self.type.replace("Tensor", f"Tensor({self.alias})", 1) if self.alias else self.type
        text = f"{shown} {self.name}" if self.name else shown
        return text if self.default_value is NEEDED else f"{text}={_shown_default(self.default_value)}"


@dataclass(frozen=True)
class FunctionSchema:
    """An operator's name, arguments and what it returns."""

    name: str
    overload_name: str
    arguments: tuple[Argument, ...]
    returns: tuple[Argument, ...]

    @property
    def is_mutable(self) -> bool:
        """Whether it writes into an argument."""
        return any(a.is_write for a in self.arguments)

    @property
    def only_writes(self) -> bool:
        """Whether all that it does is to write into arguments: no shape of a result need be told."""
        return self.is_mutable and not self.returns

    @property
    def positional(self) -> tuple[Argument, ...]:
        """The arguments that may be given by place."""
        return tuple(a for a in self.arguments if not a.kwarg_only)

    def __str__(self) -> str:
        parts = [str(a) for a in self.positional]
        keywords = [str(a) for a in self.arguments if a.kwarg_only]
        returned = ", ".join(str(r) for r in self.returns)
        returned = returned if len(self.returns) == 1 else f"({returned})"
        name = self.name + (f".{self.overload_name}" if self.overload_name else "")
        return f"{name}({', '.join([*parts, *(['*'] if keywords else []), *keywords])}) -> {returned}"


def _shown_default(value: Any) -> str:
    if isinstance(value, (str, device)):
        return f'"{value}"'
    if isinstance(value, dtypes.dtype):
        return value.name
    if isinstance(value, float) and not isinstance(value, bool) and value.is_integer():
        return f"{int(value)}."
    return str(value)


_WHOLE = re.compile(r"\s*(?P<name>[\w:]+)(?:\.(?P<overload>\w+))?\s*\((?P<arguments>.*)\)\s*->\s*(?P<returns>.*?)\s*", re.DOTALL)
_ARGUMENT = re.compile(
    r"(?P<type>\w+)(?:\((?P<alias>[\w|!]*)\s*(?:->[^)]*)?\))?(?P<rest>[\[\]?\d]*)(?:\s+(?P<name>\w+))?(?:\s*=\s*(?P<default>.+))?"
)


def parse(text: str) -> FunctionSchema:
    """A schema from its text.  Raises RuntimeError for what is none."""
    if "(" not in text:
        raise RuntimeError("Tried to parse a function schema but only the operator name was given")
    found = _WHOLE.fullmatch(text)
    if found is None:
        raise RuntimeError(f"not a function schema: {text!r}")
    arguments, keyword = [], False
    for part in _parts(found["arguments"]):
        if part == "*":
            keyword = True
        else:
            arguments.append(_argument(part, keyword, text))
    returned = found["returns"]
    if returned.startswith("("):
        returned = returned[1:-1]
    returns = tuple(_argument(part, False, text) for part in _parts(returned))
    return FunctionSchema(found["name"], found["overload"] or "", tuple(arguments), returns)


def _parts(text: str) -> list[str]:
    """What commas part, outside of brackets and quotes."""
    parts, depth, quote, begun = [], 0, "", 0
    for i, c in enumerate(text):
        if quote:
            quote = "" if c == quote else quote
        elif c in "\"'":
            quote = c
        elif c in "([":
            depth += 1
        elif c in ")]":
            depth -= 1
        elif c == "," and not depth:
            parts.append(text[begun:i].strip())
            begun = i + 1
    return [part for part in (*parts, text[begun:].strip()) if part]


def _argument(text: str, keyword: bool, whole: str) -> Argument:
    found = _ARGUMENT.fullmatch(text)
    if found is None:
        raise RuntimeError(f"not an argument of a function schema: {text!r} in {whole!r}")
    kind = found["type"] + re.sub(r"\d", "", found["rest"])
    default = NEEDED if found["default"] is None else _default(found["default"].strip(), kind, whole)
    return Argument(found["name"] or "", kind, default, keyword, found["alias"] or "")


_WORDS: dict[str, Any] = {"None": None, "True": True, "False": False}


def _default(text: str, kind: str, whole: str) -> Any:
    if text in _WORDS:
        return _WORDS[text]
    if text[0] == text[-1] and text[0] in "\"'":
        return device(text[1:-1]) if kind.startswith("Device") else text[1:-1]
    if text[0] == "[":
        return [_default(part, kind.replace("[]", ""), whole) for part in _parts(text[1:-1])]
    if kind.startswith("ScalarType"):
        return next((d for d in dtypes.ALL if d.name == text), text)
    try:
        return float(text) if kind.startswith("float") or not re.fullmatch(r"[+-]?\d+", text) else int(text)
    except ValueError:
        raise RuntimeError(f"not a default of {kind}: {text!r} in {whole!r}") from None


# Python's annotations, and the types of schemas that they are.

_SINGLE: dict[Any, str] = {
    int: "SymInt", float: "float", bool: "bool", str: "str", dtypes.dtype: "ScalarType", device: "Device", Tensor: "Tensor",
}  # fmt: skip
_IN_LISTS = ("Tensor", "Tensor?", "SymInt", "float", "bool", "Scalar")


def _type_of(annotation: Any) -> str | None:
    """The type of an annotation; None for one that schemas do not have."""
    origin, inside = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is None:
        return _SINGLE.get(annotation) if annotation.__hash__ is not None else None
    if _is_list(origin):
        inner = _type_of(inside[0]) if len(inside) == 1 else None
        return f"{inner}[]" if inner in _IN_LISTS else None
    if not _is_union(origin):
        return None
    others = [a for a in inside if a is not type(None)]
    kind = "Scalar" if set(others) == {int, float, bool} else _type_of(others[0]) if len(others) == 1 else None
    return kind and (kind if len(others) == len(inside) else f"{kind}?")


def _is_list(origin: Any) -> bool:
    return origin is list or origin is Sequence


def _is_union(origin: Any) -> bool:
    return origin is typing.Union or origin is types.UnionType


def infer_schema(
    prototype_function: Callable[..., Any], /, *, mutates_args: str | Iterable[str], op_name: str | None = None, tags: Any = ()
) -> str:
    """The schema of a function, from its annotations; ``mutates_args`` names the arguments that it writes into, or is
    ``"unknown"``.

    Raises ValueError for a function that has none.

    >>> import adjoint as torch
    >>> def scale(x: torch.Tensor, by: float = 2.0) -> torch.Tensor:
    ...     return x * by
    >>> torch.library.infer_schema(scale, mutates_args=())
    '(Tensor x, float by=2.0) -> Tensor'
    """
    signature = inspect.signature(prototype_function)

    def refuse(what: str) -> typing.NoReturn:
        raise ValueError(f"infer_schema(func): {what} Got func with signature {signature})")

    def resolved(annotation: Any) -> Any:
        if not isinstance(annotation, str):
            return annotation
        try:
            return eval(annotation, getattr(prototype_function, "__globals__", {}))
        except Exception as error:
            if not isinstance(error, NameError):
                refuse(f"Unsupported type annotation {annotation}. It is not a type. ({type(error).__name__}: {error})")
            refuse(
                f"Unsupported type annotation {annotation}. It is not a type. ({error}). If you are using 'from __future__ import "
                "annotations', note that annotations are evaluated lazily as strings; make sure all types referenced in "
                "annotations are importable at module scope, not only inside a local function."
            )

    if isinstance(mutates_args, str):
        mutated: frozenset[str] | None = None
    else:
        mutated = frozenset(mutates_args)
    parts: list[str] = []
    keyword = False
    for i, (name, p) in enumerate(signature.parameters.items()):
        if p.kind not in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY):
            refuse("We do not support positional-only args, varargs, or varkwargs.")
        if p.kind is p.KEYWORD_ONLY and not keyword:
            keyword = True
            parts.append("*")
        if p.annotation is p.empty:
            refuse(f"Parameter {name} must have a type annotation.")
        kind = _type_of(resolved(p.annotation))
        if kind is None:
            refuse(f"Parameter {name} has unsupported type {p.annotation}. The valid types are: {_valid()}.")
        if isinstance(mutates_args, str) and mutates_args != "unknown":
            raise ValueError(
                "mutates_args must either be a sequence of the names of the arguments that are mutated or the string 'unknown'. "
            )
        if (mutated is None and kind.startswith("Tensor")) or name in (mutated or ()):
            if not kind.startswith("Tensor"):
                refuse(f"Parameter {name} is in mutable_args but only Tensors or collections of Tensors can be mutated")
            kind = kind.replace("Tensor", f"Tensor(a{i}!)", 1)
        parts.append(f"{kind} {name}" + ("" if p.default is p.empty else f"={_written_default(name, p.default, refuse)}"))
    unknown = (mutated or frozenset()) - set(signature.parameters)
    if unknown:
        refuse(
            f"{set(unknown)} in mutates_args were not found in the custom op's signature. mutates_args should contain the names "
            "of all args that the custom op mutates, or just the string 'unknown' if you don't know."
        )
    return f"{op_name or ''}({', '.join(parts)}) -> {_returned(resolved(signature.return_annotation), signature, refuse)}"


def _valid() -> list[str]:
    return sorted({getattr(a, "__name__", str(a)) for a in _SINGLE})


def _written_default(name: str, value: Any, refuse: Callable[[str], typing.NoReturn]) -> str:
    if value is None or isinstance(value, (int, float)):
        return str(value)
    if isinstance(value, (str, device)):
        return f'"{value}"'
    if isinstance(value, dtypes.dtype):
        return value.name
    refuse(
        f"Parameter {name} has an unsupported default value type {type(value)}. Please file an issue on GitHub so we can "
        "prioritize this."
    )


def _returned(annotation: Any, signature: inspect.Signature, refuse: Callable[[str], typing.NoReturn]) -> str:
    if annotation is inspect.Signature.empty:
        refuse("No return type annotation was provided. Please add one.")
    if annotation is None or annotation is type(None):
        return "()"
    kinds = ("Tensor", "Tensor[]", "SymInt", "float", "bool", "Scalar")

    def one(part: Any) -> str | None:
        kind = _type_of(part)
        return kind if kind in kinds else None

    if typing.get_origin(annotation) is tuple:
        found = [one(part) for part in typing.get_args(annotation)]
        if found and None not in found:
            return f"({', '.join(part for part in found if part)})"
    elif (kind := one(annotation)) is not None:
        return kind
    refuse(f"Return has unsupported type {annotation}. The valid types are: {kinds}.")

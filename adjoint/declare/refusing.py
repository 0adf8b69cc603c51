"""Refusing: when a call has failed, PyTorch's error for the argument that was to blame.

Nothing is checked beforehand, so that a call which succeeds costs nothing more.  What fails inside, in whatever words, is
looked at here: PyTorch checks the types of all arguments before anything else, so an argument of a wrong type is what its
error is about, and in its words.
"""

from __future__ import annotations

import linecache
import os
import re
from collections.abc import Iterable
from opcode import opmap
from types import FunctionType, TracebackType
from typing import Any

import numpy as np

from adjoint.autograd import casting, overriding
from adjoint.autograd.interception import intercept
from adjoint.declare.arguments import type_name
from adjoint.declare.kinds import fits, kind_of
from adjoint.declare.on_meta import made_on_meta
from adjoint.declare.outs import Out, write_outs
from adjoint.declare.schemas import OVERLOADS, check_write
from adjoint.declare.signatures import combination, of_none
from adjoint.declare.uncomputed import not_computed
from adjoint.readings.meta import OnMeta
from adjoint.readings.sparse import SparseArray, no_rule, renamed
from adjoint.tensor import Tensor

_OURS = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
_NUMPY = os.path.dirname(np.__file__) + os.sep
_BESIDE = os.path.dirname(_NUMPY.rstrip(os.sep)) + os.sep
_PARTS = (_OURS, "<adjoint ", _NUMPY, *(_BESIDE + name + os.sep for name in ("scipy", "ml_dtypes", "llvmlite")))
_PYTHON = (os.path.dirname(os.__file__) + os.sep, "<frozen ")
_INSTALLED = os.sep + "site-packages" + os.sep
_RAISE = {opmap[name] for name in ("RAISE_VARARGS", "RERAISE") if name in opmap}
_FROM_INSIDE = (AttributeError, KeyError, IndexError, TypeError, ValueError, AssertionError)


def refusal(
    function: str, error: BaseException, values: dict[str, Any], keywords: int, defaults: dict[str, Any]
) -> Exception | None:
    """The error to raise in the place of one that a call of ``function`` ended in; None where that error is right.

    ``values`` are the call's arguments by the names that users know, the last ``keywords`` of them given by keyword alone;
    ``defaults`` what they are when they are not given.
    """
    if raised_by_user(error):
        return None
    if error.__class__ is NotImplementedError and (other := renamed(error, function.rpartition(".")[2])) is not None:
        return other  # type: ignore[return-value]
    leaked = isinstance(error, _FROM_INSIDE) and _leaked(error)
    if leaked:
        uncomputed = not_computed(function.rpartition(".")[2], values.values())
        if uncomputed is not None:
            return uncomputed
        if isinstance(error, (AttributeError, TypeError)) and _has_sparse(values.values()):
            return no_rule(function.rpartition(".")[2], told=True)
    if isinstance(error, TypeError) and of_none(function, values, defaults):
        return combination(function, values, defaults)
    if isinstance(error, Warning) or (isinstance(error, TypeError) and not leaked and _is_about(function, str(error))):
        return _without_inside(error)
    given = list(values)
    for position, (name, value) in enumerate(values.items(), 1):
        kind = kind_of(function, name)
        if not kind or value is defaults.get(name, defaults) or fits(kind, value):
            continue
        if "|" in kind:
            return combination(function, values, defaults)
        kind, where = kind.rstrip("?"), f" (position {position})" if position <= len(given) - keywords else ""
        if kind == "tuple of Tensors" and isinstance(value, (tuple, list)):
            at, wrong = next((i, v) for i, v in enumerate(value) if not fits("Tensor", v))
            return TypeError(f"expected Tensor as element {at} in argument {position - 1}, but got {type_name(wrong)}")
        if kind == "tuple of ints" and isinstance(value, (tuple, list)):
            at, wrong = next((i, v) for i, v in enumerate(value) if not fits("int", v))
            if at:
                return TypeError(
                    f"{function}(): argument '{name}' failed to unpack the object at pos {at + 1} with error "
                    f'"type must be tuple of ints,but got {type_name(wrong)}"'
                )
            found = f", but found element of type {type_name(wrong)} at pos {at}"
        else:
            found = f", not {type_name(value)}"
        return TypeError(f"{function}(): argument '{name}'{where} must be {kind}{found}")
    if not leaked:
        return _without_inside(error)
    if isinstance(error, ValueError) and re.search("array is too big|Maximum allowed dimension", str(error)):
        shape = next((v for v in values.values() if isinstance(v, (tuple, list)) and v), ())
        shape = list(shape[0] if isinstance(shape[:1][0] if shape else 0, (tuple, list)) else shape)
        return RuntimeError(f"Storage size calculation overflowed with sizes={shape}")
    if isinstance(error, (ValueError, IndexError)) and re.search("broadcast|mismatch|bounds|dimension|shape", str(error)):
        return RuntimeError(f"{function}(): these arguments do not go together: {', '.join(map(_form, values, values.values()))}")
    return combination(function, values, defaults)


def _has_sparse(values: Iterable[Any]) -> bool:
    """Whether one of a call's arguments is a sparse tensor."""
    return any(
        v._array.__class__ is SparseArray if isinstance(v, Tensor) else isinstance(v, (tuple, list)) and _has_sparse(v)
        for v in values
    )


def _is_about(function: str, text: str) -> bool:
    """Whether an error's text names this function, and not one that it is made of."""
    named = re.match(r"(\w+)\(\)", text)
    return named is None or named[1] == function


def _without_inside(error: BaseException) -> None:
    """Have a traceback not show what failed inside before this error was raised."""
    before = error.__context__
    if before is not None and isinstance(before, _FROM_INSIDE) and _leaked(before):
        error.__suppress_context__ = True


def _form(name: str, value: Any) -> str:
    if isinstance(value, Tensor):
        return f"{name} of size {list(value._array.shape)}"
    return f"{name} of type {type_name(value)}"


def flag(value: Any) -> bool:
    """What was given for a bool, of NumPy's too; what is said of anything else, :func:`refusal` knows."""
    if not fits("bool", value):
        raise ValueError("must be bool")
    return bool(value)


def flags(names: Iterable[str], function: str, defaults: dict[str, Any]) -> list[str]:
    """The lines of source that look at the arguments which must be bools: one that is right costs a comparison."""
    found = [n for n in names if isinstance(defaults.get(n), bool) and kind_of(function, n) == "bool"]
    return [f"if {n} is not {defaults[n]} and {n} is not {not defaults[n]}: {n} = flag({n})" for n in found]


def raised_by_user(error: BaseException) -> bool:
    """Whether an error comes out of a function that the user gave: a hook, a ``__float__``, a ``Function``'s forward."""
    last = error.__traceback__
    while last is not None:
        filename = last.tb_frame.f_code.co_filename
        if not filename.startswith(_PARTS) and (_INSTALLED in filename or not filename.startswith(_PYTHON)):
            return True
        last = last.tb_next
    return False


def _leaked(error: BaseException) -> bool:
    """Whether an error is Python's or NumPy's own, met in Adjoint's code: nobody wrote it for the user."""
    last: TracebackType | None = error.__traceback__
    while last is not None and last.tb_next is not None:
        last = last.tb_next
    if last is None:
        return False
    code = last.tb_frame.f_code
    ours = code.co_filename.startswith(("<adjoint ", _OURS))
    return (ours and code.co_code[last.tb_lasti] not in _RAISE) or code.co_filename.startswith(_NUMPY)


def with_plain_integers(values: dict[str, Any]) -> dict[str, Any] | None:
    """The arguments of a call that failed, with Python's integers in the place of NumPy's; None where there were none."""
    found = {name: _plain(value) for name, value in values.items()}
    return found if any(found[name] is not value for name, value in values.items()) else None


def _plain(value: Any) -> Any:
    if isinstance(value, np.integer):
        return int(value)
    if value.__class__ in (tuple, list, dict):
        inner = value.values() if value.__class__ is dict else value
        made = [_plain(v) for v in inner]
        if any(a is not b for a, b in zip(made, inner)):
            return dict(zip(value, made)) if value.__class__ is dict else value.__class__(made)
    return value


def spread_out(name: str) -> str:
    """An expression of what was given one by one or as one sequence."""
    return f"{name}[0] if len({name}) == 1 and isinstance({name}[0], (tuple, list)) else {name}"


def guarded(function: FunctionType, name: str, out: Out | None = None) -> Any:
    """The function, with its errors explained: of the same signature, so that a call costs one plain call more; where ``out`` is
    given and it has no such parameter, with that one."""
    described = function
    while described.__code__.co_argcount == 0 and hasattr(described, "__wrapped__"):  # behind a decorator's *args
        described = described.__wrapped__
    code = described.__code__
    names, space = code.co_varnames, {"__name__": "adjoint.generated", "function": function, "flag": flag, "refusal": refusal}
    space |= {"raised_by_user": raised_by_user, "overridden": overriding.late, "write_outs": write_outs, "rule": out}
    space.update(OnMeta=OnMeta, made_on_meta=made_on_meta)
    space["with_plain_integers"] = with_plain_integers
    positional = names[: code.co_argcount]
    keywords = names[code.co_argcount : code.co_argcount + code.co_kwonlyargcount]
    rest = list(names[code.co_argcount + code.co_kwonlyargcount :])
    starred = rest.pop(0) if code.co_flags & 0x04 else ""
    spread = rest.pop(0) if code.co_flags & 0x08 else ""
    defaults = dict(zip(positional[::-1], (described.__defaults__ or ())[::-1])) | (described.__kwdefaults__ or {})
    space["defaults"] = defaults
    space.update({f"default_{key}": value for key, value in defaults.items()})

    def parameter(key: str) -> str:
        return f"{key}=default_{key}" if key in defaults else key

    signature = [parameter(key) for key in positional[: code.co_posonlyargcount]]
    signature += ["/"] * bool(signature) + [parameter(key) for key in positional[code.co_posonlyargcount :]]
    signature += [f"*{starred}"] * bool(starred) or ["*"] * bool(keywords)
    signature += [parameter(key) for key in keywords] + [f"**{spread}"] * bool(spread)
    passed = [*positional, *[f"*{starred}"] * bool(starred), *(f"{key}={key}" for key in keywords), *[f"**{spread}"] * bool(spread)]
    passed_by_place = [*positional, *[f"*{starred}"] * bool(starred)]
    passed_by_name = ", ".join([*(f"{key!r}: {key}" for key in keywords), *[f"**{spread}"] * bool(spread)])
    values = (*positional, *[starred] * bool(starred), *keywords)
    written = ""
    if out is not None and "out" not in values:
        end = len(signature) - bool(spread)
        signature[end:end] = [*["*"] * (not starred and not keywords), "out=None"]
        written = f"    if out is not None: return write_outs({name!r}, function({', '.join(passed)}), out, rule, {len(values)})\n"
    shown = ", ".join(f"{('input' if key == 'self' else key)!r}: {spread_out(key) if key == starred else key}" for key in values)
    checks = "".join(f"        {line}\n" for line in flags(values, name, defaults))
    if name in casting.CASTS:  # as a whole; what it calls is not seen then
        space.update(cast_call=casting.call, intercept=intercept)
        by_name = ", ".join([*(f"{key}={key}" for key in keywords), *[f"**{spread}"] * bool(spread)])
        cast = f"cast_call({name!r}, function, ({''.join(f'{key}, ' for key in positional)}), dict({by_name}))"
        checks += f"        if intercept.active: return {cast}\n"
    if name[-1:] == "_" and name[0] != "_" and positional and OVERLOADS.get(name, "") is not None:
        space.update(check_write=check_write, intercept=intercept)
        others = "".join(f"{key}, " for key in (*positional[1:], *keywords))
        checks += f"        if intercept.active: check_write({positional[0]}, {name!r}, ({others}))\n"
    text = (
        f"def guard({', '.join(signature)}):\n{written}    try:\n{checks}        return function({', '.join(passed)})\n"
        "    except Exception as error:\n"
        "        if error.__class__ is OnMeta: return made_on_meta(function, "
        f"({''.join(f'{key}, ' for key in passed_by_place)}), {{{passed_by_name}}})\n"
        f"        late = overridden(guard, {{{shown}}}, {len(keywords)}, defaults)\n"
        f"        if late is not None: return guard({'*late[0][:-1], *late[0][-1]' if starred else '*late[0]'}, **late[1])\n"
        f"        plain = with_plain_integers({{'positional': ({''.join(f'{key}, ' for key in passed_by_place)}), "
        f"'named': {{{passed_by_name}}}}})\n"
        "        if plain is not None: return guard(*plain['positional'], **plain['named'])\n"
        f"        refused = refusal({name!r}, error, {{{shown}}}, {len(keywords)}, defaults)\n"
        "        if refused is None: raise\n        raise refused from None\n"
    )
    if starred:  # flags are keywords there
        # Passing every keyword on costs more than many of these functions do: without any, there is nothing to pass.
        text = text.replace("def guard(", "def by_name(").replace("return guard(", "return by_name(") + (
            "\ndef guard(*given, **named):\n    if named: return by_name(*given, **named)\n    try:\n"
            "        return function(*given)\n    except Exception as error:\n        if raised_by_user(error): raise\n"
            "    return by_name(*given)  # fails again, and is explained\n"
        )
    filename = f"<adjoint {name} guard>"
    linecache.cache[filename] = (len(text), None, text.splitlines(True), filename)
    exec(compile(text, filename, "exec"), space)
    made = space["guard"]
    made.__dict__.update(function.__dict__)
    made.__wrapped__ = function
    made.__name__, made.__module__ = function.__name__, function.__module__
    for part in (made, space.get("by_name", made)):  # Python's errors of a call tell this name
        part.__qualname__ = function.__qualname__
    made.__doc__, made.__annotations__ = function.__doc__, function.__annotations__
    return made

"""Fragment: an elementwise formula as a native function of vectors, for kernels that apply it to what they have computed.

The formula is traced once, as where it becomes a kernel of its own (:mod:`adjoint.kernels.fusing`); its numbers are
constants of the fragment.
"""

from __future__ import annotations

import linecache
from collections.abc import Callable
from typing import Any

import numpy as np

from adjoint.kernels import native
from adjoint.kernels.elementwise import TYPES, text_of
from adjoint.kernels.program import REDUCTIONS, Program, live
from adjoint.kernels.traced import TracedArray, Tracer, Untraceable

_made: dict[Any, Any] = {}
_MOST = 256
_SHAPE = (64,)


def fragment(formula: Callable[..., Any], dtype: Any, values: dict[str, Any]) -> Any:
    """``after(x, lanes)``, which computes ``formula(x, **values)`` in every lane; None where there is no native code.

    ``formula`` takes one array of float32 or float64 and returns one of its shape and dtype.
    """
    key = (formula, dtype, *[(k, v.__class__, v) for k, v in values.items()])
    try:
        found = _made.get(key, 0)
    except TypeError:  # a value that cannot be looked up
        return None
    if found == 0:
        if len(_made) >= _MOST:
            _made.clear()
        try:
            found = _fragment(formula, dtype, values)
        except Exception:  # the formula's own errors are raised where it is run
            found = None
        _made[key] = found
    return found


def _fragment(formula: Any, dtype: Any, values: dict[str, Any]) -> Any:
    tracer = Tracer()
    stand_in = np.empty(_SHAPE, dtype)
    result = tracer.trace(formula, (stand_in,), values, [stand_in])
    if not isinstance(result, TracedArray) or result.shape != _SHAPE or result.dtype != dtype:
        raise Untraceable("a result of another shape or dtype")
    program = tracer.program
    out = tracer.of(result)
    functions: dict[str, Any] = {}
    lines = ["def after(x, lanes):"]
    numbers = iter(program.numbers)
    given = {i: next(numbers) for i, e in enumerate(program.equations) if e.name == "number"}
    for i in live(program, [out]):
        lines.append(f"    v{i} = {_text(program, i, given, functions)}")
    source = "\n".join([*lines, f"    return v{out}"]) + "\n"
    filename = f"<adjoint fragment {len(_made)} {source}>"
    linecache.cache[filename] = (len(source), None, source.splitlines(True), filename)
    space = {k: v for k, v in vars(native).items() if not k.startswith("_")}
    space |= {"INFINITY": float("inf"), "NAN": float("nan"), "__name__": "adjoint.generated", **functions}
    exec(compile(source, filename, "exec"), space)
    return native.inline(space["after"])


def _text(program: Program, i: int, given: dict[int, Any], functions: dict[str, Any]) -> str:
    e = program.equations[i]
    if e.name == "input":
        if e.shape != _SHAPE or e.detail.offset or e.detail.strides != (e.dtype.itemsize,):
            raise Untraceable("a formula that does not treat every element alike")
        return "x"
    if e.name == "number":
        number = repr(given[i].item() if isinstance(given[i], np.generic) else given[i])
        number = number.replace("inf", "INFINITY").replace("nan", "NAN")
        return f"splat(constant({TYPES[str(e.dtype)]}, {number}), lanes)"
    if e.name in REDUCTIONS:
        raise Untraceable("a reduction")
    return text_of(program, i, [f"v{o}" for o in e.operands], functions)

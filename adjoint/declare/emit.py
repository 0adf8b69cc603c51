"""Emit: from an operator's row to the Python functions that run it, written as source and compiled when first used.

As ``dataclasses`` does: what is fixed by the row (how many inputs, what is saved for whom, which values have
defaults) is fixed in the source, so that a call is one Python frame without ``*args``, loops or dictionaries.
:mod:`.caller` and :mod:`.record` write what users call, :mod:`.backward` what nodes run; the names that their sources
use are given here.  ``print(source(operator, "function"))`` shows what runs.
"""

from __future__ import annotations

import linecache
from typing import Any

import numpy as np

from adjoint.autograd.edges import edge_of
from adjoint.autograd.grad_mode import mode, off, record_in_inference
from adjoint.autograd.interception import intercept
from adjoint.autograd.node import Output
from adjoint.autograd.overriding import late, not_implemented
from adjoint.autograd.quiet import calm
from adjoint.autograd.saved import (
    raise_freed,
    raise_modified,
    refuse_inference,
    saved_result,
    taped_input,
    taped_result,
)
from adjoint.autograd.saved_hooks import Packed
from adjoint.autograd.taped import Taped
from adjoint.autograd.views import become_view
from adjoint.autograd.waiting import turn
from adjoint.declare import again, operands
from adjoint.declare.arguments import numbers_in
from adjoint.declare.arranging import arranged, by_operands, made_of, record_of
from adjoint.declare.caller import Caller, identifier
from adjoint.declare.kernel_dtypes import refuse_dtype
from adjoint.declare.naming import show
from adjoint.declare.older import as_now
from adjoint.declare.operator import MISSING, Operator
from adjoint.declare.outs import in_dtype_of, write_outs
from adjoint.declare.refusing import flag, refusal, with_plain_integers
from adjoint.declare.second_try import is_taken, quietly
from adjoint.declare.uncomputed import of_stored
from adjoint.kernels.deferred import deferred
from adjoint.kernels.late import from_on
from adjoint.kernels.reading import compiled, made, threshold
from adjoint.readings.meta import MetaArray
from adjoint.tensor import ACROSS, NO_EDGE, Tensor, as_array, from_array, tick

_CALLERS = frozenset({"function", "dunder", "writer", "recorded"})


def build(operator: Operator, what: str) -> Any:
    """Compile one of ``function``, ``dunder``, ``writer``, ``recorded``, ``apply``, ``apply_large``, ``apply_taped``,
    ``gradients``, ``augmented``, ``node <name>`` or ``large <name>`` of an operator, once."""
    built = operator._built.get(what)
    if built is None:
        kind, _, name = what.partition(" ")
        if kind in ("node", "large"):
            from adjoint.declare.nodes import large_node_class, node_class

            built = (node_class if kind == "node" else large_node_class)(operator, name)
        elif kind == "augmented":
            from adjoint.declare.inplace import inplace_method

            built = inplace_method(operator, augmented=True)
        else:
            built = _compile(operator, what)
        operator._built[what] = built
    return built


def source(operator: Operator, what: str, space: dict[str, Any] | None = None) -> str:
    """The source of one of the functions that :func:`build` makes; what it uses of the globals of the row's own module is
    put into ``space``."""
    if what in ("gradients", "apply", "apply_large", "apply_taped"):
        from adjoint.declare.backward import Backward

        backward = Backward(operator, what == "apply_taped", {} if space is None else space)
        return backward.formulas_alone() if what == "gradients" else backward.source(what)
    caller = Caller(operator, dunder=what == "dunder", writes=what == "writer")
    return caller.source_of_record() if what == "recorded" else caller.source()


def _compile(operator: Operator, what: str) -> Any:
    space = {**_GLOBALS, "OP": operator, "__name__": "adjoint.generated", "forward": operator.forward}
    space["plain"] = operator.plain or operator.forward
    space["check"] = operator.check
    space["DTYPES"] = operator.kernel.dtypes if operator.kernel is not None else frozenset()
    space["__tracebackhide__"] = True  # pytest leaves out frames of such modules
    space["rule"] = operator.lies[0] if operator.lies else by_operands
    space["wide"] = getattr(operator.forward, "of_wide", None)
    if operator.least is not None:
        space["LARGE"] = from_on(operator.least)
    for i, formula in enumerate(operator.gradients.values()):
        space[f"formula{i}"] = formula
    for name, formula in operator.keeps.items():
        space[f"keep_{name}"] = formula
    defaults = space["defaults"] = {p.name: p.default for p in operator.params if p.default is not MISSING}
    for name, default in defaults.items():
        space[f"default_{name}"] = default
    if what == "writer":
        space["forward"] = operator.writer
    if what == "apply_large":
        space["gradients"] = build(operator, "gradients")
    if what in _CALLERS and operator.gradients:
        for node_name in operator.backward_names:
            space["Node_" + node_name] = build(operator, "node " + node_name)
            if operator.takes_large:
                space["Large_" + node_name] = build(operator, "large " + node_name)
        if operator.scalar is not None:
            space["scalar"] = operator.scalar.function
        if isinstance(operator.scalar_first, Operator):
            space["scalar_first"] = operator.scalar_first.function
    if operator.outputs and operator.outputs != "list":
        from adjoint.declare.return_types import return_type

        space["Returned"] = return_type(operator.name, operator.outputs)
    text = source(operator, what, space)
    filename = f"<adjoint {operator.name} {what}>"
    linecache.cache[filename] = (len(text), None, text.splitlines(True), filename)
    exec(compile(text, filename, "exec"), space)
    name = identifier(operator.name) if what in _CALLERS else what
    made = space[name]
    made.__qualname__ = operator.name
    made.__module__ = "adjoint"
    if what == "function":
        show(made, operator.where, operator.name)
        from adjoint.declare.documentation import document

        made.__doc__ = document(operator)
    space["function_itself"] = made
    return made


def _write_out(operator: Operator, out: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    from adjoint.autograd.overlap import check_late, check_overlap
    from adjoint.declare.inplace import check_out

    for each in (out,) if isinstance(out, Tensor) else out if isinstance(out, (tuple, list)) else ():
        if isinstance(each, Tensor):
            check_out(operator.name, each, args, kwargs)
            check_overlap(operator.overlap, operator.name, each, args, kwargs)
    result = operator.function(*args, **in_dtype_of(operator.out, out, args, kwargs))
    if operator.overlap.itself and isinstance(out, Tensor):
        check_late(operator.overlap, out, args[1:] if args and args[0] is out else args, kwargs)
    if operator.elementwise and any(a is out for a in args) and result._array.shape != out._array.shape:
        raise RuntimeError(f"output with shape {list(out.shape)} doesn't match the broadcast shape {list(result.shape)}")
    rule = operator.out and operator.out.for_operands((*args, *kwargs.values()), out)
    return write_outs(operator.name, result, out, rule, len(operator.params))


_GLOBALS: dict[str, Any] = {
    "FLOATS": operands.FLOATS,
    "NUMBERS": frozenset({bool, int, float, complex}),
    "NEEDED": MISSING,
    "raise_missing": operands.raise_missing,
    "INTS": operands.INTS,
    "LARGE": threshold(),
    "MetaArray": MetaArray,
    "NO_EDGE": NO_EDGE,
    "Output": Output,
    "Taped": Taped,
    "Tensor": Tensor,
    "arranged": arranged,
    "as_now": as_now,
    "as_array": as_array,
    "asarray": np.asarray,
    "generic": np.generic,
    "calm": calm,
    "compiled": compiled,
    "made": made,
    "deferred": deferred,
    "become_view": become_view,
    "edge_of": edge_of,
    "fit": operands.fit,
    "flag": flag,
    "fits": operands.fits,
    "flat": again.flat,
    "from_array": from_array,
    "from_numpy_beside": operands.from_numpy_beside,
    "intercept": intercept,
    "is_taken": is_taken,
    "not_implemented": not_implemented,
    "numbers_in": numbers_in,
    "of_stored": of_stored,
    "joint": again.joint,
    "GRAD": mode,
    "OFF": off,
    "refuse_inference": refuse_inference,
    "ACROSS": ACROSS,
    "ndarray": np.ndarray,
    "new": object.__new__,
    "operand": operands.operand,
    "beside_number": operands.beside_number,
    "overridden": late,
    "made_of": made_of,
    "narrowed": operands.narrowed,
    "promote": operands.promote,
    "promote_to_float": operands.promote_to_float,
    "quietly": quietly,
    "record_in_inference": record_in_inference,
    "record_of": record_of,
    "refusal": refusal,
    "raise_freed": raise_freed,
    "raise_integers": operands.raise_integers,
    "raise_modified": raise_modified,
    "refuse_dtype": refuse_dtype,
    "saved_result": saved_result,
    "Packed": Packed,
    "taped_input": taped_input,
    "taped_result": taped_result,
    "tick": tick,
    "turn": turn,
    "to_float": operands.to_float,
    "widen": operands.widen,
    "with_plain_integers": with_plain_integers,
    "write_out": _write_out,
    "zeros": np.zeros,
}

"""``out=``: what a row or a function made of others says of it, and how results are written into what was given."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, NoReturn

from adjoint import dtypes
from adjoint.declare.arguments import type_name
from adjoint.declare.return_types import ReturnType, return_type
from adjoint.tensor import Tensor


@dataclass(frozen=True, slots=True)
class Out:
    """Which dtypes ``out`` may have beside the result's own, and PyTorch's words for any other.

    ``text`` is the error, of several outputs one for each; it may name both dtypes, ``{Result}`` and ``{Out}`` as ``Float`` is
    one, ``{result}`` and ``{out}`` as ``float`` is.  ``same`` refuses every other dtype; otherwise those are refused to which
    the result's cannot be cast; ``beside`` names one that is taken all the same.  ``computes`` says of which operand's dtype, with
    which dtype of ``out``, the function computes in the latter and not in its own, to be converted then: numbers are cut off before
    they are added.  ``repeats`` lets one place in memory stand for several elements.  ``returned`` is whether a tuple of as many
    tensors as there are is returned.  ``magnitude``: of complex operands the result is real, and is written into whatever it can
    be cast to that is real, and into the operands' own dtype.
    """

    text: str | tuple[str, ...] = "result type {Result} can't be cast to the desired output type {Out}"
    same: bool = False
    error: type[Exception] = RuntimeError
    beside: str = ""
    computes: Callable[[dtypes.dtype, dtypes.dtype], bool] | None = None
    repeats: bool = False
    returned: bool = True
    magnitude: bool = False

    def for_operands(self, operands: Iterable[Any], out: Any) -> Out:
        """The rule for a call with these operands."""
        first = next((x.dtype for x in operands if isinstance(x, Tensor) and x.dtype.is_complex), None)
        if not self.magnitude or first is None or not isinstance(out, Tensor):
            return self
        if out.dtype.is_complex:
            self.check(first, out.dtype)
        return CAST

    def check(self, result: dtypes.dtype, out: dtypes.dtype, place: int = 0) -> None:
        """Raise PyTorch's error where a result of one dtype is not written into a tensor of the other."""
        if out is result or dtypes.SCALAR_TYPE_NAMES[out] == self.beside:
            return
        if self.same or not dtypes.can_cast(result, out):
            self._refuse(result, out, place)

    def _refuse(self, result: dtypes.dtype, out: dtypes.dtype, place: int) -> NoReturn:
        names, classes = dtypes.SCALAR_TYPE_NAMES, dtypes.C_NAMES
        text = self.text if isinstance(self.text, str) else self.text[place]
        filled = text.format(
            Result=names[result], Out=names[out], result=classes.get(result, names[result]), out=classes.get(out, names[out])
        )
        raise self.error(filled)


CAST = Out()
SAME = Out("Expected out tensor to have dtype {result}, but got {out} instead", same=True)
FOUND = Out("Found dtype {Out} but expected {Result}", same=True)
SCALAR_TYPE = Out("expected scalar_type {Result} but found {Out}", same=True)
REPEATS = Out(repeats=True)


def always(operand: dtypes.dtype, out: dtypes.dtype) -> bool:
    """It computes in the dtype of ``out``, whatever that is."""
    return True


COMPUTES = Out(computes=always)


def refused(text: str | tuple[str, ...], beside: str = "") -> Out:
    """Every dtype but the result's, and the one ``beside``, is refused, with this text."""
    return Out(text, same=True, beside=beside)


def safely(function: str, *outputs: str) -> Out:
    """As ``torch.linalg`` refuses what a result is not safely cast to; ``outputs`` are what the results are called."""
    texts = [
        f"{function}: Expected {o} to be safely castable from {{Result}} dtype, but got {o} with dtype {{Out}}"
        for o in outputs or ("result",)
    ]
    return Out(tuple(texts))


RULES: dict[str, Out] = {}
"""Of the functions that take ``out``, by the name that PyTorch's errors have (`linalg_eig`): what their declarations say."""


def in_dtype_of(rule: Out | None, out: Any, args: tuple[Any, ...], named: dict[str, Any]) -> dict[str, Any]:
    """A call's arguments by name; where ``out`` says in which dtype it computes, with that one as ``dtype``.

    Raises RuntimeError where another was asked for.
    """
    if rule is None or rule.computes is None or not isinstance(out, Tensor):
        return named
    asked = named["dtype"]
    if asked not in (None, out.dtype):
        SAME.check(asked, out.dtype)
    if not rule.computes(args[0].dtype, out.dtype):
        return named  # which there is not: what comes without ``out`` is refused
    return {**named, "dtype": out.dtype}


def write_outs(name: str, result: Any, out: Any, rule: Out | None = None, place: int = 0) -> Any:
    """Write a function's result, one tensor or several, into what was given as ``out=``, its argument at ``place``; what it
    returns then: named tuples of a type of their own, and nothing instead of a tuple of as many as there are."""
    from adjoint.declare.inplace import write_out

    if isinstance(result, Tensor):
        return write_out(result, out, name, rule)
    if isinstance(out, Tensor) or not isinstance(out, (tuple, list)):
        raise TypeError(f"{name}(): argument 'out' must be tuple of Tensors, not {type_name(out)}")
    for i, each in enumerate(out):
        if not isinstance(each, Tensor):
            raise TypeError(f"expected Tensor as element {i} in argument {place}, but got {type_name(each)}")
    named = isinstance(result, ReturnType)
    if len(out) != len(result):
        if named:
            raise TypeError(f"expected tuple of {len(result)} elements but got {len(out)}")
        raise RuntimeError(f"{name}_out expected an out= argument of size {len(result)}, got size {len(out)}")
    rule = rule or RULES.get(name) or CAST
    for i, (r, o) in enumerate(zip(result, out)):  # all of them, before one is written to
        rule.check(r.dtype, o.dtype, i)
    written = [write_out(r, o, name, rule, i) for i, (r, o) in enumerate(zip(result, out))]
    if named:
        return return_type(type(result).__name__ + "_out", type(result)._names)(written)
    return tuple(written) if rule.returned else None

"""Signatures: of functions that PyTorch has several of, and its error for arguments that fit none; looked up only when a call
has failed."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from adjoint.declare.arguments import type_name
from adjoint.declare.kinds import fits, kind_of

_OUT = ", *, Tensor out = None"

# Signatures -> the functions that have these: ``input`` stands for the first parameter's name, ``other`` for the second's.
_SEVERAL = {
    (f"Tensor input, Tensor other{_OUT}", f"Tensor input, Number other{_OUT}"): """
        clamp_max.input.max clamp_min.input.min copysign eq fmod ge greater greater_equal gt le less less_equal lt ne not_equal""",
    (f"Tensor input, Tensor other{_OUT}", "Number self, Tensor other", f"Tensor input, Number other{_OUT}"): """
        bitwise_and bitwise_left_shift bitwise_or bitwise_right_shift bitwise_xor remainder""",
    (f"Tensor input, Tensor other{_OUT}", f"Number self, Tensor other{_OUT}", f"Tensor input, Number other{_OUT}"): """
        float_power.input.exponent pow.input.exponent special_xlog1py special_xlogy special_zeta xlogy""",
    (f"Tensor input, Tensor other{_OUT}", f"Number input, Tensor other{_OUT}", f"Tensor input, Number other{_OUT}"): """
        special_chebyshev_polynomial_t.x.n special_chebyshev_polynomial_u.x.n special_chebyshev_polynomial_v.x.n
        special_chebyshev_polynomial_w.x.n special_hermite_polynomial_h.x.n special_hermite_polynomial_he.x.n
        special_laguerre_polynomial_l.x.n special_legendre_polynomial_p.x.n special_shifted_chebyshev_polynomial_t.x.n
        special_shifted_chebyshev_polynomial_u.x.n special_shifted_chebyshev_polynomial_v.x.n
        special_shifted_chebyshev_polynomial_w.x.n""",
    (f"Tensor input, Tensor other{_OUT}", "Tensor input, Number other"): "floor_divide multiply true_divide",
    ("Tensor input, Tensor other, *, Number alpha = 1", "Tensor input, Number other, Number alpha = 1"): "rsub",
    ("Tensor input, int sections", "Tensor input, tuple of ints indices"): "dsplit hsplit vsplit",
    (
        f"Tensor input{_OUT}",
        f"Tensor input, Tensor other{_OUT}",
        "Tensor input, int dim, bool keepdim = False, *, tuple of Tensors out = None",
    ): "max min",
}
_MADE = (
    "torch.dtype dtype = None, torch.layout layout = None, torch.device device = None, bool pin_memory = False, "
    "bool requires_grad = False"
)
_SPACED = {
    "linspace": "int steps, *, Tensor out = None, ",
    "logspace": "int steps, float base = 10.0, *, Tensor out = None, ",
}


@lru_cache(maxsize=1)
def _table() -> dict[str, tuple[str, ...]]:
    found = {}
    for signatures, functions in _SEVERAL.items():
        for each in functions.split():
            function, first, second = each.split(".") if "." in each else (each, "input", "other")
            found[function] = tuple(s.replace(" input", f" {first}").replace(" other", f" {second}") for s in signatures)
    for function, rest in _SPACED.items():
        ends = (("Tensor", "Tensor"), ("Number", "Tensor"), ("Tensor", "Number"), ("Number", "Number"))
        found[function] = tuple(f"{a} start, {b} end, {rest}{_MADE}" for a, b in ends)
    return found


def of_none(function: str, values: dict[str, Any], defaults: dict[str, Any]) -> bool:
    """Whether a function has several signatures, and arguments fit none of them."""
    signatures = _table().get(function)
    if signatures is None:
        return False
    given = _given(values, defaults)
    return not any(len(given) <= len(_parameters(s)) and all(_fitting(s, given)) for s in signatures)


def combination(function: str, values: dict[str, Any], defaults: dict[str, Any]) -> TypeError:
    """PyTorch's error for arguments that fit none of a function's signatures, with the types of those given: of those, that is,
    which are not what they are by default."""
    given = _given(values, defaults)
    kinds = list(map(type_name, given))
    shown = ""
    signatures = _table().get(function) or (", ".join(f"{kind_of(function, name) or 'object'} {name}" for name in values),)
    for signature in signatures:
        shown += f" * ({signature})\n"
        if function in _table() and ", *" not in signature and len(_parameters(signature)) == len(given):
            # (no number fits a "Number" there)
            fitting = [fit and kind != "Number" for kind, fit in zip(_parameters(signature), _fitting(signature, given))]
            marked = ", ".join(k if fit else f"!{k}!" for k, fit in zip(kinds, fitting))
            shown += f"      didn't match because some of the arguments have invalid types: ({marked})\n"
    return TypeError(
        f"{function}() received an invalid combination of arguments - got ({', '.join(kinds)}), but expected one of:\n{shown}"
    )


def _given(values: dict[str, Any], defaults: dict[str, Any]) -> list[Any]:
    return [v for name, v in values.items() if v is not defaults.get(name, defaults)]


def _parameters(signature: str) -> list[str]:
    """The kinds of a signature's parameters, those given by keyword too."""
    return [part.partition(" = ")[0].rpartition(" ")[0] for part in signature.split(", ") if part != "*"]


def _fitting(signature: str, given: list[Any]) -> list[bool]:
    """Of each of the arguments whether it is what the signature has in its place."""
    return [fits(kind, value) for kind, value in zip(_parameters(signature), given)]

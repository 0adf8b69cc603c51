"""``torch._foreach_*``: an operator applied to each tensor of a list, with the elements of other lists, or one number for all.

They are made from a table when first named: of each it says only what its arguments are called, for the operator is there.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from functools import lru_cache
from typing import Any

import adjoint as torch
from adjoint.autograd.captures import unchecked
from adjoint.autograd.grad_mode import mode

# What is called with the tensor and nothing else ...
_ALONE = (
    "abs acos asin atan ceil cos cosh erf erfc exp expm1 floor frac lgamma log log10 log1p log2 max neg reciprocal round rsqrt "
    "sigmoid sign sin sinh sqrt tan tanh trunc zero clone"
).split()
# ... and with which arguments: alternatives of one are called by different names.
_ARGUMENTS = {
    "add sub mul div clamp_max clamp_min maximum minimum": ("other scalar scalars",),
    "addcdiv addcmul": ("tensor1", "tensor2", "value scalars"),
    "copy": ("src", "non_blocking"),
    "lerp": ("tensors1", "weight weights"),
    "mm": ("mat2",),
    "norm powsum": ("ord", "dtype"),
    "pow": ("exponent",),
}
_KEYWORDS = {"add": ("alpha",), "sub": ("alpha",), "clone": ("memory_format",)}
_OPTIONAL = frozenset({"value scalars", "non_blocking", "ord", "dtype"})
_ONLY_INTO_THEMSELVES = frozenset({"copy", "zero"})  # what there is in place alone
_NEVER_INTO_THEMSELVES = frozenset({"clone", "max", "mm", "norm", "powsum"})

_PARAMETERS: dict[str, tuple[str, ...]] = dict.fromkeys(_ALONE, ())
_PARAMETERS.update({name: arguments for names, arguments in _ARGUMENTS.items() for name in names.split()})


def listed() -> list[str]:
    """The names there are."""
    plain = [name for name in _PARAMETERS if name not in _ONLY_INTO_THEMSELVES]
    return sorted(
        [f"_foreach_{name}" for name in plain]
        + [f"_foreach_{name}_" for name in _PARAMETERS if name not in _NEVER_INTO_THEMSELVES]
    )


@lru_cache(maxsize=None)
def find(name: str) -> Callable[..., Any] | None:
    """The function of that name; None where there is none.

    >>> import adjoint as torch
    >>> torch._foreach_add([torch.ones(1), torch.zeros(2)], [1, 2])
    (tensor([2.]), tensor([2., 2.]))
    """
    if name not in listed():
        return None
    operator = name.removeprefix("_foreach_").removesuffix("_")
    in_place = name.endswith("_")
    apply = _in_place(operator) if in_place else _ELEMENTS.get(operator) or getattr(torch, operator)

    def function(*args: Any, **kwargs: Any) -> Any:
        tensors, arguments, options = _given(name, operator, args, kwargs)
        with unchecked() if in_place and mode.birth else nullcontext():
            results = [apply(t, *(a[i] for a in arguments), **options) for i, t in enumerate(tensors)]
        return list(tensors) if in_place else tuple(results)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"``{operator}`` of each tensor of a list" + (", in place." if in_place else ".")
    return function


def _given(
    name: str, operator: str, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[Any, list[list[Any]], dict[str, Any]]:
    """The tensors, the arguments as lists of the same length, and what is the same for all."""
    parameters = ("self", *_PARAMETERS[operator])
    options = {key: kwargs.pop(key) for key in _KEYWORDS.get(operator, ()) if key in kwargs}
    if len(args) > len(parameters):
        raise TypeError(f"{name}() takes {len(parameters)} positional arguments but {len(args)} were given")
    values = list(args)
    for parameter in parameters[len(args) :]:
        key = next((key for key in parameter.split() if key in kwargs), None)
        if key is not None:
            values.append(kwargs.pop(key))
        elif parameter not in _OPTIONAL:
            raise TypeError(f"{name}() missing required argument: {parameter.replace(' ', ' or ')!r}")
        else:
            break
    if kwargs:
        raise TypeError(f"{name}() got an unexpected keyword argument {next(iter(kwargs))!r}")
    exponents = operator == "pow" and len(values) == 2 and not isinstance(values[0], (list, tuple))  # of one number
    tensors = values[1] if exponents else values[0]
    if not isinstance(tensors, (list, tuple)):
        raise TypeError(f"{name}(): argument 'self' (position 1) must be tuple of Tensors, not {type(tensors).__name__}")
    if not tensors:
        raise RuntimeError("Tensor list must have at least one tensor.")
    for i, tensor in enumerate(tensors):
        if not isinstance(tensor, torch.Tensor):
            raise TypeError(f"expected Tensor as element {i} in argument 0, but got {type(tensor).__name__}")
    if exponents:
        return [values[0]] * len(tensors), [list(tensors)], options
    spread = [_spread(name, p, i, v, len(tensors)) for i, (p, v) in enumerate(zip(parameters[1:], values[1:]), 2)]
    return tensors, spread, options


def _spread(name: str, parameter: str, position: int, value: Any, length: int) -> list[Any]:
    """An argument as one value for each tensor."""
    if isinstance(value, (list, tuple)):
        if len(value) != length:
            if value and not isinstance(value[0], torch.Tensor):
                raise RuntimeError("Tensor list must have same number of elements as scalar list.")
            raise RuntimeError(f"Tensor lists must have the same number of tensors, got {length} and {len(value)}")
        return list(value)
    if isinstance(value, torch.Tensor):
        if parameter == "value scalars":
            if len(value.shape) != 1 or value.shape[0] != length:
                raise RuntimeError(
                    f"Expected length of scalars to match input of length {length} but got {value.numel()} instead."
                )
            return value.tolist()  # type: ignore[no-any-return]
        if value.dim():
            raise RuntimeError(
                f"scalar tensor expected to be 0 dim but it has {value.dim()} dimensions and {value.numel()} elements."
            )
    elif value is None and parameter not in _OPTIONAL:
        raise TypeError(f"{name}(): argument {parameter.split()[0]!r} (position {position}) must be tuple of Tensors, not NoneType")
    return [value] * length


# Elements of which PyTorch's function is not the operator of that name.


def _chosen(of_tensors: str, of_a_number: str) -> Callable[..., Any]:
    def apply(tensor: Any, other: Any) -> Any:
        return getattr(torch, of_tensors if isinstance(other, torch.Tensor) else of_a_number)(tensor, other)

    return apply


def _max(tensor: Any) -> Any:
    if not tensor.numel():
        raise RuntimeError(
            "_foreach_max cannot compute the maximum of an empty tensor; max over zero elements is undefined."
        )
    return torch.max(tensor)


def _norm(tensor: Any, ord: float = 2, dtype: Any = None) -> Any:
    return torch.linalg.vector_norm(tensor, ord, dtype=dtype)


def _powsum(tensor: Any, ord: float = 2, dtype: Any = None) -> Any:
    return torch.sum(torch.abs(tensor) ** ord, dtype=dtype)


def _fused(operator: str) -> Callable[..., Any]:
    def apply(tensor: Any, tensor1: Any, tensor2: Any, value: Any = 1) -> Any:
        return getattr(torch, operator)(tensor, tensor1, tensor2, value=value)

    return apply


_ELEMENTS: dict[str, Callable[..., Any]] = {
    "addcdiv": _fused("addcdiv"),
    "addcmul": _fused("addcmul"),
    "clamp_max": _chosen("minimum", "clamp_max"),
    "clamp_min": _chosen("maximum", "clamp_min"),
    "max": _max,
    "maximum": _chosen("maximum", "clamp_min"),
    "minimum": _chosen("minimum", "clamp_max"),
    "norm": _norm,
    "powsum": _powsum,
}


def _in_place(operator: str) -> Callable[..., Any]:
    if operator in ("addcdiv", "addcmul"):
        return lambda tensor, a, b, value=1: getattr(tensor, operator + "_")(a, b, value=value)
    apply = _ELEMENTS.get(operator)
    if apply is None:
        return lambda tensor, *args, **options: getattr(tensor, operator + "_")(*args, **options)
    return lambda tensor, other: tensor.copy_(apply(tensor, other))

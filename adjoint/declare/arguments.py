"""Arguments: what users pass for sizes, dtypes and numbers, checked in PyTorch's words."""

from __future__ import annotations

from operator import index
from typing import Any, NoReturn

from adjoint import dtypes
from adjoint.tensor import Tensor
from adjoint.type_names import type_name as type_name

_PYTHON_TYPES: dict[type, dtypes.dtype] = {
    float: dtypes.float64,
    int: dtypes.int64,
    bool: dtypes.bool_,
    complex: dtypes.complex128,
}


def wrong_argument(function: str, name: str, expected: str, value: Any, position: int | None = None) -> NoReturn:
    """Raise PyTorch's TypeError for an argument of the wrong type."""
    where = "" if position is None else f" (position {position})"
    raise TypeError(f"{function}(): argument '{name}'{where} must be {expected}, not {type_name(value)}") from None


def numbers_in(operator: Any, values: dict[str, Any]) -> dict[str, Any] | None:
    """The values of an operator's call with numbers in place of tensors of no dimensions; None where there is no such tensor.

    Raises PyTorch's TypeError for one that requires grad, whose gradient would be lost.
    """
    found = dict(values)
    for name, value in values.items():
        if isinstance(value, Tensor) and not value._array.ndim:
            if value.requires_grad:
                names = [p.name for p in operator.params]
                wrong_argument(operator.name, name, "Number", value, 1 + names.index(name) if name in names else None)
            found[name] = value.item()
    return found if any(found[name] is not value for name, value in values.items()) else None


def dtype_argument(function: str, given: Any) -> dtypes.dtype | None:
    """A dtype that was passed: a torch dtype, or one of the Python types float, int, bool and complex."""
    if given is None or given.__class__ is dtypes.dtype:
        return given
    found = _PYTHON_TYPES.get(given) if isinstance(given, type) else None
    if found is None:
        wrong_argument(function, "dtype", "torch.dtype", given)
    return found


def sizes(function: str, given: Any, name: str = "size") -> tuple[int, ...]:
    """Sizes given as separate arguments, ``(2, 3)``, or as one sequence, ``([2, 3],)``."""
    if len(given) == 1 and given[0].__class__ is not int:
        only = given[0]
        if isinstance(only, (tuple, list)):
            given = only
        elif isinstance(only, (bool, float, str, complex)) or only is None or not hasattr(only, "__index__"):
            wrong_argument(function, name, "tuple of ints", only, 1)
    for size in given:
        if size.__class__ is not int:
            return tuple(_integer(function, name, i, s) for i, s in enumerate(given, 1))
    return tuple(given)


def sequence_of_sizes(function: str, given: Any, name: str = "size") -> tuple[int, ...]:
    """Sizes that have to be given as one sequence."""
    if not isinstance(given, (tuple, list)):
        wrong_argument(function, name, "tuple of ints", given, 1)
    return sizes(function, (given,), name)


def _integer(function: str, name: str, position: int, value: Any) -> int:
    if value.__class__ is int:
        return value
    if not isinstance(value, (bool, float, str, complex)):
        try:
            return index(value)
        except TypeError:
            pass
    if position == 1:
        raise TypeError(
            f"{function}(): argument '{name}' (position 1) must be tuple of ints, but found element of type "
            f"{type_name(value)} at pos 0"
        ) from None
    raise TypeError(
        f"{function}(): argument '{name}' failed to unpack the object at pos {position} with error "
        f'"type must be tuple of ints,but got {type_name(value)}"'
    ) from None


def check_not_negative(shape: tuple[int, ...]) -> None:
    """Raise PyTorch's RuntimeError for a negative size."""
    if shape and min(shape) < 0:
        raise RuntimeError(
            f"Trying to create tensor with negative dimension {next(n for n in shape if n < 0)}: {list(shape)}"
        )


def python_number(value: Any) -> complex | bool | None:
    """A number as Python's own: of Python, of NumPy, or of a tensor without dimensions; None for anything else.

    A tensor that requires grad is none, as in PyTorch: its gradient would be lost.
    """
    if isinstance(value, (bool, int, float, complex)):
        return value.item() if hasattr(value, "item") else value
    if isinstance(value, Tensor):
        return None if value._array.ndim or value.requires_grad else value._array.item()
    if hasattr(value, "dtype") and hasattr(value, "item") and getattr(value, "ndim", 1) == 0:
        found = value.item()
        return found if isinstance(found, (bool, int, float, complex)) else None
    return None

"""Overloads: by which name PyTorch tells an in-place method in an error, ``add_.Tensor`` or ``pow_.Scalar``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from adjoint.declare.schemas import AUGMENTED, INCOMPATIBLE, OVERLOADS
from adjoint.tensor import Tensor

Given = tuple[Any, ...]


def _given(others: Given, named: dict[str, Any]) -> list[Any]:
    return [value for value in (*others, *named.values()) if value is not None]


def _by_last(of_number: str, of_tensor: str) -> Callable[[Given, dict[str, Any]], str]:
    """The rule of those whose last argument that is no text may be a number or a tensor."""

    def overload(others: Given, named: dict[str, Any]) -> str:
        values = [value for value in _given(others, named) if not isinstance(value, str)]
        return of_tensor if values and isinstance(values[-1], Tensor) else of_number

    return overload


def _of_bounds(others: Given, named: dict[str, Any]) -> str:
    return "" if any(not isinstance(value, Tensor) for value in _given(others, named)) else "Tensor"


def _of_quotient(others: Given, named: dict[str, Any]) -> str:
    return "Tensor_mode" if any(isinstance(value, str) for value in _given(others, named)) else "Tensor"


def _of_scattering(others: Given, named: dict[str, Any]) -> str:
    reduces = any(isinstance(value, str) for value in _given(others, named))
    return _by_last("value_reduce" if reduces else "value", "reduce" if reduces else "src")(others, named)


OVERLOADS.update(
    {
        **dict.fromkeys(
            ("add_", "sub_", "mul_", "multiply_", "subtract_", "true_divide_", "floor_divide_"), "Tensor"
        ),
        **dict.fromkeys(("div_", "divide_"), _of_quotient),
        **dict.fromkeys(("clamp_", "clip_"), _of_bounds),
        **dict.fromkeys(("clamp_max_", "clamp_min_"), _by_last("", "Tensor")),
        **dict.fromkeys(
            (
                *("eq_", "ne_", "lt_", "le_", "gt_", "ge_", "fill_", "masked_fill_", "lerp_", "pow_", "float_power_", "fmod_"),
                *("remainder_", "copysign_", "bitwise_and_", "bitwise_or_", "bitwise_xor_"),
                *("__iand__", "__ior__", "__ixor__", "__ilshift__", "__irshift__"),
            ),
            _by_last("Scalar", "Tensor"),
        ),
        **dict.fromkeys(("bitwise_left_shift_", "bitwise_right_shift_"), _by_last("Tensor_Scalar", "Tensor")),
        "xlogy_": _by_last("Scalar_Other", "Tensor"),
        "bernoulli_": _by_last("float", "Tensor"),
        "index_fill_": _by_last("int_Scalar", "int_Tensor"),
        "set_": _by_last("", "source_Tensor"),
        "scatter_": _of_scattering,
        "scatter_reduce_": "two",
        "random_": lambda others, named: ("", "to", "from")[min(len(others), 2)],
        "round_": lambda others, named: "decimals" if any(_given(others, named)) else "",
        **dict.fromkeys(("dropout_", "alpha_dropout_", "feature_dropout_", "feature_alpha_dropout_"), None),
    }
)
AUGMENTED.update(
    bitwise_and_="__iand__",
    bitwise_or_="__ior__",
    bitwise_xor_="__ixor__",
    bitwise_left_shift_="__ilshift__",
    bitwise_right_shift_="__irshift__",
)
INCOMPATIBLE.update(
    {
        **dict.fromkeys(
            (
                *("clamp_max_", "clamp_min_", "copy_", "div_", "divide_", "true_divide_", "mul_", "multiply_", "sub_"),
                *("logical_and_", "logical_or_", "logical_xor_"),
            ),
            "inplace arithmetic",
        ),
        **dict.fromkeys(
            (
                *("add_", "atan2_", "bitwise_and_", "bitwise_or_", "bitwise_xor_", "bitwise_left_shift_", "bitwise_right_shift_"),
                *("copysign_", "gcd_", "lcm_"),
            ),
            "",
        ),
        **{name: name for name in ("fill_", "index_add_", "index_fill_", "index_put_", "scatter_add_")},
        "bernoulli_": "inplace bernoulli",
        "masked_fill_.Scalar": "inplace arithmetic",
    }
)

"""Choosing between values: clamp, maximum and minimum, where, nan_to_num."""

from __future__ import annotations

from typing import Any, NoReturn

import ml_dtypes
import numpy as np

from adjoint import dtypes
from adjoint.autograd.taped import taped
from adjoint.declare import composite, elementwise, op
from adjoint.declare.arguments import python_number
from adjoint.declare.arranging import as_operands
from adjoint.declare.once import warn_once
from adjoint.declare.operands import FLOATS, fit, is_number, number, raise_shapes, result_type_of
from adjoint.declare.outs import refused
from adjoint.ops.arithmetic import constant, with_number
from adjoint.ops.arrays import Array
from adjoint.ops.complex_parts import complex_of
from adjoint.ops.each_sample import refuse_samples
from adjoint.ops.scalars import convert, element, filling
from adjoint.ops.unsupported import unsupported
from adjoint.readings.sparse import SparseArray
from adjoint.readings.sparse_rules import of_coalesced
from adjoint.tensor import Tensor, from_array

# The larger and the smaller of two


def _real_only(name: str, ufunc: Any) -> Any:
    def forward(self, other):
        if self.dtype.kind == "c":
            raise RuntimeError(f"{name} not implemented for complex tensors.")
        return ufunc(self, other)

    return forward


def _share(g, better, equal):
    """The gradient of the chosen operand; of equal ones each gets half."""
    return np.where(equal, g / 2, np.where(better, g, constant(0, g)))


def _shared_tangent(chosen, equal, self_t, other_t):
    return np.where(chosen, self_t, np.where(equal, (self_t + other_t) / constant(2, other_t), other_t))


def _like(x, result):
    """An operand in the dtype of the result, or of its gradient, in which PyTorch compares: there 0.1 in double precision without
    dimensions, which decides no dtype, is equal to a float32 tensor's 0.1."""
    return x if x.dtype == result.dtype else x.astype(result.dtype)


def _of_larger(g, self, other):
    self, other = _like(self, g), _like(other, g)
    return _share(g, ~(self < other), self == other)


def _of_smaller(g, self, other):
    self, other = _like(self, g), _like(other, g)
    return _share(g, ~(self > other), self == other)


maximum = elementwise(
    "maximum", _real_only("maximum", np.maximum), plain=np.maximum, inplace=False, numbers=False,
    tangent=lambda self, other, self_t, other_t, result: _shared_tangent(
        _like(self, result) > _like(other, result), _like(self, result) == _like(other, result), self_t, other_t
    ),
    self=_of_larger,
    other=lambda g, self, other: _of_larger(g, other, self),
    reads={"self": "g if self > other else 0", "other": "g if other > self else 0"},
    doc="The larger of two elements; NaN where one is.",
)  # fmt: skip
minimum = elementwise(
    "minimum", _real_only("minimum", np.minimum), plain=np.minimum, inplace=False, numbers=False,
    tangent=lambda self, other, self_t, other_t, result: _shared_tangent(
        _like(self, result) < _like(other, result), _like(self, result) == _like(other, result), self_t, other_t
    ),
    self=_of_smaller,
    other=lambda g, self, other: _of_smaller(g, other, self),
    reads={"self": "g if self < other else 0", "other": "g if other < self else 0"},
    doc="The smaller of two elements; NaN where one is.",
)  # fmt: skip
fmax = elementwise(
    "fmax", _real_only("fmax", np.fmax), plain=np.fmax, inplace=False, numbers=False,
    tangent=lambda self, other, self_t, other_t, result: np.where(
        (_like(self, result) > _like(other, result)) | np.isnan(other), self_t, other_t
    ),
    self=lambda g, self, other: np.where((_like(self, g) >= _like(other, g)) | np.isnan(other), g, constant(0, g)),
    other=lambda g, self, other: np.where((_like(self, g) >= _like(other, g)) | np.isnan(other), constant(0, g), g),
    reads={"self": "g if self >= other or other is NaN else 0", "other": "0 if self >= other or other is NaN else g"},
    doc="The larger of two elements; where one is NaN, the other.",
)  # fmt: skip
fmin = elementwise(
    "fmin", _real_only("fmin", np.fmin), plain=np.fmin, inplace=False, numbers=False,
    self=lambda g, self, other: np.where((_like(self, g) <= _like(other, g)) | np.isnan(other), g, constant(0, g)),
    other=lambda g, self, other: np.where((_like(self, g) <= _like(other, g)) | np.isnan(other), constant(0, g), g),
    reads={"self": "g if self <= other or other is NaN else 0", "other": "0 if self <= other or other is NaN else g"},
    doc="The smaller of two elements; where one is NaN, the other.",
)  # fmt: skip

# Between bounds


def _no_complex(array: Any) -> None:
    if array.dtype.kind == "c":
        raise NotImplementedError("clamp is not supported for complex types")


_PLAIN = (float, int, type(None))


def _clamp_number(self: Array, min=None, max=None):
    if self.dtype.kind == "f" and min.__class__ in _PLAIN and max.__class__ in _PLAIN and min == min and max == max:
        result = self if min is None else np.maximum(self, element(min, self))
        return result if max is None else np.minimum(result, element(max, self))
    _no_complex(self)
    bounds = [b for b in (min, max) if b is not None]
    if self.dtype.kind in "iub":
        for bound in bounds:
            self = with_number(self, bound)[0]
        _no_complex(self)
        if self.dtype.kind == "b":
            only = "" if len(bounds) == 2 else "max_" if min is None else "min_"
            unsupported(f"clamp_{only}scalar_cpu", self)
    for bound in bounds:
        if bound.__class__ is complex:
            convert(bound, dtypes.float64)
    if any(bound != bound for bound in bounds):  # a bound that is no number leaves none
        return np.maximum(self, np.asarray(np.nan, self.dtype))  # (which lies in memory as any result does)
    result = self
    if min is not None:
        result = np.maximum(result, element(min, self))
    if max is not None:
        result = np.minimum(result, element(max, self))
    return result


def _inside(g, self, min, max):
    if min is None:
        kept = self <= max
    elif max is None:
        kept = self >= min
    else:
        kept = (self >= min) & (self <= max)
    return np.where(kept, g, constant(0, g))


_clamp_scalar = op("clamp", _clamp_number, where="", node="ClampBackward1", self=_inside)


def _clamp_arrays(self: Array, min: Array | None = None, max: Array | None = None):
    _no_complex(self)
    given = [a for a in (self, min, max) if a is not None]
    d = dtypes.result_of([(dtypes.OF_ARRAY[a.dtype], 0 if a.ndim else 1) for a in given]).array
    if d.kind == "c":
        unsupported("maximum_cpu", np.empty(0, d))
    result = self.astype(d)
    try:
        if min is not None:
            result = np.maximum(result, min.astype(d))
        if max is not None:
            result = np.minimum(result, max.astype(d))
    except ValueError:
        raise_shapes(*given)
    return result


def _clamp_min_gradient(g, self, min, max, min_shape, min_dtype):
    if min is None:
        return None
    self, min, max = _like(self, g), _like(min, g), None if max is None else _like(max, g)
    chosen = self < min if max is None else (self < min) & (min < max)
    return fit(np.where(chosen, g, constant(0, g)), min_shape, min_dtype)


def _clamp_max_gradient(g, self, min, max, max_shape, max_dtype):
    if max is None:
        return None
    self, min, max = _like(self, g), None if min is None else _like(min, g), _like(max, g)
    chosen = self > max if min is None else (self > max) | (max < min)
    return fit(np.where(chosen, g, constant(0, g)), max_shape, max_dtype)


def _clamp_tangent(self, min, max, self_t, min_t, max_t, result):
    """PyTorch's choice where an element is equal to its only bound: the bound's tangent, though the gradient is the element's."""
    self, min, max = (None if x is None else _like(x, result) for x in (self, min, max))
    if max is None:
        made = np.where(self > min, self_t, min_t)
    elif min is None:
        made = np.where(self < max, self_t, max_t)
    else:
        made = np.where(min > max, max_t, np.where(self < min, min_t, np.where(self > max, max_t, self_t)))
    return made if made.dtype == result.dtype else made.astype(result.dtype)


_clamp_tensors = op(
    "clamp", _clamp_arrays, lies=as_operands(), where="", node="ClampBackward0",
    self=lambda g, self, min, max, self_shape, self_dtype: fit(
        _inside(g, _like(self, g), None if min is None else _like(min, g), None if max is None else _like(max, g)),
        self_shape, self_dtype,
    ),
    min=_clamp_min_gradient,
    max=_clamp_max_gradient, tangent=_clamp_tangent,
)  # fmt: skip


@composite(aliases=("clip",), inplace=True)
def clamp(
    input: Tensor, min: float | Tensor | None = None, max: float | Tensor | None = None, *, out: Tensor | None = None
) -> Tensor:
    """Each element, or the bound that it is beyond; bounds are two numbers or two tensors.

    Raises RuntimeError without any bound, TypeError where a number and a tensor are mixed.

    >>> import adjoint as torch
    >>> torch.clamp(torch.tensor([-1., 0.5, 2.]), 0, 1)
    tensor([0.0000, 0.5000, 1.0000])
    """
    if min is None and max is None:
        raise RuntimeError("torch.clamp: At least one of 'min' or 'max' must not be None")
    if min.__class__ in _PLAIN and max.__class__ in _PLAIN:
        result = _clamp_scalar.function(input, min, max)
    else:
        bounds = [bound for bound in (min, max) if bound is not None]
        if all(isinstance(bound, Tensor) for bound in bounds):
            result = _clamp_tensors.function(input, min, max)
        else:
            numbers = [None if bound is None else python_number(bound) for bound in (min, max)]
            if numbers.count(None) > 2 - len(bounds):
                _refuse_bounds(min, max)
            result = _clamp_scalar.function(input, *numbers)
    if out is None:
        return result
    from adjoint.declare.inplace import write_out

    return write_out(result, out, "clamp")


def _refuse_bounds(min: Any, max: Any) -> NoReturn:
    given = ", ".join(type(b).__name__ for b in (min, max))
    marked = ", ".join(f"!{type(b).__name__}!" for b in (min, max))
    raise TypeError(
        f"clamp() received an invalid combination of arguments - got ({given}), but expected one of:\n"
        " * (Tensor min = None, Tensor max = None)\n"
        f"      didn't match because some of the arguments have invalid types: ({marked})\n"
        " * (Number min = None, Number max = None)\n"
        f"      didn't match because some of the arguments have invalid types: ({marked})\n"
    )


def _clamp_min_number(self: Array, min):
    return _clamp_number(self, min)


def _clamp_max_number(self: Array, max):
    return _clamp_number(self, None, max)


_clamp_min_scalar = op(
    "clamp_min_number", _clamp_min_number, where="", node="ClampMinBackward0",
    self=lambda g, self, min: np.where(self >= min, g, constant(0, g)),
)  # fmt: skip
_clamp_max_scalar = op(
    "clamp_max_number", _clamp_max_number, where="", node="ClampMaxBackward0",
    self=lambda g, self, max: np.where(self <= max, g, constant(0, g)),
)  # fmt: skip


def _clamp_to_min(self, min):
    return np.maximum(self, min) if self.dtype.kind != "c" else unsupported("maximum_cpu", self)


def _clamp_to_max(self, max):
    return np.minimum(self, max) if self.dtype.kind != "c" else unsupported("minimum_cpu", self)


clamp_min = elementwise(
    "clamp_min", _clamp_to_min, plain=np.maximum, scalar=_clamp_min_scalar, node="ClampMinBackward1",
    tangent=lambda self, min, self_t, min_t: np.where(self >= min, self_t, min_t),  # of a NaN the bound's, as PyTorch
    self=lambda g, self, min: np.where(self >= min, g, constant(0, g)),
    min=lambda g, self, min: np.where(self < min, g, constant(0, g)),
    doc="Each element, and ``min`` in the place of smaller ones.",
)  # fmt: skip
clamp_max = elementwise(
    "clamp_max", _clamp_to_max, plain=np.minimum, scalar=_clamp_max_scalar, node="ClampMaxBackward1",
    tangent=lambda self, max, self_t, max_t: np.where(self <= max, self_t, max_t),
    self=lambda g, self, max: np.where(self <= max, g, constant(0, g)),
    max=lambda g, self, max: np.where(self > max, g, constant(0, g)),
    doc="Each element, and ``max`` in the place of larger ones.",
)  # fmt: skip


@taped(np.clip)
def _taped_clip(x: Tensor, min: Any = None, max: Any = None) -> Tensor:
    return clamp(x, min, max)


# One or the other


def _where(condition: Array, self: Array, other: Array):
    return np.where(condition, self, other)


_choose = op(
    "where", _where, lies=as_operands(), where="", node="WhereBackward0",
    self=lambda g, condition, self_shape, self_dtype:
        fit(np.where(condition, g, constant(0, g)), self_shape, self_dtype),
    other=lambda g, condition, other_shape, other_dtype:
        fit(np.where(condition, constant(0, g), g), other_shape, other_dtype),
)  # fmt: skip


@composite(out=refused("Expected out type to be {Result} but got {Out}"), where="torch")
def where(condition: Tensor, input: Any = None, other: Any = None, *, out: Tensor | None = None) -> Any:
    """``input`` where ``condition`` is true and ``other`` elsewhere; the indices of true elements without the two.

    ``input`` and ``other`` are tensors or numbers.  Raises RuntimeError where ``condition`` is not bool.

    >>> import adjoint as torch
    >>> x = torch.tensor([-1., 2.])
    >>> torch.where(x > 0, x, 0.)
    tensor([0., 2.])
    """
    if input is None and other is None:
        refuse_samples("where", condition)
        return condition.nonzero(as_tuple=True)
    try:
        result = _where_of_tensors(condition, input, other)
    except AttributeError:
        result = None
    if result is None:
        result = _where_of_anything(condition, input, other)
    if out is None:
        return result
    from adjoint.declare.inplace import write_out

    return write_out(result, out, "where")


def _where_of_tensors(condition: Any, input: Any, other: Any) -> Tensor | None:
    """The usual case: operands of one dtype, or one of them a number that takes the other's; None for anything else."""
    if other.__class__ is float:
        dtype = input._array.dtype
        other = FLOATS.get((other, dtype)) if other else number(other, dtype)  # zeros, of either sign, fit and are not kept
        if other is None:  # not seen before: whether it fits has to be looked at
            return None
    d = input._array.dtype
    if d is not other._array.dtype or condition._array.dtype.kind != "b":
        return None
    if condition._array.shape == input._array.shape and other._array.shape in ((), input._array.shape):
        return _choose.function(condition, input, other)
    return None


def _where_of_anything(condition: Any, input: Any, other: Any) -> Tensor:
    if not isinstance(condition, Tensor):
        raise TypeError(f"where(): argument 'condition' (position 1) must be Tensor, not {type(condition).__name__}")
    for name, value, position in (("input", input, 2), ("other", other, 3)):
        if not isinstance(value, Tensor) and not is_number(value):
            raise TypeError(
                f"where(): argument '{name}' (position {position}) must be Tensor, not {type(value).__name__}"
            )
    if condition._array.dtype.kind != "b":
        if condition._array.dtype != np.uint8:
            raise RuntimeError(
                f"where expected condition to be a boolean tensor, but got a tensor with dtype "
                f"{dtypes.SCALAR_TYPE_NAMES[condition.dtype]}"
            )
        warn_once(
            "where of uint8",
            "where received a uint8 condition tensor. This behavior is deprecated and will be removed in a future version of "
            "PyTorch. Use a boolean condition instead.",
        )
        condition = condition.to(dtypes.bool_)
    numbers = [v for v in (input, other) if not isinstance(v, Tensor)]
    if not isinstance(input, Tensor):
        beside = other._array.dtype if isinstance(other, Tensor) else dtypes.default_for(python_number(other)).array
        input = number(input, beside)
    if not isinstance(other, Tensor):
        other = number(other, input._array.dtype)
    d = result_type_of(input, other)
    for value in numbers:
        filling(python_number(value), d, 1)
    a, b = (x if x.dtype is d else x.to(d) for x in (input, other))
    try:
        return _choose.function(condition, a, b)
    except ValueError:
        from adjoint.declare.operands import raise_shapes

        raise_shapes(condition._array, a._array, b._array)


@composite(where="Tensor", name="where")
def _where_method(self: Tensor, condition: Tensor, other: Any) -> Tensor:
    """This tensor where ``condition`` is true and ``other`` elsewhere."""
    return where(condition, self, other)


@taped(np.where)
def _taped_where(condition: Any, input: Any, other: Any) -> Tensor:
    if isinstance(input, np.generic) and isinstance(other, np.generic):  # constants, of the dtype that they have
        input = from_array(np.asarray(input))
    return where(condition, input, other)


# Infinities and NaNs replaced


def _nan_to_num(self, nan=None, posinf=None, neginf=None):
    for position, (name, value) in enumerate((("nan", nan), ("posinf", posinf), ("neginf", neginf)), 2):
        if isinstance(value, (complex, str)):
            raise TypeError(
                f"nan_to_num(): argument '{name}' (position {position}) must be float, not {type(value).__name__}"
            )
    if self.dtype.kind in "iub":
        return self.copy()
    if self.__class__ is SparseArray and not nan:
        return of_coalesced(_nan_to_num)(self, nan, posinf, neginf)
    if self.dtype.kind == "c":
        return complex_of(*(_nan_to_num(part, nan, posinf, neginf) for part in (self.real, self.imag)))
    most = ml_dtypes.finfo(self.dtype).max
    result = np.where(np.isnan(self), constant(nan or 0, self), self)
    result = np.where(result == np.inf, constant(most if posinf is None else posinf, self), result)
    return np.where(result == -np.inf, constant(-most if neginf is None else neginf, self), result)


nan_to_num = elementwise(
    "nan_to_num", _nan_to_num, out=refused("nan_to_num: dtype of out: {Out} should be same as input: {Result}"), self=lambda g, self: np.where(np.isfinite(self), g, constant(0, g)),
    doc="Each element, with ``nan`` (0), ``posinf`` and ``neginf`` (the largest numbers of the dtype) in "
    "the place of those that are not finite.",
)

"""In-place draws: ``Tensor.uniform_``, ``normal_`` and their kin, recorded as PyTorch records them.

What was in the tensor does not matter for what is in it afterwards, so the gradient of each is zero.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np

from adjoint import dtypes
from adjoint import random as torch_random
from adjoint.autograd.edges import edge_of
from adjoint.autograd.grad_mode import mode
from adjoint.autograd.node import Node, record
from adjoint.autograd.overlap import check_no_overlap
from adjoint.autograd.quiet import quietly
from adjoint.autograd.taped import Taped
from adjoint.autograd.views import check_writable, rebase
from adjoint.autograd.written_tangents import carry_over
from adjoint.declare.arguments import python_number, wrong_argument
from adjoint.declare.namespaces import FUNCTIONS
from adjoint.declare.operator import MISSING
from adjoint.declare.schemas import check_write
from adjoint.dtypes import FLOAT, INTEGER, SCALAR_TYPE_NAMES
from adjoint.ops.arrays import all_values
from adjoint.places import users_level
from adjoint.random import draws
from adjoint.random.generator import Generator, default_generator
from adjoint.readings.batched import (
    BatchedArray,
    check_own_numbers,
    check_randomness,
    current_levels,
    materialized,
)
from adjoint.readings.meta import MetaArray
from adjoint.tensor import NO_EDGE, Tensor, attach, from_array, writes_of

for _name in (
    "Generator",
    "default_generator",
    "get_rng_state",
    "initial_seed",
    "manual_seed",
    "seed",
    "set_rng_state",
):
    FUNCTIONS.setdefault("torch", {})[_name] = getattr(torch_random, _name)

Fill = Callable[[Any, Generator], None]  # fill(out, generator) with `out` one-dimensional and contiguous

_C_NAMES = {
    dtypes.uint8: "unsigned char",
    dtypes.int8: "signed char",
    dtypes.int16: "short int",
    dtypes.int32: "int",
    dtypes.int64: "long int",
    dtypes.uint16: "short unsigned int",
    dtypes.uint32: "unsigned int",
    dtypes.uint64: "long unsigned int",
    dtypes.float16: "c10::Half",
    dtypes.bfloat16: "c10::BFloat16",
    dtypes.float32: "float",
    dtypes.float64: "double",
    dtypes.complex64: "c10::complex<float>",
    dtypes.complex128: "c10::complex<double>",
    dtypes.bool_: "bool",
}
_LARGEST = {
    dtypes.float16: 65504.0,
    dtypes.bfloat16: 3.3895313892515355e38,
    dtypes.float32: 3.4028234663852886e38,
    dtypes.float64: 1.7976931348623157e308,
}
# The bits of a float's fraction, which bound the integers that it holds exactly.
DIGITS = {dtypes.float16: 11, dtypes.bfloat16: 8, dtypes.float32: 24, dtypes.float64: 53}


def generator_argument(function: str, given: Any) -> Generator:
    """The generator to draw from: the one given, or the default one."""
    if given is None:
        return default_generator
    if not isinstance(given, Generator):
        wrong_argument(function, "generator", "torch.Generator", given)
    return given


def draw_into(array: Any, fill: Fill, generator: Generator) -> None:
    """Fill an array of any strides: the draws are laid down in the order of its memory."""
    if current_levels():
        check_randomness()
        if array.__class__ is BatchedArray:
            _draw_samples(array, fill, generator)
            return
    if array.__class__ is not MetaArray:
        quietly(_fill, array, fill, generator)


def _fill(array: Any, fill: Any, generator: Generator) -> None:
    """Fill an array in the order in which it lies in memory."""
    with generator.lock:
        if array.flags.c_contiguous:
            fill(array.reshape(-1), generator)
            return
        order = sorted(range(array.ndim), key=lambda i: -array.strides[i])
        drawn = np.empty(array.size, array.dtype)
        fill(drawn, generator)
        in_memory = array.transpose(order)
        in_memory[...] = drawn.reshape(in_memory.shape)


def _draw_samples(array: BatchedArray, fill: Fill, generator: Generator) -> None:
    """Fill an array with the batch of a vmap: with other numbers for each sample, or the same for all."""
    if array.level.randomness == "different":
        draw_into(array.array, fill, generator)
        return
    one = np.empty_like(array.array[0])
    draw_into(one, fill, generator)
    array.array[...] = one


def parts(array: Any) -> Any:
    """A complex array's real and imaginary parts, side by side in a last dimension; any other array as it is."""
    if array.dtype.kind != "c":
        return array
    return array[..., None].view(np.float32 if array.dtype == np.complex64 else np.float64)


class Drawn(Node):
    """The node of a draw: no gradient flows on, but zeros do."""

    __slots__ = ()

    def apply(self, g: Any) -> Any:
        return tuple(np.zeros(shape, dtype) for shape, dtype in self._extra)

    def apply_taped(self, g: Any) -> Any:
        return tuple(Taped(from_array(zeros)) for zeros in self.apply(g))


@lru_cache(maxsize=None)
def node_class(name: str) -> type[Drawn]:
    """The class of the nodes of one draw, ``UniformBackward0``."""
    return type(name, (Drawn,), {"__slots__": (), "__module__": "adjoint", "__doc__": "The backward of a draw."})


def recorded(name: str, *inputs: Tensor) -> Drawn:
    """A node of that name whose gradients, one for each input, are zeros."""
    edges = tuple(t._edge if t._edge is NO_EDGE else edge_of(t) for t in inputs)
    node = node_class(name)()
    return record(node, edges, extra=tuple((t._array.shape, t._array.dtype) for t in inputs))  # type: ignore[return-value]


def _begin(function: str, tensor: Tensor, generator: Any, *inputs: Tensor, numbers: tuple[Any, ...] = ()) -> Generator:
    """Check that a tensor may be written to, as every draw into it does first."""
    found = generator_argument(function, generator)
    check_write(tensor, function, (*inputs, *numbers))
    check_writable(tensor, tensor._edge is not NO_EDGE or any(t._edge is not NO_EDGE for t in inputs))
    return found


def _write(tensor: Tensor, fill: Callable[[Any], None], node: str, *inputs: Tensor) -> Tensor:
    """Fill a tensor's array, count the write and record it."""
    check_no_overlap(tensor._array)
    if current_levels():
        check_own_numbers(tensor._array)
    fill(tensor._array)
    writes_of(tensor).bump()
    if tensor._tangents:
        carry_over(tensor)
    if mode.enabled and (tensor._edge is not NO_EDGE or any(t._edge is not NO_EDGE for t in inputs)):
        rebase(tensor, recorded(node, tensor, *inputs))
    return tensor


def not_implemented(kernel: str, dtype: dtypes.dtype) -> NotImplementedError:
    """PyTorch's error for a dtype that a kernel does not have."""
    return NotImplementedError(f"\"{kernel}\" not implemented for '{SCALAR_TYPE_NAMES[dtype]}'")


def float_argument(function: str, name: str, value: Any, position: int) -> float:
    """A number that was passed for a distribution's parameter, as a float."""
    if value.__class__ is float:
        return value
    found = python_number(value)
    if found is None or isinstance(found, complex):
        wrong_argument(function, name, "float", value, position)
    return float(found)


def shown(x: float) -> str:
    """A double in a message, as C++ streams print it."""
    return f"{x:g}"


# uniform_ and normal_


def check_uniform(dtype: dtypes.dtype, low: float, high: float) -> None:
    """Raise PyTorch's error for bounds that a uniform draw of this dtype cannot have."""
    if dtype.category < FLOAT or dtype in dtypes.STORED:
        raise not_implemented("check_uniform_bounds", dtype)
    real = dtype.to_real()
    limit = _LARGEST[real]
    if 0 <= low <= high <= 1:
        return
    for name, bound in (("from", low), ("to", high)):
        if not -limit <= bound <= limit:
            raise RuntimeError(f"{name} is out of bounds for {_C_NAMES[real]}")
    if low > high:
        raise RuntimeError(
            f"uniform_ expects to return a [from, to) range, but found from={shown(low)} > to={shown(high)}"
        )
    if high - low > limit:
        raise RuntimeError(
            f"uniform_ expects to-from <= std::numeric_limits<{SCALAR_TYPE_NAMES[real]}>::max(), but found "
            f"to={shown(high)} and from={shown(low)} which result in to-from to exceed the limit"
        )


def uniform_fill(array: Any, generator: Generator, low: float = 0.0, high: float = 1.0) -> None:
    """Fill an array with uniform numbers; of complex ones both parts."""
    draw_into(parts(array), lambda out, g: draws.uniform(out, g, low, high), generator)


def normal_fill(array: Any, generator: Generator, mean: float = 0.0, std: float = 1.0) -> None:
    """Fill an array with normal numbers; of complex ones each part has half of the variance (and, as PyTorch has it, the
    mean)."""
    in_order = array.flags.c_contiguous
    if array.dtype.kind == "c":
        draw_into(parts(array), lambda out, g: draws.normal(out, g, mean, std / math.sqrt(2), in_order), generator)
    else:
        draw_into(array, lambda out, g: draws.normal(out, g, mean, std, in_order), generator)


@attach
def uniform_(
    self: Tensor, from_: float = 0.0, to: float = 1.0, *, generator: Generator | None = None, **named: Any
) -> Tensor:
    """Fill with numbers drawn uniformly from ``[from, to)``.

    Raises RuntimeError for bounds in the wrong order or beyond the dtype, NotImplementedError for integers.

    >>> import adjoint as torch
    >>> _ = torch.manual_seed(0)
    >>> torch.empty(2).uniform_(-1, 1)
    tensor([-0.0075,  0.5364])
    """
    if named:
        from_ = _from_keyword("uniform_", named)
    source = _begin("uniform_", self, generator)
    low, high = float_argument("uniform_", "from", from_, 1), float_argument("uniform_", "to", to, 2)
    check_uniform(self.dtype, low, high)
    return _write(self, lambda array: uniform_fill(array, source, low, high), "UniformBackward0")


def _from_keyword(function: str, named: dict[str, Any]) -> Any:
    """The argument ``from``, which Python cannot name as a parameter."""
    for name in named:
        if name != "from":
            raise TypeError(f"{function}() got an unexpected keyword argument '{name}'")
    return named["from"]


@attach
def normal_(self: Tensor, mean: float = 0.0, std: float = 1.0, *, generator: Generator | None = None) -> Tensor:
    """Fill with normally distributed numbers.

    Raises RuntimeError for a negative ``std``, NotImplementedError for integers.

    >>> import adjoint as torch
    >>> _ = torch.manual_seed(0)
    >>> torch.empty(2).normal_(10, 2)
    tensor([13.0820,  9.4131])
    """
    source = _begin("normal_", self, generator)
    mean_, std_ = float_argument("normal_", "mean", mean, 1), float_argument("normal_", "std", std, 2)
    check_normal(self.dtype, std_)
    return _write(self, lambda array: normal_fill(array, source, mean_, std_), "NormalBackward0")


def check_normal(dtype: dtypes.dtype, std: float = 1.0) -> None:
    """Raise PyTorch's error for a draw of normal numbers that cannot be."""
    if not std >= 0:
        raise RuntimeError(f"normal expects std >= 0.0, but found std {shown(std)}")
    if dtype.category < FLOAT or dtype in dtypes.STORED:
        raise not_implemented("normal_kernel_cpu", dtype)


# random_: integers


def integer_range(dtype: dtypes.dtype, low: int, high: int) -> tuple[int, int]:
    """The first of the integers in ``[low, high)`` and how many they are, for a draw of this dtype.

    Raises RuntimeError for an empty range or one beyond the dtype.  Floats round the bounds beyond which they do not
    hold every integer, with PyTorch's warning.
    """
    if low >= high:
        raise RuntimeError(f"random_ expects 'from' to be less than 'to', but got from={low} >= to={high}")
    if dtype.category > FLOAT:
        raise RuntimeError("check_random_bounds handles only integral, floating-point and boolean types")
    if dtype in dtypes.STORED:
        raise not_implemented("random_update_from_to", dtype)
    if dtype.category == FLOAT:
        digits = DIGITS[dtype]
        exact = 2**digits
        low = _rounded(low, +1, dtype, digits)
        high = _rounded(high, -1, dtype, digits)
        if low >= high:
            raise RuntimeError(
                f"random_ expects 'from' casted to dtype to be less than 'to' casted to dtype, but got from={low} >= "
                f"to={high}"
            )
        limit = _LARGEST[dtype]
        bounds = -limit, limit
    else:
        exact = 2**64
        bounds = integer_bounds(dtype)
    for name, bound in (("from", low), ("to - 1", high - 1)):
        if not bounds[0] <= bound <= bounds[1]:
            raise RuntimeError(f"{name} is out of bounds for {_C_NAMES[dtype]}")
    for name, bound in (("from", low), ("to - 1", high - 1)):
        if not -exact <= bound <= exact:
            warnings.warn(
                f"{name} is out of bounds [-(2^{digits}), 2^{digits}]. Due to precision limitations {_C_NAMES[dtype]} "
                "can support discrete uniform distribution only within this range. This warning will become an error "
                "in version 1.7 release, please fix the code in advance",
                UserWarning,
                stacklevel=users_level(),
            )
    return low, high - low


def _rounded(bound: int, inwards: int, dtype: dtypes.dtype, digits: int) -> int:
    """A bound, moved inwards to the next number that a float dtype holds where the dtype rounds its inner neighbour
    outwards: PyTorch's rule."""
    beside = bound + inwards
    nearest = as_held(beside, dtype)
    outwards = nearest < bound if inwards > 0 else nearest >= bound
    return nearest + inwards * (1 << (abs(beside).bit_length() - digits)) if outwards else bound


def as_held(value: int, dtype: dtypes.dtype) -> int:
    """An integer after a float dtype has rounded it."""
    held = float(np.asarray(value, np.float64).astype(dtype.array))
    return value if math.isinf(held) else int(held)


def integer_bounds(dtype: dtypes.dtype) -> tuple[int, int]:
    """The least and the greatest number of an integer dtype or bool."""
    if dtype.category < INTEGER:
        return 0, 1
    info = np.iinfo(dtype.array)
    return int(info.min), min(int(info.max), 2**63 - 1)


def check_int64(*values: int) -> None:
    """Raise PyTorch's ValueError for integers beyond 64 bits."""
    for value in values:
        if not -(2**63) <= value < 2**63:
            raise ValueError("Overflow when unpacking long long")


@attach
def random_(
    self: Tensor, from_: int | None = None, to: Any = MISSING, *, generator: Generator | None = None, **named: Any
) -> Tensor:
    """Fill with integers drawn uniformly: ``random_(to)`` from ``[0, to)``, ``random_(from, to)`` from ``[from, to)``.

    ``random_()`` draws from all non-negative integers that the dtype holds (of a float: exactly); so does
    ``random_(from, None)`` from ``from`` on.

    >>> import adjoint as torch
    >>> _ = torch.manual_seed(0)
    >>> torch.empty(4).random_(10)
    tensor([4., 9., 3., 0.])
    """
    if named:
        from_ = _from_keyword("random_", named)
    for value in (from_, to):
        if value is not None and value is not MISSING and (not isinstance(value, int) or isinstance(value, bool)):
            _wrong_range(from_, to)
    source = _begin("random_", self, generator, numbers=tuple(v for v in (from_, to) if v is not None and v is not MISSING))
    dtype = self.dtype
    if from_ is None and to is MISSING:
        return _random_of_all(self, source)
    if to is MISSING:
        from_, to, node = 0, from_, "RandomBackward1"
    else:
        node = "RandomBackward0" if from_ is not None else "RandomBackward1"
        from_ = 0 if from_ is None else from_
    check_int64(from_, 0 if to is None else to)
    if to is None:
        low, width = _range_from(dtype, from_)
    else:
        low, width = integer_range(dtype, from_, to)
    return _write(self, lambda a: draw_into(a, lambda out, g: draws.integers(out, g, low, width), source), node)


def _range_from(dtype: dtypes.dtype, low: int) -> tuple[int, int]:
    """From ``low`` to the greatest integer that the dtype holds, exactly if it is a float."""
    if dtype.category > FLOAT or dtype in dtypes.STORED:
        raise not_implemented("random_from_to_range_calc", dtype)
    last = 2 ** DIGITS[dtype] if dtype.category == FLOAT else integer_bounds(dtype)[1]
    least = -_LARGEST[dtype] if dtype.category == FLOAT else integer_bounds(dtype)[0]
    if low < least or (dtype.category < FLOAT and low > last):
        raise RuntimeError(f"from is out of bounds for {_C_NAMES[dtype]}")
    return low, last - low + 1


def _random_of_all(tensor: Tensor, generator: Generator) -> Tensor:
    dtype = tensor.dtype
    if dtype.category > FLOAT or dtype in dtypes.STORED or dtype in (dtypes.uint16, dtypes.uint32, dtypes.uint64):
        raise not_implemented("random_kernel_cpu", dtype)
    width = 2 ** DIGITS[dtype] + 1 if dtype.category == FLOAT else integer_bounds(dtype)[1] + 1
    fill = lambda out, g: draws.any_integers(out, g, width)
    return _write(tensor, lambda array: draw_into(array, fill, generator), "RandomBackward2")


def _wrong_range(*given: Any) -> None:
    names = ", ".join(type(value).__name__ for value in given if value is not MISSING)
    raise TypeError(
        f"random_() received an invalid combination of arguments - got ({names}), but expected one of:\n"
        " * (*, torch.Generator generator = None)\n"
        " * (int from, int to, *, torch.Generator generator = None)\n"
        " * (int to, *, torch.Generator generator = None)\n"
    )


# bernoulli_


@attach
def bernoulli_(self: Tensor, p: Any = 0.5, *, generator: Generator | None = None) -> Tensor:
    """Fill with 1 where a coin that lands so with probability ``p`` does, else with 0.

    ``p`` is a number, or a tensor of floating-point numbers that broadcasts to this one.  Raises RuntimeError for a
    probability outside of [0, 1].

    >>> import adjoint as torch
    >>> torch.empty(3).bernoulli_(1.)
    tensor([1., 1., 1.])
    """
    if isinstance(p, Tensor) and (p._array.ndim or p._edge is not NO_EDGE):
        source = _begin("bernoulli_", self, generator, p)
        chances = broadcast_to(p._array, self._array.shape)
        check_coins(self.dtype, p)
        return _write(self, lambda a: coins_fill(a, chances, source), "BernoulliBackward1", p)
    found = python_number(p)
    if found is None or isinstance(found, complex):
        raise TypeError(
            f"bernoulli_() received an invalid combination of arguments - got ({type(p).__name__}), but expected one "
            "of:\n * (Tensor p, *, torch.Generator generator = None)\n"
            " * (float p = 0.5, *, torch.Generator generator = None)\n"
        )
    source = _begin("bernoulli_", self, generator)
    check_coin(self.dtype, found)
    return _write(self, lambda a: coin_fill(a, float(found), source), "BernoulliBackward2")


def broadcast_to(array: Any, shape: tuple[int, ...]) -> Any:
    """``array`` expanded to a shape.  Raises PyTorch's RuntimeError where it does not fit."""
    if array.shape == shape:
        return array
    if array.ndim > len(shape):
        raise RuntimeError(
            f"expand(torch.FloatTensor{{{list(array.shape)}}}, size={list(shape)}): the number of sizes provided "
            f"({len(shape)}) must be greater or equal to the number of dimensions in the tensor ({array.ndim})"
        )
    for i in range(-1, -array.ndim - 1, -1):
        if array.shape[i] not in (1, shape[i]):
            raise RuntimeError(
                f"The expanded size of the tensor ({shape[i]}) must match the existing size ({array.shape[i]}) at "
                f"non-singleton dimension {len(shape) + i}.  Target sizes: {list(shape)}.  Tensor sizes: "
                f"{list(array.shape)}"
            )
    return np.broadcast_to(array, shape)


_NO_COINS = (dtypes.uint16, dtypes.uint32, dtypes.uint64)


def check_coin(dtype: dtypes.dtype, p: float) -> None:
    """Raise PyTorch's error for a probability, or a dtype, that coins cannot have."""
    if not 0 <= p <= 1:
        raise RuntimeError(f"bernoulli_ expects p to be in [0, 1], but got p={shown(p)}")
    if dtype.category > FLOAT or dtype in _NO_COINS:
        raise not_implemented("bernoulli_scalar_cpu_", dtype)


def check_coins(dtype: dtypes.dtype, p: Tensor) -> None:
    """The same for a tensor of probabilities."""
    if dtype.category > FLOAT or dtype in _NO_COINS:
        raise not_implemented("bernoulli_tensor_cpu_self_", dtype)
    if p.dtype.category != FLOAT:
        raise not_implemented("bernoulli_tensor_cpu_p_", p.dtype)
    if not all_values((p._array >= 0) & (p._array <= 1)).all():
        raise RuntimeError(
            "Expected p_in >= 0 && p_in <= 1 to be true, but got false.  (Could this error message be improved?  If so, "
            "please report an enhancement request to PyTorch.)"
        )


def coin_fill(array: Any, p: float, generator: Generator) -> None:
    """Fill an array with 1 with probability ``p``, else with 0."""
    draw_into(array, lambda out, g: draws.coin(out, g, p), generator)


def coins_fill(array: Any, chances: Any, generator: Generator) -> None:
    """Fill an array with 1 with the probabilities of another array of its shape, else with 0."""
    if array.__class__ is BatchedArray:
        check_randomness()
        if array.level.randomness == "same":
            raise RuntimeError(
                "Vmap does not currently support same randomness with a batched tensor input. Please file an issue with "
                "functorch"
            )
        coins_fill(array.array, materialized(chances, array.level), generator)
        return
    order = sorted(range(array.ndim), key=lambda i: -array.strides[i])
    if not array.flags.c_contiguous:
        chances = chances.transpose(order)
    flat = chances.reshape(-1)
    draw_into(array, lambda out, g: draws.coins(out, g, flat), generator)


# Continuous distributions, and one of integers


def _distribution(
    tensor: Tensor, name: str, node: str, generator: Any, draw: Callable[..., None], *parameters: float
) -> Tensor:
    source = _begin(name, tensor, generator)
    fill = lambda out, g: draw(out, g, *parameters)
    return _write(tensor, lambda array: draw_into(array, fill, source), node)


@attach
def exponential_(self: Tensor, lambd: float = 1.0, *, generator: Generator | None = None) -> Tensor:
    """Fill with exponentially distributed numbers of rate ``lambd``.

    Raises RuntimeError for a rate that is not positive or a dtype that is not floating-point.
    """
    check_write(self, "exponential_")
    check_writable(self, self._edge is not NO_EDGE)
    rate = float_argument("exponential_", "lambd", lambd, 1)
    _check_continuous("Exponential", self.dtype, SCALAR_TYPE_NAMES)
    if not rate > 0:
        raise RuntimeError(f"exponential_ expects lambda > 0.0, but found lambda={shown(rate)}")
    return _distribution(self, "exponential_", "ExponentialBackward0", generator, draws.exponential, rate)


def _check_continuous(name: str, dtype: dtypes.dtype, names: dict[dtypes.dtype, str]) -> None:
    if dtype.category != FLOAT:
        raise RuntimeError(
            f"{name} distribution is a continuous probability distribution. dtype must be a floating point but you "
            f"specified {names[dtype]}"
        )


@attach
def cauchy_(self: Tensor, median: float = 0.0, sigma: float = 1.0, *, generator: Generator | None = None) -> Tensor:
    """Fill with Cauchy-distributed numbers.

    Raises RuntimeError for a ``sigma`` that is not positive or a dtype that is not floating-point.
    """
    check_write(self, "cauchy_")
    check_writable(self, self._edge is not NO_EDGE)
    middle, width = float_argument("cauchy_", "median", median, 1), float_argument("cauchy_", "sigma", sigma, 2)
    if not width > 0:
        raise RuntimeError(f"cauchy_ expects sigma > 0.0, but found sigma={shown(width)}")
    _check_continuous("Cauchy", self.dtype, _C_NAMES)
    return _distribution(self, "cauchy_", "CauchyBackward0", generator, draws.cauchy, middle, width)


@attach
def log_normal_(self: Tensor, mean: float = 1.0, std: float = 2.0, *, generator: Generator | None = None) -> Tensor:
    """Fill with numbers whose logarithm is normally distributed, with this mean and standard deviation.

    Raises RuntimeError for a ``std`` that is not positive, NotImplementedError for integers.
    """
    check_write(self, "log_normal_")
    check_writable(self, self._edge is not NO_EDGE)
    mean_, std_ = float_argument("log_normal_", "mean", mean, 1), float_argument("log_normal_", "std", std, 2)
    if not std_ > 0:
        raise RuntimeError(f"log_normal_ expects std > 0.0, but found std={shown(std_)}")
    if self.dtype.category != FLOAT:
        raise not_implemented("log_normal_cpu", self.dtype)
    return _distribution(self, "log_normal_", "LogNormalBackward0", generator, draws.log_normal, mean_, std_)


@attach
def geometric_(self: Tensor, p: float, *, generator: Generator | None = None) -> Tensor:
    """Fill with how many trials the first success took, each succeeding with probability ``p``.

    Raises RuntimeError unless ``p`` is between 0 and 1.
    """
    check_write(self, "geometric_")
    check_writable(self, self._edge is not NO_EDGE)
    chance = float_argument("geometric_", "p", p, 1)
    if not 0 < chance < 1:
        raise RuntimeError(f"geometric_ expects p to be in (0, 1), but got p={shown(chance)}")
    dtype = self.dtype
    if dtype.category not in (INTEGER, FLOAT) or dtype in _NO_COINS:
        raise not_implemented("geometric_cpu", dtype)
    return _distribution(self, "geometric_", "GeometricBackward0", generator, draws.geometric, chance)

"""assert_close: two values, or containers of values, compared element by element, and what is told where they differ."""

from __future__ import annotations

import cmath
import collections.abc
import contextlib
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

import adjoint as torch
from adjoint.names import list_names as _list_names
from adjoint.places import users_level
from adjoint.testing._reports import of_numbers, of_tensors, with_item

Message = str | Callable[[str], str] | None

# By dtype, where it is not zero: how far values may differ, relative to the expected value, and absolutely.
_TOLERANCES = {
    "float16": (1e-3, 1e-5),
    "bfloat16": (1.6e-2, 1e-5),
    "float32": (1.3e-6, 1e-5),
    "float64": (1e-7, 1e-7),
    "complex32": (1e-3, 1e-5),
    "complex64": (1.3e-6, 1e-5),
    "complex128": (1e-7, 1e-7),
}
# ... of the function that was there before.
_OLD_TOLERANCES = {"float16": (1e-3, 1e-3), "float32": (1e-4, 1e-5), "float64": (1e-5, 1e-8)}


def assert_close(
    actual: Any,
    expected: Any,
    *,
    allow_subclasses: bool = True,
    rtol: float | None = None,
    atol: float | None = None,
    equal_nan: bool = False,
    check_device: bool = True,
    check_dtype: bool = True,
    check_layout: bool = True,
    check_stride: bool = False,
    msg: Message = None,
) -> None:
    """Raise AssertionError unless ``actual`` and ``expected`` are close: ``|actual - expected| <= atol + rtol * |expected|``
    for all elements.

    Both are tensors, or what tensors can be made of, or numbers, bools, None, or sequences and mappings of these, which
    are compared part by part.  Without ``rtol`` and ``atol``, of which both or neither are given, it is the dtype that says
    what is close; integers have to be equal.  The flags say what else has to be alike; ``equal_nan``: NaN is close to NaN.
    ``msg`` is told in place of the report, or is a function that makes it of the report.

    Raises ValueError where one tolerance is given, TypeError for values of unrelated types.

    >>> import adjoint as torch
    >>> torch.testing.assert_close(torch.tensor([1.0, 2.0]), torch.tensor([1.0, 2.0000001]))
    >>> torch.testing.assert_close({"a": [torch.tensor([1.0, 2.0])]}, {"a": [torch.tensor([1.0, 4.0])]})
    Traceback (most recent call last):
        ...
    AssertionError: Tensor-likes are not close!
    <BLANKLINE>
    Mismatched elements: 1 / 2 (50.0%)
    Greatest absolute difference: 2.0 at index (1,) (up to 1e-05 allowed)
    Greatest relative difference: 0.5 at index (1,) (up to 1.3e-06 allowed)
    <BLANKLINE>
    The failure occurred for item ['a'][0]
    """
    __tracebackhide__ = True  # pytest shows the test's own line
    how = _How(
        rtol, atol, equal_nan, allow_subclasses, check_device, check_dtype, check_layout, check_stride
    )
    found: Exception | None = None
    try:
        comparisons = list(_parts(actual, expected, (), how))  # structures are compared before values
        for compare in comparisons:
            compare()
    except _Differs as difference:
        found = difference.as_error(msg)
    if found is not None:
        raise found


def assert_allclose(
    actual: Any,
    expected: Any,
    rtol: float | None = None,
    atol: float | None = None,
    equal_nan: bool = True,
    msg: str = "",
) -> None:
    """Deprecated: :func:`assert_close`, which has other tolerances, and compares dtypes."""
    warnings.warn(
        "`torch.testing.assert_allclose()` is deprecated since 1.12 and will be removed in a future release. "
        "Please use `torch.testing.assert_close()` instead. "
        "You can find detailed upgrade instructions in https://github.com/pytorch/pytorch/issues/61844.",
        FutureWarning,
        stacklevel=users_level(),
    )
    if not isinstance(actual, torch.Tensor):
        actual = torch.tensor(actual)
    if not isinstance(expected, torch.Tensor):
        expected = torch.tensor(expected, dtype=actual.dtype)
    if rtol is None and atol is None:
        rtol, atol = _loosest((actual.dtype, expected.dtype), _OLD_TOLERANCES)
    assert_close(actual, expected, rtol=rtol, atol=atol, equal_nan=equal_nan, check_dtype=False, msg=msg or None)


def default_tolerances(*inputs: Any, dtype_precisions: Any = None) -> tuple[float, float]:
    """The tolerances, relative and absolute, of tensors or dtypes: the loosest of all of them.

    ``dtype_precisions`` has others, by dtype.  Raises TypeError for anything else than tensors and dtypes.

    >>> import adjoint as torch
    >>> torch.testing._comparison.default_tolerances(torch.float32, torch.float64)
    (1.3e-06, 1e-05)
    """
    dtypes = []
    for given in inputs:
        if not isinstance(given, (torch.Tensor, torch.dtype)):
            raise TypeError(f"Expected a torch.Tensor or a torch.dtype, but got {type(given)} instead.")
        dtypes.append(given.dtype if isinstance(given, torch.Tensor) else given)
    return _loosest(dtypes, {_name(d): t for d, t in dtype_precisions.items()} if dtype_precisions else _TOLERANCES)


def _loosest(dtypes: Any, tolerances: dict[str, tuple[float, float]]) -> tuple[float, float]:
    found = [tolerances.get(_name(dtype), (0.0, 0.0)) for dtype in dtypes]
    return max(rtol for rtol, _ in found), max(atol for _, atol in found)


def _name(dtype: Any) -> str:
    return str(dtype).rpartition(".")[2]


@dataclass
class _How:
    """What counts as close, and what else has to be alike."""

    rtol: float | None
    atol: float | None
    equal_nan: bool
    allow_subclasses: bool
    check_device: bool
    check_dtype: bool
    check_layout: bool
    check_stride: bool

    def tolerances(self, dtypes: tuple[Any, Any], item: tuple[Any, ...]) -> tuple[float, float]:
        """How far values of these dtypes may differ, relative and absolutely."""
        if (self.rtol is None) != (self.atol is None):
            missing = "rtol" if self.rtol is None else "atol"
            raise _Differs(
                f"Both 'rtol' and 'atol' must be either specified or omitted, but got no {missing}.", item, ValueError
            )
        return _loosest(dtypes, _TOLERANCES) if self.rtol is None or self.atol is None else (self.rtol, self.atol)


class _Differs(Exception):
    """What is told, of the item at which keys and indices, and the error's type."""

    def __init__(self, text: str, item: tuple[Any, ...], kind: type[Exception] = AssertionError) -> None:
        super().__init__(text)
        self.text, self.item, self.kind = text, item, kind

    def as_error(self, msg: Message) -> Exception:
        """The error that users see."""
        if isinstance(msg, str):
            return self.kind(msg)
        text = with_item(self.text, self.item)
        return self.kind(msg(text) if callable(msg) else text)


def _parts(actual: Any, expected: Any, item: tuple[Any, ...], how: _How) -> Iterator[Callable[[], None]]:
    """The comparisons that are to be made; raises where structures differ."""
    if _both(actual, expected, collections.abc.Sequence) and not _any(actual, expected, str):
        if len(actual) != len(expected):
            raise _Differs(f"The length of the sequences mismatch: {len(actual)} != {len(expected)}", item)
        for i in range(len(actual)):
            yield from _parts(actual[i], expected[i], (*item, i), how)
    elif _both(actual, expected, collections.abc.Mapping):
        for key in _shared_keys(actual, expected, item):
            yield from _parts(actual[key], expected[key], (*item, key), how)
    else:
        yield _comparison(actual, expected, item, how)


def _both(actual: Any, expected: Any, cls: Any) -> bool:
    return isinstance(actual, cls) and isinstance(expected, cls)


def _any(actual: Any, expected: Any, cls: Any) -> bool:
    return isinstance(actual, cls) or isinstance(expected, cls)


def _shared_keys(actual: Any, expected: Any, item: tuple[Any, ...]) -> Any:
    ours, theirs = set(actual.keys()), set(expected.keys())
    if ours != theirs:
        raise _Differs(
            "The keys of the mappings do not match:\n"
            f"Missing keys in the actual mapping: {sorted(theirs - ours)}\n"
            f"Additional keys in the actual mapping: {sorted(ours - theirs)}",
            item,
        )
    with contextlib.suppress(Exception):
        return sorted(ours)
    return ours


def _comparison(actual: Any, expected: Any, item: tuple[Any, ...], how: _How) -> Callable[[], None]:
    """How two values are compared that are no containers."""
    if actual is None or expected is None:
        return lambda: _compare_nones(actual, expected, item)
    if _both(actual, expected, (bool, np.bool_)):
        return lambda: _compare_bools(bool(actual), bool(expected), item)
    if _both(actual, expected, (int, float, complex, np.number)):
        return _numbers(actual, expected, item, how)
    found = _tensors(actual, expected, item, how)
    if found is None:
        raise _Differs(
            f"No comparison pair was able to handle inputs of type {type(actual)} and {type(expected)}.", item, TypeError
        )
    return found


def _compare_nones(actual: Any, expected: Any, item: tuple[Any, ...]) -> None:
    if actual is not expected:
        raise _Differs(f"None mismatch: {actual} is not {expected}", item)


def _compare_bools(actual: bool, expected: bool, item: tuple[Any, ...]) -> None:
    if actual is not expected:
        raise _Differs(f"Booleans mismatch: {actual} is not {expected}", item)


_DTYPES = {int: torch.int64, float: torch.float64, complex: torch.complex128}


def _numbers(actual: Any, expected: Any, item: tuple[Any, ...], how: _How) -> Callable[[], None]:
    a, b = (x.item() if isinstance(x, np.number) else x for x in (actual, expected))
    for x in (a, b):
        if type(x) not in _DTYPES:  # a bool beside a number
            raise RuntimeError(f"{type(a).__name__} {a} and {type(b).__name__} {b} are not compared as numbers")
    rtol, atol = how.tolerances((_DTYPES[type(a)], _DTYPES[type(b)]), item)

    def compare() -> None:
        if how.check_dtype and type(a) is not type(b):
            raise _Differs(f"The (d)types do not match: {type(a)} != {type(b)}.", item)
        if a == b or (how.equal_nan and cmath.isnan(a) and cmath.isnan(b)):
            return
        difference = abs(a - b)
        if not (cmath.isfinite(difference) and difference <= atol + rtol * abs(b)):
            raise _Differs(of_numbers(a, b, rtol, atol), item)

    return compare


def _tensors(actual: Any, expected: Any, item: tuple[Any, ...], how: _How) -> Callable[[], None] | None:
    """How tensors, or what tensors can be made of, are compared; None where they are neither."""
    if not (isinstance(actual, type(expected)) or isinstance(expected, type(actual))):
        return None
    if not how.allow_subclasses and type(actual) is not type(expected):
        return None
    try:
        a, b = (x if isinstance(x, torch.Tensor) else torch.as_tensor(x) for x in (actual, expected))
    except Exception:
        return None
    rtol, atol = how.tolerances((a.dtype, b.dtype), item)

    def compare() -> None:
        _compare_kinds(a, b, item, how)
        if "meta" not in (a.device.type, b.device.type):
            _compare_values(*_of_one_dtype(a, b), item, rtol, atol, how.equal_nan)

    return compare


def _compare_kinds(actual: Any, expected: Any, item: tuple[Any, ...], how: _How) -> None:
    for name, checked in (
        ("shape", True),
        ("layout", how.check_layout),
        ("stride()", how.check_stride),
        ("device", how.check_device),
        ("dtype", how.check_dtype),
    ):
        if checked:
            a, b = (x.stride() if name == "stride()" else getattr(x, name) for x in (actual, expected))
            if a != b:
                raise _Differs(f"The values for attribute '{name}' do not match: {a} != {b}.", item)


def _of_one_dtype(actual: Any, expected: Any) -> tuple[Any, Any]:
    if actual.dtype == expected.dtype:
        return actual, expected
    # uint16 to uint64 do not promote with other integers: values that int64 has not are not expected in tests.
    wide = (torch.uint16, torch.uint32, torch.uint64)
    dtype = torch.promote_types(*(torch.int64 if x.dtype in wide else x.dtype for x in (actual, expected)))
    return actual.to(dtype), expected.to(dtype)


def _compare_values(
    actual: Any, expected: Any, item: tuple[Any, ...], rtol: float, atol: float, equal_nan: bool
) -> None:
    one_byte = actual.dtype.is_floating_point and actual.dtype.itemsize == 1
    if one_byte and (rtol or atol):
        raise _Differs(
            f"Rtol={rtol} and atol={atol} are not supported for bitwise comparison of low dimensional floats. "
            "Please use rtol=0.0 and atol=0.0.",
            item,
        )
    matches = torch.isclose(actual, expected, rtol=rtol, atol=atol, equal_nan=equal_nan)
    if torch.all(matches):
        return
    if actual.shape == ():
        raise _Differs(of_numbers(actual.item(), expected.item(), rtol, atol), item)
    raise _Differs(of_tensors(actual, expected, matches, rtol, atol, one_byte), item)


_list_names(__name__)

"""Native code: a subset of Python, compiled; what it computes is Python's answer unless it says otherwise."""

import ctypes
import inspect
import operator
import re

import numpy as np
import pytest

pytest.importorskip("llvmlite")

from adjoint.kernels.handed import elements, handle
from adjoint.kernels.machine import machine
from adjoint.kernels.machine_code import entry
from adjoint.kernels.native import (
    any_lane,
    atomic_add,
    atomic_compare_swap,
    atomic_load,
    atomic_store,
    atomic_swap,
    bits_as,
    cast,
    copy_bytes,
    copysign,
    ctlz,
    ctpop,
    f32,
    f64,
    fill_bytes,
    first_lanes,
    fma,
    gather,
    hmax,
    hmin,
    hprod,
    hsum,
    i1,
    i8,
    i16,
    i32,
    i64,
    inline,
    iota,
    lane,
    load,
    load_masked,
    maximum,
    minimum,
    native,
    ptr,
    scratch,
    set_lane,
    shuffle,
    store,
    store_masked,
    unroll,
    where,
)
from adjoint.kernels.native.lower import NativeError
from adjoint.kernels.objects import pointer

pytestmark = pytest.mark.skipif(machine().family == "unknown", reason="no kernels for this processor")

CTYPES = {i8: ctypes.c_int8, i16: ctypes.c_int16, i32: ctypes.c_int32, i64: ctypes.c_int64,
          f32: ctypes.c_float, f64: ctypes.c_double}  # fmt: skip
ARRAYS = {i8: np.int8, i16: np.int16, i32: np.int32, i64: np.int64, f32: np.float32, f64: np.float64}
W = 4
NAMED = {"a": 1, "b": 2, "c": 3, "d": 4}


def filled(function, count, *arrays, of=i64, **constants):
    """What a function of ``(out, ...)`` writes into an array."""
    out = np.full(count, 99, ARRAYS[of])
    entry(function, **constants)(elements(out), *(elements(a) if isinstance(a, np.ndarray) else a for a in arrays))
    return out.tolist()


def refused(function, **constants):
    """The error's text."""
    with pytest.raises(NativeError) as error:
        entry(function, **constants)
    return str(error.value)


# Arithmetic, comparisons, conversions


def binary(op, of):
    """One function for each operator, as text cannot be compiled."""
    @native
    def add(a: of, b: of):
        return a + b

    @native
    def sub(a: of, b: of):
        return a - b

    @native
    def mul(a: of, b: of):
        return a * b

    @native
    def floordiv(a: of, b: of):
        return a // b

    @native
    def mod(a: of, b: of):
        return a % b

    @native
    def truediv(a: of, b: of):
        return a / b

    @native
    def and_(a: of, b: of):
        return a & b

    @native
    def or_(a: of, b: of):
        return a | b

    @native
    def xor(a: of, b: of):
        return a ^ b

    @native
    def lshift(a: of, b: of):
        return a << b

    @native
    def rshift(a: of, b: of):
        return a >> b

    return entry(locals()[op], CTYPES[of])


@pytest.mark.parametrize("op", ["add", "sub", "mul", "and_", "or_", "xor", "lshift", "rshift"])
def test_integers_compute_as_pythons_and_wrap_at_their_size(op):
    f = binary(op, i32)
    for a in (0, 1, 5, -7, 2**31 - 1, -(2**31)):
        for b in (0, 1, 3, 31) if "shift" in op else (0, 1, 3, -1, -(2**31)):
            exact = getattr(operator, op)(a, b)
            assert f(a, b) == (exact + 2**31) % 2**32 - 2**31, (a, b)


def test_integer_division_truncates_as_in_c():
    quotient, rest = binary("floordiv", i64), binary("mod", i64)
    for a in (7, -7, 8, 0):
        for b in (2, -2, 3):
            assert quotient(a, b) == int(a / b) and rest(a, b) == a - int(a / b) * b


@pytest.mark.parametrize("of", [f32, f64])
@pytest.mark.parametrize("op", ["add", "sub", "mul", "truediv"])
def test_floats_compute_as_numpys(op, of):
    f, kind = binary(op, of), ARRAYS[of]
    for a in (0.1, -3.7, 1e30, np.inf):
        for b in (0.3, -2.5, 7.0):
            assert f(a, b) == getattr(operator, op)(kind(a), kind(b))


def test_comparisons_chain_and_hold_for_no_nan_but_unequal():
    @native
    def compared(out: ptr(i64), a: f64, b: f64):
        out[0] = i64(a < b)
        out[1] = i64(a <= b)
        out[2] = i64(a > b)
        out[3] = i64(a >= b)
        out[4] = i64(a == b)
        out[5] = i64(a != b)
        out[6] = i64(0.0 < a <= b < 10.0)

    assert filled(compared, 7, 1.0, 2.0) == [1, 1, 0, 0, 0, 1, 1]
    assert filled(compared, 7, 2.0, 2.0) == [0, 1, 0, 1, 1, 0, 1]
    assert filled(compared, 7, 3.0, 2.0) == [0, 0, 1, 1, 0, 1, 0]
    assert filled(compared, 7, float("nan"), 2.0) == [0, 0, 0, 0, 0, 1, 0]


def test_conversions_truncate_extend_the_sign_and_round_to_nearest():
    @native
    def converted(out: ptr(f64), n: i64, x: f64):
        out[0] = f64(i8(n))
        out[1] = f64(i32(n))
        out[2] = f64(i64(x))
        out[3] = f64(f32(x))
        out[4] = f64(i64(n > 0))
        out[5] = f64(i64(i1(x)))
        out[6] = f64(i64(bits_as(f32(1.0), i32)))

    assert filled(converted, 7, 300, -2.7, of=f64) == [44, 300, -2, np.float32(-2.7), 1, 1, 0x3F800000]
    assert filled(converted, 7, -1, 0.0, of=f64)[:6] == [-1, -1, 0, 0, 0, 0]


def test_constants_take_the_type_beside_them_and_wrap_at_its_size():
    @native
    def constants(out: ptr(i32), n: i32):
        out[0] = n + 1
        out[1] = 0xFFFFFFFF
        out[2] = n ^ 0x80000000
        out[3] = i32(i64(0xFFFFFFFFFFFFFFFE))
        out[4] = i32(i8(300))

    assert filled(constants, 5, 1, of=i32) == [2, -1, 1 - 2**31, -2, 44]


def test_constants_may_be_infinite_or_no_number():
    @native
    def constants(out: ptr(f32)):
        out[0] = float("inf")
        out[1] = -float("inf")
        out[2] = float("nan")
        out[3] = 1e300
        out[4] = 0.1

    found = filled(constants, 5, of=f32)
    assert found[:2] == [np.inf, -np.inf] and np.isnan(found[2]) and found[3:] == [np.inf, np.float32(0.1)]


def test_a_pointer_is_true_unless_null_and_moves_by_elements():
    @native
    def pointers(out: ptr(i64), p: ptr(i16)):
        out[0] = 1 if p else 0
        out[1] = 1 if not p else 0
        if p:
            q = p + 2
            out[2] = i64(q[-1])
            out[3] = q - p
            out[4] = i64(q > p)
            out[5] = cast(q, i64) - cast(p, i64)
            out[6] = i64(cast(p, ptr(i8))[1])

    assert filled(pointers, 7, np.array([258, 7], np.int16)) == [1, 0, 7, 2, 1, 4, 1]
    assert filled(pointers, 3, 0) == [0, 1, 99]


# Known to the compiler


def test_or_and_and_of_constants_give_the_operand_as_in_python():
    @native
    def operands(out: ptr(i64), a, b, c):
        out[0] = a or b
        out[1] = a and b
        out[2] = a or b or c
        out[3] = (b and c) + (a or 0)

    for a, b, c in ((0, 5, 7), (3, 0, 7), (2, 4, 6), (0, 0, 9)):
        expected = [a or b, a and b, a or b or c, (b and c) + (a or 0)]
        assert filled(operands, 4, a=a, b=b, c=c) == expected


def test_what_constants_decide_is_not_compiled():
    @native
    def decided(out: ptr(i64), n: i64, sizes):
        if sizes is None or sizes[5] > 3:
            out[0] = n
        if sizes is not None and nonsense:  # noqa: F821
            out[0] = 0
        out[1] = 7 if sizes is None else nonsense  # noqa: F821

    assert filled(decided, 2, 4, sizes=None) == [4, 7]


def test_or_and_and_of_the_machines_values_ask_whether_they_are_zero():
    @native
    def asked(out: ptr(i64), a: i64, x: f64):
        out[0] = 1 if a and x else 0
        out[1] = 1 if a or x else 0
        out[2] = 1 if a and a + 1 else 0
        out[3] = 1 if a < 3 and x < 3.0 and True else 0

    assert filled(asked, 4, 2, 4.0) == [1, 1, 1, 0]
    assert filled(asked, 4, 2, 0.0) == [0, 1, 1, 1]
    assert filled(asked, 4, 0, 0.0) == [0, 0, 0, 1]
    assert filled(asked, 4, -1, 0.0)[2] == 0


def test_stars_put_elements_in_place_in_lists_tuples_and_calls():
    @inline
    def total(a, b, c, d):
        return a + 10 * b + 100 * c + 1000 * d

    @native
    def starred(out: ptr(i64), n: i64):
        pair = (1, 2)
        cells = [n, n + 1]
        three = [*cells, *pair]
        for j, x in enumerate((*three, 9)):
            out[j] = x
        out[5] = total(*pair, *cells)
        out[6] = len([*pair, *cells, 0])
        out[7] = total(**NAMED)

    assert filled(starred, 8, 5) == [5, 6, 1, 2, 9, 1 + 20 + 500 + 6000, 5, 4321]


def test_functions_are_specialised_by_each_constant_and_by_its_type():
    @native
    def shown(x):
        return 1.0 / x if x.__class__ is float else f64(x)

    @native
    def several(out: ptr(f64)):
        out[0] = shown(2)
        out[1] = shown(2.0)
        out[2] = shown(0.0) if False else 0.0
        out[3] = shown(True)

    @native
    def signed(zero):
        return copysign(f64(1.0), f64(zero))

    @native
    def signs(out: ptr(f64)):
        out[0] = signed(0.0)
        out[1] = signed(-0.0)

    assert filled(several, 4, of=f64) == [2, 0.5, 0, 1]
    assert filled(signs, 2, of=f64) == [1, -1]


def test_functions_of_one_name_are_told_apart_by_what_they_enclose_and_say():
    def made(n, kind):
        if kind:
            @native
            def f(out: ptr(i64)):
                out[0] = n
        else:
            @native
            def f(out: ptr(i64)):
                out[0] = -n
        return f

    assert [filled(made(n, kind), 1) for n in (1, 2) for kind in (0, 1)] == [[-1], [1], [-2], [2]]


def test_a_default_is_a_constant_and_an_argument_may_be_named():
    @native
    def scaled(x: i64, by=3, plus: i64 = 0):
        return x * by + plus

    @native
    def several(out: ptr(i64), n: i64):
        out[0] = scaled(n)
        out[1] = scaled(n, 5)
        out[2] = scaled(plus=n, x=1)

    assert filled(several, 3, 2) == [6, 10, 5]


# Control flow


def test_loops_and_conditions_of_the_machine_are_pythons():
    @native
    def walked(out: ptr(i64), n: i64):
        total = i64(0)
        for i in range(n):
            if i % 2 == 0:
                continue
            if i > 10:
                break
            total += i
        out[0] = total
        steps = i64(0)
        while n != 1:
            n = n // 2 if n % 2 == 0 else 3 * n + 1
            steps += 1
        out[1] = steps
        count = i64(0)
        for i in range(10, 0, -3):
            for j in range(i):
                if j == 2:
                    break
                count += 1
        out[2] = count

    def expected(n):
        steps = 0
        total = sum(i for i in range(n) if i % 2 and i <= 10)
        while n != 1:
            n, steps = (n // 2 if n % 2 == 0 else 3 * n + 1), steps + 1
        return [total, steps, 7]

    for n in (1, 2, 9, 27):
        assert filled(walked, 3, n) == expected(n)


def test_an_unrolled_loop_is_left_where_the_compiler_knows():
    @native
    def unrolled(out: ptr(i64), n: i64, stop):
        at = i64(0)
        for _ in range(n):
            for j in unroll(8):
                if j == 1:
                    continue
                if j == stop:
                    break
                out[at] = j
                at += 1
        out[at] = -1

    assert filled(unrolled, 7, 2, stop=4) == [0, 2, 3, 0, 2, 3, -1]


def test_a_function_returns_early_and_calls_others():
    @native
    def sign(x: f64):
        if x > 0.0:
            return i64(1)
        if x < 0.0:
            return i64(-1)
        return i64(0)

    @native
    def signs(out: ptr(i64), x: ptr(f64), n: i64):
        for i in range(n):
            out[i] = sign(x[i])

    assert filled(signs, 4, np.array([2.0, -3.0, 0.0, np.nan]), 4) == [1, -1, 0, 0]


def test_a_declared_result_is_what_constants_become():
    @native
    def found(n: i64) -> i32:
        if n > 3:
            return 1
        return 0

    assert [entry(found, ctypes.c_int32)(n) for n in (3, 4)] == [0, 1]


# Lists


def test_elements_of_lists_are_variables():
    @native
    def accumulated(out: ptr(i64), n: i64):
        acc = [i64(j) for j in unroll(3)]
        table = [[i64(0) for _ in unroll(2)] for _ in unroll(2)]
        for i in range(n):
            for j in unroll(3):
                acc[j] += i
            table[1][0] += 2
        for j, x in enumerate(acc):
            out[j] = x
        out[3] = table[1][0]
        out[4] = table[0][0]

    assert filled(accumulated, 5, 4) == [6, 7, 8, 8, 0]


def test_a_list_is_shared_by_its_names_and_copied_by_what_makes_another():
    @native
    def copied(out: ptr(i64), n: i64):
        a = [n, n + 1]
        b = a
        c = list(a)
        d = 2 * a
        e = a + [n]
        first, second = a
        a[0] = n + 100
        out[0] = b[0]
        out[1] = c[0]
        out[2] = d[0]
        out[3] = e[0]
        out[4] = first
        d[0] = n + 50
        out[5] = d[2]
        out[6] = a[1:][0] + second

    assert filled(copied, 7, 1) == [101, 1, 1, 1, 1, 1, 4]


def test_inlined_functions_take_change_and_return_lists():
    @inline
    def doubled(cells, extra=0):
        for j in unroll(len(cells)):
            cells[j] = cells[j] * 2 + extra
        return [*cells, cells[0] + cells[1]]

    @native
    def used(out: ptr(i64), n: i64):
        cells = [n, n + 1]
        more = doubled(cells)
        doubled(cells, 1)
        for j, x in enumerate(zip(cells, more)):
            out[2 * j], out[2 * j + 1] = x
        out[4] = more[2]

    assert filled(used, 5, 3) == [13, 6, 17, 8, 14]


# Vectors


def test_vectors_compute_lane_by_lane_and_spread_scalars():
    @native
    def computed(out: ptr(f32), x: ptr(f32), s: f32):
        v = load(x, 0, W)
        store(out, 0, v * s + 1.0)
        store(out, W, where(v < s, v, s))
        store(out, 2 * W, fma(v, v, 0.5))
        store(out, 3 * W, maximum(v, 2.0) - minimum(v, 2.0))
        out[4 * W] = hsum(v)
        out[4 * W + 1] = hmax(v) + hmin(v)
        out[4 * W + 2] = hprod(v)
        out[4 * W + 3] = lane(set_lane(v, 2, 9.0), 2) + lane(v, 3)

    x = np.array([1, 2, 3, 4], np.float32)
    assert filled(computed, 20, x, 2.5, of=f32) == [
        *(x * 2.5 + 1), *np.minimum(x, 2.5), *(x * x + 0.5), *np.abs(x - 2), 10, 5, 24, 13,
    ]  # fmt: skip


def test_masks_keep_other_memory_untouched():
    @native
    def masked(out: ptr(f32), x: ptr(f32), n: i64):
        k = first_lanes(n, W)
        store_masked(out, 0, load_masked(x, 0, k, -1.0), k)
        store(out, W, load_masked(x, 0, k, -1.0))
        out[2 * W] = f32(any_lane(k))
        store_masked(out, 2 * W + 1, load(x, 0, W), ~k)

    x = np.arange(1, 5, dtype=np.float32)
    for n in range(6):
        k = np.arange(4) < n
        expected = [*np.where(k, x, 99), *np.where(k, x, -1), float(n > 0), *np.where(k, 99, x)]
        assert filled(masked, 13, x, n, of=f32) == expected
    assert filled(masked, 13, x, 2**31 + 1, of=f32)[:4] == x.tolist()
    assert filled(masked, 13, x, 2**40, of=f32)[:4] == x.tolist()
    assert filled(masked, 13, x, -1, of=f32)[:4] == [99] * 4


def test_a_masked_load_reads_nothing_beyond_its_mask():
    @native
    def loaded(out: ptr(f32), x: ptr(f32)):
        store(out, 0, load_masked(x, 0, first_lanes(i64(0), W)))

    assert filled(loaded, 4, 0, of=f32) == [0] * 4  # from address 0


def test_lanes_are_gathered_shuffled_and_counted():
    @native
    def moved(out: ptr(i32), x: ptr(i32)):
        v = iota(i32, W)
        store(out, 0, gather(x, v * 2))
        store(out, W, gather(x, v, v < 2))
        store(out, 2 * W, shuffle(v, v + 10, (0, 4, 1, 5)))
        store(out, 3 * W, ctpop(v))
        out[4 * W] = ctlz(i32(1))
        out[4 * W + 1] = hsum(i32(v > 1))

    x = np.arange(100, 110, dtype=np.int32)
    assert filled(moved, 18, x, of=i32) == [
        100, 102, 104, 106, 100, 101, 0, 0, 0, 10, 1, 11, 0, 1, 1, 2, 31, 2,
    ]  # fmt: skip


def test_vectors_may_be_longer_than_registers():
    @native
    def added(out: ptr(f64), x: ptr(f64)):
        store(out, 0, load(x, 0, 32) + load(x, 32, 32))

    x = np.arange(64.0)
    assert filled(added, 32, x, of=f64) == (x[:32] + x[32:]).tolist()


def test_memory_is_copied_filled_and_reserved_on_the_stack():
    @native
    def moved(out: ptr(i64), x: ptr(i64)):
        space = scratch(i64, 4)
        fill_bytes(cast(space, ptr(i8)), 0, 32)
        copy_bytes(cast(space, ptr(i8)), cast(x, ptr(i8)), 16)
        for i in range(4):
            out[i] = space[i]
        out[4] = cast(space, i64) % 64

    assert filled(moved, 5, np.array([5, 6, 7, 8])) == [5, 6, 0, 0, 0]


def test_atomic_operations_say_what_was_there():
    @native
    def exchanged(out: ptr(i64), p: ptr(i64)):
        out[0] = atomic_add(p, 0, 5)
        out[1] = atomic_swap(p, 0, 7)
        out[2] = i64(atomic_compare_swap(p, 0, 8, 1))
        out[3] = i64(atomic_compare_swap(p, 0, 7, 2))
        out[4] = atomic_load(p, 0)
        atomic_store(p, 0, 3)
        out[5] = p[0]

    assert filled(exchanged, 6, np.array([10])) == [10, 15, 0, 1, 2, 3]


def test_arrays_are_read_from_the_objects_of_python():
    @native
    def read(out: ptr(f64), array: i64):
        out[0] = pointer(array, 0, f64)[0]
        out[1] = pointer(array, 16, f64)[0]
        out[2] = f64(pointer(array, 8, i64)[0])

    x = np.arange(1.0, 9.0)
    x[1:2].view(np.int64)[:] = 5
    later, repeated = x[2:], np.broadcast_to(x, (4, 8)).T
    assert filled(read, 3, handle(x), of=f64) == [1, 3, 5]
    assert filled(read, 3, handle(later), of=f64)[:2] == [3, 5]
    assert filled(read, 3, handle(repeated), of=f64) == [1, 3, 5]


# What is refused


def line_of(function, text):
    lines, first = inspect.getsourcelines(function.function)
    return first + next(i for i, line in enumerate(lines) if text in line)


def test_an_error_names_the_function_and_the_line_of_what_is_wrong():
    @inline
    def inner(x):
        return x ** 2  # here

    @native
    def outer(out: ptr(f64), x: f64):
        out[0] = x
        out[1] = inner(x)

    assert re.fullmatch(
        rf"\S*test_kernel_native\.inner, line {line_of(inner, '# here')}: return x \*\* 2: Pow of f64", refused(outer)
    )


@native
def mixed_types(a: f32, b: f64):
    return a + b


@native
def changed_type(n: i64):
    x = f64(1.0)
    x = n  # noqa: F841


@native
def constant_in_loop(n: i64):
    x = 0
    for i in range(n):
        x = i  # noqa: F841


@native
def float_index(p: ptr(f32)):
    p[0.5] = 1.0


@native
def wrong_store(p: ptr(f32), x: f64):
    p[0] = x


@native
def unknown_name(n: i64):
    return n + nowhere  # noqa: F821


@native
def two_results(n: i64):
    if n > 0:
        return 1.0
    return n


@native
def a_result_or_none(n: i64):
    if n > 0:
        return
    return n


@native
def a_mask_decides(p: ptr(f32)):
    if load(p, 0, W) > 0.0:
        p[0] = 1.0


@native
def leaves_unrolled(p: ptr(i64)):
    for j in unroll(3):
        if p[j] > 0:
            break


@native
def loop_with_else(n: i64):
    for _ in range(n):
        pass
    else:
        n = 0


@native
def calls_python(n: i64):
    return max(n, 3)


@native
def calls_itself(n: i64):
    return calls_itself(n - 1)


@native
def no_such_argument(n: i64):
    return mixed_types(1.0, b=2.0, c=3.0)


@native
def too_few(n: i64):
    return mixed_types(1.0)


@native
def branches_on_many(n: i64):
    return 1 if n in (1, 2) else 0


@native
def a_with(n: i64):
    with n:
        pass


@native
def first_of(pair):
    return pair[0]


@native
def values_in_a_tuple(n: i64):
    return first_of((n, n))


@native
def too_many_names(n: i64):
    a, b = (n,)  # noqa: F841


@native
def a_starred_name(n: i64):
    a, *b = (n, n)  # noqa: F841


@pytest.mark.parametrize("function, words", [
    (mixed_types, "operands of f32 and f64"),
    (changed_type, "x is of f64, not of i64"),
    (constant_in_loop, "x is known to the compiler; make it a variable first: x = i64(...)"),
    (float_index, "p[0.5] = 1.0: an element of ptr(f32) at f64"),
    (wrong_store, "f64 stored through ptr(f32)"),
    (unknown_name, "nowhere is not defined"),
    (two_results, "two_results returns both f64 and i64"),
    (a_result_or_none, "a_result_or_none returns both i64 and void"),
    (a_mask_decides, "every lane has its own answer: use where() or any_lane()"),
    (leaves_unrolled, "break of an unrolled loop where only the machine knows whether"),
    (loop_with_else, "a loop's else is not part of native code"),
    (calls_python, "max is not native code"),
    (calls_itself, "calls_itself calls itself"),
    (no_such_argument, "mixed_types has no c"),
    (too_few, "mixed_types misses b"),
    (branches_on_many, "In of values of the machine"),
    (values_in_a_tuple, "a tuple or list of the machine's values is passed to inline functions only"),
    (a_with, "With is not part of native code"),
    (too_many_names, "1 values for 2 names"),
    (a_starred_name, "a starred name is not part of native code"),
])  # fmt: skip
def test_what_cannot_be_compiled_is_said(function, words):
    said = refused(function)
    assert words in said and f"{function.__name__}, line " in said


def test_a_call_from_python_says_what_to_do():
    with pytest.raises(TypeError, match=r"two_results\(\) is native code: compile it with"):
        two_results(1)
    with pytest.raises(TypeError, match=r"load\(\) is called in native code only"):
        load(1, 2, 3)


def test_an_entry_has_a_type_or_a_constant_for_each_parameter():
    @native
    def f(n: i64, by):
        return n * by

    assert entry(f, ctypes.c_int64, by=3)(5) == 15
    with pytest.raises(TypeError, match="f: by needs a type or a constant"):
        entry(f)
    with pytest.raises(TypeError, match="f has no parameter bye"):
        entry(f, bye=3)

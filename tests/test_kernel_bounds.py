"""The debug build of native code: what lies outside of the arrays that it was handed is neither read nor written, and raised."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("llvmlite")

from adjoint.kernels.machine import machine

if machine().family == "unknown":
    pytest.skip("there is no native code for this machine", allow_module_level=True)

from adjoint.kernels import machine_code, pool, threads
from adjoint.kernels.handed import OutOfBounds, elements, handle
from adjoint.kernels.machine_code import address, entry
from adjoint.kernels.native import (
    atomic_add,
    atomic_compare_swap,
    cast,
    copy_bytes,
    f32,
    fill_bytes,
    first_lanes,
    gather,
    i8,
    i32,
    i64,
    iota,
    load,
    load_masked,
    native,
    ptr,
    scratch,
    splat,
    store,
    store_masked,
    store_streaming,
    where,
)
from adjoint.kernels.native.bounds import CHECKED
from adjoint.kernels.objects import pointer

checked = pytest.mark.skipif(not CHECKED, reason="asks for ADJOINT_KERNELS_CHECK=1")

SIZE = 20


@native
def scalar_read(x: i64, at: i64):
    p = pointer(x, 0, f32)
    p[0] = p[at]


@native
def scalar_write(x: i64, at: i64):
    pointer(x, 0, f32)[at] = 7.0


@native
def added_to(x: i64, at: i64):
    pointer(x, 0, f32)[at] += 7.0


@native
def vector_read(x: i64, at: i64):
    p = pointer(x, 0, f32)
    store(p, 0, load(p, at - 3, 4))


@native
def vector_write(x: i64, at: i64):
    store(pointer(x, 0, f32), at - 3, splat(f32(7.0), 4))


@native
def masked_read(x: i64, at: i64):
    p = pointer(x, 0, f32)
    store(p, 0, load_masked(p, at - 1, first_lanes(2, 4)))


@native
def masked_write(x: i64, at: i64):
    store_masked(pointer(x, 0, f32), at - 1, splat(f32(7.0), 4), first_lanes(2, 4))


@native
def gathered(x: i64, at: i64):
    p = pointer(x, 0, f32)
    store(p, 0, gather(p, iota(i64, 4) * splat(at, 4), first_lanes(2, 4)))


@native
def copied_from(x: i64, at: i64):
    p = pointer(x, 0, f32)
    copy_bytes(p, p + (at - 1), 8)


@native
def copied_to(x: i64, at: i64):
    p = pointer(x, 0, f32)
    copy_bytes(p + (at - 1), p, 8)


@native
def filled(x: i64, at: i64):
    fill_bytes(pointer(x, 0, f32) + (at - 1), 0, 8)


@native
def added_atomically(x: i64, at: i64):
    atomic_add(pointer(x, 0, i32), at, 7)


@native
def swapped(x: i64, at: i64):
    atomic_compare_swap(pointer(x, 0, i32), at, 0, 7)


@native
def by_a_variable(x: i64, at: i64):
    p = pointer(x, 0, f32)
    for _i in range(at):
        p = p + 1
    p[0] = 7.0


@native
def by_a_list(x: i64, at: i64):
    places = [pointer(x, 0, f32), pointer(x, 0, f32) + at]
    places[1][0] = 7.0


@native
def by_a_choice(x: i64, at: i64):
    p = pointer(x, 0, f32)
    where(at > 5, p + at, p)[0] = 7.0


@native
def write_at(p: ptr(f32), at: i64):
    p[at] = 7.0


@native
def by_a_call(x: i64, at: i64):
    write_at(pointer(x, 0, f32), at)


@native
def by_an_integer(x: i64, at: i64):
    cast(cast(pointer(x, 0, f32), i64), ptr(f32))[at] = 7.0


@native
def by_another_type(x: i64, at: i64):
    cast(pointer(x, 0, f32), ptr(i8))[at * 4] = 7


@native
def on_the_stack(x: i64, at: i64):
    some = scratch(f32, SIZE)
    some[at] = 7.0


ALL = [
    scalar_read, scalar_write, added_to, vector_read, vector_write, masked_read, masked_write, gathered, copied_from, copied_to,
    filled, added_atomically, swapped, by_a_variable, by_a_list, by_a_choice, by_a_call, by_an_integer, by_another_type,
    on_the_stack,
]  # fmt: skip


@checked
@pytest.mark.parametrize("function", ALL, ids=lambda f: f.__name__)
def test_what_is_outside_is_not_touched_and_raised(function):
    memory = np.arange(3 * SIZE, dtype=np.float32)
    before = memory.copy()
    inside = memory[SIZE : 2 * SIZE]
    call = entry(function)
    with pytest.raises(OutOfBounds, match=r"would (read|write)"):
        call(handle(inside), SIZE)
    np.testing.assert_array_equal(memory[2 * SIZE :], before[2 * SIZE :])
    np.testing.assert_array_equal(memory[:SIZE], before[:SIZE])
    call(handle(inside), SIZE - 1)  # the last one that there is


@checked
@pytest.mark.parametrize("view", [lambda x: x[::-1], lambda x: x[::2], lambda x: x.T, lambda x: x[1:, 1:]])
def test_an_array_reaches_as_far_as_its_elements(view):
    x = view(np.zeros((6, 6), np.float32))
    low, high = np.lib.array_utils.byte_bounds(x)
    first, last = (low - x.ctypes.data) // 4, (high - x.ctypes.data) // 4 - 1
    call = entry(scalar_write)
    call(handle(x), first)
    call(handle(x), last)
    for at in (first - 1, last + 1):
        with pytest.raises(OutOfBounds):
            call(handle(x), at)


@checked
def test_the_error_names_the_kernel_the_array_and_the_offset():
    x = np.zeros((2, 3), np.float32)
    text = r"scalar_write, line \d+: .*7.0: would write 4 bytes at offset 24 of float32\[2, 3\], steps \[12, 4\]"
    with pytest.raises(OutOfBounds, match=text):
        entry(scalar_write)(handle(x), 6)
    with pytest.raises(OutOfBounds, match="no array that it was handed"):
        entry(scalar_write)(id(np.zeros(3, np.float32)), 0)


@native
def one_task_is_wrong(args: ptr(i64), task: i64, worker: i64):
    cast(args[0], ptr(i64))[where(task == 77, i64(100), task)] = worker


@checked
def test_a_worker_s_violation_is_raised_where_the_region_was_launched():
    x = np.full(100, -1)
    with threads_of(4), pytest.raises(OutOfBounds, match=r"one_task_is_wrong.*offset 800 of int64"):
        pool.launch(address(one_task_is_wrong), np.array([elements(x)]).tobytes(), 100)
    assert (x == -1).sum() == 1 and x[77] == -1


class threads_of:
    def __init__(self, count: int) -> None:
        self.count = count

    def __enter__(self) -> None:
        self.before = threads.num_threads()
        pool.set_num_threads(self.count)

    def __exit__(self, *error: Any) -> None:
        pool.set_num_threads(self.before)


@native
def past_the_caches(x: i64, at: i64):
    store_streaming(pointer(x, 0, f32), at, splat(f32(7.0), 4))


@checked
def test_a_store_that_needs_an_aligned_address_is_checked_for_it():
    memory = np.zeros(64, np.float32)
    x = memory[-(memory.ctypes.data // 4) % 16 :][:32]
    entry(past_the_caches)(handle(x), 4)
    with pytest.raises(OutOfBounds):
        entry(past_the_caches)(handle(x), 3)
    assert x.tolist() == [0] * 4 + [7] * 4 + [0] * 24


@pytest.mark.skipif(CHECKED, reason="is of the other build")
def test_without_the_variable_nothing_is_checked():
    assert handle is id
    for function in ALL:
        text = str(machine_code_of(function))
        assert "guard" not in text and "report" not in text and "adjoint_handed" not in text


def machine_code_of(function: Any) -> Any:
    from adjoint.kernels.native import emit_module

    return emit_module(function, {}, "made")


@pytest.mark.skipif(CHECKED, reason="this is that process")
def test_the_debug_build_finds_each_kind_of_violation(tmp_path):
    """... in a process of its own, whose machine code is not taken for that of other processes."""
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", __file__],
        env={**os.environ, "ADJOINT_KERNELS_CHECK": "1"}, capture_output=True, text=True, cwd=Path(__file__).parents[1],
    )  # fmt: skip
    assert run.returncode == 0, run.stdout + run.stderr
    entry(scalar_write)(handle(np.zeros(1, np.float32)), 0)
    assert machine_code._fingerprint().endswith("False")


def test_every_array_is_handed_to_native_code_by_its_handle():
    """... and none by ``id`` or its address, which the debug build would not know."""
    for file in Path(machine_code.__file__).parent.rglob("*.py"):
        if file.stem in ("handed", "objects", "memory", "pool", "deferred", "alike"):  # the last is not used by the debug build
            continue
        found = re.findall(r".*(?:\bid\(|ctypes\.data).*", file.read_text())
        assert not [line for line in found if "``" not in line], (file, found)

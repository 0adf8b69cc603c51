"""Large arrays are made in buffers that were freed before."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import threading

import numpy as np
import pytest

import adjoint
import adjoint.memory
from adjoint.kernels import memory
from adjoint.kernels.reading import compiled

pytest.importorskip("llvmlite")

MB = 2**20


def handler(array):
    return np._core.multiarray.get_handler_name(array)


def pooled(size):
    return memory.empty(size, np.uint8)


@pytest.fixture(autouse=True, scope="module")
def no_garbage():
    """Arrays that other tests left in cycles are not freed while these count."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.fixture(autouse=True)
def stats():
    """What changed in the statistics since the test began; nothing is kept before and after it."""
    pooled(MB)
    memory.empty_cache()
    before = memory.memory_stats()
    yield lambda: {name: value - before[name] for name, value in memory.memory_stats().items()}
    memory.set_cache_limit(None)
    memory.empty_cache()


def in_a_process(program):
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, ""), done
    return done.stdout.strip()


# What arrays are


@pytest.mark.parametrize("shape", [(), 0, (3, 0), 7, (300, 300), (2000, 2000), np.int64(5), [2, 3]])
@pytest.mark.parametrize("dtype", ["float32", "bool", np.complex128, np.dtype("i2")])
def test_empty_makes_what_numpys_empty_makes(shape, dtype):
    ours, theirs = memory.empty(shape, dtype), np.empty(shape, dtype)
    assert (ours.shape, ours.dtype, ours.flags.c_contiguous) == (theirs.shape, theirs.dtype, True)
    assert ours.flags.owndata and ours.flags.writeable and handler(ours) == "adjoint"
    ours[...] = 1
    assert (ours == 1).all()


@pytest.mark.parametrize("size", [1, 63, 1000, 2**16 - 1, 2**16, 2**18 - 1, 2**18, 2**21, 2**22 + 1, 30 * MB])
def test_data_is_aligned_to_64_bytes_and_all_of_it_can_be_written(size):
    arrays = [pooled(size) for _ in range(3)]
    for i, array in enumerate(arrays):
        assert array.ctypes.data % 64 == 0
        array[:] = i
    assert [int(a.min()) for a in arrays] == [int(a.max()) for a in arrays] == [0, 1, 2]


def test_objects_are_none_at_first():
    pooled(800_000).fill(7)
    assert set(memory.empty(100_000, object).tolist()) == {None}


def test_everybody_elses_arrays_are_numpys():
    pooled(MB)
    assert handler(np.empty(MB)) == handler(memory.empty(3, "f4") + 1) == "default_allocator"


@pytest.mark.parametrize("size", [2**46, 2**47 + 1, 2**60, 2**63 - 1])
def test_too_large_an_array_is_a_memory_error(size, stats):
    with pytest.raises(MemoryError, match="Unable to allocate"):
        pooled(size)
    assert stats()["allocated_bytes.current"] == 0
    assert pooled(MB).size == MB


def test_errors_are_numpys():
    with pytest.raises(ValueError, match="negative dimensions are not allowed"):
        pooled(-1)
    with pytest.raises(TypeError, match="data type 'nonsense' not understood"):
        memory.empty(1, "nonsense")


class Size:
    """Two megabytes; something is done when they are asked for."""

    def __init__(self, then):
        self.then = then

    def __index__(self):
        self.then()
        return 2 * MB


def test_what_empty_calls_may_call_empty():
    inner = []
    assert pooled(Size(lambda: inner.append(pooled(MB)))).size == 2 * MB
    assert [a.size for a in inner] == [MB]


def test_two_threads_may_call_empty_at_once():
    def in_another_thread():
        thread = threading.Thread(target=lambda: inner.append(pooled(MB)))
        thread.start()
        thread.join()

    inner = []
    assert handler(pooled(Size(in_another_thread))) == "adjoint"
    assert [a.size for a in inner] == [MB]
    assert handler(inner[0]) == "default_allocator"  # one thread has the pool, the other does not wait for it


def test_a_size_that_raises_a_runtime_error_raises_it():
    def fail():
        raise RuntimeError("no size")

    with pytest.raises(RuntimeError, match="no size"):
        pooled((1, Size(fail)))


@pytest.mark.parametrize("before, after", [(1, 10), (1000, MB), (MB, 5 * MB), (5 * MB, 1000), (MB, MB - 9), (300_000, 0)])
def test_resize_keeps_what_the_array_held(before, after, stats):
    array = pooled(before)
    array[:] = expected = np.arange(before, dtype=np.uint8)
    array.resize(after)
    expected.resize(after)
    np.testing.assert_array_equal(array, expected)
    assert handler(array) == "adjoint"
    del array
    assert stats()["allocated_bytes.current"] == 0
    assert stats()["allocation.current"] == 0


# Reuse


@pytest.mark.parametrize("size", [2**16, 2**18 + 5, 2 * MB, 16 * MB])
def test_a_freed_buffer_serves_the_next_array_of_its_size(size, stats):
    array = pooled(size)
    address = array.ctypes.data
    del array
    assert pooled(size).ctypes.data == address
    assert (stats()["num_hits"], stats()["num_misses"]) == (1, 1)


def test_the_most_recently_freed_buffer_is_taken_first():
    arrays = [pooled(MB) for _ in range(4)]
    addresses = [a.ctypes.data for a in arrays]
    for k in (2, 0, 3, 1):
        arrays[k] = None
    again = [pooled(MB) for _ in range(4)]
    assert [a.ctypes.data for a in again] == [addresses[k] for k in (1, 3, 0, 2)]


def test_a_view_keeps_the_buffer():
    array = pooled(MB)
    array[:] = 3
    view = array[100:]
    del array
    other = pooled(MB)
    other[:] = 4
    assert (view == 3).all()


@pytest.mark.parametrize("kept, wanted, serves", [(80, 80, 1), (80, 73, 1), (80, 72, 1), (80, 64, 1), (80, 56, 0), (80, 81, 0)])
def test_a_buffer_serves_arrays_that_are_somewhat_smaller(kept, wanted, serves, stats):
    unit = MB // 64
    pooled(kept * unit)
    array = pooled(wanted * unit)
    assert stats()["num_hits"] == serves, array.size


def test_small_arrays_are_not_pooled(stats):
    arrays = [pooled(1000), pooled(2**16 - 1)]
    assert handler(arrays[0]) == "adjoint"
    assert not any(stats().values())


def test_a_buffer_is_at_most_an_eighth_larger_than_its_array(stats):
    for size in np.random.default_rng(0).integers(2**16, 2**24, 100).tolist():
        before = stats()["allocated_bytes.current"]
        array = pooled(size)
        assert size <= stats()["allocated_bytes.current"] - before <= size * 9 / 8
        del array
        memory.empty_cache()


# How much is kept


def test_statistics_say_what_arrays_have_and_what_is_kept(stats):
    array = pooled(8 * MB)
    assert {name: n for name, n in stats().items() if n and "peak" not in name} == {
        "allocated_bytes.current": 8 * MB, "reserved_bytes.current": 8 * MB,
        "allocation.current": 1, "allocation.allocated": 1, "num_misses": 1,
    }  # fmt: skip
    del array
    assert {name: n for name, n in stats().items() if n and "peak" not in name} == {
        "cached_bytes.current": 8 * MB, "reserved_bytes.current": 8 * MB, "allocation.allocated": 1, "num_misses": 1,
    }  # fmt: skip
    now = memory.memory_stats()
    assert now["reserved_bytes.peak"] >= now["allocated_bytes.peak"] >= 8 * MB


def test_empty_cache_gives_all_free_buffers_back(stats):
    arrays = [pooled(n * MB // 8) for n in range(1, 40)]
    held = arrays.pop()
    held[:] = 5
    arrays.clear()
    assert stats()["cached_bytes.current"] > 0
    memory.empty_cache()
    assert stats()["cached_bytes.current"] == 0
    assert stats()["reserved_bytes.current"] == stats()["allocated_bytes.current"] == held.nbytes + MB // 8
    assert (held == 5).all()


def test_the_limit_holds_at_once_and_for_what_is_freed_later(stats):
    arrays = [pooled(4 * MB) for _ in range(8)]
    arrays.clear()
    memory.set_cache_limit(10 * MB)
    assert stats()["cached_bytes.current"] == 8 * MB
    arrays = [pooled(3 * MB) for _ in range(8)]
    arrays.clear()
    assert stats()["cached_bytes.current"] == 9 * MB
    memory.set_cache_limit(0)
    pooled(4 * MB)
    assert stats()["cached_bytes.current"] == 0


def test_the_coldest_buffers_are_given_back_first(stats):
    memory.set_cache_limit(10 * MB)
    arrays = {size: pooled(size * MB) for size in (1, 2, 4, 8)}
    for size in (1, 8, 2, 4):
        del arrays[size]
    assert stats()["cached_bytes.current"] == 6 * MB
    again = [pooled(4 * MB), pooled(2 * MB)]
    assert stats()["num_hits"] == len(again)


def test_a_buffer_larger_than_the_limit_does_not_drive_out_the_others(stats):
    memory.set_cache_limit(4 * MB)
    small, large = pooled(MB), pooled(8 * MB)
    del small, large
    assert stats()["cached_bytes.current"] == MB


def test_the_pool_does_not_grow_while_much_is_kept_in_other_sizes():
    program = """
from adjoint.kernels import memory
for size in range(10, 60):
    live = [memory.empty((size << 20) // 10 * n, "u1") for n in range(1, 12)]
    del live
found = memory.memory_stats()
print(found["reserved_bytes.peak"] <= found["allocated_bytes.peak"] + 2**25, found["num_misses"] > 50)
"""
    assert in_a_process(program) == "True True"


def test_what_was_in_use_long_ago_is_not_kept_forever():
    program = """
from adjoint.kernels import memory
live = [memory.empty(2**26, "u1") for _ in range(10)]
del live
before = memory.memory_stats()["cached_bytes.current"]
for _ in range(400):
    memory.empty(2**26, "u1")
print(before >> 20, memory.memory_stats()["cached_bytes.current"] >> 20)
"""
    assert in_a_process(program) == "640 256"


def test_limits_are_numbers_of_bytes_or_none():
    with pytest.raises(TypeError, match="expects a number of bytes or None, but got float"):
        adjoint.set_cache_limit(1.5)
    with pytest.raises(ValueError, match="expects no negative number of bytes, but got -1"):
        adjoint.set_cache_limit(-1)
    adjoint.set_cache_limit(10**30)
    adjoint.set_cache_limit(None)
    assert adjoint.memory_stats().keys() == memory.memory_stats().keys()
    adjoint.empty_cache()


# Processes and threads


def test_threads_share_the_pool(stats):
    def work(seed):
        random = np.random.default_rng(seed)
        held = []
        for _ in range(300):
            array = pooled(int(random.integers(1, 400_000)))
            array[0] = array[-1] = seed
            held.append(array)
            if len(held) > 5:
                held.pop(int(random.integers(6)))
        wrong.extend(a for a in held if not a[0] == a[-1] == seed)

    wrong = []
    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert stats()["allocated_bytes.current"] == 0


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
def test_a_forked_process_goes_on_with_the_pool():
    program = """
import os
from adjoint.kernels import memory
held, kept = memory.empty(2**21, "u1"), memory.empty(2**22, "u1")
held[:] = 1
del kept
child = os.fork()
array = memory.empty(2**22, "u1")
array[:] = 2 if child else 3
hits = memory.memory_stats()["num_hits"]
memory.empty_cache()
good = hits == 1 and int(held.sum()) == 2**21 and len(set(array.tolist())) == 1
if not child:
    os._exit(0 if good else 1)
print(os.waitpid(child, 0)[1], good)
"""
    assert in_a_process(program) == "0 True"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
def test_a_lock_held_by_a_thread_that_stayed_behind_is_opened():
    program = """
import os
from adjoint.kernels import memory
memory.empty(2**22, "u1")
memory._state[memory.LOCK] = 1
child = os.fork()
if not child:
    array = memory.empty(2**22, "u1")
    found = memory.memory_stats()
    os._exit(0 if (found["num_hits"], found["cached_bytes.current"]) == (0, 0) else 1)
memory._state[memory.LOCK] = 0
print(os.waitpid(child, 0)[1])
"""
    assert in_a_process(program) == "0"


def test_arrays_may_outlive_the_interpreters_modules():
    program = """
import builtins, sys
from adjoint.kernels import memory
class Last:
    def __del__(self):
        del self.array
builtins.last, sys.last = Last(), Last()
builtins.last.array, sys.last.array = memory.empty(2**22, "f4"), memory.empty(5, "f4")
cycle = [memory.empty(2**20, "f4")]
cycle.append(cycle)
print("end")
"""
    assert in_a_process(program) == "end"


def test_arrays_that_are_made_while_the_pool_starts_are_numpys():
    program = """
import numpy as np
from adjoint.kernels import memory
start = memory._start
def starting():
    found.append(memory.empty(2**20, "u1"))
    return start()
memory._start, found = starting, []
found.append(memory.empty(2**20, "u1"))
print(*[np._core.multiarray.get_handler_name(a) for a in found])
"""
    assert in_a_process(program) == "default_allocator adjoint"


def test_the_compiler_is_imported_with_the_first_array():
    program = """
import sys
import adjoint, adjoint.memory
adjoint.memory_stats(), adjoint.empty_cache(), adjoint.set_cache_limit(2**20)
print("llvmlite" in sys.modules)
from adjoint.kernels import memory
memory.empty(2**22, "u1"), memory.empty(2**19, "u1")
print("llvmlite" in sys.modules, adjoint.memory_stats()["cached_bytes.current"])
"""
    assert in_a_process(program).split() == ["False", "True", str(2**19)]


@pytest.mark.parametrize(
    "missing", ["sys.modules['llvmlite'] = None", "memory._numpy_api = lambda: None"], ids=["compiler", "handlers"]
)
def test_without_a_compiler_or_handlers_arrays_are_numpys(missing):
    program = f"""
import sys
import numpy as np
from adjoint.kernels import memory
{missing}
print(np._core.multiarray.get_handler_name(memory.empty(2**20, "u1")), sum(memory.memory_stats().values()))
"""
    assert in_a_process(program) == "default_allocator 0"


def test_formulas_that_cannot_be_traced_do_not_keep_their_arrays_for_each_new_size():
    before = memory.memory_stats()["allocated_bytes.current"]
    for n in range(100_000, 100_020):
        x = adjoint.ones(n, requires_grad=True)
        (x.exp() * x.tanh()).cumsum(0).sum().backward()
        with adjoint.no_grad():
            compiled(lambda a: np.add.accumulate(a), x.numpy(force=True))
    del x
    assert memory.memory_stats()["allocated_bytes.current"] - before < 1_000_000

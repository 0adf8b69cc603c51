"""The thread pool of the kernels: right results whoever computes them, and no trace of it where nothing is computed."""

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("llvmlite")

from adjoint.kernels import attention, convolution, pool, threads
from adjoint.kernels.handed import elements
from adjoint.kernels.machine import machine
from adjoint.kernels.machine_code import address
from adjoint.kernels.native import atomic_add, atomic_load, call_c, cast, i32, i64, native, ptr

pytestmark = pytest.mark.skipif(machine().family == "unknown", reason="no kernels for this processor")

LINUX = sys.platform.startswith("linux")
MOST_WORKERS = 64
MOST_TASKS = 64


@native
def count(args: ptr(i64), task: i64, worker: i64):
    """Add to what the task has, say which worker had it, and take so many microseconds."""
    out = cast(args[0], ptr(i64))
    out[task] += task + 1
    atomic_add(cast(args[1], ptr(i64)), worker, 1)
    if args[2] > 0:
        call_c("usleep", i32, i32(args[2]))


class Counted:
    """Arguments of :func:`count`, and what came of it."""

    def __init__(self, microseconds=0):
        self.out = np.zeros(MOST_TASKS, np.int64)
        self.by = np.zeros(MOST_WORKERS, np.int64)
        self.args = np.array([elements(self.out), elements(self.by), microseconds], np.int64)
        self.function, self.pointer = address(count), elements(self.args)

    def launch(self, tasks, backward=0):
        pool.launch(self.function, self.pointer, tasks, backward)

    def launched(self, tasks, backward=0):
        """Whether a region runs every task once."""
        self.out[:] = 0
        self.launch(tasks, backward)
        return self.out.tolist() == [*range(1, tasks + 1), *[0] * (MOST_TASKS - tasks)]


@pytest.fixture
def set_threads():
    before = threads.num_threads()
    yield pool.set_num_threads
    pool.set_num_threads(before)


def in_a_process(program, **environment):
    """The words that a process prints which has the names of this file."""
    here = Path(__file__).parent
    path = os.pathsep.join([str(here), str(here.parent)])
    done = subprocess.run(
        [sys.executable, "-c", f"from test_kernel_pool import *\n{program}"], capture_output=True, text=True, timeout=60,
        env={**os.environ, "PYTHONPATH": path, **environment},
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, ""), done
    return done.stdout.split()


# Regions


def test_every_task_of_thousands_of_regions_runs_once():
    counted = Counted()
    for round in range(60):
        for tasks in range(1, MOST_TASKS + 1):
            assert counted.launched(tasks), (round, tasks)
    assert counted.by.sum() == 60 * 32 * 65


@pytest.mark.parametrize("count", [1, 2, 3, 8, 11])
def test_tasks_run_once_in_shares_of_any_number_and_in_both_directions(count, set_threads):
    """Of more threads than there are shares, and of shares that have no tasks, too."""
    set_threads(count)
    counted = Counted()
    for round in range(40):
        for tasks in (1, 2, 3, 5, 7, 8, 9, 15, 16, 63, MOST_TASKS):
            assert counted.launched(tasks, round % 2), (round, tasks)


@native
def note(args: ptr(i64), task: i64, worker: i64):
    """Write down the tasks in the order in which they come, for each worker."""
    out = cast(args[0], ptr(i64)) + worker * MOST_TASKS
    seen = cast(args[1], ptr(i64))
    out[seen[worker]] = task
    seen[worker] += 1
    call_c("usleep", i32, i32(100))


@pytest.mark.parametrize("backward", [0, 1])
def test_every_thread_begins_with_its_own_share(backward, set_threads):
    set_threads(2)
    order, seen = np.full((2, MOST_TASKS), -1), np.zeros(2, np.int64)
    args = np.array([elements(order), elements(seen)], np.int64)
    pool.launch(address(note), elements(args), 40, backward)
    shares = [range(20), range(20, 40)]
    for worker, share in enumerate(shares):
        own = [*share][:: -1 if backward else 1]
        mine = order[worker, : seen[worker]].tolist()
        kept = [task for task in mine if task in share]
        assert mine[: len(kept)] == kept  # what the other had left comes after
        assert kept == [task for task in own if task in kept]
    assert sorted(order[order >= 0].tolist()) == [*range(40)]
    set_threads(1)
    seen[:] = 0
    pool.launch(address(note), elements(args), 5, backward)
    assert order[0, :5].tolist() == [0, 1, 2, 3, 4][:: -1 if backward else 1]


@native
def let_late_ones_in(args: ptr(i64), task: i64, worker: i64):
    """As :func:`count`; the first task lets workers in that should not be there."""
    count(args, task, worker)
    if task == 0:
        state = cast(args[3], ptr(i64))
        for late in range(1, 9):
            pool.work(state, atomic_load(state, pool.TICKET) >> 32, i64(late))


def test_a_worker_that_comes_when_there_are_fewer_threads_finds_nothing_to_do(set_threads):
    """It saw the larger number, was stopped, and goes on in a region whose scratch memory is for fewer."""
    set_threads(2)
    counted = Counted()
    args = np.array([*counted.args, elements(pool.pool().state)], np.int64)
    for _ in range(20):
        pool.launch(address(let_late_ones_in), elements(args), 20)
    assert counted.by[:2].sum() == counted.by.sum() == 20 * 20


def test_a_region_has_no_more_threads_than_it_has_memory_for(set_threads):
    set_threads(4)
    counted = Counted(microseconds=50)
    for most in (1, 2, 3):
        counted.by[:] = 0
        for _ in range(10):
            pool.launch(counted.function, counted.pointer, 20, threads=most)
        assert counted.by[:most].sum() == counted.by.sum() == 200


SHAPES = [(32, 40, 24, 1), (90, 75, 4, 1), (3, 8, 64, 1), (16, 16, 96, 1), (32, 40, 24, 2)]


@pytest.mark.parametrize("channels, filters, size, stride", SHAPES)
def test_kernels_with_scratch_memory_run_on_the_threads_that_they_counted(monkeypatch, channels, filters, size, stride):
    """Another thread may set a larger number after a kernel's caller has made room for each worker."""
    launch, asked, counted = pool.launch, [], []

    def launched(function, arguments, tasks, backward=0, threads=pool.MOST_THREADS):
        asked.append(threads)
        launch(function, arguments, tasks, backward, threads)

    monkeypatch.setattr(pool, "launch", launched)
    monkeypatch.setattr(pool, "num_threads", lambda: counted.append(3) or 3)
    random = np.random.default_rng(0)
    x, w, q = (
        random.standard_normal(shape).astype(np.float32)
        for shape in ((2, channels, size, size), (filters, channels, 3, 3), (4, 4, 96, 16))
    )
    rest = ((stride, stride), (1, 1), (1, 1), 1)
    y = convolution.convolve(x, w, *rest)
    found = attention.attend(q, q, q, None, None, False, 1.0)
    for call in (
        lambda: convolution.convolve(x, w, *rest),
        lambda: convolution.input_gradient(y, w, (size, size), *rest),
        lambda: convolution.weight_gradient(x, y, (3, 3), *rest),
        lambda: attention.attend(q, q, q, None, None, False, 1.0),
        lambda: attention.attend_gradients(q, q, q, q, *found, None, None, False, 1.0),
    ):
        asked.clear()
        counted.clear()
        call()
        assert not counted or 3 in asked


def test_a_region_without_tasks_runs_nothing():
    assert Counted().launched(0)


def test_regions_right_after_each_other_do_not_mix():
    counted = Counted()
    for _ in range(20_000):
        counted.launch(3)
    assert counted.out[:4].tolist() == [20_000, 40_000, 60_000, 0]


def test_regions_after_pauses_of_any_length_run_all_tasks():
    counted = Counted()
    for microseconds in [0, 20, 50, 80, 100, 120, 150, 200, 500, 2000] * 20:
        time.sleep(microseconds * 1e-6)
        assert counted.launched(16)


def test_a_sleeping_worker_wakes_up(set_threads):
    set_threads(2)
    counted = Counted(microseconds=2000)
    for _ in range(3):
        time.sleep(0.02)
        assert counted.launched(16)
    assert counted.by[1] > 0 and counted.by[2:].sum() == 0


def test_region_numbers_may_start_over(set_threads):
    set_threads(3)
    counted = Counted()
    assert counted.launched(8)
    time.sleep(0.02)
    pool.pool().state[pool.TICKET] = (0x7FFFFFF0 << 32) | (pool.CLOSED - 1)
    for tasks in range(1, 40):
        assert counted.launched(tasks)
    assert pool.pool().state[pool.TICKET] >> 32 == 38 - 16  # one task is no region


def test_threads_of_python_may_launch_at_the_same_time(set_threads):
    set_threads(3)
    right = []

    def launch():
        counted = Counted()
        right.append(all([counted.launched(tasks) for tasks in [2, 5, 33, 64] * 500]))

    starters = [threading.Thread(target=launch) for _ in range(4)]
    for starter in starters:
        starter.start()
    for starter in starters:
        starter.join()
    assert right == [True] * 4


# The number of threads


def test_one_thread_runs_everything_in_the_caller(set_threads):
    set_threads(1)
    counted = Counted()
    for _ in range(100):
        assert counted.launched(64)
    assert counted.by[0] == 6400 and counted.by.sum() == 6400


def test_the_number_of_threads_goes_up_and_down(set_threads):
    for number in (4, 1, 9, 2, 1, 3, 16, 2):
        set_threads(number)
        assert pool.num_threads() == number
        counted = Counted(microseconds=200)
        for _ in range(3):
            assert counted.launched(40)
        assert counted.by[number:].sum() == 0


def test_many_more_threads_than_cores_compute_right(set_threads):
    set_threads(MOST_WORKERS)
    counted = Counted()
    for tasks in range(1, MOST_TASKS + 1):
        assert counted.launched(tasks)


def test_the_number_of_threads_is_pytorchs_function(set_threads):
    import adjoint

    before = adjoint.get_num_threads()
    adjoint.set_num_threads(3)
    assert adjoint.get_num_threads() == pool.num_threads() == pool.pool().threads == 3
    for wrong in (0, -1):
        with pytest.raises(RuntimeError, match="set_num_threads expects a positive integer"):
            adjoint.set_num_threads(wrong)
    adjoint.set_num_threads(before)


def test_results_are_the_same_with_any_number_of_threads(set_threads):
    import adjoint as torch

    torch.manual_seed(0)
    x, weight = torch.randn(8, 16, 30, 30), torch.randn(24, 16, 3, 3)
    a, b = torch.randn(300, 400), torch.randn(400, 500)
    q = torch.randn(4, 4, 200, 64)

    def computed():
        leaf = x.clone().requires_grad_()
        y = torch.nn.functional.max_pool2d(torch.nn.functional.conv2d(leaf, weight), 2)
        y.backward(torch.ones_like(y))
        attended = torch.nn.functional.scaled_dot_product_attention(q, q, q, is_causal=True)
        return [t.detach().numpy() for t in (y, leaf.grad, a @ b, torch.tanh(a) * a + 1, attended)]

    set_threads(1)
    expected = computed()
    for number in (7, 2, 12, 1):  # plans that were made for other numbers serve again
        set_threads(number)
        for found, value in zip(computed(), expected):
            np.testing.assert_allclose(found, value, rtol=1e-4, atol=1e-4)


def test_the_cores_are_counted_once(monkeypatch):
    before = threads.available()  # what has been made for so many workers stays right
    monkeypatch.setenv("OMP_NUM_THREADS", str(before + 5))
    assert threads.available() == before


@pytest.mark.skipif(not LINUX, reason="counts in /proc")
@pytest.mark.parametrize("asked, started", [("1", 0), ("4", 3)])
def test_workers_are_started_when_first_needed_and_as_many_as_asked_for(asked, started):
    assert in_a_process("""
before = len(os.listdir("/proc/self/task"))
import adjoint
counted = Counted()
print(len(os.listdir("/proc/self/task")) - before)
assert counted.launched(20)
print(len(os.listdir("/proc/self/task")) - before, pool.num_threads())
""", OMP_NUM_THREADS=asked) == ["0", str(started), asked]  # fmt: skip


# What others see of it


def test_workers_are_no_threads_of_python():
    import _thread

    before = _thread._count(), threading.active_count()
    assert Counted().launched(30)
    assert (_thread._count(), threading.active_count()) == before


def test_workers_sleep_where_nothing_is_computed():
    awake, asleep = in_a_process("""
import adjoint
counted = Counted()
pool.set_num_threads(5)
for _ in range(100):
    counted.launch(30)
time.sleep(0.05)
before = time.process_time()
time.sleep(0.5)
print(time.process_time() - before)
before = time.process_time()
for _ in range(50):
    counted.launch(2)
    time.sleep(0.01)
print(time.process_time() - before)
""")  # fmt: skip
    assert float(awake) < 0.005
    assert float(asleep) < 0.25


@pytest.mark.skipif(not LINUX, reason="counts in /proc")
def test_workers_beyond_the_number_are_left_alone():
    (woken,) = in_a_process("""
def switches():
    found = {}
    for thread in os.listdir("/proc/self/task"):
        for line in Path(f"/proc/self/task/{thread}/status").read_text().splitlines():
            if line.startswith("voluntary"):
                found[thread] = int(line.split()[1])
    return found
pool.set_num_threads(12)
counted = Counted()
for _ in range(10):
    counted.launch(30)
pool.set_num_threads(2)
counted.launch(2)
time.sleep(0.05)
before = switches()
for _ in range(20):
    time.sleep(0.002)
    counted.launch(30)
after = switches()
print(sum(after[thread] > before[thread] for thread in before))
""", OMP_NUM_THREADS="1")  # fmt: skip
    assert int(woken) <= 2  # the caller and a worker


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
def test_a_forked_process_has_workers_of_its_own():
    assert in_a_process("""
import warnings
warnings.simplefilter("ignore")  # of fork in a process of many threads
pool.set_num_threads(3)
counted = Counted(microseconds=1000)
assert counted.launched(12)
for pause in (0, 0.02):
    time.sleep(pause)
    child = os.fork()
    if not child:
        counted.by[:] = 0
        right = counted.launched(12) and counted.launched(64) and counted.by[1:3].sum() > 0
        grandchild = os.fork()
        if not grandchild:
            os._exit(7 if counted.launched(30) else 1)
        right = right and os.waitstatus_to_exitcode(os.waitpid(grandchild, 0)[1]) == 7
        os._exit(7 if right else 1)
    assert counted.launched(12) and counted.launched(64)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    assert counted.launched(12)
""") == ["7", "7"]  # fmt: skip


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
def test_a_process_forked_while_another_thread_computes_can_compute():
    assert in_a_process("""
import warnings
warnings.simplefilter("ignore")
pool.set_num_threads(2)
theirs, ours = Counted(), Counted()
stop = False
def compute():
    while not stop:
        theirs.launch(64)
thread = threading.Thread(target=compute)
thread.start()
codes = set()
for _ in range(20):
    child = os.fork()
    if not child:
        os._exit(7 if ours.launched(20) else 1)
    codes.add(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
stop = True
thread.join()
print(codes)
""") == ["{7}"]  # fmt: skip


def test_an_interruption_is_raised_after_the_region():
    assert in_a_process("""
import signal
counted = Counted(microseconds=20_000)
assert counted.launched(2)
counted.out[:] = 0
threading.Timer(0.03, os.kill, (os.getpid(), signal.SIGINT)).start()
try:
    counted.launch(16)
    time.sleep(1)
except KeyboardInterrupt:
    print("interrupted")
print(counted.out[15], counted.launched(10))
""") == ["interrupted", "16", "True"]  # fmt: skip


def time_to_end(threads, end):
    """From a process's last statement to its end."""
    (ended,) = in_a_process(f"""
pool.set_num_threads({threads})
counted = Counted()
for _ in range(200):
    counted.launch(30)
print(time.time(), flush=True)
{end}
""")  # fmt: skip
    return time.time() - float(ended)


@pytest.fixture(scope="module")
def ends_without_workers():
    return []


@pytest.mark.parametrize("end", ["", "time.sleep(0.05)", "os._exit(0)", "sys.exit(0)", "del pool, counted"])
def test_a_process_ends_at_once_whatever_its_workers_do(end, ends_without_workers):
    # What else runs on the machine only adds to the times: the least of several tells, and one more is taken where they are apart.
    ends = []
    for _ in range(12):
        ends.append(time_to_end(4, end))
        ends_without_workers.append(time_to_end(1, ""))
        if min(ends) < min(ends_without_workers) + 0.2:
            return
    pytest.fail(f"{min(ends):.2f} s, and {min(ends_without_workers):.2f} s without workers")


def test_a_process_ends_while_a_thread_of_python_computes():
    in_a_process("""
counted = Counted()
def compute():
    while True:
        counted.launch(30)
threading.Thread(target=compute, daemon=True).start()
time.sleep(0.02)
""")  # fmt: skip


def test_a_pool_in_a_thread_that_ended_goes_on():
    assert in_a_process("""
counted = Counted()
thread = threading.Thread(target=lambda: print(counted.launched(30)))
thread.start()
thread.join()
print(counted.launched(30))
""") == ["True", "True"]  # fmt: skip


def test_a_number_of_threads_that_is_refused_changes_nothing():
    import adjoint

    torch = pytest.importorskip("torch")
    before = adjoint.get_num_threads()
    for number in (2**65, 0, -1, 2.0, "2"):
        told = []
        for library in (torch, adjoint):
            with pytest.raises((ValueError, TypeError, RuntimeError)) as error:
                library.set_num_threads(number)
            told.append((error.type, str(error.value)))
        assert told[0] == told[1]
        assert adjoint.get_num_threads() == before

"""DataLoader's workers: PyTorch's batches, random numbers and errors, from processes that come and go as PyTorch's do."""

from __future__ import annotations

import collections
import faulthandler
import importlib
import multiprocessing
import os
import random
import signal
import threading
import time
import warnings

import numpy as np
import pytest

import adjoint
from adjoint.interop import segments
from adjoint.utils.data._utils.line import Line

torch = pytest.importorskip("torch")
importlib.import_module("torch.utils.data")

pytestmark = pytest.mark.filterwarnings("ignore:This DataLoader will create", "ignore:.*multi-threaded.*fork")

Point = collections.namedtuple("Point", "x y")
BOTH = pytest.mark.parametrize("m", [adjoint, torch], ids=["adjoint", "torch"])


def plain(value):
    """Tensors as (dtype, list), so that what both libraries gave can be compared."""
    if isinstance(value, (adjoint.Tensor, torch.Tensor)):
        return str(value.dtype), value.tolist()
    if isinstance(value, np.ndarray):
        return value.dtype.str, value.tolist()
    if isinstance(value, dict):
        return type(value).__name__, {k: plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value).__name__, [plain(v) for v in value]
    return value


def same(use, seed=0):
    """``use(torch module)`` gives the same in both libraries, and leaves their generators in the same state."""
    results = []
    for m in (adjoint, torch):
        random.seed(seed)
        np.random.seed(seed)
        m.manual_seed(seed)
        results.append(plain([use(m), m.rand(2), random.random(), np.random.rand()]))
    assert results[0] == results[1]


class Of:
    """A dataset by a function of (library, index)."""

    def __init__(self, m, get, count=9):
        self.m, self.get, self.count = m, get, count

    def __len__(self):
        return self.count

    def __getitem__(self, i):
        return self.get(self.m, i)


def drawn(m, i):
    """Draws from every generator that PyTorch seeds in a worker."""
    info = m.utils.data.get_worker_info()
    rest = (info.id, info.num_workers, info.seed) if info else ()
    return i, m.rand(1), random.random(), np.random.rand(), *rest


class Sharded:
    def __init__(self, m, count=11, reported=None):
        self.m, self.begin, self.count, self.reported = m, 0, count, reported

    def __iter__(self):
        info = self.m.utils.data.get_worker_info()
        if info is None:
            return iter(range(self.count))
        return iter([i + int(self.m.randint(1, (1,))) for i in range(self.begin + info.id, self.count, info.num_workers)])

    def __len__(self):
        return self.reported


def sharded(m, *args):
    return type("Stream", (Sharded, m.utils.data.IterableDataset), {})(m, *args)


class Begin:
    """A worker_init_fn, as PyTorch's documentation has it."""

    def __init__(self, m):
        self.m = m

    def __call__(self, number):
        self.m.utils.data.get_worker_info().dataset.begin = 100 * number
        self.m.rand(3)


# Batches


@pytest.mark.parametrize("persistent", [False, True])
@pytest.mark.parametrize(
    "options",
    [
        {"num_workers": 2, "batch_size": 2, "shuffle": True},
        {"num_workers": 3, "batch_size": 4, "drop_last": True},
        {"num_workers": 1, "batch_size": None, "prefetch_factor": 1},
        {"num_workers": 2, "batch_sampler": [[3, 1], [2], [0, 8, 7]], "prefetch_factor": 5},
    ],
)
def test_batches_and_random_numbers_of_several_epochs_are_pytorchs(options, persistent):
    def use(m):
        loader = m.utils.data.DataLoader(
            Of(m, drawn), persistent_workers=persistent, worker_init_fn=Begin(m), **options
        )
        return [[list(loader), m.rand(1)] for _ in range(3)]

    same(use)


def test_random_numbers_that_are_drawn_between_batches_do_not_change_them():
    def use(m):
        generator = m.Generator().manual_seed(5)
        sampler = m.utils.data.RandomSampler(range(9), replacement=True, num_samples=40, generator=generator)
        loader = m.utils.data.DataLoader(Of(m, drawn), 2, sampler=sampler, num_workers=2, generator=generator)
        return [(batch, m.rand(1, generator=generator)) for batch in loader]

    same(use)


def test_an_epoch_that_is_left_before_its_end_does_not_disturb_the_next():
    def use(m):
        loader = m.utils.data.DataLoader(Of(m, drawn, 20), 2, True, num_workers=2, persistent_workers=True)
        found = []
        for stop in (1, 3, 100):
            for batch, _ in zip(loader, range(stop)):
                found.append(batch)
        return found

    same(use)


@pytest.mark.parametrize("persistent", [False, True])
@pytest.mark.parametrize("workers", [0, 1, 3])
def test_iterable_datasets_are_sharded_by_worker_information(workers, persistent):
    def use(m):
        options = {"num_workers": workers, "persistent_workers": persistent and workers > 0}
        loaders = [
            m.utils.data.DataLoader(sharded(m), 3, drop_last=True, **options),
            m.utils.data.DataLoader(sharded(m), None, **options),
            m.utils.data.DataLoader(sharded(m) + sharded(m, 3), 4, **options),
        ]
        return [[list(loader), list(loader)] for loader in loaders]

    same(use)
    assert adjoint.utils.data.get_worker_info() is None


@BOTH
def test_more_samples_than_an_iterable_dataset_reports_are_warned_of(m):
    loader = m.utils.data.DataLoader(sharded(m, 6, 2), None, num_workers=2)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert len(loader) == 2 and len(list(loader)) == 6
    texts = [str(w.message) for w in caught if "Length of IterableDataset" in str(w.message)]
    assert len(texts) == 4 and "reported to be 2(when accessing len(dataloader)), but 3 samples" in texts[0]
    assert "each worker" in texts[0]


def test_batches_keep_their_structure_and_dtype_on_the_way():
    big = 60 << 10

    def sample(m, i):
        return {
            "point": Point(i, [f"text {i}", b"bytes"]),
            "large": m.full((big,), i % 250, dtype=m.uint8),
            "half": m.full((2, 3), i / 2, dtype=m.bfloat16),
            "array": np.full((3, 1), i, np.int16),
            "complex": m.tensor([1j * i]),
            "none": m.zeros(0, 3),
            "true": i % 2 == 0,
        }

    same(lambda m: list(m.utils.data.DataLoader(Of(m, sample), 4, num_workers=2)))


def test_batches_of_other_kinds_pass_as_they_are():
    def whole(m, i):
        wide = m.arange(120.0 * 300).reshape(1, 120, 300) + i
        return [wide.permute(2, 0, 1), wide[:, ::2], np.arange(20000.0) + i, m.ones(1).expand(3, 4), None, {i}]

    same(lambda m: list(m.utils.data.DataLoader(Of(m, whole, 3), None, num_workers=2)))


def test_datasets_made_of_others_load_in_workers():
    def use(m):
        d = m.utils.data
        rows = d.TensorDataset(m.arange(24.0).reshape(8, 3), m.arange(8))
        parts = d.random_split(rows, [3, 5])
        datasets = [rows, d.ConcatDataset(parts), d.StackDataset(rows, a := list("abcdefgh")), d.Subset(parts[1], [3, 0, 2]), a]
        return [list(d.DataLoader(dataset, 2, shuffle=True, num_workers=2)) for dataset in datasets]

    same(use)


def test_large_batches_lie_in_memory_that_the_worker_has_written():
    loader = adjoint.utils.data.DataLoader(
        Of(adjoint, lambda m, i: (m.full((100, 100), float(i)), i)), 8, num_workers=1
    )
    images, labels = next(iter(loader))
    base = images._array
    while isinstance(base, np.ndarray):
        base = base.base
    assert isinstance(base, segments.Segment) and base.descriptor == -1
    images += 1  # it is ours
    assert images[7, 0, 0] == 8 and labels[7] == 7


def test_more_batches_can_be_kept_than_files_may_be_open():
    import resource

    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (len(os.listdir("/proc/self/fd")) + 60, limits[1]))
    try:
        loader = adjoint.utils.data.DataLoader(Of(adjoint, lambda m, i: m.full((200, 100), i), 200), num_workers=2)
        kept = list(loader)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
    assert [int(batch[0, 0, 0]) for batch in kept] == list(range(200))


def test_out_of_order_a_slow_batch_holds_nobody_up():
    def slow_first(m, i):
        while i == 0 and not os.path.exists(flag):
            time.sleep(0.01)
        return i

    flag = f"/tmp/adjoint-{os.getpid()}-{time.monotonic_ns()}"
    loader = adjoint.utils.data.DataLoader(Of(adjoint, slow_first, 8), None, num_workers=2, in_order=False, prefetch_factor=1)
    found = []
    try:
        for i in loader:
            found.append(int(i))
            if len(found) == 7:
                open(flag, "w").close()
    finally:
        if os.path.exists(flag):
            os.unlink(flag)
    assert found == [1, 2, 3, 4, 5, 6, 7, 0]


def test_messages_larger_than_the_socket_hold_pass_both_ways():
    loader = adjoint.utils.data.DataLoader(
        Of(adjoint, lambda m, indices: "x" * len(indices)), None, sampler=[list(range(500_000))] * 8, num_workers=2
    )
    assert [len(text) for text in loader] == [500_000] * 8


def test_a_dataset_that_cannot_be_pickled_is_pythons_error_with_a_hint():
    loader = adjoint.utils.data.DataLoader(
        Of(adjoint, lambda m, i: i), num_workers=1, multiprocessing_context="spawn"
    )
    with pytest.warns(UserWarning, match="Got pickle error when attempting to start a worker Process"):
        with pytest.raises((AttributeError, TypeError, importlib.import_module("pickle").PicklingError), match=r"[Pp]ickle"):
            iter(loader)


# Errors


class Strange(Exception):
    def __init__(self, one, two):
        super().__init__(one, two)


def failing(m, i):
    if i == 0:
        raise KeyError("no such\nkey")
    if i == 1:
        raise Strange(1, 2)
    if i == 2:
        raise ValueError("it is 2")
    return None if i == 3 else i


def test_an_exception_of_a_worker_is_raised_with_its_traceback_and_type():
    def use(m):
        told = []
        iterator = iter(m.utils.data.DataLoader(Of(m, failing, 6), num_workers=2))
        while True:
            try:
                told.append(next(iterator))
            except StopIteration:
                return told
            except Exception as error:
                lines = str(error).splitlines()
                told.append((type(error).__name__, lines[:2], lines[-2:] if "KeyError" in str(error) else lines[-1:]))

    same(use)


def test_what_cannot_be_pickled_is_an_error_and_no_hang():
    class Local(LookupError):
        pass

    def sample(m, i):
        if i:
            raise Local("told all the same")
        return lambda: 0

    iterator = iter(adjoint.utils.data.DataLoader(Of(adjoint, sample, 2), None, num_workers=1))
    with pytest.raises(Exception, match=r"in DataLoader worker process 0(.|\n)*pickle"):
        next(iterator)
    with pytest.raises(LookupError, match="told all the same"):
        next(iterator)


@BOTH
def test_an_error_of_worker_init_fn_comes_in_place_of_the_first_batch(m):
    def begin(number):
        raise LookupError(f"worker {number}")

    iterator = iter(m.utils.data.DataLoader(range(4), num_workers=2, worker_init_fn=begin))
    text = r"Caught LookupError in DataLoader worker process 0\.\nOriginal Traceback(.|\n)*worker 0"
    with pytest.raises(LookupError, match=text):
        next(iterator)


def test_a_batch_that_has_a_graph_is_refused():  # where PyTorch prints the error and waits for ever
    def sample(m, i):
        return m.ones(2, requires_grad=True) * i

    iterator = iter(adjoint.utils.data.DataLoader(Of(adjoint, sample), None, num_workers=1))
    with pytest.raises(RuntimeError, match="Cowardly refusing to serialize non-leaf tensor which requires_grad"):
        next(iterator)


def test_a_worker_that_sends_nothing_is_timed_out():
    iterator = iter(
        adjoint.utils.data.DataLoader(Of(adjoint, lambda m, i: time.sleep(60)), num_workers=1, timeout=0.3)
    )
    with pytest.raises(RuntimeError, match=r"DataLoader timed out after 0\.3 seconds"):
        next(iterator)
    for worker in iterator._workers:  # who would be given time to finish
        worker.kill()


@pytest.mark.parametrize(
    ("end", "text"),
    [
        (lambda: os.kill(os.getpid(), signal.SIGKILL), r"DataLoader worker \(pid \d+\) is killed by signal: Killed\. "),
        (lambda: os.kill(os.getpid(), signal.SIGSEGV), r"DataLoader worker \(pid \d+\) is killed by signal: Segmentation fault"),
        (lambda: os.kill(os.getpid(), signal.SIGBUS), r"by signal: Bus error\. .*out of shared memory"),
        (lambda: os._exit(7), r"DataLoader worker \(pid \d+\) exited unexpectedly with exit code 7\. Details are lost"),
        (lambda: os._exit(0), r"DataLoader worker \(pid\(s\) \d+\) exited unexpectedly"),
    ],
)
def test_a_worker_that_ends_is_reported_at_once(end, text):
    def sample(m, i):
        if i == 5:
            faulthandler.disable()  # pytest's
            end()
        return i

    iterator = iter(adjoint.utils.data.DataLoader(Of(adjoint, sample), num_workers=2, prefetch_factor=1))
    begin = time.monotonic()
    with pytest.raises(RuntimeError, match=text):
        list(iterator)
    assert time.monotonic() - begin < 20  # in milliseconds; what is excluded is a wait for a batch that never comes
    with pytest.raises(RuntimeError, match=text):
        next(iterator)


def test_a_worker_whose_own_child_lives_on_is_missed_all_the_same():
    def sample(m, i):
        if os.fork() == 0:  # it holds all of the worker's ends open
            time.sleep(4)
            os._exit(0)
        os.kill(os.getpid(), signal.SIGKILL)

    begin = time.monotonic()
    with pytest.raises(RuntimeError, match="is killed by signal: Killed"):
        next(iter(adjoint.utils.data.DataLoader(Of(adjoint, sample), num_workers=1)))
    assert time.monotonic() - begin < 3.5


# Processes


def gone(workers, seconds=20):
    until = time.monotonic() + seconds
    while any(worker.is_alive() for worker in workers) and time.monotonic() < until:
        time.sleep(0.01)
    return [worker.exitcode for worker in workers]


@pytest.mark.parametrize("leave", ["end", "break", "drop", "another thread"])
def test_workers_end_with_their_iterator(leave):
    iterator = iter(adjoint.utils.data.DataLoader(range(40), num_workers=2))
    workers = list(iterator._workers)
    for _ in zip(iterator, range(40 if leave == "end" else 3)):
        pass
    if leave == "end":
        assert next(iterator, None) is None
    if leave == "another thread":
        held = [iterator]
        thread = threading.Thread(target=held.clear)
        del iterator
        thread.start()
        thread.join()
    else:
        del iterator
    assert gone(workers) == [0, 0]


def test_two_iterators_at_once_each_have_their_own_workers():
    loader = adjoint.utils.data.DataLoader(range(12), 3, num_workers=2)
    pairs = [(a.tolist(), b.tolist()) for a, b in zip(loader, loader)]
    assert pairs == [([i, i + 1, i + 2],) * 2 for i in (0, 3, 6, 9)]


def test_persistent_workers_are_the_same_processes_until_one_dies():
    loader = adjoint.utils.data.DataLoader(
        Of(adjoint, lambda m, i: os.getpid(), 4), num_workers=2, persistent_workers=True
    )
    first = [int(pid) for pid in loader]
    assert [int(pid) for pid in loader] == first == [w.pid for w in loader._iterator._workers] * 2
    os.kill(first[0], signal.SIGKILL)
    gone(loader._iterator._workers[:1])
    assert not set(first) & {int(pid) for pid in loader}


def test_a_fork_of_the_main_process_leaves_the_workers_alone():
    others = set(multiprocessing.process._children)  # PyTorch's workers, left of other tests: they are none of ours
    iterator = iter(adjoint.utils.data.DataLoader(range(60), num_workers=2))
    assert next(iterator) == 0
    pid = os.fork()
    if pid == 0:
        try:
            del iterator
            multiprocessing.process._children.difference_update(others)
            multiprocessing.util._exit_function()
        finally:
            os._exit(0)
    os.waitpid(pid, 0)
    assert [int(i) for i in iterator] == list(range(1, 60))


def test_workers_have_one_thread_and_no_children():
    found = []
    for threads, nested in adjoint.utils.data.DataLoader(Of(adjoint, one_thread, 2), None, num_workers=1):
        found.append((threads, nested))
    assert found == [(1, "daemonic processes are not allowed to have children")] * 2


def one_thread(m, i):
    try:
        list(m.utils.data.DataLoader(range(3), num_workers=1))
    except AssertionError as error:
        return m.get_num_threads(), str(error)


def test_a_thread_can_load_with_workers():
    found = []
    thread = threading.Thread(
        target=lambda: found.extend(int(i) for i in adjoint.utils.data.DataLoader(range(9), num_workers=2))
    )
    thread.start()
    thread.join(60)
    assert found == list(range(9))


def test_lost_messages_are_told_and_the_next_epoch_has_new_workers():
    loader = adjoint.utils.data.DataLoader(range(9), num_workers=2, persistent_workers=True)
    iterator = iter(loader)
    for line in iterator._crew.lines:
        line.torn = True  # as an interrupt between receiving and keeping leaves it
    with pytest.raises(RuntimeError, match="was lost: the program was interrupted while it was received"):
        next(iterator)
    assert [int(i) for i in loader] == list(range(9))


def test_a_line_carries_objects_both_ways_without_waiting():
    import socket

    here, there = (Line(end) for end in socket.socketpair())
    large = list(range(300_000))
    here.send_soon(large)
    assert not here.flush()
    while (message := there.take()) is None:
        there.read()
        here.flush()
    assert message == (large,)
    there.send({"a": adjoint.arange(20000)})
    here.read(wait=True)
    assert here.take()[0]["a"].sum() == 20000 * 19999 // 2
    here.close()
    there.close()


# Options


def test_too_many_workers_are_warned_of_with_pytorchs_words(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0})
    texts = []
    for m in (adjoint, torch):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            m.utils.data.DataLoader(range(3), num_workers=3)
        texts.append([str(w.message) for w in caught])
        assert caught[0].filename == __file__ or m is torch
    assert texts[0] == texts[1] and "will create 3 worker processes in total. Our suggested max" in texts[0][0]

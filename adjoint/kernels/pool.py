"""The thread pool: one parallel region at a time, entered and left in about a microsecond.

``launch(kernel, arguments, tasks)`` runs ``kernel(arguments, task, worker)`` for every task, on the calling thread and
on the workers that are awake; worker 0 is the caller.  Workers spin for a while on the ticket of the next region, then
sleep on a futex; those beyond the number of threads that was set sleep until it changes.  Nobody waits for a worker
that sleeps: the tasks are handed out one by one, each worker's share first, then what others have left.  So from region to
region a thread finds in its core's cache what it wrote there; but which thread runs a task is a matter of chance in the
end, so a task's result may depend on its number only.

A share's ticket is the region's number and the next task in one word.  A worker takes a task by exchanging it, which fails
when the region has ended meanwhile; the caller closes the tickets before it writes what the next region is.  The first word
announces the region when all is written.  A worker whose number is beyond the region's threads takes no task: there are
fewer since it looked, or the kernel has scratch memory for so many only.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading
from functools import lru_cache
from typing import Any

import numpy as np

from adjoint.forks import hold
from adjoint.interrupts import at_once
from adjoint.kernels.machine import machine
from adjoint.kernels.machine_code import address, entry
from adjoint.kernels.native import *
from adjoint.kernels.native.bounds import CHECKED
from adjoint.kernels.threads import cores, listeners, num_threads, set_num_threads  # noqa: F401 - as much a part of the pool

# The words of the pool's state, a cache line for each group that is written together.
TICKET, FUNCTION, ARGUMENTS, TASKS, BACKWARD, SHARES, THREADS = 0, 8, 9, 10, 11, 12, 13
DONE, ASLEEP, BUSY, ACTIVE = 16, 24, 32, 40
SHARE, APART = 48, 8  # the first share's ticket, and from one to the next
MOST_SHARES = 8
MOST_PER_CORE = 4
MOST_THREADS = 1 << 30  # as many as there are
_WORDS = SHARE + APART * MOST_SHARES

CLOSED = 0x7FFFFFFF
_SPINS = 4000  # of a pause each: some 100 µs, longer than what Python does between two operators
_LINUX = sys.platform.startswith("linux")
_SYSCALL_FUTEX = {"x86": 202, "arm": 98}
FUTEX_WAIT, FUTEX_WAKE = 128, 129  # of this process only


@inline
def sleep_while(word, seen):
    """Sleep until a word (of 32 bits) is not as it was seen, and :func:`wake` is called for it."""
    if _LINUX:
        null = cast(i64(0), ptr(i8))
        call_c("syscall", i64, i64(_SYSCALL_FUTEX[machine().family]), word, i64(FUTEX_WAIT), i32(seen), null)
    else:
        call_c("usleep", i32, i32(100))


@inline
def wake(word):
    """Wake all that sleep on a word."""
    if _LINUX:
        null = cast(i64(0), ptr(i8))
        call_c("syscall", i64, i64(_SYSCALL_FUTEX[machine().family]), word, i64(FUTEX_WAKE), i32(0x7FFFFFFF), null)


@inline
def region_word(state):
    """Where the region's number is: the ticket's upper half."""
    return cast(state, ptr(i32)) + 1


@inline
def active_word(state):
    """Where the number of threads is."""
    return cast(state + ACTIVE, ptr(i32))


@native
def work(state: ptr(i64), region: i64, worker: i64):
    """Take tasks of a region until there are none left."""
    done = i64(0)  # reported at the end: every task would cost the other threads a cache line
    # What is read here is this region's if a task of it is got below: nothing is written before all of them are done.
    function, arguments = atomic_load(state, FUNCTION), atomic_load(state, ARGUMENTS)
    tasks, shares = atomic_load(state, TASKS), atomic_load(state, SHARES)
    backward = atomic_load(state, BACKWARD)
    if worker >= atomic_load(state, THREADS):
        return
    for n in range(shares):
        share = (worker + n) % shares
        place = SHARE + APART * share
        first, end = share * tasks // shares, (share + 1) * tasks // shares
        while True:
            ticket = atomic_load(state, place)
            next = ticket & 0xFFFFFFFF
            if (ticket >> 32) != region or next >= end:
                break
            if atomic_compare_swap(state, place, ticket, ticket + 1):
                task = where(backward != 0, first + end - 1 - next, next)
                call_pointer(cast(function, ptr(i8)), cast(arguments, ptr(i64)), task, worker)
                done += 1
    if done > 0:
        atomic_add(state, DONE, done)


@native
def serve(start: ptr(i64)):
    """A worker's life; ``start`` holds the state's address and the worker's number."""
    state = cast(start[0], ptr(i64))
    worker = start[1]
    seen = i64(-1)
    spins = i64(0)
    while True:
        threads = atomic_load(state, ACTIVE)
        if worker >= threads:
            sleep_while(active_word(state), threads)
            continue
        region = atomic_load(state, TICKET) >> 32
        closed = (atomic_load(state, TICKET) & 0xFFFFFFFF) == CLOSED
        if region == seen or closed:
            spins += 1
            pause()
            if spins > _SPINS and not closed:
                atomic_add(state, ASLEEP, 1)
                sleep_while(region_word(state), seen)
                atomic_add(state, ASLEEP, -1)
                spins = i64(0)
        else:
            seen = region
            work(state, region, worker)
            spins = i64(0)


@native
def run(state: ptr(i64), function: i64, arguments: ptr(i64), tasks: i64):
    """Run all tasks of a region; alone, where another thread has the pool."""
    run_along(state, function, arguments, tasks, i64(0), i64(MOST_THREADS))


@native
def run_along(state: ptr(i64), function: i64, arguments: ptr(i64), tasks: i64, backward: i64, most: i64):
    """As :func:`run`, on ``most`` threads at most; each begins with the last task of its share if they are taken ``backward``."""
    threads = smaller(atomic_load(state, ACTIVE), most)
    alone = tasks == 1 or threads == 1
    if not alone:  # `or` computes both sides, and the swap must be undone
        alone = atomic_swap(state, BUSY, 1) != 0
    if alone:
        for n in range(tasks):
            task = where(backward != 0, tasks - 1 - n, n)
            call_pointer(cast(function, ptr(i8)), arguments, task, i64(0))
        return
    region = ((atomic_load(state, TICKET) >> 32) + 1) & 0x7FFFFFFF
    shares = smaller(threads, i64(MOST_SHARES))
    atomic_store(state, TICKET, (region << 32) | CLOSED)
    for share in range(MOST_SHARES):
        atomic_store(state, SHARE + APART * share, (region << 32) | CLOSED)
    atomic_store(state, FUNCTION, function)
    atomic_store(state, ARGUMENTS, cast(arguments, i64))
    atomic_store(state, TASKS, tasks)
    atomic_store(state, BACKWARD, backward)
    atomic_store(state, SHARES, shares)
    atomic_store(state, THREADS, threads)
    atomic_store(state, DONE, 0)
    for share in range(shares):
        atomic_store(state, SHARE + APART * share, (region << 32) | (share * tasks // shares))
    atomic_store(state, TICKET, region << 32)
    if atomic_load(state, ASLEEP) > 0:
        wake(region_word(state))
    work(state, region, i64(0))
    while atomic_load(state, DONE) < tasks:
        pause()
    atomic_store(state, BUSY, 0)


HEAD = 4
"""How many words of a block stand before the kernel's arguments: the state's address, the kernel's, how many tasks, and whether
they are taken backward."""


@native
def run_block(block: ptr(i64)):
    """As :func:`run_along`, all that it needs in one block of words: a call from Python costs by the argument."""
    run_along(cast(block[0], ptr(i64)), block[1], block + HEAD, block[2], block[3], i64(MOST_THREADS))


@native
def set_active(state: ptr(i64), threads: i64):
    """Let so many threads work from the next region on."""
    atomic_store(state, ACTIVE, threads)
    wake(active_word(state))


@native
def start_thread(function: i64, argument: ptr(i64)) -> i32:
    """Start a worker that nobody joins; 0, or the error's number."""
    thread = scratch(i64, 1)
    status = call_c("pthread_create", i32, thread, cast(i64(0), ptr(i8)), cast(function, ptr(i8)), argument)
    if status == 0:
        call_c("pthread_detach", i32, thread[0])
    return status


class Pool:
    """The workers of this process."""

    def __init__(self, threads: int) -> None:
        words = np.zeros(_WORDS + 8, np.int64)
        first = -(words.ctypes.data // 8) % 8  # a cache line's beginning
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(words))  # workers outlive what Python frees at its exit
        self.state = words[first : first + _WORDS]
        self.state[TICKET] = CLOSED - 1
        self.state_address = self.state.ctypes.data
        self.starts: list[Any] = []
        self.threads = 1
        self.resize(threads)

    def resize(self, threads: int) -> None:
        """Let so many threads work; those that are missing are started."""
        start_one, serving = entry(start_thread, ctypes.c_int32), address(serve)
        threads = min(threads, cores() * MOST_PER_CORE)  # more would only wait for each other
        while len(self.starts) < threads - 1:
            start = np.array([self.state_address, len(self.starts) + 1], np.int64)
            ctypes.pythonapi.Py_IncRef(ctypes.py_object(start))
            self.starts.append(start)  # first: of workers that an interrupt left unknown there would be two of one number
            with _without_signals():
                failed = start_one(serving, start.ctypes.data)
            if failed:
                self.starts.pop()
                break  # as many as the system allows
        self.threads = min(threads, len(self.starts) + 1)
        entry(set_active)(self.state_address, self.threads)


class _without_signals:
    """Threads that are started inside get no signals: these are for the interpreter's own."""

    def __enter__(self) -> None:
        if hasattr(signal, "pthread_sigmask"):
            self._before = signal.pthread_sigmask(signal.SIG_BLOCK, [])
            try:
                signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
            except BaseException:
                signal.pthread_sigmask(signal.SIG_SETMASK, self._before)
                raise

    @at_once
    def __exit__(self, *exc: object) -> None:
        if hasattr(signal, "pthread_sigmask"):
            signal.pthread_sigmask(signal.SIG_SETMASK, self._before)


_lock = hold(threading.RLock())  # a signal's handler may compute while the pool is started
_pool: Pool | None = None


def pool() -> Pool:
    """The pool, started when first asked for."""
    global _pool
    if _pool is None:
        with _lock:
            if _pool is None:
                _pool = Pool(num_threads())
    return _pool


def _resize(count: int) -> None:
    with _lock:
        if _pool is not None:
            _pool.resize(count)


listeners.append(_resize)


def _forget() -> None:
    """In a forked process: the workers stayed behind."""
    global _pool
    _pool = None


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)


@lru_cache(maxsize=None)
def _run() -> Any:
    return entry(run_along)


@lru_cache(maxsize=None)
def running() -> Any:
    """:func:`run_block`, as Python calls it with bytes."""
    return entry(run_block)


def state() -> int:
    """The address of the pool's state."""
    return (_pool or pool()).state_address


def launch(function: int, arguments: int, tasks: int, backward: int = 0, threads: int = MOST_THREADS) -> None:
    """Run ``function(arguments, task, worker)`` for each of the tasks; both are addresses.

    ``threads``: of how many workers, at most.  A kernel that has scratch memory for each worker says here for how many: the
    number that is set may be another by now.
    """
    if tasks == 1 and not CHECKED:  # nobody else is needed
        (_alone.get(function) or _alone_of(function))(arguments, 0, 0)
    else:
        _run()((_pool or pool()).state_address, function, arguments, tasks, backward, threads)


_alone: dict[int, Any] = {}
_TASK = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64)


def _alone_of(function: int) -> Any:
    """What calls a task's function from Python: half of the time of a call that may wake others."""
    found = _alone[function] = _TASK(function)
    return found

"""Stores: keys and values that processes share while they find each other.

``Store`` has PyTorch's methods, all in terms of one, ``_do(operation, *parts)``, which a kind of store carries out: on its own
table (:class:`HashStore`), in a file (:mod:`.file_store`), over a socket (:mod:`.tcp_store`).
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from adjoint.distributed.errors import DistStoreError, QueueEmptyError

_DEFAULT = timedelta(minutes=5)


def as_bytes(value: Any) -> bytes:
    """A key or value as bytes; a string in UTF-8."""
    if isinstance(value, str):
        return value.encode()
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value)
    raise TypeError(f"a store keeps strings and bytes, not {type(value).__name__}")


class Store:
    """Keys and values that several processes set, get and wait for."""

    def __init__(self) -> None:
        self._timeout = _DEFAULT

    def _do(self, operation: str, *parts: bytes) -> list[bytes]:
        """Carry out an operation of :class:`Table`, and return what it does."""
        raise NotImplementedError(f"{type(self).__name__} says how to carry out {operation!r}")

    def _wait(self, keys: Sequence[bytes], timeout: timedelta) -> bool:
        """Wait until all the keys are there; False if it took longer."""
        return self._do("wait", str(timeout.total_seconds()).encode(), *keys) == [b"1"]

    def _too_long(self, keys: Sequence[bytes], timeout: timedelta) -> DistStoreError:
        named = ", ".join("/" + key.decode(errors="replace") for key in keys)
        return DistStoreError(f"wait timeout after {round(timeout.total_seconds() * 1000)}ms, keys: {named}")

    def set(self, key: str, value: str | bytes) -> None:
        """Put a value under a key, in place of the one that was there."""
        self._do("set", as_bytes(key), as_bytes(value))

    def get(self, key: str) -> bytes:
        """The value under a key, once there is one.

        Raises DistStoreError if there is none within the store's timeout.
        """
        self.wait([key])
        return self._do("get", as_bytes(key))[0]

    def wait(self, keys: Sequence[str], timeout: timedelta | None = None) -> None:
        """Wait until there is a value under each of the keys.  Raises DistStoreError if it takes longer than the timeout."""
        names, limit = [as_bytes(key) for key in keys], timeout or self._timeout
        if not self._wait(names, limit):
            raise self._too_long(names, limit)

    def check(self, keys: Sequence[str]) -> bool:
        """Whether there is a value under each of the keys."""
        return self._do("check", *map(as_bytes, keys)) == [b"1"]

    def add(self, key: str, amount: int) -> int:
        """Add to the number under a key (0 where there is none) and return the sum."""
        try:
            return int(self._do("add", as_bytes(key), str(int(amount)).encode())[0])
        except ValueError:
            raise DistStoreError(f"the value under {key!r} is not a number") from None

    def compare_set(self, key: str, expected_value: str | bytes, desired_value: str | bytes) -> bytes:
        """Set a value where ``expected_value`` is (or where nothing is, if that is empty), and return what is there then."""
        return self._do("compare_set", as_bytes(key), as_bytes(expected_value), as_bytes(desired_value))[0]

    def append(self, key: str, value: str | bytes) -> None:
        """Put more at the end of a value."""
        self._do("append", as_bytes(key), as_bytes(value))

    def delete_key(self, key: str) -> bool:
        """Forget a key; whether it was there."""
        return self._do("delete", as_bytes(key)) == [b"1"]

    def num_keys(self) -> int:
        """How many keys there are."""
        return len(self._do("keys"))

    def list_keys(self) -> list[str]:
        """The keys that there are."""
        return [key.decode(errors="surrogateescape") for key in self._do("keys")]

    def multi_set(self, keys: Sequence[str], values: Sequence[str | bytes]) -> None:
        """Set several values."""
        if len(keys) != len(values):
            raise ValueError(f"multi_set: {len(keys)} keys, and {len(values)} values")
        for key, value in zip(keys, values):
            self.set(key, value)

    def multi_get(self, keys: Sequence[str]) -> list[bytes]:
        """Several values, once all of them are there."""
        self.wait(keys)
        return [self._do("get", as_bytes(key))[0] for key in keys]

    def queue_push(self, key: str, value: str | bytes) -> None:
        """Put a value at the end of a queue."""
        self._do("push", as_bytes(key), as_bytes(value))

    def queue_pop(self, key: str, block: bool = True) -> bytes:
        """Take the first value of a queue; where there is none, wait for one, or raise QueueEmptyError if not ``block``."""
        until = time.monotonic() + (self._timeout.total_seconds() if block else 0)
        pause = 1e-3
        while True:
            found = self._do("pop", as_bytes(key))
            if found:
                return found[0]
            if time.monotonic() >= until:
                if block:
                    raise self._too_long([as_bytes(key)], self._timeout)
                raise QueueEmptyError("queue is empty")
            time.sleep(pause)
            pause = min(2 * pause, 0.05)

    def queue_len(self, key: str) -> int:
        """How many values are in a queue."""
        return int(self._do("length", as_bytes(key))[0])

    def barrier(self, key: str, world_size: int, timeout: timedelta | None = None) -> None:
        """Wait until ``world_size`` processes have come to the barrier of this name."""
        arrived = self.add(key, 1)
        turn = (arrived - 1) // world_size
        if arrived == (turn + 1) * world_size:
            self.set(f"{key}/{turn}", "1")
        self.wait([f"{key}/{turn}"], timeout)

    def has_extended_api(self) -> bool:
        """Whether append, multi_get and multi_set are there."""
        return True

    def set_timeout(self, timeout: timedelta) -> None:
        """How long ``get`` and ``wait`` wait from now on."""
        self._timeout = timeout

    @property
    def timeout(self) -> timedelta:
        """How long ``get`` and ``wait`` wait."""
        return self._timeout

    def clone(self) -> Store:
        """Another one with the same keys and values."""
        return self


class Table:
    """The keys and values themselves, and what can be done with them; for threads."""

    def __init__(self) -> None:
        self.values: dict[bytes, bytes] = {}
        self.queues: dict[bytes, deque[bytes]] = {}
        self.changed = threading.Condition()

    def do(self, operation: str, *parts: bytes) -> list[bytes]:
        """Carry out an operation.  Raises ValueError for one that does not exist or that cannot be done."""
        if operation == "wait":
            return self._wait(float(parts[0]), parts[1:])
        function: Callable[..., list[bytes]] | None = getattr(self, f"_{operation}", None)
        if function is None or operation not in OPERATIONS:
            raise ValueError(f"no operation {operation!r}")
        with self.changed:
            done = function(*parts)
            self.changed.notify_all()
            return done

    def _wait(self, seconds: float, keys: Sequence[bytes]) -> list[bytes]:
        with self.changed:
            return [b"%d" % self.changed.wait_for(lambda: all(key in self.values for key in keys), seconds)]

    def _set(self, key: bytes, value: bytes) -> list[bytes]:
        self.values[key] = value
        return []

    def _get(self, key: bytes) -> list[bytes]:
        if key not in self.values:
            raise ValueError(f"nothing under {key!r}")
        return [self.values[key]]

    def _check(self, *keys: bytes) -> list[bytes]:
        return [b"%d" % all(key in self.values for key in keys)]

    def _add(self, key: bytes, amount: bytes) -> list[bytes]:
        self.values[key] = b"%d" % (int(self.values.get(key, b"0")) + int(amount))
        return [self.values[key]]

    def _compare_set(self, key: bytes, expected: bytes, desired: bytes) -> list[bytes]:
        known = self.values.get(key)
        if known is None and expected:
            return [expected]
        if known is None or known == expected:
            self.values[key] = known = desired
        return [known]

    def _append(self, key: bytes, value: bytes) -> list[bytes]:
        self.values[key] = self.values.get(key, b"") + value
        return []

    def _delete(self, key: bytes) -> list[bytes]:
        return [b"%d" % (self.values.pop(key, None) is not None)]

    def _keys(self) -> list[bytes]:
        return list(self.values)

    def _push(self, key: bytes, value: bytes) -> list[bytes]:
        self.queues.setdefault(key, deque()).append(value)
        return []

    def _pop(self, key: bytes) -> list[bytes]:
        queue = self.queues.get(key)
        return [queue.popleft()] if queue else []

    def _length(self, key: bytes) -> list[bytes]:
        return [b"%d" % len(self.queues.get(key, ()))]


OPERATIONS = frozenset("set get check add compare_set append delete keys push pop length wait".split())


class HashStore(Store):
    """A store for the threads of one process.

    >>> import adjoint as torch
    >>> store = torch.distributed.HashStore()
    >>> store.set("a", "1")
    >>> store.get("a"), store.add("n", 2), store.check(["b"])
    (b'1', 2, False)
    """

    def __init__(self) -> None:
        super().__init__()
        self._table = Table()

    def _do(self, operation: str, *parts: bytes) -> list[bytes]:
        return self._table.do(operation, *parts)

    def _too_long(self, keys: Sequence[bytes], timeout: timedelta) -> DistStoreError:
        return DistStoreError("Wait timeout")


class PrefixStore(Store):
    """Another store, with ``prefix/`` put before each key, so that two uses of it do not meet."""

    def __init__(self, prefix: str, store: Store) -> None:
        super().__init__()
        self.prefix = prefix
        self.underlying_store = store

    def _named(self, key: bytes) -> bytes:
        return as_bytes(self.prefix) + b"/" + key

    def _do(self, operation: str, *parts: bytes) -> list[bytes]:
        if operation == "keys":
            return self.underlying_store._do("keys")
        if operation == "wait":
            return self.underlying_store._do("wait", parts[0], *map(self._named, parts[1:]))
        if operation == "check":
            return self.underlying_store._do("check", *map(self._named, parts))
        return self.underlying_store._do(operation, self._named(parts[0]), *parts[1:])

    def _wait(self, keys: Sequence[bytes], timeout: timedelta) -> bool:
        return self.underlying_store._wait([self._named(key) for key in keys], timeout)

    def _too_long(self, keys: Sequence[bytes], timeout: timedelta) -> DistStoreError:
        return self.underlying_store._too_long([self._named(key) for key in keys], timeout)

    def set_timeout(self, timeout: timedelta) -> None:
        """How long ``get`` and ``wait`` wait from now on."""
        self.underlying_store.set_timeout(timeout)
        self._timeout = timeout

    @property
    def timeout(self) -> timedelta:
        """How long ``get`` and ``wait`` wait."""
        return self.underlying_store.timeout

    def wait(self, keys: Sequence[str], timeout: timedelta | None = None) -> None:
        """Wait until there is a value under each of the keys.  Raises DistStoreError if it takes longer than the timeout."""
        super().wait(keys, timeout or self.timeout)


for _kind in (Store, HashStore, PrefixStore):
    _kind.__module__ = __name__.rpartition(".")[0]

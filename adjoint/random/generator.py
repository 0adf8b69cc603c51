"""Generator: PyTorch's CPU source of random words, the Mersenne Twister MT19937, draw for draw.

NumPy has the same twister.  A Generator takes its words in blocks of 624, as many as the twister makes at a time, so
that the place within a block is all that has to be known, beside NumPy's state, to write down PyTorch's state.
"""

from __future__ import annotations

import os
import threading
import weakref
from typing import Any, NoReturn

import numpy as np

from adjoint.device import CPU, device
from adjoint.names import listed_without
from adjoint.tensor import Tensor, from_array

BLOCK = 624
_SEED_OF_NEW_GENERATORS = 67280421310721
_NO_WORDS = np.empty(BLOCK, np.uint32)  # only its empty tail is ever read

# How PyTorch lays its state out in bytes; the padding is C's.
_STATE = np.dtype(
    {
        "names": ["seed", "left", "seeded", "next", "key", "normal", "normal_is_valid"],
        "formats": ["<u8", "<i4", "<i4", "<u8", ("<u8", BLOCK), "<f8", "<i4"],
        "offsets": [0, 8, 12, 16, 24, 24 + 8 * BLOCK + 8, 24 + 8 * BLOCK + 24],
        "itemsize": 24 + 8 * BLOCK + 40,
    }
)


def seed_argument(seed: Any) -> int:
    """A seed as 64 bits without a sign.  Raises ValueError for one that does not fit."""
    if not -(2**63) <= seed < 2**64:
        raise ValueError("Overflow when unpacking long long")
    return seed & 0xFFFFFFFFFFFFFFFF

_all: weakref.WeakSet[Generator] = weakref.WeakSet()



class Generator:
    """A source of random numbers with a state of its own, for the ``generator=`` of the functions that draw.

    Raises RuntimeError for a device other than the CPU.

    >>> import adjoint as torch
    >>> g = torch.Generator().manual_seed(0)
    >>> torch.rand(2, generator=g), g.initial_seed()
    (tensor([0.4963, 0.7682]), 0)
    """

    __slots__ = ("__weakref__", "_block", "_floats", "_legacy", "_next", "_seed", "_twister", "lock", "normal")

    normal: float | None
    """The second value of the latest pair of normal numbers, which the next draw of a few begins with."""

    def __init__(self, device: Any = "cpu") -> None:
        _check_device(device)
        self.lock = threading.RLock()
        _all.add(self)
        self._twister: Any = None
        self._restart(_SEED_OF_NEW_GENERATORS)

    def _restart(self, seed: int) -> None:
        self._seed = seed
        self._legacy: Any = None  # numpy.random.RandomState over the twister; None until words are asked for
        self._block = _NO_WORDS
        self._floats: Any = None  # the block's words as float32 in [0, 1), once they have been asked for
        self._next = BLOCK
        self.normal = None

    def _start(self) -> Any:
        """Make the twister, with what was waiting for it: NumPy's random is loaded only when numbers are drawn."""
        if self._twister is None:
            self._twister = np.random.MT19937(0)
        self._legacy = np.random.RandomState(self._twister)
        self._legacy.seed(self._seed & 0xFFFFFFFF)
        return self._legacy

    # Words.  Callers hold `lock`.

    def words(self, n: int) -> Any:
        """The next ``n`` words of 32 bits: an array of uint32 that is not to be written to."""
        first = self._next
        end = first + n
        if end <= BLOCK:
            self._next = end
            return self._block[first:end]
        legacy = self._legacy or self._start()
        block = self._block
        parts = [block[first:]] if first < BLOCK else []
        whole, last = divmod(end - BLOCK, BLOCK)
        if whole > 1:
            many = legacy.randint(0, 2**32, dtype=np.uint32, size=whole * BLOCK)
            parts.append(many)
            block = many[-BLOCK:].copy()
        elif whole:
            block = self._twister.random_raw(BLOCK).astype(np.uint32)
            parts.append(block)
        if last:
            block = self._twister.random_raw(BLOCK).astype(np.uint32)
            parts.append(block[:last])
        self._block, self._next, self._floats = block, last or BLOCK, None  # together: nothing can interrupt between them
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def rest(self) -> Any:
        """The words that are left of the block, or a whole new one, for who will give back what it does not need."""
        return self.words(BLOCK - self._next or BLOCK)

    def give_back(self, n: int) -> None:
        """Have the last ``n`` of the words that :meth:`rest` gave be the next ones again."""
        self._next -= n

    def floats(self, n: int) -> Any:
        """The next ``n`` float32 in [0, 1): a new array; of each word the lower 24 bits count."""
        first = self._next
        end = first + n
        if end > BLOCK or n == 0:
            return to_floats(self.words(n))
        if self._floats is None:
            self._floats = to_floats(self._block)
        self._next = end
        return self._floats[first:end].copy()

    def _turn(self) -> None:
        """Have a new block, when the last one is used up."""
        self._legacy or self._start()
        block = self._twister.random_raw(BLOCK).astype(np.uint32)
        self._block, self._next, self._floats = block, 0, None

    def doubles(self, n: int) -> Any:
        """The next ``n`` float64 in [0, 1): a new array; of each two words the lower 53 bits count."""
        pairs = self.words(2 * n).reshape(-1, 2)
        drawn = (pairs[:, 0] & np.uint32(0x1FFFFF)) * 2.0**-21
        drawn += pairs[:, 1] * 2.0**-53
        return drawn

    def integers(self, n: int) -> Any:
        """The next ``n`` words of 64 bits: an array of uint64, of each two words the first one the higher half."""
        pairs = self.words(2 * n).reshape(-1, 2).astype(np.uint64)
        return pairs[:, 0] << np.uint64(32) | pairs[:, 1]

    # PyTorch's interface.

    @property
    def device(self) -> device:
        """The device whose numbers this generator makes: the CPU."""
        return CPU

    def manual_seed(self, seed: int) -> Generator:
        """Begin anew from ``seed``, of which the lower 32 bits count; returns the generator.

        Raises ValueError for a seed outside of [-2^63, 2^64), RuntimeError for one that is no integer.
        """
        if not isinstance(seed, int) or isinstance(seed, bool):
            raise RuntimeError(f"manual_seed expected a long, but got {type(seed).__name__}")
        number = seed_argument(seed)
        with self.lock:
            self._restart(number)
        return self

    def seed(self) -> int:
        """Begin anew from a number that the operating system gives, and return it."""
        number = int.from_bytes(os.urandom(8), "little") >> 11  # 53 bits, as PyTorch, so that a double can hold it
        with self.lock:
            self._restart(number)
        return number

    def initial_seed(self) -> int:
        """The number that this generator began with."""
        return self._seed

    def get_state(self) -> Tensor:
        """The state: 5056 bytes, a uint8 tensor, laid out as PyTorch does."""
        with self.lock:
            self._legacy or self._start()
            state = np.zeros((), _STATE)
            state["seed"] = self._seed
            fresh = self._block is _NO_WORDS
            state["next"] = 0 if fresh else self._next
            state["left"] = 1 if fresh else BLOCK + 1 - self._next
            state["seeded"] = 1
            state["key"] = self._twister.state["state"]["key"]
            if self.normal is not None:
                state["normal"] = self.normal
                state["normal_is_valid"] = 1
        return from_array(np.frombuffer(state.tobytes(), np.uint8).copy())

    def set_state(self, new_state: Tensor) -> Generator:
        """Go on from a state that :meth:`get_state`, here or in PyTorch, gave; returns the generator.

        Raises TypeError or RuntimeError for what is no state, and leaves the generator as it was.
        """
        if not isinstance(new_state, Tensor):
            raise TypeError(f"expected a torch.ByteTensor, but got {type(new_state).__name__}")
        array = new_state._array
        if array.dtype != np.uint8:
            raise TypeError("RNG state must be a torch.ByteTensor")
        if array.size != _STATE.itemsize:
            raise RuntimeError(
                f"Expected a CPUGeneratorImplState of size {_STATE.itemsize} but found the input RNG state size to be "
                f"{array.size}"
            )
        state = np.frombuffer(array.tobytes(), _STATE)[0]
        left, next_ = int(state["left"]), int(state["next"])
        if not (state["seeded"] and 0 < left <= BLOCK and next_ <= BLOCK and (state["key"] >> 32 == 0).all()):
            raise RuntimeError("Invalid mt19937 state")
        with self.lock:
            self._restart(int(state["seed"]))
            self._start()
            begun = left != 1 or next_ != 0
            self._twister.state = {
                "bit_generator": "MT19937",
                "state": {"key": state["key"].astype(np.uint32), "pos": 0 if begun else BLOCK},
            }
            if begun:
                self._turn()
                self._next = BLOCK if left == 1 else next_
            self.normal = float(state["normal"]) if state["normal_is_valid"] else None
        return self

    def clone_state(self) -> Generator:
        """A new generator that goes on from where this one is."""
        return Generator().set_state(self.get_state())

    def exchange(self, other: Generator) -> None:
        """Exchange the states of two generators."""
        with self.lock, other.lock:
            for name in ("_block", "_floats", "_legacy", "_next", "_seed", "_twister", "normal"):
                mine = getattr(self, name)
                setattr(self, name, getattr(other, name))
                setattr(other, name, mine)

    def get_offset(self) -> NoReturn:
        """Raises RuntimeError: the CPU's generator has no offset."""
        raise RuntimeError("CPU Generator does not use offset")

    def set_offset(self, offset: int) -> NoReturn:
        """Raises RuntimeError: the CPU's generator has no offset."""
        raise RuntimeError("CPU Generator does not use offset")

    __dir__ = listed_without(
        "doubles", "exchange", "floats", "give_back", "integers", "lock", "normal", "rest", "words"
    )

    def __repr__(self) -> str:
        return f"<torch._C.Generator object at {id(self):#x}>"

    def __reduce__(self) -> tuple[Any, ...]:
        return _restore, (self.get_state()._array,)


def _restore(state: Any) -> Generator:
    return Generator().set_state(from_array(state))


def _check_device(given: Any) -> None:
    kind = "cpu" if given is None else device(given).type
    if kind != "cpu":
        raise RuntimeError(f"Cannot get {kind.upper()} generator: Adjoint makes random numbers on the CPU only")


def to_floats(words: Any) -> Any:
    """Words as float32 in [0, 1): their lower 24 bits, over 2^24."""
    drawn = (words & np.uint32(0xFFFFFF)).view(np.int32).astype(np.float32)
    drawn *= np.float32(2.0**-24)
    return drawn


default_generator = Generator()
"""The generator of the functions that draw and are not given one."""
default_generator.seed()


def _unlock() -> None:
    """In a forked process: another thread may have been drawing, which holds a generator's lock most of the time."""
    for generator in _all:
        generator.lock = threading.RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_unlock)

"""Guard: one load of a file, watched: what it does to the system, how much memory it takes, and what comes of it."""

from __future__ import annotations

import gc
import io
import pickle
import signal
import sys
import warnings
from contextlib import suppress
from typing import Any

import adjoint
from adjoint.serialization import CorruptFileError, add_safe_globals
from fuzz.files.whole import Safe, Slotted

FREE = 96 << 20
"""Bytes by which a load may raise the process's peak: what a file may make for nothing, and what the process needs itself."""
TIMES = 300
"""And this many times the file's size."""
SECONDS = 20
"""And, for each MB of the file, as many again."""

# What a load may be seen to do: nothing that reaches out of the process.
_HARMLESS = {
    "object.__getattr__", "object.__setattr__", "object.__delattr__", "sys._getframe", "gc.collect", "id", "builtins.id",
    "ctypes.dlsym/handle", "sys.excepthook", "sys.unraisablehook",
}  # fmt: skip

_seen: list[str] = []
_armed = False


def _watch(event: str, args: tuple[Any, ...]) -> None:
    if _armed and event not in _HARMLESS:
        _seen.append(f"{event} {args!r}"[:200])


def prepare() -> None:
    """Limit the process, allow two classes, and begin to watch; it cannot be undone."""
    import resource

    limit = 8 << 30
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    add_safe_globals([Safe, Slotted])
    warnings.simplefilter("ignore")
    sys.addaudithook(_watch)
    signal.signal(signal.SIGALRM, _too_long)


def _too_long(number: int, frame: Any) -> None:
    raise TimeoutError("still loading")


def load(data: bytes, *, measured: bool = True) -> tuple[str, str | None]:
    """What came of a file: a word for it, and what is wrong with that, or None."""
    global _armed
    file = io.BytesIO(data)
    before = _reset_peak() if measured else 0
    _seen.clear()
    signal.setitimer(signal.ITIMER_REAL, SECONDS * (1 + (len(data) >> 20)))
    _armed = True
    wrong = None
    try:
        loaded = adjoint.load(file, weights_only=True)
        outcome = "loaded"
        del loaded
    except CorruptFileError as error:
        outcome = "more than it holds" if "more memory than it has data" in str(error) else "damaged"
    except pickle.UnpicklingError as error:
        outcome = "refused"
        if type(error) is not pickle.UnpicklingError or not str(error).startswith("Weights only load failed"):
            wrong = f"{type(error).__name__}: {error}"
    except RuntimeError as error:
        outcome = "of another device or kind"
        if not any(text in str(error) for text in _OTHERS):
            wrong = f"RuntimeError: {error}"
    except BaseException as error:
        outcome = f"raised {type(error).__name__}"
        wrong = f"{type(error).__name__}: {error}"
    finally:
        _armed = False
        signal.setitimer(signal.ITIMER_REAL, 0)
    if _seen:
        outcome, wrong = "reached out", f"reached out: {_seen[:3]}"
    grown = _peak() - before if measured else 0
    if grown > FREE + TIMES * len(data):
        outcome, wrong = "took too much", f"took {grown >> 20} MB for {len(data)} bytes"
    return outcome, wrong


_OTHERS = ("deserialize object on a", "restore data location", "TorchScript archives", "legacy .tar format")


def _reset_peak() -> int:
    """Have the kernel forget the process's peak; the memory in use, in bytes."""
    with suppress(OSError), open("/proc/self/clear_refs", "w") as file:
        file.write("5")
    return _peak()


def _peak() -> int:
    with suppress(OSError), open("/proc/self/status") as file:
        for line in file:
            if line.startswith("VmHWM"):
                return int(line.split()[1]) << 10
    return 0


def settle() -> None:
    """Load a few files unwatched first, so that what is imported and built at first use is there."""
    from fuzz.files.mutants import mutant
    from fuzz.files.whole import wholes

    for whole in wholes():
        with suppress(Exception):
            adjoint.load(io.BytesIO(whole.data))
    for seed in range(-200, 0):
        with suppress(Exception):
            adjoint.load(io.BytesIO(mutant(seed)[0]))
    gc.collect()

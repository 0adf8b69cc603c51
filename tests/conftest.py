"""What every test leaves as it was, and what all of them share: how two processes share two cores, and Python's collector."""

import gc
import os
import sys
from collections.abc import Iterator
from typing import Any

# PyTorch's threads wait for work by spinning.  Where several processes share the cores (`-n 2`), they spin on those that others
# compute on.  It is read when PyTorch is loaded, also by the programs that tests start.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import pytest

from adjoint.autograd import overriding


def pytest_collection(session: pytest.Session) -> None:
    """Tens of thousands of tests are made, of which none is garbage: nobody looks for it meanwhile."""
    gc.disable()


def pytest_collection_finish(session: pytest.Session) -> None:
    """What was made lives to the end, with all of PyTorch: a collection need not look at a million objects again."""
    gc.collect()
    gc.freeze()
    gc.enable()
    _seed_no_absent_devices(sys.modules.get("torch"))


def _seed_no_absent_devices(torch: Any) -> None:
    """Have ``torch.manual_seed``, which tests call thousands of times, seed the CPU alone where there is nothing else.

    For each kind of device that is absent PyTorch writes down the whole stack, as text that is kept to the end of the process.
    """
    if torch is None or torch.accelerator.is_available():
        return

    def manual_seed_all(seed: int) -> None:
        pass

    for kind in (torch.cuda, torch.xpu, torch.mtia):
        kind.manual_seed_all = manual_seed_all


@pytest.fixture(autouse=True)
def _functions_as_they_were_declared() -> Iterator[None]:
    """A test that makes instances of a class of tensors has functions look for overriding; others' tests begin without."""
    yield
    if overriding.on:
        for function, original in overriding._originals.items():
            function.__code__, function.__kwdefaults__ = original.__code__, original.__kwdefaults__
            function.__dict__.pop("__wrapped__", None)
            function.__dict__.update(original.__dict__)
        overriding._originals.clear()
        overriding.on.clear()

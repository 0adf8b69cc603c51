"""``torch.random``: seeding and the state of the generator that is used where none is given.

:mod:`.generator` is the source of random words, :mod:`.draws` makes numbers of them, :mod:`.rejection` those of which
each takes as many words as chance has it; the functions on tensors are in
``adjoint.ops.random`` and its neighbours.
"""

from __future__ import annotations

from contextlib import ContextDecorator
from typing import Any

from adjoint.device import check_device
from adjoint.interrupts import at_once, surely
from adjoint.names import list_names as _list_names
from adjoint.random.generator import Generator, default_generator, seed_argument
from adjoint.tensor import Tensor

__all__ = [
    "Generator",
    "default_generator",
    "fork_rng",
    "get_rng_state",
    "initial_seed",
    "manual_seed",
    "seed",
    "set_rng_state",
]


def manual_seed(seed: int) -> Generator:
    """Have the default generator begin anew from ``seed``, as PyTorch's would, and return it.

    Raises ValueError for a seed outside of [-2^63, 2^64).

    >>> import adjoint as torch
    >>> _ = torch.manual_seed(0)
    >>> torch.randn(3)
    tensor([ 1.5410, -0.2934, -2.1788])
    """
    return default_generator.manual_seed(seed_argument(int(seed)))


def seed() -> int:
    """Have the default generator begin anew from a number of the operating system's, and return that."""
    return default_generator.seed()


def initial_seed() -> int:
    """The number that the default generator began with.

    >>> import adjoint as torch
    >>> torch.manual_seed(5).initial_seed(), torch.initial_seed()
    (5, 5)
    """
    return default_generator.initial_seed()


def get_rng_state() -> Tensor:
    """The default generator's state, a uint8 tensor of 5056 bytes that PyTorch understands.

    >>> import adjoint as torch
    >>> state = torch.get_rng_state()
    >>> a = torch.rand(2)
    >>> torch.set_rng_state(state)
    >>> bool((torch.rand(2) == a).all())
    True
    """
    return default_generator.get_state()


def set_rng_state(new_state: Tensor) -> None:
    """Have the default generator go on from a state that :func:`get_rng_state`, here or in PyTorch, gave."""
    default_generator.set_state(new_state)


class fork_rng(ContextDecorator):
    """Draw inside without moving the default generator on: its state is put back at the end.

    ``devices`` are those whose generators are kept beside the CPU's; none is here, so naming one raises.

    >>> import adjoint as torch
    >>> _ = torch.manual_seed(0)
    >>> with torch.random.fork_rng():
    ...     inside = torch.rand(1)
    >>> bool(torch.rand(1) == inside)
    True
    """

    def __init__(
        self,
        devices: Any = None,
        enabled: bool = True,
        _caller: str = "fork_rng",
        _devices_kw: str = "devices",
        device_type: str = "cuda",
    ) -> None:
        self._enabled = enabled
        for given in (devices or ()) if enabled else ():
            check_device(given if not isinstance(given, int) else f"{device_type}:{given}", _caller, _devices_kw)

    def __enter__(self) -> None:
        self._state = get_rng_state() if self._enabled else None

    @at_once
    def __exit__(self, *exc: object) -> None:
        if self._state is not None:
            surely(set_rng_state, self._state)


_list_names(__name__)

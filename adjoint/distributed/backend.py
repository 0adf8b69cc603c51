"""Backends: the names by which programs ask for what carries collectives out.  Here that is MPI, whatever the name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from adjoint.distributed import mpi

_ABSENT = {"nccl": "NCCL", "ucc": "UCC", "xccl": "XCCL"}


class Backend(str):
    """A backend's name, in small letters.

    >>> import adjoint as torch
    >>> torch.distributed.Backend("GLOO"), torch.distributed.Backend.MPI
    ('gloo', 'mpi')
    """

    UNDEFINED = "undefined"
    GLOO = "gloo"
    NCCL = "nccl"
    UCC = "ucc"
    MPI = "mpi"
    XCCL = "xccl"
    FAKE = "fake"

    backend_list = [UNDEFINED, GLOO, NCCL, XCCL, UCC, MPI, FAKE]

    def __new__(cls, name: str) -> Any:
        """The name in small letters.  Raises ValueError for what is not a string."""
        if not isinstance(name, str):
            raise ValueError("Backend constructor parameter must be string-ish")
        return name.lower()

    @classmethod
    def register_backend(cls, name: str, func: Any, extended_api: bool = False, devices: Any = None) -> None:
        """Raises RuntimeError: collectives are carried out by MPI, and no other backend can be put in."""
        raise RuntimeError(f"Adjoint carries collectives out by MPI; a backend {name!r} of your own cannot be registered")


class BackendConfig:
    """Which backend serves which kind of device."""

    def __init__(self, backend: str) -> None:
        self.device_backend_map = _by_device(backend)

    def get_device_backend_map(self) -> dict[str, str]:
        """Kind of device -> backend."""
        return self.device_backend_map

    def __repr__(self) -> str:
        return ",".join(f"{device}:{backend}" for device, backend in self.device_backend_map.items())


for _kind in (Backend, BackendConfig):
    _kind.__module__ = __name__.rpartition(".")[0]


def chosen(backend: Any) -> str:
    """The backend for tensors of a CPU that a user's choice means.

    Raises RuntimeError for one that only graphics cards have, and for a name that nobody knows.
    """
    if backend is None or backend == Backend.UNDEFINED:
        return Backend.UNDEFINED
    if not isinstance(backend, str):
        raise ValueError("Backend constructor parameter must be string-ish")
    by_device = _by_device(backend)
    for name in dict.fromkeys(by_device.values()):
        if name in _ABSENT:
            raise RuntimeError(f"Distributed package doesn't have {_ABSENT[name]} built in")
        if name not in (Backend.GLOO, Backend.MPI):
            raise RuntimeError(f"Unknown backend: {name}. Adjoint has 'gloo' and 'mpi', which both are MPI")
    if "cpu" not in by_device:
        raise RuntimeError(f"No backend for tensors on a CPU in {backend!r}")
    return by_device["cpu"]


def _by_device(backend: str) -> dict[str, str]:
    """``"gloo"`` or ``"cpu:gloo,cuda:nccl"``, by device.  Raises ValueError for what is neither."""
    text = backend.lower()
    if ":" not in text:
        if text in ("undefined", ""):
            return {"cpu": Backend.GLOO}
        return {"cpu": text, "cuda": text} if text == Backend.GLOO else {"cpu": text}
    found: dict[str, str] = {}
    for pair in text.split(","):
        device, colon, name = pair.partition(":")
        if not colon or not device or not name:
            raise ValueError(
                f"The custom backend string argument is invalid: {backend}.\n"
                'Custom backend string is an experimental feature where the backend string must be in the format:\n'
                '"<device_type1>:<backend1>,<device_type2>:<backend2>...". e.g. \'cpu:gloo,cuda:nccl\''
            )
        if device in found:
            raise ValueError(f"Duplicate device type {device} in backend string: {backend}")
        found[device] = name
    return found


def is_available() -> bool:
    """Whether there is ``torch.distributed``: always."""
    return True


def is_gloo_available() -> bool:
    """Whether ``init_process_group("gloo")`` can make several processes a group: whether mpi4py is there."""
    return mpi.is_there()


def is_mpi_available() -> bool:
    """Whether ``init_process_group("mpi")`` can make several processes a group: whether mpi4py is there."""
    return mpi.is_there()


def is_nccl_available() -> bool:
    """Whether there is NCCL: no."""
    return False


def is_ucc_available() -> bool:
    """Whether there is UCC: no."""
    return False


def is_xccl_available() -> bool:
    """Whether there is XCCL: no."""
    return False


def is_backend_available(backend: str) -> bool:
    """Whether a group can be made with this backend."""
    available: dict[str, Callable[[], bool]] = {"gloo": is_gloo_available, "mpi": is_mpi_available}
    name = backend.lower()
    return name in available and available[name]()


def get_default_backend_for_device(device: Any) -> str:
    """The backend for tensors on a device.  Raises ValueError for any but the CPU's."""
    kind = str(device).partition(":")[0]
    if kind != "cpu":
        raise ValueError(f"Default backend not registered for device : {device}")
    return Backend.GLOO

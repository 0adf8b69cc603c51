"""Locations: the device that a storage was saved from, and where it is to be put."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from adjoint.device import device
from adjoint.interop.storage import UntypedStorage

MAP_LOCATION = Callable[[Any, str], Any] | device | str | dict[str, str] | None
"""What ``torch.load`` takes for ``map_location``."""

_packages: list[tuple[int, Callable[[Any], str | None], Callable[[Any, str], Any]]] = []


def register_package(
    priority: int, tagger: Callable[[Any], str | None], deserializer: Callable[[Any, str], Any]
) -> None:
    """Add a pair of functions that tag storages with a location, and put storages where a tag says.

    Each may return None where it is not concerned; the lowest priority is asked first.
    """
    _packages.append((priority, tagger, deserializer))
    _packages.sort(key=lambda entry: entry[0])


def _cpu(storage: Any, location: str) -> Any:
    return storage if location == "cpu" else None


def _absent(storage: Any, location: str) -> Any:
    """A storage without memory for ``meta``, and PyTorch's errors for the devices that are not here."""
    kind = location.split(":")[0]
    if kind in ("cuda", "xpu", "mps", "hpu"):
        raise RuntimeError(
            f"Attempting to deserialize object on a {kind.upper()} device but torch.{kind}.is_available() is False. If "
            "you are running on a CPU-only machine, please use torch.load with map_location=torch.device('cpu') to map "
            "your storages to the CPU."
        )
    if kind == "meta":
        return UntypedStorage(storage.nbytes(), device="meta")
    return None


register_package(10, lambda storage: "cpu", _cpu)
register_package(20, lambda storage: None, _absent)


def location_tag(storage: Any) -> str:
    """The location with which a storage is saved."""
    for _, tagger, _ in _packages:
        location = tagger(storage)
        if location:
            return location
    raise RuntimeError(f"don't know how to determine data location of {type(storage).__name__}")


def default_restore_location(storage: Any, location: str) -> Any:
    """A storage where ``location`` says; RuntimeError where that cannot be."""
    for _, _, deserializer in _packages:
        restored = deserializer(storage, location)
        if restored is not None:
            return restored
    raise RuntimeError(
        f"don't know how to restore data location of torch.storage.UntypedStorage (tagged with {location})"
    )


def restorer(map_location: Any) -> Callable[[UntypedStorage, str], Any]:
    """What ``map_location`` means, as a function of a storage and the location it was saved with."""
    if map_location is None:
        return default_restore_location
    if isinstance(map_location, dict):
        return lambda storage, location: default_restore_location(storage, map_location.get(location, location))
    if isinstance(map_location, (str, bytes)):
        name = map_location if isinstance(map_location, str) else map_location.decode("ascii")
        return lambda storage, location: default_restore_location(storage, name)
    if isinstance(map_location, device):
        return lambda storage, location: default_restore_location(storage, str(map_location))

    def restore(storage: UntypedStorage, location: str) -> Any:
        result = map_location(storage, location)
        return default_restore_location(storage, location) if result is None else result

    return restore

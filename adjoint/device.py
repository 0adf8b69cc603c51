"""Devices: ``torch.device``, the default device, and the errors of asking for one that is not there."""

from __future__ import annotations

import re
from typing import Any

from adjoint.interrupts import at_once
from adjoint.readings.meta import OnMeta, makes_nothing
from adjoint.thread_state import declare

_TYPES = (
    "cpu", "cuda", "ipu", "xpu", "mkldnn", "opengl", "opencl", "ideep", "hip", "ve", "fpga", "maia", "xla", "lazy",
    "vulkan", "mps", "meta", "hpu", "mtia", "privateuseone",
)  # fmt: skip
_WITH_INDEX = re.compile(r"([a-z]+)(?::(0|[1-9]\d*))?")
NO_ACCELERATOR = "Cannot access accelerator device when none is available."


class device:
    """Where a tensor lives: a type and, optionally, a number.

    Any of PyTorch's devices can be named; tensors can be made on ``cpu``, and on ``meta``, where they have a shape, a
    dtype and strides and no memory.  As a context manager it is the default device inside.

    >>> import adjoint as torch
    >>> torch.device("cuda:1"), str(torch.device("cuda", 1)), torch.ones(2).device
    (device(type='cuda', index=1), 'cuda:1', device(type='cpu'))
    """

    __slots__ = ("index", "type")

    type: str
    index: int | None

    def __new__(cls, device: Any = None, index: int | None = None, *, type: str | None = None) -> Any:
        given = type if device is None else device
        if isinstance(given, cls):
            return given
        if isinstance(given, int) and not isinstance(given, bool):
            raise RuntimeError(NO_ACCELERATOR)
        if not isinstance(given, str):
            shown = "" if given is None else given.__class__.__name__
            raise TypeError(
                f"device() received an invalid combination of arguments - got ({shown}), but expected one of:\n"
                " * (torch.device device)\n * (str type, int index = -1)\n"
            )
        found_type, found_index = _parse(given)
        if index is not None:
            if found_index is not None:
                raise RuntimeError(
                    f"type (string) must not include an index because index was passed explicitly: {given}"
                )
            if index < 0:
                raise RuntimeError("Device index must not be negative")
            found_index = index
        self = object.__new__(cls)
        object.__setattr__(self, "type", found_type)
        object.__setattr__(self, "index", found_index)
        return self

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"attribute '{name}' of 'torch.device' objects is not writable")

    def __repr__(self) -> str:
        return f"device(type='{self.type}'" + ("" if self.index is None else f", index={self.index}") + ")"

    def __str__(self) -> str:
        return self.type if self.index is None else f"{self.type}:{self.index}"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, device) and (self.type, self.index) == (other.type, other.index)

    def __hash__(self) -> int:
        return hash((self.type, self.index))

    def __reduce__(self) -> tuple[Any, ...]:
        return device, (self.type,) if self.index is None else (self.type, self.index)

    def __enter__(self) -> device:
        ever_set[:] = [True]
        before = _default.devices
        try:
            _default.devices = (*before, self)
            return self
        except BaseException:
            _default.devices = before
            raise

    @at_once
    def __exit__(self, *exc: object) -> None:
        _default.devices = _default.devices[:-1]


def _parse(text: str) -> tuple[str, int | None]:
    if not text:
        raise RuntimeError("Device string must not be empty")
    name = text.partition(":")[0]
    if name not in _TYPES:
        raise RuntimeError(f"Expected one of {', '.join(_TYPES)} device type at start of device string: {text}")
    match = _WITH_INDEX.fullmatch(text)
    if match is None:
        raise RuntimeError(f"Invalid device string: '{text}'")
    return name, None if match[2] is None else int(match[2])


_default = declare(
    devices=(),  # those of `with device:`, the innermost last
    default_device=None,  # that of set_default_device
)
ever_set: list[bool] = []  # empty while no thread ever chose a default device, so that tensors are made without asking

CPU = device("cpu")
META = device("meta")


def set_default_device(device: Any) -> None:
    """Make new tensors on ``device`` (None: on the CPU).

    A device that is not there may be set; making a tensor on it then raises.
    """
    _default.default_device = None if device is None else _as_device(device)
    ever_set[:] = [True]


def get_default_device() -> device:
    """The device on which new tensors are made.

    >>> import adjoint as torch
    >>> torch.get_default_device()
    device(type='cpu')
    """
    if _default.devices:
        return _default.devices[-1]
    return _default.default_device or CPU


_as_device = device  # under a name that arguments called `device` do not hide


def check_device(given: Any, function: str = "tensor", name: str = "device") -> None:
    """Raise unless tensors can be made on the device (None: the default one), in PyTorch's words.

    AssertionError for ``cuda`` and ``xpu``, as PyTorch raises where it was built without them; RuntimeError for others.
    OnMeta for ``meta``, unless nothing is made there already.
    """
    if given is None:
        if not _default.devices and _default.default_device is None:
            return
        given = get_default_device()
    if given.__class__ is not device:
        if not isinstance(given, (str, int)) or isinstance(given, bool):
            from adjoint.declare.arguments import wrong_argument

            wrong_argument(function, name, "torch.device", given)
        given = device(given)
    kind = given.type
    if kind == "cpu":
        return
    if kind == "meta":
        if makes_nothing():
            return
        raise OnMeta(f"{function}() has no way to make tensors on the device meta")
    if kind in ("cuda", "xpu"):
        raise AssertionError(f"Torch not compiled with {kind.upper()} enabled")
    if kind == "mps":
        raise RuntimeError("PyTorch is not linked with support for mps devices")
    raise NotImplementedError(f"Adjoint makes tensors on the CPU only, not on device '{given}'")

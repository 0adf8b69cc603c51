"""``torch.cuda``: there is no such device, and every function says so as PyTorch built without CUDA does."""

from __future__ import annotations

from typing import Any, NoReturn

from adjoint.cuda import amp
from adjoint.names import named as _named
from adjoint.ops.legacy import CUDA_CLASSES


def is_available() -> bool:
    """False.

    >>> import adjoint as torch
    >>> torch.device("cuda" if torch.cuda.is_available() else "cpu")
    device(type='cpu')
    """
    return False


def is_bf16_supported(including_emulation: bool = True) -> bool:
    """False."""
    return False


def is_initialized() -> bool:
    """False."""
    return False


def device_count() -> int:
    """0."""
    return 0


def get_arch_list() -> list[str]:
    """The architectures that kernels were built for: none."""
    return []


# What concerns all devices that there are concerns none.


def manual_seed(seed: int) -> None:
    """Seed the current device's generator: there is none."""
    int(seed)


def manual_seed_all(seed: int) -> None:
    """Seed all devices' generators: there are none."""
    int(seed)


def seed() -> None:
    """Seed the current device's generator at random: there is none."""


def seed_all() -> None:
    """Seed all devices' generators at random: there are none."""


def get_rng_state_all() -> list[Any]:
    """The states of all devices' generators: none."""
    return []


def set_rng_state_all(new_states: Any) -> None:
    """Set the states of all devices' generators.  Raises AssertionError if one is given: there is no device."""
    for _ in new_states:
        _refuse()


def empty_cache() -> None:
    """Give cached device memory back: there is none."""


def memory_allocated(device: Any = None) -> int:
    """Bytes in use on the device: 0."""
    return 0


max_memory_allocated = memory_reserved = max_memory_reserved = memory_cached = max_memory_cached = memory_allocated


def memory_stats(device: Any = None) -> dict[str, Any]:
    """Figures about device memory: none."""
    return {}


def memory_stats_as_nested_dict(device: Any = None) -> dict[str, Any]:
    """Figures about device memory: none."""
    return {}


def host_memory_stats() -> dict[str, Any]:
    """Figures about the host's memory that devices read: none."""
    return {}


def is_tf32_supported() -> bool:
    """False."""
    return False


def get_gencode_flags() -> str:
    """What kernels were compiled with: nothing."""
    return ""


default_generators: tuple[Any, ...] = ()
has_half = True
has_magma = False


# What needs a device.


def _refuse(*args: Any, **kwargs: Any) -> NoReturn:
    raise AssertionError("Torch not compiled with CUDA enabled")


def _needs_device(name: str) -> Any:
    def function(*args: Any, **kwargs: Any) -> NoReturn:
        _refuse()

    function.__name__ = function.__qualname__ = name
    function.__doc__ = "Raises AssertionError: there is no device."
    return function


_NEED_A_DEVICE = (
    "can_device_access_peer", "caching_allocator_alloc", "caching_allocator_delete", "change_current_allocator", "check_error",
    "clock_rate", "cudart", "current_blas_handle", "current_device", "current_solver_handle", "current_stream",
    "default_stream", "device_memory_used", "get_allocator_backend", "get_device_capability", "get_device_name",
    "get_device_properties", "get_per_process_memory_fraction", "get_rng_state", "get_stream_from_external",
    "get_sync_debug_mode", "init", "initial_seed", "ipc_collect", "make_graphed_callables", "mem_get_info", "memory_snapshot",
    "memory_summary", "memory_usage", "power_draw", "reset_accumulated_memory_stats", "reset_max_memory_allocated",
    "reset_max_memory_cached", "reset_peak_memory_stats", "set_device", "set_per_process_memory_fraction", "set_rng_state",
    "set_stream", "set_sync_debug_mode", "stream", "synchronize", "temperature", "use_mem_pool", "utilization",
)  # fmt: skip
for _name in _NEED_A_DEVICE:
    globals()[_name] = _needs_device(_name)


class device:
    """A device to work on.  Raises RuntimeError: there is none."""

    def __init__(self, device: Any) -> None:
        self.idx = device

    def __enter__(self) -> NoReturn:
        raise RuntimeError("PyTorch was compiled without CUDA support")

    def __exit__(self, *exc: object) -> None:
        pass


class Stream:
    """A queue of work on a device.  Raises RuntimeError: there is none."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        raise RuntimeError("torch.cuda.Stream requires CUDA support")


class Event:
    """A mark in a queue of work on a device.  Raises RuntimeError: there is none."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        raise RuntimeError("Tried to instantiate dummy base class Event")


def _dummy(name: str, asked: str = "") -> Any:
    """A class, or a function, of which PyTorch without CUDA has but the name."""

    def refuse(self: Any = None, *args: Any, **kwargs: Any) -> NoReturn:
        raise RuntimeError(f"Tried to instantiate dummy base class {name}")

    refuse.__name__ = asked or "__init__"
    refuse.__doc__ = "Raises RuntimeError: there is no device."
    return refuse if asked else type(name, (), {"__init__": refuse, "__module__": __name__, "__doc__": refuse.__doc__})


CUDAGraph = _dummy("CUDAGraph")
MemPool = _dummy("MemPool")
ExternalStream = type("ExternalStream", (Stream,), {"__module__": __name__, "__doc__": Stream.__doc__})
graph_pool_handle = _dummy("_graph_pool_handle", "graph_pool_handle")
is_current_stream_capturing = _dummy("_cuda_isCurrentStreamCapturing", "is_current_stream_capturing")


class graph:
    """A context that captures work in a graph.  Raises RuntimeError: there is no device."""

    def __init__(self, cuda_graph: Any, *args: Any, **kwargs: Any) -> None:
        Stream()


class StreamContext:
    """A context in which a stream is the current one; without a stream, as without a device, it does nothing."""

    def __init__(self, stream: Any) -> None:
        self.stream = stream

    def __enter__(self) -> None:
        if self.stream is not None:
            _refuse()

    def __exit__(self, *exc: object) -> None:
        pass


class device_of:
    """A context in which the device of a tensor is the current one; it is the processor, for which there is nothing to do."""

    def __init__(self, obj: Any) -> None:
        self.idx = -1

    def __enter__(self) -> None:
        pass

    def __exit__(self, *exc: object) -> None:
        pass


class DeferredCudaCallError(Exception):
    """What is raised where a call that waited for the first use of a device fails."""


class OutOfMemoryError(RuntimeError):
    """What a device without memory left raises; programs catch it."""


class AcceleratorError(RuntimeError):
    """What an accelerator reports while it computes; here nothing raises it."""


globals().update(CUDA_CLASSES)

_named(
    __name__,
    modules={"graphs", "memory", "nvtx", "random", "streams"},
    found=lambda: ("amp", *CUDA_CLASSES, *_NEED_A_DEVICE),
)

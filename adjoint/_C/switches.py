"""Switches of TorchScript's executor that programs set, often to switch it off; they keep what they are set to, and nothing
reads them."""

from __future__ import annotations

from collections.abc import Callable

_set = {
    "can_fuse_on_cpu": False,
    "can_fuse_on_gpu": False,
    "texpr_fuser": True,
    "nvfuser": False,
    "llga": False,
    "profiling_executor": True,
    "profiling_mode": True,
    "optimize": True,
    "bailout_depth": 12,
    "num_profiled_runs": 1,
}


def _setter(name: str, returns_before: bool = True) -> Callable[[int], int | None]:
    def set_to(value: int) -> int | None:
        """Set the switch; what it was before, where PyTorch returns it."""
        before = _set[name]
        _set[name] = value
        return before if returns_before else None

    return set_to


def _getter(name: str) -> Callable[[], int]:
    return lambda: _set[name]


_jit_set_profiling_executor = _setter("profiling_executor")
_jit_set_profiling_mode = _setter("profiling_mode")
_jit_set_num_profiled_runs = _setter("num_profiled_runs")
_jit_set_bailout_depth = _setter("bailout_depth")
_jit_override_can_fuse_on_cpu = _setter("can_fuse_on_cpu", False)
_jit_override_can_fuse_on_gpu = _setter("can_fuse_on_gpu", False)
_jit_set_texpr_fuser_enabled = _setter("texpr_fuser", False)
_jit_set_nvfuser_enabled = _setter("nvfuser")
_jit_set_llga_enabled = _setter("llga", False)
_set_graph_executor_optimize = _setter("optimize", False)
_jit_can_fuse_on_cpu = _getter("can_fuse_on_cpu")
_jit_can_fuse_on_gpu = _getter("can_fuse_on_gpu")
_jit_texpr_fuser_enabled = _getter("texpr_fuser")
_jit_nvfuser_enabled = _getter("nvfuser")
_jit_llga_enabled = _getter("llga")


def _get_graph_executor_optimize(new_setting: bool | None = None) -> int:
    """What the switch was, before it is set to ``new_setting``, if that is given."""
    before = _set["optimize"]
    _set["optimize"] = before if new_setting is None else new_setting
    return before


__all__ = [name for name in globals() if name.startswith(("_jit_", "_get_graph", "_set_graph"))]

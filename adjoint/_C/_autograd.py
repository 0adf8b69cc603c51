"""``torch._C._autograd``: what programs ask of the graph, of saved tensors and of the backward that runs."""

from __future__ import annotations

from collections.abc import Sequence

from adjoint.autograd.input_metadata import InputMetadata as _InputMetadata
from adjoint.autograd.profiler import _profiler_enabled, kineto_available
from adjoint.autograd.profiler_util import DeviceType
from adjoint.autograd.saved_hooks import SavedTensor, state
from adjoint.autograd.saved_hooks import hooks_are_enabled as _saved_tensors_hooks_is_enabled
from adjoint.autograd.saved_hooks import make_saved_tensor as _make_saved_tensor
from adjoint.autograd.saved_hooks import pop as _pop_saved_tensors_default_hooks
from adjoint.autograd.saved_hooks import push as _push_saved_tensors_default_hooks
from adjoint.autograd.saved_hooks import top as _top_saved_tensors_default_hooks
from adjoint.autograd.task import get_current_graph_task_keep_graph as _get_current_graph_task_keep_graph
from adjoint.autograd.versions import set_version_counters
from adjoint.tensor import Tensor

__all__ = [
    "DeviceType",
    "SavedTensor",
    "_InputMetadata",
    "_get_current_graph_task_keep_graph",
    "_make_saved_tensor",
    "_profiler_enabled",
    "_pop_saved_tensors_default_hooks",
    "_push_saved_tensors_default_hooks",
    "_saved_tensors_hooks_disable",
    "_saved_tensors_hooks_enable",
    "_saved_tensors_hooks_get_disabled_error_message",
    "_saved_tensors_hooks_is_enabled",
    "_top_saved_tensors_default_hooks",
    "_unsafe_set_version_counter",
    "kineto_available",
]


def _unsafe_set_version_counter(tensors: Sequence[Tensor], versions: Sequence[int]) -> None:
    """Have each tensor's version be a given one; raises RuntimeError for one below 0, or another number of them."""
    set_version_counters(tensors, versions)


def _saved_tensors_hooks_disable(error_message: str, fail_if_non_empty: bool = True) -> None:
    """From now on hooks on what is saved raise RuntimeError with this message; so does this, where there are some."""
    if fail_if_non_empty and state.saving:
        raise RuntimeError(error_message)
    state.saving_disabled = error_message


def _saved_tensors_hooks_enable() -> None:
    """Allow hooks on what is saved."""
    state.saving_disabled = None


def _saved_tensors_hooks_get_disabled_error_message() -> str | None:
    """With which message hooks on what is saved are forbidden; None where they are not."""
    return state.saving_disabled  # type: ignore[no-any-return]

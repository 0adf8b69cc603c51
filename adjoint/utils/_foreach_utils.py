"""Groups of tensors of one device and dtype, which optimizers step together."""

from __future__ import annotations

from typing import Any

from adjoint.names import list_names as _list_names
from adjoint.tensor import Tensor

Indices = list[int]
TensorListList = list[list[Any]]


def _group_tensors_by_device_and_dtype(
    tensorlistlist: list[list[Any]], with_indices: bool = False
) -> dict[tuple[Any, Any], tuple[list[list[Any]], list[int]]]:
    """Lists of the same length, cut into groups of one device and dtype: those of the first list's tensors.

    What is given per group are the lists' parts and, with ``with_indices``, where they stood.

    >>> import adjoint as torch
    >>> from adjoint.utils._foreach_utils import _group_tensors_by_device_and_dtype
    >>> groups = _group_tensors_by_device_and_dtype([[torch.ones(2), torch.ones(1).double()], ["a", "b"]], True)
    >>> [(str(dtype), lists[1], places) for (device, dtype), (lists, places) in groups.items()]
    [('torch.float32', ['a'], [0]), ('torch.float64', ['b'], [1])]
    """
    groups: dict[tuple[Any, Any], tuple[list[list[Any]], list[int]]] = {}
    for i, tensor in enumerate(tensorlistlist[0]):
        lists, places = groups.setdefault((tensor.device, tensor.dtype), ([[] for _ in tensorlistlist], []))
        for part, given in zip(lists, tensorlistlist):
            if given:
                part.append(given[i])
        if with_indices:
            places.append(i)
    return groups


def _get_foreach_kernels_supported_devices() -> list[str]:
    """The accelerators whose optimizers step over lists of tensors."""
    return ["cuda", "xpu", "mtia", "privateuseone"]


def _get_fused_kernels_supported_devices() -> list[str]:
    """The devices whose optimizers step in one kernel."""
    return ["mps", "cuda", "xpu", "hpu", "cpu", "mtia", "privateuseone"]


def _device_has_foreach_support(device: Any) -> bool:
    """Whether operators over lists take tensors of this device."""
    return device.type in (*_get_foreach_kernels_supported_devices(), "cpu")


def _has_foreach_support(tensors: list[Any], device: Any) -> bool:
    """Whether operators over lists take these tensors, of which some may be None: no subclass's."""
    return _device_has_foreach_support(device) and all(t is None or type(t) is Tensor for t in tensors)


_list_names(__name__)

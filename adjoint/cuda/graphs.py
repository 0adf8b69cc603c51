"""Graphs of work on a device, where programs import them."""

from adjoint import cuda as _cuda
from adjoint.names import list_names as _list_names

_NAMES = (
    "CUDAGraph",
    "graph",
    "graph_pool_handle",
    "is_current_stream_capturing",
    "make_graphed_callables",
)
globals().update({name: getattr(_cuda, name) for name in _NAMES}, __all__=[*_NAMES])
_list_names(__name__)

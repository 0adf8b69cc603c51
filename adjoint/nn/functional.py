"""``torch.nn.functional``: every function that the tables declare for it, looked up when first named."""

from importlib import import_module as _import_module

from adjoint import ops as _ops  # noqa: F401  (fills the namespace)
from adjoint.declare.namespaces import FUNCTIONS as _FUNCTIONS
from adjoint.declare.namespaces import lookup as _lookup
from adjoint.names import named as _named

# What PyTorch has here as well, of its other modules, and a function that is imported when it is first named.
_ELSEWHERE = {
    **dict.fromkeys(("BroadcastingList1", "BroadcastingList2", "BroadcastingList3", "boolean_dispatch"), "_jit_internal"),
    **dict.fromkeys(
        ("handle_torch_function", "has_torch_function", "has_torch_function_unary", "has_torch_function_variadic"), "overrides"
    ),
}
_LATE = {"grouped_mm": "grouped"}

GRID_SAMPLE_INTERPOLATION_MODES = {"bilinear": 0, "nearest": 1, "bicubic": 2}
GRID_SAMPLE_PADDING_MODES = {"zeros": 0, "border": 1, "reflection": 2}


def _find(name: str) -> object:
    if name in _LATE:
        _import_module(f"adjoint.ops.{_LATE[name]}")
    if name in _ELSEWHERE:
        return getattr(_import_module(f"adjoint.{_ELSEWHERE[name]}"), name)
    return _lookup("nn.functional", name)


_named(
    __name__, find=_find,
    found=lambda: (
        *_FUNCTIONS["nn.functional"], *_LATE, *_ELSEWHERE, "GRID_SAMPLE_INTERPOLATION_MODES", "GRID_SAMPLE_PADDING_MODES"
    ),
)

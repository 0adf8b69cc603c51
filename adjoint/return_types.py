"""``torch.return_types``: the named tuples that operators with several results return.

>>> import adjoint as torch
>>> isinstance(torch.tensor([[1., 3.]]).max(1), torch.return_types.max)
True
"""

from functools import lru_cache as _lru_cache

from adjoint import ops as _ops  # noqa: F401  (declares the rows)
from adjoint.declare.namespaces import OPERATORS as _OPERATORS
from adjoint.declare.outs import RULES as _RULES
from adjoint.declare.return_types import COMPOSITES as _COMPOSITES
from adjoint.declare.return_types import return_type as _return_type
from adjoint.names import named as _named


@_lru_cache(maxsize=None)
def _fields() -> dict[str, tuple[str, ...]]:
    """The types' names and fields; those of what was given as ``out`` are of their own."""
    rows = {o.name: o.outputs for o in _OPERATORS.values() if isinstance(o.outputs, tuple) and not o.apart}
    found = {**rows, **_COMPOSITES}
    return found | {f"{name}_out": fields for name, fields in found.items() if name in _RULES or name in ("max", "min")}


_named(
    __name__,
    find=lambda name: _return_type(name, _fields()[name]) if name in _fields() else None,
    found=lambda: _fields(),
)

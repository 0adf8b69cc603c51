"""``torch._higher_order_ops``: functions of functions that PyTorch traces, and that run as Python here."""

from adjoint._higher_order_ops.associative_scan import associative_scan
from adjoint._higher_order_ops.cond import cond
from adjoint._higher_order_ops.map import map
from adjoint._higher_order_ops.scan import scan
from adjoint._higher_order_ops.while_loop import while_loop
from adjoint.names import list_names as _list_names

__all__ = ["associative_scan", "cond", "map", "scan", "while_loop"]

_list_names(__name__)

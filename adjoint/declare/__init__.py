"""Declaring operators: a row of a table, and everything else that follows from it.

:func:`op` is one row.  :mod:`.operator` reads what the row says, :mod:`.emit` writes the Python source of the
operator's caller and of its node, :mod:`.namespaces` makes it ``torch.name``, ``Tensor.name``, ``Tensor.name_``, ``+``.
"""

from adjoint.declare.namespaces import composite, elementwise, op, view

__all__ = ["composite", "elementwise", "op", "view"]

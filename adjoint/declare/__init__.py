"""Declaring operators: a row of a table, and everything else that follows from it.

:func:`op` is one row.  :mod:`.operator` reads what the row says, :mod:`.emit` makes Python functions of it (the source
of the operator's caller is written by :mod:`.caller` and :mod:`.record`, that of its backward by :mod:`.backward`),
:mod:`.namespaces` makes it ``torch.name``, ``Tensor.name``, ``Tensor.name_``, ``+``.
"""

from adjoint.declare.namespaces import composite, elementwise, op, view

__all__ = ["composite", "elementwise", "op", "view"]

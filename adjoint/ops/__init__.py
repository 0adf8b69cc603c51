"""The tables: every operator, declared once.  A file is a kind of operator; a row is an operator."""

from adjoint.ops import arithmetic

__all__ = ["arithmetic"]

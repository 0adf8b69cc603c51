"""Explaining: ``loss.explain()``, ``grad_fn.explain()``, and a ``grad_fn`` in a notebook, which :mod:`adjoint.viz` answers.

It is a layer above this one, and imported when it is first asked.
"""

from __future__ import annotations

import importlib
from typing import Any

from adjoint.autograd.node import Node
from adjoint.tensor import attach


def explain(self: Any, **options: Any) -> Any:
    """How this came to be and how gradients flow back to it, as a table in text: see :func:`adjoint.viz.explain`, whose
    options it takes.

    >>> import adjoint as torch
    >>> x = torch.tensor([1., 2.], requires_grad=True)
    >>> print(str((x * x).sum().explain()).splitlines()[3])
    leaves: x ← [2, 4], the sum of 2
    """
    return importlib.import_module("adjoint.viz._of").explain(self, **options)


def _repr_mimebundle_(self: Any, include: Any = None, exclude: Any = None) -> dict[str, str]:
    """What a notebook shows: a picture of the graph, whose boxes tell what is in them."""
    bundle: dict[str, str] = importlib.import_module("adjoint.viz.notebook").mimebundle(self)
    return bundle


def _repr_html_(self: Any) -> str | None:
    """The picture alone, for notebooks that ask for HTML."""
    return _repr_mimebundle_(self).get("text/html")


attach(explain)
for _method in (explain, _repr_mimebundle_, _repr_html_):
    setattr(Node, _method.__name__, _method)

"""Explaining: ``loss.explain()`` and ``grad_fn.explain()``, which :mod:`adjoint.viz` answers.

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
    >>> print(str((x * x).sum().explain()).splitlines()[-3])
    leaves: x ← [2, 4], the sum of 2
    """
    return importlib.import_module("adjoint.viz._of").explain(self, **options)


attach(explain)
Node.explain = explain  # type: ignore[attr-defined]

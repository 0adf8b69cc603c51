"""Why: what is wrong with a gradient, in plain words, with the lines of the user's program.

>>> import adjoint as torch
>>> w = torch.ones(2, requires_grad=True)
>>> (w * 3).detach().sum()
tensor(6.)
>>> print(torch.why(w))          # doctest: +ELLIPSIS
w: ...
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

from adjoint.why.answer import Answer, Cause

__all__ = ["Answer", "Cause", "why"]


def why(parameter: Any, loss: Any = None, optimizer: Any = None, model: Any = None) -> Answer:
    """Say why a gradient is None, zero, NaN, infinite, too small, too large, or wrong by a factor, and in which line.

    ``parameter`` is a tensor, a module (all of its parameters), or the name of either as it stands in the caller's
    variables.  ``loss``, ``optimizer`` and ``model`` are found among the caller's variables where they are not given.

    The answer prints as text; its ``causes`` are (kind, file, line, text), at most three, the most likely first, and
    empty where nothing is wrong.

    What is known comes from a recording where one is or was on (``adjoint.viz.record()``, ``adjoint why PROGRAM``).
    Otherwise the program is run a second time up to this call, with one: in a process of its own, which can neither
    write nor send anything.  Where that cannot be done, the graph, the optimizers and the source are looked at.

    Raises TypeError for arguments that are none of these.

    >>> import adjoint as torch
    >>> w = torch.ones(2, requires_grad=True)
    >>> (w * w).sum().backward()
    >>> bool(torch.why(w).causes)
    False
    """
    from adjoint.why import again
    from adjoint.why.asking import ask

    frame = again.caller() or sys._getframe(1)
    return ask(frame, parameter, loss, optimizer, model)


class _Callable(ModuleType):
    """This module, which is also the function of its name: ``adjoint.why(w)``."""

    def __call__(self, parameter: Any, loss: Any = None, optimizer: Any = None, model: Any = None) -> Answer:
        return why(parameter, loss, optimizer, model)


sys.modules[__name__].__class__ = _Callable
sys.modules[__name__].__doc__ = f"{__doc__}\n\n{why.__doc__}"

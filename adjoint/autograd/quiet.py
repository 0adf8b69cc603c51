"""NumPy's floating-point warnings, off while an operator runs and only then.

PyTorch computes infinities and NaNs in silence.  ``numpy.errstate`` would say so at half a microsecond a call, so
the context variable behind it is set directly: ``token = quiet(IGNORE)`` ... ``loud(token)``.  Where NumPy does not
have it, warnings are switched off once per thread that uses Adjoint.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

quiet: Callable[[Any], Any]
loud: Callable[[Any], Any]

try:
    from numpy._core.umath import _extobj_contextvar, _make_extobj

    IGNORE: Any = _make_extobj(all="ignore")
    quiet, loud = _extobj_contextvar.set, _extobj_contextvar.reset
except ImportError:  # another NumPy than those this was written for
    import threading

    class _Silenced(threading.local):
        def __init__(self) -> None:
            np.seterr(all="ignore")
            self.done = True

    _silenced = _Silenced()
    IGNORE = None

    def quiet(_: Any) -> Any:
        return _silenced.done

    def loud(_: Any) -> None:
        return None

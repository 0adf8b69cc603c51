"""``torch.special``: special functions.  The operators are declared in :mod:`adjoint.ops`; many are torch's own by
another name.

>>> import adjoint as torch
>>> torch.special.expit(torch.tensor(0.))
tensor(0.5000)
"""

from __future__ import annotations

from typing import Any

from adjoint.declare.namespaces import FUNCTIONS, lookup

# torch.special's name -> torch's.
_SAME = {
    "digamma": "digamma",
    "erf": "erf",
    "erfc": "erfc",
    "erfinv": "erfinv",
    "exp2": "exp2",
    "expit": "sigmoid",
    "expm1": "expm1",
    "gammainc": "igamma",
    "gammaincc": "igammac",
    "gammaln": "lgamma",
    "i0": "i0",
    "log1p": "log1p",
    "log_softmax": "log_softmax",
    "logit": "logit",
    "logsumexp": "logsumexp",
    "multigammaln": "mvlgamma",
    "polygamma": "polygamma",
    "psi": "digamma",
    "round": "round",
    "sinc": "sinc",
    "softmax": "softmax",
    "xlogy": "xlogy",
}


def __getattr__(name: str) -> Any:
    found = lookup("special", name)
    if found is None and name in _SAME:
        found = lookup("torch", _SAME[name])
    if found is None:
        raise AttributeError(
            f"module 'adjoint.special' has no attribute {name!r}: Adjoint does not have torch.special.{name}"
        )
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*FUNCTIONS.get("special", ()), *(n for n in _SAME if lookup("torch", _SAME[n]) is not None)})

"""``torch.special``: special functions.  The operators are declared in :mod:`adjoint.ops`; many are torch's own by
another name.

>>> import adjoint as torch
>>> torch.special.expit(torch.tensor(0.))
tensor(0.5000)
"""

from adjoint.declare.namespaces import FUNCTIONS as _FUNCTIONS
from adjoint.declare.namespaces import lookup as _lookup
from adjoint.names import named as _named

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

def _find(name: str) -> object:
    found = _lookup("special", name)
    return _lookup("torch", _SAME[name]) if found is None and name in _SAME else found


_named(__name__, find=_find, found=lambda: (*_FUNCTIONS["special"], *_SAME))

"""``torch.fft``: discrete Fourier transforms.  They are declared in :mod:`adjoint.ops.fourier`, ``.fourier_transforms``.

>>> import adjoint as torch
>>> torch.fft.fft(torch.tensor([1., 0., 0., 0.]))
tensor([1.+0.j, 1.+0.j, 1.+0.j, 1.-0.j])
"""

from adjoint.declare.namespaces import FUNCTIONS as _FUNCTIONS
from adjoint.declare.namespaces import lookup as _lookup
from adjoint.names import named as _named

_named(__name__, find=lambda name: _lookup("fft", name), found=lambda: _FUNCTIONS["fft"])

"""``torch.backends``: what computes.  Everything that Adjoint does not use is not available."""

from adjoint.backends import cpu, cuda, cudnn, mkl, mkldnn, mps, openmp, opt_einsum
from adjoint.names import list_names as _list_names
from adjoint.names import named as _named

__all__ = ["cpu", "cuda", "cudnn", "mkl", "mkldnn", "mps", "openmp", "opt_einsum"]

_named(__name__)
_list_names(__name__)

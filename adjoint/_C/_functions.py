"""``torch._C._functions``: the nodes that are no operator's."""

from adjoint.autograd.accumulate import AccumulateGrad
from adjoint.autograd.delayed import DelayedError, UndefinedGrad
from adjoint.autograd.node import Error, UndefinedGradBackward
from adjoint.autograd.views import CopySlices

__all__ = ["AccumulateGrad", "CopySlices", "DelayedError", "Error", "UndefinedGrad", "UndefinedGradBackward"]

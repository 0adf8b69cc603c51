"""Transforms: invertible functions of tensors, with the logarithm of their Jacobian's determinant.

``transform(x)`` maps, ``transform.inv(y)`` maps back, ``transform.log_abs_det_jacobian(x, y)`` says by how much volumes
grow; ``domain`` and ``codomain`` are constraints.
"""

from adjoint.distributions.transforms.cumulative import CumulativeDistributionTransform
from adjoint.distributions.transforms.elementwise import (
    AbsTransform,
    AffineTransform,
    ExpTransform,
    PowerTransform,
    SigmoidTransform,
    SoftplusTransform,
    TanhTransform,
    _clipped_sigmoid,
)
from adjoint.distributions.transforms.joined import CatTransform, StackTransform
from adjoint.distributions.transforms.matrices import (
    CorrCholeskyTransform,
    LowerCholeskyTransform,
    PositiveDefiniteTransform,
)
from adjoint.distributions.transforms.shapes import IndependentTransform, ReshapeTransform
from adjoint.distributions.transforms.simplex import SoftmaxTransform, StickBreakingTransform
from adjoint.distributions.transforms.transform import (
    ComposeTransform,
    Transform,
    _InverseTransform,
    identity_transform,
)

__all__ = [
    "AbsTransform",
    "AffineTransform",
    "CatTransform",
    "ComposeTransform",
    "CorrCholeskyTransform",
    "CumulativeDistributionTransform",
    "ExpTransform",
    "IndependentTransform",
    "LowerCholeskyTransform",
    "PositiveDefiniteTransform",
    "PowerTransform",
    "ReshapeTransform",
    "SigmoidTransform",
    "SoftmaxTransform",
    "SoftplusTransform",
    "StackTransform",
    "StickBreakingTransform",
    "TanhTransform",
    "Transform",
    "identity_transform",
]

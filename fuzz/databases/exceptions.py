"""Exceptions: what of the databases is not compared, or known to differ, each with its reason."""

from __future__ import annotations

# Whose numbers are what happened to lie in memory.
NO_VALUES = {
    "empty",
    "empty_like",
    "empty_permuted",
    "empty_strided",
    "new_empty",
    "new_empty_strided",
}

# Factors on the tolerance.
# Near a pole float32's own neighbours are as far apart as this.
LOOSE: dict[str, float] = dict.fromkeys(
    ["special.polygamma.special_polygamma_n_0", *(f"polygamma.polygamma_n_{n}" for n in range(5))], 10.0
)

# Operator -> what its difference looks like, and why it is there.  Only what is right here, what Adjoint has no dtype for,
# or what remains to be done; `make database` names those that differ no more.
KNOWN: dict[str, tuple[str, str]] = {}


def _known(reason: str, pattern: str, *names: str) -> None:
    for name in names:
        KNOWN[name] = pattern, reason


# Right here.

_known(
    "PyTorch's hardsigmoid multiplies by 1/6 in single precision, whose error shows in float64",
    "values",
    "nn.functional.hardsigmoid",
)
_known(
    "PyTorch's difference is noise: the gradient of one normalized number is 0", "values", "nn.functional.layer_norm"
)
_known(
    "PyTorch's gradient of a half is rounded after each step, and this one once",
    "gradient .*values",
    "addcdiv",
    "addcmul",
    "nn.functional.instance_norm",
    "nn.functional.normalize",
)
_known(
    "PyTorch computes exp of a half in half and overflows; this one does not", "inf", "nn.functional.soft_margin_loss"
)
_known("A number on the boundary of two bins of halves goes into either", "values", "histc")
_known("PyTorch's complex halves do not exist here: NumPy has none", "raised", "complex", "view_as_complex")

_known(
    "PyTorch's gradient has numbers in the triangle that is not looked at; these are 0 here",
    "gradient .*values",
    "cholesky_inverse",
    "cholesky_solve",
)

# To be done.

_known(
    "The residuals are not differentiable", "requires_grad|dtype|strides",
    "linalg.lstsq", "linalg.lstsq.grad_oriented",
)
_known(
    "Where a tensor has no gradient, zeros are returned", "value",
    "linalg.norm.subgradients_at_zero",
)
_known(
    "Operators that PyTorch records, or does not, where this one does the other thing", "grad_fn|requires_grad",
    "sum_to_size",
)
_known(
    "Tensors without elements, or of no dimension, in places that few programs have them", "raised|shape|gradient",
    "nn.functional.unfold", "nn.functional.batch_norm", "gather", "searchsorted", "take_along_dim", "tensordot",
    "linalg.vander",
)
_known(
    "Gradients of special arguments differ", "gradient",
    "as_strided_scatter", "cov", "corrcoef", "logcumsumexp", "renorm",
)
_known(
    "Argument forms that raise here", "raised",
    "matrix_exp", "linalg.matrix_rank", "__rmod__",
)
_known(
    "A difference that is yet to be looked at", "",
    "__rmod__", "corrcoef", "cov", "logcumsumexp", "linalg.matrix_rank",
)
_known(
    "Their result lies in memory in another order", "strides",
    "cat", "masked_scatter", "nn.functional.interpolate.nearest", "nn.functional.max_pool2d",
    "nn.functional.max_unpool2d", "nn.functional.max_unpool2d.grad", "rot90", "unravel_index", "nonzero",
)

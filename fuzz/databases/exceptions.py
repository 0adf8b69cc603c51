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
# Near a pole float32's own neighbours are as far apart as this; many reflections of numbers that large lose as much.
LOOSE: dict[str, float] = dict.fromkeys(
    [
        "linalg.householder_product", "special.polygamma.special_polygamma_n_0",
        *(f"polygamma.polygamma_n_{n}" for n in range(5)),
    ],
    10.0,
)

# Operator -> what its dtype and difference look like, and why it is there.  `make database` names those that differ no more.
KNOWN: dict[str, tuple[str, str]] = {}


def _known(reason: str, pattern: str, *names: str) -> None:
    for name in names:
        before = KNOWN.get(name)
        KNOWN[name] = (f"{before[0]}|{pattern}", f"{before[1]}; {reason}") if before else (pattern, reason)


# Right here, and not there, as a run in a wider dtype shows.

_known(
    "PyTorch rounds a half after each step, and this one once (its error against float64 is a tenth to a half of PyTorch's)",
    r"^float16 .*values", "addcdiv", "nn.functional.binary_cross_entropy_with_logits", "nn.functional.instance_norm",
    "nn.functional.normalize", "linalg.vector_norm",
)
_known(
    "PyTorch computes exp of a half in half and overflows; this one does not", "^float16 .*inf", "nn.functional.soft_margin_loss"
)
_known("PyTorch's product of a half's powers overflows before it is scaled; this does not", r"^float16 gradient .*inf \|", "pow")
_known(
    "PyTorch's hardsigmoid multiplies by 1/6 in single precision, whose error shows in float64",
    r"^float64 gradient .*values", "nn.functional.hardsigmoid",
)
_known(
    "PyTorch's gradient is off by 3e-3 in float32, this one by 3e-7, for it does not come from rounded exponentials",
    r"^float(32|16) gradient .*values", "logcumsumexp",
)
_known(
    "PyTorch's are off by 1e-8 and more in float64", "^float64 .*values", "special.airy_ai", "special.bessel_j0",
    "special.bessel_j1",
)
_known("PyTorch's gradient of complex numbers is NaN for the order inf", "^complex64 gradient .*nan", "renorm")
_known(
    "PyTorch's gradient is that of contiguous tensors: it counts what was overwritten, or lies between elements",
    r"gradient \[0\] values", "as_strided_scatter",
)
_known(
    "PyTorch's gradient has numbers in the triangle that is not looked at; these are 0 here",
    "(gradient|second|forward mode) .*values", "cholesky_inverse", "cholesky_solve",
)
_known(
    "Near singular values: PyTorch's error against complex128 is 4e-5, this one's 2e-6", "^complex64 gradient .*values",
    "svd", "linalg.svd",
)

_known(
    "PyTorch's gradient by reflections that large is off by 4e-4, this one by 1e-7", "^complex64 gradient .*values",
    "linalg.householder_product",
)
_known(
    "Near singular values: PyTorch's error against complex128 is up to 9e-5, this one's 3e-7", "^complex64 gradient .*values",
    "svd_lowrank", "pca_lowrank",
)

# Nobody's: an algorithm's own choice, or noise.

_known(
    "In which order LAPACK returns eigenvalues; those of complex128 come in this one's", "^complex64 .*values",
    "linalg.eig", "linalg.eigvals",
)
_known(
    "Which of equal numbers comes first is the sorting algorithm's own", r"^(b?float16|bool|uint8|int64) .*values",
    "sort", "argsort", "msort",
)
_known("A number on the boundary of two bins of halves goes into either", "^float16 .*values", "histc")
_known("Weights of float32 are added up in float32, whose last digit shows in float64", "^float64 .*values", "cov")
_known("A gradient that is zero but for rounding", "^float32 gradient .* 0.0 | .*e-0", "cov")
_known(
    "Logarithms of likelihoods are hundreds, whose last digit in float32 is 3e-5 of a share: both are off by 7e-5 from float64",
    r"^float32 gradient \[0\] values", "nn.functional.ctc_loss",
)

_known("Residuals that are not computed do not require grad", r"\[1\] requires_grad", "linalg.lstsq", "linalg.lstsq.grad_oriented")

_known(
    "PyTorch has no derivative for these in place", "in place gradient raised: NotImplementedError", "acosh", "asinh", "atanh",
)
_known(
    "Computed in chunks, PyTorch's has gradients that are constants: no second derivatives and no tangents, without a word",
    "(second|forward mode) ", "nn.functional.linear_cross_entropy.chunked",
)
_known("PyTorch's tangent of a half is of another dtype", "float16 forward mode .*dtype: torch.float32", "frexp", "renorm")
_known(
    "PyTorch's tangent counts what lies in the triangle that is not looked at", "forward mode .*values", "triangular_solve",
)
_known("PyTorch's second derivative at zero is NaN", "second .*nan", "linalg.norm.subgradients_at_zero", "renorm")
_known(
    "PyTorch's second derivative raises an error of its insides where an operand has none",
    "second raised: .*Expected a proper Tensor", "native_layer_norm",
)
_known(
    "PyTorch's mean and deviation have no tangents, though they depend on the input", "forward mode .*values", "native_layer_norm",
    "native_batch_norm",
)
_known(
    "PyTorch's product has no tangent, without a word; this one's is its gradient's", "forward mode none in PyTorch",
    "scatter_reduce.prod",
)
_known("PyTorch takes no integers by one of the two names", "(int64|uint8) names special.round raised", "round")

# Operator -> what the difference of an error looks like, and why it is there: of the calls that are to fail.
REFUSED: dict[str, tuple[str, str]] = {}


def _refused(reason: str, pattern: str, *names: str) -> None:
    REFUSED.update(dict.fromkeys(names, (pattern, reason)))


_refused(
    "An out= over an operand's memory: it gets what is computed of the operands as they were",
    "^accepted: .*(refer to a single memory location|resize storage)", "cat", "gather", "kthvalue", "masked_select", "take",
)
_refused(
    "A method that Python calls with a tensor first; called with a number in its place it is the other operand that decides",
    "TensorBase|takes it|reciprocal", "__radd__", "__rand__", "__rdiv__", "__rmod__", "__rmul__", "__ror__", "__rpow__", "__rsub__",
    "__rxor__",
)
_refused("PyTorch's own words ask for better ones", "Could this error message be improved", "narrow_copy")

# Entries that are not counted: what they are of does not exist here.
UNCOUNTED: dict[str, str] = {}


def _uncounted(reason: str, *names: str) -> None:
    UNCOUNTED.update(dict.fromkeys(names, reason))


_uncounted(
    "Sparse tensors are in coordinate format here; these take compressed rows", "sparse.sampled_addmm", "sparse.mm.reduce"
)
_uncounted(
    "jiterator compiles CUDA code that is given as a string", "jiterator_unary", "jiterator_binary",
    "jiterator_4inputs_with_extra_args", "jiterator_binary_return_by_ref", "jiterator_2inputs_2outputs",
)
_uncounted(
    "A private spelling of PyTorch's insides; what is public of it (softmax, batch_norm, interpolate and so on) is counted",
    "_softmax_backward_data", "_native_batch_norm_legit", "_batch_norm_with_update", "_upsample_bilinear2d_aa",
    "torch.ops.aten._safe_softmax.default", "slice", "_unsafe_masked_index", "_unsafe_masked_index_put_accumulate", "_chunk_cat",
    "native_dropout_backward", "_segment_reduce.lengths", "_segment_reduce.offsets", "max_pool2d_with_indices_backward",
)

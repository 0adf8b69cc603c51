"""Known: what rows of the tables may differ in, each with the reason; most are PyTorch's faults at special points."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
import torch

from fuzz.known import Case, Known

_FORWARD_MODE = re.compile("jvp|jacfwd")

Predicate = Callable[[Case], bool]


def _of(pattern: str, *more: Predicate) -> Predicate:
    """Whether the expression is of these rows, and all else holds."""
    found = re.compile(pattern)
    return lambda case: bool(found.search(str(case.program.notes["sample"]))) and all(p(case) for p in more)


def _raised(*texts: str) -> Predicate:
    """Whether PyTorch alone raised such an error."""
    return lambda case: (
        case.found.key == "raised" and not case.texts[1] and any(re.search(t, case.texts[0]) for t in texts)
    )


def _raises(*texts: str) -> Predicate:
    """Whether Adjoint raised such an error."""
    return lambda case: (
        case.found.key == "raised" and bool(case.texts[1]) and any(re.search(t, case.texts[1]) for t in texts)
    )


def _in_line(pattern: str) -> Predicate:
    return lambda case: re.search(pattern, case.line) is not None


def _values(case: Case) -> tuple[np.ndarray, np.ndarray] | None:
    """PyTorch's and Adjoint's numbers that differ."""
    theirs, ours = case.found.pytorch, case.found.adjoint
    same = case.found.key in ("value", "grad") and isinstance(theirs, np.ndarray) and isinstance(ours, np.ndarray)
    return (theirs, ours) if same and theirs.shape == ours.shape else None


def _value(case: Case) -> bool:
    return _values(case) is not None


def _near(relative: float) -> Predicate:
    """Whether the values are as near as that."""

    def near(case: Case) -> bool:
        pair = _values(case)
        return pair is not None and bool(np.isclose(*pair, relative, relative, equal_nan=True).all())

    return near


def _elsewhere_same(excused: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> Predicate:
    """Whether the values are the same wherever these do not excuse that they are not."""

    def same(case: Case) -> bool:
        pair = _values(case)
        if pair is None:
            return False
        with np.errstate(invalid="ignore"):
            return bool((np.isclose(*pair, 4e-2, 1e-2 if _half(case) else 1e-6, equal_nan=True) | excused(*pair)).all())

    return same


_nan_for_number = _elsewhere_same(lambda theirs, ours: np.isnan(theirs) & np.isfinite(ours))
_nan_for_anything = _elsewhere_same(lambda theirs, ours: np.isnan(theirs))
_number_for_nan = _elsewhere_same(lambda theirs, ours: np.isfinite(theirs) & np.isnan(ours))
_one_nan = _elsewhere_same(lambda theirs, ours: np.isnan(theirs) | np.isnan(ours))
_lines_with_nan = _elsewhere_same(lambda theirs, ours: np.isnan(ours).any(-1, keepdims=True) | np.isnan(theirs))
_neither_finite = _elsewhere_same(lambda theirs, ours: ~np.isfinite(theirs) & ~np.isfinite(ours))
_huge_for_infinite = _elsewhere_same(lambda theirs, ours: np.isinf(ours) & (np.abs(theirs) > 1e15))


def _special(case: Case) -> bool:
    """Whether an operand has an infinity or a NaN."""
    return any(
        not bool(x.isfinite().all()) for x in case.tensors() if x.is_floating_point() or x.is_complex()
    )


def _zeros(case: Case) -> bool:
    """Whether an operand has a zero."""
    return any(bool((x == 0).any()) for x in case.tensors() if x.is_leaf and x.is_floating_point())


def _equals(case: Case) -> bool:
    """Whether an operand has equal elements."""
    return any(x.unique().numel() < x.numel() for x in case.tensors() if x.is_floating_point())


def _not_contiguous(case: Case) -> bool:
    return any(not x.is_contiguous() for x in case.tensors())


def _same_but(pattern: str) -> Predicate:
    """Whether both raised the same text but for what the pattern finds."""

    def same(case: Case) -> bool:
        if case.found.key != "raised" or not all(case.texts):
            return False
        theirs, ours = (re.sub(pattern, "", text) for text in case.texts)
        return theirs == ours

    return same


def _forward_mode(case: Case) -> bool:
    return _FORWARD_MODE.search(case.line) is not None


def _equal_numbers(case: Case) -> bool:
    """Whether a value is not finite in PyTorch: a division by a difference of equal eigenvalues."""
    return _value(case) and not np.isfinite(case.found.pytorch).all()


def _complex(case: Case) -> bool:
    return any(x.is_complex() for x in case.tensors())


def _second_tangent(case: Case) -> bool:
    return "func.jvp" in case.line and "func.grad" in case.line


def _half(case: Case) -> bool:
    return any(x.dtype in (torch.float16, torch.bfloat16) for x in case.tensors())


_PRODUCT = r"mm\(|matmul|@|bilinear|linear\(|conv\w*\(|mse_loss\(|einsum|dot\(|mv\(|addr\("
_MATRIX = "linalg|chol|inverse|lu_|pinv"

KNOWN = [
    Known(
        "PyTorch divides by a factor that is zero or infinite; Adjoint multiplies the others",
        _of(r"cumprod|\bprod\(", _value),
    ),
    Known(
        "PyTorch's gradient of reflections divides by what is zero where a reflection has no inverse (finite differences say so)",
        _of("ormqr|householder", _nan_for_number),
    ),
    Known(
        "PyTorch multiplies a derivative that is infinite by zero; Adjoint leaves it out",
        _of("nan_to_num", _nan_for_number),
    ),
    Known("PyTorch's polygamma has eight digits in float64 too", _of("digamma|polygamma|lgamma", _near(1e-6))),
    Known(
        "PyTorch's polygamma at a pole is what the sine of a multiple of pi leaves, and NaN at infinity",
        _of("digamma|polygamma|lgamma", lambda case: _huge_for_infinite(case) or (_one_nan(case) and _special(case))),
    ),
    Known("digits lost in a matrix that is nearly singular", _of(_MATRIX, _near(1e-8))),
    Known("PyTorch's tangent of an angle at the origin is NaN, its gradient 0", _of("atan2", _forward_mode, _nan_for_number)),
    Known("a vmap's error tells the shape of the whole batch", lambda case: "vmap" in case.line and _same_but(r"\[[\d, ]*\]")(case)),
    Known(
        "by what name PyTorch's vmap calls the in-place operator that it refuses",
        _same_but(r"vmap: (aten::)?\w+( arithmetic)?\(|operators instead of (aten::)?\w+( arithmetic)?\."),
    ),
    Known("PyTorch multiplies an infinite logit by zero; Adjoint's loss is infinite", _of("_with_logits", _value, _special)),
    Known("which of rrelu's operators a vmap does not have", _of("rrelu", _same_but(r"rrelu\w*"))),
    Known(
        "PyTorch's checkpoint keeps rrelu's noise before it is drawn: the gradient is made of what was in memory",
        _of("rrelu", _in_line("gradients"), _value, lambda case: "use_reentrant=False" in "\n".join(case.program.lines)),
    ),
    Known(
        "PyTorch's tangent of a scattered product, or of its gradient, takes the product for a constant (finite differences say so)",
        _of("(scatter_reduce|index_reduce).*'prod'", _value, _forward_mode),
    ),
    Known(
        "logcumsumexp of complex numbers is not implemented in Adjoint, and raises",
        _of("logcumsumexp", _raises("logcumsumexp of complex numbers is not implemented")),
    ),
    Known(
        "PyTorch has complex numbers of halves, Adjoint has none and raises",
        _of("complex|as_real", _raises(r"but got Half and Half|view_as_complex is only supported .*Half")),
    ),
    Known(
        "of lines that are not contiguous PyTorch's linear is a product and a sum",
        _of(r"F\.linear", lambda case: (case.found.key, case.found.pytorch) == ("grad_fn", "AddBackward0")),
    ),
    Known("PyTorch's celu takes the reciprocal in float32 in float64 too", _of("celu", _near(1e-6))),
    Known("PyTorch's sixth is one of float32 in float64 too", _of("hardsigmoid", _near(1e-6))),
    Known(
        "PyTorch's gradient of a tangent leaves out what the forward kept (finite differences say so)",
        _of(r"layer_norm|batch_norm|linalg\.solve", _value, _second_tangent),
    ),
    Known(
        "PyTorch multiplies the tangent that an operand lacks, zeros, by infinities",
        _of(_PRODUCT, _forward_mode, _nan_for_anything, _special),
    ),
    Known(
        "PyTorch's tangent of the largest of elements with a NaN is NaN",
        _of(r"\.(max|min|median)\(\)|a(max|min)\(", _forward_mode, _nan_for_number),
    ),
    Known(
        "PyTorch's vmap of an extreme of all elements takes one of equal ones, where its tangent is their mean",
        _of(r"\.(max|min|median|nanmedian)\(\)", _value, _forward_mode, _in_line("vmap"), _equals),
    ),
    Known(
        "PyTorch's gradient of masked_scatter has the mask's shape, which forward mode refuses",
        _of("masked_scatter", _raised("Trying to set a forward gradient that has a different size")),
    ),
    Known(
        "PyTorch's attention gives zeros to a query whose scores are NaN",
        _of("scaled_dot_product", _special, _elsewhere_same(lambda theirs, ours: np.isnan(ours) & (theirs == 0))),
    ),
    Known(
        "PyTorch multiplies a gradient of zero by an infinite weight or slope; Adjoint leaves it out",
        _of("nll_loss|smooth_l1|huber|polar|nll_loss2d", _nan_for_number, _special),
    ),
    Known("PyTorch's i0 and i1 have a slope at NaN", _of("i0|i1", _number_for_nan, _special)),
    Known(
        "PyTorch's second derivatives of inverse functions at the end of their domain multiply an infinity by zero",
        _of("acos|asin|atanh|acosh", _nan_for_anything),
    ),
    Known(
        "PyTorch's tangent of a mantissa of halves is in float32",
        _of("frexp", _forward_mode, lambda case: case.found.key == "dtype" and case.found.pytorch == "torch.float32"),
    ),
    Known("PyTorch's celu and selu have no tangent at NaN, and a gradient", _of("[cs]elu", _forward_mode, _nan_for_number, _special)),
    Known(
        "PyTorch's gradient of a target multiplies the logarithm of 0 by 0; Adjoint's is bounded, as the loss",
        _of(r"binary_cross_entropy\(", _nan_for_number),
    ),
    Known("PyTorch's tangents write into zeros that have no memory", _raised("ZeroTensors are immutable")),
    Known(
        "PyTorch's slope of softshrink at a NaN is 0 where its gradient is passed on",
        _of("softshrink", _value, _special, _forward_mode),
    ),
    Known("a complex convolution is made of three real ones in PyTorch", _of("conv", _complex, lambda case: case.found.key == "grad_fn")),
    Known(
        "eigenvectors of equal eigenvalues are any, and have no derivative",
        _of(r"eigh?\(|svd\(|eigvals", _equal_numbers),
    ),
    Known("PyTorch's tangent of logcumsumexp has twelve digits in float64", _of("logcumsumexp", _forward_mode, _near(1e-10))),
    Known(
        "PyTorch's tangent of logcumsumexp is NaN in a whole line, which a cumulative sum of the NaN has at its end only",
        _of("logcumsumexp", _forward_mode, _lines_with_nan, _special),
    ),
    Known(
        "PyTorch's gradient of logcumsumexp is made of logarithms of what arrives, whose derivative at 0 is lost or NaN "
        "(finite differences say so)",
        _of("logcumsumexp", _value, _in_line("pulled|h = ")),
    ),
    Known(
        "PyTorch's vmap and jacrev leave out the slope of a loss at a NaN, which its gradient has",
        _of("smooth_l1|huber", _number_for_nan, _special, _in_line("vmap|jacrev")),
    ),
    Known(
        "PyTorch's second derivative of prelu at 0 is that of the other side than its first",
        _of("prelu", _value, _zeros),
    ),
    Known(
        "PyTorch's second derivative of sinc at 0, and near it, divides by zero",
        _of("sinc", _nan_for_number, _zeros),
    ),
    Known(
        "PyTorch's tangent of logaddexp divides an infinity by another; the operand's weight is 0 or 1",
        _of("logaddexp", _nan_for_number, _special),
    ),
    Known("PyTorch has no rule for the operator under vmap", lambda case: "vmap" in case.line and _raised(r"calling .item\(\) on a Tensor")(case)),
    Known(
        "PyTorch reads the gradient of a scatter by strides by the strides of a contiguous tensor",
        _of("as_strided_scatter", _value, _not_contiguous),
    ),
    Known(
        "PyTorch's derivatives of kron, and of a view's copy, need contiguous operands",
        _of("kron|view_copy", _raised("view size is not compatible")),
    ),
    Known(
        "PyTorch's gradient of likelihoods of planes needs contiguous ones",
        _of("nll_loss|cross_entropy", _not_contiguous, _raised("grad_input must be contiguous")),
    ),
    Known(
        "PyTorch's vmap of cdist's gradient reads the first sample's strides for all (finite differences say so)",
        _of("cdist", _value, _in_line("jacrev|vmap")),
    ),
    Known("PyTorch's exponentials of matrices of halves are of what lies in memory", _of("matrix_exp", _raises("Low precision dtypes"))),
    Known(
        "PyTorch's vmap fills the elements of all samples with the last sample's number",
        _of("index_fill", _value, _in_line(r"samples\(s\)")),
    ),
    Known(
        "PyTorch's gradient of a norm with an infinite weight is an infinity less another everywhere",
        _of("layer_norm|group_norm|rms_norm|batch_norm", _neither_finite, _special),
    ),
    Known(
        "PyTorch multiplies zeros that pad by infinities; Adjoint does not look at padding",
        _of(r"conv\w*\(", _special, _nan_for_anything),
    ),
    Known(
        "PyTorch's running mean has a difference of infinities, where the mean is infinite",
        _of("var_mean|std_mean", _special, _nan_for_anything),
    ),
    Known(
        "in which order a result of permuted or broadcast operands lies in memory",
        lambda case: case.found.key == "strides" and _not_contiguous(case),
        goes_on=True,
    ),
]  # fmt: skip

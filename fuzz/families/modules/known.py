"""Differences of this family that are right or accepted, with reasons."""

from __future__ import annotations

import re

import numpy as np

from fuzz.known import Case, Known


def _lines(case: Case) -> str:
    return "\n".join(case.program.lines[: case.found.line + 1])


def _uses(case: Case, pattern: str) -> bool:
    return re.search(pattern, _lines(case)) is not None


def _is_gradient(case: Case) -> bool:
    return case.found.key == "grad" or case.found.path[:1] in ("g", "h")


def _gradients_strides(case: Case) -> bool:
    return case.found.key == "strides" and case.found.path[0] in "ght"


def _no_second_derivative(case: Case) -> bool:
    """Of what PyTorch says itself that it has none, in the line that asks for one."""
    return (
        case.found.key == "raised"
        and re.search("derivative for aten::(" + "|".join(_WITHOUT) + ") is not implemented", case.texts[0]) is not None
        and not case.texts[1]
    )


_WITHOUT = (
    r"_scaled_dot_product_flash_attention_for_cpu_backward", r"multilabel_margin_loss_backward",
    r"multi_margin_loss_backward", r"hardsigmoid_backward", r"_embedding_bag\w*", r"_pdist_backward", r"_cdist_backward",
    r"upsample_\w+_backward",
)  # fmt: skip


def _second_of_bce(case: Case) -> bool:
    return case.found.path[:1] == "h" and _uses(case, r"BCELoss|F\.binary_cross_entropy\(")


def _frequency_of_another(case: Case) -> bool:
    return _is_gradient(case) and _uses(case, r"(EmbeddingBag|embedding_bag)\(.*scale_grad_by_freq=True")


def _single_precision_constant(case: Case) -> bool:
    theirs, ours = case.found.pytorch, case.found.adjoint
    return (
        _uses(case, r"([hH]ardsigmoid|CELU|celu_?)\(") and isinstance(theirs, np.ndarray) and isinstance(ours, np.ndarray)
        and bool(np.allclose(theirs, ours, 1e-6, 1e-6))
    )  # fmt: skip


def _no_kernel_for_halves(case: Case) -> bool:
    """PyTorch refuses a half, or a complex number, by name."""
    return (
        case.found.key == "raised" and not case.texts[1]
        and re.search(r"not implemented for '(Half|BFloat16|Complex\w+)'", case.texts[0]) is not None
    )  # fmt: skip


def _cancelled_in_a_norm(case: Case) -> bool:
    """What is left where a norm of a few numbers takes away all but eps: the roundings of what was taken away."""
    theirs, ours = case.found.pytorch, case.found.adjoint
    if not (isinstance(theirs, np.ndarray) and isinstance(ours, np.ndarray) and theirs.shape == ours.shape):
        return False
    if not _uses(case, r"Norm\w*\(|_norm\(|Transformer"):
        return False
    unit = 1e-6 if _uses(case, r"float32|float16") else 1e-13
    if case.found.path[:1] == "h":
        unit *= 100
    with np.errstate(all="ignore"):
        return bool(np.allclose(theirs, ours, 0, unit * max(1.0, float(np.abs(theirs).max(initial=0)))))


def _group_norm_without_weight(case: Case) -> bool:
    raised = case.found.key == "raised" and re.search("shape '\\[0\\]' is invalid for|tensor does not have a device", case.texts[0])
    return bool(raised) and _uses(case, r"F\.group_norm\(.*bias=")


def _turned_around(case: Case) -> bool:
    return case.found.path == "x" and case.found.key in ("shape", "strides") and _uses(case, "unpad_sequence")


def _of_no_elements(case: Case) -> bool:
    ours = case.found.adjoint
    if not isinstance(ours, np.ndarray) or case.found.pytorch is not None or not _is_gradient(case):
        return False
    return not ours.size or (not ours.any() and _uses(case, r"data\(\d+, 0,"))


def _nearest_of_twice_the_size(case: Case) -> bool:
    """PyTorch's backward takes the scale factor for 2 wherever the result has twice the size, which 2.3 gives as well."""
    if not (_is_gradient(case) and _uses(case, r"scale_factor=.*mode='nearest'|Nearest2d\(scale_f|upsample_nearest\(.*scale_f")):
        return False
    x, y = (case.runs[0].space.get(name) for name in ("x0", "y"))
    return x is not None and any(b == 2 * a for a, b in zip(x.shape[2:], y.shape[2:]))


def _sums_of_many(case: Case) -> bool:
    theirs, ours = case.found.pytorch, case.found.adjoint
    if not (isinstance(theirs, np.ndarray) and isinstance(ours, np.ndarray) and theirs.shape == ours.shape):
        return False
    unit = 1e-4 if _uses(case, "float32|complex64") else 1e-11
    scale = float(np.abs(theirs).max(initial=1.0))
    return _uses(case, r"data\(\d+, (1365|2048|4099|2730|4096|8198),") and bool(np.allclose(theirs, ours, 0, unit * scale, equal_nan=True))


def _shared_by_pytorch(case: Case) -> bool:
    return case.found.key == "shares memory with" and _is_gradient(case) and not case.found.adjoint


def _no_space(case: Case) -> bool:
    return case.found.key == "raised" and not case.texts[0] and "Output size is too small" in case.texts[1]


def _gradient_of_cross_map(case: Case) -> bool:
    """It fails gradcheck there: the windows of its backward are not those of its forward, and of size 1 do not fit."""
    if not _uses(case, r"CrossMapLRN2d\("):
        return False
    refused = case.found.key == "raised" and not case.texts[1]
    return _is_gradient(case) or (refused and re.search("exceeds dimension size|functions with out=", case.texts[0]) is not None)


def _power_and_root(case: Case) -> bool:
    theirs, ours = case.found.pytorch, case.found.adjoint
    if not (isinstance(theirs, np.ndarray) and isinstance(ours, np.ndarray) and theirs.shape == ours.shape):
        return False
    unit = 1e-5 if _uses(case, "float32|float16") else 1e-13
    return case.found.path[:1] == "h" and _uses(case, r"LPPool|lp_pool") and bool(np.allclose(theirs, ours, 0, unit))


def _zeros_of_nearest(case: Case) -> bool:
    of_graph = case.found.key in ("requires_grad", "is_leaf") or case.found.pytorch is None
    return of_graph and case.found.path[:1] == "h" and _uses(case, r"F\.grid_sample\(.*nearest")


def _second_of_half_grids(case: Case) -> bool:
    raised = case.found.key == "raised" and not case.texts[1] and "Expected self.dtype to be equal to src.dtype" in case.texts[0]
    return raised and _uses(case, r"F\.grid_sample\(")


def _laid_time_first(case: Case) -> bool:
    raised = case.found.key == "raised" and not case.texts[1] and "view size is not compatible" in case.texts[0]
    return raised and _uses(case, r"F\.conv_tbc\(")


def _bias_without_weight(case: Case) -> bool:
    raised = case.found.key == "raised" and not case.texts[1] and "Expected a proper Tensor but got None" in case.texts[0]
    return raised and _uses(case, r"F\.(batch|layer|instance)_norm\(.*bias=")


def _unshuffled_without_elements(case: Case) -> bool:
    return case.found.key == "shape" and _uses(case, r"pixel_unshuffle|PixelUnshuffle") and 0 in (case.found.pytorch or ())


def _hooked_view(case: Case) -> bool:
    hooked = case.found.key == "strides" and _uses(case, r"register_full_backward")
    x = case.runs[0].space.get("x0")
    return hooked and _uses(case, r"GroupNorm") and x is not None and 1 in x.shape


def _tied_halves(case: Case) -> bool:
    return case.found.path == "y" and case.found.key == "value" and _uses(case, r"float16") and _uses(case, r"m\.predict\(")


def _no_transform(case: Case) -> bool:
    raised = case.found.key == "raised" and not case.texts[1] and re.match(r"t = (pushed|mapped|per_sample)\(", case.line)
    return bool(raised) and re.search("|".join(_NOT_TRANSFORMED), case.texts[0]) is not None


_NOT_TRANSFORMED = (
    "must override the setup_context", r"Attempted to vmap over `mask` in torch\.masked_select", "Batching rule not implemented",
    "Trying to use forward AD with", "vmap: we do not yet support", "is not implemented", "data-dependent",
    "unsupported operation: more than one element of the written-to", "doesn't match the broadcast shape", "Cannot access data pointer",
    "ZeroTensor", "vmap: It looks like you're calling", "view size is not compatible", "vmap: inplace arithmetic",
)  # fmt: skip


KNOWN = [
    Known("PyTorch has no batching rule, or no forward mode, for a module", _no_transform),
    Known("PyTorch's norms with a bias and no weight fail in their second derivative", _bias_without_weight),
    Known("PyTorch's pixel_unshuffle returns what has no elements in the shape that it had", _unshuffled_without_elements),
    Known("a hook's view has other strides in dimensions of size 1 in PyTorch, whose group norm takes them for a format", _hooked_view),
    Known("which of two classes is the likelier, where halves round both to one number", _tied_halves),
    Known("PyTorch's gradient of CrossMapLRN2d is not that of what it computes", _gradient_of_cross_map),
    Known("what a power and its root, one after the other, leave of a second derivative is rounding", _power_and_root, goes_on=True),
    Known("PyTorch's second derivative of the nearest pixel by the grid is None, or zeros with a graph", _zeros_of_nearest, goes_on=True),
    Known("PyTorch's second derivative of a sampled grid mixes dtypes in halves, and fails", _second_of_half_grids),
    Known("PyTorch's conv_tbc wants weights that lie in order", _laid_time_first),
    Known("PyTorch's transposed convolution gives empty results in float32, without a backward, and none in float64", _no_space),
    Known("PyTorch's group norm with a bias and no weight fails in its backward", _group_norm_without_weight),
    Known("PyTorch's unpad_sequence turns its argument around, in place", _turned_around),
    Known("PyTorch leaves out the second derivative with respect to no elements", _of_no_elements, goes_on=True),
    Known("PyTorch's second derivative of BCELoss takes its input for 1e-12 more", _second_of_bce),
    Known("what grad() and vmap() return lies in memory as a formula or a rule left it", _gradients_strides, goes_on=True),
    Known("PyTorch has no second derivative of its attention, and of some losses", _no_second_derivative),
    Known("PyTorch divides a bag's gradients by the frequencies of other indices", _frequency_of_another),
    Known("PyTorch's sixth, and a celu's 1 / alpha, are of float32 in float64 too", _single_precision_constant),
    Known("PyTorch's gradient of a nearest resampling to twice the size forgets the scale factor", _nearest_of_twice_the_size),
    Known("PyTorch returns one gradient for both biases of a recurrent module", _shared_by_pytorch, goes_on=True),
    Known("roundings of sums of thousands of samples", _sums_of_many, goes_on=True),
    Known("PyTorch has no kernel for halves, or complex numbers", _no_kernel_for_halves),
    Known("what a norm of a few numbers leaves is rounding", _cancelled_in_a_norm, goes_on=True),
]

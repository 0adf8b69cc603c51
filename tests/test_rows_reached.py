"""The fuzzer's family of rows reaches every row: its forward, gradient, recorded gradient and tangents, and under vmap, with
several elements in each dimension; and every batching rule.  A new row or rule is reached, or this fails, or it is listed."""

from __future__ import annotations

import random
import warnings

import pytest

pytest.importorskip("torch")

from samples import NOT_DIFFERENTIABLE, OF_VISION, WITHOUT, is_of_sparse, values

from adjoint.declare.namespaces import OPERATORS
from fuzz.coverage import Coverage, Point, expected
from fuzz.families.rows import PRELUDE, _done, _expressions
from fuzz.program import Program
from fuzz.run import Run

THIRD = "the derivative of a derivative's derivative: what computes it in a second derivative is an array function"
LARGE = "where arrays are large only"
NUMBER = "in forward mode a number is an operand of the tensors' row"
NO_DERIVATIVE = "has no derivative"
DRAWN = "draws random numbers, which vmap does only where it is asked to"
UNUSED = "no row uses the function on a batch; what users' own functions and subclasses may hand to it"

RECURRENT = ("mkldnn_rnn_layer", "_lstm_layer", "_rnn_layer")
UNRUN = {key: WITHOUT[key] for key in ("_to_copy.meta", "linear.whole", *RECURRENT)}
"""Rows that no sample runs, in any direction."""

UNREACHED: dict[str, dict[str, tuple[str, ...]]] = {
    "function": {THIRD: ("_tap_sum",)},
    "function several elements": {
        THIRD: ("_tap_sum",),
        "is of dimensions of size 1": ("_weight_norm_interface", "expand_copy", "slice_scatter", "squeeze", "squeeze_copy"),
    },
    "function under vmap": {
        THIRD: ("_cofactors_along", "_shares_forth", "_tap_gather", "_tap_sum", "take_along"),
        LARGE: ("_fused_rms_norm",),
        "is run sample by sample": ("_ctc_loss_backward",),
        "is made of other operators under vmap": ("_scaled_dot_product_flash_attention_for_cpu",),
        "PyTorch's vmap does not have it": ("rrelu_with_noise",),
        DRAWN: ("_of_concentration",),
    },
    "apply": {
        THIRD: ("_class_gather", "_cofactors_along", "_shares_forth", "_tap_gather", "_tap_sum", "take_along"),
        LARGE: ("_fused_rms_norm",),
        NO_DERIVATIVE: ("geqrf", "linalg_ldl_factor_ex", "scatter.reduce", "scatter.value_reduce"),
    },
    "apply_taped": {
        THIRD: (
            "_class_gather", "_cofactors", "_cofactors_along", "_flat_gather",
            "_tap_gather", "_tap_spread", "_tap_sum", "_weighted", "add_at", "diagonal_backward",
            "masked_put", "select_backward", "slice_backward", "unfold_backward", "zero_in",
        ),
        NO_DERIVATIVE: ("geqrf", "linalg_ldl_factor_ex", "scatter.reduce", "scatter.value_reduce"),
    },
    "apply under vmap": {
        THIRD: (
            "_class_gather", "_class_scatter", "_cofactors_along", "_flat_gather",
            "_flat_scatter", "_shares_forth", "_tap_gather",
            "_tap_scatter", "_tap_sum", "_weighted", "add_along", "add_at", "diagonal_backward", "index_zero",
            "masked_put", "scatter_zero", "take_along", "unfold_backward", "zero_in",
        ),
        LARGE: ("_fused_rms_norm",),
        NO_DERIVATIVE: (
            "_ctc_loss_backward", "geqrf", "linalg_ldl_factor_ex", "scatter.reduce", "scatter.value_reduce", "_dirichlet_grad",
            "_standard_gamma_grad",
        ),
        DRAWN: ("_of_concentration",),
        "is run sample by sample": ("_ctc_loss", "as_strided_scatter", "fractional_max_pool2d", "fractional_max_pool3d"),
        "is made of other operators under vmap": ("_scaled_dot_product_flash_attention_for_cpu",),
        "PyTorch's vmap does not have it": ("rrelu_with_noise",),
    },
    "tangent": {
        THIRD: (
            "_cofactors_along direction", "_cofactors_along self",
            "_shares_forth total", "_shares_forth values", "_shares_forth x", "_tap_gather x", "_tap_sum x", "take_along x",
        ),
        NUMBER: (
            "clamp_max_number self", "clamp_min_number self", "fmod_number self", "remainder_number self",
            "remainder_of_number other", "rpow_number exponent", "rsub_number self",
        ),
        NO_DERIVATIVE: (
            "_ctc_loss_backward g", "_ctc_loss_backward log_probs", "geqrf self", "igamma self", "igammac self",
            "linalg_ldl_factor_ex self", "scatter.reduce self", "scatter.reduce src", "scatter.value_reduce self", "zeta self",
        ),
        "PyTorch's gradient is wrong where tensors are not contiguous, so the sample has none": ("as_strided_scatter self",),
    },
    "rule": {
        THIRD: ("take_along", "tap_gather"),
        "is a recurrent layer's, which test_recurrent_layer runs": ("layer_gradients",),
        "runs where a matrix is not positive-definite, which no sample's is": ("_each_cholesky",),
        "is asked for where batches are summed over, not in a vmap": ("from_zero", "attention_gradients"),
        UNUSED: (
            "all", "any", "argwhere", "ascontiguousarray", "clip", "count_nonzero", "cumprod", "cumsum", "eigvals",
            "eigvalsh", "flatnonzero", "full_like", "max", "median", "min", "nan_to_num", "nansum", "ndim", "nonzero", "pad",
            "prod", "put_along_axis", "ravel", "repeat", "round", "shape", "shares_memory", "sort", "std", "trace", "var",
        ),
    },
}  # fmt: skip


def _programs() -> list[Program]:
    """Of every expression: both gradients, the gradient of a gradient, its tangent, and a gradient and both under vmap."""
    found = []
    for sample in _expressions():
        names = [n for n in dict.fromkeys(compile(sample, "sample", "eval").co_names) if n in values()]
        floats = [n for n in names if n not in NOT_DIFFERENTIABLE]
        made = [f"{n} = torch.tensor({values()[n].tolist()}{', dtype=torch.float64' * (n in floats)})" for n in names]
        made.append("eye = torch.eye(3, dtype=torch.float64)")
        for mode in ("twice", "jvp of vjp", "vmap of grad", "vmap of twice") if floats else ("forward", "vmap"):
            lines = _done(random.Random(1), mode, sample, floats or names)
            if mode == "twice":
                lines.append(f"gradients(r, [{', '.join(floats)}])")
            found.append(Program(made + lines, PRELUDE))
    return found


def _kind(point: Point) -> tuple[str, str]:
    """What is counted, and of which row."""
    kind, where, *what = point
    if kind == "row" and what[0].startswith("tangent of "):
        return "tangent", f"{where} {what[0].removeprefix('tangent of ')}"
    return ("rule", where) if kind == "rule" else (" ".join(what), where)


def test_every_row_is_reached_in_every_direction() -> None:
    coverage = Coverage(lines=False)
    for program in _programs():
        run = Run(program, "adjoint")
        coverage.on()
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                for line in program.lines:
                    run.step(line)
        finally:
            coverage.off()
    assert not {p for p in coverage.points if p[0] == "row" and p[1] in UNRUN}
    others = {key for key, row in OPERATORS.items() if getattr(row.forward, "__module__", "").startswith(("test", "tests."))}
    others |= {key for key, row in OPERATORS.items() if is_of_sparse(key, row)}
    others.add("_linear_cross_entropy_batch_chunked")  # there once somebody has asked for chunks: test_loss_in_chunks
    others |= {*UNRUN, *OF_VISION}
    wanted = {p for p in expected() if p[0] in ("row", "rule") and "apply_large" not in p and p[1] not in others}
    listed = {(kind, name) for kind, reasons in UNREACHED.items() for names in reasons.values() for name in names}
    assert sorted({_kind(p) for p in wanted - coverage.points} - listed) == []
    assert sorted(listed - {_kind(p) for p in wanted}) == []  # which are there no longer

"""Known: disagreements that are right, or that are accepted, each with the reason.

An entry is asked when a difference was found, and says whether it is of its kind.  How often each reason applied is
printed after a run: nothing is let pass in silence.  What one family alone meets may stand in its module, in a list
``KNOWN`` of its own.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from fuzz.program import Program
from fuzz.run import Run

if TYPE_CHECKING:
    from fuzz.compare import Disagreement


@dataclass(frozen=True)
class Case:
    """A difference, and the runs as they are at that moment."""

    found: Disagreement
    program: Program
    runs: tuple[Run, Run]
    failed: bool = False
    """Whether the line raised in both."""

    @property
    def line(self) -> str:
        """The line after which it was found."""
        return self.program.lines[self.found.line]

    @property
    def texts(self) -> tuple[str, str]:
        """The texts of the two errors; empty where there was none."""
        theirs, ours = ((x[1] if x else "") for x in (self.found.pytorch, self.found.adjoint))
        return theirs, ours

    def operands(self) -> list[tuple[Any, Any]]:
        """The tensors of the line, in both libraries."""
        names = sorted(set(re.findall(r"\bv\d+\b", self.line)))
        pairs = [tuple(run.space.get(name) for run in self.runs) for name in names]
        return [pair for pair in pairs if isinstance(pair[0], torch.Tensor)]  # type: ignore[misc]

    def tensors(self) -> list[torch.Tensor]:
        """All tensors that the program has made with PyTorch."""
        return [x for x in self.runs[0].space.values() if isinstance(x, torch.Tensor)]


@dataclass(frozen=True)
class Known:
    """An entry: of which families, for which difference, and why."""

    reason: str
    applies: Callable[[Case], bool]
    families: tuple[str, ...] = ()
    """Empty: of all."""
    goes_on: bool = False
    """Whether what comes after the line can still be compared."""


_BASE_WRITTEN = "its base or another view of its base"
_REPEATED = "more than one element of the written"
_OUTDATED = "one of the variables needed for gradient computation has been modified by an inplace operation"
_OVERLAP = "to a single memory location"


def _raised(case: Case) -> bool:
    return case.found.key == "raised"


def _both(case: Case) -> bool:
    return _raised(case) and all(case.texts)


def _base_first(case: Case) -> bool:
    return _both(case) and _BASE_WRITTEN in case.texts[0]


def _other_saved_tensor(case: Case) -> bool:
    earlier = case.program.lines[: case.found.line]
    return (
        _both(case)
        and all(_OUTDATED in text for text in case.texts)
        and any("create_graph" in line or "matmul" in line or " @ " in line for line in earlier)
    )


def _needlessly_saved(case: Case) -> bool:
    if not _raised(case):
        return False
    theirs, ours = case.texts
    earlier = case.program.lines[: case.found.line]
    return _OUTDATED in theirs and not ours and any(
        "layer_norm(" in line or "torch.complex(" in line for line in earlier
    )


def _no_memory(case: Case) -> bool:
    return case.found.key == "looking raised" and "Cannot convert a ZeroTensor to numpy" in case.texts[0] and not case.texts[1]


def _integers_that_require_grad(case: Case) -> bool:
    if (case.found.key, case.found.pytorch, case.found.adjoint) != ("requires_grad", True, False):
        return False
    value = case.runs[0].value(case.found.path)
    return not (value.is_floating_point() or value.is_complex())


def _second_hook(case: Case) -> bool:
    return _raised(case) and "register_hook" in case.line and _BASE_WRITTEN in case.texts[1]


def _dtype_first(case: Case) -> bool:
    return _both(case) and _REPEATED in case.texts[1]


def _lie_differently(case: Case) -> bool:
    return (
        _raised(case)
        and any(_OVERLAP in text for text in case.texts)
        and any(a.stride() != b.stride() or 0 in a.stride() for a, b in case.operands())
    )


def _undefined(case: Case) -> bool:
    if case.found.key != "value" or not ("_(" in case.line.replace("_()", "") or "] = " in case.line):
        return False
    places = [a.untyped_storage().data_ptr() for a, _ in case.operands() if a.numel()]
    return len(set(places)) < len(places)


_FAILS_IN_VMAP = re.compile(
    "|".join(
        [
            _OUTDATED,  # an in-place operator of a formula of PyTorch's own
            _REPEATED,
            r"The size of tensor a \(\d+\) must match the size of tensor b",  # of mse_loss with operands of different levels
            r"shape '\[.*\]' is invalid for input of size",
            "vmap: inplace arithmetic",  # of tangents
            "ZeroTensors are immutable",
            "Cannot convert a ZeroTensor",
            "Subtraction, the `-` operator, with a bool tensor",  # within a gradient
            "can not return a BatchedTensor when out_dim is None",  # but one of an outer vmap's
        ]
    )
)


def _fails_in_vmap(case: Case) -> bool:
    raised = case.found.key in ("raised", "looking raised")
    theirs, ours = case.texts if raised else ("", "")
    nested = re.search(r"vmap|jac|hessian", "\n".join(case.program.lines[: case.found.line + 1]))
    return bool(nested and not ours and _FAILS_IN_VMAP.search(theirs))


def _leads_to_nothing(case: Case) -> bool:
    """Whether a value requires grad in one library alone, and all its gradients are zero."""
    if case.found.key != "requires_grad":
        return False
    run = case.runs[0 if case.found.pytorch else 1]
    parts = [x for name in run.names() for _, x in run.parts(name)]
    leaves = [x for x in parts if isinstance(x, run.library.Tensor) and x.is_leaf and x.requires_grad]
    try:
        value = run.value(case.found.path)
        found = run.library.autograd.grad(value.sum(), leaves, retain_graph=True, allow_unused=True)
    except RuntimeError:
        return False
    return all(g is None or not g.any() for g in found)


def _zero_for_none(case: Case) -> bool:
    """Whether PyTorch has a gradient of zeros where Adjoint has none."""
    if case.found.path and case.found.key in ("dtype", "value"):
        theirs, ours = (run.value(case.found.path) for run in case.runs)
        return isinstance(theirs, torch.Tensor) and not theirs.any() and ours is None
    return case.found.key == "grad" and case.found.adjoint is None and not case.found.pytorch.any()


_LACKING = (
    "not implemented for '",
    "Trying to use forward AD with",
    "does not support automatic differentiation for outputs with complex dtype",
    "derivative for ",
    "does not support complex",
    "not yet implemented for complex tensors",
    "only supports floating-point dtypes",
    "Unsupported input type encountered for",
    "is not supported for complex types",
    "Batching rule not implemented",
    "does not yet have a batching rule",
    "handle types other than float and double",
)


def _lacking(case: Case) -> bool:
    return _raised(case) and any(text in case.texts[0] for text in _LACKING)


def _overloads(case: Case) -> bool:
    return _both(case) and all(x[0] == "TypeError" for x in (case.found.pytorch, case.found.adjoint))


def _out_dtype(case: Case) -> bool:
    return (
        _raised(case) and "out=" in case.line and re.match(r"Found dtype \w+ but expected", case.texts[0]) is not None
    )


def _no_out(case: Case) -> bool:
    return _raised(case) and "got an unexpected keyword argument 'out'" in case.texts[1]


def _nothing_selected(case: Case) -> bool:
    none = "False" in case.line or re.search(r"tensor\(\[0\], dtype=torch.(uint8|bool)\)", case.line) is not None
    return _raised(case) and none and "[" in case.line and not all(case.texts)


def _order_of_checks(case: Case) -> bool:
    return _both(case) and case.found.pytorch[0] in ("RuntimeError", "NotImplementedError", "IndexError")


def _compared_into(case: Case) -> bool:
    return (
        _raised(case) and not case.texts[0] and "out=" in case.line and "don't support automatic diff" in case.texts[1]
    )


def _comparison_in_place(case: Case) -> bool:
    """Whether a comparison made bools or integers of it that require grad, in PyTorch."""
    key = case.found.key == "requires_grad" and case.found.pytorch is True
    return key and re.search(r"\b(eq|ne|lt|le|gt|ge)_\(", case.line) is not None and not _floating(case)


def _floating(case: Case) -> bool:
    value = case.runs[0].value(case.found.path)
    return bool(value.is_floating_point() or value.is_complex())


def _nan_for_number(case: Case) -> bool:
    """Whether a value is NaN in PyTorch wherever it differs, and none in Adjoint."""
    theirs, ours = case.found.pytorch, case.found.adjoint
    if not (isinstance(theirs, np.ndarray) and isinstance(ours, np.ndarray)) or theirs.shape != ours.shape:
        return False
    return bool((np.isclose(theirs, ours, 1e-2) | (np.isnan(theirs) & ~np.isnan(ours))).all())


def _complex_zero(case: Case) -> bool:
    zeros = any(a.is_complex() and a.numel() and (a == 0).any() for a in case.tensors())
    return zeros and _nan_for_number(case) and re.search(r"pow|\*\*", "\n".join(case.program.lines)) is not None


def _half_complex(case: Case) -> bool:
    return any("ComplexHalf" in str(x) or "complex32" in str(x) for x in (case.found.pytorch, case.found.adjoint))


def _partly_written(case: Case) -> bool:
    """Whether the line is a write at which both raised, or was one."""
    written = re.search(r"_\(|\] = |out=| [-+*/%&|]+= ", case.line)
    return bool(written) and case.found.key == "value" and case.failed


def _refuses_dtype(case: Case) -> bool:
    return case.found.key.endswith("raised") and not case.texts[1] and bool(_REFUSED.search(case.texts[0]))


_REFUSED = re.compile(
    "|".join(
        [
            "does not support automatic differentiation for outputs with complex dtype",
            "masked_fill_ only supports boolean masks",  # an index of bytes
            "Integer division with addcdiv",  # of a sum of floats
            "INTERNAL ASSERT FAILED",
            "Cannot convert a ZeroTensor",
            "not implemented for '(Complex|Bool)",  # a dtype for which there is no kernel
        ]
    )
)


def _lacks(case: Case) -> bool:
    lacking = "logcumsumexp of complex|view_as_complex is only supported .*Half"
    return _raised(case) and not case.texts[0] and bool(re.search(lacking, case.texts[1]))


def _no_elements(case: Case) -> bool:
    return _raised(case) and not all(case.texts) and any(not a.numel() for a, _ in case.operands())


def _infinite_complex(case: Case) -> bool:
    """Whether what differs is infinite or NaN in one library, and came from a complex number that is."""
    theirs, ours = case.found.pytorch, case.found.adjoint
    if not (isinstance(theirs, np.ndarray) and isinstance(ours, np.ndarray)) or theirs.shape != ours.shape:
        return False
    if not any(
        isinstance(x, torch.Tensor) and x.is_complex() and not x.isfinite().all() for x in case.runs[0].space.values()
    ):
        return False
    return bool((np.isclose(theirs, ours, 1e-2) | ~np.isfinite(theirs) | ~np.isfinite(ours)).all())


KNOWN = [
    Known("complex numbers of halves, which Adjoint does not have", _half_complex, ("values",)),
    Known("a write that fails when some of it is done", _partly_written, ("values",)),
    Known("PyTorch refuses what has a plain meaning", _refuses_dtype, ("values", "indexing")),
    Known("an error of a kernel, where there are no elements for one", _no_elements, ("values",)),
    Known(
        "PyTorch's ldexp cuts exponents to 32 bits, and zeros times infinite powers of two are NaN",
        lambda case: case.found.key == "value" and "ldexp" in case.line,
        ("values",),
    ),
    Known("a NotImplementedError that says so", _lacks, ("values",)),
    Known("an infinite complex number times another: NaN in PyTorch, or in NumPy", _infinite_complex),
    Known("zeros for the gradient of what nothing depends on", _zero_for_none, ("transforms", "calls")),
    Known(
        "an operator that PyTorch cannot differentiate in a vmap, or of operands of different vmaps",
        _fails_in_vmap,
        ("transforms", "calls"),
    ),
    Known("a graph that leads to nothing but zeros", _leads_to_nothing, ("transforms", "calls")),
    Known("PyTorch has no kernel for the dtype, or no derivative; Adjoint has, or says so in other words", _lacking),
    Known(
        "two TypeErrors of arguments: which overloads there are, and which of them is meant", _overloads, goes_on=True
    ),
    Known("an out= of another dtype, which PyTorch has some operators refuse, and Adjoint convert to", _out_dtype),
    Known(
        "an index with False in it selects nothing, and its other parts are not looked at",
        _nothing_selected,
        ("programs", "values", "numbers", "indexing", "rows", "calls"),
    ),
    Known(
        "a comparison's out= beside an operand that requires grad: its result has no gradient in either", _compared_into
    ),
    Known("PyTorch's power of a complex zero is the exponential of NaN", _complex_zero, ("values",)),
    Known("PyTorch lets bools and integers require grad after a comparison in place", _comparison_in_place),
    Known("which of two reasons to refuse is found first", _order_of_checks, ("values", "indexing"), goes_on=True),
    Known("no out= of reductions and scans in Adjoint: it raises", _no_out),
    Known(
        "PyTorch minds a view whose base was written before it minds the shapes, Adjoint after",
        _base_first,
        goes_on=True,
    ),
    Known(
        "which tensor of a formula, or of a product's parts, is seen first to be outdated",
        _other_saved_tensor,
        goes_on=True,
    ),
    Known(
        "PyTorch saves a layer norm's bias and the parts of a complex number, which no gradient needs, and minds a write",
        _needlessly_saved,
    ),
    Known("PyTorch's gradients of zeros that have no memory cannot be looked at", _no_memory),
    Known("integers that require grad, after a write of what does: PyTorch has them", _integers_that_require_grad),
    Known("PyTorch does not look at the history again for a tensor's second hook", _second_hook, goes_on=True),
    Known("a kernel may mind the dtype before it minds an expanded tensor", _dtype_first, goes_on=True),
    Known(
        "whether memory overlaps, where strides of dimensions of size 1 differ, which NumPy forgets", _lie_differently
    ),
    Known("reads and writes overlapping memory, which PyTorch does not detect: undefined", _undefined),
]


def entry(
    found: Disagreement, program: Program, family: str, runs: tuple[Run, Run], failed: bool = False
) -> Known | None:
    """The entry for this difference; None if there is none."""
    case = Case(found, program, runs, failed)
    from fuzz.families import families  # which have entries of their own, made of this file's

    own: list[Known] = getattr(families().get(family), "KNOWN", [])
    for known in [*own, *KNOWN]:
        if (not known.families or family in known.families) and known.applies(case):
            return known
    return None

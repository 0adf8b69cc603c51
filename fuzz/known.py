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
        theirs, ours = (x[1] if isinstance(x, tuple) and len(x) == 2 else "" for x in (self.found.pytorch, self.found.adjoint))
        return str(theirs), str(ours)

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
        and any(a.stride() != tuple(b.stride()) for a, b in case.operands())
    )


def _undefined(case: Case) -> bool:
    if case.found.key != "value" or not ("_(" in case.line.replace("_()", "") or "] = " in case.line):
        return False
    places = [(a.untyped_storage().data_ptr(), _places(a)) for a, _ in case.operands() if a.numel()]
    if any(len(set(own)) < len(own) for _, own in places):
        return True
    pairs = [(a[1], b[1]) for i, a in enumerate(places) for b in places[:i] if a[0] == b[0]]
    return any(a != b and not set(a).isdisjoint(b) for a, b in pairs)


def _places(tensor: torch.Tensor) -> list[int]:
    """Where in its memory each element of a tensor lies."""
    found = np.full(tuple(tensor.shape), tensor.storage_offset())
    for d, (n, step) in enumerate(zip(tensor.shape, tensor.stride())):
        found += (np.arange(n) * step).reshape(-1, *[1] * (tensor.dim() - d - 1))
    return found.reshape(-1).tolist()  # type: ignore[no-any-return]


_FAILS_IN_VMAP = re.compile(
    "|".join(
        [
            _OUTDATED,  # an in-place operator of a formula of PyTorch's own
            _REPEATED,
            r"The size of tensor a \(\d+\) must match the size of tensor b",  # of mse_loss with operands of different levels
            r"shape '\[.*\]' is invalid for input of size",
            r"vmap: .*\(self, \*extra_args\) is not possible",  # of tangents
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
    return _raised(case) and any(text in case.texts[0] for text in _LACKING) and _on_purpose(case)


_ACCIDENTS = re.compile(
    "got multiple values|unexpected keyword|has no attribute|ufunc|could not be broadcast|not supported between instances|"
    "unsupported operand|out of bounds for (u?int|bool)|read-only|setting an array|numpy|object is not|INTERNAL ASSERT"
)


def _on_purpose(case: Case) -> bool:
    """Whether what Adjoint raised, if anything, is an error of its own and not one that Python or NumPy came upon."""
    if case.found.adjoint is None:
        return True
    kind, text = case.found.adjoint
    return kind in ("RuntimeError", "TypeError", "ValueError", "IndexError", "NotImplementedError") and not _ACCIDENTS.search(text)


def _overloads(case: Case) -> bool:
    both = _both(case) and all(x[0] == "TypeError" for x in (case.found.pytorch, case.found.adjoint))
    return both and _on_purpose(case)


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
    """Whether both refuse, each for a reason of its own; a wrong argument's type is minded before all else in PyTorch."""
    if not (_both(case) and _on_purpose(case)):
        return False
    out = case.found.pytorch[0] == "TypeError" and "functions with out=" in case.texts[1]
    step = case.texts[0] == "step must be greater than zero" and re.search(r"::-1|None, -1\)", case.line) is not None
    return out or step or case.found.pytorch[0] in ("RuntimeError", "NotImplementedError", "IndexError")


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
    found = (str(x) for x in (case.found.pytorch, case.found.adjoint))
    return any(re.search(r"ComplexHalf|complex32|complex<c10::Half>", x) for x in found)


def _partly_written(case: Case) -> bool:
    """Whether the line is a write at which both raised, or was one."""
    written = re.search(r"_\(|\] = |out=| [-+*/%&|]+= ", case.line)
    return bool(written) and case.found.key == "value" and case.failed


def _refuses_dtype(case: Case) -> bool:
    if not case.found.key.endswith("raised") or case.texts[1]:
        return False
    backward = re.search(r"backward\(|gradients\(|grad\(", case.line) is not None and bool(_REFUSED_BACK.search(case.texts[0]))
    return backward or bool(_REFUSED.search(case.texts[0]))


_REFUSED_BACK = re.compile(
    "|".join(
        [
            "Subtraction, the `-` operator, with a bool tensor",  # of the exponent
            "Negation, the `-` operator, on a bool tensor",
            "can't be cast to the desired output type (Byte|Char|Short|Int|Long|Bool)",  # of a divisor of integers
            r"value cannot be converted to type (u?int\d+_t|int|c10::Half|float) without overflow",  # of a factor
            "Expected isFloatingType",  # of a sum of real numbers into complex ones
        ]
    )
)
"""What a formula of PyTorch's refuses in a backward, where the forward was accepted."""


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
    refused = "".join(case.texts)  # by one of the two
    none = any(not a.numel() for a, _ in case.operands())
    reason = "not implemented for '" in refused or "is out of bounds for dimension" in case.texts[1]
    return _raised(case) and not all(case.texts) and none and reason


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


def _all(case: Case) -> str:
    return "\n".join(case.program.lines[: case.found.line + 1])


def _given_back(case: Case) -> bool:
    key = case.found.key in ("requires_grad", "grad_fn", "is_leaf") and "_[" in case.found.path
    return key and "grad_outputs=" in case.line and "create_graph" not in case.line


def _complex(case: Case) -> bool:
    return any(x.is_complex() for x in case.tensors())


def _wraps_a_factor(case: Case) -> bool:
    whole = any(not (a.is_floating_point() or a.is_complex()) for a in case.tensors())
    return case.found.key == "grad" and whole and re.search(r"addc(mul|div)_?\(", _all(case)) is not None


def _of_no_gradient(case: Case) -> bool:
    """Whether PyTorch minds a write to what a node saved that no gradient reaches: a Function gave None."""
    return _raised(case) and _OUTDATED in case.texts[0] and re.search(r"(Pair|Other|Product|Once)\.apply", _all(case)) is not None


KNOWN = [
    Known("complex numbers of halves, which Adjoint does not have", _half_complex, ("values",)),
    Known("a write that fails when some of it is done", _partly_written, ("values", "indexing")),
    Known("PyTorch refuses what has a plain meaning", _refuses_dtype, ("values", "indexing", "within")),
    Known("an error of a kernel, where there are no elements for one", _no_elements, ("values", "within")),
    Known(
        "PyTorch's ldexp cuts exponents to 32 bits, and zeros times infinite powers of two are NaN",
        lambda case: case.found.key == "value" and "ldexp" in case.line,
        ("values",),
    ),
    Known("a NotImplementedError that says so", _lacks, ("values",)),
    Known(
        "PyTorch's gradient of an index_add with a complex alpha leaves out that it is conjugated (finite differences say so)",
        lambda case: case.found.key == "grad" and re.search(r"index_add_?\(.*alpha=", _all(case)) is not None and _complex(case),
        ("values", "within"),
    ),
    Known(
        "PyTorch's derivative of polar numbers of radius 0 has lost the angle",
        lambda case: case.found.key in ("grad", "value") and "polar(" in _all(case),
        ("programs",),
    ),
    Known(
        "PyTorch multiplies a gradient that is infinite by the zero of an element that was no number",
        lambda case: case.found.key in ("grad", "value") and "nan_to_num(" in _all(case) and _nan_for_number(case),
        ("values", "within"),
    ),
    Known(
        "NumPy forgets where a view without elements begins, which as_strided goes on from",
        lambda case: _raised(case) and "out of bounds for storage" in case.texts[0] and not case.texts[1]
        and "as_strided(" in case.line,
        ("values", "programs", "within"),
    ),
    Known(
        "a product with alpha that a half does not hold, which PyTorch's vectors round and its single elements do not",
        lambda case: case.found.key == "value" and "alpha=" in case.line and "float16" in _all(case) and _nan_for_number(case),
        ("values",),
    ),
    Known(
        "a remainder jumps where the divisor's last digit does",
        lambda case: case.found.key == "value" and re.search(r" (%|//) |remainder|fmod|floor_divide", case.line) is not None
        and "log10(" in _all(case),
        ("values",),
    ),
    Known("PyTorch wraps the number to the dtype of an integer factor, in gradients too", _wraps_a_factor, ("values",)),
    Known("PyTorch takes nodes for reached to which a Function sent None", _of_no_gradient, ("programs",)),
    Known(
        "PyTorch's gradient of real cumulative products of complex numbers divides by the complex ones",
        lambda case: case.found.key == "grad" and re.search(r"cumprod\(.*dtype=torch.b?float", _all(case)) is not None,
        ("values",),
    ),
    Known(
        "the sign of a NaN",
        lambda case: "signbit" in case.line and any(a.is_floating_point() and a.isnan().any() for a, _ in case.operands()),
        ("values",),
    ),
    Known(
        "the node of a view that has another kind of dtype than its base, after a write",
        lambda case: case.found.key == "grad_fn" and case.found.pytorch in ("ViewAsRealBackward0", "ViewAsComplexBackward0"),
    ),
    Known(
        "a clamp in place to bounds of a wider dtype is followed by a conversion",
        lambda case: case.found.key == "grad_fn" and case.found.adjoint == "ToCopyBackward0" and "clamp_(" in _all(case),
    ),
    Known("a gradient that is given and passes no operator comes back as it is, with its history", _given_back, ("programs",)),
    Known("an infinite complex number times another: NaN in PyTorch, or in NumPy", _infinite_complex),
    Known("zeros for the gradient of what nothing depends on", _zero_for_none, ("transforms", "calls", "within")),
    Known(
        "an operator that PyTorch cannot differentiate in a vmap, or of operands of different vmaps",
        _fails_in_vmap,
        ("transforms", "calls", "within"),
    ),
    Known("a graph that leads to nothing but zeros", _leads_to_nothing, ("transforms", "calls", "within")),
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
    Known("which of two reasons to refuse is found first", _order_of_checks, ("values", "indexing", "within"), goes_on=True),
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

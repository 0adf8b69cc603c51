"""Compare: run a program's lines with both libraries, and find the first line after which they differ."""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

import adjoint
from fuzz.generate import PRELUDE

_PRELUDE = compile(PRELUDE, "prelude", "exec")


@dataclass
class Disagreement:
    """The first difference of a program's two runs."""

    line: int
    what: str
    pytorch: Any
    adjoint: Any

    def __str__(self) -> str:
        return f"{self.what}\n  PyTorch: {self.pytorch}\n  Adjoint: {self.adjoint}"


_BASE_WRITTEN = "its base or another view of its base"
_REPEATED = "more than one element of the written"
_OUTDATED = "one of the variables needed for gradient computation has been modified by an inplace operation"


def compare(lines: list[str]) -> Disagreement | None:
    """Run the lines side by side, look at every tensor after each; None if nothing differs."""
    spaces: list[dict[str, Any]] = [{"torch": torch}, {"torch": adjoint}]
    # Where there are float32 numbers (or integers, which become them), float64 ones may come from rounded ones.
    exact = not any(re.search(r"float32|\.float\(\)|int64|bool|eq\(|lt\(|ones\(3\)", line) for line in lines)
    for space in spaces:
        exec(_PRELUDE, space)
    for number, line in enumerate(lines):
        outcomes = [_run(line, space) for space in spaces]
        if outcomes[0] is not None and outcomes[0][0] == "NameError":  # a line that this one needs was left out
            return None
        if all(outcomes) and _both_are_right(lines, number, *outcomes):
            outcomes[1] = outcomes[0]
        if "register_hook" in line and outcomes[1] is not None and _BASE_WRITTEN in outcomes[1][1]:
            outcomes[1] = outcomes[0]  # PyTorch does not look at the history again for a tensor's second hook
        if outcomes[0] != outcomes[1]:
            if any("to a single memory location" in o[1] for o in outcomes if o) and _lie_differently(line, spaces):
                return None
            return Disagreement(number, "raised", *outcomes)
        made = re.match(r"(?:with .*?: )?(v\d+) = ", line)
        if outcomes[0] is not None and made is not None:  # so that the lines after it have something to work with
            for space in spaces:
                exec(f"{made[1]} = torch.ones(3, dtype=torch.float64)", space)
        if made is not None and _strides(spaces[0], made[1]) != _strides(spaces[1], made[1]):
            # Where operands are broadcast and permuted, in which order a result lies in memory is each library's own
            # business; what comes after is compared from the same memory.
            for space in spaces:
                exec(f"{made[1]} = {made[1]}.clone(memory_format=torch.contiguous_format)", space)
        names = [n for n in spaces[0] if n.startswith("v")]
        for name in names:
            views = [_look(space.get(name), space["torch"]) for space in spaces]
            for key in views[0]:
                if key not in views[1] or not _same(views[0][key], views[1][key], exact):
                    if key == "grad" and outcomes[0] is not None:
                        return None  # a backward that failed: PyTorch may have come further, for it does leaves first
                    if key == "value" and _is_undefined(line, spaces[0]):
                        return None
                    return Disagreement(number, f"{name}.{key}", views[0][key], views[1].get(key))
    return None


def _both_are_right(lines: list[str], number: int, theirs: Any, ours: Any) -> bool:
    """Whether two different errors are as good as the same: there was reason for both, and only the order differs in
    which a library looks at things."""
    if _BASE_WRITTEN in theirs[1]:  # PyTorch minds such a view before it minds the shapes, Adjoint after
        return True
    if (
        _OUTDATED in theirs[1] and _OUTDATED in ours[1]
    ):  # which tensor of a formula, or of a product's parts, is seen first
        return any("create_graph" in earlier or "matmul" in earlier for earlier in lines[:number])
    return _REPEATED in ours[1]  # a kernel may mind the dtype before it minds an expanded tensor


def _strides(space: dict[str, Any], name: str) -> Any:
    """The strides of a tensor's dimensions, those aside that have one element or none."""
    value = space.get(name)
    if not isinstance(value, space["torch"].Tensor) or not value.numel():
        return None
    return [step for step, n in zip(value.stride(), value.shape) if n > 1]


def _lie_differently(line: str, spaces: list[dict[str, Any]]) -> bool:
    """Whether a tensor of the line has other strides in the two libraries.  That is so for dimensions of size 1, where
    NumPy has no memory of what a stride was; PyTorch compares even those when it looks for overlaps."""
    for name in set(re.findall(r"v\d+", line)):
        tensors = [space.get(name) for space in spaces]
        if isinstance(tensors[0], torch.Tensor) and (
            tensors[0].stride() != tensors[1].stride() or 0 in tensors[0].stride()  # whose parts then do
        ):
            return True
    return False


def _is_undefined(line: str, space: dict[str, Any]) -> bool:
    """Whether the line reads and writes overlapping memory in a way that PyTorch does not detect: the order of its
    loops decides what comes out."""
    tensors = [space.get(name) for name in set(re.findall(r"v\d+", line))]
    places = [t.untyped_storage().data_ptr() for t in tensors if isinstance(t, torch.Tensor) and t.numel()]
    return "_(" in line.replace("_()", "") or "] = " in line if len(set(places)) < len(places) else False


def _run(line: str, space: dict[str, Any]) -> Any:
    """The type and the first lines of the text of what the line raises; None if it raises nothing."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            exec(line, space)
        except Exception as error:
            text = str(error).split("\nException raised from")[0]
            text = re.sub(r"(output type) (?:long )?(bool|int)\b", _as_scalar_type, text)
            text = re.sub(r'^"\w+" (not implemented)', r"\1", text)  # the name of a kernel
            return type(error).__name__, re.sub(r"0x[0-9a-f]+", "0x", text)
    return None


def _as_scalar_type(found: re.Match[str]) -> str:
    """clamp_'s kernel prints the C++ type where every other operator prints the scalar type's name."""
    return f"{found[1]} {'Bool' if found[2] == 'bool' else 'Long'}"


def _look(value: Any, library: Any) -> dict[str, Any]:
    """What a user can see of a tensor; what looking at it raises, where it raises."""
    try:
        return _view(value, library)
    except Exception as error:
        return {"looking raised": (type(error).__name__, str(error))}


def _view(value: Any, library: Any) -> dict[str, Any]:
    """What a user can see of a tensor."""
    if not isinstance(value, library.Tensor):
        return {"value": None if value is None else type(value).__name__}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        grad = value.grad
    seen = {
        "dtype": str(value.dtype),
        "shape": tuple(value.shape),
        "requires_grad": value.requires_grad,
        "is_leaf": value.is_leaf,
        "version": value._version,
        "value": value.detach().resolve_conj().resolve_neg().numpy().copy(),
        "grad": None if grad is None else grad.detach().resolve_conj().resolve_neg().numpy().copy(),
    }
    seen["grad_fn"] = None if value.grad_fn is None else type(value.grad_fn).__name__
    return seen


def _same(a: Any, b: Any, exact: bool) -> bool:
    if isinstance(a, np.ndarray) and isinstance(b, np.ndarray):
        if a.shape != b.shape or a.dtype != b.dtype:
            return False
        if a.dtype.kind not in "fc":
            return bool(np.array_equal(a, b))
        tolerance = 1e-9 if exact and a.dtype.itemsize >= 8 + 8 * (a.dtype.kind == "c") else 2e-4
        # Of 0.0 and -0.0 either may be the larger one, and their reciprocals are infinities of either sign.
        # Numbers as large come from dividing by what is left of a difference of equal ones.
        a, b = (np.where(np.abs(x) > 1e6, np.inf, x) if x.dtype.kind == "f" else x for x in (a, b))
        return bool(np.allclose(a, b, rtol=tolerance, atol=tolerance, equal_nan=True))
    return type(a) is type(b) and a == b


def shrink(lines: list[str], found: Disagreement) -> tuple[list[str], Disagreement]:
    """Leave out lines for as long as the same kind of disagreement remains."""
    lines = lines[: found.line + 1]
    kind = found.what.rpartition(".")[2]
    smaller = True
    while smaller:
        smaller = False
        for i in reversed(range(len(lines))):
            fewer = lines[:i] + lines[i + 1 :]
            again = compare(fewer)
            if again is not None and again.what.rpartition(".")[2] == kind:
                lines, found, smaller = fewer[: again.line + 1], again, True
                break
    return lines, found

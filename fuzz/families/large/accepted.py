"""Accepted: the differences that only this family meets."""

from __future__ import annotations

import numpy as np

from fuzz.known import Case, Known


def _of_a_gradient(case: Case) -> bool:
    """Whether it is one of what ``autograd.grad`` returned that was made, or written to, in another way."""
    return (
        case.found.key in ("version", "strides", "grad_fn")
        and case.found.path.startswith("g[")
        and None not in (case.found.pytorch, case.found.adjoint)
    )


def _of_doubles(case: Case) -> bool:
    """Whether doubles differ in their last digits, which PyTorch's own sums of many have not right either."""
    theirs, ours = case.found.pytorch, case.found.adjoint
    if not (isinstance(theirs, np.ndarray) and theirs.dtype == ours.dtype == np.float64 and theirs.shape == ours.shape):
        return False
    return bool(np.allclose(ours, theirs, 1e-12, 1e-12 * max(1.0, np.abs(theirs).max(initial=0)), equal_nan=True))


def _how_often(case: Case) -> bool:
    """Whether it is the version of what is only written to: by an optimizer, or by a backward to a gradient that is held."""
    path = case.found.path
    return case.found.key == "version" and (
        path.startswith(("held", "seen["))
        or any("o.step()" in line for line in case.program.lines[: case.found.line + 1])
        or (path == "c" and "copy." in "".join(case.program.lines))
    )


def _bag(case: Case) -> bool:
    names = case.found.pytorch, case.found.adjoint
    return case.found.key == "grad_fn" and names[0] == "EmbeddingBagBackward0" and "embedding_bag" in case.line


def _by_a_number(case: Case) -> bool:
    """Whether a mean over classes was divided by a number, which PyTorch's loss of probabilities has a node of its own for."""
    names = case.found.pytorch, case.found.adjoint
    return case.found.key == "grad_fn" and names == ("DivBackward1", "DivBackward0") and "cross_entropy" in case.line


def _copied(case: Case) -> bool:
    """Whether what attention's products saved was written to, of which PyTorch had saved a copy, side by side in memory."""
    if case.found.key != "raised" or case.found.pytorch is not None:
        return False
    earlier = case.program.lines[: case.found.line]
    return "modified by an inplace operation" in case.texts[1] and any("scaled_dot_product" in line for line in earlier)


def _of_images(case: Case) -> bool:
    """Whether PyTorch has no kernel for volumes that lie in memory as images do, channels last."""
    theirs, ours = case.texts if case.found.key == "raised" else ("", "")
    return theirs.startswith("Unsupported memory format") and not ours and "3d(" in case.line


def _norms(case: Case) -> bool:
    return any("rms_norm(" in line for line in case.program.lines[: case.found.line + 1])


def _fused(case: Case) -> bool:
    return case.found.key == "grad_fn" and _norms(case) and case.found.adjoint == "FusedRmsNormBackward0"


KNOWN = [
    Known("how often PyTorch added to a gradient in place, of which operators a recorded one is made, and how it lies in memory",
          _of_a_gradient, goes_on=True),
    Known("how often a step or a backward writes to a tensor, and a copy of one has been written to", _how_often, goes_on=True),
    Known("an embedding bag is made of other operators here", _bag, goes_on=True),
    Known("a division by a number has a node of its own in PyTorch's losses", _by_a_number, goes_on=True),
    Known("what was saved of attention without its operator has been written to, and PyTorch had copied it", _copied),
    Known("volumes in the memory format of images are pooled here, and refused by PyTorch", _of_images),
    Known("the last digits of sums of many doubles: no third run says what is right", _of_doubles, goes_on=True),
    Known("a large RMS norm is one node here", _fused, goes_on=True),
]  # fmt: skip

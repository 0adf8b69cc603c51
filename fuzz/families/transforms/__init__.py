"""Transforms: functions of functions nested three deep, of what is outside of them too, in losses that are differentiated.

Most programs (``writer``) make tensors and modules, a loss of them in which expressions use them inside of transforms and
outside, and gradients of the loss.  A function is an expression of its argument and of everything around it.  In half of
these programs PyTorch's part of a ``vmap`` is a plain loop over the samples, and of a linearized function the ``jvp``, since
PyTorch's own cannot do all of it.  The others are of random numbers in a vmap (``drawn``), of ensembles of modules
(``ensembles``), and of arrays at the kernels' threshold, whose gradients may wait (``sizes``).

All but the last are in double precision, in which a rounding error is no finding.
"""

from __future__ import annotations

import random
import re

import numpy as np

from fuzz.compare import Settings
from fuzz.families.transforms.drawn import drawn
from fuzz.families.transforms.ensembles import ensemble
from fuzz.families.transforms.prelude import HOOKED, PRELUDE
from fuzz.families.transforms.sizes import sizes
from fuzz.families.transforms.variants import PRELUDE as VARIED
from fuzz.families.transforms.variants import variant
from fuzz.families.transforms.writer import Writer
from fuzz.known import Case, Known
from fuzz.program import Program

LOOPED = "LOOP = torch.__name__ == 'torch'\n"
"""PyTorch's part of a vmap is a loop."""


_INTO_SHARED = re.compile(r"\(self, \*extra_args\) is not possible|doesn't match the broadcast shape")


def _shared_memory(case: Case) -> bool:
    theirs, ours = case.texts if case.found.key == "raised" else ("", "")
    return case.program.prelude.startswith(LOOPED) and not theirs and bool(_INTO_SHARED.search(ours))


def _forward_in_forward(case: Case) -> bool:
    theirs, ours = case.texts if case.found.key == "raised" else ("", "")
    return "Nested forward mode AD is not supported" in theirs and "forward-mode" in case.line and not ours


def _products_of_zeros(case: Case) -> bool:
    theirs, ours = case.found.pytorch, case.found.adjoint
    if not (isinstance(theirs, np.ndarray) and isinstance(ours, np.ndarray) and "cumprod" in str(case.program)):
        return False
    return bool(np.isfinite(ours).all() and (np.isnan(theirs) | np.isclose(theirs, ours, 1e-9)).all())


RETAINED = {
    "retain_graph=False": "retain_graph=True",
    "backward()": "backward(retain_graph=True)",
    "allow_unused=True)": "allow_unused=True, retain_graph=True)",
}

def _stacked(case: Case) -> bool:
    return case.found.key == "shares memory with" and case.program.prelude.startswith(LOOPED)


def _no_graph_or_zeros(case: Case) -> bool:
    """Whether one library has no graph to differentiate, and the other's leads to nothing but zeros."""
    texts = case.texts if case.found.key == "raised" else ("", "")
    name = re.search(r"again|loss", case.line)
    if name is None or not any("element 0 of tensors does not require grad" in text for text in texts) or all(texts):
        return False
    run = case.runs[0 if texts[1] else 1]
    leaves = [x for n in run.names() for _, x in run.parts(n) if isinstance(x, run.library.Tensor)]
    leaves = [x for x in leaves if x.is_leaf and x.requires_grad]
    found = run.library.autograd.grad(run.space[name[0]], leaves, retain_graph=True, allow_unused=True)
    return all(g is None or not g.any() for g in found)


_LIMITS = re.compile(
    r"arg_spec must not be None|cannot reshape tensor of 0 elements|index 0 out of range for tensor of size|INTERNAL ASSERT|"
    r"Inference tensors cannot be saved|ZeroTensors are immutable|Inplace update to inference tensor|extra_args\) is not possible|"
    r"would mutate a captured Tensor"  # its tangent, which is never written to here
)


def _of_variants(case: Case) -> bool:
    """What PyTorch cannot do of empty batches, of inference tensors and of constant tangents."""
    theirs, ours = case.texts if case.found.key == "raised" else ("", "")
    return VARIED in case.program.prelude and not ours and bool(_LIMITS.search(theirs))


def _constant(case: Case) -> bool:
    """A result of a derivative that requires grad in one library, and whose gradients are zeros."""
    return VARIED in case.program.prelude and case.found.key == "requires_grad" and "func." in case.line


def _passed_on(case: Case) -> bool:
    """A tangent or a cotangent that is passed on as it is, where the other library has made one that is equal."""
    return VARIED in case.program.prelude and case.found.key == "shares memory with"


KNOWN = [
    Known("a tangent or cotangent that is passed on, or made anew", _passed_on),
    Known("what PyTorch cannot do of empty batches, inference tensors and constant tangents", _of_variants),
    Known("a constant derivative with a graph that leads to zeros", _constant),
    Known("no graph, or one that leads to nothing but zeros", _no_graph_or_zeros),
    Known("a loop's samples are stacked, where a vmap's may be one", _stacked),
    Known("second derivatives of products of zeros, by which PyTorch divides", _products_of_zeros),
    Known("forward mode inside of autograd.functional's, which PyTorch does not have", _forward_in_forward),
    Known("a sample written into what all samples share, which a loop can do", _shared_memory),
]

NAME = "transforms"
COMPARED = Settings(strides=False, graph=0, version=False, errors="any", ulps=2.0**22)
TESTED = 60
ENVIRONMENTS = [{}, {"ADJOINT_KERNELS_FROM": "1"}]


def generate(random: random.Random) -> Program:
    """A program of about ten lines."""
    kind = random.randrange(12)
    look = "each"
    if kind < 7:
        lines = Writer(random).lines
        look = random.choice(["each", "end", "end"])
    elif kind == 7:
        lines = drawn(random)
    elif kind == 8:
        lines = ensemble(random)
    elif kind > 9:
        return Program(variant(random), "LOOP = False\n" + PRELUDE + VARIED, look="each", seconds=60.0)
    else:
        lines = sizes(random)
        look = random.choice(["each", "end"])
    if look == "end":  # so that it can be found out then whether what requires grad leads to anything
        for before, after in RETAINED.items():
            lines = [line.replace(before, after) for line in lines]
    prelude = (LOOPED if kind < 4 else "LOOP = False\n") + PRELUDE
    if any("_hooked(" in line for line in lines):
        prelude += HOOKED
    return Program(lines, prelude, look=look, seconds=60.0)

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

from fuzz.compare import Settings
from fuzz.families.transforms.drawn import drawn
from fuzz.families.transforms.ensembles import ensemble
from fuzz.families.transforms.prelude import PRELUDE
from fuzz.families.transforms.sizes import sizes
from fuzz.families.transforms.writer import Writer
from fuzz.program import Program

NAME = "transforms"
COMPARED = Settings(strides=False, graph=0, version=False, errors="any", ulps=2.0**22)
TESTED = 100
ENVIRONMENTS = [{}, {"ADJOINT_KERNELS_FROM": "1"}]


def generate(random: random.Random) -> Program:
    """A program of about ten lines."""
    kind = random.randrange(10)
    look = "each"
    if kind < 7:
        lines = Writer(random).lines
    elif kind == 7:
        lines = drawn(random)
    elif kind == 8:
        lines = ensemble(random)
    else:
        lines = sizes(random)
        look = random.choice(["each", "end"])
    judge = "LOOP = torch.__name__ == 'torch'\n" if kind < 4 else "LOOP = False\n"
    return Program(lines, judge + PRELUDE, look=look, seconds=60.0)

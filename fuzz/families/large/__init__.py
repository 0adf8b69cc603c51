"""Large arrays: what kernels compute, at and around the size from which they do.

Half of the programs run where every array counts as large, and are tiny; some of these in the debug build, which looks at
every load and store.  A program is about one of these:

* chains: leaves broadcast against each other both ways, permuted, sliced, expanded and overlapping; elementwise operators,
  reductions, products, indexing, normalizations (``elementwise``, ``along``, ``products``, ``indexing``, ``modules``),
  finite and with elements that are not;
* ``windows``: convolutions, transposed ones and pools with all of their arguments, in each of the ways that kernels have;
* ``attending``, ``updating`` (optimizers), ``drawing`` (random numbers);
* ``waiting``: what happens in the middle of a backward whose gradients wait, and to what they are computed from.
"""

from __future__ import annotations

import random

from fuzz.compare import Settings
from fuzz.families.large import attending, drawing, updating, waiting, windows
from fuzz.families.large.accepted import KNOWN
from fuzz.families.large.chains import chain
from fuzz.families.large.prelude import PRELUDE
from fuzz.functions import prelude
from fuzz.program import Program

__all__ = ["COMPARED", "ENVIRONMENTS", "KNOWN", "NAME", "TESTED", "generate"]

NAME = "large"
COMPARED = Settings(ulps=64)
TESTED = 32
_TINY = {"ADJOINT_KERNELS_FROM": "1"}
ENVIRONMENTS = [{}, _TINY, {}, _TINY, {}, _TINY, {}, {**_TINY, "ADJOINT_KERNELS_CHECK": "1"}]

_SUBJECTS = {
    chain: 10, windows.convolution: 4, windows.transposed: 2, windows.pool: 3, attending.attention: 2,
    updating.optimizer: 2, drawing.draws: 1, waiting.steps: 5,
}  # fmt: skip


def generate(random: random.Random) -> Program:
    """A program of about ten lines."""
    (subject,) = random.choices([*_SUBJECTS], [*_SUBJECTS.values()])
    lines = subject(random)
    return Program(lines, PRELUDE + prelude(lines), random.choice((1, 1, 2, 3, 4)), random.choice(("each", "end", "end")))

"""Chains: some leaves, steps of any kind that go on from what there is, and a backward."""

from __future__ import annotations

import random

from fuzz.families.large import along, elementwise, indexing, modules, products
from fuzz.families.large.writer import SPECIAL, Writer

_STEPS = {
    elementwise.unary: 6, elementwise.binary: 7, elementwise.other_dtype: 3, elementwise.write: 2, elementwise.hook: 1,
    along.reduce: 2, along.shaped: 2, along.along: 3, along.view: 2, along.several: 1,
    products.product: 2, indexing.index: 2, modules.module: 2,
}  # fmt: skip


def chain(r: random.Random) -> list[str]:
    """A program of about ten lines."""
    w = Writer(r)
    w.special = SPECIAL if r.random() < 0.1 else []
    for _ in range(r.randint(1, 3)):
        w.leaf()
    for step in r.choices([*_STEPS], [*_STEPS.values()], k=r.randint(2, 7)):
        step(w)
    w.end()
    return w.lines

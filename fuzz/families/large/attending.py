"""Attending: scaled dot-product attention with masks, groups of heads, causality, and heads beside each other in memory."""

from __future__ import annotations

import random

from fuzz.families.large.writer import FINITE, Shape, Writer, tiny


def attention(r: random.Random) -> list[str]:
    """Attention, or the modules around it, and backwards."""
    w = Writer(r, r.choice(("float32", "float32", "float32", "float64")))
    w.special = FINITE if r.random() < 0.1 else []  # (a query of NaN gives zeros in PyTorch)
    heads = r.choice((1, 2, 3, 4, 6))
    groups = r.choice([n for n in range(1, heads + 1) if heads % n == 0]) if r.random() < 0.3 else heads
    batch = r.choice((1, 2, 3))
    length, source = ((r.choice((1, 2, 3, 5, 8, 17)) if tiny() else r.choice((1, 7, 33, 64, 100, 130))) for _ in range(2))
    features = r.choice((1, 4, 8, 13, 16, 32, 40))
    values = features if r.random() < 0.75 else r.choice((1, 5, 8, 16, 33))  # of one operator they are as many
    q = _beside(w, (batch, heads, length, features))
    k = _beside(w, (batch, groups, source, features))
    v = _beside(w, (batch, groups, source, values))
    w.special = []
    given = []
    way = r.random()
    if way < 0.25:
        given.append("is_causal=True")
    elif way < 0.55:
        over = (r.choice((1, batch)), r.choice((1, heads)), r.choice((1, length)), r.choice((source, source, 1)))
        over = over[r.choice((0, 0, 1, 2)) :]
        if r.random() < 0.5:
            mask = w.add(f"{w.numbers(over)} > {r.choice(('-1', '0', '1.9', '3'))}", over)  # the last: nowhere to look
            given.append(f"attn_mask={mask}")
        else:
            given.append(f"attn_mask={w.leaf(over)}")
    if r.random() < 0.2:
        given.append(f"scale={r.choice(('0.3', '1.0', '-0.5'))}")
    if groups != heads:
        given.append("enable_gqa=True")
    if r.random() < 0.1:
        given.append("dropout_p=1.0")
    name = w.add(f"F.scaled_dot_product_attention({', '.join([q, k, v, *given])})", (batch, heads, length, values))
    if r.random() < 0.3:
        w.add(f"{name}.transpose(1, 2).reshape({batch}, {length}, {heads * values})", (batch, length, heads * values))
    w.end()
    return w.lines


def _beside(w: Writer, shape: Shape) -> str:
    """Queries, keys or values: as they are, or heads beside each other in memory, as a projection leaves them."""
    if w.r.random() < 0.5:
        return w.leaf(shape)
    batch, heads, length, features = shape
    x = w.leaf((batch, length, heads * features))
    return w.add(f"{x}.view({batch}, {length}, {heads}, {features}).transpose(1, 2)" if w.r.random() < 0.5 else
                 f"{x}.reshape({batch}, {length}, {heads}, {features}).permute(0, 2, 1, 3)", shape)  # fmt: skip

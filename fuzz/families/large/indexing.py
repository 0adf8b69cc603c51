"""Indexing: elements and rows by number, read, added to and written."""

from __future__ import annotations

import math

from fuzz.families.large.writer import Writer


def index(w: Writer) -> None:
    r, x = w.r, w.pick()
    shape = w.shapes[x]
    if not shape:
        return
    d = r.randrange(len(shape))
    n = shape[d]
    index = f"torch.tensor({[r.randrange(n) for _ in range(r.choice((1, 2, 5, 9)))]})"
    count = index.count(",") + 1
    there = (*shape[:d], count, *shape[d + 1 :])
    ways = [
        (f"{x}[{':, ' * d}{index}]", there),
        (f"{x}.index_select({d}, {index})", there),
        (f"{x}[{':, ' * d}None, {index}]", (*shape[:d], 1, *there[d:])),
        (f"{x}.unsqueeze({d}).index_select({d + 1}, {index})", (*shape[:d], 1, *there[d:])),
        (f"{x}.index_add({d}, {index}, {x}.index_select({d}, {index}) * 2)", shape),
        (f"{x}.index_fill({d}, {index}, 0.5)", shape),
        (f"{x}.gather({d}, {x}.detach().argsort(dim={d}, stable=True))", shape),
        (f"torch.zeros_like({x}).scatter({d}, {x}.detach().argsort(dim={d}, stable=True), {x})", shape),
        (f"torch.zeros_like({x}).scatter_add({d}, ({x}.detach().abs() * 100).long() % {n}, {x})", shape),
        (f"{x}.topk({min(n, 3)}, {d})[0]", (*shape[:d], min(n, 3), *shape[d + 1 :])),
        (f"F.pad({x}, (1, 2))", (*shape[:-1], shape[-1] + 3)),
    ]
    if len(shape) > 1:
        last = f"torch.tensor({[r.randrange(shape[-1]) for _ in range(count)]})"
        first = f"torch.tensor({[r.randrange(shape[0]) for _ in range(count)]})"
        ways.append((f"{x}[{first}, ..., {last}]", (count, *shape[1:-1])))
        ways.append((f"F.embedding(torch.tensor({[[r.randrange(n) for n in shape[:1]] for _ in range(7)]}), "
                     f"{x}.reshape({shape[0]}, -1))", (7, 1, math.prod(shape[1:]))))  # fmt: skip
    text, found = r.choice(ways)
    if math.prod(found) <= 400_000:
        w.add(text, found)

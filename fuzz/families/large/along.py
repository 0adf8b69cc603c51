"""Along: reductions, scans, and what else goes along a dimension; views, and operators with several results."""

from __future__ import annotations

import math

from fuzz.families.large.texts import ALONG, REDUCTIONS
from fuzz.families.large.writer import Writer, tiny


def reduce(w: Writer) -> None:
    x = w.pick()
    shape = w.shapes[x]
    if not shape:
        return
    axes = tuple(sorted(w.r.sample(range(len(shape)), w.r.randint(1, len(shape)))))
    keep = w.r.random() < 0.5
    name = w.r.choice(REDUCTIONS)
    if name == "norm" and len(axes) > 2:
        name = "mean"
    given = f"dim={axes}" if name in ("norm", "var", "std") else f"{axes}"
    if name in ("var", "std"):
        given += ", correction=0"
        if all(shape[a] == 1 for a in axes):
            name, given = "sum", f"{axes}"
    kept = tuple(1 if i in axes else n for i, n in enumerate(shape) if keep or i not in axes)
    w.add(f"{x}.{name}({given}, keepdim={keep})", kept)


def along(w: Writer) -> None:
    x = w.pick()
    shape = w.shapes[x]
    if not shape:
        return
    d = w.r.randrange(len(shape))
    text = w.r.choice(ALONG)
    found = list(shape)
    if ("cat(" in text and "glu" not in text) or "interleave" in text:
        found[d] *= 2
    elif "stack(" in text:
        found.insert(d, 2)
    elif "unsqueeze" in text:
        found.insert(d, 1)
    elif "diff(" in text:
        found[d] -= 1
        if not found[d]:
            return
    elif ".max(" in text or "median" in text:
        del found[d]
    if math.prod(found) > 400_000:
        return
    w.add(text.format(x, d=d), tuple(found))


def several(w: Writer) -> None:
    """An operator with several results."""
    r, x = w.r, w.pick()
    shape = w.shapes[x]
    if not shape:
        return
    d = r.randrange(len(shape))
    n = shape[d]
    ways = [(f"{x}.unbind({d})[{r.randrange(n)}]", (*shape[:d], *shape[d + 1 :]))]
    half = (n + 1) // 2
    ways.append((f"{x}.chunk(2, {d})[0]", (*shape[:d], half, *shape[d + 1 :])))
    ways.append((f"{x}.split({half}, {d})[0]", (*shape[:d], half, *shape[d + 1 :])))
    ways.append((f"sum({x}.split({half}, {d})[0].sin() for _ in range(2))", (*shape[:d], half, *shape[d + 1 :])))
    ways.append((f"torch.std_mean({x}, {d}, correction=0, keepdim=True)[1]", (*shape[:d], 1, *shape[d + 1 :])))
    ways.append((f"torch.var_mean({x}, {d}, correction=0)[0]", (*shape[:d], *shape[d + 1 :])))
    ways.append((f"torch.aminmax({x}, dim={d})[1]", (*shape[:d], *shape[d + 1 :])))
    text, found = r.choice(ways)
    w.add(text, found)


def shaped(w: Writer) -> None:
    """A reduction over some axes (R) of a leaf whose neighbouring axes lie apart, so that each is an axis of the kernel."""
    r = w.r
    kinds = r.choice(("R", "RR", "RRR", "RK", "KR", "RKK", "KRK", "RRK", "KKR", "KRR", "RKR", "RKRK", "KRKR", "RKKR"))
    if tiny():
        shape = tuple(r.choice((2, 3, 5, 8, 17)) for _ in kinds)
    else:  # the first axis is the long one, the last one or none of them
        sizes = [r.choice((2, 3, 5, 8)) for _ in kinds]
        sizes[r.choice((0, 0, -1))] = r.choice((16, 33, 4097, 20011))
        shape = tuple(sizes) if math.prod(sizes) <= 100_000 else (33_001, *sizes[1:])[: len(kinds)]
        shape = shape if math.prod(shape) <= 100_000 else tuple(min(n, 40) for n in shape)
    whole = tuple(n + r.choice((0, 1, 1)) for n in shape)
    x = w.add(w.numbers(whole, ", grad=True"), whole)
    w.leaves.append(x)
    if r.random() < 0.8:
        x = w.add(f"{x}[{', '.join(f':{n}' for n in shape)}]", shape)
    else:
        shape = whole
    axes = tuple(i for i, kind in enumerate(kinds) if kind == "R")
    kept = tuple(n for n, kind in zip(shape, kinds) if kind == "K")
    way = r.random()
    if way < 0.25:
        w.line(f"c{len(w.lines)} = {_INTEGERS[r.choice([*_INTEGERS])].format(x)}.{r.choice(('sum', 'amax', 'amin'))}({axes})")
    elif way < 0.35:
        w.line(f"c{len(w.lines)} = ({x} > {r.choice(('0', '1.99', '-3'))}).{r.choice(('any', 'all', 'sum'))}({axes})")
    else:
        text = r.choice(("{0}.sum({a})", "{0}.mean({a})", "{0}.amax({a})", "{0}.var({a}, correction=0)", "{0}.logsumexp({a})",
                         "({0} * {0}).sum({a})", "({0} - {0}.mean({a}, keepdim=True)).square().sum({a})", "{0}.double().sum({a})",
                         "({0} * {0}.sum({a}, keepdim=True)).sum({a})", "torch.linalg.vector_norm({0}, 2, {a})"))  # fmt: skip
        w.add(text.format(x, a=axes), kept)


_INTEGERS = {"long": "({0} * 9).long()", "int": "({0} * 9).int()", "bytes": "({0} * 9).to(torch.int8)"}


def view(w: Writer) -> None:
    r, x = w.r, w.pick()
    shape = w.shapes[x]
    if not shape:
        return
    d = r.randrange(len(shape))
    n = shape[d]
    ways = [(f"{x}.permute({', '.join(map(str, order))})", tuple(shape[i] for i in order))
            for order in [r.sample(range(len(shape)), len(shape))]]  # fmt: skip
    if n > 2:
        start = r.randrange(n // 2)
        step = r.choice((1, 2, 3))
        ways.append((f"{x}[{':, ' * d}{start}::{step}]", (*shape[:d], len(range(start, n, step)), *shape[d + 1 :])))
        ways.append((f"{x}.narrow({d}, {start}, {n - start - 1})", (*shape[:d], n - start - 1, *shape[d + 1 :])))
    ways.append((f"{x}.reshape(-1)", (math.prod(shape),)))
    ways.append((f"{x}.unsqueeze({d})", (*shape[:d], 1, *shape[d:])))
    ways.append((f"{x}.flip({d})", shape))
    ways.append((f"{x}.select({d}, {n - 1})", (*shape[:d], *shape[d + 1 :])))
    if n == 1 and math.prod(shape) < 100_000:
        ways.append((f"{x}.expand({', '.join(map(str, (*shape[:d], 3, *shape[d + 1 :])))})", (*shape[:d], 3, *shape[d + 1 :])))
    if n > 4:
        ways.append((f"{x}.unfold({d}, 3, 2)", (*shape[:d], (n - 3) // 2 + 1, *shape[d + 1 :], 3)))
    text, found = r.choice(ways)
    w.add(text, found)

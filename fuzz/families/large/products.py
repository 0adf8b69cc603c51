"""Products: of matrices and vectors, of all ranks, laid out in every way, and what is computed together with them."""

from __future__ import annotations

import math

from fuzz.families.large.writer import Shape, Writer, tiny

_ACTIVATIONS = ["ReLU()", "GELU()", "Tanh()", "SiLU()", "Sigmoid()", "LeakyReLU(0.1)", "ELU()", "Softplus()", "GELU('tanh')", "Hardswish()"]


def product(w: Writer) -> None:
    """A product of a value and a new leaf, or two."""
    r, x = w.r, w.pick()
    shape = w.shapes[x]
    if not shape:
        return
    *around, k = shape
    n = r.choice((1, 2, 3, 7, 16, 17, 33, 48, 64))
    if n * max(math.prod(shape), k * math.prod(around[:-1])) > 1_000_000:
        n = 1
    ways = [_linear, _vector, _sequential, _sizes]
    if around:
        ways += [_matmul, _matmul, _added]
        if around[-1] <= 300:
            ways += [_gram, _left]
    if math.prod(shape) * n < 400_000:
        ways.append(_outer)
    r.choice(ways)(w, x, shape, n)


def _matmul(w: Writer, x: str, shape: Shape, n: int) -> None:
    *around, k = shape
    y = w.leaf((k, n) if w.r.random() < 0.6 else (*(1 if w.r.random() < 0.3 else m for m in around[:-1]), k, n))
    w.add(f"{x} @ {y} / {k}", (*around, n))


def _linear(w: Writer, x: str, shape: Shape, n: int) -> None:
    weight, bias = w.leaf((n, shape[-1])), w.leaf((n,))
    given = f", {bias}" if w.r.random() < 0.6 else ""
    w.add(f"F.linear({x}, {weight}{given}) / {shape[-1]}", (*shape[:-1], n))


def _sequential(w: Writer, x: str, shape: Shape, n: int) -> None:
    """A Linear and its activation, which the product applies."""
    r = w.r
    again = f", nn.{r.choice(_ACTIVATIONS)}" if r.random() < 0.3 else ""
    linear = f"nn.Linear({shape[-1]}, {n}, bias={r.random() < 0.7}, dtype=torch.{w.dtype})"
    module = f"nn.Sequential({linear}, nn.{r.choice(_ACTIVATIONS)}{again})"
    name = f"m{len(w.lines)}"
    w.line(f"{name} = fill({module}, {r.randint(0, 99)}, {r.choice((0.1, 0.5))})")
    w.add(f"{name}({x})", (*shape[:-1], n))


def _vector(w: Writer, x: str, shape: Shape, n: int) -> None:
    if w.r.random() < 0.5 or len(shape) == 1:
        w.add(f"torch.matmul({x}, {w.leaf((shape[-1],))}) / {shape[-1]}", shape[:-1])
    else:
        w.add(f"torch.matmul({w.leaf((shape[-2],))}, {x}) / {shape[-2]}", (*shape[:-2], shape[-1]))


def _gram(w: Writer, x: str, shape: Shape, n: int) -> None:
    w.add(f"{x} @ {x}.transpose(-1, -2) / {shape[-1]}", (*shape[:-1], shape[-2]))


def _left(w: Writer, x: str, shape: Shape, n: int) -> None:
    y = w.leaf((n, shape[-2]))
    w.add(f"{y} @ {x} / {shape[-2]}", (*shape[:-2], n, shape[-1]))


def _outer(w: Writer, x: str, shape: Shape, n: int) -> None:
    w.add(f"torch.einsum('...i,j->...ij', {x}, {w.leaf((n,))})", (*shape, n))


def _added(w: Writer, x: str, shape: Shape, n: int) -> None:
    """addmm, baddbmm and their kin; einsum, bilinear."""
    r = w.r
    *around, m, k = shape
    scale = f", beta={r.choice((0, 1, 0.5))}, alpha={1 / k}"
    if not around:
        c = w.leaf(r.choice([(m, n), (n,), (1, n), (m, 1)]))
        w.add(f"torch.addmm({c}, {x}, {w.leaf((k, n))}{scale})", (m, n))
    elif len(around) == 1:
        c = w.leaf(r.choice([(around[0], m, n), (n,), (m, n), (1, m, 1)]))
        y = w.leaf((around[0], k, n))
        if math.prod(around) * n * m * k > 5_000_000:
            return
        text, made = r.choice([
            (f"torch.baddbmm({c}, {x}, {y}{scale})", (around[0], m, n)),
            (f"torch.einsum('bmk,bkn->bnm', {x}, {y}) / {k}", (around[0], n, m)),
            (f"torch.einsum('bmk,bkn->mn', {x}, {y}) / {k}", (m, n)),
            (f"torch.addbmm({w.leaf((m, n))}, {x}, {y}{scale})", (m, n)),
        ])  # fmt: skip
        w.add(text, made)
    else:
        w.add(f"torch.einsum('...mk,kn->...nm', {x}, {w.leaf((k, n))}) / {k}", (*around, n, m))


def _sizes(w: Writer, x: str, shape: Shape, n: int) -> None:
    """A product whose sizes are those at which it is divided in another way: deep, flat, tall, with few rows, batched."""
    r = w.r
    if tiny():
        m, k, n = (r.choice((1, 2, 3, 5, 8, 12, 13, 16, 17, 33)) for _ in range(3))
    else:
        m, k, n = r.choice([(1, 4097, 33), (3, 2000, 20), (12, 700, 48), (13, 300, 100), (700, 13, 30), (800, 64, 3), (5, 3000, 49),
                            (770, 40, 33), (64, 64, 64), (33, 1025, 17), (5, 9000, 49), (3, 8000, 64), (2, 129, 512), (300, 1, 300), (40, 600, 1)])  # fmt: skip
    batch = r.choice([(), (), (2,), (3, 1), (17,)])
    if math.prod(batch) * m * k * n > 6_000_000:
        batch = ()
    a, b = w.leaf((*batch, m, k)), w.leaf(r.choice([(*batch, k, n), (k, n)]))
    name = w.add(f"{a} @ {b} / {k}", (*batch, m, n))
    if r.random() < 0.5:
        w.add(f"{name}.transpose(-1, -2) @ {a}", (*batch, n, k))

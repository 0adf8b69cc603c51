"""Writer: a program under construction, its leaves of odd sizes and laid out in every way."""

from __future__ import annotations

import math
import os
import random

LARGE = 16384
"""How many elements an array has from which on kernels compute (adjoint.kernels.reading.LARGE)."""

Shape = tuple[int, ...]

FINITE = ["-0.0", "1e-40", "-1e-42", "-1e15", "1e10"]  # (what a square of overflows in single precision is anyone's guess)
SPECIAL = [*FINITE, "nan", "inf", "-inf"]


def tiny() -> bool:
    """Whether every array counts as large in this process."""
    return os.environ.get("ADJOINT_KERNELS_FROM") == "1"


class Writer:
    """Lines, the shapes of the names that they made, and the leaves among these.

    Args:
        r: where all choices come from.
        dtype: of the leaves; any of two, if not given.
    """

    def __init__(self, r: random.Random, dtype: str = "") -> None:
        self.r = r
        self.lines: list[str] = []
        self.shapes: dict[str, Shape] = {}
        self.leaves: list[str] = []
        self.dtype = dtype or r.choice(("float32", "float32", "float32", "float64"))
        self.special: list[str] = []
        """Of what leaves may have some elements: not finite, denormal, huge, zeros of either sign."""
        self.shape = self._shape()

    def _shape(self) -> Shape:
        """A shape of about as many elements as a large array has."""
        r = self.r
        rank = r.choice((1, 2, 2, 2, 3, 3, 4))
        if tiny():
            return tuple(r.choice((1, 2, 3, 3, 4, 5, 7, 8, 9, 16, 17)) for _ in range(rank))
        target = r.choice((LARGE - 1, LARGE, LARGE + 1, LARGE + 7, 20011, 2 * LARGE, 33000, 4 * LARGE + 1, 70000))
        sizes = [1] * rank
        for i in r.sample(range(rank), rank - 1):
            left = max(1, target // math.prod(sizes))
            few = [1, 1, 2, 3, 5, 7, 8, 13, 16, 31, 32, 33, 64, 65, 127, 128, 257, 4095, 4096, 4097]
            sizes[i] = r.choice([n for n in few if n <= left])
        last = next((i for i in range(rank) if sizes[i] == 1), 0)
        sizes[last] *= max(1, -(-target // math.prod(sizes)) - r.choice((0, 0, 0, 1)))
        return tuple(sizes)

    def line(self, text: str) -> None:
        """A line that makes no name to go on with."""
        self.lines.append(text)

    def add(self, text: str, shape: Shape) -> str:
        """A line that makes a name of that shape; the name."""
        name = f"v{len(self.shapes)}"
        self.lines.append(f"{name} = {text}")
        self.shapes[name] = shape
        return name

    # Leaves

    def leaf(self, shape: Shape | None = None, grad: bool | None = None) -> str:
        """A tensor laid out in some way; if no shape is given, one that broadcasts with the others."""
        r = self.r
        if shape is None:
            shape = tuple(1 if r.random() < 0.3 else n for n in self.shape)
            if r.random() < 0.2:
                shape = shape[r.randrange(len(shape)) :]
        if grad is None:
            grad = r.random() > 0.15
        own = r.random() < 0.2  # the leaf itself is laid out in another way, not what is made of it
        text = self.numbers(shape, ", grad=True" if grad and not own else "")
        name = self.add(text, shape)
        if own:  # (as one that is written to: of what shares memory nobody says what it becomes then)
            name = self.laid_out(name, shared=False)
            name = self.add(f"{name}.detach(){'.requires_grad_()' if grad else ''}", shape)
        if grad:
            self.leaves.append(name)
        return self.laid_out(name) if not own and r.random() < 0.4 else name

    def numbers(self, shape: Shape, more: str = "") -> str:
        """An expression for numbers of that shape."""
        sizes = "".join(f"{n}, " for n in shape)
        seed = self.r.randint(0, 999)
        if self.special and self.r.random() < 0.7:
            values = ", ".join(self.r.sample(self.special, self.r.choice((1, 1, 2, 3))))
            return f"odd({seed}, {sizes}values='{values}', dtype=torch.{self.dtype}{more})"
        return f"data({seed}, {sizes}dtype=torch.{self.dtype}, step=1 << 20{more})"

    def laid_out(self, name: str, shared: bool = True) -> str:
        """A view or copy of the same shape with other strides; if ``shared``, elements may be at one place in memory."""
        r, shape = self.r, self.shapes[name]
        rank = len(shape)
        if rank == 0:
            return name
        d, e = r.randrange(rank), r.randrange(rank)
        ways = [
            f"{name}.transpose({d}, {e}).contiguous().transpose({d}, {e})",
            f"torch.cat([{name}, {name}], {d}).narrow({d}, 0, {shape[d]})",
            f"{name}.repeat_interleave(2, {d})[{':, ' * d}::2]",
            f"{name}.flip({d})",
            f"{name}.unsqueeze({d}).expand({', '.join(map(str, (*shape[:d], 3, *shape[d:])))}).select({d}, 1)",
            f"{name}[None][0]",
            f"{name}.unsqueeze({d}).squeeze({d})",
            f"torch.cat([{name}.new_zeros(1), {name}.reshape(-1)])[1:].view({shape})",  # begins inside of a line
        ]
        if shape[d] > 1 and shared:
            ways.append(f"{name}.narrow({d}, 0, 1).expand({', '.join(map(str, shape))})")
        if 1 < shape[d] and shape[d] * math.prod(shape) < 1_000_000:
            ways.append(f"torch.cat([{name}, {name}], {d}).unfold({d}, {shape[d]}, 1).select({d}, 1).movedim(-1, {d})")
        if rank > 1 and shared and math.prod(shape) > 1:  # rows that share elements
            steps = [1] * rank
            steps[d] = 2
            ways.append(f"torch.cat([{name}.reshape(-1)] * 2).as_strided({shape}, {tuple(steps)})")
        if rank == 4:
            ways.append(f"{name}.contiguous(memory_format=torch.channels_last)")
        return self.add(r.choice(ways), shape)

    # Choosing

    def pick(self) -> str:
        """Some value, the latest ones rather."""
        names = list(self.shapes)
        return self.r.choice(names[-3:] if self.r.random() < 0.7 else names)

    def other(self, shape: Shape) -> str:
        """A value that broadcasts with this shape."""
        fitting = [n for n, s in self.shapes.items() if broadcast(s, shape) is not None]
        if fitting and self.r.random() < 0.75:
            return self.r.choice(fitting)
        return self.leaf(tuple(1 if self.r.random() < 0.35 else n for n in shape))

    def end(self) -> None:
        """One or several backwards through the last value, or some of them."""
        r = self.r
        names = list(self.shapes)
        out = names[-1]
        if r.random() < 0.4:
            some = dict.fromkeys((names[-1], r.choice(names), r.choice(names)))
            out = self.add(" + ".join(f"({n} * {n}.detach().tanh()).sum()" for n in some), ())
        self.lines += backwards(r, out, self.leaves)


def backwards(r: random.Random, out: str, leaves: list[str]) -> list[str]:
    """Lines that differentiate ``out`` by the leaves, in one of the ways that there are."""
    cotangent = f"data({r.randint(0, 99)}, *{out}.shape, dtype={out}.dtype)"
    listed = f"[{', '.join(leaves)}]"
    ways = [[f"{out}.backward({cotangent})"]] * 5
    ways.append([f"{out}.backward({cotangent}, retain_graph=True)", f"{out}.backward({cotangent})"])
    ways.append([f"if {out}.requires_grad: g = torch.autograd.grad({out}, {listed}, {cotangent}, allow_unused=True)"])
    ways.append([
        f"g = torch.autograd.grad({out}, {listed}, {cotangent}, allow_unused=True, create_graph=True)",
        "s = sum((x * x).sum() for x in g if x is not None)", "s.backward()",
    ])  # fmt: skip
    if leaves:
        ways.append([f"with torch.no_grad(): {r.choice(leaves)}.mul_(2)", f"{out}.backward({cotangent})"])
    ways.append([f"try: {out}.backward({cotangent}, retain_graph=True)\nexcept Stop: pass", f"{out}.backward({cotangent})"])
    lines = list(r.choice(ways))
    if r.random() < 0.2 and leaves:
        x = r.choice(leaves)
        lines.append(f"if {x}.grad is not None:\n    with torch.no_grad(): {x}.sub_({x}.grad, alpha=0.1)")
        lines.append(f"({x} * {x}).sum().backward()")
    return lines


def broadcast(a: Shape, b: Shape) -> Shape | None:
    """The shape of two that are broadcast against each other; None where they do not fit, or are too many elements."""
    rank = max(len(a), len(b))
    found = []
    for m, n in zip((1,) * (rank - len(a)) + a, (1,) * (rank - len(b)) + b):
        if m != n and 1 not in (m, n):
            return None
        found.append(max(m, n))
    return tuple(found) if math.prod(found) <= 400_000 else None

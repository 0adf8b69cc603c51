"""Accuracy: reductions, scans and everything else that adds up, at 10,000 to several million elements.

A program makes a tensor of equal, growing, alternating or random numbers in some layout, reduces it, and differentiates:
backward, twice, forward, or for a batch; or it changes a tensor a little at each of many steps.  The same numbers in double
precision are the exact result, up to what does not count; Adjoint's error may be a small multiple of PyTorch's and a few
units in the last place.  Sizes are drawn with a density of 1 / n^2: most are small, one of a hundred is above a million.
"""

from __future__ import annotations

import random
import re
from typing import Any

import numpy as np

from fuzz.compare import Disagreement, Settings
from fuzz.families.accuracy.drawn import BITS, KINDS, PRELUDE
from fuzz.families.accuracy.expressions import ANY, OF_INTEGERS, OPTIMIZERS, ROWS, STEPS
from fuzz.program import Program
from fuzz.run import Run, array

NAME = "accuracy"
COMPARED = Settings(strides=False, graph=0, version=False, errors="any")
TESTED = 60
ENVIRONMENTS: list[dict[str, str]] = [{}, {"ADJOINT_KERNELS": "0"}]

ULPS = 12.0  # of the largest number, that make no difference
MULTIPLE = 6.0  # of PyTorch's own error

_PRODUCTS = r"@|mm\(|linear\(|einsum\(|conv|addmv|addr|dot\(|multi_dot|attention|outer|cdist"

_SMALLEST, _LARGEST = 10_000, 4_000_000


def generate(random: random.Random) -> Program:
    """A tensor, what is computed of it, and the gradients."""
    kind = random.choice(KINDS)
    size = min(_LARGEST, int(_SMALLEST / max(random.random(), 1e-9)))
    write = _Writer(random, kind, size)
    way = random.random()
    if way < 0.03:
        write.steps()
    elif way < 0.06:
        write.optimizer()
    elif way < 0.08:
        write.statistics()
    else:
        write.expression()
    return Program(
        write.lines, PRELUDE, threads=random.choice([1, 2]), look="end", seconds=120.0,
        notes={"dtype": write.dtype, "kind": kind, "way": write.way},
    )  # fmt: skip


class _Writer:
    """Writes a program's lines."""

    def __init__(self, random: random.Random, kind: str, size: int) -> None:
        self.random, self.kind, self.size = random, kind, size
        self.dtype = random.choice(["float32"] * 6 + ["float16", "bfloat16", "float64", "int32"])
        self.seed = random.randrange(1000)
        self.laid = random.choice(["plain", "plain", "transposed", "stepped", "reversed"])
        self.lines: list[str] = []
        self.way = "backward"

    def _floating(self, *dtypes: str) -> None:
        self.dtype = self.random.choice(dtypes)

    def _made(self, kind: str, shape: tuple[int, ...], moved: int = 0) -> str:
        return f'values("{kind}", {self.seed + moved}, {shape}, {BITS.get(self.dtype, 53)}, torch.{self.dtype})'

    def _name(self, name: str, kind: str, shape: tuple[int, ...], moved: int = 0, laid: bool = False, grad: bool = True) -> None:
        made = self._made(kind, shape, moved)
        made = f"laid({made}, {self.laid!r}).detach()" if laid else made
        self.lines.append(f"{name} = {made}" + (".requires_grad_()" if grad and self.dtype != "int32" else ""))

    def _shape(self) -> tuple[int, ...]:
        size, narrow = self.size, self.random.choice([1, 2, 3, 7, 33])
        return self.random.choice(
            [(size,), (size // narrow, narrow), (size // narrow, narrow), (narrow, size // narrow),
             (5, max(1, size // 5 // narrow), narrow), (max(1, size // 5 // narrow), 5, narrow)]
        )  # fmt: skip

    def steps(self) -> None:
        """A running average, or another sum over many steps."""
        self._floating("float32", "float32", "float64", "bfloat16")
        self.way = "steps"
        self.size = min(self.size, 200_000)
        shape = self._shape()
        for moved, name in enumerate("xyz"):
            self._name(name, self.kind, shape, moved, laid=True, grad=False)
        step = self.random.choice(STEPS)
        self.lines.append(f"for k in range({self.random.choice([20, 100, 300])}):\n    {step}")

    def optimizer(self) -> None:
        """An optimizer that goes down a gradient that changes."""
        self._floating("float32", "float32", "float64")
        self.way = "steps"
        shape = (min(self.size, 100_000),)
        self._name("x", self.kind, shape, grad=False)
        self._name("p", "normal", shape, 1)
        self.lines.append(f"o = torch.optim.{self.random.choice(OPTIMIZERS)}")
        step = "p.grad = x * math.sin(k + 1) + p.detach() * .1\n    o.step()"
        self.lines.append(f"for k in range({self.random.choice([10, 50, 150])}):\n    {step}")

    def statistics(self) -> None:
        """Running statistics of many batches."""
        self._floating("float32", "float32", "float64")
        self.way = "steps"
        width = self.random.choice([1, 2, 3, 7, 33])
        self._name("x", self.kind, (min(self.size, 100_000) // width, width), laid=True, grad=False)
        self.lines.append(f"m, v = (values(\"positive\", k, ({width},), 24, x.dtype) for k in (1, 2))")
        self.lines.append("for k in range(20):\n    z = F.batch_norm(x * (k + 1) + 10 * k, m, v, None, None, True, .1)")

    def expression(self) -> None:
        """What adds up, and derivatives of it."""
        random, shape = self.random, self._shape()
        of_rows = random.random() < 0.45 and len(shape) == 2 and shape[1] <= 33 and self.dtype != "int32"
        found = random.choice(OF_INTEGERS if self.dtype == "int32" else ROWS if of_rows else ANY)
        self._name("x", "steps" if self.dtype == "int32" else self.kind, shape, laid=True)
        if re.search(r"\by\b", found):
            self._name("y", self.kind, shape, 1, laid=True)
        others = {
            "b": ("positive", shape[1:]), "s": ("positive", ()), "q": ("positive", (3,)), "w": ("positive", (3, shape[-1])),
            "p": ("positive", (9, shape[-1])), "c": ("normal", (3, shape[-1], 5)), "t": ("shares", shape),
        }  # fmt: skip
        for moved, (name, (kind, of)) in enumerate(others.items(), 2):
            if re.search(rf"\b{name}\b", found):
                self._name(name, kind, of, moved)
        if of_rows:
            n = f"x.shape[0]) % {random.choice([1, 2, 2, 9])}"
            self.lines.append(f"i = torch.arange({n if random.random() < 0.7 else 'x.shape[0]) * 9 // x.shape[0]'}")
            self.lines.append("r = x")
        if self.dtype == "int32":
            self.lines.append(f"z = {found}")
            return
        self.way = random.choice(["backward"] * 8 + ["twice", "forward", "batched"])
        self._derivatives(found, "r" if of_rows else "x", shape)

    def _derivatives(self, found: str, of: str, shape: tuple[int, ...]) -> None:
        # Of what grows along with what is normalized nothing would be left.
        kind = "normal" if "_norm(" in found else self.kind
        bits = BITS[self.dtype]
        if self.way == "forward":
            self.lines.append(f"h = forward(lambda {of}: {found}, x, values({kind!r}, 77, {shape}, {bits}, x.dtype))")
            return
        if self.way == "batched":
            self.lines.append(f"z = batched(lambda {of}: {found}, x)")
        else:
            self.lines.append(f"z = {found}")
        self.lines.append("g = first(z)")
        cotangent = f"values({kind!r}, 77, tuple(g.shape), {bits}, g.dtype)"
        if self.way == "twice":
            self.lines.append(f"d = torch.autograd.grad(g, x, {cotangent}, create_graph=True)[0] if g.requires_grad else None")
            self.lines.append(f"d is not None and d.requires_grad and d.backward(values('normal', 78, {shape}, {bits}, d.dtype))")
        else:
            self.lines.append(f"g is not None and g.requires_grad and g.backward({cotangent})")


def check(program: Program, theirs: Run, ours: Run) -> Disagreement | None:
    """The first number that is further from the exact one than PyTorch's is."""
    exact = Run(program, "wide")
    for line in program.lines:
        exact.step(line)
    last = len(program.lines) - 1
    count = theirs.space["x"].numel()
    tensor, own = type(theirs.library.ones(1)), type(ours.library.ones(1))
    largest = None
    for name in theirs.names():
        pairs = [dict(run.parts(name)) for run in (exact, theirs, ours)]
        for path, b in pairs[1].items():
            a, c = pairs[0].get(path), pairs[2].get(path)
            if not isinstance(b, tensor) or not isinstance(a, tensor):
                continue
            if not isinstance(c, own):
                return Disagreement(last, path, "value", "a tensor", str(c))
            for key in ("value", "grad"):
                values = [t if key == "value" else t.grad for t in (a, b, c)]
                if values[0] is None or values[1] is None:
                    continue
                if values[2] is None:
                    return Disagreement(last, path, key, "a gradient", "none")
                if largest is None:
                    largest = _largest(exact)
                known = _known(program, theirs) if path in ("z", "g") and key == "value" else None
                found = _difference(program, count, largest, known, *values)
                if found is not None:
                    return Disagreement(last, path, key, *found)
    return None


def _largest(exact: Run) -> float:
    """The largest number of which the results are made."""
    parts = [t for n in ("z", "x") if n in exact.space for _, t in exact.parts(n) if hasattr(t, "numel")]
    return max(float(abs(array(t)).max(initial=0)) for t in parts)


def _known(program: Program, theirs: Run) -> np.ndarray | None:
    """The result of a sum, a mean or a scan in more than double precision; None of other expressions."""
    expression = next((line for line in program.lines if line.startswith("z = ")), "z = ")[4:]
    if not re.fullmatch(r"x(\[::2\])?\.(sum|mean|cumsum)\((0|-1|dtype=torch.float64)?\)", expression):
        return None
    expression = expression.replace("dtype=torch.float64", "")
    found = eval(expression, {"x": array(theirs.space["x"]).astype(np.longdouble)})
    return np.asarray(found).astype(np.float64)


def _difference(
    program: Program, count: int, largest: float, known: np.ndarray | None, exact: Any, theirs: Any, ours: Any
) -> tuple[str, str] | None:
    """Both errors in units in the last place, if Adjoint's is too large."""
    if theirs.shape != ours.shape or str(theirs.dtype).rpartition(".")[2] != str(ours.dtype).rpartition(".")[2]:
        return str((theirs.dtype, tuple(theirs.shape))), str((ours.dtype, tuple(ours.shape)))
    name = str(theirs.dtype).rpartition(".")[2]
    a, b, c = (np.asarray(array(t)).astype(np.float64) for t in (exact, theirs, ours))
    if known is not None:
        a = known
    if not theirs.is_floating_point():
        return None if np.array_equal(b, c) else ("integers", "other integers")
    right = np.isfinite(a) & np.isfinite(c)  # where a half overflowed in PyTorch
    if (right | (np.isfinite(b) == np.isfinite(c))).sum() < a.size:
        return f"{(~np.isfinite(b)).sum()} not finite", f"{(~np.isfinite(c)).sum()} not finite"
    finite = np.isfinite(a) & np.isfinite(b)
    if not finite.any():
        return None
    unit = {"float32": 2.0**-24, "float16": 2.0**-11, "bfloat16": 2.0**-8, "float64": 2.0**-53}[name]
    scale = np.abs(a[finite]).max() or largest  # what cancels is a sum of such numbers
    if name == "float64" and known is None and scale < 1e-9 * largest:  # what rounding left, of the exact run as of PyTorch's
        return None
    own, error = np.abs(b - a)[finite].max(), np.abs(c - a)[finite].max()
    allowed = MULTIPLE * own + ULPS * unit * scale
    if program.notes.get("kind") in ("alternating", "normal"):  # of which PyTorch's sum may be exact by chance
        allowed += unit * (count if a.size < count / 16 else a.size) ** 0.5
    if any(".prod(" in line or "cumprod(" in line for line in program.lines):  # errors of like factors add up
        allowed += unit * scale * (2 * count**0.5 if program.notes.get("kind") in ("alternating", "normal") else count / 4)
    if any(re.search(_PRODUCTS, line) for line in program.lines):  # which both add up one after the other, each in its order
        allowed += unit * scale * count**0.5
    if name == "float64" and known is None:  # PyTorch's own error is not: norms of equal numbers, say, are hundreds of units off
        lost = 1e5 if program.notes.get("way") == "twice" else 1000  # of a second derivative, more
        allowed += (lost + count / 4) * unit * scale
    if error <= allowed:
        return None
    return f"{own / unit / (scale or 1):.1f} units off", f"{error / unit / (scale or 1):.1f} units off"

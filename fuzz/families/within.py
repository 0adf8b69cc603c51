"""Within: a whole program inside of something: a transform, a level of forward mode, inference mode, autocast, a checkpoint,
a device without memory.

Its steps are those of ``values``: operators between dtypes, views, writes to them, ``out=``, masks, scatters, tensors without
elements, and flags that are set in the middle.  They are written down first (``do``), and the last line runs them (``run``) as
a function of the operands, so that one line is a transform of a program of several.  A step that PyTorch refuses in a plain
run is mostly left out, or most programs would end there.
"""

from __future__ import annotations

import math
import random
import re
import warnings
from collections.abc import Callable
from math import prod
from typing import Any

import torch

from fuzz.compare import Settings
from fuzz.families.rows import PRELUDE as OF_ROWS
from fuzz.families.values import Values
from fuzz.known import Case, Known
from fuzz.program import Program

NAME = "within"
COMPARED = Settings(strides=False, graph=0, version=False, memory=False)
TESTED = 40

PRELUDE = (
    OF_ROWS
    + """
fwAD = torch.autograd.forward_ad
_steps = []

def do(step):
    'Writes a step down.'
    _steps.append(compile(step, 'step', 'exec'))

def run(*operands):
    'The steps, with these operands; the tensors that the last two of them made.'
    space = {'torch': torch, 'math': math, 'F': F, 'nn': nn, **{f'v{i}': t for i, t in enumerate(operands)}}
    for step in _steps:
        exec(step, space)
    made = [n for n in space if n[0] == 'v' and int(n[1:]) >= len(operands)]
    return tuple(space[n] for n in made[-2:] if isinstance(space[n], torch.Tensor)) or tuple(operands)

def floats(*operands):
    'Of the results those that have a derivative.'
    return floating(run(*operands))

def summed(*operands):
    return scalar(run(*operands))

def duals(made):
    'The two parts of the results of a level.'
    return [plain(t) if t is not None else None for value in made for t in fwAD.unpack_dual(value)]

def described(made):
    return [(str(t.dtype), tuple(t.shape), [s for s, n in zip(t.stride(), t.shape) if n > 1] if t.numel() else [], t.requires_grad) for t in made]
"""
)

SHAPES = [(), (1,), (3,), (3,), (2, 3), (2, 3), (2, 1), (1, 3), (4,), (0,), (2, 0), (2, 2, 3)]
DTYPES = ["float64"] * 6 + ["float32"] * 4 + ["complex128", "complex64", "float16", "bfloat16"]
WAYS = {
    "jvp": 6, "dual": 4, "vmap": 8, "gradients": 5, "twice": 3, "vmap of grad": 4, "jvp of grad": 3, "grad of jvp": 2, "vmap of jvp": 3,
    "jvp of vmap": 2, "jacrev": 2, "jacfwd": 2, "inference": 4, "without": 2, "autocast": 4, "checkpoint": 3, "functionalize": 1,
    "meta": 4, "vmap of vmap": 3, "batched gradients": 2, "hooks": 1,
}  # fmt: skip




def _raised(theirs: str, ours: str = "") -> Callable[[Case], bool]:
    """Whether PyTorch raised such an error, and Adjoint one like this; without ``ours``: none."""

    def applies(case: Case) -> bool:
        texts = case.texts if case.found.key == "raised" else ("", "")
        if not (texts[0] and re.search(theirs, texts[0])):
            return False
        return bool(re.search(ours, texts[1]) and texts[1]) if ours else not texts[1]

    return applies


_DEPENDENT = "data-dependent|dynamic shape|calling .item|accessing `data`"

KNOWN = [
    Known("PyTorch's transforms do not have hooks of saved tensors", _raised("don't yet support saved tensor hooks")),
    Known("PyTorch's samples are views, which are not detached in place", lambda case: case.found.key == "raised" and "Can't detach views in-place" in case.texts[0]),
    Known(
        "PyTorch fails inside of inference mode, or of a level of forward mode",
        _raised("INTERNAL ASSERT FAILED|Cannot set version_counter for inference tensor"),
    ),
    Known("places on another device than what they are of", _raised("to be in the same device|be on same device|cross-device copies|not on the expected")),
    Known("how it is refused to bring what has no memory to another device", _raised("cross-device|meta", "meta tensor|device")),
    Known(
        "a write to an inference tensor, which PyTorch refuses when it is done",
        lambda case: case.found.key == "value" and case.failed and re.search(r"_\(", case.line) is not None,
    ),
    Known(
        "a jvp in inference mode, whose results PyTorch does not take for inference tensors",
        lambda case: (case.found.path.startswith("f[") or case.found.key == "requires_grad")
        and "inference_mode()" in str(case.program) and re.search(r"func\.(jvp|vjp|grad)", str(case.program)) is not None,
    ),
    Known(
        "whether what is detached in place inside of a jvp requires grad outside",
        lambda case: case.found.key in ("requires_grad", "is_leaf") and "detach_()" in str(case.program),
    ),
    Known("a comparison's out= beside an operand that requires grad: its result has no gradient in either", lambda case:
        case.found.key == "raised" and not case.texts[0] and "don't support automatic diff" in case.texts[1] and "out=" in str(case.program)),
    Known("which of two reasons against an out= is found first", _raised("functions with out=", "it is an out= function")),
    Known("which of two reasons against a write to an operand is found first", _raised("leaf Variable that requires grad", "leaf Variable")),
    Known(
        "PyTorch's gradient of a layer norm's tangent leaves out what the forward kept (finite differences say so)",
        lambda case: case.found.key == "value" and "layer_norm" in str(case.program) and "func.jvp" in case.line and "func.grad" in case.line,
    ),
    Known("a functionalized write, which PyTorch makes of new tensors", lambda case: "functionalize" in case.line and case.found.key == "raised"),
    Known(
        "PyTorch's tangent of a power of complex numbers takes the real part of what a real exponent adds (by hand: z ** w * log z)",
        lambda case: case.found.key == "value" and re.search(r"pow|\*\*", str(case.program)) is not None and any(x.is_complex() for x in case.tensors()),
    ),
    Known("a write of no_grad to samples that have tangents", _raised("vmap: inplace arithmetic")),
    Known("PyTorch has halves' products in complex numbers of halves", lambda case: "ComplexHalf" in str(case.found.pytorch)),
    Known("PyTorch's own wrappers have no memory", _raised("Cannot access storage of TensorWrapper", "requires_grad_")),
    Known("which of an inference tensor's or the shapes' faults is found first", _raised("Inference tensors cannot be saved", "must match")),
    Known(
        "an out= in forward mode, which PyTorch refuses when it is done",
        lambda case: case.found.key == "value" and case.failed and "out=" in str(case.program),
    ),
    Known("which of two ways to depend on a sample's value it was", _raised(f"{_DEPENDENT}|vmap: ", f"{_DEPENDENT}|vmap: ")),
]


def generate(random: random.Random) -> Program:
    """Operands, steps, what they are run inside of, and what is done with the results."""
    writer = _Writer(random, random.choice([1, 2, 2, 3]), random.choice([1, 2, 3, 4, 6]))
    return Program([*writer.made, *(f"do({step!r})" for step in writer.lines), *writer.ran()], PRELUDE, notes={"way": writer.way})


class _Writer(Values):
    """A program under construction."""

    def __init__(self, random: random.Random, operands: int, length: int) -> None:
        self.way = random.choices(list(WAYS), list(WAYS.values()))[0]
        self.made: list[str] = []
        self._space: dict[str, Any] = {"torch": torch, "math": math, "F": torch.nn.functional, "nn": torch.nn}
        super().__init__(random, 0, 0)
        for _ in range(operands):
            self.create()
        self.operands = list(self.names)
        self.made, self.lines = self.lines, []
        for line in self.made:
            exec(line, self._space)
        kinds, weights = zip(*self.kinds())
        for _ in range(length):
            for _attempt in range(6):
                names, lines = list(self.names), list(self.lines)
                random.choices(kinds, weights)[0]()
                if self._runs(self.lines[len(lines) :]) or random.random() < 0.03:
                    break
                self.names, self.lines = names, lines

    def _runs(self, lines: list[str]) -> bool:
        """Whether PyTorch takes the steps, after those before; if so, they have been done."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                for line in lines:
                    exec(line, self._space)
            except Exception:
                return False
        return True

    def kinds(self) -> list[tuple[Callable[[], None], int]]:
        return [
            (self.constant, 2),
            (self.unary, 9),
            (self.binary, 14),
            (self.fused, 8),
            (self.reduction, 8),
            (self.cast, 4),
            (self.view, 9),
            (self.index, 6),
            (self.set_item, 6),
            (self.in_place, 12),
            (self.view_written, 6),
            (self.scatter, 4),
            (self.out, 5),
            (self.fill, 4),
            (self.flags, 5),
            (self.joined, 5),
            (self.product, 5),
            (self.inner, 3),
        ]

    def create(self) -> None:
        """An operand."""
        r = self.random
        shape, dtype = r.choice(SHAPES), r.choice(DTYPES)
        special = r.choice([0.0, 0.0, 0.0, 0.1])
        values = ", ".join(self.value(dtype, special) for _ in range(prod(shape)))
        self.new(f"torch.tensor([{values}], dtype=torch.{dtype}).reshape({shape})")

    def constant(self) -> None:
        """A tensor that is made in the middle."""
        r, x = self.random, self.any()
        super().create() if r.random() < 0.4 else self.new(r.choice([
            f"torch.zeros_like({x})", f"{x}.new_zeros({x}.shape)", f"torch.ones({x}.shape, dtype={x}.dtype)", f"torch.full_like({x}, 0.5)",
            f"torch.arange({x}.numel(), dtype=torch.float64).reshape({x}.shape)", f"torch.empty_like({x}).fill_(2)", "torch.eye(3)",
            f"torch.linspace(0, 1, 3, dtype={x}.dtype)", "torch.tensor([1.0, 2.0, 3.0], requires_grad=True)", f"torch.zeros({x}.shape[-1:])",
        ]))  # fmt: skip

    def view_written(self) -> None:
        """A write to a view of what an operator made."""
        r, x, y, n = self.random, self.any(), self.any(), self.operand()
        part = r.choice(["view(-1)", "t()", "unsqueeze(0)", "[..., :1]", "[0]", "[1:]", "diagonal()", "transpose(0, -1)", "unbind(0)[0]",
                         "chunk(2)[-1]", "real", "select(-1, 0)", "narrow(0, 0, 1)", "squeeze()", "expand_as({x})", "T", "detach()"])  # fmt: skip
        part = part.format(x=x)
        dot = "" if part[0] == "[" else "."
        write = r.choice([f"mul_({n})", f"add_({n})", "zero_()", "sin_()", f"copy_({y})", f"fill_({self.number()})", "clamp_(min=0)", f"sub_({y})"])
        name = f"v{len(self.names)}"
        self.new(f"{x} * 1" if r.random() < 0.7 else f"{x}.clone()")
        self.lines.append(f"{name}{dot}{part}.{write}")

    def out(self) -> None:
        """A result written into a tensor: a new one of any shape and dtype, with strides, or one that there is."""
        r, x, a, n = self.random, self.any(), self.any(), self.operand()
        call = r.choice([
            *(f"{name}({a}, {n}" for name in "add mul div sub maximum eq pow atan2 where".split() if name != "where"),
            *(f"{name}({a}" for name in "exp abs sqrt floor isnan sin neg".split()), f"sum({a}, 0", f"clamp({a}, 0", f"cumsum({a}, 0",
            f"cat([{a}, {x}]", f"stack([{a}, {a}]", f"matmul({a}, {x}", f"amax({a}, 0", f"mean({a}, -1", f"index_select({a}, 0, torch.tensor([0])",
        ])  # fmt: skip
        into = r.choice([
            f"torch.empty({a}.shape, dtype={a}.dtype)", f"torch.zeros({a}.shape, dtype={a}.dtype)", "torch.empty(0)", f"torch.empty_like({a})",
            f"torch.zeros({a}.T.shape, dtype={a}.dtype).T", f"torch.zeros(2, *{a}.shape, dtype={a}.dtype)[0]", f"({x} * 1)", x,
            f"torch.empty({a}.shape, dtype=torch.float64)", f"torch.empty((7,), dtype={a}.dtype)",
        ])  # fmt: skip
        if into == x or r.random() < 0.2:
            self.lines.append(f"torch.{call}, out={x})")
        else:
            self.new(f"torch.{call}, out={into})")

    def flags(self) -> None:
        """What a tensor is to the graph."""
        r, x = self.random, self.any()
        self.new(r.choice([
            f"{x}.detach()", f"{x}.detach().requires_grad_()", f"({x} * 1).detach_()", f"{x}.clone().requires_grad_()", f"{x}.data",
            f"({x} * 1).requires_grad_(False)", f"torch.as_tensor({x}.requires_grad)", f"torch.as_tensor({x}.is_leaf)",
            f"{x}.contiguous()", f"{x}.detach().clone()",
        ]))  # fmt: skip

    def joined(self) -> None:
        """Several tensors, or several results."""
        r, x, y = self.random, self.any(), self.any()
        self.new(r.choice([
            f"torch.stack([{x}, {y}])", f"torch.cat([{x}, {y}], -1)", f"torch.cat([{x}, {x}])", f"{x}.repeat(2, *[1] * {x}.dim())", f"{x}.flip(0)",
            f"{x}.roll(1, -1)", f"{x}.sort(-1)[0]", f"{x}.topk(1)[0]", f"{x}.sort(0, descending=True)[1]", f"{x}.tril()", f"{x}.tile(2)",
            f"torch.broadcast_tensors({x}, {y})[0]", f"torch.meshgrid({x}.flatten(), {y}.flatten(), indexing='ij')[0]", f"{x}.diff(dim=-1)",
            f"F.pad({x}, (1, 0))", f"{x}.repeat_interleave(2, -1)", f"torch.where({x} == {y}, {x}, {y})", f"torch.atleast_2d({x})", f"{x}.rot90(1, (0, -1))",
            f"{x}.split(1, -1)[-1]", f"torch.hstack([{x}, {y}])", f"{x}.unflatten(-1, (1, -1))", f"torch.block_diag({x}, {y})", f"{x}.diag_embed()",
            f"{x}.cummax(-1)[0]", f"{x}.kthvalue(1)[0]", f"{x}.mode()[0]", f"torch.searchsorted({x}.sort(-1)[0], {y})", f"torch.bucketize({y}, {x}.sort(-1)[0])",
        ]))  # fmt: skip

    def product(self) -> None:
        """Sums of products, and layers."""
        r, x, y = self.random, self.any(), self.any()
        self.new(r.choice([
            f"{x} @ {y}", f"{x} @ {y}.mT", f"torch.outer({x}.flatten(), {y}.flatten())", f"torch.einsum('...i,...i->...', {x}, {y})", f"F.linear({x}, {y})",
            f"torch.tensordot({x}, {y}, 1)", f"torch.inner({x}, {y})", f"torch.linalg.norm({x})", f"F.mse_loss({x}, {y})", f"F.layer_norm({x}, {x}.shape[-1:])",
            f"F.gelu({x})", f"F.softplus({x})", f"F.normalize({x}, dim=-1)", f"F.cosine_similarity({x}, {y}, dim=-1)", f"F.elu({x})", f"F.glu({x}.repeat(2))",
            f"torch.cdist({x}, {y})", f"torch.cross({x}, {y}, dim=-1)", f"F.l1_loss({x}, {y})", f"F.smooth_l1_loss({x}, {y})", f"torch.kron({x}, {y})",
            f"torch.trapezoid({x})", f"torch.linalg.det({x})", f"F.leaky_relu({x})", f"F.hardtanh({x})", f"F.log_softmax({x}, -1)", f"F.binary_cross_entropy_with_logits({x}, {y})",
        ]))  # fmt: skip

    def inner(self) -> None:
        """A transform or a mode inside of the program."""
        r, x = self.random, self.any()
        body = r.choice(["t.sin() * 2", "t * t", "t.exp().sum()", "t + torch.ones_like(t)", "t.clone().mul_(3)"])
        self.new(r.choice([
            f"torch.func.grad(lambda t: ({body}).sum())({x})", f"torch.func.vmap(lambda t: {body})({x})", f"torch.func.jvp(lambda t: {body}, ({x},), ({x},))[1]",
            f"torch.func.vjp(lambda t: {body}, {x})[0]", f"torch.utils.checkpoint.checkpoint(lambda t: {body}, {x}, use_reentrant=False)",
            f"torch.func.jacrev(lambda t: ({body}).sum())({x})",
        ]))  # fmt: skip
        if r.random() < 0.4:
            name, _, text = self.lines.pop().partition(" = ")
            mode = r.choice(["no_grad()", "enable_grad()", "inference_mode()", "inference_mode(False)", "autocast('cpu', torch.bfloat16)"])
            self.lines.append(f"with torch.{mode}: {name} = {r.choice([f'{x} * 2', f'{x}.exp()', f'{x} @ {x}.mT', f'{x}[...]', f'{x}.sum()'])}")

    def ran(self) -> list[str]:
        """The lines that run the steps, and use what they made."""
        r, names = self.random, self.operands
        listed, args = ", ".join(names), f"({', '.join(names)},)"
        tangents = f"({', '.join(f'cotangent({n}, 1)' for n in names)},)"
        places = tuple(range(len(names)))
        some = r.choice([places, places, (0,)])
        dims = tuple(0 if i == 0 or r.random() < 0.6 else None for i in places)
        batches = ", ".join(f"samples({n})" if d == 0 else n for n, d in zip(names, dims))
        twice = ", ".join(f"samples(samples({n}))" if d == 0 else n for n, d in zip(names, dims))
        pushed = f"({', '.join(f'cotangent({b}, 1)' for b in batches.split(', '))},)"
        grads = [f"{n}.requires_grad_()" for n in names if r.random() < 0.8] or [f"{names[0]}.requires_grad_()"]
        wanted = ", ".join(g.partition(".")[0] for g in grads)
        before = grads if r.random() < 0.3 else []  # of transforms' operands, which may require grad as well
        calls: dict[str, list[str]] = {
            "jvp": [*before, f"r = plain(func.jvp(floats, {args}, {tangents}))"],
            "dual": [
                *before,
                "with fwAD.dual_level():\n"
                f" _made = run({', '.join(f'fwAD.make_dual({n}, cotangent({n}, 1))' if i in some else n for i, n in enumerate(names))})\n r = duals(_made)",
            ],
            "vmap": [*before, f"r = plain(func.vmap(run, {dims}, randomness='same')({batches}))"],
            "vmap of vmap": [f"r = plain(func.vmap(func.vmap(run, {dims}), {dims})({twice}))"],
            "gradients": [*grads, f"r = run({listed})", f"g = gradients(r, [{wanted}])"],
            "batched gradients": [
                *grads, f"r = run({listed})", "_o = outputs(r)",
                f"if _o: g = [plain(t) if t is not None else t for t in torch.autograd.grad(_o, [{wanted}], [samples(cotangent(t)) for t in _o], is_grads_batched=True, allow_unused=True)]",
            ],
            "twice": [*grads, f"r = run({listed})", f"g = gradients(r, [{wanted}], True)", f"h = gradients(g, [{wanted}])"],
            "vmap of grad": [f"r = plain(func.vmap(func.grad(summed, {some}), {dims})({batches}))"],
            "jvp of grad": [*before, f"r = plain(func.jvp(func.grad(summed, {some}), {args}, {tangents}))"],
            "grad of jvp": [*before, f"r = plain(func.grad(lambda {listed}: scalar(func.jvp(floats, {args}, {tangents})[1]), {some})({listed}))"],
            "vmap of jvp": [f"r = plain(func.vmap(lambda {listed}: func.jvp(floats, {args}, {tangents}), {dims})({batches}))"],
            "jvp of vmap": [f"r = plain(func.jvp(lambda *a: floating(func.vmap(run, {dims})(*a)), ({batches},), {pushed}))"],
            "jacrev": [*before, f"r = plain(func.jacrev(floats, {some})({listed}))"],
            "jacfwd": [*before, f"r = plain(func.jacfwd(floats, {some})({listed}))"],
            "inference": [
                *grads, f"with torch.inference_mode(): r = run({listed})", "f = [t.is_inference() for t in r]", "v90 = r[-1] * 2",
                *r.sample([f"v91 = r[-1] * {names[0]}", "r[0].mul_(2)", "v92 = r[0].clone().requires_grad_()", "r[-1].requires_grad_()", "v93 = r[0].view(-1)",
                           f"{names[-1]}.data.add_(1)", "r[-1].backward(torch.ones_like(r[-1]))", "with torch.inference_mode(): r[-1].add_(1)",
                           f"with torch.no_grad(): {names[0]}.copy_(r[0])", "v94 = r[0].detach()", "v95 = r[0][...]"], r.choice([1, 2, 3])),
            ],
            "without": [*grads, f"with torch.no_grad(): r = run({listed})", f"g = gradients(run({listed}), [{wanted}])"],
            "autocast": [*grads, f"with torch.autocast('cpu', torch.{r.choice(['bfloat16', 'bfloat16', 'float16'])}): r = run({listed})", f"g = gradients(r, [{wanted}])"],
            "checkpoint": [*grads, f"r = torch.utils.checkpoint.checkpoint(run, {listed}, use_reentrant={r.choice([False, False, True])})", f"g = gradients(r, [{wanted}])"],
            "functionalize": [*grads, f"r = func.functionalize(run)({listed})", f"g = gradients(r, [{wanted}])"],
            "meta": [f"r = described(run({', '.join(f'{n}.to({chr(39)}meta{chr(39)})' for n in names)}))"],
            "hooks": [*grads, f"with torch.autograd.graph.saved_tensors_hooks(lambda t: t.clone(), lambda t: t): r = run({listed})", f"g = gradients(r, [{wanted}])"],
        }  # fmt: skip
        return calls[self.way]

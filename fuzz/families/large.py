"""Large arrays: what kernels compute, at and around the size from which they do.

Leaves of odd sizes, broadcast against each other both ways, permuted, sliced, expanded and overlapping; elementwise chains,
reductions, products, indexing, normalizations; backwards whose gradients wait, with hooks, errors, writes and second
backwards in between.  Half of the programs run where every array counts as large, and are tiny.
"""

from __future__ import annotations

import math
import os
import random
import re

import numpy as np

from fuzz.compare import Settings
from fuzz.functions import prelude
from fuzz.known import Case, Known
from fuzz.program import Program

NAME = "large"
COMPARED = Settings(ulps=64)
TESTED = 60
ENVIRONMENTS = [{}, {"ADJOINT_KERNELS_FROM": "1"}]

PRELUDE = """
class Stop(Exception):
    pass

class once:
    '''A hook that raises the first time.'''
    def __init__(self):
        self.raised = False
    def __call__(self, g):
        if not self.raised:
            self.raised = True
            raise Stop('once')
"""



def _of_a_gradient(case: Case) -> bool:
    """Whether it is one of what ``autograd.grad`` returned that was made, or written to, in another way."""
    return (
        case.found.key in ("version", "strides", "grad_fn")
        and case.found.path.startswith("g[")
        and None not in (case.found.pytorch, case.found.adjoint)
    )


def _of_doubles(case: Case) -> bool:
    """Whether doubles differ in their last digits, which PyTorch's own sums of many have not right either."""
    theirs, ours = case.found.pytorch, case.found.adjoint
    if not (isinstance(theirs, np.ndarray) and theirs.dtype == ours.dtype == np.float64 and theirs.shape == ours.shape):
        return False
    return bool(np.allclose(ours, theirs, 1e-12, 1e-12 * max(1.0, np.abs(theirs).max(initial=0)), equal_nan=True))


def _norms(case: Case) -> bool:
    return any("rms_norm(" in line for line in case.program.lines[: case.found.line + 1])


def _fused(case: Case) -> bool:
    return case.found.key == "grad_fn" and _norms(case) and case.found.adjoint == "FusedRmsNormBackward0"


KNOWN = [
    Known("how often PyTorch added to a gradient in place, of which operators a recorded one is made, and how it lies in memory",
          _of_a_gradient, goes_on=True),
    Known("the last digits of sums of many doubles: no third run says what is right", _of_doubles, goes_on=True),
    Known("a large RMS norm is one node here", _fused, goes_on=True),
]  # fmt: skip

LARGE = 16384

UNARY = [
    "{0}.sin()", "{0}.tanh()", "{0}.sigmoid()", "F.relu({0})", "{0}.abs()", "-{0}", "{0} ** 2", "{0}.clone()",
    "({0}.abs() + 0.5).sqrt()", "({0}.abs() + 0.5).log()", "torch.exp(-{0}.abs())", "({0} * 0.5).erf()", "F.gelu({0})",
    "F.gelu({0}, approximate='tanh')", "F.silu({0})", "F.softplus({0})", "F.elu({0})", "F.leaky_relu({0}, 0.1)",
    "F.hardtanh({0})", "{0}.clamp(-1, 0.7)", "({0}.abs() + 1).reciprocal()", "F.mish({0})", "F.selu({0})", "{0} * 3 - 1",
    "F.hardswish({0})", "F.logsigmoid({0})", "F.softsign({0})", "({0}.abs() + 1).rsqrt()", "{0}.cos()", "{0}.atan()",
    "{0}.expm1().tanh()", "({0}.abs()).log1p()", "Scale.apply({0})", "torch.where({0} > 0.3, {0}, 2.0)", "{0}.square()",
    "{0}.masked_fill({0} > 1, 0.5)", "{0}.sinh().atan()", "F.hardshrink({0})", "F.softshrink({0})", "F.relu6({0})",
    "{0}.sign() * {0}", "{0}.exp2().log2()", "F.celu({0})", "{0}.asinh()", "F.threshold({0}, 0.1, -1)",
    "{0}.nan_to_num(0.0)", "torch.logit({0}.sigmoid() * 0.9 + 0.05)", "{0}.sinc()",
    "{0}.detach() * {0}", "{0}.frac()", "{0}.float().double()",
]  # fmt: skip
OF_OTHER_DTYPES = [
    "({0} * 8).half().to({0}.dtype)", "({0} * 8).bfloat16().sin().to({0}.dtype)", "({0} * 9).long() % 5 * {0}", "({0} > 0) * {0}",
    "({0} * 9).int().to({0}.dtype) + {0}", "(({0} * 9).to(torch.uint8) + 250).to({0}.dtype) * {0}", "({0} * 9).long() // 2 - {0}",
    "torch.where(({0} * 9).int() % 3 == 1, {0}, -{0})", "(({0} > 0) ^ ({0} < 1)) | ({0} == 0)", "({0} * 40).to(torch.int8) * {0}",
    "torch.complex({0}, {0} * 2).abs()", "torch.polar({0}.abs() + 1, {0}).real * {0}", "(({0} * 9).short() & 6) + {0}",
    "({0} * {0}.to(torch.complex128)).imag + {0}", "{0}.masked_fill(({0} * 9).int() > 3, -1.5)", "({0} * 9).long().clamp(-2, 3) + {0}",
    "{0}.bool() * {0}", "(~({0} > 0.5)).double().to({0}.dtype) * {0}", "{0}.isnan() + {0}", "(1 - ({0} * 9).long().abs()) * {0}",
    "torch.view_as_real(torch.complex({0}, {0}.sin())).sum(-1)", "{0} / 3", "7 / ({0}.abs() + 1)", "2 ** {0}", "{0} % 1.5",
    "torch.remainder({0}, 0.75)", "{0}.double().sin().to({0}.dtype)", "{0}.to(torch.float32).exp().to({0}.dtype)",
]  # fmt: skip
COUNTS = [
    "({0} * 9).long().{name}({d})", "({0} > 0).{name}({d})", "({0} * 9).int().{name}({d})", "({0} * 9).to(torch.uint8).{name}({d})",
]  # fmt: skip
BINARY = [
    "{0} + {1}", "{0} - {1}", "{0} * {1}", "{0} / ({1}.abs() + 1)", "torch.maximum({0}, {1})", "torch.minimum({0}, {1})",
    "torch.atan2({0}, {1})", "torch.hypot({0}, {1})", "torch.where({0} > {1}, {0}, {1})", "torch.fmax({0}, {1})",
    "torch.pow({0}.abs() + 0.5, {1}.tanh())", "torch.lerp({0}, {1}, 0.3)", "torch.addcmul({0}, {1}, {0}, value=0.5)",
    "torch.copysign({0}, {1})", "torch.add({0}, {1}, alpha=2)", "torch.logaddexp({0}, {1})", "F.mse_loss({0}, {1}.detach())",
    "torch.lerp({0}, {1}, {0}.sigmoid())", "torch.addcdiv({0}, {1}, {1}.abs() + 1)", "torch.xlogy({0}, {1}.abs() + 1)",
    "torch.where(({0} + {1}) > 0, {0}, 0.0)", "{0}.clamp(max={1})", "torch.fmod({0}, {1}.abs() + 2)",
]  # fmt: skip
BROADCAST_LOSSES = [
    "F.smooth_l1_loss({0}, {1}, reduction='none')", "F.huber_loss({0}, {1}, reduction='none', delta=0.7)",
    "F.l1_loss({0}, {1}, reduction='none')", "F.kl_div({0}, {1}.sigmoid(), reduction='none')",
    "F.binary_cross_entropy_with_logits({0}, {1}.sigmoid(), reduction='none')", "F.mse_loss({0}, {1}, reduction='sum')",
    "F.binary_cross_entropy({0}.sigmoid(), {1}.sigmoid())", "F.gaussian_nll_loss({0}, {1}, {0}.abs() + 1, reduction='none')",
    "F.poisson_nll_loss({0}, {1}.detach(), reduction='none')", "F.soft_margin_loss({0}, {0}.detach().sign())",
]  # fmt: skip
REDUCTIONS = ["sum", "mean", "amax", "amin", "var", "std", "logsumexp", "norm"]
ALONG = [
    "{0}.softmax({d})", "{0}.log_softmax({d})", "{0}.cumsum({d})", "{0}.flip({d})", "{0}.roll(1, {d})", "{0}.sort(dim={d}, stable=True)[0]",
    "F.normalize({0}, dim={d})", "torch.cat([{0}, {0} * 2], {d})", "torch.stack([{0}, {0}.sin()], {d})", "{0}.logcumsumexp({d})",
    "{0}.unsqueeze({d})", "{0}.diff(dim={d})", "{0}.cummax({d})[0]", "{0}.max({d})[0]", "{0}.median({d})[0]",
    "({0} * 0.1 + 1).cumprod({d})", "{0}.repeat_interleave(2, {d})", "F.softmin({0}, {d})", "F.glu(torch.cat([{0}, {0}], {d}), {d})",
]  # fmt: skip
IN_PLACE = [
    "{0}.add_({1})", "{0}.mul_({1})", "{0}.sub_({1}, alpha=0.5)", "{0}.div_({1}.abs() + 1)", "{0}.tanh_()", "{0}.sigmoid_()",
    "{0}.mul_(0.5)", "{0} += 1", "{0}.copy_({1})", "{0}.relu_()", "{0}.clamp_(-1, 1)", "{0}.neg_()", "{0}.addcmul_({1}, {1})",
    "{0}.masked_fill_({0} > 0.5, 0.25)", "{0}[..., 0] = 0.5", "{0}[0] = {0}[-1]", "{0}.lerp_({1}, 0.25)", "{0}.zero_()",
    "{0}[::2].mul_(2)", "{0}.exp_().clamp_(max=3)", "{0}.square_().clamp_(max=3)", "{0}.fill_(0.5)",
]  # fmt: skip


def tiny() -> bool:
    """Whether every array counts as large in this process."""
    return os.environ.get("ADJOINT_KERNELS_FROM") == "1"


def generate(random: random.Random) -> Program:
    """A program of about ten lines."""
    writer = _Writer(random)
    return Program(writer.lines, PRELUDE + prelude(writer.lines), random.choice((1, 1, 2, 3, 4)), random.choice(("each", "end", "end")))


class _Writer:
    """A program under construction."""

    def __init__(self, r: random.Random) -> None:
        self.r = r
        self.lines: list[str] = []
        self.shapes: dict[str, tuple[int, ...]] = {}
        self.leaves: list[str] = []
        self.dtype = r.choice(("float32", "float32", "float32", "float64"))
        self.shape = self._shape()
        for _ in range(r.randint(1, 3)):
            self.leaf()
        for _ in range(r.randint(2, 7)):
            self.step()
        self.end()

    # Leaves

    def _shape(self) -> tuple[int, ...]:
        """A shape of about as many elements as a large array has."""
        r = self.r
        rank = r.choice((1, 2, 2, 2, 3, 3, 4))
        if tiny():
            return tuple(r.choice((1, 2, 3, 3, 4, 5, 7, 8, 9, 16, 17)) for _ in range(rank))
        target = r.choice((LARGE - 1, LARGE, LARGE + 1, LARGE + 7, 20011, 33000, 70000))
        sizes = [1] * rank
        for i in r.sample(range(rank), rank - 1):
            left = max(1, target // math.prod(sizes))
            sizes[i] = r.choice([n for n in (1, 1, 2, 3, 5, 7, 8, 13, 16, 31, 33, 64, 65, 127, 128, 257) if n <= left])
        last = next((i for i in range(rank) if sizes[i] == 1), 0)
        sizes[last] *= max(1, -(-target // math.prod(sizes)) - r.choice((0, 0, 0, 1)))
        return tuple(sizes)

    def leaf(self, shape: tuple[int, ...] | None = None) -> str:
        """A tensor that broadcasts with the others, laid out in some way."""
        r = self.r
        if shape is None:
            shape = tuple(1 if r.random() < 0.3 else n for n in self.shape)
            if r.random() < 0.2:
                shape = shape[r.randrange(len(shape)) :]
        name = self.name()
        grad = "" if r.random() < 0.15 else ", grad=True"
        made = f"data({r.randint(0, 999)}, {', '.join(map(str, shape))}, dtype=torch.{self.dtype}, step=1 << 20{grad})"
        if not shape:
            made = made.replace("data({}, ,", "data({},")
        self.add(name, made, shape)
        if grad:
            self.leaves.append(name)
        return self.laid_out(name) if r.random() < 0.45 else name

    def laid_out(self, name: str) -> str:
        """A view or copy of the same shape with other strides."""
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
        ]
        if shape[d] > 1:
            ways.append(f"{name}.narrow({d}, 0, 1).expand({', '.join(map(str, shape))})")
        if 1 < shape[d] and shape[d] * math.prod(shape) < 1_000_000:
            ways.append(f"torch.cat([{name}, {name}], {d}).unfold({d}, {shape[d]}, 1).select({d}, 1).movedim(-1, {d})")
        made = self.name()
        self.add(made, r.choice(ways), shape)
        return made

    def name(self) -> str:
        return f"v{len(self.shapes)}"

    def add(self, name: str, text: str, shape: tuple[int, ...]) -> str:
        self.lines.append(f"{name} = {text}")
        self.shapes[name] = shape
        return name

    # Steps

    def pick(self) -> str:
        """Some value, the latest ones rather."""
        names = list(self.shapes)
        return self.r.choice(names[-3:] if self.r.random() < 0.7 else names)

    def other(self, shape: tuple[int, ...]) -> str:
        """A value that broadcasts with this shape."""
        fitting = [n for n, s in self.shapes.items() if _broadcast(s, shape) is not None]
        if fitting and self.r.random() < 0.75:
            return self.r.choice(fitting)
        return self.leaf(tuple(1 if self.r.random() < 0.35 else n for n in shape))

    def step(self) -> None:
        """One line, or some."""
        ways = [self.unary] * 6 + [self.binary] * 7 + [self.reduce] * 2 + [self.along] * 3 + [self.view] * 2
        ways += [self.product] * 2 + [self.index] * 2 + [self.module] * 2 + [self.write] * 2 + [self.hook]
        ways += [self.other_dtype] * 3 + [self.several]
        self.r.choice(ways)()

    def unary(self) -> None:
        x = self.pick()
        self.add(self.name(), self.r.choice(UNARY).format(x), self.shapes[x])

    def other_dtype(self) -> None:
        """Something by way of integers, bools, halves or complex numbers; or of integers, that is not differentiated."""
        r, x = self.r, self.pick()
        shape = self.shapes[x]
        text = r.choice(OF_OTHER_DTYPES)
        if r.random() < 0.3 and shape:
            d = r.randrange(len(shape))
            counted = r.choice(COUNTS).format(x, name=r.choice(("sum", "any", "all", "cumsum", "argmax", "prod")), d=d)
            self.lines.append(f"c{len(self.lines)} = {counted}")
        elif "^" in text:
            self.lines.append(f"c{len(self.lines)} = {text.format(x)}")
        else:
            self.add(self.name(), text.format(x), shape)

    def several(self) -> None:
        """An operator with several results."""
        r, x = self.r, self.pick()
        shape = self.shapes[x]
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
        self.add(self.name(), text, found)

    def binary(self) -> None:
        x = self.pick()
        y = self.other(self.shapes[x])
        if self.r.random() < 0.5:
            x, y = y, x
        text = self.r.choice(BINARY if self.r.random() < 0.85 else BROADCAST_LOSSES)
        whole = _broadcast(self.shapes[x], self.shapes[y])
        assert whole is not None
        single = ("_loss(" in text and "'none'" not in text) or "cross_entropy({0}" in text
        self.add(self.name(), text.format(x, y), () if single else whole)

    def reduce(self) -> None:
        x = self.pick()
        shape = self.shapes[x]
        if not shape:
            return
        axes = tuple(sorted(self.r.sample(range(len(shape)), self.r.randint(1, len(shape)))))
        keep = self.r.random() < 0.5
        name = self.r.choice(REDUCTIONS)
        if name == "norm" and len(axes) > 2:
            name = "mean"
        given = f"dim={axes}" if name in ("norm", "var", "std") else f"{axes}"
        if name in ("var", "std"):
            given += ", correction=0"
            if all(shape[a] == 1 for a in axes):
                name, given = "sum", f"{axes}"
        kept = tuple(1 if i in axes else n for i, n in enumerate(shape) if keep or i not in axes)
        self.add(self.name(), f"{x}.{name}({given}, keepdim={keep})", kept)

    def along(self) -> None:
        x = self.pick()
        shape = self.shapes[x]
        if not shape:
            return
        d = self.r.randrange(len(shape))
        text = self.r.choice(ALONG)
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
        self.add(self.name(), text.format(x, d=d), tuple(found))

    def view(self) -> None:
        r, x = self.r, self.pick()
        shape = self.shapes[x]
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
        self.add(self.name(), text, found)

    def product(self) -> None:
        r, x = self.r, self.pick()
        shape = self.shapes[x]
        if not shape:
            return
        *around, k = shape
        n = r.choice((1, 2, 3, 7, 16, 17, 33))
        if n * max(math.prod(shape), k * math.prod(around[:-1])) > 1_000_000:
            n = 1
        scale = f" / {k}"
        ways = ["matmul", "linear", "vector", "outer"] + (["gram", "left"] if around and around[-1] <= 300 else [])
        way = r.choice(ways)
        if way == "matmul" and around:
            y = self.leaf((k, n) if r.random() < 0.6 else (*(1 if r.random() < 0.3 else m for m in around[:-1]), k, n))
            self.add(self.name(), f"{x} @ {y}{scale}", (*around, n))
        elif way == "linear":
            w, b = self.leaf((n, k)), self.leaf((n,))
            bias = f", {b}" if r.random() < 0.6 else ""
            self.add(self.name(), f"F.linear({x}, {w}{bias}){scale}", (*around, n))
        elif way == "vector":
            y = self.leaf((k,))
            self.add(self.name(), f"torch.matmul({x}, {y}){scale}", tuple(around))
        elif way == "gram":
            self.add(self.name(), f"{x} @ {x}.transpose(-1, -2){scale}", (*around, around[-1]))
        elif way == "left":
            y = self.leaf((n, around[-1]))
            self.add(self.name(), f"{y} @ {x} / {around[-1]}", (*around[:-1], n, k))
        elif math.prod(shape) < 50_000:
            y = self.leaf((n,))
            self.add(self.name(), f"torch.einsum('...i,j->...ij', {x}, {y})", (*shape, n))

    def index(self) -> None:
        r, x = self.r, self.pick()
        shape = self.shapes[x]
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
            self.add(self.name(), text, found)

    def module(self) -> None:
        """An operator with parameters of its own, over the last dimensions."""
        r, x = self.r, self.pick()
        shape = self.shapes[x]
        if not shape or shape[-1] < 2 or (len(shape) > 1 and shape[1] < 2):
            return
        c = shape[-1]
        ways = [(f"F.layer_norm({x}, ({c},){self._parameters(c)})", shape), (f"F.rms_norm({x}, ({c},))", shape)]
        if len(shape) in (2, 3, 4) and math.prod(shape) // shape[1] > 1:
            # (PyTorch's gradient reads a weight as if its elements were next to each other)
            parameters = re.sub(r"(v\d+)", r"\1.contiguous()", self._parameters(shape[1]))
            ways.append((f"F.batch_norm({x}, None, None{parameters}, training=True)", shape))
        if len(shape) == 3:
            k, s, p, g = r.choice((1, 2, 3)), r.choice((1, 2)), r.choice((0, 1)), r.choice((1, shape[1]))
            if shape[2] + 2 * p >= k and shape[1] <= 64:
                f = r.choice((1, 2, 5)) * g
                if f * shape[1] < 3000:
                    w = self.leaf((f, shape[1] // g, k))
                    n = (shape[2] + 2 * p - k) // s + 1
                    ways.append((f"F.conv1d({x}, {w}, stride={s}, padding={p}, groups={g}) * 0.2", (shape[0], f, n)))
                    wt = self.leaf((shape[1], 2, k))
                    n = (shape[2] - 1) * s - 2 * p + k + s - 1
                    if n > 0 and shape[1] * n < 100_000:
                        ways.append((f"F.conv_transpose1d({x}, {wt}, stride={s}, padding={p}, output_padding={s - 1}) * 0.2",
                                     (shape[0], 2, n)))  # fmt: skip
            if shape[2] >= 2:
                ways.append((f"F.max_pool1d({x}, 2)", (*shape[:2], shape[2] // 2)))
                ways.append((f"F.avg_pool1d({x}, 2, 1)", (*shape[:2], shape[2] - 1)))
        if len(shape) == 4 and min(shape[2:]) >= 2:
            two = (*shape[:2], shape[2] // 2, shape[3] // 2)
            ways += [(f"F.max_pool2d({x}, 2)", two), (f"F.avg_pool2d({x}, 2)", two)]
            ways.append((f"F.max_pool2d({x}, (2, 1), stride=1)", (*shape[:2], shape[2] - 1, shape[3])))
            if shape[1] <= 33:
                w = self.leaf((3, shape[1], 2, 2))
                ways.append((f"F.conv2d({x}, {w}, padding=1) * 0.2", (shape[0], 3, shape[2] + 1, shape[3] + 1)))
            if shape[2] <= 300:
                ways.append((f"F.scaled_dot_product_attention({x}, {x}.sin(), {x}, is_causal={r.random() < 0.5})", shape))
        if len(shape) == 2:
            target = f"(data({r.randint(0, 99)}, {shape[0]}).abs() * 100).long() % {c}"
            ways.append((f"F.cross_entropy({x}, {target}, reduction='{r.choice(('none', 'mean', 'sum'))}')", (shape[0],)))
            ways.append((f"F.nll_loss({x}.log_softmax(1), {target})", ()))
        text, found = r.choice(ways)
        if "cross_entropy" in text and "'none'" not in text:
            found = ()
        self.add(self.name(), text, found)

    def _parameters(self, n: int) -> str:
        if self.r.random() < 0.4:
            return ""
        return f", {self.leaf((n,))}, {self.leaf((n,))}"

    def write(self) -> None:
        """Something in place, on a value that is no leaf."""
        names = [n for n in self.shapes if n not in self.leaves and self.shapes[n]]
        if not names:
            return
        x = self.r.choice(names)
        if self.r.random() < 0.5:
            x = self.add(self.name(), f"{x} * 1.5", self.shapes[x])
        shape = self.shapes[x]
        fitting = [n for n, s in self.shapes.items() if _broadcast(s, shape) == shape]
        self.lines.append(self.r.choice(IN_PLACE).format(x, self.r.choice(fitting)))

    def hook(self) -> None:
        x = self.pick()
        self.lines.append(self.r.choice([
            "if {0}.requires_grad: {0}.register_hook(lambda g: g * 2)",
            "if {0}.requires_grad: {0}.register_hook(lambda g: None)",
            "if {0}.requires_grad: {0}.register_hook(once())",
            "if {0}.requires_grad: {0}.retain_grad()",
            "if {0}.grad_fn is not None: {0}.grad_fn.register_hook(lambda gi, go: None)",
        ]).format(x))  # fmt: skip

    # The end

    def end(self) -> None:
        """One or several backwards."""
        r = self.r
        names = list(self.shapes)
        out = names[-1]
        if r.random() < 0.4:
            out = self.add(self.name(), " + ".join(f"({n} * {n}.detach().cos()).sum()" for n in dict.fromkeys((names[-1], r.choice(names), r.choice(names)))), ())
        cotangent = f"data({r.randint(0, 99)}, *{out}.shape, dtype={out}.dtype)"
        leaves = f"[{', '.join(self.leaves)}]"
        ways = [[f"{out}.backward({cotangent})"]] * 5
        ways.append([f"{out}.backward({cotangent}, retain_graph=True)", f"{out}.backward({cotangent})"])
        ways.append([f"if {out}.requires_grad: g = torch.autograd.grad({out}, {leaves}, {cotangent}, allow_unused=True)"])
        ways.append([
            f"g = torch.autograd.grad({out}, {leaves}, {cotangent}, allow_unused=True, create_graph=True)",
            "s = sum((x * x).sum() for x in g if x is not None)", "s.backward()",
        ])  # fmt: skip
        ways.append([
            f"with torch.no_grad(): {r.choice(self.leaves or names)}.mul_(2)", f"{out}.backward({cotangent})",
        ])  # fmt: skip
        ways.append([
            f"try: {out}.backward({cotangent}, retain_graph=True)\nexcept Stop: pass", f"{out}.backward({cotangent})",
        ])  # fmt: skip
        self.lines += r.choice(ways)
        if r.random() < 0.2 and self.leaves:
            x = r.choice(self.leaves)
            self.lines.append(f"if {x}.grad is not None:\n    with torch.no_grad(): {x}.sub_({x}.grad, alpha=0.1)")
            self.lines.append(f"({x} * {x}).sum().backward()")


def _broadcast(a: tuple[int, ...], b: tuple[int, ...]) -> tuple[int, ...] | None:
    """The shape of two that are broadcast against each other; None where they do not fit, or are too many elements."""
    rank = max(len(a), len(b))
    found = []
    for m, n in zip((1,) * (rank - len(a)) + a, (1,) * (rank - len(b)) + b):
        if m != n and 1 not in (m, n):
            return None
        found.append(max(m, n))
    return tuple(found) if math.prod(found) <= 400_000 else None

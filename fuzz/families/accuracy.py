"""Accuracy: reductions, scans and everything else that adds up, at 10,000 to several million elements.

A program makes a tensor of equal, growing, alternating or random numbers in some layout, reduces it, and differentiates.
The same numbers in double precision are the exact result, up to what does not count; Adjoint's error may be a small multiple
of PyTorch's and a few units in the last place.
"""

from __future__ import annotations

import random
import re
from typing import Any

import numpy as np

from fuzz.compare import Disagreement, Settings
from fuzz.program import Program
from fuzz.run import Run, array

NAME = "accuracy"
COMPARED = Settings(strides=False, graph=0, version=False, errors="any")
TESTED = 60
ENVIRONMENTS: list[dict[str, str]] = [{}, {"ADJOINT_KERNELS": "0"}]

ULPS = 12.0  # of the largest number, that make no difference
MULTIPLE = 6.0  # of PyTorch's own error

PRELUDE = """
def values(kind, seed, shape, bits, dtype):
    # Numbers of so many bits, so that they are the same in every dtype that they are widened to.
    n = int(np.prod(shape))
    draws = np.random.RandomState(seed).standard_normal(n)
    made = {
        "equal": lambda: np.full(n, .39837), "offset": lambda: 100 + draws, "positive": lambda: np.abs(draws) + .1,
        "growing": lambda: np.arange(n) / n, "alternating": lambda: np.where(np.arange(n) % 2, -1., 1.) * (1 + draws ** 2),
        "normal": lambda: draws, "steps": lambda: np.round(draws * 20),
    }[kind]()
    part, exponent = np.frexp(made)
    made = np.ldexp(np.round(part * 2. ** bits), exponent - bits)
    return torch.tensor(made.reshape(shape)).to(dtype)

def laid(x, how):
    if how == "transposed":
        return x.mT.contiguous().mT if x.ndim > 1 else x
    if how == "stepped":
        return torch.stack([x, x * 0], 1)[:, 0]
    if how == "reversed":
        return x.flip(0).contiguous().flip(0)
    return x

def written(x, s):
    z = x.clone()
    z[::2] = s
    return z
"""

BITS = {"float32": 24, "float16": 11, "bfloat16": 8, "float64": 24}

# Of a tensor x of any shape; y is like it, b like a row of it, s is one number.
ANY = [
    "x.sum()", "x.sum(0)", "x.sum(-1)", "x.sum(0, keepdim=True)", "x.mT.sum(0) if x.ndim > 1 else x.sum(0)", "x[::2].sum(0)",
    "x.flip(0).sum()", "x.unsqueeze(0).expand(3, *x.shape).sum((0, 1))", "x.sum(tuple(range(x.ndim - 1)))", "x.mean()",
    "x.mean(0)", "x.mean(-1)", "x.nansum(0)", "x.nanmean()", "x.var()", "x.var(0)", "x.std(-1)", "x.std(0, correction=0)",
    "torch.var_mean(x, 0)", "torch.std_mean(x)", "x.norm()", "x.norm(dim=0)", "x.norm(1)", "torch.linalg.vector_norm(x, 3, dim=0)",
    "(x / 100).logsumexp(0)", "(x / 100).logsumexp(-1)", "x.softmax(0)", "x.log_softmax(0)", "x.log_softmax(-1)",
    "x.cumsum(0)", "x.cumsum(-1)", "(1 + x / x.shape[0] / 100).cumprod(0)", "x.logcumsumexp(0)", "x.logcumsumexp(-1)",
    "(1 + x / x.numel() / 100).prod()", "(1 + x / x.shape[0] / 100).prod(0)", "torch.trapezoid(x, dim=0)",
    "torch.cumulative_trapezoid(x, dim=0)", "x.flatten().dot(y.flatten())", "torch.einsum('n...,n...->...', x, y)",
    "F.mse_loss(x, y)", "F.mse_loss(x, y, reduction='sum')", "F.l1_loss(x, y)", "F.smooth_l1_loss(x, y, reduction='sum')",
    "F.huber_loss(x, y)", "F.kl_div(x, y.abs(), reduction='batchmean')",
    "F.binary_cross_entropy_with_logits(x, y.abs().clamp(0, 1))", "F.poisson_nll_loss(x / 100, y.abs())",
    "F.gaussian_nll_loss(x, y, y.abs() + 1)", "F.cosine_similarity(x, y, dim=0)", "torch.dist(x, y)", "F.normalize(x, dim=0)",
    "x + b", "x * b", "x * s", "x / (b.abs() + 1)", "torch.where(x > 0, b, x)", "torch.lerp(x, b, s)", "torch.addcmul(b, x, y)",
    "torch.maximum(x, s)", "b.expand_as(x) * y", "s.broadcast_to(x.shape)", "written(x, s)", "x.masked_fill(y > 0, s)",
    "b.repeat(x.shape[0], *[1] * (x.dim() - 1))", "torch.kron(s.reshape(1), x.flatten())", "F.layer_norm(x, x.shape)",
    "F.avg_pool1d(x.reshape(1, 1, -1), 1000)", "F.adaptive_avg_pool1d(x.reshape(1, 1, -1), 3)",
    "F.adaptive_avg_pool1d(x.reshape(1, 1, -1), 1)", "F.interpolate(s.reshape(1, 1, 1), size=x.numel())",
    "F.interpolate(x.reshape(1, 1, -1), size=100, mode='linear', align_corners=True)", "((x - x.mean(0)) ** 2).mean(0).sqrt()",
    "(x * y).sum(0)", "(x / 100).exp().sum(0)", "torch.sigmoid(x / 100).sum(-1)", "(x.softmax(0) * y).sum(0)",
]  # fmt: skip

# Of r, the rows of x; i are numbers of rows, w and p two tables, q three numbers.
ROWS = [
    "F.linear(r, w, q)", "F.linear(r, w)", "F.linear(r[None], w, q)", "torch.addmm(q, r, w.t())", "torch.addmv(s, r, w[0])",
    "torch.baddbmm(q, r[None], w.t()[None])", "r.t() @ r[:, 0]", "r.t() @ w[:, 0].sum().expand(len(r))",
    "F.layer_norm(r, (r.shape[1],), p[0], p[1])", "F.rms_norm(r, (r.shape[1],), p[0])",
    "F.batch_norm(r, None, None, p[0], p[1], True)", "F.batch_norm(r.t()[None], None, None, p[0], p[1], True)",
    "F.batch_norm(r, p.detach()[0], p.detach()[1].abs() + 1, p[0], p[1], False)",
    "F.group_norm(r.t()[None], 1, p[0], p[1])", "F.instance_norm(r.t()[None], None, None, p[0], p[1])",
    "F.conv1d(r.t()[None], w.detach()[..., None], q)", "F.conv1d(r[:, None], q[:, None, None], q)",
    "F.prelu(-r.abs(), s.reshape(1))", "F.prelu(-r.abs(), p[0])", "F.embedding(i, p)", "F.embedding(i, p, scale_grad_by_freq=True)",
    "F.embedding_bag(i[None], p, mode='sum')", "F.embedding_bag(i, p, torch.tensor([0, 5]))", "p.index_add(0, i, r)",
    "p.scatter_add(0, i[:, None].expand_as(r), r)", "p.scatter_reduce(0, i[:, None].expand_as(r), r, 'mean')",
    "p.index_reduce(0, i, r, 'mean')", "p.index_put((i,), r, accumulate=True)", "p.gather(0, i[:, None].expand_as(r))", "p[i]",
    "p.index_select(0, i)", "p.take(i)", "torch.bincount(i, r.detach()[:, 0])", "F.nll_loss(r, i % r.shape[1])",
    "F.cross_entropy(r, i % r.shape[1])", "F.cross_entropy(r, i % r.shape[1], weight=p.detach()[0].abs() + 1)",
    "F.cross_entropy(r, i % r.shape[1], label_smoothing=.1)", "F.multi_margin_loss(r.float(), i % r.shape[1])", "torch.cov(r.t())",
    "torch.nn.utils.clip_grad_norm_([torch.nn.Parameter(r.detach())], 1.)",
]  # fmt: skip

OF_INTEGERS = ["x.sum()", "x.sum(0)", "x.cumsum(0)", "x.cumsum(-1)", "x.float().mean(0)", "x.count_nonzero()", "x.prod(0)"]


def generate(random: random.Random) -> Program:
    """A tensor, its reduction, and the gradients."""
    dtype = random.choice(["float32"] * 6 + ["float16", "bfloat16", "float64", "int32"])
    kind = random.choice(["equal", "offset", "positive", "growing", "alternating", "normal"])
    elements = int(10 ** random.uniform(4, 5.3 if random.random() < 0.9 else 6.5))
    narrow = random.choice([1, 2, 3, 7, 33])
    shape = random.choice(
        [(elements,), (elements // narrow, narrow), (elements // narrow, narrow), (narrow, elements // narrow),
         (5, max(1, elements // 5 // narrow), narrow), (max(1, elements // 5 // narrow), 5, narrow)]
    )  # fmt: skip
    of_rows = random.random() < 0.4 and len(shape) == 2 and shape[1] <= 33 and dtype != "int32"
    expression = random.choice(OF_INTEGERS if dtype == "int32" else ROWS if of_rows else ANY)
    laid = random.choice(["plain", "plain", "transposed", "stepped", "reversed"])
    seed = random.randrange(1000)

    def made(name: str, kind: str, shape: tuple[int, ...], moved: int, rest: str = "") -> str:
        grad = "" if dtype == "int32" else ".requires_grad_()"
        of = f'"{kind}", {seed + moved}, {shape}, {BITS.get(dtype, 24)}, torch.{dtype}'
        return f"{name} = laid(values({of}), {laid!r}).detach(){grad}" if rest else f"{name} = values({of}){grad}"

    lines = [made("x", "steps" if dtype == "int32" else kind, shape, 0, "laid")]
    if re.search(r"\by\b", expression):
        lines.append(made("y", kind, shape, 1, "laid"))
    others = {"b": shape[1:], "s": (), "q": (3,), "w": (3, shape[-1]), "p": (9, shape[-1])}
    lines += [made(n, "positive", of, 2 + k) for k, (n, of) in enumerate(others.items()) if re.search(rf"\b{n}\b", expression)]
    if of_rows:
        lines.append("r = x")
        lines.append("i = torch.arange(x.shape[0]) % 2")
    lines.append(f"z = {expression}")
    if dtype != "int32":
        lines.append("g = z[0] if isinstance(z, tuple) else z")
        # Of what grows along with what is normalized nothing would be left.
        cotangent = f'values({("normal" if "_norm(" in expression else kind)!r}, 77, tuple(g.shape), {BITS[dtype]}, g.dtype)'
        lines.append(f"g.requires_grad and g.backward({cotangent})")
    return Program(lines, PRELUDE, threads=random.choice([1, 2]), look="end", seconds=120.0, notes={"dtype": dtype, "kind": kind})


def check(program: Program, theirs: Run, ours: Run) -> Disagreement | None:
    """The first number that is further from the exact one than PyTorch's is."""
    exact = Run(program, "wide")
    for line in program.lines:
        exact.step(line)
    count = theirs.space["x"].numel()
    largest = max(float(abs(array(t)).max(initial=0)) for n in ("z", "x") for _, t in exact.parts(n) if hasattr(t, "numel"))
    for name in theirs.names():
        for (path, a), (_, b), (_, c) in zip(exact.parts(name), theirs.parts(name), ours.parts(name)):
            if not isinstance(a, type(exact.library.ones(1))):
                continue
            for key in ("value", "grad"):
                values = [t if key == "value" else t.grad for t in (a, b, c)]
                if any(v is None for v in values):
                    continue
                known = _known(program, theirs) if (path, key) == ("z", "value") else None
                found = _difference(program, count, largest, known, *values)
                if found is not None:
                    return Disagreement(len(program.lines) - 1, path, key, *found)
    return None


def _known(program: Program, theirs: Run) -> np.ndarray | None:
    """The result of a sum, a mean or a scan in more than double precision; None of other expressions."""
    expression = next(line for line in program.lines if line.startswith("z = "))[4:]
    if not re.fullmatch(r"x(\[::2\])?\.(sum|mean|cumsum)\((0|-1)?\)", expression):
        return None
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
    own, error = np.abs(b - a)[finite].max(), np.abs(c - a)[finite].max()
    allowed = MULTIPLE * own + ULPS * unit * scale
    if program.notes.get("kind") in ("alternating", "normal"):  # of which PyTorch's sum may be exact by chance
        allowed += unit * (count if a.size < count / 16 else a.size) ** 0.5
    if any(".prod(" in line or "cumprod(" in line for line in program.lines):  # errors of like factors add up
        allowed += unit * scale * (2 * count**0.5 if program.notes.get("kind") in ("alternating", "normal") else count / 4)
    if name == "float64" and known is None:  # PyTorch's own error is not: norms of equal numbers, say, are hundreds of units off
        allowed += 1000 * unit * scale
    if error <= allowed:
        return None
    return f"{own / unit / (scale or 1):.1f} units off", f"{error / unit / (scale or 1):.1f} units off"

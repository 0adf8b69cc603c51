"""Random numbers in a vmap, the same or different ones for each sample, compared bit for bit."""

from __future__ import annotations

import random

DRAWN = [
    "torch.rand({n}, dtype={d})",
    "torch.randn({n}, dtype={d})",
    "torch.rand_like({fixed})",
    "torch.randn_like({fixed})",
    "torch.empty({n}, dtype={d}).normal_()",
    "torch.empty({n}, dtype={d}).uniform_(-1, 2)",
    "torch.zeros({n}, dtype={d}).exponential_()",
    "torch.bernoulli({fixed}.abs().clamp(0, 1))",
    "torch.bernoulli({fixed}, 0.3)",
    "torch.empty({n}, dtype={d}).bernoulli_(0.6)",
    "F.dropout({fixed}, 0.4)",
    "F.dropout({row}, 0.4)",
    "F.dropout({fixed} * {row}, 0.7)",
    "F.alpha_dropout({fixed}, 0.4)",
    "F.feature_dropout({fixed}.expand(2, {n}), 0.5).sum(0)",
    "torch.randint(0, 9, ({n},)).to({d})",
    "torch.randperm({n}).to({d})",
    "torch.normal({fixed}, 1.5)",
    "torch.normal(0.0, {fixed}.abs())",
    "torch.rand_like({row})",
    "torch.randn_like({row})",
    "torch.bernoulli({row}.abs().clamp(0, 1))",
    "torch.multinomial({fixed}.abs() + 0.1, {n}, replacement=True).to({d})",
]


def drawn(random: random.Random) -> list[str]:
    """One or two draws in one vmap or two nested ones, what they are multiplied with, and gradients of it."""
    r = random
    dtype = r.choice(["torch.float64", "torch.float32"])
    n, samples = r.choice([1, 3, 5, 17, 40]), r.choice([1, 2, 4])
    how = r.choice(["different", "different", "same"])
    lines = [
        f"x = data({r.randrange(1000)}, {samples}, {n}, dtype={dtype}, grad={r.random() < 0.5})",
        f"w = data({r.randrange(1000)}, {n}, dtype={dtype}, grad=True)",
        f"_s = torch.manual_seed({r.randrange(1000)})",
    ]

    def draw() -> str:
        forms = DRAWN if how == "different" else [f for f in DRAWN if "{row}" not in f]
        return r.choice(forms).format(n=n, d=dtype, fixed="w", row="_r")

    options = f"randomness='{how}'" + (", chunk_size=2" if r.random() < 0.2 else "")
    shape = r.randrange(4)
    if shape == 0:
        inner = f"{draw()} * _r.detach().sign().abs()"
    elif shape == 1:
        inner = f"({draw()}, {draw()})"
    elif shape == 2:
        other = r.choice(["different", "same"])
        inner = f"func.vmap(lambda _q: {draw()} + 0 * _q * _r, randomness='{other}')(torch.ones(2, {n}, dtype={dtype}))"
    else:
        inner = f"func.grad(lambda _q: (_q * {draw()}).sum())(_r)"
    lines.append(f"y = func.vmap(lambda _r: {inner}, {options})(x)")
    first = "y[0]" if shape == 1 else "y"
    bits = "torch.int64" if dtype.endswith("64") else "torch.int32"
    lines.append(f"bits = {first}.detach().contiguous().view({bits})")
    lines.append(f"after = torch.rand(3, dtype={dtype}).view({bits})")  # as many numbers were taken
    if r.random() < 0.7:
        lines.append(f"loss = ({first} * w).sum() + (w * x).sum()")
        lines.append("loss.backward()")
    return lines

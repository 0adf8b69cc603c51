"""Drawing: random numbers around the sizes at which they are drawn in blocks, and by kernels, of every kind and dtype."""

from __future__ import annotations

import random

from fuzz.families.large.writer import LARGE, Writer, tiny

_DRAWS = [
    "torch.randn({s}, dtype={d})", "torch.rand({s}, dtype={d})", "torch.empty({s}, dtype={d}).normal_(1.5, 0.25)",
    "torch.empty({s}, dtype={d}).uniform_(-1, 3)", "torch.empty({s}, dtype={d}).exponential_(1.5)",
    "torch.empty({s}, dtype={d}).log_normal_(0.5, 0.25)", "torch.empty({s}, dtype={d}).cauchy_(1, 2)",
    "torch.empty({s}, dtype={d}).geometric_(0.3)", "torch.empty({s}, dtype={d}).bernoulli_(0.3)",
    "torch.randint(-5, 1000, ({s},))", "torch.randint(0, 2**40, ({s},))", "torch.randperm({n})",
    "torch.bernoulli(torch.full(({s},), 0.3, dtype={d}))", "torch.normal(torch.zeros({s}), 2.0)",
    "torch.normal(0.0, torch.ones({s}) * 0.5)", "F.dropout(torch.ones({s}, dtype={d}), 0.3)",
    "F.alpha_dropout(torch.ones({s}, dtype={d}), 0.3)", "torch.multinomial(torch.ones(50), {m}, replacement=True)",
    "F.rrelu(-torch.ones({s}, dtype={d}), training=True)", "F.gumbel_softmax(torch.ones({s}, dtype={d}), dim=-1)",
    "torch.empty({s}, dtype={d}).t().normal_() if {rank} < 3 else torch.randn({s})", "torch.randn({s}, dtype=torch.complex64)",
    "nn.init.trunc_normal_(torch.empty({s}, dtype={d})) * 1", "nn.init.xavier_uniform_(torch.empty({s}, 2, dtype={d}))",
    "torch.poisson(torch.full(({s},), 3.0, dtype={d}))", "torch.randn_like(torch.ones({s}, dtype={d}).transpose(0, -1))",
    "F.feature_alpha_dropout(torch.ones({s}, 2, dtype={d}), 0.5)", "F.dropout1d(torch.ones(2, 3, {n}), 0.5)",
    "torch.empty({s}, dtype=torch.int64).random_(0, 9)", "torch.empty({s}, dtype={d}).random_(0, 9)",
]  # fmt: skip


def draws(r: random.Random) -> list[str]:
    """Several draws, one after the other, from one generator: each begins where the last one ended."""
    w = Writer(r)
    w.line(f"_ = torch.manual_seed({r.randrange(1000)})")
    around = [1, 7, 8, 15, 16, 17, 31, 33, 100, 624, 625] + ([] if tiny() else [LARGE - 1, LARGE, LARGE + 1, LARGE + 15, 2 * LARGE, 40_003])
    for i in range(r.randint(1, 5)):
        n = r.choice(around)
        shape = r.choice([(n,), (n,), (1, n), (n, 1), (max(1, n // 3), 3), (2, max(1, n // 2))])
        dtype = r.choice(("torch.float32", "torch.float32", "torch.float64", "torch.float16", "torch.bfloat16"))
        text = r.choice(_DRAWS).format(s=", ".join(map(str, shape)), d=dtype, n=n, m=min(n, 1000), rank=len(shape))
        w.line(f"x{i} = {text}")
        if r.random() < 0.2:
            w.line(r.choice(("_state = torch.get_rng_state(); y = torch.rand(3); torch.set_rng_state(_state)", "y = torch.randn(1)")))
    if r.random() < 0.3:
        n = r.choice(around)
        w.line(f"_ = torch.manual_seed({r.randrange(1000)})")
        w.line(f"x = data(1, {n}, grad=True)")
        w.line("y = F.dropout(x, 0.4) * 2")
        w.line("y.sum().backward()")
    return w.lines

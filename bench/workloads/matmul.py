"""Matrix products and both gradients."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import prod
from typing import Any

from bench.registry import group, workload
from bench.steps import forward_backward

_MATMUL = group("matmul", "matrix products and their gradients", mean_at_least=1.2)


def _matmul(batch: tuple[int, ...], m: int, k: int, n: int, torch: Any) -> Callable[[], None]:
    a = torch.randn(*batch, m, k, requires_grad=True)
    b = torch.randn(*batch, k, n, requires_grad=True)
    return forward_backward((a, b), torch.matmul, torch.randn(*batch, m, n))


for _sizes in [(64, 784, 512), (512, 512, 512), (1024, 1024, 1024), (3136, 64, 64), (48, 64, 64, 32)]:
    *_batch, _m, _k, _n = _sizes
    workload(
        name="matmul_" + "x".join(map(str, _sizes)),
        title=f"product of {_m} x {_k} and {_k} x {_n}{f', {_batch[0]} at a time' if _batch else ''}, and gradients",
        group=_MATMUL,
        at_least=1.0,
        flops=3 * 2 * prod(_sizes),
    )(partial(_matmul, tuple(_batch), _m, _k, _n))

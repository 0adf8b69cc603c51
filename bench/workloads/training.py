"""Training: whole steps of models, the optimizer's included."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bench.registry import workload


@workload(at_least=1.5)
def mlp_adam(torch: Any) -> Callable[[], None]:
    """training step of a 2-16-16-1 MLP with Adam, batch 32"""
    nn = torch.nn
    model = nn.Sequential(nn.Linear(2, 16), nn.ReLU(), nn.Linear(16, 16), nn.ReLU(), nn.Linear(16, 1))
    loss_function = nn.MSELoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    inputs = torch.randn(32, 2)
    targets = torch.randn(32, 1)

    def step() -> None:
        optimizer.zero_grad()
        loss_function(model(inputs), targets).backward()
        optimizer.step()

    return step

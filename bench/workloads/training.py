"""Training: whole steps of small models, the optimizer's included."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bench.registry import workload
from bench.steps import training


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


# The gradient of the data is not asked for: the first layer has two products, the others three.
@workload(at_least=1.3, flops=2 * 64 * (2 * 784 * 512 + 3 * 512 * 512 + 3 * 512 * 10))
def mlp_mnist(torch: Any) -> Callable[[], None]:
    """training step of a 784-512-512-10 MLP with momentum, batch 64"""
    nn = torch.nn
    model = nn.Sequential(nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 512), nn.ReLU(), nn.Linear(512, 10))
    return _classification(torch, model, torch.randn(64, 784))


@workload(at_least=1.3, flops=2 * 64 * (2 * 26**2 * 32 * 9 + 3 * (24**2 * 64 * 32 * 9 + 9216 * 128 + 128 * 10)))
def cnn_mnist(torch: Any) -> Callable[[], None]:
    """training step of a CNN for 28 x 28 digits (two convolutions, two linear layers) with momentum, batch 64"""
    nn = torch.nn
    features = nn.Conv2d(1, 32, 3), nn.ReLU(), nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten()
    model = nn.Sequential(*features, nn.Linear(9216, 128), nn.ReLU(), nn.Linear(128, 10))
    return _classification(torch, model, torch.randn(64, 1, 28, 28))


def _classification(torch: Any, model: Any, inputs: Any) -> Callable[[], None]:
    targets = torch.randint(0, 10, (len(inputs),))
    loss_function = torch.nn.CrossEntropyLoss()
    # A rate so small that the weights stay what they were drawn as: each step costs what the first did.
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-5, momentum=0.9)
    return training(model, lambda: loss_function(model(inputs), targets), optimizer)

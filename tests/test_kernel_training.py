"""Whole training steps on arrays large enough for kernels: against PyTorch, and against themselves."""

from __future__ import annotations

import numpy as np
import pytest
import torch as pytorch

import adjoint


def mlp(torch):
    nn = torch.nn
    model = nn.Sequential(nn.Linear(300, 256), nn.ReLU(), nn.Linear(256, 128), nn.GELU(), nn.Linear(128, 10))
    inputs, classes = torch.randn(96, 300), torch.randint(0, 10, (96,))
    return model, lambda: nn.functional.cross_entropy(model(inputs), classes)


def cnn(torch):
    nn = torch.nn
    model = nn.Sequential(
        nn.Conv2d(3, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU(inplace=True), nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, stride=2, padding=1), nn.SiLU(), nn.Conv2d(32, 32, 3, padding=1, groups=32), nn.AvgPool2d(2),
        nn.Flatten(), nn.Linear(32 * 16, 10),
    )  # fmt: skip
    inputs, classes = torch.randn(16, 3, 32, 32), torch.randint(0, 10, (16,))
    return model, lambda: nn.functional.cross_entropy(model(inputs), classes)


def transformer(torch):
    nn, functional = torch.nn, torch.nn.functional

    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.norm, self.norm2 = nn.LayerNorm(64), nn.LayerNorm(64)
            self.qkv, self.out = nn.Linear(64, 192), nn.Linear(64, 64)
            self.up, self.down = nn.Linear(64, 256), nn.Linear(256, 64)

        def forward(self, x):
            b, t, c = x.shape
            q, k, v = (h.view(b, t, 4, 16).transpose(1, 2) for h in self.qkv(self.norm(x)).split(64, 2))
            y = functional.scaled_dot_product_attention(q, k, v, is_causal=True)
            x = x + self.out(y.transpose(1, 2).reshape(b, t, c))
            return x + self.down(functional.gelu(self.up(self.norm2(x))))

    table, model, head = nn.Embedding(65, 64), nn.Sequential(Block(), Block()), nn.Linear(64, 65)
    whole = nn.ModuleList([table, model, head])
    tokens = torch.randint(0, 65, (8, 48))

    def loss():
        return functional.cross_entropy(head(model(table(tokens))).view(-1, 65), tokens.view(-1))

    return whole, loss


MODELS = (mlp, cnn, transformer)
OPTIMIZERS = {"SGD": {"lr": 0.05, "momentum": 0.9, "nesterov": True}, "AdamW": {"lr": 1e-3}}


def train(torch, build, optimizer, steps=4):
    """The losses of some steps, and the parameters after them."""
    torch.manual_seed(0)
    model, loss_of = build(torch)
    stepper = getattr(torch.optim, optimizer)(model.parameters(), **OPTIMIZERS[optimizer])
    losses = []
    for _ in range(steps):
        stepper.zero_grad()
        loss = loss_of()
        loss.backward()
        stepper.step()
        losses.append(loss.item())
    return losses, [p.detach().numpy().copy() for p in model.parameters()]


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("build", MODELS, ids=lambda f: f.__name__)
def test_a_training_run_is_pytorchs_to_rounding(build, optimizer):
    ours, parameters = train(adjoint, build, optimizer)
    theirs, expected = train(pytorch, build, optimizer)
    np.testing.assert_allclose(ours, theirs, rtol=2e-4)
    if optimizer == "SGD":  # Adam divides by gradients that may be rounding alone
        for a, b in zip(parameters, expected):
            np.testing.assert_allclose(a, b, rtol=2e-3, atol=2e-4)


@pytest.mark.parametrize("build", MODELS, ids=lambda f: f.__name__)
def test_a_repeated_run_gives_the_same_bits(build):
    first, second = train(adjoint, build, "AdamW"), train(adjoint, build, "AdamW")
    assert first[0] == second[0]
    assert all((a.view(np.int32) == b.view(np.int32)).all() for a, b in zip(first[1], second[1]))

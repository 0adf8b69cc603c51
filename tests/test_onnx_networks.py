"""Networks that PyTorch's exporter wrote, as modules: PyTorch's outputs, its names of weights, and its gradients."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

pytest.importorskip("onnx")
torch = pytest.importorskip("torch")

import adjoint  # noqa: E402


class Residual(torch.nn.Module):
    """A ResNet's block, with a head."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = torch.nn.Conv2d(3, 4, 3, 2, 1, bias=False)
        self.bn1 = torch.nn.BatchNorm2d(4)
        self.conv2 = torch.nn.Conv2d(4, 4, 3, 1, 1, groups=4)
        self.downsample = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 1, 2), torch.nn.BatchNorm2d(4))
        self.pool = torch.nn.AdaptiveAvgPool2d(1)
        self.fc = torch.nn.Linear(4, 5)

    def forward(self, x: Any) -> Any:
        y = torch.nn.functional.hardswish(self.bn1(self.conv1(x)))
        y = torch.nn.functional.max_pool2d(torch.relu(self.conv2(y) + self.downsample(x)), 3, 2, 1)
        return self.fc(torch.flatten(self.pool(y), 1))


class UNet(torch.nn.Module):
    """Down and up again, with a way across."""

    def __init__(self) -> None:
        super().__init__()
        self.down = torch.nn.Conv2d(1, 3, 3, padding=1)
        self.inner = torch.nn.Conv2d(3, 4, 3, padding=1, padding_mode="reflect")
        self.up = torch.nn.ConvTranspose2d(4, 3, 2, 2)
        self.out = torch.nn.Conv2d(6, 2, 1)

    def forward(self, x: Any) -> Any:
        across = torch.nn.functional.silu(self.down(x))
        inner = torch.nn.functional.leaky_relu(self.inner(torch.nn.functional.avg_pool2d(across, 2)))
        up = torch.nn.functional.interpolate(self.up(inner), size=x.shape[2:], mode="bilinear")
        return self.out(torch.cat([up, across], 1))


class Tagger(torch.nn.Module):
    """Words to classes, by an LSTM of both directions and a GRU."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = torch.nn.Embedding(9, 4)
        self.lstm = torch.nn.LSTM(4, 3, 2, bidirectional=True, batch_first=True)
        self.gru = torch.nn.GRU(6, 3, batch_first=True)
        self.head = torch.nn.Linear(3, 2)

    def forward(self, words: Any) -> Any:
        y, _ = self.lstm(self.embedding(words))
        y, last = self.gru(y)
        return torch.log_softmax(self.head(y), -1), last


class Attention(torch.nn.Module):
    """A transformer's layer with causal attention, as GPT-2 has it, and learned places."""

    def __init__(self) -> None:
        super().__init__()
        self.words, self.places = torch.nn.Embedding(9, 8), torch.nn.Embedding(16, 8)
        self.before, self.after = torch.nn.LayerNorm(8), torch.nn.LayerNorm(8)
        self.qkv, self.out = torch.nn.Linear(8, 24), torch.nn.Linear(8, 8)
        self.mlp = torch.nn.Sequential(
            torch.nn.Linear(8, 16), torch.nn.GELU(approximate="tanh"), torch.nn.Linear(16, 8)
        )

    def forward(self, words: Any) -> Any:
        batch, length = words.shape
        x = self.words(words) + self.places(torch.arange(length))
        q, k, v = (t.view(batch, length, 2, 4).transpose(1, 2) for t in self.qkv(self.before(x)).split(8, 2))
        scores = q @ k.transpose(-2, -1) / 2
        mask = torch.tril(torch.ones(length, length, dtype=torch.bool))
        weights = scores.masked_fill(~mask, float("-inf")).softmax(-1)
        x = x + self.out((weights @ v).transpose(1, 2).reshape(batch, length, 8))
        return (x + self.mlp(self.after(x))) @ self.words.weight.t()


def image(batch: int, channels: int, *size: int) -> Callable[[], Any]:
    return lambda: torch.randn(batch, channels, *size)


def words(batch: int, length: int) -> Callable[[], Any]:
    return lambda: torch.randint(0, 9, (batch, length))


NETWORKS = {
    Residual: (image(2, 3, 8, 8), image(3, 3, 8, 8), [0]),
    UNet: (image(2, 1, 8, 8), image(1, 1, 12, 16), [0, 2, 3]),
    Tagger: (words(2, 5), words(3, 4), [0, 1]),
    Attention: (words(2, 5), words(3, 7), [0, 1]),
}


@pytest.mark.parametrize("kind", NETWORKS)
@pytest.mark.parametrize("folded", [True, False], ids=["folded", "as-it-is"])
def test_a_network_of_pytorchs_exporter(kind: Any, folded: bool) -> None:
    torch.manual_seed(0)
    first, other, dynamic = NETWORKS[kind]
    network = kind().eval()
    for tensor in network.state_dict().values():  # the exporter writes equal weights once
        if tensor.is_floating_point():
            tensor.add_(0.1 * torch.rand_like(tensor))
    file = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            network, (first(),), file, dynamo=False, input_names=["x"], opset_version=17, do_constant_folding=folded,
            dynamic_axes={"x": {d: f"d{d}" for d in dynamic}}, keep_initializers_as_inputs=False,
            training=torch.onnx.TrainingMode.EVAL if folded else torch.onnx.TrainingMode.PRESERVE,
        )  # fmt: skip
    loaded = adjoint.onnx.load(file.getvalue())
    assert not loaded.training
    for make in (first, other):
        x = make()
        expected, found = network(x), loaded(adjoint.as_tensor(x.numpy()))
        for f, e in zip(*((v if isinstance(v, tuple) else (v,)) for v in (found, expected)), strict=True):
            np.testing.assert_allclose(f.detach().numpy(), e.detach().numpy(), rtol=1e-4, atol=1e-5)
    parameters = dict(loaded.named_parameters())
    same = {
        name: p
        for name, p in network.named_parameters()
        if name in parameters and tuple(parameters[name].shape) == tuple(p.shape)
    }
    assert len(same) >= 4 or kind is Tagger
    _sum(expected).backward()
    _sum(found).backward()
    for name, parameter in same.items():
        # Where the exporter multiplied batch normalizations into convolutions, or wrote a weight's transpose beside it
        elsewhere = folded and (kind is Residual or name == "words.weight")
        if parameter.grad is not None and not elsewhere:
            np.testing.assert_allclose(
                parameters[name].grad.numpy(), parameter.grad.numpy(), rtol=1e-3, atol=1e-4, err_msg=name
            )


def _sum(found: Any) -> Any:
    return sum(value.square().sum() for value in (found if isinstance(found, tuple) else (found,)))

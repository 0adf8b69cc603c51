"""Whole networks exported to ONNX with sizes that vary, run by onnxruntime and read back by ``adjoint.onnx.load``: many minutes.

``PYTHONPATH=. python tests/sweeps/onnx_export.py [NAME ...]`` takes the networks whose names contain one of the names, and the
modules of ``torch.nn`` for ``modules``.  BERT and GPT-2 are there where transformers is installed.
"""

from __future__ import annotations

import sys
import time
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import onnx

import adjoint as torch
from adjoint import compat, nn
from adjoint.onnx.inputs import outputs_of
from tests.onnx_export_modules import CASES

Network = tuple[
    str, Callable[[], Any], tuple[Any, ...], dict[str, Any], Any
]  # name, how it is made, arguments, what varies


class Block(nn.Module):
    """Two convolutions."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(inputs, outputs, 3, padding=1),
            nn.BatchNorm2d(outputs),
            nn.ReLU(inplace=True),
            nn.Conv2d(outputs, outputs, 3, padding=1),
        )

    def forward(self, x: Any) -> Any:
        return self.layers(x)


class UNet(nn.Module):
    """Down, up again by a transposed convolution and a resize, and what was on the way beside it."""

    def __init__(self) -> None:
        super().__init__()
        self.down, self.bottom, self.up = Block(3, 4), Block(4, 8), nn.ConvTranspose2d(8, 4, 2, 2)
        self.joined, self.out = Block(8, 4), nn.Conv2d(4, 2, 1)

    def forward(self, x: Any) -> Any:
        beside = self.down(x)
        below = self.up(self.bottom(nn.functional.max_pool2d(beside, 2)))
        below = nn.functional.interpolate(below, size=beside.shape[2:], mode="bilinear", align_corners=False)
        return self.out(self.joined(torch.cat([beside, below], 1)))


def networks() -> Iterator[Network]:
    """All of them."""
    x, steps = torch.rand(2, 3, 64, 64), torch.rand(2, 5, 16)
    yield (
        "transformer",
        lambda: nn.Transformer(16, 2, 2, 2, 32, batch_first=True),
        (steps, steps[:, :4]),
        {},
        ({0: "b", 1: "s"}, {0: "b", 1: "t"}),
    )
    for kind in (nn.LSTM, nn.GRU, nn.RNN):
        yield kind.__name__, lambda kind=kind: kind(16, 8, 2, bidirectional=True), (steps,), {}, ({0: "t", 1: "b"},)
    yield "U-Net", UNet, (x[:1, :, :16, :16],), {}, ({0: "b", 2: "h", 3: "w"},)
    yield from _transformers()
    from adjoint.vision import models

    for name in models.list_models(module=models):
        size = 299 if name.startswith("inception") else 224 if name.startswith(("vit", "swin", "maxvit")) else 64
        options = {"init_weights": False} if name in ("googlenet", "inception_v3") else {}
        yield (
            name,
            lambda name=name, options=options: getattr(models, name)(**options),
            (torch.rand(1, 3, size, size),),
            {},
            ({0: "b"},),
        )


def _transformers() -> Iterator[Network]:
    compat.install()
    try:
        from transformers import BertConfig, BertModel, GPT2Config, GPT2LMHeadModel
    except ImportError:
        return
    ids, kept = torch.arange(14).view(2, 7), torch.ones(2, 7, dtype=torch.int64)
    kept[1, 5:] = 0
    given, varies = (
        {"input_ids": ids, "attention_mask": kept},
        {name: {0: "b", 1: "t"} for name in ("input_ids", "attention_mask")},
    )
    for attention in ("eager", "sdpa"):
        own = {"vocab_size": 50, "attn_implementation": attention}
        bert = BertConfig(hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=37, **own)
        gpt = GPT2Config(n_embd=32, n_layer=2, n_head=4, n_positions=64, use_cache=False, **own)
        yield f"BERT {attention}", lambda bert=bert: BertModel(bert), (), given, varies
        yield f"GPT-2 {attention}", lambda gpt=gpt: GPT2LMHeadModel(gpt), (), given, varies


def compare(name: str, make: Callable[[], Any], args: tuple[Any, ...], kwargs: dict[str, Any], varies: Any) -> str:
    """How far onnxruntime's outputs, and those of the file as a module, are from the network's, by the largest of them."""
    began = time.perf_counter()
    network = make().eval()
    if isinstance(varies, tuple) and len(varies) != len(args):
        varies = None
    program = torch.onnx.export(network, args, kwargs=kwargs, dynamic_shapes=varies)
    onnx.checker.check_model(program.model_proto)
    with torch.no_grad():
        wanted = outputs_of(network(*args, **kwargs))
        found = program(*args, **kwargs)
        again = outputs_of(torch.onnx.load(program.model_proto).eval()(*args, *kwargs.values()))
    far = [max(_distance(a, b) for a, b in zip(each, wanted)) for each in (found, again)]
    if len(found) != len(wanted) or max(far) > 2e-5:
        raise AssertionError(f"far: {far}")
    nodes = len(program.model_proto.graph.node)
    return f"onnxruntime {far[0]:.0e}, loaded {far[1]:.0e}, {nodes} nodes, {time.perf_counter() - began:.1f} s"


def _distance(a: Any, b: Any) -> float:
    assert a.shape == b.shape and a.dtype == b.dtype
    a, b = a.numpy().astype(np.float64), b.numpy().astype(np.float64)
    return float(np.abs(a - b).max(initial=0) / max(1e-3, np.abs(b).max(initial=0)))


def main(wanted: list[str]) -> int:
    """Print a line for each network; how many failed."""
    warnings.simplefilter("ignore")
    failed = 0
    modules: list[Network] = [(f"modules: {name}", case.make, case.args, {}, None) for name, case in CASES.items()]
    for network in (*modules, *networks()):
        if wanted and not any(name.lower() in network[0].lower() for name in wanted):
            continue
        try:
            print(network[0], compare(*network), flush=True)
        except Exception as error:
            failed += 1
            print(network[0], "FAILED:", type(error).__name__, error, flush=True)
    return failed


if __name__ == "__main__":
    sys.exit(min(main(sys.argv[1:]), 1))

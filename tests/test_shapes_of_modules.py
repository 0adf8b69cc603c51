"""Shapes at the edge: batches and channels of size 0, one dimension too many or too few; PyTorch's results and its errors."""

from __future__ import annotations

import subprocess
import sys
import warnings
from typing import Any

import pytest

pytest.importorskip("torch")

import torch

import adjoint

# `o` makes ones, `i` integers of 0.
CALLS = """
F.bilinear(o(2, 3), o(2, 4), o(5, 3, 4), o(5))
F.bilinear(o(2, 6, 3), o(2, 6, 4), o(5, 3, 4), o(5))
F.bilinear(o(2, 3), o(4), o(5, 3, 4))
F.bilinear(o(2, 3), o(3, 4), o(5, 3, 4))
F.bilinear(o(1, 3), o(2, 4), o(5, 3, 4))
F.bilinear(o(2, 2), o(2, 4), o(5, 3, 4))
F.bilinear(o(2, 3), o(2, 3), o(5, 3, 4))
F.bilinear(o(2, 3), o(2, 4), o(5, 3, 4), o(4))
F.bilinear(o(2, 3), o(2, 4), o(5, 3, 4), o(1, 5))
F.bilinear(o(2, 3), o(2, 4), o(5, 3, 4), o())
F.bilinear(o(), o(), o(5, 3, 4))
F.bilinear(o(2, 3), o(2, 4).double(), o(5, 3, 4))
F.multi_margin_loss(o(0, 0), i(0))
F.multi_margin_loss(o(2, 0), i(2))
F.multi_margin_loss(o(0), i(0))
F.multi_margin_loss(o(2, 3, 4), i(2))
F.multi_margin_loss(o(2, 3), i(2), weight=o(2))
F.multi_margin_loss(o(2, 3), o(2))
F.multi_margin_loss(o(), i())
F.multi_margin_loss(o(0, 3), i(0), reduction='none')
F.multilabel_margin_loss(o(2, 0), i(2, 0))
F.multilabel_margin_loss(o(0), i(0))
F.multilabel_margin_loss(o(0), i(10))
nn.utils.get_total_norm([o(2)], 'inf')
nn.utils.get_total_norm([o(2) / 0], 1, error_if_nonfinite=True)
F.multilabel_margin_loss(o(2, 3, 4), i(2, 3, 4))
F.multilabel_margin_loss(o(2, 3), i(2, 3) + 7)
F.multilabel_margin_loss(o(2, 3), o(2, 3))
F.multilabel_margin_loss(o(), i())
F.multilabel_margin_loss(o(0, 3), i(0, 3), reduction='none')
F.batch_norm(o(2, 0), o(3), o(3))
F.batch_norm(o(2, 0), None, None)
F.batch_norm(o(0, 3), o(2), o(3), o(4), o(3))
nn.BatchNorm1d(4)(o(2, 0, 8))
nn.BatchNorm1d(0)(o(0, 8, 3))
nn.BatchNorm2d(4).eval()(o(2, 0, 8, 8))
nn.ConvTranspose1d(4, 2, 3)(o(0, 4, 0))
nn.ConvTranspose2d(4, 2, 3)(o(0, 4, 0, 2))
nn.ConvTranspose2d(4, 2, 3)(o(1, 4, 0, 0))
nn.GRUCell(5, 3)(o(5), o(3, 3))
nn.GRUCell(5, 3)(o(5), o(1, 3))
nn.GRUCell(5, 3)(o(5), o(3))
nn.LSTMCell(5, 3)(o(0, 5))[0]
nn.RNN(5, 3)(o(0, 2, 5))[0]
nn.GRU(5, 3)(o(4, 0, 5))[0]
nn.GroupNorm(2, 4)(o(0, 4, 8))
nn.Unfold(3)(o(0, 2, 8, 8))
F.avg_pool3d(o(8, 8, 8), 2)
F.avg_pool3d(o(8), 2)
F.avg_pool2d(o(8, 8), 2)
F.avg_pool2d(o(1, 1, 8, 8, 8), 2)
F.adaptive_avg_pool2d(o(8, 8), 1)
F.adaptive_avg_pool2d(o(8), 1)
F.adaptive_avg_pool3d(o(8, 8), 1)
F.adaptive_avg_pool2d(o(8, 8), 2)
F.adaptive_avg_pool2d(o(1, 1, 1, 8, 8), 1)
F.adaptive_avg_pool2d(i(1, 8, 8), 1)
F.embedding_bag(o(4, 3), i(3), torch.tensor([0, 2]))
F.embedding(i(3), o(3))
F.embedding(i(3) > 0, o(3, 2))
F.hinge_embedding_loss(i(3) + 2, i(3) + 1, reduction='none')
F.softmin(i(3) > 0, 0, dtype=torch.float32)
F.hardtanh(i(3).byte())
F.linear(i(1, 2, 3) > 0, i(4, 3) > 0, i(4) > 0)
F.fold(o(1, 12, 12), (4, 5), (2, 2), dilation=8)
F.fold(o(1, 12, 12), (6, 6), (2, 2), dilation=20)
F.interpolate(o(1, 1, 4, 4), scale_factor=1e20, mode='bilinear')
F.interpolate(o(1, 1, 4, 4), scale_factor=-1e20)
F.interpolate(o(1, 1, 4, 4), size=(8.0, 8))
F.interpolate(o(1, 1, 4, 4), size=(torch.tensor(8), 8))
torch.mm(i(0, 2) > 0, i(2, 2) > 0)
torch.baddbmm(i(1, 2, 2) > 0, i(1, 2, 2) > 0, i(1, 2, 2) > 0)
""".split("\n")[1:-1]


def outcome(module: Any, call: str) -> tuple[Any, ...]:
    names = {
        "torch": module, "F": module.nn.functional, "nn": module.nn, "o": lambda *shape: module.ones(shape),
        "i": lambda *shape: module.zeros(shape, dtype=module.int64),
    }  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            result = eval(call, names)
        except Exception as error:
            return type(error).__name__, str(error)
    return tuple(result.shape), str(result.dtype), result.requires_grad


@pytest.mark.parametrize("call", CALLS)
def test_shapes_and_errors_are_pytorchs(call: str) -> None:
    assert outcome(adjoint, call) == outcome(torch, call)


def test_a_batch_of_states_beside_one_input_is_an_error_of_lstm_cells_with_which_pytorch_crashes() -> None:
    with pytest.raises(RuntimeError, match="must match the size of tensor b"):
        adjoint.nn.LSTMCell(5, 3)(adjoint.ones(5), (adjoint.ones(3, 3), adjoint.ones(3, 3)))


def test_a_loss_without_examples_is_a_sum_of_none_where_pytorch_leaves_memory_unwritten() -> None:
    x, labels = adjoint.ones(0, 3), adjoint.zeros(0, 3, dtype=adjoint.int64)
    assert adjoint.nn.functional.multilabel_margin_loss(x, labels, reduction="sum").item() == 0
    assert adjoint.nn.functional.multi_margin_loss(x, labels[:, 0], reduction="sum").item() == 0


def test_shrunk_gradients_have_no_negative_zeros() -> None:
    for name in ("softshrink", "hardshrink"):
        found = []
        for module in (adjoint, torch):
            x = module.tensor([-0.3, 0.3, -2.0, float("nan")], requires_grad=True)
            getattr(module.nn.functional, name)(x).backward(-module.ones(4))
            found.append(module.signbit(x.grad).tolist())
        assert found[0] == found[1]


def test_shuffled_channels_of_which_there_are_none_pass_their_gradient() -> None:
    x = adjoint.ones(2, 0, 3, requires_grad=True)
    adjoint.nn.functional.channel_shuffle(x, 2).sum().backward()
    assert x.grad is not None and x.grad.shape == (2, 0, 3)


def test_running_statistics_in_evaluation_have_no_tangents_beside_others() -> None:
    for module in (adjoint, torch):
        forward_ad, norm = module.autograd.forward_ad, module.nn.functional.batch_norm
        with forward_ad.dual_level():
            x, mean = (forward_ad.make_dual(t, module.ones_like(t)) for t in (module.ones(2, 3), module.zeros(3)))
            with pytest.raises(RuntimeError, match="batch_norm is not differentiable wrt running_mean and running_var"):
                norm(x, mean, module.ones(3))
            assert norm(module.ones(2, 3), mean, module.ones(3)).shape == (2, 3)
            assert norm(x, mean, module.ones(3), training=True).shape == (2, 3)


def test_gradients_of_gradients_are_checked_of_inputs_without_elements() -> None:
    x = adjoint.zeros(0, 2, 4, 4, dtype=adjoint.float64, requires_grad=True)
    assert adjoint.autograd.gradgradcheck(lambda x: adjoint.nn.functional.interpolate(x, scale_factor=2), (x,))


def test_batched_gradients_need_no_vmap_before_them() -> None:
    program = """
import adjoint as torch
x = torch.randn(1, 1, 2, 2, 2, dtype=torch.float64, requires_grad=True)
pad = lambda x: torch.nn.functional.pad(x, (1, 1, 1, 1, 1, 1), mode="replicate")
print(torch.autograd.gradgradcheck(pad, (x,), check_batched_grad=True))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120)
    assert done.stdout.strip() == "True", done.stderr

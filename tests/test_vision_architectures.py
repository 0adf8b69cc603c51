"""Transformers of images, segmentation, video and optical flow, beside torchvision's own Python on PyTorch."""

from __future__ import annotations

import warnings
from functools import partial
from typing import Any

import numpy as np
import pytest
import torch

import adjoint
from adjoint import nn
from adjoint.vision import models, ops
from adjoint.vision.models import _utils, weights
from tests.torchvision_files import torchvision


def _said(call: Any) -> list[str]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            call()
        except (ValueError, TypeError) as error:
            return [*(str(w.message) for w in caught), repr(error)]
    return [str(w.message) for w in caught]


def test_intermediate_layers_are_given_by_name() -> None:
    model = models.resnet18(num_classes=2)
    getter = _utils.IntermediateLayerGetter(model, {"layer1": "low", "layer3": 3})  # type: ignore[dict-item]
    found = getter(adjoint.zeros(1, 3, 32, 32))
    assert {name: tuple(value.shape) for name, value in found.items()} == {"low": (1, 64, 8, 8), 3: (1, 256, 2, 2)}
    assert list(getter)[-1] == "layer3" and getter.return_layers == {"layer1": "low", "layer3": 3}
    with pytest.raises(ValueError, match="return_layers are not present in model"):
        _utils.IntermediateLayerGetter(model, {"layer9": "x"})


def test_numbers_of_channels_are_divisible_as_torchvisions() -> None:
    theirs = torchvision("models._utils")._make_divisible
    for v in (1, 3.2, 8, 11.9, 12, 13.5, 22.4, 96 * 1.3, 1000.1):
        for divisor, least in ((8, None), (8, 16), (4, 8), (1, None)):
            assert _utils._make_divisible(v, divisor, least) == theirs(v, divisor, least)


@pytest.mark.parametrize(
    ("args", "kwargs"),
    [
        ((), {}),
        ((), {"pretrained": False}),
        ((), {"pretrained": True, "pretrained_backbone": True}),
        ((), {"pretrained_backbone": False, "weights": None}),
        ((True,), {}),
        ((None, False), {}),
        ((False, True, 3), {}),
        ((), {"weights": "legacy"}),
        ((), {"weights_backbone": True}),
    ],
)
def test_builders_are_called_in_old_ways_with_torchvisions_warnings(
    args: tuple[Any, ...], kwargs: dict[str, Any]
) -> None:
    said, got = [], []
    for legacy, enum in (
        (weights.handle_legacy_interface, models.ResNet18_Weights),
        (torchvision("models._utils").handle_legacy_interface, torchvision("models").ResNet18_Weights),
    ):

        def builder(
            *, weights: Any = None, progress: bool = True, num_classes: Any = None, weights_backbone: Any = None
        ) -> None:
            got.append((repr(weights), progress, num_classes, repr(weights_backbone)))

        first = enum.IMAGENET1K_V1
        wrapped = legacy(
            weights=("pretrained", lambda options, first=first: first), weights_backbone=("pretrained_backbone", first)
        )
        said.append(_said(partial(wrapped(builder), *args, **kwargs)))
    assert said[0] == said[1] and got[0] == got[1]


@pytest.mark.parametrize("mode", ["row", "batch"])
def test_branches_are_left_out_by_the_same_draws(mode: str) -> None:
    theirs = torchvision("ops")
    x = np.random.default_rng(0).standard_normal((6, 2, 3))
    found = []
    for library, layers, same in ((adjoint, ops, adjoint.tensor), (torch, theirs, torch.tensor)):
        library.manual_seed(3)
        found.append(layers.StochasticDepth(0.4, mode)(same(x)).numpy())
    assert (found[0] == found[1]).all()
    assert repr(ops.StochasticDepth(0.4, mode)) == repr(theirs.StochasticDepth(0.4, mode))
    for p, wrong in ((1.5, "row"), (0.5, "rows")):
        errors = [
            _said(partial(f, s(x), p, wrong))
            for f, s in ((ops.stochastic_depth, adjoint.tensor), (theirs.stochastic_depth, torch.tensor))
        ]
        assert errors[0] == errors[1] and errors[0]


def test_truncated_numbers_are_not_drawn_on_meta() -> None:
    x = adjoint.empty(3, 4, device="meta")
    assert nn.init.trunc_normal_(x, mean=9.0) is x

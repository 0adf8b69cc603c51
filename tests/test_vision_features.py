"""What models of images are made of and looked into with: layers, features, and changes of colours."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest

import adjoint
from adjoint import nn
from adjoint.vision import models, ops, transforms
from adjoint.vision.models.feature_extraction import create_feature_extractor, get_graph_node_names
from adjoint.vision.transforms import functional as F

Image = pytest.importorskip("PIL.Image")


def _picture() -> Any:
    return Image.fromarray(np.random.default_rng(0).integers(0, 256, (20, 24, 3), dtype=np.uint8))


@pytest.mark.parametrize(
    ("change", "values"),
    [
        (F.adjust_brightness, (0.0, 0.5, 1.7)),
        (F.adjust_contrast, (0.0, 0.5, 1.7)),
        (F.adjust_saturation, (0.0, 0.5, 1.7)),
        (F.adjust_hue, (-0.3, 0.0, 0.25)),
    ],
)
def test_colours_of_tensors_change_as_pillow_changes_them(change: Any, values: tuple[float, ...]) -> None:
    picture = _picture()
    whole = F.pil_to_tensor(picture)
    for value in values:
        expected = F.pil_to_tensor(change(picture, value)).float()
        for image in (whole, whole.float() / 255, (whole.float() / 255)[None]):
            found = change(image, value).float() * (1 if image.dtype is adjoint.uint8 else 255)
            assert (found - expected).abs().mean() < 2.5, (value, image.dtype)


def test_a_blur_keeps_what_is_flat_and_the_mean() -> None:
    flat = adjoint.full((3, 8, 8), 7, dtype=adjoint.uint8)
    assert adjoint.equal(F.gaussian_blur(flat, 5), flat)
    image = F.pil_to_tensor(_picture())
    blurred = F.gaussian_blur(image, [5, 3], [2.0, 1.0])
    assert blurred.float().std() < image.float().std() and abs(blurred.float().mean() - image.float().mean()) < 3
    assert F.gaussian_blur(_picture(), 3).size == (24, 20)
    for wrong in ((4, None), (3, -1.0), ((3, 3, 3), None)):
        with pytest.raises(ValueError):
            F.gaussian_blur(image, *wrong)


def test_random_changes_are_drawn_from_the_generator() -> None:
    image = F.pil_to_tensor(_picture())
    for change in (
        transforms.ColorJitter(0.4, 0.3, (0.5, 1.5), 0.2),
        transforms.GaussianBlur(5),
        transforms.RandomGrayscale(0.5),
    ):
        adjoint.manual_seed(0)
        first = [change(image) for _ in range(3)]
        adjoint.manual_seed(0)
        assert all(adjoint.equal(a, change(image)) for a in first)
    assert (
        repr(transforms.ColorJitter(0.4, hue=0.2))
        == "ColorJitter(brightness=(0.6, 1.4), contrast=None, saturation=None, hue=(-0.2, 0.2))"
    )
    for wrong in (
        lambda: transforms.ColorJitter(-1),
        lambda: transforms.ColorJitter(hue=0.7),
        lambda: transforms.GaussianBlur(4),
    ):
        with pytest.raises(ValueError):
            wrong()


def test_a_frozen_normalization_is_that_of_an_evaluated_one() -> None:
    adjoint.manual_seed(0)
    trained = nn.BatchNorm2d(3)
    trained(adjoint.randn(4, 3, 5, 5) * 2 + 1)
    frozen = ops.FrozenBatchNorm2d(3)
    frozen.load_state_dict(trained.state_dict())
    x = adjoint.randn(2, 3, 4, 4)
    adjoint.testing.assert_close(frozen(x), trained.eval()(x))
    assert list(frozen.parameters()) == [] and repr(frozen) == "FrozenBatchNorm2d(3, eps=1e-05)"


def test_layers_are_put_together() -> None:
    block = ops.Conv2dNormActivation(3, 4, (3, 5), dilation=2)
    assert tuple(block(adjoint.ones(1, 3, 9, 9)).shape) == (1, 4, 9, 9) and [type(m).__name__ for m in block] == [
        "Conv2d",
        "BatchNorm2d",
        "ReLU",
    ]
    assert block[0].bias is None and ops.Conv2dNormActivation(3, 4, norm_layer=None)[0].bias is not None
    assert [type(m).__name__ for m in ops.MLP(2, [3, 4], nn.LayerNorm)] == [
        "Linear",
        "LayerNorm",
        "ReLU",
        "Dropout",
        "Linear",
        "Dropout",
    ]
    assert tuple(ops.Permute([0, 2, 1])(adjoint.ones(1, 2, 3)).shape) == (1, 3, 2)
    assert tuple(ops.SqueezeExcitation(3, 2)(adjoint.ones(1, 3, 4, 4)).shape) == (1, 3, 4, 4)


def test_features_of_a_model_are_named_and_returned() -> None:
    adjoint.manual_seed(0)
    model = models.resnet18(weights=None).eval()
    names = get_graph_node_names(model)[1]
    assert names[:3] == ["x", "conv1", "bn1"] and names[-3:] == ["avgpool", "flatten", "fc"]
    assert "layer1.0.add" in names and "layer2.0.relu_1" in names
    extractor = create_feature_extractor(model, {"layer2": "middle", "layer3.0.add": "sum"})
    x = adjoint.randn(1, 3, 32, 32)
    found = extractor(x)
    expected = model.layer2(model.layer1(model.maxpool(model.relu(model.bn1(model.conv1(x))))))
    assert list(found) == ["middle", "sum"] and adjoint.equal(found["middle"], expected)
    assert not any(name.startswith("fc") for name, _ in extractor.named_parameters())
    for other in (copy.deepcopy(extractor), pickle.loads(pickle.dumps(extractor))):
        assert adjoint.equal(other(x)["sum"], found["sum"])
    with pytest.raises(ValueError, match="node: 'nothing' is not present in model"):
        create_feature_extractor(model, ["nothing"])
    with pytest.raises(ValueError, match="Either `return_nodes` or"):
        create_feature_extractor(model)


def test_a_model_that_trains_otherwise_has_two_graphs() -> None:
    class Model(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.body, self.extra = nn.Linear(2, 2), nn.Linear(2, 2)

        def forward(self, x: Any) -> Any:
            return self.extra(self.body(x)) if self.training else self.body(x)

    with pytest.warns(UserWarning, match="are a subsequence of those obtained in train mode"):
        names = get_graph_node_names(Model())
    assert names == (["x", "body", "extra"], ["x", "body"])
    extractor = create_feature_extractor(
        Model(), train_return_nodes=["extra"], eval_return_nodes=["body"], suppress_diff_warning=True
    )
    assert list(extractor(adjoint.ones(1, 2))) == ["extra"] and list(extractor.eval()(adjoint.ones(1, 2))) == ["body"]


def test_saved_values_of_nodes_are_tuples_and_tensors_as_users_see_them() -> None:
    x = adjoint.ones(2, requires_grad=True)
    node = adjoint.cat([x, x]).grad_fn
    assert node._saved_tensors_sym_sizes == ((2,), (2,)) and not any("scalar_type" in name for name in dir(node))
    normalized = nn.BatchNorm1d(2)(adjoint.randn(3, 2)).grad_fn
    assert all(hash(getattr(normalized, name)) is not None for name in dir(normalized) if name.startswith("_saved_"))

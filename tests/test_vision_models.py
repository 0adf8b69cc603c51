"""Models of images beside torchvision's: names, weights, shapes, initial values, outputs and gradients."""

from __future__ import annotations

import copy
import importlib
import inspect
import math
import pickle
import warnings
from typing import Any, get_type_hints

import numpy as np
import pytest
import torch

import adjoint
from adjoint.vision import models
from adjoint.vision.models import feature_extraction
from tests.sweeps import vision_classification as sweep
from tests.torchvision_files import torchvision

THEIRS = torchvision("models")
ENUMS = sorted(name for name in models.__all__ if name.endswith("_Weights"))
BUILDERS = models.list_models(models)


def test_names_are_found_where_the_table_says() -> None:
    for module, names in models._MODULES.items():
        found = importlib.import_module(f"adjoint.vision.models.{module}")
        if module not in ("registry", "weights"):
            assert sorted(names.split()) == sorted(n for n in found.__all__ if n[0] != "_"), module
        for name in names.split():
            assert getattr(models, name) is getattr(found, name)


@pytest.mark.parametrize("name", ENUMS)
def test_weights_are_those_that_torchvision_offers(name: str) -> None:
    own, theirs = getattr(models, name), getattr(THEIRS, name)
    assert list(own.__members__) == list(theirs.__members__)
    for key, weights in own.__members__.items():
        assert weights.name == theirs[key].name and weights.url == theirs[key].url
        assert _facts(weights) == _facts(theirs[key])
        assert repr(weights.transforms()) == repr(theirs[key].transforms())
        assert pickle.loads(pickle.dumps(weights)) is copy.deepcopy(weights) is weights


def _facts(weights: Any) -> dict[str, Any]:
    """What is known of weights but for the sentence about them; figures that there are not, as None."""
    facts = {key: value for key, value in weights.meta.items() if key != "_docs"}
    facts["_metrics"] = {
        of: {key: None if math.isnan(value) else value for key, value in figures.items()}
        for of, figures in facts["_metrics"].items()
    }
    return facts


@pytest.mark.parametrize("name", BUILDERS)
def test_builders_are_called_as_torchvisions(name: str) -> None:
    own, theirs = models.get_model_builder(name), THEIRS.get_model_builder(name)
    assert _parameters(own) == _parameters(theirs)
    assert own.__name__ == name and own.__module__.rpartition(".")[0] == models.__name__
    assert models.get_model_weights(own).__name__ == THEIRS.get_model_weights(theirs).__name__
    made = get_type_hints(own)["return"]
    assert _parameters(made) == _parameters(inspect.signature(theirs).return_annotation)


def _parameters(function: Any) -> list[tuple[Any, ...]]:
    def shown(default: Any) -> Any:
        default = getattr(default, "func", default)
        return default.__name__ if callable(default) and default is not inspect.Parameter.empty else default

    return [(p.name, p.kind, shown(p.default)) for p in inspect.signature(function).parameters.values()]


def test_a_model_can_be_registered_and_found() -> None:
    registry = importlib.import_module("adjoint.vision.models._api")

    @registry.register_model()
    def a_model_of_mine(*, weights: models.ResNet18_Weights | None = None) -> None:
        """Nothing."""

    try:
        assert models.get_model_builder("A_model_of_mine") is a_model_of_mine
        assert "a_model_of_mine" in models.list_models(include="a_model*")
        assert "a_model_of_mine" not in models.list_models(module=models)
        with pytest.raises(ValueError, match="An entry is already registered under the name 'a_model_of_mine'"):
            registry.register_model("a_model_of_mine")(a_model_of_mine)
        with pytest.raises(ValueError, match="The method is missing the 'weights' argument"):
            models.get_model_weights(len)
        with pytest.raises(ValueError, match="Make sure the typing info is correct"):
            models.get_model_weights(lambda weights: None)
    finally:
        del registry.BUILTIN_MODELS["a_model_of_mine"]


# One of each kind; `make vision` compares all, and trains them.
KINDS = [
    "alexnet", "densenet121", "efficientnet_b0", "efficientnet_v2_s", "googlenet", "inception_v3", "mnasnet0_5", "mobilenet_v2",
    "mobilenet_v3_large", "mobilenet_v3_small", "regnet_x_400mf", "regnet_y_400mf", "resnext50_32x4d", "shufflenet_v2_x0_5",
    "squeezenet1_0", "squeezenet1_1", "vgg11_bn",
]  # fmt: skip


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.filterwarnings("ignore:The default weight initialization:FutureWarning")
def test_models_have_torchvisions_parameters(name: str) -> None:
    with adjoint.device("meta"):
        own = models.get_model(name, num_classes=7)
    with torch.device("cpu" if name.startswith("regnet") else "meta"):  # it reckons with tensors
        theirs = THEIRS.get_model(name, num_classes=7)
    sweep.same_state(own, theirs, values=False)
    assert str(own) == str(theirs)


SMALL = {
    "SqueezeNet": lambda m: m.SqueezeNet("1_1", 5),
    "DenseNet": lambda m: m.DenseNet(4, (1, 2, 1, 1), 8, 2, 0.1, 5),
    "DenseNet, again in the backward": lambda m: m.DenseNet(4, (1, 2, 1, 1), 8, 2, 0, 5, memory_efficient=True),
    "MobileNetV2": lambda m: m.MobileNetV2(5, 0.25, [[1, 16, 1, 1], [6, 24, 2, 2], [6, 32, 1, 2]]),
    "MobileNetV3": lambda m: m.mobilenet_v3_small(num_classes=5, width_mult=0.25),
    "MobileNetV3, reduced and dilated": lambda m: m.mobilenet_v3_small(num_classes=5, reduced_tail=True, dilated=True),
    "MNASNet": lambda m: m.MNASNet(0.1, 5),
    "ShuffleNetV2": lambda m: m.ShuffleNetV2([1, 2, 1], [8, 16, 16, 16, 32], 5),
    "EfficientNet": lambda m: m.EfficientNet(
        [
            m.efficientnet.FusedMBConvConfig(1, 3, 1, 8, 8, 2),
            m.efficientnet.FusedMBConvConfig(4, 3, 2, 8, 16, 1),
            m.efficientnet.MBConvConfig(4, 5, 2, 16, 24, 2, 1.0, 1.5),
        ],
        0.2, 0.5, 5, last_channel=32,
    ),
    "RegNet": lambda m: m.RegNet(m.regnet.BlockParams.from_init_params(5, 8, 8.0, 2.0, 4, se_ratio=0.25), 5),
}  # fmt: skip


@pytest.mark.parametrize("make", SMALL.values(), ids=SMALL.keys())
def test_from_a_seed_models_begin_and_train_as_torchvisions(make: Any) -> None:
    torch.manual_seed(1)
    theirs = make(THEIRS)
    adjoint.manual_seed(1)
    own = make(models)
    sweep.same_state(own, theirs)
    image = np.random.default_rng(0).standard_normal((sweep.BATCH, 3, 48, 48))
    own, theirs = own.double(), theirs.double()
    output = theirs.eval()(torch.from_numpy(image))
    assert sweep.apart(own.eval()(adjoint.from_numpy(image)), output) < 1e-10
    torch.manual_seed(2)
    loss = sweep.step(torch, theirs.train(), image)
    adjoint.manual_seed(2)
    assert sweep.step(adjoint, own.train(), image) == pytest.approx(loss, rel=1e-10)
    state = theirs.state_dict()
    assert max(sweep.apart(value, state[key], 1e-4) for key, value in own.state_dict().items()) < 1e-8


@pytest.mark.parametrize(
    ("name", "size", "fields"),
    [
        ("googlenet", 64, ("logits", "aux_logits2", "aux_logits1")),
        ("inception_v3", 299, ("logits", "aux_logits")),
    ],
)
def test_auxiliary_classifiers_give_named_tuples_while_a_model_trains(name: str, size: int, fields: Any) -> None:
    images = adjoint.zeros(2, 3, size, size, device="meta")
    with adjoint.device("meta"), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model = models.get_model(name, num_classes=5)
        alone = models.get_model(name, num_classes=5, aux_logits=False, init_weights=True, transform_input=True)
    assert ["The default weight initialization of" in str(w.message) for w in caught] == [True]
    assert caught[0].category is FutureWarning
    outputs = model(images)
    assert outputs._fields == fields and all(output.shape == (2, 5) for output in outputs)
    assert model.eval()(images).shape == alone(images).shape == (2, 5)
    with pytest.raises(ValueError, match="instead of 1"):
        type(model)(init_weights=False, **{"blocks" if name == "googlenet" else "inception_blocks": [None]})


@pytest.mark.parametrize("name", ["googlenet", "inception_v3"])
def test_images_are_transformed_as_torchvision_does(name: str) -> None:
    own = importlib.import_module("adjoint.vision.models.inception").from_minus_one_to_one
    image = np.random.default_rng(0).standard_normal((2, 3, 4, 5)).astype(np.float32)
    with torch.device("meta"):
        theirs = THEIRS.get_model(name, init_weights=False, transform_input=True)
    assert np.array_equal(own(adjoint.from_numpy(image)).numpy(), theirs._transform_input(torch.from_numpy(image)).numpy())


def test_mnasnet_reads_files_of_its_first_version() -> None:
    old = models.MNASNet(0.5, 5)
    with pytest.warns(UserWarning, match="A new version of MNASNet model has been implemented"):
        old._become_version_1()
    state = old.state_dict()
    assert state._metadata[""]["version"] == 1 and state["layers.0.weight"].shape[0] == 32
    model = models.MNASNet(0.5, 5)
    with pytest.warns(UserWarning, match="A new version of MNASNet model has been implemented"):
        model.load_state_dict(state)
    assert model._version == 1 and adjoint.equal(model.layers[0].weight, old.layers[0].weight)
    with pytest.raises(ValueError, match="version should be set to 1 or 2 instead of None"):
        model.load_state_dict(dict(state))


def test_densenets_files_have_the_names_of_old() -> None:
    rename = importlib.import_module("adjoint.vision.models.densenet").with_new_keys
    names = ["denseblock1.denselayer2.norm.1.weight", "norm0.weight", "denseblock1.denselayer2.conv2.weight"]
    assert list(rename(dict.fromkeys(names))) == ["denseblock1.denselayer2.norm1.weight", *names[1:]]


@pytest.mark.parametrize(
    "call",
    [
        lambda m: m.SqueezeNet("2_0"),
        lambda m: m.MobileNetV2(inverted_residual_setting=[]),
        lambda m: m.MobileNetV3([], 8),
        lambda m: m.MobileNetV3([1], 8),
        lambda m: m.EfficientNet([], 0.1),
        lambda m: m.EfficientNet([1], 0.1),
        lambda m: m.MNASNet(0.0),
        lambda m: m.ShuffleNetV2([1], [1]),
        lambda m: m.ShuffleNetV2([1, 1, 1], [1]),
        lambda m: m.shufflenetv2.InvertedResidual(3, 4, 1),
        lambda m: m.shufflenetv2.InvertedResidual(3, 4, 4),
        lambda m: m.mobilenetv2.InvertedResidual(3, 4, 3, 1),
        lambda m: m.mnasnet._InvertedResidual(3, 4, 3, 3, 1),
        lambda m: m.mnasnet._InvertedResidual(3, 4, 4, 1, 1),
        lambda m: m.regnet.BlockParams.from_init_params(3, 7, 1.0, 2.0, 4),
        lambda m: m.resnext50_32x4d(groups=2),
        lambda m: m.regnet_y_128gf(pretrained=True),
        lambda m: m.get_model("nothing"),
        lambda m: m.get_weight("nothing"),
        lambda m: m.get_weight("Nothing_Weights.V1"),
        lambda m: m.get_weight("AlexNet_Weights.V9"),
        lambda m: m.alexnet(weights="IMAGENET1K_V1", num_classes=3),
        lambda m: m.googlenet(weights="IMAGENET1K_V1", aux_logits=False),
        lambda m: m.alexnet(nothing=1),
    ],
)
@pytest.mark.filterwarnings("ignore:The parameter 'pretrained'")
def test_errors_are_torchvisions(call: Any) -> None:
    said = []
    for library in (THEIRS, models):
        with pytest.raises(Exception) as caught:
            call(library)
        said.append((type(caught.value), str(caught.value)))
    assert said[0] == said[1]


@pytest.mark.parametrize("name", ["resnet18", "googlenet", "mobilenet_v3_small", "shufflenet_v2_x0_5"])
def test_features_have_torchvisions_names(name: str) -> None:
    options = {"init_weights": False} if name == "googlenet" else {}
    with adjoint.device("meta"):
        own = models.get_model(name, **options)
    with torch.device("meta"):
        theirs = THEIRS.get_model(name, **options)
    extraction = torchvision("models.feature_extraction")
    names = feature_extraction.get_graph_node_names(own, suppress_diff_warning=True)
    assert names == extraction.get_graph_node_names(theirs, suppress_diff_warning=True)
    features = feature_extraction.create_feature_extractor(own, names[1][-3:-1], suppress_diff_warning=True)
    assert list(features(adjoint.zeros(2, 3, 64, 64, device="meta"))) == names[1][-3:-1]


def test_parts_that_other_models_are_made_of_are_torchvisions() -> None:
    own, theirs = importlib.import_module("adjoint.vision.models.vgg"), torchvision("models.vgg")
    assert own.cfgs == theirs.cfgs
    assert str(own.make_layers(own.cfgs["A"], True)) == str(theirs.make_layers(theirs.cfgs["A"], True))
    own, theirs = importlib.import_module("adjoint.vision.models.mobilenetv3"), torchvision("models.mobilenetv3")
    for arch in ("mobilenet_v3_large", "mobilenet_v3_small"):
        for options in ({}, {"reduced_tail": True, "width_mult": 0.5}, {"dilated": True, "num_classes": 3}):
            (blocks, last), (others, other) = (m._mobilenet_v3_conf(arch, **options) for m in (own, theirs))
            assert last == other and [vars(b) for b in blocks] == [vars(b) for b in others]
    with pytest.raises(ValueError, match="Unsupported model type nothing"):
        own._mobilenet_v3_conf("nothing")
    resnet = importlib.import_module("adjoint.vision.models.resnet")
    model = resnet._resnet(resnet.BasicBlock, [1, 1, 1, 1], None, True, num_classes=3)
    assert model.fc.out_features == 3 and len(model.layer1) == 1

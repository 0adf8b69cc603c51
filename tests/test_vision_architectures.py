"""Transformers of images, segmentation, video and optical flow, beside torchvision's own Python on PyTorch."""

from __future__ import annotations

import importlib
import inspect
import warnings
from functools import partial
from typing import Any

import numpy as np
import pytest
import torch

import adjoint
from adjoint import nn
from adjoint.vision import models, ops
from adjoint.vision.models import _meta, _utils, maxvit, vision_transformer, weights
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


# Builders: their names are those of torchvision's modules.

MODULES = [
    "convnext", "maxvit", "swin_transformer", "vision_transformer", "segmentation.deeplabv3", "segmentation.fcn",
    "segmentation.lraspp", "video.mvit", "video.resnet", "video.s3d", "video.swin_transformer", "optical_flow.raft",
]  # fmt: skip
BUILDERS = [
    (module, name)
    for module in MODULES
    for name, value in sorted(vars(torchvision(f"models.{module}")).items())
    if inspect.isfunction(value) and name in torchvision(f"models.{module}").__all__
]


def _both(module: str) -> tuple[Any, Any]:
    return importlib.import_module(f"adjoint.vision.models.{module}"), torchvision(f"models.{module}")


def _parameters(function: Any) -> list[tuple[str, Any, str]]:
    found = inspect.signature(function).parameters.values()
    return [(p.name, p.kind, repr(p.default).replace("adjoint.", "torch.")) for p in found]


@pytest.mark.parametrize("module", MODULES)
def test_modules_have_torchvisions_names_and_signatures(module: str) -> None:
    ours, theirs = _both(module)
    assert sorted(ours.__all__) == sorted(theirs.__all__)
    for name, value in vars(theirs).items():
        if name[0] != "_" and getattr(value, "__module__", None) == theirs.__name__ and name not in ours.__all__:
            assert hasattr(ours, name), name
        if inspect.isclass(value) and value.__module__ == theirs.__name__ and not name.endswith("_Weights"):
            expected = [p[:2] for p in _parameters(value)]
            assert not expected or [p[:2] for p in _parameters(getattr(ours, name))] == expected, name


@pytest.mark.parametrize(("module", "name"), BUILDERS)
def test_builders_make_torchvisions_parameters(module: str, name: str) -> None:
    ours, theirs = _both(module)
    make, made = getattr(ours, name), []
    assert _parameters(make) == _parameters(getattr(theirs, name))
    for library, build in ((adjoint, make), (torch, getattr(theirs, name))):
        with library.device("meta"):
            made.append(build(**{"weights_backbone": None} if module.startswith("segmentation") else {}))
    states = [{k: (tuple(v.shape), str(v.dtype)) for k, v in model.state_dict().items()} for model in made]
    assert list(states[0].items()) == list(states[1].items())
    assert repr(made[0]) == repr(made[1])
    assert [n for n, _ in made[0].named_parameters()] == [n for n, _ in made[1].named_parameters()]


@pytest.mark.parametrize(("module", "name"), [row for row in BUILDERS if "." in row[0]])
def test_weights_of_tasks_are_those_that_torchvision_offers(module: str, name: str) -> None:
    package = torchvision(f"models.{module.partition('.')[0]}")
    theirs = torchvision("models").get_model_weights(getattr(package, name))
    ours = models.get_model_weights(name)
    assert ours is getattr(importlib.import_module(f"adjoint.vision.models.{module}"), theirs.__name__)
    assert list(ours.__members__) == list(theirs.__members__) and ours.DEFAULT.name == theirs.DEFAULT.name
    assert models.get_weight(f"{ours.__name__}.DEFAULT") is ours.DEFAULT
    for mine, other in zip(ours, theirs):
        facts = [{key: value for key, value in weights.meta.items() if key != "_docs"} for weights in (mine, other)]
        assert mine.url == other.url and facts[0] == facts[1] and mine.meta["_docs"]
        assert repr(mine.transforms()) == repr(other.transforms())


@pytest.mark.parametrize("package", ["optical_flow", "segmentation", "video"])
def test_packages_have_torchvisions_names(package: str) -> None:
    ours, theirs = _both(package)
    public = {n for n, value in vars(theirs).items() if n[0] != "_" and not inspect.ismodule(value)}
    assert public == set(ours.__all__) and public <= set(dir(ours))
    assert models.list_models(ours) == torchvision("models").list_models(theirs)


def test_quantized_models_are_refused_by_name() -> None:
    theirs = torchvision("models.quantization")
    for name in dir(theirs):
        if name[0] != "_" and not inspect.ismodule(getattr(theirs, name)):
            with pytest.raises(
                ImportError, match=rf"Adjoint has no torchvision.models.quantization.{name}, .* there is"
            ):
                getattr(models.quantization, name)
            instead = models.quantization._INSTEAD[name]
            assert hasattr(models, instead)
    with pytest.raises(AttributeError, match="has no attribute 'resnet_'"):
        models.quantization.resnet_


def test_a_backbone_is_loaded_unless_the_whole_is(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def state(self: Any, *args: Any, **kwargs: Any) -> Any:
        asked.append(self)
        raise InterruptedError

    monkeypatch.setattr(models.WeightsEnum, "get_state_dict", state)
    fcn = models.segmentation.fcn_resnet50
    with adjoint.device("meta"):
        for options in ({}, {"weights": "DEFAULT"}, {"weights_backbone": "IMAGENET1K_V2"}):
            with pytest.raises(InterruptedError):
                fcn(**options)
        assert fcn(weights_backbone=None).aux_classifier is None
    of = models.ResNet50_Weights
    assert asked == [of.IMAGENET1K_V1, models.segmentation.FCN_ResNet50_Weights.DEFAULT, of.IMAGENET1K_V2]
    for wrong in ({"num_classes": 3}, {"aux_loss": False}):
        _wrong("segmentation", lambda m, wrong=wrong: m.fcn_resnet50(weights="DEFAULT", **wrong))
    with pytest.raises(NotImplementedError, match="This model does not use auxiliary loss"):
        models.segmentation.lraspp_mobilenet_v3_large(aux_loss=True)


def test_classes_have_torchvisions_names() -> None:
    theirs = {name: value for name, value in vars(torchvision("models._meta")).items() if name.isupper()}
    assert {name: vars(_meta)[name] for name in theirs} == theirs


# What they compute: small ones of every kind.

_STEM = [(8, 3, 2), (16, 3, 4)]
SMALL: dict[str, tuple[str, Any, tuple[int, ...]]] = {
    "convnext": (
        "convnext",
        lambda m: m.ConvNeXt([m.CNBlockConfig(8, 16, 2), m.CNBlockConfig(16, None, 1)], 0.3, num_classes=5),
        (2, 3, 36, 32),
    ),
    "vit": (
        "vision_transformer",
        lambda m: m.VisionTransformer(32, 8, 2, 2, 16, 32, 0.1, 0.2, num_classes=5, representation_size=6),
        (2, 3, 32, 32),
    ),
    "vit with a stem": (
        "vision_transformer",
        lambda m: m.VisionTransformer(32, 8, 1, 2, 16, 32, conv_stem_configs=[m.ConvStemConfig(*c) for c in _STEM]),
        (2, 3, 32, 32),
    ),
    "swin": (
        "swin_transformer",
        lambda m: m.SwinTransformer([4, 4], 8, [2, 2], [2, 4], [3, 4], 2.0, 0.1, 0.2, 0.3, 5),
        (2, 3, 44, 52),
    ),
    "swin v2": (
        "swin_transformer",
        lambda m: m.SwinTransformer(
            [4, 4],
            8,
            [2, 2],
            [2, 4],
            [4, 4],
            num_classes=5,
            block=m.SwinTransformerBlockV2,
            downsample_layer=m.PatchMergingV2,
        ),
        (2, 3, 32, 40),
    ),
    "maxvit": ("maxvit", lambda m: m.MaxVit((32, 32), 8, 2, [8, 16], [1, 2], 4, 0.3, num_classes=5), (2, 3, 32, 32)),
    "fcn": ("segmentation.fcn", lambda m: m.FCN(_features(m.FCN, 8), m.FCNHead(8, 5), m.FCNHead(4, 5)), (2, 3, 20, 24)),
    "deeplab": (
        "segmentation.deeplabv3",
        lambda m: m.DeepLabV3(_features(m.DeepLabV3, 4), m.DeepLabHead(4, 3, (1, 2))),
        (2, 3, 12, 10),
    ),
    "lraspp": (
        "segmentation.lraspp",
        lambda m: m.LRASPP(_features(m.LRASPP, 8, low="0", high="1"), 4, 8, 5, 6),
        (2, 3, 20, 24),
    ),
    "video resnet": (
        "video.resnet",
        lambda m: m.nn.Sequential(
            m.BasicStem(),
            m.BasicBlock(64, 64, m.Conv3DSimple),
            m.BasicBlock(64, 64, m.Conv2Plus1D),
            m.Bottleneck(64, 16, m.Conv3DNoTemporal),
        ),
        (2, 3, 3, 12, 12),
    ),
    "s3d": (
        "video.s3d",
        lambda m: m.nn.Sequential(
            m.TemporalSeparableConv(3, 4, 3, 2, 1, m.nn.BatchNorm3d),
            m.SepInceptionBlock3D(4, 2, 3, 4, 2, 3, 4, m.nn.BatchNorm3d),
        ),
        (2, 3, 4, 12, 12),
    ),
    "video swin": (
        "video.swin_transformer",
        lambda m: m.SwinTransformer3d([2, 4, 4], 8, [2, 2], [2, 4], [3, 2, 3], 2.0, 0.1, 0.2, 0.3, 5),
        (2, 3, 9, 30, 32),
    ),
    "mvit": ("video.mvit", lambda m: _mvit(m, (False, False, False, False)), (2, 3, 4, 32, 48)),
    "mvit v2": ("video.mvit", lambda m: _mvit(m, (True, False, True, True)), (2, 3, 4, 32, 48)),
    "mvit, all added": ("video.mvit", lambda m: _mvit(m, (True, True, False, True)), (2, 3, 4, 32, 48)),
}


def _features(model: Any, channels: int, **names: str) -> Any:
    """A backbone of two convolutions, of torchvision's library or ours, as ``model`` is."""
    ours = model.__module__.startswith("adjoint")
    layers = nn if ours else torch.nn
    getter = (_utils if ours else torchvision("models._utils")).IntermediateLayerGetter
    body = layers.Sequential(layers.Conv2d(3, 4, 3, stride=2), layers.Conv2d(4, channels, 3, stride=2))
    return getter(body, {place: name for name, place in (names or {"aux": "0", "out": "1"}).items()})


def _mvit(m: Any, options: tuple[bool, ...]) -> Any:
    blocks = [
        m.MSBlockConfig(1, 8, 8, [], [3, 3, 3], [], [1, 4, 2]),
        m.MSBlockConfig(2, 8, 16, [3, 3, 3], [3, 3, 3], [1, 2, 2], [1, 2, 2]),
        m.MSBlockConfig(2, 16, 16, [], [], [], []),
    ]
    return m.MViT((32, 48), 4, blocks, *options, num_classes=5, stochastic_depth_prob=0.3, attention_dropout=0.2)


def _step(library: Any, build: Any, inputs: list[Any]) -> dict[str, Any]:
    """What a seeded model of float64 computes before and after a step of training, and its gradients."""
    library.manual_seed(0)
    model = build().double()
    draws = np.random.default_rng(0)  # some begin as zeros, and nothing would reach what is before them
    with library.no_grad():
        for parameter in model.parameters():
            parameter += library.tensor(0.1 * draws.standard_normal(tuple(parameter.shape)))
    xs = [x if isinstance(x, int) else library.tensor(x) for x in inputs]

    def outputs() -> list[Any]:
        found = model(*xs)
        return list(found.values()) if isinstance(found, dict) else found if isinstance(found, list) else [found]

    model.eval()
    with library.no_grad():
        results = {f"before {i}": y.numpy() for i, y in enumerate(outputs())}
    model.train()
    loss = sum((y**2).mean() for y in outputs())
    loss.backward()
    results["loss"] = np.array(loss.item())
    for name, parameter in model.named_parameters():
        if parameter.grad is not None:
            results[name] = parameter.grad.numpy().copy()
    library.optim.SGD(model.parameters(), lr=0.01).step()
    model.eval()
    with library.no_grad():
        results.update({f"after {i}": y.numpy() for i, y in enumerate(outputs())})
    return results


@pytest.mark.parametrize("kind", SMALL)
def test_models_compute_and_learn_as_torchvisions(kind: str) -> None:
    module, build, *shapes = SMALL[kind]
    draws = np.random.default_rng(1)
    inputs = [draws.standard_normal(shape) for shape in shapes]
    ours, theirs = _both(module)
    found = _step(adjoint, partial(build, ours), inputs)
    expected = _step(torch, partial(build, theirs), inputs)
    _same(found, expected)


def _same(found: dict[str, Any], expected: dict[str, Any]) -> None:
    assert list(found) == list(expected)
    largest = max(np.abs(value).max() for value in expected.values())
    for name, value in expected.items():
        assert found[name].shape == value.shape
        assert np.abs(found[name] - value).max() <= 1e-10 * max(np.abs(value).max(), 1e-3 * largest), name


@pytest.mark.parametrize(
    "kind", ["convnext", "vit", "swin", "swin v2", "maxvit", "fcn", "video swin", "mvit", "mvit v2"]
)
def test_models_can_be_traced(kind: str) -> None:
    module, build, shape = SMALL[kind]
    model = build(_both(module)[0]).eval()
    x = adjoint.from_numpy(np.random.default_rng(0).standard_normal(shape).astype(np.float32))
    traced, found = adjoint.fx.symbolic_trace(model)(x), model(x)
    for name in found if isinstance(found, dict) else [None]:
        one, other = (traced, found) if name is None else (traced[name], found[name])
        assert adjoint.equal(one, other)
    names = [str(node) for node in adjoint.fx.symbolic_trace(model).graph.nodes]
    assert any(name.startswith("shifted_window_attention") for name in names) == ("swin" in kind)  # as one node each


@pytest.mark.parametrize("size", ["small", "large"])
def test_flows_are_improved_as_torchvisions(size: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """In float64, which torchvision's places are not."""
    results = []
    draws = np.random.default_rng(2)
    inputs = [draws.standard_normal((1, 3, 32, 40)), draws.standard_normal((1, 3, 32, 40)), 2]
    for library, module in zip((adjoint, torch), _both("optical_flow.raft")):
        monkeypatch.setattr(module, "make_coords_grid", lambda *a, made=module.make_coords_grid: made(*a).double())
        block = module.BottleneckBlock if size == "small" else module.ResidualBlock
        library.set_default_dtype(library.float64)
        try:
            encoder = partial(module.FeatureEncoder, block=block, layers=(8, 8, 8, 8, 12), norm_layer=None)
            kernels = ((3,), (1,)) if size == "small" else (((1, 5), (5, 1)), ((0, 2), (2, 0)))

            def build(module: Any = module, encoder: Any = encoder, kernels: Any = kernels) -> Any:
                correlations = module.CorrBlock(num_levels=2, radius=1)
                layers = (6,) if size == "small" else (6, 5)
                motion = module.MotionEncoder(
                    in_channels_corr=correlations.out_channels, corr_layers=layers, flow_layers=(4, 3), out_channels=8
                )
                state = module.RecurrentBlock(
                    input_size=8 + 7, hidden_size=5, kernel_size=kernels[0], padding=kernels[1]
                )
                update = module.UpdateBlock(
                    motion_encoder=motion,
                    recurrent_block=state,
                    flow_head=module.FlowHead(in_channels=5, hidden_size=4),
                )
                mask = None if size == "small" else module.MaskPredictor(in_channels=5, hidden_size=4)
                return module.RAFT(
                    feature_encoder=encoder(),
                    context_encoder=encoder(),
                    corr_block=correlations,
                    update_block=update,
                    mask_predictor=mask,
                )

            results.append(_step(library, build, inputs))
        finally:
            library.set_default_dtype(library.float32)
    _same(*results)


@pytest.mark.parametrize(
    ("side", "heads", "wrong"), [(32, False, False), (32, True, False), (16, True, False), (32, False, True)]
)
def test_embeddings_of_places_are_resized(side: int, heads: bool, wrong: bool) -> None:
    results: list[Any] = []
    theirs = torchvision("models.vision_transformer")
    for library, module in ((adjoint, vision_transformer), (torch, theirs)):
        library.manual_seed(0)
        state = module.VisionTransformer(16, 4, 1, 2, 4, 8).double().state_dict()
        if wrong:
            state["encoder.pos_embedding"] = state["encoder.pos_embedding"][:, :13]
        try:
            state = module.interpolate_embeddings(side, 4, state, reset_heads=heads)
            results.append({name: value.numpy() for name, value in state.items()})
        except ValueError as error:
            results.append(str(error))
    if wrong:
        assert results[0] == results[1] and "not a perfect square" in results[0]
        return
    assert list(results[0]) == list(results[1])
    assert all(np.allclose(results[0][name], results[1][name], rtol=1e-12, atol=1e-14) for name in results[1])


def test_states_of_before_the_mlp_had_numbers_are_loaded() -> None:
    block = vision_transformer.MLPBlock(2, 3, 0.0)
    old = {
        f"linear_{i + 1}.{kind}": block[3 * i].get_parameter(kind) + 1 for i in range(2) for kind in ("weight", "bias")
    }
    new = vision_transformer.MLPBlock(2, 3, 0.0)
    new.load_state_dict(old)
    assert all(adjoint.equal(a + 1, b) for a, b in zip(block.parameters(), new.parameters()))


def _wrong(module: str, make: Any) -> None:
    said = [_said(partial(make, m)) for m in _both(module)]
    assert said[0] == said[1] and said[0]


def _zeros(module: Any, *shape: int) -> Any:
    return (adjoint if module.__name__.startswith("adjoint") else torch).zeros(*shape)


def test_what_cannot_be_built_is_refused_in_torchvisions_words() -> None:
    _wrong("convnext", lambda m: m.ConvNeXt([]))
    _wrong("convnext", lambda m: m.ConvNeXt([1]))
    _wrong("swin_transformer", lambda m: m.ShiftedWindowAttention(4, [2], [1, 1], 2))
    _wrong("maxvit", lambda m: m.MaxVit((20, 20), 8, 2, [8], [1], 4, 0.3))
    _wrong("maxvit", lambda m: m.RelativePositionalMultiHeadAttention(8, 3, 4))
    _wrong("maxvit", lambda m: m.PartitionAttentionLayer(8, 4, 2, "row", (4, 4), 2, None, None, 0, 0, 0))
    _wrong("vision_transformer", lambda m: m.vit_b_16(weights="IMAGENET1K_V1", image_size=32))
    _wrong("video.mvit", lambda m: m.MViT((32, 32), 4, [], False, False, False, False))
    _wrong("video.mvit", lambda m: m._unsqueeze(_zeros(m, 2), 5, 2))
    _wrong("video.swin_transformer", lambda m: m.ShiftedWindowAttention3d(4, [2, 2], [1, 1], 2))
    _wrong("optical_flow.raft", lambda m: m.FeatureEncoder(layers=(1, 2)))
    _wrong("optical_flow.raft", lambda m: m.MotionEncoder(in_channels_corr=2, flow_layers=(1,)))
    _wrong("optical_flow.raft", lambda m: m.MotionEncoder(in_channels_corr=2, corr_layers=(1, 2, 3)))
    _wrong("optical_flow.raft", lambda m: m.RecurrentBlock(input_size=2, hidden_size=2, kernel_size=(1,)))
    _wrong("optical_flow.raft", lambda m: m.RecurrentBlock(input_size=2, hidden_size=2, kernel_size=(), padding=()))
    small = ((1, 3, 128, 128), (1, 3, 128, 120)), ((1, 3, 130, 128), (1, 3, 130, 128)), ((1, 3, 64, 64), (1, 3, 64, 64))
    for sizes in small:
        _wrong("optical_flow.raft", lambda m, sizes=sizes: m.raft_small()(*[_zeros(m, *size) for size in sizes]))
    for size in ((1, 3, 32, 24), (1, 3, 24, 32)):
        with pytest.raises(AssertionError, match="Wrong image"):
            vision_transformer.VisionTransformer(32, 8, 1, 1, 4, 4)(adjoint.zeros(size))
    with pytest.raises(AssertionError, match="Grid size must be divisible"):
        layer = maxvit.PartitionAttentionLayer(4, 4, 3, "window", (4, 4), 1, nn.GELU, nn.LayerNorm, 0.0, 0.0, 0.0)
        layer(adjoint.zeros(1, 4, 4, 4))

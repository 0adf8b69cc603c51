"""Detectors beside torchvision's: names, weights, losses with their gradients, and what they find."""

from __future__ import annotations

import inspect
import math
import pickle
import warnings
from collections import OrderedDict

import numpy as np
import pytest
import torch as theirs

import adjoint
from adjoint.vision.models import detection
from tests.region_references import with_operators
from tests.torchvision_files import torchvision

THEIRS = torchvision("models.detection")
BUILDERS = sorted(n for n in detection.__all__ if n[0].islower())
BOTH = ((adjoint, detection), (theirs, THEIRS))


def test_every_name_is_there():
    public = {n for n in dir(THEIRS) if n[0] != "_"}
    assert public - set(dir(detection)) <= {n for n in public if inspect.ismodule(getattr(THEIRS, n))}
    for module in ("anchor_utils", "backbone_utils", "image_list", "roi_heads", "rpn", "transform", "generalized_rcnn", "_utils",
                   "faster_rcnn", "mask_rcnn", "keypoint_rcnn", "retinanet", "fcos", "ssd", "ssdlite"):  # fmt: skip
        expected = torchvision(f"models.detection.{module}")
        own = {
            n
            for n, v in vars(expected).items()
            if getattr(v, "__module__", None) == expected.__name__ and n[0] != "_" and "onnx" not in n
        }
        found = __import__(f"adjoint.vision.models.detection.{module}", fromlist=["_"])
        assert own - set(vars(found)) <= {"expand_masks_tracing_scale"}, module
        for name in own & set(vars(found)):
            a, b = (list(inspect.signature(getattr(of, name)).parameters) for of in (found, expected))
            assert a == b or name.endswith("Weights"), name


@pytest.mark.parametrize("name", BUILDERS)
def test_builders_make_torchvisions_models(name):
    made = []
    for library, package in BOTH:
        builder = getattr(package, name)
        made.append(
            [
                (p.name, p.kind, getattr(p.default, "name", p.default))
                for p in inspect.signature(builder).parameters.values()
            ]
        )
        if name[:7] != "ssdlite":  # which runs its backbone to see its channels
            with library.device("meta"):
                model = builder(weights=None, weights_backbone=None, num_classes=7)
            made.append({k: tuple(v.shape) for k, v in model.state_dict().items()})
            made.append([k for k, p in model.named_parameters() if p.requires_grad])
    half = len(made) // 2
    assert made[:half] == made[half:]


@pytest.mark.parametrize("name", sorted(n for n in detection.__all__ if n.endswith("_Weights")))
def test_weights_are_those_that_torchvision_offers(name):
    own, expected = getattr(detection, name), getattr(THEIRS, name)
    assert list(own.__members__) == list(expected.__members__)
    for key, weights in own.__members__.items():
        facts, known = ({k: v for k, v in of.meta.items() if k != "_docs"} for of in (weights, expected[key]))
        assert weights.url == expected[key].url and facts == known
    from adjoint.vision import models

    builder = name.removesuffix("_Weights").lower()
    assert models.get_model_weights(builder) is own and builder in models.list_models(module=detection)


def layers_of(library, size):
    conv = library.nn.Conv2d
    return library.nn.Sequential(conv(3, 8, 3, 4, 1), library.nn.ReLU(), conv(8, size, 3, 2, 1))


def backbone_of(library, levels=1):
    """Features of few channels, of one level or several."""

    class Backbone(library.nn.Module):
        out_channels = 32 if levels == 1 else [32, 6]

        def __init__(self):
            super().__init__()
            self.first = layers_of(library, 32)
            if levels > 1:
                self.second = library.nn.Conv2d(32, 6, 3, 2, 1)

        def forward(self, x):
            x = self.first(x)
            return x if levels == 1 else OrderedDict([("0", x), ("1", self.second(x))])

    return Backbone()


def _rcnn(library, package, kind, **more):
    from importlib import import_module

    root = "adjoint.vision" if library is adjoint else "torchvision"
    pool = import_module(f"{root}.ops").MultiScaleRoIAlign
    pools = {"box_roi_pool": 3} | {f"{n}_roi_pool": 4 for n in more.pop("also", ())}
    anchors = package.anchor_utils.AnchorGenerator(((16, 32),), ((0.5, 1.0, 2.0),))
    if "mask_roi_pool" in pools:
        more |= {
            "mask_head": package.mask_rcnn.MaskRCNNHeads(32, (8, 8), 1),
            "mask_predictor": package.mask_rcnn.MaskRCNNPredictor(8, 6, 4),
        }
    if "keypoint_roi_pool" in pools:
        heads = package.keypoint_rcnn
        more |= {
            "keypoint_head": heads.KeypointRCNNHeads(32, (8, 8)),
            "keypoint_predictor": heads.KeypointRCNNPredictor(8, 3),
        }
    more |= {
        "box_head": package.faster_rcnn.TwoMLPHead(32 * 9, 16),
        "box_predictor": package.faster_rcnn.FastRCNNPredictor(16, 4),
    }
    few = {f"rpn_{when}_nms_top_n_{mode}": 30 for when in ("pre", "post") for mode in ("train", "test")}
    return getattr(package, kind)(
        backbone_of(library), rpn_anchor_generator=anchors, min_size=(48, 64), max_size=90, box_batch_size_per_image=12,
        box_score_thresh=0.0, rpn_batch_size_per_image=24, box_detections_per_img=6, **few, **more,
        **{name: pool(["0"], size, 2) for name, size in pools.items()},
    )  # fmt: skip


def _of_one_level(library, package, kind, ratios, **more):
    anchors = package.anchor_utils.AnchorGenerator(((16,),), (ratios,))
    return getattr(package, kind)(
        backbone_of(library), 4, anchor_generator=anchors, min_size=64, max_size=90, score_thresh=0.0, topk_candidates=20,
        detections_per_img=6, **more,
    )  # fmt: skip


def _ssd(library, package):
    boxes = package.anchor_utils.DefaultBoxGenerator([[2], [2, 3]], scales=[0.2, 0.4, 0.8])
    return package.ssd.SSD(
        backbone_of(library, 2), boxes, (64, 48), 4, score_thresh=0.0, topk_candidates=20, detections_per_img=6
    )


DETECTORS = {
    "FasterRCNN": lambda *of: _rcnn(*of, "FasterRCNN"),
    "MaskRCNN": lambda *of: _rcnn(*of, "MaskRCNN", also=["mask"]),
    "KeypointRCNN": lambda *of: _rcnn(*of, "KeypointRCNN", also=["keypoint"]),
    "RetinaNet": lambda *of: _of_one_level(*of, "RetinaNet", (0.5, 1.0)),
    "FCOS": lambda *of: _of_one_level(*of, "FCOS", (1.0,)),
    "SSD": _ssd,
}


def scene(library):
    r = np.random.default_rng(3)
    images, targets = [], []
    for height, width, count in ((50, 60, 2), (64, 44, 3)):
        images.append(library.from_numpy(r.random((3, height, width))))
        corner = r.random((count, 2)) * 20
        boxes = np.concatenate([corner, corner + 8 + r.random((count, 2)) * 15], 1)
        masks, points = np.zeros((count, height, width), np.uint8), np.ones((count, 3, 3), np.float32)
        for mask, own, (x1, y1, x2, y2) in zip(masks, points, boxes):
            mask[int(y1) : int(y2), int(x1) : int(x2)] = 1
            own[:, :2] = r.uniform((x1, y1), (x2, y2), (3, 2))
        points[0, 0, 2] = 0
        target = {"boxes": boxes, "labels": r.integers(1, 4, count), "masks": masks, "keypoints": points}
        targets.append({k: library.from_numpy(v) for k, v in target.items()})
    targets.append({k: v[:0] for k, v in targets[0].items()})  # without objects
    images.append(images[0].flip(2))
    return images, targets


@pytest.mark.parametrize("name", DETECTORS)
def test_losses_gradients_and_detections_are_torchvisions(name):
    with_operators()
    found = []
    for library, package in BOTH:
        library.manual_seed(0)
        model = DETECTORS[name](library, package).double()
        images, targets = scene(library)
        library.manual_seed(1)
        losses = model(images, targets)
        sum(losses.values()).backward()
        values = {k: v.detach().numpy() for k, v in losses.items()}
        values |= {k: p.grad.numpy() for k, p in model.named_parameters() if p.grad is not None}
        with library.no_grad():
            for i, one in enumerate(model.eval()(images)):
                values |= {f"{i} {k}": v.numpy() for k, v in one.items()}
        found.append(values)
        shown = repr(model.transform)
        found.append(shown)
    assert found[1] == found[3] and list(found[0]) == list(found[2])
    largest = max(np.abs(v).max() for k, v in found[2].items() if "." in k)
    for key, expected in found[2].items():
        assert found[0][key].dtype == expected.dtype and found[0][key].shape == expected.shape, key
        assert np.allclose(found[0][key], expected, rtol=1e-6, atol=1e-8 * largest if "." in key else 1e-9), key


def test_what_is_no_input_is_refused_as_by_torchvision():
    def errors(library, package):
        model = _rcnn(library, package, "FasterRCNN")
        images, targets = scene(library)
        bad = dict(targets[0], boxes=targets[0]["boxes"].flip(1))
        double = [image.float() for image in images]
        cases = [
            lambda: model(double), lambda: model(double, [{"boxes": [1]}]),
            lambda: model(double, [{"boxes": library.ones(3)}] * 3), lambda: model(double, [bad] * 3),
            lambda: model([library.ones(3, 4, 4).int()], targets[:1]), lambda: model([library.ones(1, 3, 4, 4)], targets[:1]),
            lambda: package.FasterRCNN(library.nn.Identity(), 3), lambda: package.FasterRCNN(backbone_of(library)),
            lambda: package.FasterRCNN(backbone_of(library), 3, rpn_anchor_generator=1),
            lambda: package.FasterRCNN(backbone_of(library), 3, box_roi_pool=1),
            lambda: package.fasterrcnn_resnet50_fpn(weights="COCO_V1", num_classes=3),
            lambda: package.backbone_utils._resnet_fpn_extractor(None, 6), lambda: package._utils.Matcher(0.2, 0.3),
            lambda: package._utils.Matcher(0.3, 0.2)(library.ones(0, 3)),
            lambda: package._utils.Matcher(0.3, 0.2)(library.ones(3, 0)),
        ]  # fmt: skip
        for case in cases:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                with pytest.raises(Exception) as raised:
                    case()
            text = str(raised.value).replace("adjoint.vision.models", "torchvision.models").replace("adjoint", "torch")
            yield type(raised.value).__name__, text.partition(" Found invalid box")[0]

    for ours, expected in zip(errors(*BOTH[0]), errors(*BOTH[1])):
        assert ours == expected


def test_masks_and_points_go_to_images_and_back_as_in_torchvision():
    r = np.random.default_rng(0)
    arrays = (
        r.random((3, 1, 7, 7)),
        np.array([[2, 3, 11, 9], [-4, -2, 6, 30], [10, 10, 10.5, 10.2]]),
        r.random((3, 2, 8, 8)) * 4,
    )
    found = []
    for library, package in BOTH:
        masks, boxes, maps = (library.from_numpy(a) for a in arrays)
        heads = package.roi_heads
        points, heat = heads.heatmaps_to_keypoints(maps, boxes)
        at, valid = heads.keypoints_to_heatmap(points.double(), boxes, 8)
        pasted = heads.paste_masks_in_image(masks, boxes, (20, 16))
        found.append([v.numpy() for v in (points, heat, at, valid, pasted, heads.expand_boxes(boxes, 1.2))])
    for ours, expected in zip(*found):
        assert ours.dtype == expected.dtype and np.allclose(ours, expected, atol=1e-6)


def test_anchors_and_coded_boxes_are_torchvisions():
    r = np.random.default_rng(0)
    corner = r.random((6, 2)) * 9
    arrays = (
        np.concatenate([corner, corner + 1 + r.random((6, 2)) * 9], 1),
        np.concatenate([corner, corner + 2], 1),
        r.standard_normal((6, 4)),
    )
    found = []
    for library, package in BOTH:
        own, others, codes = (library.from_numpy(a) for a in arrays)
        tools = package._utils
        images = package.image_list.ImageList(library.ones(2, 3, 40, 56), [(40, 50), (38, 56)])
        maps = [library.ones(2, 1, 10, 14).double(), library.ones(2, 1, 5, 7).double()]
        values = [*package.anchor_utils.AnchorGenerator((8, 16), (0.5, 1.0))(images, maps)]
        for options in ({}, {"steps": [4, 8]}, {"clip": False, "scales": [0.3, 0.6, 1.3]}):
            boxes = package.anchor_utils.DefaultBoxGenerator([[2], [2, 3]], **options)
            values += boxes(images, maps)
            assert "clip" in repr(boxes)
        coder = tools.BoxCoder((10.0, 10.0, 5.0, 5.0))
        values += [
            coder.encode_single(own, others),
            coder.decode_single(codes, others),
            *coder.encode([own[:2], own[2:]], [others[:2], others[2:]]),
        ]
        values += [tools.BoxLinearCoder(size).encode(own, others) for size in (True, False)]
        values += [tools.BoxLinearCoder(size).decode(codes, others) for size in (True, False)]
        values += [
            tools._box_loss(kind, coder, others, own, codes * 0.1)
            for kind in ("l1", "smooth_l1", "ciou", "diou", "giou")
        ]
        found.append([v.numpy() for v in values])
    for ours, expected in zip(*found):
        assert ours.dtype == expected.dtype and np.allclose(ours, expected, rtol=1e-9)


def test_backbones_have_torchvisions_layers_that_are_trained(recwarn):
    for options in ({"trainable_layers": 5}, {"trainable_layers": 0, "returned_layers": [2, 4]}, {}):
        frozen = []
        for library, package in BOTH:
            with library.device("meta"):
                backbone = package.backbone_utils.resnet_fpn_backbone(backbone_name="resnet18", weights=None, **options)
            frozen.append([(k, p.requires_grad, tuple(p.shape)) for k, p in backbone.named_parameters()])
        assert frozen[0] == frozen[1]
    for fpn in (True, False):
        frozen = []
        for library, package in BOTH:
            with library.device("meta"):
                backbone = package.backbone_utils.mobilenet_backbone(
                    backbone_name="mobilenet_v3_large", weights=None, fpn=fpn
                )
            frozen.append([(k, p.requires_grad, tuple(p.shape)) for k, p in backbone.named_parameters()])
        assert frozen[0] == frozen[1]


def test_old_states_are_read():
    """Blocks that were convolutions once, and are sequences that begin with one."""
    head = detection.rpn.RPNHead(4, 2)
    state = {k.replace("conv.0.0.", "conv."): v for k, v in head.state_dict().items()}
    assert not any(detection.rpn.RPNHead(4, 2).load_state_dict(state))
    masks = detection.mask_rcnn.MaskRCNNHeads(4, (3, 2), 1)
    state = {f"mask_fcn{int(k[0]) + 1}.{k.rpartition('.')[2]}": v for k, v in masks.state_dict().items()}
    assert not any(detection.mask_rcnn.MaskRCNNHeads(4, (3, 2), 1).load_state_dict(state))
    tower = detection.retinanet.RetinaNetRegressionHead(4, 2)
    state = {
        (f"conv.{2 * int(k[5])}.{k.rpartition('.')[2]}" if k[:4] == "conv" else k): v
        for k, v in tower.state_dict().items()
    }
    assert not any(detection.retinanet.RetinaNetRegressionHead(4, 2).load_state_dict(state))


def test_a_detector_is_pickled_and_learns():
    adjoint.manual_seed(0)
    model = pickle.loads(pickle.dumps(DETECTORS["FCOS"].__call__(adjoint, detection).head))
    assert math.isclose(model.classification_head.cls_logits.bias[0].item(), -math.log(99), rel_tol=1e-6)

"""Regions of images, deformed convolutions, suppression and the losses of boxes: beside plain loops, and beside torchvision."""

from __future__ import annotations

import inspect
import pickle

import numpy as np
import pytest
import torch as theirs

import adjoint
from adjoint.autograd import gradcheck, gradgradcheck
from adjoint.vision import ops
from tests import region_references as plain
from tests.torchvision_files import torchvision

REGIONS = np.array(
    [
        [0, 0, 0, 9, 9],
        [0, 0, 5, 4, 9],
        [1, 5, 5, 9, 9],
        [1, -3, 2, 2.5, 14],
        [0, 3.3, 3.1, 3.4, 8],
        [1, 30, 30, 40, 40],
        [0, 7, 7, 2, 2],
    ]
)  # whole images, parts, beyond the border, narrow, outside of it, and turned round
POOLINGS = {
    "roi_align": (lambda x, r, n, s: ops.roi_align(x, r, n, s), lambda x, r, n, s: plain.align(x, r, n, s, -1, False)),
    "roi_align of two samples, aligned": (
        lambda x, r, n, s: ops.roi_align(x, r, n, s, 2, True), lambda x, r, n, s: plain.align(x, r, n, s, 2, True)),
    "ps_roi_align": (lambda x, r, n, s: ops.ps_roi_align(x, r, n, s), lambda x, r, n, s: plain.align(x, r, n, s, -1, True, True)),
    "roi_pool": (lambda x, r, n, s: ops.roi_pool(x, r, n, s), plain.pool),
    "ps_roi_pool": (lambda x, r, n, s: ops.ps_roi_pool(x, r, n, s), lambda x, r, n, s: plain.pool(x, r, n, s, True)),
}  # fmt: skip
DTYPES = {np.float64: 1e-12, np.float32: 1e-5, np.float16: 5e-3}


def images(dtype=np.float64, seed=0):
    return np.random.default_rng(seed).standard_normal((2, 12, 10, 11)).astype(dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("scale", [1.0, 0.66])
@pytest.mark.parametrize("name", POOLINGS)
def test_regions_are_pooled_as_loops_pool_them(name, scale, dtype):
    ours, loops = POOLINGS[name]
    x = images(dtype)
    rois = REGIONS.astype(dtype) if dtype != np.float16 else REGIONS[[0, 1, 2, 5]].astype(dtype)
    found = ours(adjoint.from_numpy(x), adjoint.from_numpy(rois), (2, 3), scale)
    assert found.numpy().dtype == dtype and found.is_contiguous()
    expected = loops(x.astype(np.float64), rois.astype(np.float64), (2, 3), scale)
    assert np.allclose(found.numpy(), expected, atol=DTYPES[dtype], rtol=DTYPES[dtype])


@pytest.mark.parametrize("name", POOLINGS)
def test_pooled_regions_have_gradients_of_every_order_and_work_in_batches(name):
    x = adjoint.from_numpy(images()[:, :, :6, :5].copy()).requires_grad_()
    rois = adjoint.from_numpy(REGIONS[[0, 2, 3]])

    def pooled(x):
        return POOLINGS[name][0](x, rois, (2, 3), 0.5)

    assert gradcheck(pooled, (x,), check_forward_ad=True, fast_mode=True)
    assert gradgradcheck(lambda x: pooled(x) ** 2, (x,), fast_mode=True)
    several = adjoint.stack([x, 2 * x, -x]).detach()
    with pytest.warns(UserWarning) if name == "roi_pool" else pytest.MonkeyPatch.context():
        batched = adjoint.vmap(pooled)(several)
    assert adjoint.allclose(batched, adjoint.stack([pooled(each) for each in several]))


@pytest.mark.parametrize("name", POOLINGS)
def test_without_regions_and_without_memory_there_are_shapes(name):
    x = adjoint.from_numpy(images())
    for device in ("cpu", "meta"):
        for count in (0, 4):
            rois = adjoint.zeros(count, 5, dtype=adjoint.float64, device=device)
            found = POOLINGS[name][0](x.detach().to(device).requires_grad_(), rois, (2, 3), 1.0)
            assert found.shape == (count, 2 if name[:2] == "ps" else 12, 2, 3) and found.device.type == device
            found.sum().backward()


def test_regions_in_lists_are_numbered_by_image_and_others_refused():
    x = adjoint.from_numpy(images())
    boxes = adjoint.from_numpy(REGIONS[[0, 2], 1:])
    found = ops.roi_align(x, [boxes[:1], boxes[1:]], 2)
    assert adjoint.equal(found, ops.roi_align(x, adjoint.from_numpy(REGIONS[[0, 2]]), 2))
    for wrong in (boxes, [boxes[:, :3]], 3):
        for pool in (ops.roi_align, ops.roi_pool, ops.ps_roi_align, ops.ps_roi_pool):
            with pytest.raises(AssertionError):
                pool(x, wrong, 2)
    with pytest.raises(RuntimeError, match="input channels must be a multiple of pooling height \\* pooling width"):
        ops.ps_roi_pool(x, [boxes, boxes], 5)
    with pytest.raises(RuntimeError, match="same type as rois"):
        ops.roi_align(x.float(), [boxes, boxes], 2)
    with pytest.raises(IndexError, match="is of image 2"):
        ops.roi_align(x, adjoint.tensor([[2.0, 0, 0, 1, 1]]).double(), 2)


def test_averaged_pixels_give_back_what_they_took():
    """torchvision's backward of ps_roi_pool also gives to the last row and column, which its forward leaves out."""
    x = adjoint.rand(1, 4, 5, 5).requires_grad_()
    ops.ps_roi_pool(x, adjoint.tensor([[0.0, 0, 0, 5, 5]]), 2).sum().backward()
    assert x.grad.sum() == pytest.approx(4) and not x.grad[..., -1].any() and not x.grad[..., -1, :].any()


@pytest.mark.parametrize("scale", [30, 200])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("threshold", [0.2, 0.5, 0.8])
def test_suppression_is_that_of_a_loop(threshold, dtype, scale):
    r = np.random.default_rng(3)
    corners = r.random((700, 2)) * scale
    boxes = np.concatenate([corners, corners + r.random((700, 2)) * 20], 1).astype(dtype)
    boxes[1] = boxes[0]
    boxes[2, 2:] = boxes[2, :2]  # of no area
    scores = np.round(r.random(700), 2).astype(dtype)  # of which many are equal
    kept = ops.nms(adjoint.from_numpy(boxes), adjoint.from_numpy(scores), threshold)
    assert kept.tolist() == plain.nms(boxes, scores, threshold).tolist()
    kinds = adjoint.from_numpy(r.integers(0, 3, 700))
    vanilla, moved = ops.boxes._batched_nms_vanilla, ops.boxes._batched_nms_coordinate_trick
    one, other = (
        way(adjoint.from_numpy(boxes).double(), adjoint.from_numpy(scores).double(), kinds, threshold)
        for way in (vanilla, moved)
    )
    assert sorted(one.tolist()) == sorted(other.tolist())


def test_suppression_of_nothing_and_of_what_are_no_boxes():
    assert ops.nms(adjoint.empty(0, 4), adjoint.empty(0), 0.5).tolist() == []
    assert ops.batched_nms(adjoint.empty(0, 4), adjoint.empty(0), adjoint.empty(0), 0.5).dtype == adjoint.int64
    r = adjoint.rand
    for boxes, scores, text in (
        (r(4), r(3), "boxes should be a 2d tensor, got 1D"), (r(3, 5), r(3), "boxes should have 4 elements in dimension 1, got 5"),
        (r(3, 4), r(3, 2), "scores should be a 1d tensor, got 2D"),
        (r(3, 4), r(4), "boxes and scores should have same number of elements in dimension 0, got 3 and 4"),
    ):  # fmt: skip
        with pytest.raises(RuntimeError, match=text):
            ops.nms(boxes, scores, 0.5)
    with pytest.raises(NotImplementedError, match="\"nms_kernel\" not implemented for 'Half'"):
        ops.nms(r(3, 4).half(), r(3).half(), 0.5)


def deformed(n=2, masked=True):
    r = np.random.default_rng(5)
    x, weight, bias = r.random((n, 6, 5, 4)), r.standard_normal((2, 3, 3, 2)), r.standard_normal(2)
    offset = r.standard_normal((n, 36, 2, 3))
    offset[:, :8] = np.round(offset[:, :8])  # on pixels, too
    mask = r.standard_normal((n, 18, 2, 3)) if masked else None
    return x, offset, weight, bias, mask


@pytest.mark.parametrize("masked", [True, False])
def test_deformed_convolutions_are_those_of_a_loop(masked):
    arrays = deformed(masked=masked)
    options = {"stride": (2, 1), "padding": (1, 0), "dilation": (2, 1)}
    x, offset, weight, bias, mask = (None if a is None else adjoint.from_numpy(a).requires_grad_() for a in arrays)
    found = ops.deform_conv2d(x, offset, weight, bias, mask=mask, **options)
    assert np.allclose(found.detach().numpy(), plain.deform_conv(*arrays, **options), atol=1e-12)
    whole = adjoint.from_numpy(arrays[1] + 0.3)  # away from pixels, where there is a derivative
    inputs = [t for t in (x, whole.requires_grad_(), weight, bias, mask) if t is not None]

    def convolved(x, offset, weight, bias, mask=None):
        return ops.deform_conv2d(x, offset, weight, bias, mask=mask, **options)

    assert gradcheck(convolved, inputs, fast_mode=True)
    assert gradgradcheck(convolved, inputs, fast_mode=True)


def test_a_deformed_convolution_without_offsets_is_a_convolution():
    x, _, weight, bias, _ = (None if a is None else adjoint.from_numpy(a) for a in deformed())
    offset = adjoint.zeros(2, 12, 3, 3, dtype=adjoint.float64)
    found = ops.deform_conv2d(x, offset, weight, bias)
    assert adjoint.allclose(found, adjoint.nn.functional.conv2d(x, weight, bias, groups=2))
    layer = ops.DeformConv2d(6, 2, (3, 2), groups=2).double()
    assert layer(x, offset).shape == (2, 2, 3, 3) and layer(x[:0], offset[:0]).shape == (0, 2, 3, 3)
    for wrong, text in (
        ({"offset": offset[:, :2]}, "the shape of the offset tensor at dimension 1 is not valid"),
        ({"offset": offset, "mask": offset[:, :2]}, r"mask.shape\[1\] is not valid: got: 2 expected: 6"),
        ({"offset": offset[..., :2]}, r"offset output dims: \(3, 2\) - computed output dims: \(3, 3\)"),
    ):
        with pytest.raises(RuntimeError, match=text):
            layer(x, **wrong)


ROTATED = [
    [0, 0, 2, 2, 0],
    [0, 0, 2, 2, 45],
    [1, 0, 2, 2, 0],
    [0, 0, 2, 2, 90],
    [10, 10, 1, 3, 30],
    [0, 0, 0, 1, 0],
    [0.2, -0.5, 3, 1, 17],
]


def test_rotated_boxes_overlap_by_the_area_of_what_they_share():
    boxes = adjoint.tensor(ROTATED)
    found = ops.box_iou(boxes, boxes, fmt="cxcywhr")
    octagon = 8 * (2**0.5 - 1)  # of two squares of area 4
    assert found[0].tolist() == pytest.approx(
        [1, octagon / (8 - octagon), 1 / 3, 1, 0, 0, found[0, 6].item()], abs=1e-5
    )
    assert adjoint.allclose(found, found.T, atol=1e-6) and found[4, 4] == pytest.approx(1)
    inside = np.stack(np.meshgrid(*[np.linspace(-3, 3, 1000)] * 2), -1).reshape(-1, 2)

    def covered(box):
        angle = np.deg2rad(box[4])
        x, y = inside[:, 0] - box[0], inside[:, 1] - box[1]
        along, down = x * np.cos(angle) - y * np.sin(angle), x * np.sin(angle) + y * np.cos(angle)
        return (abs(along) <= box[2] / 2) & (abs(down) <= box[3] / 2)

    a, b = covered(ROTATED[6]), covered(ROTATED[1])
    assert found[6, 1].item() == pytest.approx((a & b).sum() / (a | b).sum(), abs=5e-3)
    for fmt in ("xywhr", "xyxyxyxy"):
        converted = ops.box_convert(boxes[:4], "cxcywhr", fmt)
        assert adjoint.allclose(ops.box_iou(converted, converted, fmt=fmt), found[:4, :4], atol=1e-5)


FORMATS = ("xyxy", "xywh", "cxcywh", "xywhr", "cxcywhr", "xyxyxyxy")


@pytest.mark.parametrize("given", FORMATS)
@pytest.mark.parametrize("wanted", FORMATS)
def test_formats_become_each_other_as_in_torchvision(given, wanted):
    convert = torchvision("ops").box_convert
    boxes = np.random.default_rng(1).uniform(1, 40, (3, 8 if given == "xyxyxyxy" else 5 if "r" in given else 4))
    if (given in FORMATS[:3]) != (wanted in FORMATS[:3]):
        with pytest.raises(NotImplementedError, match=f"given in_fmt {given} and out_fmt {wanted}"):
            ops.box_convert(adjoint.from_numpy(boxes), given, wanted)
        return
    for dtype in (np.float64, np.float32, np.int64):
        ours = ops.box_convert(adjoint.from_numpy(boxes.astype(dtype)), given, wanted)
        expected = convert(theirs.from_numpy(boxes.astype(dtype)), given, wanted)
        assert str(ours.dtype).replace("adjoint", "torch") == str(expected.dtype)
        assert np.allclose(ours.numpy(), expected.numpy(), rtol=1e-5)


def _boxes(seed, n=6):
    r = np.random.default_rng(seed)
    corners = r.random((n, 2)) * 10
    return np.concatenate([corners, corners + 1 + r.random((n, 2)) * 10], 1)


OVERLAPS = ("box_iou", "generalized_box_iou", "distance_box_iou", "complete_box_iou")
LOSSES = ("generalized_box_iou_loss", "distance_box_iou_loss", "complete_box_iou_loss")


@pytest.mark.parametrize("name", (*OVERLAPS, *LOSSES))
def test_overlaps_and_their_losses_have_torchvisions_values_and_gradients(name):
    options = [{}, {"reduction": "mean"}, {"reduction": "sum"}] if name in LOSSES else [{}]
    for option in options:
        found = []
        for library, package in ((adjoint, ops), (theirs, torchvision("ops"))):
            a, b = (library.from_numpy(_boxes(seed)).requires_grad_() for seed in (0, 1))
            value = getattr(package, name)(a, b, **option)
            value.sum().backward()
            found.append([value.detach().numpy(), a.grad.numpy(), b.grad.numpy()])
        for ours, expected in zip(*found):
            assert ours.shape == expected.shape and np.allclose(ours, expected, atol=1e-12)
    if name in LOSSES:
        with pytest.raises(ValueError, match="Invalid Value for arg 'reduction': 'xyz"):
            getattr(ops, name)(adjoint.rand(2, 4), adjoint.rand(2, 4), reduction="xyz")
        assert getattr(ops, name)(adjoint.rand(0, 4), adjoint.rand(0, 4), reduction="mean") == 0
    else:
        batch = adjoint.from_numpy(np.stack([_boxes(0), _boxes(1)]))
        assert adjoint.allclose(getattr(ops, name)(batch, batch)[1], getattr(ops, name)(batch[1], batch[1]))


@pytest.mark.parametrize("alpha", [-1, 0.25, 0.6])
@pytest.mark.parametrize("reduction", ["none", "mean", "sum"])
def test_the_focal_loss_is_torchvisions(alpha, reduction):
    r = np.random.default_rng(2)
    logits, targets = r.standard_normal((4, 3)), (r.random((4, 3)) > 0.5).astype(float)
    found = []
    for library, package in ((adjoint, ops), (theirs, torchvision("ops"))):
        x = library.from_numpy(logits).requires_grad_()
        loss = package.sigmoid_focal_loss(x, library.from_numpy(targets), alpha, 1.5, reduction)
        loss.sum().backward()
        found.append((loss.detach().numpy(), x.grad.numpy()))
    assert all(np.allclose(a, b, atol=1e-12) for a, b in zip(*found))


def test_masks_have_boxes():
    masks = np.zeros((4, 6, 7))
    masks[0, 2:4, 1:6], masks[1, 5, 6], masks[3] = 1, 0.5, -2
    expected = torchvision("ops").masks_to_boxes(theirs.from_numpy(masks))
    assert ops.masks_to_boxes(adjoint.from_numpy(masks)).tolist() == expected.tolist()
    assert ops.masks_to_boxes(adjoint.zeros(0, 3, 3)).shape == (0, 4)


MODULES = {
    "RoIAlign": ((2, 3), 0.5, 2), "RoIPool": (2, 0.5), "PSRoIAlign": (2, 0.5, -1), "PSRoIPool": (2, 0.5),
    "DeformConv2d": (4, 6, 3), "MultiScaleRoIAlign": (["a", "b"], 3, 2), "FeaturePyramidNetwork": ([3, 5], 4),
    "DropBlock2d": (0.3, 3), "DropBlock3d": (0.3, 3), "StochasticDepth": (0.3, "row"), "FrozenBatchNorm2d": (4,),
    "SqueezeExcitation": (4, 2), "MLP": (4, [3, 2]), "Permute": ([1, 0],), "Conv2dNormActivation": (3, 4),
    "Conv3dNormActivation": (3, 4),
}  # fmt: skip


@pytest.mark.parametrize("name", MODULES)
def test_modules_have_torchvisions_signature_text_and_weights(name):
    made = []
    for library, package in ((adjoint, ops), (theirs, torchvision("ops"))):
        library.manual_seed(0)
        made.append(getattr(package, name)(*MODULES[name]))
    assert repr(made[0]) == repr(made[1]) == repr(pickle.loads(pickle.dumps(made[0])))
    states = [{k: v.numpy() for k, v in m.state_dict().items()} for m in made]
    assert list(states[0]) == list(states[1]) and all(np.array_equal(states[0][k], states[1][k]) for k in states[0])


def test_every_name_is_there_with_torchvisions_arguments():
    package = torchvision("ops")
    assert sorted(ops.__all__) == sorted(package.__all__)
    for name in package.__all__:
        ours, expected = (
            [
                (p.name, getattr(p.default, "__name__", p.default))
                for p in inspect.signature(getattr(of, name)).parameters.values()
            ]
            for of in (ops, package)
        )
        assert ours == expected, name


@pytest.mark.parametrize(
    "name, arguments, shape",
    [("DropBlock2d", (0.4, 3), (2, 3, 9, 8)), ("DropBlock3d", (0.4, 3), (1, 2, 5, 6, 7)), ("StochasticDepth", (0.4, "row"), (6, 2)),
     ("StochasticDepth", (0.4, "batch"), (6, 2))],
)  # fmt: skip
def test_what_is_dropped_is_drawn_as_torchvision_draws_it(name, arguments, shape):
    found = []
    for library, package in ((adjoint, ops), (theirs, torchvision("ops"))):
        library.manual_seed(3)
        found.append(getattr(package, name)(*arguments)(library.ones(shape)).numpy())
    assert np.allclose(*found, atol=1e-6) and (found[0] != 1).all()


def test_pyramids_and_regions_of_their_levels_are_torchvisions():
    from tests.region_references import with_operators

    with_operators()
    r = np.random.default_rng(0)
    arrays = {name: r.random((2, c, n, n)) for name, c, n in (("0", 3, 32), ("1", 5, 16), ("2", 4, 8))}
    corners = r.random((2, 5, 2)) * 60
    boxes = np.concatenate([corners, corners + 2 + r.random((2, 5, 2)) * 60], 2)
    found = []
    for library, package in ((adjoint, ops), (theirs, torchvision("ops"))):
        library.manual_seed(0)
        extra = package.feature_pyramid_network.LastLevelP6P7(4, 6)
        pyramid = package.FeaturePyramidNetwork([3, 5, 4], 6, extra).double()
        features = {k: library.from_numpy(v).requires_grad_() for k, v in arrays.items()}
        levels = pyramid(features)
        pool = package.MultiScaleRoIAlign(["0", "1", "2"], 3, 2, canonical_scale=64)
        cells = pool(levels, [library.from_numpy(b) for b in boxes], [(128, 128), (120, 128)])
        (cells**2).sum().backward()
        assert list(levels) == ["0", "1", "2", "p6", "p7"]
        found.append(
            [v.detach().numpy() for v in levels.values()]
            + [cells.detach().numpy()]
            + [f.grad.numpy() for f in features.values()]
        )
    assert all(np.allclose(a, b, atol=1e-10) for a, b in zip(*found))


def test_operators_go_by_torchvisions_names():
    space = adjoint.ops.torchvision
    x, rois = adjoint.from_numpy(images()), adjoint.from_numpy(REGIONS)
    assert adjoint.equal(space.roi_align(x, rois, 1.0, 2, 3, -1, False), ops.roi_align(x, rois, (2, 3)))
    for name, extra in (("roi_pool", ()), ("ps_roi_align", (-1,)), ("ps_roi_pool", ())):
        values, where = getattr(space, name)(x, rois, 1.0, 2, 3, *extra)
        assert adjoint.equal(values, getattr(ops, name)(x, rois, (2, 3))) and where.dtype == adjoint.int32
    assert space.nms(adjoint.rand(2, 4), adjoint.rand(2), 0.5).dtype == adjoint.int64
    assert (
        str(space.nms.default._schema) == "torchvision::nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"
    )


def test_poolings_are_leaves_of_traced_graphs():
    class Pool(adjoint.nn.Module):
        def __init__(self):
            super().__init__()
            self.pool = ops.RoIAlign(2, 1.0, 2)

        def forward(self, x, rois):
            return self.pool(x, rois)

    graph = adjoint.fx.symbolic_trace(Pool()).graph
    assert [node.op for node in graph.nodes] == ["placeholder", "placeholder", "call_function", "output"]

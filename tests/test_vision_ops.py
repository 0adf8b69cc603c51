"""Boxes: the values are torchvision's, recorded, for it is not installed where tests run."""

import pytest

import adjoint as torch
from adjoint.vision import models, ops

A = torch.tensor([[0.0, 0, 4, 4], [2, 2, 6, 6], [10, 10, 12, 13]])
B = torch.tensor([[0.0, 0, 4, 4], [3, 0, 7, 4]])
OVERLAPS = {
    "box_iou": [1.0, 0.142857, 0.142857, 0.230769, 0.0, 0.0],
    "generalized_box_iou": [1.0, 0.142857, -0.079365, 0.097436, -0.858974, -0.811966],
    "distance_box_iou": [1.0, 0.004396, 0.031746, 0.148802, -0.547125, -0.505],
    "complete_box_iou": [1.0, 0.004396, 0.031746, 0.148802, -0.54737, -0.505246],
}


@pytest.mark.parametrize("name", OVERLAPS)
def test_overlaps_are_torchvisions(name):
    assert getattr(ops, name)(A, B).flatten().tolist() == pytest.approx(OVERLAPS[name], abs=1e-6)


@pytest.mark.parametrize("kind", ["xyxy", "xywh", "cxcywh"])
def test_boxes_convert_there_and_back(kind):
    there = ops.box_convert(A, "xyxy", kind)
    assert torch.equal(ops.box_convert(there, kind, "xyxy"), A)
    assert ops.box_area(there, kind).tolist() == [16, 16, 6]
    with pytest.raises(ValueError, match="Unsupported Bounding Box Conversions for given in_fmt xyxy and out_fmt corners"):
        ops.box_convert(A, "xyxy", "corners")


def test_of_overlapping_boxes_the_best_is_kept():
    boxes = torch.tensor([[0.0, 0, 4, 4], [0, 0, 4, 5], [0, 0, 2, 2], [8, 8, 9, 9]])
    scores = torch.tensor([0.5, 0.9, 0.8, 0.1])
    assert ops.nms(boxes, scores, 0.5).tolist() == [1, 2, 3]
    assert ops.nms(boxes, scores, 0.1).tolist() == [1, 3]
    assert ops.batched_nms(boxes, scores, torch.tensor([0, 1, 1, 0]), 0.1).tolist() == [1, 0, 3]
    assert ops.remove_small_boxes(boxes, 2).tolist() == [0, 1, 2]
    assert ops.clip_boxes_to_image(boxes, (3, 2))[0].tolist() == [0, 0, 2, 3]
    assert ops.masks_to_boxes(torch.tensor([[[0, 0, 0], [0, 1, 1]]])).tolist() == [[1, 1, 2, 1]]


def test_vgg_has_torchvisions_parameters_and_takes_gradients(monkeypatch):
    monkeypatch.setattr(torch.nn.init, "kaiming_normal_", lambda tensor, **options: tensor)  # not what is tested
    monkeypatch.setattr(torch.nn.init, "normal_", lambda tensor, *options: tensor)
    model = models.vgg11_bn(num_classes=7)
    assert sum(p.numel() for p in model.parameters()) == 128800519
    assert len(model.state_dict()) == 62 and list(model.state_dict())[-1] == "classifier.6.bias"
    assert models.VGG16_Weights.DEFAULT.meta["num_params"] == 138357544
    layers = models.vgg.make_layers(models.vgg.cfgs["A"])
    assert [type(m).__name__ for m in layers][:4] == ["Conv2d", "ReLU", "MaxPool2d", "Conv2d"]

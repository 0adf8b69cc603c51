"""Every detector beside torchvision's, whole: states from a seed, losses, gradients and what is found, in float64.
torchvision runs on PyTorch with ``nms`` and ``roi_align`` of :mod:`tests.region_references`.  ``python
tests/sweeps/vision.py detection``."""

from __future__ import annotations

import sys
import time
import warnings
from typing import Any

import numpy as np

import adjoint
from adjoint.vision.models import detection
from tests.region_references import with_operators
from tests.torchvision_files import torchvision

DETECTORS = [
    "fasterrcnn_resnet50_fpn", "fasterrcnn_resnet50_fpn_v2", "fasterrcnn_mobilenet_v3_large_fpn",
    "fasterrcnn_mobilenet_v3_large_320_fpn", "maskrcnn_resnet50_fpn", "maskrcnn_resnet50_fpn_v2", "keypointrcnn_resnet50_fpn",
    "retinanet_resnet50_fpn", "retinanet_resnet50_fpn_v2", "fcos_resnet50_fpn", "ssd300_vgg16", "ssdlite320_mobilenet_v3_large",
]  # fmt: skip


def options_of(name: str) -> dict[str, Any]:
    """So few proposals and so small images that it takes seconds."""
    options: dict[str, Any] = {"weights": None, "weights_backbone": None, "num_classes": 5}
    if name[:3] != "ssd":
        options |= {"min_size": 96, "max_size": 160}
    if "rcnn" in name:
        options |= {"box_batch_size_per_image": 16, "rpn_batch_size_per_image": 32, "box_score_thresh": 0.0}
        options |= {f"rpn_{when}_nms_top_n_{mode}": 40 for when in ("pre", "post") for mode in ("train", "test")}
        options |= {"box_detections_per_img": 5, "rpn_score_thresh": 0.0}
    else:
        options |= {"score_thresh": 0.0, "detections_per_img": 8, "topk_candidates": 30}
    return options


def given() -> tuple[list[Any], list[dict[str, Any]]]:
    """Two images, and what is in them."""
    r = np.random.default_rng(0)
    images = [r.random((3, 90, 110)), r.random((3, 120, 84))]
    targets = []
    for image, count in zip(images, (2, 3)):
        height, width = image.shape[1:]
        corner = r.random((count, 2)) * 40
        boxes = np.concatenate([corner, corner + 20 + r.random((count, 2)) * [width - 60, height - 60]], 1)
        masks = np.zeros((count, height, width), np.uint8)
        points = np.ones((count, 17, 3), np.float32)
        for mask, (x1, y1, x2, y2), own in zip(masks, boxes, points):
            mask[int(y1) : int(y2), int(x1) : int(x2)] = 1
            own[:, 0], own[:, 1] = r.uniform(x1, x2, 17), r.uniform(y1, y2, 17)
        points[0, :3, 2] = 0
        targets.append({"boxes": boxes, "labels": r.integers(1, 5, count), "masks": masks, "keypoints": points})
    return images, targets


def results(name: str, library: Any, package: Any) -> dict[str, Any]:
    """The state from a seed, losses and gradients, and what is found."""
    library.manual_seed(0)
    model = getattr(package, name)(**options_of(name))
    state = {key: value.numpy().copy() for key, value in model.state_dict().items()}
    model = model.double()
    images, targets = given()
    tensors = [library.from_numpy(image) for image in images]
    known = [{key: library.from_numpy(value) for key, value in target.items()} for target in targets]
    model.train()
    library.manual_seed(1)
    losses = model(tensors, known)
    sum(losses.values()).backward()
    gradients = {key: p.grad.numpy() for key, p in model.named_parameters() if p.grad is not None}
    model.eval()
    with library.no_grad():
        found = model(tensors)
    return {
        "state": state, "losses": {k: v.detach().numpy() for k, v in losses.items()}, "gradients": gradients,
        "found": {f"{i} {k}": v.numpy() for i, one in enumerate(found) for k, v in one.items()},
    }  # fmt: skip


def compare(name: str) -> str:
    """What differs, at most; "" if nothing does."""
    started = time.perf_counter()
    ours = results(name, adjoint, detection)
    took = time.perf_counter() - started
    import torch

    theirs = results(name, torch, torchvision("models.detection"))
    notes = []
    for part, tolerance in (("state", 0), ("losses", 1e-9), ("gradients", 1e-7), ("found", 1e-6)):
        a, b = ours[part], theirs[part]
        if list(a) != list(b):
            notes.append(f"{part}: names differ: {sorted(set(a) ^ set(b))[:4]}")
            continue
        worst, where = 0.0, ""
        largest = max((float(np.abs(v).max(initial=0)) for v in b.values()), default=0.0)
        for key in a:
            if a[key].shape != b[key].shape or a[key].dtype != b[key].dtype:
                notes.append(f"{part} {key}: {a[key].shape} {a[key].dtype}, {b[key].shape} {b[key].dtype}")
                continue
            scale = max(float(np.abs(b[key]).max(initial=0)), 1e-6 * largest)  # sums that are zero but for rounding
            apart = float(np.abs(a[key].astype(float) - b[key].astype(float)).max(initial=0)) / scale
            if b[key].dtype == np.float32:  # losses of labels, which are float32
                apart = max(apart - 1e-6, 0.0)
            if apart > worst:
                worst, where = apart, key
        if worst > tolerance:
            notes.append(f"{part}: {worst:.1e} at {where}")
    counts = len(ours["state"]), sum(len(v) for k, v in ours["found"].items() if k.endswith("boxes"))
    print(
        f"{name}: {counts[0]} tensors, {counts[1]} found, {took:.1f} s: {'; '.join(notes) or 'as torchvision'}",
        flush=True,
    )
    return "; ".join(notes)


def main() -> int:
    """How many detectors differ."""
    warnings.simplefilter("ignore")
    with_operators()
    chosen = [name for name in sys.argv[2:] if name in DETECTORS] or DETECTORS
    return sum(bool(compare(name)) for name in chosen)

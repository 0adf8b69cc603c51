"""The models of segmentation, videos and optical flow beside torchvision's: names, shapes and initial values from a seed, to the
bit; then in float64, to 1e-10, the outputs and the loss of a training step, and its gradients and parameters to 1e-6 (of
hardsigmoid's derivative PyTorch has no more than 8 digits: its sixth is one of floats).

``python tests/sweeps/vision.py tasks``, and names of models for those alone.  Inputs are small: S3D's last pooling, which needs
224 by 224 places, takes the mean of what there is; the places of RAFT, floats in torchvision, are doubles.
"""

from __future__ import annotations

import gc
import importlib
import sys
import time
from typing import Any

import numpy as np
import torch

import adjoint
from adjoint.vision import models
from tests.sweeps.vision_classification import apart, same_state
from tests.torchvision_files import torchvision

# Of all models whose names begin so: options, and the shapes of the inputs.
CASES: dict[str, tuple[dict[str, Any], list[Any]]] = {
    "lraspp": ({"weights_backbone": None, "num_classes": 4}, [(2, 3, 64, 72)]),
    "fcn": ({"weights_backbone": None, "num_classes": 4, "aux_loss": True}, [(2, 3, 32, 40)]),
    "deeplab": ({"weights_backbone": None, "num_classes": 4, "aux_loss": True}, [(2, 3, 32, 40)]),
    "r3d": ({"num_classes": 7}, [(2, 3, 4, 32, 40)]),
    "mc3": ({"num_classes": 7}, [(2, 3, 4, 32, 40)]),
    "r2plus1d": ({"num_classes": 7}, [(2, 3, 4, 32, 40)]),
    "s3d": ({"num_classes": 7}, [(2, 3, 16, 64, 64)]),
    "swin3d": ({"num_classes": 7}, [(1, 3, 5, 50, 64)]),
    "mvit": ({"num_classes": 7}, [(1, 3, 16, 224, 224)]),
    "raft": ({}, [(1, 3, 128, 136), (1, 3, 128, 136), 2]),
}


def main() -> int:
    """How many models differ."""
    names = [
        name
        for package in ("segmentation", "video", "optical_flow")
        for name in models.list_models(getattr(models, package))
    ]
    failed = 0
    for name in [name for name in sys.argv[2:] if name in names] or names:
        begun = time.perf_counter()
        try:
            said = compare(name)
        except AssertionError as error:
            said, failed = f"DIFFERS: {error}", failed + 1
        print(f"{name:32}{time.perf_counter() - begun:7.1f} s  {said}", flush=True)
        gc.collect()
    return failed


def compare(name: str) -> str:
    """Raises AssertionError where the two differ; returns by how much they do."""
    options, shapes = next(case for beginning, case in CASES.items() if name.startswith(beginning))
    made = []
    for library, there in ((adjoint, models), (torch, torchvision("models"))):
        library.manual_seed(1)
        made.append(there.get_model(name, **options))
    own, theirs = made
    drawn = same_state(own, theirs)
    assert str(own) == str(theirs), "they print differently"
    draws = np.random.default_rng(0)
    inputs = [draws.standard_normal(shape) if isinstance(shape, tuple) else shape for shape in shapes]
    results = [_results(library, model, inputs) for library, model in ((adjoint, own), (torch, theirs))]
    assert list(results[0]) == list(results[1]), "what gets a gradient"
    steep = max(float(value.abs().max()) for key, value in results[1].items() if key.startswith("gradient"))
    worst: dict[str, float] = {}
    for key, value in results[1].items():
        what = key.split()[0]
        exact = what in ("output", "loss")
        worst[what] = max(worst.get(what, 0.0), apart(results[0][key], value, 1e-300 if exact else 1e-6 * steep))
        assert worst[what] < (1e-10 if exact else 1e-6), f"{key} by {worst[what]:.1e}"
    return f"{drawn}; " + ", ".join(f"{what} {difference:.0e}" for what, difference in worst.items())


def _results(library: Any, model: Any, inputs: list[Any]) -> dict[str, Any]:
    """Outputs, the loss of a step of training, gradients, and what the step makes of the state."""
    if type(model).__name__ == "S3D":
        model.avgpool = library.nn.AdaptiveAvgPool3d(1)
    module = importlib.import_module(type(model).__module__)
    coordinates = getattr(module, "make_coords_grid", None)
    if coordinates is not None:
        module.make_coords_grid = lambda *sizes: coordinates(*sizes).double()  # type: ignore[attr-defined]
        library.set_default_dtype(library.float64)
    try:
        model.double().eval()
        xs = [library.from_numpy(x) if isinstance(x, np.ndarray) else x for x in inputs]
        with library.no_grad():
            found = {f"output {i}": y for i, y in enumerate(_parts(model(*xs)))}
        model.train()
        library.manual_seed(2)
        optimizer = library.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
        loss = sum((y**2).mean() for y in _parts(model(*xs)))
        loss.backward()
        found["loss"] = loss
        found.update({f"gradient {key}": p.grad.clone() for key, p in model.named_parameters() if p.grad is not None})
        optimizer.step()
        found.update({f"step {key}": value for key, value in model.state_dict().items()})
    finally:
        if coordinates is not None:
            module.make_coords_grid = coordinates  # type: ignore[attr-defined]
            library.set_default_dtype(library.float32)
    return found


def _parts(outputs: Any) -> list[Any]:
    if isinstance(outputs, dict):
        return list(outputs.values())
    return list(outputs) if isinstance(outputs, (list, tuple)) else [outputs]

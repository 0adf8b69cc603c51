"""Every classification model beside torchvision's: names, shapes and initial values from a seed, bit for bit; then in float64, to
1e-10, the outputs and the loss of a training step, and its gradients and parameters to 1e-6: normalizations over the few values of
small images make more of the last bit, and PyTorch's gradient of a hard sigmoid has a sixth of single precision in it.

``python tests/sweeps/vision.py classification`` compares all; names of models after it, those.
"""

from __future__ import annotations

import gc
import sys
import time
import warnings
from typing import Any

import numpy as np
import torch

import adjoint
from adjoint.vision import models
from tests.torchvision_files import torchvision

THEIRS = torchvision("models")
LARGE = 150_000_000  # parameters, from which on only names and shapes are compared
CLASSES, BATCH = 7, 3


def main() -> int:
    """How many models differ."""
    chosen = [name for name in sys.argv[2:] if name in models.list_models(models)] or models.list_models(models)
    failed = 0
    for name in chosen:
        begun = time.perf_counter()
        try:
            said = compare(name)
        except AssertionError as error:
            said, failed = f"DIFFERS: {error}", failed + 1
        print(f"{name:24}{time.perf_counter() - begun:7.1f} s  {said}", flush=True)
        gc.collect()
    return failed


def compare(name: str) -> str:
    """Raises AssertionError where the two differ; returns by how much they do."""
    weights = models.get_model_weights(name).DEFAULT
    if weights.meta["num_params"] > LARGE:
        with torch.device("cpu" if name.startswith("regnet") else "meta"):  # it reckons with tensors
            theirs = THEIRS.get_model(name)
        with adjoint.device("meta"):
            own = models.get_model(name)
        same_state(own, theirs, values=False)
        return "names and shapes"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.manual_seed(1)
        options = {"num_classes": CLASSES, **({"image_size": 64} if name.startswith("vit_") else {})}
        theirs = THEIRS.get_model(name, **options)
        adjoint.manual_seed(1)
        own = models.get_model(name, **options)
    drawn = same_state(own, theirs)
    assert str(own) == str(theirs), "they print differently"
    size = {"inception_v3": 299, "maxvit_t": 224}.get(name, 64)  # an auxiliary classifier, and windows, need more
    image = np.random.default_rng(0).standard_normal((BATCH, 3, size, size))
    own, theirs = own.double(), theirs.double()
    if name.startswith("vit_"):  # whose last layer begins as zeros, which would hide what is before it
        last = np.random.default_rng(1).standard_normal(tuple(theirs.heads.head.weight.shape))
        theirs.heads.head.weight.data.copy_(torch.from_numpy(last))
        own.heads.head.weight.data.copy_(adjoint.from_numpy(last))
    worst = {}
    worst["output"] = apart(own.eval()(adjoint.from_numpy(image)), theirs.eval()(torch.from_numpy(image)))
    torch.manual_seed(2)
    worst["loss"] = step(torch, theirs.train(), image)
    adjoint.manual_seed(2)
    loss = step(adjoint, own.train(), image)
    worst["loss"] = abs(loss - worst["loss"]) / abs(worst["loss"])
    found = dict(theirs.named_parameters())
    steep = max(float(p.grad.abs().max()) for p in theirs.parameters())
    worst["gradients"] = max(apart(p.grad, found[key].grad, 1e-6 * steep) for key, p in own.named_parameters())
    state = theirs.state_dict()
    worst["step"] = max(apart(value, state[key], 1e-6 * steep) for key, value in own.state_dict().items())
    for what, difference in worst.items():
        assert difference < (1e-6 if what in ("gradients", "step") else 1e-10), f"{what} by {difference:.1e}"
    return f"{drawn}; " + ", ".join(f"{what} {difference:.0e}" for what, difference in worst.items())


def same_state(own: Any, theirs: Any, values: bool = True) -> str:
    """Both have the same parameters and buffers; returns how many of them are drawn equally, to the bit."""
    mine, other = own.state_dict(), theirs.state_dict()
    assert list(mine) == list(other), "names"
    assert [tuple(v.shape) for v in mine.values()] == [tuple(v.shape) for v in other.values()], "shapes"
    assert [str(v.dtype).split(".")[-1] for v in mine.values()] == [str(v.dtype).split(".")[-1] for v in other.values()]
    if not values:
        return ""
    unequal = [key for key in mine if not np.array_equal(mine[key].numpy(), other[key].numpy())]
    assert not unequal, f"initial values of {len(unequal)}: {unequal[:3]}"
    return f"{len(mine)} equal"


def step(library: Any, model: Any, image: np.ndarray) -> float:
    outputs = model(library.from_numpy(image))
    parts = outputs if isinstance(outputs, tuple) else (outputs,)
    labels = library.from_numpy(np.arange(BATCH))
    loss = sum(library.nn.functional.cross_entropy(part, labels) for part in parts)
    optimizer = library.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
    loss.backward()
    optimizer.step()
    return loss.item()


def apart(own: Any, theirs: Any, least: float = 1e-300) -> float:
    """The largest difference, as a share of the largest value, or of ``least``: a gradient that is nothing is rounding."""
    a, b = own.detach().numpy(), theirs.detach().numpy()
    return float(np.abs(a - b).max() / max(np.abs(b).max(), least)) if np.abs(a - b).any() else 0.0

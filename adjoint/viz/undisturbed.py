"""Undisturbed: a model is run to be measured, and afterwards everything is as if it had not been."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np

from adjoint.autograd.grad_mode import enable_grad, inference_mode
from adjoint.interrupts import contextmanager
from adjoint.random import get_rng_state, set_rng_state
from adjoint.tensor import Tensor, version_of


@contextmanager
def undisturbed(model: Any) -> Iterator[None]:
    """Run a module inside, with gradients recorded, and leave no trace of it.

    Restored are: all attributes of the modules, their buffers (the very same tensors: the model sees copies meanwhile),
    what a forward writes into parameters (``Embedding(max_norm=)``), gradients, and the random generators of Adjoint,
    NumPy and Python.  The train or eval mode is the model's own.
    """
    modules = list(model.modules())
    attributes = [(module, dict(module.__dict__)) for module in modules]
    registries = [
        (registry, dict(registry))
        for module in modules
        for registry in (module._buffers, module._parameters, module._modules)
    ]
    parameters = [(p, version_of(p), p._array.copy(), p.grad) for p in model.parameters()]
    ours, pythons = get_rng_state(), random.getstate()
    numpys = np.random.get_state() if "numpy.random" in sys.modules else None
    copies: dict[int, Tensor] = {}
    try:
        for module in modules:
            for name, buffer in module._buffers.items():
                if buffer is not None:
                    module._buffers[name] = copies.setdefault(id(buffer), buffer.detach().clone())
        with inference_mode(False), enable_grad():
            yield
    finally:
        for module, known in attributes:
            module.__dict__.clear()
            module.__dict__.update(known)
        for registry, items in registries:
            registry.clear()
            registry.update(items)
        for parameter, version, array, grad in parameters:
            if version_of(parameter) != version:
                parameter._array[...] = array
            if parameter.grad is not grad:
                parameter.grad = grad
        set_rng_state(ours)
        random.setstate(pythons)
        if numpys is not None:
            np.random.set_state(numpys)

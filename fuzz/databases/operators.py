"""Operators: the entries of PyTorch's operator database, and samples of their calls."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from itertools import islice
from typing import Any

import torch
from torch.testing._internal.common_methods_invocations import op_db

import adjoint

OPERATORS = {f"{o.name}.{o.variant_test_name}".rstrip("."): o for o in op_db}


def sampled(name: str, dtype: str, most: int | None = None) -> Iterator[tuple[int, Any]]:
    """The samples of an operator in a dtype, with their numbers; at most so many, always the same ones."""
    info = OPERATORS[name]
    kind = getattr(torch, dtype)
    if kind not in info.supported_dtypes("cpu"):
        return
    grad = (
        info.supports_autograd
        and kind in info.supported_backward_dtypes("cpu")
        and kind.is_floating_point | kind.is_complex
    )
    torch.manual_seed(1)
    random.seed(1)
    # (not `sample_inputs`, which looks at the whole stack for every sample, for the messages of PyTorch's own tests)
    made = enumerate(info.sample_inputs_func(info, "cpu", kind, grad))
    samples = list(made if most is None else islice(made, 8 * most))  # to make them all takes most of the time
    if most is not None and len(samples) > most:
        samples = sorted(random.Random(name).sample(samples, most), key=lambda pair: pair[0])
    yield from samples


def tensors(value: Any) -> list[Any]:
    """The tensors of either library in a value, in order."""
    if isinstance(value, (torch.Tensor, adjoint.Tensor)):
        return [value]
    if isinstance(value, dict):
        value = value.values()
    elif not isinstance(value, (list, tuple)):
        return []
    return [t for part in value for t in tensors(part)]


def seed(shape: Any, complex: bool, dtype: str, number: int) -> torch.Tensor:
    """A gradient to start from that is not the same everywhere."""
    n = math.prod(shape)
    made = torch.linspace(0.5, 1.5, max(n, 1), dtype=torch.float64)[:n].reshape(tuple(shape)) + 0.25 * number
    kind = getattr(torch, dtype.removeprefix("torch."))
    return (made + 0.5j * made.flip(tuple(range(made.dim())))).to(kind) if complex else made.to(kind)

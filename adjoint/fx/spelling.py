"""Spelling: what code calls the functions that nodes call, which is where PyTorch has them."""

from __future__ import annotations

import builtins
import inspect
from collections.abc import Callable
from types import FunctionType, GenericAlias
from typing import Any

from adjoint.autograd.overriding import name_of
from adjoint.declare.naming import shown
from adjoint.tensor import Tensor

# Where functions of `torch.nn.functional` are shown that PyTorch only passes on: operators written in C++.
_NN = frozenset(
    {
        "avg_pool2d", "avg_pool3d", "elu_", "gelu", "hardtanh_", "leaky_relu_", "linear", "logsigmoid", "one_hot",
        "scaled_dot_product_attention", "softplus", "softshrink",
    }
)  # fmt: skip
_TOP = frozenset(
    {
        "adaptive_avg_pool1d", "avg_pool1d", "bilinear", "celu_", "channel_shuffle", "conv1d", "conv2d", "conv3d", "conv_tbc",
        "conv_transpose1d", "conv_transpose2d", "conv_transpose3d", "cosine_similarity", "hardshrink",
        "native_channel_shuffle", "pairwise_distance", "pdist", "pixel_shuffle", "pixel_unshuffle", "prelu", "relu_", "rrelu_",
        "selu_", "threshold_",
    }
)  # fmt: skip
_RENAMED = {
    "torch._C._nn.logsigmoid": "torch._C._nn.log_sigmoid",
    "torch.nn.functional.threshold": "torch.nn.functional._threshold",
}


def qualified_name(function: Callable[..., Any]) -> str:
    """What code calls a function.

    >>> import adjoint as torch
    >>> from adjoint.fx.spelling import qualified_name
    >>> qualified_name(torch.relu), qualified_name(torch.linalg.det), qualified_name(len)
    ('torch.relu', 'torch._C._linalg.linalg_det', 'len')
    """
    name = function.__name__
    if getattr(builtins, name, None) is function:
        return name
    place = shown(getattr(function, "__module__", None) or "", getattr(function, "__qualname__", name))
    if place is not None and place != "builtins":  # defined in a module of Adjoint's own
        return f"{place}.{name}"
    known = name_of(function)
    if known is not None and not known.startswith("torch.Tensor."):
        place, _, name = known.rpartition(".")
        if place == "torch.nn.functional":
            known = f"torch._C._nn.{name}" if name in _NN else f"torch.{name}" if name in _TOP else known
        elif place in ("torch.linalg", "torch.special", "torch.fft") and isinstance(function, FunctionType):
            part = place.partition(".")[2]
            known = f"torch._C._{part}.{part}_{name}"
    if known is not None:
        return _RENAMED.get(known, known)
    if name == "<lambda>":
        try:
            name = inspect.getsource(function).split("=")[0].strip()
        except Exception as error:
            raise RuntimeError("Unable to represent lambda") from error
    return f"{module_of(function)}.{name}"


def module_of(function: Any) -> str:
    """The module of a function or class, by PyTorch's name."""
    module = getattr(function, "__module__", None)
    if module is None:
        raise RuntimeError(f"cannot find module for {function}")
    return torch_name(module)


def torch_name(module: str) -> str:
    """PyTorch's name of a module: that of Adjoint's where it is one."""
    if module == "adjoint" or module.startswith("adjoint."):
        if module.startswith("adjoint.vision"):
            return "torchvision" + module[len("adjoint.vision") :]
        return "torch" + module[len("adjoint") :]
    return module


def is_from_torch(thing: Any) -> bool:
    """Whether code reaches a thing by the name ``torch``."""
    module = getattr(thing, "__module__", None)
    if module is None:
        return False
    module = torch_name(module)
    return module == "torch" or (
        module.startswith("torch.") and not module.startswith(("torch._dynamo.", "torch._inductor."))
    )


def type_repr(kind: Any) -> str:
    """A type as annotations have it: with its module, unless it is built in."""
    if isinstance(kind, type) and not isinstance(kind, GenericAlias):
        if kind.__module__ == "builtins":
            return kind.__qualname__
        if kind is Tensor:
            return "torch.Tensor"
        return f"{torch_name(kind.__module__)}.{kind.__qualname__}"
    if kind is ...:
        return "..."
    return kind.__name__ if isinstance(kind, FunctionType) else repr(kind)

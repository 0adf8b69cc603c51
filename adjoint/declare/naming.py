"""Naming: a function goes by the name under which users find it; pickles know it by that, in either library."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

_FIRST = ("torch", "nn.functional", "linalg", "special", "fft", "Tensor")


class Root:
    """What the package goes by: its own name, or PyTorch's once :mod:`adjoint.compat` has taken that."""

    name = __name__.partition(".")[0]


def show(function: Any, places: Iterable[str], name: str) -> None:
    """Name a function for the first of the namespaces that it is in; one that is in none keeps its own name."""
    for place in _FIRST:
        if place in places:
            function.__name__ = name
            function.__qualname__ = f"Tensor.{name}" if place == "Tensor" else name
            function.__module__ = Root.name if place in ("torch", "Tensor") else f"{Root.name}.{place}"
            return


def named_in(places: Iterable[str], name: str) -> str:
    """What PyTorch's errors call a function of these namespaces: ``linalg_norm`` what users call ``linalg.norm``."""
    first = next(iter(places), "")
    return f"{first}_{name}" if first in ("linalg", "special", "fft") else name


# Where PyTorch shows what Adjoint keeps elsewhere; a module stands for all classes and functions in it and below it.
_SHOWN = {
    "adjoint.autograd.accumulate.AccumulateGrad": "builtins",
    "adjoint.autograd.anomaly_mode.is_anomaly_check_nan_enabled": "torch",
    "adjoint.autograd.anomaly_mode.is_anomaly_enabled": "torch",
    "adjoint.autograd.backward": "torch.autograd",
    "adjoint.autograd.function._FunctionBase": "torch._C",
    "adjoint.autograd.grad_mode.is_grad_enabled": "torch",
    "adjoint.autograd.grad_mode.is_inference_mode_enabled": "torch",
    "adjoint.autograd.edges.GradientEdge": "torch.autograd.graph",
    "adjoint.autograd.hooks.RemovableHandle": "torch.utils.hooks",
    "adjoint.autograd.node.Node": "torch.autograd.graph",
    "adjoint.autograd.profiler_util.DeviceType": "torch._C._autograd",
    "adjoint.autograd.saved_hooks.SavedTensor": "torch._C._autograd",
    "adjoint.autograd.views.AsStridedBackward0": "builtins",
    "adjoint.autograd.views.CopySlices": "builtins",
    "adjoint.compiling.compile": "torch",
    "adjoint.checks": "torch",
    "adjoint.cuda.CUDAGraph": "torch.cuda.graphs",
    "adjoint.cuda.Event": "torch.cuda.streams",
    "adjoint.cuda.ExternalStream": "torch.cuda.streams",
    "adjoint.cuda.MemPool": "torch.cuda.memory",
    "adjoint.cuda.AcceleratorError": "torch",
    "adjoint.cuda.OutOfMemoryError": "torch",
    "adjoint.cuda.Stream": "torch.cuda.streams",
    "adjoint.cuda.graph": "torch.cuda.graphs",
    "adjoint.device": "torch",
    "adjoint.distributions.transforms": "torch.distributions.transforms",
    "adjoint.dtypes": "torch",
    "adjoint.export.exported_program.ExportBackwardSignature": "torch.export.graph_signature",
    "adjoint.export.exported_program.ExportGraphSignature": "torch.export.graph_signature",
    "adjoint.func": "torch.func",
    "adjoint.functorch.deprecated": "torch._functorch.deprecated",
    "adjoint.functorch.stateless": "torch._functorch.make_functional",
    "adjoint.futures.Future": "torch.jit",
    "adjoint.jit._fuser.strict_fusion": "torch.jit",
    "adjoint.jit._script.CompilationUnit": "torch.jit",
    "adjoint.jit._script.ScriptFunction": "torch.jit",
    "adjoint.jit._script.ScriptModule": "torch",
    "adjoint.layouts": "torch",
    "adjoint.library.registering.Library": "torch.library",
    "adjoint.limits": "torch",
    "adjoint.nn.modules.attention.MultiheadAttention": "torch.nn.modules.activation",
    "adjoint.nn.modules.sync_batchnorm.SyncBatchNorm": "torch.nn.modules.batchnorm",
    "adjoint.nn.utils.clip_grad.clip_grads_with_norm_": "torch.nn.utils",
    "adjoint.nn.utils.clip_grad.get_total_norm": "torch.nn.utils",
    "adjoint.ops.linalg._LinAlgError": "torch._C",
    "adjoint.optim.lr_scheduler": "torch.optim.lr_scheduler",
    "adjoint.printing": "torch",
    "adjoint.pytree": "torch.utils._pytree",
    "adjoint.random.generator.Generator": "torch._C",
    "adjoint.serialization": "torch.serialization",
    "adjoint.serialization.record_files": "torch",
    "adjoint.symbolic": "torch",
    "adjoint.tensor.Size": "torch",
    "adjoint.tensor.Tensor": "torch",
    "adjoint.utils.selective_checkpoint": "torch.utils.checkpoint",
    "adjoint.utils.swapping": "torch.utils",
    "adjoint.nn.attention.block_mask": "torch.nn.attention.flex_attention",
    "adjoint.nn.modules.linear_loss.LinearCrossEntropyLoss": "torch.nn.modules.loss",
    "adjoint.ops.attention_backends.SDPBackend": "torch.nn.attention",
    "adjoint.streams": "torch",
    "adjoint.vision.transforms.interpolation.InterpolationMode": "torchvision.transforms.functional",
    "adjoint.vision.transforms.policies.AutoAugmentPolicy": "torchvision.transforms.autoaugment",
    "adjoint.vision.transforms.presets": "torchvision.transforms._presets",
    "adjoint.vision.transforms.transforms": "torchvision.transforms.transforms",
    "adjoint.vision.tv_tensors.boxes": "torchvision.tv_tensors._bounding_boxes",
    "adjoint.vision.tv_tensors.kinds.TVTensor": "torchvision.tv_tensors._tv_tensor",
    "adjoint.vision.tv_tensors.pictures.Image": "torchvision.tv_tensors._image",
    "adjoint.vision.tv_tensors.pictures.Mask": "torchvision.tv_tensors._mask",
    "adjoint.vision.tv_tensors.pictures.Video": "torchvision.tv_tensors._video",
    "adjoint.vision.tv_tensors.points": "torchvision.tv_tensors._keypoints",
}


def shown(module: str, name: str) -> str | None:
    """The module in which PyTorch shows what Adjoint has as ``module.name``; None where it is of the same name."""
    place = f"{module}.{name}"
    while place and place not in _SHOWN:
        place = place.rpartition(".")[0]
    return _SHOWN[place] if place else None

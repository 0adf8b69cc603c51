"""Batch normalization over the batches of several processes."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

import adjoint
from adjoint.autograd.function import Function, once_differentiable
from adjoint.nn import functional as F
from adjoint.nn.modules.batchnorm import _BatchNorm
from adjoint.nn.modules.module import Module
from adjoint.tensor import Tensor, from_array

__all__ = ["SyncBatchNorm"]


class SyncBatchNorm(_BatchNorm):
    """Batch normalization of (N, C, ...), by the mean and variance over the batches of all processes of a group.

    The batches may differ in size, and be empty.  In evaluation, without a process group, or in a group of one it is plain
    batch normalization.  Gradients of ``weight`` and ``bias`` are those of this process, for DistributedDataParallel averages
    them; that of the input is complete.  There is no second derivative, as in PyTorch, whose own needs a GPU; this one runs
    on the CPU.

    ``process_group``: whose batches are one; all processes where None.  Raises ValueError for an input of fewer than two
    dimensions, without channels, or of one value a channel over all processes.

    >>> import adjoint as torch
    >>> torch.nn.SyncBatchNorm(2)(torch.tensor([[1., 2.], [3., 2.]]))
    tensor([[-1.0000,  0.0000],
            [ 1.0000,  0.0000]], grad_fn=<NativeBatchNormBackward0>)
    """

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        process_group: Any = None,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__(num_features, eps, momentum, affine, track_running_stats, device, dtype, bias=bias)
        self.process_group = process_group

    def _check_input_dim(self, input: Tensor) -> None:
        if input.ndim < 2:
            raise ValueError(f"expected at least 2D input (got {input.ndim}D input)")

    def forward(self, input: Tensor) -> Tensor:
        """The normalized input; in training the running statistics move towards those of all batches."""
        self._check_input_dim(input)
        if input.shape[1] == 0:
            raise ValueError("SyncBatchNorm number of input channels should be non-zero")
        group = self._group() if self.training else None
        if group is None:
            return super().forward(input)
        average = 0.0 if self.momentum is None else self.momentum
        if self.track_running_stats and self.num_batches_tracked is not None:
            self.num_batches_tracked.add_(1)
            if self.momentum is None:
                average = 1.0 / float(self.num_batches_tracked)
        running = (self.running_mean, self.running_var) if self.track_running_stats else (None, None)
        return _Normalized.apply(input, self.weight, self.bias, running, self.eps, average, group)

    def _group(self) -> Any:
        """The group whose batches are one; None where it is that of this process alone."""
        dist = sys.modules.get("adjoint.distributed")
        if dist is None or not dist.is_initialized():
            return None
        group = self.process_group or dist.group.WORLD
        return group if dist.get_world_size(group) > 1 else None

    @classmethod
    def convert_sync_batchnorm(cls, module: Module, process_group: Any = None) -> Module:
        """The module with a SyncBatchNorm in the place of each BatchNorm in it (or of itself): parameters and buffers are the same.

        >>> import adjoint as torch
        >>> model = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.BatchNorm1d(8))
        >>> torch.nn.SyncBatchNorm.convert_sync_batchnorm(model)[1]
        SyncBatchNorm(8, eps=1e-05, momentum=0.1, affine=True, bias=True, track_running_stats=True)
        """
        converted = module
        if isinstance(module, _BatchNorm):
            converted = SyncBatchNorm(
                module.num_features,
                module.eps,
                module.momentum,
                module.affine,
                module.track_running_stats,
                process_group,
                bias=module.bias is not None,
            )
            converted.weight, converted.bias = module.weight, module.bias
            converted.running_mean, converted.running_var = module.running_mean, module.running_var
            converted.num_batches_tracked = module.num_batches_tracked
            converted.training = module.training
        for name, child in module.named_children():
            converted.add_module(name, cls.convert_sync_batchnorm(child, process_group))
        return converted


class _Normalized(Function):
    """Each process sends its count, mean and sum of squared deviations forward, and two sums of gradients backward."""

    @staticmethod
    def forward(
        ctx: Any, input: Tensor, weight: Tensor | None, bias: Tensor | None, running: Any, eps: float, average: float, group: Any
    ) -> Tensor:
        count, mean, var = _over_all(input, group)
        if count == 1:
            raise ValueError(f"Expected more than 1 value per channel when training, got input size {list(input.shape)}")
        for buffer, value in zip(running, (mean, var * count / (count - 1))):
            if buffer is not None:
                buffer.copy_(buffer * (1 - average) + from_array(value) * average)
        wide = adjoint.float64 if input.dtype == adjoint.float64 else adjoint.float32
        mean_, var_ = from_array(mean).to(wide), from_array(var).to(wide)
        ctx.save_for_backward(input, weight, mean_, (var_ + eps).rsqrt())
        ctx.count, ctx.group, ctx.wide = count, group, wide
        if input.numel() == 0:
            return adjoint.empty_like(input)
        like = wide if weight is None else weight.dtype
        return F.batch_norm(input, mean_.to(like), var_.to(like), weight, bias, False, 0.0, eps)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> Any:
        import adjoint.distributed as dist

        input, weight, mean, scale = ctx.saved_tensors
        over = [d for d in range(input.ndim) if d != 1]
        form = [-1 if d == 1 else 1 for d in range(input.ndim)]
        grad, wide = grad.to(ctx.wide), input.to(ctx.wide)
        normal = (wide - mean.view(form)) * scale.view(form)
        sums = adjoint.stack([grad.sum(over), (grad * normal).sum(over)])
        of_weight = sums[1].to(weight.dtype) if weight is not None and ctx.needs_input_grad[1] else None
        of_bias = sums[0].to(weight.dtype) if weight is not None and ctx.needs_input_grad[2] else None
        of_input = None
        if ctx.needs_input_grad[0]:
            both = sums.clone()
            dist.all_reduce(both, group=ctx.group)
            both = both / ctx.count
            factor = scale if weight is None else scale * weight.to(ctx.wide)
            of_input = ((grad - both[0].view(form) - normal * both[1].view(form)) * factor.view(form)).to(input.dtype)
        return of_input, of_weight, of_bias, None, None, None, None


def _over_all(input: Tensor, group: Any) -> tuple[int, Any, Any]:
    """How many values a channel has in all processes, and their means and variances, in double precision."""
    from adjoint.nn.parallel.synchronizing import rows_of_all

    channels = input.shape[1]
    own = np.zeros(1 + 2 * channels)
    own[0] = count = input.numel() // channels
    if count:
        wide = input if input.dtype == adjoint.float64 else input.float()
        var, mean = adjoint.var_mean(wide, [d for d in range(input.ndim) if d != 1], correction=0)
        own[1 : 1 + channels] = mean._array
        own[1 + channels :] = var._array.astype(np.float64) * count
    all_of_them = rows_of_all(group, own.tolist())
    counts, means, squares = all_of_them[:, :1], all_of_them[:, 1 : 1 + channels], all_of_them[:, 1 + channels :]
    total = counts.sum()
    mean = (counts * means).sum(0) / total
    return int(total), mean, ((squares + counts * (means - mean) ** 2).sum(0)) / total

"""Averages of models: stochastic weight averaging (Izmailov et al., 2018) and exponential moving averages."""

from __future__ import annotations

import itertools
import math
import warnings
from collections.abc import Callable, Iterable, Sequence
from copy import deepcopy
from typing import Any

import adjoint
from adjoint import nn
from adjoint.autograd.grad_mode import no_grad
from adjoint.interrupts import surely
from adjoint.names import list_names as _list_names
from adjoint.nn.modules.batchnorm import _BatchNorm
from adjoint.optim.lr_scheduler.base import LRScheduler, per_group
from adjoint.optim.optimizer import Optimizer
from adjoint.places import users_level
from adjoint.tensor import Tensor, writes_of

__all__ = [
    "AveragedModel",
    "SWALR",
    "get_ema_avg_fn",
    "get_ema_multi_avg_fn",
    "get_swa_avg_fn",
    "get_swa_multi_avg_fn",
    "update_bn",
]


def _check_decay(decay: float) -> None:
    if decay < 0.0 or decay > 1.0:
        raise ValueError(f"Invalid decay value {decay} provided. Please provide a value in [0,1] range.")


def get_ema_multi_avg_fn(decay: float = 0.999) -> Callable[..., None]:
    """A function that moves lists of averages towards lists of parameters, by ``1 - decay``; averages of integers are
    truncated."""
    _check_decay(decay)

    def ema_update(ema_param_list: Sequence[Any], current_param_list: Sequence[Any], _: Any) -> None:
        if _is_continuous(ema_param_list[0]):
            _move_all(ema_param_list, current_param_list, 1 - decay)
            return
        with no_grad():
            for average, new in zip(ema_param_list, current_param_list):
                average.copy_(average * decay + new * (1 - decay))

    return ema_update


def get_swa_multi_avg_fn() -> Callable[..., None]:
    """A function that takes lists of parameters into lists of equally weighted averages.

    Of integers it raises RuntimeError, as PyTorch's: an average of them is none.
    """

    def swa_update(averaged_param_list: Sequence[Any], current_param_list: Sequence[Any], num_averaged: Any) -> None:
        if _is_continuous(averaged_param_list[0]):
            _move_all(averaged_param_list, current_param_list, 1 / (float(num_averaged) + 1))
            return
        with no_grad():
            for average, new in zip(averaged_param_list, current_param_list):
                if isinstance(num_averaged, Tensor):
                    average.addcdiv_(new - average, num_averaged + 1)
                else:
                    average.add_(new - average, alpha=1.0 / (num_averaged + 1))

    return swa_update


def _is_continuous(tensor: Tensor) -> bool:
    return tensor.dtype.is_floating_point or tensor.dtype.is_complex


def _move_all(averages: Iterable[Tensor], current: Iterable[Tensor], weight: float) -> None:
    for average, new in zip(averages, current):
        array = average._array
        array += ((new._array - array) * weight).astype(array.dtype, copy=False)
        writes_of(average).bump()


def _of_one_dtype(averages: list[Tensor], current: list[Tensor]) -> Iterable[tuple[list[Tensor], list[Tensor]]]:
    """The two lists' parts, one for each dtype."""
    parts: dict[Any, tuple[list[Tensor], list[Tensor]]] = {}
    for average, new in zip(averages, current):
        part = parts.setdefault(average.dtype, ([], []))
        part[0].append(average)
        part[1].append(new)
    return parts.values()


def get_ema_avg_fn(decay: float = 0.999) -> Callable[..., Tensor]:
    """A function of an average and a parameter that gives the next average."""
    _check_decay(decay)

    def ema_update(ema_param: Any, current_param: Any, num_averaged: Any) -> Tensor:
        with no_grad():
            return ema_param * decay + current_param * (1 - decay)

    return ema_update


def get_swa_avg_fn() -> Callable[..., Tensor]:
    """A function of an average, a parameter and their number that gives the next, equally weighted average."""

    def swa_update(averaged_param: Tensor, current_param: Tensor, num_averaged: Any) -> Tensor:
        with no_grad():
            return averaged_param + (current_param - averaged_param) / (num_averaged + 1)

    return swa_update


class AveragedModel(nn.Module):
    """A copy of a model whose parameters are the average of those that ``update_parameters`` was given.

    Equally weighted, or as ``avg_fn`` or ``multi_avg_fn`` say.  With ``use_buffers`` buffers are averaged too,
    otherwise they are copied.  Averages of integers are truncated.  ``multi_avg_fn`` is called for each dtype.
    """

    n_averaged: Tensor

    def __init__(
        self,
        model: nn.Module,
        device: Any = None,
        avg_fn: Callable[..., Any] | None = None,
        multi_avg_fn: Callable[..., Any] | None = None,
        use_buffers: bool = False,
    ) -> None:
        super().__init__()
        if avg_fn is not None and multi_avg_fn is not None:
            raise AssertionError("Only one of avg_fn and multi_avg_fn should be provided")
        self.module = deepcopy(model)
        if device is not None:
            self.module = self.module.to(device)
        self.register_buffer("n_averaged", adjoint.tensor(0, dtype=adjoint.long))
        self.avg_fn = avg_fn
        self.multi_avg_fn = multi_avg_fn
        self.use_buffers = use_buffers

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        return self.module(*args, **kwargs)

    def update_parameters(self, model: nn.Module) -> None:
        """Take a model's parameters into the average."""

        def averaged(module: nn.Module) -> list[Tensor]:
            own = module.parameters()
            return list(itertools.chain(own, module.buffers()) if self.use_buffers else own)

        mine, theirs = averaged(self.module), averaged(model)
        with no_grad():
            if int(self.n_averaged) == 0:
                for a, b in zip(mine, theirs):
                    a.copy_(b.detach())
            elif self.multi_avg_fn is not None:
                for part in _of_one_dtype([a.detach() for a in mine], [b.detach() for b in theirs]):
                    self.multi_avg_fn(*part, self.n_averaged)
            else:
                update = self.avg_fn or get_swa_avg_fn()
                for a, b in zip(mine, theirs):
                    a.copy_(update(a.detach(), b.detach(), self.n_averaged))
            if not self.use_buffers:
                for a, b in zip(self.module.buffers(), model.buffers()):
                    a.copy_(b.detach())
            self.n_averaged += 1


def update_bn(loader: Iterable[Any], model: nn.Module, device: Any = None) -> None:
    """Compute the running statistics of a model's batch normalizations anew from one pass over ``loader``."""
    norms = [m for m in model.modules() if isinstance(m, _BatchNorm)]
    if not norms:
        return
    momenta = {}
    for norm in norms:
        norm.reset_running_stats()
        momenta[norm] = norm.momentum
        norm.momentum = None  # equally weighted batches
    was_training = model.training
    model.train()
    try:
        with no_grad():
            for item in loader:
                given = item[0] if isinstance(item, (list, tuple)) else item
                model(given if device is None else given.to(device))
    finally:
        surely(_put_back, model, was_training, momenta)


def _put_back(model: Any, training: bool, momenta: dict[Any, Any]) -> None:
    for norm, momentum in momenta.items():
        norm.momentum = momentum
    model.train(training)


class SWALR(LRScheduler):
    """From the current learning rate to ``swa_lr`` in ``anneal_epochs`` epochs, and constant from then on."""

    def __init__(
        self,
        optimizer: Optimizer,
        swa_lr: float,
        anneal_epochs: int = 10,
        anneal_strategy: str = "cos",
        last_epoch: int = -1,
    ) -> None:
        for group, lr in zip(optimizer.param_groups, per_group("swa_lr", optimizer, swa_lr)):
            group["swa_lr"] = lr
        if anneal_strategy not in ("cos", "linear"):
            raise ValueError(f"anneal_strategy must by one of 'cos' or 'linear', instead got {anneal_strategy}")
        self._anneal_strategy = anneal_strategy
        if not isinstance(anneal_epochs, int) or anneal_epochs < 0:
            raise ValueError(f"anneal_epochs must be equal or greater than 0, got {anneal_epochs}")
        self.anneal_epochs = anneal_epochs
        super().__init__(optimizer, last_epoch)

    def _share(self, t: float) -> float:
        return (1 - math.cos(math.pi * t)) / 2 if self._anneal_strategy == "cos" else t

    def get_lr(self) -> list[Any]:
        if not self._get_lr_called_within_step:
            warnings.warn(
                "To get the last learning rate computed by the scheduler, please use `get_last_lr()`.",
                UserWarning,
                stacklevel=users_level(),
            )
        step = self._step_count - 1
        epochs = max(1, self.anneal_epochs)
        if self.anneal_epochs == 0:
            step = max(1, step)
        before = self._share(max(0, min(1, (step - 1) / epochs)))
        now = self._share(max(0, min(1, step / epochs)))
        rates = []
        for group in self.optimizer.param_groups:
            # The rate that this interpolation began with, from the one that it has led to.
            start = group["swa_lr"] if before == 1 else (group["lr"] - before * group["swa_lr"]) / (1 - before)
            rates.append(group["swa_lr"] * now + start * (1 - now))
        return rates


_list_names(__name__)

"""Modules that ``sys.modules`` has from the beginning, as after PyTorch's ``import torch``, and that are imported when first used.

Programs ask ``"torch.nn" in sys.modules`` to learn whether they have to import it.  What they find there is the module
itself, still empty: the first attribute that anyone asks it for, or an ``import``, has it imported.
"""

from __future__ import annotations

import importlib
import sys
import threading
from types import ModuleType
from typing import Any

# What PyTorch has imported once it is imported, Adjoint has as well, and programs may ask for.
_BELOW_TORCH = """
    accelerator amp autograd backends backends.cpu backends.cuda backends.cudnn backends.mkl backends.mkldnn backends.mps
    backends.openmp backends.opt_einsum compiler cpu cpu.amp cuda cuda.amp cuda.graphs cuda.memory cuda.nvtx cuda.random
    cuda.streams distributed distributed.algorithms distributed.algorithms.join distributed.constants
    distributed.device_mesh distributed.distributed_c10d distributed.rendezvous distributed.rpc distributed.utils
    distributions distributions.constraints distributions.kl distributions.transforms distributions.utils export fft func
    functional futures fx fx.experimental fx.graph fx.graph_module fx.immutable_collections fx.interpreter fx.node
    fx.operator_schemas fx.passes fx.proxy hub jit jit.annotations library linalg masked mps multiprocessing
    multiprocessing.reductions multiprocessing.spawn nested nn nn.attention nn.common_types nn.functional nn.grad nn.init
    nn.modules nn.modules.activation nn.modules.adaptive nn.modules.batchnorm nn.modules.channelshuffle
    nn.modules.container nn.modules.conv nn.modules.distance nn.modules.dropout nn.modules.flatten nn.modules.fold
    nn.modules.instancenorm nn.modules.lazy nn.modules.linear nn.modules.loss nn.modules.module nn.modules.normalization
    nn.modules.padding nn.modules.pixelshuffle nn.modules.pooling nn.modules.rnn nn.modules.sparse nn.modules.transformer
    nn.modules.upsampling nn.parallel nn.parallel.data_parallel nn.parallel.distributed nn.parallel.parallel_apply
    nn.parallel.replicate nn.parallel.scatter_gather nn.parameter nn.utils nn.utils.clip_grad
    nn.utils.convert_parameters nn.utils.fusion nn.utils.init nn.utils.memory_format nn.utils.parametrizations
    nn.utils.parametrize nn.utils.rnn nn.utils.spectral_norm nn.utils.stateless nn.utils.weight_norm ops optim
    optim.adadelta optim.adagrad optim.adam optim.adamax optim.adamw optim.asgd optim.lbfgs optim.lr_scheduler
    optim.nadam optim.optimizer optim.radam optim.rmsprop optim.rprop optim.sgd optim.sparse_adam optim.swa_utils
    overrides package profiler quasirandom random return_types serialization signal signal.windows sparse special testing
    types utils utils.backcompat utils.checkpoint utils.collect_env utils.data utils.data.dataloader utils.data.dataset
    utils.data.distributed utils.data.sampler utils.deterministic utils.dlpack utils.hooks utils.weak version xpu
"""

# What those who go through all of `sys.modules` ask each module for; nobody else does, so that it is no reason to import one.
_ASKED_OF_ALL = frozenset({"__file__", "__warningregistry__"})

_waiting: dict[int, str] = {}
"""Of the modules that are not imported yet, by their ids: Adjoint's name."""

_importing: dict[int, int] = {}
"""Of those that are being imported: the thread that does."""


class _Postponed(ModuleType):
    """A module that is imported when it is first asked for something."""

    def __getattribute__(self, name: str) -> Any:
        known, importer = _waiting.get(id(self)), _importing.get(id(self))
        if known is not None and importer != threading.get_ident() and name != "__class__":
            if name in _ASKED_OF_ALL:
                raise AttributeError(f"module {known!r} has no attribute {name!r}")
            if importer is None or name != "__spec__":  # by which another thread's import learns that it has to wait
                importlib.import_module(known)
        return ModuleType.__getattribute__(self, name)

    def __setattr__(self, name: str, value: Any) -> None:
        if name != "__class__" and id(self) in _waiting and _importing.get(id(self)) != threading.get_ident():
            importlib.import_module(_waiting[id(self)])
        ModuleType.__setattr__(self, name, value)


def postpone() -> None:
    """Put modules into ``sys.modules`` by PyTorch's names, of those that are not imported yet."""
    for name in _BELOW_TORCH.split():
        shown = f"torch.{name}"
        if shown not in sys.modules and f"adjoint.{name}" not in sys.modules:
            module = sys.modules[shown] = _Postponed(shown)
            _waiting[id(module)] = f"adjoint.{name}"


def begun(shown: str) -> ModuleType | None:
    """The module that is there by PyTorch's name and is now imported, in this thread; None where there is none."""
    module = sys.modules.get(shown)
    if id(module) not in _waiting or module is None:
        return None
    _importing[id(module)] = threading.get_ident()
    ModuleType.__getattribute__(module, "__dict__").clear()
    return module


def ended(module: ModuleType, done: bool) -> None:
    """The import of a module that had :func:`begun` is over; if it failed, another is tried when it is asked for again."""
    if _importing.pop(id(module), None) is not None and done:
        _waiting.pop(id(module), None)
        if type(module) is _Postponed:
            module.__class__ = ModuleType  # type: ignore[assignment]


def forget(shown: str) -> bool:
    """Whether a module that goes from ``sys.modules`` was not imported yet."""
    return _waiting.pop(id(sys.modules.get(shown)), None) is not None

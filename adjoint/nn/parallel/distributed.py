"""DistributedDataParallel: the same module in several processes, each with its part of the batch, with one gradient."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable, Iterator
from enum import Enum, auto
from typing import Any

import numpy as np

import adjoint
import adjoint.distributed as dist
from adjoint import pytree
from adjoint.autograd.grad_mode import no_grad
from adjoint.distributed.algorithms.join import Join, Joinable, JoinHook
from adjoint.interrupts import contextmanager
from adjoint.names import list_names as _list_names
from adjoint.nn.modules.module import Module
from adjoint.nn.modules.sync_batchnorm import SyncBatchNorm
from adjoint.nn.parallel.arguments import (
    BucketSizes,
    buffers_are_synced,
    check_comm_hook,
    check_devices,
    refuse_unsupported,
)
from adjoint.nn.parallel.join_hook import DDPJoinHook
from adjoint.nn.parallel.outputs import Sink, tensors_in
from adjoint.nn.parallel.reducer import Reducer
from adjoint.nn.parallel.reduction_log import ReductionLog
from adjoint.nn.parallel.synchronizing import broadcast_module, broadcast_together, check_same_shapes
from adjoint.places import users_level
from adjoint.tensor import Tensor, from_array

__all__ = ["DistributedDataParallel"]

_AT_ONCE = 250 << 20  # bytes of parameters or buffers that are broadcast together


class _BufferCommHookLocation(Enum):
    PRE_FORWARD = auto()
    POST_FORWARD = auto()


class DistributedDataParallel(Module, Joinable):
    """A module whose gradients are the averages over the processes of a group, which all train it, each on its own data.

    At construction all processes get the parameters and buffers of the group's first.  In a backward, gradients are collected in
    buckets, which are reduced while the backward goes on; when ``backward()`` returns, ``grad`` of every parameter is the average.
    With losses that are means, that is the gradient of the mean loss over the whole batch.  It does not work with
    ``autograd.grad``, which leaves ``grad`` alone.

    ``forward_sync_buffers``: whether buffers, such as running statistics, are those of the first process in every forward
    (``broadcast_buffers`` is its older name).  ``init_sync=False``: parameters are alike already.  ``process_group``: the default
    one where None.  ``bucket_cap_mb``: how large buckets become (25, the first 1); ``bucket_cap_mb_list`` one by one.
    ``find_unused_parameters``: look for parameters that an output does not depend on, which otherwise is an error in the next
    forward.  ``gradient_as_bucket_view``: ``grad`` is a part of a bucket, not a copy.  ``static_graph``: every iteration uses the
    same parameters equally often, found out in the first; so reentrant checkpoints and unused parameters work.
    ``skip_all_reduce_unused_params``: buckets that nobody uses are not reduced.  ``batched_grad_copy``: gradients are copied into a
    bucket when it is full.  ``dim`` is where :meth:`scatter` and :meth:`gather` split.

    Raises RuntimeError without a process group, if no parameter requires grad, or if parameters differ in number or shape between
    processes; ValueError for ``device_ids`` and ``output_device``, for there is one device; NotImplementedError for
    ``mixed_precision``, ``device_mesh`` and delayed reductions.

    >>> import adjoint as torch
    >>> import adjoint.distributed as dist
    >>> dist.init_process_group("gloo", rank=0, world_size=1, store=dist.HashStore())
    >>> model = torch.nn.parallel.DistributedDataParallel(torch.nn.Linear(2, 1))
    >>> model(torch.ones(4, 2)).mean().backward()
    >>> model.module.weight.grad
    tensor([[1., 1.]])
    >>> dist.destroy_process_group()
    """

    _active_ddp_module: DistributedDataParallel | None = None

    def __init__(
        self,
        module: Module,
        device_ids: Any = None,
        output_device: Any = None,
        dim: int = 0,
        broadcast_buffers: bool | None = None,
        init_sync: bool = True,
        process_group: Any = None,
        bucket_cap_mb: float | None = None,
        find_unused_parameters: bool = False,
        check_reduction: bool = False,
        gradient_as_bucket_view: bool = False,
        static_graph: bool = False,
        delay_all_reduce_named_params: Any = None,
        param_to_hook_all_reduce: Any = None,
        mixed_precision: Any = None,
        device_mesh: Any = None,
        skip_all_reduce_unused_params: bool = False,
        bucket_cap_mb_list: list[float] | None = None,
        batched_grad_copy: bool = False,
        forward_sync_buffers: bool | None = None,
    ) -> None:
        super().__init__()
        Joinable.__init__(self)
        refuse_unsupported(
            delay_all_reduce_named_params=delay_all_reduce_named_params,
            param_to_hook_all_reduce=param_to_hook_all_reduce,
            mixed_precision=mixed_precision,
            device_mesh=device_mesh,
        )
        self.process_group = _default_group() if process_group is None else process_group
        self.parameters_to_ignore = set(getattr(module, "_ddp_params_and_buffers_to_ignore", ()))
        self._module_parameters = [p for n, p in module.named_parameters() if n not in self.parameters_to_ignore]
        if not any(p.requires_grad for p in self._module_parameters):
            raise RuntimeError(
                "DistributedDataParallel is not needed when a module doesn't have any parameter that requires a gradient."
            )
        check_devices(device_ids, output_device, self._module_parameters)
        self.device_ids = self.output_device = None
        self.device = self._module_parameters[0].device
        self.device_type = self.device.type
        self.is_multi_device_module = False
        self.static_graph = False
        self.dim = dim
        self.module = module
        self.forward_sync_buffers, init_sync_buffers = buffers_are_synced(broadcast_buffers, forward_sync_buffers)
        self.find_unused_parameters = find_unused_parameters
        self.require_backward_grad_sync = True
        self.require_forward_param_sync = True
        self.gradient_as_bucket_view = gradient_as_bucket_view
        self.batched_grad_copy = batched_grad_copy
        self.skip_all_reduce_unused_params = skip_all_reduce_unused_params
        self.mixed_precision = None
        if check_reduction:
            text = "The `check_reduction` argument in `DistributedDataParallel` module is deprecated. Please avoid using it."
            warnings.warn(text, FutureWarning, stacklevel=users_level())
        self.broadcast_bucket_size = _AT_ONCE
        self._bucket_sizes = BucketSizes.of(bucket_cap_mb, bucket_cap_mb_list)
        self.bucket_bytes_cap = self._bucket_sizes.cap
        self._comm_hooks: list[tuple[Callable[..., Any], Any]] = []
        self._has_rebuilt_buckets = False
        self._ddp_sink_clone = True
        self._divide_by_initial_world_size = True
        names, parameters = self._reduced_parameters()
        if init_sync:
            check_same_shapes(self.process_group, parameters)
            with no_grad():
                broadcast_module(
                    self.process_group, module, _AT_ONCE, 0, self.parameters_to_ignore, init_sync_buffers
                )
        self._build_reducer(names, parameters, static_graph)
        if static_graph:
            self._set_static_graph()

    @property
    def broadcast_buffers(self) -> bool:
        """Whether buffers are those of the first process in every forward."""
        return self.forward_sync_buffers

    @broadcast_buffers.setter
    def broadcast_buffers(self, value: bool) -> None:
        self.forward_sync_buffers = value

    def _reduced_parameters(self) -> tuple[list[str], list[Tensor]]:
        """The parameters whose gradients are reduced, each once, and their names."""
        found: dict[int, tuple[str, Tensor]] = {}
        for prefix, module in self.module.named_modules():
            for name, parameter in module.named_parameters(recurse=False):
                full = f"{prefix}.{name}"
                if parameter.requires_grad and full.removeprefix(".") not in self.parameters_to_ignore:
                    found.setdefault(id(parameter), (full, parameter))
        self._find_buffers()
        return [name for name, _ in found.values()], [parameter for _, parameter in found.values()]

    def _find_buffers(self) -> None:
        """Look up the buffers again: programs put new ones in their places."""
        self.named_module_buffers = {
            name: buffer for name, buffer in self.module.named_buffers() if name not in self.parameters_to_ignore
        }
        self.modules_buffers = list(self.named_module_buffers.values())

    def _build_reducer(self, names: list[str], parameters: list[Tensor], static: bool) -> None:
        options = {
            "module_name": type(self.module).__name__,
            "backend_name": dist.get_backend(self.process_group),
            "world_size": dist.get_world_size(self.process_group),
            "rank": dist.get_rank(self.process_group),
            "device_ids": "",
            "output_device": -1,
            "is_multi_device_module": 0,
            "broadcast_buffers": int(self.forward_sync_buffers),
            "bucket_cap_bytes": self.bucket_bytes_cap,
            "find_unused_parameters": int(self.find_unused_parameters),
            "gradient_as_bucket_view": int(self.gradient_as_bucket_view),
            "has_sync_bn": int(any(isinstance(m, SyncBatchNorm) for m in self.module.modules())),
            "static_graph": int(static),
        }
        self.logger = ReductionLog(options, parameters)
        self.reducer = Reducer(
            parameters,
            names,
            self.process_group,
            limits=self._bucket_sizes.to_begin_with(static, self.find_unused_parameters),
            later_limits=self._bucket_sizes.later(),
            finds_unused=self.find_unused_parameters,
            grads_are_views=self.gradient_as_bucket_view,
            skips_unused=self.skip_all_reduce_unused_params,
            copies_together=self.batched_grad_copy,
            log=self.logger,
        )

    # Forward

    def forward(self, *inputs: Any, **kwargs: Any) -> Any:
        """What the module returns; the backward from it will be averaged over the processes."""
        self._before_forward()
        outer = DistributedDataParallel._active_ddp_module
        DistributedDataParallel._active_ddp_module = self
        try:
            output = self.module(*inputs, **kwargs)
        finally:
            DistributedDataParallel._active_ddp_module = outer
        return self._after_forward(output)

    def _before_forward(self) -> None:
        recording = adjoint.is_grad_enabled()
        if recording and self.require_backward_grad_sync:
            self.logger.forward_begins()
        notice = Join.notify_join_context(self)
        if notice is not None:
            self.reducer.forward_notice = (notice, self._divide_by_initial_world_size)
        if recording and self.reducer.rebuild_buckets():
            self._has_rebuilt_buckets = True
        if self._syncs_buffers_at(_BufferCommHookLocation.PRE_FORWARD):
            self._sync_buffers()
        if self._join_config.enable:
            self._tell_whether_grads_are_reduced(True)

    def _after_forward(self, output: Any) -> Any:
        if self._syncs_buffers_at(_BufferCommHookLocation.POST_FORWARD):
            self._sync_buffers()
        finds = self.find_unused_parameters and not self.static_graph
        if adjoint.is_grad_enabled() and self.require_backward_grad_sync:
            self.require_forward_param_sync = True
            self.reducer.prepare_for_backward(tensors_in(output) if finds else ())
        else:
            self.require_forward_param_sync = False
        if finds or (self.static_graph and not self._static_graph_delay_allreduce_enqueued):
            output = self._through_sink(output)
        return output

    def _through_sink(self, output: Any) -> Any:
        """The output, passed through a node that is the first of a backward, whichever of the outputs make the loss."""
        leaves, spec = pytree.tree_flatten(output)
        passed = Sink.apply(self, *leaves)
        kept = [old if isinstance(old, Tensor) and old.grad_fn is None else new for old, new in zip(leaves, passed)]
        return pytree.tree_unflatten(kept, spec)

    @contextmanager
    def no_sync(self) -> Iterator[None]:
        """Inside, gradients are accumulated in each process alone; the first backward of a forward outside averages the sums.

        The forward has to be inside as well.
        """
        outer = self.require_backward_grad_sync
        self.require_backward_grad_sync = False
        try:
            yield
        finally:
            self.require_backward_grad_sync = outer

    def train(self, mode: bool = True) -> DistributedDataParallel:
        """Set the training mode of the module."""
        super().train(mode)
        return self

    # Buffers

    def will_sync_module_buffers(self) -> bool:
        """Whether the next forward gives all processes the same buffers."""
        return self.require_forward_param_sync and self.forward_sync_buffers and len(self.modules_buffers) > 0

    def _syncs_buffers_at(self, location: _BufferCommHookLocation) -> bool:
        hook = self.__dict__.get("buffer_hook")
        return self.will_sync_module_buffers() and location is (_BufferCommHookLocation.PRE_FORWARD if hook is None else hook[2])

    def _sync_buffers(self) -> None:
        with no_grad():
            self._broadcast_buffers(self._agreed_rank(True) if self._join_config.enable else 0)

    def _broadcast_buffers(self, source: int) -> None:
        self._find_buffers()
        hook = self.__dict__.get("buffer_hook")
        if hook is None:
            broadcast_together(self.process_group, self.modules_buffers, self.broadcast_bucket_size, source)
        else:
            futures = hook[0](hook[1], self.named_module_buffers)
            if futures is not None:
                self.reducer.extra_futures = futures

    def _register_buffer_comm_hook(
        self, state: Any, hook: Any, comm_hook_location: Any = _BufferCommHookLocation.POST_FORWARD
    ) -> None:
        if not callable(hook):
            raise AssertionError(f"hook must be callable, got {type(hook).__name__}")
        self.__dict__["buffer_hook"] = (hook, state, comm_hook_location)

    def _agreed_rank(self, is_candidate: bool) -> int:
        """The largest rank of the candidates."""
        rank = np.array([dist.get_rank(self.process_group) if is_candidate else -1], np.int64)
        dist.all_reduce(from_array(rank), op=dist.ReduceOp.MAX, group=self.process_group)
        if rank[0] < 0:
            raise ValueError("no process of the group has what the others were to take over: all have left the loop")
        return int(rank[0])

    # Uneven inputs

    def join(
        self, divide_by_initial_world_size: bool = True, enable: bool = True, throw_on_early_termination: bool = False
    ) -> Join:
        """``with model.join():`` around a training loop whose length differs between processes.

        A process without data left takes part in the reductions of the others with zeros, and has the final model at the end.  Sums
        are divided by the number of all processes, or with ``divide_by_initial_world_size=False`` of those that still train.  With
        ``throw_on_early_termination`` all raise RuntimeError when the first has no data left; ``enable=False`` does nothing.
        """
        return Join([self], enable, throw_on_early_termination, divide_by_initial_world_size=divide_by_initial_world_size)

    def join_hook(self, **kwargs: Any) -> JoinHook:
        """What a process without data left does in a :class:`~adjoint.distributed.algorithms.Join`."""
        return DDPJoinHook(self, kwargs.get("divide_by_initial_world_size", True))

    @property
    def join_device(self) -> Any:
        """The device of the module."""
        return self.device

    @property
    def join_process_group(self) -> Any:
        """The process group over which gradients are averaged."""
        return self.process_group

    def _tell_whether_grads_are_reduced(self, trains: bool) -> bool:
        """Tell processes without data whether the backward of this iteration is reduced; whether anyone's is."""
        count = np.full(1, float(trains and self.require_backward_grad_sync), np.float32)
        dist.all_reduce(from_array(count), group=self.process_group)
        return bool(count[0])

    def _take_over_final_model(self, is_last_joiner: bool) -> None:
        source = self._agreed_rank(is_last_joiner)
        with no_grad():
            broadcast_module(
                self.process_group, self.module, _AT_ONCE, source, self.parameters_to_ignore, self.forward_sync_buffers
            )

    # Hooks of the reduction

    def register_comm_hook(self, state: Any, hook: Callable[..., Any]) -> None:
        """Have ``hook(state, bucket)`` reduce each bucket, in place of the average over the group.

        ``bucket`` is a :class:`~adjoint.distributed.GradBucket`, whose gradients are complete and not divided.  The hook
        returns a future of one tensor, in the form of ``bucket.buffer()``.  Raises RuntimeError for a second one.
        """
        check_comm_hook(hook)
        if self.reducer.hook is not None:
            raise RuntimeError("register_comm_hook or register_builtin_comm_hook can only be called once.")
        self.logger.found["comm_hook"] = getattr(hook, "__qualname__", type(hook).__name__)
        self._comm_hooks.append((hook, state))
        self.reducer.hook = (state, hook)

    # What PyTorch's programs call besides

    def scatter(self, inputs: Any, kwargs: Any, device_ids: Any) -> Any:
        """Positional and keyword arguments for each of the devices."""
        from adjoint.nn.parallel.scatter_gather import scatter_kwargs

        return scatter_kwargs(inputs, kwargs, device_ids, dim=self.dim)

    def gather(self, outputs: Any, output_device: Any) -> Any:
        """The outputs of several devices as one."""
        from adjoint.nn.parallel.scatter_gather import gather

        return gather(outputs, output_device, dim=self.dim)

    def _get_ddp_logging_data(self) -> dict[str, Any]:
        return dict(self.logger.found)

    def _set_ddp_runtime_logging_sample_rate(self, sample_rate: int) -> None:
        if sample_rate < 1:
            raise ValueError("DDP runtime logging sample rate should be equal or greater than 1")
        self.logger.rate = sample_rate

    def _set_static_graph(self) -> None:
        if self.static_graph:
            warnings.warn("You've set static_graph to be True, no need to set it again.", stacklevel=users_level())
            return
        self.static_graph = True
        self._static_graph_delay_allreduce_enqueued = False
        self.reducer.static = True
        self.logger.found["static_graph"] = 1
        if self.find_unused_parameters:
            text = (
                "You passed find_unused_parameters=true to DistributedDataParallel, `_set_static_graph` will detect unused "
                "parameters automatically, so you do not need to set find_unused_parameters=true, just be sure these unused "
                "parameters will not change during training loop while calling `_set_static_graph`."
            )
            warnings.warn(text, stacklevel=users_level())

    def _set_ddp_sink_clone(self, val: bool) -> None:
        self._ddp_sink_clone = val

    def _remove_autograd_hooks(self) -> None:
        self.reducer.remove()

    def _check_reducer_finalized(self) -> None:
        self.reducer.check_finished()

    def _update_process_group(self, new_process_group: Any) -> None:
        self._has_rebuilt_buckets = False
        self.reducer.forget()
        self.process_group = self.reducer.group = new_process_group

    @staticmethod
    def _set_params_and_buffers_to_ignore_for_model(module: Module, params_and_buffers_to_ignore: Any) -> None:
        module._ddp_params_and_buffers_to_ignore = params_and_buffers_to_ignore
        for name, tensor in (*module.named_parameters(), *module.named_buffers()):
            if name in params_and_buffers_to_ignore:
                tensor._ddp_ignored = True  # type: ignore[attr-defined]

    @classmethod
    def _get_active_ddp_module(cls) -> DistributedDataParallel | None:
        return cls._active_ddp_module

    # Copies

    def __getstate__(self) -> dict[str, Any]:
        if not dist.is_initialized() or self.process_group != _default_group():
            raise RuntimeError(
                "DDP Pickling/Unpickling are only supported when using DDP with the default process group. That is, when you have "
                "called init_process_group and have not passed process_group argument to DDP constructor"
            )
        state = copy.copy(self.__dict__)
        for name in ("process_group", "reducer", "logger"):
            del state[name]
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.process_group = _default_group()
        super().__setstate__(state)
        names, parameters = self._reduced_parameters()
        self._build_reducer(names, parameters, self.static_graph)
        self.reducer.static = self.static_graph


def _default_group() -> Any:
    if dist.group.WORLD is None:
        raise ValueError("Default process group has not been initialized, please make sure to call init_process_group.")
    return dist.group.WORLD


_list_names(__name__)

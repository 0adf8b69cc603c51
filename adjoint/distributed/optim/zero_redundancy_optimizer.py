"""ZeroRedundancyOptimizer: each process keeps the state of, and updates, its share of the parameters."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

import adjoint.distributed as dist
from adjoint.autograd.grad_mode import no_grad
from adjoint.distributed.algorithms.join import Join, Joinable, JoinHook
from adjoint.names import list_names as _list_names
from adjoint.nn.parallel.synchronizing import rows_of_all, start_broadcast
from adjoint.optim.optimizer import Optimizer, _typename
from adjoint.tensor import Tensor, from_array, writes_of

__all__ = ["ZeroRedundancyOptimizer"]

_AT_ONCE = 250 << 20  # bytes of parameters that travel together


class ZeroRedundancyOptimizer(Optimizer, Joinable):
    """An optimizer of ``optimizer_class`` whose state is divided among the processes of a group.

    Each parameter belongs to one process (the largest first, to whoever has least), which updates it and sends it to the others in
    each :meth:`step`.  Gradients have to be alike on all processes, as DistributedDataParallel makes them; then training is that of
    the plain optimizer, and the state takes one part in ``world_size`` of its memory.

    ``params`` and ``**defaults`` are those of the optimizer.  With ``parameters_as_bucket_view`` the parameters of a process lie
    side by side in one array, and need not be copied for sending.

    Raises TypeError or ValueError where ``params`` are none, are no tensors, or of several dtypes; NotImplementedError for
    ``overlap_with_ddp``: the step is not part of the backward here.

    >>> import adjoint as torch
    >>> import adjoint.distributed as dist
    >>> from adjoint.distributed.optim import ZeroRedundancyOptimizer
    >>> dist.init_process_group("gloo", rank=0, world_size=1, store=dist.HashStore())
    >>> w = torch.tensor([1., 2.], requires_grad=True)
    >>> optimizer = ZeroRedundancyOptimizer([w], torch.optim.SGD, lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.8000, 1.6000], requires_grad=True)
    >>> dist.destroy_process_group()
    """

    def __init__(
        self,
        params: Iterable[Any],
        optimizer_class: Callable[..., Optimizer],
        process_group: Any = None,
        parameters_as_bucket_view: bool = False,
        overlap_with_ddp: bool = False,
        **defaults: Any,
    ) -> None:
        if overlap_with_ddp:
            raise NotImplementedError(
                "ZeroRedundancyOptimizer: overlap_with_ddp=True is not supported; leave it out, and call step() after backward()"
            )
        given = _checked(params)
        self.initialized = False
        Optimizer.__init__(self, given, defaults)
        Joinable.__init__(self)
        self._check_one_dtype()
        self.process_group: Any = dist.group.WORLD if process_group is None else process_group
        self.world_size: int = dist.get_world_size(self.process_group)
        self.rank: int = dist.get_rank(self.process_group)
        self.parameters_as_bucket_view = parameters_as_bucket_view
        self._consolidated: list[dict[str, Any]] = []
        self._buckets: list[Tensor] = []
        self.optim = optimizer_class(self._partition_parameters()[self.rank], **defaults)
        _copy_options(self.optim.param_groups, self.param_groups)
        self._build_buckets()
        self.initialized = True

    def _check_one_dtype(self) -> None:
        first, *rest = [_typename(p) for p in self._parameters()]
        for other in rest:
            if other != first:
                raise ValueError(
                    f"ZeroRedundancyOptimizer only supports using the same dense type for all parameters but got both {first} and "
                    f"{other}"
                )

    def _parameters(self) -> list[Tensor]:
        return [p for group in self.param_groups for p in group["params"]]

    def _partition_parameters(self) -> list[list[dict[str, Any]]]:
        """For each rank the parameter groups that are its share."""
        sizes = [0] * self.world_size
        parts: list[list[dict[str, Any]]] = [[] for _ in sizes]
        for group in self.param_groups:
            options = {key: value for key, value in group.items() if key not in ("params", "param_names")}
            names = {id(p): name for p, name in zip(group["params"], group.get("param_names", ()))}
            shares: list[list[Tensor]] = [[] for _ in sizes]
            for p in sorted(group["params"], key=lambda p: p._array.size, reverse=True):
                rank = sizes.index(min(sizes))
                shares[rank].append(p)
                sizes[rank] += p._array.size
            for part, share in zip(parts, shares):
                part.append({**options, "params": [(names[id(p)], p) for p in share] if names else share})
        return parts

    def _share_of(self, rank: int) -> list[Tensor]:
        return [_parameter(p) for group in self._partition_parameters()[rank] for p in group["params"]]

    def _build_buckets(self) -> None:
        """Lay the parameters of each process that are trained side by side, if that was asked for."""
        self._trained = [p.requires_grad for p in self._parameters()]
        if not self.parameters_as_bucket_view:
            return
        self._buckets = []
        with no_grad():
            for rank in range(self.world_size):
                share = self._share_of(rank)
                trained = [p for p in share if p.requires_grad]
                bucket = np.zeros(sum(p._array.size for p in trained), self._parameters()[0]._array.dtype)
                at = 0
                for p in trained:
                    part = bucket[at : at + p._array.size].reshape(p._array.shape)
                    part[...] = p._array
                    p.data = from_array(part)
                    at += part.size
                for p in share:
                    if not p.requires_grad:
                        p.data = p.detach().clone()
                self._buckets.append(from_array(bucket))

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Add a group, whose parameters are divided among the processes; what was divided before stays where it is."""
        super().add_param_group(param_group)
        if self.initialized:
            self.optim.add_param_group(self._partition_parameters()[self.rank][-1])
            _copy_options(self.optim.param_groups, self.param_groups)
            self._build_buckets()

    # Steps

    def step(self, closure: Callable[[], Any] | None = None, **kwargs: Any) -> Any:
        """Update this process's share of the parameters, and get the others' from theirs; further keywords go to the optimizer."""
        Join.notify_join_context(self)
        if self._trained != [p.requires_grad for p in self._parameters()]:
            self._build_buckets()
        _copy_options(self.param_groups, self.optim.param_groups)
        if closure is not None:
            kwargs["closure"] = closure
        loss = self.optim.step(**kwargs)
        _copy_options(self.optim.param_groups, self.param_groups)
        self._exchange()
        return loss

    def _exchange(self) -> None:
        """Have every process send its share to the others."""
        with no_grad():
            shares = [self._share_of(rank) for rank in range(self.world_size)]
            sent = [[bucket] for bucket in self._buckets] if self.parameters_as_bucket_view else shares
            under_way = [start_broadcast(self.process_group, sent[r], _AT_ONCE, r) for r in range(self.world_size)]
            for finish in under_way:
                finish()
            for rank, share in enumerate(shares):
                if rank != self.rank:
                    for p in share:
                        writes_of(p).bump_at("a step of ZeroRedundancyOptimizer, which brought what another process updated")

    # State

    def consolidate_state_dict(self, to: int = 0) -> None:
        """Bring the whole state to the process of rank ``to`` of the group, whose :meth:`state_dict` it then is.

        Every process has to call it.
        """
        _copy_options(self.param_groups, self.optim.param_groups)
        states = [_sent(self.optim.state_dict(), rank, self.process_group) for rank in range(self.world_size)]
        self._consolidated = [pickle.loads(state) for state in states] if self.rank == to else []

    def state_dict(self) -> dict[str, Any]:
        """The whole state that was last brought here, in the plain optimizer's form.

        Raises RuntimeError if :meth:`consolidate_state_dict` has not brought one.
        """
        if not self._consolidated:
            raise RuntimeError(
                f"Optimizer state has not been consolidated on this rank. Please call `consolidate_state_dict(to={self.rank})` on "
                "all ranks beforehand if you meant to save the global state."
            )
        made = super().state_dict()
        numbers = {id(p): i for i, p in enumerate(self._parameters())}
        found: dict[int, Any] = {}
        for rank, its in enumerate(self._consolidated):
            for local, p in enumerate(self._share_of(rank)):
                if local in its["state"]:
                    found[numbers[id(p)]] = its["state"][local]
        made["state"] = dict(sorted(found.items()))
        return made

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over this process's share of a whole state, the plain optimizer's or one of :meth:`state_dict`."""
        super().load_state_dict({**state_dict, "state": {}})
        numbers = {id(p): i for i, p in enumerate(self._parameters())}
        local: dict[int, Any] = {}
        for i, p in enumerate(self._share_of(self.rank)):
            value = state_dict["state"].get(numbers[id(p)])
            if value is not None:
                local[i] = value
        groups = self.optim.state_dict()["param_groups"]
        _copy_options(self.param_groups, groups)
        self.optim.load_state_dict({"state": local, "param_groups": groups})

    # Uneven inputs

    def join_hook(self, **kwargs: Any) -> JoinHook:
        """What a process without data left does in a Join: it goes on updating its share.  There are no options."""
        return _ZeROJoinHook(self)

    @property
    def join_device(self) -> Any:
        """The device of the parameters."""
        return self._parameters()[0].device

    @property
    def join_process_group(self) -> Any:
        """The process group among whose processes the state is divided."""
        return self.process_group


class _ZeROJoinHook(JoinHook):
    def __init__(self, zero: ZeroRedundancyOptimizer) -> None:
        self.zero = zero

    def main_hook(self) -> None:
        self.zero.step()


def _sent(value: Any, rank: int, group: Any) -> bytes:
    """The pickle of what one rank of a group gives, on all of them."""
    giving = dist.get_rank(group) == rank
    data = pickle.dumps(value) if giving else b""
    length = int(rows_of_all(group, [len(data)])[rank, 0])
    array = np.frombuffer(data, np.uint8).copy() if giving else np.empty(length, np.uint8)
    dist.broadcast(from_array(array), src=dist.get_global_rank(group, rank), group=group)
    return array.tobytes()


def _checked(params: Any) -> list[Any]:
    """The parameters or groups as a list.  Raises PyTorch's errors where they are neither."""
    if isinstance(params, Tensor):
        raise TypeError(f"`params` argument should be an iterable of Tensors, but got {_typename(params)}")
    try:
        given = list(params)
    except TypeError:
        raise TypeError(
            f"`params` argument should be an iterable of Tensors or dicts, but got {_typename(params)}"
        ) from None
    if not given:
        raise ValueError("ZeroRedundancyOptimizer got an empty parameter list")
    if all(isinstance(p, dict) for p in given):
        if any("params" not in group for group in given):
            raise ValueError(
                "Each parameter group passed-in via `params` must have a 'params' key mapping to the parameters in the group"
            )
    elif not all(isinstance(p, (Tensor, tuple)) for p in given):
        raise TypeError("`params` argument should be an iterable of Tensors or dicts")
    return given


def _parameter(p: Any) -> Tensor:
    return p[1] if isinstance(p, tuple) else p


def _copy_options(source: list[dict[str, Any]], target: list[dict[str, Any]]) -> None:
    """Give groups the options of others: what a scheduler sets on one is to hold for both."""
    for theirs, ours in zip(source, target):
        for key, value in theirs.items():
            if key not in ("params", "param_names"):
                ours[key] = value


_list_names(__name__)

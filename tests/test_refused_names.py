"""Names of what is not there: nothing is of that kind, which libraries ask, and making one says why."""

from __future__ import annotations

import importlib

import pytest

import adjoint
from adjoint.distributed.device_mesh import init_device_mesh
from adjoint.distributed.fsdp import FullyShardedDataParallel, fully_shard
from adjoint.distributed.tensor import DTensor, Partial, Replicate, Shard, distribute_tensor


@pytest.mark.parametrize("kind", [DTensor, FullyShardedDataParallel])
def test_no_tensor_and_no_module_is_one(kind: type) -> None:
    assert not isinstance(adjoint.ones(2), kind)
    assert not isinstance(adjoint.nn.Linear(1, 1), kind)


@pytest.mark.parametrize("use", [DTensor, FullyShardedDataParallel, fully_shard, distribute_tensor, init_device_mesh])
def test_using_one_says_what_there_is_instead(use: object) -> None:
    with pytest.raises(NotImplementedError, match=r"Adjoint has no \w+: (tensors|parameters) are whole on every rank"):
        use(adjoint.ones(2))  # type: ignore[operator]


def test_placements_are_pytorchs_descriptions() -> None:
    torch = pytest.importorskip("torch.distributed.tensor")
    for make in (lambda m: m.Shard(1), lambda m: m.Replicate(), lambda m: m.Partial(), lambda m: m.Partial("avg")):
        ours, theirs = make(importlib.import_module("adjoint.distributed.tensor")), make(torch)
        for ask in (repr, str, lambda p: (p.is_shard(), p.is_shard(0), p.is_partial(), p.is_replicate())):
            assert ask(ours) == ask(theirs)
    assert (Shard(0), Replicate(), Partial()) == (Shard(0), Replicate(), Partial("sum"))
    for rank in range(5):
        assert Shard.local_shard_size_and_offset(5, 4, rank) == torch.Shard.local_shard_size_and_offset(5, 4, rank)


SETTINGS = ("CPUOffload", "FullStateDictConfig", "FullOptimStateDictConfig", "LocalOptimStateDictConfig", "MixedPrecisionPolicy",
            "OptimStateDictConfig", "ShardedStateDictConfig", "StateDictConfig", "CPUOffloadPolicy", "OffloadPolicy")  # fmt: skip


@pytest.mark.parametrize("name", SETTINGS)
def test_settings_of_what_would_be_sharded_are_pytorchs(name: str) -> None:
    theirs = pytest.importorskip("torch.distributed.fsdp")
    ours = importlib.import_module("adjoint.distributed.fsdp")
    assert repr(getattr(ours, name)()) == repr(getattr(theirs, name)())


@pytest.mark.parametrize("name", ["ShardingStrategy", "BackwardPrefetch", "StateDictType", "OptimStateKeyType"])
def test_choices_of_what_would_be_sharded_are_pytorchs(name: str) -> None:
    theirs = pytest.importorskip("torch.distributed.fsdp.fully_sharded_data_parallel")
    ours = importlib.import_module("adjoint.distributed.fsdp.fully_sharded_data_parallel")
    assert [(e.name, e.value) for e in getattr(ours, name)] == [(e.name, e.value) for e in getattr(theirs, name)]

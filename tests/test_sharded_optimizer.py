"""ZeroRedundancyOptimizer: training is the plain optimizer's, and each process has its share of the state."""

import pytest
import recordings
from jobs import training

import adjoint as torch


@pytest.fixture(scope="module")
def ours(tmp_path_factory):
    return [rank["sharded_optimizer"] for rank in training(tmp_path_factory, 2)]


@pytest.fixture(scope="module")
def theirs():
    return recordings.read()["sharded_optimizer"]["2"]


@pytest.mark.parametrize("name", [f"{o} {v}" for o in ("sgd", "adam", "adamw") for v in (False, True)])
def test_training_and_the_whole_state_are_pytorch_s(name, ours, theirs):
    assert [*recordings.differences([rank[name] for rank in ours], [rank[name] for rank in theirs])] == []


def test_training_is_the_plain_optimizer_s_with_a_part_of_its_state_each(ours):
    names = [name for name in ours[0] if name.endswith("as plain")]
    assert len(names) == 6 and all(rank[name] for rank in ours for name in names)
    assert [rank["adam True"][1] for rank in ours] == [3, 3]


@pytest.mark.parametrize("name", ["groups", "loaded", "uneven", "told"])
def test_groups_loaded_states_and_uneven_inputs_are_as_in_pytorch(name, ours, theirs):
    assert [*recordings.differences([rank[name] for rank in ours], [rank[name] for rank in theirs])] == []


def test_a_step_inside_of_the_backward_is_refused():
    zero = torch.distributed.optim.ZeroRedundancyOptimizer
    with pytest.raises(NotImplementedError, match="overlap_with_ddp"):
        zero([torch.ones(1, requires_grad=True)], torch.optim.SGD, overlap_with_ddp=True)

"""SyncBatchNorm: batches of several processes are normalized as one."""

import pytest
from jobs import training

import adjoint as torch


@pytest.fixture(scope="module")
def ranks(tmp_path_factory):
    return [rank["sync_batch_norm"] for rank in training(tmp_path_factory, 3)]


def test_uneven_batches_are_normalized_as_one_forward_and_backward(ranks):
    for rank in ranks:
        assert rank["errors"] and max(rank["errors"].values()) < 1e-12, rank["errors"]


def test_a_model_is_trained_as_on_the_whole_batch(ranks):
    assert all(rank["trained"] < 1e-12 for rank in ranks)


def test_batches_of_a_group_are_one(ranks):
    assert all(ranks[r].get("group", 0.0) < 1e-12 for r in (0, 2))


def test_what_cannot_be_normalized_is_refused_on_all_ranks(ranks):
    for rank in ranks:
        first, second, third = rank["told"]
        assert first.startswith("Expected more than 1 value per channel when training, got input size")
        assert second == "expected at least 2D input (got 1D input)"
        assert third == "SyncBatchNorm number of input channels should be non-zero"


def test_there_is_no_second_derivative(ranks):
    assert not any(rank["second"] for rank in ranks)


def test_conversion_keeps_parameters_buffers_and_modes():
    model = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.Sequential(torch.nn.BatchNorm1d(8, momentum=None, eps=1e-3)))
    norm = model[1][0].eval()
    converted = torch.nn.SyncBatchNorm.convert_sync_batchnorm(model)
    new = converted[1][0]
    assert converted is model and type(new) is torch.nn.SyncBatchNorm and not new.training
    assert new.weight is norm.weight and new.running_var is norm.running_var and (new.eps, new.momentum) == (1e-3, None)
    alone = torch.nn.SyncBatchNorm.convert_sync_batchnorm(torch.nn.BatchNorm2d(3, affine=False, track_running_stats=False))
    assert alone.weight is None and alone.running_mean is None and type(alone) is torch.nn.SyncBatchNorm
    x = torch.randn(2, 3, 4, 4)
    assert torch.equal(alone(x), torch.nn.BatchNorm2d(3, affine=False)(x))

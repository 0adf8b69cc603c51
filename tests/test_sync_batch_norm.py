"""SyncBatchNorm: batches of several processes are normalized as one."""

import pytest
from jobs import reports_of_ranks

import adjoint as torch

PROGRAM = '''
import copy
import torch
import torch.distributed as dist
from torch import nn

dist.init_process_group("gloo")
R, W = dist.get_rank(), dist.get_world_size()
torch.set_default_dtype(torch.float64)
sizes = [3, 0, 5]
here = slice(sum(sizes[:R]), sum(sizes[:R + 1]))
errors = {}
for kind, shape in ((nn.BatchNorm1d, ()), (nn.BatchNorm1d, (4,)), (nn.BatchNorm2d, (4, 5))):
    for affine, momentum in ((True, 0.1), (True, None), (False, 0.3)):
        torch.manual_seed(1)
        whole = torch.randn(8, 6, *shape)
        upstream = torch.randn(8, 6, *shape)
        plain = kind(6, affine=affine, momentum=momentum)
        for p in plain.parameters():
            nn.init.normal_(p)
        synced = nn.SyncBatchNorm.convert_sync_batchnorm(copy.deepcopy(plain))
        worst = 0.0
        for _ in range(2):
            x = whole.clone().requires_grad_()
            y = plain(x)
            y.backward(upstream)
            part = whole[here].clone().requires_grad_()
            out = synced(part)
            out.backward(upstream[here])
            pairs = [(y[here], out), (x.grad[here], part.grad), *zip(plain.buffers(), synced.buffers())]
            for p, q in zip(plain.parameters(), synced.parameters()):
                total = q.grad.clone()
                dist.all_reduce(total)
                pairs.append((p.grad, total))
            worst = max([worst] + [(a - b).abs().max().item() for a, b in pairs if a.numel()])
        plain.eval()
        synced.eval()
        worst = max(worst, (plain(whole) - synced(whole)).abs().max().item())
        errors[f"{kind.__name__} {shape} {affine} {momentum}"] = worst

single = nn.SyncBatchNorm(2)
told = []
for x in (torch.ones(1 if R == 0 else 0, 2), torch.ones(3), torch.ones(3, 0)):
    try:
        single(x)
    except ValueError as error:
        told.append(str(error))
x = whole[here].clone().requires_grad_()
g, = torch.autograd.grad(nn.SyncBatchNorm(6)(x).sum(), x, create_graph=True)
pair = dist.new_group([0, 2]) if hasattr(dist, "new_group") else None
found = {"errors": errors, "told": told, "second": g.requires_grad}
if pair is not None and R != 1:
    norm = nn.SyncBatchNorm.convert_sync_batchnorm(nn.Sequential(nn.BatchNorm1d(6)), pair)
    plain = nn.BatchNorm1d(6)
    found["group"] = (norm(whole[here][:, :, 0, 0]) - plain(whole[:, :, 0, 0])[here]).abs().max().item()
model = nn.SyncBatchNorm.convert_sync_batchnorm(nn.Sequential(nn.Linear(4, 6), nn.BatchNorm1d(6)))
model = nn.parallel.DistributedDataParallel(model)
torch.manual_seed(3)
batch = torch.randn(6, 4)
alone = nn.Sequential(nn.Linear(4, 6), nn.BatchNorm1d(6))
alone.load_state_dict(model.module.state_dict())
alone(batch).pow(3).mean().backward()
model(batch[R::W]).pow(3).mean().backward()
found["trained"] = max((p.grad - q.grad).abs().max().item() for p, q in zip(alone.parameters(), model.parameters()))
report(found)
'''


@pytest.fixture(scope="module")
def ranks():
    return reports_of_ranks(PROGRAM, 3)


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

"""SyncBatchNorm: three processes beside one with the whole batch."""

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

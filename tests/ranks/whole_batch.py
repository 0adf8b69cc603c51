"""DistributedDataParallel in three processes: training as one does on the whole batch, and what is Adjoint's own."""

import copy
import pickle

import torch
import torch.distributed as dist
from torch import nn
from torch.distributed.algorithms.ddp_comm_hooks import DDPCommHookType, register_ddp_comm_hook
from torch.nn.parallel import DistributedDataParallel as DDP

dist.init_process_group("gloo")
R, W = dist.get_rank(), dist.get_world_size()
torch.set_default_dtype(torch.float64)
found = {}

# One process on the whole batch.
torch.manual_seed(0)
alone = nn.Sequential(nn.Linear(6, 8), nn.Tanh(), nn.Linear(8, 3))
whole = [torch.randn(12, 6) for _ in range(3)]
begun = copy.deepcopy(alone)

def train(model, batches):
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for x in batches:
        optimizer.zero_grad()
        model(x).pow(2).mean().backward()
        optimizer.step()
    return torch.cat([p.detach().flatten() for p in model.parameters()])

expected = train(alone, whole)
shares = [x[R::W] for x in whole]
found["whole"] = (train(DDP(copy.deepcopy(begun)), shares) - expected).abs().max().item()

half = {}
for kind in ("FP16_COMPRESS", "BF16_COMPRESS"):
    model = DDP(copy.deepcopy(begun))
    register_ddp_comm_hook(DDPCommHookType[kind], model)
    model(shares[0]).pow(2).mean().backward()
    plain = DDP(copy.deepcopy(begun))
    plain(shares[0]).pow(2).mean().backward()
    a, b = [torch.cat([p.grad.flatten() for p in m.parameters()]) for m in (model, plain)]
    half[kind] = ((a - b).abs().max() / b.abs().max()).item()
found["half"] = half

# Each rank has a part of the model that is its own shape or number.
def told(make):
    try:
        make()
    except RuntimeError as error:
        return str(error)
found["shapes"] = told(lambda: DDP(nn.Linear(2, 2 + (R == 1))))
found["numbers"] = told(lambda: DDP(nn.Linear(2, 2, bias=R != 2)))

# Copies, and what one rank saved is loaded by all.
model = DDP(copy.deepcopy(begun))
train(model, shares)
twin = copy.deepcopy(model)
again = pickle.loads(pickle.dumps(model))
found["copies"] = [(train(m, shares) - train(copy.deepcopy(model), shares)).abs().max().item() for m in (twin, again)]
import os

path = os.path.join(os.environ["REPORTS"], "checkpoint.pt")
if R == 0:
    torch.save(model.state_dict(), path)
dist.barrier()
other = DDP(nn.Sequential(nn.Linear(6, 8), nn.Tanh(), nn.Linear(8, 3)))
other.load_state_dict(torch.load(path, map_location={"cuda:0": "cpu"}))
found["loaded"] = [torch.equal(a, b) for a, b in zip(model.parameters(), other.parameters())]

# Gradients are sent off while the backward still runs.
events = []
deep = nn.Sequential(*[nn.Linear(16, 16) for _ in range(4)])
model = DDP(deep, bucket_cap_mb=0.002)
def hook(state, bucket):
    events.append("sent")
    future = torch.futures.Future()
    future.set_result(bucket.buffer())
    return future
model.register_comm_hook(None, hook)
deep[0].weight.register_hook(lambda g: events.append("last gradient"))
for _ in range(2):
    events.clear()
    model(torch.ones(2, 16)).sum().backward()
found["events"] = list(events)
report(found)
